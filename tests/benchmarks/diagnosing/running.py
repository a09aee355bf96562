"""A seeded problem with its sheets, made and judged."""

from __future__ import annotations

from tests.benchmarks.diagnosing.judging import judge, judge_convention, judge_right
from tests.benchmarks.diagnosing.tables import Result
from tests.benchmarks.injector.sheets import Written, case, kind_of

Job = tuple[int, str | None, float]  # a seed, the one kind if only one, the share of values left out


def run(job: Job) -> Result:
    seed, only, left_out = job
    kind = kind_of(seed, only)
    made = case(seed, kind, left_out)
    text = made.exercise.text
    sheets = [sheet for sheet in (made.one, made.two) if sheet is not None]
    one = None if made.one is None else judge(text, made.one)
    two = None if made.two is None else judge(text, made.two)
    convention = None if made.convention is None else judge_convention(text, made.convention)
    return Result(
        kind, seed, text, judge_right(text, made.right), made.right.text, one, _text(made.one), truth(made.one),
        two, _text(made.two), truth(made.two), convention, _text(made.convention), truth(made.convention),
        sum(sheet.drawn for sheet in sheets), sum(len(sheet.planted) for sheet in sheets),
    )  # fmt: skip


def _text(sheet: Written | None) -> str:
    return "" if sheet is None else sheet.text


def truth(sheet: Written | None) -> str:
    """What was done, for whoever reads a dump."""
    if sheet is None:
        return ""
    lines = []
    for one in sheet.planted:
        equation = f": {one.equation}" if one.equation else ""
        place = f" {one.given}{list(one.entry)}" if one.entry is not None else ""
        lines.append(
            f"iteration {one.iteration}, {one.name}{equation}{place} ({one.what}; {' '.join(sorted(one.kinds))})"
        )
    return "\n".join(lines)
