"""Activations that have a derivative everywhere."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.activation import activation
from nncalc.catalogue.explanation import Derivation, Explanation, Limit, Line
from nncalc.catalogue.gelu_mistakes import BY_ERF, BY_SIGMOID, BY_TANH
from nncalc.catalogue.mistake import Mistake
from nncalc.language.expression import Expression, call

ROOT_HALF = 0.7071067811865476  # 1 / √2
ROOT_TWO_BY_PI = 0.7978845608028654  # √(2 / π)
ONE_BY_ROOT_TWO_PI = 0.3989422804014327  # 1 / √(2π)
CUBIC = 0.044715  # Hendrycks and Gimpel's coefficient


def _sigmoid(xp: Any, x: Any) -> Any:
    # e^−|x| is at most 1, so neither side overflows
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1.0, e) / (1.0 + e)


def _softplus(xp: Any, x: Any) -> Any:
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


def _gelu_tanh_derivative(ans: Expression, x: Expression) -> Expression:
    t = call.tanh(ROOT_TWO_BY_PI * (x + CUBIC * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * ROOT_TWO_BY_PI * (1 + 3 * CUBIC * x**2)


ENTRIES = (
    activation(
        "identity",
        value=lambda xp, x: x + 0.0,
        derivative=lambda ans, x: 1.0,
        text="{x}",
        latex="{x}",
        meaning="x itself",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.3.3",
        explanation=Explanation(
            subject="f",
            where=("f = identity(x)",),
            definition=("x",),
            domain_reason="x is given back as it is",
            range="(-inf, inf)",
            range_reason="every number is its own result",
            limits=(Limit("-inf", "-inf"), Limit("0", "0"), Limit("inf", "inf")),
            derivations=(Derivation((Line("diff(x, x)"), Line("1", "a straight line of slope 1"))),),
            derivative="1",
            notes=("A layer without an activation has this one: h = h̄.",),
        ),
    ),
    activation(
        "sigmoid",
        value=_sigmoid,
        derivative=lambda ans, x: ans * (1 - ans),
        text="σ({x})",
        latex=r"\sigma\left({x}\right)",
        meaning="1 / (1 + e⁻ˣ), between 0 and 1",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.30",
        mistakes=(
            Mistake("exponent", "the minus in the exponent is left out", value=lambda x, **_: 1 / (1 + call.exp(x))),
            Mistake(
                "derivative",
                "the derivative is that of tanh, 1 − a²",
                gradients=((0, lambda g, ans, x, **_: g * (1 - ans**2)),),
            ),
        ),
        explanation=Explanation(
            subject="sigmoid(x)",
            definition=("1 / (1 + exp(-x))",),
            domain_reason="e⁻ˣ exists for every x, and 1 + e⁻ˣ is above 1, so never 0",
            range="(0, 1)",
            range_reason="1 + e⁻ˣ is above 1 and finite, so neither end is reached",
            limits=(
                Limit("-inf", "0", "exp(-x)", "inf"),
                Limit("0", "1 / 2", "exp(-x)", "1"),
                Limit("inf", "1", "exp(-x)", "0"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff((1 + exp(-x)) ** -1, x)"),
                        Line("-(1 + exp(-x)) ** -2 * diff(1 + exp(-x), x)", "chain rule, (u⁻¹)′ = −u⁻² u′"),
                        Line("exp(-x) * (1 + exp(-x)) ** -2", "chain rule, (e⁻ˣ)′ = −e⁻ˣ"),
                        Line("exp(-x) / (1 + exp(-x)) ** 2"),
                        Line("sigmoid(x) * exp(-x) / (1 + exp(-x))", "σ(x) = 1/(1 + e⁻ˣ)"),
                        Line(
                            "sigmoid(x) * ((1 + exp(-x)) / (1 + exp(-x)) - 1 / (1 + exp(-x)))",
                            "e⁻ˣ = (1 + e⁻ˣ) − 1",
                        ),
                        Line("sigmoid(x) * (1 - sigmoid(x))", "1/(1 + e⁻ˣ) = σ(x)"),
                    )
                ),
            ),
            derivative="sigmoid(x) * (1 - sigmoid(x))",
            stable="where(x >= 0, 1, exp(-abs(x))) / (1 + exp(-abs(x)))",
            stable_reason="exp(−|x|) is at most 1, so nothing overflows",
            facts=("sigmoid(-x) == 1 - sigmoid(x)",),
            notes=("The derivative is largest at 0, where it is ¼; far from 0 it vanishes.",),
        ),
    ),
    activation(
        "tanh",
        value=lambda xp, x: xp.tanh(x),
        derivative=lambda ans, x: 1 - ans**2,
        text="tanh({x})",
        latex=r"\tanh\left({x}\right)",
        meaning="(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), between −1 and 1",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.3.2",
        mistakes=(
            Mistake("exponent", "the 2 in the exponents is left out", value=lambda x, **_: call.tanh(x / 2)),
            Mistake(
                "square",
                "the square in the derivative 1 − a² is left out",
                gradients=((0, lambda g, ans, x, **_: g * (1 - ans)),),
            ),
            Mistake(
                "derivative",
                "the derivative is that of the sigmoid, a (1 − a)",
                gradients=((0, lambda g, ans, x, **_: g * ans * (1 - ans)),),
            ),
        ),
        explanation=Explanation(
            subject="tanh(x)",
            definition=("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "(1 - exp(-2 * x)) / (1 + exp(-2 * x))"),
            domain_reason="eˣ and e⁻ˣ exist for every x, and their sum is never 0",
            range="(-1, 1)",
            range_reason="eˣ − e⁻ˣ is smaller in size than eˣ + e⁻ˣ, so neither end is reached",
            limits=(
                Limit("-inf", "-1", "exp(-2 * x)", "inf"),
                Limit("0", "0", "exp(-2 * x)", "1"),
                Limit("inf", "1", "exp(-2 * x)", "0"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff((exp(x) - exp(-x)) / (exp(x) + exp(-x)), x)"),
                        Line(
                            "((exp(x) + exp(-x)) * (exp(x) + exp(-x)) - (exp(x) - exp(-x)) * (exp(x) - exp(-x)))"
                            " / (exp(x) + exp(-x)) ** 2",
                            "quotient rule, (u/v)′ = (u′v − u v′)/v²",
                        ),
                        Line(
                            "1 - (exp(x) - exp(-x)) ** 2 / (exp(x) + exp(-x)) ** 2",
                            "as two fractions, the first of them 1",
                        ),
                        Line("1 - tanh(x) ** 2"),
                    ),
                    way="from the first form",
                ),
                Derivation(
                    (
                        Line("diff((1 - exp(-2 * x)) / (1 + exp(-2 * x)), x)"),
                        Line(
                            "(2 * exp(-2 * x) * (1 + exp(-2 * x)) + (1 - exp(-2 * x)) * 2 * exp(-2 * x))"
                            " / (1 + exp(-2 * x)) ** 2",
                            "quotient rule, with (e⁻²ˣ)′ = −2e⁻²ˣ",
                        ),
                        Line("4 * exp(-2 * x) / (1 + exp(-2 * x)) ** 2", "above: 2e⁻²ˣ (1 + e⁻²ˣ + 1 − e⁻²ˣ)"),
                        Line(
                            "((1 + exp(-2 * x)) ** 2 - (1 - exp(-2 * x)) ** 2) / (1 + exp(-2 * x)) ** 2",
                            "4u = (1 + u)² − (1 − u)², with u = e⁻²ˣ",
                        ),
                        Line(
                            "1 - (1 - exp(-2 * x)) ** 2 / (1 + exp(-2 * x)) ** 2",
                            "as two fractions, the first of them 1",
                        ),
                        Line("1 - tanh(x) ** 2"),
                    ),
                    way="from the second form",
                ),
            ),
            derivative="1 - tanh(x) ** 2",
            facts=("tanh(x) == 2 * sigmoid(2 * x) - 1", "tanh(-x) == -tanh(x)"),
            notes=("The derivative is largest at 0, where it is 1; far from 0 it vanishes.",),
        ),
    ),
    activation(
        "softplus",
        value=_softplus,
        derivative=lambda ans, x: call.sigmoid(x),
        text="softplus({x})",
        latex=r"\operatorname{softplus}\left({x}\right)",
        meaning="ln(1 + eˣ), a smooth ReLU",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.31",
        mistakes=(
            Mistake(
                "log_base",
                "the logarithm to base 2 is taken",
                value=lambda x, **_: call.log2(1 + call.exp(x)),
            ),
            Mistake(
                "derivative",
                "the derivative is that of the sigmoid, which is the second one",
                gradients=((0, lambda g, ans, x, **_: g * call.sigmoid(x) * (1 - call.sigmoid(x))),),
            ),
        ),
        explanation=Explanation(
            subject="softplus(x)",
            definition=("log(1 + exp(x))",),
            domain_reason="1 + eˣ is positive for every x, so its logarithm exists",
            range="(0, inf)",
            range_reason="1 + eˣ is above 1, so its logarithm is above 0",
            limits=(
                Limit("-inf", "0", "exp(x)", "0"),
                Limit("0", "log(2)", "exp(x)", "1"),
                Limit("inf", "inf", "exp(x)", "inf"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(log(1 + exp(x)), x)"),
                        Line("diff(1 + exp(x), x) / (1 + exp(x))", "chain rule, (ln u)′ = u′/u"),
                        Line("exp(x) / (1 + exp(x))", "(eˣ)′ = eˣ"),
                        Line("1 / (1 + exp(-x))", "above and below divided by eˣ"),
                        Line("sigmoid(x)"),
                    )
                ),
            ),
            derivative="sigmoid(x)",
            stable="max(x, 0) + log(1 + exp(-abs(x)))",
            stable_reason="exp(−|x|) is at most 1, so nothing overflows",
            facts=("softplus(x) - softplus(-x) == x",),
            notes=("PyTorch's has a setting beta, 1 if not said, and takes x itself where beta · x is above 20.",),
        ),
    ),
    activation(
        "silu",
        value=lambda xp, x: x * _sigmoid(xp, x),
        derivative=lambda ans, x: call.sigmoid(x) * (1 + x * (1 - call.sigmoid(x))),
        text="SiLU({x})",
        latex=r"\operatorname{SiLU}\left({x}\right)",
        meaning="x σ(x), also called swish",
        source="Ramachandran, Zoph, Le, Searching for Activation Functions, 2017",
        mistakes=(
            Mistake(
                "product_rule",
                "only the first factor is differentiated",
                gradients=((0, lambda g, ans, x, **_: g * call.sigmoid(x)),),
            ),
            Mistake(
                "product_rule",
                "only the sigmoid is differentiated, not the x in front of it",
                gradients=((0, lambda g, ans, x, **_: g * ans * (1 - call.sigmoid(x))),),
            ),
        ),
        explanation=Explanation(
            subject="silu(x)",
            definition=("x * sigmoid(x)", "x / (1 + exp(-x))"),
            domain_reason="σ(x) exists for every x",
            range="[-0.27846454276107374, inf)",
            range_reason="it falls from 0 to its one minimum, then grows without end",
            limits=(
                Limit("-inf", "0", "exp(-x)", "inf", reason="e⁻ˣ outgrows x"),
                Limit("-1.278464542761074", "-0.27846454276107374", reason="the minimum: the derivative is 0"),
                Limit("0", "0"),
                Limit("inf", "inf", "sigmoid(x)", "1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(x * sigmoid(x), x)"),
                        Line("sigmoid(x) + x * diff(sigmoid(x), x)", "product rule"),
                        Line("sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))", "σ′ = σ (1 − σ)"),
                        Line("sigmoid(x) * (1 + x * (1 - sigmoid(x)))", "σ(x) factored out"),
                    )
                ),
            ),
            derivative="sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
            facts=("silu(x) - silu(-x) == x",),
            notes=("Also called swish; Swish-β has σ(βx) in the place of σ(x).",),
        ),
    ),
    activation(
        "gelu",
        # erfc keeps the digits far left that 1 + erf loses
        value=lambda xp, x: 0.5 * x * xp.erfc(x * -ROOT_HALF),
        derivative=lambda ans, x: 0.5 * (1 + call.erf(ROOT_HALF * x)) + ONE_BY_ROOT_TWO_PI * x * call.exp(-0.5 * x**2),
        text="GELU({x})",
        latex=r"\operatorname{GELU}\left({x}\right)",
        meaning="x Φ(x), with Φ the standard normal distribution function",
        source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
        mistakes=(
            BY_TANH,
            BY_SIGMOID,
            Mistake(
                "product_rule",
                "only the first factor is differentiated",
                gradients=((0, lambda g, ans, x, **_: g * (0.5 * (1 + call.erf(ROOT_HALF * x)))),),
            ),
        ),
        explanation=Explanation(
            subject="gelu(x)",
            where=("Phi = (1 + erf(x / sqrt(2))) / 2", "phi = exp(-x ** 2 / 2) / sqrt(2 * pi)"),
            definition=("x * (1 + erf(x / sqrt(2))) / 2", "x * Phi"),
            domain_reason="erf exists for every x",
            range="[-0.1699712074799037, inf)",
            range_reason="it falls from 0 to its one minimum, then grows without end",
            limits=(
                Limit("-inf", "0", "Phi", "0", reason="Φ falls faster than x grows"),
                Limit("-0.7517915246935645", "-0.1699712074799037", reason="the minimum: the derivative is 0"),
                Limit("0", "0", "Phi", "1 / 2"),
                Limit("inf", "inf", "Phi", "1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(x * Phi, x)"),
                        Line("Phi + x * diff(Phi, x)", "product rule"),
                        Line("Phi + x / 2 * diff(erf(x / sqrt(2)), x)", "Φ = (1 + erf(x/√2))/2"),
                        Line(
                            "Phi + x / 2 * (2 / sqrt(pi)) * exp(-(x / sqrt(2)) ** 2) * (1 / sqrt(2))",
                            "chain rule, (erf u)′ = (2/√π) exp(−u²) u′",
                        ),
                        Line("Phi + x * exp(-x ** 2 / 2) / sqrt(2 * pi)", "√π √2 = √(2π)"),
                        Line("Phi + x * phi", "so Φ′ = φ, the normal density"),
                    )
                ),
            ),
            derivative="Phi + x * phi",
            facts=("gelu(x) - gelu(-x) == x",),
            notes=(
                "Φ is computed as erfc(−x/√2)/2, which keeps the digits far left that 1 + erf loses.",
                "PyTorch's default is this form; approximate='tanh' is gelu_tanh here.",
            ),
        ),
    ),
    activation(
        "gelu_tanh",
        value=lambda xp, x: 0.5 * x * (1.0 + xp.tanh(ROOT_TWO_BY_PI * (x + CUBIC * x * x * x))),
        derivative=_gelu_tanh_derivative,
        text="GELUₜₐₙₕ({x})",
        latex=r"\operatorname{GELU}_{\tanh}\left({x}\right)",
        meaning="GELU's approximation ½x (1 + tanh(√(2/π) (x + 0.044715 x³)))",
        source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
        mistakes=(BY_ERF, BY_SIGMOID),
        explanation=Explanation(
            subject="gelu_tanh(x)",
            where=("u = sqrt(2 / pi) * (x + 0.044715 * x ** 3)", "t = tanh(u)"),
            definition=("x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3))) / 2", "x * (1 + t) / 2"),
            domain_reason="tanh exists for every number",
            range="[-0.170040750571254, inf)",
            range_reason="it falls from 0 to its one minimum, then grows without end",
            limits=(
                Limit("-inf", "0", "t", "-1", reason="1 + t falls faster than x grows"),
                Limit("-0.7524614220710163", "-0.170040750571254", reason="the minimum: the derivative is 0"),
                Limit("0", "0", "t", "0"),
                Limit("inf", "inf", "t", "1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(x * (1 + t) / 2, x)"),
                        Line("(1 + t) / 2 + x / 2 * diff(t, x)", "product rule"),
                        Line(
                            "(1 + t) / 2 + x / 2 * (1 - t ** 2) * diff(u, x)",
                            "chain rule, (tanh u)′ = (1 − tanh² u) u′",
                        ),
                        Line(
                            "(1 + t) / 2 + x / 2 * (1 - t ** 2) * sqrt(2 / pi) * (1 + 3 * 0.044715 * x ** 2)",
                            "(x³)′ = 3x²",
                        ),
                    )
                ),
            ),
            derivative="(1 + t) / 2 + x / 2 * (1 - t ** 2) * sqrt(2 / pi) * (1 + 3 * 0.044715 * x ** 2)",
            facts=("gelu_tanh(x) - gelu_tanh(-x) == x",),
            notes=("An approximation of gelu, less than 0.0005 from it everywhere; PyTorch's approximate='tanh'.",),
        ),
    ),
)
