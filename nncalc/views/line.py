"""A line of output: pieces of text, each with a style; and how wide a text is."""

from __future__ import annotations

from collections.abc import Iterable

from nncalc.views.clean import display_width

# (text, style) pairs. Styles: "", dim, bold, title, forward, backward, update, right, wrong.
Line = list[tuple[str, str]]


def width_of(text: str) -> int:
    """The columns that a text takes: a combining macron none, a wide character two."""
    return display_width(text)


def line_width(line: Line) -> int:
    """The columns that a line takes."""
    return sum(width_of(text) for text, _ in line)


def text_of(line: Line) -> str:
    """The line without its styles."""
    return "".join(text for text, _ in line)


def texts_of(lines: Iterable[Line]) -> list[str]:
    """The lines without their styles."""
    return [text_of(line) for line in lines]


def joined(parts: Iterable[tuple[str, str]]) -> Line:
    """A line of the parts, neighbours of one style as one, empty ones left out."""
    line: Line = []
    for text, style in parts:
        if not text:
            continue
        if line and line[-1][1] == style:
            line[-1] = (line[-1][0] + text, style)
        else:
            line.append((text, style))
    return line


def trimmed(line: Line) -> Line:
    """The line without blanks at its end."""
    line = list(line)
    while line:
        text, style = line.pop()
        if text.rstrip():
            line.append((text.rstrip(), style))
            break
    return line


def padded(text: str, width: int) -> str:
    """The text, filled up with blanks on its right."""
    return text + " " * (width - width_of(text))
