"""What every loss has in common: summed over an example's outputs, then averaged over the examples.

The last axis of the prediction holds the outputs of one example; every axis in front counts examples (or time steps).
A number is one output. `reduction`: `mean` over the examples, `sum` over everything, `none` for each example's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.operation import Operation, Option, Shape, Target, Template, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Setting, call

ShapeOf = Callable[[Expression], Shape]
REDUCTION = Option(
    "reduction", "mean", "mean over the examples, sum over everything, or none: each example's", ("mean", "sum", "none")
)


def _against(value: Expression, prediction: Shape) -> Expression:
    """A value of each example, with a last axis of one entry, so that it broadcasts against the prediction."""
    return value[(*(slice(None),) * (len(prediction) - 1), None)] if len(prediction) > 1 else value


def _upstream(g: Expression, prediction: Shape, reduction: Setting, per_output: bool) -> tuple[Expression, int]:
    """(g, n): the upstream gradient as it stands against the prediction, and the number that divides it."""
    examples, outputs = prod(prediction[:-1]), prediction[-1] if prediction else 1
    count = (examples if reduction == "mean" else 1) * (outputs if per_output and reduction != "sum" else 1)
    return (_against(g, prediction) if reduction == "none" else g), count


def _reduce(xp: Any, terms: Any, reduction: Setting, per_output: bool, rank: int, finish: Any) -> Any:
    if rank == 0:
        return finish(terms)
    if reduction == "sum" and per_output:
        return xp.sum(terms)
    per_example = finish(xp.mean(terms, axis=-1) if per_output else xp.sum(terms, axis=-1))
    if reduction == "none" or rank == 1:
        return per_example
    return xp.mean(per_example) if reduction == "mean" else xp.sum(per_example)


def loss(
    name: str,
    *,
    terms: Callable[..., Any],
    by_prediction: Callable[..., Expression],
    by_target: Callable[..., Expression],
    text: Template,
    latex: Template,
    meaning: str,
    source: str,
    target: Target,
    finish: Callable[..., Any] = lambda xp, value, **_: value,
    options: tuple[Option, ...] = (),
    check: Callable[..., None] | None = None,
    domain: tuple[tuple[float, float], ...] = ((-3.0, 3.0), (-3.0, 3.0)),
    kinks: tuple[float, ...] = (),
    at_kink: str = "",
    explanation: Explanation | None = None,
) -> Operation:
    """A loss's entry.

    terms(xp, prediction, target, **settings): what is summed over the outputs; finish(xp, sum, **settings) is applied
    to each example's sum. by_prediction, by_target(each, prediction, target, **settings): an example's derivative,
    where `each` is the examples' losses.
    """

    def value(xp: Any, prediction: Any, target: Any, *, reduction: Setting, **settings: Setting) -> Any:
        if check is not None:
            check(xp, prediction, target)
        rank = len(getattr(prediction, "shape", ()))
        return _reduce(
            xp,
            terms(xp, prediction, target, **settings),
            reduction,
            per_output,
            rank,
            lambda total: finish(xp, total, **settings),
        )

    per_output = target.per_output

    def shape(prediction: Shape, target: Shape, *, reduction: Setting, **_: Setting) -> Shape:
        if prediction != target:
            raise ShapeError(
                f"the prediction is {dimensions(prediction)}, the target is {dimensions(target)}",
                label="labels take the prediction's shape and are never repeated to it",
            )
        return prediction[:-1] if reduction == "none" else ()

    def rule(derivative: Callable[..., Expression]) -> Callable[..., Expression]:
        def gradient(
            g: Expression,
            ans: Expression,
            prediction: Expression,
            target: Expression,
            *,
            shape_of: ShapeOf,
            reduction: Setting,
            **settings: Setting,
        ) -> Expression:
            whole = shape_of(prediction)
            against, n = _upstream(g, whole, reduction, per_output)
            examples_named = reduction == "none" or len(whole) <= 1
            each = ans if examples_named else getattr(call, name)(prediction, target, reduction="none", **settings)
            return against * derivative(_against(each, whole), prediction, target, **settings) / n

        return gradient

    return Operation(
        name=name,
        args=("prediction", "target"),
        options=(*options, REDUCTION),
        value=value,
        shape=shape,
        gradients=(rule(by_prediction), rule(by_target)),
        text=text,
        latex=latex,
        meaning=meaning,
        source=source,
        domain=domain,
        kinks=kinks,
        at_kink=at_kink,
        target=target,
        explanation=explanation,
        example=(
            *(f"{name}({pair})" for pair in ("x, y", "A, B", "a, b")),
            *(f"{name}(A, B, reduction='{reduction}')" for reduction in ("sum", "none")),
            *(f"{name}(A, B, {option.name}=2)" for option in options),
        ),
    )
