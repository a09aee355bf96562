"""Problems written as equations: small graphs worked out node by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.injector.dense import FACTOR, sigmoid
from tests.benchmarks.injector.optimizing import step
from tests.benchmarks.injector.student import Book, Exercise, change
from tests.benchmarks.injector.writing import Array, Random, draw, listed, pick, text

Drawn = dict[str, Array]


def _exercise(
    random: Random, given: Drawn, parameters: Drawn, equations: str, steps: Callable[[Book], None]
) -> Exercise:
    rate = {"learning_rate": pick(random, 0.1, 0.2, 0.5)}
    book = Book({**given, **parameters, **rate})
    steps(book)
    carried = [pair for parameter in parameters for pair in step(book, "sgd", parameter)]
    file = text(
        title="expression", given={name: listed(value) for name, value in given.items()},
        parameters={name: listed(value) for name, value in parameters.items()}, equations=equations,
        optimizer={"sgd": rate},
    )  # fmt: skip
    return book.exercise("expression", file, carried)


def _product(book: Book, name: str, a: str, b: str, *more: Any) -> None:
    """name = a * b, with what people do to a product."""
    book.line(
        name, f"{a} * {b}", lambda v: v[a] * v[b],
        change("the other factor left out", "missing_factor wrong_value", a, lambda v: v[a] + 0),
        change("added for multiplied", "wrong_function missing_factor", f"{a} + {b}", lambda v: v[a] + v[b]), *more,
    )  # fmt: skip


def _copy(book: Book, name: str, source: str) -> None:
    book.line(name, source, lambda v: v[source] + 0)


def _neuron(random: Random) -> Exercise:
    def steps(book: Book) -> None:
        book.line(
            "s", "w0 * x0 + w1 * x1 + w2", lambda v: v["w0"] * v["x0"] + v["w1"] * v["x1"] + v["w2"],
            change("bias left out", "missing_term", "w0 * x0 + w1 * x1",
                   lambda v: v["w0"] * v["x0"] + v["w1"] * v["x1"]),
            change("a term left out", "missing_term", "w0 * x0 + w2", lambda v: v["w0"] * v["x0"] + v["w2"]),
            change("sign of a term", "sign", "w0 * x0 - w1 * x1 + w2",
                   lambda v: v["w0"] * v["x0"] - v["w1"] * v["x1"] + v["w2"]),
        )  # fmt: skip
        book.line(
            "f",
            "sigmoid(s)",
            lambda v: sigmoid(v["s"]),
            change("sign in the exponent", "sign wrong_function", "sigmoid(-s)", lambda v: sigmoid(-v["s"])),
            change("tanh for sigmoid", "wrong_function", "tanh(s)", lambda v: np.tanh(v["s"])),
            sign=False,
        )
        book.line(
            "s.grad", "f * (1 - f)", lambda v: v["f"] * (1 - v["f"]),
            change("z(1 - z) for a(1 - a)", "wrong_argument wrong_value", "s * (1 - s)",
                   lambda v: v["s"] * (1 - v["s"])),
            change("a left out", "missing_factor", "1 - f", lambda v: 1 - v["f"]),
            change("tanh' for sigmoid'", "wrong_function", "1 - f ** 2", lambda v: 1 - v["f"] ** 2),
        )  # fmt: skip
        for k in "01":
            _product(book, f"w{k}.grad", "s.grad", f"x{k}")
        _copy(book, "w2.grad", "s.grad")
        for k in "01":
            _product(book, f"x{k}.grad", "s.grad", f"w{k}")

    given = {name: draw(random) for name in ("x0", "x1")}
    weights = {name: draw(random) for name in ("w0", "w1", "w2")}
    return _exercise(random, given, weights, "s = w0 * x0 + w1 * x1 + w2\nf = sigmoid(s)", steps)


def _sum_times(random: Random) -> Exercise:
    def steps(book: Book) -> None:
        book.line("q", "x + y", lambda v: v["x"] + v["y"],
                  change("sign of a term", "sign", "x - y", lambda v: v["x"] - v["y"]))  # fmt: skip
        _product(book, "f", "q", "z")
        _copy(book, "z.grad", "q")
        _copy(book, "q.grad", "z")
        _copy(book, "x.grad", "q.grad")
        _copy(book, "y.grad", "q.grad")

    drawn = {name: draw(random, size=5) for name in "xyz"}
    return _exercise(random, {}, drawn, "q = x + y\nf = q * z", steps)


def _inverse(random: Random) -> Exercise:
    def steps(book: Book) -> None:
        _product(book, "a", "w", "x")
        book.line("c", "exp(-a)", lambda v: np.exp(-v["a"]),
                  change("minus left out", "sign", "exp(a)", lambda v: np.exp(v["a"])), sign=False)  # fmt: skip
        book.line("d", "1 + c", lambda v: 1 + v["c"],
                  change("1 left out", "missing_term", "c", lambda v: v["c"] + 0),
                  change("sign of a term", "sign", "1 - c", lambda v: 1 - v["c"]), sign=False)  # fmt: skip
        book.line("f", "1 / d", lambda v: 1 / v["d"], sign=False)
        book.line("d.grad", "-f / d", lambda v: -1 / v["d"] ** 2,
                  change("1/d for 1/d²", f"{FACTOR} wrong_function", "-1 / d", lambda v: -1 / v["d"]))  # fmt: skip
        _copy(book, "c.grad", "d.grad")
        book.line(
            "a.grad",
            "-c.grad * c",
            lambda v: -v["c.grad"] * v["c"],
            change("the factor c left out", "missing_factor", "-c.grad", lambda v: -v["c.grad"]),
            change("c taken at a", "wrong_argument wrong_value", "-c.grad * a", lambda v: -v["c.grad"] * v["a"]),
        )
        _product(book, "w.grad", "a.grad", "x")
        _product(book, "x.grad", "a.grad", "w")

    return _exercise(
        random, {"x": draw(random)}, {"w": draw(random)}, "a = w * x\nc = exp(-a)\nd = 1 + c\nf = 1 / d", steps
    )


def _logistic(random: Random) -> Exercise:
    label = float(random.integers(0, 2))

    def of(v: Any) -> Array:
        return -(v["y"] * np.log(v["p"]) + (1 - v["y"]) * np.log(1 - v["p"]))

    def steps(book: Book) -> None:
        both = "(y * log(p) + (1 - y) * log(1 - p))"
        log = "log_base wrong_function missing_factor extra_factor"
        book.line(
            "z", "w @ x + b", lambda v: v["w"] @ v["x"] + v["b"],
            change("bias left out", "missing_term", "w @ x", lambda v: v["w"] @ v["x"]),
            change("bias taken away", "sign", "w @ x - b", lambda v: v["w"] @ v["x"] - v["b"]),
        )  # fmt: skip
        book.line(
            "p",
            "sigmoid(z)",
            lambda v: sigmoid(v["z"]),
            change("tanh for sigmoid", "wrong_function", "tanh(z)", lambda v: np.tanh(v["z"])),
            sign=False,
        )
        book.line("loss", f"-{both}", of,
                  change("log base 2", log, f"-{both} / log(2)", lambda v: of(v) / np.log(2)),
                  change("log base 10", log, f"-{both} / log(10)", lambda v: of(v) / np.log(10)),
                  change("the labels turned round", "wrong_value swapped copied label_base wrong_argument",
                         "-((1 - y) * log(p) + y * log(1 - p))",
                         lambda v: -((1 - v["y"]) * np.log(v["p"]) + v["y"] * np.log(1 - v["p"]))))  # fmt: skip
        book.line("p.grad", "(1 - y) / (1 - p) - y / p", lambda v: (1 - v["y"]) / (1 - v["p"]) - v["y"] / v["p"],
                  change("p - y", "missing_factor wrong_function several", "p - y",
                         lambda v: v["p"] - v["y"]))  # fmt: skip
        book.line("z.grad", "p.grad * p * (1 - p)", lambda v: v["p.grad"] * v["p"] * (1 - v["p"]),
                  change("derivative left out", f"{FACTOR} wrong_value", "p.grad", lambda v: v["p.grad"] + 0),
                  change("p left out", "missing_factor", "p.grad * (1 - p)", lambda v: v["p.grad"] * (1 - v["p"])),
                  change("z(1 - z) for a(1 - a)", "wrong_argument wrong_value", "p.grad * z * (1 - z)",
                         lambda v: v["p.grad"] * v["z"] * (1 - v["z"])))  # fmt: skip
        _product(book, "w.grad", "z.grad", "x")
        _copy(book, "b.grad", "z.grad")
        _product(book, "x.grad", "z.grad", "w")

    size = int(random.integers(2, 4))
    equations = "z = w @ x + b\np = sigmoid(z)\nloss = -(y * log(p) + (1 - y) * log(1 - p))"
    given = {"x": draw(random, size), "y": np.asarray(label)}
    return _exercise(random, given, {"w": draw(random, size), "b": draw(random)}, equations, steps)


def _squares(random: Random) -> Exercise:
    def steps(book: Book) -> None:
        book.line("q", "W @ x", lambda v: v["W"] @ v["x"])
        book.line(
            "f",
            "sum(q ** 2)",
            lambda v: (v["q"] ** 2).sum(),
            change("a root", "root wrong_function", "norm(q)", lambda v: np.sqrt((v["q"] ** 2).sum())),
            change("a half", f"{FACTOR} half", "sum(q ** 2) / 2", lambda v: (v["q"] ** 2).sum() / 2),
            change("square of the sum", "wrong_function swapped", "sum(q) ** 2", lambda v: v["q"].sum() ** 2),
        )
        book.line("q.grad", "2 * q", lambda v: 2 * v["q"],
                  change("the 2 left out", "missing_factor", "q", lambda v: v["q"] + 0),
                  change("q² for q", "wrong_function extra_factor wrong_argument", "2 * q ** 2",
                         lambda v: 2 * v["q"] ** 2))  # fmt: skip
        turned = change("product turned round", "swapped transpose transposed", "outer(x, q.grad)",
                        lambda v: np.outer(v["x"], v["q.grad"]))  # fmt: skip
        book.line("W.grad", "outer(q.grad, x)", lambda v: np.outer(v["q.grad"], v["x"]), turned)
        book.line("x.grad", "W.T @ q.grad", lambda v: v["W"].T @ v["q.grad"])

    rows, columns = int(random.integers(2, 4)), int(random.integers(2, 4))
    return _exercise(
        random, {"x": draw(random, columns)}, {"W": draw(random, rows, columns)}, "q = W @ x\nf = sum(q ** 2)", steps
    )


def _radial(random: Random) -> Exercise:
    def steps(book: Book) -> None:
        book.line("d", "x - c", lambda v: v["x"] - v["c"],
                  change("sign of a term", "sign", "x + c", lambda v: v["x"] + v["c"]))  # fmt: skip
        book.line("r", "sum(d ** 2)", lambda v: (v["d"] ** 2).sum(),
                  change("a root", "root wrong_function missing_factor", "norm(d)",
                         lambda v: np.sqrt((v["d"] ** 2).sum())),
                  sign=False)  # fmt: skip
        book.line("phi", "exp(-r / 2)", lambda v: np.exp(-v["r"] / 2),
                  change("the half left out", "missing_factor", "exp(-r)", lambda v: np.exp(-v["r"])),
                  change("minus left out", "sign", "exp(r / 2)", lambda v: np.exp(v["r"] / 2)), sign=False)  # fmt: skip
        book.line("h", "w * phi + b", lambda v: v["w"] * v["phi"] + v["b"],
                  change("bias left out", "missing_term", "w * phi", lambda v: v["w"] * v["phi"]))  # fmt: skip
        book.line("loss", "half_sse(h, y)", lambda v: (v["h"] - v["y"]) ** 2 / 2,
                  change("the half left out", f"{FACTOR} half wrong_function", "(h - y) ** 2",
                         lambda v: (v["h"] - v["y"]) ** 2))  # fmt: skip
        book.line("h.grad", "h - y", lambda v: v["h"] - v["y"],
                  change("the label left out", "missing_term", "h", lambda v: v["h"] + 0))  # fmt: skip
        _product(book, "w.grad", "h.grad", "phi")
        _copy(book, "b.grad", "h.grad")
        _product(book, "phi.grad", "h.grad", "w")
        book.line("r.grad", "-phi.grad * phi / 2", lambda v: -v["phi.grad"] * v["phi"] / 2,
                  change("the half left out", "missing_factor", "-phi.grad * phi", lambda v: -v["phi.grad"] * v["phi"]),
                  change("phi left out", "missing_factor", "-phi.grad / 2", lambda v: -v["phi.grad"] / 2))  # fmt: skip
        book.line("d.grad", "2 * r.grad * d", lambda v: 2 * v["r.grad"] * v["d"],
                  change("the 2 left out", "missing_factor", "r.grad * d", lambda v: v["r.grad"] * v["d"]))  # fmt: skip
        book.line("c.grad", "-d.grad", lambda v: -v["d.grad"])
        _copy(book, "x.grad", "d.grad")

    size = int(random.integers(1, 4))
    equations = "d = x - c\nr = sum(d ** 2)\nphi = exp(-r / 2)\nh = w * phi + b\nloss = half_sse(h, y)"
    given = {"x": draw(random, size), "y": draw(random)}
    return _exercise(random, given, {"c": draw(random, size), "w": draw(random), "b": draw(random)}, equations, steps)


def _fork(random: Random) -> Exercise:
    def steps(book: Book) -> None:
        _product(book, "a", "x", "y")
        book.line("b", "x + a", lambda v: v["x"] + v["a"],
                  change("sign of a term", "sign", "x - a", lambda v: v["x"] - v["a"]))  # fmt: skip
        book.line("c", "tanh(b)", lambda v: np.tanh(v["b"]),
                  change("sigmoid for tanh", "wrong_function", "sigmoid(b)", lambda v: sigmoid(v["b"])))  # fmt: skip
        _product(book, "f", "a", "c")
        _copy(book, "c.grad", "a")
        book.line("b.grad", "c.grad * (1 - c ** 2)", lambda v: v["c.grad"] * (1 - v["c"] ** 2),
                  change("derivative left out", f"{FACTOR} wrong_value", "c.grad", lambda v: v["c.grad"] + 0),
                  change("1 - z² for 1 - a²", "wrong_argument wrong_value", "c.grad * (1 - b ** 2)",
                         lambda v: v["c.grad"] * (1 - v["b"] ** 2)))  # fmt: skip
        branch = "one branch of the fork only"
        book.line("a.grad", "c + b.grad", lambda v: v["c"] + v["b.grad"],
                  change(branch, "missing_term wrong_value", "c", lambda v: v["c"] + 0),
                  change(branch, "missing_term wrong_value", "b.grad", lambda v: v["b.grad"] + 0))  # fmt: skip
        book.line(
            "x.grad",
            "b.grad + a.grad * y",
            lambda v: v["b.grad"] + v["a.grad"] * v["y"],
            change(branch, "missing_term", "b.grad", lambda v: v["b.grad"] + 0),
            change(branch, "missing_term", "a.grad * y", lambda v: v["a.grad"] * v["y"]),
            change("a factor left out", "missing_factor", "b.grad + a.grad", lambda v: v["b.grad"] + v["a.grad"]),
        )
        _product(book, "y.grad", "a.grad", "x")

    drawn = {name: draw(random) for name in "xy"}
    return _exercise(random, {}, drawn, "a = x * y\nb = x + a\nc = tanh(b)\nf = a * c", steps)


TEMPLATES = (_neuron, _sum_times, _inverse, _logistic, _squares, _radial, _fork)


def expression(random: Random) -> Exercise:
    """One of a few small graphs."""
    made: Exercise = pick(random, *TEMPLATES)(random)
    return made
