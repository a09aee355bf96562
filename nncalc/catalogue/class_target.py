"""What losses of a classification do with their target: smoothed, weighted, left out of the mean.

A target's row is a class's one-hot vector or a distribution over the classes, and for a label that is `ignore_index` a
row of zeros: it costs nothing, and the mean counts it as nothing.
"""

from __future__ import annotations

from math import log
from typing import Any

from nncalc.catalogue.operation import Option, Shape, Target
from nncalc.errors import DomainError
from nncalc.language.expression import Const, Expression, Name, Setting, call

LOG_BASE = Option("log_base", "e", "the logarithm's base: e, 2, 10 or another number above 1", ("e",), above=1)
CLASS_OPTIONS = (
    LOG_BASE,
    Option("label_smoothing", 0, "ε: the target is (1 − ε) y + ε/n for n classes", at_least=0, at_most=1),
    Option("class_weights", None, "a weight for each class; the mean divides by the sum of those used", array=True),
    Option("ignore_index", None, "a class number whose examples do not count", number=True, whole=True),
)
DISTRIBUTION_SLACK = 1e-6


def scale(log_base: Setting) -> float:
    """ln of the logarithm's base: what a natural logarithm is divided by."""
    return 1.0 if log_base == "e" else log(float(log_base))  # type: ignore[arg-type]


def in_base(derivative: Expression, log_base: Setting) -> Expression:
    """The derivative of the natural form, as it is in the loss's own base."""
    return derivative if log_base == "e" else derivative / call.log(log_base)


def plogq(xp: Any, weight: Any, q: Any) -> Any:
    """weight · ln q, where 0 · ln 0 is 0."""
    return xp.where(weight == 0, 0.0, weight * xp.log(xp.where(weight == 0, 1.0, q)))


# --- checks ----------------------------------------------------------------------------------------------------------


def is_distribution(xp: Any, prediction: Any, target: Any, *, ignore_index: Setting = None, **_: Setting) -> None:
    """Raises DomainError for a target that is no distribution; a row of zeros is one that does not count."""
    total = xp.sum(target, axis=-1) if getattr(target, "shape", ()) else target
    wanted = total * 0 + 1 if ignore_index is None else xp.where(total == 0, 0.0, 1.0)
    if not xp.all(xp.abs(total - wanted) < DISTRIBUTION_SLACK) or not xp.all(target >= 0):
        raise DomainError(
            "the target is no distribution over the classes",
            label="expected entries of 0 or more that sum to 1, as a one-hot vector's do",
        )


def are_probabilities(xp: Any, prediction: Any, target: Any, **_: Setting) -> None:
    """Raises DomainError for a prediction outside 0 to 1."""
    # what is no number is let through: it comes from a run that has diverged, and the loss will be none either
    if xp.sum((prediction < 0) + (prediction > 1)):
        raise DomainError(
            "the prediction is no probability",
            label="expected entries between 0 and 1",
            hint="softmax or sigmoid makes probabilities of logits; each cross-entropy also has a form for logits.",
        )


def both(xp: Any, prediction: Any, target: Any, **settings: Setting) -> None:
    """Both of these."""
    are_probabilities(xp, prediction, target)
    is_distribution(xp, prediction, target, **settings)


# --- the target as it counts -----------------------------------------------------------------------------------------


def counted(
    xp: Any, y: Any, *, label_smoothing: Any = 0, class_weights: Any = None, ignore_index: Setting = None, **_: Setting
) -> Any:
    """The target with its smoothing and weights: what is multiplied by −ln p."""
    if label_smoothing:
        mass = xp.sum(y, axis=-1, keepdims=True)
        y = (1.0 - label_smoothing) * y + label_smoothing / (y.shape[-1] if y.shape else 1) * mass
    return y if class_weights is None else y * class_weights


def counted_expression(
    y: Expression,
    shape: Shape,
    *,
    label_smoothing: Any = 0,
    class_weights: Setting = None,
    ignore_index: Setting = None,
    **_: Setting,
) -> Expression:
    """The same as an expression over a target of that shape."""
    if label_smoothing:
        share = _quotient(label_smoothing, shape)
        y = (1 - label_smoothing) * y + (share if ignore_index is None else share * mass(y, shape))
    return y * class_weights if isinstance(class_weights, Name) else y


def own_weight(label_smoothing: Any = 0, class_weights: Setting = None, **_: Setting) -> Expression | float:
    """What an entry of the target is multiplied by."""
    kept: float = 1 - label_smoothing
    return kept * class_weights if isinstance(class_weights, Name) else kept


def mass(y: Expression, shape: Shape) -> Expression:
    """Σ y of each example, as it stands against the prediction; for a vector the plain sum."""
    return call.sum(y) if len(shape) <= 1 else call.sum(y, axis=-1, keepdims=True)


def _quotient(smoothing: float, shape: Shape) -> Expression:
    return Const(smoothing) / Const(float(shape[-1] if shape else 1))


def _weight(xp: Any, y: Any, *, class_weights: Any = None, ignore_index: Setting = None, **_: Setting) -> Any:
    if class_weights is None and ignore_index is None:
        return None
    weighted = y if class_weights is None else y * class_weights
    return xp.sum(weighted, axis=-1) if getattr(y, "shape", ()) else weighted


def _total(
    y: Expression, *, class_weights: Setting = None, ignore_index: Setting = None, **_: Setting
) -> Expression | None:
    if isinstance(class_weights, Name):
        return call.sum(y @ class_weights)
    return None if ignore_index is None else call.sum(y)


def class_target(shows: tuple[str, str] | None = None) -> Target:
    """The target of a loss with these settings."""
    return Target(classes=True, shows=shows, weight=_weight, total=_total)


# --- how it is written -----------------------------------------------------------------------------------------------


def written(label_smoothing: Any = 0, class_weights: Setting = None, **_: Setting) -> str:
    """The target in a loss's text."""
    text = "{target:power}"
    if label_smoothing:
        text = f"({1 - label_smoothing:g} {{target:product}} + {label_smoothing:g}/n)"
    return f"{class_weights.id} {text}" if isinstance(class_weights, Name) else text


def latex_written(label_smoothing: Any = 0, class_weights: Setting = None, **_: Setting) -> str:
    """The target in a loss's LaTeX."""
    text = "{target:power}"
    if label_smoothing:
        text = rf"\left({1 - label_smoothing:g}\, {{target:product}} + {label_smoothing:g}/n\right)"
    if not isinstance(class_weights, Name):
        return text
    name = class_weights.id.replace("_", r"\_")
    return rf"\mathrm{{{name}}}\, {text}"


def log_text(log_base: Setting) -> str:
    """The logarithm in a loss's text."""
    names = {"e": "ln", 2: "log₂", 10: "log₁₀"}
    return names.get(log_base, f"log_{log_base}")


def log_latex(log_base: Setting) -> str:
    """The logarithm in a loss's LaTeX."""
    return r"\ln" if log_base == "e" else rf"\log_{{{log_base}}}"


def over_text(reduction: Setting) -> str:
    """What a loss that is averaged over the outputs too begins with."""
    return "sum" if reduction == "sum" else "mean"


def over_latex(reduction: Setting) -> str:
    """The same in LaTeX."""
    return rf"\operatorname{{{over_text(reduction)}}}"
