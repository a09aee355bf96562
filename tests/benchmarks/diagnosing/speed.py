"""How many sheets of the reference problem check reads and judges in a second, on one core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from nncalc.check.checker import Checker
from nncalc.problem.answers import AnswerReader
from nncalc.problem.load import load_text
from nncalc.problem.work import work
from tests.benchmarks.injector.networks import reference
from tests.benchmarks.injector.rounding import Rounding
from tests.benchmarks.injector.sheets import mistaken, sheet_text
from tests.benchmarks.injector.student import Work

ROUNDS = 3


class Speed(NamedTuple):
    """Sheets a second, and how many evaluations of the problem one sheet takes."""

    right: float
    wrong: float
    evaluations_right: float
    evaluations_wrong: float


def measure(count: int = 60) -> Speed:
    exercise = reference()
    random = np.random.default_rng(1)
    roundings = [Rounding(decimals=2 + k % 4) for k in range(count)]
    right = [sheet_text(random, Work(exercise, rounding), 0, ()) for rounding in roundings]
    made = [mistaken(random, exercise, rounding, 1, 0) for rounding in roundings]
    wrong = [sheet.text for sheet in made if sheet is not None]
    problem = load_text(exercise.text, "regression.yaml", None)
    checker, reader = Checker(problem), AnswerReader(problem)

    assert all(checker.report(reader.read(text, "sheet.yaml")).right for text in right)

    def check(text: str) -> None:
        checker.report(reader.read(text, "sheet.yaml"))

    # each in turn, several times, and the best of each: a slower minute of the machine slows them all
    once, rights, wrongs = [], [], []
    for _ in range(ROUNDS):
        once.append(_seconds(lambda _: work(problem, "update"), range(20)))
        rights.append(_seconds(check, right))
        wrongs.append(_seconds(check, wrong))
    evaluation, one_right, one_wrong = min(once), min(rights), min(wrongs)
    return Speed(1 / one_right, 1 / one_wrong, one_right / evaluation, one_wrong / evaluation)


def _seconds(action: Callable[..., object], items: Iterable[object]) -> float:
    listed = list(items)
    begin = time.perf_counter()
    for item in listed:
        action(item)
    return (time.perf_counter() - begin) / len(listed)
