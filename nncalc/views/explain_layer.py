"""The page of a layer: its equations for one example of a small size, and what they make of a loss's gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nncalc.catalogue.layer import Block, Layer
from nncalc.catalogue.operation import Shape
from nncalc.engine.rule import gradients_through_all
from nncalc.engine.shapes import Shapes, add
from nncalc.errors import NncalcError
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Expression, Name
from nncalc.views.explain_layout import ending, heading, section
from nncalc.views.explain_rule import equations_lines
from nncalc.views.line import Line

# What goes into a layer's example, by the number of its axes: a vector, one time step, an image.
INPUTS: dict[int, Shape] = {1: (3,), 2: (1, 3), 3: (1, 4, 4)}
# What comes out, and what a setting is that has to be stated: the size of a window.
UNITS, STATED = 2, 2


class Sample(NamedTuple):
    """A layer's equations as the first of a network, its gradients, and the shapes of the names given."""

    equations: tuple[Equation, ...]
    gradients: tuple[Equation, ...]
    shapes: dict[str, Shape]


def layer_view(entry: Layer, *, width: int) -> list[Line]:
    """A layer: its equations for one example, and what they make of a loss's gradient."""
    lines = heading(entry.name, entry.meaning, width)
    found = sample(entry)
    if found is not None:
        lines += section("forward", equations_lines(found.equations, found.shapes, width))
        known = Shapes(found.shapes)
        for equation in found.equations:
            add(known, equation)
        result = found.equations[-1].name
        shapes = {**known.known, f"{result}.grad": known.known[result]}
        lines += section("gradient of a loss ℓ", equations_lines(found.gradients, shapes, width))
    return [*lines, *ending(entry.options, entry.source, width)]


def sample(entry: Layer) -> Sample | None:
    """The layer with every parameter stated, for one example; None where it needs more than sizes to be written."""
    for rank in INPUTS if entry.example_rank is None else (entry.example_rank,):
        try:
            found = _with_input(entry, INPUTS[rank])
        except (NncalcError, AssertionError, KeyError, TypeError):
            continue  # an input of that many axes, or no made-up setting, is nothing to this layer
        if found is not None:
            return found
    return None


def _with_input(entry: Layer, input: Shape) -> Sample | None:
    shapes = {"x": input, **_parameters(entry)}
    known = Shapes(shapes)

    def given(name: str, shape: Shape) -> None:
        known.known[name] = shapes[name] = shape

    block = Block(
        layer=entry.name,
        input="x",
        batched=False,
        row=False,
        suffix="1",
        given=frozenset(key for p in entry.parameters for key in (p.key, *(f"{p.key}.{part}" for part in p.parts))),
        options={option.name: STATED if option.required else option.default for option in entry.options},
        shape_of=known,
        declare=lambda equation: add(known, equation),
        activation=_activation(entry),
        fill=given,
        start=lambda key, name, shape: given(name, shape),
    )
    entry.block(block)
    equations = [written.equation for written in block.equations]
    if len(equations) > 1 and isinstance(equations[-1].expression, Name):
        equations.pop()  # one time step is all of them
    if not equations:
        return None
    used = {name for equation in equations for name in equation.inputs}
    shapes = {name: shape for name, shape in shapes.items() if name in used}
    fixed = tuple(f"{p.letter}1" for p in entry.parameters if not p.trained)
    return Sample(tuple(equations), gradients_through_all(tuple(equations), shapes, fixed), shapes)


def _activation(entry: Layer) -> Callable[[Expression], Expression] | None:
    return (lambda x: Apply(entry.own_activation, (x,))) if entry.own_activation else None


def _parameters(entry: Layer) -> dict[str, Shape]:
    """The shapes of the parameters: weights from three inputs to two units, recurrent ones from units to units."""
    found: dict[str, Shape] = {}
    for parameter in entry.parameters:
        inputs = UNITS if parameter.letter == "U" else INPUTS[1][0]
        kernel = (UNITS, 1, 2, 2)
        shape: Shape = {1: (UNITS,), 2: (UNITS, inputs), 3: kernel[:3], 4: kernel}.get(parameter.rank or 0, ())
        names = [f"{parameter.letter}1_{part}" for part in parameter.parts] or [f"{parameter.letter}1"]
        found.update(dict.fromkeys(names, shape) if parameter.rank else {})
    return found
