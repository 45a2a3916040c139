"""A progress bar around any stream of reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tqdm.auto import tqdm

from inscape.training.loop import Report
from inscape.training.state import TrainingState


def with_progress(
    pairs: Iterable[tuple[Report, TrainingState]], *, label: str, leave: bool = True
) -> Iterator[tuple[Report, TrainingState]]:
    """Pass reports through, and draw a live bar of them; it is silent where there is no terminal.

    Parameters
    ----------
    pairs : iterable of (Report, TrainingState)
        As `Autoencoder.iter_fit` yields them.
    label : str
        What stands before the bar.
    leave : bool
        Whether the bar stays when all is done.
    """
    with tqdm(desc=label, unit="step", disable=None, leave=leave, dynamic_ncols=True) as bar:
        for report, state in pairs:
            bar.total = report.n_steps
            bar.update(report.step - bar.n)
            words = f"epoch {report.epoch:.1f}, squared error {report.squared_error:.4f}"
            if report.dead_units:
                words += f", {len(report.dead_units)} dead units"
            bar.set_postfix_str(words, refresh=False)
            yield report, state
