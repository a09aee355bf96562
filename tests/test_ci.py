"""The script of continuous integration, on a checkout whose tools only say that they were called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "run"

README = """\
# Title

```
nncalc sgd
```

<!-- test command -->
```
mkdir -p .venv/bin
cp tool .venv/bin/pytest; cp tool .venv/bin/ruff; cp tool .venv/bin/mypy
.venv/bin/pytest -q
```

```
never this one
```
"""

TOOL = """\
#!/bin/sh
echo "$(basename "$0") $*"
ls leftover 2>/dev/null
case "$(basename "$0") $*" in "$(cat failing)") exit 3;; esac
"""

CALLS = [
    "pytest -q",
    "ruff check .",
    "ruff format --check .",
    "mypy --strict nncalc",
    "pytest -q tests/test_architecture.py",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "a checkout"
    (root / ".ci").mkdir(parents=True)
    shutil.copy(SCRIPT, root / ".ci" / "run")
    (root / "README.md").write_text(README)
    (root / "tool").write_text(TOOL)
    (root / "tool").chmod(0o755)
    (root / "failing").write_text("nothing")
    (root / ".gitignore").write_text("leftover\n.venv\n")
    (root / "leftover").write_text("of a developer's own")
    (root / "deleted").write_text("")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    (root / "deleted").unlink()
    return root


def run(root: Path) -> subprocess.CompletedProcess[str]:
    temporary = root.parent / "tmp"
    temporary.mkdir()
    done = subprocess.run(
        [root / ".ci" / "run"],
        cwd=root.parent,
        env={**os.environ, "TMPDIR": str(temporary), "CI": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert list(temporary.iterdir()) == []
    assert not (root / ".venv").exists()
    return done


def test_it_runs_the_readmes_command_and_then_the_linters(checkout: Path) -> None:
    done = run(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if line in CALLS] == CALLS
    assert "leftover" not in done.stdout.splitlines()
    assert "never this one" not in done.stdout


@pytest.mark.parametrize("failing", CALLS)
def test_whatever_fails_fails_it(failing: str, checkout: Path) -> None:
    (checkout / "failing").write_text(failing)
    done = run(checkout)
    assert done.returncode == 3
    assert [line for line in done.stdout.splitlines() if line in CALLS] == CALLS[: CALLS.index(failing) + 1]


def test_a_readme_without_the_command_fails_it(checkout: Path) -> None:
    (checkout / "README.md").write_text("```\nnncalc sgd\n```\n")
    done = run(checkout)
    assert done.returncode == 1
    assert done.stderr == ".ci/run: README.md has no test command behind '<!-- test command -->'\n"


def test_the_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)
