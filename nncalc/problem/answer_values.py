"""One value of an answers file: its numbers as written, in the shape that is expected of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from nncalc.catalogue.operation import Shape
from nncalc.errors import DomainError
from nncalc.problem.answer_text import Amiss, Path, Tree
from nncalc.problem.arrays import EXPECTED, advice, uneven
from nncalc.problem.building import DEEPEST, MOST_NUMBERS
from nncalc.problem.source import shown
from nncalc.problem.written import AmbiguousError, Number, has_decimal_comma, read_written

# What nncalc writes for what is not finite.
NOT_FINITE = frozenset(("NaN", "Infinity", "-Infinity"))
# words that a mask is not written with either; where no mask is expected, that is no advice
WORDS = frozenset(("yes", "no", "on", "off"))
_ONE, _ZERO = Number(1.0, None), Number(0.0, None)


class Numbers(NamedTuple):
    """A value's entries, one behind the other, and its shape. texts: '' where an entry is not answered; so None."""

    shape: Shape
    numbers: list[Number | None]
    texts: list[str]

    @property
    def units(self) -> list[int]:
        """What the last digits of its numbers count, of those that say so."""
        return [n.unit for n in self.numbers if n is not None and n.unit is not None and not n.whole]


def usual_unit(units: Iterable[int]) -> int | None:
    """The most frequent unit, the coarsest of several; None where there is none."""
    counted = Counter(units)
    return max(counted, key=lambda unit: (counted[unit], unit)) if counted else None


def read_numbers(
    tree: Tree, path: Path, name: str, expected: Shape, *, comma: bool = False, mask: bool = False
) -> Numbers | None:
    """The numbers of a value; None where nothing is answered. comma: as in read_written. mask: whether true and false
    may stand for 1 and 0, in a list that has nothing else in it.

    A row or column has the shape of the vector that is expected, a number in brackets that of a number.
    Raises Amiss for what is no array of numbers.
    """
    shape = _shape(tree, path, name)
    if prod(shape) > MOST_NUMBERS:  # a null may stand for a row of a million
        raise Amiss(path, f"{name}: an array of more than 10 million numbers", "far more than are expected")
    reading = _Reading(name, comma, mask and bool(shape))
    reading.add(tree, shape, path)
    if reading.numbers.count(None) == len(reading.numbers):
        return None
    if reading.boolean is not None and any(text not in ("", "true", "false") for text in reading.texts):
        raise Amiss(reading.boolean, f"{name}: true or false among numbers", EXPECTED)
    if shape != expected and [n for n in shape if n != 1] == [n for n in expected if n != 1]:
        shape = expected
    return Numbers(shape, reading.numbers, reading.texts)


class _Reading:
    """The entries of nested lists, one behind the other. boolean: where the first true or false stands."""

    def __init__(self, name: str, comma: bool, mask: bool) -> None:
        self.name, self.comma, self.mask = name, comma, mask
        self.numbers: list[Number | None] = []
        self.texts: list[str] = []
        self.boolean: Path | None = None

    def add(self, tree: Tree, shape: Shape, path: Path) -> None:
        """Takes the entries of a tree that has to be of this shape."""
        if tree is None:  # a whole row may be left out
            count = prod(shape)
            self.numbers += [None] * count
            self.texts += [""] * count
        elif not shape:
            self._add_entry(tree, path)
        elif isinstance(tree, list):
            for i, item in enumerate(tree):
                # the common case by far, without a path of its own
                if len(shape) == 1 and isinstance(item, str) and item not in NOT_FINITE:
                    self.numbers.append(self._number(item, path, i))
                    self.texts.append(item)
                    continue
                found = _shape(item, (*path, i), self.name)
                if found != shape[1:] and item is not None:
                    raise Amiss((*path, i), *uneven(self.name, i + 1, found, shape[1:]))
                self.add(item, shape[1:], (*path, i))

    def _add_entry(self, entry: Tree, path: Path) -> None:
        if isinstance(entry, bool):
            if not self.mask:
                raise self._no_number("true" if entry else "false", path)
            self.boolean = self.boolean or path
            self.numbers.append(_ONE if entry else _ZERO)
            self.texts.append("true" if entry else "false")
            return
        assert isinstance(entry, str)
        answered = entry not in NOT_FINITE
        self.numbers.append(self._number(entry, path) if answered else None)
        self.texts.append(entry if answered else "")

    def _number(self, text: str, path: Path, item: int | None = None) -> Number:
        try:
            number = read_written(text, self.comma)
        except AmbiguousError:
            raise self._ambiguous(text, _at(path, item)) from None
        except DomainError as error:
            message = f"{self.name}: {shown(error.message)}"
            raise Amiss(_at(path, item), message, "expected a finite number", "null stands for no answer.") from None
        if number is None:
            raise self._no_number(text, _at(path, item))
        return number

    def _no_number(self, text: str, path: Path) -> Amiss:
        hint = "" if not self.mask and text.lower() in WORDS else advice(text)
        return Amiss(path, f"{self.name}: '{shown(text)}' is not a number", EXPECTED, hint)

    def _ambiguous(self, text: str, path: Path) -> Amiss:
        written = shown(text)
        readings = f"{written.replace(',', '.')} or {written.replace(',', '')}"
        return Amiss(path, f"{self.name}: {written} may be {readings}", "write a decimal point", ambiguous=True)


def _at(path: Path, item: int | None) -> Path:
    return path if item is None else (*path, item)


def _shape(tree: Tree, path: Path, name: str) -> Shape:
    """The shape that a tree has if all of its lists are alike: that of its first entries, what is null passed over."""
    shape: list[int] = []
    while isinstance(tree, list):
        if not tree:
            raise Amiss(path, f"{name} has no entries", "found an empty list")
        if len(shape) == DEEPEST:
            raise Amiss(path, f"nested deeper than {DEEPEST}", f"level {DEEPEST + 1} begins here")
        shape.append(len(tree))
        first = next((i for i, item in enumerate(tree) if item is not None), 0)
        tree, path = tree[first], (*path, first)
    if isinstance(tree, dict):
        raise Amiss(path, f"{name}: names where numbers belong", EXPECTED)
    return tuple(shape)


def has_comma(tree: Tree) -> bool:
    """Whether one of the numbers has a decimal comma that is no comma between thousands."""
    if isinstance(tree, list):
        return any(map(has_comma, tree))
    return isinstance(tree, str) and "," in tree and has_decimal_comma(tree)
