"""Random programs for Hypothesis: several equations over vectors and matrices, names reused, operations nested.

Every expression drawn is defined and finite everywhere (`log(1 + u ** 2)`, `u / (1 + v ** 2)`), so that only the
kinks of relu, max, where and their like are left for a test to avoid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from nncalc.language.equation import Equation
from nncalc.language.expression import Const, Expression, Name, call

Shape = tuple[int, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]
INPUTS: dict[str, Shape] = {
    "a": (),
    "b": (2,),
    "x": (3,),
    "y": (3,),
    "A": (2, 3),
    "B": (2, 3),
    "C": (3, 3),
    "D": (2, 3, 2),
}
SHAPES: list[Shape] = [(), (2,), (3,), (2, 3), (3, 2), (3, 3), (2, 1), (2, 3, 2)]
SMOOTH = ("tanh", "sigmoid", "softplus", "sin", "cos", "silu", "gelu", "gelu_tanh", "erf", "identity")
KINKED = ("relu", "leaky_relu", "elu", "abs")


@dataclass
class Writer:
    """Draws an expression of a wanted shape; every production is a method or lambda that draws its own parts."""

    draw: Draw
    names: dict[str, Shape]

    def one(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def expression(self, shape: Shape, depth: int) -> Expression:
        """An expression of exactly that shape."""
        leaves = [name for name, known in self.names.items() if known == shape]
        if depth <= 0 or (leaves and self.draw(st.integers(0, 4)) == 0):
            return self.leaf(shape, leaves)
        productions = [self.binary, self.unary, self.unary, self.choice, self.by_rank, self.by_rank]
        return self.one(*productions)(shape, depth - 1)

    def leaf(self, shape: Shape, leaves: list[str]) -> Expression:
        if leaves:
            return Name(self.one(*leaves))
        if not shape:
            return self.constant()
        return self.rearranged(shape, 0)

    def constant(self) -> Const:
        return Const(self.one(0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 0.1, -1.5))

    def narrower(self, shape: Shape, depth: int) -> Expression:
        """An expression that broadcasts to the shape."""
        kinds: list[Callable[[], Expression]] = [lambda: self.expression(shape, depth), self.constant]
        if shape:
            kinds.append(lambda: self.expression((), depth))
            kinds.append(lambda: self.expression(shape[1:], depth))
        if len(shape) == 2:
            kinds.append(lambda: self.expression(shape[:1], depth)[:, None])
        return self.one(*kinds)()

    def binary(self, shape: Shape, depth: int) -> Expression:
        u, v = self.expression(shape, depth), self.narrower(shape, depth)
        kind = self.one("+", "-", "*", "/", "**")
        if kind == "**":
            return (1 + u**2) ** self.one(2, 0.5, -1, call.tanh(v))
        if self.draw(st.booleans()):
            u, v = v, u
        if kind == "/":
            return u / (1 + v**2)
        return u + v if kind == "+" else u - v if kind == "-" else u * v

    def unary(self, shape: Shape, depth: int) -> Expression:
        u = self.expression(shape, depth)
        kind = self.one(*SMOOTH, *KINKED, "negative", "square", "exp", "sqrt", "log", "clip")
        if kind == "negative":
            return Const(-u.value) if isinstance(u, Const) else -u
        if kind == "square":
            return u ** self.one(2, 3, 1)
        if kind == "exp":
            return call.exp(call.tanh(u))
        if kind == "clip":
            return call.clip(u, low=-1, high=2)
        inner = 1 + u**2 if kind in ("sqrt", "log") else u
        return getattr(call, kind)(inner)

    def choice(self, shape: Shape, depth: int) -> Expression:
        u, v = self.expression(shape, depth), self.narrower(shape, depth)
        kind = self.one("max", "min", "where", "mask")
        if kind == "where":
            return call.where(self.narrower(shape, depth) > 0, u, v)
        if kind == "mask":
            return u * (v > 0)
        return getattr(call, kind)(v, u)

    def by_rank(self, shape: Shape, depth: int) -> Expression:
        return (self.number, self.vector, self.matrix, self.cube)[len(shape)](shape, depth)

    def number(self, shape: Shape, depth: int) -> Expression:
        inner = self.draw(st.sampled_from(SHAPES[1:]))
        u, v = self.expression(inner, depth), self.expression(inner, depth)
        kind = self.one("sum", "mean", "max", "var", "norm", "mse", "l2", "ce", "bce", "half_sse", "dot")
        if kind == "dot":
            n = self.draw(st.sampled_from([(2,), (3,)]))
            return self.expression(n, depth) @ self.expression(n, depth)
        if kind in ("norm", "l2"):
            return call.norm(1 + u**2) if kind == "norm" else call.l2(2 + u**2, call.tanh(v), reduction="sum")
        if kind == "ce":
            return call.softmax_cross_entropy(u, call.softmax(v))
        if kind == "bce":
            return call.binary_cross_entropy(call.sigmoid(u), call.sigmoid(v))
        if kind in ("mse", "half_sse"):
            return getattr(call, kind)(u, v)
        return getattr(call, kind)(u)

    def vector(self, shape: Shape, depth: int) -> Expression:
        (n,) = shape
        m = self.one(2, 3)
        kind = self.one(
            *("W@x", "x@W", "sum0", "mean1", "norm1", "max0", "row", "column", "softmax", "reverse", "losses"),
            *("concat", "sum of a cube"),
        )
        if kind in ("softmax", "reverse"):
            u = self.expression(shape, depth)
            return call.softmax(u) if kind == "softmax" else u[::-1]
        if kind == "concat" and n > 1:
            return call.concat(self.expression((n - 1,), depth), self.expression((1,), depth))
        if kind == "sum of a cube":
            return call.sum(self.expression((2, n, 2), depth), axis=(0, 2))
        wide = self.expression((n, m), depth)
        if kind == "W@x":
            return wide @ self.expression((m,), depth)
        if kind == "x@W":
            return self.expression((m,), depth) @ wide.T
        if kind == "losses":
            return call.mse(wide, self.expression((n, m), depth), reduction="none")
        if kind in ("sum0", "max0", "row"):
            tall = wide.T
            return tall[self.one(0, -1)] if kind == "row" else getattr(call, kind[:-1])(tall, axis=0)
        if kind == "column":
            return wide[:, 0]
        return call.mean(wide, axis=1) if kind == "mean1" else call.norm(1 + wide**2, axis=-1)

    def matrix(self, shape: Shape, depth: int) -> Expression:
        m, n = shape
        kind = self.one("outer", "matmul", "softmax", "log_softmax", "keepdims", "rearranged", "cube")
        if kind == "cube":
            return self.from_cube(shape, depth)
        if kind == "outer":
            return call.outer(self.expression((m,), depth), self.expression((n,), depth))
        if kind == "matmul":
            k = self.one(2, 3)
            return self.expression((m, k), depth) @ self.expression((k, n), depth)
        if kind in ("softmax", "log_softmax"):
            return getattr(call, kind)(self.expression(shape, depth), axis=self.one(0, -1))
        if kind == "keepdims":
            u = self.expression(shape, depth)
            return u - call.mean(u, axis=self.one(0, 1), keepdims=True)
        return self.rearranged(shape, depth)

    def from_cube(self, shape: Shape, depth: int) -> Expression:
        """A matrix from an array of three axes."""
        m, n = shape
        kind = self.one("mean", "entry", "D@x", "x@D", "concat")
        if kind == "D@x":
            return self.expression((m, n, 2), depth) @ self.expression((2,), depth)
        if kind == "x@D":
            return self.expression((3,), depth) @ self.expression((m, 3, n), depth)
        if kind == "concat":
            return call.concat(self.expression((m, 1), depth), self.expression((m, n), depth), axis=-1)[:, 1:]
        if kind == "entry":
            return self.expression((2, m, n), depth)[self.one(0, -1)]
        return call.mean(self.expression((m, 2, n), depth), axis=1)

    def cube(self, shape: Shape, depth: int) -> Expression:
        m, n, k = shape
        kind = self.one("D@D", "D@W", "W@D", "transpose", "softmax", "broadcast")
        if kind == "D@D":
            return self.expression((m, n, 2), depth) @ self.expression((self.one(1, m), 2, k), depth)
        if kind == "D@W":
            return self.expression((m, n, 2), depth) @ self.expression((2, k), depth)
        if kind == "W@D":
            return self.expression((n, 2), depth) @ self.expression((m, 2, k), depth)
        if kind == "transpose":
            if self.one(True, False):
                return self.expression((k, n, m), depth).T
            return call.transpose(self.expression((k, m, n), depth), axes=(1, 2, 0))
        if kind == "softmax":
            return call.softmax(self.expression(shape, depth), axis=1)
        return self.rearranged(shape, depth)

    def rearranged(self, shape: Shape, depth: int) -> Expression:
        """An array of the shape from others: what a leaf is where no name has the shape."""
        if len(shape) == 1:
            return self.expression((3, 3), depth)[: shape[0], 0]
        if len(shape) == 3:
            return self.expression(shape[:2], depth)[:, :, None] * self.expression(shape[2:], depth)
        m, n = shape
        kind = self.one("transpose", "slice", "reshape") if (n, m) in self.names.values() else "slice"
        if kind == "transpose":
            return self.expression((n, m), depth).T
        if kind == "reshape":
            return call.reshape(self.expression((n, m), depth), shape=shape)
        return self.expression((3, 3), depth)[:m, :n]


@st.composite
def programs(draw: Draw) -> tuple[Equation, ...]:
    """One to four equations, the last of them the loss, a number."""
    writer = Writer(draw, dict(INPUTS))
    equations = []
    for k in range(draw(st.integers(0, 3))):
        shape = draw(st.sampled_from(SHAPES))
        equations.append(Equation(f"h{k}", writer.expression(shape, 2)))
        writer.names[f"h{k}"] = shape
    total: Expression = call.tanh(writer.expression((), 3))
    for equation in equations:
        part = Name(equation.name)
        total = total + (part if not writer.names[equation.name] else call.mean(part))
    return (*equations, Equation("loss", total))
