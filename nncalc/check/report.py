"""What is said of a sheet: a verdict for each value and entry, the mistakes, the conventions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nncalc.language.equation import Equation

RIGHT, ROUNDED, MISSING, CONVENTION = "right", "rounded", "missing", "convention"
FOLLOWS, SHAPE, WRONG = "follows", "shape", "wrong"
# A value's verdict is its worst entry's; the worst is last.
VERDICTS = (RIGHT, ROUNDED, MISSING, CONVENTION, FOLLOWS, SHAPE, WRONG)
SLIPS = ("slip_digit", "slip_sign", "slip_point", "slip_swap")
UNEXPLAINED, COPIED, SHAPED, TRANSPOSED, SEVERAL = "unexplained", "copied", "shape", "transposed", "several"


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts; `missing` where there is none."""
    return max(verdicts, key=VERDICTS.index, default=MISSING)


class Verdict(NamedTuple):
    """What is said of one value of one iteration.

    entries: an array of words in the value's shape. expected: the right value, float64. given: as read, NaN where an
    entry is not answered; None where the value is missing altogether; of the sheet's own shape where that is wrong.
    """

    iteration: int
    name: str
    verdict: str
    entries: Any
    expected: Any
    given: Any
    points: float = 0.0
    out_of: float = 0.0


class Sentence(NamedTuple):
    """A sentence with places for names and equations' right sides: `{0} was used where {1} belongs`.

    parts: what stands in the places, as texts of the language (`h1.grad`, `(y - h2) / loss`); whoever shows the
    sentence may typeset them.
    """

    text: str
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text.format(*self.parts)


class Alternative(NamedTuple):
    """Another mistake that gives the same numbers. equation: None for a slip, which has its entry, from 1, instead."""

    name: str
    kind: str
    entry: tuple[int, ...] | None
    equation: Equation | None
    explanation: Sentence


class Mistake(NamedTuple):
    """A mistake at its first place.

    equation: what was evidently computed; None for a slip and where nothing fits. instead_of: the right equation.
    entry: of a slip or a copied number, counted from 1. given, read: of a copied number, which array it was read from
    and what was read. also_at: names of the other values where the same was done.
    """

    iteration: int
    name: str
    kind: str
    equation: Equation | None
    instead_of: Equation | None
    explanation: Sentence
    entry: tuple[int, ...] | None = None
    also_at: tuple[str, ...] = ()
    given: str = ""
    read: float | None = None
    alternatives: tuple[Alternative, ...] = ()


class Convention(NamedTuple):
    """A usual convention that the sheet keeps to and the problem does not. name: where it first shows."""

    name: str
    equation: Equation
    instead_of: Equation
    explanation: Sentence


class Report(NamedTuple):
    """All that is said of a sheet. notes: remarks, such as an entry rounded the other way."""

    sheet: str
    right: bool
    points: float
    out_of: float
    unknown: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    mistakes: tuple[Mistake, ...]
    conventions: tuple[Convention, ...]
    notes: tuple[Sentence, ...] = ()


class Unreadable(NamedTuple):
    """A sheet that can't be read, and why."""

    sheet: str
    error: str
