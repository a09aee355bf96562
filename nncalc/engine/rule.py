"""An operation's gradient rule as a reader sees it: equations, found by differentiating an example."""

from __future__ import annotations

from collections.abc import Mapping

from nncalc.catalogue.operation import Operation, Shape
from nncalc.catalogue.registry import operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.shapes import Shapes, infer
from nncalc.engine.simplify import Simplifier
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, as_expression, call, names_in
from nncalc.language.parse import parse_expression

# The shapes that the names of an entry's examples have.
EXAMPLE: dict[str, Shape] = {"a": (), "b": (), "x": (3,), "y": (3,), "A": (2, 3), "B": (2, 3)}


def example_of(entry: Operation) -> Apply:
    """The first example of an entry that is the operation itself."""
    read = (parse_expression(text, operation) for text in entry.example)
    return next(e for e in read if isinstance(e, Apply) and e.op == entry.name)


def partial_derivatives(entry: Operation, example: Apply) -> list[tuple[Name, Expression]]:
    """(x, ∂example/∂x) for each argument of an elementwise operation that is a name."""
    simplify = Simplifier(Shapes(dict.fromkeys(names_in(example), ())), {})
    found = []
    for argument, rule in zip(example.args, entry.derivatives, strict=False):
        if isinstance(argument, Name) and rule is not None:
            derivative = as_expression(rule(example, *example.args, **entry.settings(example.settings)))
            found.append((argument, simplify(derivative)))
    return found


def gradients_through(result: Equation, shapes: Mapping[str, Shape]) -> tuple[Equation, ...]:
    """NAME.grad for each name of the result's expression, in terms of the result's own gradient."""
    return gradients_through_all((result,), shapes)


def gradients_through_all(
    equations: tuple[Equation, ...], shapes: Mapping[str, Shape], fixed: tuple[str, ...] = ()
) -> tuple[Equation, ...]:
    """The same through several equations, of which the last is the result. fixed: names without a gradient."""
    upstream, result = "upstream", equations[-1]
    loss = Equation("loss", call.sum(Name(upstream) * Name(result.name)))
    assigned = {equation.name for equation in equations}
    leaves = dict.fromkeys(name for equation in equations for name in equation.inputs if name not in assigned)
    given, labels = (*leaves, upstream), (upstream, *(name for name in fixed if name in leaves))
    program = Program((*equations, loss), given=given, labels=labels, loss=loss.name)
    whole = infer(Program(equations), shapes).known[result.name]
    program = differentiate(program, infer(program, {**shapes, upstream: whole}))
    return tuple(equation for equation in program.phase("backward") if equation.name != f"{result.name}.grad")
