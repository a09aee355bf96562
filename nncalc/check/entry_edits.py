"""The mistakes that stand in the entries of operations and optimizers, as changed equations of a course."""

from __future__ import annotations

from collections.abc import Iterator

from nncalc.catalogue.index import ACTIVATIONS
from nncalc.catalogue.mistake import Mistake, Rules
from nncalc.catalogue.registry import operation
from nncalc.check.course import Course
from nncalc.check.edit import Edit, places
from nncalc.check.report import Sentence
from nncalc.errors import NncalcError
from nncalc.language.equation import Equation, Program, in_order
from nncalc.language.expression import Apply, Const, Expression, Name, walk
from nncalc.problem.problem import Problem
from nncalc.problem.work import program_of

COST = 1.7
DERIVED = 0.4  # what it costs beside that the mistake shows in a derived equation alone
ACTIVATION_SLOPES = ("sigmoid", "tanh", "relu")


class EntryEdits:
    """What the entries know of mistakes, for each equation of a course."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._derived: dict[str, list[Edit]] | None = None

    def of(self, equation: Equation) -> Iterator[Edit]:
        for node, put, _ in places(equation.expression):
            if isinstance(node, Apply):
                for mistake, other in values_of(node, self.course):
                    yield Edit(mistake.kind, put(other), Sentence(mistake.says), COST)
        if equation.phase == "forward":
            return
        if self._derived is None:
            self._derived = {}
            self._derive(self._derived)
        yield from self._derived.get(equation.name, ())
        yield from self._other_slopes(equation)

    def _derive(self, found: dict[str, list[Edit]]) -> None:
        """The derived equations that come out otherwise when a gradient rule, the loss or the optimizer is another."""
        problem = self.course.problem
        nodes = (node for equation in problem.forward.equations for node in walk(equation.expression))
        for op in dict.fromkeys(node.op for node in nodes if isinstance(node, Apply)):
            for mistake in operation(op).mistakes:
                if mistake.gradients or mistake.also:
                    self._compare(found, problem, mistake.kind, mistake.says, COST, mistake.rules(op))
        for mistake, other in other_losses(self.course):
            self._compare(found, other, mistake.kind, mistake.says, COST + DERIVED)
        if problem.optimizer is not None:
            for variant in problem.optimizer.variants:
                changed = variant.alter(problem.optimizer, dict(problem.settings))
                if changed is not None:
                    other = problem._replace(optimizer=changed[0], settings=changed[1])
                    self._compare(found, other, variant.kind, variant.says, COST)

    def _compare(
        self, found: dict[str, list[Edit]], problem: Problem, kind: str, says: str, cost: float,
        rules: Rules | None = None,
    ) -> None:  # fmt: skip
        program = changed_program(problem, rules)
        for equation in program.equations if program else ():
            own = self.course.equations.get(equation.name)
            if own is not None and own.phase != "forward" and own.expression != equation.expression:
                found.setdefault(equation.name, []).append(Edit(kind, equation.expression, Sentence(says), cost))

    def _other_slopes(self, equation: Equation) -> Iterator[Edit]:
        """The derivative of another activation: 1 − h² where h = σ(h̄)."""
        before = equation.name.removesuffix(".grad")
        for forward in self.course.problem.forward.equations:
            expression = forward.expression
            if not isinstance(expression, Apply) or expression.op not in ACTIVATIONS or expression.op == "softmax":
                continue
            upstream = f"{forward.name}.grad"
            if expression.args[0] != Name(before) or upstream not in self.course.equations:
                continue
            for op in ACTIVATION_SLOPES:
                rule = operation(op).derivatives[0]
                if op != expression.op and rule is not None:
                    slope = rule(Name(forward.name), Name(before))
                    product = Name(upstream) * slope
                    says = Sentence("the derivative of {0} is used where that of {1} belongs", (op, expression.op))
                    yield Edit("wrong_function", product, says, COST - 0.1)


def values_of(node: Apply, course: Course) -> Iterator[tuple[Mistake, Expression]]:
    """What people compute in place of a node, as its operation's entry has it."""
    entry = operation(node.op)
    for mistake in entry.mistakes:
        if mistake.value is None:
            continue
        try:
            other = mistake.value(*node.args, shape_of=course.shapes, **entry.settings(node.settings))
        except (NncalcError, ValueError, TypeError, IndexError):
            continue
        if other is not None:
            yield mistake, other if isinstance(other, Expression) else Const(float(other))


def other_losses(course: Course) -> Iterator[tuple[Mistake, Problem]]:
    """The problem with a mistake of its loss's entry in the forward pass."""
    program = course.problem.forward
    at_end = [e for e in program.equations if e.name == program.loss or e.name in program.through]
    for equation in at_end:
        for node, put, _ in places(equation.expression):
            if isinstance(node, Apply):
                for mistake, other in values_of(node, course):
                    yield mistake, with_forward(course.problem, equation.name, put(other))


def with_forward(problem: Problem, name: str, expression: Expression) -> Problem:
    """The problem with another forward equation in place of its own."""
    equations = [e._replace(expression=expression) if e.name == name else e for e in problem.forward.equations]
    return problem._replace(forward=problem.forward.with_equations(in_order(equations)))


def changed_program(problem: Problem, rules: Rules | None = None) -> Program | None:
    """The problem's program; None where there is none, because the change does not fit."""
    try:
        return program_of(problem, "update" if problem.forward.loss else "forward", rules)
    except (NncalcError, ValueError, TypeError, IndexError, KeyError, AttributeError):
        return None
