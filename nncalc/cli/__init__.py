"""The command line: the one place that knows a shell, its options, its exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (without the program's name) and return the exit status."""
    try:
        # Typer takes most of the start-up time, and Ctrl-C while it loads is Ctrl-C too.
        from nncalc.cli.run import run

        return run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
