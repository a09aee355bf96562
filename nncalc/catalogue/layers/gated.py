"""Recurrent layers with gates: the LSTM and the GRU."""

from __future__ import annotations

from nncalc.catalogue.layer import Layer, Parameter
from nncalc.catalogue.layers.recurrent import OUTPUT, Direction, gated, unrolled
from nncalc.catalogue.operation import Option
from nncalc.language.expression import Expression, Name, call

LSTM = "Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Gers et al., Learning to Forget, 2000"
PEEPHOLES = "peepholes: Gers, Schraudolph, Schmidhuber, Learning Precise Timing with LSTM Recurrent Networks, 2002"
GRU = "Cho et al., Learning Phrase Representations using RNN Encoder–Decoder, 2014; reset after: PyTorch's and cuDNN's"


def _lstm(d: Direction, t: int, state: tuple[Name, ...]) -> tuple[Name, ...]:
    h, c = state

    def gate(letter: str, cell: Name) -> Name:
        before = d.linear(t, h, letter)
        if d.has("peepholes", letter):
            before = before + d.weight("V", letter) * cell
        return d.assign(letter, t, call.sigmoid(d.assign(f"{letter}bar", t, before)))

    i, f = gate("i", c), gate("f", c)
    g = d.assign("g", t, d.activated(d.assign("gbar", t, d.linear(t, h, "g"))))
    # the output gate's peephole sees the new cell
    sees_new = d.has("peepholes", "o")
    o = None if sees_new else gate("o", c)
    cell = d.assign("c", t, f * c + i * g)
    o = gate("o", cell) if o is None else o
    return d.assign("h", t, o * d.activated(cell)), cell


def _gru(d: Direction, t: int, state: tuple[Name, ...]) -> tuple[Name, ...]:
    (h,) = state
    r = d.assign("r", t, call.sigmoid(d.assign("rbar", t, d.linear(t, h, "r"))))
    z = d.assign("z", t, call.sigmoid(d.assign("zbar", t, d.linear(t, h, "z"))))
    if d.b.options["reset"] == "after":
        before: Expression = d.from_input(t, "n") + r * d.from_state(h, "n")
    else:
        before = d.linear(t, r * h, "n")
    n = d.assign("n", t, d.activated(d.assign("nbar", t, before)))
    keep = d.b.options["update_gate"] == "keep"
    return (d.assign("h", t, (1 - z) * n + z * h if keep else z * n + (1 - z) * h),)


GRU_GATES = ("r", "z", "n")
LSTM_GATES = ("i", "f", "g", "o")
LOOKING = ("i", "f", "o")

ENTRIES = (
    Layer(
        name="lstm",
        block=lambda b: unrolled(
            b, _lstm, lambda d, t: (d.start("initial", "h", t, "i"), d.start("initial_cell", "c", t, "i"))
        ),
        parameters=(*gated(LSTM_GATES), Parameter("peepholes", "V", 1, parts=LOOKING, may_lack=LOOKING)),
        options=(OUTPUT,),
        example="a sequence, (time, features)",
        example_rank=2,
        starts=("initial", "initial_cell"),
        own_activation="tanh",
        orders=(("pytorch", LSTM_GATES), ("keras", LSTM_GATES)),
        meaning="a cell c_t = f ⊙ c_(t−1) + i ⊙ g that gates let through: h_t = o ⊙ tanh(c_t)",
        source=f"{LSTM}; {PEEPHOLES}",
    ),
    Layer(
        name="gru",
        block=lambda b: unrolled(b, _gru, lambda d, t: (d.start("initial", "h", t, "r"),)),
        parameters=gated(GRU_GATES),
        options=(
            OUTPUT,
            Option(
                "reset",
                "after",
                "the reset gate multiplies U h (after, as in PyTorch) or h itself (before, as in Cho 2014)",
                ("after", "before"),
            ),
            Option(
                "update_gate",
                "keep",
                "z keeps the old state: (1 − z) n + z h; or writes the new one: z n + (1 − z) h",
                ("keep", "write"),
            ),
        ),
        example="a sequence, (time, features)",
        example_rank=2,
        starts=("initial",),
        own_activation="tanh",
        orders=(("pytorch", GRU_GATES), ("keras", ("z", "r", "n"))),
        meaning="a state that a gate mixes with a new one, h_t = (1 − z) ⊙ n + z ⊙ h_(t−1)",
        source=GRU,
    ),
)
