"""Dense networks: regression of one example and of a batch, a softmax classifier, optimizers over two iterations."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.injector import losses
from tests.benchmarks.injector.dense import activate, activate_backward, linear, linear_backward
from tests.benchmarks.injector.optimizing import STATE, step
from tests.benchmarks.injector.student import Book, Exercise
from tests.benchmarks.injector.writing import Array, Random, dense, draw, listed, pick, text

Layer = tuple[str, str | None]  # what its linear result and its value are called; no activation: one name


def _labels(random: Random, loss: str, rows: int, size: int) -> tuple[Any, Array]:
    """Labels as the file has them, and as the student uses them."""
    if loss == "softmax_cross_entropy":
        numbers = random.integers(1, size + 1, rows or 1)
        one_hot = np.eye(size)[numbers - 1]
        return (listed(numbers), one_hot) if rows else (int(numbers[0]), one_hot[0])
    shape = (rows, size) if rows else (size,)
    if loss == "binary_cross_entropy_with_logits":
        targets = random.integers(0, 2, shape).astype(float)
    else:
        targets = draw(random, *shape)
    return listed(targets), targets


def network(
    random: Random, kind: str, loss: str, rows: int, sizes: list[int], activations: list[str | None],
    optimizer: tuple[str, dict[str, Any]], settings: dict[str, float], iterations: int = 1,
    numbers: dict[str, Array] | None = None,
) -> Exercise:  # fmt: skip
    """An exercise: forward, backward and step of a dense network.

    rows: the examples of a batch, 0 for one example. numbers: of x, y, W1 and so on where they are not drawn.
    """
    numbers = numbers or {}
    x = draw(random, *([rows] if rows else []), sizes[0])
    labels, y = _labels(random, loss, rows, sizes[-1])
    if numbers:
        x, y, labels = numbers["x"], numbers["y"], listed(numbers["y"])
    given: dict[str, Array] = {"x": x, "y": y, **settings, **numbers}
    layers, ends = [], [f"h{k}" for k in range(len(sizes))]
    parameters = []
    for k, activation in enumerate(activations, start=1):
        weights = numbers.get(f"W{k}", draw(random, sizes[k], sizes[k - 1]))
        bias = numbers.get(f"b{k}", draw(random, sizes[k]))
        given |= {f"W{k}": weights, f"b{k}": bias}
        parameters += [f"W{k}", f"b{k}"]
        layers.append(dense(weights, bias, activation))
    name, options = optimizer
    for parameter in parameters:
        given |= {f"{parameter}.{letter}": np.zeros_like(given[parameter]) for letter in STATE[name]}
    book = Book(given)
    ends[0] = "x"
    linears = ["", *(f"hbar{k}" if activation else f"h{k}" for k, activation in enumerate(activations, start=1))]
    for k, activation in enumerate(activations, start=1):
        linear(book, linears[k], f"W{k}", ends[k - 1], f"b{k}", bool(rows))
        if activation:
            activate(book, ends[k], linears[k], activation)
    last = ends[-1]
    if loss == "softmax_cross_entropy":
        losses.softmax_cross_entropy(book, last, bool(rows), from_p=bool(random.random() < 0.7))
    elif loss == "binary_cross_entropy_with_logits":
        losses.logistic(book, last, bool(rows))
    else:
        losses.distance(book, loss, last, bool(rows))
    for k in range(len(activations), 0, -1):
        activation = activations[k - 1]
        if activation:
            activate_backward(book, ends[k], linears[k], activation)
        linear_backward(book, linears[k], f"W{k}", ends[k - 1], f"b{k}", bool(rows))
    carried = [pair for parameter in parameters for pair in step(book, name, parameter, options.get("form", "pytorch"))]
    stated = {key.removeprefix("optimizer."): value for key, value in settings.items() if key != "optimizer.t"}
    file = text(
        title=f"{kind}: {' → '.join(map(str, sizes))}", inputs=listed(x), labels=labels, layers=layers, loss=loss,
        optimizer={name: {**options, **stated}},
    )  # fmt: skip
    return book.exercise(kind, file, carried, iterations)


def _sizes(random: Random, last: tuple[int, int], deep: float = 0.25) -> list[int]:
    inner = [int(random.integers(2, 5)) for _ in range(2 if random.random() < deep else 1)]
    return [int(random.integers(2, 4)), *inner, int(random.integers(last[0], last[1] + 1))]


def _rate(random: Random) -> dict[str, float]:
    return {"learning_rate": pick(random, 0.1, 0.1, 0.2, 0.5, 0.05)}


def mlp(random: Random) -> Exercise:
    """Regression of one example."""
    sizes = _sizes(random, (1, 3))
    activations = [pick(random, "relu", "sigmoid", "tanh") for _ in sizes[2:]]
    activations.append("sigmoid" if random.random() < 0.2 else None)
    loss = pick(random, "l2", "mse", "sse", "half_sse")
    return network(random, "mlp", loss, 0, sizes, activations, ("sgd", {}), _rate(random))


def batch(random: Random) -> Exercise:
    """A mini-batch."""
    sizes = _sizes(random, (1, 3), deep=0)
    loss = pick(random, "l2", "mse", "sse", "half_sse", "binary_cross_entropy_with_logits")
    rows = int(random.integers(2, 5))
    activations = [pick(random, "relu", "sigmoid", "tanh"), None]
    return network(random, "batch", loss, rows, sizes, activations, ("sgd", {}), _rate(random))


def softmax(random: Random) -> Exercise:
    """A classifier, of one example or of a mini-batch, with a hidden layer or without."""
    sizes = _sizes(random, (3, 4), deep=0)
    if random.random() < 0.4:
        del sizes[1]
    activations = [pick(random, "relu", "sigmoid", "tanh") for _ in sizes[2:]] + [None]
    rows = pick(random, 0, 0, 2, 3, 4)
    return network(random, "softmax", "softmax_cross_entropy", rows, sizes, activations, ("sgd", {}), _rate(random))


def adam(random: Random) -> Exercise:
    """Adam, momentum or RMSprop on a small network, over one or two iterations."""
    sizes = [2, int(random.integers(2, 4)), int(random.integers(1, 3))]
    if random.random() < 0.5:
        del sizes[1]
    activations = [pick(random, "relu", "sigmoid", "tanh") for _ in sizes[2:]] + [None]
    name = pick(random, "adam", "adam", "momentum", "rmsprop")
    settings, options = _rate(random), {}  # type: dict[str, float], dict[str, Any]
    if name == "adam":
        settings |= {"optimizer.beta1": pick(random, 0.9, 0.8), "optimizer.beta2": pick(random, 0.999, 0.99, 0.9),
                     "optimizer.epsilon": pick(random, 1e-8, 1e-8, 0.01), "optimizer.t": 1.0}  # fmt: skip
    elif name == "momentum":
        options = {"form": pick(random, "pytorch", "pytorch", "average", "step")}
        settings["optimizer.beta"] = pick(random, 0.9, 0.5)
    else:
        settings |= {"optimizer.alpha": pick(random, 0.9, 0.99), "optimizer.epsilon": pick(random, 1e-8, 0.01)}
    rows, loss = pick(random, 0, 0, 2), pick(random, "mse", "half_sse", "l2")
    return network(
        random, "adam", loss, rows, sizes, activations, (name, options), settings, iterations=pick(random, 1, 2, 2)
    )


def reference() -> Exercise:
    """The regression of the notebook, 3 → 4 → 3, whose numbers everybody knows."""
    numbers = {
        "x": [1.2, -1, 2], "y": [1.5, -1, 2],
        "W1": [[1, -1, 0], [0, -1, 1], [1, 1, -1], [1, 1, 1]], "b1": [0, 1, 1, -1],
        "W2": [[1.5, 1, 1, -1], [0, 0, 1, 1], [-1, 1, 1, -1]], "b2": [1, 0, 0.5],
    }  # fmt: skip
    arrays = {name: np.asarray(value, dtype=float) for name, value in numbers.items()}
    return network(
        np.random.default_rng(0), "reference", "l2", 0, [3, 4, 3], ["relu", None], ("sgd", {}),
        {"learning_rate": 0.01}, numbers=arrays,
    )  # fmt: skip
