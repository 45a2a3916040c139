"""Critics: small networks that tell codes from what codes should look like.

A critic is trained in the same backward pass as the network that it judges. Its own loss sees codes
without gradients, and what the codes answer to is the critic with its weights held fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus
from torch.nn.utils import skip_init

from inscape.networks import KaimingUniform, initialize

_SLOPE = 0.2


def build_critic(
    n_components: int, hidden: Sequence[int], *, generator: torch.Generator
) -> nn.Sequential:
    """Return a network from codes (..., n_components) to one logit (..., 1).

    Parameters
    ----------
    n_components : int
        Components of the codes.
    hidden : sequence of int
        Widths of the hidden layers, each with a leaky ReLU of slope 0.2 after it.
    generator : torch.Generator
        Where the weights are drawn from.
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((n_components, *hidden)):
        layers += [skip_init(nn.Linear, n_in, n_out), nn.LeakyReLU(_SLOPE)]
    critic = nn.Sequential(*layers, skip_init(nn.Linear, (n_components, *hidden)[-1], 1))
    initialize(critic, KaimingUniform(), generator=generator)
    return critic


def judge(critic: nn.Module, codes: Tensor) -> Tensor:
    """Return the logits (...,) of codes (..., n_components), with gradients to the codes alone."""
    held = {name: weight.detach() for name, weight in critic.named_parameters()}
    return functional_call(critic, held, (codes,)).squeeze(-1)


def cross_entropy(critic: nn.Module, *, positive: Tensor, negative: Tensor) -> Tensor:
    """Return the critic's own loss, with gradients to its weights alone and the value 0.

    Parameters
    ----------
    critic : nn.Module
        Gives logits.
    positive, negative : Tensor, shape (..., n_components)
        What should have a high logit, and a low one; each is half of the mean.
    """
    loss = 0.5 * (
        softplus(-critic(positive.detach())).mean() + softplus(critic(negative.detach())).mean()
    )
    # The loss that is reported stays that of the network; the gradient is whole.
    return loss - loss.detach()
