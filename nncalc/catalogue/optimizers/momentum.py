"""Momentum: a step that carries on the steps before it, in the forms that textbooks and frameworks give it."""

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

BETA = setting("beta")


def _momentum(moving: Moving, settings: Settings) -> list[Assignment]:
    g, v = moving.gradient, moving.new("v")
    carried = BETA * moving.state("v")
    if settings["form"] == "step":
        return [(v.id, minus(carried, g, lambda e: LEARNING_RATE * e)), moving.to(moving.value + v)]
    velocity = plus(carried, g, (lambda e: (1 - BETA) * e) if settings["form"] == "average" else lambda e: e)
    return [(v.id, velocity), moving.to(moving.value - LEARNING_RATE * v)]


def _nesterov(moving: Moving, settings: Settings) -> list[Assignment]:
    g, v = moving.gradient, moving.new("v")
    carried = BETA * moving.state("v")
    if settings["form"] == "step":
        ahead = minus(moving.value + BETA * v, g, lambda e: LEARNING_RATE * e)
        return [(v.id, minus(carried, g, lambda e: LEARNING_RATE * e)), moving.to(ahead)]
    return [(v.id, plus(carried, g)), moving.to(moving.value - LEARNING_RATE * plus(BETA * v, g))]


CARRIED = Option("beta", 0.9, "β: how much of the step before goes on", at_least=0)

ENTRIES = (
    Optimizer(
        name="momentum",
        options=(
            learning_rate(0.01),
            CARRIED,
            Option("form", "pytorch", "how v is kept: see the notes", ("pytorch", "average", "step")),
            *common(),
        ),
        update=_momentum,
        meaning="steps add up: what points the same way grows, what turns back and forth cancels",
        source="Polyak, Some methods of speeding up the convergence of iteration methods, 1964; Goodfellow, Bengio, "
        "Courville, Deep Learning, algorithm 8.2; PyTorch documentation, torch.optim.SGD",
        state=("v",),
        shown=({"form": "average"}, {"form": "step"}),
        notes=(
            "form pytorch: v is a sum of gradients, and η multiplies it in the step (PyTorch).",
            "form average: v is a moving average of gradients, whose weights β and 1 − β add up to 1 (Ng's course); "
            "its steps are 1 − β times those of the form pytorch.",
            "form step: v is the step itself, η included (Goodfellow et al., Keras). While η stays the same, it makes "
            "the steps of the form pytorch; with a schedule, earlier steps keep the η they were made with.",
        ),
    ),
    Optimizer(
        name="nesterov",
        options=(
            learning_rate(0.01),
            CARRIED,
            Option("form", "pytorch", "how v is kept: see the notes", ("pytorch", "step")),
            *common(),
        ),
        update=_nesterov,
        meaning="momentum with the gradient as it will be one step ahead",
        source="Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983; "
        "Sutskever et al., On the importance of initialization and momentum in deep learning, 2013; PyTorch "
        "documentation, torch.optim.SGD; cs231n, Neural Networks Part 3",
        state=("v",),
        shown=({"form": "step"},),
        notes=(
            "Textbooks take the gradient at w + βv, ahead of where w is. Frameworks keep the point ahead itself as w, "
            "so that the gradient is taken where w is; the step then has βv in it once more.",
            "form pytorch: v is a sum of gradients, η outside. form step: v is the step itself, η included (cs231n, "
            "Keras); the same steps while η stays the same.",
        ),
    ),
)
