"""The tree of a YAML file: texts as written, at their places; what is refused, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nncalc.errors import Place, ProblemError
from nncalc.problem import building
from nncalc.problem.document import (
    Mapping,
    Scalar,
    Sequence,
    Value,
    read_document,
    read_value,
    refuse_unknown,
)

REGRESSION = """\
title: Feedforward regression, 3 → 4
inputs: [1.2, -1, 2]
layers:
  - dense:
      weights: [[1, -1, 0], [010, "1/3", yes]]
      bias: &b ~
  - relu
again: *b
"""


def read(text: str) -> Mapping:
    return read_document(text, "problem.yaml")


def refusal(text: str) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        read(text)
    return caught.value


def at(mapping: Mapping, *path: str | int) -> Any:
    value: Any = mapping
    for step in path:
        value = value.item(step) if isinstance(step, int) else value.get(step)
    return value


def plain(value: Value) -> Any:
    """The tree as lists, dicts and texts."""
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return {name: plain(entry) for name, entry in value.entries.items()}


def spot(error: ProblemError) -> tuple[int, int]:
    assert error.place is not None
    assert error.place.source == "problem.yaml"
    return error.place.line, error.place.column


# What is read


def test_texts_stay_as_they_are_written() -> None:
    assert plain(read(REGRESSION)) == {
        "title": "Feedforward regression, 3 → 4",
        "inputs": ["1.2", "-1", "2"],
        "layers": [{"dense": {"weights": [["1", "-1", "0"], ["010", "1/3", "yes"]], "bias": "~"}}, "relu"],
        "again": "~",
    }


def test_every_value_knows_its_place_and_its_key() -> None:
    problem = read(REGRESSION)
    entry = at(problem, "layers", 0, "dense", "weights", 1, 2)
    assert entry.key == "layers[0].dense.weights[1][2]"
    assert entry.place == Place("problem.yaml", 5, 42, '      weights: [[1, -1, 0], [010, "1/3", yes]]')
    weights = at(problem, "layers", 0, "dense", "weights")
    assert (weights.key, weights.place.line, weights.place.column) == ("layers[0].dense.weights", 5, 16)
    dense = at(problem, "layers", 0)
    assert (dense.key, dense.place.line, dense.place.column) == ("layers[0]", 4, 5)
    assert at(problem, "layers", 1).key == "layers[1]"
    assert dense.key_place("dense") == Place("problem.yaml", 4, 5, "  - dense:")
    assert problem.key_place("layers") == Place("problem.yaml", 3, 1, "layers:")
    assert problem.key == ""


def test_the_place_of_an_anchored_value_is_behind_its_anchor() -> None:
    problem = read("a: &x\n  - 1\nb: &y !!str 2\nc: &z\nd: *x\ne: *y\n")
    assert (at(problem, "a").place.line, at(problem, "a").place.column) == (2, 3)
    assert (at(problem, "b").place.line, at(problem, "b").place.column) == (3, 13)
    assert at(problem, "c").is_null
    assert at(problem, "c").place.line == 4
    assert at(problem, "d").place == at(problem, "a").place
    assert at(problem, "d").item(0).key == "d[0]"
    assert at(problem, "e").key == "e"


def test_line_ends_of_every_kind_count_once() -> None:
    for end in ("\n", "\r\n", "\r"):
        problem = read(end.join(["a: 1", "b: 2", "t: |", "  one", "  two", ""]))
        assert at(problem, "b").place == Place("problem.yaml", 2, 4, "b: 2")
        assert at(problem, "t").text == "one\ntwo\n"
        assert at(problem, "t").place_inside(2, 1) == Place("problem.yaml", 5, 4, "  two")


def test_only_null_is_null_and_only_true_and_false_are_booleans() -> None:
    items = read("a: [~, null, NULL, '', 'null', nil, true, False, 'true', yes, on, off, y, TRUE]\nb:\n")
    scalars = at(items, "a").items
    assert [s.text for s in scalars if s.is_null] == ["~", "null", "NULL"]
    assert [s.boolean for s in scalars if s.boolean is not None] == [True, False, True]
    assert at(items, "b").is_null


def test_quotes_and_tags_make_text() -> None:
    items = at(read("a: [x, 'x', \"x\", !!str 1, !!int 1, ! 1]\nb: |\n  x\n"), "a").items
    assert [item.quoted for item in items] == [False, True, True, True, False, True]
    assert at(read("b: |\n  x\n"), "b").quoted


def test_keys_that_yaml_1_1_takes_for_booleans_are_words() -> None:
    assert list(read("y: 1\non: 2\n'no': 3\nnan: 4\n")) == ["y", "on", "no", "nan"]


def test_a_mapping_is_asked_like_a_dict() -> None:
    problem = read("a: 1\nb: 2\n")
    assert "a" in problem
    assert "c" not in problem
    assert problem.get("c") is None
    assert len(problem) == 2
    assert len(at(read("a: [1, [2], 3]"), "a")) == 3


def test_a_byte_order_mark_is_passed_over() -> None:
    assert at(read("\ufeffa: 1"), "a").place.column == 4


def test_a_sheet_of_answers_may_be_a_list_or_json() -> None:
    assert plain(read_value("- h1: [1, null]\n- h1: 2\n", "sheet")) == [{"h1": ["1", "null"]}, {"h1": "2"}]
    sheet = {"values": {"h1": [0.25, 1e-300], "é": "\\ \n"}}
    assert plain(read_value(json.dumps(sheet), "sheet")) == {"values": {"h1": ["0.25", "1e-300"], "é": "\\ \n"}}


def test_without_the_c_parser_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read(REGRESSION)
    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = read(REGRESSION)
    assert plain(slow) == plain(fast)
    assert (
        at(slow, "layers", 0, "dense", "weights", 1, 2).place == at(fast, "layers", 0, "dense", "weights", 1, 2).place
    )
    assert spot(refusal("a: [1, 2\nb: 3")) == (1, 4)


names = st.text("abcxyz_", min_size=1, max_size=5)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"))
trees = st.recursive(texts, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=12)


@given(st.dictionaries(names, trees), st.sampled_from([None, True, False]))
def test_what_pyyaml_writes_is_read_back(tree: dict[str, Any], flow: bool | None) -> None:
    written = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow, default_style='"')
    assert plain(read(written)) == tree


# Places inside a text


@pytest.mark.parametrize(
    ("source", "line", "offset", "place"),
    [
        ("e: |\n  a = 1\n  b = @2\n", 2, 4, (3, 7)),
        ("e: |\n  a = 1\n  b = @2\n", 1, 0, (2, 3)),
        ("e: |\n  a = 1\n  b =\n", 2, 3, (3, 6)),
        ("e: |  # the equations\n\n  a = 1\n    b = 2\n", 3, 2, (4, 5)),
        ("e: |2\n    a\n", 1, 2, (2, 5)),
        ("e: |-\n  ä = 1\n", 1, 4, (2, 7)),
        ("e: >\n  a =\n  b + c\n", 1, 6, (3, 3 + 2)),
        ("e: >\n  a =\n  b + c\n", 1, 8, (3, 3 + 4)),
        ("e: a = b\n", 1, 4, (1, 8)),
        ("e: a =\n   b\n", 1, 4, (2, 4)),
        ("e: 'a''s = b'\n", 1, 6, (1, 12)),
        ('e: "a\\x41 = \\"b"\n', 1, 6, (1, 15)),
        ('e: "a =\\n b"\n', 2, 1, (1, 11)),
        ("e: &x |\n  a = b\n", 1, 4, (2, 7)),
        ("e: a = b\n", 9, 99, (1, 9)),
        ("e: |\n  a\n", 1, 1, (2, 4)),
    ],
)
def test_a_place_inside_a_text_is_found_in_the_file(
    source: str, line: int, offset: int, place: tuple[int, int]
) -> None:
    found = at(read(source), "e").place_inside(line, offset)
    assert (found.line, found.column) == place


@given(st.lists(st.text("ab =+", min_size=1).filter(str.strip), min_size=1, max_size=4), st.integers(1, 6), st.data())
def test_a_block_of_equations_is_its_text_moved_to_the_right(
    lines: list[str], indent: int, data: st.DataObject
) -> None:
    lines[0] = lines[0].lstrip() or "a"  # what begins with blanks needs an indentation indicator
    text = "".join(f"{' ' * indent}{line}\n" for line in lines)
    block = at(read(f"first: 1\ne: |\n{text}"), "e")
    number = data.draw(st.integers(1, len(lines)))
    offsets = [i for i, mark in enumerate(lines[number - 1]) if mark != " "]
    offset = data.draw(st.sampled_from(offsets))
    place = block.place_inside(number, offset)
    assert (place.line, place.column) == (2 + number, indent + offset + 1)


# What is refused

REFUSED = [
    ("", (1, 1), "the file is empty", "found nothing"),
    ("# words\n", (1, 1), "the file is empty", "found nothing but comments"),
    ("---\n", (1, 1), "the file is empty", "found nothing but comments"),
    ("[1]", (1, 1), "a problem file begins with a key", "found a list, expected a key such as 'layers:'"),
    ("words", (1, 1), "a problem file begins with a key", "found 'words', expected a key such as 'layers:'"),
    ("a: 1\n---\nb: 2", (2, 1), "a second document in one file", "the first one ends here"),
    ("a: 1\nb: 2\na: 3", (3, 1), "the key 'a' is given twice", "given before in line 1"),
    ("1: 2", (1, 1), "a key has to be a word", "found 1 as a key"),
    ("a: {1, 2}", (1, 5), "a key has to be a word", "found 1 as a key"),
    ("~: 2", (1, 1), "a key has to be a word", "found ~ as a key"),
    ("&x : 1", (1, 3), "a key has to be a word", "found nothing as a key"),
    ("? [a]\n: 1", (1, 3), "a key has to be a word", "found a list as a key"),
    ("{a: 1}: 1", (1, 1), "a key has to be a word", "found a mapping as a key"),
    ("a: &x b\n*x : 1", (2, 1), "a key has to be a word", "found an alias as a key"),
    ("<<: {a: 1}", (1, 1), "merge keys (<<) are not read", "expected a key"),
    (
        "a: !!python/name:os.system x",
        (1, 4),
        "the YAML tag '!!python/name:os.system' is not read",
        "expected a plain value",
    ),
    ("a: !thing [1]", (1, 4), "the YAML tag '!thing' is not read", "expected a plain value"),
    ("a: !!seq {b: 1}", (1, 4), "the YAML tag '!!seq' is not read", "expected a plain value"),
    ("a: !!binary aGk=", (1, 4), "the YAML tag '!!binary' is not read", "expected a plain value"),
    ("a: *x", (1, 4), "no anchor '&x' stands before this alias", "'*' stands for a value named by '&' before"),
    ("a: &a [*a]", (1, 8), "the alias '*a' stands inside its own value", "would never end"),
    ("a: " + "[" * 100, (1, 103), "nested deeper than 100", "level 101 begins here"),
    ("a: \x1b[31m", (1, 4), "a character that does not belong in a text", "found U+001B, which no editor shows"),
    ("a: 1\nb: \x00", (2, 4), "a character that does not belong in a text", "found U+0000, which no editor shows"),
    ("a: x\u2028b: 1", (1, 5), "a character that does not belong in a text", "found U+2028, which no editor shows"),
    ("a: \udc80", (1, 4), "a character that does not belong in a text", "found U+DC80, which no editor shows"),
]


@pytest.mark.parametrize(("text", "place", "message", "label"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_is_refused_says_why_and_where(text: str, place: tuple[int, int], message: str, label: str) -> None:
    error = refusal(text)
    assert (spot(error), error.message, error.label) == (place, message, label)


def test_hints_name_what_was_meant() -> None:
    assert refusal("a: &bias 1\nb: *bais").hint == "Did you mean '*bias'?"
    assert refusal("a: *emphasis").hint == "Put text that begins with '*' in quotes."
    assert refusal("a: {1, 2}").hint == "A list stands in [ ], not in { }."


def test_a_key_given_twice_names_its_path() -> None:
    assert refusal("x:\n  - a: [1, {b: 2, b: 3}]").key == "x[0].a[1].b"


@pytest.mark.parametrize("kind", ["a%d: &a%d [%s]\n", "a%d: &a%d {%s}\n"])
def test_a_billion_laughs_are_counted_not_made(kind: str) -> None:
    is_list = "[" in kind
    lines = [kind % (0, 0, "1" if is_list else "k: 1")]
    for i in range(1, 40):
        aliases = [f"*a{i - 1}" if is_list else f"k{j}: *a{i - 1}" for j in range(10)]
        lines.append(kind % (i, i, ", ".join(aliases)))
    error = refusal("".join(lines))
    assert error.message == "aliases stand for more than 10 million values"


def test_aliases_do_not_hide_nesting() -> None:
    chain = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 120))
    assert refusal(chain).message == "nested deeper than 100"
    assert len(read(chain[: chain.index("a90:")])) == 90


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "a: " + "[[" * 50_000 + "1"])
def test_nesting_is_refused_before_it_fills_a_stack(text: str) -> None:
    assert refusal(text).message == "nested deeper than 100"


def test_a_hundred_levels_are_read() -> None:
    assert plain(read("a: " + "[" * 99 + "]" * 99))["a"] is not None


def test_an_array_is_not_longer_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert building.MOST_NUMBERS == 10_000_000
    monkeypatch.setattr(building, "MOST_NUMBERS", 12)
    ten = "[" + "1, " * 10 + "]"
    assert len(read(f"a: {ten}\nb: {ten}\nc: [{{x: {ten}}}, {{x: {ten}}}]")) == 3
    for text in (
        f"a:\n  b: [{ten}, [[1, 2, 3]]]",
        f"a:\n  b: [{'1, ' * 13}]",
        f"x: &x {ten}\na:\n  b: [*x, '1', [*x]]",
    ):
        error = refusal(text)
        assert error.message == "an array of more than 10 million numbers"
        assert error.hint == "Put it in a file: {file: weights.npz, key: W1}."
        assert error.key == "a.b"
        assert error.place is not None
        assert error.place.text.startswith("  b: ")
        assert error.place.column == 6


def test_a_text_past_64_megabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nncalc.problem.document.LARGEST", 10)
    with pytest.raises(ProblemError) as error:
        read_value("a: 1  # too long", "standard input")
    assert error.value.message == "standard input is larger than 64 MB"


def test_the_first_unknown_key_is_refused_with_the_nearest() -> None:
    problem = read("loss: l2\nlayrs: 1\nx: 2")
    with pytest.raises(ProblemError) as error:
        refuse_unknown(problem, ["layers", "loss"])
    assert error.value.message == "unknown key 'layrs'"
    assert error.value.hint == "Did you mean 'layers'?"
    assert error.value.key == "layrs"
    assert spot(error.value) == (2, 1)
    refuse_unknown(problem, ["layrs", "loss", "x"])
