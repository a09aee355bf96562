"""Reading a command's arguments: what is an option, what is a number, and what was misspelt.

Click takes whatever begins with `-` for an option. Here arguments are sorted before Click sees them: options with
their values, then `--`, then everything positional, so that Click never has to guess what `-1e-3` is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from nncalc.cli import output
from nncalc.errors import UsageError, nearest

NUMBER = re.compile(r"[-−+]?\s*(\.?\d.*|inf(inity)?|nan)", re.IGNORECASE | re.DOTALL)
ASSIGNMENT = re.compile(r"\s*[A-Za-z_][\w.]*\s*=(?!=)")
EXAMPLE = re.compile(r"\n\s*\nExamples?:\s*\n?")


def looks_like_number(text: str) -> bool:
    """Whether the text begins as a number does. Whether it is one, its reader says, and why not (`-1,5`, `-inf`)."""
    return NUMBER.fullmatch(text.strip()) is not None


def looks_like_expression(text: str) -> bool:
    """Whether the text can be read as an expression, whatever its names mean."""
    try:
        ast.parse(text.strip().replace("−", "-"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class Command(TyperCommand):
    """A command of nncalc: numbers may be negative, misspelt options are named, `--no-color` is understood.

    What follows `Example:` in the function's docstring is shown as it is written.
    """

    takes_expression = False

    def __init__(self, *args: Any, **settings: Any) -> None:
        text, *examples = EXAMPLE.split(settings.pop("help", None) or "")
        settings["params"] = [*settings.get("params", ()), no_color()]
        super().__init__(*args, help=text, **settings)
        self.example = "\n".join(line.strip() for line in "\n".join(examples).strip().splitlines())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options, positional = sort_arguments(args, self.get_params(ctx), expressions=self.takes_expression)
        return super().parse_args(ctx, [*options, "--", *positional])

    def get_help_option(self, ctx: Any) -> Any:
        return printing_help(super().get_help_option(ctx))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_example(formatter, self.example)


class ExpressionCommand(Command):
    """A command whose first argument is an expression, also one that begins with a minus."""

    takes_expression = True


def _forbid_colour(given: bool) -> None:
    if given:
        output.forbid_colour()


def _with_no_color(
    no_color: Annotated[
        bool,
        typer.Option(
            "--no-color", is_eager=True, expose_value=False, callback=_forbid_colour, help="Print without colours."
        ),
    ] = False,
) -> None:
    """A signature for Typer to read."""


@cache
def no_color() -> Any:
    """`--no-color`, for every command: it changes how things are printed, so no command has to know of it."""
    signature = typer.Typer(add_completion=False)
    signature.command()(_with_no_color)
    return get_command(signature).params[0]


def printing_help(option: Any) -> Any:
    """`--help`, its text written as all other output is: Click's own way knows no full disk."""
    option.callback = _show_help
    return option


def _show_help(context: Any, _option: Any, given: bool) -> None:
    if given:
        output.print_lines([[(line, "")] for line in context.get_help().splitlines()])
        context.exit()


def write_example(formatter: Any, example: str) -> None:
    """The section with an example, its lines unwrapped."""
    if example:
        with formatter.section("Example"):
            for line in example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def sort_arguments(
    args: list[str], parameters: Iterable[Any], *, expressions: bool = False, until_positional: bool = False
) -> tuple[list[str], list[str]]:
    """The options with their values, as Click knows them, and the positional arguments, each in their order.

    parameters: Click's, of which the options are looked at. expressions: whether the first argument that isn't
    NAME=VALUE may be an expression with a minus in front. until_positional: whether the first positional argument ends
    the options, as the name of a command does. Raises UsageError for an option that there is not.
    """
    known = {name: option for option in parameters if option.param_type_name == "option" for name in _names(option)}
    options: list[str] = []
    positional: list[str] = []
    waiting = list(reversed(args))
    while waiting:
        word = waiting.pop()
        if word == "--" or (until_positional and not word.startswith("-")):
            return options, [*positional, *([] if word == "--" else [word]), *reversed(waiting)]
        name, equals, value = word.partition("=")
        if name.startswith("--") and (name in known or name.replace("_", "-") in known):
            name = name if name in known else name.replace("_", "-")
            options.append(name + equals + value)
            if _takes_value(known[name]) and not equals:
                options += _values(name, known[name].nargs, waiting, known)
        elif len(word) > 1 and word[:2] in known and not looks_like_number(word):
            options += [word, *_short_values(word, waiting, known)]
        elif _is_positional(word, expression=expressions and all(ASSIGNMENT.match(before) for before in positional)):
            positional.append(word)
        elif until_positional and waiting:
            raise _no_option(word, known, "A command's options stand behind its name: 'nncalc sgd --json'.")
        else:
            raise _no_option(word, known)
    return options, positional


def _names(option: Any) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def _takes_value(option: Any) -> bool:
    return not (option.is_flag or option.count)


def _values(name: str, count: int, waiting: list[str], known: dict[str, Any]) -> list[str]:
    """The words behind an option that are its values, whatever they begin with, but never another option."""
    values: list[str] = []
    while waiting and len(values) < count and waiting[-1].partition("=")[0] not in known:
        values.append(waiting.pop())
    if len(values) < count:
        raise UsageError(f"option '{name}' needs {'a value' if count == 1 else f'{count} values'}")
    return values


def _short_values(word: str, waiting: list[str], known: dict[str, Any]) -> list[str]:
    """What `-n` takes from the words behind it: nothing when the value is attached (`-n3`) or all are flags (`-ab`)."""
    for at, letter in enumerate(word[1:], start=2):
        option = known.get(f"-{letter}")
        if option is None:
            raise _no_option(word, known)
        if _takes_value(option):
            return [] if word[at:] else _values(f"-{letter}", option.nargs, waiting, known)
    return []


def _is_positional(word: str, *, expression: bool) -> bool:
    """Whether a word that isn't an option stands for itself. expression: whether an expression is still to come."""
    if word == "-" or not word.startswith("-"):
        return True
    if word.startswith("--"):
        return False
    return looks_like_number(word) or (expression and looks_like_expression(word))


def _no_option(word: str, known: dict[str, Any], hint: str = "") -> UsageError:
    """hint: what is said where no option has a name like it."""
    name = word.partition("=")[0]
    stem = name.lstrip("-")
    stems = [option.removeprefix("--") for option in known if option.startswith("--")]
    begun = [candidate for candidate in stems if stem and candidate.startswith(stem)]
    best = begun[0] if len(begun) == 1 else nearest(stem, stems)
    return UsageError(f"no option '{name}'", hint=f"Did you mean '--{best}'?" if best else hint)
