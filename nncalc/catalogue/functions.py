"""Elementary functions of one array, entry by entry."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Rule, broadcast
from nncalc.catalogue.substitutes import instead
from nncalc.language.expression import Expression, call

POSITIVE = ((0.2, 3.0),)
CALCULUS = "Abramowitz and Stegun, Handbook of Mathematical Functions"
TWO_BY_ROOT_PI = 1.1283791670955126  # 2 / √π


def _function(
    name: str,
    derivative: Rule,
    text: str,
    latex: str,
    meaning: str,
    value: Any = None,
    domain: tuple[tuple[float, float], ...] = ((-3.0, 3.0),),
    kinks: tuple[float, ...] = (),
    at_kink: str = "",
    mistakes: tuple[Mistake, ...] = (),
) -> Operation:
    return Operation(
        name=name,
        args=("x",),
        value=value or (lambda xp, x: getattr(xp, name)(x)),
        shape=broadcast,
        derivatives=(derivative,),
        text=text,
        latex=latex,
        meaning=meaning,
        source=CALCULUS,
        domain=domain,
        kinks=kinks,
        at_kink=at_kink,
        mistakes=mistakes,
        example=(f"{name}(x)",),
    )


def _bases(own: str) -> tuple[Mistake, ...]:
    """The logarithm to another of the usual bases."""
    words = {"log": "the natural logarithm", "log2": "the logarithm to base 2", "log10": "the logarithm to base 10"}
    return tuple(
        Mistake("log_base", f"{what} is taken", instead(name), convention=what)
        for name, what in words.items()
        if name != own
    )


def _clip(xp: Any, x: Any, low: float | None, high: float | None) -> Any:
    if low is not None:
        x = xp.where(x < low, low, x)
    return x if high is None else xp.where(x > high, high, x)


def _clip_derivative(ans: Expression, x: Expression, low: float | None, high: float | None) -> Expression | float:
    inside: Expression | float = 1.0
    if low is not None:
        inside = inside * (x >= low)
    return inside if high is None else inside * (x <= high)


ENTRIES = (
    _function("exp", lambda ans, x: ans, "e{x:raised}", "e^{{x}}", "e to the power of x"),
    _function(
        "log",
        lambda ans, x: 1 / x,
        "ln {x:power}",
        r"\ln {x:power}",
        "natural logarithm",
        domain=POSITIVE,
        mistakes=_bases("log"),
    ),
    _function(
        "log2",
        lambda ans, x: 1 / (x * call.log(2)),
        "log₂ {x:power}",
        r"\log_2 {x:power}",
        "logarithm to base 2",
        domain=POSITIVE,
        mistakes=_bases("log2"),
    ),
    _function(
        "log10",
        lambda ans, x: 1 / (x * call.log(10)),
        "log₁₀ {x:power}",
        r"\log_{10} {x:power}",
        "logarithm to base 10",
        domain=POSITIVE,
        mistakes=_bases("log10"),
    ),
    _function(
        "sqrt",
        lambda ans, x: 1 / (2 * ans),
        "√{x:postfix}",
        r"\sqrt{{x}}",
        "square root",
        domain=POSITIVE,
        mistakes=(Mistake("root", "the root is left out", lambda x, **_: x),),
    ),
    _function(
        "abs",
        lambda ans, x: call.sign(x),
        "|{x}|",
        r"\left|{x}\right|",
        "absolute value",
        domain=((0.2, 3.0),),
        kinks=(0.0,),
        at_kink="|x| has no derivative at 0; 0 is used",
        mistakes=(
            Mistake("squares", "squares are taken, not absolute values", lambda x, **_: x**2),
            Mistake("absolute", "the derivative's sign is left out", gradients=((0, lambda g, ans, x, **_: g),)),
        ),
    ),
    _function("sin", lambda ans, x: call.cos(x), "sin({x})", r"\sin\left({x}\right)", "sine of x in radians"),
    _function("cos", lambda ans, x: -call.sin(x), "cos({x})", r"\cos\left({x}\right)", "cosine of x in radians"),
    _function(
        "erf",
        lambda ans, x: TWO_BY_ROOT_PI * call.exp(-(x**2)),
        "erf({x})",
        r"\operatorname{erf}\left({x}\right)",
        "error function 2/√π ∫₀ˣ e^(−t²) dt",
    ),
    _function(
        "floor",
        lambda ans, x: 0.0,
        "⌊{x}⌋",
        r"\left\lfloor {x} \right\rfloor",
        "the largest whole number that is not above x",
        domain=((0.2, 0.8),),
        mistakes=(
            Mistake("rounding", "it is rounded up, not down", lambda x, **_: -call.floor(-x)),
            Mistake("rounding", "it is not rounded", lambda x, **_: x),
        ),
    ),
    Operation(
        name="clip",
        args=("x",),
        options=(
            Option("low", None, "the smallest value let through", number=True),
            Option("high", None, "the largest", number=True),
        ),
        value=_clip,
        shape=broadcast,
        derivatives=(_clip_derivative,),
        text="clip({x})",
        latex=r"\operatorname{clip}\left({x}\right)",
        meaning="x, no lower than low and no higher than high",
        source="NumPy reference, numpy.clip",
        mistakes=(
            Mistake("clipped", "what is outside the bounds stays", lambda x, **_: x),
            Mistake(
                "clipped",
                "the gradient goes through outside the bounds too",
                gradients=((0, lambda g, ans, x, **_: g),),
            ),
        ),
        example=("clip(x, low=-1, high=1)", "clip(A, low=0.5)", "clip(a, high=0)"),
    ),
)
