"""The lines of a sheet: one name and one expression each, in any order but without a circle."""

from __future__ import annotations

import pytest

from nncalc.catalogue.registry import is_operation, operation
from nncalc.errors import ExpressionError, did_you_mean, nearest
from nncalc.language.equation import Equation, Program, in_order
from nncalc.language.expression import Name, call
from nncalc.language.parse import parse_equations
from nncalc.language.text import equation_text


def lines(text: str) -> list[tuple[str, str, int]]:
    found = parse_equations(text, operation, is_operation)
    return [(name, equation_text(Equation(name, e)).split(" = ", 1)[1], line) for name, e, line in found]


def ordered(text: str) -> list[str]:
    return [e.name for e in in_order(Equation(n, e) for n, e, _ in parse_equations(text, operation, is_operation))]


def refused(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as error:
        in_order(Equation(n, e) for n, e, _ in parse_equations(text, operation, is_operation))
    return error.value


def test_blank_lines_and_remarks_are_passed_over() -> None:
    text = "\n# a remark\nh = W @ x  # the linear layer\n\n   \n  loss = l2(h, y)\n#end"
    assert lines(text) == [("h", "W @ x", 3), ("loss", "l2(h, y)", 6)]
    assert lines("") == []
    assert lines("a=1\r\nb=2") == [("a", "1", 1), ("b", "2", 2)]


def test_one_equals_sign_beside_those_of_settings_and_comparisons() -> None:
    assert lines("s=sum(A, axis=0)") == [("s", "sum(A, axis=0)", 1)]
    assert lines("m = x == y") == [("m", "x == y", 1)]
    assert lines("m=x>=y") == [("m", "x >= y", 1)]
    assert lines("m = x != y") == [("m", "x != y", 1)]
    assert lines("m = x <= -y") == [("m", "x <= -y", 1)]


@pytest.mark.parametrize("name", ["h2.grad", "W1.next", "W1.m.next", "W1.mhat", "optimizer.t", "_1"])
def test_names_that_an_override_may_give(name: str) -> None:
    assert lines(f"{name} = x") == [(name, "x", 1)]


LETTERS = "a name has ASCII letters, digits and _, and is no word of Python's"
SUFFIXES = "known are .grad, .next, .previous, .m, .v, .s, .d, .mhat, .vhat"


@pytest.mark.parametrize(
    ("text", "line", "offset", "message", "label", "hint"),
    [
        ("a = 1\nb = c = 2", 2, 0, "an equation has one '='", "expected name = expression", ""),
        ("a == 1", 1, 0, "an equation has one '='", "expected name = expression", ""),
        ("  W1 @ x", 1, 2, "an equation has one '='", "expected name = expression", ""),
        ("h = 1\n\nh = 2", 3, 0, "h is assigned twice", "line 1 of the equations assigns it first", ""),
        ("é = 1", 1, 0, "'é' can't be a name", LETTERS, ""),
        ("lambda = 1", 1, 0, "'lambda' can't be a name", LETTERS, ""),
        ("2h = 1", 1, 0, "'2h' can't be a name", LETTERS, ""),
        ("x + y = 1", 1, 0, "'x + y' can't be a name", LETTERS, ""),
        ("h[0] = 1", 1, 0, "'h[0]' can't be a name", LETTERS, ""),
        ("__h = 1", 1, 0, "'__h' can't be a name", LETTERS, ""),
        ("h += 1", 1, 0, "'h +' can't be a name", LETTERS, ""),
        ("h := 1", 1, 0, "'h :' can't be a name", LETTERS, ""),
        (" = 1", 1, 1, "a name is missing here", "expected name = expression", ""),
        ("h.T = 1", 1, 0, "'.T' is no suffix of a name", SUFFIXES, ""),
        ("h.foo = 1", 1, 0, "'.foo' is no suffix of a name", SUFFIXES, ""),
        ("sum = 1", 1, 0, "'sum' is the name of an operation", "an equation's name must be another", "Try 'sum1'."),
        (
            "sum.grad = 1",
            1,
            0,
            "'sum' is the name of an operation",
            "an equation's name must be another",
            "Try 'sum1'.",
        ),
        ("h = ", 1, 3, "nothing stands here", "expected an expression such as W1 @ x + b1", ""),
        (
            "a = 1\n  h = W1 x # so",
            2,
            6,
            "an operator is missing here",
            "expected one in between, as in W1 @ x or 2 * x",
            "",
        ),
        ("h = 1 + sigmiod(x)", 1, 8, "there is no operation 'sigmiod'", "", "Did you mean 'sigmoid'?"),
        ("h = (1 + 2", 1, 4, "a parenthesis is never closed", "expected an expression such as W1 @ x + b1", ""),
    ],
)
def test_lines_that_are_no_equation(text: str, line: int, offset: int, message: str, label: str, hint: str) -> None:
    error = refused(text)
    assert (error.message, error.label, error.hint) == (message, label, hint)
    assert (error.line, error.offset) == (line, offset)
    assert error.equation == text.split("\n")[line - 1].split("#")[0].strip()


# --- order -----------------------------------------------------------------------------------------------------------


def test_each_equation_stands_behind_those_it_uses() -> None:
    assert ordered("loss = l2(h2, y)\nh2 = W2 @ h1\nh1 = relu(a)\na = W1 @ x") == ["a", "h1", "h2", "loss"]


def test_what_is_in_order_already_stays_as_it_is() -> None:
    assert ordered("b = x\na = x\nc = a + b") == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "round_trip"),
    [
        ("h = h + 1", ["h", "h"]),
        ("a = b\nb = a", ["a", "b", "a"]),
        ("x1 = 1\na = x1 + b\nb = c\nc = 2 * a\nd = a", ["a", "c", "b", "a"]),
    ],
)
def test_a_circle_is_refused_and_named_all_the_way_round(text: str, round_trip: list[str]) -> None:
    error = refused(text)
    assert error.message == f"the equations go in a circle: {' → '.join(round_trip)}"
    assert error.label == f"{round_trip[0]} is worked out from itself"
    assert error.names == (round_trip[0],)


def test_a_program_finds_its_equations() -> None:
    forward, backward = Equation("h", call.relu(Name("x"))), Equation("h.grad", Name("h"), "backward")
    program = Program((forward, backward))
    assert program.named("h") is forward
    assert program.named("x") is None
    assert program.phase("backward") == (backward,)
    assert program.with_equations([forward]).equations == (forward,)
    assert forward.inputs == ("x",)


# --- the nearest name ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("sofmax", ["softmax", "relu"], "Did you mean 'softmax'?"),
        ("Leaky-ReLU", ["leaky_relu", "relu"], "Did you mean 'leaky_relu'?"),
        ("zzz", ["a", "b"], "Known are: a, b."),
        ("zzz", [], ""),
        ("zzz", [f"name{i}" for i in range(13)], ""),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint
    assert nearest(word, known) == (hint.split("'")[1] if "Did" in hint else "")
