"""`backprop --step` on a terminal: one step a screen, with keys to go on, back and out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.control import Control

from nncalc.cli import output
from nncalc.problem.outcome import outcome
from nncalc.problem.work import Worked
from nncalc.views.iteration import closing, heading
from nncalc.views.line import Line, width_of
from nncalc.views.sheet import Sheet
from nncalc.views.steps import step_detail
from nncalc.views.window import window_view, windows_of

# What terminals send, and Windows' own two-character codes.
FORWARD = {"\r", "\n", " ", "\x1b[B", "\x1bOB", "\xe0P", "\x00P", "\x1b[C", "\x1bOC", "j", "n"}
BACK = {"\x1b[A", "\x1bOA", "\xe0H", "\x00H", "\x1b[D", "\x1bOD", "b", "k", "\x7f", "\x08"}
LEAVE = {"q", "Q", "\x1b"}
HELP = ("Enter, space or ↓: next step", "↑ or b: back", "q: leave", "?: this help")
SHORT = ("Enter next", "b back", "q leave", "? help")
LONGEST_KEYS = 4  # lines that the help takes at most, one key a line
ROOM_FOR_KEYS = LONGEST_KEYS + 2  # a blank line before, and the cursor's behind: a full screen would scroll


@dataclass(slots=True)
class Position:
    """Where the reader is: a page (a step, or the end), and how far down it, in screens."""

    page: int = 0
    screen: int = 0


def walk_through(worked: Worked, *, digits: int, full: bool, entry: tuple[int, ...] | None = None) -> None:
    """Show the steps one by one until the reader leaves; the screen is then as it was found."""
    console = Console(highlight=False)
    pages = Pages(worked, digits, full, entry)
    position, helping = Position(), False
    console.set_alt_screen(True)
    console.show_cursor(False)
    try:
        while True:
            screens = pages.screens(position.page)
            position.screen = min(position.screen, len(screens) - 1)
            _draw(console, screens[position.screen], HELP if helping else SHORT)
            try:
                key = typer.getchar()
            except EOFError:  # Ctrl-D, or the terminal has gone
                return
            helping = key == "?" and not helping
            if key in LEAVE:
                return
            if key in FORWARD and not pages.go_on(position, len(screens)):
                return
            if key in BACK:
                pages.go_back(position)
    finally:
        console.show_cursor(True)
        console.set_alt_screen(False)


class Pages:
    """What each page shows, cut into screens of the terminal's height as it is now."""

    def __init__(self, worked: Worked, digits: int, full: bool, entry: tuple[int, ...] | None = None) -> None:
        self.worked, self.digits, self.full, self.entry = worked, digits, full, entry
        problem = worked.problem
        self.sheet = Sheet(worked.trace, notation=problem.notation, digits=digits, full=full, examples=problem.examples)
        self.last = len(worked.trace.steps)

    def screens(self, page: int) -> list[list[Line]]:
        """The page's lines, so many as fit at a time."""
        width, height = shutil.get_terminal_size()
        lines = self._lines(page, width)
        room = max(height - ROOM_FOR_KEYS, 3)
        return [lines[start : start + room] for start in range(0, len(lines), room)] or [[]]

    def _lines(self, page: int, width: int) -> list[Line]:
        if page < self.last:
            title = heading(self.worked.problem, width) if page == 0 else []
            detail = step_detail(self.worked.trace, page, width=width, sheet=self.sheet)
            return [*title, *detail, *self._windows(page, width)]
        ending = closing(self.worked, outcome(self.worked), self.digits, width)
        return [[("the end", "title")], [], *ending] if ending else [[("the end", "title")]]

    def _windows(self, page: int, width: int) -> list[Line]:
        """How the chosen entry of a convolution or a pool comes about."""
        if self.entry is None:
            return []
        trace, lines = self.worked.trace, []
        for window in windows_of(trace, self.entry, trace.steps[page]):
            lines += [[], *window_view(window, self.sheet, width)]
        return lines

    def go_on(self, position: Position, screens: int) -> bool:
        """One screen on. False behind the end."""
        if position.screen + 1 < screens:
            position.screen += 1
            return True
        position.page, position.screen = position.page + 1, 0
        return position.page <= self.last

    def go_back(self, position: Position) -> None:
        """One screen back, from a page's first to the end of the one before; the first stays."""
        if position.screen > 0:
            position.screen -= 1
        elif position.page > 0:
            position.page -= 1
            position.screen = len(self.screens(position.page)) - 1


def _draw(console: Console, lines: list[Line], keys: tuple[str, ...]) -> None:
    console.control(Control.clear(), Control.home())
    width = shutil.get_terminal_size().columns
    row = " · ".join(keys)
    shown = [row] if width_of(row) < width else list(keys)
    output.print_lines([*lines, [], *([(text[: width - 1], "dim")] for text in shown)])
    output.flush()
