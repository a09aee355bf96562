"""`nncalc train`: what it learns, what it prints, what it saves, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from nncalc.cli.run import run
from nncalc.engine.evaluate import evaluate
from nncalc.errors import NncalcError
from nncalc.problem import shipped
from nncalc.problem.load import load_file
from nncalc.problem.save import save_arrays
from nncalc.problem.training import Training
from nncalc.problem.work import descend_steps
from nncalc.views.train import loss_curve, missing_text

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "schema/output.json").read_text("utf-8"))
)


def trained(arguments: list[str], capsys: pytest.CaptureFixture[str], status: int = 0) -> list[Any]:
    assert run(["train", *arguments, "--json"]) == status
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line in lines:
        SCHEMA.validate(line)
    return lines


def written(folder: Path, *, rows: int = 12, optimizer: str = "{sgd: {learning_rate: 0.1}}", loss: str = "") -> str:
    """A problem of three classes in the plane, its examples in a .npz beside it."""
    rng = np.random.default_rng(3)
    labels = np.arange(rows) % 3
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    np.savez(folder / "data.npz", x=centres[labels] + rng.normal(0, 0.4, (rows, 2)), y=labels)
    path = folder / "p.yaml"
    path.write_text(
        "seed: 5\nindex_base: 0\ninputs: {file: data.npz, key: x}\nlabels: {file: data.npz, key: y}\n"
        "layers:\n"
        "  - dense: {weights: {random: {shape: [5, 2]}}, bias: {random: {shape: [5]}}, activation: tanh}\n"
        "  - dense: {weights: {random: {shape: [3, 5]}}, bias: {random: {shape: [3]}}}\n"
        f"loss: {loss or 'softmax_cross_entropy'}\noptimizer: {optimizer}\n",
        "utf-8",
    )
    return str(path)


def test_xor_is_learned(capsys: pytest.CaptureFixture[str]) -> None:
    lines = trained(["xor-train", "--epochs", "5000"], capsys)
    assert lines[-1]["loss"] < 1e-3
    assert [line["epoch"] for line in lines] == list(range(1, 5001))
    assert lines[-1]["steps"] == 5000


def test_classes_without_a_named_prediction_are_learned_without_an_accuracy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "given: {x: [[1, 2], [0, 1], [2, 2]], y: [1, 2, 1]}\nparameters: {W: [[1, 0], [0, 1]]}\n"
        "equations: loss = softmax_cross_entropy(x @ W.T, y)\n",
        "utf-8",
    )
    first, second = trained([str(path), "--epochs", "2"], capsys)
    assert second["loss"] < first["loss"]
    assert "accuracy" not in first


@pytest.mark.parametrize("name", ["xor", "regression", "softmax-classifier", "regression-equations"])
def test_full_batches_are_the_steps_of_sgd(name: str) -> None:
    problem = load_file(str(shipped.path_of(name)))
    training = Training(problem)
    losses = [epoch.score.loss for epoch in training.run(5)]
    steps = list(descend_steps(problem, 5))
    assert losses == pytest.approx([float(s.trace.value("loss")) for s in steps], rel=1e-12)
    for parameter, value in training.parameters.items():
        assert value == pytest.approx(steps[-1].trace.values[f"{parameter}.next"], rel=1e-12)


@pytest.mark.parametrize(
    "optimizer",
    [
        "{sgd: {learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01}}",
        "{adam: {learning_rate: 0.05}}", "{nadam: {}}", "{adadelta: {}}", "{rmsprop: {clip: {norm: 0.5}}}",
        "{adamw: {schedule: {cosine: {steps: 10}}}}", "{adam: {t: 7}}",
    ],
)  # fmt: skip
def test_optimizers_carry_their_state(optimizer: str, tmp_path: Path) -> None:
    problem = load_file(written(tmp_path, optimizer=optimizer))
    training = Training(problem)
    list(training.run(6))
    last = list(descend_steps(problem, 6))[-1].trace.values
    for parameter, value in training.parameters.items():
        assert value == pytest.approx(last[f"{parameter}.next"], rel=1e-9, abs=1e-12)


def test_an_epoch_is_every_example_once_and_the_mean_of_its_batches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path)
    lines = trained([file, "--epochs", "40", "--batch-size", "5"], capsys)
    # 12 examples are two batches of 5 and one of 2
    assert [line["steps"] for line in lines] == [3 * n for n in range(1, 41)]
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert lines[-1]["accuracy"] == 1
    assert all(a["seconds"] <= b["seconds"] for a, b in pairwise(lines))


def test_the_seed_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = [written(tmp_path), "--epochs", "3", "--batch-size", "4"]
    one, same, other = ([line["loss"] for line in trained([*call, "--seed", seed], capsys)] for seed in ("1", "1", "2"))
    assert one == same
    assert one != other


def test_a_share_is_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = [written(tmp_path, rows=40), "--epochs", "30", "--batch-size", "8", "--validation", "0.25"]
    lines = trained(call, capsys)
    assert lines[0]["steps"] == 4  # 30 examples
    assert lines[-1]["validation"]["accuracy"] >= 0.8
    assert lines[-1]["validation"]["loss"] < lines[0]["validation"]["loss"]


def test_patience_stops_and_keeps_the_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # a step too large goes over the minimum again and again
    file = written(tmp_path, optimizer="{sgd: {learning_rate: 60}}")
    save = tmp_path / "w.npz"
    lines = trained([file, "--epochs", "200", "--patience", "3", "--save", str(save)], capsys)
    losses = [line["loss"] for line in lines]
    assert len(losses) < 200
    assert losses.index(min(losses)) == len(losses) - 4
    # all examples are one batch, so that its loss is the one that the epoch began with
    assert loss_with(file, save) == pytest.approx(min(losses), rel=1e-9)


def loss_with(file: str, save: Path) -> float:
    """The loss of all examples with the weights in a file."""
    problem = load_file(file)
    values = {**problem.values, **np.load(save, allow_pickle=False)}
    return float(evaluate(problem.forward, values).values["loss"])


def test_patience_says_which_epoch_was_the_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save = tmp_path / "w.npz"
    call = [written(tmp_path, rows=40, optimizer="{sgd: {learning_rate: 60}}"), "--epochs", "200", "--patience", "3"]
    assert run(["train", *call, "--batch-size", "8", "--validation", "0.25", "--save", str(save)]) == 0
    out, notices = capsys.readouterr()
    held_out = [json.loads(line)["validation"]["loss"] for line in out.splitlines()]
    best = held_out.index(min(held_out)) + 1
    assert len(held_out) == best + 3
    assert notices == (
        f"nncalc: stopped early: no better loss for 3 epochs. The weights are those of the best one, epoch {best}\n"
    )


def test_saved_weights_are_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path)
    trained([file, "--epochs", "50", "--save", str(tmp_path / "w.npz")], capsys)
    text = Path(file).read_text("utf-8")
    for layer, rest in ((1, ", activation: tanh"), (2, "")):
        start = text.index("  - dense: {weights: {random")
        end = text.index("\n", start)
        new = f"  - dense: {{weights: {{file: w.npz, key: W{layer}}}, bias: {{file: w.npz, key: b{layer}}}{rest}}}"
        text = text[:start] + new + text[end:]
    again = tmp_path / "again.yaml"
    again.write_text(text, "utf-8")
    saved = np.load(tmp_path / "w.npz", allow_pickle=False)
    problem = load_file(str(again))
    assert sorted(saved) == ["W1", "W2", "b1", "b2"]
    for name in saved:
        assert np.array_equal(saved[name], problem.values[name])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.yaml", "data.npz", "p.yaml", "w.npz"]


def test_what_cannot_be_saved_leaves_nothing_behind(tmp_path: Path) -> None:
    """The folder was there when the training began, and is gone or taken at its end."""
    for target in (tmp_path / "gone" / "w.npz", tmp_path / "w.npz"):
        if target.parent == tmp_path:
            target.mkdir()
        with pytest.raises(NncalcError, match=r"w\.npz' can't be written: "):
            save_arrays(str(target), {"W1": np.ones(2)})
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


def test_a_folder_is_no_place_for_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w.npz").mkdir()
    assert run(["train", "xor", "--epochs", "1", "--save", str(tmp_path / "w.npz")]) == 2
    assert "w.npz' is a folder" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("file", ["equations", "layers"])
def test_a_diverging_run_says_where_and_keeps_the_last_finite_weights(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.yaml"
    if file == "equations":
        # w is multiplied by 1 − 2 · 10 = −19 each step; w² is past 1.8e308 where |w| is past 1.3e154, at the 122nd
        path.write_text(
            "given: {y: 0}\nparameters: {w: 1}\nequations: 'loss = (w - y) ** 2'\n"
            "optimizer: {sgd: {learning_rate: 10}}",
            "utf-8",
        )
    else:
        path.write_text(
            "inputs: [[1], [2]]\nlabels: [[0], [1]]\nlayers: [{dense: {weights: [[1]], bias: [0]}}]\nloss: sse\n"
            "optimizer: {sgd: {learning_rate: 10}}",
            "utf-8",
        )
    save = tmp_path / "w.npz"
    assert run(["train", str(path), "--epochs", "1000", "--save", str(save), "--json"]) == 1
    captured = capsys.readouterr()
    steps = json.loads(captured.out.splitlines()[-1])["steps"]
    assert f"the loss stopped being finite at step {steps + 1}" in captured.err
    assert all(np.isfinite(array).all() for array in dict(np.load(save)).values())
    if file == "equations":
        assert steps == 121
        assert float(np.load(save)["w"]) == pytest.approx((-19.0) ** 121, rel=1e-12)


def test_a_run_that_diverges_at_once_keeps_the_weights_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, save = tmp_path / "p.yaml", tmp_path / "w.npz"
    path.write_text(
        "inputs: [[1.0e+200], [2]]\nlabels: [[0], [1]]\nlayers: [{dense: {weights: [[1.0e+200]], bias: [3]}}]\n"
        "loss: sse\noptimizer: {adam: {learning_rate: 10}}\n",
        "utf-8",
    )
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["train", str(path), "--epochs", "5", "--save", str(save)]) == 1
    screen = " ".join(capsys.readouterr().out.split())
    assert "the loss stopped being finite at step 1: it is infinite. The last finite weights are kept" in screen
    assert {name: array.tolist() for name, array in np.load(save).items()} == {"W1": [[1e200]], "b1": [3.0]}


@pytest.mark.parametrize("batch", [None, 1])
def test_weights_that_stop_being_finite_before_the_loss_does(batch: int | None, tmp_path: Path) -> None:
    # w is 1, 1e120, 1e240 and then past the largest double, which the loss shows a step later
    path = tmp_path / "p.yaml"
    path.write_text(
        "inputs: [[1], [1], [1], [1], [1]]\nlabels: [[0], [0], [0], [0], [0]]\n"
        "layers: [{dense: {weights: [[1]], bias: [0]}}]\nloss: mae\noverrides: 'W1.next = W1 * 1e120'",
        "utf-8",
    )
    training = Training(load_file(str(path)), batch)
    list(training.run(100))
    assert training.diverged is not None
    assert training.diverged.step == 4
    assert training.parameters["W1"] == pytest.approx(1e240)


def test_a_class_that_no_example_is_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, rows=2)
    assert run(["train", file, "--epochs", "1", "--json"]) == 0
    assert "no example is of class 2: nothing can be learned of it\n" in capsys.readouterr().err


def test_a_class_that_only_those_held_out_are_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, rows=3)
    assert run(["train", file, "--epochs", "1", "--validation", "0.34", "--json"]) == 0
    assert "no example to learn from is of class " in capsys.readouterr().err


def test_a_loss_that_is_no_number_is_refused_as_by_sgd(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("given: {x: [1]}\nparameters: {w: [2]}\nequations: |\n  loss = w * x\n", "utf-8")
    told = []
    for command in (["sgd"], ["train", "--epochs", "1"]):
        assert run([*command, str(path)]) == 2
        told.append(capsys.readouterr().err.partition("p.yaml")[2])
    assert told[0] == told[1]
    assert "loss is a vector of 1; gradients need one number" in told[0]


def test_many_missing_classes_are_one_notice() -> None:
    assert missing_text([3, 5], held_out=False).startswith("no example is of class 3 or 5: nothing can be")
    few = missing_text(list(range(1, 41)), held_out=False)
    assert few == "no example is of class 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 or 30 more: nothing can be learned of them"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["linear-relu"], "no loss"),
        (["regression-equations", "--batch-size", "2"], "needs a batch"),
        (["softmax-classifier", "--validation", "0.01"], "0.01 of 4 examples leaves nothing to check on"),
        (["softmax-classifier", "--validation", "0.99"], "0.99 of 4 examples leaves none to learn from"),
        (["regression", "--validation", "0.5"], "--validation needs a batch"),
        (["softmax-classifier", "--validation", "1"], "found 1, expected a share"),
        (["xor", "--save", "w.pt"], "saved as .npz"),
        (["xor", "--save", "no/such/folder/w.npz"], "folder that there is not"),
        (["xor", "--epochs", "0"], "expected a whole number from 1"),
        (["xor", "--patience", "0"], "expected a whole number 1 or more"),
    ],
)
def test_what_cannot_be_used(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


@pytest.mark.parametrize("options", [[], ["--batch-size", "1"], ["--batch-size", "1", "--validation", "0.25"]])
def test_what_the_equations_have_no_value_for_is_said_with_its_place(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "given: {x: [0, 1, 3, 3], y: [[1, 2], [1, 2], [0, 1], [1, 1]]}\n"
        "parameters: {E: [[1, 2], [3, 4], [5, 6]]}\n"
        "equations: |\n"
        "  h = one_hot(x, classes=3) @ E\n"
        "  losses = half_sse(h, y, reduction='none')\n"
        "  loss = mean(losses)\n",
        "utf-8",
    )
    assert run(["train", str(path), "--epochs", "2", *options]) == 2
    out, errors = capsys.readouterr()
    assert out == ""
    assert "p.yaml:4:3: one_hot has no class 3" in errors


def test_the_screen_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["train", "softmax-classifier", "--epochs", "20"]) == 0
    screen = capsys.readouterr().out
    assert "epoch 20 (20 steps" in screen
    assert "accuracy 100 %" in screen
    assert "█" in screen


@pytest.mark.parametrize("width", [30, 60, 200])
@pytest.mark.parametrize("losses", [[1.0, 0.5, 0.1], [2.0] * 500, [10.0**-n for n in range(300)], [0.0, 1.0]])
def test_the_curve_fits_and_falls(losses: list[float], width: int) -> None:
    lines = ["".join(text for text, _ in line) for line in loss_curve(losses, width, 4)]
    assert max(map(len, lines)) <= width
    assert ("logarithmic" in lines[0]) == (len(losses) == 300)


def test_one_epoch_has_no_curve() -> None:
    assert loss_curve([1.0], 60, 4) == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_saves_what_there_is(tmp_path: Path) -> None:
    file, save = written(tmp_path, rows=300), tmp_path / "w.npz"
    call = [sys.executable, "-m", "nncalc", "train", file, "--epochs", "1000000", "--batch-size", "8"]
    with subprocess.Popen(
        [*call, "--save", str(save)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert first["epoch"] == 1
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert sorted(np.load(save)) == ["W1", "W2", "b1", "b2"]


# Digits: the shipped files, trained as their notes say; what is held out is not learned from.


@pytest.fixture(scope="module")
def folder_of_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data that the line of Python in the notes writes."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    digits = load_digits()
    np.savez(folder / "digits.npz", images=digits.data / 16, digits=digits.target)
    return folder


def call_in_notes(name: str) -> list[str]:
    """What the notes of a shipped problem say is to be called."""
    path = shipped.path_of(name)
    assert path is not None
    notes = shipped.notes_of(path.read_text("utf-8"))
    (call,) = re.findall(r"Then: nncalc train (.*)", notes)
    return call.split()


@pytest.mark.parametrize(("name", "accuracy"), [("digits", 0.97), ("digits-cnn", 0.98)])
def test_digits_are_learned(
    name: str,
    accuracy: float,
    folder_of_digits: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder_of_digits)
    call = call_in_notes(name)
    assert call[0] == name
    lines = trained(call, capsys)
    assert lines[-1]["validation"]["accuracy"] > accuracy
    # 1,438 of 1,797 to learn from, 45 batches of 32 and a last one of 30
    assert lines[0]["steps"] == 45


@pytest.mark.parametrize("name", shipped.names_without_data())
@pytest.mark.parametrize("command", ["train", "sgd", "shapes"])
def test_without_the_digits_it_says_how_to_get_them(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command, name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{name}.yaml:10:16: there is no file 'digits.npz'\n")
    assert (
        "  The images are not part of nncalc. With scikit-learn, this line writes them into the current folder:\n"
        in err
    )
    (line,) = re.findall(r'^  python -c "(.*)"$', err, re.MULTILINE)
    assert line.startswith("from sklearn.datasets import load_digits")


def test_the_line_in_the_notes_writes_the_digits(
    folder_of_digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shipped.path_of("digits")
    assert path is not None
    (line,) = re.findall(r'python -c "(.*)"', path.read_text("utf-8"))
    subprocess.run([sys.executable, "-c", line], cwd=tmp_path, check=True, timeout=60)
    found, wanted = np.load(tmp_path / "digits.npz"), np.load(folder_of_digits / "digits.npz")
    assert all(np.array_equal(found[key], wanted[key]) for key in wanted)


def test_a_key_that_the_users_data_lack_says_how_to_get_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "digits.npz", data=np.ones((2, 64)))
    monkeypatch.chdir(tmp_path)
    assert run(["train", "digits"]) == 2
    err = capsys.readouterr().err
    assert "'digits.npz' has no array 'images'" in err
    assert "python -c" in err


def test_data_are_looked_for_beside_a_users_own_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shipped.path_of("digits")
    assert path is not None
    (tmp_path / "mine").mkdir()
    shutil.copy(path, tmp_path / "mine")
    np.savez(tmp_path / "mine" / "digits.npz", images=np.eye(64)[:20], digits=np.arange(20) % 10)
    monkeypatch.chdir(tmp_path)
    assert len(trained(["mine/digits.yaml", "--epochs", "2"], capsys)) == 2


def test_problems_tells_of_those_that_need_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["problems"]) == 0
    assert "need a file of data first: digits, digits-cnn" in capsys.readouterr().out
    assert run(["problems", "--json"]) == 0
    assert "digits" not in [one["name"] for one in json.loads(capsys.readouterr().out)["problems"]]
