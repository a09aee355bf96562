"""Arithmetic, comparisons and choice: the operators of the language, elementwise with NumPy's broadcasting."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Rule, broadcast
from nncalc.language.expression import Apply, Const, Expression, call
from nncalc.language.text import INFIX

NUMPY = "NumPy reference, array arithmetic"


def _power_by_base(ans: Expression, a: Expression, b: Expression) -> Expression:
    if isinstance(b, Const):
        return b * a ** Const(b.value - 1)
    return b * a ** (b - 1)


def _power_by_exponent(ans: Expression, a: Expression, b: Expression) -> Expression:
    # a ** b is 0 at a = 0, b > 0 and stays 0, though log a is not finite there
    return call.where(call.equal(a, 0), 0, ans * call.log(a))


def _weights_swapped(a: Expression, b: Expression, **_: Any) -> Expression | None:
    """z a + (1 − z) b for (1 − z) a + z b: a gate that keeps where it should write, an average of the other weight."""
    one, other = _factors(a), _factors(b)
    for weight in one:
        if _complement(weight) in other:
            return _exchanged(a, weight) + _exchanged(b, _complement(weight))
    return None


def _factors(term: Expression) -> tuple[Expression, ...]:
    return term.args if isinstance(term, Apply) and term.op == "multiply" else ()


def _complement(weight: Expression) -> Expression:
    is_one_minus = isinstance(weight, Apply) and weight.op == "subtract" and weight.args[0] == Const(1.0)
    return weight.args[1] if isinstance(weight, Apply) and is_one_minus else 1 - weight


def _exchanged(term: Expression, weight: Expression) -> Expression:
    a, b = _factors(term)
    return _complement(weight) * b if a == weight else a * _complement(weight)


def _examples(name: str) -> tuple[str, ...]:
    return tuple(f"{a} {INFIX[name][0]} {b}" for a, b in (("a", "b"), ("x", "y"), ("A", "x"), ("a", "A")))


def _infix(
    name: str, symbol: str, latex: str, meaning: str, value: Any, by_a: Rule | None, by_b: Rule | None
) -> Operation:
    return Operation(
        name=name,
        args=("a", "b"),
        value=value,
        shape=broadcast,
        derivatives=(by_a, by_b),
        text=f"{{a}} {symbol} {{b}}",
        latex=f"{{a}} {latex} {{b}}",
        meaning=meaning,
        source=NUMPY,
        domain=((0.5, 3.0), (0.5, 3.0)),
        example=_examples(name),
    )


def _comparison(name: str, symbol: str, latex: str, meaning: str, value: Any) -> Operation:
    def flat(ans: Expression, a: Expression, b: Expression) -> float:
        return 0.0

    return Operation(
        name=name,
        args=("a", "b"),
        value=lambda xp, a, b: xp.where(value(a, b), 1.0, 0.0),
        shape=broadcast,
        derivatives=(flat, flat),
        text=f"{{a:sum}} {symbol} {{b:sum}}",
        latex=f"{{a:sum}} {latex} {{b:sum}}",
        meaning=f"1 where {meaning}, else 0",
        source=NUMPY,
        domain=((-3.0, 0.0), (0.5, 3.0)),
        example=_examples(name),
    )


ENTRIES = (
    _infix("add", "+", "+", "sum", lambda xp, a, b: a + b, lambda ans, a, b: 1, lambda ans, a, b: 1)._replace(
        mistakes=(Mistake("weights_swapped", "the two weights are swapped", _weights_swapped),)
    ),
    _infix("subtract", "−", "-", "difference", lambda xp, a, b: a - b, lambda ans, a, b: 1, lambda ans, a, b: -1),
    _infix(
        "multiply",
        "⊙",
        r"\odot",
        "product, entry by entry",
        lambda xp, a, b: a * b,
        lambda ans, a, b: b,
        lambda ans, a, b: a,
    ),
    _infix(
        "divide",
        "/",
        "/",
        "quotient, entry by entry",
        lambda xp, a, b: xp.divide(a, b),
        lambda ans, a, b: 1 / b,
        lambda ans, a, b: -ans / b,
    ),
    _infix(
        "power", "^", "^", "power, entry by entry", lambda xp, a, b: xp.power(a, b), _power_by_base, _power_by_exponent
    )._replace(
        mistakes=(
            Mistake(
                "exponent",
                "the exponent is not lessened by 1 in the derivative",
                gradients=((0, lambda g, ans, a, b, **_: g * b * ans),),
            ),
            Mistake("exponent", "it is multiplied by the exponent", lambda a, b, **_: a * b),
        )
    ),
    Operation(
        name="negative",
        args=("a",),
        value=lambda xp, a: -a,
        shape=broadcast,
        derivatives=(lambda ans, a: -1,),
        text="−{a:power}",
        latex="-{a:power}",
        meaning="the opposite number",
        source=NUMPY,
        example=("-x",),
    ),
    _comparison("greater", ">", ">", "a is greater than b", lambda a, b: a > b),
    _comparison("greater_equal", "≥", r"\ge", "a is at least b", lambda a, b: a >= b),
    _comparison("less", "<", "<", "a is less than b", lambda a, b: a < b),
    _comparison("less_equal", "≤", r"\le", "a is at most b", lambda a, b: a <= b),
    _comparison("equal", "=", "=", "a equals b", lambda a, b: a == b),
    _comparison("not_equal", "≠", r"\ne", "a differs from b", lambda a, b: a != b),
    Operation(
        name="where",
        args=("c", "a", "b"),
        value=lambda xp, c, a, b: xp.where(c != 0, a, b),
        shape=broadcast,
        # the product with g stands inside, so that an infinite g where the condition does not hold is never touched
        gradients=(
            lambda g, ans, c, a, b, shape_of: 0.0,
            lambda g, ans, c, a, b, shape_of: call.where(c, g, 0),
            lambda g, ans, c, a, b, shape_of: call.where(c, 0, g),
        ),
        text="({a} where {c}, else {b})",
        latex=r"\begin{cases}{a} & {c}\\{b} & \text{otherwise}\end{cases}",
        meaning="a where the condition holds, else b",
        source="NumPy reference, numpy.where",
        domain=((-3.0, 3.0), (-3.0, 3.0), (-3.0, 3.0)),
        example=("where(x > 0, A, B)", "where(A > 0, x, 0)", "where(x > 0, y, a)"),
    ),
)
