"""`layers` → equations: the names that FORMAT.md, section 2, gives to every layer's results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from nncalc.catalogue.index import ACTIVATIONS, LEARNED_ACTIVATIONS
from nncalc.catalogue.layer import Block, Layer, Written
from nncalc.catalogue.layers import layer, layer_names
from nncalc.catalogue.operation import Shape, dimensions
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes, add
from nncalc.errors import DomainError, NncalcError
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Expression, Name, Setting
from nncalc.language.parse import is_name
from nncalc.problem.labels import class_index
from nncalc.problem.learned_activation import Learned
from nncalc.problem.parameters import Stated, filled, name_of, nothing_stated, read_parameters
from nncalc.problem.schema import kind, named, options, wrong
from nncalc.problem.tree import Mapping as Settings
from nncalc.problem.tree import Scalar, Sequence, Value
from nncalc.problem.values import Reader

Activation = Callable[[Expression], Expression]
CHANNELS_FIRST = ("conv", "max_pool", "avg_pool", "lp_pool")
EXAMPLE = "'- dense: {weights: …}' or '- relu'"


class Item(NamedTuple):
    """One entry of `layers` as read: what it is, its parameters, its settings, and the activation behind it.

    place: where it stands. inner: the layers under its settings.
    """

    entry: Layer | None
    label: str
    suffix: str
    stated: Stated
    options: dict[str, Setting]
    place: Value
    activation: Activation | None = None
    inner: Mapping[str, tuple[Item, ...]] = MappingProxyType({})


class Network(NamedTuple):
    """The layers as read."""

    items: tuple[Item, ...]
    row: bool

    @property
    def every(self) -> tuple[Item, ...]:
        """The layers in the file's order, those inside others among them."""
        return tuple(_every(self.items))

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for item in self.every for name, value in item.stated.values.items()}

    @property
    def places(self) -> dict[str, Value]:
        return {name: value for item in self.every for name, value in item.stated.places.items()}

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of what the optimizer doesn't move and has no gradient: masks, running statistics, states of 0."""
        fixed = [
            name
            for item in self.every
            for parameter in (item.entry.parameters if item.entry is not None else ())
            if not parameter.trained and (name := name_of(parameter, item.suffix)) in item.stated.values
        ]
        return (*fixed, *self._states(given=False))

    @property
    def states(self) -> tuple[str, ...]:
        """The names of the states that the file gives a sequence to start from: they have a gradient, as x has."""
        return self._states(given=True)

    def _states(self, given: bool) -> tuple[str, ...]:
        return tuple(name for item in self.every for name, stated in item.stated.states.items() if stated == given)

    def is_batch(self, shape: Shape, item: Value) -> bool:
        """Whether inputs of that shape are examples, by the first layer that fixes what an example is.

        Raises ProblemError where they are neither examples nor one.
        """
        fixing = next((i.entry for i in self.every if i.entry is not None and i.entry.example_rank is not None), None)
        if self.items and self.items[0].entry is not None and self.items[0].entry.name == "flatten":
            return self._flattened(shape, item)
        wanted = self._reshaped()
        if wanted < 0 and len(shape) < 3:
            return len(shape) == 2
        if wanted and wanted in (prod(shape), prod(shape[1:])):
            # a batch of one vector is a batch
            return prod(shape) != wanted or (len(shape) == 2 and shape[0] == 1)
        rank = 1 if fixing is None or fixing.example_rank is None else fixing.example_rank
        if len(shape) not in (rank, rank + 1):
            name, what = ("", "a vector") if fixing is None else (f" of {fixing.name}", fixing.example)
            label = f"found {dimensions(shape)}, expected {what}, or a list of such examples"
            raise wrong(item, f"the inputs{name} have the wrong number of axes", label)
        return len(shape) == rank + 1

    def gives_image(self, example: Shape) -> bool:
        """Whether what comes out for an example is an image or a signal with channels, not a sequence of time steps."""
        fixing = [item.entry.name for item in self.every if item.entry is not None and item.entry.example_rank]
        return len(example) > 2 or (len(example) == 2 and fixing[-1:] != [] and fixing[-1].startswith(CHANNELS_FIRST))

    def refuse_batch(self, shape: Shape, batched: bool, place: Value) -> None:
        """Raises ProblemError where `batch` says of the inputs what their axes rule out."""
        fixing = next((i.entry for i in self.every if i.entry is not None and i.entry.example_rank is not None), None)
        if fixing is None or fixing.example_rank is None or self.items[0].entry is not fixing:
            return
        axes = len(shape) - batched
        # a dense layer works on each row of one example as well
        if axes < fixing.example_rank or (axes > fixing.example_rank and fixing.name != "dense"):
            one = "each example" if batched else "the example"
            label = f"then {one} of {fixing.name} would have {axes} axes; expected {fixing.example}"
            raise wrong(place, f"'batch: {str(batched).lower()}' does not fit the inputs", label)

    def _reshaped(self) -> int:
        """How many entries an example has that a first `reshape` brings into a shape; -1 where it leaves a size open, 0
        where there is none."""
        first = self.items[0] if self.items else None
        if first is None or first.entry is None or first.entry.name != "reshape":
            return 0
        sizes = first.options["shape"]
        return max(prod(sizes if isinstance(sizes, tuple) else (sizes,)), -1)  # type: ignore[arg-type]

    def _flattened(self, shape: Shape, item: Value) -> bool:
        """Behind a first `flatten`, an example has as many entries as the dense layer takes."""
        weights = next(
            (v for i in self.every for n, v in i.stated.values.items() if n.startswith("W") and v.ndim == 2), None
        )
        wanted = None if weights is None else weights.shape[0 if self.row else 1]
        if wanted is None or prod(shape) == wanted:
            return False
        if prod(shape[1:]) == wanted:
            return True
        label = f"found {dimensions(shape)}, expected {wanted} entries for each example"
        raise wrong(item, "the inputs do not fit the dense layer behind 'flatten'", label)

    def check_classes(self, x: Any, base: int) -> None:
        """Raises DomainError where the inputs of a first embedding are no class numbers of it."""
        first = self.every[0] if self.items else None
        if first is not None and first.entry is not None and first.entry.name == "embedding":
            classes = first.stated.values[f"E{first.suffix}"].shape[0]
            try:
                for number in x.reshape(-1).tolist():
                    class_index(number, classes, base)
            except DomainError as error:
                error.names = ("x",)
                raise

    def equations(self, shapes: Shapes, batched: bool, index_base: int = 1) -> Equations:
        """The equations for the input x; the shapes of their names are added.

        shapes: those of x and of every parameter. Raises ShapeError with the equation that does not fit.
        """
        writing = _Writing(shapes, batched, self.row, index_base, frozenset({"x", *self.places}))
        written, prediction = writing.run(self.items, "x")
        return Equations(written, prediction, tuple(writing.updates), frozenset(writing.per_example))


def _every(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        for inner in item.inner.values():
            yield from _every(inner)


class Equations(NamedTuple):
    """What a network's layers wrote: the forward equations, the name of the prediction, what the optimizer's step has
    beside the parameters' equations, and the given names whose first axis counts the examples."""

    written: list[Written]
    prediction: str
    updates: tuple[Equation, ...] = ()
    per_example: frozenset[str] = frozenset()


class _Writing:
    """Writes the equations of layers, those inside others among them. placed: names that have a place in the file."""

    def __init__(self, shapes: Shapes, batched: bool, row: bool, index_base: int, placed: frozenset[str]) -> None:
        self.shapes, self.batched, self.row, self.index_base = shapes, batched, row, index_base
        self.placed = placed
        self.updates: list[Equation] = []
        self.per_example: set[str] = set()

    def run(self, items: Iterable[Item], x: str) -> tuple[list[Written], str]:
        """The equations behind the input x, and the name of what comes out."""
        result: list[Written] = []
        for item in items:
            try:
                written, x = self._item(item, x)
            except NncalcError as error:
                if error.place is None and not self.placed.intersection(error.names):
                    # about what layers have computed: the layer is all that the file says of it
                    error.place, error.key = item.place.place, item.place.key
                raise
            result += written
        return result, x

    def _item(self, item: Item, x: str) -> tuple[list[Written], str]:
        if item.entry is None:
            result_of = self._activation(item)(Name(x))
            equation = Equation(f"act{item.suffix}", result_of, "forward", item.label)
            add(self.shapes, equation)
            return [Written(equation, True)], equation.name
        block = self._block(item, x)
        item.entry.block(block)
        self.updates += block.updates
        self.per_example |= block.per_example
        return block.equations, block.output

    def _activation(self, item: Item) -> Activation:
        assert item.activation is not None
        return (
            item.activation.over(self.shapes, self.batched) if isinstance(item.activation, Learned) else item.activation
        )

    def _block(self, item: Item, x: str) -> Block:
        return Block(
            layer=item.label,
            input=x,
            batched=self.batched,
            row=self.row,
            index_base=self.index_base,
            suffix=item.suffix,
            given=frozenset(item.stated.keys),
            options=item.options,
            shape_of=self.shapes,
            declare=lambda equation: add(self.shapes, equation),
            activation=None if item.activation is None else self._activation(item),
            fill=lambda name, shape: self._fill(item, name, shape),
            inside=lambda key, name: self.run(item.inner.get(key, ()), name),
            start=lambda key, name, shape: self._start(item, key, name, shape),
            place=item.place.place,
        )

    def _fill(self, item: Item, name: str, shape: Shape) -> None:
        assert item.entry is not None
        parameter = next(p for p in item.entry.parameters if name_of(p, item.suffix) == name)
        value = filled(name, item.stated.values.get(name), parameter.default, shape)
        item.stated.values[name] = value
        self.shapes.known[name] = tuple(value.shape)

    def _start(self, item: Item, key: str, name: str, shape: Shape) -> None:
        from nncalc.problem.recurrent import starting

        start = item.stated.starts.get(key)
        if start is not None:
            item.stated.places[name] = start.place
        item.stated.values[name] = starting(name, start, shape)
        item.stated.states[name] = start is not None
        self.shapes.known[name] = shape


def read_network(value: Value, read: Reader, row: bool) -> Network:
    """The list under `layers`. Raises ProblemError with the place of what can't be read."""
    if not isinstance(value, Sequence):
        raise wrong(value, "'layers' is a list, one layer an item", f"found {kind(value)}, expected {EXAMPLE}")
    return Network(_Reading(read, row).layers(value), row)


class _Reading:
    """Reads lists of layers; the counters run on inside layers that hold others."""

    def __init__(self, read: Reader, row: bool) -> None:
        self.read, self.row = read, row
        self.counters: Counter[str] = Counter()
        self.before: list[Item] = []

    def layers(self, value: Value) -> tuple[Item, ...]:
        """A list of layers; one alone may stand without its list."""
        items: list[Item] = []
        open_end = False  # whether an activation may still follow the layer before
        for one in value.items if isinstance(value, Sequence) else (value,):
            name, settings = named(one, "a layer", layer_names(), EXAMPLE)
            entry = layer(name)
            if entry is None or entry.is_activation:
                before = items[-1].entry if open_end else next((i.entry for i in self.before[::-1]), None)
                stated = items[-1].stated if open_end else nothing_stated()
                activation = self._activation(name, settings, one, before, stated)
                if open_end:
                    items[-1] = items[-1]._replace(activation=activation)
                else:
                    number = self._count("act")
                    label = f"{name} {number}"
                    items.append(Item(None, label, str(number), stated, {}, one, activation))
                open_end = False
                continue
            item = self._layer(entry, settings, one, self._count(entry.family))
            _refuse_taken(item, self.before, one)
            items.append(item)
            self.before.append(item)
            open_end = entry.takes_activation and item.activation is None
        return tuple(items)

    def _count(self, family: str) -> int:
        self.counters[family] += 1
        return self.counters[family]

    def _activation(
        self, name: str, settings: Settings | None, place: Value, before: Layer | None, stated: Stated
    ) -> Activation:
        """An activation; one with a parameter adds that to those of the layer it belongs to."""
        entry = layer(name)
        if entry is None:
            for setting in operation(name).required:
                if settings is None or setting not in settings:
                    raise wrong(place, f"{name} has no {setting}", f"expected '{name}: {{{setting}: …}}'")
            return read_activation(name, settings)
        options(settings, entry.options, (*entry.keys, "name"))
        suffix = _suffix(settings, self._count(entry.family))
        own = read_parameters(entry, settings, place, self.read, suffix, self.row)
        stated.values.update(own.values)
        stated.places.update(own.places)
        (slope,) = own.values
        return Learned(slope, before is not None and before.name.startswith(CHANNELS_FIRST))

    def _layer(self, entry: Layer, settings: Settings | None, item: Value, count: int) -> Item:
        options_stated = {option.name: option.default for option in entry.options}
        options_stated |= options(settings, entry.options, (*entry.keys, "name"))
        _refuse_missing_setting(entry, settings, item)
        suffix = _suffix(settings, count)
        reading = read_parameters
        if entry.recurrent:
            from nncalc.problem.recurrent import read_recurrent as reading
        stated = reading(entry, settings, item, self.read, suffix, self.row)
        inner = {}
        for key in settings or ():
            if settings is not None and key in entry.nested:
                inner[key] = self.layers(settings.entries[key])
        if entry.nested and not inner.get(entry.nested[0]):
            key = entry.nested[0]
            raise wrong(item, f"{entry.name} has no {key}", f"expected '{key}: [{EXAMPLE.split(' or ')[0][3:-1]}, …]'")
        activation = read_activation(entry.own_activation, None) if entry.own_activation else None
        if settings is not None and "activation" in settings:
            activation = None if entry.takes_activation else read_activation("identity", None)
        if settings is not None and "activation" in settings and not _is_none(settings.entries["activation"]):
            given = settings.entries["activation"]
            name, own = named(given, "an activation", (*ACTIVATIONS, *LEARNED_ACTIVATIONS), "'activation: relu'")
            activation = self._activation(name, own, given, entry, stated)
        return Item(entry, f"{entry.name} {count}", suffix, stated, options_stated, item, activation, inner)


def _refuse_missing_setting(entry: Layer, settings: Settings | None, place: Value) -> None:
    for option in entry.options:
        if option.required and (settings is None or option.name not in settings):
            label = f"expected '{option.name}: …', {option.meaning}"
            raise wrong(place, f"{entry.name} has no {option.name.replace('_', ' ')}", label)


def _refuse_taken(item: Item, before: list[Item], place: Value) -> None:
    """Two layers of one family with the same `name` would write the same names."""
    for other in before:
        family = other.entry.family if other.entry is not None else "act"
        if item.entry is not None and (other.suffix, family) == (item.suffix, item.entry.family):
            name = item.suffix.removeprefix("_")
            raise wrong(place, f"the name '{name}' is taken", f"{other.label} has it; each layer needs its own")


def _is_none(value: Value) -> bool:
    return isinstance(value, Scalar) and (value.is_null or value.text == "none")


def _suffix(settings: Settings | None, count: int) -> str:
    given = settings.get("name") if settings is not None else None
    if given is None:
        return str(count)
    if not isinstance(given, Scalar) or not is_name("_" + given.text):
        raise wrong(given, "a layer's name has ASCII letters, digits and _", f"found {kind(given)}")
    return "_" + given.text


def read_activation(name: str, settings: Settings | None) -> Activation:
    """The activation as a function of expressions, with the settings that the file states."""
    entry = operation(name)
    stated = tuple(options(settings, entry.options).items())
    return lambda x: Apply(name, (x,), stated)
