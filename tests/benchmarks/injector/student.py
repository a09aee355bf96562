"""A student with a sheet of paper: lines worked out one after the other, each rounded and carried on from as rounded.

Nothing here knows nncalc. A line is a name, its textbook formula in plain NumPy, and the ways in which people get that
formula wrong, each with its own arithmetic and, where it can be stated, its equation in nncalc's language as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.injector.rounding import Rounding, numbers

Array = Any


class Values:
    """What the student looks up. read: the names so far. aliases: names misread as others; turned: transposed ones."""

    def __init__(
        self,
        find: Callable[[str], Array],
        aliases: Mapping[str, str] | None = None,
        turned: frozenset[str] = frozenset(),
        instead: Mapping[str, Array] | None = None,
    ) -> None:
        self.find, self.aliases, self.turned, self.instead = find, aliases or {}, turned, instead or {}
        self.read: dict[str, None] = {}

    def __getitem__(self, name: str) -> Array:
        self.read[name] = None
        if name in self.instead:
            return self.instead[name]
        value = self.find(self.aliases.get(name, name))
        return value.T if name in self.turned else value

    def altered(self, **how: Any) -> Values:
        """The same with something misread."""
        return Values(self.find, **how)


Compute = Callable[[Values], Array]


class Change(NamedTuple):
    """A mistake that can be made at a line. what: for the table. kinds: the words that name it rightly.

    equation: the right side as computed, in nncalc's language; '' where it can't be stated.
    """

    what: str
    kinds: frozenset[str]
    equation: str
    compute: Compute


class Line(NamedTuple):
    """`name = equation`, worked out by compute. inputs: the names that it uses."""

    name: str
    equation: str
    compute: Compute
    changes: tuple[Change, ...]
    inputs: tuple[str, ...]


class Exercise(NamedTuple):
    """A problem with everything that the student does.

    text: the problem file. given: what it gives, exact, settings included. carried: (from, to) between iterations.
    exact: the values of one iteration without any rounding. labels: given names that no mistake reads as another.
    """

    kind: str
    text: str
    given: dict[str, Array]
    lines: tuple[Line, ...]
    carried: tuple[tuple[str, str], ...]
    iterations: int
    exact: dict[str, Array]


def change(what: str, kinds: str, equation: str, compute: Compute) -> Change:
    return Change(what, frozenset(kinds.split()), equation, compute)


def renamed(equation: str, old: str, new: str) -> str:
    """The equation with another name in one's place."""
    return re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w|\.(?!T\b))", new, equation)


class Book:
    """Collects the lines of an exercise while working them out exactly, so that every shape is known."""

    def __init__(self, given: Mapping[str, Array]) -> None:
        self.values: dict[str, Array] = {name: np.asarray(value, dtype=float) for name, value in given.items()}
        self.given = dict(self.values)
        self.lines: list[Line] = []

    def line(self, name: str, equation: str, compute: Compute, *changes: Change, sign: bool = True) -> None:
        """Another line. sign: whether the sign of the whole can go wrong."""
        values = Values(self.values.__getitem__)
        self.values[name] = np.asarray(compute(values), dtype=float)
        if sign:
            changes = (*changes, change("sign of the whole", "sign", f"-({equation})", lambda v: -compute(v)))
        self.lines.append(Line(name, equation, compute, changes, tuple(values.read)))

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.values[name].shape)

    def exercise(self, kind: str, text: str, carried: Iterable[tuple[str, str]] = (), iterations: int = 1) -> Exercise:
        return Exercise(kind, text, self.given, tuple(self.lines), tuple(carried), iterations, self.values)


class Planted(NamedTuple):
    """A mistake that a sheet has, and the truth about it.

    slip: what the written texts become instead. entry: of a slip or of a misread number, from 1; given: where that
    was read. turned: a matrix is written transposed, and worked with as it should be.
    """

    iteration: int
    name: str
    what: str
    kinds: frozenset[str]
    equation: str = ""
    compute: Compute | None = None
    slip: Callable[[Any], Any] | None = None
    entry: tuple[int, ...] | None = None
    given: str = ""
    turned: bool = False


class Iteration:
    """One iteration of a sheet: the numbers as written, their texts, and half a unit of the last place of each."""

    def __init__(self, work: Work, number: int, start: Mapping[str, Array], halves: Mapping[str, Array]) -> None:
        self.work, self.number = work, number
        self.values: dict[str, Array] = dict(start)
        self.halves: dict[str, Array] = dict(halves)
        self.texts: dict[str, Any] = {}
        self._busy: set[str] = set()

    def find(self, name: str) -> Array:
        """The value of a name, worked out now if it was not yet."""
        if name not in self.values:
            if name in self._busy:
                raise RecursionError(name)
            self._busy.add(name)
            self._work_out(self.work.lines[name])
        return self.values[name]

    def _work_out(self, line: Line) -> None:
        planted = self.work.planted.get((self.number, line.name))
        compute = planted.compute if planted and planted.compute else line.compute
        value = np.asarray(compute(Values(self.find)), dtype=float)
        rounding = self.work.rounding
        if rounding is None:
            self.values[line.name] = value
            return
        texts = rounding.texts(value)
        if planted and planted.slip:
            texts = planted.slip(texts)
        self.texts[line.name] = texts.T if planted and planted.turned else texts
        self.values[line.name] = numbers(texts)
        self.halves[line.name] = rounding.units(self.values[line.name]) / 2


class Work:
    """An exercise worked through, iteration after iteration."""

    def __init__(self, exercise: Exercise, rounding: Rounding | None, planted: Iterable[Planted] = ()) -> None:
        self.exercise, self.rounding = exercise, rounding
        self.lines = {line.name: line for line in exercise.lines}
        self.planted = {(one.iteration, one.name): one for one in planted}
        self.iterations: list[Iteration] = []
        start, halves = dict(exercise.given), {}  # type: dict[str, Array], dict[str, Array]
        for number in range(1, exercise.iterations + 1):
            if "optimizer.t" in start:
                start["optimizer.t"] = np.asarray(float(number))
            iteration = Iteration(self, number, start, halves)
            with np.errstate(all="ignore"):
                for line in exercise.lines:
                    iteration.find(line.name)
            self.iterations.append(iteration)
            before = dict(start)
            for later, name in exercise.carried:
                start[name] = iteration.values[later]
                if later in iteration.halves:
                    halves[name] = iteration.halves[later]
                if "." not in name:
                    start[f"{name}.previous"] = before[name]

    def finite(self) -> bool:
        return all(np.isfinite(value).all() for one in self.iterations for value in one.values.values())
