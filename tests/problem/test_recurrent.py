"""Recurrent layers: PyTorch's numbers, Gomez's worked example, finite differences, stacked gates, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncalc.engine.evaluate import evaluate
from nncalc.errors import NncalcError
from nncalc.language.text import equation_text
from nncalc.problem.load import load_text
from nncalc.problem.outcome import outcome
from nncalc.problem.problem import Problem
from nncalc.problem.sizes import sizes_of
from nncalc.problem.work import Worked, descend_steps, program_of, work
from nncalc.views.iteration import closing
from tests.engine.programs import relative_error

RECORDED = json.loads((Path(__file__).parent.parent / "numbers" / "recurrent.json").read_text("utf-8"))["cases"]
# PyTorch's gate orders, and Keras': "The Keras API", layers LSTM (i, f, c, o) and GRU (z, r, h).
GATES = {"rnn": "h", "lstm": "ifgo", "gru": "rzn"}
KERAS = {"lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}
FORMS = ("maps", "maps row", "pytorch", "pytorch row", "keras", "keras row", "list", "list row")


def problem(**document: Any) -> Problem:
    """The problem of a file with these keys: JSON is YAML too."""
    return load_text(json.dumps(document), "test.yaml", None)


# --- PyTorch's numbers ------------------------------------------------------------------------------------------------


def parts(array: Any, kind: str) -> list[Any]:
    return np.split(np.asarray(array), len(GATES[kind]))


def written(array: Any, kind: str, form: str) -> Any:
    """One of PyTorch's parameters, gates stacked by rows, as the form has it in a file."""
    layout, _, row = form.partition(" ")
    found = parts(array, kind)
    turn = (lambda a: a.T) if np.ndim(array) == 2 else (lambda a: a)
    if kind == "rnn":
        return (turn(found[0]) if row else found[0]).tolist()
    if layout == "maps":
        return {gate: (turn(a) if row else a).tolist() for gate, a in zip(GATES[kind], found, strict=True)}
    if layout == "pytorch":
        return np.concatenate(found).tolist()
    if layout == "keras":
        return turn(np.concatenate([found[i] for i in KERAS[kind]])).tolist()
    stacked = np.concatenate(found[::-1])
    return (turn(stacked) if row else stacked).tolist()


def direction(case: Any, kind: str, form: str, behind: str, number: int) -> dict[str, Any]:
    keys = {"weights": "weight_ih", "recurrent_weights": "weight_hh", "bias": "bias_ih", "recurrent_bias": "bias_hh"}
    settings = {key: written(case["parameters"][f"{of}_l0{behind}"], kind, form) for key, of in keys.items()}
    for key, start in zip(("initial", "initial_cell"), case["starts"][: 2 if kind == "lstm" else 1], strict=False):
        settings[key] = start[number]
    return settings


def from_pytorch(name: str, form: str) -> tuple[Problem, Any, str]:
    case, kind = RECORDED[name], name.split()[0]
    settings = direction(case, kind, form, "", 0)
    layout = form.split()[0]
    if layout != "maps" and kind != "rnn":
        settings["layout"] = layout if layout != "list" else list(GATES[kind][::-1])
    if "both" in name:
        settings["reverse"] = direction(case, kind, form, "_reverse", 1)
    if "relu" in name:
        settings["activation"] = "relu"
    settings["output"] = "all" if "all" in name else "last"
    convention = "row" if "row" in form else "column"
    layers = [{kind: settings}]
    return (
        problem(inputs=case["x"], labels=case["labels"], convention=convention, layers=layers, loss="sse"),
        case,
        kind,
    )


@pytest.mark.parametrize(
    ("name", "form"),
    # the plain layer has no gates to stack
    [(name, form) for name in RECORDED for form in FORMS if form.startswith("maps") or not name.startswith("rnn")],
)
def test_pytorch_forward_and_backward(name: str, form: str) -> None:
    found, case, kind = from_pytorch(name, form)
    values = work(found, "backward").values
    assert relative_error(values["h1"], case["result"]) < 1e-12
    assert values["loss"] == pytest.approx(case["loss"], rel=1e-12)
    gradients = case["gradients"]
    assert relative_error(values["x.grad"], gradients["x"]) < 1e-12
    steps = np.shape(case["x"])[-2]
    for side, behind, first in [("", "", 0), ("r", "_reverse", steps + 1)][: 2 if "both" in name else 1]:
        for letter, of in (("W", "weight_ih"), ("U", "weight_hh"), ("b", "bias_ih"), ("c", "bias_hh")):
            for gate, expected in zip(GATES[kind], parts(gradients[f"{of}_l0{behind}"], kind), strict=True):
                name_of = f"{letter}1{side}" + ("" if kind == "rnn" else f"_{gate}")
                turned = expected.T if "row" in form else expected
                assert relative_error(values[f"{name_of}.grad"], turned) < 1e-12, name_of
        for letter, key in (("h", "h0"), ("c", "c0"))[: 2 if kind == "lstm" else 1]:
            start = values[f"{letter}1{side}_t{first}.grad"]
            assert relative_error(start, gradients[key][1 if side else 0]) < 1e-12


def test_keras_writes_both_biases_of_a_gru_in_one_array() -> None:
    found, case, _ = from_pytorch("gru", "keras")
    document = {key: direction(case, "gru", "keras", "", 0)[key] for key in ("weights", "recurrent_weights")}
    both = [direction(case, "gru", "keras", "", 0)[key] for key in ("bias", "recurrent_bias")]
    layer = {"gru": {**document, "bias": both, "layout": "keras", "initial": case["starts"][0][0]}}
    again = problem(inputs=case["x"], labels=case["labels"], layers=[layer], loss="sse")
    assert again.forward.equations == found.forward.equations
    assert all(np.array_equal(again.values[name], found.values[name]) for name in found.values)


SMALL = {"weights": [[0.5]], "recurrent_weights": [[0.1]]}

# --- a published example ----------------------------------------------------------------------------------------------

# Aidan Gomez, "Backpropogating an LSTM: A Numerical Example", 2016: a is g here, state c, out h. Four or five places,
# of which the last carries on the rounding of what was worked out before.
# https://blog.aidangomez.ca/2016/04/17/Backpropogating-an-LSTM-A-Numerical-Example/ sets its numbers as formulas, which
# copies of its text lack. The sums before the gates, the states, the outputs, and the gradients of all that stand as
# plain numbers in a test of his colleagues' library, alejandro-isaza/BrainCore, Tests/LSTMLayerTests.swift,
# testBackward, order i, g, f, o. The gates' values and what concerns the parameters are as remembered from the page,
# and agree with the equations to the places given.
GOMEZ = {
    "ibar1_t1": 3.20, "gbar1_t1": 1.15, "fbar1_t1": 1.75, "obar1_t1": 1.5,
    "ibar1_t2": 3.9541, "gbar1_t2": 1.2554, "fbar1_t2": 1.9036, "obar1_t2": 1.7341,
    "g1_t1": 0.81775, "i1_t1": 0.96083, "f1_t1": 0.85195, "o1_t1": 0.81757, "c1_t1": 0.78572, "h1_t1": 0.53631,
    "g1_t2": 0.84980, "i1_t2": 0.98118, "f1_t2": 0.87030, "o1_t2": 0.84993, "c1_t2": 1.5176, "h1_t2": 0.77197,
    "h1_t2.grad": -0.47803, "c1_t2.grad": -0.07111, "gbar1_t2.grad": -0.01938, "ibar1_t2.grad": -0.00112,
    "fbar1_t2.grad": -0.00631, "obar1_t2.grad": -0.05538, "h1_t1.grad": 0.01803, "c1_t1.grad": -0.05349,
    "gbar1_t1.grad": -0.01703, "ibar1_t1.grad": -0.00165, "fbar1_t1.grad": 0.0, "obar1_t1.grad": 0.00176,
    "x.grad": [[-0.00817, -0.00487], [-0.04743, -0.03073]],
    "W1_g.grad": [[-0.0267, -0.0922]], "W1_f.grad": [[-0.0032, -0.0189]], "W1_o.grad": [[-0.0259, -0.1626]],
    "U1_g.grad": -0.0104, "U1_i.grad": -0.0006, "U1_f.grad": -0.0034, "U1_o.grad": -0.0297,
    "b1_g.grad": -0.0364, "b1_i.grad": -0.0028, "b1_f.grad": -0.0063, "b1_o.grad": -0.0536,
    "W1_g.next": [[0.4527, 0.2592]], "W1_f.next": [[0.7003, 0.4519]], "W1_o.next": [[0.6026, 0.4163]],
    "U1_g.next": 0.1510, "U1_i.next": 0.8001, "U1_f.next": 0.1003, "U1_o.next": 0.2530,
    "b1_g.next": 0.2036, "b1_i.next": 0.6503, "b1_f.next": 0.1506, "b1_o.next": 0.1054,
}  # fmt: skip
SHIPPED = Path(__file__).parent.parent.parent / "problems"


@pytest.mark.parametrize("name", GOMEZ)
def test_the_worked_example_of_an_lstm(name: str) -> None:
    values = work(load_text((SHIPPED / "lstm.yaml").read_text("utf-8"), "lstm.yaml", None), "update").values
    expected = np.reshape(GOMEZ[name], values[name].shape)
    places = max(len(str(number).partition(".")[2]) for number in expected.ravel().tolist())
    assert np.max(np.abs(values[name] - expected)) <= (1.5e-5 if places > 4 else 5e-5)


# --- whole networks against finite differences ------------------------------------------------------------------------


def wave(start: float, *shape: int) -> Any:
    return np.sin(0.7 * np.arange(np.prod(shape)) + start).reshape(shape)


def settings_of(kind: str, row: bool, features: int, start: float, **more: Any) -> dict[str, Any]:
    """Made-up parameters of a layer with two units."""
    shapes = {"weights": (2, features), "recurrent_weights": (2, 2), "bias": (2,), "recurrent_bias": (2,)}
    found: dict[str, Any] = {}
    for k, (key, shape) in enumerate(shapes.items()):
        arrays = [
            wave(start + k + 0.31 * g, *(shape[::-1] if row else shape)).tolist() for g in range(len(GATES[kind]))
        ]
        found[key] = arrays[0] if kind == "rnn" else dict(zip(GATES[kind], arrays, strict=True))
    return {**found, **more}


PEEPHOLES = {"i": [0.3, -0.2], "f": [0.5, 0.1], "o": [-0.4, 0.6]}
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("rnn", {}),
    "rnn sigmoid": ("rnn", {"activation": "sigmoid", "output": "all"}),
    "rnn with settings": ("rnn", {"activation": {"elu": {"alpha": 0.5}}}),
    "rnn linear": ("rnn", {"activation": "none"}),
    "lstm": ("lstm", {"output": "all"}),
    "lstm peepholes": ("lstm", {"peepholes": PEEPHOLES}),
    "lstm one peephole": ("lstm", {"peepholes": {"o": PEEPHOLES["o"]}, "initial_cell": [0.3, -0.1]}),
    "lstm sigmoid": ("lstm", {"activation": "sigmoid"}),
    "gru": ("gru", {"output": "all"}),
    "gru before": ("gru", {"reset": "before"}),
    "gru write": ("gru", {"update_gate": "write", "initial": [0.3, -0.1]}),
    "gru before write": ("gru", {"reset": "before", "update_gate": "write", "output": "all"}),
}


def slopes(found: Problem, name: str) -> Any:
    """d loss / d name by central differences, extrapolated."""
    result = np.zeros(found.values[name].shape)

    def loss(entry: tuple[int, ...], moved: float) -> float:
        value = found.values[name].copy()
        value[entry] += moved
        return float(evaluate(found.forward, {**found.values, name: value}).values["loss"])

    for entry in np.ndindex(result.shape):
        d1, d2 = ((loss(entry, h) - loss(entry, -h)) / (2 * h) for h in (2e-3, 1e-3))
        result[entry] = (4 * d2 - d1) / 3
    return result


@pytest.mark.parametrize("both", [False, True], ids=["one", "both"])
@pytest.mark.parametrize("batch", [0, 2], ids=["example", "batch"])
@pytest.mark.parametrize("convention", ["column", "row"])
@pytest.mark.parametrize("option", OPTIONS)
def test_every_gradient_is_the_slope(option: str, convention: str, batch: int, both: bool) -> None:
    kind, more = OPTIONS[option]
    row = convention == "row"
    settings = settings_of(kind, row, 3, 0.2, **more)
    settings.setdefault("initial", [0.4, -0.3])
    if both:
        mirrored = {key: more[key] for key in more if key in ("initial", "initial_cell", "peepholes")}
        settings["reverse"] = settings_of(kind, row, 3, 1.7, **mirrored)
    axes = (batch,) if batch else ()
    width = 4 if both else 2
    dense = {"weights": wave(0.1, *((width, 2) if row else (2, width))).tolist(), "bias": [0.1, -0.2]}
    steps = (3,) if settings.get("output") == "all" else ()
    found = problem(
        inputs=wave(0.5, *axes, 3, 3).tolist(),
        labels=wave(0.9, *axes, *steps, 2).tolist(),
        convention=convention,
        layers=[{kind: settings}, {"dense": dense}],
        loss="mse",
    )
    values = work(found, "backward").values
    names = [*found.forward.parameters, *(name for name in found.forward.given if name not in found.forward.labels)]
    assert {"x", "h1_t0", "W2", "b2"} < set(names)
    for name in names:
        assert relative_error(values[f"{name}.grad"], slopes(found, name)) < 1e-9, name


def test_two_recurrent_layers_and_a_class_at_every_step() -> None:
    layers = [
        {"rnn": settings_of("rnn", False, 2, 0.3, output="all", name="low")},
        {"gru": settings_of("gru", False, 2, 0.6, output="all")},
        {"dense": {"weights": [[0.2, -0.4], [0.1, 0.3], [-0.5, 0.2]]}},
    ]
    found = problem(
        inputs=wave(0.5, 2, 3, 2).tolist(), labels=[[1, 2, 3], [3, 3, 1]], layers=layers, loss="softmax_cross_entropy"
    )
    values = work(found, "backward").values
    assert values["losses"].shape == (2, 3)
    assert values["loss"] == pytest.approx(np.mean(values["losses"]))
    for name in (*found.forward.parameters, "x"):
        assert relative_error(values[f"{name}.grad"], slopes(found, name)) < 1e-9, name


# --- names and equations ----------------------------------------------------------------------------------------------


def equations_of(found: Problem) -> list[str]:
    return [equation_text(e) for e in found.forward.equations]


def test_the_equations_of_an_lstm() -> None:
    found = problem(inputs=[[1, 2]], layers=[{"lstm": settings_of("lstm", False, 2, 0.1, peepholes=PEEPHOLES)}])
    assert equations_of(found) == [
        "ibar1_t1 = W1_i @ x[0] + U1_i @ h1_t0 + b1_i + c1_i + V1_i * c1_t0",
        "i1_t1 = sigmoid(ibar1_t1)",
        "fbar1_t1 = W1_f @ x[0] + U1_f @ h1_t0 + b1_f + c1_f + V1_f * c1_t0",
        "f1_t1 = sigmoid(fbar1_t1)",
        "gbar1_t1 = W1_g @ x[0] + U1_g @ h1_t0 + b1_g + c1_g",
        "g1_t1 = tanh(gbar1_t1)",
        "c1_t1 = f1_t1 * c1_t0 + i1_t1 * g1_t1",
        "obar1_t1 = W1_o @ x[0] + U1_o @ h1_t0 + b1_o + c1_o + V1_o * c1_t1",
        "o1_t1 = sigmoid(obar1_t1)",
        "h1_t1 = o1_t1 * tanh(c1_t1)",
        "h1 = h1_t1",
    ]


@pytest.mark.parametrize(
    ("more", "nbar", "h"),
    [
        ({}, "W1_n @ x[0] + b1_n + r1_t1 * (U1_n @ h1_t0 + c1_n)", "(1 - z1_t1) * n1_t1 + z1_t1 * h1_t0"),
        ({"reset": "before"}, "W1_n @ x[0] + U1_n @ (r1_t1 * h1_t0) + b1_n + c1_n", None),
        ({"update_gate": "write"}, None, "z1_t1 * n1_t1 + (1 - z1_t1) * h1_t0"),
    ],
)
def test_the_equations_of_a_gru(more: dict[str, str], nbar: str | None, h: str | None) -> None:
    found = problem(inputs=[[1, 2]], layers=[{"gru": settings_of("gru", False, 2, 0.1, **more)}])
    assert nbar is None or f"nbar1_t1 = {nbar}" in equations_of(found)
    assert h is None or f"h1_t1 = {h}" in equations_of(found)


def test_the_second_direction_begins_at_the_end() -> None:
    one = {"weights": [[0.5]], "recurrent_weights": [[0.1]]}
    found = problem(inputs=[[1], [2]], layers=[{"rnn": {**one, "output": "all", "reverse": one}}])
    assert equations_of(found) == [
        "hbar1_t1 = W1 @ x[0] + U1 @ h1_t0",
        "h1_t1 = tanh(hbar1_t1)",
        "hbar1_t2 = W1 @ x[1] + U1 @ h1_t1",
        "h1_t2 = tanh(hbar1_t2)",
        "hbar1r_t2 = W1r @ x[1] + U1r @ h1r_t3",
        "h1r_t2 = tanh(hbar1r_t2)",
        "hbar1r_t1 = W1r @ x[0] + U1r @ h1r_t2",
        "h1r_t1 = tanh(hbar1r_t1)",
        "h1 = stack(concat(h1_t1, h1r_t1), concat(h1_t2, h1r_t2))",
    ]
    last = problem(inputs=[[[1], [2]]], layers=[{"rnn": {**one, "reverse": one}}])
    assert equations_of(last)[0] == "hbar1_t1 = x[:, 0] @ W1.T + h1_t0 @ U1.T"
    assert equations_of(last)[-1] == "h1 = concat(h1_t2, h1r_t1, axis=1)"


def test_the_same_cell_by_hand_gives_the_same_numbers() -> None:
    layer = problem(
        inputs=[[1, -2], [0.5, 1]],
        labels=[1, -1],
        layers=[{"gru": settings_of("gru", False, 2, 0.4)}],
        loss="half_sse",
    )
    lines = equations_of(layer)
    given = {name: layer.values[name].tolist() for name in ("x", "y", "h1_t0")}
    parameters = {name: layer.values[name].tolist() for name in layer.forward.parameters}
    sheet = problem(equations="\n".join(lines), given=given, parameters=parameters)
    ours, theirs = work(layer, "update"), work(sheet, "update")
    derived = {equation_text(e) for e in program_of(sheet, "update").equations}
    assert {equation_text(e) for e in program_of(layer, "update").equations} <= derived
    assert all(np.array_equal(theirs.values[step.name], step.value) for step in ours.steps)


def test_what_has_a_gradient_and_what_is_moved() -> None:
    one = {"weights": [[0.5]], "recurrent_weights": [[0.1]]}
    plain = problem(inputs=[[1], [2]], labels=[1], layers=[{"rnn": one}], loss="sse")
    assert "h1_t0.grad" not in work(plain, "update").values
    stated = problem(inputs=[[1], [2]], labels=[1], layers=[{"rnn": {**one, "initial": [0.5]}}], loss="sse")
    values = work(stated, "update").values
    assert "h1_t0.grad" in values
    assert "h1_t0.next" not in values
    assert stated.forward.parameters == ("W1", "U1")


def test_a_batch_may_have_one_initial_state_or_one_each() -> None:
    one = {"weights": [[0.5]], "recurrent_weights": [[0.1]]}
    x = [[[1], [2]], [[0], [1]]]
    alike = problem(inputs=x, layers=[{"rnn": {**one, "initial": [0.5]}}])
    each = problem(inputs=x, layers=[{"rnn": {**one, "initial": [[0.5], [0.25]]}}])
    assert alike.values["h1_t0"].tolist() == [[0.5], [0.5]]
    assert each.values["h1_t0"].tolist() == [[0.5], [0.25]]
    assert "h1_t0" in each.examples
    assert work(each, "forward").values["h1"][0] == work(alike, "forward").values["h1"][0]


def test_one_time_step_contributes_nothing_apart() -> None:
    """A sequence of one step shares no weight: its gradient is not split."""
    found = problem(inputs=[[1.0]], labels=[1], layers=[{"rnn": {**SMALL}}], loss="sse")
    names = [step.name for step in work(found, "backward").steps]
    assert "W1.grad" in names
    assert not any(".grad_t" in name for name in names)


def test_a_training_step_goes_on_from_the_last() -> None:
    found = problem(inputs=[[1], [2]], labels=[1], layers=[{"rnn": {**SMALL}}], loss="sse")
    first, second = descend_steps(found, 2)
    assert first.trace.values["W1.next"] == second.trace.values["W1"]
    assert float(second.trace.values["loss"]) == first.loss_after


def test_shapes_count_what_an_lstm_learns() -> None:
    rows = {key: {"shape": [8, size]} for key, size in (("weights", 3), ("recurrent_weights", 2))}
    layer = {"lstm": {**rows, "bias": {"shape": [8]}, "layout": "pytorch", "output": "all"}}
    document = json.dumps({"input_shape": [5, 3], "layers": [layer]})
    (found,) = sizes_of(document, "test.yaml", None).layers
    assert (found.output, found.parameters, found.multiply_adds) == ((5, 2), 4 * (3 + 2 + 1) * 2, 5 * 4 * (3 + 2) * 2)


def test_a_bias_of_one_number_and_random_gates() -> None:
    random = {"random": {"shape": [8, 3]}}
    found = problem(
        seed=1,
        inputs=[[1, 2, 3]],
        layers=[
            {
                "lstm": {
                    "weights": random,
                    "recurrent_weights": {"random": {"shape": [8, 2]}},
                    "bias": 0.5,
                    "layout": "pytorch",
                }
            }
        ],
    )
    drawn = np.random.RandomState(1).rand(8, 3)
    assert np.array_equal(found.values["W1_f"], drawn[2:4])
    assert all(found.values[f"b1_{gate}"].tolist() == [0.5, 0.5] for gate in "ifgo")


# --- what is refused --------------------------------------------------------------------------------------------------

ONE = {"weights": [[0.5, 1]], "recurrent_weights": [[0.1]]}
FOUR = {"weights": [[0.5, 1]] * 4, "recurrent_weights": [[0.1]] * 4}


@pytest.mark.parametrize(
    ("document", "message", "label"),
    [
        (
            {"inputs": [1, 2], "layers": [{"rnn": ONE}]},
            "the inputs of rnn have the wrong number of axes",
            "found a vector of 2, expected a sequence, (time, features), or a list of such examples",
        ),
        ({"inputs": [[1, 2]], "layers": [{"rnn": {"weights": [[1, 2]]}}]}, "rnn has no recurrent_weights", None),
        ({"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "reverse": 1}}]}, None, "found '1', expected 'reverse:"),
        (
            {"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "reverse": {"weights": [[1, 2]]}}}]},
            "rnn has no recurrent_weights",
            None,
        ),
        ({"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "layout": "pytorch"}}]}, "unknown key 'layout'", None),
        ({"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "outptu": "all"}}]}, "unknown key 'outptu'", None),
        (
            {"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "initial": [1, 2]}}]},
            "h1_t0 has the wrong shape",
            "found a vector of 2, expected a vector of 1",
        ),
        (
            {"inputs": [[[1, 2]]], "layers": [{"rnn": {**ONE, "initial": [[1], [2]]}}]},
            "h1_t0 has the wrong shape",
            "found 2×1, expected 1×1, or for all examples a vector of 1",
        ),
        ({"inputs": [[1, 2, 3]], "layers": [{"rnn": ONE}]}, "W1 and x[0] do not fit", None),
        (
            {"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "recurrent_weights": [[1, 2]]}}]},
            "U1 and h1_t0 do not fit",
            None,
        ),
        (
            {
                "inputs": [[1, 2]],
                "layers": [{"dense": {"weights": [[1, 2]]}}, {"dense": {"weights": [[1]]}}, {"rnn": ONE}],
            },
            "rnn needs a sequence, (time, features)",
            "found a vector of 1 in h2",
        ),
        # what would be repeated to the units
        (
            {"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "bias": [1, 2]}}]},
            "b1 has the wrong shape",
            "found a vector of 2, expected a vector of 1, one for each output",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"rnn": {"weights": [[1, 2], [3, 4]], "recurrent_weights": [[1, 2]]}}]},
            "U1 has the wrong shape",
            "found 1×2, expected 2×2",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"rnn": {**ONE, "recurrent_weights": [[1], [2]]}}]},
            "U1 has the wrong shape",
            "found 2×1, expected 1×1",
        ),
        (
            {
                "inputs": [[1, 2]],
                "layers": [{"lstm": {**settings_of("lstm", False, 2, 0.1), "peepholes": {"o": [1]}}}],
            },
            "V1_o has the wrong shape",
            "found a vector of 1, expected a vector of 2, one for each output",
        ),
        (
            {"inputs": [1, 2], "layers": [{"dense": {"weights": [[1, 2], [3, 4]], "bias": [1]}}]},
            "b1 has the wrong shape",
            "found a vector of 1, expected a vector of 2, one for each output",
        ),
        ({"inputs": [[1, 2]], "layers": [{"lstm": FOUR}]}, None, "found 4×2 and no 'layout'"),
        (
            {"inputs": [[1, 2]], "layers": [{"gru": {**FOUR, "layout": "pytorch"}}]},
            "the weights can't be divided among 3 gates",
            "found 4×2, expected a multiple of 3 rows",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {**FOUR, "layout": "tensorflow"}}]},
            "the layout can't be 'tensorflow'",
            "expected pytorch, keras, or a list of i, f, g, o in their order",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {**FOUR, "layout": ["i", "f", "o"]}}]},
            "the layout has every gate once",
            "found i, f, o, expected pytorch, keras, or a list of i, f, g, o in their order",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {**settings_of("lstm", False, 2, 0.1), "layout": "keras"}}]},
            "the layout is for stacked arrays",
            "lstm has maps of gates",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {**FOUR, "layout": "pytorch", "peepholes": [[1]]}}]},
            "the peepholes of lstm are a map of gates",
            "found 1×1, expected a map of i, f, o",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {**FOUR, "layout": "pytorch", "bias": [[1, 2, 3, 4]]}}]},
            "the bias of lstm are vectors behind each other",
            "found 1×4",
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {"weights": {"i": [[1, 2]]}, "recurrent_weights": {"i": [[1]]}}}]},
            "lstm's weights have no f",
            None,
        ),
        (
            {"inputs": [[1, 2]], "layers": [{"lstm": {"weights": {"a": [[1, 2]]}, "recurrent_weights": {"i": [[1]]}}}]},
            "unknown key 'a'",
            None,
        ),
    ],
)
def test_refused(document: dict[str, Any], message: str | None, label: str | None) -> None:
    with pytest.raises(NncalcError) as refused:
        problem(**document)
    error = refused.value
    assert message is None or error.message == message
    assert label is None or error.label.startswith(label)
    assert error.place is not None


def test_a_sequence_behind_a_layer_that_gives_none() -> None:
    layers = [{"rnn": ONE}, {"rnn": {"weights": [[1]], "recurrent_weights": [[1]]}}]
    with pytest.raises(NncalcError) as refused:
        problem(inputs=[[1, 2]], layers=layers)
    assert refused.value.message == "rnn needs a sequence, (time, features)"
    assert refused.value.label == "found a vector of 1 in h1"


def test_a_sequence_of_length_zero(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((0, 2)))
    document = {"inputs": {"file": "x.npy"}, "layers": [{"rnn": ONE}]}
    with pytest.raises(NncalcError) as refused:
        load_text(json.dumps(document), "test.yaml", tmp_path)
    assert refused.value.message == "inputs has no entries"
    assert refused.value.place is not None


def test_a_time_step_s_contribution_may_be_overridden() -> None:
    """Truncated backpropagation through time, by hand: what the first step contributes is left out."""
    one = {"weights": [[0.5]], "recurrent_weights": [[0.1]]}
    document = {"inputs": [[1], [2]], "labels": [1], "layers": [{"rnn": one}], "loss": "sse"}
    whole = work(problem(**document), "update").values
    cut = work(problem(**document, overrides="W1.grad_t1 = 0 * W1"), "update").values
    assert cut["W1.grad"] == whole["W1.grad_t2"]
    assert cut["W1.next"] == pytest.approx(0.5 - 0.01 * whole["W1.grad_t2"])
    with pytest.raises(NncalcError) as refused:
        problem(**document, overrides="W1.grad_t1 = 0")
    assert refused.value.message == "W1.grad_t1 has the wrong shape"
    with pytest.raises(NncalcError) as refused:
        problem(**document, overrides="W1.grad_t3 = W1")
    assert refused.value.message == "there is no equation for 'W1.grad_t3' to replace"


@pytest.mark.parametrize(
    ("inputs", "labels", "batch", "line", "note"),
    [
        (
            [[1], [0], [-1]],
            [1, 2, 2],
            False,
            "predicted classes 1 1 2: 2 of 3 right",
            "time step 2: classes 1 and 2 tie",
        ),
        (
            [[[1], [0]], [[-1], [0]]],
            [[1, 1], [1, 1]],
            True,
            "predicted classes 1 1, 2 1: 3 of 4 right",
            "example 1, time step 2: classes 1 and 2 tie",
        ),
    ],
)
def test_the_screen_counts_the_classes_of_time_steps(
    inputs: Any, labels: Any, batch: bool, line: str, note: str
) -> None:
    layers = [
        {"rnn": {"weights": [[1]], "recurrent_weights": [[0]], "output": "all"}},
        {"dense": {"weights": [[1], [-1]]}},
    ]
    found = problem(inputs=inputs, labels=labels, layers=layers, loss="softmax_cross_entropy")
    assert found.batched == batch
    worked = Worked(found, work(found, "backward"))
    told = outcome(worked)
    lines = ["".join(text for text, _ in entry) for entry in closing(worked, told, 4, 200)]
    assert lines[0] == line
    assert lines[1].startswith(note)
