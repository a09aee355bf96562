"""Activations of the ReLU family: another rule on either side of 0."""

from __future__ import annotations

from nncalc.catalogue.activation import activation
from nncalc.catalogue.operation import Option
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
        kinks=(0.0,),
        at_kink="ReLU has no derivative at 0; 0 is used",
    ),
    activation(
        "leaky_relu",
        value=lambda xp, x, slope: xp.where(x > 0, x, slope * x),
        derivative=lambda ans, x, slope: call.where(x > 0, 1, slope),
        text="LeakyReLU({x})",
        latex=r"\operatorname{LeakyReLU}\left({x}\right)",
        meaning="x where x > 0, else slope · x",
        source="Maas, Hannun, Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013",
        options=(Option("slope", 0.01, "the slope left of 0"),),
        kinks=(0.0,),
        at_kink="LeakyReLU has no derivative at 0; its slope is used",
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
        options=(Option("alpha", 1, "−α is the value far left"),),
    ),
    activation(
        "step",
        value=lambda xp, x: xp.where(x > 0, 1.0, 0.0),
        derivative=lambda ans, x: 0.0,
        text="step({x})",
        latex=r"\operatorname{step}\left({x}\right)",
        meaning="1 where x > 0, else 0",
        source="Rosenblatt, The Perceptron, 1958",
        kinks=(0.0,),
        at_kink="the step jumps at 0; 0 is used",
        domain=AWAY_FROM_ZERO,
    ),
)
