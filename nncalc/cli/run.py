"""One run of the command line, from its arguments to its exit status: the one place that catches errors."""

from __future__ import annotations

import sys
from typing import cast

import typer

from nncalc.cli import commands, output
from nncalc.cli.app import command
from nncalc.cli.failures import render, usage_error
from nncalc.errors import NncalcError

# The base of Click's usage errors has no public name in Typer; its public subclass leads there.
ClickUsageError = cast(type[typer.BadParameter], typer.BadParameter.__base__)

DONE, REFUSED, INTERRUPTED, PIPE_CLOSED = 0, 2, 130, 141


def run(arguments: list[str]) -> int:
    """The exit status of `nncalc` with these arguments. What is no user's mistake is a bug, and stays loud."""
    try:
        output.begin()
        return _status(arguments)
    except BrokenPipeError:
        output.abandon(sys.stdout, sys.stderr)
        return PIPE_CLOSED
    except KeyboardInterrupt:
        output.finish()
        return INTERRUPTED


def _status(arguments: list[str]) -> int:
    try:
        status = _invoke(arguments)
        output.flush()
        return status
    except NncalcError as error:
        failure = error
    except ClickUsageError as error:
        failure = usage_error(error.format_message())
    output.finish()  # what was printed before the failure stands before it
    output.complain(render(failure, program=_program(arguments), width=output.width(no_tty_default=100)))
    return REFUSED


def _invoke(arguments: list[str]) -> int:
    """Click's own main without what it does about errors, completion and Rich."""
    group = command()
    try:
        with group.make_context("nncalc", arguments) as context:
            group.invoke(context)
    except typer.Exit as leaving:
        return leaving.exit_code
    return DONE


def _program(arguments: list[str]) -> str:
    """`nncalc softmax` where the arguments name a command: the group's own options take no values."""
    for word in arguments:
        if not word.startswith("-"):
            break
        if word not in ("--no-color", "--"):
            return "nncalc"  # it is this option that the group does not know
    else:
        return "nncalc"
    name = commands.canonical(word)
    return f"nncalc {name}" if name else "nncalc"
