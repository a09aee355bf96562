"""The README says what the program does: its screens are compared with what the commands print, its tables with the
catalogue. `UPDATE_EXPECTED=1 pytest tests/test_readme.py` writes both anew.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from nncalc.catalogue.index import LAYERS, OPERATIONS, OPTIMIZERS
from nncalc.catalogue.layers import layer
from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.registry import operation
from nncalc.check.checker import Checker
from nncalc.cli import commands
from nncalc.cli.run import run
from nncalc.language.text import INFIX
from nncalc.problem.answers import read_sheet
from nncalc.problem.load import load_file, load_text

README = Path(__file__).parent.parent / "README.md"
SCREEN = re.compile(r"```console\n\$ nncalc (.*)\n((?:.*\n)*?)```\n")


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
        # check tells by its exit status that something is wrong
        assert run(shlex.split(match[1])) == int(match[1].startswith("check "))
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
            lines.append(_row(f"`{written}`", entry.meaning))
    return "\n".join(lines) + "\n"


def _call(name: str) -> str:
    entry = operation(name)
    special = {"negative": "-a", "transpose": "a.T", "index": "x[0], x[:, 1:]"}
    settings = [f"{option.name}={option.default!r}" for option in entry.options]
    return special.get(name) or f"{name}({', '.join([*entry.args, *settings])})"


def layer_table() -> str:
    lines = ["| layer | settings | parameters | meaning |", "|---|---|---|---|"]
    for entry in (layer(name) for names in LAYERS.values() for name in names):
        assert entry is not None
        settings = ", ".join(f"`{option.name}`" for option in entry.options)
        parameters = ", ".join(f"`{parameter.key}`" for parameter in entry.parameters)
        lines.append(_row(f"`{entry.name}`", settings, parameters, entry.meaning))
    return "\n".join(lines) + "\n"


def optimizer_table() -> str:
    lines = ["| optimizer | settings (default) | meaning |", "|---|---|---|"]
    for entry in (optimizer(name) for names in OPTIMIZERS.values() for name in names):
        assert entry is not None
        settings = ", ".join(f"`{option.name}` ({_default(option.default)})" for option in entry.options)
        lines.append(_row(f"`{entry.name}`", settings, entry.meaning))
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


@pytest.mark.parametrize(
    ("name", "table"), [("layers", layer_table), ("optimizers", optimizer_table), ("operations", operation_table)]
)
def test_tables_come_from_the_catalogue(name: str, table: Callable[[], str]) -> None:
    content = text()
    place = re.compile(rf"<!-- {name} -->\n(?s:.*?)<!-- /{name} -->\n")
    assert place.search(content)
    expected = f"<!-- {name} -->\n{table()}<!-- /{name} -->\n"
    settled(content, place.sub(lambda _: expected, content))


def test_every_command_is_documented() -> None:
    content = text()
    for name in commands.COMMANDS:
        assert f"`nncalc {name}" in content


def yaml_blocks() -> tuple[list[str], list[str]]:
    """The problems and the sheets of answers."""
    blocks = re.findall(r"```yaml\n((?:.*\n)*?)```\n", text())
    problems = [block for block in blocks if {"layers", "equations"} & set(yaml.safe_load(block))]
    return problems, [block for block in blocks if block not in problems]


def test_problem_files_are_problems() -> None:
    problems, _ = yaml_blocks()
    assert [load_text(block, "README.md", None).forward.loss for block in problems] == ["loss", "loss"]


def test_the_sheet_is_right() -> None:
    _, (sheet,) = yaml_blocks()
    checker = Checker(load_file(str(README.parent / "problems" / "regression.yaml")))
    report = checker.report(read_sheet(sheet, "README.md", checker.problem))
    assert report.right
    assert len(report.verdicts) == len(yaml.safe_load(sheet))


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first = text().splitlines()[:24]
    assert sum(line.startswith("python3 -m venv .venv && ") for line in first) == 2
    assert "<!-- test command -->" in first
