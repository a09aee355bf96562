"""Every claim of every explanation against numbers, and the check itself against claims that are slightly wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nncalc.catalogue.derivation import Interval, interval, read
from nncalc.catalogue.explanation import Explanation, Kink, Limit, Line
from nncalc.catalogue.index import ACTIVATIONS, LOSSES
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.registry import operation
from nncalc.language.text import to_text
from tests.catalogue.explanation_check import (
    definition_problems,
    derivation_problems,
    fact_problems,
    kink_problems,
    limit_problems,
    problems,
    range_problems,
)
from tests.catalogue.explanation_scene import Scene, scenes

NAMES = (*ACTIVATIONS, "prelu", *LOSSES)
every = pytest.mark.parametrize("name", NAMES)


def explained(name: str) -> tuple[Operation, Explanation]:
    entry = operation(name)
    assert entry.explanation is not None
    return entry, entry.explanation


def texts(explanation: Explanation) -> Iterator[str]:
    """Every text that stands for an expression."""
    yield from (explanation.subject, explanation.variable, explanation.derivative, *explanation.definition)
    yield from explanation.facts
    yield from (equation.split("=", 1)[1] for equation in explanation.where)
    yield from (line.expression for derivation in explanation.derivations for line in derivation.lines)
    yield from (derivation.case for derivation in explanation.derivations)
    yield explanation.stable
    for limit in explanation.limits:
        yield from (limit.at, limit.value, limit.term, limit.term_value)
    for kink in explanation.kinks:
        yield from (kink.at, kink.left, kink.right, kink.used)
    yield from (*interval(explanation.domain).ends, *interval(explanation.range).ends)


@every
def test_everything_that_is_explained_has_an_explanation(name: str) -> None:
    _, explanation = explained(name)
    assert explanation.derivations
    assert explanation.limits
    assert all(len(derivation.lines) > 1 for derivation in explanation.derivations)
    # only the first line of all may go without a reason or a plain rearrangement
    assert all("diff(" in derivation.lines[0].expression for derivation in explanation.derivations)
    assert all("diff(" not in derivation.lines[-1].expression for derivation in explanation.derivations)


@every
def test_the_mathematics_reads_back_as_it_is_written(name: str) -> None:
    for text in texts(explained(name)[1]):
        if text and text not in ("inf", "-inf"):
            assert to_text(read(text)) == text.strip()


@every
def test_every_claim_holds(name: str) -> None:
    assert problems(explained(name)[0]) == []


def wrong_lines() -> Iterator[tuple[str, int, int]]:
    for name in NAMES:
        for d, derivation in enumerate(explained(name)[1].derivations):
            yield from ((name, d, k) for k in range(len(derivation.lines)))


@pytest.mark.parametrize(("name", "d", "k"), list(wrong_lines()))
def test_a_wrong_line_is_found_wherever_it_stands(name: str, d: int, k: int) -> None:
    entry, explanation = explained(name)
    derivation = explanation.derivations[d]
    wrong = Line(f"({derivation.lines[k].expression}) * 1.0000001 + 0.0000001", "a slip")
    lines = (*derivation.lines[:k], wrong, *derivation.lines[k + 1 :])
    derivations = (*explanation.derivations[:d], derivation._replace(lines=lines), *explanation.derivations[d + 1 :])
    changed = entry._replace(explanation=explanation._replace(derivations=derivations))
    assert next(derivation_problems(changed), "")


def changed(name: str, **fields: object) -> Operation:
    entry, explanation = explained(name)
    return entry._replace(explanation=explanation._replace(**fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "claimed", "wrong"),
    [
        ("sigmoid", "(0, 1)", "(-1, 1)"),
        ("sigmoid", "(0, 1)", "[0, 1)"),
        ("tanh", "(-1, 1)", "(-1, inf)"),
        ("relu", "[0, inf)", "(0, inf)"),
        ("relu", "[0, inf)", "(-inf, inf)"),
        ("elu", "(-alpha, inf)", "(-1, inf)"),
        ("gelu", "[-0.1699712074799037, inf)", "[-0.17, inf)"),
        ("step", "{0, 1}", "{0, 1, 2}"),
        ("softmax", "(0, 1)", "(0, 0.5)"),
        ("cross_entropy", "[0, inf)", "(0, inf)"),
    ],
)
def test_a_wrong_range_is_found(name: str, claimed: str, wrong: str) -> None:
    assert explained(name)[1].range == claimed
    assert list(range_problems(changed(name, range=wrong)))


def test_wrong_limits_kinks_facts_and_definitions_are_found() -> None:
    for limit in (Limit("-inf", "1", "exp(-x)", "inf"), Limit("inf", "1", "exp(-x)", "1"), Limit("0", "0.5000001")):
        assert list(limit_problems(changed("sigmoid", limits=(limit,))))
    for kink in (Kink("0", "0", "1", "1", ""), Kink("0", "0", "0", "0", ""), Kink("1", "1", "1", "1", "")):
        assert list(kink_problems(changed("relu", kinks=(kink,))))
    assert list(kink_problems(changed("step", kinks=(Kink("0", "0", "1", "0", ""),))))
    assert list(fact_problems(changed("tanh", facts=("tanh(-x) == tanh(x)",))))
    assert list(definition_problems(changed("tanh", definition=("(exp(x) + exp(-x)) / (exp(x) + exp(-x))",))))
    assert list(definition_problems(changed("softplus", stable="log(1 + exp(x))")))
    assert list(definition_problems(changed("gelu", definition=("x * Phi",))))


def test_a_derivative_with_its_sign_flipped_is_found() -> None:
    """The notebook's slip: (y − ŷ)/ℓ."""
    assert list(derivation_problems(changed("l2", derivative="(y_i - yhat_i) / loss")))


def test_intervals_are_read() -> None:
    assert interval("(0, 1]") == Interval(("0", "1"), (False, True))
    assert interval("[0, inf)") == Interval(("0", "inf"), (True, False))
    assert interval("{0, 1}") == Interval(("0", "1"), (True, True), is_set=True)


def test_what_the_notes_claim_in_numbers() -> None:
    def at(name: str, text: str, x: float) -> float:
        entry, _ = explained(name)
        return float(Scene(entry, {"x": np.float64(x)})(text))

    points = np.linspace(-8, 8, 1601)
    for name, largest in (("sigmoid", 0.25), ("tanh", 1.0)):
        slopes = [at(name, explained(name)[1].derivative, x) for x in points]
        assert max(slopes) == at(name, explained(name)[1].derivative, 0.0) == largest
    assert max(abs(at("gelu", "gelu(x) - gelu_tanh(x)", x)) for x in points) < 0.0005


def test_scenes_cover_both_sides_of_every_kink() -> None:
    for name in ("relu", "leaky_relu", "elu", "step", "mae"):
        explanation = explained(name)[1]
        for derivation in explanation.derivations:
            assert sum(bool(scene(derivation.case)) for scene in scenes(operation(name))) >= 5
