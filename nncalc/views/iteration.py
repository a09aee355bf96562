"""A whole problem on the screen: its title, the steps of each iteration, and what a reader asks next."""

from __future__ import annotations

import textwrap
from math import isfinite, isnan
from typing import Any

from nncalc.language.expression import Apply
from nncalc.problem.outcome import Outcome
from nncalc.problem.problem import Problem
from nncalc.problem.work import Worked
from nncalc.views.line import Line
from nncalc.views.numbers import number
from nncalc.views.steps import steps_view
from nncalc.views.symbols import Symbols, in_symbols

MOST_LABELS = 20


def heading(problem: Problem, width: int) -> list[Line]:
    """Title, source and notes, as far as the file has them."""
    lines: list[Line] = []
    for text, style in ((problem.title, "title"), (problem.source, "dim"), (problem.notes, "dim")):
        for paragraph in text.splitlines():
            lines += [[(line, style)] for line in textwrap.wrap(paragraph, width) or [""]]
    return [*lines, []] if lines else []


def iteration_view(
    worked: Worked, outcome: Outcome, *, width: int, digits: int, full: bool, several: bool = False
) -> list[Line]:
    """One iteration: its steps, then one line each for what a reader asks next."""
    lines: list[Line] = []
    if several or worked.examples:
        lines += [[(iteration_title(worked), "title")], []]
    lines += steps_view(
        worked.trace,
        width=width,
        digits=digits,
        full=full,
        notation=worked.problem.notation,
        examples=worked.problem.examples,
    )
    ending = closing(worked, outcome, digits, width)
    lines += [[], *ending] if ending else []
    return [*lines, []] if several else lines


def iteration_title(worked: Worked) -> str:
    """`iteration 2`, and the examples it works on where those are named."""
    title = f"iteration {worked.trace.iteration}"
    if worked.examples:
        title += f", example{'s' if len(worked.examples) > 1 else ''} {ranges(worked.examples)}"
    return title


def closing(worked: Worked, outcome: Outcome, digits: int, width: int) -> list[Line]:
    """What a reader asks next: the loss before and after, the classes, units that are off, remarks."""
    found = [*_losses(worked, digits), *_classes(outcome, worked.problem), *_units_at_zero(worked)]
    values = worked.trace.values
    symbols = Symbols(values, worked.problem.notation, worked.trace.program.loss)
    found += [(in_symbols(note, values, symbols.text), "") for note in outcome.notes]
    return [[(line, style)] for text, style in found for line in textwrap.wrap(text, width, subsequent_indent="  ")]


def _losses(worked: Worked, digits: int) -> list[tuple[str, str]]:
    before, after = worked.trace.value(worked.trace.program.loss), worked.loss_after
    if before is None or after is None:
        return []
    text = f"loss {number(float(before), digits)} before the step, {number(after, digits)} after it"
    if isfinite(before) and not isnan(after):
        text += ": lower" if after < before else ": higher" if after > before else ": not changed"
    lines = [(text, "")]
    if not worked.trace.phase("update"):
        lines.append(("there is no parameter for the step to move", ""))
    return lines


def _classes(outcome: Outcome, problem: Problem) -> list[tuple[str, str]]:
    if outcome.predicted is None:
        return []
    if not isinstance(outcome.predicted, list):
        text = f"predicted class {outcome.predicted}"
        if outcome.correct is None:
            return [(text, "")]
        return [(f"{text}: right", "right")] if outcome.correct else [(f"{text}: wrong{_label(problem)}", "wrong")]
    text = f"predicted classes {_listed(outcome.predicted)}"
    if outcome.correct is None:
        return [(text, "")]
    every = _flat(outcome.correct)
    each = [verdict for verdict in every if verdict is not None]
    right, count = sum(each), len(each)
    text += f": {right} of {count} right"
    if count < len(every):
        text += f", {len(every) - count} not counted"
    return [(text, "right" if right == count else "wrong")]


def _flat(entries: list[Any]) -> list[Any]:
    """The entries of lists inside each other: those of examples, of their time steps."""
    return [one for entry in entries for one in (_flat(entry) if isinstance(entry, list) else [entry])]


def _listed(classes: list[Any]) -> str:
    """The first few classes; those of one example's time steps beside each other, with commas between examples."""
    if classes and isinstance(classes[0], list):
        few = max(MOST_LABELS // max(len(classes[0]), 1), 1)
        return ", ".join(map(_listed, classes[:few])) + (", …" if len(classes) > few else "")
    return " ".join(map(str, classes[:MOST_LABELS])) + (" …" if len(classes) > MOST_LABELS else "")


def _label(problem: Problem) -> str:
    numbers = None if problem.classes is None else problem.classes.numbers
    return f", the label is {int(numbers)}" if numbers is not None and numbers.ndim == 0 else ""


def _units_at_zero(worked: Worked) -> list[tuple[str, str]]:
    """How many ReLU units are 0: they hand no gradient on."""
    symbols = Symbols(worked.trace.values, worked.problem.notation)
    found = []
    for step in worked.trace.phase("forward"):
        if isinstance(step.expression, Apply) and step.expression.op == "relu":
            zero, whole = int((step.value == 0).sum()), int(step.value.size)
            found.append((f"ReLU units at 0 in {symbols.text(step.name)}: {zero} of {whole}", ""))
    return found


def ranges(numbers: tuple[int, ...]) -> str:
    """1, 2, 3, 7 as `1–3, 7`."""
    parts: list[list[int]] = []
    for one in numbers:
        if parts and one == parts[-1][-1] + 1:
            parts[-1].append(one)
        else:
            parts.append([one])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}–{part[-1]}" for part in parts)
