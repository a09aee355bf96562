"""Expressions as text: exactly the parentheses that are needed, and what the parser reads back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncalc.catalogue.registry import operation
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, Slice, call
from nncalc.language.parse import parse_expression
from nncalc.language.text import INFIX, equation_text, number_text, setting_text, to_text

a, b, c, W = Name("a"), Name("b"), Name("c"), Name("W")

WRITTEN = [
    (a + b * c, "a + b * c"),
    ((a + b) * c, "(a + b) * c"),
    (a - (b - c), "a - (b - c)"),
    (a - b - c, "a - b - c"),
    (a + (b - c), "a + (b - c)"),
    (a / (b * c), "a / (b * c)"),
    (a / b / c, "a / b / c"),
    (a * (b / c), "a * (b / c)"),
    # @ beside * or / shows its parentheses, though Python would not need them
    ((a * b) @ c, "(a * b) @ c"),
    ((a @ b) * c, "(a @ b) * c"),
    (a * (b @ c), "a * (b @ c)"),
    (a @ b @ c, "a @ b @ c"),
    (a @ (b @ c), "a @ (b @ c)"),
    (-a * b, "-a * b"),
    (a * -b, "a * (-b)"),
    (a - Const(-2), "a - (-2)"),
    (Const(-2) * a, "-2 * a"),
    (-(a + b), "-(a + b)"),
    (-(a * b), "-(a * b)"),
    (-(a**2), "-a ** 2"),
    ((-a) ** 2, "(-a) ** 2"),
    (Const(-2) ** a, "(-2) ** a"),
    (Const(-0.0) ** a, "(-0) ** a"),
    (a**-b, "a ** -b"),
    (a ** Const(-1), "a ** -1"),
    ((a**b) ** c, "(a ** b) ** c"),
    (a ** (b**c), "a ** b ** c"),
    ((a * b) ** c, "(a * b) ** c"),
    ((a > b) * c, "(a > b) * c"),
    (a > b + c, "a > b + c"),
    ((a > b) > c, "(a > b) > c"),
    ((a + b).T, "(a + b).T"),
    (-(a.T), "-a.T"),
    ((-a).T, "(-a).T"),
    (Const(2).T, "(2).T"),
    (W.T @ a, "W.T @ a"),
    ((a @ b)[0], "(a @ b)[0]"),
    (call.index(a, index=(Slice(None, None, None), None)), "a[:, None]"),
    (call.index(a, index=(Slice(1, -1, 2), -1)), "a[1:-1:2, -1]"),
    (call.scatter(a, index=(1,), shape=(3,)), "scatter(a, index=(1,), shape=(3,))"),
    (call.scatter(a, index=(Slice(1, None, None),), shape=(3,)), "scatter(a, index='1:', shape=(3,))"),
    (call.sum(a, axis=0, keepdims=True), "sum(a, axis=0, keepdims=True)"),
    (call.mse(a, b, reduction="sum"), "mse(a, b, reduction='sum')"),
    (call.max(Const(0), a), "max(0, a)"),
]


@pytest.mark.parametrize(("expression", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_text_and_back(expression: Expression, text: str) -> None:
    assert to_text(expression) == text
    assert parse_expression(text, operation) == expression


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.5, "-0.5"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (1e22, "1e+22"),
        (100.0, "100"),
        (1 / 3, "0.3333333333333333"),
    ],
)
def test_numbers_are_the_shortest_that_read_back(value: float, text: str) -> None:
    assert number_text(value) == text
    assert float(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (None, "None"),
        ("sum", "'sum'"),
        ((1,), "(1,)"),
        ((1, None), "(1, None)"),
        (Name("m"), "m"),
        (0.5, "0.5"),
    ],
)
def test_settings(value: Setting, text: str) -> None:
    assert setting_text(value) == text


def test_an_equation() -> None:
    assert (
        equation_text(Equation("W1.grad", call.outer(Name("hbar1.grad"), Name("x"))))
        == "W1.grad = outer(hbar1.grad, x)"
    )


# --- random expressions ---------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "x1", "W2.grad", "b1.next", "learning_rate", "optimizer.beta1"]).map(Name)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(Const)
SLICES = st.builds(
    Slice,
    st.none() | st.integers(-9, 9),
    st.none() | st.integers(-9, 9),
    st.none() | st.sampled_from([-2, -1, 1, 2]),
)
INDICES = st.lists(SLICES | st.none() | st.integers(-9, 9), min_size=1, max_size=3).map(tuple)
AXES = st.integers(-3, 3) | st.lists(st.integers(-3, 3), max_size=3).map(tuple)


def negated(argument: Expression) -> Expression:
    """−e as the parser reads it: a minus in front of a number is part of the number."""
    return Const(-argument.value) if isinstance(argument, Const) else -argument


def larger(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(lambda op, u, v: Apply(op, (u, v)), st.sampled_from(list(INFIX)), parts, parts),
        parts.map(negated),
        parts.map(lambda u: u.T),
        st.builds(lambda u, index: call.index(u, index=index), parts, INDICES),
        st.builds(lambda u, index: call.scatter(u, index=index, shape=(3, 4)), parts, INDICES),
        st.builds(lambda u, axis: call.sum(u, axis=axis, keepdims=True), parts, AXES),
        st.builds(lambda u, v: call.where(u, v, 0), parts, parts),
        st.builds(lambda u, slope: call.leaky_relu(u, slope=slope), parts, st.floats(0, 1)),
        st.builds(lambda u, v: call.mse(u, v, reduction="none"), parts, parts),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(NAMES | NUMBERS, larger, max_leaves=25))
def test_every_expression_reads_back_from_its_text(expression: Expression) -> None:
    text = to_text(expression)
    assert parse_expression(text, operation) == expression
    assert to_text(parse_expression(text, operation)) == text


@settings(max_examples=100, deadline=None)
@given(st.recursive(NAMES | NUMBERS, larger, max_leaves=12))
def test_equal_expressions_are_equal_and_hash_alike(expression: Expression) -> None:
    again = parse_expression(to_text(expression), operation)
    assert again == expression
    assert hash(again) == hash(expression)
    assert again != expression + 1
    assert again != "text"
