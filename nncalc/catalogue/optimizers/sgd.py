"""Stochastic gradient descent."""

from __future__ import annotations

from nncalc.catalogue.operation import Option
from nncalc.catalogue.optimizer import LEARNING_RATE, Moving, Optimizer, setting
from nncalc.language.expression import Expression, Setting


def _update(moving: Moving, settings: dict[str, Setting]) -> list[tuple[str, Expression]]:
    step: Expression = moving.gradient
    if settings["weight_decay"] != 0:
        step = step + setting("weight_decay") * moving.value
    return [(f"{moving.name}.next", moving.value - LEARNING_RATE * step)]


ENTRIES = (
    Optimizer(
        name="sgd",
        options=(
            Option("learning_rate", 0.01, "the size of a step, η", above=0),
            Option("weight_decay", 0, "λ: λ times the parameter is added to its gradient", at_least=0),
        ),
        update=_update,
        meaning="a step against the gradient: w ← w − η ∂ℓ/∂w",
        source="Goodfellow, Bengio, Courville, Deep Learning, algorithm 8.1; PyTorch documentation, torch.optim.SGD",
    ),
)
