"""Every operation as files use it: each example of its entry as `equations`, on the screen, as JSON and as LaTeX."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.registry import operation
from tests.catalogue.test_every_entry import assert_shown
from tests.catalogue.test_gradients import EXAMPLES, drawn, has_classes, settings_in
from tests.engine.programs import forward


def document(name: str, example: str) -> dict[str, Any]:
    """`loss = sum(w * q)` of an example q, its arrays parameters, its target and settings given."""
    values = drawn(operation(name), example)
    shape = forward(f"q = {example}", values, labels=()).shapes.known["q"]
    fixed = (*(tuple(values)[1:] if has_classes(operation(name)) else ()), *settings_in(example))
    w = np.random.default_rng(crc32(example.encode())).uniform(0.5, 2.0, shape)
    return {
        "given": {"w": w.tolist(), **{key: values[key].tolist() for key in fixed}},
        "parameters": {key: value.tolist() for key, value in values.items() if key not in fixed},
        "equations": f"q = {example}\nloss = sum(w * q)",
    }


# a file refuses a class loss of one number
SHOWN = [(name, example) for name, example in EXAMPLES if not (has_classes(operation(name)) and "(a, b" in example)]


@pytest.mark.parametrize(("name", "example"), SHOWN, ids=[example for _, example in SHOWN])
def test_every_command_shows_an_example(name: str, example: str, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    assert_shown(json.dumps(document(name, example)), tmp_path, capsys, monkeypatch)


def test_every_operation_is_shown() -> None:
    assert {name for name, _ in SHOWN} == set(MODULE_OF)
