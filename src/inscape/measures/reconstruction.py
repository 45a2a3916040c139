"""How well a representation gives back what it encoded."""

from __future__ import annotations

import numpy as np

from inscape._checks import check_filled, check_matrix, check_number, check_pair, first_place
from inscape._errors import InvalidDataError
from inscape._representations import Representation
from inscape._typing import FloatArray


def reconstruct(representation: Representation, X: FloatArray) -> FloatArray:
    """Encode and decode rows with any representation, scikit-learn's PCA and NMF included.

    Parameters
    ----------
    representation : Representation
        A fitted object with `transform` and `inverse_transform`.
    X : ndarray or frame, shape (n_samples, n_features)
        Rows.

    Returns
    -------
    ndarray, shape (n_samples, n_features)
        What came back, its columns in the order of those in `fit`.

    Raises
    ------
    InvalidDataError
        If there is no row, or no column.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).normal(size=(20, 3))
    >>> reconstruct(PCA(2).fit(X), X).shape
    (20, 3)
    """
    check_filled(X, name="X")
    return np.asarray(representation.inverse_transform(representation.transform(X)))


def squared_error(X: FloatArray, reconstruction: FloatArray) -> float:
    """Return the squared error, the mean over samples and features.

    Parameters
    ----------
    X, reconstruction : ndarray, shape (n_samples, n_features)
        Rows and what came back.

    Raises
    ------
    InvalidDataError
        If they are no numbers, or none, or differ in shape.

    Examples
    --------
    >>> squared_error(np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]]))
    0.5
    """
    rows, back = check_pair(X, reconstruction, name="reconstruction")
    return float(_squares(rows, back).mean())


def binary_cross_entropy(X: FloatArray, probabilities: FloatArray) -> float:
    r"""Return the binary cross-entropy in nats, the mean over samples and features.

    .. math:: -x \log p - (1 - x) \log(1 - p)

    Probabilities are clipped to [1e-7, 1 - 1e-7], as the field's libraries do, so that a linear
    method's values outside (0, 1) have a finite cost.

    Parameters
    ----------
    X, probabilities : ndarray, shape (n_samples, n_features)
        Rows in [0, 1] and what came back.

    Raises
    ------
    InvalidDataError
        If they are no numbers, or none, or differ in shape, or rows lie outside [0, 1].

    Examples
    --------
    >>> round(binary_cross_entropy(np.array([[1.0]]), np.array([[0.5]])), 4)
    0.6931
    """
    rows, back = check_pair(X, probabilities, name="probabilities")
    outside = ~((rows >= 0) & (rows <= 1))
    if outside.any():
        row, column = first_place(outside)
        raise InvalidDataError(
            f"X must lie in [0, 1] for a cross-entropy; got {rows[row, column]:g} at row {row}, "
            f"column {column}: bring both into [0, 1], or use `squared_error`."
        )
    p = np.clip(back.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-(rows * np.log(p) + (1 - rows) * np.log1p(-p)).mean())


def explained_variance(X: FloatArray, reconstruction: FloatArray) -> float:
    """Return the share of the variance of X that came back, 1 being all of it.

    Parameters
    ----------
    X, reconstruction : ndarray, shape (n_samples, n_features)
        Rows and what came back.

    Raises
    ------
    InvalidDataError
        If they are no numbers, or none, or differ in shape, or all rows of X are equal.

    Examples
    --------
    >>> X = np.array([[0.0], [2.0]])
    >>> explained_variance(X, X), explained_variance(X, np.ones((2, 1)))
    (1.0, 0.0)
    """
    rows, back = check_pair(X, reconstruction, name="reconstruction")
    if (rows == rows[0]).all():
        raise InvalidDataError(
            f"X must hold two different rows, else there is no variance; got {len(rows)} equal "
            "rows: give more rows, or use `squared_error`."
        )
    total = _squares(rows, rows.mean(axis=0, dtype=np.float64)).mean()
    return float(1 - _squares(rows, back).mean() / total)


def unexplained_by_column(X: FloatArray, reconstruction: FloatArray) -> FloatArray:
    r"""Return the share of each column's variance that did not come back.

    .. math:: u_j = \frac{\sum_i (x_{ij} - \hat x_{ij})^2}{\sum_i (x_{ij} - \bar x_j)^2}

    In the units of the data one wide column may decide a squared error; here each counts alike.

    Parameters
    ----------
    X, reconstruction : ndarray, shape (n_samples, n_features)
        Rows and what came back.

    Returns
    -------
    ndarray, shape (n_features,), float64
        0 where all came back, 1 where no more than the mean did, above 1 where less; NaN for a
        column that is constant in X.

    Raises
    ------
    InvalidDataError
        If they are no numbers, or none, or differ in shape.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0, 1.0], [2.0, 800.0, 1.0]])
    >>> unexplained_by_column(X, np.array([[0.0, 400.0, 1.0], [2.0, 400.0, 1.0]]))
    array([ 0.,  1., nan])
    """
    rows, back = check_pair(X, reconstruction, name="reconstruction")
    wide = rows.astype(np.float64)
    spread = np.square(wide - wide.mean(axis=0)).sum(axis=0)
    # Of one number many times over, the mean is off by roundings.
    constant = (rows == rows[:1]).all(axis=0)
    left = np.square(back - wide).sum(axis=0)
    return np.where(constant, np.nan, left / np.where(constant, 1.0, spread))


def peak_signal_to_noise_ratio(
    X: FloatArray, reconstruction: FloatArray, *, data_range: float = 1.0
) -> float:
    r"""Return the peak signal-to-noise ratio in decibels, the mean over rows of each row's ratio.

    .. math:: \frac{1}{n} \sum_i 10 \log_{10} \frac{r^2}{\mathrm{mse}_i}

    with r the data's range. The mean is of decibels, picture by picture, as papers on denoising
    report it; the ratio of the mean error is never above it, for rare bad rows weigh more there.

    Parameters
    ----------
    X, reconstruction : ndarray, shape (n_samples, n_features)
        Rows and what came back.
    data_range : float
        Difference between the largest and the smallest value that data can have: 1 for [0, 1].

    Returns
    -------
    float
        Infinite if a row came back exactly.

    Raises
    ------
    InvalidParameterError
        If the range is not a number > 0.
    InvalidDataError
        If rows are no numbers, or none, or differ in shape.

    Examples
    --------
    >>> peak_signal_to_noise_ratio(np.array([[0.0, 1.0]]), np.array([[0.1, 0.9]]))
    20.0
    """
    data_range = check_number("data_range", data_range, above=0)
    rows, back = check_pair(X, reconstruction, name="reconstruction")
    errors = _squares(rows, back).mean(axis=1)
    with np.errstate(divide="ignore"):
        return float((20 * np.log10(data_range) - 10 * np.log10(errors)).mean())


def code_directions(representation: Representation, codes: FloatArray) -> FloatArray:
    r"""Return what each unit of the code adds to a row, at the middle of the codes.

    .. math:: d_k = \tfrac{1}{2} \left[ g(\bar z + s_k e_k) - g(\bar z - s_k e_k) \right]

    with :math:`\bar z` and :math:`s` the mean and standard deviation of the codes. For PCA these
    are the components, each scaled by the standard deviation along it.

    Parameters
    ----------
    representation : Representation
        A fitted object with `inverse_transform`.
    codes : ndarray, shape (n_samples, n_components)
        Codes of some rows.

    Returns
    -------
    ndarray, shape (n_components, n_features)
        In the units of the rows.

    Raises
    ------
    InvalidDataError
        If the codes are not a finite matrix.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> pca = PCA(2).fit(X)
    >>> Z = pca.transform(X)
    >>> np.allclose(code_directions(pca, Z), pca.components_ * Z.std(axis=0)[:, None])
    True
    """
    codes = check_matrix(codes, name="codes")
    middle = codes.mean(axis=0, dtype=np.float64)
    steps = np.diag(codes.std(axis=0, dtype=np.float64))
    both = np.concatenate([middle + steps, middle - steps]).astype(codes.dtype)
    ahead, behind = np.split(np.asarray(representation.inverse_transform(both)), 2)
    return (ahead - behind) / 2


def _squares(rows: FloatArray, others: FloatArray) -> FloatArray:
    """Return squared differences, subtracted in float64: short floats would overflow or round."""
    return np.square(np.subtract(rows, others, dtype=np.float64))
