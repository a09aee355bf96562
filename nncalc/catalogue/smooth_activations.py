"""Activations that have a derivative everywhere."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.activation import activation
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
    ),
    activation(
        "sigmoid",
        value=_sigmoid,
        derivative=lambda ans, x: ans * (1 - ans),
        text="σ({x})",
        latex=r"\sigma\left({x}\right)",
        meaning="1 / (1 + e⁻ˣ), between 0 and 1",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.30",
    ),
    activation(
        "tanh",
        value=lambda xp, x: xp.tanh(x),
        derivative=lambda ans, x: 1 - ans**2,
        text="tanh({x})",
        latex=r"\tanh\left({x}\right)",
        meaning="(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), between −1 and 1",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.3.2",
    ),
    activation(
        "softplus",
        value=_softplus,
        derivative=lambda ans, x: call.sigmoid(x),
        text="softplus({x})",
        latex=r"\operatorname{softplus}\left({x}\right)",
        meaning="ln(1 + eˣ), a smooth ReLU",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.31",
    ),
    activation(
        "silu",
        value=lambda xp, x: x * _sigmoid(xp, x),
        derivative=lambda ans, x: call.sigmoid(x) * (1 + x * (1 - call.sigmoid(x))),
        text="SiLU({x})",
        latex=r"\operatorname{SiLU}\left({x}\right)",
        meaning="x σ(x), also called swish",
        source="Ramachandran, Zoph, Le, Searching for Activation Functions, 2017",
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
    ),
    activation(
        "gelu_tanh",
        value=lambda xp, x: 0.5 * x * (1.0 + xp.tanh(ROOT_TWO_BY_PI * (x + CUBIC * x * x * x))),
        derivative=_gelu_tanh_derivative,
        text="GELUₜₐₙₕ({x})",
        latex=r"\operatorname{GELU}_{\tanh}\left({x}\right)",
        meaning="GELU's approximation ½x (1 + tanh(√(2/π) (x + 0.044715 x³)))",
        source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
    ),
)
