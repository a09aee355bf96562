"""Masks of true and false: where scores are masked, what is added to them instead."""

from __future__ import annotations

from typing import Any

from nncalc.problem.tree import Scalar, Sequence, Value


def is_mask(value: Value) -> bool:
    """Whether a value of the file is wholly true and false, as its first entry tells: the reader lets nothing mix."""
    while isinstance(value, Sequence) and len(value):
        value = value.item(0)
    return isinstance(value, Scalar) and value.boolean is not None


def to_add(mask: Any) -> Any:
    """What is added to scores for a mask of 1 (may be seen) and 0: 0 and −∞, as it stands on paper."""
    import numpy as np

    return np.where(mask != 0, 0.0, -np.inf)
