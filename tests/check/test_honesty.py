"""A right sheet is never called wrong, however it is rounded, carried on, left out in parts or worked out."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.check import judge
from nncalc.check.checker import Checker
from nncalc.check.report import MISSING, RIGHT, ROUNDED
from tests.check.sheets import PROBLEMS, check, shipped
from tests.check.students import Manner, any_manner, right_sheet

EACH = 8  # sheets of each problem
SHIPPED = sorted(path.stem for path in PROBLEMS.glob("*.yaml"))


def drawn(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])


def objections(checker: Checker, sheet: str) -> list[str]:
    """All that is said against a sheet."""
    report = check(checker, sheet)
    found = [f"{v.iteration} {v.name} {v.verdict}" for v in report.verdicts if v.verdict not in GOOD]
    found += [f"mistake at {m.name}: {m.kind}" for m in report.mistakes]
    found += [f"convention at {c.name}" for c in report.conventions]
    return found if report.right else found or ["not right"]


GOOD = (RIGHT, ROUNDED, MISSING)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_right_sheet_is_objected_to(name: str) -> None:
    checker = shipped(name)
    for seed in range(EACH):
        random = drawn(seed, name)
        iterations = int(random.integers(1, 4)) if checker.problem.forward.loss else 1
        manner = any_manner(random, iterations)
        with np.errstate(all="ignore"):
            sheet = right_sheet(checker, manner, random)
        assert objections(checker, sheet) == [], f"seed {seed}, {manner}\n{sheet}"


# worst cases that add up allow these, and so must the rehearsal
@pytest.mark.parametrize(
    ("name", "seed"), [("prelu", 262), ("regression", 555), ("attention", 312), ("attention", 503)]
)
def test_nor_one_of_which_hardly_anything_is_on_the_sheet(name: str, seed: int) -> None:
    checker, random = shipped(name), drawn(seed, name)
    manner = any_manner(random, int(random.integers(1, 4)))._replace(left_out=float(random.choice((0.7, 0.9, 0.95))))
    with np.errstate(all="ignore"):
        assert objections(checker, right_sheet(checker, manner, random)) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_nor_one_worked_out_otherwise_when_no_mistake_is_looked_for_any_more(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "MOST_IN_VAIN", 0)
    monkeypatch.setattr(judge, "MOST_FORMS_IN_VAIN", 0)
    checker, random = shipped(name), drawn(1, name)
    manner = Manner(places=(4,), other_forms=1.0, iterations=2 if checker.problem.forward.loss else 1)
    with np.errstate(all="ignore"):
        assert objections(checker, right_sheet(checker, manner, random)) == []
