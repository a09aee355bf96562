"""The injector against nncalc: right sheets without rounding agree, each mistake is the equation it claims to be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.value import value_of
from nncalc.language.parse import parse_expression
from nncalc.problem.load import load_file, load_text
from nncalc.problem.problem import Problem
from nncalc.problem.work import descend_steps
from tests.benchmarks.injector.kinds import KINDS
from tests.benchmarks.injector.networks import reference
from tests.benchmarks.injector.student import Exercise, Values, Work
from tests.conftest import ROOT

SEEDS = 8


def _close(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=1e-9))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_right_sheets_without_rounding_are_the_problem_worked_out(kind: str, seed: int) -> None:
    exercise = KINDS[kind](np.random.default_rng([seed, 77]))
    _assert_agrees(exercise, load_text(exercise.text, f"{kind}-{seed}.yaml", None))


def test_the_reference_problem_is_the_one_that_ships() -> None:
    _assert_agrees(reference(), load_text(reference().text, "reference.yaml", None))
    _assert_agrees(reference(), load_file(str(ROOT / "problems" / "regression.yaml")))


def _assert_agrees(exercise: Exercise, problem: Problem) -> None:
    work = Work(exercise, None)
    steps = list(descend_steps(problem, exercise.iterations))
    assert len(work.iterations) == len(steps)
    for own, worked in zip(work.iterations, steps, strict=True):
        names = [step.name for step in worked.trace.steps]
        assert sorted(names) == sorted(work.lines)
        for step in worked.trace.steps:
            assert _close(own.values[step.name], step.value), f"{step.name} in\n{exercise.text}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_mistake_is_what_its_equation_says_and_the_right_equation_is_right(kind: str) -> None:
    for seed in range(SEEDS):
        exercise = KINDS[kind](np.random.default_rng([seed, 78]))
        values = Work(exercise, None).iterations[0].values
        with np.errstate(all="ignore"):
            for line in exercise.lines:
                written = [(line.equation, line.compute), *((one.equation, one.compute) for one in line.changes)]
                for equation, compute in written:
                    if not equation:
                        continue
                    expected = value_of(parse_expression(equation, operation), values, xp)
                    found = compute(Values(values.__getitem__))
                    if np.isfinite(expected).all() and math.isfinite(np.max(np.abs(found))):
                        assert _close(found, expected), f"{line.name} = {equation} in\n{exercise.text}"
