"""Losses: values worked out by hand, extreme predictions, reductions, and targets that are refused."""

from __future__ import annotations

from math import inf, isnan, log, nan
from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.index import LOSSES
from nncalc.catalogue.registry import operation
from nncalc.engine.evaluate import evaluate
from nncalc.errors import DomainError
from tests.engine.programs import derive, forward

# ŷ − y is (1, −2, 2): the sum of squares is 9, of absolute values 5.
PREDICTION, TARGET = [3.0, 0.0, 4.0], [2.0, 2.0, 2.0]
OF_ONE_EXAMPLE = {
    "l2": (3.0, [1 / 3, -2 / 3, 2 / 3]),
    "sse": (9.0, [2.0, -4.0, 4.0]),
    "half_sse": (4.5, [1.0, -2.0, 2.0]),
    "mse": (3.0, [2 / 3, -4 / 3, 4 / 3]),
    "mae": (5 / 3, [1 / 3, -1 / 3, 1 / 3]),
}
# Two examples of two outputs, ŷ − y = (3, 4) and (0, 5): each example's loss, and whether outputs are averaged too.
BATCH, BATCH_TARGET = [[3.0, 4.0], [1.0, 7.0]], [[0.0, 0.0], [1.0, 2.0]]
OF_A_BATCH = {
    "l2": ([5.0, 5.0], False),
    "sse": ([25.0, 25.0], False),
    "half_sse": ([12.5, 12.5], False),
    "mse": ([12.5, 12.5], True),
    "mae": ([3.5, 2.5], True),
}


def value(text: str, **given: object) -> Any:
    return forward(f"q = {text}", given, labels=()).evaluated()["q"]


def gradient(text: str, p: object, y: object) -> Any:
    return derive(f"loss = {text}", {"p": p, "y": y}).evaluated()["p.grad"]


@pytest.mark.parametrize(("name", "expected"), OF_ONE_EXAMPLE.items())
def test_one_example(name: str, expected: tuple[float, list[float]]) -> None:
    assert float(value(f"{name}(p, y)", p=PREDICTION, y=TARGET)) == pytest.approx(expected[0], rel=1e-15)
    assert gradient(f"{name}(p, y)", PREDICTION, TARGET).tolist() == pytest.approx(expected[1], rel=1e-15)


@pytest.mark.parametrize(("name", "expected"), OF_A_BATCH.items())
def test_a_batch_in_its_three_reductions(name: str, expected: tuple[list[float], bool]) -> None:
    """`none` is each example's; `mean` averages those; `sum` adds up everything, outputs included."""
    each, over_outputs = expected
    batch = {"p": BATCH, "y": BATCH_TARGET}
    assert value(f"{name}(p, y, reduction='none')", **batch).tolist() == each
    assert float(value(f"{name}(p, y)", **batch)) == sum(each) / 2
    assert float(value(f"{name}(p, y, reduction='sum')", **batch)) == sum(each) * (2 if over_outputs else 1)


@pytest.mark.parametrize("name", LOSSES)
def test_reductions_agree_with_each_other(name: str) -> None:
    entry = operation(name)
    rng = np.random.default_rng(8)
    p, y = (rng.uniform(low, high, (4, 3)) for low, high in entry.domain)
    assert entry.target is not None
    if entry.target.classes:
        y /= y.sum(axis=-1, keepdims=True)
    each = value(f"{name}(p, y, reduction='none')", p=p, y=y)
    assert each.shape == (4,)
    assert float(value(f"{name}(p, y)", p=p, y=y)) == pytest.approx(each.mean(), rel=1e-14)
    outputs = 3 if entry.target.per_output else 1
    assert float(value(f"{name}(p, y, reduction='sum')", p=p, y=y)) == pytest.approx(each.sum() * outputs, rel=1e-14)
    # a batch of one example has the example's own loss
    alone = value(f"{name}(p, y)", p=p[:1], y=y[:1])
    assert float(alone) == pytest.approx(float(value(f"{name}(p, y)", p=p[0], y=y[0])), rel=1e-14)
    # a sequence at every step averages over the steps as over examples
    deep = value(f"{name}(p, y)", p=p.reshape(2, 2, 3), y=y.reshape(2, 2, 3))
    assert float(deep) == pytest.approx(each.mean(), rel=1e-14)


def test_a_number_is_one_output() -> None:
    assert {name: float(value(f"{name}(p, y)", p=5.0, y=2.0)) for name in OF_ONE_EXAMPLE} == {
        "l2": 3.0,
        "sse": 9.0,
        "half_sse": 4.5,
        "mse": 9.0,
        "mae": 3.0,
    }


# --- cross-entropies -------------------------------------------------------------------------------------------------

NOTEBOOK = [2.0, -1.0, 5.0, 0.0]
SECOND = [0.0, 1.0, 0.0, 0.0]


def test_cross_entropy_of_the_notebook() -> None:
    """Deep Learning (2021), Out [2]: 6.0573286242556375, whether from the logits or from the probabilities."""
    assert float(value("softmax_cross_entropy(h, y)", h=NOTEBOOK, y=SECOND)) == 6.0573286242556375
    assert float(value("cross_entropy(softmax(h), y)", h=NOTEBOOK, y=SECOND)) == 6.0573286242556375


@pytest.mark.parametrize(("base", "divisor"), [("2", log(2)), ("10", log(10)), ("'e'", 1.0)])
def test_cross_entropy_in_another_base(base: str, divisor: float) -> None:
    for text in ("softmax_cross_entropy(h, y, log_base={})", "cross_entropy(softmax(h), y, log_base={})"):
        found = float(value(text.format(base), h=NOTEBOOK, y=SECOND))
        assert found == pytest.approx(6.0573286242556375 / divisor, rel=1e-15)
    # two equally likely classes are one bit
    assert float(value("cross_entropy(p, y, log_base=2)", p=[0.5, 0.5], y=[1, 0])) == 1.0


@pytest.mark.filterwarnings("error")
def test_logits_of_a_thousand() -> None:
    """softmax(1000, −1000, 0) with label 2: −ln p₂ = 1000 + 1000 = 2000 exactly."""
    case = derive("loss = softmax_cross_entropy(h, y)", {"h": [1000, -1000, 0], "y": [0, 1, 0]})
    evaluated = case.evaluated()
    assert float(evaluated["loss"]) == 2000.0
    assert evaluated["h.grad"].tolist() == [1.0, -1.0, 0.0]


@pytest.mark.parametrize(
    ("h", "y", "loss", "slope"),
    [(1000, 1, 0, 0), (1000, 0, 1000, 1), (-1000, 1, 1000, -1), (-1000, 0, 0, 0), (0, 1, log(2), -0.5)],
)
@pytest.mark.filterwarnings("error")
def test_binary_logits_of_a_thousand(h: float, y: float, loss: float, slope: float) -> None:
    case = derive("loss = binary_cross_entropy_with_logits(h, y)", {"h": h, "y": y})
    evaluated = case.evaluated()
    assert [float(evaluated["loss"]), float(evaluated["h.grad"])] == [loss, slope]


def test_binary_cross_entropy_to_20_digits() -> None:
    # mpmath, mp.dps = 60: -log(mpf(0.9)); log1p(exp(mpf(3))) - mpf(3) / 4
    assert float(value("binary_cross_entropy(p, y)", p=0.9, y=1.0)) == pytest.approx(0.10536051565782627656, rel=1e-15)
    assert float(value("binary_cross_entropy_with_logits(h, y)", h=3.0, y=0.25)) == pytest.approx(
        2.2985873515737420588, rel=1e-15
    )


@pytest.mark.parametrize(
    ("text", "p", "y", "loss", "slope"),
    [
        # 0 · log 0 is 0: a probability of 0 costs nothing where the target is 0, and its slope there is 0
        ("cross_entropy(p, y)", [1, 0, 0], [1, 0, 0], 0, [-1, 0, 0]),
        ("cross_entropy(p, y)", [0.5, 0.5, 0], [1, 0, 0], log(2), [-2, 0, 0]),
        ("binary_cross_entropy(p, y)", [1, 0], [1, 0], 0, [-0.5, 0.5]),
        # and what is certain and wrong costs infinitely much
        ("cross_entropy(p, y)", [0, 1, 0], [1, 0, 0], inf, [-inf, 0, 0]),
        ("binary_cross_entropy(p, y)", [0.0], [1.0], inf, [-inf]),
        ("binary_cross_entropy(p, y)", [1.0], [0.0], inf, [inf]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_probabilities_of_0_and_1(text: str, p: list[float], y: list[float], loss: float, slope: list[float]) -> None:
    assert float(value(text, p=p, y=y)) == loss
    assert gradient(text, p, y).tolist() == slope


def test_a_distribution_as_target_and_its_entropy() -> None:
    """Σ −½ ln ¼ − ½ ln ¾, by hand, and for p = y the entropy ln 2."""
    expected = -(0.5 * log(0.25) + 0.5 * log(0.75))
    assert float(value("cross_entropy(p, y)", p=[0.25, 0.75], y=[0.5, 0.5])) == pytest.approx(expected, rel=1e-15)
    assert float(value("cross_entropy(p, y)", p=[0.5, 0.5], y=[0.5, 0.5])) == pytest.approx(log(2), rel=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_a_prediction_that_is_no_number_gives_no_number(name: str) -> None:
    assert isnan(float(value(f"{name}(p, y)", p=[0.5, nan], y=[0.0, 1.0])))


@pytest.mark.parametrize(
    ("text", "p", "y", "message"),
    [
        ("cross_entropy(p, y)", [0.5, 0.5], [1, 1], "the target is no distribution over the classes"),
        ("softmax_cross_entropy(p, y)", [3, 4], [0, 0], "the target is no distribution over the classes"),
        ("softmax_cross_entropy(p, y)", [3, 4], [2, -1], "the target is no distribution over the classes"),
        (
            "softmax_cross_entropy(p, y)",
            [[3, 4]] * 2,
            [[0, 1], [1, 1]],
            "the target is no distribution over the classes",
        ),
        ("cross_entropy(p, y)", [-0.5, 1.5], [1, 0], "the prediction is no probability"),
        ("binary_cross_entropy(p, y)", [2.0], [1.0], "the prediction is no probability"),
    ],
)
def test_what_is_no_distribution_is_refused(text: str, p: object, y: object, message: str) -> None:
    case = forward(f"loss = {text}", {"p": p, "y": y})
    with pytest.raises(DomainError) as refused:
        evaluate(case.program, case.values)
    assert refused.value.message == message
    assert refused.value.equation == f"loss = {text}"
    assert refused.value.names == ("p", "y")
