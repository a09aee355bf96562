"""Any text at all: read, shaped, differentiated and evaluated, or refused with an error of ours, never another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.registry import operation
from nncalc.errors import DomainError, ExpressionError, NncalcError
from nncalc.language.parse import parse_expression
from tests.engine.programs import derive

VALUES = [
    "0",
    "1",
    "-1",
    "2",
    "0.5",
    "(0,)",
    "(0, 1)",
    "(-1,)",
    "(2, 3)",
    "(3, 2)",
    "()",
    "True",
    "None",
    "a",
    "1.0",
    "'e'",
]
VALUES += ["'sum'", "'none'", "':'", "':, 1:'", "'1'", "1/3", "1e300", "(0, None)", "((1,),)", "'∞'"]
WORDS = [
    "x",
    "y",
    "A",
    "B",
    "a",
    "zz",
    "x.grad",
    "learning_rate",
    "0",
    "1",
    "2.5",
    "-1",
    "1e308",
    ".T",
    "[0]",
    "[:, None]",
    "[1:]",
]
SYMBOLS = [
    "+",
    "-",
    "*",
    "/",
    "**",
    "@",
    ">",
    "==",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ".",
    "=",
    " ",
    "'",
    "#",
    "\n",
    "lambda",
    "−",
    "é",
]
GIVEN = {"x": np.ones(3), "y": np.full(3, 0.5), "A": np.ones((2, 3)) / 3, "B": np.ones((2, 3)) / 3, "a": np.array(0.5)}

NAMES = st.sampled_from(["x", "y", "A", "B", "a", "A[0]", "x[:2]", "A.T", "x[None]", "0", "1.5", "-2"])


@st.composite
def calls(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """A call of an operation with its own number of arrays and its own settings, whatever they are set to."""
    entry = operation(draw(st.sampled_from(sorted(MODULE_OF))))
    arrays = [draw(NAMES) for _ in range(len(entry.args) - draw(st.integers(0, entry.optional)))]
    keys = draw(st.lists(st.sampled_from([o.name for o in entry.options]), unique=True)) if entry.options else []
    return f"{entry.name}({', '.join([*arrays, *(f'{key}={draw(st.sampled_from(VALUES))}' for key in keys)])})"


CALLS = calls()
TERMS = st.one_of(CALLS, CALLS, NAMES)
EXPRESSIONS = st.builds(
    lambda u, op, v: f"{u} {op} {v}", TERMS, st.sampled_from(["+", "*", "@", "/", "**", ">"]), TERMS
)
LENIENT = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def refusal(action: Callable[[], Any]) -> NncalcError | None:
    """The error of ours that the action ends with, if it does; any other error is the test's failure."""
    try:
        action()
    except NncalcError as error:
        return error
    return None


@LENIENT
@given(st.text(max_size=30) | st.lists(st.sampled_from(WORDS + SYMBOLS), max_size=15).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    error = refusal(lambda: parse_expression(text, operation))
    if error is not None:
        assert isinstance(error, ExpressionError)
        assert error.message
        assert 0 <= error.offset <= len(text)


@LENIENT
@given(CALLS | EXPRESSIONS)
def test_any_call_is_worked_out_or_refused(text: str) -> None:
    error = refusal(lambda: derive(f"q = {text}\nloss = sum(q)", GIVEN, labels=()))
    if error is not None:
        assert error.message
        assert error.equation
        return
    case = derive(f"q = {text}\nloss = sum(q)", GIVEN, labels=())
    error = refusal(case.evaluated)
    if error is not None:
        assert isinstance(error, DomainError)
        assert error.equation
        return
    for name, value in case.evaluated().items():
        assert value.shape == case.shapes.known[name], name
