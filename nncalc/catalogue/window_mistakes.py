"""What people compute in place of convolutions and pools: windows moved or turned, a gradient shared otherwise."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.mistake import Mistake, Substitute
from nncalc.catalogue.registry import operation
from nncalc.catalogue.substitutes import applied, with_settings, without
from nncalc.language.expression import Apply, Expression, Setting, call

MATHEMATICIANS = "the flipped kernel, the mathematician's convolution"
CROSS_CORRELATION = "the kernel as it is, cross-correlation"


def _pairs(name: str, arrays: tuple[Expression, ...], shape_of: Any, settings: dict[str, Setting]) -> list[Any]:
    """The padding in front of and behind each axis."""
    window = operation(name).window
    assert window is not None
    axes = window(*map(shape_of, arrays), **settings)
    return [(axis.before, axis.after) for axis in axes]


def _padded_before(name: str) -> Substitute:
    """What is uneven in the padding in front, not behind."""

    def value(*arrays: Expression, shape_of: Any, **settings: Setting) -> Expression | None:
        pairs = _pairs(name, arrays, shape_of, settings)
        if all(before == after for before, after in pairs):
            return None
        turned = tuple((after, before) for before, after in pairs)
        return applied(name, *arrays, **{**settings, "padding": turned})

    return value


def _counting(name: str, counted: bool) -> Substitute:
    def value(x: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
        padded = any(before or after for before, after in _pairs(name, (x,), shape_of, settings))
        if not padded or settings["count_include_pad"] == counted:
            return None
        return applied(name, x, **{**settings, "count_include_pad": counted})

    return value


def _placing(name: str, *more: str) -> tuple[Mistake, ...]:
    """Where the windows lie: without stride, padding, …; these most often give another shape."""
    return (
        *(Mistake(which, f"the {which} is left out", without(name, which)) for which in ("stride", "padding", *more)),
        Mistake("padding", "the row or column over is put in front, not behind", _padded_before(name)),
    )


# --- convolutions ----------------------------------------------------------------------------------------------------


def _turned(name: str, forward: bool = True) -> tuple[Mistake, ...]:
    """The kernel turned or not: in the forward pass a convention, in a gradient alone a mistake."""
    return (
        Mistake(
            "flip",
            "the kernel is turned by half a turn",
            with_settings(name, flip=True),
            convention=MATHEMATICIANS if forward else "",
        ),
        Mistake(
            "flip",
            "the kernel is not turned by half a turn",
            with_settings(name, flip=False),
            convention=CROSS_CORRELATION if forward else "",
        ),
    )


def of_convolution(name: str) -> tuple[Mistake, ...]:
    """Those of a convolution itself."""
    return (*_turned(name), *_placing(name, "dilation"))


def of_transposed_convolution(name: str) -> tuple[Mistake, ...]:
    """Those of a transposed convolution, whose windows lie in its result."""
    return (
        *_turned(name),
        Mistake("stride", "the stride is left out", without(name, "stride")),
        Mistake("padding", "the padding is left out", without(name, "padding")),
    )


def of_gradient(name: str) -> tuple[Mistake, ...]:
    """Those of what a convolution's gradient is made of."""
    return _turned(name, forward=False)


# --- pools ------------------------------------------------------------------------------------------------------


def _instead(op: str, *, unless: str = "") -> Substitute:
    """Another pool with the settings that both have; None where one that it has not is not at its default."""

    def value(x: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
        return None if unless and settings[unless] != 1 else applied(op, x, **settings)

    return value


def _shared(op: str) -> Substitute:
    """The gradient given back by another operation than the pool's own."""

    def rule(g: Expression, ans: Expression, x: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
        if settings.get("dilation", 1) != 1:
            return None
        return applied(op, g, **{**settings, "shape": shape_of(x)})

    return rule


def of_max_pool(d: int) -> tuple[Mistake, ...]:
    """Those of a max pool over d axes."""
    return (
        Mistake("average", "the average is taken, not the largest", _instead(f"avg_pool{d}d", unless="dilation")),
        Mistake(
            "spread",
            "the gradient goes to every entry of its window, not to the largest alone",
            gradients=((0, _shared(f"sum_unpool{d}d")),),
        ),
        Mistake(
            "spread",
            "the gradient is shared out evenly in its window, as an average's is",
            gradients=((0, _shared(f"avg_unpool{d}d")),),
        ),
        *_placing(f"max_pool{d}d", "dilation"),
        Mistake("ceil_mode", "the number of windows is rounded up", with_settings(f"max_pool{d}d", ceil_mode=True)),
        Mistake("ceil_mode", "the number of windows is rounded down", with_settings(f"max_pool{d}d", ceil_mode=False)),
    )


def of_avg_pool(d: int) -> tuple[Mistake, ...]:
    """Those of an average pool over d axes."""
    name = f"avg_pool{d}d"
    return (
        Mistake("largest", "the largest is taken, not the average", _instead(f"max_pool{d}d")),
        Mistake("sum", "the sum is taken, not the average", _instead(f"sum_pool{d}d")),
        Mistake(
            "spread",
            "the gradient is not divided by the size of the window",
            gradients=((0, _shared(f"sum_unpool{d}d")),),
        ),
        Mistake(
            "spread",
            "the gradient goes to the largest entry alone, as a max pool's does",
            gradients=((0, _to_largest(d)),),
        ),
        Mistake(
            "count_include_pad",
            "the padding's zeros are counted",
            _counting(name, True),
            convention="the padding's zeros counted",
        ),
        Mistake(
            "count_include_pad",
            "the padding's zeros are not counted",
            _counting(name, False),
            convention="the padding's zeros not counted",
        ),
        *_placing(name),
        Mistake("ceil_mode", "the number of windows is rounded up", with_settings(name, ceil_mode=True)),
        Mistake("ceil_mode", "the number of windows is rounded down", with_settings(name, ceil_mode=False)),
    )


def _to_largest(d: int) -> Substitute:
    def rule(g: Expression, ans: Expression, x: Expression, *, shape_of: Any, **settings: Setting) -> Expression:
        return applied(f"max_unpool{d}d", g, x, **settings)

    return rule


def of_lp_pool(d: int) -> tuple[Mistake, ...]:
    """Those of an Lp pool over d axes."""

    def powers(x: Expression, *, p: float, **settings: Any) -> Expression | None:
        del settings["shape_of"]
        return None if p == 1 else applied(f"sum_pool{d}d", call.abs(x) ** p, **settings)

    def largest(x: Expression, *, shape_of: Any, p: float, **settings: Setting) -> Apply:
        return applied(f"max_pool{d}d", call.abs(x), **settings)

    return (
        Mistake("root", "the root is left out", powers),
        Mistake("p", "the usual exponent, 2, is taken", without(f"lp_pool{d}d", "p")),
        Mistake("largest", "the largest is taken", largest),
    )


def of_global_pool(name: str) -> tuple[Mistake, ...]:
    """Those of one number a channel."""

    def other(x: Expression, *, shape_of: Any, **settings: Setting) -> Apply:
        return applied("global_max_pool" if name == "global_avg_pool" else "global_avg_pool", x, **settings)

    def spread(g: Expression, ans: Expression, x: Expression, *, shape_of: Any, axes: Any) -> Expression:
        shape = shape_of(x)
        behind = len(shape) - len(shape_of(g))
        kept = tuple(slice(None) for _ in range(len(shape) - behind))
        return call.broadcast(g[(*kept, *(None,) * behind)], shape=shape)

    if name == "global_avg_pool":
        return (
            Mistake("largest", "the largest is taken, not the average", other),
            Mistake("spread", "the gradient is not divided by the number of entries", gradients=((0, spread),)),
        )
    return (
        Mistake("average", "the average is taken, not the largest", other),
        Mistake("spread", "the gradient goes to every entry, not to the largest alone", gradients=((0, spread),)),
    )
