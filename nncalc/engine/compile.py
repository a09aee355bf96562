"""Many steps of a program as one straight Python function, made of the equations and the catalogue's value functions.

A tiny program becomes scalar code: every number is a local, the loop over the steps is inside. A larger one becomes
NumPy calls into buffers. Which of both is the faster is judged by their numbers of operations. What the generated code
can't do (a division by 0, a guard that does not hold, a loss that is not finite) ends its run before that step, and
the caller evaluates the step instead.

This is the one file that executes generated text. The text holds numbered locals, the engine's own templates and
nothing of a problem's file: its names never appear, its numbers come as arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from nncalc.catalogue.registry import operation
from nncalc.engine import array_code, scalar_code
from nncalc.engine.array_code import ArrayGraph, Lazy
from nncalc.engine.array_flat import Flat, flatten
from nncalc.engine.array_layout import with_ones
from nncalc.engine.array_memory import Wanted
from nncalc.engine.array_source import ArraySource, function_source
from nncalc.engine.numpy_arrays import xp as np
from nncalc.engine.scalar_code import Entries, Graph, Scalar, UntraceableError
from nncalc.engine.scalar_source import Ends, Source, many_functions, one_function
from nncalc.language.equation import Equation, Program
from nncalc.language.expression import Apply, Const, Expression, Name

# A NumPy call takes as long as so many scalar operations, and does so many numbers in the time of one.
CALL_IN_SCALARS = 16
MOST_SCALARS = 400_000
MOST_STATEMENTS = 3_000  # of one generated function

Values = Mapping[str, Any]


class Plan(NamedTuple):
    """What is compiled: the needed equations, what changes from step to step, what each step hands out.

    carried: (the name behind the step, the name that it becomes). data: names whose values come with each step.
    watch: names whose values each step hands out, the loss first.
    """

    equations: tuple[Equation, ...]
    carried: tuple[tuple[str, str], ...]
    data: tuple[str, ...]
    watch: tuple[str, ...]


class Compiled:
    """A program ready for many steps. state: the arrays that go from step to step, by name; form: how it runs."""

    def __init__(self, plan: Plan, state: dict[str, Any], form: str) -> None:
        self.plan, self.state, self.form = plan, state, form

    def pack(self, data: tuple[Any, ...]) -> Any:
        """A step's data as `run` takes it, from arrays in the order of plan.data."""
        raise NotImplementedError

    def run(self, steps: Iterable[Any]) -> list[Any]:
        """Takes the steps one after the other. Fewer results than steps: the next step can't be taken.

        A result is the step's loss, or where more is watched a tuple of all that, the loss first.
        """
        raise NotImplementedError


def compile_program(
    program: Program,
    values: Values,
    carried: Mapping[str, str],
    data: tuple[str, ...] = (),
    watch: tuple[str, ...] = (),
    form: str | None = None,
) -> Compiled:
    """The program's steps as generated code. form: `scalars` or `arrays`, else whichever is taken for the faster.

    values: all that the program begins with; what is neither carried nor data stays as it is. watch: beside the loss.
    """
    assert program.loss is not None
    watched = (program.loss, *watch)
    own = {equation.name for equation in program.equations}
    pairs = tuple((after, before) for after, before in carried.items() if after in own)
    plan = Plan(_needed(program, {*watched, *(after for after, _ in pairs)}), pairs, data, watched)
    state = {before: np.array(values[before], dtype=np.float64) for _, before in pairs}
    if form == "scalars":
        found = _in_scalars(plan, values, state, MOST_SCALARS)
        if found is None:
            raise UntraceableError("no scalar form")
        return found
    arrays = _InArrays(plan, values, state)
    if form == "arrays":
        return arrays
    return _in_scalars(plan, values, state, CALL_IN_SCALARS * arrays.calls) or arrays


def _needed(program: Program, names: set[str]) -> tuple[Equation, ...]:
    wanted, kept = set(names), []
    for equation in reversed(program.equations):
        if equation.name in wanted:
            kept.append(equation)
            wanted.update(equation.inputs)
    return tuple(reversed(kept))


def _execute(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function `run` of a source that this engine wrote, seeing these names and nothing else."""
    allowed = {"float": float, "abs": abs, "ArithmeticError": ArithmeticError, "ValueError": ValueError}
    space: dict[str, Any] = {"__builtins__": allowed, **names}
    exec(compile(source, "<compiled program>", "exec"), space)
    run: Callable[..., Any] = space["run"]
    return run


# --- scalars ----------------------------------------------------------------------------------------------------------


def _in_scalars(plan: Plan, values: Values, state: dict[str, Any], most: int) -> Compiled | None:
    """The scalar form; None where it takes more operations than that, or something has no scalar form."""
    try:
        with np.errstate(all="ignore"):
            return _InScalars(plan, values, state, most)
    except (UntraceableError, TypeError, AttributeError, ValueError):
        return None


class _InScalars(Compiled):
    def __init__(self, plan: Plan, values: Values, state: dict[str, Any], most: int) -> None:
        super().__init__(plan, state, "scalars")
        graph = Graph(most)
        known: dict[str, Entries] = {}
        leaves = {name: self._leaves(graph, known, name, values[name], True) for name in state}
        given = [self._leaves(graph, known, name, values[name], False) for name in plan.data]
        for name, value in values.items():
            if name not in known:
                known[name] = Entries(np.asarray(value, dtype=np.float64).astype(object))
        for equation in plan.equations:
            known[equation.name] = scalar_code.wrap(_scalar_value(equation.expression, known))
        before = [n for name in state for n in leaves[name]]
        after = [_number(v) for name, _ in self._by_before() for v in known[name].array.ravel()]
        results = [_number(v) for name in plan.watch for v in known[name].array.ravel()]
        guards = [number for number, _ in graph.guards]
        named = [n for n in results if isinstance(n, int)] + guards
        last = [n for n in after if isinstance(n, int)]
        source = Source(graph, named, last)
        single = len(source.statements) <= MOST_STATEMENTS
        if not single:  # what goes from function to function has to have a name
            source = Source(graph, [*named, *last])
        loss = source.name(results[0])
        tests = [f"{'not ' if answer else ''}a{number}" for number, answer in graph.guards]
        tests.append(f"{loss} * 0.0")  # of a finite loss 0, else not a number, and that counts as true
        end = Ends(
            tests,
            [loss, *(f"a{number}" for number in guards)],
            [source.name(r) for r in results],
            [source.text(a) for a in after],
        )
        flat = [n for numbers in given for n in numbers]
        writer = one_function if single else many_functions
        names = {name: getattr(math, name) for name in dir(math) if not name.startswith("_")}
        self._run = _execute(writer(source, before, flat, end), names)
        self._constants = source.constant_values()
        self._shapes = {name: known[name].shape for name in plan.watch}

    @staticmethod
    def _leaves(graph: Graph, known: dict[str, Entries], name: str, value: Any, moves: bool) -> list[int]:
        array = np.asarray(value, dtype=np.float64)
        scalars = [graph.leaf(float(v), moves) for v in array.ravel()]
        entries = np.empty(array.size, dtype=object)
        entries[:] = scalars
        known[name] = Entries(entries.reshape(array.shape))
        return [scalar.number for scalar in scalars]

    def _by_before(self) -> list[tuple[str, str]]:
        """The pairs of plan.carried in the order of the state."""
        after = {before: name for name, before in self.plan.carried}
        return [(after[before], before) for before in self.state]

    def pack(self, data: tuple[Any, ...]) -> Any:
        return tuple(v for array in data for v in np.asarray(array, dtype=np.float64).ravel().tolist())

    def run(self, steps: Iterable[Any]) -> list[Any]:
        results: list[Any] = []
        flat = [v for array in self.state.values() for v in array.ravel().tolist()]
        behind = self._run(flat, steps, results, self._constants)
        start = 0
        for array in self.state.values():
            array[...] = np.reshape(behind[start : start + array.size], array.shape)
            start += array.size
        if len(self.plan.watch) == 1:
            return results
        return [self._unpacked(result) for result in results]

    def _unpacked(self, result: tuple[float, ...]) -> tuple[Any, ...]:
        found: list[Any] = [result[0]]
        start = 1
        for name in self.plan.watch[1:]:
            shape = self._shapes[name]
            size = math.prod(shape)
            found.append(np.reshape(result[start : start + size], shape))
            start += size
        return tuple(found)


def _number(value: Any) -> int | float:
    """A number of the trace by its place there, as int; a plain one as float."""
    return value.number if isinstance(value, Scalar) else float(value)


def _scalar_value(expression: Expression, known: Mapping[str, Entries]) -> Any:
    if isinstance(expression, Const):
        return Entries(np.asarray(expression.value, dtype=object))
    if isinstance(expression, Name):
        return known[expression.id]
    assert isinstance(expression, Apply)
    entry = operation(expression.op)
    settings = {
        key: known[value.id] if isinstance(value, Name) else value
        for key, value in entry.settings(expression.settings).items()
    }
    arrays = [_scalar_value(argument, known) for argument in expression.args]
    return scalar_code.wrap(entry.value(scalar_code.namespace, *arrays, **settings))


# --- arrays -----------------------------------------------------------------------------------------------------------


class _InArrays(Compiled):
    def __init__(self, plan: Plan, values: Values, state: dict[str, Any]) -> None:
        super().__init__(plan, state, "arrays")
        graph = ArrayGraph()
        known: dict[str, Any] = {}
        leaves: dict[int, Any] = {}
        places = {}
        for name, value in (*state.items(), *((n, array_code.in_order(values[n])) for n in plan.data)):
            lazy = known[name] = graph.leaf(value.copy() if name in state else value, name in state)
            leaves[lazy.number], places[name] = value, lazy.number
        for name, value in values.items():
            if name not in known:
                lazy = known[name] = graph.leaf(np.asarray(value, dtype=np.float64), False)
                leaves[lazy.number] = lazy.value
        with np.errstate(all="ignore"):
            for equation in plan.equations:
                found = _array_value(equation.expression, known, graph)
                if not isinstance(found, Lazy):  # a plain number
                    found = graph.leaf(np.asarray(found, dtype=np.float64), False)
                    leaves[found.number] = found.value
                known[equation.name] = found
        leaves |= graph.constants
        results = [known[name] for name in plan.watch]
        last_test = max([results[0].number, *(n for n, _ in graph.guards), *_wholes(graph)])
        kept = [*(r.number for r in results), *(n for n, _ in graph.guards)]
        kinds = {places[name]: name.partition(".")[2] for name in state}
        data = [places[name] for name in plan.data]
        updates = [(places[before], known[name].number) for name, before in plan.carried]
        flats, after = flatten(graph, kinds, updates, kept, frozenset(data))
        self._lay_out(flats, {places[name]: name for name in state}, leaves)
        source = ArraySource(Wanted(graph, leaves, flats, data, kept, after, last_test))
        self._ones = [n in source.ones for n in data]
        self.calls = len(source.lines)
        names = source.names | {f"a{n}": source.arrays[n] for n in (*kept, *(n for _, n in after))}
        loss = f"a{results[0].number}"
        tests: dict[int, list[str]] = {}
        for number, answer in graph.guards:
            tests.setdefault(number, []).append(f"if {'not ' if answer else ''}a{number}: break")
        tests.setdefault(results[0].number, []).extend([f"loss = {loss}.item()", "if loss * 0.0: break"])
        out = ["loss", *(f"a{r.number}.copy()" for r in results[1:])]
        copies = self._copies(source, names)
        names |= {"copyto": np.copyto}
        self._run = _execute(function_source(source, data, tests, out, copies), names)

    def _lay_out(self, flats: list[Flat], states: Mapping[int, str], leaves: dict[int, Any]) -> None:
        """The states as parts of flat arrays."""
        for flat in flats:
            leaves[flat.leaf] = whole = np.empty(sum(leaves[place].size for place in flat.members))
            for place, part in zip(flat.members, flat.layout.parts(whole), strict=True):
                part[...] = leaves[place]
                leaves[place] = self.state[states[place]] = part

    @staticmethod
    def _copies(source: ArraySource, names: dict[str, Any]) -> list[str]:
        """New states that could not be written in place; by way of a copy, as one may be the other's old one."""
        moved = [(place, node) for place, node in source.copies if place != node]
        first = []
        places = {source.nodes[place].root for place, _ in moved}
        for place, node in moved:
            names[f"a{place}"], names[f"a{node}"] = source.arrays[place], source.arrays[node]
            if source.nodes[node].root in places:
                names[f"t{place}"] = np.empty_like(source.arrays[place])
                first.append(f"copyto(t{place}, a{node})")
        return first + [f"copyto(a{p}, {f't{p}' if f't{p}' in names else f'a{n}'})" for p, n in moved]

    def pack(self, data: tuple[Any, ...]) -> Any:
        return tuple(
            self._with_ones(array) if ones else array_code.in_order(array)
            for array, ones in zip(data, self._ones, strict=True)
        )

    @staticmethod
    def _with_ones(array: Any) -> Any:
        found = with_ones(array.shape)
        found[:, :-1] = array
        return found

    def run(self, steps: Iterable[Any]) -> list[Any]:
        results: list[Any] = []
        with np.errstate(all="ignore"):
            self._run(steps, results)
        return results


def _wholes(graph: ArrayGraph) -> list[int]:
    """The calls that may raise: before the last of them, nothing may be overwritten."""
    return [number for number, node in enumerate(graph.nodes) if node.kind == "whole"]


def _array_value(expression: Expression, known: Mapping[str, Any], graph: ArrayGraph) -> Any:
    if isinstance(expression, Const):
        return graph.leaf_of_constant(expression.value)
    if isinstance(expression, Name):
        return known[expression.id]
    assert isinstance(expression, Apply)
    entry = operation(expression.op)
    settings = {
        key: known[value.id] if isinstance(value, Name) else value
        for key, value in entry.settings(expression.settings).items()
    }
    arrays = [_array_value(argument, known, graph) for argument in expression.args]
    count, guards = len(graph.nodes), len(graph.guards)
    try:
        found = entry.value(graph.namespace, *arrays, **settings)
        if isinstance(found, Lazy):
            return found
    except (UntraceableError, TypeError, AttributeError, ValueError):
        graph.forget(count, guards)
    # settings that are arrays may be others with each step
    lazy = [key for key, value in settings.items() if isinstance(value, Lazy)]

    def call(*numbers: Any) -> Any:
        given = dict(zip(lazy, numbers[len(arrays) :], strict=True))
        return entry.value(np, *numbers[: len(arrays)], **{**settings, **given})

    arguments = [*arrays, *(settings[key] for key in lazy)]
    return array_code.whole(graph, call, arguments, call(*map(array_code.value_in_trace, arguments)))
