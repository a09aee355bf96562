"""Every calculation of the notebook the project started from ("Deep Learning (2021)"), and what is right instead.

Expected numbers are the notebook's printed outputs, cell by cell; those of the corrected regression are its written
solution with the sign of ∂ℓ/∂h² turned round, to all digits that double precision gives.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nncalc.cli.run import run


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    def of(*arguments: str) -> Any:
        assert run([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return of


def printed(value: Any) -> str:
    """As the notebook printed it: NumPy's own text, eight places."""
    return str(np.asarray(value))


def column(value: Any) -> str:
    return printed(np.asarray(value).reshape(-1, 1))


def test_in_2_softmax_and_cross_entropy(answer: Any) -> None:
    for found in (answer("softmax", "2", "-1", "5", "0", "--label", "2"), answer("backprop", "softmax-cross-entropy")):
        assert printed(found["values"]["p"]) == "[0.04701312 0.00234065 0.9442837  0.00636253]"
        assert repr(found["loss"]) == "6.0573286242556375"


def test_in_3_linear_operation_and_relu(answer: Any) -> None:
    values = answer("forward", "linear-relu")["values"]
    assert column(values["hbar2"]) == "[[-3.5]\n [ 0.5]\n [-1.5]]"
    assert column(values["h2"]) == "[[0. ]\n [0.5]\n [0. ]]"


def test_in_4_as_it_was_printed(answer: Any) -> None:
    found = answer("sgd", "regression-as-printed")
    values, gradients, updated = found["values"], found["gradients"], found["updated"]
    assert column(values["hbar1"]) == "[[ 2.2]\n [ 4. ]\n [-0.8]\n [ 1.2]]"
    assert column(values["h1"]) == "[[2.2]\n [4. ]\n [0. ]\n [1.2]]"
    assert column(values["h2"]) == "[[7.1]\n [1.2]\n [1.1]]"
    assert repr(found["loss"]) == "6.0835844697020525"
    assert printed([gradients["h2"]]) == "[[-0.92050994 -0.36162891  0.1479391 ]]"
    assert printed(gradients["W2"]) == (
        "[[-2.02512188 -3.68203978  0.         -1.10461193]\n"
        " [-0.79558359 -1.44651563  0.         -0.43395469]\n"
        " [ 0.32546602  0.59175639  0.          0.17752692]]"
    )
    assert column(gradients["b2"]) == "[[-0.92050994]\n [-0.36162891]\n [ 0.1479391 ]]"
    assert printed([gradients["h1"]]) == "[[-1.52870401 -0.77257085 -1.13419975  0.41094194]]"
    assert printed([gradients["hbar1"]]) == "[[-1.52870401 -0.77257085  0.          0.41094194]]"
    assert printed(gradients["W1"]) == (
        "[[-1.83444482  1.52870401 -3.05740803]\n"
        " [-0.92708502  0.77257085 -1.54514169]\n"
        " [ 0.          0.          0.        ]\n"
        " [ 0.49313033 -0.41094194  0.82188388]]"
    )
    assert column(gradients["b1"]) == "[[-1.52870401]\n [-0.77257085]\n [-1.13419975]\n [ 0.41094194]]"
    assert printed(updated["W2"]) == (
        "[[ 1.52025122  1.0368204   1.         -0.98895388]\n"
        " [ 0.00795584  0.01446516  1.          1.00433955]\n"
        " [-1.00325466  0.99408244  1.         -1.00177527]]"
    )
    # the notebook's output breaks off in b2: "[[1.0092051 ]\n [0.003"
    assert column(updated["b2"]).startswith("[[1.0092051 ]\n [0.003")


@pytest.mark.parametrize("name", ["regression", "regression-equations"])
def test_the_regression_with_its_signs_right(name: str, answer: Any) -> None:
    found = answer("sgd", name)
    values, gradients, updated = found["values"], found["gradients"], found["updated"]
    assert np.allclose(values["hbar1"], [2.2, 4, -0.8, 1.2], rtol=0, atol=1e-15)
    assert np.allclose(found["values"]["h2"], [7.1, 1.2, 1.1], rtol=0, atol=1e-14)
    assert repr(found["loss"]) == "6.0835844697020525"
    assert printed(gradients["h2"]) == "[ 0.92050994  0.36162891 -0.1479391 ]"
    assert printed(gradients["b1"]) == "[ 1.52870401  0.77257085  0.         -0.41094194]"
    assert f"{updated['W2'][0][0]:.8f}" == "1.47974878"
    assert printed(updated["b1"]) == "[-0.01528704  0.99227429  1.         -0.99589058]"
    assert found["loss_after"] < found["loss"]


def test_both_ways_to_write_the_regression_are_one_problem(answer: Any) -> None:
    layers, equations = answer("sgd", "regression"), answer("sgd", "regression-equations")
    for section in ("gradients", "updated"):
        assert layers[section] == equations[section]
    backward = [
        [step["equation"] for step in found["trace"] if step["phase"] != "forward"] for found in (layers, equations)
    ]
    assert backward[0] == backward[1]


def test_the_written_solution_follows_from_the_flipped_sign(answer: Any) -> None:
    """The solution before In [4], two decimals: everything has the sign that a flipped ∂ℓ/∂h² hands on."""
    right = answer("sgd", "regression")["gradients"]
    written = {"h2": [-0.92, -0.36, 0.15], "h1": [-1.53, -0.77, -1.13, 0.41], "hbar1": [-1.53, -0.77, 0, 0.41]}
    for name, numbers in written.items():
        assert np.allclose(-np.asarray(right[name]), numbers, rtol=0, atol=0.005 + 1e-12)


def test_three_steps_as_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sgd", "regression", "--steps", "3", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["iteration"] for line in lines] == [1, 2, 3]
    assert lines[0]["loss"] > lines[1]["loss"] > lines[2]["loss"]
    assert lines[1]["values"]["W1"] == lines[0]["updated"]["W1"]
    assert lines[0]["loss_after"] == lines[1]["loss"]
