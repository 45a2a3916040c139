"""A run, opened: every kind by the same few words, and a model only where there is one."""

from __future__ import annotations

import shutil

import pytest

from inscape import runs
from inscape._errors import DamagedFileError, RunNotFoundError
from inscape._files import read_manifest, write_json, write_manifest
from inscape.recipes import reproduce
from inscape.runs import DynamicsConfig, FitConfig, ReproductionConfig, Run

CONFIGS = {
    "fit": FitConfig(data="digits", hidden=(), epochs=1),
    "dynamics": DynamicsConfig(levels=2, n_features=20, hidden=(), epochs=5),
    "reproduction": ReproductionConfig("tiny", quick=True),
}
MODELLESS = ("dynamics", "reproduction")


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_recipe):
    """One finished run of each kind, by its kind."""
    room = tmp_path_factory.mktemp("runs")
    runs.fit(CONFIGS["fit"], room / "fit")
    runs.run_dynamics(CONFIGS["dynamics"], room / "dynamics")
    reproduce(tiny_recipe, room / "reproduction", quick=True)
    return {kind: Run(room / kind) for kind in CONFIGS}


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_kind_opens_and_tells_what_it_is(made, kind):
    run = made[kind]
    assert run.kind == kind
    said = CONFIGS[kind].said()
    assert {name: run.config.said()[name] for name in said} == said
    assert run.environment.keys() >= {"created", "packages", "data"}
    assert run.finished
    run.verify()
    assert run.figures
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png") == len(run.figures)
    assert run.config.to_toml() == (run.path / "config.toml").read_text(encoding="utf-8")


def test_the_metrics_of_a_kind_are_its_final_numbers(made):
    assert made["fit"].metrics["epochs"] == 1
    assert made["dynamics"].metrics["epochs"] == 5
    [result] = made["reproduction"].metrics
    assert (result["reference"], result["measured"]) == (2.0, 1.0)
    assert made["reproduction"].environment["seconds"] > 0


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_config_of_a_run_asks_for_the_same_again(made, kind, tmp_path):
    repeat = {
        "fit": runs.fit,
        "dynamics": runs.run_dynamics,
        "reproduction": lambda config, path: reproduce(config.recipe, path, quick=config.quick),
    }
    repeat[kind](made[kind].config, tmp_path / "again")
    again = Run(tmp_path / "again")
    assert again.config == made[kind].config
    if kind != "fit":  # which measures seconds too
        assert again.metrics == made[kind].metrics


def test_a_fit_gives_its_model_as_it_is_and_as_it_was(made):
    run = made["fit"]
    assert run.load().n_components == 2
    assert [entry["epoch"] for entry in run.history] == [0, 1]
    moments = [epoch for epoch, _ in run.snapshots()]
    assert moments[0] == 0
    assert moments[-1] == 1


@pytest.mark.parametrize("kind", MODELLESS)
@pytest.mark.parametrize(
    ("ask", "to"),
    [
        (Run.load, "hold a model"),
        (Run.snapshots, "have snapshots"),
        (lambda run: run.history, "have a history"),
        (lambda run: runs.resume(run.path), "be resumed"),
    ],
)
def test_a_kind_without_a_model_says_so_in_one_sentence(made, kind, ask, to):
    with pytest.raises(RunNotFoundError) as refused:
        ask(made[kind])
    assert str(refused.value) == (
        f"{made[kind].path} must be a run of kind 'fit' to {to}; it is of kind '{kind}': choose "
        "one that inscape fit has made."
    )


READERS = {
    "config.toml": lambda run: run.config,
    "environment.json": lambda run: run.environment,
    "metrics.json": lambda run: run.metrics,
    "history.jsonl": lambda run: run.history,
    "figures/loss.png": lambda run: run.figures,
    "recorder/step-00000001.safetensors": Run.snapshots,
    "model/config.json": Run.load,
    "model/model.safetensors": Run.load,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("damage", ["a space more", "gone", "not listed"])
def test_every_reader_asks_the_checksum_before_it_gives_a_value(made, tmp_path, name, damage):
    run = Run(shutil.copytree(made["fit"].path, tmp_path / "run"))
    READERS[name](run)
    path = run.path / name
    if damage == "gone":
        path.unlink()
    elif damage == "not listed":
        write_manifest(run.path, patterns=[n for n in read_manifest(run.path).files if n != name])
        if name.startswith(("figures/", "recorder/")):
            assert len([*READERS[name](run)]) == len([*READERS[name](made["fit"])]) - 1
            return
    else:
        path.write_bytes(path.read_bytes() + b" ")
    # A run without a config is none, nor a model without its files.
    with pytest.raises((DamagedFileError, RunNotFoundError), match=path.name):
        READERS[name](Run(run.path))


@pytest.mark.parametrize("names", [(), ("notes.txt",), ("results.json",), ("environment.json",)])
def test_a_directory_that_is_no_run_is_refused(tmp_path, names):
    for name in names:
        write_json(tmp_path / name, {})
    for opened in (Run, runs.resume):
        with pytest.raises(RunNotFoundError, match=r"must be a run .* there is none"):
            opened(tmp_path)


def test_a_reproduction_without_a_config_is_known_by_its_environment(made, tmp_path):
    path = shutil.copytree(made["reproduction"].path, tmp_path / "run")
    (path / "config.toml").unlink()
    (path / "MANIFEST").unlink()
    environment = made["reproduction"].environment
    write_json(path / "environment.json", environment | {"recipe": "tiny", "quick": False})
    assert Run(path).config == ReproductionConfig("tiny", quick=False)
    write_manifest(path)
    assert Run(path).metrics == made["reproduction"].metrics
    (path / "MANIFEST").unlink()
    write_json(path / "environment.json", environment)
    with pytest.raises(DamagedFileError, match=r"environment\.json"):
        _ = Run(path).config
