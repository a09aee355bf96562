"""What was done where a value has another shape than it should: a padding left out, an output size miscounted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from nncalc.catalogue.registry import operation
from nncalc.catalogue.windows import Axis
from nncalc.check.edit import Edit
from nncalc.check.match import Written
from nncalc.check.own import UNUSABLE, Key, Own
from nncalc.check.possibilities import Possibilities
from nncalc.check.report import Sentence
from nncalc.language.expression import Apply, walk

SIZES = {
    "no_one": "the output has the size of (n + 2p − k) / s, without the + 1",
    "one_padding": "the padding is counted on one side, p for 2p, in the output's size",
    "ceiling": "the output's size is rounded up where it is rounded down",
    "floor": "the output's size is rounded down where it is rounded up",
}


def edit_of_shape(possibilities: Possibilities, own: Own, key: Key, written: Written) -> Edit | None:
    """The commonest change of the equation that gives the sheet's shape and its numbers."""
    for edit in possibilities.of_shape(key[1], written.value.shape, key[0] > 1):
        with suppress(*UNUSABLE):
            if written.near(own.of(key[0], edit.expression)).all():
                return edit
    return None


def miscounted(own: Own, key: Key, shape: tuple[int, ...]) -> Sentence | None:
    """How the size of a window operation's result was miscounted, if that explains the shape."""
    shapes = own.course.shapes
    for node in walk(own.equation(key)):
        if not isinstance(node, Apply):
            continue
        entry = operation(node.op)
        if entry.window is None:
            continue
        with suppress(*UNUSABLE):
            sizes = [shapes(argument) for argument in node.args]
            axes = entry.window(*sizes, **entry.settings(node.settings))
            right = shapes(own.equation(key))
            if len(shape) != len(right) or shape[: -len(axes)] != right[: -len(axes)]:
                continue
            for kind, words in SIZES.items():
                if all(size in _sizes(axis, kind) for size, axis in zip(shape[-len(axes) :], axes, strict=True)):
                    return Sentence(words)
    return None


def _sizes(axis: Axis, kind: str) -> Iterator[int]:
    """The output's size by a wrong formula."""
    room = axis.size + axis.before + axis.after - axis.reach
    if kind == "no_one":
        yield room // axis.stride
    elif kind == "one_padding":
        yield (room - axis.after) // axis.stride + 1
    elif kind == "ceiling":
        yield -(-room // axis.stride) + 1
    else:
        yield room // axis.stride + 1
