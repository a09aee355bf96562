"""The YAML parser's events put together to a tree, in one pass.

Without recursion, so that nesting is measured before it can fill a stack; and without copying what aliases stand for,
so that it is counted before anybody walks through it.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from nncalc.errors import DomainError, ProblemError, nearest
from nncalc.problem.numbers import parse_number
from nncalc.problem.source import Source, shown
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value, path_of

DEEPEST = 100
MOST_NUMBERS = 10_000_000  # in one array
MOST_COPIES = 10_000_000  # values that aliases stand for

_CORE = "tag:yaml.org,2002:"
_TAGS = {
    "scalar": frozenset(_CORE + name for name in ("str", "int", "float", "bool", "null")),
    "list": frozenset({_CORE + "seq"}),
    "mapping": frozenset({_CORE + "map"}),
}
# An anchor, a tag, and what may stand behind them.
_PROPERTIES = re.compile(r"(?:[&!][^ \t\n]*|[ \t\n]+|(?<=[ \t\n])#[^\n]*)*")


class _OpenList:
    """A list that is not at its end yet.

    others: items of `raw` that came with measures of their own. numbers: the scalars among these and inside their
    lists, as against mappings. size: the values in all, aliases expanded. copies: those of them that aliases stand for.
    height: the levels of nesting, its own included.
    """

    __slots__ = ("anchor", "copies", "height", "key", "numbers", "others", "raw", "size", "start", "starts")

    def __init__(self, start: int, key: str, anchor: str | None) -> None:
        self.start, self.key, self.anchor = start, key, anchor
        self.raw: list[str | Value] = []
        self.starts: array[int] = array("I")
        self.others = self.numbers = self.copies = 0
        self.size = self.height = 1

    def next_key(self) -> str:
        return f"{self.key}[{len(self.raw)}]"

    def all_numbers(self) -> int:
        return len(self.raw) - self.others + self.numbers


class _OpenMapping:
    """A mapping that is not at its end yet. name: the key whose value comes next. The measures are _OpenList's."""

    __slots__ = ("anchor", "copies", "entries", "height", "key", "key_starts", "name", "size", "start")

    def __init__(self, start: int, key: str, anchor: str | None) -> None:
        self.start, self.key, self.anchor = start, key, anchor
        self.entries: dict[str, Value] = {}
        self.key_starts: dict[str, int] = {}
        self.name: str | None = None
        self.copies = 0
        self.size = self.height = 1

    def next_key(self) -> str:
        return path_of(self.key, shown(self.name or ""))


_Open: TypeAlias = _OpenList | _OpenMapping


class _Anchored(NamedTuple):
    """A finished value that has an anchor, with its measures."""

    value: Value
    numbers: int = 1
    size: int = 1
    height: int = 0


class Builder:
    """Takes the events of one text in their order; then `root` is its tree, None for an empty text."""

    def __init__(self, source: Source) -> None:
        from yaml import events

        self.root: Value | None = None
        self._source = source
        self._events = events
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None while the anchored value is not at its end

    def take(self, event: Any) -> None:
        """One event of yaml.parse. Raises ProblemError."""
        events = self._events
        if isinstance(event, events.ScalarEvent):
            top = self._stack[-1] if self._stack else None
            # The common case by far: an array's number.
            if isinstance(top, _OpenList) and not event.style and event.tag is None and event.anchor is None:
                top.raw.append(event.value)
                top.starts.append(event.start_mark.index)
                if len(top.raw) > MOST_NUMBERS:
                    raise self._too_many_numbers()
            else:
                self._scalar(event, top)
        elif isinstance(event, events.SequenceStartEvent):
            self._open(event, "list", _OpenList)
        elif isinstance(event, events.MappingStartEvent):
            self._open(event, "mapping", _OpenMapping)
        elif isinstance(event, events.CollectionEndEvent):
            self._close()
        elif isinstance(event, events.AliasEvent):
            self._alias(event)
        elif isinstance(event, events.DocumentStartEvent) and self.root is not None:
            raise self._error(
                event.start_mark.index,
                "a second document in one file",
                label="the first one ends here",
                hint="Put each problem into a file of its own, or delete this line.",
            )

    def _scalar(self, event: Any, top: _Open | None) -> None:
        start = self._start(event, "scalar")
        style = event.style or ""
        quoted = bool(style) if event.tag is None else event.tag in (_CORE + "str", "!")
        scalar = Scalar(event.value, quoted, self._source, start, top.next_key() if top else "", style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(scalar)
        if isinstance(top, _OpenMapping) and top.name is None:
            self._key(scalar, top)
        else:
            self._add(scalar)

    def _key(self, scalar: Scalar, top: _OpenMapping) -> None:
        name = scalar.text
        if not scalar.quoted:
            if name == "<<":
                raise self._error(
                    scalar.start, "merge keys (<<) are not read", label="expected a key", hint="Write the keys out."
                )
            if scalar.is_null or _is_number(name):
                hint = "" if scalar.is_null else "A list stands in [ ], not in { }."
                raise self._error(
                    scalar.start,
                    "a key has to be a word",
                    label=f"found {shown(name) or 'nothing'} as a key",
                    hint=hint,
                )
        if name in top.entries:
            line = self._source.line_number(top.key_starts[name])
            raise ProblemError(
                f"the key '{shown(name)}' is given twice",
                label=f"given before in line {line}",
                key=path_of(top.key, shown(name)),
                place=scalar.place,
            )
        top.name = name
        top.key_starts[name] = scalar.start

    def _open(self, event: Any, kind: str, opened: type[_OpenList | _OpenMapping]) -> None:
        start: int = event.start_mark.index if event.tag is None and event.anchor is None else self._start(event, kind)
        top = self._stack[-1] if self._stack else None
        if isinstance(top, _OpenMapping) and top.name is None:
            raise self._error(start, "a key has to be a word", label=f"found a {kind} as a key")
        if len(self._stack) == DEEPEST:
            raise self._too_deep(start)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(opened(start, top.next_key() if top else "", event.anchor))

    def _close(self) -> None:
        done = self._stack.pop()
        value: Value
        if isinstance(done, _OpenList):
            value = Sequence(done.raw, done.starts, self._source, done.start, done.key)
            numbers, size = done.all_numbers(), done.size + len(done.raw) - done.others
        else:
            value = Mapping(done.entries, done.key_starts, self._source, done.start, done.key)
            numbers, size = 0, done.size
        if done.anchor is not None:
            self._anchors[done.anchor] = _Anchored(value, numbers, size, done.height)
        self._add(value, numbers, size, done.copies, done.height)

    def _alias(self, event: Any) -> None:
        start, name = event.start_mark.index, event.anchor
        top = self._stack[-1] if self._stack else None
        if top is None or (isinstance(top, _OpenMapping) and top.name is None):
            raise self._error(start, "a key has to be a word", label="found an alias as a key")
        if name not in self._anchors:
            near = nearest(name, list(self._anchors)[-1000:])
            raise self._error(
                start,
                f"no anchor '&{shown(name)}' stands before this alias",
                label="'*' stands for a value named by '&' before",
                hint=f"Did you mean '*{near}'?" if near else "Put text that begins with '*' in quotes.",
            )
        built = self._anchors[name]
        if built is None:
            raise self._error(start, f"the alias '*{shown(name)}' stands inside its own value", label="would never end")
        if len(self._stack) + built.height > DEEPEST:
            raise self._too_deep(start)
        # What is inside the value keeps the keys, and all of it the places, of where it is written.
        value = replace(built.value, key=top.next_key())
        self._add(value, built.numbers, built.size, built.size, built.height, alias=start)

    def _add(
        self,
        value: Value,
        numbers: int = 1,
        size: int = 1,
        copies: int = 0,
        height: int = 0,
        alias: int | None = None,
    ) -> None:
        """Puts a value where it belongs; `alias` is the place of the alias that stands for it."""
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if isinstance(top, _OpenList):
            top.raw.append(value)
            top.starts.append(value.start)
            top.others += 1
            top.numbers += numbers
        else:
            assert top.name is not None
            top.entries[top.name] = value
            top.name = None
        top.size += size
        top.copies += copies
        top.height = max(top.height, height + 1)
        if top.copies > MOST_COPIES:
            start = top.start if alias is None else alias
            raise self._error(
                start,
                "aliases stand for more than 10 million values",
                label="counted up to here",
                hint="Use fewer '*'.",
            )
        if isinstance(top, _OpenList) and top.all_numbers() > MOST_NUMBERS:
            raise self._too_many_numbers()

    def _start(self, event: Any, kind: str) -> int:
        """Where the value itself begins, behind its anchor and tag. Raises ProblemError for a tag."""
        start: int = event.start_mark.index
        if event.tag is not None and event.tag != "!" and event.tag not in _TAGS[kind]:
            name = event.tag.removeprefix(_CORE)
            name = name if name.startswith("!") else f"!!{name}"
            raise self._error(
                start,
                f"the YAML tag '{shown(name)}' is not read",
                label="expected a plain value",
                hint="Delete the tag; put text that begins with '!' in quotes.",
            )
        if event.tag is not None or event.anchor is not None:
            behind = _PROPERTIES.match(self._source.text, start)
            assert behind is not None
            # A value that is left out has nothing behind its anchor but the next key.
            return min(behind.end(), event.end_mark.index) if kind == "scalar" else behind.end()
        return start

    def _too_deep(self, start: int) -> ProblemError:
        return self._error(start, f"nested deeper than {DEEPEST}", label=f"level {DEEPEST + 1} begins here", key="")

    def _too_many_numbers(self) -> ProblemError:
        """The error about the array that is open: the outermost of the lists directly inside each other."""
        outermost = next((i for i in range(len(self._stack), 0, -1) if isinstance(self._stack[i - 1], _OpenMapping)), 0)
        array_ = self._stack[outermost]
        return self._error(
            array_.start,
            "an array of more than 10 million numbers",
            label="too long for YAML",
            hint="Put it in a file: {file: weights.npz, key: W1}.",
            key=array_.key,
        )

    def _error(self, start: int, message: str, *, label: str, hint: str = "", key: str | None = None) -> ProblemError:
        if key is None:
            key = self._stack[-1].key if self._stack else ""
        return ProblemError(message, label=label, hint=hint, key=key, place=self._source.place(start))


def _is_number(text: str) -> bool:
    try:
        return parse_number(text) is not None
    except DomainError:  # `nan` and `inf` are words where a key stands
        return False
