"""PReLU as a layer: an activation whose slope left of 0 is a parameter."""

from __future__ import annotations

from nncalc.catalogue.layer import Block, Layer, Parameter
from nncalc.catalogue.operation import Shape
from nncalc.language.expression import Apply, Expression, Name, Slice, call


def prelu(x: Expression, slope: Name, of: Shape, example: int, channels_first: bool) -> Apply:
    """prelu(x, slope), with a slope for each channel stood along the channels.

    of: the slope's shape. example: how many axes an example has; of three, the channels come first, of two where the
    layer before has them so (a convolution), and otherwise last.
    """
    behind = example - 1 if len(of) == 1 and (example > 2 or (example == 2 and channels_first)) else 0
    return call.prelu(x, slope[(Slice(None, None, None), *(None,) * behind)] if behind else slope)


def _block(b: Block) -> None:
    slope = b.name("slope")
    b.assign("act", prelu(b.x, slope, b.shape_of(slope), len(b.example), channels_first=False))


ENTRIES = (
    Layer(
        name="prelu",
        parameters=(Parameter("slope", "slope", None, required=True),),
        is_activation=True,
        family="prelu",
        block=_block,
        meaning="x where x > 0, else slope · x, where the slope is learned: a number, or one for each channel",
        source="He, Zhang, Ren, Sun, Delving Deep into Rectifiers, 2015",
    ),
)
