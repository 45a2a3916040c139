"""Encoder and decoder as plain modules: those of the estimator, for a training of anybody's."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.members import LABELS, MEMBERS, QUICK, X, fitted, told_of
from torch import nn

from inscape import Autoencoder, zoo
from inscape._errors import InvalidDataError
from inscape.networks import Dropout


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", MEMBERS)
def test_a_module_gives_what_the_estimator_gives(name, kind):
    model = fitted(name)
    y = told_of(model)
    codes = model.transform(X.astype(kind), *y)
    rows = model.inverse_transform(codes, *y)
    encoder, decoder = model.encoder_module(), model.decoder_module()
    if kind == np.float64:
        encoder, decoder = encoder.double(), decoder.double()
    told = tuple(map(torch.from_numpy, y))
    with torch.no_grad():
        answers = encoder(torch.from_numpy(X.astype(kind)), *told).numpy()
        back = decoder(torch.from_numpy(codes), *told).numpy()
    assert answers.dtype == back.dtype == kind
    np.testing.assert_allclose(answers, codes, rtol=1e-6, atol=1e-6 * abs(codes).max())
    np.testing.assert_allclose(back, rows, rtol=1e-6, atol=1e-6 * abs(rows).max())


@pytest.mark.parametrize("name", MEMBERS)
def test_a_module_is_trained_by_anybody_and_the_estimator_stays(name):
    model = fitted(name)
    y = told_of(model)
    before = model.reconstruct(X, *y)
    encoder, decoder = model.encoder_module().train(), model.decoder_module().train()
    rows = torch.from_numpy(X).float().requires_grad_()
    told = tuple(map(torch.from_numpy, y))
    weights = [*encoder.parameters(), *decoder.parameters()]
    assert all(weight.requires_grad for weight in weights)
    start = [weight.detach().clone() for weight in weights]
    optimizer = torch.optim.SGD(weights, lr=1e-3)
    codes = encoder(rows, *told)
    out = decoder(codes, *told)
    # The most probable category has no slope; its decoder is trained on nothing here.
    loss = codes.square().mean() + (out.square().mean() if out.requires_grad else 0)
    loss.backward()
    optimizer.step()
    assert rows.grad is not None
    assert any(not torch.equal(old, new) for old, new in zip(start, weights, strict=True))
    np.testing.assert_array_equal(model.reconstruct(X, *y), before)
    again = model.encoder_module()
    again.load_state_dict(encoder.state_dict())
    torch.testing.assert_close(
        again.train()(rows.detach()[:7], *(t[:7] for t in told)),
        copy.deepcopy(encoder)(rows.detach()[:7], *(t[:7] for t in told)),
        # Dropout draws.
        atol=1e9 if name == "tied" else 1e-6,
        rtol=1e-6,
    )


def test_gradients_are_the_slopes():
    model = Autoencoder(2, hidden=(8,), activation="tanh", scaler="standard", **QUICK).fit(X)
    for module, width in ((model.encoder_module(), 64), (model.decoder_module(), 2)):
        values = torch.randn(3, width, generator=torch.Generator().manual_seed(0)).double()
        assert torch.autograd.gradcheck(module.double(), values.requires_grad_())


@pytest.mark.parametrize("scaler", [None, "standard", "minmax"])
@pytest.mark.parametrize("network", ["float32", "half", "float64"])
def test_an_offset_of_a_million_spreads_is_no_loss_in_float64(scaler, network):
    spread = 1e-7
    # Numbers that float64 holds exactly, a million spreads off.
    far = np.ldexp(np.rint(np.ldexp(spread * X[:, 1:9] / 4, 60)), -60) + np.ldexp(3.0, -5)
    model = Autoencoder(3, hidden=(8,), scaler=scaler, **QUICK).fit(far)
    codes = model.transform(far)
    rows = model.inverse_transform(codes)
    encoder, decoder = model.encoder_module(), model.decoder_module()
    if network != "float32":
        encoder, decoder = encoder.half(), decoder.half()
        encoder, decoder = (m.double() if network == "float64" else m for m in (encoder, decoder))
    exact = 3e-3 if network != "float32" else 3e-6
    with torch.no_grad():
        answers = encoder(torch.from_numpy(far)).numpy()
        back = decoder(torch.from_numpy(codes)).numpy()
    assert abs(answers - codes).max() < exact * codes.std()
    assert abs(back - rows).max() < exact * rows.std(axis=0).max()


@given(
    shift=st.floats(-1e12, 1e12),
    scale=st.floats(1e-9, 1e9),
    change=st.sampled_from(["float", "half", "bfloat16", "double"]),
)
@settings(max_examples=30, deadline=None)
def test_what_was_measured_keeps_its_digits(shift, scale, change):
    from inscape.estimators.exact_modules import Affine

    whole = nn.Sequential(nn.Linear(2, 2), Affine([shift, shift], scale))
    getattr(whole, change)()
    assert whole[1].shift.tolist() == [shift, shift]
    assert whole[1].scale.item() == scale
    assert whole.state_dict()["1.shift"].dtype == torch.float64
    rows = torch.tensor([[shift, shift + scale]], dtype=torch.float64)
    torch.testing.assert_close(whole[1].undo(whole[1](rows)), rows)


@pytest.mark.parametrize("change", [(), (torch.float16,)])
def test_all_of_a_module_goes_to_a_device(change):
    module = fitted("numbers").encoder_module().to("meta", *change)
    tensors = [*module.parameters(), *module.buffers()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert module.units[0].shift.dtype == torch.float64
    assert module(torch.zeros(3, 64, device="meta"), torch.zeros(3, device="meta")).shape == (3, 2)


def test_counted_rows_are_read_as_the_estimator_reads_them():
    whole = X.astype(np.int64)
    model = Autoencoder(2, hidden=(8,), **QUICK).fit(whole)
    with torch.no_grad():
        answers = model.encoder_module().double()(torch.from_numpy(whole))
    np.testing.assert_array_equal(answers.numpy(), model.transform(whole))


def test_texts_are_told_by_their_place():
    names = np.array([f"class {label}" for label in LABELS])
    model = zoo.build("CVAE", 2, hidden=(8,), **QUICK).fit(X, names)
    places = torch.from_numpy(np.searchsorted(model.classes_, names))
    with torch.no_grad():
        answers = model.encoder_module().double()(torch.from_numpy(X), places)
    np.testing.assert_array_equal(answers.numpy(), model.transform(X, names))


def test_a_dropout_that_is_there_twice_is_nobodys_training_twice():
    shared = Dropout(0.5)
    layers = nn.Sequential(nn.Linear(64, 8), shared, nn.Linear(8, 8), shared, nn.Linear(8, 2))
    model = Autoencoder(2, network=(layers, nn.Linear(2, 64)), **QUICK).fit(X)
    encoder = model.encoder_module().train()
    assert not any(isinstance(module, Dropout) for module in encoder.modules())
    with torch.random.fork_rng(devices=[]):
        assert encoder(torch.from_numpy(X).float()).isfinite().all()


def test_a_module_goes_through_a_pickle():
    model = fitted("labels")
    rows, y = torch.from_numpy(X).float(), torch.from_numpy(LABELS)
    encoder = model.encoder_module()
    again = pickle.loads(pickle.dumps(encoder))
    assert torch.equal(again(rows, y), encoder(rows, y))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("network dense", (torch.zeros(5, 1),), r"rows must be .* \(n_samples, 64\); got \(5, 1\)"),
        ("network dense", (torch.zeros(64),), r"rows must be .*; got \(64,\)"),
        ("network dense", (torch.zeros(5, 64), torch.zeros(5)), "y must be left out"),
        ("labels", (torch.zeros(5, 64),), "each of 5 rows .* got None"),
        ("labels", (torch.zeros(5, 64), torch.zeros(4)), r"got the shape \(4,\)"),
        ("labels", (torch.zeros(2, 64), torch.tensor([3, 12])), "got 12: take one of 0, 1, 2"),
        ("numbers", (torch.zeros(2, 64), torch.zeros(2, 2)), r"\(n_samples, 1\).* got \(2, 2\)"),
    ],
)
def test_wrong_tensors_are_refused_in_a_sentence(name, arguments, message):
    with pytest.raises(InvalidDataError, match=message):
        fitted(name).encoder_module()(*arguments)


def test_decoder_refuses_codes_of_another_width():
    with pytest.raises(InvalidDataError, match=r"The codes must be .* \(n_samples, 2\)"):
        fitted("network dense").decoder_module()(torch.zeros(3, 1))


def test_modules_are_asked_of_a_fitted_estimator():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        Autoencoder().encoder_module()
