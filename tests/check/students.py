"""Students who work out a problem rightly, each in an own way: rounding, digits carried on, forms, what is left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.check.checker import Checker
from nncalc.check.own import UNUSABLE
from nncalc.engine.numpy_arrays import xp
from nncalc.language.expression import Apply, Const, Expression, Name, names_in

Random = np.random.Generator
SENSIBLE = 0.5  # of the largest number: what rounding may have come to before a student takes more digits


class Manner(NamedTuple):
    """How a student writes.

    places, digits: so many decimals, or so many significant digits; of several places one for each value.
    dropped: zeros at the end are left out, and a whole number has no point. carried: the share of numbers that are
    carried on as they are written, and not with all their digits. other_forms: the share of values worked out in
    another right way. left_out, nulls: the shares of values, and of entries of the others, that are not written.
    bent: vectors may stand as columns or rows, and numbers in brackets.
    """

    places: tuple[int, ...] = ()
    digits: int = 0
    dropped: bool = False
    carried: float = 1.0
    other_forms: float = 0.0
    left_out: float = 0.0
    nulls: float = 0.0
    bent: bool = False
    iterations: int = 1


def any_manner(random: Random, iterations: int = 1) -> Manner:
    """A manner drawn at random."""
    kind = random.integers(4)
    places = tuple(int(p) for p in random.integers(1, 7, size=1 if kind else 3))
    share = (0.0, 0.3, 0.7)
    return Manner(
        places=() if kind == 1 else places,
        digits=int(random.integers(2, 7)) if kind == 1 else 0,
        dropped=bool(random.random() < 0.3) and kind > 1,
        carried=float(random.choice((0.0, 0.5, 1.0))),
        other_forms=float(random.choice((0.0, 0.0, 0.5))),
        left_out=float(random.choice(share)),
        nulls=float(random.choice((0.0, 0.0, 0.2))),
        bent=bool(random.random() < 0.3),
        iterations=iterations,
    )


def right_sheet(checker: Checker, manner: Manner, random: Random) -> str:
    """A right sheet, as YAML."""
    return "".join(f"- {_page_text(page)}" for page in Student(checker, manner, random).pages())


class Student:
    """One way through a problem. full: numbers before they are written; written: as they stand on the sheet."""

    def __init__(self, checker: Checker, manner: Manner, random: Random) -> None:
        self.possibilities, self.course = checker.possibilities, checker.possibilities.course
        self.manner, self.random = manner, random
        self.later = False
        self.full: dict[str, Any] = {}
        self.written: dict[str, Any] = {}

    def pages(self) -> list[dict[str, Any]]:
        """The texts of each value on the sheet, an iteration each."""
        pages = []
        for iteration in range(1, self.manner.iterations + 1):
            given = dict(self.course.given(iteration))
            if iteration > 1:
                carried = self.course.carried.items()
                kept = [{name: held[later] for name, later in carried} for held in (self.full, self.written)]
            else:
                kept = [{}, {}]
            self.later = iteration > 1
            self.full, self.written = given | kept[0], given | kept[1]
            pages.append(self._page())
        return pages

    def _page(self) -> dict[str, Any]:
        page: dict[str, Any] = {}
        for name in self.course.equations:
            value = self._worked_out(name)
            texts = self._texts(value)
            self.full[name], self.written[name] = value, _numbers(texts)
            hidden = self.random.random(texts.shape) < self.manner.nulls
            if self.random.random() < self.manner.left_out:
                hidden = np.ones(texts.shape, dtype=bool)
            else:
                texts[hidden] = "null"
                page[name] = self._bent(texts)
            if hidden.all() and len(set(self.manner.places)) > 1:
                self.written[name] = value  # nobody can see how it was rounded, unless all others are rounded alike
        return page

    def _worked_out(self, name: str) -> Any:
        """A value that rounding has not spoilt: who divides by 0.00 takes the number before it was rounded."""
        right = self.course.equations[name].expression
        exact = np.asarray(evaluated(right, self.full), dtype=np.float64)
        allowed = SENSIBLE * np.abs(exact).max() + 10.0 ** -max(self.manner.places, default=0)
        forms = [right]
        if self.random.random() < self.manner.other_forms:
            others = self.possibilities.right_forms(name, self.later)
            forms.insert(0, others[int(self.random.integers(len(others)))])
        for form in forms:
            for carried in (self.manner.carried, 0.0):
                if any(used not in self.full for used in names_in(form)):
                    continue  # worked out from what comes later
                values = {
                    used: (self.written if self.random.random() < carried else self.full)[used]
                    for used in names_in(form)
                }
                try:
                    value = np.asarray(evaluated(form, values), dtype=np.float64)
                except UNUSABLE:
                    continue
                if np.isfinite(value).all() and (np.abs(value - exact) <= allowed).all():
                    return value
        return exact

    def _texts(self, value: Any) -> Any:
        manner = self.manner
        texts = np.empty(value.shape, dtype=object)
        places = int(self.random.choice(manner.places)) if manner.places else 0
        for place in np.ndindex(value.shape):
            texts[place] = _text(float(value[place]), places, manner)
        return texts

    def _bent(self, texts: Any) -> Any:
        """The same numbers as a row, a column, or in brackets."""
        if self.manner.bent and texts.ndim < 2:
            choice = self.random.integers(3)
            if choice == 1:
                return texts.reshape(-1, 1) if texts.ndim else texts.reshape(1)
            if choice == 2:
                return texts.reshape(1, -1)
        return texts


def evaluated(expression: Expression, values: dict[str, Any]) -> Any:
    """The value of an expression, worked out apart from the checker."""
    if isinstance(expression, Name):
        return values[expression.id]
    if isinstance(expression, Const):
        return np.float64(expression.value)
    assert isinstance(expression, Apply)
    entry = operation(expression.op)
    settings = entry.settings(expression.settings)
    for key, value in expression.settings:
        if isinstance(value, Name):
            settings[key] = values[value.id]
    return entry.value(xp, *(evaluated(argument, values) for argument in expression.args), **settings)


def _text(number: float, places: int, manner: Manner) -> str:
    if not np.isfinite(number):
        return "null"
    if manner.digits:
        text = f"{number:#.{manner.digits}g}"
        if not text.endswith("."):
            return text
        # an integer would claim the places of the numbers around it
        return text.rstrip(".") if number == float(text) else f"{number:.{manner.digits - 1}e}"
    text = f"{number:.{places}f}"
    return text.rstrip("0").rstrip(".") if manner.dropped else text


def _numbers(texts: Any) -> Any:
    numbers = np.empty(texts.shape)
    for place in np.ndindex(texts.shape):
        numbers[place] = np.nan if texts[place] == "null" else float(texts[place])
    return numbers


def _page_text(page: dict[str, Any]) -> str:
    return "\n  ".join(f"{name}: {_list_text(value)}" for name, value in page.items()) + "\n" if page else "{}\n"


def _list_text(texts: Any) -> str:
    if texts.ndim == 0:
        return str(texts[()])
    return "[" + ", ".join(_list_text(np.asarray(part, dtype=object)) for part in texts) + "]"


__all__ = ["Manner", "Student", "any_manner", "evaluated", "right_sheet"]
