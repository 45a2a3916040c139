"""A directory in the Hub's layout: the model's bits, and a card that tells what the run knows."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

import inscape
from inscape import data
from inscape._errors import DamagedFileError, RunExistsError, RunNotFoundError
from inscape.runs import DynamicsConfig, FitConfig, Run, export_hub, fit, run_dynamics

FORMAT_1 = Path(__file__).parents[1] / "format_1"
DIGITS = data.load("digits")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "digits"
    return fit(FitConfig(data="digits", hidden=(), epochs=1), path)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A run of a table of unlike units, which its diagnosis tells."""
    folder = tmp_path_factory.mktemp("private")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3)) * [1e-7, 1e-7, 1e-4]
    lines = ["alpha,be|ta,gamma", *(",".join(f"{x:.9g}" for x in row) for row in rows)]
    (folder / "secret.csv").write_text("\n".join(lines))
    config = FitConfig(data=str(folder / "secret.csv"), hidden=(4,), epochs=2)
    return fit(config, folder / "run")


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    return export_hub(run, tmp_path_factory.mktemp("hub") / "digits")


def front_matter(path) -> dict[str, object]:
    """Read the lines between ---, of the little YAML that a card needs."""
    head, body = re.fullmatch(
        r"---\n(.*?)\n---\n(.*)", (path / "README.md").read_text(encoding="utf-8"), re.S
    ).groups()
    found: dict[str, object] = {"body": body}
    for line in head.splitlines():
        if line.startswith("- "):
            found["tags"].append(line[2:])
        else:
            key, _, value = line.partition(":")
            found[key] = value.strip() or []
    return found


def test_the_layout_is_the_hubs_and_the_model_has_the_same_bits(run, exported):
    names = {path.relative_to(exported).as_posix() for path in exported.rglob("*.*")}
    assert {"config.json", "model.safetensors", "README.md"} <= names
    assert {f"figures/{path.name}" for path in run.figures} <= names
    ours, again = run.load(), inscape.load(exported)
    np.testing.assert_array_equal(ours.transform(DIGITS.test.X), again.transform(DIGITS.test.X))
    np.testing.assert_array_equal(ours.reconstruct(DIGITS.test.X), again.reconstruct(DIGITS.test.X))
    for name in ("config.json", "model.safetensors"):
        assert (exported / name).read_bytes() == (run.path / "model" / name).read_bytes()


def test_the_card_tells_what_the_run_knows(run, exported):
    card = front_matter(exported)
    assert card["library_name"] == "inscape"
    assert "autoencoder" in card["tags"]
    assert "license" not in card
    body, metrics = card["body"], run.metrics
    for name, row in metrics["test"].items():
        line = next(line for line in body.splitlines() if line.startswith(f"| {name} "))
        assert f"{row['squared_error']:.4f}" in line
        assert f"{row['explained_variance']:.1%}" in line
    assert "PCA" in metrics["test"]
    for told in (
        run.environment["data"]["checksum"],
        "mean over rows and columns, in squared units of the data",
        "nats per column",
        'inscape.load("DIR")',
        "(figures/loss.png)",
        "1,438 training rows",
        "359 test rows",
        f"{metrics['log_likelihood']['nats_per_sample']:.6g} nats",
        metrics["diagnosis"],
    ):
        assert told in body
    config = tomllib.loads(re.search(r"```toml\n(.*?)```", body, re.S)[1])
    assert config == tomllib.loads((run.path / "config.toml").read_text())


def test_a_card_of_a_table_names_columns_and_faults_and_no_place(table, tmp_path):
    body = front_matter(export_hub(table.path, tmp_path / "table"))["body"]
    assert "3 columns in this order: `alpha`, `be|ta`, `gamma`" in body
    assert "hold 100.0% of all spread" in body.partition("## Limits")[2]
    # Squared errors of 1e-14 have digits too.
    assert re.search(r"\| Autoencoder \| \d\.\d+e-\d\d \|", body)
    assert str(table.path.parent) not in body
    assert tomllib.loads(re.search(r"```toml\n(.*?)```", body, re.S)[1])["data"] == "secret.csv"


def test_a_card_may_be_changed_and_a_model_may_not(exported, tmp_path):
    path = shutil.copytree(exported, tmp_path / "mine")
    (path / "README.md").write_text("My own words.")
    shutil.rmtree(path / "figures")
    inscape.load(path)
    weights = path / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        inscape.load(path)


def test_it_may_lie_inside_its_run(run, tmp_path):
    path = shutil.copytree(run.path, tmp_path / "run")
    export_hub(path, path / "hub")
    inscape.load(path / "hub")
    inscape.load(path)
    Run(path).verify()


def test_what_is_there_is_kept(run, exported, tmp_path):
    with pytest.raises(RunExistsError, match="already exists"):
        export_hub(run, exported)
    export_hub(run, exported, overwrite=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(RunExistsError, match="holds something else"):
        export_hub(run, tmp_path / "notes", overwrite=True)


@pytest.mark.parametrize("name", ["default", "variational"])
def test_a_run_of_format_1_is_exported(name, tmp_path):
    run = Run(FORMAT_1 / name)
    path = export_hub(run, tmp_path / name)
    X = DIGITS.test.X
    np.testing.assert_array_equal(inscape.load(path).transform(X), run.load().transform(X))
    tags = front_matter(path)["tags"]
    assert ("variational-autoencoder" in tags) is (name == "variational")


def test_what_holds_no_model_is_refused(run, tmp_path):
    config = DynamicsConfig(
        levels=2, n_features=20, hidden=(3,), learning_rate=5.0, epochs=20, animation="none"
    )
    dynamics = run_dynamics(config, tmp_path / "dynamics")
    with pytest.raises(RunNotFoundError, match="of kind 'fit' to be exported"):
        export_hub(dynamics, tmp_path / "hub")
    unfinished = shutil.copytree(run.path, tmp_path / "unfinished")
    (unfinished / "MANIFEST").unlink()
    with pytest.raises(RunNotFoundError, match="must be a finished run"):
        export_hub(unfinished, tmp_path / "hub")
    (run.path / "metrics.json").write_text(json.dumps(run.metrics | {"diagnosis": ""}) + " ")
    with pytest.raises(DamagedFileError, match=r"metrics\.json"):
        export_hub(run, tmp_path / "hub")
    assert not (tmp_path / "hub").exists()
