"""Every operation's gradient against finite differences, generated from the registry: each example of each entry.

The finite differences are of sixth order (tests/engine/programs.py), so they agree with a right rule to 1e-11 or so; a
factor or sign that is wrong anywhere is off by a thousandth at the very least.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Name, names_in, walk
from nncalc.language.parse import parse_expression
from tests.engine.programs import Case, derive, forward, numerically, relative_error

SHAPES = {"a": (), "b": (), "x": (3,), "y": (3,), "A": (2, 3), "B": (2, 3)}
TOLERANCE = 1e-10
EXAMPLES = [(name, example) for name in MODULE_OF for example in operation(name).example]


def has_classes(entry: Operation) -> bool:
    return entry.target is not None and entry.target.classes


def settings_in(example: str) -> tuple[str, ...]:
    """The names that stand as settings (`mask=B`): they have no gradient."""
    nodes = [node for node in walk(parse_expression(example, operation)) if isinstance(node, Apply)]
    return tuple(value.id for node in nodes for _, value in node.settings if isinstance(value, Name))


def drawn(entry: Operation, example: str) -> dict[str, np.ndarray]:
    """Numbers for the example's names within the entry's domain, always the same ones; a class target sums to 1."""
    rng = np.random.default_rng(crc32(example.encode()))
    values = {}
    for i, name in enumerate(names_in(parse_expression(example, operation))):
        low, high = entry.domain[min(i, len(entry.domain) - 1)]
        values[name] = rng.uniform(low, high, SHAPES[name])
        if i == 1 and has_classes(entry):
            values[name] /= values[name].sum(axis=-1, keepdims=True)
    return values


def weighted(example: str, values: dict[str, np.ndarray], labels: tuple[str, ...] = ()) -> Case:
    """`loss = sum(w * (EXAMPLE))` with its backward pass, w fixed and different for each entry of the result."""
    shape = forward(f"q = {example}", values, labels=()).shapes.known["q"]
    w = np.random.default_rng(crc32(example.encode()) + 1).uniform(0.5, 2.0, shape)
    return derive(f"loss = sum(w * ({example}))", {**values, "w": w}, labels=("w", *labels))


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_the_gradient_is_the_slope(name: str, example: str) -> None:
    entry = operation(name)
    values = drawn(entry, example)
    target = (tuple(values)[1:] if has_classes(entry) else ()) + settings_in(example)
    case = weighted(example, values, labels=target)
    evaluated = case.evaluated()
    for argument in values:
        if argument in target:
            continue
        # where no gradient flows there is none, and no slope
        found = evaluated.get(f"{argument}.grad", np.zeros(values[argument].shape))
        assert relative_error(found, numerically(case, "loss", argument)) < TOLERANCE, argument


@pytest.mark.parametrize(
    ("name", "example"),
    [
        (name, example)
        for name, example in EXAMPLES
        if operation(name).target and "classes=True" in repr(operation(name).target)
    ],
)
def test_a_class_target_has_its_gradient_along_what_keeps_it_a_distribution(name: str, example: str) -> None:
    values = drawn(operation(name), example)
    case = weighted(example, values)
    target = tuple(values)[1]
    gradient = case.evaluated()[f"{target}.grad"]
    start = values[target]
    if start.shape == ():
        assert gradient.shape == ()  # one class alone: no direction keeps the sum
        return

    def slope(direction: np.ndarray, h: float) -> float:
        ahead, behind = (
            weighted(example, {**values, target: start + sign * h * direction}).evaluated()["loss"] for sign in (1, -1)
        )
        return float(ahead - behind) / (2 * h)

    for entry in np.ndindex((*start.shape[:-1], start.shape[-1] - 1)):
        direction = np.zeros(start.shape)
        direction[entry], direction[(*entry[:-1], entry[-1] + 1)] = 1.0, -1.0
        # the loss is linear in the target, so the difference is exact to rounding
        assert relative_error(np.sum(gradient * direction), slope(direction, 0.01)) < TOLERANCE


def test_an_example_is_differentiated_for_every_argument_and_setting() -> None:
    """The check above is only as good as the examples: each argument and each setting occurs in one of them."""
    free = {"index", "shape"}  # part of every example of theirs, not by the setting's name
    for name in MODULE_OF:
        entry = operation(name)
        joined = " ".join(entry.example)
        assert all(option.name in joined or option.name in free for option in entry.options), name


@pytest.mark.parametrize("name", [n for n in MODULE_OF if operation(n).elementwise and len(operation(n).args) == 1])
def test_a_function_of_one_array_works_on_numbers_and_matrices(name: str) -> None:
    entry = operation(name)
    low, high = entry.domain[0]
    matrix = np.linspace(low + 0.05, high - 0.01, 6).reshape(2, 3)
    text = f"{name}({{}})" if name != "negative" else "-{}"
    whole = forward(f"q = {text.format('A')}", {"A": matrix}).evaluated()["q"]
    assert whole.shape == (2, 3)
    for entry_at in np.ndindex(2, 3):
        one = forward(f"q = {text.format('a')}", {"a": matrix[entry_at]}).evaluated()["q"]
        assert one.shape == ()
        assert one == whole[entry_at]
