"""The pages of `explain`: two exactly as they look at 60 columns, and what holds of all of them."""

from __future__ import annotations

import re
from unicodedata import normalize

import pytest

from nncalc.catalogue.derivation import read
from nncalc.catalogue.index import ACTIVATIONS, LAYERS, LOSSES, MODULE_OF, OPTIMIZERS
from nncalc.catalogue.layers import layer
from nncalc.catalogue.optimizers import optimizer
from nncalc.catalogue.registry import operation
from nncalc.catalogue.schedule import SCHEDULES
from nncalc.cli.output import STYLES
from nncalc.views.explain import Entry, explain_object, explain_view
from nncalc.views.explained_formula import ExplainedFormula
from nncalc.views.line import line_width, texts_of

SIGMOID = """\
sigmoid   1 / (1 + e⁻ˣ), between 0 and 1

definition
  σ(x) = 1/(1 + e⁻ˣ)

domain  (−∞, ∞)
  e⁻ˣ exists for every x, and 1 + e⁻ˣ is above 1, so never 0

range  (0, 1)
  x → −∞   e⁻ˣ → ∞, so   σ(x) → 0
  x = 0    e⁻ˣ = 1, so   σ(x) = 1/2
  x → ∞    e⁻ˣ → 0, so   σ(x) → 1
  1 + e⁻ˣ is above 1 and finite, so neither end is reached

derivative
  d/dx σ(x) = d/dx (1 + e⁻ˣ)⁻¹
            = −(1 + e⁻ˣ)⁻² · d/dx (1 + e⁻ˣ)
                chain rule, (u⁻¹)′ = −u⁻² u′
            = e⁻ˣ (1 + e⁻ˣ)⁻²
                chain rule, (e⁻ˣ)′ = −e⁻ˣ
            = e⁻ˣ/(1 + e⁻ˣ)²
            = σ(x) e⁻ˣ / (1 + e⁻ˣ)   σ(x) = 1/(1 + e⁻ˣ)
            = σ(x)((1 + e⁻ˣ) / (1 + e⁻ˣ) − 1/(1 + e⁻ˣ))
                e⁻ˣ = (1 + e⁻ˣ) − 1
            = σ(x)(1 − σ(x))         1/(1 + e⁻ˣ) = σ(x)

computed as
  σ(x) = (1 where x ≥ 0, else exp(−|x|)) / (1 + exp(−|x|))
  exp(−|x|) is at most 1, so nothing overflows

it also holds that
  σ(−x) = 1 − σ(x)

notes
  The derivative is largest at 0, where it is ¼; far from 0
  it vanishes.

often done wrong
  the minus in the exponent is left out
  the derivative is that of tanh, 1 − a²

source
  Goodfellow, Bengio, Courville, Deep Learning, eq. 3.30
"""

TANH = """\
tanh   (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), between −1 and 1

definition
  tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)
          = (1 − e⁻²ˣ) / (1 + e⁻²ˣ)

domain  (−∞, ∞)
  eˣ and e⁻ˣ exist for every x, and their sum is never 0

range  (−1, 1)
  x → −∞   e⁻²ˣ → ∞, so   tanh(x) → −1
  x = 0    e⁻²ˣ = 1, so   tanh(x) = 0
  x → ∞    e⁻²ˣ → 0, so   tanh(x) → 1
  eˣ − e⁻ˣ is smaller in size than eˣ + e⁻ˣ, so neither end
  is reached

derivative, from the first form
  d/dx tanh(x)
    = d/dx ((eˣ − e⁻ˣ) / (eˣ + e⁻ˣ))
    = ((eˣ + e⁻ˣ)(eˣ + e⁻ˣ) − (eˣ − e⁻ˣ)(eˣ − e⁻ˣ))
        / (eˣ + e⁻ˣ)²
        quotient rule, (u/v)′ = (u′v − u v′)/v²
    = 1 − (eˣ − e⁻ˣ)² / (eˣ + e⁻ˣ)²
        as two fractions, the first of them 1
    = 1 − tanh(x)²

derivative, from the second form
  d/dx tanh(x)
    = d/dx ((1 − e⁻²ˣ) / (1 + e⁻²ˣ))
    = (2e⁻²ˣ (1 + e⁻²ˣ) + (1 − e⁻²ˣ) · 2e⁻²ˣ) / (1 + e⁻²ˣ)²
        quotient rule, with (e⁻²ˣ)′ = −2e⁻²ˣ
    = 4e⁻²ˣ/(1 + e⁻²ˣ)²   above: 2e⁻²ˣ (1 + e⁻²ˣ + 1 − e⁻²ˣ)
    = ((1 + e⁻²ˣ)² − (1 − e⁻²ˣ)²) / (1 + e⁻²ˣ)²
        4u = (1 + u)² − (1 − u)², with u = e⁻²ˣ
    = 1 − (1 − e⁻²ˣ)² / (1 + e⁻²ˣ)²
        as two fractions, the first of them 1
    = 1 − tanh(x)²

it also holds that
  tanh(x) = 2σ(2x) − 1
  tanh(−x) = −tanh(x)

notes
  The derivative is largest at 0, where it is 1; far from 0
  it vanishes.

often done wrong
  the 2 in the exponents is left out
  the square in the derivative 1 − a² is left out
  the derivative is that of the sigmoid, a (1 − a)

source
  Goodfellow, Bengio, Courville, Deep Learning, section
  6.3.2
"""

EVERY: list[Entry] = [
    *map(operation, MODULE_OF),
    *(of_layers for names in LAYERS.values() for name in names if (of_layers := layer(name))),
    *(of_steps for names in OPTIMIZERS.values() for name in names if (of_steps := optimizer(name))),
]
every_entry = pytest.mark.parametrize("entry", EVERY, ids=[entry.name for entry in EVERY])


def screen(entry: Entry, width: int = 60, digits: int = 4) -> str:
    return "\n".join(texts_of(explain_view(entry, width=width, digits=digits))) + "\n"


def section(entry: Entry, title: str) -> list[str]:
    """The lines under a heading, without their indentation."""
    lines = screen(entry).splitlines()
    start = next(i for i, line in enumerate(lines) if line == title or line.startswith(f"{title}  "))
    end = next((i for i in range(start, len(lines)) if not lines[i]), len(lines))
    return [line[2:] for line in lines[start + 1 : end]]


def test_the_page_of_sigmoid() -> None:
    assert screen(operation("sigmoid")) == SIGMOID


def test_the_page_of_tanh() -> None:
    assert screen(operation("tanh")) == TANH


def test_the_other_conventions_are_those_that_the_entry_does_not_keep_to() -> None:
    assert section(operation("half_sse"), "also usual") == [
        "the sum of squares",
        "the mean of squares",
        "half the mean of squares",
    ]
    adam = optimizer("adam")
    assert adam is not None
    assert section(adam, "also usual") == ["ε inside the root"]
    assert "the averages are corrected" not in screen(adam)


@every_entry
@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_page_fits_and_ends_cleanly(entry: Entry, width: int) -> None:
    lines = explain_view(entry, width=width, digits=4)
    assert max(map(line_width, lines)) <= width
    assert all(text == text.rstrip() for text in texts_of(lines))
    assert {style for line in lines for _, style in line} <= set(STYLES)
    *_, last = "\n".join(texts_of(lines)).split("\n\n")
    assert last.startswith("source\n")


@every_entry
def test_no_page_shows_a_name_as_the_language_spells_it(entry: Entry) -> None:
    shown = screen(entry)
    for spelling in ("diff(", "yhat", "exp(-", "sqrt(", "**", "inf)", "-inf"):
        assert spelling not in shown
    # an entry of a vector, not a word such as epsilon_inside
    assert not re.search(r"_[ij]\b", shown)


@every_entry
def test_every_line_of_the_json_reads_back(entry: Entry) -> None:
    found = explain_object(entry)
    assert list(found)[:4] == ["nncalc", "command", "name", "definition"]
    assert list(found)[-1] == "source"
    for line in found.get("derivation", ()):
        expression = line.partition("#")[0].strip()
        assert not expression or read(expression.partition(" = ")[2] or expression)
    if "derivative" in found:
        read(found["derivative"])


@pytest.mark.parametrize("name", [*ACTIVATIONS, *LOSSES])
def test_every_derivation_stands_on_the_page(name: str) -> None:
    entry = operation(name)
    assert entry.explanation is not None
    assert screen(entry).count("\nderivative") == len(entry.explanation.derivations)
    assert screen(entry).count("\nat ") == len(entry.explanation.kinks)


@pytest.mark.parametrize(
    ("text", "partial", "shown"),
    [
        ("diff((1 + exp(-x)) ** -1, x)", False, "d/dx (1 + e⁻ˣ)⁻¹"),
        ("x * diff(sigmoid(x), x)", False, "x · d/dx σ(x)"),
        ("diff(x * Phi, x)", False, "d/dx (x Φ)"),
        ("diff(S, h_j) / S - y_j", True, "(∂S/∂hⱼ)/S − yⱼ"),
        ("-diff(S, h_j) / S", True, "(−∂S/∂hⱼ)/S"),
        ("-sum(y * log(p))", True, "−Σ y ln p"),
        ("diff(-sum(y * log(p)), h_j)", True, "∂/∂hⱼ (−Σ y ln p)"),
        ("exp(h_i) / sum(exp(h))", True, "exp(hᵢ) / Σ exp(h)"),
        ("-(exp(h_i) / S * (exp(h_j) / S))", True, "−(exp(hᵢ)/S)(exp(hⱼ)/S)"),
        ("2 * (yhat_i - y_i) / n", True, "2(ŷᵢ − yᵢ) / n"),
        ("0 * S - 2 * exp(-2 * x)", False, "0 · S − 2e⁻²ˣ"),
        ("slope * x", False, "slope · x"),
        ("x / sqrt(2) + 1 / 2", False, "x/√2 + 1/2"),
        ("where(x > 0, 1, slope)", False, "1 where x > 0, else slope"),
        ("1 - (a + b) * (a - b) / (a * a)", False, "1 − (a + b)(a − b) / a²"),
    ],
)
def test_formulas_of_explanations(text: str, partial: bool, shown: str) -> None:
    assert normalize("NFC", ExplainedFormula(partial).text(text)) == shown


def test_points_are_rounded_to_the_digits_asked_for() -> None:
    assert "  x ≈ −1.28                  SiLU(x) ≈ −0.28" in screen(operation("silu"), digits=2).splitlines()
    assert "range  [−0.278465, ∞)" in screen(operation("silu"), digits=6)


def test_a_kink_says_what_is_used() -> None:
    assert section(operation("relu"), "at x = 0") == [
        "d/dx ReLU(x) is 0 on the left, 1 on the right",
        "no derivative; 0 is used, as PyTorch does",
    ]
    assert section(operation("abs"), "derivative") == [
        "d/dx |x| = sign(x)",
        "|x| has no derivative at 0; 0 is used",
    ]


def test_what_has_no_derivation_shows_its_equations() -> None:
    assert section(operation("matmul"), "written") == ["r = A x", "A is 2×3, x is a vector of 3"]
    assert section(operation("matmul"), "gradient of a loss ℓ") == ["∂ℓ/∂A = ∂ℓ/∂r xᵀ", "∂ℓ/∂x = Aᵀ ∂ℓ/∂r"]
    assert section(operation("divide"), "derivative") == ["∂/∂a (a/b) = 1/b", "∂/∂b (a/b) = −a/b²"]


def test_an_optimizer_shows_its_step() -> None:
    sgd = optimizer("sgd")
    assert sgd is not None
    assert section(sgd, "step") == ["W₍ₜ₊₁₎ = W − η ∂ℓ/∂W"]
    assert section(sgd, "step with weight_decay") == ["W₍ₜ₊₁₎ = W − η · (∂ℓ/∂W + λ W)"]


@pytest.mark.parametrize("name", [name for names in OPTIMIZERS.values() for name in names])
def test_an_optimizer_says_what_each_schedule_is(name: str) -> None:
    found = optimizer(name)
    assert found is not None
    shown = section(found, "schedules")
    assert [line.strip() for line in shown if line.strip().startswith(("η = ", "·"))] == [
        "η = η₀ · factor^⌊(t − 1) / every⌋",
        "η = η₀ · factorᵗ⁻¹",
        "η = floor + (η₀ − floor)",
        "· (1 + cos(π · (t − 1) / steps)) / 2",
        "η = η₀ / (1 + decay · (t − 1))",
        "η = η₀ · min(1, t / steps)",
    ]
    assert all(any(line.startswith(f"{schedule.name}   ") for line in shown) for schedule in SCHEDULES)


def test_a_layer_shows_its_equations_and_gradients() -> None:
    dense = layer("dense")
    assert dense is not None
    assert section(dense, "forward") == ["h¹ = W¹ x + b¹"]
    assert section(dense, "gradient of a loss ℓ") == [
        "∂ℓ/∂W¹ = ∂ℓ/∂h¹ xᵀ",
        "∂ℓ/∂x = (W¹)ᵀ ∂ℓ/∂h¹",
        "∂ℓ/∂b¹ = ∂ℓ/∂h¹",
    ]


def test_the_slip_of_the_sign_is_named() -> None:
    notes = " ".join(section(operation("l2"), "notes"))
    assert "A common slip is (y − ŷ)/ℓ, the negative of this" in notes
