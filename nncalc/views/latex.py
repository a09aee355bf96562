"""Expressions and equations as LaTeX, from the same walk and the same templates' places as the text on the screen.

Names and words of the problem's own are escaped: none of their characters is a command.
"""

from __future__ import annotations

from math import pi

from nncalc.engine.shapes import Shapes
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, Setting, names_in
from nncalc.language.text import ATOM, COMPARISON, POWER, PRODUCT, UNARY
from nncalc.views.numbers import constant
from nncalc.views.rows import row_names
from nncalc.views.symbols import Symbols, latex_escaped
from nncalc.views.typesetter import Piece, Typesetter, column_or_row, index_item, is_one_a_channel

SIGNS = {"−": "-", "·": r"\cdot", "⊙": r"\odot"}


class Latex(Typesetter[str]):
    """The typesetter of LaTeX, for math mode; amsmath's commands only."""

    latex = True

    def name(self, name: str) -> Piece[str]:
        symbol = self.symbols(name)
        return Piece(symbol.latex, POWER if symbol.raised or symbol.quotient else ATOM)

    def constant(self, value: float) -> Piece[str]:
        if value == pi and not self.symbols.is_taken_latex(r"\pi"):
            return Piece(r"\pi", ATOM)
        text = constant(value).replace("−", "-")
        minus = text.startswith("-")
        if "e" in text:
            mantissa, exponent = text.split("e")
            power = f"10^{{{int(exponent)}}}"
            if mantissa in ("1", "-1"):
                return Piece(mantissa[:-1] + power, UNARY if minus else POWER, minus=minus)
            return Piece(rf"{mantissa} \cdot {power}", UNARY if minus else PRODUCT, minus=minus, kind="scale")
        return Piece(text, UNARY if minus else ATOM, minus=minus)

    def parts(self, parts: list[str]) -> str:
        return "".join(parts).replace("−", "-")

    def infix(self, left: str, op: str, right: str, level: int) -> str:
        return f"{left} {SIGNS.get(op, op) or _between(left, right)} {right}".replace("  ", " ")

    def fraction(self, above: Piece[str], below: Piece[str]) -> Piece[str]:
        # the bar does what parentheses would
        return Piece(rf"\frac{{{above.body}}}{{{below.body}}}", POWER)

    def wrapped(self, body: str, square: bool) -> str:
        return rf"\left[{body}\right]" if square else rf"\left({body}\right)"

    def power(self, base: str, exponent: Piece[str]) -> str:
        raised = f"{base}^{{{exponent.body}}}"
        return rf"{self.wrapped(base, False)}^{{{exponent.body}}}" if self.symbols.is_taken_latex(raised) else raised

    def raised_hole(self, before: str, exponent: Piece[str]) -> list[str]:
        return [before, "^{", exponent.body, "}"]

    def turned(self, body: str) -> str:
        return rf"{body}^{{\top}}"

    def remark(self, body: str, words: str) -> str:
        if r"\mathrm" not in words:
            return rf"{body} \;\text{{({words})}}"
        # a setting among the words is no text but mathematics
        parts = [word if word.startswith(r"\mathrm") else rf"\text{{{word}}}" for word in words.split(", ")]
        inside = r",\ ".join(parts)
        return rf"{body} \;\left({inside}\right)"

    def has_bars(self, body: str) -> bool:
        return "|" in body or r"\lVert" in body

    def applied(self, e: Apply) -> Piece[str]:
        if e.op == "exp" and self.symbols.is_taken("e"):
            # the problem has an e of its own
            return Piece(rf"\exp\left({self.argument(e, 0).body}\right)")
        return super().applied(e)

    def index(self, e: Apply) -> Piece[str]:
        inner = self.argument(e, 0)
        if is_one_a_channel(e, self.rank(e.args[0])):
            return inner
        word = column_or_row(e, self.rank(e.args[0]))
        if word:
            return Piece(rf"\operatorname{{{word}}}\left({inner.body}\right)")
        items = e.setting("index")
        assert isinstance(items, tuple)
        body = self.closed(inner, inner.level <= POWER and not isinstance(e.args[0], Name))
        shown = ", ".join(r"\mathrm{None}" if item is None else index_item(item) for item in items)
        return Piece(self.parts([body, f"[{shown}]"]))

    def setting(self, key: str, value: Setting) -> str:
        name = rf"\mathrm{{{latex_escaped(key)}}}"
        return name if value is True else f"{name} = {self.setting_value(value)}"

    def setting_value(self, value: Setting) -> str:
        if isinstance(value, Name):
            return self.symbols.latex(value.id)
        if isinstance(value, str) or value is None or isinstance(value, bool):
            return rf"\mathrm{{{latex_escaped(str(value).lower())}}}"
        return super().setting_value(value).replace("−", "-")


def formula_latex(
    e: Expression,
    symbols: Symbols | None = None,
    shapes: Shapes | None = None,
    rows: frozenset[str] | None = None,
) -> str:
    """The expression in LaTeX, for math mode."""
    return Latex(symbols or Symbols(names_in(e)), shapes, rows).piece(e).body


def equation_latex(
    equation: Equation,
    symbols: Symbols | None = None,
    shapes: Shapes | None = None,
    rows: frozenset[str] | None = None,
) -> str:
    r"""`\bar{h}^{1} = W^{1} x + b^{1}`."""
    symbols = symbols or Symbols((equation.name, *equation.inputs))
    piece = Latex(symbols, shapes, rows).piece(equation.expression)
    right = rf"\left[{piece.body}\right]" if piece.level == COMPARISON else piece.body
    # a shape's sign may stand in text as well as in a formula
    return f"{symbols.latex(equation.name)} = {right}".replace("×", r"\ensuremath{\times}")


def program_latex(program: Program, shapes: Shapes, notation: str = "h") -> list[str]:
    """The program's equations as the lines of an align* environment, their equal signs below each other."""
    names = [name for equation in program.equations for name in (equation.name, *equation.inputs)]
    symbols = Symbols(dict.fromkeys(names), notation, program.loss)
    rows = row_names(program, shapes)
    lines = []
    for equation in program.equations:
        left, right = equation_latex(equation, symbols, shapes, rows).split(" = ", 1)
        lines.append(rf"  {left} &= {right}")
    return [r"\begin{align*}", *(rf"{line} \\" for line in lines[:-1]), lines[-1], r"\end{align*}"]


def _between(left: str, right: str) -> str:
    """A dot where juxtaposition would read as a call or a number: `σ (x)`."""
    if right[:1].isdigit() or right.startswith((r"\left|", r"\left[", r"\left\lVert")) or left.endswith(r"\right|"):
        return r"\cdot"
    last = left.rpartition(" ")[2]
    called = (last.startswith("\\") and last[1:].isalpha()) or last.startswith(r"\mathrm{")
    return r"\cdot" if right.startswith(r"\left(") and called else ""
