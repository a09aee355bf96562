"""A record as the JSON object of FORMAT.md, section 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Const, Expression
from nncalc.language.text import to_text

if TYPE_CHECKING:
    from nncalc.engine.trace import Step
    from nncalc.problem.outcome import Outcome
    from nncalc.problem.work import Worked


def iteration_object(command: str, worked: Worked, outcome: Outcome) -> dict[str, Any]:
    """One iteration of forward, backprop or sgd; what there is not is left out."""
    # the quick calculators' JSON needs nothing of it
    from nncalc.problem.optimizing import optimizer_state

    trace, problem = worked.trace, worked.problem
    program = trace.program
    values = {name: value for name, value in trace.given.items() if _is_shown(name, program)}
    if problem.classes is not None and problem.classes.numbers is not None:
        values.setdefault("label", problem.classes.numbers.astype(int))
    values.update({step.name: step.value for step in trace.phase("forward")})
    result: dict[str, Any] = {"nncalc": 1, "command": command}
    if problem.title:
        result["title"] = problem.title
    result["iteration"] = trace.iteration
    if worked.examples:
        result["examples"] = list(worked.examples)
    values.update({step.name: step.value for step in trace.phase("update") if step.name == "learning_rate"})
    result["values"] = {name: plain(value) for name, value in values.items()}
    if program.prediction is not None:
        result["prediction"] = plain(trace.value(program.prediction))
    if program.loss is not None:
        result["loss"] = plain(trace.value(program.loss))
    if trace.phase("backward"):
        result["gradients"] = {
            step.name.removesuffix(".grad"): plain(step.value)
            for step in trace.phase("backward")
            if step.name.endswith(".grad")
        }
    if trace.phase("update"):
        result["updated"] = {
            step.name.removesuffix(".next"): plain(step.value)
            for step in trace.phase("update")
            if step.name.endswith(".next") and step.name.removesuffix(".next") in (*program.parameters, *program.given)
        }
    state = optimizer_state(trace)
    if state:
        result["optimizer_state"] = {
            name: {letter: plain(value) for letter, value in letters.items()} for name, letters in state.items()
        }
    if worked.loss_after is not None:
        result["loss_after"] = worked.loss_after
    for key, found in (("predicted", outcome.predicted), ("correct", outcome.correct)):
        if found is not None:
            result[key] = found
    if outcome.notes:
        result["notes"] = list(outcome.notes)
    result["trace"] = [step_object(step) for step in trace.steps]
    return result


def _is_shown(name: str, program: Program) -> bool:
    """Of the optimizer's settings and state, the learning rate alone stands among the values, where there is a step."""
    return "." not in name and (name != "learning_rate" or bool(program.phase("update")))


def plain(value: Any) -> Any:
    """An array as nested lists, a 0-d one as a number."""
    return value.tolist()


def step_object(step: Step) -> dict[str, Any]:
    """One entry of `trace`: everything of the step but its value."""
    return equation_object(step.name, step.expression, step.phase, step.shape)


def equation_object(name: str, expression: Expression, phase: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """An equation as an entry of `trace` or of `derive`."""
    equation = Equation(name, expression)
    return {
        "phase": phase,
        "name": name,
        "op": operation_name(expression),
        "equation": f"{name} = {to_text(expression)}",
        "inputs": list(equation.inputs),
        "shape": list(shape),
    }


def operation_name(expression: Expression) -> str:
    """The outermost operation; `linear` for W @ x + b."""
    if not isinstance(expression, Apply):
        return "constant" if isinstance(expression, Const) else "identity"
    if expression.op == "add" and isinstance(expression.args[0], Apply) and expression.args[0].op == "matmul":
        return "linear"
    return expression.op
