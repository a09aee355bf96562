"""Shapes: every misfit found before a number is computed, and said in terms of the equation's own parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncalc.catalogue.operation import broadcast, dimensions
from nncalc.engine.differentiate import differentiate
from nncalc.errors import ExpressionError, NncalcError, ShapeError
from tests.engine.programs import forward

KNOWN = {
    "W1": np.ones((3, 4)),
    "V": np.ones((4, 3)),
    "A": np.ones((2, 3)),
    "T": np.ones((2, 2, 2)),
    "x": np.ones(3),
    "y": np.ones(3),
    "z": np.ones(4),
    "a": np.array(1.0),
}
LABELS = "labels take the prediction's shape and are never repeated to it"

# (expression, names, message, label, hint)
MISFITS = [
    (
        "W1 @ x",
        ("W1", "x"),
        "W1 and x do not fit",
        "W1 is 3×4, so W1 @ x needs x to have 4 entries; x has 3",
        "The transpose of W1 would fit.",
    ),
    (
        "x @ V",
        ("x", "V"),
        "x and V do not fit",
        "x is a vector of 3, so x @ V needs V to have 3 rows; V has 4",
        "The transpose of V would fit.",
    ),
    (
        "W1.T @ z",
        ("z", "W1"),
        "W1.T and z do not fit",
        "W1.T is 4×3, so W1.T @ z needs z to have 3 entries; z has 4",
        "W1 without .T would fit.",
    ),
    (
        "V @ (W1 @ x)",
        ("W1", "x"),
        "W1 and x do not fit",
        "W1 is 3×4, so W1 @ x needs x to have 4 entries; x has 3",
        "The transpose of W1 would fit.",
    ),
    (
        "(x + y) @ z",
        ("z", "x", "y"),
        "x + y and z do not fit",
        "x + y is a vector of 3, so (x + y) @ z needs z to have 3 entries; z has 4",
        "",
    ),
    (
        "A @ W1 @ A",
        ("A", "W1"),
        "A @ W1 and A do not fit",
        "A @ W1 is 2×4, so A @ W1 @ A needs A to have 4 rows; A has 2",
        "The transpose of A @ W1 would fit.",
    ),
    (
        "x + z",
        ("x", "z"),
        "x and z do not fit",
        "x is a vector of 3, z is a vector of 4; expected equal sizes, found 3 and 4",
        "",
    ),
    ("A * W1", ("A", "W1"), "A and W1 do not fit", "A is 2×3, W1 is 3×4; expected equal sizes, found 2 and 3", ""),
    (
        "a @ x",
        ("a", "x"),
        "@ needs a vector or matrix on both sides",
        "a is a number, x is a vector of 3; found a number @ a vector of 3",
        "",
    ),
    (
        "T @ x",
        ("T", "x"),
        "T and x do not fit",
        "T is 2×2×2, x is a vector of 3; 2×2×2 on the left needs 2 entries on the right; found 3",
        "",
    ),
    (
        "l2(x, z)",
        ("x", "z"),
        "the prediction is a vector of 3, the target is a vector of 4",
        f"x is a vector of 3, z is a vector of 4; {LABELS}",
        "",
    ),
    (  # NumPy would repeat it
        "mse(A, x)",
        ("A", "x"),
        "the prediction is 2×3, the target is a vector of 3",
        f"A is 2×3, x is a vector of 3; {LABELS}",
        "",
    ),
    (
        "mse(x, a)",
        ("x", "a"),
        "the prediction is a vector of 3, the target is a number",
        f"x is a vector of 3, a is a number; {LABELS}",
        "",
    ),
    (
        "x[3]",
        ("x",),
        "index 3 is outside a vector of 3",
        "x is a vector of 3; axis 0 has 3 entries, counted from 0",
        "",
    ),
    ("x[0, 0]", ("x",), "too many indices for a vector of 3", "x is a vector of 3; found 2, expected 1", ""),
    (
        "max(x[3:])",
        ("x",),
        "nothing is left of the array",
        "x is a vector of 3; expected a part with at least one entry",
        "",
    ),
    ("sum(x, axis=1)", ("x",), "there is no axis 1", "x is a vector of 3; the array has 1 axis, counted from 0", ""),
    ("sum(A, axis=(0, 0))", ("A",), "an axis is named twice", "A is 2×3; axis=(0, 0)", ""),
    ("sum(A, axis=n)", ("A", "n"), "there is no axis n", "A is 2×3; the array has 2 axes, counted from 0", ""),
    ("sum(A, axis=0.5)", ("A",), "there is no axis 0.5", "A is 2×3; the array has 2 axes, counted from 0", ""),
    (
        "softmax(a, axis=1)",
        ("a",),
        "there is no axis 1",
        "a is a number; the array has 1 axis, counted from 0",
        "",
    ),
    (
        "max(x, y, axis=0)",
        ("x", "y"),
        "max takes two arrays or an axis, not both",
        "x is a vector of 3, y is a vector of 3; found both",
        "",
    ),
    (
        "outer(A, x)",
        ("A", "x"),
        "outer needs two vectors",
        "A is 2×3, x is a vector of 3; found 2×3 and a vector of 3",
        "",
    ),
    (
        "reshape(A, shape=(4,))",
        ("A",),
        "2×3 can't be reshaped to a vector of 4",
        "A is 2×3; 6 entries against 4",
        "",
    ),
    (
        "broadcast(x, shape=(2, 2))",
        ("x",),
        "a vector of 3 can't be repeated to 2×2",
        "x is a vector of 3; the sizes do not fit",
        "",
    ),
    (
        "scatter(x, index=(0,), shape=(2,))",
        ("x",),
        "a vector of 3 can't be repeated to a number",
        "x is a vector of 3; the sizes do not fit",
        "",
    ),
    (
        "reshape(x, shape='a')",
        ("x",),
        "a shape is a tuple of whole numbers",
        "x is a vector of 3; found 'a'",
        "",
    ),
    (
        "attention(x, A, A)",
        ("x", "A"),
        "Q is (positions, features)",
        "x is a vector of 3, A is 2×3; found a vector of 3",
        "",
    ),
    (
        "attention(A, W1, W1)",
        ("A", "W1"),
        "A and W1 do not fit",
        "A is 2×3, W1 is 3×4; found 3 and 4 features, expected equal ones",
        "",
    ),
    (
        "attention(A, A, V)",
        ("A", "V"),
        "A and V do not fit",
        "A is 2×3, V is 4×3; found 2 keys and 4 values",
        "",
    ),
    (
        "split_heads(x, heads=3)",
        ("x",),
        "heads take (positions, features)",
        "x is a vector of 3; found a vector of 3",
        "",
    ),
    (
        "split_heads(W1, heads=3)",
        ("W1",),
        "4 features can't be shared by 3 heads",
        "W1 is 3×4; found 3, which does not divide 4",
        "",
    ),
    (
        "merge_heads(A)",
        ("A",),
        "merge_heads takes (heads, positions, features)",
        "A is 2×3; found 2×3",
        "",
    ),
    (
        "positional_encoding(x)",
        ("x",),
        "positional_encoding takes (time, features)",
        "x is a vector of 3; found a vector of 3",
        "",
    ),
    (
        "zero_pad(x, padding=((1, 1), (1, 1)))",
        ("x",),
        "the padding names more axes than there are",
        "x is a vector of 3; found 2, expected at most 1",
        "",
    ),
]


@pytest.mark.parametrize(("text", "names", "message", "label", "hint"), MISFITS, ids=[case[0] for case in MISFITS])
def test_misfits(text: str, names: tuple[str, ...], message: str, label: str, hint: str) -> None:
    with pytest.raises(ShapeError) as refused:
        forward(f"hbar1 = {text}", KNOWN)
    error = refused.value
    assert (error.message, error.label, error.hint) == (message, label, hint)
    assert error.equation == f"hbar1 = {text}"
    assert error.names == names


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("W1 @ hbar2", "there is no 'hbar2'", "Did you mean 'hbar1'?"),
        ("W2 @ x", "there is no 'W2'", "Known are: W1, V, A, T, x, y, z, a, hbar1."),
        ("relu(sum)", "there is no 'sum'", "sum is an operation: write sum(…)."),
    ],
)
def test_unknown_names(text: str, message: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        forward(f"hbar1 = W1 @ z\nh = {text}", KNOWN)
    assert (refused.value.message, refused.value.hint) == (message, hint)
    assert refused.value.equation == f"h = {text}"


def test_a_loss_has_to_be_one_number() -> None:
    case = forward("losses = mse(A, A, reduction='none')", KNOWN)
    with pytest.raises(ShapeError) as refused:
        differentiate(case.program, case.shapes)
    assert refused.value.message == "losses is a vector of 2; gradients need one number"
    assert refused.value.hint == "Take its mean or its sum, or leave out 'reduction: none'."
    assert refused.value.names == ("losses",)


def test_without_a_loss_there_is_nothing_to_differentiate() -> None:
    case = forward("h = W1 @ z", KNOWN)
    with pytest.raises(NncalcError, match="there is no loss to differentiate"):
        differentiate(case.program._replace(loss=None), case.shapes)


RIGHT = {
    "W1 @ z": (3,),
    "x @ W1": (4,),
    "x @ y": (),
    "A @ W1": (2, 4),
    "A + x": (2, 3),
    "A * a": (2, 3),
    "x[:, None] * z": (3, 4),
    "T.T": (2, 2, 2),
    "x.T": (3,),
    "A[:, 1:]": (2, 2),
    "A[-1, ::2]": (2,),
    "A[None]": (1, 2, 3),
    "sum(A)": (),
    "sum(A, axis=-1)": (2,),
    "mean(A, axis=(0, 1), keepdims=True)": (1, 1),
    "norm(A, axis=0, keepdims=True)": (1, 3),
    "max(A, x)": (2, 3),
    "outer(x, z)": (3, 4),
    "reshape(A, shape=(-1,))": (6,),
    "l2(A, A)": (),
    "l2(A, A, reduction='none')": (2,),
    "mse(T, T, reduction='none')": (2, 2),
    "mse(a, a, reduction='none')": (),
    "where(x > 0, A, 0)": (2, 3),
    "softmax(a)": (),
}


@pytest.mark.parametrize(("text", "shape"), RIGHT.items())
def test_the_shape_told_is_the_shape_computed(text: str, shape: tuple[int, ...]) -> None:
    given = {name: value / 10 for name, value in KNOWN.items()}
    case = forward(f"q = {text}", given)
    assert case.shapes.known["q"] == shape
    assert case.evaluated()["q"].shape == shape


@given(st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=3).map(tuple), min_size=1, max_size=3))
def test_broadcasting_is_numpys(shapes: list[tuple[int, ...]]) -> None:
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(ShapeError):
            broadcast(*shapes)
    else:
        assert broadcast(*shapes) == expected


def test_shapes_in_words() -> None:
    assert [dimensions(shape) for shape in ((), (3,), (3, 4), (1, 2, 3))] == [
        "a number",
        "a vector of 3",
        "3×4",
        "1×2×3",
    ]
