"""Derived equations are equations: differentiated once more, they give second derivatives.

The gradients' names are written `x_grad` first, since the second pass has an `x.grad` of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nncalc.catalogue.index import ACTIVATIONS, OPERATIONS
from nncalc.catalogue.registry import operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import infer
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Expression, Name, call, substitute
from tests.engine.programs import derive, numerically, relative_error
from tests.engine.random_programs import INPUTS, programs


def plainly(expression: Expression) -> Expression:
    """The expression with `x_grad` for `x.grad`."""
    return substitute(expression, lambda e: Name(e.id.replace(".", "_")) if isinstance(e, Name) else None)


def again(once: Program, values: Mapping[str, Any], wanted: Mapping[str, Any]) -> Program:
    """The program whose loss is Σ wanted · gradient, with its own backward pass."""
    equations = [Equation(e.name.replace(".", "_"), plainly(e.expression)) for e in once.equations]
    total: Expression | None = None
    for name in wanted:
        if once.named(f"{name}.grad") is None:
            continue
        part = call.sum(Name(f"along_{name}") * Name(f"{name}_grad"))
        total = part if total is None else total + part
    assert total is not None
    equations.append(Equation("slope", total))
    given = {**values, **{f"along_{name}": direction for name, direction in wanted.items()}}
    program = Program(
        tuple(equations), given=tuple(given), labels=tuple(f"along_{name}" for name in wanted), loss="slope"
    )
    return differentiate(program, infer(program, {name: np.shape(v) for name, v in given.items()}))


SCALAR_FUNCTIONS = sorted({*OPERATIONS["functions"], *ACTIVATIONS} - {"clip", "softmax", "log_softmax", "maxout"})


@pytest.mark.parametrize("name", SCALAR_FUNCTIONS)
def test_a_functions_second_derivative_is_the_slope_of_its_first(name: str) -> None:
    low, high = operation(name).domain[0]
    x = np.linspace(low + 0.11, high - 0.07, 5)
    once = derive(f"f = sum({name}(x))", {"x": x})
    along = np.linspace(0.5, 2, 5)
    twice = evaluate(again(once.program, {"x": x}, {"x": along}), {"x": x, "along_x": along}).values
    # an elementwise function has a diagonal Hessian, so the weights can be divided out
    assert relative_error(twice.get("x.grad", np.zeros(5)) / along, numerically(once, "x.grad", "x")) < 1e-9


@pytest.mark.parametrize(
    ("text", "values", "hessian"),
    [
        # x³ y: [[6xy, 3x²], [3x², 0]] at x = 2, y = 5
        ("f = x ** 3 * y", {"x": 2.0, "y": 5.0}, [[60, 12], [12, 0]]),
        # (1 − x)² + 100 (y − x²)², Rosenbrock's function, at (1, 1): [[802, −400], [−400, 200]]
        ("f = (1 - x) ** 2 + 100 * (y - x ** 2) ** 2", {"x": 1.0, "y": 1.0}, [[802, -400], [-400, 200]]),
        # √(x² + y²) at (3, 4), r = 5: [[y², −xy], [−xy, x²]] / r³
        ("f = sqrt(x ** 2 + y ** 2)", {"x": 3.0, "y": 4.0}, [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]]),
    ],
)
def test_a_hessian_worked_out_by_hand(text: str, values: dict[str, float], hessian: list[list[float]]) -> None:
    once = derive(text, values, labels=())
    for row, name in zip(hessian, ("x", "y"), strict=True):
        program = again(once.program, values, {name: 1.0})
        evaluated = evaluate(program, {**values, f"along_{name}": 1.0}).values
        found = [float(evaluated.get(f"{other}.grad", 0.0)) for other in ("x", "y")]
        assert found == pytest.approx(row, rel=1e-14, abs=1e-14)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 2**32 - 1))
def test_second_derivatives_of_random_programs(equations: tuple[Equation, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, wanted, direction = ({n: rng.uniform(-1.5, 1.5, s) for n, s in INPUTS.items()} for _ in range(3))
    program = Program(equations, given=tuple(INPUTS), loss="loss")
    once = differentiate(program, infer(program, INPUTS))
    twice = again(once, values, wanted)
    evaluated = evaluate(twice, {**values, **{f"along_{n}": w for n, w in wanted.items()}}).values
    parts = [evaluated[f"{n}.grad"] * direction[n] for n in INPUTS if f"{n}.grad" in evaluated]
    found = sum(float(np.sum(p)) for p in parts)
    scale = 1.0 + sum(float(np.sum(np.abs(p))) for p in parts)

    def first(t: float) -> float:
        moved = {n: v + t * direction[n] for n, v in values.items()}
        gradients = evaluate(once, moved).values
        return sum(float(np.sum(gradients[f"{n}.grad"] * w)) for n, w in wanted.items() if f"{n}.grad" in gradients)

    wide, narrow = ((8 * (first(h) - first(-h)) - (first(2 * h) - first(-2 * h))) / (12 * h) for h in (1e-4, 3e-5))
    assume(abs(wide - narrow) < 1e-7 * scale)
    assert abs(found - narrow) < 1e-6 * scale
