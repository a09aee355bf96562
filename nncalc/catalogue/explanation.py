"""What `explain` tells of an operation, as data: tests check every claim of it numerically.

Mathematics is text of the language of equations, so that it can be read, typeset and evaluated; reasons are words.
Beside the catalogue's operations, an explanation may use

- `diff(f, x)`: the derivative of f by x, still to be taken (d/dx f);
- `NAME_i` and `NAME_j`: entry i or j of the vector NAME, and `i`, `j` themselves (`i == j`);
- `n`: how many entries a vector has, and `pi`;
- the names of the operation's settings (`slope`), which it has wherever it is called: `leaky_relu(x)`.

Every entry builds one as it is loaded, so these are named tuples: dataclasses take several times as long to define.
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """What the result goes to when a name goes to a point.

    at: the point: `-inf`, `inf`, or an expression. value: the result there. term, term_value: the part that decides,
    and what it goes to (`exp(-x)` to `inf`). of: the name that moves; the explanation's variable where it is empty. A
    vector moves as a whole. given: what is assumed of another name (`y = 1`; of a vector, `y_i = 1`: the one-hot
    vector of class i).
    """

    at: str
    value: str
    term: str = ""
    term_value: str = ""
    reason: str = ""
    of: str = ""
    given: str = ""


class Line(NamedTuple):
    """One line of a derivation: an expression equal to the line before, and the reason why."""

    expression: str
    reason: str = ""


class Derivation(NamedTuple):
    """Lines from the derivative to be taken to the result. case: the condition under which they hold, or ''.

    way: what is particular to this derivation where there are several.
    """

    lines: tuple[Line, ...]
    case: str = ""
    way: str = ""


class Kink(NamedTuple):
    """A point of the variable without a derivative: the slopes on its two sides, and the value that is used."""

    at: str
    left: str
    right: str
    used: str
    reason: str


class Explanation(NamedTuple):
    """Definition, domain, range and derivative of an operation.

    subject: what is explained, in terms of `variable` (`sigmoid(x)`, `p_i`, `loss`). where: equations of the names
    that subject and lines use beside the variable and the settings, in order (`p = softmax(h)`).
    definition: expressions equal to the subject, the one to begin with first; it needs nothing of `where`.
    domain, range: intervals (`(0, 1]`, `[0, inf)`) or, for few values, a set (`{0, 1}`).
    derivative: the derivative of the subject by the variable in every case.
    stable: the same result as it is computed, where the definition would overflow or lose digits. facts:
    equations that hold (`sum(p) == 1`).
    """

    subject: str
    definition: tuple[str, ...]
    domain_reason: str
    range: str
    range_reason: str
    limits: tuple[Limit, ...]
    derivations: tuple[Derivation, ...]
    derivative: str
    variable: str = "x"
    domain: str = "(-inf, inf)"
    where: tuple[str, ...] = ()
    kinks: tuple[Kink, ...] = ()
    stable: str = ""
    stable_reason: str = ""
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
