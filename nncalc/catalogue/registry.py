"""Looking up entries by name; each module of entries is imported when one of its names is first asked for."""

from __future__ import annotations

from importlib import import_module

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.operation import Operation
from nncalc.errors import ExpressionError, did_you_mean

_loaded: dict[str, Operation] = {}


def operation(name: str) -> Operation:
    """The entry of an operation. Raises ExpressionError for a name that is none, with the nearest one."""
    found = _loaded.get(name)
    if found is None:
        if name not in MODULE_OF:
            raise ExpressionError(f"there is no operation '{name}'", hint=did_you_mean(name, tuple(MODULE_OF)))
        module = import_module(f"nncalc.catalogue.{MODULE_OF[name]}")
        _loaded.update({entry.name: entry for entry in module.ENTRIES})
        found = _loaded[name]
    return found


def is_operation(name: str) -> bool:
    return name in MODULE_OF
