"""Telling changed equations apart: their values for other numbers than the problem's, the same in every run.

Two forms that agree there are one and the same mathematically; one that agrees with the right equation is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nncalc.check.course import Course
from nncalc.check.own import UNUSABLE, Key, Own
from nncalc.language.expression import Apply, Expression, Name, walk

SEED = 20211124
MILD, STRONG = 0.2, 1.0
DIGITS = 7  # of a fingerprint


class Probe:
    """Right values of a course for other numbers, in two iterations, several times over."""

    def __init__(self, course: Course) -> None:
        self.course = course
        generator = np.random.default_rng(SEED)
        self._kept = frozenset(_not_numbers(course))
        sets = [self._own(generator, strength) for strength in (MILD, STRONG, STRONG)]
        # the problem's own numbers too: at a kink, which no other number meets, forms differ that are else the same
        self.sets = [Own(course, {}), sets[0], *(own for own in sets[1:] if self._is_finite(own))]
        self._weights: dict[int, Any] = {}

    def fingerprint(self, iteration: int, expression: Expression) -> str:
        """The same for two expressions that agree, another for two that do not; '' where there is no value."""
        parts = []
        for own in self.sets:
            try:
                with np.errstate(all="ignore"):
                    value = np.asarray(own.of(iteration, expression), dtype=np.float64)
                    weighted = float(np.dot(value.ravel(), self._weighted(value.size)))
            except UNUSABLE:
                return ""
            if not np.isfinite(weighted):
                return ""
            parts.append(f"{weighted:.{DIGITS}g}")
        return " ".join(parts)

    def forget_steps(self) -> None:
        """As of Own: an equation's possible mistakes are told apart."""
        for own in self.sets:
            own.forget_steps()

    def _weighted(self, size: int) -> Any:
        if size not in self._weights:
            self._weights[size] = np.random.default_rng(SEED + size).uniform(0.5, 1.5, size)
        return self._weights[size]

    def _own(self, generator: Any, strength: float) -> Own:
        fixed: dict[Key, Any] = {}
        for name, value in self.course.start.items():
            for iteration in (1, 2):
                moved = value if name in self._kept else _moved(value, generator, strength, "." in name)
                if iteration == 1 or name not in self.course.carried:
                    fixed[iteration, name] = moved
        return Own(self.course, fixed)

    def _is_finite(self, own: Own) -> bool:
        with np.errstate(all="ignore"):
            return all(np.isfinite(own.value(2, name)).all() for name in self.course.equations)


def _moved(value: Any, generator: Any, strength: float, positive: bool) -> Any:
    """Other numbers like these; an optimizer's state is positive, as squares are."""
    noise, shift = generator.standard_normal((2, *value.shape))
    size = np.abs(value).mean() or 1.0
    if positive:
        return np.abs(value) * (1 + 0.2 * np.tanh(noise)) + 0.05 * np.abs(shift) + 0.01
    if strength < 1:  # signs are kept, so that logarithms and roots keep their values
        return np.where(value == 0, 0.1 * shift * size, value * (1 + strength * np.tanh(noise)))
    return value + strength * size * noise


def _not_numbers(course: Course) -> Iterator[str]:
    """The given arrays that are no numbers to be moved: class labels, signs, masks, places."""
    problem = course.problem
    for name in problem.forward.labels:
        value = problem.values.get(name)
        if value is not None and (problem.classes is not None or bool((np.abs(value) == 1).all())):
            yield name
    for equation in course.equations.values():
        for node in walk(equation.expression):
            if isinstance(node, Apply):
                yield from (value.id for _, value in node.settings if isinstance(value, Name))
                if node.op in ("one_hot", "index", "scatter"):
                    yield from (a.id for a in node.args if isinstance(a, Name) and _whole(problem.values.get(a.id)))
    for name, value in course.start.items():
        if not np.isfinite(value).all():
            yield name


def _whole(value: Any) -> bool:
    return value is not None and bool((value == np.round(value)).all())
