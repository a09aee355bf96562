"""Which problem a command works on, and what it says of that on standard error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nncalc.problem import shipped

PROBLEM = "title: mine\ninputs: [1, 2]\nlayers: [{dense: {weights: [[3, 4]]}}]\n"


def prediction(run: Any) -> Any:
    assert run.returncode == 0
    return json.loads(run.stdout)["prediction"]


def test_a_file_by_its_path(nncalc: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(PROBLEM)
    found = nncalc("forward", "mine.yaml", "--json", cwd=tmp_path)
    assert prediction(found) == [11]
    assert found.stderr == ""


def test_a_shipped_problem_by_its_name_but_a_file_of_that_name_first(nncalc: Any, tmp_path: Path) -> None:
    assert json.loads(nncalc("forward", "xor", "--json", cwd=tmp_path).stdout)["title"].startswith("XOR")
    (tmp_path / "xor").write_text(PROBLEM)
    assert prediction(nncalc("forward", "xor", "--json", cwd=tmp_path)) == [11]


def test_standard_input_asked_for_and_piped(nncalc: Any, tmp_path: Path) -> None:
    asked = nncalc("forward", "-", "--json", stdin=PROBLEM, cwd=tmp_path)
    assert (prediction(asked), asked.stderr) == ([11], "")
    piped = nncalc("forward", "--json", stdin=PROBLEM, cwd=tmp_path)
    assert (prediction(piped), piped.stderr) == ([11], "nncalc: working on what is piped in\n")


def test_problem_yaml_of_the_folder_where_nothing_is_piped(nncalc: Any, tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text(PROBLEM)
    found = nncalc("forward", "--json", cwd=tmp_path)
    assert (prediction(found), found.stderr) == ([11], "nncalc: working on problem.yaml\n")


def test_else_the_reference_problem(nncalc: Any, tmp_path: Path) -> None:
    found = nncalc("forward", "--json", cwd=tmp_path)
    assert json.loads(found.stdout)["loss"] == 6.0835844697020525
    assert found.stderr == ("nncalc: no FILE and no problem.yaml here: working on the built-in problem 'regression'\n")


def test_errors_of_standard_input_name_it(nncalc: Any, tmp_path: Path) -> None:
    found = nncalc("forward", stdin="inputs: [1, x]\nlayers: []\n", cwd=tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.splitlines()[1].startswith("standard input:1:13: inputs: 'x' is not a number")


def test_a_misspelt_problem(nncalc: Any, tmp_path: Path) -> None:
    found = nncalc("forward", "regresion", cwd=tmp_path)
    assert found.returncode == 2
    assert "Did you mean the problem 'regression' that comes with nncalc?" in found.stderr


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_file_is_printed_byte_for_byte(name: str, nncalc: Any) -> None:
    path = shipped.path_of(name)
    assert path is not None
    assert nncalc("problems", name).stdout == path.read_text("utf-8")
