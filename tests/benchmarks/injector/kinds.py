"""The kinds of problems, by name: each makes an exercise from random numbers."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.injector import attention, convolution, expressions, lstm, networks
from tests.benchmarks.injector.student import Exercise
from tests.benchmarks.injector.writing import Random

KINDS: dict[str, Callable[[Random], Exercise]] = {
    "mlp": networks.mlp,
    "batch": networks.batch,
    "softmax": networks.softmax,
    "conv": convolution.conv,
    "lstm": lstm.lstm,
    "attention": attention.attention,
    "adam": networks.adam,
    "expression": expressions.expression,
}
