"""Reading expressions: precedence, numbers, names, indices, settings."""

from __future__ import annotations

import pytest

from nncalc.catalogue.registry import operation
from nncalc.errors import ExpressionError
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, Slice, call, names_in, substitute, walk
from nncalc.language.parse import is_name, parse_expression

a, b, c, x, W = Name("a"), Name("b"), Name("c"), Name("x"), Name("W")


def parse(text: str) -> Expression:
    return parse_expression(text, operation)


PRECEDENCE = [
    ("a + b * c", a + b * c),
    ("(a + b) * c", (a + b) * c),
    ("a - b - c", (a - b) - c),
    ("a - (b - c)", a - (b - c)),
    ("a / b * c", (a / b) * c),
    ("a / (b * c)", a / (b * c)),
    ("a * b @ c", (a * b) @ c),  # as in Python: one rank, from the left
    ("a @ b * c", (a @ b) * c),
    ("a @ b @ c", (a @ b) @ c),
    ("-a ** 2", -(a ** Const(2))),
    ("(-a) ** 2", (-a) ** Const(2)),
    ("a ** -b", a**-b),
    ("a ** b ** c", a ** (b**c)),
    ("-a * b", -a * b),
    ("-a @ b", -a @ b),
    ("a > b + c", a > b + c),
    ("a + b == c", Apply("equal", (a + b, c))),
    ("(a > b) * c", (a > b) * c),
    ("W.T @ x", W.T @ x),
    ("-x.T", -(x.T)),
    ("x.T ** 2", x.T ** Const(2)),
    ("x[0] ** 2", x[0] ** Const(2)),
    ("(a + b).T", (a + b).T),
    ("(a @ b)[0]", (a @ b)[0]),
    ("+a", a),
    ("--a", Apply("negative", (-a,))),
    ("exp(-a) + 1", call.exp(-a) + 1),
]


@pytest.mark.parametrize(("text", "expected"), PRECEDENCE)
def test_precedence_is_pythons(text: str, expected: Expression) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.1", 0.1),
        (".5", 0.5),
        ("5.", 5),
        ("1e-3", 0.001),
        ("1E3", 1000),
        ("1_000", 1000),
        ("-3", -3),
        ("\N{MINUS SIGN}3", -3),  # pasted from a sheet
        ("+3", 3),
        ("-0.5", -0.5),
        ("1e-400", 0),
        ("123456789012345678901234567890", 1.2345678901234568e29),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert parse(text) == Const(value)


def test_a_pasted_minus_subtracts() -> None:
    assert parse("x \N{MINUS SIGN} 1") == x - 1
    assert parse("x\N{MINUS SIGN}\N{MINUS SIGN}1") == x - Const(-1.0)


@pytest.mark.parametrize(
    "text", ["x", "W1", "h2.grad", "W1.next", "W1.previous", "W1.m.next", "W1.mhat", "optimizer.beta1", "_"]
)
def test_names(text: str) -> None:
    assert parse(text) == Name(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W1", True),
        ("_w", True),
        ("été", False),
        ("1a", False),
        ("a b", False),
        ("if", False),
        ("", False),
        ("__a", False),
    ],
)
def test_what_can_be_a_name(text: str, expected: bool) -> None:
    assert is_name(text) is expected


def test_a_gradient_is_transposed_like_any_array() -> None:
    assert parse("h2.grad.T @ x") == Name("h2.grad").T @ x


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("x[0]", (0,)),
        ("x[-1]", (-1,)),
        ("x[:, 1:]", (Slice(None, None, None), Slice(1, None, None))),
        ("x[::2]", (Slice(None, None, 2),)),
        ("x[::-1]", (Slice(None, None, -1),)),
        ("x[:, None]", (Slice(None, None, None), None)),
        ("x[1, 2]", (1, 2)),
        ("index(x, index=1)", (1,)),
        ("index(x, index='1:, None')", (Slice(1, None, None), None)),
    ],
)
def test_indices(text: str, index: tuple[Setting, ...]) -> None:
    assert parse(text) == Apply("index", (x,), (("index", index),))


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("sum(x)", ()),
        ("sum(x, axis=0)", (("axis", 0),)),
        ("sum(x, axis=-1, keepdims=True)", (("axis", -1), ("keepdims", True))),
        ("sum(x, axis=(0, 1))", (("axis", (0, 1)),)),
        ("leaky_relu(x, slope=1/3)", (("slope", 1 / 3),)),
        ("leaky_relu(x, slope=-.5)", (("slope", -0.5),)),
        ("clip(x, low=None, high=2)", (("low", None), ("high", 2))),
    ],
)
def test_settings(text: str, settings: tuple[object, ...]) -> None:
    expression = parse(text)
    assert isinstance(expression, Apply)
    assert expression.settings == settings


def test_a_line_may_end_anywhere() -> None:
    assert parse("  a\n + b\r\n + c ") == a + b + c


# --- errors in a call -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "label", "hint", "at"),
    [
        ("1 + sigmiod(x)", "there is no operation 'sigmiod'", "", "Did you mean 'sigmoid'?", "sigmiod"),
        ("xyzzy(x)", "there is no operation 'xyzzy'", "", "", "xyzzy"),
        ("softmax(x, temprature=2)", "softmax has no setting 'temprature'", "", "Did you mean 'temperature'?", "temp"),
        ("sum(x, a=1)", "sum has no setting 'a'", "", "Known are: axis, keepdims.", "a=1"),
        ("outer(x)", "outer takes 2 arrays, found 1", "expected outer(a, b)", "", "outer"),
        (
            "sum(W, 0)",
            "sum takes 1 array, found 2",
            "expected sum(x)",
            "A setting goes by its name: sum(W, axis=0).",
            "sum",
        ),
        (
            "clip(x, -1, 1)",
            "clip takes 1 array, found 3",
            "expected clip(x)",
            "A setting goes by its name: clip(x, low=-1, high=1).",
            "clip",
        ),
        ("a + max()", "max takes 1 or 2 arrays, found 0", "expected max(x, b)", "", "max"),
        ("sum(x, x=1)", "sum takes x by position", "write it without its name", "", "x=1"),
        ("sum(x, axis=1, axis=0)", "axis is given twice", "", "", "axis=0"),
        ("reshape(x)", "reshape needs its setting 'shape'", "expected shape=… behind the arrays", "", "reshape"),
        ("index(x)", "index needs its setting 'index'", "expected index=… behind the arrays", "", "index"),
        ("softmax(x, axis='a')", "softmax's axis can't be 'a'", "expected a number", "", "'a'"),
        (
            "sum(x, axis=[0])",
            "a setting is a number, True, False, a word in quotes, a tuple or a name",
            "found [0]",
            "",
            "[0]",
        ),
        ("index(x, index='a')", "an index is a whole number, a slice or None", "found 'a'", "", "'a'"),
    ],
)
def test_calls_that_do_not_fit(text: str, message: str, label: str, hint: str, at: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    error = refused.value
    assert (error.message, error.label, error.hint) == (message, label, hint)
    assert text[error.offset :].startswith(at)


# --- looking through an expression ---------------------------------------------------------------------------


def test_names_in_reading_order_each_once() -> None:
    assert names_in(parse("W2 @ relu(W1 @ x + b1) + b2 - x")) == ("W2", "W1", "x", "b1", "b2")


def test_walking_meets_arguments_before_the_operation() -> None:
    assert list(walk(parse("a * b + 2"))) == [a, b, a * b, Const(2), a * b + 2]


def test_substitution_reaches_the_first_of_a_thousand_terms() -> None:
    long = parse(" + ".join(f"x{i}" for i in range(1000)))
    found = substitute(long, lambda e: a if e == Name("x0") else None)
    assert names_in(found)[:2] == ("a", "x1")
    assert found != long


def test_substitution_exchanges_the_outermost_match() -> None:
    doubled = substitute(parse("a + exp(a * b)"), lambda e: c if e in (a, call.exp(a * b)) else None)
    assert doubled == c + c
