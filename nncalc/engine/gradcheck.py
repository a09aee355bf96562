"""Gradients against central differences, entry by entry.

The measure is cs231n's: |a − n| / max(|a|, |n|) for the gradient a and the difference quotient n. Where a kink lies
between the two evaluations the quotient says nothing, and the unit that switched is named instead.
Source: cs231n, notes on "Neural Networks Part 3: Learning and Evaluation", gradient checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite, isnan
from typing import Any, NamedTuple

from nncalc.catalogue.operation import Operation, Shape
from nncalc.catalogue.registry import operation
from nncalc.engine.evaluate import evaluate
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.value import value_of
from nncalc.errors import DomainError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, as_expression, call, walk
from nncalc.language.text import to_text

TOLERANCE = 1e-6
# Half the distance of the two evaluations. The first is right for most; a gradient is wrong when it is so at each. A
# kink excuses it where it lies within the last, the narrowest: a wide one might always hit some.
WIDTHS = (1e-5, 1e-4, 1e-3, 1e-6)
# Of a number near to 0, as a small variance is, this part of it is tried too, where rounding leaves enough to tell.
FINEST = 1e-4
# Beside the end of what the loss takes, as a probability close to 1 is, the loss bends within its distance to that.
# What rounding leaves there tells a right gradient from a wrong one all the same.
ENDS = (1e-8, 1e-10, 1e-12, 1e-14)
COARSE = 1e-3
ROUNDING = 2.0**-52
MOST_UNITS = 3
# What lies near 1 inside of these is rounded as 1 is, however small the logarithm.
LOGARITHMS = ("log", "log2", "log10", "log_softmax")

Entry = tuple[int, ...]


class Kink(NamedTuple):
    """An entry (from 1) that can't be checked, and a unit that switches within its two evaluations."""

    entry: Entry
    unit: str


class Check(NamedTuple):
    """One gradient: its largest relative error, the entry (from 1) with that and both numbers there, its kinks.

    equation: whether its own equation is wrong, given the right gradients that it uses; it may only follow.
    """

    name: str
    relative_error: float
    entry: Entry
    gradient: float
    difference: float
    kinks: tuple[Kink, ...]
    equation: bool = False

    @property
    def right(self) -> bool:
        return self.relative_error <= TOLERANCE  # not so for NaN


Progress = Callable[[str, int, int], None]


def unseen(_name: str, _done: int, _total: int) -> None:
    """What is made of the progress where nobody watches."""


def check_gradients(program: Program, values: Mapping[str, Any], progress: Progress = unseen) -> list[Check]:
    """A check of each NAME.grad of the program, in its order.

    program: with its backward pass. values: all that it begins with. A computed value's gradient is checked by moving
    that value itself, whatever its own equation says. progress: called ahead of each entry with the name that it is
    of, how many entries are done and how many there are in all.
    """
    at = evaluate(program, values).values
    forward = program.with_equations(program.phase("forward"))
    rounded = _rounded(forward, at)
    checks: list[Check] = []
    quotients: dict[str, Any] = {}
    ended = [(e, e.name.removesuffix(".grad")) for e in program.phase("backward") if e.name.endswith(".grad")]
    wanted = [(equation, name) for equation, name in ended if name in at]
    done, total = 0, sum(at[name].size for _, name in wanted)
    for equation, name in wanted:
        moving = _Moving(forward, at, name, rounded)

        def begin(count: int, name: str = name, before: int = done) -> None:
            progress(name, before + count, total)

        check, quotients[equation.name] = _check(moving, xp.broadcast_to(at[equation.name], at[name].shape), begin)
        done += at[name].size
        if not check.right:
            check = check._replace(equation=_is_wrong_itself(program, equation, at, quotients, moving.start))
        checks.append(check)
    return checks


def _rounded(forward: Program, at: Mapping[str, Any]) -> dict[str, float]:
    """For each equation a number whose rounding is what it brings into the loss: its value is rounded, and that goes
    through its gradient into the loss."""
    sizes = {}
    for equation in forward.equations:
        gradient = 1.0 if equation.name == forward.loss else at.get(f"{equation.name}.grad")
        if gradient is None:
            continue
        value = xp.abs(at[equation.name])
        nodes = [node for node in walk(equation.expression) if isinstance(node, Apply)]
        if any(_is_logarithm(node) for node in nodes):
            value = xp.maximum(value, 1.0)
        with xp.errstate(all="ignore"):
            total = float(xp.sum(xp.abs(gradient) * value))
        if isfinite(total):
            sizes[equation.name] = total
    return sizes


def _is_logarithm(node: Apply) -> bool:
    target = operation(node.op).target
    return node.op in LOGARITHMS or (target is not None and (target.classes or target.distribution))


class _Sides(NamedTuple):
    """The values on either side, the difference quotient between them, and whether the loss takes both sides."""

    below: Mapping[str, Any]
    above: Mapping[str, Any]
    quotient: float
    both: bool


class _Moving:
    """The loss as a function of one array of the program. rounded: what the rounding of each equation is that of."""

    def __init__(self, forward: Program, at: Mapping[str, Any], name: str, rounded: Mapping[str, float]) -> None:
        assert forward.loss is not None
        changed = {name}
        behind = []
        for equation in forward.equations:
            if equation.name != name and any(used in changed for used in equation.inputs):
                changed.add(equation.name)
                behind.append(equation)
        self.program, self.at, self.name = forward.with_equations(behind), at, name
        # only what is worked out anew is rounded differently
        self.rounded = max((rounded.get(equation.name, 0.0) for equation in behind), default=0.0)
        self.start = xp.asarray(at[name], dtype=xp.float64)
        self.loss = forward.loss

    def values(self, entry: Entry, by: float) -> Mapping[str, Any]:
        moved = self.start.copy()
        with xp.errstate(all="ignore"):
            moved[entry] += by
        return evaluate(self.program, {**self.at, self.name: moved}).values

    def sides(self, entry: Entry, h: float) -> _Sides:
        """The two evaluations around the value, or beside it where one lies outside of what the loss takes."""
        start = self.start[entry]
        try:
            below, above = self.values(entry, -h), self.values(entry, h)
        except DomainError:
            return self._beside(entry, h)
        # what h became in rounding: much, close to the end of what the loss takes
        width = float((start + h) - (start - h))
        return _Sides(below, above, (float(above[self.loss]) - float(below[self.loss])) / width, True)

    def _beside(self, entry: Entry, h: float) -> _Sides:
        """Three points on the side that the loss takes: their error goes with the square of h too."""
        try:
            near, far = self.values(entry, h), self.values(entry, 2 * h)
        except DomainError:
            h = -h
            near, far = self.values(entry, h), self.values(entry, 2 * h)
        losses = [float(values[self.loss]) for values in (self.at, near, far)]
        return _Sides(self.at, far, (4 * losses[1] - 3 * losses[0] - losses[2]) / (2 * h), False)


def _check(moving: _Moving, gradient: Any, begin: Callable[[int], None]) -> tuple[Check, Any]:
    """(the check, the difference quotients). begin: called ahead of each entry with how many went before it."""
    worst = Check(moving.name, 0.0, (), 0.0, 0.0, ())
    kinks: list[Kink] = []
    quotients = gradient.copy()
    for count, entry in enumerate(xp.ndindex(moving.start.shape)):
        begin(count)
        one = tuple(i + 1 for i in entry)
        a = float(gradient[entry])
        best, quotient, units = float("nan"), float("nan"), []
        found: dict[float, float] = {}
        size = abs(float(moving.start[entry]))
        both = True
        for width in (*WIDTHS, FINEST * size, *ENDS):
            h = width * max(1.0, size) if width in WIDTHS else width
            if size + h == size:
                continue
            if width in ENDS and both:
                break
            below, above, slope, fits = moving.sides(entry, h)
            both = both and fits
            losses = float(below[moving.loss]), float(above[moving.loss])
            noise = 4 * ROUNDING * max(*map(abs, losses), moving.rounded) / h
            if width not in WIDTHS and noise > (COARSE if width in ENDS else TOLERANCE) * abs(a):
                break
            found[h] = slope
            for n in (found[h], *_extrapolated(found, h)):
                error = _relative_error(a, n, noise)
                if not isnan(error) and not error >= best:
                    best, quotient = error, n
            if best <= TOLERANCE:
                break
            if width in WIDTHS:
                units = list(_switched(moving.program, below, above))
        quotients[entry] = quotient
        if not best <= TOLERANCE and units:
            kinks += [Kink(one, unit) for unit in units[:MOST_UNITS]]
            quotients[entry] = a
        elif _is_worse(best, worst.relative_error):
            worst = worst._replace(relative_error=best, entry=one, gradient=a, difference=quotient)
    return worst._replace(kinks=tuple(kinks)), quotients


def _is_worse(error: float, than: float) -> bool:
    """Whether an error is the worse one; what is no number is the worst."""
    return not isnan(than) and (isnan(error) or error > than)


def _extrapolated(found: Mapping[float, float], width: float) -> Iterator[float]:
    """What the quotient of this width and each other one tend to: their error goes with the square of the width.

    Source: Press and others, Numerical Recipes, section 5.7 (Richardson, Ridders).
    """
    for other, n in found.items():
        if other != width:
            ratio = (other / width) ** 2
            yield (ratio * found[width] - n) / (ratio - 1)


def _relative_error(a: float, n: float, noise: float) -> float:
    """The relative error of the gradient a by the quotient n. What rounding alone explains counts for nothing."""
    largest = max(abs(a), abs(n), noise / TOLERANCE)
    return abs(a - n) / largest if largest else (0.0 if a == n else float("nan"))


def _is_wrong_itself(
    program: Program, equation: Equation, at: Mapping[str, Any], right: Mapping[str, Any], start: Any
) -> bool:
    """Whether the equation gives something else than the quotients where the gradients that it uses are right."""
    with xp.errstate(all="ignore"):
        value = value_of(equation.expression, {**at, **{n: q for n, q in right.items() if n != equation.name}}, xp)
        wanted = right[equation.name]
        scale = xp.max(xp.abs(wanted))
        return not bool(xp.all(xp.abs(value - wanted) <= 1e-4 * scale))


# --- kinks ------------------------------------------------------------------------------------------------------------


def _switched(program: Program, below: Mapping[str, Any], above: Mapping[str, Any]) -> Iterator[str]:
    """The units that are on one side of a kink in one evaluation and on another side in the other: `hbar1[3]`."""
    for equation in program.phase("forward"):
        for node in walk(equation.expression):
            if not isinstance(node, Apply):
                continue
            for unit, sides in _sides(node):
                one, other = (_numbers(sides, values) for values in (below, above))
                for hit in xp.argwhere(one != other):
                    yield _unit(unit, hit)


def _sides(node: Apply) -> Iterator[tuple[Expression, Any]]:
    """(what is named, a function of values that tells on which side of a kink each entry is)."""
    entry = operation(node.op)
    first = node.args[0]
    for kink in entry.kinks_for(entry.settings(node.settings)):
        yield first, lambda value, kink=kink: xp.sign(value(first) - kink)
    if node.op in ("max", "min") and len(node.args) == 2:
        yield first, lambda value: xp.sign(value(first) - value(node.args[1]))
    elif node.op in ("max", "min"):
        kept = Apply(node.op, node.args, (*(s for s in node.settings if s[0] != "keepdims"), ("keepdims", True)))
        yield first, lambda value: value(first) == value(kept)
    elif node.op in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"):
        yield first, lambda value: xp.sign(value(first) - value(node.args[1]))
    elif node.op == "clip":
        for bound in (node.setting("low"), node.setting("high")):
            if isinstance(bound, (int, float)):
                yield first, lambda value, bound=bound: xp.sign(value(first) - bound)
    elif entry.switch is not None:
        yield first, lambda value: xp.sign(value(_switch(node, entry, tuple(value(first).shape))))
    elif entry.ties is not None:
        yield first, lambda value: value(_chosen(node, entry, lambda e: tuple(value(e).shape)))


def _switch(node: Apply, entry: Operation, shape: Shape) -> Expression:
    assert entry.switch is not None
    return entry.switch(*node.args, shape=shape, **entry.settings(node.settings))


def _chosen(node: Apply, entry: Operation, shape_of: Callable[[Expression], Shape]) -> Expression:
    """How often each entry is its window's largest: the gradient for a gradient of 1 everywhere."""
    rule = entry.gradient(0)
    assert rule is not None
    ones = call.broadcast(1, shape=shape_of(node))
    return as_expression(rule(ones, node, *node.args, shape_of=shape_of, **entry.settings(node.settings)))


def _numbers(sides: Any, values: Mapping[str, Any]) -> Any:
    with xp.errstate(all="ignore"):
        return xp.asarray(sides(lambda expression: xp.asarray(value_of(expression, values, xp))))


def _unit(expression: Expression, hit: Any) -> str:
    text = to_text(expression)
    base = text if isinstance(expression, Name) or len(hit) == 0 else f"({text})"
    return base + (f"[{', '.join(str(int(i) + 1) for i in hit)}]" if len(hit) else "")
