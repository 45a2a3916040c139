"""Grids of symbols: codes that are maps, quantised place by place, and a density of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import inscape
from inscape import Autoencoder, VariationalAutoencoder, zoo
from inscape._errors import InvalidParameterError
from inscape.estimators.symbols import AutoregressiveSymbols, SymbolDensity, fit_symbols
from inscape.networks import Convolutional, VectorQuantized
from inscape.runs import FitConfig, fit

X = load_digits().data[:400] / 16
SMALL = Convolutional(channels=(4, 8), map_code=True)
QUICK = {"epochs": 2, "batch_size": 100, "random_state": 0}


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def density(n_symbols: int, codebook_size: int, *, scale: float = 1.0) -> SymbolDensity:
    """A density with weights that differ from those of the start."""
    part = AutoregressiveSymbols(hidden=5, n_embedding=4)
    module = SymbolDensity(
        part, n_symbols=n_symbols, codebook_size=codebook_size, generator=draws()
    )
    with torch.no_grad():
        for weight in (module.bias, module.logits, module.place):
            weight.copy_(scale * torch.randn(weight.shape, generator=draws(7)))
    return module


def every(n_symbols: int, codebook_size: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product(range(codebook_size), repeat=n_symbols)))


# --------------------------------------------------------------------------- the density


@pytest.mark.parametrize(("n_symbols", "codebook_size"), [(1, 5), (3, 4), (5, 2)])
def test_the_probabilities_of_all_grids_sum_to_1(n_symbols, codebook_size):
    module = density(n_symbols, codebook_size)
    nats = module.log_probability(every(n_symbols, codebook_size))
    assert nats.double().exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert nats.std() > 0.1


def test_draws_are_as_frequent_as_the_density_says():
    module, n = density(3, 3), 20_000
    grids = every(3, 3)
    shares = module.log_probability(grids).double().exp()
    drawn = module.draw(n, generator=draws(1))
    counted = torch.bincount(drawn @ torch.tensor([9, 3, 1]), minlength=27) / n
    errors = (shares * (1 - shares) / n).sqrt() + 1e-4
    assert ((counted - shares).abs() < 4.5 * errors).all()


def test_what_comes_later_changes_nothing_before_it():
    module = density(4, 3)
    symbols = torch.randint(3, (6, 4), generator=draws())
    before = module._logits(symbols)
    for place in range(4):
        changed = symbols.clone()
        changed[:, place] = (changed[:, place] + 1) % 3
        after = module._logits(changed)
        torch.testing.assert_close(after[:, : place + 1], before[:, : place + 1], rtol=0, atol=0)
        assert place == 3 or not torch.allclose(after[:, place + 1 :], before[:, place + 1 :])


def test_it_finds_what_shares_of_each_place_cannot_tell():
    # The third symbol is the sum of the others: an entropy of 2 log 4, where places have 3 log 4.
    first = torch.randint(4, (3000, 2), generator=draws())
    symbols = torch.cat([first, first.sum(dim=1, keepdim=True) % 4], dim=1)
    module = SymbolDensity(AutoregressiveSymbols(), n_symbols=3, codebook_size=4, generator=draws())
    fit_symbols(module, symbols[:2000], n_steps=400, generator=draws())
    found = -module.log_probability(symbols[2000:]).mean().item()
    assert 2 * np.log(4) - 0.02 < found < 2 * np.log(4) + 0.15


def test_where_there_is_nothing_to_find_it_stays_the_shares_of_each_place():
    symbols = torch.randint(8, (60, 3), generator=draws())
    module = density(3, 8, scale=0.0)
    fit_symbols(module, symbols, n_steps=200, generator=draws())
    held_out = torch.randint(8, (4000, 3), generator=draws(5))
    shares = torch.log_softmax(module.place, dim=1).gather(1, held_out.T).sum(dim=0)
    found = module.log_probability(held_out).mean()
    assert found > shares.mean() - 0.1
    assert found > -3 * np.log(8) - 0.6


# --------------------------------------------------------------------------- codes that are maps


def test_a_code_has_its_components_at_each_place():
    options = {**QUICK, "epochs": 20}
    model = zoo.build("VQ-VAE", 3, network=SMALL, bottleneck=VectorQuantized(16), **options).fit(X)
    codes = model.transform(X)
    assert codes.shape == (400, 4 * 3)
    assert model.n_components_ == 12
    assert model.get_params()["n_components"] == 3
    entries = model.code_space_.quantizer.codebook.numpy()
    places = codes.reshape(-1, 3)
    assert {tuple(place) for place in places} <= {tuple(entry) for entry in entries}
    # More grids than there are entries: what one symbol a row could not tell.
    assert len(np.unique(codes, axis=0)) > 16
    assert not model.dead_units_


def test_a_place_of_the_code_is_a_place_of_the_picture():
    part = Convolutional(channels=(4,), map_code=True, image_shape=(16, 12))
    pictures = np.random.default_rng(0).random((80, 192))
    model = Autoencoder(2, network=part, **QUICK).fit(pictures)
    assert model.n_components_ == 8 * 6 * 2
    changed = pictures[:1].reshape(1, 16, 12).copy()
    changed[0, -1, -1] += 1.0
    moved = model.transform(changed.reshape(1, -1)) - model.transform(pictures[:1])
    touched = np.abs(moved.reshape(8, 6, 2)).max(axis=2) > 1e-9
    assert touched[-1, -1]
    assert not touched[:-2].any()
    assert not touched[:, :-2].any()
    codes = model.transform(pictures[:1])
    other = codes.reshape(1, 8, 6, 2).copy()
    other[0, 0, 0] += 1.0
    back = model.inverse_transform(other.reshape(1, -1)) - model.inverse_transform(codes)
    seen = np.abs(back.reshape(16, 12)) > 1e-9
    assert seen[:2, :2].any()
    assert not seen[6:].any()
    assert not seen[:, 6:].any()


@pytest.mark.parametrize("conditional", [False, True])
def test_a_posterior_may_be_a_map_too(conditional):
    labels = (load_digits().target[:400],) if conditional else ()
    model = VariationalAutoencoder(2, network=SMALL, conditional=conditional, **QUICK)
    model.fit(X, *labels)
    assert model.transform(X, *labels).shape == (400, 8)
    report = model.latent_report_
    assert report.n_components == 8
    assert model.sample(3, y=4 if conditional else None, random_state=0).shape == (3, 64)


@pytest.mark.parametrize("made", ["grid", "maps"])
def test_maps_are_saved_and_loaded_bit_by_bit(made, tmp_path):
    if made == "grid":
        model = zoo.build("VQ-VAE", 2, network=SMALL, **QUICK).fit(X)
        model.fit_sampler(X, "symbols", n_steps=5, random_state=0)
        drawn = model.sample(6, random_state=1)
        np.testing.assert_array_equal(drawn, model.sample(6, from_="symbols", random_state=1))
        codes = model.transform(drawn)
        assert codes.shape == (6, 8)
    else:
        model = VariationalAutoencoder(2, network=SMALL, **QUICK).fit(X)
        drawn = model.sample(6, random_state=1)
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    assert again.n_components_ == model.n_components_ == 8
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    np.testing.assert_array_equal(again.sample(6, random_state=1), drawn)
    twice = again.fine_tune(X, epochs=1)
    assert twice.n_components_ == 8
    twice.save(tmp_path / "twice")
    assert inscape.load(tmp_path / "twice").n_components_ == 8


def test_one_symbol_a_row_is_a_grid_of_one_place():
    model = Autoencoder(2, hidden=(16,), bottleneck=VectorQuantized(8), **QUICK).fit(X)
    model.fit_sampler(X, "symbols", n_steps=1, random_state=0)
    rows = model.sample(4000, random_state=0)
    symbols = model.code_space_.quantizer.indices(torch.from_numpy(model.transform(X)).float())
    wanted = np.bincount(symbols, minlength=8) / len(X)
    entries = model.inverse_transform(model.code_space_.quantizer.codebook.double().numpy())
    drawn = np.abs(rows[:, None] - entries).sum(axis=2).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(drawn, minlength=8) / 4000, wanted, atol=0.05)


# --------------------------------------------------------------------------- as a run


@pytest.mark.proof
def test_a_grid_is_a_run_like_any_other(tmp_path):
    config = FitConfig(data="digits", model="VQ-VAE", epochs=1)
    run = fit(config, tmp_path / "run")
    assert run.metrics["n_components"] == 8
    assert run.metrics["codebook"]["used"] <= 512
    assert (run.path / "figures" / "samples.png").exists()
    assert "the density of the codes" in (run.path / "report.html").read_text(encoding="utf-8")
    assert inscape.load(run.path).n_components_ == 8
    # A dense network that is asked for is not overruled by the line's own.
    own = FitConfig(data="digits", model="VQ-VAE", hidden=(9,)).estimator_parameters()
    assert own["network"]["hidden"] == (9,)
    assert "network" not in FitConfig(data="digits", model="VQ-VAE").estimator_parameters()


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Convolutional(dense=(8,), map_code=True), "`dense` must be left out where"),
        (lambda: Convolutional(map_code=1), "`map_code` must be True or False; got 1"),
        (lambda: VectorQuantized(n_symbols=0), "`n_symbols` must be an integer >= 1; got 0"),
        (
            lambda: VectorQuantized(n_symbols=3).build(4, generator=draws()),
            "`n_symbols` must divide the width of the code, 4; got 3",
        ),
        (
            lambda: VariationalAutoencoder(2, network=SMALL, posterior="full_gaussian").fit(X),
            "`map_code` must come with as many numbers for each component",
        ),
        (
            lambda: Autoencoder(2, epochs=1).fit(X).fit_sampler(X, "symbols"),
            "`kind` must be 'mixture' or 'flow' for codes that are no symbols",
        ),
        (lambda: AutoregressiveSymbols(hidden=0), "`hidden` must be an integer >= 1; got 0"),
    ],
)
def test_what_cannot_hold_is_refused(made, message):
    with pytest.raises(InvalidParameterError, match=message):
        made()
