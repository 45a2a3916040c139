"""The prior that is a learned mixture of Gaussians."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inscape._checks import check_array, check_generator, check_integer
from inscape._typing import FloatArray
from inscape.objectives.priors.prior import Prior


@dataclass(frozen=True)
class MixtureOfGaussians(Prior):
    r"""A weighted sum of diagonal Gaussians; weights, means and variances are learned.

    .. math:: p(z) = \sum_k \pi_k \, \mathcal{N}(z;\, m_k, \text{diag}\, s_k^2)

    It starts with even weights, means drawn from :math:`\mathcal{N}(0, \tfrac{1}{2})` and
    variances of :math:`\tfrac{1}{2}`: about as wide as a standard normal. Source: the "MoG" prior
    of Tomczak and Welling 2018, arXiv 1705.07120.

    Parameters
    ----------
    n_mixture_components : int
        Gaussians in the mixture.

    Examples
    --------
    >>> part = MixtureOfGaussians(n_mixture_components=3)
    >>> module = part.build(2, generator=torch.Generator().manual_seed(0), rows=None)
    >>> module.sample(5, generator=torch.Generator().manual_seed(1), network=None).shape
    torch.Size([5, 2])
    """

    n_mixture_components: int = 10

    def __post_init__(self) -> None:
        check_integer("n_mixture_components", self.n_mixture_components, minimum=1)

    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> MixtureOfGaussiansModule:
        """Return the module, its means drawn from `generator`."""
        means = torch.randn(self.n_mixture_components, n_components, generator=generator)
        variances = torch.full_like(means, 0.5)
        return MixtureOfGaussiansModule(
            math.sqrt(0.5) * means, variances.log(), torch.zeros(self.n_mixture_components)
        )


class MixtureOfGaussiansModule(nn.Module):
    """The module of `MixtureOfGaussians`.

    Parameters
    ----------
    means, log_variances : Tensor, shape (n_mixture_components, n_components)
        Of each Gaussian.
    logits : Tensor, shape (n_mixture_components,)
        The weights are their softmax.
    """

    def __init__(self, means: Tensor, log_variances: Tensor, logits: Tensor) -> None:
        super().__init__()
        self.means = nn.Parameter(means)
        self.log_variances = nn.Parameter(log_variances)
        self.logits = nn.Parameter(logits)

    @classmethod
    def fitted(
        cls, codes: FloatArray, *, n_mixture_components: int, random_state: Any
    ) -> MixtureOfGaussiansModule:
        """Return the mixture of greatest likelihood that expectation-maximisation finds for codes.

        Parameters
        ----------
        codes : ndarray, shape (n, n_components)
            What the mixture has to explain; where they are float64 the parameters are too, else
            float32.
        n_mixture_components : int
            Gaussians in the mixture, at most n.
        random_state : None, int or numpy.random.Generator
            For the start.

        Raises
        ------
        InvalidParameterError
            If there are fewer codes than Gaussians.
        """
        # Not at the top: whoever only trains does not wait for it.
        from sklearn.mixture import GaussianMixture

        points = check_array(codes, name="codes", shape={"row": None, "component": None})
        check_integer(
            "n_mixture_components",
            n_mixture_components,
            minimum=1,
            maximum=len(points),
            limit="the number of codes",
        )
        seed = int(check_generator("random_state", random_state).integers(2**31))
        mixture = GaussianMixture(n_mixture_components, covariance_type="diag", random_state=seed)
        mixture.fit(points)
        found = (mixture.means_, np.log(mixture.covariances_), np.log(mixture.weights_))
        dtype = torch.float64 if np.asarray(codes).dtype == np.float64 else torch.float32
        return cls(*(torch.from_numpy(values).to(dtype) for values in found))

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        apart = codes[..., None, :] - self.means
        squares = apart.square() * (-self.log_variances).exp()
        each = -0.5 * (squares + self.log_variances + math.log(2 * math.pi)).sum(dim=-1)
        return (self.logits.log_softmax(dim=0) + each).logsumexp(dim=-1)

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes (n, n_components); gradients reach the means and variances alone."""
        weights = self.logits.detach().softmax(dim=0).cpu()
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        which = which.to(self.means.device)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=self.means.dtype).to(
            self.means.device
        )
        return self.means[which] + (0.5 * self.log_variances[which]).exp() * noise
