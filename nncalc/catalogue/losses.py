"""Losses of a regression: how far the prediction lies from the target."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.loss import loss
from nncalc.catalogue.operation import Target
from nncalc.language.expression import call

BOOK = "Goodfellow, Bengio, Courville, Deep Learning, section 5.1.4"


def _squares(xp: Any, prediction: Any, target: Any) -> Any:
    return (prediction - target) ** 2


ENTRIES = (
    loss(
        "l2",
        terms=_squares,
        finish=lambda xp, total: xp.sqrt(total),
        by_prediction=lambda each, p, t: (p - t) / each,
        by_target=lambda each, p, t: (t - p) / each,
        text="‖{prediction} − {target:product}‖",
        latex=r"\left\lVert {prediction} - {target:product} \right\rVert",
        meaning="the Euclidean distance √Σ(ŷ − y)²",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 2.30 with p = 2",
        target=Target(),
    ),
    loss(
        "sse",
        terms=_squares,
        by_prediction=lambda each, p, t: 2 * (p - t),
        by_target=lambda each, p, t: 2 * (t - p),
        text="‖{prediction} − {target:product}‖²",
        latex=r"\left\lVert {prediction} - {target:product} \right\rVert^2",
        meaning="the sum of squared errors Σ(ŷ − y)²",
        source=BOOK,
        target=Target(),
    ),
    loss(
        "half_sse",
        terms=_squares,
        finish=lambda xp, total: 0.5 * total,
        by_prediction=lambda each, p, t: p - t,
        by_target=lambda each, p, t: t - p,
        text="½‖{prediction} − {target:product}‖²",
        latex=r"\tfrac{1}{2}\left\lVert {prediction} - {target:product} \right\rVert^2",
        meaning="half the sum of squared errors ½ Σ(ŷ − y)²",
        source="Bishop, Pattern Recognition and Machine Learning, eq. 5.11",
        target=Target(),
    ),
    loss(
        "mse",
        terms=_squares,
        by_prediction=lambda each, p, t: 2 * (p - t),
        by_target=lambda each, p, t: 2 * (t - p),
        text="mean(({prediction} − {target:product})²)",
        latex=r"\operatorname{mean}\left(({prediction} - {target:product})^2\right)",
        meaning="the mean squared error, over the outputs and the examples",
        source="PyTorch documentation, torch.nn.MSELoss",
        target=Target(per_output=True),
    ),
    loss(
        "mae",
        terms=lambda xp, prediction, target: xp.abs(prediction - target),
        by_prediction=lambda each, p, t: call.sign(p - t),
        by_target=lambda each, p, t: call.sign(t - p),
        text="mean|{prediction} − {target:product}|",
        latex=r"\operatorname{mean}\left|{prediction} - {target:product}\right|",
        meaning="the mean absolute error, over the outputs and the examples",
        source="PyTorch documentation, torch.nn.L1Loss",
        target=Target(per_output=True),
        domain=((0.5, 3.0), (-3.0, 0.0)),
    ),
)
