"""The table that ends many steps: a row a step."""

from __future__ import annotations

import pytest

from nncalc.cli.run import run

PERCEPTRON = """\
the steps: each one's loss, and the parameters after it

 step  example  x₁  x₂  y  h¹  ℓ  W¹₁₁  W¹₁₂  b¹
    1        1   0   0  0   0  0     0     0   0
    2        2   0   1  0   0  0     0     0   0
    3        3   1   0  0   0  0     0     0   0
    4        4   1   1  1   0  1     1     1   1
    5        1   0   0  0   1  1     1     1   0
    6        2   0   1  0   1  1     1     0  −1
"""
BATCH = """\
the steps: each one's loss, and the parameters after it

 step       ℓ      W¹       b¹
    1  0.4552  0.7373  −0.9719
    2  0.3827  0.8173  −0.9990
"""
NARROW = """\
the steps: each one's loss, and the parameters after it

 step  example  x₁  x₂  y  h¹
    1        1   0   0  0   0
    2        2   0   1  0   0

 step  example  ℓ  W¹₁₁  W¹₁₂
    1        1  0     0     0
    2        2  0     0     0

 step  example  b¹
    1        1   0
    2        2   0
"""
LARGE = """\
the steps: each one's loss, and the parameters after it

 step     h²₁    h²₂     h²₃       ℓ
    1  7.1000  1.200  1.1000  6.0836
    2  6.6311  1.148  1.1595  5.6257
"""


@pytest.mark.parametrize(
    ("call", "width", "ending"),
    [
        ("perceptron --steps 6 --batch-size 1 --every 6", 60, PERCEPTRON),
        ("perceptron --steps 6 --batch-size 1", 60, PERCEPTRON),
        ("perceptron --steps 2 --batch-size 1", 30, NARROW),
        ("logistic-regression --steps 2", 60, BATCH),
        ("regression --steps 2", 60, LARGE),
    ],
)
def test_many_steps_end_in_their_table(
    call: str, width: int, ending: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["sgd", *call.split()]) == 0
    assert capsys.readouterr().out.endswith("\n" + ending)


@pytest.mark.parametrize("call", ["perceptron", "perceptron --steps 2 --json", "hebbian --steps 1001"])
def test_one_step_has_none_nor_has_the_json_nor_a_thousand(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sgd", *call.split()]) == 0
    assert "the steps:" not in capsys.readouterr().out


def test_of_many_steps_those_shown_are_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sgd", "logistic-regression", "--steps", "300", "--every", "100"]) == 0
    _, table = capsys.readouterr().out.split("the steps:")
    assert [line.split()[0] for line in table.splitlines()[3:]] == ["100", "200", "300"]
