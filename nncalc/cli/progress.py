"""The progress bar of what takes long, for a terminal; it is gone when the work is done."""

from __future__ import annotations

from time import monotonic
from typing import Any, TextIO

from nncalc.cli import output


def progress_bar(stream: TextIO) -> Any:
    """Rich's progress, not yet begun: a bar, how many of how many, and a description that is no markup."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(file=stream, no_color=not output.wants_colour(stream), highlight=False)
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    # what is printed meanwhile goes where it belongs, not to the stream of the bar
    return Progress(
        *columns, console=console, transient=True, refresh_per_second=8, redirect_stdout=False, redirect_stderr=False
    )


class LateBar:
    """A bar for work that is mostly done at once: it shows only where that has taken more than a second."""

    PATIENCE = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._begun = stream, monotonic()
        self._bar: Any = None

    def show(self, name: str, done: int, total: int) -> None:
        """How far the work is: done of total, and what is begun now."""
        if self._bar is None:
            if monotonic() - self._begun <= self.PATIENCE:
                return
            self._bar = progress_bar(self._stream)
            self._bar.start()
            self._bar.add_task("", total=total)
        self._bar.update(self._bar.task_ids[0], completed=done, total=total, description=name)

    def __enter__(self) -> LateBar:
        self._begun = monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
