"""Optimizers: PyTorch's numbers, what papers say of them, the text of their equations, and laws that hold for all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncalc.catalogue.index import OPTIMIZERS
from nncalc.catalogue.optimizer import Optimizer, shared_step, step_of
from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.schedule import SCHEDULES
from nncalc.language.equation import Equation
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.optimizing import optimizer_state
from nncalc.problem.problem import Problem
from nncalc.problem.work import Worked, descend_steps

NUMBERS = json.loads((Path(__file__).parents[1] / "numbers" / "optimizers.json").read_text("utf-8"))
START = NUMBERS["start"]
NAMES = [name for names in OPTIMIZERS.values() for name in names]
EVERY = pytest.mark.parametrize("name", NAMES)


def entry(name: str) -> Optimizer:
    found = optimizer(name)
    assert found is not None
    return found


def problem(stated: dict[str, Any], start: dict[str, Any] = START, loss: str = "half_sse(h1, y)") -> Problem:
    """One tanh layer, as equations, with an optimizer as a file states it (JSON is YAML too)."""
    return load_text(
        json.dumps(
            {
                "given": {"x": start["x"], "y": start["y"]},
                "parameters": {"W1": start["W1"], "b1": start["b1"]},
                "equations": f"hbar1 = W1 @ x + b1\nh1 = tanh(hbar1)\nloss = {loss}",
                "optimizer": stated,
            }
        ),
        "test.yaml",
        None,
    )


def steps(stated: dict[str, Any], count: int = 4, **rest: Any) -> list[Worked]:
    return list(descend_steps(problem(stated, **rest), count))


def path(worked: list[Worked], name: str = "W1") -> np.ndarray:
    """A parameter behind each step."""
    return np.array([one.trace.value(f"{name}.next") for one in worked])


def layers(stated: dict[str, Any], batched: bool) -> Problem:
    x, y = START["x"], START["y"]
    layer = {"dense": {"weights": START["W1"], "bias": START["b1"], "activation": "tanh"}}
    text = {"inputs": [x] if batched else x, "labels": [y] if batched else y, "layers": [layer], "loss": "half_sse"}
    return load_text(json.dumps({**text, "optimizer": stated}), "test.yaml", None)


# --- PyTorch's numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", NUMBERS["cases"], ids=lambda case: json.dumps(case["optimizer"]))
def test_pytorch_makes_the_same_steps(case: dict[str, Any]) -> None:
    """PyTorch 2.13.0; tests/numbers/optimizers.py is the script."""
    worked = steps(case["optimizer"], len(case["W1"]))
    for name in ("W1", "b1"):
        np.testing.assert_allclose(path(worked, name), case[name], rtol=1e-12, atol=1e-14)
    state = optimizer_state(worked[-1].trace).get("W1", {})
    assert set(case["state"]) == set(state) - {"mhat", "vhat"}
    for letter, expected in case["state"].items():
        np.testing.assert_allclose(state[letter], expected, rtol=1e-12, atol=1e-16)


def test_pytorch_is_asked_about_every_optimizer() -> None:
    assert {name for case in NUMBERS["cases"] for name in case["optimizer"]} == set(NAMES)


@EVERY
@pytest.mark.parametrize("batched", [False, True])
def test_layers_make_the_same_steps_as_equations(name: str, batched: bool) -> None:
    stated = {name: {"learning_rate": 0.1, "weight_decay": 0.1, "clip": {"norm": 0.3}}}
    found = list(descend_steps(layers(stated, batched), 3))
    np.testing.assert_allclose(path(found), path(steps(stated, 3)), rtol=1e-14)


# --- what papers and textbooks say ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adams_first_step_is_the_learning_rate_against_the_sign(name: str) -> None:
    """Kingma and Ba, section 2.1: |Δ| ≤ η, and m̂ / √v̂ = ±1 where the gradient has been the same so far."""
    (worked,) = steps({name: {"learning_rate": 0.1, "epsilon": 0, "weight_decay": 0}}, 1)
    step = worked.trace.value("W1.next") - worked.trace.value("W1")
    np.testing.assert_allclose(step, -0.1 * np.sign(worked.trace.value("W1.grad")), rtol=1e-14)


@pytest.mark.parametrize(("name", "rate"), [("adagrad", 0.3), ("rmsprop", 0.3)])
def test_the_first_step_of_what_divides_by_the_root_of_squares(name: str, rate: float) -> None:
    """s is g² (Adagrad) or (1 − α) g²: the first step is η, or η / √(1 − α), against the sign."""
    (worked,) = steps({name: {"learning_rate": rate, "epsilon": 0}}, 1)
    expected = rate if name == "adagrad" else rate / np.sqrt(1 - 0.99)
    step = worked.trace.value("W1.next") - worked.trace.value("W1")
    np.testing.assert_allclose(step, -expected * np.sign(worked.trace.value("W1.grad")), rtol=1e-12)


def test_nadam_far_on_forgets_its_beginning() -> None:
    """The product of all momenta so far is next to nothing then, and is not multiplied out to no end."""
    (worked,) = steps({"nadam": {"t": 10**12}}, 1)
    assert worked.trace.value("optimizer.mu_product") == 0
    assert worked.trace.value("optimizer.mu") == pytest.approx(0.9)


def test_momentum_reaches_its_limit() -> None:
    """Goodfellow et al., section 8.3.2: under one and the same gradient g the steps grow to η g / (1 − β)."""
    text = {"given": {"x": 2}, "parameters": {"w": 1}, "equations": "loss = w * x"}
    stated = {"momentum": {"learning_rate": 0.1, "beta": 0.5, "form": "step"}}
    worked = list(descend_steps(load_text(json.dumps({**text, "optimizer": stated}), "t.yaml", None), 60))
    assert worked[-1].trace.value("w.v.next") == pytest.approx(-0.1 * 2 / (1 - 0.5), rel=1e-15)


def test_adam_by_hand() -> None:
    """loss = w², w = 3, η = 0.1: g = 6, m = 0.6, v = 0.036, m̂ = 6, v̂ = 36; then g = 5.8, m = 1.12, v = 0.069604."""
    text = {"parameters": {"w": 3}, "given": {}, "equations": "loss = w ** 2", "optimizer": {}}
    text["optimizer"] = {"adam": {"learning_rate": 0.1}}
    one, two = descend_steps(load_text(json.dumps(text), "t.yaml", None), 2)
    assert optimizer_state(one.trace)["w"] == pytest.approx({"m": 0.6, "v": 0.036, "mhat": 6, "vhat": 36})
    assert one.trace.value("w.next") == pytest.approx(2.9)
    after = {"m": 1.12, "v": 0.069604, "mhat": 1.12 / 0.19, "vhat": 0.069604 / 0.001999}
    assert optimizer_state(two.trace)["w"] == pytest.approx(after)
    assert two.trace.value("w.next") == pytest.approx(2.9 - 0.1 * (1.12 / 0.19) / np.sqrt(0.069604 / 0.001999))


# --- the text of the equations ----------------------------------------------------------------------------------------

M, V = "W.m.next = optimizer.beta1 * W.m + (1 - optimizer.beta1) * {}", "W.v.next = optimizer.beta2 * W.v + "
V += "(1 - optimizer.beta2) * {} ** 2"
MHAT, VHAT = "W.mhat = W.m.next / (1 - optimizer.beta1 ** optimizer.t)", "W.vhat = W.v.next / (1 - optimizer.beta2 ** "
VHAT += "optimizer.t)"
ADAM = "W.next = W - learning_rate * W.mhat / (sqrt(W.vhat) + optimizer.epsilon)"
SGD, VELOCITY = "W.next = W - learning_rate * W.grad", "W.next = W - learning_rate * W.v.next"
T = "(optimizer.t - 1)"
NADAM = [
    "optimizer.mu = optimizer.beta1 * (1 - 0.5 * 0.96 ** (optimizer.t * optimizer.momentum_decay))",
    "optimizer.mu_next = optimizer.beta1 * (1 - 0.5 * 0.96 ** ((optimizer.t + 1) * optimizer.momentum_decay))",
]
TEXTS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("sgd", {}, [SGD]),
    ("sgd", {"maximize": True}, ["W.next = W + learning_rate * W.grad"]),
    ("sgd", {"weight_decay": 1}, ["W.next = W - learning_rate * (W.grad + optimizer.weight_decay * W)"]),
    (
        "sgd",
        {"weight_decay": 1, "maximize": True},
        ["W.next = W - learning_rate * (optimizer.weight_decay * W - W.grad)"],
    ),
    ("sgd", {"momentum": 0.9}, ["W.v.next = optimizer.momentum * W.v + W.grad", VELOCITY]),
    (
        "sgd",
        {"momentum": 0.9, "nesterov": True},
        [
            "W.v.next = optimizer.momentum * W.v + W.grad",
            "W.next = W - learning_rate * (optimizer.momentum * W.v.next + W.grad)",
        ],
    ),
    ("momentum", {}, ["W.v.next = optimizer.beta * W.v + W.grad", VELOCITY]),
    (
        "momentum",
        {"form": "average"},
        ["W.v.next = optimizer.beta * W.v + (1 - optimizer.beta) * W.grad", VELOCITY],
    ),
    (
        "momentum",
        {"form": "step"},
        ["W.v.next = optimizer.beta * W.v - learning_rate * W.grad", "W.next = W + W.v.next"],
    ),
    (
        "nesterov",
        {"form": "step"},
        [
            "W.v.next = optimizer.beta * W.v - learning_rate * W.grad",
            "W.next = W + optimizer.beta * W.v.next - learning_rate * W.grad",
        ],
    ),
    (
        "adagrad",
        {},
        ["W.s.next = W.s + W.grad ** 2", "W.next = W - learning_rate * W.grad / (sqrt(W.s.next) + optimizer.epsilon)"],
    ),
    (
        "rmsprop",
        {"epsilon_inside": True},
        [
            "W.s.next = optimizer.alpha * W.s + (1 - optimizer.alpha) * W.grad ** 2",
            "W.next = W - learning_rate * W.grad / sqrt(W.s.next + optimizer.epsilon)",
        ],
    ),
    (
        "rmsprop",
        {"epsilon": 0, "maximize": True},
        [
            "W.s.next = optimizer.alpha * W.s + (1 - optimizer.alpha) * W.grad ** 2",
            "W.next = W + learning_rate * W.grad / sqrt(W.s.next)",
        ],
    ),
    (
        "adadelta",
        {},
        [
            "W.s.next = optimizer.rho * W.s + (1 - optimizer.rho) * W.grad ** 2",
            "W_1 = sqrt(W.d + optimizer.epsilon) * W.grad / sqrt(W.s.next + optimizer.epsilon)",
            "W.d.next = optimizer.rho * W.d + (1 - optimizer.rho) * W_1 ** 2",
            "W.next = W - learning_rate * W_1",
        ],
    ),
    (
        "adadelta",
        {"epsilon_inside": False, "maximize": True},
        [
            "W.s.next = optimizer.rho * W.s + (1 - optimizer.rho) * W.grad ** 2",
            "W_1 = -((sqrt(W.d) + optimizer.epsilon) * W.grad / (sqrt(W.s.next) + optimizer.epsilon))",
            "W.d.next = optimizer.rho * W.d + (1 - optimizer.rho) * W_1 ** 2",
            "W.next = W - learning_rate * W_1",
        ],
    ),
    ("adam", {}, [M.format("W.grad"), V.format("W.grad"), MHAT, VHAT, ADAM]),
    (
        "adam",
        {"bias_correction": False, "maximize": True},
        [
            M.format("W.grad").replace(" + ", " - "),
            V.format("W.grad"),
            "W.next = W - learning_rate * W.m.next / (sqrt(W.v.next) + optimizer.epsilon)",
        ],
    ),
    (
        "adam",
        {"clip": 1, "clip_by": "value", "weight_decay": 1},
        [
            "W_1 = clip(W.grad, low=-1, high=1)",
            "W_2 = W_1 + optimizer.weight_decay * W",
            *(M.format("W_2"), V.format("W_2"), MHAT, VHAT, ADAM),
        ],
    ),
    (
        "adamw",
        {},
        [
            *(M.format("W.grad"), V.format("W.grad"), MHAT, VHAT),
            "W.next = W - learning_rate * (W.mhat / (sqrt(W.vhat) + optimizer.epsilon) + optimizer.weight_decay * W)",
        ],
    ),
    (
        "nadam",
        {"bias_correction": False, "maximize": True},
        [
            *NADAM,
            *(M.format("W.grad").replace(" + ", " - "), V.format("W.grad")),
            "W.mhat = optimizer.mu_next * W.m.next - (1 - optimizer.mu) * W.grad",
            "W.next = W - learning_rate * W.mhat / (sqrt(W.v.next) + optimizer.epsilon)",
        ],
    ),
    (
        "nadam",
        {},
        [
            *NADAM,
            "optimizer.mu_product = optimizer.mu_before * optimizer.mu",
            *(M.format("W.grad"), V.format("W.grad")),
            "W.mhat = optimizer.mu_next * W.m.next / (1 - optimizer.mu_product * optimizer.mu_next) + "
            "(1 - optimizer.mu) * W.grad / (1 - optimizer.mu_product)",
            *(VHAT, ADAM),
        ],
    ),
    ("adamw", {"weight_decay": 0}, [M.format("W.grad"), V.format("W.grad"), MHAT, VHAT, ADAM]),
    (
        "sgd",
        {"clip": 1, "clip_by": "norm"},
        [
            "optimizer.norm = sqrt(sum(W.grad ** 2))",
            "optimizer.scale = min(1, optimizer.clip / (optimizer.norm + 1e-06))",
            "W_1 = optimizer.scale * W.grad",
            "W.next = W - learning_rate * W_1",
        ],
    ),
    (
        "sgd",
        {"schedule": "step", "every": 2, "factor": 0.1},
        [f"learning_rate = optimizer.learning_rate * optimizer.factor ** floor({T} / optimizer.every)", SGD],
    ),
    (
        "sgd",
        {"schedule": "exponential", "factor": 0.1},
        [f"learning_rate = optimizer.learning_rate * optimizer.factor ** {T}", SGD],
    ),
    (
        "sgd",
        {"schedule": "cosine", "steps": 5, "floor": 0},
        [f"learning_rate = optimizer.learning_rate * (1 + cos({np.pi} * {T} / optimizer.steps)) / 2", SGD],
    ),
    (
        "sgd",
        {"schedule": "inverse", "decay": 0.1},
        [f"learning_rate = optimizer.learning_rate / (1 + optimizer.decay * {T})", SGD],
    ),
    (
        "sgd",
        {"schedule": "warmup", "steps": 5},
        ["learning_rate = optimizer.learning_rate * min(1, optimizer.t / optimizer.steps)", SGD],
    ),
]


@pytest.mark.parametrize(("name", "changed", "expected"), TEXTS, ids=lambda value: str(value)[:40])
def test_equations(name: str, changed: dict[str, Any], expected: list[str]) -> None:
    stated = entry(name).defaults | changed
    found = [*shared_step(entry(name), stated, ("W",)), *step_of(entry(name), "W", stated)]
    assert [equation_text(Equation(target, e)) for target, e in found] == expected


@EVERY
def test_helpers_take_no_name_that_is_taken(name: str) -> None:
    stated = entry(name).defaults | {"weight_decay": 1, "clip": 1, "clip_by": "value"}
    names = [target for target, _ in step_of(entry(name), "W", stated, taken={"W_1", "W_3"})]
    assert not {"W_1", "W_3"} & set(names)
    assert len(set(names)) == len(names)
    assert names[0] == "W_2"
    assert names[-1] == "W.next"


@EVERY
def test_an_entry_says_what_it_is(name: str) -> None:
    found = entry(name)
    assert found.meaning
    assert found.source
    assert {"learning_rate", "weight_decay", "maximize", "t"} <= set(found.defaults)
    assert all(option.meaning and not option.expected(option.default) for option in found.options)
    assert all(set(changed) <= set(found.defaults) for changed in found.shown)


# --- schedules --------------------------------------------------------------------------------------------------------

RATES = [
    ({"step": {"every": 2, "factor": 0.5}}, 0, [1, 1, 0.5, 0.5, 0.25]),
    ({"step": {}}, 9, [1, 0.1, 0.1]),
    ({"exponential": {"factor": 0.5}}, 0, [1, 0.5, 0.25]),
    ({"exponential": {"factor": 0.5}}, 2, [0.25, 0.125]),
    ({"cosine": {"steps": 4}}, 0, [1, (1 + np.sqrt(0.5)) / 2, 0.5, (1 - np.sqrt(0.5)) / 2, 0]),
    ({"cosine": {"steps": 2, "floor": 0.2}}, 0, [1, 0.6, 0.2]),
    ({"inverse": {"decay": 0.5}}, 0, [1, 1 / 1.5, 0.5]),
    ({"inverse": {}}, 10, [0.5]),
    ({"warmup": {"steps": 4}}, 0, [0.25, 0.5, 0.75, 1, 1]),
]


@pytest.mark.parametrize(("schedule", "taken", "rates"), RATES, ids=str)
def test_rates(schedule: dict[str, Any], taken: int, rates: list[float]) -> None:
    worked = steps({"sgd": {"learning_rate": 1, "schedule": schedule, "t": taken}}, len(rates))
    np.testing.assert_allclose([one.trace.value("learning_rate") for one in worked], rates, rtol=1e-14, atol=1e-16)
    for one in worked:
        moved = one.trace.value("W1") - one.trace.value("learning_rate") * one.trace.value("W1.grad")
        np.testing.assert_array_equal(one.trace.value("W1.next"), moved)


def test_every_schedule_has_its_rates_above() -> None:
    assert {name for schedule, _, _ in RATES for name in schedule} == {schedule.name for schedule in SCHEDULES}
    assert all(schedule.source and schedule.meaning for schedule in SCHEDULES)


def test_the_command_lines_rate_takes_the_place_of_the_initial_one() -> None:
    slower = problem({"sgd": {"learning_rate": 1, "schedule": {"exponential": {"factor": 0.5}}}}).with_learning_rate(
        0.2
    )
    worked = list(descend_steps(slower, 3))
    np.testing.assert_allclose([one.trace.value("learning_rate") for one in worked], [0.2, 0.1, 0.05])


# --- laws -------------------------------------------------------------------------------------------------------------

numbers = st.floats(-2, 2).map(lambda x: round(x, 3))
starts = st.fixed_dictionaries(
    {
        "x": st.lists(numbers, min_size=3, max_size=3),
        "y": st.lists(numbers, min_size=2, max_size=2),
        "W1": st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=2),
        "b1": st.lists(numbers, min_size=2, max_size=2),
    }
)
LAWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"momentum": {"beta": 0}}, {"sgd": {}}),
    ({"momentum": {"beta": 0, "form": "average"}}, {"sgd": {}}),
    ({"momentum": {"beta": 0, "form": "step"}}, {"sgd": {}}),
    ({"nesterov": {"beta": 0}}, {"sgd": {}}),
    ({"nesterov": {"beta": 0, "form": "step"}}, {"sgd": {}}),
    ({"momentum": {"beta": 0.7}}, {"sgd": {"momentum": 0.7}}),
    ({"nesterov": {"beta": 0.7}}, {"sgd": {"momentum": 0.7, "nesterov": True}}),
    ({"momentum": {}}, {"momentum": {"form": "step"}}),
    ({"nesterov": {}}, {"nesterov": {"form": "step"}}),
    ({"momentum": {"form": "average", "learning_rate": 0.1}}, {"momentum": {"learning_rate": 0.01}}),
    ({"adamw": {"weight_decay": 0}}, {"adam": {}}),
    (
        {"adam": {"beta1": 0, "beta2": 0.9, "bias_correction": False, "learning_rate": 0.01}},
        {"rmsprop": {"alpha": 0.9}},
    ),
    (
        {"rmsprop": {"epsilon": 1e-3, "alpha": 0}},
        {"adam": {"beta1": 0, "beta2": 0, "epsilon": 1e-3, "learning_rate": 0.01}},
    ),
    ({"sgd": {"clip": {"norm": 1000}}}, {"sgd": {}}),
    ({"adam": {"clip": {"value": 1000}}}, {"adam": {}}),
    ({"sgd": {"schedule": {"exponential": {"factor": 1}}}}, {"sgd": {}}),
    ({"nadam": {"schedule": {"inverse": {"decay": 0}}}}, {"nadam": {}}),
    ({"adam": {"schedule": {"warmup": {"steps": 1}}}}, {"adam": {}}),
    ({"adam": {"epsilon": 0.5}}, {"adam": {"epsilon": 0.5, "epsilon_inside": False, "bias_correction": True}}),
]


@pytest.mark.parametrize(("one", "other"), LAWS, ids=json.dumps)
@settings(max_examples=10, deadline=None)
@given(start=starts)
def test_two_ways_to_say_the_same(one: dict[str, Any], other: dict[str, Any], start: dict[str, Any]) -> None:
    np.testing.assert_allclose(
        path(steps(one, 3, start=start)), path(steps(other, 3, start=start)), rtol=1e-9, atol=1e-12
    )


@EVERY
@settings(max_examples=10, deadline=None)
@given(start=starts)
def test_to_maximize_is_to_minimize_the_opposite(name: str, start: dict[str, Any]) -> None:
    # weight decay pulls to 0 either way
    stated = {"learning_rate": 0.05, "weight_decay": 0.1, "clip": {"norm": 0.5}}
    up = steps({name: {**stated, "maximize": True}}, 3, start=start)
    down = steps({name: stated}, 3, start=start, loss="-half_sse(h1, y)")
    np.testing.assert_allclose(path(up), path(down), rtol=1e-9, atol=1e-12)


@EVERY
@settings(max_examples=10, deadline=None)
@given(start=starts, clip=st.sampled_from([{}, {"value": 0.3}, {"norm": 0.3}]))
def test_a_run_can_be_taken_up_again(name: str, start: dict[str, Any], clip: dict[str, float]) -> None:
    """Two steps, and two more from a file with their parameters, state and t, are four steps."""
    stated: dict[str, Any] = {"learning_rate": 0.05, "schedule": {"inverse": {}}, **({"clip": clip} if clip else {})}
    stated |= {"momentum": 0.5} if name == "sgd" else {}
    whole = steps({name: stated}, 4, start=start)
    first = whole[1].trace
    later = {**start, "W1": first.value("W1.next").tolist(), "b1": first.value("b1.next").tolist()}
    state = {p: {k: v.tolist() for k, v in letters.items()} for p, letters in optimizer_state(first).items()}
    again = steps({name: {**stated, "state": state, "t": 2}}, 2, start=later)
    np.testing.assert_allclose(path(again), path(whole)[2:], rtol=1e-13, atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(start=starts, limit=st.floats(0.01, 3))
def test_no_norm_passes_the_limit(start: dict[str, Any], limit: float) -> None:
    (worked,) = steps({"sgd": {"clip": {"norm": limit}}}, 1, start=start)
    clipped, plain = (
        np.concatenate([worked.trace.value(f"{name}{of}").ravel() for name in ("W1", "b1")]) for of in ("_1", ".grad")
    )
    assert np.linalg.norm(clipped) <= limit
    if np.linalg.norm(plain) < 0.999 * limit:
        np.testing.assert_array_equal(clipped, plain)


@settings(max_examples=30, deadline=None)
@given(start=starts, limit=st.floats(0.01, 3))
def test_no_entry_passes_the_limit(start: dict[str, Any], limit: float) -> None:
    (worked,) = steps({"sgd": {"clip": {"value": limit}}}, 1, start=start)
    np.testing.assert_array_equal(worked.trace.value("W1_1"), np.clip(worked.trace.value("W1.grad"), -limit, limit))
