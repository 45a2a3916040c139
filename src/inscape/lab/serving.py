"""Serving the lab on this machine, and what has to be there for it."""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from inscape._checks import check_integer, missing_dependency
from inscape._errors import StorageError
from inscape.lab.document import Document

if TYPE_CHECKING:
    from inscape.lab.learning import Learning

_PACKAGES: Final = ("starlette", "uvicorn", "websockets")
_HOST: Final = "127.0.0.1"
# What a page sends is answered in one sentence if it is too long, and not even read beyond this.
_MOST_RECEIVED: Final = 4 << 20
# Seconds in which those who are being answered may end, on Ctrl-C.
_TO_THE_END: Final = 0.3


def serve(
    document: Document,
    *,
    port: int | None = None,
    when_ready: Callable[[str], None] = print,
    learning: Learning | None = None,
) -> None:
    """Show a document in the browsers of this machine, until Ctrl-C.

    Parameters
    ----------
    document : Document
        Of `describe_run` or `describe`.
    port : int or None
        Where; None takes one that is free.
    when_ready : callable
        Is given the address, with a token that is drawn anew each time: no other address is
        answered.
    learning : Learning or None
        What is learned while it is shown, maybe already; it ends with the server. What a page
        starts is kept below ``runs/``.

    Raises
    ------
    MissingDependencyError
        If the extra ``lab`` is not installed.
    InvalidParameterError
        If the port is none.
    StorageError
        If the port is taken, or you may not use it.
    """
    check_packages()
    import uvicorn

    from inscape.lab.learning import Learning
    from inscape.lab.server import make_app

    learned = Learning() if learning is None else learning
    with contextlib.closing(learned), _bind(port) as bound:
        port, token = bound.getsockname()[1], secrets.token_urlsafe()
        config = uvicorn.Config(
            make_app(document, token=token, port=port, learning=learned),
            loop="asyncio",
            http="h11",
            ws="websockets-sansio",
            ws_max_size=_MOST_RECEIVED,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_TO_THE_END,  # type: ignore[arg-type]
        )
        # The server ends in order first, and then raises the signal again.
        with contextlib.suppress(KeyboardInterrupt):
            when_ready(f"http://{_HOST}:{port}/?token={token}")
            uvicorn.Server(config).run(sockets=[bound])


def check_packages() -> None:
    """Make sure that what serves the lab is installed.

    Raises
    ------
    MissingDependencyError
        If it is not; the extra that brings it is named.
    """
    for package in _PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise missing_dependency(package, "The lab", "lab") from error


def check_port(port: int | None) -> None:
    """Refuse a port that cannot be had, before any work.

    Raises
    ------
    InvalidParameterError
        If it is none.
    StorageError
        If it is taken, or you may not use it.
    """
    _bind(port).close()


def _bind(port: int | None) -> socket.socket:
    number = 0 if port is None else check_integer("port", port, minimum=1, maximum=65535)
    try:
        return socket.create_server((_HOST, number))
    except OSError as error:
        raise StorageError(
            f"The port must be free, and one that you may use; {number} cannot be had "
            f"({os.strerror(error.errno or 0).lower()}): choose another one with --port, or leave "
            "it out."
        ) from error
