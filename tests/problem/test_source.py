"""The text of a file, read and refused; places in it; text made fit to be shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.errors import Place, ProblemError
from nncalc.problem.source import Source, clean_text, decode, read_file

# Files


def test_a_file_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + "é: 1\r\n".encode())
        assert read_file(str(path)) == "é: 1\r\n"


def test_a_file_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "problem.yaml").write_text("a: 1")
    with pytest.raises(ProblemError) as error:
        read_file(str(tmp_path / "problm.yaml"))
    assert error.value.message == f"there is no file {tmp_path}/problm.yaml"
    assert error.value.hint == f"Did you mean '{tmp_path}/problem.yaml'?"
    with pytest.raises(ProblemError) as error:
        read_file(str(tmp_path / "nowhere" / "p.yaml"))
    assert error.value.hint == f"There is no folder {tmp_path}/nowhere either."


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(ProblemError) as error:
        read_file(str(path))
    assert error.value.message == f"{path} is larger than 64 MB"


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_a_device_without_an_end_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"^/dev/zero is larger than 64 MB$"):
        read_file("/dev/zero")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as error:
        read_file(str(tmp_path))
    assert error.value.message == f"{tmp_path} is a folder"
    with pytest.raises(ProblemError) as error:
        read_file("a\x00b")
    assert error.value.message == "a\N{REPLACEMENT CHARACTER}b can't be read: embedded null byte"
    with pytest.raises(ProblemError, match="can't be read: File name too long"):
        read_file("x" * 5000)


def test_a_file_that_may_not_be_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", forbid)
    with pytest.raises(ProblemError, match=r"^p\.yaml may not be read$"):
        read_file("p.yaml")


def test_bytes_that_are_not_utf_8_are_named() -> None:
    with pytest.raises(ProblemError) as error:
        decode(b"\xef\xbb\xbfa: 1\nb: \xe9\n", "p.yaml")
    assert error.value.message == "p.yaml is not UTF-8: byte 12, in line 2, is 0xE9"
    assert error.value.hint == "Save it as UTF-8."
    with pytest.raises(ProblemError) as error:
        decode("a: 1".encode("utf-16"), "p.yaml")
    assert error.value.hint == "It looks like UTF-16; save it as UTF-8."


# Texts and places


def test_text_to_be_shown_can_steer_nothing() -> None:
    assert clean_text("a\x1b[31m\x9b\x07\x7f\r") == "a�[31m����"
    assert clean_text("a\tb\nc\u2028d") == "a b\nc d"
    assert clean_text("\u202eabc\u2066\ud800") == "�abc��"
    assert clean_text("Größe 3 → 4, ∂ℓ/∂W², 中文, 👩\u200d🎓") == "Größe 3 → 4, ∂ℓ/∂W², 中文, 👩\u200d🎓"


@given(st.text())
def test_shown_text_keeps_its_length_and_is_clean(text: str) -> None:
    cleaned = clean_text(text)
    assert len(cleaned) == len(text)
    assert clean_text(cleaned) == cleaned
    assert all(mark.isprintable() or mark == "\n" or ord(mark) >= 0xA0 for mark in cleaned)


@given(st.text("a\n\r", max_size=30), st.data())
def test_places_agree_with_the_lines(text: str, data: st.DataObject) -> None:
    source = Source("s", text)
    lines = source.text.split("\n")
    index = data.draw(st.integers(0, max(len(source.text) - 1, 0)))
    place = source.place(index)
    before = source.text[:index].split("\n")
    assert (place.line, place.column) == (len(before), len(before[-1]) + 1)
    assert place.text == lines[place.line - 1]


def test_places_in_a_long_text_are_counted_block_by_block() -> None:
    source = Source("s", "0123456\n" * 50_000 + "end\n\n")
    for line in (1, 2, 8192, 8193, 30_000, 50_000, 8193):
        assert source.place(8 * (line - 1) + 3) == Place("s", line, 4, "0123456")
    assert source.place(10**9) == Place("s", 50_001, 4, "end")


def test_a_long_line_is_kept_up_to_a_little_behind_the_place() -> None:
    place = Source("s", "x" * 100_000).place(5000)
    assert place.column == 5001
    assert len(place.text) == 5400
