"""A decoder with outputs that are the same for every code."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SharedOutputs(nn.Module):
    """Append to each row of a decoder's outputs numbers that do not depend on the code.

    A likelihood reads its scale from them: it is learned with the network, stored with it, and
    the likelihood itself holds no state.

    Parameters
    ----------
    decoder : nn.Module
        Codes (n, n_components) to outputs (n, n_outputs).
    start : Tensor, shape (n_shared,)
        The numbers to start training from.
    trainable : bool
        Whether the optimiser changes them; if not, they are a buffer.

    Attributes
    ----------
    shared : Parameter or Tensor, shape (n_shared,)
        The numbers.

    Examples
    --------
    >>> decoder = SharedOutputs(nn.Identity(), torch.tensor([7.0]))
    >>> decoder(torch.zeros(2, 3))
    tensor([[0., 0., 0., 7.],
            [0., 0., 0., 7.]], grad_fn=<CatBackward0>)
    """

    shared: Tensor

    def __init__(self, decoder: nn.Module, start: Tensor, trainable: bool = True) -> None:
        super().__init__()
        self.decoder = decoder
        numbers = start.detach().clone()
        if trainable:
            self.shared = nn.Parameter(numbers)
        else:
            self.register_buffer("shared", numbers)

    def forward(self, *codes: Tensor) -> Tensor:
        """Return outputs (n, n_outputs + n_shared) of codes, and of conditions where there are."""
        outputs = self.decoder(*codes)
        return torch.cat([outputs, self.shared.expand(*outputs.shape[:-1], -1)], dim=-1)
