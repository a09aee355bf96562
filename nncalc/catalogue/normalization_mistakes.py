"""What people compute in place of a normalization in one step: the variance otherwise, its gradient left out.

Layers write theirs in textbook steps; what goes wrong there stands in the entries of mean, var and sqrt.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.along import Axes, along
from nncalc.catalogue.mistake import Mistake, Substitute
from nncalc.catalogue.operation import Shape
from nncalc.catalogue.substitutes import with_settings, without
from nncalc.language.expression import Const, Expression, Setting, call

ShapeOf = Callable[[Expression], Shape]
# Which axes are gone over, from the shapes of x and γ; how γ and β stand against x.
AxesOf = Callable[[Shape, Shape | None], Axes]
Standing = Callable[[Expression, ShapeOf, int], Expression]


def _parts(x: Expression, gamma: Expression | None, shape_of: ShapeOf, axes_of: AxesOf) -> tuple[Axes, int]:
    shape = shape_of(x)
    return axes_of(shape, None if gamma is None else shape_of(gamma)), len(shape)


def _with(divisor: Callable[..., Expression | None], axes_of: AxesOf, standing: Standing) -> Substitute:
    """γ (x − μ) / divisor + β."""

    def value(
        x: Expression,
        gamma: Expression | None = None,
        beta: Expression | None = None,
        *,
        shape_of: ShapeOf,
        epsilon: float,
        **settings: Setting,
    ) -> Expression | None:
        axes, rank = _parts(x, gamma, shape_of, axes_of)
        below = divisor(x, axes, rank, epsilon, shape_of)
        if settings.get("mode") == "inference" or below is None:
            return None
        result: Expression = (x - along("mean", x, axes, rank)) / below
        result = result if gamma is None else standing(gamma, shape_of, rank) * result
        return result if beta is None else result + standing(beta, shape_of, rank)

    return value


def _of_a_sample(x: Expression, axes: Axes, rank: int, epsilon: float, shape_of: ShapeOf) -> Expression | None:
    if prod(shape_of(x)[axis] for axis in axes) < 2:
        return None
    return call.sqrt(along("var", x, axes, rank, correction=1) + Const(epsilon))


def _variance(x: Expression, axes: Axes, rank: int, epsilon: float, shape_of: ShapeOf) -> Expression | None:
    return along("var", x, axes, rank) + Const(epsilon)


def _behind(x: Expression, axes: Axes, rank: int, epsilon: float, shape_of: ShapeOf) -> Expression | None:
    return call.sqrt(along("var", x, axes, rank)) + Const(epsilon) if epsilon else None


def _constants(axes_of: AxesOf, standing: Standing) -> Substitute:
    """The gradient as if μ and σ² were numbers: g γ / √(σ² + ε)."""

    def rule(
        g: Expression,
        ans: Expression,
        x: Expression,
        gamma: Expression | None = None,
        beta: Expression | None = None,
        *,
        shape_of: ShapeOf,
        epsilon: float,
        **settings: Setting,
    ) -> Expression | None:
        if settings.get("mode") == "inference":
            return None
        axes, rank = _parts(x, gamma, shape_of, axes_of)
        g = g if gamma is None else g * standing(gamma, shape_of, rank)
        return g / call.sqrt(along("var", x, axes, rank) + Const(epsilon))

    return rule


def of_normalization(name: str, axes_of: AxesOf, standing: Standing) -> tuple[Mistake, ...]:
    """Those of batch, instance and layer norm."""
    return (
        Mistake("bessel", "N − 1 is taken for N in the variance", _with(_of_a_sample, axes_of, standing)),
        Mistake("root", "it is divided by the variance, not by its root", _with(_variance, axes_of, standing)),
        Mistake("epsilon", "ε stands behind the root, not inside", _with(_behind, axes_of, standing)),
        epsilon_left_out(name),
        Mistake(
            "statistics_gradient",
            "mean and variance are taken for constants: no gradient goes through them",
            gradients=((0, _constants(axes_of, standing)),),
        ),
    )


def epsilon_left_out(name: str) -> Mistake:
    """x̂ without ε."""
    return Mistake("epsilon", "ε is left out", with_settings(name, epsilon=0))


def statistics_of_the_batch() -> Mistake:
    """Training's statistics at inference."""

    def value(*arrays: Expression, shape_of: ShapeOf, **settings: Any) -> Expression | None:
        if settings["mode"] != "inference" or prod(shape_of(arrays[0])) // shape_of(arrays[0])[1] < 2:
            return None
        return without("batch_norm", "mode", "running_mean", "running_var")(*arrays, shape_of=shape_of, **settings)  # type: ignore[return-value]

    return Mistake("statistics", "the batch's own statistics are taken, not the running ones", value)


def of_rms_norm(axes_of: AxesOf) -> tuple[Mistake, ...]:
    """Those of RMS norm."""

    def divided(below: Callable[[Expression], Expression]) -> Substitute:
        def value(x: Expression, gamma: Expression | None = None, *, shape_of: ShapeOf, epsilon: float) -> Expression:
            axes, rank = _parts(x, gamma, shape_of, axes_of)
            result = x / below(along("mean", x**2, axes, rank) + Const(epsilon))
            return result if gamma is None else gamma * result

        return value

    def constant(
        g: Expression,
        ans: Expression,
        x: Expression,
        gamma: Expression | None = None,
        *,
        shape_of: ShapeOf,
        epsilon: float,
    ) -> Expression:
        axes, rank = _parts(x, gamma, shape_of, axes_of)
        return (g if gamma is None else g * gamma) / call.sqrt(along("mean", x**2, axes, rank) + Const(epsilon))

    return (
        Mistake("root", "it is divided by the mean square, not by its root", divided(lambda e: e)),
        epsilon_left_out("rms_norm"),
        Mistake(
            "statistics_gradient",
            "the root is taken for a constant: no gradient goes through it",
            gradients=((0, constant),),
        ),
    )
