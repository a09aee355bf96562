"""The problems that come with nncalc, and sheets of answers to them: where their files are, names, titles."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import nncalc

SUFFIX = ".yaml"
TRAINING = "training"  # the folder of those whose data are too many to ship


def folder() -> Path:
    """The folder of the problem files: inside an installed package, beside it in a checkout."""
    package = Path(nncalc.__file__).parent
    installed = package / "problems"
    return installed if installed.is_dir() else package.parent / "problems"


def names() -> list[str]:
    """Their names, the files' without the suffix, in alphabetical order; but for those without their data."""
    return sorted(path.stem for path in folder().glob("*" + SUFFIX))


def names_without_data() -> list[str]:
    """The names of those that need a file of data first."""
    return sorted(path.stem for path in (folder() / TRAINING).glob("*" + SUFFIX))


def path_of(name: str) -> Path | None:
    """The file of the problem of that name (with `-` or `_`, with or without `.yaml`), or None."""
    return _file(folder(), names(), name) or _file(folder() / TRAINING, names_without_data(), name)


def lacks_data(path: Path) -> bool:
    """Whether the file is a shipped problem whose data the user has to get."""
    return path.parent == folder() / TRAINING


def notes_of(content: str) -> str:
    """The notes of a problem's file: of one that lacks its data, how to get them."""
    from nncalc.problem.document import read_document
    from nncalc.problem.schema import text

    return text(read_document(content, ""), "notes").strip()


def sheet_names() -> list[str]:
    """The names of the sheets of answers, each beginning with its problem's, in alphabetical order."""
    return sorted(path.stem for path in _sheets().glob("*" + SUFFIX))


def sheet_path_of(name: str) -> Path | None:
    """The file of the sheet of that name, spelled as a problem's may be, or None."""
    return _file(_sheets(), sheet_names(), name)


def _sheets() -> Path:
    return folder() / "answers"


def _file(where: Path, known: list[str], name: str) -> Path | None:
    wanted = _spelling(name.removesuffix(SUFFIX))
    return next((where / (stem + SUFFIX) for stem in known if _spelling(stem) == wanted), None)


class Summary(NamedTuple):
    """What a listing says of a problem. layers: their names, none where it is written as equations."""

    title: str = ""
    layers: tuple[str, ...] = ()
    loss: str = ""


def summary_of(path: Path) -> Summary:
    """The problem's title, layers and loss, read without working anything out."""
    from nncalc.problem.document import read_document
    from nncalc.problem.schema import text
    from nncalc.problem.tree import Mapping, Scalar, Sequence

    document = read_document(path.read_text("utf-8"), str(path))

    def name_of(value: object) -> str:
        return value.text if isinstance(value, Scalar) else next(iter(value)) if isinstance(value, Mapping) else ""

    layers = document.get("layers")
    return Summary(
        text(document, "title"),
        tuple(name_of(item) for item in layers) if isinstance(layers, Sequence) else (),
        name_of(document.get("loss")),
    )


def _spelling(name: str) -> str:
    return name.replace("-", "_")
