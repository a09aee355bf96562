"""JSON on one line: always valid, every double read back as the same double."""

from __future__ import annotations

import json
import math
import re
from typing import Any

# Valid inside a JSON string but not on a terminal or in a line of JSON Lines: C1 controls can be escape sequences,
# the separators end a line for some readers, the others reorder or hide text.
ESCAPED = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def json_line(value: Any) -> str:
    """The value as JSON. Arrays come as lists or as anything with `tolist`; NaN and infinities become words."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:  # a number that isn't finite: rare, so only then is the whole value walked through
        text = json.dumps(_with_words(value), ensure_ascii=False, allow_nan=False, default=_plain)
    return ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _plain(value: Any) -> Any:
    """An array or a NumPy number as Python's own, without importing NumPy to ask."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _with_words(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _with_words(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_with_words(entry) for entry in value]
    return value
