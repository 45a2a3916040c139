"""``inscape reproduce``: a published experiment, beside the numbers that are expected."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape._checks import check_choice
from inscape.cli.output import say, say_table, say_warning
from inscape.recipes import RECIPES


def reproduce(
    name: Annotated[str, Parameter(help=f"A recipe: {', '.join(RECIPES)}.")],
    /,
    *,
    run: Path | None = None,
    quick: bool = False,
    overwrite: bool = False,
) -> None:
    """Run the recipe NAME, and set its numbers beside the expected ones.

    Parameters
    ----------
    name
        A recipe.
    run
        The directory for results.json and the figures; left out, the next free one below runs/.
    quick
        A short form on part of the data, to see that it works.
    overwrite
        Replace the directory that is there.
    """
    check_choice("NAME", name, RECIPES)
    from inscape.recipes.reproduction import reproduce as run_recipe

    if quick:
        say_warning("a quick form on part of the data: its numbers prove nothing.")
    found, path = run_recipe(name, run, quick=quick, overwrite=overwrite, progress=True)
    say("")
    say_table(*found.table(), title=f"{name}: expected and measured")
    say("")
    say(f"Results  {path / 'results.json'}")
    say(f"Figures  {path / 'figures'}")
    say(f"Report   {path / 'report.html'}")
