"""Parts of somebody else's: one of each family, as a user would write it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from inscape.corruptions import Corruption
from inscape.networks import Architecture, Bottleneck, Initialization, Network
from inscape.objectives import (
    Bound,
    DiagonalGaussian,
    Divergence,
    Likelihood,
    Penalty,
    Posterior,
    Prior,
)
from inscape.training import Optimizer


@dataclass(frozen=True)
class Logistic(Likelihood):
    """Independent logistic features: heavier tails than a Gaussian's."""

    width: float = 0.5

    def negative_log_likelihood(self, outputs, targets):
        z = (targets - outputs) / self.width
        return (z + 2 * nn.functional.softplus(-z) + math.log(self.width)).sum(dim=1)

    def mean(self, outputs):
        return outputs

    def start(self, mean):
        return mean

    @torch.no_grad()
    def sample(self, outputs, *, generator):
        uniform = torch.rand(outputs.shape, dtype=outputs.dtype, generator=generator)
        return outputs + self.width * torch.logit(uniform.clamp(1e-6, 1 - 1e-6))


@dataclass(frozen=True)
class LogCosh(Penalty):
    weight: float = 0.1

    def __call__(self, seen, *, generator):
        return self.weight * torch.log(torch.cosh(seen.codes)).sum(dim=1).mean()


@dataclass(frozen=True)
class Dimming(Corruption):
    factor: float = 0.5

    def __call__(self, rows, *, generator):
        return self.factor * rows


@dataclass(frozen=True)
class Clipped(Bottleneck):
    limit: float = 2.0

    def build(self, n_components, *, generator):
        return nn.Hardtanh(-self.limit, self.limit)


@dataclass(frozen=True)
class Constant(Initialization):
    value: float = 0.05

    def __call__(self, weight, *, generator):
        weight.fill_(self.value)


@dataclass(frozen=True)
class Bent(Architecture):
    width: int = 6

    def build(self, sizes, *, bottleneck, generator, start=None):
        with torch.random.fork_rng(devices=[]):
            torch.random.manual_seed(int(torch.randint(2**31, (), generator=generator)))
            n_in = sizes.n_features
            encoder = nn.Sequential(
                nn.Linear(n_in, self.width), nn.Tanh(), nn.Linear(self.width, sizes.n_code)
            )
            decoder = nn.Linear(sizes.n_components, sizes.n_outputs)
        return Network(encoder, bottleneck, decoder)


@dataclass(frozen=True)
class Plodding(Optimizer):
    dampening: float = 0.0

    def default_learning_rate(self, *, batch_size, n_steps):
        return 0.05

    def build(self, module, *, learning_rate):
        options = {"lr": learning_rate, "momentum": 0.5, "dampening": self.dampening}
        return [torch.optim.SGD(module.parameters(), **options)]


@dataclass(frozen=True)
class Doubled(Posterior):
    """A diagonal Gaussian under another name."""

    def n_code(self, n_components):
        return 2 * n_components

    def build(self, n_components, *, generator):
        return DiagonalGaussian().build(n_components, generator=generator)


class WideModule(nn.Module):
    def __init__(self, n_components: int, scale: float) -> None:
        super().__init__()
        self.n_components, self.scale = n_components, scale

    def log_density(self, codes, network):
        z = codes / self.scale
        return -0.5 * (z.square() + math.log(2 * math.pi * self.scale**2)).sum(dim=-1)

    def sample(self, n, *, generator, network):
        return self.scale * torch.randn(n, self.n_components, generator=generator)


@dataclass(frozen=True)
class Wide(Prior):
    scale: float = 2.0

    def build(self, n_components, *, generator, rows, conditions=None):
        return WideModule(n_components, self.scale)


@dataclass(frozen=True)
class Squared(Divergence):
    weight: float = 0.1

    def __call__(self, seen, *, generator, step):
        return {"squared": self.weight * seen.kullback_leibler.square().mean()}


@dataclass(frozen=True)
class Twice(Bound):
    n_draws: int = 2
    any_divergence = True

    @property
    def total_draws(self):
        return self.n_draws

    def terms(self, batch):
        seen = batch.draw(self.n_draws)
        nats = batch.negative_log_likelihood(seen.codes)
        return {"reconstruction": nats.mean(), **batch.divergence_terms(seen)}


# The option that takes it, in an autoencoder where there is one, else in a variational one.
AUTOENCODER: Mapping[str, Any] = {
    "likelihood": Logistic(width=0.4),
    "penalty": LogCosh(weight=0.2),
    "corruption": Dimming(factor=0.8),
    "bottleneck": Clipped(limit=3.0),
    "network": Bent(width=5),
    "optimizer": Plodding(dampening=0.1),
}
VARIATIONAL: Mapping[str, Any] = {
    "likelihood": Logistic(width=0.4),
    "posterior": Doubled(),
    "prior": Wide(scale=1.5),
    "divergence": Squared(weight=0.3),
    "bound": Twice(n_draws=3),
}
EVERY = {**AUTOENCODER, **VARIATIONAL, "initialization": Constant(value=0.02)}
