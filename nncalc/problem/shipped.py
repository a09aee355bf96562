"""The problems that come with nncalc: where their files are, their names, their titles."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import nncalc

SUFFIX = ".yaml"


def folder() -> Path:
    """The folder of the problem files: inside an installed package, beside it in a checkout."""
    package = Path(nncalc.__file__).parent
    installed = package / "problems"
    return installed if installed.is_dir() else package.parent / "problems"


def names() -> list[str]:
    """Their names, the files' without the suffix, in alphabetical order."""
    return sorted(path.stem for path in folder().glob("*" + SUFFIX))


def path_of(name: str) -> Path | None:
    """The file of the problem of that name (with `-` or `_`, with or without `.yaml`), or None."""
    wanted = _spelling(name.removesuffix(SUFFIX))
    known = {_spelling(known): known for known in names()}
    return folder() / (known[wanted] + SUFFIX) if wanted in known else None


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
