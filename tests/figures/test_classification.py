"""Figures of classes: what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from inscape import figures
from inscape._errors import InscapeError

COUNTS = np.array([[5, 2, 0], [1, 7, 0], [0, 0, 9]])


def test_every_count_stands_in_its_cell():
    figure = figures.confusion(COUNTS, class_names=["u", "v", "w"])
    ax = figure.axes[0]
    found = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in ax.texts[:-1]}
    assert found == {(i, j): str(COUNTS[i, j]) for i in range(3) for j in range(3) if COUNTS[i, j]}
    assert ax.get_title(loc="left") == "21 of 24 are right (87.5%)"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["u", "v", "w"]
    right, wrong = (image.get_array() for image in ax.images)
    np.testing.assert_allclose(right.compressed(), [5 / 7, 7 / 8, 1])
    assert wrong[0, 1] == pytest.approx(2 / 7)


def test_of_many_classes_those_with_most_errors_are_drawn():
    counts = 9 * np.eye(30, dtype=int)
    counts[3, 20], counts[7, 8] = 4, 2
    figure = figures.confusion(counts, n_classes=4)
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["3", "7", "8", "20"]
    assert "the 4 classes with most errors of 30" in ax.texts[-1].get_text()
    assert ax.get_title(loc="left").startswith("270 of 276")


def test_pictures_have_their_titles_above_them():
    X = np.random.default_rng(0).random((5, 12))
    figure = figures.titled_images(X, list("abcde"), image_shape=(3, 4), n_columns=2)
    ax = figure.axes[0]
    places = {t.get_text(): t.get_position() for t in ax.texts}
    sheet = ax.images[0].get_array()
    band = len(sheet) // 3 - 3
    for k, (x, y) in enumerate(places[c] for c in "abcde"):
        top, left = round(y - 0.45 * band) + band, round(x - 2)
        np.testing.assert_array_equal(sheet[top : top + 3, left : left + 4], X[k].reshape(3, 4))
    assert (
        figures.png(figures.titled_images(X, list("abcde"), image_shape=(2, 2, 3)))[:4]
        == b"\x89PNG"
    )


def test_each_draw_is_a_point_and_their_mean_a_line():
    curves = {"ours": ([1, 10], [[80.0, 90.0], [96.0]]), "theirs": ([10, 100], [[70.0], [75.0]])}
    ax = figures.accuracy_over_labels(curves).axes[0]
    assert [line.get_ydata().tolist() for line in ax.lines] == [
        [85.0, 96.0],
        [80.0, 90.0],
        [96.0],
        [70.0, 75.0],
        [70.0],
        [75.0],
    ]
    assert [text.get_text() for text in ax.texts[-2:]] == ["ours 96.0", "theirs 75.0"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "10", "100"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.confusion([[1]]),
        lambda: figures.confusion([[1, 2, 3], [1, 2, 3]]),
        lambda: figures.confusion([[0, 0], [0, 0]]),
        lambda: figures.confusion([[1, -1], [0, 1]]),
        lambda: figures.confusion([[1, 0], [0, 1]], class_names=["a"]),
        lambda: figures.accuracy_over_labels({}),
        lambda: figures.accuracy_over_labels({"a": ([2, 1], [[1.0], [2.0]])}),
        lambda: figures.accuracy_over_labels({"a": ([1, 2], [[1.0]])}),
        lambda: figures.accuracy_over_labels({"a": ([1], [[np.nan]])}),
        lambda: figures.titled_images(np.ones((2, 4)), ["a"], image_shape=(2, 2)),
        lambda: figures.titled_images(np.ones((2, 4)), ["a", "b"], image_shape=(3, 2)),
    ],
)
def test_what_does_not_fit_is_refused(draw):
    with pytest.raises(InscapeError):
        draw()
