"""An expression's computational graph on the screen: each node with its value and its gradient."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nncalc.engine.remarks import remarks
from nncalc.engine.shapes import Shapes
from nncalc.language.expression import Expression, Name, substitute
from nncalc.problem.graph import RESULT, UPSTREAM
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
        lines = steps_view(graph.trace, width=width, digits=digits)
    else:
        lines = _table(graph, digits)
    notes = [[(line, "")] for note in remarks(graph.trace) for line in textwrap.wrap(note, width)]
    return [*lines, [], *notes] if notes else lines


def _table(graph: Graph, digits: int) -> list[Line]:
    trace = graph.trace
    # every node is a number, so products need no sign of their own
    shapes = Shapes(dict.fromkeys(trace.values, ()))
    symbols = Symbols(loss=trace.program.loss)
    backward = {step.name: step for step in trace.phase("backward")}
    inner = [name for name in graph.nodes if name != RESULT]
    rows: list[tuple[str, float, float | None, str]] = []
    for name in (*(leaf for leaf in trace.given if leaf != UPSTREAM), *inner):
        step = backward.get(f"{name}.grad")
        wanted = step is not None and (name in graph.wanted or name in graph.nodes)
        gradient = float(step.value) if step is not None and wanted else None
        how = "= " + formula_text(step.expression, symbols, shapes) if step is not None and wanted else ""
        rows.append((_node_text(graph, name, shapes), float(trace.value(name)), gradient, how))
    above = trace.value(UPSTREAM)
    whole = formula_text(graph.expression, symbols, shapes)
    rows.append((whole, float(trace.value(RESULT)), 1.0 if above is None else float(above), ""))
    columns = [
        [text for text, *_ in rows],
        fixed([value for _, value, _, _ in rows], digits),
        _gradients([gradient for _, _, gradient, _ in rows], digits),
        [how for *_, how in rows],
    ]
    return table(["node", "value", "∂/∂node", ""], columns, left=(0, 3), styles=[""] * (len(rows) - 1) + ["bold"])


def _gradients(values: Sequence[float | None], digits: int) -> list[str]:
    shown = iter(fixed([value for value in values if value is not None], digits))
    return ["" if value is None else next(shown) for value in values]


def _node_text(graph: Graph, name: str, shapes: Shapes) -> str:
    """The node as a formula of the leaves: in the equations, the nodes it is made of are names."""
    step = next((step for step in graph.trace.steps if step.name == name), None)
    if step is None:
        return name
    own = {s.name: s.expression for s in graph.trace.phase("forward")}

    def unfolded(node: Expression) -> Expression | None:
        return substitute(own[node.id], unfolded) if isinstance(node, Name) and node.id in own else None

    return formula_text(substitute(step.expression, unfolded), Symbols(), shapes)
