"""An encoder and a decoder of the user's own."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from inscape._errors import InvalidParameterError
from inscape.networks.architecture import Architecture, Sizes, Start
from inscape.networks.conditioned import Conditioned
from inscape.networks.dropout import Dropout
from inscape.networks.network import Network


@dataclass(frozen=True, eq=False)
class Modules(Architecture):
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

    takes_logarithms: ClassVar[bool] = False
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
        sizes: Sizes,
        *,
        bottleneck: nn.Module,
        generator: torch.Generator,
        start: Start | None = None,
    ) -> Network:
        """Return copies of the modules as a network, their shapes checked; nothing is drawn.

        With conditions they get those as further columns of the rows and codes.

        Raises
        ------
        InvalidParameterError
            If the encoder does not take the rows or the decoder the codes, one of them gives
            another shape than is needed, or changes what it is given.
        """
        # In one go: a layer that the two share stays shared.
        encoder, decoder = copy.deepcopy((self.encoder, self.decoder))
        told = sizes.n_conditions
        _check(encoder, "encoder", sizes.n_features + told, sizes.n_code)
        _check(decoder, "decoder", sizes.n_components + told, sizes.n_outputs)
        if told:
            encoder, decoder = Conditioned(encoder), Conditioned(decoder)
        return Network(encoder, bottleneck, decoder)


def _check(module: nn.Module, name: str, n_in: int, n_out: int) -> None:
    first = next(module.parameters(), torch.empty(0))
    # Numbers of both signs: a rectifier that works in place leaves zeros as they are.
    rows = torch.linspace(-1, 1, 2 * n_in, dtype=first.dtype, device=first.device).view(2, n_in)
    result = _answer(module, name, rows)
    got = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
    if got != (2, n_out):
        shape = f"(n_samples, {', '.join(map(str, got[1:]))})" if isinstance(got, tuple) else got
        raise InvalidParameterError(
            f"The {name} must give an array of shape (n_samples, {n_out}); got {shape}: mend its "
            "last layer."
        )


@torch.no_grad()
def _answer(module: nn.Module, name: str, rows: Tensor) -> Any:
    """Return what a module makes of rows; refuse one that changes the rows themselves."""
    given = rows.clone()
    # Some layers, such as dropout, work in training alone; a copy keeps running means unharmed.
    for tried in (copy.deepcopy(module).train(), copy.deepcopy(module).eval()):
        for layer in tried.modules():
            if isinstance(layer, Dropout):
                layer.generator = torch.Generator()
        try:
            with torch.random.fork_rng(devices=[]):
                result = tried(rows)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            reason = str(error).splitlines()[0]
            raise InvalidParameterError(
                f"The {name} must take an array of shape (n_samples, {rows.shape[1]}); it raised "
                f"{reason!r}: mend its first layer, or reshape the rows in it."
            ) from error
        if not torch.equal(rows, given):
            raise InvalidParameterError(
                f"The {name} must leave what it is given as it is; one of its first layers works "
                "in place and would change the caller's rows: build that layer with inplace=False."
            )
    return result
