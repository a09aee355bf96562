"""Numbers that stand elsewhere: the notebook's regression, the examples of cs231n, Mazur's network."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.catalogue.optimizers import optimizer
from nncalc.engine.descend import descend
from nncalc.engine.evaluate import evaluate
from tests.engine.programs import Case, derive

REGRESSION = "hbar1 = W1 @ x + b1\nh1 = relu(hbar1)\nh2 = W2 @ h1 + b2\nloss = l2(h2, y)"
GIVEN = {"x": [1.2, -1, 2], "y": [1.5, -1, 2]}
PARAMETERS = {
    "W1": [[1, -1, 0], [0, -1, 1], [1, 1, -1], [1, 1, 1]],
    "b1": [0, 1, 1, -1],
    "W2": [[1.5, 1, 1, -1], [0, 0, 1, 1], [-1, 1, 1, -1]],
    "b2": [1, 0, 0.5],
}


def stepped(case: Case, learning_rate: float) -> dict[str, np.ndarray]:
    """Every value of one step of plain SGD."""
    sgd = optimizer("sgd")
    assert sgd is not None
    program = descend(case.program, case.shapes, sgd, sgd.defaults | {"learning_rate": learning_rate})
    return dict(evaluate(program, {**case.values, "learning_rate": np.array(learning_rate)}).values)


def test_the_regression_of_the_notebook() -> None:
    """Forward as Out [4] prints it; the gradients are its numbers with the sign of ∂ℓ/∂h² put right."""
    values = stepped(derive(REGRESSION, GIVEN, PARAMETERS), 0.01)
    assert values["hbar1"].tolist() == pytest.approx([2.2, 4, -0.8, 1.2], rel=1e-15)
    assert values["h1"].tolist() == pytest.approx([2.2, 4, 0, 1.2], rel=1e-15)
    assert values["h2"].tolist() == pytest.approx([7.1, 1.2, 1.1], rel=1e-15)
    assert float(values["loss"]) == 6.0835844697020525
    printed = {
        "h2.grad": [0.92050994, 0.36162891, -0.1479391],
        "b2.grad": [0.92050994, 0.36162891, -0.1479391],
        "W2.grad": [
            [2.02512188, 3.68203978, 0, 1.10461193],
            [0.79558359, 1.44651563, 0, 0.43395469],
            [-0.32546602, -0.59175639, 0, -0.17752692],
        ],
        "h1.grad": [1.52870401, 0.77257085, 1.13419975, -0.41094194],
        "hbar1.grad": [1.52870401, 0.77257085, 0, -0.41094194],
        "b1.grad": [1.52870401, 0.77257085, 0, -0.41094194],
        "W1.grad": [
            [1.83444482, -1.52870401, 3.05740803],
            [0.92708502, -0.77257085, 1.54514169],
            [0, 0, 0],
            [-0.49313033, 0.41094194, -0.82188388],
        ],
        "b1.next": [-0.01528704, 0.99227429, 1, -0.99589058],
    }
    for name, expected in printed.items():
        assert np.round(values[name], 8).tolist() == expected, name
    assert round(float(values["W2.next"][0, 0]), 8) == 1.47974878


def test_a_step_against_the_gradient_lowers_the_loss_of_the_regression() -> None:
    before = stepped(derive(REGRESSION, GIVEN, PARAMETERS), 0.01)
    after = derive(REGRESSION, GIVEN, {name: before[f"{name}.next"] for name in PARAMETERS}).evaluated()
    assert float(after["loss"]) < float(before["loss"])
    # the first-order change, −η ‖∂ℓ/∂θ‖², is most of it
    change = -0.01 * sum(float(np.sum(before[f"{name}.grad"] ** 2)) for name in PARAMETERS)
    assert float(after["loss"] - before["loss"]) == pytest.approx(change, rel=0.2)


def test_the_first_example_of_cs231n() -> None:
    """cs231n, Backpropagation, Intuitions: f = (x + y) z at x = −2, y = 5, z = −4 has gradients −4, −4, 3."""
    values = derive("q = x + y\nf = q * z", {"x": -2, "y": 5, "z": -4}, labels=()).evaluated()
    assert [float(values[name]) for name in ("q", "f")] == [3, -12]
    assert [float(values[f"{name}.grad"]) for name in ("x", "y", "z", "q")] == [-4, -4, 3, -4]


def test_the_sigmoid_neuron_of_cs231n() -> None:
    """The same page: w = (2, −3, −3), x = (−1, −2) gives 0.73, with gradients (−0.2, −0.39, 0.2) and (0.39, −0.59)."""
    case = derive("f = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))", {"x0": -1, "x1": -2}, {"w0": 2, "w1": -3, "w2": -3})
    values = case.evaluated()
    assert round(float(values["f"]), 2) == 0.73
    found = [float(values[f"{name}.grad"]) for name in ("w0", "w1", "w2", "x0", "x1")]
    assert found == pytest.approx([-0.2, -0.39, 0.2, 0.39, -0.59], abs=0.005)


def test_mazurs_step_by_step_example() -> None:
    """Matt Mazur, A Step by Step Backpropagation Example: 2-2-2 with sigmoids, η = 0.5, biases left alone."""
    text = "hbar1 = W1 @ x + b1\nh1 = sigmoid(hbar1)\nhbar2 = W2 @ h1 + b2\nh2 = sigmoid(hbar2)\nloss = half_sse(h2, y)"
    weights = {"W1": [[0.15, 0.20], [0.25, 0.30]], "W2": [[0.40, 0.45], [0.50, 0.55]]}
    case = derive(text, {"x": [0.05, 0.10], "y": [0.01, 0.99], "b1": [0.35, 0.35], "b2": [0.60, 0.60]}, weights)
    values = stepped(case, 0.5)
    assert np.round(values["h1"], 9).tolist() == [0.593269992, 0.596884378]
    assert np.round(values["h2"], 8).tolist() == [0.75136507, 0.77292847]
    assert float(values["loss"]) == pytest.approx(0.298371109, abs=5e-10)
    assert values["W2.next"].ravel() == pytest.approx([0.35891648, 0.408666186, 0.511301270, 0.561370121], abs=5e-9)
    assert values["W1.next"].ravel() == pytest.approx([0.149780716, 0.19956143, 0.24975114, 0.29950229], abs=5e-9)
    assert "b1.next" not in values


def test_a_gradient_is_the_sum_over_the_batch_of_those_of_its_examples() -> None:
    weights = {"W1": PARAMETERS["W1"], "b1": PARAMETERS["b1"]}
    examples = {"x": np.array([[1.2, -1, 2], [0.5, 0, -1]]), "y": np.array([[0, 1, 0, 0], [0, 0, 0, 1.0]])}
    text = "h = x @ W1.T + b1\nlosses = softmax_cross_entropy(h, y, reduction='none')\nloss = mean(losses)"
    batch = derive(text, examples, weights, through=["losses"]).evaluated()
    alone = [
        derive(
            "h = W1 @ x + b1\nloss = softmax_cross_entropy(h, y)", {k: v[i] for k, v in examples.items()}, weights
        ).evaluated()
        for i in range(2)
    ]
    for name in ("W1.grad", "b1.grad"):
        assert batch[name] == pytest.approx((alone[0][name] + alone[1][name]) / 2, rel=1e-14)
    assert float(batch["loss"]) == pytest.approx(float(alone[0]["loss"] + alone[1]["loss"]) / 2, rel=1e-15)


def test_both_conventions_and_a_batch_of_one_give_the_same_numbers() -> None:
    column = derive(REGRESSION, GIVEN, PARAMETERS).evaluated()
    turned = {name: np.transpose(value) for name, value in PARAMETERS.items()}
    row = derive(REGRESSION.replace("W1 @ x", "x @ W1").replace("W2 @ h1", "h1 @ W2"), GIVEN, turned).evaluated()
    batch = derive(
        REGRESSION.replace("W1 @ x", "x @ W1.T").replace("W2 @ h1", "h1 @ W2.T"),
        {name: [value] for name, value in GIVEN.items()},
        PARAMETERS,
    ).evaluated()
    for name in ("W1.grad", "b1.grad", "W2.grad", "b2.grad", "loss"):
        assert np.transpose(row[name]) == pytest.approx(column[name], rel=1e-15)
        assert batch[name] == pytest.approx(column[name], rel=1e-15)
    assert batch["x.grad"][0] == pytest.approx(column["x.grad"], rel=1e-15)
