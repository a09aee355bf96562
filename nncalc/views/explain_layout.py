"""How the pages of `explain` are laid out: headings, wrapped words, equations with `=` under `=`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from nncalc.catalogue.operation import Option
from nncalc.language.expression import Setting
from nncalc.language.text import setting_text
from nncalc.views.formula import broken
from nncalc.views.line import Line, width_of

INDENT = "  "
GAP = "   "
NARROWEST = 50

# Blanks at which a formula within a sentence is not broken.
_GLUED = re.compile(r" (?=[=·−+/<>≤≥→] )|(?<=[=·−+/<>≤≥→]) |(?<=\bln) |(?<=Σ) ")
_STAND_IN = "\N{NO-BREAK SPACE}"


def heading(name: str, meaning: str, width: int) -> list[Line]:
    """`sigmoid   1 / (1 + e⁻ˣ), between 0 and 1`."""
    room = width - len(name) - len(GAP)
    if room < NARROWEST // 2:
        return [[(name, "title")], *words(meaning, width)]
    first, *rest = wrapped(meaning, room)
    return [[(name, "title"), (GAP + first, "")], *([(" " * len(name) + GAP + line, "")] for line in rest)]


def section(title: str, lines: list[Line], beside: str = "") -> list[Line]:
    """A blank line, a heading and what stands under it; nothing where there is nothing."""
    return [[], [(title, "bold"), *([(f"{INDENT}{beside}", "")] if beside else [])], *lines] if lines else []


def words(text: str, width: int, style: str = "", indent: str = INDENT, first: str | None = None) -> list[Line]:
    """Words, wrapped."""
    return [[(line, style)] for line in wrapped(text, width, indent if first is None else first, indent)]


def wrapped(text: str, width: int, first: str = "", indent: str = "") -> list[str]:
    """A sentence in lines, its formulas in one piece as far as they fit."""
    glued = _GLUED.sub(_STAND_IN, text)
    longest = max((width_of(word) for word in glued.split()), default=0)
    kept = glued if longest + max(len(first), len(indent)) <= width else text
    lines = textwrap.wrap(kept, width, initial_indent=first, subsequent_indent=indent)
    return [line.replace(_STAND_IN, " ") for line in lines]


def equation_lines(left: str, rights: Sequence[str], width: int) -> list[Line]:
    """`left = right`, and below it `= right` for each further one."""
    lines: list[Line] = []
    for right in rights:
        lines += hanging(f"{INDENT}{' ' * width_of(left) if lines else left} = ", right, width)
    return lines


def hanging(before: str, right: str, width: int) -> list[Line]:
    """A formula behind `before`, its further lines under its beginning."""
    start = width_of(before)
    first, *rest = broken(right, max(width - start, NARROWEST // 2))
    return [[(before + first, "")], *([(" " * start + line, "")] for line in rest)]


def ending(options: Sequence[Option], source: str, width: int) -> list[Line]:
    """A line for each setting (its default and what it means), and where it all comes from."""
    settings: list[Line] = []
    for option in options:
        default = "" if option.default is None else f" = {_default(option.default)}"
        settings += words(option.meaning, width, indent=INDENT * 3, first=f"{INDENT}{option.name}{default}{GAP}")
    return [*section("settings", settings), *section("source", words(source, width, "dim"))]


def _default(value: Setting) -> str:
    return value if isinstance(value, str) else setting_text(value).replace("-", "−")
