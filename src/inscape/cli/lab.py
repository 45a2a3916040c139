"""``inscape lab``: look inside a run with your own hands, in a browser."""

from __future__ import annotations

import contextlib
import gc
import shlex
import threading
import warnings
import webbrowser
from pathlib import Path

from inscape._errors import RunNotFoundError
from inscape.cli.output import say, say_warning


def lab(run: Path | None = None, /, *, port: int | None = None, no_browser: bool = False) -> None:
    """Open RUN in the browser: see its map, drag through it, and watch another one learn.

    Parameters
    ----------
    run
        A finished run of inscape fit, or of inscape dynamics on a tree; left out, the newest fit
        below runs/. Where there is none, MNIST is learned before your eyes, and kept there.
    port
        Where it is served, to this machine alone; left out, a port that is free.
    no_browser
        Print the address and open nothing.
    """
    from inscape.lab.serving import check_packages, check_port

    check_packages()
    check_port(port)
    from inscape.estimators import DeadUnitWarning
    from inscape.lab import describe_run, newest_run, serve
    from inscape.lab.front_end import read_bundle
    from inscape.lab.learning import Learning
    from inscape.lab.session import EMPTY
    from inscape.runs import FitConfig, Run

    found = None if run is None else Run(run)
    if found is None:
        with contextlib.suppress(RunNotFoundError):
            found = newest_run(Path("runs"))
    document = EMPTY
    if found is not None:
        say(f"Reading {found.path} ...")
        document = describe_run(found)
    config = None if found is None else found.config
    learning = Learning(config if isinstance(config, FitConfig) else None)
    if found is None:
        read_bundle()
        say("There is no run yet: MNIST is learned in the page, and kept below runs/.")
        # Whoever opens the page finds something that moves.
        learning.learn(FitConfig()).result()

    def tell(address: str) -> None:
        say(address)
        say("Ctrl-C ends it.")
        if not no_browser:
            # Some browsers are programs of the terminal, and come back when they are closed.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with warnings.catch_warnings():
        # The page tells of them.
        warnings.simplefilter("ignore", DeadUnitWarning)
        serve(document, port=port, when_ready=tell, learning=learning)
    if learning.unfinished is not None:
        say_warning(f"go on with: inscape fit --resume {shlex.quote(str(learning.unfinished))}")
    say("The lab is closed." if found is None else "The lab is closed; the run is as it was.")
    # At its end Python would look through all that torch has loaded once more, for two seconds.
    gc.freeze()
