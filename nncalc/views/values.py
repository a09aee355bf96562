"""Arrays as boxes: a matrix, a vector as a column or a row, slices of more axes; abbreviated where they are large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nncalc.views.box import Box, beside, matrix, stacked, text_box
from nncalc.views.numbers import aligned

# More rows than this are abbreviated to a few at either end; so are columns that do not fit.
MOST_ROWS = 12
EDGE = 3
MOST_SLICES = 8

Format = Callable[[float], str]


class Look(NamedTuple):
    """How arrays are shown: how each number is written, the room there is, whether anything is left out."""

    format: Format
    room: int = 80
    full: bool = False
    style: str = ""


def shape_text(shape: Sequence[int]) -> str:
    """`(128×784)`; a vector's is `(784)`."""
    return f"({'×'.join(str(n) for n in shape)})"


def value_box(value: Any, look: Look, row: bool = False, transposed: bool = False, of_examples: bool = False) -> Box:
    """A value as a box. row: a vector stands as a row. transposed: a matrix's rows become columns. of_examples: the
    first axis counts examples, from 1."""
    rank = value.ndim
    if rank == 0:
        return text_box(look.format(float(value)), look.style)
    if 0 in value.shape:
        return text_box(f"[ ] {shape_text(value.shape)}", look.style)
    if rank == 1:
        return _matrix_box(value[None, :] if row else value[:, None], look, value.shape)
    if rank == 2:
        shown = value.T if transposed else value
        return _matrix_box(shown, look, shown.shape)
    return _slices(value, look, of_examples)


def is_too_wide(value: Any, look: Look, row: bool = False) -> bool:
    """Whether columns of the value would be left out, or stand in blocks."""
    columns = value.shape[0] if value.ndim == 1 and row else value.shape[-1] if value.ndim > 1 else 1
    if 8 * columns <= look.room and value.ndim <= 2:
        return False
    whole = value_box(value, Look(look.format, 10**9, look.full), row) if 3 * columns <= look.room else None
    return whole is None or whole.width > look.room


def _picked(count: int, edge: int) -> list[int | None]:
    """The first and last few of so many; None stands for what is left out."""
    if count <= 2 * edge + 1:
        return list(range(count))
    return [*range(edge), None, *range(count - edge, count)]


def _matrix_box(value: Any, look: Look, shape: Sequence[int]) -> Box:
    rows, columns = value.shape
    picked = _picked(rows, rows if look.full or rows <= MOST_ROWS else EDGE)
    shortened = len(picked) < rows
    if 2 * columns + 1 <= look.room or look.full:
        texts = [_column(value[:, j], picked, look) for j in range(columns)]
        width = _width(texts, len(picked))
        if width <= look.room or columns == 1:
            return _with_shape(_assembled(texts, look), shape, shortened, look)
        if look.full:
            return _blocks(texts, look)
    for edge in range(EDGE, 0, -1):
        kept = _picked(columns, edge)
        texts = [_dots(picked) if j is None else _column(value[:, j], picked, look) for j in kept]
        if _width(texts, len(picked)) <= look.room:
            return _with_shape(_assembled(texts, look), shape, True, look)
    # not even a few columns fit beside each other
    blocks = _blocks(texts, look, [None if j is None else j + 1 for j in kept])
    return _with_shape(blocks, shape, shortened or len(kept) < columns, look)


def _column(values: Any, picked: list[int | None], look: Look) -> list[str]:
    if None in picked:
        texts = aligned([look.format(float(values[i])) for i in picked if i is not None])
        width = len(texts[0])
        texts.insert(picked.index(None), "⋮".rjust((width + 1) // 2).ljust(width))
        return texts
    return aligned([look.format(v) for v in values.tolist()])


def _dots(picked: list[int | None]) -> list[str]:
    return ["⋱" if i is None else "…" for i in picked]


def _width(texts: list[list[str]], rows: int) -> int:
    return 2 + sum(len(column[0]) for column in texts) + (len(texts) - 1) * (1 if rows == 1 else 2)


def _assembled(texts: list[list[str]], look: Look) -> Box:
    return matrix(list(zip(*texts, strict=True)), look.style)


def _with_shape(box: Box, shape: Sequence[int], shortened: bool, look: Look) -> Box:
    """The box with its shape below, where something was left out."""
    return stacked([box, text_box(shape_text(shape), "dim")]) if shortened else box


def _blocks(texts: list[list[str]], look: Look, numbers: list[int | None] | None = None) -> Box:
    """A matrix that is too wide, its columns in blocks below each other. numbers: the columns', counted from 1."""
    columns = numbers or list(range(1, len(texts) + 1))
    boxes: list[Box] = []
    start = 0
    between = 1 if len(texts[0]) == 1 else 2
    while start < len(texts):
        end, used = start + 1, 2 + len(texts[start][0])
        while end < len(texts) and used + between + len(texts[end][0]) <= look.room:
            used += between + len(texts[end][0])
            end += 1
        if columns[start] is not None:
            boxes.append(text_box(_caption(columns[start:end]), "dim"))
        boxes.append(matrix(list(zip(*texts[start:end], strict=True)), look.style))
        start = end
    return stacked(boxes, 1)


def _caption(columns: Sequence[int | None]) -> str:
    """`column 3`, `columns 4–9`."""
    first, last = columns[0], columns[-1] or "…"
    return f"column {first}" if first == last else f"columns {first}–{last}"


def _index(place: tuple[int, ...], of_examples: bool) -> str:
    """`#1,3 `, or `3 #2 ` where the first axis counts examples; from 1, as `--entry` and the remarks count."""
    example = f"{place[0] + 1} " if of_examples else ""
    rest = place[1:] if of_examples else place
    return example + (f"#{','.join(str(i + 1) for i in rest)} " if rest else "")


def _slices(value: Any, look: Look, of_examples: bool) -> Box:
    """An array of three axes or more: its slices with their index in front, side by side as far as they fit."""
    places: list[tuple[int, ...]] = [()]
    for n in value.shape[:-2]:
        places = [(*place, i) for place in places for i in range(n)]
    kept = places if look.full or len(places) <= MOST_SLICES else [*places[:EDGE], *places[-EDGE:]]
    left_out = len(places) - len(kept)
    boxes: list[Box] = []
    for k, place in enumerate(kept):
        if left_out and k == EDGE:
            boxes.append(text_box(f"… {left_out} more", "dim"))
        index = text_box(_index(place, of_examples), "dim")
        inner = Look(look.format, max(look.room - index.width, 10), look.full, look.style)
        boxes.append(beside([index, _matrix_box(value[place], inner, value.shape[-2:])]))
    flow: list[list[Box]] = [[]]
    for box in boxes:
        used = sum(b.width + 2 for b in flow[-1])
        if flow[-1] and used + box.width > look.room:
            flow.append([])
        flow[-1].append(box)
    rows = [beside(line, 2) for line in flow]
    return _with_shape(stacked(rows, 0), value.shape, bool(left_out), look)
