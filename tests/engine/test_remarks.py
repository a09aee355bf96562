"""Remarks on a record: where a gradient is a convention, and where it is none."""

from __future__ import annotations

import pytest

from nncalc.engine.remarks import remarks
from nncalc.problem.load import load_text
from nncalc.problem.work import work

TIED = """
inputs: [[3, 3, 1, 2], [0, 1, 4, 5]]
labels: [[0, 0], [0, 0]]
layers: [{maxout: {pieces: 2}}]
loss: mse
"""
LAYERS = (
    "inputs: {inputs}\nlabels: {labels}\nlayers: [{{dense: {{weights: [[1, 2]], activation: relu}}}}]\nloss: {loss}\n"
)


@pytest.mark.parametrize(
    ("inputs", "labels", "loss", "expected"),
    [
        ("[1, 2]", "[4]", "mse", []),
        ("[2, -1]", "[4]", "mse", ["hbar1[1] = 0: ReLU has no derivative at 0; 0 is used"]),
        ("[1, 2]", "[5]", "mae", []),
        ("[-1, 1]", "[1]", "hinge", ["h1[1]: y ŷ = 1, where the hinge has no derivative; 0 is used"]),
        ("[-1, 1]", "[1]", "squared_hinge", []),
        (
            "[[1, 2], [0, 1]]",
            "[5, 3]",
            "l2",
            [
                "losses[1] = 0: the distance has no derivative at 0; its gradient is 0 / 0",
                "h1.grad[1, 1] is not a number: what is worked out from it can't be relied on",
            ],
        ),
        (
            "[1e200, 1e200]",
            "[0]",
            "sse",
            ["loss is infinite: what is worked out from it can't be relied on"],
        ),
    ],
)
def test_remarks(inputs: str, labels: str, loss: str, expected: list[str]) -> None:
    problem = load_text(LAYERS.format(inputs=inputs, labels=labels, loss=loss), "here", None)
    assert remarks(work(problem, "backward")) == expected


TIE = "a tie: equal entries share the gradient evenly; beside a number, as in max(0, x), it is 0"


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        ("loss = max(x)", []),
        ("loss = min(x)", [f"loss: {TIE}"]),
        ("m = max(x, y)\n  loss = sum(m)", [f"m[2]: {TIE}"]),
        ("loss = sum(max(0, 1 - x))", [f"max(0, 1 - x)[1], max(0, 1 - x)[3]: {TIE}"]),
        ("loss = sum(max(x * y, 3))", []),
    ],
)
def test_equal_entries_that_share_a_gradient(equations: str, expected: list[str]) -> None:
    text = f"given: {{x: [1, 2, 1], y: [0, 2, 5]}}\nequations: |\n  {equations}\n"
    assert remarks(work(load_text(text, "here", None), "backward")) == expected


def test_equal_pieces_of_a_maxout_unit_are_pointed_out() -> None:
    assert remarks(work(load_text(TIED, "here", None), "backward")) == [
        "act1[1, 1]: a tie: its unit has several largest pieces, which share the gradient"
    ]


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("[[1, 0], [1, 1]]", ["M1: its 0 and 1 are added to the scores; to hide keys, write true and false"]),
        ("[[true, false], [true, true]]", []),
        ("[[0, 0], [0, 0]]", []),
        ("[[1, 0], [1, 0.5]]", []),
    ],
)
def test_a_mask_of_numbers_that_may_be_meant_as_true_and_false(mask: str, expected: list[str]) -> None:
    weights = "{q: [[1, 0], [0, 2]], k: [[1, 1], [0, 1]], v: [[1, 2], [0, 1]]}"
    text = f"inputs: [[1, 0], [0, 1]]\nlayers: [{{attention: {{mask: {mask}, weights: {weights}}}}}]\n"
    assert remarks(work(load_text(text, "p.yaml", None), "forward")) == expected
