"""Syntax tree → expression, by a white list: what is not on it is refused, with its place in the text."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NoReturn, Protocol

from nncalc.errors import ExpressionError, did_you_mean
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, Slice
from nncalc.language.text import setting_text

MAX_DEPTH = 100
MAX_TERMS = 1000
SUFFIXES = ("grad", "next", "previous", "m", "v", "s", "d", "mhat", "vhat")
# What one time step contributes to a shared weight: W1.grad_t2.
STEP_GRADIENT = "grad_t"
LANGUAGE = "there are names, numbers, + - * / ** @, comparisons, .T, indexing and calls of operations"

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.MatMult: "matmul",
    ast.Pow: "power",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_REFUSED: dict[type[ast.AST], str] = {
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.IfExp: "if … else",
    ast.BoolOp: "and / or",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.List: "a list",
    ast.JoinedStr: "a formatted string",
    ast.NamedExpr: ":=",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.Starred: "* in front of an argument",
}


def is_suffix(text: str) -> bool:
    """Whether a name may end in it behind a point: `grad`, `next`, `grad_t2`."""
    return text in SUFFIXES or (text.startswith(STEP_GRADIENT) and text[len(STEP_GRADIENT) :].isdecimal())


class Signature(Protocol):
    """What the parser has to know of an operation."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> tuple[str, ...]: ...
    @property
    def optional(self) -> int: ...
    @property
    def variadic(self) -> bool: ...
    @property
    def defaults(self) -> dict[str, Setting]: ...
    @property
    def required(self) -> tuple[str, ...]: ...
    def expected(self, setting: str, value: Setting) -> str: ...


Lookup = Callable[[str], Signature]


class Reader:
    """Reads one tree that `ast.parse` made of `(text`: white list, nesting, number of terms."""

    def __init__(self, lookup: Lookup, text: str) -> None:
        self.lookup = lookup
        self.text = text
        self.terms = 0

    def refuse(
        self, node: ast.AST, message: str, label: str = "", hint: str = "", offset: int | None = None
    ) -> NoReturn:
        found = self._start(node) if offset is None else offset
        raise ExpressionError(message, label=label, hint=hint).at(1, found)

    def _start(self, node: ast.AST) -> int:
        return self._offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 1))

    def _end(self, node: ast.AST) -> int:
        return self._offset(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 1))

    def _offset(self, line: int, column: int) -> int:
        """Characters into the text: ast counts UTF-8 bytes, and one parenthesis stands in front."""
        lines = f"({self.text}".split("\n")
        before = sum(len(entry) + 1 for entry in lines[: line - 1])
        return max(before + len(lines[line - 1].encode()[:column].decode(errors="ignore")) - 1, 0)

    def _written(self, node: ast.expr) -> str:
        """The node as the text has it, cut short."""
        text = self.text[self._start(node) : self._end(node)]
        return text if len(text) <= 40 else f"{text[:39]}…"

    def read(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            self.refuse(
                node,
                f"the expression is nested more than {MAX_DEPTH} deep",
                hint="Give parts of it names of their own.",
            )
        if isinstance(node, (ast.Constant, ast.Name)):
            self.terms += 1
        if self.terms > MAX_TERMS:
            self.refuse(
                node, f"the expression has more than {MAX_TERMS} terms", hint="Give parts of it names of their own."
            )
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, depth)
        if isinstance(node, ast.Compare):
            return self._compare(node, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, depth)
        if isinstance(node, ast.Subscript):
            return Apply("index", (self.read(node.value, depth + 1),), (("index", self._index(node.slice)),))
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        what = _REFUSED.get(type(node))
        if isinstance(node, ast.Tuple):
            self.refuse(node, "one expression is expected", "found several, with commas between")
        self.refuse(
            node,
            f"{what} is not part of the language" if what else "this is not part of the language",
            LANGUAGE,
        )

    def _number(self, node: ast.Constant) -> Expression:
        if isinstance(node.value, (bool, str, bytes, complex)) or not isinstance(node.value, (int, float)):
            self.refuse(node, f"{self._written(node)} can't stand here", "expected a number or a name")
        if self.text[self._start(node) :][1:2] in tuple("xXoObB"):
            self.refuse(node, f"{self._written(node)} is no decimal", "expected a number such as 16 or 1.5e-3")
        try:
            value = float(node.value)
        except OverflowError:
            value = float("inf")
        if value in (float("inf"), float("-inf")):
            self.refuse(node, "the number is too large", "expected a finite number")
        return Const(value)

    def _name(self, node: ast.Name) -> Expression:
        if not node.id.isascii():
            self.refuse(node, f"'{node.id}' can't be a name", "a name has ASCII letters, digits and _")
        if node.id.startswith("__"):
            self.refuse(node, f"'{node.id}' is not part of the language", "names do not begin with two _")
        return Name(node.id)

    def _binary(self, node: ast.BinOp, depth: int) -> Expression:
        # a long sum is as deep a tree as it has terms, but not nested as a reader sees it
        chain: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            chain.append(left)
            left = left.left
        result = self.read(left, depth + 1)
        for part in reversed(chain):
            op = _BINARY.get(type(part.op))
            if op is None:
                between = self.text[self._end(part.left) : self._start(part.right)]
                at = self._end(part.left) + next((i for i, c in enumerate(between) if c in "/%<>&|^"), 0)
                label = "a power is written **" if isinstance(part.op, ast.BitXor) else "there are + - * / ** @"
                self.refuse(part, "this operator is not part of the language", label, offset=at)
            result = Apply(op, (result, self.read(part.right, depth + 1)))
        return result

    def _unary(self, node: ast.UnaryOp, depth: int) -> Expression:
        if isinstance(node.op, ast.UAdd):
            return self.read(node.operand, depth + 1)
        if not isinstance(node.op, ast.USub):
            self.refuse(node, "this operator is not part of the language", "of the signs there are + and -")
        inner = self.read(node.operand, depth + 1)
        return Const(-inner.value) if isinstance(node.operand, ast.Constant) and isinstance(inner, Const) else -inner

    def _compare(self, node: ast.Compare, depth: int) -> Expression:
        if len(node.ops) != 1:
            self.refuse(node, "one comparison at a time", "multiply two of them to ask for both")
        op = _COMPARE.get(type(node.ops[0]))
        if op is None:
            self.refuse(node, "this comparison is not part of the language", "there are > >= < <= == !=")
        return Apply(op, (self.read(node.left, depth + 1), self.read(node.comparators[0], depth + 1)))

    def _attribute(self, node: ast.Attribute, depth: int) -> Expression:
        if node.attr == "T":
            return self.read(node.value, depth + 1).T
        dotted = _dotted(node)
        if dotted is not None:
            base, *suffixes = dotted.split(".")
            if base == "optimizer" and len(suffixes) == 1:
                return Name(dotted)
            if not base.startswith("__") and base.isascii() and all(map(is_suffix, suffixes)):
                return Name(dotted)
        self.refuse(
            node,
            f"'.{node.attr}' is not part of the language",
            f"known are .T, {', '.join('.' + s for s in SUFFIXES)} and optimizer.NAME",
            offset=self._end(node) - len(node.attr) - 1,
        )

    def _index(self, node: ast.expr) -> Setting:
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self._index_item(item) for item in items)

    def _index_item(self, node: ast.expr) -> Setting:
        if isinstance(node, ast.Slice):
            ends = [None if part is None else self._integer(part) for part in (node.lower, node.upper, node.step)]
            if ends[2] == 0:
                self.refuse(node, "a slice's step can't be 0", "expected start:stop or start:stop:step")
            return Slice(*ends)
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        return self._integer(node)

    def _integer(self, node: ast.expr) -> int:
        sign = 1
        inner = node
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub):
            sign, inner = -1, inner.operand
        if isinstance(inner, ast.Constant) and type(inner.value) is int and inner.value < 2**31:
            return sign * inner.value
        self.refuse(node, "an index is a whole number, a slice or None", f"found {self._written(node)}")

    def _call(self, node: ast.Call, depth: int) -> Expression:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, "only operations can be called", "expected a name in front of the parenthesis")
        if node.func.id.startswith("__"):
            self.refuse(node.func, f"'{node.func.id}' is not part of the language", "names do not begin with two _")
        try:
            entry = self.lookup(node.func.id)
        except ExpressionError as error:
            raise error.at(1, self._start(node.func)) from None
        arrays = [self.read(argument, depth + 1) for argument in node.args]
        settings: dict[str, Setting] = {}
        for given in node.keywords:
            if given.arg in entry.args:
                self.refuse(given, f"{entry.name} takes {given.arg} by position", "write it without its name")
            if given.arg is None:
                self.refuse(given, "** in front of an argument is not part of the language", LANGUAGE)
            if given.arg not in entry.defaults:
                hint = did_you_mean(given.arg, tuple(entry.defaults))
                self.refuse(given, f"{entry.name} has no setting '{given.arg}'", hint=hint)
            if given.arg in settings:
                self.refuse(given, f"{given.arg} is given twice")
            value = self._quoted_index(given.value) if given.arg == "index" else self._setting(given.value, depth + 1)
            expected = entry.expected(given.arg, value)
            if expected:
                self.refuse(
                    given.value, f"{entry.name}'s {given.arg} can't be {setting_text(value)}", f"expected {expected}"
                )
            settings[given.arg] = value
        least, most = len(entry.args) - entry.optional, len(entry.args)
        if entry.variadic and not arrays:
            self.refuse(node, f"{entry.name} takes one array or more", f"expected {entry.name}({entry.args[0]}, …)")
        if not entry.variadic and not least <= len(arrays) <= most:
            wanted = str(most) if least == most else f"{least} or {most}" if most == least + 1 else f"{least} to {most}"
            self.refuse(
                node,
                f"{entry.name} takes {wanted} array{'' if wanted == '1' else 's'}, found {len(arrays)}",
                f"expected {entry.name}({', '.join(entry.args)})",
                self._named_settings(node, most, tuple(entry.defaults)),
            )
        missing = next((name for name in entry.required if name not in settings), None)
        if missing is not None:
            self.refuse(node, f"{entry.name} needs its setting '{missing}'", f"expected {missing}=… behind the arrays")
        return Apply(entry.name, tuple(arrays), tuple(settings.items()))

    def _named_settings(self, node: ast.Call, most: int, settings: tuple[str, ...]) -> str:
        """The hint where settings stand by position, as NumPy has them: `sum(x, 0)`; else none."""
        if not most < len(node.args) <= most + len(settings):
            return ""
        given = [self._written(argument) for argument in node.args]
        named = [f"{name}={text}" for name, text in zip(settings, given[most:], strict=False)]
        return f"A setting goes by its name: {self._written(node.func)}({', '.join(given[:most] + named)})."

    def _quoted_index(self, node: ast.expr) -> Setting:
        """`index=(1,)` or, where there are slices, `index=':, 1:'`."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                quoted = ast.parse(f"x[{node.value}]", mode="eval").body
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                quoted = None
            if not isinstance(quoted, ast.Subscript) or not isinstance(quoted.value, ast.Name):
                self.refuse(node, "this is no index", "expected what stands between brackets: ':, 1:'")
            for part in ast.walk(quoted):
                ast.copy_location(part, node)
            return self._index(quoted.slice)
        return self._index(node)

    def _setting(self, node: ast.expr, depth: int) -> Setting:
        if depth > MAX_DEPTH:
            self.refuse(node, f"the expression is nested more than {MAX_DEPTH} deep")
        if isinstance(node, ast.Tuple):
            return tuple(self._setting(item, depth + 1) for item in node.elts)
        if isinstance(node, ast.Name):
            return Name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self._setting(node.operand, depth + 1)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return -value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            over, under = self._setting(node.left, depth + 1), self._setting(node.right, depth + 1)
            if isinstance(over, (int, float)) and isinstance(under, (int, float)) and under != 0:
                return over / under
        if isinstance(node, ast.Constant):
            constant = node.value
            if constant is None or isinstance(constant, (bool, str)):
                return constant
            if isinstance(constant, int) and constant < 2**1000:
                return constant
            if isinstance(constant, float) and abs(constant) < float("inf"):
                return constant
        self.refuse(
            node,
            "a setting is a number, True, False, a word in quotes, a tuple or a name",
            f"found {self._written(node)}",
        )


def _dotted(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])
