"""`shapes` and `conv-size`: how large everything becomes, without computing anything."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, File, Json
from nncalc.errors import ShapeError, UsageError


def shapes(file: File = None, json: Json = False, digits: Digits = PLACES) -> None:
    """Each layer's output shape, its parameters and how they are counted, its multiply-adds and its receptive field.

    Sizes are enough: 'input_shape: [1, 28, 28]' in place of the inputs, 'weights: {shape: [8, 1, 3, 3]}' of weights.

    Example:
    nncalc shapes problem.yaml
    nncalc shapes problem.yaml --json | jq .parameters
    """
    from nncalc.cli.source import telling_how_to_get_data, text_of
    from nncalc.problem.sizes import sizes_of
    from nncalc.views.sizes import sizes_object, sizes_view

    text = text_of(file)
    with telling_how_to_get_data(file, text[0]):
        found = sizes_of(*text)
    if json:
        output.print_json(sizes_object(found))
    else:
        output.print_lines(sizes_view(found, output.width()))


Sizes = Annotated[
    list[str], typer.Argument(metavar="SIZE...", show_default=False, help="The input's size, or one for each axis.")
]


def conv_size(
    sizes: Sizes,
    kernel: Annotated[
        str, typer.Option("--kernel", metavar="K", show_default=False, help="The kernel's size, or 5,3.")
    ],
    stride: Annotated[str, typer.Option("--stride", metavar="S", help="How far windows are from each other.")] = "1",
    padding: Annotated[
        str, typer.Option("--padding", metavar="P", help="Zeros on both sides, or 'same', or 'valid'.")
    ] = "0",
    dilation: Annotated[
        str, typer.Option("--dilation", metavar="D", help="How far a window's entries are apart.")
    ] = "1",
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """The size of a convolution's or a pool's result, with the formula, along one axis or several.

    Example:
    nncalc conv-size 32 --kernel 5 --stride 2 --padding 2
    nncalc conv-size 28 20 --kernel 5,3 --padding same
    """
    from nncalc.catalogue.windows import axes_of
    from nncalc.views.sizes import conv_size_view, formula, left_over

    whole = _numbers(",".join(sizes), "SIZE", 1)
    d = len(whole)
    settings: dict[str, Any] = {
        "stride": _for_each(_numbers(stride, "--stride", 1), d, "--stride"),
        "dilation": _for_each(_numbers(dilation, "--dilation", 1), d, "--dilation"),
        "padding": padding
        if padding in ("same", "valid")
        else _for_each(_numbers(padding, "--padding", 0), d, "--padding"),
    }
    try:
        axes = axes_of(whole, _for_each(_numbers(kernel, "--kernel", 1), d, "--kernel"), **settings)
    except ShapeError as error:
        raise UsageError(error.message, label=error.label) from None
    same = padding == "same"
    if json:
        found = {"output": [axis.out for axis in axes], "exact": not any(map(left_over, axes)) or same}
        text = "; ".join(formula(axis, same) for axis in axes)
        output.print_json({"nncalc": 1, "command": "conv-size", **found, "formula": text})
    else:
        output.print_lines(conv_size_view(axes, same))


def _numbers(text: str, what: str, least: int) -> tuple[int, ...]:
    """`5` or `5,3` or `5×3` as whole numbers. Raises UsageError."""
    parts = text.replace("×", ",").replace("x", ",").split(",")
    if not all(part.strip().isdecimal() and part.strip().isascii() and int(part) >= least for part in parts):
        word = " or 'same' or 'valid'" if what == "--padding" else ""
        raise UsageError(
            f"{what} can't be {text}",
            label=f"expected a whole number of {least} or more, one for each axis (5,3){word}",
        )
    return tuple(int(part) for part in parts)


def _for_each(numbers: tuple[int, ...], d: int, what: str) -> tuple[int, ...]:
    if len(numbers) not in (1, d):
        raise UsageError(f"{what} has {len(numbers)} numbers", label=f"expected one, or one for each of {d} axes")
    return numbers * d if len(numbers) == 1 else numbers
