"""A training over sockets: all see the same, and who reads slowly or goes harms nobody."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import threading
import time

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra lab is not installed")
pytest.importorskip("uvicorn", reason="the extra lab is not installed")
pytest.importorskip("websockets", reason="the extra lab is not installed")

import uvicorn
from tests.lab.test_learning import unpack
from websockets.sync.client import connect

from inscape import data
from inscape.lab import describe_run
from inscape.lab import learning as room
from inscape.lab.learning import Learning
from inscape.lab.server import make_app
from inscape.lab.session import EMPTY
from inscape.runs import FitConfig, Run

TOKEN = "the-token"
END = {"learned", "stopped", "crashed", "error"}
SHORT = {"data": "digits", "hidden": [8], "epochs": 3}
LONG = {"data": "digits", "hidden": [8], "epochs": 20}


class Served:
    """A server in a thread."""

    def __init__(self, document, learning):
        self.learning = learning
        bound = socket.create_server(("127.0.0.1", 0))
        self.port = bound.getsockname()[1]
        app = make_app(document, token=TOKEN, port=self.port, learning=learning)
        config = uvicorn.Config(
            app,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([bound],))
        self.thread.start()

    def join(self, **options):
        address = f"ws://127.0.0.1:{self.port}/socket?token={TOKEN}"
        return connect(address, compression=None, max_size=None, **options)

    def get(self, path):
        import httpx2

        return httpx2.get(f"http://127.0.0.1:{self.port}{path}?token={TOKEN}")


# With real sockets and trainings: long.
pytestmark = pytest.mark.proof


@pytest.fixture
def serving(undrawn, placeholder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.ExitStack() as stack:

        def serve(document=EMPTY, learning=None):
            served = Served(document, Learning() if learning is None else learning)
            stack.callback(served.thread.join)
            stack.callback(setattr, served.server, "should_exit", True)
            stack.callback(served.learning.close)
            return served

        yield serve


def say(client, **told):
    client.send(json.dumps(told))


def read(client, seconds=60):
    message = client.recv(timeout=seconds)
    return unpack(message) if isinstance(message, bytes) else json.loads(message)


def hear(client, until):
    heard = [read(client)]
    while heard[-1]["type"] not in until:
        heard.append(read(client))
    return heard


def test_an_empty_lab_learns_and_opens_what_it_learned(serving):
    served = serving()
    told = served.get("/document").json()
    assert told == {"format": 1, "empty": True, "capabilities": ["learn"], "blobs": {}}
    assert served.get("/").status_code == 200
    with served.join() as client:
        for kind in ("decode", "encode"):
            say(client, type=kind, id=7, codes=[[0, 0]], rows=[[0] * 64])
            assert "A run must be open" in read(client)["message"]
        say(client, type="open", id=8)
        assert "Something must have been learned" in read(client)["message"]
        say(client, type="learn", id=1, config=SHORT)
        heard = hear(client, END)
        kinds = [told["type"] for told in heard]
        assert kinds[0] == "learning"
        assert set(kinds[1:-1]) == {"frame"}
        assert kinds[-1] == "learned"
        say(client, type="open", id=2)
        assert read(client) == {"type": "opened", "id": 2}
        told = served.get("/document").json()
        assert told["capabilities"] == ["decode", "encode", "learn"]
        assert told["provenance"]["run"] == "digits-ae2"
        codes = served.get("/blob/codes").content
        model, X = Run(heard[-1]["run"]).load(), data.load("digits").test.X
        assert np.frombuffer(codes, "<f4")[: 2 * len(X)].tobytes() == model.transform(X).tobytes()
        # Rows of the data go into the encoder, and what comes out comes back.
        say(client, type="encode", id=3, rows=X[:5].tolist())
        encoded = read(client)
        assert (encoded["type"], encoded["id"]) == ("encoded", 3)
        np.testing.assert_allclose(encoded["codes"], model.transform(X[:5]), rtol=0, atol=1e-6)
        say(client, type="encode", id=4, rows=[[0] * 63])
        assert "lists of 64 finite numbers" in read(client)["message"]
        # What is open is learned from where no data are named.
        say(client, type="learn", id=5, config={"hidden": [4], "epochs": 1})
        heard = hear(client, END)
        assert heard[0]["config"]["data"] == "digits"
        assert heard[-1]["run"] == "runs/digits-ae2-2"


def test_a_page_that_goes_while_the_data_are_read_leaves_the_training_unharmed(
    serving, monkeypatch
):
    reading, go_on = threading.Event(), threading.Event()
    load = room.load_data

    def slowly(config):
        reading.set()
        assert go_on.wait(timeout=20)
        return load(config)

    monkeypatch.setattr(room, "load_data", slowly)
    served = serving()
    with served.join() as client:
        say(client, type="learn", id=1, config=SHORT)
        assert reading.wait(timeout=20)
        # It is heard meanwhile.
        say(client, type="open", id=2)
        assert read(client)["id"] == 2
        say(client, type="learn", id=3, config=SHORT)
        assert "One thing is learned at a time" in read(client)["message"]
    go_on.set()
    with served.join() as other:
        assert hear(other, END)[-1]["type"] == "learned"


def test_what_cannot_be_learned_is_told_to_the_page_that_asked(serving):
    served = serving()
    with served.join() as client, served.join() as other:
        for told, words in (
            ({"config": {"dta": "mnist"}}, "Did you mean 'data'?"),
            ({}, "config must be an object"),
            ({"config": {"data": "nowhere.csv"}}, "nowhere.csv"),
            ({"config": {**SHORT, "n_components": 0}}, "n_components"),
        ):
            say(client, type="learn", id=3, **told)
            answer = read(client)
            assert (answer["type"], answer["id"]) == ("error", 3)
            assert words in answer["message"]
            assert "\n" not in answer["message"]
        for order in ("pause", "go on", "stop"):
            say(client, type=order)
            answer = read(client)
            assert (answer["type"], answer["id"]) == ("error", None)
            assert "there is none" in answer["message"]
        say(client, type="learn", config=SHORT)
        assert "an id that is an integer" in read(client)["message"]
        with pytest.raises(TimeoutError):
            other.recv(timeout=0.2)


def test_two_pages_see_the_same_and_one_that_comes_back_finds_it(serving):
    served = serving()
    with served.join() as first, served.join() as second:
        say(first, type="learn", id=1, config=LONG)
        for client in (first, second):
            assert hear(client, {"frame"})[0]["type"] == "learning"
        # The other one holds it.
        say(second, type="pause")
        paused = [hear(client, {"paused"}) for client in (first, second)]
        last = [[told for told in heard if told["type"] == "frame"] for heard in paused]
        if all(last):
            np.testing.assert_array_equal(last[0][-1]["codes"], last[1][-1]["codes"])
        say(first, type="learn", id=2, config=SHORT)
        assert "One thing is learned at a time" in read(first)["message"]
    # Both are gone, without a word.
    time.sleep(0.1)
    with served.join() as back:
        heard = hear(back, {"paused"})
        assert [told["type"] for told in heard] == ["learning", "frame", "paused"]
        assert heard[0]["config"]["epochs"] == 20
        assert heard[0]["errors"][0][:2] == [0, 0]
        say(back, type="go on")
        assert hear(back, {"frame"})[-1]["step"] > heard[1]["step"]
        say(back, type="stop")
        told = hear(back, END)[-1]
        assert told["type"] == "stopped"
        assert told["command"] == "inscape fit --resume runs/digits-ae2"


def test_pages_that_vanish_and_one_that_never_reads_leave_the_training_unharmed(serving, tmp_path):
    served = serving()
    with served.join() as client, served.join() as silent:
        say(client, type="learn", id=1, config=LONG)
        hear(client, {"frame"})
        for _ in range(3):
            gone = served.join()
            # Neither a close nor a word: as a machine that lost its power.
            gone.socket.shutdown(socket.SHUT_RDWR)
        told = hear(client, END)[-1]
        assert told["type"] == "learned"
        assert Run(told["run"]).finished
        heard = hear(silent, END)
    alone = FitConfig(data="digits", hidden=(8,), epochs=20)
    assert Run(told["run"]).config.epochs == alone.epochs
    assert heard[-1] == told


def test_who_reads_slowly_misses_frames_and_nothing_is_kept_for_him(serving):
    learning = Learning()
    served = serving(learning=learning)
    n, size = 400, 1 << 18

    def frame(number):
        return number.to_bytes(4, "little") * (size // 4)

    with served.join() as fast, served.join() as slow:
        # Its reader stops at a few messages, and so does the kernel.
        learning.begin({"type": "learning"})
        assert json.loads(fast.recv())["type"] == json.loads(slow.recv())["type"] == "learning"
        got = []

        def follow():
            while not got or got[-1] < n - 1:
                got.append(int.from_bytes(fast.recv(timeout=20)[:4], "little"))

        reader = threading.Thread(target=follow)
        reader.start()
        slowest = 0.0
        for number in range(n):
            began = time.monotonic()
            learning.show(frame(number), None)
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.004)
        reader.join()
        # A training that gives a frame away never waits.
        assert slowest < 0.5
        assert len(got) > n // 4
        late = []
        while not late or late[-1] < n - 1:
            late.append(int.from_bytes(slow.recv(timeout=20)[:4], "little"))
    # Of 100 MB it gets what was on its way, and then the newest.
    assert late == sorted(set(late))
    assert len(late) < n // 4
    assert late[-1] == n - 1


def test_a_run_that_is_open_can_be_learned_from_anew(serving, digits_run, tmp_path):
    shutil.copytree(digits_run.path, tmp_path / "runs" / "mine")
    run = Run(tmp_path / "runs" / "mine")
    served = serving(describe_run(run), Learning(run.config))
    assert served.get("/document").json()["capabilities"] == ["decode", "encode", "learn"]
    with served.join() as client:
        say(client, type="learn", id=1, config={"hidden": [4], "epochs": 1})
        assert hear(client, END)[0]["config"]["data"] == "digits"
