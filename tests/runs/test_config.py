"""Configs: every option comes back from its file, and the words of an option are those accepted."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

from inscape import _typing
from inscape.dynamics.initialization import INITIALIZATIONS
from inscape.runs import DynamicsConfig, read_config

# Another value than the default for every field; a new field has to be added here.
OTHER: dict[str, Any] = {
    "data": "some.npz",
    "target": ("a", "b"),
    "drop": ("c",),
    "categories": "one_hot",
    "whiten": True,
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


def test_every_field_of_a_config_of_dynamics_comes_back_from_its_file(tmp_path):
    assert set(OTHER) == {field.name for field in dataclasses.fields(DynamicsConfig)}
    config = DynamicsConfig(**OTHER)
    for name, value in OTHER.items():
        assert getattr(DynamicsConfig(), name) != value
    (tmp_path / "config.toml").write_text(config.to_toml(tmp_path))
    assert read_config(tmp_path / "config.toml", DynamicsConfig) == config


def test_the_words_of_an_option_are_those_accepted():
    assert list(get_args(_typing.LinearInitializationName)) == list(INITIALIZATIONS)
