"""`equations` → the problem as on the sheet: given values, parameters, one equation a line."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.registry import is_operation, operation
from nncalc.engine.shapes import Shapes
from nncalc.errors import DomainError, ExpressionError, NncalcError, ProblemError, ShapeError, did_you_mean
from nncalc.language.equation import Equation, Program, in_order
from nncalc.language.expression import Apply, Expression, Name, names_in, walk
from nncalc.language.parse import is_name, parse_equations
from nncalc.problem.labels import fit
from nncalc.problem.problem import Written
from nncalc.problem.schema import kind, wrong
from nncalc.problem.tree import Mapping, Scalar, Value
from nncalc.problem.values import Reader


def read_lines(value: Value, key: str) -> list[tuple[str, Expression, Written]]:
    """Equations, one a line, each with its place. Raises ProblemError at the place in the file."""
    if not isinstance(value, Scalar) or value.is_null:
        raise wrong(value, f"'{key}' is text, one equation a line", f"found {kind(value)}, expected '{key}: |'")
    try:
        lines = parse_equations(value.text, operation, is_operation)
    except ExpressionError as error:
        raise at_line(error, Written(value, error.line, error.offset), value.key) from None
    if not lines:
        raise wrong(value, f"'{key}' has no equation", "expected lines such as h = W @ x + b")
    starts = [len(line) - len(line.lstrip()) for line in value.text.split("\n")]
    return [(name, expression, Written(value, line, starts[line - 1])) for name, expression, line in lines]


def at_line(error: NncalcError, written: Written, key: str) -> NncalcError:
    """The error with the place of the equation."""
    error.place, error.key = written.place, key
    return error


def read_values(value: Value | None, key: str, read: Reader, taken: dict[str, Any]) -> dict[str, Any]:
    """The arrays under `given` or `parameters`, by name."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(
            value, f"'{key}' has names and their values", f"found {kind(value)}, expected '{key}: {{x: [1, 2]}}'"
        )
    found: dict[str, Any] = {}
    for name in value:
        place, path = value.key_place(name), f"{value.key}.{name}"
        if not is_name(name):
            raise ProblemError(
                f"'{name}' can't be a name",
                label="a name has ASCII letters, digits and _, and is no word of Python's",
                key=path,
                place=place,
            )
        if is_operation(name):
            raise ProblemError(
                f"'{name}' is the name of an operation",
                label="a value's name must be another",
                hint=f"Try '{name}1'.",
                key=path,
                place=place,
            )
        if name in taken:
            raise ProblemError(
                f"{name} is given twice", label="under 'given' and under 'parameters'", key=path, place=place
            )
        found[name] = read(value.entries[name], name)
    return found


class Sheet:
    """The equations of a file with the roles that their names play."""

    def __init__(
        self, lines: list[tuple[str, Expression, Written]], given: dict[str, Any], parameters: dict[str, Any], base: int
    ) -> None:
        self.written = {name: written for name, _, written in lines}
        self.values = {**given, **parameters}
        self.given, self.parameters = tuple(given), tuple(parameters)
        self.base = base
        self.label_numbers: Any = None
        self.classes: int | None = None
        self._check_names([(name, expression) for name, expression, _ in lines])
        self.last = lines[-1][0]
        self.equations = in_order(Equation(name, expression) for name, expression, _ in lines)

    def _check_names(self, lines: list[tuple[str, Expression]]) -> None:
        known = dict.fromkeys([*self.values, *(name for name, _ in lines)])
        for name, expression in lines:
            if "." in name:
                if name.rpartition(".")[2].partition("_")[0] in ("grad", "next"):
                    raise self._at(
                        name,
                        f"{name} is derived, not written among the equations",
                        "a gradient or an update",
                        "Put the line under 'overrides' to replace the derived one.",
                    )
                raise self._at(name, f"{name} can't be assigned", "a name without a suffix is expected")
            if name in self.values:
                raise self._at(name, f"{name} is given a value and assigned as well", "a name is assigned once")
            unknown = next((n for n in names_in(expression) if n not in known), None)
            if unknown is not None:
                raise self._at(
                    name,
                    f"there is no '{unknown}'",
                    f"{name} is worked out from it",
                    did_you_mean(unknown, tuple(known)) or "Give it a value under 'given' or 'parameters'.",
                    unknown,
                )

    def _at(self, name: str, message: str, label: str, hint: str = "", word: str = "") -> ProblemError:
        written = self.written[name]
        if word:
            import re

            line = written.text.text.split("\n")[written.line - 1]
            found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", line.split("=", 1)[1])
            if found:
                written = Written(written.text, written.line, line.index("=") + 1 + found.start())
        return ProblemError(message, label=label, hint=hint, key=written.text.key, place=written.place)

    def program(self) -> Program:
        """The forward program: which equation is the loss, which the prediction, which given names are labels."""
        shapes = self._fit_labels()
        loss = self._loss(shapes)
        prediction, labels = self._prediction(loss), self._labels(loss)
        return Program(
            self.equations, self.given, self.parameters, labels, loss, prediction or (None if loss else self.last)
        )

    def _fit_labels(self) -> Shapes:
        """Targets in the shape of their predictions: a class number becomes one-hot, `[2]` one output's number."""
        shapes = Shapes({name: tuple(value.shape) for name, value in self.values.items()})
        for equation in self.equations:
            for node in walk(equation.expression):
                if isinstance(node, Apply) and operation(node.op).target is not None:
                    self._fit_target(node, equation, shapes)
            try:
                shapes.known[equation.name] = shapes(equation.expression)
            except (ShapeError, ExpressionError):
                break  # said with its place when the whole program's shapes are checked
        return shapes

    def _fit_target(self, node: Apply, equation: Equation, shapes: Shapes) -> None:
        target = operation(node.op).target
        name = node.args[1].id if isinstance(node.args[1], Name) else ""
        if target is None or name not in self.given:
            return
        try:
            prediction = shapes(node.args[0])
        except (ShapeError, ExpressionError):
            return
        if target.classes and prediction:
            self.classes = prediction[-1]
        try:
            ignore = dict(node.settings).get("ignore_index")
            fitted, numbers = fit(self.values[name], prediction, target, self.base, ignore)
        except (ShapeError, DomainError) as error:
            error.names = (name,)
            raise
        self.values[name] = fitted
        shapes.known[name] = prediction
        if numbers is not None:
            self.label_numbers = numbers

    def _loss(self, shapes: Shapes) -> str | None:
        names = [equation.name for equation in self.equations]
        if "loss" in names:
            return "loss"
        return self.last if shapes.known.get(self.last) == () else None

    def _prediction(self, loss: str | None) -> str | None:
        """The first argument of the loss's operation, where that is a name; behind a mean, that of its terms."""
        by_name = {equation.name: equation.expression for equation in self.equations}
        expression = by_name.get(loss or "")
        if isinstance(expression, Apply) and expression.op in ("mean", "sum") and isinstance(expression.args[0], Name):
            terms = by_name.get(expression.args[0].id)
            if isinstance(terms, Apply) and operation(terms.op).target is not None:
                expression = terms
        if isinstance(expression, Apply) and isinstance(expression.args[0], Name):
            return expression.args[0].id
        return None

    def _labels(self, loss: str | None) -> tuple[str, ...]:
        """Targets of losses; and `y`, where parameters are learned and it meets none of them in an equation."""
        found = []
        for name in self.given:
            users = [e.expression for e in self.equations if name in names_in(e.expression)]
            is_target = any(
                isinstance(node, Apply) and operation(node.op).target is not None and node.args[1] == Name(name)
                for expression in users
                for node in walk(expression)
            )
            meets = any(parameter in names_in(expression) for expression in users for parameter in self.parameters)
            if is_target or (name == "y" and self.parameters and users and not meets and loss is not None):
                found.append(name)
        return tuple(found)
