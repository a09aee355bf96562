"""Tracing with numbers: the catalogue's value functions, run once on arrays of Scalars, leave straight scalar code.

A Scalar is one number that is known when the code runs. Moving entries about (transpose, index, stack) costs nothing
then, and a product of matrices becomes its sums written out. It also carries the number that it has in the trace, so
that a value function may ask (`if xp.all(…)`): the answer becomes a guard, and a step in which it is another one is
left to the evaluator.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

from nncalc.engine.numpy_arrays import xp as np
from nncalc.engine.plain_arrays import xp as plain


class UntraceableError(Exception):
    """Something in a value function that no code is written for."""


class Code(NamedTuple):
    """How an operation is written, how tightly it binds, which arguments have to be a name, and what it gives."""

    text: str
    level: int
    value: Callable[..., Any]
    atoms: bool = False

    @property
    def arity(self) -> int:
        return max(self.text.count("{}"), *(n + 1 for n in range(3) if f"{{{n}}}" in self.text), 0, 0)


SUM, PRODUCT, SIGN, ATOM, CHOICE = 4, 5, 6, 9, 0
CODES: dict[str, Code] = {
    "add": Code("{} + {}", SUM, operator.add),
    "subtract": Code("{} - {}", SUM, operator.sub),
    "multiply": Code("{} * {}", PRODUCT, operator.mul),
    "divide": Code("{} / {}", PRODUCT, plain.divide),
    "negative": Code("-{}", SIGN, operator.neg),
    "power": Code("pow({}, {})", ATOM, plain.power),
    "greater": Code("{} > {}", CHOICE, operator.gt, True),
    "greater_equal": Code("{} >= {}", CHOICE, operator.ge, True),
    "less": Code("{} < {}", CHOICE, operator.lt, True),
    "less_equal": Code("{} <= {}", CHOICE, operator.le, True),
    "equal": Code("{} == {}", CHOICE, operator.eq, True),
    "not_equal": Code("{} != {}", CHOICE, operator.ne, True),
    "logical_and": Code("{} and {}", CHOICE, lambda a, b: bool(a and b), True),
    "where": Code("{1} if {0} else {2}", CHOICE, lambda c, a, b: a if c else b, True),
    # so written, what is no number stays none
    "maximum": Code("{1} if {0} <= {1} or {1} != {1} else {0}", CHOICE, plain.maximum, True),
    "minimum": Code("{1} if {0} >= {1} or {1} != {1} else {0}", CHOICE, plain.minimum, True),
    # a · (1 if c else 0), no product where c holds
    "gate": Code("{1} if {0} else {1} * 0.0", CHOICE, lambda c, a: a if c else a * 0.0, True),
    "relu": Code("0.0 if {0} <= 0.0 else {0}", CHOICE, lambda a: plain.maximum(a, 0.0), True),
    "sign": Code("1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else {0}", CHOICE, plain.sign, True),
    "floor": Code("float(floor({}))", ATOM, lambda a: float(math.floor(a))),
    "abs": Code("abs({})", ATOM, abs),
    **{
        name: Code(f"{name}({{}})", ATOM, getattr(plain, name, None) or getattr(math, name))
        for name in ("exp", "log", "expm1", "log1p", "tanh", "sin", "cos", "erf", "erfc", "sqrt", "log2", "log10")
    },
}
MOVES = frozenset(
    ("transpose", "reshape", "concatenate", "stack", "broadcast_to", "ravel", "expand_dims", "swapaxes", "moveaxis",
     "squeeze", "flip", "outer", "matmul", "repeat", "sum")
)  # fmt: skip


class Graph:
    """The numbers of a trace, each once: leaves, and operations on earlier ones. most: operations before giving up."""

    def __init__(self, most: int) -> None:
        self.nodes: list[tuple[str, tuple[Any, ...]]] = []
        self.scalars: list[Scalar] = []
        self.guards: list[tuple[int, bool]] = []
        self._known: dict[tuple[str, tuple[Any, ...]], Scalar] = {}
        self._most = most

    def leaf(self, value: float, moves: bool) -> Scalar:
        """A number that is told when the code runs. moves: whether it changes from step to step by itself."""
        self.nodes.append(("leaf", ()))
        self.scalars.append(Scalar(self, len(self.nodes) - 1, value, moves))
        return self.scalars[-1]

    def apply(self, name: str, *args: Any) -> Any:
        """The operation on Scalars and numbers; a plain number where all are."""
        code = CODES[name]
        try:
            value = code.value(*(a.value if isinstance(a, Scalar) else a for a in args))
        except (ArithmeticError, ValueError):
            value = math.nan
        if not any(isinstance(a, Scalar) for a in args):
            return value
        key = self._key(name, args)
        found = self._known.get(key)
        if found is None:
            if len(self.nodes) >= self._most:
                raise UntraceableError("too many numbers")
            self.nodes.append(key)
            moves = any(isinstance(a, Scalar) and a.moves for a in args)
            found = self._known[key] = Scalar(self, len(self.nodes) - 1, value, moves)
            self.scalars.append(found)
        return found

    def knows(self, name: str, *args: Any) -> bool:
        """Whether that operation on these arguments is there already."""
        return self._key(name, args) in self._known

    @staticmethod
    def _key(name: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        return name, tuple(("n", a.number) if isinstance(a, Scalar) else ("k", float(a)) for a in args)


class Scalar:
    """One number of the trace. moves: whether it depends on what the steps change, and not on the given data alone."""

    __slots__ = ("graph", "moves", "number", "value")

    def __init__(self, graph: Graph, number: int, value: Any, moves: bool) -> None:
        self.graph, self.number, self.value, self.moves = graph, number, value, moves

    def __bool__(self) -> bool:
        answer = bool(self.value)
        # of the given data alone, what holds in the trace holds in each step: all of it has been looked at before
        if self.moves:
            self.graph.guards.append((self.number, answer))
        return answer

    def __add__(self, other: Any) -> Any:
        return _apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _apply("add", other, self)

    def __mul__(self, other: Any) -> Any:
        return _apply("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _apply("multiply", other, self)


def _apply(name: str, *args: Any) -> Any:
    """The operation, left out where it changes nothing."""
    graph = next((a.graph for a in args if isinstance(a, Scalar)), None)
    if graph is None:
        return Graph(0).apply(name, *args)
    a, b = args[0], args[-1]
    if name == "add" and (_is(a, 0) or _is(b, 0)):
        return b if _is(a, 0) else a
    if name == "multiply" and (_is(a, 1) or _is(b, 1)):
        return b if _is(a, 1) else a
    if name == "multiply":
        found = _product(graph, a, b)
        if found is not None:
            return found
    if (name == "subtract" and _is(b, 0)) or (name == "divide" and _is(b, 1)) or (name == "power" and _is(b, 1)):
        return a
    if name == "power" and (_is(b, 2) or _is(b, 3)):
        square = graph.apply("multiply", a, a)
        return square if _is(b, 2) else graph.apply("multiply", square, a)
    if name == "maximum" and _is(b, 0):
        return graph.apply("relu", a)
    if name == "not_equal" and _is(b, 0) and isinstance(a, Scalar):
        condition = _condition(graph, a)
        if condition is not None:
            return condition
    return graph.apply(name, *args)


def _product(graph: Graph, a: Any, b: Any) -> Any:
    """A product that is written in another way than as one; else None."""
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        for gate, other in ((b, a), (a, b)):
            condition = _condition(graph, gate)
            if condition is not None:
                return graph.apply("gate", condition, other)
        return None
    if isinstance(a, Scalar):
        return None
    op, args = graph.nodes[b.number]
    if op == "multiply" and args[0][0] == "n" and not graph.knows("multiply", a, b):
        # k · (g · x) as (k · g) · x: an outer product shares its k · g
        factor, (kind, other) = graph.scalars[args[0][1]], args[1]
        scaled = graph.apply("multiply", a, factor)
        return graph.apply("multiply", scaled, graph.scalars[other] if kind == "n" else other)
    return None


def _condition(graph: Graph, a: Scalar) -> Scalar | None:
    """The comparison behind a number that is 1 where it holds and 0 where not."""
    op, args = graph.nodes[a.number]
    if op == "where" and args[1:] == (("k", 1.0), ("k", 0.0)) and args[0][0] == "n":
        number: int = args[0][1]
        return graph.scalars[number]
    return None


def _is(a: Any, number: float) -> bool:
    return not isinstance(a, Scalar) and bool(a == number)


def _elementwise(name: str, count: int) -> Any:
    return np.frompyfunc(lambda *args: _apply(name, *args), count, 1)


class Entries:
    """An array of Scalars and numbers; what NumPy's arrays do that value functions make use of."""

    __array_ufunc__ = None

    def __init__(self, array: Any) -> None:
        self.array = array

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    T = property(lambda self: Entries(self.array.T))

    def __len__(self) -> int:
        return len(self.array)

    def __bool__(self) -> bool:
        return bool(self.array.item())

    def __matmul__(self, other: Any) -> Entries:
        return wrap(np.matmul(self.array, unwrap(other)))

    def __getitem__(self, index: Any) -> Entries:
        return wrap(self.array[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[index] = unwrap(value)

    def reshape(self, *shape: Any) -> Entries:
        return Entries(self.array.reshape(*shape))

    def __neg__(self) -> Entries:
        return both("negative", self)

    def all(self) -> Entries:
        return namespace.all(self)


def _operator(name: str, swapped: bool = False) -> Any:
    def method(self: Entries, other: Any) -> Entries:
        return both(name, other, self) if swapped else both(name, self, other)

    return method


for _name, _dunder in (
    ("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("divide", "truediv"), ("power", "pow"),
    ("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le"), ("equal", "eq"),
    ("not_equal", "ne"), ("logical_and", "and"),
):  # fmt: skip
    setattr(Entries, f"__{_dunder}__", _operator(_name))
    setattr(Entries, f"__r{_dunder}__", _operator(_name, swapped=True))


def wrap(value: Any) -> Entries:
    """An array of objects, or one object, as Entries."""
    if isinstance(value, Entries):
        return value
    array = np.empty((), dtype=object)
    array[()] = value
    return Entries(value if hasattr(value, "dtype") and value.dtype == object else np.asarray(array.item(), object))


def unwrap(value: Any) -> Any:
    if isinstance(value, Entries):
        return value.array if value.array.ndim else value.array.item()
    if isinstance(value, (tuple, list)):
        return type(value)(unwrap(item) for item in value)
    return value


_ELEMENTWISE = {name: _elementwise(name, code.arity) for name, code in CODES.items()}


def both(name: str, *args: Any) -> Entries:
    """An operation entry by entry, with NumPy's broadcasting."""
    return wrap(_ELEMENTWISE[name](*(unwrap(a) for a in args)))


class _Namespace:
    """`xp` for a value function."""

    float64 = float

    def __getattr__(self, name: str) -> Any:
        if name in CODES:
            return lambda *args: both(name, *args)
        if name in MOVES:
            function = getattr(np, name)
            return lambda *args, **settings: wrap(function(*map(_array, args), **settings))
        raise UntraceableError(name)

    def mean(self, x: Any, axis: Any = None, keepdims: bool = False) -> Entries:
        total = self.sum(x, axis=axis, keepdims=keepdims)
        return total / (wrap(x).size / total.size)  # type: ignore[no-any-return]

    def var(self, x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Entries:
        centered = x - self.mean(x, axis=axis, keepdims=True)
        total = self.sum(centered * centered, axis=axis, keepdims=keepdims)
        return total / (wrap(x).size / total.size - ddof)  # type: ignore[no-any-return]

    def max(self, x: Any, axis: Any = None, keepdims: bool = False) -> Entries:
        return self._reduce("maximum", wrap(x).array, axis, keepdims)

    def min(self, x: Any, axis: Any = None, keepdims: bool = False) -> Entries:
        return self._reduce("minimum", wrap(x).array, axis, keepdims)

    def all(self, x: Any) -> Entries:
        return self._reduce("logical_and", wrap(x).array, None, False)

    def zeros(self, shape: Any) -> Entries:
        array = np.empty(shape, dtype=object)
        array[...] = 0.0
        return Entries(array)

    def _reduce(self, name: str, array: Any, axis: Any, keepdims: bool) -> Entries:
        axes = range(array.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        along = sorted(one % array.ndim for one in axes) if array.ndim else []
        rest = [i for i in range(array.ndim) if i not in along]
        count = prod(array.shape[i] for i in along)
        rows = array.transpose(*rest, *along).reshape(-1, count)
        found = np.empty(len(rows), dtype=object)
        for i, row in enumerate(rows):
            found[i] = reduce(lambda a, b: _apply(name, a, b), row)
        kept = tuple(1 if i in along else n for i, n in enumerate(array.shape))
        return Entries(found.reshape(kept if keepdims else tuple(array.shape[i] for i in rest)))


def _array(value: Any) -> Any:
    """An argument of a function that moves entries: always an array, also where it is one number."""
    if isinstance(value, Entries):
        return value.array
    return type(value)(map(_array, value)) if isinstance(value, (tuple, list)) and _has_entries(value) else value


def _has_entries(value: Sequence[Any]) -> bool:
    return any(isinstance(item, Entries) for item in value)


namespace = _Namespace()
