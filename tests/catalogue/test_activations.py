"""Activations and functions: values against 20 digits of mpmath, and at the ends where formulas overflow."""

from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest

from nncalc.catalogue.index import ACTIVATIONS
from nncalc.catalogue.registry import operation
from nncalc.errors import ShapeError
from nncalc.language.expression import Setting
from nncalc.problem.quick import activation
from tests.engine.programs import derive, forward

# mpmath 1.3 with mp.dps = 60, printed by nstr(value, 20). The formulas, with s = lambda x: 1 / (1 + exp(-x)):
# s(x); log1p(exp(x)); x * s(x); expm1(x); x * ncdf(x); tanh(x); erf(x);
# x / 2 * (1 + tanh(sqrt(2 / pi) * (x + mpf('0.044715') * x ** 3)));
# x / (1 + abs(x)); x * tanh(log1p(exp(x))); x * s(mpf('1.702') * x); SELU's constants to 32 digits as in its paper;
# expm1(x / alpha) * alpha
RECORDED = [
    ("sigmoid(x)", -40.0, 4.2483542552915889773e-18),
    ("sigmoid(x)", -1.0, 0.26894142136999512075),
    ("sigmoid(x)", 0.5, 0.62245933120185456464),
    ("sigmoid(x)", 3.0, 0.95257412682243321912),
    ("softplus(x)", -40.0, 4.2483542552915889863e-18),
    ("softplus(x)", -1.0, 0.31326168751822283405),
    ("softplus(x)", 0.5, 0.97407698418010668087),
    ("softplus(x)", 30.0, 30.000000000000093576),
    ("silu(x)", -40.0, -1.6993417021166355909e-16),
    ("silu(x)", -1.0, -0.26894142136999512075),
    ("silu(x)", 3.0, 2.8577223804672996574),
    ("elu(x)", -20.0, -0.99999999793884637756),
    ("elu(x)", -1e-10, -9.9999999995000003643e-11),
    ("elu(x)", -1.0, -0.6321205588285576784),
    ("elu(x)", 2.5, 2.5),
    ("elu(x, alpha=0.5)", -1.0, -0.3160602794142788392),
    ("gelu(x)", -20.0, -5.5072482372124673902e-88),
    ("gelu(x)", -8.0, -4.9767684594174272988e-15),
    ("gelu(x)", -1.0, -0.15865525393145705141),
    ("gelu(x)", 3.0, 2.9959503059051097164),
    ("gelu_tanh(x)", -1.0, -0.15880800939172329522),
    ("gelu_tanh(x)", 0.5, 0.34571400982514392204),
    ("gelu_tanh(x)", 3.0, 2.9963626079182269812),
    ("softsign(x)", -40.0, -0.97560975609756097561),
    ("mish(x)", -40.0, -1.6993417021166355945e-16),
    ("mish(x)", -1.0, -0.30340146137410891807),
    ("mish(x)", 3.0, 2.9865350049679573191),
    ("gelu_quick(x)", -40.0, -1.0846551018154303683e-28),
    ("gelu_quick(x)", 0.5, 0.35038843660638012317),
    ("selu(x)", -1.0, -1.1113307378125627618),
    ("selu(x)", 0.5, 0.52535049367774024671),
    ("celu(x, alpha=0.5)", -40.0, -0.5),
    ("celu(x, alpha=0.5)", -1.0, -0.43233235838169365405),
    ("tanh(x)", 1e-8, 9.9999999999999998759e-9),
    ("tanh(x)", -1.0, -0.76159415595576488812),
    ("erf(x)", -1.0, -0.84270079294971486934),
    ("erf(x)", 0.5, 0.52049987781304653768),
]
# Worked out by hand: each rule on both sides of its kink and at it.
BY_HAND = [
    ("relu(x)", [-2, 0, 3], [0, 0, 3], [0, 0, 1]),
    ("leaky_relu(x)", [-2, 0, 3], [-0.02, 0, 3], [0.01, 0.01, 1]),
    ("leaky_relu(x, slope=0.1)", [-2, 0, 3], [-0.2, 0, 3], [0.1, 0.1, 1]),
    ("step(x)", [-2, 0, 3], [0, 0, 1], [0, 0, 0]),
    ("abs(x)", [-2, 0, 3], [2, 0, 3], [-1, 0, 1]),
    ("sign(x)", [-2, 0, 3], [-1, 0, 1], [0, 0, 0]),
    ("hard_sigmoid(x, slope=0.2, shift=0.5)", [-3, -2.5, 1, 2.5], [0, 0, 0.7, 1], [0, 0, 0.2, 0]),
    ("hard_tanh(x, low=-2, high=0.5)", [-3, -2, 0.25, 0.5], [-2, -2, 0.25, 0.5], [0, 0, 1, 0]),
    ("thresholded_relu(x, threshold=2)", [-3, 1, 2, 2.5], [0, 0, 0, 2.5], [0, 0, 0, 1]),
    ("identity(x)", [-2, 0, 3], [-2, 0, 3], [1, 1, 1]),
    ("clip(x, low=-1, high=2)", [-2, 0, 3], [-1, 0, 2], [0, 1, 0]),
    ("max(0, x)", [-2, 0, 3], [0, 0, 3], [0, 0, 1]),
    ("max(x, 0)", [-2, 0, 3], [0, 0, 3], [0, 0, 1]),
    ("elu(x)", [0, 3], [0, 3], [1, 1]),
    ("sigmoid(x)", [0], [0.5], [0.25]),
    ("tanh(x)", [0], [0], [1]),
    ("softplus(x)", [0], [0.6931471805599453], [0.5]),
]
# PyTorch 2.13.0, float64: t = tensor(X, requires_grad=True); y = f(t); y.sum().backward(); y and t.grad, with f =
# F.selu, F.celu(·, 0.5), F.hardsigmoid, F.hardswish, F.hardtanh, F.softsign, F.mish, F.threshold(·, 1, 0).
X = [-4.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 4.0]
PYTORCH = {
    "selu(x)": (
        [
            -1.7258986281898945,
            -1.6705687287671118,
            -1.1113307378125625,
            -0.6917581878028713,
            0.0,
            0.5253504936777402,
            1.0507009873554805,
            3.1521029620664414,
            4.202803949421922,
        ],
        [
            0.03220071265748214,
            0.08753061208026487,
            0.646768603034814,
            1.0663411530445053,
            1.7580993408473766,
            1.0507009873554805,
            1.0507009873554805,
            1.0507009873554805,
            1.0507009873554805,
        ],
    ),
    "celu(x, alpha=0.5)": (
        [
            -0.49983226868604874,
            -0.4987606239116668,
            -0.43233235838169365,
            -0.31606027941427883,
            0.0,
            0.5,
            1.0,
            3.0,
            4.0,
        ],
        [
            0.00033546262790251185,
            0.0024787521766663585,
            0.1353352832366127,
            0.36787944117144233,
            1.0,
            1.0,
            1.0,
            1.0,
            1.0,
        ],
    ),
    "hard_sigmoid(x)": (
        [0.0, 0.0, 0.3333333333333333, 0.4166666666666667, 0.5, 0.5833333333333334, 0.6666666666666666, 1.0, 1.0],
        [
            0.0,
            0.0,
            0.1666666716337204,
            0.1666666716337204,
            0.1666666716337204,
            0.1666666716337204,
            0.1666666716337204,
            0.0,
            0.0,
        ],
    ),
    "hard_swish(x)": (
        [0.0, 0.0, -0.3333333333333333, -0.20833333333333334, 0.0, 0.2916666666666667, 0.6666666666666666, 3.0, 4.0],
        [0.0, 0.0, 0.16666666666666669, 0.33333333333333337, 0.5, 0.6666666666666666, 0.8333333333333333, 1.0, 1.0],
    ),
    "hard_tanh(x)": ([-1.0, -1.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
    "softsign(x)": (
        [-0.8, -0.75, -0.5, -0.3333333333333333, 0.0, 0.3333333333333333, 0.5, 0.75, 0.8],
        [
            0.04000000000000001,
            0.0625,
            0.25,
            0.4444444444444444,
            1.0,
            0.4444444444444444,
            0.25,
            0.0625,
            0.04000000000000001,
        ],
    ),
    "mish(x)": (
        [
            -0.07259174079202535,
            -0.1456474612756246,
            -0.30340146137410895,
            -0.22074377465173,
            0.0,
            0.3752452113048951,
            0.8650983882673103,
            2.9865350049679575,
            3.9974128069762385,
        ],
        [
            -0.05377320979348033,
            -0.09339311453232084,
            0.059216755877395014,
            0.28951067791351226,
            0.6,
            0.8864243753577272,
            1.0490362200997922,
            1.0211069109294435,
            1.0044328769037503,
        ],
    ),
    "thresholded_relu(x)": (
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0],
    ),
}
FAR = [-1e308, -1000.0, -30.0, 30.0, 1000.0, 1e308]
# What each tends to far left and far right: value there, then derivative there. `x` is x itself.
LIMITS = {
    "identity": (("x", "x"), (1, 1)),
    "sigmoid": ((0, 1), (0, 0)),
    "tanh": ((-1, 1), (0, 0)),
    "relu": ((0, "x"), (0, 1)),
    "leaky_relu": ((None, "x"), (0.01, 1)),
    "elu": ((-1, "x"), (0, 1)),
    "gelu": ((0, "x"), (0, 1)),
    "gelu_tanh": ((0, "x"), (0, 1)),
    "silu": ((0, "x"), (0, 1)),
    "softplus": ((0, "x"), (0, 1)),
    "step": ((0, 1), (0, 0)),
    "selu": ((-1.7580993408473768, 1050.7009873554805), (0, 1.0507009873554805)),
    "celu": ((-1, "x"), (0, 1)),
    "gelu_quick": ((0, "x"), (0, 1)),
    "softsign": ((-1000 / 1001, 1000 / 1001), (1 / 1001**2, 1 / 1001**2)),
    "mish": ((0, "x"), (0, 1)),
    "hard_sigmoid": ((0, 1), (0, 0)),
    "hard_swish": ((0, "x"), (0, 1)),
    "hard_tanh": ((-1, 1), (0, 0)),
    "thresholded_relu": ((0, "x"), (0, 1)),
    "sign": ((-1, 1), (0, 0)),
}


def at(text: str, x: object) -> tuple[np.ndarray, np.ndarray]:
    """An expression's value at x and its derivative there."""
    case = derive(f"q = {text}\nloss = sum(q)", {"x": x}, labels=())
    values = case.evaluated()
    return values["q"], values["x.grad"]


@pytest.mark.parametrize(("text", "x", "expected"), RECORDED)
def test_recorded_values(text: str, x: float, expected: float) -> None:
    assert float(at(text, x)[0]) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(("text", "x", "value", "derivative"), BY_HAND)
def test_values_by_hand(text: str, x: list[float], value: list[float], derivative: list[float]) -> None:
    found = at(text, x)
    assert found[0].tolist() == pytest.approx(value, rel=1e-15)
    assert found[1].tolist() == pytest.approx(derivative, rel=1e-15)


@pytest.mark.parametrize("text", PYTORCH)
def test_values_of_pytorch(text: str) -> None:
    """PyTorch's hardsigmoid keeps its 1/6 in single precision for the derivative."""
    value, derivative = at(text, X)
    assert value.tolist() == pytest.approx(PYTORCH[text][0], rel=1e-14)
    assert derivative.tolist() == pytest.approx(PYTORCH[text][1], rel=1e-7 if "sigmoid" in text else 2e-14)


def test_every_elementwise_activation_has_its_limits_tested() -> None:
    assert set(LIMITS) == {name for name in ACTIVATIONS if operation(name).elementwise}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.filterwarnings("error")
def test_far_from_zero_nothing_overflows(name: str) -> None:
    """At ±1000 the limit is reached to the last digit; e^1000 alone would be infinite."""
    values, derivatives = at(f"{name}(x)", [-1000.0, 1000.0])
    for found, expected, x in zip(values, LIMITS[name][0], (-1000.0, 1000.0), strict=True):
        if expected is not None:
            assert found == (x if expected == "x" else expected)
    assert derivatives.tolist() == list(LIMITS[name][1])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "elu", "softplus", "step", "identity", "leaky_relu"])
def test_at_the_largest_doubles_values_and_derivatives_are_finite(name: str) -> None:
    for found in at(f"{name}(x)", FAR):
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if n != "step" and operation(n).elementwise])
def test_what_is_no_number_stays_none(name: str) -> None:
    assert isnan(at(f"{name}(x)", [nan, 1.0])[0][0])


def test_one_entry_that_is_no_number_makes_the_whole_softmax_none() -> None:
    assert np.isnan(at("softmax(x)", [nan, 1.0])[0]).all()
    assert np.isnan(at("log_softmax(x)", [nan, 1.0])[0]).all()


def test_the_functions_of_calculus_at_known_points() -> None:
    known = {
        "exp(x)": (1.0, 2.718281828459045),
        "log(x)": (10.0, 2.302585092994046),
        "log2(x)": (8.0, 3.0),
        "log10(x)": (1000.0, 3.0),
        "sqrt(x)": (2.0, 1.4142135623730951),
        "sin(x)": (0.5235987755982988, 0.5),  # π/6
        "cos(x)": (1.0471975511965976, 0.5),  # π/3
    }
    for text, (x, expected) in known.items():
        assert float(at(text, x)[0]) == pytest.approx(expected, rel=2e-16)


# --- softmax -----------------------------------------------------------------------------------------------------


def test_softmax_of_the_notebook() -> None:
    """softmax(2, −1, 5, 0) as Deep Learning (2021) prints it in Out [2]; 20 digits from mpmath."""
    p = at("softmax(x)", [2, -1, 5, 0])[0]
    assert np.round(p, 8).tolist() == [0.04701312, 0.00234065, 0.9442837, 0.00636253]
    exact = [0.047013117321901718105, 0.0023406452862919294384, 0.94428370384321068109, 0.0063625335485956713618]
    assert p.tolist() == pytest.approx(exact, rel=4e-16)


def test_log_softmax_of_the_notebook() -> None:
    exact = [-3.0573286242556376762, -6.0573286242556376762, -0.057328624255637676217, -5.0573286242556376762]
    assert at("log_softmax(x)", [2, -1, 5, 0])[0].tolist() == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize(
    ("x", "p", "log_p"),
    [
        ([1000, -1000, 0], [1, 0, 0], [0, -2000, -1000]),
        ([1000, 1000], [0.5, 0.5], [-0.6931471805599453] * 2),
        ([-1000, -1000], [0.5, 0.5], [-0.6931471805599453] * 2),
        ([1e308, -1e308], [1, 0], [0, -inf]),  # the difference of the scores is past the largest double
        ([3], [1], [0]),
    ],
)
def test_softmax_of_large_scores(x: list[float], p: list[float], log_p: list[float]) -> None:
    assert at("softmax(x)", x)[0].tolist() == p
    assert at("log_softmax(x)", x)[0].tolist() == log_p


def test_softmax_along_either_axis_and_with_a_temperature() -> None:
    scores = np.log([[1.0, 3.0], [1.0, 1.0]])  # e^scores are 1, 3 and 1, 1
    evaluate = forward(
        "a = softmax(x)\nb = softmax(x, axis=0)\nc = softmax(x, temperature=0.5)", {"x": scores}
    ).evaluated()
    assert evaluate["a"] == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]), rel=1e-15)
    assert evaluate["b"] == pytest.approx(np.array([[0.5, 0.75], [0.5, 0.25]]), rel=1e-15)
    # half the temperature squares the weights: 1 and 9
    assert evaluate["c"] == pytest.approx(np.array([[0.1, 0.9], [0.5, 0.5]]), rel=1e-15)


def test_softmax_of_one_number_is_1_and_has_no_slope() -> None:
    assert [float(v) for v in at("softmax(x)", 5.0)] == [1.0, 0.0]
    assert [float(v) for v in at("log_softmax(x)", 5.0)] == [0.0, 0.0]


# --- maxout and PReLU --------------------------------------------------------------------------------------------


def test_maxout_takes_the_largest_of_neighbours() -> None:
    values, slopes = at("maxout(x, pieces=2)", [[0.0, 1.0, -1.0, -2.0], [3.0, 3.0, 5.0, 7.0]])
    assert values.tolist() == [[1, -1], [3, 7]]
    # equal largest pieces share the gradient
    assert slopes.tolist() == [[0, 1, 1, 0], [0.5, 0.5, 0, 1]]


def test_maxout_of_a_row_is_that_of_an_array() -> None:
    for pieces in (1, 2, 3, 6):
        numbers = [0.5, -1.0, 2.0, 2.0, -3.0, 1.5]
        settings: dict[str, Setting] = {"pieces": pieces}
        found = activation("maxout", numbers, settings)
        values, _ = at(f"maxout(x, pieces={pieces})", numbers)
        assert found.values["result"].tolist() == values.tolist()
        for i, row in enumerate(found.values["x.grad"]):
            case = derive(f"loss = maxout(x, pieces={pieces})[{i}]", {"x": numbers}, labels=())
            assert row.tolist() == case.evaluated()["x.grad"].tolist()


@pytest.mark.parametrize(("text", "pieces"), [("maxout(x, pieces=2)", 2), ("maxout(x, pieces=4)", 4)])
def test_maxout_needs_whole_units(text: str, pieces: int) -> None:
    with pytest.raises(ShapeError) as refused:
        forward(f"q = {text}", {"x": [1.0, 2.0, 3.0]}, labels=())
    assert refused.value.message == f"a vector of 3 can't be parted into pieces of {pieces}"


def test_prelu_learns_its_slope() -> None:
    """By hand: the slope's derivative is the sum of the negative inputs, of each channel where there are several."""
    one = derive("loss = sum(prelu(x, a))", {"x": [[-2.0, 3.0], [-1.0, 0.0]]}, {"a": 0.25}, labels=()).evaluated()
    assert float(one["loss"]) == -0.5 + 3 - 0.25
    assert float(one["a.grad"]) == -3.0
    assert one["x.grad"].tolist() == [[0.25, 1], [0.25, 0.25]]
    two = derive("loss = sum(prelu(x, a))", {"x": [[-2.0, 3.0], [-1.0, -4.0]]}, {"a": [0.25, 0.5]}, labels=())
    assert two.evaluated()["a.grad"].tolist() == [-3.0, -4.0]
