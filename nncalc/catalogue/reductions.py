"""Reductions: an array to one number, or along axes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.operation import Operation, Option, Rule, Shape, broadcast, normal_axes, without_axes
from nncalc.errors import ShapeError
from nncalc.language.expression import Const, Expression, Setting, call

ShapeOf = Callable[[Expression], Shape]
AXIS = Option("axis", None, "the axis or axes to go along, counted from 0; all if not said")
KEEPDIMS = Option("keepdims", False, "whether an axis gone along stays, with one entry")
NUMPY = "NumPy reference, {}"
EXAMPLES = ("sum(x)", "sum(A)", "sum(A, axis=0)", "sum(A, axis=-1, keepdims=True)", "sum(A, axis=(0, 1))", "sum(a)")


def _spread(g: Expression, x: Expression, shape_of: ShapeOf, axis: Setting, keepdims: Setting) -> Expression:
    """g, reduced along the axes, repeated to the shape of x."""
    return call.broadcast(_kept(g, x, shape_of, axis, keepdims), shape=shape_of(x))


def _kept(g: Expression, x: Expression, shape_of: ShapeOf, axis: Setting, keepdims: Setting) -> Expression:
    """g with one entry along each axis that it was reduced over, so that it broadcasts against x."""
    whole = shape_of(x)
    axes = normal_axes(axis, len(whole))
    # leading axes and a plain number broadcast as they are
    if keepdims or sorted(axes) == list(range(len(axes))):
        return g
    return g[tuple(None if i in axes else slice(None) for i in range(len(whole)))]


def _count(x: Shape, axis: Setting) -> int:
    return prod(x[i] for i in normal_axes(axis, len(x)))


def _var_gradient(
    g: Expression,
    ans: Expression,
    x: Expression,
    shape_of: ShapeOf,
    axis: Setting,
    keepdims: Setting,
    correction: float,
) -> Expression:
    centered = x - call.mean(x, axis=axis, keepdims=True) if axis is not None else x - call.mean(x)
    return 2 * _kept(g, x, shape_of, axis, keepdims) * centered / (_count(shape_of(x), axis) - correction)


def _extreme(name: str, opposite: str, meaning: str) -> Operation:
    """`max(x)` along axes, and `max(a, b)` entry by entry; and min alike."""

    def value(xp: Any, x: Any, b: Any = None, *, axis: Setting, keepdims: Setting) -> Any:
        if b is None:
            return getattr(xp, name)(x, axis=axis, keepdims=keepdims)
        return getattr(xp, f"{name}imum")(x, b)

    def shape(x: Shape, b: Shape | None = None, *, axis: Setting, keepdims: Setting) -> Shape:
        if b is None:
            return without_axes(x, axis, keepdims)
        if axis is not None or keepdims:
            raise ShapeError(f"{name} takes two arrays or an axis, not both", label="found both")
        return broadcast(x, b)

    def along_axes(
        g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, axis: Setting, keepdims: Setting
    ) -> Expression:
        # shared evenly among equal largest (or smallest) entries, as PyTorch's amax does
        hit = call.equal(x, _kept(ans, x, shape_of, axis, keepdims))
        ties = call.sum(hit) if axis is None else call.sum(hit, axis=axis, keepdims=True)
        return _kept(g, x, shape_of, axis, keepdims) * hit / ties

    def wins(one: Expression, other: Expression) -> Expression:
        strictly: Expression = getattr(call, opposite)(one, other)
        # beside a constant, as in max(0, x), the derivative at the kink is 0, as ReLU's is; between two variables a
        # tie is shared evenly, as PyTorch's maximum does
        return strictly if isinstance(other, Const) else strictly + call.equal(one, other) / 2

    def by_x(
        g: Expression,
        ans: Expression,
        x: Expression,
        b: Expression | None = None,
        *,
        shape_of: ShapeOf,
        axis: Setting,
        keepdims: Setting,
    ) -> Expression:
        return along_axes(g, ans, x, shape_of, axis, keepdims) if b is None else g * wins(x, b)

    def by_b(g: Expression, ans: Expression, x: Expression, b: Expression, **_: Any) -> Expression:
        return g * wins(b, x)

    return Operation(
        name=name,
        args=("x", "b"),
        optional=1,
        options=(AXIS, KEEPDIMS),
        value=value,
        shape=shape,
        gradients=(by_x, by_b),
        text=_written(name, f"{name}({{x}}{{b:more}})"),
        latex=_latex_written(name, rf"\{name}\left({{x}}{{b:more}}\right)"),
        meaning=meaning,
        source=NUMPY.format(f"numpy.{name} and numpy.{name}imum"),
        example=(
            *(example.replace("sum", name) for example in EXAMPLES),
            *(f"{name}({pair})" for pair in ("x, y", "A, x", "a, x", "0, x")),
        ),
    )


def _norm_gradient(
    g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, axis: Setting, keepdims: Setting
) -> Expression:
    return _kept(g, x, shape_of, axis, keepdims) * x / _kept(ans, x, shape_of, axis, keepdims)


def _norm(xp: Any, x: Any, axis: Setting, keepdims: Setting) -> Any:
    # scaled by the largest entry, so that squares neither overflow nor vanish
    largest = xp.max(xp.abs(x), axis=axis, keepdims=True)
    scale = xp.where((largest > 0) & (largest < float("inf")), largest, 1.0)
    if _plain(scale, x):
        scale = 1.0
    root = xp.sqrt(xp.sum((x / scale) ** 2, axis=axis, keepdims=True)) * scale
    return root if keepdims else root.reshape(xp.sum(x, axis=axis).shape)


def _plain(scale: Any, x: Any) -> bool:
    # in the ordinary range the textbook's √Σx² is exact to its own rounding, and scaling would change its last digit
    return bool((scale > 1e-100).all() and (scale < 1e100).all())


def _written(name: str, template: str) -> Any:
    def choose(axis: Setting = None, keepdims: Setting = False, **_: Setting) -> str:
        if axis is None:
            return template
        return f"{name}({{x}}; axis = {axis}{', keepdims' if keepdims else ''})".replace("-", "−")

    return choose


def _latex_written(name: str, template: str) -> Any:
    def choose(axis: Setting = None, keepdims: Setting = False, **_: Setting) -> str:
        if axis is None:
            return template
        along = rf"\mathrm{{axis}} = {axis}" + (r",\ \mathrm{keepdims}" if keepdims else "")
        return rf"\operatorname{{{name}}}\left({{x}};\ {along}\right)"

    return choose


def _reduction(
    name: str, value: Any, gradient: Rule | None, text: str, latex: str, meaning: str, source: str, *options: Option
) -> Operation:
    return Operation(
        name=name,
        args=("x",),
        options=(AXIS, KEEPDIMS, *options),
        value=value,
        shape=without_axes,
        gradients=(gradient,),
        text=_written(name, text),
        latex=_latex_written(name, latex),
        meaning=meaning,
        source=source,
        example=(
            *(example.replace("sum", name) for example in EXAMPLES),
            *(f"{name}(A, axis=0, {option.name}=1)" for option in options),
        ),
    )


def _numpy(name: str) -> Any:
    return lambda xp, x, axis, keepdims: getattr(xp, name)(x, axis=axis, keepdims=keepdims)


def _argmax_shape(x: Shape, axis: Setting, keepdims: Setting) -> Shape:
    if isinstance(axis, tuple):
        raise ShapeError("argmax goes along one axis, or all", label=f"found axis={axis}")
    return without_axes(x, axis, keepdims)


ENTRIES = (
    _reduction(
        "sum",
        _numpy("sum"),
        lambda g, ans, x, shape_of, axis, keepdims: _spread(g, x, shape_of, axis, keepdims),
        "Σ {x:product}",
        r"\sum {x:product}",
        "the sum of the entries",
        NUMPY.format("numpy.sum"),
    ),
    _reduction(
        "mean",
        _numpy("mean"),
        lambda g, ans, x, shape_of, axis, keepdims: _spread(g, x, shape_of, axis, keepdims) / _count(shape_of(x), axis),
        "mean({x})",
        r"\operatorname{mean}\left({x}\right)",
        "the average of the entries",
        NUMPY.format("numpy.mean"),
    ),
    _reduction(
        "var",
        lambda xp, x, axis, keepdims, correction: xp.var(x, axis=axis, keepdims=keepdims, ddof=correction),
        _var_gradient,
        "var({x})",
        r"\operatorname{var}\left({x}\right)",
        "the variance of the entries, divided by their number N (less the correction)",
        NUMPY.format("numpy.var"),
        Option("correction", 0, "what N is lessened by: 1 for the variance of a sample", at_least=0),
    ),
    _extreme("max", "greater", "the largest entry, or the larger of two"),
    _extreme("min", "less", "the smallest entry, or the smaller of two"),
    _reduction(
        "argmax",
        lambda xp, x, axis, keepdims: xp.argmax(x, axis=axis, keepdims=keepdims),
        None,
        "argmax({x})",
        r"\operatorname{argmax}\left({x}\right)",
        "which entry is the largest, counted from 0; the first of equal ones",
        NUMPY.format("numpy.argmax"),
    )._replace(shape=_argmax_shape, example=("argmax(x)", "argmax(A)", "argmax(A, axis=1, keepdims=True)")),
    _reduction(
        "norm",
        _norm,
        _norm_gradient,
        "‖{x}‖",
        r"\left\lVert {x} \right\rVert",
        "the Euclidean length √Σx²",
        "Goodfellow, Bengio, Courville, Deep Learning, eq. 2.30 with p = 2",
    )._replace(at_zero="the length has no derivative at 0; its gradient is 0 / 0"),
)
