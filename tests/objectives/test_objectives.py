"""The room `objectives`: every likelihood against torch.distributions, in nats."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributions

from inscape._errors import InvalidParameterError
from inscape.networks import Dense, Examples, Sizes
from inscape.objectives import (
    LIKELIHOODS,
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    Reconstruction,
)

# Those of real features; test_likelihoods.py asks the same of those of counts.
REAL = [word for word, part in LIKELIHOODS.items() if not part.counts]

GRID = torch.cat(
    [
        torch.linspace(-30, 30, 241, dtype=torch.float64),
        torch.linspace(-0.2, 0.2, 161, dtype=torch.float64),
        torch.tensor([0.0, 1e-12, -1e-12, 1e-6, -1e-6, 0.1, -0.1], dtype=torch.float64),
    ]
)


def outputs_and_targets(n_rows: int = 50, n_columns: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.Generator().manual_seed(0)
    outputs = 3 * torch.randn(n_rows, n_columns, generator=numbers, dtype=torch.float64)
    return outputs, torch.rand(n_rows, n_columns, generator=numbers, dtype=torch.float64)


def exact_continuous_bernoulli(logits: torch.Tensor) -> distributions.ContinuousBernoulli:
    # The limits in which torch takes its own series, narrowed to where the series is exact.
    return distributions.ContinuousBernoulli(logits=logits, lims=(0.499, 0.501))


# --------------------------------------------------------------------------- second library


@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize("link", ["identity", "sigmoid"])
def test_gaussian_is_torchs_normal(link, scale):
    outputs, targets = outputs_and_targets()
    mean = outputs if link == "identity" else 1 / (1 + torch.exp(-outputs))
    likelihood = Gaussian(link=link, scale=scale)
    wanted = -distributions.Normal(mean, scale).log_prob(targets).sum(dim=1)
    torch.testing.assert_close(likelihood.negative_log_likelihood(outputs, targets), wanted)
    torch.testing.assert_close(likelihood.mean(outputs), mean)


def test_bernoulli_is_torchs_on_binary_features():
    outputs, targets = outputs_and_targets()
    binary, torchs = targets.round(), distributions.Bernoulli(logits=outputs)
    wanted = -torchs.log_prob(binary).sum(dim=1)
    torch.testing.assert_close(Bernoulli().negative_log_likelihood(outputs, binary), wanted)
    torch.testing.assert_close(Bernoulli().mean(outputs), torchs.mean)


def test_bernoulli_is_the_cross_entropy_of_grey_features():
    outputs, targets = outputs_and_targets()
    p = 1 / (1 + np.exp(-outputs.numpy()))
    wanted = -(targets.numpy() * np.log(p) + (1 - targets.numpy()) * np.log(1 - p)).sum(axis=1)
    nats = Bernoulli().negative_log_likelihood(outputs, targets)
    np.testing.assert_allclose(nats.numpy(), wanted, rtol=1e-10)


def test_continuous_bernoulli_is_torchs():
    outputs, targets = outputs_and_targets()
    torchs = exact_continuous_bernoulli(outputs)
    wanted = -torchs.log_prob(targets).sum(dim=1)
    nats = ContinuousBernoulli().negative_log_likelihood(outputs, targets)
    torch.testing.assert_close(nats, wanted, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ContinuousBernoulli().mean(outputs), torchs.mean, rtol=1e-6, atol=0)


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_continuous_bernoulli_is_a_density_of_its_mean(target):
    # Against brute-force integrals over [0, 1], logit by logit, through the series' edges.
    x = torch.linspace(0, 1, 200_001, dtype=torch.float64)
    for logit in [-30.0, -4.0, -0.11, -0.1, -0.09, -1e-6, 0.0, 1e-3, 0.0999, 0.1001, 2.0, 25.0]:
        o = torch.tensor([[logit]], dtype=torch.float64)
        weight = torch.exp(logit * x - max(logit, 0.0))
        total = torch.trapezoid(weight, x)
        mean = torch.trapezoid(x * weight, x) / total
        log_density = logit * target - max(logit, 0.0) - torch.log(total)
        likelihood = ContinuousBernoulli()
        nats = likelihood.negative_log_likelihood(o, torch.full_like(o, target))
        assert nats.item() == pytest.approx(-log_density.item(), rel=1e-8, abs=1e-8)
        assert likelihood.mean(o).item() == pytest.approx(mean.item(), rel=1e-8)


# --------------------------------------------------------------------------- every likelihood


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("word", REAL)
def test_nats_and_gradients_are_finite_everywhere(word, dtype):
    extreme = [0.0, 1e-30, -1e-30, 1e-8, 0.1, -0.1, 30.0, -30.0, 80.0, -80.0, 500.0, -500.0]
    for target in (0.0, 0.5, 1.0):
        outputs = torch.tensor([extreme], dtype=dtype, requires_grad=True)
        targets = torch.full_like(outputs, target)
        nats = LIKELIHOODS[word]().negative_log_likelihood(outputs, targets).sum()
        (gradient,) = torch.autograd.grad(nats, outputs)
        assert torch.isfinite(nats)
        assert torch.isfinite(gradient).all()
        assert torch.isfinite(LIKELIHOODS[word]().mean(outputs)).all()


@pytest.mark.parametrize("word", REAL)
def test_gradients_are_those_of_differences(word):
    likelihood = LIKELIHOODS[word]()
    # Away from ±0.1, where the two branches of the continuous Bernoulli meet.
    points = torch.tensor([[-6.0, -0.5, -0.05, 0.0, 0.01, 0.3, 2.0, 6.0]], dtype=torch.float64)
    targets = torch.linspace(0, 1, 8, dtype=torch.float64)[None]
    assert torch.autograd.gradcheck(
        lambda o: likelihood.negative_log_likelihood(o, targets), points.requires_grad_()
    )


@pytest.mark.parametrize("word", REAL)
def test_the_mean_grows_with_the_output_and_stays_where_it_must(word):
    likelihood = LIKELIHOODS[word]()
    mean = likelihood.mean(GRID.sort().values[None])[0]
    assert (mean.diff() >= -1e-9).all()
    if likelihood.unit_interval:
        assert mean.min() >= 0
        assert mean.max() <= 1


@pytest.mark.parametrize("word", REAL)
def test_features_are_independent_and_rows_apart(word):
    outputs, targets = outputs_and_targets(n_rows=4, n_columns=3)
    nats = LIKELIHOODS[word]().negative_log_likelihood(outputs, targets)
    assert nats.shape == (4,)
    single = [
        LIKELIHOODS[word]().negative_log_likelihood(
            outputs[i, j].view(1, 1), targets[i, j].view(1, 1)
        )
        for i in range(4)
        for j in range(3)
    ]
    torch.testing.assert_close(nats, torch.cat(single).view(4, 3).sum(dim=1))


@given(value=st.floats(0.0101, 0.9899))
@settings(max_examples=50, deadline=None)
def test_start_is_the_inverse_of_the_mean(value):
    mean = torch.tensor([[value]], dtype=torch.float64)
    for likelihood in (Gaussian(), Gaussian(link="sigmoid"), Bernoulli()):
        torch.testing.assert_close(likelihood.mean(likelihood.start(mean)), mean)


@pytest.mark.parametrize("word", REAL)
def test_start_is_finite_at_the_edges_and_on_the_right_side(word):
    likelihood = LIKELIHOODS[word]()
    start = likelihood.start(torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0]))
    assert torch.isfinite(start).all()
    mean = likelihood.mean(start)
    assert (mean.diff() > 0).all()
    assert mean[2].item() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0}, "`scale` must be a number > 0; got 0"),
        ({"scale": math.inf}, "`scale` must be a number > 0; got inf"),
        ({"link": "sigmod"}, "`link` must be one of .* Did you mean 'sigmoid'"),
    ],
)
def test_gaussian_refuses_what_cannot_hold(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        Gaussian(**options)


@pytest.mark.parametrize("word", REAL)
def test_reconstruction_is_the_mean_of_nats_per_sample(word):
    likelihood, generator = LIKELIHOODS[word](), torch.Generator().manual_seed(0)
    network = Dense(hidden=(4,)).build(
        Sizes(n_features=6, n_code=2, n_components=2, n_outputs=6),
        bottleneck=torch.nn.Identity(),
        generator=generator,
    )
    inputs, targets = torch.rand(2, 5, 6, generator=generator)
    before = generator.get_state()
    terms = Reconstruction(likelihood).terms(
        network, inputs, Examples(targets), generator=generator
    )
    rows = [
        likelihood.negative_log_likelihood(network(x[None]), t[None])
        for x, t in zip(inputs, targets, strict=True)
    ]
    assert sum(terms.values()).item() == pytest.approx(sum(rows).item() / 5, rel=1e-5)
    assert torch.equal(generator.get_state(), before)
