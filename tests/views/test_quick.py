"""The quick calculators' screens, to the letter, and the numbers that they refuse."""

from __future__ import annotations

import pytest

from nncalc.cli.run import run

SCREENS = {
    "softmax 2 -1 5 0 --label 2": """\
 m   h        eʰ       p       %
 1   2    7.3891  0.0470    4.70
 2  −1    0.3679  0.0023    0.23  ← label
 3   5  148.4132  0.9443   94.43
 4   0    1.0000  0.0064    0.64
 Σ      157.1701  1.0000  100.00

 ℓ = −ln p₂ = −ln 0.00234065 = 6.0573
 ∂ℓ/∂h = p − y =
   ⎡ 0.047 ⎤
   ⎢−0.9977⎥
   ⎢ 0.9443⎥
   ⎣ 0.0064⎦

 predicted class 3: wrong, the label is 2
""",
    "softmax 1 1 --temperature 2 --label 1 --log-base 3": """\
 m  h    z      eᶻ    p    %
 1  1  0.5  1.6487  0.5   50  ← label
 2  1  0.5  1.6487  0.5   50
 Σ          3.2974  1.0  100

 ℓ = −log_3 p₁ = −log_3 0.5 = 0.6309
 ∂ℓ/∂z = (p − y) / (ln 3) = [−0.4551  0.4551]ᵀ
 ∂ℓ/∂h = (∂ℓ/∂z) / 2 = [−0.2276  0.2276]ᵀ

 predicted class 1: right
 classes 1 and 2 tie; the first is taken as
   predicted
""",
    "softmax 1000 -1000 0": """\
 m      h  e^(h − max h)  p    %
 1   1000              1  1  100
 2  −1000              0  0    0
 3      0              0  0    0
 Σ                     1  1  100

 predicted class 1
 e^h would overflow: e^(h − max h) stands in
   its place; the quotients are the same
""",
    "hard-sigmoid 1 --slope 0": """\
 y = hardσ(x; slope = 0)
 dy/dx = 0

 x    y  dy/dx
 1  0.5      0
""",
    "elu 0 --alpha 2": """\
 y = ELU(x; alpha = 2)
 dy/dx = (1 where x > 0, else 2 · eˣ)

 x  y  dy/dx
 0  0      2

 x[1] = 0: ELU has no derivative at 0; α, the
   slope left of it, is used
""",
    "leaky-relu 0 --slope 1": """\
 y = LeakyReLU(x; slope = 1)
 dy/dx = (1 where x > 0, else 1)

 x  y  dy/dx
 0  0      1
""",
    "hard-swish -3": """\
 y = hardswish(x)
 dy/dx = ((x / 3 + 0.5 where x < 3, else 1)
   where x > −3, else 0)

  x  y  dy/dx
 −3  0      0

 x[1] = −3: hardswish has no derivative at −3
   and 3; 0 and 1 are used
""",
    "log-softmax 1 2": """\
 y = ln softmax(x)

 x        y   ∂y/∂x₁   ∂y/∂x₂
 1  −1.3133   0.7311  −0.7311
 2  −0.3133  −0.2689   0.2689
""",
}


@pytest.mark.parametrize("call", SCREENS)
def test_the_screen_at_46_columns(
    call: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "46")
    assert run(call.split()) == 0
    assert capsys.readouterr().out == SCREENS[call]


def test_a_gradient_that_fits_stands_in_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["softmax", "2", "-1", "5", "0", "--label", "2"]) == 0
    assert " ∂ℓ/∂h = p − y = [0.047  −0.9977  0.9443  0.0064]ᵀ\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            "relu 1,2",
            "'1,2' is not a number\n  expected a number such as 0.5, 1/3 or 1e-3\n"
            "  Numbers stand apart with blanks, and have a point: 1 2.5 3.\n",
        ),
        ("relu one", "'one' is not a number\n  expected a number such as 0.5, 1/3 or 1e-3\n"),
        ("relu nan", "nan is not a finite number\n  expected a finite number\n"),
        ("softmax 1 2 --temperature 0", "--temperature can't be 0\n  expected a number above 0\n"),
        ("softmax 1 2 --log-base 1", "--log-base can't be 1\n  expected 'e' or a number above 1\n"),
        (
            "softmax 2 1 --label 0",
            "there is no class 0\n  found 0, expected a whole number from 1 to 2\n"
            "  '--index-base 1' calls the first class 1, as on paper; write '--index-base 0' if ",
        ),
        ("hard_tanh 1 --low 1 --high -1", "nothing lies between low, 1, and high, −1\n"),
        ("hard_tanh 1 --low 1", "nothing lies between low, 1, and high, 1\n"),
        ("maxout 1 2 3 --pieces 2", "a vector of 3 can't be parted into pieces of 2\n"),
    ],
)
def test_what_is_refused(call: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(call.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"nncalc {call.split()[0]}: {message}")
