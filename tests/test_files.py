"""The ground floor `_files`: whole or not at all, proved by MANIFEST, and nothing lost."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from inscape import _directories
from inscape._errors import (
    DamagedFileError,
    InvalidParameterError,
    RunExistsError,
    RunNotFoundError,
    RunWarning,
    StorageError,
)
from inscape._exchange import exchange
from inscape._files import (
    MANIFEST,
    find_again,
    hold_directory,
    prepare_directory,
    read_json,
    read_manifest,
    read_tensors,
    refuse_in_run,
    remove_leftovers,
    remove_unfinished,
    sha256,
    staged_directory,
    unlisted,
    verify_file,
    verify_manifest,
    write_atomic,
    write_json,
    write_manifest,
    write_tensors,
)

REFUSALS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission was denied",
    errno.EPERM: "permission was denied",
}


def names(directory):
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


def refuse(code):
    """Return a system call that refuses as a full or read-only disk does."""

    def call(*arguments, **options):
        raise OSError(code, os.strerror(code))

    return call


def make_run(path, text="one"):
    with staged_directory(path) as stage:
        write_atomic(stage / "model" / "weights", text)
        write_atomic(stage / "notes.txt", "notes")
        write_manifest(stage)


# --------------------------------------------------------------------------- write_atomic


@pytest.mark.parametrize("content", [b"\x00\xff", "grün\n", b""])
def test_what_is_written_is_read(content, tmp_path):
    path = tmp_path / "new" / "deep" / "file"
    write_atomic(path, content)
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert names(path.parent) == ["file"]


@pytest.fixture
def umask():
    """Set the umask of this process for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(("mask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)])
def test_who_may_read_is_for_the_umask_to_say(umask, mask, file, folder, tmp_path):
    umask(mask)
    make_run(tmp_path / "deep" / "run")
    for path in (tmp_path / "deep").rglob("*"):
        assert path.stat().st_mode & 0o777 == (folder if path.is_dir() else file), path


def test_what_replaces_a_private_file_or_run_is_private(umask, tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "run").chmod(0o700)
    with staged_directory(tmp_path / "run", overwrite=True) as stage:
        write_atomic(stage / "file", "content")
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
    (tmp_path / "run" / "file").chmod(0o640)
    umask(0o000)
    write_atomic(tmp_path / "run" / "file", "more")
    assert (tmp_path / "run" / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("call", ["fsync", "replace", "fdopen"])
@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_write_keeps_the_old_content(code, call, tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, "old")
    monkeypatch.setattr(os, call, refuse(code))
    with pytest.raises(StorageError, match=f"file must be writable; {REFUSALS[code]}"):
        write_atomic(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_an_interrupt_while_writing_keeps_the_old_content(tmp_path, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    path = tmp_path / "file"
    write_atomic(path, "old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_the_content_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("replace"), replace(a, b)))
    write_atomic(tmp_path / "file", "content")
    assert order == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("below", ["file/child", "file/deep/child"])
def test_a_file_in_the_place_of_a_directory_is_told(below, tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(StorageError, match="a part of the path is a file"):
        write_atomic(tmp_path / below, "content")
    with (
        pytest.raises(StorageError, match="a part of the path is a file"),
        staged_directory(tmp_path / below),
    ):
        pass


def test_other_errors_of_the_system_pass_through(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match="Input/output error") as caught:
        write_atomic(tmp_path / "file", "content")
    assert not isinstance(caught.value, StorageError)


def test_leftovers_of_a_kill_are_removed_and_nothing_else(tmp_path):
    write_atomic(tmp_path / "deep" / "kept.tmp", "a user's own")
    (tmp_path / "deep" / ".state.x7_00aaz.tmp").write_text("half")
    for kept in (".hidden", ".mine.tmp"):
        (tmp_path / kept).write_text("kept")
    remove_unfinished(tmp_path)
    assert names(tmp_path) == [".hidden", ".mine.tmp", "deep", "deep/kept.tmp"]


# --------------------------------------------------------------------------- formats


def test_json_comes_back_and_refuses_nan(tmp_path):
    value = {"a": [1, 2.5, None], "b": "ü"}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize("content", [b'{"a": 1', b"\xff\xfe", b""])
def test_damaged_json_is_named(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"a\.json must be as it was written"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
def test_tensors_come_back_bit_by_bit(dtype, tmp_path):
    array = np.random.default_rng(0).normal(size=(3, 4)).astype(dtype)
    write_tensors(tmp_path / "a", {"x": array.T, "s": np.array(3, dtype=dtype)}, {"k": "v"})
    tensors, metadata = read_tensors(tmp_path / "a")
    assert metadata == {"k": "v"}
    assert tensors["x"].tobytes() == np.ascontiguousarray(array.T).tobytes()
    assert tensors["s"].shape == ()
    assert tensors["x"].dtype == dtype


def test_truncated_tensors_are_named_wherever_they_are_cut(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": np.arange(6.0)})
    content = path.read_bytes()
    for end in range(0, len(content), 5):
        path.write_bytes(content[:end])
        with pytest.raises(DamagedFileError, match=r"a\.safetensors must be as it was written"):
            read_tensors(path)


# --------------------------------------------------------------------------- directories


def test_a_staged_directory_appears_whole(tmp_path):
    path = tmp_path / "deep" / "run"
    with staged_directory(path) as stage:
        write_atomic(stage / "file", "content")
        assert not path.exists()
        assert stage.parent == path.parent  # the same file system, so that renaming is one step
    assert names(tmp_path) == ["deep", "deep/run", "deep/run/file"]


def fill_and_fail(path, error, *, overwrite=False):
    with staged_directory(path, overwrite=overwrite) as stage:
        write_atomic(stage / "file", "new")
        if overwrite:
            verify_manifest(path)
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_directory_leaves_nothing_behind(error, tmp_path):
    with pytest.raises(error):
        fill_and_fail(tmp_path / "run", error)
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_overwritten_run_stays_until_the_new_one_is_whole(error, tmp_path):
    run = tmp_path / "run"
    make_run(run)
    with pytest.raises(error):
        fill_and_fail(run, error, overwrite=True)
    verify_manifest(run)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]

    with staged_directory(run, overwrite=True) as stage:
        write_atomic(stage / "file", "new")
    assert names(tmp_path) == ["run", "run/file"]


def cannot_exchange(one, other):
    """Do as a system that has no exchange in one step."""
    return False


def test_two_directories_change_names_in_one_step(tmp_path):
    make_run(tmp_path / "one", "one")
    make_run(tmp_path / "two", "two")
    if not exchange(tmp_path / "one", tmp_path / "two"):
        pytest.skip("this system cannot")
    assert (tmp_path / "one" / "model" / "weights").read_text() == "two"
    assert (tmp_path / "two" / "model" / "weights").read_text() == "one"
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "one", tmp_path / "nowhere")


def test_a_run_is_replaced_without_a_moment_in_which_it_is_not_there(tmp_path, monkeypatch):
    if not exchange(*(Path(tempfile.mkdtemp(dir=tmp_path)) for _ in "ab")):
        pytest.skip("this system cannot")
    run = tmp_path / "run"
    make_run(run)

    def watch(source, target):
        raise AssertionError(f"{source} is renamed to {target}")

    with staged_directory(run, overwrite=True) as stage:
        write_atomic(stage / "file", "new")
        monkeypatch.setattr(os, "replace", watch)
    assert names(run) == ["file"]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_exchange_gives_the_old_run_back(failing, tmp_path, monkeypatch):
    run, calls, replace = tmp_path / "run", [], os.replace
    make_run(run)

    def fail_once(source, target):
        calls.append(source)
        if len(calls) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(_directories, "exchange", cannot_exchange)
    monkeypatch.setattr(os, "replace", fail_once)
    with (
        pytest.raises(StorageError, match="the disk is full"),
        staged_directory(run, overwrite=True),
    ):
        pass
    verify_manifest(run)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


KILLED = """
import os, sys
from pathlib import Path
from inscape import _directories

_directories.exchange = lambda one, other: False
replace, calls = os.replace, []

def killed(source, target):
    calls.append(source)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    replace(source, target)

with _directories.staged_directory(Path(sys.argv[1]), overwrite=True) as stage:
    os.mkdir(stage / "figures")
    os.replace = killed
"""


@pytest.mark.parametrize(
    ("moment", "kept"), [(1, "the old one"), (2, "the old one"), (3, "the new one")]
)
def test_a_kill_while_a_run_is_replaced_in_two_steps_loses_none(moment, kept, tmp_path):
    run = tmp_path / "run"
    make_run(run)
    died = subprocess.run([sys.executable, "-c", KILLED, str(run), str(moment)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert run.exists() == (moment != 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        find_again(run)
        assert names(run)[0] == ("MANIFEST" if kept == "the old one" else "figures")
        with hold_directory(run):
            remove_leftovers(run)
    told = [str(warning.message) for warning in caught]
    assert ["which ended without an end" in sentence for sentence in told].count(True) == 1
    assert any("was left by a process that was killed; it is removed" in s for s in told)
    assert any("it has it again" in s for s in told) == (moment == 2)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_is_not_ours_is_told_and_left(tmp_path):
    for name in (".run.abcd1234.tmp", ".run.abcd1234.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("mine")
    (tmp_path / ".running.abcd1234.inscape.tmp").mkdir()
    before = names(tmp_path)
    with pytest.warns(RunWarning, match="look, and remove it"):
        remove_leftovers(tmp_path / "run")
    assert names(tmp_path) == before


def test_a_link_to_a_run_stays_a_link(tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "latest").symlink_to("run")
    with staged_directory(tmp_path / "latest", overwrite=True) as stage:
        write_atomic(stage / "file", "new")
    assert (tmp_path / "latest").is_symlink()
    assert names(tmp_path / "run") == ["file"]


def fill_late(run):
    with staged_directory(run) as stage:
        write_atomic(stage / "file", "late")
        run.mkdir()
        (run / "thesis.txt").write_text("mine")


def test_what_has_come_meanwhile_is_not_overwritten_unasked(tmp_path):
    with pytest.raises(RunExistsError, match="it already exists"):
        fill_late(tmp_path / "run")
    assert names(tmp_path) == ["run", "run/thesis.txt"]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_place_that_refuses_a_directory_is_told(code, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "mkdir", refuse(code))
    with (
        pytest.raises(StorageError, match=f"run must be writable; {REFUSALS[code]}"),
        staged_directory(tmp_path / "deep" / "run"),
    ):
        pytest.fail("was entered")


def test_only_a_run_is_overwritten_and_only_when_asked(tmp_path):
    run, other, file = tmp_path / "run", tmp_path / "thesis", tmp_path / "file"
    make_run(run)
    other.mkdir()
    (other / "chapter.tex").write_text("years of work")
    file.write_text("a file")
    for path in (run, other, file):
        with pytest.raises(RunExistsError, match="must be a new directory; it already exists"):
            prepare_directory(path, overwrite=False)
    prepare_directory(run, overwrite=True)
    for path in (other, file):
        with pytest.raises(RunExistsError, match="must be a run to be overwritten"):
            prepare_directory(path, overwrite=True)
    (tmp_path / "empty").mkdir()
    prepare_directory(tmp_path / "empty", overwrite=False)
    prepare_directory(tmp_path / "new", overwrite=False)


def unfinished(path):
    """Make what a kill leaves of a fit."""
    write_atomic(path / "config.toml", 'format = 2\nkind = "fit"\n')
    write_json(path / "environment.json", {"packages": {"inscape": "0.1.0"}})
    write_atomic(path / "recorder" / "step-00000001.safetensors", b"")
    write_atomic(path / "model" / "config.json", "{}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.toml", 'format = 2\nkind = "fit"\n'),  # a config alone is no run
        ("config.toml", "[tool]\n"),
        ("MANIFEST", "include LICENSE\n"),
        ("MANIFEST", ""),
        ("environment.json", '{"packages": {"inscape": "0.1.0"}}'),
    ],
)
def test_one_file_of_a_name_that_runs_have_makes_no_run(name, text, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / name).write_text(text)
    with pytest.raises(RunExistsError, match="must be a run to be overwritten; it holds something"):
        prepare_directory(tmp_path / "site", overwrite=True)


def test_the_config_and_environment_of_another_tool_make_no_run(tmp_path):
    write_atomic(tmp_path / "site" / "config.toml", 'kind = "blog"\n')
    write_json(tmp_path / "site" / "environment.json", {"packages": {"sphinx": "8"}})
    with pytest.raises(RunExistsError, match="must be a run to be overwritten; it holds something"):
        prepare_directory(tmp_path / "site", overwrite=True)


@pytest.mark.parametrize("make", [make_run, unfinished])
@pytest.mark.parametrize("name", ["notes.md", "model/mine.pt", ".env", ".git/config", "a.tmp"])
def test_a_run_that_holds_a_file_of_its_reader_is_not_overwritten(make, name, tmp_path):
    run = tmp_path / "run"
    make(run)
    (run / ".DS_Store").write_text("dropped by a desktop")
    prepare_directory(run, overwrite=True)
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).write_text("mine")
    with pytest.raises(RunExistsError, match=f"holds '{name}' too, which the run does not list"):
        prepare_directory(run, overwrite=True)


def test_a_damaged_run_may_be_overwritten(tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "run" / "model" / "weights").write_text("damaged")
    prepare_directory(tmp_path / "run", overwrite=True)


def test_an_export_inside_of_another_is_judged_by_its_own_manifest(tmp_path):
    for path in (tmp_path / "hub", tmp_path / "hub" / "onnx"):
        with staged_directory(path) as stage:
            write_atomic(stage / "config.json", "{}")
            write_manifest(stage)
    prepare_directory(tmp_path / "hub", overwrite=True)
    (tmp_path / "hub" / "onnx" / "mine.txt").write_text("mine")
    with pytest.raises(RunExistsError, match=r"holds 'onnx/mine.txt' too"):
        prepare_directory(tmp_path / "hub", overwrite=True)


@pytest.mark.parametrize("make", [make_run, unfinished])
def test_a_place_in_a_run_is_refused_and_one_beside_or_in_an_export_is_not(make, tmp_path):
    run, export = tmp_path / "run", tmp_path / "export"
    make(run)
    with staged_directory(export) as stage:
        write_atomic(stage / "encoder.onnx", b"")
        write_manifest(stage)
    for place in (tmp_path / "a.csv", export / "a.csv"):
        refuse_in_run(place)
    for place in (run / "a.csv", run / "figures" / "deep" / "a.csv"):
        with pytest.raises(StorageError, match="must lie outside of every run"):
            refuse_in_run(place)
    # What a later version wrote is no less a run.
    write_atomic(run / MANIFEST, "# format 99, 1 files\n")
    with pytest.raises(StorageError, match="must lie outside of every run"):
        refuse_in_run(run / "a.csv")


def test_a_run_that_holds_an_export_is_not_overwritten(tmp_path):
    make_run(tmp_path / "run")
    with staged_directory(tmp_path / "run" / "hub") as stage:
        write_atomic(stage / "config.json", "{}")
        write_manifest(stage)
    verify_manifest(tmp_path / "run")
    with pytest.raises(RunExistsError, match=r"holds 'hub/config\.json' too"):
        prepare_directory(tmp_path / "run", overwrite=True)


# --------------------------------------------------------------------------- MANIFEST


def test_the_manifest_is_what_sha256sum_reads(tmp_path):
    make_run(tmp_path / "run")
    text = (tmp_path / "run" / MANIFEST).read_text()
    first, *lines, last = text.splitlines()
    assert first == "# format 2, 2 files"
    assert lines == [
        f"{sha256(tmp_path / 'run' / name)}  {name}" for name in ("model/weights", "notes.txt")
    ]
    above = text[: -len(last) - 1]
    assert last == f"# {hashlib.sha256(above.encode()).hexdigest()}"
    verify_manifest(tmp_path / "run")


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="the tool is not there")
def test_sha256sum_agrees(tmp_path):
    make_run(tmp_path / "run")
    check = ["sha256sum", "--check", "--strict", "--quiet", MANIFEST]
    assert subprocess.run(check, cwd=tmp_path / "run", check=False).returncode == 0
    (tmp_path / "run" / "notes.txt").write_text("changed")
    done = subprocess.run(check, cwd=tmp_path / "run", check=False, capture_output=True)
    assert done.returncode == 1


def test_a_known_digest(tmp_path):
    (tmp_path / "a").write_text("abc")
    wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "a") == wanted


def test_a_flipped_bit_a_cut_and_a_missing_file_are_each_named(tmp_path):
    make_run(tmp_path / "run")
    path = tmp_path / "run" / "model" / "weights"
    for damage in (b"onf", b"on", b"", None):
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage)
        for below in ("", "model/"):
            with pytest.raises(DamagedFileError, match="model/weights must be as it was written"):
                verify_manifest(tmp_path / "run", below=below)


def test_only_what_lies_below_is_asked_for(tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("changed")
    verify_manifest(tmp_path / "run", below="model/")
    with pytest.raises(DamagedFileError, match=r"notes\.txt must be as it was written"):
        verify_manifest(tmp_path / "run")


def test_a_users_own_file_beside_the_listed_ones_does_no_harm(tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "run" / "remarks.md").write_text("mine")
    verify_manifest(tmp_path / "run")


def cuts_and_changes(content):
    """Return every cut of a MANIFEST, at either end, each line taken out, and each byte changed."""
    yield from (content[:end] for end in range(0, len(content), 3))
    yield from (content[start:] for start in range(1, len(content), 3))
    lines = content.splitlines(keepends=True)
    yield from (b"".join(lines[:i] + lines[i + 1 :]) for i in range(len(lines)))
    yield b"".join([*lines, lines[1]])
    for place in range(len(content)):
        yield content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]


def test_a_manifest_that_is_cut_or_changed_anywhere_proves_nothing(tmp_path):
    make_run(tmp_path / "run")
    path = tmp_path / "run" / MANIFEST
    content = path.read_bytes()
    for damaged in cuts_and_changes(content):
        path.write_bytes(damaged)
        with pytest.raises(
            (DamagedFileError, InvalidParameterError), match=r"MANIFEST must be (as it was|of form)"
        ):
            verify_manifest(tmp_path / "run")
    path.write_bytes(content)
    verify_manifest(tmp_path / "run")


def test_a_manifest_tells_how_many_files_there_are(tmp_path):
    make_run(tmp_path / "run")
    path = tmp_path / "run" / MANIFEST
    above = path.read_text().rpartition("# ")[0].replace("2 files", "3 files")
    path.write_text(f"{above}# {hashlib.sha256(above.encode()).hexdigest()}\n")
    with pytest.raises(DamagedFileError, match="MANIFEST must be as it was written"):
        verify_manifest(tmp_path / "run")


def test_a_manifest_of_format_1_proves_what_it_lists(tmp_path):
    make_run(tmp_path / "run")
    path = tmp_path / "run" / MANIFEST
    lines = path.read_text().splitlines(keepends=True)[1:-1]
    path.write_text("".join(lines))
    verify_manifest(tmp_path / "run")
    path.write_text(lines[1])
    for refused in (
        lambda: verify_manifest(tmp_path / "run", below="model/"),
        lambda: verify_file(tmp_path / "run", "model/weights"),
    ):
        with pytest.raises(DamagedFileError, match=r"MANIFEST must be|must be listed in MANIFEST"):
            refused()


def test_a_manifest_of_the_future_is_refused_by_name_and_version(tmp_path):
    make_run(tmp_path / "run")
    path = tmp_path / "run" / MANIFEST
    path.write_text(path.read_text().replace("# format 2", "# format 99"))
    with pytest.raises(InvalidParameterError, match=r"MANIFEST must be of .* got format 99"):
        verify_manifest(tmp_path / "run")


def test_what_systems_leave_is_neither_listed_nor_called_damage(tmp_path):
    make_run(tmp_path / "run")
    for name in (".DS_Store", "model/._weights", "model/.nfs0001", "Thumbs.db", "model/mine.txt"):
        (tmp_path / "run" / name).write_text("dropped")
    verify_manifest(tmp_path / "run", below="model/")
    assert unlisted(tmp_path / "run") == ["model/mine.txt"]
    write_manifest(tmp_path / "run")
    listed = read_manifest(tmp_path / "run").files
    assert sorted(listed) == ["model/mine.txt", "model/weights", "notes.txt"]


def test_what_may_be_changed_is_known_and_not_proved(tmp_path):
    make_run(tmp_path / "run")
    write_manifest(tmp_path / "run", editable=("notes.txt",))
    assert unlisted(tmp_path / "run") == []
    (tmp_path / "run" / "notes.txt").write_text("better words")
    verify_manifest(tmp_path / "run")
    assert unlisted(tmp_path / "run") == ["notes.txt"]


def test_without_a_manifest_there_is_no_finished_run(tmp_path):
    with pytest.raises(RunNotFoundError, match="must be a finished run"):
        verify_manifest(tmp_path)
