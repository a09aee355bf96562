"""Schedules: the learning rate as an expression of the initial one and the number of the optimizer's step.

They count steps already taken, `optimizer.t − 1`, as PyTorch's schedulers do, so that the first step has the rate as
given; only `warmup`, whose first rate would be 0, counts the step itself.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import NamedTuple

from nncalc.catalogue.operation import Option
from nncalc.language.expression import Const, Expression, Name, Setting, call

INITIAL = Name("optimizer.learning_rate")
NUMBER = Name("optimizer.t")


class Schedule(NamedTuple):
    """A schedule: rate(settings) is the learning rate of step number `optimizer.t`."""

    name: str
    options: tuple[Option, ...]
    rate: Callable[[dict[str, Setting]], Expression]
    meaning: str
    source: str


def scheduled_rate(settings: dict[str, Setting]) -> Expression:
    """The learning rate by the schedule that the optimizer's settings name."""
    return next(schedule for schedule in SCHEDULES if schedule.name == settings["schedule"]).rate(settings)


def _setting(name: str) -> Name:
    return Name(f"optimizer.{name}")


def _step(settings: dict[str, Setting]) -> Expression:
    return INITIAL * _setting("factor") ** call.floor((NUMBER - 1) / _setting("every"))


def _exponential(settings: dict[str, Setting]) -> Expression:
    return INITIAL * _setting("factor") ** (NUMBER - 1)


def _cosine(settings: dict[str, Setting]) -> Expression:
    wave = 1 + call.cos(Const(pi) * (NUMBER - 1) / _setting("steps"))
    if settings["floor"] == 0:
        return INITIAL * wave / 2
    return _setting("floor") + (INITIAL - _setting("floor")) * wave / 2


def _inverse(settings: dict[str, Setting]) -> Expression:
    return INITIAL / (1 + _setting("decay") * (NUMBER - 1))


def _warmup(settings: dict[str, Setting]) -> Expression:
    return INITIAL * call.min(1, NUMBER / _setting("steps"))


PYTORCH = "PyTorch documentation, torch.optim.lr_scheduler.{}"
SCHEDULES = (
    Schedule(
        "step",
        (
            Option("every", 10, "after how many steps the rate drops", at_least=1, whole=True),
            Option("factor", 0.1, "what it is multiplied by then", above=0),
        ),
        _step,
        "times the factor after every so many steps",
        PYTORCH.format("StepLR"),
    ),
    Schedule(
        "exponential",
        (Option("factor", 0.9, "what the rate is multiplied by after each step", above=0),),
        _exponential,
        "times the factor after each step",
        PYTORCH.format("ExponentialLR"),
    ),
    Schedule(
        "cosine",
        (
            Option("steps", 100, "after how many steps the rate is at its lowest", at_least=1, whole=True),
            Option("floor", 0, "the lowest rate", at_least=0),
        ),
        _cosine,
        "half a wave of the cosine down to the floor; behind it, up again",
        PYTORCH.format("CosineAnnealingLR"),
    ),
    Schedule(
        "inverse",
        (Option("decay", 0.1, "how fast the rate falls", at_least=0),),
        _inverse,
        "divided by more with each step: 1 + decay times the steps already taken",
        "Robbins and Monro, A Stochastic Approximation Method, 1951",
    ),
    Schedule(
        "warmup",
        (Option("steps", 10, "in how many steps the rate grows to its full size", at_least=1, whole=True),),
        _warmup,
        "in equal parts up to the full rate, reached at the last of the steps",
        "Goyal et al., Accurate, Large Minibatch SGD, 2017, section 2.2",
    ),
)
