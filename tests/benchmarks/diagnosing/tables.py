"""The benchmark's tables: rates for each kind of problem, the confusions, the plain comparison beside them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.diagnosing.judging import Judged, RightSheet

GOALS = {"right": 0.999, "place": 0.99, "named": 0.97, "follows": 0.99, "both": 0.95}
LIST = 40  # confusions in the table


class Result(NamedTuple):
    """A problem's sheets, judged. drawn: mistakes drawn again because they did not show."""

    kind: str
    seed: int
    problem: str
    right: RightSheet
    right_text: str
    one: Judged | None
    one_text: str
    truth: str
    two: Judged | None
    two_text: str
    truths: str
    convention: tuple[bool, str] | None
    convention_text: str
    convention_truth: str
    drawn: int
    planted: int


def share(good: int, count: int) -> str:
    return f"{100 * good / count:6.2f}" if count else "     –"


def rates(results: Sequence[Result]) -> str:
    """A row a kind of problem and one for all, in percent."""
    columns = ["right", "place", "named", "(kind)", "as one", "honest", "follows", "sheets", "both", "convent.", "n"]
    lines = [f"{'':<12}" + "".join(f"{column:>9}" for column in columns)]
    kinds = sorted({result.kind for result in results})
    for name in [*kinds, "all"]:
        part = [result for result in results if name in ("all", result.kind)]
        lines.append(f"{name:<12}" + "".join(f"{cell:>9}" for cell in _row(part)))
    goals = [f"{100 * GOALS[c]:.1f}" if c in GOALS else "" for c in columns]
    lines.append(f"{'goal':<12}" + "".join(f"{goal:>9}" for goal in goals))
    return "\n".join(lines)


def _row(part: Sequence[Result]) -> list[str]:
    ones = [result.one for result in part if result.one is not None]
    nameable = [one for one in ones if one.what != "numbers out of nowhere"]
    every = [one for one in ones if one.what.endswith("every time")]
    nowhere = [one for one in ones if one.what == "numbers out of nowhere"]
    twos = [result.two for result in part if result.two is not None]
    under = [result for result in part if result.convention is not None]
    with_behind = [one for one in ones if one.behind]
    return [
        share(sum(result.right.right for result in part), len(part)),
        share(sum(one.place for one in ones), len(ones)),
        share(sum(one.right_name for one in nameable), len(nameable)),
        share(sum(one.place and one.by_kind for one in nameable), len(nameable)),
        share(sum(one.as_one for one in every), len(every)),
        share(sum(one.named == "unexplained" for one in nowhere), len(nowhere)),
        share(sum(one.followed for one in ones), sum(one.behind for one in ones)),
        share(sum(one.followed == one.behind and not one.wronged for one in with_behind), len(with_behind)),
        share(sum(two.both for two in twos), len(twos)),
        share(sum(result.convention[0] for result in under if result.convention), len(under)),
        str(len(part)),
    ]


def side_by_side(results: Sequence[Result]) -> str:
    """Values rejected, accepted and lost, by check and by a comparison to a relative tolerance of 1e-2."""
    rights = [result.right for result in results]
    judged = [one for result in results for one in (result.one, result.two) if one is not None]
    values = sum(right.values for right in rights)
    mistaken = sum(result.planted for result in results)
    behind = sum(one.behind for one in judged)
    rows = [
        ("right values rejected", sum(r.rejected for r in rights), sum(r.plain_rejected for r in rights), values),
        ("wrong values accepted", sum(o.accepted for o in judged), sum(o.plain_accepted for o in judged), mistaken),
        (
            "marks lost to follow-on",
            sum(o.behind - o.followed for o in judged),
            sum(o.plain_lost for o in judged),
            behind,
        ),
    ]
    lines = [f"{'%':<26}{'check':>9}{'rtol 1e-2':>11}{'values':>9}"]
    lines += [
        f"{name:<26}{share(own, count):>9}{share(plain, count):>11}{count:>9}" for name, own, plain, count in rows
    ]
    return "\n".join(lines)


def confusions(results: Iterable[Result]) -> list[tuple[tuple[str, str], list[Result]]]:
    """(truth, kind named) of the sheets with one mistake that is not named rightly, the commonest first."""
    found: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        one = result.one
        if (
            one is not None
            and not one.right_name
            and not (one.what == "numbers out of nowhere" and one.named == "unexplained")
        ):
            found[one.what, one.named].append(result)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def confusion_table(results: Sequence[Result]) -> str:
    counts = Counter(result.one.what for result in results if result.one is not None)
    lines = [f"{'not named':>9} {'of':>5}  {'truth':<46}named first"]
    for (what, named), cases in confusions(results)[:LIST]:
        lines.append(f"{len(cases):>9} {counts[what]:>5}  {what:<46}{named}")
    return "\n".join(lines)


def dump(results: Sequence[Result], folder: Path) -> None:
    """Right sheets called wrong, the commonest confusions, and pairs not both found, a folder each."""
    told: list[tuple[str, Result, str, str, str]] = []
    for result in [result for result in results if not result.right.right][:10]:
        told.append(("right-called-wrong", result, result.right_text, "a right sheet", result.right.said))
    for (what, named), cases in confusions(results)[:20]:
        for result in cases[:2]:
            assert result.one is not None
            told.append((f"{what}--{named}", result, result.one_text, result.truth, result.one.said))
    for result in _some(results, lambda r: r.one is not None and (r.one.followed < r.one.behind or r.one.wronged > 0)):
        assert result.one is not None
        told.append(("does-not-follow", result, result.one_text, result.truth, result.one.said))
    for result in _some(results, lambda r: r.two is not None and not r.two.both):
        assert result.two is not None
        told.append(("two-not-both", result, result.two_text, result.truths, result.two.said))
    for result in _some(results, lambda r: r.convention is not None and not r.convention[0]):
        assert result.convention is not None
        told.append(("convention", result, result.convention_text, result.convention_truth, result.convention[1]))
    for number, (name, result, text, truth, said) in enumerate(told, start=1):
        plain = "".join(c if c.isalnum() else "-" for c in name)
        place = folder / f"{number:02}-{plain[:60]}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "problem.yaml").write_text(result.problem)
        (place / "sheet.yaml").write_text(text)
        head = f"{result.kind}, seed {result.seed}\n"
        (place / "truth.txt").write_text(f"{head}{truth}\n\n{said}\n")


def _some(results: Sequence[Result], which: Callable[[Result], bool]) -> list[Result]:
    return [result for result in results if which(result)][:10]
