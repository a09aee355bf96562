"""What the YAML parser finds wrong is said in plain words, at the place where it can be put right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.errors import ProblemError
from nncalc.problem.document import read_document

QUOTES = "Put text that holds special characters in quotes."
COLON = "Check the indentation; put text that holds ': ' in quotes."
TAB = ("a tab where YAML wants spaces", "found a tab", "Indent with spaces.")

CASES = [
    ("a:\n\tb: 1", (2, 1), *TAB),
    ("a: 1\n\tb: 2", (2, 1), *TAB),
    ("a:\n  - x\n \t- y", (3, 2), *TAB),
    ("a: |\n x\n\ty\n", (3, 1), *TAB),
    ("a: 'x\nb: c", (1, 4), "a quote without its end", "begins here and is never closed", ""),
    ('a: "x', (1, 4), "a quote without its end", "begins here and is never closed", ""),
    ("a: [1, 2", (1, 4), "a '[' without its ']'", "not closed before the end of the file", ""),
    ("a: [", (1, 4), "a '[' without its ']'", "not closed before the end of the file", ""),
    ("a: {b: 1\n", (1, 4), "a '{' without its '}'", "not closed before the end of the file", ""),
    ("w: [[1, 2], [3, 4]\nb: [1]", (1, 4), "a '[' without its ']'", "not closed before line 2", ""),
    ("w: [1, 2\nb: 3", (1, 4), "a '[' without its ']'", "not closed before line 2", ""),
    ("w: [[1, 2] [3, 4]]", (1, 12), "a comma is missing in the list opened in line 1", "expected ',' or ']'", ""),
    ("w: [[1, 2]\n  [3, 4]]", (2, 3), "a comma is missing in the list opened in line 1", "expected ',' or ']'", ""),
    ("a: {b: [1, 2}", (1, 13), "'}' where the list opened in line 1 ends with ']'", "expected ']'", ""),
    ("a: [1, , 2]", (1, 8), "a value is left out", "found ',', expected a value", ""),
    ("a: [1,2]]", (1, 9), "a ']' too many", "closes nothing", ""),
    ("b: }", (1, 4), "a value is left out", "found '}', expected a value", ""),
    ("title: x: y", (1, 9), "a ':' where none can stand", "not expected here", COLON),
    ("a: 1\n b: 2", (2, 3), "a ':' where none can stand", "not expected here", COLON),
    (
        "a:\N{NO-BREAK SPACE}[1]\nb: 2",
        (2, 2),
        "a ':' where none can stand",
        "not expected here",
        "Line 1 holds a no-break space (U+00A0); write an ordinary one.",
    ),
    ("a: {: 1}", (1, 5), "a ':' without a key", "expected 'key: value'", ""),
    (": 1", (1, 1), "a ':' without a key", "expected 'key: value'", ""),
    ("a: 1\nab\nc: 2", (2, 1), "a line without a ':'", "expected 'key: value'", ""),
    ("a: - 1", (1, 4), "a '-' where no list can begin", "not expected here", "Begin the list in a line of its own."),
    (
        "- 1\na: 2",
        (2, 1),
        "a line that is not part of the list above",
        "expected '-'",
        "Check the indentation of this line.",
    ),
    (
        "a:\n    b: 1\n  c: 2",
        (3, 3),
        "the indentation does not fit",
        "expected a key of the mapping above",
        "Align keys that belong together.",
    ),
    ("a: 'x' y", (1, 8), "something behind the end of a value", "expected a new line", QUOTES),
    ("[1]\nb: 2", (2, 1), "something behind the end of the whole value", "not expected here", QUOTES),
    ("a: [b: 1 : 2]", (1, 10), "a comma is missing in the list opened in line 1", "expected ',' or ']'", ""),
    ("a: {b: 1, {c: 2}: }", (1, 11), "a key has to be a word", "found a mapping as a key", ""),
    ("a: [[1, 2]}", (1, 11), "'}' where the list opened in line 1 ends with ']'", "expected ']'", ""),
    ("a: {b: 1 c: 2}", (1, 11), "a comma is missing in the mapping opened in line 1", "expected ',' or '}'", ""),
    ("a: @x", (1, 4), "a value can't begin with '@'", "not expected here", QUOTES),
    ("a: `x`", (1, 4), "a value can't begin with '`'", "not expected here", QUOTES),
    ("a: *bold*", (1, 4), "'&' and '*' need a name right behind them", "expected a name", QUOTES),
    ("a: !<x", (1, 4), "a YAML tag that can't be read", "tags begin with '!'", QUOTES),
    ("a: > x\n  y", (1, 6), "'|' or '>' with something behind it", "the text has to begin in the next line", QUOTES),
    (
        'a: "$\\sigma$"',
        (1, 6),
        "an escape that YAML does not know",
        "found \\s in double quotes",
        "Put text with a backslash in single quotes.",
    ),
    ("%YAML 3.0\n---\na: 1", (1, 1), "this is not YAML", "found incompatible YAML document", ""),
]


@pytest.mark.parametrize(("text", "place", "message", "label", "hint"), CASES, ids=lambda value: repr(value)[:30])
def test_what_is_not_yaml_is_explained(text: str, place: tuple[int, int], message: str, label: str, hint: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_document(text, "problem.yaml")
    error = caught.value
    assert error.place is not None
    assert (error.place.line, error.place.column) == place
    assert (error.message, error.label, error.hint) == (message, label, hint)


@given(st.text("ab1 :-[]{},\n\t\"'|>#&*!%@`?~<\\.\u00a0é", max_size=40))
def test_any_text_is_read_or_refused_at_a_place(text: str) -> None:
    error = None
    try:
        read_document(text, "problem.yaml")
    except ProblemError as refused:
        error = refused
    if error:
        assert error.message
        assert "\n" not in error.message + error.label + error.hint
        assert error.place is not None
        assert 1 <= error.place.line <= text.count("\n") + 1
        assert 1 <= error.place.column <= len(error.place.text) + 1
