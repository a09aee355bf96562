"""General mistakes in the form of an equation: signs, terms, factors, transposes, operands, functions."""

from __future__ import annotations

from collections.abc import Iterator

from nncalc.catalogue.index import ACTIVATIONS, LOSSES
from nncalc.check.edit import Edit, negated, places, said
from nncalc.language.expression import Apply, Const, Expression, Name, Slice, call

# What is taken one for the other. The losses and activations are families of their own.
FAMILIES = (
    ("sum", "mean", "max", "min"), ("exp", "log"), ("sin", "cos"), ("max", "min"),
    ("max_pool1d", "avg_pool1d", "lp_pool1d"), ("max_pool2d", "avg_pool2d", "lp_pool2d"),
    ("global_avg_pool", "global_max_pool"),
)  # fmt: skip
COMMON_ACTIVATIONS = ("relu", "sigmoid", "tanh", "softmax", "identity", "leaky_relu")
FUNCTIONS = ("exp", "log", "sin", "cos")
TURNED = {"greater": "less", "less": "greater", "greater_equal": "less_equal", "less_equal": "greater_equal"}


def term_edits(name: str, expression: Expression) -> Iterator[Edit]:
    """Every general change of form. Some may not fit in shape, or may change nothing."""
    yield Edit("sign", negated(expression), said("the sign is turned round"), 1.0)
    for node, put, _ in places(expression):
        if isinstance(node, Apply):
            for edit in _of_node(node):
                yield edit._replace(expression=put(edit.expression))
    yield from _whole(expression)
    yield from _functions(expression)
    if name.endswith(".grad"):
        yield Edit(
            "extra_factor", Name("learning_rate") * expression, said("the learning rate is multiplied in already"), 3.0
        )


def _whole(expression: Expression) -> Iterator[Edit]:
    for number, words in ((2.0, "a factor of 2 too many"), (0.5, "a factor of ½ too many")):
        yield Edit("extra_factor", number * expression, said(words), 2.6)
    yield Edit("transpose", expression.T if isinstance(expression, Name) else call.transpose(expression),
               said("the result is transposed"), 2.4)  # fmt: skip
    for op in COMMON_ACTIVATIONS[:4]:
        wrapped = Apply(op, (expression,))
        if isinstance(expression, Apply) and expression.op == op:
            yield Edit("twice", wrapped, said("{0} is applied twice", Name(op)), 2.0)
        else:
            yield Edit("wrong_function", wrapped, said("{0} is applied to the result", Name(op)), 2.8)


def _functions(expression: Expression) -> Iterator[Edit]:
    for op in FUNCTIONS[:2]:
        yield Edit("wrong_function", Apply(op, (expression,)), said("{0} is taken of the result", Name(op)), 2.9)


def _of_node(node: Apply) -> Iterator[Edit]:
    yield from _OF_OPERATION.get(node.op, _of_function)(node)
    yield from _turned_arguments(node)


def _of_sum(node: Apply) -> Iterator[Edit]:
    a, b = node.args
    other = a - b if node.op == "add" else a + b
    yield Edit("sign", other, said("the sign of {0} is turned round", b), 1.2)
    if node.op == "add":
        yield Edit("sign", b - a, said("the sign of {0} is turned round", a), 1.6)
        yield Edit("missing_term", b, said("{0} is left out", a), 1.5)
        if isinstance(a, Apply) and a.op == "add":
            first: Expression = a
            while isinstance(first, Apply) and first.op == "add":
                first = first.args[0]
            yield Edit("missing_term", first, said("all terms but {0} are left out", first), 1.8)
    else:
        yield Edit("sign", b - a, said("the difference is taken the other way round"), 1.3)
        yield Edit("sign", -a - b, said("the sign of {0} is turned round", a), 1.9)
        yield Edit("missing_term", -b, said("{0} is left out", a), 1.9)
        yield Edit("missing_term", b, said("{0} and the minus are left out", a), 2.3)
    yield Edit("missing_term", a, said("{0} is left out", b), 1.4)


def _of_multiply(node: Apply) -> Iterator[Edit]:
    a, b = node.args
    yield Edit("missing_factor", a, said("the factor {0} is left out", b), 1.2)
    yield Edit("missing_factor", b, said("the factor {0} is left out", a), 1.4)
    if isinstance(a, Apply) and a.op == "multiply":
        first: Expression = a
        while isinstance(first, Apply) and first.op == "multiply":
            first = first.args[0]
        yield Edit("missing_factor", first, said("all factors but {0} are left out", first), 1.5)
    if isinstance(b, Apply) and b.op == "power":
        both = (a * b.args[0]) ** b.args[1]
        yield Edit("extra_factor", both, said("the power is taken of {0} too", a), 2.4)
    yield Edit("swapped", a / b, said("divided by {0}, not multiplied by it", b), 2.6)
    yield Edit("missing_factor", a + b, said("{0} and {1} are added, not multiplied", a, b), 3.2)
    yield Edit("elementwise", a @ b, said("the matrix product is taken where entries are multiplied"), 2.4)
    yield Edit("elementwise", call.outer(a, b), said("the outer product is taken where entries are multiplied"), 2.6)


def _of_divide(node: Apply) -> Iterator[Edit]:
    a, b = node.args
    yield Edit("missing_factor", a, said("the division by {0} is left out", b), 1.3)
    if isinstance(a, Apply) and a.op == "multiply":
        first = a.args[0]
        yield Edit("missing_factor", first, said("all factors but {0} are left out", first), 1.7)
    if isinstance(b, Const) and b.value >= 2 and b.value == int(b.value):
        for count in (b.value - 1, b.value + 1):
            yield Edit("count", a / count, said("divided by {0}, not by {1}", Const(count), b), 2.2)
    yield Edit("swapped", a * b, said("multiplied by {0}, not divided by it", b), 2.2)
    yield Edit("swapped", b / a, said("numerator and denominator are exchanged"), 2.4)
    yield Edit("missing_factor", Const(1.0) / b, said("the factor {0} is left out", a), 2.6)
    yield Edit("extra_factor", a / b**2, said("divided by {0} twice", b), 3.0)


def _of_power(node: Apply) -> Iterator[Edit]:
    a, b = node.args
    yield Edit("missing_factor", a, said("the power {0} is left out", b), 1.8)
    yield Edit("missing_factor", b * a, said("multiplied by {0}, not raised to the power of {0}", b), 2.4)
    if b == Const(2.0):
        yield Edit("wrong_function", call.abs(a), said("absolute values are taken where squares belong"), 2.3)
    yield from _turned_round(node)


def _of_matmul(node: Apply) -> Iterator[Edit]:
    a, b = node.args
    yield Edit("swapped", b @ a, said("the order of {0} and {1} is turned round", a, b), 2.0)
    yield Edit("elementwise", a * b, said("entries are multiplied where the matrix product belongs"), 2.2)
    yield Edit("elementwise", call.outer(a, b), said("the outer product is taken where {0} @ {1} belongs", a, b), 2.8)


def _of_outer(node: Apply) -> Iterator[Edit]:
    a, b = node.args
    yield Edit("swapped", call.outer(b, a), said("the order of {0} and {1} is turned round", a, b), 2.0)
    yield Edit("elementwise", a * b, said("entries are multiplied where the outer product belongs"), 2.2)


def _of_negative(node: Apply) -> Iterator[Edit]:
    yield Edit("sign", node.args[0], said("the minus in front of {0} is left out", node.args[0]), 1.1)


def _of_transpose(node: Apply) -> Iterator[Edit]:
    yield Edit("transpose", node.args[0], said("{0} is not transposed", node.args[0]), 1.5)


def _of_comparison(node: Apply) -> Iterator[Edit]:
    yield Edit("wrong_function", Apply(TURNED[node.op], node.args), said("the comparison is turned round"), 2.4)


def _of_index(node: Apply) -> Iterator[Edit]:
    """Another entry, row or time step: one before or one behind."""
    index = node.setting("index")
    assert isinstance(index, tuple)
    for i, item in enumerate(index):
        if isinstance(item, int) and not isinstance(item, bool):
            for other in (item - 1, item + 1):
                if other >= 0:
                    found = Apply("index", node.args, (("index", (*index[:i], other, *index[i + 1 :])),))
                    yield Edit("wrong_value", found, said("{0} is used where {1} belongs", found, node), 2.4)
        elif isinstance(item, Slice):
            return


def _of_function(node: Apply) -> Iterator[Edit]:
    if not node.args:
        return
    first = node.args[0]
    if node.op in (*COMMON_ACTIVATIONS, *FUNCTIONS):
        turned = Apply(node.op, (negated(first), *node.args[1:]), node.settings)
        yield Edit("sign", turned, said("the sign of {0} is turned round", first), 1.9)
    if node.op == "relu":
        yield Edit("wrong_function", call.abs(first), said("the absolute value is taken, not relu"), 2.4)
    if len(node.args) == 1:
        yield Edit("missing_factor" if node.op not in ACTIVATIONS else "wrong_function", first,
                   said("{0} is left out", Name(node.op)), 1.8)  # fmt: skip
    if node.op == "sum" and isinstance(first, Apply) and first.op == "power":
        yield Edit("root", call.sqrt(node), said("a root is taken of {0}", node), 2.2)
    yield from _turned_round(node)
    yield from _other_axes(node)
    others = [family for family in (*FAMILIES, COMMON_ACTIVATIONS, LOSSES) if node.op in family]
    if not others and node.op in ACTIVATIONS:
        others = [COMMON_ACTIVATIONS]
    for other in dict.fromkeys(other for family in others for other in family if other != node.op):
        for settings in dict.fromkeys((node.settings, ())):
            changed = Apply(other, node.args, settings)
            yield Edit(
                "wrong_function", changed, said("{0} is used where {1} belongs", Name(other), Name(node.op)), 2.5
            )


def _other_axes(node: Apply) -> Iterator[Edit]:
    """A sum over the columns where one over the rows belongs."""
    axis = node.setting("axis")
    if isinstance(axis, int) and not isinstance(axis, bool):
        for other in (0, 1, -1, -2):
            if other != axis:
                rest = tuple(setting for setting in node.settings if setting[0] != "axis")
                changed = Apply(node.op, node.args, (("axis", other), *rest))
                yield Edit("axis", changed, said("{0} goes along another axis", Name(node.op)), 2.2)


def _turned_round(node: Apply) -> Iterator[Edit]:
    """Two operations in the other order: the square of a sum for the sum of squares."""
    inner = node.args[0]
    if isinstance(inner, Apply) and inner.op not in _OF_OPERATION.keys() - {"power"} and inner.op != node.op:
        first = Apply(node.op, (inner.args[0], *node.args[1:]), node.settings)
        other = Apply(inner.op, (first, *inner.args[1:]), inner.settings)
        yield Edit("swapped", other, said("two operations are done in the other order: {0}", other), 2.4)


def _turned_arguments(node: Apply) -> Iterator[Edit]:
    """A transpose too many at an argument; one that is missing is an edit of the transpose itself."""
    if node.op not in ("matmul", "multiply", "outer", "subtract", "add"):
        return
    for i, argument in enumerate(node.args):
        if isinstance(argument, Name) or (isinstance(argument, Apply) and argument.op not in ("transpose",)):
            turned = call.transpose(argument)
            args = (*node.args[:i], turned, *node.args[i + 1 :])
            yield Edit("transpose", Apply(node.op, args, node.settings), said("{0} is transposed", argument), 1.8)


_OF_OPERATION = {
    "add": _of_sum,
    "subtract": _of_sum,
    "multiply": _of_multiply,
    "divide": _of_divide,
    "power": _of_power,
    "matmul": _of_matmul,
    "outer": _of_outer,
    "negative": _of_negative,
    "transpose": _of_transpose,
    "index": _of_index,
    **dict.fromkeys(TURNED, _of_comparison),
}
