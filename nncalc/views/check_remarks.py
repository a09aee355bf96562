"""What stands behind a value that is not simply right: the mistake in a sentence, both equations, the numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from nncalc.check.report import (
    COPIED,
    MISSING,
    SHAPE,
    SHAPED,
    SLIPS,
    TRANSPOSED,
    UNEXPLAINED,
    WRONG,
    Convention,
    Mistake,
    Sentence,
    Verdict,
)
from nncalc.language.equation import Equation
from nncalc.language.text import to_text
from nncalc.views.check_words import counted, kind_words
from nncalc.views.numbers import number
from nncalc.views.values import shape_text
from nncalc.views.writer import Writer

MOST_ENTRIES = 6
MOST_ALTERNATIVES = 4
TURNED_LABEL = "label_base"  # its equation moves entries about, which no student wrote
# An expected number shows so many more places than asked for, at most, to be told from the one given.
MOST_EXTRA = 6


class Remarks(NamedTuple):
    """Writes paragraphs for one report.

    digits: places of numbers that are shown. follows: the value that a mistake's own equation gives from the sheet's
    other values, None where the sheet does not have them all.
    """

    writer: Writer
    digits: int
    follows: Callable[[Mistake], Any]

    def of_mistake(self, mistake: Mistake, verdict: Verdict | None, carried: bool = False) -> list[str]:
        """The mistake's paragraphs. verdict: that of its value, None where the sheet leaves the value out. carried:
        whether the value is worked out from an earlier mistake too."""
        where = "not on the sheet, but it shows: " if verdict is None else self._where(mistake, verdict, carried)
        text = self._worded(mistake.explanation, mistake.kind)
        text += self._both_sides(mistake)
        found = [where + text]
        if verdict is not None:
            found += self._facts(mistake, verdict, carried)
        if mistake.also_at:
            others = [name for name in mistake.also_at if name != mistake.name]
            found.append(f"also at {self.writer.names(others)}" if others else "also in other iterations")
        return [*found, *self._alternatives(mistake)]

    def of_convention(self, convention: Convention) -> str:
        """`right under the sum without the ½; this problem uses ½ Σ(h² − y)²`."""
        text = self.writer.sentence(convention.explanation).rstrip(".")
        text = text if text.startswith("right under") else f"right under {text}"
        if "this problem" in text:
            return text
        return f"{text}; this problem uses {self.writer.side(convention.instead_of)}"

    def of_shape(self, verdict: Verdict) -> str:
        """`found (3×4), expected (4×3)`, `found 2 entries, expected 3`."""
        found, wanted = tuple(verdict.given.shape), tuple(verdict.expected.shape)
        if len(found) == len(wanted) == 1:
            return f"found {counted(found[0], 'entry', 'entries')}, expected {wanted[0]}"
        return f"found {_shape_text(found)}, expected {_shape_text(wanted)}"

    def of_missing(self, verdict: Verdict) -> list[str]:
        """`entry 2`, where not all of the value is missing."""
        missing = _entries(verdict, MISSING)
        if verdict.given is None or len(missing) == verdict.entries.size:
            return []
        return [f"{'entry' if len(missing) == 1 else 'entries'} {_listed(missing)}"]

    def _alternatives(self, mistake: Mistake) -> list[str]:
        found = []
        for other in mistake.alternatives[:MOST_ALTERNATIVES]:
            where = "" if other.name == mistake.name else f"at {self.writer.name(other.name)}, "
            # the entry of a copied number is that of what it was copied from, and the sentence names it
            if other.entry and other.kind != COPIED:
                where += f"{entry_text(other.entry)}: "
            text = self._worded(other.explanation, other.kind)
            if other.equation is not None and self._is_shown(other.kind, other.equation, other.explanation):
                text += f": {self.writer.side(other.equation)}"
            found.append(f"or: {where}{text}")
        more = len(mistake.alternatives) - MOST_ALTERNATIVES
        if more == 1:
            found.append("or one other that gives the same numbers; --json has it")
        elif more > 1:
            found.append(f"or one of {more} others that give the same numbers; --json has them")
        return found

    @staticmethod
    def _is_shown(kind: str, equation: Equation, explanation: Sentence) -> bool:
        """Whether an equation says more than the sentence: not where that has it, nor how a label is turned."""
        return kind != TURNED_LABEL and to_text(equation.expression) not in explanation.parts

    def _worded(self, explanation: Sentence, kind: str) -> str:
        return self.writer.sentence(explanation).rstrip(".") or kind_words(kind)

    def _both_sides(self, mistake: Mistake) -> str:
        """`: (y − h²) / ℓ where this problem has (h² − y) / ℓ`, where the sentence doesn't say so itself."""
        equation, right = mistake.equation, mistake.instead_of
        if equation is None or right is None:
            return ""
        if not any(self._is_shown(mistake.kind, e, mistake.explanation) for e in (equation, right)):
            return ""
        # a sentence that ends in the mistaken equation goes on with the right one
        own = "," if to_text(equation.expression) in mistake.explanation.parts else f": {self.writer.side(equation)}"
        return f"{own} where this problem has {self.writer.side(right)}"

    def _where(self, mistake: Mistake, verdict: Verdict, carried: bool) -> str:
        """`entry 3: ` where little of the value is wrong; for a slip the numbers too, `0.9946, expected 0.9941: `."""
        if mistake.kind in SLIPS:
            at = tuple(i - 1 for i in mistake.entry or ())
            where = f"{entry_text(mistake.entry)}: " if mistake.entry else ""
            if _names_numbers(mistake.explanation):
                return where
            return f"{where}{self._slip(mistake, verdict, at) if carried else self._pair(verdict, at)}: "
        if verdict.verdict == SHAPE or mistake.kind == UNEXPLAINED or mistake.given == mistake.name:
            return ""
        wrong = _entries(verdict, WRONG)
        # a mistake all over the value leaves an entry right here and there, which tells nothing
        if not wrong or 2 * len(wrong) > verdict.entries.size:
            return ""
        return f"{'entry' if len(wrong) == 1 else 'entries'} {_listed(wrong)}: "

    def _facts(self, mistake: Mistake, verdict: Verdict, carried: bool) -> list[str]:
        """The numbers that the sentence doesn't name itself."""
        if mistake.kind in (SHAPED, TRANSPOSED):
            return [self.of_shape(verdict)]
        if _names_numbers(mistake.explanation):
            return []
        if mistake.kind == UNEXPLAINED:
            wrong = _entries(verdict, WRONG)
            lines = [self._entry(verdict, at, carried) for at in wrong[:MOST_ENTRIES]]
            more = len(wrong) - MOST_ENTRIES
            return [*lines, *([f"and {more} more"] if more > 0 else [])]
        if mistake.given and mistake.read is not None:
            where = f", {entry_text(mistake.entry)}," if mistake.entry else ""
            read = number(mistake.read, self._places(mistake.read))
            return [f"{self.writer.name(mistake.given)}{where} was read as {read}"]
        return []

    def _entry(self, verdict: Verdict, at: tuple[int, ...], carried: bool) -> str:
        where = f"{entry_text(tuple(i + 1 for i in at))}: " if at else ""
        return where + self._pair(verdict, at, "; the right value is" if carried else ", expected")

    def _pair(self, verdict: Verdict, at: tuple[int, ...], between: str = ", expected") -> str:
        """`0.9946, expected 0.9941`: the number given as it was written, with places enough to tell them apart."""
        return self._side_by_side(float(verdict.given[at]), float(verdict.expected[at]), between)

    def _side_by_side(self, given: float, expected: float, between: str) -> str:
        places = self._places(given)
        while number(given, places) == number(expected, places) and places < self.digits + MOST_EXTRA:
            places += 1
        return f"{number(given, places)}{between} {number(expected, places)}"

    def _slip(self, mistake: Mistake, verdict: Verdict, at: tuple[int, ...]) -> str:
        """`0.9946 where 0.9941 follows`, as far as the sheet has what it follows from."""
        given = float(verdict.given[at])
        value = self.follows(mistake)
        if value is None or value.shape != verdict.given.shape:
            return number(given, self._places(given))
        return self._side_by_side(given, float(value[at]), " where") + " follows"

    def _places(self, given: float) -> int:
        """As many places as the number was written with, and no fewer than asked for."""
        written = repr(given).partition("e")[0].partition(".")[2]
        return max(self.digits, len(written)) if len(written) <= self.digits + MOST_EXTRA else self.digits


def entry_text(entry: tuple[int, ...]) -> str:
    """`entry 3, 2`."""
    return f"entry {', '.join(map(str, entry))}"


def _entries(verdict: Verdict, wanted: str) -> list[tuple[int, ...]]:
    """Where a verdict's entries are so, counted from 0."""
    if verdict.entries.ndim == 0:
        return [()] if verdict.entries.item() == wanted else []
    return [tuple(map(int, at)) for at in zip(*(verdict.entries == wanted).nonzero(), strict=True)]


def _listed(entries: list[tuple[int, ...]]) -> str:
    """`3`, `1 and 3`, `1, 2; 2, 2 and 5 more`: counted from 1."""
    texts = [", ".join(str(i + 1) for i in at) for at in entries]
    shown, more = texts[:MOST_ENTRIES], len(texts) - MOST_ENTRIES
    between = "; " if len(entries[0]) > 1 else ", "
    if more > 0:
        return f"{between.join(shown)} and {more} more"
    return f"{between.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]


def _names_numbers(sentence: Sentence) -> bool:
    """Whether a number stands in the sentence, or in one of its places."""
    return any(character.isdecimal() for character in _PLACES.sub("", sentence.text)) or any(
        map(_is_number, sentence.parts)
    )


_PLACES = re.compile(r"\{\d*\}")


def _is_number(text: str) -> bool:
    try:
        float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return False
    return True


def _shape_text(shape: tuple[int, ...]) -> str:
    return shape_text(shape) if shape else "a number"
