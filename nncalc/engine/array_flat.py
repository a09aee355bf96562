"""One update for all parameters: what is done alike to each of them is done once, to one flat array of them all.

W1.next = W1 − η · W1.grad, b1.next = b1 − η · b1.grad, … become one product and one difference: the parameters are
parts of one array, and so are the gradients. The same holds for an optimizer's states of one kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, NamedTuple

from nncalc.engine.array_code import ArrayGraph, Call, Lazy
from nncalc.engine.array_layout import Affine, Layout, Pair, affines, is_transpose
from nncalc.engine.numpy_arrays import xp as np


class Flat(NamedTuple):
    """States of one kind as parts of one array. leaf: its node; members: the nodes of the states in their order."""

    leaf: int
    members: tuple[int, ...]
    layout: Layout


class Flattened(NamedTuple):
    """What came of it: the flat arrays, and (the place of a state, the node that it becomes) as it is now."""

    flats: list[Flat]
    after: list[tuple[int, int]]


def flatten(
    graph: ArrayGraph,
    kinds: Mapping[int, str],
    after: list[tuple[int, int]],
    kept: Iterable[int],
    data: frozenset[int] = frozenset(),
) -> Flattened:
    """Adds the common updates behind all other nodes.

    kinds: of each state's place, what states it belongs with. data: the leaves that come with each step.
    """
    return _Flattening(graph, kinds, dict(after), set(kept), data).result()


class _Flattening:
    def __init__(
        self,
        graph: ArrayGraph,
        kinds: Mapping[int, str],
        after: dict[int, int],
        kept: set[int],
        data: frozenset[int],
    ) -> None:
        self.data = data
        self.pairs: tuple[Pair, ...] = ()
        self.graph, self.nodes, self.after, self.kept = graph, graph.nodes, after, kept
        groups: dict[str, list[int]] = {}
        for place in after:
            groups.setdefault(kinds[place], []).append(place)
        self.groups = [tuple(places) for places in groups.values() if len(places) > 1]
        self.users: dict[int, set[int]] = {}
        for number in graph.needed([*kept, *after.values()]):
            for argument in graph.inputs(number):
                self.users.setdefault(argument, set()).add(number)
        self.inside: set[int] = set()
        self.flats: dict[tuple[int, ...], Flat] = {}
        self.made: dict[tuple[int, ...], Lazy] = {}

    def result(self) -> Flattened:
        places = {self.nodes[place].root for place in self.after}
        # a state that is handed out, or that becomes another's old value, has to stay as it is until the step's end
        held = {self.nodes[number].root for number in (*self.kept, *self.after.values())}
        if places & held or not self.groups:
            return Flattened([], list(self.after.items()))
        found = dict(self.after)
        affine = self._affines()
        for members in self.groups:
            tops = [self.nodes[self.after[place]] for place in members]
            if not self._alike(tops, members):
                continue
            flat = self._flat(members)
            fused = self._together([self._lazy(self.after[place]) for place in members], members)
            assert fused is not None
            for place in members:
                del found[place]
            found[flat.leaf] = fused.number
        for flat in self.flats.values():
            for member in flat.members:
                self._reroot(member, flat.leaf)
        lie_together = {member for flat in self.flats.values() for member in flat.members}
        for one in affine:
            if one.weight not in lie_together:
                continue
            x, weight, bias = (self._lazy(number) for number in (one.x, one.weight, one.bias))
            settings = (one.turned,)
            self.nodes[one.node] = self.nodes[one.node]._replace(
                kind="affine", function=None, args=(x, weight, bias), settings=settings
            )
        return Flattened(list(self.flats.values()), list(found.items()))

    def _affines(self) -> list[Affine]:
        """The layers whose bias lies behind their weights; their places are the same in every group."""
        shapes = [[self.nodes[place].shape for place in members] for members in self.groups]
        if any(one != shapes[0] for one in shapes):
            return []
        members, found = self.groups[0], []
        for one in affines(self.graph, self.users, self.data):
            if one.weight in members and one.bias in members and self.users[one.bias] & {one.node}:
                pair = Pair(members.index(one.weight), members.index(one.bias), one.turned)
                if all({pair.weight, pair.bias}.isdisjoint(old[:2]) for old in self.pairs):
                    self.pairs = (*self.pairs, pair)
                    found.append(one)
        return found

    def _lazy(self, number: int) -> Lazy:
        node = self.nodes[number]
        return Lazy(self.graph, number, np.empty(node.shape, node.dtype), True)

    def _flat(self, members: tuple[int, ...]) -> Flat:
        if members not in self.flats:
            size = sum(prod(self.nodes[place].shape) for place in members)
            leaf = self.graph.leaf(np.empty(size), True).number
            self.flats[members] = Flat(leaf, members, self._layout(members))
        return self.flats[members]

    def _layout(self, members: tuple[int, ...]) -> Layout:
        return Layout(tuple(self.nodes[place].shape for place in members), self.pairs)

    def _reroot(self, member: int, leaf: int) -> None:
        for number, node in enumerate(self.nodes):
            if node.root == member:
                self.nodes[number] = node._replace(root=leaf)

    def _alike(self, calls: list[Call], members: tuple[int, ...]) -> bool:
        """Whether the calls do the same entry by entry to arrays of the members' shapes."""
        kinds = {(call.kind, call.function, len(call.args), call.dtype) for call in calls}
        shapes = zip((call.shape for call in calls), (self.nodes[place].shape for place in members), strict=True)
        return (
            len(kinds) == 1
            and calls[0].kind == "ufunc"
            and calls[0].function != "matmul"
            and calls[0].dtype == np.float64
            and all(own == shape for own, shape in shapes)
        )

    def _together(self, items: list[Any], members: tuple[int, ...]) -> Any:
        """What stands for all of the items, one of each member: itself where it is one number, else a flat array.

        None where there is no such thing.
        """
        if not all(isinstance(item, Lazy) for item in items):
            numbers = [item for item in items if not isinstance(item, Lazy) and np.ndim(item) == 0]
            return items[0] if len(numbers) == len(items) and len(set(map(float, numbers))) == 1 else None
        key = tuple(item.number for item in items)
        if len(set(key)) == 1 and items[0].shape == ():
            return items[0]
        if any(item.shape != self.nodes[place].shape for item, place in zip(items, members, strict=True)):
            return None
        if key in self.made:
            return self.made[key]
        if key in self.groups:
            return self._lazy(self._flat(key).leaf)
        found = self._fused(key, members)
        if found is None:
            found = self._gathered(items, members)
        self.made[key] = found
        return found

    def _gathered(self, items: list[Any], members: tuple[int, ...]) -> Lazy:
        size = sum(prod(item.shape) for item in items)
        return self.graph.call("gather", None, tuple(items), np.empty(size), (self._layout(members),))

    def _fused(self, key: tuple[int, ...], members: tuple[int, ...]) -> Lazy | None:
        """The call of these nodes as one; None where they differ, or somebody else needs one of them."""
        calls = [self.nodes[number] for number in key]
        ends = set(self.after.values())
        for number in key:
            elsewhere = self.users.get(number, set()) - self.inside
            if number in self.kept or elsewhere or not (number in ends or self.users.get(number)):
                return None
        if not self._alike(calls, members):
            return None
        self.inside.update(key)
        args = [self._together([call.args[i] for call in calls], members) for i in range(len(calls[0].args))]
        if any(argument is None for argument in args):
            self.inside.difference_update(key)
            return None
        if calls[0].function == "multiply":
            for factor, product in (args, reversed(args)):
                if np.shape(factor) == () and self.nodes[product.number].kind == "gather":
                    parts = self._with_factor(factor, self.graph.inputs(product.number))
                    if parts is not None:
                        return self._gathered(parts, members)
        size = sum(prod(call.shape) for call in calls)
        return self.graph.call("ufunc", calls[0].function, tuple(args), np.empty(size))

    def _with_factor(self, factor: Any, numbers: list[int]) -> list[Lazy] | None:
        """The factor times these arrays, taken into the matrix products among them where that is less to multiply.

        η (gᵀ x) is (η g)ᵀ x: the learning rate then goes over a batch of g instead of over all of W. None where it is
        not less for any.
        """
        inner: dict[int, Lazy] = {}
        found: dict[int, Lazy] = {}
        for number in numbers:
            node = self.nodes[number]
            if node.function == "matmul" and self._only_inside(number):
                smaller = min(node.args, key=lambda a: a.size)
                if smaller.size < prod(node.shape):
                    args = tuple(self._times(factor, a, inner) if a is smaller else a for a in node.args)
                    found[number] = self._call_like(node, args)
        if not found:
            return None
        for number in numbers:
            node = self.nodes[number]
            if number not in found:
                # the bias's gradient is a sum over the same g
                summed = node.kind == "reduce" and node.function == "add" and self._only_inside(number)
                a = inner.get(node.args[0].number) if summed else None
                found[number] = (
                    self._times(factor, self._lazy(number), {}) if a is None else self._call_like(node, (a,))
                )
        return [found[number] for number in numbers]

    def _only_inside(self, number: int) -> bool:
        """Whether nobody but the update needs the node."""
        return number not in self.kept and self.users[number] <= self.inside

    def _times(self, factor: Any, a: Lazy, inner: dict[int, Lazy]) -> Lazy:
        """The factor times an array; of a matrix seen turned, times the matrix as it lies in memory."""
        node = self.nodes[a.number]
        if is_transpose(node):
            return self._call_like(node, (self._times(factor, node.args[0], inner),))
        inner[a.number] = found = self.graph.call("ufunc", "multiply", (factor, a), node.empty())
        return found

    def _call_like(self, node: Call, args: tuple[Any, ...]) -> Lazy:
        return self.graph.call(node.kind, node.function, args, node.empty(), node.settings)
