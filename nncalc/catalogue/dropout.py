"""Dropout: some entries are 0 while training, which ones a mask or a seed says."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Shape, broadcast, dimensions
from nncalc.catalogue.substitutes import applied
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Name, Setting, call

OPTIONS = (
    Option("rate", 0.5, "the share that is dropped", at_least=0, below=1),
    Option("seed", None, "kept where rand(*shape) < 1 − rate, from NumPy's legacy generator", at_least=0, whole=True),
    Option("inverted", True, "whether what is kept is divided by 1 − rate while training"),
    Option("mode", "training", "drop, or leave as it is", ("training", "inference")),
)


def _shape(x: Shape, mask: Any, rate: Setting, seed: Setting, inverted: Setting, mode: Setting) -> Shape:
    if mask is None and seed is None and mode == "training":
        raise ShapeError("dropout needs a mask or a seed", label="expected mask=… or seed=…")
    if mask is not None and not _fits(mask, x):
        raise ShapeError(
            "the mask does not fit", label=f"found {dimensions(mask)}, expected {dimensions(x)} as what it is laid on"
        )
    return x


def _fits(mask: Shape, x: Shape) -> bool:
    try:
        return broadcast(x, mask) == x
    except ShapeError:
        return False


def _value(xp: Any, x: Any, mask: Any, rate: float, seed: int | None, inverted: bool, mode: str) -> Any:
    if mode == "inference":
        return x if inverted else x * (1 - rate)
    kept = mask if mask is not None else xp.random.RandomState(int(seed or 0)).rand(*xp.shape(x)) < 1 - rate
    return x * kept / (1 - rate) if inverted else x * kept


def _gradient(
    g: Expression,
    ans: Expression,
    x: Expression,
    shape_of: Any,
    mask: Name | None,
    rate: float,
    seed: Setting,
    inverted: bool,
    mode: str,
) -> Expression:
    if mode == "inference":
        return g if inverted else g * (1 - rate)
    if mask is not None:
        return g * mask / (1 - rate) if inverted else g * mask
    stated = {} if inverted else {"inverted": False}
    return call.dropout(g, rate=rate, seed=seed, **stated)  # the same entries are kept


def _unscaled(x: Expression, *, shape_of: Any, **settings: Any) -> Expression | None:
    """Without the division by 1 − rate; of a mode in which nothing is dropped it would be the same."""
    if not settings["inverted"] or settings["mode"] == "inference":
        return None
    return applied("dropout", x, **{**settings, "inverted": False})


def _scaled_at_inference(inverted: bool) -> Any:
    def value(x: Expression, *, shape_of: Any, **settings: Any) -> Expression | None:
        if settings["mode"] != "inference" or settings["inverted"] == inverted:
            return None
        return applied("dropout", x, **{**settings, "inverted": inverted})

    return value


def _the_others(x: Expression, *, mask: Name | None, rate: float, inverted: bool, mode: str, **_: Any) -> Any:
    if mask is None or mode == "inference":
        return None
    kept = x * (1 - mask)
    return kept / (1 - rate) if inverted else kept


def _undropped(g: Expression, ans: Expression, x: Expression, *, mode: str, **_: Any) -> Expression | None:
    return None if mode == "inference" else g


def _without_mask(
    g: Expression, ans: Expression, x: Expression, *, rate: float, inverted: bool, mode: str, **_: Any
) -> Expression | None:
    return g / (1 - rate) if inverted and mode == "training" else None


def _unscaled_gradient(
    g: Expression, ans: Expression, x: Expression, *, mask: Name | None, inverted: bool, mode: str, **settings: Any
) -> Expression | None:
    if not inverted or mode == "inference":
        return None
    return call.dropout(g, rate=settings["rate"], seed=settings["seed"], inverted=False) if mask is None else g * mask


MISTAKES = (
    Mistake("keep", "what is kept is not divided by 1 − rate", _unscaled),
    Mistake(
        "keep",
        "what is kept is divided by 1 − rate while training already",
        lambda x, shape_of, **s: (
            None if s["inverted"] or s["mode"] == "inference" else applied("dropout", x, **{**s, "inverted": True})
        ),
        convention="inverted dropout",
    ),
    Mistake("keep", "nothing is multiplied by 1 − rate at inference", _scaled_at_inference(True)),
    Mistake("keep", "it is multiplied by 1 − rate at inference too", _scaled_at_inference(False)),
    Mistake("mask", "the mask's 0 and 1 are taken the other way round", _the_others),
    Mistake("mask", "nothing is dropped", lambda x, mode, **_: x if mode == "training" else None),
    Mistake("mask", "the gradient goes through as if nothing were dropped", gradients=((0, _undropped),)),
    Mistake("mask", "the gradient is divided by 1 − rate, but the mask is left out", gradients=((0, _without_mask),)),
    Mistake("keep", "the gradient is not divided by 1 − rate", gradients=((0, _unscaled_gradient),)),
)

ENTRIES = (
    Operation(
        name="dropout",
        args=("x",),
        options=(Option("mask", None, "1 (or true) where an entry is kept", array=True), *OPTIONS),
        value=_value,
        shape=_shape,
        gradients=(_gradient,),
        text="dropout({x})",
        latex=r"\operatorname{dropout}\left({x}\right)",
        meaning="x where it is kept, divided by 1 − rate, else 0; at inference x itself",
        mistakes=MISTAKES,
        source="Srivastava and others, Dropout (2014), section 4; inverted as in PyTorch",
        example=(
            "dropout(x, mask=y)",
            "dropout(A, mask=x, rate=0.2)",
            "dropout(A, mask=B, inverted=False)",
            "dropout(A, seed=1)",
            "dropout(A, seed=1, inverted=False)",
            "dropout(x, mode='inference')",
            "dropout(x, mode='inference', inverted=False)",
        ),
    ),
)
