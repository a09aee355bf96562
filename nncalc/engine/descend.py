"""The optimizer's step as equations, one parameter after the other in the order of the forward pass."""

from __future__ import annotations

from collections.abc import Mapping

from nncalc.catalogue.operation import Shape
from nncalc.catalogue.optimizer import Optimizer, shared_step, step_of
from nncalc.engine.shapes import Shapes, add
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Setting


def descend(
    program: Program, shapes: Shapes, optimizer: Optimizer, settings: dict[str, Setting], frozen: tuple[str, ...] = ()
) -> Program:
    """The program with NAME.next for each parameter that has a gradient and is not frozen.

    What all the parameters' steps use (a scheduled learning rate, the norm of all gradients) stands before them.
    shapes: those of all names so far; the optimizer's state and settings and the new names are added.
    """
    layers = {e.name.removesuffix(".grad"): e.layer for e in program.phase("backward") if e.name.endswith(".grad")}
    moving = [name for name in in_forward_order(program) if name in layers and name not in frozen]
    scalar: Shape = ()
    for name in setting_names(optimizer, settings):
        shapes.known.setdefault(name, scalar)
    for name, shape in state_shapes(optimizer, {name: shapes.known[name] for name in moving}).items():
        shapes.known.setdefault(name, shape)
    updates: list[Equation] = []
    if moving:
        updates += [Equation(name, e, "update") for name, e in shared_step(optimizer, settings, moving)]
    taken = frozenset(shapes.known)
    for name in moving:
        for target, expression in step_of(optimizer, name, settings, taken):
            updates.append(Equation(target, expression, "update", layers[name]))
    for equation in updates:
        add(shapes, equation)
    return program._replace(equations=(*program.equations, *updates))


def in_forward_order(program: Program) -> list[str]:
    """The parameters in the order in which the forward pass first uses them."""
    used = dict.fromkeys(name for equation in program.phase("forward") for name in equation.inputs)
    return [name for name in used if name in program.parameters]


def setting_names(optimizer: Optimizer, settings: Mapping[str, Setting]) -> dict[str, str]:
    """The numbers among an optimizer's settings and those it carries on: the name in equations → the setting's."""
    scheduled = settings.get("schedule") is not None
    found = {}
    for key, value in settings.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found["learning_rate" if key == "learning_rate" and not scheduled else f"optimizer.{key}"] = key
    return {**found, **{before: "" for before, _, _ in optimizer.carried}}


def state_shapes(optimizer: Optimizer, parameters: Mapping[str, Shape]) -> dict[str, Shape]:
    """The shape of each parameter's state: the parameter's own."""
    return {f"{name}.{letter}": shape for name, shape in parameters.items() for letter in optimizer.state}
