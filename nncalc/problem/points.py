"""`points`: the marks for each value of a problem that counts when a sheet is checked."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from nncalc.errors import ProblemError, did_you_mean
from nncalc.problem.answer_names import SECTIONS, AnswerNames
from nncalc.problem.arrays import read_number
from nncalc.problem.problem import Problem
from nncalc.problem.schema import kind, wrong
from nncalc.problem.source import shown
from nncalc.problem.tree import Mapping, Scalar, Value


def points_of(problem: Problem) -> MappingProxyType[str, float]:
    """The marks by the values' own names, in the file's order; empty where the file has none.

    Names are as in answers: the equations' own or, in their sections, `gradients: {h2: 2}`.
    Raises ProblemError for a name that no equation has, and for what is no number of marks.
    """
    stated = problem.document.get("points") if isinstance(problem.document, Mapping) else None
    if stated is None or (isinstance(stated, Scalar) and stated.is_null):
        return MappingProxyType({})
    if not isinstance(stated, Mapping):
        raise wrong(stated, "'points' has names and their marks", f"found {kind(stated)}, expected 'loss: 2', say")
    names = AnswerNames(problem)
    points: dict[str, float] = {}
    for mapping, section, key, value in _entries(stated):
        name = names.find(key, section)
        if name not in names.computed:
            given = name is not None
            message = f"{name} is given" if given else f"there is no value '{shown(key)}'"
            raise ProblemError(
                message,
                label="points are for what is worked out" if given else "no equation has this name",
                hint="" if given else did_you_mean(key, _known(names, section)),
                key=value.key,
                place=mapping.key_place(key),
            )
        assert name is not None
        if name in points:
            message = f"the points of {name} are given twice"
            raise ProblemError(message, label="given before", key=value.key, place=mapping.key_place(key))
        points[name] = _marks(value, key)
    return MappingProxyType(points)


def _entries(stated: Mapping) -> Iterator[tuple[Mapping, str, str, Value]]:
    """Each entry with the mapping and the section that it stands in."""
    for key, value in stated.entries.items():
        if key in SECTIONS and isinstance(value, Mapping):
            yield from ((value, key, inner, entry) for inner, entry in value.entries.items())
        else:
            yield stated, "", key, value


def _known(names: AnswerNames, section: str) -> tuple[str, ...]:
    suffix = {"gradients": ".grad", "updated": ".next"}.get(section, "")
    return tuple(name.removesuffix(suffix) for name in names.computed if name.endswith(suffix))


def _marks(value: Value, key: str) -> float:
    marks = read_number(value, what=f"the points of {shown(key)}")
    if marks < 0:
        raise wrong(value, f"the points of {shown(key)} can't be {marks:g}", "expected 0 or more")
    return marks
