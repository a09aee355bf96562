"""The recurrent layer, and what recurrent layers have in common: the sequence unrolled, a step of time after the other.

A cell is a few textbook equations for one time step; `unrolled` writes them for every step, forwards and, with a second
direction, backwards. Weights keep the names of the field: W for the input, U for the state of the step before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nncalc.catalogue.layer import REVERSED, Block, Layer, Parameter
from nncalc.catalogue.operation import Option
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Name, call

RNN = "Elman, Finding Structure in Time, 1990; Goodfellow, Bengio, Courville, Deep Learning, eq. 10.8"
OUTPUT = Option("output", "last", "the state behind the last time step, or all of them, a row each", ("last", "all"))
WEIGHTS = (
    Parameter("weights", "W", 2, required=True),
    Parameter("recurrent_weights", "U", 2, required=True),
    Parameter("bias", "b", 1),
    Parameter("recurrent_bias", "c", 1),
)


def gated(gates: tuple[str, ...]) -> tuple[Parameter, ...]:
    """The parameters of a recurrent layer, each with a part for every gate: W1_i, U1_i, b1_i."""
    return tuple(parameter._replace(parts=gates) for parameter in WEIGHTS)


class Direction(NamedTuple):
    """One direction of a recurrent layer: its weights, and the names of its time steps. side: '' or 'r', reversed."""

    b: Block
    side: str = ""

    def weight(self, letter: str, gate: str = "") -> Name:
        """`W1`, `W1_i`; reversed `W1r_i`."""
        return self.b.name(letter, self.side + (f"_{gate}" if gate else ""))

    def has(self, key: str, gate: str = "") -> bool:
        """Whether the file states a parameter."""
        full = f"{key}.{gate}" if gate else key
        return (f"reverse.{full}" if self.side else full) in self.b.given

    def times(self, weight: Expression, vector: Expression) -> Expression:
        """A matrix of weights times a vector, or times the vectors of a batch, which are rows."""
        if self.b.row:
            return vector @ weight
        return vector @ weight.T if self.b.batched else weight @ vector

    def input(self, t: int) -> Expression:
        """What goes in at time step t, counted from 1: its part of the sequence."""
        return self.b.x[:, t - 1] if self.b.batched else self.b.x[t - 1]

    def from_input(self, t: int, gate: str = "") -> Expression:
        """W x + b, without a bias where there is none."""
        linear = self.times(self.weight("W", gate), self.input(t))
        return linear + self.weight("b", gate) if self.has("bias", gate) else linear

    def from_state(self, state: Expression, gate: str = "") -> Expression:
        """U h + c."""
        linear = self.times(self.weight("U", gate), state)
        return linear + self.weight("c", gate) if self.has("recurrent_bias", gate) else linear

    def linear(self, t: int, state: Expression, gate: str = "") -> Expression:
        """W x + U h + b + c."""
        total: Expression = self.times(self.weight("W", gate), self.input(t))
        total = total + self.times(self.weight("U", gate), state)
        for key, letter in (("bias", "b"), ("recurrent_bias", "c")):
            if self.has(key, gate):
                total = total + self.weight(letter, gate)
        return total

    def assign(self, letter: str, t: int, expression: Expression) -> Name:
        """One equation of a time step: `hbar1_t2`."""
        return self.b.assign(letter, expression, f"{self.side}_t{t}")

    def activated(self, expression: Expression) -> Expression:
        """The layer's activation of an expression, tanh unless the file says otherwise."""
        assert self.b.activation is not None
        return self.b.activation(expression)

    def start(self, key: str, letter: str, t: int, gate: str = "") -> Name:
        """The state ahead of the first step: 0, or as the file gives it, `h1_t0`."""
        W = self.b.shape_of(self.weight("W", gate))  # noqa: N806 - the field's own letter
        units = W[1] if self.b.row else W[0]
        shape = (self.b.shape[0], units) if self.b.batched else (units,)
        return self.b.state(f"reverse.{key}" if self.side else key, letter, f"{self.side}_t{t}", shape)


Cell = Callable[[Direction, int, tuple[Name, ...]], tuple[Name, ...]]
Start = Callable[[Direction, int], tuple[Name, ...]]


def unrolled(b: Block, cell: Cell, start: Start) -> None:
    """The cell's equations for each time step, and the layer's result: the last state, or all of them stacked.

    cell(direction, t, state) writes one step's equations and gives the new state, h first; start(direction, t) the
    state ahead of the first. The reversed direction begins at the end, so that its state of step t goes into step
    t − 1, and its last one is that of step 1. Raises ShapeError where the input is no sequence.
    """
    steps = _length(b)
    forwards = _run(Direction(b), cell, start, range(1, steps + 1), 0)
    results = [forwards]
    if any(key.startswith("reverse.") for key in b.given):
        results.append(_run(Direction(b, REVERSED), cell, start, range(steps, 0, -1), steps + 1))
    features, time = (1, 1) if b.batched else (0, 0)
    if b.options["output"] == "last":
        b.assign("h", _behind([result[-1] for result in results], features))
        return
    in_time = [forwards, *(result[::-1] for result in results[1:])]
    each = [_behind(list(states), features) for states in zip(*in_time, strict=True)]
    b.assign("h", call.stack(*each, axis=time) if time else call.stack(*each))


def _run(direction: Direction, cell: Cell, start: Start, times: range, ahead: int) -> list[Name]:
    state = start(direction, ahead)
    outputs = []
    for t in times:
        state = cell(direction, t, state)
        outputs.append(state[0])
    return outputs


def _behind(states: list[Name], axis: int) -> Expression:
    """One direction's state behind the other's."""
    if len(states) == 1:
        return states[0]
    return call.concat(*states, axis=axis) if axis else call.concat(*states)


def _length(b: Block) -> int:
    """The number of time steps of the input."""
    kind, found = b.layer.split(" ")[0], "×".join(str(n) for n in b.example) or "a number"
    if len(b.example) != 2:
        label = f"found {'a vector of ' if len(b.example) == 1 else ''}{found} in {b.input}"
        raise ShapeError(f"{kind} needs a sequence, (time, features)", label=label, place=b.place)
    return b.example[0]


def _cell(d: Direction, t: int, state: tuple[Name, ...]) -> tuple[Name, ...]:
    hbar = d.assign("hbar", t, d.linear(t, state[0]))
    return (d.assign("h", t, d.activated(hbar)),)


ENTRIES = (
    Layer(
        name="rnn",
        block=lambda b: unrolled(b, _cell, lambda d, t: (d.start("initial", "h", t),)),
        parameters=WEIGHTS,
        options=(OUTPUT,),
        example="a sequence, (time, features)",
        example_rank=2,
        starts=("initial",),
        own_activation="tanh",
        meaning="h_t = tanh(W x_t + U h_(t−1) + b), one time step after the other, with the same weights in each",
        source=RNN,
    ),
)
