"""The progress bar of what takes long, for a terminal; it is gone when the work is done."""

from __future__ import annotations

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
