"""Mistakes as changed equations: each is made in a sheet that is carried on from it, and has to be found and named."""

from __future__ import annotations

import pytest

from nncalc.language.text import to_text
from tests.check.sheets import check, mistakes, sheet_of, shipped, stated, verdicts

BATCH = """
inputs: [[1, 2], [-1, 0.5], [0.3, -2]]
labels: [1, 2, 2]
layers:
  - dense: {weights: [[0.4, -0.2], [1.1, 0.6], [0.7, -0.9]], bias: [0.1, -0.3, 0.2], activation: tanh}
  - dense: {weights: [[1.2, 0.3, -0.5], [-0.8, 0.9, 0.6]], bias: [0.2, -0.1]}
loss: softmax_cross_entropy
optimizer: {sgd: {learning_rate: 0.1}}
"""
SIGMOID = """
inputs: [1, -2]
labels: [1, 0]
layers:
  - dense: {weights: [[0.4, -0.2], [1.1, 0.6]], bias: [0.1, -0.3], activation: sigmoid}
  - dense: {weights: [[1.2, 0.3], [-0.8, 0.9]], bias: [0.2, -0.1], activation: sigmoid}
loss: mse
optimizer: {sgd: {learning_rate: 0.5}}
"""

CASES = [
    # problem, name, what was computed, kinds that name it
    (SIGMOID, "hbar1", "W1 @ x", {"missing_term"}),
    (SIGMOID, "hbar1", "W1.T @ x + b1", {"transpose"}),
    (SIGMOID, "hbar1", "W1 @ x - b1", {"sign"}),
    (SIGMOID, "h1", "tanh(hbar1)", {"wrong_function"}),
    (SIGMOID, "h1", "hbar1", {"wrong_function", "missing_factor", "wrong_value"}),
    (SIGMOID, "hbar2", "W1 @ h1 + b2", {"wrong_value"}),
    (SIGMOID, "hbar2", "W2 @ hbar1 + b2", {"wrong_value"}),
    (SIGMOID, "hbar2.grad", "h2.grad", {"missing_factor", "wrong_value"}),
    (SIGMOID, "hbar2.grad", "h2.grad * hbar2 * (1 - hbar2)", {"wrong_argument"}),
    (SIGMOID, "hbar2.grad", "h2.grad * (1 - h2 ** 2)", {"wrong_function"}),
    (SIGMOID, "h1.grad", "W2 @ hbar2.grad", {"transpose"}),
    (SIGMOID, "h1.grad", "W2.next.T @ hbar2.grad", {"wrong_value"}),
    (SIGMOID, "h1.grad", "W2.T @ h2.grad", {"wrong_value"}),
    (SIGMOID, "W2.grad", "outer(h1, hbar2.grad)", {"swapped", "transpose"}),
    (SIGMOID, "W2.next", "W2 + learning_rate * W2.grad", {"sign"}),
    (SIGMOID, "W2.next", "W2 - W2.grad", {"missing_factor"}),
    (SIGMOID, "b1.next", "b1", {"missing_term"}),
    (SIGMOID, "W1.next", "W1 - learning_rate", {"missing_factor"}),
    (BATCH, "h2.grad", "p - y", {"missing_factor"}),
    (BATCH, "h2.grad", "(y - p) / 3", {"sign"}),
    (BATCH, "b1.grad", "mean(hbar1.grad, axis=0)", {"wrong_function", "mean", "sum", "average"}),
    (BATCH, "hbar1.grad", "h1.grad * (1 - hbar1 ** 2)", {"wrong_argument"}),
    (BATCH, "hbar1.grad", "h1.grad * h1 * (1 - h1)", {"wrong_function"}),
]


@pytest.mark.parametrize(("problem", "name", "computed", "kinds"), CASES, ids=[f"{c[1]} = {c[2]}" for c in CASES])
@pytest.mark.parametrize("places", [3, 5])
def test_one_mistake(problem: str, name: str, computed: str, kinds: set[str], places: int) -> None:
    checker = stated(problem)
    report = check(checker, sheet_of(checker, places, {(1, name): computed}))
    first = report.mistakes[0]
    assert first.name == name
    assert {first.kind, *(other.kind for other in first.alternatives)} & kinds
    found = [first.equation, *(other.equation for other in first.alternatives)]
    values = [_value(checker, equation.expression) for equation in found if equation is not None]
    wanted = _value(checker, computed)
    assert any(value == pytest.approx(wanted, rel=1e-9) for value in values)
    assert [name for name, word in verdicts(report).items() if word == "wrong"] == [name]


def _value(checker, expression):  # type: ignore[no-untyped-def]
    from nncalc.catalogue.registry import operation
    from nncalc.check.own import Own
    from nncalc.language.parse import parse_expression

    parsed = parse_expression(expression, operation) if isinstance(expression, str) else expression
    return Own(checker.possibilities.course, {}).of(1, parsed).ravel().tolist()


def test_the_same_mistake_at_several_places_is_one() -> None:
    checker = shipped("regression")
    ascent = {(1, f"{name}.next"): f"{name} + learning_rate * {name}.grad" for name in ("W1", "b1", "W2", "b2")}
    report = check(checker, sheet_of(checker, 4, ascent))
    assert mistakes(report) == [("W1.next", "sign", "W1 + learning_rate * W1.grad")]
    assert report.mistakes[0].also_at == ("b1.next", "W2.next", "b2.next")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("hbar1", "W1 @ x", "missing_term"), ("b2.next", "b2 + learning_rate * b2.grad", "sign")),
        (("loss", "sse(h2, y)", "missing_factor"), ("W1.next", "W1", "missing_term")),
        (
            ("hbar2.grad", "h2.grad * hbar2 * (1 - hbar2)", "wrong_argument"),
            ("b1.next", "b1 - b1.grad", "missing_factor"),
        ),
    ],
)
def test_two_mistakes_in_different_equations(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    checker = stated(SIGMOID)
    wrong = {(1, name): computed for name, computed, _ in (one, other)}
    report = check(checker, sheet_of(checker, 4, wrong))
    assert [m[0] for m in mistakes(report)] == [one[0], other[0]]
    for mistake, (_, _, kind) in zip(report.mistakes, (one, other), strict=True):
        assert kind in {mistake.kind, *(a.kind for a in mistake.alternatives)}


def test_two_mistakes_in_one_equation() -> None:
    checker = stated(SIGMOID)
    report = check(checker, sheet_of(checker, 4, {(1, "W2.next"): "W2 + W2.grad"}))
    assert mistakes(report) == [("W2.next", "several", "W2 + W2.grad")]


def test_a_mistake_in_a_value_left_out_is_named_there() -> None:
    checker = shipped("regression")
    # ℓ and all before it are right; h2.grad is not on the sheet, its sign shows in what follows from it
    sheet = "loss: 6.08\nb2.grad: [-0.92, -0.36, 0.15]\nb2.next: [1.0092, 0.0036, 0.4985]\n"
    report = check(checker, sheet)
    assert [m[:2] for m in mistakes(report)] in ([("h2.grad", "sign")], [("b2.grad", "sign")])
    assert verdicts(report)["b2.next"] == "follows"


def test_old_and_new_values_of_two_iterations() -> None:
    checker = stated(SIGMOID)
    wrong = {(2, "W2.next"): "W2.previous - learning_rate * W2.grad"}
    report = check(checker, sheet_of(checker, 5, wrong, iterations=2))
    first = report.mistakes[0]
    assert (first.iteration, first.name, first.kind) == (2, "W2.next", "wrong_value")
    assert to_text(first.equation.expression) == "W2.previous - learning_rate * W2.grad"  # type: ignore[union-attr]


def test_gradients_gathered_over_iterations() -> None:
    checker = stated(SIGMOID)
    wrong = {(2, "b2.next"): "b2 - learning_rate * (b2.grad + b2.grad.previous)"}
    report = check(checker, sheet_of(checker, 5, wrong, iterations=2))
    assert report.mistakes[0].kind == "accumulated"


def test_nothing_is_guessed() -> None:
    report = check(shipped("regression"), "hbar1: [17.31, -5.523, 8.127, 0.913]; h1: [17.31, 0, 8.127, 0.913]")
    assert mistakes(report) == [("hbar1", "unexplained", "")]
    assert verdicts(report) == {"hbar1": "wrong", "h1": "follows"}


def test_several_mistakes_that_give_the_same_numbers_are_all_named() -> None:
    # 3 − 1.5: turned round it is −1.5, and so is what is left without the 3
    checker = stated("{given: {x: 3, y: 1.5}, equations: 'r = x - y'}")
    report = check(checker, "r: -1.500")
    first = report.mistakes[0]
    assert len({to_text(e.equation.expression) for e in (first, *first.alternatives) if e.equation}) > 1


def test_a_number_misread_from_the_given_data() -> None:
    checker = shipped("regression")
    # x₂ = 1 in place of −1: W¹x is [0.2, 1, 0.2, 4.2], with b¹ [0.2, 2, 1.2, 3.2]
    report = check(checker, "hbar1: [0.2, 2.0, 1.2, 3.2]; h1: [0.2, 2.0, 1.2, 3.2]")
    first = report.mistakes[0]
    assert (first.kind, first.given, first.entry, first.read) == ("copied", "x", (2,), 1.0)
    assert verdicts(report)["h1"] == "follows"


@pytest.mark.parametrize(
    ("read", "column"),
    [
        (3.0, ("4.59", "2.32", "0", "-1.23")),
        # x₃ = 1 in the forward pass too would open the third unit: it was misread here alone
        (1.0, ("1.53", "0.77", "0", "-0.41")),
    ],
)
def test_a_number_misread_where_more_digits_were_carried_on_than_written(read: float, column: tuple[str, ...]) -> None:
    first = ["1.83, -1.53", "0.93, -0.77", "0, 0", "-0.49, 0.41"]
    rows = ", ".join(f"[{row}, {last}]" for row, last in zip(first, column, strict=True))
    report = check(shipped("regression"), f"h2.grad: [0.92, 0.36, -0.15]; W1.grad: [{rows}]")
    assert [(m.name, m.kind, m.given, m.entry, m.read) for m in report.mistakes] == [
        ("W1.grad", "copied", "x", (3,), read)
    ]


def test_given_data_that_the_sheet_has_otherwise() -> None:
    report = check(shipped("regression"), "x: [1.2, 1, 2]; hbar1: [0.2, 2.0, 1.2, 3.2]")
    assert [(m.name, m.kind, m.entry, m.read) for m in report.mistakes] == [("x", "copied", (2,), 1.0)]
    assert verdicts(report)["hbar1"] == "follows"


def test_the_gradient_of_a_mistaken_loss_follows() -> None:
    checker = stated(SIGMOID)
    # the loss of another problem, with its own gradient: not the usual one of this loss, but consistent
    wrong = {(1, "hbar2"): "W2 @ h1 - b2", (1, "b2.grad"): "-hbar2.grad"}
    report = check(checker, sheet_of(checker, 5, wrong))
    assert mistakes(report) == [("hbar2", "sign", "W2 @ h1 - b2")]
    assert verdicts(report)["b2.grad"] == "follows"


RNN_LIKE = """
given: {x: [0.5, -1, 0.8], h0: 0.2, y: 1}
parameters: {w: 0.7, u: -0.4}
equations: |
  h_1 = tanh(w * x[0] + u * h0)
  h_2 = tanh(w * x[1] + u * h_1)
  h_3 = tanh(w * x[2] + u * h_2)
  loss = (h_3 - y) ** 2 + (h_1 - y) ** 2
"""


@pytest.mark.parametrize(
    ("problem", "name", "computed", "kind"),
    [
        (BATCH, "W1.grad", "outer(hbar1.grad[0], x[0])", "missing_term"),
        (BATCH, "b2.grad", "h2.grad[2]", "missing_term"),
        (BATCH, "W2.grad", "h2.grad.T @ h1 / 3", "extra_factor"),
        (BATCH, "p", "softmax(-h2)", "sign"),
        (BATCH, "h2.grad", "(p - y) / 2", "count"),
        (RNN_LIKE, "h_1.grad", "2 * (h_1 - y)", "missing_term"),
    ],
)
def test_what_batches_and_sequences_invite(problem: str, name: str, computed: str, kind: str) -> None:
    checker = stated(problem)
    report = check(checker, sheet_of(checker, 5, {(1, name): computed}))
    first = report.mistakes[0]
    assert first.name == name
    assert kind in {first.kind, *(other.kind for other in first.alternatives)}


def test_a_slip_before_a_mistake_that_was_made_from_the_right_number() -> None:
    checker = shipped("regression")
    # h² is written 1.7 where 7.1 was meant, and gone on with; the sign is the notebook's
    report = check(checker, "h2: [1.7, 1.2, 1.1]; loss: 6.084; h2.grad: [-0.9205, -0.3616, 0.1479]")
    assert [m[:2] for m in mistakes(report)] == [("h2", "slip_swap"), ("h2.grad", "sign")]
