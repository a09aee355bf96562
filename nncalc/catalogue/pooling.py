"""Pools: one number for each window, and what carries their gradients back.

A tie in max pooling goes to the window's first entry, row by row, as in PyTorch. `max_unpool` puts each number where
its window's largest entry was, and `max_select` takes them from there again; `avg_unpool` and `sum_unpool` share
numbers out among their windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

from nncalc.catalogue.linear import as_shape
from nncalc.catalogue.operation import Operation, Option, Shape, dimensions
from nncalc.catalogue.window_mistakes import of_avg_pool, of_lp_pool, of_max_pool
from nncalc.catalogue.windows import (
    CEIL_MODE,
    DILATION,
    PADDING,
    POOL_STRIDE,
    SHAPE,
    SIZE,
    Axes,
    inside,
    outs,
    pad,
    pool_axes,
    positions,
    require_layout,
)
from nncalc.errors import ShapeError
from nncalc.language.expression import Apply, Const, Expression, Setting, call
from nncalc.language.text import setting_text

ShapeOf = Callable[[Expression], Shape]
COUNT = Option("count_include_pad", True, "whether the average counts the padding's zeros")
P = Option("p", 2, "the exponent", at_least=1)
MAX_OPTIONS = (SIZE, POOL_STRIDE, PADDING, DILATION, CEIL_MODE)
SUM_OPTIONS = (SIZE, POOL_STRIDE, PADDING, CEIL_MODE)
PYTORCH = "PyTorch reference, torch.nn.{}Pool2d"
LENET = "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998, section II"
NEGATIVE_INFINITY = float("-inf")


def _pooled(x: Shape, d: int, name: str, settings: dict[str, Setting]) -> Shape:
    require_layout(x, d, name)
    return (*x[:-d], *outs(pool_axes(x, d, settings)))


def _unpooled(g: Shape, d: int, name: str, shape: Shape, settings: dict[str, Setting]) -> Shape:
    wanted = _pooled(shape, d, name, settings)
    if wanted != g:
        raise ShapeError(
            f"{name}'s first array and the windows do not fit",
            label=f"expected {dimensions(wanted)}, found {dimensions(g)}",
        )
    return shape


def _windows(xp: Any, x: Any, axes: Axes, fill: float = 0.0) -> Iterator[Any]:
    """One entry of every window at a time."""
    padded = pad(xp, x, axes, fill)
    return (padded[place] for place in positions(axes))


def _shared_out(xp: Any, shares: Iterator[Any], like: Shape, axes: Axes) -> Any:
    """What each entry of the windows gets, added up in the input's places."""
    if all(a.before == 0 and a.dilation == 1 and a.kernel == a.stride and a.size == a.out * a.stride for a in axes):
        # the windows are tiles: every place is in one of them
        result = xp.empty(tuple(like))
        for place, share in zip(positions(axes), shares, strict=True):
            result[place] = share
        return result
    result = xp.zeros((*like[: -len(axes)], *(axis.padded for axis in axes)))
    for place, share in zip(positions(axes), shares, strict=True):
        result[place] += share
    return result[inside(axes)]


# --- the largest entry ----------------------------------------------------------------------------------------------


def _largest(xp: Any, x: Any, axes: Axes) -> Any:
    return reduce(xp.maximum, _windows(xp, x, axes, NEGATIVE_INFINITY))


def _firsts(xp: Any, x: Any, axes: Axes) -> Iterator[Any]:
    """For each entry of the windows in turn, in which of them it is the first that is largest."""
    largest = _largest(xp, x, axes)
    taken = None
    for entry in _windows(xp, x, axes, NEGATIVE_INFINITY):
        hit = entry == largest
        if taken is not None:
            hit = hit & ~taken
        yield hit
        taken = hit if taken is None else taken | hit


def _max_unpool(xp: Any, g: Any, x: Any, axes: Axes) -> Any:
    return _shared_out(xp, (g * hit for hit in _firsts(xp, x, axes)), x.shape, axes)


def _max_select(xp: Any, a: Any, x: Any, axes: Axes) -> Any:
    entries = zip(_windows(xp, a, axes), _firsts(xp, x, axes), strict=True)
    return sum((xp.where(hit, entry, 0.0) for entry, hit in entries), start=xp.zeros(()))


def _count_largest(xp: Any, x: Any, axes: Axes) -> Any:
    largest = _largest(xp, x, axes)
    return sum((entry == largest for entry in _windows(xp, x, axes, NEGATIVE_INFINITY)), start=xp.zeros(largest.shape))


# --- sums and averages ------------------------------------------------------------------------------------------------


def _sum(xp: Any, x: Any, axes: Axes) -> Any:
    return sum(_windows(xp, x, axes), start=xp.zeros((*x.shape[: -len(axes)], *outs(axes))))


def _counts(xp: Any, axes: Axes, include_padding: bool) -> Any:
    """How many entries each window averages over: those of the input, or of its padding too."""
    sizes = tuple(axis.size for axis in axes)
    if include_padding:
        # what a ceil-mode window has beyond the padding is never counted
        sizes = tuple(axis.size + axis.before + axis.after for axis in axes)
        axes = tuple(axis._replace(size=n, before=0, after=0) for axis, n in zip(axes, sizes, strict=True))
    return _sum(xp, xp.ones(sizes), axes)


# --- the entries ------------------------------------------------------------------------------------------------------


def _given(settings: dict[str, Setting], options: tuple[Option, ...]) -> dict[str, Setting]:
    """The settings among the options that differ from their defaults."""
    defaults = {option.name: option.default for option in options}
    return {key: value for key, value in settings.items() if key in defaults and value != defaults[key]}


def _words(settings: dict[str, Setting]) -> str:
    """`; size = 2, stride = 1`: a pair of equal numbers is one."""
    parts = []
    for key, value in settings.items():
        if key == "shape" and isinstance(value, tuple):
            parts.append("×".join(map(str, value)))
            continue
        if isinstance(value, tuple) and len(set(value)) == 1 and not isinstance(value[0], tuple):
            value = value[0]
        text = str(value) if isinstance(value, str) else setting_text(value)
        parts.append(key if value is True else f"{key} = {text.lower() if isinstance(value, bool) else text}")
    return f"; {', '.join(parts)}" if parts else ""


def _texts(name: str, args: tuple[str, ...], options: tuple[Option, ...]) -> tuple[Any, Any]:
    escaped, inside_call = name.replace("_", r"\_"), ", ".join(f"{{{arg}}}" for arg in args)

    def text(**settings: Setting) -> str:
        return f"{name}({inside_call}{_words(_given(settings, options))})"

    def latex(**settings: Setting) -> str:
        words = _words(_given(settings, options)).replace("_", r"\_").removeprefix("; ")
        behind = rf";\ \text{{{words}}}" if words else ""
        return rf"\operatorname{{{escaped}}}\left({inside_call}{behind}\right)"

    return text, latex


def _operation(
    d: int,
    stem: str,
    args: tuple[str, ...],
    options: tuple[Option, ...],
    value: Callable[..., Any],
    gradients: tuple[Any, ...],
    meaning: str,
    example: tuple[str, ...],
    *,
    source: str = PYTORCH.format("Max"),
    shape: Callable[..., Shape] | None = None,
    **facts: Any,
) -> Operation:
    """An entry over d axes. value: of (xp, arrays, axes, settings); the pool's shape unless another is told."""
    name = f"{stem}{d}d"
    text, latex = _texts(name, args, options)

    def pooled(x: Shape, *_: Shape, **settings: Setting) -> Shape:
        return _pooled(x, d, name, settings)

    return Operation(
        name=name,
        args=args,
        options=options,
        value=value,
        shape=shape or pooled,
        gradients=gradients,
        text=text,
        latex=latex,
        meaning=meaning,
        source=source,
        example=tuple(text.replace("@", name) for text in example),
        **facts,
    )


# Examples: @ is the operation, $ its first array where it goes with the pool's result or shape, and x the input.
_MAX = {
    1: (
        ("A", "A[:, :2]", "size=2, stride=1"),
        ("A[:, None]", "A[:, None, :2]", "size=2, padding=1, ceil_mode=True"),
        ("A", "A[:, :1]", "size=3, padding=1"),
        ("A", "A[:, :2]", "size=2, stride=1, padding=((0, 1),), dilation=2"),
    ),
    2: (
        ("A[None]", "A[None, :1, :2]", "size=2, stride=1"),
        ("A[:, None, None]", "A[:, None, None, :2]", "size=(1, 2), padding=(0, 1), ceil_mode=True"),
        ("A[None]", "A[None, :, :1]", "size=2, stride=1, padding=((0, 1), (0, 0)), dilation=(1, 2)"),
    ),
}
_SUM = {
    1: (
        ("A", "A[:, :2]", "(2, 3)", "size=2, ceil_mode=True"),
        ("A", "A[:, :1]", "(2, 3)", "size=3, stride=3, padding=1"),
    ),
    2: (
        ("A[None]", "A[None, :1, :2]", "(1, 2, 3)", "size=2, ceil_mode=True"),
        ("A[:, None, None]", "A[:, None, None, :2]", "(2, 1, 1, 3)", "size=(1, 2), stride=(1, 2), padding=(0, 1)"),
    ),
}


def _max_family(d: int) -> tuple[Operation, ...]:
    def axes(shape: Shape, settings: dict[str, Setting]) -> Axes:
        return pool_axes(tuple(shape), d, settings)

    def again(stem: str, settings: dict[str, Setting], *arrays: Expression) -> Apply:
        return Apply(f"{stem}{d}d", arrays, tuple(_given(settings, MAX_OPTIONS).items()))

    pool = _operation(
        d,
        "max_pool",
        ("x",),
        MAX_OPTIONS,
        lambda xp, x, **s: _largest(xp, x, axes(x.shape, s)),
        (lambda g, ans, x, shape_of, **s: again("max_unpool", s, g, x),),
        "the largest entry of each window",
        tuple(f"@({x}, {settings})" for x, _, settings in _MAX[d]),
        window=lambda x, **s: axes(x, s),
        ties=lambda xp, x, **s: _count_largest(xp, x, axes(x.shape, s)),
        at_tie="a tie: its window has several largest entries, and the gradient goes to the first",
        mistakes=of_max_pool(d),
    )
    unpool = _operation(
        d,
        "max_unpool",
        ("g", "x"),
        MAX_OPTIONS,
        lambda xp, g, x, **s: _max_unpool(xp, g, x, axes(x.shape, s)),
        (
            lambda g, ans, a, x, shape_of, **s: again("max_select", s, g, x),
            lambda g, ans, a, x, shape_of, **s: call.broadcast(0, shape=shape_of(x)),
        ),
        "each entry of g where the largest entry of its window in x is, the rest 0: the gradient of a max pool",
        tuple(f"@({pooled}, {x.replace('A', 'B')}, {settings})" for x, pooled, settings in _MAX[d]),
        shape=lambda g, x, **s: _unpooled(g, d, f"max_unpool{d}d", x, s),
    )
    select = _operation(
        d,
        "max_select",
        ("a", "x"),
        MAX_OPTIONS,
        lambda xp, a, x, **s: _max_select(xp, a, x, axes(x.shape, s)),
        (
            lambda g, ans, a, x, shape_of, **s: again("max_unpool", s, g, x),
            lambda g, ans, a, x, shape_of, **s: call.broadcast(0, shape=shape_of(x)),
        ),
        "of each window, the entry of a where the largest entry of x is: the transpose of max_unpool",
        tuple(f"@({x}, {x.replace('A', 'B')}, {settings})" for x, _, settings in _MAX[d]),
        shape=lambda a, x, **s: _selected(a, x, d, s),
    )
    return pool, unpool, select


def _selected(a: Shape, x: Shape, d: int, settings: dict[str, Setting]) -> Shape:
    if a != x:
        raise ShapeError("both arrays need the same shape", label=f"found {dimensions(a)} and {dimensions(x)}")
    return _pooled(x, d, f"max_select{d}d", settings)


def _sum_family(
    d: int, stem: str, more: tuple[Option, ...], meaning: tuple[str, str], source: str
) -> tuple[Operation, ...]:
    """sum_pool and sum_unpool, or avg_pool and avg_unpool: each other's gradients."""
    options = (*SUM_OPTIONS, *more)
    extra = ", count_include_pad=False" if more else ""

    def scale(xp: Any, axes: Axes, settings: dict[str, Any]) -> Any:
        return _counts(xp, axes, settings["count_include_pad"]) if more else 1.0

    def pooled(xp: Any, x: Any, **settings: Any) -> Any:
        axes = pool_axes(tuple(x.shape), d, settings)
        return _sum(xp, x, axes) / scale(xp, axes, settings)

    def unpooled(xp: Any, g: Any, shape: Shape, **settings: Any) -> Any:
        axes = pool_axes(shape, d, settings)
        share = g / scale(xp, axes, settings)
        return _shared_out(xp, (share for _ in positions(axes)), shape, axes)

    def by_pool(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, **settings: Setting) -> Expression:
        given = tuple(_given(settings, options).items())
        return Apply(f"{stem}_unpool{d}d", (g,), (("shape", shape_of(x)), *given))

    def by_unpool(g: Expression, ans: Expression, a: Expression, shape_of: ShapeOf, **settings: Setting) -> Expression:
        return Apply(f"{stem}_pool{d}d", (g,), tuple(_given(settings, options).items()))

    pool = _operation(
        d,
        f"{stem}_pool",
        ("x",),
        options,
        pooled,
        (by_pool,),
        meaning[0],
        (
            *(f"@({x}, {settings})" for x, _, _, settings in _SUM[d]),
            *(f"@({x}, {settings}{extra})" for x, _, _, settings in _SUM[d] if extra),
        ),
        source=source,
        window=lambda x, **s: pool_axes(x, d, s),
        mistakes=of_avg_pool(d) if more else (),
    )
    unpool = _operation(
        d,
        f"{stem}_unpool",
        ("g",),
        (SHAPE, *options),
        unpooled,
        (by_unpool,),
        meaning[1],
        (
            *(f"@({g}, shape={shape}, {settings})" for _, g, shape, settings in _SUM[d]),
            *(f"@({g}, shape={shape}, {settings}{extra})" for _, g, shape, settings in _SUM[d] if extra),
        ),
        source=source,
        shape=lambda g, shape, **s: _unpooled(g, d, f"{stem}_unpool{d}d", as_shape(shape, least=1), s),
    )
    return pool, unpool


def _lp_pool(d: int) -> Operation:
    options = (P, *SUM_OPTIONS)

    def value(xp: Any, x: Any, p: float, **settings: Any) -> Any:
        return _sum(xp, xp.abs(x) ** p, pool_axes(tuple(x.shape), d, settings)) ** (1 / p)

    def gradient(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, **settings: Setting) -> Expression:
        p = float(settings["p"])  # type: ignore[arg-type]
        if p != 1:
            # where a whole window is 0 the gradient is 0, not 0 / 0
            g = g / call.where(ans > 0, ans, 1) ** Const(p - 1)
        shared = Apply(f"sum_unpool{d}d", (g,), (("shape", shape_of(x)), *_given(settings, SUM_OPTIONS).items()))
        if p == 2:
            return shared * x
        return shared * (call.abs(x) ** Const(p - 1) * call.sign(x)) if p != 1 else shared * call.sign(x)

    return _operation(
        d,
        "lp_pool",
        ("x",),
        options,
        value,
        (gradient,),
        "the p-norm of each window, (Σ|x|ᵖ)^(1/p)",
        tuple(f"@({x}, {settings}, p={p})" for p in (1, 2, 3) for x, _, _, settings in _SUM[d]),
        source="Sermanet, Chintala and LeCun, Convolutional neural networks applied to house numbers digit "
        "classification, 2012",
        window=lambda x, **s: pool_axes(x, d, s),
        domain=((0.5, 3.0),),
        mistakes=of_lp_pool(d),
    )


SUMS = (
    "the sum of each window",
    "each entry of g in every place of its window, added up: the gradient of a sum over windows",
)
AVERAGES = (
    "the average of each window",
    "each entry of g shared out evenly in its window, added up: the gradient of an average pool",
)

ENTRIES = tuple(
    entry
    for d in (1, 2)
    for entry in (
        *_max_family(d),
        *_sum_family(d, "avg", (COUNT,), AVERAGES, LENET),
        _lp_pool(d),
        *_sum_family(d, "sum", (), SUMS, LENET),
    )
)
