"""Where sheets of answers are: files, folders of them, standard input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from nncalc.cli.source import text_of
from nncalc.errors import NncalcError, UsageError, nearest

SUFFIXES = (".yaml", ".yml", ".json", ".jsonl")
STANDARD_INPUT = "-"


class Source(NamedTuple):
    """One sheet, not read yet. name: as given, in a folder the file's name; path: where it is."""

    name: str
    path: str

    @property
    def is_standard_input(self) -> bool:
        return self.path == STANDARD_INPUT

    def text(self) -> str:
        """What stands on the sheet. Raises NncalcError where it can't be read."""
        if self.is_standard_input:
            return text_of("-")[0]
        from nncalc.problem.source import read_file

        return read_file(self.path)


def sources_of(answers: Iterable[str]) -> list[Source]:
    """The sheets that the command line names, those of a folder in alphabetical order.

    Raises UsageError for a path that is not there, a folder without sheets, and standard input asked for twice.
    """
    found: list[Source] = []
    for path in answers:
        if path == STANDARD_INPUT:
            if any(source.is_standard_input for source in found):
                raise UsageError("standard input can be read once", hint="Give '-' once.")
            found.append(Source(path, path))
        elif os.path.isdir(path):
            found += _in_folder(path)
        elif os.path.exists(path):
            found.append(Source(path, path))
        else:
            found.append(_shipped(path))
    return found


def _shipped(name: str) -> Source:
    """A sheet that comes with nncalc, of this name. Raises UsageError where there is none."""
    from nncalc.problem import shipped

    path = shipped.sheet_path_of(name) if os.sep not in name else None
    if path is None:
        raise UsageError(f"{name}: no such file or folder", hint=_near(name, shipped.sheet_names()))
    return Source(name, str(path))


def _in_folder(folder: str) -> list[Source]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.lower().endswith(SUFFIXES))
    except OSError as error:
        raise NncalcError(f"{folder} can't be read: {error.strerror}") from error
    paths = [(name, os.path.join(folder, name)) for name in names if not name.startswith(".")]
    sheets = [Source(name, path) for name, path in paths if os.path.isfile(path)]
    if not sheets:
        raise UsageError(f"{folder}: no sheets in this folder", label=f"expected files ending in {', '.join(SUFFIXES)}")
    return sheets


def _near(path: str, shipped: list[str]) -> str:
    folder, name = os.path.split(path)
    try:
        best = nearest(name, [*os.listdir(folder or "."), *([] if folder else shipped)])
    except OSError:
        return ""
    return f"Did you mean '{os.path.join(folder, best)}'?" if best else ""
