"""A trace of arrays as Python source: calls on arrays that have their place in memory from the start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Any

from nncalc.engine.array_code import Call, Lazy
from nncalc.engine.array_memory import Memory, Wanted
from nncalc.engine.numpy_arrays import xp as np

# Entry by entry, the result may take an argument's place; of other calls it may not.
IN_PLACE = ("ufunc", "copy")
NAMES = re.compile(r"\w+")
CACHED = 16_384  # numbers that are read again and again without leaving the processor's cache
FEW = 5  # columns that take less time one by one than as a matrix


class ArraySource(Memory):
    """Lines of code, and the arrays and functions that they name; of what and where, `Memory` says."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(wanted)
        self.names: dict[str, Any] = {}
        self.lines: list[tuple[int, str]] = []
        for number, node in enumerate(self.nodes):
            if number in self._wanted and node.kind != "leaf":
                self._write(number, node)
                self._release(number)

    def _write(self, number: int, node: Call) -> None:
        if node.kind == "view":
            self._view(number, node)
            return
        if node.kind == "empty":
            return
        in_place = node.kind in IN_PLACE and node.function != "matmul"
        whole_there = node.kind == "put" and (number in self.filled or self._taken_over(number, node.args[0].number))
        if node.kind == "gather" or whole_there:
            out = self.arrays[number]
        else:
            out = self._outs[number] if number in self._outs else self._buffer(number, node, in_place)
        self.arrays[number] = out
        target = self._name(f"a{number}", out)
        args = [self._argument(a) for a in node.args]
        if number in self._joint:
            lines = self._joint_product(number)
        elif node.kind == "affine":
            lines = self._affine(number, node, args)
        elif node.kind == "ufunc" and node.function == "matmul":
            lines = [self._product(number, node, args)]
        elif node.kind == "ufunc":
            lines = [self._entry_by_entry(number, node, args)]
        elif node.kind == "reduce":
            lines = self._reduction(number, node)
        elif node.kind == "total":
            lines = [self._total(number, node, args)]
        elif node.kind == "copy":
            lines = [f"copyto({target}, {args[0]})"]
        elif node.kind == "where":
            lines = [f"copyto({target}, {args[2]})", f"copyto({target}, {args[1]}, 'same_kind', {args[0]})"]
        elif node.kind == "put":
            lines = [] if whole_there else [f"copyto({target}, {args[0]})"]
            part, value = out[node.settings], node.args[1]
            if not (isinstance(value, Lazy) and self._outs.get(value.number) is not None and number in self.filled):
                lines.append(f"copyto({self._name(f'v{number}', part)}, {args[1]})")
        elif node.kind == "gather":
            lines = self._gathered(number, out)
        else:
            function = self._name(f"f{number}", node.function)
            lines = [f"copyto({target}, {function}({', '.join(args)}))"]
        self.lines += [(number, line) for line in lines]

    def _view(self, number: int, node: Call) -> None:
        base = self._array(node.args[0])
        index = node.function == "index"
        self.arrays[number] = base[node.settings] if index else getattr(np, node.function)(base, *node.settings)
        if node.root in self._data:
            # these arrays are others with each step, and so is what is seen of them
            source = self._argument(node.args[0])
            if node.function == "transpose" and node.settings in ((), (None,)):
                text = f"{source}.T"
            elif index:
                text = f"{source}[{self._name(f's{number}', node.settings)}]"
            else:
                text = f"{self._function(node.function)}({source}, *{self._name(f's{number}', node.settings)})"
            self.lines.append((number, f"a{number} = {text}"))
        elif not np.shares_memory(self.arrays[number], base):
            # as the arrays lie here, it is none: a part of a flat array lies otherwise than in the trace
            text = f"{self._function(node.function)}({self._argument(node.args[0])}, *s{number})"
            self._name(f"s{number}", node.settings)
            self.lines.append((number, f"copyto({self._name(f'a{number}', self.arrays[number])}, {text})"))

    def _product(self, number: int, node: Call, args: list[str]) -> str:
        """A product of matrices: `dot` takes less time to call than `matmul`, and wants rows that lie together."""
        left, right, out = self._array(node.args[0]), self._array(node.args[1]), self.arrays[number]
        target = f"a{number}"
        if _is_plain_matrix(left) and _is_plain_matrix(right) and out.ndim == 2:
            if out.flags.c_contiguous:
                return f"{self._function('dot')}({', '.join(args)}, {target})"
            if out.flags.f_contiguous:
                turned = [self._turned(a) for a in (node.args[1], node.args[0])]
                return f"{self._function('dot')}({', '.join(turned)}, {self._name(f'{target}T', out.T)})"
        return f"{self._function('matmul')}({', '.join(args)}, {target})"

    def _entry_by_entry(self, number: int, node: Call, args: list[str]) -> str:
        out, target = self.arrays[number], f"a{number}"
        if out.ndim == 2 and not out.flags.c_contiguous and out.flags.f_contiguous:
            args, target, out = self._all_turned(node, args), self._name(f"{target}T", out.T), out.T
        out_is = ""
        if node.function in ("maximum", "minimum"):
            out_is = "out="  # of these two, NumPy wants to be told by name
            plain = [np.ndim(a) == 0 and not isinstance(a, Lazy) for a in node.args]
            args = [self._many(a, out) if plain[i] else args[i] for i, a in enumerate(node.args)]
        return f"{self._function(node.function)}({', '.join(args)}, {out_is}{target})"

    def _many(self, value: Any, out: Any) -> str:
        """A number as an array of the last axes of `out`: with a number, NumPy's extremes take twice the time."""
        shape: tuple[int, ...] = ()
        for size in reversed(out.shape):
            if shape and size * prod(shape) > CACHED:
                break
            shape = (size, *shape)
        return self._name(f"k{len(self.names)}", np.full(shape, value, dtype=np.float64))

    def _all_turned(self, node: Call, args: list[str]) -> list[str]:
        """The arguments of a call entry by entry as their transposes: NumPy then need not look for the inner loop."""
        turned = []
        for a, name in zip(node.args, args, strict=True):
            array = self._array(a)
            if array.ndim == 1:
                own = self.nodes[a.number].root not in self._data
                turned.append(self._name(f"{name}N", array[:, None]) if own else f"{name}[:, None]")
            else:
                turned.append(self._turned(a) if array.ndim == 2 else name)
        return turned

    def _affine(self, number: int, node: Call, args: list[str]) -> list[str]:
        """x W + b: one product, or where x has no ones behind it a product and a sum."""
        x, weight, _ = node.args
        out, target = self.arrays[number], f"a{number}"
        if x.number not in self.ones:
            matrix = f"{args[1]}.T" if node.settings[0] else args[1]
            return [
                f"{self._function('matmul')}({args[0]}, {matrix}, {target})",
                f"{self._function('add')}({target}, {args[2]}, {target})",
            ]
        block = self._blocks[weight.number]
        if out.flags.c_contiguous:
            ones, rows = self._name_of_ones(x.number, turned=False), self._name(f"w{weight.number}", block)
            return [f"{self._function('dot')}({ones}, {rows}, {target})"]
        ones, rows = self._name_of_ones(x.number, turned=True), self._name(f"w{weight.number}T", block.T)
        return [f"{self._function('dot')}({rows}, {ones}, {self._name(f'{target}T', out.T)})"]

    def _joint_product(self, number: int) -> list[str]:
        g, x, block = self._joint[number]
        if block is None:
            return []
        args = f"{self._name_of_ones(x, turned=True)}, {self._argument(Lazy(self.graph, g, self.arrays[g], True))}"
        return [f"{self._function('dot')}({args}, {self._name(f'g{number}', block)})"]

    def _name_of_ones(self, x: int, *, turned: bool) -> str:
        """What x with its ones is called; that of the data comes with each step under this name."""
        if x in self._data:
            return f"x{x}.T" if turned else f"x{x}"
        return self._name(f"x{x}T", self.ones[x].T) if turned else self._name(f"x{x}", self.ones[x])

    def _turned(self, a: Any) -> str:
        name = self._argument(a)
        return f"{name}.T" if self.nodes[a.number].root in self._data else self._name(f"{name}T", self._array(a).T)

    def _reduction(self, number: int, node: Call) -> list[str]:
        """A sum or an extreme along axes; of a matrix, by a product with ones or from column to column."""
        axis, keepdims = node.settings
        array, out = self._array(node.args[0]), self.arrays[number]
        name, target = self._argument(node.args[0]), f"a{number}"
        matrix = _is_plain_matrix(array) and out.flags.c_contiguous and isinstance(axis, int)
        if matrix:
            line = self._name(f"{target}L", out.reshape(-1))
            along = axis % 2
            if node.function == "add" and array.dtype == np.float64:
                ones = self._name(f"o{number}", np.ones(array.shape[along]))
                return [f"{self._function('dot')}({f'{name}, {ones}' if along else f'{ones}, {name}'}, {line})"]
            own = self.nodes[node.args[0].number].root not in self._data
            if node.function in ("maximum", "minimum") and along and own and array.shape[1] <= FEW:
                columns = [self._name(f"{name}C{i}", array[:, i]) for i in range(array.shape[1])]
                pairs = [(columns[0] if i == 1 else line, columns[i]) for i in range(1, len(columns))]
                return [f"{self._function(node.function)}({a}, {b}, out={line})" for a, b in pairs]
        settings = self._name(f"s{number}", axis)
        function = self._name(f"{node.function}_reduce", getattr(np, node.function).reduce)
        return [f"{function}({name}, {settings}, None, {target}, {keepdims!r})"]

    def _total(self, number: int, node: Call, args: list[str]) -> str:
        """Σ a · b over all entries."""
        left, right = (self._array(a) for a in node.args)
        out = self.arrays[number]
        data = any(self.nodes[a.number].root in self._data for a in node.args)
        lines = [_as_line(left), _as_line(right)]
        if data or left.strides != right.strides or any(line is None for line in lines):
            return f"copyto(a{number}, {self._function('vdot')}({', '.join(args)}))"
        names = [self._name(f"{name}L", line) for name, line in zip(args, lines, strict=True)]
        return f"{self._function('dot')}({', '.join(names)}, {self._name(f'a{number}', out)})"

    def _gathered(self, number: int, flat: Any) -> list[str]:
        """Copies of what could not be worked out in its part."""
        lines = []
        parts = self.nodes[number].settings[0].parts(flat)
        for i, (argument, part) in enumerate(zip(self._inputs(number), parts, strict=True)):
            array = self.arrays[argument]
            if array.ctypes.data != part.ctypes.data:
                self._name(f"a{argument}", array)
                lines.append(f"copyto({self._name(f'p{number}_{i}', part)}, a{argument})")
        return lines

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
    """Whether `dot` goes through a matrix as it lies in memory."""
    return array.ndim == 2 and min(array.shape) > 1 and bool(array.flags.c_contiguous or array.flags.f_contiguous)


def _as_line(array: Any) -> Any:
    """All entries as they lie in memory, as one axis; None where they do not lie together."""
    if array.ndim and array.flags.c_contiguous:
        return array.reshape(-1)
    return array.T.reshape(-1) if array.ndim and array.flags.f_contiguous else None


def function_source(
    source: ArraySource, data: list[int], tests: Mapping[int, list[str]], results: list[str], copies: list[str]
) -> str:
    """Source of run(steps, results): step after step, until one can't be taken.

    data: the nodes of a step's arrays. tests: behind which node a step is broken off, and when.
    """
    taken = "".join(f"{'x' if n in source.ones else 'a'}{n}, " for n in data) if data else "_"
    used = set(NAMES.findall(" ".join([*(line for _, line in source.lines), *results, *copies])))
    body = [f"a{n} = x{n}[:, :-1]" for n in data if n in source.ones and f"a{n}" in used]
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
