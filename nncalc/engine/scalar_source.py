"""A trace of Scalars as Python source: numbered locals, one statement for each number that is used several times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nncalc.engine.scalar_code import ATOM, CODES, SIGN, Graph

LONGEST = 600  # characters of an expression before its parts are named
WIDEST_CHUNK = (
    400  # statements of one function, where a program needs several: compiling one takes more than linear time
)


MAY_RAISE = re.compile(r"/|[a-z0-9]\(")  # a division, a function


class Source:
    """Statements for the numbers that `wanted` ones are made of."""

    def __init__(self, graph: Graph, wanted: Iterable[int], last: Iterable[int] = ()) -> None:
        self.graph, self.nodes = graph, graph.nodes
        self.constants: dict[float | str, str] = {}
        self.statements: list[tuple[int, str, tuple[int, ...]]] = []
        self._count(list(wanted), list(last))
        self._texts: dict[int, tuple[str, int, tuple[int, ...]]] = {}
        for number in range(len(self.nodes)):
            if self._uses[number]:
                self._write(number)

    def _count(self, wanted: list[int], last: list[int]) -> None:
        """How often each number is used; what has to be a name counts as used often."""
        self._uses = [0] * len(self.nodes)
        for number in wanted:
            self._uses[number] += 2
        for number in last:
            self._uses[number] += 1
        for number in range(len(self.nodes) - 1, -1, -1):
            op, args = self.nodes[number]
            if not self._uses[number] or op == "leaf":
                continue
            for position, (kind, arg) in enumerate(args):
                if kind == "n":
                    # what is written twice has to be a name
                    self._uses[arg] += 2 if CODES[op].text.count(f"{{{position}}}") > 1 else 1

    def _write(self, number: int) -> None:
        op, args = self.nodes[number]
        if op == "leaf":
            self._texts[number] = f"a{number}", ATOM, (number,)
            return
        code = CODES[op]
        parts: list[str] = []
        used: list[int] = []
        for position, (kind, arg) in enumerate(args):
            if kind == "k":
                parts.append(self._constant(arg))
                continue
            text, level, inner = self._texts[arg]
            used += inner
            least = ATOM if code.atoms or code.level == SIGN else code.level + (position > 0)
            parts.append(f"({text})" if level < least and code.level != ATOM else text)
        text, level = code.text.format(*parts), code.level
        inner = tuple(dict.fromkeys(used))
        if self._uses[number] > 1 or len(text) > LONGEST:
            self.statements.append((number, text, inner))
            self._texts[number] = f"a{number}", ATOM, (number,)
        else:
            self._texts[number] = text, level, inner

    def _constant(self, value: float) -> str:
        if value in (0.0, 1.0, 2.0, 0.5):
            return repr(value)
        return self.constants.setdefault(repr(value), f"k{len(self.constants)}")

    def constant_values(self) -> list[float]:
        return [float(text) for text in self.constants]

    def text(self, value: Any) -> tuple[str, tuple[int, ...]]:
        """A result as it is written where it is used for the last time, and the numbers in that."""
        if not isinstance(value, int):
            return self._constant(value), ()
        text, _, used = self._texts[value]
        return text, used

    def name(self, value: Any) -> str:
        """How a result is called: a number of the trace, or a plain one."""
        return f"a{value}" if isinstance(value, int) else self._constant(value)


def one_function(source: Source, state: list[int], data: list[int], ends: Ends) -> str:
    """Source of run(state, steps, results, k): step after step, the state in locals, until one can't be taken."""
    lines = ["def run(state, steps, results, k):"]
    if source.constants:
        lines.append(f"    {_tuple(source.constants.values())} = k")
    if state:
        lines.append(f"    {_tuple(f'a{n}' for n in state)} = state")
    unpacked = _tuple(f"a{n}" for n in data) if data else "_"
    lines += ["    append = results.append", "    try:", f"        for {unpacked} in steps:"]
    body = [f"a{number} = {text}" for number, text, _ in source.statements]
    early, late = _new_state(state, ends.after)
    body += early
    body += [f"if {test}: break" for test in ends.tests]
    body += [f"append({_result(ends.results)})", *late]
    lines += [f"            {line}" for line in body]
    lines += ["    except (ArithmeticError, ValueError):", "        pass"]
    lines.append(f"    return {_tuple(f'a{n}' for n in state)}")
    return "\n".join(lines) + "\n"


def many_functions(source: Source, state: list[int], data: list[int], ends: Ends) -> str:
    """The same for a program of very many numbers: run calls one function after another on a list of them."""
    chunks = [source.statements[i : i + WIDEST_CHUNK] for i in range(0, len(source.statements), WIDEST_CHUNK)]
    home: dict[int, int] = {n: i for i, n in enumerate([*state, *data])}
    last: dict[int, int] = {}
    for i, chunk in enumerate(chunks):
        for _, _, used in chunk:
            last.update(dict.fromkeys(used, i))
    kept = {
        int(name[1:])
        for name in (*(text for text, _ in ends.after), *ends.results, *ends.tested)
        if name.startswith("a")
    }
    lines: list[str] = []
    constants = f"    {_tuple(source.constants.values())} = k" if source.constants else "    pass"
    for i, chunk in enumerate(chunks):
        own = {number for number, _, _ in chunk}
        loads = sorted({n for _, _, used in chunk for n in used} - own)
        stores = [number for number, _, _ in chunk if last.get(number, -1) > i or number in kept]
        for number in stores:
            home.setdefault(number, len(home))
        lines += [f"def part{i}(v, k):", constants]
        lines += [f"    a{n} = v[{home[n]}]" for n in loads]
        lines += [f"    a{number} = {text}" for number, text, _ in chunk]
        lines += [f"    v[{home[n]}] = a{n}" for n in stores]
    ending = sorted(kept | set(state))
    n, m = len(state), len(data)
    lines += [
        "def run(state, steps, results, k):",
        constants,
        f"    v = [0.0] * {max(len(home), 1)}",
        f"    v[:{n}] = state",
        "    try:",
        "        for step in steps:",
        f"            v[{n}:{n + m}] = step" if m else "            pass",
        *(f"            part{i}(v, k)" for i in range(len(chunks))),
        *(f"            a{number} = v[{home[number]}]" for number in ending),
        *(f"            if {test}: break" for test in ends.tests),
        f"            results.append({_result(ends.results)})",
        f"            v[:{n}] = {_tuple(text for text, _ in ends.after)}" if n else "            pass",
        "    except (ArithmeticError, ValueError):",
        "        pass",
        f"    return v[:{n}]",
    ]
    return "\n".join(lines) + "\n"


def _new_state(state: list[int], after: list[tuple[str, tuple[int, ...]]]) -> tuple[list[str], list[str]]:
    """The state's new values: lines ahead of a step's end, and lines behind it, where nothing may raise an error.

    Ahead of it stands what may, and what a later one's old value would be gone for.
    """
    early: list[str] = []
    late: list[str] = []
    last: list[str] = []
    later: set[int] = set()
    for number, (text, used) in reversed(list(zip(state, after, strict=True))):
        if number in later or MAY_RAISE.search(text):
            early.append(f"b{number} = {text}")
            last.append(f"a{number} = b{number}")
        else:
            late.insert(0, f"a{number} = {text}")
            later.update(used)
    return early, late + last


def _result(names: list[str]) -> str:
    """What a step hands out: a plain number where it is one."""
    return names[0] if len(names) == 1 else _tuple(names)


class Ends:
    """What a step ends with: tests that break it off, results to hand out, the state behind it; all by name."""

    def __init__(self, tests: list[str], tested: list[str], results: list[str], after: list[Any]) -> None:
        self.tests, self.tested, self.results, self.after = tests, tested, results, after


def _tuple(names: Iterable[str]) -> str:
    return "".join(f"{name}, " for name in names).join("()") if names else "()"
