"""Representations: what whoever takes a fitted one may ask of it.

Our estimators are representations; so are scikit-learn's `PCA`, `TruncatedSVD` and `NMF` as they
are, and pipelines of them.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Encodes(Protocol):
    """A fitted object that encodes rows to codes."""

    def transform(self, X: Any) -> Any:
        """Encode rows (n_samples, n_features) to codes (n_samples, n_components)."""


class Decodes(Protocol):
    """A fitted object that decodes codes to rows."""

    def inverse_transform(self, X: Any) -> Any:
        """Decode codes (n_samples, n_components) to rows (n_samples, n_features)."""


class Representation(Encodes, Decodes, Protocol):
    """A fitted object that does both.

    It may say where its codes live, by an attribute `code_space_` such as
    `inscape.objectives.Sphere`; where it says nothing they are Euclidean.
    """


def unwrap(representation: Any, *, only: bool = False) -> Any:
    """Return what gives the codes of a pipeline: its last step that does anything.

    Parameters
    ----------
    representation
        A pipeline, or anything else, which is returned as it is.
    only : bool
        Whether to unwrap such pipelines alone in which no other step does anything.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> unwrap(make_pipeline("passthrough", PCA(2), "passthrough"))
    PCA(n_components=2)
    """
    while hasattr(representation, "steps"):
        steps = [step for _, step in representation.steps if step not in (None, "passthrough")]
        if not steps or (only and len(steps) > 1):
            return representation
        representation = steps[-1]
    return representation


def code_space(representation: Any) -> Any:
    """Return what a representation says of where its codes live; None where it says nothing."""
    return getattr(unwrap(representation), "code_space_", None)


def shape_of_pictures(representation: Any, image_shape: Any = None) -> Any:
    """Return `image_shape`, or where it is None the one that a representation was fitted with."""
    return _described(representation, "image_shape") if image_shape is None else image_shape


def names_of_classes(representation: Any, labels: Any, class_names: Any = None) -> Any:
    """Return `class_names`, or where it is None those that a representation was fitted with.

    Those are the names of labels 0, 1, 2, ...: labels of which some are lacking have none.
    """
    if class_names is not None or labels is None:
        return class_names
    names = _described(representation, "class_names")
    seen = set(np.asarray(labels).tolist())
    return names if names is not None and seen == set(range(len(names))) else None


def _described(representation: Any, what: str) -> Any:
    return getattr(getattr(unwrap(representation), "description_", None), what, None)


def in_order_of_fit(representation: Any, X: Any) -> Any:
    """Return rows, those of a frame with their columns in the order of the frame in `fit`.

    What comes back from a representation is in that order, whatever the order in which it went in.

    Parameters
    ----------
    representation : Any
        With `feature_names_in_`, if it was fitted with a frame.
    X : array or frame, shape (n_samples, n_features)
        Rows.
    """
    names = getattr(representation, "feature_names_in_", None)
    if names is None or not hasattr(X, "iloc") or set(names) != set(X.columns):
        return X
    return X[list(names)]
