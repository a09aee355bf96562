"""GELU's three forms, each taken for another."""

from __future__ import annotations

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.substitutes import instead


def _form(taken: str, how: str, convention: str) -> Mistake:
    return Mistake("approximation", f"GELU by {how} is taken", value=instead(taken), convention=convention)


BY_ERF = _form("gelu", "the error function", "GELU by the error function")
BY_TANH = _form("gelu_tanh", "tanh", "the tanh approximation")
BY_SIGMOID = _form("gelu_quick", "the sigmoid", "the sigmoid approximation")
