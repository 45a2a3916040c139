"""Paths in config files: they are relative to the file, wherever one stands."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import numpy as np
import pytest

from inscape.runs import AnomaliesConfig, DynamicsConfig, FitConfig, Run, read_config
from inscape.runs.kinds import KINDS
from inscape.runs.places import carry, same_place

# What each kind names: its options that are paths.
PLACES = {
    "fit": {"data"},
    "anomalies": {"data", "model"},
    "clusters": {"data", "model"},
    "comparison": {"data", "runs"},
    "components": {"data"},
    "classification": {"data", "model"},
    "imputation": {"data"},
    "dynamics": {"data"},
    "reproduction": set(),
}


@pytest.fixture
def folders(tmp_path):
    """A project with a folder of configs in it, and a place elsewhere."""
    for name in ("project/configs", "project/runs", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_every_kind_says_which_of_its_options_are_paths():
    assert {kind: set(config.places) for kind, config in KINDS.items()} == PLACES


def test_a_path_is_relative_to_the_file_from_wherever_it_is_read(folders, monkeypatch):
    file = folders / "project" / "configs" / "mine.toml"
    file.write_text('data = "../table.csv"\nmodel = "../runs/ae"\n', encoding="utf-8")
    for here in ("project", "project/configs", "elsewhere"):
        monkeypatch.chdir(folders / here)
        for name in (file, Path(os.path.relpath(file))):
            config = read_config(name, AnomaliesConfig)
            assert Path(config.data).resolve() == folders / "project" / "table.csv"
            assert Path(config.model).resolve() == folders / "project" / "runs" / "ae"
    monkeypatch.chdir(folders / "project")
    assert read_config(file, AnomaliesConfig).data == "table.csv"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_what_is_typed_here_is_found_again_from_elsewhere(kind, folders, monkeypatch):
    monkeypatch.chdir(folders / "project")
    options = {"recipe": "dec"} if kind.kind == "reproduction" else {}
    typed = {name: f"{name}.csv" for name in PLACES[kind.kind]}
    # Some are several.
    asked = kind(**options, **{n: (p, p) if n == "runs" else p for n, p in typed.items()})
    run = Path("runs") / "deep" / "one"
    run.mkdir(parents=True)
    (run / "config.toml").write_text(asked.to_toml(run), encoding="utf-8")
    written = tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))
    for name, path in typed.items():
        moved = f"../../../{path}"
        assert written[name] == ([moved, moved] if name == "runs" else moved)
    assert read_config(run / "config.toml") == asked
    monkeypatch.chdir(folders / "elsewhere")
    found = read_config(folders / "project" / run / "config.toml")
    for name, path in typed.items():
        value = getattr(found, name)
        for one in [value] if isinstance(value, str) else value:
            assert Path(one).resolve() == folders / "project" / path


def test_words_absolute_paths_and_those_from_home_stay(folders):
    for data in ("mnist", "digits", str(folders / "table.csv"), "~/table.csv"):
        (folders / "config.toml").write_text(FitConfig(data=data).to_toml(folders))
        assert read_config(folders / "config.toml", FitConfig).data == data
    (folders / "config.toml").write_text(DynamicsConfig().to_toml(folders), encoding="utf-8")
    assert read_config(folders / "config.toml", DynamicsConfig).data == "tree"


def test_a_folder_that_is_called_like_a_word_stays_a_folder(folders, monkeypatch):
    monkeypatch.chdir(folders)
    (folders / "config.toml").write_text(FitConfig(data="./mnist").to_toml(), encoding="utf-8")
    assert read_config(Path("config.toml"), FitConfig).data == "./mnist"


def test_a_link_leads_where_it_leads(folders, monkeypatch):
    """From behind a link, .. is the folder that the link leads to."""
    monkeypatch.chdir(folders / "project")
    (folders / "elsewhere" / "big").mkdir()
    (folders / "project" / "big").symlink_to(folders / "elsewhere" / "big")
    config = FitConfig(data="table.csv")
    (Path("big") / "config.toml").write_text(config.to_toml("big"), encoding="utf-8")
    assert read_config(Path("big") / "config.toml", FitConfig) == config
    # The name of a file is its own, even where it is a link: it tells what the file is.
    (folders / "project" / "linked.csv").symlink_to(folders / "elsewhere" / "0123")
    assert carry("linked.csv", words=(), source=".", to=folders) == "project/linked.csv"


def test_runs_of_earlier_formats_mean_where_the_command_was_given(folders, monkeypatch):
    monkeypatch.chdir(folders / "project")
    run = folders / "project" / "runs"
    (run / "config.toml").write_text('format = 2\nkind = "fit"\ndata = "table.csv"\n')
    assert read_config(run / "config.toml", FitConfig).data == "table.csv"
    (run / "config.toml").write_text('data = "table.csv"\n', encoding="utf-8")
    assert read_config(run / "config.toml", FitConfig).data == "runs/table.csv"
    (run / "environment.json").write_text("{}", encoding="utf-8")
    assert read_config(run / "config.toml", FitConfig).data == "table.csv"


def test_two_texts_may_name_one_place(folders, monkeypatch):
    monkeypatch.chdir(folders)
    assert same_place("table.csv", "./project/../table.csv", words=("mnist",))
    assert same_place(str(folders / "table.csv"), "table.csv", words=("mnist",))
    assert same_place("mnist", "mnist", words=("mnist",))
    assert not same_place("mnist", "./mnist", words=("mnist",))
    assert not same_place("table.csv", "other.csv", words=())


def test_a_run_is_gone_on_with_and_repeated_from_another_folder(folders, monkeypatch):
    from inscape.runs import fit, resume
    from inscape.runs.fitting.checkpoint import Checkpoints

    monkeypatch.chdir(folders / "project")
    np.save("rows.npy", np.random.default_rng(0).normal(size=(40, 3)))
    config = FitConfig(data="rows.npy", hidden=(), epochs=1, n_components=1)
    whole = fit(config, Path("runs") / "whole")
    saved = Checkpoints.save

    def stopped(self, *given):
        saved(self, *given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", stopped)
        with pytest.raises(KeyboardInterrupt):
            fit(config, Path("runs") / "stopped")
    text = [(Path("runs") / name / "config.toml").read_bytes() for name in ("whole", "stopped")]
    assert text[0] == text[1]
    assert 'data = "../../rows.npy"' in (whole.path / "report.html").read_text().replace(
        "&quot;", '"'
    )
    monkeypatch.chdir(folders / "elsewhere")
    resumed = resume(folders / "project" / "runs" / "stopped")
    again = fit(Run(folders / "project" / "runs" / "whole").config, "again")
    weights = [
        (run / "model" / "model.safetensors").read_bytes()
        for run in (folders / "project" / "runs" / "whole", resumed.path, again.path)
    ]
    assert weights[0] == weights[1] == weights[2]
