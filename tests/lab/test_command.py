"""``inscape lab`` and ``inscape export --html``: what they say, and what they refuse."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from concurrent.futures import Future
from pathlib import Path

import pytest

from inscape.cli import main
from inscape.lab import front_end, serving
from inscape.lab.learning import Learning
from inscape.runs import FitConfig, Run

pytestmark = pytest.mark.usefixtures("placeholder")

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{40,}")


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def told_in_one_sentence(capsys):
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert len(told.err.strip().splitlines()) == 1
    return told.err


@pytest.fixture
def served(monkeypatch):
    """Stop before anything is served, and tell what would have been."""
    pytest.importorskip("uvicorn", reason="the extra lab is not installed")
    pytest.importorskip("starlette", reason="the extra lab is not installed")
    pytest.importorskip("websockets", reason="the extra lab is not installed")
    import uvicorn

    seen = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: seen.append(self.config))
    return seen


@pytest.fixture
def opened(monkeypatch):
    seen, happened = [], threading.Event()

    def open_browser(address):
        seen.append(address)
        happened.set()

    monkeypatch.setattr(webbrowser, "open", open_browser)
    seen.append(happened)
    return seen


@pytest.mark.parametrize("columns", ["40", "200"])
def test_the_address_stands_alone_on_one_line(
    digits_run, served, opened, monkeypatch, capsys, columns
):
    monkeypatch.setenv("COLUMNS", columns)
    assert call("lab", digits_run.path) == 0
    told = capsys.readouterr()
    [address] = [line for line in told.out.splitlines() if ADDRESS.fullmatch(line)]
    assert told.err == ""
    assert told.out.splitlines()[-1] == "The lab is closed; the run is as it was."
    assert opened[0].wait(timeout=10)
    assert opened[1:] == [address]
    # Another token each time.
    assert call("lab", digits_run.path, "--no-browser") == 0
    assert ADDRESS.search(capsys.readouterr().out)[0].split("=")[1] not in address
    assert len(opened) == 2
    assert len(served) == 2


def test_without_a_run_the_newest_below_runs_is_opened(
    digits_run, served, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    learned = []

    def learn(learning, config):
        learned.append(config)
        begun = Future()
        begun.set_result(None)
        return begun

    monkeypatch.setattr(Learning, "learn", learn)
    assert call("lab", "--no-browser") == 0
    told = capsys.readouterr().out
    assert "There is no run yet: MNIST is learned in the page, and kept below runs/." in told
    assert told.splitlines()[-1] == "The lab is closed."
    # What a bare `inscape fit` learns.
    assert learned == [FitConfig()]
    shutil.copytree(digits_run.path, tmp_path / "runs" / "mine")
    assert call("lab", "--no-browser") == 0
    assert f"Reading {Path('runs') / 'mine'} ..." in capsys.readouterr().out
    assert len(learned) == 1


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound.getsockname()[1]


def test_what_cannot_be_opened_is_one_sentence(digits_run, served, tmp_path, taken, capsys):
    unfinished = shutil.copytree(digits_run.path, tmp_path / "unfinished")
    (unfinished / "MANIFEST").unlink()
    dynamics = tmp_path / "dynamics"
    dynamics.mkdir()
    (dynamics / "config.toml").write_text('format = 2\nkind = "dynamics"\n')
    for arguments, words in (
        ([tmp_path / "nowhere"], "must be a run (a directory with a config.toml)"),
        ([unfinished], "go on with inscape fit --resume"),
        ([dynamics], "it is of kind 'dynamics'"),
        ([digits_run.path, "--port", taken], f"{taken} cannot be had (address already in use)"),
        ([digits_run.path, "--port", 0], "`port` must be an integer from 1 to 65535; got 0"),
        ([digits_run.path, "--port", 70000], "`port` must be an integer from 1 to 65535"),
        ([digits_run.path, "--prot", 80], "--prot"),
    ):
        assert call("lab", *arguments) == 2
        told = capsys.readouterr()
        assert told.err.startswith("error: ")
        assert words in told.err
        assert len(told.err.strip().splitlines()) == 1
        # A port is asked for before anything is read.
        assert told.out == "" or "--port" not in arguments
    assert served == []


@pytest.mark.parametrize("package", serving._PACKAGES)
def test_a_missing_extra_is_told_before_anything_is_read(package, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, package, None)
    assert call("lab", "nowhere") == 2
    error = told_in_one_sentence(capsys)
    assert "pip install 'inscape[lab]'" in error


def test_a_front_end_that_was_not_built_is_one_sentence(
    digits_run, served, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(front_end, "_MODULE", tmp_path / "lab.js")
    assert call("lab", digits_run.path, "--no-browser") == 2
    assert "npm run build" in told_in_one_sentence(capsys)
    assert call("export", digits_run.path, "--html", tmp_path / "lab.html") == 2
    assert "npm run build" in told_in_one_sentence(capsys)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- the file


def test_export_writes_one_page_and_says_what_is_in_it(digits_run, tmp_path, capsys):
    path = tmp_path / "lab.html"
    assert call("export", digits_run.path, "--html", path) == 0
    told = capsys.readouterr().out
    assert re.search(rf"Page     {re.escape(str(path))}, \d\.\d MB", told)
    n = digits_run.environment["data"]["n_test"]
    assert f"It holds {n:,} test rows of your data" in told
    before = path.read_bytes()
    assert call("export", digits_run.path, "--html", path) == 2
    assert "add --overwrite" in told_in_one_sentence(capsys)
    assert call("export", digits_run.path, "--html", path, "--overwrite") == 0
    assert path.read_bytes() == before


def test_a_page_that_cannot_be_made_is_one_sentence(digits_run, tmp_path, capsys):
    for arguments, words in (
        ([tmp_path / "nowhere", "--html", tmp_path / "lab.html"], "must be a run"),
        ([digits_run.path, "--html", digits_run.path / "lab.html"], "outside of every run"),
        ([digits_run.path, "--html", tmp_path], "must be a new file"),
        ([digits_run.path], "neither --onnx nor --hub nor --html"),
    ):
        assert call("export", *arguments) == 2
        assert words in told_in_one_sentence(capsys)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- as a process

PROCESS = """
import sys
from inscape.lab import front_end
from pathlib import Path
front_end._MODULE = Path(sys.argv.pop(1))
from inscape.cli import main
main()
"""


@pytest.fixture
def process(digits_run, built):
    pytest.importorskip("uvicorn", reason="the extra lab is not installed")
    command = [sys.executable, "-c", PROCESS, built, "lab", digits_run.path, "--no-browser"]
    environment = {**os.environ, "COLUMNS": "40", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        lines = iter(running.stdout.readline, "")
        running.address = next(line.strip() for line in lines if ADDRESS.match(line))
        yield running
        running.kill()


def ends_well(process):
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    seconds = time.monotonic() - start
    assert process.returncode == 0, errors
    assert errors == ""
    assert out.splitlines()[-1] == "The lab is closed; the run is as it was."
    return seconds


def answer_to(websocket, text):
    websocket.send(text)
    return websocket.recv(timeout=10)


@pytest.mark.proof
def test_a_page_and_sockets_that_do_odd_things_leave_the_server_unharmed(process):
    from websockets.exceptions import ConnectionClosed, InvalidStatus
    from websockets.sync.client import connect

    base, token = process.address.split("?")
    talk, origin = base.replace("http", "ws") + "socket?", base[:-1]
    with urllib.request.urlopen(process.address) as answer:
        assert answer.status == 200
    for wrong in (base, base + "document", base + "nowhere?token=x"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(wrong)
    for address, by in ((talk + "token=x", origin), (talk + token, "http://evil.example")):
        with pytest.raises(InvalidStatus, match="403"), connect(address, origin=by):
            pass
    # One that asks for all rows and goes, three that send what is far too long, one that goes amid.
    port = int(base.rsplit(":", 1)[1][:-1])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as gone:
            asked = f"GET /blob/rows?{token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            gone.sendall(asked.encode())
        with connect(talk + token, origin=origin) as other:
            told = answer_to(other, "x" * (1 << 21))
            assert '"message": "A message must be at most' in told
            with pytest.raises(ConnectionClosed):
                answer_to(other, "x" * (1 << 23))
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(b"\x16\x03\x01garbage\r\n\r\n" * 100)
    with connect(talk + token, origin=origin) as half:
        half.send('{"type": "decode", "id": 1, "codes": [[0, 0]]}')
        half.socket.shutdown(socket.SHUT_RDWR)
    with connect(talk + token, origin=origin) as other:
        told = answer_to(other, '{"type": "decode", "id": 2, "codes": [[0, 0]]}')
        assert '"type": "decoded"' in told
        # It ends, with a page that is open.
        assert ends_well(process) < 3


@pytest.mark.proof
def test_without_a_run_a_page_finds_one_being_learned_and_ctrl_c_tells_how_it_goes_on(
    built, tmp_path
):
    from websockets.sync.client import connect

    command = [sys.executable, "-c", PROCESS, built, "lab", "--no-browser"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as running:
        lines = iter(running.stdout.readline, "")
        address = next(line.strip() for line in lines if ADDRESS.match(line))
        base, token = address.split("?")
        start = time.monotonic()
        with connect(base.replace("http", "ws") + "socket?" + token, max_size=None) as client:
            assert '"type": "learning"' in client.recv(timeout=10)
            steps = [int(re.search(rb'"step": (\d+)', client.recv(timeout=10))[1])]
            assert time.monotonic() - start < 2
            while steps[-1] < steps[0] + 30:
                steps.append(int(re.search(rb'"step": (\d+)', client.recv(timeout=30))[1]))
        running.send_signal(signal.SIGINT)
        out, errors = running.communicate(timeout=60)
    assert running.returncode == 0
    assert out.splitlines()[-1] == "The lab is closed."
    assert "go on with: inscape fit --resume runs/mnist-ae2" in errors
    assert not Run(tmp_path / "runs" / "mnist-ae2").finished


@pytest.mark.proof
def test_ctrl_c_ends_it_within_a_second(process):
    # Of this machine's time, which tests of other projects may share: three at most.
    assert ends_well(process) < 3
