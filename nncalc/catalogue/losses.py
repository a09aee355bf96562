"""Losses of a regression: how far the prediction lies from the target."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.explanation import Derivation, Explanation, Kink, Limit, Line
from nncalc.catalogue.loss import loss
from nncalc.catalogue.loss_mistakes import outputs, over
from nncalc.catalogue.mistake import Mistake, Substitute
from nncalc.catalogue.operation import Target
from nncalc.catalogue.registry import operation
from nncalc.catalogue.substitutes import applied, instead
from nncalc.language.expression import Expression, Setting, call

BOOK = "Goodfellow, Bengio, Courville, Deep Learning, section 5.1.4"


def _over(reduction: Setting) -> str:
    """What a loss that is averaged over the outputs too begins with."""
    return "sum" if reduction == "sum" else "mean"


def _latex_over(reduction: Setting) -> str:
    return rf"\operatorname{{{_over(reduction)}}}"


def _squares(xp: Any, prediction: Any, target: Any) -> Any:
    return (prediction - target) ** 2


def _squares_in_place(own: str, half: bool, mean: bool) -> Substitute:
    """The sum or mean of squares, halved or not, where `own` has another of the four."""

    def value(p: Expression, t: Expression, *, shape_of: Any, reduction: Setting) -> Expression | None:
        alike = outputs(shape_of(p)) == 1 or reduction == "sum"  # then the mean over the outputs is their sum
        if alike and (mean or half == (own == "half_sse")):
            return None
        name = "mse" if mean else "half_sse" if half else "sse"
        found = applied(name, p, t, reduction=reduction)
        return found / 2 if mean and half else found

    return value


FACTORS = {
    "sse": (False, False, "the sum of squares"),
    "half_sse": (True, False, "half the sum of squares"),
    "mse": (False, True, "the mean of squares"),
    "half_mse": (True, True, "half the mean of squares"),
}


def _factors(own: str) -> tuple[Mistake, ...]:
    """Books differ in the ½ and in what is averaged."""
    return tuple(
        Mistake("factor", f"{what} is taken", _squares_in_place(own, half, mean), convention=what)
        for name, (half, mean, what) in FACTORS.items()
        if name != own
    )


def _root_of_mean(p: Expression, t: Expression, *, shape_of: Any, **settings: Setting) -> Expression | None:
    n = outputs(shape_of(p))
    return None if n == 1 else applied("l2", p, t, **settings) / call.sqrt(n)


def _as_sse(position: int) -> tuple[int, Substitute]:
    def rule(g: Expression, ans: Expression, p: Expression, t: Expression, **rest: Any) -> Any:
        own = operation("sse").gradients[position]
        assert own is not None
        return own(g, ans, p, t, **rest)

    return position, rule


def _signed(p: Expression, t: Expression, *, shape_of: Any, reduction: Setting) -> Expression:
    return over(p - t, shape_of(p), reduction, per_output=True)


ROOT_TAKEN = Mistake("root", "the root is taken of the sum of squares", instead("l2"))
ABSOLUTE = Mistake("squares", "absolute values are taken, not squares", instead("mae"))

ENTRIES = (
    loss(
        "l2",
        terms=_squares,
        finish=lambda xp, total: xp.sqrt(total),
        by_prediction=lambda each, p, t: (p - t) / each,
        by_target=lambda each, p, t: (t - p) / each,
        text="‖{prediction} − {target:product}‖",
        latex=r"\left\lVert {prediction} - {target:product} \right\rVert",
        meaning="the Euclidean distance √Σ(ŷ − y)²",
        source="Goodfellow, Bengio, Courville, Deep Learning, eq. 2.30 with p = 2",
        at_zero="the distance has no derivative at 0; its gradient is 0 / 0",
        target=Target(),
        mistakes=(
            Mistake("root", "the root is left out", instead("sse")),
            Mistake("root", "half the sum of squares is taken, without the root", instead("half_sse")),
            Mistake(
                "root", "the gradient is that of the squares, without the root", gradients=(_as_sse(0), _as_sse(1))
            ),
            Mistake(
                "reduction",
                "the mean stands under the root, not the sum",
                _root_of_mean,
                convention="the root mean square",
            ),
        ),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = l2(yhat, y)",),
            definition=("sqrt(sum((yhat - y) ** 2))",),
            domain_reason="a sum of squares is never negative, so its root exists",
            range="[0, inf)",
            range_reason="a root is never negative; 0 is taken at ŷ = y alone",
            limits=(
                Limit("-inf", "inf"),
                Limit("y", "0", reason="every square is 0", of="yhat"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(sqrt(sum((yhat - y) ** 2)), yhat_i)"),
                        Line(
                            "diff(sum((yhat - y) ** 2), yhat_i) / (2 * sqrt(sum((yhat - y) ** 2)))",
                            "chain rule, (√u)′ = u′/(2√u)",
                        ),
                        Line("2 * (yhat_i - y_i) / (2 * loss)", "of the sum only (ŷᵢ − yᵢ)² depends on ŷᵢ"),
                        Line("(yhat_i - y_i) / loss", "2/2 = 1"),
                    )
                ),
            ),
            derivative="(yhat_i - y_i) / loss",
            facts=("diff(loss, y_i) == (y_i - yhat_i) / loss",),
            notes=(
                "A common slip is (y − ŷ)/ℓ, the negative of this: by ŷᵢ, (yᵢ − ŷᵢ)² has the inner derivative −1.",
                "At ŷ = y, where ℓ = 0, there is no derivative: (ŷ − y)/ℓ is 0/0.",
                "Other texts call the square of this, or the mean of the squares, L2 loss: sse, half_sse and mse here.",
            ),
        ),
    ),
    loss(
        "sse",
        terms=_squares,
        by_prediction=lambda each, p, t: 2 * (p - t),
        by_target=lambda each, p, t: 2 * (t - p),
        text="‖{prediction} − {target:product}‖²",
        latex=r"\left\lVert {prediction} - {target:product} \right\rVert^2",
        meaning="the sum of squared errors Σ(ŷ − y)²",
        source=BOOK,
        target=Target(),
        mistakes=(*_factors("sse"), ROOT_TAKEN),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = sse(yhat, y)",),
            definition=("sum((yhat - y) ** 2)",),
            domain_reason="every difference can be squared",
            range="[0, inf)",
            range_reason="squares are never negative; 0 is taken at ŷ = y alone",
            limits=(
                Limit("-inf", "inf"),
                Limit("y", "0", reason="every square is 0", of="yhat"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(sum((yhat - y) ** 2), yhat_i)"),
                        Line("diff((yhat_i - y_i) ** 2, yhat_i)", "only this square depends on ŷᵢ"),
                        Line("2 * (yhat_i - y_i) * diff(yhat_i - y_i, yhat_i)", "chain rule, (u²)′ = 2u u′"),
                        Line("2 * (yhat_i - y_i)"),
                    )
                ),
            ),
            derivative="2 * (yhat_i - y_i)",
            notes=("In PyTorch: MSELoss with reduction='sum'.",),
        ),
    ),
    loss(
        "half_sse",
        terms=_squares,
        finish=lambda xp, total: 0.5 * total,
        by_prediction=lambda each, p, t: p - t,
        by_target=lambda each, p, t: t - p,
        text="½‖{prediction} − {target:product}‖²",
        latex=r"\tfrac{1}{2}\left\lVert {prediction} - {target:product} \right\rVert^2",
        meaning="half the sum of squared errors ½ Σ(ŷ − y)²",
        source="Bishop, Pattern Recognition and Machine Learning, eq. 5.11",
        target=Target(),
        mistakes=(*_factors("half_sse"), ROOT_TAKEN),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = half_sse(yhat, y)",),
            definition=("1 / 2 * sum((yhat - y) ** 2)",),
            domain_reason="every difference can be squared",
            range="[0, inf)",
            range_reason="squares are never negative; 0 is taken at ŷ = y alone",
            limits=(
                Limit("-inf", "inf"),
                Limit("y", "0", reason="every square is 0", of="yhat"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(1 / 2 * sum((yhat - y) ** 2), yhat_i)"),
                        Line("1 / 2 * diff((yhat_i - y_i) ** 2, yhat_i)", "only this square depends on ŷᵢ"),
                        Line("1 / 2 * (2 * (yhat_i - y_i)) * diff(yhat_i - y_i, yhat_i)", "chain rule, (u²)′ = 2u u′"),
                        Line("yhat_i - y_i", "the ½ cancels the 2"),
                    )
                ),
            ),
            derivative="yhat_i - y_i",
        ),
    ),
    loss(
        "mse",
        terms=_squares,
        by_prediction=lambda each, p, t: 2 * (p - t),
        by_target=lambda each, p, t: 2 * (t - p),
        text=lambda reduction="mean", **_: f"{_over(reduction)}(({{prediction}} − {{target:product}})²)",
        latex=lambda reduction="mean", **_: (
            rf"{_latex_over(reduction)}\left(({{prediction}} - {{target:product}})^2\right)"
        ),
        meaning="the mean squared error, over the outputs and the examples",
        source="PyTorch documentation, torch.nn.MSELoss",
        target=Target(per_output=True),
        mistakes=(*_factors("mse"), ROOT_TAKEN, ABSOLUTE),
        outputs_too=False,
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = mse(yhat, y)",),
            definition=("1 / n * sum((yhat - y) ** 2)",),
            domain_reason="every difference can be squared",
            range="[0, inf)",
            range_reason="squares are never negative; 0 is taken at ŷ = y alone",
            limits=(
                Limit("-inf", "inf"),
                Limit("y", "0", reason="every square is 0", of="yhat"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(1 / n * sum((yhat - y) ** 2), yhat_i)"),
                        Line("1 / n * diff((yhat_i - y_i) ** 2, yhat_i)", "only this square depends on ŷᵢ"),
                        Line("1 / n * (2 * (yhat_i - y_i)) * diff(yhat_i - y_i, yhat_i)", "chain rule, (u²)′ = 2u u′"),
                        Line("2 / n * (yhat_i - y_i)"),
                    )
                ),
            ),
            derivative="2 / n * (yhat_i - y_i)",
            notes=(
                "n is the number of outputs; for a batch, outputs times examples.",
                "Books that put ½ in front have (ŷᵢ − yᵢ)/n.",
            ),
        ),
    ),
    loss(
        "mae",
        terms=lambda xp, prediction, target: xp.abs(prediction - target),
        by_prediction=lambda each, p, t: call.sign(p - t),
        by_target=lambda each, p, t: call.sign(t - p),
        switch=lambda p, t, **_: p - t,
        text=lambda reduction="mean", **_: f"{_over(reduction)}|{{prediction}} − {{target:product}}|",
        latex=lambda reduction="mean", **_: (
            rf"{_latex_over(reduction)}\left|{{prediction}} - {{target:product}}\right|"
        ),
        meaning="the mean absolute error, over the outputs and the examples",
        source="PyTorch documentation, torch.nn.L1Loss",
        target=Target(per_output=True),
        mistakes=(
            Mistake("squares", "squares are taken, not absolute values", instead("mse")),
            Mistake("absolute", "the differences are averaged with their signs", _signed),
        ),
        domain=((0.5, 3.0), (-3.0, 0.0)),
        explanation=Explanation(
            subject="loss",
            variable="yhat_i",
            where=("loss = mae(yhat, y)",),
            definition=("1 / n * sum(abs(yhat - y))",),
            domain_reason="every difference has an absolute value",
            range="[0, inf)",
            range_reason="absolute values are never negative; 0 is taken at ŷ = y alone",
            limits=(
                Limit("-inf", "inf"),
                Limit("y", "0", reason="every difference is 0", of="yhat"),
                Limit("inf", "inf"),
            ),
            derivations=(
                Derivation(
                    (
                        Line("diff(1 / n * sum(abs(yhat - y)), yhat_i)"),
                        Line("1 / n * diff(yhat_i - y_i, yhat_i)", "|ŷᵢ − yᵢ| = ŷᵢ − yᵢ, and only it depends on ŷᵢ"),
                        Line("1 / n"),
                    ),
                    case="yhat_i > y_i",
                ),
                Derivation(
                    (
                        Line("diff(1 / n * sum(abs(yhat - y)), yhat_i)"),
                        Line("1 / n * diff(y_i - yhat_i, yhat_i)", "|ŷᵢ − yᵢ| = yᵢ − ŷᵢ, and only it depends on ŷᵢ"),
                        Line("-1 / n"),
                    ),
                    case="yhat_i < y_i",
                ),
            ),
            kinks=(Kink("y_i", "-1 / n", "1 / n", "0", "no derivative; 0 is used, as PyTorch does"),),
            derivative="sign(yhat_i - y_i) / n",
            notes=("n is the number of outputs; for a batch, outputs times examples.",),
        ),
    ),
)
