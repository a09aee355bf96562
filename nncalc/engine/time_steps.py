"""Sequences in a program: equations called `…_t1`, `…_t2`, the parameters they share, and gradients put together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from nncalc.catalogue.operation import Shape
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Expression, Setting, Slice, call

_TIME_STEP = re.compile(r".*_t([0-9]+)")
_FULL = Slice(None, None, None)


def time_step(name: str) -> int | None:
    """The time step that a name says it belongs to: 2 for `hbar1_t2`."""
    found = _TIME_STEP.fullmatch(name)
    return None if found is None else int(found[1])


class Shared:
    """The parameters that several time steps use, and behind which equation each step is done with one of them."""

    def __init__(self, first: dict[str, dict[int, str]]) -> None:
        self._steps = first
        self._done: dict[str, list[str]] = {}
        for parameter, steps in first.items():
            for equation in steps.values():
                self._done.setdefault(equation, []).append(parameter)

    def __contains__(self, name: str) -> bool:
        return name in self._steps

    def done_with(self, equation: str) -> list[str]:
        """The parameters that this equation's time step uses first here: the backward pass then knows all it gives."""
        return self._done.get(equation, [])


def shared_parameters(forward: Iterable[Equation], parameters: tuple[str, ...]) -> Shared:
    """The parameters that equations of more than one time step use."""
    first: dict[str, dict[int, str]] = {}
    for equation in forward:
        step = time_step(equation.name)
        if step is None:
            continue
        for name in equation.inputs:
            if name in parameters:
                first.setdefault(name, {}).setdefault(step, equation.name)
    return Shared({name: steps for name, steps in first.items() if len(steps) > 1})


def gathered(
    contributions: list[Expression],
    total: Callable[[list[Expression]], Expression],
    shape_of: Callable[[Expression], Shape],
) -> list[Expression]:
    """The contributions; where each goes to one slice of an array, and all slices get one, put together by `stack`.

    `scatter(a, index=(0,), shape=(2, 3)) + scatter(b, index=(1,), shape=(2, 3))` is `stack(a, b)`, as the gradient of
    a sequence is made of those of its time steps. total: the sum of what goes to the same slice.
    """
    places = [_slice(e) for e in contributions]
    first = places[0]
    if first is None or any(p is None or (p[0], p[2]) != (first[0], first[2]) for p in places):
        return contributions
    axis, _, shape = first
    slices: dict[int, list[Expression]] = {}
    for contribution, place in zip(contributions, places, strict=True):
        assert isinstance(contribution, Apply)
        assert place is not None
        slices.setdefault(place[1] % shape[axis], []).append(contribution.args[0])
    if sorted(slices) != list(range(shape[axis])):
        return contributions
    parts = [total(slices[i]) for i in range(shape[axis])]
    if any(shape_of(part) != (*shape[:axis], *shape[axis + 1 :]) for part in parts):
        return contributions  # one number in place of a slice
    return [call.stack(*parts, axis=axis) if axis else call.stack(*parts)]


def _slice(e: Expression) -> tuple[int, int, Shape] | None:
    """(axis, number, shape) of a scatter to one slice of an array: index (:, 2)."""
    if not isinstance(e, Apply) or e.op != "scatter":
        return None
    index, shape = e.setting("index"), e.setting("shape")
    assert isinstance(index, tuple)
    assert isinstance(shape, tuple)
    number: Setting = index[-1] if index else None
    if not isinstance(number, int) or any(item != _FULL for item in index[:-1]):
        return None
    return len(index) - 1, number, shape  # type: ignore[return-value]
