"""The text of an answers file, YAML or JSON, as dicts, lists and texts; and the place of what is amiss in it."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from nncalc.errors import ProblemError
from nncalc.problem.json_tree import UnreadableError, located_json, read_json
from nncalc.problem.source import LARGEST, shown
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value

# Numbers are texts, as they are written.
Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | bool | None"
Path: TypeAlias = tuple[str | int, ...]


class Amiss(Exception):  # noqa: N818
    """Something that can't be read, at a path of keys and of list items counted from 0; `located` gives it its place.

    at_key: whether it is about the key, not about its value. ambiguous: whether another number of the sheet may tell
    how this one is meant.
    """

    def __init__(
        self, path: Path, message: str, label: str, hint: str = "", *, at_key: bool = False, ambiguous: bool = False
    ) -> None:
        super().__init__(message)
        self.path, self.message, self.label, self.hint = path, message, label, hint
        self.at_key, self.ambiguous = at_key, ambiguous


class SheetText(NamedTuple):
    """A sheet's text and what it holds. documents: a tree for each iteration, with its path.

    roots: the trees with places, where they are known already; of JSON they are made when they are needed.
    """

    text: str
    name: str
    documents: list[tuple[Path, Any]]
    roots: tuple[Value, ...] = ()

    def located(self, amiss: Amiss) -> ProblemError:
        """The error to raise for what is amiss."""
        roots = self.roots or tuple(located_json(self.text, self.name))
        first, *rest = (0, *amiss.path) if len(roots) == 1 else amiss.path
        assert isinstance(first, int)
        value: Value = roots[first]
        place = value.place
        for step in rest:
            if isinstance(value, Mapping) and isinstance(step, str):
                place, value = value.key_place(step), value.entries[step]
            elif isinstance(value, Sequence) and isinstance(step, int):
                value = value.item(step)
                place = value.place
        place = place if amiss.at_key else value.place
        return ProblemError(amiss.message, label=amiss.label, hint=amiss.hint, key=value.key, place=place)

    def refused(self) -> ProblemError:
        """The error to raise for JSON that the fast reading gave up on."""
        return _refused(self.text, self.name)


def _refused(text: str, name: str) -> ProblemError:
    try:
        located_json(text, name)
    except ProblemError as error:
        return error
    return ProblemError(f"{shown(name)} is not JSON")


def read_sheet_text(text: str, name: str) -> SheetText:
    """What a text holds: JSON or JSON Lines if it begins with a bracket, else YAML.

    Raises ProblemError, with the place, for what is neither.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if text.lstrip(" \t\r\n")[:1] not in ("{", "["):
        from nncalc.problem.document import read_value

        root = read_value(text, name)
        return SheetText(text, name, _documents([_plain(root)]), (root,))
    if len(text) > LARGEST:
        raise ProblemError(f"{shown(name)} is larger than 64 MB")
    try:
        return SheetText(text, name, _documents(read_json(text)))
    except UnreadableError:
        raise _refused(text, name) from None


def _documents(values: list[Any]) -> list[tuple[Path, Any]]:
    if len(values) > 1:
        return [((i,), value) for i, value in enumerate(values)]
    if isinstance(values[0], list):
        return [((i,), value) for i, value in enumerate(values[0])]
    return [((), values[0])]


def _plain(value: str | Value) -> Tree:
    """A tree without its places. Aliases were counted when it was read, and so was its depth."""
    if isinstance(value, Sequence):
        return [_WORDS.get(item, item) if isinstance(item, str) else _plain(item) for item in value.raw]
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.entries.items()}
    assert isinstance(value, Scalar)
    return value.text if value.quoted else _WORDS.get(value.text, value.text)


# What a plain scalar says, where it is no text.
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
