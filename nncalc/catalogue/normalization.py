"""Normalization in one step: batch, layer, instance, group and RMS norm. Layers write the same in textbook steps.

x̂ = (x − μ) / √(σ² + ε) over some axes, then γ x̂ + β. What differs is the axes. As in PyTorch, x is (examples,
channels, …) for batch, instance and group norm, and γ and β have a number for each channel; for layer and RMS norm they
have the shape of the axes gone over, which are the last ones.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.along import Axes, along, one_or_all
from nncalc.catalogue.normalization_mistakes import of_normalization, of_rms_norm, statistics_of_the_batch
from nncalc.catalogue.operation import Operation, Option, Shape, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Setting, call

ShapeOf = Callable[[Expression], Shape]
EPSILON = Option("epsilon", 1e-5, "ε, what is added to the variance", at_least=0)
RUNNING = ("running_mean", "running_var")
DOMAIN = ((-3.0, 3.0), (0.5, 3.0), (0.5, 3.0))
BATCH_NORM = "Ioffe and Szegedy, Batch Normalization (2015), algorithm 1"
LAYER_NORM = "Ba, Kiros and Hinton, Layer Normalization (2016), eq. 4"


# --- numbers ------------------------------------------------------------------


def standardized(xp: Any, x: Any, axes: Axes, epsilon: float) -> Any:
    """(x − μ) / √(σ² + ε) over the axes."""
    centered = x - xp.mean(x, axis=axes, keepdims=True)
    return centered / xp.sqrt(xp.mean(centered**2, axis=axes, keepdims=True) + epsilon)


def _scaled(x: Any, gamma: Any, beta: Any) -> Any:
    scaled = x if gamma is None else gamma * x
    return scaled if beta is None else scaled + beta


def _channels(v: Any, rank: int) -> Any:
    """A number for each channel, standing so that it broadcasts against (examples, channels, …)."""
    return v if v is None or getattr(v, "ndim", 0) == 0 else v.reshape((-1, *(1,) * (rank - 2)))


# --- expressions ------------------------------------------------------------------


def _back(g: Expression, x: Expression, xhat: Expression, axes: Axes, rank: int, epsilon: float) -> Expression:
    """∂ℓ/∂x from g = ∂ℓ/∂x̂: (g − mean g − x̂ · mean(g x̂)) / √(σ² + ε)."""
    deviation = call.sqrt(along("var", x, axes, rank) + epsilon)
    return (g - along("mean", g, axes, rank) - xhat * along("mean", g * xhat, axes, rank)) / deviation


def _standing(v: Expression, shape_of: ShapeOf, rank: int) -> Expression:
    if rank <= 2 or not shape_of(v):
        return v
    return v[(slice(None), *(None,) * (rank - 2))]


def _per_channel(g: Expression, rank: int) -> Expression:
    return call.sum(g, axis=one_or_all((0, *range(2, rank))))


# --- batch, instance and group norm ------------------------------------------------------------------


def _channel_shape(name: str, least: int) -> Callable[..., Shape]:
    def shape(
        x: Shape,
        gamma: Shape | None = None,
        beta: Shape | None = None,
        **settings: Any,
    ) -> Shape:
        if len(x) < least:
            wanted = "(examples, channels)" if least == 2 else "(examples, channels, …)"
            raise ShapeError(f"{name} takes {wanted}", label=f"found {dimensions(x)}")
        statistics = {key: settings[key] for key in RUNNING if key in settings}
        for what, found in {"gamma": gamma, "beta": beta, **statistics}.items():
            if found and found != x[1:2]:
                label = f"found {dimensions(found)}, expected one for each of the {x[1]} channels"
                raise ShapeError(f"{what} does not fit", label=label)
        if name == "group_norm":
            check_groups(x[1], settings["groups"])
        if name == "batch_norm":
            if settings["mode"] == "inference" and None in statistics.values():
                raise ShapeError(
                    "batch_norm needs running statistics for inference",
                    label="expected running_mean=… and running_var=…",
                )
            if settings["mode"] == "training":
                check_count(prod(x) // x[1])
        return x

    return shape


def check_groups(channels: int, groups: int) -> None:
    """Raises ShapeError where the channels are no multiple of the groups."""
    if groups > channels or channels % groups:
        raise ShapeError(
            f"{channels} channels can't be put into {groups} groups",
            label=f"found {groups}, which does not divide {channels}",
        )


def check_count(count: int) -> None:
    """Raises ShapeError where a batch's statistics would be those of a single number."""
    if count < 2:
        raise ShapeError(
            "batch_norm has no statistics of a single example",
            label="training needs two numbers for each channel; their variance would be 0",
            hint="Give a batch, or 'mode: inference' with running statistics.",
        )


def _axes(name: str, rank: int) -> Axes:
    return (0, *range(2, rank)) if name == "batch_norm" else tuple(range(2, rank))


def _channel_value(name: str) -> Callable[..., Any]:
    def value(xp: Any, x: Any, gamma: Any = None, beta: Any = None, *, epsilon: float, **settings: Any) -> Any:
        if settings.get("mode") == "inference":
            mean, variance = (_channels(settings[key], x.ndim) for key in RUNNING)
            normal = (x - mean) / xp.sqrt(variance + epsilon)
        elif name == "group_norm":
            parts = x.reshape((x.shape[0], settings["groups"], -1))
            normal = standardized(xp, parts, (2,), epsilon).reshape(x.shape)
        else:
            normal = standardized(xp, x, _axes(name, x.ndim), epsilon)
        return _scaled(normal, _channels(gamma, x.ndim), _channels(beta, x.ndim))

    return value


def _channel_gradients(name: str) -> tuple[Callable[..., Expression], ...]:
    def normal(x: Expression, settings: dict[str, Any]) -> Expression:
        default = {"mode": "training", "running_mean": None, "running_var": None}
        stated = {k: v for k, v in settings.items() if v != default.get(k) and (k, v) != ("epsilon", 1e-5)}
        result: Expression = getattr(call, name)(x, **stated)
        return result

    def by_x(
        g: Expression,
        ans: Expression,
        x: Expression,
        gamma: Expression | None = None,
        beta: Expression | None = None,
        *,
        shape_of: ShapeOf,
        **settings: Any,
    ) -> Expression:
        shape, epsilon = shape_of(x), settings["epsilon"]
        rank = len(shape)
        g = g if gamma is None else g * _standing(gamma, shape_of, rank)
        if settings.get("mode") == "inference":
            return g / call.sqrt(_standing(settings["running_var"], shape_of, rank) + epsilon)
        if name != "group_norm":
            return _back(g, x, normal(x, settings), _axes(name, rank), rank, epsilon)
        groups = (shape[0], settings["groups"], prod(shape[1:]) // settings["groups"])
        parts, upstream = call.reshape(x, shape=groups), call.reshape(g, shape=groups)
        xhat = call.reshape(normal(x, settings), shape=groups)
        return call.reshape(_back(upstream, parts, xhat, (2,), 3, epsilon), shape=shape)

    def by_gamma(
        g: Expression,
        ans: Expression,
        x: Expression,
        gamma: Expression,
        beta: Expression | None = None,
        *,
        shape_of: ShapeOf,
        **settings: Any,
    ) -> Expression:
        product = g * normal(x, settings)
        return _per_channel(product, len(shape_of(x))) if shape_of(gamma) else product

    def by_beta(
        g: Expression,
        ans: Expression,
        x: Expression,
        gamma: Expression,
        beta: Expression,
        *,
        shape_of: ShapeOf,
        **settings: Any,
    ) -> Expression:
        return _per_channel(g, len(shape_of(x))) if shape_of(beta) else g

    return by_x, by_gamma, by_beta


def _channel_norm(
    name: str, title: str, least: int, options: tuple[Option, ...], meaning: str, source: str, example: tuple[str, ...]
) -> Operation:
    mistakes = () if name == "group_norm" else of_normalization(name, lambda x, _: _axes(name, len(x)), _standing)
    return Operation(
        name=name,
        args=("x", "gamma", "beta"),
        optional=2,
        options=options,
        value=_channel_value(name),
        shape=_channel_shape(name, least),
        gradients=_channel_gradients(name),
        text=f"{title}({{x}}{{gamma:more}}{{beta:more}})",
        latex=rf"\operatorname{{{title}}}\left({{x}}{{gamma:more}}{{beta:more}}\right)",
        meaning=meaning,
        source=source,
        domain=DOMAIN,
        example=example,
        mistakes=(*mistakes, *((statistics_of_the_batch(),) if name == "batch_norm" else ())),
    )


# --- layer and RMS norm ------------------------------------------------------------------


def last_axes(x: Shape, gamma: Shape | None) -> Axes:
    """The axes gone over: the last one, or as many last ones as γ has. Raises ShapeError where γ does not fit."""
    rank = len(gamma) if gamma else 1
    if not x:
        raise ShapeError("a single number can't be normalized", label="expected a vector at least")
    if gamma and gamma != x[-rank:]:
        raise ShapeError("gamma does not fit", label=f"found {dimensions(gamma)}, expected {dimensions(x[-rank:])}")
    return tuple(range(len(x) - rank, len(x)))


def _layer_shape(x: Shape, gamma: Shape | None = None, beta: Shape | None = None, *, epsilon: Setting) -> Shape:
    axes = last_axes(x, gamma)
    if beta and beta != x[axes[0] :]:
        raise ShapeError("beta does not fit", label=f"found {dimensions(beta)}, expected {dimensions(x[axes[0] :])}")
    return x


def _layer_norm(xp: Any, x: Any, gamma: Any = None, beta: Any = None, *, epsilon: float) -> Any:
    return _scaled(standardized(xp, x, last_axes(x.shape, getattr(gamma, "shape", None)), epsilon), gamma, beta)


def _rms_norm(xp: Any, x: Any, gamma: Any = None, *, epsilon: float) -> Any:
    axes = last_axes(x.shape, getattr(gamma, "shape", None))
    return _scaled(x / xp.sqrt(xp.mean(x**2, axis=axes, keepdims=True) + epsilon), gamma, None)


def _layer_by_x(
    g: Expression,
    ans: Expression,
    x: Expression,
    gamma: Expression | None = None,
    beta: Expression | None = None,
    *,
    shape_of: ShapeOf,
    epsilon: float,
) -> Expression:
    axes, rank = last_axes(shape_of(x), None if gamma is None else shape_of(gamma)), len(shape_of(x))
    deviation = call.sqrt(along("var", x, axes, rank) + epsilon)
    xhat = (x - along("mean", x, axes, rank)) / deviation
    return _back(g if gamma is None else g * gamma, x, xhat, axes, rank, epsilon)


def _layer_by_gamma(
    g: Expression,
    ans: Expression,
    x: Expression,
    gamma: Expression,
    beta: Expression | None = None,
    *,
    shape_of: ShapeOf,
    epsilon: float,
) -> Expression:
    axes, rank = last_axes(shape_of(x), shape_of(gamma)), len(shape_of(x))
    centered = x - along("mean", x, axes, rank)
    return g * centered / call.sqrt(along("var", x, axes, rank) + epsilon)


def _root(x: Expression, gamma: Expression | None, shape_of: ShapeOf, epsilon: float) -> tuple[Expression, Axes, int]:
    axes, rank = last_axes(shape_of(x), None if gamma is None else shape_of(gamma)), len(shape_of(x))
    return call.sqrt(along("mean", x**2, axes, rank) + epsilon), axes, rank


def _rms_by_x(
    g: Expression, ans: Expression, x: Expression, gamma: Expression | None = None, *, shape_of: ShapeOf, epsilon: float
) -> Expression:
    root, axes, rank = _root(x, gamma, shape_of, epsilon)
    g = g if gamma is None else g * gamma
    return (g - x * along("mean", g * x, axes, rank) / root**2) / root


def _rms_by_gamma(
    g: Expression, ans: Expression, x: Expression, gamma: Expression, *, shape_of: ShapeOf, epsilon: float
) -> Expression:
    return g * x / _root(x, gamma, shape_of, epsilon)[0]


ENTRIES = (
    _channel_norm(
        "batch_norm",
        "BatchNorm",
        2,
        (
            EPSILON,
            Option("mode", "training", "statistics of the batch, or the running ones", ("training", "inference")),
            Option("running_mean", None, "the mean of each channel, for inference", array=True),
            Option("running_var", None, "the variance of each channel, for inference", array=True),
        ),
        "each channel to mean 0 and variance 1 over the examples (and places), then γ x̂ + β",
        BATCH_NORM,
        (
            "batch_norm(A)",
            "batch_norm(A, x, y)",
            "batch_norm(A, x, epsilon=0.1)",
            "batch_norm(A[:, :, None] * x, y, x)",
            "batch_norm(A, a, b)",
            "batch_norm(A, mode='inference', running_mean=y, running_var=x)",
        ),
    ),
    _channel_norm(
        "instance_norm",
        "InstanceNorm",
        3,
        (EPSILON,),
        "each channel of each example to mean 0 and variance 1 over its places, then γ x̂ + β",
        "Ulyanov, Vedaldi and Lempitsky, Instance Normalization (2016), eq. 2",
        (
            "instance_norm(A[None])",
            "instance_norm(A[None], A[:, 0], B[:, 0])",
            "instance_norm(A[None], a, epsilon=0.1)",
        ),
    ),
    _channel_norm(
        "group_norm",
        "GroupNorm",
        2,
        (
            Option("groups", None, "into how many groups the channels go", at_least=1, whole=True, required=True),
            EPSILON,
        ),
        "each group of channels of each example to mean 0 and variance 1, then γ x̂ + β",
        "Wu and He, Group Normalization (2018), eq. 7",
        (
            "group_norm(reshape(A, shape=(1, 6)), groups=2)",
            "group_norm(A[None], A[:, 0], B[:, 0], groups=1)",
            "group_norm(reshape(A, shape=(1, 6)), a, groups=3, epsilon=0.1)",
        ),
    ),
    Operation(
        name="layer_norm",
        args=("x", "gamma", "beta"),
        optional=2,
        options=(EPSILON,),
        value=_layer_norm,
        shape=_layer_shape,
        gradients=(_layer_by_x, _layer_by_gamma, lambda g, ans, x, gamma, beta, shape_of, epsilon: g),
        text="LayerNorm({x}{gamma:more}{beta:more})",
        latex=r"\operatorname{LayerNorm}\left({x}{gamma:more}{beta:more}\right)",
        meaning="each example to mean 0 and variance 1 over its features (the axes of γ), then γ x̂ + β",
        source=LAYER_NORM,
        domain=DOMAIN,
        mistakes=of_normalization("layer_norm", last_axes, lambda v, shape_of, rank: v),
        example=(
            "layer_norm(x)",
            "layer_norm(A)",
            "layer_norm(A, x, y)",
            "layer_norm(A, B, epsilon=0.1)",
            "layer_norm(A, a, b)",
        ),
    ),
    Operation(
        name="rms_norm",
        args=("x", "gamma"),
        optional=1,
        options=(EPSILON,),
        value=_rms_norm,
        shape=lambda x, gamma=None, *, epsilon: _layer_shape(x, gamma, epsilon=epsilon),
        gradients=(_rms_by_x, _rms_by_gamma),
        text="RMSNorm({x}{gamma:more})",
        latex=r"\operatorname{RMSNorm}\left({x}{gamma:more}\right)",
        meaning="each example divided by the root of its features' mean square, then times γ",
        source="Zhang and Sennrich, Root Mean Square Layer Normalization (2019), eq. 4",
        domain=DOMAIN[:2],
        mistakes=of_rms_norm(last_axes),
        example=("rms_norm(x)", "rms_norm(A)", "rms_norm(A, x)", "rms_norm(A, B, epsilon=0.1)"),
    ),
)
