"""The quick calculators: `softmax`, and a command for each activation, made from its entry in the catalogue."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from nncalc.catalogue.operation import Option
from nncalc.catalogue.registry import operation
from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, Json, Numbers, number, whole
from nncalc.errors import DomainError, UsageError
from nncalc.problem import quick
from nncalc.problem.numbers import as_setting


def read_numbers(texts: list[str]) -> list[float]:
    """The numbers of a command line. Raises UsageError for a text that is none."""
    from nncalc.problem.numbers import parse_number

    found = []
    for text in texts:
        try:
            value = parse_number(text)
        except DomainError as error:
            raise UsageError(error.message, label="expected a finite number") from None
        if value is None:
            hint = "Numbers stand apart with blanks, and have a point: 1 2.5 3." if "," in text else ""
            raise UsageError(f"'{text}' is not a number", label="expected a number such as 0.5, 1/3 or 1e-3", hint=hint)
        found.append(value)
    return found


def _log_base(text: str) -> float | str:
    return "e" if text == "e" else as_setting(number(text))


def softmax(
    numbers: Numbers,
    label: Annotated[
        float | None, typer.Option(metavar="CLASS", parser=number, show_default=False, help="The right class.")
    ] = None,
    log_base: Annotated[
        Any, typer.Option(metavar="B", parser=_log_base, help="The base of the loss's logarithm: e, 2, 10, …")
    ] = "e",
    index_base: Annotated[int, typer.Option(metavar="0|1", parser=whole(0, 1), help="The first class is 0 or 1.")] = 1,
    temperature: Annotated[
        float, typer.Option(metavar="T", parser=number, help="The numbers are divided by it first.")
    ] = 1.0,
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """Softmax of numbers; with a label also its cross-entropy and the gradient ∂ℓ/∂h.

    Example:
    nncalc softmax 2 -1 5 0
    nncalc softmax 2 -1 5 0 --label 2
    """
    for option, value, entry in (
        ("temperature", temperature, operation("softmax")),
        ("log_base", log_base, operation("softmax_cross_entropy")),
    ):
        expected = entry.expected(option, value)
        if expected:
            raise UsageError(f"--{option.replace('_', '-')} can't be {value:g}", label=f"expected {expected}")
    try:
        found = quick.softmax(read_numbers(numbers), label, index_base, log_base, temperature)
    except DomainError as error:
        error.hint = error.hint.replace("index_base: ", "--index-base ")  # as it is called here
        raise
    if json:
        output.print_json(_object("softmax", found, ("h", "z", "exp", "p"), ("h",)))
        return
    from nncalc.views.quick import softmax_view

    output.print_lines(softmax_view(found, index_base, digits=digits, width=output.width()))


def make(name: str) -> Callable[..., None]:
    """The command of one activation: its numbers, and an option for each of its settings and of what it learns."""
    entry = operation(name)
    learned = tuple(Option(argument, None, f"the {argument}, which a network learns") for argument in entry.args[1:])
    options = (*learned, *entry.options)
    required = (*entry.args[1:], *entry.required)

    def calculate(numbers: list[str], json: bool, digits: int, **settings: Any) -> None:
        found = quick.activation(name, read_numbers(numbers), settings)
        if json:
            output.print_json(_object(name, found, (*entry.args, "result"), entry.args))
            return
        from nncalc.views.quick import activation_view

        output.print_lines(activation_view(found, name, digits=digits, width=output.width()))

    hints: dict[str, Any] = {"numbers": Numbers, **{option.name: _annotation(option) for option in options}}
    hints |= {"json": Json, "digits": Digits}
    defaults: dict[str, Any] = {option.name: option.default for option in options if option.name not in required}
    defaults |= {"json": False, "digits": PLACES}
    keyword = inspect.Parameter.KEYWORD_ONLY
    calculate.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(key, keyword, annotation=hint, default=defaults.get(key, inspect.Parameter.empty))
            for key, hint in hints.items()
        ]
    )
    calculate.__annotations__ = {**hints, "return": None}
    example = f"nncalc {name.replace('_', '-')} 0 1 -1" + "".join(f" --{setting} 0.25" for setting in entry.args[1:])
    example += "".join(f" 2 --{setting} 2" for setting in entry.required)
    calculate.__doc__ = f"{_sentence(entry.meaning)}\n\nIts value and derivative at each number.\n\nExample:\n{example}"
    return calculate


def _sentence(meaning: str) -> str:
    """The meaning as a sentence; one that begins with a formula keeps its small letter."""
    is_word = meaning[:2].isalpha()
    return f"{meaning[0].upper() if is_word else meaning[0]}{meaning[1:]}."


def _annotation(option: Option) -> Any:
    def checked(text: str | float) -> float | int:
        value = as_setting(number(text))
        expected = option.expected(value)
        if expected:
            raise typer.BadParameter(f"expected {expected}")
        return value

    return Annotated[
        float,
        typer.Option(f"--{option.name.replace('_', '-')}", metavar="X", parser=checked, help=f"{option.meaning}."),
    ]


def _object(command: str, found: quick.Quick, values: tuple[str, ...], gradients: tuple[str, ...]) -> dict[str, Any]:
    """The JSON of FORMAT.md, section 3; what there is not is left out."""
    from nncalc.views.json import equation_object

    result: dict[str, Any] = {"nncalc": 1, "command": command}
    stated = [*values[:1], *(("y", "label") if found.label is not None else ()), *values[1:]]
    everything = {**found.values, **({} if found.label is None else {"label": found.label})}
    result["values"] = {name: plain(everything[name]) for name in stated if name in everything}
    if "loss" in found.values:
        result["loss"] = found.values["loss"]
    graded = {name: plain(found.values[f"{name}.grad"]) for name in gradients if f"{name}.grad" in found.values}
    if graded:
        result["gradients"] = graded
    if found.predicted is not None:
        result["predicted"] = found.predicted
        if found.label is not None:
            result["correct"] = found.predicted == found.label
    if found.notes:
        result["notes"] = list(found.notes)
    result["trace"] = [equation_object(e.name, e.expression, e.phase, found.shapes[e.name]) for e in found.equations]
    return result


def plain(value: Any) -> Any:
    """A Row as a list, a list of Rows as nested lists."""
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value
