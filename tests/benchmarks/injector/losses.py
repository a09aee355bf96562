"""Losses and their gradients by hand, of one example or of an example a row (the mean over the examples)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.injector.dense import FACTOR, sigmoid
from tests.benchmarks.injector.student import Book, Change, Values, change

Array = Any
LOGARITHM = "log_base wrong_function missing_factor extra_factor"
HALF = f"{FACTOR} wrong_function half mean sum"


def distance(book: Book, name: str, h: str, rows: bool) -> None:
    """l2, mse, sse or half_sse of h against y, and h.grad."""
    size = book.shape(h)[-1]
    count = book.shape(h)[0] if rows else 1
    factor = {"l2": 1.0, "mse": 1 / size, "sse": 1.0, "half_sse": 0.5}[name]

    def of(v: Values, sign: float = 1) -> Array:
        total = ((v[h] - sign * v["y"]) ** 2).sum(axis=-1)
        return np.sqrt(total) if name == "l2" else factor * total

    tail = ", axis=-1)" if rows else ")"
    squares = f"sum(({h} - y) ** 2{tail}"
    plain = {"l2": "sqrt({})", "mse": f"{{}} / {size}", "sse": "{}", "half_sse": "{} / 2"}[name]
    changes = [
        change("sign of a term", "sign", plain.format(f"sum(({h} + y) ** 2{tail}"), lambda v: of(v, -1)),
        change("absolute values for squares", "wrong_function square absolute", plain.format(f"sum(abs({h} - y){tail}"),
               lambda v: np.sqrt(np.abs(v[h] - v["y"]).sum(axis=-1)) if name == "l2"
               else factor * np.abs(v[h] - v["y"]).sum(axis=-1)),
    ]  # fmt: skip
    if name != "sse":
        what = {"l2": "root left out", "mse": "1/n left out", "half_sse": "the half left out"}[name]
        kinds = "root wrong_function" if name == "l2" else HALF
        changes.append(change(what, kinds, squares, lambda v: ((v[h] - v["y"]) ** 2).sum(axis=-1)))
    else:
        changes.append(change("a half too many", HALF, f"{squares} / 2", lambda v: ((v[h] - v["y"]) ** 2).sum(-1) / 2))
    _terms(book, f"{name}({h}, y{{}})", of, changes, rows)
    twice = 2 * factor
    share = f" / {count}" if rows else ""
    if name == "l2":
        below = f"({count} * losses[:, None])" if rows else "loss"
        losses = "losses" if rows else "loss"

        def divisor(v: Values) -> Array:
            return count * v[losses][:, None] if rows else v[losses]

        book.line(
            f"{h}.grad", f"({h} - y) / {below}", lambda v: (v[h] - v["y"]) / divisor(v),
            change("division by the loss left out", FACTOR, f"({h} - y){share}", lambda v: (v[h] - v["y"]) / count),
            change("times the loss", f"{FACTOR} swapped wrong_function", f"({h} - y) * {below}",
                   lambda v: (v[h] - v["y"]) * divisor(v)),
            change("sign of a term", "sign", f"({h} + y) / {below}", lambda v: (v[h] + v["y"]) / divisor(v)),
            change("the 2 of the square", FACTOR, f"2 * ({h} - y) / {below}",
                   lambda v: 2 * (v[h] - v["y"]) / divisor(v)),
        )  # fmt: skip
        return
    head = {1.0: "", 2.0: "2 * "}.get(twice, f"2 / {size} * ")
    more = [change("sign of a term", "sign", f"{head}({h} + y){share}", lambda v: twice * (v[h] + v["y"]) / count)]
    if name in ("mse", "sse"):
        more.append(change("the 2 left out", FACTOR, f"{head}({h} - y){share} / 2",
                           lambda v: factor * (v[h] - v["y"]) / count))  # fmt: skip
    else:
        more.append(change("a 2 too many", FACTOR, f"2 * ({h} - y){share}", lambda v: 2 * (v[h] - v["y"]) / count))
    if name == "mse" and size > 1:
        more.append(change("1/n left out", FACTOR, f"2 * ({h} - y){share}", lambda v: 2 * (v[h] - v["y"]) / count))
    more.append(change("the label left out", "missing_term", f"{head}{h}{share}", lambda v: twice * v[h] / count))
    if rows:
        more.append(change("1/N left out", FACTOR, f"{head}({h} - y)", lambda v: twice * (v[h] - v["y"])))
    book.line(f"{h}.grad", f"{head}({h} - y){share}", lambda v: twice * (v[h] - v["y"]) / count, *more)


def _terms(book: Book, equation: str, of: Any, changes: list[Change], rows: bool) -> None:
    """`loss`, or `losses` and their mean."""
    if not rows:
        book.line("loss", equation.format(""), of, *changes)
        return
    book.line("losses", equation.format(", reduction='none'"), of, *changes)
    count = book.shape("losses")[0]
    book.line(
        "loss", "mean(losses)", lambda v: v["losses"].mean(),
        change("1/N left out", f"{FACTOR} wrong_function mean sum", "sum(losses)", lambda v: v["losses"].sum()),
        change("1/(N - 1) for 1/N", f"{FACTOR} wrong_function count", f"sum(losses) / {count - 1}",
               lambda v: v["losses"].sum() / max(count - 1, 1)),
        sign=False,
    )  # fmt: skip


def softmax(z: Array, axis: int = -1) -> Array:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _next_label(y: Array) -> Array:
    """The label, whose first class is called 1, counted from 0; not a number where there is no such class."""
    return np.where(y[..., -1:] > 0, np.nan, np.roll(y, 1, axis=-1))


def softmax_cross_entropy(book: Book, h: str, rows: bool, from_p: bool) -> None:
    """p = softmax(h), the cross-entropy against the one-hot y, h.grad = p - y. from_p: whether -ln p is taken of p."""
    extra = []
    if rows:
        extra.append(change("softmax over the examples", "axis wrong_argument wrong_function", f"softmax({h}, axis=0)",
                            lambda v: softmax(v[h], 0)))  # fmt: skip
    tail = ", axis=-1)" if rows else ")"
    keep = ", axis=-1, keepdims=True)" if rows else ")"
    book.line(
        "p", f"softmax({h})", lambda v: softmax(v[h]),
        change("softmax twice", "softmax_twice twice wrong_argument", f"softmax(softmax({h}))",
               lambda v: softmax(softmax(v[h]))),
        change("not divided by the sum", f"{FACTOR} wrong_function", f"exp({h})", lambda v: np.exp(v[h])),
        change("an activation on the logits", "wrong_argument wrong_function activation", f"softmax(relu({h}))",
               lambda v: softmax(np.maximum(v[h], 0))),
        change("sigmoid for softmax", "wrong_function", f"sigmoid({h})", lambda v: sigmoid(v[h])),
        change("exponentials left out", "wrong_function", f"{h} / sum({h}{keep}",
               lambda v: v[h] / v[h].sum(axis=-1, keepdims=True)),
        *extra, sign=False,
    )  # fmt: skip

    def logarithms(v: Values) -> Array:
        return np.log(v["p"]) if from_p else np.log(softmax(v[h]))

    def of(v: Values) -> Array:
        # 0 · log 0 is 0
        return -np.where(v["y"] > 0, logarithms(v), 0.0).sum(axis=-1)

    log = "log(p)" if from_p else f"log_softmax({h})"
    changes = [
        change("log base 2", LOGARITHM, f"-sum(y * {log}{tail} / log(2)", lambda v: of(v) / np.log(2)),
        change("log base 10", LOGARITHM, f"-sum(y * {log}{tail} / log(10)", lambda v: of(v) / np.log(10)),
        change("minus left out", "sign", f"sum(y * {log}{tail}", lambda v: -of(v)),
        change("label counted from the other base", "label_base label index_base wrong_argument wrong_value copied",
               "", lambda v: -(_next_label(v["y"]) * logarithms(v)).sum(axis=-1)),
    ]  # fmt: skip
    _terms(book, f"softmax_cross_entropy({h}, y{{}})", of, changes, rows)
    count = book.shape(h)[0] if rows else 1
    share = f" / {count}" if rows else ""
    more = [change("1/N left out", FACTOR, "p - y", lambda v: v["p"] - v["y"])] if rows else []
    book.line(
        f"{h}.grad", f"(p - y){share}", lambda v: (v["p"] - v["y"]) / count,
        change("the label left out", "missing_term", f"p{share}", lambda v: v["p"] / count),
        change("sign of a term", "sign", f"(p + y){share}", lambda v: (v["p"] + v["y"]) / count),
        change("the Jacobian's diagonal alone", "jacobian_diagonal diagonal", f"-y * (1 - p){share}",
               lambda v: -v["y"] * (1 - v["p"]) / count),
        change("times p(1 - p) once more", f"{FACTOR} extra_derivative", f"(p - y) * p * (1 - p){share}",
               lambda v: (v["p"] - v["y"]) * v["p"] * (1 - v["p"]) / count),
        *more,
    )  # fmt: skip


def logistic(book: Book, h: str, rows: bool) -> None:
    """p = sigmoid(h), the binary cross-entropy (the mean over the outputs), h.grad."""
    size = book.shape(h)[-1]
    count = size * (book.shape(h)[0] if rows else 1)
    book.line(
        "p", f"sigmoid({h})", lambda v: sigmoid(v[h]),
        change("sign in the exponent", "sign wrong_function", f"sigmoid(-{h})", lambda v: sigmoid(-v[h])),
        change("tanh for sigmoid", "wrong_function", f"tanh({h})", lambda v: np.tanh(v[h])), sign=False,
    )  # fmt: skip

    def of(v: Values) -> Array:
        return -(v["y"] * np.log(v["p"]) + (1 - v["y"]) * np.log(1 - v["p"])).mean(axis=-1)

    def hit(v: Values) -> Array:
        return -(v["y"] * np.log(v["p"])).mean(axis=-1)

    tail = ", axis=-1)" if rows else ")"
    both = "y * log(p) + (1 - y) * log(1 - p)"
    changes = [
        change("log base 2", LOGARITHM, f"-mean({both}{tail} / log(2)", lambda v: of(v) / np.log(2)),
        change("minus left out", "sign", f"mean({both}{tail}", lambda v: -of(v)),
        change("only the term of the label 1", "missing_term", f"-mean(y * log(p){tail}", hit),
    ]
    _terms(book, f"binary_cross_entropy_with_logits({h}, y{{}})", of, changes, rows)
    share = f" / {count}" if count > 1 else ""
    part = f" / {size}" if size > 1 else ""
    more = [change("1/N left out", FACTOR, f"(p - y){part}", lambda v: (v["p"] - v["y"]) / size)] if rows else []
    if size > 1:
        more.append(change("1/(n N) left out", FACTOR, "p - y", lambda v: v["p"] - v["y"]))
    book.line(
        f"{h}.grad", f"(p - y){share}", lambda v: (v["p"] - v["y"]) / count,
        change("the label left out", "missing_term", f"p{share}", lambda v: v["p"] / count),
        change("times p(1 - p) once more", f"{FACTOR} extra_derivative", f"(p - y) * p * (1 - p){share}",
               lambda v: (v["p"] - v["y"]) * v["p"] * (1 - v["p"]) / count),
        *more,
    )  # fmt: skip
