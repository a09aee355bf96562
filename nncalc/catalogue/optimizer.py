"""What an optimizer's entry holds: its settings, and a parameter's update as equations.

The step of a parameter is put together here from what all optimizers share (clipping, the sign of `maximize`, weight
decay) and the entry's own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from nncalc.catalogue.operation import Option
from nncalc.catalogue.schedule import scheduled_rate
from nncalc.language.expression import Apply, Const, Expression, Name, Setting, call, walk

Settings = dict[str, Setting]
Assignment = tuple[str, Expression]

LEARNING_RATE = Name("learning_rate")
# What PyTorch's clip_grad_norm_ adds to the norm, so that a gradient of 0 can be divided by it.
CLIP_EPSILON = 1e-6


class Moving(NamedTuple):
    """A parameter about to be moved.

    gradient: as the step uses it, clipped, with its sign and with weight decay; a name, minus a name, or more.
    helper: the name for an equation that the step needs beside those of the state.
    """

    name: str
    gradient: Expression
    helper: str

    @property
    def value(self) -> Name:
        return Name(self.name)

    def state(self, letter: str) -> Name:
        """The optimizer's state before the step: W1.m."""
        return Name(f"{self.name}.{letter}")

    def new(self, letter: str) -> Name:
        """The state after the step, W1.m.next; of a corrected one, which is worked out anew each time, W1.mhat."""
        return Name(f"{self.name}.{letter}{'' if letter in CORRECTED else '.next'}")

    def to(self, expression: Expression) -> Assignment:
        """The equation of the moved parameter itself."""
        return f"{self.name}.next", expression


CORRECTED = ("mhat", "vhat")


class Variant(NamedTuple):
    """A mistake in an optimizer's step, or another convention of it.

    kind, says, convention: as of a Mistake. alter(entry, settings): the optimizer and the settings whose step it is,
    to be given to `descend` in their place; None where it would be the same step. Its equations have the names of the
    right ones, some of which may not be there (`W1.mhat` without bias correction); those that differ are the mistake.
    """

    kind: str
    says: str
    alter: Callable[[Optimizer, dict[str, Setting]], tuple[Optimizer, dict[str, Setting]] | None]
    convention: str = ""


class Optimizer(NamedTuple):
    """An optimizer: update(moving, settings) gives the equations of one parameter's step, `NAME.next` last.

    Settings appear in them as `learning_rate` and `optimizer.NAME`; those at a value that changes nothing are left
    out of the text (`weight_decay` 0).
    state: the letters of what is carried from step to step, 0 at the start. decoupled: weight decay is the update's
    own affair and is not added to the gradient. shared: equations that all parameters use, and carried: numbers among
    them that go on to the next step, (the name before, the name after, its value when t steps are done).
    needs: a setting that means nothing without another one. shown: settings that `explain` shows the step with.
    notes: where textbooks and frameworks differ. variants: what people compute as its step, for `check`.
    """

    name: str
    options: tuple[Option, ...]
    update: Callable[[Moving, Settings], list[Assignment]]
    meaning: str
    source: str
    state: tuple[str, ...] = ()
    decoupled: bool = False
    shared: Callable[[Settings], list[Assignment]] | None = None
    carried: tuple[tuple[str, str, Callable[[Settings], float]], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    shown: tuple[Settings, ...] = ()
    notes: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()

    @property
    def defaults(self) -> Settings:
        return {option.name: option.default for option in self.options}


def setting(name: str) -> Name:
    """An optimizer's setting, as equations name it."""
    return LEARNING_RATE if name == "learning_rate" else Name(f"optimizer.{name}")


# --- settings that several optimizers have ----------------------------------------------------------------------------


def learning_rate(default: float) -> Option:
    return Option("learning_rate", default, "the size of a step, η", above=0)


def epsilon(default: float) -> Option:
    return Option("epsilon", default, "ε, which keeps the divisor away from 0", at_least=0)


def common(
    weight_decay: float = 0, decay: str = "λ: λ times the parameter is added to its gradient"
) -> tuple[Option, ...]:
    """The settings that every optimizer ends with."""
    return (
        Option("weight_decay", weight_decay, decay, at_least=0),
        Option("maximize", False, "whether the loss is to grow: the gradient's sign is turned"),
        Option("t", 0, "how many steps have been taken before the first one", at_least=0, whole=True),
    )


EPSILON_INSIDE = Option("epsilon_inside", False, "whether ε stands inside the root, √(v + ε), not behind it, √v + ε")
# What every optimizer has beside numbers and words; the file's reader knows their form.
FURTHER = (
    Option("clip", None, "{value: c}: each entry of a gradient between −c and c; {norm: c}: all gradients together no "
           "longer than c"),
    Option("schedule", None, "how the learning rate changes: {step: {every: 10, factor: 0.1}}, {exponential: "
           "{factor: 0.9}}, {cosine: {steps: 100, floor: 0}}, {inverse: {decay: 0.1}}, {warmup: {steps: 10}}"),
    Option("state", None, "what the optimizer carries at the start, 0 where nothing is given: {W1: {NAME: …}}"),
)  # fmt: skip


# --- the equations of a step ------------------------------------------------------------------------------------------


def step_of(entry: Optimizer, name: str, settings: Settings, taken: Collection[str] = ()) -> list[Assignment]:
    """The equations of one parameter's step. taken: names that no helper may have."""
    helpers = _Helpers(name, taken)
    found: list[Assignment] = []
    gradient: Expression = Name(f"{name}.grad")
    if settings.get("clip") is not None:
        found.append((helpers.take(), _clipped(gradient, settings)))
        gradient = Name(found[-1][0])
    source = gradient
    if settings.get("maximize"):
        gradient = -gradient
    if settings["weight_decay"] != 0 and not entry.decoupled:
        decay = setting("weight_decay") * Name(name)
        gradient = plus(decay, gradient) if is_negative(gradient) else gradient + decay
        once = entry.update(Moving(name, gradient, helpers.next), settings)
        uses = sum(node == source for _, expression in once for node in walk(expression))
        if uses > 1:
            found.append((helpers.take(), gradient))
            gradient = Name(found[-1][0])
    return [*found, *entry.update(Moving(name, gradient, helpers.next), settings)]


def shared_step(entry: Optimizer, settings: Settings, parameters: Iterable[str]) -> list[Assignment]:
    """The equations that the steps of all parameters use: the learning rate's, the norm's, and the entry's own."""
    found: list[Assignment] = []
    if settings.get("schedule") is not None:
        found.append((LEARNING_RATE.id, scheduled_rate(settings)))
    squares = [call.sum(Name(f"{name}.grad") ** 2) for name in parameters]
    if settings.get("clip_by") == "norm" and squares:
        total: Expression = squares[0]
        for square in squares[1:]:
            total = total + square
        norm, scale = setting("norm"), setting("scale")
        found.append((norm.id, call.sqrt(total)))
        found.append((scale.id, call.min(1, setting("clip") / (norm + CLIP_EPSILON))))
    return [*found, *(entry.shared(settings) if entry.shared is not None else ())]


def _clipped(gradient: Expression, settings: Settings) -> Expression:
    if settings["clip_by"] == "norm":
        return setting("scale") * gradient
    bound = settings["clip"]
    assert isinstance(bound, (int, float))
    return call.clip(gradient, low=-bound, high=bound)


class _Helpers:
    """NAME_1, NAME_2, …: names of a parameter's further equations that nothing else has."""

    def __init__(self, name: str, taken: Collection[str]) -> None:
        self.name, self.taken, self.number = name, taken, 0

    @property
    def next(self) -> str:
        number = self.number + 1
        while f"{self.name}_{number}" in self.taken:
            number += 1
        return f"{self.name}_{number}"

    def take(self) -> str:
        name = self.next
        self.number = int(name.rpartition("_")[2])
        return name


# --- a gradient's sign goes to where it reads best --------------------------------------------------------------------


def _itself(e: Expression) -> Expression:
    return e


def is_negative(e: Expression) -> bool:
    """Whether a minus stands in front."""
    return isinstance(e, Apply) and e.op == "negative"


def plus(a: Expression, g: Expression, term: Callable[[Expression], Expression] = _itself) -> Expression:
    """a + term(g), where term is linear: a − term(h) for g = −h."""
    return a - term(g.args[0]) if isinstance(g, Apply) and is_negative(g) else a + term(g)


def minus(a: Expression, g: Expression, term: Callable[[Expression], Expression] = _itself) -> Expression:
    """a − term(g), where term is linear: a + term(h) for g = −h."""
    return a + term(g.args[0]) if isinstance(g, Apply) and is_negative(g) else a - term(g)


def square(g: Expression) -> Expression:
    """g², without a minus."""
    return (g.args[0] if isinstance(g, Apply) and is_negative(g) else g) ** Const(2)


def root(e: Expression, settings: Settings) -> Expression:
    """√e with ε behind or inside it; √e alone where ε is 0."""
    if settings["epsilon"] == 0:
        return call.sqrt(e)
    return call.sqrt(e + setting("epsilon")) if settings["epsilon_inside"] else call.sqrt(e) + setting("epsilon")
