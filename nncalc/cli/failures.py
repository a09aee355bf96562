"""What went wrong, as plain text: the place, the line with a caret, and one thing to try."""

from __future__ import annotations

from nncalc.errors import NncalcError, Place, UsageError
from nncalc.views.clean import clean, display_width

CUT = "…"
NARROWEST = 20  # columns of a source line, however narrow the terminal


def render(error: NncalcError, *, program: str = "nncalc", width: int = 100) -> str:
    """The error as lines of text without escape sequences.

    program: what speaks where no file does (`nncalc softmax`); a UsageError also says how to get its help. width: the
    columns that a source line is shortened to.
    """
    place = error.place
    where = f"{place.source}:{place.line}:{place.column}" if place else program
    lines = [f"{clean(where)}: {clean(error.message)}"]
    if place and place.text:
        lines += ["", *_excerpt(place, clean(error.label), width), ""]
    elif error.label:
        lines += _indented(error.label)
    if error.key:
        lines += _indented(f"at {error.key}")
    if error.equation:
        lines += _indented(_cut(f"in {error.equation}", width))
    lines += _indented(error.hint)
    if isinstance(error, UsageError) and not place:
        lines += _indented(f"Try '{program} --help'.")
    return "\n".join(lines).rstrip("\n")


def usage_error(message: str) -> UsageError:
    """Typer's complaint, worded as nncalc's own are."""
    text = message.strip().rstrip(".")
    return UsageError(text[:1].lower() + text[1:])


def _cut(text: str, width: int) -> str:
    """The text, cut at two lines' length: an equation may have a thousand terms."""
    return text if len(text) <= 2 * width else text[: 2 * width - 1] + CUT


def _indented(text: str) -> list[str]:
    return [f"  {clean(line)}" for line in text.splitlines()]


def _excerpt(place: Place, label: str, width: int) -> list[str]:
    """The source line behind its number, and under it the caret with its label."""
    number = f"  {place.line} | "
    margin = " " * (len(number) - 2) + "| "
    text, before = _shortened(place.text.rstrip("\r\n"), place.column - 1, max(width - len(number), NARROWEST))
    caret = margin + " " * before + "^"
    if not label:
        return [number + text, caret]
    if display_width(caret) + 1 + display_width(label) <= width:
        return [number + text, f"{caret} {label}"]
    return [number + text, caret, margin + label]


def _shortened(text: str, offset: int, width: int) -> tuple[str, int]:
    """The part of a line around the offset that fits the width, and the columns in front of the offset there."""
    cells = [clean(character) for character in text]
    columns = [display_width(cell) for cell in cells]
    offset = min(max(offset, 0), len(cells))
    if sum(columns) <= width:
        return "".join(cells), sum(columns[:offset])
    first = last = offset
    room = width - 2 * len(CUT)
    while True:  # there is more text than room, so what doesn't fit comes before both ends are reached
        behind = last < len(cells) and (first == 0 or last - offset <= offset - first)
        room -= columns[last] if behind else columns[first - 1]
        if room < 0:
            break
        first, last = (first, last + 1) if behind else (first - 1, last)
    while first < offset and columns[first] == 0:  # a mark without the letter that it belongs to
        first += 1
    while last < len(cells) and columns[last] == 0:
        last += 1
    head = CUT if first else ""
    tail = CUT if last < len(cells) else ""
    return head + "".join(cells[first:last]) + tail, len(head) + sum(columns[first:offset])
