"""An expression's computational graph on the screen: each node with its value and its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nncalc.language.expression import Name, substitute
from nncalc.views.box import table
from nncalc.views.formula import formula_text
from nncalc.views.line import Line
from nncalc.views.numbers import fixed
from nncalc.views.steps import steps_view
from nncalc.views.symbols import Symbols

if TYPE_CHECKING:
    from nncalc.problem.graph import Graph


def graph_view(graph: Graph, *, width: int, digits: int) -> list[Line]:
    """Numbers as a table of nodes; arrays step by step, as a problem's equations are."""
    if any(step.value.ndim for step in graph.trace.steps):
        return steps_view(graph.trace, width=width, digits=digits)
    return _table(graph, digits)


def _table(graph: Graph, digits: int) -> list[Line]:
    trace = graph.trace
    rows: list[tuple[str, Any, Any, str]] = []
    backward = {step.name: step for step in trace.phase("backward")}
    inner = {name: text for name, text in graph.nodes.items() if name != "result"}
    leaves = [(name, name) for name in trace.given if name != "upstream"]
    for name, text in [*leaves, *inner.items()]:
        step = backward.get(f"{name}.grad")
        gradient = None if step is None or (name in trace.given and name not in graph.wanted) else float(step.value)
        how = "" if step is None or gradient is None else _how(graph, step.expression)
        rows.append((text, float(trace.value(name)), gradient, how))
    total = float(trace.value("result"))
    whole = formula_text(graph.expression)
    columns = [
        [_written(graph, text) for text, *_ in rows] + [whole],
        fixed([value for _, value, _, _ in rows] + [total], digits),
        _gradients([gradient for _, _, gradient, _ in rows] + [_above(graph)], digits),
        [how for *_, how in rows] + [""],
    ]
    return table(["node", "value", "∂/∂node", ""], columns, left=(0, 3), styles=[""] * len(rows) + ["bold"])


def _above(graph: Graph) -> float:
    given = graph.trace.value("upstream")
    return 1.0 if given is None else float(given)


def _gradients(values: Sequence[float | None], digits: int) -> list[str]:
    shown = iter(fixed([value for value in values if value is not None], digits))
    return ["" if value is None else next(shown) for value in values]


def _written(graph: Graph, text: str) -> str:
    from nncalc.catalogue.registry import operation
    from nncalc.language.parse import parse_expression

    return formula_text(parse_expression(text, operation))


def _how(graph: Graph, expression: Any) -> str:
    """The gradient's formula, with the nodes it names."""

    def shorter(node: Any) -> Any:
        if isinstance(node, Name) and node.id.endswith(".grad"):
            inner = node.id.removesuffix(".grad")
            return Name(f"{inner}.grad")
        return None

    own = substitute(expression, shorter)
    return "= " + formula_text(own, Symbols())
