"""The quick calculators' screens: softmax as a table, an activation's value and derivative number by number."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes
from nncalc.language.expression import Apply, Expression, Name, substitute
from nncalc.problem.quick import Quick, exponentials
from nncalc.views.box import matrix, table, tables_within
from nncalc.views.formula import broken, equation_formula, formula_text
from nncalc.views.line import Line
from nncalc.views.numbers import aligned, constant, fixed, number
from nncalc.views.symbols import Symbols, lowered

SIGNIFICANT = 6


def softmax_view(found: Quick, base: int, *, digits: int, width: int) -> list[Line]:
    """The table m, h, e^h, p, %, with the label and the loss below it where there is a label."""
    h, p = list(found.values["h"].entries), list(found.values["p"].entries)
    scores = found.values.get("z", found.values["h"])
    powers = exponentials(list(scores.entries))
    letter = "z" if "z" in found.values else "h"
    head = f"e{'ᶻ' if letter == 'z' else 'ʰ'}" if powers is not None else f"e^({letter} − max {letter})"
    shown = powers if powers is not None else list(found.values["exp"].entries)
    percent = max(digits - 2, 0)
    columns: dict[str, list[str]] = {"h": fixed(h, digits)}
    if letter == "z":
        columns["z"] = fixed(list(scores.entries), digits)
    columns |= {
        head: _with_total(shown, digits),
        "p": _with_total(p, digits),
        "%": _with_total([100 * value for value in p], percent),
    }
    names = [str(i + base) for i in range(len(h))]
    body = [names, *(column[: len(h)] for column in columns.values()), [_mark(found, i + base) for i in range(len(h))]]
    total = ["Σ", *(column[-1] if len(column) > len(h) else "" for column in columns.values()), ""]
    lines = table(["m", *columns, ""], body, total=total, left=(len(body) - 1,))
    if found.label is not None:
        lines += [[("", "")], *_loss_lines(found, base, digits, width)]
    return [*lines, *_ending(found, base, width)]


def _with_total(values: Sequence[float], digits: int) -> list[str]:
    return fixed([*values, sum(values)], digits)


def _mark(found: Quick, number_of_class: int) -> str:
    marks = ["label"] if found.label == number_of_class else []
    return f"← {', '.join(marks)}" if marks else ""


def _loss_lines(found: Quick, base: int, digits: int, width: int) -> list[Line]:
    loss = next(e.expression for e in found.equations if e.name == "loss")
    assert isinstance(loss, Apply)
    label = found.label if found.label is not None else base
    p = found.values["p"].entries[label - base]
    log = {"e": "ln", 2: "log₂", 10: "log₁₀"}.get(loss.setting("log_base", "e"), "")
    log = log or f"log_{constant(float(loss.setting('log_base')))}"  # type: ignore[arg-type]
    middle = f" = −{log} {_significant(p)}" if p > 0 else ""
    text = f"ℓ = −{log} p{lowered(str(label)) or label}{middle} = {number(found.values['loss'], digits)}"
    lines: list[Line] = [[(" " + text, "bold")]]
    symbols, shapes = Symbols(("h", "z", "p", "y", "loss"), loss="loss"), Shapes(found.shapes)
    for equation in found.equations:
        if equation.phase == "backward":
            values = [number(v, digits) for v in found.values[equation.name].entries]
            formula = f"{equation_formula(equation, symbols, shapes)} ="
            row = f"{formula} [{'  '.join(values)}]ᵀ"
            if len(row) + 1 <= width:
                lines.append([(" " + row, "backward")])
            else:
                lines.append([(" " + formula, "backward")])
                lines += matrix([[value] for value in aligned(values)], "backward").lines(indent=3)
    return lines


def _significant(value: float) -> str:
    return f"{value:.{SIGNIFICANT}g}".replace("-", "−")


def _ending(found: Quick, base: int, width: int) -> list[Line]:
    text = f"predicted class {found.predicted}"
    style = ""
    if found.label is not None:
        style = "right" if found.predicted == found.label else "wrong"
        text += ": right" if style == "right" else f": wrong, the label is {found.label}"
    return [[("", "")], [(" " + text, style)], *_notes(found, width)]


def _notes(found: Quick, width: int) -> list[Line]:
    return [
        [(line, "")]
        for note in found.notes
        for line in textwrap.wrap(note, width, initial_indent=" ", subsequent_indent="   ")
    ]


def activation_view(found: Quick, name: str, *, digits: int, width: int) -> list[Line]:
    """x, the activation's value and its derivative, a row a number; or, where entries mix, the Jacobian."""
    is_elementwise = operation(name).elementwise
    forward, *backward = found.equations
    formulas = [f"y = {_of_one_number(forward.expression)}"]
    # with respect to more than x, derivatives are partial
    d = "d" if len(backward) == 1 else "∂"
    slopes = {f"{d}y/{d}{equation.name.removesuffix('.grad')}": equation for equation in backward}
    if is_elementwise:
        formulas += [f"{of} = {_of_one_number(equation.expression)}" for of, equation in slopes.items()]
    values: Any = found.values["x.grad"]
    x, result = list(found.values["x"].entries), list(found.values["result"].entries)
    lines: list[Line] = []
    for text, style in zip(formulas, ("bold", *["backward"] * len(slopes)), strict=False):
        lines += [[(" " + line, style)] for line in broken(text, width - 1)]
    lines.append([("", "")])
    headers, columns = ["x", "y"], [fixed(x, digits), fixed(result, digits)]
    if len(result) != len(x):
        # a row for each result: the numbers themselves stand above
        lines += [[(f" x = [{'  '.join(fixed(x, digits))}]", "")], [("", "")]]
        headers, columns = headers[1:], columns[1:]
    if is_elementwise:
        headers += list(slopes)
        columns += [fixed(list(found.values[equation.name].entries), digits) for equation in backward]
    else:
        headers += [f"∂y/∂x{lowered(str(i + 1))}" for i in range(len(x))]
        columns += [fixed([row.entries[i] for row in values], digits) for i in range(len(x))]
    lines += tables_within(headers, columns, width)
    return [*lines, *([[("", "")], *_notes(found, width)] if found.notes else [])]


def _of_one_number(expression: Expression) -> str:
    """The formula for one number x with the result y: products need no sign of their own then."""
    own = substitute(expression, lambda node: Name("y") if node == Name("result") else None)
    text = formula_text(own, Symbols(("x", "y")), Shapes({"x": (), "y": ()}))
    is_condition = isinstance(own, Apply) and own.op in ("greater", "less", "greater_equal", "less_equal")
    return f"[{text}]" if is_condition else text
