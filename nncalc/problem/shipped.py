"""The problems that come with nncalc: where their files are, their names, their titles."""

from __future__ import annotations

from pathlib import Path

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


def title_of(path: Path) -> str:
    """The title in the file, or ''."""
    import yaml  # late: only a listing needs it, a name doesn't

    content = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    title = content.get("title") if isinstance(content, dict) else None
    return title if isinstance(title, str) else ""


def _spelling(name: str) -> str:
    return name.replace("-", "_")
