"""How well clusters agree with labels: against every map that there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from inscape._errors import InvalidDataError
from inscape.measures import cluster_purity, clustering_accuracy, count_together


@pytest.mark.parametrize(("n_labels", "n_clusters"), [(4, 4), (3, 5), (5, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_the_accuracy_is_the_best_of_all_maps(n_labels, n_clusters, seed):
    rng = np.random.default_rng(seed)
    labels, clusters = rng.integers(0, n_labels, 60), rng.integers(0, n_clusters, 60)
    # A cluster beyond the labels stands for none.
    slots = [*range(n_labels), *[-9] * max(0, n_clusters - n_labels)]
    brute = max(
        (np.array(stands)[clusters] == labels).mean()
        for stands in itertools.permutations(slots, n_clusters)
    )
    assert clustering_accuracy(labels, clusters) == pytest.approx(brute)


def test_names_and_numbers_of_clusters_do_not_matter():
    labels = np.array(["dog", "dog", "cat", "cat", "eel"])
    assert clustering_accuracy(labels, [7, 7, 3, 3, 5]) == 1
    assert clustering_accuracy(labels, [0, 0, 0, 0, 0]) == pytest.approx(0.4)


def test_noise_stands_for_no_label():
    labels = [0, 0, 0, 1]
    assert clustering_accuracy(labels, [-1, -1, -1, 2]) == 0.25
    assert clustering_accuracy(labels, [-1, -1, -1, -1]) == 0


def test_counts_and_purity():
    counts, labels, clusters = count_together(["a", "a", "b"], [1, 0, 1])
    assert counts.tolist() == [[1, 1], [0, 1]]
    assert (labels.tolist(), clusters.tolist()) == (["a", "b"], [0, 1])
    np.testing.assert_allclose(cluster_purity(["a", "a", "b"], [1, 0, 1]), [1, 0.5])
    with pytest.raises(InvalidDataError, match="as many rows as labels"):
        clustering_accuracy([0, 1], [0])
