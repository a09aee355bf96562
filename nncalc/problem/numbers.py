"""Numbers read from their text exactly as written, whatever YAML 1.1 or Python would make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nncalc.errors import DomainError

if TYPE_CHECKING:
    from array import array

LONGEST = 400  # characters; a longer text is no number anybody wrote

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_DECIMAL = rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})"
_NUMBER = re.compile(rf"[+-]?{_DECIMAL}(?:[eE][+-]?{_DIGITS})?")
# The exponents of a fraction are short because it is worked out exactly: 1e999999999/3 would never end.
_TERM = rf"{_DECIMAL}(?:[eE][+-]?[0-9]{{1,3}})?"
_FRACTION = re.compile(rf"([+-]?)({_TERM})\s*/\s*([+-]?)({_TERM})")
_FLOATS = re.compile(r"[-+.eE_0-9 ]*")  # of texts of these characters, float() takes the same as _NUMBER
_INFINITY = float("inf")
_NOT_FINITE = re.compile(r"[+-]?(?:\.?(?:nan|inf|infinity)|∞)", re.IGNORECASE)


def parse_number(text: str) -> float | None:
    """The double nearest to a decimal (`.5`, `1e-3`, `1_000`; `010` is ten) or a fraction (`-2/3`), else None.

    A Unicode minus (U+2212) is a minus; blanks around the number are passed over.
    Raises DomainError for what is a number but not a finite one: `nan`, `.inf`, `1e999`, `1/0`.
    """
    if len(text) > LONGEST:
        return None
    written = text.strip().replace("\N{MINUS SIGN}", "-")
    if _NUMBER.fullmatch(written):
        value = float(written)
        if abs(value) == _INFINITY:
            raise _not_finite(text)
        return value
    fraction = _FRACTION.fullmatch(written)
    if fraction:
        return _quotient(fraction, text)
    if _NOT_FINITE.fullmatch(written):
        raise _not_finite(text)
    return None


def parse_decimals(texts: list[str]) -> array[float] | None:
    """What parse_number makes of each text, fast; None unless all are finite decimals with an ASCII sign or none."""
    from array import array

    if not _FLOATS.fullmatch(" ".join(texts)) or max(map(len, texts), default=0) > LONGEST:
        return None
    try:
        numbers = array("d", map(float, texts))
    except ValueError:
        return None
    return None if _INFINITY in numbers or -_INFINITY in numbers else numbers


def as_setting(number: float) -> float | int:
    """A number as a setting holds it: a whole one, like an axis, as an integer."""
    return int(number) if number == int(number) else number


def _quotient(fraction: re.Match[str], text: str) -> float:
    """Numerator by denominator, as whole numbers, because dividing those rounds once and correctly."""
    sign, above, sign_below, below = fraction.groups()
    (top, top_exponent), (bottom, bottom_exponent) = _exact(above), _exact(below)
    shift = top_exponent - bottom_exponent
    top, bottom = top * _ten_to(shift), bottom * _ten_to(-shift)
    try:
        value: float = top / bottom
    except (ZeroDivisionError, OverflowError):
        raise _not_finite(text) from None
    return -value if (sign == "-") != (sign_below == "-") else value


def _exact(decimal: str) -> tuple[int, int]:
    """(m, e) so that the decimal is m · 10^e."""
    digits, _, exponent = decimal.lower().replace("_", "").partition("e")
    whole, _, places = digits.partition(".")
    return int(whole + places), int(exponent or 0) - len(places)


def _ten_to(power: int) -> int:
    """The power of ten, 1 for a negative one."""
    return int(10 ** max(power, 0))


def _not_finite(text: str) -> DomainError:
    return DomainError(f"{text.strip()} is not a finite number")
