"""Config files: each names its kind, and one that names none is known by its options."""

from __future__ import annotations

import pytest

from inscape._errors import InvalidParameterError
from inscape.runs import (
    AnomaliesConfig,
    ClassificationConfig,
    ClustersConfig,
    ComparisonConfig,
    ComponentsConfig,
    DynamicsConfig,
    FitConfig,
    ImputationConfig,
    ReproductionConfig,
    read_config,
)
from inscape.runs.kinds import KINDS

ONE_OF_EACH = (
    FitConfig(data="digits", hidden=(), epochs=3),
    DynamicsConfig(branches=(2, 3), hidden=(), gamma=1e-3),
    ReproductionConfig("hinton-2006", quick=True),
    AnomaliesConfig(method=("neighbors", "local"), normal="3"),
    ClassificationConfig(data="digits", method="probe", unlabeled="-1"),
    ClustersConfig(method="kmeans", n_clusters=3),
    ComponentsConfig(data="digits", sizes=(2, 8)),
    ComparisonConfig(models=("PCA", "VAE"), components=(2, 8), seeds=5),
    ImputationConfig(data="digits", method="kernel", n_imputations=3),
)


@pytest.fixture
def file(tmp_path):
    """Where a config file is written."""
    return tmp_path / "config.toml"


def refusal(file, text: str, *kind: type) -> str:
    """What is said of a file that cannot be read."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidParameterError) as refused:
        read_config(file, *kind)
    return str(refused.value).removeprefix(str(file))


def test_here_is_one_config_of_each_kind():
    assert {config.kind: type(config) for config in ONE_OF_EACH} == KINDS


@pytest.mark.parametrize("config", ONE_OF_EACH, ids=lambda config: config.kind)
def test_a_file_begins_with_format_and_kind_and_comes_back(config, file):
    file.write_text(config.to_toml(), encoding="utf-8")
    assert config.to_toml().splitlines()[:2] == ["format = 3", f'kind = "{config.kind}"']
    assert read_config(file) == read_config(file, type(config)) == config


@pytest.mark.parametrize("config", ONE_OF_EACH[:2], ids=lambda config: config.kind)
def test_a_file_that_names_no_kind_is_known_by_its_options(config, file):
    file.write_text(config.to_toml().split("\n", 2)[2], encoding="utf-8")
    assert "kind" not in file.read_text(encoding="utf-8")
    assert read_config(file) == config


@pytest.mark.parametrize("kind", [FitConfig, DynamicsConfig])
def test_a_file_written_by_hand_is_of_the_kind_that_is_wanted(kind, file, monkeypatch):
    monkeypatch.chdir(file.parent)
    file.write_text('data = "some.npz"\nhidden = [3]\n', encoding="utf-8")
    assert read_config(file, kind) == kind(data="some.npz", hidden=(3,))


def test_a_file_of_another_kind_is_refused(file):
    told = refusal(file, DynamicsConfig().to_toml(), FitConfig)
    assert told == (
        " must be the config of a run of kind 'fit'; it is of kind 'dynamics': give it to the "
        "command that makes those."
    )


def test_a_kind_that_there_is_not_is_refused_with_the_nearest(file):
    told = refusal(file, 'kind = "dynamic"\n')
    assert told.startswith(
        " must name a kind of run (fit, anomalies, classification, clusters, comparison, "
        "components, imputation, dynamics, reproduction); got 'dynamic'."
    )
    assert told.endswith("Did you mean 'dynamics'?")
    assert "got 3" in refusal(file, "kind = 3\n")


@pytest.mark.parametrize("value", ["4", "0", '"2"'])
def test_a_format_that_is_not_known_is_refused(file, value):
    told = refusal(file, f"format = {value}\nkind = 'fit'\n")
    assert told.startswith(" must be of format 3 or before; got format ")


def test_the_options_of_another_kind_are_refused(file):
    assert refusal(file, 'kind = "fit"\ngamma = 1.0\n') == (
        " must hold known options only; got 'gamma'."
    )
