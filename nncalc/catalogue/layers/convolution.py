"""Convolution layers: a kernel for each channel that comes out, laid on every window of the input."""

from __future__ import annotations

from collections.abc import Callable

from nncalc.catalogue.convolution import OPTIONS, OUTPUT_PADDING
from nncalc.catalogue.layer import Block, Layer, Parameter
from nncalc.catalogue.operation import Option
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


def _layer(op: str, d: int, options: tuple[Option, ...], meaning: str, source: str) -> Layer:
    return Layer(
        name=op,
        parameters=(Parameter("weights", "W", d + 2, required=True), Parameter("bias", "b", None)),
        options=options,
        takes_activation=True,
        example=IMAGE if d == 2 else SIGNAL,
        example_rank=d + 1,
        block=_convolution(op, d, options),
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
        "each entry times a kernel, added up in the windows of the result; kernels are (in, out / groups, height, width)",
        DUMOULIN,
    ),
)
