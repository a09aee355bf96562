"""Equations of the user's own in place of the derived ones: what follows from them, and what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncalc.cli.run import run
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of, work
from tests.problem.networks import assert_slopes

LAYERS = """
inputs: [1, -2]
labels: [1, 0.5]
layers:
  - dense: {weights: [[1, 0.5], [-1, 1]], bias: [0.2, 1], activation: tanh}
  - dense: {weights: [[1, 2], [3, -1]]}
loss: half_sse
optimizer: {sgd: {learning_rate: 0.1}}
"""
EQUATIONS = """
given: {x: [1, -2], y: [1, 0.5]}
parameters: {W1: [[1, 0.5], [-1, 1]], b1: [0.2, 1], W2: [[1, 2], [3, -1]]}
equations: |
  hbar1 = W1 @ x + b1
  h1 = tanh(hbar1)
  h2 = W2 @ h1
  loss = half_sse(h2, y)
optimizer: {sgd: {learning_rate: 0.1}}
"""


def loaded(form: str, overrides: str, more: str = "") -> Problem:
    lines = "\n".join(f"  {line}" for line in overrides.splitlines())
    return load_text(f"{form}{more}overrides: |\n{lines}\n", "p.yaml", None)


def values(form: str, overrides: str = "", more: str = "") -> Any:
    problem = loaded(form, overrides, more) if overrides else load_text(form + more, "p.yaml", None)
    return work(problem, "update").values


both_forms = pytest.mark.parametrize("form", [LAYERS, EQUATIONS], ids=["layers", "equations"])


@both_forms
def test_a_forward_override_is_what_the_backward_pass_is_derived_from(form: str) -> None:
    problem = loaded(form, "h1 = sigmoid(hbar1)")
    assert_slopes(problem)
    backward = [equation_text(e) for e in program_of(problem, "backward").phase("backward")]
    assert "hbar1.grad = h1.grad * (h1 * (1 - h1))" in backward or "hbar1.grad = h1.grad * h1 * (1 - h1)" in backward


@both_forms
def test_a_backward_override_replaces_its_own_equation_alone(form: str) -> None:
    own, right = values(form, "h2.grad = y - h2"), values(form)
    assert np.array_equal(own["h2.grad"], -right["h2.grad"])
    # what is worked out from it follows, by the equations that were derived
    for name in ("W2.grad", "h1.grad", "hbar1.grad", "W1.grad", "x.grad"):
        np.testing.assert_allclose(own[name], -right[name], rtol=1e-15)
    assert own["loss"] == right["loss"]


@both_forms
def test_an_update_override_replaces_its_own_equation_alone(form: str) -> None:
    own, right = values(form, "W2.next = W2 + learning_rate * W2.grad"), values(form)
    np.testing.assert_allclose(own["W2.next"] - own["W2"], right["W2"] - right["W2.next"], rtol=1e-12)
    assert np.array_equal(own["W1.next"], right["W1.next"])


@both_forms
def test_a_backward_override_may_use_the_step_that_comes_later(form: str) -> None:
    own, right = values(form, "h1.grad = W2.next.T @ h2.grad"), values(form)
    assert np.array_equal(own["h1.grad"], right["W2.next"].T @ right["h2.grad"])
    program = program_of(loaded(form, "h1.grad = W2.next.T @ h2.grad"), "backward")
    # of the optimizer's step, the backward pass has what it uses and nothing else
    assert [e.name for e in program.phase("update")] == ["W2.next"]
    names = [e.name for e in program.equations]
    assert names.index("W2.next") < names.index("h1.grad")


@both_forms
def test_the_learning_rate_may_be_worked_out(form: str) -> None:
    own, right = values(form, "learning_rate = 0.1 / loss"), values(form)
    assert own["learning_rate"] == pytest.approx(0.1 / right["loss"])
    np.testing.assert_allclose(own["W2.next"], right["W2"] - 0.1 / right["loss"] * right["W2.grad"], rtol=1e-14)


def test_under_z_the_names_of_the_sheet_are_read() -> None:
    own = values(LAYERS, "a1 = sigmoid(z1)\nz2.grad = 2 * (z2 - y)\nz1.grad = a1.grad * a1", "notation: z\n")
    same = values(LAYERS, "h1 = sigmoid(hbar1)\nh2.grad = 2 * (h2 - y)\nhbar1.grad = h1.grad * h1")
    for name in ("h1", "h2.grad", "hbar1.grad", "W1.next"):
        assert np.array_equal(own[name], same[name])


def test_under_z_a_name_of_the_problems_own_stays_what_it_is() -> None:
    text = """
given: {x: [1, 2], y: [1]}
parameters: {W: [[1, 2]]}
equations: |
  z1 = W @ x
  loss = half_sse(z1, y)
notation: z
"""
    own, right = values(text, "z1.grad = 2 * (z1 - y)"), values(text)
    assert np.array_equal(own["z1.grad"], 2 * right["z1.grad"])


@both_forms
@pytest.mark.parametrize("command", ["forward", "backprop", "sgd", "derive"])
def test_every_command_takes_them(command: str, form: str, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f"{form}overrides: |\n  h1 = sigmoid(hbar1)\n  h2.grad = y - h2\n  W2.next = W2\n", "utf-8")
    assert run([command, str(path)]) == 0
    out = capsys.readouterr().out
    assert ("sigmoid(hbar1)" if command == "derive" else "σ") in out
    if command == "derive":
        assert {"h2.grad = y - h2", "W2.next = W2"} <= set(out.splitlines())


def test_a_forward_problem_takes_forward_overrides_alone() -> None:
    text = LAYERS.replace("labels: [1, 0.5]\n", "").replace("loss: half_sse\n", "")
    problem = loaded(text, "h1 = 2 * hbar1")
    found = work(problem, "forward").values
    assert np.array_equal(found["h1"], 2 * found["hbar1"])
