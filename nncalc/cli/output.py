"""What reaches standard output and standard error: styled lines, JSON, files as they are, notices.

A line is a sequence of (text, style) pairs. Rich is loaded for colour alone; without colour the texts are joined.
Nothing in a text is markup, nothing is wrapped or cut, and no control character gets through.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from nncalc.cli.encoder import json_line
from nncalc.errors import NncalcError
from nncalc.views.clean import clean

Line = Sequence[tuple[str, str]]

# Colour is the phase or the verdict; the text says both too.
STYLES = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "title": "bold",
    "forward": "cyan",
    "backward": "magenta",
    "update": "yellow",
    "right": "green",
    "wrong": "red",
}

# Characters of the ordinary output; where a stream's encoding lacks one, the stream becomes UTF-8.
SAMPLE = "∂ℓ/∂h̄¹ − ⎡⎤ ─ ᵀ ₍ₜ₊₁₎ ✓ ✗ ↳ η"

_allowed = {"colour": True}


def begin() -> None:
    """A fresh start for one run: colour allowed, encodings that can write what nncalc writes."""
    _allowed["colour"] = True
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if _can_write(SAMPLE, stream.encoding):
                # A path may hold bytes that are no text: what can't be encoded is written out, never a crash.
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def forbid_colour() -> None:
    """What `--no-color` does."""
    _allowed["colour"] = False


def wants_colour(stream: TextIO | None) -> bool:
    """Whether to colour what goes to the stream: a terminal (or FORCE_COLOR), and nobody said no."""
    if not _allowed["colour"] or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream is not None and stream.isatty())


def is_interactive() -> bool:
    """Whether somebody sits at both ends: keys can be asked for, and the answer is seen."""
    ends = (sys.stdin, sys.stdout)
    return os.environ.get("TERM") != "dumb" and all(stream is not None and stream.isatty() for stream in ends)


def width(no_tty_default: int = 80) -> int:
    """The columns there are: COLUMNS, else the terminal's, else the default."""
    return shutil.get_terminal_size((no_tty_default, 24)).columns


def print_lines(lines: Iterable[Line]) -> None:
    """Lines of (text, style) pairs to standard output, all of them or, where one fails, none."""
    paint = _painter() if wants_colour(sys.stdout) else _plain
    _write("".join("".join(paint(clean(text), style) for text, style in line) + "\n" for line in lines))


def _plain(text: str, _style: str) -> str:
    return text


def _painter() -> Callable[[str, str], str]:
    # Only Rich's styles, not its Console: that one strips, wraps and measures, and takes longer to load.
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in STYLES.items()}
    return lambda text, style: styles[style].render(text)


def print_json(value: Any) -> None:
    """One object on one line of UTF-8; what JSON can't say of a number is a word (`"NaN"`)."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not re.fullmatch("utf-?8", sys.stdout.encoding, re.IGNORECASE):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    _write(json_line(value) + "\n")


def print_bytes(content: bytes) -> None:
    """A file as it is, byte for byte."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        with _written():
            sys.stdout.flush()
            rest = memoryview(content)
            while rest:  # an unbuffered stream may take a part only, which TextIOWrapper.write would pass over
                rest = rest[sys.stdout.buffer.write(rest) or 0 :]
    elif sys.stdout is not None:
        sys.stdout.write(content.decode("utf-8", "replace"))


def notice(text: str) -> None:
    """A line on standard error, beside the output."""
    flush()
    complain(clean(text))


def complain(text: str) -> None:
    """Lines that are clean already to standard error."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def flush() -> None:
    """Write what is still held back: a closed pipe or a full disk shows here rather than at the interpreter's end."""
    if sys.stdout is not None:
        with _written():
            sys.stdout.flush()


def finish() -> None:
    """Flush as far as anybody still takes it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        abandon(sys.stdout)


def abandon(*streams: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, so that the interpreter's end is silent."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError):  # a stream without a descriptor has nothing to be silent about
            if stream is not None:
                os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def _written() -> Iterator[None]:
    """A full disk is nobody's bug. A closed pipe isn't either, but has an exit status of its own."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon(sys.stdout)
        raise NncalcError(f"the output can't be written: {error.strerror}") from error


def _write(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        print_bytes(text.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
    elif sys.stdout is not None:
        sys.stdout.write(text)


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
