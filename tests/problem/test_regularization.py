"""The penalty on the weights: its steps, its place in each gradient, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.engine.shapes import infer
from nncalc.errors import ProblemError
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of, work
from tests.engine.programs import Case, numerically, relative_error

LAYERS = """
inputs: [[1, 2], [-1, 0.5]]
labels: [[3], [1]]
layers:
  - dense: {weights: [[1, 0.5], [-1, 1]], bias: [0, 1], activation: tanh}
  - dense: {weights: [[2, -1]], bias: [0.5]}
loss: half_sse
"""
EQUATIONS = """
given: {x: [1, 2], y: [3]}
parameters: {V: [[1, -0.5], [-1, 1]], c: [2, -1], b: [0.5]}
equations: |
  h = tanh(V @ x)
  loss = half_sse(c @ h + b, y)
"""


def problem(text: str) -> Problem:
    return load_text(text, "problem.yaml", None)


def equations(found: Problem) -> dict[str, str]:
    return dict(equation_text(e).split(" = ", 1) for e in program_of(found, "backward").equations)


@pytest.mark.parametrize(
    ("text", "setting", "expected"),
    [
        (
            LAYERS,
            "{l2: 0.1}",
            {"penalty": "0.1 / 2 * (sum(W1 ** 2) + sum(W2 ** 2))", "W1.grad": "hbar1.grad.T @ x + 0.1 * W1"},
        ),
        (
            LAYERS,
            "{l1: 0.1}",
            {"penalty": "0.1 * (sum(abs(W1)) + sum(abs(W2)))", "W2.grad": "h2.grad.T @ h1 + 0.1 * sign(W2)"},
        ),
        (
            LAYERS,
            "{l2: 3, parameters: [W2]}",
            {"penalty": "3 / 2 * sum(W2 ** 2)", "W1.grad": "hbar1.grad.T @ x", "b1.grad": "sum(hbar1.grad, axis=0)"},
        ),
        (LAYERS, "{l2: 0.1}", {"data_loss": "mean(losses)", "loss": "data_loss + penalty", "h2.grad": "(h2 - y) / 2"}),
        (
            EQUATIONS,
            "{l2: 0.1}",
            {"penalty": "0.1 / 2 * (sum(V ** 2) + sum(c ** 2))", "data_loss": "half_sse(c @ h + b, y)"},
        ),
        (EQUATIONS.replace("loss =", "E ="), "{l1: 2}", {"loss": "E + penalty", "E": "half_sse(c @ h + b, y)"}),
    ],
)
def test_the_penalty_stands_as_steps_and_last_in_each_gradient(
    text: str, setting: str, expected: dict[str, str]
) -> None:
    found = equations(problem(f"{text}regularization: {setting}\n"))
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("text", [LAYERS, EQUATIONS])
@pytest.mark.parametrize("setting", ["{l2: 0.3}", "{l1: 0.3}"])
def test_every_gradient_is_the_slope(text: str, setting: str) -> None:
    found = problem(f"{text}regularization: {setting}\n")
    program = program_of(found, "backward")
    values = {name: np.asarray(value, dtype=float) for name, value in found.values.items()}
    case = Case(program, infer(program, {name: value.shape for name, value in values.items()}), values)
    evaluated = case.evaluated()
    for name in (*found.forward.parameters, "x"):
        assert relative_error(evaluated[f"{name}.grad"], numerically(case, "loss", name)) < 1e-10, name


def test_by_hand() -> None:
    """½ · 0.1 · (1 + 0.25 + 1 + 1 + 4 + 1) = 0.4125."""
    values = work(problem(LAYERS + "regularization: {l2: 0.1}\n"), "forward").values
    assert float(values["penalty"]) == pytest.approx(0.4125, rel=1e-15)
    assert float(values["loss"]) == float(values["data_loss"]) + float(values["penalty"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAYERS + "regularization: 0.1\n", "'regularization' has l2 or l1 and its λ"),
        (LAYERS + "regularization: {l2: 0.1, l1: 0.1}\n", "'regularization' has one of l2 and l1"),
        (LAYERS + "regularization: {l2: -1}\n", "the l2 can't be -1"),
        (LAYERS + "regularization: {l3: 1}\n", "unknown key 'l3'"),
        (LAYERS + "regularization: {l2: 1, parameters: [W3]}\n", "there is no parameter 'W3'"),
        (LAYERS.replace("loss: half_sse", "") + "regularization: {l2: 1}\n", "regularization is part of the loss"),
        (
            EQUATIONS.replace("  h =", "  penalty = 3\n  h =") + "regularization: {l2: 1}\n",
            "the name 'penalty' is taken",
        ),
        (
            "given: {x: 1}\nparameters: {b: 2}\nequations: |\n  loss = b * x\nregularization: {l2: 1}\n",
            "there are no weights to regularize",
        ),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ProblemError) as refused:
        problem(text)
    assert refused.value.message == message
    assert refused.value.place is not None
