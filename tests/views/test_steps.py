"""Whole screens, as they are, and what holds of every one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncalc.engine.evaluate import evaluate
from nncalc.engine.trace import Trace
from nncalc.language.equation import Equation, Program
from nncalc.views.line import Line, line_width, text_of, texts_of
from nncalc.views.numbers import read_back
from nncalc.views.sheet import Sheet
from nncalc.views.steps import given_view, step_detail, steps_view, value_view
from tests.engine.random_programs import INPUTS, programs
from tests.views import traces
from tests.views.traces import EXAMPLES, POINT, trace

SCREENS = Path(__file__).parent / "screens"
TRACES: dict[str, Callable[[], Trace]] = {
    "reference": traces.reference,
    "nested": traces.nested,
    "batch": traces.batch,
    "rows": traces.rows,
    "wide": traces.wide,
    "cross_entropy": traces.cross_entropy,
    "image": traces.image,
}


def screen(name: str, width: int, full: bool = False) -> list[Line]:
    examples = EXAMPLES if name == "batch" else frozenset()
    return steps_view(TRACES[name](), width=width, examples=examples, full=full)


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("reference", 60),
        ("reference", 100),
        ("nested", 60),
        ("nested", 120),
        ("batch", 60),
        ("batch", 120),
        ("rows", 60),
        ("wide", 60),
        ("wide", 100),
        ("cross_entropy", 60),
        ("image", 60),
    ],
)
def test_screen(name: str, width: int) -> None:
    expected = (SCREENS / f"{name}_{width}.txt").read_text("utf-8")
    assert "\n".join(texts_of(screen(name, width))) + "\n" == expected


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("width", [40, 60, 79, 100, 120])
@pytest.mark.parametrize("full", [False, True])
def test_no_line_is_too_wide_or_ends_in_blanks(name: str, width: int, full: bool) -> None:
    if name == "wide" and full:
        pytest.skip("a hundred thousand numbers")
    for line in screen(name, width, full):
        assert line_width(line) <= width
        assert text_of(line) == text_of(line).rstrip()


def test_everything_is_shown_when_everything_is_asked_for() -> None:
    weights = {"W": np.arange(60.0).reshape(3, 20)}
    found = trace("h = W @ x\nloss = sum(h)", {"x": np.arange(20.0)}, weights, upto="forward")
    texts = texts_of(steps_view(found, width=60, full=True))
    numbers = {word for text in texts for word in text.replace("⎡", " ").replace("⎤", " ").split()}
    assert {str(n) for n in range(20)} <= numbers
    assert not {"⋮", "…", "⋱"} & set("".join(texts))
    assert "   columns 1–14" in texts
    shortened = texts_of(steps_view(found, width=60))
    assert any(text.startswith("   ⎡ 0   1   2  …  17  18  19⎤") for text in shortened)
    assert any(text.startswith("   (3×20)") for text in shortened)


def test_styles_say_what_was_given_and_what_is_the_result() -> None:
    lines = steps_view(traces.reference(), width=60)
    assert lines[0] == [("forward " + "─" * 52, "forward")]
    assert lines[1] == [("1  ".rjust(4), "dim"), ("h̄¹", "forward"), (" = W¹ x + b¹", "")]
    styles = {text.strip(): style for text, style in lines[2]}
    assert styles["⎡ 2.2⎤"] == "bold"
    assert styles["⎡1  −1   0⎤"] == "dim"
    assert lines[9] == [("    ReLU ⎢ 4  ⎥ = ", ""), ("⎢4  ⎥", "bold")]


def test_digits_and_first_number() -> None:
    texts = texts_of(steps_view(traces.reference(), width=60, digits=2, first_number=98))
    assert " 98  h̄¹ = W¹ x + b¹" in texts
    assert "113  b²₍ₜ₊₁₎ = b² − η ∂ℓ/∂b²" in texts
    assert "     ‖ ⎢1.2⎥ − ⎢−1  ⎥ ‖ = 6.08" in texts


def test_notation_with_z_and_a() -> None:
    lines = steps_view(traces.reference(), width=60, notation="z")
    assert " 2  a¹ = ReLU(z¹)" in texts_of(lines)


def test_enormous_numbers_put_in_are_left_out() -> None:
    many = np.arange(84.0).reshape(12, 7) / 8 + 0.1234
    sums = " + ".join(["x * y"] * 12)
    found = trace(f"a = {sums}\nloss = sum(a)", {"x": many, "y": -many}, upto="forward")
    texts = texts_of(steps_view(found, width=60))
    assert "   x (12×7), y (12×7)" in texts
    assert len(texts) < 60
    assert len(texts_of(steps_view(found, width=60, full=True))) > 100


def test_numbers_that_are_not_finite() -> None:
    found = trace("a = log(x)\nb = a - a\nloss = sum(b)", {"x": [1, 0]}, upto="forward")
    assert texts_of(steps_view(found, width=40))[1:4] == ["1  a = ln x", "   ln ⎡1⎤ = ⎡ 0⎤", "      ⎣0⎦   ⎣−∞⎦"]
    assert "   ⎡ 0⎤ − ⎡ 0⎤ = ⎡  0⎤" in texts_of(steps_view(found, width=40))


def test_scalars_stand_on_one_line() -> None:
    found = trace("q = x + y\nf = q * z", {"x": -2, "y": 5, "z": -4}, upto="backward")
    assert texts_of(steps_view(found, width=40)) == [
        "forward ────────────────────────────────",
        "1  q = x + y",
        "   −2 + 5 = 3",
        "",
        "2  f = q · z",
        "   3 · (−4) = −12",
        "",
        "backward ───────────────────────────────",
        "3  ∂f/∂z = q",
        "   3",
        "",
        "4  ∂f/∂q = z",
        "   −4",
        "",
        "5  ∂f/∂x = ∂f/∂q",
        "   −4",
    ]


def test_a_functions_name_and_its_parenthesis_stay_together() -> None:
    found = trace("q = stack(concat(a, b), concat(b, a))", {"a": [0.7398], "b": [-0.7636]}, upto="forward")
    assert texts_of(steps_view(found, width=44))[2:] == [
        "   stack(concat([0.7398], [−0.7636]),",
        "     concat([−0.7636], [0.7398]))",
        "     = ⎡ 0.7398  −0.7636⎤",
        "       ⎣−0.7636   0.7398⎦",
    ]


def test_one_step_says_what_it_uses_and_where_it_goes() -> None:
    found = traces.reference()
    texts = texts_of(step_detail(found, 5, width=60))
    assert texts[0] == "backward  step 6 of 16"
    assert texts[2] == "6  ∂ℓ/∂W² = ∂ℓ/∂h² (h¹)ᵀ"
    assert texts[-2:] == ["uses       ∂ℓ/∂h² (step 5), h¹ (step 2)", "goes into  W²₍ₜ₊₁₎ (step 15)"]
    assert texts_of(step_detail(found, 15, width=60))[-1] == "goes into  nothing: it is a result"
    assert texts_of(step_detail(found, 0, width=60))[-2] == "uses       W¹ (given), x (given), b¹ (given)"


def test_values_as_they_were_given() -> None:
    sheet = Sheet(traces.reference())
    assert texts_of(value_view("learning_rate", 0.01, sheet=sheet, width=40)) == ["η = 0.01"]
    assert texts_of(given_view(POINT, sheet=sheet, width=40)) == [
        "    ⎡ 1.2⎤",
        "x = ⎢−1  ⎥",
        "    ⎣ 2  ⎦",
        "",
        "    ⎡ 1.5⎤",
        "y = ⎢−1  ⎥",
        "    ⎣ 2  ⎦",
    ]


def test_what_is_put_in_gives_what_is_shown() -> None:
    """ln 0.0023 is not −6.0573; so p is shown to as many places as it takes."""
    found = traces.cross_entropy()
    sheet = Sheet(found)
    run = sheet.put_in(found.steps[1], 60)
    shown = [text_of(row).strip("⎡⎢⎣⎤⎥⎦ ") for item in run if item.bracketed for row in item.box.rows]
    assert abs(-np.log(read_back(shown[5])) - found.values["loss"]) < 3e-4


@settings(max_examples=60, deadline=None)
@given(programs(), st.sampled_from([40, 60, 100]), st.booleans(), st.integers(0, 2))
def test_any_program_fits_the_screen(equations: tuple[Equation, ...], width: int, full: bool, scale: int) -> None:
    generator = np.random.default_rng(scale)
    values = {name: np.asarray(generator.normal(0, 100.0**scale, shape).round(3)) for name, shape in INPUTS.items()}
    found = evaluate(Program(equations, given=tuple(INPUTS), loss="loss"), values)
    lines = steps_view(found, width=width, full=full)
    assert len(lines) > len(equations)
    for line in lines:
        assert line_width(line) <= width, text_of(line)
        assert text_of(line) == text_of(line).rstrip()
    for i in range(len(found.steps)):
        for line in step_detail(found, i, width=width, full=full):
            assert line_width(line) <= width, text_of(line)
