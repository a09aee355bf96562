"""How a name is written on paper: `hbar1` is h̄¹, `W2.grad` is ∂ℓ/∂W², `W1.next` is W¹₍ₜ₊₁₎.

A name that follows none of the naming rules stays as it is: nothing is invented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple
from unicodedata import normalize

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "theta": "θ", "kappa": "κ",
    "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "eta": "η", "lam": "λ",
}  # fmt: skip
# The letters whose number is a layer's and stands above; every other letter's number counts its entries: x₁.
LAYERED = frozenset(("W", "U", "E", "Q", "K", "V", "A", "M", "b", "c", "h", "a", "z", "mu", "gamma", "beta"))
# The settings of optimizers that textbooks write as a letter.
OPTIMIZER = {"weight_decay": "λ", "momentum": "μ", "t": "t", "learning_rate": "η₀"}
LATEX_OPTIMIZER = {"λ": r"\lambda", "μ": r"\mu", "t": "t", "η₀": r"\eta_{0}"}

# Which letters may wear an accent: `chat` is a word, `xhat` a letter.
ACCENTS = {
    **{f"{letter}bar": ("\N{COMBINING MACRON}", r"\bar") for letter in "afghinorxyz"},
    **{f"{letter}hat": ("\N{COMBINING CIRCUMFLEX ACCENT}", r"\hat") for letter in "hmpvxyz"},
}
STATES = {"m": "m", "v": "v", "s": "s", "d": "d", "mhat": "m\N{COMBINING CIRCUMFLEX ACCENT}",
          "vhat": "v\N{COMBINING CIRCUMFLEX ACCENT}"}  # fmt: skip
LATEX_STATES = {"mhat": r"\hat{m}", "vhat": r"\hat{v}"}

# No capital letter: ᵀ is the transpose.
RAISED = dict(zip("0123456789+−()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
LOWERED = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


class Symbol(NamedTuple):
    """A name as written. raised: something stands above it, so that a power of it needs parentheses. quotient: it has
    a slash in it, so that a division needs them too."""

    text: str
    latex: str
    raised: bool = False
    quotient: bool = False


class Symbols:
    """The symbols of a problem's names. Where two names would be written alike, they are left as they are.

    loss: the name that gradients are of. notation: `z` writes hbar1 and h1 as z¹ and a¹.
    """

    def __init__(self, names: Iterable[str] = (), notation: str = "h", loss: str | None = None) -> None:
        self.notation = notation
        self._known: dict[str, Symbol] = {}
        self._taken: dict[str, str] = {}
        self._loss = Symbol("ℓ", r"\ell")
        if loss is not None:
            self._loss = self(loss)
        for name in names:
            self(name)

    def __call__(self, name: str) -> Symbol:
        """The symbol of a name."""
        found = self._known.get(name)
        if found is None:
            found = self._written(name)
            if "." not in name or name.startswith("optimizer."):
                owner = self._taken.setdefault(found.text, name)
                if owner != name:
                    found = plain(name)
            self._known[name] = found
        return found

    def text(self, name: str) -> str:
        """The name as Unicode text."""
        return self(name).text

    def latex(self, name: str) -> str:
        """The name as LaTeX."""
        return self(name).latex

    def is_taken(self, text: str) -> bool:
        """Whether a name of the problem is written so: then nothing else may be."""
        return text in self._taken

    def is_taken_latex(self, latex: str) -> bool:
        """The same of LaTeX."""
        return any(symbol.latex == latex for symbol in self._known.values())

    def _written(self, name: str) -> Symbol:
        if name.startswith("optimizer."):
            return _optimizer_setting(name.removeprefix("optimizer."))
        rest, _, suffix = name.rpartition(".")
        if not rest:
            return base_symbol(name, self.notation)
        of = self(rest)
        if suffix == "next":
            return Symbol(f"{of.text}₍ₜ₊₁₎", f"{_base(of.latex)}_{{t+1}}", raised=True, quotient=of.quotient)
        if suffix == "previous":
            return Symbol(f"{of.text}₍ₜ₋₁₎", f"{_base(of.latex)}_{{t-1}}", raised=True, quotient=of.quotient)
        if suffix in STATES:
            return Symbol(f"{STATES[suffix]}({of.text})", rf"{LATEX_STATES.get(suffix, suffix)}\left({of.latex}\right)")
        if suffix == "grad":
            return self._gradient(of)
        if suffix.startswith("grad_t") and suffix[6:].isdecimal():
            whole, step = self._gradient(of), suffix[6:]
            return Symbol(f"({whole.text}){lowered(step)}", rf"\left({whole.latex}\right)_{{{step}}}")
        return plain(name)

    def _gradient(self, of: Symbol) -> Symbol:
        loss = self._loss
        return Symbol(f"∂{loss.text}/∂{of.text}", rf"\frac{{\partial {loss.latex}}}{{\partial {of.latex}}}", True, True)


def in_symbols(note: str, names: Iterable[str], symbol: Callable[[str], str]) -> str:
    """A remark with its names written as on paper: they stand in front of an entry, a value, a verb or a colon."""
    longest_first = sorted(names, key=len, reverse=True)
    pattern = rf"(?<![\w.])({'|'.join(map(re.escape, longest_first))})(?=\[\d| = | is | are |: )"
    return re.sub(pattern, lambda found: symbol(found[1]), note)


def _base(latex: str) -> str:
    """What a subscript goes to: LaTeX allows one, so a symbol that has its own stands in braces."""
    return f"{{{latex}}}" if "_{" in latex else latex


def base_symbol(name: str, notation: str = "h") -> Symbol:
    """The symbol of a name without suffixes: letters, an accent, a layer's number, a time step or a gate.

    An r behind the layer's number stands for the reversed direction of a recurrent layer: h1r_t2 is h¹ʳ₂.
    """
    if name in SPECIAL:
        return SPECIAL[name]
    body, _, tail = name.partition("_")
    reverse = "r" if body[-1:] == "r" and body[-2:-1].isdecimal() else ""
    body = body.removesuffix(reverse)
    word = body.rstrip("0123456789")
    digits = body[len(word) :]
    letter = _letter(word, notation)
    if letter is None or "_" in tail:
        return plain(name)
    time = tail[1:] if tail[:1] == "t" and tail[1:].isdecimal() else ""
    gate = tail if len(tail) == 1 and tail.isalpha() else ""
    layered = word in LAYERED or letter.accent or bool(time)
    if (tail and not (digits and layered and (time or gate))) or (reverse and not layered):
        return plain(name)
    if digits and not layered:
        return Symbol(letter.symbol.text + lowered(digits), f"{letter.symbol.latex}_{{{digits}}}")
    above = digits + reverse
    text, latex = letter.symbol.text + raised(above), letter.symbol.latex
    latex += f"^{{{above}}}" if above else ""
    if tail:
        below = time or gate
        text += lowered(below) if lowered(below) else f"_{below}"
        latex += f"_{{{below}}}"
    return Symbol(text, latex, raised=bool(digits))


def plain(name: str) -> Symbol:
    """A name as it is."""
    if len(name) == 1:
        return Symbol(name, name)
    return Symbol(name, rf"\mathrm{{{latex_escaped(name)}}}")


def raised(text: str) -> str:
    """The text as a superscript; empty where a character has none. Blanks beside a sign go."""
    for sign in "+−":
        text = text.replace(f" {sign} ", sign)
    characters = [RAISED.get(character, "") for character in text]
    return "".join(characters) if all(characters) else ""


def lowered(text: str) -> str:
    """The text as a subscript; empty where a character has none."""
    characters = [LOWERED.get(character, "") for character in text]
    return "".join(characters) if all(characters) else ""


def latex_escaped(text: str) -> str:
    """Text from outside inside LaTeX's text or roman type: none of its characters is a command there."""
    return "".join(_LATEX_SPECIAL.get(character, character) for character in text)


_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}",
    "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "\n": " ",
}  # fmt: skip
SPECIAL = {
    "loss": Symbol("ℓ", r"\ell"),
    "losses": Symbol("ℓₙ", r"\ell_{n}"),
    "learning_rate": Symbol("η", r"\eta"),
}


class _Letter(NamedTuple):
    symbol: Symbol
    accent: bool


def _letter(word: str, notation: str) -> _Letter | None:
    """The letter that a word without digits is written with, or None where it is just a word."""
    if notation == "z" and word in ("hbar", "h"):
        letter = "z" if word == "hbar" else "a"
        # an accent's letter, so that its number stands above
        return _Letter(Symbol(letter, letter), True)
    if len(word) == 1:
        return _Letter(Symbol(word, word), False)
    if word in GREEK:
        return _Letter(Symbol(GREEK[word], rf"\{'lambda' if word == 'lam' else word}"), False)
    if word in ACCENTS:
        mark, command = ACCENTS[word]
        # ŷ is one character where Unicode has it as one, h̄ is two
        return _Letter(Symbol(normalize("NFC", word[0] + mark), f"{command}{{{word[0]}}}"), True)
    return None


def _optimizer_setting(name: str) -> Symbol:
    """`optimizer.beta1` is β₁, `optimizer.weight_decay` λ."""
    if name in OPTIMIZER:
        return Symbol(OPTIMIZER[name], LATEX_OPTIMIZER[OPTIMIZER[name]])
    word = name.rstrip("0123456789")
    digits = name[len(word) :]
    if word in GREEK:
        return Symbol(GREEK[word] + lowered(digits), rf"\{word}" + (f"_{{{digits}}}" if digits else ""))
    return plain(name)
