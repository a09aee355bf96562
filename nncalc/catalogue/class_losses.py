"""Cross-entropies: losses of a classification, on probabilities or on logits. 0 · log 0 counts as 0."""

from __future__ import annotations

from math import log
from typing import Any

from nncalc.catalogue.loss import loss
from nncalc.catalogue.operation import Option, Target
from nncalc.catalogue.registry import operation
from nncalc.catalogue.softmax import softmax_of
from nncalc.errors import DomainError
from nncalc.language.expression import Expression, Setting, call

LOG_BASE = Option("log_base", "e", "the logarithm's base: e, 2, 10 or another number above 0", ("e",), above=0)
DISTRIBUTION_SLACK = 1e-6


def scale(log_base: Setting) -> float:
    """ln of the logarithm's base: what a natural logarithm is divided by."""
    return 1.0 if log_base == "e" else log(float(log_base))  # type: ignore[arg-type]


def in_base(derivative: Expression, log_base: Setting) -> Expression:
    """The derivative of the natural form, as it is in the loss's own base."""
    return derivative if log_base == "e" else derivative / call.log(log_base)


def _plogq(xp: Any, weight: Any, q: Any) -> Any:
    return xp.where(weight == 0, 0.0, weight * xp.log(xp.where(weight == 0, 1.0, q)))


def _is_distribution(xp: Any, prediction: Any, target: Any) -> None:
    total = xp.sum(target, axis=-1) if getattr(target, "shape", ()) else target
    if not xp.all(xp.abs(total - 1) < DISTRIBUTION_SLACK) or not xp.all(target >= 0):
        raise DomainError(
            "the target is no distribution over the classes",
            label="expected entries of 0 or more that sum to 1, as a one-hot vector's do",
        )


def _probabilities(xp: Any, prediction: Any, target: Any) -> None:
    if not xp.all((prediction >= 0) & (prediction <= 1)):
        raise DomainError(
            "the prediction is no probability",
            label="expected entries between 0 and 1",
            hint="For logits there is the loss of the same name with softmax or with_logits in it.",
        )


def _entries_are_probabilities(xp: Any, prediction: Any, target: Any) -> None:
    _probabilities(xp, prediction, target)
    _is_distribution(xp, prediction, target)


def _binary_logits_terms(xp: Any, prediction: Any, target: Any, log_base: Setting) -> Any:
    # max(h, 0) − h y + ln(1 + e^−|h|): the same number, and finite for every logit
    stable = xp.maximum(prediction, 0.0) - prediction * target + xp.log1p(xp.exp(-xp.abs(prediction)))
    return stable / scale(log_base)


def _binary_by_prediction(each: Expression, p: Expression, y: Expression, log_base: Setting) -> Expression:
    return in_base(call.where(y > 0, -y / p, 0) + call.where(y < 1, (1 - y) / (1 - p), 0), log_base)


ENTRIES = (
    loss(
        "cross_entropy",
        terms=lambda xp, p, y, log_base: -_plogq(xp, y, p) / scale(log_base),
        check=_entries_are_probabilities,
        by_prediction=lambda each, p, y, log_base: in_base(call.where(y > 0, -y / p, 0), log_base),
        by_target=lambda each, p, y, log_base: in_base(-call.log(p), log_base),
        text=lambda log_base="e", **_: f"−Σ {{target:power}} {_log(log_base)} {{prediction:power}}",
        latex=lambda log_base="e", **_: rf"-\sum {{target:power}} {_latex_log(log_base)} {{prediction:power}}",
        meaning="−Σ y ln p, on probabilities p",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.51",
        options=(LOG_BASE,),
        target=Target(classes=True),
        domain=((0.1, 0.9), (0.1, 0.9)),
    ),
    loss(
        "softmax_cross_entropy",
        terms=lambda xp, h, y, log_base: (
            -y * operation("log_softmax").value(xp, h, axis=-1, temperature=1) / scale(log_base)
        ),
        check=_is_distribution,
        by_prediction=lambda each, h, y, log_base: in_base(softmax_of(h) - y, log_base),
        by_target=lambda each, h, y, log_base: in_base(-call.log_softmax(h), log_base),
        text=lambda log_base="e", **_: f"−Σ {{target:power}} {_log(log_base)} softmax({{prediction}})",
        latex=lambda log_base="e", **_: (
            rf"-\sum {{target:power}} {_latex_log(log_base)} \operatorname{{softmax}}\left({{prediction}}\right)"
        ),
        meaning="−Σ y ln softmax(h), on logits h",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.2.2.3",
        options=(LOG_BASE,),
        target=Target(classes=True, shows=("p", "softmax")),
        domain=((-3.0, 3.0), (0.1, 0.9)),
    ),
    loss(
        "binary_cross_entropy",
        terms=lambda xp, p, y, log_base: -(_plogq(xp, y, p) + _plogq(xp, 1.0 - y, 1.0 - p)) / scale(log_base),
        check=_probabilities,
        by_prediction=_binary_by_prediction,
        by_target=lambda each, p, y, log_base: in_base(call.log(1 - p) - call.log(p), log_base),
        text=lambda log_base="e", **_: (
            f"−mean({{target:power}} {_log(log_base)} {{prediction:power}} + "
            f"(1 − {{target:product}}) {_log(log_base)}(1 − {{prediction:product}}))"
        ),
        latex=lambda log_base="e", **_: (
            rf"-\operatorname{{mean}}\left({{target:power}} {_latex_log(log_base)} {{prediction:power}} + "
            rf"(1 - {{target:product}}) {_latex_log(log_base)} (1 - {{prediction:product}})\right)"
        ),
        meaning="−(y ln p + (1 − y) ln(1 − p)), on probabilities p; the mean over the outputs and the examples",
        source="Bishop, Pattern Recognition and Machine Learning, eq. 4.90",
        options=(LOG_BASE,),
        target=Target(per_output=True),
        domain=((0.1, 0.9), (0.1, 0.9)),
    ),
    loss(
        "binary_cross_entropy_with_logits",
        terms=_binary_logits_terms,
        by_prediction=lambda each, h, y, log_base: in_base(call.sigmoid(h) - y, log_base),
        by_target=lambda each, h, y, log_base: in_base(-h, log_base),
        text=lambda log_base="e", **_: (
            f"−mean({{target:power}} {_log(log_base)} σ({{prediction}}) + "
            f"(1 − {{target:product}}) {_log(log_base)}(1 − σ({{prediction}})))"
        ),
        latex=lambda log_base="e", **_: (
            rf"-\operatorname{{mean}}\left({{target:power}} {_latex_log(log_base)} \sigma\left({{prediction}}\right) + "
            rf"(1 - {{target:product}}) {_latex_log(log_base)} (1 - \sigma\left({{prediction}}\right))\right)"
        ),
        meaning="binary cross-entropy of σ(h), on logits h",
        source="PyTorch documentation, torch.nn.BCEWithLogitsLoss",
        options=(LOG_BASE,),
        target=Target(per_output=True, shows=("p", "sigmoid")),
        domain=((-3.0, 3.0), (0.1, 0.9)),
    ),
)


def _log(log_base: Setting) -> str:
    names = {"e": "ln", 2: "log₂", 10: "log₁₀"}
    return names.get(log_base, f"log_{log_base}")


def _latex_log(log_base: Setting) -> str:
    return r"\ln" if log_base == "e" else rf"\log_{{{log_base}}}"
