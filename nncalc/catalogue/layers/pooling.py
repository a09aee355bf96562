"""Pooling layers: one number for each window, or for each channel."""

from __future__ import annotations

from collections.abc import Callable

from nncalc.catalogue.layer import Block, Layer
from nncalc.catalogue.layers.convolution import IMAGE, SIGNAL, stated
from nncalc.catalogue.operation import Option
from nncalc.catalogue.pooling import COUNT, LENET, MAX_OPTIONS, SUM_OPTIONS, P
from nncalc.language.expression import Apply


def _pool(op: str, options: tuple[Option, ...]) -> Callable[[Block], None]:
    return lambda b: _write(b, Apply(op, (b.x,), stated(b, options)))  # type: ignore[arg-type]


def _write(b: Block, pool: Apply) -> None:
    b.assign("pool", pool)


def _global(op: str) -> Callable[[Block], None]:
    def block(b: Block) -> None:
        behind = len(b.example) - 1
        # what the operation would take these axes for if it weren't told
        guessed = 1 if len(b.shape) == 2 else 2
        _write(b, Apply(op, (b.x,), () if behind == guessed else (("axes", behind),)))

    return block


def _layer(stem: str, d: int, options: tuple[Option, ...], meaning: str, source: str) -> Layer:
    op = f"{stem}{d}d"
    return Layer(
        name=op,
        block=_pool(op, options),
        options=options,
        meaning=meaning,
        source=source,
        family="pool",
        example=IMAGE if d == 2 else SIGNAL,
        example_rank=d + 1,
    )


MAX = "Zhou and Chellappa, Computation of optical flow using a neural network, 1988"
LP = "Sermanet, Chintala and LeCun, Convolutional neural networks applied to house numbers digit classification, 2012"
LIN = "Lin, Chen and Yan, Network in network, 2013, section 3.2"

ENTRIES = (
    *(_layer("max_pool", d, MAX_OPTIONS, "the largest entry of each window", MAX) for d in (1, 2)),
    *(_layer("avg_pool", d, (*SUM_OPTIONS, COUNT), "the average of each window", LENET) for d in (1, 2)),
    *(_layer("lp_pool", d, (P, *SUM_OPTIONS), "the p-norm of each window", LP) for d in (1, 2)),
    Layer(
        name="global_avg_pool",
        block=_global("global_avg_pool"),
        meaning="the average of each channel",
        source=LIN,
        family="pool",
    ),
    Layer(
        name="global_max_pool",
        block=_global("global_max_pool"),
        meaning="the largest entry of each channel",
        source=LIN,
        family="pool",
    ),
)
