"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping

from nncalc.catalogue.layer import Block, Layer, Parameter, count_of
from nncalc.catalogue.operation import Shape
from nncalc.language.expression import Expression


def _dense(b: Block) -> None:
    W = b.name("W")  # noqa: N806 - the field's own letter
    # examples (and time steps) are rows, so that the weights stand behind them
    column: Expression = W @ b.x if len(b.shape) == 1 else b.x @ W.T
    linear = b.x @ W if b.row else column
    if "bias" in b.given:
        linear = linear + b.name("b")
    b.linear(linear)


def _how(shapes: Mapping[str, Shape]) -> str:
    out, inputs = shapes["weights"]
    if "bias" in shapes and shapes["bias"] != (out,):
        out, inputs = inputs, out  # under `row`
    return count_of((inputs,), out, "bias" in shapes)


ENTRIES = (
    Layer(
        name="dense",
        parameters=(Parameter("weights", "W", 2, required=True), Parameter("bias", "b", 1)),
        takes_activation=True,
        example="a vector",
        example_rank=1,
        block=_dense,
        how=_how,
        meaning="every output from every input: h = W x + b, with W of shape (out, in); under `row`, h = x W + b",
        source="Goodfellow, Bengio, Courville, Deep Learning, chapter 6",
    ),
)
