"""Expressions: constants, names, and operations applied to them.

An expression knows nothing of numbers or of what an operation means; the catalogue does. Python's operators build
expressions, so that a gradient rule reads as mathematics: `g * ans * (1 - ans)`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# A sum of 1,000 terms, which the language allows, is a tree as deep; some functions take two or three frames a level.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))


class Expression:
    """The base of Const, Name and Apply; its operators build Apply nodes."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Apply:
        return Apply("add", (self, as_expression(other)))

    def __radd__(self, other: Operand) -> Apply:
        return Apply("add", (as_expression(other), self))

    def __sub__(self, other: Operand) -> Apply:
        return Apply("subtract", (self, as_expression(other)))

    def __rsub__(self, other: Operand) -> Apply:
        return Apply("subtract", (as_expression(other), self))

    def __mul__(self, other: Operand) -> Apply:
        return Apply("multiply", (self, as_expression(other)))

    def __rmul__(self, other: Operand) -> Apply:
        return Apply("multiply", (as_expression(other), self))

    def __truediv__(self, other: Operand) -> Apply:
        return Apply("divide", (self, as_expression(other)))

    def __rtruediv__(self, other: Operand) -> Apply:
        return Apply("divide", (as_expression(other), self))

    def __pow__(self, other: Operand) -> Apply:
        return Apply("power", (self, as_expression(other)))

    def __rpow__(self, other: Operand) -> Apply:
        return Apply("power", (as_expression(other), self))

    def __matmul__(self, other: Expression) -> Apply:
        return Apply("matmul", (self, other))

    def __neg__(self) -> Apply:
        return Apply("negative", (self,))

    def __gt__(self, other: Operand) -> Apply:
        return Apply("greater", (self, as_expression(other)))

    def __ge__(self, other: Operand) -> Apply:
        return Apply("greater_equal", (self, as_expression(other)))

    def __lt__(self, other: Operand) -> Apply:
        return Apply("less", (self, as_expression(other)))

    def __le__(self, other: Operand) -> Apply:
        return Apply("less_equal", (self, as_expression(other)))

    @property
    def T(self) -> Apply:  # noqa: N802 - the language's own spelling, `W.T`
        return Apply("transpose", (self,))

    def __getitem__(self, index: IndexItem | tuple[IndexItem, ...]) -> Apply:
        items = index if isinstance(index, tuple) else (index,)
        return Apply("index", (self,), (("index", tuple(Slice.of(item) for item in items)),))


@dataclass(frozen=True, slots=True)
class Const(Expression):
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A name of the problem: `W1`, `h2.grad`, `W1.next`, `learning_rate`."""

    id: str


@dataclass(frozen=True, slots=True)
class Slice:
    """One `start:stop:step` of an index."""

    start: int | None
    stop: int | None
    step: int | None

    @staticmethod
    def of(item: IndexItem) -> int | Slice | None:
        return Slice(item.start, item.stop, item.step) if isinstance(item, slice) else item


@dataclass(frozen=True, slots=True, eq=False)
class Apply(Expression):
    """An operation of the catalogue, its arrays by position, its settings by keyword and sorted as written.

    The hash is worked out once, from those of the arguments: expressions are looked up all the time.
    """

    op: str
    args: tuple[Expression, ...]
    settings: tuple[tuple[str, Setting], ...] = ()
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.op, self.args, self.settings)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Equal in every part, compared without recursion."""
        pairs: list[tuple[object, object]] = [(self, other)]
        while pairs:
            one, two = pairs.pop()
            if one is two:
                continue
            if isinstance(one, Apply) and isinstance(two, Apply):
                alike = one._hash == two._hash and one.op == two.op and one.settings == two.settings
                if not alike or len(one.args) != len(two.args):
                    return False
                pairs.extend(zip(one.args, two.args, strict=True))
            elif isinstance(one, Apply) or isinstance(two, Apply) or one != two:
                return False
        return True

    def setting(self, name: str, default: Setting = None) -> Setting:
        """The value of a setting that the expression states, or the default."""
        return dict(self.settings).get(name, default)


IndexItem = int | None | slice | Slice
Setting = float | int | bool | str | None | Name | Slice | tuple["Setting", ...]
Operand = Expression | float | int


def as_expression(value: Operand) -> Expression:
    """A number as Const; an expression as itself."""
    return value if isinstance(value, Expression) else Const(float(value))


class Calls:
    """`call.exp(x)`, `call.sum(x, axis=0)`: an Apply of any operation, written like a call."""

    def __getattr__(self, op: str) -> Callable[..., Apply]:
        def build(*args: Operand, **settings: Setting) -> Apply:
            return Apply(op, tuple(as_expression(a) for a in args), tuple(settings.items()))

        return build


call = Calls()


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node of the expression, arguments before the operation they go into."""
    waiting: list[tuple[Expression, bool]] = [(expression, False)]
    while waiting:
        node, opened = waiting.pop()
        if opened or not isinstance(node, Apply):
            yield node
            continue
        waiting.append((node, True))
        waiting.extend((setting, True) for _, setting in reversed(node.settings) if isinstance(setting, Name))
        waiting.extend((argument, False) for argument in reversed(node.args))


def names_in(expression: Expression) -> tuple[str, ...]:
    """The names an expression uses, each once, in reading order."""
    return tuple(dict.fromkeys(node.id for node in walk(expression) if isinstance(node, Name)))


def substitute(expression: Expression, replace: Callable[[Expression], Expression | None]) -> Expression:
    """The expression with every node for which `replace` gives another one exchanged for it, outermost first."""
    other = replace(expression)
    if other is not None:
        return other
    if not isinstance(expression, Apply):
        return expression
    args = [substitute(argument, replace) for argument in expression.args]
    settings = [
        (key, substitute(value, replace) if isinstance(value, Name) else value) for key, value in expression.settings
    ]
    return Apply(expression.op, tuple(args), tuple(settings))  # type: ignore[arg-type]
