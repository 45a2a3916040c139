"""How alike representations are: every cell what was given, every name where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from inscape import figures
from inscape._errors import InvalidDataError

NAMES = [f"encoder.beside.{layer}, epoch {epoch}" for epoch in (0, 0.25) for layer in (1, 3)]
RNG = np.random.default_rng(0)


def test_cells_names_and_numbers_are_those_that_were_given():
    values = RNG.uniform(size=(4, 2))
    ax = figures.alignment_map(values, NAMES, other_names=["a", "b"]).axes[0]
    (image,) = ax.get_images()
    assert np.array_equal(image.get_array(), values)
    assert image.get_clim() == (0, 1)
    # Names that differ by a layer or by a moment stay apart.
    assert [tick.get_text() for tick in ax.get_yticklabels()] == NAMES
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b"]
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in values.flat]


def test_what_has_no_structure_is_grey_and_told():
    values = np.eye(3)
    values[1] = values[:, 1] = np.nan
    ax = figures.alignment_map(values, ["a", "b", "c"]).axes[0]
    drawn = np.ma.getmaskarray(ax.get_images()[0].get_array())
    assert np.array_equal(drawn, np.isnan(values))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "no structure to compare: the same for all rows"
    ]


def test_sixty_layers_keep_within_a_page_and_numbers_are_left_out(small_png):
    names = [f"the {k}th of many layers with long names" for k in range(60)]
    figure = figures.alignment_map(RNG.uniform(size=(60, 60)), names)
    assert max(figure.get_size_inches()) < 11
    assert not figure.axes[0].texts
    small_png(figure)
    for tick in figure.axes[0].get_yticklabels():
        assert tick.get_window_extent().x0 >= 0


@pytest.mark.parametrize(
    ("values", "names", "told"),
    [
        (np.full((2, 2), np.nan), ["a", "b"], "a number at least"),
        ([[1, np.nan], [np.nan, 1]], ["a", "b"], "NaN at row 0, column 1"),
        ([[1.0, 2.0]], ["a", "b"], "names must"),
        ([1.0, 2.0], ["a", "b"], "values must"),
    ],
)
def test_what_is_no_such_matrix_is_refused(values, names, told):
    with pytest.raises(InvalidDataError, match=told) as caught:
        figures.alignment_map(values, names)
    assert "\n" not in str(caught.value)
