"""Convolutional encoder of pictures of any size, and its mirror as decoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d
from torch.nn.utils import skip_init

from inscape._checks import check_choice, check_flag, check_integer, check_widths, image_shape_of
from inscape._errors import InvalidParameterError
from inscape._parts import resolve_part
from inscape._typing import ImageShape
from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.architecture import Architecture, Sizes, Start
from inscape.networks.bottleneck import start_beside
from inscape.networks.conditioned import stack
from inscape.networks.dense import _as_parts
from inscape.networks.initialization import INITIALIZATIONS, initialize
from inscape.networks.network import Network

Sides = tuple[int, int]

_DENSE = (16,)


@dataclass(frozen=True)
class Convolutional(Architecture):
    """Convolutions that halve the sides of a picture, dense layers, and their mirror.

    For 28 x 28 pixels and 20 components the default is

    ======= ============================================================================
    encoder convolution 1 to 32, stride 2; 32 to 64, stride 2; dense 3136, 16, 20
    decoder dense 20, 16, 3136; transposed convolution 64 to 64, stride 2; 64 to 32,
            stride 2; 32 to 1, stride 1
    ======= ============================================================================

    with an activation between all of them. Sides are halved upwards (28, 14, 7, 4, ...) and come
    back exactly. Rows hold a picture as (height, width, channels), flattened in that order; so do
    the maps between convolutions and dense layers. The outputs hold all first parameters of the
    likelihood, then all second ones: column p * n_features + i is the p-th one of feature i.

    Parameters
    ----------
    channels : tuple of int
        Maps after each halving, outermost first; the decoder mirrors them.
    kernel_size : int
        Side of every kernel in pixels, odd and at least 3: one pixel with stride 2 would pass
        over three of four.
    dense : tuple of int
        Widths of dense hidden layers between the maps and the code; the decoder mirrors them.
    map_code : bool
        Whether the code is a map itself: a convolution of one pixel leads from the smallest maps to
        one map a component, and another one back, in place of the dense layers. A code then has
        `n_components` numbers at each place, and is laid out as a picture is.
    downsampling : {"stride", "pool"}
        A convolution of stride 2, or one of stride 1 with 2 x 2 max pooling after its activation.
    upsampling : {"transposed", "resize"}
        A transposed convolution of stride 2, or the nearest pixel repeated and then a convolution
        of stride 1, which leaves no checkerboard (Odena, Dumoulin and Olah 2016, "Deconvolution
        and checkerboard artifacts", Distill).
    activation : str
        After each hidden layer; a name in `inscape.networks.ACTIVATIONS`.
    initialization : str, Initialization, or a pair of them
        Of the weights; a pair names the encoder's and the decoder's.
    bias : {"data_mean", "mean_row", "torch_default"}
        "data_mean" starts where the data lie, as far as one number a channel can say it: a
        picture in the mean colour gives 0 before the first activation, away from its edges, and
        the last bias is the mean of the outputs that stand for the mean row; under a likelihood of
        real numbers the network works on pictures less their mean, over one scale. "mean_row"
        starts there too, and takes rows as they are. "torch_default"
        draws the biases without looking at the data, and takes rows as they are.
    image_shape : tuple of int or None
        (height, width) or (height, width, channels); None is a square with one channel.

    Examples
    --------
    >>> network = Convolutional(channels=(4, 8), image_shape=(9, 7, 3)).build(
    ...     Sizes(n_features=189, n_code=2, n_components=2, n_outputs=189),
    ...     bottleneck=nn.Identity(), generator=torch.Generator().manual_seed(0))
    >>> network(torch.zeros(5, 189)).shape
    torch.Size([5, 189])
    """

    channels: tuple[int, ...] = (32, 64)
    kernel_size: int = 3
    dense: tuple[int, ...] = _DENSE
    downsampling: str = "stride"
    upsampling: str = "transposed"
    activation: str = "relu"
    initialization: Any = "torch_default"
    bias: str = "data_mean"
    image_shape: tuple[int, ...] | None = None
    map_code: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", check_widths("channels", self.channels, fewest=1))
        object.__setattr__(self, "dense", check_widths("dense", self.dense))
        if check_integer("kernel_size", self.kernel_size, minimum=3) % 2 == 0:
            raise InvalidParameterError(
                f"`kernel_size` must be odd, so that a kernel has a middle; got "
                f"{self.kernel_size}: take {self.kernel_size + 1}."
            )
        check_flag("map_code", self.map_code)
        if self.map_code and self.dense not in ((), _DENSE):
            raise InvalidParameterError(
                f"`dense` must be left out where the code is a map; got {self.dense}: leave it, or "
                "map_code=False."
            )
        check_choice("downsampling", self.downsampling, ("stride", "pool"))
        check_choice("upsampling", self.upsampling, ("transposed", "resize"))
        check_choice("activation", self.activation, ACTIVATIONS)
        check_choice("bias", self.bias, ("data_mean", "mean_row", "torch_default"))
        for part in self._initializations():
            resolve_part("initialization", part, INITIALIZATIONS)
        object.__setattr__(self, "initialization", _as_parts(self.initialization))
        if self.image_shape is not None:
            shape = check_widths("image_shape", self.image_shape, fewest=2)
            object.__setattr__(self, "image_shape", shape)

    def build(
        self,
        sizes: Sizes,
        *,
        bottleneck: nn.Module,
        generator: torch.Generator,
        start: Start | None = None,
    ) -> Network:
        """Return the network, its weights drawn from `generator`.

        Conditions are told to the first dense layer of encoder and decoder; an encoder without
        dense hidden layers reads each as a map of one value beside the picture.

        Raises
        ------
        InvalidParameterError
            If `image_shape` does not fit the number of features.
        """
        height, width, n_channels = image_shape_of(sizes.n_features, self.image_shape)
        sides = self._sides(height, width)
        told, as_maps = sizes.n_conditions, self.map_code or not self.dense
        narrowing = self._narrowing(n_channels + told * as_maps)
        inner, outer = self._to_code(sizes, sides[-1], told=told * (not as_maps))
        encoder = stack(
            [Pictures(height, width, n_channels), *narrowing, *inner],
            n_conditions=told,
            place=1 if as_maps else 2 + len(narrowing),
        )
        n_parameters = sizes.n_outputs // sizes.n_features
        decoder = stack(
            [
                *outer,
                *self._widening(sides),
                self._convolution(
                    TransposedConvolution,
                    self.channels[0],
                    n_parameters * n_channels,
                    padding=self.kernel_size // 2,
                ),
                Rows(n_parameters),
            ],
            n_conditions=told,
            place=1 if self.map_code else 0,
        )
        for module, part in zip((encoder, decoder), self._initializations(), strict=True):
            initialization = resolve_part("initialization", part, INITIALIZATIONS)
            initialize(module, initialization, generator=generator)
        start_beside(bottleneck, encoder, decoder)
        if self.bias != "torch_default" and start is not None:
            with torch.no_grad():
                first, last = encoder[1], decoder[-2]
                assert isinstance(first, nn.Conv2d)
                assert isinstance(last, nn.ConvTranspose2d)
                assert first.bias is not None
                assert last.bias is not None
                colour = start.row.view(-1, n_channels).mean(dim=0)
                if as_maps and start.conditions is not None:
                    colour = torch.cat([colour, start.conditions])
                first.bias.copy_(-(first.weight.sum(dim=(2, 3)) @ colour))
                per_channel = start.output.view(n_parameters, -1, n_channels).mean(dim=1)
                last.bias.copy_(per_channel.flatten())
        return Network(encoder, bottleneck, decoder)

    @property
    def centres(self) -> bool:  # type: ignore[override]
        """Whether it is given centred rows."""
        return self.bias == "data_mean"

    def for_pictures(self, image_shape: ImageShape) -> Self:
        return replace(self, image_shape=image_shape) if self.image_shape is None else self

    def _initializations(self) -> tuple[Any, Any]:
        if isinstance(self.initialization, (tuple, list)) and len(self.initialization) == 2:
            return self.initialization[0], self.initialization[1]
        return self.initialization, self.initialization

    def n_places(self, n_features: int) -> int:
        if not self.map_code:
            return 1
        height, width, _ = image_shape_of(n_features, self.image_shape)
        return math.prod(self._sides(height, width)[-1])

    def _sides(self, height: int, width: int) -> list[Sides]:
        """Return the sides of the picture and of the maps after each halving."""
        sides = [(height, width)]
        for _ in self.channels:
            sides.append((math.ceil(sides[-1][0] / 2), math.ceil(sides[-1][1] / 2)))
        return sides

    def _to_code(
        self, sizes: Sizes, smallest: Sides, *, told: int
    ) -> tuple[list[nn.Module], list[nn.Module]]:
        """Return what leads from the smallest maps to the code, and from codes back to maps."""
        n_maps, n_places = self.channels[-1], math.prod(smallest)
        if not self.map_code:
            widths = (n_places * n_maps, *self.dense)
            return (
                [Rows(), *self._dense((widths[0] + told, *self.dense, sizes.n_code))],
                [
                    *self._dense((sizes.n_components + sizes.n_conditions, *reversed(widths))),
                    activation(self.activation),
                    Pictures(*smallest, n_maps),
                ],
            )
        if sizes.n_code % sizes.n_components:
            raise InvalidParameterError(
                "`map_code` must come with as many numbers for each component of the code; got "
                f"{sizes.n_code} for {sizes.n_components}: take posterior='diagonal_gaussian'."
            )
        width = sizes.n_components // n_places
        return (
            [
                skip_init(nn.Conv2d, n_maps, sizes.n_code // n_places, 1),
                Rows(sizes.n_code // sizes.n_components),
            ],
            [
                Pictures(*smallest, width),
                skip_init(nn.Conv2d, width + sizes.n_conditions, n_maps, 1),
                activation(self.activation),
            ],
        )

    def _narrowing(self, n_channels: int) -> list[nn.Module]:
        layers: list[nn.Module] = []
        pooled = self.downsampling == "pool"
        for n_in, n_out in pairwise((n_channels, *self.channels)):
            stride, padding = 1 if pooled else 2, self.kernel_size // 2
            layers += [
                self._convolution(nn.Conv2d, n_in, n_out, stride=stride, padding=padding),
                activation(self.activation),
            ]
            if pooled:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
        return layers

    def _widening(self, sides: Sequence[Sides]) -> list[nn.Module]:
        """Return what leads from the smallest maps to the largest, through `sides` backwards."""
        layers: list[nn.Module] = []
        padding = self.kernel_size // 2
        steps = pairwise(reversed(sides))
        n_maps = pairwise((self.channels[-1], *reversed(self.channels)))
        for (small, large), (n_in, n_out) in zip(steps, n_maps, strict=True):
            if self.upsampling == "transposed":
                # Both an odd side and the even one above it are halved to the same.
                missing = [b - (2 * a - 1) for a, b in zip(small, large, strict=True)]
                options = {"stride": 2, "padding": padding, "output_padding": missing}
                layers.append(self._convolution(TransposedConvolution, n_in, n_out, **options))
            else:
                layers.append(nn.Upsample(size=large))
                layers.append(self._convolution(nn.Conv2d, n_in, n_out, padding=padding))
            layers.append(activation(self.activation))
        return layers

    def _convolution(self, kind: Any, n_in: int, n_out: int, **options: Any) -> nn.Module:
        # skip_init leaves the global generator alone: the weights are drawn afterwards.
        return skip_init(kind, n_in, n_out, self.kernel_size, **options)

    def _dense(self, widths: Sequence[int]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(widths):
            layers += [skip_init(nn.Linear, n_in, n_out), activation(self.activation)]
        return layers[:-1]


class TransposedConvolution(nn.ConvTranspose2d):
    """A transposed convolution that adds its bias apart.

    oneDNN takes a third of the backward pass of a small transposed convolution for the bias alone,
    which is a sum over the maps.
    """

    def forward(self, maps: Tensor, output_size: Any = None) -> Tensor:
        """Return the larger maps."""
        assert self.bias is not None
        assert not isinstance(self.padding, str)
        shape = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        answers = conv_transpose2d(maps, self.weight, None, *shape)
        return answers.add_(self.bias.view(-1, 1, 1))


class Pictures(nn.Module):
    """View flat rows (n, height * width * channels) as maps (n, channels, height, width).

    A view of such rows is PyTorch's channels-last format: nothing is copied, and the convolutions
    that follow keep it, which is their faster one.
    """

    def __init__(self, height: int, width: int, n_channels: int) -> None:
        super().__init__()
        self.shape = (height, width, n_channels)

    def forward(self, rows: Tensor) -> Tensor:
        """Return the maps."""
        return rows.unflatten(1, self.shape).permute(0, 3, 1, 2)


class Rows(nn.Module):
    """Flatten maps (n, parameters * channels, height, width) to rows, what `Pictures` undoes.

    With several parameters a row holds all features' first ones, then all second ones.
    """

    def __init__(self, n_parameters: int = 1) -> None:
        super().__init__()
        self.n_parameters = n_parameters

    def forward(self, maps: Tensor) -> Tensor:
        """Return the rows."""
        return maps.unflatten(1, (self.n_parameters, -1)).permute(0, 1, 3, 4, 2).flatten(1)
