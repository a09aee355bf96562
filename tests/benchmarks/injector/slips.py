"""Slips of the pen: the number is worked out rightly and written wrongly, in one entry."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.benchmarks.injector.student import Planted
from tests.benchmarks.injector.writing import Random, pick

KINDS = {
    "digit": ("one digit", frozenset({"slip_digit"})),
    "swap": ("two digits swapped", frozenset({"slip_swap"})),
    "sign": ("a lost minus in one entry", frozenset({"slip_sign", "sign"})),
    "point": ("the decimal point moved", frozenset({"slip_point"})),
}


def slip(random: Random, shape: tuple[int, ...], iteration: int, name: str) -> Planted:
    """A slip in an entry drawn by chance; where the written text allows none, it does not show and is drawn again."""
    entry = tuple(int(random.integers(size)) for size in shape)
    way = pick(random, *KINDS)
    seed = int(random.integers(2**31))
    what, kinds = KINDS[way]

    def write(texts: Any) -> Any:
        texts = texts.copy()
        if float(texts[entry]) != 0:  # nobody's pen slips in a 0
            texts[entry] = _WAYS[way](texts[entry], seed)
        return texts

    return Planted(iteration, name, what, kinds, slip=write, entry=tuple(k + 1 for k in entry))


def _digits(text: str) -> list[int]:
    """Where a number's digits stand, an exponent's left out."""
    return [k for k, c in enumerate(text.partition("e")[0]) if c.isdigit()]


def _digit(text: str, seed: int) -> str:
    places = _digits(text)
    place = places[seed % len(places)]
    other = str((int(text[place]) + 1 + seed // 7 % 9) % 10)
    return text[:place] + other + text[place + 1 :]


def _swap(text: str, seed: int) -> str:
    places = _digits(text)
    pairs = [(a, b) for a, b in pairwise(places) if text[a] != text[b] and b == a + 1]
    if not pairs:
        return text
    a, b = pairs[seed % len(pairs)]
    return text[:a] + text[b] + text[a] + text[b + 1 :]


def _sign(text: str, seed: int) -> str:
    return text[1:] if text.startswith("-") else f"-{text}"


def _point(text: str, seed: int) -> str:
    """The same digits with the point a place further left or right: 1.23 → 12.3 or 0.123."""
    number, e, exponent = text.partition("e")
    sign, number = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, point, places = number.partition(".")
    if not point:
        return text
    if seed % 2 and places:
        whole, places = whole + places[0], places[1:]
    else:
        whole, places = whole[:-1], whole[-1] + places
    whole = whole.lstrip("0") or "0"
    return f"{sign}{whole}.{places}{e}{exponent}" if places else f"{sign}{whole}{e}{exponent}"


_WAYS: dict[str, Callable[[str, int], str]] = {"digit": _digit, "swap": _swap, "sign": _sign, "point": _point}
