"""The steps of a job, told on a terminal before each is taken."""

from __future__ import annotations

from collections.abc import Iterable

from tqdm.auto import tqdm


def take(steps: Iterable[str], *, total: int, progress: bool) -> None:
    """Take all steps of a job.

    Parameters
    ----------
    steps : iterable of str
        Gives what it is about to do, and does it when asked for the next.
    total : int
        How many there are.
    progress : bool
        Whether to draw a progress bar on a terminal.
    """
    with tqdm(steps, total=total, leave=False, disable=None if progress else True) as bar:
        for step in bar:
            bar.set_description(step)
