"""The way through a sheet, equation by equation: what is right, what follows, and where something was done wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from nncalc.check.copied import Copies, read_as
from nncalc.check.found import Found
from nncalc.check.judgement import Fault, Judged, Judgement
from nncalc.check.match import Written
from nncalc.check.misshapen import edit_of_shape, miscounted
from nncalc.check.own import UNUSABLE, Key, Own
from nncalc.check.possibilities import Possibilities
from nncalc.check.report import (
    COPIED,
    FOLLOWS,
    MISSING,
    RIGHT,
    ROUNDED,
    SHAPE,
    SHAPED,
    TRANSPOSED,
    WRONG,
    Sentence,
)
from nncalc.check.right_forms import RightForms
from nncalc.check.search import ALWAYS, Search
from nncalc.check.style import style_beside, style_of
from nncalc.language.expression import Expression
from nncalc.problem.answers import Answer, Sheet

TAKEN = ("wrong_value", "wrong_argument")
FEWEST_ALIKE = 3  # entries that are the same by no chance
MOST_PAIRED = 8  # values of a sheet for which two mistakes at once are looked for in vain
# Who wrote more values that no mistake explains had another problem before them: after so many none is looked for, and
# after more of them only those other right forms are tried that are found at once.
MOST_IN_VAIN = 20
MOST_FORMS_IN_VAIN = 100
NOT_LOOKED_FOR = "no mistake is looked for here: too much before it on this sheet is explained by none"


# told which value is begun, how many have been judged, and of how many
Watch = Callable[[str, int, int], None]


class Judge:
    """Judges one sheet of a course."""

    def __init__(
        self,
        possibilities: Possibilities,
        sheet: Sheet,
        tolerance: float | None,
        pairs: bool = True,
        watch: Watch | None = None,
    ) -> None:
        self.possibilities = possibilities
        self.course = possibilities.course
        self.sheet, self.tolerance = sheet, tolerance
        self.own = Own(self.course, {})
        # the same with all the digits that the student may have carried on with
        self.exact = Own(self.course, {})
        self.tainted: dict[Key, bool] = {}
        self.hollow: set[Key] = set()
        self.copies = Copies(self.course)
        self.forms = RightForms(possibilities)
        self.values: list[Judged] = []
        self.wrong: set[Key] = set()
        self.pairs_left = MOST_PAIRED if pairs else 0
        self.in_vain = 0
        self.watch = watch
        self.faults: list[Fault] = []
        self.remarks: list[Sentence] = []

    def run(self) -> Judgement:
        self._look_ahead()
        self.own.style = style_of(self.sheet)
        begun, total = 0, sum(map(len, self.sheet.iterations))
        for iteration, answers in enumerate(self.sheet.iterations, 1):
            right = self.course.right(iteration)
            for name in self.course.used:
                answer = answers.get(name)
                if answer is None:
                    continue
                if self.watch is not None:
                    self.watch(name, begun, total)
                begun += 1
                key = (iteration, name)
                self.own.turn_to(key)
                if name in self.course.order:
                    self._judge(key, answer, right[name])
                else:
                    self._compare_given(key, answer, right[name])
        return Judgement(tuple(self.values), tuple(self.faults), frozenset(self.wrong), tuple(self.remarks))

    def _look_ahead(self) -> None:
        for iteration, answers in enumerate(self.sheet.iterations, 1):
            for name, answer in answers.items():
                complete = name in self.course.order and not np.isnan(answer.value).any()
                if complete and answer.value.shape == self.course.shapes.known[name]:
                    self.own.ahead[iteration, name] = (answer.value, self._written(answer).margin)

    # --- one value -------------------------------------------------------------------------------------------------

    def _judge(self, key: Key, answer: Answer, right: Any) -> None:
        if answer.value.shape != right.shape:
            self._wrong_shape(key, answer, right)
            return
        written = self._written(answer)
        is_right = written.near(right)
        if is_right.all():
            form = self.course.equations[key[1]].expression
            self._accept(key, written, np.full(right.shape, RIGHT, dtype=object), right, right, form)
            return
        if self._follows(key, written, right, is_right):
            return
        self._explain(key, written, right, is_right)

    def _written(self, answer: Answer) -> Written:
        margin = answer.margin if self.tolerance is None else np.full(answer.value.shape, self.tolerance)
        return Written(answer.value, margin, ~np.isnan(answer.value), answer.texts)

    def _accept(
        self, key: Key, written: Written, entries: Any, right: Any, exact: Any,
        form: Expression | None, tainted: bool = False,
    ) -> None:  # fmt: skip
        """Notes a verdict and carries on from what is written. form: what it was evidently worked out from."""
        entries[~written.answered] = MISSING
        self.own.put(key, *self._used(key, written, exact, form), form)
        self.exact.put(key, np.asarray(exact))
        self.tainted[key] = tainted
        self.values.append(Judged(key, entries, right, written.value))
        if tainted and WRONG in entries:
            self.wrong.add(key)

    def _used(self, key: Key, written: Written, exact: Any, form: Expression | None) -> tuple[Any, Any]:
        """The numbers that are carried on with, and how far off they may be; of entries left out, those that follow."""
        if written.answered.all():
            return written.value, written.margin
        value, margin = np.asarray(exact), 0.0
        with suppress(*UNUSABLE):
            form = form or self.own.equation(key)
            value = np.asarray(self.own.of(key[0], form), dtype=np.float64)
            margin = self.own.unseen(key[0], form, value, style_beside(written))
            value = np.where(np.isfinite(value), value, exact)
            self.own.hidden[key] = ~written.answered
        return written.filled(value), np.where(written.answered, written.margin, margin)

    def _follows(self, key: Key, written: Written, right: Any, is_right: Any) -> bool:
        """Whether all that is not right was worked out from the student's own values; if so, it is noted."""
        iteration = key[0]
        for way, (own, exact) in enumerate(self._ways(key)):
            form = self.forms.fitting(own, exact, key, written, is_right, quickly=self.in_vain >= MOST_FORMS_IN_VAIN)
            derived = self.forms.derived(own, key, written, is_right) if form is None and way == 0 else None
            form = derived or form
            if form is None:
                continue
            tainted = way > 0 or derived is not None or self._is_tainted(key)
            near_right = is_right
            if tainted:
                near_right = is_right | written.near(right, own.spread(iteration, form))
            hollow = None if near_right.all() or not tainted else self._rests_on_nothing(key)
            if hollow is not None:
                return self._refuse(key, written, right, near_right, hollow)
            entries = np.where(is_right, RIGHT, np.where(near_right | (not tainted), ROUNDED, FOLLOWS)).astype(object)
            full = exact.in_shape(key, form)
            self._remark(key, written, entries, own.in_shape(key, form), full)
            full = np.where(np.isfinite(full), full, written.filled(right))
            filled = np.where(near_right, right, full)
            self._accept(key, written, entries, right, filled, form, FOLLOWS in entries)
            return True
        return False

    def _ways(self, key: Key) -> list[tuple[Own, Own]]:
        """The student's values as they are written, then with numbers as they were misread or before a slip."""
        return [(self.own, self.exact), *self.copies.ways(key, self.own, self.exact)]

    def _is_tainted(self, key: Key) -> bool:
        """Whether a value rests on something that is not right."""
        waiting, seen = [key], {key}
        while waiting:
            here = waiting.pop()
            found = self.tainted.get(here)
            if found or (found is None and here in self.own.changed):
                return True
            if found is None and here not in self.own.fixed:
                waiting += [source for source in self.own.sources(here) if source not in seen]
                seen.update(waiting)
        return False

    def _rests_on_nothing(self, key: Key) -> Key | None:
        """The trivial answer, which nothing explains, that a value rests on: zeros make all that follows easy."""
        waiting, seen = list(self.own.sources(key)), set()
        while waiting:
            here = waiting.pop()
            if here in self.hollow:
                return here
            if here not in seen:
                seen.add(here)
                equation = self.course.equations.get(here[1])
                waiting += [(here[0], name) for name in equation.inputs] if equation else self.own.sources(here)
        return None

    def _refuse(self, key: Key, written: Written, right: Any, near_right: Any, hollow: Key) -> bool:
        entries = np.where(near_right, ROUNDED, WRONG).astype(object)
        self._accept(key, written, entries, right, written.filled(right), None, tainted=True)
        self.faults.append(Fault(key, (), because=hollow))
        return True

    def _remark(self, key: Key, written: Written, entries: Any, followed: Any, exact: Any) -> None:
        """Numbers that neither what is written nor all the digits give, but for the last digit."""
        name = key[1]
        off = ~(written.near(followed) | written.near(exact) | (entries == RIGHT))
        for form in self.possibilities.right_forms(name, key[0] > 1)[1:] if off.any() else ():
            with suppress(*UNUSABLE):
                off &= ~written.near(self.own.of(key[0], form))
        for place in np.argwhere(off):
            where = tuple(int(i) for i in place)
            text = str(written.texts[where])
            places = ", ".join(str(i + 1) for i in where)
            at = f", entry {places}" if where else ""
            before = float(np.asarray(exact)[where])
            # more than a unit off is no rounding of this number, but what rounding on the way there may come to
            if abs(float(written.value[where]) - before) < 2 * float(np.broadcast_to(written.margin, off.shape)[where]):
                words = f"{text} is rounded the other way; {before:.6g} before rounding"
            else:
                words = f"{text} is as near as rounding on the way explains; {before:.6g} without it"
            self.remarks.append(Sentence(f"{{0}}{at}: {words}", (name,)))

    # --- what is wrong ---------------------------------------------------------------------------------------------

    def _explain(self, key: Key, written: Written, right: Any, is_right: Any) -> None:
        groups: list[list[Found]] = []
        unbelieved = False
        is_searched = self.in_vain < MOST_IN_VAIN
        for own, exact in self._ways(key) if is_searched else ():
            search = Search(self.possibilities, own, exact)
            groups = search.explain(key, written, right, self.pairs_left > 0)
            unbelieved |= search.unbelieved
            if groups:
                break
        self.pairs_left -= not groups
        self.in_vain += not groups
        first = groups[0][0] if groups else None
        if (
            first is not None
            and first.expression is not None
            and self.course.equations[first.key[1]].phase == "forward"
        ):
            self.forms.mistaken.append((first.key[1], first.expression))
        if first is not None and first.key != key:
            assert first.expression is not None
            self.faults.append(Fault(first.key, tuple(groups[0])))
            self.own.change(first.key, first.expression)
            self.exact.change(first.key, first.expression)
            self.tainted = {k: found for k, found in self.tainted.items() if k in self.own.fixed}
            if self._follows(key, written, right, is_right):
                return
        expected = self.own.in_shape(key)
        spread = self.own.spread(key[0], self.own.equation(key))
        near_right = is_right | written.near(right, spread)
        fits = written.near(expected, spread)
        tainted = self._is_tainted(key)
        entries = np.where(
            is_right, RIGHT, np.where(near_right, ROUNDED, np.where(fits, FOLLOWS if tainted else ROUNDED, WRONG))
        ).astype(object)
        exact = written.filled(expected)
        if first is not None and first.key == key and first.expression is not None:
            exact = self.exact.in_shape(key, first.expression)
        elif first is not None and first.given:
            self.copies.note_misread(first)
        for group in groups:
            place = group[0].entry
            if place is not None and not group[0].given:
                self.copies.note_slip(key, place, float(expected[place]))
        if first is None or first.key == key:
            self.faults += [Fault(key, tuple(group)) for group in groups] or [self._unexplained(key, is_searched)]
        # one number may well be 0 by mistake; an array that was taken from zeros makes what follows easy all the same
        by_mistake = first is not None and (first.cost <= ALWAYS or first.kind not in TAKEN)
        excused = first is not None or unbelieved if right.size == 1 else by_mistake
        if not excused and _is_trivial(written, right):
            self.hollow.add(key)
        form = first.expression if first is not None and first.key == key else None
        exact = np.where(np.isfinite(exact), exact, written.filled(right))
        self._accept(key, written, entries, right, exact, form, tainted=True)

    @staticmethod
    def _unexplained(key: Key, is_searched: bool) -> Fault:
        return Fault(key, (), sentence=None if is_searched else Sentence(NOT_LOOKED_FOR))

    def _wrong_shape(self, key: Key, answer: Answer, right: Any) -> None:
        own = self.own.value(*key)
        written, turned = self._written(answer), self._written(answer.turned())
        if own.shape == answer.value.shape and written.near(own, self.own.spread(key[0], self.own.equation(key))).all():
            entries = np.full(own.shape, FOLLOWS, dtype=object)
            self._accept(key, written, entries, right, own, self.own.equation(key), tainted=True)
            return
        self.tainted[key] = True
        self.wrong.add(key)
        self.values.append(Judged(key, np.full(right.shape, SHAPE, dtype=object), right, answer.value))
        if turned.value.shape == right.shape:
            spread = self.own.spread(key[0], self.own.equation(key))
            if turned.near(right).all() or (own.shape == right.shape and turned.near(own, spread).all()):
                self.tainted[key] = False
                self.own.put(key, turned.filled(right), np.where(turned.answered, turned.margin, 0.0))
                self.faults.append(Fault(key, (), TRANSPOSED))
                return
        edit = edit_of_shape(self.possibilities, self.own, key, written)
        if edit is None:
            self.faults.append(Fault(key, (), SHAPED, sentence=miscounted(self.own, key, answer.value.shape)))
            return
        found = Found(key, SHAPED, edit.sentence, edit.cost, edit.expression, True)
        self.faults.append(Fault(key, (found,), SHAPED))
        self.own.put(key, written.filled(self.own.of(key[0], edit.expression)), answer.margin, edit.expression)

    # --- given data ------------------------------------------------------------------------------------------------

    def _compare_given(self, key: Key, answer: Answer, right: Any) -> None:
        """Data that the sheet copies: passed over where they are right, a misread number where they are not."""
        iteration, name = key
        own = self.own.value(iteration, name)
        if answer.value.shape != right.shape or own.shape != right.shape:
            return
        written = self._written(answer)
        if written.near(own, self.own.margin(iteration, name)).all() or written.near(right).all():
            return
        entries = np.where(written.near(own), RIGHT, WRONG).astype(object)
        groups = _misread_entries(key, written, own)
        self.faults += [Fault(key, tuple(group)) for group in groups] or [Fault(key, ())]
        self._accept(key, written, entries, right, written.filled(own), None, tainted=True)


def _is_trivial(written: Written, right: Any) -> bool:
    """An answer of zeros, or of one number throughout, where the right one is neither."""
    numbers = written.value[written.answered]
    if not numbers.size:
        return False
    alike = bool((numbers == numbers.flat[0]).all()) and not bool((right == right.flat[0]).all())
    return (alike and numbers.size >= FEWEST_ALIKE) or bool((numbers == 0).all())


def _misread_entries(key: Key, written: Written, right: Any) -> list[list[Found]]:
    """Each entry of given data that the sheet has otherwise."""
    places = [tuple(int(i) for i in place) for place in np.argwhere(~written.near(right))]
    if len(places) > max(1, right.size // 2):
        return []
    found = []
    for place in places:
        sentence = read_as(key[1], place, str(written.texts[place]), right[place])
        found.append([Found(key, COPIED, sentence, 0.0, None, True, place, key[1], float(written.value[place]))])
    return found
