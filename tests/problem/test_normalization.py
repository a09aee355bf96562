"""Normalization and dropout: PyTorch's numbers, finite differences, what holds for all inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nncalc.errors import NncalcError
from nncalc.language.text import equation_text
from nncalc.problem.training import Training
from nncalc.problem.work import descend_steps, program_of, work
from nncalc.views.line import texts_of
from nncalc.views.steps import steps_view
from tests.engine.programs import derive, forward
from tests.problem.networks import assert_slopes, listed, problem, wave

RECORDED = json.loads((Path(__file__).parent.parent / "numbers" / "attention.json").read_text("utf-8"))
DENSE: dict[str, Any] = {"dense": {"weights": listed(3, 2, 3), "bias": [0.1, -0.2]}}
IMAGE: dict[str, Any] = {"inputs": listed(0, 2, 4, 2, 2), "labels": listed(1, 2, 4, 2, 2), "loss": "sse", "batch": True}
NORM = {"gamma": [1.5, 0.5, -1, 2], "beta": [0.1, 0.2, 0, 1]}


@pytest.mark.parametrize("case", RECORDED["operations"], ids=lambda case: case["expression"])
def test_operations_give_pytorchs_values_and_gradients(case: dict[str, Any]) -> None:
    found = derive(f"q = {case['expression']}\nloss = sum(q ** 3)", case["arrays"]).evaluated()
    np.testing.assert_allclose(found["q"], case["result"], rtol=0, atol=1e-12)
    for name, gradient in case["gradients"].items():
        np.testing.assert_allclose(found[f"{name}.grad"], gradient, rtol=1e-9, atol=1e-10)


def test_running_statistics_are_pytorchs_over_three_steps_and_at_inference() -> None:
    recorded = RECORDED["running"]
    document = {"inputs": recorded["x"], "labels": listed(2, 4, 3), "loss": "sse"}
    training = problem(**document, layers=[{"batch_norm": {"momentum": 0.3}}])
    mean = var = None
    for worked, step in zip(descend_steps(training, 3), recorded["steps"], strict=True):
        mean, var = (worked.trace.value(f"running_{name}1.next") for name in ("mean", "var"))
        np.testing.assert_allclose(mean, step["mean"], rtol=0, atol=1e-14)
        np.testing.assert_allclose(var, step["var"], rtol=0, atol=1e-14)
    assert mean is not None
    assert var is not None
    settings = {"mode": "inference", "running_mean": mean.tolist(), "running_var": var.tolist()}
    inference = problem(**document, layers=[{"batch_norm": settings}])
    np.testing.assert_allclose(work(inference, "forward").value("norm1"), recorded["inference"], rtol=0, atol=1e-14)
    assert not inference.updates


@pytest.mark.parametrize(
    ("layer", "operation"),
    [
        ({"batch_norm": NORM}, "batch_norm(x, gamma, beta)"),
        ({"batch_norm": {**NORM, "epsilon": 0.1}}, "batch_norm(x, gamma, beta, epsilon=0.1)"),
        (
            {
                "batch_norm": {
                    **NORM,
                    "mode": "inference",
                    "running_mean": [1, 2, 0, 1],
                    "running_var": [1, 2, 3, 4],
                }
            },
            "batch_norm(x, gamma, beta, mode='inference', running_mean=m, running_var=v)",
        ),
        ({"instance_norm": NORM}, "instance_norm(x, gamma, beta)"),
        ({"group_norm": {**NORM, "groups": 2}}, "group_norm(x, gamma, beta, groups=2)"),
    ],
    ids=str,
)
def test_the_layers_steps_are_the_operation(layer: dict[str, Any], operation: str) -> None:
    found = problem(**IMAGE, layers=[layer])
    values = {
        "x": found.values["x"],
        "gamma": NORM["gamma"],
        "beta": NORM["beta"],
        "m": [1, 2, 0, 1],
        "v": [1, 2, 3, 4],
    }
    names = [name for name in values if name in operation.replace("gamma", "gamma ").replace("beta", "beta ")]
    once = forward(f"q = {operation}", {name: values[name] for name in names}, labels=()).evaluated()["q"]
    np.testing.assert_allclose(work(found, "forward").value("norm1"), once, rtol=0, atol=1e-13)
    assert_slopes(found)


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(
    ("layer", "operation"),
    [
        ({"layer_norm": {}}, "layer_norm(x)"),
        ({"layer_norm": {"gamma": [1, 2, 0.5], "beta": 0.5}}, "layer_norm(x, g, 0.5)"),
        ({"layer_norm": {"gamma": 2, "epsilon": 0.1}}, "layer_norm(x, 2, epsilon=0.1)"),
        ({"rms_norm": {"gamma": [1, 2, 0.5]}}, "rms_norm(x, g)"),
    ],
    ids=str,
)
def test_layer_and_rms_norm_of_one_example_and_a_batch(batch: bool, layer: dict[str, Any], operation: str) -> None:
    inputs, labels = (listed(0.5, 4, 3), listed(2, 4, 2)) if batch else (listed(0.5, 3), listed(2, 2))
    found = problem(inputs=inputs, labels=labels, layers=[layer, "tanh", DENSE], loss="sse")
    given_arrays: dict[str, Any] = {"x": inputs, "g": [1, 2, 0.5]}
    arrays_used = {
        name: value for name, value in given_arrays.items() if name == "x" or "g)" in operation or "g," in operation
    }
    once = forward(f"q = {operation}", arrays_used, labels=()).evaluated()["q"]
    np.testing.assert_allclose(work(found, "forward").value("norm1"), once, rtol=0, atol=1e-14)
    assert_slopes(found)


def test_layer_norm_goes_over_as_many_axes_as_gamma_has() -> None:
    document = {**IMAGE, "layers": [{"layer_norm": {"gamma": listed(1, 2, 2)}}]}
    found = problem(**document)
    assert work(found, "forward").value("mu1").shape == (2, 4)
    assert found.values["beta1"].shape == (2, 2)
    assert_slopes(found)


@pytest.mark.parametrize("name", ["instance_norm", "group_norm"])
def test_an_image_alone_is_normalized_as_in_its_batch(name: str) -> None:
    settings = {**NORM, **({"groups": 2} if name == "group_norm" else {})}
    whole = work(problem(**IMAGE, layers=[{name: settings}]), "forward").value("norm1")
    alone = problem(
        inputs=IMAGE["inputs"][1], labels=IMAGE["labels"][1], layers=[{name: settings}], loss="sse", batch=False
    )
    np.testing.assert_allclose(work(alone, "forward").value("norm1"), whole[1], rtol=0, atol=1e-15)
    assert_slopes(alone)


def test_statistics_of_channels_stand_as_a_bias_does() -> None:
    found = problem(
        inputs=listed(1, 3, 2, 2, 2), labels=[1, 2, 1], loss="softmax_cross_entropy", batch=True,
        layers=[{"batch_norm": {}}, "relu", "global_avg_pool"],
    )  # fmt: skip
    equations = [equation_text(equation) for equation in program_of(found, "backward").equations]
    assert equations[2] == "xhat1 = (x - mu1[:, None, None]) / sqrt(var1[:, None, None] + 1e-05)"
    assert not any("[None" in equation for equation in equations)
    view = "\n".join(texts_of(steps_view(work(found, "backward"), width=100, examples=found.examples)))
    assert "x̂¹ = (x − μ¹) / (√(var1 + 1e−05))" in view
    assert "∂ℓ/∂act1 = repeat((∂ℓ/∂pool1) / 4; 3×2×2×2)" in view
    # a mask counts the examples as what it is laid on does
    assert "⊙ 1 #1 ⎡" in view


@pytest.mark.parametrize(
    ("shape", "first"),
    [((4,), {"dense": {"weights": listed(3, 4, 4)}}), ((4, 2, 2), {"max_pool2d": {"size": 1}})],
)
def test_at_inference_batch_norm_takes_one_example_as_one_of_a_batch(shape: tuple[int, ...], first: Any) -> None:
    running = {"mode": "inference", "running_mean": [1, 0, 2, -1], "running_var": [1, 2, 0.5, 3]}
    document: dict[str, Any] = {"loss": "sse", "layers": [first, {"batch_norm": {**NORM, **running}}]}
    x, y = wave(0, 2, *shape), wave(1, 2, *shape)
    whole = work(problem(**document, inputs=x.tolist(), labels=y.tolist()), "forward").value("norm1")
    alone = problem(**document, inputs=x[1].tolist(), labels=y[1].tolist())
    np.testing.assert_allclose(work(alone, "forward").value("norm1"), whole[1], rtol=0, atol=1e-14)
    assert not alone.batched
    assert_slopes(alone)


def test_part_of_a_batch_has_its_own_statistics() -> None:
    document: dict[str, Any] = {"labels": listed(1, 5, 2), "layers": [{"batch_norm": {}}, DENSE], "loss": "sse"}
    x = wave(0, 5, 3)
    found = list(descend_steps(problem(inputs=x.tolist(), **document), 2, batch_size=3))
    for worked, rows in zip(found, (x[:3], x[3:]), strict=True):
        np.testing.assert_allclose(worked.trace.value("mu1"), rows.mean(axis=0), rtol=0, atol=1e-15)
    expected = 0.9 * (0.9 * 1 + 0.1 * x[:3].var(axis=0, ddof=1)) + 0.1 * x[3:].var(axis=0, ddof=1)
    np.testing.assert_allclose(found[1].trace.value("running_var1.next"), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_a_part_too_small_for_running_statistics_is_refused_before_the_first_step(batch_size: int) -> None:
    found = problem(
        inputs=listed(0, 5, 3), labels=listed(1, 5, 2), layers=[{"batch_norm": {}}, DENSE], loss="sse"
    )  # fmt: skip
    words = "a variance divided by N − 1 needs a larger N"
    with pytest.raises(NncalcError, match=words):
        next(descend_steps(found, 10, batch_size))
    with pytest.raises(NncalcError, match=words):
        Training(found, batch_size)
    if batch_size > 1:
        # the last part is never reached
        assert len(list(descend_steps(found, 5 // batch_size, batch_size))) == 5 // batch_size


# --- dropout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({"rate": 0.5, "mask": [True, False, True]}, [2, 0, 2]),
        ({"rate": 0.5, "mask": [1, 0, 1], "inverted": False}, [1, 0, 1]),
        ({"rate": 0.2, "mask": [1, 0, 1]}, [1.25, 0, 1.25]),
        ({"rate": 0.2, "mode": "inference"}, [1, 1, 1]),
        ({"rate": 0.2, "mode": "inference", "inverted": False}, [0.8, 0.8, 0.8]),
        # np.random.seed(1); np.random.rand(3) is 0.417, 0.720, 0.0001
        ({"rate": 0.5, "seed": 1}, [2, 0, 2]),
        ({"rate": 0.5, "seed": 1, "inverted": False}, [1, 0, 1]),
    ],
    ids=str,
)
def test_dropout_of_one_example(settings: dict[str, Any], factor: list[float]) -> None:
    x = wave(0.5, 3)
    found = problem(inputs=x.tolist(), labels=[1, 0], layers=[{"dropout": settings}, DENSE], loss="sse")
    np.testing.assert_allclose(work(found, "forward").value("drop1"), x * factor, rtol=0, atol=1e-15)
    assert_slopes(found)
    assert "mask1.grad" not in work(found, "backward").values


def test_a_mask_for_each_example_goes_with_its_example() -> None:
    mask = [[1, 0, 1], [0, 1, 1], [1, 1, 0]]
    document: dict[str, Any] = {"inputs": listed(0, 3, 3), "labels": listed(1, 3, 2), "loss": "sse"}
    found = problem(**document, layers=[{"dropout": {"mask": mask}}, DENSE])
    assert_slopes(found)
    steps = list(descend_steps(found, 2, batch_size=2))
    assert [worked.problem.values["mask1"].tolist() for worked in steps] == [mask[:2], mask[2:]]


# --- for all inputs ---------------------------------------------------------------------------------------------------

numbers = st.floats(-1e3, 1e3, allow_subnormal=False)


@given(arrays(np.float64, (3, 4), elements=numbers))
def test_what_layer_norm_gives_has_mean_0_and_variance_1(x: np.ndarray) -> None:
    variance = x.var(axis=1)
    assume((variance > 1e-6).all())
    q = forward("q = layer_norm(x)", {"x": x}, labels=()).evaluated()["q"]
    np.testing.assert_allclose(q.mean(axis=1), 0, atol=1e-6)
    # exactly σ² / (σ² + ε)
    np.testing.assert_allclose(q.var(axis=1), variance / (variance + 1e-5), rtol=1e-6)


@given(arrays(np.float64, (4, 3), elements=numbers), st.floats(-100, 100), st.floats(0.5, 100))
def test_batch_norm_forgets_shift_and_scale(x: np.ndarray, shift: float, scale: float) -> None:
    assume((x.var(axis=0) > 1).all())
    q = [
        forward("q = batch_norm(x, epsilon=0)", {"x": moved}, labels=()).evaluated()["q"]
        for moved in (x, x * scale + shift)
    ]
    np.testing.assert_allclose(q[0], q[1], atol=1e-6)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"inputs": [1, 2, 3], "layers": [{"batch_norm": {}}]}, "batch_norm needs a batch"),
        ({"inputs": [[1, 2, 3]], "layers": [{"batch_norm": {}}]}, "batch_norm has no statistics of a single example"),
        ({"inputs": [[1, 2], [3, 4]], "layers": [{"batch_norm": {"gamma": [1, 2, 3]}}]}, "gamma1 has the wrong shape"),
        ({"inputs": [1, 2, 3], "layers": [{"group_norm": {"groups": 2}}]}, "3 channels can't be put into 2 groups"),
        ({"inputs": [1, 2, 3], "layers": [{"instance_norm": {}}]}, "instance_norm takes (channels, …)"),
        ({"inputs": [1, 2, 3], "layers": [{"layer_norm": {"gamma": [1, 2]}}]}, "gamma does not fit"),
        ({"inputs": [1, 2, 3], "layers": [{"dropout": {"mask": [1, 0]}}]}, "dropout's mask does not fit"),
        ({"inputs": [1, 2, 3], "layers": [{"dropout": {"rate": 0.5}}]}, "dropout needs a mask or a seed"),
        ({"inputs": [1, 2, 3], "layers": [{"dropout": {"rate": 1}}]}, "the rate can't be 1"),
        ({"inputs": [1, 2, 3], "layers": [{"group_norm": {}}]}, "group_norm has no groups"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(document: dict[str, Any], message: str) -> None:
    with pytest.raises(NncalcError) as refused:
        problem(**document)
    assert refused.value.message == message
    assert refused.value.place is not None
