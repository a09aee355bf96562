"""What was done where a value has another shape than it should: a padding left out, an output size miscounted."""

from __future__ import annotations

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
    """How the size of a window operation's result was miscounted, if that explains the shape; each way that does."""
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
            found = tuple(zip(shape[-len(axes) :], axes, strict=True))
            ways = [words for kind, words in SIZES.items() if all(_size(axis, kind) == size for size, axis in found)]
            if ways:
                return Sentence("; or ".join(ways))
    return None


def _size(axis: Axis, kind: str) -> int | None:
    """The output's size by a wrong formula; None where it is not to be had."""
    room = axis.size + axis.before + axis.after - axis.reach
    if kind == "no_one":
        return room // axis.stride
    if kind == "one_padding":
        return (room - axis.after) // axis.stride + 1 if axis.after else None
    if kind == "ceiling":
        return -(-room // axis.stride) + 1
    return room // axis.stride + 1
