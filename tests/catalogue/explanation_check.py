"""Every claim of an explanation against numbers: what is not so comes back as a list of sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from nncalc.catalogue.derivation import interval, read
from nncalc.catalogue.explanation import Explanation, Limit
from nncalc.catalogue.operation import Operation
from nncalc.language.expression import Apply, names_in
from tests.catalogue.explanation_scene import CONSTANTS, Scene, base_and_index, free_names, gradient, scenes

EXACT, TAKEN = 1e-12, 1e-9
# How a name goes to a point: towards infinity, and towards an end of its domain.
FAR = (75.0, 150.0, 300.0, 600.0)
NEAR = (1e-8, 1e-30, 1e-100, 1e-300)
FARTHEST = (-1e3, -50.0, 0.0, 50.0, 1e3)
# Where a limit is approached slowly, as 1/x falls.
SLOW = 1e12
FEWEST = 5


def problems(entry: Operation) -> list[str]:
    """What does not hold of the entry's explanation."""
    return [
        *definition_problems(entry),
        *range_problems(entry),
        *limit_problems(entry),
        *derivation_problems(entry),
        *kink_problems(entry),
        *fact_problems(entry),
    ]


def definition_problems(entry: Operation) -> Iterator[str]:
    """Every definition is the operation, and the first needs no other name; so is the stable form, also far out."""
    explanation = _explanation(entry)
    names, _ = free_names(entry)
    probe = Scene(entry, {})
    for name in names_in(read(explanation.definition[0])):
        if base_and_index(probe, name)[0] not in (*names, *CONSTANTS, *entry.defaults):
            yield f"the definition uses {name}"
    for scene in scenes(entry):
        for text in (*explanation.definition, *([explanation.stable] if explanation.stable else [])):
            if not _close(scene(text), scene(explanation.subject), EXACT):
                yield f"{text} is not {explanation.subject} at {scene.values}"
    for scene in _far_scenes(entry) if explanation.stable else ():
        if not _close(scene(explanation.stable), scene(explanation.subject), EXACT):
            yield f"{explanation.stable} is not {explanation.subject} far out"


def range_problems(entry: Operation) -> Iterator[str]:
    """Every value lies within the range, its ends are taken or approached, and nothing less would do."""
    explanation = _explanation(entry)
    claimed = interval(explanation.range)
    for settings in dict.fromkeys(scene.settings for scene in scenes(entry)):
        ordinary = [s for s in scenes(entry) if s.settings == settings]
        ends = [float(ordinary[0](end)) for end in claimed.ends]
        usual = np.array([float(s(explanation.subject)) for s in ordinary])
        far = [float(s(explanation.subject)) for s in _far_scenes(entry) if s.settings == settings]
        if explanation.domain == "(-inf, inf)":
            ends_of_it = (ordinary[0].at(explanation.variable, sign * SLOW) for sign in (-1, 1))
            far += [float(s(explanation.subject)) for s in ends_of_it]
        on_the_way, at_points = _values_at_limits(entry, settings)
        every = np.array([*usual, *far, *on_the_way, *at_points])
        if claimed.is_set:
            if set(every) != set(ends):
                yield f"the values are {sorted(set(every))}"
            continue
        low, high = ends
        margin = EXACT * max([1.0, *(abs(end) for end in ends if abs(end) < np.inf)])
        if not np.all((every >= low - margin) & (every <= high + margin)):
            yield f"values from {every.min()} to {every.max()}"
        for end, closed, reached in ((low, claimed.closed[0], every.min()), (high, claimed.closed[1], every.max())):
            if abs(end) == np.inf:
                if closed or abs(reached) < FAR[1] * 0.01 or np.sign(reached) != np.sign(end):
                    yield f"{end} is not approached: {reached}"
            elif abs(reached - end) > TAKEN:
                yield f"{end} is not approached: {reached}"
            elif closed != bool(np.any(np.abs(np.array([*usual, *at_points]) - end) <= margin)):
                yield f"{end} is {'not ' if closed else ''}taken"


def limit_problems(entry: Operation) -> Iterator[str]:
    """Each limit, and what its deciding term goes to."""
    explanation = _explanation(entry)
    for limit in explanation.limits:
        for scene in _scenes_for(entry, limit):
            goals = [(explanation.subject, limit.value)]
            goals += [(limit.term, limit.term_value)] if limit.term else []
            for text, goal in goals:
                if not _goes_to(scene, limit, text, goal):
                    yield f"{text} does not go to {goal} as {limit.of or explanation.variable} goes to {limit.at}"


def derivation_problems(entry: Operation) -> Iterator[str]:
    """Each line equals the one before; the last is the derivative claimed, and the one that the engine finds."""
    explanation = _explanation(entry)
    for derivation in explanation.derivations:
        held = [s for s in scenes(entry) if not derivation.case or s(derivation.case)]
        if len(held) < FEWEST:
            yield f"{derivation.case} holds {len(held)} times"
        for scene in held:
            values = [scene(line.expression) for line in derivation.lines]
            for (before, after), line in zip(pairwise(values), derivation.lines[1:], strict=True):
                if not _close(before, after, TAKEN):
                    yield f"{line.expression} is {after}, not {before}, at {scene.values}"
            if not _close(values[-1], scene(explanation.derivative), EXACT):
                yield f"{derivation.lines[-1].expression} is not {explanation.derivative} at {scene.values}"
            if not _close(values[-1], gradient(scene), EXACT):
                yield f"{derivation.lines[-1].expression} is not the gradient {gradient(scene)} at {scene.values}"
    for scene in scenes(entry):
        if not _close(
            scene(explanation.derivative), scene(f"diff({explanation.subject}, {explanation.variable})"), TAKEN
        ):
            yield f"{explanation.derivative} is not the slope at {scene.values}"
        if sum(not d.case or bool(scene(d.case)) for d in explanation.derivations) == 0:
            yield f"no derivation at {scene.values}"


def kink_problems(entry: Operation) -> Iterator[str]:
    """The slopes on both sides, and the value that the engine uses between them."""
    explanation = _explanation(entry)
    for scene in scenes(entry) if entry.kinks else ():
        # with some settings both sides have one slope
        claimed = tuple(
            float(scene(k.at)) for k in explanation.kinks if k.left == "inf" or scene(k.left) != scene(k.right)
        )
        if entry.kinks_for({**entry.defaults, **dict(scene.settings)}) != claimed:
            yield f"the entry has kinks at {entry.kinks}"
    for kink in explanation.kinks:
        for scene in scenes(entry):
            point = float(scene(kink.at))
            there = scene.at(explanation.variable, point)
            for side, claimed in ((-1, kink.left), (1, kink.right)):
                found, nearer = (_one_sided(there, point, side * h) for h in (1e-6, 1e-7))
                goal = float(scene(claimed))
                if abs(goal) == np.inf:
                    if not np.sign(goal) * nearer > 5 * np.sign(goal) * found > 0:
                        yield f"the slope at {kink.at} is {nearer}"
                elif abs(nearer - goal) > 1e-5:
                    yield f"the slope at {kink.at} is {nearer}, not {goal}"
            if not (_close(gradient(there), scene(kink.used), EXACT)):
                yield f"{gradient(there)} is used at {kink.at}"
            if not _close(there(explanation.derivative), scene(kink.used), EXACT):
                yield f"{explanation.derivative} is not {kink.used} at {kink.at}"


def fact_problems(entry: Operation) -> Iterator[str]:
    """Both sides of each fact."""
    for text in _explanation(entry).facts:
        fact = read(text)
        assert isinstance(fact, Apply)
        assert fact.op == "equal"
        for scene in scenes(entry):
            left, right = (scene.value(side) for side in fact.args)
            if not _close(left, right, TAKEN):
                yield f"{text} does not hold at {scene.values}"


def _explanation(entry: Operation) -> Explanation:
    assert entry.explanation is not None
    return entry.explanation


def _one_sided(scene: Scene, point: float, h: float) -> float:
    text, variable = scene.explanation.subject, scene.explanation.variable
    return float((scene.at(variable, point + h)(text) - scene(text)) / h)


def _far_scenes(entry: Operation) -> Iterator[Scene]:
    """Scenes whose variable has an extreme value, within its domain."""
    explanation = _explanation(entry)
    domain = interval(explanation.domain)
    for scene in scenes(entry):
        low, high = (float(scene(end)) for end in domain.ends)
        for value in (*FARTHEST, *NEAR, 1 - 1e-12):
            if low < value < high:
                yield scene.at(explanation.variable, value)


def _scenes_for(entry: Operation, limit: Limit) -> Iterator[Scene]:
    # one vector of logits and one entry i are as good as another here, but every setting counts
    seen = set()
    for scene in scenes(entry):
        key = (scene.settings, scene.i)
        if key not in seen:
            seen.add(key)
            yield scene.given(limit.given)


def _values_at_limits(entry: Operation, settings: Any) -> tuple[list[float], list[float]]:
    """The values on the way to the limits, and those at the points that are reached."""
    explanation = _explanation(entry)
    on_the_way: list[float] = []
    at_points: list[float] = []
    for limit in explanation.limits:
        for scene in _scenes_for(entry, limit):
            if scene.settings == settings:
                way = _way(scene, limit, explanation.domain)
                values = [float(scene.at(limit.of or explanation.variable, x)(explanation.subject)) for x in way]
                (at_points if len(way) == 1 else on_the_way).extend(values)
    return on_the_way, at_points


def _way(scene: Scene, limit: Limit, domain: str) -> list[Any]:
    """The values that the name takes on its way to the point; the point itself where it is within the domain."""
    if limit.at in ("inf", "-inf"):
        return [far if limit.at == "inf" else -far for far in FAR]
    point = scene(limit.at)
    if point.ndim == 0 and domain != "(-inf, inf)" and point == float(scene(interval(domain).ends[0])):
        return [point + near for near in NEAR]
    return [point]


def _goes_to(scene: Scene, limit: Limit, text: str, goal: str) -> bool:
    explanation = scene.explanation
    way = _way(scene, limit, explanation.domain)
    moved = limit.of or explanation.variable
    values = [float(scene.at(moved, point)(text)) for point in way]
    end = float(scene(goal))
    if abs(end) == np.inf:
        grown = all(b == end or b * np.sign(end) > 1.5 * a * np.sign(end) for a, b in pairwise(values))
        return grown and len(values) > 1 and values[-1] * np.sign(end) > 1
    if len(values) > 1 and abs(values[-1] - end) >= TAKEN and limit.at in ("inf", "-inf"):
        values.append(float(scene.at(moved, SLOW * np.sign(way[-1]))(text)))
    return abs(values[-1] - end) < (TAKEN if len(values) > 1 else EXACT)


def _close(found: Any, expected: Any, tolerance: float) -> bool:
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    with np.errstate(invalid="ignore"):
        return bool(np.all((found == expected) | (np.abs(found - expected) <= tolerance * (1e-3 + np.abs(expected)))))
