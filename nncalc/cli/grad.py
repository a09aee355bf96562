"""`nncalc grad`: value and gradients of an expression, node by node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, Json
from nncalc.errors import UsageError

if TYPE_CHECKING:
    from nncalc.problem.graph import Graph


def grad(
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", show_default=False, help='In quotes: "(x + y) * z".')
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE...", show_default=False, help="A number, or an array: W='[[1, 2], [3, 4]]'."
        ),
    ] = None,
    wrt: Annotated[
        str | None, typer.Option("--wrt", metavar="NAMES", show_default=False, help="Only these gradients: x,y.")
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option(
            "--upstream",
            metavar="VALUE",
            show_default=False,
            help="The gradient from above, for a result of several entries.",
        ),
    ] = None,
    hessian: Annotated[
        bool, typer.Option("--hessian", help="Also the second derivatives ∂²f/∂x∂y, for a few variables.")
    ] = False,
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """Value and gradients of an expression, node by node: what each contributes and what it hands back.

    Example:
    nncalc grad "(x + y) * z" x=-2 y=5 z=-4
    nncalc grad "W @ x" W='[[1, 2], [3, 4]]' x='[1, -1]' --upstream '[1, 0]'
    """
    import numpy as np

    from nncalc.errors import ExpressionError, ShapeError
    from nncalc.problem.graph import read_assignment, read_value_of, work_out

    given: dict[str, Any] = {}
    for text in values or ():
        name, value = read_assignment(text)
        if name in given:
            raise UsageError(f"{name} is given twice", label=f"found {text} as well")
        given[name] = value
    above = None if upstream is None else np.asarray(read_value_of("--upstream", upstream), dtype=np.float64)
    wanted = tuple(name.strip() for name in wrt.split(",") if name.strip()) if wrt else ()
    try:
        graph = work_out(expression, given, above, wanted)
    except ExpressionError as error:
        raise _pointed(error, expression) from None
    except ShapeError as error:
        error.equation = ""  # the expression stands on the command line already
        raise
    from nncalc.problem.hessian import hessian_of

    second = hessian_of(graph) if hessian else {}
    if json:
        output.print_json(_object(graph, second))
    else:
        from nncalc.views.graph import graph_view

        output.print_lines(graph_view(graph, second, width=output.width(), digits=digits))


def _pointed(error: Any, expression: str) -> Any:
    """The error with the place in the expression it is about."""
    from nncalc.errors import Place

    error.equation = ""
    if error.place is None and not error.names:
        error.place = Place("EXPRESSION", 1, error.offset + 1, expression)
    return error


def _object(graph: Graph, second: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The JSON of FORMAT.md: a node's key is its text."""
    from nncalc.engine.remarks import remarks
    from nncalc.views.json import equation_object

    trace = graph.trace
    names = {name: text for name, text in graph.nodes.items() if name != "result"}
    values = {name: value.tolist() for name, value in trace.given.items()}
    values |= {names.get(s.name, s.name): s.value.tolist() for s in trace.phase("forward")}
    gradients = {}
    for step in trace.phase("backward"):
        name = step.name.removesuffix(".grad")
        if step.name.endswith(".grad") and (name in graph.wanted or name in graph.nodes):
            gradients[names.get(name, name)] = step.value.tolist()
    result: dict[str, Any] = {"nncalc": 1, "command": "grad", "iteration": 1, "values": values}
    result["prediction"] = trace.value("result").tolist()
    result["loss"] = trace.value(trace.program.loss).tolist()
    result["gradients"] = gradients
    if second:
        result["hessian"] = {
            name: {other: value.tolist() for other, value in by_name.items()} for name, by_name in second.items()
        }
    notes = remarks(trace)
    if notes:
        result["notes"] = notes
    # in an equation a node stands in parentheses; by itself its name is its text, as among the values
    steps = [equation_object(s.name, s.expression, s.phase, s.shape) for s in trace.steps]
    result["trace"] = [
        {**step, "name": names.get(step["name"], step["name"]), "inputs": [names.get(n, n) for n in step["inputs"]]}
        for step in steps
    ]
    return result
