"""Differentiation with another gradient rule in place of an operation's own, as `check` does to find a mistake."""

from __future__ import annotations

from nncalc.catalogue.mistake import Rules
from nncalc.engine.differentiate import differentiate
from nncalc.language.text import equation_text
from tests.engine.programs import forward

TEXT = """
    hbar1 = W1 @ x
    h1 = relu(hbar1)
    p = softmax(h1)
    loss = l2(p, y)
"""
VALUES = {"x": [1.0, 2.0], "y": [0.0, 1.0]}
WEIGHTS = {"W1": [[1.0, 2.0], [-1.0, 1.0]]}


def backward(rules: Rules) -> dict[str, str]:
    case = forward(TEXT, VALUES, WEIGHTS)
    equations = differentiate(case.program, case.shapes, rules).phase("backward")
    return {equation.name: equation_text(equation) for equation in equations}


def changed(rules: Rules) -> dict[str, str]:
    right = backward({})
    return {name: text for name, text in backward(rules).items() if right[name] != text}


def test_an_elementwise_operation_gets_the_whole_product() -> None:
    found = changed({("relu", 0): lambda g, ans, x, **_: g * (x >= 0)})
    assert found == {"hbar1.grad": "hbar1.grad = h1.grad * (hbar1 >= 0)"}


def test_another_operation_alike() -> None:
    found = changed({("softmax", 0): lambda g, ans, x, **_: g * ans * (1 - ans)})
    assert found == {"h1.grad": "h1.grad = p.grad * p * (1 - p)"}


def test_a_rule_is_told_the_settings_and_shapes() -> None:
    def rule(g, ans, x, shape_of, axis, temperature):  # type: ignore[no-untyped-def]
        return g * (shape_of(x)[0] + axis + temperature)

    assert changed({("softmax", 0): rule}) == {"h1.grad": "h1.grad = 2 * p.grad"}


def test_a_rule_without_an_answer_leaves_the_own_one() -> None:
    assert changed({("softmax", 0): lambda g, ans, x, **_: None, ("relu", 0): lambda g, ans, x, **_: None}) == {}


def test_a_rule_may_be_a_number() -> None:
    assert changed({("relu", 0): lambda g, ans, x, **_: 0})["hbar1.grad"] == "hbar1.grad = broadcast(0, shape=(2,))"
