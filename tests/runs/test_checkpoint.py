"""Checkpoints: what is damaged, of another run, or asked for otherwise is noticed before a step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inscape import runs
from inscape._errors import DamagedFileError, InvalidParameterError, RunWarning
from inscape._files import read_json, read_tensors, sha256, write_json, write_tensors
from inscape.runs import FitConfig, Run
from inscape.runs.fitting import checkpoint, job
from inscape.runs.fitting.checkpoint import Checkpoints, load_checkpoint, load_snapshots

CONFIG = FitConfig(data="digits", hidden=(8,), epochs=2, scaler="standard")
STATE = Path("checkpoint") / "state.safetensors"
FORMAT_1 = Path(__file__).parent / "format_1"


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """Two runs of one config, each with a checkpoint after its first epoch."""
    room = tmp_path_factory.mktemp("runs")
    save = Checkpoints.save

    def save_once(self, *told):
        save(self, *told)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "_CHECKPOINT_INTERVAL", -1.0)
        patch.setattr(Checkpoints, "save", save_once)
        for name in ("one", "two"):
            with pytest.raises(KeyboardInterrupt):
                runs.fit(CONFIG, room / name)
    return room


@pytest.fixture
def run(interrupted, tmp_path):
    return Run(shutil.copytree(interrupted / "one", tmp_path / "run"))


def load(run):
    return load_checkpoint(run.path, run.environment)


def refuse_a_step(monkeypatch):
    monkeypatch.setattr(job, "load_data", lambda config: pytest.fail("work has begun"))


def test_a_checkpoint_that_is_whole_is_taken(run):
    found = load(run)
    assert json.loads(found.state[1]["state"])["history"] == run.history
    assert [entry["epoch"] for entry in run.history] == [0, 1]
    assert [s.step for s in found.recorder.snapshots] == [0, 1, 2, 4, 8, 16]


def test_each_flipped_bit_of_a_checkpoint_is_noticed(run):
    path = run.path / STATE
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    # What fills the header up to a multiple of eight says nothing.
    end = len(content[:header].rstrip())
    rng = np.random.default_rng(0)
    places = [*range(0, end, 7), *rng.integers(header, len(content), size=40).tolist()]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(DamagedFileError, match="must be as it was written"):
            load(run)
    path.write_bytes(content)
    load(run)


def test_a_damaged_checkpoint_is_refused_before_work_begins(run, monkeypatch):
    path = run.path / STATE
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    refuse_a_step(monkeypatch)
    with pytest.raises(DamagedFileError, match=r"state\.safetensors must be as it was written"):
        runs.resume(run.path)
    assert not run.finished


def test_the_state_of_another_run_of_the_same_config_is_refused(run, interrupted, monkeypatch):
    shutil.copyfile(interrupted / "two" / STATE, run.path / STATE)
    refuse_a_step(monkeypatch)
    with pytest.raises(DamagedFileError, match="must be of the run that it lies in"):
        runs.resume(run.path)


@pytest.mark.parametrize("with_state", [True, False])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('scaler = "standard"', 'scaler = "minmax"'),
        ("epochs = 2", "epochs = 3"),
        ('optimizer = "muon(momentum=0.9,', 'optimizer = "muon(momentum=0.8,'),
        ("    8,", "    9,"),
    ],
)
def test_an_edited_config_is_refused(run, monkeypatch, old, new, with_state):
    path = run.path / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    if not with_state:
        (run.path / STATE).unlink()
    refuse_a_step(monkeypatch)
    with pytest.raises(InvalidParameterError, match=r"config\.toml must be as the run was started"):
        runs.resume(run.path)


def test_what_the_run_was_made_with_is_proved_too(run):
    path = run.path / "environment.json"
    write_json(path, read_json(path) | {"n_threads": 3})
    with pytest.raises(DamagedFileError, match=r"environment\.json must be as it was written"):
        load(run)


@pytest.mark.parametrize("damage", ["flip", "gone", "another's"])
def test_each_snapshot_is_proved_too(run, damage):
    path = run.path / "recorder" / "step-00000001.safetensors"
    if damage == "flip":
        content = bytearray(path.read_bytes())
        content[-3] ^= 4
        path.write_bytes(content)
    elif damage == "gone":
        path.unlink()
    else:
        shutil.copyfile(path.with_name("step-00000002.safetensors"), path)
    with pytest.raises(DamagedFileError, match="step-00000001"):
        load(run)


def test_a_snapshot_that_the_state_does_not_tell_of_is_written_anew(run):
    # As a process leaves it that is killed after the recorder's part and before the state's.
    stray = run.path / "recorder" / "step-00000032.safetensors"
    shutil.copyfile(run.path / "recorder" / "step-00000000.safetensors", stray)
    before = sha256(stray)
    resumed = runs.resume(run.path)
    assert sha256(stray) != before
    assert [e for e, _ in resumed.snapshots()] == sorted(e for e, _ in resumed.snapshots())


def test_the_layers_of_a_snapshot_come_back_in_their_order(run):
    # Which is the last of them is known by it: the picture of the weights mixed two up.
    resumed = runs.resume(run.path)
    names = [*resumed.load().network_.state_dict()]
    for snapshot in load_snapshots(sorted((run.path / "recorder").iterdir())):
        assert [*snapshot.weights] == names


def test_other_versions_are_told_and_kept(run, monkeypatch):
    real = checkpoint.describe_arithmetic

    def later(device):
        return real(device) | {"torch": "99.0", "processor": "another"}

    monkeypatch.setattr(checkpoint, "describe_arithmetic", later)
    with pytest.warns(RunWarning, match=r"goes on with torch 99\.0, processor another: the last"):
        resumed = runs.resume(run.path)
    assert [told["torch"] for told in resumed.environment["resumed_with"]] == ["99.0"]


def test_another_version_of_ours_may_train_otherwise(run, monkeypatch):
    real = checkpoint.describe_arithmetic
    monkeypatch.setattr(checkpoint, "describe_arithmetic", lambda d: real(d) | {"inscape": "99.0"})
    with pytest.warns(RunWarning, match=r"inscape 99\.0: the training itself may differ"):
        runs.resume(run.path)


@pytest.mark.filterwarnings("ignore:.*was trained so far with")
def test_a_checkpoint_of_format_1_goes_on_after_one_sentence(tmp_path):
    run = Run(shutil.copytree(FORMAT_1 / "autoencoder-interrupted", tmp_path / "run"))
    with pytest.warns(RunWarning, match="is of format 1, which has no checksum"):
        resumed = runs.resume(run.path)
    assert resumed.finished
    assert resumed.load().n_components == 2


@pytest.mark.filterwarnings("ignore::inscape._errors.RunWarning")
def test_a_config_that_format_1_cannot_prove_ends_in_one_sentence(tmp_path):
    run = Run(shutil.copytree(FORMAT_1 / "autoencoder-interrupted", tmp_path / "run"))
    path = run.path / "config.toml"
    path.write_text(path.read_text().replace("    16,", "    17,"))
    with pytest.raises(InvalidParameterError, match=r"config\.toml must ask for what the checkpoi"):
        runs.resume(run.path)


@pytest.mark.parametrize("gone", ["sha256", "format", "origin", "snapshots"])
def test_a_checkpoint_that_lost_its_proof_is_damaged_and_not_of_format_1(run, gone):
    arrays, metadata = read_tensors(run.path / STATE)
    del metadata[gone]
    write_tensors(run.path / STATE, arrays, metadata)
    with pytest.raises(DamagedFileError, match=r"state\.safetensors must be as it was written"):
        load(run)


def test_a_checkpoint_of_a_later_format_is_refused_by_name_and_version(run):
    arrays, metadata = read_tensors(run.path / STATE)
    write_tensors(run.path / STATE, arrays, metadata | {"format": "99"})
    with pytest.raises(InvalidParameterError, match=r"state\.safetensors must .* got format 99"):
        load(run)
