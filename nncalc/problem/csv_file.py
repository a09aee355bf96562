"""Arrays out of comma-separated text."""

from __future__ import annotations

import re
from array import array
from pathlib import Path

from nncalc.errors import DomainError, ProblemError
from nncalc.problem.numbers import parse_decimals, parse_number
from nncalc.problem.source import Source, decode, shown
from nncalc.problem.tree import Scalar


def read_csv(path: Path, file: Scalar) -> tuple[array[float], tuple[int, ...]]:
    """The numbers of a file, row by row, and their shape; one row or one column alone is a vector.

    Empty lines are passed over, and so is a first line in which no cell is a number. A cell may stand in quotes. file:
    where the problem names it.
    Raises ProblemError, its place inside the .csv, for a cell that is not a number and for rows of unequal lengths.
    """
    try:
        source = Source(file.text, decode(path.read_bytes(), file.text))
    except ProblemError as error:
        error.key, error.place = file.key, file.place
        raise
    numbers = array("d")
    rows = width = first_line = start = 0
    seen = False  # whether a line that is not empty is behind us
    for count, line in enumerate(source.text.split("\n"), 1):
        cells = line.split(",")
        empty = not line.strip()
        if not empty and (seen or any(_numeric(cell) or _is_separated(cell) for cell in cells)):
            row = parse_decimals(cells) or _row(cells, source, start, file)
            if not rows:
                width, first_line = len(row), count
            elif len(row) != width:
                raise ProblemError(
                    f"line {count} has {_numbers(len(row))}, line {first_line} has {width}",
                    label=f"expected {_numbers(width)}",
                    key=file.key,
                    place=source.place(start),
                )
            numbers.extend(row)
            rows += 1
        seen = seen or not empty
        start += len(line) + 1
    return numbers, (rows, width) if rows > 1 and width > 1 else (rows * width,)


def _numbers(count: int) -> str:
    return f"{count} number" if count == 1 else f"{count} numbers"


def _numeric(cell: str) -> bool:
    try:
        return _number(cell) is not None
    except DomainError:
        return True


def _number(cell: str) -> float | None:
    """The number in a cell, without the quotes that spreadsheets put around it."""
    inside = cell.strip()
    return parse_number(inside[1:-1] if len(inside) > 1 and inside[0] == inside[-1] == '"' else cell)


def _is_separated(cell: str) -> bool:
    """Whether a cell is several numbers, with something else than commas between them."""
    parts = re.split(r"[;\s]+", cell.strip())
    return len(parts) > 1 and all(map(_numeric, parts))


def _row(cells: list[str], source: Source, start: int, file: Scalar) -> array[float]:
    """The numbers of a line that is not all plain decimals, `start` being the line's place in the source."""
    row = array("d")
    for cell in cells:
        try:
            number = _number(cell)
            message = f"'{shown(cell)}' is not a number" if cell.strip() else "a number is left out"
        except DomainError as error:
            number, message = None, shown(error.message)
        if number is None:
            raise ProblemError(
                message,
                label="expected a finite number",
                hint="Separate numbers by commas; a decimal point is a point." if _is_separated(cell) else "",
                key=file.key,
                place=source.place(start + len(cell) - len(cell.lstrip())),
            )
        row.append(number)
        start += len(cell) + 1
    return row
