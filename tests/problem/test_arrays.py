"""Arrays out of the file's lists: what is one, what is refused, and at which entry."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nncalc.errors import ProblemError
from nncalc.problem.arrays import EXPECTED, read_number, to_array
from nncalc.problem.document import Value, read_document

finite = st.floats(allow_nan=False, allow_infinity=False)
MASK = "A mask has nothing but true and false in it, or nothing but 1 and 0."


def value(text: str) -> Value:
    found = read_document(f"w: {text}\n", "problem.yaml").get("w")
    assert found is not None
    return found


def array(text: str) -> NDArray[np.float64]:
    return to_array(value(text), None, what="weights")


def refusal(text: str) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        array(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3.0),
        ("[1, -1, 010]", [1.0, -1.0, 10.0]),
        ("[1/3, '-2/3', \"1e-3\", .5, 1_000, \N{MINUS SIGN}2]", [1 / 3, -2 / 3, 0.001, 0.5, 1000.0, -2.0]),
        ("[[1, 2, 3], [4, 5, 1/2]]", [[1.0, 2.0, 3.0], [4.0, 5.0, 0.5]]),
        ("[[[1], [2]], [[3], [4]]]", [[[1.0], [2.0]], [[3.0], [4.0]]]),
        ("\n  - [1, 2]\n  - - 3\n    - 4", [[1.0, 2.0], [3.0, 4.0]]),
        ("[[true, false], [False, TRUE]]", [[1.0, 0.0], [0.0, 1.0]]),
        ("[&r [1, 2], *r, [&x 3, *x]]", [[1.0, 2.0], [1.0, 2.0], [3.0, 3.0]]),
    ],
)
def test_lists_of_numbers_are_arrays(text: str, expected: Any) -> None:
    found = array(text)
    assert found.dtype == np.float64
    assert found.shape == np.shape(expected)
    assert found.tolist() == expected


REFUSED = [
    ("[1, x, 3]", (1, 8), "[1]", "weights: 'x' is not a number", EXPECTED, ""),
    (
        "[[1, 2], [3, 1 2]]",
        (1, 17),
        "[1][1]",
        "weights: '1 2' is not a number",
        EXPECTED,
        "Write a list with commas: [1, 2].",
    ),
    ("['1,5']", (1, 5), "[0]", "weights: '1,5' is not a number", EXPECTED, "Write a decimal point: 1.5."),
    ("1;2;3;4", (1, 4), "", "weights: '1;2;3;4' is not a number", EXPECTED, "Write a list with commas: [1, 2, 3, …]."),
    (
        "[\N{EN DASH}1]",
        (1, 5),
        "[0]",
        "weights: '–1' is not a number",
        EXPECTED,
        "The sign is a dash; write a minus: -.",
    ),
    ("[yes, no]", (1, 5), "[0]", "weights: 'yes' is not a number", EXPECTED, "A mask is written with true and false."),
    ('["\\e[31m1"]', (1, 5), "[0]", "weights: '�[31m1' is not a number", EXPECTED, ""),
    ("[1, true]", (1, 8), "[1]", "weights: 'true' among numbers", EXPECTED, MASK),
    ("[[false], [1/2]]", (1, 6), "[0][0]", "weights: 'false' among numbers", EXPECTED, MASK),
    ("true", (1, 4), "", "weights: 'true' among numbers", EXPECTED, MASK),
    ("[1, null]", (1, 8), "[1]", "weights: a number is left out", f"found 'null', {EXPECTED}", ""),
    ("", (1, 3), "", "weights: a number is left out", f"found nothing, {EXPECTED}", ""),
    ("[1, .nan]", (1, 8), "[1]", "weights: .nan is not a finite number", "expected a finite number", ""),
    ("[1, 1e999]", (1, 8), "[1]", "weights: 1e999 is not a finite number", "expected a finite number", ""),
    ("[-1e999, x]", (1, 5), "[0]", "weights: -1e999 is not a finite number", "expected a finite number", ""),
    ("[2, 1/0]", (1, 8), "[1]", "weights: 1/0 is not a finite number", "expected a finite number", ""),
    ("[]", (1, 4), "", "weights has no entries", "found an empty list", ""),
    ("[[1], []]", (1, 10), "[1]", "weights has no entries", "found an empty list", ""),
    (
        "\n  - [1, 2, 3]\n  - [1, 2, 3]\n  - [1, 2]",
        (4, 5),
        "[2]",
        "weights: row 3 has 2 entries, row 1 has 3",
        "all rows have to be of one length",
        "",
    ),
    (
        "[[1, 2], [1]]",
        (1, 13),
        "[1]",
        "weights: row 2 has 1 entry, row 1 has 2",
        "all rows have to be of one length",
        "",
    ),
    (
        "[[[1]], [[1, 2]]]",
        (1, 12),
        "[1]",
        "weights: row 2 is 1×2, row 1 is 1×1",
        "all rows have to be of one length",
        "",
    ),
    ("[1, [2]]", (1, 8), "[1]", "weights: row 2 has 1 entry, entry 1 is a number", "numbers and lists do not mix", ""),
    ("[[2], 1]", (1, 10), "[1]", "weights: entry 2 is a number, row 1 has 1 entry", "numbers and lists do not mix", ""),
    (
        "[1, {file: w.npz}]",
        (1, 8),
        "[1]",
        "weights: a mapping among numbers",
        EXPECTED,
        "A file of numbers stands for a whole array, not for a part of one.",
    ),
    (
        "{rows: 2}",
        (1, 4),
        "",
        "weights has to be numbers",
        "found a mapping",
        "Write a list, [1, 2, 3], or a file: {file: weights.npz, key: W1}.",
    ),
]


@pytest.mark.parametrize(("text", "place", "key", "message", "label", "hint"), REFUSED, ids=lambda v: repr(v)[:30])
def test_what_is_no_array_is_refused_at_its_entry(
    text: str, place: tuple[int, int], key: str, message: str, label: str, hint: str
) -> None:
    error = refusal(text)
    assert (error.message, error.label, error.hint, error.key) == (message, label, hint, f"w{key}")
    assert error.place is not None
    assert (error.place.line, error.place.column) == place


@given(st.lists(finite, min_size=1, max_size=6), st.integers(1, 4), st.sampled_from([True, False]))
def test_an_array_goes_through_yaml_unchanged(row: list[float], rows: int, flow: bool) -> None:
    expected = np.array([row] * rows)
    text = yaml.safe_dump({"w": expected.tolist()}, default_flow_style=flow)
    found = read_document(text, "problem.yaml").get("w")
    assert found is not None
    result = to_array(found, None, what="w")
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(np.signbit(result), np.signbit(expected))


def test_one_number_is_read_from_one_scalar() -> None:
    assert read_number(value("1/4"), what="rate") == 0.25
    for text, message in [
        ("[1]", "rate has to be one number"),
        ("{a: 1}", "rate has to be one number"),
        ("true", "rate: 'true' is not a number"),
        ("~", "rate: a number is left out"),
        ("nan", "rate: nan is not a finite number"),
    ]:
        with pytest.raises(ProblemError) as error:
            read_number(value(text), what="rate")
        assert error.value.message == message
        assert error.value.key == "w"
        assert error.value.place is not None


def test_a_large_matrix() -> None:
    generator = random.Random(1)
    rows = [[generator.gauss(0, 1) for _ in range(500)] for _ in range(100)]
    assert array("\n" + "".join(f"  - {row}\n" for row in rows)).tolist() == rows
