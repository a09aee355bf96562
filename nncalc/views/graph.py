"""An expression's computational graph on the screen: each node with its value and its gradient."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from nncalc.engine.remarks import remarks
from nncalc.engine.shapes import Shapes
from nncalc.language.expression import Expression, Name, names_in, substitute
from nncalc.problem.edges import edges_of
from nncalc.problem.graph import RESULT, UPSTREAM
from nncalc.views.box import table, tables_within, width_of_lines
from nncalc.views.formula import broken, formula_text
from nncalc.views.line import Line
from nncalc.views.numbers import fixed
from nncalc.views.steps import steps_view
from nncalc.views.symbols import Symbol, Symbols

if TYPE_CHECKING:
    from nncalc.problem.graph import Graph


MOST_NODES = 60  # of more, only the leaves are shown: each node is written out whole
WHOLE = "f"  # what the whole expression is called on the screen


def graph_view(
    graph: Graph, second: Mapping[str, Mapping[str, Any]] = MappingProxyType({}), *, width: int, digits: int
) -> list[Line]:
    """Numbers as a table of nodes and one of edges; arrays step by step, as a problem's equations are.

    second: the second derivatives, if they are asked for.
    """
    if any(step.value.ndim for step in graph.trace.steps):
        lines = steps_view(graph.trace, width=width, digits=digits)
    else:
        lines = _table(graph, width, digits)
        if len(graph.nodes) <= MOST_NODES:
            lines += _edges(graph, width, digits)
    lines += _hessian(graph, second, width, digits) if second else []
    notes = [[(line, "")] for note in remarks(graph.trace) for line in textwrap.wrap(note, width)]
    return [*lines, [], *notes] if notes else lines


class Formulas:
    """The formulas of a graph's nodes in terms of its leaves; a node's gradient is ∂f/∂ of its formula."""

    def __init__(self, graph: Graph) -> None:
        # every node is a number, so products need no sign of their own
        self.shapes = Shapes(dict.fromkeys((*graph.trace.values, WHOLE), ()))
        self.own = {step.name: step.expression for step in graph.trace.phase("forward")}
        self.leaves = names_in(graph.expression)

    def node(self, name: str) -> str:
        """The formula of a node, of a leaf its symbol."""
        return self._text(self._unfolded(Name(name)), Symbols(self.leaves))

    def of(self, expression: Expression) -> str:
        """A gradient's formula: nodes written out, gradients as ∂f/∂(…)."""
        symbols = _Gradients(self.leaves, {name: self.node(name) for name in (*self.own, *self.leaves)})
        return self._text(self._unfolded(expression), symbols)

    def _unfolded(self, expression: Expression) -> Expression:
        def replaced(node: Expression) -> Expression | None:
            if not isinstance(node, Name) or node.id not in self.own:
                return None
            return Name(WHOLE) if node.id == RESULT else self._unfolded(self.own[node.id])

        return substitute(expression, replaced)

    def _text(self, expression: Expression, symbols: Symbols) -> str:
        return formula_text(expression, symbols, self.shapes)


class _Gradients(Symbols):
    def __init__(self, leaves: Sequence[str], nodes: dict[str, str]) -> None:
        self.nodes = nodes
        super().__init__(leaves)

    def _written(self, name: str) -> Symbol:
        node = self.nodes.get(name.removesuffix(".grad")) if name.endswith(".grad") else None
        if node is None:
            return super()._written(name)
        text = node if " " not in node else f"({node})"
        return Symbol(f"∂f/∂{text}", "", raised=True, quotient=True)


class Row(NamedTuple):
    """A node: its formula, its value, its gradient and how that comes about, where it has one."""

    node: str
    value: str
    gradient: str
    how: str


def _table(graph: Graph, width: int, digits: int) -> list[Line]:
    rows = _rows(graph, digits)
    lines = table(
        ["node", "value", "∂f/∂node", ""], list(zip(*rows, strict=True)), left=(0, 3), styles=_styles(len(rows))
    )
    if width_of_lines(lines) <= width:
        return lines
    # too wide for a table: the formulas on lines of their own
    found: list[Line] = []
    for row, style in zip(rows, _styles(len(rows)), strict=True):
        found += [[(line, style)] for line in broken(f"{row.node} = {row.value.strip()}", width)]
        if row.gradient.strip() and style != "bold":
            how = f"{row.how} " if row.how else ""
            found += [
                [("  " + line, "backward")] for line in broken(f"∂f/∂node {how}= {row.gradient.strip()}", width - 2)
            ]
    return found


def _styles(count: int) -> list[str]:
    return [""] * (count - 1) + ["bold"]


def _rows(graph: Graph, digits: int) -> list[Row]:
    trace, formulas = graph.trace, Formulas(graph)
    backward = {step.name: step for step in trace.phase("backward")}
    nodes, values, gradients, hows = [], [], [], []
    nodes_shown = graph.nodes if len(graph.nodes) <= MOST_NODES else ()
    for name in (name for name in (*trace.given, *nodes_shown) if name not in (UPSTREAM, RESULT)):
        step = backward.get(f"{name}.grad") if name in graph.wanted or name in graph.nodes else None
        nodes.append(formulas.node(name))
        values.append(float(trace.value(name)))
        gradients.append(None if step is None else float(step.value))
        hows.append("" if step is None or not nodes_shown else f"= {formulas.of(step.expression)}")
    above = trace.value(UPSTREAM)
    whole = f"{WHOLE} = {formula_text(graph.expression, Symbols(formulas.leaves), formulas.shapes)}"
    shown = _gradients([*gradients, 1.0 if above is None else float(above)], digits)
    columns = ([*nodes, whole], fixed([*values, float(trace.value(RESULT))], digits), shown, [*hows, ""])
    return [Row(*cells) for cells in zip(*columns, strict=True)]


def _gradients(values: Sequence[float | None], digits: int) -> list[str]:
    shown = iter(fixed([value for value in values if value is not None], digits))
    return ["" if value is None else next(shown) for value in values]


def _edges(graph: Graph, width: int, digits: int) -> list[Line]:
    """What flows back along each edge: the upstream derivative times the local one."""
    edges = edges_of(graph)
    if not edges:
        return []
    formulas = Formulas(graph)

    def text(name: str) -> str:
        return WHOLE if name == RESULT else formulas.node(name)

    columns = [
        [f"{text(edge.target)} → {text(edge.source)}" for edge in edges],
        fixed([edge.upstream for edge in edges], digits),
        fixed([edge.local for edge in edges], digits),
        fixed([edge.product for edge in edges], digits),
    ]
    lines = table(["back along", "upstream", "local", "product"], columns, left=(0,))
    if width_of_lines(lines) > width:
        lines = []
        for where, upstream, local, product in zip(*columns, strict=True):
            lines += [[(line, "")] for line in broken(where, width)]
            lines.append([(f"  {upstream.strip()} · {local.strip()} = {product.strip()}", "backward")])
    return [[], *lines]


def _hessian(graph: Graph, second: Mapping[str, Mapping[str, Any]], width: int, digits: int) -> list[Line]:
    """The second derivatives as one matrix, an entry of the variables a row."""
    symbols = Symbols(names_in(graph.expression))
    labels = [
        symbols.text(name) + ("" if not value.ndim else f"[{', '.join(str(i + 1) for i in index)}]")
        for name in second
        for value in [graph.trace.value(name)]
        for index in _indices(value.shape)
    ]
    sizes = {name: int(graph.trace.value(name).size) for name in second}
    rows = [
        [float(v) for other in second for v in second[name][other].reshape(sizes[name], -1)[i]]
        for name in second
        for i in range(sizes[name])
    ]
    columns = [labels, *(fixed(column, digits) for column in zip(*rows, strict=True))]
    return [[], *tables_within(["∂²f", *labels], columns, width)]


def _indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(n) for n in shape)))
