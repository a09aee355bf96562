"""What is held out is looked at as a network in use looks at it: without dropout, with running averages."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.problem.load import load_text
from nncalc.problem.training import Training

PROBLEM = """
inputs: [[1, 2], [3, 4], [0, 1], [2, 2], [5, 1], [1, 1]]
labels: [1, 0, 1, 1, 0, 1]
layers:
  - dense: {{weights: [[1, 1], [1, -1]], bias: 0}}
  - batch_norm
  - relu
  - dropout: {{rate: 0.5, seed: 3, inverted: {inverted}}}
  - dense: {{weights: [[1, -2]], bias: [0.1]}}
loss: mse
"""


@pytest.mark.parametrize(("inverted", "scale"), [("true", 1.0), ("false", 0.5)])
def test_examples_held_out_are_worked_out_as_in_use(inverted: str, scale: float) -> None:
    training = Training(load_text(PROBLEM.format(inverted=inverted), "here", None), seed=1, validation=0.34)
    epochs = list(training.run(3))
    w = training.parameters
    held_out = np.sort(np.random.default_rng(1).permutation(6)[:2])
    x = training.problem.values["x"][held_out] @ w["W1"].T + w["b1"]
    normed = (x - w["running_mean1"]) / np.sqrt(w["running_var1"] + 1e-5) * w["gamma1"] + w["beta1"]
    y = scale * np.maximum(normed, 0) @ w["W2"].T + w["b2"]
    assert epochs[-1].validation is not None
    assert epochs[-1].validation.loss == pytest.approx(((y - training.problem.values["y"][held_out]) ** 2).mean())


def test_running_averages_are_kept_with_the_weights() -> None:
    training = Training(load_text(PROBLEM.format(inverted="true"), "here", None))
    list(training.run(1))
    # all six examples are the one batch: the mean of h1 = W1 x times the momentum 0.1
    assert training.parameters["running_mean1"].tolist() == pytest.approx([0.1 * 23 / 6, 0.1 * 1 / 6])


def test_dropout_inside_an_equation_of_the_sheet() -> None:
    text = (
        "given: {x: [[1, 2], [3, 4], [5, 6], [7, 8]], y: [[1], [1], [1], [1]]}\nparameters: {w: [[1], [1]]}\n"
        "equations: |\n  h = dropout(x, rate=0.5, seed=1) @ w\n  loss = mse(h, y)\n"
        "optimizer: {sgd: {learning_rate: 1e-12}}\n"
    )
    training = Training(load_text(text, "here", None), seed=0, validation=0.25)
    (epoch,) = training.run(1)
    row = np.random.default_rng(0).permutation(4)[0]
    assert epoch.validation is not None
    assert epoch.validation.loss == pytest.approx((training.problem.values["x"][row].sum() - 1) ** 2)
