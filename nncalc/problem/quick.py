"""The quick calculators' problems: a few numbers from the command line, worked out in plain Python."""

from __future__ import annotations

from math import isinf
from typing import Any, NamedTuple

from nncalc.catalogue.registry import operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.plain_arrays import Row, xp
from nncalc.engine.shapes import Shapes, add, infer
from nncalc.engine.simplify import Simplifier
from nncalc.engine.value import value_of
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, call, walk
from nncalc.language.text import signed
from nncalc.problem.labels import class_index


class Quick(NamedTuple):
    """A quick calculation: its equations with their shapes, and every value as plain numbers."""

    equations: tuple[Equation, ...]
    shapes: dict[str, tuple[int, ...]]
    values: dict[str, Any]
    notes: tuple[str, ...] = ()
    predicted: int | None = None
    label: int | None = None


def softmax(numbers: list[float], label: float | None, base: int, log_base: Setting, temperature: float) -> Quick:
    """Softmax of logits; with a label, its cross-entropy and ∂ℓ/∂h. Raises DomainError for a class there is not."""
    scores: Expression = Name("h")
    equations = []
    if temperature != 1:
        equations.append(Equation("z", Name("h") / Const(temperature)))
        scores = Name("z")
    equations.append(Equation("exp", call.exp(scores - call.max(scores))))
    equations.append(Equation("p", call.softmax(scores)))
    values: dict[str, Any] = {"h": Row(numbers)}
    if label is not None:
        hot = class_index(label, len(numbers), base)
        values["y"] = Row(float(i == hot) for i in range(len(numbers)))
        stated = {} if log_base == "e" else {"log_base": log_base}
        equations.append(Equation("loss", call.softmax_cross_entropy(scores, Name("y"), **stated)))
    program = Program(
        tuple(equations), tuple(values), labels=("y",), loss=None if label is None else "loss", prediction="p"
    )
    shapes = infer(program, {name: value.shape for name, value in values.items()})
    if label is not None:
        program = differentiate(program, shapes)
    _work_out(program.equations, values)
    highest = max(values["h"].entries)
    tied = [i + base for i, number in enumerate(numbers) if number == highest]
    notes = []
    if highest / temperature > OVERFLOW:
        notes.append("e^h would overflow: e^(h − max h) stands in its place; the quotients are the same")
    if len(tied) > 1:
        shown = ", ".join(map(str, tied[:-1]))
        notes.append(f"classes {shown} and {tied[-1]} tie; the first is taken as predicted")
    return Quick(program.equations, shapes.known, values, tuple(notes), tied[0], None if label is None else int(label))


OVERFLOW = 709.782712893384  # ln of the largest double


def activation(name: str, numbers: list[float], settings: dict[str, Setting]) -> Quick:
    """An activation and its derivative at each number; for one that mixes its entries, the Jacobian ∂result/∂x.

    settings: those of the activation, and a number for each array that it learns; of these it has the derivatives too.
    """
    entry = operation(name)
    learned = {key: settings[key] for key in entry.args[1:]}
    stated = tuple((k, value) for k, value in settings.items() if k not in learned and value != entry.defaults[k])
    equation = Equation("result", Apply(name, tuple(map(Name, entry.args)), stated))
    values: dict[str, Any] = {"x": Row(numbers), **learned}
    shapes = Shapes({"x": values["x"].shape, **dict.fromkeys(learned, ())})
    add(shapes, equation)
    simplify = Simplifier(shapes, {equation.expression: "result"})
    full = entry.settings(stated)
    _work_out((equation,), values)
    backward = []
    if entry.derivatives:
        for argument, rule in zip(entry.args, entry.derivatives, strict=True):
            assert rule is not None
            local = rule(Name("result"), *map(Name, entry.args), **full)
            derivative = simplify(local if isinstance(local, Expression) else Const(float(local)))
            if isinstance(derivative, Apply) and derivative.op == "broadcast":
                derivative = derivative.args[0]  # one number for all
            found = value_of(derivative, values, xp) + 0.0  # −0 becomes 0
            values[f"{argument}.grad"] = found if isinstance(found, Row) else Row([found] * len(numbers))
            backward.append(Equation(f"{argument}.grad", derivative, "backward"))
            shapes.known[f"{argument}.grad"] = values["x"].shape
    else:
        rule = entry.gradients[0]
        assert rule is not None
        shapes.known["result.grad"] = shapes.known["result"]
        product = rule(Name("result.grad"), Name("result"), Name("x"), shape_of=shapes, **full)
        derivative = simplify(product if isinstance(product, Expression) else Const(float(product)))
        (results,) = shapes.known["result"]
        values["x.grad"] = [_row(derivative, values, i, results) for i in range(results)]
        shapes.known["x.grad"] = (results, len(numbers))
        backward.append(Equation("x.grad", derivative, "backward"))
    kinks = entry.kinks_for(full)
    notes = tuple(
        f"x[{i + 1}] = {signed(number)}: {entry.at_kink}" for i, number in enumerate(numbers) if number in kinks
    )
    return Quick((equation, *backward), shapes.known, values, notes)


def _row(derivative: Expression, values: dict[str, Any], i: int, results: int) -> Row:
    """The gradient of the i-th entry of the result: the product with the i-th unit vector."""
    unit = Row(float(i == j) for j in range(results))
    n = len(values["x"].entries)
    if any(isinstance(node, Apply) and node.op == "reshape" for node in walk(derivative)):
        return _rearranged(derivative, {**values, "result.grad": unit})
    row = value_of(derivative, {**values, "result.grad": unit}, xp)
    return row if isinstance(row, Row) else Row([row] * n)


def _rearranged(derivative: Expression, values: dict[str, Any]) -> Row:
    """A gradient that takes its numbers apart into a matrix and back, which needs NumPy."""
    from nncalc.engine.numpy_arrays import xp as numpy

    arrays = {name: numpy.array(row.entries) for name, row in values.items() if isinstance(row, Row)}
    with numpy.errstate(all="ignore"):
        return Row((value_of(derivative, arrays, numpy) + 0.0).tolist())


def _work_out(equations: tuple[Equation, ...], values: dict[str, Any]) -> None:
    for equation in equations:
        values[equation.name] = value_of(equation.expression, values, xp) + 0.0  # −0 becomes 0


def exponentials(numbers: list[float]) -> list[float] | None:
    """e^h for each number, or None where one overflows."""
    found = xp.exp(Row(numbers)).entries
    return None if any(map(isinf, found)) else list(found)
