"""Writing arrays to an .npz that `{file: weights.npz, key: W1}` reads back: the whole file or nothing."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nncalc.errors import NncalcError, UsageError

SUFFIX = ".npz"


def check_target(path: str) -> None:
    """Raises UsageError for a place that nothing can be written to, before any work is done for it."""
    target = Path(path)
    if target.suffix.lower() != SUFFIX:
        stem = "weights" if target.stem in ("", SUFFIX) else target.stem
        raise UsageError(f"weights are saved as {SUFFIX}, not as '{path}'", hint=f"Write {stem}{SUFFIX}.")
    if target.is_dir() or not target.parent.is_dir():
        what = "is a folder" if target.is_dir() else "stands in a folder that there is not"
        raise UsageError(f"'{path}' {what}")
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"'{path}' can't be written: its folder is read-only")


def save_arrays(path: str, arrays: Mapping[str, Any]) -> None:
    """The arrays under their names. Raises NncalcError where that can't be; an old file is then untouched."""
    from numpy.lib.format import write_array

    target = Path(path)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=SUFFIX)
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                    write_array(part, array, allow_pickle=False)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise NncalcError(f"'{path}' can't be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            if temporary and os.path.exists(temporary):
                os.unlink(temporary)


def _umask() -> int:
    """What a new file's permissions lack; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
