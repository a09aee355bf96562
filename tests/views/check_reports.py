"""Reports made by hand, for the views: the notebook's sheet of the reference problem, and what else there may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from nncalc.catalogue.registry import operation
from nncalc.check.report import (
    CONVENTION,
    FOLLOWS,
    MISSING,
    RIGHT,
    ROUNDED,
    SHAPE,
    WRONG,
    Alternative,
    Convention,
    Mistake,
    Report,
    Sentence,
    Verdict,
    worst,
)
from nncalc.language.equation import Equation
from nncalc.language.parse import parse_expression
from nncalc.problem import shipped
from nncalc.problem.load import load_file
from nncalc.problem.problem import Problem
from nncalc.problem.work import work


def reference(name: str = "regression") -> Problem:
    return load_file(str(shipped.path_of(name)))


def equation(text: str) -> Equation:
    name, _, right = text.partition(" = ")
    return Equation(name, parse_expression(right, operation))


def verdict(
    name: str, word: str | Any, given: Any = "expected", iteration: int = 1, points: float | None = None
) -> Verdict:
    """A verdict on a value of the reference problem. word: of all entries, or an array of them."""
    expected = np.asarray(work(reference(), "update").value(name))
    entries = np.broadcast_to(np.asarray(word, dtype=object), expected.shape) if np.ndim(word) == 0 else np.array(word)
    found = worst(entries.ravel().tolist())
    value = expected if isinstance(given, str) else None if given is None else np.asarray(given, dtype=float)
    credit = float(found not in (WRONG, SHAPE, MISSING)) if points is None else points
    return Verdict(iteration, name, found, entries, expected, value, credit, 1.0)


FLIPPED = Mistake(
    1,
    "h2.grad",
    "sign",
    equation("h2.grad = (y - h2) / loss"),
    equation("h2.grad = (h2 - y) / loss"),
    Sentence("the difference is taken the other way round"),
)
UNMASKED = Mistake(
    1,
    "b1.next",
    "wrong_value",
    equation("b1.next = b1 - learning_rate * h1.grad"),
    equation("b1.next = b1 - learning_rate * b1.grad"),
    Sentence("{0} is used where {1} belongs", ("h1.grad", "b1.grad")),
    alternatives=(
        Alternative("b1.grad", "missing_factor", None, equation("b1.grad = h1.grad"), Sentence("the mask is left out")),
        Alternative("b1.next", "slip_digit", (3,), None, Sentence("a digit is wrong")),
    ),
)
SLIP = Mistake(
    1,
    "W2.next",
    "slip_digit",
    None,
    equation("W2.next = W2 - learning_rate * W2.grad"),
    Sentence("one digit is wrong"),
    entry=(3, 2),
)
NOTE = Sentence("{0}, entry 3, 4: {1} is rounded the other way", ("W2.grad", "-1.11"))


def notebook() -> Report:
    """The written solution of the notebook, as far as it is needed: issue 4's 'what it must show'."""
    new = np.asarray(work(reference(), "update").value("W2.next")).copy()
    new[2, 1] = 0.9946
    at_slip = np.full((3, 4), FOLLOWS, dtype=object)
    at_slip[2, 1] = WRONG
    third = np.array([FOLLOWS, FOLLOWS, WRONG, FOLLOWS], dtype=object)
    verdicts = (
        *(verdict(name, RIGHT) for name in ("hbar1", "h1", "h2", "loss")),
        verdict("h2.grad", WRONG, [-0.92, -0.36, 0.15]),
        verdict("W2.grad", FOLLOWS, -np.round(np.asarray(work(reference(), "update").value("W2.grad")), 2)),
        *(verdict(name, FOLLOWS) for name in ("b2.grad", "h1.grad")),
        verdict("W2.next", at_slip, new, points=0.9),
        verdict("b1.next", third, [0, 1, 1.011, -1], points=0.75),
    )
    points = sum(v.points for v in verdicts)
    return Report("ada.yaml", False, points, 10, ("W3", "\x1b[31mh9"), verdicts, (FLIPPED, SLIP, UNMASKED), (), (NOTE,))


def right(sheet: str = "bob.yaml") -> Report:
    verdicts = (*(verdict(name, RIGHT) for name in ("hbar1", "h1")), verdict("h2", ROUNDED))
    return Report(sheet, True, 3, 3, (), verdicts, (), ())


def conventional(is_right: bool = True) -> Report:
    convention = Convention(
        "loss", equation("loss = sse(h2, y)"), equation("loss = l2(h2, y)"), Sentence("the sum of the squares")
    )
    verdicts = (verdict("h2", RIGHT), verdict("loss", CONVENTION), verdict("h2.grad", CONVENTION))
    return Report("eve.yaml", is_right, 3, 3, (), verdicts, (), (convention,))


def mistaken(mistake: Mistake, *verdicts: Verdict) -> Report:
    return Report("s.yaml", False, 0, len(verdicts), (), verdicts, (mistake,), ())
