"""Sheets of answers: which value a name means, what each number claims, what is refused and where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nncalc.catalogue.operation import Shape
from nncalc.errors import NncalcError, ProblemError
from nncalc.problem import shipped
from nncalc.problem.answers import Answer, AnswerReader, Sheet, read_sheet, read_sheet_file
from nncalc.problem.load import load_file, load_text
from nncalc.problem.outcome import outcome
from nncalc.problem.problem import Problem
from nncalc.problem.work import Worked, descend_steps, program_of, work
from nncalc.views.json import iteration_object

EQUATIONS = """\
given: {x: [1, 2, 3], y: [0, 1], s: 2}
parameters: {W: [[1, 2, 3], [4, 5, 6]], b: [1, 2]}
equations: |
  h = s * (W @ x) + b
  out = tanh(h)
  L = sse(out, y)
optimizer: {adam: {learning_rate: 0.1}}
"""


def shipped_problem(name: str) -> Problem:
    return load_file(str(shipped.path_of(name)))


REGRESSION = shipped_problem("regression")
READER = AnswerReader(REGRESSION)
ADAM = load_text(EQUATIONS, "equations.yaml", None)


def sheet(text: str) -> Sheet:
    return READER.read(text, "ada.yaml")


def answers(text: str) -> dict[str, Any]:
    """What the only iteration has, as lists."""
    (found,) = sheet(text).iterations
    return {name: answer.value.tolist() for name, answer in found.items()}


def answer(text: str, name: str = "h2") -> Answer:
    return sheet(text).iterations[0][name]


def margins(text: str, name: str = "h2") -> Any:
    return answer(text, name).margin.tolist()


def refusal(text: str, name: str = "ada.yaml", read: Callable[[str, str], Sheet] = READER.read) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        read(text, name)
    return caught.value


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("h2: [1, 2, 3]", ["h2"]),
        ("h2.grad: [1, 2, 3]\nW2.next: [[0]]", ["h2.grad", "W2.next"]),
        ("values: {h1: [1]}\ngradients: {h2: [1]}\nupdated: {b2: [1]}", ["h1", "h2.grad", "b2.next"]),
        (
            "gradients: {h2.grad: [1]}\nupdated: {b2.next: [1]}\nvalues: {b1.next: [1]}",
            ["h2.grad", "b2.next", "b1.next"],
        ),
        ("values: {h1: [1]}\nh2.grad: [1]", ["h1", "h2.grad"]),
        ("prediction: [1, 2, 3]", ["h2"]),
        ("loss: 6.08", ["loss"]),
        ("x: [1, 2, 3]\nW1: [[1]]\nlearning_rate: 0.01", ["x", "W1", "learning_rate"]),
        ("h2: null\nh1: [null, null]\nloss:\nvalues:", []),
        ('{"h2": ["NaN", "Infinity"], "loss": "-Infinity"}', []),
        ("title: a sheet\nnotes: none\niteration: 1", []),
    ],
)
def test_names_of_the_equations(text: str, names: list[str]) -> None:
    found = sheet(text)
    assert (list(found.iterations[0]), found.unknown) == (names, ())


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("h3: [1]", ("h3",)),
        ("h3: hello\nvalues: {h3: {a: b}, W1.previous: 3}", ("h3", "W1.previous")),
        ("gradients: {loss: 1, y: [1], W2.next: [1]}", ("loss", "y", "W2.next")),
        ("updated: {h2: [1]}\noptimizer_state: {W1: {m: 1}, z: 1}", ("h2", "W1.m", "z")),
        ('{"a\\u001b[31m": 1}', ("a\N{REPLACEMENT CHARACTER}[31m",)),
        ("z1: [1]\na1: [1]", ("z1", "a1")),  # only under `notation: z`
        ("W1.grad_t1: [1]", ("W1.grad_t1",)),
    ],
)
def test_a_name_that_nothing_has_is_listed_once_and_not_read(text: str, unknown: tuple[str, ...]) -> None:
    found = sheet(text)
    assert (found.iterations, found.unknown) == (({},), unknown)


def test_a_section_goes_before_the_summary_at_the_top() -> None:
    """In nncalc's own JSON the loss and the prediction stand twice; whoever changes a value may forget the other."""
    found = answers('{"values": {"h2": [1, 2, 3], "loss": 2}, "prediction": [4, 5, 6], "loss": 1}')
    assert found == {"h2": [1, 2, 3], "loss": 2}
    assert answers('{"nncalc": 1, "prediction": [4, 5, 6], "loss": 1}') == {"h2": [4, 5, 6], "loss": 1}


def test_notation_z() -> None:
    text = Path(str(shipped.path_of("regression"))).read_text("utf-8") + "\nnotation: z\n"
    found = read_sheet("z1: [1]\na1.grad: [2]\nz2: [4]\ngradients: {z1: [3]}", "s", load_text(text, "p", None))
    assert list(found.iterations[0]) == ["hbar1", "h1.grad", "h2", "hbar1.grad"]


def test_optimizer_state_and_other_names_of_the_loss() -> None:
    text = """
    loss: 1.5
    prediction: [0.1, 0.2]
    optimizer_state: {W: {m: [[1]], mhat: [[2]]}, b.v: [3]}
    b.vhat: [4]
    W.m: [[0]]
    """
    found = read_sheet(text, "s", ADAM)
    assert found.unknown == ()
    assert list(found.iterations[0]) == ["W.m.next", "W.mhat", "b.v.next", "b.vhat", "W.m", "L", "out"]


def test_what_a_time_step_contributes() -> None:
    problem = shipped_problem("rnn")
    text = "W1.grad_t2: [[1], [2]]\ngradients: {U1_t3: [[1]], W1.grad_t1: [1, 2], h1_t2: [0, 0]}"
    found = read_sheet(text, "s", problem)
    assert found.unknown == ()
    assert list(found.iterations[0]) == ["W1.grad_t2", "U1.grad_t3", "W1.grad_t1", "h1_t2.grad"]


def test_a_class_number_is_no_answer() -> None:
    """The label is a one-hot vector in the equations; a sheet may say which class it is."""
    problem = shipped_problem("softmax-cross-entropy")
    text = "y: {}\nlabel: 2\nvalues: {{label: 2}}"
    assert read_sheet(text.format("2"), "s", problem) == Sheet("s", ({},), ())
    assert list(read_sheet(text.format("[0, 1, 0, 0]"), "s", problem).iterations[0]) == ["y"]


def test_running_statistics() -> None:
    found = read_sheet("updated: {running_mean1: [0.4, 0.4], gamma1: [1, 1]}", "s", shipped_problem("batch-norm"))
    assert list(found.iterations[0]) == ["running_mean1.next", "gamma1.next"]


def test_names_that_are_sections_elsewhere() -> None:
    """An equation may be called as a section or a key of nncalc's own is; a section is told by its names."""
    text = "given: {x: [1, 2]}\nequations: |\n  values = 2 * x\n  notes = exp(values)\n"
    problem = load_text(text, "p", None)
    found = read_sheet("values: [2, 4]\nnotes: [7.4, 54.6]", "s", problem)
    assert list(found.iterations[0]) == ["values", "notes"]
    found = read_sheet("values: {values: [2, 4]}", "s", problem)
    assert list(found.iterations[0]) == ["values"]


@pytest.mark.parametrize("name", shipped.names())
def test_nncalcs_own_json_is_a_full_sheet(name: str) -> None:
    """Every equation is answered, with the very doubles, and nothing is unknown."""
    problem = shipped_problem(name)
    if problem.forward.loss is None:
        run = [Worked(problem, work(problem, "forward"))]
    else:
        run = list(descend_steps(problem, 2))
    text = "".join(json.dumps(iteration_object("sgd", worked, outcome(worked))) + "\n" for worked in run)
    found = AnswerReader(problem).read(text, "own.json")
    assert (found.unknown, len(found.iterations)) == ((), len(run))
    left_out = ("optimizer.", ".factor")
    for worked, values in zip(run, found.iterations, strict=True):
        for step in worked.trace.steps:
            if step.name in values:
                np.testing.assert_array_equal(values[step.name].value, step.value)
                assert (values[step.name].margin >= np.spacing(np.abs(step.value))).all()
        shown = {step.name for step in worked.trace.steps if step.phase != "update" or step.name.endswith(".next")}
        missing = [n for n in shown - set(values) if ".grad_" not in n and not n.startswith(left_out)]
        assert missing == []


# --- iterations -------------------------------------------------------------------------------------------------------

THREE = [
    "- loss: 1\n- loss: 2\n- loss: 3\n",
    '[{"loss": 1}, {"loss": 2},\n {"loss": 3}]',
    '{"loss": 1}\n{"loss": 2}\r\n\n {"loss": 3}\n',
    "\ufeff[{loss}]".replace("{loss}", '{"loss": 1}, {"loss": 2}, {"loss": 3}'),
    '{"iteration": 3, "loss": 3}\n{"iteration": 1, "loss": 1}{"loss": 2}',
]


@pytest.mark.parametrize("text", THREE)
def test_several_iterations(text: str) -> None:
    assert [i["loss"].value.tolist() for i in sheet(text).iterations] == [1, 2, 3]


def test_iterations_that_are_left_out() -> None:
    found = sheet("- {iteration: 2, loss: 2}\n- null\n- {iteration: 5, loss: 5}")
    assert [sorted(i) for i in found.iterations] == [[], ["loss"], [], [], ["loss"]]


@pytest.mark.parametrize("text", ["[]", "{}", "values: {}", "- {}"])
def test_a_sheet_without_answers(text: str) -> None:
    assert sheet(text).iterations == ({},)


# --- shapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "shape"),
    [
        ("h2: [1, 2, 3]", "h2", (3,)),
        ("h2: [[1], [2], [3]]", "h2", (3,)),
        ("h2: [[1, 2, 3]]", "h2", (3,)),
        ("loss: [5]", "loss", ()),
        ("loss: [[5]]", "loss", ()),
        ("loss: 5", "loss", ()),
        # the wrong shapes are left for the judge
        ("h2: [1, 2]", "h2", (2,)),
        ("h2: 1", "h2", ()),
        ("h2: [0,92, 0,36, 1]", "h2", (5,)),
        ("W2: [[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]]", "W2", (4, 3)),
        ("W2: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]", "W2", (12,)),
        ("W2: [[1, 2, 3, 4], null, [1, null, 3, 4]]", "W2", (3, 4)),
        ("W2: [null, null, [1, 2, 3, 4]]", "W2", (3, 4)),
    ],
)
def test_rows_columns_and_brackets(text: str, name: str, shape: Shape) -> None:
    found = answer(text, name)
    assert found.value.shape == found.margin.shape == found.texts.shape == shape
    assert found.value.dtype == np.float64


def test_null_is_not_answered() -> None:
    found = answer("W2: [[1.5, ~, 3, 4], null, [1, null, 3, 4]]", "W2")
    nothing = np.isnan(found.value)
    assert nothing.tolist() == [[False, True, False, False], [True] * 4, [False, True, False, False]]
    assert (found.texts == "").tolist() == nothing.tolist()
    assert found.margin[nothing].tolist() == [0] * 6
    assert answers('{"h2": [1, "NaN", 3]}')["h2"][0::2] == [1, 3]


# --- what a number claims ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "margin"),
    [
        ("0.92", 0.92, 0.005),
        ("-.5", -0.5, 0.05),
        ("2.20", 2.2, 0.005),
        ("1_000.0", 1000, 0.05),
        ("6.1e-3", 0.0061, 0.05e-3),
        ("6.10E-3", 0.0061, 0.005e-3),
        ("4e3", 4000, 500),
        ("4.e-2", 0.04, 0.005),
        ("1/3", 1 / 3, 0),
        ("-0.5/3", -0.5 / 3, 0),
        ("12.5%", 0.125, 0.0005),
        ("12.5 %", 0.125, 0.0005),
        ("1.25e1 %", 0.125, 0.0005),
        ("3 %", 0.03, 0.005),
        ("\N{MINUS SIGN}0.92", -0.92, 0.005),
        ("4", 4, 0.5),
        ("0.", 0, 0.5),
        ("-3", -3, 0.5),
        ("010", 10, 0.5),
        ("0e5", 0, 0.5),  # not within 50000
        ("0e-3", 0, 0.0005),
        ("0.00e+00", 0, 0.005),
        ("6.0835844697020525", 6.0835844697020525, np.spacing(6.08)),
        ("123456789012345678.0", 123456789012345678.0, 16),
        ("1e-400", 0, 5e-324),
        ("'0.92'", 0.92, 0.005),
        ("0,92", 0.92, 0.005),
        ("'0,92'", 0.92, 0.005),
        ("|\n  -0,920", -0.92, 0.0005),
        ("6,1e-3", 0.0061, 0.05e-3),
        ("4,5 %", 0.045, 0.0005),
        ("0." + 300 * "3", 1 / 3, np.spacing(1 / 3)),
    ],
)
def test_half_a_unit_of_the_last_digit(text: str, value: float, margin: float) -> None:
    found = answer(f"loss: {text}", "loss")
    assert found.value == value
    assert found.margin == pytest.approx(margin, rel=1e-12, abs=0)


@pytest.mark.parametrize("text", ["0.92", "6.1e-3", "4", "4.0E+2", "-0", "6.0835844697020525"])
def test_a_number_of_json_is_what_is_written_too(text: str) -> None:
    for written in (text, f'"{text}"'):
        of_json, of_yaml = answer(f'{{"loss": {written}}}', "loss"), answer(f"loss: {text}", "loss")
        assert of_json == of_yaml
        assert of_json.texts[()] == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # its own value's usual place
        ("h2: [2.20, 4, 0.]", [0.005] * 3),
        ("h2: [2.20, 4, 0.1]", [0.005, 0.05, 0.05]),  # of two alike the coarser
        ("h2: [2.20, 4, 0.1, 0.12]", [0.005, 0.005, 0.05, 0.005]),
        ("h2: [1/3, 4, 0.1]", [0, 0.05, 0.05]),
        ("h2: [4 %, 0.5 %, 1]", [0.0005] * 3),
        # else the sheet's
        ("h2: [1, 2, 3]\nh1: [1.00, 1.00, 1.0]", [0.005] * 3),
        ("h2: [1/2, 2, 3]\nh1: [1.00, 1.00, 1.0]", [0, 0.005, 0.005]),
        ("h2: [4 %, 1, 3]\nh1: [1.00, 1.00, 1.0]", [0.005] * 3),
        # in which given data do not count, nor what is unknown
        ("h2: [1, 2, 3]\nx: [1.00, 1.00, 1.00]\nh9: 0.001\nloss: 6.1", [0.05] * 3),
        # else none
        ("h2: [1, 2, 3]\nx: [1.00, 1.00, 1.00]", [0.5] * 3),
        ("h2: [4 %, 1, 3]", [0.005, 0.5, 0.5]),
    ],
)
def test_an_integer_claims_the_places_of_the_numbers_around_it(text: str, expected: Any) -> None:
    assert margins(text) == expected


def test_an_integer_claims_the_places_of_other_iterations_too() -> None:
    found = sheet('{"loss": 4}\n{"loss": 4.125, "h2": [1.125, 2.125, 3]}')
    assert [i["loss"].margin.tolist() for i in found.iterations] == [0.0005, 0.0005]


def test_a_comma_is_read_where_another_number_says_what_it_is() -> None:
    found = sheet("h2: ['1,018', '-1,015', 0]\nloss: '6,08'").iterations[0]
    assert found["h2"].value.tolist() == [1.018, -1.015, 0]
    assert found["h2"].margin.tolist() == [0.0005] * 3
    error = refusal("h2: ['1,018', '-1,015', 0]\nloss: 6.08")
    assert error.message == "h2: 1,018 may be 1.018 or 1018"


MASKED = """\
given: {x: [1, -2, 3], k: [true, true, false]}
equations: |
  m = x > 0
  h = x * m * k
"""


def test_masks() -> None:
    reader = AnswerReader(load_text(MASKED, "masked.yaml", None))
    for text in ("m: [true, false, null]\nk: [true, true, false]", '{"m": [true, false, true], "k": [1, 1, 0]}'):
        (found,) = reader.read(text, "ada.yaml").iterations
        assert found["m"].value.tolist()[:2] == [1, 0]
        assert found["k"].value.tolist() == [1, 1, 0]
    for text, where in (("m: [true, 1, 0]", "m"), ("h: [true, false, true]", "h")):
        with pytest.raises(ProblemError) as caught:
            reader.read(text, "ada.yaml")
        assert caught.value.message.startswith(f"{where}: ")


@given(st.decimals(-(10**6), 10**6, places=4), st.integers(-3, 3))
def test_the_number_is_within_its_margin_of_what_was_rounded(number: Any, places: int) -> None:
    """Whatever is rounded to some places, the unrounded number is no further off than the margin says."""
    value = float(number)
    text = f"{value:.{max(places, 0)}f}" if places >= 0 else f"{value:.{-places}e}"
    found = answer(f"loss: {text}", "loss")
    assert abs(found.value - value) <= found.margin * (1 + 1e-9)


# --- the sheets that ship ---------------------------------------------------------------------------------------------


def test_the_written_solution() -> None:
    found = read_sheet_file("regression-in-3", REGRESSION)
    assert (found.name, found.unknown) == ("regression-in-3", ())
    (values,) = found.iterations
    computed = [e.name for e in program_of(REGRESSION, "update").equations if e.name != "x.grad"]
    assert sorted(values) == sorted(computed)
    assert values["h2.grad"].value.tolist() == [-0.92, -0.36, 0.15]
    assert values["W2.next"].texts[2].tolist() == ["-1.003", "0.9946", "1.000", "-1.002"]
    assert values["W2.grad"].value[0, 3] == -1.11
    assert values["b1.next"].value.tolist() == [0.015, 1.008, 1.011, -1.004]
    assert values["hbar1"].margin.tolist() == [0.05] * 4


def test_the_printed_output() -> None:
    found = read_sheet_file(str(shipped.folder() / "answers" / "regression-in-4.yaml"), REGRESSION)
    assert found.unknown == ()
    (values,) = found.iterations
    right = work(REGRESSION, "update")
    assert [step.name for step in right.steps if step.name not in values] == ["x.grad", "W1.next", "b1.next"]
    for name, value in values.items():
        assert value.value.shape == right.value(name).shape
        if not name.endswith(".next") and name != "b1.grad":
            sign = -1 if name.endswith(".grad") else 1  # the program has y - h2 for h2 - y
            assert (abs(value.value - sign * right.value(name)) <= value.margin).all()
    assert values["b2.next"].texts.tolist() == ["1.0092051", "", ""]
    assert values["b1.grad"].value[2] == -1.13419975


def test_every_sheet_that_ships_belongs_to_a_problem() -> None:
    for name in shipped.sheet_names():
        problem = max((p for p in shipped.names() if name.startswith(f"{p}-")), key=len)
        assert read_sheet_file(name, shipped_problem(problem)).unknown == ()


def test_a_name_of_neither_a_file_nor_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="there is no file"):
        read_sheet_file("regression-in-5", REGRESSION)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("loss: 6.08 # größer".encode("latin-1"))
    with pytest.raises(ProblemError, match="is not UTF-8"):
        read_sheet_file(str(latin), REGRESSION)


# --- what is refused --------------------------------------------------------------------------------------------------

EXPECTED = "expected a number such as 0.5, 1/3 or 1e-3"
REFUSED = [
    # text, message, label, line, column, key
    ("", "the file is empty", "found nothing", 1, 1, ""),
    ("6.08", "an answer has a name", "found '6.08', expected a name such as 'h2.grad:'", 1, 1, ""),
    ("- 6.08", "an answer has a name", "found '6.08', expected a name such as 'h2.grad:'", 1, 3, "[0]"),
    ("- loss: 1\n- - 1", "an answer has a name", "found a list, expected a name such as 'h2.grad:'", 2, 3, "[1]"),
    ('{"loss": 1}\n[1]', "an answer has a name", "found a list, expected a name such as 'h2.grad:'", 2, 1, "[1]"),
    ("values: [1]", "'values' has names and their values", "found a list", 1, 9, "values"),
    ("loss: hello", "loss: 'hello' is not a number", EXPECTED, 1, 7, "loss"),
    (
        "values:\n  h2: [1, [2], 3]",
        "h2: row 2 has 1 entry, entry 1 is a number",
        "numbers and lists do not mix",
        2,
        11,
        "values.h2[1]",
    ),
    (
        '{"gradients":\n {"W2": [[1, 2],\n [1]]}}',
        "W2.grad: row 2 has 1 entry, row 1 has 2",
        "all rows have to be of one length",
        3,
        2,
        "gradients.W2[1]",
    ),
    ("h2: [1, two]", "h2: 'two' is not a number", EXPECTED, 1, 9, "h2[1]"),
    ("h2: {a: 1}", "h2: names where numbers belong", EXPECTED, 1, 5, "h2"),
    ("h2: [1, {a: 1}]", "h2: names where numbers belong", EXPECTED, 1, 9, "h2[1]"),
    ("loss: " + 401 * "1", "loss: '" + 39 * "1" + "…' is not a number", EXPECTED, 1, 7, "loss"),
    ("h2: []", "h2 has no entries", "found an empty list", 1, 5, "h2"),
    ("h2: [1, .nan]", "h2: .nan is not a finite number", "expected a finite number", 1, 9, "h2[1]"),
    ("loss: 1e999", "loss: 1e999 is not a finite number", "expected a finite number", 1, 7, "loss"),
    ("loss: 1/0", "loss: 1/0 is not a finite number", "expected a finite number", 1, 7, "loss"),
    ("loss: '1,018'", "loss: 1,018 may be 1.018 or 1018", "write a decimal point", 1, 7, "loss"),
    ("h2: [true, 1]", "h2: 'true' is not a number", EXPECTED, 1, 6, "h2[0]"),
    ("h2: [1, false]", "h2: 'false' is not a number", EXPECTED, 1, 9, "h2[1]"),
    ("h2: [true, false, true]", "h2: 'true' is not a number", EXPECTED, 1, 6, "h2[0]"),
    ("loss: true", "loss: 'true' is not a number", EXPECTED, 1, 7, "loss"),
    ("loss: yes", "loss: 'yes' is not a number", EXPECTED, 1, 7, "loss"),
    ('{"loss": false}', "loss: 'false' is not a number", EXPECTED, 1, 10, "loss"),
    ("h2: [1]\nvalues: {h2: [2]}", "h2 is given twice", "expected each value once", 2, 10, "values.h2"),
    ("h2: [1]\nprediction: [2]", "h2 is given twice", "'h2' is the same value", 2, 1, "prediction"),
    ("- iteration: 1\n- iteration: 1", "iteration 1 is given twice", "expected each once", 2, 14, "[1].iteration"),
    (
        "iteration: 10000000",
        "'iteration' counts the steps",
        "found '10000000', expected a whole number from 1 to 100000",
        1,
        12,
        "iteration",
    ),
    ('{"h2": [1, NaN]}', "NaN is not a finite number", "not part of JSON", 1, 12, ""),
    ('{"h2": [1,\n 2}', "a comma is missing", "found '}', expected ',' or ']'", 2, 3, ""),
    ('{"h2": 1,\n "h2": 2}', "the key 'h2' is given twice", "given before in line 1", 2, 2, "h2"),
    ("{h2: [1]}", "a key of JSON stands in double quotes", "found 'h', expected '\"'", 1, 2, ""),
    ('{"h2" [1]}', "a key without a value", "found '[', expected ':'", 1, 7, ""),
    ('{"h2": }', "a value is left out", "found '}'", 1, 8, ""),
    ('{"h2": [1, ', "a value is left out", "found the end of the file", 1, 12, ""),
    ('{"h2": [1, two]}', "'two' is not JSON", "expected a number, a list, a text in quotes or null", 1, 12, ""),
    ('{"h2": 1}\nh1: 2', "'h1' is not JSON", "expected a number, a list, a text in quotes or null", 2, 1, ""),
    ('{"h2: 1}', "a quote without its end", "begins here and is never closed", 1, 2, ""),
    ('{"h2\\q": 1}', "a text that is not JSON's", "not allowed between quotes", 1, 5, ""),
    ('{"h2": ' + 200 * "[", "nested deeper than 100", "level 101 begins here", 1, 107, ""),
    ('{"h2": ' + 101 * "[" + "1" + 101 * "]" + "}", "nested deeper than 100", "level 101 begins here", 1, 107, ""),
    ("h2: &a [1, *a]", "the alias '*a' stands inside its own value", "would never end", 1, 12, "h2"),
]


@pytest.mark.parametrize(("text", "message", "label", "line", "column", "key"), REFUSED)
def test_what_cannot_be_read_is_refused_at_its_place(
    text: str, message: str, label: str, line: int, column: int, key: str
) -> None:
    error = refusal(text)
    assert error.place is not None
    found = (error.message, error.label, error.place.source, error.place.line, error.place.column, error.key)
    assert found == (message, label, "ada.yaml", line, column, key)


def test_advice() -> None:
    assert refusal("loss: 6.08–").hint == "The sign is a dash; write a minus: -."
    assert refusal("h2: 1 2 3").hint == "Write a list with commas: [1, 2, 3]."
    assert refusal("loss: yes").hint == ""
    assert refusal("x: [yes, no, yes]").hint == "A mask is written with true and false."
    assert refusal("h2: [1, .inf]").hint == "null stands for no answer."


def test_nested_100000_deep() -> None:
    assert refusal('{"h2": ' + 100_000 * "[" + 100_000 * "]" + "}").message == "nested deeper than 100"
    assert refusal("h2: " + 100_000 * "[" + 100_000 * "]").message == "nested deeper than 100"


def test_nested_too_deep_behind_what_is_ambiguous() -> None:
    """Deep enough for a stack of calls, not for the parser's own."""
    deep = 980 * "[" + 980 * "]"
    assert refusal('{"h2": "1,018", "loss": ' + deep + "}").message == "nested deeper than 100"


def test_a_null_does_not_stand_for_more_than_there_can_be() -> None:
    """10,000 rows of 10,000 numbers, 9,999 of them null: little to read, much to keep."""
    row = [[0] * 10_000, *([None] * 9_999)]
    assert refusal(json.dumps({"h2": row})).message == "h2: an array of more than 10 million numbers"


# Random trees of what a sheet is made of, and some of what it is not.
WORDS = st.sampled_from(
    ["1", "0.5", "-2,5", "1,018", "1/0", "nan", "NaN", "null", "true", "3 %", "1e999", "x", "", "−1", "0e99999999999"]
)
LEAVES = st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
NAMES = st.sampled_from(
    ["h2", "h2.grad", "W2", "loss", "prediction", "values", "gradients", "updated", "optimizer_state", "iteration",
     "nncalc", "x", "W1.m", "a b", "label", "trace", "hbar1", "h2.next", "W1_t2", "W1.previous"]
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, st.text(max_size=4)), inner)),
    max_leaves=12,
)
SHEETS = st.one_of(st.dictionaries(NAMES, TREES, max_size=5), st.lists(st.dictionaries(NAMES, TREES)), TREES)
PROBLEMS = [READER, AnswerReader(ADAM)]


def read_or_refuse(text: str) -> None:
    for reader in PROBLEMS:
        found, refused = Sheet("s", ()), None
        try:
            found = reader.read(text, "s")
        except NncalcError as error:
            refused = error
        assert refused is None or refused.place is not None
        for values in found.iterations:
            for each in values.values():
                assert each.value.shape == each.margin.shape == each.texts.shape
                assert not np.isnan(each.value).all()
                assert (np.isnan(each.value) == (each.texts == "")).all()
                assert (np.isfinite(each.margin) & (each.margin >= 0)).all()


@given(SHEETS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_tree_is_read_or_refused(tree: Any, as_json: bool) -> None:
    read_or_refuse(json.dumps(tree) if as_json else yaml.safe_dump(tree, allow_unicode=True))


@given(st.text(st.sampled_from('{}[]",:\\ \n\t01.-eE+/%,nulltrueNaN"h2lossvalues&*|>#'), max_size=40), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str, as_json: bool) -> None:
    read_or_refuse('{"h2": ' + text if as_json else text)
