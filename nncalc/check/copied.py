"""Copying slips in the given data: a number read otherwise than it stands there."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np

from nncalc.check.course import Course
from nncalc.check.found import BELIEVED, Found
from nncalc.check.match import Written, chance, fits
from nncalc.check.own import UNUSABLE, Key, Own
from nncalc.check.report import COPIED, Sentence
from nncalc.language.expression import Expression

MOST_ENTRIES = 200  # of given arrays that one equation uses
# how many readings of one number there are that are as common as one found
FEW, MANY = 4, 40
# how uncommon: another entry taken, the sign lost, the point moved, digits swapped, one digit another
NEIGHBOUR, SIGN, POINT, SWAP, ELSEWHERE, DIGIT = 2.1, 2.0, 2.3, 2.4, 2.6, 2.6


def readings(
    number: float, neighbours: tuple[float, ...] = (), others: tuple[float, ...] = ()
) -> Iterator[tuple[float, float]]:
    """What a number may be misread as, each with its cost: what stands beside it, elsewhere, or looks like it."""
    yield from ((other, NEIGHBOUR) for other in neighbours if other != number)
    yield from ((other, ELSEWHERE) for other in others if other not in (number, *neighbours))
    if number == 0:
        return
    yield -number, SIGN
    exact = Decimal(f"{number:.12g}")
    yield from ((float(exact.scaleb(shift)), POINT) for shift in (-1, 1))
    sign, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    digits = (0,) * (1 - exponent - len(digits)) + digits  # the zero in 0.5 is a digit too
    for i in range(len(digits) - 1):
        if digits[i] != digits[i + 1]:
            swapped = (*digits[:i], digits[i + 1], digits[i], *digits[i + 2 :])
            yield float(Decimal((sign, swapped, exponent))), SWAP
    for i in range(len(digits)):
        for digit in range(10):
            if digit != digits[i]:
                yield float(Decimal((sign, (*digits[:i], digit, *digits[i + 1 :]), exponent))), DIGIT


def read_as(name: str, place: tuple[int, ...], read: str, right: float) -> Sentence:
    """`entry 2 of x is read as 1, not −1`."""
    entry = f"entry {', '.join(str(i + 1) for i in place)} of " if place else ""
    return Sentence(f"{entry}{{0}} is read as {read}, not {right:g}", (name,))


def misread(own: Own, exact: Own, key: Key, written: Written, wrong: Any) -> Iterator[Found]:
    """The given numbers that, read otherwise, give what is written."""
    form = own.equation(key)
    expected = own.in_shape(key)
    by_chance = chance(written, expected, wrong)
    sources = [s for s in own.sources(key) if s not in own.fixed and not own.sources(s)]
    arrays = [(source, np.asarray(own.value(*source), dtype=np.float64)) for source in sources]
    if sum(array.size for _, array in arrays) > MOST_ENTRIES:
        return
    places = [(source, array, place) for source, array in arrays for place in np.ndindex(array.shape)]
    found = [_plausible(own, key, form, written, expected, wrong, *place) for place in places]
    tried = sum(possible is not None for possible in found)
    for (source, array, place), possible in zip(places, found, strict=True):
        for number, cost in possible or ():
            if by_chance * tried * (FEW if cost < DIGIT else MANY) > BELIEVED:
                continue
            fit = _fit(own, exact, key, form, written, {source: _with(array, place, number)})
            if fit is not None:
                sentence = read_as(source[1], place, f"{number:g}", float(array[place]))
                yield Found(key, COPIED, sentence, cost, None, fit, place, source[1], number)


def _fit(own: Own, exact: Own, key: Key, form: Expression, written: Written, read: dict[Key, Any]) -> bool | None:
    """Whether a number that was read otherwise, everywhere or here alone, gives what is written; None where not."""
    everywhere = _fits(own.supposing(read), exact.supposing(read), key, form, written)
    if everywhere is not None:
        return everywhere
    here, there = (values.supposing({**_used(values, key), **read}) for values in (own, exact))
    return _fits(here, there, key, form, written)


def _used(values: Own, key: Key) -> dict[Key, Any]:
    return {source: values.value(*source) for source in values.sources(key)}


def _fits(own: Own, exact: Own, key: Key, form: Expression, written: Written) -> bool | None:
    try:
        value = own.of(key[0], form)
        return fits(written, value, lambda: exact.of(key[0], form), lambda: own.spread(key[0], form))
    except UNUSABLE:
        return None


def _plausible(
    own: Own, key: Key, form: Any, written: Written, expected: Any, wrong: Any,
    source: Key, array: Any, place: tuple[int, ...],
) -> list[tuple[float, float]] | None:  # fmt: skip
    """The readings of one entry that come near to what is written, were the equation a straight line in it.

    None where the entry changes something else than what is wrong.
    """
    number = float(array[place])
    step = max(abs(number), 1.0)
    try:
        moved = np.asarray(own.supposing({source: _with(array, place, number + step)}).of(key[0], form))
    except UNUSABLE:
        return None
    slope = np.where(written.answered, (moved - expected) / step, 0.0)
    if (
        not np.isfinite(slope).all()
        or not slope[wrong].any()
        or np.any(np.abs(slope[~wrong]) > np.abs(slope).max() / 10)
    ):
        return None
    steepest = np.unravel_index(int(np.argmax(np.abs(slope))), slope.shape)
    wanted = number + float((written.value[steepest] - expected[steepest]) / slope[steepest])
    margin = float(np.broadcast_to(written.margin, slope.shape)[steepest] / abs(slope[steepest]))
    # a root or a norm is no straight line: what is not far off is tried as well
    allowed = 1.5 * margin + 0.3 * abs(wanted - number)
    others = tuple(dict.fromkeys(array.ravel().tolist()))
    found = readings(number, _neighbours(array, place), others)
    return [reading for reading in found if abs(reading[0] - wanted) <= allowed]


def _neighbours(array: Any, place: tuple[int, ...]) -> tuple[float, ...]:
    found = []
    for axis, i in enumerate(place):
        for other in (i - 1, i + 1):
            if 0 <= other < array.shape[axis]:
                found.append(float(array[(*place[:axis], other, *place[axis + 1 :])]))
    return tuple(dict.fromkeys(found))


def _with(array: Any, place: tuple[int, ...], number: float) -> Any:
    changed = np.array(array)
    changed[place] = number
    return changed


class Copies:
    """Numbers that a sheet has otherwise than they should be, where the student may have gone on with either."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._read: list[tuple[str, tuple[int, ...], float]] = []
        self._meant: list[tuple[Key, tuple[int, ...], float]] = []

    def note_misread(self, found: Found) -> None:
        """A given number was read otherwise."""
        if found.entry is not None and found.read is not None:
            self._read.append((found.given, found.entry, found.read))

    def note_slip(self, key: Key, place: tuple[int, ...], meant: float) -> None:
        """A number was written otherwise than it was meant."""
        self._meant.append((key, place, meant))

    def ways(self, key: Key, own: Own, exact: Own) -> Iterator[tuple[Own, Own]]:
        """The values with a number as it was misread, or a slip as it was meant: each alone, then all of them."""
        options = [self._misread(key, own, [one]) for one in self._read]
        options += [self._before_slip(own, [one]) for one in self._meant]
        if len(options) > 1:
            options.append(self._misread(key, own, self._read) | self._before_slip(own, self._meant))
        for option in options:
            if option:
                yield own.supposing(option), exact.supposing(option)

    def _misread(self, key: Key, own: Own, read: list[tuple[str, tuple[int, ...], float]]) -> dict[Key, Any]:
        found: dict[Key, Any] = {}
        for name, place, number in read:
            for iteration in range(1, key[0] + 1):
                source = (iteration, name)
                if source not in own.fixed and not own.sources(source):
                    found[source] = _with(found.get(source, own.value(*source)), place, number)
        return found

    def _before_slip(self, own: Own, meant: list[tuple[Key, tuple[int, ...], float]]) -> dict[Key, Any]:
        found: dict[Key, Any] = {}
        for key, place, number in meant:
            found[key] = _with(found.get(key, own.value(*key)), place, number)
        return found
