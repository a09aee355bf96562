"""The arrays of a file: numbers as written, from another file, or drawn at random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nncalc.problem.arrays import to_array
from nncalc.problem.random_values import Draw
from nncalc.problem.tree import Mapping, Value, refuse_unknown


class Reader:
    """Reads values in the file's order: random ones are drawn as they come."""

    def __init__(self, folder: Path | None, seed: int | None) -> None:
        self.folder = folder
        self.draw = Draw(seed)

    def __call__(self, value: Value, what: str) -> Any:
        """A value of the file as a float64 array. Raises ProblemError with the place of what can't be read."""
        if isinstance(value, Mapping) and "random" in value:
            refuse_unknown(value, ("random",))
            settings = value.entries["random"]
            if isinstance(settings, Mapping):
                return self.draw(settings)
        return to_array(value, self.folder, what=what)
