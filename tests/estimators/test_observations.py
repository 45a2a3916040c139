"""Rows that are drawn from the likelihood too, and rows behind a scaler that have none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine

from inscape import Autoencoder, VariationalAutoencoder
from inscape._errors import InvalidDataError

WINE = load_wine().data


def test_drawn_counts_are_whole_numbers_with_the_variance_of_the_model():
    rng = np.random.default_rng(0)
    X = rng.poisson(np.exp(2 + 0.5 * rng.normal(size=(400, 1)) * np.ones(5))).astype(np.float64)
    model = VariationalAutoencoder(
        1, hidden=(8,), likelihood="poisson", epochs=60, random_state=0
    ).fit(X)
    means = model.sample(20_000, random_state=3)
    drawn = model.sample(20_000, observations=True, random_state=3)
    assert (drawn == np.round(drawn)).all()
    assert (means != np.round(means)).any()
    # The law of total variance: the rate varies, and a count around it by the rate.
    np.testing.assert_allclose(drawn.var(axis=0), means.var(axis=0) + means.mean(axis=0), rtol=0.05)
    np.testing.assert_allclose(drawn.mean(axis=0), means.mean(axis=0), rtol=0.02)
    # The same codes, whose draws do not hang on each other.
    noise = (drawn - means) / np.sqrt(means)
    assert abs(np.corrcoef(noise.T) - np.eye(5)).max() < 0.05
    again = model.sample(20_000, observations=True, random_state=3)
    np.testing.assert_array_equal(again, drawn)


def test_drawn_rows_have_the_spread_of_the_data_in_its_units():
    X = WINE[:, :5] * [1, 10, 1, 1, 1] + 100
    model = VariationalAutoencoder(
        2, hidden=(), likelihood='gaussian(scale="learned_per_feature")', scaler="standard",
        epochs=200, random_state=0,
    ).fit(X)  # fmt: skip
    drawn = model.sample(5000, observations=True, random_state=0)
    expected = model.sample(5000, random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), X.mean(axis=0), rtol=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), X.std(axis=0), rtol=0.25)
    assert (expected.std(axis=0) < 0.9 * drawn.std(axis=0)).any()


def test_what_a_draw_adds_does_not_hang_on_the_code_that_it_is_drawn_for():
    # As many components as columns: one seed for both would give the same numbers.
    X = WINE[:, :2]
    model = VariationalAutoencoder(2, hidden=(), scaler="standard", epochs=3, random_state=0).fit(X)
    expected = model.sample(1000, random_state=0)
    noise = model.sample(1000, observations=True, random_state=0) - expected
    assert abs(np.corrcoef(noise.T, expected.T)[:2, 2:]).max() < 0.12


def test_an_autoencoder_draws_rows_from_its_sampler_too():
    X = np.greater(WINE, WINE.mean(axis=0)).astype(float)
    model = Autoencoder(2, hidden=(8,), likelihood="bernoulli", epochs=5, random_state=0).fit(X)
    drawn = model.fit_sampler(X, random_state=0).sample(50, observations=True, random_state=0)
    assert set(np.unique(drawn)) == {0.0, 1.0}


@pytest.mark.parametrize("score", ["score_samples", "log_likelihood", "losses"])
def test_new_rows_beyond_a_minmax_scaler_are_told_what_works(score):
    model = VariationalAutoencoder(
        2, hidden=(4,), likelihood="bernoulli", scaler="minmax", epochs=1, random_state=0
    ).fit(WINE[:100])
    rows = WINE.copy()
    rows[3, 2] = 9.0
    low, high = WINE[:100].min(axis=0), WINE[:100].max(axis=0)
    told = rf"got 9 at row 3, column 2, for {low[2]:g} to {high[2]:g}: clip X"
    with pytest.raises(InvalidDataError, match=told):
        getattr(model, score)(np.clip(rows, low, np.where(np.arange(13) == 2, np.inf, high)))
    # What is advised works.
    getattr(model, score)(np.clip(rows, low, high))
