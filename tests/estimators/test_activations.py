"""What a layer gives for rows: by name, in every network, at every moment of a training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.members import MEMBERS, X, fitted, told_of

from inscape import Autoencoder, VariationalAutoencoder
from inscape._errors import InvalidParameterError
from inscape.training import Recorder


@pytest.mark.parametrize("name", MEMBERS)
def test_codes_and_outputs_are_those_of_their_layers(name):
    model = fitted(name)
    told = told_of(model)
    names = model.layer_names_
    assert set(names) <= {layer for layer, _ in model.network_.named_modules()}
    assert {"encoder", "bottleneck", "decoder"} <= set(names)
    assert names.index("encoder") < names.index("bottleneck") < names.index("decoder")
    codes = model.activations(X, *told, layer="bottleneck")
    assert np.array_equal(codes, model.transform(X, *told))
    outputs = torch.from_numpy(model.activations(X, *told, layer="decoder"))
    back = model.units_.undo(model.units_.likelihood.mean(outputs).numpy())
    assert np.allclose(back, model.reconstruct(X, *told), rtol=1e-12, atol=1e-12)


def test_a_hidden_layer_gives_what_its_weights_say():
    model = Autoencoder(2, hidden=(8, 5), likelihood="bernoulli", epochs=1, scaler="minmax")
    model.fit(X)
    assert model.layer_names_[:5] == tuple(f"encoder.{i}" for i in range(5))
    weights = {name: w.double().numpy() for name, w in model.network_.state_dict().items()}
    values = model.scaler_.transform(X)
    for place in (0, 2):
        values = values @ weights[f"encoder.{place}.weight"].T + weights[f"encoder.{place}.bias"]
        given = model.activations(X, layer=f"encoder.{place}")
        assert np.allclose(given, values, rtol=1e-10, atol=1e-10)
        values = values.clip(min=0)
        assert np.allclose(model.activations(X, layer=f"encoder.{place + 1}"), values, atol=1e-10)


def test_convolutional_layers_give_maps_and_pictures_of_any_number():
    model = fitted("network convolutional")
    first = model.activations(X, layer=model.layer_names_[0])
    assert len(first) == len(X)
    shapes = [model.activations(X[:3], layer=name).shape for name in model.layer_names_]
    assert any(len(shape) == 4 for shape in shapes)
    assert all(shape[0] == 3 for shape in shapes)


def test_a_layer_that_does_not_exist_is_told_with_those_that_do():
    model = fitted("posterior diagonal_gaussian")
    with pytest.raises(InvalidParameterError, match=r"encoder\.beside\.0.*Did you mean 'encoder'"):
        model.activations(X, layer="encodr")


def test_activations_are_those_of_the_moment_that_is_asked_for():
    recorder, model = Recorder(), VariationalAutoencoder(2, hidden=(8,), epochs=2, random_state=0)
    for report, state in model.iter_fit(X):
        recorder.observe(report, state.network)
    layer = "encoder.beside.1"
    first, last = (model.at(recorder.snapshots[i]) for i in (0, -1))
    assert np.array_equal(last.activations(X, layer=layer), model.activations(X, layer=layer))
    assert not np.allclose(first.activations(X, layer=layer), model.activations(X, layer=layer))
    weights = recorder.snapshots[0].weights
    rows = model.units_.apply(X)
    assert model.network_.encoder.limit is None
    hidden = rows @ weights["encoder.beside.0.weight"].T + weights["encoder.beside.0.bias"]
    assert np.allclose(first.activations(X, layer=layer), hidden.clip(min=0), atol=1e-6)


def test_a_layer_that_writes_into_what_it_reads_changes_nothing_that_was_told():
    inplace = torch.nn.Sequential(torch.nn.Linear(64, 4), torch.nn.LeakyReLU(0.1, inplace=True))
    model = Autoencoder(4, network=(inplace, torch.nn.Linear(4, 64)), epochs=1, random_state=0)
    before, after = (model.fit(X).activations(X, layer=f"encoder.{i}") for i in (0, 1))
    assert np.allclose(np.where(before < 0, 0.1 * before, before), after)
    assert not np.allclose(before, after)
