"""Programs of many equations, and equations of many terms: no recursion limit stands in the way."""

from __future__ import annotations

import numpy as np
import pytest

from nncalc.language.text import to_text
from tests.engine.programs import derive


def chain(n: int) -> str:
    """h0 = tanh(w x + b), h1 = tanh(w h0 + b), …: w and b are used n times."""
    lines = [f"h{k} = tanh(w * {f'h{k - 1}' if k else 'x'} + b)" for k in range(n)]
    return "\n".join([*lines, f"loss = (h{n - 1} - y) ** 2"])


def test_20000_equations_in_a_row() -> None:
    text = "\n".join(["h0 = w * x", *(f"h{k} = h{k - 1} + 0.5" for k in range(1, 20_000)), "loss = h19999"])
    values = derive(text, {"x": 2.0}, {"w": 3.0}).evaluated()
    assert float(values["loss"]) == 6 + 19_999 / 2
    assert float(values["w.grad"]) == 2.0


def test_the_gradient_through_a_long_chain_is_the_product_of_its_slopes() -> None:
    """∂h_n/∂x = Π w (1 − h_k²), a recurrent network's vanishing gradient."""
    values = derive(chain(300), {"x": 0.5, "y": 0.2}, {"w": 0.9, "b": 0.1}).evaluated()
    expected = 2 * (values["h299"] - 0.2)
    for k in range(300):
        expected = expected * 0.9 * (1 - values[f"h{k}"] ** 2)
    assert float(values["x.grad"]) == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize(
    ("term", "count", "value", "slope"),
    [
        ("x", 999, 999 * 2.0, 999),
        ("x * {k}", 499, 2.0 * sum(range(499)), sum(range(499))),
        ("x ** 2", 499, 499 * 4.0, 499 * 4.0),
    ],
)
def test_a_sum_of_hundreds_of_terms(term: str, count: int, value: float, slope: float) -> None:
    case = derive("loss = " + " + ".join(term.format(k=k) for k in range(count)), {"x": 2.0})
    assert len(case.equations) == len(case.program.equations)
    values = case.evaluated()
    assert float(values["loss"]) == pytest.approx(value, rel=1e-12)
    assert float(values["x.grad"]) == pytest.approx(slope, rel=1e-12)


def test_a_product_of_hundreds_of_matrices() -> None:
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    case = derive("loss = sum(" + " @ ".join(["R"] * 300) + " @ x)", {"x": [1.0, 0.0], "R": turn})
    values = case.evaluated()
    power = np.linalg.matrix_power(turn, 300)
    assert float(values["loss"]) == pytest.approx(power[:, 0].sum(), rel=1e-10)
    assert values["x.grad"] == pytest.approx(power.sum(axis=0), rel=1e-10)


def test_nested_operations() -> None:
    case = derive("loss = " + "tanh(" * 90 + "x" + ")" * 90, {"x": 0.5})
    h, slope = 0.5, 1.0
    for _ in range(90):
        h = np.tanh(h)
        slope *= 1 - h**2
    values = case.evaluated()
    assert float(values["loss"]) == pytest.approx(h, rel=1e-14)
    assert float(values["x.grad"]) == pytest.approx(slope, rel=1e-12)
    # each helper carries the gradient one part of the way, so that no equation repeats the nest again and again
    assert max(len(to_text(e.expression)) for e in case.program.phase("backward")) < 1000
