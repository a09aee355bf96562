"""Text from outside, made harmless for a terminal, and the room that text takes there."""

from __future__ import annotations

import re
import unicodedata

# What can move the cursor, start an escape sequence, reorder the line or hide in it: controls (C0, DEL, C1), marks and
# overrides of the writing direction, invisible separators and tags, and halves of surrogate pairs, which no stream
# takes. The joiners U+200C and U+200D stay: scripts and emoji need them.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """The text with every unsafe character written out (`\\x1b`, `\\u202e`, `\\n`), a tab as one blank.

    A text of several lines is split before it comes here.
    """
    return UNSAFE.sub(lambda found: _escape(found.group()), text)


def _escape(character: str) -> str:
    if character == "\t":
        return " "
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def display_width(text: str) -> int:
    """How many columns of a terminal the text takes: marks that combine none, wide East Asian characters two."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
