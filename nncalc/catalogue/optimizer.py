"""What an optimizer's entry holds: its settings, and a parameter's update as equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nncalc.catalogue.operation import Option
from nncalc.language.expression import Expression, Name, Setting


class Moving(NamedTuple):
    """A parameter about to be moved: its name, and the expressions that its update is written in."""

    name: str

    @property
    def value(self) -> Name:
        return Name(self.name)

    @property
    def gradient(self) -> Name:
        return Name(f"{self.name}.grad")


class Optimizer(NamedTuple):
    """An optimizer: update(moving, settings) gives the equations of one parameter's step, `NAME.next` last.

    Settings appear in them as `learning_rate` and `optimizer.NAME`; those at a value that changes nothing are left
    out of the text (`weight_decay` 0).
    """

    name: str
    options: tuple[Option, ...]
    update: Callable[[Moving, dict[str, Setting]], list[tuple[str, Expression]]]
    meaning: str
    source: str


LEARNING_RATE = Name("learning_rate")


def setting(name: str) -> Name:
    """An optimizer's setting, as equations name it."""
    return LEARNING_RATE if name == "learning_rate" else Name(f"optimizer.{name}")
