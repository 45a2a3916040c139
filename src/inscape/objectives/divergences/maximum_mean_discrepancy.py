"""How far all codes together are from the prior, by a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_choice, check_number
from inscape._errors import InvalidParameterError
from inscape.objectives.divergences.divergence import Divergence
from inscape.objectives.latent_pass import LatentPass


@dataclass(frozen=True)
class MaximumMeanDiscrepancy(Divergence):
    r"""A price on the difference between all codes together and the prior.

    .. math:: (1 - \alpha) \, \text{KL}(q(z \mid x) \,\|\, p(z))
              + (\alpha + \lambda - 1) \, \text{MMD}^2(q(z), p(z))

    With :math:`\alpha = 1` no row has a divergence of its own, so the posterior may be a point:
    the WAE-MMD of Tolstikhin et al. 2018, arXiv 1711.01558, algorithm 2. Other values are the
    InfoVAE's of Zhao, Song and Ermon 2019, arXiv 1706.02262, section 3.

    Parameters
    ----------
    weight : float
        :math:`\lambda`, for losses that are sums over features. The squared discrepancy has no
        unit; the weight turns it into nats.
    information : float
        :math:`\alpha`, at most 1: how much the codes should tell of their rows.
    kernel : {"inverse_multiquadratic", "radial_basis"}
        :math:`s / (s + r^2 / 2d)` or :math:`\exp(-r^2 / 2 d s)` at the distance r of two codes
        with d components.
    scales : tuple of float
        The :math:`s` of the kernels that are summed; those of the WAE's authors unless told.

    Raises
    ------
    InvalidParameterError
        If :math:`\alpha + \lambda` is below 1: a difference would be rewarded.
    """

    weight: float = 10.0
    information: float = 1.0
    kernel: str = "inverse_multiquadratic"
    scales: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_number("information", self.information, maximum=1)
        check_choice("kernel", self.kernel, ("inverse_multiquadratic", "radial_basis"))
        if not isinstance(self.scales, (tuple, list)) or not self.scales:
            raise InvalidParameterError(
                "`scales` must be a tuple of numbers > 0, such as (0.5, 1.0, 2.0); got "
                f"{self.scales!r}."
            )
        scales = tuple(check_number("scales", scale, above=0) for scale in self.scales)
        object.__setattr__(self, "scales", scales)
        if self.information + self.weight < 1:
            raise InvalidParameterError(
                "`weight` must be >= 1 - information; got weight "
                f"{self.weight:g} with information {self.information:g}: raise the weight."
            )

    @property
    def needs_density(self) -> bool:  # type: ignore[override]
        """Whether some of the divergence of each row's own is left."""
        return self.information != 1

    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return the terms that are summed: what is left of the divergence, and the discrepancy's.

        Parameters
        ----------
        seen : LatentPass
            The batch; with one row alone the discrepancy cannot be told, and is 0.
        generator : torch.Generator
            On the CPU; for the prior's draws, as many as there are codes.
        step : int or None
            Not used.
        """
        codes, prior = seen.codes, seen.network.prior
        drawn = prior.sample(
            codes.shape[:-1].numel(), generator=generator, network=seen.network
        ).to(codes)
        found = squared_discrepancy(
            codes, drawn.reshape(codes.shape), kernel=self.kernel, scales=self.scales
        ).mean()
        price = (self.information + self.weight - 1) * found
        if not self.needs_density:
            # The divergence is not asked for: a point has none.
            return {"maximum_mean_discrepancy": price}
        divergence = seen.kullback_leibler.mean()
        return {
            "kullback_leibler": divergence,
            "weighting": -self.information * divergence,
            "maximum_mean_discrepancy": price,
        }


def squared_discrepancy(
    first: Tensor, second: Tensor, *, kernel: str, scales: Sequence[float]
) -> Tensor:
    r"""Return the unbiased estimate (...) of the squared maximum mean discrepancy; it can be < 0.

    .. math:: \frac{1}{n (n - 1)} \sum_{i \ne j} k(x_i, x_j) + k(y_i, y_j)
              - \frac{2}{n^2} \sum_{ij} k(x_i, y_j)

    Source: Gretton et al. 2012, Journal of Machine Learning Research 13, Eq. 3.

    Parameters
    ----------
    first, second : Tensor, shape (..., n, d)
        Draws from the two distributions.
    kernel : {"inverse_multiquadratic", "radial_basis"}
        See `MaximumMeanDiscrepancy`.
    scales : sequence of float
        Of the kernels that are summed.

    Examples
    --------
    >>> far = torch.tensor([[1000.0], [1000.0]])
    >>> squared_discrepancy(-far, far, kernel="radial_basis", scales=(1.0,))
    tensor(2.)
    """
    n = first.shape[-2]
    if n == 1:
        return (0 * first).sum(dim=(-2, -1))
    within = _kernel(first, first, kernel, scales) + _kernel(second, second, kernel, scales)
    others = within.sum(dim=(-2, -1)) - within.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
    return others / (n * (n - 1)) - 2 * _kernel(first, second, kernel, scales).mean(dim=(-2, -1))


def _kernel(rows: Tensor, columns: Tensor, kernel: str, scales: Sequence[float]) -> Tensor:
    # From their middle, or products of close codes far from 0 would lose their digits.
    middle = columns.mean(dim=-2, keepdim=True).detach()
    a, b = rows - middle, columns - middle
    lengths = a.square().sum(dim=-1)[..., :, None] + b.square().sum(dim=-1)[..., None, :]
    squares = lengths - 2 * a @ b.transpose(-2, -1)
    relative = squares / (2 * rows.shape[-1])
    if kernel == "radial_basis":
        return torch.stack([(-relative / scale).exp() for scale in scales]).sum(dim=0)
    return torch.stack([scale / (scale + relative) for scale in scales]).sum(dim=0)
