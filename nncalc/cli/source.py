"""Which problem a command works on: a file, standard input, or one that comes with nncalc."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nncalc.cli import output
from nncalc.errors import NncalcError, UsageError, nearest

if TYPE_CHECKING:
    from nncalc.problem.problem import Problem

REFERENCE = "regression"
DEFAULT = "problem.yaml"
STANDARD_INPUT = "standard input"


def problem_of(file: str | None, as_batch: bool = False) -> Problem:
    """The problem that FILE names, or the one taken without it; which that is, is said on standard error."""
    from nncalc.problem.load import load_file, load_text

    if file == "-":
        return load_text(_piped(), STANDARD_INPUT, Path.cwd(), as_batch)
    if file is not None:
        return _named(file, as_batch)
    if sys.stdin is not None and not sys.stdin.isatty():
        text = _piped()
        if text.strip():
            output.notice("nncalc: working on what is piped in")
            return load_text(text, STANDARD_INPUT, Path.cwd(), as_batch)
    if os.path.exists(DEFAULT):
        output.notice(f"nncalc: working on {DEFAULT}")
        return load_file(DEFAULT, as_batch)
    output.notice(f"nncalc: no FILE and no {DEFAULT} here: working on the built-in problem '{REFERENCE}'")
    return _named(REFERENCE, as_batch)


def _named(name: str, as_batch: bool) -> Problem:
    from nncalc.problem import shipped
    from nncalc.problem.load import load_file

    if not os.path.exists(name):
        path = shipped.path_of(name) if os.sep not in name else None
        if path is not None:
            return load_file(str(path), as_batch)
        best = nearest(name, shipped.names())
        if best and not name.endswith((".yaml", ".yml")):
            raise UsageError(f"{name}: no such file", hint=f"Did you mean the problem '{best}' that comes with nncalc?")
    return load_file(name, as_batch)


def _piped() -> str:
    from nncalc.problem.source import LARGEST, decode

    try:
        content: bytes = sys.stdin.buffer.read(LARGEST + 1)
    except OSError as error:
        raise NncalcError(f"standard input can't be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise NncalcError("standard input is larger than 64 MB", hint="A problem file holds one homework problem.")
    return decode(content, STANDARD_INPUT)
