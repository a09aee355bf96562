"""Numbers and arrays out of a problem file's tree."""

from __future__ import annotations

import re
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

from nncalc.errors import DomainError, ProblemError
from nncalc.problem.numbers import LONGEST, parse_decimals, parse_number
from nncalc.problem.source import shown
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

EXPECTED = "expected a number such as 0.5, 1/3 or 1e-3"

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")


def to_array(value: Value, base_folder: Path | None, *, what: str) -> NDArray[float64]:
    """The array that a value of the file stands for, of the shape of its nested lists; () for a single number.

    A value is a number, lists of lists of numbers, lists wholly of true and false (1 and 0), or
    `{file: weights.npz, key: W1}`, read from base_folder (None where there is no folder to read from).
    what: what the array is called in messages, `weights`.
    Raises ProblemError, at the very entry, for lists of unequal lengths and for what is no finite number.
    """
    import numpy as np

    if isinstance(value, Mapping):
        from nncalc.problem.files import load_array

        return load_array(value, base_folder, what=what)
    collected = _Collected(what)
    shape = collected.add(value)
    return np.array(collected.numbers, dtype=np.float64).reshape(shape)


def read_number(value: Value, *, what: str) -> float:
    """The one number that a value of the file stands for. Raises ProblemError for anything else."""
    if not isinstance(value, Scalar):
        found = "a list" if isinstance(value, Sequence) else "a mapping"
        raise ProblemError(f"{what} has to be one number", label=f"found {found}", key=value.key, place=value.place)
    if value.boolean is not None:
        raise _no_number(value, what)
    return _number(value, what)


class _Collected:
    """The entries of nested lists, one behind the other."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.numbers = array("d")
        self.boolean: Scalar | None = None  # the first true or false
        self.number = False  # whether there is a number too

    def add(self, value: Value) -> tuple[int, ...]:
        """Takes the entries of a whole array and gives its shape."""
        shape = self._add(value)
        if self.boolean is not None and (self.number or not shape):
            raise ProblemError(
                f"{self.what}: '{self.boolean.text}' among numbers",
                label=EXPECTED,
                hint="A mask has nothing but true and false in it, or nothing but 1 and 0.",
                key=self.boolean.key,
                place=self.boolean.place,
            )
        return shape

    def _add(self, value: Value) -> tuple[int, ...]:
        if isinstance(value, Scalar):
            self._add_scalar(value)
            return ()
        if isinstance(value, Mapping):
            raise ProblemError(
                f"{self.what}: a mapping among numbers",
                label=EXPECTED,
                hint="A file of numbers stands for a whole array, not for a part of one.",
                key=value.key,
                place=value.place,
            )
        if not len(value):
            raise ProblemError(
                f"{self.what} has no entries", label="found an empty list", key=value.key, place=value.place
            )
        if self._add_decimals(value):
            return (len(value),)
        first = self._add(value.item(0))
        for i in range(1, len(value)):
            item = value.item(i)
            shape = self._add(item)
            if shape != first:
                raise _ragged(self.what, item, i + 1, shape, first)
        return (len(value), *first)

    def _add_decimals(self, value: Sequence) -> bool:
        """Takes a list of plain decimals all at once; False, and nothing taken, if it is anything else."""
        texts = [raw for raw in value.raw if isinstance(raw, str)]
        numbers = parse_decimals(texts) if len(texts) == len(value) else None
        if numbers is None:
            return False
        self.numbers.extend(numbers)
        self.number = True
        return True

    def _add_scalar(self, scalar: Scalar) -> None:
        boolean = scalar.boolean
        if boolean is None:
            self.numbers.append(_number(scalar, self.what))
            self.number = True
        else:
            self.numbers.append(float(boolean))
            self.boolean = self.boolean or scalar


def _number(scalar: Scalar, what: str) -> float:
    if scalar.is_null:
        found = f"found '{scalar.text}'" if scalar.text else "found nothing"
        raise ProblemError(
            f"{what}: a number is left out", label=f"{found}, {EXPECTED}", key=scalar.key, place=scalar.place
        )
    try:
        value = parse_number(scalar.text)
    except DomainError as error:
        raise ProblemError(
            f"{what}: {shown(error.message)}",
            label="expected a finite number",
            key=scalar.key,
            place=scalar.place,
        ) from None
    if value is None:
        raise _no_number(scalar, what)
    return value


def _no_number(scalar: Scalar, what: str) -> ProblemError:
    return ProblemError(
        f"{what}: '{shown(scalar.text)}' is not a number",
        label=EXPECTED,
        hint=advice(scalar.text),
        key=scalar.key,
        place=scalar.place,
    )


def advice(text: str) -> str:
    """What to try where a text was meant as a number."""
    if len(text) > LONGEST:
        return ""
    if _DECIMAL_COMMA.fullmatch(text):
        return f"Write a decimal point: {text.strip().replace(',', '.')}."
    if "\N{EN DASH}" in text or "\N{EM DASH}" in text:
        return "The sign is a dash; write a minus: -."
    words = text.replace(",", " ").replace(";", " ").split()
    if len(words) > 1 and parse_decimals(words) is not None:
        return f"Write a list with commas: [{', '.join(words[:3])}{', …' if len(words) > 3 else ''}]."
    if text.lower() in ("yes", "no", "on", "off"):
        return "A mask is written with true and false."
    return ""


def _ragged(what: str, item: Value, row: int, shape: tuple[int, ...], first: tuple[int, ...]) -> ProblemError:
    message, label = uneven(what, row, shape, first)
    return ProblemError(message, label=label, key=item.key, place=item.place)


def uneven(what: str, row: int, shape: tuple[int, ...], first: tuple[int, ...]) -> tuple[str, str]:
    """What is said, and stands under the caret, where a row, counted from 1, has another shape than the first."""
    here, there = _extent(shape), _extent(first)
    if len(shape) == len(first) == 1:
        there = there.removesuffix(" entries").removesuffix(" entry")
    noun, other = ("row" if shape else "entry"), ("row" if first else "entry")
    label = "all rows have to be of one length" if shape and first else "numbers and lists do not mix"
    return f"{what}: {noun} {row} {here}, {other} 1 {there}", label


def _extent(shape: tuple[int, ...]) -> str:
    if not shape:
        return "is a number"
    if len(shape) == 1:
        return f"has {shape[0]} {'entry' if shape[0] == 1 else 'entries'}"
    return f"is {'×'.join(map(str, shape))}"
