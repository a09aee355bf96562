"""What is not part of the language: refused in plain words, at the right place, quickly, and never evaluated."""

from __future__ import annotations

import pytest

from nncalc.catalogue.registry import operation
from nncalc.errors import ExpressionError
from nncalc.language.parse import parse_expression
from nncalc.language.text import to_text

LANGUAGE = "there are names, numbers, + - * / ** @, comparisons, .T, indexing and calls of operations"
SIGNS = "of the signs there are + and -"
OPERATORS = "there are + - * / ** @"
COMPARISONS = "there are > >= < <= == !="
SUFFIXES = "known are .T, .grad, .next, .previous, .m, .v, .s, .d, .mhat, .vhat and optimizer.NAME"
EXAMPLE = "expected an expression such as W1 @ x + b1"
NUMBER_OR_NAME = "expected a number or a name"
DUNDER = "names do not begin with two _"
LETTERS = "a name has ASCII letters, digits and _"

# (text, what the caret stands under, message, label)
FORBIDDEN = [
    ("1 + (lambda x: x)", "lambda", "a lambda is not part of the language", LANGUAGE),
    ("1 + [a for a in x]", "[a", "a comprehension is not part of the language", LANGUAGE),
    ("{a for a in x}", "{a", "a comprehension is not part of the language", LANGUAGE),
    ("{a: 1 for a in x}", "{a", "a comprehension is not part of the language", LANGUAGE),
    ("sum(a for a in x)", "(a", "a comprehension is not part of the language", LANGUAGE),
    ("x.__class__", ".__class__", "'.__class__' is not part of the language", SUFFIXES),
    ("x.__class__.__bases__", ".__bases__", "'.__bases__' is not part of the language", SUFFIXES),
    ("2 * x.real", ".real", "'.real' is not part of the language", SUFFIXES),
    ("(a + b).grad", ".grad", "'.grad' is not part of the language", SUFFIXES),
    ("x.T.grad", ".grad", "'.grad' is not part of the language", SUFFIXES),
    ("x.T()", "x.T()", "only operations can be called", "expected a name in front of the parenthesis"),
    ("sum(x)(y)", "sum", "only operations can be called", "expected a name in front of the parenthesis"),
    ("__import__('os')", "__import__", "'__import__' is not part of the language", DUNDER),
    ("1 + __builtins__", "__b", "'__builtins__' is not part of the language", DUNDER),
    ("exec('1')", "exec", "there is no operation 'exec'", ""),
    ("open('x')", "open", "there is no operation 'open'", ""),
    ("f'{x}'", "f'", "a formatted string is not part of the language", LANGUAGE),
    ("(a := 3)", "a :=", ":= is not part of the language", LANGUAGE),
    ("a if b else c", "a if", "if … else is not part of the language", LANGUAGE),
    ("a and b", "a and", "and / or is not part of the language", LANGUAGE),
    ("1or 2", "1or", "and / or is not part of the language", LANGUAGE),
    ("not a", "not", "this operator is not part of the language", SIGNS),
    ("2 * ~a", "~a", "this operator is not part of the language", SIGNS),
    ("(a) // (b)", "//", "this operator is not part of the language", OPERATORS),
    ("a % b", "%", "this operator is not part of the language", OPERATORS),
    ("a ^ b", "^", "this operator is not part of the language", "a power is written **"),
    ("a & b", "&", "this operator is not part of the language", OPERATORS),
    ("a << b", "<<", "this operator is not part of the language", OPERATORS),
    ("a < b < c", "a <", "one comparison at a time", "multiply two of them to ask for both"),
    ("a in b", "a in", "this comparison is not part of the language", COMPARISONS),
    ("a is b", "a is", "this comparison is not part of the language", COMPARISONS),
    ("x + 'abc'", "'abc'", "'abc' can't stand here", NUMBER_OR_NAME),
    ("x + b'abc'", "b'abc'", "b'abc' can't stand here", NUMBER_OR_NAME),
    ("x + 2j", "2j", "2j can't stand here", NUMBER_OR_NAME),
    ("x + True", "True", "True can't stand here", NUMBER_OR_NAME),
    ("x + None", "None", "None can't stand here", NUMBER_OR_NAME),
    ("x + ...", "...", "... can't stand here", NUMBER_OR_NAME),
    ("x @ [1, 2]", "[1", "a list is not part of the language", LANGUAGE),
    ("{1, 2}", "{1", "a set is not part of the language", LANGUAGE),
    ("{}", "{}", "a dictionary is not part of the language", LANGUAGE),
    ("a, b", "a,", "one expression is expected", "found several, with commas between"),
    ("sum(*x)", "*x", "* in front of an argument is not part of the language", LANGUAGE),
    ("sum(x, **y)", "**y", "** in front of an argument is not part of the language", LANGUAGE),
    ("(yield x)", "yield", "yield is not part of the language", LANGUAGE),
    ("await x", "await", "await is not part of the language", LANGUAGE),
    ("x + ünd", "ünd", "'ünd' can't be a name", LETTERS),
    ("é * é + ünd", "é", "'é' can't be a name", LETTERS),
    ("1e999", "1e999", "the number is too large", "expected a finite number"),
    ("2 * " + "9" * 400, "999", "the number is too large", "expected a finite number"),
    ("1 + 0x10", "0x10", "0x10 is no decimal", "expected a number such as 16 or 1.5e-3"),
    ("0b1", "0b1", "0b1 is no decimal", "expected a number such as 16 or 1.5e-3"),
    ("1 + 010", "", "a number can't begin with 0", EXAMPLE),
    ("x[a]", "a]", "an index is a whole number, a slice or None", "found a"),
    ("x[1.5]", "1.5", "an index is a whole number, a slice or None", "found 1.5"),
    ("x[True]", "True", "an index is a whole number, a slice or None", "found True"),
    ("x[1:, ::0]", "::0", "a slice's step can't be 0", "expected start:stop or start:stop:step"),
    ("", "", "nothing stands here", EXAMPLE),
    (" \t ", " \t ", "nothing stands here", EXAMPLE),
    ("(a + b", "(a", "a parenthesis is never closed", EXAMPLE),
    ("a + b)", ")", "a parenthesis is closed that was never opened", EXAMPLE),
    ("a) + (b", ") +", "a parenthesis is closed that was never opened", EXAMPLE),
    ("(a]", "]", "the parentheses do not match", EXAMPLE),
    ("W1 x + b1", "W1 x", "an operator is missing here", "expected one in between, as in W1 @ x or 2 * x"),
    ("a +* b", "* b", "this can't be read", EXAMPLE),
    ("a +", "", "this can't be read", EXAMPLE),
    ("x = 3", "= 3", "this can't be read", "an expression has no '='; == compares"),
    ("2x", "x", "an operator is missing here", "expected one in between, as in W1 @ x or 2 * x"),
    ("1 + 2.5y", "y", "an operator is missing here", "expected one in between, as in W1 @ x or 2 * x"),
    ("2 × x", "× x", "this can't be read", "a product is written *, of matrices @"),
    ("x²", "²", "this can't be read", "a power is written **"),
    ("|x|", "|x|", "this can't be read", "an absolute value is written abs(x)"),
    ("x – 1", "– 1", "this can't be read", "this is a dash; a minus is written -"),
    ("if", "if", "this can't be read", EXAMPLE),
    ("x; y", "; y", "this can't be read", EXAMPLE),
    ("import os", "import", "this can't be read", EXAMPLE),
    ("x ? y", "? y", "this can't be read", EXAMPLE),
]


@pytest.mark.parametrize(("text", "under", "message", "label"), FORBIDDEN)
@pytest.mark.filterwarnings("error")
def test_forbidden(text: str, under: str, message: str, label: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text, operation)
    assert (refused.value.message, refused.value.label) == (message, label)
    assert text[refused.value.offset :].startswith(under)


@pytest.mark.parametrize("text", ["x \x00 y", "\ud800", "x \N{RIGHT-TO-LEFT OVERRIDE} y", "x\x0cy", "'", '"""', "\\"])
def test_odd_characters_are_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text, operation)


NESTED = "nested more than 100 deep"
TOO_DEEP = {
    "parentheses": lambda n: "(" * n + "x" + ")" * n,
    "brackets": lambda n: "[" * n + "x" + "]" * n,
    "calls": lambda n: "sum(" * n + "x" + ")" * n,
    "minus signs": lambda n: "-" * n + "x",
    "minus signs with blanks": lambda n: "- " * n + "x",
    "mixed signs": lambda n: "-+" * n + "x",
    "transposes": lambda n: "x" + ".T" * n,
    "indices": lambda n: "x" + "[0]" * n,
    "powers": lambda n: "2" + "**2" * n,
    "negative powers": lambda n: "2" + "**-2" * n,
    "parentheses with signs": lambda n: "(-" * n + "x" + ")" * n,
    "sums in parentheses": lambda n: "(x+" * n + "x" + ")" * n,
    "quotients in a setting": lambda n: "leaky_relu(x, slope=1" + "/1" * n + ")",
}


@pytest.mark.parametrize("shape", TOO_DEEP)
@pytest.mark.parametrize("n", [101, 1000, 24_000])
def test_nesting_past_100_is_refused_quickly(shape: str, n: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_expression(TOO_DEEP[shape](n), operation)
    assert NESTED in refused.value.message or refused.value.message in (
        "the expression can't be read",
        f"the expression is too long ({len(TOO_DEEP[shape](n))} characters)",
    )
    if n < 1000:
        assert NESTED in refused.value.message


@pytest.mark.parametrize("text", ["(" * 100_000 + "x" + ")" * 100_000, "-" * 100_000 + "x", "x" + ".a.b.c.d" * 20_000])
def test_the_longest_texts_are_refused_quickly(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text, operation)


@pytest.mark.parametrize("shape", ["parentheses", "calls", "minus signs", "transposes", "indices", "powers"])
def test_nesting_of_90_is_fine(shape: str) -> None:
    expression = parse_expression(TOO_DEEP[shape](90), operation)
    assert parse_expression(to_text(expression), operation) == expression


@pytest.mark.parametrize("sign", ["+", "*", "@", "-"])
def test_999_terms_are_fine_and_1001_are_not(sign: str) -> None:
    text = f" {sign} ".join(f"x{i}" for i in range(999))
    assert to_text(parse_expression(text, operation)) == text
    with pytest.raises(ExpressionError) as refused:
        parse_expression(f"{text} {sign} y + z", operation)
    assert refused.value.message == "the expression has more than 1000 terms"
    assert refused.value.hint == "Give parts of it names of their own."
    assert f"{text} {sign} y + z"[refused.value.offset :] == "z"
