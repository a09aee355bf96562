"""Arrays in files beside the problem: read as they are, and refused for what they are not."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nncalc.errors import ProblemError
from nncalc.problem import files
from nncalc.problem.arrays import to_array
from nncalc.problem.document import read_document

W1 = np.array([[1.0, -1.5, 2.0], [0.25, 1e-300, -0.0]])


def load(text: str, folder: Path | None) -> NDArray[np.float64]:
    value = read_document(f"layers: [{{dense: {{weights: {text}}}}}]\n", "problem.yaml").get("layers")
    weights: Any = value
    for step in (0, "dense", "weights"):
        weights = weights.item(step) if isinstance(step, int) else weights.get(step)
    return to_array(weights, folder, what="weights")


def refusal(text: str, folder: Path | None) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        load(text, folder)
    assert caught.value.place is not None
    return caught.value


def safetensors(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(dtype: str, shape: list[Any], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


# What is read


def test_npy_and_npz_are_read_as_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", W1)
    np.savez(tmp_path / "w.npz", W1=W1, b1=W1[0])
    np.savez_compressed(tmp_path / "one.npz", W1)
    (tmp_path / "deeper").mkdir()
    np.save(tmp_path / "deeper" / "w.npy", np.asfortranarray(W1))
    for text in ("{file: w.npy}", "{file: w.npz, key: W1}", "{file: one.npz}", "{file: deeper/../deeper/w.npy}"):
        np.testing.assert_array_equal(load(text, tmp_path), W1)
    np.testing.assert_array_equal(load("{file: w.npz, key: b1}", tmp_path), W1[0])


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "i1", "i8", "u2", "?"])
def test_every_type_of_number_becomes_a_double(dtype: str, tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([[0, 1, 1], [1, 0, 1]], dtype))
    found = load("{file: w.npy}", tmp_path)
    assert found.dtype == np.float64
    assert found.tolist() == [[0, 1, 1], [1, 0, 1]]


def test_a_single_number_in_a_file_has_no_axes(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.float64(2.5))
    assert load("{file: w.npy}", tmp_path).shape == ()


TYPES = [("F64", "<f8"), ("F32", "<f4"), ("F16", "<f2"), ("I64", "<i8"), ("I32", "<i4"), ("I16", "<i2"), ("I8", "i1"),
         ("U64", "<u8"), ("U32", "<u4"), ("U16", "<u2"), ("U8", "u1"), ("BOOL", "?")]  # fmt: skip


@pytest.mark.parametrize(("kind", "dtype"), TYPES)
def test_safetensors_are_read_in_each_type(kind: str, dtype: str, tmp_path: Path) -> None:
    first, second = np.array([1, 0, 1], dtype), np.array([[1, 1], [0, 1]], dtype)
    size = first.nbytes
    header = {
        "__metadata__": {"format": "pt"},
        "b": entry(kind, [3], 0, size),
        "w": entry(kind, [2, 2], size, size + second.nbytes),
    }
    (tmp_path / "w.safetensors").write_bytes(safetensors(header, first.tobytes() + second.tobytes()))
    assert load("{file: w.safetensors, key: w}", tmp_path).tolist() == second.tolist()
    assert load("{file: w.safetensors, key: b}", tmp_path).tolist() == first.tolist()


def test_safetensors_have_half_floats_of_both_kinds(tmp_path: Path) -> None:
    upper_halves = (np.array([1.5, -2.0, 0.0078125], "<f4").view("<u4") >> 16).astype("<u2")
    (tmp_path / "w.safetensors").write_bytes(safetensors({"w": entry("BF16", [3], 0, 6)}, upper_halves.tobytes()))
    assert load("{file: w.safetensors}", tmp_path).tolist() == [1.5, -2.0, 0.0078125]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("a,b\r\n1, 2\r\n\r\n 3,1/4", [[1, 2], [3, 0.25]]),
        ("\ufeff\nhours,points\n1,2\n3,4", [[1, 2], [3, 4]]),
        ("1\n2\n3\n", [1, 2, 3]),
        ("1,2,3\n", [1, 2, 3]),
        ("x\n5\n", [5]),
        ('"1","-2"\n" 3 ",4\n', [[1, -2], [3, 4]]),
        ('"a","b"\n"1",2\n', [1, 2]),
    ],
)
def test_csv_has_a_row_a_line(text: str, expected: Any, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(text.encode())
    assert load("{file: d.csv}", tmp_path).tolist() == expected


# Where files may be


def test_only_files_below_the_problem_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "problems"
    folder.mkdir()
    np.save(tmp_path / "secret.npy", W1)
    np.save(folder / "w.npy", W1)
    (folder / "link.npy").symlink_to(tmp_path / "secret.npy")
    (folder / "up").symlink_to(tmp_path)
    for name in (
        "../secret.npy",
        "link.npy",
        "up/secret.npy",
        str(tmp_path / "secret.npy"),
        str(folder / "w.npy"),
        "..",
    ):
        error = refusal(f"{{file: '{name}'}}", folder)
        assert error.message.endswith("is outside the problem file's folder")
        assert error.key == "layers[0].dense.weights.file"
        assert error.place is not None
        assert error.place.column == 35
    (tmp_path / "alias").symlink_to(folder)
    assert load("{file: w.npy}", tmp_path / "alias").shape == (2, 3)


def test_without_a_folder_no_file_is_read() -> None:
    error = refusal("{file: w.npy}", None)
    assert error.message == "only a problem in a file can name other files"


def test_what_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "weights.npy", W1)
    error = refusal("{file: data/wieghts.npy}", tmp_path)
    assert error.message == "there is no file 'data/wieghts.npy'"
    assert error.hint == "Did you mean 'data/weights.npy'?"
    assert refusal("{file: nowhere/w.npy}", tmp_path).message == "there is no file 'nowhere/w.npy'"
    assert refusal("{file: data}", tmp_path).message == "'data' is a folder"
    assert refusal('{file: "a\\0b.npy"}', tmp_path).message == "'a\N{REPLACEMENT CHARACTER}b.npy' can't be read"


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "w.npy", W1)

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    error = refusal("{file: w.npy}", tmp_path)
    assert (error.message, error.label) == ("'w.npy' can't be read", "Permission denied")


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "w.npy").open("wb") as file:
        file.truncate(200 * 2**20)
    assert refusal("{file: w.npy}", tmp_path).message == "'w.npy' is larger than 64 MB"


# What is in them


def test_a_key_is_chosen_among_those_there_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W1=W1, b1=W1)
    error = refusal("{file: w.npz, key: w1}", tmp_path)
    assert (error.message, error.hint) == ("'w.npz' has no array 'w1'", "Did you mean 'W1'? It has: W1, b1.")
    assert error.key == "layers[0].dense.weights.key"
    error = refusal("{file: w.npz, key: nothing}", tmp_path)
    assert error.hint == "It has: W1, b1."
    error = refusal("{file: w.npz}", tmp_path)
    assert (error.message, error.hint) == ("'w.npz' holds 2 arrays", "Add 'key' with one of: W1, b1.")


def test_files_of_one_array_have_no_keys(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", W1)
    (tmp_path / "w.csv").write_text("1,2")
    for suffix in (".npy", ".csv"):
        error = refusal(f"{{file: w{suffix}, key: W1}}", tmp_path)
        assert (error.message, error.hint) == (f"a {suffix} file has no keys", "Leave out 'key'.")


def test_the_mapping_is_checked_too(tmp_path: Path) -> None:
    error = refusal("{file: w.npz, kye: W1}", tmp_path)
    assert (error.message, error.hint) == ("unknown key 'kye'", "Did you mean 'key'?")
    assert refusal("{file: [w.npz]}", tmp_path).message == "'file' has to be a name"
    assert refusal("{file: w.npz, key: }", tmp_path).message == "'key' has to be a name"


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was read",))

    np.save(tmp_path / "w.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "raw.npz").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "w.pt").write_bytes(pickle.dumps(Trap()))
    error = refusal("{file: w.npy}", tmp_path)
    assert (error.message, error.label) == ("'w.npy' is not a readable .npy file", "it holds 'object', not numbers")
    for name in ("raw.npy", "raw.npz"):
        assert refusal(f"{{file: {name}}}", tmp_path).label == "its contents are something else, or damaged"
    error = refusal("{file: w.pt}", tmp_path)
    assert error.message == "'w.pt' is not a file that arrays are read from"
    assert error.label == "expected .npy, .npz, .safetensors or .csv"
    assert error.hint == "Save the weights as .npz: a pickle is never read."


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1j]), np.array([(1, 2)], "i4,i4")], ids=str)
def test_what_is_no_number_is_refused(array: NDArray[Any], tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", array)
    assert refusal("{file: w.npy}", tmp_path).label.startswith("it holds '")


@pytest.mark.parametrize(("number", "name"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_what_is_not_finite_is_refused_at_its_entry(number: float, name: str, tmp_path: Path) -> None:
    array = W1.copy()
    array[1, 0] = number
    np.save(tmp_path / "w.npy", array)
    error = refusal("{file: w.npy}", tmp_path)
    assert error.message == "weights: not every number in 'w.npy' is finite"
    assert error.label == f"entry [2, 1] is {name}"


def test_an_empty_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.zeros((0, 3)))
    (tmp_path / "w.csv").write_text("only,words\n")
    error = refusal("{file: w.npy}", tmp_path)
    assert (error.message, error.label) == ("weights has no entries", "the array has the shape 0×3")
    assert refusal("{file: w.csv}", tmp_path).message == "weights has no entries"


def npy(shape: str, body: bytes = b"") -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def test_a_file_may_not_claim_more_than_it_has(tmp_path: Path) -> None:
    (tmp_path / "short.npy").write_bytes(npy("(3,)", b"\0" * 16))
    assert refusal("{file: short.npy}", tmp_path).label == "its shape is 3, but it ends too early"
    (tmp_path / "huge.npy").write_bytes(npy("(1000000, 1000000)"))
    assert refusal("{file: huge.npy}", tmp_path).label == "an array of 1000000000000 numbers is too long"
    (tmp_path / "negative.npy").write_bytes(npy("(-1, -1)", b"\0" * 8))
    assert "readable" in refusal("{file: negative.npy}", tmp_path).message


def test_a_compressed_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ENTRIES", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", W1=np.zeros(1001))
    assert refusal("{file: bomb.npz}", tmp_path).label == "an array of 1001 numbers is too long"
    np.savez_compressed(tmp_path / "fits.npz", W1=np.zeros(1000))
    assert load("{file: fits.npz}", tmp_path).shape == (1000,)


@pytest.mark.parametrize(
    ("data", "label"),
    [
        (b"", "its header is longer than the file"),
        (b"\x01\x02", "its header is longer than the file"),
        (safetensors({}, length=2**62), "its header is longer than the file"),
        (safetensors(b"not json"), "its contents are something else, or damaged"),
        (safetensors(b"[" * 100_000), "its contents are something else, or damaged"),
        (safetensors([1]), "its contents are something else, or damaged"),
        (safetensors({"w": 1}), "its contents are something else, or damaged"),
        (safetensors({"w": entry("F4", [1], 0, 8)}, b"\0" * 8), "it holds F4, which is not read"),
        (
            safetensors({"w": entry("F64", [2], 0, 16)}, b"\0" * 8),
            "it ends too early: its header tells of 16 bytes of numbers, it has 8",
        ),
        (safetensors({"w": entry("F64", [1], 0, 16)}, b"\0" * 16), "its shape is 1, which does not fit its 16 bytes"),
        (safetensors({"w": entry("F64", [2], 0, 8)}, b"\0" * 8), "its shape is 2, but it ends too early"),
        (safetensors({"w": entry("F64", [-1], -8, 0)}, b"\0" * 8), "a size in its header is not a whole number"),
        (safetensors({"w": entry("F64", [True], 0, 8)}, b"\0" * 8), "a size in its header is not a whole number"),
        (safetensors({"w": entry("F64", [1.0], 0, 8)}, b"\0" * 8), "a size in its header is not a whole number"),
        (safetensors({"w": entry("U8", [2**70], 0, 8)}, b"\0" * 8), f"an array of {2**70} numbers is too long"),
    ],
)
def test_damaged_safetensors_are_refused(data: bytes, label: str, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(data)
    error = refusal("{file: w.safetensors}", tmp_path)
    assert (error.message, error.label) == ("'w.safetensors' is not a readable .safetensors file", label)


def intact() -> dict[str, bytes]:
    streams = {suffix: io.BytesIO() for suffix in (".npy", ".npz")}
    np.save(streams[".npy"], W1)
    np.savez_compressed(streams[".npz"], W1=W1)
    tensors = safetensors({"w": entry("F64", [2, 3], 0, 48)}, W1.tobytes())
    return {".safetensors": tensors, **{suffix: stream.getvalue() for suffix, stream in streams.items()}}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.sampled_from(sorted(intact())), st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.booleans())
def test_a_damaged_file_is_read_or_refused_but_never_a_traceback(
    tmp_path: Path, suffix: str, at: int, patch: bytes, cut: bool
) -> None:
    data = intact()[suffix]
    at %= len(data)
    damaged = data[:at] if cut else data[:at] + patch + data[at + len(patch) :]
    (tmp_path / f"w{suffix}").write_bytes(damaged)
    try:
        found = load(f"{{file: w{suffix}}}", tmp_path)
    except ProblemError:
        return
    assert np.isfinite(found).all()


def test_other_things_in_an_archive_are_no_arrays(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("readme", "words")
    assert refusal("{file: w.npz}", tmp_path).label == "its contents are something else, or damaged"
    with zipfile.ZipFile(tmp_path / "w.npz", "w"):
        pass
    assert refusal("{file: w.npz}", tmp_path).message == "'w.npz' holds 0 arrays"
    assert refusal("{file: w.npz, key: W1}", tmp_path).hint == "It is empty."


COMMAS = "Separate numbers by commas; a decimal point is a point."


@pytest.mark.parametrize(
    ("text", "place", "message", "label", "hint"),
    [
        ("a,b\n1,2\n3\n", (3, 1), "line 3 has 1 number, line 2 has 2", "expected 2 numbers", ""),
        ("1,2\n3, x\n", (2, 4), "'x' is not a number", "expected a finite number", ""),
        ("1,a\n", (1, 3), "'a' is not a number", "expected a finite number", ""),
        ("a,b\nc,d\n", (2, 1), "'c' is not a number", "expected a finite number", ""),
        ("1,\n", (1, 3), "a number is left out", "expected a finite number", ""),
        ("1,nan\n", (1, 3), "nan is not a finite number", "expected a finite number", ""),
        ("1,2\n1,1e999\n", (2, 3), "1e999 is not a finite number", "expected a finite number", ""),
        ("1\n1;2\n", (2, 1), "'1;2' is not a number", "expected a finite number", COMMAS),
        ("1;2\n3;4\n", (1, 1), "'1;2' is not a number", "expected a finite number", COMMAS),
        ("1,5;2\n", (1, 3), "'5;2' is not a number", "expected a finite number", COMMAS),
        ("1 2\n3 4\n", (1, 1), "'1 2' is not a number", "expected a finite number", COMMAS),
        ('"1,5",2\n', (1, 1), "'\"1' is not a number", "expected a finite number", ""),
    ],
)
def test_csv_is_refused_at_its_cell(
    text: str, place: tuple[int, int], message: str, label: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text(text)
    error = refusal("{file: d.csv}", tmp_path)
    assert (error.message, error.label, error.hint) == (message, label, hint)
    assert error.key == "layers[0].dense.weights.file"
    assert error.place is not None
    assert (error.place.source, error.place.line, error.place.column) == ("d.csv", *place)


def test_csv_that_is_not_text_is_refused_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"1,2\n\xff\n")
    error = refusal("{file: d.csv}", tmp_path)
    assert error.message == "d.csv is not UTF-8: byte 5, in line 2, is 0xFF"
    assert error.place is not None
    assert error.place.source == "problem.yaml"
