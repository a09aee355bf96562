"""The notebook's two sheets for the 3 → 4 → 3 regression, as issue 4 wants them judged.

The numbers are those of reference/deep-learning-2021.md: its written solution (In [3]) and the output of In [4].
"""

from __future__ import annotations

from pathlib import Path

import pytest

from nncalc.check.report import Report
from nncalc.language.text import to_text
from tests.check.sheets import PROBLEMS, check, mistakes, shipped, verdicts

ANSWERS = PROBLEMS / "answers"
RIGHT = ("hbar1", "h1", "h2", "loss")


def report_on(name: str) -> Report:
    return check(shipped("regression"), Path(ANSWERS / f"{name}.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def written() -> Report:
    return report_on("regression-in-3")


@pytest.fixture(scope="module")
def printed() -> Report:
    return report_on("regression-in-4")


def test_the_written_solution_has_three_mistakes_in_the_order_of_the_equations(written: Report) -> None:
    assert mistakes(written) == [
        ("h2.grad", "sign", "(y - h2) / loss"),
        ("b1.next", "wrong_value", "b1 - learning_rate * h1.grad"),
        ("W2.next", "slip_digit", ""),
    ]
    assert to_text(written.mistakes[0].instead_of.expression) == "(h2 - y) / loss"  # type: ignore[union-attr]


def test_the_missing_mask_is_said_with_the_gradient_that_was_used(written: Report) -> None:
    said = str(written.mistakes[1].explanation)
    assert "h1.grad is used where hbar1.grad belongs" in said
    assert "hbar1 > 0" in said


def test_the_slip_is_at_its_entry(written: Report) -> None:
    assert written.mistakes[2].entry == (3, 2)


def test_all_that_follows_from_the_sign_is_recognized(written: Report) -> None:
    found = verdicts(written)
    assert {name for name, word in found.items() if word == "right"} == set(RIGHT)
    assert {name for name, word in found.items() if word == "wrong"} == {"h2.grad", "b1.next", "W2.next"}
    assert set(found.values()) == {"right", "wrong", "follows"}


def test_what_was_rounded_the_other_way_is_accepted_and_said(written: Report) -> None:
    assert [str(note) for note in written.notes] == [
        "W2.grad, entry 1, 4: -1.11 is rounded the other way; -1.10461 before rounding"
    ]


def test_the_printed_output_has_the_sign_and_the_missing_mask(printed: Report) -> None:
    assert mistakes(printed) == [
        ("h2.grad", "sign", "(y - h2) / loss"),
        ("b1.grad", "wrong_value", "h1.grad"),
    ]
    assert not printed.notes
    assert verdicts(printed)["W2.next"] == "follows"


def test_points_are_lost_at_the_mistakes_alone(written: Report) -> None:
    # of 15 values: h2.grad is lost, a quarter of b1.next, a twelfth of W2.next
    assert written.out_of == 15
    assert written.points == pytest.approx(15 - 1 - 1 / 4 - 1 / 12)
