"""The numerator layout: every weight matrix's gradient the other way round is a convention, one alone a mistake."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nncalc.check.course import Course
from nncalc.check.judgement import Judgement
from nncalc.check.own import Key
from nncalc.check.report import CONVENTION, RIGHT, ROUNDED, Convention, Sentence
from nncalc.language.expression import Apply, Expression, Name, call
from nncalc.problem.answers import Sheet

FEWEST = 2  # matrices that have to be so
LAYOUT = "right under the numerator layout, ∂ℓ/∂W in the shape of Wᵀ; this problem has {0} in the shape of {1}"


def turned_layout(
    sheet: Sheet, judgement: Judgement, course: Course, judge: Callable[[Sheet], Judgement]
) -> tuple[Convention, Sheet, Judgement] | None:
    """The sheet and its judgement with the weights' gradients turned, if all of them are right or follow only so."""
    keys = _matrices(sheet, course)
    if len(keys) < FEWEST or not judgement.wrong.issuperset(keys):
        return None
    shapes = [(sheet.iterations[k - 1][name].value.shape, course.shapes.known[name]) for k, name in keys]
    if any(found != wanted[::-1] for found, wanted in shapes):
        return None
    iterations = []
    for iteration, answers in enumerate(sheet.iterations, 1):
        turned = {
            name: answers[name]._replace(
                **{part: np.asarray(value).T for part, value in answers[name]._asdict().items()}
            )
            for name in answers
            if (iteration, name) in keys
        }
        iterations.append({**answers, **turned})
    other = sheet._replace(iterations=tuple(iterations))
    found = judge(other)
    if found.wrong.intersection(keys):
        return None
    values = []
    for value in found.values:
        if value.key in keys:
            entries = np.where(np.isin(value.entries, (RIGHT, ROUNDED)), CONVENTION, value.entries).astype(object)
            value = value._replace(entries=entries, given=value.given.T)
        values.append(value)
    first = course.equations[keys[0][1]]
    parameter = first.name.removesuffix(".grad")
    convention = Convention(
        first.name,
        first._replace(expression=_turned(first.expression)),
        first,
        Sentence(LAYOUT, (first.name, parameter)),
    )
    return convention, other, found._replace(values=tuple(values))


def _matrices(sheet: Sheet, course: Course) -> list[Key]:
    """The answered gradients of weight matrices, in the order of the equations."""
    names = [f"{name}.grad" for name in course.program.parameters]
    return [
        (iteration, name)
        for iteration, answers in enumerate(sheet.iterations, 1)
        for name in course.order
        if name in names and name in answers and len(course.shapes.known[name]) == 2
    ]


def _turned(expression: Expression) -> Expression:
    if isinstance(expression, Apply) and expression.op == "outer":
        return call.outer(expression.args[1], expression.args[0])
    return expression.T if isinstance(expression, Name) else call.transpose(expression)
