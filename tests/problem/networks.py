"""Whole networks for the tests: from the keys of a file, each gradient against finite differences."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nncalc.engine.shapes import infer
from nncalc.problem.load import load_text
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of
from tests.engine.programs import Case, numerically, relative_error


def problem(**document: Any) -> Problem:
    """The problem of a file with these keys: JSON is YAML too."""
    return load_text(json.dumps(document), "test.yaml", None)


def wave(start: float, *shape: int) -> Any:
    """Numbers that anybody can make again: sin(0.7 k + start) over the entries."""
    return np.sin(0.7 * np.arange(np.prod(shape, dtype=int)) + start).reshape(shape)


def listed(start: float, *shape: int) -> Any:
    return wave(start, *shape).tolist()


def case_of(found: Problem) -> Case:
    """The problem with its backward pass, as tests compare it."""
    program = program_of(found, "backward")
    return Case(program, infer(found.forward, found.shapes), dict(found.values))


def assert_slopes(found: Problem, *without: str, tolerance: float = 1e-9) -> None:
    """Every parameter and the input has its gradient, and it is the loss's slope."""
    case = case_of(found)
    values = case.evaluated()
    names = [name for name in (*found.forward.parameters, "x") if name not in without]
    assert names
    for name in names:
        error = relative_error(values[f"{name}.grad"], numerically(case, "loss", name))
        assert error < tolerance, f"{name}: {error}"
