"""A problem: equations, the values they begin with, and what the screen needs to know of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from nncalc.catalogue.optimizer import Optimizer
from nncalc.errors import NncalcError, Place, ShapeError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Setting
from nncalc.problem.tree import Scalar, Value


class Written(NamedTuple):
    """An equation as the file has it: the text it stands in, the line within that, and where in the line it begins."""

    text: Scalar
    line: int
    offset: int = 0

    @property
    def place(self) -> Place:
        return self.text.place_inside(self.line, self.offset)


class Classes(NamedTuple):
    """A classification: its size, what the first class is called, and the labels as numbers where known."""

    size: int
    base: int
    numbers: Any = None


class Problem(NamedTuple):
    """A problem ready to be worked out.

    forward: its forward equations. values: every given array and parameter, by name. examples: names whose first axis
    counts the examples of a batch. updates: what the optimizer's step has beside the parameters' equations (running
    statistics). overrides: backward and update equations of the user's own. settings: the optimizer's; state: what the
    file says it carries at the start (`W1.m`). places, written: where in the file each value and each equation stands.
    rows: weights are (in, out). points: the marks of values that a sheet of answers is checked for.
    document: the file as a whole.
    """

    forward: Program
    values: Mapping[str, Any]
    file: str = ""
    title: str = ""
    source: str = ""
    notes: str = ""
    optimizer: Optimizer | None = None
    settings: Mapping[str, Setting] = MappingProxyType({})
    state: Mapping[str, Any] = MappingProxyType({})
    optimizer_stated: bool = True
    frozen: tuple[str, ...] = ()
    updates: tuple[Equation, ...] = ()
    overrides: tuple[Equation, ...] = ()
    notation: str = "h"
    classes: Classes | None = None
    examples: frozenset[str] = frozenset()
    batched: bool = False
    places: Mapping[str, Value] = MappingProxyType({})
    written: Mapping[str, Written] = MappingProxyType({})
    rows: bool = False
    points: Mapping[str, float] = MappingProxyType({})
    document: Value | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(value.shape) for name, value in self.values.items()}

    def with_learning_rate(self, rate: float) -> Problem:
        return self._replace(settings={**self.settings, "learning_rate": rate})

    def located(self, error: NncalcError) -> NncalcError:
        """The error with the place in the file that it is about, where that is known."""
        if error.place is not None:
            return error
        assigned = error.equation.split(" = ", 1)[0]
        written = self.written.get(assigned) or next((self.written[n] for n in error.names if n in self.written), None)
        if written is not None:
            error.place, error.key = written.place, written.text.key
            return error
        named = [name for name in error.names if name in self.places]
        # a parameter's place says more than the input's: it is the one of two that was written for this layer
        named.sort(key=lambda name: name not in self.forward.parameters)
        if named:
            value = self.places[named[0]]
            error.place, error.key = value.place, value.key
        if isinstance(error, ShapeError) and error.turned in self.forward.parameters:
            other, order = ("column", "(out, in)") if self.rows else ("row", "(in, out)")
            error.hint = f"Its transpose fits: write 'convention: {other}' if {error.turned} is {order}."
        return error
