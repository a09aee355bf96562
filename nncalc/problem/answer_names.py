"""Which of a problem's values a name in an answers file, or under `points`, means."""

from __future__ import annotations

import re

from nncalc.catalogue.operation import Shape
from nncalc.engine.shapes import infer
from nncalc.language.expression import Apply, Expression
from nncalc.language.text import COMPARISON, INFIX
from nncalc.problem.optimizing import setting_shapes
from nncalc.problem.overrides import own_name
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of

SECTIONS = ("values", "gradients", "updated", "optimizer_state")
# What nncalc's own JSON has beside its answers.
NO_ANSWERS = frozenset(
    (
        "nncalc",
        "command",
        "title",
        "iteration",
        "examples",
        "label",
        "predicted",
        "correct",
        "notes",
        "loss_after",
        "trace",
    )
)
_TIME_STEP = re.compile(r"(.+)_t([0-9]+)")


class AnswerNames:
    """The names that answers may have, and their shapes.

    computed: those of the equations, in their order; the others are given, and may stand in a sheet too.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        forward = problem.forward
        self.program = program_of(problem, "forward" if forward.loss is None else "update")
        self.shapes = infer(self.program, {**problem.shapes, **setting_shapes(problem)}).known
        self.computed = tuple(equation.name for equation in self.program.equations)
        expressions = {equation.name: equation.expression for equation in self.program.equations}
        self._numbers = frozenset(name for name, found in expressions.items() if not _compares(found))
        self._alias = {"loss": forward.loss, "prediction": forward.prediction}
        self._found: dict[tuple[str, str], str | None] = {}

    def find(self, name: str, section: str = "") -> str | None:
        """The value's own name, of what a section calls `name`; None where there is no such value."""
        key = (name, section)
        if key not in self._found:
            if len(self._found) > 10_000:  # names that nobody knows, of a thousand sheets
                self._found.clear()
            candidates = (own_name(candidate, self._problem) for candidate in self._candidates(name, section))
            self._found[key] = next((candidate for candidate in candidates if candidate in self.shapes), None)
        return self._found[key]

    def is_mask(self, name: str) -> bool:
        """Whether a value may be written with true and false: a comparison's result, or given data."""
        return name not in self._numbers

    def is_class_number(self, name: str, shape: Shape) -> bool:
        """Whether an array of this shape has a class number for each one-hot vector of a label."""
        labels = self._problem.forward.labels if self._problem.classes is not None else ()
        return name in labels and shape == self.shapes[name][:-1] != self.shapes[name]

    def _candidates(self, name: str, section: str) -> list[str]:
        if section == "gradients":
            step = _TIME_STEP.fullmatch(name)
            contribution = [f"{step[1]}.grad_t{step[2]}"] if step else []
            return [f"{name}.grad", *contribution, *([name] if ".grad" in name else [])]
        if section == "updated":
            return [f"{name}.next", *([name] if name.endswith(".next") else [])]
        if section == "optimizer_state":
            return [candidate for candidate in (f"{name}.next", name) if candidate in self.computed]
        alias = self._alias.get(name)
        return [name, *([alias] if alias else [])]


def _compares(expression: Expression) -> bool:
    return isinstance(expression, Apply) and INFIX.get(expression.op, ("", 0))[1] == COMPARISON
