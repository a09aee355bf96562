"""Values of the wrong shape: what was done is said where it can be told, and what follows from it follows."""

from __future__ import annotations

import pytest

from nncalc.language.text import to_text
from tests.check.sheets import check, mistakes, sheet_of, stated, verdicts

CONV = """
inputs: [[[1, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 2], [1, 0, 1, 1]]]
labels: 1
layers:
  - conv2d: {weights: [[[[1, 0.5], [-1, 2]]]], bias: [0.5], stride: {stride}, padding: {padding}}
  - flatten
loss: softmax_cross_entropy
"""


def conv(stride: int = 1, padding: int = 0) -> str:
    return CONV.replace("{stride}", str(stride)).replace("{padding}", str(padding))


def test_a_padding_left_out_is_named_and_what_follows_follows() -> None:
    padded, plain = stated(conv(padding=1)), stated(conv())
    lines = [line for line in sheet_of(plain, 3).splitlines() if line.startswith(("h1:", "flat1:"))]
    report = check(padded, "\n".join(lines))
    assert verdicts(report) == {"h1": "shape", "flat1": "follows"}
    (mistake,) = report.mistakes
    assert (mistake.name, mistake.kind) == ("h1", "shape")
    assert mistake.equation is not None
    assert "padding" not in to_text(mistake.equation.expression)


def test_an_output_size_without_the_one() -> None:
    checker = stated(conv())
    report = check(checker, "h1: [[[1, 2], [3, 4]]]")  # (4 − 2) / 1 is 2; with the 1 it is 3
    assert mistakes(report) == [("h1", "shape", "")]
    assert "without the + 1" in str(report.mistakes[0].explanation)


POOL = """
inputs: [[[1, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 2], [1, 0, 1, 1]]]
labels: 1
layers:
  - max_pool2d: {size: 2, stride: 3, ceil_mode: true}
  - flatten
loss: softmax_cross_entropy
"""
NO_ONE, ONE_PADDING = "without the + 1", "p for 2p"
UP, DOWN = "rounded up where it is rounded down", "rounded down where it is rounded up"


@pytest.mark.parametrize(
    ("problem", "size", "said"),
    [
        # the image is 4×4, the kernel 2×2: (4 + 2·2 − 2) / 1 + 1 is 7
        (conv(padding=2), 6, {NO_ONE}),
        (conv(padding=2), 5, {ONE_PADDING}),
        # with the padding of 1 both give the same: (4 + 2 − 2) / 1 and (4 + 1 − 2) / 1 + 1
        (conv(padding=1), 4, {NO_ONE, ONE_PADDING}),
        (conv(stride=3), 2, {UP}),
        (POOL, 1, {DOWN}),
        (conv(padding=2), 3, set()),
    ],
)
def test_how_an_output_size_was_miscounted(problem: str, size: int, said: set[str]) -> None:
    name = "pool1" if problem == POOL else "h1"
    report = check(stated(problem), f"{name}: {[[[11 + i for i in range(size)]] * size]}")
    assert mistakes(report) == [(name, "shape", "")]
    explanation = str(report.mistakes[0].explanation)
    assert {words for words in (NO_ONE, ONE_PADDING, UP, DOWN) if words in explanation} == said


def test_a_shape_that_nothing_explains() -> None:
    report = check(stated(conv()), "h1: [1, 2, 3]")
    assert verdicts(report) == {"h1": "shape"}
    assert mistakes(report) == [("h1", "shape", "")]
