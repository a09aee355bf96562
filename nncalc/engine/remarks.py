"""What is worth a remark in a record: a unit at a kink, a number that is not finite."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.trace import Trace
from nncalc.engine.value import value_of
from nncalc.language.expression import Apply, Name, walk
from nncalc.language.text import signed, to_text

MOST_ENTRIES = 5


def remarks(trace: Trace) -> list[str]:
    """Plain sentences, with the names of the equations; entries count from 1."""
    found = [] if not trace.phase("backward") else [*_kinks(trace), *_switches(trace), *_zeros(trace), *_ties(trace)]
    return [*found, *_masks(trace), *_not_finite(trace)]


def _kinks(trace: Trace) -> list[str]:
    """Units that sit exactly where an operation has no derivative: the gradient there is a convention."""
    found = []
    for step in trace.phase("forward"):
        for node in walk(step.expression):
            if not isinstance(node, Apply) or not operation(node.op).kinks:
                continue
            entry = operation(node.op)
            with xp.errstate(all="ignore"):
                value = xp.asarray(value_of(node.args[0], trace.values, xp))
            for kink in entry.kinks_for(entry.settings(node.settings)):
                hits = xp.argwhere(value == kink)
                if len(hits):
                    where = entries(to_text(node.args[0]), hits, value.ndim, isinstance(node.args[0], Name))
                    found.append(f"{where} = {signed(kink)}: {entry.at_kink}")
    return list(dict.fromkeys(found))


def _switches(trace: Trace) -> list[str]:
    """Outputs that sit exactly where their part of the loss has no derivative."""
    found = []
    for step in trace.phase("forward"):
        for node in walk(step.expression):
            entry = operation(node.op) if isinstance(node, Apply) else None
            if entry is None or entry.switch is None or not entry.at_kink or not isinstance(node, Apply):
                continue
            first = node.args[0]
            with xp.errstate(all="ignore"):
                shape = xp.asarray(value_of(first, trace.values, xp)).shape
                switch = entry.switch(*node.args, shape=shape, **entry.settings(node.settings))
                hits = xp.argwhere(xp.asarray(value_of(switch, trace.values, xp)) == 0)
            if len(hits):
                where = entries(to_text(first), hits, len(shape), isinstance(first, Name))
                found.append(f"{where}: {entry.at_kink}")
    return found


def _zeros(trace: Trace) -> list[str]:
    """Results of 0 that have no derivative: a length is one, and its gradient is 0 / 0 there."""
    found = []
    for step in trace.phase("forward"):
        for node in walk(step.expression):
            entry = operation(node.op) if isinstance(node, Apply) else None
            if entry is None or not entry.at_zero:
                continue
            with xp.errstate(all="ignore"):
                value = xp.asarray(value_of(node, trace.values, xp))
            hits = xp.argwhere(value == 0)
            if len(hits):
                is_whole = node == step.expression
                where = entries(step.name if is_whole else to_text(node), hits, value.ndim, is_whole)
                found.append(f"{where} = 0: {entry.at_zero}")
    return list(dict.fromkeys(found))


def _ties(trace: Trace) -> list[str]:
    """Several largest entries, of a window or of what is compared: which of them takes the gradient is a convention."""
    found = []
    for step in trace.phase("forward"):
        for node in walk(step.expression):
            entry = operation(node.op) if isinstance(node, Apply) else None
            if entry is None or entry.ties is None or not isinstance(node, Apply):
                continue
            with xp.errstate(all="ignore"):
                arrays = [xp.asarray(value_of(argument, trace.values, xp)) for argument in node.args]
                hits = xp.argwhere(entry.ties(xp, *arrays, **entry.settings(node.settings)) > 1)
            if len(hits):
                where = entries(step.name if node == step.expression else to_text(node), hits, hits.shape[1])
                found.append(f"{where}: {entry.at_tie}")
    return list(dict.fromkeys(found))


def _masks(trace: Trace) -> list[str]:
    """Masks of 0 and 1 that are added to scores as numbers, where true and false may have been meant."""
    found = []
    for step in trace.phase("forward"):
        for node in walk(step.expression):
            if not isinstance(node, Apply):
                continue
            for mask in (node.setting(option.name) for option in operation(node.op).options if option.added):
                numbers = set(xp.ravel(trace.values[mask.id]).tolist()) if isinstance(mask, Name) else set()
                if isinstance(mask, Name) and 1 in numbers and numbers <= {0, 1}:
                    found.append(f"{mask.id}: its 0 and 1 are added to the scores; to hide keys, write true and false")
    return list(dict.fromkeys(found))


def entries(name: str, hits: Any, rank: int, is_name: bool = True) -> str:
    """`hbar1[2]` or `hbar1[1, 3]`, a few of them: the entries of an array, counted from 1."""
    if rank == 0:
        return name
    base = name if is_name else f"({name})"
    shown = [f"{base}[{', '.join(str(int(i) + 1) for i in hit)}]" for hit in hits[:MOST_ENTRIES]]
    more = len(hits) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _not_finite(trace: Trace) -> list[str]:
    """The first step with an infinity or NaN in it: what follows is worked out from it."""
    for step in trace.steps:
        if not xp.all(xp.isfinite(step.value)):
            hits = xp.argwhere(~xp.isfinite(step.value))
            several = "are" if len(hits) > 1 else "is"
            kind = "not a number" if xp.any(xp.isnan(step.value)) else "infinite"
            return [
                f"{entries(step.name, hits, step.value.ndim)} {several} {kind}: "
                "what is worked out from it can't be relied on"
            ]
    return []
