"""Another usual convention all through a sheet is no mistake; at one place alone it is one (FORMAT.md, section 4)."""

from __future__ import annotations

import pytest

from nncalc.check.report import Report
from nncalc.language.text import to_text
from tests.check.sheets import check, mistakes, sheet_of, shipped, stated, verdicts

NETWORK = """
inputs: [[1, 2], [-1, 0.5], [0.3, -2]]
labels: {labels}
layers:
  - dense: {{weights: [[0.4, -0.2], [1.1, 0.6], [0.7, -0.9]], bias: [0.1, -0.3, 0.2], activation: {activation}}}
  - dense: {{weights: [[1.2, 0.3, -0.5], [-0.8, 0.9, 0.6]], bias: [0.2, -0.1]}}
loss: {loss}
optimizer: {optimizer}
"""
SGD = "{sgd: {learning_rate: 0.1}}"
MOMENTUM = "{{momentum: {{learning_rate: 0.1, beta: 0.5, form: {form}}}}}"


def network(
    loss: str, *, labels: str = "[[1, 0], [0.5, -1], [2, 1]]", activation: str = "tanh", optimizer: str = SGD
) -> str:
    return NETWORK.format(loss=loss, labels=labels, activation=activation, optimizer=optimizer)


CLASSES = "[1, 2, 2]"
# the sheet's problem, the problem it is held against, what is said
PAIRS = [
    (network("half_sse"), network("sse"), "half"),
    (network("sse"), network("half_sse"), "sum of squares"),
    (network("sse"), network("mse"), "sum of squares"),
    (network("{sse: {reduction: sum}}"), network("sse"), "sum"),
    (network("softmax_cross_entropy", labels=CLASSES),
     network("{softmax_cross_entropy: {reduction: sum}}", labels=CLASSES), "mean"),
    (network("{softmax_cross_entropy: {log_base: 2}}", labels=CLASSES),
     network("softmax_cross_entropy", labels=CLASSES), "base 2"),
    (network("half_sse", optimizer=MOMENTUM.format(form="average")),
     network("half_sse", optimizer=MOMENTUM.format(form="pytorch")), ""),
    (network("half_sse", optimizer=MOMENTUM.format(form="step")),
     network("half_sse", optimizer=MOMENTUM.format(form="pytorch")), ""),
    (network("softmax_cross_entropy", labels="[1, 1, 2]") + "index_base: 0\n",
     network("softmax_cross_entropy", labels="[1, 1, 2]"), ""),
]  # fmt: skip


def keeps_to(own: str, held: str, *, strict: bool = False) -> Report:
    return check(stated(held, strict=strict), sheet_of(stated(own), 5, iterations=2))


@pytest.mark.parametrize(("own", "held", "said"), PAIRS[:8])
def test_a_convention_all_through_is_no_mistake(own: str, held: str, said: str) -> None:
    report = keeps_to(own, held)
    assert report.right
    assert not report.mistakes
    assert "convention" in verdicts(report).values()
    assert report.points == report.out_of
    (convention,) = report.conventions
    assert said in str(convention.explanation)
    assert "right under" in str(convention.explanation)
    assert convention.equation != convention.instead_of


@pytest.mark.parametrize(("own", "held", "said"), PAIRS[:2])
def test_strict_decides_that_it_counts(own: str, held: str, said: str) -> None:
    report = keeps_to(own, held, strict=True)
    assert not report.right
    assert report.points < report.out_of


def test_at_one_place_alone_it_is_a_mistake() -> None:
    checker = stated(network("half_sse"))
    report = check(checker, sheet_of(checker, 5, {(1, "losses"): "sse(h2, y, reduction='none')"}))
    assert not report.conventions
    assert report.mistakes[0].name == "losses"
    assert not report.right


def test_class_numbers_from_the_other_base() -> None:
    # labels 1, 1, 2 of three classes, read as those of a problem that counts from 0
    layers = """
inputs: [[1, 2], [-1, 0.5], [0.3, -2]]
labels: [1, 1, 2]
layers: [dense: {weights: [[0.4, -0.2], [1.1, 0.6], [0.7, -0.9]], bias: [0.1, -0.3, 0.2]}]
loss: softmax_cross_entropy
"""
    report = keeps_to(layers + "index_base: 0\n", layers)
    assert report.right
    assert len(report.conventions) == 1


def test_the_numerator_layout_is_a_convention_where_every_matrix_has_it() -> None:
    checker = stated(network("half_sse"))
    sheet = sheet_of(checker, 5)
    lines = sheet.splitlines()
    turned = [_turned(line) if line.startswith(("W1.grad:", "W2.grad:")) else line for line in lines]
    report = check(checker, "\n".join(turned))
    assert report.right
    assert {name for name, word in verdicts(report).items() if word == "convention"} == {"W1.grad", "W2.grad"}
    assert "numerator layout" in str(report.conventions[0].explanation)
    only_one = [_turned(line) if line.startswith("W1.grad:") else line for line in lines]
    report = check(checker, "\n".join(only_one))
    assert mistakes(report) == [("W1.grad", "transposed", "")]
    assert verdicts(report)["W1.grad"] == "shape"


def _turned(line: str) -> str:
    import json

    name, _, matrix = line.partition(": ")
    rows = [row.strip("[] ").split(", ") for row in matrix.split("], [")]
    return f"{name}: " + json.dumps([list(column) for column in zip(*rows, strict=True)]).replace('"', "")


@pytest.mark.parametrize(
    ("labels", "inputs"), [("[1, 0]", "[1, 2]"), ("[[1, 0], [0.5, -1]]", "[[1, 2], [3, -1]]")], ids=["example", "batch"]
)
def test_matrices_in_the_numerator_layout_with_a_mistake_in_one_are_no_convention(labels: str, inputs: str) -> None:
    checker = stated(
        f"inputs: {inputs}\nlabels: {labels}\nlayers:\n  - dense: {{weights: [[1, 2], [3, 4], [0, 1]]}}\n"
        "  - dense: {weights: [[1, 0, 2], [2, -1, 1]]}\nloss: half_sse\n"
    )
    lines = sheet_of(checker, 5).splitlines()
    turned = {line.partition(":")[0]: _turned(line) for line in lines if line.startswith(("W1.grad:", "W2.grad:"))}
    sheet = "\n".join(turned.get(line.partition(":")[0], line) for line in lines)
    report = check(checker, sheet)
    assert report.right
    assert "numerator layout" in str(report.conventions[0].explanation)
    first = turned["W2.grad"].partition("[[")[2].partition(",")[0]
    report = check(checker, sheet.replace(turned["W2.grad"], turned["W2.grad"].replace(first, f"1{first}", 1)))
    assert not report.right
    assert report.conventions == ()


def test_relu_may_have_slope_1_at_0() -> None:
    text = """
inputs: [1, 2]
labels: [1, 0]
layers:
  - dense: {weights: [[2, -1], [1, 1]], bias: [0, 0], activation: relu}
  - dense: {weights: [[1, 2], [3, 4]], bias: [0, 1]}
loss: half_sse
"""
    checker = stated(text)
    report = check(checker, sheet_of(checker, 3, {(1, "hbar1.grad"): "h1.grad * (hbar1 >= 0)"}))
    assert report.right, mistakes(report)
    assert to_text(report.conventions[0].equation.expression) == "h1.grad * (hbar1 >= 0)"


def test_a_flipped_kernel_is_a_convention() -> None:
    checker = shipped("conv-stride-padding")
    own = sheet_of(checker, 4)
    assert check(checker, own).right


def test_a_convention_and_a_mistake() -> None:
    checker, own = stated(network("sse")), stated(network("half_sse"))
    report = check(checker, sheet_of(own, 5, {(1, "b1.next"): "b1 + learning_rate * b1.grad"}))
    assert len(report.conventions) == 1
    assert [m[:2] for m in mistakes(report)] == [("b1.next", "sign")]
