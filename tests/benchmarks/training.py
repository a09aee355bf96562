"""SGD steps a second of compiled training, as a ratio to a plain loop written by hand in NumPy in the same run.

    python tests/benchmarks/training.py [SECONDS]

Each pair is measured in turn, several times, and the best of each counts. Where PyTorch is installed, its eager mode on
one thread is measured too. Goals, from issue 3: 10 times as fast as NumPy on the two tiny networks, 2.4 times on
4-16-3 in batches of 32, 1.05 times on 784-128-10 in batches of 64, 4 times on the CNN (cnn.py); at least as fast as
PyTorch on all, 100 times on the two tiny ones. The graph of 10,000 scalar nodes: 40 times as fast as micrograd's engine
once compiled.
"""

# ruff: noqa: N806 - W1 is what a weight is called

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy starts

import gc
import itertools
import math
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import cnn
import numpy as np

from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.registry import operation
from nncalc.engine.compile import compile_program
from nncalc.engine.descend import descend
from nncalc.engine.differentiate import differentiate
from nncalc.engine.shapes import infer
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Name, call
from nncalc.problem.from_layers import loss_equations

RATE = 0.01
ROUNDS = 5


class Network(NamedTuple):
    """A dense network of two layers: sizes, the hidden activation, the output's, the loss, the batch (0: one)."""

    sizes: tuple[int, int, int]
    hidden: str
    output: str
    loss: str
    batch: int
    goal: float
    torch_goal: float

    @property
    def name(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"{sizes} {self.hidden} {self.loss} {f'batch {self.batch}' if self.batch else 'one example'}"

    def values(self) -> dict[str, Any]:
        rng = np.random.default_rng(0)
        n, m, k = self.sizes
        rows = (self.batch,) if self.batch else ()
        y = rng.random((*rows, k))
        if self.loss == "softmax_cross_entropy":
            y = np.eye(k)[rng.integers(0, k, rows)]
        return {
            "x": rng.normal(size=(*rows, n)), "y": y,
            "W1": rng.normal(size=(m, n)) / math.sqrt(n), "b1": np.zeros(m),
            "W2": rng.normal(size=(k, m)) / math.sqrt(m), "b2": np.zeros(k),
        }  # fmt: skip


NETWORKS = (
    Network((3, 4, 3), "relu", "", "l2", 0, 10, 100),
    Network((2, 2, 2), "sigmoid", "sigmoid", "mse", 0, 10, 100),
    Network((4, 16, 3), "relu", "", "softmax_cross_entropy", 32, 2.4, 1),
    Network((784, 128, 10), "relu", "", "softmax_cross_entropy", 64, 1.05, 1),
)


def compiled_steps(network: Network) -> Callable[[int], Any]:
    """A function that takes so many compiled steps."""

    def linear(inner: str, k: int) -> Any:
        W, x, b = Name(f"W{k}"), Name(inner), Name(f"b{k}")
        return x @ W.T + b if network.batch else W @ x + b

    equations = [Equation("hbar1", linear("x", 1)), Equation("h1", getattr(call, network.hidden)(Name("hbar1")))]
    if network.output:
        equations += [Equation("hbar2", linear("h1", 2)), Equation("h2", getattr(call, network.output)(Name("hbar2")))]
    else:
        equations.append(Equation("h2", linear("h1", 2)))
    values = network.values()
    equations += loss_equations(operation(network.loss), "h2", {}, values["y"].shape, bool(network.batch))
    return compiled(equations, values, bool(network.batch))


def compiled(equations: list[Equation], values: dict[str, Any], batch: bool) -> Callable[[int], Any]:
    """A function that takes so many compiled steps of a network with the parameters W1, b1, W2 and b2."""
    program = Program(
        tuple(equations), ("x", "y"), ("W1", "b1", "W2", "b2"), ("y",), "loss", "h2", frozenset({"losses"})
    )
    sgd = optimizer("sgd")
    assert sgd is not None
    shapes = infer(program, {name: value.shape for name, value in values.items()})
    program = descend(differentiate(program, shapes), shapes, sgd, {**sgd.defaults, "learning_rate": RATE})
    values = {**values, "learning_rate": np.array(RATE)}
    # one example is the same in each step, as it is to `train`; of batches, each step has another
    data = ("x", "y") if batch else ()
    found = compile_program(program, values, {f"{name}.next": name for name in program.parameters}, data)
    packed = found.pack(tuple(values[name] for name in data))
    return lambda steps: found.run(itertools.repeat(packed, steps))


def numpy_steps(network: Network) -> Callable[[int], Any]:
    """The loop as one writes it by hand for this network."""
    v = network.values()
    x, y, W1, b1, W2, b2 = (v[name] for name in ("x", "y", "W1", "b1", "W2", "b2"))

    def one_example_relu_l2(steps: int) -> None:
        nonlocal W1, b1, W2, b2
        for _ in range(steps):
            z = W1 @ x + b1
            h = np.maximum(z, 0)
            out = W2 @ h + b2
            loss = np.sqrt(np.sum((out - y) ** 2))
            g = (out - y) / loss
            gz = (W2.T @ g) * (z > 0)
            W2 = W2 - RATE * np.outer(g, h)
            b2 = b2 - RATE * g
            W1 = W1 - RATE * np.outer(gz, x)
            b1 = b1 - RATE * gz

    def one_example_sigmoid_mse(steps: int) -> None:
        nonlocal W1, b1, W2, b2
        for _ in range(steps):
            h = 1 / (1 + np.exp(-(W1 @ x + b1)))
            out = 1 / (1 + np.exp(-(W2 @ h + b2)))
            loss = np.mean((out - y) ** 2)  # noqa: F841 - what a loop prints
            g = 2 * (out - y) / len(y) * out * (1 - out)
            gz = (W2.T @ g) * h * (1 - h)
            W2 = W2 - RATE * np.outer(g, h)
            b2 = b2 - RATE * g
            W1 = W1 - RATE * np.outer(gz, x)
            b1 = b1 - RATE * gz

    def batch_relu_softmax(steps: int) -> None:
        nonlocal W1, b1, W2, b2
        for _ in range(steps):
            z = x @ W1.T + b1
            h = np.maximum(z, 0)
            out = h @ W2.T + b2
            e = np.exp(out - out.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            loss = -np.mean(np.sum(y * np.log(p), axis=1))  # noqa: F841
            g = (p - y) / len(x)
            gz = (g @ W2) * (z > 0)
            W2 = W2 - RATE * (g.T @ h)
            b2 = b2 - RATE * g.sum(axis=0)
            W1 = W1 - RATE * (gz.T @ x)
            b1 = b1 - RATE * gz.sum(axis=0)

    if network.batch:
        return batch_relu_softmax
    return one_example_relu_l2 if network.hidden == "relu" else one_example_sigmoid_mse


def torch_steps(network: Network) -> Callable[[int], Any] | None:
    """PyTorch's eager mode on one thread, or None without PyTorch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    v = {name: torch.tensor(value, dtype=torch.float64) for name, value in network.values().items()}
    parameters = [v[name].requires_grad_() for name in ("W1", "b1", "W2", "b2")]
    activation = torch.relu if network.hidden == "relu" else torch.sigmoid
    sgd = torch.optim.SGD(parameters, lr=RATE)

    def steps(count: int) -> None:
        for _ in range(count):
            out = activation(v["x"] @ v["W1"].T + v["b1"]) @ v["W2"].T + v["b2"]
            if network.loss == "l2":
                loss = torch.linalg.vector_norm(out - v["y"])
            elif network.loss == "mse":
                loss = torch.nn.functional.mse_loss(torch.sigmoid(out), v["y"])
            else:
                loss = torch.nn.functional.cross_entropy(out, v["y"])
            sgd.zero_grad()
            loss.backward()
            sgd.step()

    return steps


# --- a graph of scalar nodes ------------------------------------------------------------------------------------------


class Value:
    """micrograd's engine (Karpathy, MIT licence), with the operations of this graph."""

    def __init__(self, data: float, children: tuple[Value, ...] = ()) -> None:
        self.data, self.grad, self._previous = data, 0.0, set(children)
        self._backward: Callable[[], None] = lambda: None

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = backward
        return out

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = backward
        return out

    def relu(self) -> Value:
        out = Value(0.0 if self.data < 0 else self.data, (self,))

        def backward() -> None:
            self.grad += (out.data > 0) * out.grad

        out._backward = backward
        return out

    def backward(self) -> None:
        topology: list[Value] = []
        visited: set[Value] = set()

        def build(value: Value) -> None:
            if value not in visited:
                visited.add(value)
                for child in value._previous:
                    build(child)
                topology.append(value)

        build(self)
        self.grad = 1.0
        for value in reversed(topology):
            value._backward()


WIDTH = 20  # chains side by side, so that micrograd's recursion is no deeper than nodes / WIDTH


def chain(a: Any, x: Any, i: int) -> Any:
    """Node i of a chain: kind by turns."""
    return (a * x, a + x, a * a, a.relu() if isinstance(a, Value) else call.relu(a))[i % 4]


def micrograd_pass(nodes: int) -> None:
    x = Value(0.5)
    total: Any = Value(0.0)
    for k in range(WIDTH):
        a: Any = Value(0.1 + k / 100)
        for i in range(nodes // WIDTH):
            a = chain(a, x, i)
        total = total + a
    total.backward()


def graph_pass(nodes: int) -> Callable[[int], Any]:
    """The same graph compiled, every node an equation: forward, backward and a step on its inputs."""
    equations: list[Equation] = []
    values = {"x": np.array(0.5)}
    total: Any = None
    for k in range(WIDTH):
        values[f"w{k}"] = np.array(0.1 + k / 100)
        a: Any = Name(f"w{k}")
        for i in range(nodes // WIDTH):
            equations.append(Equation(f"n{k}_{i}", chain(a, Name("x"), i)))
            a = Name(equations[-1].name)
        total = a if total is None else total + a
    program = Program((*equations, Equation("loss", total)), (), tuple(values), loss="loss")
    program = differentiate(program, infer(program, dict.fromkeys(values, ())))
    # the gradients themselves are what goes on, so that no more than they is worked out
    gradients = {f"{name}.grad": f"seen.{name}" for name in values}
    start = {**values, **{f"seen.{name}": np.array(0.0) for name in values}}
    compiled = compile_program(program, start, gradients, tuple(values), form="scalars")
    packed = compiled.pack(tuple(values.values()))
    return lambda steps: compiled.run(itertools.repeat(packed, steps))


# --- measuring --------------------------------------------------------------------------------------------------------


def rate(steps: Callable[[int], Any], seconds: float) -> float:
    """Steps a second."""
    count = 1
    while True:
        started = time.perf_counter()
        steps(count)
        taken = time.perf_counter() - started
        if taken > seconds / 2:
            return count / taken
        count = max(2 * count, int(count * seconds / max(taken, 1e-9)))


def compare(
    name: str, runners: dict[str, Callable[[int], Any]], goal: float, torch_goal: float, seconds: float
) -> None:
    """Prints how many times as fast as the others the compiled steps are; each runner in turn, the best of each."""
    best = dict.fromkeys(runners, 0.0)
    for _ in range(ROUNDS):
        for runner, steps in runners.items():
            best[runner] = max(best[runner], rate(steps, seconds))
    goals = {"NumPy": goal, "PyTorch": torch_goal}
    own = best.pop("nncalc")
    others = ", ".join(
        f"{own / other:.2f} × {runner}" + (f" (goal {goals[runner]:g})" if runner in goals else "")
        for runner, other in best.items()
    )
    print(f"{name}: {own:,.0f} steps/s, {others}")


def with_torch(runners: dict[str, Any], torch: Any) -> dict[str, Any]:
    """The runners, and PyTorch's where it is installed."""
    return runners if torch is None else {**runners, "PyTorch": torch}


def main(seconds: float = 0.2) -> None:
    for network in NETWORKS:
        runners = {"nncalc": compiled_steps(network), "NumPy": numpy_steps(network)}
        runners = with_torch(runners, torch_steps(network))
        compare(network.name, runners, network.goal, network.torch_goal, seconds)
    runners = {
        "nncalc": compiled(cnn.equations(), cnn.values(), batch=True),
        "NumPy": cnn.numpy_steps(RATE),
        "NumPy place by place": cnn.loop_steps(RATE),
    }
    compare(cnn.NAME, with_torch(runners, cnn.torch_steps(RATE)), 4, 1, seconds)
    sys.setrecursionlimit(100_000)
    gc.disable()  # going through micrograd's nodes again and again takes three quarters of its time
    micro = 1e9 / 10_000 / max(rate(lambda n: [micrograd_pass(10_000) for _ in range(n)], seconds) for _ in range(3))
    gc.enable()
    per_node = {}
    for nodes in (100, 1_000, 10_000, 100_000):
        steps = graph_pass(nodes)
        per_node[nodes] = 1e9 / nodes / max(rate(steps, seconds) for _ in range(3))
    print("a graph of scalar nodes, ns a node:", {n: round(t, 1) for n, t in per_node.items()})
    print(f"10,000 nodes: {micro / per_node[10_000]:.0f} × micrograd (goal 40)")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
