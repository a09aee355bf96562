"""A problem file → Problem: its keys, what goes with what, and everything checked before a number is computed."""

from __future__ import annotations

from pathlib import Path

from nncalc.engine.shapes import infer
from nncalc.errors import NncalcError, ProblemError
from nncalc.problem.document import read_document
from nncalc.problem.optimizing import read_optimizer, setting_shapes
from nncalc.problem.problem import Problem
from nncalc.problem.schema import name_list, text, word
from nncalc.problem.source import clean_text, read_file
from nncalc.problem.tree import refuse_unknown

COMMON = (
    "title", "source", "notes", "optimizer", "index_base", "notation", "overrides", "frozen", "seed", "points",
    "regularization",
)  # fmt: skip
WITH_LAYERS = ("inputs", "input_shape", "labels", "layers", "loss", "convention", "batch")
WITH_EQUATIONS = ("equations", "given", "parameters")


def load_file(path: str, as_batch: bool = False) -> Problem:
    """The problem in a file. Raises NncalcError with the place of what can't be used."""
    return load_text(read_file(path), path, Path(path).parent, as_batch)


def load_text(content: str, source: str, folder: Path | None, as_batch: bool = False) -> Problem:
    """The problem that a text states; files that it names stand below `folder`. as_batch: one example is a batch."""
    # each way to write a problem is imported when a file takes it: a third of what loading costs
    document = read_document(content, source)
    if "layers" in document and "equations" in document:
        raise ProblemError(
            "a problem has layers or equations, not both", label="found both", key="equations",
            place=document.key_place("equations"),
        )  # fmt: skip
    if "equations" in document:
        from nncalc.problem.from_equations import from_equations

        refuse_unknown(document, (*WITH_EQUATIONS, *COMMON))
        problem = from_equations(document, folder)
    else:
        refuse_unknown(document, (*WITH_LAYERS, *COMMON, *WITH_EQUATIONS))
        misplaced = next((key for key in ("given", "parameters") if key in document), None)
        if misplaced:
            raise ProblemError(
                f"'{misplaced}' goes with 'equations'", label="found no 'equations'", key=misplaced,
                place=document.key_place(misplaced),
            )  # fmt: skip
        if "layers" not in document:
            raise ProblemError(
                "the file has neither layers nor equations", label="expected 'layers:' or 'equations:'",
                place=document.place,
            )  # fmt: skip
        from nncalc.problem.from_layers import from_layers

        problem = from_layers(document, folder, as_batch)
    problem = problem._replace(
        file=source,
        document=document,
        title=clean_text(text(document, "title")).strip(),
        source=clean_text(text(document, "source")).strip(),
        notes=clean_text(text(document, "notes")).strip(),
        notation=word(document, "notation", ("h", "z"), "h"),
    )
    problem = read_optimizer(document.get("optimizer"), problem, folder)
    try:
        if "regularization" in document:
            from nncalc.problem.regularization import regularized

            problem = regularized(problem, document)
        if "overrides" in document:
            from nncalc.problem.overrides import apply_overrides

            problem = apply_overrides(problem, document.entries["overrides"])
        infer(problem.forward, {**problem.shapes, **setting_shapes(problem)})
        problem = problem._replace(frozen=name_list(document, "frozen", problem.forward.parameters))
        if problem.overrides:
            from nncalc.problem.work import check_overrides

            check_overrides(problem)
        if "points" in document:
            from nncalc.problem.points import points_of

            problem = problem._replace(points=points_of(problem))
    except NncalcError as error:
        raise problem.located(error) from None
    return problem
