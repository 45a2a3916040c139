"""The three tasks of one autoencoder: their linear floor, their shuffled form, and the recipe."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.corruptions import GaussianNoise, OccludingRectangle, PixelShuffle
from inscape.estimators import Autoencoder
from inscape.measures import squared_error
from inscape.objectives import Gaussian
from inscape.recipes.mnist_cognitive_tasks import (
    TASKS,
    Shuffled,
    among_own,
    corrupted,
    linear_restorer,
)

READ, SQUARED = "digits recognised", "squared error"


# --------------------------------------------------------------------------- the linear floor


def test_the_linear_restorer_of_noise_is_the_wiener_filter():
    rng = np.random.default_rng(0)
    X = (0.5 + 0.1 * rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12)) / 4).astype(np.float32)
    given = corrupted(X, GaussianNoise(0.1), seed=1)
    mean, covariance = X.mean(axis=0), np.cov(X, rowvar=False, bias=True)
    gain = covariance @ np.linalg.inv(covariance + 0.1**2 * np.eye(12))
    restored = linear_restorer(X, GaussianNoise(0.1))(given)
    np.testing.assert_allclose(restored, mean + (given - mean) @ gain.T, atol=1e-5)
    assert squared_error(X, restored) < squared_error(X, given)


def test_the_linear_restorer_of_another_task_is_least_squares():
    X = np.random.default_rng(0).uniform(0.2, 0.8, size=(2000, 16)).astype(np.float32)
    task = OccludingRectangle(value=0.1)
    seen = corrupted(X, task, seed=0)
    design = np.column_stack([seen, np.ones(len(X))])
    expected = design @ np.linalg.lstsq(design, X, rcond=None)[0]
    np.testing.assert_allclose(linear_restorer(X, task)(seen), expected, atol=5e-3)


def test_the_linear_restorer_stays_within_the_range_of_pictures(mnist):
    X = mnist.train.X[:300]
    restored = linear_restorer(X, TASKS["Noise"])(corrupted(X, TASKS["Noise"], seed=1))
    assert restored.min() == 0
    assert restored.max() <= 1


def test_a_fine_tuned_autoencoder_beats_the_wiener_filter(mnist):
    X, T, task = mnist.train.X[:10_000], mnist.test.X[:1000], TASKS["Noise"]
    given = corrupted(T, task, seed=1)
    wiener = squared_error(T, linear_restorer(X, task)(given))
    before = Autoencoder(
        64,
        hidden=(256,),
        likelihood=Gaussian(link="sigmoid"),
        epochs=1,
        batch_size=128,
        random_state=0,
    ).fit(X)
    after = before.fine_tune(X, corruption=task, epochs=3)
    errors = [squared_error(T, model.reconstruct(given)) for model in (before, after)]
    assert errors[1] < wiener < errors[0], (errors, wiener)


# --------------------------------------------------------------------------- shuffled pixels


@pytest.mark.parametrize("name", list(TASKS))
def test_a_task_on_shuffled_pixels_is_the_task_shuffled(name):
    rows = torch.rand(6, 64, generator=torch.Generator().manual_seed(0))
    shuffle, task = PixelShuffle(seed=3), TASKS[name]
    order = shuffle.permutation(64)

    def draws():
        return torch.Generator().manual_seed(1)

    shuffled = Shuffled(3, task=task)(rows[:, order], generator=draws())
    assert torch.equal(shuffled, task(rows, generator=draws())[:, order])
    if name != "Noise":
        assert not torch.equal(shuffled, task(rows[:, order], generator=draws()))


# --------------------------------------------------------------------------- the recipe


def test_the_share_of_neighbours_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    codes, labels = rng.normal(size=(80, 2)), rng.integers(3, size=80)
    distances = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argsort(axis=1)[:, :10]
    expected = np.mean([labels[row] == label for row, label in zip(nearest, labels, strict=True)])
    assert among_own(codes, labels) == pytest.approx(expected)


@pytest.fixture(scope="module")
def found(reproduced):
    return reproduced("mnist-cognitive-tasks")[0]


def test_each_number_stands_beside_one_that_was_measured_here(found):
    rows = {(row.experiment, row.metric): row for row in found.results}
    assert len(rows) == len(found.results)
    assert np.isfinite([(row.reference, row.measured) for row in found.results]).all()
    for name, linear in zip(
        TASKS, ("the Wiener filter", "the best linear map", "the best linear map"), strict=True
    ):
        for metric in (READ, SQUARED):
            nothing = rows[f"{name}: nothing done, beside clean", metric]
            floor = rows[f"{name}: {linear}, beside nothing done", metric]
            tuned = rows[f"{name}: fine-tuned, beside {linear}", metric]
            assert floor.reference == nothing.measured
            assert tuned.reference == floor.measured
            assert tuned.source == f"here: {linear}"
            shuffled = rows[f"{name}: pixels shuffled, beside not shuffled", metric]
            assert shuffled.reference == tuned.measured
    assert all(row.ours is None for row in found.results)


def test_noise_has_its_variance_and_the_linear_floor_is_below(found):
    rows = {row.experiment: row for row in found.results if row.metric == SQUARED}
    assert rows["Noise: nothing done, beside clean"].reference == 0
    assert rows["Noise: nothing done, beside clean"].measured == pytest.approx(0.16, rel=0.01)
    for row in rows.values():
        if "beside nothing done" in row.experiment and "linear" in row.experiment:
            assert row.measured < row.reference


def test_a_dense_network_does_not_know_which_pixels_are_neighbours(found):
    shuffled = [row for row in found.results if "pixels shuffled" in row.experiment]
    assert len(shuffled) == 2 * len(TASKS)
    for row in shuffled:
        if row.metric == SQUARED:
            assert row.measured == pytest.approx(row.reference, rel=0.1)


def test_a_digit_that_was_never_seen_comes_back_worse(found):
    unseen = [row for row in found.results if "given 6s" in row.experiment]
    assert len(unseen) == 2 * len(TASKS)
    for row in unseen:
        assert (row.measured > row.reference) == (row.metric == SQUARED)


def test_the_figures_are_those_of_the_tasks_the_maps_and_the_controls(found):
    for name in TASKS:
        assert f"{name.lower()}.png" in found.figures
        assert f"{name.lower()}_maps.png" in found.figures
        assert f"never_seen_{name.lower()}.png" in found.figures
    assert {"shuffled.png", "scattered.png"} <= set(found.figures)
    figure, _ = found.figures["noise.png"]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[::2] == ["Clean", "Noisy", "Wiener filter", "Not fine-tuned", "Fine-tuned"]
    assert all(text.endswith("recognised") for text in texts[1::2])
