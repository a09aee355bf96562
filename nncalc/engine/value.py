"""The value of an expression, over NumPy or over the plain-Python arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Const, Expression, Name


def value_of(expression: Expression, values: Mapping[str, Any], xp: Any) -> Any:
    """The expression's value for these values of its names. xp: the arrays' namespace."""
    if isinstance(expression, Const):
        return xp.float64(expression.value)
    if isinstance(expression, Name):
        return values[expression.id]
    assert isinstance(expression, Apply)
    entry = operation(expression.op)
    settings = {
        key: values[value.id] if isinstance(value, Name) else value
        for key, value in entry.settings(expression.settings).items()
    }
    arrays = [value_of(argument, values, xp) for argument in expression.args]
    return entry.value(xp, *arrays, **settings)
