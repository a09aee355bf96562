"""Adam and its kin: a moving average of gradients, divided by the root of one of their squares."""

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
    learning_rate,
    plus,
    root,
    setting,
    square,
)
from nncalc.catalogue.variants import (
    COMMON,
    COUPLED,
    DIVIDED,
    Altered,
    exchanged,
    step,
    swapped,
    weights_swapped,
    with_settings,
)
from nncalc.language.expression import Expression

BETA1, BETA2, T = setting("beta1"), setting("beta2"), setting("t")
MU, MU_NEXT, MU_PRODUCT, MU_BEFORE = (setting(f"mu{ending}") for ending in ("", "_next", "_product", "_before"))
# What NAdam's paper takes to the power of t · momentum_decay: its momentum grows slowly from β₁ / 2 to β₁.
BASE = 0.96
# Taken from 1, a product smaller than this leaves 1.
NOTHING = 1e-20


def _averages(moving: Moving) -> list[Assignment]:
    g = moving.gradient
    return [
        (moving.new("m").id, plus(BETA1 * moving.state("m"), g, lambda e: (1 - BETA1) * e)),
        (moving.new("v").id, BETA2 * moving.state("v") + (1 - BETA2) * square(g)),
    ]


def _second(moving: Moving, settings: Settings) -> tuple[list[Assignment], Expression]:
    """The corrected average of squares, where it is corrected, and what the step divides by."""
    if not settings["bias_correction"]:
        return [], root(moving.new("v"), settings)
    vhat = moving.new("vhat")
    return [(vhat.id, moving.new("v") / (1 - BETA2**T))], root(vhat, settings)


def _adam(moving: Moving, settings: Settings) -> list[Assignment]:
    equations = _averages(moving)
    m = moving.new("m")
    if settings["bias_correction"]:
        equations.append((moving.new("mhat").id, m / (1 - BETA1**T)))
        m = moving.new("mhat")
    second, divisor = _second(moving, settings)
    return [*equations, *second, moving.to(moving.value - LEARNING_RATE * m / divisor)]


def _adamw(moving: Moving, settings: Settings) -> list[Assignment]:
    *equations, step = _adam(moving, settings)
    if settings["weight_decay"] == 0:
        return [*equations, step]
    m = moving.new("mhat" if settings["bias_correction"] else "m")
    _, divisor = _second(moving, settings)
    decayed = m / divisor + setting("weight_decay") * moving.value
    return [*equations, moving.to(moving.value - LEARNING_RATE * decayed)]


def _nadam(moving: Moving, settings: Settings) -> list[Assignment]:
    g, m, mhat = moving.gradient, moving.new("m"), moving.new("mhat")
    if settings["bias_correction"]:
        ahead = plus(MU_NEXT * m / (1 - MU_PRODUCT * MU_NEXT), g, lambda e: (1 - MU) * e / (1 - MU_PRODUCT))
    else:
        ahead = plus(MU_NEXT * m, g, lambda e: (1 - MU) * e)
    second, divisor = _second(moving, settings)
    step = moving.to(moving.value - LEARNING_RATE * mhat / divisor)
    return [*_averages(moving), (mhat.id, ahead), *second, step]


def _momenta(settings: Settings) -> list[Assignment]:
    """NAdam's momentum of this step and of the next, and the product of all so far."""
    decay = setting("momentum_decay")
    equations: list[Assignment] = [
        (MU.id, BETA1 * (1 - 0.5 * BASE ** (T * decay))),
        (MU_NEXT.id, BETA1 * (1 - 0.5 * BASE ** ((T + 1) * decay))),
    ]
    return [*equations, (MU_PRODUCT.id, MU_BEFORE * MU)] if settings["bias_correction"] else equations


def _product_before(settings: Settings) -> float:
    """The product of NAdam's momenta in the steps already taken."""
    beta1, decay, taken = settings["beta1"], settings["momentum_decay"], settings["t"]
    assert isinstance(beta1, (int, float))
    assert isinstance(decay, (int, float))
    assert isinstance(taken, int)
    product = 1.0
    for number in range(1, taken + 1):
        product *= beta1 * (1 - 0.5 * BASE ** (number * decay))
        if product < NOTHING:
            return 0.0
    return product


def _options(rate: float, *further: Option, weight_decay: float = 0, decay: str = "") -> tuple[Option, ...]:
    return (
        learning_rate(rate),
        Option("beta1", 0.9, "β₁: how much of the average of gradients goes on", at_least=0, below=1),
        Option("beta2", 0.999, "β₂: how much of the average of their squares goes on", at_least=0, below=1),
        epsilon(1e-8),
        EPSILON_INSIDE,
        Option("bias_correction", True, "whether the averages, which begin at 0, are divided by 1 − βᵗ"),
        *further,
        *(common(weight_decay, decay) if decay else common(weight_decay)),
    )


SHOWN: tuple[Settings, ...] = ({"bias_correction": False}, {"epsilon_inside": True})
NOTES = (
    "ε stands behind the root, √v̂ + ε, as in the paper's algorithm 1 and in PyTorch; `epsilon_inside` puts it inside, "
    "√(v̂ + ε), as some textbooks do. Keras, and the paper in its more efficient form, add ε before v is corrected.",
    "Without bias correction (some courses) m and v stand in the place of m̂ and v̂; the first steps then are too "
    "large: with the usual β, three times as large at the first one.",
)


def _coupled(entry: Optimizer, settings: Settings) -> Altered:
    return entry._replace(decoupled=False, update=_adam), settings


VARIANTS = (
    Variant("bias_correction", "the bias correction is left out", with_settings(bias_correction=False)),
    Variant("bias_correction", "the averages are corrected for their start at 0", with_settings(bias_correction=True)),
    Variant("betas_swapped", "β₁ and β₂ are swapped", swapped(BETA1, BETA2)),
    Variant("weights_swapped", "β₁ and 1 − β₁ are swapped", weights_swapped("beta1")),
    Variant("weights_swapped", "β₂ and 1 − β₂ are swapped", weights_swapped("beta2")),
    Variant("time", "the steps are counted from 0: t is one less", exchanged((T, T - 1))),
    Variant("time", "t is one more than the number of this step", exchanged((T, T + 1))),
    *DIVIDED,
)

ENTRIES = (
    Optimizer(
        name="adam",
        options=_options(0.001),
        update=_adam,
        meaning="momentum, each entry's step divided by the root of the average of its squared gradients",
        source="Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1; PyTorch documentation, "
        "torch.optim.Adam",
        state=("m", "v"),
        shown=({"weight_decay": 0.1}, *SHOWN),
        variants=(*VARIANTS, *COUPLED),
        notes=NOTES,
    ),
    Optimizer(
        name="adamw",
        options=_options(0.001, weight_decay=0.01, decay="λ: the parameter loses η λ times itself in each step"),
        update=_adamw,
        meaning="Adam with weight decay as a part of the step instead of the gradient",
        source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2; PyTorch "
        "documentation, torch.optim.AdamW",
        state=("m", "v"),
        decoupled=True,
        shown=SHOWN,
        variants=(
            *VARIANTS,
            *COMMON,
            Variant("coupled", "weight decay is added to the gradient", step(_coupled)),
        ),
        notes=("The paper's decay has a schedule of its own; PyTorch's, here, is multiplied by η.", *NOTES),
    ),
    Optimizer(
        name="nadam",
        options=_options(
            0.002, Option("momentum_decay", 0.004, "how fast the momentum grows from β₁ / 2 to β₁", at_least=0)
        ),
        update=_nadam,
        meaning="Adam with Nesterov's look ahead",
        source="Dozat, Incorporating Nesterov Momentum into Adam, 2016; PyTorch documentation, torch.optim.NAdam",
        state=("m", "v"),
        shared=_momenta,
        carried=((MU_BEFORE.id, MU_PRODUCT.id, _product_before),),
        shown=SHOWN,
        variants=(*VARIANTS, *COUPLED),
        notes=(
            "mu_before is the product of the momenta of all earlier steps, 1 at the first.",
            *NOTES[:1],
            "Without bias correction nothing is divided by 1 − mu_product and 1 − β₂ᵗ.",
        ),
    ),
)
