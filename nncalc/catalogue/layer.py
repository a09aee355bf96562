"""What a layer's entry holds: its settings, its parameters, and the block of textbook equations that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from nncalc.catalogue.operation import Option, Shape
from nncalc.language.equation import Equation
from nncalc.language.expression import Expression, Name, Setting


class Parameter(NamedTuple):
    """A layer's parameter: its key in the file, the letter of its name, and how many axes it has (None: any number)."""

    key: str
    letter: str
    rank: int | None
    required: bool = False


class Written(NamedTuple):
    """An equation of a layer, and whether its first axis counts the examples where there is a batch."""

    equation: Equation
    per_example: bool


class Block:
    """The equations of one layer while they are written down.

    input: the name that goes in. batched: whether its first axis counts examples. row: whether weights are (in, out).
    suffix: the number or name behind each letter. given: the keys of the parameters that the file states. options: the
    layer's settings, the defaults among them. activation: what follows. shape_of: the shape of an expression over
    names that have been assigned; declare: makes one more equation's shape known, or raises ShapeError.
    """

    def __init__(
        self,
        *,
        layer: str,
        input: str,
        batched: bool,
        row: bool,
        suffix: str,
        given: frozenset[str],
        options: Mapping[str, Setting],
        shape_of: Callable[[Expression], Shape],
        declare: Callable[[Equation], None],
        activation: Callable[[Expression], Expression] | None = None,
    ) -> None:
        self.layer, self.input, self.batched, self.row = layer, input, batched, row
        self.suffix, self.given, self.options, self.activation = suffix, given, options, activation
        self.shape_of, self._declare = shape_of, declare
        self.equations: list[Written] = []
        self.output = input

    @property
    def x(self) -> Expression:
        return Name(self.input)

    @property
    def shape(self) -> Shape:
        """The input's shape, the axis of the examples included."""
        return self.shape_of(self.x)

    @property
    def example(self) -> Shape:
        """The shape of one example."""
        return self.shape[1:] if self.batched else self.shape

    def name(self, letter: str, behind: str = "") -> Name:
        """A letter with the layer's suffix: W1, or W_enc; `behind` follows it: h1_t2."""
        return Name(f"{letter}{self.suffix}{behind}")

    def assign(self, letter: str, expression: Expression, behind: str = "", per_example: bool = True) -> Name:
        """One more equation of the layer; its name becomes the output."""
        name = self.name(letter, behind)
        equation = Equation(name.id, expression, "forward", self.layer)
        self._declare(equation)
        self.equations.append(Written(equation, per_example))
        self.output = name.id
        return name

    def linear(self, expression: Expression) -> None:
        """The layer's linear result: hbar and then h behind the activation, or h itself without one."""
        if self.activation is None:
            self.assign("h", expression)
        else:
            self.assign("h", self.activation(self.assign("hbar", expression)))


class Layer(NamedTuple):
    """A layer: block(b) writes its equations into b.

    family: whose counter numbers it (`weights`: dense, convolution, recurrent and attention layers share one).
    example: what an example has to be, in words, and example_rank its number of axes; None where the layer takes any.
    """

    name: str
    block: Callable[[Block], None]
    meaning: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    options: tuple[Option, ...] = ()
    takes_activation: bool = False
    family: str = "weights"
    example: str = ""
    example_rank: int | None = None
