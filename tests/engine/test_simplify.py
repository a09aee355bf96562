"""Simplification, rule by rule: what a derived expression is turned into, and what has to stay."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.catalogue.registry import operation
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes
from nncalc.engine.simplify import Simplifier, is_zero
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Const, call
from nncalc.language.parse import parse_expression
from nncalc.language.text import to_text

ARRAYS = {
    "a": np.array(1.5),
    "b": np.array(-0.7),
    "x": np.array([0.3, -1.2, 2.0]),
    "y": np.array([1.1, 0.4, -0.9]),
    "A": np.array([[0.2, 1.0, -0.5], [2.0, -1.5, 0.7]]),
    "B": np.array([[1.2, 0.1, 0.5], [-2.0, 0.5, 0.3]]),
    "T": np.arange(1.0, 9.0).reshape(2, 2, 2),
    "h": np.tanh([0.3, -1.2, 2.0]),
}
SHAPES = Shapes({name: value.shape for name, value in ARRAYS.items()})
NAMED = {call.tanh(parse_expression("x", operation)): "h"}

RULES = [
    # ones, zeros, signs
    ("1 * x", "x"),
    ("x / 1", "x"),
    ("x ** 1", "x"),
    ("x ** 0", "broadcast(1, shape=(3,))"),
    ("0 * x", "broadcast(0, shape=(3,))"),
    ("0 * a", "0"),
    ("x + 0", "x"),
    ("0 - x", "-x"),
    ("a + 0 * x", "broadcast(a, shape=(3,))"),
    ("-(-x)", "x"),
    ("-(x - y)", "y - x"),
    ("-(x * y)", "-x * y"),
    ("-1 * (x - y)", "y - x"),
    ("-x * -y", "x * y"),
    ("x - -y", "x + y"),
    ("-x + y", "y - x"),
    ("-x - y", "-x - y"),
    ("x + -2 * y", "x - 2 * y"),
    ("x + x", "2 * x"),
    ("2 * x + 2 * x", "4 * x"),
    ("1 + 2", "3"),
    ("where(x > 0, 0, 0)", "broadcast(0, shape=(3,))"),
    # entry by entry from flattened arrays
    ("reshape(flatten(A) - flatten(B), shape=(2, 3))", "A - B"),
    ("reshape(2 * (flatten(A) - flatten(B)) / a, shape=(2, 3))", "2 * (A - B) / a"),
    ("reshape(relu(flatten(T)), shape=(2, 2, 2))", "relu(T)"),
    ("reshape(flatten(A) - flatten(B), shape=(3, 2))", "reshape(flatten(A) - flatten(B), shape=(3, 2))"),
    ("reshape(flatten(A) @ flatten(B), shape=(1,))", "reshape(flatten(A) @ flatten(B), shape=(1,))"),
    ("reshape(a, shape=(1,))", "reshape(a, shape=(1,))"),
    # one fraction, its numbers shortened exactly
    ("2 * (3 * x)", "6 * x"),
    ("x * 2 * y * 3", "6 * x * y"),
    ("2 * x / 4", "x / 2"),
    ("4 * x / 2", "2 * x"),
    ("2 * x / 3", "2 * x / 3"),
    ("x / 3 / 2", "x / 6"),
    ("x / (y / 2)", "2 * x / y"),
    ("x / (-3)", "-x / 3"),
    ("2 * (x - y) / -4", "(y - x) / 2"),
    ("0.5 * 2 * x", "x"),
    ("0.1 * 3 * x", "0.3 * x"),
    ("0.5 * x / 3", "x / 6"),
    ("-0.5 * x / 3", "-x / 6"),
    ("0.3 * x / 2", "0.15 * x"),
    ("0.3 * x / 7", "0.3 * x / 7"),
    ("0.3 * x / -7", "-0.3 * x / 7"),
    ("0.3 * x / 0.7", "0.42857142857142855 * x"),
    ("0.1 / 2 * (2 * x)", "0.1 * x"),
    ("1 / 3 * x", "x / 3"),
    ("x / 0", "x / 0"),
    # equal factors above and below
    ("x * y / x", "y"),
    ("x / x", "broadcast(1, shape=(3,))"),
    ("x * y * x / x", "y * x"),
    ("norm(x) * x / norm(x)", "x"),
    # numbers repeated to an array
    ("broadcast(a, shape=(3,)) * x", "a * x"),
    ("broadcast(2, shape=(3,)) * broadcast(a, shape=(3,))", "broadcast(2 * a, shape=(3,))"),
    ("broadcast(1 / 3, shape=(3,)) * x", "x / 3"),
    ("broadcast(1 / 3, shape=(3,)) * 1 * x", "x / 3"),
    ("broadcast(x, shape=(2, 3)) * A", "x * A"),
    ("broadcast(x, shape=(2, 3)) * y", "broadcast(x, shape=(2, 3)) * y"),
    ("sum(broadcast(a, shape=(3,)))", "3 * a"),
    ("sum(broadcast(a, shape=(2, 3)), axis=0)", "broadcast(2 * a, shape=(3,))"),
    ("broadcast(a, shape=(2, 3)).T", "broadcast(a, shape=(3, 2))"),
    ("broadcast(a, shape=(3,))[1]", "a"),
    ("broadcast(x, shape=(3,))", "x"),
    # what is linear lets a minus out
    ("sum(-x)", "-sum(x)"),
    ("(-A) @ x", "-(A @ x)"),
    ("(-A) @ (-x)", "A @ x"),
    ("outer(-x, y)", "-outer(x, y)"),
    ("sum(0 * x)", "0"),
    # transposes
    ("A.T.T", "A"),
    ("x.T", "x"),
    ("outer(x, y).T", "outer(y, x)"),
    ("(A.T @ B).T", "B.T @ A"),
    ("(T @ T).T", "(T @ T).T"),
    # what a forward equation has named
    ("1 - tanh(x) ** 2", "1 - h ** 2"),
    # axes kept and taken away again
    ("sum(A, axis=1, keepdims=True)[:, 0]", "sum(A, axis=1)"),
    ("sum(A, axis=(0, 1), keepdims=True)[0, 0]", "sum(A, axis=(0, 1))"),
    ("sum(A, axis=(0, 1), keepdims=True)[0]", "sum(A, axis=(0, 1), keepdims=True)[0]"),
    ("sum(A, axis=0, keepdims=True)[:, 0]", "sum(A, axis=0, keepdims=True)[:, 0]"),
    ("sum(A, axis=1)[0]", "sum(A, axis=1)[0]"),
    # and what stays
    ("exp(x - x)", "exp(x - x)"),
    ("x * x", "x * x"),
    ("max(x, 0) + 1", "max(x, 0) + 1"),
    # numbers that no double holds when they are multiplied
    ("1e+200 * (1e+200 * x)", "1e+200 * (1e+200 * x)"),
    ("-1e-200 * (x / 1e+200)", "-1e-200 * (x / 1e+200)"),
    ("1e-320 * x", "1e-320 * x"),
]


def simple(text: str) -> str:
    return to_text(Simplifier(SHAPES, NAMED)(parse_expression(text, operation)))


@pytest.mark.parametrize(("text", "expected"), RULES, ids=[text for text, _ in RULES])
def test_rules(text: str, expected: str) -> None:
    assert simple(text) == expected
    # what is simple stays as it is
    assert simple(expected) == expected


@pytest.mark.parametrize("text", [text for text, _ in RULES if text != "x / 0"])
def test_every_rule_keeps_value_and_shape(text: str) -> None:
    expression = parse_expression(text, operation)
    program = Program((Equation("before", expression), Equation("after", Simplifier(SHAPES, NAMED)(expression))))
    values = evaluate(program, ARRAYS).values
    assert values["after"].shape == values["before"].shape
    assert values["after"] == pytest.approx(values["before"], rel=1e-14, abs=1e-15)


def test_what_is_plainly_zero() -> None:
    assert is_zero(Const(0.0))
    assert is_zero(call.broadcast(0, shape=(3,)))
    assert not is_zero(Const(1.0))
    assert not is_zero(parse_expression("x - x", operation))
