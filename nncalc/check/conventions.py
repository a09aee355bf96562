"""Other usual conventions: the whole sheet right under one of them is no mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.check.course import Course
from nncalc.check.edit import places
from nncalc.check.entry_edits import changed_program, values_of, with_forward
from nncalc.check.judgement import Judged, Judgement
from nncalc.check.layout import turned_layout
from nncalc.check.own import UNUSABLE, Key
from nncalc.check.possibilities import Possibilities
from nncalc.check.report import CONVENTION, FOLLOWS, RIGHT, ROUNDED, Convention, Sentence
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, walk
from nncalc.language.text import to_text
from nncalc.problem.answers import Sheet
from nncalc.problem.problem import Problem

MOST_AT_ONCE = 3  # conventions that one sheet may keep to together

REDUCTIONS = {"mean": ("sum", "the sum over the examples"), "sum": ("mean", "the mean over the examples")}

NEARLY = 0.1  # of the largest number: what rounding may have come to on the way there

# the last: whether two mistakes in one equation are looked for
JudgeSheet = Callable[[Possibilities, Sheet, bool], Judgement]


class Custom:
    """Another convention: the course under it, its name as it follows 'right under', and where it first shows."""

    def __init__(self, name: str, says: str, course: Course) -> None:
        self.name, self.says, self.course = name, says, course

    @cached_property
    def possibilities(self) -> Possibilities:
        return Possibilities(self.course)

    @cached_property
    def conventions(self) -> Conventions:
        """Those that may be kept to beside this one."""
        return Conventions(self.course)


class Conventions:
    """The conventions under which a problem may be worked out otherwise than it is."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._differences: dict[tuple[int, int], frozenset[Key]] = {}

    @cached_property
    def customs(self) -> tuple[Custom, ...]:
        return tuple(self._customs())

    def explain(
        self, sheet: Sheet, judgement: Judgement, possibilities: Possibilities, judge: JudgeSheet
    ) -> tuple[list[Convention], Judgement]:
        """The conventions that the sheet keeps to, and the judgement that takes them into account."""
        kept: list[Convention] = []
        turned = turned_layout(sheet, judgement, self.course, lambda other: judge(possibilities, other, True))
        if turned is not None:
            convention, sheet, judgement = turned
            kept.append(convention)
            if not judgement.wrong:
                return kept, judgement
        here = self
        while len(kept) < MOST_AT_ONCE:
            found = here._better(sheet, judgement, judge)
            if found is None:
                break
            custom, judgement = found
            kept.append(_convention(custom, here.course))
            here = custom.conventions
        return kept, judgement

    def _better(self, sheet: Sheet, judgement: Judgement, judge: JudgeSheet) -> tuple[Custom, Judgement] | None:
        """The convention that leaves least wrong, if what depends on it is then right all through the sheet."""
        best: tuple[Custom, Judgement] | None = None
        for custom in self.customs:
            if not self._could_be(custom, sheet, judgement):
                continue
            other = judge(custom.possibilities, sheet, False)
            # what the problem's own way has right and the other one wrong speaks against it
            spoilt = (other.wrong & self._touched(custom, len(sheet.iterations))) - judgement.wrong
            if spoilt or len(other.wrong) >= len(judgement.wrong):
                continue
            if best is None or len(other.wrong) < len(best[1].wrong):
                best = custom, other
        if best is None:
            return None
        custom, other = best
        if other.wrong:
            other = judge(custom.possibilities, sheet, True)
        return custom, _merged(judgement, other)

    def _could_be(self, custom: Custom, sheet: Sheet, judgement: Judgement) -> bool:
        """Whether the first wrong value that the convention touches is right under it."""
        touched = self._touched(custom, len(sheet.iterations))
        first = next((value for value in judgement.values if value.key in judgement.wrong & touched), None)
        if first is None:
            return False
        right = custom.course.right(first.key[0])[first.key[1]]
        given = np.asarray(first.given)
        if given.shape != right.shape:
            return False
        answer = sheet.iterations[first.key[0] - 1][first.key[1]]
        allowed = NEARLY * np.max(np.abs(right), initial=0.0) + 4 * np.max(answer.margin, initial=0.0)
        return bool(np.nanmax(np.abs(given - right), initial=0.0) <= allowed)

    def _touched(self, custom: Custom, iterations: int) -> frozenset[Key]:
        """The values that come out otherwise under a convention."""
        kept = (id(custom), iterations)
        if kept not in self._differences:
            found = set()
            for iteration in range(1, iterations + 1):
                right, own = custom.course.right(iteration), self.course.right(iteration)
                for name in custom.course.used:
                    if name in own and not np.allclose(right[name], own[name], rtol=1e-9, atol=1e-12, equal_nan=True):
                        found.add((iteration, name))
            self._differences[kept] = frozenset(found)
        return self._differences[kept]

    # --- which there are --------------------------------------------------------------------------------------------

    def _customs(self) -> Iterator[Custom]:
        problem = self.course.problem
        for equation in problem.forward.equations:
            for node, put, _ in places(equation.expression):
                if isinstance(node, Apply):
                    for mistake, other in values_of(node, self.course):
                        if mistake.convention:
                            yield from self._custom(
                                with_forward(problem, equation.name, put(other)), mistake.convention
                            )
            if equation.name == problem.forward.loss:
                yield from self._reductions(problem, equation)
        nodes = (node for equation in problem.forward.equations for node in walk(equation.expression))
        for op in dict.fromkeys(node.op for node in nodes if isinstance(node, Apply)):
            for mistake in operation(op).mistakes:
                if mistake.convention and (mistake.gradients or mistake.also):
                    yield from self._custom(problem, mistake.convention, changed_program(problem, mistake.rules(op)))
        if problem.optimizer is not None:
            for variant in problem.optimizer.variants:
                changed = variant.alter(problem.optimizer, dict(problem.settings)) if variant.convention else None
                if changed is not None:
                    other_problem = problem._replace(optimizer=changed[0], settings=changed[1])
                    yield from self._custom(other_problem, variant.convention)
        yield from self._label_bases(problem)

    def _reductions(self, problem: Problem, equation: Equation) -> Iterator[Custom]:
        """The examples' losses added up where their mean is taken, and the other way round."""
        expression = equation.expression
        if isinstance(expression, Apply) and expression.op in REDUCTIONS and len(expression.args) == 1:
            other, says = REDUCTIONS[expression.op]
            changed = Apply(other, expression.args, expression.settings)
            yield from self._custom(with_forward(problem, equation.name, changed), says)

    def _label_bases(self, problem: Problem) -> Iterator[Custom]:
        """Class numbers counted from 0 where this problem counts from 1, and the other way round."""
        if problem.classes is None or problem.classes.numbers is None:
            return
        for shift, words in ((1, "class numbers that begin with 0"), (-1, "class numbers that begin with 1")):
            if (problem.classes.base == 1) != (shift == 1):
                continue
            values = dict(problem.values)
            for label in problem.forward.labels:
                if label in values and values[label].shape[-1:] == (problem.classes.size,):
                    values[label] = np.roll(values[label], shift, axis=-1)
                    if bool((np.take(values[label], 0 if shift == 1 else -1, axis=-1) != 0).any()):
                        return  # a class number that the other base does not have
                    yield from self._custom(problem._replace(values=values), words)

    def _custom(self, problem: Problem, says: str, program: Program | None = None) -> Iterator[Custom]:
        program = program or changed_program(problem)
        if program is None:
            return
        try:
            course = Course(problem, program)
            course.right(1)
        except UNUSABLE:
            return
        name = _first_difference(course, self.course)
        if name:
            yield Custom(name, says, course)


def _first_difference(one: Course, other: Course) -> str:
    """The first equation that is another, or the first value where only the data differ; '' where all is alike."""
    for name, equation in one.equations.items():
        own = other.equations.get(name)
        if own is not None and own.expression != equation.expression:
            return name
    for name in one.equations:
        if name in other.equations and not np.array_equal(one.right(1)[name], other.right(1)[name]):
            return name
    return ""


def _convention(custom: Custom, course: Course) -> Convention:
    equation, own = custom.course.equations[custom.name], course.equations[custom.name]
    if equation.expression == own.expression:
        # only the data are read otherwise: class numbers from 0, where this problem has them from 1
        sentence = Sentence(f"right under {custom.says}; those of this problem do not")
    else:
        sentence = Sentence(f"right under {custom.says}; this problem uses {{0}}", (to_text(own.expression),))
    return Convention(custom.name, equation, own, sentence)


def _merged(judgement: Judgement, other: Judgement) -> Judgement:
    """The judgement under the convention; what is right under it alone is `convention`."""
    before = {value.key: value for value in judgement.values}
    values = []
    for value in other.values:
        base = before[value.key]
        values.append(_as_convention(value, base))
    return other._replace(values=tuple(values))


def _as_convention(value: Judged, base: Judged) -> Judged:
    if value.entries.shape != base.entries.shape:
        return value._replace(expected=base.expected)
    own_right = np.isin(base.entries, (RIGHT, ROUNDED, CONVENTION))
    right = np.isin(value.entries, (RIGHT, ROUNDED, FOLLOWS))
    changed = np.isin(base.entries, (RIGHT, ROUNDED), invert=True)
    entries = np.where(own_right, base.entries, np.where(right & changed, CONVENTION, value.entries))
    return Judged(value.key, entries.astype(object), base.expected, value.given)
