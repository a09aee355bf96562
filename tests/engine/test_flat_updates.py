"""One update for all parameters, the learning rate taken into the gradients' factors: against the evaluated steps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.optimizers import optimizer
from nncalc.engine.compile import Compiled, compile_program
from nncalc.engine.descend import descend
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import infer
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Expression, Name, call

RATE = 0.05
STEPS = 3
X, W, V, B, C = map(Name, "xWVbc")
HIDDEN = call.relu(X @ W.T + B)
# Batches of two against weights of some thirty numbers: the rate goes over the batch.
OUTPUTS: dict[str, tuple[Expression, dict[str, tuple[int, ...]]]] = {
    "two layers": (HIDDEN @ V.T + C, {"W": (7, 5), "b": (7,), "V": (6, 7), "c": (6,)}),
    "without a bias": (HIDDEN @ V.T, {"W": (7, 5), "b": (7,), "V": (6, 7)}),
    "weights the other way": (HIDDEN @ V + C, {"W": (7, 5), "b": (7,), "V": (7, 6), "c": (6,)}),
    "weights in two places": (call.tanh(X @ W.T) @ W.T + B, {"W": (5, 5), "b": (5,)}),
    "two with one gradient": (X @ (W + V).T, {"W": (7, 5), "V": (7, 5)}),
    "a bias in two places": (call.tanh(X @ W.T + B) @ V.T + B, {"W": (7, 5), "V": (7, 7), "b": (7,)}),
    "a square product": (call.tanh(W @ V) + X @ C, {"W": (2, 2), "V": (2, 2), "c": (5, 2)}),
}


def learned(output: Expression, shapes: dict[str, tuple[int, ...]], watch: tuple[str, ...] = ()) -> Any:
    """The program of one step, its values, and its compiled form."""
    equations = (Equation("out", output), Equation("loss", call.sum(call.sin(Name("out")) * Name("out"))))
    program = Program(equations, ("x",), tuple(shapes), loss="loss")
    rng = np.random.default_rng(5)
    values: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in {**shapes, "x": (2, 5)}.items()}
    known = infer(program, {name: np.shape(value) for name, value in values.items()})
    sgd = optimizer("sgd")
    assert sgd is not None
    settings = {**sgd.defaults, "learning_rate": RATE}
    program = descend(differentiate(program, known), known, sgd, settings)
    values["learning_rate"] = np.array(RATE)
    carried = {f"{name}.next": name for name in shapes}
    return program, values, compile_program(program, values, carried, ("x",), watch, "arrays")


def assert_as_evaluated(program: Program, values: dict[str, Any], compiled: Compiled, watch: tuple[str, ...]) -> None:
    results = compiled.run(itertools.repeat(compiled.pack((values["x"],)), STEPS))
    now = dict(values)
    for result in results:
        found = evaluate(program, now).values
        seen = (result[0], dict(zip(watch, result[1:], strict=True))) if watch else (result, {})
        assert seen[0] == pytest.approx(float(found["loss"]), rel=1e-11)
        for name, value in seen[1].items():
            np.testing.assert_allclose(value, found[name], rtol=1e-10, atol=1e-12)
        now |= {name.removesuffix(".next"): found[name] for name in found if name.endswith(".next")}
    assert len(results) == STEPS
    for name, value in compiled.state.items():
        np.testing.assert_allclose(value, now[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("watch", [(), ("W.grad",)])
@pytest.mark.parametrize("name", OUTPUTS)
def test_steps(name: str, watch: tuple[str, ...]) -> None:
    program, values, compiled = learned(*OUTPUTS[name], watch)
    assert_as_evaluated(program, values, compiled, watch)


def passes_over(lines: list[str], names: dict[str, Any], size: int) -> list[str]:
    """The ufuncs whose result has that many numbers."""
    found = []
    for line in lines:
        function, _, rest = line.strip().partition("(")
        target = rest.rstrip(")").rpartition(", ")[2]
        if isinstance(names.get(function), np.ufunc) and getattr(names.get(target), "size", 0) == size:
            found.append(function)
    return found


def test_the_learning_rate_goes_over_the_batch_and_not_over_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    def run(source: str, names: dict[str, Any]) -> Any:
        seen.append((source, names))
        return lambda *_: None

    monkeypatch.setattr("nncalc.engine.compile._execute", run)
    shapes = OUTPUTS["two layers"][1]
    learned(*OUTPUTS["two layers"])
    ((source, names),) = seen
    size = sum(int(np.prod(shape)) for shape in shapes.values())
    assert passes_over(source.splitlines(), names, size) == ["np_subtract"]
