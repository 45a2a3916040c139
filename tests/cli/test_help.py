"""What ``--help`` shows on eighty columns: every option once, under what it is about."""

from __future__ import annotations

import dataclasses
import re

import pytest

from inscape.cli import main
from inscape.data.reading import Reading
from inscape.runs import (
    ClustersConfig,
    ComparisonConfig,
    ComponentsConfig,
    DynamicsConfig,
    FitConfig,
)
from inscape.runs.kinds import KINDS

COMMANDS = (
    *("fit", "encode", "decode", "score", "export", "verify", "anomalies", "classify", "cluster"),
    *("compare", "components", "impute", "dynamics", "reproduce", "datasets", "zoo"),
)


@pytest.fixture
def shown(monkeypatch, capsys):
    def show(command: str, width: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert not ended.value.code
        return capsys.readouterr().out

    return show


def panels(text: str) -> dict[str, list[str]]:
    """The lines of each panel, by its title."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("╭"):
            found[line.strip("╭╮─ ")] = lines = []
        elif line.startswith("│"):
            lines.append(line.strip("│").rstrip())
    return found


def names(lines: list[str]) -> list[str]:
    """The options that a panel tells of, in their order."""
    return [found[1] for line in lines if (found := re.match(r" (?:\* )?\s{0,2}(--[a-z-]+)", line))]


@pytest.mark.parametrize("command", COMMANDS)
def test_it_fits_and_says_nothing_that_is_no_news(command, shown):
    text = shown(command)
    assert max(map(len, text.splitlines())) <= 80
    for noise in ("[default: ()]", "[default: False]", "[default: None]", "[default: (", "--data"):
        assert noise not in text
    told = [name for lines in panels(text).values() for name in names(lines)]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    ("command", "config"),
    [
        ("fit", FitConfig),
        ("cluster", ClustersConfig),
        ("compare", ComparisonConfig),
        ("components", ComponentsConfig),
        ("dynamics", DynamicsConfig),
    ],
)
def test_every_option_of_a_config_is_told_once(command, config, shown):
    told = [name for lines in panels(shown(command)).values() for name in names(lines)]
    for field in dataclasses.fields(config):
        wanted = 0 if field.name == "data" else 1
        assert told.count(f"--{field.name.replace('_', '-')}") == wanted


def test_the_options_of_fit_stand_under_what_they_are_about(shown):
    found = panels(shown("fit"))
    assert [*found] == [
        "Arguments",
        "Options",
        "How DATA is read",
        "The network",
        "Variational models",
        "The training",
        "The run",
    ]
    assert names(found["Options"])[:2] == ["--model", "--n-components"]
    assert names(found["How DATA is read"])[0] == "--target"
    assert {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(Reading)} < set(
        names(found["How DATA is read"])
    )
    assert names(found["The run"]) == ["--run", "--resume", "--config", "--overwrite"]


def test_the_truth_is_told_about_the_defaults(shown):
    """Of the data the bare command takes, and as one would type them."""
    text = " ".join(" ".join(line.strip("│ ") for line in shown("fit").splitlines()).split())
    assert "a folder of images; left out, mnist." in text
    assert '"" is the shallow autoencoder. [default: 256,64]' in text
    assert "with a linear path --no-linear-path beside it. [default: yes]" in text
    assert FitConfig().data == "mnist"
    assert FitConfig().linear_path is True
    assert FitConfig().hidden == (256, 64)


@pytest.mark.parametrize("config", [*KINDS.values(), Reading], ids=lambda kind: kind.__name__)
def test_an_option_is_told_in_one_sentence(config):
    text = (config.__doc__ or "").partition("----------\n")[2]
    told = re.findall(r"^    (\w+) : .*\n((?:        .*\n|\n)+)", text, re.M)
    assert told
    for name, lines in told:
        sentence = " ".join(lines.split())
        assert sentence.endswith("."), (name, sentence)
        assert not re.search(r"\. [A-Z]", sentence), (name, sentence)
