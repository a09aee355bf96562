"""The views of `nncalc check`, on reports made by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.catalogue.index import MODULE_OF
from nncalc.check.report import (
    FOLLOWS,
    MISSING,
    RIGHT,
    SHAPE,
    VERDICTS,
    WRONG,
    Mistake,
    Report,
    Sentence,
    Unreadable,
)
from nncalc.cli.encoder import json_line
from nncalc.errors import NncalcError, Place
from nncalc.views.check import report_view
from nncalc.views.check_class import Class, class_view
from nncalc.views.check_hints import hints_view
from nncalc.views.check_json import error_text, report_object, unreadable_object
from nncalc.views.check_words import KINDS, SIGNS, kind_words, percent_text, points_text
from nncalc.views.line import texts_of, width_of
from nncalc.views.writer import HARD_BLANK, Writer, wrapped
from tests.views.check_reports import (
    FLIPPED,
    SLIP,
    UNMASKED,
    conventional,
    equation,
    mistaken,
    notebook,
    reference,
    right,
    verdict,
)

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "schema/output.json").read_text("utf-8"))
)
WRITER = Writer(reference())


def screen(report: Report, width: int = 100, digits: int = 4, writer: Writer = WRITER) -> list[str]:
    return texts_of(report_view(report, writer, width=width, digits=digits))


def hinted(report: Report, level: int, width: int = 60, strict: bool = False) -> str:
    return "\n".join(texts_of(hints_view(report, WRITER, level, strict=strict, width=width)))


# --- one sheet ------------------------------------------------------------------------------------------------------


def test_the_notebooks_sheet_in_sixty_columns() -> None:
    assert screen(notebook(), 60) == [
        " ✓  h̄¹, h¹, h², ℓ           right",
        " ✗  ∂ℓ/∂h²                  wrong",
        "      the difference is taken the other way round:",
        "      (y − h²) / ℓ where this problem has (h² − y) / ℓ",
        " ↳  ∂ℓ/∂W², ∂ℓ/∂b², ∂ℓ/∂h¹  follows  right, from your ∂ℓ/∂h²",
        " ✗  W²₍ₜ₊₁₎                 wrong",
        "      entry 3, 2: 0.9946 where 0.9941 follows: one digit is",
        "      wrong",
        " ✗  b¹₍ₜ₊₁₎                 wrong",
        "      entry 3: ∂ℓ/∂h¹ is used where ∂ℓ/∂b¹ belongs:",
        "      b¹ − η ∂ℓ/∂h¹ where this problem has b¹ − η ∂ℓ/∂b¹",
        "      or: at ∂ℓ/∂b¹, the mask is left out: ∂ℓ/∂h¹",
        "      or: entry 3: a digit is wrong",
        "",
        "∂ℓ/∂W², entry 3, 4: −1.11 is rounded the other way",
        "not known in this problem, and passed over: W3, \\x1b[31mh9",
        "8.65 of 10 points",
    ]


def test_with_room_the_remarks_stand_beside() -> None:
    found = screen(notebook(), 120)
    assert found[1].startswith(
        " ✗  ∂ℓ/∂h²                  wrong    the difference is taken the other way round: (y − h²)"
    )
    assert "(y − h²) / ℓ where this problem has (h² − y) / ℓ" in " ".join(" ".join(found[1:3]).split())


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("report", [notebook(), right(), conventional()], ids=lambda report: report.sheet)
def test_no_line_is_wider_than_the_terminal(report: Report, width: int) -> None:
    assert max(map(width_of, screen(report, width))) <= width


def test_a_right_sheet_is_short() -> None:
    assert screen(right()) == [" ✓  h̄¹, h¹  right", " ✓  h²      rounded", "", "3 of 3 points"]


def test_the_notation_of_the_problem() -> None:
    writer = Writer(reference()._replace(notation="z"))
    assert screen(right(), writer=writer)[0] == " ✓  z¹, a¹  right"


def test_a_convention_is_named_once() -> None:
    assert screen(conventional()) == [
        " ✓  h²         right",
        " ≈  ℓ, ∂ℓ/∂h²  convention  right under the sum of the squares; this problem uses ‖h² − y‖",
        "",
        "3 of 3 points",
    ]


def test_a_slip_has_both_numbers_side_by_side() -> None:
    given = np.asarray(verdict("W2.next", RIGHT).expected).copy()
    given[2, 1] = 1.0095
    words = np.full((3, 4), RIGHT, dtype=object)
    words[2, 1] = WRONG
    found = screen(mistaken(SLIP, verdict("W2.next", words, given)))
    assert found[0] == " ✗  W²₍ₜ₊₁₎  wrong  entry 3, 2: 1.0095, expected 1.0059: one digit is wrong"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        # 6.0835844697… is expected
        (6.0836, ""),
        (6.09, "6.09, expected 6.0836"),
        (6.08358, "6.08358, expected 6.08358447"),
        (1 / 3, "0.3333, expected 6.0836"),
        (-6.0836, "−6.0836, expected 6.0836"),
        (0, "0, expected 6.0836"),
    ],
)
def test_numbers_have_places_enough_to_be_told_apart(given: float, shown: str) -> None:
    mistake = Mistake(1, "loss", "unexplained", None, equation("loss = l2(h2, y)"), Sentence("nothing explains it"))
    found = "\n".join(screen(mistaken(mistake, verdict("loss", WRONG, given))))
    assert "nothing explains it" in found
    numbers = re.search(r"(\S+), expected (\S+)", found)
    assert numbers is not None
    assert numbers[1] != numbers[2]
    if shown and given != 6.08358:
        assert shown in found


def test_what_is_unexplained_shows_the_wrong_entries_alone() -> None:
    words = np.array([RIGHT, WRONG, RIGHT, WRONG], dtype=object)
    mistake = Mistake(
        1, "hbar1", "unexplained", None, equation("hbar1 = W1 @ x + b1"), Sentence("no mistake explains it")
    )
    found = screen(mistaken(mistake, verdict("hbar1", words, [2.2, 5, -0.8, 7])))
    assert [line.strip() for line in found[:3]] == [
        "✗  h̄¹  wrong  no mistake explains it",
        "entry 2: 5, expected 4",
        "entry 4: 7, expected 1.2",
    ]


def test_many_wrong_entries_are_not_all_listed() -> None:
    mistake = Mistake(1, "W1.grad", "unexplained", None, None, Sentence("no mistake explains it"))
    found = screen(mistaken(mistake, verdict("W1.grad", WRONG, np.full((4, 3), 100.0))))
    assert found[7].strip() == "and 6 more"


@pytest.mark.parametrize("kind", ["shape", "transposed"])
def test_a_wrong_shape_says_both(kind: str) -> None:
    mistake = Mistake(1, "W2.grad", kind, None, None, Sentence("it is transposed" if kind == "transposed" else ""))
    given = np.zeros((4, 3))
    found = screen(mistaken(mistake, verdict("W2.grad", SHAPE, given)))
    said = "it is transposed" if kind == "transposed" else "wrong shape"
    assert [line.strip() for line in found[:2]] == [f"✗  ∂ℓ/∂W²  shape  {said}", "found (4×3), expected (3×4)"]


def test_a_copied_number() -> None:
    mistake = Mistake(1, "hbar1", "copied", None, equation("hbar1 = W1 @ x + b1"), Sentence("a number is miscopied"),
                      entry=(2,), given="x", read=1.0)  # fmt: skip
    found = screen(mistaken(mistake, verdict("hbar1", WRONG, [0.2, 2, 1.2, 3.2])))
    assert [line.strip() for line in found[:2]] == ["✗  h̄¹  wrong  a number is miscopied", "x, entry 2, was read as 1"]


def test_a_mistake_made_alike_elsewhere() -> None:
    first = FLIPPED._replace(also_at=("b2.grad",))
    found = screen(mistaken(first, verdict("h2.grad", WRONG), verdict("b2.grad", WRONG)), 120)
    assert "also at ∂ℓ/∂b²" in found[1]
    assert found[2] == " ✗  ∂ℓ/∂b²  wrong  the same mistake as at ∂ℓ/∂h²"


def test_a_mistake_in_what_is_not_on_the_sheet_stands_where_it_belongs() -> None:
    found = screen(mistaken(FLIPPED, verdict("loss", RIGHT), verdict("W2.grad", FOLLOWS)), 120)
    assert [line[:12] for line in found if line[1:2].strip()][:3] == [" ✓  ℓ       ", " ✗  ∂ℓ/∂h²  ", " ↳  ∂ℓ/∂W²  "]
    assert "not on the sheet, but it shows: the difference" in found[1]
    assert found[3].endswith("right, from your ∂ℓ/∂h²")


def test_iterations_have_headings_and_what_follows_reaches_back() -> None:
    report = mistaken(
        FLIPPED,
        verdict("h2.grad", WRONG),
        verdict("W2.next", FOLLOWS),
        verdict("h2", FOLLOWS, iteration=2),
    )
    found = screen(report)
    assert found.index("iteration 1") < found.index("iteration 2")
    # W² of iteration 2 is W² after the first step, which carries the mistake
    assert found[found.index("iteration 2") + 1] == " ↳  h²       follows  right, from your ∂ℓ/∂h²"


def test_what_is_missing_and_a_sheet_of_nothing() -> None:
    assert screen(mistaken(FLIPPED, verdict("h2", MISSING, None)))[0] == " –  h²      missing"
    words = np.array([RIGHT, MISSING, RIGHT, MISSING], dtype=object)
    partly = screen(mistaken(FLIPPED, verdict("hbar1", words), verdict("h1", MISSING, None)))
    assert partly[:2] == [" –  h̄¹      missing  entries 2 and 4", " –  h¹      missing"]
    empty = Report("s.yaml", True, 0, 0, (), (), (), ())
    assert screen(empty) == ["no value of this problem is answered on this sheet"]


def test_every_verdict_has_a_sign_and_every_kind_words() -> None:
    assert set(SIGNS) == set(VERDICTS)
    assert {sign for sign, style in SIGNS.values() if style == "right"} == {"✓"}
    assert kind_words("log_base") == kind_words("log_base", Sentence("{0} has it", ("h1",))) == "log base"
    assert kind_words("log_base", Sentence("the logarithm is taken to base 2")) == "the logarithm is taken to base 2"
    assert kind_words("sign", Sentence("the sign is turned round")) == "sign flipped"
    assert not [words for words in KINDS.values() if words != words.lower() or "_" in words]


@pytest.mark.parametrize(
    ("points", "out_of", "text"),
    [
        (6.75, 8, "6.75 of 8 points"),
        (1, 1, "1 of 1 point"),
        (0, 1, "0 of 1 point"),
        (7.999, 8, "7.99 of 8 points"),
        (8, 8, "8 of 8 points"),
        (0.1 + 0.2, 0.5, "0.3 of 0.5 points"),
        (2 / 3, 12, "0.67 of 12 points"),
    ],
)
def test_points(points: float, out_of: float, text: str) -> None:
    assert points_text(points, out_of) == text


@given(st.floats(0, 1, exclude_max=True))
def test_less_than_all_never_reads_as_all(share: float) -> None:
    if share < 1 - 1e-8:
        assert not points_text(share * 8, 8).startswith("8 of")
        assert percent_text(share * 8, 8) != "100 %"


# --- the writer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("h1.grad", "∂ℓ/∂h¹"),
        ("W2.next", "W²₍ₜ₊₁₎"),
        ("W2.previous", "W²₍ₜ₋₁₎"),
        ("(y - h2) / loss", "(y − h²) / ℓ"),
        ("h2.grad = (y - h2) / loss", "∂ℓ/∂h² = (y − h²) / ℓ"),
        ("-1.11", "−1.11"),
        ("learning_rate * W2.grad", "η ∂ℓ/∂W²"),
        ("hbar1 > 0", "[h̄¹ > 0]"),
        ("no text of the language", "no text of the language"),
        ("", ""),
    ],
)
def test_texts_of_the_language(text: str, shown: str) -> None:
    assert WRITER.language(text).replace(HARD_BLANK, " ") == shown


def test_numbers_in_a_sentence_have_a_real_minus_too() -> None:
    sentence = Sentence("{0}, entry 2 is read as -1.5, not -.5 (1-2)", ("x",))
    assert WRITER.sentence(sentence) == "x, entry 2 is read as −1.5, not −.5 (1-2)"


@pytest.mark.parametrize("name", sorted(MODULE_OF))
def test_an_operations_name_is_a_text_too(name: str) -> None:
    found = WRITER.sentence(Sentence("{0} is left out", (name,)))
    assert found.removesuffix(" is left out").lower() in (name, name.replace("_", ""))


@pytest.mark.parametrize(
    ("name", "shown"), [("relu", "ReLU"), ("leaky_relu", "LeakyReLU"), ("sigmoid", "sigmoid"), ("l2", "l2")]
)
def test_an_operations_name_is_written_as_its_formula_is(name: str, shown: str) -> None:
    assert WRITER.sentence(Sentence("{0} is left out", (name,))) == f"{shown} is left out"


@given(st.text(max_size=200), st.integers(10, 80))
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.replace(HARD_BLANK, " ").split())
    assert all(width_of(line) <= width for line in lines)


# --- hints ----------------------------------------------------------------------------------------------------------


def test_hints_say_more_and_more() -> None:
    one, two, three = (hinted(notebook(), level) for level in (1, 2, 3))
    assert one.startswith("look at ∂ℓ/∂h² first\nthere are mistakes at 3 places in all\n")
    assert "sign" not in one
    assert "what is wrong there: sign flipped" in two
    assert "(h² − y) / ℓ" not in two
    assert "the right equation: ∂ℓ/∂h² = (h² − y) / ℓ" in three
    assert "8.65 of 10 points" in three


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("mistake", [FLIPPED, SLIP, UNMASKED], ids=lambda mistake: mistake.name)
def test_hints_never_say_a_number(mistake: Mistake, level: int) -> None:
    report = notebook()._replace(mistakes=(mistake,))
    text = hinted(report, level).replace("8.65 of 10 points", "")
    assert not re.search(r"\d\.\d|−", text.replace("b¹ − η", "").replace("W² − η", "").replace("h² − y", ""))
    found = json.dumps(report_object(report, "", level))
    assert not re.search(r"\d\.\d", found.replace("8.65", ""))


@pytest.mark.parametrize(
    ("level", "keys"),
    [(1, ["iteration", "name"]), (2, ["iteration", "name", "kind"]), (3, ["iteration", "name", "kind", "instead_of"])],
)
def test_hints_hold_in_json(level: int, keys: list[str]) -> None:
    found = as_json(report_object(notebook(), "t", level))
    assert [*found] == [
        "nncalc", "command", "title", "sheet", "right", "points", "out_of", "unknown", "hints", "places", "mistakes",
    ]  # fmt: skip
    assert (found["places"], [[*mistake] for mistake in found["mistakes"]]) == (3, [keys])


def test_a_hint_on_a_slip_and_on_a_copied_number() -> None:
    assert "work out entry 3, 2 again" in hinted(mistaken(SLIP, verdict("W2.next", WRONG)), 3)
    copied = Mistake(1, "hbar1", "copied", None, None, Sentence(""), entry=(2,), given="x", read=1.0)
    report = mistaken(copied, verdict("hbar1", WRONG))
    assert "x" not in hinted(report, 2).replace("expl", "")
    assert "compare your numbers with the problem's: entry 2 of x\nit is the only mistake" in hinted(report, 3)


def test_a_hint_where_nothing_is_wrong_and_where_a_convention_is() -> None:
    assert hinted(right(), 1) == "nothing is wrong on this sheet\n\n3 of 3 points"
    assert hinted(conventional(), 3).startswith("nothing is wrong")
    strict = hinted(conventional(is_right=False), 3, strict=True)
    assert "look at ℓ first\nwhat is wrong there: another convention\nthe right equation: ℓ = ‖h² − y‖" in strict
    # a sheet that is wrong elsewhere does not make a mistake of its convention
    both = conventional(is_right=False)._replace(mistakes=(FLIPPED,))
    assert hinted(both, 1).startswith("look at ∂ℓ/∂h² first\nit is the only mistake")
    assert hinted(both, 1, strict=True).startswith("look at ℓ first\nthere are mistakes at 2 places in all")
    assert as_json(report_object(both, "", 2, strict=True))["mistakes"][0]["kind"] == "convention"


# --- JSON -----------------------------------------------------------------------------------------------------------


def as_json(value: Any) -> Any:
    found = json.loads(json_line(value))
    SCHEMA.validate(found)
    return found


def test_the_object_is_that_of_the_format() -> None:
    found = as_json(report_object(notebook(), "A title"))
    assert [*found] == [
        "nncalc", "command", "title", "sheet", "right", "points", "out_of", "unknown", "verdicts", "mistakes",
        "conventions", "notes",
    ]  # fmt: skip
    flipped = next(one for one in found["verdicts"] if one["name"] == "h2.grad")
    assert flipped["entries"] == ["wrong"] * 3
    assert (flipped["given"], flipped["points"], flipped["out_of"]) == ([-0.92, -0.36, 0.15], 0, 1)
    assert flipped["expected"] == verdict("h2.grad", WRONG).expected.tolist()
    assert found["mistakes"][0] == {
        "iteration": 1,
        "name": "h2.grad",
        "also_at": [],
        "entry": None,
        "kind": "sign",
        "equation": "h2.grad = (y - h2) / loss",
        "instead_of": "h2.grad = (h2 - y) / loss",
        "explanation": "the difference is taken the other way round",
        "alternatives": [],
    }
    assert found["mistakes"][1]["entry"] == [3, 2]
    assert found["mistakes"][2]["alternatives"][1] == {
        "name": "b1.next", "kind": "slip_digit", "entry": [3], "equation": None,
    }  # fmt: skip
    assert found["notes"] == ["W2.grad, entry 3, 4: -1.11 is rounded the other way"]


def test_a_convention_and_a_right_sheet_in_json() -> None:
    found = as_json(report_object(conventional(), ""))
    assert "title" not in found
    assert "notes" not in found
    assert found["conventions"] == [
        {
            "name": "loss",
            "equation": "loss = sse(h2, y)",
            "instead_of": "loss = l2(h2, y)",
            "explanation": "the sum of the squares",
        }
    ]
    assert as_json(report_object(right(), ""))["mistakes"] == []


def test_what_is_not_answered_is_null_and_what_is_not_finite_a_word() -> None:
    words = np.array([RIGHT, MISSING, RIGHT, RIGHT], dtype=object)
    one = verdict("hbar1", words, [2.2, float("nan"), -0.8, 1.2])
    two = verdict("h2", MISSING, None)._replace(expected=np.array([1.0, float("inf"), float("nan")]))
    copied = Mistake(1, "hbar1", "copied", None, None, Sentence(""), entry=(2,), given="x", read=1.0)
    found = as_json(report_object(mistaken(copied, one, two), ""))
    assert found["verdicts"][0]["given"] == [2.2, None, -0.8, 1.2]
    assert found["verdicts"][0]["entries"] == ["right", "missing", "right", "right"]
    assert "given" not in found["verdicts"][1]
    assert found["verdicts"][1]["expected"] == [1, "Infinity", "NaN"]
    assert (found["mistakes"][0]["given"], found["mistakes"][0]["read"]) == ("x", 1)


def test_an_unreadable_sheet_in_one_line() -> None:
    error = NncalcError("a quote\nwithout its end", label="begins here", place=Place("s.yaml", 3, 5, "a: '"))
    text = error_text(error)
    assert text == "line 3, column 5: a quote without its end (begins here)"
    assert as_json(unreadable_object(Unreadable("s.yaml", text))) == {
        "nncalc": 1, "command": "check", "sheet": "s.yaml", "error": text,
    }  # fmt: skip


# --- many sheets ----------------------------------------------------------------------------------------------------


def class_of(*reports: Report | Unreadable) -> Class:
    found = Class()
    for report in reports:
        found.add(report)
    return found


def test_the_table_of_a_class() -> None:
    broken = Unreadable("x\x1b.yaml", "line 1, column 2: not YAML")
    found = class_of(notebook(), right(), notebook()._replace(sheet="cy.yaml", mistakes=(UNMASKED,)), broken)
    assert texts_of(class_view(found, WRITER, width=80)) == [
        "    sheet        points  share  first mistake",
        " ✗  ada.yaml    8.65/10   86 %  ∂ℓ/∂h²: sign flipped",
        " ✓  bob.yaml        3/3  100 %  right",
        " ✗  cy.yaml     8.65/10   86 %  b¹₍ₜ₊₁₎: another value used",
        " ✗  x\\x1b.yaml                  can't be read: line 1, column 2: not YAML",
        "",
        "times  sheets  mistake",
        "    2       2  b¹₍ₜ₊₁₎: another value used",
        "    1       1  ∂ℓ/∂h²: sign flipped",
        "    1       1  W²₍ₜ₊₁₎: one digit wrong",
        "",
        "1 of 4 sheets all right, 1 can't be read; on average 91 % of the points",
    ]


def test_a_mistake_counts_at_each_of_its_places() -> None:
    found = class_of(mistaken(FLIPPED._replace(also_at=("h2.grad",)), verdict("h2.grad", WRONG)))
    assert (found.times["h2.grad", "sign flipped"], found.sheets["h2.grad", "sign flipped"]) == (2, 1)


def test_an_operations_own_mistake_is_said_as_its_entry_says_it() -> None:
    own = FLIPPED._replace(name="loss", kind="root", explanation=Sentence("the root is left out"))
    report = mistaken(own, verdict("loss", WRONG))
    assert "    1       1  ℓ: the root is left out" in texts_of(class_view(class_of(report), WRITER, width=60))
    assert "what is wrong there: the root is left out" in hinted(report, 2)


def test_a_class_that_is_right_has_no_mistakes_to_list() -> None:
    shown = texts_of(class_view(class_of(right(), right("dan.yaml"), conventional()), WRITER, width=60))
    assert shown[-1] == "3 of 3 sheets all right; on average 100 % of the points"
    assert not [line for line in shown if "times" in line]
    judged = Class(strict=True)
    for report in (right(), conventional(is_right=False)):
        judged.add(report)
    strict = texts_of(class_view(judged, WRITER, width=60))
    assert "    1       1  ℓ: another convention" in strict


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_table_keeps_to_the_width(width: int) -> None:
    long = Unreadable("a/very/long/path/of/folders/" * 4 + "x.yaml", "line 3, column 4: " + "word " * 40)
    lines = texts_of(class_view(class_of(notebook(), right(), long), WRITER, width=width))
    assert max(map(width_of, lines)) <= width
    assert [line for line in lines if "x.yaml" in line]
