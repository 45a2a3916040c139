"""The variational objective: likelihood + divergence + bound, over codes that are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inscape.networks import Examples, Network
from inscape.objectives.latent_pass import LatentPass

# Parts of the rows whose losses are told apart.
_PARTS = 32


@dataclass(frozen=True)
class Variational:
    r"""How improbable rows are under codes drawn from their posteriors, and what the codes cost.

    .. math:: -\mathbb{E}_{q(z \mid \tilde x)} \log p(x \mid z) + D(q, p)

    Parameters
    ----------
    likelihood : Likelihood
        Of the rows given the decoder's outputs.
    divergence : Divergence
        What is held against codes that stray from the prior.
    bound : Bound
        How draws become one number.
    n_samples : float or None
        Rows of the whole training set; None takes each batch for the whole.
    constant : float
        What is added to nats to be nats of the data.
    unit : float
        A unit of what the network works on, in units of the (scaled) data.
    """

    likelihood: Any
    divergence: Any
    bound: Any
    n_samples: float | None = None
    constant: float = 0.0
    unit: float = 1.0

    def terms(
        self,
        network: Network,
        inputs: Tensor,
        examples: Examples,
        *,
        generator: torch.Generator,
        step: int | None = None,
    ) -> dict[str, Tensor]:
        """Return the terms that are summed, each in mean nats per sample.

        In evaluation mode the draws are the same at every call, and take nothing from `generator`:
        a training that is watched more often ends with the same weights.

        Parameters
        ----------
        network : Network
            With the modules `prior` and `critic`.
        inputs : Tensor, shape (n_samples, n_features)
            What is encoded: the rows, or what a corruption made of them.
        examples : Examples
            The rows that have to come out, and what encoder and decoder are told.
        generator : torch.Generator
            Where the codes are drawn from.
        step : int or None
            Steps done, which schedules go by; None is after training.
        """
        if not network.training:
            generator = torch.Generator().manual_seed(0)
        batch = Batch(
            network=network,
            inputs=inputs,
            features=examples.features,
            conditions=examples.conditions,
            likelihood=self.likelihood,
            divergence=self.divergence,
            n_samples=self.n_samples or len(inputs),
            generator=generator,
            step=step,
            weights=examples.weights,
        )
        return self.bound.terms(batch)

    def watch(self, network: Network, examples: Examples) -> tuple[Tensor, Tensor]:
        """Return codes and squared errors (n_samples, n_features) of rows, by posterior means."""
        codes = network.encode(examples.features, examples.conditions)
        outputs = network.decode(codes, examples.conditions)
        errors = self.likelihood.mean(outputs) - examples.features
        return codes, self.unit**2 * errors.square()

    def losses(self, network: Network, examples: Examples, *, generator: torch.Generator) -> Tensor:
        """Return what some rows cost, and the next ones, and so on, at most 32 in all."""
        size = -(-len(examples) // _PARTS)
        found = [
            sum(self.terms(network, some.features, some, generator=generator).values())
            for some in examples.split(size)
        ]
        return torch.stack([torch.as_tensor(loss) for loss in found])

    def nats(self, loss: float) -> float:
        """Return a loss in nats of the data."""
        return loss + self.constant

    def in_nats(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Return the terms of a loss, each in nats of the data."""
        return {**terms, "reconstruction": self.nats(terms["reconstruction"])}


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of rows, and what a bound may ask of it.

    Parameters
    ----------
    network : Network
        What is trained.
    inputs : Tensor, shape (n, n_features)
        What is encoded.
    features : Tensor, shape (n, n_features)
        What has to come out.
    conditions : Tensor or None, shape (n, n_conditions)
        What encoder and decoder are told besides.
    likelihood, divergence
        The objective's parts.
    n_samples : float
        Rows of the whole training set.
    generator : torch.Generator
        Where codes are drawn from.
    step : int or None
        Steps done.
    weights : Tensor or None, shape (n,)
        What each row counts, 1 on average over the training set; None is 1 each.
    """

    network: Network
    inputs: Tensor
    features: Tensor
    conditions: Tensor | None
    likelihood: Any
    divergence: Any
    n_samples: float
    generator: torch.Generator
    step: int | None
    weights: Tensor | None = None

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of values (..., n) over draws and rows, each row times its weight."""
        return (values if self.weights is None else values * self.weights).mean()

    def draw(self, n_draws: int) -> LatentPass:
        """Return `n_draws` codes for each row."""
        encoded = self.network.linear_codes(self.inputs, self.conditions)
        posterior = self.network.bottleneck.distribution(encoded)
        codes, log_posterior = posterior.draw(n_draws, generator=self.generator)
        return LatentPass(
            self.network, posterior, codes, log_posterior, self.n_samples, self.weights
        )

    def draw_alike(self, n_draws: int, *, seed: int) -> LatentPass:
        """Return `n_draws` codes for each row, each drawn from the same seed.

        What is drawn for a row then hangs on that row alone, and not on those that come with it.
        """
        encoded = self.network.linear_codes(self.inputs, self.conditions)
        generator = torch.Generator()
        drawn = [
            self.network.bottleneck.distribution(row).draw(
                n_draws, generator=generator.manual_seed(seed)
            )
            for row in encoded.split(1)
        ]
        codes, log_posterior = (torch.cat(found, dim=1) for found in zip(*drawn, strict=True))
        posterior = self.network.bottleneck.distribution(encoded)
        return LatentPass(
            self.network, posterior, codes, log_posterior, self.n_samples, self.weights
        )

    def divergence_terms(self, seen: LatentPass) -> dict[str, Tensor]:
        """Return what the divergence holds against the codes."""
        return self.divergence(seen, generator=self.generator, step=self.step)

    def negative_log_likelihood(self, codes: Tensor) -> Tensor:
        """Return nats (k, n) of the rows given codes (k, n, n_components)."""
        n_draws, n = codes.shape[:2]
        told = None if self.conditions is None else self.conditions.repeat(n_draws, 1)
        outputs = self.network.decode(codes.flatten(0, 1), told)
        targets = self.features.repeat(n_draws, 1) if n_draws > 1 else self.features
        if self.network.training and self.likelihood.calibrates:
            nats, shared = self.likelihood.calibrated_nats(outputs, targets)
            # What is watched or held out between two steps is judged by the scale of the last.
            decoder: Any = self.network.decoder
            decoder.shared.copy_(shared.detach())
            return nats.view(n_draws, n)
        return self.likelihood.negative_log_likelihood(outputs, targets).view(n_draws, n)

    def log_weights(self, seen: LatentPass, nats: Tensor) -> Tensor:
        r"""Return :math:`\log p(x, z) - \log q(z \mid x)`, (k, n)."""
        return seen.log_prior - seen.log_posterior - nats
