"""A training that is watched: what is told of it is what comes of it, and nobody can harm it."""

from __future__ import annotations

import json
import struct
import threading
import time

import numpy as np
import pytest

from inscape import data, runs
from inscape._errors import InvalidParameterError
from inscape._files import sha256
from inscape.lab import looking
from inscape.lab.asking import read_asked
from inscape.lab.learning import Learning, Seen
from inscape.lab.looking import Looking
from inscape.lab.watching import Watched, _chosen
from inscape.measures import reconstruct
from inscape.runs import FitConfig, Run

SHORT = FitConfig(data="digits", hidden=(8,), epochs=3)
# Long enough to be held on the way.
LONG = FitConfig(data="digits", hidden=(8,), epochs=20)
END = {"learned", "stopped", "crashed"}


@pytest.fixture
def learning(undrawn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Learning()
    yield found
    found.close()


def unpack(frame):
    """As the page does it."""
    [length] = struct.unpack_from("<I", frame)
    assert (4 + length) % 4 == 0
    header = json.loads(frame[4 : 4 + length])
    numbers = np.frombuffer(frame, "<f4", offset=4 + length)
    n = int(np.prod(header["codes"]))
    header["codes"] = numbers[:n].reshape(header["codes"])
    header["pictures"] = numbers[n:].reshape(header["pictures"])
    return header


def hear(learning, seen, *, until, seconds=60):
    """Return what a client hears, until a message of one of those types has come."""
    happened, heard = threading.Event(), []
    deadline = time.monotonic() + seconds
    with learning.waking(happened.set):
        while time.monotonic() < deadline:
            happened.clear()
            while (news := learning.news(seen)) is not None:
                heard.append(unpack(news) if isinstance(news, bytes) else json.loads(news))
                if heard[-1]["type"] in until:
                    return heard
            happened.wait(0.5)
    pytest.fail(f"only {[told['type'] for told in heard]} was told")


def each_step(monkeypatch):
    """Look at each step, and at the error at each report."""
    for name, value in (("_BETWEEN", 0.0), ("_SHARE", np.inf), ("_BETWEEN_ERRORS", 0.0)):
        monkeypatch.setattr(looking, name, value)


def frames(heard):
    return [told for told in heard if told["type"] == "frame"]


# --------------------------------------------------------------------------- what is told


def test_what_is_told_is_what_comes_of_it(learning, monkeypatch):
    # Each step is looked at.
    each_step(monkeypatch)
    learning.learn(SHORT).result(timeout=60)
    heard = hear(learning, Seen(), until=END)
    first, last = heard[0], heard[-1]
    assert last["type"] == "learned"
    run, digits = Run(last["run"]), data.load("digits")
    assert run.path.parts == ("runs", "digits-ae2")
    assert run.finished

    assert first["type"] == "learning"
    config = {k: v for k, v in vars(run.config).items() if k != "hidden"}
    assert {k: v for k, v in first["config"].items() if k in config} == json.loads(
        json.dumps(config)
    )
    assert first["n_steps"] == run.metrics["steps"]
    assert (first["noun"], first["image_shape"], first["shown"]) == ("digit", [8, 8], [0.0, 1.0])
    X, y = digits.test.X, digits.test.y
    assert first["labels"] == y.tolist()
    assert first["classes"] == {"names": list("0123456789"), "places": list(range(10))}
    assert sorted(y[first["pictured"]].tolist()) == list(range(10))
    np.testing.assert_array_equal(first["inputs"], X[first["pictured"]])
    floors = run.metrics["learning"]["floors"]
    assert first["floor"]["PCA"] == pytest.approx(floors["PCA"], rel=1e-6)

    shown = frames(heard)
    steps = [told["step"] for told in shown]
    assert steps == sorted(steps)
    assert steps[-1] == shown[-1]["n_steps"] == first["n_steps"]
    model = run.load()
    np.testing.assert_allclose(shown[-1]["codes"], model.transform(X), rtol=0, atol=1e-5)
    back = reconstruct(model, X[first["pictured"]])
    np.testing.assert_allclose(shown[-1]["pictures"], back, rtol=0, atol=1e-5)
    held_out = run.metrics["learning"]["held_out"]
    for told in (shown[-1], last):
        assert told["squared_error"] == pytest.approx(held_out[-1]["squared_error"], rel=1e-5)
    assert shown[-1]["loss"] == pytest.approx(run.history[-1]["loss_per_feature"])
    # Who comes later is told the same, with the curve so far.
    late = hear(learning, Seen(), until=END)
    assert [told["type"] for told in late] == ["learning", "frame", "learned"]
    errors = {step: error for step, _, error in late[0]["errors"]}
    for moment, kept in zip(held_out, model_steps(run), strict=True):
        assert errors[kept] == pytest.approx(moment["squared_error"], rel=1e-5)


def model_steps(run):
    return [int(path.stem[5:]) for path in sorted((run.path / "recorder").iterdir())]


def test_watching_changes_no_bit(learning, monkeypatch, tmp_path):
    each_step(monkeypatch)
    config = FitConfig(
        data="digits", network="dense(hidden=[8], dropout=0.2, linear_path=false)", epochs=2
    )
    learning.learn(config).result(timeout=60)
    heard = hear(learning, Seen(), until=END)
    alone = runs.fit(config, tmp_path / "alone")
    model = "model/model.safetensors"
    assert sha256(Run(heard[-1]["run"]).path / model) == sha256(alone.path / model)


def test_of_rows_in_raw_units_the_numbers_are_exact(learning, tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 6)) * 10.0 ** np.arange(-3, 3) + 1e6
    np.savetxt(tmp_path / "table.csv", rows, delimiter=",", fmt="%.17g")
    config = FitConfig(data="table.csv", n_components=3, hidden=(8,), scaler="standard", epochs=2)
    learning.learn(config).result(timeout=60)
    heard = hear(learning, Seen(), until=END)
    run, first, last = Run(heard[-1]["run"]), heard[0], frames(heard)[-1]
    X, model = data.load(tmp_path / "table.csv").test.X, run.load()
    assert (first["noun"], first["image_shape"], first["shown"]) == ("row", None, None)
    assert (first["labels"], first["classes"]) == (None, None)
    assert first["inputs"] == X[first["pictured"]].tolist()
    learned = run.metrics["learning"]
    assert last["squared_error"] == pytest.approx(
        learned["held_out"][-1]["squared_error"], rel=1e-5
    )
    assert first["floor"]["PCA"] == pytest.approx(learned["floors"]["PCA"], rel=1e-6)
    np.testing.assert_allclose(last["codes"], model.transform(X), rtol=0, atol=1e-4)
    # float32 leaves an offset of a million a sixteenth.
    back = reconstruct(model, X[first["pictured"]])
    np.testing.assert_allclose(last["pictures"], back, rtol=0, atol=0.07)


def test_a_variational_training_shows_the_means(learning):
    config = FitConfig(data="digits", model="VAE", hidden=(8,), epochs=2)
    learning.learn(config).result(timeout=60)
    heard = hear(learning, Seen(), until=END)
    model = Run(heard[-1]["run"]).load()
    codes = model.transform(data.load("digits").test.X)
    np.testing.assert_allclose(frames(heard)[-1]["codes"], codes, rtol=0, atol=1e-5)


def test_where_some_rows_find_the_length_the_second_training_is_seen_too(learning, tmp_path):
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(300, 1))
    np.save(tmp_path / "few.npy", np.cos(angles * [1, 1, 2, 2, 3, 3] + [0, 1, 0, 1, 0, 1]))
    config = FitConfig(data="few.npy", n_components=1, hidden=(60, 30), epochs=3)
    learning.learn(config).result(timeout=60)
    heard = hear(learning, Seen(), until=END)
    run, last = Run(heard[-1]["run"]), frames(heard)[-1]
    assert last["step"] == run.metrics["steps"] > heard[0]["n_steps"]
    codes = run.load().transform(data.load(tmp_path / "few.npy").test.X)
    np.testing.assert_allclose(last["codes"], codes, rtol=0, atol=1e-5)


@pytest.mark.proof
def test_frames_keep_their_distance_and_their_share(learning, monkeypatch):
    shown, looked, worked = [], [], []
    look = Looking._look

    def timed(self, *, with_error):
        began = time.thread_time()
        look(self, with_error=with_error)
        looked.append(time.thread_time() - began)
        worked.append(time.thread_time())

    monkeypatch.setattr(Looking, "_look", timed)
    show = Learning.show

    def noted(self, frame, error):
        shown.append((time.monotonic(), unpack(frame)))
        show(self, frame, error)

    monkeypatch.setattr(Learning, "show", noted)
    learning.learn(LONG).result(timeout=60)
    hear(learning, Seen(), until=END)
    times = np.array([moment for moment, _ in shown])
    # The first and the last are always shown.
    between = np.diff(times)[:-1]
    assert len(between) > 2
    assert between.min() > looking._BETWEEN - 0.005
    assert sum(looked[:-1]) < 0.1 * (worked[-2] - worked[0]) + looked[0]


# --------------------------------------------------------------------------- held and stopped


@pytest.mark.proof
def test_a_pause_holds_it_and_a_stop_leaves_a_run_that_goes_on_with_the_same_bits(
    learning, tmp_path
):
    seen = Seen()
    learning.learn(LONG).result(timeout=60)
    hear(learning, seen, until={"frame"})
    learning.pause()
    hear(learning, seen, until={"paused"})
    state = learning._now
    time.sleep(0.3)
    assert learning._now is state
    # Who comes now is told how it stands.
    late = hear(learning, Seen(), until={"paused"})
    assert [told["type"] for told in late] == ["learning", "frame", "paused"]
    held = time.monotonic()
    time.sleep(0.2)
    learning.go_on()
    heard = hear(learning, seen, until={"frame"})
    assert heard[0]["type"] in ("going on", "frame")
    learning.stop()
    heard = hear(learning, seen, until=END)
    assert heard[-1]["type"] == "stopped"
    path = heard[-1]["run"]
    assert heard[-1]["command"] == f"inscape fit --resume {path}"
    assert not Run(path).finished
    last = Run(path).history[-1]
    assert last["epoch"] < 20
    # A pause is no part of its seconds.
    frame = unpack(learning._now.frame)
    assert frame["seconds"] < time.monotonic() - held + 5
    alone = runs.fit(LONG, tmp_path / "alone")
    runs.resume(path)
    for name in ("model/model.safetensors", "recorder/step-00000064.safetensors"):
        assert sha256(Run(path).path / name) == sha256(alone.path / name)


def test_stopped_in_a_pause_or_before_a_step_it_ends_too(learning):
    seen = Seen()
    learning.learn(LONG).result(timeout=60)
    learning.pause()
    hear(learning, seen, until={"paused"})
    learning.stop()
    assert hear(learning, seen, until=END)[-1]["type"] == "stopped"
    # The next one has a run of its own.
    learning.learn(LONG)
    learning.stop()
    stopped = hear(learning, seen, until=END)[-1]
    assert stopped["run"] == "runs/digits-ae2-2"
    assert not Run(stopped["run"]).finished


def test_one_is_learned_at_a_time(learning):
    for order in (learning.pause, learning.go_on, learning.stop):
        with pytest.raises(InvalidParameterError, match="there is none"):
            order()
    learning.learn(LONG).result(timeout=60)
    with pytest.raises(InvalidParameterError, match="One thing is learned at a time"):
        learning.learn(SHORT)
    learning.stop()
    hear(learning, Seen(), until=END)


def test_closed_it_ends_at_once_and_its_run_is_told(learning):
    learning.learn(LONG).result(timeout=60)
    learning.pause()
    hear(learning, Seen(), until={"paused"})
    learning.close()
    assert not learning._thread.is_alive()
    assert learning.unfinished == Run(learning.unfinished).path


# --------------------------------------------------------------------------- crashes


def test_a_crash_is_one_sentence_and_the_next_training_is_not_harmed(learning):
    seen = Seen()
    wild = FitConfig(
        data="digits", hidden=(8,), epochs=3, optimizer="sgd", learning_rate=1e6, linear_path=False
    )
    learning.learn(wild).result(timeout=60)
    told = hear(learning, seen, until=END)[-1]
    assert told["type"] == "crashed"
    assert told["message"].startswith("The loss must stay finite while training; it became")
    assert "\n" not in told["message"]
    learning.learn(SHORT).result(timeout=60)
    assert hear(learning, seen, until=END)[-1]["type"] == "learned"


def test_a_fault_that_is_not_ours_is_one_sentence_too(learning, monkeypatch):
    def failing(*_, **__):
        raise RuntimeError("out of\n  memory")

    monkeypatch.setattr(Watched, "look", failing)
    learning.learn(SHORT).result(timeout=60)
    told = hear(learning, Seen(), until=END)[-1]
    wanted = "The training must not fail, and it did: RuntimeError: out of memory."
    assert told == {"type": "crashed", "message": wanted}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (FitConfig(data="nowhere.csv"), "nowhere.csv"),
        (FitConfig(data="digits", n_components=0), "n_components"),
        (FitConfig(data="digits", network="dens"), "Did you mean 'dense'"),
        (FitConfig(data="digits", epochs=-1), "epochs"),
    ],
)
def test_what_cannot_be_learned_is_told_to_whoever_asked(learning, config, words):
    begun = learning.learn(config)
    with pytest.raises(InvalidParameterError, match=words):
        begun.result(timeout=60)
    # Nobody else hears of it.
    assert learning.news(Seen()) is None


# --------------------------------------------------------------------------- what is asked for


def test_a_page_asks_in_the_words_of_a_fit():
    told = {
        "data": "mnist",
        "model": "autoencoder",
        "n_components": 2,
        "hidden": [256, 64],
        "likelihood": "gaussian",
        "optimizer": "muon",
        "learning_rate": None,
        "epochs": 5,
    }
    assert read_asked(told) == FitConfig(likelihood="gaussian", epochs=5)
    assert read_asked({"validation_fraction": 0.5}).validation_fraction == 0.5
    assert read_asked({"validation_fraction": "auto", "hidden": []}).hidden == ()
    assert read_asked({"penalty": ["contractive"]}).penalty == ("contractive",)
    assert read_asked({"model": "beta vae"}).model == "beta-VAE"
    opened = FitConfig(data="x.csv", drop=("id",), test_fraction=0.5, hidden=(3,), epochs=9)
    found = read_asked({"epochs": 1}, opened=opened)
    assert found == FitConfig(data="x.csv", drop=("id",), test_fraction=0.5, epochs=1)
    assert read_asked({"data": "digits"}, opened=opened) == FitConfig(data="digits")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        ({"dta": "mnist"}, "got 'dta'. Did you mean 'data'?"),
        ({"kind": "fit"}, "got 'kind'"),
        ({"data": 5}, "`data` must be text; got 5."),
        ({"n_components": "2"}, "`n_components` must be a whole number; got '2'."),
        ({"n_components": 2.5}, "a whole number"),
        ({"n_components": True}, "a whole number"),
        ({"hidden": "256"}, "a list, each a whole number"),
        ({"hidden": [256, "64"]}, "a list, each a whole number"),
        ({"hidden": {"__proto__": 1}}, "a list"),
        ({"epochs": "5"}, "`epochs` must be a finite number"),
        ({"epochs": float("inf")}, "a finite number"),
        ({"epochs": float("nan")}, "a finite number"),
        ({"epochs": [1]}, "a finite number"),
        ({"linear_path": 1}, "true or false"),
        ({"activation": "rely"}, "Did you mean 'relu'?"),
        ({"activation": 3}, "`activation` must be one of"),
        ({"validation_fraction": "some"}, "a finite number or 'auto'"),
        ({"model": "nothing"}, "`model` must be one of"),
        ({"model": "VAE", "bottleneck": "relu"}, "must be left out"),
        ({"model": "VAE", "conditional": "labels"}, "must need nothing but rows"),
        ({"model": "CVAE"}, "must need nothing but rows"),
        ({"drop": "id"}, "a list"),
        ({"data": "digits", "decimal": "x"}, "`decimal` must be one of"),
    ],
)
def test_what_a_page_cannot_ask_for_is_one_sentence(told, words):
    with pytest.raises(InvalidParameterError) as raised:
        read_asked(told)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("n", [1, 3, 10, 25])
def test_pictured_rows_are_one_a_class_and_ten(n):
    labels = np.arange(n) % 4
    found = _chosen(n, labels)
    assert len(set(found.tolist())) == min(n, 10)
    assert sorted(labels[found[:4]].tolist()) == list(range(min(n, 4)))
    assert sorted(_chosen(n, None).tolist())[0] == 0
    many = _chosen(100, np.arange(100) % 30)
    assert len(many) == 10
