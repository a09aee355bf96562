"""The edges of a computational graph of numbers: what each node hands back to those it is made of."""

from __future__ import annotations

from typing import NamedTuple

from nncalc.engine.numpy_arrays import xp
from nncalc.engine.rule import gradients_through
from nncalc.engine.value import value_of
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Name
from nncalc.problem.graph import Graph


class Edge(NamedTuple):
    """From a node to one that it goes into: ∂f/∂target, ∂target/∂source, and their product."""

    source: str
    target: str
    upstream: float
    local: float

    @property
    def product(self) -> float:
        return self.upstream * self.local


def edges_of(graph: Graph) -> list[Edge]:
    """Every edge along which a gradient flows, from the result to the leaves; an argument that stands twice has two."""
    trace = graph.trace
    found = []
    for step in reversed(trace.phase("forward")):
        if step.name not in graph.nodes or not isinstance(step.expression, Apply):
            continue
        above = trace.value(f"{step.name}.grad")
        upstream = 1.0 if above is None else float(above)
        # each argument under a name of its own, so that one that stands twice is told apart
        places = {f"argument{i}": a for i, a in enumerate(step.expression.args) if isinstance(a, Name)}
        own = Apply(
            step.expression.op,
            tuple(Name(f"argument{i}") if isinstance(a, Name) else a for i, a in enumerate(step.expression.args)),
            step.expression.settings,
        )
        values = {name: trace.value(argument.id) for name, argument in places.items()}
        with xp.errstate(all="ignore"):
            values["node"] = xp.asarray(value_of(own, values, xp))
            values["node.grad"] = xp.float64(1.0)
            rules = gradients_through(Equation("node", own), dict.fromkeys(places, ()))
            local = {}
            for rule in rules:
                values[rule.name] = local[rule.name] = xp.asarray(value_of(rule.expression, values, xp))
        for name, argument in places.items():
            if trace.value(f"{argument.id}.grad") is not None and f"{name}.grad" in local:
                found.append(Edge(argument.id, step.name, upstream, float(local[f"{name}.grad"])))
    return found
