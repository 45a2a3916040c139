"""The room `objectives`: penalties against brute force, closed forms and torch.distributions."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, distributions, nn
from torch.func import functional_call, jacrev

from inscape._errors import InvalidParameterError
from inscape.networks import ACTIVATIONS, activation
from inscape.networks.network import Network, Pass
from inscape.networks.top_k import BatchTopK
from inscape.objectives import Gaussian
from inscape.objectives.penalties.contractive import Contractive
from inscape.objectives.penalties.kullback_leibler_sparsity import KullbackLeiblerSparsity
from inscape.objectives.penalties.l1_activity import L1Activity
from inscape.objectives.penalties.weight_decay import WeightDecay

PENALTIES: list[Any] = [L1Activity, KullbackLeiblerSparsity, Contractive, WeightDecay]


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=draws(seed), dtype=torch.float64)


def build(bottleneck: nn.Module, *, hidden: nn.Module | None = None) -> Network:
    """Five features; three components, behind `hidden` of width 4 where it is given."""
    encoder = (
        nn.Sequential(nn.Linear(5, 3))
        if hidden is None
        else nn.Sequential(nn.Linear(5, 4), hidden, nn.Linear(4, 3))
    )
    network = Network(encoder, bottleneck, nn.Linear(3, 5)).double()
    for seed, parameter in enumerate(network.parameters()):
        if parameter.numel() > 1:
            parameter.data = 0.7 * normal(*parameter.shape, seed=seed)
    return network


def passed(network: Network, rows: Tensor, *, n_samples: int | None = None) -> Pass:
    linear = network.encoder(rows)
    codes = network.bottleneck(linear)
    outputs = network.decoder(codes)
    return Pass(network, rows, rows, linear, codes, outputs, Gaussian(), n_samples or len(rows))


def frobenius(network: Network, rows: Tensor) -> Tensor:
    """The mean squared norm of each row's Jacobian, entry by entry."""
    encode = jacrev(lambda row: network.encode(row[None])[0])
    return sum(encode(row).square().sum() for row in rows) / len(rows)


def gradients(value: Tensor, network: Network) -> list[Tensor]:
    parameters = list(network.parameters())
    found = torch.autograd.grad(value, parameters, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)]


# --------------------------------------------------------------------------- every penalty


@pytest.mark.parametrize("part", PENALTIES)
def test_the_weight_scales_and_must_not_be_negative(part):
    seen = passed(build(nn.Sigmoid()), normal(6, 5))
    single, triple = (part(weight=w)(seen, generator=draws()) for w in (1.0, 3.0))
    assert single.shape == ()
    assert single > 0
    torch.testing.assert_close(3 * single, triple)
    with pytest.raises(InvalidParameterError, match="`weight` must be a number >= 0; got -1"):
        part(weight=-1)


@pytest.mark.parametrize("hidden", [None, nn.Tanh()])
@pytest.mark.parametrize("part", PENALTIES)
def test_watched_without_gradients_it_is_the_same_number(part, hidden):
    network, rows = build(nn.Sigmoid(), hidden=hidden), normal(6, 5)
    trained = part()(passed(network, rows), generator=draws())
    with torch.no_grad():
        watched = part()(passed(network, rows), generator=draws())
    assert not watched.requires_grad
    assert watched.item() == trained.item()
    assert trained.requires_grad


# --------------------------------------------------------------------------- codes


def test_l1_is_the_mean_of_the_sums():
    network, rows = build(nn.Tanh()), normal(6, 5)
    wanted = sum(abs(v) for row in network.encode(rows).tolist() for v in row) / 6
    penalty = L1Activity(weight=0.2)(passed(network, rows), generator=draws())
    assert penalty.item() == pytest.approx(0.2 * wanted)


@pytest.mark.parametrize("target", [0.05, 0.5, 0.9])
def test_sparsity_is_torchs_divergence_of_bernoullis(target):
    network, rows = build(nn.Sigmoid()), normal(6, 5)
    penalty = KullbackLeiblerSparsity(0.3, target=target)(passed(network, rows), generator=draws())
    wanted = distributions.kl_divergence(
        distributions.Bernoulli(torch.tensor(target, dtype=torch.float64)),
        distributions.Bernoulli(network.encode(rows).mean(dim=0)),
    ).sum()
    torch.testing.assert_close(penalty, 0.3 * wanted)
    for ours, torchs in zip(
        gradients(penalty, network), gradients(0.3 * wanted, network), strict=True
    ):
        torch.testing.assert_close(ours, torchs)


def test_sparsity_is_zero_at_its_target_and_finite_at_the_ends():
    network = build(nn.Identity())
    for value, low, high in [(0.05, 0.0, 1e-12), (0.0, 0.3, 200.0), (1.0, 30.0, 200.0)]:
        seen = passed(network, normal(6, 5))
        object.__setattr__(
            seen, "codes", torch.full((6, 3), value, dtype=torch.float64, requires_grad=True)
        )
        penalty = KullbackLeiblerSparsity(1.0)(seen, generator=draws())
        assert low - 1e-6 <= penalty.item() <= high
        assert torch.isfinite(torch.autograd.grad(penalty, seen.codes)[0]).all()


@pytest.mark.parametrize("word", ["identity", "tanh"])
def test_sparsity_refuses_codes_that_are_no_probabilities(word):
    seen = passed(build(activation(word)), 5 * normal(6, 5))
    with pytest.raises(InvalidParameterError, match=r"must have codes in \[0, 1\]; got .*sigmoid"):
        KullbackLeiblerSparsity()(seen, generator=draws())


@pytest.mark.parametrize("target", [0, 1, 1.5])
def test_sparsitys_target_is_a_share(target):
    with pytest.raises(InvalidParameterError, match="`target` must be a number > 0 and < 1"):
        KullbackLeiblerSparsity(target=target)


# --------------------------------------------------------------------------- contractive


@pytest.mark.parametrize("n_directions", [1, 3])
@pytest.mark.parametrize("word", ACTIVATIONS)
def test_contractive_is_exact_for_one_matrix(word, n_directions):
    network, rows = build(activation(word)), normal(6, 5)
    part = Contractive(weight=1.0, n_directions=n_directions)
    penalty, wanted = part(passed(network, rows), generator=draws()), frobenius(network, rows)
    torch.testing.assert_close(penalty, wanted)
    for ours, brute in zip(gradients(penalty, network), gradients(wanted, network), strict=True):
        torch.testing.assert_close(ours, brute)


@pytest.mark.parametrize("n_directions", [3, 7])
def test_contractive_is_exact_with_as_many_directions_as_components(n_directions):
    network, rows = build(nn.Sigmoid(), hidden=nn.Tanh()), normal(6, 5)
    part = Contractive(weight=1.0, n_directions=n_directions)
    penalty, wanted = part(passed(network, rows), generator=draws()), frobenius(network, rows)
    torch.testing.assert_close(penalty, wanted)
    for ours, brute in zip(gradients(penalty, network), gradients(wanted, network), strict=True):
        torch.testing.assert_close(ours, brute)


def test_contractives_estimate_is_unbiased():
    network, rows = build(nn.Sigmoid(), hidden=nn.Tanh()), normal(6, 5)
    part, generator = Contractive(weight=1.0, n_directions=1), draws(1)
    # Every row has its own probe, so a thousand copies of the rows are a thousand estimates.
    seen = passed(network, rows.repeat(1000, 1))
    drawn = torch.stack([part(seen, generator=generator).detach() for _ in range(20)])
    standard_error, wanted = drawn.std() / 20**0.5, frobenius(network, rows)
    assert 0 < standard_error < 0.01 * wanted
    assert abs(drawn.mean() - wanted) < 4 * standard_error


@pytest.mark.parametrize("n_directions", [1, 3])
def test_with_batch_normalisation_the_whole_batchs_derivatives_count(n_directions):
    network = build(nn.Sigmoid(), hidden=nn.BatchNorm1d(4))
    rows = normal(6, 5)
    seen, part = passed(network, rows), Contractive(weight=1.0, n_directions=n_directions)
    before, generator = copy.deepcopy(network.state_dict()), draws(1)
    drawn = torch.stack([part(seen, generator=generator).detach() for _ in range(400)])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())

    def codes(inputs: Tensor) -> Tensor:
        copies = {name: value.clone() for name, value in network.encoder.named_buffers()}
        return network.bottleneck(functional_call(network.encoder, copies, (inputs,)))

    wanted = torch.autograd.functional.jacobian(codes, rows).square().sum() / 6
    assert 0 < drawn.std() < wanted
    assert abs(drawn.mean() - wanted) < 4 * drawn.std() / 400**0.5
    # In use the rows are apart again.
    network.eval()
    exact = Contractive(weight=1.0, n_directions=3)(passed(network, rows), generator=draws())
    torch.testing.assert_close(exact, frobenius(network, rows))


def test_contractive_leaves_a_bottlenecks_buffers_alone():
    network = build(BatchTopK(k=1).build(3, generator=draws()))
    seen = passed(network, normal(6, 5))
    before = copy.deepcopy(network.state_dict())
    penalty = Contractive(weight=1.0)(seen, generator=draws())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    kept = (seen.codes > 0).double()
    wanted = (kept @ network.encoder[0].weight.square().sum(dim=1)).mean()
    torch.testing.assert_close(penalty, wanted)


def test_contractives_directions_are_counted():
    with pytest.raises(InvalidParameterError, match="`n_directions` must be an integer >= 1"):
        Contractive(n_directions=0)


# --------------------------------------------------------------------------- weight decay


def test_weight_decay_counts_matrices_and_no_bias():
    network = build(nn.PReLU(3), hidden=nn.BatchNorm1d(4))
    seen = passed(network, normal(6, 5), n_samples=50)
    matrices = [network.encoder[0].weight, network.encoder[2].weight, network.decoder.weight]
    wanted = 0.4 / (2 * 50) * sum(float((W.detach().numpy() ** 2).sum()) for W in matrices)
    penalty = WeightDecay(0.4)(seen, generator=draws())
    assert penalty.item() == pytest.approx(wanted)


def test_weight_decays_total_is_half_of_kunins_and_flat_at_their_optimum():
    n, d, p, decay = 40, 5, 3, 7.0
    X = normal(n, d) * torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5], dtype=torch.float64)
    X = X - X.mean(dim=0)
    _, sigma, directions = torch.linalg.svd(X, full_matrices=False)
    assert sigma[p - 1] ** 2 > decay
    rotation = torch.linalg.qr(normal(p, p)).Q
    W1 = rotation @ torch.diag((1 - decay / sigma[:p] ** 2).sqrt()) @ directions[:p]
    network = Network(nn.Linear(d, p), nn.Identity(), nn.Linear(p, d)).double()
    with torch.no_grad():
        network.encoder.weight.copy_(W1)
        network.decoder.weight.copy_(W1.T)
        network.encoder.bias.zero_()
        network.decoder.bias.zero_()
    total = torch.zeros((), dtype=torch.float64)
    for batch in X.split(10):
        seen = passed(network, batch, n_samples=n)
        nats = seen.likelihood.negative_log_likelihood(seen.outputs, batch).mean()
        total = total + 10 * (nats + WeightDecay(decay)(seen, generator=draws()))
    for gradient in gradients(total, network):
        assert gradient.abs().max() < 1e-10
    constant = 0.5 * n * d * torch.log(torch.tensor(2 * torch.pi, dtype=torch.float64))
    kunin = (X - X @ W1.T @ W1).square().sum() + decay * 2 * W1.square().sum()
    torch.testing.assert_close(total - constant, kunin / 2)
