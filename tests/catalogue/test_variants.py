"""What optimizers' entries say people do wrong: each variant is another step, and is not another variant's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.index import OPTIMIZERS
from nncalc.catalogue.optimizer import Optimizer, Settings, Variant
from nncalc.catalogue.optimizers import optimizer
from nncalc.engine.descend import descend, setting_names, state_shapes
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import infer
from nncalc.language.equation import Program
from nncalc.language.text import equation_text
from tests.engine.programs import forward

NAMES = [name for names in OPTIMIZERS.values() for name in names]
RNG = np.random.default_rng(0)
GIVEN = {"x": RNG.uniform(0.5, 2, 3), "y": RNG.uniform(-9, -8, 2)}  # all gradients above 0
WEIGHTS = {"W1": RNG.uniform(-1, 1, (2, 3)), "b1": RNG.uniform(-1, 1, 2)}
MORE: tuple[Settings, ...] = (
    {},
    {"weight_decay": 0.3},
    {"weight_decay": 0.3, "maximize": True},
    {"clip": 0.01, "clip_by": "value"},
    {"clip": 0.1, "clip_by": "norm"},
    {"epsilon_inside": True},
    {"epsilon_inside": False},
    {"bias_correction": False},
    {"form": "average"},
    {"form": "step"},
    {"momentum": 0.9},
    {"momentum": 0.9, "weight_decay": 0.3},
    {"momentum": 0.9, "nesterov": True},
)


def entry(name: str) -> Optimizer:
    found = optimizer(name)
    assert found is not None
    return found


def cases(found: Optimizer) -> list[Settings]:
    """The settings under which the optimizer is looked at: its defaults, and others that it has."""
    known = {*found.defaults, "clip", "clip_by"}
    allowed = {option.name: option.choices for option in found.options}
    return [
        {**found.defaults, **({"epsilon": 0.01} if "epsilon" in known else {}), **more}
        for more in MORE
        if set(more) <= known and ("form" not in more or more["form"] in allowed["form"])
    ]


def stepped(found: Optimizer, settings: Settings) -> tuple[dict[str, str], dict[str, Any]]:
    """The equations of a step and their values, in the midst of a run."""
    case = forward("h1 = W1 @ x + b1\nloss = half_sse(h1, y)", GIVEN, WEIGHTS)
    program = descend(differentiate(case.program, case.shapes), case.shapes, found, settings)
    infer(program, case.shapes.known)
    numbers = {name: settings[key] for name, key in setting_names(found, settings).items() if key}
    state = state_shapes(found, {name: case.shapes.known[name] for name in WEIGHTS})
    carried = {before: 0.7 for before, _, _ in found.carried}
    values = {**case.values, **numbers, **carried, "optimizer.t": 3.0}
    values |= {name: np.full(shape, 0.05) for name, shape in state.items()}
    trace = evaluate(program, {name: np.asarray(v, dtype=float) for name, v in values.items() if name in used(program)})
    updates = program.phase("update")
    return {e.name: equation_text(e) for e in updates}, {e.name: trace.value(e.name) for e in updates}


def used(program: Program) -> set[str]:
    return {name for equation in program.equations for name in equation.inputs}


VARIANTS = [(name, variant) for name in NAMES for variant in entry(name).variants]


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids=[f"{name}: {variant.says}" for name, variant in VARIANTS])
def test_a_variant_is_another_step(name: str, variant: Variant) -> None:
    found, seen = entry(name), 0
    for settings in cases(found):
        altered = variant.alter(found, settings)
        if altered is None:
            continue
        seen += 1
        right, values = stepped(found, settings)
        other, numbers = stepped(*altered)
        differing = {key for key in right if key in other and right[key] != other[key]}
        assert differing, settings
        assert all(numbers[key].shape == values[key].shape for key in differing)
        # a negative gradient in place of its square has no root
        assert settings["maximize"] or all(np.isfinite(value).all() for value in numbers.values())
        # a sheet can show it
        assert any(not np.allclose(numbers[key], values[key], rtol=1e-9, atol=0) for key in differing), settings
        assert "W1.next" in other
    assert seen


@pytest.mark.parametrize("name", NAMES)
def test_no_variant_is_another_ones(name: str) -> None:
    found = entry(name)
    for settings in cases(found):
        steps = [
            tuple(stepped(*altered)[0].items())
            for variant in found.variants
            if (altered := variant.alter(found, settings)) is not None
        ]
        assert len(set(steps)) == len(steps), settings


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_speaks_in_plain_words(name: str) -> None:
    said = [variant.says for variant in entry(name).variants]
    assert len(set(said)) == len(said)
    for variant in entry(name).variants:
        assert variant.kind.isidentifier()
        assert not variant.says.endswith(".")
        assert "_" not in variant.says + variant.convention


def test_a_step_that_has_no_such_thing_has_no_variant_of_it() -> None:
    plain = entry("sgd")
    assert [v.kind for v in plain.variants if v.alter(plain, plain.defaults) is not None] == []


def test_two_of_them_as_they_read() -> None:
    adam, momentum = entry("adam"), entry("momentum")
    by_kind = {v.kind: v for v in (*adam.variants[1:], *adam.variants[:1])}
    altered = by_kind["bias_correction"].alter(adam, adam.defaults)
    assert altered is not None
    moved = "W1.next = W1 - learning_rate * W1.m.next / (sqrt(W1.v.next) + optimizer.epsilon)"
    assert stepped(*altered)[0]["W1.next"] == moved
    form = next(v for v in momentum.variants if v.convention == "momentum as a moving average")
    altered = form.alter(momentum, momentum.defaults)
    assert altered is not None
    average = "W1.v.next = optimizer.beta * W1.v + (1 - optimizer.beta) * W1.grad"
    assert stepped(*altered)[0]["W1.v.next"] == average
