"""Reading the mathematics of an explanation: the language of equations, and `diff(f, x)` beside it."""

from __future__ import annotations

from typing import Any, NamedTuple

from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.operation import Operation, broadcast
from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Expression, Name, names_in
from nncalc.language.parse import parse_expression


def _no_value(*_: Any) -> Any:
    raise NotImplementedError("a derivative still to be taken is no function of numbers")


# An operation for the parser's eyes only: it stands in no index, and no equation can use it.
DIFF = Operation(
    name="diff",
    args=("f", "x"),
    value=_no_value,
    shape=broadcast,
    text="d/d{x} {f:power}",
    latex=r"\frac{{d}}{{d {x}}} {f:power}",
    meaning="the derivative of f by x, still to be taken",
    source="",
)


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


def _lookup(name: str) -> Operation:
    return DIFF if name == DIFF.name else operation(name)


class Interval(NamedTuple):
    """The ends of a domain or range as text, and whether each belongs to it; or, as a set, its few values."""

    ends: tuple[str, ...]
    closed: tuple[bool, bool]
    is_set: bool = False


def interval(text: str) -> Interval:
    """`(0, 1]`, `[0, inf)` or `{0, 1}`, taken apart."""
    ends = tuple(end.strip() for end in text[1:-1].split(","))
    return Interval(ends, (text[0] in "[{", text[-1] in "]}"), text[0] == "{")
