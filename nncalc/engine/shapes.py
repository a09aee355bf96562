"""Shapes: every shape of a program is checked before any number is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from nncalc.catalogue.operation import Operation, Shape, dimensions
from nncalc.catalogue.registry import is_operation, operation
from nncalc.errors import ExpressionError, ShapeError, did_you_mean
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Const, Expression, Name, names_in
from nncalc.language.text import equation_text, is_dot_t, to_text

MOST_ENTRIES = 100_000_000  # of one array, 800 MB


class Shapes:
    """Shapes of names, and of any expression over them."""

    def __init__(self, known: Mapping[str, Shape]) -> None:
        self.known: dict[str, Shape] = dict(known)
        self._cache: dict[Expression, Shape] = {}

    def __call__(self, expression: Expression) -> Shape:
        """The shape of an expression. Raises ShapeError, ExpressionError for an unknown name."""
        return self._shape(expression)

    def _shape(self, expression: Expression) -> Shape:
        # a method of its own, since a call of `self` goes through C, which bounds how deep it may nest
        if isinstance(expression, Const):
            return ()
        if isinstance(expression, Name):
            if expression.id not in self.known:
                raise _unknown(expression.id, tuple(self.known))
            return self.known[expression.id]
        found = self._cache.get(expression)
        if found is None:
            assert isinstance(expression, Apply)
            found = self._cache[expression] = self._apply(expression)
        return found

    def _apply(self, expression: Apply) -> Shape:
        entry = operation(expression.op)
        shapes = [self._shape(argument) for argument in expression.args]
        try:
            found = entry.shape(*shapes, **self._settings(entry, expression))
            if 0 in found:
                raise ShapeError("nothing is left of the array", label="expected a part with at least one entry")
            if prod(found) > MOST_ENTRIES:
                raise ShapeError(
                    f"an array of {prod(found)} entries is too large", label=f"expected at most {MOST_ENTRIES}"
                )
            return found
        except ShapeError as error:
            if not error.names:
                error.names = _involved(expression)
                error.equation = error.equation or to_text(expression)
                _word(error, expression, shapes)
            raise

    def _settings(self, entry: Operation, expression: Apply) -> dict[str, Any]:
        """The settings as a shape rule is told them: of a given array its shape."""
        settings: dict[str, Any] = entry.settings(expression.settings)
        for option in entry.options:
            if option.array and isinstance(settings[option.name], Name):
                settings[option.name] = self(settings[option.name])
        return settings


def _involved(expression: Apply) -> tuple[str, ...]:
    """The names in an expression, those that are arguments themselves first: in `W @ x + b`, b and then W and x."""
    own = [argument.id for argument in expression.args if isinstance(argument, Name)]
    return tuple(dict.fromkeys([*own, *names_in(expression)]))


def _unknown(name: str, known: tuple[str, ...]) -> ExpressionError:
    hint = f"{name} is an operation: write {name}(…)." if is_operation(name) else did_you_mean(name, known)
    return ExpressionError(f"there is no '{name}'", hint=hint, names=(name,))


def _word(error: ShapeError, expression: Apply, shapes: list[Shape]) -> None:
    """Put the error in terms of the expression's own parts, and name a transpose that would fit."""
    parts = [to_text(a) for a in expression.args]
    if expression.op != "matmul" or not all(shapes) or max(map(len, shapes)) > 2:
        # an operation may take the same array twice: attention(x, x, x)
        told = dict(zip(parts, shapes, strict=True))
        sizes = ", ".join(f"{part} is {dimensions(shape)}" for part, shape in told.items())
        if error.message.endswith("do not fit") and len(told) > 1:
            error.message = f"{' and '.join(told)} do not fit"
        error.label = f"{sizes}; {error.label}"
        return
    (a, b), (left, right) = parts, shapes
    what = "rows" if len(right) == 2 else "entries"
    error.message = f"{a} and {b} do not fit"
    error.label = (
        f"{a} is {dimensions(left)}, so {to_text(expression)} needs {b} to have {left[-1]} {what}; {b} has {right[0]}"
    )
    if len(left) == 2 and left[0] == right[0]:
        _turn(error, expression.args[0])
    elif len(right) == 2 and left[-1] == right[1]:
        _turn(error, expression.args[1])


def _turn(error: ShapeError, matrix: Expression) -> None:
    bare = matrix.args[0] if isinstance(matrix, Apply) and is_dot_t(matrix) else matrix
    error.turned = bare.id if isinstance(bare, Name) else ""
    if bare is matrix:
        error.hint = f"The transpose of {to_text(matrix)} would fit."
    else:
        error.hint = f"{to_text(bare)} without .T would fit."


def infer(program: Program, given: Mapping[str, Shape]) -> Shapes:
    """The shapes of every name of the program. Raises with the equation that does not fit."""
    shapes = Shapes(given)
    for equation in program.equations:
        add(shapes, equation)
    return shapes


def add(shapes: Shapes, equation: Equation) -> None:
    """One more equation's shape. Raises with the equation when it does not fit."""
    try:
        shapes.known[equation.name] = shapes(equation.expression)
    except (ShapeError, ExpressionError) as error:
        error.equation = equation_text(equation)
        raise
