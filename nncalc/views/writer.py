"""A problem's names, equations and sentences as `nncalc check` writes them: ∂ℓ/∂h² for h2.grad."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nncalc.catalogue.registry import is_operation, operation
from nncalc.check.report import Sentence
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.shapes import infer
from nncalc.engine.value import value_of
from nncalc.errors import NncalcError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Expression, Name
from nncalc.language.parse import parse_expression
from nncalc.problem.optimizing import setting_shapes, setting_values
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of
from nncalc.views.formula import Formula
from nncalc.views.line import width_of
from nncalc.views.rows import row_names
from nncalc.views.symbols import Symbols

# Stands for the blanks of a formula until its line is found: a formula is not broken where words are.
HARD_BLANK = "\N{NO-BREAK SPACE}"
# The sign of a number in a sentence.
_MINUS = re.compile(r"(?<![\w.)])-(?=[\d.])")


class Writer:
    """Writes what the language has as on paper, in the problem's own notation."""

    def __init__(self, problem: Problem) -> None:
        self.program: Program = program_of(problem, "update" if problem.forward.loss is not None else "forward")
        shapes = infer(self.program, {**problem.shapes, **setting_shapes(problem)})
        names = list(shapes.known)
        self.known = frozenset(names)
        self.symbols = Symbols(names, problem.notation, self.program.loss)
        rows = row_names(self.program, shapes)
        # of the iteration before, everything has the shape that it has in this one
        shapes.known.update({f"{name}.previous": shapes.known[name] for name in names})
        self._formula = Formula(self.symbols, shapes, rows)
        self._equations = {equation.name: equation for equation in self.program.equations}
        self._values = {**problem.values, **setting_values(problem, 1)}
        self._order = {equation.name: i for i, equation in enumerate(self.program.equations)}

    def order(self, name: str) -> int:
        """Where an equation stands among the problem's; in front of all of them is what is given."""
        return self._order.get(name, -1)

    def inputs(self, name: str) -> tuple[str, ...]:
        """The names in the right side of the problem's equation of that name; none for what is given."""
        equation = self._equations.get(name)
        return equation.inputs if equation is not None else ()

    def given(self, name: str) -> Any:
        """A value that the problem gives, or a setting of the optimizer that stays as it is; None for any other."""
        return None if name == "optimizer.t" else self._values.get(name)

    def value(self, equation: Equation, values: Mapping[str, Any]) -> Any:
        """What an equation gives for these values, as an array; None where they don't allow it."""
        try:
            with xp.errstate(all="ignore"):
                return xp.asarray(value_of(equation.expression, values, xp), dtype=xp.float64)
        except NncalcError:
            return None

    def name(self, name: str) -> str:
        """`∂ℓ/∂h²`."""
        return self.symbols.text(name)

    def names(self, names: tuple[str, ...] | list[str]) -> str:
        """`∂ℓ/∂h², ∂ℓ/∂W²`."""
        return ", ".join(map(self.name, names))

    def side(self, equation: Equation) -> str:
        """An equation's right side."""
        return self._hard(self._formula.equation(equation.expression))

    def equation(self, equation: Equation) -> str:
        """`∂ℓ/∂h² = (h² − y) / ℓ`."""
        return f"{self.name(equation.name)}{HARD_BLANK}={HARD_BLANK}{self.side(equation)}"

    def sentence(self, sentence: Sentence) -> str:
        """The sentence with its names and formulas written as on paper."""
        return _MINUS.sub("\N{MINUS SIGN}", sentence.text).format(*map(self.language, sentence.parts))

    def language(self, text: str) -> str:
        """A text of the language, a whole equation or an expression, as on paper; any other text as it is."""
        left, equals, right = text.partition(" = ")
        if equals:
            return f"{self.language(left)} = {self.language(right)}"
        if is_operation(text) and text not in self.known:
            return _as_in_formulas(text)
        try:
            return self._hard(self._written(parse_expression(text, operation)))
        except NncalcError:
            return text

    def _written(self, e: Expression) -> str:
        return self.symbols.text(e.id) if isinstance(e, Name) else self._formula.equation(e)

    @staticmethod
    def _hard(text: str) -> str:
        return text.replace(" ", HARD_BLANK)


def _as_in_formulas(name: str) -> str:
    """An operation's name as its formula has it, where that is a matter of capitals: `ReLU` for relu."""
    template = operation(name).text
    shown = template.removesuffix("({x})") if isinstance(template, str) else name
    return shown if shown.lower() == name.replace("_", "") else name


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns, broken between words, inside a formula only where it is longer
    than a line itself."""
    lines: list[str] = []
    for word in _words(text, width):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return [line.replace(HARD_BLANK, " ") for line in lines]


def _words(text: str, width: int) -> list[str]:
    words: list[str] = []
    for word in text.split(" "):
        if width_of(word) > width:
            words += [part for piece in word.split(HARD_BLANK) for part in _cut(piece, width)]
        elif word:
            words.append(word)
    return words


def _cut(word: str, width: int) -> list[str]:
    """One word that is longer than a line, in pieces that are not."""
    if width_of(word) <= width:
        return [word]
    pieces = [""]
    for character in word:
        if width_of(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces
