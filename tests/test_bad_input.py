"""Each file of tests/bad_input is refused with the exact text beside it, exit status 2 and nothing on standard output.

A new case is a YAML file there; `UPDATE_EXPECTED=1 pytest tests/test_bad_input.py` writes its text, to be read before
it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncalc.cli.run import run

FOLDER = Path(__file__).parent / "bad_input"
CASES = sorted(path.name for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", CASES)
def test_refused_with_its_exact_text(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)
    status = run(["sgd", name])
    out, err = capsys.readouterr()
    expected = FOLDER / name.replace(".yaml", ".txt")
    if os.environ.get("UPDATE_EXPECTED"):
        expected.write_text(err, "utf-8")
    assert (status, out) == (2, "")
    assert err == expected.read_text("utf-8")


def test_every_text_has_its_case() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == [name.removesuffix(".yaml") for name in CASES]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["forward", "nosuch.yaml"], "nncalc forward: there is no file nosuch.yaml\n"),
        (["forward", "."], "nncalc forward: . is a folder\n  Name a file in it.\n"),
        (
            ["sgd", "xor", "--learning-rate", "-1"],
            "nncalc sgd: the learning rate can't be -1\n  expected a number above 0\n  Try 'nncalc sgd --help'.\n",
        ),
        (
            ["sgd", "xor", "--learning-rate", "fast"],
            "nncalc sgd: invalid value for '--learning-rate': 'fast' is not a number\n  Try 'nncalc sgd --help'.\n",
        ),
        (
            ["sgd", "regression-equations", "--batch-size", "2"],
            "nncalc sgd: --batch-size needs a batch\n"
            "  The prediction is that of one example; a batch's is a matrix, an example a row.\n"
            "  Try 'nncalc sgd --help'.\n",
        ),
        (
            ["softmax", "2", "--lable", "1"],
            "nncalc softmax: no option '--lable'\n  Did you mean '--label'?\n  Try 'nncalc softmax --help'.\n",
        ),
        (
            ["softmax", "2", "-1", "--label", "3"],
            "nncalc softmax: there is no class 3\n"
            "  found 3, expected a whole number from 1 to 2\n"
            "  '--index-base 1' calls the first class 1, as on paper.\n",
        ),
        (
            ["grad", "x * yy", "x=1", "y=2"],
            "nncalc grad: yy has no value\n  found x, y\n  Add yy=2, say.\n  Try 'nncalc grad --help'.\n",
        ),
        (
            ["grad", "x.__class__", "x=1"],
            "EXPRESSION:1:2: '.__class__' is not part of the language\n\n"
            "  1 | x.__class__\n"
            "    |  ^ known are .T, .grad, .next, .previous, .m, .v, .s, .d, .mhat, .vhat and optimizer.NAME\n",
        ),
    ],
)
def test_a_call_that_cannot_be_used(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    assert capsys.readouterr() == ("", message)


def test_a_file_of_200_megabytes_is_refused_unread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(200 * 2**20)  # sparse: it has the size, not the bytes
    assert run(["forward", str(path)]) == 2
    assert "larger than 64 MB" in capsys.readouterr().err
