"""An operation's template, read: `{a:power} {b:postfix}ᵀ` as literals and holes, and how tightly it binds."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from nncalc.catalogue.operation import Operation
from nncalc.catalogue.registry import operation
from nncalc.language.expression import Apply, Setting
from nncalc.language.text import ATOM, COMPARISON, POSTFIX, POWER, PRODUCT, SUM, UNARY

# What `{x:power}` asks of its argument: parentheses if it binds less tightly than that.
LEVELS = {"sum": SUM, "product": PRODUCT, "unary": UNARY, "power": POWER, "postfix": POSTFIX, "atom": ATOM}
NOTE = 0  # a formula with a remark behind it: parentheses everywhere but at the top

_OPENING, _CLOSING, _BARS = "([{", ")]}", "‖|"


class Hole(NamedTuple):
    """The place of an argument. level: it stands in parentheses if it binds less tightly, 0 for never."""

    argument: int
    level: int = 0
    raised: bool = False
    more: bool = False


Token = str | Hole


class Template(NamedTuple):
    """tokens: the literals and holes. level: how tightly the whole binds. minus: it begins with one. open: it ends
    in an argument that what follows could be read as part of (`ln x`). call: it ends in the `)` of a call."""

    tokens: tuple[Token, ...]
    level: int
    minus: bool
    open: bool
    call: bool


@lru_cache(maxsize=512)
def read_template(text: str, args: tuple[str, ...], level_from: str = "") -> Template:
    """The template of that text for an operation of those arguments.

    level_from: the Unicode template, where the text is LaTeX, which binds alike but can't be looked at.
    """
    tokens = _tokens(text, args)
    if level_from:
        like = read_template(level_from, args)
        return Template(tokens, like.level, like.minus, like.open, text.endswith(r"\right)"))
    shown = "".join(token if isinstance(token, str) else _sample(token) for token in tokens)
    prefixed = isinstance(tokens[0], str) and tokens[0].strip() not in ("", "−")
    is_open = prefixed and isinstance(tokens[-1], Hole) and not tokens[-1].raised
    return Template(tokens, _level(shown, is_open), shown.startswith("−"), is_open, _is_call(shown))


def _tokens(text: str, args: tuple[str, ...]) -> tuple[Token, ...]:
    tokens: list[Token] = []
    literal, i = "", 0
    while i < len(text):
        end = text.find("}", i) if text[i] == "{" else -1
        name, _, modifier = text[i + 1 : end].partition(":") if end > 0 else ("", "", "")
        if name not in args:
            literal += text[i]
            i += 1
            continue
        if literal:
            tokens.append(literal)
            literal = ""
        tokens.append(
            Hole(args.index(name), LEVELS.get(modifier, 0), raised=modifier == "raised", more=modifier == "more")
        )
        i = end + 1
    if literal:
        tokens.append(literal)
    return tuple(tokens)


def _sample(hole: Hole) -> str:
    return "" if hole.more else "ˣ" if hole.raised else "x"


def _level(shown: str, is_open: bool) -> int:
    """How tightly a template binds: what its loosest operator outside all brackets is."""
    depth, bar, outside = 0, "", ""
    for character in shown:
        if character in _BARS:
            depth += -1 if bar == character else 1
            bar = "" if bar == character else character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif depth == 0:
            outside += character
    if any(sign in outside for sign in (" > ", " ≥ ", " < ", " ≤ ", " = ", " ≠ ")):
        return COMPARISON
    if " + " in outside or " − " in outside:
        return SUM
    if outside.startswith("−"):
        return UNARY
    if " " in outside.strip() or is_open or outside[:1] in "½¼":
        return PRODUCT if outside.strip() else ATOM
    if outside[-1:] in "²³ˣᵀ" and outside:
        return POWER
    return ATOM


def _is_call(shown: str) -> bool:
    """Whether the template ends in a call's parenthesis: `softmax(x)`, and not `(1 − x)`."""
    if not shown.endswith(")"):
        return False
    depth = 0
    for i in range(len(shown) - 1, -1, -1):
        depth += (shown[i] in _CLOSING) - (shown[i] in _OPENING)
        if depth == 0:
            return i > 0 and (shown[i - 1].isalpha() or shown[i - 1] in "₀₁₂₃₄₅₆₇₈₉")
    return False


def template_of(apply: Apply, latex: bool = False) -> Template:
    """The template that writes an operation with its settings."""
    entry = operation(apply.op)
    text = _text(entry, entry.text, entry.settings(apply.settings))
    if not latex:
        return read_template(text, entry.args)
    return read_template(_text(entry, entry.latex, entry.settings(apply.settings)), entry.args, text)


def hidden_settings(apply: Apply) -> list[tuple[str, Setting]]:
    """The settings that differ from their defaults and that the template does not show."""
    if not apply.settings:
        return []
    entry = operation(apply.op)
    settings = entry.settings(apply.settings)
    hidden = []
    for key, value in settings.items():
        default = entry.defaults.get(key)
        if value == default or (key in _OWN_WAY and apply.op in _OWN_WAY[key]):
            continue
        if default is None and not isinstance(entry.text, str) and key in _REQUIRED:
            continue
        if isinstance(entry.text, str) or _text(entry, entry.text, settings) == _text(
            entry, entry.text, {**settings, key: default}
        ):
            hidden.append((key, value))
    return hidden


# Settings without which there is no operation: a template that is worked out from the settings shows them.
_REQUIRED = ("index", "shape")
# Settings that the typesetter shows in a way of its own.
_OWN_WAY = {"index": ("index",)}


def _text(entry: Operation, template: object, settings: dict[str, Setting]) -> str:
    return template if isinstance(template, str) else str(template(**settings))  # type: ignore[operator]
