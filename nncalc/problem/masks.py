"""Masks of true and false: where scores are masked, what is added to them instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Expression, Name, walk
from nncalc.problem.tree import Scalar, Sequence, Value


def is_mask(value: Value) -> bool:
    """Whether a value of the file is wholly true and false, as its first entry tells: the reader lets nothing mix."""
    while isinstance(value, Sequence) and len(value):
        value = value.item(0)
    return isinstance(value, Scalar) and value.boolean is not None


def to_add(mask: Any) -> Any:
    """What is added to scores for a mask of 1 (may be seen) and 0: 0 and −∞, as it stands on paper."""
    import numpy as np

    return np.where(mask != 0, 0.0, -np.inf)


def added_names(expressions: Iterable[Expression]) -> Iterator[str]:
    """The names that stand as a mask of scores in an expression."""
    for expression in expressions:
        for node in walk(expression):
            if isinstance(node, Apply):
                added = {option.name for option in operation(node.op).options if option.added}
                yield from (value.id for key, value in node.settings if key in added and isinstance(value, Name))
