"""Reverse-mode differentiation of the text: a program's gradient equations.

The loss's gradient is 1 and goes unnamed. From the last equation to the first, an equation `T = f(a, b)` hands
`T.grad` to `a` and `b` by f's gradient rules, through a nested expression in one go; a name that is used several
times gets the sum. Source: Baydin et al., Automatic Differentiation in Machine Learning: a Survey, section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping

from nncalc.catalogue.mistake import Substitute
from nncalc.catalogue.operation import Shape, dimensions
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes
from nncalc.engine.simplify import Simplifier, is_zero
from nncalc.engine.time_steps import gathered, shared_parameters, time_step
from nncalc.errors import NncalcError, ShapeError
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Const, Expression, Name, call, walk

# An upstream gradient of more nodes than this, used more than once, becomes an equation of its own.
HELPER_FROM, HELPER_AT_ONCE = 10, 60
# The gradient of a name that is used this often is summed in parts, each an equation of its own.
MOST_TERMS = 100


def differentiate(program: Program, shapes: Shapes, rules: Mapping[tuple[str, int], Substitute] = {}) -> Program:
    """The program with its backward pass: NAME.grad for every computed value, parameter and input of the loss.

    shapes: those of the forward names; the new names' are added. rules: gradient rules, by operation and position, in
    place of the entries' own (a `Mistake`'s `rules`); where one gives None, the entry's own stands. Raises NncalcError
    without a loss, ShapeError when the loss is not one number.
    """
    loss = program.loss
    if loss is None:
        raise NncalcError("there is no loss to differentiate", hint="Add 'loss: l2', say, to the problem.")
    if shapes.known[loss] != ():
        raise ShapeError(
            f"{loss} is {dimensions(shapes.known[loss])}; gradients need one number",
            hint="Take its mean or its sum, or leave out 'reduction: none'.",
            names=(loss,),
        )
    return _Backward(program, shapes, loss, rules).run()


class _Backward:
    def __init__(
        self, program: Program, shapes: Shapes, loss: str, rules: Mapping[tuple[str, int], Substitute]
    ) -> None:
        self.program, self.shapes, self.loss, self.rules = program, shapes, loss, rules
        self.forward = program.phase("forward")
        named: dict[Expression, str] = {e.expression: e.name for e in self.forward if isinstance(e.expression, Apply)}
        self.simplify = Simplifier(shapes, named)
        self.wanted = self._depends_on(set(program.parameters) | (set(program.given) - set(program.labels)))
        self.contributions: dict[str, list[Expression]] = {loss: [Const(1.0)]}
        self.late: dict[str, list[Expression]] = {}
        self.equations: list[Equation] = []
        self.moving: dict[Expression, bool] = {}
        self.helpers: dict[str, int] = {}
        # what the time steps contribute to the parameters that they share, until it is summed
        self.shared = shared_parameters(self.forward, program.parameters)
        self.by_step: dict[str, dict[int, list[Expression]]] = {}

    def run(self) -> Program:
        last_use = self._last_uses()
        for equation in reversed(self.forward):
            if equation.name in self.contributions and equation.name in self.wanted:
                g = self._assign(equation.name, equation.layer)
                self._pull(equation, equation.expression, g, Name(equation.name))
            for leaf in self.shared.done_with(equation.name):
                self._assign_step(leaf, equation)
            for leaf in last_use.get(equation.name, ()):
                self._sum_steps(leaf)
                if leaf in self.contributions or leaf in self.late:
                    self._assign(leaf, equation.layer)
        return self.program._replace(equations=(*self.program.equations, *self.equations))

    def _depends_on(self, leaves: set[str]) -> set[str]:
        """The names whose value moves when one of the leaves does."""
        moving = set(leaves)
        for equation in self.forward:
            if any(name in moving for name in equation.inputs):
                moving.add(equation.name)
        return moving

    def _last_uses(self) -> dict[str, list[str]]:
        """For each equation, the leaves that the backward pass is done with behind it, parameters first."""
        computed = {equation.name for equation in self.forward}
        first: dict[str, str] = {}
        for equation in self.forward:
            for name in equation.inputs:
                if name not in computed and name in self.wanted:
                    first.setdefault(name, equation.name)
        uses: dict[str, list[str]] = {}
        for leaf in sorted(first, key=lambda name: name not in self.program.parameters):
            uses.setdefault(first[leaf], []).append(leaf)
        return uses

    def _assign(self, name: str, layer: str) -> Expression:
        """NAME.grad as the sum of its contributions; for the loss and what the gradient goes through, just the sum."""
        for late in self.late.pop(name, ()):
            self._contribute(name, late)
        total = self._total(gathered(self.contributions[name], self._total, self.shapes))
        if name == self.loss or name in self.program.through:
            return total
        return self._emit(f"{name}.grad", self.simplify.repeat(total, self.shapes.known[name]), layer)

    def _assign_step(self, name: str, equation: Equation) -> None:
        """NAME.grad_t2: what the time step of the equation contributes, once all of it is there."""
        step = time_step(equation.name)
        found = self.by_step.get(name, {}).get(step or 0)
        if found:
            total = self.simplify.repeat(self._total(found), self.shapes.known[name])
            found[:] = [self._emit(f"{name}.grad_t{step}", total, equation.layer)]

    def _sum_steps(self, name: str) -> None:
        """The time steps' contributions, the first step's first, ahead of any others."""
        steps = self.by_step.pop(name, {})
        others = self.contributions.pop(name, [])
        for contribution in [*(steps[step][0] for step in sorted(steps)), *others]:
            self._contribute(name, contribution)

    def _total(self, contributions: list[Expression]) -> Expression:
        total = contributions[0]
        for contribution in contributions[1:]:
            total = self.simplify(total + contribution)
        return total

    def _emit(self, name: str, expression: Expression, layer: str) -> Expression:
        self.shapes.known[name] = self.shapes(expression)
        self.equations.append(Equation(name, expression, "backward", layer))
        return Name(name)

    def _pull(self, equation: Equation, expression: Expression, g: Expression, ans: Expression) -> None:
        """Hand the gradient g of an expression on to the names in it."""
        if isinstance(expression, Name):
            step = time_step(equation.name)
            if step is not None and expression.id in self.shared:
                self.by_step.setdefault(expression.id, {}).setdefault(step, []).append(g)
            elif equation.name in self.program.through and expression.id in self.program.parameters:
                # a penalty on the weights comes last in their gradient, as in books
                self.late.setdefault(expression.id, []).append(g)
            else:
                self._contribute(expression.id, g)
        if not isinstance(expression, Apply):
            return
        entry = operation(expression.op)
        moving = [self._moves(argument) for argument in expression.args]
        g = self._helped(equation, g, uses=sum(moving))
        for i, argument in enumerate(expression.args):
            if not moving[i]:
                continue
            contribution = self._contribution(entry.name, expression, i, g, ans)
            if contribution is not None:
                self._pull(equation, argument, contribution, argument)

    def _moves(self, expression: Expression) -> bool:
        """Whether the expression's value moves when a parameter or an input does."""
        if isinstance(expression, Name):
            return expression.id in self.wanted
        if not isinstance(expression, Apply):
            return False
        found = self.moving.get(expression)
        if found is None:
            found = self.moving[expression] = True in [self._moves(argument) for argument in expression.args]
        return found

    def _helped(self, equation: Equation, g: Expression, uses: int) -> Expression:
        size = sum(1 for _ in walk(g))
        if size <= HELPER_FROM or (uses < 2 and size <= HELPER_AT_ONCE):
            return g
        return self._emit(self._helper_name(equation.name), g, equation.layer)

    def _helper_name(self, name: str) -> str:
        number = self.helpers.get(name, 0) + 1
        while f"{name}_{number}" in self.shapes.known:
            number += 1
        self.helpers[name] = number
        return f"{name}_{number}"

    def _contribution(self, op: str, e: Apply, i: int, g: Expression, ans: Expression) -> Expression | None:
        entry = operation(op)
        settings = entry.settings(e.settings)
        rule = entry.derivatives[i] if entry.derivatives else entry.gradient(i)
        if rule is None:
            return None
        if entry.derivatives:
            whole = self.shapes(e)
            if self.shapes(g) != whole:
                g = call.broadcast(g, shape=whole)
        other = self.rules.get((op, i))
        given = None if other is None else other(g, ans, *e.args, shape_of=self.shapes, **settings)
        if given is None and entry.derivatives:
            given = g * rule(ans, *e.args, **settings)
        elif given is None:
            given = rule(g, ans, *e.args, shape_of=self.shapes, **settings)
        contribution = given if isinstance(given, Expression) else Const(float(given))
        return self._summed(self.simplify(contribution), self.shapes(e.args[i]))

    def _summed(self, contribution: Expression, wanted: Shape) -> Expression:
        """Summed over the axes along which the argument was broadcast."""
        found = self.shapes(contribution)
        repeated = any(m == 1 < n for n, m in zip(found[::-1], wanted[::-1], strict=False))
        if len(found) > len(wanted) or repeated:
            extra = len(found) - len(wanted)
            if not wanted:
                contribution = call.sum(contribution)
            else:
                if extra:
                    axes = tuple(range(extra))
                    contribution = call.sum(contribution, axis=axes[0] if extra == 1 else axes)
                kept = tuple(i for i, (n, m) in enumerate(zip(found[extra:], wanted, strict=True)) if m == 1 < n)
                if kept:
                    contribution = call.sum(contribution, axis=kept[0] if len(kept) == 1 else kept, keepdims=True)
            contribution = self.simplify(contribution)
        return contribution

    def _contribute(self, name: str, contribution: Expression) -> None:
        found = self.contributions.setdefault(name, [])
        if is_zero(contribution) and found:
            return
        if len(found) == 1 and is_zero(found[0]):
            found.clear()
        found.append(contribution)
        if len(found) == MOST_TERMS:
            found[:] = [self._emit(self._helper_name(name), self._total(found), "")]
