"""A reader of formulas as they stand on the screen, with the conventions of a textbook and no others.

It works a formula out over values. A formula that it works out to another number than the expression's is one that a
person would read wrongly. Conventions: products from left to right and before sums; a superscript before everything;
Σ, ln and √ take the product, the factor, the single thing that follows; parentheses as usual; [a > b] is 1 or 0; a
number or matrix beside another is multiplied; xᵀ is a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", "0123456789+−()abcdefghijklmnoprstuvwxyz", strict=True))
FUNCTIONS = {
    "ReLU": lambda v: np.maximum(v, 0),
    "tanh": np.tanh,
    "σ": lambda v: 1 / (1 + np.exp(-v)),
    "exp": np.exp,
    "sin": np.sin,
    "mean": np.mean,
    "ln": np.log,
}
BRACKETS = {"()": np.asarray, "[]": np.asarray, "‖‖": np.linalg.norm, "||": np.abs}
COMPARISONS = {">": np.greater, "≥": np.greater_equal, "<": np.less, "≤": np.less_equal, "=": np.equal}


@dataclass(frozen=True)
class Row:
    """A vector that was transposed."""

    entries: Any


class Reader:
    """Reads one formula. values: the value of each name, by its symbol."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self.text = text
        self.at = 0
        self.values = values
        self.symbols = sorted(values, key=len, reverse=True)

    def read(self) -> Any:
        value = self.comparison()
        assert self.at == len(self.text), f"{self.text!r} is not read further than {self.text[: self.at]!r}"
        return value

    # --- characters ---------------------------------------------------------------------------------------------

    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def expect(self, token: str) -> None:
        assert self.skip(token), f"{self.text!r}: {token!r} is missing at {self.text[self.at :]!r}"

    # --- the grammar --------------------------------------------------------------------------------------------

    def comparison(self) -> Any:
        value = self.sum()
        for sign, compare in COMPARISONS.items():
            if self.skip(f" {sign} "):
                return np.where(compare(value, self.sum()), 1.0, 0.0)
        return value

    def sum(self) -> Any:
        value = self.product()
        while True:
            if self.skip(" + "):
                value = value + self.product()
            elif self.skip(" − "):
                value = value - self.product()
            else:
                return value

    def product(self) -> Any:
        value = self.factor()
        while True:
            if self.skip(" ⊙ "):
                value = value * self.factor()
            elif self.skip(" · "):
                value = times(value, self.factor())
            elif self.skip(" / "):
                value = value / self.factor()
            elif self.next() == " " and self.text[self.at + 1 : self.at + 2] not in "+−><≥≤=/⊙·":
                self.at += 1
                value = times(value, self.factor())
            else:
                return value

    def factor(self) -> Any:
        if self.skip("−"):
            return -self.factor()
        if self.skip("Σ "):
            return np.sum(self.product())
        if self.skip("√"):
            return np.sqrt(self.postfix())
        if self.skip("ln "):
            return np.log(self.power())
        return self.power()

    def power(self) -> Any:
        value = self.postfix()
        exponent = ""
        while self.next() in RAISED and self.next():
            exponent += RAISED[self.next()]
            self.at += 1
        if exponent:
            return value ** Reader(spaced(exponent), self.values).read()
        if self.skip("^"):
            return value ** self.postfix()
        return value

    def postfix(self) -> Any:
        value = self.atom()
        while True:
            if self.skip("ᵀ"):
                value = value.T if np.ndim(value) == 2 else Row(value)
            elif self.next() == "[":
                self.at += 1
                end = self.text.index("]", self.at)
                items = self.text[self.at : end].replace("−", "-").split(", ")
                self.at = end + 1
                value = value[tuple(int(item) for item in items)]
            else:
                return value

    def atom(self) -> Any:
        for opening, closing, finish in (
            ("(", ")", None),
            ("[", "]", None),
            ("‖", "‖", np.linalg.norm),
            ("|", "|", np.abs),
        ):
            if self.skip(opening):
                value = self.comparison()
                self.expect(closing)
                return value if finish is None else finish(value)
        for name, function in FUNCTIONS.items():
            if self.skip(f"{name}("):
                value = function(self.comparison())
                self.expect(")")
                return value
        symbol = next((s for s in self.symbols if self.text.startswith(s, self.at)), None)
        if symbol is not None:
            self.at += len(symbol)
            return self.values[symbol]
        if self.skip("e"):
            return np.e
        start = self.at
        while self.next().isdecimal() or self.next() == ".":
            self.at += 1
        assert self.at > start, f"{self.text!r} can't be read at {self.text[start:]!r}"
        return np.float64(self.text[start : self.at])


def spaced(exponent: str) -> str:
    """A superscript with blanks around its signs, as they stand on the line."""
    text = ""
    for character in exponent:
        behind_a_value = text[-1:].isalnum() or text[-1:] == ")"
        text += f" {character} " if character in "+−" and behind_a_value else character
    return text


def times(a: Any, b: Any) -> Any:
    """Two factors beside each other: a product of numbers, a number times an array, or a matrix product."""
    if isinstance(b, Row):
        return np.outer(a, b.entries)
    if isinstance(a, Row):
        return a.entries @ b
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return a @ b


def worked_out(text: str, values: Mapping[str, Any]) -> Any:
    """The number or array that a formula on the screen stands for."""
    return Reader(text, values).read()
