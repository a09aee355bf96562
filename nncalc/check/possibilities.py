"""All that may have been done in place of an equation, each mistake once, the commonest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from nncalc.catalogue.index import LOSSES
from nncalc.catalogue.registry import operation
from nncalc.check.course import PREVIOUS, Course
from nncalc.check.edit import Edit, places
from nncalc.check.entry_edits import EntryEdits, changed_program, with_forward
from nncalc.check.name_edits import name_edits
from nncalc.check.own import UNUSABLE
from nncalc.check.probe import Probe
from nncalc.check.report import SEVERAL, Sentence
from nncalc.check.term_edits import term_edits
from nncalc.check.written_out import written_out
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Expression, Name, names_in, substitute, walk

MOST_FORMS = 8
LEAST_AXES = {"transpose": 2, "softmax": 1, "log_softmax": 1}
# Of two mistakes in one equation, each is among the commonest.
PAIRED = 40
PAIR_COST = 1.5
INSIDE = 0.3  # what a mistake inside a written-out operation costs beside


class Possible(NamedTuple):
    """What may have been computed. forms: expressions that are equal where all values are right; the first is shown."""

    kind: str
    sentence: Sentence
    cost: float
    forms: tuple[Expression, ...]


class Possibilities:
    """The right forms and the possible mistakes of each equation of a course, made when they are asked for."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.probe = Probe(course)
        self.entries = EntryEdits(course)
        self._right: dict[tuple[str, bool], tuple[Expression, ...]] = {}
        self._mistakes: dict[tuple[str, bool], tuple[Possible, ...]] = {}
        self._derived: dict[tuple[str, Expression], dict[str, Expression]] = {}
        self._pairs: dict[tuple[str, bool], tuple[Possible, ...]] = {}

    def right_forms(self, name: str, later: bool) -> tuple[Expression, ...]:
        """The equation's right side, then others with its value: worked out from a value earlier or beside it.

        later: what agrees in the first iteration alone, 1 − β for 1 − βᵗ, is not right after it.
        """
        key = (name, later)
        if key not in self._right:
            self.mistakes(name, later)
        return self._right[key]

    def quick_right_forms(self, name: str, later: bool) -> tuple[Expression, ...]:
        """The right forms that are found without the mistakes, which are many: those of a value earlier or beside it.

        later: as for right_forms.
        """
        equation = self.course.equations[name]
        iteration = 2 if later else 1
        right = self.probe.fingerprint(iteration, equation.expression)
        forms = self._agreeing(equation, later, (edit.expression for edit in self._earlier(equation))) if right else ()
        found = dict.fromkeys((equation.expression, *forms))
        self.probe.forget_steps()
        return tuple(found)[: 2 * MOST_FORMS]

    def mistakes(self, name: str, later: bool) -> tuple[Possible, ...]:
        """Single mistakes. later: whether an iteration has gone before, whose values may have been used."""
        key = (name, later)
        if key not in self._mistakes:
            equation = self.course.equations[name]
            self._mistakes[key] = self._told_apart(equation, self._edits(equation, later), later)
        return self._mistakes[key]

    def of_shape(self, name: str, shape: tuple[int, ...], later: bool) -> list[Edit]:
        """The changes that give the value another shape, the commonest first."""
        equation = self.course.equations[name]
        edits = sorted(self._edits(equation, later), key=lambda edit: edit.cost)
        return [edit for edit in edits if self._fits(equation, edit.expression, shape)]

    def derived_from(self, name: str, expression: Expression) -> dict[str, Expression]:
        """The backward equations and updates that another forward equation leads to, where they are not the same."""
        key = (name, expression)
        if key not in self._derived:
            program = changed_program(with_forward(self.course.problem, name, expression))
            own = self.course.equations
            self._derived[key] = {
                e.name: e.expression
                for e in (program.equations if program else ())
                if e.phase != "forward" and e.name in own and own[e.name].expression != e.expression
            }
        return self._derived[key]

    def pairs(self, name: str, later: bool) -> tuple[Possible, ...]:
        """Two mistakes in one equation."""
        key = (name, later)
        if key not in self._pairs:
            equation = self.course.equations[name]
            singles = {form for possible in self.mistakes(name, later) for form in possible.forms}
            edits = (edit for edit in self._double_edits(equation, later) if edit.expression not in singles)
            self._pairs[key] = self._told_apart(equation, edits, later, known=self.mistakes(name, later))
        return self._pairs[key]

    def _edits(self, equation: Equation, later: bool) -> Iterator[Edit]:
        yield from term_edits(equation.name, equation.expression)
        yield from name_edits(self.course, equation, later)
        bare = substitute(equation.expression, self._renamed)
        if bare != equation.expression:
            yield from name_edits(self.course, equation._replace(expression=bare), later)
        yield from self.entries.of(equation)
        for expression in self._written_out(equation, later):
            same = equation._replace(expression=expression)
            for edit in (*term_edits(same.name, expression), *name_edits(self.course, same, later)):
                yield edit._replace(cost=edit.cost + INSIDE)
        for expression in self._agreeing(equation, later, (edit.expression for edit in self._other_losses(equation))):
            yield from self.entries.of(equation._replace(expression=expression))

    def _written_out(self, equation: Equation, later: bool) -> Iterator[Expression]:
        """The equation with an operation written out, as far as that agrees with it."""
        yield from self._agreeing(equation, later, written_out(equation.expression, self.course.shapes))

    def _agreeing(self, equation: Equation, later: bool, forms: Iterable[Expression]) -> Iterator[Expression]:
        """Those of some forms that are the equation's right side."""
        iteration = 2 if later else 1
        right = self.probe.fingerprint(iteration, equation.expression)
        for expression in forms:
            if self._fits(equation, expression) and self.probe.fingerprint(iteration, expression) == right:
                yield expression

    def _double_edits(self, equation: Equation, later: bool) -> Iterator[Edit]:
        for first in self.mistakes(equation.name, later)[:PAIRED]:
            changed = equation._replace(expression=first.forms[0])
            second = sorted(self._edits(changed, later), key=lambda edit: edit.cost)[: 2 * PAIRED]
            for edit in second:
                sentence = _joined(first.sentence, edit.sentence)
                yield Edit(SEVERAL, edit.expression, sentence, first.cost + edit.cost + PAIR_COST)

    def _told_apart(
        self, equation: Equation, edits: Iterable[Edit], later: bool, known: tuple[Possible, ...] = ()
    ) -> tuple[Possible, ...]:
        """The edits that fit, those that are the same mathematically together. Sets the right forms as well."""
        iteration = 2 if later else 1
        right = self.probe.fingerprint(iteration, equation.expression)
        equal: dict[Expression, None] = {equation.expression: None}
        passed_over = {self.probe.fingerprint(iteration, possible.forms[0]) for possible in known}
        groups: dict[str, list[Edit]] = {}
        for edit in [*self._earlier(equation), *sorted(edits, key=lambda edit: edit.cost)]:
            if not self._fits(equation, edit.expression):
                continue
            found = self.probe.fingerprint(iteration, edit.expression)
            if found and found == right:
                equal[edit.expression] = None
            elif edit.kind and found not in passed_over and found.strip("0 "):
                groups.setdefault(found or repr(edit.expression), []).append(edit)
        if not known:
            self._right.setdefault((equation.name, later), tuple(equal)[: 2 * MOST_FORMS])
        self.probe.forget_steps()
        return tuple(
            Possible(group[0].kind, group[0].sentence, group[0].cost, _forms(group)) for group in groups.values()
        )

    def _earlier(self, equation: Equation) -> Iterator[Edit]:
        """The equation worked out from what its names come from, one name at a time: σ′ from h̄ in place of h."""
        for name in names_in(equation.expression):
            source = self.course.equations.get(name)
            if source is not None:
                yield Edit("", substitute(equation.expression, partial(_inlined, source)), Sentence(""), 0.0)
        yield from self._other_losses(equation)

    def _other_losses(self, equation: Equation) -> Iterator[Edit]:
        """A loss of another value: that of the logits may be worked out from the probabilities as well."""
        forward = [e.name for e in self.course.problem.forward.equations if e.name != equation.name]
        for node, put, _ in places(equation.expression):
            if isinstance(node, Apply) and node.op in LOSSES and isinstance(node.args[0], Name):
                shape = self.course.shapes(node.args[0])
                for name in (name for name in forward if self.course.shapes.known[name] == shape):
                    if equation.name not in self.course.depends_on(name):
                        for op in LOSSES:
                            other = Apply(op, (Name(name), *node.args[1:]), node.settings)
                            yield Edit("", put(other), Sentence(""), 0.0)

    def _renamed(self, node: Expression) -> Expression | None:
        """A name that is just another name for a value by that one: b1.grad is hbar1.grad."""
        source = self.course.equations.get(node.id) if isinstance(node, Name) else None
        return source.expression if source and isinstance(source.expression, Name) else None

    def _fits(self, equation: Equation, expression: Expression, shape: tuple[int, ...] | None = None) -> bool:
        shapes = self.course.shapes
        for node in walk(expression):
            if isinstance(node, Name) and node.id.endswith(PREVIOUS) and node.id not in shapes.known:
                base = shapes.known.get(node.id.removesuffix(PREVIOUS))
                if base is None:
                    return False
                shapes.known[node.id] = base
            elif isinstance(node, Apply) and not _settings_known(node):
                return False
        try:
            for node in walk(expression):  # nobody transposes a vector and means it, or takes a number's softmax
                if isinstance(node, Apply) and len(shapes(node.args[0])) < LEAST_AXES.get(node.op, 0):
                    return False
            return shapes(expression) == (shapes.known[equation.name] if shape is None else shape)
        except UNUSABLE:
            return False


def _inlined(source: Equation, node: Expression) -> Expression | None:
    return source.expression if isinstance(node, Name) and node.id == source.name else None


def _forms(group: list[Edit]) -> tuple[Expression, ...]:
    return tuple(dict.fromkeys(edit.expression for edit in group))[:MOST_FORMS]


def _joined(one: Sentence, other: Sentence) -> Sentence:
    shifted = other.text
    for place in reversed(range(len(other.parts))):
        shifted = shifted.replace(f"{{{place}}}", f"{{{place + len(one.parts)}}}")
    return Sentence(f"{one.text}, and {shifted}", (*one.parts, *other.parts))


@lru_cache(maxsize=4096)
def _settings_known(node: Apply) -> bool:
    entry = operation(node.op)
    right_number = entry.variadic or len(entry.args) - entry.optional <= len(node.args) <= len(entry.args)
    stated = dict(node.settings)
    return right_number and set(stated) <= set(entry.defaults) and set(entry.required) <= set(stated)
