"""What people compute as an optimizer's step: the ways in which a step can be altered, and what all optimizers share.

A variant is the step with other settings, or with its equations rewritten; where that changes nothing there is none.
"""

from __future__ import annotations

from collections.abc import Callable

from nncalc.catalogue.optimizer import LEARNING_RATE, Assignment, Moving, Optimizer, Settings, Variant, setting, step_of
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, substitute, walk

Altered = tuple[Optimizer, Settings]
Alter = Callable[[Optimizer, Settings], Altered | None]
Rewrite = Callable[[str, Expression], Expression]


def step(alter: Callable[[Optimizer, Settings], Altered]) -> Alter:
    """The altered step, or None where it is the same one for these settings."""

    def checked(entry: Optimizer, settings: Settings) -> Altered | None:
        other, changed = alter(entry, settings)
        return None if _equations(other, changed) == _equations(entry, settings) else (other, changed)

    return checked


def _equations(entry: Optimizer, settings: Settings) -> list[Assignment]:
    shared = [] if entry.shared is None else entry.shared(settings)
    return [*shared, *step_of(entry, "w", settings)]


def with_settings(**changes: Setting) -> Alter:
    """The step with other settings; None where they are these already."""
    return step(lambda entry, settings: (entry, {**settings, **changes}))


def rewritten(rewrite: Rewrite) -> Alter:
    """The step with each of its equations' right sides rewritten: rewrite(name without the parameter's, expression)."""

    def alter(entry: Optimizer, settings: Settings) -> Altered:
        shared = entry.shared

        def update(moving: Moving, settings: Settings) -> list[Assignment]:
            return [(name, rewrite(name[len(moving.name) :], e)) for name, e in entry.update(moving, settings)]

        def shared_rewritten(settings: Settings) -> list[Assignment]:
            assert shared is not None
            return [(name, rewrite(name, e)) for name, e in shared(settings)]

        return entry._replace(update=update, shared=None if shared is None else shared_rewritten), settings

    return step(alter)


def exchanged(*pairs: tuple[Expression, Expression]) -> Alter:
    """The second expression of each pair where the first one belongs."""
    other: dict[Expression, Expression] = dict(pairs)
    return rewritten(lambda name, e: substitute(e, lambda node: other.get(node)))


def swapped(one: Expression, two: Expression) -> Alter:
    """Each of the two expressions where the other one belongs."""
    return exchanged((one, two), (two, one))


def weights_swapped(name: str) -> Alter:
    """1 − β where β belongs, and the reverse, in the averages that weigh the new with 1 − β."""
    kept, new = setting(name), 1 - setting(name)
    other: dict[Expression, Expression] = {kept: new, new: kept}

    def rewrite(name: str, e: Expression) -> Expression:
        is_average = name.endswith(".next") and new in walk(e)
        return substitute(e, lambda node: other.get(node)) if is_average else e

    return rewritten(rewrite)


# --- rewriting ----------------------------------------------------------------------------------------------------


def _each(change: Callable[[Apply], Expression | None]) -> Rewrite:
    return lambda name, e: substitute(e, lambda node: change(node) if isinstance(node, Apply) else None)


def _unrooted(node: Apply) -> Expression | None:
    return node.args[0] if node.op == "sqrt" else None


def _plain(name: str, e: Expression) -> Expression:
    """The gradient itself where its square belongs, in an equation of the state."""
    two = Const(2)
    if not name.endswith(".next") or name == ".next":
        return e
    return substitute(e, lambda node: node.args[0] if isinstance(node, Apply) and node.args[1:] == (two,) else None)


def _forgetful(name: str, e: Expression) -> Expression:
    """The equation of a state without the old state."""
    state = name.removesuffix(".next")

    def old(node: Expression) -> bool:
        return any(isinstance(inner, Name) and inner.id.endswith(state) for inner in walk(node))

    if not name.endswith(".next") or not state or not isinstance(e, Apply) or not old(e.args[0]):
        return e
    return -e.args[1] if e.op == "subtract" else e.args[1]


def _decoupled(entry: Optimizer, settings: Settings) -> Altered:
    if settings.get("momentum") == 0:
        return entry, settings  # plain gradient descent: the same numbers

    def update(moving: Moving, settings: Settings) -> list[Assignment]:
        *equations, (name, moved) = entry.update(moving, settings)
        if settings["weight_decay"] == 0:
            return [*equations, (name, moved)]
        return [*equations, (name, moved - LEARNING_RATE * setting("weight_decay") * moving.value)]

    return entry._replace(decoupled=True, update=update), settings


# --- variants that several optimizers have ---------------------------------------------------------------------------

NO_DECAY = Variant("weight_decay", "weight decay is left out", with_settings(weight_decay=0))
COMMON = (NO_DECAY, Variant("clip", "the gradient is not clipped", with_settings(clip=None, clip_by=None)))
COUPLED = (
    *COMMON,
    Variant("decoupled", "weight decay is taken off the parameter itself, not added to its gradient", step(_decoupled)),
)
ROOT = Variant("root", "the root is left out of what the step is divided by", rewritten(_each(_unrooted)))
SQUARE = Variant("square", "the gradient is taken where its square belongs", rewritten(_plain))
FORGETFUL = Variant("state", "what earlier steps left is not carried on", rewritten(_forgetful))
EPSILON = (
    Variant("epsilon", "ε stands inside the root", with_settings(epsilon_inside=True), "ε inside the root"),
    Variant("epsilon", "ε stands behind the root", with_settings(epsilon_inside=False), "ε behind the root"),
)
DIVIDED = (ROOT, SQUARE, FORGETFUL, *EPSILON)
