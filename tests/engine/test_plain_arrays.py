"""Plain Python in NumPy's place gives what NumPy gives, infinities and NaN included."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.engine.numpy_arrays import xp as full
from nncalc.engine.plain_arrays import Row
from nncalc.engine.plain_arrays import xp as plain

# what Python's own functions raise for, and what they get otherwise wrong, is among these
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 710.0, -710.0, 1e200, -1e200, np.inf, -np.inf, np.nan)
PAIRS = [(a, b) for a in EDGES for b in EDGES]

OPERATORS = {
    name: getattr(operator, name)
    for name in ("add", "sub", "mul", "truediv", "pow", "gt", "ge", "lt", "le", "eq", "ne")
}
OF_TWO = ("divide", "power", "maximum", "minimum")
OF_ONE = ("exp", "log", "expm1", "log1p", "tanh", "erf", "erfc", "abs", "sign")


def both(function: Callable[[Any, Any], Any], a: Any, b: Any) -> tuple[list[float], list[float]]:
    """What a function of two vectors gives in plain Python, and in NumPy."""
    with np.errstate(all="ignore"):
        expected = function(np.array(a, dtype=np.float64), np.array(b, dtype=np.float64))
    return [float(entry) for entry in function(Row(a), Row(b)).entries], [float(entry) for entry in expected]


def assert_alike(found: list[float], expected: list[float], name: str) -> None:
    np.testing.assert_allclose(found, expected, rtol=4e-16, atol=0.0, equal_nan=True, err_msg=name)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_on_two_rows(name: str) -> None:
    left, right = zip(*PAIRS, strict=True)
    assert_alike(*both(OPERATORS[name], left, right), name)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("number", [0.0, 2.0, -3.0])
def test_an_operator_on_a_row_and_a_number(name: str, number: float) -> None:
    row, array = Row(EDGES), np.array(EDGES)
    function = OPERATORS[name]
    with np.errstate(all="ignore"):
        expected = [function(array, number)]
        found = [function(row, number)]
        if name != "pow":  # of a number to a row there is no use
            expected.append(function(number, array))
            found.append(function(number, row))
    for one, other in zip(found, expected, strict=True):
        assert_alike([float(entry) for entry in one.entries], other.astype(float).tolist(), name)


@pytest.mark.parametrize("name", OF_TWO)
def test_a_function_of_two(name: str) -> None:
    left, right = zip(*PAIRS, strict=True)
    with np.errstate(all="ignore"):
        expected = getattr(full, name)(np.array(left), np.array(right))
    assert_alike(list(getattr(plain, name)(Row(left), Row(right)).entries), expected.tolist(), name)


@pytest.mark.parametrize("name", OF_ONE)
def test_a_function_of_one(name: str) -> None:
    numbers = [x for x in EDGES if name != "log1p" or not x <= -1]  # log1p is asked of what is above −1 alone
    with np.errstate(all="ignore"):
        expected = getattr(full, name)(np.array(numbers))
    found = getattr(plain, name)(Row(numbers))
    assert found.shape == (len(numbers),)
    assert found.ndim == 1
    assert_alike(list(found.entries), expected.tolist(), name)
    # a number alone is no row
    assert_alike([float(getattr(plain, name)(x)) for x in numbers], expected.tolist(), name)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_sums_and_largest_entries(numbers: list[float]) -> None:
    assert plain.max(Row(numbers)) == max(numbers)
    assert plain.min(Row(numbers)) == min(numbers)
    assert plain.sum(Row(numbers)) == pytest.approx(np.sum(numbers), rel=1e-12, abs=1e-6)
    assert plain.where(Row(numbers) > 0, Row(numbers), 0.0).entries == tuple(max(x, 0.0) for x in numbers)
