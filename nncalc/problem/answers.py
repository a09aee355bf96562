"""An answers file → Sheet: what a student worked out, every number with how exact it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from nncalc.problem.answer_names import NO_ANSWERS, SECTIONS, AnswerNames
from nncalc.problem.answer_text import Amiss, Path, Tree, read_sheet_text
from nncalc.problem.answer_values import Numbers, has_comma, read_numbers, usual_unit
from nncalc.problem.problem import Problem
from nncalc.problem.shipped import sheet_path_of as shipped_sheet
from nncalc.problem.source import clean_text, read_file, shown
from nncalc.problem.written import margin_of

LAST_ITERATION = 100_000


class Answer(NamedTuple):
    """A value as a sheet has it, in the expected shape where the sheet's differs by a row or column alone.

    value: float64, NaN where an entry is not answered. margin: half a unit of the last digit as written, 0 for a
    fraction. texts: an object array of what is written, '' where nothing is.
    """

    value: Any
    margin: Any
    texts: Any

    def turned(self) -> Answer:
        """The answer transposed."""
        return Answer(self.value.T, self.margin.T, self.texts.T)


class Sheet(NamedTuple):
    """A sheet of answers.

    name: its path as given; in a folder the file's name. iterations: by the names of the equations' own, and of given
    data where the sheet has them. unknown: names that no value has, each once.
    """

    name: str
    iterations: tuple[Mapping[str, Answer], ...]
    unknown: tuple[str, ...] = ()


def read_sheet(text: str, name: str, problem: Problem) -> Sheet:
    """The sheet that a text states. Raises ProblemError, with the place, for what can't be read."""
    return AnswerReader(problem).read(text, name)


def read_sheet_file(path: str, problem: Problem) -> Sheet:
    """The sheet in a file, or the one of that name that comes with nncalc where there is no such file."""
    shipped = None if os.path.exists(path) else shipped_sheet(path)
    return read_sheet(read_file(path if shipped is None else str(shipped)), path, problem)


class AnswerReader:
    """Reads many sheets of one problem: what depends on the problem alone is worked out once."""

    def __init__(self, problem: Problem) -> None:
        self._names = AnswerNames(problem)
        self._computed = frozenset(self._names.computed)

    def read(self, text: str, name: str) -> Sheet:
        """As read_sheet."""
        sheet = read_sheet_text(text, name)
        reading = _Reading(self._names)
        try:
            for path, tree in sheet.documents:
                reading.add({} if tree is None else tree, path)
            iterations = _finished(reading.numbers(), self._computed)
        except Amiss as amiss:
            raise sheet.located(amiss) from None
        except RecursionError:
            raise sheet.refused() from None
        return Sheet(name, iterations, tuple(reading.unknown))


class _Found(NamedTuple):
    """A value of a sheet before its numbers are read."""

    path: Path
    tree: Tree


class _Reading:
    """One sheet: its values by iteration and name, and the names that no value has."""

    def __init__(self, names: AnswerNames) -> None:
        self._names = names
        self._found: dict[int, dict[str, _Found]] = {}
        self._last = 0
        self.unknown: dict[str, None] = {}

    def add(self, tree: Tree, path: Path) -> None:
        """Takes one iteration. Raises Amiss."""
        if not isinstance(tree, dict):
            raise Amiss(path, "an answer has a name", f"found {_kind(tree)}, expected a name such as 'h2.grad:'")
        self._last = _number_of(tree, path, self._last)
        if self._last in self._found:
            raise Amiss((*path, "iteration"), f"iteration {self._last} is given twice", "expected each once")
        values = self._found[self._last] = {}
        aliased: list[tuple[str, _Found]] = []
        own = "nncalc" in tree
        for key, value in tree.items():
            here = (*path, key)
            name = None if own and key in NO_ANSWERS else self._names.find(key)
            if key in SECTIONS and (name is None or isinstance(value, dict)):
                self._section(key, value, here, values)
            elif name is None:
                if key not in NO_ANSWERS:
                    self.unknown[clean_text(key)] = None
            elif key in ("loss", "prediction"):
                aliased.append((name, _Found(here, value)))
            else:
                _take(values, name, _Found(here, value))
        for name, found in aliased:
            # nncalc's own JSON has them twice; whoever changes it changes the one among the values
            if name not in values or not (own or any(section in tree for section in SECTIONS)):
                _take(values, name, found)

    def _section(self, section: str, tree: Tree, path: Path, values: dict[str, _Found]) -> None:
        if tree is None:
            return
        if not isinstance(tree, dict):
            raise Amiss(path, f"'{section}' has names and their values", f"found {_kind(tree)}")
        for key, value in tree.items():
            entries = [(key, value, (*path, key))]
            if section == "optimizer_state" and isinstance(value, dict):
                entries = [(f"{key}.{letter}", array, (*path, key, letter)) for letter, array in value.items()]
            for written, inner, here in entries:
                name = self._names.find(written, section)
                if name is not None:
                    _take(values, name, _Found(here, inner))
                elif not (section == "values" and written == "label"):
                    self.unknown[clean_text(written)] = None

    def numbers(self) -> dict[int, dict[str, Numbers]]:
        """The numbers of every value that is answered. Raises Amiss."""
        try:
            return self._numbers(comma=False)
        except Amiss as amiss:
            trees = [found.tree for values in self._found.values() for found in values.values()]
            if not amiss.ambiguous or not any(map(has_comma, trees)):
                raise
        return self._numbers(comma=True)

    def _numbers(self, comma: bool) -> dict[int, dict[str, Numbers]]:
        result: dict[int, dict[str, Numbers]] = {}
        for iteration, values in self._found.items():
            read = result[iteration] = {}
            for name, (path, tree) in values.items():
                mask = self._names.is_mask(name)
                numbers = read_numbers(tree, path, name, self._names.shapes[name], comma=comma, mask=mask)
                if numbers is not None and not self._names.is_class_number(name, numbers.shape):
                    read[name] = numbers
        return result


def _take(values: dict[str, _Found], name: str, found: _Found) -> None:
    if name in values:
        before, now = values[name].path, found.path
        # a value may go by two names: a2 and z2, loss and the one of its equation
        label = "expected each value once" if before[-1] == now[-1] else f"'{shown(str(before[-1]))}' is the same value"
        raise Amiss(now, f"{name} is given twice", label, at_key=True)
    values[name] = found


def _kind(tree: Tree) -> str:
    """What a tree is, in words."""
    if isinstance(tree, (dict, list)):
        return "a list" if isinstance(tree, list) else "names"
    return "nothing" if tree is None else f"'{shown(str(tree))}'"


def _number_of(tree: dict[str, Tree], path: Path, last: int) -> int:
    """The number of an iteration: as the sheet says, else that behind the one before."""
    given = tree.get("iteration")
    if given is None:
        return last + 1
    number = int(given) if isinstance(given, str) and given.isdecimal() and len(given) < 10 else 0
    if not 1 <= number <= LAST_ITERATION:
        label = f"found {_kind(given)}, expected a whole number from 1 to {LAST_ITERATION}"
        raise Amiss((*path, "iteration"), "'iteration' counts the steps", label)
    return number


_NO_ANSWERS: Mapping[str, Answer] = MappingProxyType({})


def _finished(iterations: dict[int, dict[str, Numbers]], computed: frozenset[str]) -> tuple[Mapping[str, Answer], ...]:
    """The answers of each iteration from 1, with their margins: an integer claims the places of what is around it."""
    # given data are exact however they are written, and say nothing of how the sheet rounds
    everywhere = [v for values in iterations.values() for name, v in values.items() if name in computed]
    usual = usual_unit(unit for numbers in everywhere for unit in numbers.units)
    finished = {
        iteration: {name: _answer(numbers, usual) for name, numbers in values.items()}
        for iteration, values in iterations.items()
    }
    return tuple(finished.get(i, _NO_ANSWERS) for i in range(1, max(finished, default=1) + 1))


def _answer(numbers: Numbers, usual: int | None) -> Answer:
    import numpy as np

    own = usual_unit(numbers.units)
    claimed = usual if own is None else own
    values = [np.nan if number is None else number.value for number in numbers.numbers]
    margins = [0.0 if number is None else margin_of(number, claimed) for number in numbers.numbers]
    return Answer(
        np.array(values, dtype=np.float64).reshape(numbers.shape),
        np.array(margins, dtype=np.float64).reshape(numbers.shape),
        np.array(numbers.texts, dtype=object).reshape(numbers.shape),
    )
