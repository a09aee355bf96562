"""NumPy as the arrays' namespace, with the few functions that NumPy lacks.

This is the one place that decides how NumPy starts: problems of paper size gain nothing from several threads, and
starting them costs half of NumPy's import.
"""

from __future__ import annotations

import math
import os
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np


class _NumPy:
    """`xp` in an entry's value function."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        setattr(self, name, found)
        return found

    def erf(self, x: Any) -> Any:
        return self._each(math.erf, x)

    def erfc(self, x: Any) -> Any:
        return self._each(math.erfc, x)

    def scratch(self, shape: tuple[int, ...]) -> Any:
        """An array for use until the next call; what stands in it is left over.

        It is a part of one buffer that grows to the largest size asked for: writing to memory that is mapped already
        takes half the time.
        """
        size = math.prod(shape)
        if self._scratch.size < size:
            self._scratch = np.empty(size)
        return self._scratch[:size].reshape(shape)

    _scratch = np.empty(0)

    @staticmethod
    def _each(function: Any, x: Any) -> Any:
        return np.asarray(np.frompyfunc(function, 1, 1)(x), dtype=np.float64)


xp = _NumPy()
