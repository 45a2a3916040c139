"""Fully connected encoder and decoder of any depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn.utils import skip_init

from inscape._checks import check_choice, check_flag, check_number, check_widths
from inscape._errors import InvalidParameterError
from inscape._parts import resolve_part
from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.architecture import Architecture, Sizes, Start
from inscape.networks.bottleneck import start_beside
from inscape.networks.conditioned import stack
from inscape.networks.dropout import Dropout
from inscape.networks.initialization import INITIALIZATIONS, initialize
from inscape.networks.linear_path import LinearPath, LinearStart
from inscape.networks.network import Network
from inscape.networks.tied import TiedLinear

NORMALIZATIONS: Mapping[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
}


@dataclass(frozen=True)
class Dense(Architecture):
    """A fully connected encoder with its mirror as decoder.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the encoder's hidden layers, outermost first; the decoder mirrors them. ``()``
        is the shallow autoencoder: one matrix in, one matrix out.
    activation : str
        After each hidden layer; a name in `inscape.networks.ACTIVATIONS`.
    initialization : str, Initialization, or a pair of them
        Of the weights; a pair names the encoder's and the decoder's.
    bias : {"data_mean", "mean_row", "torch_default"}
        "data_mean" starts where the mean row has the code 0 before the first activation and is
        what the decoder gives; under a likelihood of real numbers the network works on rows less
        their mean, over one scale for all columns, and units and offsets do not matter.
        "mean_row" starts there too, and takes rows as they are, as all did in format 1.
        "torch_default" draws the biases without looking at the data; rows come as they are.
    linear_path : bool
        Whether encoder and decoder are PCA's maps and a network beside each, whose last layer
        starts at 0: training starts at PCA's error and can only add. The path is there for an
        identity bottleneck (or a diagonal Gaussian posterior with a standard normal prior), a
        likelihood of real numbers, ``bias="data_mean"`` and at most as many components as rows and
        columns; elsewhere, and with tied weights, dropout or layer-wise pretraining, it is not.
    tied : bool
        Whether each matrix of the decoder is one of the encoder's, transposed.
    dropout : float
        Probability, in [0, 1), with which each hidden value and each value of the code is left
        out in a training step.
    output_dropout : float
        The same for the decoder's outputs.
    normalization : {None, "batch", "layer"}
        Between each hidden matrix and its activation: batch normalisation (Ioffe and Szegedy
        2015, arXiv 1502.03167) or layer normalisation (Ba, Kiros and Hinton 2016, arXiv
        1607.06450).

    Examples
    --------
    >>> network = Dense(hidden=(16,)).build(
    ...     Sizes(n_features=64, n_code=2, n_components=2, n_outputs=64),
    ...     bottleneck=nn.Identity(), generator=torch.Generator().manual_seed(0))
    >>> network(torch.zeros(5, 64)).shape
    torch.Size([5, 64])
    """

    hidden: tuple[int, ...] = (256, 64)
    activation: str = "relu"
    initialization: Any = "torch_default"
    bias: str = "data_mean"
    tied: bool = False
    dropout: float = 0.0
    output_dropout: float = 0.0
    normalization: str | None = None
    linear_path: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", check_widths("hidden", self.hidden))
        check_choice("activation", self.activation, ACTIVATIONS)
        check_choice("bias", self.bias, ("data_mean", "mean_row", "torch_default"))
        check_number("dropout", self.dropout, minimum=0, below=1)
        check_number("output_dropout", self.output_dropout, minimum=0, below=1)
        if self.normalization is not None:
            check_choice("normalization", self.normalization, NORMALIZATIONS)
        check_flag("linear_path", self.linear_path)
        for part in self._initializations():
            resolve_part("initialization", part, INITIALIZATIONS)
        object.__setattr__(self, "initialization", _as_parts(self.initialization))

    def build(
        self,
        sizes: Sizes,
        *,
        bottleneck: nn.Module,
        generator: torch.Generator,
        start: Start | None = None,
    ) -> Network:
        if start is not None and start.linear is not None:
            return self._beside(sizes, start.linear, bottleneck=bottleneck, generator=generator)
        told = sizes.n_conditions
        encoder = self._stack((sizes.n_features, *self.hidden, sizes.n_code), n_conditions=told)
        decoder = self._stack(
            (sizes.n_components, *reversed(self.hidden), sizes.n_outputs), n_conditions=told
        )
        if self.tied:
            _tie(encoder, decoder)
        for module, part in zip((encoder, decoder), self._initializations(), strict=True):
            initialization = resolve_part("initialization", part, INITIALIZATIONS)
            initialize(module, initialization, generator=generator)
        start_beside(bottleneck, encoder, decoder)
        if self.bias != "torch_default" and start is not None:
            with torch.no_grad():
                first, last = encoder[0], decoder[-1]
                assert isinstance(first, nn.Linear)
                assert isinstance(last, (nn.Linear, TiedLinear))
                told_row = [] if start.conditions is None else [start.conditions]
                first.bias.copy_(-(first.weight @ torch.cat([start.row, *told_row])))
                last.bias.copy_(start.output)
        if self.dropout:
            bottleneck = nn.Sequential(bottleneck, Dropout(self.dropout))
        if self.output_dropout:
            decoder.append(Dropout(self.output_dropout))
        return Network(encoder, bottleneck, decoder)

    @property
    def centres(self) -> bool:  # type: ignore[override]
        """Whether it is given centred rows."""
        return self.bias == "data_mean"

    @property
    def has_linear_path(self) -> bool:  # type: ignore[override]
        """Whether it can start from linear maps."""
        kept = not (self.tied or self.dropout or self.output_dropout)
        return self.linear_path and self.centres and kept

    def _beside(
        self,
        sizes: Sizes,
        linear: LinearStart,
        *,
        bottleneck: nn.Module,
        generator: torch.Generator,
    ) -> Network:
        """Return linear maps with networks beside them, or alone where nothing is hidden."""
        code, features = sizes.n_code, sizes.n_features
        encoder = self._net(features, self.hidden, code, sizes, generator, side=0)
        decoder = self._net(
            sizes.n_components, self.hidden[::-1], sizes.n_outputs, sizes, generator, side=1
        )
        narrow = skip_init(nn.Linear, features, code)
        widen = skip_init(nn.Linear, sizes.n_components, sizes.n_outputs)
        with torch.no_grad():
            narrow.weight.copy_(linear.encoder)
            narrow.bias.copy_(linear.bias)
            widen.weight.copy_(linear.decoder)
            widen.bias.zero_()
        return Network(LinearPath(narrow, encoder), bottleneck, LinearPath(widen, decoder))

    def _net(
        self,
        n_in: int,
        hidden: tuple[int, ...],
        n_out: int,
        sizes: Sizes,
        generator: torch.Generator,
        *,
        side: int,
    ) -> nn.Sequential | None:
        """Return a network that answers 0; None where nothing is hidden and nothing is told."""
        if not hidden and not sizes.n_conditions:
            return None
        net = self._stack((n_in, *hidden, n_out), n_conditions=sizes.n_conditions)
        part = resolve_part("initialization", self._initializations()[side], INITIALIZATIONS)
        initialize(net, part, generator=generator)
        first, last = net[0], net[-1]
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        # Rows and codes are centred: their mean gives 0 before the first activation.
        nn.init.zeros_(first.bias)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        return net

    @staticmethod
    def layer_pairs(network: Network) -> list[tuple[nn.Sequential, nn.Sequential]]:
        """Return each encoder layer with the decoder layer that undoes it, outermost first.

        The modules are the network's own: who trains a pair trains the network.
        """
        assert isinstance(network.encoder, nn.Sequential)
        assert isinstance(network.decoder, nn.Sequential)
        down, up = _blocks(network.encoder), _blocks(network.decoder)
        return list(zip(down, reversed(up), strict=True))

    def _initializations(self) -> tuple[Any, Any]:
        if isinstance(self.initialization, (tuple, list)) and len(self.initialization) == 2:
            return self.initialization[0], self.initialization[1]
        return self.initialization, self.initialization

    def _stack(self, widths: Sequence[int], *, n_conditions: int) -> nn.Sequential:
        # skip_init leaves the global generator alone: the weights are drawn afterwards.
        layers: list[nn.Module] = []
        widths = (widths[0] + n_conditions, *widths[1:])
        for n_in, n_out in pairwise(widths[:-1]):
            layers.append(skip_init(nn.Linear, n_in, n_out))
            if self.normalization is not None:
                layers.append(NORMALIZATIONS[self.normalization](n_out))
            layers.append(activation(self.activation))
            if self.dropout:
                layers.append(Dropout(self.dropout))
        layers.append(skip_init(nn.Linear, *widths[-2:]))
        return stack(layers, n_conditions=n_conditions)


def _tie(encoder: nn.Sequential, decoder: nn.Sequential) -> None:
    """Let each matrix of the decoder be one of the encoder's, transposed."""
    places = [i for i, layer in enumerate(decoder) if isinstance(layer, nn.Linear)]
    matrices = [layer for layer in encoder if isinstance(layer, nn.Linear)]
    for place, matrix in zip(places, reversed(matrices), strict=True):
        layer = decoder[place]
        assert isinstance(layer, nn.Linear)
        if layer.weight.shape != matrix.weight.T.shape:
            raise InvalidParameterError(
                "`tied` must be False where the decoder is no mirror of the encoder; got layers of "
                f"{tuple(matrix.weight.shape)} and {tuple(layer.weight.shape)}: leave tied out."
            )
        decoder[place] = TiedLinear(matrix)


def _blocks(stack: nn.Sequential) -> list[nn.Sequential]:
    """Return the stack cut before each of its matrices but the first."""
    starts = [i for i, m in enumerate(stack) if isinstance(m, (nn.Linear, TiedLinear))]
    layers = list(stack)
    return [nn.Sequential(*layers[a:b]) for a, b in pairwise([0, *starts[1:], len(layers)])]


def _as_parts(value: Any) -> Any:
    """Return descriptions, as config files hold them, as their parts; words stay as they are."""
    if isinstance(value, (tuple, list)):
        return tuple(_as_parts(item) for item in value)
    if isinstance(value, Mapping):
        return resolve_part("initialization", value, INITIALIZATIONS)
    return value
