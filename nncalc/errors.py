"""Every error that a user can cause, and what each knows.

NncalcError                 anything a user can put right; the command line prints it and exits with status 2
├── ExpressionError         an expression or equation that can't be read
├── ShapeError              arrays that do not fit each other
├── DomainError             a value outside what an operation or setting allows
├── ProblemError            a problem file that can't be used
└── UsageError              a command line that can't be used

An error is raised where the fact is known and worded once. Whoever knows more (the equation, the place in the file)
adds it with `place`, `equation` or `key` and raises it again; only cli/ prints.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where something stands in a text: counted from 1, with the line itself for the caret."""

    source: str
    line: int
    column: int
    text: str = ""


class NncalcError(Exception):
    """A mistake that the user can put right.

    message: one line, what is wrong. label: what stands under the caret (found, expected). hint: one thing to try.
    key: the path inside the problem file (`layers[0].dense.weights`). equation: the equation it is about, as text.
    names: the equation names involved, so that the problem can look up where their values stand.
    """

    def __init__(
        self,
        message: str,
        *,
        label: str = "",
        hint: str = "",
        key: str = "",
        equation: str = "",
        place: Place | None = None,
        names: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.label = label
        self.hint = hint
        self.key = key
        self.equation = equation
        self.place = place
        self.names = names


class ExpressionError(NncalcError):
    """An expression or equation that can't be read. `offset` counts characters into its text, from 0."""

    offset: int = 0
    line: int = 1

    def at(self, line: int, offset: int) -> ExpressionError:
        """The same error, with its place inside the text: line from 1, offset from 0."""
        self.line, self.offset = line, offset
        return self


class ShapeError(NncalcError):
    """Arrays that do not fit each other. `turned`: the name of a matrix whose transpose would fit, else ''."""

    turned: str = ""


class DomainError(NncalcError):
    """A value outside what an operation or a setting allows."""


class ProblemError(NncalcError):
    """A problem file that can't be used."""


class UsageError(NncalcError):
    """A command line that can't be used."""


# Names of other books and frameworks, whose letters lead nowhere or astray.
ALSO_CALLED = {
    "swish": "silu", "logistic": "sigmoid", "heaviside": "step", "quick_gelu": "gelu_quick", "linear": "dense",
    "l1": "mae", "bce": "binary_cross_entropy", "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy", "kl_div": "kl_divergence", "svm": "multiclass_hinge",
    "multi_margin": "multiclass_hinge", "gradient_descent": "sgd", "lr": "learning_rate", "eta": "learning_rate",
    "negative_slope": "slope", "min_val": "low", "max_val": "high", "memory": "context",
    **dict.fromkeys(("self_attention", "cross_attention", "multi_head_attention", "multihead_attention"), "attention"),
}  # fmt: skip


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """The known name that a misspelt one stands for: another name of it, or the closest; '' when none is close."""
    from difflib import get_close_matches

    if also_called(word) in known:
        return also_called(word)
    lowered = {name.lower().replace("-", "_"): name for name in known}
    found = get_close_matches(word.lower().replace("-", "_"), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""


def also_called(word: str) -> str:
    """The name here of what is called otherwise elsewhere, or ''."""
    return ALSO_CALLED.get(word.lower().replace("-", "_"), "")


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """The hint for a misspelt name: the nearest one, or all of them when they are few."""
    best = nearest(word, known)
    if best and best == also_called(word):
        return f"It is called '{best}' here."
    if best:
        return f"Did you mean '{best}'?"
    return f"Known are: {', '.join(known)}." if 0 < len(known) <= 12 else ""
