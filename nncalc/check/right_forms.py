"""In which right way a value was worked out from the student's own values, if in any."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from nncalc.check.match import Written
from nncalc.check.own import UNUSABLE, Key, Own
from nncalc.check.possibilities import Possibilities
from nncalc.language.expression import Expression

LOOSELY = 8  # forms of which it is asked how far rounding may lead them


class RightForms:
    """The right forms of each equation, tried one after the other.

    mistaken: forward equations as this student has them, whose derivatives are then right for this student.
    """

    def __init__(self, possibilities: Possibilities) -> None:
        self.possibilities = possibilities
        self.mistaken: list[tuple[str, Expression]] = []

    def fitting(
        self, own: Own, exact: Own, key: Key, written: Written, is_right: Any, *, quickly: bool = False
    ) -> Expression | None:
        """The form that gives what is written: the plain one if it does, strictly or as rounding explains, or another.

        exact: the values with all the digits that the student may have carried on with. is_right: the entries that
        need no explanation. quickly: of the other forms, only those that are found at once are tried.
        """
        plain = own.equation(key)
        if (is_right | written.near(own.value(*key))).all():
            return plain
        with suppress(*UNUSABLE):
            if (is_right | written.near(exact.value(*key))).all() or self._loosely(own, key, plain, written, is_right):
                return plain
        forms_of = self.possibilities.quick_right_forms if quickly else self.possibilities.right_forms
        others = forms_of(key[1], key[0] > 1)[1:]
        for form in others:
            with suppress(*UNUSABLE):
                fits = is_right | written.near(own.of(key[0], form)) | written.near(exact.of(key[0], form))
                if fits.all():
                    return form
        for form in others[:LOOSELY]:
            with suppress(*UNUSABLE):
                if self._loosely(own, key, form, written, is_right):
                    return form
        return None

    def derived(self, own: Own, key: Key, written: Written, is_right: Any) -> Expression | None:
        """What is rightly derived from an equation of the forward pass as it was mistaken, where that was written."""
        for name, expression in self.mistaken:
            form = self.possibilities.derived_from(name, expression).get(key[1])
            if form is not None:
                with suppress(*UNUSABLE):
                    spread = own.spread(key[0], form)
                    if (is_right | written.near(own.of(key[0], form), spread)).all():
                        return form
        return None

    def _loosely(self, own: Own, key: Key, form: Expression, written: Written, is_right: Any) -> bool:
        spread = own.spread(key[0], form)
        right = own.course.right(key[0])[key[1]]
        near = (written.near(number, spread) for number in (own.of(key[0], form), right))
        return bool(np.any(spread)) and any((is_right | entries).all() for entries in near)
