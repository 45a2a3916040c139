"""Optimisers as small immutable parts: each knows its usual learning rate and schedule."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from inscape._checks import check_choice, check_integer, check_number
from inscape._parts import Family, Part
from inscape.training.muon import POLYNOMIALS, MuonOptimizer

# Each maps progress in [0, 1) to the factor on the learning rate.
SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "linear": lambda progress: 1.0 - progress,
    "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
    "constant": lambda progress: 1.0,
}


def learning_rate_factor(schedule: str, warmup: float, *, step: int, n_steps: int) -> float:
    """Return the factor on the learning rate in step `step` of `n_steps`, counted from 0.

    Parameters
    ----------
    schedule : str
        A name in `SCHEDULES`: how the rate falls after the warm-up.
    warmup : float
        Share of the steps, in [0, 1), in which the rate first rises linearly from 0.

    Examples
    --------
    >>> [learning_rate_factor("linear", 0.5, step=step, n_steps=4) for step in range(4)]
    [0.5, 1.0, 1.0, 0.5]
    """
    n_warmup = round(warmup * n_steps)
    if step < n_warmup:
        return (step + 1) / n_warmup
    return SCHEDULES[schedule]((step - n_warmup) / max(1, n_steps - n_warmup))


@dataclass(frozen=True)
class Optimizer(Part):
    """What moves the weights, at its usual learning rate, which a schedule changes.

    Parameters
    ----------
    schedule, warmup
        See `learning_rate_factor`.
    """

    schedule: str = field(default="constant", kw_only=True)
    warmup: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        check_choice("schedule", self.schedule, SCHEDULES)
        check_number("warmup", self.warmup, minimum=0, below=1)

    @abstractmethod
    def default_learning_rate(self, *, batch_size: int, n_steps: int) -> float:
        """Return the usual rate for batches of such a size in a training of so many steps."""

    @abstractmethod
    def build(self, module: nn.Module, *, learning_rate: float) -> list[torch.optim.Optimizer]:
        """Return the optimisers of a module's parameters."""


@dataclass(frozen=True)
class Muon(Optimizer):
    """Orthogonalised momentum on the matrices, Adam on the rest; see `orthogonalize`.

    Parameters
    ----------
    momentum : float
        In [0, 1).
    polynomial : str
        A name in `POLYNOMIALS`; "newton_schulz" is that of `torch.optim.Muon`.
    block_size : int or None
        Side of the blocks that are made orthogonal by themselves; None takes whole matrices.
    vector_learning_rate : float
        Adam's learning rate, for biases and other parameters that are no matrices.
    schedule, warmup
        See `learning_rate_factor`.
    """

    momentum: float = 0.9
    polynomial: str = "polar_express"
    block_size: int | None = 64
    vector_learning_rate: float = 0.02
    schedule: str = field(default="linear", kw_only=True)
    warmup: float = field(default=0.1, kw_only=True)

    def __post_init__(self) -> None:
        check_number("momentum", self.momentum, minimum=0, below=1)
        check_choice("polynomial", self.polynomial, POLYNOMIALS)
        if self.block_size is not None:
            check_integer("block_size", self.block_size, minimum=1)
        check_number("vector_learning_rate", self.vector_learning_rate, above=0)
        super().__post_init__()

    def default_learning_rate(self, *, batch_size: int, n_steps: int) -> float:
        """Return 0.03 at 256 rows a step, less for smaller steps, more for fewer than 1,000."""
        return 0.03 * math.sqrt(batch_size / 256) * max(1.0, 1000 / n_steps) ** 0.25

    def build(self, module: nn.Module, *, learning_rate: float) -> list[torch.optim.Optimizer]:
        parameters = list(module.parameters())
        matrices = [p for p in parameters if p.ndim >= 2]
        rest = [p for p in parameters if p.ndim < 2]
        optimizers: list[torch.optim.Optimizer] = []
        if matrices:
            optimizers.append(
                MuonOptimizer(
                    matrices,
                    lr=learning_rate,
                    momentum=self.momentum,
                    polynomial=self.polynomial,
                    block_size=self.block_size,
                )
            )
        if rest:
            optimizers.append(
                torch.optim.Adam(rest, lr=self.vector_learning_rate, betas=(0.9, 0.99), fused=True)
            )
        return optimizers


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba 2014, arXiv 1412.6980).

    Parameters
    ----------
    beta1, beta2 : float
        Decay of the two moments, in [0, 1).
    epsilon : float
        Added to the root of the second moment.
    schedule, warmup
        See `learning_rate_factor`.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_number("beta1", self.beta1, minimum=0, below=1)
        check_number("beta2", self.beta2, minimum=0, below=1)
        check_number("epsilon", self.epsilon, above=0)
        super().__post_init__()

    def default_learning_rate(self, *, batch_size: int, n_steps: int) -> float:
        return 1e-3

    def build(self, module: nn.Module, *, learning_rate: float) -> list[torch.optim.Optimizer]:
        return [
            torch.optim.Adam(
                module.parameters(),
                lr=learning_rate,
                betas=(self.beta1, self.beta2),
                eps=self.epsilon,
                fused=True,
            )
        ]


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent on nats per feature.

    Parameters
    ----------
    momentum : float
        In [0, 1).
    nesterov : bool
        Whether to look ahead; needs a momentum above 0.
    schedule, warmup
        See `learning_rate_factor`.
    """

    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        lowest = {"above": 0} if self.nesterov else {"minimum": 0}
        check_number("momentum", self.momentum, below=1, **lowest)
        super().__post_init__()

    def default_learning_rate(self, *, batch_size: int, n_steps: int) -> float:
        return 0.1

    def build(self, module: nn.Module, *, learning_rate: float) -> list[torch.optim.Optimizer]:
        return [
            torch.optim.SGD(
                module.parameters(),
                lr=learning_rate,
                momentum=self.momentum,
                nesterov=self.nesterov,
            )
        ]


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Adaptive steps without a scale (Zeiler 2012, arXiv 1212.5701).

    Parameters
    ----------
    rho : float
        Decay of the running means, in [0, 1).
    epsilon : float
        Added under both roots.
    schedule, warmup
        See `learning_rate_factor`.
    """

    rho: float = 0.95
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        check_number("rho", self.rho, minimum=0, below=1)
        check_number("epsilon", self.epsilon, above=0)
        super().__post_init__()

    def default_learning_rate(self, *, batch_size: int, n_steps: int) -> float:
        return 1.0

    def build(self, module: nn.Module, *, learning_rate: float) -> list[torch.optim.Optimizer]:
        return [
            torch.optim.Adadelta(
                module.parameters(), lr=learning_rate, rho=self.rho, eps=self.epsilon
            )
        ]


OPTIMIZERS = Family(Optimizer, {"muon": Muon, "adam": Adam, "sgd": SGD, "adadelta": Adadelta})
