"""LaTeX of expressions: what a textbook would typeset, and nothing of the user's own as a command."""

from __future__ import annotations

import pytest

from nncalc.catalogue.index import MODULE_OF
from nncalc.catalogue.registry import operation
from nncalc.engine.shapes import Shapes
from nncalc.language.equation import Equation
from nncalc.language.expression import Apply, Name
from nncalc.language.parse import parse_expression
from nncalc.views.formula import formula_text
from nncalc.views.latex import equation_latex, formula_latex

SHAPES = Shapes(
    {"x": (3,), "y": (3,), "h2": (3,), "h2.grad": (3,), "h1": (4,), "hbar1": (4,), "h1.grad": (4,), "W1": (4, 3)}
    | {
        "W1.grad": (4, 3),
        "b1": (4,),
        "s": (),
        "loss": (),
        "learning_rate": (),
        "p": (3,),
        "A": (2, 3),
        "hidden_2": (3,),
        "T": (4, 2, 2),
    }
)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("W1 @ x + b1", "W^{1} x + b^{1}"),
        ("x @ W1.T", r"x \left(W^{1}\right)^{\top}"),
        ("outer(h2.grad, h1)", r"\frac{\partial \ell}{\partial h^{2}} \left(h^{1}\right)^{\top}"),
        ("p @ y", r"p^{\top} y"),
        ("W1 - learning_rate * W1.grad", r"W^{1} - \eta \frac{\partial \ell}{\partial W^{1}}"),
        (
            "h1.grad * (hbar1 > 0)",
            r"\frac{\partial \ell}{\partial h^{1}} \odot \left[\bar{h}^{1} > 0\right]",
        ),
        ("(h2 - y) / loss", r"\frac{h^{2} - y}{\ell}"),
        ("(x / y) ** 2", r"\left(\frac{x}{y}\right)^{2}"),
        ("s * s", r"s \cdot s"),
        ("3.141592653589793 / s", r"\frac{\pi}{s}"),
        ("floor(s)", r"\left\lfloor s \right\rfloor"),
        ("exp(-x)", "e^{-x}"),
        ("-(x ** 2)", "-x^{2}"),
        ("l2(h2, y)", r"\left\lVert h^{2} - y \right\rVert"),
        ("leaky_relu(x, slope=0.1)", r"\operatorname{LeakyReLU}\left(x; \mathrm{slope} = 0.1\right)"),
        ("sum(A, axis=0)", r"\operatorname{sum}\left(A;\ \mathrm{axis} = 0\right)"),
        ("l2(A, A, reduction='none')", r"\left\lVert A - A \right\rVert \;\text{(each example)}"),
        (
            "nll(A, A, log_base=2)",
            r"-\sum A A \;\left(\text{mean over the examples},\ \mathrm{log\_base} = 2\right)",
        ),
        ("nll(x, y, log_base=2)", r"-\sum y x \;\left(\mathrm{log\_base} = 2\right)"),
        ("hidden_2 * x", r"\mathrm{hidden\_2} \odot x"),
        ("x[:, None]", r"\operatorname{column}\left(x\right)"),
        ("b1[:, None, None] + T", "b^{1} + T"),
        ("A[0, 1:]", "A[0, 1:]"),
        ("1e-8 * x", "10^{-8} x"),
        ("2.5e-8 * x", r"2.5 \cdot 10^{-8} x"),
        ("where(x > 0, x, 0)", r"\begin{cases}x & x > 0\\0 & \text{otherwise}\end{cases}"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert formula_latex(parse_expression(text, operation), shapes=SHAPES) == latex


def test_an_equation() -> None:
    equation = Equation("hbar1", parse_expression("W1 @ x + b1", operation))
    assert equation_latex(equation) == r"\bar{h}^{1} = W^{1} x + b^{1}"


def test_words_of_a_setting_are_escaped() -> None:
    e = Apply("softmax", (Name("x"),), (("axis", r"\input{secret}_$"),))
    assert r"\mathrm{\textbackslash{}input\{secret\}\_\$}" in formula_latex(e)


@pytest.mark.parametrize("name", MODULE_OF)
def test_every_operation_is_written_with_all_its_arguments(name: str) -> None:
    """Each argument, a name of its own, stands in the text and in the LaTeX; settings stated stand there too."""
    entry = operation(name)
    names = [Name(f"{letter}_arg") for letter in "uvwxyz"[: len(entry.args)]]
    stated = {"index": ((0,)), "shape": ((7, 9))}
    settings = tuple((option.name, stated[option.name]) for option in entry.options if option.name in stated)
    e = Apply(name, tuple(names), settings)
    for argument in names:
        assert argument.id in formula_text(e)
        assert argument.id.replace("_", r"\_") in formula_latex(e)
    if "shape" in dict(settings):
        assert "7" in formula_text(e)
        assert "9" in formula_latex(e)
