"""`layers`, `inputs`, `labels` and `loss` → Problem: one example or a batch, and the end of the forward pass."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

from nncalc.catalogue.index import LOSSES
from nncalc.catalogue.operation import Operation, Shape
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes
from nncalc.errors import NncalcError, ProblemError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, Setting, call
from nncalc.problem.labels import fit
from nncalc.problem.network import Network, read_network
from nncalc.problem.problem import Classes, Problem
from nncalc.problem.schema import base_of, kind, named, options, reader_of, required, word, wrong
from nncalc.problem.tree import Mapping, Scalar, Value
from nncalc.problem.values import Reader


def from_layers(document: Mapping, folder: Path | None, as_batch: bool) -> Problem:
    """The problem of a file with layers. as_batch: one example is a batch of one. Raises NncalcError with the place."""
    read = reader_of(document, folder)
    row = word(document, "convention", ("column", "row"), "column") == "row"
    inputs = required(document, "inputs", "'inputs: [1.2, -1, 2]'")
    layers = required(document, "layers", "'layers:' and its list")
    labels = document.get("labels")
    arrays: dict[str, Any] = {}
    network: Network | None = None
    # in the file's order, because random values are drawn in it
    for key in document:
        if key == "inputs":
            arrays["x"] = read(inputs, "inputs")
        elif key == "labels" and labels is not None and not (isinstance(labels, Scalar) and labels.is_null):
            arrays["y"] = read(labels, "labels")
        elif key == "layers":
            network = read_network(layers, read, row)
    assert network is not None
    x, batched = as_examples(arrays["x"], network, document.get("batch"), inputs)
    if as_batch and not batched:
        x, batched = x[None], True
    base = base_of(document)
    places = {"x": inputs, **network.places, **({} if labels is None else {"y": labels})}
    start = Problem(Program(()), {"x": x}, batched=batched, places=places, rows=row)
    try:
        return _with_loss(document, start, network, arrays.get("y"), base, read)
    except NncalcError as error:
        shell = start._replace(forward=Program((), parameters=tuple(network.values)))
        raise shell.located(error) from None


def as_examples(x: Any, network: Network, batch: Value | None, inputs: Value) -> tuple[Any, bool]:
    """The inputs, and whether they are a batch: by the first layer that fixes what an example is, or as stated."""
    stated = batch.boolean if isinstance(batch, Scalar) else None
    if batch is not None and stated is None:
        raise wrong(batch, "'batch' is true or false", f"found {kind(batch)}")
    if x.ndim == 0:
        x = x.reshape(1)
    if x.ndim == 1 and stated:
        x = x.reshape(-1, 1)
    if stated is None:
        return x, network.is_batch(x.shape, inputs)
    network.refuse_batch(x.shape, stated, batch or inputs)
    return x, stated


def _with_loss(document: Mapping, start: Problem, network: Network, labels: Any, base: int, read: Reader) -> Problem:
    values: dict[str, Any] = {"x": start.values["x"], **network.values}
    shapes = Shapes({name: value.shape for name, value in values.items()})
    network.check_classes(values["x"], base)
    written, prediction, updates, given_each = network.equations(shapes, start.batched, base)
    equations = [one.equation for one in written]
    values = {**values, **network.values}  # with the defaults that the layers asked for
    constants, given = network.constants, ("x", *network.states)
    parameters = tuple(name for name in network.values if name not in (*constants, *given))
    program = Program(tuple(equations), (*given, *constants), parameters, constants, prediction=prediction)
    value = document.get("loss")
    classes = None
    if value is not None and not (isinstance(value, Scalar) and value.is_null):
        name, stated = named(value, "a loss", LOSSES, "'loss: l2'")
        entry = operation(name)
        settings, given_to_loss = _loss_settings(stated, entry, read)
        if labels is None:
            raise ProblemError(
                "the loss needs labels",
                label=f"found no 'labels', which {name} compares with",
                hint="Add 'labels:', or leave out 'loss' for a forward pass alone.",
                key="labels",
                place=value.place,
            )
        ignore = settings.get("ignore_index")
        values, classes = _labels(values, labels, shapes.known[prediction], entry, base, ignore)
        values |= given_to_loss
        shape = shapes.known[prediction]
        assert entry.target is not None
        image = not (entry.target.classes or entry.target.distribution) and network.gives_image(
            shape[1:] if start.batched else shape
        )
        equations += loss_equations(entry, prediction, settings, shape, start.batched, image)
        given, targets = (*given, "y", *constants), ("y", *constants)
        loss = equations[-1].name if equations[-1].name == "loss" else None
        program = Program(tuple(equations), given, parameters, targets, loss, prediction, frozenset({"losses"}))
    elif labels is not None:
        values["y"] = labels
        program = program._replace(given=(*given, "y", *constants), labels=("y", *constants))
    examples: frozenset[str] = frozenset()
    if start.batched:
        per_example = {one.equation.name for one in written if one.per_example}
        examples = frozenset({"x", "y", "p", "losses", *per_example, *given_each})
    return start._replace(forward=program, updates=updates, values=values, classes=classes, examples=examples)


def _labels(
    values: dict[str, Any], labels: Any, prediction: Shape, entry: Operation, base: int, ignore: Setting
) -> tuple[dict[str, Any], Classes | None]:
    assert entry.target is not None
    try:
        y, numbers = fit(labels, prediction, entry.target, base, ignore)
    except NncalcError as error:
        error.names = ("y",)
        raise
    result = {"x": values["x"], "y": y, **values}
    classes = Classes(prediction[-1], base, numbers) if entry.target.classes and prediction else None
    return result, classes


def _loss_settings(stated: Mapping | None, entry: Operation, read: Reader) -> tuple[dict[str, Setting], dict[str, Any]]:
    """The loss's settings, and the arrays among them, each under the setting's own name."""
    arrays = {
        option.name: read(stated.entries[option.name], option.name.replace("_", " "))
        for option in entry.options
        if option.array and stated is not None and option.name in stated
    }
    plain = tuple(option for option in entry.options if option.name not in arrays)
    settings = options(stated, plain, tuple(arrays))
    order = [option.name for option in entry.options]
    named_arrays: dict[str, Setting] = {name: Name(name) for name in arrays}
    return dict(sorted({**settings, **named_arrays}.items(), key=lambda item: order.index(item[0]))), arrays


def loss_equations(
    entry: Operation, prediction: str, settings: dict[str, Setting], shape: Shape, batched: bool, image: bool = False
) -> list[Equation]:
    """The end of the forward pass: what the loss shows, each example's loss for a batch, and the loss.

    image: all axes of an example hold its outputs; of anything else the last one alone, the others count time steps.
    """
    assert entry.target is not None
    result = []
    if entry.target.shows is not None:
        name, op = entry.target.shows
        result.append(Equation(name, Apply(op, (Name(prediction),)), "forward", "loss"))
    reduction = settings.get("reduction", "mean")
    stated = tuple((key, value) for key, value in settings.items() if key != "reduction" or value != "mean")
    pair: tuple[Expression, ...] = (Name(prediction), Name("y"))
    if image:
        pair = tuple(call.flatten(one, start_dim=1) if batched else call.flatten(one) for one in pair)
        shape = (*shape[:batched], prod(shape[batched:]))
    if not batched:
        name = "losses" if reduction == "none" else "loss"
        return [*result, Equation(name, Apply(entry.name, pair, stated), "forward", "loss")]
    each = tuple((key, value) for key, value in settings.items() if key != "reduction")
    result.append(Equation("losses", Apply(entry.name, pair, (*each, ("reduction", "none"))), "forward", "loss"))
    if reduction == "mean":
        weights = None if entry.target.total is None else entry.target.total(Name("y"), **settings)
        mean = call.mean(Name("losses")) if weights is None else call.sum(Name("losses")) / weights
        result.append(Equation("loss", mean, "forward", "loss"))
    elif reduction == "sum":
        total = call.sum(Name("losses"))
        # a sum over everything, from losses that are averaged over the outputs
        outputs = shape[-1] if entry.target.per_output else 1
        result.append(Equation("loss", total * outputs if outputs != 1 else total, "forward", "loss"))
    return result
