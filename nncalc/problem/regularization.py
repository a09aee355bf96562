"""`regularization: {l2: 0.1}`: a penalty on the weights, added to the loss as steps of their own.

`loss = data_loss + penalty` with `penalty = 0.1 / 2 * (sum(W1 ** 2) + …)` for l2 and `0.1 * (sum(abs(W1)) + …)` for l1.
The gradient goes through both at once, so that `W1.grad` has `+ 0.1 * W1` or `+ 0.1 * sign(W1)` at its end.
Source: Goodfellow, Bengio, Courville, Deep Learning, section 7.1.
"""

from __future__ import annotations

from nncalc.catalogue.operation import Option
from nncalc.language.equation import Equation
from nncalc.language.expression import Const, Expression, Name, call, substitute
from nncalc.problem.problem import Problem
from nncalc.problem.schema import kind, name_list, options, wrong
from nncalc.problem.tree import Mapping, Scalar

KINDS = (
    Option("l2", None, "λ of λ/2 ‖W‖²", at_least=0, number=True),
    Option("l1", None, "λ of λ Σ|W|", at_least=0, number=True),
)
EXAMPLE = "expected 'regularization: {l2: 0.1}'"
DATA_LOSS, PENALTY = "data_loss", "penalty"


def regularized(problem: Problem, document: Mapping) -> Problem:
    """The problem with the penalty that its file states. Raises ProblemError with the place."""
    value = document.get("regularization")
    if value is None or (isinstance(value, Scalar) and (value.is_null or value.text == "none")):
        return problem
    if not isinstance(value, Mapping):
        raise wrong(value, "'regularization' has l2 or l1 and its λ", f"found {kind(value)}, {EXAMPLE}")
    found = options(value, KINDS, ("parameters",))
    if len(found) != 1:
        raise wrong(value, "'regularization' has one of l2 and l1", f"found {' and '.join(found) or 'none'}, {EXAMPLE}")
    program = problem.forward
    if program.loss is None:
        raise wrong(value, "regularization is part of the loss", "found no loss, or one for each example")
    taken = next((n for n in (DATA_LOSS, PENALTY) if n in problem.values or program.named(n) is not None), None)
    taken = taken or ("loss" if program.loss != "loss" and _is_taken(problem, "loss") else None)
    if taken is not None:
        raise wrong(value, f"the name '{taken}' is taken", f"the loss with its penalty needs {DATA_LOSS} and {PENALTY}")
    names = name_list(value, "parameters", program.parameters) or _weights(problem)
    if not names:
        raise wrong(
            value, "there are no weights to regularize", "biases are left alone", "List them: parameters: [b1]."
        )
    ((kind_of, strength),) = found.items()
    assert isinstance(strength, (int, float))
    return _with_penalty(problem, _penalty(kind_of, float(strength), names))


def _is_taken(problem: Problem, name: str) -> bool:
    return name in problem.values or problem.forward.named(name) is not None


def _weights(problem: Problem) -> tuple[str, ...]:
    """Weights, not biases: of layers what has a capital letter, of equations what does not begin with b."""
    if problem.written:
        return tuple(name for name in problem.forward.parameters if not name.startswith("b"))
    return tuple(name for name in problem.forward.parameters if name[0].isupper())


def _penalty(kind_of: str, strength: float, names: tuple[str, ...]) -> Expression:
    squared = kind_of == "l2"
    parts: list[Expression] = [call.sum(Name(n) ** 2) if squared else call.sum(call.abs(Name(n))) for n in names]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return Const(strength) / 2 * total if squared else Const(strength) * total


def _with_penalty(problem: Problem, penalty: Expression) -> Problem:
    """What was called `loss` is the data's loss now; a loss of another name keeps it."""
    program = problem.forward
    assert program.loss is not None
    data = DATA_LOSS if program.loss == "loss" else program.loss

    def renamed(node: Expression) -> Expression | None:
        return Name(data) if node == Name("loss") and data == DATA_LOSS else None

    equations = [
        e._replace(name=data if e.name == program.loss else e.name, expression=substitute(e.expression, renamed))
        for e in program.equations
    ]
    equations.append(Equation(PENALTY, penalty, "forward", "loss"))
    equations.append(Equation("loss", Name(data) + Name(PENALTY), "forward", "loss"))
    written = dict(problem.written)
    if data == DATA_LOSS and "loss" in written:
        written[DATA_LOSS] = written.pop("loss")
    through = program.through | {data, PENALTY}
    program = program._replace(equations=tuple(equations), loss="loss", through=through)
    return problem._replace(forward=program, written=written)
