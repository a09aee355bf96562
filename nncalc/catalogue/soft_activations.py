"""More activations that have a derivative everywhere: softsign, Mish, and GELU's quick approximation."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.activation import activation
from nncalc.catalogue.explanation import Derivation, Explanation, Limit, Line
from nncalc.catalogue.gelu_mistakes import BY_ERF, BY_TANH
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.registry import operation
from nncalc.catalogue.substitutes import instead
from nncalc.language.expression import Expression, call

QUICK = 1.702  # Hendrycks and Gimpel's coefficient


def _mish(xp: Any, x: Any) -> Any:
    return x * xp.tanh(operation("softplus").value(xp, x))


def _mish_derivative(ans: Expression, x: Expression) -> Expression:
    t = call.tanh(call.softplus(x))
    return t + x * call.sigmoid(x) * (1 - t**2)


def _gelu_quick_derivative(ans: Expression, x: Expression) -> Expression:
    s = call.sigmoid(QUICK * x)
    return s * (1 + QUICK * x * (1 - s))


ENTRIES = (
    activation(
        "softsign",
        value=lambda xp, x: x / (1.0 + xp.abs(x)),
        derivative=lambda ans, x: 1 / (1 + call.abs(x)) ** 2,
        text="softsign({x})",
        latex=r"\operatorname{softsign}\left({x}\right)",
        meaning="x / (1 + |x|), between −1 and 1",
        source="Bergstra, Desjardins, Lamblin, Bengio, Quadratic Polynomials Learn Better Image Features, 2009",
        mistakes=(
            Mistake(
                "square",
                "the square in the derivative is left out",
                gradients=((0, lambda g, ans, x, **_: g / (1 + call.abs(x))),),
            ),
            Mistake(
                "absolute", "x is taken for its absolute value", value=lambda x, **_: call.abs(x) / (1 + call.abs(x))
            ),
        ),
        explanation=Explanation(
            subject="softsign(x)",
            definition=("x / (1 + abs(x))",),
            domain_reason="1 + |x| is at least 1, so never 0",
            range="(-1, 1)",
            range_reason="|x| is smaller than 1 + |x|, so neither end is reached",
            limits=(
                Limit("-1", "-1 / 2", reason="half of the way down"),
                Limit("0", "0"),
                Limit("1", "1 / 2", reason="half of the way up"),
                Limit("-inf", "-1", reason="x/(1 − x) = −1 + 1/(1 − x)"),
                Limit("inf", "1", reason="x/(1 + x) = 1 − 1/(1 + x)"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(x / (1 + x), x)", "|x| = x"),
                        Line("(1 + x - x) / (1 + x) ** 2", "quotient rule, (u/v)′ = (u′v − u v′)/v²"),
                        Line("1 / (1 + x) ** 2"),
                    ),
                    case="x > 0",
                ),
                Derivation(
                    (
                        Line("diff(x / (1 - x), x)", "|x| = −x"),
                        Line("(1 - x + x) / (1 - x) ** 2", "quotient rule, (u/v)′ = (u′v − u v′)/v²"),
                        Line("1 / (1 - x) ** 2"),
                    ),
                    case="x < 0",
                ),
            ),
            derivative="1 / (1 + abs(x)) ** 2",
            facts=("softsign(-x) == -softsign(x)",),
            notes=("Both sides have the slope 1 at 0. Like tanh, but its ends are approached slowly, as 1/|x| falls.",),
        ),
    ),
    activation(
        "mish",
        value=_mish,
        derivative=_mish_derivative,
        text="Mish({x})",
        latex=r"\operatorname{Mish}\left({x}\right)",
        meaning="x tanh(softplus(x))",
        source="Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019",
        explanation=Explanation(
            subject="mish(x)",
            where=("t = tanh(softplus(x))",),
            definition=("x * tanh(softplus(x))", "x * t"),
            domain_reason="softplus and tanh exist for every x",
            range="[-0.30884341301725043, inf)",
            range_reason="it falls from 0 to its one minimum, then grows without end",
            limits=(
                Limit("-inf", "0", "softplus(x)", "0", reason="softplus falls faster than x grows"),
                Limit("-1.1924312145154952", "-0.30884341301725043", reason="the minimum: the derivative is 0"),
                Limit("0", "0"),
                Limit("inf", "inf", "t", "1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(x * t, x)"),
                        Line("t + x * diff(t, x)", "product rule"),
                        Line("t + x * (1 - t ** 2) * diff(softplus(x), x)", "chain rule, (tanh u)′ = (1 − tanh² u) u′"),
                        Line("t + x * sigmoid(x) * (1 - t ** 2)", "softplus′ = σ"),
                    )
                ),
            ),
            derivative="t + x * sigmoid(x) * (1 - t ** 2)",
        ),
    ),
    activation(
        "gelu_quick",
        value=lambda xp, x: x * operation("sigmoid").value(xp, QUICK * x),
        derivative=_gelu_quick_derivative,
        text="QuickGELU({x})",
        latex=r"\operatorname{QuickGELU}\left({x}\right)",
        meaning="GELU's quick approximation x σ(1.702 x)",
        source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
        mistakes=(
            BY_ERF,
            BY_TANH,
            Mistake("factor", "the 1.702 is left out, as in SiLU", value=instead("silu")),
        ),
        explanation=Explanation(
            subject="gelu_quick(x)",
            where=("s = sigmoid(1.702 * x)",),
            definition=("x * sigmoid(1.702 * x)", "x * s"),
            domain_reason="σ exists for every number",
            range="[-0.16361018963635357, inf)",
            range_reason="it falls from 0 to its one minimum, then grows without end",
            limits=(
                Limit("-inf", "0", "s", "0", reason="s falls faster than x grows"),
                Limit("-0.751154255441289", "-0.16361018963635357", reason="the minimum: the derivative is 0"),
                Limit("0", "0", "s", "1 / 2"),
                Limit("inf", "inf", "s", "1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(x * s, x)"),
                        Line("s + x * diff(s, x)", "product rule"),
                        Line("s + 1.702 * x * s * (1 - s)", "chain rule, σ′ = σ (1 − σ)"),
                        Line("s * (1 + 1.702 * x * (1 - s))", "s factored out"),
                    )
                ),
            ),
            derivative="s * (1 + 1.702 * x * (1 - s))",
            facts=("gelu_quick(x) - gelu_quick(-x) == x",),
            notes=("Within 0.021 of gelu everywhere. It is Swish-β with β = 1.702.",),
        ),
    ),
)
