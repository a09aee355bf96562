"""Looking up entries by name; each module of entries is imported when one of its names is first asked for."""

from __future__ import annotations

from importlib import import_module

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.operation import Operation
from nncalc.errors import ExpressionError, did_you_mean

# What operations are called elsewhere and on paper.
_CALLED_HERE = {
    "ln": "The natural logarithm is log(x).", "lg": "The logarithm to base 10 is log10(x), to base 2 log2(x).",
    "pow": "A power is written x ** n.", "square": "A square is written x ** 2.", "dot": "A product is written W @ x.",
    "matmul": "A product of matrices is written A @ B.",
}  # fmt: skip

_loaded: dict[str, Operation] = {}


def operation(name: str) -> Operation:
    """The entry of an operation. Raises ExpressionError for a name that is none, with the nearest one."""
    found = _loaded.get(name)
    if found is None:
        if name not in MODULE_OF:
            hint = _CALLED_HERE.get(name) or did_you_mean(name, tuple(MODULE_OF))
            raise ExpressionError(f"there is no operation '{name}'", hint=hint)
        module = import_module(f"nncalc.catalogue.{MODULE_OF[name]}")
        _loaded.update({entry.name: entry for entry in module.ENTRIES})
        found = _loaded[name]
    return found


def is_operation(name: str) -> bool:
    return name in MODULE_OF
