"""The prior that is a normalising flow of affine couplings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from inscape._checks import check_integer, check_widths
from inscape.networks import TorchDefault, initialize
from inscape.objectives.priors.prior import Prior

# A coupling scales by at most e to this power: no single one can blow up.
_LARGEST_LOG_SCALE = 2.0
_LEARNING_RATE = 5e-3
_BATCH_SIZE = 256


@dataclass(frozen=True)
class NormalizingFlow(Prior):
    r"""Standard normal noise, carried to the codes by invertible layers that are learned.

    .. math:: z = g(\varepsilon), \qquad
              \log p(z) = \log \mathcal{N}(g^{-1}(z)) + \log |\det \partial g^{-1} / \partial z|

    Each layer leaves every second component alone and moves the others by an affine map whose
    scales and shifts a small network reads off those left alone; the next layer has the halves
    exchanged. An affine map of each component comes last. It starts as the standard normal.
    Source: Dinh, Sohl-Dickstein and Bengio 2017, arXiv 1605.08803, section 3 (RealNVP).

    Parameters
    ----------
    n_layers : int
        Couplings; two of them move every component once. Codes with a single component have
        nothing to read scales off: their flow is a normal of any mean and variance.
    hidden : tuple of int
        Widths of the hidden layers of each coupling's network.

    Examples
    --------
    >>> part = NormalizingFlow(n_layers=2, hidden=(8,))
    >>> module = part.build(2, generator=torch.Generator().manual_seed(0), rows=None)
    >>> round(module.log_density(torch.zeros(2), None).item(), 4)
    -1.8379
    """

    n_layers: int = 4
    hidden: tuple[int, ...] = (64,)

    def __post_init__(self) -> None:
        check_integer("n_layers", self.n_layers, minimum=1)
        object.__setattr__(self, "hidden", check_widths("hidden", self.hidden))

    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> NormalizingFlowModule:
        """Return the module, its hidden weights drawn from `generator`."""
        couplings = []
        for layer in range(self.n_layers):
            coupling = AffineCoupling(n_components, self.hidden, parity=layer % 2)
            initialize(coupling.network, TorchDefault(), generator=generator)
            nn.init.zeros_(coupling.last.weight)
            nn.init.zeros_(coupling.last.bias)
            couplings.append(coupling)
        return NormalizingFlowModule(n_components, couplings)


class AffineCoupling(nn.Module):
    """One layer of a `NormalizingFlow`.

    Parameters
    ----------
    n_components : int
        Components of the codes.
    hidden : sequence of int
        Widths of the network's hidden layers.
    parity : {0, 1}
        Which components are left alone: those with an even place, or with an odd one.
    """

    kept: Tensor

    def __init__(self, n_components: int, hidden: Sequence[int], *, parity: int) -> None:
        super().__init__()
        kept = (torch.arange(n_components) % 2 == parity).float()
        self.register_buffer("kept", kept, persistent=False)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((n_components, *hidden)):
            layers += [skip_init(nn.Linear, n_in, n_out), nn.SiLU()]
        self.last = skip_init(nn.Linear, (n_components, *hidden)[-1], 2 * n_components)
        self.network = nn.Sequential(*layers, self.last)

    def forward(self, values: Tensor) -> Tensor:
        """Return the values (..., n_components), half of them moved."""
        log_scale, shift = self._affine(values)
        return values * log_scale.exp() + shift

    def inverse(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `forward` made the values of, and the log-determinant (...) of this way."""
        log_scale, shift = self._affine(values)
        return (values - shift) * (-log_scale).exp(), -log_scale.sum(dim=-1)

    def _affine(self, values: Tensor) -> tuple[Tensor, Tensor]:
        # Both are 0 where a component is left alone.
        raw, shift = self.network(values * self.kept).chunk(2, dim=-1)
        moved = 1 - self.kept
        log_scale = _LARGEST_LOG_SCALE * torch.tanh(raw / _LARGEST_LOG_SCALE)
        return log_scale * moved, shift * moved


class NormalizingFlowModule(nn.Module):
    """The module of `NormalizingFlow`.

    Parameters
    ----------
    n_components : int
        Components of the codes.
    couplings : sequence of AffineCoupling
        From the noise's side to the codes'.
    """

    def __init__(self, n_components: int, couplings: Sequence[AffineCoupling]) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(couplings)
        self.shift = nn.Parameter(torch.zeros(n_components))
        self.log_scale = nn.Parameter(torch.zeros(n_components))

    def codes_of(self, noise: Tensor) -> Tensor:
        """Return the codes that noise (..., n_components) is carried to."""
        values = noise
        for coupling in self.couplings:
            values = coupling(values)
        return values * self.log_scale.exp() + self.shift

    def noise_of(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the noise that codes come from, and the log-determinant (...) of this way."""
        values = (codes - self.shift) * (-self.log_scale).exp()
        log_determinant = -self.log_scale.sum()
        for coupling in reversed(self.couplings):
            assert isinstance(coupling, AffineCoupling)
            values, change = coupling.inverse(values)
            log_determinant = log_determinant + change
        return values, log_determinant

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        noise, log_determinant = self.noise_of(codes)
        log_normal = -0.5 * (noise.square() + math.log(2 * math.pi)).sum(dim=-1)
        return log_normal + log_determinant

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes (n, n_components), with gradients to every parameter."""
        noise = torch.randn(n, len(self.shift), generator=generator, dtype=self.shift.dtype)
        return self.codes_of(noise.to(self.shift.device))


def fit_flow(
    module: NormalizingFlowModule, codes: Tensor, *, n_steps: int, generator: torch.Generator
) -> None:
    """Fit a flow to codes by maximum likelihood, in place, with Adam (arXiv 1412.6980).

    The last affine map takes the codes' means and standard deviations first, so that codes of any
    size can be fitted; the learning rate falls along a cosine.

    Parameters
    ----------
    module : NormalizingFlowModule
        What is fitted; where it has been trained before it goes on from there, but for that map.
    codes : Tensor, shape (n, n_components)
        What it has to explain.
    n_steps : int
        Steps, each of at most 256 codes.
    generator : torch.Generator
        On the CPU; for the batches.

    Raises
    ------
    InvalidParameterError
        If `n_steps` is no integer >= 1.
    """
    check_integer("n_steps", n_steps, minimum=1)
    points = codes.detach().to(module.shift)
    with torch.no_grad():
        module.shift.copy_(points.mean(dim=0))
        # A component without any spread would have an infinite density.
        module.log_scale.copy_(points.std(dim=0, correction=0).clamp(min=1e-6).log())
    optimizer = torch.optim.Adam(module.parameters(), lr=_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    size = min(_BATCH_SIZE, len(points))
    with torch.enable_grad():
        for _ in range(n_steps):
            which = torch.randint(len(points), (size,), generator=generator).to(points.device)
            loss = -module.log_density(points[which], None).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
