"""What people compute in place of the cross-entropies: softmax once too often, a derivative too many or too few."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.class_target import counted_expression, in_base
from nncalc.catalogue.loss import upstream
from nncalc.catalogue.loss_mistakes import class_mistakes, log_bases, minus, over
from nncalc.catalogue.mistake import Mistake, Substitute
from nncalc.catalogue.registry import operation
from nncalc.catalogue.softmax import softmax_of
from nncalc.catalogue.substitutes import applied, instead
from nncalc.language.expression import Expression, Setting, call


def _applied_to(name: str, *functions: str) -> Substitute:
    """The loss of functions of its prediction, the innermost last."""

    def value(h: Expression, y: Expression, *, shape_of: Any, **settings: Setting) -> Expression:
        for function in reversed(functions):
            h = getattr(call, function)(h)
        return applied(name, h, y, **settings)

    return value


def _by_scores(
    g: Expression, ans: Expression, p: Expression, y: Expression, *, shape_of: Any, **settings: Any
) -> Expression | None:
    """p − y, which is the gradient by the scores that p is the softmax of."""
    if settings["class_weights"] is not None or settings["ignore_index"] is not None:
        return None
    shape = shape_of(p)
    against, n = upstream(g, shape, settings["reduction"], per_output=False)
    return in_base(against * (p - counted_expression(y, shape, **settings)) / n, settings["log_base"])


def _by_probabilities(g: Expression, ans: Expression, h: Expression, y: Expression, **rest: Any) -> Any:
    """−y/p, which is the gradient by the probabilities."""
    rule = operation("cross_entropy").gradients[0]
    assert rule is not None
    return rule(g, ans, softmax_of(h), y, **rest)


def _diagonal(g: Expression, ans: Expression, h: Expression, y: Expression, **rest: Any) -> Any:
    """−y/p by the derivative of each probability by its own score alone."""
    p = softmax_of(h)
    return _by_probabilities(g, ans, h, y, **rest) * (p * (1 - p))


def _softmax_once_more(g: Expression, ans: Expression, h: Expression, y: Expression, **rest: Any) -> Any:
    """p − y times p (1 − p)."""
    rule = operation("softmax_cross_entropy").gradients[0]
    assert rule is not None
    p = softmax_of(h)
    return rule(g, ans, h, y, **rest) * (p * (1 - p))


def _one_term(logits: bool) -> Substitute:
    """−y ln p alone, without the term of the other class."""

    def value(p: Expression, y: Expression, *, shape_of: Any, log_base: Setting, reduction: Setting) -> Expression:
        ln = call.log(call.sigmoid(p) if logits else p)
        return over(in_base(-(y * ln), log_base), shape_of(p), reduction, per_output=True)

    return value


def _sigmoid_once_more(
    g: Expression, ans: Expression, h: Expression, y: Expression, *, shape_of: Any, **settings: Any
) -> Expression:
    against, n = upstream(g, shape_of(h), settings["reduction"], per_output=True)
    p = call.sigmoid(h)
    return in_base(against * (p - y) * p * (1 - p) / n, settings["log_base"])


def _binary_by_scores(
    g: Expression, ans: Expression, p: Expression, y: Expression, *, shape_of: Any, **settings: Any
) -> Expression:
    against, n = upstream(g, shape_of(p), settings["reduction"], per_output=True)
    return in_base(against * (p - y) / n, settings["log_base"])


def _activated(name: str, *functions: str) -> tuple[Mistake, ...]:
    """The loss of logits that went through an activation, which they should not."""
    words = {"relu": "ReLU", "sigmoid": "the sigmoid", "tanh": "tanh"}
    return tuple(
        Mistake("activated_logits", f"{words[one]} is applied to the logits", _applied_to(name, one))
        for one in functions
    )


def _binary_mistakes(name: str, logits: bool) -> tuple[Mistake, ...]:
    return (
        minus(name),
        Mistake("other_class", "the term of the other class, with 1 − y, is left out", _one_term(logits)),
        *log_bases(name),
    )


CROSS_ENTROPY = (
    Mistake("softmax_twice", "softmax is applied once more", instead("softmax_cross_entropy")),
    Mistake("log", "the logarithm is left out", instead("nll")),
    Mistake(
        "through_softmax",
        "the gradient is that by the scores in front of softmax, not by the probabilities",
        gradients=((0, _by_scores),),
    ),
    *class_mistakes("cross_entropy"),
)
SOFTMAX_CROSS_ENTROPY = (
    Mistake("softmax_twice", "softmax is applied twice", _applied_to("softmax_cross_entropy", "softmax")),
    Mistake("no_softmax", "softmax is left out: the scores are taken for logarithms", instead("nll")),
    Mistake("log", "softmax is taken, but not its logarithm", _applied_to("nll", "softmax")),
    *_activated("softmax_cross_entropy", "relu", "sigmoid", "tanh"),
    Mistake(
        "softmax_derivative",
        "the gradient is that by the probabilities; softmax's own derivative is left out",
        gradients=((0, _by_probabilities),),
    ),
    Mistake(
        "diagonal",
        "softmax's derivative is taken of each probability by its own score alone: p (1 − p)",
        gradients=((0, _diagonal),),
    ),
    Mistake(
        "softmax_derivative",
        "a derivative p (1 − p) is multiplied in, though it cancels",
        gradients=((0, _softmax_once_more),),
    ),
    *class_mistakes("softmax_cross_entropy"),
)
BINARY = (
    Mistake("sigmoid_twice", "the sigmoid is applied once more", instead("binary_cross_entropy_with_logits")),
    Mistake(
        "through_sigmoid",
        "the gradient is that by the score in front of the sigmoid, not by the probability",
        gradients=((0, _binary_by_scores),),
    ),
    *_binary_mistakes("binary_cross_entropy", logits=False),
)
BINARY_WITH_LOGITS = (
    Mistake(
        "sigmoid_twice",
        "the sigmoid is applied twice",
        _applied_to("binary_cross_entropy_with_logits", "sigmoid"),
    ),
    *_activated("binary_cross_entropy_with_logits", "relu", "tanh"),
    Mistake(
        "sigmoid_derivative",
        "the sigmoid's derivative is multiplied in, though it cancels",
        gradients=((0, _sigmoid_once_more),),
    ),
    *_binary_mistakes("binary_cross_entropy_with_logits", logits=True),
)
