"""Numbers are what they look like, and nothing else is one."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nncalc.errors import DomainError
from nncalc.problem.numbers import LONGEST, parse_decimals, parse_number

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("010", 10.0),
        ("0x_", None),
        (".5", 0.5),
        ("1.", 1.0),
        ("+2", 2.0),
        ("-2.50", -2.5),
        ("1_000", 1000.0),
        ("1_000.000_1", 1000.0001),
        ("1e-3", 0.001),
        ("1E+3", 1000.0),
        ("1e3_0", 1e30),
        ("  7 ", 7.0),
        ("\N{MINUS SIGN}2", -2.0),
        ("1e\N{MINUS SIGN}3", 0.001),
        ("1/3", 1 / 3),
        ("-2/3", -2 / 3),
        ("\N{MINUS SIGN}2/3", -2 / 3),
        ("1 / 3", 1 / 3),
        ("1/-4", -0.25),
        ("-1/-4", 0.25),
        ("0.5/2", 0.25),
        ("1e2/4", 25.0),
        ("1_0/4", 2.5),
        ("0.1/0.3", 1 / 3),
        ("1e-400", 0.0),
        ("190:20:30", None),
        ("", None),
        (".", None),
        ("-", None),
        ("1/", None),
        ("/3", None),
        ("1/2/3", None),
        ("_1", None),
        ("1_", None),
        ("1__0", None),
        ("1_.5", None),
        ("1,5", None),
        ("1 2", None),
        ("- 2", None),
        ("--2", None),
        ("0x10", None),
        ("0o17", None),
        ("1e", None),
        ("1e1.5", None),
        ("1e9999/3", None),
        ("\N{EN DASH}2", None),
        ("٣", None),
        ("true", None),
        ("infinite", None),
        ("x", None),
    ],
)
def test_a_text_is_read_as_written(text: str, value: float | None) -> None:
    found = parse_number(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["nan", "NaN", ".nan", "-.inf", "inf", "+Infinity", "∞", "1e999", "-1e999", "1/0", "0/0", "1e308/1e-308"]
)
def test_what_is_not_finite_is_refused_by_name(text: str) -> None:
    with pytest.raises(DomainError) as error:
        parse_number(f" {text} ")
    assert error.value.message == f"{text} is not a finite number"


@given(finite)
def test_every_double_is_read_back(value: float) -> None:
    found = parse_number(repr(value))
    assert found == value
    assert math.copysign(1, found) == math.copysign(1, value)


@given(st.integers(), st.integers(min_value=1))
def test_a_fraction_is_rounded_once(above: int, below: int) -> None:
    assert parse_number(f"{above}/{below}") == float(Fraction(above, below))


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1000, max_value=1000),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000),
)
def test_a_fraction_of_decimals_is_rounded_once(above: object, below: object) -> None:
    assume(below != 0)
    assert parse_number(f"{above}/{below}") == float(Fraction(str(above)) / Fraction(str(below)))


@given(st.lists(st.text("0123456789+-._eE nif", max_size=6), min_size=1, max_size=3))
def test_many_at_once_are_the_same_as_one_by_one(texts: list[str]) -> None:
    found = parse_decimals(texts)
    if found is not None:
        assert [parse_number(text) for text in texts] == list(found)


@given(st.lists(finite.map(repr), min_size=1))
def test_many_decimals_need_no_second_look(texts: list[str]) -> None:
    found = parse_decimals(texts)
    assert found is not None
    assert found.tolist() == [float(text) for text in texts]


def test_an_endless_text_is_no_number() -> None:
    assert parse_number("1" * (LONGEST // 2)) is not None
    assert parse_number("1" * (LONGEST + 1)) is None
    assert parse_decimals(["1" * (LONGEST + 1)]) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_" * 200, None),
        ("1" * 399 + "x", None),
        ("1/" * 200, None),
        ("9" * 190 + "/" + "9" * 190, 1.0),
        ("1" + " " * 399, 1.0),
    ],
)
def test_texts_that_a_careless_pattern_would_try_for_ever(text: str, value: float | None) -> None:
    assert parse_number(text) == value
