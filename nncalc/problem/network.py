"""`layers` → equations: the names that FORMAT.md, section 2, gives to every layer's results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nncalc.catalogue.index import ACTIVATIONS
from nncalc.catalogue.layer import Block, Layer, Parameter
from nncalc.catalogue.layers import layer, layer_names
from nncalc.catalogue.operation import dimensions
from nncalc.catalogue.registry import operation
from nncalc.errors import ProblemError
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Expression, Name
from nncalc.language.parse import is_name
from nncalc.problem.schema import kind, named, options, wrong
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value
from nncalc.problem.values import Reader

Activation = Callable[[Expression], Expression]
EXAMPLE = "'- dense: {weights: …}' or '- relu'"


class Item(NamedTuple):
    """One entry of `layers` as read: what it is, its parameters' values, and the activation behind it."""

    entry: Layer | None
    label: str
    suffix: str
    values: dict[str, Any]
    places: dict[str, Value]
    activation: Activation | None = None


class Network(NamedTuple):
    """The layers as read; equations(rank) writes them out for an input of that many axes."""

    items: tuple[Item, ...]
    row: bool

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for item in self.items for name, value in item.values.items()}

    @property
    def places(self) -> dict[str, Value]:
        return {name: value for item in self.items for name, value in item.places.items()}

    def equations(self, rank: int) -> tuple[list[Equation], str]:
        """The forward equations for an input of that many axes, and the name of the prediction."""
        result: list[Equation] = []
        x = "x"
        for item in self.items:
            if item.entry is None:
                assert item.activation is not None
                result.append(Equation(f"act{item.suffix}", item.activation(Name(x)), "forward", item.label))
                x = f"act{item.suffix}"
                continue
            letters = {parameter.letter + item.suffix: parameter.key for parameter in item.entry.parameters}
            given = frozenset(letters[name] for name in item.values)
            block = Block(item.label, x, rank, self.row, item.suffix, given, item.activation)
            item.entry.block(block)
            result += block.equations
            x = block.output
        return result, x


def read_network(value: Value, read: Reader, row: bool) -> Network:
    """The list under `layers`. Raises ProblemError with the place of what can't be read."""
    if not isinstance(value, Sequence):
        raise wrong(value, "'layers' is a list, one layer an item", f"found {kind(value)}, expected {EXAMPLE}")
    items: list[Item] = []
    counters = {"weights": 0, "act": 0}
    open_end = False  # whether an activation may still follow the layer before
    for position in range(len(value)):
        name, settings = named(value.item(position), "a layer", layer_names(), EXAMPLE)
        entry = layer(name)
        if entry is None:
            activation = read_activation(name, settings)
            if open_end:
                before = items[-1]
                items[-1] = Item(before.entry, before.label, before.suffix, before.values, before.places, activation)
            else:
                counters["act"] += 1
                items.append(Item(None, f"{name} {counters['act']}", str(counters["act"]), {}, {}, activation))
            open_end = False
            continue
        counters["weights"] += 1
        item = _layer(entry, settings, value.item(position), read, counters["weights"])
        items.append(item)
        open_end = entry.takes_activation and item.activation is None
    return Network(tuple(items), row)


def _layer(entry: Layer, settings: Mapping | None, item: Value, read: Reader, count: int) -> Item:
    keys = tuple(parameter.key for parameter in entry.parameters)
    extra = (*keys, "name", *(("activation",) if entry.takes_activation else ()))
    options(settings, entry.options, extra)
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
    return Item(entry, f"{entry.name} {count}", suffix, values, places, activation)


def _is_none(value: Value) -> bool:
    return isinstance(value, Scalar) and (value.is_null or value.text == "none")


def _fill(entry: Layer, values: dict[str, Any], places: dict[str, Value], suffix: str) -> None:
    """Each parameter with the axes it has: a bias given as one number is a vector of equal entries."""
    import numpy as np

    outputs: dict[str, int] = {}
    for parameter in entry.parameters:
        name = parameter.letter + suffix
        if name not in values:
            continue
        value = values[name]
        if parameter.rank == 1 and value.ndim == 0 and "rows" in outputs:
            values[name] = value = np.full(outputs["rows"], float(value))
        if parameter.rank == 1 and value.ndim == 2 and 1 in value.shape:
            values[name] = value = value.reshape(-1)  # a column or a row, as on paper
        if value.ndim != parameter.rank:
            raise wrong(
                places[name], f"the {parameter.key} {name} {_has(parameter)}", f"found {dimensions(value.shape)}"
            )
        if parameter.rank == 2:
            outputs["rows"] = value.shape[0]


def _has(parameter: Parameter) -> str:
    return "is a vector" if parameter.rank == 1 else "is a matrix"


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
