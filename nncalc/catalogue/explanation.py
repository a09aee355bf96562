"""What `explain` tells of an operation, as data: tests check every claim numerically."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """What the function does towards a point (`-inf`, `0`, `inf`): the value there, and why."""

    towards: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a derivation: an expression of the language, equal to the line before, and the reason why.

    of: the expression whose derivative by x this line still has to take, as in d/dx (1 + e⁻ˣ)⁻¹; the line then is
    `factor` times it. Where `of` is empty, the line is `expression`.
    """

    expression: str
    reason: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Definition, domain, range with its reason, and derivative, each in the language of equations.

    low, high: the range's ends as text (`-inf`, `0`); closed: whether each end is taken.
    """

    definition: str
    domain: str
    low: str
    high: str
    closed: tuple[bool, bool]
    limits: tuple[Limit, ...]
    derivation: tuple[Line, ...]
    derivative: str
    note: str = ""
