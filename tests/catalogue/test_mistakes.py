"""What operations' entries say people do wrong, generated from the registry: each can be computed and noticed.

On each example of its entry a mistake either doesn't apply or is an expression that prints, is read back as it was,
has a shape, and where that is the right one's, gives finite numbers that are not the right ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.mistake import Mistake, Rules
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.registry import is_operation, operation
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.shapes import Shapes
from nncalc.errors import NncalcError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Expression, Name, as_expression, walk
from nncalc.language.parse import parse_expression
from nncalc.language.text import to_text
from tests.catalogue.test_gradients import drawn, settings_in

# Examples beside the entries' own, where a mistake needs a setting that those don't have, or a point of a kink.
MORE: dict[str, tuple[str, ...]] = {
    "mae": ("mae(x - 3, y + 1)",),
    "mean": ("mean(losses)", "(x - mean(x)) / sqrt(mean((x - mean(x)) ** 2) + 0.1)"),
    "var": ("(x - mean(x)) / sqrt(var(x) + 0.1)",),
    "add": ("(1 - a) * x + a * y", "a * x + y * (1 - a)"),
    "attention": ("attention(A.T, B.T, B.T, mask=x)",),
    "avg_pool1d": ("avg_pool1d(A, size=2, stride=1, padding=((0, 1),))",),
    "avg_pool2d": ("avg_pool2d(A[None], size=2, stride=1, padding=((0, 1), (0, 0)))",),
    "flatten": ("flatten(A[:, :, None] * x)",),
    "relu": ("relu(A)",),
    "step": ("step(-x)",),
    "sign": ("sign(-x)",),
    "selu": ("selu(-abs(x))",),
    "clip": ("clip(x * 2, low=-1, high=1)",),
    "hard_tanh": ("hard_tanh(3 * x)",),
    "hard_sigmoid": ("hard_sigmoid(2 * x)", "hard_sigmoid(x, slope=0.2)"),
    "abs": ("abs(-x)",),
    "softsign": ("softsign(-abs(x))",),
    "max": ("max(0, x)", "max(x, 0)"),
    "min": ("min(0, x)", "min(x, 0)"),
    "huber": ("huber(2 * x, y, delta=2)",),
    "smooth_l1": ("smooth_l1(2 * x, y, beta=2)",),
}
# What gives another shape almost always: it explains a wrong shape.
RESHAPING = {"stride", "padding", "dilation", "ceil_mode", "axis"}
CASES = [(name, mistake) for name in MODULE_OF for mistake in operation(name).mistakes]
EVERY = pytest.mark.parametrize(
    ("name", "mistake"), CASES, ids=[f"{name}-{m.kind}-{i}" for i, (name, m) in enumerate(CASES)]
)


class Scene:
    """An example of an operation with numbers: what is computed in its place, and the gradient of what."""

    def __init__(self, entry: Operation, example: str) -> None:
        self.entry, self.example = entry, example
        self.expression = parse_expression(example, operation)
        self.values = {**drawn(entry, example.replace("losses", "y")), "losses": np.array([0.7, 2.0, 1.2])}
        for kink in entry.kinks_for(self._settings()) if entry.kinks else (0.0,) * (entry.name in ("max", "min")):
            first = next(iter(self.values.values()))
            if first.shape:
                first[(0,) * first.ndim] = kink
        self.shapes = Shapes({name: value.shape for name, value in self.values.items()})

    def _settings(self) -> dict[str, Any]:
        node = self.node()
        return self.entry.settings(node.settings)

    def node(self) -> Apply:
        """The outermost application of the operation."""
        nodes = [n for n in walk(self.expression) if isinstance(n, Apply) and n.op == self.entry.name]
        return nodes[-1]

    def substitute(self, mistake: Mistake) -> Expression | None:
        assert mistake.value is not None
        node = self.node()
        found = mistake.value(*node.args, shape_of=self.shapes, **self.entry.settings(node.settings))
        return None if found is None else as_expression(found)

    def value(self, expression: Expression) -> Any:
        return self._run(Program((Equation("q", expression),), given=tuple(self.values)))["q"]

    def _run(self, program: Program) -> Any:
        used = {name for equation in program.equations for name in equation.inputs}
        with np.errstate(all="ignore"):
            return evaluate(program, {k: v for k, v in self.values.items() if k in used}).values

    def gradients(self, rules: Rules) -> tuple[dict[str, str], dict[str, Any]]:
        """The backward pass of q = EXAMPLE, weighed, with the gradient of q as a name."""
        shapes = Shapes(dict(self.shapes.known))
        weights = np.random.default_rng(1).uniform(0.5, 2, shapes(self.expression))
        self.values["w"] = weights
        shapes.known["w"] = weights.shape
        equations = (
            Equation("q", self.expression),
            Equation("loss", parse_expression("sum(w * q)", operation)),
        )
        for equation in equations:
            shapes.known[equation.name] = shapes(equation.expression)
        labels = ("w", *settings_in(self.example))
        given = tuple(self.values)
        program = Program(equations, given=given, parameters=(), labels=labels, loss="loss")
        program = differentiate(program, shapes, rules)
        values = self._run(program)
        texts = {e.name: to_text(e.expression) for e in program.phase("backward")}
        return texts, {name: values[name] for name in texts}


def scenes(name: str) -> list[Scene]:
    return [Scene(operation(name), example) for example in (*operation(name).example, *MORE.get(name, ()))]


VALUES = [(name, mistake) for name, mistake in CASES if mistake.value is not None]
RULES = [(name, mistake) for name, mistake in CASES if mistake.gradients]


def ids(cases: list[tuple[str, Mistake]]) -> list[str]:
    return [f"{name}: {mistake.says}" for name, mistake in cases]


@pytest.mark.parametrize(("name", "mistake"), VALUES, ids=ids(VALUES))
def test_what_is_computed_in_its_place_can_be_noticed(name: str, mistake: Mistake) -> None:
    applied = fitting = 0
    for scene in scenes(name):
        found = scene.substitute(mistake)
        if found is None:
            continue
        applied += 1
        assert found != scene.node(), scene.example
        assert parse_expression(to_text(found), operation) is not None
        try:
            shape = scene.shapes(found)
        except NncalcError:
            assert mistake.kind in RESHAPING, scene.example
            continue
        if shape != scene.shapes(scene.node()):
            assert mistake.kind in RESHAPING, (scene.example, shape)
            continue
        right, wrong = scene.value(scene.node()), scene.value(found)
        assert np.isfinite(wrong).all(), (scene.example, to_text(found))
        fitting += not np.allclose(right, wrong, rtol=1e-9, atol=1e-12)
    assert applied
    assert fitting or mistake.kind in RESHAPING


@pytest.mark.parametrize(("name", "mistake"), RULES, ids=ids(RULES))
def test_a_gradient_in_its_place_can_be_noticed(name: str, mistake: Mistake) -> None:
    differing = 0
    for scene in scenes(name):
        right, numbers = scene.gradients({})
        wrong, others = scene.gradients(mistake.rules(name))
        changed = {key for key in right if right[key] != wrong.get(key, right[key])}
        assert set(wrong) == set(right) or changed, scene.example
        for key in changed:
            parse_expression(wrong[key], operation)
            assert np.isfinite(others[key]).all(), (scene.example, wrong[key])
            assert others[key].shape == numbers[key].shape, (scene.example, wrong[key])
            differing += not np.allclose(others[key], numbers[key], rtol=1e-9, atol=1e-12)
    assert differing


@pytest.mark.parametrize("name", [name for name in MODULE_OF if operation(name).mistakes])
def test_no_mistake_is_another_one(name: str) -> None:
    entry = operation(name)
    for scene in scenes(name):
        values = [found for m in entry.mistakes if m.value and (found := scene.substitute(m)) is not None]
        assert len(set(values)) == len(values), (scene.example, list(map(to_text, values)))
    for i, one in enumerate(entry.mistakes):
        for other in entry.mistakes[i + 1 :]:
            if one.gradients and other.gradients:
                assert any(
                    scene.gradients(one.rules(name))[0] != scene.gradients(other.rules(name))[0]
                    for scene in scenes(name)
                ), (one.says, other.says)


@EVERY
def test_a_mistake_speaks_in_plain_words(name: str, mistake: Mistake) -> None:
    entry = operation(name)
    assert mistake.kind.isidentifier()
    assert mistake.value is not None or mistake.gradients
    assert mistake.says
    assert not mistake.says.endswith(".")
    for word in mistake.says.split() + mistake.convention.split():
        assert "_" not in word, word
    assert [m.says for m in entry.mistakes].count(mistake.says) == 1
    assert all(is_operation(op) for op, _ in mistake.rules(name))


def test_names_in_settings_are_kept() -> None:
    log = operation("cross_entropy")
    scene = Scene(log, "cross_entropy(A, B, class_weights=x, reduction='sum')")
    found = scene.substitute(next(m for m in log.mistakes if m.kind == "log_base"))
    assert found is not None
    assert to_text(found) == "cross_entropy(A, B, log_base=2, class_weights=x, reduction='sum')"
    assert Name("x") in set(walk(found))
