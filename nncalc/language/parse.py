"""Text → expressions: a subset of Python's expressions, read with `ast.parse` and a white list.

Nothing is ever evaluated as Python code. What is not on the list is refused, with its place in the text.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from typing import NoReturn, Protocol

from nncalc.errors import ExpressionError, did_you_mean
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, Slice
from nncalc.language.text import setting_text

MAX_DEPTH = 100
MAX_TERMS = 1000
MAX_LENGTH = 100_000
SUFFIXES = ("grad", "next", "previous", "m", "v", "s", "d", "mhat", "vhat")
UNICODE_MINUS = "\N{MINUS SIGN}"

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
    ast.Starred: "*",
}


class Signature(Protocol):
    """What the parser has to know of an operation."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> tuple[str, ...]: ...
    @property
    def optional(self) -> int: ...
    @property
    def defaults(self) -> dict[str, Setting]: ...
    def expected(self, setting: str, value: Setting) -> str: ...


Lookup = Callable[[str], Signature]


def is_name(text: str) -> bool:
    """Whether a text has the form of a name: ASCII letters, digits and _, no Python keyword."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def parse_expression(text: str, lookup: Lookup) -> Expression:
    """The expression that a text stands for. Raises ExpressionError with the line and offset in the text."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is too long ({len(text)} characters)", label=f"at most {MAX_LENGTH}")
    readable = text.replace(UNICODE_MINUS, "-")
    _check_nesting(readable)
    try:
        # in parentheses a line may end anywhere, and leading blanks are no indentation
        tree = ast.parse(f"({readable}\n)", mode="eval")
    except SyntaxError as error:
        _syntax_error(readable, error)
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("the expression can't be read") from None
    return _Reader(lookup, readable).read(tree.body, 1)


def parse_equations(text: str, lookup: Lookup, reserved: Callable[[str], bool]) -> list[tuple[str, Expression, int]]:
    """The lines `name = expression` of a text: (name, expression, line from 1). `#` begins a remark.

    reserved: whether a name belongs to an operation. Raises ExpressionError with line and offset.
    """
    found: list[tuple[str, Expression, int]] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.split("#", 1)[0].rstrip()
        if not content.strip():
            continue
        start = len(content) - len(content.lstrip())
        try:
            name, expression = _parse_line(content, lookup, reserved)
            if name in lines:
                raise ExpressionError(
                    f"{name} is assigned twice", label=f"line {lines[name]} of the equations assigns it first"
                ).at(1, start)
        except ExpressionError as error:
            error.line, error.equation = number, error.equation or content.strip()
            raise
        lines[name] = number
        found.append((name, expression, number))
    return found


def _parse_line(line: str, lookup: Lookup, reserved: Callable[[str], bool]) -> tuple[str, Expression]:
    start = len(line) - len(line.lstrip())
    cut = _assignment(line)
    if cut is None:
        raise ExpressionError("an equation has one '='", label="expected name = expression").at(1, start)
    name = line[:cut].strip()
    base, *suffixes = name.split(".")
    if not is_name(base):
        raise ExpressionError(
            f"'{name}' can't be a name",
            label="a name has ASCII letters, digits and _, and is no word of Python's",
        ).at(1, start)
    if reserved(base) and base != "optimizer":
        raise ExpressionError(
            f"'{base}' is the name of an operation", label="an equation's name must be another", hint=f"Try '{base}1'."
        ).at(1, start)
    if base != "optimizer" and any(s not in SUFFIXES for s in suffixes):
        bad = next(s for s in suffixes if s not in SUFFIXES)
        raise ExpressionError(
            f"'.{bad}' is no suffix of a name", label=f"known are {', '.join('.' + s for s in SUFFIXES)}"
        ).at(1, start)
    try:
        return name, parse_expression(line[cut + 1 :], lookup)
    except ExpressionError as error:
        raise error.at(1, cut + 1 + error.offset) from None


def _assignment(line: str) -> int | None:
    """Where the one `=` of an equation stands, outside parentheses and not part of ==, <=, >=, !=."""
    depth = 0
    found = None
    for i, c in enumerate(line):
        depth += (c in "([") - (c in ")]")
        if c != "=" or depth:
            continue
        if line[i - 1 : i] in ("=", "<", ">", "!") and i > 0:
            continue
        if line[i + 1 : i + 2] == "=":
            continue
        if found is not None:
            return None
        found = i
    return found


def _check_nesting(text: str) -> None:
    depth = 0
    for offset, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth > MAX_DEPTH:
            raise ExpressionError(f"parentheses are nested more than {MAX_DEPTH} deep", label="found one more here").at(
                1, offset
            )
    # a long run of signs nests as deep without a parenthesis
    if any(sign * (MAX_DEPTH + 1) in text.replace(" ", "") for sign in "-+~"):
        raise ExpressionError(f"signs are nested more than {MAX_DEPTH} deep")


def _syntax_error(text: str, error: SyntaxError) -> NoReturn:
    offset = max((error.offset or 1) - 2, 0) if (error.lineno or 1) == 1 else len(text)
    offset = min(offset, len(text.rstrip()))
    message = (error.msg or "invalid syntax").split(" Perhaps")[0].split(" Maybe")[0]
    if not text.strip():
        message = "nothing stands here"
    elif "was never closed" in message or "does not match" in message or "unmatched" in message:
        message = _unbalanced(text) or message
    elif "leading zeros" in message:
        message = "a number can't begin with 0"
    else:
        message = "this can't be read"
    raise ExpressionError(message, label="expected an expression such as W1 @ x + b1").at(1, offset)


def _unbalanced(text: str) -> str:
    opened, closed = sum(text.count(c) for c in "(["), sum(text.count(c) for c in ")]")
    if opened == closed:
        return "the parentheses do not match"
    return "a parenthesis is never closed" if opened > closed else "a parenthesis is closed that was never opened"


class _Reader:
    def __init__(self, lookup: Lookup, text: str) -> None:
        self.lookup = lookup
        self.text = text
        self.terms = 0

    def refuse(self, node: ast.AST, message: str, label: str = "", hint: str = "") -> NoReturn:
        offset = self._offset(node)
        raise ExpressionError(message, label=label, hint=hint).at(1, offset)

    def _offset(self, node: ast.AST) -> int:
        """Characters into the text: ast counts UTF-8 bytes, and the reader put one parenthesis in front."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 1)
        lines = f"({self.text}".split("\n")
        before = sum(len(entry) + 1 for entry in lines[: line - 1])
        return max(before + len(lines[line - 1].encode()[:column].decode(errors="ignore")) - 1, 0)

    def read(self, node: ast.expr, depth: int) -> Expression:
        self.terms += 1
        if self.terms > MAX_TERMS:
            self.refuse(
                node, f"the expression has more than {MAX_TERMS} terms", hint="Give parts of it names of their own."
            )
        # a long sum is as deep a tree as it has terms, but not nested as a reader sees it
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
            "there are names, numbers, + - * / ** @, comparisons, .T, indexing and calls of operations",
        )

    def _number(self, node: ast.Constant) -> Expression:
        if isinstance(node.value, (bool, str, bytes, complex)) or not isinstance(node.value, (int, float)):
            self.refuse(node, f"{ast.unparse(node)} can't stand here", "expected a number or a name")
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
        # the left arm of a long chain is followed in a loop: `a + b + c + …` is as deep as it has terms
        chain: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            chain.append(left)
            left = left.left
        result = self.read(left, depth + 1)
        for part in reversed(chain):
            op = _BINARY.get(type(part.op))
            if op is None:
                self.refuse(part.right, "this operator is not part of the language", "there are + - * / ** @")
            result = Apply(op, (result, self.read(part.right, depth + 1)))
            self.terms += 1
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
            if not base.startswith("__") and base.isascii() and all(s in SUFFIXES for s in suffixes):
                return Name(dotted)
        self.refuse(
            node,
            f"'.{node.attr}' is not part of the language",
            f"known are .T, {', '.join('.' + s for s in SUFFIXES)} and optimizer.NAME",
        )

    def _index(self, node: ast.expr) -> Setting:
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self._index_item(item) for item in items)

    def _index_item(self, node: ast.expr) -> Setting:
        if isinstance(node, ast.Slice):
            return Slice(
                *(None if part is None else self._integer(part) for part in (node.lower, node.upper, node.step))
            )
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
        self.refuse(node, "an index is a whole number, a slice or None", f"found {ast.unparse(node)}")

    def _call(self, node: ast.Call, depth: int) -> Expression:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, "only operations can be called", "expected a name in front of the parenthesis")
        if node.func.id.startswith("__"):
            self.refuse(node.func, f"'{node.func.id}' is not part of the language", "names do not begin with two _")
        try:
            entry = self.lookup(node.func.id)
        except ExpressionError as error:
            raise error.at(1, self._offset(node.func)) from None
        arrays = [self.read(argument, depth + 1) for argument in node.args]
        settings: dict[str, Setting] = {}
        for given in node.keywords:
            if given.arg in entry.args:
                self.refuse(given, f"{entry.name} takes {given.arg} by position", "write it without its name")
            if given.arg is None or given.arg not in entry.defaults:
                known = tuple(entry.defaults)
                self.refuse(
                    given, f"{entry.name} has no setting '{given.arg}'", hint=did_you_mean(given.arg or "", known)
                )
            if given.arg in settings:
                self.refuse(given, f"{given.arg} is given twice")
            value = (self._quoted_index if given.arg == "index" else self._setting)(given.value)
            expected = entry.expected(given.arg, value)
            if expected:
                self.refuse(
                    given.value, f"{entry.name}'s {given.arg} can't be {setting_text(value)}", f"expected {expected}"
                )
            settings[given.arg] = value
        least, most = len(entry.args) - entry.optional, len(entry.args)
        if not least <= len(arrays) <= most:
            wanted = str(most) if least == most else f"{least} to {most}"
            self.refuse(
                node,
                f"{entry.name} takes {wanted} array{'' if wanted == '1' else 's'}, found {len(arrays)}",
                f"expected {entry.name}({', '.join(entry.args)})",
            )
        return Apply(entry.name, tuple(arrays), tuple(settings.items()))

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

    def _setting(self, node: ast.expr) -> Setting:
        if isinstance(node, ast.Tuple):
            return tuple(self._setting(item) for item in node.elts)
        if isinstance(node, ast.Name):
            return Name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self._setting(node.operand)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return -value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            over, under = self._setting(node.left), self._setting(node.right)
            if isinstance(over, (int, float)) and isinstance(under, (int, float)) and under != 0:
                return over / under
        if isinstance(node, ast.Constant):
            constant = node.value
            if constant is None or isinstance(constant, (bool, int, str)):
                return constant
            if isinstance(constant, float) and abs(constant) < float("inf"):
                return constant
        self.refuse(
            node,
            "a setting is a number, True, False, a word in quotes, a tuple or a name",
            f"found {ast.unparse(node)}",
        )


def _dotted(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])
