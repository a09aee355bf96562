"""What stands in place of an operation when a mistake is made: the same one with other settings, or another one."""

from __future__ import annotations

from nncalc.catalogue.mistake import Substitute
from nncalc.catalogue.operation import Shape
from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Expression, Setting, Slice, call

FULL = Slice(None, None, None)


def applied(op: str, *arrays: Expression, **settings: Setting) -> Apply:
    """The operation with those of the settings that it has and that are not at their defaults."""
    defaults = operation(op).defaults
    stated = {key: value for key, value in settings.items() if key in defaults and value != defaults[key]}
    result: Apply = getattr(call, op)(*arrays, **stated)
    return result


def with_settings(op: str, **changes: Setting) -> Substitute:
    """The operation with other settings; None where they are these already."""

    def value(*arrays: Expression, shape_of: object, **settings: Setting) -> Expression | None:
        changed = {**settings, **changes}
        return None if changed == settings else applied(op, *arrays, **changed)

    return value


def without(op: str, *names: str) -> Substitute:
    """The operation with settings at their defaults, as if the problem did not state them."""

    def value(*arrays: Expression, shape_of: object, **settings: Setting) -> Expression | None:
        changed = {**settings, **{name: operation(op).defaults[name] for name in names}}
        return None if changed == settings else applied(op, *arrays, **changed)

    return value


def instead(op: str) -> Substitute:
    """Another operation of the same arrays, with the settings that both have."""
    return lambda *arrays, shape_of, **settings: applied(op, *arrays, **settings)


def shifted(y: Expression, shape: Shape, by: int) -> Expression:
    """One-hot vectors along the last axis with their 1 a class further (1) or nearer (-1), round the end."""
    first, last = (slice(None, -1), slice(-1, None)) if by == 1 else (slice(1, None), slice(None, 1))
    front = (FULL,) * (len(shape) - 1)
    parts = (last, first) if by == 1 else (first, last)
    a, b = (y[(*front, Slice.of(part))] for part in parts)
    return call.concat(a, b) if len(shape) == 1 else call.concat(a, b, axis=len(shape) - 1)
