"""Whatever a sheet says, it is judged; and what is said of it hangs together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from nncalc.check.judge import NOT_LOOKED_FOR
from nncalc.check.report import CONVENTION, FOLLOWS, SHAPE, WRONG, Report
from nncalc.problem.answers import Sheet, read_sheet
from nncalc.views.check_json import report_object
from tests.check.sheets import check, sheet_of, shipped
from tests.check.students import Random, any_manner, evaluated, right_sheet

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parents[1] / "schema" / "output.json").read_text("utf-8")))
PROBLEMS = ("regression", "softmax-classifier", "l2-regularization", "prelu", "adam", "rbf", "dropout", "xor-train")
ODD = ("1e300", "-1e308", "1e-300", "5e-324", "1e-400", "0", "1/3", "null", "7", "0.00000000000000000000000000001")


def odd_number(random: Random, odd: str) -> str:
    return odd or (str(random.choice(ODD)) if random.random() < 0.5 else f"{random.normal():.3f}")


def nested(random: Random, shape: tuple[int, ...], odd: str) -> str:
    if not shape:
        return odd_number(random, odd)
    return "[" + ", ".join(nested(random, shape[1:], odd) for _ in range(shape[0])) + "]"


def odd_shape(random: Random, right: tuple[int, ...]) -> tuple[int, ...]:
    shapes = (right, right, right, right[::-1], right[1:], (*right, 2), (3,), ())
    return shapes[int(random.integers(len(shapes)))]


def odd_sheet(name: str, random: Random) -> str:
    """Numbers of any size in arrays of any shape, some values right, in any order, with names that no value has."""
    course = shipped(name).possibilities.course
    share, right_share = random.choice((0.1, 0.5, 1.0)), random.choice((0.0, 0.5, 0.9))
    odd = str(random.choice(("", "", *ODD)))
    pages = []
    for iteration in range(1, int(random.integers(1, 4)) + 1):
        lines = ["nobody: 3"]
        for one in random.permutation(course.used):
            right = course.right(iteration)[one]
            if random.random() >= share:
                continue
            if random.random() < right_share and np.isfinite(right).all():
                lines.append(f"{one}: {np.round(right, 3).tolist()}")
            else:
                lines.append(f"{one}: {nested(random, odd_shape(random, right.shape), odd)}")
        pages.append("- " + "\n  ".join(lines) + "\n")
    return "".join(pages)


def read(name: str, text: str) -> Sheet:
    return read_sheet(text, "sheet.yaml", shipped(name).problem)


@pytest.mark.parametrize("name", PROBLEMS)
def test_any_sheet_is_judged(name: str) -> None:
    checker = shipped(name)
    for seed in range(2 if name == "adam" else 4):
        text = odd_sheet(name, np.random.default_rng([seed, *name.encode()]))
        report = checker.report(read(name, text))
        found = report_object(report, checker.problem.title, None, False)
        SCHEMA.validate(json.loads(json.dumps(found, allow_nan=False)))
        assert report.unknown == ("nobody",)
        hangs_together(name, report, text)


def hangs_together(name: str, report: Report, text: str) -> None:
    """What holds of every report."""
    problem, order = shipped(name).problem, shipped(name).possibilities.course.order
    assert 0 <= report.points <= report.out_of + 1e-9, text
    if not problem.points:
        assert report.out_of == sum(verdict.name in order for verdict in report.verdicts)
    assert report.right == all(v.verdict not in (WRONG, FOLLOWS, SHAPE) for v in report.verdicts)
    told = {one for mistake in report.mistakes for one in (mistake.name, *mistake.also_at)}
    if any(v.verdict in (WRONG, SHAPE) for v in report.verdicts):
        assert told or report.conventions, text


def test_of_a_sheet_that_is_wrong_throughout_the_rest_is_not_searched() -> None:
    checker, random = shipped("lstm"), np.random.default_rng(5)
    course = checker.possibilities.course
    page = {name: np.round(random.normal(size=course.shapes.known[name]), 3).tolist() for name in course.equations}
    report = check(checker, json.dumps(page))
    assert not report.right
    said = [str(mistake.explanation) for mistake in report.mistakes if mistake.kind == "unexplained"]
    assert sum(text == NOT_LOOKED_FOR for text in said) > len(said) / 2
    assert str(report.mistakes[0].explanation) != NOT_LOOKED_FOR


def test_fifty_iterations_are_judged() -> None:
    checker = shipped("regression")
    course = checker.possibilities.course
    pages = [{name: course.right(k)[name].tolist() for name in course.equations} for k in range(1, 51)]
    assert check(checker, json.dumps(pages)).right
    last = {"iteration": 50, "W2.next": pages[-1]["W2.next"]}
    report = check(checker, json.dumps(last))
    assert report.right, "the 49 before are left out"
    assert [verdict.iteration for verdict in report.verdicts] == [50]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_order_of_a_sheet_says_nothing_and_judging_changes_nothing(name: str) -> None:
    random = np.random.default_rng([1, *name.encode()])
    sheet = read(name, odd_sheet(name, random))
    turned = sheet._replace(iterations=tuple(dict(reversed(page.items())) for page in sheet.iterations))
    first, again, other = (said(name, one) for one in (sheet, sheet, turned))
    assert first == again == other


def said(name: str, sheet: Sheet) -> dict[str, Any]:
    checker = shipped(name)
    return report_object(checker.report(sheet), checker.problem.title, None, False)


@pytest.mark.parametrize("name", ["regression", "softmax-classifier", "adam", "rnn", "l2-regularization", "attention"])
def test_a_mistake_is_named_where_it_was_made_and_its_equation_gives_the_numbers(name: str) -> None:
    """One value of a full sheet is that of a changed equation; all else is as nncalc prints it."""
    checker = shipped(name)
    possibilities, course = checker.possibilities, checker.possibilities.course
    random = np.random.default_rng([2, *name.encode()])
    right = course.right(1)
    for one in random.permutation(list(course.equations))[:12]:
        options = [possible.forms[0] for possible in possibilities.mistakes(one, later=False) if possible.cost < 2]
        if not options:
            continue
        value = np.asarray(evaluated(options[int(random.integers(len(options)))], dict(right)))
        if not np.isfinite(value).all():
            continue
        page = {other: right[other].tolist() for other in course.equations} | {one: value.tolist()}
        text = json.dumps(page)
        margin = read(name, text).iterations[0][one].margin + 1e-8 * np.abs(value).max()
        if (np.abs(value - right[one]) <= 2 * margin).all():
            continue  # as it is written, it is right
        report = check(checker, text)
        verdict = next(v.verdict for v in report.verdicts if v.name == one)
        named = next((m for m in report.mistakes if m.name == one), None)
        assert named is not None or verdict == CONVENTION, (one, report.mistakes)
        if named is not None and named.equation is not None:
            off = np.abs(evaluated(named.equation.expression, dict(right)) - value)
            assert (off <= margin).all(), f"{one}: {named}"


@pytest.mark.parametrize("name", ["regression", "softmax-classifier", "l2-regularization"])
def test_strict_makes_a_difference_to_conventions_alone(name: str) -> None:
    lenient, strict = shipped(name), shipped(name, strict=True)
    for seed in range(4):
        sheet = read(name, odd_sheet(name, np.random.default_rng([seed, 3, *name.encode()])))
        one, other = lenient.report(sheet), strict.report(sheet)
        assert [v.verdict for v in one.verdicts] == [v.verdict for v in other.verdicts]
        assert [m.name for m in one.mistakes] == [m.name for m in other.mistakes]
        if not one.conventions:
            assert (one.points, one.right) == (other.points, other.right)


@pytest.mark.parametrize("places", [3, 5])
def test_a_mistake_in_the_second_of_three_iterations(places: int) -> None:
    checker = shipped("regression")
    wrong = {(2, "h2.grad"): "(y - h2) / loss"}
    report = check(checker, sheet_of(checker, places, wrong, iterations=3))
    assert [(m.iteration, m.name, m.kind) for m in report.mistakes] == [(2, "h2.grad", "sign")]
    assert {v.verdict for v in report.verdicts if v.iteration == 1} <= {"right", "rounded"}
    assert FOLLOWS in {v.verdict for v in report.verdicts if v.iteration == 3}


def test_a_right_sheet_of_the_last_iteration_alone() -> None:
    checker = shipped("regression")
    random = np.random.default_rng(4)
    pages = right_sheet(checker, any_manner(random, 3)._replace(left_out=0.0), random).split("\n- ")
    assert check(checker, f"- {{}}\n- {{}}\n- {pages[2]}").right
