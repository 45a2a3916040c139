"""Figures of anomalies: what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from inscape import figures
from inscape._errors import InscapeError, InvalidDataError

RNG = np.random.default_rng(0)
ONES = np.ones((2, 4))


def test_bars_of_scores_hold_every_row():
    scores = np.append(RNG.normal(size=500), -1e6)
    odd = scores < -1.5
    figure = figures.anomaly_scores(scores, -1.5, labels=odd, normal_scores=scores[:100])
    ax = figure.axes[0]
    heights = [patch.get_height() for container in ax.containers[:2] for patch in container]
    assert sum(heights) == 501
    assert ax.get_title(loc="left") == f"{odd.sum()} of 501 rows are below the threshold"
    assert [line.get_xdata()[0] for line in ax.lines] == [-1.5]


def test_bars_are_the_largest_shares_with_their_names():
    shares = np.array([[0.0, 4.0, 1.0, 5.0], [2.0, 0.0, 0.0, 0.0]])
    figure = figures.anomaly_bars(
        shares, values=shares + 1, feature_names=list("abcd"), n_features=2, titles=["x", "y"]
    )
    first, second = figure.axes[:2]
    assert [patch.get_width() for patch in first.patches] == [5.0, 4.0]
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["d", "b"]
    assert [text.get_text() for text in first.texts][:1] == ["50%  (6)"]
    assert second.get_title(loc="left") == "y"


def test_pictures_stand_above_each_other():
    X = RNG.random((4, 12))
    figure = figures.anomaly_images(X, X / 2, X**2, image_shape=(3, 4), scores=[1, 2, 3, 4])
    assert len(figure.axes) == 4
    assert figures.png(figure)[:4] == b"\x89PNG"
    colour = figures.anomaly_images(X, X / 2, X**2, image_shape=(2, 2, 3))
    assert figures.png(colour)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.anomaly_scores([np.nan], 0.0),
        lambda: figures.anomaly_scores([1.0, 2.0], 0.0, labels=[True]),
        lambda: figures.anomaly_bars(np.ones((2, 3)), feature_names=["a"]),
        lambda: figures.anomaly_bars(np.ones((2, 3)), values=np.ones((3, 3))),
        lambda: figures.anomaly_images(
            np.ones((2, 4)), np.ones((2, 3)), np.ones((2, 4)), image_shape=(2, 2)
        ),
        lambda: figures.anomaly_images(
            np.ones((2, 4)), np.ones((2, 4)), np.ones((2, 4)), image_shape=(3, 2)
        ),
    ],
)
def test_what_does_not_fit_is_refused(draw):
    with pytest.raises(InscapeError) as refused:
        draw()
    assert isinstance(refused.value, (InvalidDataError, ValueError))
