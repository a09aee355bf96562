"""Layers that only arrange: flattened, in another shape, enlarged, with zeros around."""

from __future__ import annotations

from math import prod

from nncalc.catalogue.arrangement import SCALE, WIDTHS, last_axes
from nncalc.catalogue.layer import Block, Layer
from nncalc.catalogue.linear import as_shape
from nncalc.catalogue.operation import Option
from nncalc.catalogue.windows import SOURCE
from nncalc.language.expression import Setting, call

SHAPE = Option("shape", None, "the shape of each example", at_least=-1, whole=True, nested=1, required=True)


def _flatten(b: Block) -> None:
    b.assign("flat", call.flatten(b.x, start_dim=1) if b.batched else call.flatten(b.x))


def _reshape(b: Block) -> None:
    sizes = as_shape(b.options["shape"], least=-1)
    if not b.batched:
        b.assign("reshape", call.reshape(b.x, shape=sizes))
        return
    entries, known = prod(b.example), prod(n for n in sizes if n != -1)
    if sizes.count(-1) == 1 and known and entries % known == 0:
        sizes = tuple(entries // known if n == -1 else n for n in sizes)
    # a part of the batch has fewer examples, so how many is left open; what doesn't fit is refused with their number
    b.assign("reshape", call.reshape(b.x, shape=(-1 if prod(sizes) == entries else b.shape[0], *sizes)))


def _each_axis(b: Block, setting: Setting) -> Setting:
    """A number as one for each axis, where the operation would count the axis of the examples among them."""
    d = last_axes(len(b.example), setting)
    return setting if isinstance(setting, tuple) or d == last_axes(len(b.shape), setting) else (setting,) * d


def _upsample(b: Block) -> None:
    b.assign("up", call.upsample(b.x, scale=_each_axis(b, b.options["scale"])))


def _zero_pad(b: Block) -> None:
    b.assign("pad", call.zero_pad(b.x, padding=_each_axis(b, b.options["padding"])))


ENTRIES = (
    Layer(
        name="flatten",
        block=_flatten,
        meaning="the entries of each example, row by row, as one vector",
        source="PyTorch reference, torch.nn.Flatten",
        family="flat",
    ),
    Layer(
        name="reshape",
        block=_reshape,
        options=(SHAPE,),
        meaning="the entries of each example, row by row, in another shape; one size may be -1",
        source="NumPy reference, numpy.reshape",
        family="reshape",
    ),
    Layer(
        name="upsample",
        block=_upsample,
        options=(SCALE,),
        meaning="every entry repeated along each axis: the nearest neighbour of each place",
        source="PyTorch reference, torch.nn.Upsample with mode 'nearest'",
        family="up",
    ),
    Layer(
        name="zero_pad",
        block=_zero_pad,
        options=(WIDTHS._replace(required=True),),
        meaning="zeros around an image, or on both ends of a sequence",
        source=SOURCE,
        family="pad",
    ),
)
