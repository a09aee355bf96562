"""Products of vectors and matrices, and the rearrangements that their gradients need.

Vectors are 1-D arrays throughout: `W @ x`, `W.T @ g` and `outer(g, x)` mean what they mean on paper, and whether a
vector stands as a column or a row is a matter of the screen alone.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nncalc.catalogue.operation import Operation, Option, Shape, broadcast, dimensions, normal_axes
from nncalc.errors import ShapeError
from nncalc.language.expression import Expression, Setting, Slice, call
from nncalc.language.text import setting_text

ShapeOf = Callable[[Expression], Shape]
FULL = Slice(None, None, None)
MATRIX_CALCULUS = "Petersen and Pedersen, The Matrix Cookbook, section 2"


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    """NumPy's: the last two axes are multiplied, axes in front are repeated to fit each other."""
    if not a or not b:
        raise ShapeError("@ needs a vector or matrix on both sides", label=f"found {dimensions(a)} @ {dimensions(b)}")
    rows = b[-2] if len(b) > 1 else b[0]
    if a[-1] != rows:
        what = "rows" if len(b) > 1 else "entries"
        raise ShapeError(
            f"{dimensions(a)} @ {dimensions(b)} do not fit",
            label=f"{dimensions(a)} on the left needs {a[-1]} {what} on the right; found {rows}",
        )
    return broadcast(a[:-2], b[:-2]) + a[-2:-1] + (b[-1:] if len(b) > 1 else ())


def turned(x: Expression, rank: int) -> Expression:
    """The array with its last two axes exchanged: for a matrix, its transpose."""
    return x.T if rank <= 2 else call.transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))


def _matmul_left(g: Expression, ans: Expression, a: Expression, b: Expression, shape_of: ShapeOf) -> Expression:
    ranks = len(shape_of(a)), len(shape_of(b))
    if ranks == (1, 1):
        return g * b
    if ranks == (2, 1):
        return call.outer(g, b)
    if ranks[1] == 1:
        return g[(*(FULL,) * (ranks[0] - 1), None)] * b
    if ranks[0] == 1 and ranks[1] > 2:
        return (b @ g[(*(FULL,) * (ranks[1] - 1), None)])[(*(FULL,) * (ranks[1] - 1), 0)]
    return g @ turned(b, ranks[1])


def _matmul_right(g: Expression, ans: Expression, a: Expression, b: Expression, shape_of: ShapeOf) -> Expression:
    ranks = len(shape_of(a)), len(shape_of(b))
    if ranks == (1, 1):
        return g * a
    if ranks == (1, 2):
        return call.outer(a, g)
    if ranks[0] == 1:
        return a[:, None] * g[(*(FULL,) * (ranks[1] - 2), None, FULL)]
    if ranks[1] == 1 and ranks[0] > 2:
        return a * g[(*(FULL,) * (ranks[0] - 1), None)]
    return turned(a, ranks[0]) @ g


def _transpose_shape(a: Shape, axes: Setting) -> Shape:
    if axes is None:
        return a[::-1]
    order = normal_axes(axes, len(a))
    if len(order) != len(a):
        raise ShapeError(f"axes={axes} does not name every axis", label=f"the array has {len(a)} axes, counted from 0")
    return tuple(a[i] for i in order)


def _transpose_gradient(g: Expression, ans: Expression, a: Expression, shape_of: ShapeOf, axes: Setting) -> Expression:
    if axes is None:
        return g.T
    order = normal_axes(axes, len(shape_of(a)))
    return call.transpose(g, axes=tuple(order.index(i) for i in range(len(order))))


def _concat_shape(*shapes: Shape, axis: Setting) -> Shape:
    first = shapes[0]
    (along,) = normal_axes(axis, len(first))
    for other in shapes[1:]:
        if len(other) != len(first) or any(
            m != n for i, (m, n) in enumerate(zip(first, other, strict=True)) if i != along
        ):
            raise ShapeError(
                f"{' and '.join(dimensions(s) for s in shapes)} can't be put together",
                label=f"all sizes but that of axis {along} have to be equal",
            )
    return (*first[:along], sum(s[along] for s in shapes), *first[along + 1 :])


def _concat_gradient(
    g: Expression, ans: Expression, *arrays: Expression, position: int, shape_of: ShapeOf, axis: Setting
) -> Expression:
    shapes = [shape_of(a) for a in arrays]
    (along,) = normal_axes(axis, len(shapes[0]))
    start = sum(s[along] for s in shapes[:position])
    part = Slice(start, start + shapes[position][along], None)
    return g[(*(FULL,) * along, part)]


def _stack_shape(*shapes: Shape, axis: Setting) -> Shape:
    if len(set(shapes)) > 1:
        different = next(s for s in shapes if s != shapes[0])
        raise ShapeError(
            f"{dimensions(shapes[0])} and {dimensions(different)} can't be stacked",
            label="all of them have to be of one shape",
        )
    (along,) = normal_axes(axis, len(shapes[0]) + 1)
    return (*shapes[0][:along], len(shapes), *shapes[0][along:])


def _stack_gradient(
    g: Expression, ans: Expression, *arrays: Expression, position: int, shape_of: ShapeOf, axis: Setting
) -> Expression:
    (along,) = normal_axes(axis, len(shape_of(arrays[0])) + 1)
    return g[(*(FULL,) * along, position)]


def _outer_shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 1 or len(b) != 1:
        raise ShapeError("outer needs two vectors", label=f"found {dimensions(a)} and {dimensions(b)}")
    return a + b


def _index_shape(shape: Shape, index: Setting) -> Shape:
    assert isinstance(index, tuple)
    result: list[int] = []
    axis = 0
    places = sum(item is not None for item in index)
    if places > len(shape):
        raise ShapeError(f"too many indices for {dimensions(shape)}", label=f"found {places}, expected {len(shape)}")
    for item in index:
        if item is None:
            result.append(1)
            continue
        if isinstance(item, Slice):
            result.append(len(range(*slice(item.start, item.stop, item.step).indices(shape[axis]))))
        elif not isinstance(item, int) or not -shape[axis] <= item < shape[axis]:
            raise ShapeError(
                f"index {item} is outside {dimensions(shape)}",
                label=f"axis {axis} has {shape[axis]} entries, counted from 0",
            )
        axis += 1
    return (*result, *shape[axis:])


def _python_index(index: Setting) -> tuple[Any, ...]:
    assert isinstance(index, tuple)
    return tuple(slice(i.start, i.stop, i.step) if isinstance(i, Slice) else i for i in index)


def _index_gradient(g: Expression, ans: Expression, x: Expression, shape_of: ShapeOf, index: Setting) -> Expression:
    assert isinstance(index, tuple)
    if all(item in (None, FULL) for item in index):
        # new axes alone move no entry: they are taken away again
        return call.index(g, index=tuple(0 if item is None else item for item in index))
    return call.scatter(g, index=index, shape=shape_of(x))


def _scatter_value(xp: Any, g: Any, index: Setting, shape: Shape) -> Any:
    result = xp.zeros(shape)
    result[_python_index(index)] += g
    return result


def _scatter_shape(g: Shape, index: Setting, shape: Setting) -> Shape:
    whole = as_shape(shape)
    _broadcast_shape(g, _index_shape(whole, index))
    return whole


def as_shape(setting: Setting, least: int = 0) -> Shape:
    """A `shape=` setting as a tuple of whole numbers, none of them below the least."""
    items = setting if isinstance(setting, tuple) else (setting,)
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= least for n in items):
        raise ShapeError("a shape is a tuple of whole numbers", label=f"found {setting_text(setting)}")
    return items  # type: ignore[return-value]


def _broadcast_shape(x: Shape, shape: Setting) -> Shape:
    wanted = as_shape(shape)
    padded = (1,) * (len(wanted) - len(x)) + x
    if len(x) > len(wanted) or any(n not in (1, m) for n, m in zip(padded, wanted, strict=True)):
        raise ShapeError(f"{dimensions(x)} can't be repeated to {dimensions(wanted)}", label="the sizes do not fit")
    return wanted


def _reshape_shape(x: Shape, shape: Setting) -> Shape:
    wanted = as_shape(shape, least=-1)
    size = prod(x)
    known = prod(n for n in wanted if n != -1)
    if wanted.count(-1) == 1 and known > 0 and size % known == 0:
        return tuple(size // known if n == -1 else n for n in wanted)
    if -1 in wanted or known != size:
        raise ShapeError(
            f"{dimensions(x)} can't be reshaped to {dimensions(wanted)}", label=f"{size} entries against {known}"
        )
    return wanted


SHAPE = Option("shape", None, "the shape of the result", required=True)

ENTRIES = (
    Operation(
        name="matmul",
        args=("a", "b"),
        value=lambda xp, a, b: a @ b,
        shape=_matmul_shape,
        gradients=(_matmul_left, _matmul_right),
        text="{a} {b}",
        latex="{a} {b}",
        meaning="the matrix product",
        source=MATRIX_CALCULUS,
        multiply_adds=lambda a, b: prod(_matmul_shape(a, b)) * a[-1],
        example=(
            "A @ x",
            "x @ A.T",
            "A @ B.T",
            "x @ y",
            "(y[:, None, None] * A) @ B.T",
            "(y[:, None, None] * A) @ x",
            "x @ (y[:, None, None] * A.T)",
        ),
    ),
    Operation(
        name="outer",
        args=("a", "b"),
        value=lambda xp, a, b: xp.outer(a, b),
        shape=_outer_shape,
        gradients=(
            lambda g, ans, a, b, shape_of: g @ b,
            lambda g, ans, a, b, shape_of: g.T @ a,
        ),
        text="{a:power} {b:postfix}ᵀ",
        latex="{a:power} {b:postfix}^{\\top}",
        meaning="the outer product: entry i, j is aᵢ bⱼ",
        source=MATRIX_CALCULUS,
        example=("outer(x, y)",),
    ),
    Operation(
        name="transpose",
        args=("a",),
        options=(Option("axes", None, "the order of the axes, from 0; the other way round if not said"),),
        value=lambda xp, a, axes: xp.transpose(a, axes),
        shape=_transpose_shape,
        gradients=(_transpose_gradient,),
        text=lambda axes=None: "{a:postfix}ᵀ" if axes is None else "transpose({a})",
        latex=lambda axes=None: r"{a:postfix}^{\top}" if axes is None else r"\operatorname{transpose}\left({a}\right)",
        meaning="rows become columns; or the axes in the order of `axes`",
        source=MATRIX_CALCULUS,
        example=("A.T", "x.T", "transpose(x[:, None, None] * A, axes=(1, 2, 0))"),
    ),
    Operation(
        name="concat",
        args=("a",),
        variadic=True,
        options=(Option("axis", 0, "the axis along which they are put together"),),
        value=lambda xp, *arrays, axis: xp.concatenate(arrays, axis=axis),
        shape=_concat_shape,
        gradients=(_concat_gradient,),
        text="concat({a})",
        latex=r"\operatorname{concat}\left({a}\right)",
        meaning="the arrays one behind the other along an axis",
        source="NumPy reference, numpy.concatenate",
        example=("concat(x, y)", "concat(A, B, A)", "concat(A, B, axis=1)"),
    ),
    Operation(
        name="stack",
        args=("a",),
        variadic=True,
        options=(Option("axis", 0, "the new axis, which counts them"),),
        value=lambda xp, *arrays, axis: xp.stack(arrays, axis=axis),
        shape=_stack_shape,
        gradients=(_stack_gradient,),
        text="stack({a})",
        latex=r"\operatorname{stack}\left({a}\right)",
        meaning="arrays of one shape as the slices of one more axis: vectors as the rows of a matrix",
        source="NumPy reference, numpy.stack",
        example=("stack(x, y)", "stack(A, B, A, axis=1)", "stack(A, B, axis=-1)", "stack(a, b)"),
    ),
    Operation(
        name="index",
        args=("x",),
        options=(Option("index", None, "numbers from 0, slices, None for a new axis", required=True),),
        value=lambda xp, x, index: x[_python_index(index)],
        shape=_index_shape,
        gradients=(_index_gradient,),
        text=lambda index: "{x:postfix}[" + ", ".join(_index_item(i) for i in index) + "]",
        latex=lambda index: "{x:postfix}_{" + ", ".join(_index_item(i) for i in index) + "}",
        meaning="one entry, or a part of an array; entries count from 0",
        source="NumPy reference, indexing",
        example=("x[1]", "A[:, 1:]", "x[:, None]", "A[-1, ::2]", "x[::-1]"),
    ),
    Operation(
        name="scatter",
        args=("g",),
        options=(Option("index", None, "the entries of the result that g goes to", required=True), SHAPE),
        value=_scatter_value,
        shape=_scatter_shape,
        gradients=(lambda g, ans, x, shape_of, index, shape: call.index(g, index=index),),
        text=lambda index, shape: f"scatter({{g}}; to [{', '.join(map(_index_item, index))}] of {_sizes(shape)})",
        latex=lambda index, shape: (
            r"\operatorname{scatter}\left({g};\ \text{to }"
            rf"[{', '.join(map(_index_item, index))}]\text{{ of {_sizes(shape)}}}\right)"
        ),
        meaning="an array of zeros with g put where the index says: the gradient of taking those entries",
        source="NumPy reference, indexing",
        example=(
            "scatter(a, index=(1,), shape=(3,))",
            "scatter(A, index=':, 1:', shape=(2, 4))",
            "scatter(x, index=(-1,), shape=(2, 3))",
        ),
    ),
    Operation(
        name="broadcast",
        args=("g",),
        options=(SHAPE,),
        value=lambda xp, g, shape: xp.broadcast_to(g, as_shape(shape)),
        shape=_broadcast_shape,
        gradients=(lambda g, ans, x, shape_of, shape: g,),
        text=lambda shape: f"repeat({{g}}; {_sizes(shape)})",
        latex=lambda shape: rf"\operatorname{{repeat}}\left({{g}};\ {_sizes(shape)}\right)",
        meaning="the same numbers repeated along new axes: the gradient of a sum",
        source="NumPy reference, numpy.broadcast_to",
        example=("broadcast(x, shape=(2, 3))", "broadcast(a, shape=(2,))", "broadcast(x[:, None], shape=(3, 2))"),
    ),
    Operation(
        name="reshape",
        args=("x",),
        options=(SHAPE,),
        value=lambda xp, x, shape: xp.reshape(x, as_shape(shape, least=-1)),
        shape=_reshape_shape,
        gradients=(lambda g, ans, x, shape_of, shape: call.reshape(g, shape=shape_of(x)),),
        text="reshape({x})",
        latex=r"\operatorname{reshape}\left({x}\right)",
        meaning="the same entries, row by row, in another shape; one size may be -1",
        source="NumPy reference, numpy.reshape",
        example=("reshape(A, shape=(-1,))", "reshape(A, shape=(3, 2))", "reshape(a, shape=(1, 1))"),
    ),
)


def _sizes(shape: Setting) -> str:
    return "×".join(str(n) for n in as_shape(shape))


def _index_item(item: Setting) -> str:
    if isinstance(item, Slice):
        ends = f"{'' if item.start is None else item.start}:{'' if item.stop is None else item.stop}"
        return ends if item.step is None else f"{ends}:{item.step}"
    return str(item).replace("-", "−")
