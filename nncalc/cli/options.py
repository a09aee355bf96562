"""Options and arguments that several commands have, worded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from nncalc.errors import NncalcError

PLACES = 4


def number(text: str | float) -> float:
    """A number as an option's value, as numbers are written everywhere in nncalc: `typer.Option(parser=number)`."""
    from nncalc.problem.numbers import parse_number

    try:
        value = parse_number(text) if isinstance(text, str) else float(text)
    except NncalcError as error:
        raise typer.BadParameter(error.message) from error
    if value is None:
        raise typer.BadParameter(f"'{text}' is not a number")
    return value


def whole(least: int, most: int | None = None) -> Callable[[str | int], int]:
    """A whole number as an option's value: `typer.Option(parser=whole(1))`."""

    def read(text: str | int) -> int:
        value = number(text)
        if value != int(value) or value < least or (most is not None and value > most):
            wanted = f"{least} or more" if most is None else f"from {least} to {most}"
            raise typer.BadParameter(f"found {text}, expected a whole number {wanted}")
        return int(value)

    return read


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead, one object on one line.")]
Digits = Annotated[int, typer.Option("--digits", metavar="N", parser=whole(0, 30), help="Places after the point.")]
File = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="A problem file, the name of a problem that comes with nncalc, or - for standard input. "
        "Without it: what is piped in, else problem.yaml, else the reference problem.",
    ),
]
Numbers = Annotated[
    list[str], typer.Argument(metavar="NUMBER...", show_default=False, help="Decimals or fractions, like -2, .5, 1/3.")
]
