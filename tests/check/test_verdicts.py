"""The verdicts of FORMAT.md, section 4, one by one, on the reference problem; its numbers are the notebook's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncalc.check.own import Own
from nncalc.check.report import VERDICTS, worst
from nncalc.check.style import Style
from tests.check.sheets import check, mistakes, sheet_of, shipped, stated, verdicts

REFERENCE = "regression"


def verdict(sheet: str, name: str) -> tuple[str, list[str]]:
    report = check(shipped(REFERENCE), sheet)
    found = next(v for v in report.verdicts if v.name == name)
    return found.verdict, found.entries.ravel().tolist()


@pytest.mark.parametrize(
    ("sheet", "word", "entries"),
    [
        ("h1: [2.2, 4, 0, 1.2]", "right", ["right"] * 4),
        ("h1: [2.2, 4, 1.2, 0]", "wrong", ["right", "right", "wrong", "wrong"]),
        ("h1: [2.2, null, 0, 1.2]", "missing", ["right", "missing", "right", "right"]),
        ("h1: [2.2, 4, 0]", "shape", ["shape"] * 4),
        ("h1: [[2.2], [4], [0], [1.2]]", "right", ["right"] * 4),
        ("loss: 6.08", "right", ["right"]),
        ("loss: 6.1", "right", ["right"]),
        ("loss: 6.09", "wrong", ["wrong"]),
        # worked out from −0.92, which may stand for −0.925 to −0.915: −0.92 · 2.2 = −2.024, rounded in two ways
        ("h2.grad: [0.92, 0.36, -0.15]; "
         "W2.grad: [[2.02, 3.68, 0, 1.10], [0.79, 1.44, 0, 0.43], [-0.33, -0.60, 0, -0.18]]",
         None, ["right" if i not in (0, 4, 5, 9) else "rounded" for i in range(12)]),
    ],
)  # fmt: skip
def test_a_value_and_its_entries(sheet: str, word: str | None, entries: list[str]) -> None:
    name = "W2.grad" if "W2.grad" in sheet else sheet.partition(":")[0]
    found = verdict(sheet, name)
    assert found == (word or worst(entries), entries)


# 5.6257; who rounds each step between to two decimals comes to 5.6095
@pytest.mark.parametrize(
    ("loss", "word"), [("5.63", "right"), ("5.61", "rounded"), ("5.626", "right"), ("5.80", "wrong")]
)
def test_a_loss_alone_may_be_worked_out_from_what_was_rounded(loss: str, word: str) -> None:
    right = f"{6.083584469702052:.{len(loss) - 2}f}"
    assert verdicts(check(shipped(REFERENCE), f"- loss: {right}\n- loss: {loss}"))["loss"] == word


@pytest.mark.parametrize(("places", "least", "most"), [(2, 0.016, 0.07), (3, 0.0005, 0.007), (5, 0.0, 0.0002)])
def test_what_stands_on_no_sheet_explains_no_more_than_rounding_it_comes_to(
    places: int, least: float, most: float
) -> None:
    """Worst cases that add up through two iterations would be 0.22 at two decimals, 4 % of the loss."""
    course = shipped(REFERENCE).possibilities.course
    own = Own(course, {})
    own.style = Style(-places, None)
    assert least <= own.spread(2, course.equations["loss"].expression) <= most


def test_a_transposed_matrix_is_of_the_wrong_shape_and_carried_on_from() -> None:
    report = check(
        shipped(REFERENCE),
        "W2.grad: [[2.03, 0.80, -0.33], [3.68, 1.45, -0.59], [0, 0, 0], [1.10, 0.43, -0.18]]\n"
        "W2.next: [[1.480, 0.963, 1.000, -1.011], [-0.008, -0.014, 1.000, 0.996], [-0.997, 1.006, 1.000, -0.998]]\n",
    )
    assert verdicts(report) == {"W2.grad": "shape", "W2.next": "right"}
    assert mistakes(report) == [("W2.grad", "transposed", "")]
    assert not report.right


def test_verdicts_are_ordered_from_right_to_wrong() -> None:
    assert worst(VERDICTS) == "wrong"
    assert worst(["right", "rounded"]) == "rounded"


@pytest.mark.parametrize("name", ["regression", "softmax-classifier", "cnn", "lstm", "attention", "adam", "batch-norm"])
@pytest.mark.parametrize("places", [2, 3, 5])
def test_a_sheet_rounded_at_every_step_is_right(name: str, places: int) -> None:
    checker = shipped(name)
    report = check(checker, sheet_of(checker, places, iterations=2))
    assert set(verdicts(report).values()) <= {"right", "rounded"}
    assert report.right
    assert not report.mistakes


@pytest.mark.parametrize("name", ["regression", "rnn", "transformer-encoder", "vae"])
def test_what_nncalc_prints_is_a_full_and_right_sheet(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from nncalc.cli.run import run

    assert run(["sgd", name, "--json", "--steps", "2"]) == 0
    report = check(shipped(name), capsys.readouterr().out)
    assert report.right
    assert not report.unknown
    assert set(verdicts(report).values()) == {"right"}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(-30, 30), min_size=9, max_size=9))
def test_no_right_sheet_is_called_wrong(places: int, tenths: list[int]) -> None:
    w1, w2, x = [t / 10 for t in tenths[:4]], [t / 10 for t in tenths[4:7]], [t / 10 for t in tenths[7:]]
    problem = {
        "given": {"x": x, "y": 0.5},
        "parameters": {"A": [w1[:2], w1[2:]], "v": w2[:2], "c": w2[2]},
        "equations": "z = A @ x\nh = tanh(z)\nout = v @ h + c\nloss = (out - y) ** 2",
    }
    checker = stated(json.dumps(problem))
    report = check(checker, sheet_of(checker, places))
    assert report.right, report.mistakes


def test_strict_tolerance_is_taken_in_place_of_what_the_writing_says() -> None:
    assert check(shipped(REFERENCE, tolerance=0.1), "loss: 6.13").right
    assert not check(shipped(REFERENCE, tolerance=0.01), "loss: 6.13").right


def test_a_fraction_is_exact() -> None:
    checker = stated("{given: {x: 1, n: 3}, equations: 'r = x / n'}")
    assert check(checker, "r: 1/3").right
    assert not check(checker, "r: 333/1000").right
    assert check(checker, "r: 0.333").right


def test_full_points_for_what_follows_but_not_from_nothing() -> None:
    follows = check(shipped(REFERENCE), "h1: [2.2, 4, -0.8, 1.2]; h2: [6.3, 0.4, 0.3]")
    assert verdicts(follows) == {"h1": "wrong", "h2": "follows"}
    assert follows.points == pytest.approx(3 / 4 + 1)
    trivial = check(shipped(REFERENCE), "h1: [0, 0, 0, 0]; h2: [1, 0, 0.5]")
    assert verdicts(trivial)["h2"] == "wrong"
    assert trivial.mistakes[0].also_at == ("h2",)
    assert "too easy to count" in str(trivial.mistakes[0].explanation)


POINTS = """
given: {x: 3, y: 1}
parameters: {w: 2}
equations: |
  h = w * x
  loss = (h - y) ** 2
points: {h: 1, loss: 2, w.grad: 3}
"""


def test_points_count_what_they_name() -> None:
    report = check(stated(POINTS), "h: 6; h.grad: 10")
    assert (report.points, report.out_of) == (1, 6)
    assert verdicts(report) == {"h": "right", "h.grad": "right", "loss": "missing", "w.grad": "missing"}
    assert report.right, "what is missing costs points only"


def test_each_iteration_counts() -> None:
    report = check(stated(POINTS), "- h: 6\n  loss: 25\n  w.grad: 30\n- h: 6")
    assert report.out_of == 12
    assert [v.verdict for v in report.verdicts if v.name == "h"] == ["right", "wrong"]
