"""The plain autoencoder's objective: how improbable the rows are under their reconstructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inscape.networks import Network


@dataclass(frozen=True)
class Reconstruction:
    r"""Negative log-likelihood of the rows given their codes, :math:`-\log p(x \mid f(x))`.

    Parameters
    ----------
    likelihood : Likelihood
        `Gaussian`, `Bernoulli` or `ContinuousBernoulli`.
    """

    likelihood: Any

    def terms(
        self, network: Network, inputs: Tensor, targets: Tensor, *, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return what is minimised as a sum of named terms, each in mean nats per sample.

        Parameters
        ----------
        network : Network
            What is trained.
        inputs, targets : Tensor, shape (n_samples, n_features)
            What is encoded and what has to come out; they differ when the input is corrupted.
        generator : torch.Generator
            For objectives that sample; this one does not.
        """
        outputs = network(inputs)
        nats = self.likelihood.negative_log_likelihood(outputs, targets)
        return {"reconstruction": nats.mean()}
