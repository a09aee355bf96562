"""Mistakes that belong to an operation: what people compute in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nncalc.language.expression import Expression

Substitute = Callable[..., "Expression | float | None"]


class Mistake(NamedTuple):
    """Something computed in place of an operation, or of its gradient.

    kind: one word for programs (`log_base`, `root`). says: what was done, as it follows 'here' in a sentence, in plain
    words without names: 'the root is left out'.
    value(*arrays, **settings): what is computed in place of the operation, as an expression; None where this can't be
    (the setting is already the other one).
    gradients: (position, rule) with rule(g, ans, *arrays, shape_of=…, **settings): the whole product with the upstream
    gradient g, in place of that of the entry's own rule for the argument at that position.
    convention: where it is another usual convention, its name as it follows 'right under': 'the sum without the ½'.
    """

    kind: str
    says: str
    value: Substitute | None = None
    gradients: tuple[tuple[int, Substitute], ...] = ()
    convention: str = ""
