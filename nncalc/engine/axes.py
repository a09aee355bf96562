"""Axes that come and go in derived equations: an axis put in and taken out again, an order turned round twice."""

from __future__ import annotations

from collections.abc import Callable

from nncalc.catalogue.operation import Shape, normal_axes
from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Const, Expression, Slice, call

ShapeOf = Callable[[Expression], Shape]
WHOLE = Slice(None, None, None)
KEEPING = ("sum", "mean", "var", "max", "min", "norm")


def without_new_axes(e: Apply, shape_of: ShapeOf) -> Expression | None:
    """`(…)[:, 0]` where that only takes away what `[:, None]` or keepdims put in: the expression without them."""
    items = e.setting("index")
    if not isinstance(items, tuple) or not all(item in (0, WHOLE) for item in items) or True in items:
        return None
    gone = tuple(i for i, item in enumerate(items) if item == 0)
    return _stripped(e.args[0], gone, shape_of) if gone else None


def _stripped(e: Expression, gone: tuple[int, ...], shape_of: ShapeOf) -> Expression | None:
    if isinstance(e, Const) or not shape_of(e):
        return e
    if not isinstance(e, Apply):
        return None
    if e.op == "index":
        items = e.setting("index")
        assert isinstance(items, tuple)
        new = tuple(i for i, item in enumerate(items) if item is None)
        return e.args[0] if new == gone and all(item in (None, WHOLE) for item in items) else None
    if e.op in KEEPING and e.setting("keepdims") is True:
        axes = normal_axes(e.setting("axis"), len(shape_of(e.args[0])))
        rest = tuple((key, value) for key, value in e.settings if key != "keepdims")
        return Apply(e.op, e.args, rest) if axes == gone else None
    if not operation(e.op).elementwise:
        return None
    args = [_stripped(a, gone, shape_of) for a in e.args]
    found = tuple(a for a in args if a is not None)
    return Apply(e.op, found, e.settings) if len(found) == len(args) else None


def reordered(e: Apply, shape_of: ShapeOf) -> Expression | None:
    """`transpose(x, axes=…)` of a transpose as one or none; of a product with axes in front, (A B)ᵀ = Bᵀ Aᵀ."""
    inner = e.args[0]
    rank = len(shape_of(inner))
    order = normal_axes(e.setting("axes"), rank)
    if order == tuple(range(rank)):
        return inner
    if not isinstance(inner, Apply):
        return None
    if inner.op == "transpose":
        axes = inner.setting("axes")
        first = tuple(range(rank))[::-1] if axes is None else normal_axes(axes, rank)
        whole = tuple(first[i] for i in order)
        done = whole == tuple(range(rank))
        return inner.args[0] if done else call.transpose(inner.args[0], axes=whole)
    swapped = order == (*range(rank - 2), rank - 1, rank - 2)
    if inner.op == "matmul" and swapped and all(len(shape_of(a)) == rank for a in inner.args):
        a, b = (call.transpose(part, axes=order) for part in inner.args)
        return (reordered(b, shape_of) or b) @ (reordered(a, shape_of) or a)
    return None
