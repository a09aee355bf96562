"""The optimizer's step as equations: what they say, in which order, and for which parameters."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.catalogue.optimizers import optimizer
from nncalc.engine.descend import descend, in_forward_order
from nncalc.engine.evaluate import evaluate
from nncalc.language.equation import Program
from nncalc.language.expression import Setting
from nncalc.language.text import equation_text
from tests.engine.programs import derive

GIVEN = {"x": [1.0, -2.0], "y": [1.0]}
# the order of the parameters here is not that of the forward pass
PARAMETERS = {"b2": [0.5], "W2": [[1.0, 2.0]], "b1": [0.1, 0.2], "W1": [[1.0, 0.0], [0.0, 1.0]]}
NETWORK = "h1 = tanh(W1 @ x + b1)\nh2 = W2 @ h1 + b2\nloss = half_sse(h2, y)"


def updated(weight_decay: float = 0, frozen: tuple[str, ...] = (), text: str = NETWORK) -> Program:
    case = derive(text, GIVEN, {name: value for name, value in PARAMETERS.items() if name in text})
    sgd = optimizer("sgd")
    assert sgd is not None
    settings: dict[str, Setting] = sgd.defaults | {"learning_rate": 0.1, "weight_decay": weight_decay}
    return descend(case.program, case.shapes, sgd, settings, frozen)


def lines(program: Program) -> list[str]:
    return [equation_text(equation) for equation in program.phase("update")]


def test_plain_sgd_in_the_order_of_the_forward_pass() -> None:
    assert lines(updated()) == [f"{p}.next = {p} - learning_rate * {p}.grad" for p in ("W1", "b1", "W2", "b2")]


def test_weight_decay() -> None:
    assert lines(updated(weight_decay=0.5))[0] == (
        "W1.next = W1 - learning_rate * (W1.grad + optimizer.weight_decay * W1)"
    )


def test_frozen_parameters_stay() -> None:
    assert [line.split(" = ")[0] for line in lines(updated(frozen=("b1", "W2")))] == ["W1.next", "b2.next"]


def test_a_parameter_that_the_loss_does_not_depend_on_stays() -> None:
    program = updated(text="h1 = W1 @ x\nunused = W2 @ x\nloss = half_sse(h1[:1], y)")
    assert [line.split(" = ")[0] for line in lines(program)] == ["W1.next"]


def test_the_backward_pass_stands_before_the_updates_and_after_the_forward_pass() -> None:
    phases = [equation.phase for equation in updated().equations]
    assert phases == sorted(phases, key=["forward", "backward", "update"].index)


def test_parameters_in_the_order_in_which_the_forward_pass_first_uses_them() -> None:
    assert in_forward_order(updated()) == ["W1", "b1", "W2", "b2"]


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_the_numbers_of_a_step(weight_decay: float) -> None:
    """w − η (∂ℓ/∂w + λ w), PyTorch's SGD."""
    settings = {"learning_rate": np.array(0.1), "optimizer.weight_decay": np.array(weight_decay)}
    values = {name: np.array(value) for name, value in {**GIVEN, **PARAMETERS}.items()}
    found = evaluate(updated(weight_decay), {**values, **settings}).values
    for name in PARAMETERS:
        expected = values[name] - 0.1 * (found[f"{name}.grad"] + weight_decay * values[name])
        assert found[f"{name}.next"] == pytest.approx(expected, rel=1e-15)
