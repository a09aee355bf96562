"""Evaluation: a trace of float64 arrays, quiet about overflow, which never changes what it was given."""

from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest

from nncalc.engine.evaluate import evaluate
from tests.engine.programs import derive, forward


def test_a_trace_holds_every_step_in_order() -> None:
    case = derive("h = W @ x\nloss = half_sse(h, y)", {"x": [1.0, 2.0], "y": [1.0]}, {"W": [[3.0, 4.0]]})
    trace = evaluate(case.program, case.values, iteration=7)
    assert [(step.phase, step.name, step.shape) for step in trace.steps] == [
        ("forward", "h", (1,)),
        ("forward", "loss", ()),
        ("backward", "h.grad", (1,)),
        ("backward", "W.grad", (1, 2)),
        ("backward", "x.grad", (2,)),
    ]
    assert trace.steps[3].inputs == ("h.grad", "x")
    assert {step.iteration for step in trace.steps} == {trace.iteration} == {7}
    assert [step.name for step in trace.phase("forward")] == ["h", "loss"]
    assert float(trace.value("loss")) == 50.0
    assert trace.value("x").tolist() == [1.0, 2.0]
    assert trace.value("no such name") is None
    assert trace.value(None) is None
    assert set(trace.given) == {"x", "y", "W"}


def test_every_value_is_a_float64_array() -> None:
    case = forward("a = 3\nb = x > 0\nc = x[0]\nd = sum(x)\ne = broadcast(1, shape=(2,))", {"x": [1.0, 2.0]})
    for value in (step.value for step in evaluate(case.program, case.values).steps):
        assert isinstance(value, np.ndarray)
        assert value.dtype == np.float64


def test_what_was_given_stays_as_it_was() -> None:
    case = derive("loss = sum(max(x, 0) ** 2) + x[1]", {"x": [1.0, -2.0]})
    before = case.values["x"].copy()
    case.evaluated()
    assert case.values["x"].tolist() == before.tolist()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp(1000)", inf),
        ("1 / 0", inf),
        ("-1 / 0", -inf),
        ("0 / 0", nan),
        ("log(0)", -inf),
        ("sqrt(-1)", nan),
        ("1e308 * 10", inf),
    ],
)
def test_overflow_gives_infinity_and_no_warning(text: str, expected: float) -> None:
    found = float(forward(f"q = {text}", {}).evaluated()["q"])
    assert found == expected or (isnan(found) and isnan(expected))


def test_what_is_no_number_goes_through_to_the_loss() -> None:
    case = derive("h = W @ x\nloss = l2(relu(h), y)", {"x": [nan, 1.0], "y": [1.0]}, {"W": [[3.0, 4.0]]})
    assert isnan(case.evaluated()["loss"])


@pytest.mark.parametrize(("scale", "expected"), [(1e200, 5e200), (1e-200, 5e-200), (1.0, 5.0), (0.0, 0.0), (inf, inf)])
@pytest.mark.filterwarnings("error")
def test_a_norm_neither_overflows_nor_vanishes(scale: float, expected: float) -> None:
    """(3, 4) has length 5; its squares alone would be infinite, or 0."""
    entries = [3 * scale, 4 * scale] if scale != inf else [inf, 1.0]
    assert float(forward("n = norm(x)", {"x": entries}).evaluated()["n"]) == pytest.approx(expected, rel=1e-15)


def test_zero_to_the_power_of_something() -> None:
    """d(x²)/dx is 0 at 0, and 0^y stays 0 as y > 0 moves."""
    values = derive("loss = sum(x ** 2) + x[0] ** b", {"x": [0.0, 3.0]}, {"b": 2.0}).evaluated()
    assert values["x.grad"].tolist() == [0.0, 6.0]
    assert float(values["b.grad"]) == 0.0


def test_equal_largest_entries_share_the_gradient() -> None:
    """As PyTorch's amax and maximum do; beside a constant the derivative at the kink is 0, as ReLU's is."""
    x = {"x": [2.0, 1.0, 2.0], "y": [2.0, 0.0, 3.0]}
    assert derive("loss = max(x)", x).evaluated()["x.grad"].tolist() == [0.5, 0.0, 0.5]
    assert derive("loss = sum(max(x, y))", x, labels=()).evaluated()["x.grad"].tolist() == [0.5, 1.0, 0.0]
    assert derive("loss = sum(max(x, y))", x, labels=()).evaluated()["y.grad"].tolist() == [0.5, 0.0, 1.0]
    assert derive("loss = sum(max(x, 2))", x).evaluated()["x.grad"].tolist() == [0.0, 0.0, 0.0]
