"""`points`: which values they are for."""

from __future__ import annotations

import pytest

from nncalc.problem import shipped
from nncalc.problem.load import load_file, load_text

EQUATIONS = """\
given: {x: [1, 2], y: [0, 0]}
parameters: {W: [[1, 2], [3, 4]]}
equations: |
  h = W @ x
  L = sse(h, y)
optimizer: {momentum: {learning_rate: 0.1}}
"""
LAYERS = """\
inputs: [1.2, -1]
labels: [1.5]
layers:
  - dense: {weights: [[1, -1]], bias: [0.5], activation: relu}
loss: l2
notation: z
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EQUATIONS, {}),
        (EQUATIONS + "points:", {}),
        (EQUATIONS + "points: {}", {}),
        (EQUATIONS + "points: {h: 1, h.grad: 1/2, W.next: 0}", {"h": 1, "h.grad": 0.5, "W.next": 0}),
        (EQUATIONS + "points: {prediction: 1, loss: 2}", {"h": 1, "L": 2}),
        (EQUATIONS + "points: {W.v.next: 2, optimizer_state: {}}", {"W.v.next": 2}),
        (
            EQUATIONS + "points: {values: {h: 1}, gradients: {h: 2, W: 3}, updated: {W: 4}, L: 5}",
            {"h": 1, "h.grad": 2, "W.grad": 3, "W.next": 4, "L": 5},
        ),
        (LAYERS + "points: {z1: 1, a1: 2, z1.grad: 3}", {"hbar1": 1, "h1": 2, "hbar1.grad": 3}),
        (LAYERS + "points: {hbar1: 1, gradients: {a1: 1}}", {"hbar1": 1, "h1.grad": 1}),
    ],
)
def test_points_have_the_names_of_answers(text: str, expected: dict[str, float]) -> None:
    assert load_text(text, "problem.yaml", None).points == expected


def test_without_points_there_are_none() -> None:
    assert load_file(str(shipped.path_of("regression"))).points == {}
