"""How well check finds mistakes: over a thousand seeded problems, right sheets, and sheets with mistakes put in.

    python tests/benchmarks/diagnosis.py [--problems 1000] [--seed 0] [--kind lstm] [--jobs 2] [--left-out 0.2]
                                         [--dump FOLDER] [--no-speed]

The sheets come from tests/benchmarks/injector, which has its own arithmetic and knows nothing of the search. In
percent: right sheets judged right; of sheets with one mistake, its place found, the mistake named first or tied for
first (its kind, and an equation that gives the same numbers where the truth can be stated as one; in brackets the kind
alone), one made every time said to be one mistake, numbers out of nowhere said to be unexplained, values behind the
mistake recognized as following (and sheets where all are); of sheets with two mistakes, both found; of sheets that keep
to another convention all over, said to be that. Goals are those of issue 4.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from pathlib import Path

# One core a job, and for the speed.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.benchmarks.diagnosing import tables
from tests.benchmarks.diagnosing.running import Job, run
from tests.benchmarks.injector.kinds import KINDS


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How well check finds mistakes.")
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--left-out", type=float, default=0.0, help="the share of values that sheets leave out")
    parser.add_argument("--dump", type=Path, help="a folder for the worst confusions, with problem, sheet and truth")
    parser.add_argument("--no-speed", action="store_true", help="leave out the sheets a second")
    return parser.parse_args()


def results_of(jobs: list[Job], processes: int) -> list[tables.Result]:
    found = []
    terminal = sys.stderr.isatty()
    with multiprocessing.Pool(processes) as pool:
        for result in pool.imap_unordered(run, jobs, chunksize=4):
            found.append(result)
            if terminal:
                print(f"\r{len(found)} of {len(jobs)} problems", end="", file=sys.stderr, flush=True)
    if terminal:
        print(file=sys.stderr)
    return sorted(found, key=lambda result: result.seed)


def main() -> None:
    options = arguments()
    seeds = range(options.seed, options.seed + options.problems)
    results = results_of([(seed, options.kind, options.left_out) for seed in seeds], options.jobs)
    drawn, planted = sum(result.drawn for result in results), sum(result.planted for result in results)
    print(tables.rates(results), end="\n\n")
    print(tables.side_by_side(results), end="\n\n")
    print(tables.confusion_table(results), end="\n\n")
    print(f"{planted} mistakes; {drawn} more were drawn again because they did not show or could not be made there")
    if options.dump:
        tables.dump(results, options.dump)
        print(f"the worst are in {options.dump}")
    if not options.no_speed:
        from tests.benchmarks.diagnosing.speed import measure

        speed = measure()
        print(f"sheets a second: {speed.right:.0f} right (goal 300), {speed.wrong:.0f} wrong (goal 30)")
        print(
            f"in evaluations of the problem: {speed.evaluations_right:.1f} right, {speed.evaluations_wrong:.1f} wrong"
        )


if __name__ == "__main__":
    main()
