"""Convolutions, and the operations that their gradients are made of.

A neural net's convolution is a cross-correlation: the kernel is laid on the input as it is. `flip=True` turns it by
half a turn first, which makes it the mathematician's convolution. As maps of one argument, `conv2d` and `conv2d_input`
are each other's transposes, and so are `conv2d` and `conv2d_weight`: each gradient is one of the three again.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue import im2col
from nncalc.catalogue.linear import as_shape
from nncalc.catalogue.operation import Operation, Option, Shape, dimensions
from nncalc.catalogue.window_mistakes import of_convolution, of_gradient, of_transposed_convolution
from nncalc.catalogue.windows import (
    DILATION,
    PADDING,
    SHAPE,
    SOURCE,
    STRIDE,
    Axes,
    axes_of,
    outs,
    padding_pairs,
    per_axis,
    require_layout,
)
from nncalc.errors import ShapeError
from nncalc.language.expression import Apply, Expression, Setting, Slice
from nncalc.language.text import setting_text

ShapeOf = Callable[[Expression], Shape]
GROUPS = Option("groups", 1, "into how many groups the channels are parted", at_least=1, whole=True)
FLIP = Option("flip", False, "whether the kernel is turned by half a turn: the mathematician's convolution")
OPTIONS = (STRIDE, PADDING, DILATION, GROUPS, FLIP)
OUTPUT_PADDING = Option(
    "output_padding", 0, "rows and columns added behind the result alone", at_least=0, whole=True, nested=1
)
DEFAULTS: dict[str, Setting] = {option.name: option.default for option in OPTIONS}


def stated(settings: dict[str, Setting]) -> tuple[tuple[str, Setting], ...]:
    """The settings that differ from their defaults."""
    return tuple((key, value) for key, value in settings.items() if key in DEFAULTS and value != DEFAULTS[key])


def _geometry(sizes: Shape, kernel: Shape, settings: dict[str, Setting]) -> Axes:
    return axes_of(
        sizes,
        kernel,
        stride=settings["stride"],
        padding=settings["padding"],
        dilation=settings["dilation"],
    )


def _check_kernel(kernel: Shape, d: int, name: str) -> None:
    if len(kernel) != d + 2:
        sizes = "length" if d == 1 else "height, width"
        raise ShapeError(
            f"{name} needs kernels of {d + 2} axes",
            label=f"found {dimensions(kernel)}, expected (out, in / groups, {sizes})",
        )


def _check_groups(channels: int, kernel: Shape, groups: int) -> None:
    for count, what in ((channels, "channels of the input"), (kernel[0], "kernels")):
        if count % groups:
            raise ShapeError(f"{groups} groups do not divide the {what}", label=f"found {count} of them")
    if kernel[1] * groups != channels:
        of_group = f" in each of {groups} groups" if groups > 1 else ""
        raise ShapeError(
            "the kernels and the channels do not fit",
            label=f"each kernel has {kernel[1]} channel{'s' if kernel[1] > 1 else ''}, "
            f"the input {channels // groups}{of_group}",
        )


def _conv_shape(d: int, x: Shape, kernel: Shape, settings: dict[str, Setting]) -> Shape:
    name = f"conv{d}d"
    require_layout(x, d, name)
    _check_kernel(kernel, d, name)
    _check_groups(x[-d - 1], kernel, int(settings["groups"]))  # type: ignore[arg-type]
    return (*x[: -d - 1], kernel[0], *outs(_geometry(x[-d:], kernel[2:], settings)))


def _transposed_sizes(d: int, sizes: Shape, kernel: Shape, settings: dict[str, Setting]) -> Shape:
    """The sizes of a transposed convolution's result: 'same' gives n · stride."""
    strides, gaps = per_axis(settings["stride"], d, "stride"), per_axis(settings["dilation"], d, "dilation")
    extra, pairs = per_axis(settings["output_padding"], d, "output_padding"), padding_pairs(settings["padding"], d)
    result = []
    for i, (n, k) in enumerate(zip(sizes, kernel, strict=True)):
        if extra[i] >= max(strides[i], gaps[i]):
            raise ShapeError(
                "the output padding is too large",
                label=f"found {extra[i]}, expected less than the stride or the dilation, {max(strides[i], gaps[i])}",
            )
        reach = gaps[i] * (k - 1) + 1
        whole = n * strides[i] if pairs is None else (n - 1) * strides[i] + reach - sum(pairs[i]) + extra[i]
        if whole < 1:
            raise ShapeError("the padding leaves nothing of the result", label=f"found {whole} rows or columns")
        result.append(whole)
    return tuple(result)


def _with_examples(x: Any, d: int) -> Any:
    return x if x.ndim == d + 2 else x[None]


def _conv_value(d: int, xp: Any, x: Any, kernel: Any, settings: dict[str, Any]) -> Any:
    axes = _geometry(x.shape[-d:], kernel.shape[2:], settings)
    result = im2col.correlate(xp, _with_examples(x, d), kernel, axes, settings["groups"], settings["flip"])
    return result if x.ndim == d + 2 else result[0]


def _input_value(d: int, xp: Any, g: Any, kernel: Any, sizes: Shape, settings: dict[str, Any]) -> Any:
    axes = _geometry(sizes, kernel.shape[2:], settings)
    # a transposed convolution with an output padding may have room for more windows than there are
    axes = tuple(axis._replace(out=n) for axis, n in zip(axes, g.shape[-d:], strict=True))
    result = im2col.spread(xp, _with_examples(g, d), kernel, axes, settings["groups"], settings["flip"])
    return result if g.ndim == d + 2 else result[0]


def _weight_value(d: int, xp: Any, g: Any, x: Any, shape: Shape, settings: dict[str, Any]) -> Any:
    axes = _geometry(x.shape[-d:], shape[2:], settings)
    axes = tuple(axis._replace(out=n) for axis, n in zip(axes, g.shape[-d:], strict=True))
    parts = _with_examples(g, d), _with_examples(x, d)
    return im2col.correlate_with(xp, *parts, shape, axes, settings["groups"], settings["flip"])


def _input_shape(d: int, g: Shape, kernel: Shape, shape: Setting, settings: dict[str, Setting]) -> Shape:
    whole = as_shape(shape, least=1)
    _fits(_conv_shape(d, whole, kernel, settings), g, f"conv{d}d_input")
    return whole


def _weight_shape(d: int, g: Shape, x: Shape, shape: Setting, settings: dict[str, Setting]) -> Shape:
    whole = as_shape(shape, least=1)
    _fits(_conv_shape(d, x, whole, settings), g, f"conv{d}d_weight")
    return whole


def _fits(wanted: Shape, g: Shape, name: str) -> None:
    d = int(name[4])
    if len(wanted) != len(g) or wanted[:-d] != g[:-d] or any(n < m for n, m in zip(wanted[-d:], g[-d:], strict=True)):
        raise ShapeError(
            f"{name}'s first array and the shape do not fit",
            label=f"expected {dimensions(wanted)}, found {dimensions(g)}",
        )


def _call(name: str, first: Expression, second: Expression, settings: Any, shape: Shape | None = None) -> Apply:
    whole: tuple[tuple[str, Setting], ...] = () if shape is None else (("shape", shape),)
    return Apply(name, (first, second), (*whole, *stated(settings)))


def _adds(d: int, x: Shape, kernel: Shape, settings: dict[str, Setting]) -> int:
    return prod(_conv_shape(d, x, kernel, settings)) * prod(kernel[1:])


def _words(settings: dict[str, Setting]) -> str:
    """`; stride = 2, flip`; a shape, where there is one, first: `; 2×1×3×3`."""
    shape = settings.get("shape")
    sizes = ["×".join(map(str, shape))] if isinstance(shape, tuple) else []
    more = settings.get("output_padding") or 0
    parts = sizes + [
        key if value is True else f"{key} = {str(value) if isinstance(value, str) else setting_text(value)}"
        for key, value in (*stated(settings), *((("output_padding", more),) if more else ()))
    ]
    return "".join(["; ", ", ".join(parts)]) if parts else ""


def _text(name: str, first: str, second: str) -> Any:
    return lambda **settings: f"{name}({{{first}}}, {{{second}}}{_words(settings)})"


def _latex(name: str, first: str, second: str) -> Any:
    escaped = name.replace("_", r"\_")

    def choose(**settings: Setting) -> str:
        words = _words(settings).replace("_", r"\_").removeprefix("; ")
        behind = rf";\ \text{{{words}}}" if words else ""
        return rf"\operatorname{{{escaped}}}\left({{{first}}}, {{{second}}}{behind}\right)"

    return choose


def _star(name: str) -> Any:
    """`W ∗ x`; with settings, the operation's name and all of them."""
    long = _text(name, "x", "W")
    return lambda **settings: long(**settings) if stated(settings) else "{W:power} ∗ {x:power}"


def _latex_star(name: str) -> Any:
    long = _latex(name, "x", "W")
    return lambda **settings: long(**settings) if stated(settings) else r"{W:power} \ast {x:power}"


# The example arrays have three numbers a row: images and kernels are made of them by indexing.
_EXAMPLES: dict[int, tuple[str, ...]] = {
    1: (
        "conv1d(x[None], y[None, None, :2])",
        "conv1d(A, B[None, :, :2], padding=1)",
        "conv1d(A[None], B[None, :, :2], stride=2, padding='same')",
        "conv1d(A[:, None], y[None, None], padding=((1, 2),), flip=True)",
        "conv1d(A, B[:, None], padding=(2,), dilation=2, groups=2)",
    ),
    2: (
        "conv2d(A[None], B[None, None, :, :2])",
        "conv2d(y[:, None, None] * A, B[:, :, None, None] * x[:2], stride=(1, 2), padding=1)",
        "conv2d(A[None, None], B[None, None], stride=2, padding='same')",
        "conv2d(A[:, None, None], B[None, None], padding=((1, 0), (0, 2)), flip=True)",
        "conv2d(A[:, None], B[:, None, None, :2], padding=1, dilation=2, groups=2)",
    ),
}
_INPUT_EXAMPLES: dict[int, tuple[str, ...]] = {
    1: (
        "conv1d_input(x[None], y[None, None, :2], shape=(1, 4))",
        "conv1d_input(A[None], B[:, None], shape=(1, 2, 5), groups=2)",
        "conv1d_input(A[:, None], y[None, None], shape=(2, 1, 5), stride=2, padding=1, flip=True)",
        "conv1d_input(A[:, None], y[None, None], shape=(2, 1, 7), dilation=2)",
    ),
    2: (
        "conv2d_input(A[None], B[None, None, :, :2], shape=(1, 3, 4))",
        "conv2d_input(A[:, None], B[:, None, None], shape=(2, 1, 5), groups=2)",
        "conv2d_input(A[None, None], B[None, None], shape=(1, 1, 3, 5), stride=2, padding=1, flip=True)",
        "conv2d_input(A[None], B[None, None], shape=(1, 4, 7), dilation=2)",
    ),
}
_WEIGHT_EXAMPLES: dict[int, tuple[str, ...]] = {
    1: (
        "conv1d_weight(x[None, :2], y[None], shape=(1, 1, 2))",
        "conv1d_weight(A, B, shape=(2, 1, 3), padding=1, groups=2)",
        "conv1d_weight(A[:, None, :2], B[:, None], shape=(1, 1, 2), stride=2, padding=1, flip=True)",
        "conv1d_weight(x[None], A[:1], shape=(1, 1, 2), padding=1, dilation=2)",
    ),
    2: (
        "conv2d_weight(A[None, :, :2], B[None], shape=(1, 1, 1, 2))",
        "conv2d_weight(A[:, None], B[:, None], shape=(2, 1, 3, 3), padding=1, groups=2)",
        "conv2d_weight(outer(x, y)[None, None, :, :2], B[None, None], shape=(1, 1, 2, 2), stride=(1, 2), "
        "padding=(1, 1), flip=True)",
        "conv2d_weight(A[None], B[None], shape=(1, 1, 2, 2), padding=((1, 1), (1, 1)), dilation=2)",
    ),
}


def _conv(d: int) -> tuple[Operation, ...]:
    name = f"conv{d}d"
    forward = Operation(
        name=name,
        args=("x", "W"),
        options=OPTIONS,
        value=lambda xp, x, kernel, **settings: _conv_value(d, xp, x, kernel, settings),
        shape=lambda x, kernel, **settings: _conv_shape(d, x, kernel, settings),
        gradients=(
            lambda g, ans, x, kernel, shape_of, **settings: _call(f"{name}_input", g, kernel, settings, shape_of(x)),
            lambda g, ans, x, kernel, shape_of, **settings: _call(f"{name}_weight", g, x, settings, shape_of(kernel)),
        ),
        text=_star(name),
        latex=_latex_star(name),
        meaning="every window of the input times the kernel, entry by entry, and summed: the cross-correlation that "
        "neural nets call convolution",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 9.6",
        multiply_adds=lambda x, kernel, **settings: _adds(d, x, kernel, settings),
        window=lambda x, kernel, **settings: _geometry(x[-d:], kernel[2:], settings),
        example=_EXAMPLES[d],
        mistakes=of_convolution(name),
    )
    by_input = Operation(
        name=f"{name}_input",
        args=("g", "W"),
        options=(SHAPE, *OPTIONS),
        value=lambda xp, g, kernel, shape, **settings: _input_value(d, xp, g, kernel, shape[-d:], settings),
        shape=lambda g, kernel, shape, **settings: _input_shape(d, g, kernel, shape, settings),
        gradients=(
            lambda g, ans, a, kernel, shape_of, shape, **settings: _call(name, g, kernel, settings),
            lambda g, ans, a, kernel, shape_of, shape, **settings: _call(
                f"{name}_weight", a, g, settings, shape_of(kernel)
            ),
        ),
        text=_text(f"{name}_input", "g", "W"),
        latex=_latex(f"{name}_input", "g", "W"),
        meaning="each entry of g times the kernel, added up where its window lies: the gradient of a convolution by "
        "its input",
        source=f"{SOURCE}, section 4",
        example=_INPUT_EXAMPLES[d],
        mistakes=of_gradient(f"{name}_input"),
    )
    by_weight = Operation(
        name=f"{name}_weight",
        args=("g", "x"),
        options=(SHAPE, *OPTIONS),
        value=lambda xp, g, x, shape, **settings: _weight_value(d, xp, g, x, shape, settings),
        shape=lambda g, x, shape, **settings: _weight_shape(d, g, x, shape, settings),
        gradients=(
            lambda g, ans, a, x, shape_of, shape, **settings: _call(name, x, g, settings),
            lambda g, ans, a, x, shape_of, shape, **settings: _call(f"{name}_input", a, g, settings, shape_of(x)),
        ),
        text=_text(f"{name}_weight", "g", "x"),
        latex=_latex(f"{name}_weight", "g", "x"),
        meaning="every window of the input times its entry of g, added up: the gradient of a convolution by its kernel",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 9.11",
        example=_WEIGHT_EXAMPLES[d],
        mistakes=of_gradient(f"{name}_weight"),
    )
    return forward, by_input, by_weight


def _transposed_value(xp: Any, x: Any, kernel: Any, settings: dict[str, Any]) -> Any:
    sizes = _transposed_sizes(2, x.shape[-2:], kernel.shape[2:], settings)
    return _input_value(2, xp, x, kernel, sizes, settings)


def _transposed_shape(x: Shape, kernel: Shape, settings: dict[str, Setting]) -> Shape:
    require_layout(x, 2, "conv_transpose2d")
    _check_kernel(kernel, 2, "conv_transpose2d")
    groups = int(settings["groups"])  # type: ignore[arg-type]
    if kernel[0] != x[-3]:
        raise ShapeError(
            "the kernels and the channels do not fit",
            label=f"there are kernels for {kernel[0]} channels, the input has {x[-3]}",
        )
    if kernel[0] % groups:
        raise ShapeError(f"{groups} groups do not divide the channels of the input", label=f"found {kernel[0]} of them")
    return (*x[:-3], kernel[1] * groups, *_transposed_sizes(2, x[-2:], kernel[2:], settings))


def _transposed_gradient(
    g: Expression, ans: Expression, x: Expression, kernel: Expression, shape_of: ShapeOf, **settings: Setting
) -> Expression:
    whole: Expression = _call("conv2d", g, kernel, settings)
    wanted = shape_of(x)
    if shape_of(whole) == wanted:
        return whole
    # an output padding as long as the stride leaves room for a window that there was not
    everything = (Slice(None, None, None),) * (len(wanted) - 2)
    return whole[(*everything, *(Slice(None, n, None) for n in wanted[-2:]))]


TRANSPOSED = Operation(
    name="conv_transpose2d",
    args=("x", "W"),
    options=(*OPTIONS, OUTPUT_PADDING),
    value=lambda xp, x, kernel, **settings: _transposed_value(xp, x, kernel, settings),
    shape=lambda x, kernel, **settings: _transposed_shape(x, kernel, settings),
    gradients=(
        _transposed_gradient,
        lambda g, ans, x, kernel, shape_of, **settings: _call("conv2d_weight", x, g, settings, shape_of(kernel)),
    ),
    text=lambda **settings: f"conv_transpose2d({{x}}, {{W}}{_words(settings)})",
    latex=_latex("conv_transpose2d", "x", "W"),
    meaning="each entry of the input times the kernel, added up where its window lies: what takes a convolution's "
    "result back to the size of its input",
    source=f"{SOURCE}, section 4",
    multiply_adds=lambda x, kernel, **settings: prod(x) * prod(kernel[1:]),
    mistakes=of_transposed_convolution("conv_transpose2d"),
    example=(
        "conv_transpose2d(A[None], B[None, None])",
        "conv_transpose2d(A[None, None], B[None, None], stride=2, padding=1, output_padding=1, flip=True)",
        "conv_transpose2d(A[:, None], B[:, None, None], dilation=2, groups=2, output_padding=(1, 0))",
        "conv_transpose2d(A[None], B[None, None], stride=2, padding='same')",
    ),
)

ENTRIES = (*_conv(1), *_conv(2), TRANSPOSED)
