"""Where the parts of a flat array lie: one behind the other, and a layer's bias as one more row of its weights.

With a column of ones behind x, W x + b is one product, and so are the gradients of W and b together.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

from nncalc.catalogue.operation import Shape
from nncalc.engine.array_code import ArrayGraph, Call, Lazy
from nncalc.engine.numpy_arrays import xp as np

# What is worked out into an array of its own, whichever that is.
OWN = ("ufunc", "reduce", "total", "copy", "where")
# Numbers of x for one of the result from which copying x behind a column of ones takes longer than adding b.
WIDE = 4


class Pair(NamedTuple):
    """A layer's weights and bias among the parts, by their places there; turned: W is (out, in), not (in, out)."""

    weight: int
    bias: int
    turned: bool


class Layout(NamedTuple):
    """The shapes of the parts, and which of them are weights with their bias."""

    shapes: tuple[Shape, ...]
    pairs: tuple[Pair, ...]

    def blocks(self, flat: Any) -> Iterator[tuple[Pair | int, Any]]:
        """What lies there: a part by its place, or a pair's rows, the bias behind the weights."""
        pairs = {pair.weight: pair for pair in self.pairs}
        biases = {pair.bias for pair in self.pairs}
        start = 0
        for place, shape in enumerate(self.shapes):
            if place in biases:
                continue
            if place in pairs:
                (out,) = self.shapes[pairs[place].bias]
                size = prod(shape) + out
                yield pairs[place], flat[start : start + size].reshape(-1, out)
            else:
                size = prod(shape)
                yield place, flat[start : start + size].reshape(shape)
            start += size

    def parts(self, flat: Any) -> list[Any]:
        """Every part of the flat array, as a view of it."""
        found: dict[int, Any] = {}
        for what, block in self.blocks(flat):
            if isinstance(what, Pair):
                found[what.weight] = block[:-1].T if what.turned else block[:-1]
                found[what.bias] = block[-1]
            else:
                found[what] = block
        return [found[place] for place in range(len(self.shapes))]


class Affine(NamedTuple):
    """x W + b in a graph: the node of the sum, those of x, W and b, and whether W stands there turned."""

    node: int
    x: int
    weight: int
    bias: int
    turned: bool


def affines(graph: ArrayGraph, users: dict[int, set[int]], data: frozenset[int]) -> Iterator[Affine]:
    """The sums x W + b of the graph whose product nobody else needs. users: of each node, the nodes that need it."""
    for number, node in enumerate(graph.nodes):
        if number not in users or (node.kind, node.function) != ("ufunc", "add"):
            continue
        product, bias = node.args
        if not (isinstance(product, Lazy) and isinstance(bias, Lazy) and users[product.number] == {number}):
            continue
        call = graph.nodes[product.number]
        if call.function != "matmul" or len(call.shape) != 2 or bias.shape != call.shape[1:]:
            continue
        x, weight = call.args
        if not (isinstance(x, Lazy) and isinstance(weight, Lazy) and x.ndim == 2):
            continue
        inner, turned = graph.nodes[weight.number], False
        if is_transpose(inner):
            weight, turned = inner.args[0], True
        own = graph.nodes[x.number].kind in OWN
        if (x.shape[1] <= WIDE * bias.size if x.number in data else own) and min(*x.shape, *call.shape) > 1:
            yield Affine(number, x.number, weight.number, bias.number, turned)


def is_transpose(node: Call) -> bool:
    """Whether the node is a matrix seen with its axes swapped."""
    return (node.kind, node.function, len(node.shape)) == ("view", "transpose", 2) and node.settings in ((), (None,))


def with_ones(shape: Shape) -> Any:
    """An array for x of that shape with a column of ones behind it, its memory in the order that x has."""
    rows, columns = shape
    return np.ones((columns + 1, rows)).T if rows > columns else np.ones((rows, columns + 1))


def joint_gradient(graph: ArrayGraph, weight: int, bias: int, turned: bool) -> tuple[int, int] | None:
    """The nodes of g and x where the two nodes are xᵀ g, turned or not, and the sum of g over its rows."""
    w, b = graph.nodes[weight], graph.nodes[bias]
    if (
        w.function != "matmul"
        or (b.kind, b.function) != ("reduce", "add")
        or b.settings not in ((0, False), ((0,), False))
    ):
        return None
    g, x = w.args if turned else reversed(w.args)
    if not (isinstance(g, Lazy) and isinstance(x, Lazy)):
        return None
    other = graph.nodes[g.number if turned else x.number]
    if not is_transpose(other):
        return None
    inner: int = other.args[0].number
    g_number, x_number = (inner, x.number) if turned else (g.number, inner)
    return (g_number, x_number) if g_number == b.args[0].number else None
