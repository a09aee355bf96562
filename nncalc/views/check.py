"""One sheet on the screen: a line for values that are judged alike, the mistakes in words, the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nncalc.check.report import CONVENTION, COPIED, FOLLOWS, MISSING, SHAPE, WRONG, Mistake, Report, Verdict
from nncalc.errors import nearest
from nncalc.views.check_remarks import Remarks
from nncalc.views.check_words import SIGNS, counted, points_text
from nncalc.views.clean import clean
from nncalc.views.line import Line, joined, padded, trimmed, width_of
from nncalc.views.writer import Writer, wrapped

# Beside their names remarks need so many columns; where there are fewer, they stand below.
LEAST_BESIDE = 32
MARGIN, GAP = 4, 2  # columns of the sign, and between columns
WIDEST_NAMES = 28
MOST_UNKNOWN = 20
MOST_ROOTS = 3
MOST_NOTES = 4


class Row(NamedTuple):
    """One line of the sheet: names that are judged alike, and what is to be said of them."""

    verdict: str
    names: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def report_view(report: Report, writer: Writer, *, width: int, digits: int) -> list[Line]:
    """A whole sheet."""
    iterations = sorted({v.iteration for v in report.verdicts} | {m.iteration for m in report.mistakes})
    judged = Judged(report, writer, digits)
    rows = {iteration: judged.rows(iteration) for iteration in iterations}
    layout = _layout([row for found in rows.values() for row in found], writer, width)
    lines: list[Line] = []
    for iteration in iterations:
        if iterations != [1]:
            lines += [*([[]] if lines else []), [(f"iteration {iteration}", "title")]]
        for row in rows[iteration]:
            lines += _row_lines(row, writer, layout)
    return [*lines, *([[]] if lines else []), *closing(report, writer, width)]


def closing(report: Report, writer: Writer | None, width: int) -> list[Line]:
    """The notes, the names that the problem doesn't have, the points. writer: None leaves the notes out."""
    found = [] if writer is None else [(writer.sentence(note), "") for note in report.notes[:MOST_NOTES]]
    if writer is not None and len(report.notes) > MOST_NOTES:
        found.append((f"and {counted(len(report.notes) - MOST_NOTES, 'number')} more like these; --json has them", ""))
    if report.unknown:
        known = [] if writer is None else [*writer.known]
        shown = ", ".join(_with_nearest(name, known) for name in report.unknown[:MOST_UNKNOWN])
        more = ", …" if len(report.unknown) > MOST_UNKNOWN else ""
        found.append((f"not known in this problem, and passed over: {shown}{more}", ""))
    if not report.verdicts:
        found.append(("no value of this problem is answered on this sheet", ""))
    if report.out_of > 0:
        found.append((points_text(report.points, report.out_of), "right" if report.right else "bold"))
    return [[(line, style)] for text, style in found for line in wrapped(text, width)]


class Judged:
    """A report's verdicts as rows."""

    def __init__(self, report: Report, writer: Writer, digits: int) -> None:
        self.report, self.writer = report, writer
        self.remarks = Remarks(writer, digits, self._follows)
        self.verdicts = {(v.iteration, v.name): v for v in report.verdicts}
        # a convention that shows at a value which isn't on the sheet is told at the first one that depends on it
        under = {v.name: v.name for v in reversed(report.verdicts) if v.verdict == CONVENTION}
        first = next(reversed(under), "")
        self.conventions: dict[str, list[str]] = {}
        for convention in report.conventions:
            at = under.get(convention.name, first)
            self.conventions.setdefault(at, []).append(self.remarks.of_convention(convention))

    def rows(self, iteration: int) -> list[Row]:
        """The rows of one iteration; what is said of neighbours alike stands in one."""
        found: list[Row] = []
        for row in self._single(iteration):
            before = found[-1] if found else None
            if before is not None and before.verdict == row.verdict and row.remarks in _joined_by(before):
                found[-1] = before._replace(names=(*before.names, *row.names))
            else:
                found.append(row)
        return found

    def _single(self, iteration: int) -> Iterator[Row]:
        """A row for each value, and one for each mistake in a value that the sheet leaves out, where it belongs."""
        own = [m for m in self.report.mistakes if m.iteration == iteration]
        left_out = [m for m in own if self._wrong(iteration, m.name) is None]
        left_out.sort(key=lambda m: self.writer.order(m.name))
        for verdict in self.report.verdicts:
            if verdict.iteration != iteration:
                continue
            while left_out and self.writer.order(left_out[0].name) < self.writer.order(verdict.name):
                yield self._left_out(left_out.pop(0))
            yield self._row(verdict)
        for mistake in left_out:
            yield self._left_out(mistake)

    def _wrong(self, iteration: int, name: str) -> Verdict | None:
        """The verdict of a value that is wrong or of the wrong shape."""
        verdict = self.verdicts.get((iteration, name))
        return verdict if verdict is not None and verdict.verdict in (WRONG, SHAPE) else None

    def _left_out(self, mistake: Mistake) -> Row:
        return Row(WRONG, (mistake.name,), tuple(self.remarks.of_mistake(mistake, None)))

    def _row(self, verdict: Verdict) -> Row:
        remarks: list[str] = []
        if verdict.verdict in (WRONG, SHAPE):
            remarks = self._of_wrong(verdict)
        elif verdict.verdict == FOLLOWS:
            remarks = [self._origin(verdict)]
        elif verdict.verdict == MISSING:
            remarks = self.remarks.of_missing(verdict)
        elif verdict.verdict == CONVENTION:
            remarks = self.conventions.pop(verdict.name, [])
        return Row(verdict.verdict, (verdict.name,), tuple(remarks))

    def _of_wrong(self, verdict: Verdict) -> list[str]:
        mistakes = self.report.mistakes
        own = [m for m in mistakes if (m.iteration, m.name) == (verdict.iteration, verdict.name)]
        if own:
            # of a value that carries an earlier mistake on, the right value is not what should stand there
            carried = bool(self._roots(verdict))
            return [text for mistake in own for text in self.remarks.of_mistake(mistake, verdict, carried)]
        first = next((m for m in mistakes if verdict.name in (m.name, *m.also_at)), None)
        if first is None:
            return [self.remarks.of_shape(verdict)] if verdict.verdict == SHAPE else []
        where = "" if first.iteration == verdict.iteration else f" in iteration {first.iteration}"
        return [f"the same mistake as at {self.writer.name(first.name)}{where}"]

    def _follows(self, mistake: Mistake) -> Any:
        """What the right equation gives from the sheet's own values; None where the sheet lacks one of them."""
        if mistake.instead_of is None:
            return None
        values = {name: self._own(mistake.iteration, name) for name in mistake.instead_of.inputs}
        if any(value is None for value in values.values()):
            return None
        return self.writer.value(mistake.instead_of, values)

    def _own(self, iteration: int, name: str) -> Any:
        """A value as the sheet has it, or as the problem gives it."""
        verdict = self.verdicts.get((iteration, name))
        if verdict is None and iteration > 1:
            # a parameter is what the step before made of it
            verdict = self.verdicts.get((iteration - 1, f"{name}.next"))
        if verdict is None:
            return self.writer.given(name) if iteration == 1 or name not in self.writer.program.parameters else None
        found = verdict.given
        return None if found is None or found.shape != verdict.expected.shape or (found != found).any() else found

    def _origin(self, verdict: Verdict) -> str:
        """What a value follows from: the wrong values that it is worked out from, else the mistake ahead of it."""
        roots = self._roots(verdict)
        if roots:
            return f"right, from your {self._few(roots)}"
        place = (verdict.iteration, self.writer.order(verdict.name))
        ahead = [m for m in self.report.mistakes if (m.iteration, self.writer.order(m.name)) < place]
        if len(ahead) != 1:
            return "right, from an earlier mistake"
        return f"right, after the mistake at {self.writer.name(ahead[0].name)}"

    def _few(self, roots: list[str]) -> str:
        """The first of many names, and how many more there are."""
        if len(roots) <= MOST_ROOTS + 1:
            return self.writer.names(roots)
        return f"{self.writer.names(roots[:MOST_ROOTS])} and {len(roots) - MOST_ROOTS} others"

    def _roots(self, verdict: Verdict) -> list[str]:
        """The wrong values that a value was worked out from, as the equations have it."""
        made = {(m.iteration, name) for m in self.report.mistakes for name in (m.name, *m.also_at)}
        misread = {m.given for m in self.report.mistakes if m.kind == COPIED}
        found: list[str] = []
        seen: set[tuple[int, str]] = set()
        waiting = [(verdict.iteration, name) for name in reversed(self.writer.inputs(verdict.name))]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            iteration, name = place
            known = self.verdicts.get(place)
            if place in made or name in misread or self._wrong(iteration, name) is not None:
                found.append(name)
            elif known is None or known.given is None or known.verdict == FOLLOWS:
                inputs = self.writer.inputs(name)
                # a parameter is what the step before made of it
                before = [(iteration - 1, f"{name}.next")] if not inputs and iteration > 1 else []
                waiting += [*((iteration, one) for one in reversed(inputs)), *before]
        return sorted(dict.fromkeys(found), key=self.writer.order)


def _with_nearest(name: str, known: list[str]) -> str:
    """`los (loss?)`: a name that the problem doesn't have, and the one that may be meant."""
    meant = nearest(name, known)
    return f"{clean(name)} ({meant}?)" if meant else clean(name)


def _joined_by(row: Row) -> tuple[tuple[str, ...], ...]:
    """What a value judged alike may have to say of itself to stand in the row: the same, or nothing where a
    convention has been named."""
    return (row.remarks, ()) if row.verdict == CONVENTION else (row.remarks,)


class Layout(NamedTuple):
    """The widths of the columns: the names', the verdict's word with its gap, and the whole line's."""

    names: int
    word: int
    width: int

    @property
    def beside(self) -> int:
        """The room for remarks behind the verdict."""
        return self.width - MARGIN - self.names - GAP - self.word


def _layout(rows: Sequence[Row], writer: Writer, width: int) -> Layout:
    """The names' column is as wide as the names are, but leaves room for what stands beside it, if that can be."""
    natural = max((width_of(writer.names(row.names)) for row in rows), default=0)
    longest = max((width_of(writer.name(name)) + 1 for row in rows for name in row.names), default=0)
    word = max((len(row.verdict) for row in rows), default=0) + GAP
    room = width - MARGIN - word - GAP
    if room - WIDEST_NAMES >= LEAST_BESIDE:
        room = max(WIDEST_NAMES, longest)
    return Layout(max(min(natural, room), 1), word, width)


def _row_lines(row: Row, writer: Writer, layout: Layout) -> list[Line]:
    sign, style = SIGNS[row.verdict]
    names = wrapped(writer.names(row.names), layout.names)
    room = layout.beside
    remarks = [line for remark in row.remarks for line in wrapped(remark, max(room, 1))]
    beside = room >= LEAST_BESIDE or (len(remarks) == 1 and width_of(remarks[0]) <= room)
    lines: list[Line] = []
    for i in range(max(len(names), len(remarks) if beside else 0)):
        first = i == 0
        head = f" {sign}".ljust(MARGIN) if first else " " * MARGIN
        name = padded(names[i] if i < len(names) else "", layout.names + GAP)
        word = padded(row.verdict if first else "", layout.word)
        text = remarks[i] if beside and i < len(remarks) else ""
        lines.append(trimmed(joined([(head, style), (name, ""), (word, style), (text, "")])))
    if beside:
        return lines
    below = max(layout.width - MARGIN - GAP, 20)
    return [*lines, *[[(" " * (MARGIN + GAP) + text, "")] for remark in row.remarks for text in wrapped(remark, below)]]
