"""The record of what was evaluated: full precision, frozen, free of presentation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from nncalc.language.equation import Phase, Program
from nncalc.language.expression import Expression, names_in


class Step(NamedTuple):
    """One equation with its value: a float64 array, 0-d for a number."""

    phase: Phase
    name: str
    expression: Expression
    value: Any
    iteration: int = 1
    layer: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        return names_in(self.expression)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)


class Trace(NamedTuple):
    """One iteration: the program, the values it began with, and each step in order."""

    program: Program
    given: Mapping[str, Any]
    steps: tuple[Step, ...]
    iteration: int = 1
    values: Mapping[str, Any] = MappingProxyType({})

    def phase(self, phase: Phase) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.phase == phase)

    def value(self, name: str | None) -> Any:
        """The value of a name, given or worked out; None where there is none."""
        return self.values.get(name) if name else None
