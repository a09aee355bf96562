"""Whether numbers as they are written are the numbers that a formula gives."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy as np

NOISE = 1e-9  # of a value and of its largest entry: what float64 leaves of a long calculation
SMALLEST = 1e-14


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
        """For each entry, whether the number, off by no more than the spread, could have been written so."""
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


def chance(written: Written, expected: Any, wrong: Any) -> float:
    """How probable it is that a number of about this size agrees by chance with all that is wrong in a sheet."""
    size = np.maximum(np.abs(np.asarray(expected)), np.abs(np.nan_to_num(written.value)))
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
