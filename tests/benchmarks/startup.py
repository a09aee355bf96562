"""How long a command takes from the shell, as a ratio to `python -c "import numpy"` in the same run.

    python tests/benchmarks/startup.py [ROUNDS]

Each round runs every command once, in turn, so that a slower minute of the machine slows all of them. The floor is a
minimal Typer app, and the same with `import numpy`. Goals: softmax --json 1.20, its table 1.45, forward 1.75; where the
floor alone is past a goal, floor × 1.1 is the goal. Measure an installed copy (`pip install .`) with its bytecode
written: a checkout run with PYTHONDONTWRITEBYTECODE compiles itself at every start.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MINIMAL = """\
import typer
app = typer.Typer(add_completion=False)
@app.command()
def plain(x: str = "1"): print(x)
@app.command()
def numpy(x: str = "1"):
    import os
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy
    print(x)
app()
"""
GOALS = {"softmax --json": 1.20, "softmax": 1.45, "forward": 1.75}


def commands(folder: Path) -> dict[str, list[str]]:
    """What is timed, by its name in the table."""
    script = folder / "minimal.py"
    script.write_text(MINIMAL)
    python, nncalc = sys.executable, str(Path(sys.executable).with_name("nncalc"))
    return {
        "import numpy": [python, "-c", "import numpy"],
        "floor: Typer": [python, str(script), "plain"],
        "floor: Typer and NumPy": [python, str(script), "numpy"],
        "softmax --json": [nncalc, "softmax", "2", "-1", "5", "0", "--json"],
        "softmax": [nncalc, "softmax", "2", "-1", "5", "0"],
        "forward": [nncalc, "forward", "regression"],
        "sgd": [nncalc, "sgd", "regression"],
    }


def seconds(command: list[str]) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - begin


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        timed = commands(Path(folder))
        for command in timed.values():
            seconds(command)
        times = {name: [] for name in timed}  # type: dict[str, list[float]]
        for _ in range(rounds):
            for name, command in timed.items():
                times[name].append(seconds(command))
    base = times["import numpy"]
    print(f"{'command':<24} {'median ms':>10} {'ratio':>7} {'goal':>6}")
    for name, values in times.items():
        ratio = statistics.median(own / numpy for own, numpy in zip(values, base, strict=True))
        goal = f"{GOALS[name]:.2f}" if name in GOALS else ""
        print(f"{name:<24} {1000 * statistics.median(values):>10.1f} {ratio:>7.2f} {goal:>6}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
