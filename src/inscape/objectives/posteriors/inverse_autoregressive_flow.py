"""The posterior that an inverse autoregressive flow makes of a diagonal Gaussian."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import elu, linear, logsigmoid
from torch.nn.utils import skip_init

from inscape._checks import check_integer, check_widths
from inscape.networks import TorchDefault, initialize
from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single

# Added to what the gates are a sigmoid of, so that each step starts out near doing nothing.
_OPEN = 2.0
# Another row's code may come from nowhere near this row's base, and infinity would turn into NaN
# on the way there. At such a distance, or behind such a gate, the density is as good as 0.
_FARTHEST, _MOST_CLOSED = 1e10, 40.0


@dataclass(frozen=True)
class InverseAutoregressiveFlow(Posterior):
    r"""A diagonal Gaussian pushed through gated autoregressive steps, for any shape of posterior.

    .. math:: z_0 = \mu + \sigma_0 \odot \varepsilon, \qquad
              z_t = \sigma_t \odot z_{t-1} + (1 - \sigma_t) \odot m_t

    .. math:: \log q(z_T \mid x) = -\sum_j \Big(\tfrac{1}{2} \varepsilon_j^2
              + \tfrac{1}{2} \log 2 \pi + \sum_{t=0}^{T} \log \sigma_{t,j}\Big)

    Each step's :math:`m_t` and :math:`\sigma_t` of a component depend on the components before it
    and on a context, by a masked network (MADE: Germain et al. 2015, arXiv 1502.03509); the order
    is reversed from step to step. The encoder gives the means, the logarithms of the first
    variances, and the context. A draw takes one pass; the density of other codes undoes the steps
    component by component, which takes as many passes as there are components. Source: Kingma et
    al. 2016, arXiv 1606.04934.

    Parameters
    ----------
    n_layers : int
        Steps T, each with a network of its own.
    hidden : tuple of int
        Widths of the hidden layers of each network.
    n_context : int
        Numbers of the context.

    Examples
    --------
    >>> part = InverseAutoregressiveFlow(n_context=4)
    >>> module = part.build(2, generator=torch.Generator().manual_seed(0))
    >>> module(torch.zeros(5, part.n_code(2))).shape
    torch.Size([5, 2])
    """

    n_layers: int = 2
    hidden: tuple[int, ...] = (64,)
    n_context: int = 16

    def __post_init__(self) -> None:
        check_integer("n_layers", self.n_layers, minimum=1)
        object.__setattr__(self, "hidden", check_widths("hidden", self.hidden, fewest=1))
        check_integer("n_context", self.n_context, minimum=1)

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""
        return 2 * n_components + self.n_context

    def build(
        self, n_components: int, *, generator: torch.Generator
    ) -> InverseAutoregressiveFlowModule:
        """Return the module, its weights drawn from `generator`."""
        module = InverseAutoregressiveFlowModule(self, n_components)
        initialize(module, TorchDefault(), generator=generator)
        return module


class InverseAutoregressiveFlowModule(nn.Module):
    """The module of `InverseAutoregressiveFlow`; as a bottleneck it gives the mean's image."""

    def __init__(self, part: InverseAutoregressiveFlow, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components
        self.flow = AutoregressiveSteps(part, n_components)

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return self.distribution(encoded).mean

    def distribution(self, encoded: Tensor) -> InverseAutoregressiveFlowDistribution:
        """Return the posteriors of the encoder's outputs."""
        d = self.n_components
        numbers = at_least_single(encoded)
        base_mean, log_variance, context = numbers.tensor_split([d, 2 * d], dim=1)
        return InverseAutoregressiveFlowDistribution(base_mean, log_variance, context, self.flow)


@dataclass(frozen=True, eq=False)
class InverseAutoregressiveFlowDistribution(Distribution):
    """The posteriors of n rows.

    Parameters
    ----------
    base_mean, log_variance : Tensor, shape (n, n_components)
        Of the Gaussian that the steps begin with.
    context : Tensor, shape (n, n_context)
        What each step knows of the row.
    flow : callable
        The steps, `AutoregressiveSteps`.
    """

    base_mean: Tensor
    log_variance: Tensor
    context: Tensor
    flow: Callable[..., tuple[Tensor, Tensor]]

    @property
    def mean(self) -> Tensor:
        """The image of the base's mean, (n, n_components).

        It stands for the posterior's mean, for which there is no formula.
        """
        return self.flow(self.base_mean, self.context)[0]

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""
        mean = self.base_mean
        noise = torch.randn(n_draws, *mean.shape, generator=generator, dtype=mean.dtype)
        noise = noise.to(mean.device)
        base = mean + (0.5 * self.log_variance).exp() * noise
        codes, log_gates = self.flow(base, self.context)
        return codes, self._log_base(noise.square()) - log_gates

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components)."""
        base, log_gates = self.flow(codes, self.context, undo=True)
        squares = (base - self.base_mean).square() * (-self.log_variance).exp()
        return self._log_base(squares) - log_gates

    def detached(self) -> InverseAutoregressiveFlowDistribution:
        """Return the same posteriors, without gradients to their parameters, the steps' too."""
        flow = self.flow
        if isinstance(flow, nn.Module):
            frozen = {name: weight.detach() for name, weight in flow.named_parameters()}
            flow = partial(_call, flow, frozen)
        return InverseAutoregressiveFlowDistribution(
            self.base_mean.detach(), self.log_variance.detach(), self.context.detach(), flow
        )

    def _log_base(self, squares: Tensor) -> Tensor:
        return -0.5 * (squares + self.log_variance + math.log(2 * math.pi)).sum(dim=-1)


class AutoregressiveSteps(nn.Module):
    """The steps, each followed by a reversal of the components."""

    def __init__(self, part: InverseAutoregressiveFlow, n_components: int) -> None:
        super().__init__()
        steps = [_Step(part, n_components) for _ in range(part.n_layers)]
        self.steps = nn.ModuleList(steps)

    def forward(
        self, codes: Tensor, context: Tensor, *, undo: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Return codes (..., n, d) after (or before) the steps, and the sum of the log gates."""
        total = torch.zeros((), dtype=codes.dtype, device=codes.device)
        # In half precision a step would not be undone by its inverse.
        with torch.autocast(codes.device.type, enabled=False):
            for step in reversed(self.steps) if undo else self.steps:
                assert isinstance(step, _Step)
                if undo:
                    codes, log_gates = step.undo(codes.flip(-1), context)
                else:
                    codes, log_gates = step(codes, context)
                    codes = codes.flip(-1)
                total = total + log_gates
        return codes, total


class _Step(nn.Module):
    """One gated step, in the order of the components."""

    def __init__(self, part: InverseAutoregressiveFlow, n_components: int) -> None:
        super().__init__()
        inputs = torch.arange(n_components) + 1
        # A hidden value of degree k sees the first k components; of degree 0, the context alone.
        self.degrees = [torch.arange(n) * n_components // n for n in part.hidden]
        self.context = skip_init(nn.Linear, part.n_context, part.hidden[0])
        layers = pairwise([inputs, *self.degrees])
        self.layers = nn.ModuleList(_Masked(after[:, None] >= before) for before, after in layers)
        self.last = _Masked((inputs[:, None] > self.degrees[-1]).repeat(2, 1))

    def forward(self, codes: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes (..., n, d) after the step, and the sum of the log gates (..., n)."""
        values = self.layers[0](codes) + self.context(context)
        for layer in self.layers[1:]:
            values = layer(elu(values))
        target, gate = self.last(elu(values)).chunk(2, dim=-1)
        log_gate = logsigmoid(gate + _OPEN)
        codes = target + log_gate.exp() * (codes - target)
        return codes, log_gate.sum(dim=-1)

    def undo(self, codes: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes before the step, each component from those before it.

        Each hidden value is computed once: as soon as the components that it sees are known.
        """
        shape = torch.broadcast_shapes(codes.shape[:-1], context.shape[:-1])
        told, d = self.context(context), codes.shape[-1]
        known = [codes.new_zeros(*shape, 0)]
        hidden: list[list[Tensor]] = [[] for _ in self.layers]
        log_gates = []
        for j in range(d):
            values = torch.cat(known, dim=-1)
            for i, layer in enumerate(self.layers):
                rows = (self.degrees[i] == j).nonzero()[:, 0]
                assert isinstance(layer, _Masked)
                ready = layer.rows(values, rows)
                hidden[i].append(elu(ready + told[..., rows] if i == 0 else ready))
                values = torch.cat(hidden[i], dim=-1)
            target, gate = self.last.rows(values, torch.tensor([j, d + j])).chunk(2, dim=-1)
            log_gates.append(logsigmoid(gate + _OPEN))
            widening = (-log_gates[-1]).clamp(max=_MOST_CLOSED).exp()
            before = target + (codes[..., j : j + 1] - target) * widening
            known.append(before.clamp(-_FARTHEST, _FARTHEST))
        return torch.cat(known, dim=-1), torch.cat(log_gates, dim=-1).sum(dim=-1)


class _Masked(nn.Module):
    """A linear layer without the weights where the mask is False."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.linear = skip_init(nn.Linear, mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return the outputs of all the inputs."""
        return linear(values, self.linear.weight * self.mask, self.linear.bias)

    def rows(self, values: Tensor, rows: Tensor) -> Tensor:
        """Return some outputs, of the inputs in front that they see."""
        weight = self.linear.weight[rows, : values.shape[-1]]
        return linear(values, weight, self.linear.bias[rows])


def _call(module: nn.Module, weights: dict[str, Tensor], *inputs: Tensor, **options: Any) -> Any:
    return functional_call(module, weights, inputs, options)
