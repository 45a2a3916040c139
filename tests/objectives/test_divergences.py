"""The divergences and their schedules: each against brute force, closed forms or a second way."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils import skip_init

from inscape._errors import InvalidParameterError
from inscape._parts import describe_part, resolve_part
from inscape.networks.network import Network
from inscape.objectives.divergences import (
    DIVERGENCES,
    Adversarial,
    CapacityControlled,
    DisentangledInferredPrior,
    FactorDiscriminator,
    KullbackLeibler,
    MaximumMeanDiscrepancy,
    TotalCorrelation,
)
from inscape.objectives.divergences.maximum_mean_discrepancy import squared_discrepancy
from inscape.objectives.divergences.total_correlation import aggregate_log_density
from inscape.objectives.latent_pass import LatentPass
from inscape.objectives.posteriors.diagonal_gaussian import (
    DiagonalGaussian,
    DiagonalGaussianDistribution,
)
from inscape.objectives.posteriors.full_gaussian import FullGaussian
from inscape.objectives.posteriors.point_mass import PointMass
from inscape.objectives.priors import MixtureOfGaussians, StandardNormal
from inscape.objectives.schedules import SCHEDULES, CyclicalAnnealing, LinearWarmUp

CRITICS = ["factor_discriminator", "adversarial"]
INFORMATIVE = MaximumMeanDiscrepancy(information=0.5)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=draws(seed), dtype=torch.float64)


def built(divergence: Any, *, d: int = 3, posterior: Any = None, prior: Any = None) -> Network:
    """A network from five features to d components, with everything that a divergence may use."""
    posterior, prior = posterior or DiagonalGaussian(), prior or StandardNormal()
    encoder = skip_init(nn.Linear, 5, posterior.n_code(d))
    decoder = skip_init(nn.Linear, d, 5)
    network = Network(encoder, posterior.build(d, generator=draws()), decoder)
    network.prior = prior.build(d, generator=draws(), rows=None)
    network.critic = divergence.build(d, generator=draws(7))
    network.double()
    for seed, parameter in enumerate([*encoder.parameters(), *decoder.parameters()]):
        parameter.data = 0.4 * normal(*parameter.shape, seed=seed)
    return network


def passed(
    network: Network, rows: Tensor, *, n_draws: int = 1, n_samples: int | None = None
) -> LatentPass:
    posterior = network.bottleneck.distribution(network.encoder(rows))
    codes, log_posterior = posterior.draw(n_draws, generator=draws(1))
    return LatentPass(network, posterior, codes, log_posterior, n_samples or len(rows))


def called(divergence: Any, seen: LatentPass, *, step: int | None = None) -> dict[str, Tensor]:
    return divergence(seen, generator=draws(2), step=step)


def of_means(means: Tensor, **more: Any) -> SimpleNamespace:
    """A pass with the posterior means alone, and a divergence of 1 nat."""
    return SimpleNamespace(
        kullback_leibler=torch.ones(len(means)), posterior=SimpleNamespace(mean=means), **more
    )


def gradients(value: Tensor, module: nn.Module) -> list[Tensor]:
    parameters = list(module.parameters())
    found = torch.autograd.grad(value, parameters, allow_unused=True, retain_graph=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)]


# --------------------------------------------------------------------------- every divergence


@pytest.mark.parametrize("word", DIVERGENCES)
def test_a_divergence_is_a_part_that_its_description_makes_again(word):
    part = DIVERGENCES[word]()
    assert describe_part(part)["type"] == word
    assert resolve_part("divergence", describe_part(part), DIVERGENCES) == part
    critic = part.build(3, generator=draws())
    assert (critic is not None) == (word in CRITICS)


@pytest.mark.parametrize("part", [*(p() for p in DIVERGENCES.values()), INFORMATIVE])
def test_a_divergence_says_whether_it_asks_for_densities(part):
    seen = passed(built(part, posterior=PointMass()), normal(8, 5))
    if part.needs_density:
        with pytest.raises(InvalidParameterError):
            called(part, seen)
    else:
        terms = called(part, seen)
        assert "kullback_leibler" not in terms
        assert all(torch.isfinite(value) for value in terms.values())


@pytest.mark.parametrize("n_draws", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("word", DIVERGENCES)
def test_terms_are_finite_scalars_in_every_dtype(word, dtype, n_draws):
    part = DIVERGENCES[word]()
    network = built(part).to(dtype)
    before = torch.get_rng_state()
    seen = passed(network, normal(8, 5).to(dtype), n_draws=n_draws, n_samples=50)
    terms = called(part, seen, step=3)
    for value in terms.values():
        assert value.shape == ()
        assert value.dtype == dtype
        assert torch.isfinite(value)
    assert torch.equal(torch.get_rng_state(), before)
    if word not in ("adversarial", "maximum_mean_discrepancy"):
        assert torch.equal(terms["kullback_leibler"], seen.kullback_leibler.mean())
    for gradient in gradients(sum(terms.values()), network.encoder):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 0


@pytest.mark.parametrize("word", DIVERGENCES)
def test_watched_without_gradients_it_is_the_same_numbers(word):
    part = DIVERGENCES[word]()
    network, rows = built(part), normal(8, 5)
    trained = called(part, passed(network, rows))
    with torch.no_grad():
        watched = called(part, passed(network, rows))
    assert {k: v.item() for k, v in trained.items()} == {k: v.item() for k, v in watched.items()}
    again = called(part, passed(network, rows))
    assert all(torch.equal(again[name], value) for name, value in trained.items())


@pytest.mark.parametrize("word", DIVERGENCES)
def test_a_batch_of_one_row_does_no_harm(word):
    part = DIVERGENCES[word]()
    network = built(part)
    terms = called(part, passed(network, normal(1, 5), n_samples=50))
    total = sum(terms.values())
    assert torch.isfinite(total)
    assert all(torch.isfinite(g).all() for g in gradients(total, network))
    if word == "total_correlation":
        assert terms["total_correlation"].abs() < 1e-12


@pytest.mark.parametrize("n_draws", [1, 2])
@pytest.mark.parametrize("word", DIVERGENCES)
def test_gradients_to_the_encoder_are_those_of_differences(word, n_draws):
    part = resolve_part("divergence", word, DIVERGENCES)
    network = built(part)

    def total(encoded: Tensor) -> Tensor:
        posterior = network.bottleneck.distribution(encoded)
        codes, log_posterior = posterior.draw(n_draws, generator=draws(1))
        seen = LatentPass(network, posterior, codes, log_posterior, 50)
        return sum(called(part, seen, step=10).values())

    encoded = 0.5 * normal(4, 6, seed=3)
    assert torch.autograd.gradcheck(total, encoded.requires_grad_())


@pytest.mark.parametrize("word", [w for w in DIVERGENCES if w != "disentangled_inferred_prior"])
def test_a_weight_must_not_be_negative(word):
    with pytest.raises(InvalidParameterError, match="`weight` must be a number >= 0; got -1"):
        DIVERGENCES[word](weight=-1)


@pytest.mark.parametrize("word", DIVERGENCES)
def test_a_learned_prior_is_seen(word):
    part = DIVERGENCES[word]()
    network = built(part, prior=MixtureOfGaussians(n_mixture_components=4))
    seen = passed(network, normal(8, 5), n_draws=2)
    plain = called(part, seen)
    if "kullback_leibler" in plain:
        estimate = (seen.log_posterior - network.prior.log_density(seen.codes, network)).mean()
        torch.testing.assert_close(plain["kullback_leibler"], estimate)
    network.prior.means.data += 3
    moved = called(part, passed(network, normal(8, 5), n_draws=2))
    if word == "adversarial":  # which sees it by the critic's gradient alone
        one, other = (gradients(terms["critic"], network.critic)[0] for terms in (plain, moved))
        assert not torch.allclose(one, other)
    else:
        assert abs(sum(moved.values()) - sum(plain.values())) > 0.1


# --------------------------------------------------------------------------- schedules


@pytest.mark.parametrize("word", SCHEDULES)
def test_a_schedule_is_a_part_with_shares_of_the_weight(word):
    part = SCHEDULES[word]()
    assert describe_part(part)["type"] == word
    assert resolve_part("schedule", describe_part(part), SCHEDULES) == part
    shares = [part.share(step) for step in range(0, 3 * part.n_steps, 50)]
    assert min(shares) == 0
    assert max(shares) == 1


def test_the_shares_of_the_schedules():
    steps = [0, 25, 50, 75, 100, 125, 1000]
    warm = LinearWarmUp(n_steps=100)
    assert [warm.share(step) for step in steps] == [0, 0.25, 0.5, 0.75, 1, 1, 1]
    cycles = CyclicalAnnealing(n_steps=100, rising=0.5)
    assert [cycles.share(step) for step in steps] == [0, 0.5, 1, 1, 0, 0.5, 0]
    saw = CyclicalAnnealing(n_steps=100, rising=1.0)
    assert [saw.share(step) for step in steps] == [0, 0.25, 0.5, 0.75, 0, 0.25, 0]


@given(st.integers(0, 10_000), st.integers(1, 500), st.floats(0.05, 1))
@settings(deadline=None)
def test_a_cycle_comes_back_and_stays_in_the_unit_interval(step, n_steps, rising):
    part = CyclicalAnnealing(n_steps=n_steps, rising=rising)
    assert 0 <= part.share(step) <= 1
    assert part.share(step) == part.share(step + n_steps)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearWarmUp(n_steps=0), "`n_steps` must be an integer >= 1; got 0"),
        (lambda: CyclicalAnnealing(n_steps=2.0), "`n_steps` must be an integer >= 1; got 2.0"),
        (lambda: CyclicalAnnealing(rising=0), "`rising` must be a number > 0 and <= 1; got 0"),
        (lambda: KullbackLeibler(schedule="linear"), "Did you mean 'linear_warm_up'"),
        (lambda: KullbackLeibler(free_bits=-1), "`free_bits` must be a number >= 0"),
        (lambda: CapacityControlled(capacity=-1), "`capacity` must be a number >= 0"),
        (lambda: CapacityControlled(n_steps=0), "`n_steps` must be an integer >= 1"),
        (lambda: TotalCorrelation(sampling="random"), "`sampling` must be one of 'stratified'"),
        (lambda: FactorDiscriminator(hidden=0), "`hidden` must be a tuple of layer widths"),
        (lambda: Adversarial(hidden=(3, 0)), "`hidden` must be a tuple of layer widths"),
        (lambda: DisentangledInferredPrior(of="mean"), "Did you mean 'means'"),
        (lambda: DisentangledInferredPrior(diagonal=-1), "`diagonal` must be a number >= 0"),
        (lambda: DisentangledInferredPrior(off_diagonal=-1), "`off_diagonal` must be a number"),
        (lambda: MaximumMeanDiscrepancy(kernel="rbf"), "`kernel` must be one of"),
        (lambda: MaximumMeanDiscrepancy(information=1.5), "`information` must be a number <= 1"),
        (lambda: MaximumMeanDiscrepancy(scales=(1, 0)), "`scales` must be a number > 0; got 0"),
        (lambda: MaximumMeanDiscrepancy(scales=()), "`scales` must be a tuple of numbers > 0"),
        (
            lambda: MaximumMeanDiscrepancy(weight=0.5, information=0.25),
            "`weight` must be >= 1 - information; got weight 0.5 with information 0.25",
        ),
    ],
)
def test_wrong_options_are_refused(make, message):
    with pytest.raises(InvalidParameterError, match=message):
        make()


# --------------------------------------------------------------------------- Kullback-Leibler


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 4.0])
def test_the_weight_multiplies_the_divergence_that_stays_visible(weight):
    part = KullbackLeibler(weight=weight)
    seen = passed(built(part), normal(8, 5))
    terms = called(part, seen)
    torch.testing.assert_close(sum(terms.values()), weight * seen.kullback_leibler.mean())
    assert list(terms) == ["kullback_leibler"] + ["weighting"] * (weight != 1)


def test_the_weight_in_both_scalings():
    # As in the docstring: sums over features with beta, or means with beta d / D.
    d, n_features, beta = 3, 784, 4.0
    part = KullbackLeibler(weight=beta)
    network = built(part, d=d)
    reconstruction = network.decoder.weight.square().sum() * n_features
    divergence = called(KullbackLeibler(), passed(network, normal(8, 5)))["kullback_leibler"]
    sums = reconstruction + sum(called(part, passed(network, normal(8, 5))).values())
    means = reconstruction / n_features + (beta * d / n_features) * (divergence / d)
    torch.testing.assert_close(sums, n_features * means)


def test_the_schedule_changes_the_weight_and_is_over_after_training():
    part = KullbackLeibler(weight=2.0, schedule={"type": "linear_warm_up", "n_steps": 10})
    seen = passed(built(part), normal(8, 5))
    divergence = seen.kullback_leibler.mean()
    for step, share in [(0, 0.0), (4, 0.4), (10, 1.0), (99, 1.0), (None, 1.0)]:
        terms = called(part, seen, step=step)
        torch.testing.assert_close(sum(terms.values()), 2 * share * divergence)
        assert torch.equal(terms["kullback_leibler"], divergence)


def test_free_bits_are_free_by_component():
    part = KullbackLeibler(weight=3.0, free_bits=1.2)
    seen = passed(built(part), normal(8, 5))
    mean, variance = seen.posterior.mean, seen.posterior.log_variance.exp()
    each = 0.5 * (mean**2 + variance - variance.log() - 1)
    shares = each.mean(dim=0).tolist()
    assert min(shares) < 1.2 < max(shares)
    wanted = 3 * sum(max(1.2, share) for share in shares)
    assert sum(called(part, seen).values()).item() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("posterior", "prior", "names"),
    [
        (FullGaussian(), StandardNormal(), "FullGaussianDistribution and StandardNormalModule"),
        (DiagonalGaussian(), MixtureOfGaussians(), "with DiagonalGaussian.* and MixtureOfGauss"),
    ],
)
def test_free_bits_need_a_sum_over_components(posterior, prior, names):
    part = KullbackLeibler(free_bits=0.25)
    seen = passed(built(part, posterior=posterior, prior=prior), normal(8, 5))
    with pytest.raises(InvalidParameterError, match=rf"`free_bits` must be 0 .* 0\.25 .*{names}"):
        called(part, seen)


def test_the_capacity_grows_and_both_sides_of_it_cost():
    part = CapacityControlled(weight=10.0, capacity=8.0, n_steps=100)
    seen = SimpleNamespace(kullback_leibler=torch.tensor([1.0, 3.0]), weights=None)
    for step, price in [(0, 20), (25, 0), (50, 20), (100, 60), (500, 60), (None, 60)]:
        terms = called(part, seen, step=step)
        assert terms["kullback_leibler"] == 2
        assert sum(terms.values()) == price


# --------------------------------------------------------------------------- total correlation


def brute_total_correlation(posterior: Any, codes: Tensor) -> float:
    """Over a batch that is the whole training set, row by row."""
    mean, scale = posterior.mean, (0.5 * posterior.log_variance).exp()
    total = 0.0
    for code in codes:
        each = torch.distributions.Normal(mean, scale).log_prob(code).exp()
        joint, marginals = each.prod(dim=1).mean(), each.mean(dim=0)
        total += (joint.log() - marginals.log().sum()).item()
    return total / len(codes)


def test_over_the_whole_set_the_total_correlation_is_that_of_the_mixture():
    part = TotalCorrelation(weight=3.0)
    seen = passed(built(part), normal(9, 5), n_draws=2)
    wanted = np.mean([brute_total_correlation(seen.posterior, codes) for codes in seen.codes])
    assert called(part, seen)["total_correlation"].item() == pytest.approx(2 * wanted)
    alone = called(TotalCorrelation(weight=1.0), seen)
    assert sum(alone.values()) == seen.kullback_leibler.mean()


def test_the_total_correlation_of_a_correlated_gaussian():
    # Rows from N(0, S) with the posterior N(x, v): the aggregate is N(0, S + v).
    n, variance = 1000, 1.0
    S = torch.tensor([[3.0, 2.4], [2.4, 3.0]], dtype=torch.float64)
    rows = normal(n, 2) @ torch.linalg.cholesky(S).T
    posterior = DiagonalGaussianDistribution(rows, torch.full_like(rows, math.log(variance)))
    codes, log_posterior = posterior.draw(1, generator=draws(1))
    seen = LatentPass(
        SimpleNamespace(prior=StandardNormal().build(2, generator=draws(), rows=None)),
        posterior, codes, log_posterior, n,
    )  # fmt: skip
    whole = S + variance * torch.eye(2)
    exact = 0.5 * (whole.diagonal().log().sum() - torch.logdet(whole)).item()
    found = called(TotalCorrelation(weight=2.0), seen)["total_correlation"].item()
    assert exact > 0.2
    assert found == pytest.approx(exact, abs=0.03)
    # The weighted one is off by the constant that the docstring tells.
    weighted = called(TotalCorrelation(weight=2.0, sampling="weighted"), seen)
    offset = weighted["total_correlation"].item() - found
    assert offset == pytest.approx(math.log(n), abs=0.01)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_stratified_densities_have_no_bias(n):
    n_samples = 6
    pairs = normal(n_samples, n_samples)
    exact = pairs.exp().mean(dim=1)
    found: dict[int, list[float]] = {row: [] for row in range(n_samples)}
    for batch in itertools.combinations(range(n_samples), n):
        among = pairs[list(batch)][:, list(batch)]
        estimate = aggregate_log_density(among, n_samples=n_samples, sampling="stratified").exp()
        for row, value in zip(batch, estimate.tolist(), strict=True):
            found[row].append(value)
    for row, values in found.items():
        assert np.mean(values) == pytest.approx(exact[row].item())


def test_weighted_densities_are_the_papers():
    pairs = normal(4, 4)
    found = aggregate_log_density(pairs, n_samples=10, sampling="weighted")
    for row, value in zip(pairs.tolist(), found.tolist(), strict=True):
        assert value == pytest.approx(math.log(sum(map(math.exp, row)) / 40))


def test_the_total_correlation_needs_independent_components():
    part = TotalCorrelation()
    seen = passed(built(part, posterior=FullGaussian()), normal(8, 5))
    with pytest.raises(InvalidParameterError, match=r"independent components .*FullGaussian"):
        called(part, seen)


@pytest.mark.parametrize(
    ("d", "width", "n", "low", "high"),
    [
        (2, 0.5, 32, -0.15, 0.02),
        (2, 0.1, 32, -1.5, -0.9),
        (2, 0.1, 1024, -0.15, 0.05),
        (10, 0.5, 64, -0.9, -0.5),
        (10, 0.1, 64, 12, 19),
    ],
)
def test_small_batches_bias_the_total_correlation_as_is_told(d, width, n, low, high):
    """Of independent components the truth is 0; the aggregate is a standard normal."""
    generator, part, found = draws(), TotalCorrelation(weight=2.0), []
    for _ in range(max(2, 1024 // n)):
        means = (1 - width**2) ** 0.5 * torch.randn(n, d, generator=generator, dtype=torch.float64)
        posterior = DiagonalGaussianDistribution(means, torch.full_like(means, 2 * math.log(width)))
        codes, _ = posterior.draw(1, generator=generator)
        seen = SimpleNamespace(
            posterior=posterior, codes=codes, n_samples=10_000, kullback_leibler=torch.zeros(n)
        )
        found.append(part(seen, generator=generator, step=None)["total_correlation"].item())
    assert low < np.mean(found) < high


# --------------------------------------------------------------------------- critics


def by_hand(word: str, seen: LatentPass) -> tuple[Tensor, Tensor]:
    """What the encoder answers to, without its divergence, and the critic's own loss."""
    critic, codes = seen.network.critic, seen.codes
    if word == "adversarial":
        real = seen.network.prior.sample(len(codes[0]), generator=draws(2), network=None)
        real = real.to(codes)[None]
        logits = torch.cat([critic(real), critic(codes.detach())])
        towards = torch.cat([torch.ones(1, 8, 1), torch.zeros(1, 8, 1)]).double()
        own = -torch.log(torch.sigmoid(critic(codes))).mean()
    else:
        order = torch.rand(codes.shape, generator=draws(2)).argsort(dim=1)
        shuffled = torch.stack([codes[0, order[0, :, j], j] for j in range(3)], dim=1)[None]
        logits = torch.cat([critic(codes.detach()), critic(shuffled.detach())])
        towards = torch.cat([torch.ones(1, 8, 1), torch.zeros(1, 8, 1)]).double()
        probability = torch.sigmoid(critic(codes))
        own = (probability / (1 - probability)).log().mean()
    return own, binary_cross_entropy_with_logits(logits, towards)


@pytest.mark.parametrize("word", CRITICS)
def test_critic_and_encoder_each_get_the_gradient_of_their_own_loss(word):
    part = DIVERGENCES[word](weight=2.5)
    network = built(part)
    seen = passed(network, normal(8, 5))
    terms = called(part, seen)
    divergence = terms.get("kullback_leibler", torch.zeros(()))
    own, cross_entropy = by_hand(word, seen)
    assert terms["critic"].item() == 0
    torch.testing.assert_close(sum(terms.values()), divergence + 2.5 * own)
    total = sum(terms.values())
    for module, wanted in (
        (network.critic, cross_entropy),
        (network.encoder, 2.5 * own + divergence),
    ):
        for ours, theirs in zip(gradients(total, module), gradients(wanted, module), strict=True):
            assert theirs.abs().max() > 0
            torch.testing.assert_close(ours, theirs)


class Recording(nn.Module):
    """A critic that remembers what it was shown."""

    def __init__(self, logit: Any) -> None:
        super().__init__()
        self.logit = logit
        self.shown: list[Tensor] = []

    def forward(self, codes: Tensor) -> Tensor:
        self.shown.append(codes)
        return self.logit(codes)[..., None]


def test_each_component_is_permuted_by_itself():
    part = FactorDiscriminator()
    network = built(part)
    network.critic = Recording(lambda codes: codes.sum(dim=-1))
    seen = passed(network, normal(50, 5), n_draws=2)
    called(part, seen)
    permuted = network.critic.shown[-1]
    assert not permuted.requires_grad
    assert torch.equal(permuted.sort(dim=1).values, seen.codes.sort(dim=1).values)
    moved = (permuted != seen.codes).double().mean(dim=(0, 1))
    assert (moved > 0.9).all()
    together = (permuted[..., None, :] == seen.codes[:, None]).sum(dim=-1)
    assert (together > 1).double().mean() < 0.01


def test_the_best_critics_logit_is_the_total_correlation():
    rho, n = 0.8, 20_000
    S = torch.tensor([[1.0, rho], [rho, 1.0]], dtype=torch.float64)
    joint = torch.distributions.MultivariateNormal(torch.zeros(2).double(), S)
    apart = torch.distributions.MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())
    codes = (normal(n, 2) @ torch.linalg.cholesky(S).T)[None]
    critic = Recording(lambda z: joint.log_prob(z) - apart.log_prob(z))
    network = SimpleNamespace(critic=critic)
    seen = SimpleNamespace(network=network, codes=codes, kullback_leibler=torch.ones(n))
    found = called(FactorDiscriminator(weight=1.0), seen)["total_correlation"].item()
    assert found == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.02)


def test_a_critic_learns_to_tell_codes_from_the_prior():
    part = Adversarial(weight=1.0, hidden=(32,))
    network = built(part).float()
    network.encoder.bias.data += 3
    rows = normal(64, 5).float()
    optimizer = torch.optim.Adam(network.critic.parameters(), lr=0.01)
    before = called(part, passed(network, rows))["adversarial"]
    for _ in range(40):
        optimizer.zero_grad()
        called(part, passed(network, rows))["critic"].backward()
        optimizer.step()
    assert called(part, passed(network, rows))["adversarial"] > before + 1
    network.critic[-1].weight.data.zero_()
    network.critic[-1].bias.data.zero_()
    undecided = called(part, passed(network, rows))["adversarial"].item()
    assert undecided == pytest.approx(math.log(2), rel=1e-6)


# --------------------------------------------------------------------------- covariance


@pytest.mark.parametrize("of", ["means", "codes"])
def test_the_covariances_price_is_numpys(of):
    part = DisentangledInferredPrior(of=of, off_diagonal=2.0, diagonal=5.0)
    seen = passed(built(part), normal(40, 5), n_draws=2)
    covariance = np.cov(seen.posterior.mean.detach().numpy(), rowvar=False, bias=True)
    if of == "codes":
        own = seen.posterior.log_variance.exp().mean(dim=0).detach().numpy()
        covariance = covariance + np.diag(own)
    wanted = sum(
        5 * (c - 1) ** 2 if i == j else 2 * c**2 for (i, j), c in np.ndenumerate(covariance)
    )
    assert called(part, seen)["covariance"].item() == pytest.approx(wanted)


def test_other_posteriors_covariance_is_that_of_their_codes():
    part = DisentangledInferredPrior(of="codes", off_diagonal=2.0, diagonal=5.0)
    seen = passed(built(part, posterior=FullGaussian()), normal(40, 5), n_draws=2)
    covariance = np.cov(seen.codes.reshape(80, 3).detach().numpy(), rowvar=False, bias=True)
    off = covariance - np.diag(np.diag(covariance))
    wanted = 2 * (off**2).sum() + 5 * ((np.diag(covariance) - 1) ** 2).sum()
    assert called(part, seen)["covariance"].item() == pytest.approx(wanted)


def test_white_codes_cost_nothing():
    means = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    assert called(DisentangledInferredPrior(), of_means(means + 7))["covariance"] == 0


# --------------------------------------------------------------------------- discrepancy

KERNELS = {
    "inverse_multiquadratic": lambda r2, C: C / (C + r2),
    "radial_basis": lambda r2, C: math.exp(-r2 / C),
}


def brute_discrepancy(x: Tensor, y: Tensor, kernel: str, scales: Any) -> float:
    n, d = x.shape
    total = 0.0
    for s, i, j in itertools.product(scales, range(n), range(n)):

        def k(a: Tensor, b: Tensor, scale: float = s) -> float:
            return KERNELS[kernel]((a - b).square().sum().item(), 2 * d * scale)

        total -= 2 * k(x[i], y[j]) / n**2
        if i != j:
            total += (k(x[i], x[j]) + k(y[i], y[j])) / (n * (n - 1))
    return total


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_discrepancy_is_the_double_loops(kernel, shift):
    x, y, scales = normal(6, 3) + shift, normal(6, 3, seed=1) * 2 + shift, (0.3, 2.0)
    found = squared_discrepancy(x, y, kernel=kernel, scales=scales)
    assert found.item() == pytest.approx(brute_discrepancy(x, y, kernel, scales), abs=1e-8)
    folded = squared_discrepancy(
        torch.stack([x, y]), torch.stack([y, y]), kernel=kernel, scales=scales
    )
    assert folded[0].item() == pytest.approx(found.item(), abs=1e-8)
    assert folded[1].item() == pytest.approx(brute_discrepancy(y, y, kernel, scales), abs=1e-8)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_discrepancy_of_equal_distributions_is_0_on_average(kernel):
    x, y = normal(400, 30, 2), normal(400, 30, 2, seed=1)
    equal = squared_discrepancy(x, y, kernel=kernel, scales=(0.5, 1.0))
    assert (equal < 0).any()
    assert abs(equal.mean()) < 4 * equal.std() / 20
    other = squared_discrepancy(x, y + 1, kernel=kernel, scales=(0.5, 1.0))
    assert other.mean() > 20 * equal.std() / 20


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_divergence_compares_codes_to_draws_of_the_prior(kernel):
    part = MaximumMeanDiscrepancy(weight=3.0, kernel=kernel, scales=[0.5, 2])
    network = built(part)
    seen = passed(network, normal(8, 5), n_draws=2)
    drawn = network.prior.sample(16, generator=draws(2), network=network).double().view(2, 8, 3)
    wanted = np.mean(
        [
            brute_discrepancy(x, y, kernel, (0.5, 2))
            for x, y in zip(seen.codes.detach(), drawn, strict=True)
        ]
    )
    terms = called(part, seen)
    assert list(terms) == ["maximum_mean_discrepancy"]
    assert terms["maximum_mean_discrepancy"].item() == pytest.approx(3 * wanted)


@pytest.mark.parametrize("information", [-0.5, 0.0, 0.7])
def test_information_takes_the_divergence_back(information):
    wae = MaximumMeanDiscrepancy(weight=3.0)
    part = MaximumMeanDiscrepancy(weight=3.0, information=information)
    seen = passed(built(part), normal(8, 5))
    found = called(wae, seen)["maximum_mean_discrepancy"] / 3
    terms = called(part, seen)
    divergence = seen.kullback_leibler.mean()
    assert torch.equal(terms["kullback_leibler"], divergence)
    wanted = (1 - information) * divergence + (information + 2) * found
    torch.testing.assert_close(sum(terms.values()), wanted)
