"""`nncalc explain`: an operation's definition, range and derivative, and how it is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, Json
from nncalc.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from nncalc.views.explain import Entry


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            show_default=False,
            help="An operation, as equations call it, a layer or an optimizer; typed with - or _.",
        ),
    ],
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """What an operation is and where its derivative comes from, line by line.

    Example:
    nncalc explain tanh
    nncalc explain softmax-cross-entropy
    """
    found = entry(name)
    from nncalc.views.explain import explain_object, explain_view

    if json:
        output.print_json(explain_object(found))
    else:
        output.print_lines(explain_view(found, width=output.width(), digits=digits))


def entry(name: str) -> Entry:
    """The catalogue's entry of that name. Raises UsageError with the nearest name for one that is none."""
    from nncalc.catalogue.index import LAYERS, MODULE_OF, OPTIMIZERS
    from nncalc.catalogue.layers import layer
    from nncalc.catalogue.optimizers import optimizer
    from nncalc.catalogue.registry import is_operation, operation

    wanted = name.replace("-", "_")
    found = operation(wanted) if is_operation(wanted) else layer(wanted) or optimizer(wanted)
    if found is None:
        more = (known for families in (LAYERS, OPTIMIZERS) for names in families.values() for known in names)
        raise UsageError(f"there is nothing called '{name}' to explain", hint=did_you_mean(name, (*MODULE_OF, *more)))
    return found
