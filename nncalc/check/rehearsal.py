"""How far rounding that nobody can see may really have led: the way to a value gone again, rounding here and there.

Worst cases that add up from step to step soon explain everything, where the steps between are on no sheet. Who works
through those steps rounds each number once, one up and the next one down; so the way is gone as several students may
have gone it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.language.expression import Apply, Const, Expression, Name

if TYPE_CHECKING:
    from nncalc.check.own import Key, Own

# So many, and so much of the furthest that they are led, since others may have been led further: of some ten thousand
# right sheets with most values left out, none was called wrong that the worst cases would have allowed.
STUDENTS = 48
ALLOWED = 4.0
# how often a student rounds what stands on no sheet, and which way the written numbers are off: all up, all down
ALWAYS, NEVER = 1.0, 0.0
FIRST = (*6 * ((ALWAYS, 0),), (NEVER, 0), (ALWAYS, 1), (ALWAYS, -1), (NEVER, 1), (NEVER, -1))


class Rehearsal:
    """Students who carry on from what a sheet has; the same ones every time."""

    def __init__(self, own: Own) -> None:
        self._students = [_Student(own, number) for number in range(STUDENTS)]

    def spread(self, iteration: int, expression: Expression, value: Any, worst: Any) -> Any:
        """How far off an expression may be, that is worth `value` without any rounding; `worst` at most.

        What the students come to for one entry of an array may be near by chance: so no entry is allowed less of its
        worst than all are on average.
        """
        off: Any = np.zeros(np.shape(value))
        with np.errstate(all="ignore"):
            for student in self._students:
                off = np.fmax(off, np.abs(student.of(iteration, expression) - value))
            share = np.where(np.isfinite(off), np.fmin(ALLOWED * off / worst, 1.0), 1.0)
        share = np.where(worst > 0, share, 0.0)
        return np.fmax(share, share.sum() / np.count_nonzero(worst)) * worst

    def let_go(self, key: Key) -> None:
        """The sheet's value of a name is another now."""
        for student in self._students:
            student.values.pop(key, None)


class _Student:
    def __init__(self, own: Own, number: int) -> None:
        self.own, self.number = own, number
        self.rounds: float = FIRST[number][0] if number < len(FIRST) else 0.5
        # which way the written numbers are off; None: one up, the next one down
        self.way: int | None = FIRST[number][1] if number < len(FIRST) else None
        self.values: dict[Key, Any] = {}

    def of(self, iteration: int, expression: Expression) -> Any:
        if isinstance(expression, Name):
            return self.value((iteration, expression.id))
        if isinstance(expression, Const):
            return np.float64(expression.value)
        assert isinstance(expression, Apply)
        arrays = [self.of(iteration, argument) for argument in expression.args]
        settings = self.own.settings(iteration, expression)
        return operation(expression.op).value(xp, *arrays, **settings)

    def value(self, key: Key) -> Any:
        found = self.values.get(key)
        if found is None:
            self.values[key] = self.own.value(*key)  # in a circle
            found = self.values[key] = self._worked_out(key)
        return found

    def _worked_out(self, key: Key) -> Any:
        known = self.own.known(key)
        if known is not None:
            value, margin = known
            return value + margin * self._way(key, np.shape(value)) if np.any(margin) else value
        source = self.own.source(*key)
        if source is None:
            return self.own.value(*key)
        if not isinstance(source, Expression):
            return self.value(source)
        value = np.asarray(self.of(key[0], source), dtype=np.float64)
        style = self.own.style
        if style is None or self._chance(key) >= self.rounds:
            return value
        return style.rounded(value, self.number // 3, self.number % 3 - 1)

    def _way(self, key: Key, shape: tuple[int, ...]) -> Any:
        if self.way is not None:
            return self.way
        random = np.random.default_rng([self.number, key[0], *key[1].encode()])
        return random.choice((-1.0, 1.0), size=shape)

    def _chance(self, key: Key) -> float:
        return crc32(f"{self.number} {key[0]} {key[1]}".encode()) / 2**32
