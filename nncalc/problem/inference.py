"""The forward pass in use, when nothing is learned: nothing is dropped, and no batch's statistics count."""

from __future__ import annotations

from collections.abc import Iterable

from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, substitute

# What batch norm works out of a batch while training, and the running average that stands for it afterwards.
_RUNNING = {"running_mean": "mu", "running_var": "var"}


def in_inference(program: Program, updates: Iterable[Equation]) -> Program:
    """The forward equations with dropout and batch norm in the mode `inference`.

    updates: the problem's, which say what running averages there are (`running_mean1.next`).
    """
    averages = {}
    for equation in updates:
        name = equation.name.removesuffix(".next")
        for running, own in _RUNNING.items():
            if name.startswith(running):
                averages[own + name.removeprefix(running)] = Name(name)
    return program.with_equations(
        e._replace(expression=averages.get(e.name) or substitute(e.expression, _undropped)) for e in program.equations
    )


def _undropped(node: Expression) -> Expression | None:
    if not isinstance(node, Apply) or node.op != "dropout":
        return None
    args = tuple([substitute(argument, _undropped) for argument in node.args])
    kept = tuple(setting for setting in node.settings if setting[0] in ("rate", "inverted"))
    return Apply(node.op, args, (*kept, ("mode", "inference")))
