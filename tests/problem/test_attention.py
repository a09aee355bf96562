"""Attention and friends: PyTorch's numbers, masks, finite differences through whole networks, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nncalc.errors import NncalcError
from nncalc.problem.graph import read_assignment, work_out
from nncalc.problem.problem import Problem
from nncalc.problem.work import descend_steps, work
from tests.engine.programs import forward
from tests.problem.networks import assert_slopes, listed, problem, wave

RECORDED = json.loads((Path(__file__).parent.parent / "numbers" / "attention.json").read_text("utf-8"))


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


# --- PyTorch's numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [False, True])
@pytest.mark.parametrize("name", RECORDED["multihead"])
def test_multi_head_attention_is_pytorchs(name: str, row: bool) -> None:
    case = RECORDED["multihead"][name]
    weights = {key: np.transpose(w).tolist() if row else w for key, w in case["weights"].items()}
    settings: dict[str, Any] = {"heads": 2, "weights": weights, "bias": case["bias"]}
    if "causal" in name:
        settings["causal"] = True
    elif case["mask"] is not None:
        settings["mask"] = case["mask"]
    found = problem(
        inputs=case["x"],
        labels=case["y"],
        layers=[{"attention": settings}],
        loss="sse",
        convention="row" if row else "column",
    )
    trace = work(found, "backward")
    for key in ("A1", "h1", "loss"):
        close(trace.value(key), case[key])
    for key, gradient in case["gradients"].items():
        # PyTorch gives each example's weights; theirs are (out, in)
        close(trace.value(f"{key}.grad"), np.transpose(gradient) if row and key.startswith("W") else gradient)


def encoder(recorded: dict[str, Any]) -> Problem:
    """A transformer's encoder block (post-norm), composed of its parts."""
    p = recorded["parameters"]
    stacked, biases = (
        np.split(np.array(p["self_attn.in_proj_weight"]), 3),
        np.split(np.array(p["self_attn.in_proj_bias"]), 3),
    )
    weights = {part: w.tolist() for part, w in zip("qkv", stacked, strict=True)}
    bias = {part: b.tolist() for part, b in zip("qkv", biases, strict=True)}
    attention = {
        "heads": 2,
        "weights": {**weights, "o": p["self_attn.out_proj.weight"]},
        "bias": {**bias, "o": p["self_attn.out_proj.bias"]},
    }
    feed = [{"dense": {"weights": p[f"linear{i}.weight"], "bias": p[f"linear{i}.bias"]}} for i in (1, 2)]
    norms = [{"layer_norm": {"gamma": p[f"norm{i}.weight"], "beta": p[f"norm{i}.bias"]}} for i in (1, 2)]
    layers = [
        {"residual": {"layers": [{"attention": attention}]}},
        norms[0],
        {"residual": {"layers": [feed[0], "relu", feed[1]]}},
        norms[1],
    ]
    return problem(inputs=recorded["x"], labels=recorded["y"], layers=layers, loss="sse")


def test_the_encoder_block_composed_of_its_layers_is_pytorchs() -> None:
    recorded = RECORDED["encoder"]
    found = encoder(recorded)
    trace = work(found, "backward")
    close(trace.value("norm2"), recorded["out"])
    close(trace.value("loss"), recorded["loss"])
    g = recorded["gradients"]
    ours = {
        "x": g["x"],
        "W1_o": g["self_attn.out_proj.weight"],
        "b1_o": g["self_attn.out_proj.bias"],
        **{f"W{i + 1}": g[f"linear{i}.weight"] for i in (1, 2)},
        **{f"b{i + 1}": g[f"linear{i}.bias"] for i in (1, 2)},
        **{f"gamma{i}": g[f"norm{i}.weight"] for i in (1, 2)},
        **{f"beta{i}": g[f"norm{i}.bias"] for i in (1, 2)},
    }
    for part, w, b in zip(
        "qkv", *(np.split(np.array(g[f"self_attn.in_proj_{of}"]), 3) for of in ("weight", "bias")), strict=True
    ):
        ours |= {f"W1_{part}": w, f"b1_{part}": b}
    assert {name.removesuffix(".grad") for name in trace.values if name.endswith(".grad")} >= set(ours)
    for name, gradient in ours.items():
        close(trace.value(f"{name}.grad"), gradient)


# --- the layer --------------------------------------------------------------------------------------------------------

WEIGHTS = {part: listed(i, 4, 3) for i, part in enumerate("qkv")}


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    "settings",
    [{}, {"heads": 2, "bias": {"k": 0.3, "v": 0.2}}, {"mask": [[True, False], [False, True], [True, True]]}],
    ids=str,
)
@pytest.mark.parametrize("each", [False, True], ids=["one context", "a context for each example"])
def test_cross_attention_by_layers(settings: dict[str, Any], batch: bool, each: bool) -> None:
    front = (2,) if batch else ()
    weights = {"q": listed(3, 4, 3), "k": listed(4, 4, 5), "v": listed(5, 4, 5)}
    context = listed(6, *(front if each else ()), 2, 5)
    found = problem(
        inputs=listed(1, *front, 3, 3),
        labels=listed(2, *front, 3, 4),
        layers=[attention(context=context, weights=weights, **settings)],
        loss="half_sse",
    )
    assert_slopes(found)
    if "heads" in settings:
        return
    values = work(found, "forward").values
    k, v = (np.array(context) @ np.array(weights[part]).T for part in "kv")
    q = values["x"] @ np.array(weights["q"]).T
    arrays = {"q": q, "k": k, "v": v}
    text = "h = attention(q, k, v, mask=m)" if "mask" in settings else "h = attention(q, k, v)"
    if "mask" in settings:
        arrays["m"] = np.where(settings["mask"], 0.0, -np.inf)
    close(values["h1"], forward(text, arrays, labels=()).evaluated()["h"])


DENSE = {"dense": {"weights": listed(8, 2, 4)}}
MASK = [[True, False, True], [True, True, False], [True, True, True]]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"heads": 2, "bias": {"q": 0.5, "v": listed(4, 4)}},
        {"heads": 4, "causal": True},
        {"mask": MASK, "scale": 0.3},
        {"mask": listed(4, 3, 3), "heads": 2, "scale": False},
        {"causal": True, "mask": MASK, "weights": {**WEIGHTS, "o": listed(5, 2, 4)}},
    ],
    ids=str,
)
def test_every_gradient_is_the_slope(settings: dict[str, Any], batch: bool) -> None:
    front, outputs = ((2,) if batch else ()), 2 if "weights" in settings else 4
    found = problem(
        inputs=listed(1, *front, 3, 3),
        labels=listed(2, *front, 3, outputs),
        layers=[attention(**settings)],
        loss="half_sse",
    )
    assert_slopes(found)


def attention(**settings: Any) -> dict[str, Any]:
    return {"attention": {"weights": WEIGHTS, **settings}}


def test_the_steps_of_a_layer_are_the_operation_on_its_queries_keys_and_values() -> None:
    found = problem(inputs=listed(1, 3, 3), layers=[attention(mask=MASK)])
    values = work(found, "forward").values
    given_arrays = {name: values[name] for name in ("Q1", "K1", "V1", "M1")}
    once = forward("q = attention(Q1, K1, V1, mask=M1)", given_arrays, labels=()).evaluated()["q"]
    close(values["h1"], once)
    close(values["scores1"], values["Q1"] @ values["K1"].T / 2)
    np.testing.assert_array_equal(values["A1"] == 0, ~np.array(MASK))


def test_a_row_that_may_see_nothing_gives_zeros() -> None:
    hidden = [[False] * 3, [True, False, False], [True] * 3]
    found = problem(
        inputs=listed(1, 3, 3),
        labels=listed(2, 3, 4),
        layers=[attention(mask=hidden)],
        loss="sse",
    )
    values = work(found, "backward").values
    assert values["A1"][0].tolist() == [0, 0, 0]
    assert values["h1"][0].tolist() == [0] * 4
    assert_slopes(found)


def test_a_mask_of_true_and_false_is_the_same_in_equations() -> None:
    sheet = {"given": {"Q": listed(1, 3, 2), "K": listed(2, 3, 2), "V": listed(3, 3, 2), "m": MASK}}
    found = work(problem(**sheet, equations="h = attention(Q, K, V, mask=m)"), "forward")
    numbers = {**sheet["given"], "m": np.where(MASK, 0, -1e9).tolist()}
    close(
        found.value("h"), work(problem(given=numbers, equations="h = attention(Q, K, V, mask=m)"), "forward").value("h")
    )


def test_a_mask_of_true_and_false_is_the_same_on_the_command_line() -> None:
    given_arrays = dict(map(read_assignment, ("Q=[[1, 2], [3, 4]]", "m=[[true, false], [true, true]]")))
    graph = work_out("sum(attention(Q, Q, Q, mask=m))", given_arrays)
    np.testing.assert_array_equal(graph.trace.value("attention(Q, Q, Q, mask=m)")[0], [1, 2])
    assert graph.trace.value("m").tolist() == [[0, -np.inf], [0, 0]]
    once = work_out("sum(m * Q)", given_arrays)
    assert once.trace.value("m").tolist() == [[1, 0], [1, 1]]


def test_each_example_may_have_a_mask_of_its_own() -> None:
    masks = [MASK, [[True] * 3] * 3]
    document: dict[str, Any] = {"inputs": listed(1, 2, 3, 3), "labels": listed(2, 2, 3, 4), "loss": "sse"}
    found = problem(**document, layers=[attention(heads=2, mask=masks)])
    whole = work(found, "forward").value("h1")
    for i, mask in enumerate(masks):
        one = problem(inputs=document["inputs"][i], layers=[attention(heads=2, mask=mask)])
        close(work(one, "forward").value("h1"), whole[i])
    assert_slopes(found)
    assert len(list(descend_steps(found, 2, batch_size=1))) == 2


def test_cross_attention_by_equations() -> None:
    found = problem(
        given={"x": listed(1, 2, 3), "memory": listed(2, 4, 3), "y": listed(3, 2, 3)},
        parameters={"W_q": listed(4, 3, 3), "W_k": listed(5, 3, 3), "W_v": listed(6, 3, 3)},
        equations="h = attention(x @ W_q.T, memory @ W_k.T, memory @ W_v.T)\nloss = sse(h, y)",
    )
    assert_slopes(found)


@given(arrays(np.float64, (4, 2), elements=st.floats(-1e3, 1e3)), st.integers(0, 3))
def test_causal_attention_does_not_see_the_future(x: np.ndarray, time: int) -> None:
    text = "h = attention(x, x, x, causal=True)"
    later = np.where(np.arange(4)[:, None] > time, x + 7.0, x)
    one, two = (forward(text, {"x": values}, labels=()).evaluated()["h"] for values in (x, later))
    np.testing.assert_array_equal(one[: time + 1], two[: time + 1])


@given(arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6)), arrays(np.bool_, (3, 4)))
def test_weights_of_what_may_be_seen_sum_to_1(scores: np.ndarray, mask: np.ndarray) -> None:
    text = "A = attention_weights(s, mask=m)"
    found = forward(text, {"s": scores, "m": np.where(mask, 0, -np.inf)}, labels=()).evaluated()["A"]
    np.testing.assert_allclose(found.sum(axis=1), mask.any(axis=1), rtol=1e-12)
    assert (found[~mask] == 0).all()


# --- what stands around it --------------------------------------------------------------------------------------------


def test_positions_are_the_papers() -> None:
    found = problem(inputs=np.zeros((3, 4)).tolist(), layers=["positional_encoding"])
    t = np.arange(3)[:, None]
    expected = np.hstack([np.sin(t), np.cos(t), np.sin(t / 100), np.cos(t / 100)])
    close(work(found, "forward").value("pos1"), expected)


@pytest.mark.parametrize(("base", "numbers"), [(1, [3, 1, 3]), (0, [2, 0, 2])])
def test_an_embedding_takes_the_rows_of_its_class_numbers(base: int, numbers: list[int]) -> None:
    E = wave(1, 4, 2)  # noqa: N806
    layers = [{"embedding": {"weights": E.tolist()}}, "mean_over_time", {"dense": {"weights": listed(2, 2, 2)}}]
    found = problem(inputs=numbers, labels=base, layers=layers, loss="softmax_cross_entropy", index_base=str(base))
    trace = work(found, "backward")
    close(trace.value("embed1"), E[[2, 0, 2]])
    assert "x.grad" not in trace.values
    # the row that is taken twice has twice the gradient of the one taken once, the others none
    close(trace.value("E1.grad")[2], 2 * trace.value("E1.grad")[0])
    assert (trace.value("E1.grad")[[1, 3]] == 0).all()
    assert_slopes(found, "x")
    batch = problem(
        inputs=[numbers] * 2, labels=[base] * 2, layers=layers, loss="softmax_cross_entropy", index_base=str(base)
    )
    close(work(batch, "backward").value("E1.grad"), trace.value("E1.grad"))


def test_residual_layers_count_on_and_may_stand_inside_each_other() -> None:
    inner = {"residual": {"layers": [{"dense": {"weights": listed(1, 3, 3), "activation": "tanh"}}]}}
    outer = {
        "residual": {
            "layers": [inner, {"dense": {"weights": listed(2, 2, 3)}}],
            "shortcut": {"dense": {"weights": listed(3, 2, 3)}},
        }
    }
    found = problem(
        inputs=listed(4, 3),
        labels=listed(5, 2),
        layers=[outer, "tanh", {"dense": {"weights": listed(6, 2, 2)}}],
        loss="sse",
    )
    names = [step.name for step in work(found, "forward").steps]
    assert names == ["hbar1", "h1", "res2", "h2", "h3", "res1", "act1", "h4", "loss"]
    assert_slopes(found)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"layers": [{"attention": {}}]}, "attention has no weights"),
        ({"layers": [{"attention": {"weights": {"q": [[1]], "k": [[1]]}}}]}, "attention's weights have no v"),
        ({"layers": [{"attention": {"weights": listed(1, 3, 3)}}]}, "the weights are a map"),
        ({"layers": [{"attention": {"weights": {**WEIGHTS, "w": [[1]]}}}]}, "unknown key 'w'"),
        ({"layers": [attention(heads=3)]}, "the 4 features of Q1 can't be shared by 3 heads"),
        ({"layers": [attention(heads=1.5)]}, "the heads can't be 1.5"),
        ({"layers": [attention(mask=[[True, False]])]}, "the mask does not fit the scores"),
        ({"layers": [attention(context=listed(1, 2, 5))]}, "context1 and W1_k.T do not fit"),
        ({"layers": [attention(context=[1, 2, 3])]}, "the context has the wrong number of axes"),
        ({"layers": [attention(mask=[[True, 0.5, 1]] * 3)]}, "mask M1: 'true' among numbers"),
        ({"inputs": [1, 2, 3], "layers": [attention()]}, "the inputs of attention have the wrong number of axes"),
        ({"inputs": [1, 5], "layers": [{"embedding": {"weights": listed(1, 4, 2)}}]}, "there is no class 5"),
        ({"inputs": [1, 2.5], "layers": [{"embedding": {"weights": listed(1, 4, 2)}}]}, "there is no class 2.5"),
        ({"layers": ["residual"]}, "residual has no layers"),
        (
            {"layers": [{"residual": {"layers": [{"dense": {"weights": listed(1, 2, 3)}}]}}]},
            "what a residual's layers give and its shortcut do not fit",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(document: dict[str, Any], message: str) -> None:
    with pytest.raises(NncalcError) as refused:
        problem(**{"inputs": listed(1, 3, 3), **document})
    assert refused.value.message.startswith(message)
    assert refused.value.place is not None
