"""Errors as text: exact, aligned, harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.cli.failures import render, usage_error
from nncalc.errors import DomainError, NncalcError, Place, ProblemError, ShapeError, UsageError
from nncalc.views.clean import clean, display_width

WEIGHTS = "      weights: [[1, 0, 1, 1], [-1, -1, 1, 1], [0, 1, -1, 1]]"


def at(text: str, column: int, label: str = "here", line: int = 7) -> NncalcError:
    return ProblemError("wrong", label=label, place=Place("p.yaml", line, column, text))


def test_everything_that_an_error_knows() -> None:
    error = ShapeError(
        "W1 and x do not fit",
        label="W1 is 3×4, so W¹ x needs an x of 4 entries; x has 3",
        key="layers[0].dense.weights",
        equation="h̄¹ = W¹ x + b¹",
        hint="Its transpose fits: write 'convention: row' if W¹ is (in, out).",
        place=Place("problem.yaml", 7, 16, WEIGHTS),
    )
    assert render(error) == (
        "problem.yaml:7:16: W1 and x do not fit\n"
        "\n"
        "  7 |       weights: [[1, 0, 1, 1], [-1, -1, 1, 1], [0, 1, -1, 1]]\n"
        "    |                ^ W1 is 3×4, so W¹ x needs an x of 4 entries; x has 3\n"
        "\n"
        "  at layers[0].dense.weights\n"
        "  in h̄¹ = W¹ x + b¹\n"
        "  Its transpose fits: write 'convention: row' if W¹ is (in, out)."
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DomainError("log of −1"), "nncalc log: log of −1"),
        (DomainError("log of −1", equation="y = log(x)"), "nncalc log: log of −1\n  in y = log(x)"),
        (ShapeError("no fit", label="3 and 4", hint="a\nb"), "nncalc log: no fit\n  3 and 4\n  a\n  b"),
        (UsageError("no", hint="do"), "nncalc log: no\n  do\n  Try 'nncalc log --help'."),
        (ProblemError("bad", place=Place("p.yaml", 2, 1), label="found a"), "p.yaml:2:1: bad\n  found a"),
        (ProblemError("bad", place=Place("p.yaml", 2, 1, "abc")), "p.yaml:2:1: bad\n\n  2 | abc\n    | ^"),
    ],
)
def test_what_an_error_does_not_know_is_left_out(error: NncalcError, expected: str) -> None:
    assert render(error, program="nncalc log") == expected


@pytest.mark.parametrize(
    ("text", "column", "before"),
    [
        ("abc", 1, 0),
        ("abc", 3, 2),
        ("abc", 4, 3),  # the end of the line
        ("abc", 99, 3),
        ("h̄¹: x", 4, 2),  # the bar takes no column
        ("漢字: x", 5, 6),  # wide characters take two
        ("\tx", 2, 1),  # a tab is shown as one blank
        ("a\x1b[31mx", 2, 1),
        ("a\x1bx", 3, 5),  # `\x1b` written out
    ],
)
def test_the_caret_stands_under_its_character(text: str, column: int, before: int) -> None:
    caret = render(at(text, column)).split("\n")[3]
    assert caret == "    | " + " " * before + "^ here"


def test_a_long_line_is_shortened_around_the_caret() -> None:
    text = "x: [" + ", ".join(str(n) for n in range(100, 300)) + "]"
    column = text.index("217") + 1
    assert render(at(text, column, "found 217", line=12), width=60).split("\n")[2:] == [
        "  12 | …212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 2…",
        "     |                           ^ found 217",
    ]


def test_a_label_that_has_no_room_beside_the_caret_stands_below_it() -> None:
    assert render(at(WEIGHTS, 16, "a label of more than twenty characters"), width=50).split("\n")[3:] == [
        "    |                ^",
        "    | a label of more than twenty characters",
    ]


pieces = st.sampled_from(["a", "1", " ", "̄", "漢", "é", "\t", "\x1b", "\u202e", "ᵀ"])


@given(st.lists(pieces, min_size=1, max_size=200), st.data(), st.integers(26, 120))
def test_shortened_or_not_the_caret_is_right(parts: list[str], data: st.DataObject, width: int) -> None:
    """The caret has the columns in front of it that the text shown in front of its character takes."""
    column = data.draw(st.integers(0, len(parts) - 1))
    parts[column] = "@"
    parts = [part if part != "@" or at == column else "a" for at, part in enumerate(parts)]
    _, _, line, caret = render(at("".join(parts), column + 1, ""), width=width).split("\n")
    assert display_width(line) <= width
    assert caret.index("^") == display_width(line[: line.index("@")])
    assert line.endswith(("…", clean(parts[-1])))


@given(st.text(), st.text(), st.integers(1, 60))
def test_nothing_reaches_a_terminal_unclean(text: str, other: str, column: int) -> None:
    error = ProblemError(
        text, label=other, key=text, hint=other, equation=text, place=Place(other, 1, column, text.replace("\n", " "))
    )
    shown = render(error).replace("\n", " ")
    assert clean(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("character", "shown"),
    [("\x00", "\\x00"), ("\x9b", "\\x9b"), ("\x7f", "\\x7f"), ("\r", "\\r"), ("\u2066", "\\u2066")],
)
def test_unsafe_characters_are_written_out(character: str, shown: str) -> None:
    assert clean(f"a{character}b") == f"a{shown}b"


@pytest.mark.parametrize("text", ["h̄¹ = W¹ᵀ x", "∂ℓ/∂h²", "−1 × 3", "漢字 ✓ 👩‍💻", "naïve é"])
def test_ordinary_text_stays(text: str) -> None:
    assert clean(text) == text


def test_typers_wording_becomes_ours() -> None:
    error = usage_error("Missing argument 'NUMBER...'.")
    assert render(error, program="nncalc relu") == (
        "nncalc relu: missing argument 'NUMBER...'\n  Try 'nncalc relu --help'."
    )
