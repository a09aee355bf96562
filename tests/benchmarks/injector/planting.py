"""Which mistakes can be made on a sheet, and whether one shows: no rounding may explain it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.benchmarks.injector import slips
from tests.benchmarks.injector.rounding import Rounding
from tests.benchmarks.injector.student import Change, Exercise, Iteration, Line, Planted, Values, Work, renamed
from tests.benchmarks.injector.writing import Array, Random, pick

VALUE = frozenset({"wrong_value", "wrong_argument"})
TURNED = frozenset({"transpose"})


def plant(random: Random, exercise: Exercise, rounding: Rounding, taken: tuple[Planted, ...] = ()) -> Planted | None:
    """One mistake at a line drawn by chance, None where the draw gives none. taken: those that the sheet has."""
    iteration = int(random.integers(exercise.iterations)) + 1
    used = {(one.iteration, one.name) for one in taken}
    lines = [line for line in exercise.lines if (iteration, line.name) not in used]
    line = pick(random, *lines)
    ways = ["method", "reading", "slip", "copied", "unexplained", "turned"]
    way = random.choice(ways, p=[0.55, 0.16, 0.14, 0.1, 0.04, 0.01])
    if way == "method":
        # every line has its sign: left at that, half of all mistakes would be signs
        signs = random.random() < 0.2
        changes = [one for one in line.changes if (one.what == "sign of the whole") == signs]
        return _planted(iteration, line, pick(random, *changes)) if changes else None
    if way == "reading":
        found = list(readings(exercise, line, iteration))
        return _planted(iteration, line, pick(random, *found)) if found else None
    if way == "copied":
        return _copied(random, exercise, line, iteration)
    if way == "unexplained":
        return _unexplained(random, exercise, line, iteration)
    if way == "turned":
        kinds = frozenset({"transposed"})
        return Planted(iteration, line.name, "written transposed", kinds, turned=True)
    return slips.slip(random, exercise.exact[line.name].shape, iteration, line.name)


def alike(exercise: Exercise, planted: Planted) -> list[Planted]:
    """The same mistake at the other lines of the same sort, for one who makes it every time.

    None of a sign, which is no habit, and none that would be another convention.
    """
    # gradients of weights, all of them transposed, are the numerator's layout
    if planted.what in ("sign of the whole", "product turned round", *CONVENTIONS, *CONVENTIONS.values()):
        return []
    sort = planted.name.rpartition(".")[2] if "." in planted.name else ""
    others = [line for line in exercise.lines if line.name != planted.name and line.name.endswith(sort)]
    return [
        _planted(planted.iteration, line, one) for line in others for one in line.changes if one.what == planted.what
    ]


# Another usual convention kept to all over the sheet: the change at the loss and that at its gradient.
CONVENTIONS = {
    "the half left out": "a 2 too many",
    "a half too many": "the 2 left out",
    "1/n left out": "1/n left out",
    "1/N left out": "1/N left out",
    "the mean over the steps": "",
    "kernel flipped": "kernel flipped",
}


def conventions(exercise: Exercise) -> list[tuple[Planted, ...]]:
    """Sheets under another convention, each as the changes that it takes, in the first iteration of one alone."""
    changes = {(line.name, one.what): _planted(1, line, one) for line in exercise.lines for one in line.changes}
    found = []
    for what, behind_it in CONVENTIONS.items():
        loss = [one for (name, told), one in changes.items() if told == what and name in ("loss", "losses")]
        if what == "kernel flipped":
            loss = [one for (name, told), one in changes.items() if told == what and name == "hbar1"]
        gradient = [
            one for (name, told), one in changes.items() if told == behind_it and name.endswith(".grad")
        ]  # fmt: skip
        if loss and gradient and exercise.iterations == 1:
            found.append((*loss, *gradient))
    return found


def _planted(iteration: int, line: Line, change: Change) -> Planted:
    return Planted(iteration, line.name, change.what, change.kinds, change.equation, change.compute)


def readings(exercise: Exercise, line: Line, iteration: int) -> Iterator[Change]:
    """Another known value of the same shape used, or a square matrix transposed or not."""
    shapes = {name: np.shape(value) for name, value in exercise.exact.items()}
    for name in line.inputs:
        if name not in shapes or "optimizer" in name or name in ("learning_rate", "y"):
            continue
        if "@" in line.equation and len(shapes[name]) == 2 and shapes[name][0] == shapes[name][1]:
            text = _transposed(line.equation, name)
            turned = Values.altered
            yield Change("transpose missing or too many", TURNED, text,
                         lambda v, n=name, how=turned: line.compute(how(v, turned=frozenset({n}))))  # fmt: skip
        others = [other for other in shapes if _confusable(name, other, shapes, line)]
        if iteration > 1 and any(name == into for _, into in exercise.carried) and "." not in name:
            others.append(f"{name}.previous")
        for other in others:
            text = renamed(line.equation, name, other)
            if text != line.equation:  # else the student took another way than the equation
                yield Change(_reading(name, other), VALUE, text,
                             lambda v, n=name, o=other: line.compute(v.altered(aliases={n: o})))  # fmt: skip


def _transposed(equation: str, name: str) -> str:
    turned = renamed(equation, f"{name}.T", "\0")
    return turned.replace("\0", name) if "\0" in turned else renamed(equation, name, f"{name}.T")


def _confusable(name: str, other: str, shapes: dict[str, tuple[int, ...]], line: Line) -> bool:
    """Values that people mistake for each other: of one shape and one sort, or a weight and the new weight."""
    if other in (name, line.name) or other in line.inputs or shapes[other] != shapes[name] or "optimizer" in other:
        return False
    if other == f"{name}.next":
        return line.name.endswith((".grad", ".grad_t1", ".grad_t2"))
    if other in ("y", "learning_rate", "loss") or name in ("loss", "losses") or other.endswith("_t0"):
        return False
    sorts = [_sort(one) for one in (name, other)]
    return sorts[0] == sorts[1] and sorts[0] != ""


def _sort(name: str) -> str:
    base, _, suffix = name.partition(".")
    if suffix.startswith("grad_"):
        return ""
    if suffix == "grad":
        return "gradient of a parameter" if base[0] in "WUb" else "gradient"
    if suffix:
        return "state" if suffix.endswith("next") and suffix != "next" else ""
    return "weights" if base[0] in "WU" else "bias" if base[0] == "b" and base[1:2].isdigit() else "value"


def _reading(name: str, other: str) -> str:
    if other.endswith(".next") and not name.endswith(".next"):
        return "the updated weights for the old ones"
    if other.endswith(".previous"):
        return "the previous iteration's weights"
    if {name.replace("bar", ""), other.replace("bar", "")} == {name.replace("bar", "")}:
        return "before the activation for behind it, or the other way round"
    return "another value of the same shape"


def _copied(random: Random, exercise: Exercise, line: Line, iteration: int) -> Planted | None:
    """A given number misread at one line."""
    given = [name for name in line.inputs if name in exercise.given and "." not in name and iteration == 1]
    given = [name for name in given if exercise.exact[name].size and not name.endswith("_t0")]
    given = [name for name in given if name not in ("learning_rate", "y")]
    if not given:
        return None
    name = pick(random, *given)
    right = exercise.exact[name]
    entry = tuple(int(random.integers(size)) for size in right.shape)
    wrong = right.copy()
    wrong[entry] = _misread(random, float(right[entry]), right)
    return Planted(
        iteration, line.name, "a given number misread", frozenset({"copied"}), "",
        lambda v: line.compute(v.altered(instead={name: wrong})), entry=tuple(k + 1 for k in entry), given=name,
    )  # fmt: skip


def _misread(random: Random, number: float, array: Array) -> float:
    """A number of the same look: its sign lost, another digit, or another entry of the array."""
    way = pick(random, "sign", "digit", "digit", "entry")
    if way == "sign":
        return -number
    if way == "entry":
        return float(pick(random, *array.reshape(-1)))
    text = f"{number:.2f}".rstrip("0")
    places = [k for k, c in enumerate(text) if c.isdigit()]
    place = pick(random, *places)
    digits = [d for d in "0123456789" if d != text[place]]
    return float(text[:place] + pick(random, *digits) + text[place + 1 :])


def _unexplained(random: Random, exercise: Exercise, line: Line, iteration: int) -> Planted | None:
    """Numbers out of nowhere; of several entries, so that nothing else fits by chance."""
    right = exercise.exact[line.name]
    if right.size < 3:
        return None
    wrong = random.uniform(-2, 2, right.shape) * max(float(np.abs(right).max()), 0.2)
    kinds = frozenset({"unexplained"})
    return Planted(iteration, line.name, "numbers out of nowhere", kinds, compute=lambda v: wrong)


def entries_shown(work: Work, planted: Planted) -> int:
    """In how many entries the mistake differs from the right line, worked out from the same written values.

    By more than rounding, that is: more than two units of the last place, and more than half a unit in each entry of
    each written input can do, all of them at their worst.
    """
    iteration = work.iterations[planted.iteration - 1]
    line, rounding = work.lines[planted.name], work.rounding
    assert rounding is not None
    right = np.asarray(line.compute(Values(iteration.find)), dtype=float)
    wrong = iteration.values[planted.name]
    if planted.turned:
        return right.size if right.ndim == 2 and 1 not in right.shape and right.shape[0] != right.shape[1] else 0
    if right.shape != wrong.shape:
        return 0  # nobody goes on with a matrix that does not fit; that it would broadcast is the machine's doing
    if not (np.isfinite(right).all() and np.isfinite(wrong).all()):
        return 0
    units = np.maximum(rounding.units(right), rounding.units(wrong))
    allowed = np.maximum(2 * units, worst(line, iteration, right) + units)
    seen = np.abs(wrong - right) > allowed
    # two mistakes may undo each other: nobody can see one in the right number
    true = Work(work.exercise, None).iterations[planted.iteration - 1].values[planted.name]
    return int(seen.sum()) if (np.abs(wrong - true) > 2 * units).any() else 0


def worst(line: Line, iteration: Iteration, right: Array) -> Array:
    """What half a unit in each entry of each written input can do to a line, for each entry of its value."""
    total = np.zeros(right.shape)
    for name in line.inputs:
        half = iteration.halves.get(name)
        if half is None:
            continue
        value = iteration.values[name]
        for entry in np.ndindex(*value.shape):
            if half[entry] == 0:
                continue
            moved = []
            for sign in (1, -1):
                other = np.array(value)
                other[entry] += sign * half[entry]
                with np.errstate(all="ignore"):
                    moved.append(np.abs(line.compute(Values(iteration.find, instead={name: other})) - right))
            total = total + np.nan_to_num(np.maximum(*moved), nan=np.inf)
    return total


def behind(exercise: Exercise, planted: tuple[Planted, ...]) -> set[tuple[int, str]]:
    """(iteration, name) of everything that depends on the mistaken values."""
    touched = {(one.iteration, one.name) for one in planted}
    found: set[tuple[int, str]] = set()
    into = {name: source for source, name in exercise.carried}
    for iteration in range(1, exercise.iterations + 1):
        for line in exercise.lines:
            for name in line.inputs:
                earlier = (iteration - 1, into[name]) if name in into else (0, "")
                if any(one in touched or one in found for one in ((iteration, name), earlier)):
                    found.add((iteration, line.name))
    return found - touched
