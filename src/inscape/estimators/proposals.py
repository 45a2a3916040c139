"""Where codes are drawn from to estimate a row's likelihood, when its posterior is not enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from inscape.objectives.variational import Batch

# Modes that are looked for: from the posterior's mean, and from the best draws of the prior.
_STARTS = 4
_TRIED = 64
_ITERATIONS = 50
# A search ends where a step gains less nats, or where only steps this short would gain any.
_LEAST_GAIN, _STIFFEST = 1e-6, 1e6
# One draw in so many is of the prior, so that no weight exceeds so many likelihoods.
_PRIOR_EACH = 8
# Tails that reach beyond any Gaussian's.
_FREEDOM = 5
# No direction is taken to be wider than ten times a standard normal prior.
_LEAST_PRECISION = 1e-2


@dataclass(frozen=True, eq=False)
class Refined:
    """A mixture for each row: Student's t around modes of what is to be integrated, and the prior.

    Parameters
    ----------
    modes : Tensor, shape (m, n, d)
        Codes at which p(x, z) is highest nearby.
    stretches : Tensor, shape (m, n, d, d)
        What a standard draw is multiplied with.
    """

    modes: Tensor
    stretches: Tensor

    def log_weights(self, batch: Batch, n_draws: int, *, generator: torch.Generator) -> Tensor:
        """Return log p(x, z) - log q(z) of draws, (n_draws, n): the same noise for each row."""
        m, n, d = self.modes.shape
        noise = torch.randn(n_draws, d, generator=generator, dtype=torch.float64)
        squares = torch.randn(n_draws, _FREEDOM, generator=generator, dtype=torch.float64)
        noise = (noise / squares.square().mean(dim=1, keepdim=True).sqrt()).to(self.modes)
        prior = batch.network.prior.sample(n_draws, generator=generator, network=batch.network)
        place = torch.arange(n_draws)
        of_prior = place % _PRIOR_EACH == _PRIOR_EACH - 1
        # Draws of each mode by turns, so that their shares in the mixture are known.
        mode = (place - place // _PRIOR_EACH) % m
        around = self.modes[mode] + (self.stretches[mode] @ noise[:, None, :, None]).squeeze(-1)
        codes = torch.where(
            of_prior[:, None, None], prior.to(self.modes)[:, None].expand(-1, n, -1), around
        )
        log_prior = batch.network.prior.log_density(codes, batch.network)
        counts = torch.bincount(mode[~of_prior], minlength=m).to(self.modes)
        shares = torch.cat([counts, of_prior.sum()[None].to(self.modes)]) / n_draws
        densities = torch.stack([*self._log_densities(codes), log_prior])
        mixed = (shares.log()[:, None, None] + densities).logsumexp(dim=0)
        return log_prior - batch.negative_log_likelihood(codes) - mixed

    def _log_densities(self, codes: Tensor) -> list[Tensor]:
        d = codes.shape[-1]
        constant = (
            math.lgamma((_FREEDOM + d) / 2)
            - math.lgamma(_FREEDOM / 2)
            - d / 2 * math.log(_FREEDOM * math.pi)
        )
        found = []
        for mode, stretch in zip(self.modes, self.stretches, strict=True):
            away = torch.linalg.solve(stretch, (codes - mode).unsqueeze(-1)).squeeze(-1)
            squares = away.square().sum(dim=-1)
            size = torch.linalg.slogdet(stretch).logabsdet
            found.append(constant - size - (_FREEDOM + d) / 2 * torch.log1p(squares / _FREEDOM))
        return found


def refine(batch: Batch, *, generator: torch.Generator) -> Refined:
    """Return a proposal for each row of a batch, after a search for the modes of p(x, z).

    The search is Newton's, damped as by Levenberg and Marquardt, with the Hessian's eigenvalues
    made positive. The decoder should work in float64.

    Parameters
    ----------
    batch : Batch
        Rows, whose codes live in a Euclidean space.
    generator : torch.Generator
        Where starts are drawn from.
    """
    network, n = batch.network, len(batch.inputs)
    with torch.no_grad():
        encoded = network.linear_codes(batch.inputs, batch.conditions)
        mean = network.bottleneck.distribution(encoded).mean
        tried = network.prior.sample(_TRIED, generator=generator, network=network).to(mean)
        tried = tried[:, None].expand(-1, n, -1)
        best = _cost(batch, tried).topk(_STARTS - 1, dim=0, largest=False).indices
        starts = tried.gather(0, best.unsqueeze(-1).expand(-1, -1, mean.shape[-1]))
        codes = torch.cat([mean[None], starts])
    damping = torch.full(codes.shape[:2], 1e-3, dtype=codes.dtype, device=codes.device)
    moving = torch.ones_like(damping, dtype=torch.bool)
    cost, slope, curvature = _expansion(batch, codes)
    for _ in range(_ITERATIONS):
        values, vectors = torch.linalg.eigh(curvature)
        values = abs(values)
        shift = damping[..., None] * values.amax(dim=-1, keepdim=True) + 1e-12
        along = (vectors.mT @ slope.unsqueeze(-1)).squeeze(-1) / (values + shift)
        new = codes - (vectors @ along.unsqueeze(-1)).squeeze(-1)
        new_cost, new_slope, new_curvature = _expansion(batch, new)
        better = moving & (new_cost < cost)
        # Each search ends by itself: what is found for a row must not hang on its neighbours.
        moving = moving & ~(better & (cost - new_cost < _LEAST_GAIN)) & (damping < _STIFFEST)
        codes = torch.where(better[..., None], new, codes)
        slope = torch.where(better[..., None], new_slope, slope)
        curvature = torch.where(better[..., None, None], new_curvature, curvature)
        cost = torch.where(better, new_cost, cost)
        damping = torch.where(better, damping / 5, damping * 5).clamp(min=1e-9)
        if not moving.any():
            break
    values, vectors = torch.linalg.eigh(curvature)
    spreads = abs(values).clamp(min=_LEAST_PRECISION).rsqrt()
    return Refined(codes, vectors * spreads.unsqueeze(-2))


def _cost(batch: Batch, codes: Tensor) -> Tensor:
    """Return -log p(x, z), (m, n)."""
    return batch.negative_log_likelihood(codes) - batch.network.prior.log_density(
        codes, batch.network
    )


@torch.enable_grad()
def _expansion(batch: Batch, codes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return -log p(x, z), (m, n), with its gradient (m, n, d) and Hessian (m, n, d, d)."""
    codes = codes.detach().requires_grad_()
    cost = _cost(batch, codes)
    (slope,) = torch.autograd.grad(cost.sum(), codes, create_graph=True)
    columns = [
        torch.autograd.grad(part.sum(), codes, retain_graph=True)[0] for part in slope.unbind(-1)
    ]
    curvature = torch.stack(columns, dim=-1)
    slope, curvature = (
        torch.nan_to_num(each.detach(), nan=0.0, posinf=0.0, neginf=0.0)
        for each in (slope, (curvature + curvature.mT) / 2)
    )
    return torch.nan_to_num(cost.detach(), nan=torch.inf), slope, curvature
