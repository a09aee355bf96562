"""Backpropagation through time: what each time step contributes to a shared parameter, named and summed."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.language.text import equation_text
from tests.engine.programs import Case, derive, numerically, relative_error

TOLERANCE = 1e-10
RNN = """
hbar_t1 = W @ x[0] + U @ h_t0 + b
h_t1 = tanh(hbar_t1)
hbar_t2 = W @ x[1] + U @ h_t1 + b
h_t2 = tanh(hbar_t2)
hbar_t3 = W @ x[2] + U @ h_t2 + b
h_t3 = tanh(hbar_t3)
loss = sse(h_t3, y)
"""
GIVEN = {"x": [[1.0, -2.0], [0.5, 1.0], [-1.0, 0.25]], "h_t0": [0.1, -0.2], "y": [1.0, -1.0]}
PARAMETERS = {"W": [[0.4, -0.3], [0.2, 0.6]], "U": [[0.1, 0.5], [-0.4, 0.2]], "b": [0.05, -0.1]}


def rnn() -> Case:
    return derive(RNN, GIVEN, PARAMETERS)


def test_each_time_step_contributes_an_equation_of_its_own() -> None:
    assert rnn().backward == [
        "h_t3.grad = 2 * (h_t3 - y)",
        "hbar_t3.grad = h_t3.grad * (1 - h_t3 ** 2)",
        "W.grad_t3 = outer(hbar_t3.grad, x[2])",
        "U.grad_t3 = outer(hbar_t3.grad, h_t2)",
        "b.grad_t3 = hbar_t3.grad",
        "h_t2.grad = U.T @ hbar_t3.grad",
        "hbar_t2.grad = h_t2.grad * (1 - h_t2 ** 2)",
        "W.grad_t2 = outer(hbar_t2.grad, x[1])",
        "U.grad_t2 = outer(hbar_t2.grad, h_t1)",
        "b.grad_t2 = hbar_t2.grad",
        "h_t1.grad = U.T @ hbar_t2.grad",
        "hbar_t1.grad = h_t1.grad * (1 - h_t1 ** 2)",
        "W.grad_t1 = outer(hbar_t1.grad, x[0])",
        "U.grad_t1 = outer(hbar_t1.grad, h_t0)",
        "b.grad_t1 = hbar_t1.grad",
        "W.grad = W.grad_t1 + W.grad_t2 + W.grad_t3",
        "U.grad = U.grad_t1 + U.grad_t2 + U.grad_t3",
        "b.grad = b.grad_t1 + b.grad_t2 + b.grad_t3",
        "x.grad = stack(W.T @ hbar_t1.grad, W.T @ hbar_t2.grad, W.T @ hbar_t3.grad)",
        "h_t0.grad = U.T @ hbar_t1.grad",
    ]


@pytest.mark.parametrize("name", ["W", "U", "b", "x", "h_t0"])
def test_the_gradients_are_the_slopes(name: str) -> None:
    case = rnn()
    assert relative_error(case.evaluated()[f"{name}.grad"], numerically(case, "loss", name)) < TOLERANCE


def test_a_time_step_that_uses_a_parameter_twice_contributes_once() -> None:
    case = derive("a_t1 = w * x\nb_t1 = w * a_t1\na_t2 = w * b_t1\nloss = a_t2 * w", {"x": 2.0}, {"w": 3.0}, labels=())
    assert [e for e in case.backward if e.startswith("w.")] == [
        "w.grad_t2 = a_t2.grad * b_t1",
        "w.grad_t1 = b_t1.grad * a_t1 + a_t1.grad * x",
        "w.grad = w.grad_t1 + w.grad_t2 + a_t2",
    ]
    assert case.evaluated()["w.grad"] == pytest.approx(4 * 3.0**3 * 2.0)


@pytest.mark.parametrize(
    "text",
    [
        "h_t1 = w * x\nloss = h_t1 ** 2",  # one time step shares nothing
        "h_t = w * x\nk_t = w * h_t\nloss = k_t ** 2",
        "ht1 = w * x\nht2 = w * ht1\nloss = ht2 ** 2",
    ],
)
def test_other_names_are_no_time_steps(text: str) -> None:
    assert not any(".grad_t" in equation for equation in derive(text, {"x": 2.0}, {"w": 3.0}, labels=()).backward)


def test_a_step_that_the_loss_does_not_see_contributes_nothing() -> None:
    case = derive("h_t1 = w * x\nh_t2 = w * h_t1\nh_t3 = w * h_t2\nloss = h_t2 ** 2", {"x": 2.0}, {"w": 3.0})
    assert case.backward[-2] == "w.grad = w.grad_t1 + w.grad_t2"


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        ("sum(x[0] * x[1]) + sum(x[2])", "stack(x[1], x[0], broadcast(1, shape=(2,)))"),
        ("sum(x[0] ** 2) + sum(x[1] * x[-1]) + sum(x[0])", ""),
        ("sum(x[0] * x[1])", "scatter(x[1], index=(0,), shape=(3, 2)) + scatter(x[0], index=(1,), shape=(3, 2))"),
        ("sum(x[:, 0] * x[:, 1])", "stack(x[:, 1], x[:, 0], axis=1)"),
    ],
)
def test_the_gradient_of_a_sequence_is_put_together_from_those_of_its_parts(loss: str, gradient: str) -> None:
    case = derive(f"loss = {loss}", {"x": GIVEN["x"]}, labels=())
    if gradient:
        assert case.backward == [f"x.grad = {gradient}"]
    assert relative_error(case.evaluated()["x.grad"], numerically(case, "loss", "x")) < TOLERANCE


def test_a_sequence_of_hundreds_of_steps() -> None:
    steps = 250
    lines = [f"h_t{t} = tanh(w * h_t{t - 1} + x[{t - 1}])" for t in range(1, steps + 1)]
    x = np.linspace(-1, 1, steps)
    case = derive("\n".join([*lines, f"loss = h_t{steps} ** 2"]), {"x": x, "h_t0": 0.3}, {"w": 0.9}, labels=())
    assert relative_error(case.evaluated()["w.grad"], numerically(case, "loss", "w")) < 1e-8
    longest = max((equation_text(e) for e in case.program.equations if e.name == "w.grad"), key=len)
    assert longest.count("+") < 200
