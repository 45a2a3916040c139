"""``inscape lab``: look inside a run with your own hands, in a browser."""

from __future__ import annotations

import gc
import threading
import webbrowser
from pathlib import Path

from inscape.cli.output import say


def lab(run: Path | None = None, /, *, port: int | None = None, no_browser: bool = False) -> None:
    """Open RUN in the browser: see its map, and drag through it.

    Parameters
    ----------
    run
        A finished run of inscape fit; left out, the newest one below runs/.
    port
        Where it is served, to this machine alone; left out, a port that is free.
    no_browser
        Print the address and open nothing.
    """
    from inscape.lab.serving import check_packages, check_port

    check_packages()
    check_port(port)
    from inscape.lab import describe_run, newest_run, serve
    from inscape.runs import Run

    found = newest_run(Path("runs")) if run is None else Run(run)

    def tell(address: str) -> None:
        say(address)
        say("Ctrl-C ends it.")
        if not no_browser:
            # Some browsers are programs of the terminal, and come back when they are closed.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    say(f"Reading {found.path} ...")
    serve(describe_run(found), port=port, when_ready=tell)
    say("The lab is closed; the run is as it was.")
    # At its end Python would look through all that torch has loaded once more, for two seconds.
    gc.freeze()
