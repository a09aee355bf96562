"""How one entry of a convolution or a pool comes about: its window, the kernel, the products, what becomes of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from nncalc.catalogue.im2col import flipped
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.registry import operation
from nncalc.catalogue.windows import Axes, axes_of, pad
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.trace import Step, Trace
from nncalc.engine.value import value_of
from nncalc.language.expression import Apply, walk
from nncalc.views.line import Line
from nncalc.views.numbers import number, number_put_in
from nncalc.views.run import Item, Run, lines_of, word
from nncalc.views.sheet import Sheet
from nncalc.views.values import value_box

MOST_CHANNELS = 8
MOST_TERMS = 32


TRANSPOSED = "conv_transpose2d"


class Window(NamedTuple):
    """A window operation of a step, and where in the step's value the entry lies, from 0.

    axes: the geometry; of a transposed convolution, that of the convolution from its result to its input.
    """

    step: Step
    node: Apply
    axes: Axes
    place: tuple[int, ...]


def windows_of(trace: Trace, entry: tuple[int, ...], step: Step | None = None) -> Iterator[Window]:
    """The windows that an entry names, counted from 1: (row, column) of every channel, or (channel, row, column), or
    with the example in front. step: of this step alone."""
    for one in trace.phase("forward") if step is None else (step,):
        for node in walk(one.expression):
            about = operation(node.op) if isinstance(node, Apply) else None
            if about is None or not isinstance(node, Apply) or (about.window is None and node.op != TRANSPOSED):
                continue
            shapes = [tuple(xp.shape(value_of(a, trace.values, xp))) for a in node.args]
            settings, rank = about.settings(node.settings), len(shapes[0])
            if about.window is None:
                wanted: dict[str, Any] = {key: settings[key] for key in ("stride", "padding", "dilation")}
                axes = axes_of(about.shape(*shapes, **settings)[-2:], shapes[1][2:], **wanted)
            else:
                axes = about.window(*shapes, **settings)
            for place in _places(entry, one.shape, len(axes)):
                if len(one.shape) == rank:
                    yield Window(one, node, axes, place)


def _places(entry: tuple[int, ...], shape: tuple[int, ...], d: int) -> Iterator[tuple[int, ...]]:
    wanted = tuple(n - 1 for n in entry)
    first = (0,) * (len(shape) - d - 1)
    if len(wanted) == d:
        found = [(*first, channel, *wanted) for channel in range(min(shape[-d - 1], MOST_CHANNELS))]
    else:
        found = [(*first[: len(shape) - len(wanted)], *wanted)]
    yield from (p for p in found if len(p) == len(shape) and all(0 <= i < n for i, n in zip(p, shape, strict=True)))


def window_view(window: Window, sheet: Sheet, width: int) -> list[Line]:
    """The window, and with a kernel the products of the two; then the sum, the largest, the average."""
    step, node, axes, place = window
    about, settings = operation(node.op), operation(node.op).settings(node.settings)
    digits = sheet.digits
    symbol = sheet.symbols.text(step.name)
    title = f"{symbol}[{', '.join(str(i + 1) for i in place)}]"
    x = xp.asarray(value_of(node.args[0], sheet.values, xp))
    d = len(axes)
    example = place[: -d - 1]
    if node.op == TRANSPOSED:
        channels, seen, kernel, where = _reaching(window, sheet, x, settings)
    else:
        channels, kernel = _kernel(window, sheet, about, settings)
        seen = _cut(x, axes, example, channels, place[-d:], float("-inf") if about.ties is not None else 0.0)
        where = _where(axes, place[-d:])
    parted = f"channels {channels.start + 1}–{channels.stop}, " if len(seen) < x.shape[-d - 1] and len(seen) > 1 else ""
    first, *more = textwrap.wrap(f"{title} from {parted}{where}", width, subsequent_indent="  ")
    lines: list[Line] = [[(title, "bold"), (first.removeprefix(title), "dim")], *([(line, "dim")] for line in more)]
    if seen.ndim == 3 and len(seen) == 1:
        # a number in front would be the channel's number here, not in the image
        seen = seen[0]
        kernel = None if kernel is None else kernel[0]
    look = sheet.look(width - 2, "", 0)
    run: Run = [Item(value_box(seen, look), bracketed=True)]
    if not seen.size:
        lines += _text("it is 0", width)
    elif kernel is not None:
        with xp.errstate(all="ignore"):
            products = seen * kernel
            total = float(products.sum())
        bold = sheet.look(width - 2)
        run += [word("⊙", 1, 2), Item(value_box(kernel, look), 1, bracketed=True)]
        run += [word("=", 1, 0), Item(value_box(products, bold), 1, bracketed=True)]
        lines += _indented(lines_of(run, width - 2))
        terms = [number_put_in(v, digits, 0) for v in products.ravel().tolist() if v != 0] or ["0"]
        shown = f"{_sum(terms)} = " if 1 < len(terms) <= MOST_TERMS else "the sum is "
        lines += _text(f"{shown}{number(total, digits)}", width)
    else:
        lines += _indented(lines_of(run, width - 2))
        whole = xp.asarray(value_of(node, sheet.values, xp))
        lines += _text(_became(node.op, seen, float(whole[place]), digits, settings), width)
    if node is not step.expression:
        formula = sheet.formula(step)
        lines += _text(f"so that {title} = {number(float(step.value[place]), digits)}, by {formula}", width)
    return lines


def _kernel(window: Window, sheet: Sheet, about: Operation, settings: dict[str, Any]) -> tuple[slice, Any]:
    """The input's channels that the entry comes from, and the kernel as it is laid on them; None for a pool."""
    d, channel = len(window.axes), window.place[-len(window.axes) - 1]
    if len(about.args) == 1:
        return slice(channel, channel + 1), None
    kernels = xp.asarray(value_of(window.node.args[1], sheet.values, xp))
    group = channel // (kernels.shape[0] // settings["groups"])
    start = group * kernels.shape[1]
    laid = flipped(kernels, settings["flip"])[channel]
    assert laid.ndim == d + 1
    return slice(start, start + kernels.shape[1]), laid


def _reaching(window: Window, sheet: Sheet, x: Any, settings: dict[str, Any]) -> tuple[slice, Any, Any, str]:
    """Of a transposed convolution: the input's channels, its entries that the kernel spreads to this one, the kernel's
    entries by which it does, each at its own, and where the former are."""
    place, d = window.place, len(window.axes)
    kernels = flipped(xp.asarray(value_of(window.node.args[1], sheet.values, xp)), settings["flip"])
    group, kernel_of_group = divmod(place[-d - 1], kernels.shape[1])
    size = kernels.shape[0] // settings["groups"]
    channels = slice(group * size, (group + 1) * size)
    entries, met, parts = [], [], []
    for name, axis, i, n in zip(("rows", "columns"), window.axes, place[-d:], x.shape[-d:], strict=True):
        behind = [(k, i + axis.before - k * axis.stride) for k in range(n)]
        pairs = [(k, off // axis.dilation) for k, off in behind if off % axis.dilation == 0 and 0 <= off < axis.reach]
        entries.append([k for k, _ in pairs])
        met.append([k for _, k in pairs])
        parts.append(f"{name if len(pairs) > 1 else name[:-1]} {', '.join(str(k + 1) for k, _ in pairs)}")
    seen, laid = x[(*place[: -d - 1], channels)], kernels[channels, kernel_of_group]
    for k, (here, there) in enumerate(zip(entries, met, strict=True), 1):
        seen, laid = xp.take(seen, xp.asarray(here, dtype=int), k), xp.take(laid, xp.asarray(there, dtype=int), k)
    return channels, seen, laid, ", ".join(parts) if seen.size else "no entry of the input, none reaches it"


def _cut(x: Any, axes: Axes, example: tuple[int, ...], channels: slice, place: tuple[int, ...], fill: float) -> Any:
    """The window itself: (channels, …)."""
    spots = []
    for axis, i in zip(axes, place, strict=True):
        start = i * axis.stride
        spots.append(slice(start, start + axis.reach, axis.dilation))
    return pad(xp, x, axes, fill)[(*example, channels, *spots)]


def _where(axes: Axes, place: tuple[int, ...]) -> str:
    """`rows 1–3, columns 2–4` of the input; what lies outside it is padding."""
    names = ("entries",) if len(axes) == 1 else ("rows", "columns")
    parts, outside = [], False
    for name, axis, i in zip(names, axes, place, strict=True):
        first = i * axis.stride - axis.before + 1
        last = first + axis.reach - 1
        outside = outside or first < 1 or last > axis.size
        span = f"{first}–{last}".replace("-", "−")
        step = f" in steps of {axis.dilation}" if axis.dilation > 1 else ""
        parts.append(f"{name} {span}{step}" if axis.kernel > 1 else f"{name[:-1].replace('ie', 'y')} {first}")
    return ", ".join(parts) + (", the padding among them" if outside else "")


def _became(op: str, seen: Any, result: float, digits: int, settings: dict[str, Any]) -> str:
    shown = number(result, digits)
    if op.startswith("max"):
        first = int((seen == result).ravel().argmax()) + 1
        several = int((seen == result).sum())
        tie = f"; {several} are, and the first takes the gradient" if several > 1 else ""
        return f"the largest is {shown}, entry {first} of the window row by row{tie}"
    terms = [number_put_in(v, digits, 0) for v in seen.ravel().tolist()]
    if op.startswith("lp"):
        return f"(Σ|x|^p)^(1/p) with p = {settings['p']:g}: {shown}"
    total = float(seen.sum())
    if op.startswith("sum") or result == 0:
        return f"{_sum(terms)} = {shown}"
    return f"({_sum(terms)}) / {number(total / result, digits)} = {shown}"


def _sum(terms: list[str]) -> str:
    text = terms[0]
    for term in terms[1:]:
        text += f" − {term[1:]}" if term.startswith("−") else f" + {term}"
    return text


def _text(text: str, width: int) -> list[Line]:
    return [[("  " + line, "")] for line in textwrap.wrap(text, width - 2, subsequent_indent="  ")]


def _indented(lines: list[Line]) -> list[Line]:
    return [[("  ", ""), *line] for line in lines]


def entries_view(trace: Trace, entry: tuple[int, ...], sheet: Sheet, width: int) -> list[Line]:
    """Every window that the entry names, under a heading; nothing where there is none."""
    lines: list[Line] = []
    for window in windows_of(trace, entry):
        lines += [[], *window_view(window, sheet, width)]
    if not lines:
        return []
    title = f"entry {', '.join(map(str, entry))} "
    return [[(title + "─" * (width - len(title)), "forward")], *lines[1:]]
