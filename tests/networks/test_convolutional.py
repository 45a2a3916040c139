"""`Convolutional`: the layout of the pixels, every size, and the layers written out by hand."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from inscape._errors import InvalidParameterError
from inscape.networks import Network, Sizes, Start, activation
from inscape.networks.convolutional import Convolutional, Pictures, Rows, TransposedConvolution


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(part: Convolutional, shape: tuple[int, ...], *, n_parameters: int = 1, **options):
    n_features = math.prod(shape)
    told = {"n_code": 3, "n_components": 3, "n_conditions": 0}
    widths = {name: options.pop(name, width) for name, width in told.items()}
    sizes = Sizes(n_features=n_features, n_outputs=n_parameters * n_features, **widths)
    return part.build(sizes, **{"generator": generator(), "bottleneck": nn.Identity(), **options})


def reference(kind: type[nn.Module], layer: nn.Module, *arguments, **options) -> nn.Module:
    """Return PyTorch's own layer with the same weights."""
    own = kind(*arguments, **options).to(layer.weight.dtype)
    own.load_state_dict(copy.deepcopy(layer.state_dict()))
    return own


# --------------------------------------------------------------------------- layout


def test_a_pixel_of_the_row_is_at_its_place_in_the_maps_and_comes_back():
    height, width, n_channels = 3, 5, 2
    rows = torch.arange(60.0).view(2, 30)
    maps = Pictures(height, width, n_channels)(rows)
    for h, w, c in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (2, 4, 1)):
        place = (h * width + w) * n_channels + c
        assert torch.equal(maps[:, c, h, w], rows[:, place])
    assert torch.equal(Rows()(maps), rows)


def test_rows_become_channels_last_maps_and_back_without_a_copy():
    rows = torch.rand(4, 7 * 5 * 3)
    maps = Pictures(7, 5, 3)(rows)
    assert maps.is_contiguous(memory_format=torch.channels_last)
    assert maps.data_ptr() == rows.data_ptr() == Rows()(maps).data_ptr()


def test_several_parameters_stand_one_after_the_other_each_in_the_features_order():
    height, width, n_channels, n_parameters = 2, 3, 4, 2
    maps = torch.rand(5, n_parameters * n_channels, height, width)
    rows = Rows(n_parameters)(maps)
    for p in range(n_parameters):
        for feature, (h, w, c) in enumerate(
            (h, w, c) for h in range(height) for w in range(width) for c in range(n_channels)
        ):
            column = p * height * width * n_channels + feature
            assert torch.equal(rows[:, column], maps[:, p * n_channels + c, h, w])


@pytest.mark.parametrize("shape", [(6, 4, 3), (5, 7, 1)])
def test_a_network_of_single_pixels_moves_no_colour_to_another_place(shape):
    # Kernels of one pixel that pass the maps on: what a pixel becomes depends on it alone.
    maps = torch.rand(2, 8, *shape[:2])
    last = nn.ConvTranspose2d(8, shape[2], 1)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        for channel in range(shape[2]):
            last.weight[channel, channel] = 1
    assert torch.equal(Rows()(last(maps)), maps[:, : shape[2]].permute(0, 2, 3, 1).flatten(1))


# --------------------------------------------------------------------------- sizes


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    n_channels=st.integers(1, 4),
    channels=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    kernel_size=st.sampled_from([3, 5]),
    dense=st.lists(st.integers(1, 6), max_size=2).map(tuple),
    downsampling=st.sampled_from(["stride", "pool"]),
    upsampling=st.sampled_from(["transposed", "resize"]),
    n_parameters=st.integers(1, 2),
)
@settings(max_examples=40, deadline=None)
def test_every_size_comes_back_and_every_parameter_has_a_gradient(
    height, width, n_channels, n_parameters, **options
):
    shape = (height, width, n_channels)
    # A tanh never dies, so a gradient that is zero everywhere would be a layer left out.
    part = Convolutional(activation="tanh", image_shape=shape, **options)
    network = build(part, shape, n_parameters=n_parameters, n_code=6)
    network.bottleneck = nn.Linear(6, 3)
    rows = torch.rand(4, math.prod(shape), generator=generator(1))
    assert network.encode(rows).shape == (4, 3)
    outputs = network(rows)
    assert outputs.shape == (4, n_parameters * math.prod(shape))
    (outputs * torch.rand(outputs.shape, generator=generator(2))).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("downsampling", ["stride", "pool"])
@pytest.mark.parametrize(("shape", "sides"), [((28, 28), (7, 7)), ((13, 6), (4, 2))])
def test_sides_are_halved_upwards(downsampling, shape, sides):
    network = build(Convolutional((2, 3), downsampling=downsampling, image_shape=shape), shape)
    first = next(layer for layer in network.encoder if isinstance(layer, nn.Linear))
    assert first.in_features == math.prod(sides) * 3


def test_no_shape_is_a_square_of_one_channel():
    part = Convolutional((2,), dense=())
    assert part.image_shape is None
    assert build(part, (5, 5)).encoder[0].shape == (5, 5, 1)


# --------------------------------------------------------------------------- oracles


def test_the_default_at_28_x_28_has_the_parameters_counted_by_hand():
    network = build(Convolutional(), (28, 28), n_code=20, n_components=20)
    by_hand = {
        "encoder": [1 * 9 * 32 + 32, 32 * 9 * 64 + 64, 3136 * 16 + 16, 16 * 20 + 20],
        "decoder": [
            *(20 * 16 + 16, 16 * 3136 + 3136),
            *(64 * 9 * 64 + 64, 64 * 9 * 32 + 32, 32 * 9 * 1 + 1),
        ],
    }
    for name, counts in by_hand.items():
        layers = [layer for layer in getattr(network, name) if hasattr(layer, "weight")]
        assert [sum(p.numel() for p in layer.parameters()) for layer in layers] == counts
    assert sum(p.numel() for p in network.parameters()) == 178_677


def _written_out(network: Network) -> nn.Sequential:
    """Return the default for 9 x 14 x 2, written out in PyTorch's own layers, in NCHW."""
    down = [layer for layer in network.encoder if hasattr(layer, "weight")]
    up = [layer for layer in network.decoder if hasattr(layer, "weight")]
    return nn.Sequential(
        reference(nn.Conv2d, down[0], 2, 4, 3, stride=2, padding=1),
        nn.ReLU(),
        reference(nn.Conv2d, down[1], 4, 6, 3, stride=2, padding=1),
        nn.ReLU(),
        _Reordered(),
        reference(nn.Linear, down[2], 3 * 4 * 6, 5),
        nn.ReLU(),
        reference(nn.Linear, down[3], 5, 3),
        reference(nn.Linear, up[0], 3, 5),
        nn.ReLU(),
        reference(nn.Linear, up[1], 5, 3 * 4 * 6),
        nn.ReLU(),
        nn.Unflatten(1, (3, 4, 6)),
        _Moved(),
        reference(nn.ConvTranspose2d, up[2], 6, 6, 3, stride=2, padding=1, output_padding=(0, 0)),
        nn.ReLU(),
        reference(nn.ConvTranspose2d, up[3], 6, 4, 3, stride=2, padding=1, output_padding=(0, 1)),
        nn.ReLU(),
        reference(nn.ConvTranspose2d, up[4], 4, 2, 3, padding=1),
    )


class _Reordered(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 2, 3, 1).contiguous().flatten(1)


class _Moved(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps.permute(0, 3, 1, 2).contiguous()


def test_the_network_and_its_gradients_equal_the_layers_written_out():
    # 9 x 14 is 5 x 7, then 3 x 4; the way back has an odd side and an even one.
    network = build(Convolutional((4, 6), dense=(5,), image_shape=(9, 14, 2)), (9, 14, 2)).double()
    rows = torch.rand(7, 9 * 14 * 2, generator=generator(1)).double()
    plain = _written_out(network)
    pictures = rows.view(7, 9, 14, 2).permute(0, 3, 1, 2).contiguous()
    outputs, expected = network(rows), plain(pictures).permute(0, 2, 3, 1).flatten(1)
    torch.testing.assert_close(outputs, expected, rtol=1e-12, atol=1e-12)
    outputs.square().sum().backward()
    expected.square().sum().backward()
    for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-10, atol=1e-12)


def test_pool_and_resize_equal_the_layers_written_out():
    part = Convolutional(
        (4,), dense=(), downsampling="pool", upsampling="resize", image_shape=(5, 6)
    )
    network = build(part, (5, 6))
    maps = torch.rand(3, 1, 5, 6, generator=generator(1))
    down = [layer for layer in network.encoder if hasattr(layer, "weight")]
    pooled = nn.functional.max_pool2d(down[0](maps).relu(), 2, ceil_mode=True)
    assert down[0].stride == (1, 1)
    code = down[1](pooled.permute(0, 2, 3, 1).flatten(1))
    torch.testing.assert_close(network.encode(maps.flatten(1)), code)
    up = [layer for layer in network.decoder if hasattr(layer, "weight")]
    small = up[0](code).relu().view(3, 3, 3, 4).permute(0, 3, 1, 2)
    repeated = small.repeat_interleave(2, dim=2)[:, :, :5].repeat_interleave(2, dim=3)
    # Nearest from 3 to 5 rows: 0, 0.6, 1.2, 1.8, 2.4, rounded downwards.
    repeated[:, :, :] = small[:, :, [0, 0, 1, 1, 2]].repeat_interleave(2, dim=3)
    last = reference(nn.ConvTranspose2d, up[2], 4, 1, 3, padding=1)
    torch.testing.assert_close(network.decode(code), last(up[1](repeated).relu()).flatten(1))


def test_jacobians_of_the_decoder_are_those_of_single_rows():
    network = build(Convolutional((3, 4), dense=(), activation="tanh"), (6, 6))
    code = torch.rand(3, generator=generator())
    by_function = torch.func.jacrev(lambda z: network.decode(z[None])[0])(code)
    by_rows = torch.autograd.functional.jacobian(lambda z: network.decode(z[None])[0], code)
    torch.testing.assert_close(by_function, by_rows)


def test_half_precision_trains_near_single_precision():
    network = build(Convolutional((4, 6), dense=()), (8, 8))
    rows = torch.rand(6, 64, generator=generator(1))
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network(rows)
    torch.testing.assert_close(outputs.float(), network(rows), atol=0.05, rtol=0.05)
    outputs.float().square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


# --------------------------------------------------------------------------- the start


def test_weights_and_biases_have_pytorchs_own_spread():
    network = build(Convolutional((40, 50), bias="torch_default"), (8, 8), n_code=9)
    for layer in [*network.encoder, *network.decoder]:
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            assert 0.95 * bound < layer.weight.abs().max().item() <= bound
            assert layer.bias.abs().max().item() <= bound


def test_weights_come_from_the_generator_alone():
    def weights(seed: int, global_seed: int) -> list[Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(global_seed)
            before = torch.get_rng_state()
            network = build(Convolutional((2, 3)), (6, 6), generator=generator(seed))
            assert torch.equal(torch.get_rng_state(), before)
            return list(network.state_dict().values())

    first, again, other = weights(1, global_seed=1), weights(1, global_seed=2), weights(2, 1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_pair_of_initialisations_is_for_encoder_and_decoder():
    pair = ({"type": "scaled_normal", "gamma": 1e-6}, "kaiming_uniform")
    network = build(Convolutional((2, 3), initialization=pair), (6, 6))
    layers = [
        [m for m in half if hasattr(m, "weight")] for half in (network.encoder, network.decoder)
    ]
    assert all(layer.weight.abs().max() < 1e-5 for layer in layers[0])
    assert all(layer.weight.abs().max() > 1e-2 for layer in layers[1])


def test_data_mean_starts_from_the_mean_colour():
    shape = (8, 6, 3)
    colour = torch.tensor([0.2, 0.5, 0.9])
    mean_row = colour.repeat(48)
    mean_output = torch.cat([torch.arange(144.0), 7 + torch.arange(144.0)])
    part = Convolutional((4,), image_shape=shape)
    network = build(part, shape, n_parameters=2, start=Start(mean_row, mean_output))
    maps = network.encoder[1](network.encoder[0](mean_row[None]))
    # Padding is seen at the upper and left edge alone.
    torch.testing.assert_close(maps[:, :, 1:, 1:], torch.zeros(1, 4, 3, 2), atol=1e-6, rtol=0)
    expected = [
        mean_output[start + c : start + 144 : 3].mean() for start in (0, 144) for c in range(3)
    ]
    torch.testing.assert_close(network.decoder[-2].bias, torch.stack(expected))


def test_torch_default_bias_does_not_look_at_the_data():
    part = Convolutional((2,), bias="torch_default")
    rows = {"start": Start(torch.full((36,), 9.0), torch.full((36,), 9.0))}
    looked, blind = build(part, (6, 6), **rows), build(part, (6, 6))
    for name, value in blind.state_dict().items():
        assert torch.equal(looked.state_dict()[name], value), name


# --------------------------------------------------------------------------- options


@pytest.mark.parametrize("word", ["relu", "prelu", "tanh"])
def test_the_activation_stands_between_all_layers_and_nowhere_else(word):
    network = build(Convolutional((2, 3), dense=(4,), activation=word), (6, 6))
    kind = type(activation(word))
    for half, last in ((network.encoder, -1), (network.decoder, -2)):
        layers = [m for m in half if not isinstance(m, (Pictures, Rows))]
        assert all(isinstance(m, kind) for m in layers[1::2])
        assert not any(isinstance(m, kind) for m in layers[::2])
        assert hasattr(half[last], "weight")
    assert len([m for m in network.modules() if isinstance(m, kind)]) == 3 + 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": ()}, "`channels` must be a tuple of layer widths >= 1"),
        ({"channels": (4, 0)}, "`channels` must be a tuple of layer widths >= 1"),
        ({"dense": 16}, "`dense` must be a tuple of layer widths >= 1"),
        ({"kernel_size": 4}, "`kernel_size` must be odd, .*; got 4: take 5"),
        ({"kernel_size": 1}, "`kernel_size` must be an integer >= 3; got 1"),
        ({"downsampling": "strided"}, "`downsampling` must be .* Did you mean 'stride'"),
        ({"upsampling": "resized"}, "`upsampling` must be .* Did you mean 'resize'"),
        ({"activation": "rel"}, "`activation` must be .* Did you mean 'relu'"),
        ({"initialization": "ortogonal"}, "`initialization` must be .* Did you mean 'orthogonal'"),
        ({"bias": "zero"}, "`bias` must be one of"),
        ({"image_shape": (28,)}, "`image_shape` must be"),
    ],
)
def test_what_cannot_hold_is_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        Convolutional(**options)


def test_a_shape_that_does_not_fit_the_features_is_refused():
    with pytest.raises(InvalidParameterError, match=r"`image_shape` must be .* 12, the number of"):
        Convolutional(image_shape=(3, 5)).build(
            Sizes(n_features=12, n_code=2, n_components=2, n_outputs=12),
            bottleneck=nn.Identity(),
            generator=generator(),
        )


def test_the_part_is_immutable_and_equal_by_value():
    assert Convolutional() == Convolutional(channels=[32, 64])
    assert hash(Convolutional()) == hash(Convolutional())
    with pytest.raises(AttributeError):
        Convolutional().channels = (1,)


def test_a_bias_that_is_added_apart_changes_no_digit_that_matters():
    torch.manual_seed(0)
    apart = TransposedConvolution(5, 3, 3, 2, 1, 1).double()
    whole = torch.nn.ConvTranspose2d(5, 3, 3, 2, 1, 1).double()
    whole.load_state_dict(apart.state_dict())
    maps = torch.randn(2, 5, 7, 7, dtype=torch.float64)
    weight = torch.randn(2, 3, 14, 14, dtype=torch.float64)
    found, expected = apart(maps), whole(maps)
    torch.testing.assert_close(found, expected)
    for answers in (found, expected):
        (answers * weight).sum().backward()
    torch.testing.assert_close(apart.weight.grad, whole.weight.grad)
    torch.testing.assert_close(apart.bias.grad, whole.bias.grad)
