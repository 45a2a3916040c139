"""What every use asks of a representation, and what it gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from inscape._errors import InvalidParameterError
from inscape._representations import in_order_of_fit
from inscape._typing import FloatArray
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.inputs import check_rows, known_columns
from inscape.estimators.opening import open_rows
from inscape.training import Report, TrainingState
from inscape.training.progress import with_progress


def is_fitted(representation: Any) -> bool:
    """Return whether somebody has fitted it."""
    try:
        check_is_fitted(representation)
    except NotFittedError:
        return False
    except TypeError:
        # What is no scikit-learn estimator is asked for what it can do.
        return hasattr(representation, "transform")
    return True


def check_representation(representation: Any) -> None:
    """Ask for something that encodes, or can learn to.

    Raises
    ------
    InvalidParameterError
        If it is no such thing.
    """
    if representation is None:
        return
    if isinstance(representation, type) or not hasattr(representation, "transform"):
        raise InvalidParameterError(
            "`representation` must be None, or an estimator with `fit` and `transform`, fitted or "
            f"not; got {representation!r}: pass for example inscape.Autoencoder(8)."
        )


def learn_columns(use: Any, X: Any, *, gaps: bool = False) -> FloatArray:
    """Return rows in `fit` as a finite float array, and remember on the use what columns they have.

    Where its representation is fitted already, columns are found by the names that this knows.

    Parameters
    ----------
    use : BaseEstimator
        Has `representation`; gets `description_`, `n_features_in_` and `feature_names_in_`.
    X : array-like, frame, mapping, Split or Dataset, shape (n_samples, n_features)
        Rows.
    gaps : bool
        Whether entries may be missing, and stay NaN.

    Raises
    ------
    InvalidDataError
        If the rows are no finite numbers, or lack a column.
    """
    fitted = use.representation is not None and is_fitted(use.representation)
    known = known_columns(use.representation) if fitted else None
    opened = open_rows(X, known, reset=True, gaps=gaps)
    rows = check_rows(use, opened, reset=True, gaps=gaps)
    use.description_ = opened.description
    return rows


def rows_for_representation(use: Any, X: Any, rows: FloatArray) -> Any:
    """Return rows as a representation takes them.

    A frame keeps the names of its columns, in the order in which the use has learned them.

    Parameters
    ----------
    use : BaseEstimator
        With its columns learned.
    X : array-like, frame, mapping or Split
        Rows as they came.
    rows : ndarray, shape (n_samples, n_features)
        The same, checked.
    """
    named = hasattr(X, "iloc") and hasattr(use, "feature_names_in_")
    return in_order_of_fit(use, X) if named else rows


def fit_representation(representation: Any, given: Any, *, verbose: bool) -> Any:
    """Return a representation, fitted; one of ours draws a bar on a terminal, if it is asked to.

    Parameters
    ----------
    representation : Any
        Not fitted; it is fitted in place.
    given : array or frame, shape (n_samples, n_features)
        Rows.
    verbose : bool
        Whether to draw.
    """
    if not (verbose and isinstance(representation, NetworkEstimator)):
        return representation.fit(given)
    pairs = representation.iter_fit(given)
    for _ in with_progress(pairs, label=type(representation).__name__, leave=False):
        pass
    return representation


def watched(
    reports: Iterable[Report], state: TrainingState, *, label: str, verbose: bool
) -> Iterator[Report]:
    """Pass the reports of a training on; draw a bar of them on a terminal, if it is asked for.

    Parameters
    ----------
    reports : iterable of Report
        As `training.train` yields them.
    state : TrainingState
        Of the training.
    label : str
        What stands before the bar.
    verbose : bool
        Whether to draw.
    """
    if not verbose:
        yield from reports
        return
    for report, _ in with_progress(((one, state) for one in reports), label=label, leave=False):
        yield report
