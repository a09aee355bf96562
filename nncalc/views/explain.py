"""What `explain` tells of anything in the catalogue: as lines for a reader, and as the object of FORMAT.md."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.derivation import read, read_equation, vectors_of
from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.layer import Layer
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.optimizer import Optimizer
from nncalc.engine.rule import EXAMPLE, example_of, gradients_through, partial_derivatives
from nncalc.language.equation import Equation
from nncalc.language.expression import Expression, Name, substitute
from nncalc.language.text import equation_text, to_text
from nncalc.views.explain_layer import layer_view, sample
from nncalc.views.explain_layout import NARROWEST
from nncalc.views.explain_page import explanation_view
from nncalc.views.explain_rule import RESULT, operation_view, optimizer_view, steps_of
from nncalc.views.line import Line

Entry = Operation | Optimizer | Layer


def explain_view(entry: Entry, *, width: int, digits: int) -> list[Line]:
    """The page of an operation, an optimizer or a layer."""
    width = max(width, NARROWEST)
    if isinstance(entry, Optimizer):
        return optimizer_view(entry, width=width)
    if isinstance(entry, Layer):
        return layer_view(entry, width=width)
    if entry.explanation is None:
        return operation_view(entry, width=width)
    return explanation_view(entry, entry.explanation, width=width, digits=digits)


def explain_object(entry: Entry) -> dict[str, Any]:
    """The same as JSON. Mathematics is in the language of equations, reasons are remarks behind `#`."""
    found: dict[str, Any] = {"nncalc": 1, "command": "explain", "name": entry.name}
    if isinstance(entry, Optimizer):
        found |= _of_optimizer(entry)
    elif isinstance(entry, Layer):
        found |= _of_layer(entry)
    elif entry.explanation is not None:
        found |= _of_explanation(entry.explanation)
    else:
        found |= _of_operation(entry)
    return {**found, "source": entry.source}


def _of_explanation(explanation: Explanation) -> dict[str, Any]:
    return {
        "definition": explanation.definition[0],
        "domain": explanation.domain,
        "range": explanation.range,
        "derivation": _derivation(explanation),
        "derivative": to_text(_self_contained(explanation)),
    }


def _self_contained(explanation: Explanation) -> Expression:
    """The derivative without the names that `where` brings in for numbers; what vectors and losses are called stays."""
    where = dict(map(read_equation, explanation.where))
    vectors = vectors_of(explanation)
    numbers = {name: e for name, e in where.items() if name not in vectors and name != explanation.subject}

    def meaning(node: Expression) -> Expression | None:
        found = numbers.get(node.id) if isinstance(node, Name) else None
        return None if found is None else substitute(found, meaning)

    return substitute(read(explanation.derivative), meaning)


def _derivation(explanation: Explanation) -> list[str]:
    """Every line with its reason behind it; what a line needs to know stands in a remark of its own above."""
    lines = [f"# with {equation}" for equation in explanation.where]
    for derivation in explanation.derivations:
        about = ", ".join(filter(None, (f"for {derivation.case}" if derivation.case else "", derivation.way)))
        lines += [f"# {about}"] if about else []
        lines += [_remarked(line.expression, line.reason) for line in derivation.lines]
    for kink in explanation.kinks:
        lines.append(f"# at {explanation.variable} == {kink.at}: {kink.left} on the left, {kink.right} on the right")
        lines.append(_remarked(kink.used, kink.reason))
    return lines


def _remarked(expression: str, reason: str) -> str:
    return f"{expression}  # {reason}" if reason else expression


def _of_operation(entry: Operation) -> dict[str, Any]:
    example = example_of(entry)
    if not entry.elementwise:
        result = Equation(RESULT, example)
        equations = [result, *gradients_through(result, EXAMPLE)]
        return {"definition": entry.meaning, "derivation": [equation_text(equation) for equation in equations]}
    slopes = partial_derivatives(entry, example)
    lines = [text for name, slope in slopes for text in (f"diff({to_text(example)}, {name.id})", to_text(slope))]
    only = {"derivative": to_text(slopes[0][1])} if len(slopes) == 1 else {}
    return {"definition": entry.meaning, "derivation": lines, **only}


def _of_optimizer(entry: Optimizer) -> dict[str, Any]:
    (_, plain), *more = steps_of(entry)
    lines = [text for title, equations in more for text in (f"# {title}", *map(equation_text, equations))]
    lines += [f"# {note}" for note in entry.notes]
    return {"definition": _joined(plain), **({"derivation": lines} if lines else {})}


def _of_layer(entry: Layer) -> dict[str, Any]:
    found = sample(entry)
    if found is None:
        return {"definition": entry.meaning}
    return {"definition": _joined(found.equations), "derivation": list(map(equation_text, found.gradients))}


def _joined(equations: list[Equation] | tuple[Equation, ...]) -> str:
    return "\n".join(map(equation_text, equations))
