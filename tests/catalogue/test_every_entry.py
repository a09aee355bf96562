"""The catalogue as files use it: each layer, activation, loss and optimizer in a small network of its own.

What is asked of each: meaning and source; every parameter's and the input's gradient against finite differences, for
one example and for a batch; the same network as `equations`, with the same numbers; the screen of `sgd` at 60 columns,
its JSON, and LaTeX. A layer, loss or optimizer that has no network here fails a test.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import combining

import jsonschema
import numpy as np
import pytest

from nncalc.catalogue.index import ACTIVATIONS, LAYERS, LOSSES, OPTIMIZERS
from nncalc.catalogue.layer import Layer
from nncalc.catalogue.layers import layer
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.optimizer import Optimizer
from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.registry import is_operation, operation
from nncalc.cli.run import run
from nncalc.language.text import equation_text
from nncalc.problem.problem import Problem
from nncalc.problem.work import descend_steps, work
from tests.problem.networks import assert_slopes, listed, problem

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "schema/output.json").read_text("utf-8"))
)
Shape = tuple[int, ...]
Settings = dict[str, Any]


# --- layers -----------------------------------------------------------------------------------------------------------


def gates(letters: str, start: float, *shape: int) -> dict[str, Any]:
    return {letter: listed(start + i, *shape) for i, letter in enumerate(letters)}


RNN = {"weights": listed(1, 2, 3), "recurrent_weights": listed(2, 2, 2), "bias": [0.1, -0.2]}
LSTM = {"weights": gates("ifgo", 1, 2, 3), "recurrent_weights": gates("ifgo", 2, 2, 2), "bias": gates("ifgo", 3, 2)}
GRU = {"weights": gates("rzn", 1, 2, 3), "recurrent_weights": gates("rzn", 2, 2, 2), "bias": gates("rzn", 3, 2)}
ATTENTION = {"weights": gates("qkv", 1, 4, 3) | {"o": listed(5, 3, 4)}, "heads": 2, "causal": True}
SCALED = {"gamma": [1.5, -0.5, 2], "beta": [0.1, 0.2, -0.3]}
IMAGE = {"conv2d": {"weights": listed(1, 2, 2, 1, 1)}}
SIGNAL = {"conv1d": {"weights": listed(1, 4, 2, 1)}}
DENSE = {"dense": {"weights": listed(0.3, 3, 3), "bias": [0.1, -0.2, 0.3]}}

NETWORKS: dict[str, tuple[Shape, list[Any]]] = {
    "dense": ((3,), [{"dense": {"weights": listed(1, 2, 3), "bias": [0.1, -0.2], "activation": "tanh"}}]),
    "conv1d": ((2, 5), [{"conv1d": {"weights": listed(1, 3, 2, 2), "bias": [0.1, 0.2, 0.3], "padding": 1}}]),
    "conv2d": ((1, 3, 4), [{"conv2d": {"weights": listed(1, 2, 1, 2, 2), "bias": [0.1, 0.2], "stride": 2}}]),
    "conv_transpose2d": ((2, 2, 2), [{"conv_transpose2d": {"weights": listed(1, 2, 1, 2, 2), "bias": 0.5}}]),
    "max_pool1d": ((2, 4), [{"max_pool1d": {"size": 2}}]),
    "max_pool2d": ((1, 4, 4), [{"max_pool2d": {"size": 2, "stride": 1}}]),
    "avg_pool1d": ((2, 4), [{"avg_pool1d": {"size": 2, "padding": 1}}]),
    "avg_pool2d": ((1, 4, 4), [{"avg_pool2d": {"size": 2}}]),
    "lp_pool1d": ((2, 4), [{"lp_pool1d": {"size": 2, "p": 3}}]),
    "lp_pool2d": ((1, 4, 4), [{"lp_pool2d": {"size": 2}}]),
    "global_avg_pool": ((2, 2, 3), [IMAGE, "global_avg_pool"]),
    "global_max_pool": ((2, 2, 3), [IMAGE, "global_max_pool"]),
    "flatten": ((1, 2, 2), [{"conv2d": {"weights": listed(1, 2, 1, 1, 1)}}, "flatten"]),
    "reshape": ((4,), [{"reshape": {"shape": [1, -1, 2]}}, {"conv2d": {"weights": listed(1, 2, 1, 1, 2)}}]),
    "upsample": ((1, 2, 2), [{"conv2d": {"weights": listed(1, 1, 1, 1, 1)}}, {"upsample": {"scale": 2}}]),
    "zero_pad": ((1, 2, 2), [{"zero_pad": {"padding": 1}}, {"conv2d": {"weights": listed(1, 1, 1, 2, 2)}}]),
    "rnn": ((2, 3), [{"rnn": RNN}]),
    "lstm": ((2, 3), [{"lstm": LSTM}]),
    "gru": ((2, 3), [{"gru": GRU}]),
    "batch_norm": ((3,), [{"batch_norm": SCALED}]),
    "layer_norm": ((3,), [{"layer_norm": SCALED}]),
    "rms_norm": ((3,), [{"rms_norm": {"gamma": [1.5, -0.5, 2]}}]),
    "instance_norm": ((2, 2, 3), [IMAGE, {"instance_norm": {"gamma": [1.5, -0.5], "beta": [0.1, 0.2]}}]),
    "group_norm": (
        (2, 3),
        [SIGNAL, {"group_norm": {"groups": 2, "gamma": [1.5, -0.5, 2, 1], "beta": [0.1, 0.2, -0.3, 0]}}],
    ),
    "dropout": ((3,), [DENSE, {"dropout": {"rate": 0.25, "mask": [True, False, True]}}]),
    "prelu": ((3,), [DENSE, {"prelu": {"slope": [0.25, 0.1, -0.5]}}]),
    "attention": ((3, 3), [{"attention": ATTENTION}]),
    "positional_encoding": ((2, 4), ["positional_encoding", {"dense": {"weights": listed(1, 2, 4)}}]),
    "embedding": ((3,), [{"embedding": {"weights": listed(1, 4, 2)}}]),
    "residual": ((3,), [{"residual": {"layers": [DENSE, "tanh"]}}]),
    "mean_over_time": ((3, 2), ["positional_encoding", "mean_over_time", {"dense": {"weights": listed(1, 2, 2)}}]),
}
# its statistics are those of a batch; what one example has is its own running ones
BATCH_ONLY = ("batch_norm",)


def network(name: str, examples: int) -> Problem:
    """The network of a layer, ending in half the squared error against labels of its prediction's shape."""
    shape, layers = NETWORKS[name]
    front = (examples,) if examples else ()
    inputs = listed(0.4, *front, *shape)
    if name == "embedding":
        inputs = (np.arange(int(np.prod((*front, *shape)))).reshape((*front, *shape)) % 4 + 1).tolist()
    alone = problem(inputs=inputs, layers=layers, **({"batch": bool(examples)} if name == "reshape" else {}))
    assert alone.batched == bool(examples)
    predicted = work(alone, "forward").value(alone.forward.prediction).shape
    return problem(inputs=inputs, layers=layers, labels=listed(2.5, *predicted), loss="half_sse", batch=bool(examples))


CASES = [(name, examples) for name in NETWORKS for examples in (0, 3) if examples or name not in BATCH_ONLY]
each_network = pytest.mark.parametrize(("name", "examples"), CASES)


def test_every_layer_has_its_network() -> None:
    assert list(NETWORKS) == [name for names in LAYERS.values() for name in names]
    for name, (_, layers) in NETWORKS.items():
        used = [one if isinstance(one, str) else next(iter(one)) for one in layers]
        assert name in used


@each_network
def test_every_gradient_of_a_layer_is_the_slope(name: str, examples: int) -> None:
    # class numbers have no gradient
    assert_slopes(network(name, examples), *(("x",) if name == "embedding" else ()))


@each_network
def test_a_layer_is_written_as_equations_too(name: str, examples: int) -> None:
    assert_same_as_equations(network(name, examples))


@each_network
def test_every_command_shows_a_layer(name: str, examples: int, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    assert_shown(network_text(network(name, examples), NETWORKS[name][1], examples), tmp_path, capsys, monkeypatch)


def network_text(found: Problem, layers: list[Any], examples: int) -> str:
    return json.dumps(
        {
            "inputs": found.values["x"].tolist(),
            "layers": layers,
            "labels": found.values["y"].tolist(),
            "loss": "half_sse",
            "batch": bool(examples),
        }
    )


# --- activations, losses, optimizers ----------------------------------------------------------------------------------

# what an activation cannot do without
NEEDED: dict[str, Settings] = {"maxout": {"pieces": 3}}
# their slope is 0 wherever they have one
FLAT = ("step", "sign")


def activation_network(name: str, examples: int) -> dict[str, Any]:
    front = (examples,) if examples else ()
    outputs = 2 if name == "maxout" else 6
    return {
        "inputs": listed(0.4, *front, 3),
        "labels": listed(2.5, *front, outputs),
        "layers": [
            {"dense": {"weights": listed(1, 6, 3), "bias": listed(0.2, 6)}},
            {name: NEEDED[name]} if name in NEEDED else name,
        ],
        "loss": "half_sse",
    }


@pytest.mark.parametrize("examples", [0, 2])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_as_a_layer(name: str, examples: int, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    document = activation_network(name, examples)
    found = problem(**document)
    if name not in FLAT:
        assert_slopes(found)
    assert_same_as_equations(found)
    assert_shown(json.dumps(document), tmp_path, capsys, monkeypatch)


# what stands in front of a loss of something else than any numbers
PROBABILITIES = {"cross_entropy": "softmax", "kl_divergence": "softmax", "binary_cross_entropy": "sigmoid"}
IN_FRONT = {**PROBABILITIES, "nll": "log_softmax", "poisson": "softplus"}
LOSS_CASES = [
    (name, examples, reduction) for name in LOSSES for examples, reduction in ((0, "mean"), (3, "mean"), (3, "sum"))
]


def loss_network(name: str, examples: int, reduction: str) -> dict[str, Any]:
    """Two or three examples (or one) of two inputs, three outputs, and labels of the loss's kind."""
    entry = operation(name)
    assert entry.target is not None
    front = (examples,) if examples else ()
    labels: Any = listed(2.5, *front, 3)
    if entry.target.classes:
        labels = [2, 3, 1] if examples else 2
    elif entry.target.signs:
        labels = np.sign(labels).tolist()
    elif name in IN_FRONT or name.startswith("binary"):
        positive = np.abs(labels)
        labels = (positive / positive.sum(axis=-1, keepdims=True)).tolist()
    return {
        "inputs": listed(0.4, *front, 2),
        "labels": labels,
        "layers": [
            {"dense": {"weights": listed(1, 3, 2), "bias": [0.1, -0.2, 0.3]}},
            *([IN_FRONT[name]] if name in IN_FRONT else []),
        ],
        "loss": {name: {"reduction": reduction}} if reduction != "mean" else name,
    }


@pytest.mark.parametrize(("name", "examples", "reduction"), LOSS_CASES)
def test_a_loss(name: str, examples: int, reduction: str, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    document = loss_network(name, examples, reduction)
    found = problem(**document)
    assert_slopes(found)
    assert_same_as_equations(found)
    assert_shown(json.dumps(document), tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("name", [name for names in OPTIMIZERS.values() for name in names])
def test_an_optimizer(name: str, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    document = activation_network("tanh", 3) | {"optimizer": {name: {"learning_rate": 0.01}}}
    found = problem(**document)
    again = as_equations(found, optimizer=document["optimizer"])
    for one, other in zip(descend_steps(found, 3), descend_steps(again, 3), strict=True):
        assert one.loss_after == pytest.approx(other.loss_after, rel=1e-13)
        assert one.loss_after is not None
        assert one.loss_after < one.trace.value("loss")
    assert_shown(json.dumps(document), tmp_path, capsys, monkeypatch)


def entries() -> Iterator[Layer | Operation | Optimizer]:
    for names in LAYERS.values():
        for name in names:
            found = layer(name)
            assert found is not None
            yield found
    yield from map(operation, (*ACTIVATIONS, *LOSSES))
    for names in OPTIMIZERS.values():
        for name in names:
            one = optimizer(name)
            assert one is not None
            yield one


@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: f"{type(entry).__name__} {entry.name}")
def test_what_an_entry_tells(entry: Layer | Operation | Optimizer, capsys: Any, monkeypatch: Any) -> None:
    assert entry.meaning
    assert not entry.meaning.endswith(".")
    assert entry.source
    assert all(option.meaning for option in entry.options)
    assert all(count == 1 for count in Counter(option.name for option in entry.options).values())
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["explain", entry.name]) == 0
    page = capsys.readouterr().out
    # of two entries of one name, the operation's page is shown; a source may be broken into lines
    shown = operation(entry.name) if is_operation(entry.name) else entry
    assert shown.source.split()[0] in page
    # what a residual's equations are depends on the layers in it
    assert " = " in page or entry.name == "residual"


# --- what is asked of each network ------------------------------------------------------------------------------------


def as_equations(found: Problem, **more: Any) -> Problem:
    """The forward equations as a file of their own, with the same numbers."""
    constants = set(found.forward.labels) - {"y"}
    return problem(
        given={n: v.tolist() for n, v in found.values.items() if n in ("x", "y") or n in constants},
        parameters={n: found.values[n].tolist() for n in found.forward.parameters},
        equations="\n".join(equation_text(equation) for equation in found.forward.equations),
        **more,
    )


def assert_same_as_equations(found: Problem) -> None:
    again = as_equations(found)
    one, other = work(found, "backward").values, work(again, "backward").values
    compared = [name for name in one if name.endswith(".grad") and name in other]
    assert {f"{name}.grad" for name in found.forward.parameters} <= set(compared)
    for name in ("loss", *compared):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-12, atol=1e-14, err_msg=name)


def assert_shown(text: str, folder: Path, capsys: Any, monkeypatch: Any) -> None:
    """sgd at 60 columns, its JSON by the schema, its equations one by one in text and in LaTeX."""
    path = folder / "p.yaml"
    path.write_text(text, "utf-8")
    monkeypatch.setenv("COLUMNS", "60")
    for command in ("forward", "backprop", "sgd"):
        assert run([command, str(path)]) == 0
        screen = "".join(c for c in capsys.readouterr().out if not combining(c))
        assert max(map(len, screen.splitlines())) <= 60
        assert not {"{", "}"} & set(screen.replace("⎧", "").replace("⎨", ""))
    assert run(["sgd", str(path), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    SCHEMA.validate(found)
    assert run(["derive", str(path)]) == 0
    equations = [line.split(" = ", 1)[0] for line in capsys.readouterr().out.splitlines() if line]
    assert equations == [step["name"] for step in found["trace"]]
    assert run(["derive", str(path), "--latex"]) == 0
    latex = capsys.readouterr().out
    assert latex.isascii()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert latex.count("&=") == len(equations)
