"""An explanation that the search has found."""

from __future__ import annotations

from typing import NamedTuple

from nncalc.check.own import Key
from nncalc.check.report import Sentence
from nncalc.language.expression import Expression

# An explanation is believed where, of all that are as common or commoner, no more than so many would agree by chance.
BELIEVED = 2.0


class Found(NamedTuple):
    """An explanation: what was done, at which value, and how well it fits.

    expression: what was computed; None for a slip. entry: of a slip or misread number, from 0. strict: whether it
    gives the numbers as they are written, with no more than their own rounding.
    """

    key: Key
    kind: str
    sentence: Sentence
    cost: float
    expression: Expression | None
    strict: bool
    entry: tuple[int, ...] | None = None
    given: str = ""
    read: float | None = None
