"""Which names of a batch have an example a row, told from the equations alone."""

from __future__ import annotations

from nncalc.catalogue.operation import broadcast
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes
from nncalc.language.equation import Program
from nncalc.language.expression import Apply, Expression, Name, Slice, walk

WHOLE = Slice(None, None, None)


def example_names(program: Program, shapes: Shapes) -> frozenset[str]:
    """The names whose first axis counts examples: the prediction's, and whatever it shares that axis with.

    In `h = x @ W + c` the rows of h are those of x; W and a vector c have none, whatever their size. Nothing is a batch
    where the prediction is not a matrix at least.
    """
    prediction = program.prediction
    if prediction is None or len(shapes.known.get(prediction, ())) < 2:
        return frozenset()
    rows = _Rows(program, shapes, prediction)
    for equation in reversed(program.equations):
        if equation.name in rows.names:
            rows.mark(equation.expression)
    for equation in program.equations:
        if rows.carries(equation.expression):
            rows.names.add(equation.name)
        for node in walk(equation.expression):
            if isinstance(node, Apply) and operation(node.op).target is not None and rows.carries(node.args[0]):
                rows.mark(node.args[1])
    return frozenset(rows.names)


class _Rows:
    def __init__(self, program: Program, shapes: Shapes, prediction: str) -> None:
        self.shapes, self.count = shapes, shapes.known[prediction][0]
        self.fixed = set(program.parameters)
        self.names = {prediction}

    def mark(self, e: Expression) -> None:
        """What an expression with an example a row has its rows from."""
        if isinstance(e, Name) and e.id not in self.fixed and self.shapes(e)[:1] == (self.count,):
            self.names.add(e.id)
        elif isinstance(e, Apply):
            for argument in self._sources(e):
                self.mark(argument)

    def carries(self, e: Expression) -> bool:
        """Whether an expression has an example a row because something in it has."""
        if isinstance(e, Name):
            return e.id in self.names
        return isinstance(e, Apply) and any(map(self.carries, self._sources(e)))

    def _sources(self, e: Apply) -> list[Expression]:
        """The arguments whose first axis is the result's."""
        entry = operation(e.op)
        shape = self.shapes(e)
        if not shape:
            return []
        if e.op == "index":
            items = e.setting("index")
            return [e.args[0]] if isinstance(items, tuple) and items[0] == WHOLE else []
        if e.op in ("transpose", "outer", "reshape", "broadcast", "scatter"):
            return []
        if entry.shape is broadcast:
            return [a for a in e.args if len(self.shapes(a)) == len(shape) and self.shapes(a)[0] == shape[0]]
        first = self.shapes(e.args[0])
        return [e.args[0]] if first[:1] == shape[:1] else []
