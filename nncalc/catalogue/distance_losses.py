"""Losses of a regression that forgive outliers, and the one that looks at directions alone."""

from __future__ import annotations

from math import log as ln
from math import prod
from typing import Any

from nncalc.catalogue.class_target import over_latex, over_text
from nncalc.catalogue.explanation import Derivation, Explanation, Limit, Line
from nncalc.catalogue.loss import loss
from nncalc.catalogue.loss_mistakes import over
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Option, Target
from nncalc.catalogue.registry import operation
from nncalc.catalogue.substitutes import applied, instead, without
from nncalc.language.expression import Expression, Setting, call

PYTORCH = "PyTorch documentation, torch.nn.{}"
DOMAIN_REASON = "every difference has an absolute value"
OUTPUTS = "n is the number of outputs; for a batch, outputs times examples."
ONLY = "of the sum only this term depends on ŷᵢ"
LIMITS = (
    Limit("-inf", "inf"),
    Limit("y", "0", reason="every difference is 0", of="yhat"),
    Limit("inf", "inf"),
)


def _huber(xp: Any, p: Any, y: Any, delta: float) -> Any:
    d = xp.abs(p - y)
    return xp.where(d <= delta, 0.5 * d**2, delta * (d - 0.5 * delta))


def _smooth_l1(xp: Any, p: Any, y: Any, beta: float) -> Any:
    d = xp.abs(p - y)
    return xp.where(d < beta, 0.5 * d**2 / beta, d - 0.5 * beta)


def _log_cosh(xp: Any, p: Any, y: Any) -> Any:
    d = xp.abs(p - y)
    # near 0: −½ ln(1 − tanh²), which keeps the digits; far from it |d| + ln(1 + e^−2|d|) − ln 2, which stays finite
    near = -0.5 * xp.log1p(-(xp.tanh(xp.minimum(d, 1.0)) ** 2))
    return xp.where(d < 1.0, near, d + xp.log1p(xp.exp(-2.0 * d)) - ln(2))


def _huber_slope(p: Expression, y: Expression, delta: Setting) -> Expression:
    return call.clip(p - y, low=-delta, high=delta)  # type: ignore[operator]


def _smooth_slope(p: Expression, y: Expression, beta: Setting) -> Expression:
    return call.clip((p - y) / beta, low=-1, high=1)  # type: ignore[operator]


def _length(xp: Any, x: Any) -> Any:
    return operation("norm").value(xp, x, axis=-1, keepdims=True) if getattr(x, "shape", ()) else xp.abs(x)


def _cosine(xp: Any, p: Any, y: Any) -> Any:
    lengths = _length(xp, p) * _length(xp, y)
    # a vector of length 0 has no direction: its cosine with any other counts as 0
    cosines = p / xp.where(_length(xp, p) == 0, 1.0, _length(xp, p)) * y / xp.where(lengths == 0, 1.0, _length(xp, y))
    return cosines


def _cosine_slope(p: Expression, y: Expression, *, shape: tuple[int, ...]) -> Expression:
    """−∂cos/∂p: what of y does not point along p, over both lengths."""
    if len(shape) <= 1:
        length, other, dot = call.norm(p), call.norm(y), call.sum(p * y)
    else:
        length = call.norm(p, axis=-1, keepdims=True)
        other = call.norm(y, axis=-1, keepdims=True)
        dot = call.sum(p * y, axis=-1, keepdims=True)
    return (dot * p / length**2 - y) / (length * other)


def _of_difference(text: str, latex: str) -> dict[str, Any]:
    """How a loss prints that is one function of ŷ − y: `mean Huber(ŷ − y)`."""
    return {
        "text": lambda reduction="mean", **_: f"{over_text(reduction)} {text}({{prediction}} − {{target:product}})",
        "latex": lambda reduction="mean", **_: (
            rf"{over_latex(reduction)}{latex}\left({{prediction}} - {{target:product}}\right)"
        ),
    }


def _unbounded(by: str) -> Mistake:
    def value(p: Expression, y: Expression, *, shape_of: Any, reduction: Setting, **settings: Any) -> Expression:
        half = applied("mse", p, y, reduction=reduction) / 2
        return half / settings["beta"] if settings.get("beta", 1) != 1 else half

    return Mistake("piece", f"the squares are taken beyond {by} too", value)


def _straight(p: Expression, y: Expression, *, shape_of: Any, reduction: Setting, **_: Any) -> Expression:
    return applied("mae", p, y, reduction=reduction)


def _count(shape: tuple[int, ...], reduction: Setting) -> int:
    """How often the 1 of 1 − cos stands in the loss."""
    return prod(shape[:-1]) if reduction == "sum" else 1


def _similarity(p: Expression, y: Expression, *, shape_of: Any, **settings: Setting) -> Expression:
    """The cosine itself, in place of 1 minus it."""
    return _count(shape_of(p), settings["reduction"]) - applied("cosine", p, y, **settings)


def _product(p: Expression, y: Expression, *, shape_of: Any, reduction: Setting) -> Expression:
    """1 − ŷ·y, as if both had the length 1."""
    shape = shape_of(p)
    return _count(shape, reduction) - over(p * y, shape, reduction, per_output=False)


ENTRIES = (
    loss(
        "huber",
        terms=_huber,
        by_prediction=lambda each, p, t, delta: _huber_slope(p, t, delta),
        by_target=lambda each, p, t, delta: _huber_slope(t, p, delta),
        **_of_difference("Huber", r"\operatorname{Huber}"),
        meaning="½d² for |d| ≤ δ, else δ (|d| − δ/2), of d = ŷ − y; the mean over the outputs and the examples",
        source=f"Huber, Robust Estimation of a Location Parameter, 1964; {PYTORCH.format('HuberLoss')}",
        mistakes=(
            _unbounded("δ"),
            Mistake("piece", "absolute values are taken within δ too", _straight),
            Mistake("delta", "δ is left out", without("huber", "delta")),
            Mistake(
                "smooth_l1",
                "the form of smooth L1 is taken, which is divided by δ",
                lambda p, y, delta, reduction, **_: (
                    None if delta == 1 else applied("smooth_l1", p, y, beta=delta, reduction=reduction)
                ),
                convention="smooth L1",
            ),
        ),
        options=(Option("delta", 1, "δ: beyond it the loss is a straight line", above=0),),
        target=Target(per_output=True),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = huber(yhat, y)", "d = yhat - y"),
            definition=(
                "1 / n * sum(where(abs(yhat - y) <= delta, (yhat - y) ** 2 / 2, delta * (abs(yhat - y) - delta / 2)))",
            ),
            domain_reason=DOMAIN_REASON,
            range="[0, inf)",
            range_reason="no term is negative; 0 is taken at ŷ = y alone",
            limits=LIMITS,
            derivations=(
                Derivation(
                    (
                        Line("diff((yhat_i - y_i) ** 2 / 2, yhat_i) / n", ONLY),
                        Line("(yhat_i - y_i) / n", "chain rule, (u²)′ = 2u u′"),
                    ),
                    case="abs(yhat_i - y_i) < delta",
                ),
                Derivation(
                    (
                        Line("diff(delta * (yhat_i - y_i - delta / 2), yhat_i) / n", ONLY),
                        Line("delta / n"),
                    ),
                    case="yhat_i - y_i > delta",
                ),
                Derivation(
                    (
                        Line("diff(delta * (y_i - yhat_i - delta / 2), yhat_i) / n", ONLY),
                        Line("-delta / n"),
                    ),
                    case="y_i - yhat_i > delta",
                ),
            ),
            derivative="min(max(yhat_i - y_i, -delta), delta) / n",
            notes=(OUTPUTS, "Where the two pieces meet, both have the slope δ: there is no kink."),
        ),
    ),
    loss(
        "smooth_l1",
        terms=_smooth_l1,
        by_prediction=lambda each, p, t, beta: _smooth_slope(p, t, beta),
        by_target=lambda each, p, t, beta: _smooth_slope(t, p, beta),
        **_of_difference("smoothL1", r"\operatorname{smoothL1}"),
        meaning="½d²/β for |d| < β, else |d| − β/2, of d = ŷ − y; the mean over the outputs and the examples",
        source=f"Girshick, Fast R-CNN, 2015, eq. 3; {PYTORCH.format('SmoothL1Loss')}",
        mistakes=(
            _unbounded("β"),
            Mistake("piece", "absolute values are taken within β too", _straight),
            Mistake("beta", "β is left out", without("smooth_l1", "beta")),
            Mistake(
                "huber",
                "Huber's form is taken, which is not divided by β",
                lambda p, y, beta, reduction, **_: (
                    None if beta == 1 else applied("huber", p, y, delta=beta, reduction=reduction)
                ),
                convention="Huber's form",
            ),
        ),
        options=(Option("beta", 1, "β: beyond it the loss is a straight line", above=0),),
        target=Target(per_output=True),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = smooth_l1(yhat, y)",),
            definition=(
                "1 / n * sum(where(abs(yhat - y) < beta, (yhat - y) ** 2 / (2 * beta), abs(yhat - y) - beta / 2))",
            ),
            domain_reason=DOMAIN_REASON,
            range="[0, inf)",
            range_reason="no term is negative; 0 is taken at ŷ = y alone",
            limits=LIMITS,
            derivations=(
                Derivation(
                    (
                        Line("diff((yhat_i - y_i) ** 2 / (2 * beta), yhat_i) / n", ONLY),
                        Line("(yhat_i - y_i) / beta / n", "chain rule, (u²)′ = 2u u′"),
                    ),
                    case="abs(yhat_i - y_i) < beta",
                ),
                Derivation(
                    (Line("diff(yhat_i - y_i - beta / 2, yhat_i) / n", ONLY), Line("1 / n")),
                    case="yhat_i - y_i > beta",
                ),
                Derivation(
                    (Line("diff(y_i - yhat_i - beta / 2, yhat_i) / n", ONLY), Line("-1 / n")),
                    case="y_i - yhat_i > beta",
                ),
            ),
            derivative="min(max((yhat_i - y_i) / beta, -1), 1) / n",
            notes=(OUTPUTS, "It is huber with δ = β, divided by β."),
        ),
    ),
    loss(
        "log_cosh",
        terms=_log_cosh,
        by_prediction=lambda each, p, t: call.tanh(p - t),
        by_target=lambda each, p, t: call.tanh(t - p),
        **_of_difference("ln cosh", r"\ln\cosh"),
        meaning="ln cosh(ŷ − y), about ½d² near 0 and |d| − ln 2 far away; the mean over the outputs and the examples",
        source="Saleh and Saleh, Statistical Properties of the log-cosh Loss Function Used in Machine Learning, 2022",
        mistakes=(Mistake("squares", "squares are taken", instead("mse")),),
        target=Target(per_output=True),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = log_cosh(yhat, y)",),
            definition=("1 / n * sum(log((exp(yhat - y) + exp(y - yhat)) / 2))",),
            domain_reason="the cosh of every number is 1 or more, so its logarithm exists",
            range="[0, inf)",
            range_reason="cosh is 1 or more; 0 is taken at ŷ = y alone",
            limits=LIMITS,
            derivations=(
                Derivation(
                    (
                        Line("diff(log((exp(yhat_i - y_i) + exp(y_i - yhat_i)) / 2), yhat_i) / n", ONLY),
                        Line(
                            "(exp(yhat_i - y_i) - exp(y_i - yhat_i)) / (exp(yhat_i - y_i) + exp(y_i - yhat_i)) / n",
                            "chain rule, (ln u)′ = u′/u",
                        ),
                        Line("tanh(yhat_i - y_i) / n"),
                    )
                ),
            ),
            derivative="tanh(yhat_i - y_i) / n",
            stable="1 / n * sum(abs(yhat - y) + log(1 + exp(-2 * abs(yhat - y))) - log(2))",
            stable_reason="no exponent is above 0, so nothing overflows",
            notes=(OUTPUTS,),
        ),
    ),
    loss(
        "cosine",
        terms=_cosine,
        finish=lambda xp, total: 1.0 - total,
        shaped=True,
        by_prediction=lambda each, p, t, *, shape: _cosine_slope(p, t, shape=shape),
        by_target=lambda each, p, t, *, shape: _cosine_slope(t, p, shape=shape),
        text="1 − cos({prediction}, {target})",
        latex=r"1 - \cos\left({prediction},\ {target}\right)",
        meaning="1 − ŷ·y / (‖ŷ‖ ‖y‖): 0 where both point the same way, 2 where they point opposite ways",
        source=PYTORCH.format("CosineEmbeddingLoss"),
        mistakes=(
            Mistake("one_minus", "the cosine is taken, not 1 minus it", _similarity),
            Mistake("norm", "the product is not divided by the lengths", _product),
        ),
        target=Target(),
        domain=((0.3, 3.0), (0.3, 3.0)),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = cosine(yhat, y)", "c = sum(yhat * y) / (norm(yhat) * norm(y))"),
            definition=("1 - sum(yhat * y) / (norm(yhat) * norm(y))", "1 - c"),
            domain_reason="every vector but 0 has a direction; with 0 the cosine counts as 0",
            range="[0, 2]",
            range_reason="a cosine is between −1 and 1, and takes both",
            limits=(
                Limit("y", "0", reason="the same direction", of="yhat"),
                Limit("-y", "2", reason="the opposite one", of="yhat"),
                Limit("0", "1", of="yhat", reason="no direction at all"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(1 - c, yhat_i)"),
                        Line(
                            "-(y_i * norm(yhat) - sum(yhat * y) * diff(norm(yhat), yhat_i))"
                            " / (norm(yhat) ** 2 * norm(y))",
                            "quotient rule, (u/v)′ = (u′v − u v′)/v²",
                        ),
                        Line(
                            "-(y_i * norm(yhat) - sum(yhat * y) * yhat_i / norm(yhat)) / (norm(yhat) ** 2 * norm(y))",
                            "∂‖ŷ‖/∂ŷᵢ = ŷᵢ/‖ŷ‖",
                        ),
                        Line("c * yhat_i / norm(yhat) ** 2 - y_i / (norm(yhat) * norm(y))"),
                    )
                ),
            ),
            derivative="c * yhat_i / norm(yhat) ** 2 - y_i / (norm(yhat) * norm(y))",
            notes=("Only directions count: ŷ and 2ŷ cost the same, and the gradient stands at right angles to ŷ.",),
        ),
    ),
)
