"""A run: boxes beside each other that may be broken into lines, at the loosest operator first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nncalc.views.box import EMPTY, Box, beside, fence, labelled, raised_box, text_box
from nncalc.views.line import Line, width_of

# Where a line may break: the smaller, the better. Parentheses make every place inside them worse.
EQUALS, LAST_RESORT, INSIDE = 0, 50, 20
# What a line left empty costs, against a break that is so much deeper.
EMPTINESS = 20
# How far lines behind the first are moved in.
HANG = 2
OPENING = ("(", "[")
# A closing parenthesis or a superscript never begins a line, if it can be helped.
GLUED = 1000


class Item(NamedTuple):
    """A box of a run. gap: the blanks before it. depth: how bad it is to break the line before it. lead: the operator
    that a line then begins with, where none is printed (juxtaposition). labels: numbers in front of the rows.
    bracketed: an array in brackets of its own."""

    box: Box
    gap: int = 0
    depth: int = LAST_RESORT
    lead: str = ""
    labels: tuple[str, ...] = ()
    bracketed: bool = False
    # a parenthesis or a superscript, whose height is known when its line is
    fence: str = ""
    above: str = ""


Run = list[Item]


def word(text: str, gap: int = 0, depth: int = LAST_RESORT, style: str = "") -> Item:
    """A piece of text in a run."""
    return Item(text_box(text, style), gap, depth)


def with_gap(run: Run, gap: int, depth: int = LAST_RESORT, lead: str = "") -> Run:
    """The run with that many blanks before it, and how its first item may begin a line."""
    return [run[0]._replace(gap=gap, depth=min(depth, run[0].depth), lead=lead), *run[1:]] if run else run


def inside(run: Run) -> Run:
    """The run as it is in parentheses: worse to break."""
    return [item._replace(depth=item.depth + INSIDE) for item in run]


def extent(run: Sequence[Item]) -> tuple[int, int]:
    """The rows above and below the baseline."""
    return max((i.box.baseline for i in run), default=0), max((i.box.below for i in run), default=0)


def enclosed(run: Run, opening: str = "(", closing: str = ")") -> Run:
    """The run in parentheses as tall as it is."""
    return [
        Item(text_box(opening), fence=opening),
        *with_gap(inside(run), 0, LAST_RESORT + INSIDE),
        Item(text_box(closing), depth=GLUED, fence=closing),
    ]


def superscript(run: Run, text: str) -> Run:
    """The run with a superscript on its last box."""
    return [*run, Item(text_box(text), depth=GLUED, above=text)]


def joined_box(run: Sequence[Item]) -> Box:
    """The run on one line, the first labels it has in front of it."""
    boxes: list[Box] = []
    run = resolved(run)
    for i, item in enumerate(run):
        if item.gap and i:
            boxes.append(text_box(" " * item.gap))
        boxes.append(item.box)
    whole = beside(boxes) if boxes else EMPTY
    # the numbers belong to the line's first array; in front of another's rows they would mislead
    first = next((item for item in run if item.bracketed), None)
    return _with_labels(whole, first) if first is not None and first.labels else whole


def resolved(run: Sequence[Item]) -> list[Item]:
    """The items of a line with its parentheses as tall as what they enclose on it."""
    items = list(run)
    opened: list[int] = []
    for i, item in enumerate(items):
        if item.fence in OPENING:
            opened.append(i)
        elif item.fence:
            start = opened.pop() if opened else -1
            above, below = extent(items[start + 1 : i])
            items[i] = item._replace(box=fence(item.fence, above, below))
            if start >= 0:
                items[start] = items[start]._replace(box=fence(items[start].fence, above, below))
        elif item.above and i:
            items[i] = item._replace(box=raised_box(item.above, items[i - 1].box.baseline))
    for start in reversed(opened):
        above, below = extent(items[start + 1 :])
        items[start] = items[start]._replace(box=fence(items[start].fence, above, below))
    return items


def _with_labels(whole: Box, item: Item) -> Box:
    """Row numbers in front of the whole line, where the item's rows are."""
    before, after = whole.baseline - item.box.baseline, whole.below - item.box.below
    # a shape may stand below the item's rows
    after += item.box.height - len(item.labels)
    return labelled(whole, [*("",) * before, *item.labels, *("",) * max(after, 0)])


def label_width(run: Sequence[Item]) -> int:
    """The columns that row numbers will take in front of the run."""
    return max((labels_width(item.labels) for item in run), default=0)


def labels_width(labels: Sequence[str]) -> int:
    """The columns that row numbers take, with the blank behind them."""
    return max((width_of(label) + 1 for label in labels), default=0)


def run_width(run: Sequence[Item]) -> int:
    """The columns that the run takes on one line, row numbers left out."""
    return sum(item.box.width + item.gap for item in run) - (run[0].gap if run else 0)


def lines_of(run: Run, room: int, hang: int = HANG) -> list[Line]:
    """The run in as many lines as it takes, those behind the first moved in by `hang`."""
    return [line for part in broken_run(run, room, hang) for line in part.lines()]


class Part(NamedTuple):
    """What stands on one line of a run, and how far that is moved in."""

    run: Run
    indent: int = 0

    def box(self) -> Box:
        return joined_box(self.run)

    def lines(self) -> list[Line]:
        return self.box().lines(self.indent)


def broken_run(run: Run, room: int, hang: int = HANG) -> list[Part]:
    """The run cut into lines that fit, each behind the first beginning with its operator where it can."""
    room -= label_width(run)
    parts: list[Part] = []
    start = 0
    while start < len(run):
        indent = hang if parts else 0
        end = _fitting(run, start, room - indent)
        if indent and end < len(run) and not run[start].bracketed and end == start + 1:
            # an operator is not left alone where it and what it belongs to need the whole line
            indent, end = 0, _fitting(run, start, room)
        elif run[start].box.width > room - indent:
            indent = 0
        if end < len(run):
            end = _best_end(run, start, end, room - indent, room - hang)
        part = run[start:end]
        lead = part[0].lead if parts else ""
        if lead and run_width(part) + len(lead) + 1 <= room - indent:
            part = [word(lead), part[0]._replace(gap=1), *part[1:]]
        parts.append(Part(part, indent))
        start = end
    return parts


def _best_end(run: Run, start: int, end: int, room: int, room_behind: int) -> int:
    """Where a line from `start` that has to end by `end` ends best: at a loose operator, and not half empty.

    room_behind: that of the next line.
    """
    best, least = end, float("inf")
    used = run[start].box.width
    for i in range(start + 1, end + 1):
        cost = run[i].depth + EMPTINESS * (1 - used / room)
        if cost <= least and not _tells_nothing(run, i, end, _fitting(run, i, room_behind)):
            best, least = i, cost
        used += run[i].gap + run[i].box.width
    return best


def _tells_nothing(run: Run, i: int, end: int, next_end: int) -> bool:
    """Whether a line broken before item i would part a function from parentheses that don't fit on the next line
    (which ends by next_end) either, or have names and parentheses alone on that."""
    if _is_name(run[i - 1]) and run[i].fence in OPENING and not _closes(run[i:next_end]):
        return True
    return i < end and next_end <= end and all(_is_name(item) or item.fence in OPENING for item in run[i:end])


def _is_name(item: Item) -> bool:
    """Whether an item is the name of a function."""
    return not (item.bracketed or item.fence) and item.box.height == 1 and item.box.rows[0][0][0][-1:].isalnum()


def _closes(items: Sequence[Item]) -> bool:
    """Whether the parenthesis that the items begin with ends among them."""
    open_ones = 0
    for item in items:
        if item.fence:
            open_ones += 1 if item.fence in OPENING else -1
            if not open_ones:
                return True
    return False


def _fitting(run: Run, start: int, room: int) -> int:
    """The end of the longest part from `start` that fits; always one item at least."""
    used, end = run[start].box.width, start + 1
    while end < len(run) and used + run[end].gap + run[end].box.width <= room:
        used += run[end].gap + run[end].box.width
        end += 1
    return end
