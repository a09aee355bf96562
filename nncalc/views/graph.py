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
from nncalc.views.formula import Formula, broken
from nncalc.views.line import Line
from nncalc.views.numbers import fixed, number
from nncalc.views.rows import row_names
from nncalc.views.sheet import Sheet
from nncalc.views.steps import steps_view
from nncalc.views.symbols import Symbol, Symbols, in_symbols

if TYPE_CHECKING:
    from nncalc.engine.trace import Step
    from nncalc.problem.graph import Graph

MOST_NODES = 60  # of more, only the leaves are shown: each node is written out whole
WHOLE = "f"  # what the whole expression is called on the screen


def graph_view(
    graph: Graph, second: Mapping[str, Mapping[str, Any]] = MappingProxyType({}), *, width: int, digits: int
) -> list[Line]:
    """Numbers as a table of nodes and one of edges; arrays step by step, as a problem's equations are.

    second: the second derivatives, if they are asked for.
    """
    formulas = Formulas(graph)
    if any(value.ndim for value in graph.trace.values.values()):
        lines = steps_view(graph.trace, width=width, sheet=_GraphSheet(graph, formulas, digits))
    else:
        lines = _table(graph, formulas, width, digits)
        if len(graph.nodes) <= MOST_NODES:
            lines += _edges(graph, formulas, width, digits)
    lines += _hessian(graph, second, width, digits) if second else []
    written = [in_symbols(note, graph.trace.values, formulas.name) for note in remarks(graph.trace)]
    notes = [[(line, "")] for note in written for line in textwrap.wrap(note, width, subsequent_indent="  ")]
    return [*lines, [], *notes] if notes else lines


class Formulas:
    """The formulas of a graph's nodes in terms of its leaves; a node's gradient is ∂f/∂ of its formula.

    whole: what the result is called. of_upstream: gradients are those of ℓ = Σ upstream ⊙ f.
    """

    def __init__(self, graph: Graph) -> None:
        self.leaves = names_in(graph.expression)
        self.whole = RESULT if WHOLE in self.leaves else WHOLE
        values = graph.trace.values
        shapes = {name: tuple(value.shape) for name, value in values.items()}
        self.shapes = Shapes({**shapes, self.whole: shapes[RESULT]})
        self.rows = row_names(graph.trace.program, self.shapes)
        self.own = {step.name: step.expression for step in graph.trace.phase("forward")}
        self.top = "ℓ" if UPSTREAM in values else self.whole
        plainly = Symbols(self.leaves)
        self._nodes = {name: self._text(Name(name), plainly) for name in (*self.own, *self.leaves)}
        self._symbols = _Gradients(self.leaves, self._nodes, self.top)

    def node(self, name: str) -> str:
        """The formula of a node, of a leaf its symbol."""
        return self._nodes[name]

    def name(self, name: str) -> str:
        """What a value is called: a node's formula in parentheses, `f`, `∂f/∂x`."""
        if name.endswith(".grad"):
            return self.gradient(name.removesuffix(".grad"))
        text = self._nodes.get(name, name)
        return f"({text})" if name.startswith("(") else text

    def equation(self, name: str) -> str:
        """`f = x · y`; of a node within the expression its formula alone."""
        if name in self.own and name not in (RESULT, "loss"):
            return self._nodes[name]
        left = self.whole if name == RESULT else "ℓ"
        return f"{left} = {self._text(self.own[name], self._symbols)}"

    def gradient(self, name: str) -> str:
        """`∂f/∂(x + y)`."""
        return self._symbols.text(f"{name}.grad")

    def of(self, expression: Expression) -> str:
        """A gradient's formula: nodes written out, gradients as ∂f/∂(…)."""
        return self._text(expression, self._symbols)

    def _unfolded(self, expression: Expression) -> Expression:
        def replaced(node: Expression) -> Expression | None:
            if not isinstance(node, Name) or node.id not in self.own:
                return None
            return Name(self.whole) if node.id == RESULT else self._unfolded(self.own[node.id])

        return substitute(expression, replaced)

    def _text(self, expression: Expression, symbols: Symbols) -> str:
        return Formula(symbols, self.shapes, self.rows).equation(self._unfolded(expression))


class _Gradients(Symbols):
    def __init__(self, leaves: Sequence[str], nodes: dict[str, str], top: str) -> None:
        self.nodes, self.top = nodes, top
        super().__init__(leaves)

    def _written(self, name: str) -> Symbol:
        node = self.nodes.get(name.removesuffix(".grad")) if name.endswith(".grad") else None
        if node is None:
            return super()._written(name)
        text = f"({node})" if " " in node or node.startswith("−") else node
        return Symbol(f"∂{self.top}/∂{text}", "", raised=True, quotient=True)


class _GraphSheet(Sheet):
    """A sheet on which a node is called by its formula."""

    def __init__(self, graph: Graph, formulas: Formulas, digits: int) -> None:
        super().__init__(graph.trace, digits=digits)
        self._own = formulas

    def formula(self, step: Step) -> str:
        if step.phase == "forward":
            return self._own.equation(step.name)
        return f"{self._own.gradient(step.name.removesuffix('.grad'))} = {self._own.of(step.expression)}"


class Row(NamedTuple):
    """A node: its formula and value; what its gradient is called, how that comes about and what it is, if any."""

    node: str
    value: float
    called: str
    how: str
    gradient: float | None


def _table(graph: Graph, formulas: Formulas, width: int, digits: int) -> list[Line]:
    rows = _rows(graph, formulas)
    gradients = iter(fixed([row.gradient for row in rows if row.gradient is not None], digits))
    columns = [
        [row.node for row in rows],
        fixed([row.value for row in rows], digits),
        ["" if row.gradient is None else next(gradients) for row in rows],
        [f"= {row.how}" if row.how else "" for row in rows],
    ]
    styles = _styles(len(rows))
    lines = table(["node", "value", f"∂{formulas.top}/∂node", ""], columns, left=(0, 3), styles=styles)
    if width_of_lines(lines) <= width:
        return lines
    # too wide for a table: the formulas on lines of their own
    found: list[Line] = []
    for row, style in zip(rows, styles, strict=True):
        found += [[(line, style)] for line in broken(f"{row.node} = {number(row.value, digits)}", width)]
        if row.gradient is not None and style != "bold":
            shown = [row.called, row.how, number(row.gradient, digits)]
            text = " = ".join(dict.fromkeys(part for part in shown if part))
            found += [[("  " + line, "backward")] for line in broken(text, width - 2)]
    return found


def _styles(count: int) -> list[str]:
    return [""] * (count - 1) + ["bold"]


def _rows(graph: Graph, formulas: Formulas) -> list[Row]:
    trace = graph.trace
    backward = {step.name: step for step in trace.phase("backward")}
    nodes_shown = graph.nodes if len(graph.nodes) <= MOST_NODES else ()
    rows = []
    for name in (name for name in (*trace.given, *nodes_shown) if name not in (UPSTREAM, RESULT)):
        step = backward.get(f"{name}.grad") if name in graph.wanted or name in graph.nodes else None
        gradient = None if step is None else float(step.value)
        how = "" if step is None or not nodes_shown else formulas.of(step.expression)
        rows.append(Row(formulas.node(name), float(trace.value(name)), formulas.gradient(name), how, gradient))
    above = trace.value(UPSTREAM)
    top = 1.0 if above is None else float(above)
    return [*rows, Row(formulas.equation(RESULT), float(trace.value(RESULT)), "", "", top)]


def _edges(graph: Graph, formulas: Formulas, width: int, digits: int) -> list[Line]:
    """What flows back along each edge: the upstream derivative times the local one."""
    edges = edges_of(graph)
    if not edges:
        return []

    where = [f"{formulas.node(edge.target)} → {formulas.node(edge.source)}" for edge in edges]
    numbers = [[edge.upstream, edge.local, edge.product] for edge in edges]
    columns = [where, *(fixed(column, digits) for column in zip(*numbers, strict=True))]
    lines = table(["back along", "upstream", "local", "product"], columns, left=(0,))
    if width_of_lines(lines) > width:
        lines = []
        for text, row in zip(where, numbers, strict=True):
            lines += [[(line, "")] for line in broken(text, width)]
            upstream, local, product = (number(value, digits) for value in row)
            lines.append([(f"  {upstream} · {local} = {product}", "backward")])
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
