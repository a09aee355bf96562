"""The tree of a YAML file: scalars as they are written, sequences and mappings, each with its place.

Nothing here has a type yet: `010`, `yes` and `1.2` are texts, and whoever wants a number or a word says so.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from nncalc.errors import Place, ProblemError, did_you_mean
from nncalc.problem.source import Source, shown

Value: TypeAlias = "Scalar | Sequence | Mapping"

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BLANKS = " \t\n"  # what YAML folds; other blanks are characters like any other
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)", re.DOTALL)
_BLANK_ESCAPES = frozenset("tn \t\n")


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Scalar:
    """A word or number as it is written.

    text: without the quotes. quoted: it is text whatever it looks like (in quotes, a block, or tagged `!!str`).
    start: where it stands in the source. key: its path, `layers[0].dense.weights`. style: `'`, `"`, `|`, `>` or ''.
    """

    text: str
    quoted: bool
    source: Source
    start: int
    key: str
    style: str = ""

    @property
    def place(self) -> Place:
        return self.source.place(self.start)

    @property
    def is_null(self) -> bool:
        """Whether it stands for nothing: `null`, `~`, or nothing at all."""
        return not self.quoted and self.text in _NULLS

    @property
    def boolean(self) -> bool | None:
        """What a plain `true` or `false` says, None for anything else: `yes` and `on` are words."""
        return None if self.quoted else _BOOLEANS.get(self.text)

    def place_inside(self, line: int, offset: int) -> Place:
        """The place of a character of the text: its line, counted from 1, and its offset in that line, from 0.

        Quotes, escapes, folded lines and a block's indentation are allowed for. They change blanks alone, so the
        characters that are not blank are counted, in the text and then in the source.
        """
        lines = self.text.split("\n")
        line = min(max(line, 1), len(lines))
        here = lines[line - 1]
        before = here[:offset]
        marks = sum(map(_count_marks, lines[: line - 1])) + _count_marks(before)
        places = self._marks()
        if here[offset : offset + 1].strip(_BLANKS):
            for _ in range(marks):
                next(places, None)
            return self.source.place(next(places, self.start))
        end = self._content_start()
        for _ in range(marks):
            end = next(places, end - 1) + 1
        blanks = len(before) - len(before.rstrip(_BLANKS))
        return self.source.place(end if blanks == len(before) else end + blanks)

    def _content_start(self) -> int:
        if self.style in ("|", ">"):  # the text begins in the line behind the indicator
            return self.source.line_span(self.start)[1]
        return self.start + len(self.style)

    def _marks(self) -> Iterator[int]:
        """Where the characters of the text that are not blank stand in the source, in order."""
        text, at = self.source.text, self._content_start()
        while at < len(text):
            step = 1
            blank = text[at] in _BLANKS
            if self.style == '"' and (escape := _ESCAPE.match(text, at)):
                step = len(escape[0])
                code = escape[1] or escape[2] or escape[3]
                blank = chr(int(code, 16)) in _BLANKS if code else escape[0][1] in _BLANK_ESCAPES
            elif self.style == "'" and text.startswith("''", at):
                step = 2
            if not blank:
                yield at
            at += step


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Sequence:
    """A list.

    raw: its items; a plain scalar stands there as its bare text, because a list may have millions of them.
    starts: where each item stands. items: the same as values.
    """

    raw: list[str | Value]
    starts: array[int]
    source: Source
    start: int
    key: str

    @property
    def place(self) -> Place:
        return self.source.place(self.start)

    @property
    def items(self) -> tuple[Value, ...]:
        return tuple(self.item(i) for i in range(len(self.raw)))

    def item(self, index: int) -> Value:
        """One item, counted from 0, without making the others."""
        raw = self.raw[index]
        if isinstance(raw, str):
            return Scalar(raw, False, self.source, self.starts[index], f"{self.key}[{index}]")
        return raw

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Mapping:
    """Keys and their values, in the file's order. key_starts: where each key stands in the source."""

    entries: dict[str, Value]
    key_starts: dict[str, int]
    source: Source
    start: int
    key: str

    @property
    def place(self) -> Place:
        return self.source.place(self.start)

    def key_place(self, name: str) -> Place:
        """Where the key stands, as against its value."""
        return self.source.place(self.key_starts[name])

    def get(self, name: str) -> Value | None:
        return self.entries.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)


def _count_marks(text: str) -> int:
    return len(text) - sum(map(text.count, _BLANKS))


def path_of(parent: str, name: str) -> str:
    """The path of a mapping's entry: `layers[0]` and `dense` give `layers[0].dense`."""
    return f"{parent}.{name}" if parent else name


def refuse_unknown(mapping: Mapping, allowed: Iterable[str]) -> None:
    """Raises ProblemError for the mapping's first key that is not among the allowed, with the nearest that is."""
    known = tuple(allowed)
    for name in mapping.entries:
        if name not in known:
            raise ProblemError(
                f"unknown key '{shown(name)}'",
                label="not known here",
                hint=did_you_mean(name, known),
                key=path_of(mapping.key, shown(name)),
                place=mapping.key_place(name),
            )
