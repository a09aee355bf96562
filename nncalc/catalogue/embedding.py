"""Class numbers as arrays: one-hot vectors, which pick a row of an embedding's matrix."""

from __future__ import annotations

from typing import Any

from nncalc.catalogue.mistake import Mistake
from nncalc.catalogue.operation import Operation, Option, Shape
from nncalc.catalogue.substitutes import shifted
from nncalc.errors import DomainError
from nncalc.language.expression import Expression, call


def _one_hot(xp: Any, y: Any, classes: int) -> Any:
    numbers = xp.arange(classes)
    outside = xp.asarray(y)[..., None] == numbers
    if not outside.any(axis=-1).all():
        wrong = xp.asarray(y)[~outside.any(axis=-1)].reshape(-1)[0]
        raise DomainError(
            f"one_hot has no class {wrong:g}", label=f"expected whole numbers from 0 to {classes - 1}, as entries count"
        )
    return xp.where(outside, 1.0, 0.0)


def _shape(y: Shape, classes: int) -> Shape:
    return (*y, int(classes))


def _counted(by: int) -> Any:
    def value(y: Expression, *, shape_of: Any, classes: int) -> Expression | None:
        whole = call.one_hot(y, classes=classes)
        return None if classes == 1 else shifted(whole, shape_of(whole), by)

    return value


ENTRIES = (
    Operation(
        name="one_hot",
        args=("y",),
        options=(Option("classes", None, "how many classes there are", at_least=1, whole=True, required=True),),
        value=_one_hot,
        shape=_shape,
        gradients=(None,),
        text="one_hot({y})",
        latex=r"\operatorname{onehot}\left({y}\right)",
        meaning="for each class number, counted from 0, a vector of 0 with a 1 at its place",
        mistakes=(
            Mistake("label_base", "the class behind it is taken, as if the first one were 0", _counted(1)),
            Mistake("label_base", "the class before it is taken, as if the first one were 1", _counted(-1)),
        ),
        source="Goodfellow, Bengio, Courville, Deep Learning, section 6.2.2.3",
        example=("one_hot(step(x), classes=2)", "one_hot(step(a), classes=3)", "one_hot(step(A), classes=2)"),
    ),
)
