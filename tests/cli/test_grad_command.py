"""`nncalc grad` on the screen: every node with its value, its gradient and how that comes about."""

from __future__ import annotations

import json
import math

import pytest

from nncalc.cli.run import run

# cs231n, "Backpropagation, Intuitions": the neuron 1 / (1 + e^−(w0 x0 + w1 x1 + w2)) with its gradients, printed there
# to two places: −0.20, 0.39, −0.39, −0.59, 0.20
NEURON = ["1/(1+exp(-(w0*x0+w1*x1+w2)))", "w0=2", "x0=-1", "w1=-3", "x1=-2", "w2=-3"]


def screen(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["grad", *arguments]) == 0
    return capsys.readouterr().out


def test_a_table_of_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    assert screen(["(x + y) * z", "x=-2", "y=5", "z=-4"], capsys) == (
        " node             value  ∂f/∂node\n"
        " x                   −2        −4  = ∂f/∂(x + y)\n"
        " y                    5        −4  = ∂f/∂(x + y)\n"
        " z                   −4         3  = x + y\n"
        " x + y                3        −4  = z\n"
        " f = (x + y) · z    −12         1\n"
        "\n"
        " back along  upstream  local  product\n"
        " f → x + y          1     −4       −4\n"
        " f → z              1      3        3\n"
        " x + y → x         −4      1       −4\n"
        " x + y → y         −4      1       −4\n"
    )


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_no_line_is_wider_than_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    found = screen(NEURON, capsys)
    assert max(map(len, found.splitlines())) <= columns
    for gradient in ("−0.1966", "0.3932", "−0.3932", "−0.5898", "0.1966"):
        assert gradient in found
    assert "*" not in found
    assert "-" not in found


def test_too_wide_for_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = screen(NEURON, capsys).splitlines()
    assert lines[:3] == ["w₀ = 2", "  ∂f/∂w₀ = ∂f/∂(w₀ · x₀) · x₀ = −0.1966", "x₀ = −1"]
    assert lines[-6:-4] == ["w₁ · x₁ → x₁", "  0.1966 · −3 = −0.5898"]
    assert "  → exp(−(w₀ · x₀ + w₁ · x₁ + w₂))" in lines


def test_nodes_that_are_arrays_are_written_as_on_paper(capsys: pytest.CaptureFixture[str]) -> None:
    found = screen(["sum(tanh(W @ x) ** 2)", W, "x=[1, -1]"], capsys)
    formulas = [line[3:] for line in found.splitlines() if line[:1].isdecimal()]
    assert formulas == [
        "W x",
        "tanh(W x)",
        "tanh(W x)²",
        "f = Σ tanh(W x)²",
        "∂f/∂(tanh(W x)²) = repeat(1; 2)",
        "∂f/∂(tanh(W x)) = 2 ∂f/∂(tanh(W x)²) ⊙ tanh(W x)",
        "∂f/∂(W x) = ∂f/∂(tanh(W x)) ⊙ (1 − tanh(W x)²)",
        "∂f/∂W = ∂f/∂(W x) xᵀ",
        "∂f/∂x = Wᵀ ∂f/∂(W x)",
    ]


def test_a_number_picked_out_of_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert "f = argmax(x)" in screen(["argmax(x)", "x=[4, 5]"], capsys)


def test_the_gradient_from_above_has_another_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert " x              4       0.5  = (∂ℓ/∂f) / 4\n" in screen(["x / 4", "x=4", "--upstream", "2"], capsys)


def test_a_variable_called_f(capsys: pytest.CaptureFixture[str]) -> None:
    found = screen(["f * y", "f=4", "y=2"], capsys)
    assert " result = f · y      8              1\n" in found
    assert "∂result/∂node" in found


@pytest.mark.parametrize(
    ("arguments", "remark"),
    [
        (["relu(x)", "x=0"], "x = 0: ReLU has no derivative at 0; 0 is used"),
        (["sum(relu(x * y))", "x=[1, 0]", "y=2"], "(x · y)[2] = 0: ReLU has no derivative at 0; 0 is used"),
        (["log(x)", "x=0"], "f is infinite: what is worked out from it can't be relied on"),
        (["sqrt(x)", "x=0"], "∂f/∂x is infinite: what is worked out from it can't be relied on"),
        (["max(x, y)", "x=1", "y=1"], "f: a tie: equal entries share the gradient evenly"),
    ],
)
def test_a_remark_names_nodes_as_the_table_does(
    arguments: list[str], remark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert screen(arguments, capsys).partition("\n\n" + remark)[1]


def test_second_derivatives(capsys: pytest.CaptureFixture[str]) -> None:
    # ∂²/∂x² (x² y + sin x) = 2y − sin x, ∂²/∂x∂y = 2x, ∂²/∂y² = 0
    found = json.loads(screen(["x*x*y + sin(x)", "x=1", "y=2", "--hessian", "--json"], capsys))["hessian"]
    assert found == {"x": {"x": pytest.approx(4 - math.sin(1)), "y": 2}, "y": {"x": 2, "y": 0}}


def test_second_derivatives_of_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    # the Hessian of ‖A x‖² is 2 AᵀA
    given = ["sum((A @ x) ** 2)", "A=[[1, 2], [3, 4]]", "x=[1, -1]", "--wrt", "x", "--hessian"]
    assert json.loads(screen([*given, "--json"], capsys))["hessian"] == {"x": {"x": [[20, 28], [28, 40]]}}
    assert screen(given, capsys).endswith("  ∂²f  x[1]  x[2]\n x[1]    20    28\n x[2]    28    40\n")


def test_trace_names_are_the_keys_of_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(screen(["-x*y", "x=-2", "y=-.5", "--json"], capsys))
    forward = [step["name"] for step in found["trace"] if step["phase"] == "forward"]
    assert forward == ["-x", "result"]
    assert set(forward) <= set(found["values"])
    assert all(name in found["values"] for step in found["trace"][:2] for name in step["inputs"])


W = "W=[[1, 2], [3, 4]]"
NINE = "x=[1, 2, 3, 4, 5, 6, 7, 8, 9]"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["x * y", "x=1"], "y has no value", "Add y=2, say."),
        (["x * y", "x=1", "y=2", "yy=3"], "there is no yy in the expression", "Did you mean 'y'?"),
        (["x * y", "x=1", "y=2", "--wrt", "x,z"], "--wrt: there is no z in the expression", "Known are: x, y."),
        (["x * result", "x=1", "result=2"], "'result' is taken", "call yours 'result1', say."),
        (["x * x", "x=1", "x=2"], "x is given twice", "found x=2 as well"),
        (["x * x", "x"], "'x' is no value of a name", "expected NAME=VALUE"),
        (["ln(x)", "x=1"], "EXPRESSION:1:1: there is no operation 'ln'", "The natural logarithm is log(x)."),
        (["e ** x", "x=1"], "e has no value", "Write exp(x) for e ** x"),
        (["sigmoid", "x=1"], "sigmoid has no value", "sigmoid is an operation: write sigmoid(…)."),
        (["sin * x", "x=1", "sin=2"], "'sin' is the name of an operation", "Call yours 'sin1', say."),
        (["x * y", "x=1", "y=[]"], "y:1:1: y has no entries", "found an empty list"),
        (["x * y", "x=1", "y=[1, [2]]"], "y:1:5: y: row 2 has 1 entry", "numbers and lists do not mix"),
        (["x * x", "x=abc"], "the value of x is not a number", "found 'abc', expected 2, 1/3 or [1, 2]"),
        (["x * x", "x=1e999"], "x: 1e999 is not a finite number", "expected a finite number"),
        (["x.grad * x", "x=1"], "EXPRESSION:1:1: 'x.grad' can't stand here", "expected a name without a suffix"),
        (
            ["W @ x", W, "x=[1, -1]"],
            "the result is a vector of 2; its gradient needs --upstream",
            "For the sum of its entries: --upstream '[1, 1]'.",
        ),
        (["x * 2", NINE], "the result is a vector of 9", "For the sum of its entries: 'sum(x * 2)'."),
        (
            ["W @ x", W, "x=[1, -1]", "--upstream", "[1, 0, 2]"],
            "--upstream is a vector of 3, the result is a vector of 2",
            "the gradient from above has the result's shape",
        ),
        (["W @ x", W, "x=[1, 2, 3]"], "W and x do not fit", "W @ x needs x to have 2 entries; x has 3"),
    ],
)
def test_what_cannot_be_worked_out(
    arguments: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grad", *arguments]) == 2
    out, errors = capsys.readouterr()
    assert out == ""
    assert message in errors
    assert hint in errors


def test_an_array_whose_entries_are_weighed_from_above(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(screen(["W @ x", W, "x=[1, -1]", "--upstream", "[1, 10]", "--json"], capsys))
    assert found["values"]["result"] == [-1, -1]
    assert found["gradients"] == {"result": [1, 10], "W": [[1, -1], [10, -10]], "x": [31, 42]}


def test_a_class_number_counts_from_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(screen(["softmax_cross_entropy(h, y)", "h=[0, 0]", "y=2", "--json"], capsys))
    assert found["values"]["y"] == [0, 1]
    assert found["gradients"] == {"h": [0.5, -0.5]}


def test_a_name_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(screen(["x", "x=3", "--json"], capsys))["gradients"] == {"x": 1}


def test_arrays_nodes_are_called_by_their_formulas_on_a_wide_terminal_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert run(["grad", "sum(W @ x)", "W=[[1,2],[3,4]]", "x=[1,1]"]) == 0
    out = capsys.readouterr().out
    assert "f = Σ W x" in out
    assert "∂f/∂(W x) = repeat(1; 2)" in out
    assert "result" not in out
