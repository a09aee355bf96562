"""Optimizers: a parameter's update as equations, a file a family."""

from __future__ import annotations

from importlib import import_module

from nncalc.catalogue.index import OPTIMIZERS
from nncalc.catalogue.optimizer import Optimizer


def optimizer(name: str) -> Optimizer | None:
    """The entry of an optimizer, or None for a name that is none."""
    module = next((module for module, names in OPTIMIZERS.items() if name in names), None)
    if module is None:
        return None
    entries: tuple[Optimizer, ...] = import_module(f"nncalc.catalogue.optimizers.{module}").ENTRIES
    return next(entry for entry in entries if entry.name == name)
