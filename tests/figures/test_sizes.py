"""The figure of what speaks for which size of a code shows what it says."""

from __future__ import annotations

import numpy as np
import pytest

from inscape import figures
from inscape._errors import InvalidDataError

CURVE = ([1, 2, 4, 8], [0.9, 0.5, 0.3, 0.2])
NATS = ([1, 2, 4, 8], [-9.0, -5.0, -4.0, -6.0])


def draw(variances=(3.0, 2.0, 0.4, 0.3), thresholds=(1.0, 0.9, 0.8, 0.7), **changed):
    options = {
        "errors": {"PCA": CURVE},
        "likelihoods": {"PCA": NATS},
        "active": ([1, 2, 4], [1, 2, 3]),
    }
    return figures.size_evidence(variances, thresholds, **options | changed)


def test_each_panel_shows_its_numbers():
    figure = draw(dimension=2.5)
    spectrum, errors, likelihoods, units = figure.axes
    assert spectrum.get_title(loc="left") == "2 components above chance"
    assert spectrum.lines[0].get_ydata().tolist() == [3.0, 2.0, 0.4, 0.3]
    assert spectrum.lines[1].get_ydata().tolist() == [1.0, 0.9, 0.8, 0.7]
    assert errors.lines[0].get_xydata().tolist() == np.transpose(CURVE).tolist()
    # The ring lies on the top.
    assert likelihoods.lines[1].get_xydata().tolist() == [[4.0, -4.0]]
    assert units.lines[1].get_ydata().tolist() == [1.0, 2.0, 3.0]
    assert "intrinsic dimension 2.5" in [text.get_text() for text in units.texts]
    assert len(figures.png(figure)) > 1000


def test_one_size_no_component_and_all_components_are_drawn():
    one = ([2], [0.5])
    figure = draw([0.5], [1.0], errors={"a": one}, likelihoods={"a": one}, active=([2], [0]))
    assert figure.axes[0].get_title(loc="left") == "0 components above chance"
    assert len(figures.png(figure)) > 1000
    assert draw([3.0, 2.0], [0.0, 0.0]).axes[0].get_title(loc="left").startswith("2 components")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"errors": {}}, "at least one curve each"),
        ({"thresholds": [1.0]}, "thresholds must be"),
        ({"active": ([2, 1], [1, 1])}, "the sizes of active units"),
        ({"likelihoods": {"a": ([1, 2], [1.0])}}, "the values of a"),
    ],
)
def test_what_does_not_fit_is_refused(changed, told):
    with pytest.raises(InvalidDataError, match=told):
        draw(**changed)
