"""`nncalc check` at the command line: which sheets, what is printed where, the exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nncalc.check.report import Report
from nncalc.cli.check import Marker
from nncalc.cli.run import run
from nncalc.cli.sheets import Source
from nncalc.problem.answers import AnswerReader
from nncalc.problem.problem import Problem
from tests.views.check_reports import conventional, notebook, right

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "schema/output.json").read_text("utf-8"))
)
SHEET = "h2: [7.1, 1.2, 1.1]\n"
REPORTS = {"right": right(), "wrong": notebook(), "under": conventional()}

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def _by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a sheet is that of the beginning of its name; sheets are read as ever."""

    def begin(self: Marker, problem: Problem, tolerance: float | None, strict: bool, _alone: bool) -> None:
        self.problem, self.strict = problem, strict
        self._reader = AnswerReader(problem)

    def judged(self: Marker, source: Source) -> Report:
        self._reader.read(source.text(), source.name)
        stem = Path(source.name).stem
        found = next((report for begins, report in REPORTS.items() if stem.startswith(begins)), right())
        return found._replace(sheet=source.name)

    monkeypatch.setattr(Marker, "__init__", begin)
    monkeypatch.setattr(Marker, "report", judged)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def filled(*names: str) -> Path:
        for name in names:
            (tmp_path / name).write_text("h2: [1, {\n" if name.startswith("broken") else SHEET, "utf-8")
        return tmp_path

    return filled


def objects(out: str) -> list[Any]:
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        SCHEMA.validate(line)
    return lines


pytestmark = pytest.mark.usefixtures("_by_name")


@pytest.mark.parametrize(("name", "status"), [("right.yaml", 0), ("wrong.yaml", 1), ("under.yaml", 0)])
def test_one_sheet(name: str, status: int, folder: Callable[..., Path], capsys: Capture) -> None:
    assert run(["check", "regression", str(folder(name) / name)]) == status
    captured = capsys.readouterr()
    assert captured.out.startswith("Feedforward regression, 3 → 4 (ReLU) → 3\n\n ✓  ")
    assert captured.err == ""


def test_digits_and_width(folder: Callable[..., Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["check", "regression", str(folder("wrong.yaml") / "wrong.yaml"), "--digits", "2"]) == 1
    assert max(map(len, capsys.readouterr().out.replace("\N{COMBINING MACRON}", "").splitlines())) <= 60


def test_json_is_a_line_a_sheet(folder: Callable[..., Path], capsys: Capture) -> None:
    where = folder("right.yaml", "wrong.yaml", "broken.yaml", "notes.txt", ".hidden.yaml")
    assert run(["check", "regression", str(where), "--json"]) == 1
    found = objects(capsys.readouterr().out)
    assert [line["sheet"] for line in found] == ["broken.yaml", "right.yaml", "wrong.yaml"]
    assert found[0]["error"].startswith("line 1, column ")
    assert [line.get("right") for line in found] == [None, True, False]
    assert found[1]["title"] == "Feedforward regression, 3 → 4 (ReLU) → 3"


def test_one_broken_sheet_is_shown_as_errors_are(folder: Callable[..., Path], capsys: Capture) -> None:
    path = folder("broken.yaml") / "broken.yaml"
    assert run(["check", "regression", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{path}:1:")
    assert "^" in captured.err
    assert run(["check", "regression", str(path), "--json"]) == 1
    captured = capsys.readouterr()
    assert [*objects(captured.out)[0]] == ["nncalc", "command", "sheet", "error"]
    assert captured.err == ""


def test_many_sheets_are_a_table(folder: Callable[..., Path], capsys: Capture) -> None:
    where = folder("right.yaml", "wrong.yaml", "broken.yaml", "wrong2.yml", "under.json")
    (where / "under.json").write_text('{"h2": [7.1, 1.2, 1.1]}', "utf-8")
    assert run(["check", "regression", str(where)]) == 1
    captured = capsys.readouterr()
    assert "sheet" in captured.out
    assert "    2       2  ∂ℓ/∂h²: sign flipped\n" in captured.out
    assert captured.out.rstrip().endswith("2 of 5 sheets all right, 1 can't be read; on average 93 % of the points")
    assert captured.err == ""


def test_many_right_sheets(folder: Callable[..., Path], capsys: Capture) -> None:
    where = folder("right.yaml", "under.yaml")
    assert run(["check", "regression", str(where / "right.yaml"), str(where / "under.yaml")]) == 0
    assert "2 of 2 sheets all right" in capsys.readouterr().out


def test_a_folder_is_sorted_and_not_searched_below(folder: Callable[..., Path], capsys: Capture) -> None:
    where = folder("right9.yaml", "right10.yaml", "wrong.YAML")
    (where / "sub.yaml").mkdir()
    (where / "sub.yaml" / "right.yaml").write_text(SHEET, "utf-8")
    assert run(["check", "regression", str(where), str(where / "right9.yaml"), "--json"]) == 1
    names = [line["sheet"] for line in objects(capsys.readouterr().out)]
    assert names == ["right10.yaml", "right9.yaml", "wrong.YAML", str(where / "right9.yaml")]


def test_a_folder_of_one_says_which(folder: Callable[..., Path], capsys: Capture) -> None:
    assert run(["check", "regression", str(folder("right.yaml"))]) == 0
    assert capsys.readouterr().out.startswith("right.yaml\n ✓  ")


def test_a_sheet_that_comes_with_nncalc(capsys: Capture) -> None:
    assert run(["check", "regression", "regression-in-3", "--json"]) == 0
    assert objects(capsys.readouterr().out)[0]["sheet"] == "regression-in-3"


@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_hints(level: str, folder: Callable[..., Path], capsys: Capture) -> None:
    path = str(folder("wrong.yaml", "right.yaml") / "wrong.yaml")
    assert run(["check", "regression", path, "--hints", level]) == 1
    out = capsys.readouterr().out
    assert "look at ∂ℓ/∂h² first\n" in out
    assert ("sign" in out, "(h² − y) / ℓ" in out) == (level > "1", level > "2")
    assert run(["check", "regression", path, "--hints", level, "--json"]) == 1
    assert objects(capsys.readouterr().out)[0]["hints"] == int(level)
    # several sheets: each student's own, no table of what others did
    assert run(["check", "regression", str(Path(path).parent), "--hints", level]) == 1
    out = capsys.readouterr().out
    assert out.startswith("right.yaml\nnothing is wrong")
    assert "\n\nwrong.yaml\nlook at" in out
    assert "times" not in out


def test_hints_on_many_sheets_leave_no_blank_where_one_is_broken(folder: Callable[..., Path], capsys: Capture) -> None:
    path = folder("broken.yaml", "broken2.yaml", "right.yaml", "wrong.yaml")
    assert run(["check", "regression", str(path), "--hints", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("right.yaml\nnothing is wrong")
    assert "\n\n\n" not in out
    assert err.count("[1, {") == 2


def test_the_sheet_from_standard_input(nncalc: Any) -> None:
    done = nncalc("check", "regression", "-", stdin="h2: [7.1, 1.2, {\n")
    assert done.returncode == 1
    assert done.stderr.startswith("standard input:1:")
    done = nncalc("check", "regression", "-", "--json", stdin="h2: [7.1, 1.2, {\n")
    assert (done.returncode, objects(done.stdout)[0]["sheet"]) == (1, "-")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["regression"], "missing argument"),
        (["regression", "no-such.yaml"], "no-such.yaml: no such file or folder"),
        (["regression", "regression-in-33"], "Did you mean 'regression-in-3'?"),
        (["-", "-"], "can't both be standard input"),
        (["regression", "-", "-"], "can be read once"),
        (["regression", "{folder}"], "no sheets in this folder"),
        (["no-such-problem", "{sheet}"], "there is no file no-such-problem"),
        (["regression", "{sheet}", "--hints", "4"], "expected a whole number from 1 to 3"),
        (["regression", "{sheet}", "--tolerance", "-1"], "expected a number from 0 on"),
        (["regression", "{sheet}", "--tolerance", "x"], "'x' is not a number"),
    ],
)
def test_what_cannot_be_used(
    arguments: list[str], words: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "ada.yaml").write_text(SHEET, "utf-8")
    places = {"folder": str(tmp_path / "empty"), "sheet": "ada.yaml"}
    assert run(["check", *(argument.format(**places) for argument in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


def test_a_broken_problem_is_no_sheets_fault(tmp_path: Path, folder: Callable[..., Path], capsys: Capture) -> None:
    (tmp_path / "p.yaml").write_text("layers: [\n", "utf-8")
    assert run(["check", str(tmp_path / "p.yaml"), str(folder("right.yaml") / "right.yaml")]) == 2
    assert "p.yaml:1:" in capsys.readouterr().err


def test_names_of_sheets_are_shown_clean(folder: Callable[..., Path], capsys: Capture) -> None:
    where = folder("right.yaml", "wrong\x1b[31m.yaml")
    assert run(["check", "regression", str(where)]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_colour_says_nothing_that_words_do_not(
    folder: Callable[..., Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder("wrong.yaml") / "wrong.yaml")
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(["check", "regression", path])
    coloured = capsys.readouterr().out
    run(["check", "regression", path, "--no-color"])
    plain = capsys.readouterr().out
    assert "\x1b[31m" in coloured
    assert "\x1b" not in plain
    assert "wrong" in plain


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
def test_the_progress_bar_is_on_standard_error_alone(folder: Callable[..., Path]) -> None:
    import pty

    where = folder(*(f"broken{i}.yaml" for i in range(3)))
    # broken sheets need no checker
    call = [sys.executable, "-m", "nncalc", "check", "regression", str(where), "--json"]
    leader, follower = pty.openpty()
    done = subprocess.run(call, stdout=subprocess.PIPE, stderr=follower, stdin=subprocess.DEVNULL, check=False)
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert done.returncode == 1
    assert len(objects(done.stdout.decode())) == 3
    assert "/3" in shown
    quiet = subprocess.run(call, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert quiet.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_each_line_is_written_as_it_is_done_and_ctrl_c_ends_it(folder: Callable[..., Path]) -> None:
    where = folder(*(f"broken{i}.yaml" for i in range(2)))
    os.mkfifo(where / "later.yaml")
    call = [sys.executable, "-m", "nncalc", "check", "regression", str(where / "broken0.yaml"),
            str(where / "later.yaml"), "--json"]  # fmt: skip
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["sheet"].endswith("broken0.yaml")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_a_reader_that_has_gone(folder: Callable[..., Path]) -> None:
    where = folder(*(f"broken{i}.yaml" for i in range(40)))
    call = [sys.executable, "-m", "nncalc", "check", "regression", str(where), "--json"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, b"")


def test_the_help_has_examples(capsys: Capture) -> None:
    assert run(["check", "--help"]) == 0
    out = capsys.readouterr().out
    assert "nncalc check problem.yaml answers.yaml --hints 1" in out
    assert "never a number" in " ".join(out.split())
