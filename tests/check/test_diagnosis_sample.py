"""A sample of the diagnosis benchmark, small enough for every run: tests/benchmarks/diagnosis.py has the whole."""

from __future__ import annotations

import pytest

from tests.benchmarks.diagnosing.judging import judge, judge_right
from tests.benchmarks.injector.kinds import KINDS
from tests.benchmarks.injector.sheets import Case, case

EACH = 5  # problems of each kind
FIRST = 5000  # seeds that the benchmark does not use by itself
PLACES = 0.95  # of the mistakes, at least, are found where they were made


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case(FIRST + number, kind) for kind in KINDS for number in range(EACH)]


def test_a_right_sheet_is_never_called_wrong(cases: list[Case]) -> None:
    judged = [(one, judge_right(one.exercise.text, one.right)) for one in cases]
    wrong = [f"{one.exercise.kind} {one.seed}:\n{said.said}" for one, said in judged if not said.right]
    assert not wrong, "\n\n".join(wrong)


def test_mistakes_are_found_where_they_were_made(cases: list[Case]) -> None:
    judged = [(one, judge(one.exercise.text, one.one)) for one in cases if one.one is not None]
    assert len(judged) >= 0.9 * len(cases)
    missed = [f"{one.exercise.kind} {one.seed}: {found.what}\n{found.said}" for one, found in judged if not found.place]
    assert len(missed) <= (1 - PLACES) * len(judged), "\n\n".join(missed)
