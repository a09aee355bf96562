"""The arrays of a file: numbers as written, from another file, or drawn at random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nncalc.catalogue.operation import Shape
from nncalc.errors import ProblemError
from nncalc.problem.arrays import to_array
from nncalc.problem.random_values import Draw, whole_number
from nncalc.problem.tree import Mapping, Sequence, Value, refuse_unknown


class Reader:
    """Reads values in the file's order: random ones are drawn as they come.

    sizes: whether shapes alone are wanted; then `{shape: [4, 3]}` is an array of that shape, whatever is in it.
    """

    def __init__(self, folder: Path | None, seed: int | None, sizes: bool = False) -> None:
        self.folder = folder
        self.sizes = sizes
        self.draw = Draw(seed)

    def __call__(self, value: Value, what: str) -> Any:
        """A value of the file as a float64 array. Raises ProblemError with the place of what can't be read."""
        if isinstance(value, Mapping) and "shape" in value and "file" not in value:
            refuse_unknown(value, ("shape",))
            return self._blank(value, what)
        if isinstance(value, Mapping) and "random" in value:
            refuse_unknown(value, ("random",))
            settings = value.entries["random"]
            if isinstance(settings, Mapping):
                return self._blank(settings, what) if self.sizes and "shape" in settings else self.draw(settings)
        return to_array(value, self.folder, what=what)

    def _blank(self, value: Mapping, what: str) -> Any:
        """An array of that shape that takes no room."""
        import numpy as np

        if not self.sizes:
            raise ProblemError(
                f"{what}: a shape alone has no numbers",
                label="found a shape, expected the numbers",
                hint="'nncalc shapes' can do with this; 'random: {shape: …}' draws numbers.",
                key=value.key,
                place=value.place,
            )
        return np.broadcast_to(np.float64(0), read_shape(value.entries["shape"]))


def read_shape(value: Value) -> Shape:
    """`[1, 28, 28]`, or a number for a vector. Raises ProblemError."""
    items = value.items if isinstance(value, Sequence) else (value,)
    if isinstance(value, Mapping) or not items:
        raise ProblemError("a shape is a list of sizes", label="expected [1, 28, 28]", key=value.key, place=value.place)
    return tuple(whole_number(item, "a size", least=1) for item in items)
