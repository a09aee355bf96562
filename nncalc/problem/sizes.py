"""What `shapes` tells of each layer: output, parameters, multiply-adds, and how much of the input it sees.

Nothing is computed: weights may be given by their shape alone, and `input_shape` stands for the inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, prod
from pathlib import Path
from typing import Any, NamedTuple

from nncalc.catalogue.operation import Shape
from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.shapes import Shapes
from nncalc.errors import NncalcError, ProblemError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, walk
from nncalc.problem.document import read_document
from nncalc.problem.from_layers import as_examples
from nncalc.problem.load import COMMON, WITH_LAYERS
from nncalc.problem.network import Item, Network, read_network
from nncalc.problem.parameters import name_of
from nncalc.problem.problem import Problem
from nncalc.problem.schema import reader_of, required, text, word
from nncalc.problem.source import clean_text
from nncalc.problem.tree import refuse_unknown
from nncalc.problem.values import read_shape

# Layers that look at each place as the one before them did.
_STAY = ("norm", "drop")


class LayerSize(NamedTuple):
    """One layer. output: the shape of one example. how: the count of the parameters as a product. receptive_field: how
    many entries of the input one of its entries comes from, along each axis; None where that says nothing."""

    name: str
    layer: str
    output: Shape
    parameters: int
    how: str
    multiply_adds: int
    receptive_field: Shape | None = None


class Sizes(NamedTuple):
    """The layers in the order of the forward pass, for an input of that shape."""

    title: str
    input: Shape
    layers: tuple[LayerSize, ...]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)


def sizes_of(content: str, source: str, folder: Path | None) -> Sizes:
    """The sizes of the network in a problem file's text. Raises NncalcError with the place of what can't be used."""
    document = read_document(content, source)
    if "layers" not in document:
        raise ProblemError(
            "there are no layers to count",
            label="found no 'layers'",
            hint="'nncalc derive --json' gives the shape of every equation.",
            place=document.place,
        )
    refuse_unknown(document, (*WITH_LAYERS, *COMMON))
    read = reader_of(document, folder, sizes=True)
    row = word(document, "convention", ("column", "row"), "column") == "row"
    network = read_network(required(document, "layers", "'layers:' and its list"), read, row)
    stated = document.get("input_shape")
    given = required(document, "inputs", "'input_shape: [1, 28, 28]'") if stated is None else stated
    numbers = read(given, "inputs") if stated is None else xp.broadcast_to(0.0, read_shape(given))
    x, batched = as_examples(numbers, network, document.get("batch"), given)
    example = x.shape[1:] if batched else x.shape
    places = {"x": given, **network.places}
    try:
        layers = tuple(_layers(network, example, max(len(x), 1) if batched else EXAMPLES))
    except NncalcError as error:
        shell = Problem(Program((), parameters=tuple(network.values)), {}, places=places, rows=row)
        raise shell.located(_of_one_example(network, example) or error) from None
    return Sizes(clean_text(text(document, "title")).strip(), example, layers)


EXAMPLES = 2


def _of_one_example(network: Network, example: Shape) -> NncalcError | None:
    """What is wrong in the shapes that the file gives, without the axis of examples that it doesn't."""
    if any(item.entry is not None and item.entry.name == "batch_norm" for item in network.every):
        return None
    shapes = Shapes({"x": example, **{name: tuple(value.shape) for name, value in network.values.items()}})
    try:
        network.equations(shapes, batched=False)
    except NncalcError as error:
        return error
    return None


def _layers(network: Network, example: Shape, examples: int) -> Iterator[LayerSize]:
    """A batch is what every layer takes, and of two examples batch norm too; its axis is left out of what is told.

    examples: how many there are where the file has a batch, as masks and first states may be given for each.
    """
    shapes = Shapes({"x": (examples, *example), **{name: tuple(v.shape) for name, v in network.values.items()}})
    equations = [one.equation for one in network.equations(shapes, batched=True).written]
    constants = set(network.constants) | set(network.states)
    seen = _Seen(example)
    by_label = {item.label: item for item in network.every}
    last = {equation.layer: i for i, equation in enumerate(equations)}
    for label in sorted((label for label in by_label if label in last), key=lambda label: last[label]):
        item, own = by_label[label], [equation for equation in equations if equation.layer == label]
        output = shapes.known[own[-1].name][1:]
        parameters = dict(_parameters(item, constants))
        yield LayerSize(
            name=_name(item),
            layer=label.rpartition(" ")[0],
            output=output,
            parameters=sum(map(prod, parameters.values())),
            how=_how(item, parameters),
            multiply_adds=sum(_multiply_adds(equation, shapes) for equation in own) // examples,
            receptive_field=seen.through(item, own, shapes),
        )


def _name(item: Item) -> str:
    """`conv1`, `dense2`, `pool1`: the family, or for what has weights the layer's own name, and its number."""
    if item.entry is None:
        return f"act{item.suffix}"
    stem = item.entry.name if item.entry.family == "weights" else item.entry.family
    return re.sub(r"\dd$", "", stem) + item.suffix


def _parameters(item: Item, constants: set[str]) -> Iterator[tuple[str, Shape]]:
    """The shapes of what is learned, by the file's keys (`weights`, `weights.q`); of an activation's, by its name."""
    keys = {
        name_of(parameter, item.suffix, part): f"{parameter.key}.{part}" if part else parameter.key
        for parameter in (() if item.entry is None else item.entry.parameters)
        for part in ("", *parameter.parts)
    }
    for name, value in item.stated.values.items():
        if name not in constants:
            yield keys.get(name, name), tuple(value.shape)


def _how(item: Item, parameters: dict[str, Shape]) -> str:
    if not parameters:
        return ""
    parts = []
    if item.entry is not None and item.entry.how is not None:
        parts.append(item.entry.how(parameters))
        # an activation that learns, PReLU, has its own beside the layer's
        keys = {parameter.key for parameter in item.entry.parameters}
        parameters = {key: shape for key, shape in parameters.items() if key not in keys}
    products: dict[str, int] = {}
    for shape in parameters.values():
        product = "·".join(map(str, shape)) or "1"
        products[product] = products.get(product, 0) + 1
    parts += [product if times == 1 else f"{times}·{product}" for product, times in products.items()]
    return " + ".join(parts)


def _multiply_adds(equation: Equation, shapes: Shapes) -> int:
    total = 0
    for node in walk(equation.expression):
        entry = operation(node.op) if isinstance(node, Apply) else None
        if entry is not None and entry.multiply_adds is not None and isinstance(node, Apply):
            total += entry.multiply_adds(*map(shapes, node.args), **entry.settings(node.settings))
    return total


class _Seen:
    """How much of the input an entry comes from, layer after layer.

    reach: so many entries of the input along each axis; step: how far apart in the input neighbours begin.
    Source: Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, 2019, eq. 2.
    """

    def __init__(self, example: Shape) -> None:
        d = len(example) - 1
        self.whole = example[1:]
        self.reach: list[Fraction] | None = [Fraction(1)] * d if d in (1, 2) else None
        self.step = [Fraction(1)] * d

    def through(self, item: Item, equations: list[Equation], shapes: Shapes) -> Shape | None:
        if item.entry is not None and item.entry.name.startswith("global_") and self.reach is not None:
            self.reach = None
            return self.whole
        if item.entry is None or item.entry.family not in _STAY:
            for equation in equations:
                for node in walk(equation.expression):
                    if isinstance(node, Apply) and self.reach is not None:
                        self._operation(node, shapes)
        return None if self.reach is None else tuple(ceil(n) for n in self.reach)

    def _operation(self, node: Apply, shapes: Shapes) -> None:
        entry = operation(node.op)
        settings: dict[str, Any] = entry.settings(node.settings)
        assert self.reach is not None
        if entry.window is not None:
            axes = entry.window(*map(shapes, node.args), **settings)
            self.reach = [r + (a.reach - 1) * s for r, a, s in zip(self.reach, axes, self.step, strict=True)]
            self.step = [s * a.stride for s, a in zip(self.step, axes, strict=True)]
        elif node.op == "upsample":
            scale = settings["scale"]
            scales = scale if isinstance(scale, tuple) else (scale,) * len(self.step)
            self.step = [s / int(n) for s, n in zip(self.step, scales, strict=True)]
        elif not entry.elementwise and node.op not in ("zero_pad", "index"):
            # a product with everything, another arrangement: from here on there is no such window
            self.reach = None
