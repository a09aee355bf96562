"""How labels become an array of the prediction's shape: class numbers, one-hot rows, targets; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.operation import Target
from nncalc.errors import DomainError, NncalcError, ShapeError
from nncalc.problem.labels import fit, one_hot

CLASSES, NUMBERS, SIGNS = Target(classes=True), Target(), Target(signs=True)
DISTRIBUTIONS = Target(distribution=True)


def fitted(labels: Any, prediction: tuple[int, ...], target: Target, base: int = 1, ignore: Any = None) -> Any:
    found, numbers = fit(np.array(labels, dtype=float), prediction, target, base, ignore)
    assert found.shape == prediction
    return found.tolist(), None if numbers is None else numbers.tolist()


@pytest.mark.parametrize(
    ("labels", "prediction", "base", "hot", "numbers"),
    [
        (2, (3,), 1, [0, 1, 0], 2),
        (2, (3,), 0, [0, 0, 1], 2),
        ([2], (3,), 1, [0, 1, 0], 2),
        ([1, 3], (2, 3), 1, [[1, 0, 0], [0, 0, 1]], [1, 3]),
        ([[1], [3]], (2, 3), 1, [[1, 0, 0], [0, 0, 1]], [1, 3]),
        # a batch of one, written without its brackets
        (2, (1, 2), 1, [[0, 1]], [2]),
        # each time step of each example
        ([[1, 2]], (1, 2, 2), 1, [[[1, 0], [0, 1]]], [[1, 2]]),
        ([1, 2], (1, 2, 2), 1, [[[1, 0], [0, 1]]], [[1, 2]]),
        # as it stands: one-hot already, or a distribution
        ([0, 1, 0], (3,), 1, [0, 1, 0], None),
        ([0.5, 0.5], (2,), 1, [0.5, 0.5], None),
        ([[0, 1], [1, 0]], (2, 2), 1, [[0, 1], [1, 0]], None),
        # [1, 0] of two classes is one-hot, as the shape says
        ([1, 0], (2,), 0, [1, 0], None),
    ],
)
def test_classes(labels: Any, prediction: tuple[int, ...], base: int, hot: Any, numbers: Any) -> None:
    assert fitted(labels, prediction, CLASSES, base) == (hot, numbers)


def test_the_class_to_ignore_is_a_row_of_zeros_whatever_its_number() -> None:
    assert fitted([1, -100, 2], (3, 2), CLASSES, ignore=-100)[0] == [[1, 0], [0, 0], [0, 1]]
    assert one_hot([2.0], 2, 1, ignore=2).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("labels", "prediction", "target", "found"),
    [
        ([1, 2], (2,), NUMBERS, [1, 2]),
        # one output: its number is its one entry
        (3, (1,), NUMBERS, [3]),
        ([0, 1, 1, 0], (4, 1), NUMBERS, [[0], [1], [1], [0]]),
        # a batch of one
        ([1, 2], (1, 2), NUMBERS, [[1, 2]]),
        ([1, 2], (1, 2, 1), NUMBERS, [[[1], [2]]]),
        ([[1], [2]], (1, 2, 1), NUMBERS, [[[1], [2]]]),
        ([3], (), NUMBERS, 3),
        (3, (1, 1, 1), NUMBERS, [[[3]]]),
        ([1, -1], (2,), SIGNS, [1, -1]),
        ([0.25, 0.75], (2,), DISTRIBUTIONS, [0.25, 0.75]),
        ([[1, 0], [0.5, 0.5]], (2, 2), DISTRIBUTIONS, [[1, 0], [0.5, 0.5]]),
    ],
)
def test_targets(labels: Any, prediction: tuple[int, ...], target: Target, found: Any) -> None:
    assert fitted(labels, prediction, target) == (found, None)


@pytest.mark.parametrize(
    ("labels", "prediction", "target", "base", "error", "message", "hint"),
    [
        (0, (3,), CLASSES, 1, DomainError, "there is no class 0", "write 'index_base: 0' if the first class is 0."),
        (3, (3,), CLASSES, 0, DomainError, "there is no class 3", "write 'index_base: 1' if the first class is 1."),
        (4, (3,), CLASSES, 1, DomainError, "there is no class 4", "calls the first class 1, as on paper."),
        (1.5, (3,), CLASSES, 1, DomainError, "there is no class 1.5", "as on paper."),
        (-1, (3,), CLASSES, 0, DomainError, "there is no class -1", "calls the first class 0, as in code."),
        ([1, 2], (3, 4), CLASSES, 1, ShapeError, "the labels are a vector of 2, the prediction is 3×4", ""),
        (1, (), CLASSES, 1, ShapeError, "the prediction is one number", ""),
        ([1, 0], (2,), SIGNS, 1, DomainError, "the label 0 is neither -1 nor 1", "Write -1 in the place of 0."),
        ([1, 2], (2,), SIGNS, 1, DomainError, "the label 2 is neither -1 nor 1", ""),
        ([0.5, 0.4], (2,), DISTRIBUTIONS, 1, DomainError, "the labels are no distribution over the classes", ""),
        ([1.5, -0.5], (2,), DISTRIBUTIONS, 1, DomainError, "the labels are no distribution over the classes", ""),
        # a number is never repeated to the prediction's shape, nor a row to each example
        (1, (3,), NUMBERS, 1, ShapeError, "the labels are a number, the prediction is a vector of 3", ""),
        (1, (1, 2, 1), NUMBERS, 1, ShapeError, "the labels are a number, the prediction is 1×2×1", ""),
        ([1, 2], (3, 2), NUMBERS, 1, ShapeError, "the labels are a vector of 2, the prediction is 3×2", ""),
    ],
)
def test_what_is_refused(
    labels: Any, prediction: tuple[int, ...], target: Target, base: int, error: type, message: str, hint: str
) -> None:
    with pytest.raises(NncalcError) as refused:
        fitted(labels, prediction, target, base)
    assert type(refused.value) is error
    assert refused.value.message == message
    assert refused.value.hint.endswith(hint)
    assert bool(refused.value.hint) == bool(hint)


def test_so_many_class_numbers_are_expected() -> None:
    with pytest.raises(NncalcError) as refused:
        fitted([1, 2], (2, 3, 4), CLASSES)
    assert refused.value.label == "expected 2×3 class numbers, or 2×3×4"
