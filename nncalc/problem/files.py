"""Arrays in files beside the problem: .npy, .npz, .safetensors and .csv. Never a pickle.

What a file says of itself is checked before memory is taken for it.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nncalc.errors import NncalcError, ProblemError, nearest
from nncalc.problem.csv_file import read_csv
from nncalc.problem.source import LARGEST, shown
from nncalc.problem.tree import Mapping, Scalar, refuse_unknown

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

MOST_ENTRIES = LARGEST  # as many as a file of single bytes can have; a compressed file may claim any number

# How safetensors calls its types, how NumPy does. BF16 is the upper half of a float of 32 bits.
_SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


class _UnreadableError(Exception):
    """Why a file is not what it claims to be, in words."""


def load_array(mapping: Mapping, base_folder: Path | None, *, what: str) -> NDArray[float64]:
    """The array that `{file: weights.npz, key: W1}` names, in its own shape, as doubles.

    A .csv has a row a line, with or without a line of words above; one row or one column alone is a vector. `key` is
    for files of several arrays; where there is only one it may be left out.
    Raises ProblemError for a path that leads out of base_folder, a file that is not what its name says, a key that it
    does not have, and entries that are not finite numbers.
    """
    import numpy as np

    if "file" not in mapping:
        raise ProblemError(
            f"{what} has to be numbers",
            label="found a mapping",
            hint="Write a list, [1, 2, 3], or a file: {file: weights.npz, key: W1}.",
            key=mapping.key,
            place=mapping.place,
        )
    refuse_unknown(mapping, ("file", "key"))
    file, key = (_text(mapping, name) for name in ("file", "key"))
    assert file is not None
    path = _path(file, base_folder)
    suffix = Path(file.text).suffix.lower()
    if suffix == ".csv":
        _refuse_key(key, suffix)
        numbers, shape = read_csv(path, file)
        if not numbers:
            raise _error(file, f"{what} has no entries", label="found no numbers in the file")
        return np.array(numbers, dtype=np.float64).reshape(shape)
    if suffix not in _READERS:
        raise _error(
            file,
            f"'{shown(file.text)}' is not a file that arrays are read from",
            label=f"expected {', '.join(_READERS)} or .csv",
            hint="Save the weights as .npz: a pickle is never read." if suffix in (".pt", ".pth", ".pkl") else "",
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # about files that Python 2 wrote; they are read all the same
            found = _READERS[suffix](path, file, key)
    except NncalcError:
        raise
    except Exception as error:  # the file may be anything, and so may be what NumPy and zipfile make of it
        reason = str(error) if isinstance(error, _UnreadableError) else "its contents are something else, or damaged"
        raise _error(file, f"'{shown(file.text)}' is not a readable {suffix} file", label=shown(reason, 100)) from None
    if not found.size:
        raise _error(file, f"{what} has no entries", label=f"the array has the shape {_shape(found.shape)}")
    with np.errstate(all="ignore"):
        result = np.asarray(found, dtype=np.float64)
    if not np.isfinite(result).all():
        entry = [int(i) + 1 for i in np.argwhere(~np.isfinite(result))[0]]
        raise _error(
            file,
            f"{what}: not every number in '{shown(file.text)}' is finite",
            label=f"entry {entry} is {result[tuple(i - 1 for i in entry)]}",
        )
    return result


def _text(mapping: Mapping, name: str) -> Scalar | None:
    value = mapping.get(name)
    if value is not None and (not isinstance(value, Scalar) or value.is_null):
        raise ProblemError(f"'{name}' has to be a name", label="expected text", key=value.key, place=value.place)
    return value


def _error(scalar: Scalar, message: str, *, label: str = "", hint: str = "") -> ProblemError:
    return ProblemError(message, label=label, hint=hint, key=scalar.key, place=scalar.place)


def _path(file: Scalar, base_folder: Path | None) -> Path:
    """The file's real path, which links may not lead out of the problem file's folder either."""
    name = shown(file.text, 100)
    if base_folder is None:
        raise _error(
            file, "only a problem in a file can name other files", label="there is no folder to look for it in"
        )
    outside = _error(
        file,
        f"'{name}' is outside the problem file's folder",
        label="expected a path below that folder",
        hint="Copy the file beside the problem.",
    )
    try:
        base = base_folder.resolve()
        path = (base / file.text).resolve()
        if Path(file.text).is_absolute() or not path.is_relative_to(base):
            raise outside
        if path.is_dir():
            raise _error(file, f"'{name}' is a folder", label="expected a file")
        if not path.is_file():
            near = nearest(path.name, os.listdir(path.parent)) if path.parent.is_dir() else ""
            hint = f"Did you mean '{shown(str(Path(file.text).with_name(near)))}'?" if near else ""
            raise _error(file, f"there is no file '{name}'", label="not found in the problem file's folder", hint=hint)
        if path.stat().st_size > LARGEST:
            raise _error(file, f"'{name}' is larger than 64 MB", label="too large")
        with path.open("rb"):  # a file that may not be read is found out here, for all kinds of files
            pass
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a circle of links, a name too long
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(file, f"'{name}' can't be read", label=shown(reason, 80)) from None
    return path


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "of a single number"


def _check_size(shape: tuple[int, ...], itemsize: int, available: int) -> None:
    entries = math.prod(shape)
    if entries > MOST_ENTRIES:
        raise _UnreadableError(f"an array of {entries} numbers is too long")
    if entries * itemsize > available:
        raise _UnreadableError(f"its shape is {_shape(shape)}, but it ends too early")


def _npy(path: Path, file: Scalar, key: Scalar | None) -> NDArray[Any]:
    _refuse_key(key, ".npy")
    with path.open("rb") as stream:
        return _npy_stream(stream, path.stat().st_size)


def _npy_stream(stream: IO[bytes], size: int) -> NDArray[Any]:
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise _UnreadableError("its version is unknown")
    shape, _, dtype = readers[version](stream)
    if dtype.kind not in "fiub":
        raise _UnreadableError(f"it holds '{dtype}', not numbers")
    _check_size(shape, dtype.itemsize, size - stream.tell())
    stream.seek(0)
    result: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return result


def _npz(path: Path, file: Scalar, key: Scalar | None) -> NDArray[Any]:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        info = members[_chosen(file, key, list(members))]
        with archive.open(info) as stream:
            return _npy_stream(stream, info.file_size)


def _safetensors(path: Path, file: Scalar, key: Scalar | None) -> NDArray[Any]:
    import numpy as np

    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise _UnreadableError("its header is longer than the file")
    header, body = json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]
    header.pop("__metadata__", None)
    entry = header[_chosen(file, key, list(header))]
    kind, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if kind not in _SAFETENSORS:
        raise _UnreadableError(f"it holds {kind}, which is not read")
    if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
        raise _UnreadableError("a size in its header is not a whole number")
    dtype = np.dtype(_SAFETENSORS[kind])
    _check_size(shape, dtype.itemsize, end - begin)
    if end > len(body):
        raise _UnreadableError(f"it ends too early: its header tells of {end} bytes of numbers, it has {len(body)}")
    if math.prod(shape) * dtype.itemsize != end - begin:
        raise _UnreadableError(f"its shape is {_shape(shape)}, which does not fit its {end - begin} bytes")
    result: NDArray[Any] = np.frombuffer(body[begin:end], dtype).reshape(shape)
    return (result.astype("<u4") << 16).view("<f4") if kind == "BF16" else result


def _refuse_key(key: Scalar | None, suffix: str) -> None:
    if key is not None:
        raise _error(key, f"a {suffix} file has no keys", label="not expected here", hint="Leave out 'key'.")


def _chosen(file: Scalar, key: Scalar | None, names: list[str]) -> str:
    """The name of the array that is meant, among those in the file."""
    if key is None and len(names) == 1:
        return names[0]
    listed = ", ".join(shown(name) for name in names[:12]) + (", …" if len(names) > 12 else "")
    if key is None:
        hint = f"Add 'key' with one of: {listed}." if names else ""
        raise _error(file, f"'{shown(file.text)}' holds {len(names)} arrays", label="which one?", hint=hint)
    if key.text not in names:
        near = nearest(key.text, names[:1000])
        hint = f"Did you mean '{shown(near)}'? " if near else ""
        raise _error(
            key,
            f"'{shown(file.text)}' has no array '{shown(key.text)}'",
            label="not found",
            hint=f"{hint}It has: {listed}." if names else "It is empty.",
        )
    return key.text


_READERS: dict[str, Callable[[Path, Scalar, Scalar | None], NDArray[Any]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
}
