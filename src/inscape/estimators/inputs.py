"""What comes in at the public door: rows and codes, checked once, worded in one place."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data
from torch import Tensor

from inscape._checks import check_finite
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray
from inscape.data import Description
from inscape.data.arrays import as_array
from inscape.data.floats import fill_missing, is_plain
from inscape.estimators.opening import Opened, open_rows

# Letters of what scikit-learn tells.
_MOST_TOLD = 300


def check_rows(estimator: Any, X: Any, *, reset: bool, gaps: bool = False) -> FloatArray:
    """Return X as a finite 2-D float array; in `fit`, remember its columns on the estimator.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `n_features_in_` and `feature_names_in_`, or is asked for them.
    X : array-like, frame, mapping, Split, Dataset or Opened, shape (n_samples, n_features)
        Rows.
    reset : bool
        True in `fit`.
    gaps : bool
        Whether entries may be missing, and stay NaN.

    Raises
    ------
    InvalidDataError
        If X is no such array, or does not fit the fitted estimator.
    """
    known = None if reset else known_columns(estimator)
    given = X if isinstance(X, Opened) else open_rows(X, known, reset=reset, gaps=gaps)
    _check_shape(given.values)
    if not reset and given.named_by_user and known is None:
        # What scikit-learn says: such columns are taken in their order.
        warnings.warn(
            f"X has feature names, but {type(estimator).__name__} was fitted without feature names",
            UserWarning,
            stacklevel=4,
        )
    with warnings.catch_warnings():
        if given.names is not None:
            # Names have been looked at already, and in any order.
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
        try:
            rows = validate_data(
                estimator,
                given.values,
                reset=reset,
                dtype=[np.float64, np.float32],
                ensure_all_finite=False,
            )
        except ValueError as error:
            if "could not convert string" in str(error):
                raise InvalidDataError(
                    f"X must hold numbers; got text ({error}): encode text columns as numbers, or "
                    "drop them."
                ) from error
            # One line, without the array that scikit-learn prints after some.
            raise InvalidDataError(" ".join(str(error).split())[:_MOST_TOLD]) from error
    if reset and given.named_by_user:
        estimator.feature_names_in_ = np.array(given.names, dtype=object)
    if gaps:
        check_finite(np.where(np.isnan(rows), 0, rows))
        return rows
    if known is not None and known.means is not None:
        rows = fill_missing(rows, np.array(known.means))
    check_finite(rows)
    return rows


def known_columns(estimator: Any) -> Description | None:
    """Return what a fitted estimator knows of its columns: all, or their names alone."""
    found = getattr(estimator, "description_", None)
    names = getattr(estimator, "feature_names_in_", None)
    return Description(tuple(names)) if found is None and names is not None else found


def _check_shape(X: Any) -> None:
    """Say of arrays of another shape what makes rows of them."""
    shape = np.shape(X) if isinstance(X, (np.ndarray, list, tuple)) else None
    if shape is not None and len(shape) == 1 and len(shape) > 0:
        raise InvalidDataError(
            f"X must be a 2-D array of rows and columns; got a 1-D array of shape {shape}: "
            "Reshape your data with X.reshape(-1, 1) for one column or X.reshape(1, -1) for one "
            "row."
        )
    if shape is not None and len(shape) > 2:
        raise InvalidDataError(
            f"X must be a 2-D array of rows and columns; got {len(shape)} dimensions, shape "
            f"{shape}: X.reshape(len(X), -1) makes a row of each picture, and "
            "inscape.data.load(X) remembers their image_shape too."
        )
    if shape is not None and len(shape) == 2 and 0 in shape:
        missing, unit = ("rows", "sample") if shape[0] == 0 else ("columns", "feature")
        raise InvalidDataError(
            f"X must hold {missing}; got an empty array, 0 {unit}(s) (shape={shape}) while a "
            "minimum of 1 is required: check how the data were read."
        )


def check_codes(codes: Any, *, n_components: int) -> FloatArray:
    """Return codes as a finite 2-D float array of the fitted width.

    Raises
    ------
    InvalidDataError
        If they are not.
    """
    try:
        array = as_array(codes, name="Codes")
        array = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"Codes must hold numbers; got {error}: pass an array.") from error
    if array.ndim != 2 or array.shape[1] != n_components:
        raise InvalidDataError(
            f"Codes must have shape (n_samples, {n_components}), as `transform` gives them; got "
            f"shape {array.shape}."
        )
    check_finite(array, name="Codes")
    return array


def as_tensor(X: FloatArray, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return X as a tensor, without a copy where it has that type already."""
    rows = np.ascontiguousarray(X, dtype=np.float64 if dtype == torch.float64 else np.float32)
    # A single row that runs backwards counts as contiguous, and not for torch.
    rows = rows if is_plain(rows) else rows.copy()
    with warnings.catch_warnings():
        # A memory-mapped file is read-only, which torch warns of; training only reads it.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(rows)


def make_generator(random_state: Any) -> torch.Generator:
    """Return a generator of its own, seeded from scikit-learn's kind of random state.

    Raises
    ------
    InvalidParameterError
        If it is none.
    """
    generator = torch.Generator()
    if random_state is None:
        generator.seed()
    else:
        try:
            numbers = check_random_state(random_state)
        except ValueError as error:
            raise InvalidParameterError(
                f"`random_state` must be an integer from 0 to 2**32 - 1, a RandomState or None; "
                f"got {random_state!r}: use random_state=0."
            ) from error
        generator.manual_seed(int(numbers.randint(2**31 - 1)))
    return generator


def choose_device(device: Any) -> torch.device:
    """Return the device: for "auto" a GPU where there is one.

    Raises
    ------
    InvalidParameterError
        If there is no such device here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise InvalidParameterError(
            f"`device` must be 'auto', 'cpu' or a GPU of this machine such as 'cuda'; got "
            f"{device!r}: use device='auto'."
        ) from error
    return chosen
