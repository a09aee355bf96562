"""Softmax and its logarithm: scores to probabilities along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nncalc.catalogue.explanation import Derivation, Explanation, Limit, Line
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Shape, normal_axes, same
from nncalc.catalogue.substitutes import applied, without
from nncalc.language.expression import Apply, Expression, Setting, call

ShapeOf = Callable[[Expression], Shape]
BOOK = "Goodfellow, Bengio, Courville, Deep Learning, section 6.2.2.3"
OPTIONS = (
    Option("axis", -1, "the axis whose entries become probabilities"),
    Option("temperature", 1, "the scores are divided by it; a large one makes the probabilities more equal", above=0),
)


def _shape(x: Shape, axis: Setting, temperature: Setting) -> Shape:
    normal_axes(axis, max(len(x), 1))
    return same(x)


def _softmax(xp: Any, x: Any, axis: int, temperature: float) -> Any:
    # e^(x − max x) is at most 1 and has the same quotients, so nothing overflows
    e = xp.exp((x - xp.max(x, axis=axis, keepdims=True)) / temperature)
    return e / xp.sum(e, axis=axis, keepdims=True)


def _log_softmax(xp: Any, x: Any, axis: int, temperature: float) -> Any:
    shifted = (x - xp.max(x, axis=axis, keepdims=True)) / temperature
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def total(x: Expression, like: Expression, shape_of: ShapeOf, axis: Setting) -> Expression:
    """Σ x along the axis; for a vector the plain sum, which reads as on paper."""
    return call.sum(x) if len(shape_of(like)) <= 1 else call.sum(x, axis=axis, keepdims=True)


def _softmax_gradient(
    g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, axis: Setting, temperature: float
) -> Expression:
    return ans * (g - total(g * ans, x, shape_of, axis)) / temperature


def _log_softmax_gradient(
    g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, axis: Setting, temperature: float
) -> Expression:
    p = softmax_of(x, axis, temperature)
    return (g - p * total(g, x, shape_of, axis)) / temperature


def softmax_of(x: Expression, axis: Setting = -1, temperature: Setting = 1) -> Expression:
    """softmax(x) as an expression, with the settings that differ from their defaults."""
    stated = {
        key: value for key, value, default in (("axis", axis, -1), ("temperature", temperature, 1)) if value != default
    }
    return call.softmax(x, **stated)


def _over_sum(terms: Any) -> Any:
    """What stands in each entry, divided by the sum of such along the axis."""

    def value(x: Expression, *, shape_of: ShapeOf, axis: Setting, temperature: float) -> Expression:
        e: Expression = terms(x / temperature if temperature != 1 else x)
        return e / total(e, x, shape_of, axis)

    return value


def _other_axis(name: str) -> Any:
    """Of a matrix, or each matrix of several: columns for rows, or the reverse."""

    def value(x: Expression, *, shape_of: ShapeOf, axis: int, temperature: float) -> Expression | None:
        rank = len(shape_of(x))
        if rank < 2 or axis % rank < rank - 2:
            return None
        return applied(name, x, axis=-2 if axis % rank == rank - 1 else -1, temperature=temperature)

    return value


def _of_everything(x: Expression, *, shape_of: ShapeOf, axis: Setting, temperature: float) -> Expression | None:
    if len(shape_of(x)) < 2:
        return None
    e = call.exp(x / temperature if temperature != 1 else x)
    return e / call.sum(e)


def _times_temperature(name: str) -> Any:
    def value(x: Expression, *, axis: Setting, temperature: float, **_: Any) -> Expression | None:
        return None if temperature == 1 else applied(name, x, axis=axis, temperature=1 / temperature)

    return value


def _log_of(base: float) -> Any:
    return lambda x, shape_of, **settings: applied("log_softmax", x, **settings) / call.log(base)


def _mistakes(name: str) -> tuple[Mistake, ...]:
    return (
        Mistake("temperature", "the temperature is left out", without(name, "temperature")),
        Mistake("temperature", "the scores are multiplied by the temperature", _times_temperature(name)),
        Mistake("axis", "the other axis is summed over", _other_axis(name)),
        *(
            Mistake("activated_logits", f"{words} is applied to the logits", _after(name, function))
            for function, words in (("relu", "ReLU"), ("sigmoid", "the sigmoid"), ("tanh", "tanh"))
        ),
    )


def _after(name: str, function: str) -> Any:
    return lambda x, shape_of, **settings: applied(name, Apply(function, (x,)), **settings)


ENTRIES = (
    Operation(
        name="softmax",
        args=("x",),
        options=OPTIONS,
        value=_softmax,
        shape=_shape,
        gradients=(_softmax_gradient,),
        text="softmax({x})",
        latex=r"\operatorname{softmax}\left({x}\right)",
        meaning="scores to probabilities: e^xₘ / Σ e^xᵢ",
        source=BOOK,
        mistakes=(
            Mistake(
                "unnormalized",
                "the exponentials are not divided by their sum",
                lambda x, temperature, **_: call.exp(x / temperature if temperature != 1 else x),
            ),
            Mistake("no_exponential", "the scores themselves are divided by their sum", _over_sum(lambda x: x)),
            Mistake("power_of_two", "powers of 2 are taken, not of e", _over_sum(lambda x: 2**x)),
            Mistake("axis", "the exponentials are divided by the sum of all, not of their row", _of_everything),
            Mistake(
                "diagonal",
                "the derivative is taken of each probability by its own score alone: p (1 − p)",
                gradients=((0, lambda g, ans, x, temperature, **_: g * ans * (1 - ans) / temperature),),
            ),
            *_mistakes("softmax"),
        ),
        example=("softmax(x)", "softmax(A)", "softmax(A, axis=0)", "softmax(A, temperature=2)", "softmax(a)"),
        explanation=Explanation(
            subject="p_i",
            variable="h_j",
            where=("p = softmax(h)", "S = sum(exp(h))", "m = max(h)"),
            definition=("exp(h_i) / sum(exp(h))",),
            domain_reason="every exp(h) is positive, so their sum is never 0",
            range="(0, 1)",
            range_reason="each exp(hᵢ) is positive and, with two classes or more, less than the sum of all",
            limits=(
                Limit("-inf", "0", "exp(h_i)", "0", of="h_i"),
                Limit("0", "1 / n", "S", "n", reason="and so for any h of n equal entries", of="h"),
                Limit("inf", "1", "S / exp(h_i)", "1", of="h_i"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(exp(h_i) / S, h_i)"),
                        Line(
                            "(exp(h_i) * S - exp(h_i) * exp(h_i)) / S ** 2",
                            "quotient rule; ∂S/∂hᵢ = exp(hᵢ)",
                        ),
                        Line("exp(h_i) / S * ((S - exp(h_i)) / S)", "exp(hᵢ) factored out"),
                        Line("p_i * (1 - p_i)", "pᵢ = exp(hᵢ)/S"),
                    ),
                    case="i == j",
                ),
                Derivation(
                    (
                        Line("diff(exp(h_i) / S, h_j)"),
                        Line("(0 * S - exp(h_i) * exp(h_j)) / S ** 2", "quotient rule; exp(hᵢ) does not depend on hⱼ"),
                        Line("-(exp(h_i) / S * (exp(h_j) / S))"),
                        Line("-p_i * p_j"),
                    ),
                    case="i != j",
                ),
            ),
            derivative="where(i == j, p_i * (1 - p_i), -p_i * p_j)",
            stable="exp(h_i - m) / sum(exp(h - m))",
            stable_reason="the largest exponent is 0, so nothing overflows; exp(−m) cancels",
            facts=("sum(p) == 1", "softmax(h - m) == softmax(h)"),
            notes=(
                "With g = ∂ℓ/∂p, the gradient of a loss is ∂ℓ/∂hⱼ = pⱼ (gⱼ − Σ g p).",
                "The setting temperature divides h first, and so the derivative; axis is the axis summed over.",
            ),
        ),
    ),
    Operation(
        name="log_softmax",
        args=("x",),
        options=OPTIONS,
        value=_log_softmax,
        shape=_shape,
        gradients=(_log_softmax_gradient,),
        text="ln softmax({x})",
        latex=r"\ln \operatorname{softmax}\left({x}\right)",
        meaning="logarithm of softmax: xₘ − ln Σ e^xᵢ",
        source=BOOK,
        mistakes=(
            Mistake("log", "the logarithm is left out", lambda x, shape_of, **s: applied("softmax", x, **s)),
            Mistake("log_base", "the logarithm to base 2 is taken", _log_of(2), convention="the logarithm to base 2"),
            Mistake(
                "log_base", "the logarithm to base 10 is taken", _log_of(10), convention="the logarithm to base 10"
            ),
            Mistake(
                "diagonal",
                "the derivative is taken of each logarithm by its own score alone: 1 − p",
                gradients=(
                    (
                        0,
                        lambda g, ans, x, axis, temperature, **_: (
                            g * (1 - softmax_of(x, axis, temperature)) / temperature
                        ),
                    ),
                ),
            ),
            *_mistakes("log_softmax"),
        ),
        example=(
            "log_softmax(x)",
            "log_softmax(A)",
            "log_softmax(A, axis=0)",
            "log_softmax(A, temperature=2)",
            "log_softmax(a)",
        ),
        explanation=Explanation(
            subject="z_i",
            variable="h_j",
            where=("z = log_softmax(h)", "p = softmax(h)", "S = sum(exp(h))", "m = max(h)"),
            definition=("log(exp(h_i) / sum(exp(h)))", "h_i - log(sum(exp(h)))"),
            domain_reason="softmax(h) is positive, so its logarithm exists",
            range="(-inf, 0)",
            range_reason="pᵢ is between 0 and 1, so its logarithm is below 0",
            limits=(
                Limit("-inf", "-inf", "p_i", "0", of="h_i"),
                Limit("0", "-log(n)", "p_i", "1 / n", reason="and so for any h of n equal entries", of="h"),
                Limit("inf", "0", "p_i", "1", of="h_i"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(h_i - log(S), h_i)"),
                        Line("1 - diff(S, h_i) / S", "chain rule, (ln u)′ = u′/u"),
                        Line("1 - exp(h_i) / S", "of S only exp(hᵢ) depends on hᵢ"),
                        Line("1 - p_i", "pᵢ = exp(hᵢ)/S"),
                    ),
                    case="i == j",
                ),
                Derivation(
                    (
                        Line("diff(h_i - log(S), h_j)"),
                        Line("-diff(S, h_j) / S", "hᵢ does not depend on hⱼ"),
                        Line("-exp(h_j) / S", "of S only exp(hⱼ) depends on hⱼ"),
                        Line("-p_j", "pⱼ = exp(hⱼ)/S"),
                    ),
                    case="i != j",
                ),
            ),
            derivative="where(i == j, 1 - p_i, -p_j)",
            stable="h_i - m - log(sum(exp(h - m)))",
            stable_reason="the largest exponent is 0, so nothing overflows, and no p rounds to 0 before its logarithm",
            facts=("sum(exp(z)) == 1",),
            notes=("The setting temperature divides h first, and so the derivative.",),
        ),
    ),
)
