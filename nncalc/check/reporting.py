"""From a judgement to a report: points, mistakes made alike together, sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from nncalc.check.found import Found
from nncalc.check.judgement import Fault, Judged, Judgement
from nncalc.check.own import Key
from nncalc.check.possibilities import Possibilities
from nncalc.check.report import (
    CONVENTION,
    FOLLOWS,
    MISSING,
    RIGHT,
    ROUNDED,
    SHAPE,
    SHAPED,
    TRANSPOSED,
    WRONG,
    Alternative,
    Convention,
    Mistake,
    Report,
    Sentence,
    Verdict,
    worst,
)
from nncalc.language.equation import Equation
from nncalc.language.text import to_text
from nncalc.problem.answers import Sheet
from nncalc.problem.problem import Problem

NOTHING_FITS = "none of the usual mistakes gives these numbers"
TOO_EASY = f"{NOTHING_FITS}, and they make what follows too easy to count"
# what tells one gate, one layer or one time step from another
GATE = re.compile(r"(?<=\d)_[a-z]\b|\b[ifgorzn](?=(bar)?\d+_t)")
# one layer's output has an activation, the other's has none; a bias of a convolution has axes put behind it
OUTPUT = re.compile(r"\bhbar(?=\d)|\[:, None(, None)*\]")
NUMBER = re.compile(r"\d+(?=\b|_|\.)")
SHAPES = {SHAPED: "it has another shape", TRANSPOSED: "rows and columns are exchanged"}


def report_of(
    problem: Problem,
    possibilities: Possibilities,
    sheet: Sheet,
    judgement: Judgement,
    conventions: list[Convention],
    strict: bool,
) -> Report:
    """The report of a judged sheet. strict: what is right under another convention alone counts as wrong."""
    verdicts = _verdicts(problem, possibilities, sheet, judgement, strict)
    bad = {WRONG, FOLLOWS, SHAPE, *((CONVENTION,) if strict else ())}
    return Report(
        sheet=sheet.name,
        right=not any(verdict.verdict in bad for verdict in verdicts),
        points=sum(verdict.points for verdict in verdicts),
        out_of=sum(verdict.out_of for verdict in verdicts),
        unknown=sheet.unknown,
        verdicts=tuple(verdicts),
        mistakes=tuple(_mistakes(possibilities, judgement)),
        conventions=tuple(conventions),
        notes=judgement.remarks,
    )


# --- verdicts and points ----------------------------------------------------------------------------------------------


def _verdicts(
    problem: Problem, possibilities: Possibilities, sheet: Sheet, judgement: Judgement, strict: bool
) -> list[Verdict]:
    course = possibilities.course
    points: Mapping[str, float] = problem.points
    judged = {value.key: value for value in judgement.values}
    places = [(k, name) for k in range(1, len(sheet.iterations) + 1) for name in course.used]
    found = []
    for key in places:
        iteration, name = key
        value = judged.get(key)
        worth = points.get(name, 0.0) if points else float(name in course.order)
        if value is not None:
            found.append(_verdict(value, worth, strict, bool(points)))
        elif name in points:
            expected = course.right(iteration)[name]
            entries = np.full(expected.shape, MISSING, dtype=object)
            found.append(Verdict(iteration, name, MISSING, entries, expected, None, 0.0, worth))
    return found


def _verdict(value: Judged, worth: float, strict: bool, counted: bool) -> Verdict:
    words = value.entries.ravel().tolist()
    credited = {RIGHT, ROUNDED, FOLLOWS, *(() if strict else (CONVENTION,))}
    # without `points` nothing is lost by what is left out
    among = len(words) if counted else sum(word != MISSING for word in words)
    share = sum(word in credited for word in words) / among if among else 0.0
    iteration, name = value.key
    return Verdict(iteration, name, worst(words), value.entries, value.expected, value.given, worth * share, worth)


# --- mistakes ---------------------------------------------------------------------------------------------------------


def _mistakes(possibilities: Possibilities, judgement: Judgement) -> list[Mistake]:
    course = possibilities.course
    faults = sorted(judgement.faults, key=lambda fault: (fault.key[0], course.order.get(fault.key[1], -1)))
    found: list[Mistake] = []
    alike: dict[object, int] = {}
    for fault in faults:
        mark, first = _mark(fault, alike)
        if mark in alike:
            place = alike[mark]
            found[place] = _also(found[place], fault.key)
            if fault.because and found[place].equation is None:
                found[place] = found[place]._replace(explanation=Sentence(TOO_EASY))
            continue
        alike[mark] = len(found)
        found.append(_mistake(possibilities, fault, first))
    return found


def _mark(fault: Fault, alike: Mapping[object, int]) -> tuple[object, Found | None]:
    """What makes mistakes alike, and the explanation taken: one that was met before, if it fits here too."""
    if not fault.found:
        return (fault.kind, fault.because or fault.key), None
    marks = [(_alike(one), one) for one in fault.found]
    return next(((mark, one) for mark, one in marks if mark in alike), marks[0])


def _alike(found: Found) -> object:
    """What was done, without the names of its place: the layer's number, the gate's letter, the parameter's name."""
    if found.given:
        return found.kind, found.given, found.entry, found.read
    if found.expression is None:
        return found.key, found.entry
    own = re.escape(found.key[1].split(".")[0])
    said = found.sentence.parts or (to_text(found.expression),)
    parts = (re.sub(rf"\b{own}\b", "@", part) for part in said)
    return found.kind, found.sentence.text, *(NUMBER.sub("#", GATE.sub("", OUTPUT.sub(_plain, part))) for part in parts)


def _plain(match: re.Match[str]) -> str:
    return "h" if match[0] == "hbar" else ""


def _also(mistake: Mistake, key: Key) -> Mistake:
    name = key[1]
    if name == mistake.name or name in mistake.also_at:
        return mistake
    return mistake._replace(also_at=(*mistake.also_at, name))


def _mistake(possibilities: Possibilities, fault: Fault, first: Found | None) -> Mistake:
    right = possibilities.course.equations.get(fault.key[1])
    iteration, name = fault.key
    if first is None:
        sentence = fault.sentence or Sentence(SHAPES.get(fault.kind, NOTHING_FITS))
        return Mistake(iteration, name, fault.kind, None, right, sentence)
    # a number may be misread in two ways to the same end: 0.1 for 0.01
    said = {_as_said(one): one for one in reversed(fault.found)}
    others = [one for one in fault.found if said[_as_said(one)] is one and _as_said(one) != _as_said(first)]
    return Mistake(
        iteration=iteration,
        name=name,
        kind=first.kind,
        equation=_equation(possibilities, first),
        instead_of=right,
        explanation=first.sentence,
        entry=_from_one(first.entry),
        given=first.given,
        read=first.read,
        alternatives=tuple(
            Alternative(one.key[1], one.kind, _from_one(one.entry), _equation(possibilities, one), one.sentence)
            for one in others
        ),
    )


def _as_said(found: Found) -> object:
    """What tells an explanation from the others for whoever reads it."""
    return found.key, found.kind, found.entry, found.expression, found.sentence


def _equation(possibilities: Possibilities, found: Found) -> Equation | None:
    right = possibilities.course.equations.get(found.key[1])
    return right._replace(expression=found.expression) if right and found.expression is not None else None


def _from_one(entry: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if entry is None else tuple(i + 1 for i in entry)
