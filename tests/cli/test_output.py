"""Lines, JSON and encodings."""

from __future__ import annotations

import io
import json
import math
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.cli import output
from nncalc.cli.encoder import json_line

ROOT = Path(__file__).parent.parent.parent


def printed(code: str, **env: str) -> bytes:
    code = f"from nncalc.cli import output; output.begin(); {code}"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True,
        check=True,
    ).stdout


def test_no_text_is_markup_or_an_escape_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_lines([[("[red]a[/] :smile: \x1b[31m\n\u202e", "bold"), ("\tb", "")]])
    assert capsys.readouterr().out == "[red]a[/] :smile: \\x1b[31m\\n\\u202e b\n"


def test_coloured_text_is_the_plain_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Rich neither wraps nor cuts nor strips nor colours what looks like a number."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    texts = ["x" * 300, "漢" * 60, "  3.14 'text' [bold] http://a.b :tada:  ", "", "h̄¹ = W¹ x"]
    output.print_lines([[(text, "")] for text in texts])
    assert capsys.readouterr().out == "".join(text + "\n" for text in texts)
    output.print_lines([[("a ", "backward"), (" b ", "dim")]])
    assert capsys.readouterr().out == "\x1b[35ma \x1b[0m\x1b[2m b \x1b[0m\n"


def test_an_unknown_style_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(KeyError):
        output.print_lines([[("a", "purple")]])


def test_half_of_what_fails_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        output.print_lines([(str(1 / n), "")] for n in (2, 1, 0))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_encoding_can_write_mathematics(encoding: str) -> None:
    code = "output.print_lines([[('∂ℓ ⎡−1⎤', '')]]); output.notice('η'); output.print_json({'t': 'ℓ'})"
    assert printed(code, PYTHONIOENCODING=encoding).decode("utf-8") == '∂ℓ ⎡−1⎤\n{"t": "ℓ"}\n'


def test_an_encoding_that_will_do_is_kept_but_json_is_utf8() -> None:
    code = "output.print_lines([[('−η', '')]]); output.print_json({'t': 'ℓ'})"
    assert printed(code, PYTHONIOENCODING="utf-16-le") == "−η\n".encode("utf-16-le") + '{"t": "ℓ"}\n'.encode()


def test_a_plain_locale_will_do() -> None:
    assert printed("output.print_lines([[(chr(0x2202), '')]])", LANG="C", LC_ALL="C", PYTHONUTF8="0") == "∂\n".encode()


@pytest.mark.parametrize(
    ("columns", "expected"), [("100", 100), ("1", 1), ("0", 80), ("-5", 80), ("wide", 80), ("", 80)]
)
def test_width(columns: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())
    assert output.width() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"nncalc": 1, "a": [1.5, -0.0, 1e-300]}, '{"nncalc": 1, "a": [1.5, -0.0, 1e-300]}'),
        ([math.nan, math.inf, -math.inf, 0.1], '["NaN", "Infinity", "-Infinity", 0.1]'),
        ({"a": {"b": (math.nan, (1,), None, True, "x")}}, '{"a": {"b": ["NaN", [1], null, true, "x"]}}'),
        (np.array([[1.0, np.nan], [-0.0, 2.0]]), '[[1.0, "NaN"], [-0.0, 2.0]]'),
        ({"a": np.float64("inf"), "b": np.int64(3)}, '{"a": "Infinity", "b": 3}'),
        ({"a": np.bool_(True), "b": np.arange(3), "c": np.float64(0.1)}, '{"a": true, "b": [0, 1, 2], "c": 0.1}'),
        ("3 → 4 \x1b \x9b \u202e \u2028 \ud800", '"3 → 4 \\u001b \\u009b \\u202e \\u2028 \ud800"'),
    ],
)
def test_json(value: object, expected: str) -> None:
    assert json_line(value) == expected


def test_half_a_surrogate_pair_is_still_json() -> None:
    written = printed("output.print_json({'path': 'a\\udcff'})")
    assert json.loads(written) == {"path": "a\udcff"}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_json_gives_the_same_doubles_back(values: list[float]) -> None:
    again = json.loads(json_line({"values": values}))["values"]
    assert [struct.pack("d", value) for value in again] == [struct.pack("d", value) for value in values]


@given(st.text())
def test_json_gives_the_same_text_back_on_one_line(text: str) -> None:
    line = json_line({"title": text})
    assert json.loads(line) == {"title": text}
    assert len(line.splitlines()) == 1


def test_what_has_no_place_in_json_is_a_bug() -> None:
    with pytest.raises(TypeError, match="set has no place in JSON"):
        json_line({"a": {1}})
