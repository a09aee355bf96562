"""Training on the screen and as JSON: an epoch's line, the loss curve, how it ended."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, log10
from typing import Any

from nncalc.problem.training import Epoch, Score, Training
from nncalc.views.line import Line, padded, width_of
from nncalc.views.numbers import number

BLOCKS = " ▁▂▃▄▅▆▇█"
HEIGHT = 8
MOST_CLASSES = 10
# Where the largest loss is so many times the smallest, the curve is drawn over its logarithm.
LOGARITHMIC_FROM = 50


def epoch_object(epoch: Epoch, title: str) -> dict[str, Any]:
    """One line of `train --json`, FORMAT.md, section 3."""
    found: dict[str, Any] = {"nncalc": 1, "command": "train", **({"title": title} if title else {})}
    found |= {"epoch": epoch.number, "steps": epoch.steps, "seconds": epoch.seconds, **_score(epoch.score)}
    if epoch.validation is not None:
        found["validation"] = _score(epoch.validation)
    return found


def _score(score: Score) -> dict[str, float]:
    return {"loss": score.loss} | ({} if score.accuracy is None else {"accuracy": score.accuracy})


def epoch_text(epoch: Epoch, digits: int) -> str:
    """`loss 0.0312, accuracy 98.5 %; held out: loss 0.05, accuracy 97 %`."""
    text = _score_text(epoch.score, digits)
    return text if epoch.validation is None else f"{text}; held out: {_score_text(epoch.validation, digits)}"


def _score_text(score: Score, digits: int) -> str:
    text = f"loss {number(score.loss, digits)}"
    return text if score.accuracy is None else f"{text}, accuracy {number(100 * score.accuracy, 2)} %"


def training_view(training: Training, *, width: int, digits: int) -> list[Line]:
    """The loss curve, the last epoch's scores, and how the training ended."""
    lines: list[Line] = []
    epochs = training.epochs
    if epochs:
        lines += [*loss_curve([epoch.score.loss for epoch in epochs], width, digits), []]
        last = epochs[-1]
        steps = f"{last.steps} step{'s' if last.steps > 1 else ''}, {number(last.seconds, 2)} s"
        text = f"epoch {last.number} ({steps}): {epoch_text(last, digits)}"
        lines += [[(part, "")] for part in textwrap.wrap(text, width, subsequent_indent="  ")]
    return [*lines, *[[(part, "wrong")] for part in ending(training, width)]]


def missing_text(classes: Sequence[int], held_out: bool) -> str:
    """That nothing can be learned of these classes, since no example is of them."""
    named = [str(number) for number in classes[:MOST_CLASSES]]
    if len(classes) > MOST_CLASSES:
        named.append(f"{len(classes) - MOST_CLASSES} more")
    listed = f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else named[0]
    # of those held out, one may well be
    which = "no example to learn from" if held_out else "no example"
    return f"{which} is of class {listed}: nothing can be learned of {'it' if len(named) == 1 else 'them'}"


def ending(training: Training, width: int) -> list[str]:
    """What is to be said when not all of the epochs were run."""
    text = ""
    if training.diverged is not None:
        size = "not a number" if training.diverged.loss != training.diverged.loss else "infinite"
        text = f"the loss stopped being finite at step {training.diverged.step}: it is {size}. "
        text += "The last finite weights are kept"
    elif training.stopped:
        waited = f"{training.patience} epochs" if training.patience != 1 else "an epoch"
        text = (
            f"stopped early: no better loss for {waited}. The weights are those of the best one, epoch {training.best}"
        )
    return textwrap.wrap(text, width, subsequent_indent="  ")


def loss_curve(losses: Sequence[float], width: int, digits: int) -> list[Line]:
    """The loss over the epochs as columns of blocks, with its largest and smallest value beside them."""
    finite = [loss for loss in losses if isfinite(loss)]
    if len(finite) < 2:
        return []
    high, low = max(finite), min(finite)
    labels = [number(high, digits), number(low, digits)]
    margin = max(map(width_of, labels)) + 1
    columns = _columns(finite, max(min(width - margin - 1, 100), 8))
    is_log = low > 0 and high > LOGARITHMIC_FROM * low
    scaled = [log10(v) if is_log else v for v in columns]
    bottom, top = min(scaled), max(scaled)
    heights = [round((v - bottom) / (top - bottom) * (8 * HEIGHT - 1)) + 1 if top > bottom else 4 for v in scaled]
    lines: list[Line] = [[("loss" + (", logarithmic" if is_log else ""), "dim")]]
    for row in range(HEIGHT - 1, -1, -1):
        label = labels[0] if row == HEIGHT - 1 else labels[1] if row == 0 else ""
        cells = "".join(BLOCKS[min(max(h - 8 * row, 0), 8)] for h in heights)
        lines.append([(padded(label, margin), "dim"), (cells.rstrip(), "")])
    ends = f"1{str(len(losses)).rjust(len(columns) - 1)}"
    return [*lines, [(" " * margin + ends + " epochs" * (margin + len(columns) + 7 <= width), "dim")]]


def _columns(values: Sequence[float], most: int) -> list[float]:
    """At most so many values, each the mean of its share of them."""
    if len(values) <= most:
        return list(values)
    bounds = [round(i * len(values) / most) for i in range(most + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(bounds)]
