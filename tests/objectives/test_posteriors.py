"""The room `objectives`: posteriors, and the priors and geometry of curved spaces."""

from __future__ import annotations

import copy
import math
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq
from torch import Tensor, distributions

from inscape._errors import InvalidParameterError
from inscape.objectives.posteriors import (
    POSTERIORS,
    FullGaussian,
    InverseAutoregressiveFlow,
    PlanarFlow,
    PointMass,
    VonMisesFisher,
    WrappedNormal,
    cosines,
    von_mises_fisher,
)
from inscape.objectives.posteriors.bessel import bessel_ratio, log_bessel
from inscape.objectives.priors.standard_normal import StandardNormal
from inscape.objectives.priors.uniform_on_sphere import UniformOnSphere
from inscape.objectives.priors.wrapped_standard_normal import WrappedStandardNormal
from inscape.objectives.spaces import poincare

DENSE = [word for word, part in POSTERIORS.items() if part.has_density]
# The prior of each space, and the posteriors whose divergence from it has a formula.
PLAIN = {
    "euclidean": StandardNormal(),
    "sphere": UniformOnSphere(),
    "poincare_ball": WrappedStandardNormal(),
}
CLOSED = ["diagonal_gaussian", "full_gaussian", "von_mises_fisher"]
F64 = torch.float64


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = F64) -> Tensor:
    return torch.randn(*shape, generator=draws(seed), dtype=dtype)


def built(word: str, d: int = 3, n: int = 4, dtype: torch.dtype = F64, scale: float = 0.5) -> Any:
    part = POSTERIORS[word]()
    module = part.build(d, generator=draws()).to(dtype)
    encoded = scale * normal(n, part.n_code(d), seed=1, dtype=dtype)
    return SimpleNamespace(
        part=part, module=module, encoded=encoded, posterior=module.distribution(encoded)
    )


def plain_prior(space: str, d: int) -> Any:
    return PLAIN[space].build(d, generator=draws(), rows=None)


def grid(space: str) -> tuple[Tensor, Tensor]:
    """Return points (m, 2) of a space of two components, and the volume of each one's cell."""
    if space == "sphere":
        angle = torch.arange(4000, dtype=F64) / 4000 * 2 * math.pi
        points = torch.stack([angle.cos(), angle.sin()], dim=1)
        return points, torch.full((4000,), 2 * math.pi / 4000, dtype=F64)
    if space == "euclidean":
        line = torch.linspace(-8, 8, 161, dtype=F64)
        return torch.cartesian_prod(line, line), torch.full((161**2,), 0.1**2, dtype=F64)
    # Polar: at the distance r from the middle, a circle has the length 2 pi sinh(r).
    r = torch.arange(0.0125, 10, 0.025, dtype=F64)
    angle = torch.arange(400, dtype=F64) / 400 * 2 * math.pi
    directions = torch.stack([angle.cos(), angle.sin()], dim=1)
    points = torch.tanh(r / 2)[:, None, None] * directions
    cells = torch.sinh(r)[:, None].expand(-1, 400) * 0.025 * 2 * math.pi / 400
    return points.reshape(-1, 2), cells.reshape(-1)


# --------------------------------------------------------------------------- every posterior


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("word", POSTERIORS)
def test_codes_have_the_shape_the_type_and_no_randomness_of_their_own(word, dtype):
    seen = built(word, d=5, n=7, dtype=dtype)
    before = torch.random.get_rng_state()
    codes = seen.module(seen.encoded)
    torch.testing.assert_close(codes, seen.module(seen.encoded), rtol=0, atol=0)
    torch.testing.assert_close(codes, seen.posterior.mean, rtol=0, atol=0)
    first, second = (seen.posterior.draw(3, generator=draws(2)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
        assert one.isfinite().all()
        assert one.dtype == dtype
    assert codes.shape == (7, 5)
    assert first[0].shape == (3, 7, 5)
    assert first[1].shape == (3, 7)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("word", POSTERIORS)
def test_a_row_is_coded_by_itself(word):
    seen = built(word, n=6)
    alone = torch.cat([seen.module(row[None]) for row in seen.encoded])
    torch.testing.assert_close(seen.module(seen.encoded), alone, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("word", DENSE)
@settings(max_examples=15, deadline=None)
@given(d=st.integers(1, 9), n=st.integers(1, 4), k=st.integers(1, 3), scale=st.floats(0.1, 2))
def test_the_density_of_a_draw_is_that_of_its_codes(word, d, n, k, scale):
    d = max(d, 2 if word == "von_mises_fisher" else 1)
    # In the ball, 1 - |z|² keeps fewer digits the nearer the rim.
    scale = min(scale, 0.5) if word == "wrapped_normal" else scale
    seen = built(word, d=d, n=n, scale=scale)
    codes, log_density = seen.posterior.draw(k, generator=draws())
    torch.testing.assert_close(seen.posterior.log_density(codes), log_density, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("word", DENSE)
def test_densities_broadcast_to_all_pairs(word, dtype):
    seen = built(word, n=5, dtype=dtype)
    codes = seen.posterior.draw(1, generator=draws())[0][0]
    pairs = seen.posterior.log_density(codes[:, None])
    assert pairs.shape == (5, 5)
    for i in range(5):
        row = seen.posterior.log_density(codes[i].expand(5, -1))
        torch.testing.assert_close(pairs[i], row, rtol=1e-5, atol=1e-5)
    own = seen.posterior.log_density(codes)
    torch.testing.assert_close(pairs.diagonal(), own, rtol=1e-5, atol=1e-5)
    nested = seen.posterior.log_density(codes.expand(2, 3, 5, -1))
    torch.testing.assert_close(nested, own.expand(2, 3, 5), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("word", DENSE)
def test_single_precision_is_near_double(word):
    single, double = (built(word, d=8, n=6, dtype=dtype) for dtype in (torch.float32, F64))
    encoded = single.encoded.to(F64)
    double.module.load_state_dict(single.module.to(F64).state_dict())
    posterior = double.module.distribution(encoded)
    single.module.to(torch.float32)
    torch.testing.assert_close(single.posterior.mean.to(F64), posterior.mean, rtol=1e-4, atol=1e-5)
    codes = posterior.draw(4, generator=draws())[0]
    torch.testing.assert_close(
        single.posterior.log_density(codes.float()).to(F64),
        posterior.log_density(codes),
        rtol=1e-3,
        atol=1e-3,
    )


@pytest.mark.parametrize("word", POSTERIORS)
def test_in_half_precision_codes_and_densities_are_single(word):
    seen = built(word, d=4, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        posterior = seen.module.distribution(seen.encoded.bfloat16())
        codes, log_density = posterior.draw(2, generator=draws())
        mean = seen.module(seen.encoded.bfloat16())
        again = posterior.log_density(codes) if seen.part.has_density else log_density
    assert {each.dtype for each in (codes, log_density, mean, again)} == {torch.float32}
    torch.testing.assert_close(again, log_density, rtol=1e-4, atol=1e-4)
    alike = seen.module.distribution(seen.encoded.bfloat16().float())
    torch.testing.assert_close(codes, alike.draw(2, generator=draws())[0])


@pytest.mark.parametrize("word", POSTERIORS)
def test_gradients_of_draws_are_those_of_differences(word, monkeypatch):
    # Rejection does not depend smoothly on the concentration; the quantile function does, and in
    # three dimensions it has a closed form.
    monkeypatch.setattr(von_mises_fisher, "draw_gaps", gaps_by_quantile)
    seen = built(word)
    inputs = [seen.encoded.requires_grad_(), *seen.module.parameters()]
    ways = [normal(*each.shape, seed=7 + i) for i, each in enumerate(inputs)]
    weights = normal(2, 4, 3, seed=5), normal(2, 4, seed=6)

    def value(step: float) -> Tensor:
        with torch.no_grad():
            for each, way in zip(inputs, ways, strict=True):
                each.add_(step * way)
        codes, log_density = seen.module.distribution(seen.encoded).draw(2, generator=draws(3))
        mean = seen.module(seen.encoded)
        return (weights[0] * codes).sum() + (weights[1] * log_density).sum() + mean.sum()

    gradients = torch.autograd.grad(value(0.0), inputs, materialize_grads=True)
    along = sum((g * way).sum().item() for g, way in zip(gradients, ways, strict=True))
    h = 1e-6
    above, below = value(h).item(), value(-2 * h).item()
    assert along == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("word", DENSE)
def test_gradients_of_densities_are_those_of_differences(word):
    seen = built(word, n=2)
    codes = seen.posterior.draw(2, generator=draws())[0].detach().requires_grad_()
    prior = plain_prior(seen.part.space.kind, 3)

    def nats(encoded: Tensor, codes: Tensor) -> tuple[Tensor, ...]:
        posterior = seen.module.distribution(encoded)
        exact = posterior.kullback_leibler(prior)
        density = posterior.log_density(codes)
        return (density, prior.log_density(codes, None), *([] if exact is None else [exact]))

    assert torch.autograd.gradcheck(nats, (seen.encoded.requires_grad_(), codes))


@pytest.mark.parametrize("word", DENSE)
def test_detached_posteriors_are_the_same_without_gradients(word):
    seen = built(word)
    posterior = seen.module.distribution(seen.encoded.requires_grad_())
    codes, _ = posterior.draw(2, generator=draws())
    held = posterior.detached()
    assert not held.mean.requires_grad
    assert not held.log_density(codes.detach()).requires_grad
    assert not held.detached().log_density(codes.detach()).requires_grad
    torch.testing.assert_close(held.log_density(codes), posterior.log_density(codes))
    leaf = codes.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(held.log_density(leaf).sum(), leaf)
    (wanted,) = torch.autograd.grad(posterior.log_density(leaf).sum(), leaf)
    torch.testing.assert_close(gradient, wanted)


@pytest.mark.parametrize("word", DENSE)
def test_densities_integrate_to_one_and_draws_have_their_moments(word):
    seen = built(word, d=2, n=3)
    points, cells = grid(seen.part.space.kind)
    with torch.no_grad():
        masses = seen.posterior.log_density(points[:, None]).exp() * cells[:, None]
        codes, _ = seen.posterior.draw(20_000, generator=draws())
    torch.testing.assert_close(masses.sum(dim=0), torch.ones(3, dtype=F64), rtol=1e-4, atol=0)
    assert_moments(codes, masses, points)


@pytest.mark.parametrize("space", ["sphere", "poincare_ball"])
def test_priors_integrate_to_one_and_samples_have_their_moments(space):
    prior = plain_prior(space, 2)
    points, cells = grid(space)
    masses = (prior.log_density(points, None).exp() * cells)[:, None]
    assert masses.sum().item() == pytest.approx(1, rel=1e-4)
    codes = prior.sample(20_000, generator=draws(), network=None)
    assert codes.dtype == torch.float32
    assert_moments(codes[:, None].to(F64), masses, points)


def assert_moments(codes: Tensor, masses: Tensor, points: Tensor) -> None:
    """Compare means and products of codes (k, n, 2) with integrals, within 4.5 standard errors."""

    def features(z: Tensor) -> Tensor:
        return torch.cat([z, z.square(), z[..., :1] * z[..., 1:]], dim=-1)

    wanted = masses.T @ features(points)
    drawn = features(codes)
    errors = drawn.std(dim=0) / math.sqrt(len(codes)) + 1e-4
    assert ((drawn.mean(dim=0) - wanted).abs() < 4.5 * errors).all()


@pytest.mark.parametrize("d", [2, 3, 12])
@pytest.mark.parametrize("word", DENSE)
def test_divergences_are_what_draws_say(word, d):
    seen = built(word, d=d, n=3)
    prior = plain_prior(seen.part.space.kind, d)
    exact = seen.posterior.kullback_leibler(prior)
    assert (exact is not None) == (word in CLOSED)
    if exact is None:
        return
    codes, log_posterior = seen.posterior.draw(20_000, generator=draws())
    ratios = log_posterior - prior.log_density(codes, None)
    errors = ratios.std(dim=0) / math.sqrt(len(ratios))
    assert ((ratios.mean(dim=0) - exact).abs() < 4 * errors).all()
    assert (exact > 0).all()
    assert seen.posterior.kullback_leibler(SimpleNamespace()) is None
    parts = seen.posterior.kullback_leibler_by_component(prior)
    if parts is not None:
        torch.testing.assert_close(parts.sum(dim=1), exact)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("word", POSTERIORS)
def test_extreme_encoders_give_finite_codes_and_gradients(word, dtype):
    seen = built(word, d=3, n=40, dtype=dtype)
    # Log-variances beyond these are no numbers in single precision.
    encoded = (20 * seen.encoded).clamp(-15, 15)
    encoded[0] = 0
    posterior = seen.module.distribution(encoded.requires_grad_())
    codes, log_density = posterior.draw(3, generator=draws())
    (gradient,) = torch.autograd.grad(
        codes.square().sum() + log_density.sum() + posterior.mean.sum(), encoded
    )
    assert codes.isfinite().all()
    assert log_density.isfinite().all()
    assert gradient.isfinite().all()
    for points in (codes, posterior.mean):
        if seen.part.space.kind == "sphere":
            assert (points.norm(dim=-1) - 1).abs().max() < 1e-5
        if seen.part.space.kind == "poincare_ball":
            assert points.norm(dim=-1).max() < 1
    prior = plain_prior(seen.part.space.kind, 3)
    assert prior.log_density(codes, None).isfinite().all()


# --------------------------------------------------------------------------- Gaussians


def test_full_gaussian_is_torchs():
    seen = built("full_gaussian", d=4, n=5)
    factor = seen.posterior.factor
    assert torch.equal(factor, factor.tril())
    torchs = distributions.MultivariateNormal(seen.posterior.mean, scale_tril=factor)
    codes, log_density = seen.posterior.draw(3, generator=draws())
    torch.testing.assert_close(log_density, torchs.log_prob(codes))
    plain = distributions.MultivariateNormal(torch.zeros(4, dtype=F64), torch.eye(4, dtype=F64))
    torch.testing.assert_close(
        seen.posterior.kullback_leibler(plain_prior("euclidean", 4)),
        distributions.kl_divergence(torchs, plain),
    )


def test_diagonal_gaussian_is_a_full_one_without_correlations():
    diagonal = built("diagonal_gaussian", d=4, n=5)
    mean, log_variance = diagonal.encoded.chunk(2, dim=1)
    encoded = torch.cat([mean, 0.5 * log_variance, torch.zeros(5, 6, dtype=F64)], dim=1)
    full = FullGaussian().build(4, generator=draws()).distribution(encoded)
    for one, other in zip(
        diagonal.posterior.draw(2, generator=draws()), full.draw(2, generator=draws()), strict=True
    ):
        torch.testing.assert_close(one, other)
    prior = plain_prior("euclidean", 4)
    torch.testing.assert_close(
        diagonal.posterior.kullback_leibler(prior), full.kullback_leibler(prior)
    )
    nothing = FullGaussian().build(4, generator=draws()).distribution(torch.zeros(1, 14))
    assert nothing.kullback_leibler(prior).item() == 0


# --------------------------------------------------------------------------- planar steps


@settings(max_examples=15, deadline=None)
@given(d=st.integers(1, 5), n_layers=st.integers(1, 3), scale=st.floats(0.1, 3))
def test_planar_densities_have_the_determinant_of_autograd(d, n_layers, scale):
    part = PlanarFlow(n_layers=n_layers)
    encoded = scale * normal(1, part.n_code(d), seed=3)
    posterior = part.build(d, generator=draws()).distribution(encoded)
    mean, log_variance = encoded[0, :d], encoded[0, d : 2 * d]

    def steps(base: Tensor) -> Tensor:
        """By hand, as in Eq. 10 and A.1, with the slope along w held as the docstring says."""
        for numbers in encoded[0, 2 * d :].split(2 * d + 1):
            u, w, b = numbers[:d], numbers[d : 2 * d], numbers[-1]
            slope = 0.05 + math.log1p(math.exp(u @ w + math.log(math.expm1(0.95))))
            base = base + (u + (slope - 1 - u @ w) * w / (w @ w)) * torch.tanh(w @ base + b)
        return base

    base = mean + (0.5 * log_variance).exp() * normal(d, seed=9)
    codes = steps(base)
    _, log_determinant = torch.linalg.slogdet(torch.autograd.functional.jacobian(steps, base))
    plain = distributions.Normal(mean, (0.5 * log_variance).exp()).log_prob(base).sum()
    density = posterior.log_density(codes[None])
    torch.testing.assert_close(density[0], plain - log_determinant, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(posterior.mean[0], steps(mean))


def test_planar_steps_at_rest_leave_a_diagonal_gaussian():
    part = PlanarFlow()
    encoded = torch.cat([normal(6, 6), torch.zeros(6, part.n_code(3) - 6, dtype=F64)], dim=1)
    posterior = part.build(3, generator=draws()).distribution(encoded)
    plain = POSTERIORS["diagonal_gaussian"]().build(3, generator=draws())
    codes, log_density = plain.distribution(encoded[:, :6]).draw(4, generator=draws())
    torch.testing.assert_close(posterior.log_density(codes), log_density)
    torch.testing.assert_close(posterior.mean, encoded[:, :3])


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_planar_steps_are_undone_far_from_where_codes_are_drawn(dtype):
    seen = built("planar_flow", d=3, n=5, dtype=dtype, scale=4.0)
    far = torch.tensor([0.0, 1e2, 1e5, 1e10], dtype=dtype)[:, None, None].expand(-1, 5, 3)
    density = seen.posterior.log_density(far)
    assert density.isfinite().all()
    assert (density[1:].diff(dim=0) < 0).all()


# --------------------------------------------------------------------------- von Mises-Fisher


def gaps_by_quantile(
    concentration: Tensor, dimension: int, n_draws: int, *, generator: torch.Generator
) -> Tensor:
    assert dimension == 3
    u = torch.rand(n_draws, len(concentration), generator=generator, dtype=F64)
    gaps = quantile_in_three_dimensions(u, concentration.detach())
    return cosines.with_quantile_gradient(gaps, concentration, 3)


def quantile_in_three_dimensions(u: Tensor, kappa: Tensor) -> Tensor:
    """Return 1 - w where w has the probability u."""
    return -torch.log(u + (1 - u) * torch.exp(-2 * kappa)) / kappa


@pytest.mark.parametrize("d", [2, 3, 11, 64, 500, 1500])
def test_bessel_functions_are_those_of_high_precision(d):
    # The high precision takes its time where both are large.
    kappas = [1.0, 7.0, 60.0, 900.0, *([1e5, 1e7] if d < 100 else [])]
    tensor = torch.tensor(kappas, dtype=F64)
    with mpmath.workdps(30):
        order = mpmath.mpf(d) / 2 - 1
        values = [mpmath.besseli(order, kappa) for kappa in kappas]
        pairs = list(zip(values, kappas, strict=True))
        logs = [mpmath.log(value) - order * mpmath.log(kappa) - kappa for value, kappa in pairs]
        ratios = [mpmath.besseli(order + 1, kappa) / value for value, kappa in pairs]
    np.testing.assert_allclose(log_bessel(tensor, d), np.array(logs, float), rtol=1e-12)
    np.testing.assert_allclose(bessel_ratio(tensor, d), np.array(ratios, float), rtol=1e-11)


@pytest.mark.parametrize("d", [2, 3, 10, 400])
def test_bessel_derivatives_are_those_of_differences(d):
    kappa = torch.tensor([1.0, 3.0, 40.0], dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda k: log_bessel(k, d), kappa)
    assert torch.autograd.gradcheck(lambda k: bessel_ratio(k, d), kappa)
    assert torch.autograd.gradgradcheck(lambda k: log_bessel(k, d), kappa)


@pytest.mark.parametrize("d", [2, 3, 6])
@pytest.mark.parametrize("kappa", [1.5, 20.0, 300.0])
def test_von_mises_fisher_is_scipys(d, kappa):
    mean = normal(d, seed=3)
    mean = mean / mean.norm()
    concentration = torch.tensor([kappa], dtype=F64)
    posterior = von_mises_fisher.VonMisesFisherDistribution(mean[None], concentration)
    codes, log_density = posterior.draw(50, generator=draws())
    scipys = stats.vonmises_fisher(mean.numpy(), kappa)
    np.testing.assert_allclose(log_density[:, 0], scipys.logpdf(codes[:, 0].numpy()), rtol=1e-8)
    prior = plain_prior("sphere", d)
    wanted = prior.log_area - scipys.entropy()
    assert posterior.kullback_leibler(prior).item() == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize("d", [2, 3, 5, 30, 300])
@pytest.mark.parametrize("kappa", [1.0, 30.0, 1e4])
def test_cosines_follow_their_distribution(d, kappa):
    gaps = cosines.draw_gaps(torch.tensor([kappa], dtype=F64), d, 4000, generator=draws())
    angles = np.arccos(1 - gaps[:, 0].numpy())
    assert stats.kstest(angles, lambda x: angle_cdf(x, kappa, d)).pvalue > 1e-3
    ratio = bessel_ratio(torch.tensor(kappa, dtype=F64), d).item()
    error = (gaps.std() / math.sqrt(4000)).item()
    assert gaps.mean().item() == pytest.approx(1 - ratio, abs=4 * error)


def angle_cdf(angle: Any, kappa: float, d: int) -> Any:
    """Return the probability of a smaller angle, by brute force."""
    t = np.linspace(0, np.pi, 400_001)[1:-1]
    log_density = kappa * (np.cos(t) - 1) + (d - 2) * np.log(np.sin(t))
    total = np.cumsum(np.exp(log_density - log_density.max()))
    return np.interp(angle, t, total / total[-1])


@pytest.mark.parametrize("kappa", [1.0, 5.0, 400.0, 1e6])
def test_gradients_of_cosines_are_those_of_the_closed_quantile(kappa):
    u = torch.linspace(0.001, 0.999, 41, dtype=F64)[:, None]
    concentration = torch.tensor([kappa], dtype=F64, requires_grad=True)
    gaps = quantile_in_three_dimensions(u, concentration)
    for i in range(len(u)):
        (wanted,) = torch.autograd.grad(gaps[i].sum(), concentration, retain_graph=True)
        ours = cosines.with_quantile_gradient(gaps[i : i + 1].detach(), concentration, 3)
        (gradient,) = torch.autograd.grad(ours.sum(), concentration)
        assert gradient.item() == pytest.approx(wanted.item(), rel=1e-8)


@pytest.mark.parametrize("d", [2, 4, 11, 50])
@pytest.mark.parametrize("kappa", [1.2, 25.0])
@pytest.mark.parametrize("u", [0.02, 0.6, 0.97])
def test_gradients_of_cosines_are_those_of_an_inverted_distribution(d, kappa, u):
    h = 1e-4 * kappa
    above, here, below = (gap_of(u, k, d) for k in (kappa + h, kappa, kappa - h))
    concentration = torch.tensor([kappa], dtype=F64, requires_grad=True)
    gaps = torch.tensor([[here]], dtype=F64)
    ours = cosines.with_quantile_gradient(gaps, concentration, d)
    (gradient,) = torch.autograd.grad(ours.sum(), concentration)
    assert gradient.item() == pytest.approx((above - below) / (2 * h), rel=1e-5)


def gap_of(u: float, kappa: float, d: int) -> float:
    """Return 1 - cos of the angle below which the probability is u, by quadrature and search."""
    nodes, weights = np.polynomial.legendre.leggauss(200)

    def mass(angle: float) -> float:
        t = 0.5 * angle * (1 + nodes)
        return 0.5 * angle * weights @ (np.exp(kappa * (np.cos(t) - 1)) * np.sin(t) ** (d - 2))

    total = mass(np.pi)
    angle = brentq(lambda a: mass(a) / total - u, 1e-9, np.pi, xtol=1e-14, rtol=1e-14)
    return 1 - math.cos(angle)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_an_unbounded_concentration_is_almost_a_point(dtype):
    encoded = torch.tensor([[3.0, 0.0, 4.0, 1e12]], dtype=dtype, requires_grad=True)
    posterior = VonMisesFisher().build(3, generator=draws()).distribution(encoded)
    codes, log_density = posterior.draw(10, generator=draws())
    assert (codes - posterior.mean).abs().max() < 1e-2
    nats = posterior.kullback_leibler(plain_prior("sphere", 3))
    # On the common sphere it is log(2 kappa) - 1, up to what is left of the other pole.
    assert nats.item() == pytest.approx(math.log(2 * von_mises_fisher._MOST) - 1, rel=1e-5)
    (gradient,) = torch.autograd.grad(codes.sum() + log_density.sum() + nats.sum(), encoded)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("d", [2, 7])
def test_reflection_takes_the_axis_to_every_mean(d):
    means = normal(30, d)
    means = torch.cat([means / means.norm(dim=1, keepdim=True), torch.eye(d), -torch.eye(d)])
    axis = torch.eye(d, dtype=F64)[:1].expand(1, len(means), d)
    torch.testing.assert_close(von_mises_fisher._turn(axis, means)[0], means)
    pairs = normal(2, len(means), d, seed=1)
    turned = von_mises_fisher._turn(pairs, means)
    torch.testing.assert_close((turned[0] * turned[1]).sum(-1), (pairs[0] * pairs[1]).sum(-1))


def test_the_edges_of_the_cosine_have_finite_gradients():
    concentration = torch.tensor([2.0], dtype=F64, requires_grad=True)
    for d in (2, 3, 8):
        for gap in (cosines._LEAST, cosines._MOST):
            gaps = cosines.with_quantile_gradient(
                torch.tensor([[gap]], dtype=F64), concentration, d
            )
            (gradient,) = torch.autograd.grad((gaps * (2 - gaps)).sqrt().sum(), concentration)
            assert gradient.isfinite().all()
            assert gradient.abs().max() < 1e-3


# --------------------------------------------------------------------------- Poincaré ball


def ball_points(n: int, d: int, curvature: float, seed: int, reach: float = 0.95) -> Tensor:
    directions = normal(n, d, seed=seed)
    radii = reach * torch.rand(n, 1, generator=draws(seed), dtype=F64)
    return directions / directions.norm(dim=1, keepdim=True) * radii / math.sqrt(curvature)


CURVATURES = pytest.mark.parametrize("curvature", [0.3, 1.0, 4.0])


@CURVATURES
def test_distance_is_the_one_by_arcosh(curvature):
    x, y = (ball_points(60, 3, curvature, seed) for seed in (0, 1))
    squares = [(curvature * a.square().sum(dim=1)) for a in (x, y)]
    gap = curvature * (x - y).square().sum(dim=1)
    wanted = torch.arccosh(1 + 2 * gap / ((1 - squares[0]) * (1 - squares[1])))
    ours = poincare.distance(x, y, curvature=curvature)
    torch.testing.assert_close(ours, wanted / math.sqrt(curvature))
    torch.testing.assert_close(ours, poincare.distance(y, x, curvature=curvature))


@CURVATURES
def test_maps_at_the_middle_are_radial(curvature):
    v = normal(20, 3)
    length, root = v.norm(dim=1, keepdim=True), math.sqrt(curvature)
    middle = torch.zeros_like(v)
    point = poincare.exponential_map(middle, v, curvature=curvature)
    torch.testing.assert_close(point, torch.tanh(root * length) * v / (root * length))
    torch.testing.assert_close(poincare.logarithmic_map(middle, point, curvature=curvature), v)
    torch.testing.assert_close(
        poincare.distance(middle, point, curvature=curvature), 2 * length[:, 0]
    )


@CURVATURES
def test_maps_undo_each_other_and_speeds_are_distances(curvature):
    x, y = (ball_points(60, 4, curvature, seed) for seed in (2, 3))
    velocity = poincare.logarithmic_map(x, y, curvature=curvature)
    torch.testing.assert_close(poincare.exponential_map(x, velocity, curvature=curvature), y)
    factor = poincare.conformal_factor(x, curvature=curvature)[:, 0]
    torch.testing.assert_close(factor, 2 / (1 - curvature * x.square().sum(dim=1)))
    torch.testing.assert_close(
        factor * velocity.norm(dim=1), poincare.distance(x, y, curvature=curvature)
    )


@CURVATURES
def test_a_geodesic_is_the_shortest_way_at_constant_speed(curvature):
    x, y = (ball_points(40, 3, curvature, seed) for seed in (4, 5))
    whole = poincare.distance(x, y, curvature=curvature)
    for t in (0.0, 0.2, 0.7, 1.0):
        point = poincare.geodesic(x, y, t, curvature=curvature)
        there = poincare.distance(x, point, curvature=curvature)
        rest = poincare.distance(point, y, curvature=curvature)
        torch.testing.assert_close(there, t * whole, rtol=1e-7, atol=1e-7)
        torch.testing.assert_close(rest, (1 - t) * whole, rtol=1e-7, atol=1e-7)
    shares = torch.linspace(0, 1, 5, dtype=F64)[:, None]
    assert poincare.geodesic(x[0], y[0], shares, curvature=curvature).shape == (5, 3)


def test_small_curvature_is_flat():
    x, y = normal(20, 3), normal(20, 3, seed=1)
    flat = 1e-9
    torch.testing.assert_close(
        poincare.distance(x, y, curvature=flat), 2 * (x - y).norm(dim=1), rtol=1e-6, atol=0
    )
    torch.testing.assert_close(
        poincare.geodesic(x, y, 0.25, curvature=flat), x + 0.25 * (y - x), rtol=1e-6, atol=1e-6
    )


def test_points_that_meet_and_points_at_the_rim_have_finite_gradients():
    for dtype in (torch.float32, F64):
        near = torch.tensor([[0.3, 0.1], [0.0, 0.0], [1.0, 0.0], [1e-25, 0.0]], dtype=dtype)
        x, y = near.clone().requires_grad_(), near.clone().requires_grad_()
        value = (
            poincare.distance(x, y, curvature=1.0).sum()
            + poincare.logarithmic_map(x, y, curvature=1.0).sum()
            + poincare.geodesic(x, y, 0.5, curvature=1.0).sum()
            + poincare.log_volume_ratio(x, curvature=1.0).sum()
        )
        assert value.isfinite()
        assert all(g.isfinite().all() for g in torch.autograd.grad(value, (x, y)))
        far = torch.tensor([[1e4, 0.0]], dtype=dtype)
        edge = poincare.exponential_map(torch.zeros_like(far), far, curvature=1.0)
        assert edge.norm() < 1
        assert poincare.distance(edge, -edge, curvature=1.0).isfinite()


@pytest.mark.parametrize("r", [1e-12, 1e-3, 0.0499, 0.0501, 1.0, 20.0, 500.0])
def test_volumes_are_those_of_high_precision(r):
    u = torch.tensor([0.6 * r, 0.8 * r, 0.0], dtype=F64, requires_grad=True)
    with mpmath.workdps(60):
        scaled = 2 * mpmath.mpf(r)
        wanted = 2 * mpmath.log(scaled / mpmath.sinh(scaled))
        slope = 2 * 2 * (1 / scaled - mpmath.coth(scaled))
    ours = poincare.log_volume_ratio(u, curvature=4.0)
    assert ours.item() == pytest.approx(float(wanted), rel=1e-9, abs=1e-30)
    (gradient,) = torch.autograd.grad(ours, u)
    assert gradient[0].item() == pytest.approx(0.6 * float(slope), rel=1e-7, abs=1e-30)


def test_on_a_line_the_wrapped_normal_is_a_normal_of_distances():
    seen = built("wrapped_normal", d=1, n=5)
    codes, log_density = seen.posterior.draw(6, generator=draws())
    places = 2 * torch.atanh(codes), 2 * torch.atanh(seen.posterior.mean)
    torchs = distributions.Normal(places[1], (0.5 * seen.posterior.log_variance).exp())
    torch.testing.assert_close(log_density, torchs.log_prob(places[0])[..., 0])


@pytest.mark.parametrize("curvature", [0.5, 3.0])
def test_in_the_middle_the_wrapped_normal_is_the_prior(curvature):
    part = WrappedNormal(curvature=curvature)
    posterior = part.build(3, generator=draws()).distribution(torch.zeros(1, 6, dtype=F64))
    prior = WrappedStandardNormal(curvature=curvature).build(3, generator=draws(), rows=None)
    codes, log_density = posterior.draw(20, generator=draws())
    torch.testing.assert_close(prior.log_density(codes, None), log_density)
    assert (codes.norm(dim=-1) < 1 / math.sqrt(curvature)).all()
    assert codes.norm(dim=-1).max() > 0.7 / math.sqrt(curvature)
    samples = prior.sample(500, generator=draws(), network=None)
    assert (samples.norm(dim=1) < 1 / math.sqrt(curvature)).all()


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("d", [2, 8, 64, 100])
@pytest.mark.parametrize("curvature", [0.1, 1.0, 4.0])
def test_where_posterior_and_prior_are_one_nothing_sets_them_apart(curvature, d, dtype):
    """Most draws of 64 components land on the rim, and a density is that of where they are."""
    module = WrappedNormal(curvature).build(d, generator=draws())
    prior = WrappedStandardNormal(curvature).build(d, generator=draws(), rows=None)
    posterior = module.distribution(torch.zeros(1, 2 * d, dtype=dtype))
    codes, log_density = posterior.draw(200, generator=draws())
    gaps = (log_density - prior.log_density(codes, None)).double()
    assert abs(gaps.mean()) <= 3 * gaps.std() / math.sqrt(200) + 1e-6
    # In 60 digits, at the codes as they are.
    with mpmath.workdps(60):
        for code, found in zip(codes[:5, 0].tolist(), log_density[:5, 0].tolist(), strict=True):
            root = mpmath.sqrt(curvature)
            away = 2 / root * mpmath.atanh(root * mpmath.norm(mpmath.matrix(code)))
            wanted = -(away**2) / 2 - d * mpmath.log(2 * mpmath.pi) / 2
            wanted += (d - 1) * mpmath.log(root * away / mpmath.sinh(root * away))
            assert found == pytest.approx(
                float(wanted), rel=1e-6, abs=2e-2 if dtype == F64 else 1e-3
            )


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize(("curvature", "d"), [(4.0, 2), (4.0, 8), (1.0, 64)])
def test_draws_near_the_rim_are_as_far_off_as_they_were_sent(curvature, d, dtype):
    module = WrappedNormal(curvature).build(d, generator=draws())
    posterior = module.distribution(torch.zeros(1, 2 * d, dtype=dtype))
    codes = posterior.draw(3000, generator=draws())[0][:, 0].double().numpy()
    away = (
        2 / math.sqrt(curvature) * np.arctanh(math.sqrt(curvature) * np.linalg.norm(codes, axis=1))
    )
    assert stats.kstest(away, stats.chi(d).cdf).pvalue > 1e-3


def test_almost_flat_the_wrapped_normal_is_a_normal():
    part = WrappedNormal(curvature=1e-8)
    encoded = 0.5 * normal(5, 6)
    posterior = part.build(3, generator=draws()).distribution(encoded)
    codes, log_density = posterior.draw(4, generator=draws())
    # A unit of coordinates is two of length.
    torchs = distributions.Normal(2 * encoded[:, :3], (0.5 * encoded[:, 3:]).exp())
    wanted = torchs.log_prob(2 * codes).sum(dim=-1)
    torch.testing.assert_close(log_density, wanted, rtol=1e-5, atol=1e-5)


# --------------------------------------------------------------------------- flow


@pytest.mark.parametrize(
    ("d", "hidden"), [(1, (4,)), (2, (8,)), (5, (3,)), (5, (16, 7, 9)), (6, (32,))]
)
def test_a_flow_is_undone_and_its_gates_are_its_determinant(d, hidden):
    part = InverseAutoregressiveFlow(n_layers=3, hidden=hidden, n_context=4)
    module = part.build(d, generator=draws()).to(F64)
    context, base = normal(3, 4), normal(3, d, seed=1)
    codes, log_gates = module.flow(base, context)
    again, undone = module.flow(codes, context, undo=True)
    torch.testing.assert_close(again, base)
    torch.testing.assert_close(undone, log_gates)
    for i in range(3):
        jacobian = torch.autograd.functional.jacobian(
            lambda x, i=i: module.flow(x[None], context[i : i + 1])[0][0], base[i]
        )
        assert torch.linalg.slogdet(jacobian)[1].item() == pytest.approx(log_gates[i].item())


def test_a_code_from_nowhere_near_the_base_has_a_density_of_nearly_0_and_no_nan():
    part = InverseAutoregressiveFlow(n_layers=4, n_context=2)
    module = part.build(3, generator=draws(0))
    with torch.no_grad():
        for step in module.flow.steps:
            step.last.linear.bias[3:] = -60.0  # gates as good as closed
    posterior = module.distribution(torch.zeros(2, part.n_code(3)))
    codes = torch.full((1, 2, 3), 5.0, requires_grad=True)
    found = posterior.log_density(codes)
    assert torch.isfinite(found).all()
    assert (found < -1e15).all()
    (gradient,) = torch.autograd.grad(found.sum(), codes)
    assert torch.isfinite(gradient).all()


def test_a_step_looks_back_only_and_each_component_knows_the_context():
    part = InverseAutoregressiveFlow(hidden=(24, 24), n_context=3)
    step = part.build(4, generator=draws()).to(F64).flow.steps[0]
    base, context = normal(4), normal(3, seed=1)
    by_codes, by_context = torch.autograd.functional.jacobian(
        lambda x, c: step(x[None], c[None])[0][0], (base, context)
    )
    assert torch.equal(by_codes, by_codes.tril())
    assert (by_codes.tril() != 0).sum() == 10
    assert (by_context != 0).all()


def test_a_flow_draws_its_weights_from_the_generator_alone():
    before = torch.random.get_rng_state()
    one, same, other = (
        InverseAutoregressiveFlow().build(3, generator=draws(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    states = [copy.deepcopy(module.state_dict()) for module in (one, same, other)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert not all(torch.equal(value, states[2][name]) for name, value in states[0].items())
    assert all(value.isfinite().all() for value in states[0].values())


# --------------------------------------------------------------------------- point mass


def test_a_point_mass_is_the_code_and_has_no_density():
    seen = built("point_mass", n=2)
    codes, zeros = seen.posterior.draw(3, generator=draws())
    torch.testing.assert_close(codes, seen.encoded.expand(3, 2, 3))
    assert not zeros.any()
    assert not seen.module.distribution(seen.encoded.requires_grad_()).detached().mean.requires_grad
    for refused in (
        lambda: seen.posterior.kullback_leibler(plain_prior("euclidean", 3)),
        lambda: seen.posterior.log_density(codes),
    ):
        with pytest.raises(InvalidParameterError, match="'maximum_mean_discrepancy' or 'advers"):
            refused()


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VonMisesFisher().n_code(1), "`n_components` must be an integer >= 2; got 1."),
        (
            lambda: VonMisesFisher().build(1, generator=draws()),
            "`n_components` must be an integer >= 2; got 1.",
        ),
        (
            lambda: UniformOnSphere().build(1, generator=draws(), rows=None),
            "`n_components` must be an integer >= 2; got 1.",
        ),
        (lambda: WrappedNormal(curvature=0), "`curvature` must be a number > 0; got 0."),
        (lambda: WrappedStandardNormal(curvature=-1), "`curvature` must be a number > 0; got -1."),
        (
            lambda: InverseAutoregressiveFlow(n_layers=0),
            "`n_layers` must be an integer >= 1; got 0.",
        ),
        (
            lambda: InverseAutoregressiveFlow(n_context=0),
            "`n_context` must be an integer >= 1; got 0.",
        ),
        (lambda: InverseAutoregressiveFlow(hidden=()), "`hidden` must be a tuple of layer widths"),
        (lambda: PointMass(1), None),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(make, message):
    if message is None:
        with pytest.raises(TypeError):
            make()
        return
    with pytest.raises(InvalidParameterError) as caught:
        make()
    assert message in str(caught.value)


def test_balls_of_two_curvatures_are_refused():
    posterior = built("wrapped_normal").posterior
    prior = WrappedStandardNormal(curvature=2.0).build(3, generator=draws(), rows=None)
    with pytest.raises(InvalidParameterError, match="the same in the posterior and the prior"):
        posterior.kullback_leibler(prior)
