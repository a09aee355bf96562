"""`nncalc check` from the command line to the checker and back: the shipped sheets, and sheets gone wrong at random."""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nncalc.cli.progress import LateBar
from nncalc.cli.run import run
from nncalc.views.clean import display_width

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "schema/output.json").read_text("utf-8"))
)
PROBLEMS = ("regression", "regression-equations", "xor", "softmax-classifier", "rnn", "adam", "batch-norm", "cnn")

Capture = pytest.CaptureFixture[str]


def worked(name: str, capsys: Capture, steps: int = 1) -> list[Any]:
    assert run(["sgd", name, "--steps", str(steps), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def checked(problem: str, sheet: Path, capsys: Capture, *options: str) -> tuple[int, Any]:
    status = run(["check", problem, str(sheet), "--json", *options])
    found = json.loads(capsys.readouterr().out)
    SCHEMA.validate(found)
    return status, found


def test_the_notebooks_written_solution(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["check", "regression", "regression-in-3"]) == 1
    words = " ".join(capsys.readouterr().out.split())
    assert "(y − h²) / ℓ where this problem has (h² − y) / ℓ" in words
    assert "entry 3, 2: 0.9946 where 0.9941 follows" in words
    assert "entry 3: ∂ℓ/∂h¹ is used where ∂ℓ/∂h̄¹ belongs" in words
    assert "∂ℓ/∂W², entry 1, 4: −1.11 is rounded the other way" in words


def test_the_notebooks_output(capsys: Capture) -> None:
    assert run(["check", "regression", "regression-in-4"]) == 1
    out = capsys.readouterr().out
    assert [line[1:12].split()[1] for line in out.splitlines() if line.startswith(" ✗")] == ["∂ℓ/∂h²", "∂ℓ/∂b¹"]


@pytest.mark.parametrize("name", PROBLEMS)
def test_nncalcs_own_output_is_right(name: str, tmp_path: Path, capsys: Capture) -> None:
    sheet = tmp_path / "own.jsonl"
    lines = worked(name, capsys, steps=2)
    sheet.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    status, found = checked(name, sheet, capsys)
    assert (status, found["right"], found["mistakes"], found["unknown"]) == (0, True, [], [])
    assert found["points"] == found["out_of"] > 0
    assert {verdict["iteration"] for verdict in found["verdicts"]} == {1, 2}


def spoiled(value: Any, rng: random.Random) -> Any:
    """A value as a student may have it: turned round, scaled, cut short, gone."""
    numbers = value if isinstance(value, list) else [value]
    return rng.choice(
        [
            lambda: [_each(one, lambda n: -n) for one in numbers],
            lambda: [_each(one, lambda n: 2 * n) for one in numbers],
            lambda: [_each(one, lambda n: n + 1) for one in numbers],
            lambda: numbers[:-1] or [0],
            lambda: [None, *numbers[1:]] if not isinstance(numbers[0], list) else numbers,
            lambda: [_each(one, lambda _: 0) for one in numbers],
            lambda: [numbers],
        ]
    )()


def _each(value: Any, change: Any) -> Any:
    return [_each(one, change) for one in value] if isinstance(value, list) else change(value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_whatever_a_sheet_has_it_is_said_readably(
    name: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(name)
    (line,) = worked(name, capsys)
    for round_ in range(3):
        sections = {key: dict(line[key]) for key in ("values", "gradients", "updated")}
        for _ in range(round_ + 1):
            section = sections[rng.choice([*sections])]
            if section:
                key = rng.choice([*section])
                section[key] = spoiled(section[key], rng)
        sheet = tmp_path / f"{round_}.json"
        sheet.write_text(json.dumps({**sections, "nonsense\x1b": 1}), "utf-8")
        status, found = checked(name, sheet, capsys)
        assert status == (0 if found["right"] else 1)
        if "verdicts" not in found:
            continue
        assert [name[:8] for name in found["unknown"]] == ["nonsense"]
        monkeypatch.setenv("COLUMNS", "60")
        assert run(["check", name, str(sheet)]) == status
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert max(map(display_width, out.splitlines())) <= 60
        for level in ("1", "2", "3"):
            _, hinted = checked(name, sheet, capsys, "--hints", level)
            assert len(hinted["mistakes"]) <= 1


def test_tolerance_and_strictness_reach_the_checker(tmp_path: Path, capsys: Capture) -> None:
    sheet = tmp_path / "s.yaml"
    sheet.write_text("h2: [7.11, 1.2, 1.1]\n", "utf-8")
    assert checked("regression", sheet, capsys)[0] == 1
    assert checked("regression", sheet, capsys, "--tolerance", "0.05")[0] == 0


@pytest.mark.parametrize(("patience", "options"), [(-1.0, []), (-1.0, ["--json"]), (600.0, [])])
def test_a_sheet_that_takes_long_has_a_progress_bar_on_a_terminal(
    patience: float, options: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(LateBar, "PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", stream)
    assert run(["check", "regression", "regression-in-3", *options]) == 1
    assert capsys.readouterr().out
    assert ("0/" in stream.getvalue()) == (patience < 0)
    assert patience < 0 or stream.getvalue() == ""
