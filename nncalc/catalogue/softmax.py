"""Softmax and its logarithm: scores to probabilities along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nncalc.catalogue.operation import Operation, Option, Shape, normal_axes, same
from nncalc.language.expression import Expression, Setting, call

ShapeOf = Callable[[Expression], Shape]
BOOK = "Goodfellow, Bengio, Courville, Deep Learning, section 6.2.2.3"
OPTIONS = (
    Option("axis", -1, "the axis whose entries become probabilities"),
    Option("temperature", 1, "the scores are divided by it; a large one makes the probabilities more equal", above=0),
)


def _shape(x: Shape, axis: Setting, temperature: Setting) -> Shape:
    if x:
        normal_axes(axis, len(x))
    return same(x)


def _softmax(xp: Any, x: Any, axis: int, temperature: float) -> Any:
    # e^(x − max x) is at most 1 and has the same quotients, so nothing overflows
    e = xp.exp((x - xp.max(x, axis=axis, keepdims=True)) / temperature)
    return e / xp.sum(e, axis=axis, keepdims=True)


def _log_softmax(xp: Any, x: Any, axis: int, temperature: float) -> Any:
    shifted = (x - xp.max(x, axis=axis, keepdims=True)) / temperature
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def total(x: Expression, like: Expression, shape: ShapeOf, axis: Setting) -> Expression:
    """Σ x along the axis; for a vector the plain sum, which reads as on paper."""
    return call.sum(x) if len(shape(like)) == 1 else call.sum(x, axis=axis, keepdims=True)


def _softmax_gradient(
    g: Expression, ans: Expression, x: Expression, shape: ShapeOf, axis: Setting, temperature: float
) -> Expression:
    return ans * (g - total(g * ans, x, shape, axis)) / temperature


def _log_softmax_gradient(
    g: Expression, ans: Expression, x: Expression, shape: ShapeOf, axis: Setting, temperature: float
) -> Expression:
    p = softmax_of(x, axis, temperature)
    return (g - p * total(g, x, shape, axis)) / temperature


def softmax_of(x: Expression, axis: Setting = -1, temperature: Setting = 1) -> Expression:
    """softmax(x) as an expression, with the settings that differ from their defaults."""
    stated = {
        key: value for key, value, default in (("axis", axis, -1), ("temperature", temperature, 1)) if value != default
    }
    return call.softmax(x, **stated)


ENTRIES = (
    Operation(
        name="softmax",
        args=("x",),
        options=OPTIONS,
        value=_softmax,
        shape=_shape,
        gradients=(_softmax_gradient,),
        text="softmax({x})",
        latex=r"\operatorname{softmax}\left({x}\right)",
        meaning="scores to probabilities: e^xₘ / Σ e^xᵢ",
        source=BOOK,
        example=("softmax(x)", "softmax(A)", "softmax(A, axis=0)", "softmax(x, temperature=2)"),
    ),
    Operation(
        name="log_softmax",
        args=("x",),
        options=OPTIONS,
        value=_log_softmax,
        shape=_shape,
        gradients=(_log_softmax_gradient,),
        text="ln softmax({x})",
        latex=r"\ln \operatorname{softmax}\left({x}\right)",
        meaning="logarithm of softmax: xₘ − ln Σ e^xᵢ",
        source=BOOK,
        example=("log_softmax(x)", "log_softmax(A)", "log_softmax(A, axis=0)"),
    ),
)
