"""`shapes` and `conv-size`: against PyTorch's counts, by hand, and what they refuse."""

from __future__ import annotations

import json

import pytest

from nncalc.cli.run import run
from nncalc.errors import NncalcError
from nncalc.problem.sizes import Sizes, sizes_of

LENET = """\
input_shape: [1, 28, 28]
layers:
  - conv2d: {weights: {shape: [6, 1, 5, 5]}, bias: 0, padding: 2, activation: tanh}
  - avg_pool2d: {size: 2}
  - conv2d: {weights: {shape: [16, 6, 5, 5]}, bias: {shape: [16]}, activation: tanh}
  - avg_pool2d: {size: 2}
  - flatten
  - dense: {weights: {shape: [120, 400]}, bias: {shape: [120]}, activation: tanh}
  - dense: {weights: {shape: [84, 120]}, bias: {shape: [84]}, activation: tanh}
  - dense: {weights: {random: {shape: [10, 84]}}, bias: {shape: [10]}}
"""


def sizes(text: str) -> Sizes:
    return sizes_of(text, "test.yaml", None)


def test_lenet_5_has_its_published_number_of_parameters() -> None:
    """61,706, where every map of the second convolution sees all six of the first.

    Layer by layer at https://mnchapel.github.io/deep_learning_models/cnn/1998-11-01-lenet.html; in LeCun's own net the
    second convolution sees some of them alone, and pools have parameters.
    """
    found = sizes(LENET)
    assert found.parameters == 61706
    assert [layer.name for layer in found.layers] == [
        "conv1", "pool1", "conv2", "pool2", "flat1", "dense3", "dense4", "dense5",
    ]  # fmt: skip
    assert [layer.output for layer in found.layers[:5]] == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,),
    ]  # fmt: skip
    assert [layer.parameters for layer in found.layers if layer.parameters] == [156, 2416, 48120, 10164, 850]
    assert found.layers[2].how == "(5·5·6 + 1)·16"
    assert found.layers[5].how == "(400 + 1)·120"
    assert found.multiply_adds == 28 * 28 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10
    # 5, then 5 + 1, then 6 + 4·2, then 14 + 2
    assert [layer.receptive_field for layer in found.layers] == [(5, 5), (6, 6), (14, 14), (16, 16), *[None] * 4]


@pytest.mark.parametrize(
    ("layers", "outputs", "parameters", "hows", "fields"),
    [
        ("- conv2d: {weights: {shape: [4, 2, 3, 3]}, groups: 2}", [(4, 6, 6)], 72, ["3·3·2·4"], [(3, 3)]),
        (
            "- conv_transpose2d: {weights: {shape: [4, 2, 2, 2]}, bias: 1, stride: 2}",
            [(2, 16, 16)],
            34,
            ["2·2·4·2 + 2"],
            [None],
        ),
        ("- conv2d: {weights: {shape: [1, 4, 3, 1]}, dilation: [2, 1]}", [(1, 4, 8)], 12, ["3·1·4·1"], [(5, 1)]),
        ("- zero_pad: {padding: 1}\n- upsample: {scale: 2}\n- max_pool2d: {size: 3, stride: 1}",
         [(4, 10, 10), (4, 20, 20), (4, 18, 18)], 0, ["", "", ""], [(1, 1), (1, 1), (2, 2)]),
        ("- max_pool2d: {size: 1}\n- global_avg_pool\n- dense: {weights: {shape: [2, 4]}}",
            [(4, 8, 8), (4,), (2,)],
            8,
            ["", "", "4·2"],
            [(1, 1), (8, 8), None]),
        ("- conv2d: {weights: {shape: [2, 4, 1, 1]}}\n- prelu: {slope: [0.1, 0.2]}\n- flatten\n- prelu: {slope: 0.3}",
         [(2, 8, 8), (128,), (128,)], 11, ["1·1·4·2 + 2", "", "1"], [(1, 1), None, None]),
        ("- conv2d: {name: a, weights: {shape: [1, 4, 1, 1]}}\n- relu\n- reshape: {shape: [8, -1]}\n- tanh",
         [(1, 8, 8), (8, 8), (8, 8)], 4, ["1·1·4·1", "", ""], [(1, 1), None, None]),
    ],
)  # fmt: skip
def test_a_layers_sizes(
    layers: str,
    outputs: list[tuple[int, ...]],
    parameters: int,
    hows: list[str],
    fields: list[tuple[int, ...] | None],
) -> None:
    indented = layers.replace("\n", "\n  ")
    text = f"input_shape: [4, 8, 8]\nlayers:\n  {indented}\n"
    found = sizes(text)
    assert [layer.output for layer in found.layers] == outputs
    assert found.parameters == parameters
    assert [layer.how for layer in found.layers] == hows
    assert [layer.receptive_field for layer in found.layers] == fields


def test_a_file_with_numbers_and_a_batch_has_the_sizes_of_one_example() -> None:
    found = sizes("inputs: [[1, 2], [3, 4], [5, 6]]\nlayers: [dense: {weights: [[1, 2]], bias: [0]}]\n")
    assert (found.input, found.layers[0].output, found.layers[0].how) == ((2,), (1,), "(2 + 1)·1")
    assert found.multiply_adds == 2


RNN = "rnn: {weights: [[1, 2]], recurrent_weights: [[1]], initial: [[1], [2], [3]]}"
ATTENTION = "attention: {weights: {q: [[1, 0]], k: [[1, 0]], v: [[1, 0]]}, mask: [[[true]], [[true]], [[false]]]}"
DENSE = "dense: {weights: [[1, 2]]}"


@pytest.mark.parametrize(
    ("text", "input", "outputs"),
    [
        (f"inputs: [[[1, 2]], [[3, 4]], [[5, 6]]]\nlayers: [{RNN}]", (1, 2), [(1,)]),
        (f"inputs: [[[1, 2]], [[3, 4]], [[5, 6]]]\nlayers: [{ATTENTION}]", (1, 2), [(1, 1)]),
        (f"inputs: [[1, 2], [3, 4], [5, 6]]\nbatch: false\nlayers: [{DENSE}]", (3, 2), [(3, 1)]),
        (f"inputs: [[[1, 2]], [[3, 4]]]\nbatch: true\nlayers: [{DENSE}, mean_over_time]", (1, 2), [(1, 1), (1,)]),
        (f"input_shape: [1, 2]\nbatch: true\nlayers: [{DENSE}]", (2,), [(1,)]),
        ("inputs: [1, 2]\nlayers: [dropout: {rate: 0.5, mask: [1, 0]}]", (2,), [(2,)]),
    ],
    ids=["a first state each", "a mask each", "one example", "examples", "examples by shape", "one mask"],
)
def test_examples_are_told_apart_as_in_the_other_commands(
    text: str, input: tuple[int, ...], outputs: list[tuple[int, ...]]
) -> None:
    found = sizes(text)
    assert (found.input, [layer.output for layer in found.layers]) == (input, outputs)


def test_under_row_the_weights_are_the_other_way_round() -> None:
    found = sizes("convention: row\ninput_shape: 3\nlayers: [dense: {weights: {shape: [3, 5]}, bias: 0}]\n")
    assert (found.layers[0].output, found.layers[0].how, found.parameters) == ((5,), "(3 + 1)·5", 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("given: {x: 1}\nequations: y = x", "there are no layers to count"),
        ("layers: [relu]", "'inputs' is missing"),
        ("input_shape: {a: 1}\nlayers: [relu]", "a shape is a list of sizes"),
        ("input_shape: [0]\nlayers: [relu]", "a size is not a whole number"),
        (
            "input_shape: [1, 2, 2]\nlayers: [conv2d: {weights: {shape: [1, 1, 3, 3]}}]",
            "the kernel is larger than its input",
        ),
        ("input_shape: [4, 4]\nlayers: [conv2d: {weights: {shape: [1, 1, 3, 3]}}]", "the wrong number of axes"),
    ],
)
def test_what_has_no_sizes_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(NncalcError) as refused:
        sizes(text)
    assert message in refused.value.message
    assert refused.value.place is not None


@pytest.mark.parametrize(
    ("layers", "label"),
    [
        ("[conv2d: {weights: {shape: [6, 1, 3, 3]}}]", "x is 3×8×8, W1 is 6×1×3×3; each kernel has 1 channel"),
        ("[max_pool2d: {size: 8}, flatten, dense: {weights: {shape: [2, 9]}}]", "W1 is 2×9, so W1 @ flat1 needs flat1"),
        ("[batch_norm, conv2d: {weights: {shape: [6, 1, 3, 3]}}]", "each kernel has 1 channel, the input 3"),
    ],
)
def test_what_does_not_fit_is_told_in_the_shapes_of_the_file(layers: str, label: str) -> None:
    with pytest.raises(NncalcError) as refused:
        sizes(f"input_shape: [3, 8, 8]\nlayers: {layers}")
    assert label in refused.value.label


def output_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(arguments) == 0
    return capsys.readouterr().out


def test_the_json_of_shapes(
    tmp_path: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{tmp_path}/net.yaml"
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("title: T\n" + LENET)
    found = json.loads(output_of(["shapes", path, "--json"], capsys))
    assert list(found) == ["nncalc", "command", "title", "layers", "parameters", "multiply_adds"]
    assert found["layers"][0] == {
        "name": "conv1", "layer": "conv2d", "output": [6, 28, 28], "parameters": 156, "how": "(5·5·1 + 1)·6",
        "multiply_adds": 117600, "receptive_field": [5, 5],
    }  # fmt: skip
    assert "how" not in found["layers"][1]
    for columns in ("60", "110"):
        monkeypatch.setenv("COLUMNS", columns)
        text = output_of(["shapes", path], capsys)
        assert max(map(len, text.splitlines()[:-1])) <= int(columns)
        assert "61,706" in text


@pytest.mark.parametrize(
    ("arguments", "output", "exact"),
    [
        (["32", "--kernel", "5", "--stride", "2", "--padding", "2"], [16], False),
        (["32", "--kernel", "5", "--stride", "2", "--padding", "2", "--dilation", "1"], [16], False),
        (["28", "--kernel", "3"], [26], True),
        (["7", "--kernel", "3", "--stride", "2"], [3], True),
        (["28", "27", "--kernel", "5,3", "--stride", "2"], [12, 13], False),
        (["28", "27", "--kernel", "5x3", "--stride", "2", "--padding", "same"], [14, 14], True),
        (["16", "--kernel", "3", "--dilation", "2", "--padding", "valid"], [12], True),
    ],
)
def test_conv_size(arguments: list[str], output: list[int], exact: bool, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(output_of(["conv-size", *arguments, "--json"], capsys))
    assert list(found) == ["nncalc", "command", "output", "exact", "formula"]
    assert (found["output"], found["exact"]) == (output, exact)
    assert all(part.endswith(f"= {n}") for part, n in zip(found["formula"].split("; "), output, strict=True))
    text = output_of(["conv-size", *arguments], capsys)
    assert ("not exact" in text) == (not exact)


def test_conv_size_says_what_is_left_over(capsys: pytest.CaptureFixture[str]) -> None:
    text = output_of(["conv-size", "11", "--kernel", "3", "--stride", "3"], capsys)
    assert "⌊(11 + 2·0 − 1·(3 − 1) − 1) / 3⌋ + 1 = ⌊8 / 3⌋ + 1 = 3" in text
    assert "8 / 3 is not exact: the last 2 entries are in no window" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["3", "--kernel", "5"], "the kernel is larger than its input"),
        (["32", "--kernel", "0"], "--kernel can't be 0"),
        (["32", "--kernel", "3", "--stride", "-1"], "--stride can't be -1"),
        (["32", "--kernel", "3,3"], "--kernel has 2 numbers"),
        (["32", "--kernel", "3", "--padding", "full"], "--padding can't be full"),
    ],
)
def test_conv_size_refuses(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conv-size", *arguments]) == 2
    assert message in capsys.readouterr().err
