"""Panels of models side by side show their means, their intervals and their single trainings."""

from __future__ import annotations

import numpy as np
import pytest

from inscape import figures
from inscape._errors import InvalidDataError

DRAWS = {
    "error": {"PCA": [[0.9], [0.5]], "VAE": [[0.8, 0.7], [0.4, np.nan]]},
    "probe": {"PCA": [[0.3], [0.4]], "VAE": [[np.nan, np.nan], [0.9, 0.7]]},
}


def test_over_sizes_there_is_a_line_of_means_a_model_with_bars_where_intervals_are():
    figure = figures.comparison_panels(
        DRAWS, sizes=[2, 8], halves={"error": {"VAE": [0.1, np.nan]}}, better={"error": "less"}
    )
    error, probe = figure.axes
    assert error.lines[0].get_ydata().tolist() == [0.9, 0.5]
    lines = [line for line in error.lines if len(line.get_xdata()) == 2]
    assert [0.75, 0.4] in [line.get_ydata().tolist() for line in lines]
    # One bar, of the one interval that there is.
    (bars,) = [c for c in error.collections if len(c.get_segments())]
    assert len(bars.get_segments()) == 1
    np.testing.assert_allclose(bars.get_segments()[0][:, 1], [0.65, 0.85])
    # The single trainings, where there are several.
    assert [0.8, 0.7] in [line.get_ydata().tolist() for line in error.lines]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["PCA", "VAE"]
    assert np.isnan(probe.lines[1].get_ydata()[0])
    assert [tick.get_text() for tick in error.get_xticklabels()] == ["2", "8"]
    assert len(figures.png(figure)) > 1000


def test_of_one_size_models_stand_one_below_the_other():
    one = {measure: {name: rows[:1] for name, rows in of.items()} for measure, of in DRAWS.items()}
    figure = figures.comparison_panels(one, sizes=[2], halves={"error": {"VAE": [0.2]}})
    error = figure.axes[0]
    assert [tick.get_text() for tick in error.get_yticklabels()] == ["PCA", "VAE"]
    assert [line.get_xdata()[0] for line in error.lines[:2]] == pytest.approx([0.9, 0.75])
    assert not figure.legends
    assert len(figures.png(figure)) > 1000


@pytest.mark.parametrize(
    ("draws", "sizes", "told"),
    [
        ({}, [2], "a measure of a model at least"),
        ({"error": {}}, [2], "a measure of a model at least"),
        (DRAWS, [2], r"error of PCA must be .* \(n_sizes = 1, n_seeds\); got the shape \(2, 1\)"),
        (DRAWS, [8, 2], "sizes must"),
        ({"error": {"PCA": [[np.inf], [1.0]]}}, [2, 8], "finite values, or NaN"),
    ],
)
def test_what_does_not_fit_is_refused(draws, sizes, told):
    with pytest.raises(InvalidDataError, match=told):
        figures.comparison_panels(draws, sizes=sizes)
