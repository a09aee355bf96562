"""PReLU as a layer, as an activation, and alone: its slope is a parameter, a number or one for each channel."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nncalc.cli.run import run
from nncalc.engine.shapes import infer
from nncalc.errors import ProblemError, ShapeError
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.work import program_of
from tests.engine.programs import Case, numerically, relative_error
from tests.problem.networks import assert_slopes, listed, problem

DENSE = "  - dense: {weights: [[1, 0.5], [-1, 1]], bias: [0.2, 1]}\n"
CONV1D = "  - conv1d: {weights: [[[1, -1]], [[0.5, 1]]]}\n"
CONV2D = "  - conv2d: {weights: [[[[1, -1], [0, 1]]], [[[0, 1], [-1, 0.5]]]]}\n"
VECTORS = "inputs: [[1, -2.5], [-1, 0.5]]\nlabels: [[3, 0], [1, -1]]\n"
SEQUENCE = "inputs: [[1, 2, -3]]\nlabels: [[3, 0], [1, -1]]\n"
IMAGE = "inputs: [[[1, 2, -3], [0.3, -1, 2], [3, 1, -1]]]\nlabels: [[[1, 0], [2, 1]], [[0, -1], [1, 0]]]\n"


@pytest.mark.parametrize(
    ("inputs", "layers", "equation"),
    [
        (VECTORS, DENSE + "  - prelu: {slope: 0.25}\n", "h1 = prelu(hbar1, slope1)"),
        (VECTORS, DENSE + "  - prelu: {slope: [0.25, 0.1]}\n", "h1 = prelu(hbar1, slope1)"),
        (VECTORS, DENSE.replace("1]}", "1], activation: {prelu: {slope: 0.25}}}"), "h1 = prelu(hbar1, slope1)"),
        (VECTORS, "  - prelu: {slope: 0.25}\n" + DENSE, "act1 = prelu(x, slope1)"),
        (VECTORS, DENSE + "  - prelu: {slope: 0.25, name: last}\n", "h1 = prelu(hbar1, slope_last)"),
        (SEQUENCE, CONV1D + "  - prelu: {slope: [0.25, 0.1]}\n", "h1 = prelu(hbar1, slope1[:, None])"),
        (IMAGE, CONV2D + "  - prelu: {slope: [0.25, 0.1]}\n", "h1 = prelu(hbar1, slope1[:, None, None])"),
        (IMAGE, CONV2D + "  - relu\n  - prelu: {slope: [0.25, 0.1]}\n", "act1 = prelu(h1, slope1[:, None, None])"),
    ],
)
def test_where_it_stands_and_how_it_learns(inputs: str, layers: str, equation: str) -> None:
    problem = load_text(f"{inputs}layers:\n{layers}loss: half_sse\n", "problem.yaml", None)
    assert equation in [equation_text(e) for e in problem.forward.equations]
    program = program_of(problem, "update")
    values = {name: np.asarray(value, dtype=float) for name, value in problem.values.items()}
    values["learning_rate"] = np.asarray(0.1)
    case = Case(program, infer(program, {name: value.shape for name, value in values.items()}), values)
    evaluated = case.evaluated()
    for name in problem.forward.parameters:
        assert relative_error(evaluated[f"{name}.grad"], numerically(case, "loss", name)) < 1e-10, name
        assert f"{name}.next" in evaluated


@pytest.mark.parametrize(
    ("settings", "message"),
    [("{}", "prelu has no slope"), ("{slope: 0.1, slop: 1}", "unknown key 'slop'")],
)
def test_what_is_refused(settings: str, message: str) -> None:
    with pytest.raises(ProblemError) as refused:
        load_text(f"{VECTORS}layers:\n{DENSE}  - prelu: {settings}\n", "problem.yaml", None)
    assert refused.value.message == message


def test_a_slope_too_many_is_refused() -> None:
    with pytest.raises(ShapeError) as refused:
        load_text(f"{VECTORS}layers:\n{DENSE}  - prelu: {{slope: [1, 2, 3]}}\n", "problem.yaml", None)
    assert refused.value.message == "hbar1 and slope1 do not fit"
    assert refused.value.place is not None


@pytest.mark.parametrize("examples", [0, 2])
@pytest.mark.parametrize("output", ["last", "all"])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("slope", [0.25, [0.25, -0.5]], ids=["a number", "one a unit"])
@pytest.mark.parametrize(("layer", "gates"), [("rnn", ""), ("lstm", "ifgo"), ("gru", "rzn")])
def test_inside_a_recurrent_layer_it_is_shared_by_the_time_steps(
    layer: str, gates: str, slope: Any, both: bool, output: str, examples: int
) -> None:
    def weights(start: float, *shape: int) -> Any:
        return {gate: listed(start + i, *shape) for i, gate in enumerate(gates)} if gates else listed(start, *shape)

    one = {"weights": weights(1, 2, 3), "recurrent_weights": weights(2, 2, 2)}
    settings = {
        **one,
        "activation": {"prelu": {"slope": slope}},
        "output": output,
        **({"reverse": one} if both else {}),
    }
    front = (examples,) if examples else ()
    found = problem(
        inputs=listed(0.4, *front, 2, 3),
        layers=[{layer: settings}],
        labels=listed(2.5, *front, *((2,) if output == "all" else ()), 4 if both else 2),
        loss="half_sse",
    )
    assert "slope1" in found.forward.parameters
    assert_slopes(found)
    written = [equation_text(equation) for equation in program_of(found, "backward").equations]
    assert "slope1.grad = slope1.grad_t1 + slope1.grad_t2" in written


def test_the_quick_calculator_takes_the_slope(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prelu", "1", "-2", "0", "--slope", "0.25", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["values"] == {"x": [1, -2, 0], "slope": 0.25, "result": [1, -0.5, 0]}
    assert found["gradients"] == {"x": [1, 0.25, 0.25], "slope": [0, -2, 0]}
    assert found["notes"] == ["x[3] = 0: PReLU has no derivative at 0; its slope is used"]
    assert run(["prelu", "1", "-2", "--slope", "1/4"]) == 0
    assert capsys.readouterr().out == (
        " y = PReLU(x, slope)\n"
        " ∂y/∂x = (1 where x > 0, else slope)\n"
        " ∂y/∂slope = min(x, 0)\n"
        "\n"
        "  x     y  ∂y/∂x  ∂y/∂slope\n"
        "  1   1.0   1.00          0\n"
        " −2  −0.5   0.25         −2\n"
    )


def test_without_a_slope_the_quick_calculator_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prelu", "1"]) == 2
    assert capsys.readouterr() == ("", "nncalc prelu: missing option '--slope'\n  Try 'nncalc prelu --help'.\n")
