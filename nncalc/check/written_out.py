"""Operations written out: `l2(h2, y)` as the root of a sum of squares, where a sign or a root can be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from nncalc.catalogue.derivation import entry_of, read
from nncalc.catalogue.index import LOSSES
from nncalc.catalogue.registry import operation
from nncalc.check.edit import places
from nncalc.engine.shapes import Shapes
from nncalc.errors import NncalcError
from nncalc.language.expression import Apply, Const, Expression, Name, substitute

REDUCTIONS = ("sum", "mean", "max", "norm")
FURTHER = ("softmax", "log_softmax", "norm", "var", "mean")


def written_out(expression: Expression, shapes: Shapes) -> Iterator[Expression]:
    """The expression with one of its operations written out, in each way that its definition can be meant.

    A definition speaks of one example; in a batch its sums go along the last axis. Whoever asks has to see which of
    them agrees with the expression.
    """
    for node, put, _ in places(expression):
        if isinstance(node, Apply) and (node.op in LOSSES or node.op in FURTHER):
            for definition in _definitions(node, shapes):
                yield put(definition)
                yield put(substitute(definition, _along_last))


def _definitions(node: Apply, shapes: Shapes) -> Iterator[Expression]:
    entry = operation(node.op)
    explanation = entry.explanation
    if explanation is None:
        return
    shape = shapes(node.args[0])
    numbers = {"n": shape[-1] if shape else 1, **entry.settings(node.settings)}
    stands_for: dict[str, Expression] = {
        name: Const(float(value))
        for name, value in numbers.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    stands_for |= dict(zip(entry.args, node.args, strict=False))
    if len(node.args) > 1:
        stands_for["y"] = node.args[1]
    stands_for[entry_of(explanation.variable)[0]] = node.args[0]
    for text in explanation.definition:
        try:
            yield substitute(read(text), partial(_meant, stands_for))
        except NncalcError:
            continue


def _meant(stands_for: Mapping[str, Expression], node: Expression) -> Expression | None:
    return stands_for.get(node.id) if isinstance(node, Name) else None


def _along_last(node: Expression) -> Expression | None:
    if isinstance(node, Apply) and node.op in REDUCTIONS and not node.settings:
        inner = tuple(substitute(argument, _along_last) for argument in node.args)
        return Apply(node.op, inner, (("axis", -1),))
    return None
