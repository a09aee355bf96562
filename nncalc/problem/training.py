"""Training: many epochs over a problem's examples, on compiled steps.

Batches are drawn anew each epoch from the seed. What the compiled code can't do, the evaluator does; a loss that is
not finite ends the training with the last finite parameters.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from nncalc.engine.compile import Compiled, compile_program
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import infer
from nncalc.errors import NncalcError, UsageError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Name
from nncalc.problem.inference import in_inference
from nncalc.problem.optimizing import setting_shapes, setting_values, start_values
from nncalc.problem.outcome import counts
from nncalc.problem.problem import Problem
from nncalc.problem.work import no_loss, part_of, program_of

STEP = "optimizer.t"
NO_BATCH = "The equations of this problem are those of one example."


class Score(NamedTuple):
    """loss: the mean over batches or examples; accuracy: the share classified right, with classes."""

    loss: float
    accuracy: float | None = None


class Epoch(NamedTuple):
    """One pass over the examples; steps and seconds count from the start."""

    number: int
    steps: int
    seconds: float
    score: Score
    validation: Score | None = None


class Divergence(NamedTuple):
    """The step at which the loss stopped being finite, and what it was."""

    step: int
    loss: float


def _averages(problem: Problem) -> list[str]:
    """The names of the running averages that a step works out anew."""
    return [equation.name.removesuffix(".next") for equation in problem.updates]


class Training:
    """A run. parameters: as they are now, by name, and with them batch norm's running averages.

    diverged: set when the loss has stopped being finite; then the parameters are the last finite ones. stopped: by
    patience, before the last epoch; then they are those of the best epoch, best. Its loss is that of the examples held
    out. Without any, and all examples a batch, it is the loss that the epoch begins with, and so are its parameters.
    """

    def __init__(
        self,
        problem: Problem,
        batch_size: int | None = None,
        seed: int = 0,
        validation: float = 0.0,
        patience: int | None = None,
    ) -> None:
        import numpy as np

        if problem.forward.loss is None:
            raise no_loss(problem)
        self.problem, self.patience = problem, patience
        self._random = np.random.default_rng(seed)
        self._train, self._held_out = self._split(validation)
        self._rows = len(self._train)
        size = self._rows if batch_size is None else min(batch_size, max(self._rows, 1))
        self._size = size
        self._values: dict[str, Any] = {**start_values(problem), **problem.values, **setting_values(problem)}
        self._programs: dict[int, tuple[Program, Compiled]] = {}
        self.parameters = {
            name: np.array(problem.values[name], dtype=np.float64)
            for name in (*problem.forward.parameters, *_averages(problem))
            if name in problem.values
        }
        if problem.updates and self._rows:
            # a last batch that is too small for statistics of its own is told of before the first step
            program_of(self._part(self._train[: self._rows % size or size]), "update")
        self.steps = 0
        self.diverged: Divergence | None = None
        self.stopped = False
        self.best = 0
        self.epochs: list[Epoch] = []
        self._finite: dict[str, Any] | None = None

    # --- examples -----------------------------------------------------------------------------------------------------

    def _split(self, share: float) -> tuple[Any, Any]:
        """The rows to learn from and those held out, each in the file's order."""
        import numpy as np

        problem = self.problem
        names = [name for name in problem.values if name in problem.examples]
        self._data = tuple(names)
        count = len(problem.values[names[0]]) if names else 0
        held = round(count * share)
        if share and not names:
            raise UsageError("--validation needs a batch", hint=NO_BATCH)
        if share and not 0 < held < count:
            left = "none to learn from" if held else "nothing to check on"
            raise UsageError(
                f"--validation {share:g} of {count} examples leaves {left}",
                hint="It is the share of the examples that is held out, such as 0.2.",
            )
        order = self._random.permutation(count) if held else np.arange(count)
        return np.sort(order[held:]), np.sort(order[:held])

    def _batches(self) -> list[Any]:
        """The rows of each batch of an epoch; all rows, as they stand, where they are one batch."""
        if not self._data or self._size >= self._rows:
            return [self._train]
        order = self._random.permutation(self._train)
        batches = [order[i : i + self._size] for i in range(0, self._rows, self._size)]
        if self.problem.classes is None or self.problem.forward.labels[0] not in self._data:
            return batches
        # where no example counts the mean is one over nothing, 0 / 0, and there is nothing to learn
        target = self.problem.values[self.problem.forward.labels[0]]
        return [rows for rows in batches if counts(target[rows]).any()] or batches

    def _part(self, rows: Any) -> Problem:
        return part_of(self.problem, rows) if self._data else self.problem

    @property
    def has_examples(self) -> bool:
        """Whether there are several examples, or one as a batch."""
        return bool(self._data)

    def missing_classes(self) -> list[int]:
        """The classes, as the file calls them, that none of the examples to learn from is of."""
        classes, labels = self.problem.classes, self.problem.forward.labels
        if classes is None or not labels or labels[0] not in self._data:
            return []
        target = self.problem.values[labels[0]][self._train]
        there = (target > 0).any(axis=tuple(range(target.ndim - 1)))
        return [i + classes.base for i in range(classes.size) if not there[i]]

    # --- the epochs ---------------------------------------------------------------------------------------------------

    def run(self, epochs: int) -> Iterator[Epoch]:
        """Epoch after epoch, until the last, a divergence or the end of patience."""
        started = time.perf_counter()
        # all of the examples are looked at before any is learned from: labels that are no distribution show here
        self._score(self._train)
        lowest, kept = math.inf, self.parameters
        for number in range(1, epochs + 1):
            before = dict(self.parameters)
            score = self._epoch()
            if score is None:
                return
            held_out = self._score(self._held_out) if len(self._held_out) else None
            epoch = Epoch(number, self.steps, time.perf_counter() - started, score, held_out)
            self.epochs.append(epoch)
            yield epoch
            if self.patience is None:
                continue
            watched = (held_out or score).loss
            if watched < lowest or not self.best:
                lowest, self.best = watched, number
                kept = before if held_out is None and self._size >= self._rows else dict(self.parameters)
            elif number - self.best >= self.patience:
                self.parameters, self.stopped = kept, True
                return

    def _epoch(self) -> Score | None:
        """The score of one pass over the examples; None where the loss stopped being finite."""
        batches = self._batches()
        losses: list[float] = []
        right = seen = 0
        for size, group in itertools.groupby(batches, key=len):
            rows = list(group)
            results = self._steps(size, rows)
            if self._watched() is None:
                losses += results
            else:
                losses += [loss for loss, _ in results]
                for batch, (_, prediction) in zip(rows, results, strict=False):
                    hits = self._hits(batch, prediction)
                    right, seen = right + int(hits.sum()), seen + hits.size
            if self.diverged is not None:
                return None
        return Score(sum(losses) / len(losses), right / seen if seen else None)

    def _steps(self, size: int, batches: list[Any]) -> list[Any]:
        """A step on each of the batches, all of one size; fewer where the loss stops being finite.

        Gives the loss of each; where classes are counted, the loss and the prediction.
        """
        program, compiled = self._compiled(size, batches[0])
        given = [tuple(self.problem.values[name][rows] for name in compiled.plan.data) for rows in batches]
        packed = [compiled.pack(data) for data in given]
        results: list[Any] = []
        before = {name: value.copy() for name, value in self.parameters.items()}, dict(self._values)
        self._load(compiled)
        while len(results) < len(batches):
            try:
                found = compiled.run(packed[len(results) :])
            finally:
                self._store(compiled)
            results += found
            self.steps += len(found)
            if len(results) < len(batches):
                result = self._evaluated(program, compiled, given[len(results)])
                if result is None:
                    break
                results.append(result)
                self._load(compiled)
        if not self._is_finite():
            # the loss may take another step to show it; these are then the weights to keep
            self._finite = self._finite or self._last_finite(compiled, packed, before)
            if self.diverged is not None:
                self.parameters = self._finite
        return results

    def _watched(self) -> str | None:
        """The name of the prediction, where classes are to be counted as right or wrong."""
        return self.problem.forward.prediction if self.problem.classes is not None else None

    def _compiled(self, size: int, rows: Any) -> tuple[Program, Compiled]:
        if size not in self._programs:
            part = self._part(rows)
            program = program_of(part, "update")
            values = {**self._values, **self._rows_of(rows)}
            used = {name for equation in program.equations for name in equation.inputs}
            if STEP in used:
                program = program._replace(
                    equations=(*program.equations, Equation(f"{STEP}.next", Name(STEP) + 1, "update"))
                )
            prediction = self._watched()
            watch = () if prediction is None else (prediction,)
            data = tuple(name for name in self._data if name in used) if self._size < self._rows else ()
            values = {name: value for name, value in values.items() if name in used or name in self.parameters}
            try:
                compiled = compile_program(program, values, self._carried(program), data, watch)
            except NncalcError as error:
                raise part.located(error) from None
            self._programs[size] = program, compiled
        return self._programs[size]

    def _carried(self, program: Program) -> dict[str, str]:
        """What is worked out anew in a step → what it is called in the next one."""
        known = {**self._values, **self.parameters}
        carried = {f"{name}.next": name for name in known if program.named(f"{name}.next")}
        if self.problem.optimizer is not None:
            carried |= {later: before for before, later, _ in self.problem.optimizer.carried if program.named(later)}
        return carried

    def _rows_of(self, rows: Any) -> dict[str, Any]:
        return {name: self.problem.values[name][rows] for name in self._data}

    def _load(self, compiled: Compiled) -> None:
        """The state as it is now, into the arrays of the compiled steps."""
        for name, array in compiled.state.items():
            array[...] = self.parameters.get(name, self._values.get(name))

    def _store(self, compiled: Compiled) -> None:
        for name, array in compiled.state.items():
            if name in self.parameters:
                self.parameters[name] = array.copy()
            else:
                self._values[name] = array.copy()

    def _evaluated(self, program: Program, compiled: Compiled, data: tuple[Any, ...]) -> Any:
        """One step by the evaluator; None, and the last finite parameters kept, where its loss is not finite."""
        import numpy as np

        whole = {} if compiled.plan.data else self._rows_of(self._train)
        given = {**self._values, **self.parameters, **whole, **dict(zip(compiled.plan.data, data, strict=True))}
        try:
            values = evaluate(program, given).values
        except NncalcError as error:
            raise self.problem.located(error) from None
        loss = float(values[compiled.plan.watch[0]])
        if not np.isfinite(loss):
            self.diverged = Divergence(self.steps + 1, loss)
            return None
        for after, before in compiled.plan.carried:
            (self.parameters if before in self.parameters else self._values)[before] = values[after]
        self.steps += 1
        more = compiled.plan.watch[1:]
        return (loss, *(values[name] for name in more)) if more else loss

    def _is_finite(self) -> bool:
        import numpy as np

        return all(bool(np.isfinite(value).all()) for value in self.parameters.values())

    def _last_finite(
        self, compiled: Compiled, packed: list[Any], before: tuple[dict[str, Any], dict[str, Any]]
    ) -> dict[str, Any]:
        """The parameters of the last step behind which all were finite: the steps are taken again, one by one."""
        now = self.parameters, self._values
        self.parameters, self._values = before
        last = dict(self.parameters)
        for data in packed:
            self._load(compiled)
            if not compiled.run([data]):
                break
            self._store(compiled)
            if not self._is_finite():
                break
            last = dict(self.parameters)
        self.parameters, self._values = now
        return last

    # --- scores -------------------------------------------------------------------------------------------------------

    def _score(self, rows: Any) -> Score:
        """The score as it is in use: dropout and batch norm are in the mode `inference`."""
        part = self._part(rows)
        part = part._replace(forward=in_inference(part.forward, part.updates))
        try:
            # equations of the user's own may be right for all of the examples alone
            shapes = infer(part.forward, {**part.shapes, **setting_shapes(part)})
            if part.forward.loss is not None and shapes.known[part.forward.loss] != ():
                program_of(part, "backward")  # which says what is wrong with a loss that is no number
            values = evaluate(part.forward, {**self._values, **self._rows_of(rows), **self.parameters}).values
        except NncalcError as error:
            raise part.located(error) from None
        assert part.forward.loss is not None
        loss = float(values[part.forward.loss])
        if part.classes is None or part.forward.prediction is None:
            return Score(loss)
        hits = self._hits(rows, values[part.forward.prediction])
        return Score(loss, float(hits.mean()) if hits.size else None)

    def _hits(self, rows: Any, prediction: Any) -> Any:
        """Whether the largest prediction is the target's largest, for each example that counts."""
        name = self.problem.forward.labels[0]
        target = self.problem.values[name]
        if name in self._data:
            target = target[rows]
        return (prediction.argmax(axis=-1) == target.argmax(axis=-1))[counts(target)]
