"""A problem file → Problem: its keys, what goes with what, and everything checked before a number is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nncalc.catalogue.index import LOSSES, OPTIMIZERS
from nncalc.catalogue.operation import Operation, Shape, dimensions
from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import infer
from nncalc.errors import NncalcError, ProblemError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Name, Setting, call
from nncalc.problem.document import read_document
from nncalc.problem.labels import fit
from nncalc.problem.network import Network, read_network
from nncalc.problem.overrides import apply_overrides
from nncalc.problem.problem import Classes, Problem
from nncalc.problem.random_values import whole_number
from nncalc.problem.schema import kind, name_list, named, options, required, text, word, wrong
from nncalc.problem.sheet import Sheet, read_lines, read_values
from nncalc.problem.source import clean_text, read_file
from nncalc.problem.tree import Mapping, Scalar, Value, refuse_unknown
from nncalc.problem.values import Reader
from nncalc.problem.work import check_overrides

COMMON = (
    "title", "source", "notes", "optimizer", "index_base", "notation", "overrides", "frozen", "seed", "points",
)  # fmt: skip
WITH_LAYERS = ("inputs", "labels", "layers", "loss", "convention", "batch")
WITH_EQUATIONS = ("equations", "given", "parameters")
MOST_SEED = 2**32 - 1


def load_file(path: str, as_batch: bool = False) -> Problem:
    """The problem in a file. Raises NncalcError with the place of what can't be used."""
    return load_text(read_file(path), path, Path(path).parent, as_batch)


def load_text(content: str, source: str, folder: Path | None, as_batch: bool = False) -> Problem:
    """The problem that a text states; files that it names stand below `folder`. as_batch: one example is a batch."""
    document = read_document(content, source)
    if "layers" in document and "equations" in document:
        raise ProblemError(
            "a problem has layers or equations, not both", label="found both", key="equations",
            place=document.key_place("equations"),
        )  # fmt: skip
    if "equations" in document:
        refuse_unknown(document, (*WITH_EQUATIONS, *COMMON))
        problem = _from_equations(document, folder)
    else:
        refuse_unknown(document, (*WITH_LAYERS, *COMMON, *WITH_EQUATIONS))
        misplaced = next((key for key in ("given", "parameters") if key in document), None)
        if misplaced:
            raise ProblemError(
                f"'{misplaced}' goes with 'equations'", label="found no 'equations'", key=misplaced,
                place=document.key_place(misplaced),
            )  # fmt: skip
        if "layers" not in document:
            raise ProblemError(
                "the file has neither layers nor equations", label="expected 'layers:' or 'equations:'",
                place=document.place,
            )  # fmt: skip
        problem = _from_layers(document, folder, as_batch)
    problem = problem._replace(
        file=source,
        document=document,
        title=clean_text(text(document, "title")).strip(),
        source=clean_text(text(document, "source")).strip(),
        notes=clean_text(text(document, "notes")).strip(),
        notation=word(document, "notation", ("h", "z"), "h"),
        **_optimizer(document),
    )
    try:
        problem = apply_overrides(problem, document.get("overrides"))
        infer(problem.forward, problem.shapes)
        problem = problem._replace(frozen=name_list(document, "frozen", problem.forward.parameters))
        if problem.overrides:
            check_overrides(problem)
    except NncalcError as error:
        raise problem.located(error) from None
    return problem


def _reader(document: Mapping, folder: Path | None) -> Reader:
    given = document.get("seed")
    seed = None if given is None else whole_number(given, "'seed'", least=0)
    if given is not None and seed is not None and seed > MOST_SEED:
        raise wrong(given, "the seed is too large", f"expected at most {MOST_SEED}")
    return Reader(folder, seed)


def _base(document: Mapping) -> int:
    return int(word(document, "index_base", ("1", "0"), "1"))


def _optimizer(document: Mapping) -> dict[str, Any]:
    value = document.get("optimizer")
    known = tuple(name for names in OPTIMIZERS.values() for name in names)
    name, stated = ("sgd", None) if value is None else named(value, "an optimizer", known, "'optimizer: sgd'")
    entry = optimizer(name)
    assert entry is not None
    settings: dict[str, Setting] = {option.name: option.default for option in entry.options}
    settings.update(options(stated, entry.options))
    return {"optimizer": entry, "settings": settings, "optimizer_stated": value is not None}


# --- equations ------------------------------------------------------------------------------------------------------


def _from_equations(document: Mapping, folder: Path | None) -> Problem:
    read = _reader(document, folder)
    # in the file's order, because random values are drawn in it
    parts: dict[str, dict[str, Any]] = {"given": {}, "parameters": {}}
    for key in document:
        if key in parts:
            other = parts["parameters" if key == "given" else "given"]
            parts[key] = read_values(document.get(key), key, read, other)
    lines = read_lines(required(document, "equations", "'equations: |'"), "equations")
    places = {
        name: value.entries[name] for key in parts if isinstance(value := document.get(key), Mapping) for name in value
    }
    base = _base(document)
    sheet: Sheet | None = None
    try:
        sheet = Sheet(lines, parts["given"], parts["parameters"], base)
        program = sheet.program()
    except NncalcError as error:
        blank = Problem(Program(()), {}, places=places, written={name: written for name, _, written in lines})
        raise blank.located(error) from None
    problem = Problem(program, sheet.values, places=places, written=sheet.written)
    if sheet.label_numbers is not None:
        problem = problem._replace(values={**problem.values, "label": sheet.label_numbers})
    classes = None if sheet.classes is None else Classes(sheet.classes, base, sheet.label_numbers)
    return problem._replace(classes=classes, **_examples(problem))


def _examples(problem: Problem) -> dict[str, Any]:
    """Which names have an example a row: those as long as the prediction, where that is a matrix."""
    try:
        shapes = infer(problem.forward, problem.shapes).known
    except NncalcError:
        return {}  # said, with its place, once the whole problem is checked
    prediction = shapes.get(problem.forward.prediction or "", ())
    if len(prediction) < 2:
        return {}
    names = {
        name
        for name, shape in shapes.items()
        if len(shape) >= 1 and shape[0] == prediction[0] and name not in problem.forward.parameters
    }
    return {"examples": frozenset(names), "batched": True}


# --- layers ---------------------------------------------------------------------------------------------------------


def _from_layers(document: Mapping, folder: Path | None, as_batch: bool) -> Problem:
    read = _reader(document, folder)
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
    x, batched = _as_examples(arrays["x"], document.get("batch"), inputs)
    if as_batch and not batched:
        x, batched = x[None] if x.ndim == 1 else x, True
    base = _base(document)
    places = {"x": inputs, **network.places, **({} if labels is None else {"y": labels})}
    start = Problem(Program(()), {"x": x}, batched=batched, places=places, rows=row)
    try:
        return _with_loss(document, start, network, arrays.get("y"), base)
    except NncalcError as error:
        shell = start._replace(forward=Program((), parameters=tuple(network.values)))
        raise shell.located(error) from None


def _as_examples(x: Any, batch: Value | None, inputs: Value) -> tuple[Any, bool]:
    """The inputs, and whether they are a batch: a vector is one example, a matrix an example a row."""
    stated = batch.boolean if isinstance(batch, Scalar) else None
    if batch is not None and stated is None:
        raise wrong(batch, "'batch' is true or false", f"found {kind(batch)}")
    if x.ndim == 0:
        x = x.reshape(1)
    if x.ndim == 1 and stated:
        x = x.reshape(-1, 1)
    if x.ndim > 2:
        raise wrong(
            inputs,
            "inputs of a dense layer are a vector, or a matrix with an example a row",
            f"found {dimensions(x.shape)}",
        )
    return x, x.ndim == 2 if stated is None else stated


def _with_loss(document: Mapping, start: Problem, network: Network, labels: Any, base: int) -> Problem:
    x = start.values["x"]
    equations, prediction = network.equations(x.ndim)
    parameters = tuple(network.values)
    values = {"x": x, **network.values}
    program = Program(tuple(equations), ("x",), parameters, prediction=prediction)
    shapes = infer(program, {name: value.shape for name, value in values.items()})
    value = document.get("loss")
    classes = None
    if value is not None and not (isinstance(value, Scalar) and value.is_null):
        name, stated = named(value, "a loss", LOSSES, "'loss: l2'")
        entry = operation(name)
        settings = options(stated, entry.options)
        if labels is None:
            raise ProblemError(
                "the loss needs labels",
                label=f"found no 'labels', which {name} compares with",
                hint="Add 'labels:', or leave out 'loss' for a forward pass alone.",
                key="labels",
                place=value.place,
            )
        values, classes = _labels(values, labels, shapes.known[prediction], entry, base)
        equations += loss_equations(entry, prediction, settings, shapes.known[prediction], start.batched)
        given = ("x", "y")
        loss = equations[-1].name if equations[-1].name == "loss" else None
        program = Program(tuple(equations), given, parameters, ("y",), loss, prediction, frozenset({"losses"}))
    elif labels is not None:
        values["y"] = labels
        program = program._replace(given=("x", "y"), labels=("y",))
    examples: frozenset[str] = frozenset()
    if start.batched:
        computed = {e.name for e in program.equations if e.name != "loss"}
        examples = frozenset({"x", "y", "label", *computed})
    return start._replace(forward=program, values=values, classes=classes, examples=examples)


def _labels(
    values: dict[str, Any], labels: Any, prediction: Shape, entry: Operation, base: int
) -> tuple[dict[str, Any], Classes | None]:
    assert entry.target is not None
    try:
        y, numbers = fit(labels, prediction, entry.target, base)
    except NncalcError as error:
        error.names = ("y",)
        raise
    result = {"x": values["x"], "y": y, **({} if numbers is None else {"label": numbers}), **values}
    classes = Classes(prediction[-1], base, numbers) if entry.target.classes and prediction else None
    return result, classes


def loss_equations(
    entry: Operation, prediction: str, settings: dict[str, Setting], shape: Shape, batched: bool
) -> list[Equation]:
    """The end of the forward pass: what the loss shows, each example's loss for a batch, and the loss."""
    assert entry.target is not None
    result = []
    if entry.target.shows is not None:
        name, op = entry.target.shows
        result.append(Equation(name, Apply(op, (Name(prediction),)), "forward", "loss"))
    reduction = settings.get("reduction", "mean")
    stated = tuple((key, value) for key, value in settings.items() if key != "reduction" or value != "mean")
    pair = (Name(prediction), Name("y"))
    if not batched:
        name = "losses" if reduction == "none" else "loss"
        return [*result, Equation(name, Apply(entry.name, pair, stated), "forward", "loss")]
    each = tuple((key, value) for key, value in settings.items() if key != "reduction")
    result.append(Equation("losses", Apply(entry.name, pair, (*each, ("reduction", "none"))), "forward", "loss"))
    if reduction == "mean":
        result.append(Equation("loss", call.mean(Name("losses")), "forward", "loss"))
    elif reduction == "sum":
        total = call.sum(Name("losses"))
        # a sum over everything, from losses that are averaged over the outputs
        outputs = shape[-1] if entry.target.per_output else 1
        result.append(Equation("loss", total * outputs if outputs != 1 else total, "forward", "loss"))
    return result
