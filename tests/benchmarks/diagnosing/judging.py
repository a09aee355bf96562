"""What check says of one sheet, held against the truth about it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.check.checker import Checker
from nncalc.check.report import (
    CONVENTION,
    COPIED,
    FOLLOWS,
    MISSING,
    RIGHT,
    ROUNDED,
    SHAPED,
    SLIPS,
    TRANSPOSED,
    UNEXPLAINED,
    Mistake,
    Report,
)
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.value import value_of
from nncalc.errors import NncalcError
from nncalc.language.parse import parse_expression
from nncalc.language.text import equation_text
from nncalc.problem.answers import read_sheet
from nncalc.problem.load import load_text
from tests.benchmarks.injector.planting import behind
from tests.benchmarks.injector.sheets import Written
from tests.benchmarks.injector.student import Planted, Work

# The words that any equation's mistake can have; every other is an operation's own.
GENERAL = {
    "sign", "missing_term", "missing_factor", "extra_factor", "wrong_value", "transpose", "swapped", "wrong_argument",
    "wrong_function", "elementwise", "several", UNEXPLAINED, COPIED, SHAPED, TRANSPOSED, *SLIPS,
}  # fmt: skip
GOOD = (RIGHT, ROUNDED, FOLLOWS, CONVENTION)


class Judged(NamedTuple):
    """A sheet with its mistakes, judged.

    what, named: the first mistake's truth, and the kind said of it (`nothing`, `convention`, `crash`). place: it is
    the first said, at its place; as_one: with the other places of one made every time beside it. by_kind, by_equation:
    its kind, its equation is among those said. both: every mistake is found at its place. behind, followed: values
    behind the mistakes, and those recognized. wronged: other values called wrong. accepted: mistaken values taken for
    right. plain_accepted, plain_lost: the plain comparison's.
    """

    what: str
    named: str
    place: bool
    as_one: bool
    by_kind: bool
    by_equation: bool
    both: bool
    behind: int
    followed: int
    wronged: int
    accepted: int
    plain_accepted: int
    plain_lost: int
    said: str = ""

    @property
    def right_name(self) -> bool:
        return self.place and self.by_kind and self.by_equation


class RightSheet(NamedTuple):
    """A right sheet, judged. values: how many; rejected: those called wrong, by check and by the plain comparison."""

    right: bool
    values: int
    rejected: int
    plain_rejected: int
    said: str = ""


def report_on(problem_text: str, sheet_text: str) -> Report:
    problem = load_text(problem_text, "problem.yaml", None)
    return Checker(problem).report(read_sheet(sheet_text, "sheet.yaml", problem))


def judge_right(text: str, sheet: Written) -> RightSheet:
    plain = _plain_wrong(sheet.work)
    values = sum(len(one.texts) for one in sheet.work.iterations)
    try:
        report = report_on(text, sheet.text)
    except Exception:  # whatever it is, the benchmark says so and goes on
        return RightSheet(False, values, values, len(plain), traceback.format_exc())
    answered = {(v.iteration, v.name) for v in report.verdicts if v.verdict != MISSING}
    rejected = [v for v in report.verdicts if v.verdict not in (RIGHT, ROUNDED, MISSING)]
    said = "" if report.right and not rejected else told(report)
    return RightSheet(report.right, len(answered), len(rejected), len(plain & answered), said)


def judge(text: str, sheet: Written) -> Judged:
    first = sheet.planted[0]
    truth = {(one.iteration, one.name) for one in sheet.planted}
    later = behind(sheet.work.exercise, sheet.planted)
    plain = _plain_wrong(sheet.work)
    try:
        report = report_on(text, sheet.text)
    except Exception:
        no = (False,) * 5
        said = traceback.format_exc()
        return Judged(first.what, "crash", *no, len(later), 0, 0, 0, len(truth - plain), len(later & plain), said)
    verdicts = {(v.iteration, v.name): v.verdict for v in report.verdicts if v.verdict != MISSING}
    told_at = [{(m.iteration, m.name), *((m.iteration, name) for name in m.also_at)} for m in report.mistakes]
    mistake = report.mistakes[0] if report.mistakes else None
    if first.what.endswith("every time"):
        place = bool(told_at) and bool(truth & told_at[0]) and truth <= set().union(*told_at)
    else:
        place = bool(told_at) and (first.iteration, first.name) in told_at[0]
    as_one = place and truth <= told_at[0]
    exact = Work(sheet.work.exercise, None)
    # of two ways that lead to the same, as log p and the logits', one may have been rounded on the way
    both_values = [_values(work, first.iteration) for work in (sheet.work, exact)]
    named_one = next((one for one in sheet.planted if mistake is not None and one.name == mistake.name), first)
    fits = _fits(named_one, mistake, both_values) if mistake is not None and place else (False, False)
    found = set().union(*told_at) if told_at else set()
    later &= set(verdicts)
    named = mistake.kind if mistake is not None else "convention" if report.conventions else "nothing"
    return Judged(
        first.what, named if place or mistake is None else f"elsewhere: {named}", place, as_one, *fits, truth <= found,
        len(later), sum(verdicts[one] in GOOD for one in later),
        sum(verdict not in GOOD for one, verdict in verdicts.items() if one not in truth),
        sum(verdicts.get(one) in GOOD for one in truth), len(truth - plain), len(later & plain), told(report),
    )  # fmt: skip


def judge_convention(text: str, sheet: Written) -> tuple[bool, str]:
    """Whether a sheet under another convention is said to be one, and nothing in it wrong; and what was said."""
    try:
        report = report_on(text, sheet.text)
    except Exception:
        return False, traceback.format_exc()
    return report.right and bool(report.conventions) and not report.mistakes, told(report)


def _fits(truth: Planted, mistake: Mistake, both_values: Sequence[Mapping[str, Any]]) -> tuple[bool, bool]:
    """Whether the kind is named first or tied for first, and whether with an equation of the true numbers."""
    by_kind = by_equation = False
    for one in (mistake, *mistake.alternatives):
        agrees = any(_agrees(truth, one, values) for values in both_values)
        own = one.kind not in GENERAL and bool(truth.equation) and agrees
        kind = one.kind in truth.kinds or own
        if truth.entry is not None:
            # of a slip that a misread number looks like, the entry is the value's and not the number's
            free = one.kind not in (*SLIPS, COPIED) or (bool(truth.given) and one.kind in SLIPS)
            kind = kind and (free or one.entry in (truth.entry, None))
        by_kind |= kind
        by_equation |= agrees and kind
    return by_kind, by_equation


def _agrees(truth: Planted, said: Any, values: Mapping[str, Any]) -> bool:
    """Whether the equation said gives the numbers of the true one."""
    if not truth.equation:
        return True
    if said.equation is None or said.name != truth.name:
        return False
    try:
        with np.errstate(all="ignore"):
            other = value_of(said.equation.expression, values, xp)
            own = value_of(parse_expression(truth.equation, operation), values, xp)
    except (NncalcError, KeyError, ValueError, IndexError, TypeError):
        return False
    return _equal(np.asarray(own), np.asarray(other))


def _equal(one: Any, other: Any) -> bool:
    if one.shape != other.shape:
        return False
    scale = float(np.abs(one).max()) if one.size else 0.0
    return bool(np.allclose(one, other, rtol=1e-6, atol=1e-9 * scale))


def _values(work: Work, iteration: int) -> dict[str, Any]:
    """Everything the student had before him in an iteration."""
    values = dict(work.iterations[iteration - 1].values)
    if iteration > 1:
        before = work.iterations[iteration - 2].values
        values |= {f"{name}.previous": value for name, value in before.items()}
    return values


def _plain_wrong(work: Work) -> set[tuple[int, str]]:
    """What a comparison with the right values, to a relative tolerance of 1e-2, calls wrong."""
    exact = Work(work.exercise, None)
    wrong = set()
    for one, right in zip(work.iterations, exact.iterations, strict=True):
        for name in one.texts:
            given, expected = one.values[name], right.values[name]
            if one.texts[name].shape != expected.shape or not np.isclose(given, expected, rtol=1e-2, atol=0).all():
                wrong.add((one.number, name))
    return wrong


def told(report: Report) -> str:
    """The report in a few lines, for whoever reads a dump."""
    lines = [f"right: {report.right}"]
    for v in report.verdicts:
        if v.verdict not in (RIGHT, ROUNDED):
            expected, given = np.array2string(np.asarray(v.expected)), np.array2string(np.asarray(v.given, dtype=float))
            lines.append(f"{v.iteration} {v.name}: {v.verdict}; expected {expected} given {given}")
    for m in report.mistakes:
        for one in (m, *m.alternatives):
            equation = equation_text(one.equation) if one.equation is not None else ""
            mark = "mistake" if one is m else "  or"
            lines.append(f"{mark} {one.name} {one.kind} {one.entry or ''} {equation} — {one.explanation}")
        if m.also_at:
            lines.append(f"  also at {', '.join(m.also_at)}")
    lines += [f"convention {c.name}: {c.explanation}" for c in report.conventions]
    return "\n".join(lines)
