"""Which problem a command works on: a file, standard input, or one that comes with nncalc."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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

    content, name, folder = text_of(file)
    with telling_how_to_get_data(file, content):
        return load_text(content, name, folder, as_batch)


@contextmanager
def telling_how_to_get_data(file: str | None, content: str) -> Iterator[None]:
    """Where a problem that comes with nncalc lacks its data, the error has its notes as a hint."""
    try:
        yield
    except NncalcError as error:
        from nncalc.problem import shipped

        path = None if file is None or os.path.exists(file) else shipped.path_of(file)
        if path is not None and shipped.lacks_data(path) and error.key.endswith((".file", ".key")):
            error.hint = shipped.notes_of(content)
        raise


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
            # nobody can be asked to put a file where nncalc is installed
            return content, path.name, Path.cwd() if shipped.lacks_data(path) else folder
        best = nearest(name, [*shipped.names(), *shipped.names_without_data()])
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
