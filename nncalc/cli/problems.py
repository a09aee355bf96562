"""`nncalc problems`: the problems that come with nncalc, or the file of one."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, Json
from nncalc.errors import UsageError, did_you_mean
from nncalc.problem import shipped


def problems(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", show_default=False, help="Print the file of this problem.")
    ] = None,
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """The problems that come with nncalc.

    Wherever a command takes a FILE, the name of one of these will do.

    Example:
    nncalc problems
    nncalc problems xor > xor.yaml
    """
    paths = _paths(name)
    if json:
        entries = [_entry(path) for path in paths]
        output.print_json({"nncalc": 1, "command": "problems", "problems": entries})
    elif name is not None:
        output.print_bytes(paths[0].read_bytes())
    else:
        column = max((len(path.stem) for path in paths), default=0)
        for path in paths:
            room = max(output.width() - column - 2, 20)
            title = textwrap.wrap(shipped.summary_of(path).title, room) or [""]
            names = [path.stem, *[""] * (len(title) - 1)]
            output.print_lines(
                [[(name.ljust(column), "bold"), (f"  {line}", "")] for name, line in zip(names, title, strict=True)]
            )
        without = shipped.names_without_data()
        if without:
            text = (
                f"More, that need a file of data first: {', '.join(without)}. 'nncalc problems {without[0]}' says how."
            )
            output.print_lines([[], *([(line, "dim")] for line in textwrap.wrap(text, output.width()))])


def _paths(name: str | None) -> list[Path]:
    if name is None:
        return [path for known in shipped.names() if (path := shipped.path_of(known))]
    path = shipped.path_of(name)
    if path is None:
        raise UsageError(
            f"no problem '{name}' comes with nncalc",
            hint=did_you_mean(name, [*shipped.names(), *shipped.names_without_data()]),
        )
    return [path]


def _entry(path: Path) -> dict[str, Any]:
    found = shipped.summary_of(path)
    facts = {"title": found.title, "layers": list(found.layers), "loss": found.loss}
    return {"name": path.stem, **{key: value for key, value in facts.items() if value}}
