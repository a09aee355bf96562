"""A number as a student writes it: its value, and how exact it claims to be."""

from __future__ import annotations

import re
from functools import lru_cache
from math import ulp
from typing import NamedTuple

from nncalc.problem.numbers import LONGEST, parse_number

_DECIMAL = re.compile(r"[+-]?[0-9_]*(\.?)([0-9_]*)(?:[eE]([+-]?[0-9_]+))?")
_COMMA = re.compile(r"([+-]?[0-9]*),([0-9]+(?:[eE][+-]?[0-9]+)?)")
# 1,018 is a thousand and eighteen in one country and a little more than one in another
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_MOST = 400  # decimal places; no double has a digit further to the right


class AmbiguousError(ValueError):
    """A comma that may be a decimal comma or one between thousands."""


class Number(NamedTuple):
    """unit: the power of ten that the last written digit counts, None for a fraction, which is exact.

    whole: an integer says nothing of its places, and claims those of the numbers around it; its unit is for where
    there are none.
    """

    value: float
    unit: int | None
    whole: bool = False


@lru_cache(maxsize=8192)
def read_written(text: str, comma: bool = False) -> Number | None:
    """A decimal or fraction as in a problem file; also with a decimal comma or a percent sign; None for anything else.

    comma: whether a comma is known to be a decimal comma, also that of `1,018`. Raises AmbiguousError for `1,018` where
    it is not, DomainError for what is not finite.
    """
    if len(text) > LONGEST:
        return None
    body = text.strip().replace("\N{MINUS SIGN}", "-")
    shift = 0
    if body.endswith("%"):
        body, shift = body[:-1].rstrip(), 2
    if "," in body:
        if not comma and _EITHER.fullmatch(body):
            raise AmbiguousError(text)
        body = _COMMA.sub(r"\1.\2", body) if _COMMA.fullmatch(body) else body
    value = parse_number(body)
    if value is None:
        return None
    if shift:
        value /= 100
    found = _DECIMAL.fullmatch(body)
    if found is None:
        return Number(value, None)
    point, places, exponent = found.groups()
    digits = len(places.replace("_", "")) if point else 0
    power = max(int(exponent or 0), -_MOST)
    if value == 0:  # 0e5 is 0, and does not claim to be within fifty thousand
        power = min(power, 0)
    return Number(value, power - digits - shift, not digits and (exponent is None or (value == 0 and power == 0)))


def has_decimal_comma(text: str) -> bool:
    """Whether there is a comma in the number that can't be one between thousands."""
    body = text.strip().replace("\N{MINUS SIGN}", "-").removesuffix("%").rstrip()
    return len(text) <= LONGEST and bool(_COMMA.fullmatch(body)) and not _EITHER.fullmatch(body)


def margin_of(number: Number, claimed: int | None) -> float:
    """How far off the number may be: half a unit of its last digit; for an integer, of the places it claims, if any.

    At least a double's spacing, since a number of 17 digits is no more exact than that.
    """
    unit = number.unit
    if unit is None:
        return 0.0
    if number.whole and claimed is not None:
        unit = claimed
    return max(_half(unit), ulp(number.value))


@lru_cache(maxsize=1024)
def _half(unit: int) -> float:
    return float(f"5e{unit - 1}")
