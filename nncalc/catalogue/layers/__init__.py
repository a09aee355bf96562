"""Layers: each a signature and its block of equations, a file a family. An activation is a layer as well."""

from __future__ import annotations

from importlib import import_module

from nncalc.catalogue.index import ACTIVATIONS, LAYERS
from nncalc.catalogue.layer import Layer


def layer(name: str) -> Layer | None:
    """The entry of a layer with equations of its own, or None for a name that is none."""
    module = next((module for module, names in LAYERS.items() if name in names), None)
    if module is None:
        return None
    entries: tuple[Layer, ...] = import_module(f"nncalc.catalogue.layers.{module}").ENTRIES
    return next(entry for entry in entries if entry.name == name)


def layer_names() -> tuple[str, ...]:
    """Everything that may stand in a file's list of layers."""
    return (*(name for names in LAYERS.values() for name in names), *ACTIVATIONS)
