"""A trace of arrays as Python source: calls on arrays that have their place in memory from the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nncalc.engine.array_code import ArrayGraph, Call, Lazy
from nncalc.engine.numpy_arrays import xp as np

# Entry by entry, the result may take an argument's place; of other calls it may not.
IN_PLACE = ("ufunc", "copy")


class ArraySource:
    """Lines of code, and the arrays and functions that they name.

    leaves: the arrays of the graph's leaves. after: (the place of a state array, the node that it becomes).
    first: nodes that have to be worked out before anything of the state may be overwritten.
    """

    def __init__(
        self,
        graph: ArrayGraph,
        leaves: Mapping[int, Any],
        kept: Iterable[int],
        after: list[tuple[int, int]],
        first: int,
    ) -> None:
        self.nodes, self.names = graph.nodes, dict[str, Any]()
        self.arrays: dict[int, Any] = dict(leaves)
        self.lines: list[tuple[int, str]] = []
        self._free: dict[Any, list[Any]] = {}
        self._owner: dict[int, Any] = {}
        self.moved = {node for _, node in after}
        self._wanted = self._needed([*kept, *(node for _, node in after)])
        self._last = self._last_uses([*kept, *(node for _, node in after)])
        self._targets = self._in_place(after, first)
        self.copies = [(place, node) for place, node in after if node not in self._targets]
        for number, node in enumerate(self.nodes):
            if number in self._wanted and node.kind != "leaf":
                self._write(number, node)
                self._release(number)

    def _needed(self, ends: list[int]) -> set[int]:
        needed: set[int] = set()
        waiting = list(ends)
        while waiting:
            number = waiting.pop()
            if number not in needed:
                needed.add(number)
                waiting += [a.number for a in self.nodes[number].args if isinstance(a, Lazy)]
        return needed

    def _last_uses(self, ends: list[int]) -> dict[int, int]:
        """For each piece of memory, the last node that reads it."""
        last: dict[int, int] = {}
        for number in sorted(self._wanted):
            for argument in self._inputs(number):
                last[self.nodes[argument].root] = number
        for number in ends:
            last[self.nodes[number].root] = len(self.nodes)
        return last

    def _inputs(self, number: int) -> list[int]:
        return [a.number for a in self.nodes[number].args if isinstance(a, Lazy)]

    def _in_place(self, after: list[tuple[int, int]], first: int) -> dict[int, int]:
        """New states that can be written straight over the old ones: nothing reads those any more."""
        found: dict[int, int] = {}
        for place, node in after:
            call = self.nodes[node]
            used_later = self._last.get(place, -1) > node
            fits = call.kind == "ufunc" and call.function != "matmul" and call.dtype == np.float64
            if fits and node > first and not used_later and node not in found and call.shape == self.nodes[place].shape:
                found[node] = place
        return found

    def _write(self, number: int, node: Call) -> None:
        if node.kind == "view":
            base = self._array(node.args[0])
            self.arrays[number] = (
                base[node.settings] if node.function == "index" else getattr(np, node.function)(base, *node.settings)
            )
            return
        if node.kind in IN_PLACE and node.function != "matmul":
            self._release(number)
        out = self.arrays[self._targets[number]] if number in self._targets else self._buffer(number, node)
        self.arrays[number] = out
        target = self._name(f"a{number}", out)
        args = [self._argument(a) for a in node.args]
        if node.kind == "ufunc":
            plain = node.function == "matmul" and all(map(_is_plain_matrix, map(self._array, node.args)))
            function = self._function("dot" if plain else node.function)
            # of these two, NumPy wants to be told by name
            out_is = "out=" if node.function in ("maximum", "minimum") else ""
            line = f"{function}({', '.join(args)}, {out_is}{target})"
        elif node.kind == "reduce":
            axis, keepdims = node.settings
            settings = self._name(f"s{number}", axis)
            function = self._name(f"{node.function}_reduce", getattr(np, node.function).reduce)
            line = f"{function}({args[0]}, {settings}, None, {target}, {keepdims!r})"
        elif node.kind == "copy":
            line = f"copyto({target}, {args[0]})"
        elif node.kind == "where":
            line = f"copyto({target}, {args[2]}); copyto({target}, {args[1]}, 'same_kind', {args[0]})"
        elif node.kind == "put":
            part = self._name(f"v{number}", out[node.settings])
            line = f"copyto({target}, {args[0]}); copyto({part}, {args[1]})"
        else:
            function = self._name(f"f{number}", node.function)
            line = f"copyto({target}, {function}({', '.join(args)}))"
        self.lines.append((number, line))

    def _buffer(self, number: int, node: Call) -> Any:
        key = node.shape, node.order, str(node.dtype)
        free = self._free.get(key)
        if free:
            buffer = free.pop()
        else:
            buffer = np.empty([node.shape[axis] for axis in node.order], node.dtype).transpose(np.argsort(node.order))
        self._owner[number] = key, buffer
        return buffer

    def _release(self, number: int) -> None:
        """What nobody reads behind this node is free for the next result."""
        for argument in self._inputs(number):
            root = self.nodes[argument].root
            if self._last.get(root) == number and root in self._owner:
                key, buffer = self._owner.pop(root)
                self._free.setdefault(key, []).append(buffer)

    def _array(self, a: Any) -> Any:
        return self.arrays[a.number] if isinstance(a, Lazy) else np.asarray(a, dtype=np.float64)

    def _argument(self, a: Any) -> str:
        if isinstance(a, Lazy):
            return self._name(f"a{a.number}", self.arrays[a.number])
        array = np.asarray(a, dtype=np.float64)
        return self._name(f"k{len(self.names)}", array)

    def _function(self, name: str) -> str:
        return self._name(f"np_{name}", getattr(np, name))

    def _name(self, name: str, value: Any) -> str:
        self.names[name] = value
        return name


def _is_plain_matrix(array: Any) -> bool:
    """Whether `dot`, which takes less time to call, goes through a matrix as `matmul` does."""
    return array.ndim == 2 and min(array.shape) > 1 and bool(array.flags.c_contiguous or array.flags.f_contiguous)


def function_source(
    source: ArraySource, data: list[str], tests: Mapping[int, list[str]], results: list[str], copies: list[str]
) -> str:
    """Source of run(steps, results): step after step, until one can't be taken.

    data: the arrays that a step's data is copied into. tests: behind which node a step is broken off, and when.
    """
    taken = "".join(f"d{i}, " for i in range(len(data))) if data else "_"
    body = [f"copyto({name}, d{i})" for i, name in enumerate(data)]
    done = -1
    for number, line in [*source.lines, (len(source.nodes), "")]:
        for at in sorted(n for n in tests if done < n < number):
            body += tests[at]
        done = max(done, number - 1)
        body.append(line)
    handed_out = results[0] if len(results) == 1 else f"({', '.join(results)})"
    body += [f"append({handed_out})", *copies]
    lines = ["def run(steps, results):", "    append = results.append", f"    for {taken} in steps:"]
    return "\n".join([*lines, *(f"        {line}" for line in body if line)]) + "\n"
