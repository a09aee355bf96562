"""`forward`, `backprop`, `sgd` and `derive`: the homework problem itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, File, Json, number, whole
from nncalc.cli.source import problem_of
from nncalc.errors import UsageError

if TYPE_CHECKING:
    from nncalc.language.equation import Phase
    from nncalc.problem.problem import Problem
    from nncalc.problem.work import Worked
    from nncalc.views.step_table import StepTable

Full = Annotated[bool, typer.Option("--full", help="Print every entry of a matrix, however large.")]
Entry = Annotated[
    str | None,
    typer.Option(
        "--entry",
        metavar="I,J",
        show_default=False,
        help="How this entry of each convolution and pool comes about: row, column; or channel, row, column.",
    ),
]
MOST_STEPS = 1_000_000


def forward(
    file: File = None, entry: Entry = None, json: Json = False, digits: Digits = PLACES, full: Full = False
) -> None:
    """The forward pass: each step with its formula, the numbers put in, and the result.

    Example:
    nncalc forward problem.yaml
    nncalc forward xor --json | jq .prediction
    """
    _show("forward", [_worked(problem_of(file), "forward")], json, digits, full, entry=_entry_of(entry))


def backprop(
    file: File = None,
    step: Annotated[
        bool, typer.Option("--step", help="One step at a time: Enter goes on, b back, q leaves, ? helps.")
    ] = False,
    entry: Entry = None,
    json: Json = False,
    digits: Digits = PLACES,
    full: Full = False,
) -> None:
    """The forward and the backward pass: the loss's gradient by every value, weight and input.

    Example:
    nncalc backprop problem.yaml
    nncalc backprop --step
    """
    worked = _worked(problem_of(file), "backward")
    if step and not json and output.is_interactive():
        from nncalc.cli.stepper import walk_through

        walk_through(worked, digits=digits, full=full, entry=_entry_of(entry))
    else:
        _show("backprop", [worked], json, digits, full, entry=_entry_of(entry))


def sgd(
    file: File = None,
    steps: Annotated[int, typer.Option("--steps", metavar="N", parser=whole(1, MOST_STEPS), help="How many.")] = 1,
    learning_rate: Annotated[
        float | None,
        typer.Option("--learning-rate", metavar="η", parser=number, show_default=False, help="In place of the file's."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            metavar="B",
            parser=whole(1),
            show_default=False,
            help="So many examples a step, in the file's order, from the start again when they are used up.",
        ),
    ] = None,
    every: Annotated[int, typer.Option("--every", metavar="K", parser=whole(1), help="Show each K-th.")] = 1,
    entry: Entry = None,
    json: Json = False,
    digits: Digits = PLACES,
    full: Full = False,
) -> None:
    """Forward, backward, and the optimizer's step, once or many times; the loss before and after.

    Example:
    nncalc sgd problem.yaml
    nncalc sgd problem.yaml --steps 3 --json | jq -s '.[2].loss'
    """
    problem = problem_of(file, as_batch=batch_size is not None)
    if learning_rate is not None:
        problem = problem.with_learning_rate(_rate(problem, learning_rate))
    window = _entry_of(entry)
    if json or steps == 1:
        _show("sgd", _steps(problem, steps, batch_size, every), json, digits, full, several=steps > 1, entry=window)
        return
    from nncalc.views.step_table import StepTable

    found = StepTable(steps)
    shown = _steps(problem, steps, batch_size, every, found)
    _show("sgd", shown, json, digits, full, several=True, entry=window)
    output.print_lines(found.lines(output.width(), digits))


def _steps(
    problem: Problem, steps: int, batch_size: int | None, every: int, found: StepTable | None = None
) -> Iterator[Worked]:
    """The steps that are shown, while the table learns of every one."""
    from nncalc.problem.work import descend_steps

    for worked in descend_steps(problem, steps, batch_size):
        iteration = worked.trace.iteration
        if iteration == 1 and not problem.optimizer_stated:
            rate = float(worked.trace.value("learning_rate"))
            output.notice(f"nncalc: no optimizer named: sgd, learning rate {rate:g}")
        is_shown = iteration % every == 0 or iteration == steps
        if found is not None:
            found.add(worked, is_shown)
        if is_shown:
            yield worked


def derive(
    file: File = None,
    latex: Annotated[bool, typer.Option("--latex", help="As LaTeX, an align* environment.")] = False,
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """The equations of the problem, those of the backward pass and of the optimizer's step included.

    Example:
    nncalc derive problem.yaml
    nncalc derive problem.yaml --latex
    """
    from nncalc.engine.shapes import infer
    from nncalc.language.text import equation_text
    from nncalc.problem.optimizing import setting_shapes
    from nncalc.problem.work import program_of

    problem = problem_of(file)
    program = program_of(problem, "update" if problem.forward.loss is not None else "forward")
    if json:
        from nncalc.views.json import equation_object

        known = infer(program, {**problem.shapes, **setting_shapes(problem)}).known
        equations = [equation_object(e.name, e.expression, e.phase, known[e.name]) for e in program.equations]
        output.print_json({"nncalc": 1, "command": "derive", **_titled(problem), "equations": equations})
    elif latex:
        from nncalc.views.latex import program_latex

        shapes = infer(program, {**problem.shapes, **setting_shapes(problem)})
        output.print_lines([[(line, "")] for line in program_latex(program, shapes, problem.notation)])
    else:
        output.print_lines([[(equation_text(e), e.phase)] for e in program.equations])


def _titled(problem: Problem) -> dict[str, str]:
    return {"title": problem.title} if problem.title else {}


def _rate(problem: Problem, rate: float) -> float:
    from nncalc.problem.schema import refuse_setting

    assert problem.optimizer is not None
    refuse_setting(next(o for o in problem.optimizer.options if o.name == "learning_rate"), rate)
    return rate


def _worked(problem: Problem, upto: Phase) -> Worked:
    from nncalc.problem.work import Worked, work

    return Worked(problem, work(problem, upto))


def _show(
    command: str,
    iterations: Iterator[Worked] | list[Worked],
    json: bool,
    digits: int,
    full: bool,
    several: bool = False,
    entry: tuple[int, ...] | None = None,
) -> None:
    from nncalc.problem.outcome import outcome

    if json:
        from nncalc.views.json import iteration_object

        for worked in iterations:
            output.print_json(iteration_object(command, worked, outcome(worked)))
        return
    from nncalc.views.iteration import heading, iteration_view

    settings: dict[str, Any] = {"width": output.width(), "digits": digits, "full": full}
    for position, worked in enumerate(iterations):
        # ahead of the steps, so that an entry that there is not leaves nothing half written
        window = [] if entry is None else _entry_lines(worked, entry, settings["width"], digits, full)
        if position == 0:
            output.print_lines(heading(worked.problem, settings["width"]))
        output.print_lines([*iteration_view(worked, outcome(worked), several=several, **settings), *window])


def _entry_of(text: str | None) -> tuple[int, ...] | None:
    """`1,2` as numbers. Raises UsageError."""
    if text is None:
        return None
    parts = [part.strip() for part in text.strip("[]() ").split(",")]
    if not all(part.isascii() and part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--entry can't be {text}", label="expected row,column or channel,row,column, counted from 1")
    return tuple(int(part) for part in parts)


def _entry_lines(worked: Worked, entry: tuple[int, ...], width: int, digits: int, full: bool) -> Any:
    from nncalc.views.sheet import Sheet
    from nncalc.views.window import entries_view

    problem = worked.problem
    sheet = Sheet(worked.trace, notation=problem.notation, digits=digits, full=full, examples=problem.examples)
    lines = entries_view(worked.trace, entry, sheet, max(width, 40))
    if not lines:
        raise UsageError(
            f"no convolution or pool has an entry {', '.join(map(str, entry))}",
            label="expected row,column or channel,row,column of one of their results, counted from 1",
        )
    return [[], *lines]
