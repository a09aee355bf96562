"""Activations that learn their pieces: PReLU, whose slope is a parameter, and maxout, the largest of several units."""

from __future__ import annotations

from functools import reduce
from typing import Any

from nncalc.catalogue.explanation import Derivation, Explanation, Kink, Limit, Line
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Shape, broadcast, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Slice, call

FULL = Slice(None, None, None)


def _maxout_shape(x: Shape, pieces: int) -> Shape:
    if not x or x[-1] % pieces:
        raise ShapeError(
            f"{dimensions(x)} can't be parted into pieces of {pieces}",
            label=f"expected a last axis that {pieces} divides",
        )
    return (*x[:-1], x[-1] // pieces)


def _maxout(xp: Any, x: Any, pieces: int) -> Any:
    return reduce(xp.maximum, [x[..., first::pieces] for first in range(pieces)])


def _maxout_gradient(g: Expression, ans: Expression, x: Expression, *, shape_of: Any, pieces: int) -> Expression:
    whole = shape_of(x)
    parted = call.reshape(x, shape=_parted(whole, pieces))
    new = (*(FULL,) * len(whole), None)
    hit = call.equal(parted, ans[new])
    # shared evenly among equal largest pieces, as max along an axis does
    return call.reshape(g[new] * hit / call.sum(hit, axis=-1, keepdims=True), shape=whole)


def _parted(x: Shape, pieces: int) -> Shape:
    return (*x[:-1], x[-1] // pieces, pieces)


def _count_largest(xp: Any, x: Any, pieces: int) -> Any:
    parted = xp.reshape(x, _parted(tuple(x.shape), pieces))
    return xp.sum(parted == xp.max(parted, axis=-1, keepdims=True), axis=-1)


ENTRIES = (
    Operation(
        name="prelu",
        args=("x", "slope"),
        value=lambda xp, x, slope: xp.where(x > 0, x, slope * x),
        shape=broadcast,
        derivatives=(
            lambda ans, x, slope: call.where(x > 0, 1, slope),
            lambda ans, x, slope: call.min(x, 0),
        ),
        text="PReLU({x}, {slope})",
        latex=r"\operatorname{PReLU}\left({x}, {slope}\right)",
        meaning="x where x > 0, else slope · x, where the slope is learned",
        source="He, Zhang, Ren, Sun, Delving Deep into Rectifiers, 2015",
        domain=((-3.0, 3.0), (0.1, 0.9)),
        kinks=(0.0,),
        at_kink="PReLU has no derivative at 0; its slope is used",
        mistakes=(
            Mistake(
                "mask",
                "the slope's gradient counts what is above 0 too",
                gradients=((1, lambda g, ans, x, slope, **_: g * x),),
            ),
            Mistake(
                "slope",
                "the derivative left of 0 is taken for 0, as in ReLU",
                gradients=((0, lambda g, ans, x, slope, **_: g * (x > 0)),),
            ),
            Mistake("slope", "the slope left of 0 is left out, as in ReLU", value=lambda x, slope, **_: call.relu(x)),
        ),
        example=("prelu(x, a)", "prelu(A, x)", "prelu(x, y)", "prelu(a, b)", "prelu(A, a)"),
        explanation=Explanation(
            subject="prelu(x, a)",
            definition=("where(x > 0, x, a * x)", "max(x, 0) + a * min(x, 0)"),
            domain_reason="each side is a straight line",
            range="(-inf, inf)",
            range_reason="with a slope above 0 it grows everywhere",
            limits=(Limit("0", "0"), Limit("inf", "inf", reason="x itself")),
            derivations=(
                Derivation((Line("diff(x, x)", "PReLU(x) = x"), Line("1")), case="x > 0"),
                Derivation((Line("diff(a * x, x)", "PReLU(x) = a x"), Line("a")), case="x < 0"),
            ),
            kinks=(Kink("0", "a", "1", "a", "no derivative unless a = 1; the slope is used, as PyTorch does"),),
            derivative="where(x > 0, 1, a)",
            facts=("diff(prelu(x, a), a) == min(x, 0)",),
            notes=(
                "The slope a is a parameter: one number, or one for each channel.",
                "By the slope the derivative is x where x < 0, else 0.",
            ),
        ),
    ),
    Operation(
        name="maxout",
        args=("x",),
        options=(
            Option(
                "pieces",
                None,
                "how many entries next to each other are one unit's",
                at_least=1,
                whole=True,
                number=True,
                required=True,
            ),
        ),
        value=_maxout,
        shape=_maxout_shape,
        gradients=(_maxout_gradient,),
        ties=_count_largest,
        at_tie="a tie: its unit has several largest pieces, which share the gradient",
        text="maxout({x})",
        latex=r"\operatorname{maxout}\left({x}\right)",
        meaning="the largest of each unit's pieces, which stand next to each other in the last axis",
        source="Goodfellow, Warde-Farley, Mirza, Courville, Bengio, Maxout Networks, 2013",
        example=("maxout(x, pieces=3)", "maxout(A.T, pieces=2)", "maxout(concat(A, B, axis=1), pieces=2)"),
        explanation=Explanation(
            subject="z",
            variable="h_i",
            where=("z = maxout(h, pieces=4)[0]",),
            definition=("max(h)",),
            domain_reason="any numbers have a largest one",
            range="(-inf, inf)",
            range_reason="its pieces may be any numbers",
            limits=(Limit("0", "0", of="h"), Limit("inf", "inf"), Limit("-inf", "-inf", of="h")),
            derivations=(
                Derivation((Line("diff(h_i, h_i)", "z = hᵢ"), Line("1")), case="h_i == max(h)"),
                Derivation((Line("diff(z, h_i)"), Line("0", "z is another piece")), case="h_i < max(h)"),
            ),
            derivative="where(h_i == z, 1, 0)",
            notes=(
                "z is one unit and h its pieces, here 4 of them; a layer of n pieces has n/4 units.",
                "The gradient goes to the largest piece alone; equal largest ones share it.",
            ),
        ),
    ),
)
