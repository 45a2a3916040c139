"""One writer at a time: a directory is locked by its name while it is written.

The lock is a file beside it, so that a name can be locked that is not there yet. The system lets go
of it when its process ends, however it ends; what the file tells, host and process, is for people.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inscape._errors import RunWarning, StorageError

# Some network disks know no locks.
_CANNOT = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_TRIES = 5
# What this chain of calls holds already: its own parts need not ask again.
_HELD: ContextVar[tuple[Path, ...]] = ContextVar("inscape_held", default=())


class LockedError(StorageError):
    """Another process is writing there."""


def lock_path(path: Path) -> Path:
    """Return where the lock of a directory lies: beside it."""
    return path.with_name(f".{path.name}.inscape.lock")


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Keep every other process from writing a directory, which need not be there yet.

    Parameters
    ----------
    path : Path
        The directory.

    Raises
    ------
    LockedError
        If another process is writing it.
    OSError
        If nothing can be written beside it.

    Warns
    -----
    RunWarning
        If a process that is gone left its lock.
    """
    path = Path(os.path.abspath(path))
    if path in _HELD.get():
        yield
        return
    made = _make_parents(path)
    try:
        handle = _lock(path)
        token = _HELD.set((*_HELD.get(), path))
        try:
            yield
        finally:
            _HELD.reset(token)
            # First, so that nobody takes a lock that is about to go.
            lock_path(path).unlink(missing_ok=True)
            os.close(handle)
    finally:
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()


def writer_of(path: Path) -> str | None:
    """Return in words who is writing a directory; None where nobody is."""
    try:
        handle = os.open(lock_path(path), os.O_RDWR)
    except OSError:
        return None
    try:
        return _holder(handle)
    finally:
        os.close(handle)


def _make_parents(path: Path) -> list[Path]:
    missing = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _lock(path: Path) -> int:
    file = lock_path(path)
    tries = 0
    while True:
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            # Another process has just taken back the parents that it had made.
            path.parent.mkdir(parents=True, exist_ok=True)
            continue
        try:
            holder = _holder(handle)
            if holder is not None and (tries := tries + 1) < _TRIES:
                # Who only asks, as `writer_of` does, has it for a moment.
                time.sleep(0.01)
            elif holder is not None:
                raise LockedError(
                    f"{path} must be written by one process at a time; {holder} is writing it: "
                    "wait until that has ended, or choose another directory."
                )
            elif _is(file, handle):
                _sign(path, handle)
                return handle
        except BaseException:
            os.close(handle)
            raise
        # It is asked for again, or whoever held it has removed it since.
        os.close(handle)


def _holder(handle: int) -> str | None:
    """Take the lock of an open file; return in words who has it already."""
    told = _read(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _words(told)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        # What the file tells is all that there is: of another machine nobody here knows more.
        if told and not (told.get("host") == socket.gethostname() and _is_gone(told["process"])):
            return f"{_words(told)} (as its lock tells; remove it if that is not so)"
    return None


def _is_gone(process: Any) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _is(file: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(handle))
    except FileNotFoundError:
        return False


def _sign(path: Path, handle: int) -> None:
    """Write who we are into the lock, and say whom it was of."""
    told = _read(handle)
    own = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, (json.dumps(own) + "\n").encode(), 0)
    if told:
        warnings.warn(
            f"{path} was being written by {_words(told)}, which ended without an end: its lock is "
            "taken over.",
            RunWarning,
            stacklevel=5,
        )


def _read(handle: int) -> dict[str, Any]:
    try:
        told = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return told if isinstance(told, dict) and "process" in told else {}


def _words(told: dict[str, Any]) -> str:
    if not told:
        return "another process"
    return f"process {told['process']} on {told.get('host')} (since {told.get('since')})"
