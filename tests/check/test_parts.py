"""What check is put together from: how exact a number is, slips, misreadings, changed equations told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nncalc.check.copied import readings
from nncalc.check.match import Written, chance
from nncalc.check.own import Own
from nncalc.check.slips import slips
from nncalc.language.expression import Name
from nncalc.language.text import to_text
from tests.check.sheets import shipped, stated


@pytest.mark.parametrize(
    ("text", "right", "kind"),
    [
        ("0.9946", 0.9941, "slip_digit"),  # the notebook's
        ("-1.2", 1.2, "slip_sign"),
        ("\N{MINUS SIGN}1.2", 1.2, "slip_sign"),
        ("12.3", 1.23, "slip_point"),
        ("0.012", 0.12, "slip_point"),
        ("1.32", 1.23, "slip_swap"),
        ("0.05", 0.0, "slip_digit"),
        ("1.011", 1.0, ""),
        ("1.23", 1.2301, ""),
        ("7.77", 1.23, ""),
        ("1/3", 0.33, ""),
    ],
)
def test_slips(text: str, right: float, kind: str) -> None:
    assert slips(text, right) == ((kind,) if kind else ())


@given(st.integers(-9999, 9999).filter(bool), st.integers(1, 4))
def test_a_lost_minus_is_always_a_slip(number: int, places: int) -> None:
    right = number / 10**places
    assert slips(f"{-right:.{places}f}", right) == ("slip_sign",)


@given(st.floats(-1e3, 1e3), st.integers(0, 5))
def test_a_number_is_no_slip_of_itself(right: float, places: int) -> None:
    assert not slips(f"{right:.{places}f}", right)


def test_what_a_number_may_be_read_as() -> None:
    found = dict(readings(-0.5, neighbours=(2.0,)))
    assert {0.5, 2.0, -5.0, -0.05, -1.5, -0.6} <= set(found)
    assert -0.5 not in found


def written(value: float, margin: float) -> Written:
    return Written(np.array(value), np.array(margin), np.array(True), np.array(str(value), dtype=object))


def test_a_number_on_the_edge_between_two_roundings_fits_both() -> None:
    assert written(0.12, 0.005).near(np.array(0.125)).all()
    assert written(0.13, 0.005).near(np.array(0.125)).all()
    assert not written(0.13, 0.005).near(np.array(0.1249)).all()


def test_nothing_is_near_to_no_number() -> None:
    assert not written(0.12, 0.005).near(np.array(np.nan)).any()
    assert not written(0.12, 0.005).near(np.array(np.inf)).any()


def test_a_coarse_number_agrees_with_many_by_chance() -> None:
    fine, coarse = written(0.123456, 5e-7), written(0.1, 0.05)
    wrong = np.array(True)
    assert chance(fine, np.array(0.2), wrong) < 1e-5
    assert chance(coarse, np.array(0.2), wrong) > 0.1


SPREAD = "{{given: {{x: {x}, A: [[1, -2], [3, 0.5]]}}, equations: 'r = {r}'}}"


@settings(max_examples=60, deadline=None)
# at the kink it is the mask and the other branch together that move furthest
@example("where(x > 0, x, -2 * x)", [0.001953, 0.0], [-1.0, 0.0], 0.05)
@example("where(x > 0, x, -2 * x)", [0.0, 0.0], [0.0, -1.0], 0.05)
@given(
    st.sampled_from(
        ("relu(A @ x)", "tanh(x) * x", "softmax(x)", "sum(x ** 2)", "norm(x)", "outer(x, x)", "x / (1 + exp(-x))",
         "where(x > 0, x, -2 * x)", "max(A @ x)", "var(x)")
    ),
    st.lists(st.floats(-3, 3), min_size=2, max_size=2),
    st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    st.sampled_from((0.5, 0.05, 0.005)),
)  # fmt: skip
def test_a_spread_holds_what_rounding_can_do(
    expression: str, x: list[float], moved: list[float], margin: float
) -> None:
    """Moving the input within its margin moves the result within its spread, up to terms of the second order."""
    checker = stated(SPREAD.format(x=[round(v, 6) for v in x], r=expression))
    course = checker.possibilities.course
    value = np.array([round(v, 6) for v in x])
    form = course.equations["r"].expression
    here = Own(course, {(1, "x"): value}, {(1, "x"): np.full(2, margin)})
    there = Own(course, {(1, "x"): value + margin * np.array(moved)})
    spread = here.spread(1, form)
    off = np.abs(there.value(1, "r") - here.value(1, "r"))
    assert np.all(off <= spread + 12 * margin**2 + 1e-12)


def test_given_data_are_exact() -> None:
    course = shipped("regression").possibilities.course
    own = Own(course, {})
    assert not np.any(own.spread(1, course.equations["W1.next"].expression))


def test_right_forms_are_told_from_mistakes() -> None:
    """σ′ from h or from h̄ is the same; z(1 − z) is not."""
    text = """
inputs: [1, -2]
labels: [1, 0]
layers: [dense: {weights: [[0.4, -0.2], [1.1, 0.6]], bias: [0.1, -0.3], activation: sigmoid}]
loss: half_sse
"""
    possibilities = stated(text).possibilities
    right = [to_text(form) for form in possibilities.right_forms("hbar1.grad", later=False)]
    assert "h1.grad * sigmoid(hbar1) * (1 - sigmoid(hbar1))" in right
    wrong = [to_text(form) for p in possibilities.mistakes("hbar1.grad", later=False) for form in p.forms]
    assert "h1.grad * hbar1 * (1 - hbar1)" in wrong
    assert not set(right) & set(wrong)


def test_no_mistake_rests_on_what_is_worked_out_from_it() -> None:
    course = shipped("regression").possibilities.course
    for name in course.equations:
        for possible in shipped("regression").possibilities.mistakes(name, later=False):
            for form in possible.forms:
                used = {node.id for node in _names(form)}
                assert name not in used
                assert not any(name in course.depends_on(other) for other in used)


def _names(form):  # type: ignore[no-untyped-def]
    from nncalc.language.expression import walk

    return [node for node in walk(form) if isinstance(node, Name)]


def test_the_probe_is_the_same_in_every_run() -> None:
    from nncalc.check.probe import Probe

    course = shipped("regression").possibilities.course
    one, other = Probe(course), Probe(course)
    for equation in course.equations.values():
        assert one.fingerprint(1, equation.expression) == other.fingerprint(1, equation.expression) != ""
