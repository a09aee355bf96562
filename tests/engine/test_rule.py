"""Gradient rules as equations, found by differentiating examples."""

from __future__ import annotations

import pytest

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.registry import operation
from nncalc.engine.rule import EXAMPLE, example_of, gradients_through, partial_derivatives
from nncalc.language.equation import Equation
from nncalc.language.expression import names_in
from nncalc.language.parse import parse_expression
from nncalc.language.text import equation_text, to_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A @ x", ["A.grad = outer(r.grad, x)", "x.grad = A.T @ r.grad"]),
        ("sum(x)", ["x.grad = broadcast(r.grad, shape=(3,))"]),
        ("norm(x)", ["x.grad = r.grad * x / r"]),
        ("A.T", ["A.grad = r.grad.T"]),
        ("x[1]", ["x.grad = scatter(r.grad, index=(1,), shape=(3,))"]),
    ],
)
def test_gradients_are_in_terms_of_the_results_own(text: str, expected: list[str]) -> None:
    result = Equation("r", parse_expression(text, operation))
    assert [equation_text(equation) for equation in gradients_through(result, EXAMPLE)] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exp", [("x", "exp(x)")]),
        ("sqrt", [("x", "1 / (2 * sqrt(x))")]),
        ("divide", [("a", "1 / b"), ("b", "-a / (b * b)")]),
        ("greater", [("a", "0"), ("b", "0")]),
    ],
)
def test_partial_derivatives_of_an_elementwise_operation(name: str, expected: list[tuple[str, str]]) -> None:
    entry = operation(name)
    found = partial_derivatives(entry, example_of(entry))
    assert [(x.id, to_text(slope)) for x, slope in found] == expected


@pytest.mark.parametrize("name", MODULE_OF)
def test_every_operation_has_an_example_over_names_of_known_shape(name: str) -> None:
    example = example_of(operation(name))
    assert example.op == name
    assert set(names_in(example)) <= set(EXAMPLE)
