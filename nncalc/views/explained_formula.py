"""The typesetting of explanations: entries of vectors, derivatives still to be taken, products as on paper."""

from __future__ import annotations

from nncalc.catalogue.derivation import derivative_in, entry_of, read
from nncalc.language.expression import Apply, Const, Expression, Name, walk
from nncalc.language.text import ATOM, POWER, PRODUCT, UNARY
from nncalc.views.formula import Formula
from nncalc.views.numbers import number
from nncalc.views.symbols import Symbols, lowered
from nncalc.views.typesetter import Piece

CAPITAL_GREEK = {"Phi": "Φ"}


class ExplainedFormula(Formula):
    """Formulas with `h_i` as hᵢ, and `diff(f, x)` as d/dx f, or as ∂/∂x f where there are several variables.

    Every product is of numbers or goes entry by entry, so factors just stand side by side.
    """

    def __init__(self, partial: bool) -> None:
        super().__init__(Symbols())
        self.d = "∂" if partial else "d"

    def text(self, text: str) -> str:
        """A text of an explanation, typeset."""
        return self.bare(read(text))

    def bare(self, e: Expression) -> str:
        """The expression; a choice of cases without the parentheses around it."""
        body = self.piece(e).body
        return body[1:-1] if isinstance(e, Apply) and e.op == "where" else body

    def end(self, text: str, digits: int) -> str:
        """A point or a value: ∞, a number of so many places, or a formula."""
        if text in ("inf", "-inf"):
            return "∞" if text == "inf" else "−∞"
        e = read(text)
        return number(e.value, digits) if isinstance(e, Const) else self.bare(e)

    def slope(self, subject: str, variable: str) -> str:
        """`d/dx σ(x)` or `∂pᵢ/∂hⱼ`: the derivative as it is called."""
        return self.slope_of(read(subject), Name(variable))

    def slope_of(self, f: Expression, x: Name) -> str:
        """The derivative of any expression, as it is called."""
        return self._diff(f, x).body

    # --- what differs from other formulas ---------------------------------------------------------------------------

    def name(self, name: str) -> Piece[str]:
        base, letter = entry_of(name)
        if letter:
            return Piece(self.name(base).body + lowered(letter), ATOM)
        return Piece(CAPITAL_GREEK[name], ATOM) if name in CAPITAL_GREEK else super().name(name)

    def piece(self, e: Expression) -> Piece[str]:
        taken = derivative_in(e)
        if taken:
            return self._diff(*taken)
        if isinstance(e, Apply) and e.op == "multiply" and isinstance(e.args[0], Name) and e.args[0] == e.args[1]:
            return super().piece(e.args[0] ** 2)
        piece = super().piece(e)
        if isinstance(e, Apply) and e.op == "negative":
            return self._negative(self.argument(e, 0), piece)
        if isinstance(e, Apply) and e.op == "sqrt":
            # its argument ends with the line or the parenthesis over it
            return Piece(piece.body, POWER)
        return piece

    def times(self, e: Apply, left: str, right: str) -> str:
        return "·" if any(derivative_in(node) for node in walk(e.args[1])) else ""

    def infix(self, left: str, op: str, right: str, level: int) -> str:
        if op or right[0].isdigit() or right[0] in "[|‖" or left[-1] in "|‖" or left == "0":
            return f"{left} {op or '·'} {right}"
        last = left.rpartition(" ")[2]
        if last.isascii() and last.isalpha() and len(last) > 1:
            return f"{left} · {right}"
        # 2x, 2e⁻²ˣ, (a + b)(a − b)
        joined = (left[-1].isdigit() and not right.startswith("exp(")) or (left[-1] == ")" and right[0] == "(")
        return f"{left}{'' if joined else ' '}{right}"

    def raised_hole(self, before: str, exponent: Piece[str]) -> list[str]:
        # an entry's index can't be raised, and exp(hᵢ) and Σ exp(h) had better look alike
        return super().raised_hole(before, exponent) if self.d == "d" else ["exp(", exponent.body, ")"]

    def fraction(self, above: Piece[str], below: Piece[str]) -> Piece[str]:
        """`1/2`, `x/√2`, and with blanks where a part is longer; a sum below needs no parentheses."""
        prefix = below.kind == "prefix" and below.body.startswith("Σ")
        piece = super().fraction(above, below._replace(level=ATOM, open=False) if prefix else below)
        upper, _, lower = piece.body.partition(" / ")
        short = piece.body.count(" / ") == 1 and " " not in upper and (" " not in lower or lower[0] == "(")
        return piece._replace(body=f"{upper}/{lower}" if short else piece.body, open=prefix)

    def _negative(self, of: Piece[str], piece: Piece[str]) -> Piece[str]:
        """−Σ y ln p, −a b: the minus of a product stands before its first factor."""
        if of.level < PRODUCT or of.minus or of.kind not in ("prefix", "scale", "divide"):
            return piece._replace(quotient=of.quotient)
        return Piece(f"−{of.body}", UNARY, minus=True, open=of.open, quotient=of.quotient)

    def _diff(self, f: Expression, x: Name) -> Piece[str]:
        by = f"{self.d}{self.name(x.id).body}"
        if isinstance(f, Name) and f != x:
            return Piece(f"{self.d}{self.name(f.id).body}/{by}", POWER, quotient=True)
        of = self.piece(f)
        alone = of.level >= POWER or of.kind == "prefix"
        return Piece(f"{self.d}/{by} {self.closed(of, not alone)}", PRODUCT, open=True, quotient=True, kind="prefix")
