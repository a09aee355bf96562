"""A small convolutional network by hand: every window multiplied out in loops."""

# ruff: noqa: N803, N806 - W1 is what a weight is called

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.injector import losses
from tests.benchmarks.injector.dense import FACTOR, activate, activate_backward, linear, linear_backward
from tests.benchmarks.injector.networks import _labels, _rate
from tests.benchmarks.injector.optimizing import step
from tests.benchmarks.injector.student import Book, Exercise, change
from tests.benchmarks.injector.writing import Array, Random, dense, draw, listed, pick, text


def _places(x: Array, W: Array) -> Any:
    height, width = W.shape[2:]
    for i in range(x.shape[1] - height + 1):
        for j in range(x.shape[2] - width + 1):
            yield i, j, slice(i, i + height), slice(j, j + width)


def convolve(x: Array, W: Array) -> Array:
    """Cross-correlation: x (channels, height, width), W (out, channels, height, width)."""
    out = np.zeros((W.shape[0], x.shape[1] - W.shape[2] + 1, x.shape[2] - W.shape[3] + 1))
    for i, j, rows, columns in _places(x, W):
        for o in range(W.shape[0]):
            out[o, i, j] = (x[:, rows, columns] * W[o]).sum()
    return out


def to_weights(g: Array, x: Array, W: Array) -> Array:
    out = np.zeros(W.shape)
    for i, j, rows, columns in _places(x, W):
        for o in range(W.shape[0]):
            out[o] += g[o, i, j] * x[:, rows, columns]
    return out


def to_inputs(g: Array, x: Array, W: Array) -> Array:
    out = np.zeros(x.shape)
    for i, j, rows, columns in _places(x, W):
        for o in range(W.shape[0]):
            out[:, rows, columns] += g[o, i, j] * W[o]
    return out


def flipped(W: Array) -> Array:
    return W[:, :, ::-1, ::-1]


def pool(x: Array, how: Any) -> Array:
    channels, height, width = x.shape
    return how(x.reshape(channels, height // 2, 2, width // 2, 2).transpose(0, 1, 3, 2, 4).reshape(
        channels, height // 2, width // 2, 4), axis=-1)  # fmt: skip


def spread(g: Array) -> Array:
    return g.repeat(2, axis=1).repeat(2, axis=2)


def to_largest(g: Array, h: Array) -> Array:
    """Each gradient to the first largest entry of its window."""
    out = np.zeros(h.shape)
    for c, i, j in np.ndindex(*g.shape):
        window = h[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        a, b = np.unravel_index(np.argmax(window), (2, 2))
        out[c, 2 * i + a, 2 * j + b] = g[c, i, j]
    return out


def conv(random: Random) -> Exercise:
    """conv2d, ReLU, a pool (or none), flatten, dense, and half the squared error or softmax with cross-entropy."""
    kernel, pooling = pick(random, 2, 3), pick(random, "max", "max", "avg", None)
    side = kernel + pick(random, 1, 3) if pooling else kernel + 1
    channels, outputs, classes = pick(random, 1, 1, 2), pick(random, 1, 2), pick(random, 2, 3)
    x, W1, b1 = (
        draw(random, channels, side, side),
        draw(random, outputs, channels, kernel, kernel),
        draw(random, outputs),
    )
    square = side - kernel + 1
    flat = outputs * (square // 2 if pooling else square) ** 2
    W2, b2 = draw(random, classes, flat), draw(random, classes)
    loss = pick(random, "softmax_cross_entropy", "half_sse")
    activation = pick(random, "relu", "relu", "sigmoid", "tanh")
    labels, y = _labels(random, loss, 0, classes)
    rate = _rate(random)
    book = Book({"x": x, "y": y, "W1": W1, "b1": b1, "W2": W2, "b2": b2, **rate})
    bias = "b1[:, None, None]"
    book.line(
        "hbar1", f"conv2d(x, W1) + {bias}", lambda v: convolve(v["x"], v["W1"]) + v["b1"][:, None, None],
        change("bias left out", "missing_term", "conv2d(x, W1)", lambda v: convolve(v["x"], v["W1"])),
        change("bias taken away", "sign", f"conv2d(x, W1) - {bias}",
               lambda v: convolve(v["x"], v["W1"]) - v["b1"][:, None, None]),
        change("kernel flipped", "flip kernel_flipped flipped_kernel convolution wrong_function wrong_argument",
               f"conv2d(x, W1, flip=True) + {bias}",
               lambda v: convolve(v["x"], flipped(v["W1"])) + v["b1"][:, None, None]),
    )  # fmt: skip
    activate(book, "h1", "hbar1", activation)
    behind = "pool1" if pooling else "h1"
    if pooling:
        _pool(book, pooling)
    book.line("flat1", f"flatten({behind})", lambda v: v[behind].reshape(-1), sign=False)
    linear(book, "h2", "W2", "flat1", "b2", rows=False)
    if loss == "half_sse":
        losses.distance(book, loss, "h2", rows=False)
    else:
        losses.softmax_cross_entropy(book, "h2", rows=False, from_p=bool(random.random() < 0.7))
    linear_backward(book, "h2", "W2", "flat1", "b2", rows=False)
    shape = book.shape(behind)
    book.line(f"{behind}.grad", f"reshape(flat1.grad, shape={shape})", lambda v: v["flat1.grad"].reshape(shape),
              sign=False)  # fmt: skip
    if pooling:
        _pool_backward(book, pooling, W1)
    activate_backward(book, "h1", "hbar1", activation)
    _conv_backward(book, W1, x)
    carried = [pair for parameter in ("W1", "b1", "W2", "b2") for pair in step(book, "sgd", parameter)]
    layers: list[Any] = [{"conv2d": {"weights": listed(W1), "bias": listed(b1), "activation": activation}}]
    layers += [{f"{pooling}_pool2d": {"size": 2}}] if pooling else []
    file = text(
        title=f"conv: {channels}×{side}×{side}", inputs=listed(x), labels=labels,
        layers=[*layers, "flatten", dense(W2, b2)], loss=loss, optimizer={"sgd": rate},
    )  # fmt: skip
    return book.exercise("conv", file, carried)


def _pool(book: Book, pooling: str) -> None:
    mean = f"{FACTOR} wrong_function"
    if pooling == "max":
        book.line(
            "pool1", "max_pool2d(h1, size=2)", lambda v: pool(v["h1"], np.max),
            change("average for maximum", "wrong_function", "avg_pool2d(h1, size=2)",
                   lambda v: pool(v["h1"], np.mean)), sign=False,
        )  # fmt: skip
    else:
        book.line(
            "pool1", "avg_pool2d(h1, size=2)", lambda v: pool(v["h1"], np.mean),
            change("maximum for average", "wrong_function", "max_pool2d(h1, size=2)", lambda v: pool(v["h1"], np.max)),
            change("sum for average", mean, "4 * avg_pool2d(h1, size=2)", lambda v: pool(v["h1"], np.sum)), sign=False,
        )  # fmt: skip


def _pool_backward(book: Book, pooling: str, W1: Array) -> None:
    shape = book.shape("h1")
    average = f"avg_unpool2d(pool1.grad, shape={shape}, size=2)"
    if pooling == "max":
        book.line(
            "h1.grad", "max_unpool2d(pool1.grad, h1, size=2)", lambda v: to_largest(v["pool1.grad"], v["h1"]),
            change("spread over the window", "wrong_function spread", average, lambda v: spread(v["pool1.grad"]) / 4),
            change("copied to the whole window", "wrong_function missing_factor spread", f"4 * {average}",
                   lambda v: spread(v["pool1.grad"])),
        )  # fmt: skip
    else:
        book.line(
            "h1.grad", average, lambda v: spread(v["pool1.grad"]) / 4,
            change("1/4 left out", f"{FACTOR} wrong_function", f"4 * {average}", lambda v: spread(v["pool1.grad"])),
            change("to the largest entry", "wrong_function", "max_unpool2d(pool1.grad, h1, size=2)",
                   lambda v: to_largest(v["pool1.grad"], v["h1"])),
        )  # fmt: skip


def _conv_backward(book: Book, W1: Array, x: Array) -> None:
    g = "hbar1.grad"
    weights, inputs = f"shape={W1.shape}", f"shape={x.shape}"
    flip = "flip kernel_flipped flipped_kernel convolution wrong_function wrong_argument rotated"
    book.line(
        "W1.grad", f"conv2d_weight({g}, x, {weights})", lambda v: to_weights(v[g], v["x"], W1),
        change("kernel flipped", flip, f"conv2d_weight({g}, x, {weights}, flip=True)",
               lambda v: flipped(to_weights(v[g], v["x"], W1))),
    )  # fmt: skip
    book.line(
        "b1.grad", f"sum({g}, axis=(1, 2))", lambda v: v[g].sum(axis=(1, 2)),
        change("mean for the sum", f"{FACTOR} wrong_function", f"mean({g}, axis=(1, 2))",
               lambda v: v[g].mean(axis=(1, 2))),
    )  # fmt: skip
    book.line(
        "x.grad", f"conv2d_input({g}, W1, {inputs})", lambda v: to_inputs(v[g], x, v["W1"]),
        change("kernel flipped", flip, f"conv2d_input({g}, W1, {inputs}, flip=True)",
               lambda v: to_inputs(v[g], x, flipped(v["W1"]))),
    )  # fmt: skip
