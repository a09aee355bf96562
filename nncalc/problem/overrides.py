"""`overrides`: equations of the user's own in place of the derived ones."""

from __future__ import annotations

from nncalc.errors import ProblemError, did_you_mean
from nncalc.language.equation import Equation, Phase, Program, in_order
from nncalc.language.expression import Expression, Name, names_in, substitute
from nncalc.problem.optimizing import setting_shapes
from nncalc.problem.problem import Problem
from nncalc.problem.sheet import read_lines
from nncalc.problem.tree import Value


def apply_overrides(problem: Problem, value: Value) -> Problem:
    """The problem with its forward equations as overridden; backward and update overrides are kept for later."""
    read = read_lines(value, "overrides")
    lines = [(own_name(name, problem), expression, written) for name, expression, written in read]
    problem = problem._replace(written={**problem.written, **{name: written for name, _, written in lines}})
    forward = {equation.name: equation for equation in problem.forward.equations}
    later: list[Equation] = []
    for name, expression, _ in lines:
        own = substitute(expression, lambda node: _renamed(node, problem))
        if name in forward:
            forward[name] = forward[name]._replace(expression=own)
        elif name in problem.values:
            raise _refused(problem, name, f"{name} is given a value", "an override replaces an equation")
        else:
            later.append(Equation(name, own, _phase(name)))
    program = problem.forward._replace(equations=in_order(forward.values()))
    return problem._replace(forward=program, overrides=tuple(later))


def _phase(name: str) -> Phase:
    return "backward" if name.rpartition(".")[2].partition("_")[0] == "grad" else "update"


def _renamed(node: Expression, problem: Problem) -> Expression | None:
    if not isinstance(node, Name):
        return None
    own = own_name(node.id, problem)
    return Name(own) if own != node.id else None


def own_name(name: str, problem: Problem) -> str:
    """The name as nncalc has it: under `notation: z`, z1 and a1 are hbar1 and h1."""
    if problem.notation != "z":
        return name
    base, dot, rest = name.partition(".")
    computed = {equation.name for equation in problem.forward.equations}
    for letter, own in (("z", "hbar"), ("a", "h")):
        if base.startswith(letter) and base not in computed:
            if own + base[1:] in computed:
                return own + base[1:] + dot + rest
            # without an activation the linear result is the output itself
            if letter == "z" and "h" + base[1:] in computed:
                return "h" + base[1:] + dot + rest
    return name


def _refused(problem: Problem, name: str, message: str, label: str, hint: str = "") -> ProblemError:
    written = problem.written[name]
    return ProblemError(message, label=label, hint=hint, key=written.text.key, place=written.place)


def place_overrides(program: Program, problem: Problem) -> Program:
    """The program with the backward and update equations that the user replaces.

    Raises ProblemError for a name that no equation has, or one worked out from itself.
    """
    replaced = {equation.name: equation for equation in problem.overrides}
    if not replaced:
        return program
    result = [
        e._replace(expression=replaced[e.name].expression) if e.name in replaced else e for e in program.equations
    ]
    if program.phase("update"):
        own = {equation.name for equation in result}
        result += [e for name, e in replaced.items() if name in setting_shapes(problem) and name not in own]
    _check(problem, result)
    return program._replace(equations=in_order(result))


def _check(problem: Problem, equations: list[Equation]) -> None:
    names = [equation.name for equation in equations]
    known = (*names, *problem.values, *setting_shapes(problem))
    for equation in problem.overrides:
        unknown = next((name for name in names_in(equation.expression) if name not in known), None)
        if equation.name in names and unknown is not None:
            raise _refused(
                problem,
                equation.name,
                f"there is no '{unknown}'",
                f"{equation.name} is worked out from it",
                did_you_mean(unknown, known),
            )


def refuse_strangers(problem: Problem, names: set[str]) -> None:
    """Raises ProblemError for an override whose name none of all the problem's equations has."""
    known = (*sorted(names), *setting_shapes(problem))
    for equation in problem.overrides:
        if equation.name not in known:
            message = f"there is no equation for '{equation.name}' to replace"
            label = "an override replaces a forward, backward or update equation"
            raise _refused(problem, equation.name, message, label, did_you_mean(equation.name, known))
