"""Which vectors stand as rows: those of `x @ W`, and what is worked out from them entry by entry.

A vector is a 1-D array; as on paper it is a column, unless a matrix is multiplied to its right or it is added to every
row of a matrix.
"""

from __future__ import annotations

from nncalc.engine.shapes import Shapes
from nncalc.language.equation import Program
from nncalc.language.expression import Apply, Expression, Name

# What a vector does not go through as the same kind of vector.
_OTHER = ("matmul", "outer", "transpose", "index", "scatter", "reshape", "broadcast", "concat", "stack", "sum", "mean")


def row_names(program: Program, shapes: Shapes) -> frozenset[str]:
    """The names of the vectors that stand as rows, gradients and parameters included."""
    rows: set[str] = set()
    forward = program.phase("forward")
    before = -1
    while before < len(rows):
        before = len(rows)
        for equation in forward:
            if _mark(equation.expression, rows, shapes) and len(shapes.known.get(equation.name, ())) == 1:
                rows.add(equation.name)
    return frozenset(rows)


def is_row(name: str, rows: frozenset[str] | None) -> bool:
    """Whether a name stands as a row: a gradient and an updated parameter as what they belong to."""
    return rows is not None and name.partition(".")[0] in rows


def _is_row_product(e: Apply, shapes: Shapes) -> bool:
    return e.op == "matmul" and [len(shapes(a)) for a in e.args] == [1, 2]


def _mark(e: Expression, rows: set[str], shapes: Shapes) -> bool:
    """Whether the expression is a row; if so, the vectors that it is worked out from entry by entry are rows too."""
    if isinstance(e, Name):
        return e.id in rows
    if not isinstance(e, Apply):
        return False
    if _is_row_product(e, shapes):
        _name_rows(e.args[0], rows, shapes)
        return True
    if e.op in _OTHER:
        for argument in e.args:
            _mark(argument, rows, shapes)
        return False
    found = [_mark(argument, rows, shapes) for argument in e.args]
    if len(shapes(e)) > 1:
        # what is added to every row of a matrix is a row
        for argument in e.args:
            _name_rows(argument, rows, shapes)
    if any(found):
        for argument in e.args:
            _name_rows(argument, rows, shapes)
    return any(found)


def _name_rows(e: Expression, rows: set[str], shapes: Shapes) -> None:
    if isinstance(e, Name):
        if len(shapes(e)) == 1:
            rows.add(e.id)
    elif isinstance(e, Apply) and e.op not in _OTHER:
        for argument in e.args:
            _name_rows(argument, rows, shapes)
