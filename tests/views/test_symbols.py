"""How names are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.views.line import width_of
from nncalc.views.symbols import Symbols, latex_escaped, lowered, raised


@pytest.mark.parametrize(
    ("name", "text", "latex"),
    [
        ("hbar1", "h̄¹", r"\bar{h}^{1}"),
        ("h1", "h¹", "h^{1}"),
        ("W12", "W¹²", "W^{12}"),
        ("b1", "b¹", "b^{1}"),
        ("x", "x", "x"),
        ("x1", "x₁", "x_{1}"),
        ("mu1", "μ¹", r"\mu^{1}"),
        ("gamma1", "γ¹", r"\gamma^{1}"),
        ("xhat1", "x̂¹", r"\hat{x}^{1}"),
        ("yhat", "ŷ", r"\hat{y}"),
        ("sigma", "σ", r"\sigma"),
        ("loss", "ℓ", r"\ell"),
        ("losses", "ℓₙ", r"\ell_{n}"),
        ("learning_rate", "η", r"\eta"),
        ("optimizer.weight_decay", "λ", r"\lambda"),
        ("optimizer.beta1", "β₁", r"\beta_{1}"),
        ("optimizer.learning_rate", "η₀", r"\eta_{0}"),
        ("optimizer.t", "t", "t"),
        ("optimizer.momentum_decay", "momentum_decay", r"\mathrm{momentum\_decay}"),
        ("h2.grad", "∂ℓ/∂h²", r"\frac{\partial \ell}{\partial h^{2}}"),
        ("hbar1.grad", "∂ℓ/∂h̄¹", r"\frac{\partial \ell}{\partial \bar{h}^{1}}"),
        ("W2.next", "W²₍ₜ₊₁₎", "W^{2}_{t+1}"),
        ("W1.previous", "W¹₍ₜ₋₁₎", "W^{1}_{t-1}"),
        ("W1.m", "m(W¹)", r"m\left(W^{1}\right)"),
        ("W1.mhat", "m̂(W¹)", r"\hat{m}\left(W^{1}\right)"),
        ("W1.v.next", "v(W¹)₍ₜ₊₁₎", r"v\left(W^{1}\right)_{t+1}"),
        ("W1.grad_t2", "(∂ℓ/∂W¹)₂", r"\left(\frac{\partial \ell}{\partial W^{1}}\right)_{2}"),
        ("hbar1_t2", "h̄¹₂", r"\bar{h}^{1}_{2}"),
        ("h1r_t2", "h¹ʳ₂", "h^{1r}_{2}"),
        ("W1r_i.grad_t3", "(∂ℓ/∂W¹ʳᵢ)₃", r"\left(\frac{\partial \ell}{\partial W^{1r}_{i}}\right)_{3}"),
        ("x1r", "x1r", r"\mathrm{x1r}"),
        ("i1_t12", "i¹₁₂", "i^{1}_{12}"),
        ("W1_i", "W¹ᵢ", "W^{1}_{i}"),
        ("W1_f", "W¹_f", "W^{1}_{f}"),
        ("score", "score", r"\mathrm{score}"),
        ("W_out", "W_out", r"\mathrm{W\_out}"),
        ("hidden_2", "hidden_2", r"\mathrm{hidden\_2}"),
        ("h1_1", "h1_1", r"\mathrm{h1\_1}"),
        ("loss_1", "loss_1", r"\mathrm{loss\_1}"),
        ("chat1", "chat1", r"\mathrm{chat1}"),
        ("pool1", "pool1", r"\mathrm{pool1}"),
        ("score.grad", "∂ℓ/∂score", r"\frac{\partial \ell}{\partial \mathrm{score}}"),
    ],
)
def test_symbol(name: str, text: str, latex: str) -> None:
    assert Symbols().text(name) == text
    assert Symbols().latex(name) == latex


def test_notation_with_z_and_a() -> None:
    symbols = Symbols(notation="z")
    assert [symbols.text(name) for name in ("hbar1", "h1", "h2.grad", "h")] == ["z¹", "a¹", "∂ℓ/∂a²", "a"]


def test_gradients_name_the_loss() -> None:
    assert Symbols(["q", "q.grad", "f"], loss="f").text("q.grad") == "∂f/∂q"


def test_two_names_are_never_written_alike() -> None:
    symbols = Symbols(["eta", "learning_rate", "hbar1", "z1"], notation="z")
    assert [symbols.text(name) for name in ("eta", "learning_rate", "hbar1", "z1", "z1.grad")] == [
        "η",
        "learning_rate",
        "z¹",
        "z1",
        "∂ℓ/∂z1",
    ]


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,7}", fullmatch=True)
suffixed = st.builds(
    lambda base, suffix: base + suffix, names, st.sampled_from(["", ".grad", ".next", ".m", ".m.next", ".previous"])
)


@given(st.lists(suffixed, max_size=8, unique=True), st.sampled_from("hz"))
def test_symbols_tell_names_apart(found: list[str], notation: str) -> None:
    symbols = Symbols(found, notation)
    assert len({symbols.text(name) for name in found}) == len(found)
    for name in found:
        assert symbols.text(name).strip()
        assert width_of(symbols.text(name)) > 0
        latex = symbols.latex(name)
        assert latex.count("{") == latex.count("}")
        assert "_" not in latex.replace(r"\_", "").replace("_{", "")


@given(st.text())
def test_no_text_is_a_command_in_latex(text: str) -> None:
    escaped = latex_escaped(text)
    for command in (r"\textbackslash{}", r"\textasciicircum{}", r"\textasciitilde{}"):
        escaped = escaped.replace(command, "")
    for character in "{}$&#_%":
        escaped = escaped.replace("\\" + character, "")
    assert not set(escaped) & set("\\{}$&#_%^~\n")


def test_superscripts_and_subscripts() -> None:
    assert raised("−x + 1") == "⁻ˣ⁺¹"
    assert raised("a b") == ""
    assert raised("T") == ""
    assert raised("0.5") == ""
    assert lowered("12") == "₁₂"
    assert lowered("f") == ""
