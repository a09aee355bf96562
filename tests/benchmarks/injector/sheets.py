"""Sheets of a seeded problem: a right one, one with a mistake, one with two; as texts with the truth beside them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tests.benchmarks.injector.kinds import KINDS
from tests.benchmarks.injector.planting import alike, conventions, entries_shown, plant
from tests.benchmarks.injector.rounding import Rounding, nested
from tests.benchmarks.injector.student import Exercise, Planted, Work
from tests.benchmarks.injector.writing import Random

TRIES = 400
ALIKE = 0.12  # of the mistakes of method, those that are made every time


class Written(NamedTuple):
    """A sheet. planted: the truth. work: every number of it. drawn: mistakes drawn again because they did not show."""

    text: str
    planted: tuple[Planted, ...]
    work: Work
    drawn: int = 0


class Case(NamedTuple):
    """A problem and its sheets."""

    seed: int
    exercise: Exercise
    rounding: Rounding
    right: Written
    one: Written | None
    two: Written | None
    convention: Written | None = None


def case(seed: int, kind: str, share_left_out: float = 0.0) -> Case:
    """The problem of a seed. share_left_out: of the values, at random, as students leave out what they find plain."""
    random = np.random.default_rng([seed, *kind.encode()])
    while True:
        with np.errstate(all="ignore"):
            exercise = KINDS[kind](random)
            plain = Work(exercise, None)
            rounding = _rounding(random, kind)
            right = Work(exercise, rounding)
        if plain.finite() and right.finite() and _sensible(plain, right):
            break
    sheets = [mistaken(random, exercise, rounding, count, share_left_out) for count in (1, 2)]
    written = Written(sheet_text(random, right, share_left_out, ()), (), right)
    return Case(seed, exercise, rounding, written, sheets[0], sheets[1], conventional(random, exercise, rounding))


def _rounding(random: Random, kind: str) -> Rounding:
    plain_zeros = bool(random.random() < 0.3)
    least = 3 if kind in ("adam", "lstm") else 2
    if random.random() < 0.2:
        return Rounding(digits=int(random.integers(3, 6)), plain_zeros=plain_zeros)
    return Rounding(decimals=int(random.integers(least, 6)), plain_zeros=plain_zeros)


def _sensible(plain: Work, right: Work) -> bool:
    """Whether the rounding leaves the numbers what they are: a student whose values are all 0.00 writes more places."""
    for exact, own in zip(plain.iterations, right.iterations, strict=True):
        for name in own.texts:
            true, found = exact.values[name], own.values[name]
            if (np.abs(found - true) > 0.25 * np.abs(true).max() + 3 * own.halves[name]).any():
                return False
    return True


def mistaken(
    random: Random, exercise: Exercise, rounding: Rounding, count: int, share_left_out: float
) -> Written | None:
    """A sheet with so many mistakes that show; None where the problem has no room for them."""
    planted: tuple[Planted, ...] = ()
    drawn = 0
    for _ in range(TRIES):
        one = plant(random, exercise, rounding, planted)
        if one is None:
            continue
        try:
            with np.errstate(all="ignore"):
                work = Work(exercise, rounding, (*planted, one))
                shown = [entries_shown(work, other) for other in (*planted, one)]
                good = work.finite() and all(shown)
        except (RecursionError, ValueError, IndexError, OverflowError):
            good = False  # the mistake can't be made here: a circle, or shapes that do not go together
        if not good:
            drawn += 1
            continue
        if count == 1 and one.equation and random.random() < ALIKE:
            more = [other for other in alike(exercise, one) if _seen(exercise, rounding, (one, other))]
            every = tuple(p._replace(what=f"{p.what}, every time") for p in (one, *more))
            if more and _seen(exercise, rounding, every):
                work = Work(exercise, rounding, every)
                names = tuple(p.name for p in every)
                return Written(sheet_text(random, work, share_left_out, names), every, work, drawn)
        if one.given and shown[-1] == 1:
            # one number alone can't tell whether it was read or written wrongly
            kinds = one.kinds | {"slip_digit", "slip_sign", "slip_swap", "slip_point"}
            one = one._replace(what=f"{one.what}, seen in one entry", kinds=kinds)
        planted = (*planted, one)
        if len(planted) == count:
            order = {line.name: k for k, line in enumerate(exercise.lines)}
            planted = tuple(sorted(planted, key=lambda p: (p.iteration, order[p.name])))
            names = tuple(p.name for p in planted)
            return Written(sheet_text(random, work, share_left_out, names), planted, work, drawn)
    return None


def _seen(exercise: Exercise, rounding: Rounding, planted: tuple[Planted, ...]) -> bool:
    try:
        with np.errstate(all="ignore"):
            work = Work(exercise, rounding, planted)
            return work.finite() and all(entries_shown(work, one) for one in planted)
    except (RecursionError, ValueError, IndexError):
        return False


def conventional(random: Random, exercise: Exercise, rounding: Rounding) -> Written | None:
    """A sheet that keeps to another usual convention wherever it matters, if the problem has one that shows."""
    found = [planted for planted in conventions(exercise) if _seen(exercise, rounding, planted)]
    if not found:
        return None
    planted = found[int(random.integers(len(found)))]
    work = Work(exercise, rounding, planted)
    return Written(sheet_text(random, work, 0, ()), planted, work)


def sheet_text(random: Random, work: Work, share_left_out: float, keep: tuple[str, ...]) -> str:
    """The answers file: names and values, a list of iterations where there are several."""
    parts = []
    wrapped = random.random() < 0.1
    for iteration in work.iterations:
        lines = []
        for name in work.lines:
            if name not in keep and random.random() < share_left_out:
                continue
            texts = iteration.texts[name]
            value = nested(texts)
            lines.append(f"{name}: [{value}]" if wrapped and texts.ndim == 0 else f"{name}: {value}")
        parts.append(lines)
    if len(parts) == 1:
        return "\n".join(parts[0]) + "\n"
    return "".join("- " + "\n  ".join(lines) + "\n" for lines in parts)


def kind_of(seed: int, only: str | None = None) -> str:
    names = list(KINDS)
    return only or names[seed % len(names)]
