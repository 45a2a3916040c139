"""The autoencoder's objective: how improbable the rows are, and what else is held against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inscape._parts import name_of
from inscape.networks import BottleneckModule, Examples, Network, Pass, mean_of_rows


@dataclass(frozen=True)
class Reconstruction:
    r"""Negative log-likelihood of the rows given their codes, :math:`-\log p(x \mid f(\tilde x))`.

    Parameters
    ----------
    likelihood : Likelihood
        `Gaussian`, `Bernoulli` or `ContinuousBernoulli`.
    penalties : sequence of Penalty
        What is added while training, in mean nats per sample.
    n_samples : float or None
        Rows of the whole training set, of which a penalty of the weights is a share; None takes
        each batch for the whole.
    factor, constant : float
        What the likelihood's nats are multiplied by, and what is added to them, to be nats of the
        data.
    unit : float
        A unit of what the network works on, in units of the (scaled) data.
    n_steps : int or None
        Steps that the training is planned for, where that is known.
    """

    likelihood: Any
    penalties: Sequence[Any] = ()
    n_samples: float | None = None
    factor: float = 1.0
    constant: float = 0.0
    unit: float = 1.0
    n_steps: int | None = None

    def watch(self, network: Network, examples: Examples) -> tuple[Tensor, Tensor]:
        """Return codes and squared errors (n_samples, n_features) of rows."""
        codes = network.encode(examples.features)
        errors = self.likelihood.mean(network.decode(codes)) - examples.features
        return codes, self.unit**2 * errors.square()

    def losses(self, network: Network, examples: Examples, *, generator: torch.Generator) -> Tensor:
        """Return what each row costs times its weight, before `nats` makes it nats of the data."""
        outputs = network(examples.features)
        nats = self.likelihood.negative_log_likelihood(outputs, examples.features)
        return nats if examples.weights is None else nats * examples.weights

    def nats(self, loss: float) -> float:
        """Return a loss in nats of the data."""
        return self.factor * loss + self.constant

    def in_nats(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Return the terms of a loss, each in nats of the data."""
        told = {name: self.factor * term for name, term in terms.items()}
        return told | {"reconstruction": self.nats(terms["reconstruction"])}

    def terms(
        self,
        network: Network,
        inputs: Tensor,
        examples: Examples,
        *,
        generator: torch.Generator,
        step: int | None = None,
    ) -> dict[str, Tensor]:
        """Return what is minimised as a sum of named terms, each in mean nats per sample.

        Penalties, and what the bottleneck itself asks for, belong to training: in evaluation
        mode the likelihood is the only term.

        Parameters
        ----------
        network : Network
            What is trained.
        inputs : Tensor, shape (n_samples, n_features)
            What is encoded: the rows, or what a corruption made of them.
        examples : Examples
            The rows that have to come out.
        generator : torch.Generator
            For penalties that sample.
        step : int or None
            Not used: nothing here changes with the steps.
        """
        targets = examples.features
        asking = [m for m in network.bottleneck.modules() if isinstance(m, BottleneckModule)]
        if network.training:
            for module in asking:
                module.hold(network)
        linear = network.linear_codes(inputs)
        codes = network.bottleneck(linear)
        outputs = network.decoder(codes)
        nats = self.likelihood.negative_log_likelihood(outputs, targets)
        terms = {"reconstruction": mean_of_rows(nats, examples.weights)}
        if not network.training:
            return terms
        seen = Pass(
            network=network,
            inputs=inputs,
            targets=targets,
            linear=linear,
            codes=codes,
            outputs=outputs,
            likelihood=self.likelihood,
            n_samples=self.n_samples or len(inputs),
            factor=self.factor,
            unit=self.unit,
            n_steps=self.n_steps,
            weights=examples.weights,
        )
        # Prices are in nats of the data, and weigh against a loss that is not.
        for penalty in self.penalties:
            terms[name_of(penalty)] = penalty(seen, generator=generator) / self.factor
        for module in asking:
            terms["bottleneck"] = module.penalty(seen, generator=generator) / self.factor
        return terms
