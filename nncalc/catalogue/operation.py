"""What an operation's entry holds, and the few shape rules that many entries share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.mistake import Mistake
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Name, Setting

Shape = tuple[int, ...]
Rule = Callable[..., "Expression | float"]
Template = str | Callable[..., str]
Kinks = tuple[float, ...] | Callable[..., tuple[float, ...]]


class Option(NamedTuple):
    """A setting of an operation, layer, loss or optimizer: its default, what it means, the words it may be.

    number: whether it is a number though the default, None, doesn't say so; beside true or false where that is one of
    them. required: whether it has to be given. array: whether it is the name of a given array (`mask=m`), of which a
    shape rule is told the shape; added: a mask of true and false is read as what is added to scores, 0 and −∞.
    whole: whether the number is a whole one. nested: 1 where there may be one for each axis, 2 where a pair too.
    above, at_least, below, at_most: the number's bounds; at_most stands beside at_least.
    """

    name: str
    default: Setting
    meaning: str
    choices: tuple[str, ...] = ()
    above: float | None = None
    at_least: float | None = None
    number: bool = False
    required: bool = False
    array: bool = False
    added: bool = False
    whole: bool = False
    nested: int = 0
    below: float | None = None
    at_most: float | None = None

    def expected(self, value: Setting) -> str:
        """What is expected in place of a value that can't be taken; '' for one that can."""
        if self.array:
            return "" if value is None or isinstance(value, Name) else "the name of a given array"
        if isinstance(self.default, bool):
            if isinstance(value, bool) or (self.number and self._in_bounds(value)):
                return ""
            return "True, False or a number" if self.number else "True or False"
        kinds = [f"'{word}'" for word in self.choices]
        if self._is_numeric:
            bound = f" above {self.above:g}" if self.above is not None else ""
            if self.at_most is not None:
                bound += f" from {self.at_least:g} to {self.at_most:g}"
            elif self.at_least is not None:
                bound += f" of {self.at_least:g} or more"
            bound += f" and below {self.below:g}" if self.below is not None else ""
            several = ("", ", or one for each axis", ", or one or a pair for each axis")[self.nested]
            kinds.append(f"a {'whole ' if self.whole else ''}number{bound}{several}")
        fits = not kinds or value in self.choices or (self._is_numeric and self._in_bounds(value, self.nested))
        return "" if fits or (value is None and self.default is None) else " or ".join(kinds)

    @property
    def _is_numeric(self) -> bool:
        bounded = self.above is not None or self.at_least is not None
        return self.number or bounded or isinstance(self.default, (int, float))

    def _in_bounds(self, value: Setting, nested: int = 0) -> bool:
        if nested and isinstance(value, tuple):
            return bool(value) and all(self._in_bounds(item, nested - 1) for item in value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or (self.whole and value != int(value)):
            return False
        if (self.below is not None and value >= self.below) or (self.at_most is not None and value > self.at_most):
            return False
        return (self.above is None or value > self.above) and (self.at_least is None or value >= self.at_least)


class Target(NamedTuple):
    """What is particular to a loss: how its second array, the target, may be written and what the screen shows.

    classes: labels may be class numbers. shows: an extra equation ahead of the loss (`p = softmax(prediction)`).
    per_output: averaged over the outputs too. signs: labels are −1 and 1; fractions: they are between 0 and 1;
    distribution: they are probabilities of classes, which sum to 1. weight(xp, target, **settings): each example's
    weight in the mean, or None where they are alike; total(target, **settings): their sum as an expression.
    """

    classes: bool = False
    shows: tuple[str, str] | None = None
    per_output: bool = False
    signs: bool = False
    fractions: bool = False
    distribution: bool = False
    weight: Callable[..., Any] | None = None
    total: Callable[..., Expression | None] | None = None


class Operation(NamedTuple):
    """One operation of the language, with everything that is known of it.

    value(xp, *arrays, **settings): the number(s); xp is NumPy or the plain-Python stand-in for it (engine/arrays).
    shape(*shapes, **settings): the result's shape, or ShapeError.
    derivatives: for an elementwise operation, ∂result/∂argument for each array argument, as an expression:
    rule(ans, *arrays, **settings). The engine multiplies by the upstream gradient and sums over what was broadcast.
    gradients: otherwise, the whole product with the upstream gradient g: rule(g, ans, *arrays, shape_of=…, **settings),
    where shape_of(expression) tells a shape. None: no gradient flows there.
    variadic: any number of arrays, one or more; the one rule is told the array's position=….
    text, latex: how it is written, with {x} for the argument x and {x:product} where an argument that binds less
    tightly needs parentheses; {x:raised} stands as a superscript. domain: an interval for each argument within which
    examples and tests draw numbers. kinks: points of the first argument where there is no derivative,
    or kinks(**settings). switch(*arrays, shape=…, **settings): of a loss, what changes its sign where an output's part
    has a kink, or its derivative one; shape is the prediction's. at_kink: what is said of a unit that sits at a kink.
    multiply_adds(*shapes, **settings): how many products are added up; none where there is no such function.
    window(*shapes, **settings): of an operation whose entries each come from a window, the windows' geometry.
    at_zero: what is said where the result is 0 and has no derivative there.
    ties(xp, *arrays, **settings): how many entries of each window are the largest; at_tie: what then is done.
    example: expressions in which every setting and every way to broadcast occurs, over the numbers a, b, the vectors
    x, y of 3 and the 2×3 matrices A, B; tests compare their gradients with finite differences.
    mistakes: what people compute in its place, for `check`.
    """

    name: str
    args: tuple[str, ...]
    value: Callable[..., Any]
    shape: Callable[..., Shape]
    text: Template
    latex: Template
    meaning: str
    source: str
    optional: int = 0
    variadic: bool = False
    options: tuple[Option, ...] = ()
    derivatives: tuple[Rule | None, ...] = ()
    gradients: tuple[Rule | None, ...] = ()
    domain: tuple[tuple[float, float], ...] = ((-3.0, 3.0),)
    kinks: Kinks = ()
    at_kink: str = ""
    switch: Callable[..., Expression] | None = None
    at_zero: str = ""
    target: Target | None = None
    multiply_adds: Callable[..., int] | None = None
    window: Callable[..., Any] | None = None
    ties: Callable[..., Any] | None = None
    at_tie: str = ""
    explanation: Explanation | None = None
    example: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def gradient(self, position: int) -> Rule | None:
        """The gradient rule of the array at that position, from 0."""
        if not self.variadic:
            return self.gradients[position]
        rule = self.gradients[0]
        return None if rule is None else partial(rule, position=position)

    @property
    def elementwise(self) -> bool:
        return bool(self.derivatives)

    @property
    def defaults(self) -> dict[str, Setting]:
        return {option.name: option.default for option in self.options}

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(option.name for option in self.options if option.required)

    def kinks_for(self, settings: dict[str, Setting]) -> tuple[float, ...]:
        """The points of the first argument where there is no derivative, for these settings."""
        return self.kinks if isinstance(self.kinks, tuple) else self.kinks(**settings)

    def expected(self, setting: str, value: Setting) -> str:
        """What is expected in place of a setting's value that can't be taken; '' for one that can."""
        return next(option for option in self.options if option.name == setting).expected(value)

    def settings(self, given: tuple[tuple[str, Setting], ...]) -> dict[str, Setting]:
        """Every setting with its value: the defaults, and what an expression states beside them."""
        return {**self.defaults, **dict(given)}


def dimensions(shape: Shape) -> str:
    """A shape in words: 3×4, a vector of 3, a number."""
    if not shape:
        return "a number"
    if len(shape) == 1:
        return f"a vector of {shape[0]}"
    return "×".join(str(n) for n in shape)


def broadcast(*shapes: Shape, **_: Setting) -> Shape:
    """NumPy's broadcasting of any number of shapes."""
    rank = max((len(s) for s in shapes), default=0)
    result: list[int] = []
    for axis in range(-rank, 0):
        sizes = {s[axis] for s in shapes if len(s) >= -axis}
        sizes_above_one = sizes - {1}
        if len(sizes_above_one) > 1:
            raise ShapeError(
                f"{' and '.join(dimensions(s) for s in shapes)} do not fit",
                label=f"expected equal sizes, found {' and '.join(str(n) for n in sorted(sizes_above_one))}",
            )
        result.append(sizes_above_one.pop() if sizes_above_one else 1)
    return tuple(result)


def same(shape: Shape, **_: Setting) -> Shape:
    """The shape of the one argument."""
    return shape


def _written(value: Setting) -> str:
    return value.id if isinstance(value, Name) else str(value)


def normal_axes(axis: Setting, rank: int) -> tuple[int, ...]:
    """The axes as numbers from 0: all for None, one, or several."""
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    result = []
    for one in axes:
        if isinstance(one, bool) or not isinstance(one, int) or not -rank <= one < rank:
            axes_there = f"{rank} ax{'i' if rank == 1 else 'e'}s"
            raise ShapeError(f"there is no axis {_written(one)}", label=f"the array has {axes_there}, counted from 0")
        result.append(one % rank)
    if len(set(result)) < len(result):
        raise ShapeError("an axis is named twice", label=f"axis={axis}")
    return tuple(result)


def without_axes(shape: Shape, axis: Setting = None, keepdims: Setting = False, **_: Setting) -> Shape:
    """The shape after a reduction over the axes."""
    axes = normal_axes(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)
