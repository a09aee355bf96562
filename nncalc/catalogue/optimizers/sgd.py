"""Stochastic gradient descent."""

from __future__ import annotations

from nncalc.catalogue.operation import Option
from nncalc.catalogue.optimizer import (
    LEARNING_RATE,
    Assignment,
    Moving,
    Optimizer,
    Settings,
    common,
    learning_rate,
    minus,
    plus,
    setting,
)


def _update(moving: Moving, settings: Settings) -> list[Assignment]:
    g = moving.gradient
    if settings["momentum"] == 0:
        return [moving.to(minus(moving.value, g, lambda e: LEARNING_RATE * e))]
    momentum, v = setting("momentum"), moving.new("v")
    velocity = v.id, plus(momentum * moving.state("v"), g)
    if not settings["nesterov"]:
        return [velocity, moving.to(moving.value - LEARNING_RATE * v)]
    return [velocity, moving.to(moving.value - LEARNING_RATE * plus(momentum * v, g))]


ENTRIES = (
    Optimizer(
        name="sgd",
        options=(
            learning_rate(0.01),
            Option("momentum", 0, "μ: how much of the step before goes on", at_least=0),
            Option("nesterov", False, "whether the step looks ahead by the momentum"),
            *common(),
        ),
        update=_update,
        meaning="a step against the gradient: w ← w − η ∂ℓ/∂w",
        source="Goodfellow, Bengio, Courville, Deep Learning, algorithm 8.1; PyTorch documentation, torch.optim.SGD",
        state=("v",),
        needs=(("nesterov", "momentum"),),
        shown=({"weight_decay": 0.1}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}),
    ),
)
