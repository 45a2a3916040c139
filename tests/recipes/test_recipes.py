"""Recipes: published experiments, run in their quick form."""

from __future__ import annotations

import importlib
import json
import math

import numpy as np
import pytest
from sklearn.base import clone

from inscape._errors import InvalidParameterError, RunExistsError
from inscape._files import verify_manifest
from inscape.estimators import Autoencoder, DeadUnitWarning, VariationalAutoencoder
from inscape.networks import Dense
from inscape.recipes import RECIPES, Reproduction, Result, burgess_mnist, reproduce
from inscape.recipes.reproduction import curve, dead_units, fit_quietly

# Rows and figures of recipes that have few; the others have at least 10 and 5.
FEWEST = {
    "keras-deep-ae": (5, 6),
    "hinton-2006": (7, 2),
    "zoo": (20, 1),
    "keras-vae": (4, 7),
    "burgess-mnist": (8, 5),
    "iwae": (14, 4),
    "adbench": (24, 2),
    "one-class": (14, 2),
    "dec": (12, 4),
    "label-efficiency": (20, 1),
}
DATA = {"cae-fashion": "fashion-mnist", "deep-linear-networks": None, "adbench": None}
KEYS = {"experiment", "metric", "source", "reference", "measured", "ours"}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_writes_results_figures_and_a_page(name, reproduced):
    found, path = reproduced(name)
    assert (found.name, found.quick) == (name, True)
    rows = json.loads((path / "results.json").read_text())
    fewest_rows, fewest_figures = FEWEST.get(found.name, (10, 5))
    assert len(rows) == len(found.results) >= fewest_rows
    for row in rows:
        assert set(row) == KEYS
        assert math.isfinite(row["reference"])
        assert math.isfinite(row["measured"])
    assert len(list((path / "figures").glob("*.png"))) == len(found.figures) >= fewest_figures
    page = (path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(found.figures)
    assert all("ad sign" in caption for _, caption in found.figures.values())
    assert "its numbers prove nothing" in page
    verify_manifest(path)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_the_module_of_its_name_and_says_what_it_runs_on(name):
    module = importlib.import_module(RECIPES[name])
    assert module.__name__ == f"inscape.recipes.{name.replace('-', '_')}"
    data = DATA.get(name, "mnist")
    assert data == module.DATA


def test_deviation_is_a_share_of_the_reference():
    assert Result("a", "b", "c", 2.0, 3.0, None).deviation == pytest.approx(0.5)


def test_a_deviation_from_zero_is_shown_as_a_difference():
    result = Result("a", "b", "theory", 0.0, 0.25, None)
    assert result.deviation is None
    assert result.as_row() == ["a", "b", "0 (theory)", "0.25", "+0.25", ""]


def test_an_unknown_recipe_and_an_existing_directory_are_refused(tmp_path):
    with pytest.raises(InvalidParameterError, match="neuromatch-autoencoders"):
        reproduce("neuromatch", tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(RunExistsError):
        reproduce("neuromatch-autoencoders", tmp_path / "mine")


# --------------------------------------------------------------------------- what recipes share


@pytest.fixture
def rows():
    return np.random.default_rng(0).random((40, 3), dtype=np.float32)


@pytest.fixture
def doomed():
    """A net whose rate throws a ReLU unit out for ever."""
    options = {"optimizer": "sgd", "learning_rate": 5.0, "epochs": 3, "random_state": 0}
    network = Dense(hidden=(), bias="mean_row")
    return Autoencoder(2, network=network, bottleneck="relu", **options)


def test_dead_units_are_counted_and_not_warned_of(doomed, rows):
    with pytest.warns(DeadUnitWarning):
        clone(doomed).fit(rows)
    # A warning would be an error.
    assert dead_units(fit_quietly(doomed, rows)) == "seed 0: 1 of 2 units dead"


def test_a_quiet_fit_shows_each_report_and_is_the_same_fit(doomed, rows):
    told = []
    fit_quietly(doomed, rows, watch=lambda report, state: told.append((report, state.network)))
    assert [report.epoch for report, _ in told if report.epoch_done] == [1, 2, 3]
    assert told[-1][1] is doomed.network_
    other = clone(doomed)
    with pytest.warns(DeadUnitWarning):
        other.fit(rows)
    np.testing.assert_array_equal(doomed.transform(rows), other.transform(rows))


def test_a_curve_is_read_from_the_history_and_from_its_terms(rows):
    model = VariationalAutoencoder(2, hidden=(), epochs=3, random_state=0).fit(rows)
    for name in ("loss", "kullback_leibler"):
        epochs, values = curve(model, name)
        assert epochs.tolist() == [1, 2, 3]
        entries = [entry | entry["terms"] for entry in model.history_[1:]]
        assert values.tolist() == [entry[name] for entry in entries]


@pytest.mark.parametrize(("quick", "expected"), [(True, 4), (False, 50)])
def test_epochs_are_few_in_the_quick_form(quick, expected):
    assert Reproduction("any", quick=quick).epochs(50, quick=4) == expected


def test_the_quick_form_takes_the_rows_that_its_recipe_names(reproduced):
    found, path = reproduced("burgess-mnist")
    assert (len(found.X_train), len(found.X_test)) == burgess_mnist.QUICK_ROWS
    told = json.loads((path / "environment.json").read_text())["data"]
    assert (told["n_train"], told["n_test"]) == burgess_mnist.QUICK_ROWS
