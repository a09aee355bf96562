"""An LSTM by hand: the four gates, the cell, and backpropagation through time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.injector import losses
from tests.benchmarks.injector.dense import ARGUMENT, activate, activate_backward
from tests.benchmarks.injector.networks import _rate
from tests.benchmarks.injector.optimizing import step
from tests.benchmarks.injector.student import Book, Exercise, change
from tests.benchmarks.injector.writing import Random, draw, listed, pick, text

GATES = "ifgo"


def lstm(random: Random) -> Exercise:
    """One layer over two or three time steps; the last output or all of them against a label."""
    steps, units, size = pick(random, 2, 2, 3), pick(random, 1, 1, 2), pick(random, 1, 2)
    every = bool(random.random() < 0.5)
    x, y = draw(random, steps, size), draw(random, *([steps] if every else []), units)
    rate = _rate(random)
    given: dict[str, Any] = {"x": x, "y": y, "h1_t0": np.zeros(units), "c1_t0": np.zeros(units), **rate}
    for gate in GATES:
        given |= {f"W1_{gate}": draw(random, units, size), f"U1_{gate}": draw(random, units, units),
                  f"b1_{gate}": draw(random, units)}  # fmt: skip
    book = Book(given)
    for t in range(1, steps + 1):
        _forward(book, t)
    if every:
        names = [f"h1_t{t}" for t in range(1, steps + 1)]
        book.line("h1", f"stack({', '.join(names)})", lambda v: np.stack([v[name] for name in names]), sign=False)
    else:
        book.line("h1", f"h1_t{steps}", lambda v: v[f"h1_t{steps}"] + 0, sign=False)
    _loss(book, every, steps)
    for t in range(steps, 0, -1):
        _backward(book, t, steps, every)
    for gate in GATES:
        for parameter in (f"W1_{gate}", f"U1_{gate}", f"b1_{gate}"):
            _over_time(book, parameter, steps)
    _inputs(book, steps)
    parameters = [f"{letter}1_{gate}" for gate in GATES for letter in "WUb"]
    carried = [pair for parameter in parameters for pair in step(book, "sgd", parameter)]
    settings = {
        key: {gate: listed(given[f"{letter}1_{gate}"]) for gate in GATES}
        for key, letter in (("weights", "W"), ("recurrent_weights", "U"), ("bias", "b"))
    }
    file = text(
        title=f"lstm: {steps} steps, {units} units", inputs=listed(x), labels=listed(y),
        layers=[{"lstm": {**settings, "output": "all" if every else "last"}}],
        loss={"half_sse": {"reduction": "sum"}} if every else "half_sse", optimizer={"sgd": rate},
    )  # fmt: skip
    return book.exercise("lstm", file, carried)


def _forward(book: Book, t: int) -> None:
    before, cell = f"h1_t{t - 1}", f"c1_t{t - 1}"
    for gate in GATES:
        z, w, u, b = f"{gate}bar1_t{t}", f"W1_{gate}", f"U1_{gate}", f"b1_{gate}"

        def of(v: Any, bias: float = 1, again: float = 1, w: str = w, u: str = u, b: str = b) -> Any:
            return v[w] @ v["x"][t - 1] + again * (v[u] @ v[before]) + bias * v[b]

        book.line(
            z, f"{w} @ x[{t - 1}] + {u} @ {before} + {b}", of,
            change("gate without its bias", "missing_term", f"{w} @ x[{t - 1}] + {u} @ {before}",
                   lambda v, f=of: f(v, 0)),
            change("recurrent term left out", "missing_term", f"{w} @ x[{t - 1}] + {b}", lambda v, f=of: f(v, 1, 0)),
            change("sign of a term", "sign", f"{w} @ x[{t - 1}] - {u} @ {before} + {b}", lambda v, f=of: f(v, 1, -1)),
        )  # fmt: skip
        activate(book, f"{gate}1_t{t}", z, "tanh" if gate == "g" else "sigmoid")
    i, f, g, o = (f"{gate}1_t{t}" for gate in GATES)
    new = f"c1_t{t}"
    book.line(
        new, f"{f} * {cell} + {i} * {g}", lambda v: v[f] * v[cell] + v[i] * v[g],
        change("i and f swapped", "swapped wrong_value", f"{i} * {cell} + {f} * {g}",
               lambda v: v[i] * v[cell] + v[f] * v[g]),
        change("forgotten part left out", "missing_term", f"{i} * {g}", lambda v: v[i] * v[g]),
        change("i left out", "missing_factor", f"{f} * {cell} + {g}", lambda v: v[f] * v[cell] + v[g]),
        change("f left out", "missing_factor", f"{cell} + {i} * {g}", lambda v: v[cell] + v[i] * v[g]),
        change("sign of a term", "sign", f"{f} * {cell} - {i} * {g}", lambda v: v[f] * v[cell] - v[i] * v[g]),
    )  # fmt: skip
    book.line(
        f"h1_t{t}", f"{o} * tanh({new})", lambda v: v[o] * np.tanh(v[new]),
        change("tanh left out on the cell", "wrong_function missing_factor", f"{o} * {new}", lambda v: v[o] * v[new]),
        change("wrong gate", "wrong_value", f"{i} * tanh({new})", lambda v: v[i] * np.tanh(v[new])),
        change("previous cell", "wrong_value wrong_argument", f"{o} * tanh({cell})", lambda v: v[o] * np.tanh(v[cell])),
    )  # fmt: skip


def _loss(book: Book, every: bool, steps: int) -> None:
    if not every:
        losses.distance(book, "half_sse", "h1", rows=False)
        return
    book.line(
        "loss", "half_sse(h1, y, reduction='sum')", lambda v: ((v["h1"] - v["y"]) ** 2).sum() / 2,
        change("the half left out", losses.HALF, "sum((h1 - y) ** 2)", lambda v: ((v["h1"] - v["y"]) ** 2).sum()),
        change("the mean over the steps", losses.HALF, f"sum((h1 - y) ** 2) / 2 / {steps}",
               lambda v: ((v["h1"] - v["y"]) ** 2).sum() / 2 / steps),
    )  # fmt: skip
    book.line(
        "h1.grad", "h1 - y", lambda v: v["h1"] - v["y"],
        change("sign of a term", "sign", "h1 + y", lambda v: v["h1"] + v["y"]),
        change("the label left out", "missing_term", "h1", lambda v: v["h1"] + 0),
        change("a 2 too many", losses.FACTOR, "2 * (h1 - y)", lambda v: 2 * (v["h1"] - v["y"])),
    )  # fmt: skip


def _backward(book: Book, t: int, steps: int, every: bool) -> None:
    i, f, g, o = (f"{gate}1_t{t}" for gate in GATES)
    before = f"h1_t{t - 1}"
    h, c, cell = f"h1_t{t}", f"c1_t{t}", f"c1_t{t - 1}"
    hg, cg = f"{h}.grad", f"{c}.grad"
    if t == steps:
        if every:
            book.line(hg, f"h1.grad[{t - 1}]", lambda v: v["h1.grad"][t - 1] + 0)
        else:
            book.line(hg, "h1.grad", lambda v: v["h1.grad"] + 0)
    else:
        _output_backward(book, t, every)
    inner = f"{hg} * {o} * (1 - tanh({c}) ** 2)"

    def here(v: Any) -> Any:
        return v[hg] * v[o] * (1 - np.tanh(v[c]) ** 2)

    changes = []
    if t < steps:
        nf, ng = f"f1_t{t + 1}", f"c1_t{t + 1}.grad"
        head = f"{ng} * {nf} + "
        changes += [
            change("the later cell's branch left out", "missing_term", inner, here),
            change("the output's branch left out", "missing_term", f"{ng} * {nf}", lambda v: v[ng] * v[nf]),
            change("f left out", "missing_factor", f"{ng} + {inner}", lambda v: v[ng] + here(v)),
            change("this step's f", "wrong_value", f"{ng} * {f} + {inner}", lambda v: v[ng] * v[f] + here(v)),
        ]

        def later(v: Any) -> Any:
            return v[ng] * v[nf]
    else:
        head = ""

        def later(v: Any) -> Any:
            return 0.0

    book.line(
        cg, head + inner, lambda v: later(v) + here(v), *changes,
        change("tanh' left out", "missing_factor", f"{head}{hg} * {o}", lambda v: later(v) + v[hg] * v[o]),
        change("1 - c² for 1 - tanh²", f"{ARGUMENT} wrong_function missing_factor",
               f"{head}{hg} * {o} * (1 - {c} ** 2)",
               lambda v: later(v) + v[hg] * v[o] * (1 - v[c] ** 2)),
    )  # fmt: skip
    book.line(
        f"{o}.grad", f"{hg} * tanh({c})", lambda v: v[hg] * np.tanh(v[c]),
        change("tanh left out", "missing_factor wrong_function", f"{hg} * {c}", lambda v: v[hg] * v[c]),
    )  # fmt: skip
    for gate, factor in ((g, i), (f, cell), (i, g)):
        book.line(
            f"{gate}.grad", f"{cg} * {factor}", lambda v, factor=factor: v[cg] * v[factor],
            change("factor left out", "missing_factor", cg, lambda v: v[cg] + 0),
            change("h's gradient for c's", "wrong_value", f"{hg} * {factor}",
                   lambda v, factor=factor: v[hg] * v[factor]),
        )  # fmt: skip
    for gate in "ogfi":
        value, z = f"{gate}1_t{t}", f"{gate}bar1_t{t}"
        activate_backward(book, value, z, "tanh" if gate == "g" else "sigmoid")
        zg = f"{z}.grad"
        book.line(
            f"W1_{gate}.grad_t{t}", f"outer({zg}, x[{t - 1}])", lambda v, zg=zg: np.outer(v[zg], v["x"][t - 1]),
        )  # fmt: skip
        book.line(f"U1_{gate}.grad_t{t}", f"outer({zg}, {before})", lambda v, zg=zg: np.outer(v[zg], v[before]),
                  change("this step's output", "wrong_value", f"outer({zg}, {h})",
                         lambda v, zg=zg: np.outer(v[zg], v[h])))  # fmt: skip
        book.line(f"b1_{gate}.grad_t{t}", zg, lambda v, zg=zg: v[zg] + 0)


def _output_backward(book: Book, t: int, every: bool) -> None:
    """h_t.grad: from the loss, where it meets each step, and from every gate of the next step."""
    terms = [(f"U1_{gate}.T @ {gate}bar1_t{t + 1}.grad", f"U1_{gate}", f"{gate}bar1_t{t + 1}.grad") for gate in "ogfi"]

    def of(v: Any, without: int = -1, loss: bool = True) -> Any:
        total = sum(v[u].T @ v[g] for k, (_, u, g) in enumerate(terms) if k != without)
        return total + v["h1.grad"][t - 1] if every and loss else total

    own = [f"h1.grad[{t - 1}]"] if every else []
    changes = []
    for k in range(4):
        rest = [part for j, (part, _, _) in enumerate(terms) if j != k]
        changes.append(change("a gate's contribution left out", "missing_term", " + ".join([*own, *rest]),
                              lambda v, k=k: of(v, k)))  # fmt: skip
    parts = [part for part, _, _ in terms]
    if every:
        changes.append(change("the loss's contribution left out", "missing_term", " + ".join(parts),
                              lambda v: of(v, loss=False)))  # fmt: skip
        changes.append(change("the next step's contribution left out", "missing_term several", own[0],
                              lambda v: v["h1.grad"][t - 1] + 0))  # fmt: skip
    book.line(f"h1_t{t}.grad", " + ".join([*own, *parts]), of, *changes)


def _over_time(book: Book, parameter: str, steps: int) -> None:
    names = [f"{parameter}.grad_t{t}" for t in range(1, steps + 1)]
    changes = []
    for left in range(steps):
        rest = names[:left] + names[left + 1 :]
        changes.append(change("a time step's contribution left out", "missing_term", " + ".join(rest),
                              lambda v, rest=rest: sum(v[name] for name in rest) + 0))  # fmt: skip
    total = " + ".join(names)
    changes.append(change("the mean over the steps", f"{losses.HALF} extra_factor", f"({total}) / {steps}",
                          lambda v: sum(v[name] for name in names) / steps))  # fmt: skip
    book.line(f"{parameter}.grad", total, lambda v: sum(v[name] for name in names), *changes)


def _inputs(book: Book, steps: int) -> None:
    def of(v: Any, without: str = "") -> Any:
        return np.stack([
            sum(v[f"W1_{gate}"].T @ v[f"{gate}bar1_t{t}.grad"] for gate in "ogfi" if gate != without)
            for t in range(1, steps + 1)
        ])  # fmt: skip

    def written(without: str = "") -> str:
        rows = (
            " + ".join(f"W1_{gate}.T @ {gate}bar1_t{t}.grad" for gate in "ogfi" if gate != without)
            for t in range(1, steps + 1)
        )
        return f"stack({', '.join(rows)})"

    book.line("x.grad", written(), of)
