"""Expressions and equations as one line of Unicode text: `∂ℓ/∂h² = (h² − y) / ℓ`."""

from __future__ import annotations

from math import pi

from nncalc.engine.shapes import Shapes
from nncalc.language.equation import Equation
from nncalc.language.expression import Expression, names_in
from nncalc.language.text import ATOM, COMPARISON, POWER, UNARY
from nncalc.views.line import width_of
from nncalc.views.numbers import constant
from nncalc.views.run import EMPTINESS, INSIDE, LAST_RESORT
from nncalc.views.symbols import LOWERED, RAISED, Symbols, raised
from nncalc.views.typesetter import Piece, Typesetter


class Formula(Typesetter[str]):
    """The typesetter of Unicode text."""

    def name(self, name: str) -> Piece[str]:
        symbol = self.symbols(name)
        return Piece(symbol.text, POWER if symbol.raised else ATOM, quotient=symbol.quotient)

    def equation(self, e: Expression) -> str:
        """A whole equation's right side: a comparison in brackets, so that `m = [a = b]` has one `=` of its own."""
        piece = self.piece(e)
        return self.closed(piece, piece.level == COMPARISON)

    def constant(self, value: float) -> Piece[str]:
        if value == pi and not self.symbols.is_taken("π"):
            return Piece("π", ATOM)
        text = constant(value)
        level = UNARY if text.startswith("−") else POWER if "e" in text else ATOM
        return Piece(text, level, minus=text.startswith("−"))

    def parts(self, parts: list[str]) -> str:
        return "".join(parts)

    def infix(self, left: str, op: str, right: str, level: int) -> str:
        return f"{left} {op or _between(left, right)} {right}".replace("  ", " ")

    def wrapped(self, body: str, square: bool) -> str:
        return f"[{body}]" if square else f"({body})"

    def power(self, base: str, exponent: Piece[str]) -> str:
        above = raised(exponent.body)
        if not above:
            return f"{base}^{exponent.body if exponent.level == ATOM else self.wrapped(exponent.body, False)}"
        # x2 may be written x²: then the square of x is (x)²
        return f"({base}){above}" if self.symbols.is_taken(base + above) else base + above

    def raised_hole(self, before: str, exponent: Piece[str]) -> list[str]:
        above = raised(exponent.body)
        if above and not (before == "e" and self.symbols.is_taken("e")):
            return [before, above]
        return ["exp(" if before == "e" else f"{before}^(", exponent.body, ")"]

    def remark(self, body: str, words: str) -> str:
        return f"{body} ({words})"

    def has_bars(self, body: str) -> bool:
        return "|" in body or "‖" in body


def formula_text(
    e: Expression,
    symbols: Symbols | None = None,
    shapes: Shapes | None = None,
    rows: frozenset[str] | None = None,
) -> str:
    """The expression on one line. With shapes, a number times an array is told from a product entry by entry."""
    return Formula(symbols or Symbols(names_in(e)), shapes, rows).piece(e).body


def equation_formula(
    equation: Equation,
    symbols: Symbols | None = None,
    shapes: Shapes | None = None,
    rows: frozenset[str] | None = None,
) -> str:
    """`h̄¹ = W¹ x + b¹`. rows: the names of the vectors that stand as rows (rows.row_names)."""
    symbols = symbols or Symbols((equation.name, *equation.inputs))
    return f"{symbols.text(equation.name)} = {Formula(symbols, shapes, rows).equation(equation.expression)}"


def broken(text: str, width: int, indent: str = "  ") -> list[str]:
    """A formula in lines of at most that width, broken at its loosest operators; each begins with the operator."""
    if width_of(text) <= width:
        return [text]
    words = text.split(" ")
    depths = _depths(words)
    lines: list[str] = []
    start = 0
    while start < len(words):
        room = width - (len(indent) if lines else 0)
        end = _line_end(words, depths, start, room)
        line = " ".join(words[start:end])
        if lines:
            # juxtaposition has no sign to begin with
            dot = "· " if _is_juxtaposed(words[start - 1], words[start]) and width_of(line) + 2 <= room else ""
            line = f"{indent}{dot}{line}"
        lines += _cut(line, width, indent)
        start = end
    return lines


def _cut(line: str, width: int, indent: str) -> list[str]:
    """A line without a blank to break it at, cut behind an opening bracket: functions of functions are one word."""
    begun = len(line) - len(line.lstrip())
    cuts = [i for i in range(begun + 1, len(line)) if line[i - 1] == "(" and width_of(line[:i]) <= width]
    if width_of(line) <= width or not cuts:
        return [line]
    return [line[: cuts[-1]], *_cut(indent + line[cuts[-1] :], width, indent)]


_SIGNS = "+−·⊙/=><≥≤≠,;→"
# What is no factor: a condition, and what a remark behind a formula begins with.
_NO_FACTORS = ("where", "else", "(each", "(mean", "(sum")


def _is_juxtaposed(before: str, first: str) -> bool:
    """Whether nothing but a blank between two words says that they are multiplied."""
    return first[0] not in _SIGNS and before[-1] not in _SIGNS and not _is_word(before) and first not in _NO_FACTORS


def _line_end(words: list[str], depths: list[int], start: int, room: int) -> int:
    used, end = 0, start
    while end < len(words):
        used += width_of(words[end]) + (end > start)
        if used > room and end > start:
            break
        end += 1
    if end == len(words):
        return end
    best, least, used = end, float("inf"), width_of(words[start])
    for i in range(start + 1, end + 1):
        cost = depths[i] + EMPTINESS * (1 - used / room)
        if cost <= least:
            best, least = i, cost
        used += 1 + width_of(words[i])
    return best


def _depths(words: list[str]) -> list[int]:
    """How deep the blank before each word lies: brackets count most, then how tightly the operator binds."""
    depth, depths = 0, []
    for i, word in enumerate(words):
        before = words[i - 1] if i else ""
        # an operator or a name alone on a line would tell nothing
        alone = before in _TIGHTNESS or before.rpartition("(")[2] in _PREFIXES or (word == "=" and i == 1)
        sign = LAST_RESORT if alone else _TIGHTNESS.get(word, 5 if before[-1:] in (",", ";") else 8)
        depths.append(INSIDE * depth + sign)
        depth += sum(word.count(c) for c in "([") - sum(word.count(c) for c in ")]")
    return depths


_TIGHTNESS = {"=": 0, "→": 0, ">": 1, "≥": 1, "<": 1, "≤": 1, "≠": 1, "+": 2, "−": 2, "⊙": 6, "·": 6, "/": 6}


# Words that take what follows as their argument, and those of remarks and settings.
_PREFIXES = ("ln", "−ln", "log₂", "log₁₀", "Σ", "−Σ")
_WORDS = (*_PREFIXES, "where", "else", "each", "over", "the", "mean", "sum", "to", "of")


def _is_word(word: str) -> bool:
    """Whether nothing is multiplied by what stands before a blank."""
    return word.lstrip("(") in _WORDS


def _between(left: str, right: str) -> str:
    """What juxtaposition needs between two factors so that it reads as a product."""
    first, last = right[:1], left[-1:]
    if first.isdigit() or first in "[|‖" or last in "|‖":
        return "·"
    if first != "(":
        return "·" if left.rpartition(" ")[2] in ("ln", "e") else ""
    # `σ (x)` and `score (x)` would be read as functions of x; `W¹ (x)` and `A (x)` as products
    word = left.rpartition(" ")[2].rpartition("(")[2]
    called = (len(word) > 1 or not word.isascii()) and word.isidentifier() and last not in _NO_LETTERS
    return "·" if called else ""


# What ends a name that can't be taken for a function's.
_NO_LETTERS = frozenset(("ᵀ", *RAISED.values(), *LOWERED.values()))
