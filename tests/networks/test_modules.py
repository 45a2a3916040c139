"""Modules of the user's own: copied in one go, left as they are, never fed what they spoil."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import inscape
from inscape import Autoencoder, VariationalAutoencoder
from inscape._errors import InvalidParameterError
from inscape.networks import Dense, Dropout
from inscape.training import Plan

X = load_digits().data[:97] / 16  # 97 = 3 * 32 + 1: the last batch of 32 has one row
OPTIONS = {"epochs": 2, "batch_size": 32, "random_state": 0, "optimizer": "adam"}


class Scaled(nn.Module):
    """A layer whose one number encoder and decoder share."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, values):
        return values * self.scale


def test_a_layer_that_encoder_and_decoder_share_stays_shared(tmp_path):
    def pair():
        shared = Scaled()
        return (
            nn.Sequential(nn.Linear(64, 2), shared),
            nn.Sequential(shared, nn.Linear(2, 64)),
        )

    model = Autoencoder(2, network=pair(), **OPTIONS).fit(X)
    encoder, decoder = model.network_.encoder, model.network_.decoder
    assert encoder[1].scale is decoder[0].scale
    assert encoder[1].scale.item() != 1
    # As many numbers as the user's pair has, the shared one once.
    assert sum(p.numel() for p in model.network_.parameters()) == 130 + 192 + 1
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model", network=pair())
    assert again.network_.encoder[1].scale is again.network_.decoder[0].scale
    np.testing.assert_array_equal(again.transform(X), model.transform(X))


def test_our_dropout_is_repeated_to_the_bit_in_modules_of_the_users_own():
    def fit():
        layers = nn.Sequential(nn.Linear(64, 8), Dropout(0.5), nn.Linear(8, 2))
        with torch.no_grad():
            for weight in layers.parameters():
                weight.fill_(0.1)
        decoder = nn.Linear(2, 64)
        nn.init.constant_(decoder.weight, 0.2)
        nn.init.constant_(decoder.bias, 0.3)
        return Autoencoder(2, network=(layers, decoder), **OPTIONS).fit(X)

    np.testing.assert_array_equal(fit().transform(X), fit().transform(X))


class Centred(nn.Module):
    def forward(self, values):
        return values.sub_(values.mean(dim=1, keepdim=True))


@pytest.mark.parametrize(
    "layer",
    [nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True), Centred(), nn.SiLU(inplace=True)],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_a_first_layer_that_works_in_place_is_refused(layer, side):
    encoder, decoder = nn.Linear(64, 2), nn.Linear(2, 64)
    if side == "encoder":
        encoder = nn.Sequential(layer, encoder)
    else:
        decoder = nn.Sequential(layer, decoder)
    before, state = X.copy(), torch.random.get_rng_state()
    with pytest.raises(
        InvalidParameterError, match=f"The {side} must leave what it is given .* in"
    ):
        Autoencoder(2, network=(encoder, decoder), **OPTIONS).fit(X)
    np.testing.assert_array_equal(X, before)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_later_layer_may_work_in_place():
    network = (
        nn.Sequential(nn.Linear(64, 8), nn.ReLU(inplace=True), nn.Linear(8, 2)),
        nn.Linear(2, 64),
    )
    rows = X.astype(np.float32)
    model = Autoencoder(2, network=network, **OPTIONS).fit(rows)
    before = rows.copy()
    model.transform(rows)
    np.testing.assert_array_equal(rows, before)


# --------------------------------------------------------------------------- batch statistics


def normalized():
    return (
        nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)),
        nn.Linear(2, 64),
    )


@pytest.mark.parametrize("network", [normalized(), Dense((8,), normalization="batch")])
@pytest.mark.parametrize("kind", [Autoencoder, VariationalAutoencoder])
def test_a_lone_last_row_goes_with_the_batch_before_it(network, kind):
    n_code = 2 if kind is Autoencoder else 4
    if isinstance(network, tuple):
        network = (nn.Sequential(*network[0][:-1], nn.Linear(8, n_code)), network[1])
    model = kind(2, network=network, **OPTIONS).fit(X)
    assert model.history_[-1]["step"] == 2 * 3
    assert np.isfinite(model.score(X))


def test_without_batch_statistics_a_lone_row_is_a_batch_as_ever():
    model = Autoencoder(2, hidden=(8,), **OPTIONS).fit(X)
    assert model.history_[-1]["step"] == 2 * 4


@pytest.mark.parametrize("n", [2, 31, 32, 33, 34, 64, 65, 97])
@pytest.mark.parametrize("batch_size", [2, 32, 1000])
def test_every_row_is_in_one_batch_and_none_is_alone(n, batch_size):
    plan = Plan(1, batch_size, None, lone_rows=False)
    batches = [*plan.batches(torch.arange(n))]
    assert torch.cat(batches).tolist() == [*range(n)]
    assert len(batches) == plan.n_batches(n)
    assert min(map(len, batches)) >= 2
    assert max(map(len, batches)) <= batch_size + 1


def test_batches_of_one_row_are_refused_where_statistics_are_taken():
    options = {**OPTIONS, "batch_size": 1}
    with pytest.raises(
        InvalidParameterError, match=r"`batch_size` must be at least 2 .* BatchNorm1d"
    ):
        Autoencoder(2, network=normalized(), **options).fit(X[:5])
    Autoencoder(2, hidden=(8,), **{**options, "epochs": 1}).fit(X[:5])


# --------------------------------------------------------------------------- loading


def pair(width: int):
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 2)), nn.Linear(2, 64)


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (pair(9), r"got \(9,\) for encoder.0.bias, which is \(8,\) there"),
        ((nn.Linear(64, 2), nn.Linear(2, 64)), "build the modules as they were"),
    ],
)
def test_modules_of_another_shape_are_no_damaged_file(network, told, tmp_path):
    Autoencoder(2, network=pair(8), **OPTIONS).fit(X).save(tmp_path / "model")
    with pytest.raises(InvalidParameterError, match=told):
        inscape.load(tmp_path / "model", network=network)
    assert inscape.load(tmp_path / "model", network=pair(8)).transform(X).shape == (97, 2)
