"""Tracing with arrays: the catalogue's value functions, run once on Lazy arrays, leave a list of NumPy calls.

Every array of a run has its place in memory from the start, so transposes, slices and other views are made once, and
each call writes into a buffer (`out=`) that is free again when nobody needs it any more. An operation whose value
function does more than is known here is called as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nncalc.engine.numpy_arrays import xp as np
from nncalc.engine.scalar_code import UntraceableError

REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum", "all": "logical_and"}
VIEWS = frozenset(("transpose", "reshape", "broadcast_to", "swapaxes", "moveaxis", "expand_dims", "squeeze", "ravel"))


class Call(NamedTuple):
    """One node: kind, what is called, the nodes and constants it is called with, what the result looks like.

    kind: leaf (the array is there), ufunc, reduce, total (the sum of a product), view, copy, where, empty (an array to
    be filled), put (an array with a part replaced), gather (arrays as parts of a flat one), affine (x W + b), whole.
    root: the node in whose memory a view lies. order: the axes as memory has them, the slowest first: sums add up in
    that order, so a buffer has to have the one that NumPy's own result has.
    """

    kind: str
    function: Any
    args: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: Any
    root: int
    settings: tuple[Any, ...] = ()
    order: tuple[int, ...] = ()

    def empty(self) -> Any:
        """An array for the result, its axes in this order in memory."""
        order = self.order or range(len(self.shape))
        return np.empty([self.shape[axis] for axis in order], self.dtype).transpose(np.argsort(order))


def _order(value: Any) -> tuple[int, ...]:
    return tuple(sorted(range(value.ndim), key=lambda axis: (-abs(value.strides[axis]), axis)))


class ArrayGraph:
    """The calls of a trace, in order."""

    def __init__(self) -> None:
        self.namespace = _Namespace(self)
        self.nodes: list[Call] = []
        self.guards: list[tuple[int, bool]] = []
        self.constants: dict[int, Any] = {}
        self._known: dict[Any, Lazy] = {}

    def leaf(self, value: Any, moves: bool) -> Lazy:
        self.nodes.append(Call("leaf", None, (), value.shape, value.dtype, len(self.nodes)))
        return Lazy(self, len(self.nodes) - 1, value, moves)

    def empty(self, shape: tuple[int, ...]) -> Lazy:
        """An array that is still to be filled."""
        value = np.zeros(shape)
        self.nodes.append(Call("empty", None, (), value.shape, value.dtype, len(self.nodes), (), _order(value)))
        return Lazy(self, len(self.nodes) - 1, value, False)

    def leaf_of_constant(self, value: float) -> float:
        """A number of an expression: NumPy takes it as it is."""
        return float(value)

    def call(self, kind: str, function: Any, args: tuple[Any, ...], value: Any, settings: tuple[Any, ...] = ()) -> Lazy:
        """One more call, or the same one's result where it has been made before."""
        value = np.asarray(value)
        key = kind, function, tuple(map(_key, args)), repr(settings)
        found = self._known.get(key)
        if found is None:
            number = len(self.nodes)
            root = self.nodes[args[0].number].root if kind == "view" else number
            args = tuple(_as_it_is(a) for a in args)
            self.nodes.append(Call(kind, function, args, value.shape, value.dtype, root, settings, _order(value)))
            moves = any(a.moves for a in args if isinstance(a, Lazy))
            found = self._known[key] = Lazy(self, number, value, moves)
        return _as_it_is(found)  # type: ignore[no-any-return]

    def made(self, function: str, args: tuple[Any, ...]) -> Lazy | None:
        """The result of a ufunc where it has been called with these arguments."""
        return self._known.get(("ufunc", function, tuple(map(_key, args)), repr(())))

    def forget(self, count: int, guards: int) -> None:
        """All but so many nodes and guards are as if they had never been."""
        del self.nodes[count:]
        del self.guards[guards:]
        self.constants = {number: value for number, value in self.constants.items() if number < count}
        self._known = {key: lazy for key, lazy in self._known.items() if lazy.number < count}

    def inputs(self, number: int) -> list[int]:
        """The nodes that a node is called with."""
        return [a.number for a in self.nodes[number].args if isinstance(a, Lazy)]

    def needed(self, ends: Iterable[int]) -> set[int]:
        """The nodes that these ones are made of, with themselves."""
        found: set[int] = set()
        waiting = list(ends)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self.inputs(number)
        return found


def _as_it_is(a: Any) -> Any:
    """The array as it is now, whatever is put into it later."""
    return Lazy(a.graph, a.number, a.value, a.moves) if isinstance(a, Lazy) else a


def _key(a: Any) -> Any:
    if isinstance(a, Lazy):
        # one array to be filled is as good as another
        return ("e", a.shape) if a.graph.nodes[a.number].kind == "empty" else ("n", a.number)
    if isinstance(a, (int, float)):
        return "k", float(a)
    return "c", id(a)


class Lazy:
    """An array of the trace, with the value that it has there."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, graph: ArrayGraph, number: int, value: Any, moves: bool) -> None:
        self.graph, self.number, self.value, self.moves = graph, number, value, moves

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)

    @property
    def T(self) -> Any:  # noqa: N802 - as NumPy has it
        return _view("transpose", self, ())

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        answer = bool(self.value)
        if self.moves:
            self.graph.guards.append((self.number, answer))
        return answer

    def __getitem__(self, index: Any) -> Lazy:
        part = np.asarray(self.value[_with_ellipsis(index)])
        if not np.shares_memory(part, self.value):
            raise UntraceableError("index")
        return self.graph.call("view", "index", (self,), part, _with_ellipsis(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        changed = self.value.copy()
        changed[index] = value.value if isinstance(value, Lazy) else value
        found = self.graph.call("put", None, (self, value), changed, _with_ellipsis(index))
        self.number, self.value, self.moves = found.number, found.value, found.moves

    def reshape(self, *shape: Any) -> Lazy:
        return _view("reshape", self, (shape[0] if len(shape) == 1 else shape,))  # type: ignore[no-any-return]

    def swapaxes(self, a: int, b: int) -> Lazy:
        return _view("swapaxes", self, (a, b))  # type: ignore[no-any-return]

    def sum(self, axis: Any = None) -> Lazy:
        return _reduced("add", self, axis, False)  # type: ignore[no-any-return]

    def __invert__(self) -> Any:
        return ufunc("invert", self)

    def __neg__(self) -> Any:
        return ufunc("negative", self)

    def __pow__(self, other: Any) -> Any:
        # what NumPy's ** does for a plain 2
        return ufunc("square", self) if not isinstance(other, Lazy) and other == 2 else ufunc("power", self, other)

    def all(self) -> Lazy:
        return _reduced("logical_and", self, None, False)  # type: ignore[no-any-return]


def _with_ellipsis(index: Any) -> tuple[Any, ...]:
    """The index so that what it gives is an array, a part of the same memory, also where it is one entry."""
    items = index if isinstance(index, tuple) else (index,)
    return items if any(item is ... for item in items) else (*items, ...)


def _operator(name: str, swapped: bool = False) -> Any:
    def method(self: Lazy, other: Any) -> Any:
        return ufunc(name, *((other, self) if swapped else (self, other)))

    return method


for _name, _dunder in (
    ("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("true_divide", "truediv"), ("greater", "gt"),
    ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le"), ("equal", "eq"), ("not_equal", "ne"),
    ("bitwise_and", "and"), ("bitwise_or", "or"), ("matmul", "matmul"),
):  # fmt: skip
    setattr(Lazy, f"__{_dunder}__", _operator(_name))
    setattr(Lazy, f"__r{_dunder}__", _operator(_name, swapped=True))


def value_in_trace(a: Any) -> Any:
    return a.value if isinstance(a, Lazy) else a


def _graph_of(args: tuple[Any, ...]) -> ArrayGraph | None:
    return next((a.graph for a in args if isinstance(a, Lazy)), None)


def ufunc(name: str, *args: Any) -> Any:
    """A ufunc; of plain numbers alone, its value."""
    function = getattr(np, name)
    value = function(*map(value_in_trace, args))
    graph = _graph_of(args)
    if graph is None:
        return value
    if name == "matmul":
        value = in_order(value)
    if name == "true_divide" and isinstance(args[0], Lazy) and _is_number(args[1], 1):
        return args[0]
    if name == "not_equal" and isinstance(args[0], Lazy) and _is_number(args[1], 0):
        node = graph.nodes[args[0].number]
        if node.kind == "copy":  # the comparison behind an array that is 1 where it holds and 0 where not
            return Lazy(graph, node.args[0].number, value, args[0].moves)
    if name == "greater" and _is_number(args[1], 0):
        # x > 0 where max(x, 0) > 0: nobody then needs x behind it
        positive = graph.made("maximum", args)
        args = args if positive is None else (positive, args[1])
    return graph.call("ufunc", name, args, value)


def in_order(value: Any) -> Any:
    """The array as memory holds it here: of a matrix of many short rows, the columns are what lies together.

    Loops over rows of three entries take most of their time for going from row to row.
    """
    tall = value.ndim == 2 and value.shape[0] > value.shape[1]
    return np.asarray(value, dtype=np.float64, order="F" if tall else "C")


def _is_number(a: Any, number: float) -> bool:
    return not isinstance(a, Lazy) and np.ndim(a) == 0 and bool(a == number)


class _Namespace:
    """`xp` for a value function."""

    float64 = float
    __slots__ = ("_graph",)

    def __init__(self, graph: ArrayGraph) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> Any:
        if name in REDUCTIONS:
            return lambda x, axis=None, keepdims=False: _reduced(REDUCTIONS[name], x, axis, keepdims)
        if name in VIEWS:
            return lambda x, *args: _view(name, x, args)
        found = getattr(np, name, None)
        if getattr(found, "nin", 0) and getattr(found, "nout", 0) == 1:
            return lambda *args: ufunc(name, *args)
        raise UntraceableError(name)

    def divide(self, a: Any, b: Any) -> Any:
        return ufunc("true_divide", a, b)

    def mean(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        total = self.sum(x, axis=axis, keepdims=keepdims)
        return total if not isinstance(x, Lazy) else total / float(x.size // total.size)

    def outer(self, a: Any, b: Any) -> Any:
        return ufunc("multiply", a[:, None], b[None, :])

    def where(self, c: Any, a: Any, b: Any) -> Any:
        graph = _graph_of((c, a, b))
        if graph is None:
            return np.where(c, a, b)
        value = np.asarray(np.where(*map(value_in_trace, (c, a, b))), dtype=np.float64)
        if not isinstance(c, Lazy) or c.value.dtype != bool:
            raise UntraceableError("where")
        if _is_number(a, 1) and _is_number(b, 0):
            return graph.call("copy", None, (c,), value)
        return graph.call("where", None, (c, a, b), value)

    def full(self, shape: Any, fill: float) -> Any:
        constant = self._graph.leaf(np.full(shape, fill, dtype=np.float64), False)
        self._graph.constants[constant.number] = constant.value
        return constant

    def zeros(self, shape: Any) -> Any:
        return self.full(shape, 0.0)

    def empty(self, shape: Any) -> Any:
        return self._graph.empty(shape)

    scratch = empty


def _reduced(name: str, x: Any, axis: Any, keepdims: bool) -> Any:
    if not isinstance(x, Lazy):
        return getattr(np, name).reduce(np.asarray(x), axis=axis, keepdims=keepdims)
    value = getattr(np, name).reduce(x.value, axis=axis, keepdims=keepdims)
    factors = _factors(x) if name == "add" and value.shape == () else ()
    if factors:
        return x.graph.call("total", None, factors, value)
    return x.graph.call("reduce", name, (x,), value, (axis, keepdims))


def _factors(x: Lazy) -> tuple[Any, ...]:
    """The two arrays of one shape whose product is summed up, also where rows have been summed up first; else ()."""
    node = x.graph.nodes[x.number]
    while node.kind == "reduce" and node.function == "add":
        node = x.graph.nodes[node.args[0].number]
    args = node.args * 2 if node.function == "square" else node.args
    if node.kind != "ufunc" or node.function not in ("multiply", "square"):
        return ()
    return args if all(isinstance(a, Lazy) and a.shape == node.shape and a.value.dtype == float for a in args) else ()


def _view(name: str, x: Any, args: tuple[Any, ...]) -> Any:
    function = getattr(np, name)
    if not isinstance(x, Lazy):
        return function(x, *args)
    value = function(x.value, *args)
    if not np.shares_memory(value, x.value):
        raise UntraceableError(name)
    return x.graph.call("view", name, (x,), value, args)


def whole(graph: ArrayGraph, function: Callable[..., Any], arrays: list[Any], value: Any) -> Lazy:
    """A call of an operation's value function as it is."""
    return graph.call("whole", function, tuple(arrays), np.asarray(value, dtype=np.float64))
