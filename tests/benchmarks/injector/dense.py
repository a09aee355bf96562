"""Dense layers and activations by hand, forward and backward: one example (W x + b) or one a row (x Wᵀ + b)."""

# ruff: noqa: N803 - W is what a weight is called

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.injector.student import Book, Change, Values, change

Array = Any


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def relu(z: Array) -> Array:
    return np.where(z > 0, z, 0.0)


FUNCTIONS: dict[str, Callable[[Array], Array]] = {"relu": relu, "sigmoid": sigmoid, "tanh": np.tanh}
FACTOR = "missing_factor extra_factor"
FUNCTION = "wrong_function wrong_value missing_factor"
ARGUMENT = "wrong_argument wrong_value"


def linear(book: Book, out: str, W: str, x: str, b: str, rows: bool) -> None:
    """out = W x + b."""
    if rows:
        product = f"{x} @ {W}.T"
        book.line(out, f"{product} + {b}", lambda v: v[x] @ v[W].T + v[b], *_bias(product, b, lambda v: v[x] @ v[W].T))
    else:
        product = f"{W} @ {x}"
        book.line(out, f"{product} + {b}", lambda v: v[W] @ v[x] + v[b], *_bias(product, b, lambda v: v[W] @ v[x]))


def _bias(product: str, b: str, compute: Callable[[Values], Array]) -> tuple[Change, ...]:
    return (
        change("bias left out", "missing_term", product, compute),
        change("bias taken away", "sign", f"{product} - {b}", lambda v: compute(v) - v[b]),
    )


def activate(book: Book, out: str, z: str, function: str) -> None:
    """out = function(z)."""
    changes = [change("activation left out", FUNCTION, z, lambda v: v[z] + 0)]
    for other, apply in FUNCTIONS.items():
        if other != function:
            name = f"{other} for {function}"
            changes.append(change(name, "wrong_function", f"{other}({z})", lambda v, f=apply: f(v[z])))
    if function == "sigmoid":
        changes.append(
            change("sign in the exponent", "sign wrong_function", f"sigmoid(-{z})", lambda v: sigmoid(-v[z]))
        )
    book.line(out, f"{function}({z})", lambda v: FUNCTIONS[function](v[z]), *changes, sign=False)


def activate_backward(book: Book, h: str, z: str, function: str) -> None:
    """z.grad = h.grad times the activation's derivative."""
    g = f"{h}.grad"
    left_out = change("derivative left out", f"{FACTOR} wrong_value", g, lambda v: v[g] + 0)
    alone = "missing_factor"
    if function == "relu":
        book.line(
            f"{z}.grad", f"{g} * ({z} > 0)", lambda v: v[g] * (v[z] > 0), left_out,
            change("mask from the gradient", ARGUMENT, f"{g} * ({g} > 0)", lambda v: v[g] * (v[g] > 0)),
            change("ReLU for its derivative", "wrong_function wrong_argument wrong_value missing_factor extra_factor",
                   f"{g} * {h}", lambda v: v[g] * v[h]),
            change("mask turned round", "sign wrong_function wrong_argument swapped",
                   f"{g} * ({z} < 0)", lambda v: v[g] * (v[z] < 0)),
        )  # fmt: skip
    elif function == "sigmoid":
        book.line(
            f"{z}.grad", f"{g} * {h} * (1 - {h})", lambda v: v[g] * v[h] * (1 - v[h]), left_out,
            change("z(1 - z) for a(1 - a)", ARGUMENT, f"{g} * {z} * (1 - {z})", lambda v: v[g] * v[z] * (1 - v[z])),
            change("tanh' for sigmoid'", "wrong_function", f"{g} * (1 - {h} ** 2)", lambda v: v[g] * (1 - v[h] ** 2)),
            change("the factor a left out", alone, f"{g} * (1 - {h})", lambda v: v[g] * (1 - v[h])),
            change("the factor 1 - a left out", alone, f"{g} * {h}", lambda v: v[g] * v[h]),
            change("1 + a for 1 - a", "sign", f"{g} * {h} * (1 + {h})", lambda v: v[g] * v[h] * (1 + v[h])),
            change("derivative alone", alone, f"{h} * (1 - {h})", lambda v: v[h] * (1 - v[h])),
        )  # fmt: skip
    else:
        book.line(
            f"{z}.grad", f"{g} * (1 - {h} ** 2)", lambda v: v[g] * (1 - v[h] ** 2), left_out,
            change("1 - z² for 1 - a²", ARGUMENT, f"{g} * (1 - {z} ** 2)", lambda v: v[g] * (1 - v[z] ** 2)),
            change("sigmoid' for tanh'", "wrong_function", f"{g} * {h} * (1 - {h})",
                   lambda v: v[g] * v[h] * (1 - v[h])),
            change("the square left out", f"wrong_function {FACTOR}", f"{g} * (1 - {h})", lambda v: v[g] * (1 - v[h])),
            change("1 + a² for 1 - a²", "sign", f"{g} * (1 + {h} ** 2)", lambda v: v[g] * (1 + v[h] ** 2)),
        )  # fmt: skip


def linear_backward(book: Book, out: str, W: str, x: str, b: str, rows: bool) -> None:
    """The gradients of W, b and x, where out = W x + b."""
    g = f"{out}.grad"
    if rows:
        book.line(
            f"{W}.grad", f"{g}.T @ {x}", lambda v: v[g].T @ v[x],
            change("product turned round", "swapped transpose transposed", f"{x}.T @ {g}", lambda v: v[x].T @ v[g]),
        )  # fmt: skip
        book.line(
            f"{b}.grad", f"sum({g}, axis=0)", lambda v: v[g].sum(axis=0),
            change("mean for the sum over the examples", f"wrong_function {FACTOR}", f"mean({g}, axis=0)",
                   lambda v: v[g].mean(axis=0)),
        )  # fmt: skip
        book.line(f"{x}.grad", f"{g} @ {W}", lambda v: v[g] @ v[W])
    else:
        changes = [change("product turned round", "swapped transpose transposed", f"outer({x}, {g})",
                          lambda v: np.outer(v[x], v[g]))]  # fmt: skip
        if book.shape(g) == book.shape(x):
            changes.append(change("entry by entry", "elementwise", f"{g} * {x}", lambda v: v[g] * v[x]))
        book.line(f"{W}.grad", f"outer({g}, {x})", lambda v: np.outer(v[g], v[x]), *changes)
        book.line(f"{b}.grad", g, lambda v: v[g] + 0)
        book.line(f"{x}.grad", f"{W}.T @ {g}", lambda v: v[W].T @ v[g])
