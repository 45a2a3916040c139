"""The penalties of regularised autoencoders: codes near 0, and a decoder that is smooth."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.func import jacrev

from inscape._errors import InvalidParameterError
from inscape._parts import resolve_part
from inscape.networks.network import Network, Pass
from inscape.networks.tied import TiedLinear
from inscape.objectives import (
    PENALTIES,
    Bernoulli,
    DecoderGradient,
    Gaussian,
    L2Activity,
    WeightDecay,
)

NEW = ["l2_activity", "decoder_gradient", "weight_decay(part='decoder')"]


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=draws(seed), dtype=torch.float64)


def built(hidden: nn.Module | None = None) -> Network:
    """Five features and three components; the decoder with a hidden layer of four."""
    decoder = nn.Sequential(nn.Linear(3, 4), hidden or nn.Tanh(), nn.Linear(4, 5))
    network = Network(nn.Linear(5, 3), nn.Tanh(), decoder).double()
    for seed, parameter in enumerate(network.parameters()):
        parameter.data = 0.7 * normal(*parameter.shape, seed=seed)
    return network


def passed(network: Network, rows: Tensor, *, likelihood=None, n_samples=None) -> Pass:
    linear = network.encoder(rows)
    codes = network.bottleneck(linear)
    outputs = network.decoder(codes)
    read_by = likelihood or Gaussian()
    return Pass(network, rows, rows, linear, codes, outputs, read_by, n_samples or len(rows))


def gradients(value: Tensor, network: Network) -> list[Tensor]:
    found = torch.autograd.grad(value, list(network.parameters()), allow_unused=True)
    return [
        torch.zeros_like(p) if g is None else g
        for p, g in zip(network.parameters(), found, strict=True)
    ]


@pytest.mark.parametrize("word", NEW)
def test_watched_without_gradients_it_is_the_same_number(word):
    part, network, rows = resolve_part("penalty", word, PENALTIES), built(), normal(6, 5)
    trained = part(passed(network, rows), generator=draws())
    with torch.no_grad():
        watched = part(passed(network, rows), generator=draws())
    assert trained.requires_grad
    assert not watched.requires_grad
    assert watched.item() == pytest.approx(trained.item(), rel=1e-12)
    assert trained.shape == ()


@pytest.mark.parametrize("part", [L2Activity, DecoderGradient])
def test_the_weight_scales_and_must_not_be_negative(part):
    seen = passed(built(), normal(6, 5))
    single, triple = (part(weight=w)(seen, generator=draws()) for w in (1.0, 3.0))
    torch.testing.assert_close(3 * single, triple)
    with pytest.raises(InvalidParameterError, match="`weight` must be a number >= 0; got -1"):
        part(weight=-1)


def test_l2_is_half_the_mean_of_the_squares():
    network, rows = built(), normal(6, 5)
    wanted = sum(v * v for row in network.encode(rows).tolist() for v in row) / 6
    penalty = L2Activity(weight=0.3)(passed(network, rows), generator=draws())
    assert penalty.item() == pytest.approx(0.15 * wanted)


# --------------------------------------------------------------------------- gradient


@pytest.mark.parametrize("likelihood", [Gaussian(), Bernoulli()])
def test_the_decoders_gradient_is_the_jacobians_norm_on_average(likelihood):
    network, rows = built(), normal(6, 5)
    decode = jacrev(lambda code: likelihood.mean(network.decode(code[None]))[0])
    wanted = sum(decode(code).square().sum() for code in network.encode(rows)) / 6
    part, generator = DecoderGradient(weight=1.0), draws(1)
    # Every row has its own probe, so a thousand copies of the rows are a thousand estimates.
    seen = passed(network, rows.repeat(1000, 1), likelihood=likelihood)
    drawn = torch.stack([part(seen, generator=generator).detach() for _ in range(20)])
    error = drawn.std() / 20**0.5
    assert 0 < error < 0.01 * wanted
    assert abs(drawn.mean() - wanted) < 4 * error
    many = DecoderGradient(weight=1.0, n_directions=20)(seen, generator=draws(2))
    assert abs(many - wanted) < 4 * error


def test_its_gradient_reaches_decoder_and_encoder_and_is_that_of_differences():
    network, rows = built(), normal(4, 5)
    names = [name for name, _ in network.named_parameters()]

    class Watched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self) -> Tensor:
            return DecoderGradient()(passed(self.inner, rows), generator=draws())

    def penalty(*values: Tensor) -> Tensor:
        held = {f"inner.{name}": value for name, value in zip(names, values, strict=True)}
        return torch.func.functional_call(Watched(), held, ())

    values = [p.detach().clone().requires_grad_() for p in network.parameters()]
    assert torch.autograd.gradcheck(penalty, tuple(values))
    found = gradients(DecoderGradient()(passed(network, rows), generator=draws()), network)
    assert found[0].abs().max() > 0
    assert found[2].abs().max() > 0


def test_watching_leaves_buffers_alone():
    network = built(nn.BatchNorm1d(4))
    with torch.no_grad():
        seen = passed(network, normal(6, 5))
        before = copy.deepcopy(network.state_dict())
        DecoderGradient()(seen, generator=draws())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_directions_are_counted():
    with pytest.raises(InvalidParameterError, match="`n_directions` must be an integer >= 1"):
        DecoderGradient(n_directions=0)


# --------------------------------------------------------------------------- weight decay


def test_the_decoders_weights_alone():
    network = built()
    seen = passed(network, normal(6, 5), n_samples=50)
    squares = sum(network.decoder[i].weight.square().sum().item() for i in (0, 2))
    penalty = WeightDecay(0.4, part="decoder")(seen, generator=draws())
    assert penalty.item() == pytest.approx(0.4 / (2 * 50) * squares)
    whole = WeightDecay(0.4)(seen, generator=draws())
    assert whole.item() > penalty.item()


def test_a_tied_decoder_has_no_weights_of_its_own():
    encoder = nn.Linear(5, 3).double()
    network = Network(encoder, nn.Identity(), TiedLinear(encoder).double())
    seen = passed(network, normal(6, 5))
    WeightDecay()(seen, generator=draws())
    with pytest.raises(InvalidParameterError, match="`part` must be 'network' where the decoder"):
        WeightDecay(part="decoder")(seen, generator=draws())
    with pytest.raises(InvalidParameterError, match="one of 'network', 'decoder'; got 'encoder'"):
        WeightDecay(part="encoder")
