"""Self-attention with one head by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.injector.dense import FACTOR
from tests.benchmarks.injector.losses import HALF, softmax
from tests.benchmarks.injector.networks import _rate
from tests.benchmarks.injector.optimizing import step
from tests.benchmarks.injector.student import Book, Exercise, change
from tests.benchmarks.injector.writing import Random, draw, listed, pick, text

DIAGONAL = "jacobian_diagonal diagonal wrong_function"
PAIRS = (("Q1", "q"), ("K1", "k"), ("V1", "v"))


def attention(random: Random) -> Exercise:
    """Q, K, V from two or three tokens, causal or not, with an output matrix or without."""
    tokens, size, causal, output = (
        pick(random, 2, 3),
        pick(random, 2, 2, 3),
        random.random() < 0.4,
        random.random() < 0.4,
    )
    mean = bool(random.random() < 0.5)
    biased = bool(random.random() < 0.3)
    x, y, rate = draw(random, tokens, size), draw(random, tokens, size), _rate(random)
    letters = "qkvo" if output else "qkv"
    given: dict[str, Any] = {"x": x, "y": y, **rate}
    weights = {letter: draw(random, size, size) for letter in letters}
    bias = {letter: draw(random, size) for letter in "qkv"} if biased else {}
    given |= {f"W1_{letter}": value for letter, value in weights.items()}
    given |= {f"b1_{letter}": value for letter, value in bias.items()}
    book = Book(given)
    _forward(book, bool(causal), bool(output), biased)
    count = tokens if mean else 1
    _loss(book, count)
    _backward(book, count, bool(output), biased)
    carried = []
    for letter in letters:
        carried += step(book, "sgd", f"W1_{letter}")
        carried += step(book, "sgd", f"b1_{letter}") if letter in bias else []
    settings: dict[str, Any] = {"weights": {letter: listed(value) for letter, value in weights.items()}}
    if biased:
        settings["bias"] = {letter: listed(value) for letter, value in bias.items()}
    if causal:
        settings["causal"] = True
    file = text(
        title=f"attention: {tokens} tokens of {size}", inputs=listed(x), labels=listed(y),
        layers=[{"attention": settings}], loss="half_sse" if mean else {"half_sse": {"reduction": "sum"}},
        optimizer={"sgd": rate},
    )  # fmt: skip
    return book.exercise("attention", file, carried)


def _forward(book: Book, causal: bool, output: bool, biased: bool) -> None:
    tokens, size = book.shape("x")
    for name, letter in PAIRS:
        w, b = f"W1_{letter}", f"b1_{letter}"
        if biased:
            book.line(
                name, f"x @ {w}.T + {b}", lambda v, w=w, b=b: v["x"] @ v[w].T + v[b],
                change("bias left out", "missing_term", f"x @ {w}.T", lambda v, w=w: v["x"] @ v[w].T),
            )  # fmt: skip
        else:
            book.line(name, f"x @ {w}.T", lambda v, w=w: v["x"] @ v[w].T)
    root = np.sqrt(size)
    changes = [
        change("1/√d left out", FACTOR + " scale", "Q1 @ K1.T", lambda v: v["Q1"] @ v["K1"].T),
        change("d for √d", "wrong_function missing_factor root scale", f"(Q1 @ K1.T) / {size}",
               lambda v: v["Q1"] @ v["K1"].T / size),
        change("Q and K swapped", "swapped transpose", f"(K1 @ Q1.T) / sqrt({size})",
               lambda v: v["K1"] @ v["Q1"].T / root),
    ]  # fmt: skip
    if tokens != size:
        changes.append(
            change(
                "√ of the tokens for √d",
                "wrong_function wrong_value extra_factor scale wrong_argument",
                f"(Q1 @ K1.T) / sqrt({tokens})",
                lambda v: v["Q1"] @ v["K1"].T / np.sqrt(tokens),
            )
        )
    book.line("scores1", f"(Q1 @ K1.T) / sqrt({size})", lambda v: v["Q1"] @ v["K1"].T / root, *changes)
    mask = np.triu(np.ones((tokens, tokens), dtype=bool), 1) & causal

    def weights(v: Any, axis: int = -1) -> Any:
        return softmax(np.where(mask, -np.inf, v["scores1"]), axis)

    axis = "axis wrong_argument wrong_function"
    changes = [
        change("not divided by the sum", FACTOR + " wrong_function", "exp(scores1)", lambda v: np.exp(v["scores1"]))
    ]
    if causal:
        changes = [change("the causal mask left out", "causal mask missing_mask wrong_function", "softmax(scores1)",
                          lambda v: softmax(v["scores1"]))]  # fmt: skip
        book.line("A1", "attention_weights(scores1, causal=True)", weights, *changes, sign=False)
    else:
        changes.append(change("softmax along the columns", axis, "softmax(scores1, axis=0)", lambda v: weights(v, 0)))
        book.line("A1", "softmax(scores1)", weights, *changes, sign=False)
    book.line(
        "concat1", "A1 @ V1", lambda v: v["A1"] @ v["V1"],
        change("A transposed", "transpose", "A1.T @ V1", lambda v: v["A1"].T @ v["V1"]),
    )  # fmt: skip
    if output:
        book.line("h1", "concat1 @ W1_o.T", lambda v: v["concat1"] @ v["W1_o"].T)
    else:
        book.line("h1", "concat1", lambda v: v["concat1"] + 0, sign=False)


def _loss(book: Book, count: int) -> None:
    share = f" / {count}" if count > 1 else ""

    def of(v: Any) -> Any:
        return ((v["h1"] - v["y"]) ** 2).sum() / 2 / count

    equation = "half_sse(h1, y)" if count > 1 else "half_sse(h1, y, reduction='sum')"
    changes = [change("the half left out", HALF, f"sum((h1 - y) ** 2){share}", lambda v: 2 * of(v))]
    if count > 1:
        changes.append(change("1/N left out", HALF, "half_sse(h1, y, reduction='sum')", lambda v: count * of(v)))
    book.line("loss", equation, of, *changes)
    changes = [
        change("sign of a term", "sign", f"(h1 + y){share}", lambda v: (v["h1"] + v["y"]) / count),
        change("the label left out", "missing_term", f"h1{share}", lambda v: v["h1"] / count),
    ]
    if count > 1:
        changes.append(change("1/N left out", FACTOR, "h1 - y", lambda v: v["h1"] - v["y"]))
    book.line("h1.grad", f"(h1 - y){share}", lambda v: (v["h1"] - v["y"]) / count, *changes)


def _backward(book: Book, count: int, output: bool, biased: bool) -> None:
    size = book.shape("x")[1]
    root = np.sqrt(size)
    if output:
        _weights(book, "W1_o", "h1.grad", "concat1")
        book.line("concat1.grad", "h1.grad @ W1_o", lambda v: v["h1.grad"] @ v["W1_o"])
    else:
        book.line("concat1.grad", "h1.grad", lambda v: v["h1.grad"] + 0)
    book.line("A1.grad", "concat1.grad @ V1.T", lambda v: v["concat1.grad"] @ v["V1"].T)
    a, g = "A1", "A1.grad"
    book.line(
        "scores1.grad", f"{a} * ({g} - sum({g} * {a}, axis=-1, keepdims=True))",
        lambda v: v[a] * (v[g] - (v[g] * v[a]).sum(-1, keepdims=True)),
        change("the Jacobian's diagonal alone", f"{DIAGONAL} missing_factor missing_term", f"{g} * {a} * (1 - {a})",
               lambda v: v[g] * v[a] * (1 - v[a])),
        change("the sum left out", "missing_term", f"{a} * {g}", lambda v: v[a] * v[g]),
        change("A left out", "missing_factor", f"{g} - sum({g} * {a}, axis=-1, keepdims=True)",
               lambda v: v[g] - (v[g] * v[a]).sum(-1, keepdims=True)),
        change("sum over the columns", "axis wrong_argument wrong_function", f"{a} * ({g} - sum({g} * {a}, axis=0))",
               lambda v: v[a] * (v[g] - (v[g] * v[a]).sum(0))),
        change("derivative left out", f"{FACTOR} wrong_value several", g, lambda v: v[g] + 0),
    )  # fmt: skip
    s, scale = "scores1.grad", f"(scores1.grad / sqrt({size}))"
    book.line(
        "V1.grad", "A1.T @ concat1.grad", lambda v: v[a].T @ v["concat1.grad"],
        change("transpose missing", "transpose", "A1 @ concat1.grad", lambda v: v[a] @ v["concat1.grad"]),
    )  # fmt: skip
    book.line(
        "K1.grad", f"{scale}.T @ Q1", lambda v: (v[s] / root).T @ v["Q1"],
        change("1/√d left out", FACTOR + " scale", f"{s}.T @ Q1", lambda v: v[s].T @ v["Q1"]),
        change("transpose missing", "transpose", f"{scale} @ Q1", lambda v: (v[s] / root) @ v["Q1"]),
    )  # fmt: skip
    book.line(
        "Q1.grad", f"{scale} @ K1", lambda v: (v[s] / root) @ v["K1"],
        change("1/√d left out", FACTOR + " scale", f"{s} @ K1", lambda v: v[s] @ v["K1"]),
        change("transpose too many", "transpose", f"{scale}.T @ K1", lambda v: (v[s] / root).T @ v["K1"]),
    )  # fmt: skip
    for name, letter in PAIRS:
        _weights(book, f"W1_{letter}", f"{name}.grad", "x")
        if biased:
            book.line(f"b1_{letter}.grad", f"sum({name}.grad, axis=0)", lambda v, n=name: v[f"{n}.grad"].sum(0),
                      change("mean for the sum", f"{FACTOR} wrong_function", f"mean({name}.grad, axis=0)",
                             lambda v, n=name: v[f"{n}.grad"].mean(0)))  # fmt: skip
    branches = [("V1.grad", "W1_v"), ("K1.grad", "W1_k"), ("Q1.grad", "W1_q")]

    def fork(v: Any, without: int = -1) -> Any:
        return sum(v[g] @ v[w] for k, (g, w) in enumerate(branches) if k != without)

    parts = [f"{g} @ {w}" for g, w in branches]
    changes = [
        change("one branch of the fork left out", "missing_term", " + ".join(parts[:k] + parts[k + 1 :]),
               lambda v, k=k: fork(v, k))
        for k in range(3)
    ]  # fmt: skip
    only = change("one branch of the fork only", "missing_term several", parts[0], lambda v: v["V1.grad"] @ v["W1_v"])
    book.line("x.grad", " + ".join(parts), fork, *changes, only)


def _weights(book: Book, w: str, g: str, x: str) -> None:
    book.line(
        f"{w}.grad", f"{g}.T @ {x}", lambda v: v[g].T @ v[x],
        change("product turned round", "swapped transpose", f"{x}.T @ {g}", lambda v: v[x].T @ v[g]),
    )  # fmt: skip
