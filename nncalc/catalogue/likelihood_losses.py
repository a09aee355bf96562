"""Losses that are likelihoods or distances of distributions: of log-probabilities, counts, and the focal loss."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.class_losses import CLASS_EXAMPLES
from nncalc.catalogue.class_target import (
    CLASS_OPTIONS,
    are_probabilities,
    class_target,
    counted,
    counted_expression,
    in_base,
    is_distribution,
    latex_written,
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
from nncalc.catalogue.loss_mistakes import class_mistakes, minus, over
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Option, Shape, Target
from nncalc.catalogue.registry import operation
from nncalc.catalogue.softmax import softmax_of
from nncalc.catalogue.substitutes import applied, with_settings, without
from nncalc.language.expression import Expression, Setting, call

PYTORCH = "PyTorch documentation, torch.nn.{}"


def _focal(xp: Any, h: Any, y: Any, gamma: float, alpha: float) -> Any:
    z = operation("log_softmax").value(xp, h, axis=-1, temperature=1)
    # −expm1(ln p) is 1 − p, with its digits where p is near 1; a class that is none of the label's costs nothing
    return xp.where(y == 0, z * 0.0 if gamma == 0 else 0.0, -alpha * y * (-xp.expm1(z)) ** gamma * z)


def _above(gamma: float) -> str:
    return "²" if gamma == 2 else "³" if gamma == 3 else f"^{gamma:g}"


def _focal_by_score(
    each: Expression, h: Expression, y: Expression, *, shape: Shape, gamma: float, alpha: float
) -> Expression:
    p = softmax_of(h)
    inner = gamma * p * (1 - p) ** (gamma - 1) * call.log_softmax(h)
    if 0 < gamma < 1:
        inner = call.where(p < 1, inner, 0)  # 0 to a negative power, times 0
    v = alpha * y * (inner - (1 - p) ** gamma)
    return v - p * mass(v, shape)


def _focal_by_label(
    each: Expression, h: Expression, y: Expression, *, shape: Shape, gamma: float, alpha: float
) -> Expression:
    return -alpha * (1 - softmax_of(h)) ** gamma * call.log_softmax(h)


def _of_logarithms(p: Expression, y: Expression, *, shape_of: Any, reduction: Setting) -> Expression:
    """The prediction as the logarithm of the rate: PyTorch's default."""
    return over(call.exp(p) - y * p, shape_of(p), reduction, per_output=True)


def _cross_entropy(p: Expression, y: Expression, *, shape_of: Any, reduction: Setting) -> Expression:
    return over(-(y * call.log(p)), shape_of(p), reduction, per_output=False)


def _in_base(base: float, what: str) -> Mistake:
    return Mistake(
        "log_base",
        f"{what} is taken",
        lambda p, y, shape_of, **settings: applied("kl_divergence", p, y, **settings) / call.log(base),
        convention=what,
    )


ENTRIES = (
    loss(
        "nll",
        terms=lambda xp, z, y, log_base, **rest: -counted(xp, y, **rest) * z / scale(log_base),
        check=is_distribution,
        shaped=True,
        by_prediction=lambda each, z, y, *, shape, log_base, **rest: in_base(
            -counted_expression(y, shape, **rest), log_base
        ),
        by_target=lambda each, z, y, *, shape, log_base, **rest: in_base(-own_weight(**rest) * z, log_base),
        text=lambda **rest: f"−Σ {written(**rest)} {{prediction:power}}",
        latex=lambda **rest: rf"-\sum {latex_written(**rest)} {{prediction:power}}",
        meaning="−Σ y z, on logarithms z of probabilities",
        source=PYTORCH.format("NLLLoss"),
        mistakes=class_mistakes("nll"),
        options=CLASS_OPTIONS,
        examples=tuple(f"nll(A, B, {settings})" for settings in CLASS_EXAMPLES),
        target=class_target(),
        domain=((-3.0, -0.1), (0.1, 0.9)),
        explanation=Explanation(
            subject="loss",
            variable="z_i",
            where=("loss = nll(z, y)",),
            definition=("-sum(y * z)",),
            domain="(-inf, 0]",
            domain_reason="z is the natural logarithm of a probability, as log_softmax gives it",
            range="[0, inf)",
            range_reason="no z is above 0 and no y below; 0 is taken where z = 0 for the one class with y = 1",
            limits=(Limit("-inf", "inf", given="y_i = 1"), Limit("0", "0", given="y_i = 1")),
            derivations=(
                Derivation(
                    (
                        Line("diff(-sum(y * z), z_i)"),
                        Line("-y_i", "only the term of class i depends on zᵢ"),
                    )
                ),
            ),
            derivative="-y_i",
            notes=(
                "For a one-hot y of class k this is ℓ = −zₖ.",
                "Behind log_softmax it is softmax_cross_entropy. With another log_base b it is divided by ln b.",
            ),
        ),
    ),
    loss(
        "kl_divergence",
        terms=lambda xp, p, y: plogq(xp, y, y) - plogq(xp, y, p),
        check=are_probabilities,
        by_prediction=lambda each, p, y: call.where(y > 0, -y / p, 0),
        by_target=lambda each, p, y: call.log(y / p) + 1,
        text="Σ {target:power} ln({target:product} / {prediction:power})",
        latex=r"\sum {target:power} \ln\left({target:product} / {prediction:power}\right)",
        meaning="the Kullback–Leibler divergence Σ y ln(y / p) of p from y, on probabilities p",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 3.50",
        mistakes=(
            Mistake("entropy", "the label's own entropy is left out: the cross-entropy is taken", _cross_entropy),
            _in_base(2, "the logarithm to base 2"),
            _in_base(10, "the logarithm to base 10"),
        ),
        target=Target(distribution=True),
        domain=((0.1, 0.5), (0.9, 1.0)),
        explanation=Explanation(
            subject="loss",
            variable="p_i",
            where=("loss = kl_divergence(p, y)",),
            definition=("sum(y * log(y / p))", "sum(y * log(y)) - sum(y * log(p))"),
            domain="(0, 1]",
            domain_reason="p is a probability, and ln p exists for p > 0; 0 · ln 0 counts as 0",
            range="[0, inf)",
            range_reason="for distributions y and p it is never negative (Gibbs), and 0 at p = y alone",
            limits=(
                Limit("0", "inf", "log(p_i)", "-inf"),
                Limit("y", "0", reason="every quotient is 1", of="p"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(sum(y * log(y)) - sum(y * log(p)), p_i)"),
                        Line("-y_i * diff(log(p_i), p_i)", "only this term depends on pᵢ"),
                        Line("-y_i / p_i", "(ln p)′ = 1/p"),
                    )
                ),
            ),
            derivative="-y_i / p_i",
            notes=(
                "It is cross_entropy less the entropy of y, so it has the same derivative; for a one-hot y they agree.",
                "PyTorch's KLDivLoss takes ln p; its reduction='batchmean' is the mean here.",
            ),
        ),
    ),
    loss(
        "poisson",
        terms=lambda xp, p, y: p - plogq(xp, y, p),
        by_prediction=lambda each, p, y: 1 - call.where(call.equal(y, 0), 0, y / p),
        by_target=lambda each, p, y: -call.log(p),
        text=lambda reduction="mean", **_: (
            f"{over_text(reduction)}({{prediction}} − {{target:power}} ln {{prediction:power}})"
        ),
        latex=lambda reduction="mean", **_: (
            rf"{over_latex(reduction)}\left({{prediction}} - {{target:power}} \ln {{prediction:power}}\right)"
        ),
        meaning="ŷ − y ln ŷ, for counts y and a rate ŷ above 0; the mean over the outputs and the examples",
        source=PYTORCH.format("PoissonNLLLoss, log_input=False"),
        mistakes=(
            Mistake(
                "log_input",
                "the prediction is taken for the logarithm of the rate",
                _of_logarithms,
                convention="the prediction as the logarithm of the rate",
            ),
        ),
        target=Target(per_output=True),
        domain=((1.2, 3.0), (0.2, 3.0)),
        explanation=Explanation(
            subject="loss",
            variable="yhat",
            where=("loss = poisson(yhat, y)",),
            definition=("yhat - y * log(yhat)",),
            domain="(0, inf)",
            domain_reason="a rate is above 0, and so its logarithm exists",
            range="(-inf, inf)",
            range_reason="for each y it is lowest at ŷ = y, where it is y − y ln y: far below 0 for a large y",
            limits=(
                Limit("0", "inf", "log(yhat)", "-inf", given="y = 1"),
                Limit("1", "1", reason="whatever y is"),
                Limit("inf", "inf", given="y = 1"),
                Limit("inf", "-inf", of="y", reason="for ŷ above 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(yhat - y * log(yhat), yhat)"),
                        Line("1 - y / yhat", "(ln u)′ = 1/u"),
                    )
                ),
            ),
            derivative="1 - y / yhat",
            notes=(
                "−ln of Poisson's probability e^(−ŷ) ŷ^y / y!, without the ln y! that no ŷ changes.",
                "Of n outputs the mean is taken, so each derivative is divided by n.",
            ),
        ),
    ),
    loss(
        "focal",
        terms=_focal,
        check=is_distribution,
        shaped=True,
        by_prediction=_focal_by_score,
        by_target=_focal_by_label,
        text=lambda gamma=2, alpha=1, **_: (
            f"−{'' if alpha == 1 else f'{alpha:g} '}Σ {{target:power}} (1 − softmax({{prediction}})){_above(gamma)} "
            "ln softmax({prediction})"
        ),
        latex=lambda gamma=2, alpha=1, **_: (
            rf"-{'' if alpha == 1 else f'{alpha:g}'}\sum {{target:power}} "
            rf"\left(1 - \operatorname{{softmax}}\left({{prediction}}\right)\right)^{{{{{gamma:g}}}}} "
            r"\ln\operatorname{{softmax}}\left({prediction}\right)"
        ),
        meaning="−α (1 − p_y)^γ ln p_y with p = softmax(h), on logits h: what is right already counts little",
        source="Lin, Goyal, Girshick, He, Dollár, Focal Loss for Dense Object Detection, 2017, eq. 5",
        mistakes=(
            minus("focal"),
            Mistake("gamma", "the factor with γ is left out", with_settings("focal", gamma=0)),
            Mistake("alpha", "α is left out", without("focal", "alpha")),
        ),
        options=(
            Option("gamma", 2, "γ: how much less what is right already counts; 0 for cross-entropy", at_least=0),
            Option("alpha", 1, "α: a factor", at_least=0),
        ),
        target=Target(classes=True, shows=("p", "softmax")),
        domain=((-3.0, 3.0), (0.1, 0.9)),
        examples=("focal(A, B, gamma=3)", "focal(A, B, gamma=0, alpha=2)", "focal(A, B, gamma=0.5, alpha=0.25)"),
        explanation=Explanation(
            subject="loss",
            variable="h_j",
            where=(
                "loss = focal(h, y)",
                "p = softmax(h)",
                "u = alpha * (gamma * p * (1 - p) ** (gamma - 1) * log(p) - (1 - p) ** gamma)",
            ),
            definition=(
                "-sum(alpha * y * (1 - softmax(h)) ** gamma * log(softmax(h)))",
                "-sum(alpha * y * (1 - p) ** gamma * log(p))",
            ),
            domain_reason="softmax(h) is positive for every h, so its logarithm exists",
            range="(0, inf)",
            range_reason="every p is below 1, with two classes or more, so −ln p and 1 − p are above 0",
            limits=(
                Limit("-inf", "inf", "p_i", "0", of="h_i", given="y_i = 1"),
                Limit("inf", "0", "p_i", "1", of="h_i", given="y_i = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(-sum(alpha * y * (1 - p) ** gamma * log(p)), h_j)"),
                        Line("sum(y * u / p * diff(p, h_j))", "chain rule: by p the derivative of each term is y u/p"),
                        Line(
                            "y_j * u_j * (1 - p_j) - p_j * (sum(y * u) - y_j * u_j)",
                            "softmax: ∂pⱼ/∂hⱼ = pⱼ (1 − pⱼ), and −pᵢ pⱼ for every other pᵢ",
                        ),
                        Line("y_j * u_j - p_j * sum(y * u)", "multiplied out; pⱼ yⱼ uⱼ cancels"),
                    )
                ),
            ),
            derivative="y_j * u_j - p_j * sum(y * u)",
            notes=("With gamma=0 and alpha=1 it is softmax_cross_entropy.",),
        ),
    ),
)
