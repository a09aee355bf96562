"""Text → expressions: a subset of Python's expressions, read with `ast.parse` and a white list.

Nothing is ever evaluated as Python code. What is not on the list is refused, with its place in the text.
"""

from __future__ import annotations

import ast
import keyword
import warnings
from collections.abc import Callable
from typing import NoReturn

from nncalc.errors import ExpressionError
from nncalc.language.expression import Expression
from nncalc.language.reader import MAX_DEPTH, SUFFIXES, Lookup, Reader, is_suffix

MAX_LENGTH = 100_000
EXAMPLE = "expected an expression such as W1 @ x + b1"
UNICODE_MINUS = "\N{MINUS SIGN}"
MISSING_OPERATOR = "expected one in between, as in W1 @ x or 2 * x"
# What stands on paper, and what is written for it here.
ON_PAPER = {
    "×": "a product is written *, of matrices @", "⋅": "a product is written *, of matrices @",
    "·": "a product is written *, of matrices @",
    "⊙": "a product entry by entry is written *", "÷": "a quotient is written /", "√": "a root is written sqrt(x)",
    "²": "a power is written **", "³": "a power is written **", "ᵀ": "a transpose is written .T",
    "–": "this is a dash; a minus is written -", "—": "this is a dash; a minus is written -",
    "|": "an absolute value is written abs(x)", "‖": "a length is written norm(x)", "≤": "it is written <=",
    "≥": "it is written >=", "≠": "it is written !=", "∑": "a sum is written sum(x)",
}  # fmt: skip


def is_name(text: str) -> bool:
    """Whether a text has the form of a name: ASCII letters, digits and _ (not two in front), no Python keyword."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text) and not text.startswith("__")


def parse_expression(text: str, lookup: Lookup) -> Expression:
    """The expression that a text stands for. Raises ExpressionError with the line and offset in the text."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is too long ({len(text)} characters)", label=f"at most {MAX_LENGTH}")
    if not text.strip():
        raise ExpressionError("nothing stands here", label=EXAMPLE)
    readable = text.replace(UNICODE_MINUS, "-").replace("\r", " ")
    _check_nesting(readable)
    try:
        with warnings.catch_warnings():
            # `1or 2` and its like are refused below in our own words
            warnings.simplefilter("ignore")
            # in parentheses a line may end anywhere, and leading blanks are no indentation
            tree = ast.parse(f"({readable}\n)", mode="eval")
    except SyntaxError as error:
        _syntax_error(readable, error)
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("the expression can't be read") from None
    return Reader(lookup, readable).read(tree.body, 1)


def parse_equations(text: str, lookup: Lookup, reserved: Callable[[str], bool]) -> list[tuple[str, Expression, int]]:
    """The lines `name = expression` of a text: (name, expression, line from 1). `#` begins a remark.

    reserved: whether a name belongs to an operation. Raises ExpressionError with line and offset.
    """
    found: list[tuple[str, Expression, int]] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
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
    if not name:
        raise ExpressionError("a name is missing here", label="expected name = expression").at(1, start)
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
    if base != "optimizer" and not all(map(is_suffix, suffixes)):
        bad = next(s for s in suffixes if not is_suffix(s))
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
    """Every parenthesis closed by its like, none deeper than allowed."""
    opened: list[int] = []
    for offset, c in enumerate(text):
        if c in "([{":
            opened.append(offset)
            if len(opened) > MAX_DEPTH:
                message = f"parentheses are nested more than {MAX_DEPTH} deep"
                raise ExpressionError(message, label="found one more here").at(1, offset)
        elif c in ")]}":
            if not opened:
                raise ExpressionError("a parenthesis is closed that was never opened", label=EXAMPLE).at(1, offset)
            if text[opened.pop()] + c not in ("()", "[]", "{}"):
                raise ExpressionError("the parentheses do not match", label=EXAMPLE).at(1, offset)
    if opened:
        raise ExpressionError("a parenthesis is never closed", label=EXAMPLE).at(1, opened[-1])
    # a long run of signs nests as deep without a parenthesis
    if any(sign * (MAX_DEPTH + 1) in text.replace(" ", "") for sign in "-+~"):
        raise ExpressionError(f"signs are nested more than {MAX_DEPTH} deep")


def _syntax_error(text: str, error: SyntaxError) -> NoReturn:
    offset = max((error.offset or 1) - 2, 0) if (error.lineno or 1) == 1 else len(text)
    offset = min(offset, len(text.rstrip()))
    message = error.msg or ""
    if "forgot a comma" in message:
        raise ExpressionError("an operator is missing here", label=MISSING_OPERATOR).at(1, offset)
    if "decimal literal" in message:
        # the parser points at the number's last digit, or at what follows
        offset += text[offset : offset + 1].isdigit()
        raise ExpressionError("an operator is missing here", label=MISSING_OPERATOR).at(1, offset)
    if "instead of '='" in message:
        label = "an expression has no '='; == compares"
        raise ExpressionError("this can't be read", label=label).at(1, max(_equals_sign(text), offset))
    readable = "a number can't begin with 0" if "leading zeros" in message else "this can't be read"
    raise ExpressionError(readable, label=ON_PAPER.get(text[offset : offset + 1], EXAMPLE)).at(1, offset)


def _equals_sign(text: str) -> int:
    """Where the first `=` outside parentheses stands, that of a setting being inside; -1 without one."""
    found = _assignment(text)
    return -1 if found is None else found
