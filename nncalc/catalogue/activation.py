"""What every activation's entry has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nncalc.catalogue.explanation import Explanation
from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Kinks, Operation, Option, Rule, Shape, broadcast


def activation(
    name: str,
    *,
    value: Any,
    derivative: Rule,
    text: str,
    latex: str,
    meaning: str,
    source: str,
    options: tuple[Option, ...] = (),
    shape: Callable[..., Shape] = broadcast,
    kinks: Kinks = (),
    at_kink: str = "",
    domain: tuple[tuple[float, float], ...] = ((-3.0, 3.0),),
    explanation: Explanation | None = None,
    mistakes: tuple[Mistake, ...] = (),
) -> Operation:
    """An elementwise operation of one array x, with the derivative rule(ans, x, **settings)."""
    return Operation(
        name=name,
        args=("x",),
        options=options,
        value=value,
        shape=shape,
        derivatives=(derivative,),
        text=text,
        latex=latex,
        meaning=meaning,
        source=source,
        kinks=kinks,
        at_kink=at_kink,
        domain=domain,
        explanation=explanation,
        mistakes=mistakes,
        example=(f"{name}(x)", *(f"{name}(x, {option.name}=0.3)" for option in options)),
    )
