"""What `--hints` tells a student who wants to find the mistake alone: never a number.

1: where the first mistake is, and how many places there are. 2: what kind of mistake it is too. 3: the right equation
too. The JSON is held to the same, so that a script can hand it on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nncalc.check.report import CONVENTION, COPIED, Convention, Mistake, Report
from nncalc.language.equation import Equation
from nncalc.language.text import equation_text
from nncalc.views.check import closing
from nncalc.views.check_words import counted, kind_words
from nncalc.views.line import Line
from nncalc.views.writer import Writer, wrapped

PLACE, KIND, EQUATION = 1, 2, 3


class Hint(NamedTuple):
    """The first place that is wrong. words: its kind in words. given, entry: of a copied number, which one it is."""

    iteration: int
    name: str
    kind: str
    words: str
    right: Equation | None
    places: int
    given: str = ""
    entry: tuple[int, ...] | None = None


def hint_of(report: Report, strict: bool) -> Hint | None:
    """The first mistake; None where nothing is wrong. strict: a convention is a mistake too."""
    place = {verdict.name: i for i, verdict in reversed([*enumerate(report.verdicts)])}
    found: list[Mistake | Convention] = [*report.mistakes, *(report.conventions if strict else ())]
    if not found:
        return None
    if strict and report.conventions and report.mistakes:
        ahead = place.get(report.conventions[0].name, len(place)) < place.get(report.mistakes[0].name, -1)
        found = [*report.conventions, *report.mistakes] if ahead else found
    places = sum(1 + (len(one.also_at) if isinstance(one, Mistake) else 0) for one in found)
    first = found[0]
    if isinstance(first, Convention):
        return Hint(1, first.name, CONVENTION, kind_words(CONVENTION), first.instead_of, places)
    return Hint(
        first.iteration, first.name, first.kind, kind_words(first.kind, first.explanation), first.instead_of, places,
        given=first.given if first.kind == COPIED else "", entry=first.entry,
    )  # fmt: skip


def hints_view(report: Report, writer: Writer, level: int, *, strict: bool, width: int) -> list[Line]:
    """The hint, and the points."""
    hint = hint_of(report, strict)
    lines = [] if hint is None else [(text, "") for text in _texts(hint, writer, level, several=_several(report))]
    if hint is None and report.verdicts:
        lines = [("nothing is wrong on this sheet", "right")]
    shown: list[Line] = [[(line, style)] for text, style in lines for line in wrapped(text, width)]
    return [*shown, *([[]] if shown else []), *closing(report, None, width)]


def _several(report: Report) -> bool:
    return any(verdict.iteration > 1 for verdict in report.verdicts)


def _texts(hint: Hint, writer: Writer, level: int, several: bool) -> list[str]:
    where = f"{writer.name(hint.name)}{f' in iteration {hint.iteration}' if several else ''}"
    found = [f"look at {where} first"]
    if level >= KIND:
        found.append(f"what is wrong there: {hint.words}")
    if level >= EQUATION and hint.given:
        entry = f"entry {', '.join(map(str, hint.entry))} of " if hint.entry else ""
        found.append(f"compare your numbers with the problem's: {entry}{writer.name(hint.given)}")
    if level >= EQUATION and hint.right is not None:
        found.append(f"the right equation: {writer.equation(hint.right)}")
    if level >= EQUATION and hint.entry and not hint.given:
        found.append(f"work out entry {', '.join(map(str, hint.entry))} again")
    more = f"there are mistakes at {counted(hint.places, 'place')} in all"
    return [*found, more if hint.places > 1 else "it is the only mistake"]


def hints_object(report: Report, level: int, strict: bool) -> dict[str, Any]:
    """What stands in the JSON in place of verdicts, mistakes and conventions."""
    hint = hint_of(report, strict)
    if hint is None:
        return {"hints": level, "places": 0, "mistakes": []}
    first: dict[str, Any] = {"iteration": hint.iteration, "name": hint.name}
    if level >= KIND:
        first["kind"] = hint.kind
    if level >= EQUATION:
        if hint.given:
            first["given"] = hint.given
        if hint.entry is not None:
            first["entry"] = list(hint.entry)
        if hint.right is not None:
            first["instead_of"] = equation_text(hint.right)
    return {"hints": level, "places": hint.places, "mistakes": [first]}
