"""``--config`` from another folder: a file's paths are relative to it, a command's to the shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inscape.cli import main
from inscape.runs import Run

QUICK = ("--hidden", "", "--epochs", "1")


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with data and a run of each kind, all of them typed relative to it."""
    root = tmp_path_factory.mktemp("project")
    (root / "elsewhere").mkdir()
    (root / "data").mkdir()
    generator = np.random.default_rng(0)
    y = np.repeat([0, 1], 30)
    X = generator.normal(size=(60, 3)) + 6 * y[:, None]
    lines = [",".join([*map(str, row), "uv"[label]]) for row, label in zip(X, y, strict=True)]
    (root / "data" / "table.csv").write_text("\n".join(["a,b,c,kind", *lines]) + "\n")
    np.savez(root / "data" / "pairs.npz", inputs=np.eye(3), targets=generator.normal(size=(3, 4)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        table = ("data/table.csv", "--target", "kind")
        assert call("fit", *table, *QUICK, "--run", "runs/ae") == 0
        for command in ("anomalies", "cluster", "classify"):
            assert call(command, "runs/ae", *table, "--run", f"runs/{command}") == 0
        dynamics = ("--epochs", 20, "--animation", "none", "--run", "runs/dynamics")
        assert call("dynamics", "data/pairs.npz", *dynamics) == 0
        yield root


@pytest.mark.proof
@pytest.mark.parametrize("command", ["fit", "anomalies", "cluster", "classify", "dynamics"])
def test_a_runs_own_config_repeats_it_from_another_folder(project, command, monkeypatch):
    monkeypatch.chdir(project / "elsewhere")
    name = "ae" if command == "fit" else command
    made = project / "runs" / name
    again = Path("runs") / name
    assert (
        call(command, "--config", Path("..") / "runs" / name / "config.toml", "--run", again) == 0
    )
    first, second = Run(made), Run(again)
    assert first.config == second.config
    for config in (first.config, second.config):
        assert not Path(config.data).is_absolute()
    if "data" in first.environment:
        assert first.environment["data"] == second.environment["data"]
    texts = [(run.path / "config.toml").read_text(encoding="utf-8") for run in (first, second)]
    assert (
        texts[0].replace('"../../data', '"../../../data').replace('"../ae"', '"../../../runs/ae"')
        == texts[1]
    )


def test_what_is_typed_beside_a_config_is_relative_to_the_shell(project, monkeypatch, capsys):
    monkeypatch.chdir(project / "elsewhere")
    config = project / "runs" / "ae" / "config.toml"
    assert call("fit", "data/table.csv", "--config", config, "--run", "runs/none") == 2
    assert "data/table.csv must be an existing file" in " ".join(capsys.readouterr().err.split())
    typed = ("../data/table.csv", "--config", config, "--run", "runs/typed")
    assert call("fit", *typed) == 0
    assert Run("runs/typed").config == Run(project / "runs" / "ae").config


def test_a_missing_file_is_told_where_it_was_looked_for(project, monkeypatch, capsys):
    monkeypatch.chdir(project / "elsewhere")
    (project / "mine.toml").write_text('data = "nowhere.csv"\n', encoding="utf-8")
    assert call("fit", "--config", "../mine.toml") == 2
    assert "../nowhere.csv must be" in " ".join(capsys.readouterr().err.split())


def test_the_data_of_a_run_are_read_as_it_read_them_however_they_are_named(project, monkeypatch):
    """A use of a run reads the run's own data as it did, under another spelling of the path too."""
    monkeypatch.chdir(project / "elsewhere")
    data = project / "data" / "table.csv"
    assert call("cluster", "../runs/ae", data, "--n-clusters", 2, "--run", "runs/spelled") == 0
    assert Run("runs/spelled").config.target == "kind"
