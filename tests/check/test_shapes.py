"""Values of the wrong shape: what was done is said where it can be told, and what follows from it follows."""

from __future__ import annotations

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


def test_a_padding_counted_once() -> None:
    checker = stated(conv(padding=1))
    report = check(checker, "h1: [[[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]]")
    assert "p for 2p" in str(report.mistakes[0].explanation) or "without" in str(report.mistakes[0].explanation)


def test_a_shape_that_nothing_explains() -> None:
    report = check(stated(conv()), "h1: [1, 2, 3]")
    assert verdicts(report) == {"h1": "shape"}
    assert mistakes(report) == [("h1", "shape", "")]
