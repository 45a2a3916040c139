"""The variational autoencoder: exact results first, then contracts over every combination."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.utils.estimator_checks import parametrize_with_checks

import inscape
from inscape import VariationalAutoencoder
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.estimators.inputs import make_generator
from inscape.estimators.latent_report import report_on_latents
from inscape.networks import Dense, Examples, Network
from inscape.objectives import LIKELIHOODS, Gaussian, Variational
from inscape.objectives.bounds import (
    BOUNDS,
    CombinationImportanceWeighted,
    EvidenceLowerBound,
    ImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
)
from inscape.objectives.divergences import DIVERGENCES, KullbackLeibler
from inscape.objectives.posteriors import POSTERIORS
from inscape.objectives.priors import PRIORS

DIGITS = load_digits().data / 16
LABELS = load_digits().target


@pytest.fixture(scope="module")
def model() -> VariationalAutoencoder:
    return VariationalAutoencoder(
        3, hidden=(32,), likelihood="bernoulli", epochs=15, random_state=0
    ).fit(DIGITS)


# --------------------------------------------------------------------------- probabilistic PCA


def probabilistic_pca(n: int = 400, d: int = 8, q: int = 3) -> tuple[np.ndarray, dict]:
    """Return centred rows, and the maximum-likelihood solution with its log-likelihood."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, q)) @ rng.normal(size=(q, d)) + 0.5 * rng.normal(size=(n, d))
    X -= X.mean(axis=0)
    values, vectors = np.linalg.eigh(X.T @ X / n)
    values, vectors = values[::-1], vectors[:, ::-1]
    noise = values[q:].mean()
    log_likelihood = -0.5 * (
        d * math.log(2 * math.pi) + np.log(values[:q]).sum() + (d - q) * math.log(noise) + d
    )
    weights = vectors[:, :q] * np.sqrt(values[:q] - noise)
    return X, {"noise": noise, "weights": weights, "log_likelihood": log_likelihood}


def test_the_closed_form_is_scikit_learns():
    X, exact = probabilistic_pca()
    n, q = len(X), exact["weights"].shape[1]
    # scikit-learn divides by n - 1.
    scaled = PCA(q).fit(X * math.sqrt((n - 1) / n))
    expected = scaled.score(X * math.sqrt((n - 1) / n))
    ours = PCA(q).fit(X)
    assert expected == pytest.approx(
        ours.score(X) + 0.5 * X.shape[1] * math.log(n / (n - 1)), rel=1e-2
    )
    covariance = exact["weights"] @ exact["weights"].T + exact["noise"] * np.eye(X.shape[1])
    brute = -0.5 * (
        np.linalg.slogdet(2 * math.pi * covariance)[1]
        + np.einsum("ij,jk,ik->i", X, np.linalg.inv(covariance), X).mean()
    )
    assert exact["log_likelihood"] == pytest.approx(brute, abs=1e-12)


def linear_model(X: np.ndarray, q: int, **options) -> VariationalAutoencoder:
    options = {"epochs": 1, "optimizer": "adam", "random_state": 0, **options}
    # Rows as they come, and a start that is drawn: what is tested is the training.
    network = Dense(hidden=(), bias="mean_row")
    return VariationalAutoencoder(q, network=network, precision="float64", **options)


def test_at_the_optimal_encoder_every_draw_gives_the_log_likelihood_itself():
    X, exact = probabilistic_pca()
    W, noise = exact["weights"], exact["noise"]
    model = linear_model(X, W.shape[1], likelihood=Gaussian(scale=math.sqrt(noise))).fit(X)
    inverse = np.linalg.inv(W.T @ W + noise * np.eye(W.shape[1]))
    encoder, decoder = model.network_.encoder[0], model.network_.decoder[0]
    with torch.no_grad():
        encoder.weight.zero_()
        encoder.weight[: W.shape[1]] = torch.from_numpy(inverse @ W.T)
        encoder.bias.zero_()
        encoder.bias[W.shape[1] :] = torch.from_numpy(np.log(noise * np.diag(inverse)))
        decoder.weight.copy_(torch.from_numpy(W))
        decoder.bias.zero_()
    values, errors = model.log_likelihood(X, n_samples=7, random_state=0, return_std=True)
    assert values.mean() == pytest.approx(exact["log_likelihood"], abs=1e-9)
    assert errors.max() < 1e-9
    assert model.log_likelihood(X, n_samples=1, random_state=5).mean() == pytest.approx(
        exact["log_likelihood"], abs=1e-9
    )
    report = report_on_latents(model.network_, model.parts_, Examples(torch.from_numpy(X)))
    assert report.kullback_leibler == pytest.approx(
        report.mutual_information + report.mismatch, abs=0.15
    )


def test_a_trained_linear_model_reaches_probabilistic_pca_within_a_thousandth():
    X, exact = probabilistic_pca()
    q = exact["weights"].shape[1]
    model = linear_model(
        X,
        q,
        likelihood=Gaussian(scale="learned"),
        epochs=600,
        batch_size=400,
        optimizer='adam(schedule="cosine")',
        learning_rate=0.05,
        bound=EvidenceLowerBound(n_draws=16),
    ).fit(X)
    # The mean of so many draws has a standard error of a fiftieth of a percent.
    bound = np.mean([-model.losses(X, random_state=seed)["loss"] for seed in range(100)])
    assert bound == pytest.approx(exact["log_likelihood"], rel=1e-3)
    # Rows have the same draws, whose luck a mean over rows keeps.
    found = [model.log_likelihood(X, n_samples=50, random_state=seed) for seed in range(20)]
    assert np.mean(found) == pytest.approx(exact["log_likelihood"], rel=1e-3)


# --------------------------------------------------------------------------- bounds


def test_the_bound_rises_with_the_number_of_draws(model):
    rows = DIGITS[:300]
    # Rows have the same draws, whose luck a mean over rows keeps: many seeds.
    means = {
        k: [model.log_likelihood(rows, n_samples=k, random_state=s).mean() for s in range(20)]
        for k in (1, 5, 50, 500)
    }
    for fewer, more in itertools.pairwise(means):
        gains = np.subtract(means[more], means[fewer])
        assert gains.mean() > -3 * gains.std() / math.sqrt(20)
    assert np.mean(means[5]) > np.mean(means[1]) + 0.1
    assert np.mean(means[500]) > np.mean(means[5])


def test_log_likelihood_is_the_integral_in_one_dimension():
    model = VariationalAutoencoder(
        1, hidden=(8,), likelihood="bernoulli", epochs=5, random_state=0, precision="float64"
    ).fit(DIGITS)
    rows = DIGITS[:5]
    codes = np.linspace(-8, 8, 4001)
    with torch.no_grad():
        outputs = model.network_.decode(torch.from_numpy(codes[:, None]))
        nats = np.array(
            [
                LIKELIHOODS["bernoulli"]()
                .negative_log_likelihood(outputs, torch.from_numpy(row).expand(len(codes), -1))
                .numpy()
                for row in rows
            ]
        )
    log_prior = -0.5 * (codes**2 + math.log(2 * math.pi))
    exact = logsumexp(-nats + log_prior, axis=1) + math.log(codes[1] - codes[0])
    values, errors = model.log_likelihood(rows, n_samples=4000, random_state=0, return_std=True)
    assert np.abs(values - exact).max() < 5 * errors.max()
    assert errors.max() < 0.05
    # The standard error is the spread of repeated estimates.
    again = [model.log_likelihood(rows, n_samples=100, random_state=s) for s in range(100)]
    told = model.log_likelihood(rows, n_samples=100, random_state=0, return_std=True)[1]
    np.testing.assert_allclose(np.std(again, axis=0), told, rtol=0.6)


def test_log_likelihood_honours_its_arguments(model):
    rows = DIGITS[:50]
    first = model.log_likelihood(rows, n_samples=20, random_state=0)
    assert first.shape == (50,)
    np.testing.assert_array_equal(first, model.log_likelihood(rows, n_samples=20, random_state=0))
    assert (first != model.log_likelihood(rows, n_samples=20, random_state=1)).any()
    assert (first != model.log_likelihood(rows, n_samples=21, random_state=0)).any()
    # More draws than are decoded at a time.
    assert np.isfinite(model.log_likelihood(rows[:2], n_samples=5000, random_state=0)).all()
    with pytest.raises(InvalidParameterError, match="n_samples"):
        model.log_likelihood(rows, n_samples=0)


@pytest.fixture(scope="module")
def small() -> tuple[Network, torch.Tensor]:
    rows = DIGITS[:6].astype(np.float64)
    model = VariationalAutoencoder(
        2, hidden=(5,), likelihood="bernoulli", epochs=1, random_state=0, precision="float64"
    ).fit(DIGITS)
    return model.network_.train(), torch.from_numpy(rows)


def gradients(small, bound, seed: int = 0) -> tuple[float, dict[str, torch.Tensor]]:
    network, rows = copy.deepcopy(small[0]), small[1]
    objective = Variational(LIKELIHOODS["bernoulli"](), KullbackLeibler(), bound)
    generator = torch.Generator().manual_seed(seed)
    loss = sum(objective.terms(network, rows, Examples(rows), generator=generator).values())
    loss.backward()
    return loss.item(), {name: p.grad for name, p in network.named_parameters()}


@pytest.mark.parametrize(
    ("bound", "same"),
    [
        (MultiplyImportanceWeighted(n_groups=1, n_draws=6), ImportanceWeighted(n_draws=6)),
        (CombinationImportanceWeighted(n_draws=6, weight=0.0), ImportanceWeighted(n_draws=6)),
        (
            CombinationImportanceWeighted(n_draws=6, weight=1.0),
            MultiplyImportanceWeighted(n_groups=6, n_draws=1),
        ),
        (ImportanceWeighted(n_draws=1), MultiplyImportanceWeighted(n_groups=1, n_draws=1)),
    ],
)
def test_bounds_agree_where_they_are_the_same(small, bound, same):
    (loss, found), (other, expected) = gradients(small, bound), gradients(small, same)
    assert loss == pytest.approx(other, rel=1e-12)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-10, atol=1e-12)


def test_importance_weighted_is_the_formula(small):
    network, rows = small
    loss, _ = gradients(small, ImportanceWeighted(n_draws=4))
    with torch.no_grad():
        posterior = network.bottleneck.distribution(network.encoder(rows))
        codes, _ = posterior.draw(4, generator=torch.Generator().manual_seed(0))
        normal = torch.distributions.Normal(posterior.mean, (0.5 * posterior.log_variance).exp())
        log_weights = torch.stack(
            [
                torch.distributions.Normal(0, 1).log_prob(z).sum(1)
                - normal.log_prob(z).sum(1)
                - LIKELIHOODS["bernoulli"]().negative_log_likelihood(network.decode(z), rows)
                for z in codes
            ]
        )
    expected = -np.log(np.exp(log_weights.numpy()).mean(axis=0)).mean()
    assert loss == pytest.approx(expected, rel=1e-12)


def test_the_partial_bound_trains_the_decoder_on_one_and_the_encoder_on_the_other(small):
    _, found = gradients(small, PartiallyImportanceWeighted(n_groups=3, n_draws=4))
    _, tight = gradients(small, ImportanceWeighted(n_draws=12))
    _, many = gradients(small, MultiplyImportanceWeighted(n_groups=3, n_draws=4))
    for name, gradient in found.items():
        expected = tight[name] if name.startswith("decoder") else many[name]
        torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-12)
    assert not torch.allclose(tight["encoder.0.weight"], many["encoder.0.weight"], rtol=1e-3)


def test_the_doubly_reparameterised_gradient_is_the_bounds_own_on_average(small):
    small = small[0], small[1].repeat(40, 1)
    names = {"standard": [], "doubly_reparameterized": []}
    for kind, kept in names.items():
        for seed in range(60):
            loss, found = gradients(small, ImportanceWeighted(8, gradient=kind), seed)
            kept.append(found["encoder.2.weight"].flatten().numpy())
            if kind == "standard" and seed < 5:
                other, same = gradients(
                    small, ImportanceWeighted(8, gradient="doubly_reparameterized"), seed
                )
                assert loss == pytest.approx(other, rel=1e-12)
                torch.testing.assert_close(found["decoder.0.weight"], same["decoder.0.weight"])
    standard, doubly = (np.array(kept) for kept in names.values())
    gap = standard.mean(axis=0) - doubly.mean(axis=0)
    error = np.sqrt((standard.var(axis=0) + doubly.var(axis=0)) / len(standard))
    assert (np.abs(gap) <= 4.5 * error).all()
    # What it is for: less noise.
    assert doubly.var(axis=0).sum() < standard.var(axis=0).sum()


# --------------------------------------------------------------------------- determinism


def test_the_code_is_the_posterior_mean_and_never_drawn(model):
    codes = model.transform(DIGITS)
    np.testing.assert_array_equal(codes, model.transform(DIGITS))
    draws = model.sample_latent(DIGITS[:40], n_draws=4000, random_state=0)
    assert draws.shape == (4000, 40, 3)
    spread = draws.std(axis=0)
    assert (spread > 0.01).all()
    assert (np.abs(draws.mean(axis=0) - codes[:40]) < 5 * spread / math.sqrt(4000)).all()
    np.testing.assert_array_equal(
        draws, model.sample_latent(DIGITS[:40], n_draws=4000, random_state=0)
    )
    np.testing.assert_array_equal(model.sample(4, random_state=1), model.sample(4, random_state=1))
    assert (model.sample(4, random_state=1) != model.sample(4, random_state=2)).any()
    np.testing.assert_array_equal(model.score_samples(DIGITS), model.score_samples(DIGITS))


def test_terms_of_the_loss_add_up_in_nats(model):
    losses = model.losses(DIGITS, random_state=0)
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + losses["kullback_leibler"])
    assert losses["loss_per_feature"] == pytest.approx(losses["loss"] / 64)
    assert losses == model.losses(DIGITS, random_state=0)
    last = model.history_[-1]
    assert last["loss"] == pytest.approx(sum(last["terms"].values()))
    # One draw of the bound lies below the estimate of what it bounds.
    assert -losses["loss"] < model.log_likelihood(DIGITS, n_samples=50, random_state=0).mean()


@pytest.mark.parametrize("bound", ["evidence_lower_bound", "importance_weighted"])
def test_a_resumed_training_ends_with_the_same_bits(bound):
    options = {
        "hidden": (16,),
        "epochs": 4,
        "random_state": 0,
        "bound": bound,
        "validation_fraction": 0.2,
        "prior": "vamp_prior",
    }
    whole, parted = (VariationalAutoencoder(2, **options) for _ in range(2))
    checkpoint = None
    for report, state in whole.iter_fit(DIGITS):
        if report.epoch_done and round(report.epoch) == 2:
            checkpoint = copy.deepcopy(state.to_arrays())
    for _ in parted.iter_fit(DIGITS, checkpoint=checkpoint):
        pass
    for (name, one), (_, other) in zip(
        whole.network_.state_dict().items(), parted.network_.state_dict().items(), strict=True
    ):
        assert torch.equal(one, other), name
    assert [entry["loss"] for entry in whole.history_] == [
        entry["loss"] for entry in parted.history_
    ]


# --------------------------------------------------------------------------- the report


def test_the_default_learns_its_scale_and_does_not_collapse():
    model = VariationalAutoencoder(4, hidden=(32,), epochs=15, random_state=0).fit(DIGITS[:800])
    assert len(model.latent_report_.active_units) == 4
    errors = (model.reconstruct(DIGITS) - DIGITS).ravel()
    assert np.var(errors) < 0.4 * np.mean((DIGITS - DIGITS.mean(axis=0)) ** 2)
    assert model.network_.decoder.shared.exp().item() == pytest.approx(
        errors.std() / model.units_.unit, rel=0.15
    )
    # With a scale of 1, which pixels in [0, 1] never differ by, no code is worth its cost.
    wide = clone(model).set_params(likelihood="gaussian(scale=1)").fit(DIGITS[:800])
    assert wide.latent_report_.active_units == ()


def test_a_circle_is_learned():
    angles = np.random.default_rng(0).uniform(0, 2 * math.pi, 400)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    model = VariationalAutoencoder(2, hidden=(64,), epochs=30, random_state=0)
    model.fit(circle.astype(np.float32))
    assert np.square(model.reconstruct(circle) - circle).mean() < 0.02 * circle.var()


def test_held_out_rows_are_judged_by_the_optimal_scale_while_training():
    model = VariationalAutoencoder(
        2, hidden=(16,), likelihood='gaussian(scale="optimal")', epochs=5, random_state=0
    )
    model.set_params(validation_fraction=0.2).fit(DIGITS)
    for entry in model.history_:
        # A scale of 1 would make it 64 log(sqrt(2 pi)) nats or more.
        assert entry["validation_loss"] < 0.5 * 64 * math.log(math.sqrt(2 * math.pi))


def test_the_report_tells_collapse_and_what_to_try():
    heavy = VariationalAutoencoder(
        3,
        hidden=(16,),
        likelihood="bernoulli",
        divergence=KullbackLeibler(weight=200.0),
        epochs=30,
        random_state=0,
    ).fit(DIGITS)
    report = heavy.latent_report_
    assert report.active_units == ()
    assert report.kullback_leibler < 0.1
    assert "has collapsed onto the prior" in heavy.diagnosis()
    assert "linear_warm_up" in str(report)
    assert report.weights == (200.0, pytest.approx(200.0 * 3 / 64))
    assert "200" in str(report)
    assert "9.375" in str(report)


def test_what_so_few_rows_cannot_tell_is_told_as_a_bound(model):
    told = str(model.latent_report_)
    report = dataclasses.replace(
        model.latent_report_, n_rows=1024, mutual_information=6.91, mismatch=8.0
    )
    assert "at least 6.91 tell which row it is, at most 8.00 are" in str(report)
    assert "(1,024 rows cannot tell more)" in str(report)
    assert "at least" not in str(dataclasses.replace(report, mutual_information=4.0))
    # Of 1,797 rows no code of three components has told all.
    assert model.latent_report_.n_rows == 1024
    assert "at least" not in told


def test_fewer_codes_tell_about_the_same_of_rows_in_the_order_of_their_classes():
    X = DIGITS[np.argsort(load_digits().target, kind="stable")]
    model = VariationalAutoencoder(
        3, hidden=(32,), prior="mixture_of_gaussians", epochs=5, random_state=0
    ).fit(X)
    few = model.latent_report_
    rows = Examples(torch.from_numpy(model.units_.apply(X)).float())
    every = report_on_latents(model.network_, model.parts_, rows, n_costly=1024)
    assert every.mutual_information > 2
    assert few.mutual_information == pytest.approx(every.mutual_information, abs=0.3)
    assert few.mismatch == pytest.approx(every.mismatch, abs=0.3)


def test_the_report_adds_up(model):
    report = model.latent_report_
    assert len(report.active_units) == 3
    assert model.diagnosis() == ""
    assert sum(report.kullback_leibler_by_component) == pytest.approx(report.kullback_leibler)
    assert report.mutual_information < math.log(1024)
    assert report.kullback_leibler == pytest.approx(
        report.mutual_information + report.mismatch, abs=0.3
    )


# --------------------------------------------------------------------------- conditional


def test_a_conditional_model_needs_labels_and_uses_them():
    model = VariationalAutoencoder(
        2, hidden=(64,), likelihood="bernoulli", conditional=True, epochs=30, random_state=0
    ).fit(DIGITS, LABELS)
    codes = model.transform(DIGITS, LABELS)
    back = model.inverse_transform(codes, LABELS)
    np.testing.assert_array_equal(back, model.reconstruct(DIGITS, LABELS))
    wrong = model.inverse_transform(codes, (LABELS + 1) % 10)
    assert ((back - DIGITS) ** 2).mean() < 0.7 * ((wrong - DIGITS) ** 2).mean()
    drawn = model.sample(200, y=3, random_state=0)
    centres = np.array([DIGITS[digit == LABELS].mean(axis=0) for digit in range(10)])
    nearest = ((drawn[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == 3).mean() > 0.8
    assert model.log_likelihood(DIGITS[:9], LABELS[:9], n_samples=3, random_state=0).shape == (9,)
    assert model.score(DIGITS, LABELS) > model.score(DIGITS, (LABELS + 1) % 10)
    for call, message in (
        (lambda: model.transform(DIGITS), "y must hold a label for each of 1797 rows"),
        (lambda: model.transform(DIGITS, LABELS[:5]), "y must hold a label for each"),
        (lambda: model.sample(3, y=11), "got 11: take one of 0, 1"),
        (lambda: VariationalAutoencoder(conditional=True).fit(DIGITS), "y must hold the labels"),
    ):
        with pytest.raises(InvalidDataError, match=message):
            call()


# --------------------------------------------------------------------------- contracts


@parametrize_with_checks(
    [VariationalAutoencoder(hidden=(4,), epochs=1, random_state=0)],
    # Each row has draws of its own, and repeated rows have more; test_weights.py compares means.
    expected_failed_checks=lambda _: {
        "check_sample_weight_equivalence_on_dense_data": "rows have draws of their own"
    },
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def data_for(likelihood) -> np.ndarray:
    if likelihood.counts:
        return np.round(3 * DIGITS[:200]).clip(0, 1)
    return DIGITS[:200]


def combinations() -> list[tuple[str, str, str, str]]:
    """Return each posterior with every prior, every divergence and every bound for it."""
    found = []
    for posterior in POSTERIORS:
        space = POSTERIORS[posterior]().space
        homely = [word for word in PRIORS if PRIORS[word]().space == space]
        usual = (posterior, homely[0], "kullback_leibler", "evidence_lower_bound")
        found += [(posterior, prior, *usual[2:]) for prior in homely]
        found += [(*usual[:2], divergence, usual[3]) for divergence in DIVERGENCES]
        found += [(*usual[:3], bound) for bound in BOUNDS]
        # And the prior whose density needs the network, with every bound.
        if "vamp_prior" in homely:
            found += [(posterior, "vamp_prior", usual[2], bound) for bound in BOUNDS]
    return sorted(set(found))


FEW_DRAWS = {
    "evidence_lower_bound": {"n_draws": 2},
    "importance_weighted": {"n_draws": 2},
    "multiply_importance_weighted": {"n_groups": 2, "n_draws": 2},
    "combination_importance_weighted": {"n_draws": 2},
    "partially_importance_weighted": {"n_groups": 2, "n_draws": 2},
}


@pytest.mark.parametrize(("posterior", "prior", "divergence", "bound"), combinations())
def test_every_combination_of_parts_trains_two_steps(posterior, prior, divergence, bound):
    model = VariationalAutoencoder(
        2,
        hidden=(8,),
        posterior=posterior,
        prior=prior,
        divergence=divergence,
        bound=BOUNDS[bound](**FEW_DRAWS[bound]),
        epochs=1,
        batch_size=100,
        random_state=0,
    )
    if divergence == "factor_discriminator" and POSTERIORS[posterior]().space.kind != "euclidean":
        with pytest.raises(InvalidParameterError, match="must live in flat space"):
            model.fit(DIGITS[:200])
        return
    if divergence == "total_correlation" and posterior not in ("diagonal_gaussian", "point_mass"):
        with pytest.raises(InvalidParameterError, match="must have independent components"):
            model.fit(DIGITS[:200])
        return
    needs_density = DIVERGENCES[divergence]().needs_density or bound != "evidence_lower_bound"
    if needs_density and not POSTERIORS[posterior].has_density:
        with pytest.raises(InvalidParameterError, match=r"codes with a density|independent comp"):
            model.fit(DIGITS[:200])
        return
    model.fit(DIGITS[:200])
    assert model.history_[-1]["step"] == 2
    assert np.isfinite(model.history_[-1]["loss"])
    assert model.transform(DIGITS).shape == (1797, 2)
    assert np.isfinite(model.sample(3, random_state=0)).all()
    assert str(model.latent_report_)


@pytest.mark.parametrize("word", LIKELIHOODS)
def test_every_likelihood_trains_and_answers_in_its_own_units(word, tmp_path):
    X = data_for(LIKELIHOODS[word]())
    said = {"gaussian": "gaussian(scale=1)", "laplace": "laplace(scale=1)"}.get(word, word)
    model = VariationalAutoencoder(2, hidden=(8,), likelihood=said, epochs=2, random_state=0).fit(X)
    values = model.log_likelihood(X[:20], n_samples=5, random_state=0)
    assert np.isfinite(values).all()
    assert model.reconstruct(X).shape == X.shape
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    np.testing.assert_array_equal(again.reconstruct(X), model.reconstruct(X))
    np.testing.assert_array_equal(again.log_likelihood(X[:20], n_samples=5, random_state=0), values)
    assert again.latent_report_ == model.latent_report_


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"posterior": "gaussian"}, "posterior"),
        ({"prior": "uniform_on_sphere"}, "`prior` must live in the same space as `posterior`"),
        (
            {"bound": "importance_weighted", "divergence": KullbackLeibler(weight=2)},
            "`divergence` must be left out with the bound ImportanceWeighted",
        ),
        ({"divergence": KullbackLeibler(), "posterior": "point_mass"}, "which has none"),
        ({"n_components": 0}, "n_components"),
        ({"bound": "elbo"}, "bound"),
        (
            {
                "posterior": "wrapped_normal(curvature=2.0)",
                "prior": "wrapped_standard_normal",
            },
            "`prior` must have the posterior's curvature, that of PoincareBall.curvature=2",
        ),
        (
            {"divergence": "factor_discriminator", "posterior": "von_mises_fisher"}
            | {"prior": "uniform_on_sphere"},
            "`posterior` must live in flat space for the divergence FactorDiscriminator",
        ),
    ],
)
def test_what_cannot_hold_is_refused_in_one_sentence(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        VariationalAutoencoder(**options).fit(DIGITS)


def test_nothing_global_is_touched_by_a_fit():
    before = torch.get_rng_state()
    VariationalAutoencoder(2, hidden=(8,), epochs=1, random_state=0).fit(DIGITS)
    assert torch.equal(before, torch.get_rng_state())
    assert make_generator(0) is not None


# --------------------------------------------------------------------------- the critic's own rate


@pytest.mark.parametrize("word", ["adversarial", "factor_discriminator"])
def test_a_critic_may_have_a_rate_of_its_own(word):
    posterior = "point_mass" if word == "adversarial" else "diagonal_gaussian"
    options = {
        "hidden": (8,),
        "posterior": posterior,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "epochs": 2,
        "batch_size": 100,
        "random_state": 0,
    }

    def trained(rate: str) -> VariationalAutoencoder:
        return VariationalAutoencoder(3, divergence=f"{word}({rate})", **options).fit(DIGITS[:300])

    shared, same, own = (
        trained(told) for told in ("", "critic_learning_rate=1e-3", "critic_learning_rate=1e-9")
    )
    # Adam's steps are each weight's own: two optimisers at one rate are one.
    for name, weight in shared.network_.state_dict().items():
        assert torch.equal(weight, same.network_.state_dict()[name]), name
    # Six steps of 1e-9 leave a critic as it was drawn.
    drawn = VariationalAutoencoder(
        3, divergence=f"{word}(critic_learning_rate=1e-9)", **options
    ).iter_fit(DIGITS[:300])
    _, state = next(drawn)
    before = copy.deepcopy(state.network.critic.state_dict())
    kept = None
    for report, state in drawn:
        if report.epoch_done and report.epoch == 1:
            kept = state.to_arrays()
            break
    for name, weight in before.items():
        torch.testing.assert_close(
            own.network_.critic.state_dict()[name], weight, rtol=0, atol=1e-6
        )
    moved = shared.network_.critic.state_dict()["0.weight"] - before["0.weight"]
    assert moved.abs().max() > 1e-3
    resumed = VariationalAutoencoder(3, divergence=f"{word}(critic_learning_rate=1e-9)", **options)
    for _ in resumed.iter_fit(DIGITS[:300], checkpoint=kept):
        pass
    for name, weight in own.network_.state_dict().items():
        assert torch.equal(weight, resumed.network_.state_dict()[name]), name
    with pytest.raises(InvalidParameterError, match="`critic_learning_rate` must be a number > 0"):
        DIVERGENCES[word](critic_learning_rate=0)


# --------------------------------------------------------------------------- large values


def test_losses_of_float64_rows_are_told_in_float64():
    """Counts of a million: in float32 a row is off by half a nat."""
    rng = np.random.default_rng(0)
    means = 1e6 * np.exp(0.3 * rng.normal(size=(200, 1)) @ rng.normal(size=(1, 10)))
    X = rng.poisson(means).astype(np.float64)
    model = VariationalAutoencoder(
        2,
        posterior="point_mass",
        divergence="adversarial",
        likelihood="poisson",
        hidden=(8,),
        epochs=10,
        random_state=0,
    ).fit(X)
    # A point has one code: the loss of the rows is their score.
    found = model.losses(X, random_state=0)["reconstruction"]
    assert found == pytest.approx(-model.score(X), rel=1e-12)
    back = model.reconstruct(X)
    wanted = -stats.poisson.logpmf(X, back).sum(axis=1).mean()
    assert found == pytest.approx(wanted, abs=1e-5 * abs(wanted))
    single = model.losses(X.astype(np.float32), random_state=0)["reconstruction"]
    assert single == pytest.approx(found, rel=1e-2)
    assert single != found
