"""The prior that is a learned mixture of Gaussians."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from inscape._checks import check_array, check_choice, check_generator, check_integer
from inscape._typing import FloatArray
from inscape.objectives.priors.prior import Prior


@dataclass(frozen=True)
class MixtureOfGaussians(Prior):
    r"""A weighted sum of Gaussians; weights, means and covariances are learned.

    .. math:: p(z) = \sum_k \pi_k \, \mathcal{N}(z;\, m_k, T_k \, \text{diag}(s_k^2) \, T_k^\top)

    with :math:`T_k = I` where covariances are diagonal, and ones on the diagonal and what is
    learned below it where they are full. It starts with even weights, means drawn from
    :math:`\mathcal{N}(0, \tfrac{1}{2})`, variances of :math:`\tfrac{1}{2}` and :math:`T_k = I`:
    about as wide as a standard normal. Source: the "MoG" prior of Tomczak and Welling 2018, arXiv
    1705.07120.

    Parameters
    ----------
    n_mixture_components : int
        Gaussians in the mixture.
    covariance : {"diagonal", "full"}
        Whether each lies along the axes, or in any direction, as those that Ghosh et al. 2020,
        arXiv 1903.12436, fit to the codes of a trained autoencoder.

    Examples
    --------
    >>> part = MixtureOfGaussians(n_mixture_components=3)
    >>> module = part.build(2, generator=torch.Generator().manual_seed(0), rows=None)
    >>> module.sample(5, generator=torch.Generator().manual_seed(1), network=None).shape
    torch.Size([5, 2])
    """

    n_mixture_components: int = 10
    covariance: Literal["diagonal", "full"] = "diagonal"

    def __post_init__(self) -> None:
        check_integer("n_mixture_components", self.n_mixture_components, minimum=1)
        check_choice("covariance", self.covariance, ("diagonal", "full"))

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
        full = self.covariance == "full"
        return MixtureOfGaussiansModule(
            math.sqrt(0.5) * means,
            variances.log(),
            torch.zeros(self.n_mixture_components),
            torch.zeros(*means.shape, n_components) if full else None,
        )


class MixtureOfGaussiansModule(nn.Module):
    """The module of `MixtureOfGaussians`.

    Parameters
    ----------
    means, log_variances : Tensor, shape (n_mixture_components, n_components)
        Of each Gaussian; the variances are those before T turns them.
    logits : Tensor, shape (n_mixture_components,)
        The weights are their softmax.
    mixing : Tensor or None, shape (n_mixture_components, n_components, n_components)
        What T holds below its diagonal; other entries do not count. None is a diagonal covariance.
    """

    def __init__(
        self, means: Tensor, log_variances: Tensor, logits: Tensor, mixing: Tensor | None = None
    ) -> None:
        super().__init__()
        self.means = nn.Parameter(means)
        self.log_variances = nn.Parameter(log_variances)
        self.logits = nn.Parameter(logits)
        self.mixing = None if mixing is None else nn.Parameter(mixing)

    @classmethod
    def fitted(
        cls,
        codes: FloatArray,
        *,
        n_mixture_components: int,
        random_state: Any,
        covariance: Literal["diagonal", "full"] = "diagonal",
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
        covariance : {"diagonal", "full"}
            As in `MixtureOfGaussians`.

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
        kind = "full" if covariance == "full" else "diag"
        mixture = GaussianMixture(n_mixture_components, covariance_type=kind, random_state=seed)
        # What it adds to each variance is small for codes as wide as 1 alone.
        width = float(points.std()) or 1.0
        mixture.fit(points / width)
        covariances = mixture.covariances_ * width**2
        mixing = None
        if covariance == "full":
            factors = np.linalg.cholesky(covariances)
            deviations = np.diagonal(factors, axis1=1, axis2=2)
            mixing, covariances = factors / deviations[:, None, :], np.square(deviations)
        found = [mixture.means_ * width, np.log(covariances), np.log(mixture.weights_)]
        found += [] if mixing is None else [mixing]
        dtype = torch.float64 if np.asarray(codes).dtype == np.float64 else torch.float32
        return cls(*(torch.from_numpy(values).to(dtype) for values in found))

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        return self._each(codes).logsumexp(dim=-1)

    def responsibilities(self, codes: Tensor, network: Any) -> Tensor:
        """Return how probable each Gaussian is as the origin of codes, (..., n_mixture)."""
        return self._each(codes).softmax(dim=-1)

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes (n, n_components); gradients reach means and covariances alone."""
        weights = self.logits.detach().softmax(dim=0).cpu()
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        which = which.to(self.means.device)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=self.means.dtype).to(
            self.means.device
        )
        noise = (0.5 * self.log_variances[which]).exp() * noise
        if self.mixing is not None:
            noise = noise + (self.mixing.tril(-1)[which] @ noise[:, :, None])[:, :, 0]
        return self.means[which] + noise

    def _each(self, codes: Tensor) -> Tensor:
        """Return the weighted log-densities (..., n_mixture) of codes, in nats."""
        apart = codes[..., None, :] - self.means
        if self.mixing is not None:
            # Each Gaussian's codes as columns beside each other, for one solution each.
            columns = apart.reshape(-1, *self.means.shape).permute(1, 2, 0)
            columns = torch.linalg.solve_triangular(
                self.mixing.tril(-1), columns, upper=False, unitriangular=True
            )
            apart = columns.permute(2, 0, 1).reshape(apart.shape)
        squares = apart.square() * (-self.log_variances).exp()
        each = -0.5 * (squares + self.log_variances + math.log(2 * math.pi)).sum(dim=-1)
        return self.logits.log_softmax(dim=0) + each
