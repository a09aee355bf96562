"""Losses with a margin: what is right by more than the margin costs nothing."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.class_target import is_distribution, mass, over_latex, over_text
from nncalc.catalogue.explanation import Derivation, Explanation, Limit, Line
from nncalc.catalogue.loss import loss
from nncalc.catalogue.loss_mistakes import outputs, over
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Option, Shape, Target
from nncalc.catalogue.substitutes import applied, instead, with_settings, without
from nncalc.language.expression import Expression, Setting, call

SIGNS = "Labels are −1 and 1, as in a support vector machine; not 0 and 1."
LATEX_SUM = {"none": r"\sum ", "classes": r"\operatorname{mean}"}


def _right(xp: Any, h: Any, y: Any) -> Any:
    """The score of the right class, as it stands against the scores."""
    return xp.sum(h * y, axis=-1, keepdims=True) if y.shape else h * y


def _multiclass(xp: Any, h: Any, y: Any, margin: float, average: str) -> Any:
    terms = (1.0 - y) * xp.maximum(margin - _right(xp, h, y) + h, 0.0)
    return terms / h.shape[-1] if average == "classes" and h.shape else terms


def _active(h: Expression, y: Expression, shape: Shape, margin: Setting) -> Expression:
    """1 at each wrong class whose score comes nearer to the right one's than the margin."""
    return (1 - y) * (margin - mass(h * y, shape) + h > 0)  # type: ignore[operator]


def _behind(h: Expression, y: Expression, *, shape: Shape, margin: Setting, **_: Any) -> Expression:
    """By how much each wrong class comes nearer than the margin; for the right one the margin itself."""
    return margin - mass(h * y, shape) + h  # type: ignore[operator]


def _by_classes(slope: Expression, shape: Shape, average: Setting) -> Expression:
    return slope / shape[-1] if average == "classes" and shape else slope


def _by_score(
    each: Expression, h: Expression, y: Expression, *, shape: Shape, margin: Setting, average: Setting
) -> Expression:
    active = _active(h, y, shape, margin)
    return _by_classes(active - y * mass(active, shape), shape, average)


def _by_right(
    each: Expression, h: Expression, y: Expression, *, shape: Shape, margin: Setting, average: Setting
) -> Expression:
    active = _active(h, y, shape, margin)
    over = call.max(margin - mass(h * y, shape) + h, 0)  # type: ignore[operator]
    return _by_classes(-over - h * mass(active, shape), shape, average)


# --- mistakes ------------------------------------------------------------------


def _of_each(terms: Any) -> Any:
    """A loss made of other terms, averaged over the outputs."""

    def value(p: Expression, y: Expression, *, shape_of: Any, reduction: Setting) -> Expression:
        return over(terms(p, y), shape_of(p), reduction, per_output=True)

    return value


def _with_the_right(h: Expression, y: Expression, *, shape_of: Any, **settings: Any) -> Expression | None:
    """The right class's own term, which is the margin, counted too."""
    shape, margin = shape_of(h), settings["margin"]
    if settings["average"] == "classes" or outputs(shape) == 1:
        return None
    if settings["reduction"] == "sum":
        margin = margin * call.sum(y)
    whole: Expression = applied("multiclass_hinge", h, y, **settings) + margin
    return whole


MULTICLASS = (
    Mistake("margin", "the margin 1 is taken", without("multiclass_hinge", "margin")),
    Mistake("margin", "the margin is left out", with_settings("multiclass_hinge", margin=0)),
    Mistake("right_class", "the right class's own term, which is the margin, is added too", _with_the_right),
    Mistake(
        "reduction",
        "the sum is divided by the number of classes",
        with_settings("multiclass_hinge", average="classes"),
        convention="the mean over the classes",
    ),
    Mistake(
        "reduction",
        "the sum is not divided by the number of classes",
        with_settings("multiclass_hinge", average="none"),
        convention="the sum over the classes",
    ),
)

ENTRIES = (
    loss(
        "hinge",
        terms=lambda xp, p, y: xp.maximum(1.0 - p * y, 0.0),
        by_prediction=lambda each, p, y: -y * (p * y < 1),
        by_target=lambda each, p, y: -p * (p * y < 1),
        switch=lambda p, y, **_: p * y - 1,
        at_kink="y ŷ = 1, where the hinge has no derivative; 0 is used",
        text=lambda reduction="mean", **_: (
            f"{over_text(reduction)} max(0, 1 − {{target:product}} {{prediction:power}})"
        ),
        latex=lambda reduction="mean", **_: (
            rf"{over_latex(reduction)}\max\left(0,\ 1 - {{target:product}}\, {{prediction:power}}\right)"
        ),
        meaning="max(0, 1 − y ŷ) with labels ±1; the mean over the outputs and the examples",
        source="Bishop, Pattern Recognition and Machine Learning, eq. 7.44; Cortes and Vapnik, 1995",
        mistakes=(
            Mistake("squared", "squares are taken", instead("squared_hinge")),
            Mistake("margin", "the margin 1 is left out", _of_each(lambda p, y: call.max(0, -(y * p)))),
            Mistake("clipped", "terms below 0 count too", _of_each(lambda p, y: 1 - y * p)),
        ),
        target=Target(per_output=True, signs=True),
        explanation=Explanation(
            subject="loss",
            variable="yhat",
            where=("loss = hinge(yhat, y)",),
            definition=("max(0, 1 - yhat * y)",),
            domain_reason="any two numbers have a maximum",
            range="[0, inf)",
            range_reason="it is never below 0, and 0 from the margin on",
            limits=(
                Limit("-inf", "inf", given="y = 1"),
                Limit("0", "1"),
                Limit("1", "0", given="y = 1", reason="right, and at the margin"),
                Limit("inf", "0", given="y = 1"),
            ),
            derivations=(
                Derivation(
                    (Line("diff(1 - yhat * y, yhat)", "max(0, 1 − y ŷ) = 1 − y ŷ"), Line("-y")), case="yhat * y < 1"
                ),
                Derivation((Line("diff(0, yhat)", "max(0, 1 − y ŷ) = 0"), Line("0")), case="yhat * y > 1"),
            ),
            derivative="-y * (yhat * y < 1)",
            notes=(
                SIGNS,
                "At y ŷ = 1 there is no derivative; 0 is used.",
                "Of n outputs the mean is taken, so each derivative is divided by n.",
            ),
        ),
    ),
    loss(
        "squared_hinge",
        terms=lambda xp, p, y: xp.maximum(1.0 - p * y, 0.0) ** 2,
        by_prediction=lambda each, p, y: -2 * y * call.max(1 - p * y, 0),
        by_target=lambda each, p, y: -2 * p * call.max(1 - p * y, 0),
        switch=lambda p, y, **_: p * y - 1,
        text=lambda reduction="mean", **_: (
            f"{over_text(reduction)} max(0, 1 − {{target:product}} {{prediction:power}})²"
        ),
        latex=lambda reduction="mean", **_: (
            rf"{over_latex(reduction)}\max\left(0,\ 1 - {{target:product}}\, {{prediction:power}}\right)^2"
        ),
        meaning="max(0, 1 − y ŷ)² with labels ±1; the mean over the outputs and the examples",
        source="Tang, Deep Learning using Linear Support Vector Machines, 2013, eq. 8",
        mistakes=(
            Mistake("squared", "the square is left out", instead("hinge")),
            Mistake("margin", "the margin 1 is left out", _of_each(lambda p, y: call.max(0, -(y * p)) ** 2)),
            Mistake("clipped", "terms below 0 count too", _of_each(lambda p, y: (1 - y * p) ** 2)),
        ),
        target=Target(per_output=True, signs=True),
        explanation=Explanation(
            subject="loss",
            variable="yhat",
            where=("loss = squared_hinge(yhat, y)",),
            definition=("max(0, 1 - yhat * y) ** 2",),
            domain_reason="any two numbers have a maximum",
            range="[0, inf)",
            range_reason="a square is never below 0, and this one is 0 from the margin on",
            limits=(
                Limit("-inf", "inf", given="y = 1"),
                Limit("0", "1"),
                Limit("1", "0", given="y = 1", reason="right, and at the margin"),
                Limit("inf", "0", given="y = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff((1 - yhat * y) ** 2, yhat)", "max(0, 1 − y ŷ) = 1 − y ŷ"),
                        Line("-2 * y * (1 - yhat * y)", "chain rule, (u²)′ = 2u u′"),
                    ),
                    case="yhat * y < 1",
                ),
                Derivation((Line("diff(0, yhat)", "max(0, 1 − y ŷ) = 0"), Line("0")), case="yhat * y > 1"),
            ),
            derivative="-2 * y * max(0, 1 - yhat * y)",
            notes=(SIGNS, "Of n outputs the mean is taken, so each derivative is divided by n."),
        ),
    ),
    loss(
        "multiclass_hinge",
        terms=_multiclass,
        check=is_distribution,
        shaped=True,
        by_prediction=_by_score,
        by_target=_by_right,
        switch=_behind,
        at_kink="behind the right class by just the margin, where the loss has no derivative; 0 is used",
        text=lambda margin=1, average="none", **_: (
            f"{'mean' if average == 'classes' else 'Σ'}(1 − {{target:product}}) max(0, {margin:g} − "
            "Σ {target:power} {prediction:power} + {prediction:product})"
        ),
        latex=lambda margin=1, average="none", **_: (
            f"{LATEX_SUM[str(average)]}"
            rf"(1 - {{target:product}})\max\left(0,\ {margin:g} - \sum {{target:power}} {{prediction:power}} + "
            r"{prediction:product}\right)"
        ),
        meaning="Σ max(0, margin − s + h) over the wrong classes, with s the right class's score",
        source="Weston and Watkins, 1999; Stanford CS231n, Linear Classification; PyTorch, torch.nn.MultiMarginLoss",
        mistakes=MULTICLASS,
        options=(
            Option("margin", 1, "by how much the right class's score has to be ahead"),
            Option(
                "average",
                "none",
                "classes: divided by the number of classes, the right one counted, as PyTorch does",
                ("none", "classes"),
            ),
        ),
        target=Target(classes=True),
        # within it every wrong class is too near, so that no example stands at a kink
        domain=((-0.3, 0.3), (0.1, 0.9)),
        examples=("multiclass_hinge(A, B, margin=0.7)", "multiclass_hinge(A, B, average='classes')"),
        explanation=Explanation(
            subject="loss",
            variable="h_i",
            where=("loss = multiclass_hinge(h, y)", "s = sum(h * y)", "a = (1 - y) * (margin - s + h > 0)"),
            definition=("sum((1 - y) * max(0, margin - sum(h * y) + h))", "sum((1 - y) * max(0, margin - s + h))"),
            domain_reason="any two numbers have a maximum",
            range="[0, inf)",
            range_reason="no term is below 0; all are 0 where the right class is ahead by the margin",
            limits=(
                Limit("inf", "0", given="y_i = 1", reason="every wrong class is behind"),
                Limit("-inf", "inf", given="y_i = 1"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(sum((1 - y) * max(0, margin - s + h)), h_i)"),
                        Line("sum(a * diff(margin - s + h, h_i))", "a is 1 where a wrong class is too near, else 0"),
                        Line("a_i - sum(a) * diff(s, h_i)", "of h only hᵢ depends on hᵢ"),
                        Line("a_i - y_i * sum(a)", "s = Σ h y"),
                    )
                ),
            ),
            derivative="a_i - y_i * sum(a)",
            notes=(
                "For a one-hot y, s is the right class's score: each wrong class that is too near has the derivative 1,"
                " the right class minus their number.",
                "Where a wrong class is behind by just the margin there is no derivative; 0 is used.",
                "With average='classes', PyTorch's, loss and derivative are divided by the number of classes.",
            ),
        ),
    ),
)
