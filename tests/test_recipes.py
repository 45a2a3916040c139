"""Recipes: published experiments, run in their quick form on real data."""

from __future__ import annotations

import json

import pytest

from inscape._errors import InvalidParameterError, RunExistsError
from inscape._files import verify_manifest
from inscape.recipes import RECIPES, Result, reproduce

KEYS = {"experiment", "metric", "source", "reference", "measured", "ours"}


@pytest.fixture(scope="module", params=list(RECIPES))
def reproduced(request, tmp_path_factory):
    return reproduce(request.param, tmp_path_factory.mktemp("recipe") / "run", quick=True)


def test_a_recipe_writes_results_figures_and_a_page(reproduced):
    found, path = reproduced
    rows = json.loads((path / "results.json").read_text())
    assert len(rows) == len(found.results) >= 10
    for row in rows:
        assert set(row) == KEYS
        assert row["reference"] > 0
        assert row["measured"] > 0
    assert len(list((path / "figures").glob("*.png"))) == len(found.figures) >= 5
    page = (path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(found.figures)
    assert "its numbers prove nothing" in page
    verify_manifest(path)


def test_a_linear_network_spans_the_space_of_pca_in_the_recipe(reproduced):
    found, _ = reproduced
    pca = [result for result in found.results if result.experiment.startswith("PCA")]
    for result in pca:
        assert abs(result.deviation) < 0.1  # part of MNIST is nearly all of it
        assert result.ours == pytest.approx(result.measured, rel=0.02)


def test_deviation_is_a_share_of_the_reference():
    assert Result("a", "b", "c", 2.0, 3.0, None).deviation == pytest.approx(0.5)


def test_an_unknown_recipe_and_an_existing_directory_are_refused(tmp_path):
    with pytest.raises(InvalidParameterError, match="neuromatch-autoencoders"):
        reproduce("neuromatch", tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(RunExistsError):
        reproduce("neuromatch-autoencoders", tmp_path / "mine")
