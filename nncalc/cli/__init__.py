"""The command line: the one place that knows a shell, its options, its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (without the program's name) and return the exit status."""
    try:
        # Typer takes most of the start-up time, and Ctrl-C while it loads is Ctrl-C too.
        from nncalc.cli.run import run

        return run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return INTERRUPTED


def script() -> NoReturn:
    """The installed `nncalc`: main(), and out at once.

    By then everything is written and nothing is open. The interpreter's own way out takes apart NumPy and whatever else
    was imported, object by object, which is a sixth of the time of a whole run.
    """
    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError):  # nobody takes it any more; main() has set the status by then
                stream.flush()
    os._exit(status)
