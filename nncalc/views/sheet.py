"""What the typesetters need to know of a trace: symbols, shapes, values, which vectors are rows, how much fits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from nncalc.engine.numpy_arrays import xp
from nncalc.engine.shapes import Shapes
from nncalc.engine.trace import Step, Trace
from nncalc.engine.value import value_of
from nncalc.errors import NncalcError
from nncalc.language.expression import Apply, Expression, Name
from nncalc.views.formula import Formula
from nncalc.views.numbers import DIGITS, number, number_put_in, read_back
from nncalc.views.numeric import Numbers, is_of_examples, row_labels
from nncalc.views.rows import is_row, row_names
from nncalc.views.run import EQUALS, Item, Run, labels_width, with_gap, word
from nncalc.views.symbols import Symbols
from nncalc.views.values import Look, is_too_wide, value_box

# Numbers put in get more places, at most so many, until the result shown can be worked out from them: to within two
# units of its last place, or to five digits that count where it has more.
MOST_EXTRA = 4
UNITS = 2
RELATIVE = 5e-6
# With more numbers than this nobody works the result out by hand.
MOST_CHECKED = 400


class Sheet:
    """A trace, and how it is to be shown."""

    def __init__(
        self,
        trace: Trace,
        *,
        notation: str = "h",
        digits: int = DIGITS,
        full: bool = False,
        examples: Collection[str] = frozenset(),
    ) -> None:
        self.trace = trace
        self.digits = digits
        self.full = full
        self.examples = examples
        self.values = trace.values
        program = trace.program
        self.given = frozenset(trace.given)
        self.symbols = Symbols([*trace.given, *(step.name for step in trace.steps)], notation, program.loss)
        self.shapes = Shapes({name: tuple(value.shape) for name, value in trace.values.items()})
        self.rows = row_names(program, self.shapes)
        self._places: dict[str, int] = {}
        self.formulas = Formula(self.symbols, self.shapes, self.rows)

    # --- formulas ---------------------------------------------------------------------------------------------------

    def formula(self, step: Step) -> str:
        """`h̄¹ = W¹ x + b¹`."""
        return f"{self.symbols.text(step.name)} = {self.formulas.equation(step.expression)}"

    # --- numbers ------------------------------------------------------------------------------------------------------

    def look(self, room: int, style: str = "", extra: int | None = None) -> Look:
        """How results look; with `extra`, how numbers put in do."""
        digits = self.digits
        if extra is None:
            return Look(lambda value: number(value, digits), room, self.full, style)
        return Look(lambda value: number_put_in(value, digits, extra), room, self.full, style)

    def result(self, step: Step, room: int) -> Run:
        """The step's value."""
        value = step.value
        row = is_row(step.name, self.rows)
        of_examples = is_of_examples(step.name, self.examples) and not (row and value.ndim == 1)
        labels = row_labels(value, self.full) if of_examples else ()
        look = self.look(room - labels_width(labels), "bold")
        box = value_box(value, look, row=row, of_examples=of_examples)
        return [Item(box, labels=labels, bracketed=value.ndim > 0)]

    def numbers(self, step: Step, room: int) -> Run:
        """The numbers put in, and the result; the result alone where there is nothing to put numbers in."""
        result = self.result(step, room)
        if is_bare(step.expression):
            return result
        with_operator = [word("=", 1, EQUALS), *with_gap(result, 1)]
        return [*self.put_in(step, room), *with_operator]

    def put_in(self, step: Step, room: int) -> Run:
        """The numbers put in."""
        typesetter = Numbers(
            self.symbols,
            self.shapes,
            self.values,
            self.look(room, extra=self._extra_places(step)),
            compute=self._compute,
            given=self.given,
            examples=self.examples,
            rows=self.rows,
            row=is_row(step.name, self.rows),
        )
        return typesetter.equation(step.expression)

    def is_too_wide(self, step: Step, room: int) -> bool:
        """Whether one of the step's arrays does not fit by itself."""
        look = self.look(room, extra=0)
        names = [name for name in (*step.inputs, step.name) if name in self.values]
        return any(is_too_wide(self.values[name], look, is_row(name, self.rows)) for name in names)

    def _compute(self, e: Expression) -> Any:
        return self.as_array(value_of(e, self.values, xp))

    @staticmethod
    def as_array(value: Any) -> Any:
        """A NumPy array of any value."""
        return xp.asarray(value, dtype=xp.float64)

    def _extra_places(self, step: Step) -> int:
        found = self._places.get(step.name)
        if found is None:
            found = self._places[step.name] = self._worked_out_places(step)
        return found

    def _worked_out_places(self, step: Step) -> int:
        """How many more places the numbers put in need for the result shown to follow from them."""
        inputs = [name for name in step.inputs if name in self.values]
        sizes = [self.values[name].size for name in inputs]
        if not inputs or sum(sizes) > MOST_CHECKED or step.value.size > MOST_CHECKED:
            return 0
        tolerance = UNITS * 10.0**-self.digits
        with xp.errstate(all="ignore"):
            for extra in range(MOST_EXTRA + 1):
                rounded = {name: self._rounded(self.values[name], extra) for name in inputs}
                if extra == 0 and all((rounded[name] == self.values[name]).all() for name in inputs):
                    return 0
                try:
                    result = self.as_array(value_of(step.expression, {**self.values, **rounded}, xp))
                except NncalcError:
                    # rounded probabilities, say, may be none any more
                    return 0
                far = xp.abs(result - step.value) > xp.maximum(tolerance, RELATIVE * xp.abs(step.value))
                if not far.any():
                    return extra
        return 0

    def _rounded(self, value: Any, extra: int) -> Any:
        texts = [read_back(number_put_in(v, self.digits, extra)) for v in value.ravel().tolist()]
        return self.as_array(texts).reshape(value.shape)


def is_bare(e: Expression) -> bool:
    """Whether an expression is nothing but a value under another name."""
    if not isinstance(e, Apply):
        return True
    return e.op == "identity" and isinstance(e.args[0], Name)
