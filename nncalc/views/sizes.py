"""The table of `shapes`, and the lines of `conv-size`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from nncalc.catalogue.windows import Axis
from nncalc.problem.sizes import Sizes
from nncalc.views.line import Line, width_of

HEADINGS = ("layer", "output", "parameters", "multiply-adds", "sees")
RIGHT = (False, False, True, True, False)
GAP = "  "


def shape_words(shape: Sequence[int]) -> str:
    """8×26×26; a number's is 1."""
    return "×".join(map(str, shape)) or "1"


def sizes_object(sizes: Sizes) -> dict[str, Any]:
    """The JSON of FORMAT.md, section 3."""
    layers = []
    for layer in sizes.layers:
        entry: dict[str, Any] = {"name": layer.name, "layer": layer.layer, "output": list(layer.output)}
        entry["parameters"] = layer.parameters
        if layer.how:
            entry["how"] = layer.how
        entry["multiply_adds"] = layer.multiply_adds
        if layer.receptive_field is not None:
            entry["receptive_field"] = list(layer.receptive_field)
        layers.append(entry)
    titled = {"title": sizes.title} if sizes.title else {}
    totals = {"parameters": sizes.parameters, "multiply_adds": sizes.multiply_adds}
    return {"nncalc": 1, "command": "shapes", **titled, "layers": layers, **totals}


def sizes_view(sizes: Sizes, width: int) -> list[Line]:
    """A row a layer; how its parameters are counted stands beside it, or below where there is no room."""
    rows = [("input", shape_words(sizes.input), "", "", "")]
    for layer in sizes.layers:
        field = "" if layer.receptive_field is None else shape_words(layer.receptive_field)
        numbers = (
            f"{layer.parameters:,}" if layer.parameters else "",
            f"{layer.multiply_adds:,}" if layer.multiply_adds else "",
        )
        rows.append((layer.name, shape_words(layer.output), *numbers, field))
    rows.append(("total", "", f"{sizes.parameters:,}", f"{sizes.multiply_adds:,}", ""))
    widths = [max(map(width_of, column)) for column in zip(HEADINGS, *rows, strict=True)]
    hows = ["", *(f"= {layer.how}" if layer.how else "" for layer in sizes.layers), ""]
    beside = sum(widths) + len(GAP) * len(widths) + max(map(width_of, hows)) <= width
    lines: list[Line] = [[(line, "title")] for line in textwrap.wrap(sizes.title, width)]
    lines += [[]] if lines else []
    lines.append([(_row(HEADINGS, widths), "dim")])
    for i, (row, how) in enumerate(zip(rows, hows, strict=True)):
        text = _row(row, widths)
        style = "bold" if i == len(rows) - 1 else ""
        if how and beside:
            lines.append([(text.ljust(sum(widths) + len(GAP) * len(widths)), style), (how, "dim")])
        else:
            lines.append([(text, style)])
        if how and not beside:
            lines.append([(" " * (widths[0] + len(GAP)) + how, "dim")])
    legend = "sees: how much of the input one entry comes from, its receptive field"
    return [*lines, [], *([(line, "dim")] for line in textwrap.wrap(legend, width, subsequent_indent="  "))]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, RIGHT, strict=True)
    ]
    return GAP.join(padded).rstrip()


def formula(axis: Axis, same: bool) -> str:
    """`⌊(32 + 2 + 2 − 1·(5 − 1) − 1) / 2⌋ + 1 = ⌊31 / 2⌋ + 1 = 16`."""
    if same:
        return f"⌈{axis.size} / {axis.stride}⌉ = {axis.out}"
    sides = f"2·{axis.before}" if axis.before == axis.after else f"{axis.before} + {axis.after}"
    reach = f"{axis.dilation}·({axis.kernel} − 1)"
    room = axis.size + axis.before + axis.after - axis.reach
    return f"⌊({axis.size} + {sides} − {reach} − 1) / {axis.stride}⌋ + 1 = ⌊{room} / {axis.stride}⌋ + 1 = {axis.out}"


def left_over(axis: Axis) -> int:
    """How many entries at the end, padding among them, lie in no window because the stride does not divide the room."""
    return max(axis.size + axis.before + axis.after - (axis.out - 1) * axis.stride - axis.reach, 0)


def conv_size_view(axes: Sequence[Axis], same: bool) -> list[Line]:
    """The result, the formula with its numbers, and what is left over."""
    lines: list[Line] = [[(shape_words([axis.out for axis in axes]), "bold")], []]
    if same:
        lines.append([("output = ⌈input / stride⌉: the padding is whatever that takes", "dim")])
    else:
        lines.append([("output = ⌊(input + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1", "dim")])
    for axis in axes:
        lines.append([(formula(axis, same), "")])
        if same:
            lines.append([(f"  padded by {axis.before} in front and {axis.after} behind", "")])
        elif left_over(axis):
            rest = left_over(axis)
            room = axis.size + axis.before + axis.after - axis.reach
            entries, verb = ("entry", "is") if rest == 1 else (f"{rest} entries", "are")
            where = " of the padded input" if axis.after else ""
            text = f"  {room} / {axis.stride} is not exact: the last {entries}{where} {verb} in no window"
            lines.append([(text, "wrong")])
    return lines
