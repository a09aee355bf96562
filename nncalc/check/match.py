"""Whether numbers as they are written are the numbers that a formula gives."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

NOISE = 1e-9  # of a value and of its largest entry: what float64 leaves of a long calculation
SMALLEST = 1e-14
# What is off by more, of the largest number and of its own rounding, is not looked at closely.
FAR_OFF, FAR_MARGINS = 0.2, 3.0


class Written(NamedTuple):
    """What a sheet says of one value.

    value: float64, NaN where an entry is not answered. margin: how far off rounding when writing may have put each.
    answered: which entries there are. texts: the entries as they stand there.
    """

    value: Any
    margin: Any
    answered: Any
    texts: Any

    def near(self, numbers: Any, spread: Any = 0.0) -> Any:
        """For each entry, whether the number, off by no more than the spread, could have been written so.

        Nothing is near to numbers of another shape, which wrong shapes lead to.
        """
        if np.shape(numbers) != self.value.shape:
            return ~self.answered
        if np.shape(spread) not in ((), self.value.shape):
            spread = 0.0
        sizes = np.abs(numbers)
        largest = float(sizes.max())
        if not isfinite(largest):
            sizes = np.where(np.isfinite(sizes), sizes, 0.0)
            largest = float(sizes.max())
        allowed = self.margin + spread + (NOISE * sizes + (NOISE * largest + SMALLEST))
        return ~self.answered | (np.abs(self.value - numbers) <= allowed)

    def filled(self, numbers: Any) -> Any:
        """The value, its missing entries taken from the numbers."""
        return np.where(self.answered, self.value, numbers)


def fits(written: Written, value: Any, exact: Callable[[], Any], spread: Callable[[], Any]) -> bool | None:
    """Whether a formula gives the numbers as written; None where not even within what rounding explains.

    value: what it gives with the numbers on the sheet; exact: with those before rounding, for whoever carries on with
    more digits than are written down is right as well; spread: how far off rounding may have led it.
    """
    if np.shape(value) != written.value.shape:
        return None
    if written.near(value).all():
        return True
    off = np.nan_to_num(np.abs(written.value - value))
    scale = np.max(np.abs(written.value), initial=0.0, where=written.answered)
    if np.any(off > FAR_OFF * scale + FAR_MARGINS * np.max(written.margin)):
        return None
    if written.near(exact()).all():
        return True
    return False if written.near(value, spread()).all() else None


def chance(written: Written, expected: Any, wrong: Any) -> float:
    """How probable it is that a number of about this size agrees by chance with all that is wrong in a sheet."""
    size = np.maximum(np.abs(np.nan_to_num(expected)), np.abs(np.nan_to_num(written.value)))
    size = np.maximum(size, 0.1 * np.max(size, initial=0.0))
    odds: dict[float, float] = {}
    for value, margin, scale in zip(
        written.value[wrong].ravel().tolist(), np.broadcast_to(written.margin, wrong.shape)[wrong].ravel().tolist(),
        np.broadcast_to(size, wrong.shape)[wrong].ravel().tolist(), strict=True,
    ):  # fmt: skip
        # the same number again says nothing new
        odds[abs(value)] = min(1.0, 2 * max(margin, NOISE * scale) / scale) if scale else 1.0
    product = 1.0
    for one in odds.values():
        product *= one
    return product
