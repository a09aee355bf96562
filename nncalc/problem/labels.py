"""Labels: class numbers, one-hot vectors and targets become an array of the prediction's shape."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.operation import Shape, Target, dimensions
from nncalc.errors import DomainError, ShapeError


def fit(labels: Any, prediction: Shape, target: Target, base: int) -> tuple[Any, Any]:
    """(the target as an array of the prediction's shape, the class numbers as given or None).

    Labels are never repeated. Raises ShapeError when they do not fit, DomainError for a class that there is not.
    """
    import numpy as np

    shape = tuple(labels.shape)
    if target.classes and not prediction:
        raise ShapeError("the prediction is one number", label="expected a number for each class, as a vector")
    if target.classes and prediction and shape != prediction:
        examples = prediction[:-1]
        if shape in (examples, (*examples, 1)) or (not examples and shape == (1,)):
            numbers = labels.reshape(examples)
            return one_hot(numbers, prediction[-1], base), numbers
        if examples == (1,) and shape == ():
            numbers = labels.reshape(1)
            return one_hot(numbers, prediction[-1], base), numbers
    if shape == prediction:
        return labels, None
    # with one output, a number is its one entry; a batch of one may be written without its brackets
    one_output = prediction[-1:] == (1,) and shape == prediction[:-1]
    one_example = prediction[:1] == (1,) and shape == prediction[1:]
    if one_output or one_example or (prediction == () and shape == (1,)):
        return np.reshape(labels, prediction), None
    wanted = f"expected {_wanted(prediction, target)}"
    raise ShapeError(f"the labels are {dimensions(shape)}, the prediction is {dimensions(prediction)}", label=wanted)


def one_hot(numbers: Any, classes: int, base: int) -> Any:
    """Class numbers as rows of 0 with one 1. Raises DomainError for a number outside the classes."""
    import numpy as np

    flat = np.asarray(numbers, dtype=np.float64).reshape(-1)
    rows = np.zeros((flat.size, classes))
    rows[np.arange(flat.size), [class_index(number, classes, base) for number in flat]] = 1.0
    return rows.reshape((*np.shape(numbers), classes))


def class_index(number: float, classes: int, base: int) -> int:
    """A class number as an index from 0. Raises DomainError for a class that there is not."""
    if number != int(number) or not base <= number < base + classes:
        raise DomainError(
            f"there is no class {number:g}",
            label=f"found {number:g}, expected a whole number from {base} to {base + classes - 1}",
            hint=_base_hint(base, number, classes),
        )
    return int(number) - base


def _base_hint(base: int, number: float, classes: int) -> str:
    name = {1: "as on paper", 0: "as in code"}[base]
    text = f"'index_base: {base}' calls the first class {base}, {name}"
    if base == 1 and number == 0:
        return f"{text}; write 'index_base: 0' if the first class is 0."
    if base == 0 and number == classes:
        return f"{text}; write 'index_base: 1' if the first class is 1."
    return f"{text}."


def _wanted(prediction: Shape, target: Target) -> str:
    if not target.classes:
        return f"{dimensions(prediction)}: labels take the prediction's shape and are never repeated to it"
    if len(prediction) == 1:
        return f"a class number, or {dimensions(prediction)}"
    return f"{prediction[0]} class numbers, or {dimensions(prediction)}"
