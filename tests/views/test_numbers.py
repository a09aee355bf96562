"""Numbers as a sheet shows them."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.views.numbers import aligned, constant, fixed, number, number_put_in, read_back


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (4.0, "4"),
        (-0.8, "−0.8"),
        (1.2000000000000002, "1.2"),
        (6.0835844697020525, "6.0836"),
        (148.4131591, "148.4132"),
        (0.00005, "0.0001"),
        (0.0000032, "3.2e−06"),
        (-0.0000032, "−3.2e−06"),
        (0.00003, "3e−05"),
        (9999999.0, "9999999"),
        (1.23e10, "1.23e+10"),
        (-12345678.0, "−1.2346e+07"),
        (nan, "NaN"),
        (inf, "∞"),
        (-inf, "−∞"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("places", "text"), [(0, "2"), (1, "2.3"), (2, "2.35"), (3, "2.346"), (6, "2.345679"), (12, "2.3456789")]
)
def test_places(places: int, text: str) -> None:
    assert number(2.3456789, places) == text


@pytest.mark.parametrize(
    ("value", "extra", "text"),
    [
        (0.00234065, 0, "0.0023"),
        (0.00025, 0, "0.00025"),
        (0.000256789, 0, "0.00026"),
        (0.0003, 0, "0.0003"),
        (0.01, 0, "0.01"),
        (0.25, 0, "0.25"),
        (0.00234065, 3, "0.0023407"),
        (0.0000012345, 0, "1.2e−06"),
        (0.0000012346, 2, "1.235e−06"),
        (7.5, 2, "7.5"),
    ],
)
def test_a_small_number_put_in_keeps_two_digits_that_count(value: float, extra: int, text: str) -> None:
    assert number_put_in(value, 4, extra) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (-0.5, "−0.5"),
        (0.044715, "0.044715"),
        (0.7071067811865476, "0.707107"),
        (1e-8, "1e−08"),
        (1e30, "1e+30"),
    ],
)
def test_constants_of_a_formula(value: float, text: str) -> None:
    assert constant(value) == text


def test_points_stand_under_each_other() -> None:
    assert aligned(["1.2", "−1", "2"]) == [" 1.2", "−1  ", " 2  "]
    assert aligned(["3.2e−06", "12.5", "NaN", "−∞"]) == ["  3.2e−06", " 12.5    ", "NaN      ", " −∞      "]
    assert aligned(["7"]) == ["7"]
    assert aligned([]) == []


def test_a_tables_column_shares_its_places() -> None:
    assert fixed([7.3890561, 0.36787944, 148.4131591, 1.0]) == ["7.3891", "0.3679", "148.4132", "1.0000"]
    assert fixed([2.0, -1.0, 5.0]) == ["2", "−1", "5"]
    assert fixed([0.5, -0.0, 1e-9]) == ["0.5", "0.0", "1e−09"]
    assert fixed([]) == []


floats = st.floats(-1e300, 1e300)


@given(floats, st.integers(0, 8))
def test_a_number_reads_back_to_within_its_last_digit(value: float, places: int) -> None:
    for text in (number(value, places), number_put_in(value, places), fixed([value], places)[0]):
        mantissa, _, exponent = text.replace("−", "-").partition("e")
        digits = len(mantissa.partition(".")[2])
        last = 10.0 ** (int(exponent or 0) - digits)
        assert abs(read_back(text) - value) <= 0.5000001 * last
        assert text not in ("−0", "-0")
        assert "-" not in text
        if value:
            assert read_back(text) != 0


@given(st.lists(st.floats(), min_size=1, max_size=8), st.integers(0, 6))
def test_a_column_is_rectangular_with_its_points_in_one_place(values: list[float], places: int) -> None:
    texts = [number(value, places) for value in values]
    column = aligned(texts)
    assert len({len(text) for text in column}) == 1
    assert [text.strip() for text in column] == texts
    points = {text.index(".") for text in column if "." in text}
    assert len(points) <= 1
