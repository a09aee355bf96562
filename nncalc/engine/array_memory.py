"""Where the arrays of a trace lie: what has a place of its own, what is written over what, what is used again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from nncalc.engine.array_code import ArrayGraph, Call, Lazy
from nncalc.engine.array_flat import Flat
from nncalc.engine.array_layout import OWN, Pair, joint_gradient, with_ones
from nncalc.engine.numpy_arrays import xp as np


class Wanted(NamedTuple):
    """A graph, and what is wanted of it.

    leaves: the arrays of the graph's leaves; flats: which of them are parts of others. data: the leaves whose arrays
    come with each step, laid out as these. kept: nodes whose arrays are read behind a step. after: (the place of a
    state array, the node that it becomes). first: up to this node all has to be worked out before anything of the state
    may be overwritten.
    """

    graph: ArrayGraph
    leaves: Mapping[int, Any]
    flats: Iterable[Flat]
    data: Iterable[int]
    kept: Iterable[int]
    after: list[tuple[int, int]]
    first: int


class Memory:
    """The arrays of a graph's nodes, as far as they are known before any of its calls is written."""

    def __init__(self, wanted: Wanted) -> None:
        graph, leaves, flats, data, kept, after, first = wanted
        self.graph, self.nodes = graph, graph.nodes
        self.arrays: dict[int, Any] = dict(leaves)
        self._data = set(data)
        self._free: dict[Any, list[Any]] = {}
        self._owner: dict[int, Any] = {}
        ends = [*kept, *(node for _, node in after)]
        self._wanted = graph.needed(ends)
        self._last = self._last_uses(ends)
        self._targets = self._in_place(after, first)
        self.copies = [(place, node) for place, node in after if node not in self._targets]
        self._outs = {node: self.arrays[place] for node, place in self._targets.items()}
        # of x in an affine layer, the array that has a column of ones behind it; of flat arrays, all weights' rows
        self.ones: dict[int, Any] = {}
        self._blocks: dict[int, Any] = {}
        self._joint: dict[int, tuple[int, int, Any]] = {}
        self.filled: set[int] = set()
        for flat in flats:
            for what, block in flat.layout.blocks(self.arrays[flat.leaf]):
                if isinstance(what, Pair):
                    self._blocks[flat.members[what.weight]] = block
        gathers = [n for n in sorted(self._wanted) if self.nodes[n].kind == "gather"]
        for number in gathers:
            self._parts(number)
        for number in sorted(self._wanted):
            if self.nodes[number].kind == "affine":
                self._add_ones(self.nodes[number].args[0].number)
        for number in gathers:
            self._join(number)
        self._fill()

    def _parts(self, number: int) -> None:
        """The parts of a flat array: what can be worked out in its part is."""
        flat = self.arrays[number] = np.empty(self.nodes[number].shape)
        for argument, part in zip(self._inputs(number), self.nodes[number].settings[0].parts(flat), strict=True):
            node = self.nodes[argument]
            if node.kind in OWN and node.dtype == np.float64 and argument not in self._outs:
                self._outs[argument] = part

    def _add_ones(self, x: int) -> None:
        """Room for ones behind x, where its array is made here."""
        node = self.nodes[x]
        if x in self.ones or not (x in self._data or (node.kind in OWN and x not in self._outs)):
            return
        self.ones[x] = with_ones(node.shape)
        own = self.ones[x][:, :-1]
        if x in self._data:
            own[...] = self.arrays[x]
            self.arrays[x] = own
        else:
            self._outs[x] = own

    def _join(self, number: int) -> None:
        """Gradients of weights and bias that one product gives; it stands where the first of the two would."""
        inputs = self._inputs(number)
        for what, block in self.nodes[number].settings[0].blocks(self.arrays[number]):
            if not isinstance(what, Pair):
                continue
            weight, bias = inputs[what.weight], inputs[what.bias]
            found = joint_gradient(self.graph, weight, bias, what.turned)
            parts = {n: self._outs.get(n) for n in (weight, bias)}
            in_place = all(part is not None and np.shares_memory(part, block) for part in parts.values())
            if found is not None and found[1] in self.ones and in_place and max(found) < min(parts):
                g, x = found
                self._joint[min(weight, bias)] = g, x, block
                self._joint[max(weight, bias)] = -1, -1, None

    def _fill(self) -> None:
        """Arrays that are filled part by part: what can be worked out in its part is."""
        users: dict[int, list[int]] = {}
        for number in self._wanted:
            for argument in self._inputs(number):
                users.setdefault(argument, []).append(number)
        for number in sorted(self._wanted):
            node = self.nodes[number]
            if node.kind == "empty":
                self.arrays[number] = np.empty(node.shape)
                continue
            base = node.args[0].number if node.kind == "put" else -1
            if base not in self.filled and (base < 0 or self.nodes[base].kind != "empty"):
                continue
            if users[base] != [number]:
                continue
            self.filled.add(number)
            whole = self.arrays[number] = self.arrays[base]
            value = node.args[1]
            if isinstance(value, Lazy) and users[value.number] == [number] and value.number not in self._outs:
                made = self.nodes[value.number]
                if made.kind in OWN and made.dtype == np.float64 and made.shape == whole[node.settings].shape:
                    self._outs[value.number] = whole[node.settings]

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
        return self.graph.inputs(number)

    def _in_place(self, after: list[tuple[int, int]], first: int) -> dict[int, int]:
        """New states that can be written straight over the old ones: nothing reads those any more."""
        found: dict[int, int] = {}
        for place, node in after:
            call = self.nodes[node]
            used_later = self._last.get(self.nodes[place].root, -1) > node
            fits = call.kind == "ufunc" and call.function != "matmul" and call.dtype == np.float64
            if fits and node > first and not used_later and node not in found and call.shape == self.nodes[place].shape:
                found[node] = place
        return found

    def _taken_over(self, number: int, base: int) -> bool:
        """Whether an array with a part replaced can be the one before, which nobody needs any more."""
        root = self.nodes[base].root
        if base != root or self._last.get(root) != number or root not in self._owner:
            return False
        self._owner[number] = self._owner.pop(root)
        self.arrays[number] = self.arrays[base]
        return True

    def _buffer(self, number: int, node: Call, in_place: bool) -> Any:
        """Memory for a node's result: that of an argument that nobody reads any more, or some that is free.

        in_place: whether the result may take an argument's place.
        """
        found = node.empty()
        for argument in self._inputs(number) if in_place else ():
            array, root = self.arrays[argument], self.nodes[argument].root
            if self._last.get(root) == number and root in self._owner and _alike(array, found):
                self._owner[number] = self._owner.pop(root)
                return array
        free = self._free.get(found.nbytes)
        memory = self._owner[number] = free.pop() if free else np.empty(found.nbytes, np.byte)
        return np.ndarray(found.shape, found.dtype, memory, 0, found.strides)

    def _release(self, number: int) -> None:
        """What nobody reads behind this node is free for the next result."""
        for argument in self._inputs(number):
            root = self.nodes[argument].root
            if self._last.get(root) == number and root in self._owner:
                memory = self._owner.pop(root)
                self._free.setdefault(memory.nbytes, []).append(memory)

    def _array(self, a: Any) -> Any:
        return self.arrays[a.number] if isinstance(a, Lazy) else np.asarray(a, dtype=np.float64)


def _alike(a: Any, b: Any) -> bool:
    """Whether b can be written where a is: alike in memory, and no part of what was broadcast."""
    return bool(a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype and a.flags.writeable)
