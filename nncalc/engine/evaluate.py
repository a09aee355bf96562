"""Evaluation: a program and values give a Trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nncalc.engine.numpy_arrays import xp
from nncalc.engine.trace import Step, Trace
from nncalc.engine.value import value_of
from nncalc.errors import NncalcError
from nncalc.language.equation import Program
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
                # adding 0 makes −0 an ordinary 0, which is what a reader expects of 0 times a negative number
                value = xp.asarray(value_of(equation.expression, values, xp) + 0.0, dtype=xp.float64)
            except NncalcError as error:
                error.equation = error.equation or equation_text(equation)
                error.names = error.names or equation.inputs
                raise
            values[equation.name] = value
            steps.append(Step(equation.phase, equation.name, equation.expression, value, iteration, equation.layer))
    return Trace(program, dict(given), tuple(steps), iteration, values)
