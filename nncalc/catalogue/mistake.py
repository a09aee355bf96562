"""Mistakes that belong to an operation: what people compute in its place.

Mistakes that can be made in any equation (a sign, a term or factor left out, another value used, a transpose, swapped
operands, another function of the same family) stand in no entry: the search of check/ tries them everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nncalc.language.expression import Expression

Substitute = Callable[..., "Expression | float | None"]
Rules = dict[tuple[str, int], Substitute]


class Mistake(NamedTuple):
    """Something computed in place of an operation, or of its gradient.

    kind: one word for programs (`log_base`, `root`). says: what was done, as it follows 'here' in a sentence, in plain
    words without names: 'the root is left out'.
    value(*arrays, shape_of=…, **settings): what is computed in place of the operation, as an expression; None where
    this can't be (the setting is already the other one). shape_of(expression) tells a shape; settings are all of the
    operation's, the unstated ones at their defaults. The expression need not fit where the right one does: whoever
    asks for it infers its shape and passes over a ShapeError or another shape.
    gradients: (position, rule) with rule(g, ans, *arrays, shape_of=…, **settings): the whole product with the upstream
    gradient g, in place of that of the entry's own rule for the argument at that position, of an elementwise operation
    too; None: the entry's own rule stands. also: (operation, position, rule), rules of other operations that the same
    mistake changes.
    convention: where it is another usual convention, its name as it follows 'right under': 'the sum without the ½'.
    """

    kind: str
    says: str
    value: Substitute | None = None
    gradients: tuple[tuple[int, Substitute], ...] = ()
    also: tuple[tuple[str, int, Substitute], ...] = ()
    convention: str = ""

    def rules(self, op: str) -> Rules:
        """The mistake of operation op as what `differentiate` takes; empty where no gradient rule is concerned."""
        return {**{(op, i): rule for i, rule in self.gradients}, **{(other, i): rule for other, i, rule in self.also}}
