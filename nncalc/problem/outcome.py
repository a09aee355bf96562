"""What a reader asks next of a record: the class predicted, whether it is right, remarks."""

from __future__ import annotations

from math import isnan
from typing import Any, NamedTuple

from nncalc.engine.remarks import remarks
from nncalc.problem.problem import Problem
from nncalc.problem.work import Worked


class Outcome(NamedTuple):
    """predicted: class numbers, one or one an example. correct: alike, where labels say; None of an example that does
    not count (`ignore_index`). notes: remarks."""

    predicted: Any = None
    correct: Any = None
    notes: tuple[str, ...] = ()


def outcome(worked: Worked) -> Outcome:
    """The outcome of one iteration, from the values before its step."""
    problem, trace = worked.problem, worked.trace
    notes = remarks(trace)
    prediction = trace.value(problem.forward.prediction)
    if problem.classes is None or prediction is None or prediction.ndim == 0:
        return Outcome(notes=tuple(notes))
    predicted = prediction.argmax(axis=-1) + problem.classes.base
    notes += _ties(problem, prediction)
    target = trace.value("y" if "y" in trace.values else _target(problem))
    labels = _labels(problem, target)
    if target is not None and not counts(target).any() and isnan(trace.value(problem.forward.loss)):
        notes.insert(0, "every label is the one to ignore: the mean over nothing is 0 / 0")
    correct = None if labels is None else _verdicts(predicted == labels, target)
    return Outcome(predicted.tolist(), correct, tuple(notes))


def _target(problem: Problem) -> str:
    return problem.forward.labels[0] if problem.forward.labels else ""


def _labels(problem: Problem, y: Any) -> Any:
    """The right class of each example: as given, or the one with the largest part in a distribution, if one is."""
    assert problem.classes is not None
    if problem.classes.numbers is not None:
        return problem.classes.numbers
    if y is None or y.ndim == 0:
        return None
    largest = y.max(axis=-1, keepdims=True)
    return y.argmax(axis=-1) + problem.classes.base if ((y == largest).sum(axis=-1) == 1).all() else None


def counts(target: Any) -> Any:
    """Which examples count: a label that is `ignore_index` stands as a row of zeros."""
    return (target != 0).any(axis=-1)


def _verdicts(correct: Any, target: Any) -> Any:
    """Right or not, of each example that counts, as nested lists."""
    import numpy as np

    verdicts: Any = np.where(counts(target), correct, None)
    return verdicts.tolist()


def _ties(problem: Problem, prediction: Any) -> list[str]:
    """Which examples have several classes with the highest score: the first of them is the predicted one."""
    import numpy as np

    assert problem.classes is not None
    # an example's own axis is that of a sequence
    counted = ("example", "time step") if problem.batched else ("time step",)
    found = []
    for place in np.ndindex(prediction.shape[:-1]):
        row = prediction[place]
        tied = [str(i + problem.classes.base) for i in (row == row.max()).nonzero()[0]]
        if len(tied) > 1:
            words = [f"{word} {number + 1}" for word, number in zip(counted, place, strict=False)]
            where = f"{', '.join(words)}: " if words else ""
            found.append(f"{where}classes {', '.join(tied[:-1])} and {tied[-1]} tie; the first is taken as predicted")
    return found
