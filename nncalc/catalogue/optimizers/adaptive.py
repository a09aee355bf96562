"""Optimizers that divide each entry's step by the size of its own past gradients."""

from __future__ import annotations

from nncalc.catalogue.operation import Option
from nncalc.catalogue.optimizer import (
    EPSILON_INSIDE,
    LEARNING_RATE,
    Assignment,
    Moving,
    Optimizer,
    Settings,
    Variant,
    common,
    epsilon,
    is_negative,
    learning_rate,
    minus,
    root,
    setting,
    square,
)
from nncalc.catalogue.variants import COUPLED, DIVIDED, weights_swapped
from nncalc.language.expression import Apply, Expression


def _divided(moving: Moving, settings: Settings, average: Expression) -> list[Assignment]:
    """The new s, and a step of g divided by its root."""
    s = moving.new("s")
    divisor = root(s, settings)
    step = minus(moving.value, moving.gradient, lambda e: LEARNING_RATE * e / divisor)
    return [(s.id, average), moving.to(step)]


def _adagrad(moving: Moving, settings: Settings) -> list[Assignment]:
    return _divided(moving, settings, moving.state("s") + square(moving.gradient))


def _average(moving: Moving, letter: str, weight: str, squared: Expression) -> Expression:
    rho = setting(weight)
    return rho * moving.state(letter) + (1 - rho) * squared


def _rmsprop(moving: Moving, settings: Settings) -> list[Assignment]:
    return _divided(moving, settings, _average(moving, "s", "alpha", square(moving.gradient)))


def _adadelta(moving: Moving, settings: Settings) -> list[Assignment]:
    g, s, d = moving.gradient, moving.new("s"), moving.new("d")
    above, below = root(moving.state("d"), settings), root(s, settings)
    delta = -(above * g.args[0] / below) if isinstance(g, Apply) and is_negative(g) else above * g / below
    step = moving._replace(name=moving.helper).value
    return [
        (s.id, _average(moving, "s", "rho", square(g))),
        (step.id, delta),
        (d.id, _average(moving, "d", "rho", square(step))),
        moving.to(moving.value - LEARNING_RATE * step),
    ]


INSIDE = "ε stands behind the root, √s + ε, as in PyTorch; `epsilon_inside` puts it inside, √(s + ε), as {} do."

ENTRIES = (
    Optimizer(
        name="adagrad",
        options=(learning_rate(0.01), epsilon(1e-10), EPSILON_INSIDE, *common()),
        update=_adagrad,
        meaning="each entry's step divided by the root of the sum of its squared gradients",
        source="Duchi, Hazan, Singer, Adaptive Subgradient Methods, 2011; Goodfellow, Bengio, Courville, Deep "
        "Learning, algorithm 8.4; PyTorch documentation, torch.optim.Adagrad",
        state=("s",),
        shown=({"epsilon_inside": True},),
        variants=(*DIVIDED, *COUPLED),
        notes=(INSIDE.format("some textbooks and surveys"),),
    ),
    Optimizer(
        name="rmsprop",
        options=(
            learning_rate(0.01),
            Option("alpha", 0.99, "α: how much of the average before goes on", at_least=0, below=1),
            epsilon(1e-8),
            EPSILON_INSIDE,
            *common(),
        ),
        update=_rmsprop,
        meaning="each entry's step divided by the root of the average of its squared gradients",
        source="Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; PyTorch documentation, "
        "torch.optim.RMSprop",
        state=("s",),
        shown=({"epsilon_inside": True},),
        variants=(
            *DIVIDED,
            Variant("weights_swapped", "α and 1 − α are swapped", weights_swapped("alpha")),
            *COUPLED,
        ),
        notes=(
            INSIDE.format("Goodfellow et al. (algorithm 8.5) and Keras"),
            "Textbooks and Keras often have 0.9 for α, where PyTorch has 0.99.",
        ),
    ),
    Optimizer(
        name="adadelta",
        options=(
            learning_rate(1),
            Option("rho", 0.9, "ρ: how much of each average before goes on", at_least=0, below=1),
            epsilon(1e-6),
            # the paper and PyTorch alike: with ε behind the roots, the first steps would be a thousandth of theirs
            EPSILON_INSIDE._replace(default=True),
            *common(),
        ),
        update=_adadelta,
        meaning="a step in the units of the parameter: the ratio of two averages, of past steps and of gradients",
        source="Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, algorithm 1; PyTorch documentation, "
        "torch.optim.Adadelta",
        state=("s", "d"),
        shown=({"epsilon_inside": False},),
        variants=(
            *DIVIDED,
            Variant("weights_swapped", "ρ and 1 − ρ are swapped", weights_swapped("rho")),
            *COUPLED,
        ),
        notes=(
            "ε stands inside the roots, √(d + ε) / √(s + ε), in the paper and in PyTorch alike; "
            "`epsilon_inside: false` puts it behind them.",
            "The paper has no learning rate; that is η = 1.",
        ),
    ),
)
