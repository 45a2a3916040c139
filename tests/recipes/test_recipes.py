"""Recipes: published experiments, run in their quick form."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from inscape._errors import InvalidParameterError, RunExistsError
from inscape._files import verify_manifest
from inscape.data import Split, load
from inscape.recipes import RECIPES, Reproduction, Result, neuromatch_autoencoders, reproduce

# Rows and figures of recipes that have few; the others have at least 10 and 5.
FEWEST = {
    "keras-deep-ae": (5, 6),
    "hinton-2006": (7, 2),
    "zoo": (20, 1),
    "keras-vae": (4, 7),
    "burgess-mnist": (8, 5),
    "iwae": (14, 4),
}
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
    assert "its numbers prove nothing" in page
    verify_manifest(path)


def test_a_linear_network_spans_the_space_of_pca_in_the_recipe():
    mnist, found = load("mnist"), Reproduction("neuromatch-autoencoders", quick=True)
    part = dataclasses.replace(
        mnist,
        train=Split(mnist.train.X[:2000], mnist.train.y[:2000]),
        test=Split(mnist.test.X[:1000], mnist.test.y[:1000]),
    )
    # The first two experiments alone: many rows take their time.
    steps = neuromatch_autoencoders.run(found, part)
    assert [next(steps), next(steps)] == ["PCA 2", "PCA 32"]
    pca = [result for result in found.results if result.experiment.startswith("PCA")]
    assert len(pca) == 2
    for result in pca:
        assert abs(result.deviation) < 0.1  # part of MNIST is nearly all of it
        assert result.ours == pytest.approx(result.measured, rel=0.02)


def test_deep_linear_networks_are_as_theory_says(reproduced):
    found, _ = reproduced("deep-linear-networks")
    by_metric = {}
    for result in found.results:
        by_metric.setdefault(result.metric, []).append(result)
    assert len(by_metric["epoch of half rise"]) == 8
    for result in by_metric["epoch of half rise"]:
        assert abs(result.measured - result.reference) <= 1
    for result in by_metric["epochs by which they are told apart later"]:
        assert result.measured > 0
        assert abs(result.measured - result.reference) <= 2
    shark, parrot, shallow = by_metric["largest wrong sign"]
    for result in (shark, parrot):
        assert result.measured > 0.2
        assert result.deviation == pytest.approx(0, abs=0.02)
    assert shallow.measured == 0
    for result in by_metric["prediction at the end"]:
        assert result.measured == pytest.approx(-1, abs=1e-4)
    for result in by_metric["largest difference"]:
        assert result.measured < 1e-9
    for result in by_metric["largest difference (we allow 1e-6)"]:
        assert result.measured < 1e-6
    for result in by_metric["largest difference (the tutorial allows 1e-2)"]:
        assert result.measured < 1e-2


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
