"""A layer's parameters as the file states them: one array each, or a map of parts; and what is filled in for them."""

from __future__ import annotations

from typing import Any, NamedTuple

from nncalc.catalogue.layer import Layer, Parameter
from nncalc.catalogue.operation import Shape, dimensions
from nncalc.errors import ProblemError, ShapeError
from nncalc.problem.masks import is_mask, to_add
from nncalc.problem.schema import kind, wrong
from nncalc.problem.tree import Mapping, Value, refuse_unknown
from nncalc.problem.values import Reader


class Start(NamedTuple):
    """A state ahead of the first time step as the file gives it."""

    array: Any
    place: Value


class Stated(NamedTuple):
    """The arrays of a layer's parameters and where they stand, by name; keys: the file's, a part's `weights.q`.

    starts: the states that a recurrent layer's settings give to start from, by key. states: the names of all that it
    starts from, and whether the file gives them.
    """

    values: dict[str, Any]
    places: dict[str, Value]
    keys: set[str]
    starts: dict[str, Start]
    states: dict[str, bool]


def nothing_stated() -> Stated:
    """No parameters, or none yet."""
    return Stated({}, {}, set(), {}, {})


def name_of(parameter: Parameter, suffix: str, part: str = "") -> str:
    """What a parameter, or a part of one, is called: `W1`, `W1_q`, `W_enc`."""
    return f"{parameter.letter}{suffix}" + (f"_{part}" if part else "")


def read_parameters(
    entry: Layer, settings: Mapping | None, item: Value, read: Reader, suffix: str, row: bool
) -> Stated:
    """The parameters that a layer's settings state. Raises ProblemError with the place of what can't be read."""
    stated = nothing_stated()
    by_key = {parameter.key: parameter for parameter in entry.parameters}
    # in the file's order, because random values are drawn in it
    for key in settings or ():
        if settings is not None and key in by_key:
            read_one(by_key[key], settings.entries[key], read, suffix, stated)
    complete(entry, settings, item, suffix, row, stated)
    return stated


def complete(entry: Layer, settings: Mapping | None, item: Value, suffix: str, row: bool, stated: Stated) -> None:
    """Refuse what is missing, and give each parameter the axes it has."""
    for parameter in entry.parameters:
        _refuse_missing(entry, parameter, stated, item, settings)
    # a bias given as one number takes its size from the weights of the same part
    for part in dict.fromkeys(part for parameter in entry.parameters for part in parameter.parts):
        _fit_axes([p for p in entry.parameters if part in p.parts], stated, suffix, row, part)
    _fit_axes([p for p in entry.parameters if not p.parts], stated, suffix, row)


def read_one(parameter: Parameter, given: Value, read: Reader, suffix: str, stated: Stated) -> None:
    """One parameter: its array, or a map of its parts."""
    if not parameter.parts:
        name = name_of(parameter, suffix)
        value = read(given, f"{parameter.key.replace('_', ' ')} {name}")
        stated.values[name] = to_add(value) if parameter.added and is_mask(given) else value
        stated.places[name] = given
        stated.keys.add(parameter.key)
        return
    if not isinstance(given, Mapping):
        example = f"'{parameter.key}: {{{', '.join(f'{part}: …' for part in parameter.parts)}}}'"
        raise wrong(
            given, f"the {parameter.key.replace('_', ' ')} are a map", f"found {kind(given)}, expected {example}"
        )
    refuse_unknown(given, parameter.parts)
    for part in given:
        name = name_of(parameter, suffix, part)
        stated.values[name] = read(given.entries[part], f"{parameter.key.replace('_', ' ')} {name}")
        stated.places[name] = given.entries[part]
        stated.keys.update((parameter.key, f"{parameter.key}.{part}"))


def _refuse_missing(entry: Layer, parameter: Parameter, stated: Stated, item: Value, settings: Mapping | None) -> None:
    if not parameter.required:
        return
    if parameter.key not in stated.keys:
        array = {1: "[…]", 2: "[[…], …]"}.get(parameter.rank or 0, "…")
        example = f"{{{', '.join(f'{part}: …' for part in parameter.parts)}}}" if parameter.parts else array
        raise ProblemError(
            f"{entry.name} has no {parameter.key}",
            label=f"expected '{parameter.key}: {example}'",
            key=item.key,
            place=item.place,
        )
    given = settings.get(parameter.key) if settings is not None else None
    for part in parameter.parts:
        if part not in parameter.may_lack and f"{parameter.key}.{part}" not in stated.keys and given is not None:
            raise wrong(given, f"{entry.name}'s {parameter.key} have no {part}", f"expected '{part}: [[…], …]'")


def _fit_axes(parameters: list[Parameter], stated: Stated, suffix: str, row: bool, part: str = "") -> None:
    """Each parameter with the axes it has: a bias given as one number is a vector of equal entries."""
    import numpy as np

    values, outputs = stated.values, None
    matrices = any(parameter.rank == 2 for parameter in parameters)
    for parameter in parameters:
        name = name_of(parameter, suffix, part)
        if name not in values:
            continue
        value = values[name]
        if parameter.rank == 1 and value.ndim == 0 and outputs is not None:
            values[name] = value = np.full(outputs, float(value))
        if parameter.rank == 1 and value.ndim == 2 and 1 in value.shape:
            values[name] = value = value.reshape(-1)  # a column or a row, as on paper
        if parameter.rank is not None and value.ndim != parameter.rank:
            what = f"the {parameter.key.replace('_', ' ')} {name} {_has(parameter)}"
            raise wrong(stated.places[name], what, f"found {dimensions(value.shape)}")
        size = value.shape[1 if row and value.ndim == 2 else 0] if value.ndim else 1
        if outputs is None and value.ndim > 1:
            outputs = size
        elif matrices and outputs is not None and size != outputs and 1 in (size, outputs):
            _refuse_size(parameter, name, stated, outputs)


def _refuse_size(parameter: Parameter, name: str, stated: Stated, outputs: int) -> None:
    """A size of 1 beside another would be repeated to it, in silence."""
    value = stated.values[name]
    shape = (outputs,) * (parameter.rank or 1)
    each = ", one for each output" if parameter.rank == 1 else ""
    hint = ""
    if value.shape == (1,):
        hint = f"{value[0]:g} without brackets is a vector of equal entries."
    label = f"found {dimensions(value.shape)}, expected {dimensions(shape)}{each}"
    raise wrong(stated.places[name], f"{name} has the wrong shape", label, hint)


def _has(parameter: Parameter) -> str:
    verb = "have" if parameter.key.endswith("weights") else "has"
    names = {0: "to be a number", 1: "to be a vector", 2: "to be a matrix"}
    return f"{verb} {names.get(parameter.rank or 0, f'to have {parameter.rank} axes')}"


def filled(name: str, given: Any, default: float | None, shape: Shape) -> Any:
    """A parameter in the shape that its layer asks for: as given, or the one number given or its default everywhere.

    Raises ShapeError where it has another shape.
    """
    import numpy as np

    if given is None or given.ndim == 0:
        number = default if given is None else float(given)
        assert number is not None
        return np.full(shape, number)
    if given.shape != shape:
        raise ShapeError(
            f"{name} has the wrong shape",
            label=f"found {dimensions(given.shape)}, expected {dimensions(shape)} for this input",
            names=(name,),
        )
    return given
