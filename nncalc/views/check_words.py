"""The words and signs of `nncalc check`: what a verdict and what a kind of mistake is called on the screen."""

from __future__ import annotations

from nncalc.check.report import CONVENTION, FOLLOWS, MISSING, RIGHT, ROUNDED, SHAPE, WRONG, Sentence

# verdict: sign, style. The word that stands behind the names is the verdict itself.
SIGNS = {
    RIGHT: ("✓", "right"),
    ROUNDED: ("✓", "right"),
    MISSING: ("–", "dim"),
    CONVENTION: ("≈", "bold"),
    FOLLOWS: ("↳", ""),
    SHAPE: ("✗", "wrong"),
    WRONG: ("✗", "wrong"),
}

KINDS = {
    "sign": "sign flipped",
    "missing_term": "a term left out",
    "missing_factor": "a factor left out",
    "extra_factor": "a factor too many",
    "wrong_value": "another value used",
    "transpose": "transpose missing or too many",
    "swapped": "two things swapped",
    "wrong_argument": "derivative taken at the wrong value",
    "wrong_function": "another function used",
    "elementwise": "entry-wise and matrix product mixed up",
    "several": "several mistakes at once",
    "unexplained": "none of the usual mistakes fits",
    "copied": "a number copied wrongly",
    "shape": "wrong shape",
    "transposed": "transposed",
    "slip_digit": "one digit wrong",
    "slip_sign": "the sign of one entry wrong",
    "slip_point": "decimal point moved",
    "slip_swap": "two digits swapped",
    "convention": "another convention",
    "accumulated": "gradients of several iterations added up",
    "time": "step counted wrongly",
    "label_base": "label counted from the other base",
}


# Said so only where the sentence has formulas, which a table of many sheets has no room for.
KINDS_OF_ENTRIES = {
    "axis": "along another axis",
    "count": "divided by another number",
    "root": "the root forgotten or too many",
    "twice": "a function applied twice",
}

# Sentences that say more exactly what was done than their kind does.
SENTENCES = {
    ("wrong_function", "{0} is left out"): "a function left out",
    ("missing_factor", "{0} is left out"): "a function left out",
    ("wrong_function", "{0} is applied to the result"): "a function too many",
    ("wrong_function", "{0} is taken of the result"): "a function too many",
    ("wrong_function", "the comparison is turned round"): "a comparison turned round",
}


def kind_words(kind: str, explanation: Sentence | None = None) -> str:
    """A kind of mistake in words.

    One of an operation's own entry isn't among KINDS: it is said as that entry says it, where this is a sentence
    without formulas, else as KINDS_OF_ENTRIES has it, else its `_` become blanks.
    """
    exact = SENTENCES.get((kind, explanation.text)) if explanation is not None else None
    if exact is not None:
        return exact
    own = explanation.text if explanation is not None and not explanation.parts else ""
    return KINDS.get(kind) or own or KINDS_OF_ENTRIES.get(kind) or kind.replace("_", " ")


def points_text(points: float, out_of: float) -> str:
    """`6.75 of 8 points`, at most two decimals; what is not all of the points never reads as all of them."""
    whole = _two_decimals(out_of)
    return f"{_share_text(points, out_of)} of {whole} point{'' if whole == '1' else 's'}"


def score_text(points: float, out_of: float) -> str:
    """`6.75/8`, as a table has it."""
    return f"{_share_text(points, out_of)}/{_two_decimals(out_of)}"


def percent_text(points: float, out_of: float) -> str:
    """`84 %`, downwards, so that 100 % is all of them; empty where nothing counts."""
    return f"{int(100 * points / out_of + 1e-9)} %" if out_of > 0 else ""


def _share_text(points: float, out_of: float) -> str:
    text = _two_decimals(points)
    if text == _two_decimals(out_of) and points < out_of - 1e-9:
        return _two_decimals(max(points - 0.005, 0.0))
    return text


def _two_decimals(value: float) -> str:
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def counted(count: int, noun: str, several: str = "") -> str:
    """`1 place`, `2 places`. several: the noun's plural, where it is not made with an s."""
    return f"{count} {noun if count == 1 else several or f'{noun}s'}"
