"""The Typer app: a group that imports a command's module only when that command runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from nncalc import __version__
from nncalc.cli import commands, output
from nncalc.cli.arguments import no_color, printing_help, sort_arguments, write_example
from nncalc.errors import UsageError, nearest

EXAMPLE = """\
nncalc sgd
nncalc softmax 2 -1 5 0 --label 2
nncalc grad "(x + y) * z" x=-2 y=5 z=-4"""


class LazyGroup(TyperGroup):
    """The commands of the table. Their help lines stand there too, so that `--help` imports none of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return commands.names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = commands.canonical(cmd_name)
        return commands.load(name) if name else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str, Any, list[str]]:
        """The command's own name, so that messages name it as its help does, however it was typed."""
        name = commands.canonical(args[0])
        if name is None:
            raise _no_command(args[0])
        return name, commands.load(name), args[1:]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options, rest = sort_arguments(args, self.get_params(ctx), until_positional=True)
        return super().parse_args(ctx, [*options, "--", *rest])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for group in commands.GROUPS:
            rows = [(name, entry.help) for name, entry in commands.COMMANDS.items() if entry.group == group]
            with formatter.section(group):
                formatter.write_dl(rows)
        with formatter.section(commands.ACTIVATION.group):
            formatter.write_text(", ".join(commands.activations()))

    def get_help_option(self, ctx: Any) -> Any:
        return printing_help(super().get_help_option(ctx))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_example(formatter, EXAMPLE)


def _no_command(name: str) -> UsageError:
    if name.endswith((".yaml", ".yml")):
        return UsageError(f"no command '{name}'", hint=f"To work it out: 'nncalc sgd {name}'.")
    best = nearest(name, commands.names())
    return UsageError(f"no command '{name}'", hint=f"Did you mean '{best}'?" if best else "")


app = typer.Typer(cls=LazyGroup, add_completion=False, rich_markup_mode=None, invoke_without_command=True)


def _show_version(given: bool) -> None:
    if given:
        output.print_lines([[(f"nncalc {__version__}", "")]])
        raise typer.Exit


@app.callback()
def nncalc(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")
    ] = False,
) -> None:
    """A calculator for neural-net homework: every step with its formula, the numbers put in and the result."""
    if context.invoked_subcommand is None:
        output.print_lines([[(line, "")] for line in context.get_help().splitlines()])


def command() -> Any:
    """The app as Click knows it."""
    group = get_command(app)
    group.params.append(no_color())
    return group
