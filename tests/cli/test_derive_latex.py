"""`nncalc derive --latex`: equations that a sheet can take over."""

from __future__ import annotations

import re

import pytest

from nncalc.cli.run import run
from nncalc.problem import shipped


def latex(name: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert run(["derive", name, "--latex"]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_regression(capsys: pytest.CaptureFixture[str]) -> None:
    lines = latex("regression", capsys)
    assert lines[:6] == [
        r"\begin{align*}",
        r"  \bar{h}^{1} &= W^{1} x + b^{1} \\",
        r"  h^{1} &= \operatorname{ReLU}\left(\bar{h}^{1}\right) \\",
        r"  h^{2} &= W^{2} h^{1} + b^{2} \\",
        r"  \ell &= \left\lVert h^{2} - y \right\rVert \\",
        r"  \frac{\partial \ell}{\partial h^{2}} &= \frac{h^{2} - y}{\ell} \\",
    ]
    assert lines[-1] == r"\end{align*}"


@pytest.mark.parametrize("name", shipped.names())
def test_braces_and_brackets_match(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = latex(name, capsys)
    text = "\n".join(lines)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert all(line.count("&=") == 1 for line in lines[1:-1])
    assert text.isascii()
    assert not re.search(r"_\{[^{}]*\}_", text)  # LaTeX refuses a second subscript
