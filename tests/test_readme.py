"""The README says what the program does: its screens are compared with what the commands print, its tables with the
catalogue. `UPDATE_EXPECTED=1 pytest tests/test_readme.py` writes both anew.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

from nncalc.catalogue.index import OPERATIONS
from nncalc.catalogue.registry import operation
from nncalc.cli import commands
from nncalc.cli.run import run
from nncalc.language.text import INFIX
from nncalc.problem.load import load_text

README = Path(__file__).parent.parent / "README.md"
SCREEN = re.compile(r"```console\n\$ nncalc (.*)\n((?:.*\n)*?)```\n")
TABLE = re.compile(r"<!-- operations -->\n(?s:.*?)<!-- /operations -->\n")


def text() -> str:
    return README.read_text("utf-8")


def settled(found: str, expected: str) -> None:
    if os.environ.get("UPDATE_EXPECTED"):
        README.write_text(expected, "utf-8")
        found = expected
    assert found == expected


def test_screens(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    def printed(match: re.Match[str]) -> str:
        assert run(shlex.split(match[1])) == 0
        return f"```console\n$ nncalc {match[1]}\n{capsys.readouterr().out}```\n"

    content = text()
    assert len(SCREEN.findall(content)) >= 3
    settled(content, SCREEN.sub(printed, content))


def operation_table() -> str:
    lines = ["| operation | meaning |", "|---|---|"]
    for names in OPERATIONS.values():
        for name in names:
            entry = operation(name)
            written = f"a {INFIX[name][0]} b" if name in INFIX else _call(name)
            cells = [f"`{written}`", entry.meaning]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _call(name: str) -> str:
    entry = operation(name)
    special = {"negative": "-a", "transpose": "a.T", "index": "x[0], x[:, 1:]"}
    settings = [f"{option.name}={option.default!r}" for option in entry.options]
    return special.get(name) or f"{name}({', '.join([*entry.args, *settings])})"


def test_table_of_operations() -> None:
    table = f"<!-- operations -->\n{operation_table()}<!-- /operations -->\n"
    content = text()
    assert TABLE.search(content)
    settled(content, TABLE.sub(lambda _: table, content))


def test_every_command_is_documented() -> None:
    content = text()
    for name in commands.COMMANDS:
        assert f"`nncalc {name}" in content


def test_problem_files_are_problems() -> None:
    blocks = re.findall(r"```yaml\n((?:.*\n)*?)```\n", text())
    losses = []
    for block in blocks:
        assert yaml.safe_load(block)
        losses.append(load_text(block, "README.md", None).forward.loss)
    assert losses == ["loss", "loss"]


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first = text().splitlines()[:24]
    assert sum(line.startswith("python3 -m venv .venv && ") for line in first) == 2
    assert "<!-- test command -->" in first
