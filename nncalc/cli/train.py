"""`nncalc train`: many epochs over a problem's examples, with a progress bar on a terminal and JSON Lines elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, File, Json, number, whole
from nncalc.cli.source import problem_of
from nncalc.errors import UsageError

if TYPE_CHECKING:
    from nncalc.problem.problem import Problem
    from nncalc.problem.training import Training

DIVERGED, INTERRUPTED = 1, 130
MOST_EPOCHS = 10_000_000


def _share(text: str | float) -> float:
    value = number(text)
    if not 0 <= value < 1:
        raise typer.BadParameter(f"found {text}, expected a share from 0 up to, but not, 1, such as 0.2")
    return value


def train(
    file: File = None,
    epochs: Annotated[
        int, typer.Option("--epochs", metavar="N", parser=whole(1, MOST_EPOCHS), help="Passes over the examples.")
    ] = 100,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", metavar="B", parser=whole(1), show_default=False, help="So many examples a step."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", parser=whole(0), help="Which way the examples are shuffled.")
    ] = 0,
    validation: Annotated[
        float, typer.Option("--validation", metavar="SHARE", parser=_share, help="The share that is held out: 0.2.")
    ] = 0.0,
    patience: Annotated[
        int | None,
        typer.Option(
            "--patience",
            metavar="P",
            parser=whole(1),
            show_default=False,
            help="Stop after so many epochs without a better loss, and keep the best one's weights.",
        ),
    ] = None,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FILE.npz", show_default=False, help="Write the weights there."),
    ] = None,
    json: Json = False,
    digits: Digits = PLACES,
) -> None:
    """Many epochs over the examples of a problem; the loss and, with classes, the accuracy of each.

    On a terminal a progress bar and the loss curve; with --json, or where the output is piped, a line of JSON an epoch.
    Ctrl-C ends the training and saves what there is.

    Example:
    nncalc train xor-train --epochs 2000
    nncalc train problem.yaml --epochs 50 --batch-size 32 --validation 0.2 --save weights.npz
    """  # fmt: skip
    # many steps, unlike one of paper size, gain from several threads; must be said before NumPy is loaded
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(os.cpu_count() or 1))
    from nncalc.problem.save import check_target, save_arrays
    from nncalc.problem.training import NO_BATCH, Training

    if save is not None:
        check_target(save)
    problem = problem_of(file, as_batch=batch_size is not None)
    training = Training(problem, batch_size, seed, validation, patience)
    if batch_size is not None and not training.has_examples:
        raise UsageError("--batch-size needs a batch", hint=NO_BATCH)
    from nncalc.views.train import missing_text

    missing = training.missing_classes()
    if missing:
        output.notice(f"nncalc: {missing_text(missing, held_out=validation > 0)}")
    interrupted = False
    lines_of_json = json or sys.stdout is None or not sys.stdout.isatty()
    try:
        _run(training, problem, epochs, digits, lines_of_json)
    except KeyboardInterrupt:
        interrupted = True
    if save is not None:
        save_arrays(save, training.parameters)
    _close(training, digits, lines_of_json)
    if interrupted:
        output.notice("nncalc: interrupted" + (f"; {save} has the weights so far" if save is not None else ""))
        raise typer.Exit(INTERRUPTED)
    if training.diverged is not None:
        raise typer.Exit(DIVERGED)


def _run(training: Training, problem: Problem, epochs: int, digits: int, lines_of_json: bool) -> None:
    from nncalc.views.train import epoch_object, epoch_text

    if lines_of_json:
        for epoch in training.run(epochs):
            output.print_json(epoch_object(epoch, problem.title))
        return
    from nncalc.cli.progress import progress_bar
    from nncalc.views.iteration import heading

    output.print_lines(heading(problem._replace(notes=""), output.width()))
    output.flush()
    with progress_bar(sys.stdout) as progress:
        task = progress.add_task("", total=epochs)
        for epoch in training.run(epochs):
            progress.update(task, completed=epoch.number, description=epoch_text(epoch, digits))


def _close(training: Training, digits: int, lines_of_json: bool) -> None:
    from nncalc.views.train import ending, training_view

    if lines_of_json:
        for line in ending(training, 1000):
            output.notice(f"nncalc: {line}")
    else:
        output.print_lines(training_view(training, width=output.width(), digits=digits))
