"""Reading the mathematics of an explanation: the language of equations, and `diff(f, x)` beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Expression, Name, Setting, names_in
from nncalc.language.parse import parse_expression


@dataclass(frozen=True, slots=True)
class _Diff:
    """What the parser has to know of `diff`: no operation, but a derivative that a line still has to take."""

    name: str = "diff"
    args: tuple[str, ...] = ("f", "x")
    optional: int = 0
    defaults: dict[str, Setting] = field(default_factory=dict)

    def expected(self, setting: str, value: Setting) -> str:
        return ""


DIFF = _Diff()


def read(text: str) -> Expression:
    """The expression that a text of an explanation stands for. Raises ExpressionError."""
    return parse_expression(text, _lookup)


def read_equation(text: str) -> tuple[str, Expression]:
    """`p = softmax(h)` as the name and its expression."""
    name, expression = text.split("=", 1)
    return name.strip(), read(expression)


def derivative_in(expression: Expression) -> tuple[Expression, Name] | None:
    """(f, x) where the expression is `diff(f, x)`, else None."""
    if not isinstance(expression, Apply) or expression.op != DIFF.name:
        return None
    f, x = expression.args
    assert isinstance(x, Name)
    return f, x


def entry_of(name: str) -> tuple[str, str]:
    """`h_j` as (`h`, `j`): the vector and the entry's letter; another name as (`x`, '')."""
    base, _, letter = name.rpartition("_")
    return (base, letter) if base and letter in ("i", "j") else (name, "")


def vectors_of(explanation: Explanation) -> frozenset[str]:
    """The names that stand for vectors: those of which an entry is named."""
    texts = [explanation.subject, explanation.variable, explanation.derivative, *explanation.definition]
    texts += [line.expression for derivation in explanation.derivations for line in derivation.lines]
    entries = [entry_of(name) for text in texts for name in names_in(read(text))]
    return frozenset(base for base, letter in entries if letter)


def _lookup(name: str) -> Operation | _Diff:
    return DIFF if name == DIFF.name else operation(name)
