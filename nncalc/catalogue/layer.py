"""What a layer's entry holds: its settings, its parameters, and the block of textbook equations that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from nncalc.catalogue.operation import Option, Shape
from nncalc.errors import Place
from nncalc.language.equation import Equation
from nncalc.language.expression import Expression, Name, Setting

# What a name of a recurrent layer's second direction has behind the layer's number: W1r.
REVERSED = "r"


class Parameter(NamedTuple):
    """A layer's parameter: its key in the file, the letter of its name, and how many axes it has (None: any number).

    parts: the keys of a map that stands in its place, `weights: {q: …, k: …}`, each an array called letter + suffix +
    `_part` (`W1_q`); may_lack: those of the parts that may be left out. default: the number that it is filled with
    where the file states none, in the shape that the block asks for. trained: whether the optimizer moves it; what it
    doesn't (a mask, running statistics) has no gradient. added: a mask of true and false is read as what is added to
    scores, 0 and −∞.
    """

    key: str
    letter: str
    rank: int | None
    required: bool = False
    parts: tuple[str, ...] = ()
    may_lack: tuple[str, ...] = ()
    default: float | None = None
    trained: bool = True
    added: bool = False


class Written(NamedTuple):
    """An equation of a layer, and whether its first axis counts the examples where there is a batch."""

    equation: Equation
    per_example: bool


class Block:
    """The equations of one layer while they are written down.

    input: the name that goes in. batched: whether its first axis counts examples. row: whether weights are (in, out).
    index_base: what the first class is called. suffix: the number or name behind each letter. given: the keys of the
    parameters that the file states, those of a map's parts as `weights.q`. options: the layer's settings, the defaults
    among them. activation: what follows. shape_of: the shape of an expression over names that have been assigned;
    declare: makes one more equation's shape known, or raises ShapeError. fill: gives a parameter that the file doesn't
    state its default, in a shape. inside: writes the layers under one of the settings behind the input of that name,
    and gives their output's name. place: where the layer stands in the file. start: gives the state ahead of a
    sequence, by key, name and shape.
    updates: equations that the optimizer's step has beside those of the parameters. per_example: the parameters whose
    first axis counts the examples of a batch, as a mask's may.
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
        fill: Callable[[str, Shape], None] | None = None,
        inside: Callable[[str, str], tuple[list[Written], str]] | None = None,
        index_base: int = 1,
        place: Place | None = None,
        start: Callable[[str, str, Shape], None] | None = None,
    ) -> None:
        self.layer, self.input, self.batched, self.row = layer, input, batched, row
        self.suffix, self.given, self.options, self.activation = suffix, given, options, activation
        self.shape_of, self._declare = shape_of, declare
        self._fill, self._inside = fill, inside
        self.equations: list[Written] = []
        self.updates: list[Equation] = []
        self.per_example: set[str] = set()
        self.index_base, self.place, self._start = index_base, place, start
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

    def parameter(self, letter: str, shape: Shape) -> Name:
        """A parameter of that shape; where the file doesn't state it, or as one number, it is filled with that."""
        name = self.name(letter)
        if self._fill is not None:
            self._fill(name.id, shape)
        return name

    def state(self, key: str, letter: str, behind: str, shape: Shape) -> Name:
        """The state ahead of a sequence's first step, `h1_t0`: 0, or what the settings give under the key."""
        name = self.name(letter, behind)
        if self._start is not None:
            self._start(key, name.id, shape)
        if self.batched:
            self.per_example.add(name.id)
        return name

    def nested(self, key: str, input: Name) -> Name:
        """The layers under one of the settings, behind that input; what comes out of them."""
        assert self._inside is not None
        written, output = self._inside(key, input.id)
        self.equations += written
        return Name(output)

    def update(self, letter: str, expression: Expression) -> None:
        """One more equation of the optimizer's step: what a name that it doesn't move is afterwards."""
        self.updates.append(Equation(f"{self.name(letter).id}.next", expression, "update", self.layer))

    def linear(self, expression: Expression) -> None:
        """The layer's linear result: hbar and then h behind the activation, or h itself without one."""
        if self.activation is None:
            self.assign("h", expression)
        else:
            self.assign("h", self.activation(self.assign("hbar", expression)))


class Layer(NamedTuple):
    """A layer: block(b) writes its equations into b.

    family: whose counter numbers it (`weights`: dense, convolution, recurrent and attention layers share one).
    nested: the settings that are lists of layers of their own.
    example: what an example has to be, in words, and example_rank its number of axes; None where the layer takes any.
    how: of the parameters' shapes by key, how their number comes about, `(3·3·1 + 1)·8`; a sum of products if not said.
    starts: of a recurrent layer, the settings that hold a state to start from; orders: the order of the gates in
    stacked arrays, by layout. own_activation: the activation inside the layer where the file doesn't say another.
    is_activation: whether it belongs to the layer before it, as activations do.
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
    nested: tuple[str, ...] = ()
    how: Callable[[Mapping[str, Shape]], str] | None = None
    starts: tuple[str, ...] = ()
    orders: tuple[tuple[str, tuple[str, ...]], ...] = ()
    own_activation: str = ""
    is_activation: bool = False

    @property
    def recurrent(self) -> bool:
        return bool(self.starts)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its settings beside its options and its name."""
        activation = ("activation",) if self.takes_activation or self.own_activation else ()
        sequence = ("reverse", *self.starts, *(("layout",) if self.orders else ())) if self.recurrent else ()
        return (*(parameter.key for parameter in self.parameters), *self.nested, *activation, *sequence)


def count_of(inputs: Shape, outputs: int, bias: bool) -> str:
    """`(3·3·1 + 1)·8`: for each output its weights and, if there is one, its bias."""
    weights = "·".join(map(str, inputs))
    return f"({weights} + 1)·{outputs}" if bias else f"{weights}·{outputs}"
