"""A problem's gradients against finite differences."""

from __future__ import annotations

from nncalc.engine.gradcheck import Check, check_gradients
from nncalc.errors import NncalcError
from nncalc.problem.optimizing import setting_values, start_values
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of


def gradient_checks(problem: Problem) -> list[Check]:
    """A check of every gradient of the problem, overridden ones included, in the order of its backward pass."""
    program = program_of(problem, "backward")
    try:
        return check_gradients(program, {**start_values(problem), **problem.values, **setting_values(problem)})
    except NncalcError as error:
        raise problem.located(error) from None
