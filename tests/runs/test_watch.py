"""A fit that is watched: it is as it would be, and stopped at any report it goes on the same."""

from __future__ import annotations

import numpy as np
import pytest

import inscape
from inscape import data, runs
from inscape._files import sha256
from inscape.runs import FitConfig, Run

# Rows that are many for the network, and rows of which some find the length.
MANY = FitConfig(data="digits", hidden=(8,), epochs=3)
FEW = FitConfig(data="few", hidden=(60, 30), epochs=3, n_components=1)
# On a curve, of which a network gives back more than PCA.
ANGLES = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(300, 1))
FEW_ROWS = data.load(np.cos(ANGLES * [1, 1, 2, 2, 3, 3] + [0, 1, 0, 1, 0, 1]))


def options(config):
    return {"data": FEW_ROWS} if config is FEW else {}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The runs that nobody watched."""
    room = tmp_path_factory.mktemp("whole")
    return {c: runs.fit(c, room / c.data, **options(c)).path for c in (MANY, FEW)}


def assert_same_bits(path, whole):
    Run(path).verify()
    recorded = sorted(file.name for file in (whole / "recorder").iterdir())
    assert sorted(file.name for file in (path / "recorder").iterdir()) == recorded
    for name in ("model/model.safetensors", *(f"recorder/{file}" for file in recorded)):
        assert sha256(path / name) == sha256(whole / name), name
    assert [e["loss"] for e in Run(path).history] == [e["loss"] for e in Run(whole).history]


@pytest.mark.parametrize("config", [MANY, FEW], ids=["many", "few"])
def test_who_watches_sees_each_report_and_changes_no_bit(config, whole, tmp_path):
    seen, losses = [], []

    def watch(report, estimator):
        estimator.network_.eval()
        codes = estimator.transform(FEW_ROWS.test.X if config is FEW else TEST)
        estimator.network_.train()
        seen.append((report.step, codes))
        losses.append(report.epoch_done)
        return True

    run = runs.fit(config, tmp_path / "run", **options(config), watch=watch)
    assert run.finished
    assert_same_bits(run.path, whole[config])
    assert [step for step, _ in seen][:4] == [0, 1, 2, 4]
    assert not np.allclose(seen[0][1], seen[3][1])
    # Where some rows find the length, passes of a second training follow.
    passes = [entry for entry in run.history if entry["step"] > 0]
    assert losses.count(True) == len(passes) >= 3 + (config is FEW)


TEST = data.load("digits").test.X


@pytest.mark.parametrize("config", [MANY, FEW], ids=["many", "few"])
@pytest.mark.parametrize("at", [0, 4, 13])
def test_a_run_that_is_stopped_goes_on_with_the_same_bits(config, at, whole, tmp_path):
    asked, after = [], []

    def watch(report, estimator):
        if asked:
            after.append(report.step)
        elif report.step >= at:
            asked.append(report)
            return False
        # Asked once is enough.
        return True

    path = tmp_path / "run"
    run = runs.fit(config, path, **options(config), watch=watch)
    assert run.path == path
    assert not run.finished
    assert not (path / "model").exists()
    [report] = asked
    if report.step == 0 or report.epoch_done:
        assert after == []
    # To the end of that pass, and no farther.
    state = path / "checkpoint" / "state.safetensors"
    assert state.exists() == (report.step > 0)
    if report.step:
        last = Run(path).history[-1]
        assert last["step"] == (after[-1] if after else report.step)
        assert last["epoch"] < report.epoch + 1
    assert_same_bits(runs.resume(path, **options(config)).path, whole[config])


def test_what_a_watcher_raises_ends_it_at_once_and_the_run_can_go_on(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(inscape.runs.fitting.job, "_CHECKPOINT_INTERVAL", -1.0)
    seen = []

    def watch(report, estimator):
        seen.append(report)
        if report.epoch > 1:
            raise KeyboardInterrupt
        return True

    with pytest.raises(KeyboardInterrupt):
        runs.fit(MANY, tmp_path / "run", watch=watch)
    assert [r.step for r in seen if r.epoch > 1] == [seen[-1].step]
    assert not seen[-1].epoch_done
    assert [entry["epoch"] for entry in Run(tmp_path / "run").history] == [0, 1]
    assert_same_bits(runs.resume(tmp_path / "run").path, whole[MANY])
