"""An activation behind a layer that has a parameter of its own."""

from __future__ import annotations

from collections.abc import Callable

from nncalc.catalogue.layers.prelu import prelu
from nncalc.engine.shapes import Shapes
from nncalc.language.expression import Expression, Name, call


class Learned:
    """PReLU as the activation behind a layer: the name of its slope, and whether that layer has its channels first."""

    def __init__(self, slope: str, channels_first: bool) -> None:
        self.slope, self.channels_first = slope, channels_first

    def __call__(self, x: Expression) -> Expression:
        return call.prelu(x, Name(self.slope))

    def over(self, shapes: Shapes, batched: bool) -> Callable[[Expression], Expression]:
        """The activation for arrays of these shapes, with a slope for each channel where there are several."""
        slope = Name(self.slope)
        return lambda x: prelu(x, slope, shapes(slope), len(shapes(x)) - batched, self.channels_first)
