"""What is missing: told as theory says, alike in any unit, never worse than the mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, yeojohnson
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import inscape
from inscape import Autoencoder, Imputer
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.uses.imputation.covariances import FullCovariance, LowRankCovariance
from inscape.uses.imputation.gaussians import Gaussians, _step, fit_gaussians, fit_kernel
from inscape.uses.imputation.held_out import hide
from inscape.uses.imputation.low_rank import fit_low_rank
from inscape.uses.imputation.marginals import fit_marginals
from inscape.uses.imputation.methods import IMPUTATION_METHODS, Kernel

WINE = StandardScaler().fit_transform(load_wine().data)
CANCER = StandardScaler().fit_transform(load_breast_cancer().data)
NAN = np.nan


def with_gaps(X, *, share=0.3, seed=0):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, NAN, X)


def error(found, X, gaps):
    return np.sqrt(np.mean((found - X)[np.isnan(gaps)] ** 2))


def imputer(word, **options):
    given = PCA(3) if word == "reconstruction" else None
    return Imputer(given, method=word, random_state=0, **options)


@parametrize_with_checks([Imputer(method="gaussian", random_state=0)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.proof
@parametrize_with_checks([Imputer(random_state=0)])
def test_scikit_learn_checks_of_the_default(estimator, check):
    check(estimator)


# Those that fit a representation, or several groups, are long: whole they are a proof.
LONG = ("mixture", "reconstruction")
EVERY = [
    pytest.param(word, marks=pytest.mark.proof) if word in LONG else word
    for word in IMPUTATION_METHODS
]


# --------------------------------------------------------------------------- oracles

RANDOM = np.random.default_rng(3)
LOADINGS, NOISE = RANDOM.normal(size=(6, 2)), RANDOM.uniform(0.2, 1, 6)
COVARIANCES = {
    "full": FullCovariance(LOADINGS @ LOADINGS.T + np.diag(NOISE)),
    "low_rank": LowRankCovariance(LOADINGS, NOISE),
}
WHOLE = COVARIANCES["full"].matrix


def brute_force(row, mean):
    """Conditional mean and covariance, and the log-density of what is there, by the textbook."""
    o, m = ~np.isnan(row), np.isnan(row)
    known = WHOLE[np.ix_(m, o)] @ np.linalg.inv(WHOLE[np.ix_(o, o)])
    density = multivariate_normal(mean[o], WHOLE[np.ix_(o, o)]).logpdf(row[o]) if o.any() else 0.0
    return (
        mean[m] + known @ (row[o] - mean[o]),
        WHOLE[np.ix_(m, m)] - known @ WHOLE[np.ix_(o, m)],
        density,
    )


@pytest.mark.parametrize("kind", COVARIANCES)
def test_a_mixture_tells_what_the_textbook_does(kind):
    weights, means = np.array([0.3, 0.7]), RANDOM.normal(size=(2, 6))
    X = with_gaps(RANDOM.normal(size=(9, 6)), share=0.5)
    X[0], X[1] = NAN, 1.0
    found = Gaussians(weights, means, COVARIANCES[kind])
    mean, variance = found.moments(X)
    likelihoods = np.concatenate([told.likelihoods for told in found.tell(X)])
    for row, m, v, likelihood in zip(X, mean, variance, likelihoods, strict=True):
        gaps = np.isnan(row)
        told = [brute_force(row, each) for each in means]
        densities = weights * np.exp([each[2] for each in told])
        shares = densities / densities.sum()
        expected = sum(s * each[0] for s, each in zip(shares, told, strict=True))
        spread = sum(
            s * (np.diag(each[1]) + (each[0] - expected) ** 2)
            for s, each in zip(shares, told, strict=True)
        )
        np.testing.assert_allclose(m[gaps], expected, atol=1e-10)
        np.testing.assert_allclose(v[gaps], spread, atol=1e-10)
        np.testing.assert_array_equal(m[~gaps], row[~gaps])
        assert (v[~gaps] == 0).all()
        constant = 0.5 * np.log(2 * np.pi) * (~gaps).sum()
        assert likelihood - constant == pytest.approx(np.log(densities.sum()), abs=1e-10)


@pytest.mark.parametrize("kind", COVARIANCES)
def test_draws_have_the_moments_that_are_told(kind):
    row = np.array([0.5, NAN, -1.0, NAN, 0.2, NAN])
    found = Gaussians(np.array([0.4, 0.6]), np.stack([np.zeros(6), np.ones(6)]), COVARIANCES[kind])
    drawn = found.draw(np.tile(row, (20_000, 1)), np.random.default_rng(0))
    mean, variance = (each[0] for each in found.moments(row[None]))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.06)
    np.testing.assert_allclose(drawn.var(axis=0), variance, rtol=0.06, atol=1e-12)
    # All of a row together: what is left of two missing entries goes together.
    left = brute_force(row, np.zeros(6))[1]
    one = Gaussians(np.ones(1), np.zeros((1, 6)), COVARIANCES[kind])
    drawn = one.draw(np.tile(row, (20_000, 1)), np.random.default_rng(0))[:, np.isnan(row)]
    np.testing.assert_allclose(np.cov(drawn.T), left, atol=0.1)


def test_of_whole_rows_a_gaussian_is_their_mean_and_covariance():
    found = fit_gaussians(WINE, n_groups=1, shrinkage=0.0)
    np.testing.assert_allclose(found.means[0], WINE.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.covariance.matrix, np.cov(WINE.T, bias=True), atol=1e-5)


def test_where_one_column_lacks_entries_the_closed_form_is_found(monkeypatch):
    """Anderson 1957: the regression of the rows that are whole, from the moments of all rows."""
    # What keeps a covariance from being singular moves the answer by millionths: left out here.
    monkeypatch.setattr("inscape.uses.imputation.gaussians.NARROWEST", 0.0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=80)
    y = 2 * x + rng.normal(size=80)
    X = np.stack([x, np.where(np.arange(80) < 30, NAN, y)], axis=1)
    found = fit_gaussians(X, n_groups=1, shrinkage=0.0)
    for _ in range(200):
        found, _ = _step(found, X, 0.0)
    slope, intercept = np.polyfit(x[30:], y[30:], 1)
    left = np.var(y[30:] - intercept - slope * x[30:])
    np.testing.assert_allclose(found.means[0], [x.mean(), intercept + slope * x.mean()], atol=1e-9)
    expected = [[x.var(), slope * x.var()], [slope * x.var(), slope**2 * x.var() + left]]
    np.testing.assert_allclose(found.covariance.matrix, expected, atol=1e-9)
    np.testing.assert_allclose(found.moments(X)[0][:30, 1], intercept + slope * x[:30], atol=1e-9)


def test_no_step_makes_rows_less_likely():
    X = with_gaps(WINE)
    start = fit_gaussians(X, n_groups=1, shrinkage=5.0)
    found = fit_gaussians(X, n_groups=3, shrinkage=0.0, start=start)
    before = -np.inf
    for _ in range(5):
        found, likelihood = _step(found, X, 0.0)
        # The covariance is kept from being singular by a millionth, the weights by one row.
        assert likelihood > before - 1e-3
        before = likelihood


def test_few_directions_are_found_where_there_are_few():
    rng = np.random.default_rng(1)
    loadings, noise = rng.normal(size=(30, 3)), rng.uniform(0.1, 0.3, 30)
    X = rng.normal(size=(600, 3)) @ loadings.T + rng.normal(size=(600, 30)) * np.sqrt(noise) + 2
    gaps = with_gaps(X, share=0.4)
    found = fit_low_rank(gaps, rank=3, shrinkage=0.0)
    whole = loadings @ loadings.T + np.diag(noise)
    learned = found.covariance.loadings @ found.covariance.loadings.T
    learned += np.diag(found.covariance.noise)
    assert np.linalg.norm(learned - whole) < 0.12 * np.linalg.norm(whole)
    best = Gaussians(np.ones(1), np.full((1, 30), 2.0), FullCovariance(whole)).moments(gaps)[0]
    assert error(found.moments(gaps)[0], X, gaps) < 1.03 * error(best, X, gaps)


def test_columns_are_bent_as_scipy_does():
    rng = np.random.default_rng(0)
    X = np.stack([rng.lognormal(size=400), -rng.gamma(2, size=400), rng.normal(size=400)], axis=1)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    gaps = with_gaps(X, share=0.2)
    found = fit_marginals(gaps, bend=True)
    seen = (gaps - found.mean) / found.spread
    for j in range(3):
        _, power = yeojohnson(seen[~np.isnan(seen[:, j]), j])
        assert found.power[j] == pytest.approx(power, abs=0.06)
        bent = yeojohnson(seen[:50, j], lmbda=found.power[j])
        told = found.apply(gaps)[:50, j] * found.scale[j] + found.shift[j]
        np.testing.assert_allclose(told, bent, atol=1e-10)
    back = found.undo(found.apply(gaps))
    np.testing.assert_allclose(back, gaps, atol=1e-9)
    z = np.random.default_rng(1).normal(0.3, 0.4, size=(50_000, 3))
    mean, deviation = found.undo_moments(np.full((1, 3), 0.3), np.full((1, 3), 0.16))
    np.testing.assert_allclose(mean[0], found.undo(z).mean(axis=0), atol=0.01)
    np.testing.assert_allclose(deviation[0], found.undo(z).std(axis=0), rtol=0.03)


def test_a_row_does_not_tell_itself_what_it_lacks():
    X = np.random.default_rng(0).normal(size=(40, 3))
    gaps = X.copy()
    gaps[:, 2][::2] = NAN
    start = fit_gaussians(gaps, n_groups=1, shrinkage=1.0)
    found = fit_kernel(gaps, start, n_neighbors=5, width=0.05, most=100)
    shares = np.concatenate([told.shares for told in found.tell(gaps)])
    assert (np.diag(shares) == 0).all()
    # A twin that has the entry does tell it.
    twin = gaps.copy()
    twin[1, 2] = NAN
    told = np.concatenate([told.shares for told in found.tell(twin)])
    assert told[1].argmax() == 1


def test_what_is_hidden_was_there_and_is_not_learned_from():
    X = with_gaps(np.random.default_rng(0).normal(size=(150, 5)))
    X[5] = NAN
    X[5, 2] = 0.123
    turns = hide(X, seed=0)
    seen = np.concatenate([turn.asked for turn in turns])
    truth = np.concatenate([turn.truth for turn in turns])
    assert (np.isnan(seen) | np.isnan(truth)).all()
    assert (seen == 0.123).any()
    for turn in turns:
        assert not {*turn.truth[~np.isnan(turn.truth)]} & {*turn.learned.ravel()}
    assert hide(X[:5], seed=0) == []


# --------------------------------------------------------------------------- contracts


@pytest.fixture(scope="module", params=EVERY)
def fitted(request):
    return imputer(request.param).fit(with_gaps(WINE))


def test_what_is_there_stays_and_what_is_missing_is_told(fitted):
    X = with_gaps(WINE)
    found, there = fitted.transform(X), ~np.isnan(X)
    np.testing.assert_array_equal(found[there], X[there])
    deviations = fitted.standard_deviations(X)
    assert (deviations[there] == 0).all()
    assert (deviations[~there] > 0).all()
    assert error(found, WINE, X) < 0.81 < error(np.zeros(X.shape), WINE, X)
    alone = np.concatenate([fitted.transform(row[None]) for row in X[:4]])
    np.testing.assert_allclose(alone, found[:4], atol=1e-12)
    nothing = np.full((1, 13), NAN)
    assert np.abs(fitted.transform(nothing)).max() < 0.5
    assert fitted.transform(X.astype(np.float32)).dtype == np.float32


def test_draws_are_as_wide_as_is_told(fitted):
    X = with_gaps(WINE)[:20]
    drawn = fitted.sample(X, 120, random_state=0)
    np.testing.assert_array_equal(drawn, fitted.sample(X, 120, random_state=0))
    assert drawn.shape == (120, 20, 13)
    gaps = np.isnan(X)
    assert (drawn[:, ~gaps] == X[~gaps]).all()
    told = fitted.standard_deviations(X)[gaps]
    ratio = drawn.std(axis=0)[gaps] / told
    assert 0.8 < np.median(ratio) < 1.25
    apart = (drawn.mean(axis=0) - fitted.transform(X))[gaps] / told
    assert np.sqrt(np.mean(apart**2)) < 0.15


def test_it_is_saved_and_loaded_without_code(fitted, tmp_path):
    X = with_gaps(WINE, seed=1)
    fitted.save(tmp_path / "kept")
    loaded = inscape.load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(loaded.standard_deviations(X), fitted.standard_deviations(X))


@pytest.mark.parametrize("word", EVERY)
def test_units_and_offsets_do_not_matter(word):
    X = with_gaps(WINE[::3])
    unit, offset = 10.0 ** np.linspace(-6, 6, 13), 1e6
    given = Autoencoder(2, hidden=(), epochs=1, scaler="standard", random_state=0)
    options = {"representation": given} if word == "reconstruction" else {}
    first = imputer(word).set_params(**options).fit_transform(X)
    second = imputer(word).set_params(**options).fit_transform((X + offset) * unit)
    np.testing.assert_allclose(second / unit - offset, first, atol=1e-2)


def test_missing_is_nan_masked_or_an_empty_cell():
    X = with_gaps(WINE)
    expected = Imputer(method="gaussian", random_state=0).fit_transform(X)
    masked = np.ma.masked_array(np.where(np.isnan(X), -999.0, X), np.isnan(X))
    for given in (masked, pd.DataFrame(X).rename(columns=str)):
        found = Imputer(method="gaussian", random_state=0).fit_transform(given)
        np.testing.assert_array_equal(found, expected)
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(13)])
    model = Imputer(method="gaussian", random_state=0).fit(frame)
    np.testing.assert_array_equal(model.transform(frame[frame.columns[::-1]]), expected)
    assert model.get_feature_names_out().tolist() == list(frame.columns)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"method": "meen"}, "`method` must be one of"),
        ({"method": "reconstruction"}, "`representation` must be an estimator that encodes and"),
        ({"representation": StandardScaler}, "`representation` must be None, or an estimator"),
        ({"method": "gaussian(shrinkage=-1)"}, "`shrinkage` must be"),
        ({"random_state": "x"}, "`random_state` must be an integer"),
    ],
)
def test_options_that_cannot_hold_are_one_sentence(given, told):
    with pytest.raises(InvalidParameterError, match=told):
        Imputer(**given).fit(WINE)


def test_rows_that_cannot_be_learned_from_are_one_sentence():
    X = with_gaps(WINE)
    X[:, 4] = NAN
    with pytest.raises(InvalidDataError, match=r"got none in column 4 \(1 such columns in all\)"):
        Imputer().fit(X)
    X[:, 4] = np.inf
    with pytest.raises(InvalidDataError, match="X must be finite; got infinity at row 0, column 4"):
        Imputer().fit(X)
    with pytest.raises(InvalidDataError, match="at most 150 columns for method='kernel'"):
        Imputer(method=Kernel()).fit(np.eye(160))


# --------------------------------------------------------------------------- claims


def test_a_representation_is_followed_where_it_helps():
    """Rows on a circle: no Gaussian knows it, and who was told how it bends does."""

    class Circle(StandardScaler):
        def transform(self, X):
            return np.asarray(X)

        def inverse_transform(self, X):
            return X / np.linalg.norm(X, axis=1, keepdims=True)

    angle = np.random.default_rng(0).uniform(0.1, 1.4, 400)
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    gaps = X.copy()
    gaps[::4, 1] = NAN
    circle = Circle().fit(X)
    model = Imputer(circle, method="reconstruction", random_state=0).fit(gaps)
    assert 0 <= model.method_.share <= 1
    alone = Imputer(method="gaussian", random_state=0).fit_transform(gaps)
    assert error(model.transform(gaps), X, gaps) < error(alone, X, gaps)


@pytest.mark.parametrize(
    ("X", "most", "seed"),
    [
        (WINE, 0.78, 1),
        pytest.param(CANCER, 0.41, 0, marks=pytest.mark.proof),
    ],
)
def test_the_default_is_better_than_neighbours_on_tables(X, most, seed):
    gaps = with_gaps(X, seed=seed)
    model = Imputer(random_state=0).fit(gaps)
    found = error(model.transform(gaps), X, gaps)
    assert found < most
    assert found < error(KNNImputer().fit_transform(gaps), X, gaps)
    near = np.abs(model.transform(gaps) - X) <= 1.645 * model.standard_deviations(gaps)
    assert 0.82 < near[np.isnan(gaps)].mean() < 0.95


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        *((word, (50, 12)) for word in IMPUTATION_METHODS if word not in LONG),
        *(pytest.param(w, (50, 12), marks=pytest.mark.proof) for w in (*LONG, "network")),
        ("auto", (40, 300)),
        pytest.param("auto", (50, 5000), marks=pytest.mark.proof),
    ],
)
def test_nothing_is_worse_than_the_mean_where_there_is_nothing_to_tell(word, shape):
    X = np.random.default_rng(5).normal(size=shape) * 1e3 + 1e5
    gaps = with_gaps(X)
    model = imputer("auto" if word == "network" else word)
    if word == "network":
        model.set_params(
            representation=Autoencoder(2, hidden=(16,), epochs=5, scaler="standard", random_state=0)
        )
    mean = np.broadcast_to(np.nanmean(gaps, axis=0), shape)
    assert error(model.fit_transform(gaps), X, gaps) < 1.03 * error(mean, X, gaps)
