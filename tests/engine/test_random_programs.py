"""Programs drawn at random: their derived equations against finite differences, and as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nncalc.catalogue.registry import operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import infer
from nncalc.engine.simplify import Simplifier
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Expression
from nncalc.language.parse import parse_expression
from nncalc.language.text import to_text
from tests.engine.random_programs import INPUTS, programs

TOLERANCE = 1e-6
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 2**32 - 1)


def derived(equations: tuple[Equation, ...]) -> Program:
    program = Program(equations, given=("x", "y"), parameters=tuple(set(INPUTS) - {"x", "y"}), loss="loss")
    return differentiate(program, infer(program, INPUTS))


def drawn(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(-1.5, 1.5, shape) for name, shape in INPUTS.items()}


def slope(program: Program, values: Mapping[str, Any], direction: Mapping[str, Any], h: float) -> float:
    """The loss's slope along a direction in all inputs at once: central differences of the fourth order."""
    only_forward = program.with_equations(program.phase("forward"))

    def loss(t: float) -> float:
        moved = {name: value + t * direction[name] for name, value in values.items()}
        return float(evaluate(only_forward, moved).values["loss"])

    return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)


def along(values: Mapping[str, Any], direction: Mapping[str, Any]) -> tuple[float, float]:
    """(the slope that the gradients give along a direction, the size of what it is the sum of)."""
    parts = [values[f"{name}.grad"] * direction[name] for name in INPUTS if f"{name}.grad" in values]
    return sum(float(np.sum(p)) for p in parts), 1.0 + sum(float(np.sum(np.abs(p))) for p in parts)


@QUICK
@given(programs(), SEEDS)
def test_gradients_are_slopes(equations: tuple[Equation, ...], seed: int) -> None:
    program = derived(equations)
    values, direction = drawn(seed), drawn(seed + 1)
    evaluated = evaluate(program, values).values
    found, scale = along(evaluated, direction)
    wide, narrow = (slope(program, values, direction, h) for h in (1e-4, 3e-5))
    # at a kink the differences themselves disagree
    assume(abs(wide - narrow) < TOLERANCE * scale / 10)
    assert abs(found - narrow) < TOLERANCE * scale


@QUICK
@given(programs())
def test_a_gradient_has_the_shape_of_its_name_and_is_worked_out_in_order(equations: tuple[Equation, ...]) -> None:
    program = derived(equations)
    evaluated = evaluate(program, drawn(0)).values
    known = set(INPUTS)
    for equation in program.equations:
        assert set(equation.inputs) <= known
        assert equation.name not in known
        known.add(equation.name)
        if equation.name.endswith(".grad"):
            assert evaluated[equation.name].shape == evaluated[equation.name.removesuffix(".grad")].shape


@QUICK
@given(programs())
def test_every_equation_reads_back_from_its_text(equations: tuple[Equation, ...]) -> None:
    for equation in derived(equations).equations:
        assert parse_expression(to_text(equation.expression), operation) == equation.expression


@QUICK
@given(programs(), SEEDS)
def test_simplification_changes_no_value(equations: tuple[Equation, ...], seed: int) -> None:
    def untouched(self: Simplifier, expression: Expression) -> Expression:
        return expression

    simple = evaluate(derived(equations), drawn(seed)).values
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simplifier, "__call__", untouched)
        plain = evaluate(derived(equations), drawn(seed)).values
    gradients = [name for name in plain if name.endswith(".grad")]
    assert gradients == [name for name in simple if name.endswith(".grad")]
    for name in gradients:
        scale = 1.0 + np.max(np.abs(plain[name]))
        assert simple[name].shape == plain[name].shape
        assert np.max(np.abs(simple[name] - plain[name])) < 1e-9 * scale
