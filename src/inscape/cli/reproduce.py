"""``inscape reproduce``: a published experiment, beside the numbers its source reports."""

from __future__ import annotations

from pathlib import Path

from inscape.cli.output import say


def reproduce(
    name: str,
    /,
    *,
    run: Path | None = None,
    quick: bool = False,
    overwrite: bool = False,
) -> None:
    """Run the recipe NAME, and set its numbers beside the published ones.

    Parameters
    ----------
    name
        A recipe, such as neuromatch-autoencoders.
    run
        The directory for results.json and the figures; left out, the next free one below runs/.
    quick
        A short form on part of the data, to see that it works.
    overwrite
        Replace the directory that is there.
    """
    say(name)
