"""Attention to the sequence itself or another, and what stands around it: positions, embeddings, a mean over time."""

from __future__ import annotations

from nncalc.catalogue.attention import CAUSAL, PAPER, SCALE, masked, scaled
from nncalc.catalogue.layer import Block, Layer, Parameter
from nncalc.catalogue.linear import turned
from nncalc.catalogue.operation import Option, dimensions
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Name, call

SEQUENCE = "(time, features)"


def _attention(b: Block) -> None:
    heads = b.options["heads"]
    assert isinstance(heads, (int, float))
    seen, shared = _context(b) if "context" in b.given else (b.x, False)
    queries = _linear(b, "Q", b.x, "q")
    keys, values = (_linear(b, letter, seen, letter.lower(), per_example=not shared) for letter in "KV")
    for name in (queries, keys, values):
        features = b.shape_of(name)[-1]
        if features % int(heads):
            label = f"found {int(heads)}, which does not divide {features}"
            message = f"the {features} features of {name.id} can't be shared by {int(heads)} heads"
            raise ShapeError(message, label=label, place=b.place)

    def split(x: Expression) -> Expression:
        return call.split_heads(x, heads=int(heads)) if heads > 1 else x

    q, k, v = split(queries), split(keys), split(values)
    rank = len(b.shape_of(k))
    scores = b.assign("scores", scaled(q @ turned(k, rank), b.shape_of(q)[-1], b.options["scale"]))
    mask = b.name("M") if "mask" in b.given else None
    weights = b.assign("A", masked(scores, mask, bool(b.options["causal"])))
    if mask is not None and b.batched and len(b.shape_of(mask)) > 2:
        b.per_example.add(mask.id)
    result = weights @ v
    concat = b.assign("concat", call.merge_heads(result) if heads > 1 else result)
    if "weights.o" in b.given:
        _linear(b, "h", concat, "o")
    else:
        b.assign("h", concat)


def _context(b: Block) -> tuple[Name, bool]:
    """The other sequence that is attended to, and whether it is one for all examples of a batch."""
    context = b.name("context")
    shape = b.shape_of(context)
    if len(shape) not in ((2, 3) if b.batched else (2,)):
        label = f"found {dimensions(shape)}, expected {SEQUENCE}"
        raise ShapeError("the context has the wrong number of axes", label=label, names=(context.id,))
    shared = b.batched and len(shape) == 2
    if b.batched and not shared:
        b.per_example.add(context.id)
    return context, shared


def _linear(b: Block, letter: str, x: Expression, part: str, per_example: bool = True) -> Name:
    """x Wᵀ + b (or x W + b) of that part, for each time step."""
    W = b.name("W", f"_{part}")  # noqa: N806 - the field's own letter
    product = x @ W if b.row else x @ W.T
    if f"bias.{part}" in b.given:
        product = product + b.name("b", f"_{part}")
    return b.assign(letter, product, per_example=per_example)


def _embedding(b: Block) -> None:
    E = b.name("E")  # noqa: N806 - the field's own letter
    # entries count from 0, classes from what the file says
    numbers = b.x - b.index_base if b.index_base else b.x
    b.assign("embed", call.one_hot(numbers, classes=b.shape_of(E)[0]) @ E)


def _residual(b: Block) -> None:
    x = Name(b.input)
    inside, shortcut = b.nested("layers", x), b.nested("shortcut", x)
    if b.shape_of(inside) != b.shape_of(shortcut):
        sizes = (f"{name.id} is {dimensions(b.shape_of(name))}" for name in (inside, shortcut))
        raise ShapeError(
            "what a residual's layers give and its shortcut do not fit",
            label=", ".join(sizes),
            hint="A 'shortcut:' of its own, a dense layer say, brings both to one shape.",
            place=b.place,
        )
    b.assign("res", inside + shortcut)


def _positions(b: Block) -> None:
    b.assign("pos", call.positional_encoding(b.x))


def _mean_over_time(b: Block) -> None:
    b.assign("pool", call.mean(b.x, axis=1 if b.batched else 0))


PARTS = ("q", "k", "v", "o")

ENTRIES = (
    Layer(
        name="attention",
        block=_attention,
        parameters=(
            Parameter("weights", "W", 2, required=True, parts=PARTS, may_lack=("o",)),
            Parameter("bias", "b", 1, parts=PARTS),
            Parameter("mask", "M", None, trained=False, added=True),
            Parameter("context", "context", None, trained=False),
        ),
        options=(
            Option("heads", 1, "how many heads share the features", at_least=1, whole=True),
            CAUSAL,
            SCALE,
        ),
        example=SEQUENCE,
        example_rank=2,
        meaning="every time step's weighted mean of all values: softmax(Q Kᵀ / √d) V, for each head; then W_o. "
        "With a context, keys and values come from that other sequence",
        source=f"{PAPER}section 3.2; PyTorch documentation, torch.nn.MultiheadAttention",
    ),
    Layer(
        name="positional_encoding",
        block=_positions,
        family="pos",
        example=SEQUENCE,
        example_rank=2,
        meaning="sines and cosines of the position are added to the features",
        source=f"{PAPER}section 3.5",
    ),
    Layer(
        name="embedding",
        block=_embedding,
        parameters=(Parameter("weights", "E", 2, required=True),),
        family="embed",
        example="a list of class numbers",
        example_rank=1,
        meaning="for each class number its row of E, a row for each class",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 12.4.2; PyTorch, torch.nn.Embedding",
    ),
    Layer(
        name="residual",
        block=_residual,
        nested=("layers", "shortcut"),
        family="res",
        meaning="what its layers make of x, plus x itself (or what the shortcut makes of it)",
        source="He and others, Deep Residual Learning for Image Recognition (2016), eq. 1 and 2",
    ),
    Layer(
        name="mean_over_time",
        block=_mean_over_time,
        family="pool",
        example=SEQUENCE,
        example_rank=2,
        meaning="the mean of all time steps",
        source="Goodfellow, Bengio, Courville, Deep Learning, section 9.3",
    ),
)
