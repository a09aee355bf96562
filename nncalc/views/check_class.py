"""Many sheets on the screen: a table of them, and the mistakes of the class by how often they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from nncalc.check.report import CONVENTION, MISSING, RIGHT, WRONG, Report, Unreadable
from nncalc.views.check_words import SIGNS, counted, kind_words, percent_text, score_text
from nncalc.views.clean import clean
from nncalc.views.line import Line, padded, trimmed, width_of
from nncalc.views.numbers import right_justified
from nncalc.views.writer import Writer, wrapped

MOST_MISTAKES = 20
CUT = "…"
MARGIN = 4
LEAST_REMARK = 28  # columns: where a row leaves fewer, its remark stands below


class Score(NamedTuple):
    """What the table keeps of a sheet.

    answers: whether it has any value of the problem. first: the first mistake, its name and its kind in words.
    error: where it can't be read.
    """

    sheet: str
    answers: bool = False
    right: bool = False
    points: float = 0.0
    out_of: float = 0.0
    first: tuple[str, str] | None = None
    error: str = ""


class Class:
    """The sheets judged so far: their scores, and the mistakes counted. Keeps no report, however many there are.

    strict: whether a convention counts as a mistake.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.scores: list[Score] = []
        self.times: Counter[tuple[str, str]] = Counter()
        self.sheets: Counter[tuple[str, str]] = Counter()

    def add(self, report: Report | Unreadable) -> None:
        """One more sheet."""
        if isinstance(report, Unreadable):
            self.scores.append(Score(report.sheet, error=report.error))
            return
        # a kind may have several wordings: the logarithm to base 2, the one to base 10
        made = [(name, kind_words(m.kind, m.explanation)) for m in report.mistakes for name in (m.name, *m.also_at)]
        if self.strict:
            made += [(c.name, kind_words(CONVENTION)) for c in report.conventions]
        self.times.update(made)
        self.sheets.update(set(made))
        first = made[0] if made else None
        answers = any(verdict.verdict != MISSING for verdict in report.verdicts)
        self.scores.append(Score(report.sheet, answers, report.right, report.points, report.out_of, first))

    @property
    def all_right(self) -> int:
        """How many sheets are right, those with nothing on them among them."""
        return sum(score.right for score in self.scores)


def class_view(found: Class, writer: Writer, *, width: int) -> list[Line]:
    """The table of the sheets, that of the mistakes, and how many sheets are right."""
    lines = [*_sheets(found, writer, width), []]
    if found.sheets:
        lines += [*_mistakes(found, writer, width), []]
    return [*lines, *_closing(found, width)]


def _sheets(found: Class, writer: Writer, width: int) -> list[Line]:
    scores = found.scores
    names = [_shortened(clean(score.sheet), max(width // 3, 12)) for score in scores]
    points = ["" if score.error or score.out_of <= 0 else score_text(score.points, score.out_of) for score in scores]
    shares = ["" if score.error else percent_text(score.points, score.out_of) for score in scores]
    widths = [max(map(width_of, [head, *column])) for head, column in
              (("sheet", names), ("points", points), ("share", shares))]  # fmt: skip
    left = MARGIN + sum(widths) + 2 * len(widths)
    last = "first mistake" if width - left >= LEAST_REMARK else ""
    lines: list[Line] = [trimmed(_head(["sheet", "points", "share", last], widths))]
    for score, name, point, share in zip(scores, names, points, shares, strict=True):
        sign, style = SIGNS[MISSING if _is_empty(score) else RIGHT if score.right else WRONG]
        cells = [padded(name, widths[0]), *right_justified([point], widths[1]), *right_justified([share], widths[2])]
        row = [(f" {sign}  ", style), ("  ".join(cells) + "  ", "")]
        lines += _with_remark(row, _remark(score, found, writer), left, width)
    return lines


def _with_remark(row: Line, remark: str, left: int, width: int) -> list[Line]:
    """A row with its remark behind it, wrapped there; below it where there is no room."""
    if width - left >= min(LEAST_REMARK, width_of(remark)):
        first, *rest = wrapped(remark, width - left) or [""]
        return [trimmed([*row, (first, "")]), *[[(" " * left + text, "")] for text in rest]]
    below = MARGIN + 2
    return [trimmed(row), *[[(" " * below + text, "")] for text in wrapped(remark, max(width - below, 1))]]


def _head(heads: Sequence[str], widths: Sequence[int]) -> Line:
    first, second, third, last = heads
    cells = [padded(first, widths[0]), *right_justified([second], widths[1]), *right_justified([third], widths[2])]
    return [(" " * MARGIN + "  ".join([*cells, last]), "dim")]


def _remark(score: Score, found: Class, writer: Writer) -> str:
    if score.error:
        return f"can't be read: {clean(score.error)}"
    if _is_empty(score):
        return "no value of this problem is answered"
    if score.first is None:
        return "right" if score.right else ""
    name, kind = score.first
    return f"{writer.name(name)}: {kind}"


def _is_empty(score: Score) -> bool:
    """Whether a sheet can be read, but has no value of the problem."""
    return not score.answers and not score.error


def _mistakes(found: Class, writer: Writer, width: int) -> list[Line]:
    """The mistakes, most frequent first; of those made equally often, the one that stands first in the problem."""
    order = sorted(found.sheets, key=lambda key: (-found.times[key], writer.order(key[0]), key[1]))
    shown = order[:MOST_MISTAKES]
    times = right_justified([str(found.times[key]) for key in shown], len("times"))
    sheets = right_justified([str(found.sheets[key]) for key in shown], len("sheets"))
    lines: list[Line] = [[("times  sheets  mistake", "dim")]]
    left = len("times  sheets  ")
    for key, time, sheet in zip(shown, times, sheets, strict=True):
        row = [(f"{time}  {sheet}  ", "")]
        lines += _with_remark(row, f"{writer.name(key[0])}: {key[1]}", left, width)
    more = len(order) - len(shown)
    return [*lines, *([[(f"and {counted(more, 'other mistake')}", "dim")]] if more else [])]


def _closing(found: Class, width: int) -> list[Line]:
    total, broken = len(found.scores), sum(bool(score.error) for score in found.scores)
    empty = sum(map(_is_empty, found.scores))
    text = f"{found.all_right - empty} of {counted(total, 'sheet')} all right"
    if empty:
        text += f", {empty} without an answer"
    if broken:
        text += f", {broken} can't be read"
    counting = [score for score in found.scores if score.out_of > 0]
    if counting:
        mean = 100 * sum(score.points / score.out_of for score in counting) / len(counting)
        text += f"; on average {mean:.0f} % of the points"
    style = "right" if found.all_right - empty == total else "bold"
    return [[(line, style)] for line in wrapped(text, width)]


def _shortened(text: str, room: int) -> str:
    """The end of a text that is too long: of a path, what tells it from others."""
    if width_of(text) <= room:
        return text
    while text and width_of(text) > room - 1:
        text = text[1:]
    return CUT + text
