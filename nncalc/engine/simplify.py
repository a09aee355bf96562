"""What makes a derived equation read like the textbook's: x·1, Aᵀᵀ, −(a − b), one fraction instead of several.

Only derived equations are simplified, never the user's own. Every rule keeps the shape: a number repeated to an array
(`broadcast`) is dropped inside an elementwise operation only where the other argument has that shape already.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction
from math import prod

from nncalc.catalogue.operation import Shape, broadcast, normal_axes
from nncalc.catalogue.registry import operation
from nncalc.engine.axes import reordered, without_new_axes
from nncalc.engine.shapes import Shapes
from nncalc.language.expression import Apply, Const, Expression, Name, call

ZERO, ONE = Const(0.0), Const(1.0)
ELEMENTWISE = ("add", "subtract", "multiply", "divide", "power", "where")
# f(−a) = −f(a): the sign moves outwards, to where it can turn a difference round
ODD_IN_EACH = ("matmul", "outer", "transpose", "sum", "index", "broadcast", "reshape", "scatter")


class Simplifier:
    """Simplifies expressions over names of known shape.

    named: expressions that equations of the forward pass have named, so that `softmax(h2)` reads `p`.
    """

    def __init__(self, shapes: Shapes, named: Mapping[Expression, str]) -> None:
        self.shapes = shapes
        self.named = named
        self._done: dict[Expression, Expression] = {}

    def __call__(self, expression: Expression) -> Expression:
        """The simplified expression: the same value up to rounding, the same shape."""
        return self._simple(expression)

    def _simple(self, expression: Expression) -> Expression:
        if not isinstance(expression, Apply):
            return expression
        found = self._done.get(expression)
        if found is None:
            whole = Apply(expression.op, tuple([self._simple(a) for a in expression.args]), expression.settings)
            name = self.named.get(whole)
            found = self._rules(self._unrepeated(whole)) if name is None else Name(name)
            # what comes out is simple: a sum that grows term by term is not gone through again each time
            self._done[expression] = self._done[found] = found
        return found

    def _rules(self, e: Apply) -> Expression:
        if e.op in ("multiply", "divide", "negative"):
            return self._product(e)
        if e.op in ("add", "subtract"):
            return self._sum(e)
        if e.op == "power":
            return self._power(e)
        if e.op == "where" and is_zero(e.args[1]) and is_zero(e.args[2]):
            return self.repeat(ZERO, self.shapes(e))
        if e.op in ODD_IN_EACH:
            return self._linear(e)
        return e

    # --- numbers repeated to an array -------------------------------------------------------------------------

    def _unrepeated(self, e: Apply) -> Apply:
        """Inside an elementwise operation, `broadcast(c, shape)` is just c where the result keeps its shape."""
        if e.op not in ELEMENTWISE:
            return e
        wanted = self.shapes(e)
        args = list(e.args)
        for i, argument in enumerate(args):
            if isinstance(argument, Apply) and argument.op == "broadcast":
                shorter = [*args[:i], argument.args[0], *args[i + 1 :]]
                if broadcast(*(self.shapes(a) for a in shorter)) == wanted:
                    args = shorter
        return Apply(e.op, tuple(args), e.settings)

    # --- products and quotients as one fraction ----------------------------------------------------------------

    def _product(self, e: Apply) -> Expression:
        shape = self.shapes(e)
        fraction = _Fraction()
        fraction.take(e, upside=True)
        if fraction.number == 0:
            return self.repeat(ZERO, shape)
        fraction.above = self._without_repeats(fraction, shape)
        fraction.cancel()
        result = fraction.build()
        if result is None:
            return e
        return result if self.shapes(result) == shape else self.repeat(result, shape)

    def _without_repeats(self, fraction: _Fraction, shape: Shape) -> list[Expression]:
        factors = list(fraction.above)
        for i, factor in enumerate(factors):
            if isinstance(factor, Apply) and factor.op == "broadcast":
                bare = [*factors[:i], factor.args[0], *factors[i + 1 :]]
                # a number can be repeated afterwards as well; an array only where the others have the shape already
                is_number = not self.shapes(factor.args[0])
                if is_number or broadcast(*(self.shapes(f) for f in (*bare, *fraction.below))) == shape:
                    factors = bare
        flat = _Fraction()
        for factor in factors:
            flat.take(factor, upside=True)
        fraction.number *= flat.number
        fraction.divisor *= flat.divisor
        fraction.below += flat.below
        return flat.above

    def repeat(self, e: Expression, shape: Shape) -> Expression:
        """The expression, repeated to that shape where it has another."""
        if self.shapes(e) == shape:
            return e
        if isinstance(e, Apply) and e.op == "broadcast":
            e = e.args[0]
        return call.broadcast(e, shape=shape)

    # --- sums -----------------------------------------------------------------------------------------------------

    def _sum(self, e: Apply) -> Expression:
        left, right = e.args
        if e.op == "subtract":
            right = _negated(right)
        shape = self.shapes(e)
        if is_zero(left):
            return self.repeat(right, shape)
        if is_zero(right):
            return self.repeat(left, shape)
        if isinstance(left, Const) and isinstance(right, Const) and _whole(left.value) and _whole(right.value):
            return Const(left.value + right.value)
        if left == right:
            return self._product(Apply("multiply", (Const(2.0), left)))
        if _is_negative(right):
            return left - _negated(right)
        if _is_negative(left):
            return right - _negated(left)
        return left + right

    # --- powers ---------------------------------------------------------------------------------------------------

    def _power(self, e: Apply) -> Expression:
        base, exponent = e.args
        if exponent == ONE:
            return base
        if exponent == ZERO:
            return self.repeat(ONE, self.shapes(e))
        return e

    # --- linear operations ------------------------------------------------------------------------------------------

    def _linear(self, e: Apply) -> Expression:
        if any(is_zero(a) for a in e.args):
            return self.repeat(ZERO, self.shapes(e))
        signs = sum(_is_negative(a) for a in e.args)
        if signs:
            bare = self._linear(Apply(e.op, tuple(_negated(a) if _is_negative(a) else a for a in e.args), e.settings))
            return _negated(bare) if signs % 2 else bare
        inner = e.args[0]
        if e.op == "broadcast":
            return self.repeat(inner, self.shapes(e))
        if isinstance(inner, Apply) and inner.op == "broadcast" and not self.shapes(inner.args[0]):
            # one number everywhere: its parts are that number again, and its sum a multiple of it
            if e.op in ("transpose", "index", "reshape"):
                return self.repeat(inner.args[0], self.shapes(e))
            if e.op == "sum":
                times = prod(self.shapes(inner)) / prod(self.shapes(e))
                return self.repeat(self._product(inner.args[0] * times), self.shapes(e))
        if e.op == "transpose":
            return self._transpose(e) if not e.settings else reordered(e, self.shapes) or e
        if e.op == "sum" and isinstance(inner, Apply) and inner.op == "sum":
            merged = self._merged_sums(e, inner)
            if merged is not None:
                return self._linear(merged)
        if e.op == "index":
            found = without_new_axes(e, self.shapes)
            return e if found is None else self(found)
        if e.op == "reshape":
            unflattened = self._in_shape(inner, self.shapes(e))
            return e if unflattened is None or self.shapes(unflattened) != self.shapes(e) else unflattened
        return e

    def _in_shape(self, e: Expression, shape: Shape) -> Expression | None:
        """What is worked out entry by entry from flattened arrays, from the arrays of that shape themselves."""
        if not self.shapes(e) or self.shapes(e) == shape:
            return e
        if not isinstance(e, Apply):
            return None
        if e.op in ("flatten", "reshape"):
            return self._in_shape(e.args[0], shape)
        if not operation(e.op).elementwise:
            return None
        args = [self._in_shape(argument, shape) for argument in e.args]
        return None if None in args else Apply(e.op, tuple(a for a in args if a is not None), e.settings)

    def _merged_sums(self, e: Apply, inner: Apply) -> Apply | None:
        """A sum over axes of a sum over others as one sum: what a bias repeated over examples and windows gets."""
        if inner.setting("keepdims") or e.setting("keepdims"):
            return None
        whole = self.shapes(inner.args[0])
        gone = normal_axes(inner.setting("axis"), len(whole))
        left = [i for i in range(len(whole)) if i not in gone]
        axes = normal_axes(e.setting("axis"), len(left))
        return call.sum(inner.args[0], axis=tuple(sorted((*gone, *(left[i] for i in axes)))))

    def _transpose(self, e: Apply) -> Expression:
        inner = e.args[0]
        if len(self.shapes(inner)) < 2:
            return inner
        if isinstance(inner, Apply):
            if inner.op == "transpose" and not inner.settings:
                return inner.args[0]
            if inner.op == "matmul" and all(len(self.shapes(part)) == 2 for part in inner.args):
                a, b = inner.args
                return self(b.T) @ self(a.T)
            if inner.op == "outer":
                a, b = inner.args
                return call.outer(b, a)
        return e


class _Fraction:
    """number × above / below: a product as one fraction, its numbers exact."""

    def __init__(self) -> None:
        self.number = Fraction(1)
        self.divisor = Fraction(1)
        self.above: list[Expression] = []
        self.below: list[Expression] = []

    def take(self, e: Expression, upside: bool) -> None:
        if isinstance(e, Const) and abs(e.value) < float("inf"):
            # as written: 0.1 is a tenth here, so that 0.1 · 3 is 0.3
            value = Fraction(repr(e.value))
            if upside:
                self.number *= value
            elif value != 0:
                self.divisor *= value
            else:
                self.below.append(e)
        elif isinstance(e, Apply) and e.op == "negative":
            self.number = -self.number
            self.take(e.args[0], upside)
        elif isinstance(e, Apply) and e.op in ("multiply", "divide"):
            self.take(e.args[0], upside)
            self.take(e.args[1], upside if e.op == "multiply" else not upside)
        else:
            (self.above if upside else self.below).append(e)

    def cancel(self) -> None:
        """a·b / a is b, also where a is 0: the norm in ½‖e‖² leaves no 0 / 0 behind."""
        for factor in tuple(self.below):
            if factor in self.above:
                self.above.remove(factor)
                self.below.remove(factor)

    def build(self) -> Expression | None:
        """The fraction as an expression; None where its numbers taken together are too large or small for a double."""
        number, above, below = self._reduced(), list(self.above), list(self.below)
        if not (_is_double(number) and _is_double(self.divisor)):
            return None
        if number < 0:
            turned = next((i for i, f in enumerate(above) if isinstance(f, Apply) and f.op == "subtract"), None)
            if turned is not None:
                difference = above[turned]
                assert isinstance(difference, Apply)
                above[turned] = difference.args[1] - difference.args[0]
                number = -number
        if number == -1 and above:
            above[0] = -above[0]
        elif number != 1 or not above:
            above.insert(0, Const(float(number)))
        if self.divisor != 1:
            below.insert(0, Const(float(self.divisor)))
        top, bottom = _chain(above), _chain(below) if below else None
        return top if bottom is None else top / bottom

    def _reduced(self) -> Fraction:
        """The number above, shortened against the number below: 2/6 is 1/3, 0.3/2 is 0.15, 0.5/3 is 1/6."""
        quotient = self.number / self.divisor
        whole = self.number.denominator == self.divisor.denominator == 1
        if whole or (quotient.numerator in (1, -1) and not _is_decimal(quotient)):
            self.divisor = Fraction(quotient.denominator)
            return Fraction(quotient.numerator)
        if self.divisor.denominator == 1 and not _is_decimal(quotient):
            sign = -1 if self.divisor < 0 else 1
            self.divisor *= sign
            return self.number * sign
        self.divisor = Fraction(1)
        return quotient


def _chain(factors: list[Expression]) -> Expression:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def is_zero(e: Expression) -> bool:
    """Whether the expression is plainly 0 everywhere."""
    if isinstance(e, Apply) and e.op == "broadcast":
        e = e.args[0]
    return isinstance(e, Const) and e.value == 0


def _is_decimal(number: Fraction) -> bool:
    """Whether a number has finitely many decimals, and few enough to read."""
    return (number * 10**6).denominator == 1


def _is_double(number: Fraction) -> bool:
    return number == 0 or sys.float_info.min <= abs(number) <= sys.float_info.max


def _whole(value: float) -> bool:
    return value == int(value) if abs(value) < 2**53 else False


def _is_negative(e: Expression) -> bool:
    """Whether a minus stands in front: −a, −2, −a·b, −a / b."""
    while isinstance(e, Apply) and e.op in ("multiply", "divide"):
        e = e.args[0]
    return (isinstance(e, Apply) and e.op == "negative") or (isinstance(e, Const) and e.value < 0)


def _negated(e: Expression) -> Expression:
    """−e, without a second minus and with a difference turned round."""
    if isinstance(e, Const):
        return Const(-e.value)
    if isinstance(e, Apply):
        if e.op == "negative":
            return e.args[0]
        if e.op == "subtract":
            return e.args[1] - e.args[0]
        if e.op in ("multiply", "divide"):
            return Apply(e.op, (_negated(e.args[0]), e.args[1]))
    return -e
