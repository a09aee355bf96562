"""`layers` → equations: the names that FORMAT.md, section 2, gives to every layer's results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from nncalc.catalogue.index import ACTIVATIONS
from nncalc.catalogue.layer import Block, Layer, Parameter, Written
from nncalc.catalogue.layers import layer, layer_names
from nncalc.catalogue.operation import Shape, dimensions
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes, add
from nncalc.errors import ProblemError
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Expression, Name, Setting
from nncalc.language.parse import is_name
from nncalc.problem.schema import kind, named, options, wrong
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value
from nncalc.problem.values import Reader

Activation = Callable[[Expression], Expression]
EXAMPLE = "'- dense: {weights: …}' or '- relu'"


class Item(NamedTuple):
    """One entry of `layers` as read: what it is, its parameters' values, its settings, and the activation behind it."""

    entry: Layer | None
    label: str
    suffix: str
    values: dict[str, Any]
    places: dict[str, Value]
    options: dict[str, Setting]
    activation: Activation | None = None


class Network(NamedTuple):
    """The layers as read."""

    items: tuple[Item, ...]
    row: bool

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for item in self.items for name, value in item.values.items()}

    @property
    def places(self) -> dict[str, Value]:
        return {name: value for item in self.items for name, value in item.places.items()}

    def is_batch(self, shape: Shape, item: Value) -> bool:
        """Whether inputs of that shape are examples, by the first layer that fixes what an example is.

        Raises ProblemError where they are neither examples nor one.
        """
        fixing = next((i.entry for i in self.items if i.entry is not None and i.entry.example_rank is not None), None)
        if self.items and self.items[0].entry is not None and self.items[0].entry.name == "flatten":
            return self._flattened(shape, item)
        rank = 1 if fixing is None or fixing.example_rank is None else fixing.example_rank
        if len(shape) not in (rank, rank + 1):
            name, what = ("", "a vector") if fixing is None else (f" of {fixing.name}", fixing.example)
            label = f"found {dimensions(shape)}, expected {what}, or a list of such examples"
            raise wrong(item, f"the inputs{name} have the wrong number of axes", label)
        return len(shape) == rank + 1

    def _flattened(self, shape: Shape, item: Value) -> bool:
        """Behind a first `flatten`, an example has as many entries as the dense layer takes."""
        weights = next((v for i in self.items for n, v in i.values.items() if n.startswith("W") and v.ndim == 2), None)
        wanted = None if weights is None else weights.shape[0 if self.row else 1]
        if wanted is None or prod(shape) == wanted:
            return False
        if prod(shape[1:]) == wanted:
            return True
        label = f"found {dimensions(shape)}, expected {wanted} entries for each example"
        raise wrong(item, "the inputs do not fit the dense layer behind 'flatten'", label)

    def equations(self, shapes: Shapes, batched: bool) -> tuple[list[Written], str]:
        """The forward equations for the input x, and the name of the prediction; the shapes of their names are added.

        shapes: those of x and of every parameter. Raises ShapeError with the equation that does not fit.
        """
        result: list[Written] = []
        x = "x"
        for item in self.items:
            if item.entry is None:
                assert item.activation is not None
                equation = Equation(f"act{item.suffix}", item.activation(Name(x)), "forward", item.label)
                add(shapes, equation)
                result.append(Written(equation, True))
                x = equation.name
                continue
            letters = {parameter.letter + item.suffix: parameter.key for parameter in item.entry.parameters}
            block = Block(
                layer=item.label,
                input=x,
                batched=batched,
                row=self.row,
                suffix=item.suffix,
                given=frozenset(letters[name] for name in item.values),
                options=item.options,
                shape_of=shapes,
                declare=lambda equation: add(shapes, equation),
                activation=item.activation,
            )
            item.entry.block(block)
            result += block.equations
            x = block.output
        return result, x


def read_network(value: Value, read: Reader, row: bool) -> Network:
    """The list under `layers`. Raises ProblemError with the place of what can't be read."""
    if not isinstance(value, Sequence):
        raise wrong(value, "'layers' is a list, one layer an item", f"found {kind(value)}, expected {EXAMPLE}")
    items: list[Item] = []
    counters: Counter[str] = Counter()
    open_end = False  # whether an activation may still follow the layer before
    for position in range(len(value)):
        name, settings = named(value.item(position), "a layer", layer_names(), EXAMPLE)
        entry = layer(name)
        if entry is None:
            activation = read_activation(name, settings)
            if open_end:
                items[-1] = items[-1]._replace(activation=activation)
            else:
                counters["act"] += 1
                number = counters["act"]
                items.append(Item(None, f"{name} {number}", str(number), {}, {}, {}, activation))
            open_end = False
            continue
        counters[entry.family] += 1
        item = _layer(entry, settings, value.item(position), read, counters[entry.family])
        items.append(item)
        open_end = entry.takes_activation and item.activation is None
    return Network(tuple(items), row)


def _layer(entry: Layer, settings: Mapping | None, item: Value, read: Reader, count: int) -> Item:
    keys = tuple(parameter.key for parameter in entry.parameters)
    extra = (*keys, "name", *(("activation",) if entry.takes_activation else ()))
    stated = {option.name: option.default for option in entry.options} | options(settings, entry.options, extra)
    suffix = _suffix(settings, count)
    values: dict[str, Any] = {}
    places: dict[str, Value] = {}
    by_key = {parameter.key: parameter for parameter in entry.parameters}
    # in the file's order, because random values are drawn in it
    for key in settings or ():
        if key in by_key and settings is not None:
            name = by_key[key].letter + suffix
            given = settings.entries[key]
            values[name] = read(given, f"{key.replace('_', ' ')} {name}")
            places[name] = given
    for parameter in entry.parameters:
        if parameter.required and parameter.letter + suffix not in values:
            raise ProblemError(
                f"{entry.name} has no {parameter.key}",
                label=f"expected '{parameter.key}: [[…], …]'",
                key=item.key,
                place=item.place,
            )
    _fill(entry, values, places, suffix)
    activation = None
    if settings is not None and "activation" in settings and not _is_none(settings.entries["activation"]):
        activation = read_activation(
            *named(settings.entries["activation"], "an activation", ACTIVATIONS, "'activation: relu'")
        )
    return Item(entry, f"{entry.name} {count}", suffix, values, places, stated, activation)


def _is_none(value: Value) -> bool:
    return isinstance(value, Scalar) and (value.is_null or value.text == "none")


def _fill(entry: Layer, values: dict[str, Any], places: dict[str, Value], suffix: str) -> None:
    """Each parameter with the axes it has: a bias given as one number is a vector of equal entries."""
    import numpy as np

    outputs: int | None = None
    for parameter in entry.parameters:
        name = parameter.letter + suffix
        if name not in values:
            continue
        value = values[name]
        if parameter.rank == 1 and value.ndim == 0 and outputs is not None:
            values[name] = value = np.full(outputs, float(value))
        if parameter.rank == 1 and value.ndim == 2 and 1 in value.shape:
            values[name] = value = value.reshape(-1)  # a column or a row, as on paper
        if parameter.rank is not None and value.ndim != parameter.rank:
            what = f"the {parameter.key.replace('_', ' ')} {name} {_has(parameter)}"
            raise wrong(places[name], what, f"found {dimensions(value.shape)}")
        if outputs is None and value.ndim > 1:
            outputs = value.shape[0]


def _has(parameter: Parameter) -> str:
    names = {0: "is a number", 1: "is a vector", 2: "is a matrix"}
    return names.get(parameter.rank or 0, f"has {parameter.rank} axes")


def _suffix(settings: Mapping | None, count: int) -> str:
    given = settings.get("name") if settings is not None else None
    if given is None:
        return str(count)
    if not isinstance(given, Scalar) or not is_name("_" + given.text):
        raise wrong(given, "a layer's name has ASCII letters, digits and _", f"found {kind(given)}")
    return "_" + given.text


def read_activation(name: str, settings: Mapping | None) -> Activation:
    """The activation as a function of expressions, with the settings that the file states."""
    entry = operation(name)
    stated = tuple(options(settings, entry.options).items())
    return lambda x: Apply(name, (x,), stated)
