"""The optimizer's step as equations, one parameter after the other in the order of the forward pass."""

from __future__ import annotations

from nncalc.catalogue.operation import Shape
from nncalc.catalogue.optimizer import Moving, Optimizer
from nncalc.engine.shapes import Shapes, add
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Setting


def descend(
    program: Program, shapes: Shapes, optimizer: Optimizer, settings: dict[str, Setting], frozen: tuple[str, ...] = ()
) -> Program:
    """The program with NAME.next for each parameter that has a gradient and is not frozen."""
    scalar: Shape = ()
    for name in settings:
        shapes.known.setdefault(name if name == "learning_rate" else f"optimizer.{name}", scalar)
    graded = {e.name: e.layer for e in program.phase("backward")}
    updates = []
    for name in in_forward_order(program):
        if name in frozen or f"{name}.grad" not in graded:
            continue
        for target, expression in optimizer.update(Moving(name), settings):
            equation = Equation(target, expression, "update", graded[f"{name}.grad"])
            add(shapes, equation)
            updates.append(equation)
    return program._replace(equations=(*program.equations, *updates))


def in_forward_order(program: Program) -> list[str]:
    """The parameters in the order in which the forward pass first uses them."""
    used = dict.fromkeys(name for equation in program.phase("forward") for name in equation.inputs)
    return [name for name in used if name in program.parameters]
