"""Momentum: a step that carries on the steps before it, in the forms that textbooks and frameworks give it."""

from __future__ import annotations

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
from nncalc.catalogue.variants import COUPLED, FORGETFUL, Altered, step, weights_swapped, with_settings

BETA = setting("beta")


def momentum_step(moving: Moving, settings: Settings) -> list[Assignment]:
    """v and the step, in the settings' form."""
    g, v = moving.gradient, moving.new("v")
    carried = BETA * moving.state("v")
    if settings["form"] == "step":
        return [(v.id, minus(carried, g, lambda e: LEARNING_RATE * e)), moving.to(moving.value + v)]
    velocity = plus(carried, g, (lambda e: (1 - BETA) * e) if settings["form"] == "average" else lambda e: e)
    return [(v.id, velocity), moving.to(moving.value - LEARNING_RATE * v)]


def nesterov_step(moving: Moving, settings: Settings) -> list[Assignment]:
    """The same with the gradient one step ahead; there is no form `average` of it."""
    g, v = moving.gradient, moving.new("v")
    carried = BETA * moving.state("v")
    if settings["form"] == "step":
        ahead = minus(moving.value + BETA * v, g, lambda e: LEARNING_RATE * e)
        return [(v.id, minus(carried, g, lambda e: LEARNING_RATE * e)), moving.to(ahead)]
    return [(v.id, plus(carried, g)), moving.to(moving.value - LEARNING_RATE * plus(BETA * v, g))]


def _as_nesterov(entry: Optimizer, settings: Settings) -> Altered:
    return entry._replace(update=momentum_step if settings["form"] == "average" else nesterov_step), settings


FORMS = {
    "pytorch": Variant(
        "form",
        "the velocity is a plain sum of gradients",
        with_settings(form="pytorch"),
        "momentum as a sum of gradients",
    ),
    "average": Variant(
        "form",
        "the velocity is kept as a moving average",
        with_settings(form="average"),
        "momentum as a moving average",
    ),
    "step": Variant(
        "form",
        "the velocity is kept with the learning rate in it",
        with_settings(form="step"),
        "momentum with the learning rate in the velocity",
    ),
}

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
        update=momentum_step,
        meaning="steps add up: what points the same way grows, what turns back and forth cancels",
        source="Polyak, Some methods of speeding up the convergence of iteration methods, 1964; Goodfellow, Bengio, "
        "Courville, Deep Learning, algorithm 8.2; PyTorch documentation, torch.optim.SGD",
        state=("v",),
        shown=({"form": "average"}, {"form": "step"}),
        variants=(
            FORGETFUL,
            *FORMS.values(),
            Variant("weights_swapped", "β and 1 − β are swapped", weights_swapped("beta")),
            Variant("nesterov", "Nesterov's momentum is taken for the plain one", step(_as_nesterov)),
            *COUPLED,
        ),
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
        update=nesterov_step,
        meaning="momentum with the gradient as it will be one step ahead",
        source="Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983; "
        "Sutskever et al., On the importance of initialization and momentum in deep learning, 2013; PyTorch "
        "documentation, torch.optim.SGD; cs231n, Neural Networks Part 3",
        state=("v",),
        shown=({"form": "step"},),
        variants=(
            FORGETFUL,
            FORMS["pytorch"],
            FORMS["step"],
            Variant(
                "nesterov",
                "plain momentum is taken for Nesterov's",
                step(lambda entry, settings: (entry._replace(update=momentum_step), settings)),
            ),
            *COUPLED,
        ),
        notes=(
            "Textbooks take the gradient at w + βv, ahead of where w is. Frameworks keep the point ahead itself as w, "
            "so that the gradient is taken where w is; the step then has βv in it once more.",
            "form pytorch: v is a sum of gradients, η outside. form step: v is the step itself, η included (cs231n, "
            "Keras); the same steps while η stays the same.",
        ),
    ),
)
