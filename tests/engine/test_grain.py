"""What derived equations look like: the textbook's grain, letter for letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from nncalc.engine.differentiate import differentiate
from tests.engine.programs import derive, forward

VECTORS = {"x": [1.2, -1.0, 2.0], "y": [1.5, -1.0, 2.0]}
ONE_HOT = {"x": [1.2, -1.0, 2.0], "y": [0.0, 1.0, 0.0]}
BATCH = {"x": np.arange(12.0).reshape(4, 3) / 10, "y": np.eye(3)[[0, 1, 2, 0]]}
COLUMN = {"W1": np.ones((4, 3)), "b1": np.ones(4), "W2": np.ones((3, 4)), "b2": np.ones(3)}
ROW = {"W1": np.ones((3, 4)), "b1": np.ones(4), "W2": np.ones((4, 3)), "b2": np.ones(3)}
NUMBERS = {"x": 2.0, "y": 1.0}


def backward(text: str, given: Mapping[str, Any], parameters: Mapping[str, Any], **rest: Any) -> list[str]:
    used = {name: value for name, value in parameters.items() if name in text}
    return derive(text, given, used, **rest).backward


def test_the_reference_regression() -> None:
    """FORMAT.md, section 1, which prints the whole list."""
    text = "hbar1 = W1 @ x + b1\nh1 = relu(hbar1)\nh2 = W2 @ h1 + b2\nloss = {}"
    expected = [
        "h2.grad = (h2 - y) / loss",
        "W2.grad = outer(h2.grad, h1)",
        "b2.grad = h2.grad",
        "h1.grad = W2.T @ h2.grad",
        "hbar1.grad = h1.grad * (hbar1 > 0)",
        "W1.grad = outer(hbar1.grad, x)",
        "b1.grad = hbar1.grad",
        "x.grad = W1.T @ hbar1.grad",
    ]
    # a gradient is carried through a nested expression and simplified
    for loss in ("l2(h2, y)", "norm(y - h2)", "norm(h2 - y)", "sqrt(sum((y - h2) ** 2))", "sum((h2 - y) ** 2) ** 0.5"):
        found = backward(text.format(loss), VECTORS, COLUMN)
        if "** 0.5" not in loss:
            assert found == expected
        assert found[1:] == expected[1:]


def test_the_row_convention() -> None:
    assert backward(
        "hbar1 = x @ W1 + b1\nh1 = relu(hbar1)\nh2 = h1 @ W2 + b2\nloss = half_sse(h2, y)", VECTORS, ROW
    ) == [
        "h2.grad = h2 - y",
        "W2.grad = outer(h1, h2.grad)",
        "b2.grad = h2.grad",
        "h1.grad = h2.grad @ W2.T",
        "hbar1.grad = h1.grad * (hbar1 > 0)",
        "W1.grad = outer(x, hbar1.grad)",
        "b1.grad = hbar1.grad",
        "x.grad = hbar1.grad @ W1.T",
    ]


@pytest.mark.parametrize(
    ("layer", "weights", "expected"),
    [
        ("{} @ W1.T + b1", COLUMN, ("{}.T @ x", "{} @ W1")),
        ("{} @ W1 + b1", ROW, ("x.T @ {}", "{} @ W1.T")),
    ],
)
def test_a_batch_in_both_conventions(layer: str, weights: dict[str, object], expected: tuple[str, str]) -> None:
    second = layer.replace("1", "2")
    text = f"""
        hbar1 = {layer.format("x")}
        h1 = tanh(hbar1)
        h2 = {second.format("h1")}
        p = softmax(h2)
        losses = softmax_cross_entropy(h2, y, reduction='none')
        loss = mean(losses)"""
    of_weights, of_input = expected
    assert backward(text, BATCH, weights, through=["losses"]) == [
        "h2.grad = (p - y) / 4",
        f"W2.grad = {of_weights.format('h2.grad').replace('x', 'h1')}",
        "b2.grad = sum(h2.grad, axis=0)",
        f"h1.grad = {of_input.format('h2.grad').replace('W1', 'W2')}",
        "hbar1.grad = h1.grad * (1 - h1 ** 2)",
        f"W1.grad = {of_weights.format('hbar1.grad')}",
        "b1.grad = sum(hbar1.grad, axis=0)",
        f"x.grad = {of_input.format('hbar1.grad')}",
    ]


# The gradient of the prediction h under each loss: one example, then a batch of 4 whose `losses` it goes through.
PREDICTIONS = {
    "l2": ("(h - y) / loss", "(h - y) / (4 * losses[:, None])"),
    "sse": ("2 * (h - y)", "(h - y) / 2"),
    "half_sse": ("h - y", "(h - y) / 4"),
    "mse": ("2 * (h - y) / 3", "(h - y) / 6"),
    "mae": ("sign(h - y) / 3", "sign(h - y) / 12"),
    "softmax_cross_entropy": ("softmax(h) - y", "(softmax(h) - y) / 4"),
    "binary_cross_entropy_with_logits": ("(sigmoid(h) - y) / 3", "(sigmoid(h) - y) / 12"),
    "cross_entropy": ("where(y > 0, -y / h, 0)", "where(y > 0, -y / h, 0) / 4"),
}


@pytest.mark.parametrize(("loss", "expected"), PREDICTIONS.items())
def test_the_gradient_of_the_prediction(loss: str, expected: tuple[str, str]) -> None:
    alone = backward(f"h = W1 @ x\nloss = {loss}(h, y)", ONE_HOT, {"W1": np.eye(3)})
    batch = backward(
        f"h = x @ W1.T\nlosses = {loss}(h, y, reduction='none')\nloss = mean(losses)",
        BATCH,
        {"W1": np.eye(3)},
        through=["losses"],
    )
    assert (alone[0], batch[0]) == tuple(f"h.grad = {text}" for text in expected)


# (equations, given, parameters, the first derived equations)
GRAIN = {
    "half the squared error, written out": ("h = W1 @ x\nloss = 0.5 * sum((y - h) ** 2)", ["h.grad = h - y"]),
    "over two": ("h = W1 @ x\nloss = sum((y - h) ** 2) / 2", ["h.grad = h - y"]),
    "half the squared norm": ("h = W1 @ x\nloss = 1 / 2 * norm(h - y) ** 2", ["h.grad = h - y"]),
    "the mean of squares": ("h = W1 @ x\nloss = mean((h - y) ** 2)", ["h.grad = 2 * (h - y) / 3"]),
    "mse of 3 outputs": ("h = W1 @ x\nloss = mse(h, y)", ["h.grad = 2 * (h - y) / 3"]),
    "sigmoid": ("h1 = sigmoid(a)\nloss = sse(h1, y)", ["h1.grad = 2 * (h1 - y)", "a.grad = h1.grad * h1 * (1 - h1)"]),
    "tanh": ("h1 = tanh(a)\nloss = sse(h1, y)", ["h1.grad = 2 * (h1 - y)", "a.grad = h1.grad * (1 - h1 ** 2)"]),
    "relu": ("h1 = relu(a)\nloss = sse(h1, y)", ["h1.grad = 2 * (h1 - y)", "a.grad = h1.grad * (a > 0)"]),
    "leaky relu": (
        "h1 = leaky_relu(a, slope=0.1)\nloss = sse(h1, y)",
        ["h1.grad = 2 * (h1 - y)", "a.grad = h1.grad * where(a > 0, 1, 0.1)"],
    ),
    "softmax by itself": (
        "p = softmax(a)\nloss = -sum(y * log(p))",
        ["p.grad = -y / p", "a.grad = p * (p.grad - sum(p.grad * p))"],
    ),
    "cross-entropy to base 2": (
        "p = softmax(a)\nloss = softmax_cross_entropy(a, y, log_base=2)",
        ["a.grad = (p - y) / log(2)"],
    ),
    "a name used twice": ("h = a * a + 3 * a\nloss = sum(h)", ["h.grad = broadcast(1, shape=(3,))"]),
    "a forked graph": (
        "u = 2 * a\nv = exp(u)\nw = u * v\nloss = sum(w)",
        [
            "w.grad = broadcast(1, shape=(3,))",
            "v.grad = w.grad * u",
            "u.grad = w.grad * v + v.grad * v",
            "a.grad = 2 * u.grad",
        ],
    ),
    "a residual": ("h = relu(a) + a\nloss = half_sse(h, y)", ["h.grad = h - y", "a.grad = h.grad * (a > 0) + h.grad"]),
    "weight decay of 0.1": ("loss = 0.1 / 2 * sum(a ** 2)", ["a.grad = 0.1 * a"]),
    "the absolute value": ("loss = 0.1 * sum(abs(a))", ["a.grad = 0.1 * sign(a)"]),
    "one entry": ("loss = a[1] ** 2", ["a.grad = scatter(2 * a[1], index=(1,), shape=(3,))"]),
    "a new axis": ("h = a[:, None] * y\nloss = sum(h ** 2)", ["h.grad = 2 * h", "a.grad = sum(h.grad * y, axis=1)"]),
    "the largest of two": ("h = max(0, a)\nloss = sum(h ** 2)", ["h.grad = 2 * h", "a.grad = h.grad * (a > 0)"]),
    "an average of averages": ("loss = mean(mean(A, axis=1))", ["A.grad = broadcast(1 / 6, shape=(2, 3))"]),
    "a product of three matrices": (
        "loss = sum(A @ C @ a)",
        [
            "A.grad = outer(broadcast(1, shape=(2,)), a) @ C.T",
            "C.grad = A.T @ outer(broadcast(1, shape=(2,)), a)",
            "a.grad = C.T @ A.T @ broadcast(1, shape=(2,))",
        ],
    ),
}
ARRAYS = {**ONE_HOT, "a": np.array([0.5, 1.0, -1.5]), "A": np.ones((2, 3)), "C": np.ones((3, 3)), "W1": np.eye(3)}


@pytest.mark.parametrize("case", GRAIN)
def test_grain(case: str) -> None:
    text, expected = GRAIN[case]
    given = {name: value for name, value in ARRAYS.items() if name in text}
    assert derive(text, given).backward[: len(expected)] == expected


def test_a_name_used_twice_gets_the_sum() -> None:
    assert backward("q = x * w + w ** 2\nloss = q", {"x": 3.0}, {"w": 2.0})[-2:] == [
        "w.grad = q.grad * x + 2 * q.grad * w",
        "x.grad = q.grad * w",
    ]
    assert backward("loss = w + w", {}, {"w": 2.0}) == ["w.grad = 2"]


def test_helpers_are_called_after_the_equation_they_belong_to() -> None:
    text = "loss = norm(W2 @ relu(W1 @ x + b1) + b2 - y)"
    found = backward(text, VECTORS, COLUMN)
    assert found[:2] == [
        "loss_1 = (W2 @ relu(W1 @ x + b1) + b2 - y) / loss",
        "loss_2 = (W2.T @ loss_1) * (W1 @ x + b1 > 0)",
    ]
    assert "b1.grad = loss_2" in found
    assert "b2.grad = loss_1" in found


def test_a_helper_takes_no_name_that_there_is_already() -> None:
    text = "loss_1 = 2 * b1\nloss = norm(W2 @ relu(W1 @ x + loss_1) + b2 - y)"
    found = backward(text, VECTORS, COLUMN)
    assert [line.split(" = ")[0] for line in found[:2]] == ["loss_2", "loss_3"]


def test_a_name_used_hundreds_of_times_is_summed_in_parts() -> None:
    text = "\n".join(f"h{k} = x{k} * w" for k in range(250))
    given = {f"x{k}": float(k) for k in range(250)}
    case = derive(text + "\nloss = " + " + ".join(f"h{k}" for k in range(250)), given, {"w": 1.0})
    helpers = [e.name for e in case.program.phase("backward") if e.name.startswith("w_")]
    assert helpers == ["w_1", "w_2"]
    assert float(case.evaluated()["w.grad"]) == sum(range(250))


def test_what_the_loss_does_not_depend_on_has_no_gradient() -> None:
    found = backward("h = W1 @ x\nunused = W2 @ x\nloss = l2(h, y)", VECTORS, {"W1": np.eye(3), "W2": np.eye(3)})
    assert [line.split(" = ")[0] for line in found] == ["h.grad", "W1.grad", "x.grad"]


def test_labels_and_settings_have_no_gradient() -> None:
    found = backward("h = W1 @ x\nloss = sse(h, y)", VECTORS, {"W1": np.eye(3)})
    assert not any(line.startswith(("y.", "loss.")) for line in found)


def test_a_gradient_of_zero_is_said_to_be_zero() -> None:
    """What a step or a condition lets nothing through to still has its line."""
    assert backward("loss = sum(step(W1 @ x))", VECTORS, {"W1": np.eye(3)}) == [
        "W1.grad = broadcast(0, shape=(3, 3))",
        "x.grad = broadcast(0, shape=(3,))",
    ]


def test_a_derived_equation_belongs_to_the_layer_of_the_one_it_comes_from() -> None:
    case = forward("h = W1 @ x\nloss = sse(h, y)", VECTORS, {"W1": np.eye(3)})
    first, last = case.program.equations
    layered = case.program.with_equations([first._replace(layer="dense 1"), last._replace(layer="loss")])
    derived = differentiate(layered, case.shapes).phase("backward")
    assert [(e.name, e.layer) for e in derived] == [
        ("h.grad", "dense 1"),
        ("W1.grad", "dense 1"),
        ("x.grad", "dense 1"),
    ]
