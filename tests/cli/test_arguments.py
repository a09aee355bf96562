"""What is an option, what is a number, what was misspelt."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from nncalc.cli.arguments import looks_like_number, sort_arguments
from nncalc.cli.commands import build
from nncalc.errors import UsageError

Seen = dict[str, Any]


def softmax(
    numbers: list[str],
    label: Annotated[int | None, typer.Option("--label")] = None,
    learning_rate: Annotated[str, typer.Option("--learning-rate")] = "",
    json: Annotated[bool, typer.Option("--json")] = False,
    every: Annotated[str, typer.Option("--every", "-e")] = "",
) -> Seen:
    return {"numbers": numbers, "label": label, "learning_rate": learning_rate, "json": json, "every": every}


def grad(expression: str, values: Annotated[list[str] | None, typer.Argument()] = None, wrt: str = "") -> Seen:
    return {"expression": expression, "values": values or [], "wrt": wrt}


def seen(function: Any, *args: str, expression: bool = False) -> Seen:
    """What the function is called with."""
    result: Seen = build(function.__name__, function, expression=expression).main(list(args), standalone_mode=False)
    return result


@pytest.mark.parametrize("text", ["-1", "-1e-3", "-.5", "-1.", "1/3", "-1/3", "−1", "-1_000", "-inf", "-nan", "-1,5"])
def test_a_number_is_positional_before_and_after_options(text: str) -> None:
    assert looks_like_number(text)
    assert seen(softmax, text, "--label", "2", text)["numbers"] == [text, text]
    assert seen(softmax, "--json", text, "2", "--label=2")["numbers"] == [text, "2"]


@pytest.mark.parametrize("text", ["-x", "-e", "--1", "-", "", "-label", "-information"])
def test_what_does_not_begin_as_a_number_is_none(text: str) -> None:
    assert not looks_like_number(text)


@pytest.mark.parametrize("text", ["-1e3", "-1e-3", "-1E5"])
def test_an_exponent_is_no_one_letter_option(text: str) -> None:
    assert seen(softmax, text, "-e", "7") == seen(softmax, "--every", "7", text)
    assert seen(softmax, text)["numbers"] == [text]


@pytest.mark.parametrize(
    ("args", "every"), [(["-e", "-1"], "-1"), (["-e3"], "3"), (["--every", "-.5"], "-.5"), (["--every=-2"], "-2")]
)
def test_values_of_options_may_be_negative(args: list[str], every: str) -> None:
    assert seen(softmax, "1", *args, "-2") == seen(softmax, "1", "-2", "--every", every)
    assert seen(softmax, "1", *args)["every"] == every


def test_a_negative_value_reaches_the_command() -> None:
    assert seen(softmax, "1", "--learning-rate", "-1", "--label", "-2") == {
        "numbers": ["1"],
        "label": -2,
        "learning_rate": "-1",
        "json": False,
        "every": "",
    }


def test_options_may_be_typed_with_underscores() -> None:
    assert seen(softmax, "1", "--learning_rate", "3")["learning_rate"] == "3"
    assert seen(softmax, "1", "--learning_rate=3")["learning_rate"] == "3"


def test_a_lone_dash_is_positional() -> None:
    assert seen(softmax, "--json", "-")["numbers"] == ["-"]


def test_behind_two_dashes_everything_is_positional() -> None:
    assert seen(softmax, "1", "--", "--json", "-x")["numbers"] == ["1", "--json", "-x"]


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (["--lable", "2"], "no option '--lable'", "Did you mean '--label'?"),
        (["--lable=2"], "no option '--lable'", "Did you mean '--label'?"),
        (["-label", "2"], "no option '-label'", "Did you mean '--label'?"),
        (["--learning", "2"], "no option '--learning'", "Did you mean '--learning-rate'?"),
        (["-h"], "no option '-h'", "Did you mean '--help'?"),
        (["-x"], "no option '-x'", ""),
        (["--slope", "1"], "no option '--slope'", ""),
        (["-x*y"], "no option '-x*y'", ""),
        (["--1"], "no option '--1'", ""),
        (["--no-colour"], "no option '--no-colour'", "Did you mean '--no-color'?"),
        (["--label"], "option '--label' needs a value", ""),
        (["--label", "--json"], "option '--label' needs a value", ""),
        (["-e"], "option '-e' needs a value", ""),
    ],
)
def test_what_is_no_option_is_refused(args: list[str], message: str, hint: str) -> None:
    for around in (["1", *args], [*args]):
        with pytest.raises(UsageError) as caught:
            seen(softmax, *around)
        assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("text", ["-x*y", "-(x)", "-x", "−x", "-exp(x) + 1", "-2*x", "- x"])
def test_an_expression_may_begin_with_a_minus(text: str) -> None:
    assert seen(grad, text, "x=-2", "--wrt", "x", expression=True) == {
        "expression": text,
        "values": ["x=-2"],
        "wrt": "x",
    }
    assert seen(grad, "--wrt", "x", text, "x=-2", expression=True)["expression"] == text


def test_values_may_stand_before_the_expression() -> None:
    """Which of the two is the expression is the command's affair; here both must arrive."""
    arrived = seen(grad, "x=-2", "-x", expression=True)
    assert [arrived["expression"], *arrived["values"]] == ["x=-2", "-x"]


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["x*y", "-wrt", "x"], "Did you mean '--wrt'?"),
        (["--x*y"], ""),
        (["-x*"], ""),
        (["x == y", "-wrt", "x"], "Did you mean '--wrt'?"),
    ],
)
def test_what_is_no_expression_or_one_too_many_is_an_option(args: list[str], hint: str) -> None:
    with pytest.raises(UsageError, match="no option") as caught:
        seen(grad, *args, expression=True)
    assert caught.value.hint == hint


words = st.lists(
    st.sampled_from(["1", "-1", "-1e3", "−2", "--json", "--label", "-f", "-fg", "-g", "-n", "-n7", "x"]), max_size=8
)


@given(words)
def test_sorting_loses_and_invents_nothing(args: list[str]) -> None:
    def option(*names: str, flag: bool) -> SimpleNamespace:
        kind = {"param_type_name": "option", "secondary_opts": [], "count": False, "nargs": 1}
        return SimpleNamespace(opts=list(names), is_flag=flag, **kind)

    known = [
        option("--json", flag=True),
        option("--label", flag=False),
        option("-f", flag=True),
        option("-g", flag=True),
        option("-n", flag=False),
    ]
    try:
        options, positional = sort_arguments(args, known)
    except UsageError as error:
        assert error.message in ("option '--label' needs a value", "option '-n' needs a value")  # noqa: PT017
        return
    assert sorted(options + positional) == sorted(args)
    assert [word for word in positional if word.startswith("-") and not looks_like_number(word)] == []
