"""Random numbers as on sheets, and the problem file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

Array = Any
Random = np.random.Generator


def draw(random: Random, *shape: int, size: float = 1.5) -> Array:
    """Numbers of one or two decimals between -size and size; few of them 0."""
    places = int(random.choice([1, 2]))
    value = np.round(random.uniform(-size, size, shape), places)
    return np.where(value == 0, random.choice([0.0, 0.5, -0.5], shape), value) + 0.0


def pick(random: Random, *choices: Any) -> Any:
    return choices[int(random.integers(len(choices)))]


def listed(value: Array) -> Any:
    """An array as lists, whole numbers without a point."""
    if isinstance(value, np.ndarray):
        return [listed(part) for part in value] if value.ndim else listed(value.item())
    return int(value) if value == int(value) else float(value)


def text(**keys: Any) -> str:
    """The problem file: a key a line, its value in YAML's flow style, texts of several lines as blocks."""
    lines = []
    for key, value in keys.items():
        if key == "layers":
            lines += ["layers:", *(f"  - {json.dumps(layer)}" for layer in value)]
        elif isinstance(value, str) and "\n" in value:
            lines += [f"{key}: |", *(f"  {line}" for line in value.splitlines())]
        else:
            lines.append(f"{key}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def dense(weights: Array, bias: Array, activation: str | None = None) -> dict[str, Any]:
    settings: dict[str, Any] = {"weights": listed(weights), "bias": listed(bias)}
    if activation:
        settings["activation"] = activation
    return {"dense": settings}
