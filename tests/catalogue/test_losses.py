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
from tests.engine.programs import derive, forward, numerically, relative_error

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


# --- PyTorch's numbers -----------------------------------------------------------------------------------------------

# PyTorch 2.13.0, float64: t = tensor(P, requires_grad=True); v = f(t); v.backward(); v.item() and t.grad, with f =
# F.huber_loss(t, y), F.smooth_l1_loss(t, y, beta=0.5), F.poisson_nll_loss(t, COUNTS, log_input=False, eps=0) at RATES,
# F.cosine_embedding_loss(t, y, ones(2))
P, Y = [[0.5, -1.0, 2.0], [1.5, 0.0, -0.25]], [[1.0, -1.0, 0.5], [-1.0, 1.0, 1.0]]
RATES, COUNTS = [[0.5, 1.0, 2.0], [1.5, 3.0, 0.25]], [[1.0, 0.0, 3.0], [2.0, 1.0, 0.0]]
OF_PYTORCH = {
    "huber(p, y)": (
        0.7291666666666666,
        [
            [-0.08333333333333333, 0.0, 0.16666666666666666],
            [0.16666666666666666, -0.16666666666666666, -0.16666666666666666],
        ],
    ),
    "huber(p, y, delta=0.5)": (
        0.4583333333333333,
        [
            [-0.08333333333333333, 0.0, 0.08333333333333333],
            [0.08333333333333333, -0.08333333333333333, -0.08333333333333333],
        ],
    ),
    "smooth_l1(p, y, beta=0.5)": (
        0.9166666666666666,
        [
            [-0.16666666666666666, 0.0, 0.16666666666666666],
            [0.16666666666666666, -0.16666666666666666, -0.16666666666666666],
        ],
    ),
    "poisson(p, y)": (
        0.8256938556659451,
        [
            [-0.16666666666666666, 0.16666666666666666, -0.08333333333333334],
            [-0.05555555555555555, 0.1111111111111111, 0.16666666666666666],
        ],
    ),
    "cosine(p, y)": (
        0.968508814786709,
        [
            [-0.11084083313571357, 0.07620307278081173, 0.06581174467429964],
            [-0.0256529188040186, -0.18983159915042713, -0.1539175128246862],
        ],
    ),
}
# F.cross_entropy(t, LABELS, weight=W, label_smoothing=…, ignore_index=2), F.nll_loss of F.log_softmax,
# F.multi_margin_loss; and, written out, (-alpha * (1 - p) ** gamma * log p).mean() for the focal loss
H, LABELS, W = [[2.0, -1.0, 0.5], [0.0, 1.0, -0.5], [1.0, 1.5, -2.0]], [0, 2, 1], [0.5, 1.0, 2.0]
OF_CLASSES = {
    "softmax_cross_entropy(h, y, label_smoothing=0.1)": (
        0.9716819669213556,
        [
            [-0.04924543291468579, 0.001926413312451373, 0.04731901960223446],
            [0.06596352142960522, 0.19839946195947636, -0.26436298338908165],
            [0.11241392251856433, -0.10745276070191653, -0.004961161816647769],
        ],
    ),
    "softmax_cross_entropy(h, y, class_weights=w)": (
        1.2977406771076474,
        [
            [-0.030628995058674873, 0.005587510467241064, 0.02504148459143381],
            [0.13212794149837087, 0.35916098240672134, -0.49128892390509227],
            [0.1058786002540075, -0.11114998536354752, 0.005271385109540007],
        ],
    ),
    "softmax_cross_entropy(h, y, class_weights=w, label_smoothing=0.2)": (
        1.4371321096735636,
        [
            [0.018346130068535627, -0.011970105789113698, -0.006376024279421929],
            [0.11159347018303045, 0.3101832814918756, -0.421776751674906],
            [0.09988407740533158, -0.06723593725661817, -0.032648140148713416],
        ],
    ),
    "softmax_cross_entropy(h, y, class_weights=w, reduction='sum')": (
        4.542092369876766,
        [
            [-0.10720148270536206, 0.019556286635343725, 0.08764519607001835],
            [0.4624477952442981, 1.2570634384235249, -1.719511233667823],
            [0.3705751008890263, -0.38902494877241633, 0.018449847883390026],
        ],
    ),
    "nll(log_softmax(h), y, class_weights=w)": (
        1.2977406771076474,
        [
            [-0.030628995058674873, 0.005587510467241064, 0.02504148459143381],
            [0.13212794149837087, 0.35916098240672134, -0.49128892390509227],
            [0.1058786002540075, -0.11114998536354752, 0.005271385109540007],
        ],
    ),
    "multiclass_hinge(h, y, average='classes')": (
        0.5,
        [
            [0.0, 0.0, 0.0],
            [0.1111111111111111, 0.1111111111111111, -0.2222222222222222],
            [0.1111111111111111, -0.1111111111111111, 0.0],
        ],
    ),
    "multiclass_hinge(h, y, margin=0.5, average='classes')": (
        0.3333333333333333,
        [[0.0, 0.0, 0.0], [0.1111111111111111, 0.1111111111111111, -0.2222222222222222], [0.0, 0.0, 0.0]],
    ),
    "kl_divergence(softmax(h), y)": (
        0.47709455171562287,
        [
            [-0.004800988470241373, -0.020295808909770854, 0.02509679738001222],
            [0.043741299207383, 0.1761772397372541, -0.21991853894463712],
            [0.09019170029634208, -0.0630083162574721, -0.027183384038869992],
        ],
    ),
    "focal(h, y)": (
        0.5125598704952875,
        [
            [-0.009094891360139605, 0.001659140320335372, 0.007435751039804234],
            [0.09348311069715774, 0.25411344107590933, -0.3475965517730671],
            [0.047625614301549254, -0.049996754016842004, 0.002371139715292751],
        ],
    ),
    "focal(h, y, gamma=0.5, alpha=0.25)": (
        0.18670528749577184,
        [
            [-0.011930513722305072, 0.002176430215070425, 0.009754083507234649],
            [0.02072895940973815, 0.056347153686356365, -0.07707611309609452],
            [0.026713366171302856, -0.028043346359209298, 0.0013299801879064388],
        ],
    ),
}
IGNORING = {
    "softmax_cross_entropy(h, y, ignore_index=3)": (
        0.36700522499472743,
        [
            [-0.10720148270536206, 0.019556286635343725, 0.08764519607001835],
            [0.0, 0.0, 0.0],
            [0.18528755044451314, -0.19451247438620817, 0.009224923941695013],
        ],
    ),
    "softmax_cross_entropy(h, y, ignore_index=3, class_weights=w, label_smoothing=0.1)": (
        0.7195470271068167,
        [
            [-0.014330009155162459, -0.0074463612088514096, 0.021776370364013857],
            [0.0, 0.0, 0.0],
            [0.2400564572692289, -0.20811690972352667, -0.031939547545702315],
        ],
    ),
}


def agrees(text: str, prediction: str, given: dict[str, object], expected: tuple[float, list[list[float]]]) -> None:
    labels = tuple(name for name in given if name != prediction)
    rel = 1e-11 if text.startswith("cosine") else 1e-14  # PyTorch adds 1e-12 to the squared lengths
    evaluated = derive(f"loss = {text}", given, labels=labels).evaluated()
    assert float(evaluated["loss"]) == pytest.approx(expected[0], rel=rel)
    assert evaluated[f"{prediction}.grad"] == pytest.approx(np.array(expected[1]), rel=10 * rel, abs=1e-16)


@pytest.mark.parametrize("text", OF_PYTORCH)
def test_regression_losses_of_pytorch(text: str) -> None:
    p, y = (RATES, COUNTS) if text.startswith("poisson") else (P, Y)
    agrees(text, "p", {"p": p, "y": y}, OF_PYTORCH[text])


@pytest.mark.parametrize("text", OF_CLASSES)
def test_class_losses_of_pytorch(text: str) -> None:
    y = np.eye(3)[LABELS]
    if text.startswith("kl"):
        y = 0.7 * y + 0.1
    agrees(text, "h", {"h": H, "y": y, "w": W}, OF_CLASSES[text])


@pytest.mark.parametrize("text", IGNORING)
def test_an_ignored_class_of_pytorch(text: str) -> None:
    """A row of zeros is a label that does not count: in the sum, and in what the mean divides by."""
    y = np.eye(3)[LABELS]
    y[1] = 0
    agrees(text, "h", {"h": H, "y": y, "w": W}, IGNORING[text])


@pytest.mark.parametrize(
    ("scores", "loss"),
    [([3.2, 5.1, -1.7], 2.9), ([4.9, 1.3, 2.0], 0.0), ([-3.1, 2.2, 2.5], 12.9)],
)
def test_multiclass_hinge_of_cs231n(scores: list[float], loss: float) -> None:
    """Stanford CS231n, lecture 3, "Multiclass SVM loss": cat, car and frog with the losses 2.9, 0 and 12.9.

    The slide's numbers as people's public notes of the lecture have them, with their mean (2.9 + 0 + 12.9)/3 = 5.27.
    """
    assert float(value("multiclass_hinge(h, y)", h=scores, y=[1, 0, 0])) == pytest.approx(loss, rel=1e-14, abs=1e-15)


def test_multiclass_hinge_of_the_cs231n_notes() -> None:
    """Stanford CS231n notes, Linear Classification: scores 13, −7, 11 and Δ = 10 give max(0, −10) + max(0, 8) = 8."""
    case = derive("loss = multiclass_hinge(h, y, margin=10)", {"h": [13.0, -7.0, 11.0], "y": [1.0, 0.0, 0.0]})
    evaluated = case.evaluated()
    assert float(evaluated["loss"]) == 8.0
    assert evaluated["h.grad"].tolist() == [-1, 0, 1]


@pytest.mark.parametrize(
    ("text", "p", "y", "loss", "slope"),
    [
        # 1 − y ŷ is 0.5, 0, 3, −1: right but near, at the margin, wrong, right
        ("hinge(p, y)", [0.5, -1, -2, -2], [1, -1, 1, -1], 3.5 / 4, [-0.25, 0, -0.25, 0]),
        ("squared_hinge(p, y)", [0.5, -1, -2, -2], [1, -1, 1, -1], 9.25 / 4, [-0.25, 0, -1.5, 0]),
        ("log_cosh(p, y)", [1.0, 0.0], [0.0, 0.0], log(np.cosh(1)) / 2, [np.tanh(1) / 2, 0]),
        ("cosine(p, y)", [3.0, 0.0], [0.0, 2.0], 1, [0, -1 / 3]),
        # 0 · log 0 is 0
        ("kl_divergence(p, y)", [0.5, 0.5, 0], [1, 0, 0], log(2), [-2, 0, 0]),
        ("poisson(p, y)", [2.0, 1.0], [0.0, 1.0], 1.5, [0.5, 0]),
        ("nll(p, y)", [-0.5, -1.0], [0, 1], 1, [0, -1]),
    ],
)
def test_worked_by_hand(text: str, p: list[float], y: list[float], loss: float, slope: list[float]) -> None:
    assert float(value(text, p=p, y=y)) == pytest.approx(loss, rel=1e-15)
    assert gradient(text, p, y).tolist() == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "p", "y", "loss", "slope"),
    [
        ("log_cosh(p, y)", [1e6, -1e6], [0, 0], 1e6 - log(2), [0.5, -0.5]),
        ("log_cosh(p, y)", [1e-9, 0], [0, 0], 0.25e-18, [0.5e-9, 0]),
        ("huber(p, y)", [1e200, 0], [0, 0], 0.5e200, [0.5, 0]),
        ("focal(p, y)", [1000, -1000], [1, 0], 0, [0, 0]),
        ("focal(p, y)", [1000, -1000], [0, 1], 2000, [1, -1]),
        ("focal(p, y, gamma=0.5)", [1000, -1000], [1, 0], 0, [0, 0]),
        ("focal(p, y, gamma=0)", [1000, -1000], [1, 0], 0, [0, 0]),
        ("cosine(p, y)", [3e100, 4e100], [4e100, -3e100], 1, [-0.16e-100, 0.12e-100]),
        ("multiclass_hinge(p, y)", [1e300, 0], [1, 0], 0, [0, 0]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_extremes(text: str, p: list[float], y: list[float], loss: float, slope: list[float]) -> None:
    assert float(value(text, p=p, y=y)) == pytest.approx(loss, rel=1e-14, abs=1e-300)
    assert gradient(text, p, y).tolist() == pytest.approx(slope, rel=1e-14, abs=1e-200)


def test_a_vector_without_length_has_no_direction() -> None:
    assert float(value("cosine(p, y)", p=[0.0, 0.0], y=[1.0, 2.0])) == 1.0


def test_the_weighted_mean_has_its_slope() -> None:
    """Also by the target, which stands in what the mean divides by."""
    rng = np.random.default_rng(4)
    y = rng.uniform(0.1, 0.9, (3, 3))
    y /= y.sum(axis=1, keepdims=True)
    given = {"h": rng.normal(size=(3, 3)), "y": y, "w": W}
    case = derive("loss = softmax_cross_entropy(h, y, class_weights=w, label_smoothing=0.2)", given, labels=("w", "y"))
    assert relative_error(case.evaluated()["h.grad"], numerically(case, "loss", "h")) < 1e-10
    free = derive("loss = softmax_cross_entropy(h, y, class_weights=w)", given, labels=("w",))
    along = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [-1.0, 0.0, 1.0]])
    ends = [
        derive("loss = softmax_cross_entropy(h, y, class_weights=w)", {**given, "y": y + s * along}).evaluated()["loss"]
        for s in (1e-5, -1e-5)
    ]
    slope = np.sum(free.evaluated()["y.grad"] * along)
    assert float(slope) == pytest.approx(float(ends[0] - ends[1]) / 2e-5, rel=1e-8)
