"""Principal components above chance and on other rows; the interval of a few repetitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, ttest_1samp
from scipy.stats import t as student
from sklearn.decomposition import PCA

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import (
    held_out_spectrum,
    mean_interval,
    parallel_analysis,
    smallest_as_good,
)


def factors(n, n_factors, n_columns, *, noise=0.5, seed=0):
    """Rows of some factors of one strength in more columns, with noise."""
    generator = np.random.default_rng(seed)
    directions = np.linalg.qr(generator.normal(size=(n_columns, n_factors)))[0]
    rows = 2 * generator.normal(size=(n, n_factors)) @ directions.T
    return rows + noise * generator.normal(size=(n, n_columns))


# --------------------------------------------------------------------------- parallel analysis


@pytest.mark.parametrize(("n", "p"), [(80, 12), (12, 80)])
def test_variances_are_those_of_pca_and_thresholds_those_counted_by_hand(n, p):
    X = factors(n, 3, p)
    found = parallel_analysis(X, n_permutations=39, random_state=5)
    pca = PCA(svd_solver="full").fit(X)
    np.testing.assert_allclose(found.variances, pca.explained_variance_[: min(n - 1, p)])
    generator = np.random.default_rng(5)
    chance = []
    for _ in range(39):
        permuted = generator.permuted(X, axis=0)
        chance.append(np.linalg.svd(permuted - permuted.mean(0), compute_uv=False) ** 2 / (n - 1))
    # Of 40 tables, 38 lie at the threshold or below: 5% above.
    wanted = np.sort(chance, axis=0)[37][: min(n - 1, p)]
    np.testing.assert_allclose(found.thresholds, wanted)
    above = found.variances > wanted
    assert found.n_components == above.tolist().index(False) == (3 if n > p else 2)


def test_independent_columns_have_a_component_as_often_as_the_level_says():
    counts = [
        parallel_analysis(
            np.random.default_rng(seed).exponential(size=(40, 6)) ** 2,
            n_permutations=9,
            level=0.2,
            random_state=seed,
        ).n_components
        for seed in range(200)
    ]
    # 40 of 200 are expected, with a standard deviation of 6.
    assert 20 <= sum(count > 0 for count in counts) <= 60


def test_offsets_units_of_all_and_constant_columns_change_nothing():
    X = factors(100, 2, 8)
    wanted = parallel_analysis(X, random_state=0)
    for other in (X + 1e6, 1e-3 * X):
        found = parallel_analysis(other, random_state=0)
        assert found.n_components == wanted.n_components == 2
        scale = found.variances[0] / wanted.variances[0]
        np.testing.assert_allclose(found.variances, scale * wanted.variances, rtol=1e-6)
    constant = np.column_stack([X, np.full(100, 1000.1)])
    assert parallel_analysis(constant, random_state=0).n_components == 2


def test_what_repeats_itself_exactly_is_one_component():
    column = np.random.default_rng(0).normal(size=50)
    assert parallel_analysis(np.column_stack([column] * 4), random_state=0).n_components == 1


def test_permutations_that_are_too_few_for_the_level_are_refused():
    with pytest.raises(InvalidParameterError, match="must be at least 19 for level"):
        parallel_analysis(factors(20, 1, 3), n_permutations=18)
    assert parallel_analysis(factors(20, 1, 3), n_permutations=19, random_state=0).level == 0.05
    with pytest.raises(InvalidDataError, match="two different rows; got 3 equal ones"):
        parallel_analysis(np.ones((3, 2)))


# --------------------------------------------------------------------------- held out


@pytest.mark.parametrize(("n", "p"), [(60, 10), (12, 30)])
def test_likelihoods_and_errors_are_those_of_scikit_learn(n, p):
    X = factors(n + 25, 2, p) + 1e4
    train, test = X[:n], X[n:]
    found = held_out_spectrum(train, test)
    assert found.log_likelihoods.shape == found.squared_errors.shape == (min(n - 1, p), 25)
    for k in range(1, min(n - 1, p)):
        pca = PCA(k, svd_solver="full").fit(train)
        if n > p:
            wanted = pca.score_samples(test)
        else:
            # There scikit-learn divides what is left by the rows; Tipping and Bishop by columns.
            noise = (pca.explained_variance_ratio_[0] ** -1 * pca.explained_variance_[0]) - (
                pca.explained_variance_.sum()
            )
            noise /= p - k
            V = pca.components_
            covariance = V.T @ np.diag(pca.explained_variance_ - noise) @ V + noise * np.eye(p)
            wanted = multivariate_normal(train.mean(axis=0), covariance).logpdf(test)
        np.testing.assert_allclose(found.log_likelihoods[k], wanted, rtol=1e-6)
        back = pca.inverse_transform(pca.transform(test))
        np.testing.assert_allclose(
            found.squared_errors[k], np.square(test - back).mean(axis=1), rtol=1e-6, atol=1e-9
        )
    # Without any component it is a round normal distribution about the mean.
    centred = test - train.mean(axis=0)
    variance = train.var(axis=0, ddof=1).mean()
    distances = np.square(centred).sum(axis=1)
    wanted = -0.5 * (p * np.log(2 * np.pi * variance) + distances / variance)
    np.testing.assert_allclose(found.log_likelihoods[0], wanted, rtol=1e-6)
    np.testing.assert_allclose(found.squared_errors[0], distances / p)


def test_the_likelihood_finds_the_factors_where_the_error_only_falls():
    X = factors(400, 5, 20)
    found = held_out_spectrum(X[:300], X[300:])
    assert found.n_components == 5
    assert (np.diff(found.squared_errors.mean(axis=1)) < 0).all()
    noise = np.random.default_rng(0).normal(size=(400, 20))
    assert held_out_spectrum(noise[:300], noise[300:]).n_components == 0


def test_rows_without_two_directions_are_refused():
    with pytest.raises(InvalidDataError, match="along two directions at least; got rank 1"):
        held_out_spectrum(np.outer(np.arange(5.0), np.ones(3)), np.ones((2, 3)))


def test_the_smallest_that_is_not_clearly_worse_is_taken():
    generator = np.random.default_rng(0)
    shared = 100 * generator.normal(size=50)
    # The rows differ by far more than the sizes: it is their paired differences that tell.
    costs = shared + np.array([[1.0], [0.5], [0.0], [0.001]]) + 0.01 * generator.normal(size=50)
    assert smallest_as_good(costs) == 2
    costs = shared + np.array([[0.0], [0.0]]) + generator.normal(size=(2, 50))
    assert smallest_as_good(costs - costs.mean(axis=1, keepdims=True) + [[0.01], [0.0]]) == 0
    assert smallest_as_good([[2.0], [1.0]]) == 1


# --------------------------------------------------------------------------- repetitions


def test_the_interval_is_that_of_students_test():
    values = [0.31, 0.29, 0.35, 0.30]
    found = mean_interval(values, confidence=0.9)
    theirs = ttest_1samp(values, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-14)
    # Two have one degree of freedom, and an interval of twelve times their half difference.
    two = mean_interval([1.0, 3.0])
    assert two.high - two.value == pytest.approx(student.ppf(0.975, 1))


def test_the_interval_holds_the_mean_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(size=(2000, 3))
    held = [found.low <= 0 <= found.high for found in map(mean_interval, draws)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_one_repetition_has_no_interval():
    with pytest.raises(InvalidDataError, match="two repetitions at least"):
        mean_interval([1.0])
