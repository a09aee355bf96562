"""Formulas: what stands on the screen, and that it can't be read as anything else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nncalc.catalogue.registry import operation
from nncalc.engine.numpy_arrays import xp
from nncalc.engine.shapes import Shapes
from nncalc.engine.value import value_of
from nncalc.language.equation import Equation
from nncalc.language.expression import Const, Expression, Name, call, names_in
from nncalc.language.parse import parse_expression
from nncalc.views.formula import broken, equation_formula, formula_text
from nncalc.views.latex import equation_latex, formula_latex
from nncalc.views.line import width_of
from nncalc.views.symbols import Symbols
from tests.engine.random_programs import INPUTS, programs
from tests.views.formula_reader import worked_out

SHAPES = {
    "W1": (4, 3), "b1": (4,), "x": (3,), "hbar1": (4,), "h1": (4,), "W2": (3, 4), "b2": (3,), "h2": (3,), "y": (3,),
    "p": (3,), "q": (3,), "s": (), "t": (), "loss": (), "learning_rate": (), "losses": (5,), "A": (5, 3), "B": (5, 3),
    "optimizer.beta1": (), "optimizer.t": (), "optimizer.weight_decay": (), "score": (), "sigma": (), "h": (3,),
    "hidden_2": (3,),
}  # fmt: skip
SHAPES |= {f"{name}.grad": SHAPES[name] for name in ("W1", "W2", "h1", "h2", "hbar1", "A", "p")}
SHAPES |= {f"{name}.next": SHAPES[name] for name in ("W1", "W2")} | {
    "W1.m": (4, 3),
    "W1.m.next": (4, 3),
    "W1.mhat": (4, 3),
}


def shown(text: str) -> str:
    e = parse_expression(text, operation)
    return formula_text(e, Symbols(names_in(e)), Shapes(SHAPES))


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("W1 @ x + b1", "W¹ x + b¹"),
        ("x @ W1.T + b1", "x (W¹)ᵀ + b¹"),
        ("W2.T @ h2.grad", "(W²)ᵀ ∂ℓ/∂h²"),
        ("outer(h2.grad, h1)", "∂ℓ/∂h² (h¹)ᵀ"),
        ("outer(hbar1.grad, x)", "∂ℓ/∂h̄¹ xᵀ"),
        ("p @ y", "pᵀ y"),
        ("p.T @ y", "pᵀ y"),
        ("p.T @ W2 @ h1", "pᵀ W² h¹"),
        ("outer(p.T, h1)", "p (h¹)ᵀ"),
        ("W1 - learning_rate * W1.grad", "W¹ − η ∂ℓ/∂W¹"),
        ("W1 - learning_rate * (W1.grad + optimizer.weight_decay * W1)", "W¹ − η · (∂ℓ/∂W¹ + λ W¹)"),
        ("h1.grad * (hbar1 > 0)", "∂ℓ/∂h¹ ⊙ [h̄¹ > 0]"),
        ("h1.grad * h1 * (1 - h1)", "∂ℓ/∂h¹ ⊙ h¹ ⊙ (1 − h¹)"),
        ("l2(h2, y)", "‖h² − y‖"),
        ("(h2 - y) / loss", "(h² − y) / ℓ"),
        ("(A - B) / (2 * losses[:, None])", "(A − B) / (2 column(ℓₙ))"),
        ("A[:, :, None, None] / (2 * b1[:, None, None])", "A / (2 b¹)"),
        ("A[:, :, None] * x[None, :]", "A[:, :, None] ⊙ row(x)"),
        ("(A - B) / 5", "(A − B) / 5"),
        ("A.grad / 5", "(∂ℓ/∂A) / 5"),
        ("mean(losses)", "mean(ℓₙ)"),
        ("0.5 * sum((y - h2) ** 2)", "0.5 · Σ (y − h²)²"),
        ("exp(x)", "eˣ"),
        ("exp(-x)", "e⁻ˣ"),
        ("exp(h2)", "exp(h²)"),
        ("exp(h - y)", "eʰ⁻ʸ"),
        ("exp(2 * x)", "exp(2 x)"),
        ("s ** -1 + t ** 0.5", "s⁻¹ + t^0.5"),
        ("s ** (t + 1)", "sᵗ⁺¹"),
        ("s * t", "s · t"),
        ("2 * x", "2 x"),
        ("x * 2", "x · 2"),
        ("score * (x + y)", "score · (x + y)"),
        ("sqrt(s) / (sqrt(t) + 1)", "(√s) / (√t + 1)"),
        ("W1.m.next / (1 - optimizer.beta1 ** optimizer.t)", "m(W¹)₍ₜ₊₁₎ / (1 − β₁ᵗ)"),
        ("cos(3.141592653589793 * s)", "cos(π · s)"),
        ("floor((s - 1) / 2)", "⌊(s − 1) / 2⌋"),
        ("leaky_relu(hbar1, slope=0.1)", "LeakyReLU(h̄¹; slope = 0.1)"),
        ("leaky_relu(hbar1, slope=0.01)", "LeakyReLU(h̄¹)"),
        ("clip(x, low=-1, high=2)", "clip(x; low = −1, high = 2)"),
        ("softmax(A, axis=0, temperature=2)", "softmax(A; axis = 0, temperature = 2)"),
        ("sum(A, axis=0)", "sum(A; axis = 0)"),
        ("sum(A, keepdims=True)", "Σ A (keepdims)"),
        ("l2(A, B, reduction='none')", "‖A − B‖ (each example)"),
        ("l2(A, B)", "‖A − B‖ (mean over the examples)"),
        ("norm(A - B)", "‖A − B‖"),
        ("cross_entropy(A, B, class_weights=x)", "−Σ x B ln A (weighted mean over the examples)"),
        ("cross_entropy(x, y, class_weights=p)", "−Σ p y ln x"),
        ("focal(x, y)", "−Σ y (1 − softmax(x))² ln softmax(x)"),
        ("focal(x, y, gamma=0.5, alpha=2)", "−2 Σ y (1 − softmax(x))^0.5 ln softmax(x)"),
        ("2 * l2(A, B)", "2 · (‖A − B‖ (mean over the examples))"),
        ("mse(A, B, reduction='sum')", "sum((A − B)²)"),
        ("cross_entropy(p, y)", "−Σ y ln p"),
        ("softmax_cross_entropy(h2, y, log_base=2)", "−Σ y log₂ softmax(h²)"),
        ("broadcast(s, shape=(3,))", "repeat(s; 3)"),
        ("scatter(x[1], index=(1,), shape=(3,))", "scatter(x[1]; to [1] of 3)"),
        ("max(0, x)", "max(0, x)"),
        ("max(x)", "max(x)"),
        ("where(y > 0, -y / p, 0)", "(−y / p where y > 0, else 0)"),
        ("x[0] * W1[0, 1]", "x[0] · W¹[0, 1]"),
        ("A[:, 1:]", "A[:, 1:]"),
        ("hidden_2 * 1e-8", "hidden_2 · 1e−08"),
    ],
)  # fmt: skip
def test_formula(text: str, formula: str) -> None:
    assert shown(text) == formula


def test_a_comparison_of_its_own_stands_in_brackets() -> None:
    equation = Equation("mask", parse_expression("x == y", operation))
    assert equation_formula(equation) == "mask = [x = y]"
    assert equation_latex(equation) == r"\mathrm{mask} = \left[x = y\right]"


def test_a_word_longer_than_a_line_is_cut_behind_a_bracket() -> None:
    text = "a = tanh(exp(tanh(exp(tanh(exp(x)))))) + b"
    assert broken(text, 20) == ["a =", "  tanh(exp(tanh(exp(", "  tanh(exp(x))))))", "  + b"]
    assert broken("x" * 30, 20) == ["x" * 30]


def test_a_column_in_front_of_a_matrix_is_turned_where_it_is_known_to_be_one() -> None:
    e = parse_expression("x @ W1.T + W1 @ x", operation)
    assert formula_text(e, shapes=Shapes(SHAPES), rows=frozenset()) == "xᵀ (W¹)ᵀ + W¹ x"
    assert formula_text(e, shapes=Shapes(SHAPES), rows=frozenset(("x",))).startswith("x (W¹)ᵀ")


def test_vectors_that_stand_as_rows_are_transposed_on_the_left() -> None:
    e = parse_expression("outer(x, h2.grad)", operation)
    assert formula_text(e, None, Shapes(SHAPES), frozenset(("x", "h2"))) == "xᵀ ∂ℓ/∂h²"
    assert formula_text(e, None, Shapes(SHAPES)) == "x (∂ℓ/∂h²)ᵀ"


# Each differs from every other in what it is worked out to.
ALIKE = [
    ["a / b / c", "a / (b / c)", "a / (b * c)", "a / b * c"],
    ["a - (b - c)", "a - b - c", "a - b * c", "(a - b) * c"],
    ["-(a ** 2)", "(-a) ** 2", "-a * 2"],
    ["log(a) * b", "log(a * b)", "log(a) ** b", "log(a ** b)"],
    ["sum(x) * y", "sum(x * y)", "sum(x + y)", "sum(x) + y", "sum(x) ** 2", "sum(x ** 2)"],
    ["sqrt(a ** 2)", "sqrt(a) ** 2", "sqrt(a) * b", "sqrt(a * b)", "sqrt(a + b)", "sqrt(a) + b"],
    ["h ** 2 + a", "h2 + a"],
    ["exp(a)", "e ** a"],
    ["exp(a + b)", "exp(a) + b", "exp(a) * b", "exp(a * b)"],
    ["a * (b > c)", "a * b > c", "(a > b) > c", "a > (b > c)"],
    ["W @ (x + y)", "W @ x + y"],
    ["W * x", "W @ x", "x @ W"],
    ["sigma * (a + b)", "sigmoid(a + b)"],
    ["abs(a) * b * abs(c)", "abs(a * abs(b) * c)"],
    ["norm(x) * norm(y)", "norm(norm(x) * y)"],
    ["h2.grad / a", "h2 / a"],
    ["2 * (a / b)", "2 / (a * b)"],
    ["a ** b ** c", "(a ** b) ** c"],
    ["x[0] ** 2", "x[0] * 2"],
    ["sum(A, axis=0)", "sum(A, axis=1)", "sum(A)"],
    ["softmax(A)", "softmax(A, axis=0)"],
    ["l2(A, B)", "l2(A, B, reduction='none')", "l2(A, B, reduction='sum')", "norm(A - B)"],
    ["mse(A, B)", "mse(A, B, reduction='none')", "mse(A, B, reduction='sum')"],
    ["x[:, None]", "x[None, :]", "x"],
    ["broadcast(a, shape=(2,))", "broadcast(a, shape=(3,))", "a"],
    ["ln @ x", "log(x)"],
]


@pytest.mark.parametrize("group", ALIKE, ids=lambda group: group[0])
def test_different_expressions_look_different(group: list[str]) -> None:
    expressions = [parse_expression(text, operation) for text in group]
    names = {name for e in expressions for name in names_in(e)}
    matrices, numbers = "WAB", "abcsigmahe"
    shapes = Shapes({n: (3, 3) if n in matrices else () if n in numbers and n not in "xy" else (3,) for n in names})
    for write in (formula_text, formula_latex):
        formulas = [write(e, Symbols(sorted(names)), shapes) for e in expressions]
        for one, other in combinations(formulas, 2):
            assert one != other


# --- any expression is read back to its value -------------------------------------------------------------------

Draw = Callable[[st.SearchStrategy[object]], object]
READABLE = {"a": (), "s": (), "learning_rate": (), "x": (3,), "y": (3,), "h1": (3,), "W1": (3, 3), "x.grad": (3,)}


@st.composite
def readable(
    draw: Callable[[st.SearchStrategy[object]], object], shape: tuple[int, ...] = (), depth: int = 3
) -> Expression:
    """An expression of that shape, of operations that the reader knows."""

    def part(of: tuple[int, ...] = shape) -> Expression:
        return draw(readable(of, depth - 1))  # type: ignore[return-value]

    leaves: list[Expression] = [Name(name) for name, known in READABLE.items() if known == shape]
    if not shape:
        leaves += [Const(2.0), Const(-3.0), Const(0.5)]
    if depth == 0:
        return draw(st.sampled_from(leaves))  # type: ignore[return-value]
    makers: list[Callable[[], Expression]] = [
        lambda: part() + part(),
        lambda: part() - part(),
        lambda: part() * part(),
        lambda: part(()) * part(),
        lambda: part() * part(()),
        lambda: part() / part(),
        lambda: part() / part(()),
        lambda: -part(),
        lambda: part() ** draw(st.sampled_from([2, 3, -1])),  # type: ignore[operator]
        lambda: part() * (part() > part()),
        lambda: getattr(call, draw(st.sampled_from(["exp", "tanh", "sigmoid", "relu", "abs", "sin"])))(part()),  # type: ignore[call-overload]
        lambda: call.log(part() ** 2 + 1),
        lambda: call.sqrt(part() ** 2),
        lambda: draw(st.sampled_from(leaves)),  # type: ignore[return-value, arg-type]
    ]
    if not shape:
        makers += [
            lambda: call.sum(part((3,))),
            lambda: call.norm(part((3,))),
            lambda: call.mean(part((3,))),
            lambda: part((3,)) @ part((3,)),
            lambda: part((3,))[1],
        ]
    if shape == (3,):
        makers += [lambda: part((3, 3)) @ part()]
    if shape == (3, 3):
        makers += [lambda: part() @ part(), lambda: part().T, lambda: call.outer(part((3,)), part((3,)))]
    return draw(st.sampled_from(makers))()  # type: ignore[operator, no-any-return]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([(), (3,), (3, 3)]).flatmap(readable), st.integers(0, 10**6))
def test_a_formula_reads_as_its_expression(e: Expression, seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = {name: np.asarray(generator.uniform(0.3, 1.7, shape)) for name, shape in READABLE.items()}
    symbols = Symbols([*READABLE, "loss"])
    text = formula_text(e, symbols, Shapes(READABLE))
    with np.errstate(all="ignore"):
        expected = value_of(e, values, xp)
        assume(bool(np.isfinite(expected).all()) and float(np.max(np.abs(expected))) < 1e12)
        found = worked_out(text, {symbols.text(name): value for name, value in values.items()})
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9, err_msg=text)


# --- random programs of the whole catalogue ------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(programs())
def test_any_program_has_formulas_and_latex(equations: tuple[Equation, ...]) -> None:
    shapes = Shapes(INPUTS)
    symbols = Symbols([*INPUTS, *(equation.name for equation in equations)])
    for equation in equations:
        text = equation_formula(equation, symbols, shapes)
        assert not set(text) & set("{}*@_\\")
        assert "  " not in text
        shapes.known[equation.name] = shapes(equation.expression)
        assert balanced(equation_latex(equation, symbols, shapes))
        for width in (20, 40, 60):
            lines = broken(text, width)
            for line in lines:
                assert width_of(line) <= width or " " not in line.strip()
            # a dot may be added where nothing else says that a line goes on
            assert "".join(lines).replace("·", "").replace(" ", "") == text.replace("·", "").replace(" ", "")


def balanced(latex: str) -> bool:
    depth = 0
    for character in latex.replace(r"\{", "").replace(r"\}", ""):
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    return depth == 0 and latex.count(r"\left") == latex.count(r"\right")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("h = W² tanh(W¹ x + b¹) + b²", 20, ["h = W²", "  · tanh(W¹ x + b¹)", "  + b²"]),
        ("ℓₙ = −Σ y ln softmax(h²) (each example)", 30, ["ℓₙ = −Σ y ln softmax(h²)", "  (each example)"]),
        ("a = b + c", 40, ["a = b + c"]),
    ],
)  # fmt: skip
def test_a_long_formula_breaks_at_its_operators(text: str, width: int, lines: list[str]) -> None:
    assert broken(text, width) == lines
