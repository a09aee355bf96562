"""`optimizer` in the file: its settings, clipping, schedule and state; and what is carried from step to step."""

from __future__ import annotations

from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any

from nncalc.catalogue.index import OPTIMIZERS
from nncalc.catalogue.operation import Option, Shape, dimensions
from nncalc.catalogue.optimizer import CORRECTED, FURTHER, Optimizer
from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.schedule import SCHEDULES
from nncalc.engine.descend import setting_names, state_shapes
from nncalc.engine.trace import Trace
from nncalc.errors import ProblemError, did_you_mean
from nncalc.language.expression import Setting
from nncalc.problem.arrays import to_array
from nncalc.problem.problem import Problem
from nncalc.problem.schema import kind, named, options, wrong
from nncalc.problem.source import shown
from nncalc.problem.tree import Mapping, Value, path_of

LIMITS = (
    Option("value", None, "what no entry of a gradient is to pass", above=0, number=True),
    Option("norm", None, "what the norm of all gradients is not to pass", above=0, number=True),
)


def read_optimizer(value: Value | None, problem: Problem, folder: Path | None) -> Problem:
    """The problem with its optimizer, `sgd` where the file names none. Raises ProblemError with the place."""
    known = tuple(name for names in OPTIMIZERS.values() for name in names)
    name, stated = ("sgd", None) if value is None else named(value, "an optimizer", known, "'optimizer: sgd'")
    entry = optimizer(name)
    assert entry is not None
    settings = entry.defaults | options(stated, entry.options, [option.name for option in FURTHER])
    state: dict[str, Any] = {}
    if stated is not None:
        settings |= _clip(stated.get("clip")) | _schedule(stated.get("schedule"))
        state = _state(stated.get("state"), entry, problem, folder)
        _check_needs(entry, settings, stated)
    return problem._replace(optimizer=entry, settings=settings, state=state, optimizer_stated=value is not None)


def _check_needs(entry: Optimizer, settings: dict[str, Setting], stated: Mapping) -> None:
    for one, other in entry.needs:
        if settings[one] and not settings[other]:
            raise wrong(stated.entries[one], f"{one} needs {other}", f"found no {other}, expected '{other}: 0.9', say")


def _clip(value: Value | None) -> dict[str, Setting]:
    if value is None:
        return {}
    names = " or ".join(f"'{option.name}: 1'" for option in LIMITS)
    if not isinstance(value, Mapping) or len(value) != 1:
        found = f"{len(value)} keys" if isinstance(value, Mapping) else kind(value)
        raise wrong(value, "'clip' is a value or a norm", f"found {found}, expected {names}")
    ((name, bound),) = options(value, LIMITS).items()
    return {"clip": bound, "clip_by": name}


def _schedule(value: Value | None) -> dict[str, Setting]:
    if value is None:
        return {}
    name, stated = named(value, "a schedule", [schedule.name for schedule in SCHEDULES], "'exponential: {factor: 0.9}'")
    schedule = next(schedule for schedule in SCHEDULES if schedule.name == name)
    defaults = {option.name: option.default for option in schedule.options}
    return {"schedule": name, **defaults, **options(stated, schedule.options)}


def _state(value: Value | None, entry: Optimizer, problem: Problem, folder: Path | None) -> dict[str, Any]:
    """`{W1: {m: …, v: …}}` as W1.m and W1.v; what is worked out anew at each step (mhat) is read and not kept."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(value, "'state' is a parameter's name and its arrays", f"found {kind(value)}")
    import numpy as np

    parameters = {name: problem.shapes[name] for name in problem.forward.parameters}
    found: dict[str, Any] = {}
    for name, inner in value.entries.items():
        if name not in parameters:
            message = f"there is no parameter '{shown(name)}'"
            raise _unknown(value, name, message, "under 'state'", did_you_mean(name, tuple(parameters)))
        letters = (*entry.state, *(CORRECTED if "m" in entry.state else ()))
        if not isinstance(inner, Mapping):
            raise wrong(inner, f"the state of {name} is {_listed(letters)}", f"found {kind(inner)}")
        for letter, array in inner.entries.items():
            if letter not in letters:
                label = f"expected {_listed(letters)}"
                raise _unknown(inner, letter, f"{entry.name} has no state '{shown(letter)}'", label)
            start = to_array(array, folder, what=path_of(name, letter))
            if start.shape not in ((), parameters[name]):
                label = f"found {dimensions(start.shape)}, expected {dimensions(parameters[name])} as {name} has"
                raise wrong(array, f"{name}.{letter} has the wrong shape", label)
            if letter in entry.state:
                found[f"{name}.{letter}"] = np.broadcast_to(start, parameters[name]).copy()
    return found


def _unknown(mapping: Mapping, key: str, message: str, label: str, hint: str = "") -> ProblemError:
    """An error about a key of a mapping."""
    path, place = path_of(mapping.key, shown(key)), mapping.key_place(key)
    return ProblemError(message, label=label, hint=hint, key=path, place=place)


def _listed(letters: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(letters[:-1]), letters[-1])))


# --- values that the equations of a step begin with -------------------------------------------------------------------


def setting_values(problem: Problem, iteration: int = 1) -> dict[str, Any]:
    """The optimizer's settings as equations name them; `optimizer.t` is the number of this step."""
    import numpy as np

    if problem.optimizer is None:
        return {}
    found = {}
    for name, key in setting_names(problem.optimizer, problem.settings).items():
        value = problem.settings.get(key)
        if isinstance(value, (int, float)):
            found[name] = np.asarray(value + iteration if key == "t" else value, dtype=np.float64)
    return found


def start_values(problem: Problem) -> dict[str, Any]:
    """What the optimizer carries, as the first step finds it: from the file, else 0."""
    import numpy as np

    numbers = {
        before: np.asarray(start(dict(problem.settings)), dtype=np.float64) for before, _, start in _carried(problem)
    }
    zeros = {name: np.zeros(shape) for name, shape in _state_shapes(problem).items()}
    return {**numbers, **zeros, **problem.state}


def carried_on(problem: Problem, trace: Trace) -> dict[str, Any]:
    """What the optimizer carries, as the next step finds it: of every name that has been worked out anew."""
    after = {f"{name}.next": name for name in _state_shapes(problem)}
    after.update({later: before for before, later, _ in _carried(problem)})
    return {after[step.name]: step.value for step in trace.phase("update") if step.name in after}


def optimizer_state(trace: Trace) -> dict[str, dict[str, Any]]:
    """Each parameter's state behind the step, {"W1": {"m": …, "mhat": …}}, with what was corrected of it."""
    found: dict[str, dict[str, Any]] = {}
    for step in trace.phase("update"):
        name, _, letter = step.name.removesuffix(".next").rpartition(".")
        if name in trace.program.parameters and (step.name.endswith(".next") or letter in CORRECTED):
            found.setdefault(name, {})[letter] = step.value
    return found


def setting_shapes(problem: Problem) -> dict[str, Shape]:
    """The shapes of the optimizer's settings, numbers, and of its state."""
    if problem.optimizer is None:
        return {}
    return {**dict.fromkeys(setting_names(problem.optimizer, problem.settings), ()), **_state_shapes(problem)}


def state_names(problem: Problem) -> frozenset[str]:
    """The names of what the optimizer carries from step to step: `W1.m`."""
    return frozenset(_state_shapes(problem)) | {before for before, _, _ in _carried(problem)}


def _carried(problem: Problem) -> tuple[tuple[str, str, Any], ...]:
    return () if problem.optimizer is None else problem.optimizer.carried


def _state_shapes(problem: Problem) -> Map[str, Shape]:
    if problem.optimizer is None:
        return {}
    parameters = [name for name in problem.forward.parameters if name in problem.values]
    return state_shapes(problem.optimizer, {name: problem.shapes[name] for name in parameters})
