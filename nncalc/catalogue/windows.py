"""Windows that slide over an array: how many there are, where each begins, what of it is padding.

A window operation looks at d axes, the last ones of (channels, …) or (examples, channels, …); d is 1 or 2.
Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, relationships 6 and 15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from nncalc.catalogue.operation import Option, Shape, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Setting

SOURCE = "Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016"
LAYOUT = {1: "(channels, length)", 2: "(channels, height, width)"}
SHAPE = Option("shape", None, "the shape of the result", required=True)
SIZE = Option("size", None, "how many entries a window has", at_least=1, whole=True, nested=1, required=True)
STRIDE = Option("stride", 1, "how far each window is from the one before", at_least=1, whole=True, nested=1)
POOL_STRIDE = Option(
    "stride", None, "how far each window is from the one before; its size if not said", at_least=1, whole=True, nested=1
)
PADDING = Option(
    "padding",
    0,
    "rows and columns added around the input: so many, so many along each axis, or a pair along each",
    ("same", "valid"),
    at_least=0,
    whole=True,
    nested=2,
)
DILATION = Option("dilation", 1, "the distance between a window's entries", at_least=1, whole=True, nested=1)
CEIL_MODE = Option("ceil_mode", False, "whether a last window may reach beyond the input")


class Axis(NamedTuple):
    """One axis of a window operation: the input's size, the window, the padding on both sides, how many windows."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def reach(self) -> int:
        """How many entries a window spans, the gaps of its dilation included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """The entries that windows can reach."""
        return max(self.size + self.before + self.after, (self.out - 1) * self.stride + self.reach)


Axes = tuple[Axis, ...]


def per_axis(setting: Setting, d: int, what: str) -> tuple[int, ...]:
    """A setting as a number for each of d axes."""
    items = setting if isinstance(setting, tuple) else (setting,) * d
    if len(items) != d or not all(isinstance(n, (int, float)) for n in items):
        raise ShapeError(
            f"{what}={setting} does not fit", label=f"expected a number{'' if d == 1 else f', or {d} of them'}"
        )
    return tuple(int(n) for n in items)  # type: ignore[arg-type]


def padding_pairs(padding: Setting, d: int) -> tuple[tuple[int, int], ...] | None:
    """What is added in front of and behind each of d axes; None for 'same', which depends on the sizes."""
    if padding == "same":
        return None
    if padding == "valid":
        return ((0, 0),) * d
    items = padding if isinstance(padding, tuple) else (padding,) * d
    if d == 1 and len(items) == 2 and not any(isinstance(n, tuple) for n in items):
        items = (items,)
    pairs = [item if isinstance(item, tuple) else (item, item) for item in items]
    if len(pairs) != d or any(len(pair) != 2 or any(isinstance(n, tuple) for n in pair) for pair in pairs):
        raise ShapeError(
            f"padding={padding} does not fit",
            label=f"expected a number{'' if d == 1 else f', {d} of them'} or {d} pair{'s' if d > 1 else ''}",
        )
    return tuple((int(a), int(b)) for a, b in pairs)  # type: ignore[arg-type]


def axes_of(
    sizes: Shape,
    kernel: Shape,
    *,
    stride: Setting,
    padding: Setting,
    dilation: Setting = 1,
    ceil_mode: Setting = False,
    what: str = "kernel",
) -> Axes:
    """The geometry of each axis. Raises ShapeError for a window that is larger than its padded input."""
    d = len(sizes)
    steps = kernel if stride is None else per_axis(stride, d, "stride")
    gaps, pairs = per_axis(dilation, d, "dilation"), padding_pairs(padding, d)
    return tuple(
        _axis(n, k, steps[i], gaps[i], None if pairs is None else pairs[i], bool(ceil_mode), what)
        for i, (n, k) in enumerate(zip(sizes, kernel, strict=True))
    )


def _axis(n: int, k: int, s: int, d: int, pair: tuple[int, int] | None, ceil_mode: bool, what: str) -> Axis:
    reach = d * (k - 1) + 1
    if pair is None:
        out = -(-n // s)
        total = max((out - 1) * s + reach - n, 0)
        # what is uneven goes behind
        return Axis(n, k, s, d, total // 2, total - total // 2, out)
    before, after = pair
    room = n + before + after - reach
    if room < 0:
        spread = f"{n + before + after} with its padding" if before + after else str(n)
        raise ShapeError(
            f"the {what} is larger than its{' padded' if before + after else ''} input",
            label=f"the {what} spans {reach}, the input {spread}",
        )
    out = room // s + 1
    # a window that lies in the padding behind the input alone is none
    if ceil_mode and room % s and out * s < n + before:
        out += 1
    return Axis(n, k, s, d, before, after, out)


def pool_axes(shape: Shape, d: int, settings: Mapping[str, Setting]) -> Axes:
    """The geometry of a pool over the last d axes of that shape."""
    size = per_axis(settings["size"], d, "size")
    pairs = padding_pairs(settings["padding"], d)
    for k, pair in zip(size, pairs or (), strict=False):
        if 2 * max(pair) > k:
            raise ShapeError("the padding is more than half the window", label=f"{max(pair)} against {k}")
    return axes_of(
        shape[-d:],
        size,
        stride=settings["stride"],
        padding=settings["padding"],
        dilation=settings.get("dilation", 1),
        ceil_mode=settings.get("ceil_mode", False),
        what="window",
    )


def require_layout(shape: Shape, d: int, name: str) -> None:
    """Raises ShapeError for what is neither (channels, …) nor a batch of such."""
    if len(shape) not in (d + 1, d + 2):
        hint = "An image of one channel is [[[…], …]]." if len(shape) == d else ""
        raise ShapeError(
            f"{name} needs {LAYOUT[d]}, or examples of them", label=f"found {dimensions(shape)}", hint=hint
        )


def outs(axes: Axes) -> Shape:
    """How many windows there are along each axis."""
    return tuple(axis.out for axis in axes)


def positions(axes: Axes) -> Iterator[tuple[Any, ...]]:
    """For each entry of a window, row by row, where it lies in the padded input for all windows at once: an index."""
    for place in product(*(range(axis.kernel) for axis in axes)):
        starts = [i * axis.dilation for i, axis in zip(place, axes, strict=True)]
        yield (
            ...,
            *(
                slice(start, start + (axis.out - 1) * axis.stride + 1, axis.stride)
                for start, axis in zip(starts, axes, strict=True)
            ),
        )


def pad(xp: Any, x: Any, axes: Axes, fill: float = 0.0) -> Any:
    """The array with its padding, as far as windows reach; the array itself where nothing is added."""
    if all(axis.padded == axis.size for axis in axes):
        return x
    result = xp.full((*x.shape[: -len(axes)], *(axis.padded for axis in axes)), fill)
    result[inside(axes)] = x
    return result


def inside(axes: Axes) -> tuple[Any, ...]:
    """Where the input lies in its padded array: an index."""
    return (..., *(slice(axis.before, axis.before + axis.size) for axis in axes))
