"""`--entry`: how one entry of a convolution or a pool comes about, on the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncalc.cli.run import run
from nncalc.cli.stepper import Pages
from nncalc.problem.load import load_text
from nncalc.problem.work import Worked, work
from nncalc.views.clean import display_width
from nncalc.views.line import text_of
from nncalc.views.sheet import Sheet
from nncalc.views.window import window_view, windows_of

CNN = """\
h̄¹[1, 1, 2] from rows 1–3, columns 2–4
  ⎡0  2  1⎤   ⎡1  0  −1⎤   ⎡0  0  −1⎤
  ⎢1  1  3⎥ ⊙ ⎢0  1   0⎥ = ⎢0  1   0⎥
  ⎣1  0  1⎦   ⎣1  0   1⎦   ⎣1  0   1⎦
  −1 + 1 + 1 + 1 = 2
  so that h̄¹[1, 1, 2] = 1, by h̄¹ = W¹ ∗ x + b¹
"""
POOL = """\
pool1[1, 1, 1] from rows 1–2, columns 1–2
  ⎡1  1⎤
  ⎣1  0⎦
  the largest is 1, entry 1 of the window row by row; 3 are,
    and the first takes the gradient
"""
PADDED = """\
h¹[1, 1, 1] from rows 0–1, columns 0–1, the padding among
  them
  #1 ⎡0  0⎤  #2 ⎡0  0⎤ ⊙ #1 ⎡ 1  0⎤  #2 ⎡0  1⎤
     ⎣0  1⎦     ⎣0  0⎦      ⎣−1  1⎦     ⎣1  0⎦
    = #1 ⎡0  0⎤  #2 ⎡0  0⎤
         ⎣0  1⎦     ⎣0  0⎦
  the sum is 1
  so that h¹[1, 1, 1] = 1.5, by h¹ = conv2d(x, W¹; stride =
    2, padding = 1) + b¹
"""


def shown(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["forward", "cnn", "--entry", "1,2"], CNN),
        (["backprop", "cnn", "--entry", "1,1,2"], CNN),
        (["sgd", "cnn", "--entry", "1, 1"], POOL),
        (["forward", "conv-stride-padding", "--entry", "1,1,1"], PADDED),
    ],
)
def test_an_entry_is_shown_behind_the_steps(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shown(arguments, capsys, monkeypatch)
    assert max(map(display_width, out.splitlines())) <= 60
    assert expected in out
    assert out.startswith(shown(arguments[:2], capsys, monkeypatch).rstrip("\n"))


@pytest.mark.parametrize(
    ("layer", "inputs", "entry", "lines"),
    [
        ("avg_pool2d: {size: 2}", "[[[1, 2], [3, 4]]]", "1,1", ["  (1 + 2 + 3 + 4) / 4 = 2.5"]),
        ("lp_pool2d: {size: 2}", "[[[0, 4], [3, 0]]]", "1,1,1", ["  (Σ|x|^p)^(1/p) with p = 2: 5"]),
        ("max_pool1d: {size: 2, stride: 1}", "[[1, -2, 5]]", "2", ["pool1[1, 2] from entries 2–3"]),
        (
            "max_pool2d: {size: [1, 2]}",
            "[[[[1, 2]]], [[[4, 3]]]]",
            "2,1,1,1",
            ["pool1[2, 1, 1, 1] from row 1, columns 1–2"],
        ),
        (
            "conv2d: {weights: [[[[1, 2]]]], flip: true}",
            "[[[5, 7]]]",
            "1,1",
            ["  [5 7] ⊙ [2 1] = [10 7]", "  10 + 7 = 17"],
        ),
        (
            "conv_transpose2d: {weights: [[[[1, 2], [3, 4]]]], stride: 2, dilation: 2, padding: 1, bias: 1}",
            "[[[1, 2, 0], [3, 4, 1], [1, 1, 1]]]",
            "1,1",
            ["h1[1, 1, 1] from no entry of the input, none reaches it", "  it is 0"],
        ),
        (
            "conv_transpose2d: {weights: [[[[1, 2], [3, 4]]]], stride: 1}",
            "[[[1, 2, 0], [3, 4, 1], [1, 1, 1]]]",
            "2,2",
            ["h1[1, 2, 2] from rows 1, 2, columns 1, 2", "  ⎡1  2⎤ ⊙ ⎡4  3⎤ = ⎡4  6⎤", "  4 + 6 + 6 + 4 = 20"],
        ),
        ("max_pool2d: {size: 2}", "[[[1, 2], [3, 4]], [[5, 6], [8, 7]]]", "2,1,1", ["  ⎡5  6⎤", "  ⎣8  7⎦"]),
        (
            "conv2d: {weights: [[[[1]], [[1]]], [[[2]], [[-1]]]], groups: 2}",
            "[[[1]], [[2]], [[3]], [[5]]]",
            "2,1,1",
            ["h1[2, 1, 1] from channels 3–4, row 1, column 1", "  6 − 5 = 1"],
        ),
        (
            "conv1d: {weights: [[[1, 1]], [[1, -1]]], groups: 2, dilation: 2}",
            "[[1, 2, 3], [4, 5, 6]]",
            "2,1",
            ["h1[2, 1] from entries 1–3 in steps of 2", "  4 − 6 = −2"],
        ),
    ],
)
def test_each_kind_of_window(
    layer: str, inputs: str, entry: str, lines: list[str],
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    path = tmp_path / "p.yaml"
    path.write_text(f"inputs: {inputs}\nlayers:\n  - {layer}\n", "utf-8")
    out = shown(["forward", str(path), "--entry", entry], capsys, monkeypatch).replace("h¹", "h1").splitlines()
    for line in lines:
        assert line in out


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": 1},
        {"stride": 3, "flip": True, "padding": "same"},
        {"dilation": 2, "groups": 2},
        {"stride": [1, 2], "dilation": [2, 1], "padding": [1, 0]},
    ],
)
def test_every_entry_of_a_transposed_convolution_is_its_products_sum(settings: dict[str, Any]) -> None:
    numbers = (np.arange(36) * 5 % 7 - 3.0).tolist()
    layer = {"weights": np.reshape(numbers[:16], (2, 2, 2, 2)).tolist(), **settings}
    document = {"inputs": np.reshape(numbers[:12], (2, 2, 3)).tolist(), "layers": [{"conv_transpose2d": layer}]}
    trace = work(load_text(json.dumps(document), "p.yaml", None), "forward")
    sheet, result = Sheet(trace), trace.value("h1")
    for place in np.ndindex(result.shape):
        (window,) = windows_of(trace, tuple(i + 1 for i in place))
        last = "".join(text_of(window_view(window, sheet, 100)[-1]))
        assert float(last.split()[-1].replace("−", "-")) == result[place], last


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("9,1", "no convolution or pool has an entry 9, 1"),
        ("0,1", "--entry can't be 0,1"),
        ("a", "--entry can't be a"),
        ("", "--entry can't be "),
    ],
)
def test_an_entry_that_there_is_not_is_refused_before_anything_is_written(
    entry: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["forward", "cnn", "--entry", entry]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert "h̄¹" not in out


def test_step_by_step_the_entry_stands_with_its_step() -> None:
    text = "inputs: [[[1, 2], [3, 4]]]\nlayers:\n  - max_pool2d: {size: 2}\n  - flatten\n"
    problem = load_text(text, "p.yaml", None)
    pages = Pages(Worked(problem, work(problem, "forward")), 4, False, (1, 1))
    first, second = (["".join(text_of(line)) for screen in pages.screens(i) for line in screen] for i in (0, 1))
    assert "  the largest is 4, entry 4 of the window row by row" in first
    assert not any("largest" in line for line in second)


@pytest.mark.filterwarnings("error")
def test_products_past_every_number_are_infinite_without_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("inputs: [[[1e300, 1], [1, 1]]]\nlayers:\n  - conv2d: {weights: [[[[1e300]]]]}\n", "utf-8")
    assert "h¹[1, 1, 1] from " in shown(["forward", str(path), "--entry", "1,1"], capsys, monkeypatch)
