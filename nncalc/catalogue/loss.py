"""What every loss has in common: summed over an example's outputs, then averaged over the examples.

The last axis of the prediction holds the outputs of one example; every axis in front counts examples (or time steps).
A number is one output. `reduction`: `mean` over the examples, `sum` over everything, `none` for each example's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.loss_mistakes import reductions
from nncalc.catalogue.mistake import Mistake
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


def upstream(g: Expression, prediction: Shape, reduction: Setting, per_output: bool) -> tuple[Expression, int]:
    """(g, n): the upstream gradient as it stands against the prediction, and the number that divides it."""
    examples, outputs = prod(prediction[:-1]), prediction[-1] if prediction else 1
    count = (examples if reduction == "mean" else 1) * (outputs if per_output and reduction != "sum" else 1)
    return (_against(g, prediction) if reduction == "none" else g), count


def _reduce(xp: Any, terms: Any, reduction: Setting, per_output: bool, rank: int, finish: Any, weights: Any) -> Any:
    if rank == 0:
        return finish(terms)
    if weights is not None and reduction == "mean":
        return xp.divide(xp.sum(terms), xp.sum(weights))
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
    examples: tuple[str, ...] | None = None,
    shaped: bool = False,
    domain: tuple[tuple[float, float], ...] = ((-3.0, 3.0), (-3.0, 3.0)),
    kinks: tuple[float, ...] = (),
    at_kink: str = "",
    switch: Callable[..., Expression] | None = None,
    at_zero: str = "",
    explanation: Explanation | None = None,
    mistakes: tuple[Mistake, ...] = (),
    outputs_too: bool = True,
) -> Operation:
    """A loss's entry.

    terms(xp, prediction, target, **settings): what is summed over the outputs; finish(xp, sum, **settings) is applied
    to each example's sum. by_prediction, by_target(each, prediction, target, **settings): an example's derivative,
    where `each` is the examples' losses; shaped: whether they are told the prediction's shape. examples: expressions
    in which the settings occur; each as a 2 where it is left out. mistakes: besides those of the reduction, of which
    outputs_too says whether the sum over the outputs alone is one.
    """
    weight, total, per_output = target.weight, target.total, target.per_output

    def value(xp: Any, prediction: Any, target: Any, *, reduction: Setting, **settings: Setting) -> Any:
        if check is not None:
            check(xp, prediction, target, **settings)
        weights = None if weight is None else weight(xp, target, **settings)
        rank = len(getattr(prediction, "shape", ()))
        return _reduce(
            xp,
            terms(xp, prediction, target, **settings),
            reduction,
            per_output,
            rank,
            lambda of_one: finish(xp, of_one, **settings),
            weights,
        )

    def shape(
        prediction: Shape, target: Shape, *, reduction: Setting, class_weights: Any = None, **_: Setting
    ) -> Shape:
        if prediction != target:
            raise ShapeError(
                f"the prediction is {dimensions(prediction)}, the target is {dimensions(target)}",
                label="labels take the prediction's shape and are never repeated to it",
            )
        if class_weights is not None and class_weights != prediction[-1:]:
            raise ShapeError(
                f"the class weights are {dimensions(class_weights)}, the prediction is {dimensions(prediction)}",
                label="expected a weight for each class, along the prediction's last axis",
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
            against, n = upstream(g, whole, reduction, per_output)
            examples_named = reduction == "none" or len(whole) <= 1
            each = ans if examples_named else getattr(call, name)(prediction, target, reduction="none", **settings)
            shape = {"shape": whole} if shaped else {}
            slope = derivative(_against(each, whole), prediction, target, **settings, **shape)
            sum_of_weights = None if total is None else total(target, **settings)
            if sum_of_weights is None or reduction != "mean" or not whole:
                return against * slope / n
            if derivative is by_target:
                # the target stands in the sum that the mean is divided by as well
                slope = slope - ans * _own_weight(**settings)
            whole_slope: Expression = against * slope / sum_of_weights
            return whole_slope

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
        switch=switch,
        at_zero=at_zero,
        target=target,
        explanation=explanation,
        mistakes=(*mistakes, *reductions(name, per_output, outputs_too)),
        example=(
            *(f"{name}({pair})" for pair in ("x, y", "A, B", "a, b")),
            *(f"{name}(A, B, reduction='{reduction}')" for reduction in ("sum", "none")),
            *(examples if examples is not None else (f"{name}(A, B, {option.name}=2)" for option in options)),
        ),
    )


def _own_weight(class_weights: Setting = None, **_: Setting) -> Expression | float:
    return class_weights if isinstance(class_weights, Expression) else 1.0
