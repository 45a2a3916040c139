"""Figures of clusters: what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from inscape import figures
from inscape._errors import InscapeError

RNG = np.random.default_rng(0)


def test_each_prototype_has_its_picture_and_title():
    figure = figures.prototype_images(
        RNG.random((12, 6)), image_shape=(2, 3), titles=[f"{k}: 5 rows" for k in range(12)]
    )
    titles = [ax.texts[0].get_text() for ax in figure.axes if ax.texts]
    assert titles == [f"{k}: 5 rows" for k in range(12)]
    assert figures.png(figure)[:4] == b"\x89PNG"
    assert figures.png(figures.prototype_images(RNG.random((2, 12)), image_shape=(2, 2, 3)))


def test_bars_are_the_farthest_features_with_their_values():
    figure = figures.prototype_bars(
        [[1.0, 40.0, 5.0], [1.0, 10.0, 3.0]],
        means=[1.0, 20.0, 4.0],
        spreads=[0.0, 10.0, 2.0],
        feature_names=["same", "wide", "narrow"],
        n_features=2,
        titles=["0", "1"],
    )
    first, second = figure.axes
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["wide", "narrow"]
    assert [patch.get_width() for patch in first.patches] == [2.0, 0.5]
    assert [patch.get_width() for patch in second.patches] == [-1.0, -0.5]
    assert [text.get_text() for text in first.texts] == ["40", "5"]


def test_labels_lie_on_the_diagonal_of_their_clusters():
    counts = np.array([[0, 30, 0], [20, 0, 20], [1, 0, 9]])
    figure = figures.clusters_against_labels(counts, labels=["a", "b", "c"])
    ax = figure.axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["b", "a", "c"]
    np.testing.assert_allclose(
        ax.get_images()[0].get_array(), [[0.5, 0, 0.5], [0, 1, 0], [0.1, 0, 0.9]]
    )
    assert sorted(text.get_text() for text in ax.texts) == [
        "10",
        "100",
        "50",
        "50",
        "90",
        *[text.get_text() for text in ax.texts if "per cent" in text.get_text()],
    ]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.prototype_images([[np.nan, 1.0]], image_shape=(1, 2)),
        lambda: figures.prototype_images(np.ones((2, 4)), image_shape=(3, 2)),
        lambda: figures.prototype_images(np.ones((2, 4)), image_shape=(2, 2), titles=["a"]),
        lambda: figures.prototype_bars(np.ones((2, 3)), means=[1.0], spreads=[1.0]),
        lambda: figures.clusters_against_labels(np.ones((2, 3)), labels=["a"]),
        lambda: figures.clusters_against_labels(np.ones((2, 2)), labels="ab", clusters=["0"]),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw):
    with pytest.raises(InscapeError):
        draw()
