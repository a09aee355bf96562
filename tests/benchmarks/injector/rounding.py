"""How a student rounds and writes: so many decimals, or so many significant digits, one choice a sheet."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class Rounding(NamedTuple):
    """decimals behind the point, or significant digits. plain_zeros: an exact 0 or 1 is written `0`, not `0.00`."""

    decimals: int | None = None
    digits: int | None = None
    plain_zeros: bool = False

    def units(self, value: Any) -> Any:
        """The worth of the last place written, for each entry."""
        value = np.asarray(value, dtype=float)
        if self.decimals is not None:
            return np.full(value.shape, 10.0**-self.decimals)
        assert self.digits is not None
        size = np.abs(value)
        safe = np.where(size > 0, size, 1.0)
        return np.where(size > 0, 10.0 ** (np.floor(np.log10(safe)) + 1 - self.digits), 0.0)

    def text(self, number: float) -> str:
        """One number as written, half units away from zero."""
        if number == 0 or (self.plain_zeros and number == 1):
            if self.plain_zeros or self.decimals is None:
                return str(int(number))
            return f"{0:.{self.decimals}f}"
        decimals = self.decimals
        if decimals is None:
            assert self.digits is not None
            decimals = self.digits - 1 - math.floor(math.log10(abs(number)))
            if not 0 <= decimals <= self.digits + 3:
                return f"{number:.{self.digits - 1}e}"
        # a hair outward, so that 0.125 in binary and in decimal round alike
        written = f"{number * (1 + 1e-13):.{decimals}f}"
        return written.lstrip("-") if float(written) == 0 else written

    def texts(self, value: Any) -> Any:
        """An array of texts in the value's shape."""
        value = np.asarray(value, dtype=float)
        written = np.empty(value.shape, dtype=object)
        for place in np.ndindex(*value.shape):
            written[place] = self.text(float(value[place]))
        return written


EXACT = None


def numbers(texts: Any) -> Any:
    """The numbers that an array of texts stands for."""
    value = np.empty(texts.shape)
    for place in np.ndindex(*texts.shape):
        value[place] = float(texts[place])
    return value


def nested(texts: Any) -> str:
    """The array as a sheet has it: `[[0.10, 0.20], [1.00, 0.00]]`, nothing around a number."""
    if texts.ndim == 0:
        return str(texts[()])
    return "[" + ", ".join(nested(row) for row in (np.asarray(part, dtype=object) for part in texts)) + "]"
