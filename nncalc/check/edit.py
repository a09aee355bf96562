"""A changed equation: what was done, how it is said, and how common it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from nncalc.check.report import Sentence
from nncalc.language.expression import Apply, Const, Expression
from nncalc.language.text import to_text

Put = Callable[[Expression], Expression]


class Edit(NamedTuple):
    """One change of an equation's right side.

    cost: how uncommon the mistake is; the search asks for the smallest that explains the numbers.
    """

    kind: str
    expression: Expression
    sentence: Sentence
    cost: float


def said(text: str, *parts: Expression) -> Sentence:
    return Sentence(text, tuple(to_text(part) for part in parts))


def places(expression: Expression, put: Put | None = None) -> Iterator[tuple[Expression, Put, tuple[str, ...]]]:
    """Every node, how to put another in its place, and the operations around it, the outermost first."""
    yield from _places(expression, put or (lambda node: node), ())


def _places(node: Expression, put: Put, around: tuple[str, ...]) -> Iterator[tuple[Expression, Put, tuple[str, ...]]]:
    yield node, put, around
    if isinstance(node, Apply):
        for i, argument in enumerate(node.args):
            yield from _places(argument, _inside(node, i, put), (*around, node.op))


def _inside(node: Apply, i: int, put: Put) -> Put:
    def replaced(argument: Expression) -> Expression:
        return put(Apply(node.op, (*node.args[:i], argument, *node.args[i + 1 :]), node.settings))

    return replaced


def negated(expression: Expression) -> Expression:
    """The expression with its sign turned, as somebody would write it: a difference is turned round."""
    if isinstance(expression, Const):
        return Const(-expression.value)
    if isinstance(expression, Apply):
        first = expression.args[0]
        if expression.op == "negative":
            return first
        if expression.op == "subtract":
            return expression.args[1] - first
        if expression.op in ("multiply", "divide", "mean", "sum", "matmul", "outer", "transpose") and _turns(first):
            return Apply(expression.op, (negated(first), *expression.args[1:]), expression.settings)
    return -expression


def _turns(expression: Expression) -> bool:
    """Whether turning the sign of the expression needs no minus in front of it."""
    if not isinstance(expression, Apply):
        return False
    return expression.op in ("negative", "subtract") or (
        expression.op in ("multiply", "divide") and _turns(expression.args[0])
    )
