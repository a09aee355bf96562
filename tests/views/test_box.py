"""Boxes of text: rectangular whatever is put beside or above what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.views.box import Box, beside, fence, labelled, matrix, raised_box, stacked, table, text_box
from nncalc.views.line import joined, line_width, padded, text_of, texts_of, trimmed, width_of


def shown(box: Box) -> list[str]:
    return [text_of(row) for row in box.rows]


def test_a_matrix_has_its_brackets_and_its_middle_as_baseline() -> None:
    box = matrix([["1", "−1"], ["0", " 2"], ["5", " 0"]])
    assert shown(box) == ["⎡1  −1⎤", "⎢0   2⎥", "⎣5   0⎦"]
    assert (box.width, box.baseline) == (7, 1)
    assert shown(matrix([["1"], ["2"]])) == ["⎡1⎤", "⎣2⎦"]
    assert shown(matrix([["1", "2"]])) == ["[1 2]"]
    assert shown(matrix([])) == ["[ ]"]


def test_boxes_beside_each_other_have_one_baseline() -> None:
    three, two = matrix([["1"], ["2"], ["3"]]), matrix([["4"], ["5"]])
    assert shown(beside([three, text_box("+"), two], 1)) == [
        "⎡1⎤      ",
        "⎢2⎥ + ⎡4⎤",
        "⎣3⎦   ⎣5⎦",
    ]
    assert beside([]).rows == ([],)


def test_a_stack_keeps_the_baseline_that_is_asked_for() -> None:
    box = stacked([text_box("above"), matrix([["1"], ["2"]])], baseline_of=1)
    assert shown(box) == ["above", "⎡1⎤  ", "⎣2⎦  "]
    assert box.baseline == 1


def test_parentheses_superscripts_and_labels() -> None:
    assert shown(fence("(", 1, 1)) == ["⎛", "⎜", "⎝"]
    assert shown(fence("]", 0, 2)) == ["⎤", "⎥", "⎦"]
    assert shown(fence(")", 0, 0)) == [")"]
    assert shown(beside([matrix([["1"], ["2"], ["3"]]), raised_box("²", 1)])) == ["⎡1⎤²", "⎢2⎥ ", "⎣3⎦ "]
    assert shown(labelled(matrix([["7"], ["8"]]), ["9", "10"])) == [" 9 ⎡7⎤", "10 ⎣8⎦"]


def test_table() -> None:
    columns = [["1", "2"], ["7.3891", "148.4132"], ["", "← label"]]
    assert texts_of(table(["m", "eʰ", ""], columns, total=["Σ", "155.8023", ""], rule=True, left=[2])) == [
        " m        eʰ",
        " 1    7.3891",
        " 2  148.4132  ← label",
        " ────────────────────",
        " Σ  155.8023",
    ]


def test_lines() -> None:
    assert joined([("a", ""), ("b", ""), ("", "dim"), ("c", "bold")]) == [("ab", ""), ("c", "bold")]
    assert trimmed([("a ", "dim"), ("  ", "")]) == [("a", "dim")]
    assert trimmed([("  ", "")]) == []
    assert padded("h̄¹", 4) == "h̄¹  "


@pytest.mark.parametrize(("text", "width"), [("h̄¹", 2), ("∂ℓ/∂W²", 6), ("漢字", 4), ("", 0), ("abc", 3)])
def test_width(text: str, width: int) -> None:
    assert width_of(text) == width


texts = st.text(alphabet="ab1−²h̄⎡漢 ", max_size=6)
leaves = st.builds(text_box, texts, st.sampled_from(["", "dim", "bold"])) | st.builds(
    lambda rows, columns: matrix([["1"] * columns] * rows), st.integers(1, 5), st.integers(1, 3)
)
boxes = st.recursive(
    leaves,
    lambda inner: (
        st.builds(beside, st.lists(inner, min_size=1, max_size=4), st.integers(0, 3))
        | st.builds(lambda many: stacked(many, len(many) - 1), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda box: labelled(box, [str(i) for i in range(box.height)]), inner)
    ),
    max_leaves=8,
)


@given(boxes)
def test_every_box_is_rectangular(box: Box) -> None:
    assert 0 <= box.baseline < box.height
    assert [line_width(row) for row in box.rows] == [box.width] * box.height
    for line in box.lines(3):
        assert line_width(line) <= box.width + 3
        assert not text_of(line).endswith(" ")
