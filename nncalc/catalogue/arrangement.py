"""Arrangement of images and sequences: flattened, padded, enlarged, or one number a channel."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Shape, normal_axes
from nncalc.catalogue.window_mistakes import of_global_pool
from nncalc.catalogue.windows import SOURCE, padding_pairs, per_axis
from nncalc.errors import ShapeError
from nncalc.language.expression import Apply, Expression, Setting, Slice, call
from nncalc.language.text import setting_text

ShapeOf = Callable[[Expression], Shape]
FULL = Slice(None, None, None)
START = Option("start_dim", 0, "the first axis that is flattened, from 0", whole=True)
WIDTHS = Option(
    "padding",
    0,
    "zeros added: so many on every side, so many along each of the last axes, or a pair along each",
    at_least=0,
    whole=True,
    nested=2,
)
SCALE = Option("scale", None, "how often each entry is repeated", at_least=1, whole=True, nested=1, required=True)
BEHIND = Option(
    "axes",
    None,
    "how many axes there are behind the channels: 1 for (channels, length), 2 for an image",
    at_least=1,
    whole=True,
)


def _flat_shape(x: Shape, start_dim: Setting) -> Shape:
    if not x:
        return (1,)
    (start,) = normal_axes(start_dim, len(x))
    return (*x[:start], prod(x[start:]))


def last_axes(rank: int, setting: Setting) -> int:
    """How many of the last axes a setting is about: as many as it names; else all behind the channels, at most two."""
    return len(setting) if isinstance(setting, tuple) else max(min(rank - 1, 2), 1)


def _widths(x: Shape, padding: Setting) -> tuple[tuple[int, int], ...]:
    d = last_axes(len(x), padding)
    if d > len(x):
        raise ShapeError("the padding names more axes than there are", label=f"found {d}, expected at most {len(x)}")
    pairs = padding_pairs(padding, d)
    assert pairs is not None
    return (*((0, 0),) * (len(x) - d), *pairs)


def _padded_value(xp: Any, x: Any, padding: Setting) -> Any:
    return xp.pad(x, _widths(x.shape, padding))


def _padded_shape(x: Shape, padding: Setting) -> Shape:
    return tuple(n + sum(pair) for n, pair in zip(x, _widths(x, padding), strict=True))


def _padded_gradient(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, padding: Setting) -> Expression:
    shape = shape_of(x)
    widths = _widths(shape, padding)
    items = tuple(
        Slice(before, before + n, None) if before or after else FULL
        for n, (before, after) in zip(shape, widths, strict=True)
    )
    return g[items] if any(item != FULL for item in items) else g


def _scales(x: Shape, scale: Setting) -> tuple[int, ...]:
    d = last_axes(len(x), scale)
    if d > len(x):
        raise ShapeError("the scale names more axes than there are", label=f"found {d}, expected at most {len(x)}")
    return (*(1,) * (len(x) - d), *per_axis(scale, d, "scale"))


def _enlarged(xp: Any, x: Any, scale: Setting) -> Any:
    for axis, times in enumerate(_scales(x.shape, scale)):
        x = xp.repeat(x, times, axis=axis) if times > 1 else x
    return x


def _enlarged_gradient(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, scale: Setting) -> Expression:
    """The sum over the copies of each entry: an axis of its own for them."""
    sizes: list[int] = []
    copies: list[int] = []
    for n, times in zip(shape_of(x), _scales(shape_of(x), scale), strict=True):
        sizes.append(n)
        if times > 1:
            copies.append(len(sizes))
            sizes.append(times)
    if not copies:
        return g
    return call.sum(call.reshape(g, shape=tuple(sizes)), axis=copies[0] if len(copies) == 1 else tuple(copies))


def _behind_channels(x: Shape, axes: Setting) -> int:
    d = int(axes) if isinstance(axes, (int, float)) else 1 if len(x) == 2 else 2
    if len(x) not in (d + 1, d + 2):
        raise ShapeError("a global pool needs (channels, …), or examples of them", label=f"found {len(x)} axes")
    return d


def _average_gradient(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, axes: Setting) -> Expression:
    shape = shape_of(x)
    d = _behind_channels(shape, axes)
    every = g[(*(FULL,) * (len(shape) - d), *(None,) * d)]
    return call.broadcast(every / prod(shape[-d:]), shape=shape)


def _largest_gradient(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, axes: Setting) -> Expression:
    shape = shape_of(x)
    d = _behind_channels(shape, axes)
    if d > 2:
        raise ShapeError("global_max_pool takes one or two axes behind the channels", label=f"found {d}")
    every = g[(*(FULL,) * (len(shape) - d), *(None,) * d)]
    return Apply(f"max_unpool{d}d", (every, x), (("size", shape[-d:]),))


def _over(name: str) -> Callable[..., Any]:
    def value(xp: Any, x: Any, axes: Setting) -> Any:
        return getattr(xp, name)(x, axis=tuple(range(-_behind_channels(x.shape, axes), 0)))

    return value


def _count_largest(xp: Any, x: Any, axes: Setting) -> Any:
    behind = tuple(range(-_behind_channels(x.shape, axes), 0))
    return (x == xp.max(x, axis=behind, keepdims=True)).sum(axis=behind)


def _global_shape(x: Shape, axes: Setting) -> Shape:
    return x[: -_behind_channels(x, axes)]


def _text(name: str, key: str) -> tuple[Any, Any]:
    def words(settings: dict[str, Setting]) -> str:
        value = settings.get(key)
        return "" if value is None or value == 0 else f"{key.removesuffix('_dim')} = {setting_text(value)}"

    def text(**settings: Setting) -> str:
        behind = words(settings)
        return f"{name}({{x}}{'; ' + behind if behind else ''})"

    def latex(**settings: Setting) -> str:
        behind, escaped = words(settings), name.replace("_", r"\_")
        shown = rf";\ \text{{{behind}}}" if behind else ""
        return rf"\operatorname{{{escaped}}}\left({{x}}{shown}\right)"

    return text, latex


def _arranged(name: str, option: Option, meaning: str, source: str, **facts: Any) -> Operation:
    text, latex = _text(name, option.name)
    return Operation(
        name=name, args=("x",), options=(option,), text=text, latex=latex, meaning=meaning, source=source, **facts
    )


def _in_order(order: Callable[[int], tuple[int, ...]], least: int) -> Any:
    """The entries in another order: of each example what is flattened, its axes taken in that order."""

    def value(x: Expression, *, shape_of: ShapeOf, start_dim: Setting) -> Expression | None:
        rank = len(shape_of(x))
        (start,) = normal_axes(start_dim, max(rank, 1))
        behind = rank - start
        if behind < least:
            return None
        axes = (*range(start), *(start + axis for axis in order(behind)))
        return call.flatten(call.transpose(x, axes=axes), **({"start_dim": start} if start else {}))

    return value


LIN = "Lin, Chen and Yan, Network in network, 2013, section 3.2"

ENTRIES = (
    _arranged(
        "flatten",
        START,
        "all entries, row by row, as one vector; or those of each example, with start_dim=1",
        "PyTorch reference, torch.flatten",
        value=lambda xp, x, start_dim: xp.reshape(x, _flat_shape(x.shape, start_dim)),
        shape=_flat_shape,
        gradients=(lambda g, ans, x, shape_of, start_dim: call.reshape(g, shape=shape_of(x)),),
        example=("flatten(A)", "flatten(a)", "flatten(A[:, None], start_dim=1)"),
        mistakes=(
            Mistake(
                "order",
                "the entries are taken column by column",
                _in_order(lambda n: tuple(reversed(range(n))), 2),
                convention="entries column by column",
            ),
            Mistake(
                "order",
                "the channels of each place are taken together",
                _in_order(lambda n: (*range(1, n), 0), 3),
                convention="channels last",
            ),
        ),
    ),
    _arranged(
        "zero_pad",
        WIDTHS,
        "zeros around an image, or on both ends of a sequence",
        SOURCE,
        value=_padded_value,
        shape=_padded_shape,
        gradients=(_padded_gradient,),
        example=(
            "zero_pad(x, padding=1)",
            "zero_pad(A, padding=2)",
            "zero_pad(A, padding=(1, 0))",
            "zero_pad(A[None], padding=((0, 1), (2, 0)))",
            "zero_pad(A)",
        ),
    ),
    _arranged(
        "upsample",
        SCALE,
        "every entry repeated along each axis: the nearest neighbour of each place",
        "PyTorch reference, torch.nn.Upsample with mode 'nearest'",
        value=_enlarged,
        shape=lambda x, scale: tuple(n * times for n, times in zip(x, _scales(x, scale), strict=True)),
        gradients=(_enlarged_gradient,),
        example=(
            "upsample(x, scale=2)",
            "upsample(A, scale=3)",
            "upsample(A[None], scale=(2, 1))",
            "upsample(A[:, None, None], scale=2)",
        ),
    ),
    _arranged(
        "global_avg_pool",
        BEHIND,
        "the average of each channel",
        LIN,
        value=_over("mean"),
        shape=_global_shape,
        gradients=(_average_gradient,),
        mistakes=of_global_pool("global_avg_pool"),
        example=("global_avg_pool(A)", "global_avg_pool(A[None])", "global_avg_pool(A[:, None], axes=1)"),
    ),
    _arranged(
        "global_max_pool",
        BEHIND,
        "the largest entry of each channel",
        LIN,
        value=_over("max"),
        shape=_global_shape,
        gradients=(_largest_gradient,),
        mistakes=of_global_pool("global_max_pool"),
        ties=_count_largest,
        at_tie="a tie: its channel has several largest entries, and the gradient goes to the first",
        example=("global_max_pool(A)", "global_max_pool(A[None])", "global_max_pool(A[:, None], axes=1)"),
    ),
)
