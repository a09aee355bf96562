"""General mistakes in what an equation is worked out from: another known value of the same shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from math import prod

from nncalc.check.batch_edits import batch_edits
from nncalc.check.course import PREVIOUS, Course
from nncalc.check.edit import Edit, places, said
from nncalc.check.report import Sentence
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Const, Expression, Name, call, names_in, substitute

# inside these, a value is one of two factors and not the argument of a derivative
_PRODUCTS = frozenset(("matmul", "outer", "conv1d", "conv2d", "conv1d_weight", "conv2d_weight", "conv2d_input"))
MOST_OTHERS = 120  # names that one may be taken for
COMPARISONS = frozenset(("greater", "greater_equal", "less", "less_equal"))
_PARTS = re.compile(r"([A-Za-z]+)(\d*)(_[a-z]+)?(_t\d+)?(.*)")


def name_edits(course: Course, equation: Equation, later: bool) -> Iterator[Edit]:
    """Every exchange of a name for another one of its shape. later: whether an iteration has gone before."""
    expression = equation.expression
    others = _candidates(course, equation, later)
    for old in names_in(expression):
        shape = course.shapes.known.get(old)
        spots = [(put, around) for node, put, around in places(expression) if node == Name(old)]
        if shape is None or not spots:
            continue
        for distance, new in _nearest(old, (*_own_past(course, old, later), *others.get(shape, ()))):
            cost = 2.0 + distance
            words = _words(course, old, new)
            if len(spots) > 1:
                whole = substitute(expression, partial(_swap, old, new))
                kind = _kind(equation, old, new, tuple(op for _, around in spots for op in around))
                yield Edit(kind, whole, words, cost - 0.1)
            for put, around in spots:
                if around and around[-1] in COMPARISONS:  # a mask from another value
                    yield Edit("wrong_argument", put(Name(new)), words, min(cost, 2.2))
                    continue
                yield Edit(_kind(equation, old, new, around), put(Name(new)), words, cost + 0.4 * (len(spots) > 1))
        if old == "optimizer.t":
            for changed in (Name(old) - 1, Name(old) + 1):
                for put, _ in spots:
                    yield Edit("time", put(changed), said("t is counted from another step"), 1.9)
        if later and equation.phase == "update" and old.endswith(".grad"):
            gathered = Name(old) + Name(old + PREVIOUS)
            for put, _ in spots:
                yield Edit("accumulated", put(gathered), said("the gradient of the iteration before is added"), 1.6)
    yield from _exchanged(course, expression)
    yield from _label_edits(course, equation)
    yield from _count_edits(course, equation)
    yield from batch_edits(course, equation)


def _exchanged(course: Course, expression: Expression) -> Iterator[Edit]:
    """Two values each in the other's place: the gates i and f."""
    names = [name for name in names_in(expression) if name in course.shapes.known]
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if course.shapes.known[one] == course.shapes.known[other]:
                other_way = substitute(expression, partial(_exchange, one, other))
                yield Edit("swapped", other_way, said("{0} and {1} are exchanged", Name(one), Name(other)), 2.2)


def _exchange(one: str, other: str, node: Expression) -> Expression | None:
    if not isinstance(node, Name):
        return None
    return {one: Name(other), other: Name(one)}.get(node.id)


def _words(course: Course, old: str, new: str) -> Sentence:
    """What is said of it; where the right value is the used one times a factor, that factor too."""
    right = course.equations.get(old)
    if right is not None and isinstance(right.expression, Apply) and right.expression.op == "multiply":
        one, factor = right.expression.args
        if one == Name(new):
            return said("{0} is used where {1} belongs: the factor {2} is left out", one, Name(old), factor)
    return said("{0} is used where {1} belongs", Name(new), Name(old))


def _swap(old: str, new: str, node: Expression) -> Expression | None:
    return Name(new) if node == Name(old) else None


def _kind(equation: Equation, old: str, new: str, around: tuple[str, ...]) -> str:
    """`wrong_argument` where a derivative is taken at another value."""
    of_values = ".grad" not in old and ".grad" not in new
    inner = equation.phase == "backward" and of_values and not _PRODUCTS.intersection(around)
    return "wrong_argument" if inner and around else "wrong_value"


def _candidates(course: Course, equation: Equation, later: bool) -> dict[tuple[int, ...], list[str]]:
    """Every name that does not depend on the equation's own, by shape."""
    found: dict[tuple[int, ...], list[str]] = {}
    for name in course.used:
        shape = course.shapes.known.get(name)
        if shape is None or name == equation.name or equation.name in course.depends_on(name):
            continue
        if name.startswith("optimizer.") and equation.phase != "update":
            continue
        found.setdefault(shape, []).append(name)
    return found


def _nearest(old: str, others: tuple[str, ...]) -> list[tuple[float, str]]:
    """The names that one is taken for soonest, with how far off they are; nobody mixes up any two of hundreds."""
    found = [(_distance(old, new), new) for new in others if new != old]
    return sorted(found, key=lambda one: one[0])[:MOST_OTHERS] if len(found) > MOST_OTHERS else found


def _own_past(course: Course, name: str, later: bool) -> tuple[str, ...]:
    """The value of the same name an iteration before."""
    return (name + PREVIOUS,) if later and (name in course.equations or name in course.carried) else ()


def _distance(old: str, new: str) -> float:
    """How far apart two names are: h1 and hbar1 are near, as are h1 and h2; W1 and b1.grad are not."""
    if new == old + PREVIOUS or new == old + ".next":
        return 0.0
    one, other = _PARTS.fullmatch(old), _PARTS.fullmatch(new)
    if one is None or other is None:
        return 1.5
    letter, number, gate, step, suffix = (a != b for a, b in zip(one.groups(), other.groups(), strict=True))
    same_family = {one[1], other[1]} in ({"h", "hbar"}, {"m", "mhat"}, {"v", "vhat"}) or one[1][0] == other[1][0]
    far = (0.3 if same_family else 0.9) * letter + 0.5 * number + 0.4 * gate + 0.4 * step + 0.7 * suffix
    return far + (0.3 if letter and number else 0.0)


def _count_edits(course: Course, equation: Equation) -> Iterator[Edit]:
    """A mean divided by another number than that of its entries: N − 1 for N, the outputs' for the examples'."""
    for node, put, _ in places(equation.expression):
        if not isinstance(node, Apply) or node.op != "mean" or not isinstance(node.args[0], Name):
            continue
        whole = course.shapes.known.get(node.args[0].id)
        if not whole:
            continue
        count = prod(whole) // max(prod(course.shapes(node)), 1)
        total = Apply("sum", node.args, node.settings)
        for other in (count - 1, count + 1):
            if other > 1 or (other == 1 and count == 2):
                words = said("divided by {0}, not by {1}", Const(float(other)), Const(float(count)))
                yield Edit("count", put(total / other), words, 2.2)


def _label_edits(course: Course, equation: Equation) -> Iterator[Edit]:
    """Class labels counted from the other base: the one in the one-hot vector stands one place before or behind."""
    if course.problem.classes is None:
        return
    for label in course.problem.forward.labels:
        rank = len(course.shapes.known.get(label, ()))
        if label not in equation.inputs or not rank or course.shapes.known[label][-1] != course.problem.classes.size:
            continue
        y, axis = Name(label), rank - 1
        lead = (slice(None),) * axis
        settings = {"axis": axis} if axis else {}
        for first, rest in ((slice(1, None), slice(None, 1)), (slice(-1, None), slice(None, -1))):
            turned = call.concat(y[(*lead, first)], y[(*lead, rest)], **settings)
            for node, put, _ in places(equation.expression):
                if node == y:
                    yield Edit("label_base", put(turned), said("the label is counted from the other base"), 1.7)
