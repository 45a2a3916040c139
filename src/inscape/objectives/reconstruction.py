"""The autoencoder's objective: how improbable the rows are, and what else is held against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from inscape._checks import describe_part
from inscape.networks import Network, Pass


@dataclass(frozen=True)
class Reconstruction:
    r"""Negative log-likelihood of the rows given their codes, :math:`-\log p(x \mid f(\tilde x))`.

    Parameters
    ----------
    likelihood : Likelihood
        `Gaussian`, `Bernoulli` or `ContinuousBernoulli`.
    penalties : sequence of Penalty
        What is added while training, in mean nats per sample.
    n_samples : int or None
        Rows of the whole training set, of which a penalty of the weights is a share; None takes
        each batch for the whole.
    """

    likelihood: Any
    penalties: Sequence[Any] = ()
    n_samples: int | None = None
    n_conditions: ClassVar[int] = 0

    def watch(self, network: Network, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return codes and squared errors (n_samples, n_features) of rows."""
        codes = network.encode(rows)
        return codes, (self.likelihood.mean(network.decode(codes)) - rows).square()

    def terms(
        self,
        network: Network,
        inputs: Tensor,
        targets: Tensor,
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
        inputs, targets : Tensor, shape (n_samples, n_features)
            What is encoded and what has to come out; they differ when the input is corrupted.
        generator : torch.Generator
            For penalties that sample.
        step : int or None
            Not used: nothing here changes with the steps.
        """
        linear = network.encoder(inputs)
        codes = network.bottleneck(linear)
        outputs = network.decoder(codes)
        nats = self.likelihood.negative_log_likelihood(outputs, targets)
        terms = {"reconstruction": nats.mean()}
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
        )
        for penalty in self.penalties:
            terms[describe_part(penalty)["type"]] = penalty(seen, generator=generator)
        for module in network.bottleneck.modules():
            penalty = getattr(module, "penalty", None)
            if penalty is not None:
                terms["bottleneck"] = penalty(seen, generator=generator)
        return terms
