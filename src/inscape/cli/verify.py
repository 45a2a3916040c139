"""``inscape verify``: whether a run is what it was."""

from __future__ import annotations

import sys
from pathlib import Path

from inscape.cli.output import say, say_error


def verify(run: Path, /) -> None:
    """Check every file of RUN, and tell what holds, or one line for each fault.

    Parameters
    ----------
    run
        A run of any kind, finished or not; a model, or an export.
    """
    from inscape.runs import verify as verify_run

    found = verify_run(run)
    for fault in found.faults:
        say_error(fault)
    if found.faults:
        sys.exit(2)
    say(found.holds)
