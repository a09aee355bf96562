"""The problems that ship, each against its golden output: the screen at 60 and 110 columns, the equations, the JSON.

`UPDATE_EXPECTED=1 pytest tests/test_problems.py` writes the files of tests/golden, to be read before they are
committed. The numbers in them are held to published ones in tests/test_reference.py.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unicodedata import combining

import pytest

from nncalc.cli.run import run
from nncalc.problem import shipped
from nncalc.problem.load import load_file

GOLDEN = Path(__file__).parent / "golden"
NAMES = shipped.names()


def output_of(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(arguments) == 0
    return capsys.readouterr().out


def command_for(name: str) -> str:
    """The command that shows all of a problem: `sgd` where there is something to learn."""
    program = load_file(str(shipped.path_of(name))).forward
    return "forward" if program.loss is None else "sgd" if program.parameters else "backprop"


def compare(name: str, found: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text(found, "utf-8")
    assert found == path.read_text("utf-8")


@pytest.mark.parametrize("columns", [60, 110])
@pytest.mark.parametrize("name", NAMES)
def test_screen(name: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = output_of([command_for(name), name], capsys, monkeypatch, columns)
    compare(f"{name}.{columns}.txt", found)
    # an accent stands over its letter: h̄, x̂
    assert max(map(len, "".join(c for c in found if not combining(c)).splitlines())) <= columns


@pytest.mark.parametrize("name", NAMES)
def test_equations(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    compare(f"{name}.equations.txt", output_of(["derive", name], capsys, monkeypatch, 80))


def rounded(value: Any) -> Any:
    """Twelve digits that count: the last few of a double depend on the processor's order of adding."""
    if isinstance(value, float):
        return float(f"{value:.12g}") + 0.0
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return value


@pytest.mark.parametrize("name", NAMES)
def test_json(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = output_of([command_for(name), name, "--json"], capsys, monkeypatch, 80)
    assert found.count("\n") == 1
    compare(f"{name}.json", json.dumps(rounded(json.loads(found)), ensure_ascii=False, indent=1) + "\n")


def test_no_golden_file_without_its_problem() -> None:
    assert {path.name.split(".")[0] for path in GOLDEN.iterdir()} == set(NAMES)
