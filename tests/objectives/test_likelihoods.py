"""The likelihoods: each against torch.distributions, with what is shared by all rows, and draws."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from torch import Tensor, distributions, nn
from torch.nn.functional import mse_loss

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._parts import describe_part, resolve_part
from inscape.networks import SharedOutputs
from inscape.objectives import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    Gaussian,
    Laplace,
    NegativeBinomial,
    Poisson,
)
from inscape.objectives.likelihoods.support import check_counts

# --------------------------------------------------------------------------- oracles


@dataclass(frozen=True)
class Oracle:
    """A likelihood and the distribution of torch that it must be."""

    part: Any
    torchs: Callable[[Tensor, Tensor], distributions.Distribution]
    # Every value that a feature can have, with the weight of each in a sum over all of them.
    support: Tensor
    weight: float | Tensor = 1.0


def every(start: float, stop: float, step: float) -> dict[str, Any]:
    """The points of the trapezoidal rule, and their weights."""
    points = torch.arange(round((stop - start) / step) + 1, dtype=torch.float64) * step + start
    weights = torch.full_like(points, step)
    weights[[0, -1]] /= 2
    return {"support": points, "weight": weights}


def learned_scale(shared: Tensor) -> Tensor:
    return torch.sqrt(torch.exp(2 * shared) + math.exp(-12))


def by_category(own: Tensor, n_categories: int) -> Tensor:
    return own.view(len(own), n_categories, -1).transpose(1, 2)


REALS = every(-60, 60, 1 / 256)
COUNTS = {"support": torch.arange(1500, dtype=torch.float64)}
UNIT = every(0, 1, 1 / 65536)

ORACLES = {
    "gaussian": Oracle(Gaussian(), lambda o, s: distributions.Normal(o, 1.0), **REALS),
    "gaussian-fixed": Oracle(
        Gaussian(scale=0.25, link="sigmoid"),
        lambda o, s: distributions.Normal(torch.sigmoid(o), 0.25),
        **REALS,
    ),
    "gaussian-learned": Oracle(
        Gaussian(scale="learned"), lambda o, s: distributions.Normal(o, learned_scale(s)), **REALS
    ),
    "gaussian-learned_per_feature": Oracle(
        Gaussian(scale="learned_per_feature", link="sigmoid"),
        lambda o, s: distributions.Normal(torch.sigmoid(o), learned_scale(s)),
        **REALS,
    ),
    "gaussian-optimal": Oracle(
        Gaussian(scale="optimal"), lambda o, s: distributions.Normal(o, learned_scale(s)), **REALS
    ),
    "bernoulli": Oracle(
        Bernoulli(),
        lambda o, s: distributions.Bernoulli(logits=o),
        support=torch.tensor([0.0, 1.0], dtype=torch.float64),
    ),
    "continuous_bernoulli": Oracle(
        ContinuousBernoulli(),
        lambda o, s: distributions.ContinuousBernoulli(logits=o, lims=(0.499, 0.501)),
        **UNIT,
    ),
    "laplace": Oracle(Laplace(), lambda o, s: distributions.Laplace(o, 1.0), **REALS),
    "laplace-fixed": Oracle(
        Laplace(scale=0.5), lambda o, s: distributions.Laplace(o, 0.5), **REALS
    ),
    "laplace-learned": Oracle(
        Laplace(scale="learned"), lambda o, s: distributions.Laplace(o, learned_scale(s)), **REALS
    ),
    "laplace-learned_per_feature": Oracle(
        Laplace(scale="learned_per_feature"),
        lambda o, s: distributions.Laplace(o, learned_scale(s)),
        **REALS,
    ),
    "categorical": Oracle(
        Categorical(),
        lambda o, s: distributions.Categorical(logits=by_category(o, 2)),
        support=torch.arange(2, dtype=torch.float64),
    ),
    "categorical-5": Oracle(
        Categorical(n_categories=5),
        lambda o, s: distributions.Categorical(logits=by_category(o, 5)),
        support=torch.arange(5, dtype=torch.float64),
    ),
    "poisson": Oracle(Poisson(), lambda o, s: distributions.Poisson(torch.exp(o)), **COUNTS),
    "negative_binomial": Oracle(
        NegativeBinomial(),
        lambda o, s: distributions.NegativeBinomial(torch.exp(-s), logits=o + s),
        **COUNTS,
    ),
    "negative_binomial-learned": Oracle(
        NegativeBinomial(dispersion="learned"),
        lambda o, s: distributions.NegativeBinomial(torch.exp(-s), logits=o + s),
        **COUNTS,
    ),
    "negative_binomial-fixed": Oracle(
        NegativeBinomial(dispersion=0.5),
        lambda o, s: distributions.NegativeBinomial(2.0, logits=o + math.log(0.5)),
        **COUNTS,
    ),
}
each_oracle = pytest.mark.parametrize("oracle", ORACLES.values(), ids=list(ORACLES))


def n_shared(part: Any, n_features: int) -> int:
    return part.n_shared(n_features) if hasattr(part, "n_shared") else 0


def outputs_of(
    oracle: Oracle, n_rows: int, n_features: int, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs as `SharedOutputs` gives them, and both of their parts."""
    numbers = torch.Generator().manual_seed(0)
    width = n_features * oracle.part.n_parameters
    own = torch.randn(n_rows, width, generator=numbers, dtype=torch.float64)
    shared = 0.4 * torch.randn(
        n_shared(oracle.part, n_features), generator=numbers, dtype=torch.float64
    )
    outputs = torch.cat([own, shared.expand(n_rows, -1)], dim=1)
    return outputs.to(dtype), own.to(dtype), shared.to(dtype)


def targets_of(oracle: Oracle, n_rows: int, n_features: int) -> Tensor:
    numbers = torch.Generator().manual_seed(1)
    support = oracle.support
    # Neither the far tails nor the same values again and again.
    inside = support[support.abs() < 12]
    picked = torch.randint(len(inside), (n_rows, n_features), generator=numbers)
    return inside[picked]


def test_every_likelihood_has_its_oracle():
    words = {describe_part(oracle.part)["type"] for oracle in ORACLES.values()}
    assert words == set(LIKELIHOODS)
    parts = [oracle.part for oracle in ORACLES.values()]
    for word, likelihood in LIKELIHOODS.items():
        assert likelihood() in parts, word


@each_oracle
def test_nats_are_torchs(oracle):
    outputs, own, shared = outputs_of(oracle, 40, 6)
    targets = targets_of(oracle, 40, 6)
    wanted = -oracle.torchs(own, shared).log_prob(targets).sum(dim=1)
    nats = oracle.part.negative_log_likelihood(outputs, targets)
    assert nats.shape == (40,)
    # torch's own continuous Bernoulli and negative binomial lose some digits.
    torch.testing.assert_close(nats, wanted, rtol=1e-7, atol=1e-6)


@each_oracle
def test_probabilities_sum_to_one_and_give_the_mean(oracle):
    _, own, shared = outputs_of(oracle, 3, 1)
    x = oracle.support[:, None]
    for row in own:
        outputs = torch.cat([row, shared]).expand(len(x), -1)
        nats = oracle.part.negative_log_likelihood(outputs, x)
        p = torch.exp(-nats) * oracle.weight
        assert p.sum().item() == pytest.approx(1, abs=1e-4)
        if isinstance(oracle.part, Categorical):
            continue
        mean = oracle.part.mean(outputs[:1])
        assert mean.shape == (1, 1)
        assert (p * x[:, 0]).sum().item() == pytest.approx(mean.item(), abs=1e-4)


def test_the_most_probable_category_stands_for_the_mean():
    odds = torch.tensor([[[1.0, 0.0], [3.0, 0.5], [2.0, 7.0]]])  # one row, three categories
    likelihood = Categorical(n_categories=3)
    mean = likelihood.mean(odds.flatten(1))
    assert torch.equal(mean, torch.tensor([[1.0, 2.0]]))
    rows = torch.cartesian_prod(torch.arange(3.0), torch.arange(3.0))
    nats = likelihood.negative_log_likelihood(odds.flatten(1).expand(9, -1), rows)
    assert torch.equal(rows[nats.argmin()], mean[0])


# --------------------------------------------------------------------------- numerics


@each_oracle
def test_gradients_are_those_of_differences(oracle):
    outputs, _, _ = outputs_of(oracle, 5, 4)
    targets = targets_of(oracle, 5, 4)
    assert torch.autograd.gradcheck(
        lambda o: oracle.part.negative_log_likelihood(o, targets), outputs.requires_grad_()
    )


@each_oracle
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nats_and_gradients_are_finite_everywhere(oracle, dtype):
    extreme = torch.tensor([0.0, 1e-30, -1e-8, 30.0, -30.0, 80.0, -80.0, 500.0, -500.0])
    largest = 1.0 if oracle.part.unit_interval or isinstance(oracle.part, Categorical) else 1e4
    # Every pair of an own and a shared number.
    for shift in range(len(extreme)):
        own = extreme.repeat(oracle.part.n_parameters)
        if oracle.part.n_parameters > 1:
            own[len(extreme) :] = own[len(extreme) :].roll(shift)
        shared = extreme.roll(shift)[: n_shared(oracle.part, len(extreme))]
        outputs = torch.cat([own, shared])[None].to(dtype).requires_grad_()
        for target in (0.0, 1.0, largest):
            targets = torch.full((1, len(extreme)), target, dtype=dtype)
            nats = oracle.part.negative_log_likelihood(outputs, targets).sum()
            (gradient,) = torch.autograd.grad(nats, outputs)
            assert torch.isfinite(nats), (shift, target)
            assert torch.isfinite(gradient).all(), (shift, target)
        mean = oracle.part.mean(outputs)
        assert mean.shape == targets.shape
        assert torch.isfinite(mean).all()
        # A real feature whose scale is e to the 500 is drawn at infinity, and rightly so.
        given = outputs if oracle.part.counts else outputs.clamp(max=30)
        draw = oracle.part.sample(given, generator=torch.Generator())
        assert torch.isfinite(draw).all()
        assert not oracle.part.counts or draw.min() >= 0


@each_oracle
def test_single_precision_is_near_double(oracle):
    targets = targets_of(oracle, 40, 6)
    exact = oracle.part.negative_log_likelihood(outputs_of(oracle, 40, 6)[0], targets)
    outputs = outputs_of(oracle, 40, 6, torch.float32)[0]
    nats = oracle.part.negative_log_likelihood(outputs, targets.float())
    assert nats.dtype == oracle.part.mean(outputs).dtype == torch.float32
    torch.testing.assert_close(nats.double(), exact, rtol=1e-5, atol=1e-5)


def test_the_rate_goes_on_as_a_line_above_half_a_billion():
    outputs = torch.tensor([[19.999999, 20.0, 20.000001, 21.0, 500.0]], dtype=torch.float64)
    mean = Poisson().mean(outputs.requires_grad_())
    slope = torch.autograd.grad(mean.sum(), outputs)[0] / math.exp(20)
    torch.testing.assert_close(slope, torch.ones_like(slope), rtol=1e-5, atol=0)
    # The nats are those of the rate that `mean` tells, and the squared error is finite too.
    targets = torch.full_like(mean, 1e9)
    wanted = -distributions.Poisson(mean).log_prob(targets).sum(dim=1)
    torch.testing.assert_close(Poisson().negative_log_likelihood(outputs, targets), wanted)
    assert torch.isfinite(mean.float().square()).all()
    # torch's own draws of such rates are below 0.
    far = torch.full((1, 2), 1e12)
    assert Poisson().sample(far, generator=torch.Generator()).min() > 1e17


@pytest.mark.parametrize("r", [1e-7, 1e-3, 0.7, 5.0, 15.999, 16.0, 16.001, 300.0, 1e5, 1e9])
@pytest.mark.parametrize(("dtype", "digits"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
def test_negative_binomial_is_a_product_over_counts(r, dtype, digits):
    # Against the definition: Γ(x + r) / Γ(r) is r (r + 1) ... (r + x - 1).
    likelihood = NegativeBinomial(dispersion=1 / r)
    for x in (0, 1, 2, 7, 60, 900):
        for log_mean in (-3.0, 0.5, 6.0):
            mean, factors = math.exp(log_mean), np.arange(x)
            wanted = r * math.log1p(mean / r) - x * (log_mean - math.log(r + mean))
            wanted -= np.log((r + factors) / (factors + 1)).sum()
            nats = likelihood.negative_log_likelihood(
                torch.tensor([[log_mean]], dtype=dtype), torch.tensor([[float(x)]], dtype=dtype)
            )
            assert nats.item() == pytest.approx(wanted, rel=digits, abs=digits)


@pytest.mark.parametrize("r", [None, 1e-3, 1.0, 37.0, 1e4, 1e8])
@pytest.mark.parametrize("x", [1e3, 1e5, 1e6, 1.6e7])
def test_large_counts_keep_their_digits_in_float32(x, r):
    """In 40 digits: terms of ten million nats leave eight, and float32 holds seven digits."""
    likelihood = Poisson() if r is None else NegativeBinomial(dispersion=1 / r)
    for off in (0.0, 1.0, -3.0, 30.0):
        spread = math.sqrt(1 / x + (1 / r if r else 0))
        output = torch.tensor([[min(math.log(x) + off * spread, 19.0)]], requires_grad=True)
        nats = likelihood.negative_log_likelihood(output, torch.tensor([[x]]))
        (slope,) = torch.autograd.grad(nats, output)
        with mpmath.workdps(40):
            count, log_mean = mpmath.mpf(x), mpmath.mpf(output.item())
            mean = mpmath.exp(log_mean)
            if r is None:
                wanted = mean - count * log_mean + mpmath.loggamma(count + 1)
                wanted_slope = mean - count
            else:
                # The dispersion as float32 holds it.
                shape = mpmath.exp(-mpmath.mpf(torch.log(torch.tensor(1 / r)).item()))
                wanted = (count + shape) * mpmath.log1p(mean / shape)
                wanted -= count * mpmath.log(mean / shape) + mpmath.loggamma(count + shape)
                wanted += mpmath.loggamma(shape) + mpmath.loggamma(count + 1)
                wanted_slope = (mean - count) * shape / (mean + shape)
        # The last digit of log(x), which no form can have, times what it is worth.
        digit = 1.5e-6 * abs(float(wanted_slope))
        assert nats.item() == pytest.approx(float(wanted), rel=2e-5, abs=1e-4 + digit)
        assert slope.item() == pytest.approx(float(wanted_slope), rel=1e-4, abs=3e-6 * x)


def test_negative_binomial_without_dispersion_is_poisson():
    outputs, targets = 3 * torch.randn(2, 30, 4, generator=torch.Generator().manual_seed(0))
    targets = targets.abs().round()
    few = NegativeBinomial(dispersion=1e-14).negative_log_likelihood(outputs, targets)
    torch.testing.assert_close(few, Poisson().negative_log_likelihood(outputs, targets))


@pytest.mark.parametrize("link", ["identity", "sigmoid"])
def test_a_fixed_scale_gives_the_bits_it_always_gave(link):
    outputs, targets = torch.randn(2, 50, 9, generator=torch.Generator().manual_seed(0))
    mean = torch.sigmoid(outputs) if link == "sigmoid" else outputs
    for scale in (1.0, 0.3):
        constant = 0.5 * math.log(2 * math.pi * scale**2) * 9
        squares = mse_loss(mean, targets, reduction="none").sum(dim=1)
        nats = Gaussian(link=link, scale=scale).negative_log_likelihood(outputs, targets)
        assert torch.equal(nats, squares * (0.5 / scale**2) + constant)
    assert Gaussian() == Gaussian(link="identity", scale=1.0)


# --------------------------------------------------------------------------- draws


@each_oracle
def test_draws_have_the_mean_and_the_variance(oracle):
    n = 20_000
    outputs, own, shared = outputs_of(oracle, 1, 3)
    drawn = oracle.part.sample(outputs.expand(n, -1), generator=torch.Generator().manual_seed(2))
    assert drawn.shape == (n, 3)
    torchs = oracle.torchs(own, shared)
    if isinstance(oracle.part, Categorical):
        shares = torch.stack([(drawn == k).double().mean(0) for k in oracle.support], dim=1)
        torch.testing.assert_close(shares, torchs.probs[0], rtol=0, atol=4 * 0.5 / math.sqrt(n))
        return
    error = (torchs.variance[0] / n).sqrt()
    assert ((drawn.mean(0) - torchs.mean[0]).abs() < 4 * error).all()
    torch.testing.assert_close(drawn.var(0), torchs.variance[0], rtol=0.1, atol=0)
    # Features and rows are apart.
    correlation = torch.corrcoef(torch.cat([drawn[1:].T, drawn[:-1].T]))
    assert (correlation - torch.eye(6)).abs().max() < 5 / math.sqrt(n)


@each_oracle
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_come_from_the_generator_alone(oracle, dtype):
    outputs = outputs_of(oracle, 200, 3, dtype)[0].requires_grad_()
    before = torch.get_rng_state()
    generator = torch.Generator().manual_seed(0)
    first, second = (oracle.part.sample(outputs, generator=generator) for _ in range(2))
    again = oracle.part.sample(outputs, generator=torch.Generator().manual_seed(0))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert torch.equal(before, torch.get_rng_state())
    assert first.dtype == dtype
    assert not first.requires_grad
    if oracle.part.counts:
        check_counts(
            first.numpy(), likelihood="", n_categories=getattr(oracle.part, "n_categories", None)
        )
    if oracle.part.unit_interval:
        assert first.min() >= 0
        assert first.max() <= 1


# --------------------------------------------------------------------------- where training starts


@each_oracle
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_start_is_near_the_mean_and_finite_at_the_edges(oracle, dtype):
    mean = torch.tensor([0.0, 0.02, 0.3, 0.7, 0.98, 1.0], dtype=dtype)
    start = oracle.part.start(mean)
    assert start.shape == (oracle.part.n_parameters * len(mean),)
    assert start.dtype == dtype
    assert torch.isfinite(start).all()
    if isinstance(oracle.part, Categorical):
        return
    outputs = torch.cat([start, torch.zeros(n_shared(oracle.part, len(mean)), dtype=dtype)])
    reached = oracle.part.mean(outputs[None])[0]
    # The continuous Bernoulli's start is that of the Bernoulli, on the same side of 1/2.
    near = 0.25 if isinstance(oracle.part, ContinuousBernoulli) else 0.011
    torch.testing.assert_close(reached, mean, rtol=0, atol=near)


@given(st.integers(2, 40), st.floats(0, 1), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_categories_start_from_their_mean_at_no_more_than_equal_odds(k, evenness, seed):
    likelihood, numbers = Categorical(n_categories=k), np.random.default_rng(seed)
    # Shares of the categories from nearly all in one to nearly equal ones.
    shares = torch.from_numpy(numbers.dirichlet(np.full(k, 0.05 + evenness)))
    category = torch.arange(k, dtype=torch.float64)
    mean = (shares * category).sum()
    start = likelihood.start(mean[None])
    probabilities = torch.softmax(start, dim=0)
    clamped = mean.clamp(0.01 * (k - 1), 0.99 * (k - 1))
    torch.testing.assert_close((probabilities * category).sum(), clamped, rtol=1e-6, atol=1e-8)
    each = likelihood.negative_log_likelihood(start.expand(k, -1), category[:, None])
    # Beyond the clamp the mean is not quite the start's.
    assert (shares * each).sum().item() <= math.log(k) + 5 * abs(mean - clamped).item() + 1e-9


def test_two_categories_start_as_bernoulli():
    mean = torch.tensor([0.0, 0.25, 0.5, 0.9], dtype=torch.float64)
    start = Categorical().start(mean).view(2, 4)
    torch.testing.assert_close(start[1] - start[0], Bernoulli().start(mean))


# --------------------------------------------------------------------------- what rows share


def errors_and_outputs(n_rows: int = 30, n_features: int = 5) -> tuple[Tensor, Tensor]:
    numbers = torch.Generator().manual_seed(3)
    own, targets = torch.randn(2, n_rows, n_features, generator=numbers, dtype=torch.float64)
    return torch.cat([own, torch.full((n_rows, 1), 5.0)], dim=1), own + 0.2 * targets


@pytest.mark.parametrize("link", ["identity", "sigmoid"])
def test_the_optimal_scale_is_the_closed_form_and_the_learned_ones_optimum(link):
    outputs, targets = errors_and_outputs()
    optimal, learned = (Gaussian(link=link, scale=s) for s in ("optimal", "learned"))
    square = (optimal.mean(outputs) - targets).square().mean()
    best = optimal.calibration(outputs, targets)
    torch.testing.assert_close(best, 0.5 * square.log()[None])
    each, shared = optimal.calibrated_nats(outputs, targets)
    torch.testing.assert_close(shared, best)
    calibrated = torch.cat([outputs[:, :-1], shared.expand(30, 1)], dim=1)
    torch.testing.assert_close(each, optimal.negative_log_likelihood(calibrated, targets))

    # -log p at its smallest is D/2 (log 2πs² + 1), but for the floor under s², e to the -12.
    nats = optimal.negative_log_likelihood(calibrated, targets).mean()
    assert nats.item() == pytest.approx(
        2.5 * (math.log(2 * math.pi * square) + 1), abs=2.5 * math.exp(-12) / square.item()
    )

    def loss(log_scale: float) -> float:
        given = torch.cat([outputs[:, :-1], torch.full((30, 1), log_scale)], dim=1)
        return learned.negative_log_likelihood(given, targets).mean().item()

    found = minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9})
    # The one that is learned has the floor beneath it, the closed form has it on top.
    floor = math.exp(-12) / square.item()
    assert found.x == pytest.approx(best.item(), abs=floor + 1e-6)
    assert found.fun == pytest.approx(nats.item(), abs=1e-7)


def test_the_best_scale_of_each_feature_is_its_own_error():
    outputs, targets = errors_and_outputs()
    errors = outputs[:, :-1] - targets
    for likelihood, best in (
        (Gaussian(scale="learned_per_feature"), errors.square().mean(0).sqrt()),
        (Laplace(scale="learned_per_feature"), errors.abs().mean(0)),
    ):
        shared = best.log().clone().requires_grad_()
        given = torch.cat([outputs[:, :-1], shared.expand(30, -1)], dim=1)
        nats = likelihood.negative_log_likelihood(given, targets).mean()
        (gradient,) = torch.autograd.grad(nats, shared)
        torch.testing.assert_close(gradient, torch.zeros_like(best), rtol=0, atol=1e-3)


def test_no_gradient_is_lost_where_the_scale_is_the_batchs_own():
    # At its optimum the loss does not change with the scale: only what the errors do counts.
    outputs, targets = errors_and_outputs()
    likelihood = Gaussian(scale="optimal")
    outputs.requires_grad_()
    nats, shared = likelihood.calibrated_nats(outputs, targets)
    held = torch.cat([outputs[:, :-1], shared.detach().expand(30, 1)], dim=1)
    through, around = (
        torch.autograd.grad(each.sum(), outputs)[0]
        for each in (nats, likelihood.negative_log_likelihood(held, targets))
    )
    torch.testing.assert_close(through, around, rtol=1e-3, atol=1e-6)
    assert torch.equal(through[:, -1], torch.zeros(30, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_without_error_have_the_smallest_scale_and_a_gradient(dtype):
    targets = torch.ones(4, 3, dtype=dtype)
    outputs = torch.ones(4, 4, dtype=dtype, requires_grad=True)
    likelihood = Gaussian(scale="optimal")
    nats, _ = likelihood.calibrated_nats(outputs, targets)
    wanted = torch.full((4,), 3 * (-6 + 0.5 * math.log(2 * math.pi)), dtype=dtype)
    torch.testing.assert_close(nats, wanted, rtol=1e-5, atol=1e-4)
    (gradient,) = torch.autograd.grad(nats.sum(), outputs)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("scale", [0.5, "learned", "learned_per_feature"])
def test_only_an_optimal_scale_is_calibrated(scale):
    assert not Gaussian(scale=scale).calibrates
    assert Gaussian(scale="optimal").calibrates


def test_each_option_asks_for_its_shared_numbers():
    for word, wanted in (("learned", 1), ("learned_per_feature", 7), (0.5, 0)):
        for part in (Gaussian(scale=word), Laplace(scale=word), NegativeBinomial(dispersion=word)):
            assert part.n_shared(7) == wanted
            assert torch.equal(part.shared_start(7), torch.zeros(wanted))
    assert Gaussian(scale="optimal").n_shared(7) == 1
    assert torch.equal(Gaussian(scale="optimal").shared_start(7), torch.zeros(1))


@pytest.mark.parametrize(
    ("part", "size"),
    [
        (Gaussian, lambda errors: errors.square().mean(dim=0).sqrt()),
        (Laplace, lambda e: e.abs().mean(dim=0)),
    ],
)
def test_a_learned_scale_starts_from_half_the_spread_around_the_mean_row(part, size):
    rows = torch.tensor([[1.0, 5.0, 2.0], [3.0, 5.0, -2.0]])
    each = torch.exp(part(scale="learned_per_feature").shared_start(3, rows=rows))
    # A feature that never varies starts at the smallest scale.
    torch.testing.assert_close(2 * each, torch.tensor([1.0, math.exp(-6), 2.0]))
    one = torch.exp(part(scale="learned").shared_start(3, rows=rows))
    expected = size((rows - rows.mean(dim=0)).reshape(-1, 1))
    torch.testing.assert_close(2 * one, expected)


@pytest.mark.parametrize("trainable", [True, False])
def test_shared_outputs_are_appended_and_kept_with_the_network(trainable):
    linear, start = nn.Linear(2, 3), torch.tensor([0.5, -1.0])
    decoder = SharedOutputs(linear, start, trainable=trainable)
    codes = torch.rand(4, 2)
    outputs = decoder(codes)
    assert torch.equal(outputs[:, :3], linear(codes))
    assert torch.equal(outputs[:, 3:], start.expand(4, 2))
    assert decoder(codes[None].expand(6, 4, 2)).shape == (6, 4, 5)
    assert ("shared" in dict(decoder.named_parameters())) == trainable

    decoder.load_state_dict({**decoder.state_dict(), "shared": torch.tensor([2.0, 3.0])})
    assert torch.equal(start, torch.tensor([0.5, -1.0]))
    assert decoder(codes)[0, 3:].tolist() == [2.0, 3.0]
    assert decoder.double()(codes.double()).dtype == torch.float64
    decoder(codes.double()).sum().backward()
    assert linear.weight.grad is not None
    assert (decoder.shared.grad is not None) == trainable


def test_a_learned_scale_is_found_by_training():
    numbers = torch.Generator().manual_seed(0)
    scales = torch.tensor([0.1, 0.5, 2.0])
    targets = scales * torch.randn(4000, 3, generator=numbers)
    likelihood = Gaussian(scale="learned_per_feature")
    decoder = SharedOutputs(nn.Identity(), likelihood.shared_start(3))
    optimizer = torch.optim.Adam(decoder.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        outputs = decoder(torch.zeros_like(targets))
        likelihood.negative_log_likelihood(outputs, targets).mean().backward()
        optimizer.step()
    torch.testing.assert_close(decoder.shared.detach().exp(), scales, rtol=0.05, atol=0)
    sampled = likelihood.sample(decoder(torch.zeros_like(targets)), generator=numbers)
    torch.testing.assert_close(sampled.std(dim=0), scales, rtol=0.06, atol=0)


# --------------------------------------------------------------------------- what cannot hold


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Gaussian(scale="learnd"), "`scale` must be one of .* Did you mean 'learned'"),
        (lambda: Gaussian(scale=-1.0), "`scale` must be a number > 0; got -1.0"),
        (lambda: Laplace(scale="optimal"), "`scale` must be one of 'learned', .*; got 'optimal'"),
        (lambda: Laplace(scale=None), "`scale` must be a number > 0; got None"),
        (lambda: NegativeBinomial(dispersion=0), "`dispersion` must be a number > 0; got 0"),
        (lambda: NegativeBinomial(dispersion="optimal"), "`dispersion` must be one of"),
        (lambda: Categorical(n_categories=1), "`n_categories` must be an integer >= 2; got 1"),
    ],
)
def test_options_that_cannot_hold_are_refused(build, message):
    with pytest.raises(InvalidParameterError, match=message):
        build()


@pytest.mark.parametrize(
    ("part", "width", "message"),
    [
        (Gaussian(scale="learned"), 2, r"2 outputs and 1 shared ones .* got 2 in all: wrap it in"),
        (Gaussian(scale="optimal"), 2, "got 2 in all"),
        (Laplace(scale="learned_per_feature"), 3, "2 outputs and 2 shared ones .* got 3 in all"),
        (NegativeBinomial(), 2, "SharedOutputs"),
    ],
)
def test_a_decoder_without_the_shared_outputs_is_refused(part, width, message):
    with pytest.raises(InvalidParameterError, match=message):
        part.negative_log_likelihood(torch.zeros(3, width), torch.zeros(3, 2))


@pytest.mark.parametrize(
    ("value", "n_categories", "message"),
    [
        (-1.0, None, r"whole numbers >= 0 for the Poisson likelihood; got -1 at row 2, column 1: "),
        (0.5, None, r"got 0.5 at row 2, column 1: give counts without a scaler, or use"),
        (3.0, 3, r"from 0 to n_categories - 1 = 2 for .*; got 3 at row 2, column 1: give categ"),
        (-1.0, 3, r"got -1 at row 2, column 1"),
    ],
)
def test_rows_that_are_no_counts_are_located(value, n_categories, message):
    X = np.ones((4, 3))
    X[2, 1] = value
    with pytest.raises(InvalidDataError, match=message):
        check_counts(X, likelihood="Poisson", n_categories=n_categories)


@given(arrays(np.float32, (3, 2), elements=st.integers(0, 2**24).map(float)))
@settings(max_examples=30, deadline=None)
def test_whole_numbers_are_counts(X):
    check_counts(X, likelihood="Poisson")
    check_counts(X, likelihood="Categorical", n_categories=int(X.max()) + 1)


@each_oracle
def test_a_likelihood_with_options_comes_back_from_json(oracle):
    described = json.loads(json.dumps(describe_part(oracle.part)))
    assert resolve_part("likelihood", described, LIKELIHOODS) == oracle.part
    assert type(oracle.part).counts in (True, False)
