"""What `nncalc check` says, word by word, of sheets as students hand them in."""

from __future__ import annotations

import pytest

from nncalc.check.checker import Checker
from nncalc.check.report import COPIED, Alternative, Mistake, Report, Sentence
from nncalc.problem.answers import read_sheet
from nncalc.problem.load import load_file, load_text
from nncalc.problem.problem import Problem
from nncalc.problem.shipped import path_of
from nncalc.views.check import closing, report_view
from nncalc.views.check_class import Class, class_view
from nncalc.views.check_words import kind_words
from nncalc.views.writer import Writer
from tests.check import sheets
from tests.views.check_reports import FLIPPED, equation, mistaken, reference, verdict


def shipped(name: str) -> Problem:
    return load_file(str(path_of(name)))


def problem_of(text: str) -> Problem:
    return load_text(text, "problem.yaml", None)


def report_of(problem: Problem, sheet: str) -> Report:
    return Checker(problem).report(read_sheet(sheet, "ada.yaml", problem))


def said(problem: Problem, report: Report, width: int = 200) -> list[str]:
    lines = report_view(report, Writer(problem), width=width, digits=4)
    return [" ".join("".join(text for text, _ in line).split()) for line in lines]


def whole(problem: Problem, sheet: str) -> str:
    return "\n".join(said(problem, report_of(problem, sheet)))


ASCENT = """
W1.next: [[1.0183, -1.0153, 0.0306], [0.0093, -1.0077, 1.0155], [1, 1, -1], [0.9951, 1.0041, 0.9918]]
"""


def test_where_most_entries_are_wrong_they_are_not_listed() -> None:
    assert "✗ W¹₍ₜ₊₁₎ wrong the sign of η ∂ℓ/∂W¹ is turned round" in whole(reference(), ASCENT)


def test_where_few_entries_are_wrong_they_are_listed() -> None:
    # ReLU's mask left out, which shows in one entry of four
    assert "∂ℓ/∂h̄¹ wrong entry 3: the factor" in whole(reference(), "hbar1.grad: [1.529, 0.773, 1.134, -0.411]")


def test_what_follows_from_a_misread_number_names_the_number() -> None:
    """η read as 0.1: what is worked out with it later follows from that."""
    sheet = "W1.next: [[0.8166, -0.8471, -0.3057], [-0.0927, -0.9227, 0.8455], [1, 1, -1], [1.0493, 0.9589, 1.0822]]\n"
    found = said(reference(), report_of(reference(), sheet + "b1.next: [-0.1529, 0.9227, 1, -0.9589]\n"))
    assert "η is read as 0.1" in found[0]
    assert "\n".join(found).count("0.1, not 0.01") == 1
    assert [line for line in found if line.startswith("↳")] == ["↳ b¹₍ₜ₊₁₎ follows right, from your η"]


def test_a_copied_number_among_the_alternatives_names_its_entry_once() -> None:
    other = Alternative("hbar1", COPIED, (2,), None, Sentence("{0}, entry 2, is read as 1", ("b1",)))
    mistake = Mistake(1, "hbar1", "sign", equation("hbar1 = W1 @ x - b1"), equation("hbar1 = W1 @ x + b1"),
                      Sentence("the sign is turned round"), alternatives=(other,))  # fmt: skip
    found = said(reference(), mistaken(mistake, verdict("hbar1", "wrong", [2.2, 2, -2.8, 3.2])))
    assert "or: b¹, entry 2, is read as 1" in found


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (1, "or one other that gives the same numbers; --json has it"),
        (2, "or one of 2 others that give the same numbers; --json has them"),
    ],
)
def test_alternatives_beyond_the_first_few_are_counted(more: int, text: str) -> None:
    others = tuple(Alternative("h2.grad", "sign", None, None, Sentence(f"way {i}")) for i in range(4 + more))
    found = said(reference(), mistaken(FLIPPED._replace(alternatives=others), verdict("h2.grad", "wrong")))
    assert text in found


def test_a_label_counted_otherwise_is_said_without_the_turned_vector() -> None:
    found = whole(shipped("cnn"), "h2.grad: [-0.777, 0.777]")
    assert "counted from the other base" in found
    assert "concat" not in found


def test_wrong_lengths_are_counted_in_entries() -> None:
    assert "found 2 entries, expected 3" in whole(reference(), "h2: [7.1, 1.2]")
    assert "found 1 entry, expected 3" in whole(reference(), "h2: [7.1]")


def test_a_misspelt_name_is_shown_with_the_one_meant() -> None:
    found = whole(reference(), "los: 6.08\nW2.grd: 3\nfoo: 1")
    assert "not known in this problem, and passed over: los (loss?), W2.grd (W2.grad?), foo" in found
    # hints know no names
    report = report_of(reference(), "los: 6.08")
    assert closing(report, None, 80)[0][0][0] == "not known in this problem, and passed over: los"


def test_a_class_has_a_row_for_each_wording_of_a_kind() -> None:
    kept = Class()
    for text in ("the logarithm to base 2 is taken", "the logarithm to base 10 is taken"):
        mistake = FLIPPED._replace(name="loss", kind="log_base", explanation=Sentence(text))
        kept.add(mistaken(mistake, verdict("loss", "wrong")))
    lines = ["".join(text for text, _ in line) for line in class_view(kept, Writer(reference()), width=80)]
    assert [line for line in lines if line.startswith("    1       1")] == [
        "    1       1  ℓ: the logarithm to base 10 is taken",
        "    1       1  ℓ: the logarithm to base 2 is taken",
    ]


def test_a_sheet_without_an_answer_is_not_said_to_be_right() -> None:
    kept = Class()
    for sheet in ("los: 6.08", "loss: 6.08", "loss: ~"):
        kept.add(report_of(reference(), sheet))
    lines = ["".join(text for text, _ in line) for line in class_view(kept, Writer(reference()), width=90)]
    assert " ".join(lines[1].split()) == "– ada.yaml no value of this problem is answered"
    assert " ".join(lines[3].split()) == "– ada.yaml no value of this problem is answered"
    assert lines[-1] == "1 of 3 sheets all right, 2 without an answer; on average 100 % of the points"
    # it is none that is wrong either, as in the JSON
    assert kept.all_right == 3


@pytest.mark.parametrize("kind", ["axis", "count", "root", "twice"])
def test_kinds_whose_sentence_has_formulas_have_words_of_their_own(kind: str) -> None:
    assert " " in kind_words(kind, Sentence("{0} …", ("h1",)))
    assert kind_words(kind, Sentence("in plain words")) == "in plain words"


def test_a_convention_names_the_equation_that_this_problem_uses() -> None:
    problem = shipped("softmax-classifier")
    sheet = """
losses: [1.394, 0.999, 1.384, 1.146]
loss: 1.231
"""
    assert "right under the logarithm to base 2; this problem uses −Σ y ln softmax(h¹)" in whole(problem, sheet)


def test_class_numbers_from_the_other_base_are_no_other_equation() -> None:
    problem = problem_of(
        "inputs: [1, 2]\nlabels: 1\nlayers:\n  - dense: {weights: [[1, 0], [0, 1], [1, 1]]}\n"
        "loss: softmax_cross_entropy\n"
    )
    found = whole(problem, "p: [0.0900, 0.2447, 0.6652]\nloss: 1.4076\nh1.grad: [0.0900, -0.7553, 0.6652]")
    assert "right under class numbers that begin with 0; those of this problem do not" in found


@pytest.mark.parametrize(
    ("right", "sheet", "text"),
    [
        ("a / b", "loss: 12", "multiplied by b, not divided by it"),
        ("(a + 1) / b", "loss: 0.285714", "numerator and denominator are exchanged"),
        ("a * b + 1", "loss: 9", "a and b are added, not multiplied"),
        ("a * b + 1", "loss: 4.000000", "divided by b, not multiplied by it"),
    ],
)
def test_a_sentence_says_what_it_speaks_of(right: str, sheet: str, text: str) -> None:
    problem = problem_of(f"given: {{a: 6, b: 2}}\nparameters: {{}}\nequations: |\n  loss = {right}\n")
    assert text in whole(problem, sheet)


def test_a_misread_number_is_named_by_its_entry() -> None:
    found = whole(reference(), "hbar1: [0.2, 2, 1.2, 3.2]\n")
    assert "✗ h̄¹ wrong entry 2 of x is read as 1, not −1" in found
    copied = whole(reference(), "x: [1.2, 1, 2]\nhbar1: [0.2, 2, 1.2, 3.2]\n")
    assert "✗ x wrong entry 2 of x is read as 1, not −1\n↳ h̄¹ follows right, from your x" in copied


def test_a_sentence_that_has_the_mistaken_equation_does_not_repeat_it() -> None:
    # |h2 − y| added up
    found = whole(reference(), "loss: 8.70")
    assert "Σ √((h² − y)²), where this problem has ‖h² − y‖" in found


def test_an_iteration_alone_is_said_to_be_which() -> None:
    assert whole(reference(), "iteration: 2\nhbar1: [2.1, 4.0, -0.8, 1.3]").startswith("iteration 2\n")
    assert not whole(reference(), "loss: 6.08").startswith("iteration")


@pytest.mark.parametrize(
    ("d", "words"),
    [
        ("7.83", ""),
        ("7.9", "d: 7.9 is rounded the other way; 7.83 before rounding"),
        ("7.87", "d: 7.87 is as near as rounding on the way explains; 7.83 without it"),
    ],
)
def test_rounding_is_named_only_where_it_explains_the_number(d: str, words: str) -> None:
    """c is wrong for no known reason, so that d is worked out from what is written of it."""
    problem = problem_of("given: {a: 1, b: 3}\nequations: |\n  c = a / b\n  d = 9 * c\n")
    found = whole(problem, f"c: 0.87\nd: {d}\n")
    assert "✗ c wrong none of the usual mistakes" in found
    assert words in found
    assert bool(words) == ("rounding" in found)


def test_of_many_roundings_the_first_are_told() -> None:
    notes = tuple(Sentence(f"{{0}}, entry {i}: 1.1 is rounded the other way", ("h1",)) for i in range(1, 8))
    found = said(reference(), mistaken(FLIPPED, verdict("h2.grad", "wrong"))._replace(notes=notes))
    assert found.count("and 3 numbers more like these; --json has them") == 1
    assert sum("the other way" in line for line in found if line.startswith("h¹")) == 4


@pytest.mark.parametrize(
    ("name", "computed", "words"),
    [
        ("h1", "hbar1", "a function left out"),
        ("h1", "tanh(hbar1)", "another function used"),
        ("h2", "softmax(W2 @ h1 + b2)", "a function too many"),
    ],
)
def test_a_function_left_out_or_too_many_is_not_called_another_one(name: str, computed: str, words: str) -> None:
    checker = sheets.shipped("regression")
    mistake = sheets.check(checker, sheets.sheet_of(checker, 4, {(1, name): computed})).mistakes[0]
    assert (mistake.name, kind_words(mistake.kind, mistake.explanation)) == (name, words)


def test_a_sheet_of_nothing_but_what_is_missing_is_not_said_to_be_right() -> None:
    problem = "{given: {x: 3}, equations: 'h = 2 * x', points: {h: 1}}"
    kept = Class()
    kept.add(sheets.check(sheets.stated(problem), "h: ~"))
    lines = ["".join(text for text, _ in line) for line in class_view(kept, Writer(reference()), width=90)]
    assert " ".join(lines[1].split()) == "– sheet.yaml 0/1 0 % no value of this problem is answered"
