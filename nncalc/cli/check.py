"""`nncalc check`: sheets of answers against a problem, one in detail, many in a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, Json, number, whole
from nncalc.cli.sheets import Source, sources_of
from nncalc.cli.source import STANDARD_INPUT, problem_of
from nncalc.errors import NncalcError, UsageError

if TYPE_CHECKING:
    from nncalc.check.report import Report, Unreadable
    from nncalc.problem.problem import Problem

WRONG = 1
LARGEST_TOLERANCE = 1e6


def _tolerance(text: str | float) -> float:
    value = number(text)
    if not 0 <= value <= LARGEST_TOLERANCE:
        raise typer.BadParameter(f"found {text}, expected a number from 0 on, such as 0.01")
    return value


def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="A problem file, the name of a problem that comes with nncalc, or - for standard input.",
        ),
    ],
    answers: Annotated[
        list[str],
        typer.Argument(
            metavar="ANSWERS...",
            show_default=False,
            help="Sheets of answers: files, folders of .yaml, .yml, .json and .jsonl files, the names of sheets that "
            "come with nncalc, or - for standard input.",
        ),
    ],
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="T",
            parser=_tolerance,
            show_default=False,
            help="How far off a number may be, in place of what the way it is written says.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="What is right under another usual convention counts as wrong.")
    ] = False,
    hints: Annotated[
        int | None,
        typer.Option(
            "--hints",
            metavar="1|2|3",
            parser=whole(1, 3),
            show_default=False,
            help="Only the first mistake, and never a number: 1 where it is, 2 what kind it is too, 3 the right "
            "equation too. With --json the object has places and that mistake in place of verdicts and mistakes.",
        ),
    ] = None,
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """What is right on a sheet, what is wrong, what only follows from an earlier mistake, and which mistake it is.

    A sheet has the equations' names with what was worked out (h2.grad: [0.92, 0.36, -0.15]), or is nncalc's own JSON.
    A number is right if it is rounded rightly as it is written. Of several sheets there is a table, with the mistakes
    by how often they were made. The exit status is 1 if anything is wrong or a sheet can't be read.

    Example:
    nncalc check problem.yaml answers.yaml
    nncalc check problem.yaml sheets/ --json | jq -r 'select(.right | not).sheet'
    nncalc check problem.yaml answers.yaml --hints 1
    """
    sources = sources_of(answers)
    if file == "-" and any(source.is_standard_input for source in sources):
        raise UsageError("FILE and ANSWERS can't both be standard input", hint="Name a file for one of the two.")
    # of many sheets in a table or in JSON there is one bar over all of them
    alone = len(sources) == 1 or (hints is not None and not json)
    marker = Marker(problem_of(file), tolerance, strict, alone)
    if json:
        right = _json_lines(marker, sources, hints)
    elif len(sources) == 1:
        report = _judged(marker, sources[0])
        if report is not None:
            _show(marker, report, hints, digits, named=answers != [sources[0].name])
        right = report is not None and report.right
    elif hints is not None:
        # each student's own: there is no table to be had without saying more than a hint may
        right = _hinted(marker, sources, hints, digits)
    else:
        right = _table(marker, sources)
    if not right:
        raise typer.Exit(WRONG)


class Marker:
    """Reads sheets and judges them; what depends on the problem alone is worked out once.

    alone: whether a sheet that takes long has a progress bar of its own, where somebody watches standard error.
    """

    def __init__(self, problem: Problem, tolerance: float | None, strict: bool, alone: bool) -> None:
        from nncalc.check.checker import Checker
        from nncalc.cli.progress import LateBar
        from nncalc.problem.answers import AnswerReader

        self.problem, self.strict = problem, strict
        self._reader = AnswerReader(problem)
        watched = alone and sys.stderr is not None and sys.stderr.isatty()
        self._bar = LateBar(sys.stderr) if watched else None
        watch = None if self._bar is None else self._bar.show
        self._checker = Checker(problem, tolerance=tolerance, strict=strict, watch=watch)

    def report(self, source: Source) -> Report:
        """What is said of a sheet. Raises NncalcError for one that can't be read."""
        try:
            sheet = self._reader.read(source.text(), source.name)
            with self._bar or nullcontext():
                return self._checker.report(sheet)
        except NncalcError as error:
            if source.is_standard_input and error.place is not None:
                error.place = error.place._replace(source=STANDARD_INPUT)
            raise


def _hinted(marker: Marker, sources: Sequence[Source], hints: int, digits: int) -> bool:
    """The hints on each of many sheets, with a line between them. Whether all of them are right."""
    right, shown = True, False
    for source in sources:
        report = _judged(marker, source)
        if report is not None:
            if shown:
                output.print_lines([[]])
            _show(marker, report, hints, digits, named=True)
            shown = True
        right = right and report is not None and report.right
    return right


def _judged(marker: Marker, source: Source) -> Report | None:
    """What is said of a sheet; of one that can't be read it is said why, and there is None."""
    from nncalc.cli.failures import render

    try:
        return marker.report(source)
    except NncalcError as error:
        output.flush()
        output.complain(render(error, program="nncalc check", width=output.width(no_tty_default=100)))
        return None


def _show(marker: Marker, report: Report, hints: int | None, digits: int, named: bool) -> None:
    """One sheet on the screen. named: whether it has to be said which one it is."""
    from nncalc.views.iteration import heading
    from nncalc.views.writer import Writer

    width = output.width()
    writer = Writer(marker.problem)
    if named:
        output.print_lines([[(report.sheet, "title")]])
    else:
        output.print_lines(heading(marker.problem._replace(notes="", source=""), width))
    if hints is None:
        from nncalc.views.check import report_view

        output.print_lines(report_view(report, writer, width=width, digits=digits))
    else:
        from nncalc.views.check_hints import hints_view

        output.print_lines(hints_view(report, writer, hints, strict=marker.strict, width=width))


def _json_lines(marker: Marker, sources: Sequence[Source], hints: int | None) -> bool:
    """A line a sheet, written as soon as it is judged."""
    from nncalc.check.report import Unreadable
    from nncalc.views.check_json import report_object, unreadable_object

    right = True
    # where the lines themselves are seen, they are the progress
    watched = sys.stdout is not None and sys.stdout.isatty()
    for found in _reports(marker, sources, quiet=watched):
        if isinstance(found, Unreadable):
            output.print_json(unreadable_object(found))
            right = False
        else:
            output.print_json(report_object(found, marker.problem.title, hints, marker.strict))
            right = right and found.right
        output.flush()
    return right


def _table(marker: Marker, sources: Sequence[Source]) -> bool:
    from nncalc.views.check_class import Class, class_view
    from nncalc.views.iteration import heading
    from nncalc.views.writer import Writer

    marks = Class(marker.strict)
    for found in _reports(marker, sources):
        marks.add(found)
    width = output.width()
    output.print_lines(heading(marker.problem._replace(notes="", source=""), width))
    output.print_lines(class_view(marks, Writer(marker.problem), width=width))
    return marks.all_right == len(sources)


def _reports(marker: Marker, sources: Sequence[Source], quiet: bool = False) -> Iterator[Report | Unreadable]:
    """Each sheet's Report, or Unreadable; with a progress bar where somebody watches standard error."""
    from nncalc.check.report import Unreadable
    from nncalc.views.check_json import error_text

    watched = not quiet and len(sources) > 1 and sys.stderr is not None and sys.stderr.isatty()
    with _bar(len(sources)) if watched else nullcontext(_nothing) as advance:
        for source in sources:
            advance(source.name)
            try:
                found: Report | Unreadable = marker.report(source)
            except NncalcError as error:
                found = Unreadable(source.name, error_text(error))
            yield found


def _nothing(_name: str) -> None:
    """What is shown of the progress where nobody watches."""


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on standard error: called with the name of each sheet as it is begun."""
    from nncalc.cli.progress import progress_bar
    from nncalc.views.clean import clean

    with progress_bar(sys.stderr) as progress:
        task = progress.add_task("", total=total)
        begun = 0

        def advance(name: str) -> None:
            nonlocal begun
            progress.update(task, completed=begun, description=clean(name))
            begun += 1

        yield advance
