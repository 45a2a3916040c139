"""The introduction to autoencoders: its linear floor."""

from __future__ import annotations

import dataclasses

import pytest

from inscape.data import Split
from inscape.recipes import Reproduction, neuromatch_autoencoders


def test_a_linear_network_spans_the_space_of_pca_in_the_recipe(mnist):
    part = dataclasses.replace(
        mnist,
        train=Split(mnist.train.X[:2000], mnist.train.y[:2000]),
        test=Split(mnist.test.X[:1000], mnist.test.y[:1000]),
    )
    found = Reproduction("neuromatch-autoencoders", quick=True, dataset=part)
    # The first two experiments alone: many rows take their time.
    steps = neuromatch_autoencoders.run(found)
    assert [next(steps), next(steps)] == ["PCA 2", "PCA 32"]
    pca = [result for result in found.results if result.experiment.startswith("PCA")]
    assert len(pca) == 2
    for result in pca:
        assert abs(result.deviation) < 0.1  # part of MNIST is nearly all of it
        assert result.ours == pytest.approx(result.measured, rel=0.02)
