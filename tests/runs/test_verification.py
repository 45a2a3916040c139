"""`inscape verify`: one line for what holds, and one for each fault."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import inscape
from inscape import runs
from inscape._errors import RunNotFoundError
from inscape._files import hold_directory, read_json, write_json, write_manifest
from inscape.cli import main
from inscape.runs import DynamicsConfig, FitConfig, verify

FORMAT_1 = Path(__file__).parent / "format_1"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    config = FitConfig(data="digits", hidden=(), epochs=1)
    return runs.fit(config, tmp_path_factory.mktemp("runs") / "run").path


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_holds_is_told_in_one_line(run):
    n_files = sum(path.is_file() for path in run.rglob("*")) - 1
    found = verify(run)
    assert found.faults == ()
    assert found.holds == f"{run} holds: {n_files} files are as they were written."


def test_each_fault_is_told_in_a_line_of_its_own(run):
    flip(run / "model" / "model.safetensors")
    flip(run / "metrics.json")
    (run / "report.html").unlink()
    assert sorted(verify(run).faults) == [
        f"{run / 'metrics.json'} must be as it was written; it was changed or damaged.",
        f"{run / 'model/model.safetensors'} must be as it was written; it was changed or damaged.",
        f"{run / 'report.html'} must be there, as MANIFEST lists it; it is missing.",
    ]


def test_a_damaged_manifest_is_the_fault(run):
    flip(run / "MANIFEST")
    [fault] = verify(run).faults
    assert "MANIFEST must be as it was written" in fault


def test_what_is_no_damage_to_a_file_is_found_too(run):
    # A run put together of two, by somebody who writes MANIFEST anew.
    path = run / "environment.json"
    write_json(path, read_json(path) | {"identity": "0" * 32})
    text = (run / "config.toml").read_text()
    (run / "config.toml").write_text(text.replace("format = 3", "format = 99"))
    write_manifest(run)
    first, second = verify(run).faults
    assert "config.toml must be of format 3 or before; got format 99" in first
    assert "config.toml must be as the run was started with" in second


def test_what_lies_beside_is_told_and_no_fault(run):
    (run / "notes.txt").write_text("mine")
    (run / "model" / "more.txt").write_text("mine")
    (run.parent / ".run.0123abcd.inscape.tmp").mkdir()
    found = verify(run)
    assert found.faults == ()
    assert "not its own: model/more.txt and 1 more" in found.holds
    assert "a process that was killed left .run.0123abcd.inscape.tmp beside it" in found.holds


def test_an_unfinished_run_tells_where_it_goes_on(run):
    (run / "MANIFEST").unlink()
    found = verify(run)
    assert found.faults == ()
    assert found.holds.startswith(f"{run} is not finished; its checkpoint at step ")
    flip(run / "checkpoint" / "state.safetensors")
    [fault] = verify(run).faults
    assert "state.safetensors must be as it was written" in fault
    (run / "checkpoint" / "state.safetensors").unlink()
    assert "has no checkpoint yet" in verify(run).holds


def test_a_kind_that_is_never_unfinished_has_lost_its_manifest(tmp_path):
    (tmp_path / "config.toml").write_text(DynamicsConfig().to_toml())
    write_json(tmp_path / "environment.json", {})
    [fault] = verify(tmp_path).faults
    assert "must have a MANIFEST, as every dynamics run; it is gone" in fault


def test_a_model_by_itself_and_saved_proves_itself(run, tmp_path):
    alone = shutil.copytree(run / "model", tmp_path / "alone")
    assert verify(alone).holds == f"{alone} holds: it is as the checksums that it tells."
    flip(alone / "model.safetensors")
    assert len(verify(alone).faults) == 1
    inscape.load(run).save(tmp_path / "saved")
    assert "holds: 3 files" in verify(tmp_path / "saved").holds


def test_what_nobody_can_prove_is_said(tmp_path):
    alone = shutil.copytree(FORMAT_1 / "default" / "model", tmp_path / "alone")
    [fault] = verify(alone).faults
    assert "it is of format 1: nobody can tell" in fault
    assert "its MANIFEST is of format 1" in verify(FORMAT_1 / "default").holds


def test_a_run_that_is_being_written_is_asked_later(run):
    with hold_directory(run):
        [fault] = verify(run).faults
    assert "is being written by process" in fault


@pytest.mark.parametrize("name", ["nowhere", ""])
def test_where_there_is_nothing_of_ours_it_is_told(tmp_path, name):
    with pytest.raises(RunNotFoundError, match="must be a run, a model or an export"):
        verify(tmp_path / name)


def test_the_command_tells_the_same_and_its_status(run, capsys):
    def call():
        with pytest.raises(SystemExit) as ended:
            main(["verify", str(run)])
        return ended.value.code, capsys.readouterr()

    status, told = call()
    assert (status, told.out, told.err) == (0, verify(run).holds + "\n", "")
    flip(run / "metrics.json")
    (run / "report.html").unlink()
    status, told = call()
    assert (status, told.out) == (2, "")
    assert told.err.splitlines() == [f"error: {fault}" for fault in verify(run).faults]
    assert len(told.err.splitlines()) == 2
