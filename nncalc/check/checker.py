"""The checker: sheets of answers in, reports out."""

from __future__ import annotations

import numpy as np

from nncalc.check.conventions import Conventions
from nncalc.check.course import Course
from nncalc.check.judge import Judge, Watch
from nncalc.check.judgement import Judgement
from nncalc.check.possibilities import Possibilities
from nncalc.check.report import Convention, Report
from nncalc.check.reporting import report_of
from nncalc.problem.answers import Sheet
from nncalc.problem.problem import Problem


class Checker:
    """Checks sheets of one problem; what depends on the problem alone is worked out once, and when it is needed.

    tolerance: how far a number may be off, in place of what its writing says. strict: another convention is wrong.
    watch: is told of each value as it is begun.
    """

    def __init__(
        self, problem: Problem, tolerance: float | None = None, strict: bool = False, watch: Watch | None = None
    ) -> None:
        self.problem, self.tolerance, self.strict, self.watch = problem, tolerance, strict, watch
        self.possibilities = Possibilities(Course(problem))
        self.conventions = Conventions(self.possibilities.course)

    def report(self, sheet: Sheet) -> Report:
        """What is right in a sheet, what is wrong, what follows, and which mistakes they are."""
        with np.errstate(all="ignore"):
            judgement = self._judge(self.possibilities, sheet, True)
            kept: list[Convention] = []
            if judgement.wrong:
                kept, judgement = self.conventions.explain(sheet, judgement, self.possibilities, self._judge)
            return report_of(self.problem, self.possibilities, sheet, judgement, kept, self.strict)

    def _judge(self, possibilities: Possibilities, sheet: Sheet, pairs: bool) -> Judgement:
        return Judge(possibilities, sheet, self.tolerance, pairs, self.watch).run()
