"""The room `networks`: weights against their closed forms, shapes, and where training starts."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inscape._errors import InvalidParameterError
from inscape.networks import (
    ACTIVATIONS,
    INITIALIZATIONS,
    NETWORKS,
    Dense,
    Network,
    Orthogonal,
    ScaledNormal,
    Sizes,
    Start,
    activation,
    initialize,
)

ROWS, COLUMNS = 600, 900  # fan_out, fan_in

# Standard deviation, and the bound where there is one, for a matrix (fan_out, fan_in).
CLOSED_FORMS = {
    "torch_default": (1 / math.sqrt(3 * COLUMNS), 1 / math.sqrt(COLUMNS)),
    "kaiming_uniform": (math.sqrt(2 / COLUMNS), math.sqrt(6 / COLUMNS)),
    "kaiming_normal": (math.sqrt(2 / COLUMNS), math.inf),
    "orthogonal": (1 / math.sqrt(COLUMNS), math.inf),
    "scaled_normal": (1 / math.sqrt(ROWS + COLUMNS), math.inf),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(part: Dense | None = None, **options) -> Network:
    chosen = {"bottleneck": nn.Identity(), "generator": generator(), **options}
    return (part or Dense(hidden=(7, 5))).build(Sizes(12, 3, 3, 12), **chosen)


def linear_layers(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


# --------------------------------------------------------------------------- initialisations


@pytest.mark.parametrize("word", INITIALIZATIONS)
def test_weights_have_the_closed_forms_spread(word):
    weight = torch.empty(ROWS, COLUMNS)
    INITIALIZATIONS[word]()(weight, generator=generator())
    std, bound = CLOSED_FORMS[word]
    assert weight.std().item() == pytest.approx(std, rel=0.01)
    assert abs(weight.mean().item()) < 5 * std / math.sqrt(weight.numel())
    assert weight.abs().max().item() <= bound * (1 + 1e-6)
    if bound < math.inf:
        assert weight.abs().max().item() > 0.999 * bound
        assert (weight.abs() < bound / 2).float().mean().item() == pytest.approx(0.5, abs=0.01)
    elif word != "orthogonal":  # 68.27% of a normal lies within one standard deviation
        assert (weight.abs() < std).float().mean().item() == pytest.approx(0.6827, abs=0.005)


@pytest.mark.parametrize("shape", [(5, 20), (20, 5), (8, 8)])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_orthogonal_weights_have_equal_singular_values(shape, gain):
    weight = torch.empty(*shape, dtype=torch.float64)
    Orthogonal(gain=gain)(weight, generator=generator())
    values = torch.linalg.svdvals(weight)
    torch.testing.assert_close(values, torch.full_like(values, gain), rtol=1e-12, atol=0)


@pytest.mark.parametrize("gamma", [0.01, 1.0, 3.0])
def test_scaled_normal_scales_with_gamma(gamma):
    weight = torch.empty(ROWS, COLUMNS)
    ScaledNormal(gamma=gamma)(weight, generator=generator())
    wanted = gamma / math.sqrt(ROWS + COLUMNS)
    assert weight.std().item() == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("gamma", [0, -1.0, math.nan, "1"])
def test_scaled_normal_refuses_a_scale_that_is_none(gamma):
    with pytest.raises(InvalidParameterError, match="`gamma` must be a number > 0; got"):
        ScaledNormal(gamma=gamma)


@pytest.mark.parametrize("word", INITIALIZATIONS)
def test_weights_come_from_the_generator_alone(word):
    def weights(seed: int, global_seed: int) -> list[torch.Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(global_seed)
            part = Dense(hidden=(7, 5), activation="prelu", initialization=word)
            return list(build(part, generator=generator(seed)).state_dict().values())

    first, again, other = weights(1, global_seed=1), weights(1, global_seed=2), weights(2, 1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_building_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    for word in INITIALIZATIONS:
        build(Dense(hidden=(7,), initialization=word))
    assert torch.equal(torch.get_rng_state(), before)


def test_biases_are_uniform_in_one_over_root_fan_in():
    layer = nn.Linear(400, 5000)
    initialize(layer, ScaledNormal(), generator=generator())
    assert layer.bias.abs().max().item() == pytest.approx(1 / 20, rel=0.01)
    assert layer.bias.abs().max().item() <= 1 / 20
    assert layer.bias.std().item() == pytest.approx(1 / 20 / math.sqrt(3), rel=0.03)


def test_initialising_leaves_parameters_that_are_no_matrices_alone():
    module = nn.Sequential(nn.Linear(3, 4), nn.PReLU(init=0.125))
    initialize(module, ScaledNormal(), generator=generator())
    assert module[1].weight.item() == 0.125


def test_a_pair_of_initialisations_is_for_encoder_and_decoder():
    pair = (ScaledNormal(gamma=1e-6), "orthogonal")
    network = build(Dense(hidden=(7, 5), initialization=pair))
    assert all(layer.weight.abs().max() < 1e-5 for layer in linear_layers(network.encoder))
    for layer in linear_layers(network.decoder):
        values = torch.linalg.svdvals(layer.weight)
        torch.testing.assert_close(values, torch.ones_like(values))


# --------------------------------------------------------------------------- dense


@given(
    hidden=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    n_features=st.integers(1, 9),
    n_components=st.integers(1, 4),
    n_code_factor=st.integers(1, 2),
    n_rows=st.integers(1, 4),
    word=st.sampled_from(list(ACTIVATIONS)),
    bottleneck=st.sampled_from(list(ACTIVATIONS)),
)
@settings(max_examples=40, deadline=None)
def test_dense_has_the_widths_asked_for_and_mirrors_them(
    hidden, n_features, n_components, n_code_factor, n_rows, word, bottleneck
):
    n_code, n_outputs = n_components * n_code_factor, 2 * n_features
    network = Dense(hidden=hidden, activation=word).build(
        Sizes(n_features=n_features, n_code=n_code, n_components=n_components, n_outputs=n_outputs),
        bottleneck=activation(bottleneck),
        generator=generator(),
    )
    rows = torch.zeros(n_rows, n_features)
    assert network.encode(rows).shape == (n_rows, n_code)
    assert network.decode(torch.zeros(n_rows, n_components)).shape == (n_rows, n_outputs)
    widths = [layer.in_features for layer in linear_layers(network.encoder)]
    assert widths == [n_features, *hidden]
    widths = [layer.out_features for layer in linear_layers(network.decoder)]
    assert widths == [*reversed(hidden), n_outputs]
    if n_code == n_components:
        assert torch.equal(network(rows), network.decode(network.encode(rows)))


@pytest.mark.parametrize("word", ACTIVATIONS)
def test_an_activation_stands_after_hidden_layers_and_the_bottleneck_alone(word):
    network = build(Dense(hidden=(7, 5), activation=word), bottleneck=nn.Tanh())
    kinds = [type(layer) for layer in network.encoder]
    assert kinds == [nn.Linear, ACTIVATIONS[word], nn.Linear, ACTIVATIONS[word], nn.Linear]
    assert [type(layer) for layer in network.decoder] == kinds
    assert isinstance(network.bottleneck, nn.Tanh)


def test_an_unknown_activation_is_refused_by_the_options_name():
    with pytest.raises(InvalidParameterError, match=r"`bottleneck` must be .* Did you mean 'relu'"):
        activation("rellu", name="bottleneck")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": (8, 0)}, "`hidden` must be a tuple of layer widths >= 1"),
        ({"hidden": 8}, "`hidden` must be a tuple of layer widths >= 1"),
        ({"activation": "rel"}, "`activation` must be one of"),
        ({"initialization": "ortogonal"}, "`initialization` must be .* Did you mean 'orthogonal'"),
        ({"initialization": ("orthogonal", "no")}, "`initialization` must be one of .* got 'no'"),
        ({"bias": "zero"}, "`bias` must be one of"),
    ],
)
def test_dense_refuses_what_cannot_hold(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        Dense(**options)


@pytest.mark.parametrize("part", NETWORKS.values())
def test_network_parts_are_immutable_and_equal_by_value(part):
    assert part() == part()
    assert hash(part()) == hash(part())
    with pytest.raises(AttributeError):
        part().hidden = (1,)


@pytest.mark.parametrize("hidden", [(), (7, 5)])
def test_data_mean_bias_starts_from_the_mean(hidden):
    mean_row, mean_output = torch.linspace(-1, 3, 12), torch.linspace(5, 6, 12)
    network = build(Dense(hidden=hidden), start=Start(mean_row, mean_output))
    torch.testing.assert_close(
        network.encoder[0](mean_row), torch.zeros(hidden[0] if hidden else 3), atol=1e-6, rtol=0
    )
    assert torch.equal(network.decoder[-1].bias, mean_output)


def test_the_shallow_networks_mean_row_comes_back_whole():
    mean_row = torch.linspace(-1, 3, 12)
    network = build(Dense(hidden=()), start=Start(mean_row, mean_row))
    torch.testing.assert_close(network(mean_row[None])[0], mean_row, atol=1e-5, rtol=0)


def test_torch_default_bias_does_not_look_at_the_data():
    part = Dense(hidden=(7,), bias="torch_default")
    looked = build(part, start=Start(torch.full((12,), 9.0), torch.full((12,), 9.0)))
    blind = build(part)
    for name, value in blind.state_dict().items():
        assert torch.equal(looked.state_dict()[name], value), name
