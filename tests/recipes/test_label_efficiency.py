"""The recipe of few labels: what it draws, and that it tells what the classifier tells."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from inscape import PretrainedClassifier
from inscape.recipes.label_efficiency import (
    ALL,
    Pictures,
    Table,
    draw_anew,
    few_labels,
    half_width,
)


@pytest.fixture(scope="module")
def pictures(mnist):
    X = np.concatenate([mnist.train.X[:500], mnist.test.X[:200]])
    return Pictures(X, np.concatenate([mnist.train.y[:500], mnist.test.y[:200]]), 500)


class Pixels:
    """A representation that trains nothing: some pixels."""

    def transform(self, X):
        return np.asarray(X)[:, 200:600:17]


def test_as_many_labels_of_each_class_are_drawn_from_training_pictures(pictures):
    places = pictures.draw(3, 0)
    assert np.bincount(pictures.y[places]).tolist() == [3] * 10
    assert places.max() < 500
    assert len(set(places)) == 30
    assert not np.array_equal(places, pictures.draw(3, 1))
    assert pictures.draw(ALL, 0).tolist() == list(range(500))


@pytest.mark.parametrize("seen", ["yes", "no"])
def test_it_tells_what_the_classifier_tells(pictures, seen):
    model, cells, seed = Pixels(), Table({}), 3
    codes = model.transform(pictures.X).astype(float)
    few_labels(cells, pictures, codes, seen, (4,), seed + 1)
    y = np.full(len(pictures.X), -1)
    places = pictures.draw(4, seed)
    y[places] = pictures.y[places]
    rows = slice(None) if seen == "yes" else slice(500)
    for method in ("graph", "probe"):
        classifier = PretrainedClassifier(model, method=method, unlabeled=-1, random_state=seed)
        expected = classifier.fit(pictures.X[rows], y[rows]).score(pictures.X[500:], pictures.truth)
        assert cells.cells[method, seen][4][seed] == pytest.approx(100 * expected)


def test_a_start_from_scratch_keeps_no_weight_and_comes_from_its_seed():
    def layers():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))

    before, first, second, other = layers(), layers(), layers(), layers()
    state = torch.get_rng_state()
    for module, seed in ((first, 1), (second, 1), (other, 2)):
        draw_anew(module, seed=seed)
    assert (torch.get_rng_state() == state).all()
    for a, b, c, d in zip(*(m.parameters() for m in (before, first, second, other)), strict=True):
        assert (b == c).all()
        if b.ndim == 2:
            assert (a != b).all()
            assert (b != d).all()
        else:
            assert (b == 0).all()


def test_the_interval_is_students():
    values = [95.1, 96.0, 95.4, 96.3, 95.2]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2)
    assert half_width([95.0]) == 0
