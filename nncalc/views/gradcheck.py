"""A gradient check on the screen and as JSON: a line a gradient, what is wrong, which units switched."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from nncalc.engine.gradcheck import Check, Kink
from nncalc.views.line import Line, padded, width_of
from nncalc.views.numbers import number
from nncalc.views.symbols import Symbols

MOST_KINKS = 4
RIGHT, WRONG, FOLLOWS = "✓", "✗", "↳"


def gradcheck_view(
    checks: Sequence[Check], *, notation: str = "h", loss: str | None = None, digits: int, width: int
) -> list[Line]:
    """A line for each gradient, in the order of the backward pass, and the verdict."""
    symbols = Symbols(notation=notation, loss=loss)
    names = [symbols.text(f"{check.name}.grad") for check in checks]
    column = max(map(width_of, names), default=0)
    lines: list[Line] = []
    for check, name in zip(checks, names, strict=True):
        mark, verdict = _verdict(check)
        text = f"relative error {number(check.relative_error, 1)}" if check.right else verdict
        lines.append(
            [(f" {mark}  ", verdict if verdict != "follows" else ""), (padded(name, column), ""), (f"  {text}", "")]
        )
        remarks = [] if check.right else [_found(check, digits)]
        remarks += _kinks(check.kinks, symbols)
        indent = " " * 4
        for remark in remarks:
            lines += [
                [(part, "dim")]
                for part in textwrap.wrap(remark, width, initial_indent=indent, subsequent_indent=indent)
            ]
    return [*lines, [], *_closing(checks, names, width)]


def _verdict(check: Check) -> tuple[str, str]:
    if check.right:
        return RIGHT, "right"
    return (WRONG, "wrong") if check.equation else (FOLLOWS, "follows")


def _found(check: Check, digits: int) -> str:
    where = f"entry {', '.join(map(str, check.entry))}: " if check.entry else ""
    return f"{where}found {number(check.gradient, digits)}, the difference quotient is " + number(
        check.difference, digits
    )


def _kinks(kinks: Sequence[Kink], symbols: Symbols) -> list[str]:
    """One remark for each unit: the entries that it keeps from being checked."""
    by_unit: dict[str, list[str]] = {}
    for kink in kinks:
        by_unit.setdefault(kink.unit, []).append(", ".join(map(str, kink.entry)))
    found = []
    for unit, entries in list(by_unit.items())[:MOST_KINKS]:
        name, bracket, rest = unit.partition("[")
        shown = f"{symbols.text(name) if name.isidentifier() else name}{bracket}{rest}"
        if entries == [""]:
            found.append(f"not checked: {shown} switches between the two evaluations")
            continue
        more = f" and {len(entries) - MOST_KINKS} more" if len(entries) > MOST_KINKS else ""
        which = "entry" if len(entries) == 1 else "entries"
        listed = "; ".join(entries[:MOST_KINKS]) + more
        found.append(f"{which} {listed} not checked: {shown} switches between the two evaluations")
    if len(by_unit) > MOST_KINKS:
        others = len(by_unit) - MOST_KINKS
        found.append(f"and {others} more {'unit switches' if others == 1 else 'units switch'}")
    return found


def _closing(checks: Sequence[Check], names: Sequence[str], width: int) -> list[Line]:
    wrong = [name for check, name in zip(checks, names, strict=True) if not check.right and check.equation]
    follows = [name for check, name in zip(checks, names, strict=True) if not check.right and not check.equation]
    if not wrong and not follows:
        worst = max((check.relative_error for check in checks), default=0.0)
        texts = [(f"every gradient is right; the largest relative error is {number(worst, 1)}", "right")]
    else:
        texts = [(f"wrong: {', '.join(wrong)}", "wrong")] if wrong else []
        if follows:
            texts.append((f"wrong as well, from what {'is wrong' if wrong else 'they use'}: {', '.join(follows)}", ""))
    return [[(part, style)] for text, style in texts for part in textwrap.wrap(text, width, subsequent_indent="  ")]


def gradcheck_object(checks: Sequence[Check]) -> dict[str, Any]:
    """The object of FORMAT.md, section 3."""
    errors = [check.relative_error for check in checks]
    worst = next((e for e in errors if e != e), max(errors, default=0.0))
    listed = []
    for check in checks:
        one: dict[str, Any] = {"name": check.name, "relative_error": check.relative_error}
        if check.kinks:
            one["kinks"] = [{"entry": list(kink.entry), "unit": kink.unit} for kink in check.kinks]
        listed.append(one)
    return {"right": all(check.right for check in checks), "worst": worst, "checks": listed}
