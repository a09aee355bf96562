"""How far a value may be off because of the rounding of the values that it is worked out from.

Each operation is asked itself: elementwise ones at both ends of what their arguments may be, so that a kink between
them counts too; those that add up products with the sizes of their factors; all others entry by entry. Within one
equation the worst cases add up.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from nncalc.catalogue.operation import broadcast
from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.language.expression import Apply, Const, Expression, Name

if TYPE_CHECKING:
    from nncalc.check.own import Own

# linear in all their arrays together, without a minus between entries
LINEAR = frozenset(
    ("negative", "transpose", "concat", "stack", "index", "scatter", "broadcast", "reshape", "flatten", "sum", "mean",
     "zero_pad", "upsample", "avg_pool1d", "avg_pool2d", "sum_pool1d", "sum_pool2d", "global_avg_pool", "split_heads",
     "merge_heads", "avg_unpool1d", "avg_unpool2d", "sum_unpool1d", "sum_unpool2d")
)  # fmt: skip
# linear in each array by itself
PRODUCTS = frozenset(
    ("matmul", "outer", "conv1d", "conv1d_input", "conv1d_weight", "conv2d", "conv2d_input", "conv2d_weight",
     "conv_transpose2d")
)  # fmt: skip
MOST_TOGETHER = 3  # arguments that are moved together
MOST_TURNS = 400  # entries that are moved one by one; of more, as many groups are


def spread_of(own: Own, iteration: int, expression: Expression) -> Any:
    """The greatest error of each entry that the margins of the names explain; 0.0 where nothing was rounded."""
    if isinstance(expression, Const):
        return 0.0
    if isinstance(expression, Name):
        return own.margin(iteration, expression.id)
    assert isinstance(expression, Apply)
    spreads = [spread_of(own, iteration, argument) for argument in expression.args]
    if not any(np.any(spread) for spread in spreads):
        return 0.0
    arrays = [np.asarray(own.of(iteration, argument)) for argument in expression.args]
    spreads = [np.broadcast_to(spread, array.shape) for spread, array in zip(spreads, arrays, strict=True)]
    entry = operation(expression.op)
    settings = own.settings(iteration, expression)

    def value(*arguments: Any) -> Any:
        return np.asarray(entry.value(xp, *arguments, **settings))

    if expression.op in LINEAR:
        found = np.abs(value(*spreads))
    elif expression.op in PRODUCTS:
        sizes = [np.abs(array) for array in arrays]
        furthest = [size + spread for size, spread in zip(sizes, spreads, strict=True)]
        found = np.abs(value(*furthest) - value(*sizes))
    else:
        whole = np.asarray(own.of(iteration, expression))
        found = np.zeros(whole.shape)
        entrywise = entry.elementwise or entry.shape is broadcast
        for turn in _corners(spreads) if entrywise else _one_by_one(spreads):
            most: Any = 0.0
            for moved in turn:
                end = value(*(array + by for array, by in zip(arrays, moved, strict=True)))
                most = np.fmax(most, np.abs(end - whole))
            found += most
    # an end where there is no value explains nothing
    return np.where(np.isfinite(found), found, 0.0)


def _corners(spreads: list[Any]) -> Iterator[list[list[Any]]]:
    """All arguments at one of their ends each, in every combination; of many, one argument after the other."""
    loose = [i for i, spread in enumerate(spreads) if spread.any()]
    for group in [loose] if len(loose) <= MOST_TOGETHER else [[i] for i in loose]:
        # a condition that is false is true at both its ends
        signs = product((1.0, -1.0, 0.0) if len(group) > 2 else (1.0, -1.0), repeat=len(group))
        yield [
            [combination[group.index(i)] * spread if i in group else 0.0 for i, spread in enumerate(spreads)]
            for combination in signs
        ]


def _one_by_one(spreads: list[Any]) -> Iterator[list[list[Any]]]:
    """One entry of one argument at both of its ends, one after the other."""
    for i, spread in enumerate(spreads):
        places = np.flatnonzero(spread)
        for group in np.array_split(places, min(len(places), MOST_TURNS)) if len(places) else ():
            moved = np.zeros(spread.size)
            moved[group] = spread.ravel()[group]
            moved = moved.reshape(spread.shape)
            yield [[sign * moved if j == i else 0.0 for j in range(len(spreads))] for sign in (1.0, -1.0)]
