"""Labels: class numbers, one-hot vectors and targets become an array of the prediction's shape."""

from __future__ import annotations

from math import prod
from typing import Any

from nncalc.catalogue.operation import Shape, Target, dimensions
from nncalc.errors import DomainError, ShapeError
from nncalc.language.expression import Setting


def fit(labels: Any, prediction: Shape, target: Target, base: int, ignore: Setting = None) -> tuple[Any, Any]:
    """(the target as an array of the prediction's shape, the class numbers as given or None).

    ignore: the class number whose examples do not count; their rows are zeros. Labels are never repeated.
    Raises ShapeError when they do not fit, DomainError for a class that there is not.
    """
    import numpy as np

    shape = tuple(labels.shape)
    if target.classes and not prediction:
        raise ShapeError("the prediction is one number", label="expected a number for each class, as a vector")
    if target.classes and prediction and shape != prediction:
        examples = prediction[:-1]
        # a batch of one may be written without its brackets
        if shape in (examples, (*examples, 1)) or (examples[:1] == (1,) and shape == examples[1:]):
            numbers = labels.reshape(examples)
            return one_hot(numbers, prediction[-1], base, ignore), numbers
    if target.signs and not (np.abs(labels) == 1).all():
        wrong = labels[np.abs(labels) != 1].reshape(-1)[0]
        raise DomainError(
            f"the label {wrong:g} is neither -1 nor 1",
            label="expected -1 and 1, as a hinge loss compares with",
            hint="Write -1 in the place of 0." if wrong == 0 else "",
        )
    if target.fractions and not ((labels >= 0) & (labels <= 1)).all():
        wrong = labels[(labels < 0) | (labels > 1)].reshape(-1)[0]
        raise DomainError(
            f"the label {wrong:g} is not between 0 and 1",
            label="expected 0 and 1, as binary cross-entropy compares with, or a probability between them",
            hint=_binary_hint(labels),
        )
    if target.distribution and shape and not _are_distributions(labels):
        raise DomainError(
            "the labels are no distribution over the classes",
            label="expected entries of 0 or more that sum to 1, as a one-hot vector's do",
        )
    if shape == prediction:
        return labels, None
    # with one output, a number is its one entry; a batch of one as above
    examples = prediction[1:] if prediction[:1] == (1,) else prediction
    one_output = prediction[-1:] == (1,) and shape in (prediction[:-1], examples[:-1])
    if one_output or shape == examples or prod(shape) == prod(prediction) == 1:
        return np.reshape(labels, prediction), None
    wanted = f"expected {_wanted(prediction, target)}"
    raise ShapeError(f"the labels are {dimensions(shape)}, the prediction is {dimensions(prediction)}", label=wanted)


def _binary_hint(labels: Any) -> str:
    """What is to be written in the place of two classes that are called something else."""
    for classes in ((-1, 1), (1, 2)):
        if set(labels.reshape(-1).tolist()) <= set(classes):
            return f"Write 0 and 1 in the place of {classes[0]} and {classes[1]}."
    return ""


def _are_distributions(labels: Any) -> bool:
    from nncalc.catalogue.class_target import DISTRIBUTION_SLACK

    return bool((labels >= 0).all() and (abs(labels.sum(axis=-1) - 1) < DISTRIBUTION_SLACK).all())


def one_hot(numbers: Any, classes: int, base: int, ignore: Setting = None) -> Any:
    """Class numbers as rows of 0 with one 1, for the one to ignore as a row of 0.

    Raises DomainError for a number outside the classes.
    """
    import numpy as np

    flat = np.asarray(numbers, dtype=np.float64).reshape(-1)
    rows = np.zeros((flat.size, classes))
    counted = [i for i, number in enumerate(flat) if number != ignore]
    rows[counted, [class_index(flat[i], classes, base) for i in counted]] = 1.0
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
    return f"{'×'.join(map(str, prediction[:-1]))} class numbers, or {dimensions(prediction)}"
