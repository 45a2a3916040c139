"""The room `measures`: each number against a second library."""

from __future__ import annotations

import inspect

import numpy as np
import pandas
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.metrics import log_loss, mean_squared_error, r2_score

from inscape import measures
from inscape._errors import InvalidDataError
from inscape.measures import (
    binary_cross_entropy,
    code_directions,
    dead_units,
    explained_variance,
    peak_signal_to_noise_ratio,
    reconstruct,
    squared_error,
)

DIGITS = load_digits().data[:300] / 16

shapes = st.tuples(st.integers(2, 8), st.integers(1, 5))
tables = shapes.flatmap(
    lambda shape: st.tuples(
        arrays.arrays(np.float64, shape, elements=st.floats(0, 1)),
        arrays.arrays(np.float64, shape, elements=st.floats(0.001, 0.999)),
    )
)


@given(pair=tables)
@settings(max_examples=50, deadline=None)
def test_squared_error_is_scikit_learns(pair):
    assert squared_error(*pair) == pytest.approx(mean_squared_error(*pair), abs=1e-15)


@given(pair=tables)
@settings(max_examples=50, deadline=None)
def test_cross_entropy_is_torchs(pair):
    X, p = pair
    wanted = torch.nn.functional.binary_cross_entropy(torch.tensor(p), torch.tensor(X)).item()
    assert binary_cross_entropy(X, p) == pytest.approx(wanted, rel=1e-12)


def test_cross_entropy_of_binary_rows_is_scikit_learns_log_loss():
    rng = np.random.default_rng(0)
    X, p = (rng.random(40) < 0.4).astype(float), rng.random(40)
    assert binary_cross_entropy(X[:, None], p[:, None]) == pytest.approx(log_loss(X, p))


def test_cross_entropy_outside_the_unit_interval_is_finite():
    worst = binary_cross_entropy(np.array([[1.0, 0.0]]), np.array([[-0.3, 1.2]]))
    assert worst == pytest.approx(-np.log(1e-7), rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_explained_variance_is_scikit_learns(dtype):
    X = DIGITS.astype(dtype)
    for representation in (PCA(3), TruncatedSVD(3), NMF(3, max_iter=2000, tol=1e-3)):
        came_back = reconstruct(representation.fit(X), X)
        wanted = r2_score(X, came_back, multioutput="variance_weighted")
        assert explained_variance(X, came_back) == pytest.approx(wanted, rel=1e-4)


def test_explained_variance_of_pca_is_its_own_ratio():
    pca = PCA(5).fit(DIGITS)
    wanted = pca.explained_variance_ratio_.sum()
    assert explained_variance(DIGITS, reconstruct(pca, DIGITS)) == pytest.approx(wanted, rel=1e-12)


def test_float32_squares_are_summed_in_float64():
    # Each square fits float32, and ten of them do not.
    X = np.full((10, 1), 1e19, dtype=np.float32)
    assert squared_error(X, np.zeros_like(X)) == pytest.approx(1e38, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int16, np.uint8])
def test_short_types_are_subtracted_in_float64(dtype):
    """300 - -300 squares to more than a float16 holds; int16 and uint8 would wrap."""
    small = dtype is np.uint8
    X = np.array([[0.0, 250.0], [255.0, 3.0]]) if small else np.array([[300.0, -9.0], [7.0, 30000]])
    X, back = X.astype(dtype), X[::-1].astype(dtype)
    exact = X.astype(np.float64), back.astype(np.float64)
    wanted = mean_squared_error(*exact)
    assert squared_error(X, back) == pytest.approx(wanted, rel=1e-12)
    assert explained_variance(X, back) == pytest.approx(
        r2_score(*exact, multioutput="variance_weighted"), rel=1e-12
    )


def test_explained_variance_of_the_mean_is_zero_on_a_large_offset():
    rng = np.random.default_rng(0)
    X = (1e7 + rng.integers(-4, 5, size=(999, 3))).astype(np.float32)
    mean = np.broadcast_to(X.mean(axis=0, dtype=np.float64), X.shape)
    assert explained_variance(X, mean) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n", [1, 7])
def test_rows_without_variance_have_none_to_explain(n):
    # The mean of seven 0.1 is not 0.1.
    X = np.full((n, 2), 0.1)
    with pytest.raises(InvalidDataError, match=rf"two different rows.*; got {n} equal rows"):
        explained_variance(X, X + 1)


@pytest.mark.parametrize("value", [-0.25, 1.5, np.nan])
def test_a_cross_entropy_is_of_rows_between_0_and_1(value):
    X = np.full((3, 2), 0.5)
    X[2, 1] = value
    with pytest.raises(InvalidDataError, match=rf"in \[0, 1\].*; got {value:g} at row 2, column 1"):
        binary_cross_entropy(X, np.full((3, 2), 0.5))


@pytest.mark.parametrize("whiten", [False, True])
def test_code_directions_of_pca_are_its_scaled_components(whiten):
    pca = PCA(4, whiten=whiten).fit(DIGITS)
    codes = pca.transform(DIGITS)
    spread = PCA(4).fit_transform(DIGITS).std(axis=0)
    np.testing.assert_allclose(
        code_directions(pca, codes), pca.components_ * spread[:, None], atol=1e-10
    )


def test_code_directions_of_a_curved_decoder_are_central_differences():
    class Cubic:
        def inverse_transform(self, Z):
            return np.stack([Z[:, 0] ** 3, Z[:, 0] * Z[:, 1]], axis=1)

    codes = np.array([[1.0, 2.0], [3.0, 8.0]])  # means 2 and 5, deviations 1 and 3
    wanted = [[(27 - 1) / 2, 5.0], [0.0, 2 * 3.0]]
    np.testing.assert_allclose(code_directions(Cubic(), codes), wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("column", "dead"),
    [
        ([0.0, 0.0, 0.0], True),
        ([5.0, 5.0, 5.0], True),
        ([0.0, 0.0, 1e-3], False),
        ([1e4, 1e4, 1e4 + 1.0], False),
        ([-3.0, -3.0, -3.0], True),
        ([-1.0, 1.0, 0.0], False),
    ],
)
def test_a_unit_is_dead_where_its_code_never_changes(column, dead, dtype):
    alive = np.array([1.0, 2.0, 3.0])
    codes = np.stack([alive, np.array(column), alive], axis=1).astype(dtype)
    assert dead_units(codes) == ((1,) if dead else ())


def test_rounding_does_not_hide_a_dead_unit():
    codes = np.full((100, 1), 1000.0)
    codes[7] = np.nextafter(1000.0, 2000.0)
    assert dead_units(codes) == (0,)


# --------------------------------------------------------------------------- what is no pair


PAIRS = [squared_error, binary_cross_entropy, explained_variance, peak_signal_to_noise_ratio]


@pytest.mark.parametrize("measure", PAIRS)
def test_bytes_are_not_subtracted_as_bytes(measure):
    """10 - 30 is 236 in bytes, and its square 144."""
    most = 1 if measure is binary_cross_entropy else 255
    X = np.random.default_rng(0).integers(0, most, (20, 6), endpoint=True).astype(np.uint8)
    back = (most - X).astype(np.uint8)
    expected = measure(X.astype(float), back.astype(float))
    assert measure(X, back) == pytest.approx(expected)
    assert measure(torch.tensor(X), pandas.DataFrame(back)) == pytest.approx(expected)


@pytest.mark.parametrize("measure", PAIRS)
def test_what_is_no_pair_is_one_sentence(measure):
    X = np.random.default_rng(0).uniform(size=(20, 6))
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    for rows, back, told in (
        (scipy.sparse.csr_array(X), X, r"X must be a dense array; .* pass X.toarray\(\)"),
        (X, scipy.sparse.coo_matrix(X), "must be a dense array; got coo_matrix"),
        (np.ma.masked_greater(X, 0.5), X, "no masked values; got one at row"),
        (X, X[:, :1], r"one shape.*; got \(20, 6\) and \(20, 1\)"),
        (X, X[0], r"one shape.*; got \(20, 6\) and \(6,\)"),
        (frame, frame[frame.columns[::-1]], "got columns of other names"),
        (X, X.astype(str), "must hold numbers"),
    ):
        with pytest.raises(InvalidDataError, match=told):
            measure(rows, back)


# --------------------------------------------------------------------------- nothing at all

MEASURES = [name for name in measures.__all__ if inspect.isfunction(getattr(measures, name))]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (0,)])
@pytest.mark.parametrize("name", MEASURES)
def test_nothing_at_all_is_refused_in_one_sentence(name, shape):
    """A table of all functions: a new one is asked too."""
    measure = getattr(measures, name)
    known = PCA(2).fit(np.random.default_rng(0).normal(size=(9, 3)))
    given = {"representation": known, "log_prior": np.empty(shape[:1])}
    given["representations"] = {"codes": np.empty(shape)}
    values = [
        given.get(each.name, np.empty(shape))
        for each in inspect.signature(measure).parameters.values()
        if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    named = {
        each.name: 1
        for each in inspect.signature(measure).parameters.values()
        if each.kind is inspect.Parameter.KEYWORD_ONLY and each.default is each.empty
    }
    with pytest.raises(InvalidDataError, match=r"must (hold|be|have) .*; got .*\(.*\).*: "):
        measure(*values, **named)
