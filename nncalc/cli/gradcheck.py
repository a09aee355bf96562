"""`nncalc gradcheck`: every gradient against central differences."""

from __future__ import annotations

import sys
from math import isnan
from typing import TYPE_CHECKING, Any

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, File, Json
from nncalc.cli.source import problem_of

if TYPE_CHECKING:
    from nncalc.engine.gradcheck import Check
    from nncalc.problem.problem import Problem

WRONG = 1
# So many entries and more take long enough to watch: each is two forward passes at least.
MANY = 300


def gradcheck(file: File = None, json: Json = False, digits: Digits = PLACES) -> None:
    """Every gradient against central differences: of each value, each parameter and the input.

    The measure is |a − n| / max(|a|, |n|), as in cs231n's notes. Where a kink lies between the two evaluations, the
    unit that switched is named. The exit status is 1 if a gradient is wrong.

    Example:
    nncalc gradcheck problem.yaml
    nncalc gradcheck regression-as-printed
    """
    problem = problem_of(file)
    checks = _checks(problem)
    if json:
        from nncalc.views.gradcheck import gradcheck_object

        title = {"title": problem.title} if problem.title else {}
        output.print_json({"nncalc": 1, "command": "gradcheck", **title, **gradcheck_object(checks)})
    else:
        from nncalc.views.gradcheck import gradcheck_view
        from nncalc.views.iteration import heading

        width, loss = output.width(), problem.forward.loss
        output.print_lines(heading(problem._replace(notes=""), width))
        output.print_lines(gradcheck_view(checks, notation=problem.notation, loss=loss, digits=digits, width=width))
        if any(isnan(check.relative_error) for check in checks):
            output.print_lines(_remarks(problem, width))
    if not all(check.right for check in checks):
        raise typer.Exit(WRONG)


def _remarks(problem: Problem, width: int) -> list[list[tuple[str, str]]]:
    """Why there are gradients that no quotient can be right of: a distance of 0, an overflow."""
    import textwrap

    from nncalc.engine.remarks import remarks
    from nncalc.problem.work import work
    from nncalc.views.symbols import Symbols, in_symbols

    trace = work(problem, "backward")
    symbols = Symbols(trace.values, problem.notation, trace.program.loss)
    notes = [in_symbols(note, trace.values, symbols.text) for note in remarks(trace)]
    return [[(line, "")] for note in notes for line in textwrap.wrap(note, width, subsequent_indent="  ")]


def _checks(problem: Problem) -> list[Check]:
    """The checks; with a progress bar where somebody watches standard error and there are many entries."""
    from nncalc.problem.checking import gradient_checks

    if sys.stderr is None or not sys.stderr.isatty():
        return gradient_checks(problem)
    bar: Any = None

    def show(name: str, done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            if total < MANY:
                return
            from nncalc.cli.progress import progress_bar

            bar = progress_bar(sys.stderr)
            bar.start()
            bar.add_task("", total=total)
        bar.update(bar.task_ids[0], completed=done, description=name)

    try:
        return gradient_checks(problem, show)
    finally:
        if bar is not None:
            bar.stop()
