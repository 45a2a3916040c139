"""A run of dynamics, looked at from every side: its numbers, its theory, other trees and data."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inscape._errors import InvalidParameterError
from inscape._files import read_tensors
from inscape.dynamics import simulate
from inscape.runs import DynamicsConfig, Run, run_dynamics

# Without hidden layer there is no similarity to draw.
QUICK = {"n_features": 100, "hidden": (), "epochs": 20}


@pytest.fixture(scope="module")
def made(tmp_path_factory, drawing_small):
    config = DynamicsConfig(n_features=1000, learning_rate=32, theory=True, sweep=True)
    with drawing_small():
        return run_dynamics(config, tmp_path_factory.mktemp("dynamics") / "run")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


def drawn(run: Run) -> set[str]:
    return {figure.stem for figure in run.figures}


def trajectory(run: Run) -> dict[str, np.ndarray]:
    return read_tensors(run.path / "trajectory.safetensors")[0]


# --------------------------------------------------------------------------- a run


def test_a_run_holds_everything_and_proves_it(made):
    made.verify()
    assert drawn(made) == {
        "tree",
        "loss",
        "loss_and_modes",
        "modes_over_theory",
        "similarity",
        "illusory_correlation",
        "sweep_time_to_learn",
        "sweep_plateaus",
    }
    assert (made.path / "similarity.gif").read_bytes()[:4] == b"GIF8"
    page = (made.path / "report.html").read_text()
    assert page.count("data:image/png") == 8
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == 9
    assert all("ad sign" in caption for caption in captions)
    assert page.count("data:image/gif") == 1
    assert "n_features = 1000" in page
    assert "://" not in page


def test_its_metrics_are_those_of_the_training(made):
    metrics = made.metrics
    tensors, metadata = read_tensors(made.path / "trajectory.safetensors")
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
    shapes = {name: tensor.shape for name, tensor in trajectory(made).items()}
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
    swept, _ = read_tensors(made.path / "sweep.safetensors")
    assert swept["time_to_learn"].shape == swept["n_plateaus"].shape == (20, 17, 1, 1)


# --------------------------------------------------------------------------- other data, networks


def test_own_data_are_learned_as_simulate_learns_them(tmp_path, path):
    rng = np.random.default_rng(0)
    inputs = np.linalg.qr(rng.normal(size=(12, 5)))[0]
    targets = inputs @ rng.normal(size=(5, 3))
    np.savez(tmp_path / "some.npz", inputs=inputs, targets=targets)
    options = {
        "gamma": 1e-3,
        "learning_rate": 4,
        "epochs": 200,
        "hidden": (6, 6),
        "record_every": 10,
        "random_state": 0,
    }
    config = DynamicsConfig(
        data=str(tmp_path / "some.npz"), similarity_at=(10, 100), animation="none", **options
    )
    run = run_dynamics(config, path)
    tensors = trajectory(run)
    np.testing.assert_array_equal(tensors["loss"], simulate(inputs, targets, **options).loss)
    assert tensors["similarity"].shape == (21, 2, 12, 12)
    assert drawn(run) == {"loss", "loss_and_modes", "similarity", "illusory_correlation"}
    assert run.environment["data"]["name"] == "some.npz"


@pytest.fixture
def without_figures(monkeypatch):
    """Most of a run's seconds go into its pictures."""
    for name in ("add_figures", "add_illusion"):
        monkeypatch.setattr(f"inscape.runs.dynamics.job.{name}", lambda *_: None)


@pytest.fixture
def raw(tmp_path):
    """Correlated inputs of unlike units, and outputs with offsets."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3)) * [1, 3, 10] + [5, 0, -20]
    y = X @ rng.normal(size=(3, 2)) + 7 + rng.normal(size=(60, 2))
    np.savez(tmp_path / "raw.npz", X=X, y=y)
    return DynamicsConfig(data=str(tmp_path / "raw.npz"), gamma=1e-3, animation="none")


def test_theory_is_integrated_where_no_closed_form_holds(raw, path):
    run = run_dynamics(replace(raw, theory=True), path)
    assert run.metrics["warnings"] == []
    assert run.metrics["theory"].startswith(
        "Gradient flow is integrated numerically: inputs must be whitened"
    )
    page = (path / "report.html").read_text()
    assert run.metrics["theory"].split(":")[0] in page
    assert "(gradient flow, integrated)" in page
    assert {"modes_over_theory", "illusory_correlation"} <= drawn(run)
    tensors = trajectory(run)
    assert "modes_discrete_map" not in tensors
    # Steps of four tenths of the stable one are late by some epochs in the strongest mode.
    rise = run.metrics["modes"][0]["half_rise"]
    assert rise["discrete_map"] is None
    assert 0 < rise["measured"] - rise["gradient_flow"] <= 0.3 * rise["measured"]
    limits = [mode["limit"] for mode in run.metrics["modes"]]
    np.testing.assert_allclose(tensors["modes_gradient_flow"][-1, 0], limits[0], rtol=0.02)


def test_what_has_to_be_integrated_is_so_only_where_theory_is_asked_for(raw, path, monkeypatch):
    monkeypatch.setattr("inscape.dynamics.simulation.integrate_flow", None)
    run = run_dynamics(raw, path)
    rise = run.metrics["modes"][0]["half_rise"]
    assert rise["discrete_map"] is rise["gradient_flow"] is run.metrics["theory"] is None
    assert not {"modes_over_theory"} & drawn(run)


@pytest.mark.usefixtures("without_figures")
def test_whitened_inputs_have_closed_forms_and_the_same_best_answer(raw, tmp_path, path):
    run = run_dynamics(replace(raw, theory=True, whiten=True, gamma=1e-6), path)
    assert run.metrics["warnings"] == []
    assert run.metrics["theory"] is None
    for mode in run.metrics["modes"]:
        assert mode["half_rise"]["discrete_map"] == pytest.approx(
            mode["half_rise"]["measured"], abs=1
        )
    with np.load(tmp_path / "raw.npz") as file:
        X, y = file["X"], file["y"]
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert run.metrics["loss"]["final"] == pytest.approx(float(np.mean(left**2)), rel=1e-6)


@pytest.mark.usefixtures("without_figures")
def test_a_table_is_learned_by_the_names_of_its_columns(tmp_path, path):
    rng = np.random.default_rng(0)
    X, words = rng.normal(size=(30, 3)), np.array(["u", "v", "w"])[np.arange(30) % 3]
    y = X @ [1.0, 2.0, 3.0]
    lines = [",".join(map(str, [i, *X[i], y[i], words[i]])) for i in range(30)]
    (tmp_path / "table.csv").write_text("\n".join(["id,a,b,c,size,kind", *lines]) + "\n")
    config = DynamicsConfig(
        data=str(tmp_path / "table.csv"),
        target=("size", "kind"),
        drop=("id",),
        animation="none",
        epochs=50,
        gamma=0.1,
        random_state=0,
    )
    run = run_dynamics(config, path)
    targets = np.column_stack([y, *(words == word for word in "uvw")])
    course = simulate(X, targets, epochs=50, gamma=0.1, random_state=0)
    np.testing.assert_allclose(trajectory(run)["loss"], course.loss, rtol=1e-5)
    assert run.config.learning_rate == pytest.approx(course.learning_rate, rel=1e-5)
    data = run.environment["data"]
    assert (data["n_inputs"], data["n_outputs"]) == (3, 4)
    assert "predicted are 'size', 'kind=u', 'kind=v', 'kind=w'" in data["told"]
    names = {
        found["feature"] for found in run.metrics["illusory_correlations"]["wrong_sign"]["largest"]
    }
    assert names <= {"size", "kind=u", "kind=v", "kind=w"}
    # One text may name several columns.
    joined = run_dynamics(replace(config, target=("size, kind",)), tmp_path / "joined")
    assert joined.environment["data"] == data


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("names", [("X", "y"), ("X", "Y"), ("inputs", "targets")])
def test_two_arrays_may_be_called_as_people_call_them(names, tmp_path, path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 2))
    y = X @ [1.0, -1.0]
    np.savez(tmp_path / "some.npz", **{names[0]: X, names[1]: y}, other=np.eye(2))
    config = DynamicsConfig(data=str(tmp_path / "some.npz"), hidden=(), epochs=9, gamma=0.1)
    course = simulate(X, y[:, None], hidden=(), epochs=9, gamma=0.1, random_state=0)
    np.testing.assert_array_equal(trajectory(run_dynamics(config, path))["loss"], course.loss)


def test_without_hidden_layer_nothing_is_similar_and_nothing_is_an_illusion(path):
    run = run_dynamics(DynamicsConfig(n_features=1000, learning_rate=32, hidden=()), path)
    assert not list(path.glob("similarity.*"))
    assert "similarity" not in trajectory(run)
    assert "similarity" not in drawn(run)
    found = run.metrics["illusory_correlations"]
    assert found["wrong_sign"] == {"count": 0, "of": 8 * 1001, "largest": []}


def test_another_tree_with_a_feature_and_an_item(path):
    config = DynamicsConfig(
        branches=(2, 3), feature="has_x=-1,1,1,-1,-1,-1", item="item 1", **QUICK
    )
    run = run_dynamics(config, path)
    assert run.metrics["followed"] == {"item": "item 1", "feature": "has_x"}


def test_a_tree_without_added_feature_follows_what_goes_astray_farthest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = DynamicsConfig(levels=2, n_features=100, learning_rate=5, animation="none")
    run = run_dynamics(config)
    assert run.path == Path("runs") / "tree-dynamics"
    assert run.config == config
    worst = run.metrics["illusory_correlations"]["wrong_sign"]["largest"][0]
    assert run.metrics["followed"] == {"item": worst["item"], "feature": worst["feature"]}


# --------------------------------------------------------------------------- trainings gone wrong


@pytest.mark.parametrize(
    ("options", "told"),
    [
        # 8 items of 100 features, three layers: the best solution is stable up to a rate of 7.5.
        (
            {"hidden": (30, 30), "gamma": 1, "learning_rate": 9},
            "learning_rate 9 is above 7.53, where the balanced best solution",
        ),
        ({"gamma": 1e-12, "learning_rate": 0.1}, "No mode was half learned in 20 epochs"),
    ],
)
def test_a_rate_that_teaches_nothing_is_a_warning(path, options, told):
    config = DynamicsConfig(**QUICK | {"hidden": (30,), "animation": "none"} | options)
    [warning] = run_dynamics(config, path).metrics["warnings"]
    assert warning.startswith(told)


def test_a_training_that_diverges_shows_its_loss_and_nothing_else(path):
    config = DynamicsConfig(
        n_features=1000, learning_rate=1500, gamma=0.01, theory=True, sweep=True
    )
    run = run_dynamics(config, path)
    metrics = run.metrics
    assert metrics["divergence"] == metrics["warnings"][0]
    assert metrics["divergence"].startswith("Training diverged at epoch")
    assert 1 <= metrics["epochs"] < 250
    assert drawn(run) == {"loss"}
    assert metrics["followed"] is metrics["illusory_correlations"] is metrics["theory"] is None
    assert metrics["modes"] == []
    assert set(trajectory(run)) == {"epochs", "loss"}
    assert not [*path.glob("*.gif"), *path.glob("sweep*")]
    page = (path / "report.html").read_text()
    assert metrics["warnings"][0] in page
    assert "wrong sign" not in page
    assert "at half its limit" not in page
    run.verify()


def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, path):
    with pytest.raises(InvalidParameterError, match="one width"):
        run_dynamics(DynamicsConfig(sweep=True, hidden=(8, 4)), path)
    assert list(tmp_path.iterdir()) == []
