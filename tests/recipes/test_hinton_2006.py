"""Thirty numbers a digit: what the report claims is what is trained."""

from __future__ import annotations

import pytest

from inscape.recipes import hinton_2006


@pytest.fixture(scope="module")
def found(reproduced):
    return reproduced("hinton-2006")[0]


def test_the_widths_are_those_of_2006_and_the_units_are_not():
    model = hinton_2006.network(epochs=1)
    assert (model.n_components, model.hidden, model.bottleneck) == (
        30,
        (1000, 500, 250),
        "identity",
    )
    assert (model.activation, model.likelihood) == ("silu", "bernoulli")


def test_the_report_says_what_is_not_as_it_was_in_2006(found):
    _, race = found.figures["race.png"]
    for text in (hinton_2006.LEAD, race):
        assert "SiLU" in text
        assert "logistic" in text
        assert "pretrain" in text
        assert "random weights" in text
        assert "the same network" not in text.lower()


def test_each_training_has_its_error_and_its_seconds_beside_the_published(found):
    pca, *rows = found.results
    assert (pca.reference, len(rows)) == (13.87, 6)
    for error, seconds in zip(rows[::2], rows[1::2], strict=True):
        assert error.experiment == seconds.experiment
        assert (error.reference, seconds.reference) == (3.00, 360)
        assert seconds.measured > 0
