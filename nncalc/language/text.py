"""Expressions as text of the language itself: what the parser reads back to the same expression."""

from __future__ import annotations

from math import copysign

from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, Slice

# Python's own precedence, as data: a printer puts parentheses around an argument that binds less tightly.
COMPARISON, SUM, PRODUCT, UNARY, POWER, POSTFIX, ATOM = range(1, 8)

INFIX: dict[str, tuple[str, int]] = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "matmul": ("@", PRODUCT),
    "power": ("**", POWER),
    "greater": (">", COMPARISON),
    "greater_equal": (">=", COMPARISON),
    "less": ("<", COMPARISON),
    "less_equal": ("<=", COMPARISON),
    "equal": ("==", COMPARISON),
    "not_equal": ("!=", COMPARISON),
}


def equation_text(equation: Equation) -> str:
    """`W1.grad = outer(hbar1.grad, x)`."""
    return f"{equation.name} = {to_text(equation.expression)}"


def to_text(expression: Expression) -> str:
    """The expression in the language's own syntax."""
    return _render(expression)[0]


def number_text(value: float) -> str:
    """The shortest text that reads back as the same double, a whole number without its point."""
    text = repr(float(value))
    return text.removesuffix(".0")


def signed(value: float) -> str:
    """A number inside a sentence: six digits that count, and the minus that formulas have."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def precedence(expression: Expression) -> int:
    """How tightly the outermost operation binds."""
    if isinstance(expression, Const):
        return UNARY if copysign(1.0, expression.value) < 0 else ATOM
    if isinstance(expression, Apply):
        if expression.op in INFIX:
            return INFIX[expression.op][1]
        if expression.op == "negative":
            return UNARY
        if is_dot_t(expression) or expression.op == "index":
            return POSTFIX
    return ATOM


def is_dot_t(expression: Apply) -> bool:
    """Whether a transpose is the plain `.T`."""
    return expression.op == "transpose" and not expression.settings


def needs_parentheses(parent: Apply, position: int) -> bool:
    """Whether the parent's argument at that position has to stand in parentheses.

    `@` beside `*` or `/` gets them also where Python would not need them: `(a * b) @ c`.
    """
    child = parent.args[position]
    inner, outer = precedence(child), precedence(parent)
    if outer == POSTFIX and isinstance(child, Const):
        return True  # in `2.T` the point would be a decimal one
    if parent.op == "power":
        return inner <= POWER if position == 0 else inner < UNARY
    if parent.op == "negative":
        return inner <= UNARY
    if outer == COMPARISON:
        return inner == COMPARISON
    if inner == UNARY and position > 0:
        return True
    if inner == outer == PRODUCT and isinstance(child, Apply):
        return position > 0 or (child.op == "matmul") != (parent.op == "matmul")
    return inner < outer or (inner == outer and position > 0)


def _render(expression: Expression) -> tuple[str, int]:
    if isinstance(expression, Const):
        return number_text(expression.value), precedence(expression)
    if isinstance(expression, Name):
        return expression.id, ATOM
    assert isinstance(expression, Apply)
    if expression.op in INFIX or expression.op == "negative" or precedence(expression) == POSTFIX:
        parts = [
            f"({_render(child)[0]})" if needs_parentheses(expression, i) else _render(child)[0]
            for i, child in enumerate(expression.args)
        ]
        return _operator(expression, parts), precedence(expression)
    inside = [_render(argument)[0] for argument in expression.args]
    inside += [f"{key}={setting_text(value)}" for key, value in expression.settings]
    return f"{expression.op}({', '.join(inside)})", ATOM


def _operator(expression: Apply, parts: list[str]) -> str:
    if expression.op == "negative":
        return f"-{parts[0]}"
    if expression.op == "transpose":
        return f"{parts[0]}.T"
    if expression.op == "index":
        return f"{parts[0]}[{index_text(expression)}]"
    return f"{parts[0]} {INFIX[expression.op][0]} {parts[1]}"


def index_text(expression: Apply) -> str:
    """What stands between the brackets of an index: `:, None`."""
    items = expression.setting("index")
    assert isinstance(items, tuple)
    return _items_text(items)


def _items_text(items: tuple[Setting, ...]) -> str:
    return ", ".join(_item_text(item) for item in items)


def _item_text(item: Setting) -> str:
    if isinstance(item, Slice):
        text = f"{'' if item.start is None else item.start}:{'' if item.stop is None else item.stop}"
        return text if item.step is None else f"{text}:{item.step}"
    return str(item)


def setting_text(value: Setting) -> str:
    """A setting's value: a number, True, a word in quotes, a tuple, a name; an index with a slice in quotes."""
    if isinstance(value, Name):
        return value.id
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, tuple):
        if any(isinstance(item, Slice) for item in value):
            return f"'{_items_text(value)}'"
        inside = ", ".join(setting_text(v) for v in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    assert isinstance(value, (int, float))
    return number_text(value)
