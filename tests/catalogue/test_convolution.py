"""Convolutions and pools against PyTorch's numbers, by hand, and against each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.errors import ShapeError
from tests.engine.programs import derive, forward

RECORDED = json.loads((Path(__file__).parent.parent / "numbers" / "convolution.json").read_text("utf-8"))


def wave(start: float, shape: list[int]) -> np.ndarray:
    return np.sin(0.7 * np.arange(np.prod(shape)) + start).reshape(shape)


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: case["expression"])
def test_values_and_gradients_are_pytorchs(case: dict[str, Any]) -> None:
    starts = {"x": 0.5, "W": 1.0}
    values = {name: wave(starts[name], shape) for name, shape in case["shapes"].items()}
    found = derive(f"q = {case['expression']}\nloss = sum(q ** 2)", values).evaluated()
    np.testing.assert_allclose(found["q"], case["result"], rtol=0, atol=1e-11)
    for name, gradient in case["gradients"].items():
        np.testing.assert_allclose(found[f"{name}.grad"], gradient, rtol=0, atol=1e-10)


def test_the_published_numbers_of_cs231ns_convolution() -> None:
    """Stanford CS231n, assignment 2, ConvolutionalNetworks.ipynb, the check of conv_forward_naive.

    https://cs231n.github.io/assignments2018/assignment2/; the numbers stand in every public copy of the notebook, such
    as https://github.com/khancynthia28/Deep_Learning_2019.
    """
    x = np.linspace(-0.1, 0.5, num=2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    w = np.linspace(-0.2, 0.3, num=3 * 3 * 4 * 4).reshape(3, 3, 4, 4)
    b = np.linspace(-0.1, 0.2, num=3)
    expected = [
        [
            [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
            [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
            [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
        ],
        [
            [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
            [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
            [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
        ],
    ]
    values = {"x": x, "W": w, "b": b}
    found = forward("q = conv2d(x, W, stride=2, padding=1) + b[:, None, None]", values).evaluated()["q"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-9)


def test_the_published_numbers_of_cs231ns_max_pool() -> None:
    """Stanford CS231n, assignment 2, ConvolutionalNetworks.ipynb, the check of max_pool_forward_naive, as above."""
    x = np.linspace(-0.3, 0.4, num=2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    expected = [
        [
            [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]],
            [[-0.14526316, -0.13052632], [-0.08631579, -0.07157895]],
            [[-0.02736842, -0.01263158], [0.03157895, 0.04631579]],
        ],
        [
            [[0.09052632, 0.10526316], [0.14947368, 0.16421053]],
            [[0.20842105, 0.22315789], [0.26736842, 0.28210526]],
            [[0.32631579, 0.34105263], [0.38526316, 0.4]],
        ],
    ]
    found = forward("q = max_pool2d(x, size=2, stride=2)", {"x": x}).evaluated()["q"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-9)


def test_a_cross_correlation_by_hand_and_its_kernel_turned() -> None:
    x, w = np.arange(9.0).reshape(1, 3, 3), np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    values = forward("a = conv2d(x, W)\nb = conv2d(x, W, flip=True)", {"x": x, "W": w}).evaluated()
    assert values["a"].tolist() == [[[27.0, 37.0], [57.0, 67.0]]]
    assert values["b"].tolist() == [[[13.0, 23.0], [43.0, 53.0]]]


def test_a_tie_goes_to_the_first_row_by_row() -> None:
    x = np.array([[[1.0, 5.0, 5.0], [5.0, 0.0, 5.0]]])
    found = derive("q = max_pool2d(x, size=2, stride=1)\nloss = sum(q)", {"x": x}).evaluated()
    assert found["x.grad"].tolist() == [[[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]]


def test_a_window_of_zeros_has_no_slope_under_the_2_norm() -> None:
    found = derive("q = lp_pool2d(x, size=2)\nloss = sum(q)", {"x": np.zeros((1, 2, 2))}).evaluated()
    assert found["x.grad"].tolist() == [[[0.0, 0.0], [0.0, 0.0]]]


def slow_conv2d(x: np.ndarray, w: np.ndarray, stride: int, padding: int, dilation: int, groups: int) -> np.ndarray:
    """Goodfellow's eq. 9.6, one number at a time."""
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    rows, columns = (
        (n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(padded.shape[1:], w.shape[2:], strict=True)
    )
    result = np.zeros((w.shape[0], rows, columns))
    per_group = w.shape[0] // groups
    for o, i, j in np.ndindex(result.shape):
        for c, m, n in np.ndindex(w.shape[1:]):
            channel = o // per_group * w.shape[1] + c
            result[o, i, j] += padded[channel, i * stride + m * dilation, j * stride + n * dilation] * w[o, c, m, n]
    return result


@given(st.data())
def test_any_convolution_is_the_textbooks_sum_and_its_gradients_are_its_transposes(data: st.DataObject) -> None:
    def number(low: int, high: int) -> int:
        return data.draw(st.integers(low, high))

    groups, stride, padding, dilation = number(1, 2), number(1, 3), number(0, 2), number(1, 2)
    kernel = number(1, 3), number(1, 3)
    least = [dilation * (k - 1) + 1 for k in kernel]
    sizes = [number(n, n + 3) for n in least]
    rng = np.random.default_rng(number(0, 9))
    x = rng.normal(size=(2 * groups, *sizes))
    w = rng.normal(size=(groups * number(1, 2), 2, *kernel))
    settings = f"stride={stride}, padding={padding}, dilation={dilation}, groups={groups}"
    expected = slow_conv2d(x, w, stride, padding, dilation, groups)
    g = rng.normal(size=expected.shape)
    given = {"x": x, "W": w, "g": g}
    case = derive(f"q = conv2d(x, W, {settings})\nloss = sum(g * q)", given, labels=("g",))
    found = case.evaluated()
    np.testing.assert_allclose(found["q"], expected, rtol=0, atol=1e-12)
    # the map is linear in each argument: ⟨g, conv(x, W)⟩ = ⟨x.grad, x⟩ = ⟨W.grad, W⟩
    for name in ("x", "W"):
        np.testing.assert_allclose(
            np.sum(found[f"{name}.grad"] * given[name]), np.sum(g * expected), rtol=0, atol=1e-11
        )


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 2))
def test_same_gives_n_by_stride_rounded_up_and_what_is_uneven_goes_behind(n: int, k: int, s: int, d: int) -> None:
    entry = operation("conv1d")
    (axis,) = entry.window((1, n), (1, 1, k), **{**entry.defaults, "padding": "same", "stride": s, "dilation": d})
    assert axis.out == -(-n // s)
    assert axis.before <= axis.after <= axis.before + 1


@pytest.mark.parametrize(
    ("expression", "x", "w", "message", "label"),
    [
        (
            "conv2d(x, W)",
            (1, 2, 2),
            (1, 1, 3, 3),
            "the kernel is larger than its input",
            "the kernel spans 3, the input 2",
        ),
        (
            "conv2d(x, W, padding=1, dilation=2)",
            (1, 2, 2),
            (1, 1, 3, 3),
            "the kernel is larger than its padded input",
            "the kernel spans 5, the input 4 with its padding",
        ),
        (
            "conv2d(x, W, groups=2)",
            (3, 4, 4),
            (2, 1, 2, 2),
            "2 groups do not divide the channels of the input",
            "found 3",
        ),
        ("conv2d(x, W, groups=2)", (4, 4, 4), (3, 2, 2, 2), "2 groups do not divide the kernels", "found 3 of them"),
        (
            "conv2d(x, W)",
            (3, 4, 4),
            (1, 1, 2, 2),
            "x and W do not fit",
            "each kernel has 1 channel, the input 3",
        ),
        (
            "conv2d(x, W)",
            (4, 4),
            (1, 1, 2, 2),
            "conv2d needs (channels, height, width), or examples of them",
            "found 4×4",
        ),
        (
            "conv2d(x, W)",
            (1, 4, 4),
            (2, 2),
            "conv2d needs kernels of 4 axes",
            "expected (out, in / groups, height, width)",
        ),
        ("conv2d(x, W, stride=(1, 2, 3))", (1, 4, 4), (1, 1, 2, 2), "stride=(1, 2, 3) does not fit", "or 2 of them"),
        ("conv2d(x, W, padding=((1, 2, 3), 1))", (1, 4, 4), (1, 1, 2, 2), "does not fit", "2 of them or 2 pairs"),
        (
            "max_pool2d(x, size=3) + sum(W)",
            (1, 2, 4),
            (1,),
            "the window is larger than its input",
            "the window spans 3",
        ),
        (
            "max_pool2d(x, size=2, padding=2) + sum(W)",
            (1, 4, 4),
            (1,),
            "the padding is more than half the window",
            "2 against 2",
        ),
        (
            "conv_transpose2d(x, W, stride=2, output_padding=2)",
            (1, 2, 2),
            (1, 1, 2, 2),
            "the output padding is too large",
            "found 2, expected less than the stride or the dilation, 2",
        ),
        (
            "conv_transpose2d(x, W)",
            (2, 2, 2),
            (1, 1, 2, 2),
            "x and W do not fit",
            "the input has 2",
        ),
        ("upsample(x, scale=(2, 2, 2, 2)) + sum(W)", (1, 2, 2), (1,), "more axes than there are", "found 4"),
        ("global_avg_pool(x) + sum(W)", (4,), (1,), "a global pool needs (channels, …)", "found 1 axes"),
    ],
)
def test_what_does_not_fit_is_said_with_both_sides(
    expression: str, x: tuple[int, ...], w: tuple[int, ...], message: str, label: str
) -> None:
    with pytest.raises(ShapeError) as refused:
        forward(f"q = {expression}", {"x": np.zeros(x), "W": np.zeros(w)})
    assert message in refused.value.message
    assert label in refused.value.label


def test_the_buffer_of_one_product_does_not_leak_into_the_next() -> None:
    conv = operation("conv2d")
    rng = np.random.default_rng(1)
    large, small, w = rng.normal(size=(3, 2, 6, 6)), rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 2, 2, 2))
    first = conv.value(xp, large, w, **conv.defaults)
    kept = first.copy()
    alone = conv.value(xp, small, w, **conv.defaults)
    assert (conv.value(xp, small, w, **conv.defaults) == alone).all()
    assert (first == kept).all()
