"""Problems, sheets and what is said of them, in few words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.check.checker import Checker
from nncalc.check.own import Own
from nncalc.check.report import Report
from nncalc.language.expression import Expression
from nncalc.language.parse import parse_expression
from nncalc.language.text import to_text
from nncalc.problem.answers import read_sheet
from nncalc.problem.load import load_file, load_text
from nncalc.problem.problem import Problem

PROBLEMS = Path(__file__).parents[2] / "problems"

Mistakes = Mapping[tuple[int, str], str]


@cache
def shipped(name: str, *, strict: bool = False, tolerance: float | None = None) -> Checker:
    return Checker(load_file(str(PROBLEMS / f"{name}.yaml")), tolerance, strict)


@cache
def stated(text: str, *, strict: bool = False) -> Checker:
    """The checker of a problem's text."""
    return Checker(load_text(text, "problem.yaml", None), strict=strict)


def check(checker: Checker, sheet: str) -> Report:
    """What is said of a sheet's text; `; ` may stand between its lines."""
    sheet = sheet.replace("; ", "\n")
    return checker.report(read_sheet(sheet, "sheet.yaml", checker.problem))


def verdicts(report: Report) -> dict[str, str]:
    """The verdict of each value; of several iterations, of the last that has it."""
    return {verdict.name: verdict.verdict for verdict in report.verdicts}


def mistakes(report: Report) -> list[tuple[str, str, str]]:
    """Each mistake's name, kind and, where it has one, the right side that was computed."""
    return [(m.name, m.kind, to_text(m.equation.expression) if m.equation else "") for m in report.mistakes]


def sheet_of(checker: Checker, places: int, wrong: Mistakes | None = None, iterations: int = 1) -> str:
    """A sheet as a student writes it: every value of the equations rounded, and carried on from what is written.

    wrong: right sides in place of the right ones, by iteration and name.
    """
    course = checker.possibilities.course
    own = Own(course, {})
    pages = []
    for iteration in range(1, iterations + 1):
        page: dict[str, Any] = {}
        for name, equation in course.equations.items():
            changed = (wrong or {}).get((iteration, name))
            expression: Expression = parse_expression(changed, operation) if changed else equation.expression
            written = _written(np.asarray(own.of(iteration, expression), dtype=np.float64), places)
            own.put((iteration, name), np.vectorize(float, otypes=[float])(written).reshape(written.shape))
            page[name] = written.tolist()
        pages.append(page)
    return _as_yaml(pages)


def _written(value: Any, places: int) -> Any:
    texts = np.empty(value.shape, dtype=object)
    for entry in np.ndindex(value.shape):
        texts[entry] = f"{float(value[entry]) + 0.0:.{places}f}"
    return texts


def _as_yaml(pages: list[dict[str, Any]]) -> str:
    lines = []
    for page in pages:
        entries = [f"{name}: {json.dumps(value).replace(chr(34), '')}" for name, value in page.items()]
        lines.append("- " + "\n  ".join(entries) if len(pages) > 1 else "\n".join(entries))
    return "\n".join(lines) + "\n"


__all__ = ["Problem", "check", "mistakes", "sheet_of", "shipped", "stated", "verdicts"]
