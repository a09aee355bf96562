"""What stands below the steps of an iteration: the loss before and after, classes, units that are off."""

from __future__ import annotations

import pytest

from nncalc.problem.load import load_text
from nncalc.problem.outcome import Outcome, outcome
from nncalc.problem.work import Worked, descend_steps, work
from nncalc.views.iteration import closing, iteration_title, ranges
from nncalc.views.line import texts_of

REGRESSION = """
inputs: [[1], [2]]
labels: [[0], [1]]
layers: [{dense: {weights: [[1]], bias: [0]}}]
loss: sse
optimizer: {sgd: {learning_rate: RATE}}
"""


def below(worked: Worked, found: Outcome | None = None, width: int = 200) -> list[str]:
    return texts_of(closing(worked, found or outcome(worked), 4, width))


@pytest.mark.parametrize(
    ("rate", "steps", "line"),
    [
        ("0.1", 1, "loss 1 before the step, 0.145 after it: lower"),
        ("10", 1, "loss 1 before the step, 4321 after it: higher"),
        # past 1.8e308 there is nothing to compare, and NaN is neither lower nor higher nor the same
        ("10", 85, "loss 2.207e+307 before the step, ∞ after it: higher"),
        ("10", 200, "loss NaN before the step, NaN after it"),
    ],
)
def test_the_loss_before_and_after_the_step(rate: str, steps: int, line: str) -> None:
    problem = load_text(REGRESSION.replace("RATE", rate), "p.yaml", None)
    *_, last = descend_steps(problem, steps)
    assert below(last)[0] == line


def test_a_step_that_moves_nothing_says_so() -> None:
    problem = load_text("inputs: [1, 2]\nlabels: [0, 0]\nlayers: [relu]\nloss: sse\n", "p.yaml", None)
    (one,) = descend_steps(problem, 1)
    assert below(one)[:2] == [
        "loss 5 before the step, 5 after it: not changed",
        "there is no parameter for the step to move",
    ]


CLASSES = """
inputs: [[3, 0], [0, 1], [2, 1]]
labels: LABELS
layers: [{dense: {weights: [[1, 0], [0, 1]]}}]
loss: softmax_cross_entropy
"""


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        ("[1, 2, 1]", "predicted classes 1 2 1: 3 of 3 right"),
        ("[1, 1, 2]", "predicted classes 1 2 1: 1 of 3 right"),
        # as likely one as the other: neither is the right one
        ("[[0.5, 0.5], [0, 1], [1, 0]]", "predicted classes 1 2 1"),
    ],
)
def test_classes_of_a_batch(labels: str, line: str) -> None:
    problem = load_text(CLASSES.replace("LABELS", labels), "p.yaml", None)
    assert line in below(Worked(problem, work(problem, "forward")))


@pytest.mark.parametrize(
    ("label", "line"),
    [("1", "predicted class 1: right"), ("2", "predicted class 1: wrong, the label is 2"),
     ("[0.9, 0.1]", "predicted class 1: right"), ("[0.1, 0.9]", "predicted class 1: wrong"),
     ("[0.5, 0.5]", "predicted class 1")],
)  # fmt: skip
def test_the_class_of_one_example(label: str, line: str) -> None:
    text = CLASSES.replace("[[3, 0], [0, 1], [2, 1]]", "[3, 0]").replace("LABELS", label)
    problem = load_text(text, "p.yaml", None)
    assert line in below(Worked(problem, work(problem, "forward")))


def test_many_classes_are_cut() -> None:
    inputs = [[1, 0]] * 50
    problem = load_text(CLASSES.replace("[[3, 0], [0, 1], [2, 1]]", str(inputs)).replace("LABELS", str([1] * 50)), "p",
                        None)  # fmt: skip
    assert f"predicted classes {'1 ' * 20}…: 50 of 50 right" in below(Worked(problem, work(problem, "forward")))


def test_the_title_names_the_examples() -> None:
    problem = load_text(REGRESSION.replace("RATE", "0.1"), "p.yaml", None)
    titles = [iteration_title(one) for one in descend_steps(problem, 3, 1)]
    assert titles == ["iteration 1, example 1", "iteration 2, example 2", "iteration 3, example 1"]
    assert [iteration_title(one) for one in descend_steps(problem, 1, 2)] == ["iteration 1, examples 1–2"]
    assert ranges((1, 2, 3, 5, 7, 8)) == "1–3, 5, 7–8"
