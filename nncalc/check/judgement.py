"""What is found of a sheet, before it is put into words and points."""

from __future__ import annotations

from typing import Any, NamedTuple

from nncalc.check.found import Found
from nncalc.check.own import Key
from nncalc.check.report import UNEXPLAINED, Sentence


class Judged(NamedTuple):
    """One value, judged. entries: words in the value's shape."""

    key: Key
    entries: Any
    expected: Any
    given: Any


class Fault(NamedTuple):
    """One mistake, with every explanation that fits, the likeliest first; none where nothing does.

    kind: `shape` or `transposed` where that is all that is wrong. because: the trivial answer that this one rests on.
    sentence: what is said where no explanation has one.
    """

    key: Key
    found: tuple[Found, ...]
    kind: str = UNEXPLAINED
    because: Key | None = None
    sentence: Sentence | None = None


class Judgement(NamedTuple):
    """All of a sheet.

    wrong: the values that are wrong in themselves or of the wrong shape. remarks: what is said beside it, of numbers
    rounded the other way.
    """

    values: tuple[Judged, ...]
    faults: tuple[Fault, ...]
    wrong: frozenset[Key]
    remarks: tuple[Sentence, ...] = ()
