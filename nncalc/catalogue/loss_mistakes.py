"""Mistakes and conventions that many losses share: what is averaged, and the logarithm's base."""

from __future__ import annotations

from math import prod
from typing import Any

from nncalc.catalogue.mistake import Mistake, Substitute
from nncalc.catalogue.operation import Shape
from nncalc.catalogue.substitutes import applied, with_settings, without
from nncalc.language.expression import Expression, Setting, call


def outputs(shape: Shape) -> int:
    """How many outputs an example has."""
    return shape[-1] if shape else 1


def over(terms: Expression, shape: Shape, reduction: Setting, per_output: bool) -> Expression:
    """The terms of a loss put together as its reduction says, as an expression."""
    if not shape:
        return terms
    if len(shape) == 1 and reduction != "sum":
        return call.mean(terms) if per_output else call.sum(terms)
    if reduction == "sum":
        return call.sum(terms)
    if reduction == "none":
        return call.mean(terms, axis=-1) if per_output else call.sum(terms, axis=-1)
    return call.mean(terms) if per_output else call.sum(terms) / prod(shape[:-1])


# --- what is averaged ------------------------------------------------------------------------------------------------


def reductions(name: str, per_output: bool, outputs_too: bool = True) -> tuple[Mistake, ...]:
    """The sum for the mean and the reverse. outputs_too: whether the sum over the outputs alone is among them."""

    def sizes(shape: Shape) -> int:
        examples = prod(shape[:-1])
        return examples * outputs(shape) if per_output and (outputs_too or examples > 1) else examples

    def exchanged(one: str, other: str) -> Substitute:
        def value(p: Expression, y: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
            if settings["reduction"] != one or sizes(shape_of(p)) == 1:
                return None
            return applied(name, p, y, **{**settings, "reduction": other})

        return value

    def whole(p: Expression, y: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
        shape, reduction = shape_of(p), settings["reduction"]
        if outputs(shape) == 1 or reduction == "sum" or (len(shape) == 1 and reduction == "mean"):
            return None
        return outputs(shape) * applied(name, p, y, **settings)

    summed = Mistake(
        "reduction", "the sum is taken, not the mean", exchanged("mean", "sum"), convention="the sum, not the mean"
    )
    averaged = Mistake(
        "reduction", "the mean is taken, not the sum", exchanged("sum", "mean"), convention="the mean, not the sum"
    )
    of_outputs = Mistake("reduction", "outputs are added up, not averaged", whole, convention="the sum over outputs")
    return (summed, averaged, of_outputs) if per_output and outputs_too else (summed, averaged)


# --- losses with logarithms ------------------------------------------------------------------------------------------


def minus(name: str) -> Mistake:
    """The loss with the other sign."""
    return Mistake(
        "minus",
        "the minus in front of the sum is left out",
        lambda p, y, shape_of, **settings: -applied(name, p, y, **settings),
    )


def log_bases(name: str) -> tuple[Mistake, ...]:
    """The logarithm to another of the usual bases."""
    words: tuple[tuple[Setting, str], ...] = (
        (2, "the logarithm to base 2"),
        (10, "the logarithm to base 10"),
        ("e", "the natural logarithm"),
    )
    return tuple(
        Mistake("log_base", f"{what} is taken", with_settings(name, log_base=base), convention=what)
        for base, what in words
    )


def _averaged(name: str) -> Substitute:
    def value(p: Expression, y: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
        n = outputs(shape_of(p))
        return None if n == 1 else applied(name, p, y, **settings) / n

    return value


def _among_the_wrong(name: str) -> Substitute:
    def value(p: Expression, y: Expression, *, shape_of: Any, **settings: Any) -> Expression | None:
        smoothing, n = settings["label_smoothing"], outputs(shape_of(p))
        if not smoothing or n == 1:
            return None
        smoothed = (1 - smoothing) * y + smoothing / (n - 1) * (1 - y)
        return applied(name, p, smoothed, **{**settings, "label_smoothing": 0})

    return value


def class_mistakes(name: str) -> tuple[Mistake, ...]:
    """Those of the losses that have class labels, smoothing and weights."""
    return (
        minus(name),
        Mistake("label_smoothing", "the label smoothing is left out", without(name, "label_smoothing")),
        Mistake(
            "label_smoothing", "what smoothing takes off is shared by the wrong classes alone", _among_the_wrong(name)
        ),
        Mistake("class_weights", "the class weights are left out", without(name, "class_weights")),
        Mistake("reduction", "the mean over the classes is taken, not the sum", _averaged(name)),
        *log_bases(name),
    )
