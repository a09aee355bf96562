"""The page of an operation with an explanation: definition, limits and derivation, line by line as on paper."""

from __future__ import annotations

from nncalc.catalogue.derivation import derivative_in, interval, read, read_equation, vectors_of
from nncalc.catalogue.explanation import Derivation, Explanation, Kink, Limit
from nncalc.catalogue.operation import Operation
from nncalc.language.expression import Apply, Const
from nncalc.views.explain_layout import (
    GAP,
    INDENT,
    ending,
    equation_lines,
    hanging,
    heading,
    section,
    words,
)
from nncalc.views.explain_mistakes import mistakes_of
from nncalc.views.explained_formula import ExplainedFormula
from nncalc.views.line import Line, padded, width_of
from nncalc.views.numbers import read_back


def explanation_view(entry: Operation, explanation: Explanation, *, width: int, digits: int) -> list[Line]:
    """The lines for an operation with its explanation."""
    return _Page(entry, explanation, width, digits).lines()


class _Page:
    def __init__(self, entry: Operation, explanation: Explanation, width: int, digits: int) -> None:
        self.entry, self.explanation = entry, explanation
        self.width, self.digits = width, digits
        self.vectors = vectors_of(explanation)
        self.formula = ExplainedFormula(partial=bool(self.vectors) or entry.target is not None)
        self.subject = self.formula.text(explanation.subject)
        self.variable = self.formula.text(explanation.variable)

    def lines(self) -> list[Line]:
        e = self.explanation
        lines = heading(self.entry.name, self.entry.meaning, self.width)
        lines += section("definition", self._definition())
        lines += section("domain", words(e.domain_reason, self.width), self._interval(e.domain))
        lines += section("range", self._limits(), self._interval(e.range))
        for derivation in e.derivations:
            lines += section(self._title(derivation), self._derivation(derivation))
        for kink in e.kinks:
            lines += section(f"at {self.variable} = {self.formula.text(kink.at)}", self._kink(kink))
        if e.stable:
            stable = equation_lines(self.subject, [self.formula.text(e.stable)], self.width)
            lines += section("computed as", stable + words(e.stable_reason, self.width, "dim"))
        lines += section("it also holds that", [line for fact in e.facts for line in self._fact(fact)])
        lines += section("notes", [line for note in e.notes for line in words(note, self.width)])
        lines += mistakes_of(self.entry, self.width)
        return [*lines, *ending(self.entry.options, self.entry.source, self.width)]

    # --- definition, domain, range -----------------------------------------------------------------------------------

    def _definition(self) -> list[Line]:
        equations = [(name, self.formula.bare(e)) for name, e in map(read_equation, self.explanation.where)]
        own = [right for name, right in equations if name == self.explanation.subject and self.vectors]
        definitions = [self.formula.text(text) for text in self.explanation.definition]
        lines = equation_lines(self.subject, list(dict.fromkeys([*own, *definitions])), self.width)
        before = "with "
        for name, right in equations:
            if name != self.explanation.subject:
                lines += equation_lines(before + self.formula.text(name), [right], self.width)
                before = " " * len(before)
        return lines

    def _interval(self, text: str) -> str:
        found = interval(text)
        shown = ", ".join(self.formula.end(end, self.digits) for end in found.ends)
        return f"{text[0]}{shown}{text[-1]}"

    def _limits(self) -> list[Line]:
        rows = [self._limit(limit) for limit in self.explanation.limits]
        columns = [max(width_of(row[i]) for row in rows) for i in range(3)]
        lines: list[Line] = []
        for *cells, reason in rows:
            shown = GAP.join(padded(cell, column) for cell, column in zip(cells, columns, strict=True) if column)
            beside = f"{INDENT}{shown}{GAP}{reason}"
            if reason and width_of(beside) <= self.width:
                lines.append([(f"{INDENT}{shown}", ""), (f"{GAP}{reason}", "dim")])
            else:
                lines += [[(f"{INDENT}{shown}".rstrip(), "")], *words(reason, self.width, "dim", INDENT * 2)]
        return lines + words(self.explanation.range_reason, self.width)

    def _limit(self, limit: Limit) -> tuple[str, str, str, str]:
        """The point, what its deciding term goes to, what the result goes to, and the reason."""
        name = self.formula.text(limit.of or self.explanation.variable)
        towards = any(text.endswith("inf") for text in (limit.at, limit.value, limit.term_value))
        point = f"{name} {self._sign(limit.at, towards)} {self.formula.end(limit.at, self.digits)}"
        term = f"{self._goes(self.formula.text(limit.term), limit.term_value, towards)}, so" if limit.term else ""
        given = f"for {self._assumption(limit.given)}" if limit.given else ""
        reason = "; ".join(filter(None, (given, limit.reason)))
        return point, term, self._goes(self.subject, limit.value, towards), reason

    def _goes(self, what: str, value: str, towards: bool) -> str:
        return f"{what} {self._sign(value, towards)} {self.formula.end(value, self.digits)}"

    def _assumption(self, given: str) -> str:
        name, value = (part.strip() for part in given.split("="))
        return f"{self.formula.text(name)} = {value}"

    def _sign(self, text: str, towards: bool) -> str:
        """`→` on the way to a point, `=` at it, and `≈` where the number shown is rounded."""
        if towards:
            return "→"
        e = read(text)
        exact = not isinstance(e, Const) or read_back(self.formula.end(text, self.digits)) == e.value
        return "=" if exact else "≈"

    # --- derivations ------------------------------------------------------------------------------------------------

    def _title(self, derivation: Derivation) -> str:
        case = f" for {self.formula.text(derivation.case)}" if derivation.case else ""
        return f"derivative{case}{', ' if derivation.way else ''}{derivation.way}"

    def _derivation(self, derivation: Derivation) -> list[Line]:
        """`left = …` with the `=` signs under each other; left stands above where it leaves too little room."""
        taken = derivative_in(read(derivation.lines[0].expression))
        left = self.formula.slope(self.explanation.subject, taken[1].id if taken else self.explanation.variable)
        steps = [(self.formula.text(line.expression), line.reason) for line in derivation.lines]
        begin = f"{INDENT}{left} = "
        if all(width_of(begin + right) <= self.width for right, _ in steps):
            return self._aligned(begin, steps)
        return [[(f"{INDENT}{left}", "")], *self._aligned(f"{INDENT * 2}= ", steps)]

    def _aligned(self, begin: str, steps: list[tuple[str, str]]) -> list[Line]:
        """The steps, each with its reason at the right, or below it where there is no room."""
        start = width_of(begin)
        room = self.width - start - len(GAP)
        beside = [width_of(right) for right, reason in steps if reason and width_of(right + reason) <= room]
        column = max(beside, default=0)
        lines: list[Line] = []
        before = begin
        for right, reason in steps:
            if reason and width_of(right) <= column and column + width_of(reason) <= room:
                lines.append([(before + padded(right, column), ""), (GAP + reason, "dim")])
            else:
                lines += hanging(before, right, self.width)
                lines += words(reason, self.width, "dim", " " * start + INDENT)
            before = " " * (start - 2) + "= "
        return lines

    def _kink(self, kink: Kink) -> list[Line]:
        slope = self.formula.slope(self.explanation.subject, self.explanation.variable)
        left, right = (self.formula.end(text, self.digits) for text in (kink.left, kink.right))
        return [
            *words(f"{slope} is {left} on the left, {right} on the right", self.width),
            *words(kink.reason, self.width),
        ]

    def _fact(self, text: str) -> list[Line]:
        fact = read(text)
        assert isinstance(fact, Apply)
        left, right = (self.formula.bare(side) for side in fact.args)
        return equation_lines(left, [right], self.width)
