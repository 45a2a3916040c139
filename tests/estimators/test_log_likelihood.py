"""The log-likelihood of rows under a whole model, against quadrature; where its error can lie."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from scipy.special import gammaln, logsumexp
from sklearn.datasets import load_wine

from inscape import VariationalAutoencoder
from inscape._errors import InvalidParameterError

WINE = load_wine().data


def counts(n_rows: int = 300, spread: float = 0.5) -> np.ndarray:
    """Ten columns, of some hundreds, which two hidden numbers tell."""
    rng = np.random.default_rng(0)
    hidden, weights = rng.normal(size=(n_rows, 2)), spread * rng.normal(size=(2, 10))
    return rng.poisson(np.exp(4 + hidden @ weights)).astype(np.float64)


@pytest.fixture(scope="module")
def model() -> VariationalAutoencoder:
    """One component for two hidden numbers: narrow posteriors, which the encoder misses."""
    return VariationalAutoencoder(
        1, hidden=(16,), likelihood="poisson", epochs=40, random_state=0
    ).fit(counts())


@pytest.fixture(scope="module")
def exact(model) -> np.ndarray:
    """The log-likelihoods of those rows by the trapezoidal rule, by SciPy and NumPy."""
    X, codes = counts(), np.linspace(-12, 12, 60_001)
    network = copy.deepcopy(model.network_).double()
    with torch.no_grad():
        logs = network.decode(torch.from_numpy(codes[:, None])).numpy()
    assert logs.max() < 20  # where the rate is the exponential
    joint = X @ logs.T - np.exp(logs).sum(axis=1) - 0.5 * codes**2
    assert (joint.argmax(axis=1) % (len(codes) - 1) > 0).all()
    constant = math.log(codes[1] - codes[0]) - 0.5 * math.log(2 * math.pi)
    return logsumexp(joint, axis=1) + constant - gammaln(X + 1).sum(axis=1)


OPTIONS = {"random_state": 1, "return_std": True, "return_effective": True}


def test_refined_draws_give_the_integral_where_the_posterior_misses_it(model, exact):
    values, errors, effective = model.log_likelihood(counts(), proposal="refined", **OPTIONS)
    assert (abs(values - exact) < 5 * errors).mean() >= 0.95
    assert abs(values - exact).max() < 1
    assert np.median(effective) > 50
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missed, error, few = model.log_likelihood(counts(), **OPTIONS)
    # The standard error says at most 1; the effective number of draws tells.
    worst = (missed - exact).argmin()
    assert missed[worst] - exact[worst] < -5
    assert error[worst] == pytest.approx(1, abs=0.1)
    assert few[worst] < 1.2
    assert few.min() >= 1 - 1e-9
    assert few.max() <= 100 + 1e-9


def test_where_one_draw_outweighs_all_others_somebody_is_told(model):
    X = 40 * counts(50)  # no row that the model has seen
    with pytest.warns(UserWarning, match=r"of the rows one of 30 draws outweighs .*='refined'"):
        model.log_likelihood(X, n_samples=30, random_state=0)


def test_in_float64_a_row_has_the_same_number_whatever_comes_with_it():
    model = VariationalAutoencoder(3, hidden=(8,), epochs=2, random_state=0).fit(WINE)
    for options in ({"n_samples": 7}, {"n_samples": 70, "proposal": "refined"}):
        whole = model.log_likelihood(WINE[:40], random_state=3, **options)
        alone = [
            model.log_likelihood(WINE[i : i + 1], random_state=3, **options)[0] for i in (0, 39)
        ]
        np.testing.assert_allclose(alone, whole[[0, 39]], rtol=1e-9)
    single = model.log_likelihood(WINE[:40].astype(np.float32), n_samples=9, random_state=3)
    assert single.dtype == np.float64


@pytest.mark.parametrize(
    "options", [{"posterior": "full_gaussian"}, {"prior": "mixture_of_gaussians"}]
)
def test_refined_draws_give_the_integral_of_other_posteriors_and_priors(options):
    model = VariationalAutoencoder(2, hidden=(8,), epochs=20, random_state=0, **options).fit(WINE)
    values, errors = model.log_likelihood(
        WINE[:30], n_samples=400, proposal="refined", random_state=0, return_std=True
    )
    network, units = copy.deepcopy(model.network_).double(), model.units_
    steps = np.linspace(-8, 8, 401)
    codes = torch.from_numpy(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2))
    rows = torch.from_numpy(units.apply(WINE[:30]))
    with torch.no_grad():
        outputs, log_prior = network.decode(codes), network.prior.log_density(codes, network)
        exact = [
            (
                log_prior
                - units.likelihood.negative_log_likelihood(outputs, row.expand(len(codes), -1))
            )
            .logsumexp(dim=0)
            .item()
            for row in rows
        ]
    exact = np.array(exact) + 2 * math.log(steps[1] - steps[0]) - units.constant(13)
    assert (abs(values - exact) < 4 * errors).mean() >= 0.9


def test_what_cannot_be_refined_is_told():
    model = VariationalAutoencoder(
        3, hidden=(8,), posterior="von_mises_fisher", prior="uniform_on_sphere", epochs=1,
        random_state=0,
    ).fit(WINE)  # fmt: skip
    with pytest.raises(InvalidParameterError, match=r"'refined' must have codes in a Euclidean"):
        model.log_likelihood(WINE, proposal="refined")
    with pytest.raises(InvalidParameterError, match=r"`proposal` must be one of"):
        model.log_likelihood(WINE, proposal="prior")
