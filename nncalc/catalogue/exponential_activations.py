"""Activations with an exponential left of 0 that are smooth or scaled: SELU and CELU beside ELU."""

from __future__ import annotations

from nncalc.catalogue.activation import activation
from nncalc.catalogue.explanation import Derivation, Explanation, Kink, Limit, Line
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Option
from nncalc.catalogue.substitutes import instead, without
from nncalc.language.expression import call

# The fixed point of Klambauer et al.: outputs of mean 0 and variance 1 keep both from layer to layer.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
SELU_LEFT = 1.7580993408473768  # their product, rounded once

ENTRIES = (
    activation(
        "selu",
        # expm1 keeps the digits near 0; the minimum keeps it from overflowing where it is not used
        value=lambda xp, x: xp.where(x > 0, SELU_SCALE * x, SELU_LEFT * xp.expm1(xp.minimum(x, 0.0))),
        derivative=lambda ans, x: call.where(x > 0, SELU_SCALE, SELU_LEFT * call.exp(x)),
        text="SELU({x})",
        latex=r"\operatorname{SELU}\left({x}\right)",
        meaning="1.0507 x where x > 0, else 1.7581 (eˣ − 1)",
        source="Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks, 2017",
        mistakes=(
            Mistake("scale", "the scale is left out", value=lambda x, **_: call.elu(x, alpha=SELU_ALPHA)),
            Mistake("alpha", "α and the scale are left out, as in ELU", value=instead("elu")),
            Mistake("alpha", "α is left out", value=lambda x, **_: SELU_SCALE * call.elu(x)),
        ),
        kinks=(0.0,),
        at_kink="SELU has no derivative at 0; 1.7581, the slope left of it, is used",
        explanation=Explanation(
            subject="selu(x)",
            where=("s = 1.0507009873554805", "c = 1.7580993408473768"),
            definition=("where(x > 0, 1.0507009873554805 * x, 1.7580993408473768 * (exp(x) - 1))",),
            domain_reason="eˣ exists for every x",
            range="(-1.7580993408473768, inf)",
            range_reason="eˣ − 1 is above −1, so −c is never reached",
            limits=(
                Limit("-inf", "-c", "exp(x)", "0"),
                Limit("0", "0", "exp(x)", "1"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation((Line("diff(s * x, x)", "SELU(x) = s x"), Line("s")), case="x > 0"),
                Derivation(
                    (
                        Line("diff(c * (exp(x) - 1), x)", "SELU(x) = c (eˣ − 1)"),
                        Line("c * exp(x)", "(eˣ)′ = eˣ"),
                    ),
                    case="x < 0",
                ),
            ),
            kinks=(Kink("0", "c", "s", "c", "no derivative; the slope left of 0 is used, as PyTorch does"),),
            derivative="where(x > 0, s, c * exp(x))",
            notes=(
                "The paper writes s = λ = 1.0507 and c = λα with α = 1.6733: ELU with that α, times λ.",
                "Both are chosen so that outputs of mean 0 and variance 1 keep them from layer to layer.",
            ),
        ),
    ),
    activation(
        "celu",
        value=lambda xp, x, alpha: xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0.0) / alpha)),
        derivative=lambda ans, x, alpha: call.where(x > 0, 1, call.exp(x / alpha)),
        text="CELU({x})",
        latex=r"\operatorname{CELU}\left({x}\right)",
        meaning="x where x > 0, else α (e^(x/α) − 1)",
        source="Barron, Continuously Differentiable Exponential Linear Units, 2017",
        mistakes=(
            Mistake("alpha", "α is left out", value=without("celu", "alpha")),
            Mistake(
                "alpha",
                "the exponent is not divided by α, as in ELU",
                value=lambda x, alpha, **_: None if alpha == 1 else call.elu(x, alpha=alpha),
            ),
        ),
        options=(Option("alpha", 1, "−α is the value far left", above=0),),
        explanation=Explanation(
            subject="celu(x)",
            definition=("where(x > 0, x, alpha * (exp(x / alpha) - 1))",),
            domain_reason="e^(x/α) exists for every x, as α is above 0",
            range="(-alpha, inf)",
            range_reason="e^(x/α) − 1 is above −1, so −α is never reached",
            limits=(
                Limit("-inf", "-alpha", "exp(x / alpha)", "0"),
                Limit("0", "0", "exp(x / alpha)", "1"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation((Line("diff(x, x)", "CELU(x) = x"), Line("1")), case="x > 0"),
                Derivation(
                    (
                        Line("diff(alpha * (exp(x / alpha) - 1), x)", "CELU(x) = α (e^(x/α) − 1)"),
                        Line("alpha * exp(x / alpha) / alpha", "chain rule, (eᵘ)′ = eᵘ u′"),
                        Line("exp(x / alpha)", "α cancels"),
                    ),
                    case="x < 0",
                ),
            ),
            derivative="where(x > 0, 1, exp(x / alpha))",
            notes=("Both sides have the slope 1 at 0, whatever α is: where ELU has a kink, CELU has none.",),
        ),
    ),
)
