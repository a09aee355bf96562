"""Numbers as a sheet shows them: so many places, no trailing zeros, a real minus, points under each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, inf, log10

from nncalc.language.text import number_text
from nncalc.views.line import width_of

DIGITS = 4
MINUS = "\N{MINUS SIGN}"
# From here on a number is written with an exponent, and so is one that its places would round to 0.
HUGE = 1e7
# A number put in shows so many digits that count, if it has them, down to this many places.
LEAST_SIGNIFICANT = 2
MOST_PLACES = 8


def number(value: float, places: int = DIGITS, significant: int = LEAST_SIGNIFICANT) -> str:
    """`−0.8`, `6.0836`, `3.2e−06`, `NaN`: rounded to so many places, without trailing zeros.

    significant: the digits that count of one that would round to 0 without being 0.
    """
    size = abs(value)
    if not size < inf:
        return "NaN" if size != size else "∞" if value > 0 else f"{MINUS}∞"
    if size == 0:
        return "0"
    if size >= HUGE:
        return _exponent(value, places)
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in ("0", "-0"):
        return _exponent(value, significant - 1)
    return text.replace("-", MINUS)


def number_put_in(value: float, places: int = DIGITS, extra: int = 0) -> str:
    """As `number`, with `extra` places, and never so few digits that a small input is no longer itself."""
    significant = LEAST_SIGNIFICANT + extra
    text = number(value, places + extra, significant)
    size = abs(value)
    if 0 < size < 1 and "e" not in text:
        enough = significant - 1 - floor(log10(size))
        if places + extra < enough:
            return number(value, enough) if enough <= MOST_PLACES else _exponent(value, significant - 1)
    return text


def constant(value: float) -> str:
    """A number of a formula, as written; one of very many digits with six that count."""
    text = number_text(value)
    if len(text) > 9 and abs(value) < HUGE:
        text = f"{value:.6g}"
    return text.replace("-", MINUS)


def read_back(text: str) -> float:
    """The number that a formatted text stands for."""
    return float(text.replace(MINUS, "-").replace("∞", "inf"))


def aligned(texts: Sequence[str]) -> list[str]:
    """The texts of one column, points under each other, all equally wide."""
    if len(texts) == 1:
        return list(texts)
    before = [_before_point(text) for text in texts]
    after = [len(text) - n for text, n in zip(texts, before, strict=True)]
    left, right = max(before, default=0), max(after, default=0)
    return [" " * (left - n) + text + " " * (right - m) for text, n, m in zip(texts, before, after, strict=True)]


def fixed(values: Sequence[float], digits: int = DIGITS) -> list[str]:
    """The numbers of a table's column, all with as many places as the one that needs most, at most `digits`."""
    places = max((_places_needed(number(v, digits)) for v in values), default=0)
    return [_with_places(value, digits, places) for value in values]


def right_justified(texts: Iterable[str], width: int) -> list[str]:
    """The texts, filled up with blanks on their left."""
    return [" " * (width - width_of(text)) + text for text in texts]


def _exponent(value: float, places: int) -> str:
    mantissa, exponent = f"{value:.{places}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{exponent}".replace("-", MINUS)


def _before_point(text: str) -> int:
    for i, character in enumerate(text):
        if character in ".e":
            return i
    return len(text)


def _places_needed(text: str) -> int:
    return 0 if "e" in text or "." not in text else len(text) - text.index(".") - 1


def _with_places(value: float, digits: int, places: int) -> str:
    text = number(value, digits)
    if "e" in text or not abs(value) < inf:
        return text
    return f"{abs(value) if text == '0' else value:.{places}f}".replace("-", MINUS)
