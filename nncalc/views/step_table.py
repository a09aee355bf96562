"""Many steps as a table, a row a step: what the perceptron's rule is worked out in, and every rule like it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from nncalc.problem.work import Worked
from nncalc.views.box import table, width_of_lines
from nncalc.views.iteration import ranges
from nncalc.views.line import Line
from nncalc.views.numbers import fixed
from nncalc.views.symbols import Symbols, lowered

# Entries of an example, and of all parameters together, that have columns of their own.
MOST_OF_EXAMPLE, MOST_OF_PARAMETERS = 4, 12
# Of more steps than these only those are in the table that are shown too; and of more of them there is no table.
MOST_STEPS, MOST_ROWS = 200, 1000


class StepTable:
    """Collects so many steps; `lines` is the table: step, example, label and prediction, loss, the parameters after."""

    def __init__(self, steps: int) -> None:
        self.takes_all = steps <= MOST_STEPS
        self.examples: list[str] = []
        self.columns: dict[str, list[float]] = {}

    def add(self, worked: Worked, is_shown: bool) -> None:
        """One more step."""
        if len(self.examples) > MOST_ROWS or not (is_shown or self.takes_all):
            return
        self.examples.append(ranges(worked.examples))
        for header, value in _cells(worked):
            self.columns.setdefault(header, []).append(value)

    def lines(self, width: int, digits: int) -> list[Line]:
        """The table; where it is too wide, the columns that don't fit stand in a further one, with the steps again."""
        rows = len(self.examples)
        if not 1 < rows <= MOST_ROWS:
            return []
        step, *others = [(name, values) for name, values in self.columns.items() if len(values) == rows]
        fixed_columns = [step[0], *(["example"] if any(self.examples) else [])]
        bodies = [fixed(step[1]), *([self.examples] if any(self.examples) else [])]
        lines: list[Line] = []
        while others:
            count = len(others)
            while count > 1 and width_of_lines(_table(fixed_columns, bodies, others[:count], digits)) > width:
                count -= 1
            lines += [*([[]] if lines else []), *_table(fixed_columns, bodies, others[:count], digits)]
            others = others[count:]
        return [[("the steps: each one's loss, and the parameters after it", "title")], [], *lines]


def _table(names: list[str], bodies: list[list[str]], others: list[tuple[str, list[float]]], digits: int) -> list[Line]:
    return table([*names, *(name for name, _ in others)], [*bodies, *(fixed(values, digits) for _, values in others)])


def _cells(worked: Worked) -> Iterator[tuple[str, float]]:
    """(header, number) of each column but that of the examples' numbers."""
    trace, problem = worked.trace, worked.problem
    symbols = Symbols(trace.values, problem.notation, trace.program.loss)
    yield "step", float(trace.iteration)
    # the same example at each step needs no columns
    names = [name for name in ("x", "y") if len(worked.examples) == 1 and name in trace.given]
    names += [problem.forward.prediction] if problem.forward.prediction else []
    for name in names:
        values = trace.value(name).reshape(-1).tolist()
        if len(values) <= MOST_OF_EXAMPLE:
            for i, value in enumerate(values):
                yield symbols.text(name) + (lowered(str(i + 1)) if len(values) > 1 else ""), value
    yield symbols.text(trace.program.loss or "loss"), float(trace.value(trace.program.loss))
    moved = {name: trace.value(f"{name}.next") for name in trace.program.parameters if f"{name}.next" in trace.values}
    if sum(value.size for value in moved.values()) <= MOST_OF_PARAMETERS:
        for name, value in moved.items():
            for place in product(*map(range, value.shape)):
                below = "".join(str(i + 1) for i in place) if value.size > 1 else ""
                yield symbols.text(name) + lowered(below), float(value[place])
