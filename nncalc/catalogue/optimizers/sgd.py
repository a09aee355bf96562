"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable

from nncalc.catalogue.operation import Option
from nncalc.catalogue.optimizer import (
    LEARNING_RATE,
    Assignment,
    Moving,
    Optimizer,
    Settings,
    Variant,
    common,
    learning_rate,
    minus,
    plus,
    setting,
)
from nncalc.catalogue.optimizers.momentum import BETA, momentum_step, nesterov_step
from nncalc.catalogue.variants import COUPLED, FORGETFUL, Altered, step, with_settings
from nncalc.language.expression import substitute


def _update(moving: Moving, settings: Settings) -> list[Assignment]:
    g = moving.gradient
    if settings["momentum"] == 0:
        return [moving.to(minus(moving.value, g, lambda e: LEARNING_RATE * e))]
    momentum, v = setting("momentum"), moving.new("v")
    velocity = v.id, plus(momentum * moving.state("v"), g)
    if not settings["nesterov"]:
        return [velocity, moving.to(moving.value - LEARNING_RATE * v)]
    return [velocity, moving.to(moving.value - LEARNING_RATE * plus(momentum * v, g))]


def _in_form(form: str) -> Callable[[Optimizer, Settings], Altered]:
    """The step as the optimizers `momentum` and `nesterov` have it in that form, where there is momentum."""
    momentum = setting("momentum")

    def alter(entry: Optimizer, settings: Settings) -> Altered:
        other = nesterov_step if settings["nesterov"] else momentum_step

        def update(moving: Moving, settings: Settings) -> list[Assignment]:
            if settings["momentum"] == 0:
                return _update(moving, settings)
            equations = other(moving, {**settings, "form": form})
            return [(name, substitute(e, lambda node: momentum if node == BETA else None)) for name, e in equations]

        return entry._replace(update=update), settings

    return alter


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
        variants=(
            Variant("momentum", "momentum is left out", with_settings(momentum=0, nesterov=False)),
            FORGETFUL,
            Variant(
                "form",
                "the velocity is kept as a moving average",
                step(_in_form("average")),
                "momentum as a moving average",
            ),
            Variant(
                "form",
                "the velocity is kept with the learning rate in it",
                step(_in_form("step")),
                "momentum with the learning rate in the velocity",
            ),
            Variant("nesterov", "plain momentum is taken for Nesterov's", with_settings(nesterov=False)),
            *COUPLED,
        ),
    ),
)
