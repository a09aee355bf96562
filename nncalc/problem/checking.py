"""A problem's gradients against finite differences."""

from __future__ import annotations

from nncalc.engine.gradcheck import Check, Progress, check_gradients, unseen
from nncalc.errors import NncalcError
from nncalc.problem.optimizing import setting_values, start_values
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of


def gradient_checks(problem: Problem, progress: Progress = unseen) -> list[Check]:
    """A check of every gradient of the problem, overridden ones included, in the order of its backward pass.

    progress: called ahead of each entry with the name that it is of, how many are done and how many there are.
    """
    program = program_of(problem, "backward")
    values = {**start_values(problem), **problem.values, **setting_values(problem)}
    try:
        return check_gradients(program, values, progress)
    except NncalcError as error:
        raise problem.located(error) from None
