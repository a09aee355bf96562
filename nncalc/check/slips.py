"""Slips of the pen: the right number with one digit, two digits, the sign or the decimal point otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from math import isfinite

NOISE = 1e-6  # of a unit: a number so near to the middle between two may be rounded to either
MOST_STEPS = 3.0  # units that the right number may be off
MOST_PLACES = 25  # of a number, before and behind the point, that somebody has in mind
WORDS = {
    "slip_sign": "the sign is lost or turned",
    "slip_point": "the decimal point has moved",
    "slip_swap": "two digits are swapped",
    "slip_digit": "one digit is wrong",
}


def slips(text: str, right: float, spread: float = 0.0) -> tuple[str, ...]:
    """Which slips may have turned the right number into the text.

    right: to be rounded as the text is; spread: how far off it may be itself.
    """
    written = decimal_of(text)
    if written is None or not isfinite(right) or not _within_sight(written, right):
        return ()
    numbers = list(_roundings(written, right, spread))
    if written in numbers:
        return ()
    return tuple(dict.fromkeys(kind for number in numbers for kind in _between(written, number)))


def _within_sight(written: Decimal, right: float) -> bool:
    """Whether both numbers have no more places than a slip of the pen may be seen among."""
    exponent = written.as_tuple().exponent
    assert isinstance(exponent, int)
    highest = max(written.adjusted(), Decimal(right).adjusted() if right else exponent)
    return exponent >= -MOST_PLACES and highest <= MOST_PLACES


def decimal_of(text: str) -> Decimal | None:
    """The number as it is written, its places kept; None for a fraction or a percentage."""
    try:
        return Decimal(text.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".").replace("_", ""))
    except InvalidOperation:
        return None


def _roundings(written: Decimal, right: float, spread: float) -> Iterator[Decimal]:
    """The right number in the places of the text and in those of one digit more or less, as it may be rounded."""
    exponent = written.as_tuple().exponent
    assert isinstance(exponent, int)
    for places in dict.fromkeys((exponent, exponent - 1, exponent + 1)):
        unit = Decimal(1).scaleb(places)
        exact = Decimal(right) / unit
        allowed = Decimal(0.5 + NOISE + min(spread / float(unit), MOST_STEPS))
        first, last = int((exact - allowed).to_integral_value(ROUND_CEILING)), int(exact + allowed // 1 + 1)
        near = [step for step in range(first, last + 1) if abs(step - exact) <= allowed]
        yield from (step * unit for step in sorted(near, key=lambda step: abs(step - exact)))


def _between(written: Decimal, right: Decimal) -> Iterator[str]:
    if written == right:
        return
    if written == -right:
        yield "slip_sign"
        return
    if (written < 0) != (right < 0) and written and right:
        return
    one, other = abs(written), abs(right)
    if one and other and any(one == other.scaleb(shift) for shift in (-3, -2, -1, 1, 2, 3)):
        yield "slip_point"
    if one.as_tuple().exponent == other.as_tuple().exponent:
        yield from _digits(*_aligned(one, other))


def _aligned(one: Decimal, other: Decimal) -> tuple[str, str]:
    """The digits of both as they are written, with as many zeros in front: 0.05 is 005."""
    first, second = ("".join(map(str, number.as_tuple().digits)) for number in (one, other))
    exponent = one.as_tuple().exponent
    assert isinstance(exponent, int)
    length = max(len(first), len(second), 1 - exponent)
    return first.zfill(length), second.zfill(length)


def _digits(first: str, second: str) -> Iterator[str]:
    unlike = [i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if len(unlike) == 1 and len(first) > 1:
        yield "slip_digit"
    if len(unlike) == 2:
        i, j = unlike
        if first[i] == second[j] and first[j] == second[i]:
            yield "slip_swap"
