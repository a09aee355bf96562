"""Traces to look at: the reference regression, a batch, the row convention, wide matrices, nested expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nncalc.catalogue.optimizers import optimizer
from nncalc.engine.descend import descend
from nncalc.engine.evaluate import evaluate
from nncalc.engine.trace import Trace
from tests.engine.programs import derive, forward

POINT = {"x": [1.2, -1, 2], "y": [1.5, -1, 2]}
WEIGHTS = {
    "W1": [[1, -1, 0], [0, -1, 1], [1, 1, -1], [1, 1, 1]],
    "b1": [0, 1, 1, -1],
    "W2": [[1.5, 1, 1, -1], [0, 0, 1, 1], [-1, 1, 1, -1]],
    "b2": [1, 0, 0.5],
}
BATCH = {"x": [[1.2, -1, 2], [1, 2, 3], [0, 0, 1]], "y": [[0, 1, 0], [1, 0, 0], [0, 0, 1]]}
EXAMPLES = frozenset(("x", "y", "hbar1", "h1", "h2", "p", "losses"))


def trace(
    text: str,
    given: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    upto: str = "update",
    through: tuple[str, ...] = (),
) -> Trace:
    """The equations of a text worked out, with the backward pass and a step of gradient descent as far as asked."""
    if upto == "forward":
        case = forward(text, given, parameters, through=through)
        return evaluate(case.program, case.values)
    case = derive(text, given, parameters, through=through)
    if upto == "backward":
        return evaluate(case.program, case.values)
    found = optimizer("sgd")
    assert found is not None
    settings = {option.name: option.default for option in found.options}
    program = descend(case.program, case.shapes, found, settings)
    return evaluate(program, {**case.values, "learning_rate": np.asarray(0.01)})


def reference() -> Trace:
    return trace("hbar1 = W1 @ x + b1\nh1 = relu(hbar1)\nh2 = W2 @ h1 + b2\nloss = l2(h2, y)", POINT, WEIGHTS)


def nested() -> Trace:
    return trace("loss = norm(W2 @ relu(W1 @ x + b1) + b2 - y)", POINT, WEIGHTS, upto="backward")


def batch() -> Trace:
    return trace(
        "hbar1 = x @ W1.T + b1\nh1 = sigmoid(hbar1)\nh2 = h1 @ W2.T + b2\np = softmax(h2)\n"
        "losses = softmax_cross_entropy(h2, y, reduction='none')\nloss = mean(losses)",
        BATCH,
        WEIGHTS,
        through=("losses",),
    )


def rows() -> Trace:
    weights = {name: np.asarray(value).T for name, value in WEIGHTS.items()}
    return trace("hbar1 = x @ W1 + b1\nh1 = relu(hbar1)\nh2 = h1 @ W2 + b2\nloss = l2(h2, y)", POINT, weights)


def wide() -> Trace:
    """784 inputs, as an image's pixels; multiples of eighths, so that no sum depends on the order of its terms."""
    pixels = (np.arange(784) * 5 % 17) / 16
    weights = {
        "W1": (np.arange(128 * 784).reshape(128, 784) * 7 % 31 - 15) / 8,
        "b1": (np.arange(128) * 3 % 11 - 5) / 4,
        "W2": (np.arange(1280).reshape(10, 128) * 11 % 23 - 11) / 8,
        "b2": np.arange(10) / 2,
    }
    return trace(
        "hbar1 = W1 @ x + b1\nh1 = relu(hbar1)\nh2 = W2 @ h1 + b2\nloss = half_sse(h2, y)",
        {"x": pixels, "y": np.zeros(10)},
        weights,
        upto="backward",
    )


def cross_entropy() -> Trace:
    return trace("p = softmax(h)\nloss = cross_entropy(p, y)", {"h": [2, -1, 5, 0], "y": [0, 1, 0, 0]}, upto="backward")


def image() -> Trace:
    pixels = (np.arange(2 * 3 * 4).reshape(2, 3, 4) % 7) - 3.0
    return trace("h = relu(x)\nloss = mean(h)", {"x": pixels}, upto="backward")
