"""From a YAML file to its tree: what is read, what is refused, and where.

YAML's own typing is left out: the parser's events are put together in building.py, as texts with their places.
"""

from __future__ import annotations

import re

from nncalc.errors import ProblemError
from nncalc.problem.source import LARGEST, Source, clean_text, decode, read_file, shown
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value, refuse_unknown

__all__ = [
    "Mapping",
    "Scalar",
    "Sequence",
    "Source",
    "Value",
    "clean_text",
    "decode",
    "read_document",
    "read_file",
    "read_value",
    "refuse_unknown",
    "shown",
]

# All that is left out here: control characters, halves of surrogate pairs, and U+0085, U+2028 and U+2029, where YAML
# begins a new line and no editor shows one.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def read_document(text: str, source: str) -> Mapping:
    """The tree of a problem file's text; `source` is the name that its places give.

    Raises ProblemError for what is not YAML, not a mapping, or too deep, long or entangled to be a problem.
    """
    value = read_value(text, source)
    if not isinstance(value, Mapping):
        found = "a list" if isinstance(value, Sequence) else f"'{shown(value.text)}'"
        raise ProblemError(
            "a problem file begins with a key",
            label=f"found {found}, expected a key such as 'layers:'",
            place=value.place,
        )
    return value


def read_value(text: str, source: str) -> Value:
    """As read_document, but the text may hold any one value: a sheet of answers may be a list."""
    import yaml

    from nncalc.problem.building import Builder

    if len(text) > LARGEST:
        raise ProblemError(f"{shown(source)} is larger than 64 MB")
    whole = Source(source, text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    _refuse_unreadable(whole)
    builder = Builder(whole)
    try:
        for event in yaml.parse(whole.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.YAMLError as error:
        from nncalc.problem.yaml_errors import explained

        raise explained(error, whole) from None
    root = builder.root
    if root is None or (isinstance(root, Scalar) and root.is_null):
        found = "nothing but comments" if text.strip() else "nothing"
        raise ProblemError("the file is empty", label=f"found {found}", place=whole.place(0))
    return root


def _refuse_unreadable(source: Source) -> None:
    found = _UNREADABLE.search(source.text)
    if found:
        raise ProblemError(
            "a character that does not belong in a text",
            label=f"found U+{ord(found[0]):04X}, which no editor shows",
            hint="Delete it, or save the file as plain text.",
            place=source.place(found.start()),
        )
