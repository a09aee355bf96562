"""Convolution layers: a kernel for each channel that comes out, laid on every window of the input."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nncalc.catalogue.convolution import OPTIONS, OUTPUT_PADDING
from nncalc.catalogue.layer import Block, Layer, Parameter, count_of
from nncalc.catalogue.operation import Option, Shape
from nncalc.language.expression import Apply, Expression

IMAGE = "an image, (channels, height, width)"
SIGNAL = "(channels, length)"


def stated(b: Block, options: tuple[Option, ...]) -> tuple[tuple[str, object], ...]:
    """The layer's settings that differ from their defaults, as its operation takes them."""
    return tuple(
        (option.name, b.options[option.name]) for option in options if b.options[option.name] != option.default
    )


def _convolution(op: str, d: int, options: tuple[Option, ...]) -> Callable[[Block], None]:
    def block(b: Block) -> None:
        linear: Expression = Apply(op, (b.x, b.name("W")), stated(b, options))  # type: ignore[arg-type]
        if "bias" in b.given:
            # one number a channel
            bias = b.parameter("b", (b.shape_of(linear)[-d - 1],))
            linear = linear + bias[(slice(None), *(None,) * d)]
        b.linear(linear)

    return block


def _how(shapes: Mapping[str, Shape]) -> str:
    out, channels, *sizes = shapes["weights"]
    return count_of((*sizes, channels), out, "bias" in shapes)


def _how_transposed(shapes: Mapping[str, Shape]) -> str:
    inputs, out, *sizes = shapes["weights"]
    bias = f" + {shapes['bias'][0]}" if "bias" in shapes else ""
    return count_of((*sizes, inputs), out, bias=False) + bias


def _layer(op: str, d: int, options: tuple[Option, ...], meaning: str, source: str) -> Layer:
    return Layer(
        name=op,
        parameters=(Parameter("weights", "W", d + 2, required=True), Parameter("bias", "b", None)),
        options=options,
        takes_activation=True,
        example=IMAGE if d == 2 else SIGNAL,
        example_rank=d + 1,
        block=_convolution(op, d, options),
        how=_how_transposed if op == "conv_transpose2d" else _how,
        meaning=meaning,
        source=source,
    )


GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning, section 9.1"
DUMOULIN = "Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, section 4"

ENTRIES = (
    _layer("conv1d", 1, OPTIONS, "kernels (out, in / groups, length) laid on every window of a sequence", GOODFELLOW),
    _layer(
        "conv2d", 2, OPTIONS, "kernels (out, in / groups, height, width) laid on every window of an image", GOODFELLOW
    ),
    _layer(
        "conv_transpose2d",
        2,
        (*OPTIONS, OUTPUT_PADDING),
        "each entry times its kernel, added up in the windows of the result; kernels (in, out / groups, height, width)",
        DUMOULIN,
    ),
)
