"""JSON and JSON Lines with duplicate keys refused and numbers as written; where something is wrong, its place.

The standard library's parser is fast and knows no places. So a text is read with it; a second, slow reading follows
where something has to be pointed at.
"""

from __future__ import annotations

import json
import re
from array import array
from typing import Any, NoReturn

from nncalc.errors import ProblemError
from nncalc.problem.building import DEEPEST
from nncalc.problem.source import Source, shown
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value, path_of

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[^\s,:\[\]{}\"]+")


class UnreadableError(ValueError):
    """The fast reading has met something that the slow one is to explain."""


def read_json(text: str) -> list[Any]:
    """The values of a text, one behind the other: dicts, lists, texts, None and booleans; numbers as their texts.

    Raises UnreadableError; then `located_json` says what is wrong and where.
    """
    found, at = [], 0
    while (at := _skip(text, at)) < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise UnreadableError from None
        found.append(value)
    return found


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError
    return found


def _constant(_: str) -> NoReturn:
    raise UnreadableError


# A number is kept as its text, which says how exact it is.
_AS_WRITTEN: Any = str
_DECODER = json.JSONDecoder(
    parse_float=_AS_WRITTEN, parse_int=_AS_WRITTEN, parse_constant=_constant, object_pairs_hook=_once
)


def located_json(text: str, name: str) -> list[Value]:
    """The same values as trees that know their places. Raises ProblemError for what is not JSON."""
    return _Located(Source(name, text)).values()


class _Located:
    def __init__(self, source: Source) -> None:
        self.source, self.text, self.at = source, source.text, 0

    def values(self) -> list[Value]:
        found: list[Value] = []
        self.skip()
        while self.at < len(self.text):
            found.append(self.value(f"[{len(found)}]" if found else "", 0))
            self.skip()
        return found

    def skip(self) -> None:
        self.at = _skip(self.text, self.at)

    def value(self, key: str, depth: int) -> Value:
        char, start = self.text[self.at : self.at + 1], self.at
        if char in ("{", "["):
            if depth == DEEPEST:
                raise self.error(f"nested deeper than {DEEPEST}", f"level {DEEPEST + 1} begins here")
            self.at += 1
            return self.mapping(start, key, depth + 1) if char == "{" else self.sequence(start, key, depth + 1)
        if char == '"':
            return Scalar(self.string(), True, self.source, start, key, '"')
        number = _NUMBER.match(self.text, self.at)
        word = _WORD.match(self.text, self.at)
        if number and word and number.end() == word.end():
            self.at = number.end()
            return Scalar(number[0], False, self.source, start, key)
        if word and word[0] in ("null", "true", "false"):
            self.at = word.end()
            return Scalar(word[0], False, self.source, start, key)
        raise self.no_value(word[0] if word else char)

    def mapping(self, start: int, key: str, depth: int) -> Mapping:
        entries: dict[str, Value] = {}
        starts: dict[str, int] = {}
        self.skip()
        while not self.ends("}", bool(entries)):
            if self.text[self.at : self.at + 1] != '"':
                raise self.error("a key of JSON stands in double quotes", f"{self.found()}, expected '\"'")
            here = self.at
            name = self.string()
            path = path_of(key, shown(name))
            if name in entries:
                line = self.source.line_number(starts[name])
                raise self.error(f"the key '{shown(name)}' is given twice", f"given before in line {line}", here, path)
            self.skip()
            if self.text[self.at : self.at + 1] != ":":
                raise self.error("a key without a value", f"{self.found()}, expected ':'")
            self.at += 1
            self.skip()
            starts[name] = here
            entries[name] = self.value(path, depth)
            self.skip()
        return Mapping(entries, starts, self.source, start, key)

    def sequence(self, start: int, key: str, depth: int) -> Sequence:
        items: list[str | Value] = []
        starts: array[int] = array("I")
        self.skip()
        while not self.ends("]", bool(items)):
            starts.append(self.at)
            items.append(self.value(f"{key}[{len(items)}]", depth))
            self.skip()
        return Sequence(items, starts, self.source, start, key)

    def ends(self, bracket: str, more: bool) -> bool:
        """Whether the bracket closes here; else what stands before the next item is passed over."""
        char = self.text[self.at : self.at + 1]
        if char == bracket:
            self.at += 1
            return True
        if more:
            if char != ",":
                raise self.error("a comma is missing", f"{self.found()}, expected ',' or '{bracket}'")
            self.at += 1
            self.skip()
        return False

    def string(self) -> str:
        try:
            text, self.at = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            if error.msg.startswith("Unterminated"):
                raise self.error("a quote without its end", "begins here and is never closed") from None
            raise self.error("a text that is not JSON's", "not allowed between quotes", error.pos) from None
        return str(text)

    def found(self) -> str:
        char = self.text[self.at : self.at + 1]
        return f"found '{shown(char)}'" if char else "found the end of the file"

    def no_value(self, word: str) -> ProblemError:
        if word.lstrip("+-").lower() in ("nan", "infinity", "inf"):
            return self.error(
                f"{shown(word)} is not a finite number", "not part of JSON", hint="null stands for what is left out."
            )
        if not word or word in (",", ":", "]", "}"):
            return self.error("a value is left out", self.found())
        return self.error(f"'{shown(word)}' is not JSON", "expected a number, a list, a text in quotes or null")

    def error(self, message: str, label: str, at: int | None = None, key: str = "", hint: str = "") -> ProblemError:
        return ProblemError(
            message, label=label, hint=hint, key=key, place=self.source.place(self.at if at is None else at)
        )
