"""Numbers for the names of an explanation, and the value of any of its texts for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from nncalc.catalogue.derivation import derivative_in, read, read_equation
from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.operation import Operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.shapes import infer
from nncalc.engine.value import value_of
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, names_in, substitute

N = 4
STEP = 1e-3
POINTS = (-5.6, -4.7, -4.1, -3.7, -3.2, -2.3, -1.1, -0.6, -0.2, 0.3, 0.8, 1.7, 2.9, 3.1, 3.6, 4.2, 5.1, 6.3)
SETTINGS: dict[str, tuple[float, ...]] = {
    "slope": (0.01, 0.3, 2.0),
    "alpha": (1.0, 0.3, 2.0),
    "shift": (0.5, 0.2),
    "low": (-1.0, -2.5),
    "high": (1.0, 2.0),
    "threshold": (1.0, 0.5, 2.0),
    "delta": (1.0, 0.5, 2.0),
    "beta": (1.0, 0.5, 2.0),
    "gamma": (2.0, 1.0, 3.0),
    "margin": (1.0, 0.5),
}
CONSTANTS = ("i", "j", "n", "pi")


@dataclass(frozen=True)
class Scene:
    """One choice of numbers: the values of the names that nothing defines, the entries i and j, the settings."""

    entry: Operation
    values: Mapping[str, Any]
    i: int = 0
    j: int = 0
    settings: tuple[tuple[str, float], ...] = ()

    @property
    def explanation(self) -> Explanation:
        assert self.entry.explanation is not None
        return self.entry.explanation

    def __call__(self, text: str) -> Any:
        """The value of a text: `inf` and `-inf`, or an expression."""
        if text in ("inf", "-inf"):
            return float(text)
        return self.value(read(text))

    def value(self, expression: Expression) -> Any:
        names = _Names(self)

        def replaced(node: Expression) -> Expression | None:
            taken = derivative_in(node)
            if taken is not None:
                names[str(len(names))] = slope(self, *taken)
                return Name(str(len(names) - 1))
            return None

        with np.errstate(all="ignore"):
            return np.asarray(value_of(substitute(self.with_settings(expression), replaced), names, xp), dtype=float)

    def with_settings(self, expression: Expression) -> Expression:
        """The operation itself has the scene's settings wherever it is called."""

        def stated(node: Expression) -> Expression | None:
            if isinstance(node, Apply) and node.op == self.entry.name and not node.settings and self.settings:
                return Apply(node.op, node.args, self.settings)
            return None

        return substitute(expression, stated)

    def at(self, name: str, value: Any) -> Scene:
        """The scene with a name put elsewhere: a number, an entry (`h_j`), or every entry of a vector."""
        base, index = base_and_index(self, name)
        new = np.array(self.values[base], dtype=float)
        if index is None:
            new[...] = value
        else:
            new[index] = value
        return replace(self, values={**self.values, base: new})

    def given(self, assumption: str) -> Scene:
        """The scene with `y = 1`, or with `y_i = 1`: the one-hot vector of class i."""
        if not assumption:
            return self
        name, value = (part.strip() for part in assumption.split("="))
        base, index = base_and_index(self, name)
        return self.at(name, float(value)) if index is None else self.at(base, 0.0).at(name, float(value))


class _Names(dict[str, Any]):
    """The values of a scene's names, those of `where` and the entries of vectors among them."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.where = dict(map(read_equation, scene.explanation.where))

    def __missing__(self, name: str) -> Any:
        scene = self.scene
        known = {"i": scene.i, "j": scene.j, "n": N, "pi": np.pi, **dict(scene.settings), **scene.values}
        if name in known:
            found = np.float64(known[name]) if np.ndim(known[name]) == 0 else known[name]
        elif name in self.where:
            found = value_of(scene.with_settings(self.where[name]), self, xp)
        else:
            base, index = base_and_index(scene, name)
            assert index is not None, f"there is no {name}"
            found = self[base][index]
        self[name] = found
        return found


def base_and_index(scene: Scene, name: str) -> tuple[str, int | None]:
    """`h_j` as h and the number j; another name as itself."""
    base, _, letter = name.rpartition("_")
    return (base, {"i": scene.i, "j": scene.j}[letter]) if base and letter in ("i", "j") else (name, None)


def slope(scene: Scene, f: Expression, x: Name) -> Any:
    """∂f/∂x by central differences, extrapolated to the sixth order (Richardson)."""
    base, index = base_and_index(scene, x.id)
    start = scene.values[base] if index is None else scene.values[base][index]

    def difference(h: float) -> Any:
        return (scene.at(x.id, start + h).value(f) - scene.at(x.id, start - h).value(f)) / (2 * h)

    h = STEP * max(abs(float(start)), 0.1)
    d1, d2, d4 = difference(4 * h), difference(2 * h), difference(h)
    once, twice = (4 * d2 - d1) / 3, (4 * d4 - d2) / 3
    return (16 * twice - once) / 15


def gradient(scene: Scene) -> float:
    """∂subject/∂variable by the catalogue's own rule: differentiated by the engine and evaluated."""
    explanation = scene.explanation
    equations = [Equation(name, scene.with_settings(e)) for name, e in map(read_equation, explanation.where)]
    subject = read(explanation.subject)
    if isinstance(subject, Name) and subject.id not in (e.name for e in equations):
        base, index = base_and_index(scene, subject.id)
        subject = Name(base)[index]
    used = [e for e in equations if e.name in names_in(subject)]
    whole = Equation("result", scene.with_settings(subject))
    values = {name: np.asarray(value, dtype=float) for name, value in scene.values.items()}
    base, index = base_and_index(scene, explanation.variable)
    labels = tuple(name for name in values if name != base)
    program = Program((*used, whole), given=tuple(values), labels=labels, loss="result")
    program = differentiate(program, infer(program, {name: value.shape for name, value in values.items()}))
    found = evaluate(program, values).values[f"{base}.grad"]
    return float(found if index is None else found[index])


def scenes(entry: Operation) -> Iterator[Scene]:
    """Ordinary numbers in the domain, every pair of entries, several values of each setting."""
    explanation = entry.explanation
    assert explanation is not None
    names, vectors = free_names(entry)
    options = [option.name for option in entry.options if option.name in SETTINGS]
    rng = np.random.default_rng(2021)
    for settings in product(*(SETTINGS[name] for name in options)):
        for number, point in enumerate(POINTS):
            values = {}
            for name in names:
                low, high = _bounds(entry, name)
                drawn = rng.uniform(low, high, N if name in vectors else None)
                values[name] = drawn if name != "x" else point
            if entry.target is not None and entry.target.classes:
                values["y"] = np.eye(N)[number % N] if number % 2 else values["y"] / values["y"].sum()
            pairs = product(range(N), repeat=2) if vectors else ((0, 0),)
            for i, j in pairs:
                yield Scene(entry, values, i, j, tuple(zip(options, settings, strict=True)))


def free_names(entry: Operation) -> tuple[list[str], set[str]]:
    """The names that nothing defines, and which of them are vectors."""
    explanation = entry.explanation
    assert explanation is not None
    where = dict(map(read_equation, explanation.where))
    texts = [explanation.subject, explanation.variable, explanation.derivative, *explanation.definition]
    used = [name for text in texts for name in names_in(read(text))]
    used += [name for expression in where.values() for name in names_in(expression)]
    probe = Scene(entry, {})
    bases = {name: base_and_index(probe, name)[0] for name in used}
    known = {*where, *entry.defaults, *CONSTANTS}
    return sorted({base for base in bases.values() if base not in known}), {b for n, b in bases.items() if b != n}


def _bounds(entry: Operation, name: str) -> tuple[float, float]:
    if name == "y":
        return entry.domain[1]
    return entry.domain[0] if entry.explanation and entry.explanation.domain != "(-inf, inf)" else (-3.0, 3.0)
