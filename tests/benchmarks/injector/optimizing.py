"""The optimizer's step by hand: SGD, momentum in its three forms, RMSprop, Adam."""

# ruff: noqa: N803 - W is what a weight is called

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.injector.dense import FACTOR
from tests.benchmarks.injector.student import Book, change

Array = Any
RATE, BETA, ALPHA = "learning_rate", "optimizer.beta", "optimizer.alpha"
B1, B2, EPSILON, T = "optimizer.beta1", "optimizer.beta2", "optimizer.epsilon", "optimizer.t"
POWER = "wrong_function missing_factor square wrong_argument"
STATE = {"sgd": (), "momentum": ("v",), "rmsprop": ("s",), "adam": ("m", "v")}


def step(book: Book, name: str, W: str, form: str = "pytorch") -> list[tuple[str, str]]:
    """W.next and the optimizer's state; what it carries on."""
    {"sgd": _sgd, "momentum": _momentum, "rmsprop": _rmsprop, "adam": _adam}[name](book, W, form)
    return [(f"{W}.next", W), *((f"{W}.{letter}.next", f"{W}.{letter}") for letter in STATE[name])]


def _move(book: Book, W: str, amount: str, compute: Any, *more: Any, rate: bool = True) -> None:
    """W.next = W - learning_rate * amount, where amount is a text and what it is worth."""
    book.line(
        f"{W}.next", f"{W} - {RATE} * {amount}", lambda v: v[W] - v[RATE] * compute(v),
        change("ascent for descent", "sign", f"{W} + {RATE} * {amount}", lambda v: v[W] + v[RATE] * compute(v)),
        change("learning rate left out", "missing_factor", f"{W} - {amount}", lambda v: v[W] - compute(v)),
        change("not updated", "missing_term not_updated wrong_value", W, lambda v: v[W] + 0),
        change("the step for the new weights", "missing_term", f"-({RATE} * {amount})",
               lambda v: -v[RATE] * compute(v)),
        change("W - η", "missing_factor", f"{W} - {RATE}", lambda v: v[W] - v[RATE]),
        *more, sign=False,
    )  # fmt: skip


def _sgd(book: Book, W: str, form: str) -> None:
    g = f"{W}.grad"
    _move(book, W, g, lambda v: v[g])


def _momentum(book: Book, W: str, form: str) -> None:
    g, old, new = f"{W}.grad", f"{W}.v", f"{W}.v.next"
    ignored = "missing_term wrong_value"
    if form == "step":
        book.line(
            new, f"{BETA} * {old} - {RATE} * {g}", lambda v: v[BETA] * v[old] - v[RATE] * v[g],
            change("momentum left out", ignored, f"-({RATE} * {g})", lambda v: -v[RATE] * v[g]),
            change("β left out", "missing_factor", f"{old} - {RATE} * {g}", lambda v: v[old] - v[RATE] * v[g]),
            change("learning rate left out", "missing_factor", f"{BETA} * {old} - {g}",
                   lambda v: v[BETA] * v[old] - v[g]),
            change("sign of a term", "sign", f"{BETA} * {old} + {RATE} * {g}",
                   lambda v: v[BETA] * v[old] + v[RATE] * v[g]),
        )  # fmt: skip
        book.line(
            f"{W}.next", f"{W} + {new}", lambda v: v[W] + v[new],
            change("sign of a term", "sign", f"{W} - {new}", lambda v: v[W] - v[new]),
            change("not updated", "missing_term not_updated wrong_value", W, lambda v: v[W] + 0), sign=False,
        )  # fmt: skip
        return
    weight = f"(1 - {BETA}) * " if form == "average" else ""

    def share(v: Any) -> Array:
        return (1 - v[BETA]) if form == "average" else 1.0

    changes = [
        change("momentum left out", ignored, f"{weight}{g}", lambda v: share(v) * v[g]),
        change("β left out", "missing_factor", f"{old} + {weight}{g}", lambda v: v[old] + share(v) * v[g]),
        change("sign of a term", "sign", f"{BETA} * {old} - {weight}{g}", lambda v: v[BETA] * v[old] - share(v) * v[g]),
    ]
    if form == "average":
        changes.append(change("1 - β left out", "missing_factor", f"{BETA} * {old} + {g}",
                              lambda v: v[BETA] * v[old] + v[g]))  # fmt: skip
        changes.append(change("β and 1 - β swapped", "swapped", f"(1 - {BETA}) * {old} + {BETA} * {g}",
                              lambda v: (1 - v[BETA]) * v[old] + v[BETA] * v[g]))  # fmt: skip
    book.line(new, f"{BETA} * {old} + {weight}{g}", lambda v: v[BETA] * v[old] + share(v) * v[g], *changes)
    _move(
        book,
        W,
        new,
        lambda v: v[new],
        change("the gradient for v", "wrong_value", f"{W} - {RATE} * {g}", lambda v: v[W] - v[RATE] * v[g]),
    )


def _average(book: Book, new: str, old: str, beta: str, g: str, squared: bool) -> None:
    """new = β old + (1 - β) g, or g²."""
    term = f"{g} ** 2" if squared else g

    def of(v: Any) -> Array:
        return v[g] ** 2 if squared else v[g]

    changes = [
        change("β and 1 - β swapped", "swapped", f"(1 - {beta}) * {old} + {beta} * {term}",
               lambda v: (1 - v[beta]) * v[old] + v[beta] * of(v)),
        change("1 - β left out", "missing_factor", f"{beta} * {old} + {term}", lambda v: v[beta] * v[old] + of(v)),
        change("what was before left out", "missing_term", f"(1 - {beta}) * {term}", lambda v: (1 - v[beta]) * of(v)),
    ]  # fmt: skip
    if squared:
        changes.append(change("the square left out", POWER, f"{beta} * {old} + (1 - {beta}) * {g}",
                              lambda v: v[beta] * v[old] + (1 - v[beta]) * v[g]))  # fmt: skip
        changes.append(change("1 - β squared too", "wrong_function extra_factor wrong_argument",
                              f"{beta} * {old} + ((1 - {beta}) * {g}) ** 2",
                              lambda v: v[beta] * v[old] + ((1 - v[beta]) * v[g]) ** 2))  # fmt: skip
    book.line(new, f"{beta} * {old} + (1 - {beta}) * {term}", lambda v: v[beta] * v[old] + (1 - v[beta]) * of(v),
              *changes)  # fmt: skip


def _divided(book: Book, W: str, above: str, below: str) -> None:
    """W.next = W - learning_rate * above / (√below + ε)."""
    _move(
        book, W, f"({above} / (sqrt({below}) + {EPSILON}))", lambda v: v[above] / (np.sqrt(v[below]) + v[EPSILON]),
        change("epsilon inside the root", "epsilon_inside epsilon",
               f"{W} - {RATE} * {above} / sqrt({below} + {EPSILON})",
               lambda v: v[W] - v[RATE] * v[above] / np.sqrt(v[below] + v[EPSILON])),
        change("root left out", "root wrong_function missing_factor", f"{W} - {RATE} * {above} / ({below} + {EPSILON})",
               lambda v: v[W] - v[RATE] * v[above] / (v[below] + v[EPSILON])),
        change("not divided", FACTOR, f"{W} - {RATE} * {above}", lambda v: v[W] - v[RATE] * v[above]),
    )  # fmt: skip


def _rmsprop(book: Book, W: str, form: str) -> None:
    g, old, new = f"{W}.grad", f"{W}.s", f"{W}.s.next"
    _average(book, new, old, ALPHA, g, squared=True)
    _divided(book, W, g, new)


def _adam(book: Book, W: str, form: str) -> None:
    g = f"{W}.grad"
    _average(book, f"{W}.m.next", f"{W}.m", B1, g, squared=False)
    _average(book, f"{W}.v.next", f"{W}.v", B2, g, squared=True)
    for hat, new, beta, other in ((f"{W}.mhat", f"{W}.m.next", B1, B2), (f"{W}.vhat", f"{W}.v.next", B2, B1)):
        book.line(
            hat, f"{new} / (1 - {beta} ** {T})", lambda v, n=new, b=beta: v[n] / (1 - v[b] ** v[T]),
            change("no bias correction", f"{FACTOR} bias_correction wrong_value", new, lambda v, n=new: v[n] + 0),
            change("t one too many", "time_step off_by_one t", f"{new} / (1 - {beta} ** ({T} + 1))",
                   lambda v, n=new, b=beta: v[n] / (1 - v[b] ** (v[T] + 1))),
            change("the power t left out", "missing_factor wrong_argument power", f"{new} / (1 - {beta})",
                   lambda v, n=new, b=beta: v[n] / (1 - v[b])),
            change("the other β", "wrong_value swapped betas", f"{new} / (1 - {other} ** {T})",
                   lambda v, n=new, b=other: v[n] / (1 - v[b] ** v[T])),
            change("times for divided by", f"{FACTOR} swapped wrong_function", f"{new} * (1 - {beta} ** {T})",
                   lambda v, n=new, b=beta: v[n] * (1 - v[b] ** v[T])),
        )  # fmt: skip
    _divided(book, W, f"{W}.mhat", f"{W}.vhat")
