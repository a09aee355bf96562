"""Scaled dot-product attention, its weights, heads, and the sinusoidal encoding of positions.

Queries are (…, queries, features), keys (…, keys, features), values (…, keys, features of their own), with any axes in
front. A mask is added to the scores: 0 where a key may be seen, −∞ where not; a file's masks of true and false are read
as that. A query that may see nothing gets zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nncalc.catalogue.linear import turned
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Shape, broadcast, dimensions
from nncalc.catalogue.substitutes import applied, with_settings, without
from nncalc.errors import ShapeError
from nncalc.language.expression import Const, Expression, Name, Setting, call

ShapeOf = Callable[[Expression], Shape]
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
PAPER = "Vaswani and others, Attention Is All You Need (2017), "
MASK = Option(
    "mask", None, "true where a key may be seen, or numbers that are added to the scores", array=True, added=True
)
CAUSAL = Option("causal", False, "whether a query sees no key behind its own position")
SCALE = Option("scale", True, "what the scores are multiplied by; true: 1/√d; false: nothing", number=True)


# --- weights ------------------------------------------------------------------


def _weights(xp: Any, scores: Any, mask: Any, causal: bool) -> Any:
    if mask is not None:
        # a mask for each example, beside scores that have the heads behind the examples
        scores = scores + (mask[:, None] if (scores.ndim, xp.ndim(mask)) == (4, 3) else mask)
    if causal:
        queries, keys = scores.shape[-2:]
        scores = xp.where(xp.arange(queries)[:, None] >= xp.arange(keys), scores, -xp.inf)
    largest = xp.max(scores, axis=-1, keepdims=True)
    # where everything is hidden the largest is −∞, and every e^(−∞ − 0) is the 0 that is wanted
    e = xp.exp(scores - xp.where(largest == -xp.inf, 0.0, largest))
    total = xp.sum(e, axis=-1, keepdims=True)
    return e / xp.where(total == 0, 1.0, total)


def _weights_shape(scores: Shape, mask: Shape | None, causal: Setting) -> Shape:
    if len(scores) < 2:
        raise ShapeError("scores are (queries, keys)", label=f"found {dimensions(scores)}")
    if mask is not None:
        whole = (mask[0], 1, *mask[1:]) if (len(scores), len(mask)) == (4, 3) else mask
        _check_mask(scores, whole, mask)
    return scores


def _check_mask(scores: Shape, whole: Shape, mask: Shape) -> None:
    wanted = (
        f"found {dimensions(mask)}, expected {dimensions(scores[-2:])}: a row for each query, a column for each key"
    )
    try:
        fits = broadcast(scores, whole) == scores
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError("the mask does not fit the scores", label=wanted)


def _stated(mask: Name | None, causal: bool) -> dict[str, Setting]:
    return {**({} if mask is None else {"mask": mask}), **({"causal": True} if causal else {})}


def _through_softmax(g: Expression, a: Expression) -> Expression:
    return a * (g - call.sum(g * a, axis=-1, keepdims=True))


# --- attention ------------------------------------------------------------------


def scaled(product: Expression, features: int, scale: Setting) -> Expression:
    """The scores: the product divided by √d, times a number, or as it is."""
    if scale is True:
        return product / call.sqrt(features)
    return product if scale is False else product * Const(float(scale))  # type: ignore[arg-type]


def masked(scores: Expression, mask: Name | None, causal: bool) -> Expression:
    """The weights of scores: softmax, or what it is where something is hidden."""
    return (
        call.attention_weights(scores, **_stated(mask, causal)) if mask is not None or causal else call.softmax(scores)
    )


def _attention(xp: Any, Q: Any, K: Any, V: Any, mask: Any, scale: Any, causal: bool) -> Any:  # noqa: N803
    factor = (Q.shape[-1] ** -0.5 if scale else 1.0) if isinstance(scale, bool) else scale
    return _weights(xp, Q @ xp.swapaxes(K, -1, -2) * factor, mask, causal) @ V


def _attention_shape(Q: Shape, K: Shape, V: Shape, mask: Shape | None, scale: Setting, causal: Setting) -> Shape:  # noqa: N803
    for name, shape in (("Q", Q), ("K", K), ("V", V)):
        if len(shape) < 2:
            raise ShapeError(f"{name} is (positions, features)", label=f"found {dimensions(shape)}")
    if Q[-1] != K[-1]:
        raise ShapeError(
            "queries and keys do not fit", label=f"found {Q[-1]} and {K[-1]} features, expected equal ones"
        )
    if K[-2] != V[-2]:
        raise ShapeError("keys and values do not fit", label=f"found {K[-2]} keys and {V[-2]} values")
    scores = (*broadcast(Q[:-2], K[:-2]), Q[-2], K[-2])
    _weights_shape(scores, mask, causal)
    return (*broadcast(scores[:-2], V[:-2]), Q[-2], V[-1])


class _Parts:
    """The expressions that the three gradient rules share: the weights A and the gradient of the scaled scores."""

    def __init__(self, Q: Expression, K: Expression, shape_of: ShapeOf, settings: dict[str, Any]) -> None:  # noqa: N803
        self.shape_of, self.features = shape_of, shape_of(Q)[-1]
        self.scale = settings["scale"]
        scores = scaled(Q @ turned(K, len(shape_of(K))), self.features, self.scale)
        self.a = masked(scores, settings["mask"], settings["causal"])

    def turned(self, e: Expression) -> Expression:
        return turned(e, len(self.shape_of(e)))

    def scores_gradient(self, g: Expression, V: Expression) -> Expression:  # noqa: N803
        return scaled(_through_softmax(g @ self.turned(V), self.a), self.features, self.scale)


def _by_q(g: Expression, ans: Expression, Q: Expression, K: Expression, V: Expression, *, shape_of: ShapeOf, **s: Any) -> Expression:  # noqa: N803, E501  # fmt: skip
    return _Parts(Q, K, shape_of, s).scores_gradient(g, V) @ K


def _by_k(g: Expression, ans: Expression, Q: Expression, K: Expression, V: Expression, *, shape_of: ShapeOf, **s: Any) -> Expression:  # noqa: N803, E501  # fmt: skip
    parts = _Parts(Q, K, shape_of, s)
    return parts.turned(parts.scores_gradient(g, V)) @ Q


def _by_v(g: Expression, ans: Expression, Q: Expression, K: Expression, V: Expression, *, shape_of: ShapeOf, **s: Any) -> Expression:  # noqa: N803, E501  # fmt: skip
    parts = _Parts(Q, K, shape_of, s)
    return parts.turned(parts.a) @ g


# --- heads ------------------------------------------------------------------


def _split_shape(x: Shape, heads: int) -> Shape:
    if len(x) < 2:
        raise ShapeError("heads take (positions, features)", label=f"found {dimensions(x)}")
    if x[-1] % heads:
        raise ShapeError(
            f"{x[-1]} features can't be shared by {heads} heads", label=f"found {heads}, which does not divide {x[-1]}"
        )
    return (*x[:-2], heads, x[-2], x[-1] // heads)


def _merge_shape(x: Shape) -> Shape:
    if len(x) < 3:
        raise ShapeError("merge_heads takes (heads, positions, features)", label=f"found {dimensions(x)}")
    return (*x[:-3], x[-2], x[-3] * x[-1])


def _positions(xp: Any, x: Any) -> Any:
    time, features = x.shape[-2:]
    feature = xp.arange(features)
    angle = xp.arange(time)[:, None] / 10000.0 ** ((feature - feature % 2) / features)
    return x + xp.where(feature % 2 == 0, xp.sin(angle), xp.cos(angle))


def _positions_shape(x: Shape) -> Shape:
    if len(x) < 2:
        raise ShapeError("positional_encoding takes (time, features)", label=f"found {dimensions(x)}")
    return x


# --- mistakes ------------------------------------------------------------------


def _divided_by_d(Q: Expression, K: Expression, V: Expression, *, shape_of: ShapeOf, **s: Any) -> Expression | None:  # noqa: N803
    return applied("attention", Q, K, V, **{**s, "scale": 1 / shape_of(Q)[-1]}) if s["scale"] is True else None


def _over_queries(scores: Expression, *, shape_of: ShapeOf, mask: Name | None, causal: bool) -> Expression | None:
    return None if mask is not None or causal else call.softmax(scores, axis=-2)


def _attended_over_queries(
    Q: Expression, K: Expression, V: Expression, *, shape_of: ShapeOf, mask: Name | None, causal: bool, scale: Setting  # noqa: N803
) -> Expression | None:  # fmt: skip
    if mask is not None or causal:
        return None
    scores = scaled(Q @ turned(K, len(shape_of(K))), shape_of(Q)[-1], scale)
    return call.softmax(scores, axis=-2) @ V


def _without_softmax(
    Q: Expression, K: Expression, V: Expression, *, shape_of: ShapeOf, scale: Setting, **_: Any  # noqa: N803
) -> Expression:  # fmt: skip
    return scaled(Q @ turned(K, len(shape_of(K))), shape_of(Q)[-1], scale) @ V


def _mistakes(name: str) -> tuple[Mistake, ...]:
    return (
        Mistake("mask", "the mask is left out", without(name, "mask")),
        Mistake("causal", "keys behind the query's position are seen too", without(name, "causal")),
    )


ENTRIES = (
    Operation(
        name="attention",
        args=("Q", "K", "V"),
        options=(MASK, SCALE, CAUSAL),
        value=_attention,
        shape=_attention_shape,
        gradients=(_by_q, _by_k, _by_v),
        text="Attention({Q}, {K}, {V})",
        latex=r"\operatorname{Attention}\left({Q},\ {K},\ {V}\right)",
        meaning="softmax(Q Kᵀ / √d) V: each query's mean of the values, weighted by how its key fits",
        source=PAPER + "eq. 1",
        mistakes=(
            Mistake("scale", "the scores are not divided by √d", with_settings("attention", scale=False)),
            Mistake("scale", "the scores are divided by d, not by √d", _divided_by_d),
            Mistake("axis", "softmax goes over the queries, not over the keys", _attended_over_queries),
            Mistake("no_softmax", "softmax is left out", _without_softmax),
            *_mistakes("attention"),
        ),
        example=(
            "attention(A, B, A)",
            "attention(A, B, B, causal=True)",
            "attention(A, B, A, mask=a)",
            "attention(A, B, A, scale=0.3)",
            "attention(A, B, A, scale=False)",
            "attention(A[None], B * x[:, None, None], A)",
        ),
    ),
    Operation(
        name="attention_weights",
        args=("scores",),
        options=(MASK, CAUSAL),
        value=_weights,
        shape=_weights_shape,
        gradients=(lambda g, ans, scores, shape_of, mask, causal: _through_softmax(g, ans),),
        text="softmax({scores})",
        latex=r"\operatorname{softmax}\left({scores}\right)",
        meaning="softmax over the keys that a query may see; zeros where it may see none",
        source=PAPER + "section 3.2.3",
        mistakes=(
            Mistake("axis", "softmax goes over the queries, not over the keys", _over_queries),
            Mistake("no_softmax", "softmax is left out", lambda scores, **_: scores),
            Mistake(
                "diagonal",
                "the derivative is taken of each weight by its own score alone: a (1 − a)",
                gradients=((0, lambda g, ans, scores, **_: g * ans * (1 - ans)),),
            ),
            *_mistakes("attention_weights"),
        ),
        example=("attention_weights(A)", "attention_weights(A, mask=B)", "attention_weights(A, mask=x, causal=True)"),
    ),
    Operation(
        name="split_heads",
        args=("x",),
        options=(Option("heads", None, "how many heads share the features", at_least=1, whole=True, required=True),),
        value=lambda xp, x, heads: xp.swapaxes(x.reshape((*x.shape[:-1], heads, -1)), -2, -3),
        shape=_split_shape,
        gradients=(lambda g, ans, x, shape_of, heads: call.merge_heads(g),),
        text=lambda heads: f"heads{str(heads).translate(LOWERED)}({{x}})",
        latex=lambda heads: rf"\operatorname{{heads}}_{{{heads}}}\left({{x}}\right)",
        meaning="(time, features) as (heads, time, features of each): the first head has the first features",
        source=PAPER + "section 3.2.2",
        example=("split_heads(A, heads=3)", "split_heads(A * x[:, None, None], heads=1)"),
    ),
    Operation(
        name="merge_heads",
        args=("x",),
        value=lambda xp, x: xp.swapaxes(x, -2, -3).reshape((*x.shape[:-3], x.shape[-2], -1)),
        shape=_merge_shape,
        gradients=(lambda g, ans, x, shape_of: call.split_heads(g, heads=shape_of(x)[-3]),),
        text="concat({x})",
        latex=r"\operatorname{concat}\left({x}\right)",
        meaning="(heads, time, features of each) as (time, features): the heads' results beside each other",
        source=PAPER + "section 3.2.2",
        example=("merge_heads(A[:, :, None])", "merge_heads(A * x[:, None, None])"),
    ),
    Operation(
        name="positional_encoding",
        args=("x",),
        value=_positions,
        shape=_positions_shape,
        gradients=(lambda g, ans, x, shape_of: g,),
        text="{x:sum} + positions",
        latex=r"{x:sum} + \mathrm{positions}",
        meaning="x + P, where P has sin(t / 10000^(2i/d)) at feature 2i and cos of the same at 2i + 1, t from 0",
        source=PAPER + "section 3.5",
        mistakes=(Mistake("positions", "the positions are not added", lambda x, **_: x),),
        example=("positional_encoding(A)", "positional_encoding(A * x[:, None, None])"),
    ),
)
