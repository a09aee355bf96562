"""An expression as its computational graph: one equation a node, for `nncalc grad`."""

from __future__ import annotations

from typing import Any, NamedTuple

from nncalc.catalogue.operation import dimensions
from nncalc.catalogue.registry import is_operation, operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes, infer
from nncalc.engine.trace import Trace
from nncalc.errors import DomainError, ExpressionError, ShapeError, UsageError, did_you_mean
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, call, names_in, walk
from nncalc.language.parse import is_name, parse_expression
from nncalc.language.text import ATOM, precedence, to_text
from nncalc.problem.labels import fit
from nncalc.problem.masks import added_names, is_mask, to_add
from nncalc.problem.numbers import parse_number

RESULT, UPSTREAM = "result", "upstream"
FEW = 8  # ones that may be typed
_CONSTANTS = {"e": "Write exp(x) for e ** x, or add e=2.718281828459045.", "pi": "Add pi=3.141592653589793."}


class Graph(NamedTuple):
    """An expression worked out node by node. nodes: the texts of its nodes, by the names that equations use."""

    expression: Expression
    trace: Trace
    nodes: dict[str, str]
    wanted: tuple[str, ...]


def work_out(text: str, given: dict[str, Any], upstream: Any = None, wrt: tuple[str, ...] = ()) -> Graph:
    """The value and gradients of an expression. wrt: the names whose gradients count; all of them without.

    Raises ExpressionError, ShapeError or UsageError; an array as result needs its upstream gradient.
    """
    expression = parse_expression(text, operation)
    _check_names(expression, given, wrt)
    equations, nodes = _equations(expression)
    leaves = names_in(expression)
    masks = set(added_names([expression]))
    values = {name: _numbers(given[name], name in masks) for name in leaves}
    classes = _class_numbers(expression, values)
    labels = tuple(name for name in leaves if name in classes or (wrt and name not in wrt))
    shapes = infer(Program(equations), {name: value.shape for name, value in values.items()})
    shape, loss = shapes.known[RESULT], RESULT
    if upstream is None and shape != ():
        raise UsageError(
            f"the result is {dimensions(shape)}; its gradient needs --upstream",
            label="expected the gradient that comes from above, of the result's shape",
            hint=f"For the sum of its entries: {_summing(expression, shape)}.",
        )
    if upstream is not None:
        if upstream.shape != shape:
            raise ShapeError(
                f"--upstream is {dimensions(upstream.shape)}, the result is {dimensions(shape)}",
                label="the gradient from above has the result's shape",
            )
        loss = "loss"
        values[UPSTREAM] = upstream
        product = Name(UPSTREAM) * Name(RESULT)
        equations = (*equations, Equation(loss, call.sum(product) if shape else product))
        labels = (*labels, UPSTREAM)
    program = Program(equations, tuple(values), (), labels, loss, RESULT)
    shapes = infer(program, {name: value.shape for name, value in values.items()})
    return Graph(expression, evaluate(differentiate(program, shapes), values), nodes, wrt or leaves)


def _class_numbers(expression: Expression, values: dict[str, Any]) -> set[str]:
    """The names that stand for class numbers, counted from 1: their values become one-hot."""
    found = set()
    shapes = Shapes({name: value.shape for name, value in values.items()})
    for node in walk(expression):
        target = operation(node.op).target if isinstance(node, Apply) else None
        if target is None or not target.classes or not isinstance(node, Apply):
            continue
        name = node.args[1].id if isinstance(node.args[1], Name) else ""
        if name in values:
            values[name], numbers = fit(
                values[name], shapes(node.args[0]), target, base=1, ignore=dict(node.settings).get("ignore_index")
            )
            found |= {name} if numbers is not None else set()
    return found


def _summing(expression: Expression, shape: tuple[int, ...]) -> str:
    """What to type for the gradient of the sum of an array's entries."""
    if max(shape) > FEW:
        return f"'{to_text(call.sum(expression))}'"
    ones = "1"
    for size in reversed(shape):
        ones = f"[{', '.join([ones] * size)}]"
    return f"--upstream '{ones}'"


def _check_names(expression: Expression, given: dict[str, Any], wrt: tuple[str, ...]) -> None:
    leaves = names_in(expression)
    for name in leaves:
        if "." in name:
            raise ExpressionError(f"'{name}' can't stand here", label="expected a name without a suffix, or .T")
        if name in (RESULT, UPSTREAM) or (name == "loss"):
            raise UsageError(f"'{name}' is taken", hint=f"It names what nncalc works out; call yours '{name}1', say.")
        if name not in given:
            label = f"found {', '.join(given) or 'no values'}"
            raise UsageError(f"{name} has no value", label=label, hint=_advice(name))
    for name in given:
        if name not in leaves:
            hint = did_you_mean(name, leaves)
            raise UsageError(f"there is no {name} in the expression", label=f"in {to_text(expression)}", hint=hint)
    for name in wrt:
        if name not in leaves:
            raise UsageError(f"--wrt: there is no {name} in the expression", hint=did_you_mean(name, leaves))


def _advice(name: str) -> str:
    """What to do about a name without a value."""
    if is_operation(name):
        return f"{name} is an operation: write {name}(…)."
    return _CONSTANTS.get(name, f"Add {name}=2, say.")


def _equations(expression: Expression) -> tuple[tuple[Equation, ...], dict[str, str]]:
    """One equation for each operation, equal ones once; the whole is `result`."""
    found: dict[Expression, Equation] = {}
    nodes: dict[str, str] = {}

    def named(node: Expression) -> Expression:
        if not isinstance(node, Apply):
            return node
        if node not in found:
            # a list first: a generator would nest twice as deep
            own = Apply(node.op, tuple([named(a) for a in node.args]), node.settings)
            text = to_text(node)
            # in an equation a node stands as a name: in parentheses where its text would not hold together
            name = RESULT if node == expression else text if precedence(node) >= ATOM else f"({text})"
            found[node] = Equation(name, own)
            nodes[name] = text
        return Name(found[node].name)

    if not isinstance(expression, Apply):
        return (Equation(RESULT, expression),), {RESULT: to_text(expression)}
    named(expression)
    return tuple(found.values()), nodes


def read_assignment(text: str) -> tuple[str, Any]:
    """`x=-2` or `W=[[1, 2], [3, 4]]`: the name and its value. Raises UsageError."""
    import numpy as np

    name, equals, written = text.partition("=")
    name = name.strip()
    if not equals or not is_name(name):
        raise UsageError(
            f"'{text}' is no value of a name", label="expected NAME=VALUE, like x=-2 or W='[[1, 2], [3, 4]]'"
        )
    if is_operation(name):
        raise UsageError(f"'{name}' is the name of an operation", hint=f"Call yours '{name}1', say.")
    value = np.asarray(read_value_of(name, written))
    return name, value if value.dtype == bool else value.astype(np.float64)


def _numbers(value: Any, mask: bool) -> Any:
    """A mask of true and false as 1 and 0, or where it masks scores as what is added to them; numbers as they are."""
    if value.dtype != bool:
        return value
    return to_add(value) if mask else value.astype(float)


def read_value_of(name: str, written: str) -> Any:
    """A number as nncalc writes them, or an array as YAML flow; one of true and false stays so."""
    try:
        number = parse_number(written)
    except DomainError as error:
        raise UsageError(f"{name}: {error.message}", label="expected a finite number") from None
    if number is not None:
        return number
    if not written.strip().startswith("["):
        raise UsageError(f"the value of {name} is not a number", label=f"found '{written}', expected 2, 1/3 or [1, 2]")
    from nncalc.problem.arrays import to_array
    from nncalc.problem.document import read_value

    tree = read_value(written, name)
    array = to_array(tree, None, what=name)
    return array.astype(bool) if is_mask(tree) else array
