"""A trace of Scalars as Python source: numbered locals, one statement for each number that is used several times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nncalc.engine.scalar_code import ATOM, CODES, SIGN, Graph

LONGEST = 600  # characters of an expression before its parts are named
WIDEST_CHUNK = (
    400  # statements of one function, where a program needs several: compiling one takes more than linear time
)


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
            # what is written twice has to be a name
            weight = 2 if max(CODES[op].text.count(f"{{{i}}}") for i in range(2)) > 1 else 1
            for kind, arg in args:
                if kind == "n":
                    self._uses[arg] += weight

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
    body += [f"if {test}: break" for test in ends.tests]
    body.append(f"append({_tuple(ends.results)})")
    body += _new_state(state, ends.after)
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
        f"            results.append({_tuple(ends.results)})",
        f"            v[:{n}] = {_tuple(text for text, _ in ends.after)}" if n else "            pass",
        "    except (ArithmeticError, ValueError):",
        "        pass",
        f"    return v[:{n}]",
    ]
    return "\n".join(lines) + "\n"


def _new_state(state: list[int], after: list[tuple[str, tuple[int, ...]]]) -> list[str]:
    """The state's new values: one after the other where no later one needs an old one and none can raise an error."""
    later: set[int] = set()
    alone = not any(character in text for text, _ in after for character in "/(")
    for number, (_, used) in reversed(list(zip(state, after, strict=True))):
        alone = alone and number not in later
        later.update(used)
    if alone:
        return [f"a{n} = {text}" for n, (text, _) in zip(state, after, strict=True)]
    return [f"{_tuple(f'a{n}' for n in state)} = {_tuple(text for text, _ in after)}"]


class Ends:
    """What a step ends with: tests that break it off, results to hand out, the state behind it; all by name."""

    def __init__(self, tests: list[str], tested: list[str], results: list[str], after: list[Any]) -> None:
        self.tests, self.tested, self.results, self.after = tests, tested, results, after


def _tuple(names: Iterable[str]) -> str:
    return "".join(f"{name}, " for name in names).join("()") if names else "()"
