"""The deep autoencoder of seven layers: a row for each training, its dead code, its maps."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.recipes.results import THEORY

DEEP = {(32, "Adadelta"): 0.136, (32, "Adam"): 0.0907, (2, "Adadelta"): 0.226, (2, "Adam"): 0.176}


@pytest.fixture(scope="module")
def deep(reproduced):
    return reproduced("keras-deep-ae")[0]


def test_the_deep_autoencoder_has_a_row_for_each_training(deep):
    *trainings, _ = deep.results
    rows = [(r.experiment.split(", 50")[0], r.reference) for r in trainings]
    assert rows == [(f"{d} units, {name}", value) for (d, name), value in DEEP.items()]
    for row in trainings:
        assert "seed" in row.experiment
        assert row.metric == "test cross-entropy"
        assert 0 < row.measured < 1
        assert row.ours is not None
    # One training of ours stands beside both optimisers.
    assert deep.results[0].ours == deep.results[1].ours != deep.results[2].ours


def test_a_dead_code_is_set_beside_the_mean_picture(deep):
    row = deep.results[-1]
    assert "seed 3" in row.experiment
    assert row.source == THEORY
    p = deep.X_train.mean(axis=0, dtype=float).clip(1e-7, 1 - 1e-7)
    T = deep.X_test
    expected = -(T * np.log(p) + (1 - T) * np.log(1 - p)).mean()
    assert row.reference == pytest.approx(expected, rel=1e-4)
    assert row.ours is None


def test_the_deep_autoencoder_draws_its_map_with_900_decoded_codes(deep):
    assert list(deep.figures) == [
        "losses_32.png",
        "reconstructions_32.png",
        "losses_2.png",
        "map_inscape.png",
        "map_adadelta.png",
        "map_adam.png",
    ]
    figure, _ = deep.figures["map_inscape.png"]
    words = [text.get_text() for text in figure.axes[1].texts]
    assert "30 x 30 decoded codes, spread as the map is" in words
