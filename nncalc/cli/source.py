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
    from nncalc.problem.load import load_text

    return load_text(*text_of(file), as_batch)


def text_of(file: str | None) -> tuple[str, str, Path]:
    """The text that FILE names, what it is called in messages, and the folder of the files that it names."""
    if file == "-":
        return _piped(), STANDARD_INPUT, Path.cwd()
    if file is not None:
        return _named(file)
    if sys.stdin is not None and not sys.stdin.isatty():
        text = _piped()
        if text.strip():
            output.notice("nncalc: working on what is piped in")
            return text, STANDARD_INPUT, Path.cwd()
    if os.path.exists(DEFAULT):
        output.notice(f"nncalc: working on {DEFAULT}")
        return _read(DEFAULT)
    output.notice(f"nncalc: no FILE and no {DEFAULT} here: working on the built-in problem '{REFERENCE}'")
    return _named(REFERENCE)


def _named(name: str) -> tuple[str, str, Path]:
    from nncalc.problem import shipped

    if not os.path.exists(name):
        path = shipped.path_of(name) if os.sep not in name else None
        if path is not None:
            content, _, folder = _read(str(path))
            return content, path.name, folder
        best = nearest(name, shipped.names())
        if best and not name.endswith((".yaml", ".yml")):
            raise UsageError(f"{name}: no such file", hint=f"Did you mean the problem '{best}' that comes with nncalc?")
    return _read(name)


def _read(path: str) -> tuple[str, str, Path]:
    from nncalc.problem.source import read_file

    return read_file(path), path, Path(path).parent


def _piped() -> str:
    from nncalc.problem.source import LARGEST, decode

    try:
        content: bytes = sys.stdin.buffer.read(LARGEST + 1)
    except OSError as error:
        raise NncalcError(f"standard input can't be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise NncalcError("standard input is larger than 64 MB", hint="A problem file holds one homework problem.")
    return decode(content, STANDARD_INPUT)
