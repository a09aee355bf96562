"""`backprop --step` on a terminal: keys, what a page shows, and a screen left as it was found."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

import pexpect
import pytest

from nncalc.cli.stepper import Pages, Position
from nncalc.problem import shipped
from nncalc.problem.load import load_file
from nncalc.problem.work import Worked, work
from nncalc.views.line import text_of

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def terminal() -> Iterator[pexpect.spawn]:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "nncalc", "backprop", "--step", "regression"],
        dimensions=(24, 70),
        encoding="utf-8",
        env={**os.environ, "TERM": "xterm-256color"},
        timeout=20,
    )
    yield child
    child.close(force=True)


def ended(child: pexpect.spawn) -> int | None:
    child.expect(pexpect.EOF)
    assert "\x1b[?1049l" in child.before  # back on the screen that was there
    child.close()
    return child.exitstatus


def test_keys(terminal: pexpect.spawn) -> None:
    terminal.expect("step 1 of 12")
    for key, page in (("\r", 2), (" ", 3), ("\x1b[B", 4), ("b", 3), ("\x1b[A", 2)):
        terminal.expect("Enter next")
        terminal.send(key)
        terminal.expect(f"step {page} of 12")
    terminal.expect("Enter next")
    terminal.send("?")
    terminal.expect("this help")
    terminal.send("q")
    assert ended(terminal) == 0


@pytest.mark.parametrize(("key", "status"), [("\x04", 0), ("\x03", 130), ("\x1b", 0)])
def test_leaving(key: str, status: int, terminal: pexpect.spawn) -> None:
    terminal.expect("Enter next")
    terminal.send(key)
    assert ended(terminal) == status


def pages() -> Pages:
    problem = load_file(str(shipped.path_of("regression")))
    return Pages(Worked(problem, work(problem, "backward")), 4, False)


def test_no_line_is_lost_between_two_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = pages()
    monkeypatch.setenv("LINES", "200")
    whole = [shown.screens(page) for page in range(shown.last + 1)]
    assert all(len(screens) == 1 for screens in whole)
    monkeypatch.setenv("LINES", "12")
    for page, screens in enumerate(whole):
        parts = shown.screens(page)
        assert [line for part in parts for line in part] == screens[0]
        assert all(len(part) <= 12 - 6 for part in parts)


def test_forward_to_the_end_and_back_to_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "12")
    shown, position, way = pages(), Position(), [(0, 0)]
    while shown.go_on(position, len(shown.screens(position.page))):
        way.append((position.page, position.screen))
    assert way[-1] == (shown.last, len(shown.screens(shown.last)) - 1)
    position = Position(*way[-1])
    back = [way[-1]]
    while (position.page, position.screen) != (0, 0):
        shown.go_back(position)
        back.append((position.page, position.screen))
    assert back == way[::-1]
    assert "the end" in text_of(shown.screens(shown.last)[0][0])
