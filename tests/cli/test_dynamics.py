"""``inscape dynamics`` as its users meet it: one run, looked at from every side, and bad input."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from inscape import _typing
from inscape._files import read_json, read_tensors, verify_manifest
from inscape.cli import main
from inscape.dynamics import simulate
from inscape.dynamics.initialization import INITIALIZATIONS
from inscape.runs import DynamicsConfig, read_config, run_dynamics
from inscape.runs.dynamics import next_path
from inscape.runs.environment import describe_software

SMALL = ["--n-features", "1000", "--learning-rate", "32"]
# Without hidden layer there is no similarity to draw.
QUICK = ["--n-features", "100", "--hidden", "", "--epochs", "20"]

# Another value than the default for every field; a new field has to be added here.
OTHER: dict[str, Any] = {
    "data": "some.npz",
    "levels": 2,
    "branches": (2, 3),
    "flip": 0.1,
    "n_features": 50,
    "feature": "has_x=1,1,1,-1,-1,-1",
    "item": "item 2",
    "hidden": (),
    "gamma": 1e-3,
    "initialization": "balanced",
    "learning_rate": 3.5,
    "epochs": 40,
    "record_every": 2,
    "random_state": 4,
    "similarity_at": (1, 2),
    "theory": True,
    "sweep": True,
    "animation": "none",
}


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("dynamics") / "run"
    assert call("dynamics", *SMALL, "--theory", "--sweep", "--run", path) == 0
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


def test_a_run_holds_everything_and_proves_it(made):
    verify_manifest(made)
    assert figures(made) == {
        "tree",
        "loss",
        "loss_and_modes",
        "modes_over_theory",
        "similarity",
        "illusory_correlation",
        "sweep_time_to_learn",
        "sweep_plateaus",
    }
    assert (made / "similarity.gif").read_bytes()[:4] == b"GIF8"
    page = (made / "report.html").read_text()
    assert page.count("data:image/png") == 8
    assert page.count("data:image/gif") == 1
    assert "n_features = 1000" in page
    assert "://" not in page


def test_its_metrics_are_those_of_the_training(made):
    metrics = read_json(made / "metrics.json")
    tensors, metadata = read_tensors(made / "trajectory.safetensors")
    assert len(metrics["modes"]) == 8
    assert metrics["loss"]["final"] == tensors["loss"][-1] < 1e-6
    assert metrics["divergence"] is None
    assert metrics["warnings"] == []
    for k, mode in enumerate(metrics["modes"]):
        rise = mode["half_rise"]
        reached = tensors["modes"][:, k] >= mode["limit"] / 2
        assert rise["measured"] == tensors["epochs"][reached.argmax()]
        # Gradient flow, in continuous time, is ahead of the discrete steps.
        assert abs(rise["discrete_map"] - rise["measured"]) <= 3
        assert rise["gradient_flow"] < rise["discrete_map"]
    assert metrics["followed"] == {"item": "Shark", "feature": "has_bones"}
    assert metadata == {"predictions": "of has_bones, for each sample"}
    # The Shark has no bones, and is believed to have them for a while.
    shark = tensors["predictions"][:, 0]
    assert shark[-1] == pytest.approx(-1, abs=1e-3)
    assert shark.max() > 0.2
    wrong = metrics["illusory_correlations"]["wrong_sign"]
    assert 0 < wrong["count"] < wrong["of"] == 8 * 1001
    sizes = [found["size"] for found in wrong["largest"]]
    assert sizes == sorted(sizes, reverse=True)


def test_its_tensors_have_the_shapes_that_the_words_say(made):
    tensors, _ = read_tensors(made / "trajectory.safetensors")
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    assert shapes == {
        "epochs": (251,),
        "loss": (251,),
        "modes": (251, 8),
        "modes_discrete_map": (251, 8),
        "modes_gradient_flow": (251, 8),
        "sorted_modes": (251, 8),
        "similarity": (251, 1, 8, 8),
        "predictions": (251, 8),
    }
    swept, _ = read_tensors(made / "sweep.safetensors")
    assert swept["time_to_learn"].shape == swept["n_plateaus"].shape == (20, 17, 1, 1)


def test_its_config_repeats_it(made, tmp_path):
    again = tmp_path / "again"
    config = made / "config.toml"
    flags = ["--animation", "none", "--no-such-flag"]
    assert call("dynamics", "--config", config, *flags, "--run", again) == 2
    lighter = tmp_path / "lighter.toml"
    lighter.write_text(config.read_text().replace("sweep = true", "sweep = false"))
    assert call("dynamics", "--config", lighter, *flags[:2], "--run", again) == 0
    name = "trajectory.safetensors"
    assert (again / name).read_bytes() == (made / name).read_bytes()
    assert tomllib.loads((again / "config.toml").read_text())["animation"] == "none"


def test_the_terminal_shows_the_modes_and_the_places(place, capsys):
    assert call("dynamics", *QUICK) == 0
    told = capsys.readouterr()
    assert told.err == ""
    for word in ("Singular value", "Gradient flow", "runs/tree-dynamics/figures", "report.html"):
        assert word in told.out
    assert next_path(DynamicsConfig()) == Path("runs") / "tree-dynamics-2"


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


# --------------------------------------------------------------------------- other data, networks


def test_own_data_are_learned_as_simulate_learns_them(file, place):
    options = ["--gamma", 1e-3, "--learning-rate", 4, "--epochs", 200, "--hidden", "6,6"]
    path = place / "run"
    flags = ["--record-every", 10, "--similarity-at", "10,100", "--animation", "none"]
    assert call("dynamics", file, *options, *flags, "--run", path) == 0
    with np.load(file) as arrays:
        course = simulate(
            arrays["inputs"],
            arrays["targets"],
            gamma=1e-3,
            learning_rate=4,
            epochs=200,
            hidden=(6, 6),
            record_every=10,
            random_state=0,
        )
    tensors, _ = read_tensors(path / "trajectory.safetensors")
    np.testing.assert_array_equal(tensors["loss"], course.loss)
    assert tensors["similarity"].shape == (21, 2, 12, 12)
    assert figures(path) == {"loss", "loss_and_modes", "similarity", "illusory_correlation"}
    assert read_json(path / "environment.json")["data"]["name"] == "some.npz"


def test_theory_that_refuses_is_a_warning(place, capsys):
    rng = np.random.default_rng(0)
    np.savez("raw.npz", inputs=rng.normal(size=(20, 3)), targets=rng.normal(size=(20, 2)))
    flags = ["--theory", "--learning-rate", 0.1, "--gamma", 0.1, "--animation", "none"]
    assert call("dynamics", "raw.npz", *flags, "--epochs", 30, "--run", "run") == 0
    told = capsys.readouterr().err.strip()
    nothing, theory = told.splitlines()
    assert nothing.startswith("warning: No mode was half learned in 30 epochs")
    assert theory.startswith("warning: Theory is left out: inputs must be whitened")
    assert "modes_over_theory" not in figures(place / "run")
    rise = read_json(place / "run" / "metrics.json")["modes"][0]["half_rise"]
    assert rise["discrete_map"] is rise["gradient_flow"] is None


def test_without_hidden_layer_nothing_is_similar_and_nothing_is_an_illusion(place):
    assert call("dynamics", *SMALL, "--hidden", "none", "--run", "run") == 0
    assert not list((place / "run").glob("similarity.*"))
    tensors, _ = read_tensors(place / "run" / "trajectory.safetensors")
    assert "similarity" not in tensors
    assert "similarity" not in figures(place / "run")
    found = read_json(place / "run" / "metrics.json")["illusory_correlations"]
    assert found["wrong_sign"] == {"count": 0, "of": 8 * 1001, "largest": []}


def test_another_tree_with_a_feature_and_an_item(place):
    flags = ["--branches", "2,3", "--feature", "has_x=-1,1,1,-1,-1,-1", "--item", "item 1"]
    assert call("dynamics", *QUICK, *flags, "--run", "run") == 0
    followed = read_json(place / "run" / "metrics.json")["followed"]
    assert followed == {"item": "item 1", "feature": "has_x"}


def test_a_tree_without_added_feature_follows_what_goes_astray_farthest(place):
    config = DynamicsConfig(
        branches=(2,), levels=2, n_features=100, learning_rate=5, animation="none"
    )
    run = run_dynamics(config)
    assert run.path == Path("runs") / "tree-dynamics"
    assert run.config == config
    metrics = run.metrics
    worst = metrics["illusory_correlations"]["wrong_sign"]["largest"][0]
    assert metrics["followed"] == {"item": worst["item"], "feature": worst["feature"]}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        # 8 items of 100 features: the best solution is stable up to a rate of 7.5.
        (
            ["--gamma", "1", "--hidden", "30", "--learning-rate", "9"],
            "learning_rate 9 is above 7.53, where the best solution",
        ),
        (["--gamma", "1e-12", "--learning-rate", "0.1"], "No mode was half learned in 20 epochs"),
    ],
)
def test_a_rate_that_teaches_nothing_is_a_warning(place, capsys, options, told):
    arguments = ["dynamics", *QUICK, "--hidden", "30", *options, "--animation", "none"]
    assert call(*arguments) == 0
    assert told in capsys.readouterr().err


def test_divergence_is_told_and_what_was_before_it_is_drawn(place, capsys):
    flags = ["--n-features", 1000, "--learning-rate", 1500, "--gamma", 0.01]
    assert call("dynamics", *flags, "--animation", "none", "--run", "run") == 0
    told = capsys.readouterr().err
    assert "warning: Training diverged at epoch" in told
    metrics = read_json(place / "run" / "metrics.json")
    assert metrics["divergence"] == metrics["warnings"][0]
    assert 1 <= metrics["epochs"] < 250
    assert {"loss", "loss_and_modes", "similarity"} <= figures(place / "run")
    assert metrics["warnings"][0] in (place / "run" / "report.html").read_text()
    verify_manifest(place / "run")


# --------------------------------------------------------------------------- bad input


@pytest.fixture
def bad(file, place):
    np.savez(place / "names.npz", X=np.eye(3), Y=np.eye(3))
    np.savez(place / "rows.npz", inputs=np.eye(3), targets=np.eye(4))
    np.savez(place / "nan.npz", inputs=np.eye(3), targets=np.full((3, 2), np.nan))
    np.savez(place / "objects.npz", inputs=np.array([{}]), targets=np.eye(1))
    np.save(place / "single.npy", np.eye(3))
    (place / "cut.npz").write_bytes(file.read_bytes()[:300])
    (place / "text.npz").write_text("no archive")
    (place / "key.toml").write_text("n_featurs = 3\n")
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
        (["--config", "nowhere.toml"], ["nowhere.toml"]),
        (["nowhere.npz"], ["nowhere.npz", "inputs and targets", "there is none"]),
        (["."], ["inputs and targets", "there is none"]),
        (["names.npz"], ["names.npz", "got X, Y"]),
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


# --------------------------------------------------------------------------- the config


def test_every_field_of_the_config_comes_back_from_its_file(tmp_path):
    assert set(OTHER) == {field.name for field in dataclasses.fields(DynamicsConfig)}
    config = DynamicsConfig(**OTHER)
    for name, value in OTHER.items():
        assert getattr(DynamicsConfig(), name) != value
    (tmp_path / "config.toml").write_text(config.to_toml())
    assert read_config(tmp_path / "config.toml", DynamicsConfig) == config


def test_the_words_of_an_option_are_those_accepted():
    assert list(get_args(_typing.LinearInitializationName)) == list(INITIALIZATIONS)


def test_help_tells_every_option_and_loads_nothing_heavy():
    probe = (
        "import sys\nfrom inscape.cli import main\n"
        "try:\n    main(['dynamics', '--help'])\nexcept SystemExit as end:\n"
        "    assert not end.code\n"
        "assert not {'torch', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    for name in set(OTHER) - {"data"}:
        assert f"--{name.replace('_', '-')}" in done.stdout


def test_software_is_told_without_torch():
    assert {"created", "command", "packages"} <= set(describe_software())
