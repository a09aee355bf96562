"""A mean, a variance or a sum over some axes, as an expression, and what is left of it against the whole."""

from __future__ import annotations

from math import prod
from typing import Any

from nncalc.catalogue.operation import Shape, normal_axes, without_axes
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Setting, call

Axes = tuple[int, ...]


def one_or_all(axes: Axes) -> Setting:
    """The axes as a setting: a number where there is one alone."""
    return axes[0] if len(axes) == 1 else axes


def along(op: str, x: Expression, axes: Axes, rank: int, **settings: Setting) -> Expression:
    """The operation over the axes, kept so that it broadcasts against x; over all axes of x (rank) the plain one."""
    if len(axes) < rank:
        settings = {"axis": one_or_all(axes), "keepdims": True, **settings}
    result: Expression = getattr(call, op)(x, **settings)
    return result


def against(v: Expression, axes: Axes, rank: int) -> Expression:
    """What a reduction along the axes leaves of an array, standing so that it broadcasts against the array.

    Axes in front come by themselves: one number a channel stands as a bias does, `v[:, None, None]`.
    """
    first = next((i for i in range(rank) if i not in axes), rank)
    items = [None if i in axes else slice(None) for i in range(first, rank)]
    return v[tuple(items)] if None in items else v


def variance_shape(x: Shape, axis: Setting, keepdims: Setting, correction: Any) -> Shape:
    """The shape of a variance along the axes. Raises ShapeError where nothing is left of N behind the correction."""
    result, count = without_axes(x, axis, keepdims), prod(x[i] for i in normal_axes(axis, len(x)))
    if count <= correction:
        raise ShapeError(f"a variance divided by N − {correction:g} needs a larger N", label=f"found N = {count}")
    return result
