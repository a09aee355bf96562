"""A problem worked out: its programs, one pass, and many steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from nncalc.catalogue.mistake import Rules
from nncalc.catalogue.operation import dimensions
from nncalc.catalogue.optimizer import CORRECTED
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes, add, infer
from nncalc.engine.trace import Trace
from nncalc.errors import NncalcError, ProblemError, ShapeError, UsageError
from nncalc.language.equation import Phase, Program
from nncalc.language.text import equation_text
from nncalc.problem.optimizing import carried_on, setting_shapes, setting_values, start_values, state_names
from nncalc.problem.problem import Problem


class Worked(NamedTuple):
    """One iteration: the problem as it then was, its record, the loss behind the step, the examples used (from 1)."""

    problem: Problem
    trace: Trace
    loss_after: float | None = None
    examples: tuple[int, ...] = ()


def program_of(problem: Problem, upto: Phase, rules: Rules | None = None) -> Program:
    """The problem's equations up to a phase, with the user's own in place of the derived ones.

    rules: gradient rules in place of the entries' own, as `differentiate` takes them.
    """
    program = problem.forward
    if upto == "forward":
        return program
    if program.loss is None:
        raise no_loss(problem)
    from nncalc.engine.descend import descend
    from nncalc.engine.differentiate import differentiate

    try:
        # not known before: a part of a batch has other shapes than the whole
        shapes = infer(program, {**problem.shapes, **setting_shapes(problem)})
        program = differentiate(program, shapes, rules or {})
        # an override may use what a later phase works out: then the whole is put together, and cut afterwards
        if upto == "update" or problem.overrides:
            assert problem.optimizer is not None
            _check_updates(problem, shapes)
            program = descend(program, shapes, problem.optimizer, dict(problem.settings), problem.frozen)
            program = program._replace(equations=(*program.equations, *problem.updates))
        if problem.overrides:
            from nncalc.problem.overrides import place_overrides

            program = place_overrides(program, problem)
            _check_shapes(program, problem)
    except NncalcError as error:
        raise problem.located(error) from None
    return program if upto == "update" else _without_updates(program)


def _check_updates(problem: Problem, shapes: Shapes) -> None:
    """Raises ShapeError for running statistics of a part of a batch that has too few examples for them."""
    for equation in problem.updates:
        try:
            add(shapes, equation)
        except ShapeError as error:
            error.hint = "A batch of one example has no variance of its own: choose another '--batch-size'."
            raise


def _without_updates(program: Program) -> Program:
    """The program without the optimizer's step, but for what the backward pass uses of it."""
    needed: set[str] = set()
    kept = []
    for equation in reversed(program.equations):
        if equation.phase != "update" or equation.name in needed:
            kept.append(equation)
            needed.update(equation.inputs)
    return program._replace(equations=tuple(reversed(kept)))


def check_overrides(problem: Problem) -> None:
    """Raises ProblemError for an override that replaces nothing or does not fit."""
    upto: Phase = "update" if problem.forward.loss is not None else "forward"
    program = program_of(problem, upto)
    from nncalc.problem.overrides import refuse_strangers

    refuse_strangers(problem, {equation.name for equation in program.equations})


def _check_shapes(program: Program, problem: Problem) -> None:
    """An override has the shape of what it stands for: W1.grad and W1.next that of W1.

    Checked equation by equation, so that it is found at the override and not where something is worked out from it.
    """
    shapes = Shapes({**problem.shapes, **setting_shapes(problem)})
    own = {equation.name for equation in problem.overrides}
    for equation in program.equations:
        add(shapes, equation)
        base, _, suffix = equation.name.rpartition(".")
        if equation.name in own and suffix.partition("_")[0] in ("grad", "next", *CORRECTED):
            found, wanted = shapes.known[equation.name], shapes.known[base]
            if found != wanted:
                raise ShapeError(
                    f"{equation.name} has the wrong shape",
                    label=f"found {dimensions(found)}, expected {dimensions(wanted)} as {base} has",
                    equation=equation_text(equation),
                )


def no_loss(problem: Problem) -> ProblemError:
    hint = "Add 'loss: l2', say, and 'labels:'."
    if problem.written:
        hint = "The last equation, or the one called 'loss', has to be one number."
    if "losses" in {equation.name for equation in problem.forward.equations}:
        hint = "'reduction: none' gives each example's loss; leave it out, or write mean or sum."
    place = None if problem.document is None else problem.document.place
    return ProblemError("there is no loss to differentiate", label="found no loss", hint=hint, key="loss", place=place)


def work(problem: Problem, upto: Phase, iteration: int = 1, values: dict[str, Any] | None = None) -> Trace:
    """One pass of the problem: forward, and as far as asked backward and through the optimizer's step."""
    start = {**start_values(problem), **problem.values, **(values or {})}
    return _evaluate(program_of(problem, upto), problem, start, iteration)


def _evaluate(program: Program, problem: Problem, values: dict[str, Any], iteration: int) -> Trace:
    own = {equation.name for equation in program.equations}
    used = {name for equation in program.equations for name in equation.inputs}
    settings = {name: value for name, value in setting_values(problem, iteration).items() if name not in own}
    # of what the optimizer carries, only what this one's equations have
    state = state_names(problem)
    given = {name: value for name, value in values.items() if name in used or name not in state} | settings
    try:
        return evaluate(program, given, iteration)
    except NncalcError as error:
        raise problem.located(error) from None


def descend_steps(problem: Problem, steps: int, batch_size: int | None = None) -> Iterator[Worked]:
    """Steps of the optimizer, one after the other; with a batch size, on the examples in the file's order."""
    if problem.forward.loss is None:
        raise no_loss(problem)
    values = {**start_values(problem), **problem.values}
    programs: dict[int, Program] = {}
    batches = _batches(problem, batch_size)
    if batch_size is not None and problem.updates:
        # a last part that is too small for statistics of its own is told of before anything is shown
        count = max((len(value) for name, value in problem.values.items() if name in problem.examples), default=0)
        for rows in islice(_batches(problem, batch_size), min(steps, count)):
            if rows is not None and len(rows) not in programs:
                programs[len(rows)] = program_of(part_of(problem, rows), "update")
    for iteration in range(1, steps + 1):
        rows = next(batches)
        part = problem if rows is None else part_of(problem, rows)
        batch = {name: part.values[name] for name in part.values if name in problem.examples}
        size = 0 if rows is None else len(rows)
        if size not in programs:
            programs[size] = program_of(part, "update")
        trace = _evaluate(programs[size], part, {**values, **batch}, iteration)
        values.update({step.name.removesuffix(".next"): step.value for step in _moved(trace)})
        values.update(carried_on(part, trace))
        settings = setting_values(part, iteration)
        after = evaluate(part.forward, {**settings, **values, **batch}).value(part.forward.loss)
        yield Worked(part, trace, float(after), () if rows is None else tuple(row + 1 for row in rows))


def _moved(trace: Trace) -> Iterator[Any]:
    for step in trace.phase("update"):
        if step.name.endswith(".next") and step.name.removesuffix(".next") in trace.given:
            yield step


def _batches(problem: Problem, size: int | None) -> Iterator[list[int] | None]:
    if size is None:
        while True:
            yield None
    names = [name for name in problem.values if name in problem.examples]
    if not names:
        raise UsageError(
            "--batch-size needs a batch",
            hint="The prediction is that of one example; a batch's is a matrix, an example a row.",
        )
    count = len(problem.values[names[0]])
    while True:
        for start in range(0, count, size):
            yield list(range(start, min(start + size, count)))


def part_of(problem: Problem, rows: list[int]) -> Problem:
    values = {
        name: value[rows] if name in problem.examples and value.ndim else value
        for name, value in problem.values.items()
    }
    classes = problem.classes
    if classes is not None and classes.numbers is not None:
        classes = classes._replace(numbers=classes.numbers[rows])
    return problem._replace(values=values, classes=classes)
