"""A progress bar around any stream of reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tqdm.auto import tqdm

from inscape.training.loop import Report


def with_progress(reports: Iterable[Report], *, label: str) -> Iterator[Report]:
    """Pass reports through, and draw a live bar of them; it is silent where there is no terminal.

    Parameters
    ----------
    reports : iterable of Report
        As `train` yields them.
    label : str
        What stands before the bar.
    """
    with tqdm(desc=label, unit="step", disable=None, leave=True, dynamic_ncols=True) as bar:
        for report in reports:
            bar.total = report.n_steps
            bar.update(report.step - bar.n)
            words = f"epoch {report.epoch:.1f}, squared error {report.squared_error:.4f}"
            if report.dead_units:
                words += f", dead units {', '.join(map(str, report.dead_units))}"
            bar.set_postfix_str(words, refresh=False)
            yield report
