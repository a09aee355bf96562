"""The search for what a student did: the likeliest changed equation, slip or misread number that gives the sheet's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from nncalc.check.copied import misread
from nncalc.check.found import BELIEVED, Found
from nncalc.check.match import Written, chance, fits
from nncalc.check.own import UNUSABLE, Key, Own
from nncalc.check.possibilities import Possibilities, Possible
from nncalc.check.report import Sentence
from nncalc.check.slips import WORDS, slips
from nncalc.language.expression import Expression

BELIEVED_PAIRS = 0.5  # two mistakes at once have to be more than a coincidence
MOST_SLIPS = 0.34  # of a value's entries
SLIP_COST = {"slip_sign": 2.0, "slip_point": 2.2, "slip_swap": 2.4, "slip_digit": 2.6}
ALWAYS = 2.0  # the cost of mistakes so common that they are believed where they fit at all
FIRST = 30  # so many are looked at anyway
LOOSE = 0.6  # what it costs to give the numbers only within what rounding explains
LEFT_OUT_COST = 0.6  # for each step that a mistake stands before the value that shows it
MOST_LEFT_OUT = 40


class Search:
    """The search at one value of a sheet that is neither right nor follows."""

    def __init__(self, possibilities: Possibilities, own: Own, exact: Own) -> None:
        self.possibilities = possibilities
        self.course = possibilities.course
        self.own, self.exact = own, exact
        # whether some mistake gives the numbers, but no better than chance would
        self.unbelieved = False

    def explain(self, key: Key, written: Written, right: Any, pairs: bool = True) -> list[list[Found]]:
        """For each mistake that was made, every explanation that fits, the likeliest first; none where nothing fits.

        pairs: whether two mistakes at once are looked for. A value has several mistakes where several entries have
        slips; all else explains the whole value.
        """
        expected, spread, wrong = self._wrong(key, written, right)
        slip_groups = self._slips(key, written, expected, right, spread, wrong)
        singles = [*self._at(key, written, wrong), *self._before(key, written, wrong)]
        self._forget_steps()
        singles += misread(self.own, self.exact, key, written, wrong)
        if pairs and not singles and not slip_groups:
            singles = list(self._pairs(key, written, wrong))
            self._forget_steps()
        singles = _ranked(singles)
        if len(slip_groups) > 1:
            by_slips = not singles or sum(group[0].cost for group in slip_groups) < singles[0].cost
            return slip_groups if by_slips else [singles]
        together = _ranked([*singles, *(slip_groups[0] if slip_groups else ())])
        return [together] if together else []

    def _forget_steps(self) -> None:
        self.own.forget_steps()
        self.exact.forget_steps()

    def _wrong(self, key: Key, written: Written, right: Any) -> tuple[Any, Any, Any]:
        """What follows in the right way that leaves fewest entries wrong, its spread, and which are wrong."""
        iteration, name = key
        best: tuple[Any, Any, Any] | None = None
        for form in (self.own.equation(key), *self.possibilities.right_forms(name, key[0] > 1)[1:]):
            with suppress(*UNUSABLE):
                expected, spread = np.asarray(self.own.of(iteration, form)), self.own.spread(iteration, form)
                if expected.shape != right.shape:
                    continue
                wrong = ~(written.near(expected, spread) | written.near(right))
                if best is None or wrong.sum() < best[2].sum():
                    best = expected, spread, wrong
        return best or (right, 0.0, ~written.near(right))

    # --- changed equations -----------------------------------------------------------------------------------------

    def _at(self, key: Key, written: Written, wrong: Any) -> Iterator[Found]:
        yield from self._fitting(key, key, self.possibilities.mistakes(key[1], key[0] > 1), written, wrong, 0.0)

    def _pairs(self, key: Key, written: Written, wrong: Any) -> Iterator[Found]:
        later = key[0] > 1
        pairs, singles = self.possibilities.pairs(key[1], later), len(self.possibilities.mistakes(key[1], later))
        yield from self._fitting(key, key, pairs, written, wrong, 0.0, BELIEVED_PAIRS, singles)

    def _before(self, key: Key, written: Written, wrong: Any) -> Iterator[Found]:
        """Mistakes in equations whose values the sheet leaves out, on the way to this one."""
        for steps, earlier in self._left_out(key):
            mistakes = self.possibilities.mistakes(earlier[1], earlier[0] > 1)
            yield from self._fitting(key, earlier, mistakes, written, wrong, LEFT_OUT_COST * steps)

    def _left_out(self, key: Key) -> Iterator[tuple[int, Key]]:
        """What the value is worked out from that the sheet does not give, the nearest first, with the way to it."""
        seen = {key}
        ring, steps = [key], 0
        while ring and len(seen) <= MOST_LEFT_OUT:
            steps += 1
            further: list[Key] = []
            for here in ring:
                for before in self.own.sources(here):
                    if before not in seen and before not in self.own.fixed:
                        seen.add(before)
                        further.append(before)
                        if before[1] in self.course.equations and before not in self.own.changed:
                            yield steps, before
            ring = further

    def _fitting(
        self,
        key: Key,
        at: Key,
        mistakes: tuple[Possible, ...],
        written: Written,
        wrong: Any,
        extra: float,
        believed: float = BELIEVED,
        commoner: int = 0,
    ) -> Iterator[Found]:
        """The mistakes at one place that give the numbers at another or the same one.

        commoner: how many have been tried before them.
        """
        by_chance = chance(written, self.own.in_shape(key), wrong)
        found: list[Found] = []
        believed_in = False
        for rank, possible in enumerate(sorted(mistakes, key=lambda mistake: mistake.cost), commoner + 1):
            likely = by_chance * rank <= believed or possible.cost <= ALWAYS
            if not likely and not found and rank > commoner + FIRST:
                break
            for form in possible.forms:
                fit = self._fit(key, at, form, written)
                if fit is not None:
                    found.append(Found(at, possible.kind, possible.sentence, possible.cost + extra, form, fit))
                    believed_in |= likely
                    break
        self.unbelieved |= bool(found) and not believed_in
        # what fits beside something believable gives the same numbers, and is named as well
        yield from found if believed_in else ()

    def _fit(self, key: Key, at: Key, form: Expression, written: Written) -> bool | None:
        """Whether the changed equation gives the numbers as written; None where not."""

        def exact() -> Any:
            there, form_there = self._supposed(self.exact, key, at, form)
            return there.of(key[0], form_there)

        try:
            own, form_here = self._supposed(self.own, key, at, form)
            return fits(written, own.of(key[0], form_here), exact, lambda: own.spread(key[0], form_here))
        except UNUSABLE:
            return None

    def _supposed(self, own: Own, key: Key, at: Key, form: Expression) -> tuple[Own, Expression]:
        """The values and the right side of the value looked at, if `form` is what was computed at a place."""
        if at == key:
            return own, form
        own = own.supposing({}, {at: form})
        return own, own.equation(key)

    # --- slips -----------------------------------------------------------------------------------------------------

    def _slips(
        self, key: Key, written: Written, expected: Any, right: Any, spread: Any, wrong: Any
    ) -> list[list[Found]]:
        """The slips that each wrong entry may be, where they are few."""
        places = [tuple(int(i) for i in place) for place in np.argwhere(wrong)]
        if len(places) > max(1, MOST_SLIPS * wrong.size):
            return []
        spread = np.broadcast_to(spread, wrong.shape)
        meant = [np.asarray(right), *(value for value in self._other_forms(key) if value.shape == wrong.shape)]
        found: list[list[Found]] = []
        for place in places:
            text = str(written.texts[place])
            kinds = [*slips(text, float(expected[place]), float(spread[place]))]
            kinds += [kind for value in meant for kind in slips(text, float(value[place]))]
            if not kinds:
                return []
            found.append(
                [
                    Found(key, kind, Sentence(WORDS[kind]), SLIP_COST[kind], None, True, place)
                    for kind in sorted(dict.fromkeys(kinds), key=SLIP_COST.__getitem__)
                ]
            )
        return found

    def _other_forms(self, key: Key) -> Iterator[Any]:
        """The value worked out in the other right ways: a loss from p, say, where p is rounded."""
        for form in self.possibilities.right_forms(key[1], key[0] > 1)[1:]:
            with suppress(*UNUSABLE):
                yield np.asarray(self.own.of(key[0], form))


def _ranked(found: list[Found]) -> list[Found]:
    """The likeliest first; of what fits less well than others, only what is as likely nevertheless."""
    ranked = sorted(found, key=_score)
    return [one for one in ranked if one.strict or _score(one) <= _score(ranked[0]) + LOOSE]


def _score(found: Found) -> float:
    return found.cost + (0.0 if found.strict else LOOSE)
