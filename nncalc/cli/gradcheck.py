"""`nncalc gradcheck`: every gradient against central differences."""

from __future__ import annotations

import typer

from nncalc.cli import output
from nncalc.cli.options import PLACES, Digits, File, Json
from nncalc.cli.source import problem_of

WRONG = 1


def gradcheck(file: File = None, json: Json = False, digits: Digits = PLACES) -> None:
    """Every gradient against central differences: of each value, each parameter and the input.

    The measure is |a − n| / max(|a|, |n|), as in cs231n's notes. Where a kink lies between the two evaluations, the
    unit that switched is named. The exit status is 1 if a gradient is wrong.

    Example:
    nncalc gradcheck problem.yaml
    nncalc gradcheck regression-as-printed
    """
    from nncalc.problem.checking import gradient_checks

    problem = problem_of(file)
    checks = gradient_checks(problem)
    if json:
        from nncalc.views.gradcheck import gradcheck_object

        title = {"title": problem.title} if problem.title else {}
        output.print_json({"nncalc": 1, "command": "gradcheck", **title, **gradcheck_object(checks)})
    else:
        from nncalc.views.gradcheck import gradcheck_view
        from nncalc.views.iteration import heading

        width, loss = output.width(), problem.forward.loss
        output.print_lines(heading(problem._replace(notes=""), width))
        output.print_lines(gradcheck_view(checks, notation=problem.notation, loss=loss, digits=digits, width=width))
    if not all(check.right for check in checks):
        raise typer.Exit(WRONG)
