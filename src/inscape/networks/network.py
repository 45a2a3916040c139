"""The pair of modules that everything else trains, saves and shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

from inscape.networks.tied import TiedLinear


class Network(nn.Module):
    """An encoder, a bottleneck and a decoder.

    Where a model is conditional, encoder and decoder are called with a second tensor, the
    conditions (n_samples, n_conditions).

    Parameters
    ----------
    encoder : nn.Module
        Rows (n_samples, n_features) to linear codes (n_samples, n_components).
    bottleneck : nn.Module
        What is done to the linear code before anybody sees it, such as an activation.
    decoder : nn.Module
        Codes to the outputs that the likelihood reads, (n_samples, n_features * parameters).

    Attributes
    ----------
    prior, critic : nn.Module
        Set by a variational estimator: what codes are drawn from, and what judges them, if any.
    """

    bottleneck: Any
    prior: Any
    critic: Any

    def __init__(self, encoder: nn.Module, bottleneck: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.bottleneck = bottleneck
        self.decoder = decoder

    def linear_codes(self, inputs: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return what the encoder gives for the rows, before the bottleneck."""
        return self.encoder(inputs) if conditions is None else self.encoder(inputs, conditions)

    def encode(self, inputs: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return the codes of the rows."""
        return self.bottleneck(self.linear_codes(inputs, conditions))

    def decode(self, codes: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return the decoder's outputs, from which the likelihood takes its mean."""
        return self.decoder(codes) if conditions is None else self.decoder(codes, conditions)

    def forward(self, inputs: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return the decoder's outputs for the rows."""
        return self.decode(self.encode(inputs, conditions), conditions)


def leaving_buffers(module: nn.Module, *inputs: Tensor) -> Tensor:
    """Return what a module gives, its buffers changing in a copy.

    In training a pass moves running means, and counts for whatever a module counts. A pass that is
    no training step, such as a probe of the slope, must leave all of that alone.
    """
    copies = {name: buffer.clone() for name, buffer in module.named_buffers()}
    return functional_call(module, copies, inputs) if copies else module(*inputs)


def matrices_beside(encoder: nn.Module, decoder: nn.Module) -> tuple[nn.Linear, nn.Linear] | None:
    """Return the encoder's last matrix and the decoder's first, or None where they do not meet.

    They meet where each is the layer next to the codes, with weights of its own, and one has the
    shape of the other, transposed.
    """
    last = [layer for layer in encoder.modules() if _has_weights(layer)][-1:]
    first = [layer for layer in decoder.modules() if _has_weights(layer)][:1]
    for before, after in zip(last, first, strict=False):
        if isinstance(before, nn.Linear) and isinstance(after, nn.Linear):
            return (before, after) if before.weight.shape == after.weight.T.shape else None
    return None


def _has_weights(layer: nn.Module) -> bool:
    """Return whether a layer works with a matrix: of its own, or of another layer's."""
    weight = layer._parameters.get("weight")
    return isinstance(layer, TiedLinear) or (weight is not None and weight.ndim > 1)


@dataclass(frozen=True)
class Pass:
    """What one batch of rows became on its way through a network, for whatever judges it.

    Parameters
    ----------
    network : Network
        What the rows went through.
    inputs, targets : Tensor, shape (n, n_features)
        What was encoded and what has to come out; they differ when the input is corrupted.
    linear : Tensor, shape (n, n_code)
        The encoder's output.
    codes : Tensor, shape (n, n_components)
        What the bottleneck made of it.
    outputs : Tensor, shape (n, n_outputs)
        The decoder's, from which the likelihood takes its mean.
    likelihood : Likelihood
        What the outputs are read by.
    n_samples : float
        Rows of the whole training set, of which these are a batch.
    factor : float
        Nats of the data for a nat of the likelihood.
    unit : float
        A unit of inputs, targets and means in units of the (scaled) data.
    n_steps : int or None
        Steps that the whole training is planned for, where that is known.
    weights : Tensor or None, shape (n,)
        What each row counts, 1 on average over the training set; None is 1 each.
    """

    network: Network
    inputs: Tensor
    targets: Tensor
    linear: Tensor
    codes: Tensor
    outputs: Tensor
    likelihood: Any
    n_samples: float
    factor: float = 1.0
    unit: float = 1.0
    n_steps: int | None = None
    weights: Tensor | None = None
