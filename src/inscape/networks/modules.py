"""An encoder and a decoder of the user's own."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inscape._errors import InvalidParameterError
from inscape.networks.network import Network


@dataclass(frozen=True, eq=False)
class Modules:
    """Any two modules: rows to linear codes, and codes to outputs.

    An estimator trains copies of them; they stay as they are. Rows come flat; a network for
    pictures begins with ``nn.Unflatten`` and ends with ``nn.Flatten``. A module that draws, such
    as ``nn.Dropout``, draws from torch's global generator, and a training with it cannot be
    repeated to the bit; `inscape.networks.Dropout` can.

    Parameters
    ----------
    encoder : nn.Module
        Rows (n_samples, n_features) to linear codes (n_samples, n_components).
    decoder : nn.Module
        Codes (n_samples, n_components) to outputs (n_samples, n_features).

    Examples
    --------
    >>> network = Modules(nn.Linear(6, 2), nn.Linear(2, 6))
    """

    encoder: Any
    decoder: Any

    def __post_init__(self) -> None:
        for name, module in (("encoder", self.encoder), ("decoder", self.decoder)):
            if not isinstance(module, nn.Module):
                raise InvalidParameterError(
                    f"`network` must be a pair of modules; got {type(module).__name__} as the "
                    f"{name}: pass network=(encoder, decoder) with two torch.nn.Module."
                )

    def build(
        self,
        *,
        n_features: int,
        n_code: int,
        n_components: int,
        n_outputs: int,
        bottleneck: nn.Module,
        generator: torch.Generator,
        mean_row: Tensor | None = None,
        mean_output: Tensor | None = None,
    ) -> Network:
        """Return copies of the modules as a network, their shapes checked; see `Dense.build`.

        Raises
        ------
        InvalidParameterError
            If the encoder does not take the rows or the decoder the codes, or one of them gives
            another shape than is needed.
        """
        network = Network(copy.deepcopy(self.encoder), bottleneck, copy.deepcopy(self.decoder))
        _check_shape(network.encoder, "encoder", n_features, n_code)
        _check_shape(network.decoder, "decoder", n_components, n_outputs)
        return network


@torch.no_grad()
def _check_shape(module: nn.Module, name: str, n_in: int, n_out: int) -> None:
    first = next(module.parameters(), torch.empty(0))
    was_training = module.training
    module.eval()
    try:
        result = module(torch.zeros(2, n_in, dtype=first.dtype, device=first.device))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidParameterError(
            f"The {name} must take an array of shape (n_samples, {n_in}); it raised {reason!r}: "
            "mend its first layer, or reshape the rows in it."
        ) from error
    finally:
        module.train(was_training)
    got = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
    if got != (2, n_out):
        shape = f"(n_samples, {', '.join(map(str, got[1:]))})" if isinstance(got, tuple) else got
        raise InvalidParameterError(
            f"The {name} must give an array of shape (n_samples, {n_out}); got {shape}: mend its "
            "last layer."
        )
