"""The optimizer in a problem: what the JSON says of it, overrides, frozen parameters, batches, and bad settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncalc.catalogue.index import OPTIMIZERS
from nncalc.cli.run import run
from nncalc.errors import ProblemError
from nncalc.language.equation import Program
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.optimizing import optimizer_state, setting_shapes, setting_values, start_values
from nncalc.problem.problem import Problem
from nncalc.problem.work import descend_steps, program_of, work
from nncalc.views.line import width_of

PROBLEM: dict[str, Any] = {
    "given": {"x": [1, -2], "y": 0.5},
    "parameters": {"w": [0.5, 1], "c": 0.25},
    "equations": "h = w @ x + c\nloss = half_sse(h, y)",
}
BATCH: dict[str, Any] = {
    "inputs": [[1, 2], [3, -1], [0, 1]],
    "labels": [1, 0, 2],
    "layers": [{"dense": {"weights": [[0.5, -1]], "bias": [0.1]}}],
    "loss": "mse",
}


def loaded(optimizer: Any, start: dict[str, Any] = PROBLEM, **rest: Any) -> Any:
    return load_text(json.dumps({**start, "optimizer": optimizer, **rest}), "test.yaml", None)


def updates(optimizer: Any, **rest: Any) -> list[str]:
    return [equation_text(e) for e in program_of(loaded(optimizer, **rest), "update").phase("update")]


def sgd_json(
    optimizer: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path, *arguments: str, start: Any = PROBLEM
) -> list[dict[str, Any]]:
    path = tmp_path / "problem.yaml"
    path.write_text(json.dumps({**start, "optimizer": optimizer}), "utf-8")
    assert run(["sgd", str(path), "--json", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- the JSON ---------------------------------------------------------------------------------------------------------


def test_the_state_in_the_json_is_that_after_the_step(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one, two = sgd_json({"adam": {}}, capsys, tmp_path, "--steps", "2")
    # ∂ℓ/∂h = h − y = −1.25 − 0.5
    g = -1.75
    assert list(one["optimizer_state"]) == ["w", "c"]
    assert list(one["optimizer_state"]["w"]) == ["m", "v", "mhat", "vhat"]
    assert one["optimizer_state"]["c"] == pytest.approx({"m": 0.1 * g, "v": 0.001 * g**2, "mhat": g, "vhat": g**2})
    assert two["optimizer_state"]["c"]["m"] == pytest.approx(0.09 * g + 0.1 * two["gradients"]["c"])
    assert one["values"]["learning_rate"] == 0.001
    assert set(one["values"]) == {"x", "y", "w", "c", "learning_rate", "h", "loss"}
    assert set(one["updated"]) == {"w", "c"}


@pytest.mark.parametrize(
    ("optimizer", "letters"),
    [
        ("sgd", None),
        ({"sgd": {"momentum": 0.9}}, ["v"]),
        ("momentum", ["v"]),
        ("nesterov", ["v"]),
        ("adagrad", ["s"]),
        ("rmsprop", ["s"]),
        ("adadelta", ["s", "d"]),
        ({"adam": {"bias_correction": False}}, ["m", "v"]),
        *((name, ["m", "v", "mhat", "vhat"]) for name in ("adam", "adamw", "nadam")),
    ],
    ids=str,
)
def test_letters_of_the_state(
    optimizer: Any, letters: list[str] | None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (found,) = sgd_json(optimizer, capsys, tmp_path)
    assert [list(state) for state in found.get("optimizer_state", {}).values()] == ([letters] * 2 if letters else [])


def test_the_jsons_state_is_a_files_state(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (first,) = sgd_json("nadam", capsys, tmp_path)
    _, whole = sgd_json("nadam", capsys, tmp_path, "--steps", "2")
    start = {**PROBLEM, "parameters": first["updated"]}
    (again,) = sgd_json({"nadam": {"state": first["optimizer_state"], "t": 1}}, capsys, tmp_path, start=start)
    assert again["updated"]["w"] == pytest.approx(whole["updated"]["w"], rel=1e-14)


def test_a_scheduled_rate_stands_among_the_values(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stated = {"sgd": {"learning_rate": 0.2, "schedule": {"exponential": {"factor": 0.5}}}}
    found = sgd_json(stated, capsys, tmp_path, "--steps", "3")
    assert [one["values"]["learning_rate"] for one in found] == [0.2, 0.1, 0.05]
    found = sgd_json(stated, capsys, tmp_path, "--steps", "2", "--learning-rate", "0.4")
    assert [one["values"]["learning_rate"] for one in found] == [0.4, 0.2]


@pytest.mark.parametrize("name", [name for names in OPTIMIZERS.values() for name in names])
@pytest.mark.parametrize("start", [PROBLEM, BATCH], ids=["example", "batch"])
def test_every_command_shows_it(
    name: str,
    start: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    path = tmp_path / "problem.yaml"
    stated = {"clip": {"norm": 1}, "schedule": {"cosine": {"steps": 5, "floor": 0.001}}, "weight_decay": 0.1, "t": 3}
    path.write_text(json.dumps({**start, "optimizer": {name: stated}}), "utf-8")
    for command in (["forward"], ["backprop"], ["sgd", "--steps", "2"], ["derive"]):
        for form in ([], ["--json"]):
            assert run([command[0], str(path), *command[1:], *form]) == 0
            out, err = capsys.readouterr()
            assert (bool(out), err) == (True, "")
            if not form and command != ["derive"]:
                assert max(map(width_of, out.splitlines())) <= 60


# --- what else moves it -----------------------------------------------------------------------------------------------


def test_overrides() -> None:
    found = updates(
        {"adam": {"schedule": {"inverse": {}}, "weight_decay": 0.1}},
        overrides="w.m.next = w.grad\nw.vhat = w.v.next\nlearning_rate = 0.5\noptimizer.beta1 = 0.25",
    )
    assert {"w.m.next = w.grad", "w.vhat = w.v.next", "learning_rate = 0.5", "optimizer.beta1 = 0.25"} <= set(found)
    assert len({line.partition(" = ")[0] for line in found}) == len(found)


def test_an_overridden_state_is_carried_on() -> None:
    problem = loaded({"momentum": {"learning_rate": 0.1}}, overrides="c.v.next = c.v + 1")
    found = [one.trace.value("c.v.next") for one in descend_steps(problem, 3)]
    assert found == [1, 2, 3]


def test_an_overridden_setting_counts() -> None:
    trace = work(loaded("adam", overrides="optimizer.beta1 = 0.5"), "update")
    assert trace.value("c.m.next") == 0.5 * trace.value("c.grad")


def test_frozen_parameters_have_no_state_and_no_part_in_the_norm() -> None:
    found = updates({"adam": {"clip": {"norm": 1}}}, frozen=["w"])
    assert found[0] == "optimizer.norm = sqrt(sum(c.grad ** 2))"
    assert not [line for line in found if line.startswith("w")]


def test_nothing_to_move_needs_no_schedule() -> None:
    assert updates({"sgd": {"clip": {"norm": 1}, "schedule": {"inverse": {}}}}, frozen=["w", "c"]) == []


def test_the_norm_is_that_of_all_gradients_together() -> None:
    trace = work(loaded({"sgd": {"clip": {"norm": 0.5}}}), "update")
    every = np.append(trace.value("w.grad"), trace.value("c.grad"))
    assert trace.value("optimizer.norm") == pytest.approx(np.linalg.norm(every))


def test_state_is_carried_over_batches() -> None:
    problem = loaded({"momentum": {"learning_rate": 0.1, "beta": 0.5}}, BATCH)
    one, two, three = (worked.trace for worked in descend_steps(problem, 3, batch_size=2))
    for before, after in ((one, two), (two, three)):
        expected = 0.5 * before.value("W1.v.next") + after.value("W1.grad")
        np.testing.assert_allclose(after.value("W1.v.next"), expected)


def test_a_number_fills_the_state() -> None:
    trace = work(loaded({"adagrad": {"state": {"w": {"s": 4}, "c": {"s": 9}}}}), "update")
    assert trace.values["w.s"].tolist() == [4, 4]
    assert optimizer_state(trace)["c"]["s"] == 9 + trace.value("c.grad") ** 2


def test_without_an_optimizer_there_is_nothing_to_carry() -> None:
    bare = Problem(Program(()), {})
    assert (setting_values(bare), start_values(bare), setting_shapes(bare)) == ({}, {}, {})


def test_the_number_of_the_step() -> None:
    problem = loaded({"adam": {"t": 5}})
    assert [one.trace.value("optimizer.t") for one in descend_steps(problem, 2)] == [6, 7]


def test_adadelta_takes_a_helpers_name_that_is_free() -> None:
    start = {**PROBLEM, "equations": "w_1 = w @ x + c\nloss = half_sse(w_1, y)"}
    names = [line.partition(" = ")[0] for line in updates("adadelta", start=start)]
    assert names[:3] == ["w.s.next", "w_2", "w.d.next"]


def test_a_state_that_is_no_list_of_numbers_says_where() -> None:
    with pytest.raises(ProblemError) as refused:
        loaded({"adam": {"state": {"w": {"m": ["a", 1]}}}})
    assert refused.value.key == "optimizer.adam.state.w.m[0]"
