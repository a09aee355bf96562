"""Second derivatives and the edges of a graph, against differences and sums of what is known already."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.errors import UsageError
from nncalc.problem.edges import edges_of
from nncalc.problem.graph import work_out
from nncalc.problem.hessian import hessian_of

CASES = {
    "x * y + exp(x * z)": {"x": 0.3, "y": -0.7, "z": 1.1},
    "sigmoid(x) * tanh(y) / z": {"x": 0.3, "y": -0.7, "z": 1.1},
    "log(sum(exp(v)))": {"v": [0.2, -0.4, 1.0]},
    "norm(A @ v - w)": {"A": [[1.0, 2.0], [0.5, -1.0]], "v": [0.3, -0.2], "w": [1.0, 2.0]},
    "softmax_cross_entropy(A @ v, y)": {"A": [[1.0, 2.0], [0.5, -1.0]], "v": [0.3, -0.2], "y": [0.25, 0.75]},
}
STEP = 1e-5


@pytest.mark.parametrize("text", CASES)
def test_hessian_is_the_slope_of_the_gradient(text: str) -> None:
    values = {name: np.asarray(value, dtype=float) for name, value in CASES[text].items()}
    wanted = tuple(name for name in values if name != "y" or "entropy" not in text)
    found = hessian_of(work_out(text, values, wrt=wanted))
    for name in wanted:
        for index in np.ndindex(values[name].shape):
            ends = []
            for sign in (1, -1):
                moved = {key: value.copy() for key, value in values.items()}
                moved[name][index] += sign * STEP
                ends.append(work_out(text, moved, wrt=wanted).trace)
            for other in wanted:
                slope = (ends[0].value(f"{other}.grad") - ends[1].value(f"{other}.grad")) / (2 * STEP)
                assert found[name][other][index] == pytest.approx(slope, rel=1e-6, abs=1e-8)
                assert found[name][other].shape == values[name].shape + values[other].shape


@pytest.mark.parametrize("text", ["x * y + exp(x * z)", "sigmoid(x) * tanh(y) / z", "x * x * x + y / x - z"])
def test_what_flows_into_a_node_along_its_edges_is_its_gradient(text: str) -> None:
    values = {"x": np.asarray(0.3), "y": np.asarray(-0.7), "z": np.asarray(1.1)}
    graph = work_out(text, values)
    flowing: dict[str, float] = {}
    for edge in edges_of(graph):
        flowing[edge.source] = flowing.get(edge.source, 0.0) + edge.product
    assert set(flowing) >= {"x", "y", "z"}
    for name, total in flowing.items():
        assert total == pytest.approx(float(graph.trace.value(f"{name}.grad")), rel=1e-12)


def test_too_many_variables_are_refused() -> None:
    with pytest.raises(UsageError, match="--hessian of 65 variables is too large"):
        hessian_of(work_out("sum(x ** 2)", {"x": np.ones(65)}))
