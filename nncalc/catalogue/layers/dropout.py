"""The dropout layer: with a given mask its product, as on paper; with a seed the mask that the seed draws."""

from __future__ import annotations

from nncalc.catalogue.dropout import OPTIONS
from nncalc.catalogue.layer import Block, Layer, Parameter
from nncalc.catalogue.operation import broadcast, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Const, Expression, call


def _dropout(b: Block) -> None:
    rate, inverted = b.options["rate"], b.options["inverted"] is not False
    assert isinstance(rate, (int, float))
    kept = 1 - Const(float(rate))
    if b.options["mode"] == "inference":
        b.assign("drop", call.identity(b.x) if inverted else b.x * kept)
    elif "mask" in b.given:
        product = b.x * _mask(b)
        b.assign("drop", product / kept if inverted else product)
    elif b.options["seed"] is not None:
        stated = {} if inverted else {"inverted": False}
        b.assign("drop", call.dropout(b.x, rate=rate, seed=b.options["seed"], **stated))
    else:
        raise ShapeError(
            "dropout needs a mask or a seed",
            label="expected 'mask: [true, false, …]' or 'seed: 1'",
            hint="At inference nothing is dropped: 'mode: inference'.",
            place=b.place,
        )


def _mask(b: Block) -> Expression:
    mask = b.name("mask")
    shape = b.shape_of(mask)
    try:
        fits = broadcast(b.shape, shape) == b.shape
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(
            "dropout's mask does not fit",
            label=f"found {dimensions(shape)}, expected {dimensions(b.shape)} as {b.input} is",
            names=(mask.id,),
        )
    if b.batched and len(shape) == len(b.shape):
        b.per_example.add(mask.id)
    return mask


ENTRIES = (
    Layer(
        name="dropout",
        block=_dropout,
        parameters=(Parameter("mask", "mask", None, trained=False),),
        options=OPTIONS,
        family="drop",
        meaning="some entries become 0 while training, the others are divided by 1 − rate; nothing at inference",
        source="Srivastava and others, Dropout (2014), section 4; PyTorch documentation, torch.nn.Dropout",
    ),
)
