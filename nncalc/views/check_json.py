"""A report as the JSON object of FORMAT.md, section 4."""

from __future__ import annotations

from typing import Any

from nncalc.check.report import Convention, Mistake, Report, Unreadable, Verdict
from nncalc.errors import NncalcError
from nncalc.language.equation import Equation
from nncalc.language.text import equation_text

_HEAD = {"nncalc": 1, "command": "check"}


def report_object(report: Report, title: str, hints: int | None = None, strict: bool = False) -> dict[str, Any]:
    """One sheet. hints: the level of `--hints`, which leaves out whatever would tell more. strict: what hints
    take a convention for."""
    found: dict[str, Any] = {**_HEAD, **({"title": title} if title else {}), "sheet": report.sheet}
    found |= {"right": report.right, "points": _points(report.points), "out_of": _points(report.out_of)}
    found["unknown"] = list(report.unknown)
    if hints is not None:
        from nncalc.views.check_hints import hints_object

        return found | hints_object(report, hints, strict)
    found["verdicts"] = [_verdict(one) for one in report.verdicts]
    found["mistakes"] = [_mistake(one) for one in report.mistakes]
    found["conventions"] = [_convention(one) for one in report.conventions]
    if report.notes:
        found["notes"] = [str(note) for note in report.notes]
    return found


def unreadable_object(sheet: Unreadable) -> dict[str, Any]:
    """A sheet that can't be read."""
    return {**_HEAD, "sheet": sheet.sheet, "error": sheet.error}


def error_text(error: NncalcError) -> str:
    """An error in one line: `line 3, column 5: a quote without its end (begins here and is never closed)`."""
    where = f"line {error.place.line}, column {error.place.column}: " if error.place else ""
    label = f" ({error.label})" if error.label else ""
    return " ".join(f"{where}{error.message}{label}".split())


def _verdict(verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = {
        "iteration": verdict.iteration,
        "name": verdict.name,
        "verdict": verdict.verdict,
        "entries": verdict.entries.tolist(),
        "expected": verdict.expected.tolist(),
    }
    if verdict.given is not None:
        found["given"] = _answered(verdict.given.tolist())
    return found | {"points": _points(verdict.points), "out_of": _points(verdict.out_of)}


def _answered(value: Any) -> Any:
    """Nested lists of numbers; what was not answered is null, as it is in a sheet."""
    if isinstance(value, list):
        return [_answered(entry) for entry in value]
    return None if value != value else value


def _mistake(mistake: Mistake) -> dict[str, Any]:
    found: dict[str, Any] = {
        "iteration": mistake.iteration,
        "name": mistake.name,
        "also_at": list(mistake.also_at),
        "entry": _entry(mistake.entry),
        "kind": mistake.kind,
        "equation": _equation(mistake.equation),
        "instead_of": _equation(mistake.instead_of),
        "explanation": str(mistake.explanation),
        "alternatives": [
            {"name": one.name, "kind": one.kind, "entry": _entry(one.entry), "equation": _equation(one.equation)}
            for one in mistake.alternatives
        ],
    }
    if mistake.given:
        found |= {"given": mistake.given, "read": mistake.read}
    return found


def _convention(convention: Convention) -> dict[str, Any]:
    return {
        "name": convention.name,
        "equation": equation_text(convention.equation),
        "instead_of": equation_text(convention.instead_of),
        "explanation": str(convention.explanation),
    }


def _entry(entry: tuple[int, ...] | None) -> list[int] | None:
    return None if entry is None else list(entry)


def _equation(equation: Equation | None) -> str | None:
    return None if equation is None else equation_text(equation)


def _points(value: float) -> float | int:
    """8 rather than 8.0; as a number the same."""
    return int(value) if value == int(value) else float(value)
