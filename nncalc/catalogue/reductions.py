"""Reductions: an array to one number, or along axes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.along import against, variance_shape
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Rule, Shape, broadcast, normal_axes, without_axes
from nncalc.catalogue.substitutes import applied
from nncalc.errors import ShapeError
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, call

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
    rank = len(shape_of(x))
    return g if keepdims else against(g, normal_axes(axis, rank), rank)


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


# --- mistakes ------------------------------------------------------------------


def _is_square(x: Expression) -> bool:
    return isinstance(x, Apply) and x.op == "power"


def _as_sum(of_losses: bool) -> Any:
    """The sum for the mean: of examples' losses another convention, of anything else a mistake."""

    def value(x: Expression, *, shape_of: ShapeOf, **settings: Setting) -> Expression | None:
        if _count(shape_of(x), settings["axis"]) == 1 or (x == Name("losses")) != of_losses:
            return None
        return applied("sum", x, **settings)

    return value


def _as_mean(x: Expression, *, shape_of: ShapeOf, **settings: Setting) -> Expression | None:
    return None if _count(shape_of(x), settings["axis"]) == 1 else applied("mean", x, **settings)


def _of_a_sample(x: Expression, *, shape_of: ShapeOf, **settings: Setting) -> Expression | None:
    """A mean of squares divided by N − 1."""
    n = _count(shape_of(x), settings["axis"])
    return applied("sum", x, **settings) / (n - 1) if _is_square(x) and n > 1 else None


def _corrected(correction: int) -> Any:
    def value(x: Expression, *, shape_of: ShapeOf, **settings: Setting) -> Expression | None:
        if settings["correction"] == correction or _count(shape_of(x), settings["axis"]) == 1:
            return None
        return applied("var", x, **{**settings, "correction": correction})

    return value


def _constant(g: Expression, ans: Expression, x: Expression, **_: Any) -> float | None:
    """No gradient through a statistic; the mean of the losses, with 1 for its gradient, is none."""
    return None if isinstance(g, Const) else 0.0


def _constant_mean(g: Expression, ans: Expression, x: Expression, **_: Any) -> float | None:
    return None if isinstance(g, Const) or _is_square(x) else 0.0


def _constant_variance(g: Expression, ans: Expression, x: Expression, **_: Any) -> float | None:
    return None if isinstance(g, Const) or not _is_square(x) else 0.0


NO_STATISTICS = "mean and variance are taken for constants: no gradient goes through them"
NO_VARIANCE = "the variance is taken for a constant: no gradient goes through it"
MEAN_MISTAKES = (
    Mistake(
        "reduction",
        "the examples' losses are added up, not averaged",
        _as_sum(True),
        convention="the sum, not the mean",
    ),
    Mistake("sum", "the sum is taken, not the mean", _as_sum(False)),
    Mistake("bessel", "N − 1 is taken for N", _of_a_sample),
    Mistake("statistics_gradient", NO_STATISTICS, gradients=((0, _constant),)),
    Mistake("statistics_gradient", NO_VARIANCE, gradients=((0, _constant_variance),)),
    Mistake(
        "statistics_gradient",
        "the mean is taken for a constant: no gradient goes through it",
        gradients=((0, _constant_mean),),
    ),
)
VAR_MISTAKES = (
    Mistake("bessel", "N − 1 is taken for N", _corrected(1)),
    Mistake("bessel", "N is taken, not N − 1", _corrected(0)),
    Mistake(
        "root", "the root is taken: the standard deviation", lambda x, shape_of, **s: call.sqrt(applied("var", x, **s))
    ),
    Mistake("statistics_gradient", NO_VARIANCE, gradients=((0, _constant),)),
    Mistake("statistics_gradient", NO_STATISTICS, gradients=((0, _constant),), also=(("mean", 0, _constant),)),
)
NORM_MISTAKES = (
    Mistake("root", "the root is left out", lambda x, shape_of, **s: applied("sum", x**2, **s)),
    Mistake(
        "absolute",
        "absolute values are added up, not squares under a root",
        lambda x, shape_of, **s: applied("sum", call.abs(x), **s),
    ),
    Mistake(
        "root",
        "the gradient is that of the sum of squares",
        gradients=((0, lambda g, ans, x, shape_of, axis, keepdims: 2 * _kept(g, x, shape_of, axis, keepdims) * x),),
    ),
)


def _averaged(x: Expression, b: Expression | None = None, *, shape_of: ShapeOf, **settings: Setting) -> Any:
    return _as_mean(x, shape_of=shape_of, **settings) if b is None else None


def _to_every(
    g: Expression,
    ans: Expression,
    x: Expression,
    b: Expression | None = None,
    *,
    shape_of: ShapeOf,
    axis: Setting,
    keepdims: Setting,
) -> Expression | None:
    return _spread(g, x, shape_of, axis, keepdims) if b is None else None


def _beside_a_number(closed: str, position: int) -> Any:
    """max(0, x) with the derivative 1 at 0, for the argument at that position."""

    def rule(g: Expression, ans: Expression, *arrays: Expression, **_: Any) -> Expression | None:
        if len(arrays) == 1 or not isinstance(arrays[1 - position], Const):
            return None
        return g * Apply(closed, (arrays[position], arrays[1 - position]))

    return rule


def _extreme_mistakes(name: str, closed: str) -> tuple[Mistake, ...]:
    return (
        Mistake("average", "the mean is taken", _averaged),
        Mistake("spread", "the gradient goes to every entry, not to the one taken alone", gradients=((0, _to_every),)),
        Mistake(
            "at_zero",
            "the derivative where both are equal is taken for 1",
            gradients=((0, _beside_a_number(closed, 0)), (1, _beside_a_number(closed, 1))),
            convention="the derivative 1 at the kink",
        ),
    )


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

    def ties(xp: Any, x: Any, b: Any = None, *, axis: Setting, keepdims: Setting) -> Any:
        if b is not None:
            return 1 + (x == b)
        return xp.sum(x == value(xp, x, axis=axis, keepdims=True), axis=axis, keepdims=keepdims)

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
        ties=ties,
        at_tie="a tie: equal entries share the gradient evenly; beside a number, as in max(0, x), it is 0",
        mistakes=_extreme_mistakes(name, f"{opposite}_equal"),
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
    name: str,
    value: Any,
    gradient: Rule | None,
    text: str,
    latex: str,
    meaning: str,
    source: str,
    *options: Option,
    mistakes: tuple[Mistake, ...] = (),
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
        mistakes=mistakes,
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
        mistakes=(Mistake("average", "the mean is taken, not the sum", _as_mean),),
    ),
    _reduction(
        "mean",
        _numpy("mean"),
        lambda g, ans, x, shape_of, axis, keepdims: _spread(g, x, shape_of, axis, keepdims) / _count(shape_of(x), axis),
        "mean({x})",
        r"\operatorname{mean}\left({x}\right)",
        "the average of the entries",
        NUMPY.format("numpy.mean"),
        mistakes=MEAN_MISTAKES,
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
        mistakes=VAR_MISTAKES,
    )._replace(shape=variance_shape),
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
        mistakes=(
            Mistake(
                "label_base",
                "entries are counted from 1, not from 0",
                lambda x, shape_of, **s: applied("argmax", x, **s) + 1,
                convention="entries counted from 1",
            ),
        ),
    )._replace(shape=_argmax_shape, example=("argmax(x)", "argmax(A)", "argmax(A, axis=1, keepdims=True)")),
    _reduction(
        "norm",
        _norm,
        _norm_gradient,
        "‖{x}‖",
        r"\left\lVert {x} \right\rVert",
        "the Euclidean length √Σx²",
        "Goodfellow, Bengio, Courville, Deep Learning, eq. 2.30 with p = 2",
        mistakes=NORM_MISTAKES,
    )._replace(at_zero="the length has no derivative at 0; its gradient is 0 / 0"),
)
