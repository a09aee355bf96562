"""A student's own values: what the sheet says, and what follows from it where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.check.course import PREVIOUS, Course
from nncalc.check.rehearsal import Rehearsal
from nncalc.check.spread import spread_of
from nncalc.check.style import Style
from nncalc.engine.numpy_arrays import xp
from nncalc.errors import NncalcError
from nncalc.language.expression import Apply, Const, Expression, Name, names_in

Key = tuple[int, str]  # an iteration, from 1, and a name
# what an equation may raise where a student's values make no sense in it
MEANINGLESS = (NncalcError, ValueError, TypeError, IndexError)
# what a changed equation may raise where it makes no sense for these values
UNUSABLE = (*MEANINGLESS, KeyError)


class Own:
    """Values by iteration and name, worked out when they are asked for and then kept.

    fixed: what is known without working it out. margins: how far the number that was used may be from the one that is
    known, because it was rounded when it was written. forms: what it was worked out from. changed: mistaken equations
    in place of the right ones.
    """

    def __init__(
        self,
        course: Course,
        fixed: Mapping[Key, Any],
        margins: Mapping[Key, Any] | None = None,
        changed: Mapping[Key, Expression] | None = None,
        forms: Mapping[Key, Expression] | None = None,
    ) -> None:
        self.course = course
        self.fixed = dict(fixed)
        self.margins = dict(margins or {})
        self.changed = dict(changed or {})
        self.forms = dict(forms or {})
        # which entries of a value that the sheet gives stand on no sheet
        self.hidden: dict[Key, Any] = {}
        # what the sheet says of names whose turn is still to come: a mistake may have used them
        self.ahead: dict[Key, tuple[Any, Any]] = {}
        # how the sheet is written; what it leaves out was rounded so as well
        self.style: Style | None = None
        self._values: dict[Key, Any] = {}
        self._begun: set[Key] = set()
        self._nodes: dict[tuple[int, Expression], Any] = {}
        self._spreads: dict[Key, Any] = {}
        self._given: dict[int, dict[str, Any]] = {}
        self._rehearsal: Rehearsal | None = None

    def put(self, key: Key, value: Any, margin: Any = 0.0, form: Expression | None = None) -> None:
        """What the sheet says of a name, and what that was worked out from, where it is known.

        Nothing that is worked out from the name may have been asked for yet.
        """
        self.fixed[key] = value
        self.margins[key] = margin
        if form is not None:
            self.forms[key] = form
        self._values.pop(key, None)
        self._spreads.pop(key, None)
        if self._rehearsal is not None:
            self._rehearsal.let_go(key)

    def turn_to(self, key: Key) -> None:
        """The turn of a name has come: its value is now what follows for it, not what the sheet says."""
        for kept in (self.ahead, self._values, self._spreads):
            kept.pop(key, None)
        if self._rehearsal is not None:
            self._rehearsal.let_go(key)

    def change(self, key: Key, expression: Expression) -> None:
        """A mistaken equation in place of the right one, for a name that the sheet leaves out."""
        self.changed[key] = expression
        self._forget()

    def _forget(self) -> None:
        for kept in (self._values, self._nodes, self._spreads):
            kept.clear()
        self._rehearsal = None

    def forget_steps(self) -> None:
        """Lets go of what parts of expressions came to: of all that may have been done, that is too much to keep."""
        self._nodes.clear()

    def supposing(self, fixed: Mapping[Key, Any], changed: Mapping[Key, Expression] | None = None) -> Own:
        """These values with some of them otherwise."""
        changes = {**self.changed, **(changed or {})}
        other = Own(self.course, {**self.fixed, **fixed}, self.margins, changes, self.forms)
        other.ahead, other.style, other.hidden = self.ahead, self.style, self.hidden
        return other

    def value(self, iteration: int, name: str) -> Any:
        """The value of a name. Raises KeyError for a name that there is not (yet)."""
        key = (iteration, name)
        found = self.fixed.get(key)
        if found is None:
            found = self._values.get(key)
        if found is None:
            if key in self._begun:  # two mistakes may rest on each other: nothing follows from such a circle
                return np.full(self.course.shapes.known[name.removesuffix(PREVIOUS)], np.nan)
            self._begun.add(key)
            try:
                found = self._values[key] = self._worked_out(iteration, name)
            finally:
                self._begun.discard(key)
        return found

    def in_shape(self, key: Key, form: Expression | None = None) -> Any:
        """A value, or what a form gives for it; no number throughout where there is none of the right shape."""
        shape = self.course.shapes.known[key[1]]
        with suppress(*UNUSABLE):
            found = np.asarray(self.value(*key) if form is None else self.of(key[0], form), dtype=np.float64)
            if found.shape == shape:
                return found
        return np.full(shape, np.nan)

    def _worked_out(self, iteration: int, name: str) -> Any:
        if (iteration, name) in self.ahead:
            return self.ahead[iteration, name][0]
        source = self.source(iteration, name)
        if isinstance(source, Expression):
            try:
                return np.asarray(self.of(iteration, source) + 0.0, dtype=np.float64)
            except MEANINGLESS:  # from a probability below 0, say, or a value of another shape, nothing follows
                return np.full(self.course.shapes.known[name], np.nan)
        return self._given_in(iteration)[name] if source is None else self.value(*source)

    def source(self, iteration: int, name: str) -> Expression | Key | None:
        """Where a value that the sheet does not give comes from: an equation, another value, or the problem (None)."""
        changed = self.changed.get((iteration, name))
        if changed is not None:
            return changed
        equation = self.course.equations.get(name)
        if equation is not None:
            return equation.expression
        if name.endswith(PREVIOUS):
            if iteration == 1:
                raise KeyError(name)
            return iteration - 1, name.removesuffix(PREVIOUS)
        if iteration > 1 and name in self.course.carried:
            return iteration - 1, self.course.carried[name]
        return None

    def known(self, key: Key) -> tuple[Any, Any] | None:
        """What the sheet says of a value, and how far off that may be; None where the sheet leaves it out."""
        if key in self.ahead:
            return self.ahead[key]
        return (self.fixed[key], self.margin(*key)) if key in self.fixed else None

    def _is_left_out(self, key: Key) -> bool:
        """Whether a value is worked out, and stands on no sheet."""
        source: Expression | Key | None = key
        while source is not None and not isinstance(source, Expression):
            if source in self.ahead or source in self.fixed:
                return False
            source = self.source(*source)
        return source is not None

    def sources(self, key: Key) -> tuple[Key, ...]:
        """The values that a value is worked out from, where the sheet does not give it itself."""
        source = self.source(*key)
        if isinstance(source, Expression):
            return tuple((key[0], name) for name in names_in(source))
        return () if source is None else (source,)

    def equation(self, key: Key) -> Expression:
        """The right side that a value follows: its own, or the mistaken one in its place."""
        return self.changed.get(key) or self.course.equations[key[1]].expression

    def _given_in(self, iteration: int) -> dict[str, Any]:
        if iteration not in self._given:
            self._given[iteration] = self.course.given(iteration)
        return self._given[iteration]

    def of(self, iteration: int, expression: Expression) -> Any:
        """The value of an expression in an iteration. Raises KeyError for a name that there is not."""
        if isinstance(expression, Name):
            return self.value(iteration, expression.id)
        if isinstance(expression, Const):
            return np.float64(expression.value)
        assert isinstance(expression, Apply)
        key = (iteration, expression)
        found = self._nodes.get(key)
        if found is None:
            arrays = [self.of(iteration, argument) for argument in expression.args]
            entry = operation(expression.op)
            found = self._nodes[key] = entry.value(xp, *arrays, **self.settings(iteration, expression))
        return found

    def settings(self, iteration: int, expression: Apply) -> dict[str, Any]:
        """The settings of a node, given arrays in place of their names."""
        settings: dict[str, Any] = operation(expression.op).settings(expression.settings)
        for key, value in expression.settings:
            if isinstance(value, Name):
                settings[key] = self.value(iteration, value.id)
        return settings

    def margin(self, iteration: int, name: str) -> Any:
        """How far the number that was used for a name may be from its value here.

        Who carries on from what is written uses just that; who carries on with more digits, what those were before.
        """
        key = (iteration, name)
        found = self._spreads.get(key)
        if found is None:
            self._spreads[key] = 0.0  # in a circle
            found = self._spreads[key] = self._margin(key)
        return found

    def _margin(self, key: Key) -> Any:
        if key in self.ahead:
            return self.ahead[key][1]
        if key not in self.fixed:
            source = self.source(*key)
            if isinstance(source, Expression):
                return self._unseen(self._worst(key[0], source), self.value(*key))
            return 0.0 if source is None else self.margin(*source)
        written = self.margins.get(key, 0.0)
        form = self.forms.get(key)
        if form is None or not np.any(written):
            return written
        try:
            off = np.abs(self.fixed[key] - self.of(key[0], form)) + self._worst(key[0], form)
        except MEANINGLESS:
            return written
        return np.where(self.hidden.get(key, False), written, np.fmin(written, off))

    def unseen(self, iteration: int, form: Expression, value: Any, style: Style | None = None) -> Any:
        """How far off a number may be that was worked out in this way and not written down.

        style: how what stands beside it is written, where that is known.
        """
        return self._unseen(self.spread(iteration, form), value, style)

    def _unseen(self, spread: Any, value: Any, style: Style | None = None) -> Any:
        found = spread
        for one in (style, self.style):
            found = found if one is None else np.maximum(found, one.margin(value, spread))
        return found

    def spread(self, iteration: int, expression: Expression) -> Any:
        """How far an expression may be off because of the rounding of what it is worked out from.

        The worst that can be; where some of that stands on no sheet, no more than a rehearsal of the way there shows.
        """
        worst = self._worst(iteration, expression)
        if not np.any(worst) or not any(self._is_left_out((iteration, name)) for name in names_in(expression)):
            return worst
        if self._rehearsal is None:
            self._rehearsal = Rehearsal(self)
        try:
            return self._rehearsal.spread(iteration, expression, self.of(iteration, expression), worst)
        except UNUSABLE:
            return worst

    def _worst(self, iteration: int, expression: Expression) -> Any:
        try:
            return spread_of(self, iteration, expression)
        except MEANINGLESS:
            return 0.0
