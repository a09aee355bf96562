"""The program as a shell sees it: commands, messages, exit statuses, streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
import typer

from nncalc import __version__
from nncalc.cli import commands, main, output
from nncalc.cli.commands import COMMANDS, Entry
from nncalc.cli.options import Numbers
from nncalc.errors import Place, ProblemError
from nncalc.problem import shipped

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Probe = Callable[..., None]


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    """`probe(function)` makes the function the command `softmax` of this process."""

    def install(function: Callable[..., object], *, factory: bool = False, expression: bool = False) -> None:
        module = types.ModuleType("nncalc.cli.probe")
        module.function = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "nncalc.cli.probe", module)
        entry = Entry("probe", "function", commands.QUICK, "", factory=factory, expression=expression)
        monkeypatch.setitem(COMMANDS, "softmax", entry)
        monkeypatch.setattr(commands, "ACTIVATION", entry)

    return install


def softmax(numbers: Numbers, label: int = 1) -> None:
    """Softmax.

    Example:
    nncalc softmax 2 -1
    nncalc softmax 1/3    # blanks stay
    """
    output.print_lines([[(f"{numbers} {label}", "")]])


def with_command(body: str, *args: str) -> str:
    """A script that is nncalc with the body as the command `softmax`."""
    return (
        "import sys\n"
        "from nncalc.cli import commands, main, output\n"
        f"def softmax():\n    {body}\n"
        "commands.load = lambda name: commands.build(name, softmax)\n"
        f"sys.exit(main({list(args or ['softmax'])}))"
    )


# Help and version


def test_the_version_is_said(nncalc: Run) -> None:
    done = nncalc("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"nncalc {__version__}\n", "")


def test_alone_it_is_the_help(nncalc: Run) -> None:
    alone, asked = nncalc(), nncalc("--help")
    assert (alone.returncode, alone.stdout, alone.stderr) == (0, asked.stdout, "")


def test_the_help_has_every_command_in_its_group_and_an_example(nncalc: Run) -> None:
    help_ = nncalc("--help", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in help_
    assert "\nExample:\n  nncalc sgd\n  nncalc softmax 2 -1 5 0 --label 2\n" in help_
    at = [help_.index(f"\n{group}:\n") for group in commands.GROUPS]
    assert at == sorted(at)
    for name, entry in COMMANDS.items():
        assert entry.help.endswith(".")
        section = help_[help_.index(f"\n{entry.group}:\n") :].split("\n\n")[0]
        assert f"\n  {name} " in section
    assert all(name in help_ for name in commands.activations())


def test_the_help_of_a_command_has_its_example(probe: Probe, capsys: pytest.CaptureFixture[str]) -> None:
    probe(softmax)
    assert main(["softmax", "--help"]) == 0
    help_ = capsys.readouterr().out
    assert help_.startswith("Usage: nncalc softmax [OPTIONS] ")
    assert help_.endswith("\n\nExample:\n  nncalc softmax 2 -1\n  nncalc softmax 1/3    # blanks stay\n")
    assert help_.count("Example") == 1
    assert "--no-color" in help_


def test_help_imports_no_command_module() -> None:
    code = (
        "import sys\nfrom nncalc.cli import main\nassert main(['--help']) == 0\n"
        "assert not {'numpy', 'rich', 'yaml', 'nncalc.cli.problems'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


# Commands by their names


@pytest.mark.parametrize("typed", ["leaky-relu", "leaky_relu"])
def test_names_may_be_typed_with_either_dash(typed: str, probe: Probe, capsys: pytest.CaptureFixture[str]) -> None:
    def make(name: str) -> Callable[..., None]:
        def command(numbers: list[str]) -> None:
            output.print_lines([[(f"{name} {numbers}", "")]])

        return command

    probe(make, factory=True)
    assert main([typed, "-1", "−2"]) == 0
    assert capsys.readouterr().out == "leaky_relu ['-1', '−2']\n"
    assert main([typed, "--slop", "1"]) == 2
    assert capsys.readouterr().err.startswith("nncalc leaky_relu: no option '--slop'\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["softmx", "1"], "nncalc: no command 'softmx'\n  Did you mean 'softmax'?\n  Try 'nncalc --help'.\n"),
        (["Problems"], "nncalc: no command 'Problems'\n  Did you mean 'problems'?\n  Try 'nncalc --help'.\n"),
        (["leakyrelu"], "nncalc: no command 'leakyrelu'\n  Did you mean 'leaky_relu'?\n  Try 'nncalc --help'.\n"),
        (["qqq"], "nncalc: no command 'qqq'\n  Try 'nncalc --help'.\n"),
        (["-1"], "nncalc: no command '-1'\n  Try 'nncalc --help'.\n"),
        (["a.yaml"], "nncalc: no command 'a.yaml'\n  To work it out: 'nncalc sgd a.yaml'.\n  Try 'nncalc --help'.\n"),
        (["a\x1b[31m"], "nncalc: no command 'a\\x1b[31m'\n  Try 'nncalc --help'.\n"),
        (["swish"], "nncalc: no command 'swish'\n  Did you mean 'silu'?\n  Try 'nncalc --help'.\n"),
        (["--versoin"], "nncalc: no option '--versoin'\n  Did you mean '--version'?\n  Try 'nncalc --help'.\n"),
        (
            ["--json", "problems"],
            "nncalc: no option '--json'\n  A command's options stand behind its name: 'nncalc sgd --json'.\n"
            "  Try 'nncalc --help'.\n",
        ),
        (
            ["problems", "--jsn"],
            "nncalc problems: no option '--jsn'\n  Did you mean '--json'?\n  Try 'nncalc problems --help'.\n",
        ),
        (
            ["problems", "a", "b"],
            "nncalc problems: got unexpected extra argument(s) (b)\n  Try 'nncalc problems --help'.\n",
        ),
    ],
)
def test_a_call_that_cannot_be_used(args: list[str], message: str, nncalc: Run) -> None:
    done = nncalc(*args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "nncalc softmax: missing argument 'NUMBER...'\n  Try 'nncalc softmax --help'.\n"),
        (
            ["1", "--label", "x"],
            "nncalc softmax: invalid value for '--label': 'x' is not a valid int\n  Try 'nncalc softmax --help'.\n",
        ),
        (
            ["1", "--lable", "2"],
            "nncalc softmax: no option '--lable'\n  Did you mean '--label'?\n  Try 'nncalc softmax --help'.\n",
        ),
    ],
)
def test_typers_complaints_are_plain(
    args: list[str], message: str, probe: Probe, capsys: pytest.CaptureFixture[str]
) -> None:
    probe(softmax)
    assert main(["softmax", *args]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.replace("valid integer", "valid int") == message  # versions of Typer differ


@pytest.mark.parametrize("name", commands.names())
def test_every_command_has_json_digits_and_an_example(name: str) -> None:
    command = commands.load(name)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--digits", "--no-color"} <= options
    assert command.help
    assert command.example.replace("-", "_").startswith(f"nncalc {name.replace('-', '_')}")


# Exit statuses


def test_a_users_mistake_is_explained_with_status_2(probe: Probe, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        place = Place("p.yaml", 3, 9, "inputs: [1, a]")
        raise ProblemError("not a number", label="found 'a'", key="inputs[1]", place=place)

    probe(fail)
    assert main(["softmax"]) == 2
    assert capsys.readouterr().err == (
        "p.yaml:3:9: not a number\n\n  3 | inputs: [1, a]\n    |         ^ found 'a'\n\n  at inputs[1]\n"
    )


def test_an_exit_status_of_a_command_passes_through(probe: Probe) -> None:
    def leave() -> None:
        raise typer.Exit(1)

    probe(leave)
    assert main(["softmax"]) == 1


@pytest.mark.parametrize("bug", [ZeroDivisionError, RecursionError, MemoryError, KeyError, OSError])
def test_a_bug_is_loud(bug: type[Exception], probe: Probe) -> None:
    def fail() -> None:
        raise bug

    probe(fail)
    with pytest.raises(bug):
        main(["softmax"])


def test_ctrl_c_in_a_command(probe: Probe, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        output.print_lines([[("first", "")]])
        raise KeyboardInterrupt

    probe(interrupted)
    assert main(["softmax"]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("first\n", "")


def test_ctrl_c_from_outside() -> None:
    forever = "output.notice('on')\n    while True: pass"
    process = subprocess.Popen(
        [sys.executable, "-c", with_command(forever)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"on\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 130


def test_ctrl_c_while_typer_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = types.ModuleType("nncalc.cli.run")

    def run(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    loading.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nncalc.cli.run", loading)
    assert main(["softmax", "1"]) == 130


# The installed program, which leaves without taking the interpreter apart

INSTALLED = [sys.executable, "-c", "from nncalc.cli import script; script()"]


@pytest.mark.parametrize(
    ("arguments", "status", "out", "errors"),
    [
        (["--version"], 0, f"nncalc {__version__}\n", ""),
        (["relu", "x"], 2, "", "nncalc relu: 'x' is not a number\n"),
        (["check", "regression", "regression-in-3", "--hints", "1"], 1, "13.67 of 15 points\n", ""),
    ],
)
def test_the_installed_program_writes_everything_before_it_leaves(
    arguments: list[str], status: int, out: str, errors: str
) -> None:
    done = subprocess.run([*INSTALLED, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert done.stdout.endswith(out)
    assert bool(out) == bool(done.stdout)
    assert done.stderr.startswith(errors)
    assert bool(errors) == bool(done.stderr)


def test_the_installed_program_is_silent_where_its_reader_has_gone() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*INSTALLED, "derive", "regression"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


# Pipes


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("args", [["--help"], [], ["--version"], ["problems", "--json"]])
def test_a_reader_that_has_gone_is_silent(args: list[str], unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "nncalc", *args],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "body", ["output.print_lines([[('x' * 80, '')]] * 50_000)", "output.print_bytes((b'x' * 80 + b'\\n') * 50_000)"]
)
def test_head_takes_one_line_of_many(body: str, unbuffered: str) -> None:
    script = f'{sys.executable} -c "$CODE" | head -1; echo "${{PIPESTATUS[0]}}"'
    env = {**os.environ, "CODE": with_command(body), "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("x" * 80 + "\n141\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    ("arguments", "speaker"),
    [(["--version"], "nncalc"), (["--help"], "nncalc"), ([], "nncalc"), (["grad", "--help"], "nncalc grad")],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_said(unbuffered: str, arguments: list[str], speaker: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nncalc", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == f"{speaker}: the output can't be written: No space left on device\n"


@pytest.mark.parametrize("place", ["closed", "/dev/full"])
def test_a_failure_is_told_even_where_the_output_is_not_taken(place: str) -> None:
    body = "output.print_lines([[('some', '')]]); raise output.NncalcError('too far')"
    reading, writing = os.pipe()
    os.close(reading)
    if place != "closed" and Path(place).exists():
        os.dup2(os.open(place, os.O_WRONLY), writing)
    env = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(
        [sys.executable, "-c", with_command(body)],
        cwd=ROOT,
        env=env,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, "nncalc softmax: too far\n")


def test_without_standard_output_nothing_crashes() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m nncalc --version >&-"], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


# Colour: on a terminal, unless somebody says no

LINES = "from nncalc.cli import output; output.begin(); output.print_lines([[('[bold]x[/]', 'forward'), (' y', '')]])"
PLAIN, COLOURED = "[bold]x[/] y\r\n", "\x1b[36m[bold]x[/]\x1b[0m y\r\n"


def on_a_terminal(code: str, env: dict[str, str]) -> str:
    child = pexpect.spawn(
        sys.executable, ["-c", code], env={**os.environ, **env}, cwd=str(ROOT), encoding="utf-8", timeout=30
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert isinstance(child.before, str)
    return child.before


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, COLOURED),
        ({"NO_COLOR": ""}, COLOURED),
        ({"NO_COLOR": "1"}, PLAIN),
        ({"NO_COLOR": "0"}, PLAIN),
        ({"TERM": "dumb"}, PLAIN),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, PLAIN),
    ],
)
def test_colour_on_a_terminal(env: dict[str, str], expected: str) -> None:
    assert on_a_terminal(LINES, env) == expected


def test_no_color_is_an_option_of_every_command() -> None:
    print_it = LINES.rpartition("; ")[2]
    assert on_a_terminal(with_command(print_it, "softmax", "--no-color"), {}) == PLAIN
    assert on_a_terminal(with_command(print_it, "--no-color", "softmax"), {}) == PLAIN
    assert on_a_terminal(with_command(print_it, "softmax"), {}) == COLOURED


@pytest.mark.parametrize(("env", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True)])
def test_colour_in_a_pipe(env: dict[str, str], coloured: bool) -> None:
    code = LINES + "; import sys; print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.replace("\n", "\r\n") == (COLOURED if coloured else PLAIN) + f"{coloured}\r\n"


def test_keys_are_asked_for_only_on_a_terminal() -> None:
    code = "from nncalc.cli import output; print(output.is_interactive())"
    assert on_a_terminal(code, {}) == "True\r\n"
    assert (
        on_a_terminal(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], stdin=-3)", {})
        == "False\r\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout == b"False\n"


# The problems that come with nncalc


@pytest.fixture
def problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    (tmp_path / "xor_net.yaml").write_bytes(b"title: XOR \xe2\x86\x92 1\r\ninputs: [1]\n# \xff no text")
    (tmp_path / "bare.yaml").write_text("inputs: [1]\n")
    (tmp_path / "notes.txt").write_text("no problem")
    return tmp_path


def test_problems_are_listed(problems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (problems / "xor_net.yaml").write_text("title: 'XOR → 1 \\'\ninputs: [1]\n", "utf-8")
    assert main(["problems"]) == 0
    assert capsys.readouterr().out == "bare     \nxor_net  XOR → 1 \\\n"
    assert main(["problems", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "nncalc": 1,
        "command": "problems",
        "problems": [{"name": "bare"}, {"name": "xor_net", "title": "XOR → 1 \\"}],
    }


@pytest.mark.parametrize("name", ["xor_net", "xor-net", "xor_net.yaml"])
def test_a_problem_is_printed_byte_for_byte(
    name: str, problems: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["problems", name]) == 0
    assert capsysbinary.readouterr().out == (problems / "xor_net.yaml").read_bytes()


@pytest.mark.parametrize("name", ["../secret", "notes", "notes.txt", ""])
def test_only_problems_are_printed(name: str, problems: Path) -> None:
    assert shipped.path_of(name) is None


def test_a_misspelt_problem_is_named(problems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["problems", "xornet"]) == 2
    assert capsys.readouterr().err == (
        "nncalc problems: no problem 'xornet' comes with nncalc\n"
        "  Did you mean 'xor_net'?\n  Try 'nncalc problems --help'.\n"
    )
