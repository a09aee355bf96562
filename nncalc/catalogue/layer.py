"""What a layer's entry holds: its settings, its parameters, and the block of textbook equations that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nncalc.catalogue.operation import Option
from nncalc.language.equation import Equation
from nncalc.language.expression import Expression, Name


class Parameter(NamedTuple):
    """A layer's parameter: its key in the file, the letter of its name, and how many axes it has."""

    key: str
    letter: str
    rank: int
    required: bool = False


class Block:
    """The equations of one layer while they are written down.

    input: the name that goes in. rank: how many axes that has. row: whether weights are (in, out). suffix: the number
    or name behind each letter. given: the keys of the parameters that the file states. activation: what follows.
    """

    def __init__(
        self,
        layer: str,
        input: str,
        rank: int,
        row: bool,
        suffix: str,
        given: frozenset[str],
        activation: Callable[[Expression], Expression] | None = None,
    ) -> None:
        self.layer, self.input, self.rank, self.row = layer, input, rank, row
        self.suffix, self.given, self.activation = suffix, given, activation
        self.equations: list[Equation] = []
        self.output = ""

    @property
    def x(self) -> Expression:
        return Name(self.input)

    def name(self, letter: str) -> Name:
        """A letter with the layer's suffix: W1, or W_enc."""
        return Name(f"{letter}{self.suffix}")

    def assign(self, letter: str, expression: Expression) -> Name:
        """One more equation of the layer; its name becomes the output."""
        name = self.name(letter)
        self.equations.append(Equation(name.id, expression, "forward", self.layer))
        self.output = name.id
        return name

    def linear(self, expression: Expression) -> None:
        """The layer's linear result: hbar and then h behind the activation, or h itself without one."""
        if self.activation is None:
            self.assign("h", expression)
        else:
            self.assign("h", self.activation(self.assign("hbar", expression)))


class Layer(NamedTuple):
    """A layer: block(b) writes its equations into b."""

    name: str
    block: Callable[[Block], None]
    meaning: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    options: tuple[Option, ...] = ()
    takes_activation: bool = False
