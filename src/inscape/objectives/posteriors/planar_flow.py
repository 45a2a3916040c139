"""The posterior that planar steps make of a diagonal Gaussian."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from inscape._checks import check_integer
from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single

# The least slope of a step along w: at 0 the step would fold space, and could not be undone.
_LEAST_SLOPE = 0.05
# Where the free slope is 1, softplus(x + _AT_REST) is 1 less the least slope.
_AT_REST = math.log(math.expm1(1 - _LEAST_SLOPE))
# Below this the direction of w is noise, and the step is the identity with a shift.
_SHORTEST = 1e-12
# A share of |u| |w| is all that halving has to find; so many halves are beyond float64.
_HALVINGS = 64


@dataclass(frozen=True)
class PlanarFlow(Posterior):
    r"""A diagonal Gaussian pushed through planar steps, each of which bends it along a direction.

    .. math:: z_0 = \mu + \sigma \odot \varepsilon, \qquad
              z_t = z_{t-1} + \hat u_t \tanh(w_t^\top z_{t-1} + b_t)

    .. math:: \log q(z_T \mid x) = \log q(z_0 \mid x) - \sum_t \log \Big( 1 + \hat u_t^\top w_t
              \big( 1 - \tanh^2(w_t^\top z_{t-1} + b_t) \big) \Big)

    The encoder gives means, logarithms of variances, and each step's :math:`u`, :math:`w` and
    :math:`b`. What :math:`u` has along :math:`w` is changed so that
    :math:`\hat u^\top w > -1`: each step can be undone. The density of a draw is exact; that of
    other codes undoes the steps, each by finding one number between two others. Source: Rezende and
    Mohamed 2015, arXiv 1505.05770, Eq. 10 to 13 and appendix A.1; there the slope along :math:`w`
    is at least 0 and moved where nothing is asked, here it is at least 0.05, and 1 where the
    encoder gives 0.

    Parameters
    ----------
    n_layers : int
        Steps T.

    Examples
    --------
    >>> part = PlanarFlow(n_layers=2)
    >>> part.n_code(3)
    20
    >>> module = part.build(3, generator=torch.Generator())
    >>> module(torch.zeros(5, part.n_code(3))).shape
    torch.Size([5, 3])
    """

    n_layers: int = 4

    def __post_init__(self) -> None:
        check_integer("n_layers", self.n_layers, minimum=1)

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""
        return 2 * n_components + self.n_layers * (2 * n_components + 1)

    def build(self, n_components: int, *, generator: torch.Generator) -> PlanarFlowModule:
        """Return the module, which has no weights of its own."""
        return PlanarFlowModule(n_components)


class PlanarFlowModule(nn.Module):
    """The module of `PlanarFlow`; as a bottleneck it gives the mean's image."""

    def __init__(self, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return self.distribution(encoded).mean

    def distribution(self, encoded: Tensor) -> PlanarFlowDistribution:
        """Return the posteriors of the encoder's outputs."""
        d = self.n_components
        numbers = at_least_single(encoded)
        base_mean, log_variance, steps = numbers.tensor_split([d, 2 * d], dim=1)
        return PlanarFlowDistribution(base_mean, log_variance, steps.unflatten(1, (-1, 2 * d + 1)))


@dataclass(frozen=True, eq=False)
class PlanarFlowDistribution(Distribution):
    """The posteriors of n rows.

    Parameters
    ----------
    base_mean, log_variance : Tensor, shape (n, n_components)
        Of the Gaussian that the steps begin with.
    steps : Tensor, shape (n, n_layers, 2 * n_components + 1)
        Each step's u, w and b.
    """

    base_mean: Tensor
    log_variance: Tensor
    steps: Tensor

    @property
    def mean(self) -> Tensor:
        """The image of the base's mean, (n, n_components).

        It stands for the posterior's mean, for which there is no formula.
        """
        return self._push(self.base_mean)[0]

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""
        mean = self.base_mean
        noise = torch.randn(n_draws, *mean.shape, generator=generator, dtype=mean.dtype)
        noise = noise.to(mean.device)
        codes, log_slopes = self._push(mean + (0.5 * self.log_variance).exp() * noise)
        return codes, self._log_base(noise.square()) - log_slopes

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components)."""
        log_slopes = codes.new_zeros(())
        for step in reversed(self._steps()):
            codes, log_slope = step.undo(codes)
            log_slopes = log_slopes + log_slope
        squares = (codes - self.base_mean).square() * (-self.log_variance).exp()
        return self._log_base(squares) - log_slopes

    def detached(self) -> PlanarFlowDistribution:
        """Return the same posteriors, without gradients to their parameters."""
        return PlanarFlowDistribution(
            self.base_mean.detach(), self.log_variance.detach(), self.steps.detach()
        )

    def _steps(self) -> list[_Planar]:
        return [_Planar(step) for step in self.steps.unbind(dim=1)]

    def _push(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        log_slopes = codes.new_zeros(())
        for step in self._steps():
            codes, log_slope = step(codes)
            log_slopes = log_slopes + log_slope
        return codes, log_slopes

    def _log_base(self, squares: Tensor) -> Tensor:
        return -0.5 * (squares + self.log_variance + math.log(2 * math.pi)).sum(dim=-1)


class _Planar:
    """One step of n rows: codes z become z + u tanh(w'z + b)."""

    def __init__(self, numbers: Tensor) -> None:
        d = numbers.shape[1] // 2
        free, self.w, self.b = (part for part in numbers.tensor_split([d, 2 * d], dim=1))
        self.b = self.b.squeeze(-1)
        along = (free * self.w).sum(dim=-1)
        # The slope 1 + u'w as it is held, and so without the loss of digits of a sum near 0.
        self.least = _LEAST_SLOPE + softplus(along + _AT_REST)
        change = (self.least - 1 - along) / self.w.square().sum(dim=-1).clamp(min=_SHORTEST)
        self.u = free + change[:, None] * self.w

    def __call__(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes (..., n, d) after the step, and the log of its slope (..., n)."""
        bent = torch.tanh((codes * self.w).sum(dim=-1) + self.b)
        return codes + bent[..., None] * self.u, self._log_slope(bent)

    def undo(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes before the step, and the log of its slope there."""
        after = (codes * self.w).sum(dim=-1) + self.b
        with torch.no_grad():
            before = self._halve(after)
        # A step of Newton's from the solution: it moves it by nothing, and has its gradient.
        bent = torch.tanh(before)
        slope = self._log_slope(bent).exp()
        before = before - (before + (self.least - 1) * bent - after) / slope.detach()
        bent = torch.tanh(before)
        return codes - bent[..., None] * self.u, self._log_slope(bent)

    def _halve(self, after: Tensor) -> Tensor:
        """Return the solutions a of a + (u'w) tanh(a) = after, between after -+ |u'w|."""
        bend = self.least - 1
        low, high = after - bend.abs(), after + bend.abs()
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            above = middle + bend * torch.tanh(middle) > after
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        return 0.5 * (low + high)

    def _log_slope(self, bent: Tensor) -> Tensor:
        # 1 + (least - 1) (1 - bent²), as two terms that are both above 0.
        return (self.least * (1 - bent) * (1 + bent) + bent.square()).log()
