"""``inscape dynamics``: how a deep linear network comes to know, from first weights to last."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape.cli.output import say, say_table, say_warning
from inscape.runs.config import DynamicsConfig

_DEFAULT = DynamicsConfig()
_MOST_ROWS = 20


def dynamics(
    data: str | None = None,
    /,
    *,
    options: Annotated[DynamicsConfig, Parameter(name="*")] = _DEFAULT,
    run: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Train a deep linear network on DATA exactly, and show how its knowledge comes to be.

    Parameters
    ----------
    data
        tree, the default; a .npz file with the arrays inputs and targets, or X and y; or a table
        of which --target names the columns to predict.
    options
        What to learn, and what to look at.
    run
        The run's directory; left out, the next free one below runs/.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run that is there.
    """
    from inscape.runs.dynamics import run_dynamics
    from inscape.runs.dynamics.summary import HEADER, table_rows, tell_illusions

    asked = options if data is None else dataclasses.replace(options, data=data)
    made = run_dynamics(asked, run, overwrite=overwrite, progress=True)
    metrics = made.metrics
    loss, n_modes = metrics["loss"], len(metrics["modes"])
    if made.environment["data"]["told"]:
        say(f"Read as: {made.environment['data']['told']}.")
    title = (
        f"{Path(asked.data).stem}: loss {loss['initial']:.3g} to {loss['final']:.3g} in "
        f"{metrics['epochs']:,} epochs at learning rate {metrics['learning_rate']:.4g}"
    )
    if n_modes:
        say_table(HEADER, table_rows(metrics, most=_MOST_ROWS), title=title)
    else:
        say(f"{title}; nothing else is told of a training that diverged.")
    if n_modes > _MOST_ROWS:
        say(f"and {n_modes - _MOST_ROWS:,} weaker modes, in metrics.json")
    if metrics["theory"]:
        say(metrics["theory"])
    for sentence in tell_illusions(metrics):
        say(sentence)
    for sentence in metrics["warnings"]:
        say_warning(sentence)
    say("")
    say(f"Run      {made.path}")
    say(f"Figures  {made.path / 'figures'}")
    say(f"Report   {made.path / 'report.html'}")
