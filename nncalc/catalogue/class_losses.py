"""Cross-entropies: losses of a classification, on probabilities or on logits. 0 · log 0 counts as 0."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.class_loss_mistakes import (
    BINARY,
    BINARY_WITH_LOGITS,
    CROSS_ENTROPY,
    SOFTMAX_CROSS_ENTROPY,
)
from nncalc.catalogue.class_target import (
    CLASS_OPTIONS,
    LOG_BASE,
    are_probabilities,
    both,
    class_target,
    counted,
    counted_expression,
    in_base,
    is_distribution,
    latex_written,
    log_latex,
    log_text,
    mass,
    over_latex,
    over_text,
    own_weight,
    plogq,
    scale,
    written,
)
from nncalc.catalogue.explanation import Derivation, Explanation, Limit, Line
from nncalc.catalogue.loss import loss
from nncalc.catalogue.operation import Shape, Target
from nncalc.catalogue.registry import operation
from nncalc.catalogue.softmax import softmax_of
from nncalc.language.expression import Expression, Setting, call


def _cross_entropy_by_prediction(
    each: Expression, p: Expression, y: Expression, *, shape: Shape, log_base: Setting, **settings: Setting
) -> Expression:
    v = counted_expression(y, shape, **settings)
    return in_base(call.where(v > 0, -v / p, 0), log_base)


def _softmax_by_prediction(
    each: Expression, h: Expression, y: Expression, *, shape: Shape, log_base: Setting, **settings: Setting
) -> Expression:
    v = counted_expression(y, shape, **settings)
    p = softmax_of(h)
    if settings["class_weights"] is not None:
        p = p * mass(v, shape)
    elif settings["ignore_index"] is not None:
        p = p * mass(y, shape)
    return in_base(p - v, log_base)


def _binary_logits_terms(xp: Any, prediction: Any, target: Any, log_base: Setting) -> Any:
    # max(h, 0) − h y + ln(1 + e^−|h|): the same number, and finite for every logit
    stable = xp.maximum(prediction, 0.0) - prediction * target + xp.log1p(xp.exp(-xp.abs(prediction)))
    return stable / scale(log_base)


def _binary_by_prediction(each: Expression, p: Expression, y: Expression, log_base: Setting) -> Expression:
    return in_base(call.where(y > 0, -y / p, 0) + call.where(y < 1, (1 - y) / (1 - p), 0), log_base)


# The settings of the three losses that have them; the weighted mean is no linear function of the target.
CLASS_EXAMPLES = (
    "log_base=2",
    "label_smoothing=0.3",
    "class_weights=x, reduction='sum'",
    "class_weights=x, label_smoothing=0.2, reduction='none'",
    "ignore_index=0, label_smoothing=0.1, reduction='sum'",
)

ENTRIES = (
    loss(
        "cross_entropy",
        terms=lambda xp, p, y, log_base, **rest: -plogq(xp, counted(xp, y, **rest), p) / scale(log_base),
        check=both,
        by_prediction=_cross_entropy_by_prediction,
        by_target=lambda each, p, y, *, shape, log_base, **rest: in_base(-own_weight(**rest) * call.log(p), log_base),
        text=lambda log_base="e", **rest: f"−Σ {written(**rest)} {log_text(log_base)} {{prediction:power}}",
        latex=lambda log_base="e", **rest: rf"-\sum {latex_written(**rest)} {log_latex(log_base)} {{prediction:power}}",
        meaning="−Σ y ln p, on probabilities p",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.51",
        options=CLASS_OPTIONS,
        shaped=True,
        examples=tuple(f"cross_entropy(A, B, {settings})" for settings in CLASS_EXAMPLES),
        target=class_target(),
        mistakes=CROSS_ENTROPY,
        domain=((0.1, 0.9), (0.1, 0.9)),
        explanation=Explanation(
            subject="loss",
            variable="p_i",
            where=("loss = cross_entropy(p, y)",),
            definition=("-sum(y * log(p))",),
            domain="(0, 1]",
            domain_reason="p is a probability, and ln p exists for p > 0; 0 · ln 0 counts as 0",
            range="[0, inf)",
            range_reason="ln p ≤ 0 and y ≥ 0; 0 is taken where p = 1 for the one class with y = 1",
            limits=(
                Limit("0", "inf", "log(p_i)", "-inf", given="y_i = 1"),
                Limit("1 / 2", "log(2)", given="y_i = 1"),
                Limit("1", "0", "log(p_i)", "0", given="y_i = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(-sum(y * log(p)), p_i)"),
                        Line("-y_i * diff(log(p_i), p_i)", "only the term of class i depends on pᵢ"),
                        Line("-y_i / p_i", "(ln p)′ = 1/p"),
                    )
                ),
            ),
            derivative="-y_i / p_i",
            notes=(
                "For a one-hot y of class k this is ℓ = −ln pₖ, with derivative −1/pₖ there and 0 elsewhere.",
                "With another log_base b, loss and derivative are divided by ln b.",
                "PyTorch's CrossEntropyLoss takes logits: it is softmax_cross_entropy here.",
            ),
        ),
    ),
    loss(
        "softmax_cross_entropy",
        terms=lambda xp, h, y, log_base, **rest: (
            -counted(xp, y, **rest) * operation("log_softmax").value(xp, h, axis=-1, temperature=1) / scale(log_base)
        ),
        check=is_distribution,
        by_prediction=_softmax_by_prediction,
        by_target=lambda each, h, y, *, shape, log_base, **rest: in_base(
            -own_weight(**rest) * call.log_softmax(h), log_base
        ),
        text=lambda log_base="e", **rest: f"−Σ {written(**rest)} {log_text(log_base)} softmax({{prediction}})",
        latex=lambda log_base="e", **rest: (
            rf"-\sum {latex_written(**rest)} {log_latex(log_base)} \operatorname{{softmax}}\left({{prediction}}\right)"
        ),
        meaning="−Σ y ln softmax(h), on logits h",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.2.2.3",
        options=CLASS_OPTIONS,
        shaped=True,
        examples=tuple(f"softmax_cross_entropy(A, B, {settings})" for settings in CLASS_EXAMPLES),
        target=class_target(shows=("p", "softmax")),
        mistakes=SOFTMAX_CROSS_ENTROPY,
        domain=((-3.0, 3.0), (0.1, 0.9)),
        explanation=Explanation(
            subject="loss",
            variable="h_j",
            where=("loss = softmax_cross_entropy(h, y)", "p = softmax(h)", "S = sum(exp(h))", "m = max(h)"),
            definition=("-sum(y * log(softmax(h)))", "-sum(y * log(p))"),
            domain_reason="softmax(h) is positive for every h, so its logarithm exists",
            range="(0, inf)",
            range_reason="every p is below 1, with two classes or more, so −ln p is above 0",
            limits=(
                Limit("-inf", "inf", "p_i", "0", of="h_i", given="y_i = 1"),
                Limit(
                    "0", "log(n)", "p_i", "1 / n", reason="what n equally likely classes cost", of="h", given="y_i = 1"
                ),
                Limit("inf", "0", "p_i", "1", of="h_i", given="y_i = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(-sum(y * log(p)), h_j)"),
                        Line("-sum(y / p * diff(p, h_j))", "chain rule, (ln u)′ = u′/u, for every p"),
                        Line(
                            "-y_j * (1 - p_j) + p_j * (-y_j + sum(y))",
                            "softmax: ∂pⱼ/∂hⱼ = pⱼ (1 − pⱼ), and −pᵢ pⱼ for every other pᵢ",
                        ),
                        Line("-y_j + p_j * sum(y)", "multiplied out; yⱼ pⱼ cancels"),
                        Line("p_j - y_j", "Σ y = 1"),
                    ),
                    way="through the derivatives of softmax",
                ),
                Derivation(
                    (
                        Line("diff(log(S) - sum(y * h), h_j)", "ln p = h − ln S, and Σ y = 1"),
                        Line("diff(S, h_j) / S - y_j", "chain rule, (ln u)′ = u′/u"),
                        Line("exp(h_j) / S - y_j", "of S only exp(hⱼ) depends on hⱼ"),
                        Line("p_j - y_j", "pⱼ = exp(hⱼ)/S"),
                    ),
                    way="with softmax put in first",
                ),
            ),
            derivative="p_j - y_j",
            stable="m + log(sum(exp(h - m))) - sum(y * h)",
            stable_reason="the largest exponent is 0, so nothing overflows, and no p rounds to 0 before its logarithm",
            facts=("sum(y) == 1", "sum(p - y) == 0"),
            notes=(
                "For a one-hot y of class k this is ℓ = −ln pₖ.",
                "With another log_base b, loss and derivative are divided by ln b.",
                "PyTorch's CrossEntropyLoss.",
            ),
        ),
    ),
    loss(
        "binary_cross_entropy",
        terms=lambda xp, p, y, log_base: -(plogq(xp, y, p) + plogq(xp, 1.0 - y, 1.0 - p)) / scale(log_base),
        check=are_probabilities,
        by_prediction=_binary_by_prediction,
        by_target=lambda each, p, y, log_base: in_base(call.log(1 - p) - call.log(p), log_base),
        text=lambda log_base="e", reduction="mean", **_: (
            f"−{over_text(reduction)}({{target:power}} {log_text(log_base)} {{prediction:power}} + "
            f"(1 − {{target:product}}) {log_text(log_base)}(1 − {{prediction:product}}))"
        ),
        latex=lambda log_base="e", reduction="mean", **_: (
            rf"-{over_latex(reduction)}\left("
            rf"{{target:power}} {log_latex(log_base)} {{prediction:power}} + "
            rf"(1 - {{target:product}}) {log_latex(log_base)} (1 - {{prediction:product}})\right)"
        ),
        meaning="−(y ln p + (1 − y) ln(1 − p)), on probabilities p; the mean over the outputs and the examples",
        source="Bishop, Pattern Recognition and Machine Learning, eq. 4.90",
        options=(LOG_BASE,),
        target=Target(per_output=True, fractions=True),
        mistakes=BINARY,
        domain=((0.1, 0.9), (0.1, 0.9)),
        explanation=Explanation(
            subject="loss",
            variable="p",
            where=("loss = binary_cross_entropy(p, y)",),
            definition=("-(y * log(p) + (1 - y) * log(1 - p))",),
            domain="(0, 1)",
            domain_reason="both logarithms exist between 0 and 1; at the ends, 0 · ln 0 counts as 0",
            range="[0, inf)",
            range_reason="no logarithm is above 0 here; 0 is taken where p = y is 0 or 1",
            limits=(
                Limit("0", "inf", "log(p)", "-inf", given="y = 1"),
                Limit("1 / 2", "log(2)", reason="whatever y is"),
                Limit("1", "0", "log(p)", "0", given="y = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(-(y * log(p) + (1 - y) * log(1 - p)), p)"),
                        Line(
                            "-(y / p - (1 - y) / (1 - p))",
                            "(ln p)′ = 1/p, (ln(1 − p))′ = −1/(1 − p)",
                        ),
                        Line("((1 - y) * p - y * (1 - p)) / (p * (1 - p))", "over one denominator"),
                        Line("(p - y) / (p * (1 - p))", "multiplied out; y p cancels"),
                    )
                ),
            ),
            derivative="(p - y) / (p * (1 - p))",
            notes=(
                "Of n outputs the mean is taken, so each derivative is divided by n.",
                "With another log_base b, loss and derivative are divided by ln b.",
                "PyTorch's BCELoss, which also keeps every logarithm at −100 or above.",
            ),
        ),
    ),
    loss(
        "binary_cross_entropy_with_logits",
        terms=_binary_logits_terms,
        by_prediction=lambda each, h, y, log_base: in_base(call.sigmoid(h) - y, log_base),
        by_target=lambda each, h, y, log_base: in_base(-h, log_base),
        text=lambda log_base="e", reduction="mean", **_: (
            f"−{over_text(reduction)}({{target:power}} {log_text(log_base)} σ({{prediction}}) + "
            f"(1 − {{target:product}}) {log_text(log_base)}(1 − σ({{prediction}})))"
        ),
        latex=lambda log_base="e", reduction="mean", **_: (
            rf"-{over_latex(reduction)}\left("
            rf"{{target:power}} {log_latex(log_base)} \sigma\left({{prediction}}\right) + "
            rf"(1 - {{target:product}}) {log_latex(log_base)} (1 - \sigma\left({{prediction}}\right))\right)"
        ),
        meaning="binary cross-entropy of σ(h), on logits h",
        source="PyTorch documentation, torch.nn.BCEWithLogitsLoss",
        options=(LOG_BASE,),
        target=Target(per_output=True, fractions=True, shows=("p", "sigmoid")),
        mistakes=BINARY_WITH_LOGITS,
        domain=((-3.0, 3.0), (0.1, 0.9)),
        explanation=Explanation(
            subject="loss",
            variable="h",
            where=("loss = binary_cross_entropy_with_logits(h, y)", "p = sigmoid(h)"),
            definition=(
                "-(y * log(sigmoid(h)) + (1 - y) * log(1 - sigmoid(h)))",
                "-(y * log(p) + (1 - y) * log(1 - p))",
            ),
            domain_reason="σ(h) is between 0 and 1 for every h, so both logarithms exist",
            range="(0, inf)",
            range_reason="σ(h) reaches neither 0 nor 1, so both logarithms are below 0",
            limits=(
                Limit("-inf", "inf", "p", "0", given="y = 1"),
                Limit("0", "log(2)", "p", "1 / 2", reason="whatever y is"),
                Limit("inf", "0", "p", "1", given="y = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(-(y * log(p) + (1 - y) * log(1 - p)), h)"),
                        Line(
                            "(p - y) / (p * (1 - p)) * diff(p, h)",
                            "chain rule, with the derivative of binary_cross_entropy",
                        ),
                        Line("(p - y) / (p * (1 - p)) * (p * (1 - p))", "σ′ = σ (1 − σ)"),
                        Line("p - y", "p (1 − p) cancels"),
                        Line("sigmoid(h) - y"),
                    )
                ),
            ),
            derivative="sigmoid(h) - y",
            stable="max(h, 0) - h * y + log(1 + exp(-abs(h)))",
            stable_reason="exp(−|h|) is at most 1, and no p rounds to 0 or 1 before its logarithm",
            notes=(
                "Of n outputs the mean is taken, so each derivative is divided by n.",
                "With another log_base b, loss and derivative are divided by ln b.",
                "PyTorch's BCEWithLogitsLoss.",
            ),
        ),
    ),
)
