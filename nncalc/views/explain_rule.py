"""The pages of operations without a derivation of their own, and of optimizers: their equations."""

from __future__ import annotations

from nncalc.catalogue.operation import Operation, Shape, dimensions
from nncalc.catalogue.optimizer import FURTHER, LEARNING_RATE, Optimizer, shared_step, step_of
from nncalc.catalogue.schedule import SCHEDULES
from nncalc.engine.descend import setting_names, state_shapes
from nncalc.engine.rule import EXAMPLE, example_of, gradients_through, partial_derivatives
from nncalc.engine.shapes import Shapes
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Setting, names_in
from nncalc.views.explain_layout import GAP, INDENT, ending, equation_lines, heading, section, words
from nncalc.views.explain_mistakes import mistakes_of, variants_of
from nncalc.views.explained_formula import ExplainedFormula
from nncalc.views.formula import formula_text
from nncalc.views.line import Line
from nncalc.views.symbols import Symbols

RESULT = "r"
COUNTED = (
    "η₀ is the learning rate as given, t the number of this step, so that t − 1 steps are behind, as PyTorch counts."
)
# What a parameter's example has: outputs and inputs.
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
    return [*lines, *mistakes_of(entry, width), *ending(entry.options, entry.source, width)]


def optimizer_view(entry: Optimizer, *, width: int) -> list[Line]:
    """An optimizer: the step of a parameter W, and the same with each setting that is off unless stated."""
    lines = heading(entry.name, entry.meaning, width)
    for title, equations in steps_of(entry):
        numbers = dict.fromkeys(setting_names(entry, entry.defaults), ())
        arrays = dict.fromkeys(("W", "W.grad", *state_shapes(entry, {"W": (OUT, IN)})), (OUT, IN))
        lines += section(title, equations_lines(equations, {**numbers, **arrays}, width))
    lines += section("notes", [line for note in entry.notes for line in words(note, width)])
    lines += section("schedules", _schedules(width))
    lines += variants_of(entry, width)
    return [*lines, *ending((*entry.options, *FURTHER), entry.source, width)]


def _schedules(width: int) -> list[Line]:
    """How each schedule gives the learning rate of step t, and what is counted."""
    lines: list[Line] = []
    for schedule in SCHEDULES:
        settings: dict[str, Setting] = {option.name: option.default for option in schedule.options}
        # stated, so that the formula has it
        rate = schedule.rate({**settings, **({"floor": 1} if "floor" in settings else {})})
        lines += words(schedule.meaning, width, first=f"{INDENT}{schedule.name}{GAP}", indent=INDENT * 3)
        equation = Equation(LEARNING_RATE.id, rate, "update")
        formula = equations_lines([equation], dict.fromkeys(names_in(rate), ()), width - len(INDENT) * 2)
        lines += [[(INDENT * 2, ""), *line] for line in formula]
    return [*lines, *words(COUNTED, width)]


def steps_of(entry: Optimizer) -> list[tuple[str, tuple[Equation, ...]]]:
    """(title, the equations of one parameter's step): by default, and with the settings that change it most."""
    found = []
    for changed in ({}, *entry.shown):
        settings = entry.defaults | changed
        equations = [*shared_step(entry, settings, ("W",)), *step_of(entry, "W", settings)]
        with_them = f" with {', '.join(map(_setting_named, changed.items()))}" if changed else ""
        found.append((f"step{with_them}", tuple(Equation(name, e, "update") for name, e in equations)))
    return found


def _setting_named(item: tuple[str, Setting]) -> str:
    """`weight_decay` for a number or true, `form: step` for a word, `bias_correction: false`."""
    name, value = item
    return f"{name}: {value}" if isinstance(value, str) else f"{name}: false" if value is False else name


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
    return equations_lines(gradients_through(result, shapes), known, width)


def equations_lines(
    equations: tuple[Equation, ...] | list[Equation], shapes: dict[str, Shape], width: int
) -> list[Line]:
    """Equations as they are written on paper, one below the other."""
    names = [name for equation in equations for name in (equation.name, *equation.inputs)]
    symbols = Symbols(dict.fromkeys(names))
    known = Shapes(shapes)
    lines: list[Line] = []
    for equation in equations:
        lines += equation_lines(symbols.text(equation.name), [formula_text(equation.expression, symbols, known)], width)
        known.known.setdefault(equation.name, known(equation.expression))
    return lines


def _formula(example: Apply) -> str:
    return formula_text(example, Symbols(names_in(example)), Shapes(EXAMPLE))


def _shapes(example: Apply) -> str:
    """`A is 2×3, x a vector of 3`."""
    return ", ".join(f"{name} is {dimensions(EXAMPLE[name])}" for name in names_in(example))
