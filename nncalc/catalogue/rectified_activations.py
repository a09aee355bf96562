"""Activations of the ReLU family: another rule on either side of 0."""

from __future__ import annotations

from nncalc.catalogue.activation import activation
from nncalc.catalogue.explanation import Derivation, Explanation, Kink, Limit, Line
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Option
from nncalc.catalogue.substitutes import instead, without
from nncalc.language.expression import call

AWAY_FROM_ZERO = ((0.2, 3.0),)

ENTRIES = (
    activation(
        "relu",
        value=lambda xp, x: xp.maximum(x, 0.0),
        derivative=lambda ans, x: x > 0,
        text="ReLU({x})",
        latex=r"\operatorname{ReLU}\left({x}\right)",
        meaning="max(0, x)",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.3.1",
        mistakes=(
            Mistake(
                "at_zero",
                "the derivative at 0 is taken for 1",
                gradients=((0, lambda g, ans, x, **_: g * (x >= 0)),),
                convention="ReLU′(0) = 1",
            ),
            Mistake(
                "at_zero",
                "the derivative at 0 is taken for ½",
                gradients=((0, lambda g, ans, x, **_: g * ((x > 0) + call.equal(x, 0) / 2)),),
                convention="ReLU′(0) = ½",
            ),
            Mistake(
                "mask",
                "ReLU's value is multiplied in, not 1 where it is above 0",
                gradients=((0, lambda g, ans, x, **_: g * ans),),
            ),
        ),
        kinks=(0.0,),
        at_kink="ReLU has no derivative at 0; 0 is used",
        explanation=Explanation(
            subject="relu(x)",
            definition=("max(0, x)",),
            domain_reason="any two numbers have a maximum",
            range="[0, inf)",
            range_reason="it is never below 0, and 0 itself for every x up to 0",
            limits=(
                Limit("-inf", "0", reason="0 is the larger"),
                Limit("0", "0"),
                Limit("inf", "inf", reason="x is the larger"),
            ),
            derivations=(
                Derivation((Line("diff(x, x)", "max(0, x) = x"), Line("1")), case="x > 0"),
                Derivation((Line("diff(0, x)", "max(0, x) = 0"), Line("0")), case="x < 0"),
            ),
            kinks=(Kink("0", "0", "1", "0", "no derivative; 0 is used, as PyTorch does"),),
            derivative="where(x > 0, 1, 0)",
            facts=("relu(x) - relu(-x) == x",),
            notes=("A unit whose input is negative for every example has gradient 0 and stays as it is: it is dead.",),
        ),
    ),
    activation(
        "leaky_relu",
        value=lambda xp, x, slope: xp.where(x > 0, x, slope * x),
        derivative=lambda ans, x, slope: call.where(x > 0, 1, slope),
        text="LeakyReLU({x})",
        latex=r"\operatorname{LeakyReLU}\left({x}\right)",
        meaning="x where x > 0, else slope · x",
        source="Maas, Hannun, Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013",
        mistakes=(
            Mistake(
                "slope",
                "the slope left of 0 is left out, as in ReLU",
                value=lambda x, **_: call.relu(x),
            ),
            Mistake("slope", "the usual slope, 0.01, is taken", value=without("leaky_relu", "slope")),
            Mistake(
                "slope",
                "the derivative left of 0 is taken for 0, as in ReLU",
                gradients=((0, lambda g, ans, x, **_: g * (x > 0)),),
            ),
            Mistake(
                "at_zero",
                "the derivative at 0 is taken for 1",
                gradients=((0, lambda g, ans, x, slope, **_: g * call.where(x >= 0, 1, slope)),),
                convention="LeakyReLU′(0) = 1",
            ),
        ),
        options=(Option("slope", 0.01, "the slope left of 0"),),
        kinks=lambda slope: () if slope == 1 else (0.0,),
        at_kink="LeakyReLU has no derivative at 0; its slope is used",
        explanation=Explanation(
            subject="leaky_relu(x)",
            definition=("where(x > 0, x, slope * x)",),
            domain_reason="each side is a straight line",
            range="(-inf, inf)",
            range_reason="with a slope above 0 it grows everywhere",
            limits=(
                Limit("-inf", "-inf", "slope * x", "-inf"),
                Limit("0", "0"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation((Line("diff(x, x)", "LeakyReLU(x) = x"), Line("1")), case="x > 0"),
                Derivation((Line("diff(slope * x, x)", "LeakyReLU(x) = slope · x"), Line("slope")), case="x < 0"),
            ),
            kinks=(
                Kink("0", "slope", "1", "slope", "no derivative unless slope = 1; the slope is used, as PyTorch does"),
            ),
            derivative="where(x > 0, 1, slope)",
            notes=("PyTorch calls the slope negative_slope.",),
        ),
    ),
    activation(
        "elu",
        # expm1 keeps the digits near 0 that e^x − 1 loses; the minimum keeps it from overflowing where it is not used
        value=lambda xp, x, alpha: xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0.0))),
        derivative=lambda ans, x, alpha: call.where(x > 0, 1, alpha * call.exp(x)),
        text="ELU({x})",
        latex=r"\operatorname{ELU}\left({x}\right)",
        meaning="x where x > 0, else α (eˣ − 1)",
        source="Clevert, Unterthiner, Hochreiter, Fast and Accurate Deep Network Learning by ELUs, 2015",
        mistakes=(
            Mistake("alpha", "α is left out", value=without("elu", "alpha")),
            Mistake(
                "minus_one",
                "the −1 behind the exponential is left out",
                value=lambda x, alpha, **_: call.where(x > 0, x, call.exp(x) if alpha == 1 else alpha * call.exp(x)),
            ),
            Mistake(
                "alpha",
                "the derivative left of 0 is taken for the value, without the α that has to be added",
                gradients=((0, lambda g, ans, x, **_: g * call.where(x > 0, 1, ans)),),
            ),
        ),
        options=(Option("alpha", 1, "−α is the value far left"),),
        kinks=lambda alpha: () if alpha == 1 else (0.0,),
        at_kink="ELU has no derivative at 0; α, the slope left of it, is used",
        explanation=Explanation(
            subject="elu(x)",
            definition=("where(x > 0, x, alpha * (exp(x) - 1))",),
            domain_reason="eˣ exists for every x",
            range="(-alpha, inf)",
            range_reason="eˣ − 1 is above −1, so −α is never reached (for α above 0)",
            limits=(
                Limit("-inf", "-alpha", "exp(x)", "0"),
                Limit("0", "0", "exp(x)", "1"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation((Line("diff(x, x)", "ELU(x) = x"), Line("1")), case="x > 0"),
                Derivation(
                    (
                        Line("diff(alpha * (exp(x) - 1), x)", "ELU(x) = α (eˣ − 1)"),
                        Line("alpha * exp(x)", "(eˣ)′ = eˣ"),
                        Line("elu(x) + alpha", "α eˣ = α (eˣ − 1) + α"),
                    ),
                    case="x < 0",
                ),
            ),
            kinks=(Kink("0", "alpha", "1", "alpha", "no derivative unless α = 1; α is used, as PyTorch does"),),
            derivative="where(x > 0, 1, alpha * exp(x))",
            notes=("eˣ − 1 is computed in one go (expm1), which keeps the digits near 0.",),
        ),
    ),
    activation(
        "step",
        value=lambda xp, x: xp.where(x > 0, 1.0, 0.0),
        derivative=lambda ans, x: 0.0,
        text="step({x})",
        latex=r"\operatorname{step}\left({x}\right)",
        meaning="1 where x > 0, else 0",
        source="Rosenblatt, The Perceptron, 1958",
        mistakes=(
            Mistake("at_zero", "the step at 0 is taken for 1", value=lambda x, **_: x >= 0, convention="step(0) = 1"),
            Mistake(
                "at_zero",
                "the step at 0 is taken for ½",
                value=lambda x, **_: (x > 0) + call.equal(x, 0) / 2,
                convention="step(0) = ½",
            ),
            Mistake("sign", "−1 is taken left of 0", value=instead("sign")),
        ),
        kinks=(0.0,),
        at_kink="the step jumps at 0; 0 is used",
        domain=AWAY_FROM_ZERO,
        explanation=Explanation(
            subject="step(x)",
            definition=("where(x > 0, 1, 0)",),
            domain_reason="every number is above 0 or is not",
            range="{0, 1}",
            range_reason="there are only these two values",
            limits=(Limit("-inf", "0"), Limit("0", "0"), Limit("inf", "1")),
            derivations=(
                Derivation((Line("diff(1, x)", "step(x) = 1"), Line("0")), case="x > 0"),
                Derivation((Line("diff(0, x)", "step(x) = 0"), Line("0")), case="x < 0"),
            ),
            kinks=(Kink("0", "0", "inf", "0", "no derivative at a jump; 0 is used"),),
            derivative="0",
            notes=(
                "Its gradient is 0 everywhere, so gradient descent learns nothing through it.",
                "Its value at 0 is 0 here; other books take ½ or 1.",
            ),
        ),
    ),
)
