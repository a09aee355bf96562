"""Numbers put in: the expression that is computed, with each name's value in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from nncalc.engine.shapes import Shapes
from nncalc.language.expression import Apply, Const, Expression, Name
from nncalc.language.text import ATOM, COMPARISON, POWER, PRODUCT, UNARY
from nncalc.views.rows import is_row
from nncalc.views.run import (
    GLUED,
    LAST_RESORT,
    Item,
    Run,
    enclosed,
    extent,
    inside,
    labels_width,
    superscript,
    with_gap,
    word,
)
from nncalc.views.symbols import Symbols, raised
from nncalc.views.template import NOTE
from nncalc.views.typesetter import Piece, Typesetter, is_one_a_channel
from nncalc.views.values import EDGE, MOST_ROWS, Look, value_box

COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
_TIGHTNESS = {"=": 0, ">": 1, "≥": 1, "<": 1, "≤": 1, "≠": 1, "+": 2, "−": 2, "·": 6, "⊙": 6, "/": 6, "": 8}
# Ahead of an argument that has operators of its own, a line ends sooner than at one of these.
COMMA = 1
_BARS = "‖|"


class Numbers(Typesetter[Run]):
    """The typesetter of numbers put in.

    values: the value of each name. compute: the value of an expression over them. given: the names that are shown
    dim. examples: those whose rows are examples and get their numbers. rows: the names of the vectors that stand as
    rows. row: whether a vector without a name does.
    """

    def __init__(
        self,
        symbols: Symbols,
        shapes: Shapes,
        values: Mapping[str, Any],
        look: Look,
        *,
        compute: Callable[[Expression], Any],
        given: Collection[str] = (),
        examples: Collection[str] = (),
        rows: frozenset[str] | None = None,
        row: bool = False,
    ) -> None:
        super().__init__(symbols, shapes, rows)
        self.values = values
        self.look = look
        self.compute = compute
        self.given = given
        self.examples = examples
        # whether vectors must stand as rows or as columns here; None: each as its name says
        self.row: bool | None = None
        self.default_row = row

    # --- leaves -----------------------------------------------------------------------------------------------------

    def name(self, name: str) -> Piece[Run]:
        value = self.values[name]
        row = is_row(name, self.rows) if self.row is None else self.row
        of_examples = is_of_examples(name, self.examples) and not (row and value.ndim == 1)
        return self.value(value, "dim" if name in self.given else "", row, of_examples=of_examples)

    def constant(self, value: float) -> Piece[Run]:
        return _number_piece(self.look.format(value), "")

    def value(
        self, value: Any, style: str = "", row: bool = False, transposed: bool = False, of_examples: bool = False
    ) -> Piece[Run]:
        """An array's box, or a number. of_examples: its first axis counts them."""
        if value.ndim == 0:
            return _number_piece(self.look.format(float(value)), style)
        labels = row_labels(value, self.look.full) if of_examples and not transposed else ()
        look = self.look._replace(style=style, room=self.look.room - labels_width(labels))
        box = value_box(value, look, row=row or transposed, transposed=transposed, of_examples=of_examples)
        return Piece([Item(box, bracketed=True, labels=labels)])

    # --- operands that show a value of their own ------------------------------------------------------------

    def argument(self, parent: Apply, position: int) -> Piece[Run]:
        child = parent.args[position]
        if isinstance(child, Apply) and (child.op in COMPARISONS or child.op == "scatter"):
            # as a factor a comparison is its mask, 1 where it holds
            return self._computed(child)
        before = self.row
        if parent.op == "outer":
            # what is no plain value stands as the column that it is, transposed
            self.row = position == 1 and not isinstance(child, Apply)
        elif parent.op == "matmul":
            self.row = position == 0 and self.rank(child) == 1 and not has_column(child, self.rank)
        elif self.rank(child) == 1 and (self.rank(parent) or 0) > 1:
            # what is added to every row of a matrix is a row
            self.row = True
        try:
            return self.piece(child)
        finally:
            self.row = before

    def piece(self, e: Expression) -> Piece[Run]:
        if isinstance(e, Apply) and e.op == "transpose" and isinstance(e.args[0], Name) and not e.settings:
            name = e.args[0].id
            if (self.rank(e.args[0]) or 0) <= 2:
                return self.value(self.values[name], "dim" if name in self.given else "", transposed=True)
        return super().piece(e)

    def equation(self, e: Expression) -> Run:
        """The numbers of a whole equation's right side."""
        piece = self.piece(e)
        return self.wrapped(piece.body, False) if piece.level == COMPARISON else piece.body

    def _computed(self, e: Apply) -> Piece[Run]:
        """An expression's value in its place; a mask of several images counts them as these are counted."""
        value, first = self.compute(e), e.args[0]
        counted = e.op in COMPARISONS and value.ndim > 2
        of_examples = counted and isinstance(first, Name) and is_of_examples(first.id, self.examples)
        return self.value(value, row=self.default_row if self.row is None else self.row, of_examples=of_examples)

    def index(self, e: Apply) -> Piece[Run]:
        if is_one_a_channel(e, self.rank(e.args[0])):
            return self.piece(e.args[0])
        if isinstance(e.args[0], (Name, Const)):
            return self._computed(e)
        return super().index(e)

    # --- how parts stand beside each other ---------------------------------------------------------------------------

    def infix(self, left: Run, op: str, right: Run, level: int) -> Run:
        depth = _TIGHTNESS[op]
        if not op:
            # a row number belongs to the rows of the product: those of its left factor
            return [*left, *with_gap(right, 1, depth, "·")]
        return [*left, word(op, 1, depth), *with_gap(right, 1)]

    def turned(self, body: Run) -> Run:
        # a value was put in as a row or column already
        return body if len(body) == 1 else superscript(body, "ᵀ")

    def wrapped(self, body: Run, square: bool) -> Run:
        return enclosed(body, "[", "]") if square else enclosed(body)

    def power(self, base: Run, exponent: Piece[Run]) -> Run:
        text = _one_line(exponent.body)
        if text is not None and raised(text):
            return superscript(base, raised(text))
        above = exponent.body if exponent.level == ATOM else enclosed(exponent.body)
        return [*base, word("^"), *with_gap(above, 0)]

    def raised_hole(self, before: str, exponent: Piece[Run]) -> list[str | Run]:
        text = _one_line(exponent.body)
        if text is not None and raised(text):
            return [before, [word(raised(text))]]
        return ["exp(" if before == "e" else f"{before}^(", exponent.body, ")"]

    def remark(self, body: Run, words: str) -> Run:
        # the formula says it already
        return body

    def applied(self, e: Apply) -> Piece[Run]:
        piece = super().applied(e)
        if piece.level == NOTE:
            return piece._replace(level=ATOM)
        if piece.level in (ATOM, POWER) and any(extent(piece.body)) and _is_word(piece.body[0]):
            # `tanh ⎡…⎤` has lost its parentheses: as a first factor, or squared, it needs others
            return piece._replace(level=PRODUCT, open=True, kind="prefix")
        return piece

    def parts(self, parts: list[str | Run]) -> Run:
        return _Template([_without_settings(part) if isinstance(part, str) else part for part in parts]).run()


class _Template:
    """A template's literals and arguments as a run: brackets as tall as what they enclose, operators breakable."""

    def __init__(self, parts: list[str | Run]) -> None:
        self.tokens: list[str | Run] = []
        for part in parts:
            self.tokens += _split(part) if isinstance(part, str) else [part]
        self.at = 0

    def run(self) -> Run:
        return self._until("")

    def _until(self, closing: str) -> Run:
        run: Run = []
        gap, behind_comma = 0, False
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if isinstance(token, str) and token == closing:
                break
            self.at += 1
            if not isinstance(token, str):
                breakable = any(item.depth < LAST_RESORT for item in token[1:])
                run += with_gap(token, gap, COMMA if behind_comma and breakable else LAST_RESORT)
            elif token in ("(", "[", *_BARS):
                group = self._group(token, run)
                run += with_gap(group, gap) if gap else group
            elif not token.strip():
                gap = 1
                continue
            elif token[0] in "²³ᵀ" and run:
                run = superscript(run, token)
            else:
                run.append(word(token, gap, _TIGHTNESS.get(token, LAST_RESORT)))
            behind_comma = token == ","
            gap = 0
        return run

    def _group(self, opening: str, before: Run) -> Run:
        closing = {"(": ")", "[": "]"}.get(opening, opening)
        content = self._until(closing)
        self.at += 1
        tall = any(extent(content))
        if opening in _BARS:
            space = int(tall)
            return [word(opening), *with_gap(inside(content), space, GLUED), Item(word(closing).box, space, GLUED)]
        called = bool(before) and _is_word(before[-1])
        if called and len(content) == 1 and content[0].bracketed:
            return with_gap(content, 1)
        group = enclosed(content, opening, closing)
        if called:
            # on one line, a function's name and its parenthesis are one word
            return [group[0]._replace(gap=int(tall), depth=LAST_RESORT if tall else GLUED), *group[1:]]
        return group


def _without_settings(text: str) -> str:
    """A template's literal without the settings before its last parenthesis: the formula shows them."""
    start, end = text.find("; "), text.rfind(")")
    return text if start < 0 or end < start else text[:start] + text[end:]


def has_column(e: Expression, rank: Callable[[Expression], int | None]) -> bool:
    """Whether a matrix times a vector, a column, is part of an expression's entries."""
    if not isinstance(e, Apply) or e.op in ("outer", "index", "reshape"):
        return False
    if e.op == "matmul":
        return rank(e.args[0]) == 2 and rank(e.args[1]) == 1
    return any(has_column(argument, rank) for argument in e.args)


def _split(text: str) -> list[str | Run]:
    """A literal as words, blanks and brackets."""
    tokens: list[str | Run] = []
    word_so_far = ""
    for character in text:
        if character in "()[] " or character in _BARS:
            if word_so_far:
                tokens.append(word_so_far)
                word_so_far = ""
            tokens.append(character)
        else:
            word_so_far += character
    if word_so_far:
        tokens.append(word_so_far)
    return tokens


def _number_piece(text: str, style: str) -> Piece[Run]:
    minus = text.startswith("−")
    level = UNARY if minus else POWER if "e" in text else ATOM
    return Piece([Item(word(text, style=style).box)], level, minus=minus)


def _is_word(item: Item) -> bool:
    """Whether an item is the name of a function."""
    return not item.bracketed and item.box.height == 1 and item.box.rows[0][0][0][-1:].isalnum()


def _one_line(run: Run) -> str | None:
    """The text of a run of one word."""
    if len(run) == 1 and run[0].box.height == 1:
        return "".join(text for text, _ in run[0].box.rows[0])
    return None


def is_of_examples(name: str, examples: Collection[str]) -> bool:
    """Whether a name's rows are examples: its own, or those that its gradient belongs to."""
    return name in examples or name.removesuffix(".grad") in examples


def row_labels(value: Any, full: bool) -> tuple[str, ...]:
    """The numbers of the examples, in front of the rows of a matrix or column that is shown whole."""
    if value.ndim not in (1, 2):
        return ()
    count = value.shape[0]
    if full or count <= MOST_ROWS:
        return tuple(str(i + 1) for i in range(count))
    ends = [str(i + 1) for i in range(count)]
    return (*ends[:EDGE], "", *ends[-EDGE:])
