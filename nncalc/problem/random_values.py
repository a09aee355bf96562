"""Weights drawn at random, the way assignments hand them out: NumPy's legacy generator, in the file's order."""

from __future__ import annotations

from typing import Any

from nncalc.errors import ProblemError, did_you_mean
from nncalc.problem.arrays import read_number
from nncalc.problem.tree import Mapping, Scalar, Sequence, Value, refuse_unknown

DISTRIBUTIONS = ("uniform", "normal")
MOST = 10_000_000


class Draw:
    """`np.random.seed(seed)` and then one draw after another, without touching NumPy's global state."""

    def __init__(self, seed: int | None) -> None:
        self.seed = seed
        self._generator: Any = None

    def __call__(self, value: Mapping) -> Any:
        """The array that `{shape: [4, 3], distribution: uniform, scale: 1, shift: 0}` stands for."""
        import numpy as np

        refuse_unknown(value, ("shape", "distribution", "scale", "shift"))
        if self.seed is None:
            raise ProblemError(
                "random weights need a seed",
                label="found no 'seed'",
                hint="Add 'seed: 1', say, to the file, so that everybody gets the same numbers.",
                key=value.key,
                place=value.place,
            )
        if self._generator is None:
            self._generator = np.random.RandomState(self.seed)
        shape = _shape(value)
        kind = _distribution(value.get("distribution"))
        drawn = self._generator.rand(*shape) if kind == "uniform" else self._generator.randn(*shape)
        return _number(value, "scale", 1.0) * np.asarray(drawn) + _number(value, "shift", 0.0)


def _shape(value: Mapping) -> tuple[int, ...]:
    given = value.get("shape")
    if given is None:
        raise ProblemError(
            "random weights need a shape", label="expected 'shape: [4, 3]'", key=value.key, place=value.place
        )
    items = list(given) if isinstance(given, Sequence) else [given]
    sizes = [whole_number(item, "a size", least=1) for item in items]
    total = 1
    for size in sizes:
        total *= size
    if total > MOST:
        raise ProblemError(f"{total} numbers are too many", label=f"at most {MOST}", key=given.key, place=given.place)
    return tuple(sizes)


def _distribution(given: Value | None) -> str:
    if given is None:
        return "uniform"
    word = given.text if isinstance(given, Scalar) else ""
    if word not in DISTRIBUTIONS:
        raise ProblemError(
            f"unknown distribution '{word}'",
            label="expected uniform (as rand) or normal (as randn)",
            hint=did_you_mean(word, DISTRIBUTIONS),
            key=given.key,
            place=given.place,
        )
    return word


def _number(value: Mapping, key: str, default: float) -> float:
    given = value.get(key)
    return default if given is None else read_number(given, what=f"'{key}'")


def whole_number(value: Value, what: str, least: int | None = None) -> int:
    """The whole number that a scalar states."""
    result = read_number(value, what=what)
    if result != int(result) or (least is not None and result < least):
        wanted = "a whole number" if least is None else f"a whole number, {least} or more"
        found = value.text if isinstance(value, Scalar) else ""
        raise ProblemError(
            f"{what} is not a whole number", label=f"found {found}, expected {wanted}", key=value.key, place=value.place
        )
    return int(result)
