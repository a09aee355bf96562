"""The pages of operations without a derivation of their own, of optimizers and of layers: their equations."""

from __future__ import annotations

from nncalc.catalogue.layer import Block, Layer
from nncalc.catalogue.operation import Operation, Shape, dimensions
from nncalc.catalogue.optimizer import Moving, Optimizer, setting
from nncalc.engine.rule import EXAMPLE, example_of, gradients_through, partial_derivatives
from nncalc.engine.shapes import Shapes, add
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, names_in
from nncalc.views.explain_layout import ending, equation_lines, heading, section, words
from nncalc.views.explained_formula import ExplainedFormula
from nncalc.views.formula import formula_text
from nncalc.views.line import Line
from nncalc.views.symbols import Symbols

RESULT = "r"
# What a layer's example goes in and comes out with.
IN, OUT = 3, 2


def operation_view(entry: Operation, *, width: int) -> list[Line]:
    """An operation: its slope where it works entry by entry, else what it makes of a loss's gradient."""
    example = example_of(entry)
    lines = heading(entry.name, entry.meaning, width)
    written = equation_lines(RESULT, [_formula(example)], width)
    if entry.elementwise:
        lines += section("written", written)
        lines += section("derivative", [*_slopes(entry, example, width), *words(entry.at_kink, width, "dim")])
    else:
        lines += section("written", [*written, *words(_shapes(example), width, "dim")])
        lines += section("gradient of a loss ℓ", _gradients(Equation(RESULT, example), EXAMPLE, width))
    return [*lines, *ending(entry.options, entry.source, width)]


def optimizer_view(entry: Optimizer, *, width: int) -> list[Line]:
    """An optimizer: the step of a parameter W, and the same with each setting that is off unless stated."""
    lines = heading(entry.name, entry.meaning, width)
    for title, equations in steps_of(entry):
        settings: dict[str, Shape] = {setting(option.name).id: () for option in entry.options}
        lines += section(title, _equations(equations, {"W": (OUT, IN), "W.grad": (OUT, IN), **settings}, width))
    return [*lines, *ending(entry.options, entry.source, width)]


def layer_view(entry: Layer, *, width: int) -> list[Line]:
    """A layer: its equations for one example, and what they make of a loss's gradient."""
    lines = heading(entry.name, entry.meaning, width)
    equations = block_of(entry)
    lines += section("forward", _equations(equations, shapes_of(entry), width))
    lines += section("gradient of a loss ℓ", _gradients(equations[-1], shapes_of(entry), width))
    return [*lines, *ending(entry.options, entry.source, width)]


def steps_of(entry: Optimizer) -> list[tuple[str, tuple[Equation, ...]]]:
    """(title, the equations of one parameter's step): as it is by default, and with each setting that adds to it."""
    defaults = {option.name: option.default for option in entry.options}
    plain = tuple(Equation(name, e, "update") for name, e in entry.update(Moving("W"), defaults))
    found = [("step", plain)]
    for option in entry.options:
        if option.default == 0:
            stated = entry.update(Moving("W"), {**defaults, option.name: 0.5})
            equations = tuple(Equation(name, e, "update") for name, e in stated)
            if equations != plain:
                found.append((f"step with {option.name}", equations))
    return found


def block_of(entry: Layer) -> list[Equation]:
    """The equations of the layer as the first of a network, every parameter stated, for one example."""
    shapes = Shapes(shapes_of(entry))
    block = Block(
        layer=entry.name,
        input="x",
        batched=False,
        row=False,
        suffix="1",
        given=frozenset(parameter.key for parameter in entry.parameters),
        options={option.name: option.default for option in entry.options},
        shape_of=shapes,
        declare=lambda equation: add(shapes, equation),
    )
    entry.block(block)
    return [written.equation for written in block.equations]


def shapes_of(entry: Layer) -> dict[str, Shape]:
    """Shapes that the layer's names may have."""
    ranks: dict[int | None, Shape] = {1: (OUT,), 2: (OUT, IN)}
    return {"x": (IN,), **{f"{parameter.letter}1": ranks[parameter.rank] for parameter in entry.parameters}}


def _slopes(entry: Operation, example: Apply, width: int) -> list[Line]:
    slopes = partial_derivatives(entry, example)
    formula = ExplainedFormula(partial=len(slopes) > 1)
    lines: list[Line] = []
    for name, slope in slopes:
        left = formula.slope_of(example, name)
        lines += equation_lines(left, [formula.bare(slope)], width)
    return lines


def _gradients(result: Equation, shapes: dict[str, Shape], width: int) -> list[Line]:
    whole = Shapes(shapes)(result.expression)
    known = {**shapes, result.name: whole, f"{result.name}.grad": whole}
    return _equations(gradients_through(result, shapes), known, width)


def _equations(equations: tuple[Equation, ...] | list[Equation], shapes: dict[str, Shape], width: int) -> list[Line]:
    names = [name for equation in equations for name in (equation.name, *equation.inputs)]
    symbols = Symbols(dict.fromkeys(names))
    known = Shapes(shapes)
    lines: list[Line] = []
    for equation in equations:
        lines += equation_lines(symbols.text(equation.name), [formula_text(equation.expression, symbols, known)], width)
    return lines


def _formula(example: Apply) -> str:
    return formula_text(example, Symbols(names_in(example)), Shapes(EXAMPLE))


def _shapes(example: Apply) -> str:
    """`A is 2×3, x a vector of 3`."""
    return ", ".join(f"{name} is {dimensions(EXAMPLE[name])}" for name in names_in(example))
