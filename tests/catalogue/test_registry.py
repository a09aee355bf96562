"""The registry: the list of names against the entries themselves, and what every entry has to hold."""

from __future__ import annotations

from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pytest

import nncalc.catalogue
from nncalc.catalogue import index, optimizers
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.optimizer import Optimizer
from nncalc.catalogue.registry import is_operation, operation
from nncalc.errors import ExpressionError
from nncalc.language.expression import Apply, names_in, walk
from nncalc.language.parse import is_name, parse_expression
from nncalc.language.text import to_text

CATALOGUE = Path(nncalc.catalogue.__file__).parent
NAMES = list(index.MODULE_OF)
EVERY = pytest.mark.parametrize("entry", [operation(name) for name in NAMES], ids=NAMES)


def entries_of(folder: Path, package: str, kind: type) -> dict[str, tuple[str, ...]]:
    """What the folder's modules hold: module → the names of its entries."""
    found = {}
    for path in folder.glob("*.py"):
        entries = getattr(import_module(f"{package}.{path.stem}"), "ENTRIES", ()) if path.stem != "__init__" else ()
        if entries:
            assert all(isinstance(entry, kind) for entry in entries)
            found[path.stem] = tuple(entry.name for entry in entries)
    return found


def test_the_index_lists_exactly_the_operations() -> None:
    assert entries_of(CATALOGUE, "nncalc.catalogue", Operation) == index.OPERATIONS


def test_the_index_lists_exactly_the_optimizers() -> None:
    assert entries_of(CATALOGUE / "optimizers", "nncalc.catalogue.optimizers", Optimizer) == index.OPTIMIZERS
    assert optimizers.optimizer("no_such_thing") is None


def test_no_operation_is_listed_twice() -> None:
    assert sum(len(names) for names in index.OPERATIONS.values()) == len(NAMES)


def test_activations_and_losses_are_operations() -> None:
    assert all(is_operation(name) for name in (*index.ACTIVATIONS, *index.LOSSES))
    assert [name for name in NAMES if operation(name).target is not None] == list(index.LOSSES)
    assert all(operation(name).args == ("x",) for name in index.ACTIVATIONS)


def test_a_name_that_is_none_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ExpressionError) as refused:
        operation("sigmiod")
    assert refused.value.message == "there is no operation 'sigmiod'"
    assert refused.value.hint == "Did you mean 'sigmoid'?"
    assert not is_operation("sigmiod")


@EVERY
def test_an_entry_says_what_it_is(entry: Operation) -> None:
    assert is_name(entry.name)
    assert entry.meaning
    assert entry.source
    assert entry.text
    assert entry.latex
    assert entry.example
    assert all(option.meaning for option in entry.options)
    assert bool(entry.kinks) <= bool(entry.at_kink) <= bool(entry.kinks or entry.switch)


@EVERY
def test_an_entry_has_one_kind_of_gradient_rule_for_each_argument(entry: Operation) -> None:
    assert len(entry.derivatives or entry.gradients) == len(entry.args)
    assert not (entry.derivatives and entry.gradients)
    assert len(entry.domain) in (1, len(entry.args))
    assert all(low < high for low, high in entry.domain)


@EVERY
def test_arguments_and_settings_have_the_same_names_everywhere(entry: Operation) -> None:
    names = [*entry.args, *(option.name for option in entry.options)]
    assert len(set(names)) == len(names)
    assert list(entry.defaults) == [option.name for option in entry.options]
    for function, leading in ((entry.value, 1), (entry.shape, 0)):
        parameters = list(signature(function).parameters.values())
        keywords = {p.name for p in parameters[leading + len(entry.args) :] if p.kind is not Parameter.VAR_KEYWORD}
        # a generic rule (`broadcast(*shapes, **_)`) names none of them
        if not any(p.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD) for p in parameters):
            assert keywords == set(entry.defaults)


@EVERY
def test_defaults_are_values_that_may_be_given(entry: Operation) -> None:
    for option in entry.options:
        assert option.expected(option.default) == ""
        assert all(option.expected(word) == "" for word in option.choices)


@EVERY
def test_examples_parse_use_the_entry_and_read_back(entry: Operation) -> None:
    for example in entry.example:
        expression = parse_expression(example, operation)
        assert any(isinstance(node, Apply) and node.op == entry.name for node in walk(expression)), example
        assert set(names_in(expression)) <= set("abxyAB")
        assert parse_expression(to_text(expression), operation) == expression


@EVERY
def test_templates_name_only_the_arguments(entry: Operation) -> None:
    """`{x:product}` stands for the argument x; `{{x}}` and LaTeX's own braces do not."""
    settings = {key: {"index": (1,), "shape": (3,)}.get(key, value) for key, value in entry.defaults.items()}
    for template in (entry.text, entry.latex):
        text = template if isinstance(template, str) else template(**_wanted(template, settings))
        assert any(f"{{{arg}}}" in text or f"{{{arg}:" in text for arg in entry.args)


def _wanted(template: object, settings: dict[str, Any]) -> dict[str, Any]:
    assert callable(template)
    parameters = signature(template).parameters
    takes_all = any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
    return {key: value for key, value in settings.items() if takes_all or key in parameters}


def test_a_settings_value_is_checked() -> None:
    cases = {
        "softmax(x, temperature=0)": ("softmax's temperature can't be 0", "expected a number above 0"),
        "leaky_relu(x, slope='a')": ("leaky_relu's slope can't be 'a'", "expected a number"),
        "leaky_relu(x, slope=s)": ("leaky_relu's slope can't be s", "expected a number"),
        "sum(x, keepdims=1)": ("sum's keepdims can't be 1", "expected True or False"),
        "mse(x, y, reduction='avg')": ("mse's reduction can't be 'avg'", "expected 'mean' or 'sum' or 'none'"),
        "cross_entropy(x, y, log_base=1)": (
            "cross_entropy's log_base can't be 1",
            "expected 'e' or a number above 1",
        ),
        "clip(x, low='a')": ("clip's low can't be 'a'", "expected a number"),
    }
    for text, (message, label) in cases.items():
        with pytest.raises(ExpressionError) as refused:
            parse_expression(text, operation)
        assert (refused.value.message, refused.value.label) == (message, label)
        # the caret stands under the value itself
        assert text[refused.value.offset :].startswith(message.rsplit(" ", 1)[1])


def test_a_setting_may_be_written_as_a_fraction() -> None:
    expression = parse_expression("leaky_relu(x, slope=-1/4)", operation)
    assert isinstance(expression, Apply)
    assert expression.settings == (("slope", -0.25),)
