"""Programs for the tests: read from text, differentiated, evaluated, and compared with finite differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncalc.catalogue.registry import is_operation, operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes, infer
from nncalc.language.equation import Equation, Program, in_order
from nncalc.language.parse import parse_equations
from nncalc.language.text import equation_text


@dataclass(frozen=True)
class Case:
    """A program with its backward pass, the shapes of its names and the values it begins with."""

    program: Program
    shapes: Shapes
    values: Mapping[str, Any]

    @property
    def equations(self) -> list[str]:
        return [equation_text(equation) for equation in self.program.equations]

    @property
    def backward(self) -> list[str]:
        return [equation_text(equation) for equation in self.program.phase("backward")]

    def evaluated(self) -> Mapping[str, Any]:
        return evaluate(self.program, self.values).values


def read(text: str) -> tuple[Equation, ...]:
    """The equations of a text in order."""
    return in_order(Equation(name, e) for name, e, _ in parse_equations(text, operation, is_operation))


def forward(
    text: str,
    given: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    labels: Iterable[str] = ("y",),
    through: Iterable[str] = (),
) -> Case:
    """A program without its backward pass; the last equation is the loss unless one is called `loss`."""
    equations = read(text)
    names = [name for name, _, _ in parse_equations(text, operation, is_operation)]
    values = {name: np.asarray(v, dtype=float) for name, v in {**given, **(parameters or {})}.items()}
    program = Program(
        equations,
        given=tuple(given),
        parameters=tuple(parameters or {}),
        labels=tuple(name for name in labels if name in given),
        loss="loss" if "loss" in names else names[-1],
        through=frozenset(through),
    )
    return Case(program, infer(program, {name: v.shape for name, v in values.items()}), values)


def derive(text: str, given: Mapping[str, Any], parameters: Mapping[str, Any] | None = None, **rest: Any) -> Case:
    """The same program with its backward pass."""
    case = forward(text, given, parameters, **rest)
    return Case(differentiate(case.program, case.shapes), case.shapes, case.values)


def numerically(case: Case, of: str, by: str, step: float = 1e-3) -> Any:
    """d(sum of `of`)/d(by) by central differences, extrapolated to the sixth order (Richardson).

    Entry by entry; the steps are step, step/2 and step/4 times the entry's size.
    """
    program = case.program
    start = case.values[by]
    result = np.zeros(start.shape)

    def total(entry: tuple[int, ...], moved: float) -> float:
        values = {**case.values, by: start.copy()}
        values[by][entry] += moved
        return float(np.sum(evaluate(program, values).values[of]))

    for entry in np.ndindex(start.shape):
        h = step * max(1.0, abs(float(start[entry])))
        d1, d2, d4 = ((total(entry, h / n) - total(entry, -h / n)) * n / (2 * h) for n in (1, 2, 4))
        once, twice = (4 * d2 - d1) / 3, (4 * d4 - d2) / 3
        result[entry] = (16 * twice - once) / 15
    return result


def relative_error(found: Any, expected: Any) -> float:
    """The largest difference, measured against the array's largest entry (1 at the least)."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{found.shape} against {expected.shape}"
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    return float(np.max(np.abs(found - expected), initial=0.0)) / scale
