"""The course that a problem takes: its equations, which names go from iteration to iteration, and the right values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes, infer
from nncalc.language.equation import Equation, Program
from nncalc.problem.optimizing import setting_shapes, setting_values, start_values
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of

PREVIOUS = ".previous"
_NONE: frozenset[str] = frozenset()


class Course:
    """A program and what it begins with, worked out iteration by iteration as far as is asked for.

    program: the problem's own, or a changed one for the same problem. carried: a name → the name whose value it takes
    over from the iteration before (`W1` → `W1.next`).
    """

    def __init__(self, problem: Problem, program: Program | None = None) -> None:
        self.problem = problem
        self.program = program or program_of(problem, "update" if problem.forward.loss else "forward")
        self.equations: dict[str, Equation] = {equation.name: equation for equation in self.program.equations}
        self.order: dict[str, int] = {name: place for place, name in enumerate(self.equations)}
        self.shapes: Shapes = infer(self.program, {**problem.shapes, **setting_shapes(problem)})
        self.start: dict[str, Any] = {**start_values(problem), **problem.values}
        self.carried = self._carried()
        # every name that stands in the equations, given ones first
        inputs = dict.fromkeys(name for equation in self.program.equations for name in equation.inputs)
        self.used: tuple[str, ...] = tuple(dict.fromkeys((*(n for n in inputs if n not in self.order), *self.order)))
        self._right: list[Mapping[str, Any]] = []
        self._used_by: dict[str, frozenset[str]] = {}

    def _carried(self) -> dict[str, str]:
        own = self.equations
        found = {name: f"{name}.next" for name in self.start if f"{name}.next" in own}
        numbers = self.problem.optimizer.carried if self.problem.optimizer else ()
        return found | {before: later for before, later, _ in numbers if later in own}

    def given(self, iteration: int) -> dict[str, Any]:
        """What the iteration begins with, but for what is carried over."""
        settings = setting_values(self.problem, iteration)
        return {**self.start, **{name: value for name, value in settings.items() if name not in self.equations}}

    def right(self, iteration: int) -> Mapping[str, Any]:
        """The right value of every name in that iteration, from 1."""
        while len(self._right) < iteration:
            given = self.given(len(self._right) + 1)
            if self._right:
                given |= {name: self._right[-1][later] for name, later in self.carried.items()}
            self._right.append(evaluate(self.program, given, len(self._right) + 1).values)
        return self._right[iteration - 1]

    def depends_on(self, name: str) -> frozenset[str]:
        """Every name that the value of `name` is worked out from, within an iteration."""
        if not self._used_by:
            for later, equation in self.equations.items():
                own = frozenset(equation.inputs)
                self._used_by[later] = own.union(*(self._used_by.get(used, _NONE) for used in own))
        return self._used_by.get(name, _NONE)
