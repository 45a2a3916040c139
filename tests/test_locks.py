"""One writer at a time: by the system's lock, whoever it is, and whatever it leaves."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from inscape._errors import RunExistsError, RunWarning, StorageError
from inscape._files import claim_directory, next_free, staged_directory, write_atomic
from inscape._locks import LockedError, hold, lock_path, writer_of

HOLDS = """
import sys, time
from pathlib import Path
from inscape._locks import hold

with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def other(tmp_path):
    """Start another process that holds a path, and return it once it does."""
    started = []

    def start(path, seconds=60):
        command = [sys.executable, "-c", HOLDS, str(path), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(path):
    with hold(path):
        pass


def test_a_second_process_is_refused_and_told_who_is_there(other, tmp_path):
    path = tmp_path / "run"
    process = other(path)
    for refused in (
        lambda: ask(path),
        lambda: claim_directory(path, path, overwrite=True).__enter__(),
        lambda: staged_directory(path, overwrite=True).__enter__(),
    ):
        with pytest.raises(StorageError, match="must be written by one process at a time") as told:
            refused()
        assert f"process {process.pid} on " in str(told.value)
    assert str(process.pid) in writer_of(path)
    # Another name is another run.
    ask(tmp_path / "run-2")


def test_a_lock_goes_with_its_writer(other, tmp_path):
    path = tmp_path / "run"
    process = other(path, 0.0)
    process.wait()
    assert list(tmp_path.iterdir()) == []
    assert writer_of(path) is None
    ask(path)
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_killed_process_is_told_and_taken_over(other, tmp_path):
    path = tmp_path / "run"
    process = other(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert lock_path(path).exists()
    assert writer_of(path) is None
    with pytest.warns(RunWarning, match=f"by process {process.pid} on .* ended without an end"):
        ask(path)
    assert list(tmp_path.iterdir()) == []


def test_what_holds_a_path_may_ask_for_it_again_and_keeps_it(tmp_path):
    path = tmp_path / "run"
    with hold(path):
        with hold(path), staged_directory(path) as stage:
            write_atomic(stage / "file", "content")
        assert lock_path(path).exists()
    assert not lock_path(path).exists()


def test_two_threads_are_two_writers(tmp_path):
    path, told = tmp_path / "run", []

    def work():
        try:
            ask(path)
        except LockedError as error:
            told.append(error)

    with hold(path):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(told) == 1


def test_many_writers_that_wait_for_each_other_never_meet(tmp_path):
    # Each makes a directory that must not be there, and removes it: the lock's file comes and goes.
    path, inside, met, done = tmp_path / "run", tmp_path / "inside", [], []

    def work():
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            try:
                with hold(path):
                    try:
                        inside.mkdir()
                    except FileExistsError as error:
                        met.append(error)
                        return
                    done.append(None)
                    inside.rmdir()
            except LockedError:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []
    assert len(done) > 20


def test_a_name_that_somebody_is_about_to_write_is_not_free(other, tmp_path):
    other(tmp_path / "run")
    assert next_free(tmp_path / "run") == tmp_path / "run-2"
    with claim_directory(None, tmp_path / "run", overwrite=False) as path:
        assert path == tmp_path / "run-2"
        assert next_free(tmp_path / "run") == tmp_path / "run-3"
    with (
        pytest.raises(StorageError, match="one process at a time"),
        claim_directory(tmp_path / "run", tmp_path / "run", overwrite=False),
    ):
        pass


def test_parents_that_nothing_came_into_are_taken_back(tmp_path):
    ask(tmp_path / "runs" / "deep" / "run")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "runs").mkdir()
    ask(tmp_path / "runs" / "deep" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_parents_that_another_process_takes_back_are_made_again(tmp_path, monkeypatch):
    calls, real = [], os.open

    def meddle(file, *more):
        if not calls:
            (tmp_path / "runs").rmdir()
        calls.append(file)
        return real(file, *more)

    monkeypatch.setattr(os, "open", meddle)
    ask(tmp_path / "runs" / "run")
    assert calls[:2] == [lock_path(tmp_path / "runs" / "run")] * 2


def test_an_error_of_the_work_is_not_one_of_the_place(tmp_path):
    with (
        pytest.raises(OSError, match="Permission denied") as caught,
        claim_directory(tmp_path / "run", tmp_path, overwrite=False),
    ):
        raise OSError(errno.EACCES, "Permission denied", "data.csv")
    assert not isinstance(caught.value, StorageError)


def test_a_claim_refuses_what_is_there(tmp_path):
    write_atomic(tmp_path / "run" / "thesis.txt", "mine")
    for overwrite in (False, True):
        with (
            pytest.raises(RunExistsError),
            claim_directory(tmp_path / "run", tmp_path, overwrite=overwrite),
        ):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(
    ("host", "process", "refused"),
    [("here", "alive", True), ("here", "gone", False), ("elsewhere", "gone", True)],
)
def test_where_a_disk_knows_no_locks_what_the_file_tells_is_believed(
    host, process, refused, tmp_path, monkeypatch
):
    def cannot(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    done = subprocess.Popen(["true"])
    done.wait()
    told = {
        "host": os.uname().nodename if host == "here" else "another",
        "process": os.getpid() if process == "alive" else done.pid,
    }
    path = tmp_path / "run"
    monkeypatch.setattr(fcntl, "flock", cannot)
    ask(path)
    lock_path(path).write_text(json.dumps(told))
    if refused:
        with pytest.raises(LockedError, match="as its lock tells; remove it if that is not so"):
            ask(path)
    else:
        with pytest.warns(RunWarning, match="ended without an end"):
            ask(path)


def test_a_place_that_takes_no_lock_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="must be writable; a part of the path is a file"),
        claim_directory(tmp_path / "file" / "run", tmp_path, overwrite=False),
    ):
        pass
    assert Path(tmp_path / "file").is_file()
