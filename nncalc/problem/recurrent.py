"""The settings that recurrent layers alone have: gates stacked in a stated order, a second direction, first states."""

from __future__ import annotations

from typing import Any, NamedTuple

from nncalc.catalogue.layer import REVERSED, Layer, Parameter
from nncalc.catalogue.operation import Shape, dimensions
from nncalc.errors import ShapeError, did_you_mean
from nncalc.problem.parameters import Start, Stated, complete, name_of, nothing_stated, read_one
from nncalc.problem.schema import kind, wrong
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value, refuse_unknown
from nncalc.problem.values import Reader

# A mapping with one of these keys stands for an array, any other for a map of gates.
ARRAYS = ("random", "file", "shape")


class Layout(NamedTuple):
    """How gates are stacked in one array: their order, and whether the array is (in, gates · units).

    value: where the file says so; None where it does not.
    """

    gates: tuple[str, ...] = ()
    inputs_first: bool = False
    value: Value | None = None


def read_recurrent(entry: Layer, settings: Mapping | None, item: Value, read: Reader, suffix: str, row: bool) -> Stated:
    """The parameters and initial states of a recurrent layer; keys of its second direction are `reverse.weights`.

    Raises ProblemError with the place of what can't be read.
    """
    layout = read_layout(entry, settings, row) if entry.orders else Layout()
    reading = _Reading(entry, read, row, layout)
    stated = reading.direction(settings, item, suffix)
    if layout.value is not None and not reading.stacked:
        raise wrong(layout.value, "the layout is for stacked arrays", f"{entry.name} has maps of gates")
    return stated


class _Reading:
    """Reads one recurrent layer. stacked: whether one of its arrays holds several gates."""

    def __init__(self, entry: Layer, read: Reader, row: bool, layout: Layout) -> None:
        self.entry, self.read, self.row, self.layout = entry, read, row, layout
        self.by_key = {parameter.key: parameter for parameter in entry.parameters}
        self.stacked = False

    def direction(self, settings: Mapping | None, item: Value, suffix: str) -> Stated:
        """One direction's parameters, and those of the other where `reverse` has them."""
        stated, other = nothing_stated(), nothing_stated()
        # in the file's order, because random values are drawn in it
        for key, value in {} if settings is None else settings.entries.items():
            parameter = self.by_key.get(key)
            if parameter is not None and parameter.parts and is_array(value):
                self._stack(parameter, value, suffix, stated)
            elif parameter is not None:
                read_one(parameter, value, self.read, suffix, stated)
            elif key in self.entry.starts:
                stated.starts[key] = Start(self.read(value, f"'{key}'"), value)
            elif key == "reverse":
                other = self._other(value, suffix)
        complete(self.entry, settings, item, suffix, self.row, stated)
        return Stated(
            {**stated.values, **other.values},
            {**stated.places, **other.places},
            {*stated.keys, *(f"reverse.{key}" for key in other.keys)},
            {**stated.starts, **{f"reverse.{key}": start for key, start in other.starts.items()}},
            {},
        )

    def _other(self, value: Value, suffix: str) -> Stated:
        if not isinstance(value, Mapping):
            label = f"found {kind(value)}, expected 'reverse: {{weights: …, recurrent_weights: …}}'"
            raise wrong(value, "the reversed direction has weights of its own", label)
        refuse_unknown(value, (*self.by_key, *self.entry.starts))
        return self.direction(value, value, suffix + REVERSED)

    def _stack(self, parameter: Parameter, value: Value, suffix: str, stated: Stated) -> None:
        array = self.read(value, f"{parameter.key.replace('_', ' ')} {name_of(parameter, suffix)}")
        self.stacked = self.stacked or array.ndim > 0
        found = parts_of(self.entry, parameter, array, value, self.layout, self.row)
        for key, parts in found.items():
            for part, one in parts.items():
                name = name_of(self.by_key[key], suffix, part)
                stated.values[name], stated.places[name] = one, value
                stated.keys.update((key, f"{key}.{part}"))


def is_array(value: Value) -> bool:
    """Whether a value stands for one array, and not for a map of gates."""
    return not isinstance(value, Mapping) or any(key in value for key in ARRAYS)


def read_layout(entry: Layer, settings: Mapping | None, row: bool) -> Layout:
    """The layer's `layout`: `pytorch`, `keras`, or a list of the gates in their order."""
    value = settings.get("layout") if settings is not None else None
    if value is None:
        return Layout()
    orders = dict(entry.orders)
    gates = next(iter(orders.values()))
    wanted = f"expected {', '.join(orders)}, or a list of {', '.join(gates)} in their order"
    if isinstance(value, Scalar):
        if value.text not in orders:
            hint = did_you_mean(value.text, tuple(orders))
            raise wrong(value, f"the layout can't be {kind(value)}", wanted, hint)
        return Layout(orders[value.text], value.text == "keras", value)
    found = tuple(item.text if isinstance(item, Scalar) else "" for item in value) if _is_list(value) else ()
    if sorted(found) != sorted(gates):
        raise wrong(value, "the layout has every gate once", f"found {', '.join(found) or kind(value)}, {wanted}")
    return Layout(found, row, value)


def _is_list(value: Value) -> bool:
    return isinstance(value, Sequence)


def parts_of(
    entry: Layer, parameter: Parameter, array: Any, value: Value, layout: Layout, row: bool
) -> dict[str, dict[str, Any]]:
    """A stacked array as those of its gates, by the parameter's key; one number is the same for every gate.

    Weights come out as the file's convention has them, (units, in) or (in, units). Keras' bias of a GRU,
    (2, 3 · units), is `bias` and `recurrent_bias`. Raises ProblemError without a layout, and where the gates do not
    divide the array.
    """
    if array.ndim == 0:
        return {parameter.key: dict.fromkeys(parameter.parts, array)}
    words = parameter.key.replace("_", " ")
    if len(parameter.parts) != len(dict(entry.orders)["pytorch"]):
        label = f"found {dimensions(array.shape)}, expected a map of {', '.join(parameter.parts)}"
        raise wrong(value, f"the {words} of {entry.name} are a map of gates", label)
    if not layout.gates:
        hint = "Write 'layout: pytorch' or 'layout: keras', or a list of the gates in their order."
        label = f"found {dimensions(array.shape)} and no 'layout'"
        raise wrong(value, f"the {words} of {entry.name} are a map of gates, or stacked with a layout", label, hint)
    if layout.inputs_first and parameter.key == "bias" and array.ndim == 2 and array.shape[0] == 2:
        both = zip(("bias", "recurrent_bias"), array, strict=True)
        return {key: _cut(words, one, 0, value, layout) for key, one in both}
    if array.ndim != parameter.rank:
        label = f"found {dimensions(array.shape)}"
        what = "vectors" if parameter.rank == 1 else "matrices"
        raise wrong(value, f"the {words} of {entry.name} are {what} behind each other", label)
    found = _cut(words, array, 1 if parameter.rank == 2 and layout.inputs_first else 0, value, layout)
    if parameter.rank == 2 and layout.inputs_first != row:
        found = {gate: one.T.copy() for gate, one in found.items()}
    return {parameter.key: found}


def _cut(words: str, array: Any, axis: int, value: Value, layout: Layout) -> dict[str, Any]:
    import numpy as np

    size, count = array.shape[axis], len(layout.gates)
    if size % count:
        raise wrong(
            value, f"the {words} can't be divided among {count} gates",
            f"found {dimensions(array.shape)}, expected a multiple of {count} {'columns' if axis else 'rows'}",
        )  # fmt: skip
    return dict(zip(layout.gates, np.split(array, count, axis=axis), strict=True))


def starting(name: str, start: Start | None, shape: Shape) -> Any:
    """A state ahead of the first time step: 0, or as given for each example or for all of them alike.

    Raises ShapeError where it has another shape.
    """
    import numpy as np

    if start is None:
        return np.zeros(shape)
    if start.array.shape not in ((), shape, shape[-1:]):
        each = f"{dimensions(shape)}, or for all examples " if len(shape) > 1 else ""
        raise ShapeError(
            f"{name} has the wrong shape",
            label=f"found {dimensions(start.array.shape)}, expected {each}{dimensions(shape[-1:])}",
            key=start.place.key,
            place=start.place.place,
        )
    return np.broadcast_to(start.array, shape).copy()
