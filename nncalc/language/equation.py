"""Equations and programs: one language for the forward pass, the backward pass and the optimizer's step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from nncalc.errors import ExpressionError
from nncalc.language.expression import Expression, names_in

Phase = Literal["forward", "backward", "update"]


class Equation(NamedTuple):
    """`name = expression`, the phase it belongs to and, where a layer made it, that layer (`dense 1`)."""

    name: str
    expression: Expression
    phase: Phase = "forward"
    layer: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        return names_in(self.expression)


class Program(NamedTuple):
    """Equations in an order in which each uses only what stands before it.

    given: names whose values the problem states and the optimizer leaves alone (`x`, `y`). parameters: those it moves.
    labels: given names that are targets. loss and prediction: names among the equations, or None.
    through: names that have no gradient of their own, because it goes through them in one step (`losses`).
    """

    equations: tuple[Equation, ...]
    given: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    loss: str | None = None
    prediction: str | None = None
    through: frozenset[str] = frozenset()

    def named(self, name: str) -> Equation | None:
        """The equation that assigns `name`, if there is one."""
        return next((equation for equation in self.equations if equation.name == name), None)

    def phase(self, phase: Phase) -> tuple[Equation, ...]:
        return tuple(equation for equation in self.equations if equation.phase == phase)

    def with_equations(self, equations: Iterable[Equation]) -> Program:
        return self._replace(equations=tuple(equations))


def in_order(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """The equations so that each stands behind those it uses, otherwise in the order given.

    Raises ExpressionError when they form a circle.
    """
    waiting = {equation.name: equation for equation in equations}
    order = list(waiting)
    uses = {name: [n for n in equation.inputs if n in waiting] for name, equation in waiting.items()}
    done: dict[str, Equation] = {}
    for start in order:
        path: list[str] = []
        on_path: set[str] = set()
        stack = [start]
        while stack:
            name = stack[-1]
            if name in done:
                stack.pop()
                continue
            if name not in on_path:
                path.append(name)
                on_path.add(name)
            missing = [n for n in uses[name] if n not in done]
            circle = next((n for n in missing if n in on_path), None)
            if circle is not None:
                round_trip = [*path[path.index(circle) :], circle]
                raise ExpressionError(
                    f"the equations go in a circle: {' → '.join(reversed(round_trip))}",
                    label=f"{circle} is worked out from itself",
                    names=(circle,),
                )
            if missing:
                stack.append(missing[0])
                continue
            done[name] = waiting[name]
            stack.pop()
            path.pop()
            on_path.discard(name)
    return tuple(done.values())
