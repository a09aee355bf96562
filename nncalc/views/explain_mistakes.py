"""What `explain` tells of mistakes: what is often done wrong, and which other conventions are usual."""

from __future__ import annotations

from collections.abc import Iterable

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation
from nncalc.catalogue.optimizer import Optimizer
from nncalc.engine.rule import EXAMPLE, example_of
from nncalc.engine.shapes import Shapes
from nncalc.views.explain_layout import INDENT, section, words
from nncalc.views.line import Line


def mistakes_of(entry: Operation, width: int) -> list[Line]:
    """A line for each mistake, and for each convention that is another one where no setting is stated."""
    wrong = [mistake.says for mistake in entry.mistakes if not mistake.convention]
    usual = [mistake.convention for mistake in entry.mistakes if mistake.convention and _is_another(entry, mistake)]
    return _lines(wrong, usual, width)


def variants_of(entry: Optimizer, width: int) -> list[Line]:
    """The same of an optimizer's step, as it is where no setting is stated."""
    other = [variant for variant in entry.variants if variant.alter(entry, entry.defaults) is not None]
    wrong = [variant.says for variant in other if not variant.convention]
    return _lines(wrong, [variant.convention for variant in other if variant.convention], width)


def _is_another(entry: Operation, mistake: Mistake) -> bool:
    example = example_of(entry)
    settings = entry.settings(example.settings)
    return mistake.value is None or mistake.value(*example.args, shape_of=Shapes(EXAMPLE), **settings) is not None


def _lines(wrong: Iterable[str], usual: Iterable[str], width: int) -> list[Line]:
    return [
        *section("often done wrong", [line for text in wrong for line in _item(text, width)]),
        *section("also usual", [line for text in dict.fromkeys(usual) for line in _item(text, width)]),
    ]


def _item(text: str, width: int) -> list[Line]:
    return words(text, width, indent=INDENT * 2, first=INDENT)
