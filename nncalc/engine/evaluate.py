"""Evaluation: a program and values give a Trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.trace import Step, Trace
from nncalc.errors import NncalcError
from nncalc.language.equation import Program
from nncalc.language.expression import Apply, Const, Expression, Name
from nncalc.language.text import equation_text


def evaluate(program: Program, given: Mapping[str, Any], iteration: int = 1) -> Trace:
    """Every equation of the program in order, as float64 arrays.

    Overflow and division by zero give infinity and NaN, as in NumPy, without a warning: the views say so.
    """
    values = dict(given)
    steps = []
    with xp.errstate(all="ignore"):
        for equation in program.equations:
            try:
                value = xp.asarray(value_of(equation.expression, values), dtype=xp.float64)
            except NncalcError as error:
                error.equation = error.equation or equation_text(equation)
                error.names = error.names or equation.inputs
                raise
            values[equation.name] = value
            steps.append(Step(equation.phase, equation.name, equation.expression, value, iteration, equation.layer))
    return Trace(program, dict(given), tuple(steps), iteration, values)


def value_of(expression: Expression, values: Mapping[str, Any], arrays: Any = xp) -> Any:
    """The value of one expression, over NumPy or over the plain-Python arrays."""
    if isinstance(expression, Const):
        return arrays.float64(expression.value)
    if isinstance(expression, Name):
        return values[expression.id]
    assert isinstance(expression, Apply)
    entry = operation(expression.op)
    settings = {
        key: values[value.id] if isinstance(value, Name) else value
        for key, value in entry.settings(expression.settings).items()
    }
    return entry.value(arrays, *(value_of(a, values, arrays) for a in expression.args), **settings)
