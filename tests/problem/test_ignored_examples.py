"""Examples whose label is `ignore_index`: they count neither in the loss nor in what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncalc.cli.run import run
from nncalc.problem.load import load_text
from nncalc.problem.outcome import outcome
from nncalc.problem.training import Training
from nncalc.problem.work import Worked, work

# The scores are the inputs: right, wrong, and twice what does not count, though its largest score is the first class's.
LAYERS = """
inputs: [[3, 1, 0], [2, 1, 0], [5, 1, 0], [5, 0, 1]]
labels: [1, 2, -1, -1]
layers:
  - dense: {weights: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}
loss: {softmax_cross_entropy: {ignore_index: -1}}
"""
EQUATIONS = """
given: {x: [[3, 1, 0], [2, 1, 0], [5, 1, 0], [5, 0, 1]], y: [1, 2, -1, -1]}
parameters: {W: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}
equations: |
  h = x @ W.T
  loss = softmax_cross_entropy(h, y, ignore_index=-1)
"""
STEPS = """
inputs: [[2, 0], [1, 3], [0, 1]]
labels: [1, 0, 1]
layers:
  - dense: {weights: [[1, 0], [0, 1]]}
loss: {softmax_cross_entropy: {ignore_index: 0}}
"""


@pytest.mark.parametrize("text", [LAYERS, EQUATIONS], ids=["layers", "equations"])
def test_they_are_neither_right_nor_wrong(text: str) -> None:
    problem = load_text(text, "p.yaml", None)
    found = outcome(Worked(problem, work(problem, "forward")))
    assert found.predicted == [1, 1, 1, 1]
    assert found.correct == [True, False, None, None]


def test_any_number_may_be_the_one_to_ignore() -> None:
    problem = load_text(STEPS, "p.yaml", None)
    assert outcome(Worked(problem, work(problem, "forward"))).correct == [True, None, False]


ALONE = """
inputs: {inputs}
labels: {labels}
layers: [identity]
loss: {{softmax_cross_entropy: {{ignore_index: 1}}}}
"""


@pytest.mark.parametrize(
    ("inputs", "labels", "correct"),
    [
        ("[3, 1]", "1", None),
        ("[3, 1]", "2", False),
        ("[[3, 1]]", "[1]", [None]),
        ("[[3, 1], [2, 1]]", "[1, 1]", [None] * 2),
    ],
)
def test_where_nothing_counts_that_is_said(inputs: str, labels: str, correct: object) -> None:
    problem = load_text(ALONE.format(inputs=inputs, labels=labels), "p.yaml", None)
    found = outcome(Worked(problem, work(problem, "backward")))
    assert found.correct == correct
    said = ["every label is the one to ignore: the mean over nothing is 0 / 0"] if correct is not False else []
    assert [note for note in found.notes if "ignore" in note] == said


@pytest.mark.parametrize("text", [LAYERS, EQUATIONS], ids=["layers", "equations"])
@pytest.mark.parametrize("batch", [None, 1, 3, 4])
def test_accuracy_is_of_what_counts(text: str, batch: int | None) -> None:
    training = Training(load_text(text, "p.yaml", None), batch)
    (epoch,) = training.run(1)
    assert epoch.score.accuracy == 0.5


def test_no_class_is_met_in_an_example_that_does_not_count() -> None:
    # class 1 stands in no row that counts, class 2 in one, class 3 in half of one
    text = LAYERS.replace("[1, 2, -1, -1]", "[[0, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 0]]")
    assert Training(load_text(text, "p.yaml", None)).missing_classes() == [1]


def test_the_screen_tells_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(LAYERS, "utf-8")
    assert run(["forward", str(path)]) == 0
    assert "predicted classes 1 1 1 1: 1 of 2 right, 2 not counted\n" in capsys.readouterr().out
