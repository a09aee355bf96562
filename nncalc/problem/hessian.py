"""Second derivatives: the derived equations are equations, and are differentiated once more."""

from __future__ import annotations

from typing import Any

from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes, infer
from nncalc.errors import UsageError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Expression, Name, substitute
from nncalc.problem.graph import UPSTREAM, Graph

MOST_ENTRIES = 64
FIRST = "_by_f"  # the gradient x.grad, as a value like any other, is called x_by_f


def hessian_of(graph: Graph) -> dict[str, dict[str, Any]]:
    """∂²f/∂a∂b for each pair of names whose gradients count: an array of a's shape and then b's.

    Raises UsageError for more entries than a reader could take in.
    """
    import numpy as np

    trace = graph.trace
    values = dict(trace.given)
    sizes = {name: int(values[name].size) for name in graph.wanted}
    if sum(sizes.values()) > MOST_ENTRIES:
        raise UsageError(
            f"--hessian of {sum(sizes.values())} variables is too large", label=f"expected at most {MOST_ENTRIES}"
        )
    # the first derivatives become ordinary equations, under names that are no gradients
    own = [Equation(_plain(e.name), substitute(e.expression, _renamed)) for e in trace.program.equations]
    found: dict[str, dict[str, Any]] = {}
    for name in graph.wanted:
        shape = values[name].shape
        rows = []
        for index in np.ndindex(shape):
            rows.append(_gradients(own, values, _plain(f"{name}.grad"), index, graph.wanted))
        found[name] = {
            other: np.asarray([row[other] for row in rows]).reshape((*shape, *values[other].shape))
            for other in graph.wanted
        }
    return found


def _plain(name: str) -> str:
    return f"{name.removesuffix('.grad')}{FIRST}" if name.endswith(".grad") else name


def _renamed(node: Expression) -> Expression | None:
    return Name(_plain(node.id)) if isinstance(node, Name) and node.id.endswith(".grad") else None


def _gradients(
    equations: list[Equation], values: dict[str, Any], of: str, index: tuple[int, ...], wanted: tuple[str, ...]
) -> dict[str, Any]:
    """The gradient of one entry of a first derivative by each wanted name; zeros where it does not depend on it."""
    import numpy as np

    entry = Name(of)[index] if index else Name(of) + 0
    program = Program(
        (*equations, Equation("entry", entry)), tuple(values), (), (UPSTREAM,) if UPSTREAM in values else (), "entry"
    )
    shapes: Shapes = infer(program, {name: value.shape for name, value in values.items()})
    trace = evaluate(differentiate(program, shapes), values)
    zero = {name: np.zeros(values[name].shape) for name in wanted}
    return {name: trace.values.get(f"{name}.grad", zero[name]) for name in wanted}
