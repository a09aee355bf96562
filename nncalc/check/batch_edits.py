"""Mistakes that a batch invites: the number of examples once too often or not at all, one example taken for all."""

from __future__ import annotations

from collections.abc import Iterator

from nncalc.check.course import Course
from nncalc.check.edit import Edit, places, said
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Const, Expression, call

MOST_EXAMPLES = 8  # of which each may be the one that was taken


def batch_edits(course: Course, equation: Equation) -> Iterator[Edit]:
    """The changes of an equation of a batch; none for one example."""
    names = [name for name in course.problem.examples if course.shapes.known.get(name)]
    if not course.problem.batched or not names:
        return
    count = course.shapes.known[names[0]][0]
    if count < 2 or equation.phase == "update":
        return
    n = Const(float(count))
    divided, times = equation.expression / n, equation.expression * n
    yield Edit("extra_factor", divided, said("divided by the number of examples once more"), 2.1)
    yield Edit("missing_factor", times, said("the division by the number of examples is left out"), 2.0)
    for node, put, _ in places(equation.expression):
        for example in range(min(count, MOST_EXAMPLES)):
            one = _of_one(course, node, example, count)
            if one is not None:
                words = said(f"only example {example + 1} is taken, not the sum over all")
                yield Edit("missing_term", put(one), words, 2.3)


def _of_one(course: Course, node: Expression, example: int, count: int) -> Expression | None:
    """What one example contributes to a sum over all: of G.T @ x its outer product, of sum(g, axis=0) its row."""
    if not isinstance(node, Apply):
        return None
    if node.op == "sum" and node.setting("axis") == 0 and course.shapes(node.args[0])[0] == count:
        return node.args[0][example]
    if node.op == "matmul" and isinstance(node.args[0], Apply) and node.args[0].op == "transpose":
        left, right = node.args[0].args[0], node.args[1]
        if all(len(shape) == 2 and shape[0] == count for shape in (course.shapes(left), course.shapes(right))):
            return call.outer(left[example], right[example])
    return None
