"""`nncalc gradcheck`: what is right, what is wrong and where, and which units stand at a kink."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nncalc.cli.run import run
from nncalc.problem import shipped
from nncalc.problem.checking import gradient_checks
from nncalc.problem.load import load_file

LEARNS = [name for name in shipped.names() if name not in ("linear-relu", "regression-as-printed")]


def checked(file: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    status = run(["gradcheck", file, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", LEARNS)
def test_every_shipped_problem_is_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if not has_loss(name):
        pytest.skip("no loss")
    status, found = checked(name, capsys)
    assert (status, found["right"]) == (0, True)
    assert found["worst"] <= 1e-6
    assert found["worst"] == max(check["relative_error"] for check in found["checks"])


def has_loss(name: str) -> bool:
    return load_file(str(shipped.path_of(name))).forward.loss is not None


def test_every_parameter_and_input_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = checked("regression", capsys)
    assert [check["name"] for check in found["checks"]] == ["h2", "W2", "b2", "h1", "hbar1", "W1", "b1", "x"]


def test_flipped_signs_are_found_where_they_are_made(capsys: pytest.CaptureFixture[str]) -> None:
    status, found = checked("regression-as-printed", capsys)
    assert (status, found["right"]) == (1, False)
    # −g in place of g: |−g − g| / |g| = 2
    assert found["worst"] == pytest.approx(2, abs=1e-6)
    assert run(["gradcheck", "regression-as-printed", "--no-color"]) == 1
    screen = capsys.readouterr().out
    assert "\nwrong: ∂ℓ/∂h², ∂ℓ/∂b¹\n" in screen
    assert "entry 3: found 0.1479, the difference quotient is −0.1479" in screen
    assert " ↳  ∂ℓ/∂W²  follows\n" in screen


def test_a_unit_at_its_kink_is_named_and_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    # with the book's weights, hbar1 is exactly 0 at (1, 1), (2, 2) and (3, 2)
    status, found = checked("xor", capsys)
    assert status == 0
    by_name = {check["name"]: check for check in found["checks"]}
    assert {(*kink["entry"], kink["unit"]) for kink in by_name["hbar1"]["kinks"]} == {
        (1, 1, "hbar1[1, 1]"),
        (2, 2, "hbar1[2, 2]"),
        (3, 2, "hbar1[3, 2]"),
    }
    assert "kinks" not in by_name["W2"]


def problem(tmp_path: Path, equations: str, **given: Any) -> str:
    path = tmp_path / "p.yaml"
    lines = "".join(f"  {line}\n" for line in equations.splitlines())
    path.write_text(f"given: {{y: 1}}\nparameters: {json.dumps(given)}\nequations: |\n{lines}", "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("equations", "given", "unit"),
    [
        ("loss = sum(relu(w)) * y", {"w": [1, 0, -1]}, "w[2]"),
        ("loss = sum(abs(w - 2)) * y", {"w": [2.0000001, 5]}, "(w - 2)[1]"),
        ("loss = max(w) * y", {"w": [3, 3.0000001]}, "w[1]"),
        ("loss = max(w, 3) * y", {"w": 3}, "w"),
        ("h = w * 1\nloss = sum(h * (h > 1)) * y", {"w": [1, 4]}, "h[1]"),
        ("loss = sum(clip(w, low=-1, high=1)) * y", {"w": [1, 0.5]}, "w[1]"),
        ("loss = mae(2 * w, v) * y", {"w": [1.5, 3.5], "v": [1, 7.0000001]}, "(2 * w)[2]"),
        ("loss = hinge(w, v) * y", {"w": [3, -1], "v": [1, -1]}, "w[2]"),
        ("loss = squared_hinge(w, v) * y", {"w": [0.5, -1], "v": [2, -1]}, "w[1]"),
        ("loss = multiclass_hinge(w, one_hot(y, classes=3))", {"w": [1, 2, 0]}, "w[1]"),
    ],
)
def test_kinks_of_every_kind(
    equations: str, given: Any, unit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = checked(problem(tmp_path, equations, **given), capsys)
    units = {kink["unit"] for check in found["checks"] for kink in check.get("kinks", ())}
    assert status == 0
    assert unit in units


def test_many_units_at_their_kinks_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = problem(tmp_path, "h = w * y\nloss = sum(relu(h))", w=[0.0] * 6)
    assert run(["gradcheck", path]) == 0
    remarks = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if "switch" in line]
    assert remarks[0] == "entry 1 not checked: h[1] switches between the two evaluations"
    assert remarks[3:5] == ["entry 4 not checked: h[4] switches between the two evaluations", "and 2 more units switch"]


def test_many_entries_kept_from_being_checked_by_one_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = problem(tmp_path, "z = sum(w) * y\nloss = relu(z)", w=[0.0] * 6)
    assert run(["gradcheck", path]) == 0
    screen = " ".join(capsys.readouterr().out.split())
    assert "entries 1; 2; 3; 4 and 2 more not checked: z switches between the two evaluations" in screen


def test_what_the_equations_have_no_value_for_is_said_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = problem(tmp_path, "loss = sum(one_hot(2 * y, classes=2) * w)", w=[1, 2])
    assert run(["gradcheck", path]) == 2
    out, errors = capsys.readouterr()
    assert out == ""
    assert "p.yaml:4:3: one_hot has no class 2" in errors


def test_a_kink_elsewhere_excuses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(problem(tmp_path, "h = relu(w)\nloss = sum(h ** 2) * y", w=[0, 1]))
    path.write_text(path.read_text("utf-8") + "overrides: 'h.grad = 3 * h * y'\n", "utf-8")
    status, found = checked(str(path), capsys)
    assert (status, found["checks"][0]["name"], found["checks"][0]["relative_error"]) == (
        1, "h", pytest.approx(1 / 3, rel=1e-6)
    )  # fmt: skip


@pytest.mark.parametrize("w", [1e-6, 1e6, -700])
def test_sizes_far_from_one(w: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = checked(problem(tmp_path, "h = w ** 2\nloss = log(1 + h) * y", w=w), capsys)
    assert (status, found["right"]) == (0, True)


# a variance near to 0; a mean square whose numbers nearly cancel; a class that is nearly sure; a probability that can't
# be moved both ways, and one that can't be moved far
HARD = {
    "small": ("h = w * 1\nloss = y / sqrt(h + 1e-5)", 6e-5),
    "cancelled": ("h = w * 1\nloss = (h - 1000 * y) ** 2", 1000.000001),
    "sure": ("h = w * 1\nloss = softmax_cross_entropy(concat(h, 0 * h), concat(y * h / h, 0 * h))", [22]),
    "at an end": ("h = w * 1\nloss = binary_cross_entropy(h, y)", 1),
    "beside an end": ("h = w * 1\nloss = binary_cross_entropy(h, y - 1)", 0.99999997),
    "beside 0": ("h = w * 1\nloss = binary_cross_entropy(h, y)", 3e-8),
}


@pytest.mark.parametrize("factor", [1, -1])
@pytest.mark.parametrize("case", HARD)
def test_right_and_wrong_are_told_apart_where_rounding_or_the_step_is_large(
    case: str, factor: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    equations, w = HARD[case]
    path = Path(problem(tmp_path, equations, w=w))
    path.write_text(path.read_text("utf-8") + f"overrides: 'w.grad = {factor} * h.grad'\n", "utf-8")
    status, found = checked(str(path), capsys)
    assert (status, found["right"]) == ((0, True) if factor == 1 else (1, False))


def test_what_is_not_finite_is_not_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = checked(problem(tmp_path, "loss = log(w) * y", w=0), capsys)
    assert (status, found["worst"]) == (1, "NaN")


def test_without_a_loss_there_is_nothing_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "linear-relu"]) == 2
    assert "no loss" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("name", ["xor", "regression-as-printed"])
def test_no_line_is_wider_than_the_terminal(
    name: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    run(["gradcheck", name])
    lines = capsys.readouterr().out.replace("\N{COMBINING MACRON}", "").splitlines()
    assert max(map(len, lines)) <= columns


def test_what_is_not_a_number_is_not_right(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The first example is predicted exactly, where l2 has no derivative: its NaN must not be forgotten."""
    path = tmp_path / "exact.yaml"
    path.write_text("inputs: [[1, 2], [0, 1]]\nlabels: [5, 3]\nlayers: [{dense: {weights: [[1, 2]]}}]\nloss: l2\n")
    assert run(["gradcheck", str(path), "--json"]) == 1
    checks = {check["name"]: check["relative_error"] for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks == {"h1": "NaN", "W1": "NaN", "x": "NaN"}


class Terminal(io.StringIO):
    """A standard error that somebody watches."""

    def isatty(self) -> bool:
        return True


def wide(folder: Path, inputs: int) -> str:
    path = folder / "wide.yaml"
    path.write_text(
        f"seed: 1\ninputs: {[0.1] * inputs}\nlabels: [1, 2]\n"
        f"layers: [{{dense: {{weights: {{random: {{shape: [2, {inputs}], scale: 0.1}}}}, activation: tanh}}}}]\n"
        "loss: mse\n",
        "utf-8",
    )
    return str(path)


@pytest.mark.parametrize(("inputs", "bar"), [(200, True), (20, False)])
def test_many_entries_have_a_progress_bar_on_a_terminal(
    inputs: int, bar: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    assert run(["gradcheck", wide(tmp_path, inputs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["right"]
    shown = stream.getvalue()
    # W1, its results and the input: 400 + 2 + 2 + 200
    assert ("/604" in shown) == bar
    assert bar or shown == ""


def test_nobody_watching_sees_no_progress_bar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", wide(tmp_path, 200)]) == 0
    assert capsys.readouterr().err == ""


def test_progress_counts_every_entry_of_every_gradient() -> None:
    seen: list[tuple[str, int, int]] = []
    gradient_checks(load_file(str(shipped.path_of("regression"))), lambda *at: seen.append(at))
    # 3 + 12 + 3 + 4 + 4 + 12 + 4 + 3 entries
    assert [done for _, done, _ in seen] == list(range(45))
    assert {total for _, _, total in seen} == {45}
    assert [name for name, _, _ in seen][::15] == ["h2", "b2", "W1"]


@pytest.mark.parametrize(
    ("equation", "remark"),
    [
        ("loss = l2(2 * x, y)", "ℓ = 0: the distance has no derivative at 0; its gradient is 0 / 0"),
        ("loss = sum(exp(1000 * x))", "ℓ is infinite: what is worked out from it can't be relied on"),
    ],
)
def test_why_a_gradient_is_no_number(
    equation: str, remark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f"given: {{x: [1, 2], y: [2, 4]}}\nequations: |\n  h = 0 * y\n  {equation}\n", "utf-8")
    assert run(["gradcheck", str(path)]) == 1
    assert remark in capsys.readouterr().out.splitlines()
