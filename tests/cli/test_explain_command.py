"""`nncalc explain` as a shell sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from nncalc.catalogue.index import ACTIVATIONS, LOSSES
from nncalc.cli import main

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_object_of_an_activation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "sigmoid", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert found == {
        "nncalc": 1,
        "command": "explain",
        "name": "sigmoid",
        "definition": "1 / (1 + exp(-x))",
        "domain": "(-inf, inf)",
        "range": "(0, 1)",
        "derivation": [
            "diff((1 + exp(-x)) ** -1, x)",
            "-(1 + exp(-x)) ** -2 * diff(1 + exp(-x), x)  # chain rule, (u⁻¹)′ = −u⁻² u′",
            "exp(-x) * (1 + exp(-x)) ** -2  # chain rule, (e⁻ˣ)′ = −e⁻ˣ",
            "exp(-x) / (1 + exp(-x)) ** 2",
            "sigmoid(x) * exp(-x) / (1 + exp(-x))  # σ(x) = 1/(1 + e⁻ˣ)",
            "sigmoid(x) * ((1 + exp(-x)) / (1 + exp(-x)) - 1 / (1 + exp(-x)))  # e⁻ˣ = (1 + e⁻ˣ) − 1",
            "sigmoid(x) * (1 - sigmoid(x))  # 1/(1 + e⁻ˣ) = σ(x)",
        ],
        "derivative": "sigmoid(x) * (1 - sigmoid(x))",
        "source": "Goodfellow, Bengio, Courville, Deep Learning, eq. 3.30",
    }


@pytest.mark.parametrize("name", [*ACTIVATIONS, *LOSSES])
def test_every_activation_and_loss_has_all_of_the_keys(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    keys = ["nncalc", "command", "name", "definition", "domain", "range", "derivation", "derivative", "source"]
    assert list(found) == keys
    assert found["name"] == name
    assert all(isinstance(line, str) and line for line in found["derivation"])


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("exp", ["definition", "derivation", "derivative", "source"]),
        ("matmul", ["definition", "derivation", "source"]),
        ("sgd", ["definition", "derivation", "source"]),
        ("dense", ["definition", "derivation", "source"]),
    ],
)
def test_what_there_is_not_is_left_out(name: str, keys: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name, "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["nncalc", "command", "name", *keys]


def test_cases_and_kinks_stand_in_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "relu", "--json"])
    assert json.loads(capsys.readouterr().out)["derivation"] == [
        "# for x > 0",
        "diff(x, x)  # max(0, x) = x",
        "1",
        "# for x < 0",
        "diff(0, x)  # max(0, x) = 0",
        "0",
        "# at x == 0: 0 on the left, 1 on the right",
        "0  # no derivative; 0 is used, as PyTorch does",
    ]


def test_a_name_may_be_typed_with_hyphens(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "softmax-cross-entropy"])
    typed = capsys.readouterr().out
    main(["explain", "softmax_cross_entropy"])
    assert capsys.readouterr().out == typed
    assert typed.startswith("softmax_cross_entropy   ")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sigmoyd", "Did you mean 'sigmoid'?"),
        ("cross-entropi", "Did you mean 'cross_entropy'?"),
        ("sdg", "Did you mean 'sgd'?"),
        ("dence", "Did you mean 'dense'?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 2
    assert capsys.readouterr() == (
        "",
        f"nncalc explain: there is nothing called '{name}' to explain\n  {hint}\n  Try 'nncalc explain --help'.\n",
    )


def test_a_name_like_nothing_gets_no_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "xyzzy"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_the_page_follows_the_terminals_width_and_colour(nncalc: Run) -> None:
    plain = nncalc("explain", "tanh", env={"COLUMNS": "60", "FORCE_COLOR": "1"})
    assert "\x1b[1mtanh" in plain.stdout
    for arguments, env in ((["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        found = nncalc("explain", "tanh", *arguments, env={"COLUMNS": "60", "FORCE_COLOR": "1", **env})
        assert found.returncode == 0
        assert "\x1b" not in found.stdout
        assert max(map(len, found.stdout.splitlines())) <= 60


def test_digits_are_those_of_the_points(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "gelu", "--digits", "2"])
    assert "x ≈ −0.75" in capsys.readouterr().out
