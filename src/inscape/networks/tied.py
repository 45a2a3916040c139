"""A layer that uses the weights of another one, transposed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.nn.utils import skip_init


class TiedLinear(nn.Module):
    r"""The affine map :math:`W^\top x + b` with the weights :math:`W` of another layer.

    Source: Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, Journal of Machine Learning
    Research 11, section 2.2.

    Parameters
    ----------
    layer : nn.Linear
        Whose weights are used; the bias is this layer's own, and starts from 0.

    Examples
    --------
    >>> layer = nn.Linear(5, 2)
    >>> TiedLinear(layer)(torch.zeros(3, 2)).shape
    torch.Size([3, 5])
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        # In a tuple, or the weights would be listed, saved and trained twice.
        self._layer = (layer,)
        self.bias = nn.Parameter(torch.zeros(layer.in_features))

    def forward(self, values: Tensor) -> Tensor:
        """Return W'x + b for each row x."""
        return linear(values, self._layer[0].weight.T, self.bias)

    def untied(self) -> nn.Linear:
        """Return a layer that does the same with weights of its own."""
        weight = self._layer[0].weight.detach().T
        layer = skip_init(nn.Linear, *reversed(weight.shape), dtype=weight.dtype)
        layer.load_state_dict({"weight": weight, "bias": self.bias.detach()})
        return layer.to(weight.device)
