"""A start at PCA that no training falls behind, in units that do not matter."""

from __future__ import annotations

import copy
import functools
import math

import numpy as np
import pytest
import scipy.stats
import torch
from sklearn.datasets import load_digits, load_iris, load_wine, make_swiss_roll
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import inscape
from inscape import Autoencoder, VariationalAutoencoder
from inscape.corruptions import CORRUPTIONS, GaussianNoise, ZeroMasking
from inscape.networks import Convolutional, Dense, LinearPath
from inscape.objectives import Gaussian, L1Activity, Laplace, WeightDecay

WINE, IRIS = load_wine().data, load_iris().data
DIGITS, SWISS = load_digits().data / 16, make_swiss_roll(240, random_state=0)[0]
PLAIN = {"hidden": (16,), "epochs": 2, "validation_fraction": 0, "random_state": 0}
# Steps this small leave the start as it is, to every digit that is compared.
START = {**PLAIN, "hidden": (), "optimizer": "sgd", "learning_rate": 1e-12}
KINDS = [Autoencoder, VariationalAutoencoder]


def mean_square(X):
    return float(np.square(X).mean())


@functools.cache
def of_wine(kind, **options):
    """A model of wine in its own units, which is compared with others of other units."""
    return kind(2, **options).fit(WINE)


# --------------------------------------------------------------------------- units do not matter


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [PLAIN, {**PLAIN, "validation_fraction": "auto"}])
@pytest.mark.parametrize("power", [-40, -3, 1, 40])
def test_a_power_of_two_changes_no_bit_of_the_codes(kind, options, power):
    model, other = of_wine(kind, **options), kind(2, **options).fit(WINE * 2.0**power)
    codes = model.transform(WINE)
    np.testing.assert_array_equal(other.transform(WINE * 2.0**power), codes)
    np.testing.assert_array_equal(
        other.inverse_transform(codes), model.inverse_transform(codes) * 2.0**power
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [1e-12, 3.7, 1e9])
@pytest.mark.parametrize("offset", [0.0, -1.0, 1e3, 1e6])
def test_units_and_offsets_leave_the_start_as_it_is(kind, factor, offset):
    moved = factor * (WINE + offset * WINE.std(axis=0))
    model, other = of_wine(kind, **START), kind(2, **START).fit(moved)
    np.testing.assert_allclose(other.transform(moved), model.transform(WINE), atol=1e-4)
    errors = [
        np.square(fitted.reconstruct(X) - X).mean() / X.var(axis=0).mean()
        for fitted, X in ((model, WINE), (other, moved))
    ]
    assert errors[1] == pytest.approx(errors[0], rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scaler", [None, "standard"])
@pytest.mark.parametrize("X", [SWISS, WINE], ids=["swiss", "wine"])
def test_a_trained_model_is_as_good_in_any_units(kind, scaler, X):
    train, test = train_test_split(X, random_state=0)
    spread = np.where(train.std(axis=0) > 0, train.std(axis=0), train.std())

    options = {**PLAIN, "epochs": 5, "scaler": scaler}

    def error(factor, offset):
        model = kind(2, **options).fit(factor * (train + offset * spread))
        rows = factor * (test + offset * spread)
        return mean_square(model.reconstruct(rows) - rows) / factor**2

    plain = error(1.0, 0.0)
    for factor, offset in [(3.7e-7, 0.0), (1e5, -1e6)]:
        assert error(factor, offset) == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("likelihood", ['gaussian(scale="learned")', 'laplace(scale="learned")'])
def test_log_likelihoods_shift_with_a_learned_scale(likelihood):
    options = {**PLAIN, "likelihood": likelihood}
    model = VariationalAutoencoder(2, **options).fit(WINE)
    other = VariationalAutoencoder(2, **options).fit(8 * WINE)
    shift = WINE.shape[1] * math.log(8)
    assert other.score(8 * WINE) == pytest.approx(model.score(WINE) - shift)
    nats = [
        fitted.log_likelihood(X, n_samples=3, random_state=0)
        for fitted, X in ((model, WINE), (other, 8 * WINE))
    ]
    np.testing.assert_allclose(nats[1], nats[0] - shift)
    losses = [fitted.losses(X, random_state=0) for fitted, X in ((model, WINE), (other, 8 * WINE))]
    assert losses[1]["loss"] == pytest.approx(losses[0]["loss"] + shift)
    assert losses[1]["kullback_leibler"] == pytest.approx(losses[0]["kullback_leibler"])
    assert other.history_[-1]["loss"] == pytest.approx(model.history_[-1]["loss"] + shift)


@pytest.mark.parametrize("scaler", [None, "standard", "minmax"])
@pytest.mark.parametrize(
    ("likelihood", "density"),
    [
        (Gaussian(scale=0.7), lambda x, m: scipy.stats.norm.logpdf(x, m, 0.7)),
        (Laplace(scale=0.7), lambda x, m: scipy.stats.laplace.logpdf(x, m, 0.7)),
    ],
)
def test_a_scale_that_is_given_stays_in_the_units_of_the_scaled_data(scaler, likelihood, density):
    model = Autoencoder(2, likelihood=likelihood, scaler=scaler, **PLAIN).fit(IRIS)
    fitted = model.scaler_
    shift, scale = (0, np.ones(4)) if fitted is None else (fitted.shift, fitted.scale)
    x, m = ((rows - shift) / scale for rows in (IRIS, model.reconstruct(IRIS)))
    # A density over the data: that over scaled data, over the size of the scaling.
    wanted = (density(x, m) - np.log(scale)).sum(axis=1)
    np.testing.assert_allclose(model.score_samples(IRIS), wanted, rtol=1e-6)


def test_a_search_over_scalers_compares_like_with_like():
    """The score tells which model knows the rows better, whatever each was scaled by."""
    options = {**PLAIN, "epochs": 30, "likelihood": Gaussian(scale="learned")}
    scores = {
        scaler: Autoencoder(2, scaler=scaler, **options).fit(WINE).score(WINE)
        for scaler in (None, "standard")
    }
    # One scale for columns from 0.1 to 700 is a far worse density than one a column.
    assert scores["standard"] > scores[None] + 5


# --------------------------------------------------------------------------- what must not move


@pytest.mark.parametrize("word", CORRUPTIONS)
def test_a_corruption_means_what_it_says_in_the_units_of_the_data(word, monkeypatch):
    X = 5 + 10 * DIGITS[:40]
    part = CORRUPTIONS[word]()
    model = Autoencoder(2, corruption=part, **{**PLAIN, "epochs": 0.5})
    seen = []
    original = inscape.networks.Network.linear_codes

    def watch(self, inputs, conditions=None):
        if self.training:
            seen.append(inputs.clone())
        return original(self, inputs, conditions)

    monkeypatch.setattr(inscape.networks.Network, "linear_codes", watch)
    model.fit(X)
    rows = model.units_.undo(torch.cat(seen).double().numpy())
    if word == "zero_masking":
        assert (np.isclose(rows, 0, atol=1e-4).mean(axis=1) >= 0.2 - 1 / 64).all()
    if word == "salt_and_pepper":
        changed = np.isclose(rows, 0, atol=1e-4) | np.isclose(rows, 1, atol=1e-4)
        assert changed.mean() == pytest.approx(0.2, abs=0.02)
    if word == "gaussian_noise":
        clean = X[np.abs(rows[:, None] - X[None]).mean(axis=2).argmin(axis=1)]
        assert (rows - clean).std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("penalty", [L1Activity(0.3), WeightDecay(5.0)])
def test_a_price_weighs_as_much_in_any_units_of_the_network(penalty):
    """Of nats of the data: with a scale of 8 they count a 64th, and the price the rest."""
    options = {**PLAIN, "penalty": penalty, "epochs": 4}
    model = Autoencoder(2, likelihood=Gaussian(scale=1.0), **options).fit(IRIS)
    other = Autoencoder(2, likelihood=Gaussian(scale=8.0), **options).fit(8 * IRIS)
    np.testing.assert_array_equal(other.transform(8 * IRIS), model.transform(IRIS))
    terms, others = model.history_[-1]["terms"], other.history_[-1]["terms"]
    name = next(name for name in terms if name != "reconstruction")
    assert others[name] == pytest.approx(terms[name])


# --------------------------------------------------------------------------- the start


@pytest.mark.parametrize("X", [IRIS, WINE, DIGITS], ids=["iris", "wine", "digits"])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_start_is_pca(X, k):
    model = Autoencoder(k, **START).fit(X)
    pca = PCA(k).fit(X)
    theirs = pca.inverse_transform(pca.transform(X))
    assert mean_square(model.reconstruct(X) - X) == pytest.approx(mean_square(theirs - X), rel=1e-5)
    np.testing.assert_allclose(model.reconstruct(X), theirs, atol=1e-3 * X.std())
    # Codes are PCA's scores, but for one factor.
    scores, codes = pca.transform(X), model.transform(X)
    ratio = codes.std(axis=0) / scores.std(axis=0)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
    assert mean_square(codes) == pytest.approx(1, rel=1e-4)


def test_a_hidden_network_starts_at_pca_too():
    options = {**START, "hidden": (128, 64)}
    report, state = next(iter(Autoencoder(2, **options).iter_fit(IRIS)))
    pca = PCA(2).fit(IRIS)
    floor = mean_square(pca.inverse_transform(pca.transform(IRIS)) - IRIS)
    assert report.squared_error == pytest.approx(floor, rel=1e-4)
    assert isinstance(state.network.encoder, LinearPath)


@pytest.mark.parametrize("noise", [None, 0.5])
def test_a_variational_network_starts_at_probabilistic_pca(noise):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3)) @ rng.normal(size=(3, 10)) * 2 + rng.normal(size=(2000, 10))
    likelihood = Gaussian(scale="learned" if noise is None else noise)
    model = VariationalAutoencoder(3, likelihood=likelihood, **START).fit(X)
    pca = PCA(3).fit(X)
    values = pca.explained_variance_ * (len(X) - 1) / len(X)
    s2 = pca.noise_variance_ * (len(X) - 1) / len(X) if noise is None else noise**2
    shrunk = pca.transform(X) * (1 - s2 / values)
    np.testing.assert_allclose(
        model.reconstruct(X), pca.inverse_transform(shrunk), atol=2e-3 * X.std()
    )
    posterior = model.network_.bottleneck.distribution(
        model.network_.linear_codes(torch.from_numpy(model.units_.apply(X)).float())
    )
    np.testing.assert_allclose(
        posterior.log_variance.exp().mean(dim=0).detach(), s2 / values, rtol=1e-2
    )


def test_a_linear_variational_model_is_as_probable_as_probabilistic_pca():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3)) @ rng.normal(size=(3, 10)) * 2 + rng.normal(size=(2000, 10))
    model = VariationalAutoencoder(2, hidden=(), random_state=0).fit(X)
    assert -model.losses(X, random_state=0)["loss"] == pytest.approx(
        PCA(2).fit(X).score(X), abs=0.1
    )


@pytest.mark.parametrize(
    "options",
    [
        {"network": Dense((8,), linear_path=False)},
        {"network": Dense((8,), bias="torch_default")},
        {"network": Dense((8,), tied=True)},
        {"network": Dense((8,), dropout=0.1)},
        {"bottleneck": "sigmoid"},
        {"likelihood": "bernoulli", "scaler": "minmax"},
        {"n_components": 5},
        {"layerwise_epochs": 1},
        {"network": (torch.nn.Linear(4, 2), torch.nn.Linear(2, 4))},
        {"network": Convolutional((4,), image_shape=(2, 2))},
    ],
    ids=lambda options: next(iter(options)),
)
def test_elsewhere_there_is_no_path(options):
    hidden = {} if "network" in options else {"hidden": (8, 4)}
    given = {"n_components": 2, "epochs": 1, "random_state": 0}
    model = Autoencoder(**(given | hidden | options)).fit(IRIS)
    assert not any(isinstance(module, LinearPath) for module in model.network_.modules())
    assert model.length_ == ""


# --------------------------------------------------------------------------- how long


def few_rows():
    return make_swiss_roll(500, random_state=0)[0]


def options_of_search():
    return {"hidden": (64, 16), "random_state": 0, "epochs": 30}


def test_where_rows_are_few_some_are_held_out_and_the_start_is_a_candidate():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 5))  # there is nothing to gain
    model = Autoencoder(2, random_state=0).fit(noise)
    assert "12 of 60 rows were held out" in model.length_
    assert model.length_.endswith("so it is PCA.")
    pca = PCA(2).fit(noise)
    theirs = pca.inverse_transform(pca.transform(noise))
    np.testing.assert_allclose(model.reconstruct(noise), theirs, atol=1e-4)
    assert all("validation_loss" in entry for entry in model.history_)
    # The start is in the history too, and the best there is.
    losses = [entry["validation_loss"] for entry in model.history_]
    assert (model.history_[0]["epoch"], min(losses)) == (0, losses[0])


@pytest.fixture(scope="module")
def searched():
    return Autoencoder(2, **options_of_search()).fit(few_rows())


def test_where_training_gains_all_rows_are_trained_on_for_as_long(searched):
    model = searched
    assert "100 of 500 rows were held out" in model.length_
    found = [entry for entry in model.history_ if "validation_loss" in entry]
    again = [entry for entry in model.history_ if "validation_loss" not in entry]
    best = min(found, key=lambda entry: entry["validation_loss"])
    assert len(again) == round(best["epoch"])
    assert f"{best['epoch']:g} of 30 epochs were best" in model.length_
    steps = [entry["step"] for entry in model.history_]
    assert steps == sorted(set(steps))


def test_many_rows_hold_nothing_out_and_keep_the_start_where_nothing_is_gained():
    model = Autoencoder(2, hidden=(4,), epochs=2, random_state=0).fit(DIGITS)
    assert model.length_ == ""
    assert "validation_loss" not in model.history_[-1]
    wild = Autoencoder(
        2, hidden=(4,), epochs=1, optimizer="sgd", learning_rate=1e-9, random_state=0
    )
    assert wild.fit(DIGITS).length_.endswith("so it is PCA.") or wild.length_ == ""
    bad = Autoencoder(2, hidden=(4,), epochs=2, learning_rate=3.0, random_state=0).fit(DIGITS)
    pca = PCA(2).fit(DIGITS)
    floor = mean_square(pca.inverse_transform(pca.transform(DIGITS)) - DIGITS)
    assert mean_square(bad.reconstruct(DIGITS) - DIGITS) <= 1.001 * floor


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_that_is_stopped_anywhere_ends_with_the_same_bits(kind):
    X, options = few_rows(), {**options_of_search(), "epochs": 14}
    checkpoints = []
    for report, state in (whole := kind(2, **options)).iter_fit(X):
        if report.epoch_done:
            checkpoints.append(copy.deepcopy(state.to_arrays()))
    assert "epochs were best" in whole.length_
    weights = whole.network_.state_dict()
    passes = len(whole.history_) - 1
    # In the search, where it ends, and in what follows it.
    for place in (2, passes // 2, passes - 2, passes - 1):
        resumed = kind(2, **options)
        for _ in resumed.iter_fit(X, checkpoint=checkpoints[place]):
            pass
        for name, weight in resumed.network_.state_dict().items():
            assert torch.equal(weight, weights[name]), (place, name)
        assert resumed.length_ == whole.length_
        assert len(resumed.history_) == 1 + passes


def test_a_fine_tuned_model_does_not_tell_what_was_true_before():
    model = Autoencoder(2, hidden=(8,), epochs=2, random_state=0).fit(IRIS[:20])
    assert model.length_.endswith("so it is PCA.")
    assert model.fine_tune(IRIS, epochs=1).length_ == ""
    assert model.length_.endswith("so it is PCA.")


def test_noise_and_prices_are_trained_for_whatever_clean_rows_say():
    for options in ({"corruption": GaussianNoise(0.3)}, {"penalty": L1Activity(0.1)}):
        model = Autoencoder(2, hidden=(16,), epochs=5, random_state=0, **options).fit(IRIS)
        assert model.length_ == ""
        assert model.history_[-1]["step"] > 0


def test_a_linear_denoiser_moves_on_from_pca():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 1)) @ np.ones((1, 6)) + 0.1 * rng.normal(size=(4000, 6))
    model = Autoencoder(1, hidden=(), corruption=ZeroMasking(0.5), random_state=0).fit(X)
    masked = X * (rng.random(X.shape) < 0.5)
    pca = PCA(1).fit(X)
    theirs = pca.inverse_transform(pca.transform(masked))
    assert mean_square(model.reconstruct(masked) - X) < 0.8 * mean_square(theirs - X)


# --------------------------------------------------------------------------- what is told


@pytest.fixture(scope="module")
def raw():
    return Autoencoder(2, random_state=0).fit(WINE)


def test_raw_units_are_told_and_the_scaler_mends_it(raw):
    assert "2 of 13 columns (X[:, 12], X[:, 4]) hold" in raw.diagnosis()
    mended = Autoencoder(2, scaler="standard", random_state=0).fit(WINE)
    assert mended.diagnosis() == ""
    scaled = StandardScaler().fit(WINE)

    def error(fitted):
        return mean_square(scaled.transform(fitted.reconstruct(WINE)) - scaled.transform(WINE))

    assert error(mended) < 0.8 * error(raw)


def test_a_training_that_ends_too_early_is_told_and_a_longer_one_mends_it():
    options = {"network": Dense(hidden=(32,), linear_path=False), "random_state": 0}
    options |= {"optimizer": "adam", "validation_fraction": 0}
    model = Autoencoder(8, epochs=4, **options).fit(DIGITS)
    told = model.diagnosis()
    assert "still fell by" in told
    longer = float(told.partition("epochs=")[2].split()[0].rstrip(".:,;"))
    assert longer == 16
    mended = Autoencoder(8, epochs=100, **options).fit(DIGITS)
    assert "still fell" not in mended.diagnosis()
    assert mended.score(DIGITS) > model.score(DIGITS)


def test_an_error_above_that_of_pca_is_told_and_the_default_mends_it():
    options = {"epochs": 2, "random_state": 0}
    model = Autoencoder(8, bottleneck="sigmoid", optimizer="adam", **options).fit(DIGITS)
    assert "is above that of PCA with as many components" in model.diagnosis()
    assert "above that of PCA" not in Autoencoder(8, **options).fit(DIGITS).diagnosis()


def test_too_few_rows_are_told_and_more_rows_mend_it(searched):
    few = Autoencoder(2, **options_of_search()).fit(few_rows()[:30])
    assert few.length_.endswith("so it is PCA.")
    assert "epochs were best" in searched.length_


def test_a_collapse_is_told_and_the_learned_scale_mends_it():
    options = {"hidden": (32,), "epochs": 5, "random_state": 0}
    wide = VariationalAutoencoder(2, likelihood="gaussian(scale=1)", **options).fit(DIGITS)
    assert "collapsed onto the prior" in wide.diagnosis()
    assert "collapsed" not in VariationalAutoencoder(2, **options).fit(DIGITS).diagnosis()


def test_what_is_told_comes_back_from_disk(raw, tmp_path):
    raw.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    assert again.diagnosis() == raw.diagnosis() != ""
    assert again.length_ == raw.length_ != ""
    np.testing.assert_array_equal(again.transform(WINE), raw.transform(WINE))
    np.testing.assert_array_equal(again.reconstruct(WINE), raw.reconstruct(WINE))
    assert again.score(WINE) == raw.score(WINE)
