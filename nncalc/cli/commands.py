"""The table of commands: which module holds each, and the loader that imports it when the command runs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.main import get_command

from nncalc.cli.arguments import Command, ExpressionCommand

MAIN, QUICK, LEARNING = "The homework problem", "Quick calculators", "Looking things up"
GROUPS = (MAIN, QUICK, LEARNING)


class Entry(NamedTuple):
    """A command: `function` of `module` is it, or makes it from the command's name where `factory` is set."""

    module: str
    function: str
    group: str
    help: str
    factory: bool = False
    expression: bool = False


COMMANDS: dict[str, Entry] = {
    "forward": Entry("passes", "forward", MAIN, "The forward pass, step by step."),
    "backprop": Entry("passes", "backprop", MAIN, "The forward and the backward pass."),
    "sgd": Entry("passes", "sgd", MAIN, "Forward, backward, and the optimizer's step, once or many times."),
    "train": Entry("train", "train", MAIN, "Many epochs over the examples; the loss curve, the weights saved."),
    "check": Entry("check", "check", MAIN, "Sheets of answers: what is right, and which mistake is where."),
    "gradcheck": Entry("gradcheck", "gradcheck", MAIN, "Every gradient against central differences."),
    "derive": Entry("passes", "derive", MAIN, "The equations, derived ones included."),
    "shapes": Entry("sizes", "shapes", MAIN, "Each layer's output shape, parameters and multiply-adds."),
    "softmax": Entry("quick", "softmax", QUICK, "Softmax of numbers; with a label, its loss and gradient."),
    "grad": Entry("grad", "grad", QUICK, "Value and gradients of an expression.", expression=True),
    "conv-size": Entry("sizes", "conv_size", QUICK, "The size of a convolution's result, with the formula."),
    "explain": Entry("explain", "explain", LEARNING, "An operation's definition, derivative and derivation."),
    "problems": Entry("problems", "problems", LEARNING, "The problems that come with nncalc."),
}

ACTIVATION = Entry(
    "quick", "make", "Value and derivative at each number", "Value and derivative at each number.", factory=True
)


def activations() -> tuple[str, ...]:
    """The activations that are commands of their own, by their names in the catalogue."""
    # not before a name is looked for that the table doesn't have
    from nncalc.catalogue.index import ACTIVATIONS, LEARNED_ACTIVATIONS

    return tuple(name for name in (*ACTIVATIONS, *LEARNED_ACTIVATIONS) if name not in COMMANDS)


def names() -> list[str]:
    """Every command, the table's first."""
    return [*COMMANDS, *activations()]


def canonical(name: str) -> str | None:
    """The command's own name for a name typed with `-` or `_`, or None where there is no such command."""
    wanted = name.replace("-", "_")
    table = {known.replace("-", "_"): known for known in COMMANDS}
    if wanted in table:
        return table[wanted]
    return wanted if wanted in activations() else None


def load(name: str) -> Any:
    """The command of that name (its own, not as typed) as a Click command; this is what imports its module."""
    entry = COMMANDS.get(name, ACTIVATION)
    found = getattr(import_module(f"nncalc.cli.{entry.module}"), entry.function)
    return build(name, found(name) if entry.factory else found, expression=entry.expression)


def build(name: str, function: Callable[..., Any], *, expression: bool = False) -> Any:
    """A Typer-annotated function as a Click command."""
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name=name, cls=ExpressionCommand if expression else Command)(function)
    return get_command(single)
