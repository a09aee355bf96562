"""The compiled steps against the evaluated ones: within rounding, as sums go in another order."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nncalc.catalogue import index
from nncalc.catalogue.optimizers import optimizer
from nncalc.engine.compile import Compiled, compile_program
from nncalc.engine.descend import descend
from nncalc.engine.differentiate import differentiate
from nncalc.engine.evaluate import evaluate
from nncalc.engine.scalar_code import UntraceableError
from nncalc.engine.scalar_source import WIDEST_CHUNK
from nncalc.engine.shapes import infer
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Const, Expression, Name, call
from nncalc.problem import shipped
from nncalc.problem.load import load_file
from nncalc.problem.optimizing import setting_values, start_values
from nncalc.problem.work import descend_steps, program_of
from tests.engine.random_programs import INPUTS, programs

FORMS = ("arrays", "scalars")
STEPS = 4
# Shrinking programs takes minutes, and the first one found says enough.
PHASES = (Phase.explicit, Phase.generate)
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES, report_multiple_bugs=False
)


def learning() -> list[str]:
    """The shipped problems that a step moves something of, and whose settings do not change with the step."""
    found = []
    for name in shipped.names():
        problem = load_file(str(shipped.path_of(name)))
        if problem.forward.loss is not None and program_of(problem, "update").phase("update"):
            found.append(name)
    return found


def close(found: Any, expected: Any) -> bool:
    scale = 1.0 + np.max(np.abs(expected))
    return bool(np.max(np.abs(found - expected)) <= 1e-11 * scale)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", learning())
def test_shipped_problems(name: str, form: str) -> None:
    problem = load_file(str(shipped.path_of(name)))
    values = {**start_values(problem), **problem.values, **setting_values(problem)}
    program = program_of(problem, "update")
    if any("optimizer.t" in equation.inputs for equation in program.equations):
        pytest.skip("the number of the step is training's affair")
    evaluated = list(descend_steps(problem, STEPS))
    try:
        compiled = compile_program(program, values, {f"{name}.next": name for name in values}, form=form)
    except UntraceableError:
        assert form == "scalars"
        pytest.skip("an operation of it has no scalar form")
    assert compiled.form == form
    losses = compiled.run(itertools.repeat((), STEPS))
    assert len(losses) == STEPS
    expected = [worked.trace.value(program.loss) for worked in evaluated]
    assert close(np.array(losses), np.array(expected))
    last = evaluated[-1].trace.values
    for moved, value in compiled.state.items():
        assert close(value, last[f"{moved}.next"]), moved


def stepping(equations: tuple[Equation, ...]) -> Program:
    """The program with its backward pass and a step of sgd on all that is no input."""
    program = Program(equations, given=("x", "y"), parameters=tuple(sorted(set(INPUTS) - {"x", "y"})), loss="loss")
    shapes = infer(program, INPUTS)
    sgd = optimizer("sgd")
    assert sgd is not None
    return descend(differentiate(program, shapes), shapes, sgd, {**sgd.defaults, "momentum": 0.5})


def drawn(program: Program, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    values = {name: rng.uniform(-1.5, 1.5, shape) for name, shape in INPUTS.items()}
    known = {equation.name for equation in program.equations} | set(values)
    used = {name for equation in program.equations for name in equation.inputs}
    for name in used - known:
        base = name.removesuffix(".v")
        values[name] = rng.uniform(0.01, 0.1, INPUTS.get(base, ()) if name.endswith(".v") else ())
    return values


@pytest.mark.parametrize("form", FORMS)
@QUICK
@given(programs(), st.integers(0, 2**32 - 1))
def test_random_programs(form: str, equations: tuple[Equation, ...], seed: int) -> None:
    program = stepping(equations)
    values = drawn(program, seed)
    data = ("x", "y")
    carried = {f"{name}.next": name for name in values}
    compiled = compile_program(program, values, carried, data=data, form=form)
    other = drawn(program, seed + 1)
    step = {**values, "x": other["x"], "y": other["y"]}
    expected = evaluate(program, step).values
    result = compiled.run([compiled.pack((other["x"], other["y"]))])
    if not result:
        # what a guard or an exception leaves to the evaluator leaves the state as it was
        assert all(np.array_equal(value, values[name]) for name, value in compiled.state.items())
        return
    assert close(result[0], expected["loss"])
    for name, value in compiled.state.items():
        assert close(value, expected[f"{name}.next"]), name


def chain(count: int) -> tuple[Program, dict[str, Any]]:
    """A graph of so many scalar nodes, every name used once or twice, and its backward pass and step."""
    previous: Expression = Name("w")
    equations = []
    for i in range(count):
        kind = i % 4
        other = Name("w") if i % 7 == 0 else Name("x")
        expression = (
            previous * other if kind == 0 else previous + other if kind == 1
            else call.tanh(previous) if kind == 2 else previous - 0.5 * other
        )  # fmt: skip
        equations.append(Equation(f"n{i}", expression))
        previous = Name(f"n{i}")
    program = Program((*equations, Equation("loss", previous * previous)), ("x",), ("w",), loss="loss")
    shapes = infer(program, {"w": (), "x": ()})
    sgd = optimizer("sgd")
    assert sgd is not None
    values = {"w": np.array(0.3), "x": np.array(0.7), "learning_rate": np.array(0.01)}
    return descend(differentiate(program, shapes), shapes, sgd, sgd.defaults), values


@pytest.mark.parametrize("count", [10, 20 * WIDEST_CHUNK])
def test_long_programs_in_one_function_and_in_several(count: int) -> None:
    program, values = chain(count)
    compiled = compile_program(program, values, {"w.next": "w"}, data=("x",), form="scalars")
    expected = evaluate(program, {**values, "x": np.array(-0.2)}).values
    (loss,) = compiled.run([compiled.pack((np.array(-0.2),))])
    assert loss == pytest.approx(float(expected["loss"]), rel=1e-12)
    assert float(compiled.state["w"]) == pytest.approx(float(expected["w.next"]), rel=1e-12)


def one_name(
    text: Expression, w: Any, form: str, *, watch: tuple[str, ...] = (), data: tuple[str, ...] = ()
) -> Compiled:
    """loss = text over w and x, and w.next = w − 0.5 loss."""
    equations = (Equation("loss", text), Equation("w.next", Name("w") - 0.5 * Name("loss"), "update"))
    program = Program(equations, ("x",), ("w",), loss="loss")
    values = {"w": np.asarray(w, float), "x": np.array(1.0)}
    return compile_program(program, values, {"w.next": "w"}, data=data, watch=watch, form=form)


@pytest.mark.parametrize("form", FORMS)
def test_a_step_whose_loss_is_not_finite_is_not_taken(form: str) -> None:
    compiled = one_name(call.exp(-300 * Name("w")), 0.01, form)
    finite = compiled.run(itertools.repeat((), 10))
    assert 0 < len(finite) < 10
    before = compiled.state["w"].copy()
    assert np.isfinite(before)
    assert compiled.run([()]) == []
    assert compiled.state["w"] == before


@pytest.mark.parametrize(
    "text", [1 / Name("w"), call.log(Name("w")), call.sqrt(Name("w") - 1), Name("w") ** -1, call.exp(1 / Name("w"))]
)
@pytest.mark.parametrize("form", FORMS)
def test_what_python_would_raise_ends_the_run(form: str, text: Expression) -> None:
    compiled = one_name(text, 0.0, form)
    assert compiled.run([()]) == []
    assert compiled.state["w"] == 0.0


def test_what_python_would_raise_in_an_update_ends_the_run_before_that_step() -> None:
    equations = (Equation("loss", call.sum(Name("w"))), Equation("w.next", 1 / (Name("w") - 1), "update"))
    program = Program(equations, (), ("w",), loss="loss")
    compiled = compile_program(program, {"w": np.array(2.0)}, {"w.next": "w"}, form="scalars")
    assert compiled.run(itertools.repeat((), 3)) == [2]
    assert compiled.state["w"] == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("unit", [-1.0, 1.0])
def test_a_gradient_that_is_not_finite_is_none_behind_relu_too(form: str, unit: float) -> None:
    # ∞ · 0 is no number: a unit that is off does not hide it
    text = call.sum(call.relu(Name("w"))) * 1.0
    gradient = call.exp(Name("x")) * 1e300 * 1e10 * (Name("w") > 0)
    equations = (Equation("loss", text), Equation("w.next", Name("w") - gradient, "update"))
    program = Program(equations, ("x",), ("w",), loss="loss")
    values = {"w": np.array(unit), "x": np.array(1.0)}
    compiled = compile_program(program, values, {"w.next": "w"}, data=("x",), form=form)
    compiled.run([compiled.pack((np.array(1.0),))])
    with np.errstate(all="ignore"):
        assert np.array_equal(compiled.state["w"], evaluate(program, values).values["w.next"], equal_nan=True)


@pytest.mark.parametrize("form", FORMS)
def test_no_number_stays_none_behind_relu_and_max(form: str) -> None:
    nan = float("nan")
    for text in (call.relu(Name("w")), call.max(Name("w"), 1), call.min(2, Name("w")), call.sign(Name("w"))):
        assert one_name(text, nan, form).run([()]) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_guard_that_no_longer_holds_ends_the_run(form: str) -> None:
    # the norm's value function asks whether its numbers are of an ordinary size
    compiled = one_name(call.norm(Name("x") * Name("w")), [3.0, 4.0], form, data=("x",))
    (loss,) = compiled.run([compiled.pack((np.array(1.0),))])
    assert loss == 5
    assert compiled.run([compiled.pack((np.array(1e150),))]) == []


@pytest.mark.parametrize("form", FORMS)
def test_values_that_are_watched(form: str) -> None:
    compiled = one_name(call.sum(Name("w")), [1.0, 2.0], form, watch=("w",))
    results = compiled.run(itertools.repeat((), 2))
    assert [loss for loss, _ in results] == [3, 0]
    assert [w.tolist() for _, w in results] == [[1, 2], [-0.5, 0.5]]


@pytest.mark.parametrize("form", FORMS)
def test_a_new_state_that_is_a_number(form: str) -> None:
    equations = (Equation("loss", call.sum(Name("w"))), Equation("w.next", Const(2.0), "update"))
    program = Program(equations, (), ("w",), loss="loss")
    compiled = compile_program(program, {"w": np.ones(())}, {"w.next": "w"}, form=form)
    assert compiled.run(itertools.repeat((), 2)) == [1, 2]
    assert compiled.state["w"] == 2


@pytest.mark.parametrize("form", FORMS)
def test_new_states_that_are_made_of_each_others_old_ones(form: str) -> None:
    a, b = Name("a"), Name("b")
    equations = (Equation("loss", call.sum(a)), Equation("a.next", b, "update"), Equation("b.next", a + b, "update"))
    program = Program(equations, (), ("a", "b"), loss="loss")
    start = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 5.0])}
    compiled = compile_program(program, start, {"a.next": "a", "b.next": "b"}, form=form)
    compiled.run(itertools.repeat((), 2))
    assert {name: value.tolist() for name, value in compiled.state.items()} == {"a": [4, 7], "b": [7, 12]}


def test_a_row_of_what_was_broadcast_is_not_written_over() -> None:
    # as the gradient of a mean over a single time step is
    w = Name("w")
    row = call.broadcast(Name("g"), shape=(1, 2))[0]
    equations = (Equation("g", call.exp(w)), Equation("loss", call.sum(row * 2)), Equation("w.next", w - 1, "update"))
    program = Program(equations, (), ("w",), loss="loss")
    compiled = compile_program(program, {"w": np.zeros(2)}, {"w.next": "w"}, form="arrays")
    assert compiled.run(itertools.repeat((), 2)) == pytest.approx([4, 4 / np.e])


def test_what_is_seen_of_a_gradient_that_lies_in_a_flat_array() -> None:
    # in the trace the columns of g lie together, in the flat array of all updates its rows do
    g = Name("a") @ Name("x")
    equations = (
        Equation("g", g),
        Equation("line", call.reshape(Name("g").T, shape=(10,))),
        Equation("loss", call.sum(Name("line") * call.sin(Name("line"))) + call.sum(Name("b"))),
        Equation("a.next", Name("a") - Name("g"), "update"),
        Equation("b.next", Name("b") - Name("a") * 0.5, "update"),
    )
    program = Program(equations, ("x",), ("a", "b"), loss="loss")
    rng = np.random.default_rng(1)
    values = {"a": rng.normal(size=(5, 2)), "b": rng.normal(size=(5, 2)), "x": rng.normal(size=(2, 2))}
    compiled = compile_program(program, values, {"a.next": "a", "b.next": "b"}, form="arrays")
    expected = evaluate(program, values).values
    (loss,) = compiled.run([()])
    assert loss == pytest.approx(float(expected["loss"]), rel=1e-12)
    for name, value in compiled.state.items():
        assert close(value, expected[f"{name}.next"])


OPTIMIZERS = sorted({name for names in index.OPTIMIZERS.values() for name in names})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("convention", ["column", "row"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_on_a_batch(optimizer: str, convention: str, form: str, tmp_path: Path) -> None:
    shapes = ["[4, 3]", "[5, 4]", "[2, 5]"] if convention == "column" else ["[3, 4]", "[4, 5]", "[5, 2]"]
    path = tmp_path / "p.yaml"
    rng = np.random.default_rng(2)
    path.write_text(
        f"seed: 3\nconvention: {convention}\nindex_base: 0\n"
        f"inputs: {rng.normal(size=(6, 3)).round(2).tolist()}\nlabels: [0, 1, 1, 0, 1, 0]\nlayers:\n"
        f"  - dense: {{weights: {{random: {{shape: {shapes[0]}}}}}, bias: [0.1, 0, 0.2, -0.1], activation: relu}}\n"
        f"  - dense: {{weights: {{random: {{shape: {shapes[1]}}}}}, activation: tanh}}\n"
        f"  - dense: {{weights: {{random: {{shape: {shapes[2]}}}}}, bias: [0, 0.3]}}\n"
        f"loss: softmax_cross_entropy\noptimizer: {{{optimizer}: {{learning_rate: 0.1, weight_decay: 0.01}}}}\n",
        "utf-8",
    )
    problem = load_file(str(path))
    program = program_of(problem, "update")
    step = Equation("optimizer.t.next", Name("optimizer.t") + 1, "update")
    if any("optimizer.t" in equation.inputs for equation in program.equations):
        program = program._replace(equations=(*program.equations, step))
    values = {**start_values(problem), **problem.values, **setting_values(problem)}
    names = {equation.name for equation in program.equations}
    carried = {f"{name}.next": name for name in values if f"{name}.next" in names}
    assert problem.optimizer is not None
    carried |= {later: before for before, later, _ in problem.optimizer.carried if later in names}
    compiled = compile_program(program, values, carried, data=("x", "y"), form=form)
    last = list(descend_steps(problem, STEPS))[-1].trace.values
    packed = compiled.pack((values["x"], values["y"]))
    losses = compiled.run(itertools.repeat(packed, STEPS))
    assert len(losses) == STEPS
    assert losses[-1] == pytest.approx(float(last["loss"]), rel=1e-11)
    for after, before in compiled.plan.carried:
        if before != "optimizer.t":
            assert close(compiled.state[before], last[after]), after


@pytest.mark.parametrize(
    ("convolution", "pool", "features"),
    [
        ("", "max_pool2d: {size: 2}", 18),
        ("padding: 1, stride: 2, dilation: 2", "max_pool2d: {size: 2, stride: 1}", 8),
        ("padding: same, groups: 2", "max_pool2d: {size: 3, padding: 1}", 18),
        ("flip: true", "avg_pool2d: {size: 2}", 18),
        ("padding: 1", "avg_pool2d: {size: 3, stride: 2, ceil_mode: true}", 32),
        ("padding: 1", "lp_pool2d: {size: 2}", 32),
    ],
)
def test_convolutions_and_pools_on_a_batch(convolution: str, pool: str, features: int, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    rng = np.random.default_rng(4)
    images = rng.normal(size=(3, 2, 8, 8)).round(1).tolist()
    channels = 1 if "groups" in convolution else 2
    path.write_text(
        f"seed: 3\nindex_base: 0\ninputs: {images}\nlabels: [0, 1, 1]\nlayers:\n"
        f"  - conv2d: {{weights: {{random: {{shape: [2, {channels}, 3, 3]}}}}, bias: [0.1, 0.2], activation: relu"
        f"{', ' if convolution else ''}{convolution}}}\n  - {pool}\n  - flatten\n"
        f"  - dense: {{weights: {{random: {{shape: [2, {features}]}}}}, bias: [0, 0.3]}}\n"
        "loss: softmax_cross_entropy\noptimizer: {sgd: {learning_rate: 0.1}}\n",
        "utf-8",
    )
    problem = load_file(str(path))
    program = program_of(problem, "update")
    values = {**problem.values, **setting_values(problem)}
    carried = {f"{name}.next": name for name in problem.forward.parameters}
    compiled = compile_program(program, values, carried, data=("x", "y"), form="arrays")
    last = list(descend_steps(problem, STEPS))[-1].trace.values
    losses = compiled.run(itertools.repeat(compiled.pack((values["x"], values["y"])), STEPS))
    assert losses[-1] == pytest.approx(float(last["loss"]), rel=1e-11)
    for name, value in compiled.state.items():
        assert close(value, last[f"{name}.next"]), name


@pytest.mark.parametrize(
    "text",
    [
        call.sum(call.dropout(Name("w") * Name("x"), mask=Name("m"), rate=0.5)),
        call.sum(call.attention(Name("w"), Name("x"), Name("x"), mask=Name("m")) ** 2),
    ],
)
def test_a_mask_that_is_another_with_each_step(text: Expression) -> None:
    equations = (Equation("loss", text), Equation("w.next", Name("w") * 0.5, "update"))
    program = Program(equations, ("x", "m"), ("w",), loss="loss")
    rng = np.random.default_rng(6)
    values = {"w": rng.normal(size=(3, 3)), "x": rng.normal(size=(3, 3)), "m": np.eye(3)}
    compiled = compile_program(program, values, {"w.next": "w"}, data=("x", "m"), form="arrays")
    other = np.tril(np.ones((3, 3)))
    (loss,) = compiled.run([compiled.pack((values["x"], other))])
    assert loss == pytest.approx(float(evaluate(program, {**values, "m": other}).values["loss"]), rel=1e-12)
    assert loss != pytest.approx(float(evaluate(program, values).values["loss"]), rel=1e-3)


def test_what_is_seen_of_the_data_is_that_of_the_step() -> None:
    x, w, b = Name("x"), Name("w"), Name("b")
    first = (slice(0, 1), slice(None))
    equations = (
        Equation("h", x @ w + b),
        Equation("shifted", call.tanh(Name("h")) * (x - x[0])),
        Equation("loss", call.sum(Name("shifted") ** 2) + call.sum(call.max(x, axis=1)) + call.sum(x * x)),
        Equation("w.next", w - call.sum(x, axis=0), "update"),
        Equation("b.next", b - Name("h")[0] * x[first][0], "update"),
        Equation("seen.next", x, "update"),
    )
    program = Program(equations, ("x",), ("w", "b", "seen"), loss="loss")
    rng = np.random.default_rng(8)
    values = {"x": rng.normal(size=(5, 2)), "w": rng.normal(size=(2, 2)), "b": np.ones(2), "seen": np.zeros((5, 2))}
    carried = {"w.next": "w", "b.next": "b", "seen.next": "seen"}
    for watch in ((), ("x",)):
        compiled = compile_program(program, values, carried, data=("x",), watch=watch, form="arrays")
        other = rng.normal(size=(5, 2))
        expected = evaluate(program, {**values, "x": other}).values
        (result,) = compiled.run([compiled.pack((other,))])
        loss = result if not watch else result[0]
        assert loss == pytest.approx(float(expected["loss"]), rel=1e-12)
        assert not watch or np.array_equal(result[1], other)
        for after, before in carried.items():
            assert close(compiled.state[before], expected[after]), (after, watch)


def test_tiny_programs_become_scalars_and_larger_ones_arrays() -> None:
    def form(size: int) -> str:
        equations = (Equation("h", call.tanh(Name("W") @ Name("x"))), Equation("loss", call.sum(Name("h"))))
        program = Program(equations, ("x",), ("W",), loss="loss")
        values = {"W": np.ones((size, size)), "x": np.ones(size)}
        return compile_program(program, values, {}, data=("W", "x")).form

    assert (form(2), form(50)) == ("scalars", "arrays")


def test_names_and_numbers_of_a_file_never_stand_in_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    import nncalc.engine.compile as module

    sources: list[str] = []
    execute = module._execute
    monkeypatch.setattr(module, "_execute", lambda source, names: (sources.append(source), execute(source, names))[1])
    for form in FORMS:
        equations = (Equation("strange", Name("w_odd") * 0.1234567), Equation("loss", call.sum(Name("strange"))))
        program = Program(equations, (), ("w_odd",), loss="loss")
        compile_program(program, {"w_odd": np.array(2.5)}, {}, form=form)
    assert len(sources) == 2
    assert not any(word in source for source in sources for word in ("strange", "w_odd", "loss2", "1234567", "2.5"))
