"""How convolutions are worked out: windows as columns, one matrix product.

Chellapilla, Puri and Simard, High performance convolutional neural networks for document processing, 2006. The
columns never leave this module, so that the next ones may be written over them.
"""

from __future__ import annotations

from math import prod
from typing import Any

from nncalc.catalogue.operation import Shape
from nncalc.catalogue.windows import Axes, inside, outs, pad, positions


def _columns(xp: Any, x: Any, axes: Axes, groups: int) -> Any:
    """(examples, groups, channels of a group · entries of a window, windows)."""
    examples, channels = x.shape[:2]
    entries, windows = prod(axis.kernel for axis in axes), outs(axes)
    result = xp.scratch((examples, channels, entries, *windows))
    padded = pad(xp, x, axes)
    for k, place in enumerate(positions(axes)):
        result[:, :, k] = padded[place]
    return result.reshape(examples, groups, channels // groups * entries, prod(windows))


def _rows(kernel: Any, groups: int, flip: bool) -> Any:
    """Kernels as rows: (groups, kernels of a group, channels of a group · entries)."""
    return flipped(kernel, flip).reshape(groups, kernel.shape[0] // groups, -1)


def flipped(kernel: Any, flip: bool) -> Any:
    """The kernel turned by half a turn, where the mathematician's convolution is meant."""
    return kernel[(..., *(slice(None, None, -1),) * (kernel.ndim - 2))] if flip else kernel


def correlate(xp: Any, x: Any, kernel: Any, axes: Axes, groups: int, flip: bool) -> Any:
    """x: (examples, channels, …), kernel: (out, channels / groups, …) → (examples, out, windows …)."""
    result = _rows(kernel, groups, flip) @ _columns(xp, x, axes, groups)
    return result.reshape(x.shape[0], kernel.shape[0], *outs(axes))


def spread(xp: Any, g: Any, kernel: Any, axes: Axes, groups: int, flip: bool) -> Any:
    """The transpose of `correlate` as a map of x: g is (examples, out, windows …); returns (examples, channels, …)."""
    examples, out = g.shape[:2]
    rows = _rows(kernel, groups, flip)
    columns = rows.swapaxes(1, 2) @ g.reshape(examples, groups, out // groups, -1)
    columns = columns.reshape(examples, groups * kernel.shape[1], -1, *outs(axes))
    result = xp.zeros((*columns.shape[:2], *(axis.padded for axis in axes)))
    for k, place in enumerate(positions(axes)):
        result[place] += columns[:, :, k]
    return result[inside(axes)]


def correlate_with(xp: Any, g: Any, x: Any, shape: Shape, axes: Axes, groups: int, flip: bool) -> Any:
    """The transpose of `correlate` as a map of the kernel, which has that shape."""
    examples, out = g.shape[:2]
    columns = _columns(xp, x, axes, groups)
    each = g.reshape(examples, groups, out // groups, -1) @ columns.swapaxes(2, 3)
    return flipped(each.sum(axis=0).reshape(shape), flip)
