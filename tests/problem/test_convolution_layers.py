"""Whole networks of convolutions and pools: every gradient against finite differences, in both forms of a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncalc.engine.remarks import remarks
from nncalc.engine.shapes import Shapes
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.problem import Problem
from nncalc.problem.work import descend_steps, program_of, work
from tests.engine.programs import Case, numerically, relative_error


def wave(start: float, *shape: int) -> Any:
    return np.round(np.sin(0.9 * np.arange(np.prod(shape)) + start).reshape(shape), 3).tolist()


def check(problem: Problem) -> None:
    """Every parameter and the input against finite differences."""
    trace = work(problem, "backward")
    case = Case(problem.forward, Shapes({}), problem.values)
    for name in (*problem.forward.parameters, "x"):
        found = trace.values[f"{name}.grad"]
        assert np.abs(found).max() > 0, name
        assert relative_error(found, numerically(case, "loss", name, step=1e-4)) < 1e-8, name


LAYERS = {
    "conv, pool, dense": (
        (1, 6, 6),
        [
            {"conv2d": {"weights": wave(1, 2, 1, 3, 3), "bias": [0.1, -0.2], "activation": "tanh"}},
            {"max_pool2d": {"size": 2}},
            "flatten",
            {"dense": {"weights": wave(2, 3, 8), "bias": [0.1, 0.2, 0.3]}},
        ],
    ),
    "stride, padding, groups": (
        (2, 5, 4),
        [
            {"conv2d": {"weights": wave(1, 4, 1, 3, 2), "groups": 2, "stride": [2, 1], "padding": [[1, 0], [0, 1]]}},
            "tanh",
            {"avg_pool2d": {"size": 2, "padding": 1, "ceil_mode": "true", "count_include_pad": "false"}},
            {"conv2d": {"weights": wave(3, 1, 4, 2, 2), "bias": 0.5, "dilation": 1, "padding": "same"}},
            "global_avg_pool",
            {"dense": {"weights": wave(2, 3, 1)}},
        ],
    ),
    "there and back": (
        (1, 2, 3),
        [
            {"zero_pad": {"padding": 1}},
            {"conv_transpose2d": {"weights": wave(1, 1, 2, 3, 3), "bias": [0.3, 0.1], "stride": 2, "padding": 1,
                                  "output_padding": 1, "activation": "tanh"}},
            {"upsample": {"scale": 2}},
            {"lp_pool2d": {"size": [2, 5], "stride": [3, 5]}},
            {"reshape": {"shape": [-1]}},
            {"dense": {"weights": wave(2, 3, 40)}},
        ],
    ),
    "one axis": (
        (2, 8),
        [
            {"conv1d": {"weights": wave(1, 3, 2, 3), "bias": [0.1, 0.2, 0.3], "padding": "same", "activation": "tanh"}},
            {"max_pool1d": {"size": 3, "stride": 2, "padding": 1}},
            {"zero_pad": {"padding": 1}},
            {"upsample": {"scale": 2}},
            {"conv1d": {"weights": wave(2, 2, 3, 2), "flip": "true", "stride": 2}},
            {"avg_pool1d": {"size": 2, "stride": 1}},
            {"lp_pool1d": {"size": 2, "stride": 1, "p": 3}},
            "global_max_pool",
            {"dense": {"weights": wave(2, 3, 2)}},
        ],
    ),
}  # fmt: skip


def flow(value: Any) -> str:
    """A value as YAML's flow."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    return f"[{', '.join(map(flow, value))}]" if isinstance(value, list) else str(value)


def text_of(name: str, examples: int) -> str:
    shape, layers = LAYERS[name]
    x = wave(0.4, *((examples,) if examples else ()), *shape)
    labels = wave(0.7, *((examples,) if examples else ()), 3)
    items = "\n".join(f"  - {flow(layer)}" for layer in layers)
    return f"inputs: {flow(x)}\nlabels: {flow(labels)}\nlayers:\n{items}\nloss: mse\n"


@pytest.mark.parametrize("examples", [0, 1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_every_gradient_of_a_network_is_its_slope(name: str, examples: int) -> None:
    problem = load_text(text_of(name, examples), "p.yaml", None)
    assert problem.batched == bool(examples)
    check(problem)


@pytest.mark.parametrize("examples", [0, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_the_same_network_as_equations_has_the_same_gradients(name: str, examples: int) -> None:
    problem = load_text(text_of(name, examples), "p.yaml", None)
    lines = "\n".join(f"  {equation_text(equation)}" for equation in problem.forward.equations)
    given = {n: v.tolist() for n, v in problem.values.items() if n in ("x", "y")}
    parameters = {n: problem.values[n].tolist() for n in problem.forward.parameters}
    text = f"given: {flow(given)}\nparameters: {flow(parameters)}\nequations: |\n{lines}\n"
    again = load_text(text, "q.yaml", None)
    found, expected = work(again, "backward").values, work(problem, "backward").values
    for gradient in (n for n in expected if n.endswith(".grad")):
        np.testing.assert_allclose(found[gradient], expected[gradient], rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_a_batchs_gradient_is_the_mean_of_its_examples(name: str) -> None:
    batch = load_text(text_of(name, 2), "p.yaml", None)
    together = work(batch, "backward").values
    shape, _ = LAYERS[name]
    alone = []
    for i in range(2):
        one = load_text(text_of(name, 0), "p.yaml", None)
        values = {"x": batch.values["x"][i].reshape(shape), "y": batch.values["y"][i]}
        alone.append(work(one, "backward", values=values).values)
    for parameter in batch.forward.parameters:
        mean = (alone[0][f"{parameter}.grad"] + alone[1][f"{parameter}.grad"]) / 2
        np.testing.assert_allclose(together[f"{parameter}.grad"], mean, rtol=0, atol=1e-12)


def equations(text: str) -> list[str]:
    problem = load_text(text, "p.yaml", None)
    return [equation_text(e) for e in program_of(problem, "backward").equations]


def test_the_equations_of_a_small_network() -> None:
    text = text_of("conv, pool, dense", 2)
    assert equations(text) == [
        "hbar1 = conv2d(x, W1) + b1[:, None, None]",
        "h1 = tanh(hbar1)",
        "pool1 = max_pool2d(h1, size=2)",
        "flat1 = flatten(pool1, start_dim=1)",
        "h2 = flat1 @ W2.T + b2",
        "losses = mse(h2, y, reduction='none')",
        "loss = mean(losses)",
        "h2.grad = (h2 - y) / 3",
        "W2.grad = h2.grad.T @ flat1",
        "b2.grad = sum(h2.grad, axis=0)",
        "flat1.grad = h2.grad @ W2",
        "pool1.grad = reshape(flat1.grad, shape=(2, 2, 2, 2))",
        "h1.grad = max_unpool2d(pool1.grad, h1, size=2)",
        "hbar1.grad = h1.grad * (1 - h1 ** 2)",
        "W1.grad = conv2d_weight(hbar1.grad, x, shape=(2, 1, 3, 3))",
        "b1.grad = sum(hbar1.grad, axis=(0, 2, 3))",
        "x.grad = conv2d_input(hbar1.grad, W1, shape=(2, 1, 6, 6))",
    ]
    assert "b1.grad = sum(hbar1.grad, axis=(1, 2))" in equations(text_of("conv, pool, dense", 0))


@pytest.mark.parametrize(
    ("inputs", "layers", "batched", "shape"),
    [
        ("[[1, 2], [3, 4]]", "- flatten\n  - dense: {weights: [[1, 1, 1, 1]]}", False, (1,)),
        ("[[1, 2], [3, 4]]", "- flatten\n  - dense: {weights: [[1, 1]]}", True, (2, 1)),
        ("[1, 2, 3, 4]", "- reshape: {shape: [1, 2, 2]}\n  - avg_pool2d: {size: 2}", False, (1, 1, 1)),
        ("[[1, 2, 3, 4]]", "- reshape: {shape: [1, 2, 2]}\n  - avg_pool2d: {size: 2}", True, (1, 1, 1, 1)),
        ("[[[1, 2], [3, 4]]]", "- max_pool2d: {size: 2}", False, (1, 1, 1)),
        ("[[[1, 2], [3, 4]]]", "- max_pool1d: {size: 2}", True, (1, 2, 1)),
        ("[[[1, 2], [3, 4]]]", "- max_pool1d: {size: 1}\n  - global_max_pool", True, (1, 2)),
        ("[[[1, 2], [3, 4]]]", "- max_pool1d: {size: 1}\n  - zero_pad: {padding: 1}", True, (1, 2, 4)),
        ("[[[1, 2], [3, 4]]]", "- max_pool1d: {size: 1}\n  - upsample: {scale: 3}", True, (1, 2, 6)),
    ],
)
def test_one_example_or_a_batch(inputs: str, layers: str, batched: bool, shape: tuple[int, ...]) -> None:
    problem = load_text(f"inputs: {inputs}\nlayers:\n  {layers}\n", "p.yaml", None)
    trace = work(problem, "forward")
    assert problem.batched == batched
    assert trace.steps[-1].shape == shape


IMAGE, SIGNAL = "[[[1, 2], [3, 4]], [[0, 1], [2, 3]]]", "[[1, 2], [3, 4]]"
KERNEL = "- conv2d: {weights: [[[[1]], [[1]]], [[[0]], [[1]]]]}"


@pytest.mark.parametrize(
    ("inputs", "layer", "loss", "expected", "gradient"),
    [
        (IMAGE, KERNEL, "half_sse", 49.0, "h1 - y"),
        (IMAGE, KERNEL, "{half_sse: {reduction: sum}}", 49.0, "h1 - y"),
        (IMAGE, KERNEL, "l2", 98**0.5, "(h1 - y) / loss"),
        (IMAGE, KERNEL, "mse", 98 / 8, "(h1 - y) / 4"),
        (SIGNAL, "- max_pool1d: {size: 1}\n  - relu", "sse", 30.0, "2 * (act1 - y)"),
        # each time step of a sequence is one, and so is a dense layer's row
        (SIGNAL, "- dense: {weights: [[1, 0], [0, 1]]}", "sse", 15.0, "h1 - y"),
    ],
)
def test_a_loss_is_summed_over_all_of_an_image(
    inputs: str, layer: str, loss: str, expected: float, gradient: str
) -> None:
    text = "inputs: {}\nlabels: {}\nbatch: {}\nlayers:\n  {}\nloss: {}\n"
    zeros = "".join("0" if letter.isdigit() else letter for letter in inputs)
    one = load_text(text.format(inputs, zeros, "false", layer, loss), "p.yaml", None)
    trace = work(one, "backward")
    np.testing.assert_allclose(trace.values["loss"], expected, rtol=1e-15)
    assert f"{one.forward.prediction}.grad = {gradient}" in map(equation_text, program_of(one, "backward").equations)
    check(one)
    if "dense" in layer:
        return
    several = load_text(text.format(f"[{inputs}, {zeros}]", f"[{zeros}, {zeros}]", "true", layer, loss), "p.yaml", None)
    together = work(several, "backward").values
    np.testing.assert_allclose(together["losses"], [expected, 0], rtol=1e-15)
    np.testing.assert_allclose(together["loss"], expected / (1 if "sum" in loss else 2), rtol=1e-15)


def test_a_tie_is_pointed_out() -> None:
    text = "inputs: [[[2, 2], [1, 0]]]\nlabels: [1]\nlayers:\n  - max_pool2d: {size: 2}\n  - flatten\nloss: sse\n"
    assert remarks(work(load_text(text, "p.yaml", None), "backward")) == [
        "pool1[1, 1, 1]: a tie: its window has several largest entries, and the gradient goes to the first"
    ]
    assert remarks(work(load_text(text.replace("2, 2", "2, 3"), "p.yaml", None), "backward")) == []


@pytest.mark.parametrize("sizes", ["[1, 2, 2]", "[1, -1, 2]", "[-1, 2, 2]"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_part_of_a_batch_is_reshaped_as_the_whole_is(sizes: str, size: int) -> None:
    problem = load_text(
        "inputs: [[1, 2, 3, 4], [0, 1, -1, 2], [2, 2, 1, 0]]\nlabels: [[1], [2], [3]]\nlayers:\n"
        f"  - reshape: {{shape: {sizes}}}\n  - conv2d: {{weights: [[[[1, -1], [0.5, 2]]]]}}\n  - flatten\nloss: mse\n",
        "test.yaml",
        None,
    )
    assert equation_text(problem.forward.equations[0]) == "reshape1 = reshape(x, shape=(-1, 1, 2, 2))"
    seen = []
    for worked in descend_steps(problem._replace(frozen=problem.forward.parameters), 3, size):
        loss = worked.trace.value("losses")
        seen += [float(one) for one in loss]
    whole = work(problem, "forward").value("losses")
    assert seen[:3] == pytest.approx(whole.tolist(), rel=1e-12)
