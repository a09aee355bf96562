"""Normalization in textbook steps: μ, σ², x̂, and γ x̂ + β; with running averages for batch norm."""

from __future__ import annotations

from math import prod

from nncalc.catalogue.along import against
from nncalc.catalogue.layer import Block, Layer, Parameter
from nncalc.catalogue.normalization import BATCH_NORM, EPSILON, LAYER_NORM, check_count, check_groups, last_axes
from nncalc.catalogue.operation import Option, Shape, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Const, Expression, Setting, call

Axes = tuple[int, ...]
GAMMA = Parameter("gamma", "gamma", None, default=1.0)
BETA = Parameter("beta", "beta", None, default=0.0)
ALL = slice(None)


def _epsilon(b: Block) -> Const:
    epsilon = b.options["epsilon"]
    assert isinstance(epsilon, (int, float))
    return Const(float(epsilon))


def _mean(x: Expression, axes: Axes, rank: int) -> Expression:
    if len(axes) == rank:
        return call.mean(x)
    axis: Setting = axes[0] if len(axes) == 1 else axes
    return call.mean(x, axis=axis)


def _standardized(b: Block, x: Expression, axes: Axes) -> Expression:
    """μ and σ² as steps, and x̂ as an expression."""
    rank = len(b.shape_of(x))
    mu = b.assign("mu", _mean(x, axes, rank), per_example=0 not in axes)
    centered = x - against(mu, axes, rank)
    var = b.assign("var", _mean(centered**2, axes, rank), per_example=0 not in axes)
    return centered / call.sqrt(against(var, axes, rank) + _epsilon(b))


def _scaled(b: Block, xhat: Expression, shape: Shape, behind: int) -> None:
    """γ x̂ + β, where γ and β have that shape and so many axes stand behind them."""
    index = (*(ALL,) * len(shape), *(None,) * behind)

    def standing(letter: str) -> Expression:
        name = b.parameter(letter, shape)
        return name[index] if behind else name

    b.assign("norm", standing("gamma") * xhat + standing("beta"))


def _batch_norm(b: Block) -> None:
    inference = b.options["mode"] == "inference"
    if not (b.batched or inference):
        raise _refused(
            b,
            "batch_norm needs a batch",
            f"found one example, {dimensions(b.shape)}",
            "Write 'batch: true' if it is one, 'mode: inference' for the running statistics.",
        )
    channels, rank = b.example[0], len(b.shape)
    axes = tuple(axis for axis in range(rank) if axis != int(b.batched))
    mean, var = b.parameter("running_mean", (channels,)), b.parameter("running_var", (channels,))
    if inference:
        centered = b.x - against(mean, axes, rank)
        xhat: Expression = centered / call.sqrt(against(var, axes, rank) + _epsilon(b))
    else:
        try:
            check_count(prod(b.shape) // channels)
        except ShapeError as error:
            error.place = b.place
            raise
        xhat = _standardized(b, b.x, axes)
        momentum = b.options["momentum"]
        assert isinstance(momentum, (int, float))
        new, old = Const(float(momentum)), 1 - Const(float(momentum))
        axis: Setting = axes[0] if len(axes) == 1 else axes
        b.update("running_mean", old * mean + new * b.name("mu"))
        b.update("running_var", old * var + new * call.var(b.x, axis=axis, correction=1))
    _scaled(b, b.assign("xhat", xhat), (channels,), len(b.example) - 1)


def _last_axes(b: Block) -> Axes:
    gamma = b.name("gamma")
    try:
        return last_axes(b.shape, b.shape_of(gamma) if "gamma" in b.given else ())
    except ShapeError as error:
        error.names = (gamma.id,)
        raise


def _layer_norm(b: Block) -> None:
    axes = _last_axes(b)
    xhat = b.assign("xhat", _standardized(b, b.x, axes))
    _scaled(b, xhat, b.shape[axes[0] :], 0)


def _rms_norm(b: Block) -> None:
    axes, rank = _last_axes(b), len(b.shape)
    square = b.assign("var", _mean(b.x**2, axes, rank))
    xhat = b.assign("xhat", b.x / call.sqrt(against(square, axes, rank) + _epsilon(b)))
    b.assign("norm", b.parameter("gamma", b.shape[axes[0] :]) * xhat)


def _instance_norm(b: Block) -> None:
    if len(b.example) < 2:
        raise _refused(b, "instance_norm takes (channels, …)", f"found {dimensions(b.example)} as an example")
    first = 2 if b.batched else 1
    axes = tuple(range(first, len(b.shape)))
    _scaled(b, b.assign("xhat", _standardized(b, b.x, axes)), b.example[:1], len(b.example) - 1)


def _group_norm(b: Block) -> None:
    groups, channels = b.options["groups"], b.example[0]
    assert isinstance(groups, (int, float))
    try:
        check_groups(channels, int(groups))
    except ShapeError as error:
        error.place = b.place
        raise
    # −1: as many examples as there are
    front = (-1,) if b.batched else ()
    parts = call.reshape(b.x, shape=(*front, int(groups), prod(b.example) // int(groups)))
    xhat = _standardized(b, parts, (len(front) + 1,))
    _scaled(b, b.assign("xhat", call.reshape(xhat, shape=(*front, *b.example))), (channels,), len(b.example) - 1)


def _refused(b: Block, message: str, label: str, hint: str = "") -> ShapeError:
    return ShapeError(message, label=label, hint=hint, place=b.place)


ENTRIES = (
    Layer(
        name="batch_norm",
        block=_batch_norm,
        parameters=(
            GAMMA,
            BETA,
            Parameter("running_mean", "running_mean", None, default=0.0, trained=False),
            Parameter("running_var", "running_var", None, default=1.0, trained=False),
        ),
        options=(
            EPSILON,
            Option("momentum", 0.1, "the weight of the batch's statistics in the running ones", at_least=0),
            Option("mode", "training", "statistics of the batch, or the running ones", ("training", "inference")),
        ),
        family="norm",
        meaning="each channel to mean 0 and variance 1 over the batch, then γ x̂ + β; running averages for inference",
        source=f"{BATCH_NORM}; PyTorch documentation, torch.nn.BatchNorm1d",
    ),
    Layer(
        name="layer_norm",
        block=_layer_norm,
        parameters=(GAMMA, BETA),
        options=(EPSILON,),
        family="norm",
        meaning="each example to mean 0 and variance 1 over its features, then γ x̂ + β",
        source=f"{LAYER_NORM}; PyTorch documentation, torch.nn.LayerNorm",
    ),
    Layer(
        name="rms_norm",
        block=_rms_norm,
        parameters=(GAMMA,),
        options=(EPSILON,),
        family="norm",
        meaning="each example divided by the root of its features' mean square, then times γ",
        source="Zhang and Sennrich, Root Mean Square Layer Normalization (2019), eq. 4",
    ),
    Layer(
        name="instance_norm",
        block=_instance_norm,
        parameters=(GAMMA, BETA),
        options=(EPSILON,),
        family="norm",
        meaning="each channel of each example to mean 0 and variance 1 over its places, then γ x̂ + β",
        source="Ulyanov, Vedaldi and Lempitsky, Instance Normalization (2016), eq. 2",
    ),
    Layer(
        name="group_norm",
        block=_group_norm,
        parameters=(GAMMA, BETA),
        options=(
            Option("groups", None, "into how many groups the channels go", at_least=1, whole=True, required=True),
            EPSILON,
        ),
        family="norm",
        meaning="each group of channels of each example to mean 0 and variance 1, then γ x̂ + β",
        source="Wu and He, Group Normalization (2018), eq. 7",
    ),
)
