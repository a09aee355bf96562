"""Plain Python in NumPy's place, for a handful of numbers: importing NumPy takes longer than the whole calculation.

The same value functions of the catalogue run on it: `xp` is this module's namespace, a vector is a Row. It covers what
the quick calculators use: elementwise functions, and sums and largest entries of a vector. The results are the
ordinary ones of IEEE arithmetic, infinities and NaN included, where Python's own functions would raise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

Number = float


class Row:
    """A vector of floats with elementwise arithmetic; the other operand is a number or a Row of the same length."""

    __slots__ = ("entries",)

    def __init__(self, entries: Iterable[Number]) -> None:
        self.entries = tuple(entries)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.entries),)

    @property
    def ndim(self) -> int:
        return 1

    def __getitem__(self, index: tuple[Any, slice]) -> Row:
        """`row[..., 0::2]`: every second entry from the first."""
        return Row(self.entries[index[-1]])

    def tolist(self) -> list[Number]:
        return list(self.entries)

    def __neg__(self) -> Row:
        return Row(-a for a in self.entries)

    def __add__(self, other: Any) -> Row:
        return _both(lambda a, b: a + b, self, other)

    def __radd__(self, other: Any) -> Row:
        return _both(lambda a, b: a + b, other, self)

    def __sub__(self, other: Any) -> Row:
        return _both(lambda a, b: a - b, self, other)

    def __rsub__(self, other: Any) -> Row:
        return _both(lambda a, b: a - b, other, self)

    def __mul__(self, other: Any) -> Row:
        return _both(lambda a, b: a * b, self, other)

    def __rmul__(self, other: Any) -> Row:
        return _both(lambda a, b: a * b, other, self)

    def __truediv__(self, other: Any) -> Row:
        return _both(_divide, self, other)

    def __rtruediv__(self, other: Any) -> Row:
        return _both(_divide, other, self)

    def __pow__(self, other: Any) -> Row:
        return _both(_power, self, other)

    def __gt__(self, other: Any) -> Row:
        return _both(lambda a, b: a > b, self, other)

    def __ge__(self, other: Any) -> Row:
        return _both(lambda a, b: a >= b, self, other)

    def __lt__(self, other: Any) -> Row:
        return _both(lambda a, b: a < b, self, other)

    def __le__(self, other: Any) -> Row:
        return _both(lambda a, b: a <= b, self, other)

    def __eq__(self, other: object) -> Any:
        return _both(lambda a, b: a == b, self, other)

    def __ne__(self, other: object) -> Any:
        return _both(lambda a, b: a != b, self, other)

    def __and__(self, other: Any) -> Row:
        return _both(lambda a, b: bool(a) and bool(b), self, other)

    __hash__ = None  # type: ignore[assignment]


def _both(function: Callable[[Any, Any], Any], a: Any, b: Any) -> Row:
    n = len(a.entries if isinstance(a, Row) else b.entries)
    left = a.entries if isinstance(a, Row) else (a,) * n
    right = b.entries if isinstance(b, Row) else (b,) * n
    return Row(function(p, q) for p, q in zip(left, right, strict=True))


def _divide(a: Number, b: Number) -> Number:
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: Number, b: Number) -> Number:
    try:
        result = a**b
    except ZeroDivisionError:
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
    except OverflowError:
        return math.inf if a > 0 or b % 2 == 0 else -math.inf
    return math.nan if isinstance(result, complex) else result


def _exp(x: Number) -> Number:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _log(x: Number) -> Number:
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def _expm1(x: Number) -> Number:
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


def _sign(x: Number) -> Number:
    return math.nan if math.isnan(x) else float((x > 0) - (x < 0))


def _larger(a: Number, b: Number) -> Number:
    return math.nan if math.isnan(a) or math.isnan(b) else max(a, b)


def _smaller(a: Number, b: Number) -> Number:
    return math.nan if math.isnan(a) or math.isnan(b) else min(a, b)


def _each(function: Callable[[Number], Number]) -> Callable[[Any], Any]:
    return lambda x: Row(map(function, x.entries)) if isinstance(x, Row) else function(x)


def _pair(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: _both(function, a, b) if isinstance(a, Row) or isinstance(b, Row) else function(a, b)


def _where(c: Any, a: Any, b: Any) -> Any:
    if not isinstance(c, Row):
        return a if c else b
    n = len(c.entries)
    left = a.entries if isinstance(a, Row) else (a,) * n
    right = b.entries if isinstance(b, Row) else (b,) * n
    return Row(p if yes else q for yes, p, q in zip(c.entries, left, right, strict=True))


def _reduce(function: Callable[[Iterable[Number]], Number]) -> Callable[..., Number]:
    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Number:
        return function(x.entries) if isinstance(x, Row) else x

    return reduced


class _Plain:
    """`xp` for a value function: what NumPy calls so, on floats and Rows."""

    float64 = float
    exp, log, expm1 = map(staticmethod, (_each(_exp), _each(_log), _each(_expm1)))
    log1p, tanh, sin, cos = map(staticmethod, (_each(math.log1p), _each(math.tanh), _each(math.sin), _each(math.cos)))
    erf, erfc, abs, sign = map(staticmethod, (_each(math.erf), _each(math.erfc), _each(abs), _each(_sign)))
    divide, power = map(staticmethod, (_pair(_divide), _pair(_power)))
    maximum, minimum = map(staticmethod, (_pair(_larger), _pair(_smaller)))
    where = staticmethod(_where)
    sum, max, min = map(staticmethod, (_reduce(sum), _reduce(max), _reduce(min)))
    all = staticmethod(lambda x: all(x.entries) if isinstance(x, Row) else bool(x))


xp = _Plain()
