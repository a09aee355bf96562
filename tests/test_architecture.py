"""The rules of the house, held by reading the source: which room may know what."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nncalc"
ROOMS = ("errors", "language", "catalogue", "engine", "problem", "check", "views", "cli")
TERMINAL_MODULES = {"rich", "typer", "click", "curses", "termios", "tty"}
TERMINAL_STREAMS = {"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"}
PICKLES = {"pickle", "_pickle", "marshal", "shelve", "dill"}
# The steps of a training run are generated code: locals with numbers and the engine's own templates; no name and no
# number of a problem's file stands in it (tests/engine/test_compile.py looks).
MAY_EXECUTE = {"engine/compile.py": {"exec"}}
UNSAFE_YAML = {"full_load", "unsafe_load", "FullLoader", "UnsafeLoader"}
LONGEST_FILE = 400

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """`engine` for nncalc/engine/…, `errors` for nncalc/errors.py, '' for the package's own two files."""
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if room in ("__init__", "__main__") else room


def imports(path: Path, tree: ast.AST) -> Iterator[str]:
    """Every module that the file names in an import, wherever the import stands: `nncalc.engine.trace`, `numpy`."""
    package = ["nncalc", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from nncalc import engine` names a room in its second half.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called_names(tree: ast.AST) -> list[str]:
    """The plain names that are called: `print(…)`, not `console.print(…)`."""
    return [call.func.id for call in calls(tree) if isinstance(call.func, ast.Name)]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def fresh(code: str) -> str:
    """What the code prints in an interpreter of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    return done.stdout


every_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def forbidden_imports(room: str, modules: Iterator[str]) -> list[str]:
    """The imports from rooms behind this one. The package itself (its version) is open to all."""
    allowed = ROOMS[: ROOMS.index(room) + 1]
    of_package = [module.split(".") for module in modules if module.split(".")[0] == "nncalc"]
    return [".".join(parts) for parts in of_package if len(parts) > 1 and parts[1] in set(ROOMS) - set(allowed)]


@every_file
def test_every_file_stands_in_a_room(path: Path) -> None:
    assert room_of(path) in ("", *ROOMS)


@every_file
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    if room:
        assert forbidden_imports(room, imports(path, parsed(path))) == []
    elif path.name == "__init__.py":
        assert list(imports(path, parsed(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import nncalc.cli",
        "from nncalc import views",
        "from .. import check",
        "from ..views.clean import clean",
        "def late():\n    from nncalc.cli.app import app",
        "if TYPE_CHECKING:\n    import nncalc.check.verdict",
    ],
)
def test_an_import_the_wrong_way_is_seen(source: str) -> None:
    path = PACKAGE / "engine" / "probe.py"
    assert len(forbidden_imports("engine", imports(path, ast.parse(source)))) == 1


@every_file
def test_only_cli_and_views_know_the_terminal(path: Path) -> None:
    if room_of(path) in ("cli", "views"):
        return
    tree = parsed(path)
    found = [module for module in imports(path, tree) if module.split(".")[0] in TERMINAL_MODULES]
    found += [name for name in called_names(tree) if name in ("print", "input")]
    found += [
        f"sys.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
        and node.attr in TERMINAL_STREAMS
    ]
    found += [module for module in imports(path, tree) if module in {f"sys.{stream}" for stream in TERMINAL_STREAMS}]
    assert found == []


@every_file
def test_only_problem_reads_yaml(path: Path) -> None:
    if room_of(path) != "problem":
        assert [module for module in imports(path, parsed(path)) if module.split(".")[0] in ("yaml", "_yaml")] == []


@every_file
def test_nothing_is_executed_or_unpickled(path: Path) -> None:
    tree = parsed(path)
    forbidden = {"eval", "exec", "__import__"} - MAY_EXECUTE.get(name_of(path), set())
    found = [module for module in imports(path, tree) if module.split(".")[0] in PICKLES]
    found += [name for name in called_names(tree) if name in forbidden]
    found += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in UNSAFE_YAML]
    for keyword in (keyword for call in calls(tree) for keyword in call.keywords):
        refused = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg == "allow_pickle" and not refused:
            found.append("allow_pickle")
    assert found == []


@every_file
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


@every_file
def test_every_module_says_what_it_holds(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    loaded = fresh(
        "import sys, nncalc.cli, nncalc.cli.run\n"
        "heavy = ('numpy', 'rich', 'yaml', 'nncalc.catalogue', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert loaded == "[]\n"


def test_the_version_needs_no_command_module() -> None:
    loaded = fresh(
        "import sys\nfrom nncalc.cli import main\nassert main(['--version']) == 0\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('nncalc.')}\n"
        "print(sorted(rooms))"
    )
    assert loaded.splitlines()[-1] == "['cli', 'errors', 'views']"
