"""The priors: each a density that integrates to 1 and whose samples come from it."""

from __future__ import annotations

import copy
import itertools
import math
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn
from torch.nn.utils import skip_init

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._parts import describe_part, resolve_part
from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussian
from inscape.objectives.priors import (
    PRIORS,
    MixtureOfGaussians,
    MixtureOfGaussiansModule,
    NormalizingFlow,
    VampPrior,
    fit_flow,
)

LEARNED = ["mixture_of_gaussians", "full mixture", "vamp_prior", "normalizing_flow"]
SMALL = {
    "full mixture": MixtureOfGaussians(covariance="full"),
    "vamp_prior": VampPrior(n_pseudo_inputs=7),
    "normalizing_flow": NormalizingFlow(n_layers=3, hidden=(8,)),
}
BUILT = [*PRIORS, "full mixture"]
EUCLIDEAN = [
    word for word in BUILT if word not in PRIORS or PRIORS[word]().space.kind == "euclidean"
]


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=draws(seed), dtype=torch.float64).to(dtype)


def network_for(n_components: int, *, dtype: torch.dtype = torch.float64) -> Any:
    """An encoder of five features to diagonal Gaussians that are neither wide nor narrow."""
    encoder = nn.Sequential(skip_init(nn.Linear, 5, 2 * n_components), nn.Tanh()).to(dtype)
    for seed, parameter in enumerate(encoder.parameters()):
        parameter.data = normal(*parameter.shape, seed=seed, dtype=dtype)
    bottleneck = DiagonalGaussian().build(n_components, generator=draws())
    return SimpleNamespace(encoder=encoder, bottleneck=bottleneck)


def built(word: str, n_components: int, *, dtype: torch.dtype = torch.float64) -> nn.Module:
    """A prior away from its start, as training would leave it."""
    part = SMALL.get(word) or PRIORS[word]()
    module = part.build(n_components, generator=draws(), rows=normal(20, 5)).to(dtype)
    for seed, parameter in enumerate(module.parameters()):
        parameter.data += 0.2 * normal(*parameter.shape, seed=seed, dtype=dtype)
    return module


def grid(reach: float = 12.0, n: int = 241) -> tuple[Tensor, float]:
    axis = torch.linspace(-reach, reach, n, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis), float(axis[1] - axis[0]) ** 2


# --------------------------------------------------------------------------- every prior


@pytest.mark.parametrize("word", PRIORS)
def test_a_prior_is_a_part_that_its_description_makes_again(word):
    part = PRIORS[word]()
    assert describe_part(part)["type"] == word
    assert resolve_part("prior", describe_part(part), PRIORS) == part
    assert part.space.kind in ("euclidean", "sphere", "poincare_ball")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("word", BUILT)
def test_densities_and_samples_have_the_shapes_of_the_contract(word, dtype):
    module, network = built(word, 3, dtype=dtype), network_for(3, dtype=dtype)
    codes = module.sample(6, generator=draws(), network=network).to(dtype)
    assert codes.shape == (6, 3)
    assert torch.equal(codes, module.sample(6, generator=draws(), network=network).to(dtype))
    each = module.log_density(codes, network)
    assert each.dtype == dtype
    assert each.shape == (6,)
    assert torch.isfinite(each).all()
    folded = module.log_density(codes.view(2, 3, 3), network)
    torch.testing.assert_close(folded, each.view(2, 3))
    torch.testing.assert_close(module.log_density(codes[0], network), each[0])


@pytest.mark.parametrize("word", BUILT)
def test_nothing_global_is_drawn(word):
    before = torch.get_rng_state()
    built(word, 3).sample(4, generator=draws(), network=network_for(3))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("word", EUCLIDEAN)
def test_a_density_integrates_to_1(word):
    points, cell = grid()
    density = built(word, 2).log_density(points, network_for(2)).exp()
    assert density.sum().item() * cell == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("word", EUCLIDEAN)
def test_samples_have_the_densitys_moments(word):
    module, network, n = built(word, 2), network_for(2), 40_000
    points, cell = grid()
    with torch.no_grad():
        weight = module.log_density(points, network).exp() * cell
        drawn = module.sample(n, generator=draws(3), network=network).double()
    for power in (1, 2, 3):
        # The mixed moment too, or correlations would go unseen.
        for moments in (lambda z, p=power: z**p, lambda z, p=power: (z[:, :1] * z[:, 1:]) ** p):
            wanted = weight @ moments(points)
            error = moments(drawn).std(dim=0) / math.sqrt(n)
            assert ((moments(drawn).mean(dim=0) - wanted).abs() < 4.5 * error).all()


@pytest.mark.parametrize("word", EUCLIDEAN)
def test_gradients_are_those_of_differences(word):
    module, network = built(word, 2), network_for(2)
    names = [name for name, _ in module.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in module.parameters()]
    codes = normal(3, 2, seed=5).requires_grad_()

    class Density(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.prior = module

        def forward(self, codes: Tensor) -> Tensor:
            return self.prior.log_density(codes, network)

    def log_density(codes: Tensor, *parameters: Tensor) -> Tensor:
        held = {f"prior.{name}": value for name, value in zip(names, parameters, strict=True)}
        return torch.func.functional_call(Density(), held, (codes,))

    assert torch.autograd.gradcheck(log_density, (codes, *values))


@pytest.mark.parametrize("word", LEARNED)
def test_a_learned_prior_gets_closer_to_codes(word):
    module, network = built(word, 2, dtype=torch.float32), network_for(2, dtype=torch.float32)
    codes = normal(200, 2, dtype=torch.float32) * 0.3 + torch.tensor([0.5, -0.5])
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        loss = -module.log_density(codes, network).mean()
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad.abs().max() > 0 for p in module.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MixtureOfGaussians(0), "`n_mixture_components` must be an integer >= 1; got 0"),
        (lambda: MixtureOfGaussians(covariance="fulll"), "Did you mean 'full'"),
        (lambda: VampPrior(n_pseudo_inputs=2.5), "`n_pseudo_inputs` must be an integer >= 1"),
        (lambda: NormalizingFlow(n_layers=0), "`n_layers` must be an integer >= 1; got 0"),
        (lambda: NormalizingFlow(hidden=(0,)), "`hidden` must be a tuple of layer widths"),
        (
            lambda: VampPrior().build(2, generator=draws(), rows=None),
            "must have rows to start from .*; got None: build it with the scaled training rows",
        ),
    ],
)
def test_wrong_options_are_refused(make, message):
    with pytest.raises(InvalidParameterError, match=message):
        make()


# --------------------------------------------------------------------------- mixture


def by_scipy(module: MixtureOfGaussiansModule, codes: np.ndarray) -> np.ndarray:
    """The weighted density (n, n_mixture) of each Gaussian at codes."""
    means, variances = module.means.detach().numpy(), module.log_variances.detach().exp().numpy()
    n = means.shape[1]
    below = torch.zeros(len(means), n, n) if module.mixing is None else module.mixing.detach()
    factors = below.tril(-1).numpy() + np.eye(n)
    covariances = [T @ np.diag(v) @ T.T for T, v in zip(factors, variances, strict=True)]
    weights = module.logits.detach().softmax(dim=0).numpy()
    parts = zip(weights, means, covariances, strict=True)
    return np.stack([w * stats.multivariate_normal(m, C).pdf(codes) for w, m, C in parts], axis=1)


@pytest.mark.parametrize("word", ["mixture_of_gaussians", "full mixture"])
def test_the_mixtures_density_and_responsibilities_are_scipys(word):
    module, codes = built(word, 3), normal(30, 3, seed=4)
    ours = module.log_density(codes, None).detach().numpy()
    each = by_scipy(module, codes.numpy())
    np.testing.assert_allclose(ours, np.log(each.sum(axis=1)), rtol=1e-10)
    shares = module.responsibilities(codes.view(5, 6, 3), None).detach().view(30, -1)
    np.testing.assert_allclose(shares, each / each.sum(axis=1, keepdims=True), rtol=1e-8)


@pytest.mark.parametrize("width", [1e-4, 1.0, 1e4])
def test_a_full_mixture_is_scikit_learns(width):
    rng = np.random.default_rng(0)
    slanted = rng.normal(size=(2, 300, 3)) @ rng.normal(size=(2, 3, 3))
    codes = np.concatenate([slanted[0], slanted[1] + 12])
    options = {"n_mixture_components": 2, "random_state": 0, "covariance": "full"}
    module = MixtureOfGaussiansModule.fitted(width * codes + 3 * width, **options)
    scaled = codes / codes.std()
    theirs = GaussianMixture(2, random_state=0).fit(scaled)
    wanted = theirs.score_samples(scaled) - 3 * np.log(width * codes.std())
    given = torch.from_numpy(width * codes + 3 * width)
    np.testing.assert_allclose(module.log_density(given, None).detach(), wanted, atol=1e-6)
    shares = module.responsibilities(given, None).detach().numpy()
    labels = theirs.predict(scaled)
    assert max((shares.argmax(1) == labels).mean(), (shares.argmin(1) == labels).mean()) == 1


def test_a_fresh_mixture_is_about_as_wide_as_the_standard_normal():
    part = MixtureOfGaussians(n_mixture_components=200)
    module = part.build(4, generator=draws(), rows=None)
    drawn = module.sample(4000, generator=draws(1), network=None).detach()
    assert (drawn.var(dim=0) - 1).abs().max() < 0.15
    assert len(module.means.unique(dim=0)) == 200


def test_a_fitted_mixture_finds_clusters():
    centres = np.array([[-4.0, 0.0], [4.0, 1.0], [0.0, 6.0]])
    rng = np.random.default_rng(0)
    counts = [100, 200, 300]
    codes = np.concatenate(
        [c + 0.5 * rng.normal(size=(n, 2)) for c, n in zip(centres, counts, strict=True)]
    )
    module = MixtureOfGaussiansModule.fitted(codes, n_mixture_components=3, random_state=0)
    order = module.means.detach()[:, 0].argsort()
    found = module.means.detach()[order]
    np.testing.assert_allclose(found, centres[[0, 2, 1]], atol=0.2)
    np.testing.assert_allclose(
        module.logits.detach().softmax(dim=0)[order], [1 / 6, 3 / 6, 2 / 6], atol=1e-3
    )
    np.testing.assert_allclose(module.log_variances.detach().exp(), 0.25, atol=0.08)
    again = MixtureOfGaussiansModule.fitted(codes, n_mixture_components=3, random_state=0)
    assert all(map(torch.equal, module.state_dict().values(), again.state_dict().values()))
    single = MixtureOfGaussiansModule.fitted(
        codes.astype(np.float32), n_mixture_components=1, random_state=0
    )
    assert {p.dtype for p in single.parameters()} == {torch.float32}
    np.testing.assert_allclose(single.means.detach()[0], codes.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(single.log_variances.detach()[0].exp(), codes.var(axis=0), rtol=1e-4)


def test_a_mixture_needs_as_many_codes_as_gaussians():
    codes = np.zeros((3, 2)) + np.arange(3)[:, None]
    with pytest.raises(InvalidParameterError, match="from 1 to the number of codes = 3; got 4"):
        MixtureOfGaussiansModule.fitted(codes, n_mixture_components=4, random_state=0)
    codes[1, 1] = np.nan
    with pytest.raises(InvalidDataError, match=r"codes .*NaN.*row 1"):
        MixtureOfGaussiansModule.fitted(codes, n_mixture_components=2, random_state=0)


# --------------------------------------------------------------------------- VampPrior


def test_vamps_density_is_the_mean_of_the_posteriors():
    module, network = built("vamp_prior", 3), network_for(3)
    codes = normal(4, 3, seed=9)
    ours = module.log_density(codes, network).detach()
    shares = module.responsibilities(codes, network).detach()
    for code, found, share in zip(codes, ours, shares, strict=True):
        each_of = []
        for u in module.pseudo_inputs:
            mean, log_variance = network.encoder(u).detach().chunk(2)
            each = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
            each_of.append(each.log_prob(code).sum().exp().item())
        assert found.item() == pytest.approx(math.log(sum(each_of) / 7), rel=1e-10)
        np.testing.assert_allclose(share, np.array(each_of) / sum(each_of), rtol=1e-8)


def test_pseudo_inputs_start_at_different_rows():
    rows = normal(20, 5)
    module = VampPrior(n_pseudo_inputs=15).build(2, generator=draws(), rows=rows)
    same = (module.pseudo_inputs.detach()[:, None] == rows).all(dim=2)
    assert same.sum(dim=1).tolist() == [1] * 15
    assert same.sum(dim=0).max() == 1
    with torch.no_grad():
        module.pseudo_inputs.add_(1)
    assert torch.equal(rows, normal(20, 5))
    few = VampPrior(n_pseudo_inputs=45).build(2, generator=draws(), rows=rows)
    counts = (few.pseudo_inputs.detach()[:, None] == rows).all(dim=2).sum(dim=0)
    assert set(counts.tolist()) == {2, 3}


def test_pseudo_inputs_leave_the_encoders_running_means_alone():
    network = network_for(2)
    network.encoder.append(nn.BatchNorm1d(4).double())
    before = copy.deepcopy(network.encoder.state_dict())
    built("vamp_prior", 2).log_density(normal(3, 2), network)
    for name, value in network.encoder.state_dict().items():
        assert torch.equal(value, before[name])


# --------------------------------------------------------------------------- flow


def test_a_fresh_flow_is_the_standard_normal():
    module = NormalizingFlow().build(3, generator=draws(), rows=None).double()
    codes = normal(10, 3)
    wanted = stats.norm.logpdf(codes.numpy()).sum(axis=1)
    np.testing.assert_allclose(module.log_density(codes, None).detach(), wanted, rtol=1e-12)


@pytest.mark.parametrize("n_components", [1, 2, 5])
def test_the_flow_is_undone_by_its_inverse(n_components):
    module, noise = built("normalizing_flow", n_components), normal(9, n_components, seed=6)
    codes = module.codes_of(noise)
    assert (codes - noise).abs().max() > 0.1
    again, log_determinant = module.noise_of(codes)
    torch.testing.assert_close(again, noise)
    for code, found in zip(codes.detach(), log_determinant.expand(9), strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda z: module.noise_of(z)[0], code)
        torch.testing.assert_close(torch.linalg.slogdet(jacobian).logabsdet, found.detach())


def test_every_component_is_moved_and_depends_on_the_others():
    module = built("normalizing_flow", 4)
    jacobian = torch.autograd.functional.jacobian(module.codes_of, normal(4, seed=2))
    assert (jacobian.abs() > 1e-6).all()


def test_a_fitted_flow_explains_a_curved_cloud_better_than_a_gaussian():
    generator = draws(1)
    x = torch.randn(2000, generator=generator)
    codes = torch.stack([10 * x + 40, x**2 + 0.3 * torch.randn(2000, generator=generator)], dim=1)
    module = NormalizingFlow(hidden=(16,)).build(2, generator=draws(), rows=None)
    before = torch.get_rng_state()
    with torch.no_grad():  # as after a training
        fit_flow(module, codes, n_steps=200, generator=draws())
    assert torch.equal(torch.get_rng_state(), before)
    nats = -module.log_density(codes, None).mean().item()
    # The entropy of the cloud itself is a floor, and a Gaussian's a ceiling.
    entropy = 2 * 0.5 * math.log(2 * math.pi * math.e) + math.log(10) + math.log(0.3)
    gaussian = math.log(2 * math.pi * math.e) + 0.5 * math.log(np.linalg.det(np.cov(codes.T)))
    assert entropy - 0.1 < nats < entropy + 0.25 < gaussian - 0.5
    again = NormalizingFlow(hidden=(16,)).build(2, generator=draws(), rows=None)
    fit_flow(again, codes, n_steps=2, generator=draws())
    assert torch.isfinite(again.log_density(codes, None)).all()


def test_a_flow_is_fitted_even_where_a_component_never_moves():
    codes = torch.cat([normal(50, 1, dtype=torch.float32), torch.zeros(50, 1)], dim=1)
    module = NormalizingFlow(hidden=(4,)).build(2, generator=draws(), rows=None)
    fit_flow(module, codes, n_steps=20, generator=draws())
    assert all(torch.isfinite(p).all() for p in module.parameters())
    with pytest.raises(InvalidParameterError, match="`n_steps` must be an integer >= 1; got 0"):
        fit_flow(module, codes, n_steps=0, generator=draws())


def test_every_option_of_a_prior_is_used():
    options = {
        "n_mixture_components": 3,
        "covariance": "full",
        "n_pseudo_inputs": 4,
        "n_layers": 3,
        "hidden": (5,),
    }
    for part, field in itertools.chain.from_iterable(
        [(part, field.name) for field in fields(part)]
        for part in (PRIORS[w] for w in LEARNED if w in PRIORS)
    ):
        sizes = [
            sum(
                p.numel() for p in made.build(2, generator=draws(), rows=normal(20, 5)).parameters()
            )
            for made in (part(), part(**{field: options[field]}))
        ]
        assert sizes[0] != sizes[1]
