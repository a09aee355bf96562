"""The typesetter: an expression becomes text, LaTeX or boxes of numbers by the same walk.

What differs between the three is how a leaf looks, how parts stand beside each other and what parentheses are. What
is the same is where parentheses belong: the printed form must never read as another expression.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, NamedTuple, TypeGuard, TypeVar

from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes
from nncalc.errors import NncalcError
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, Slice, names_in
from nncalc.language.text import ATOM, COMPARISON, POWER, PRODUCT, SUM, UNARY
from nncalc.views.numbers import constant
from nncalc.views.rows import is_row
from nncalc.views.symbols import Symbols
from nncalc.views.template import NOTE, Hole, Template, hidden_settings, template_of

T = TypeVar("T")

SUMS = ("add", "subtract")
PRODUCTS = ("multiply", "divide", "matmul", "outer")
EXAMPLES = {"mean": "mean over the examples", "sum": "sum over the examples", "none": "each example"}


class Piece(NamedTuple, Generic[T]):
    """A typeset expression. level: how tightly it binds. minus: it begins with one. open: what follows could be read
    as part of its last argument. quotient: it has a slash of its own, as ∂ℓ/∂h has. kind: of a product, which."""

    body: T
    level: int = ATOM
    minus: bool = False
    open: bool = False
    quotient: bool = False
    kind: str = ""


class Typesetter(ABC, Generic[T]):
    """Turns expressions into T."""

    latex = False

    def __init__(
        self, symbols: Symbols | None = None, shapes: Shapes | None = None, rows: frozenset[str] | None = None
    ) -> None:
        self.symbols = symbols or Symbols()
        self.shapes = shapes
        self.rows = rows

    # --- what the three do each in its own way -----------------------------------------------------------------

    @abstractmethod
    def name(self, name: str) -> Piece[T]:
        """A name, or its value."""

    @abstractmethod
    def constant(self, value: float) -> Piece[T]:
        """A number of the expression."""

    @abstractmethod
    def parts(self, parts: list[str | T]) -> T:
        """A template's literals and arguments beside each other."""

    @abstractmethod
    def infix(self, left: T, op: str, right: T, level: int) -> T:
        """Two arguments with an operator between; an empty one is juxtaposition."""

    @abstractmethod
    def wrapped(self, body: T, square: bool) -> T:
        """The body in parentheses, or in square brackets."""

    @abstractmethod
    def power(self, base: T, exponent: Piece[T]) -> T:
        """The base with the exponent above it."""

    @abstractmethod
    def raised_hole(self, before: str, exponent: Piece[T]) -> list[str | T]:
        """A template's literal with the argument above it: `e`, then a superscript, or `exp(…)`."""

    @abstractmethod
    def remark(self, body: T, words: str) -> T:
        """A remark behind a formula: `‖h² − y‖ (each example)`."""

    def turned(self, body: T) -> T:
        """A vector as the row, or where vectors stand as rows the column, that it is as a factor here."""
        return self.parts([body, "ᵀ"])

    # --- the walk ------------------------------------------------------------------------------------------------

    def piece(self, e: Expression) -> Piece[T]:
        """The expression, typeset."""
        if isinstance(e, Const):
            return self.constant(e.value)
        if isinstance(e, Name):
            return self.name(e.id)
        assert isinstance(e, Apply)
        if e.op in SUMS:
            return self._sum(e)
        if e.op in PRODUCTS:
            return self._product(e)
        if e.op == "power":
            return self._power(e)
        if e.op == "index":
            return self.index(e)
        return self.applied(e)

    def argument(self, parent: Apply, position: int) -> Piece[T]:
        """The parent's argument at that position, without parentheses."""
        return self.piece(parent.args[position])

    def closed(self, piece: Piece[T], wanted: bool = True) -> T:
        """The piece's body, in parentheses where they are wanted; a comparison stands in square brackets."""
        return self.wrapped(piece.body, square=piece.level == COMPARISON) if wanted else piece.body

    def is_number(self, e: Expression) -> bool:
        """Whether an expression is one number, as far as is known."""
        if isinstance(e, Const):
            return True
        if self.shapes is None:
            return isinstance(e, Name) and (e.id in ("learning_rate", "loss") or e.id.startswith("optimizer."))
        try:
            return self.shapes(e) == ()
        except NncalcError:
            return False

    def rank(self, e: Expression) -> int | None:
        """How many axes an expression has, or None where that is not known."""
        if self.shapes is None:
            return None
        try:
            return len(self.shapes(e))
        except NncalcError:
            return None

    # --- operators ------------------------------------------------------------------------------------------------

    def _sum(self, e: Apply) -> Piece[T]:
        left, right = self.argument(e, 0), self.argument(e, 1)
        body = self.infix(
            self.closed(left, left.level < SUM),
            "+" if e.op == "add" else "−",
            self.closed(right, right.level <= SUM or right.minus),
            SUM,
        )
        return Piece(body, SUM, minus=left.minus and left.level >= SUM, open=right.open and right.level > SUM)

    def _product(self, e: Apply) -> Piece[T]:
        e = self._plain_factors(e)
        left, right = self.argument(e, 0), self.argument(e, 1)
        if e.op == "divide":
            return self.fraction(left, right)
        kind = "scale" if e.op == "multiply" else "matmul"
        wrap_left = left.level < PRODUCT or left.open or (left.level == PRODUCT and left.kind != kind)
        wrap_right = (right.level <= PRODUCT and right.kind != "prefix") or right.minus
        turned = self._turned_argument(e)
        if turned is not None:
            wrap_left = wrap_left or (turned == 0 and left.level <= POWER)
            wrap_right = wrap_right or (turned == 1 and right.level <= POWER)
        a, b = self.closed(left, wrap_left), self.closed(right, wrap_right)
        a, b = self.turned(a) if turned == 0 else a, self.turned(b) if turned == 1 else b
        body = self.infix(a, self.times(e, a, b), b, PRODUCT)
        return Piece(body, PRODUCT, left.minus and not wrap_left, right.open and not wrap_right, kind=kind)

    def _plain_factors(self, e: Apply) -> Apply:
        """A product of two vectors themselves, where one is written `w.T`: which is turned is said by the product."""
        if e.op not in ("matmul", "outer") or any(self.rank(a) != 1 for a in e.args):
            return e
        factors = [a.args[0] if self._is_turned_vector(a) else a for a in e.args]
        return Apply(e.op, tuple(factors), e.settings)

    def _is_turned_vector(self, e: Expression) -> TypeGuard[Apply]:
        return isinstance(e, Apply) and e.op == "transpose" and not e.settings and self.rank(e.args[0]) == 1

    def _turned_argument(self, e: Apply) -> int | None:
        """Which factor of two vectors is transposed: a bᵀ and aᵀ b, or aᵀ b and a bᵀ where vectors stand as rows.

        Of a column and a matrix behind it, xᵀ A, the column is; what comes of that is a row already.
        """
        if e.op == "outer":
            return 0 if self.stands_as_row(e.args[0]) or self.stands_as_row(e.args[1]) else 1
        if e.op != "matmul" or self.rank(e.args[0]) != 1:
            return None
        row = self.stands_as_row(e.args[0])
        if self.rank(e.args[1]) == 1:
            return 1 if row else None if self._is_row_product(e.args[0]) else 0
        return 0 if isinstance(e.args[0], Name) and self.rows is not None and not row else None

    def _is_row_product(self, e: Expression) -> bool:
        """Whether an expression is a vector times a matrix."""
        return isinstance(e, Apply) and e.op == "matmul" and self.rank(e.args[0]) == 1 and self.rank(e.args[1]) == 2

    def stands_as_row(self, e: Expression) -> bool:
        """Whether a vector is written as a row."""
        return any(is_row(name, self.rows) for name in names_in(e)) if self.rows else False

    def times(self, e: Apply, left: T, right: T) -> str:
        """What stands between two factors: nothing, `·` or `⊙`."""
        if e.op != "multiply":
            return ""
        first, second = (self.is_number(a) for a in e.args)
        return "⊙" if not first and not second else "" if first and not second else "·"

    def fraction(self, above: Piece[T], below: Piece[T]) -> Piece[T]:
        """A quotient on one line."""
        wrap_above = above.level < PRODUCT or above.open or above.quotient or above.kind in _NO_NUMERATOR
        wrap_below = below.level <= UNARY or below.open or below.quotient
        body = self.infix(self.closed(above, wrap_above), "/", self.closed(below, wrap_below), PRODUCT)
        return Piece(body, PRODUCT, above.minus and not wrap_above, kind="divide")

    def _power(self, e: Apply) -> Piece[T]:
        base, exponent = self.argument(e, 0), self.argument(e, 1)
        return Piece(self.power(self.closed(base, base.level <= POWER), exponent), POWER)

    def index(self, e: Apply) -> Piece[T]:
        """A part of an array; a vector with a new axis is called the column or row that it becomes."""
        inner = self.argument(e, 0)
        items = e.setting("index")
        assert isinstance(items, tuple)
        if is_one_a_channel(e, self.rank(e.args[0])):
            return inner
        word = column_or_row(e, self.rank(e.args[0]))
        if word:
            return Piece(self.parts([f"{word}(", inner.body, ")"]))
        bare = isinstance(e.args[0], Name) and not inner.quotient
        body = self.closed(inner, inner.level <= POWER and not bare)
        return Piece(self.parts([body, f"[{', '.join(index_item(item) for item in items)}]"]))

    # --- templates -------------------------------------------------------------------------------------------------

    def applied(self, e: Apply) -> Piece[T]:
        """Any other operation, by its template."""
        template = template_of(e, self.latex)
        arguments = [self.argument(e, i) for i in range(len(e.args))]
        if len(template.tokens) == 1 and isinstance(template.tokens[0], Hole):
            return arguments[template.tokens[0].argument]
        remarks, inside = self._remarks(e, template)
        parts = self._filled(template, arguments)
        if inside:
            self._put_inside(parts, inside)
        kind = "" if template.level != PRODUCT else "prefix" if _begins_with_word(template) else "other"
        piece = Piece(self.parts(parts), template.level, template.minus, template.open, kind=kind)
        return piece._replace(body=self.remark(piece.body, remarks), level=NOTE) if remarks else piece

    def _filled(self, template: Template, arguments: list[Piece[T]]) -> list[str | T]:
        parts: list[str | T] = []
        holes = [token for token in template.tokens if isinstance(token, Hole)]
        for token in template.tokens:
            before = parts[-1] if parts and isinstance(parts[-1], str) else ""
            assert isinstance(before, str)
            if isinstance(token, str):
                parts.append(token)
                continue
            if token.more:
                if token.argument < len(arguments):
                    parts += [", ", arguments[token.argument].body]
            elif token.raised:
                parts = [*(parts[:-1] if before else parts), *self.raised_hole(before, arguments[token.argument])]
            else:
                parts.append(self._filling(token, arguments[token.argument], before))
            if token is holes[-1]:
                # of an operation that takes any number of arrays, those that the template has no holes for
                for piece in arguments[max(hole.argument for hole in holes) + 1 :]:
                    parts += [", ", piece.body]
        return parts

    def _filling(self, hole: Hole, piece: Piece[T], before: str) -> T:
        if hole.level:
            # at the beginning and behind a bracket a minus can't be taken for an operator
            may_begin = not before or before.rstrip().endswith(_BEGINNINGS)
            return self.closed(piece, piece.level < hole.level or (piece.minus and not may_begin))
        # bars do not tell where one pair ends inside another
        bars = before[-1:] if before[-1:] in ("|", "‖") else ""
        return self.closed(piece, bool(bars) and self.has_bars(piece.body))

    def has_bars(self, body: T) -> bool:
        """Whether bars stand in the body."""
        return False

    def _remarks(self, e: Apply, template: Template) -> tuple[str, str]:
        """What the settings add: behind the formula, or inside its last parentheses."""
        hidden = hidden_settings(e)
        target = operation(e.op).target
        remark = ""
        if target is not None:
            stated = dict(hidden).get("reduction")
            several = (self.rank(e.args[0]) or 0) > 1 and not target.per_output
            if stated is None and several and not e.setting("reduction"):
                stated = "mean"
            remark = EXAMPLES.get(str(stated), "")
            if stated == "mean" and e.setting("class_weights") is not None:
                remark = f"weighted {remark}"
            hidden = [(key, value) for key, value in hidden if key != "reduction"]
        words = ", ".join(self.setting(key, value) for key, value in hidden)
        if template.call:
            return remark, words
        return ", ".join(filter(None, (remark, words))), ""

    def _put_inside(self, parts: list[str | T], words: str) -> None:
        end = r"\right)" if self.latex else ")"
        last = parts[-1]
        assert isinstance(last, str)
        parts[-1:] = [last.removesuffix(end) + f"; {words}{end}"]

    def setting(self, key: str, value: Setting) -> str:
        """`slope = 0.1`; a switch is just named."""
        return key if value is True else f"{key} = {self.setting_value(value)}"

    def setting_value(self, value: Setting) -> str:
        """A setting's value, as a formula shows it."""
        if isinstance(value, Name):
            return self.symbols.text(value.id)
        if isinstance(value, tuple):
            return f"({', '.join(self.setting_value(v) for v in value)})"
        if isinstance(value, (Slice, bool)) or value is None:
            return index_item(value) if isinstance(value, Slice) else str(value).lower()
        return value if isinstance(value, str) else constant(value)


# What would not be read as the whole of a fraction's upper part.
_NO_NUMERATOR = ("divide", "matmul", "other", "prefix")


# Behind these a minus is a sign.
_BEGINNINGS = ("(", "‖", "|", ",", "{", r"\lVert", ">", "≥", "<", "≤", "=", "≠", r"\ge", r"\le", r"\ne")


def _begins_with_word(template: Template) -> bool:
    """Whether the template is a word and its argument (`ln x`), which needs no parentheses as a last factor."""
    first = template.tokens[0]
    return isinstance(first, str) and first[0] not in "½¼"


_COLUMN_OR_ROW: dict[tuple[Setting, ...], str] = {
    (Slice(None, None, None), None): "column",
    (None, Slice(None, None, None)): "row",
    (None,): "row",
}


def column_or_row(e: Apply, rank: int | None) -> str:
    """What a vector with a new axis becomes: a `column` or a `row`; empty for any other index."""
    items = e.setting("index")
    return _COLUMN_OR_ROW.get(items, "") if rank == 1 and isinstance(items, tuple) else ""


def is_one_a_channel(e: Apply, rank: int | None) -> bool:
    """Whether one number a channel, or one a channel of each example, gets axes behind it for an image's rows and
    columns: on paper it is just added."""
    everything = Slice(None, None, None)
    return (rank, e.setting("index")) in (
        (1, (everything, None, None)),
        (2, (everything, everything, None, None)),
    )


def index_item(item: Setting) -> str:
    """One item of an index: a number, `1:`, `None`."""
    if isinstance(item, Slice):
        ends = f"{'' if item.start is None else item.start}:{'' if item.stop is None else item.stop}"
        return ends if item.step is None else f"{ends}:{item.step}"
    return str(item).replace("-", "−")
