"""A trace as a sheet of paper: each step's formula, the numbers put in, the result."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from nncalc.engine.trace import Step, Trace
from nncalc.views.box import beside, text_box
from nncalc.views.formula import broken
from nncalc.views.line import Line, joined, text_of, trimmed, width_of
from nncalc.views.numbers import DIGITS
from nncalc.views.run import Part, Run, broken_run, label_width, lines_of, with_gap, word
from nncalc.views.sheet import Sheet, is_bare
from nncalc.views.values import shape_text

# From this width on the formula has a column of its own, left of the numbers.
TWO_COLUMNS = 100
WIDEST_FORMULA = 0.4
GAP = 3
# Numbers put in that would take more lines than this are left out, unless everything is asked for.
MOST_LINES = 40
NARROWEST = 40


def steps_view(
    trace: Trace,
    *,
    width: int,
    digits: int = DIGITS,
    full: bool = False,
    notation: str = "h",
    examples: Collection[str] = frozenset(),
    first_number: int = 1,
    sheet: Sheet | None = None,
) -> list[Line]:
    """Every step of the trace, numbered, under the heading of its phase.

    examples: the names whose first axis counts the examples of a batch. sheet: the trace's, if there is one already.
    """
    sheet = sheet or Sheet(trace, notation=notation, digits=digits, full=full, examples=examples)
    width = max(width, NARROWEST)
    number_width = len(str(first_number + len(trace.steps) - 1))
    column = formula_column(sheet, width, number_width + 2)
    lines: list[Line] = []
    phase = ""
    for number, step in enumerate(trace.steps, first_number):
        if step.phase != phase:
            phase = step.phase
            lines += [[], phase_heading(phase, width)] if lines else [phase_heading(phase, width)]
        elif lines:
            lines.append([])
        lines += step_view(step, sheet, number=number, width=width, number_width=number_width, column=column)
    return lines


def phase_heading(phase: str, width: int) -> Line:
    """`forward ─────`, in the phase's colour."""
    return [(f"{phase} {'─' * (width - len(phase) - 1)}", phase)]


def formula_column(sheet: Sheet, width: int, indent: int) -> int:
    """How wide the column of formulas is; 0 where they stand above their numbers."""
    if width < TWO_COLUMNS:
        return 0
    widest = int((width - indent) * WIDEST_FORMULA)
    widths = [width_of(sheet.formula(step)) for step in sheet.trace.steps]
    return max((w for w in widths if w <= widest), default=0)


def step_view(
    step: Step, sheet: Sheet, *, number: int, width: int, number_width: int = 1, column: int = 0
) -> list[Line]:
    """One step: number, formula, numbers put in = result. column: how wide the column of formulas is, 0 for none."""
    label = str(number).rjust(number_width)
    indent = number_width + 2
    formula = sheet.formula(step)
    if column and width_of(formula) <= column:
        room = width - indent - column - GAP
        parts = _parts(step, sheet, room)
        # with the whole line's width to themselves, the numbers may need fewer lines and no abbreviation
        crowded = len(parts) > 1 or sheet.is_too_wide(step, room)
        if not crowded or len(parts) < len(_parts(step, sheet, width - indent)):
            return _in_columns(step, sheet, parts, label, formula, column)
    lines = _formula_lines(step, sheet, label, formula, width - indent, indent)
    for line in numbers_lines(step, sheet, width - indent):
        lines.append(joined([(" " * indent, ""), *line]))
    return lines


def numbers_lines(step: Step, sheet: Sheet, room: int) -> list[Line]:
    """The numbers put in and the result, in lines; shapes and the result alone where that would be enormous."""
    if _says_it_all(step, sheet):
        return []
    return [line for part in _parts(step, sheet, room) for line in part.lines()]


def _parts(step: Step, sheet: Sheet, room: int) -> list[Part]:
    """The lines that a step's numbers take."""
    parts = broken_run(sheet.numbers(step, room), room)
    if sheet.full or is_bare(step.expression):
        return parts
    if sum(part.box().height for part in parts) <= MOST_LINES:
        return parts
    shapes = [f"{sheet.symbols.text(name)} {_size(sheet.values[name])}" for name in step.inputs if name in sheet.values]
    words = [word(text + ("," if i + 1 < len(shapes) else ""), 1, 5, "dim") for i, text in enumerate(shapes)]
    return broken_run([*words, word("=", 1, 0), *with_gap(sheet.result(step, room - 4), 1)], room)


def _size(value: Any) -> str:
    return shape_text(value.shape) if value.ndim else "(a number)"


def _says_it_all(step: Step, sheet: Sheet) -> bool:
    """Whether the formula is a number already: `∂f/∂z = 1`."""
    if step.value.ndim or not is_bare(step.expression):
        return False
    return sheet.formula(step).endswith(f"= {text_of(sheet.result(step, 40)[0].box.rows[0])}")


def _in_columns(step: Step, sheet: Sheet, parts: list[Part], label: str, formula: str, column: int) -> list[Line]:
    left = beside([text_box(f"{label}  ", "dim"), *_formula_boxes(step, sheet, formula, column)])
    if _says_it_all(step, sheet):
        return left.lines()
    lines = beside([left, text_box(" " * GAP), parts[0].box()]).lines()
    for part in parts[1:]:
        lines += part.box().lines(left.width + GAP + part.indent)
    return lines


def _formula_boxes(step: Step, sheet: Sheet, formula: str, width: int) -> list[Any]:
    name = sheet.symbols.text(step.name)
    if not formula.startswith(name):  # a graph's node is called by its formula
        name = ""
    rest = formula[len(name) :]
    return [text_box(name, step.phase), text_box(rest + " " * (width - width_of(formula)))]


def _formula_lines(step: Step, sheet: Sheet, label: str, formula: str, room: int, indent: int) -> list[Line]:
    name = sheet.symbols.text(step.name)
    lines: list[Line] = []
    for i, text in enumerate(broken(formula, room)):
        if i:
            lines.append([(" " * indent + text, "")])
        elif text.startswith(name):
            lines.append(joined([(f"{label}  ", "dim"), (name, step.phase), (text[len(name) :], "")]))
        else:
            lines.append(joined([(f"{label}  ", "dim"), (text, "")]))
    return lines


def step_detail(
    trace: Trace,
    index: int,
    *,
    width: int,
    digits: int = DIGITS,
    full: bool = False,
    notation: str = "h",
    examples: Collection[str] = frozenset(),
    sheet: Sheet | None = None,
) -> list[Line]:
    """One step by itself: where it stands, the step, what it uses and where its result goes, with their numbers."""
    sheet = sheet or Sheet(trace, notation=notation, digits=digits, full=full, examples=examples)
    width = max(width, NARROWEST)
    step = trace.steps[index]
    place = f"step {index + 1} of {len(trace.steps)}" + (f" · {step.layer}" if step.layer else "")
    lines: list[Line] = [[(step.phase, step.phase), (f"  {place}", "dim")], []]
    lines += step_view(step, sheet, number=index + 1, width=width, number_width=len(str(index + 1)))
    origin = {s.name: i for i, s in enumerate(trace.steps)}
    uses = [(name, f"step {origin[name] + 1}" if name in origin else "given") for name in step.inputs]
    goes = [(s.name, f"step {i + 1}") for i, s in enumerate(trace.steps) if step.name in s.inputs]
    lines.append([])
    lines += _listed("uses", uses, sheet, width)
    lines += _listed("goes into", goes, sheet, width) or [[("goes into", "dim"), ("  nothing: it is a result", "")]]
    return lines


def _listed(title: str, entries: list[tuple[str, str]], sheet: Sheet, width: int) -> list[Line]:
    """`uses       h¹ (step 2), W² (given)`, in as many lines as it takes."""
    texts = [f"{sheet.symbols.text(name)} ({where})" for name, where in entries]
    run: Run = [word(text + ("," if i + 1 < len(texts) else ""), 1, 5) for i, text in enumerate(texts)]
    indent = 11
    return [
        trimmed(joined([((title if i == 0 else "").ljust(indent), "dim"), *line]))
        for i, line in enumerate(lines_of(run, width - indent, 0))
    ]


def value_view(name: str, value: Any, *, sheet: Sheet, width: int, style: str = "dim") -> list[Line]:
    """`W¹ = ⎡…⎤`, as it was given."""
    from nncalc.views.rows import is_row
    from nncalc.views.run import Item
    from nncalc.views.values import value_box

    front = f"{sheet.symbols.text(name)} ="
    room = max(width - width_of(front) - 1, 10)
    box = value_box(sheet.as_array(value), sheet.look(room, style, extra=0), row=is_row(name, sheet.rows))
    run = [word(front), Item(box, 1)]
    if label_width(run) + width_of(front) + 1 + box.width > width:
        run[1] = Item(box, 1, 0)
    return lines_of(run, width)


def given_view(values: Mapping[str, Any], *, sheet: Sheet, width: int) -> list[Line]:
    """The values that a problem gives, one below the other."""
    lines: list[Line] = []
    for name, value in values.items():
        if lines:
            lines.append([])
        lines += value_view(name, value, sheet=sheet, width=width)
    return lines
