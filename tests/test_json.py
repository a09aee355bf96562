"""Every command's JSON against the schema in tests/schema, and read by jq as FORMAT.md promises."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nncalc.catalogue.index import ACTIVATIONS, LOSSES
from nncalc.cli.run import run
from nncalc.problem import shipped

SCHEMA = jsonschema.Draft202012Validator(json.loads((Path(__file__).parent / "schema/output.json").read_text("utf-8")))
FORWARD_ONLY = ("linear-relu", "hopfield")
CALLS: list[list[str]] = [
    *([command, name] for name in shipped.names() for command in ("forward", "derive")),
    *([command, name] for name in shipped.names() if name not in FORWARD_ONLY for command in ("backprop", "sgd")),
    ["sgd", "xor", "--batch-size", "3", "--steps", "4", "--every", "2"],
    ["sgd", "regression", "--batch-size", "1"],
    ["gradcheck", "xor"],
    ["train", "softmax-classifier", "--epochs", "3", "--batch-size", "2", "--validation", "0.25"],
    ["softmax", "2", "-1", "5", "0"],
    ["softmax", "1000", "-1000", "0", "--label", "2"],
    ["softmax", "1", "1", "--label", "1", "--temperature", "2", "--log-base", "2", "--index-base", "0"],
    *(
        [name, "-1e-3", "-.5", "1/3", "-1/3", "\N{MINUS SIGN}2", "0", *(["--pieces", "2"] if name == "maxout" else [])]
        for name in ACTIVATIONS
    ),
    ["prelu", "1", "-2", "--slope", "0.25"],
    ["grad", "(x + y) * z", "x=-2", "y=5", "z=-4"],
    ["grad", "W @ x", "W=[[1, 2], [3, 4]]", "x=[1, -1]", "--upstream", "[1, 0]"],
    ["grad", "log(x)", "x=0"],
    ["grad", "x * sin(y)", "x=1", "y=2", "--hessian"],
    ["grad", "softmax_cross_entropy(h, t)", "h=[1, 2, 3]", "t=2"],
    *(["explain", name] for name in (*ACTIVATIONS, *LOSSES, "matmul", "sum")),
    ["problems"],
]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_schema(call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*call, "--json"]) == 0
    for line in capsys.readouterr().out.splitlines():
        SCHEMA.validate(json.loads(line, parse_constant=_no_constant))


def _no_constant(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


def test_the_schema_refuses_what_is_wrong() -> None:
    good = {"nncalc": 1, "command": "forward", "iteration": 1, "values": {"x": [1.0]}, "trace": []}
    for wrong in ({**good, "extra": 1}, {**good, "values": {"x": ["1"]}}, {**good, "nncalc": 2}):
        assert not SCHEMA.is_valid(wrong)


def loaded(call: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert run([*call, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_sections_are_those_of_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    found = loaded(["sgd", "regression"], capsys)
    assert list(found["gradients"]) == ["h2", "W2", "b2", "h1", "hbar1", "W1", "b1", "x"]
    assert list(found["updated"]) == ["W1", "b1", "W2", "b2"]
    assert found["trace"][0] == {
        "phase": "forward",
        "name": "hbar1",
        "op": "linear",
        "equation": "hbar1 = W1 @ x + b1",
        "inputs": ["W1", "x", "b1"],
        "shape": [4],
    }


def test_softmax_sections(capsys: pytest.CaptureFixture[str]) -> None:
    found = loaded(["softmax", "2", "-1", "5", "0", "--label", "2"], capsys)
    assert found["loss"] == 6.0573286242556375
    assert set(found["values"]) >= {"h", "exp", "p"}
    assert list(found["gradients"]) == ["h"]
    assert (found["predicted"], found["correct"]) == (3, False)


def test_grad_keys_are_the_nodes_texts(capsys: pytest.CaptureFixture[str]) -> None:
    # cs231n, "Backpropagation, Intuitions": f = (x + y) z at x = −2, y = 5, z = −4
    found = loaded(["grad", "(x + y) * z", "x=-2", "y=5", "z=-4"], capsys)
    assert found["values"] == {"x": -2, "y": 5, "z": -4, "x + y": 3, "result": -12}
    assert found["gradients"] == {"x": -4, "y": -4, "z": 3, "x + y": -4}
    assert found["loss"] == -12


def test_stable_where_the_naive_formula_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded(["softmax", "1000", "-1000", "0", "--label", "2"], capsys)["loss"] == 2000


def test_what_is_not_finite_is_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    found = loaded(["grad", "log(x)", "x=0"], capsys)
    assert (found["loss"], found["gradients"]["x"]) == ("-Infinity", "Infinity")


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize(
    ("call", "filter_", "expected"),
    [
        ("sgd regression --steps 3 --json", "-s .[2].loss|type", '"number"'),
        ("backprop xor --json", "-c .updated", "null"),
        ("derive regression --json", "-r .equations[4].equation", "h2.grad = (h2 - y) / loss"),
        ("softmax 2 -1 5 0 --json", ".predicted", "3"),
    ],
)
def test_piped_into_jq(call: str, filter_: str, expected: str) -> None:
    program = subprocess.run(
        [sys.executable, "-m", "nncalc", *call.split()], capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    found = subprocess.run(["jq", *filter_.split()], input=program.stdout, capture_output=True, check=True)
    assert found.stdout.decode().strip() == expected
