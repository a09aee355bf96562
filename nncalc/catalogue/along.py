"""A mean, a variance or a sum over some axes, as an expression."""

from __future__ import annotations

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
