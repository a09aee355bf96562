"""`equations`, `given` and `parameters` → Problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nncalc.engine.shapes import infer
from nncalc.errors import NncalcError
from nncalc.language.equation import Program
from nncalc.problem.examples import example_names
from nncalc.problem.masks import added_names, is_mask, to_add
from nncalc.problem.problem import Classes, Problem
from nncalc.problem.schema import base_of, reader_of, required
from nncalc.problem.sheet import Sheet, read_lines, read_values
from nncalc.problem.tree import Mapping


def from_equations(document: Mapping, folder: Path | None) -> Problem:
    """The problem of a file with equations. Raises NncalcError with the place of what can't be used."""
    read = reader_of(document, folder)
    # in the file's order, because random values are drawn in it
    parts: dict[str, dict[str, Any]] = {"given": {}, "parameters": {}}
    for key in document:
        if key in parts:
            other = parts["parameters" if key == "given" else "given"]
            parts[key] = read_values(document.get(key), key, read, other)
    lines = read_lines(required(document, "equations", "'equations: |'"), "equations")
    places = {
        name: value.entries[name] for key in parts if isinstance(value := document.get(key), Mapping) for name in value
    }
    for name in added_names(expression for _, expression, _ in lines):
        if name in parts["given"] and is_mask(places[name]):
            parts["given"][name] = to_add(parts["given"][name])
    base = base_of(document)
    sheet: Sheet | None = None
    try:
        sheet = Sheet(lines, parts["given"], parts["parameters"], base)
        program = sheet.program()
    except NncalcError as error:
        blank = Problem(Program(()), {}, places=places, written={name: written for name, _, written in lines})
        raise blank.located(error) from None
    problem = Problem(program, sheet.values, places=places, written=sheet.written)
    classes = None if sheet.classes is None else Classes(sheet.classes, base, sheet.label_numbers)
    examples = _examples(problem)
    return problem._replace(classes=classes, examples=examples, batched=bool(examples))


def _examples(problem: Problem) -> frozenset[str]:
    """Which names have an example a row."""
    try:
        return example_names(problem.forward, infer(problem.forward, problem.shapes))
    except NncalcError:
        return frozenset()  # said, with its place, once the whole problem is checked
