"""What is measured of a fitted representation, on rows that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from inscape._representations import unwrap
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.data.scaling import Scaler
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.measures import rank_preservation
from inscape.runs.deviations import Deviations
from inscape.runs.fitting.labels import tell_labels
from inscape.uses.clusters.partition import partition

# Test rows, evenly spread, whose neighbours are ranked and which are grouped.
_RANKED = 2_000
_NEIGHBORS, _RESTARTS = 5, 10
_MOST_CLASSES = 100


class Judge:
    """Measures representations on the test rows of a data set, all in one unit.

    Parameters
    ----------
    dataset : Dataset
        The data, as they came.
    deviations : Deviations
        Of its training rows.
    scaler : Scaler or None
        Behind which everything stands.
    seed : int
        Of k-means, the same for all: seeds are of trainings.
    """

    def __init__(
        self, dataset: Dataset, deviations: Deviations, scaler: Scaler | None, *, seed: int
    ) -> None:
        self._dataset, self._deviations, self._scaler = dataset, deviations, scaler
        self._seed = seed
        X, y = dataset.test.X, dataset.test.y
        self._some = slice(None, None, max(1, -(-len(X) // _RANKED)))
        self._rows = deviations.apply(X[self._some])
        self._classes = None if y is None else _classes(y[self._some], dataset)
        self.labels: dict[str, Any] | None = None

    @property
    def n_ranked(self) -> int:
        """The number of rows whose neighbours are ranked."""
        return len(self._rows)

    def measure(self, plain: Any, model: Any, *, told: bool) -> dict[str, float]:
        """Return what can be measured of a representation.

        Parameters
        ----------
        plain : Representation
            Fitted; of a conditional model, with what test rows are told.
        model : Any
            What was fitted.
        told : bool
            Whether it is told the labels, which then tell nothing of its codes.
        """
        X = self._dataset.test.X
        found = {"error": float(np.sqrt(self._deviations.squared_errors(plain, X).mean()))}
        codes = np.asarray(plain.transform(X))[self._some].astype(np.float64)
        if np.isfinite(codes).all():
            found |= self._ranks(codes)
            if not told:
                found |= self._labels(plain, codes)
        return found | {"parameters": float(n_parameters(model))}

    def _ranks(self, codes: FloatArray) -> dict[str, float]:
        most = (len(codes) - 1) // 2
        if most < 1:
            return {}
        ranks = rank_preservation(self._rows, codes, n_neighbors=min(_NEIGHBORS, most))
        return {
            "trustworthiness": ranks.trustworthiness,
            "continuity": ranks.continuity,
            "neighbors": ranks.area,
        }

    def _labels(self, plain: Any, codes: FloatArray) -> dict[str, float]:
        of_labels, labels = tell_labels({"": plain}, self._dataset, self._scaler)
        if labels is None or self._classes is None:
            return {}
        self.labels = labels
        n = len(np.unique(self._classes))
        groups = partition(codes, n, seed=self._seed, restarts=_RESTARTS).labels
        return {
            "probe": of_labels[""]["linear_probe"],
            "clusters": float(normalized_mutual_info_score(self._classes, groups)),
        }


def _classes(y: np.ndarray, dataset: Dataset) -> np.ndarray | None:
    """Return class numbers; None for labels that are no kinds."""
    found = read_labels(y, len(y), dataset.class_names)
    if not isinstance(found, Classes) or not 2 <= len(found.names) <= _MOST_CLASSES:
        return None
    return np.asarray(found.index)


def n_parameters(model: Any) -> int:
    """Return how many numbers a model learned.

    Parameters
    ----------
    model : Any
        A fitted estimator of ours, or a linear method of scikit-learn, behind a scaler or not.
    """
    inner = unwrap(model)
    if hasattr(inner, "network_"):
        return sum(p.numel() for p in inner.network_.parameters() if p.requires_grad)
    learned = [inner.components_, getattr(inner, "mean_", None)]
    return sum(np.size(array) for array in learned if array is not None)
