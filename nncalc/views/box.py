"""Text boxes: rectangles of styled text with a baseline, put beside and above each other.

As in SymPy's pretty printer: a matrix is a box whose baseline is its middle row, and boxes that stand beside each
other have their baselines in one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nncalc.views.line import Line, joined, line_width, padded, trimmed, width_of
from nncalc.views.numbers import right_justified


class Box(NamedTuple):
    """rows: each exactly `width` columns wide. baseline: the index of the row that carries an operator beside it."""

    rows: tuple[Line, ...]
    width: int
    baseline: int = 0

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def below(self) -> int:
        """The number of rows below the baseline."""
        return len(self.rows) - self.baseline - 1

    def lines(self, indent: int = 0) -> list[Line]:
        """The box as lines, without blanks at their ends."""
        blank = [(" " * indent, "")] if indent else []
        return [trimmed(joined([*blank, *row])) for row in self.rows]


def text_box(text: str, style: str = "") -> Box:
    """One line of text."""
    return Box(([(text, style)],), width_of(text))


EMPTY = Box(([],), 0)


def beside(boxes: Sequence[Box], gap: int = 0) -> Box:
    """The boxes in a row, baselines in one line, `gap` blanks between them."""
    if not boxes:
        return EMPTY
    above = max(box.baseline for box in boxes)
    below = max(box.below for box in boxes)
    rows: list[Line] = []
    for i in range(-above, below + 1):
        row: Line = []
        for k, box in enumerate(boxes):
            if k and gap:
                row.append((" " * gap, ""))
            at = box.baseline + i
            row += box.rows[at] if 0 <= at < len(box.rows) else [(" " * box.width, "")]
        rows.append(joined(row))
    return Box(tuple(rows), sum(box.width for box in boxes) + gap * (len(boxes) - 1), above)


def stacked(boxes: Sequence[Box], baseline_of: int = 0) -> Box:
    """The boxes above each other, on the left; the baseline is that of one of them."""
    width = max((box.width for box in boxes), default=0)
    rows = [joined([*row, (" " * (width - box.width), "")]) for box in boxes for row in box.rows]
    before = sum(box.height for box in boxes[:baseline_of])
    return Box(tuple(rows), width, before + boxes[baseline_of].baseline if boxes else 0)


def bracketed(contents: Sequence[str], style: str = "") -> Box:
    """Rows of equal width in the brackets of a matrix, the baseline in the middle."""
    if len(contents) == 1:
        return text_box(f"[{contents[0]}]", style)
    last = len(contents) - 1
    rows = tuple(
        [("⎡⎢⎣"[(i > 0) + (i == last)] + content + "⎤⎥⎦"[(i > 0) + (i == last)], style)]
        for i, content in enumerate(contents)
    )
    return Box(rows, width_of(rows[0][0][0]), last // 2)


def matrix(cells: Sequence[Sequence[str]], style: str = "") -> Box:
    """A matrix of texts: every column's are equally wide already."""
    if not cells or not cells[0]:
        return text_box("[ ]", style)
    between = " " if len(cells) == 1 else "  "
    return bracketed([between.join(row) for row in cells], style)


def fence(side: str, above: int, below: int, style: str = "") -> Box:
    """A parenthesis, as tall as what it encloses: one of `( ) [ ]`."""
    if above == below == 0:
        return text_box(side, style)
    first, middle, last = tuple(_TALL[side])
    inner = above + below - 1
    return Box(tuple([(c, style)] for c in (first, *(middle,) * inner, last)), 1, above)


_TALL = {"(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦"}


def raised_box(text: str, above: int, style: str = "") -> Box:
    """A superscript, in the top row of the box that it stands behind."""
    blank: Line = [(" " * width_of(text), "")]
    return Box(([(text, style)], *(blank,) * above), width_of(text), above)


def labelled(box: Box, labels: Sequence[str], style: str = "dim") -> Box:
    """The box with a label in front of each of its rows."""
    width = max(map(width_of, labels))
    texts = right_justified(labels, width)
    front = Box(tuple([(text + " ", style)] for text in texts), width + 1, box.baseline)
    return beside([front, box])


def table(
    headers: Sequence[str],
    columns: Sequence[Sequence[str]],
    *,
    total: Sequence[str] | None = None,
    rule: bool = False,
    gap: int = 2,
    indent: int = 1,
    left: Iterable[int] = (),
    styles: Sequence[str] | None = None,
) -> list[Line]:
    """A table of texts: columns on the right, those of `left` on the left; a total at the end, below a rule if asked.

    Numbers come aligned (`numbers.fixed` gives a column its shared places). styles: one a row, the total left out.
    """
    flush_left = set(left)
    bodies = [[*column, *([total[i]] if total else [])] for i, column in enumerate(columns)]
    widths = [max(map(width_of, (header, *body)), default=0) for header, body in zip(headers, bodies, strict=True)]

    def line(cells: Sequence[str], style: str) -> Line:
        placed = [
            padded(cell, width) if i in flush_left else right_justified([cell], width)[0]
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return trimmed([(" " * indent + (" " * gap).join(placed), style)])

    count = max(map(len, columns), default=0)
    lines = [line(headers, "dim")]
    for k in range(count):
        lines.append(line([column[k] if k < len(column) else "" for column in columns], styles[k] if styles else ""))
    if total:
        if rule:
            lines.append([(" " * indent + "─" * (sum(widths) + gap * (len(widths) - 1)), "dim")])
        lines.append(line(total, ""))
    return lines


def tables_within(headers: Sequence[str], columns: Sequence[Sequence[str]], width: int) -> list[Line]:
    """The table; one too wide in several, one below the other, as many columns in each as fit."""
    lines: list[Line] = []
    start = 0
    while start < len(columns):
        end = start + 1
        while end < len(columns) and width_of_lines(table(headers[start : end + 1], columns[start : end + 1])) <= width:
            end += 1
        lines += [*([[]] if lines else []), *table(headers[start:end], columns[start:end])]
        start = end
    return lines


def width_of_lines(lines: Iterable[Line]) -> int:
    """The widest line's width."""
    return max(map(line_width, lines), default=0)
