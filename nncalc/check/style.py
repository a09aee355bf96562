"""How exactly a sheet is written: to so many places, or to so many digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nncalc.check.match import Written
from nncalc.problem.answers import Sheet

MOST_DIGITS = 14  # of a number that a program has printed in full: nothing was rounded for it
NOISE = 1e-6  # of a unit: less than that is float64's own rounding
LIKE_OTHERS = 0.8  # the share of the numbers that have the places of all


class Style(NamedTuple):
    """places: the power of ten of the last digit that numbers have; digits: how many they have; None: not so many.

    Both where it can't be told which of them was meant.
    """

    places: int | None
    digits: int | None

    def margin(self, value: Any, spread: Any) -> Any:
        """How far a value that was not written down is off when it was rounded like those that were.

        spread: how far it may be off before that; without any, what rounding does to it is known.
        """
        found: Any = spread
        for unit in self._units(value):
            known = np.abs(value - np.round(value / unit) * unit)
            found = np.maximum(found, spread + np.where(np.asarray(spread) > NOISE * unit, 0.5 * unit, known))
        return found

    def rounded(self, value: Any, which: int = 0, tie: int = 0) -> Any:
        """A value rounded like those that were written.

        which: of two ways, where it can't be told which was meant. tie: 0.05 becomes 0.1 (1), 0.0 (-1), or what is
        even (0).
        """
        units = [*self._units(value)]
        unit = units[which % len(units)]
        return np.round(value / unit * (1 + tie * NOISE)) * unit

    def _units(self, value: Any) -> Iterator[Any]:
        if self.places is not None:
            yield 10.0**self.places
        if self.digits is not None:
            with np.errstate(all="ignore"):
                unit = 10.0 ** (np.floor(np.log10(np.abs(value))) - self.digits + 1)
            yield np.where(np.isfinite(unit) & (unit > 0), unit, 1.0)


def style_of(sheet: Sheet) -> Style | None:
    """The sheet's style; None where its numbers are printed in full or are integers, or there are none."""
    places: Counter[int] = Counter()
    digits: Counter[int] = Counter()
    for answers in sheet.iterations:
        for answer in answers.values():
            known = (answer.margin > 0) & ~np.isnan(answer.value)
            margins, values = answer.margin[known], np.abs(answer.value[known])
            last = np.round(np.log10(2 * margins)).astype(int)
            places.update(last.tolist())
            nonzero = values > 0
            leading = np.floor(np.log10(values[nonzero])).astype(int)
            digits.update((leading - last[nonzero] + 1).tolist())
    if not places or not digits:
        return None
    usual, count = places.most_common(1)[0]
    many, as_many = digits.most_common(1)[0]
    if many > MOST_DIGITS or usual >= 0:
        return None
    digits_alike = as_many >= LIKE_OTHERS * sum(digits.values())
    if count >= LIKE_OTHERS * sum(places.values()):
        return Style(int(usual), int(many) if digits_alike else None)
    return Style(None if digits_alike else int(usual), max(int(many), 1))


def style_beside(written: Written) -> Style | None:
    """How the entries of a value are written, where all of them have the same places."""
    margins = written.margin[written.answered]
    if not margins.size or margins.min() != margins.max() or not 0 < margins[0] < np.inf:
        return None
    return Style(round(float(np.log10(2 * margins[0]))), None)
