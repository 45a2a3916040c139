"""``inscape dynamics`` as its users meet it: a run, what the terminal tells, and bad input."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inscape._files import next_free, verify_manifest
from inscape.cli import main
from inscape.runs import DynamicsConfig, read_config
from inscape.runs.dynamics import first_path

# Without hidden layer there is no similarity to draw.
QUICK = ["--n-features", "100", "--hidden", "", "--epochs", "20"]


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("dynamics") / "run"
    assert call("dynamics", *QUICK, "--theory", "--run", path) == 0
    return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(place):
    rng = np.random.default_rng(0)
    inputs = np.linalg.qr(rng.normal(size=(12, 5)))[0]
    np.savez(place / "some.npz", inputs=inputs, targets=inputs @ rng.normal(size=(5, 3)))
    return place / "some.npz"


def figures(path) -> set[str]:
    return {figure.stem for figure in (path / "figures").iterdir()}


# --------------------------------------------------------------------------- a run


def test_its_config_repeats_it_and_flags_go_over_it(made, tmp_path):
    again = tmp_path / "again"
    flags = ["--config", made / "config.toml", "--run", again]
    assert call("dynamics", *flags, "--no-such-flag") == 2
    assert call("dynamics", *flags, "--animation", "none") == 0
    name = "trajectory.safetensors"
    assert (again / name).read_bytes() == (made / name).read_bytes()
    assert read_config(made / "config.toml").animation == "gif"
    assert read_config(again / "config.toml").animation == "none"


def test_the_terminal_shows_the_modes_and_the_places(place, capsys):
    assert call("dynamics", *QUICK) == 0
    told = capsys.readouterr()
    assert told.err == ""
    for word in ("Singular value", "Gradient flow", "runs/tree-dynamics/figures", "report.html"):
        assert word in told.out
    assert next_free(first_path(DynamicsConfig())) == Path("runs") / "tree-dynamics-2"


def test_an_existing_run_is_replaced_only_when_asked(made, tmp_path, capsys):
    path = shutil.copytree(made, tmp_path / "run")
    before = (path / "MANIFEST").read_text()
    assert call("dynamics", *QUICK, "--run", path) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (path / "MANIFEST").read_text() == before
    assert call("dynamics", *QUICK, "--run", path, "--overwrite") == 0
    verify_manifest(path)
    assert figures(path) == {"tree", "loss", "loss_and_modes", "illusory_correlation"}
    assert [found.name for found in tmp_path.iterdir()] == ["run"]


def test_what_is_doubtful_is_a_warning(place, capsys):
    flags = ["--learning-rate", "0.1", "--animation", "none"]
    assert call("dynamics", *QUICK, *flags) == 0
    told = capsys.readouterr().err
    assert told.startswith("warning: No mode was half learned in 20 epochs")


def test_a_training_that_diverges_is_told_as_such(place, capsys):
    flags = ["--n-features", "100", "--learning-rate", "300", "--gamma", "0.01"]
    assert call("dynamics", *flags) == 0
    told = capsys.readouterr()
    assert "nothing else is told of a training that diverged" in told.out
    assert "wrong sign" not in told.out
    assert "Half-rise" not in told.out
    assert told.err.startswith("warning: Training diverged at epoch")


def test_a_table_of_ones_own_is_learned_without_a_rate(place, capsys):
    """In raw units, where a rate of 100 diverges at once."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)) * [1, 10, 1e4, 0.1] + [0, 300, 4e4, 1]
    rows = np.column_stack([X, X @ rng.normal(size=(4, 2)) / 1e3])
    header = "age,height,income,share,first,second"
    np.savetxt(place / "own.csv", rows, delimiter=",", header=header, comments="")
    flags = ["--target", "first", "--target", "second", "--whiten", "--theory", "--gamma", "1e-3"]
    assert call("dynamics", "own.csv", *flags, "--animation", "none") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "predicted are 'first', 'second'" in told.out
    assert "diverged" not in told.out
    again = ["--target", "first", "--target", "second", "--learning-rate", "100"]
    assert call("dynamics", "own.csv", *again) == 0
    assert "warning: Training diverged at epoch 2" in capsys.readouterr().err


# --------------------------------------------------------------------------- bad input


@pytest.fixture
def bad(file, place):
    np.savez(place / "names.npz", X=np.eye(3), Z=np.eye(3))
    (place / "table.csv").write_text("a,b,kind\n1,2,u\n3,4,v\n5,7,u\n")
    np.savez(place / "rows.npz", inputs=np.eye(3), targets=np.eye(4))
    np.savez(place / "nan.npz", inputs=np.eye(3), targets=np.full((3, 2), np.nan))
    np.savez(place / "objects.npz", inputs=np.array([{}]), targets=np.eye(1))
    np.save(place / "single.npy", np.eye(3))
    (place / "cut.npz").write_bytes(file.read_bytes()[:300])
    (place / "text.npz").write_text("no archive")
    (place / "key.toml").write_text("n_featurs = 3\n")
    (place / "fit.toml").write_text('kind = "fit"\n')
    return place


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epochs", "0"], ["`epochs`", "got 0"]),
        (["--learning-rate", "-1"], ["`learning_rate`", "got -1"]),
        (["--learning-rate", "1e12", "--gamma", "1"], ["2 records to draw", "diverged at epoch 1"]),
        (["--gamma", "0"], ["`gamma`", "got 0"]),
        (["--flip", "0.7"], ["`flip`", "got 0.7"]),
        (["--n-features", "0"], ["`n_features`", "got 0"]),
        (["--hidden", "0"], ["`hidden`", "(0,)"]),
        (["--hidden", "8,x"], ["joined by commas", "8,x"]),
        (["--branches", ""], ["`branches`", "at least 1"]),
        (["--branches", "2,3", "--levels", "3"], ["`levels`", "got 3"]),
        (["--initialization", "balance"], ["balanced"]),
        (["--random-state", "-1"], ["`random_state`", "got -1"]),
        (["--record-every", "0"], ["`record_every`", "got 0"]),
        (["--feature", "has_fins=1,1"], ["has_fins", "(8)", "(2,)"]),
        (["--feature", "has_fins=1,1,1,1,0,1,1,1"], ["has_fins", "+1 or -1", "item 4"]),
        (["--feature", "has_fins=a,b"], ["`feature`", "has_fins=a,b"]),
        (["--feature", "has_fins"], ["`feature`", "has_fins"]),
        (["--feature", "=1,1,1,1,1,1,1,1"], ["non-empty"]),
        (["--item", "Tunna"], ["Did you mean 'Tuna'?"]),
        (["--similarity-at", "1,300"], ["`similarity_at`", "got 300"]),
        (["--similarity-at", "5", "--record-every", "10"], ["`similarity_at`", "got 5"]),
        (["--similarity-at", ",".join(map(str, range(13)))], ["at most 12", "got 13"]),
        (["--similarity-at", "1", "--hidden", ""], ["`similarity_at`", "no hidden layer"]),
        (["--sweep", "--hidden", "8,4"], ["one width", "(8, 4)"]),
        (["--animation", "webp"], ["webp"]),
        (["--epoch", "3"], ["Did you mean --epochs?"]),
        (["--config", "key.toml"], ["'n_featurs'", "Did you mean 'n_features'?"]),
        (["--config", "fit.toml"], ["of kind 'dynamics'", "of kind 'fit'"]),
        (["--config", "nowhere.toml"], ["nowhere.toml"]),
        (["nowhere.npz"], ["nowhere.npz", "inputs and targets", "there is none"]),
        (["."], ["inputs and targets", "there is none"]),
        (["names.npz"], ["names.npz", "got X, Z"]),
        (["table.csv"], ["`target` must name the columns of table.csv", "--target NAME"]),
        (["table.csv", "--target", "c"], ["one of the columns 'a', 'b', 'kind'", "got 'c'"]),
        (["table.csv", "--target", "a"], ["got text in 'kind'", "one_hot"]),
        (["table.csv", "--target", "a", "--flip", "0.2"], ["`flip`", "no tree"]),
        (["some.npz", "--target", "a"], ["`target`", "no table"]),
        (["--target", "a"], ["`target`", "no table"]),
        (["rows.npz"], ["targets must have as many rows"]),
        (["nan.npz"], ["targets", "NaN"]),
        (["objects.npz"], ["objects.npz", "numbers"]),
        (["single.npy"], ["single.npy", ".npz"]),
        (["cut.npz"], ["cut.npz", "cut short"]),
        (["text.npz"], ["text.npz", "whole .npz file"]),
        (["some.npz", "--flip", "0.2"], ["`flip`", "no tree", "0.2"]),
        (["some.npz", "--item", "Tuna"], ["`item`", "no tree"]),
        (["--run", "some.npz"], ["some.npz"]),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(bad, capsys, arguments, words):
    before = sorted(bad.rglob("*"))
    assert call("dynamics", *arguments) == 2
    told = capsys.readouterr()
    for word in words:
        assert word in told.err
    assert told.err.startswith("error: ")
    assert len(told.err.strip().splitlines()) == 1
    assert sorted(bad.rglob("*")) == before


# --------------------------------------------------------------------------- the help


def test_help_tells_every_option_and_loads_nothing_heavy():
    probe = (
        "import sys\nfrom inscape.cli import main\n"
        "try:\n    main(['dynamics', '--help'])\nexcept SystemExit as end:\n"
        "    assert not end.code\n"
        "assert not {'torch', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    for name in {field.name for field in dataclasses.fields(DynamicsConfig)} - {"data"}:
        assert f"--{name.replace('_', '-')}" in done.stdout
