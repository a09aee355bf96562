"""Activations of straight pieces: the hard sigmoid, swish and tanh, a ReLU with a threshold, and the sign."""

from __future__ import annotations

from nncalc.catalogue.activation import activation
from nncalc.catalogue.explanation import Derivation, Explanation, Kink, Limit, Line
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Option, Shape
from nncalc.catalogue.substitutes import instead, with_settings
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, call
from nncalc.language.text import signed

CONSTANT = "a constant"


def _hard_swish_derivative(ans: Expression, x: Expression) -> Expression:
    return call.where(x > -3, call.where(x < 3, x / 3 + 0.5, 1), 0)


def _hard_sigmoid_kinks(slope: float, shift: float) -> tuple[float, ...]:
    return (-shift / slope, (1 - shift) / slope) if slope else ()


def _hard_tanh_shape(x: Shape, low: float, high: float) -> Shape:
    if not low < high:
        raise ShapeError(
            f"nothing lies between low, {signed(low)}, and high, {signed(high)}", label="expected low below high"
        )
    return x


ENTRIES = (
    activation(
        "hard_sigmoid",
        value=lambda xp, x, slope, shift: xp.minimum(xp.maximum(slope * x + shift, 0.0), 1.0),
        derivative=lambda ans, x, slope, shift: slope * (ans > 0) * (ans < 1),
        text="hardσ({x})",
        latex=r"\sigma_{\mathrm{hard}}\left({x}\right)",
        meaning="slope · x + shift, no lower than 0 and no higher than 1",
        source="Courbariaux, Bengio, David, BinaryConnect, 2015; PyTorch documentation, torch.nn.Hardsigmoid",
        mistakes=(
            # Keras until its version 3, and Courbariaux et al. with ½
            Mistake(
                "slope",
                "the slope 0.2 is taken",
                value=with_settings("hard_sigmoid", slope=0.2),
                convention="the hard sigmoid of slope 0.2",
            ),
            Mistake(
                "slope",
                "the slope 1/6 is taken",
                value=with_settings("hard_sigmoid", slope=1 / 6),
                convention="the hard sigmoid of slope 1/6",
            ),
            Mistake(
                "clipped", "what is below 0 or above 1 stays", value=lambda x, slope, shift, **_: slope * x + shift
            ),
        ),
        options=(
            Option("slope", 1 / 6, "the slope between its ends"),
            Option("shift", 0.5, "the value at 0"),
        ),
        kinks=_hard_sigmoid_kinks,
        at_kink="the hard sigmoid has no derivative at the ends of its slope; 0 is used",
        explanation=Explanation(
            subject="hard_sigmoid(x)",
            definition=("min(max(slope * x + shift, 0), 1)",),
            domain_reason="it is made of straight lines",
            range="[0, 1]",
            range_reason="below 0 it is cut off at 0, above 1 at 1",
            limits=(
                Limit("-inf", "0", reason="below the slope (for a slope above 0)"),
                Limit("-shift / slope", "0", reason="the slope begins"),
                Limit("0", "shift"),
                Limit("(1 - shift) / slope", "1", reason="the slope ends"),
                Limit("inf", "1", reason="above the slope"),
            ),
            derivations=(
                Derivation((Line("diff(0, x)", "below the slope"), Line("0")), case="slope * x + shift < 0"),
                Derivation(
                    (Line("diff(slope * x + shift, x)", "on the slope"), Line("slope")),
                    case="abs(slope * x + shift - 1 / 2) < 1 / 2",
                ),
                Derivation((Line("diff(1, x)", "above the slope"), Line("0")), case="slope * x + shift > 1"),
            ),
            kinks=(
                Kink("-shift / slope", "0", "slope", "0", "no derivative; 0 is used, as PyTorch does"),
                Kink("(1 - shift) / slope", "slope", "0", "0", "no derivative; 0 is used, as PyTorch does"),
            ),
            derivative="slope * (hard_sigmoid(x) > 0) * (hard_sigmoid(x) < 1)",
            notes=("Keras before version 3, and Theano, have slope 0.2; PyTorch and Keras 3 have 1/6.",),
        ),
    ),
    activation(
        "hard_swish",
        value=lambda xp, x: x * (xp.minimum(xp.maximum(x, -3.0), 3.0) + 3.0) / 6.0,
        derivative=_hard_swish_derivative,
        text="hardswish({x})",
        latex=r"\operatorname{hardswish}\left({x}\right)",
        meaning="x (x + 3) / 6 between −3 and 3, 0 left of that, x right of it",
        source="Howard et al., Searching for MobileNetV3, 2019",
        kinks=(-3.0, 3.0),
        at_kink="hardswish has no derivative at −3 and 3; 0 and 1 are used",
        explanation=Explanation(
            subject="hard_swish(x)",
            definition=("x * min(max(x + 3, 0), 6) / 6", "x * hard_sigmoid(x)"),
            domain_reason="it is made of two straight lines and a parabola",
            range="[-0.375, inf)",
            range_reason="its parabola x (x + 3)/6 has its lowest point at −3/2",
            limits=(
                Limit("-inf", "0", reason="max(x + 3, 0) = 0"),
                Limit("-3 / 2", "-3 / 8", reason="the minimum: the derivative is 0"),
                Limit("0", "0"),
                Limit("inf", "inf", reason="min(x + 3, 6) = 6"),
            ),
            derivations=(
                Derivation((Line("diff(0, x)", "hardswish(x) = 0"), Line("0")), case="x < -3"),
                Derivation(
                    (
                        Line("diff(x * (x + 3) / 6, x)", "hardswish(x) = x (x + 3)/6"),
                        Line("(2 * x + 3) / 6", "(x²)′ = 2x"),
                        Line("x / 3 + 1 / 2"),
                    ),
                    case="abs(x) < 3",
                ),
                Derivation((Line("diff(x, x)", "hardswish(x) = x"), Line("1")), case="x > 3"),
            ),
            kinks=(
                Kink("-3", "0", "-1 / 2", "0", "no derivative; 0 is used, as PyTorch does"),
                Kink("3", "3 / 2", "1", "1", "no derivative; 1 is used, as PyTorch does"),
            ),
            derivative="where(x > -3, where(x < 3, x / 3 + 1 / 2, 1), 0)",
            notes=("silu with the hard sigmoid in the place of σ.",),
        ),
    ),
    activation(
        "hard_tanh",
        value=lambda xp, x, low, high: xp.minimum(xp.maximum(x, low), high),
        derivative=lambda ans, x, low, high: (x > low) * (x < high),
        text="hardtanh({x})",
        latex=r"\operatorname{hardtanh}\left({x}\right)",
        meaning="x, no lower than −1 and no higher than 1",
        source="Collobert, Large Scale Machine Learning, 2004; PyTorch documentation, torch.nn.Hardtanh",
        mistakes=(
            Mistake("clipped", "what is outside its ends stays", value=lambda x, **_: x),
            Mistake(
                "clipped",
                "the gradient goes through outside its ends too",
                gradients=((0, lambda g, ans, x, **_: g),),
            ),
        ),
        options=(Option("low", -1, "the lowest value"), Option("high", 1, "the highest")),
        shape=_hard_tanh_shape,
        kinks=lambda low, high: (float(low), float(high)),
        at_kink="hardtanh has no derivative at its ends; 0 is used",
        explanation=Explanation(
            subject="hard_tanh(x)",
            definition=("min(max(x, low), high)",),
            domain_reason="it is made of straight lines",
            range="[low, high]",
            range_reason="below low it is cut off at low, above high at high",
            limits=(
                Limit("-inf", "low", reason="x is lower"),
                Limit("low", "low"),
                Limit("0", "0"),
                Limit("high", "high"),
                Limit("inf", "high", reason="x is higher"),
            ),
            derivations=(
                Derivation((Line("diff(low, x)", CONSTANT), Line("0")), case="x < low"),
                Derivation(
                    (Line("diff(x, x)", "hardtanh(x) = x"), Line("1")),
                    case="(x > low) * (x < high)",
                ),
                Derivation((Line("diff(high, x)", CONSTANT), Line("0")), case="x > high"),
            ),
            kinks=(
                Kink("low", "0", "1", "0", "no derivative; 0 is used, as PyTorch does"),
                Kink("high", "1", "0", "0", "no derivative; 0 is used, as PyTorch does"),
            ),
            derivative="(x > low) * (x < high)",
            notes=("With low=0 and high=6 it is ReLU6. The derivative is 1 on the slope, 0 elsewhere.",),
        ),
    ),
    activation(
        "thresholded_relu",
        # written so that what is no number stays none
        value=lambda xp, x, threshold: xp.where(x <= threshold, 0.0, x),
        derivative=lambda ans, x, threshold: x > threshold,
        text="ReLU_θ({x})",
        latex=r"\operatorname{ReLU}_{\theta}\left({x}\right)",
        meaning="x where x > threshold, else 0",
        source="Konda, Memisevic, Krueger, Zero-bias Autoencoders and the Benefits of Co-adapting Features, 2014",
        mistakes=(
            Mistake(
                "threshold",
                "the threshold is subtracted",
                value=lambda x, threshold, **_: call.relu(x - threshold),
            ),
            Mistake("threshold", "the threshold is left out, as in ReLU", value=lambda x, **_: call.relu(x)),
        ),
        options=(Option("threshold", 1, "θ: up to it the result is 0"),),
        kinks=lambda threshold: (float(threshold),),
        at_kink="the thresholded ReLU jumps at its threshold; the derivative 0 is used",
        explanation=Explanation(
            subject="thresholded_relu(x)",
            definition=("where(x > threshold, x, 0)",),
            domain_reason="every number is above the threshold or is not",
            range="[0, inf)",
            range_reason="with a threshold of 0 or more, no value is below 0",
            limits=(Limit("-inf", "0"), Limit("threshold", "0"), Limit("inf", "inf")),
            derivations=(
                Derivation((Line("diff(x, x)", "ReLU_θ(x) = x"), Line("1")), case="x > threshold"),
                Derivation((Line("diff(0, x)", "ReLU_θ(x) = 0"), Line("0")), case="x < threshold"),
            ),
            kinks=(Kink("threshold", "0", "inf", "0", "no derivative at a jump; 0 is used, as PyTorch does"),),
            derivative="where(x > threshold, 1, 0)",
            notes=("With threshold=0 it is ReLU.",),
        ),
    ),
    activation(
        "sign",
        value=lambda xp, x: xp.sign(x),
        derivative=lambda ans, x: 0.0,
        text="sign({x})",
        latex=r"\operatorname{sign}\left({x}\right)",
        meaning="−1, 0 or 1, the sign of x",
        source="Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, 1982",
        mistakes=(
            Mistake(
                "at_zero",
                "the sign of 0 is taken for 1",
                value=lambda x, **_: call.where(x >= 0, 1, -1),
                convention="sign(0) = 1",
            ),
            Mistake("step", "0 is taken for −1, as in the step", value=instead("step")),
        ),
        kinks=(0.0,),
        at_kink="the sign jumps at 0; the derivative 0 is used",
        domain=((0.2, 3.0),),
        explanation=Explanation(
            subject="sign(x)",
            definition=("where(x > 0, 1, where(x < 0, -1, 0))",),
            domain_reason="every number is above 0, below 0, or 0",
            range="{-1, 0, 1}",
            range_reason="there are only these three values",
            limits=(Limit("-inf", "-1"), Limit("0", "0"), Limit("inf", "1")),
            derivations=(
                Derivation((Line("diff(1, x)", "sign(x) = 1"), Line("0")), case="x > 0"),
                Derivation((Line("diff(-1, x)", "sign(x) = −1"), Line("0")), case="x < 0"),
            ),
            kinks=(Kink("0", "inf", "inf", "0", "no derivative at a jump; 0 is used, as PyTorch does"),),
            derivative="0",
            facts=("sign(-x) == -sign(x)",),
            notes=(
                "Its gradient is 0 everywhere, so gradient descent learns nothing through it.",
                "Its value at 0 is 0 here, as NumPy's; books on Hopfield nets keep the old state there.",
            ),
        ),
    ),
)
