"""The text of a file and the places in it; text made fit to be shown."""

from __future__ import annotations

import os
import re

from nncalc.errors import Place, ProblemError, nearest

LARGEST = 64 * 2**20  # bytes of a file

# Control characters could steer a terminal, overrides of the writing direction could make a line read as another one,
# and half a surrogate pair can't be printed at all.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES = str.maketrans("\t\u2028\u2029", "   ")
_BLOCK = 2**16
_REST_OF_LINE = 400  # characters kept behind a place: a whole matrix may stand in one line


def clean_text(text: str) -> str:
    """The text as it may be shown, of the same length: a tab is a space, what could do harm is U+FFFD."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text).translate(_SPACES)


def shown(text: str, longest: int = 40) -> str:
    """A found text as a message quotes it: clean, in one line, not too long."""
    line = clean_text(" ".join(text[: 4 * longest].split()))
    return line if len(line) <= longest else line[: longest - 1] + "…"


class Source:
    """A named text, its line breaks made `\\n`. Places in it are counted in characters, from 0, until one is shown."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._breaks_before = [0]  # block by block, so that a long text is not counted again for each place

    def line_number(self, index: int) -> int:
        """The line, from 1, that the character at `index` stands in."""
        counts, block = self._breaks_before, index // _BLOCK
        while len(counts) <= block:
            end = len(counts) * _BLOCK
            counts.append(counts[-1] + self.text.count("\n", end - _BLOCK, end))
        return counts[block] + self.text.count("\n", block * _BLOCK, index) + 1

    def line_span(self, index: int) -> tuple[int, int]:
        """Where the line around the character at `index` begins and where it ends, its line break left out."""
        end = self.text.find("\n", index)
        return self.text.rfind("\n", 0, index) + 1, len(self.text) if end < 0 else end

    def place(self, index: int) -> Place:
        """The place of the character at `index`; of what is behind the text, the end of its last line."""
        if index >= len(self.text):
            index = len(self.text.rstrip("\n"))
        start, end = self.line_span(index)
        text = self.text[start : min(end, index + _REST_OF_LINE)]
        return Place(self.name, self.line_number(index), index - start + 1, clean_text(text))


def read_file(path: str) -> str:
    """The text of a file, without a byte order mark.

    Raises ProblemError, with the path in its message, for a folder, for what is not there, may not be read, is larger
    than 64 MB (which is known before it is read) or is not UTF-8.
    """
    name = shown(path, 200)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(LARGEST + 1) if size <= LARGEST else b""  # a pipe has no size, but an end to what is read
            if max(size, len(data)) > LARGEST:
                raise ProblemError(f"{name} is larger than 64 MB", hint="Put long arrays in an .npz file.")
    except IsADirectoryError:
        raise ProblemError(f"{name} is a folder", hint="Name a file in it.") from None
    except FileNotFoundError:
        raise ProblemError(f"there is no file {name}", hint=_nearest_file(path)) from None
    except PermissionError:
        raise ProblemError(f"{name} may not be read", hint="Its permissions forbid it.") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = getattr(error, "strerror", None) or str(error)
        raise ProblemError(f"{name} can't be read: {reason}") from None
    return decode(data, path)


def decode(data: bytes, name: str) -> str:
    """The text that UTF-8 bytes stand for, without a byte order mark.

    Raises ProblemError, with the name in its message, for bytes that are not UTF-8.
    """
    try:
        return data.decode("utf-8").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    except UnicodeDecodeError as error:
        utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        line = data.count(b"\n", 0, error.start) + 1
        raise ProblemError(
            f"{shown(name, 200)} is not UTF-8: byte {error.start + 1}, in line {line}, is 0x{data[error.start]:02X}",
            hint="It looks like UTF-16; save it as UTF-8." if utf_16 else "Save it as UTF-8.",
        ) from None


def _nearest_file(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        near = nearest(name, os.listdir(folder or "."))
    except OSError:
        return f"There is no folder {shown(folder, 200)} either."
    return f"Did you mean '{shown(os.path.join(folder, near), 200)}'?" if near else ""
