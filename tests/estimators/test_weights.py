"""Weights of rows: an integer is so many rows, 0 is none, and nobody takes them in silence."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes

from inscape import Autoencoder, DeadUnitWarning, VariationalAutoencoder
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.data.scaling import SCALERS, fit_scaler
from inscape.estimators.frame import fit_frame
from inscape.estimators.inputs import make_generator
from inscape.estimators.linear_start import find_principal
from inscape.objectives import PENALTIES
from inscape.objectives.bounds import BOUNDS
from inscape.objectives.divergences import DIVERGENCES

# Raw units, some of them far off their zero.
X = load_diabetes(scaled=False).data[:60] + np.linspace(0, 1000, 10)
RNG = np.random.default_rng(0)
WEIGHTS = RNG.integers(0, 4, size=len(X))
# Of another order, and not side by side.
REPEATED = RNG.permutation(np.repeat(np.arange(len(X)), WEIGHTS))
# At PCA, where training starts, some gradients are roundings, of which Adam by itself makes steps.
ADAM = "adam(epsilon=0.01)"
FULL = {
    "hidden": (7,),
    "epochs": 12,
    "batch_size": 10_000,
    "validation_fraction": 0,
    "precision": "float64",
    "random_state": 0,
}


def weights_of(model):
    return {name: w.numpy() for name, w in model.network_.state_dict().items()}


def both(model, **told):
    """Fit a model with weights, and another one with repeated rows."""
    y = told.get("y")
    other = copy.deepcopy(model)
    if "y" in told:
        return model.fit(X, y, sample_weight=WEIGHTS), other.fit(X[REPEATED], y[REPEATED])
    return model.fit(X, sample_weight=WEIGHTS), other.fit(X[REPEATED])


def assert_same(model, other, *, tolerance=1e-8):
    for name, weight in weights_of(other).items():
        scale = 1 + np.abs(weight).max()
        np.testing.assert_allclose(
            weights_of(model)[name], weight, rtol=0, atol=tolerance * scale, err_msg=name
        )
    for entry, expected in zip(model.history_, other.history_, strict=True):
        assert entry["loss"] == pytest.approx(expected["loss"], rel=1e-7)
        assert entry["squared_error"] == pytest.approx(expected["squared_error"], rel=1e-7)


# --------------------------------------------------------------------------- an integer


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": ADAM},
        {"optimizer": "sgd", "learning_rate": 0.01},
        {
            "optimizer": "muon",
            "learning_rate": 0.01,
            "hidden": (256, 64),
            "network": "dense(hidden=[7], linear_path=false)",
        },
        {"optimizer": ADAM, "scaler": "standard"},
        {"optimizer": ADAM, "scaler": "minmax", "likelihood": "bernoulli"},
        {"optimizer": ADAM, "scaler": "minmax", "likelihood": 'gaussian(link="sigmoid")'},
        {"optimizer": ADAM, "likelihood": "laplace"},
        {
            "optimizer": ADAM,
            "hidden": (256, 64),
            "activation": "relu",
            "network": "dense(hidden=[7], linear_path=false)",
        },
        {
            "optimizer": ADAM,
            "hidden": (256, 64),
            "activation": "relu",
            "network": 'dense(hidden=[7], normalization="layer")',
        },
    ],
    ids=str,
)
def test_an_integer_weight_is_so_many_rows(options):
    model, other = both(Autoencoder(2, **{**FULL, **options}))
    assert_same(model, other)
    assert model.history_[-1]["loss"] < model.history_[0]["loss"]
    assert not np.allclose(
        model.transform(X), Autoencoder(2, **{**FULL, **options}).fit(X).transform(X)
    )


@pytest.mark.parametrize("word", PENALTIES)
def test_penalties_weigh_or_say_that_they_cannot(word):
    # As many directions as components, so that nothing is drawn.
    spelled = {
        "contractive": "contractive(n_directions=2, weight=100.0)",
        "weight_decay": "weight_decay(weight=3.0)",
    }.get(word, f"{word}(weight=0.5)")
    model = Autoencoder(2, **FULL, optimizer=ADAM, penalty=spelled)
    if not PENALTIES[word].takes_weights:
        with pytest.raises(
            InvalidParameterError, match=f"sample_weight.*{PENALTIES[word].__name__}"
        ):
            model.fit(X, sample_weight=WEIGHTS)
        return
    with pytest.MonkeyPatch.context() as patch:
        # Signs are drawn a row, and here they are the same for all.
        patch.setattr(torch, "randint", lambda high, size, **_: torch.ones(size, dtype=torch.long))
        model, other = both(model)
    assert_same(model, other)
    plain = Autoencoder(2, **FULL, optimizer=ADAM).fit(X, sample_weight=WEIGHTS)
    assert not np.allclose(plain.transform(X), model.transform(X), rtol=1e-6)


@pytest.mark.parametrize("scale", ["learned", "learned_per_feature"])
@pytest.mark.parametrize("bound", BOUNDS)
def test_bounds_weigh_rows(bound, scale, monkeypatch):
    # Draws are a row's own; here each is the posterior's mean.
    monkeypatch.setattr(torch, "randn", _zeros)
    model = VariationalAutoencoder(
        2, **FULL, optimizer=ADAM, bound=bound, likelihood=f'gaussian(scale="{scale}")'
    )
    model, other = both(model)
    assert_same(model, other)


def _zeros(*size, generator=None, dtype=None, device=None):
    return torch.zeros(*size, dtype=dtype, device=device)


@pytest.mark.parametrize("word", DIVERGENCES)
def test_divergences_weigh_or_say_that_they_cannot(word, monkeypatch):
    monkeypatch.setattr(torch, "randn", _zeros)
    spelled = {"kullback_leibler": "kullback_leibler(free_bits=0.1, weight=2.0)"}.get(word, word)
    model = VariationalAutoencoder(2, **FULL, optimizer=ADAM, divergence=spelled)
    if not DIVERGENCES[word].takes_weights:
        with pytest.raises(InvalidParameterError, match=DIVERGENCES[word].__name__):
            model.fit(X, sample_weight=WEIGHTS)
        return
    assert_same(*both(model))


@pytest.mark.parametrize("conditional", [True, "continuous"])
def test_what_is_told_beside_rows_goes_with_them(conditional, monkeypatch):
    monkeypatch.setattr(torch, "randn", _zeros)
    y = np.arange(len(X)) % 3
    model = VariationalAutoencoder(2, **FULL, optimizer=ADAM, conditional=conditional)
    model, other = both(model, y=y)
    assert_same(model, other)
    told, expected = (each.conditions_.describe() for each in (model, other))
    assert {k: pytest.approx(v) for k, v in told.items()} == expected


def test_fine_tuning_weighs_rows():
    model = Autoencoder(2, **FULL, optimizer=ADAM).fit(X[:30])
    options = {"epochs": 5, "learning_rate": 0.01}
    tuned = model.fine_tune(X, sample_weight=WEIGHTS, **options)
    assert_same(tuned, model.fine_tune(X[REPEATED], **options))
    assert not np.allclose(tuned.transform(X), model.fine_tune(X, **options).transform(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_units_and_directions_are_those_of_repeated_rows(dtype):
    rows, kept = (1e4 + X).astype(dtype), WEIGHTS > 0
    weights, again = WEIGHTS[kept].astype(float), rows[REPEATED]
    for name in SCALERS:
        found, expected = fit_scaler(name, rows[kept], weights), fit_scaler(name, again)
        np.testing.assert_allclose(found.shift, expected.shift, rtol=1e-7)
        np.testing.assert_allclose(found.scale, expected.scale, rtol=1e-6)
    frame, expected = fit_frame(rows[kept], weights), fit_frame(again)
    np.testing.assert_allclose(frame.mean, expected.mean, rtol=1e-13)
    assert frame.scale == pytest.approx(expected.scale, rel=1e-12)
    found, expected = find_principal(X[kept], 3, weights), find_principal(X[REPEATED], 3)
    np.testing.assert_allclose(found.directions, expected.directions, atol=1e-8)
    np.testing.assert_allclose(found.variances, expected.variances, rtol=1e-9)
    assert found.rest == pytest.approx(expected.rest, rel=1e-9)


# --------------------------------------------------------------------------- none, one, any


@pytest.mark.parametrize("kind", [Autoencoder, VariationalAutoencoder])
def test_zero_is_a_row_that_is_not_there_to_the_bit(kind):
    options = {"hidden": (7,), "epochs": 3, "batch_size": 8, "random_state": 0}
    kept = WEIGHTS > 0
    model = kind(2, **options).fit(X, sample_weight=kept)
    other = kind(2, **options).fit(X[kept])
    for name, weight in weights_of(other).items():
        assert np.array_equal(weights_of(model)[name], weight)
    twice = kind(2, **options).fit(X[kept], sample_weight=np.full(kept.sum(), 2))
    for name, weight in weights_of(twice).items():
        np.testing.assert_allclose(weight, weights_of(model)[name], rtol=1e-5, atol=1e-6)


def test_losses_of_a_pass_are_weighted_means_whatever_the_batches():
    weights = RNG.gamma(1.0, size=len(X))
    model = Autoencoder(
        2,
        hidden=(7,),
        epochs=1,
        batch_size=7,
        optimizer="sgd",
        learning_rate=1e-30,
        validation_fraction=0.3,
        precision="float64",
        random_state=0,
    ).fit(X, sample_weight=weights)
    order = torch.randperm(len(X), generator=make_generator(0)).numpy()
    held_out, training = order[:18], order[18:]
    nats, (start, end) = -model.score_samples(X), model.history_
    for rows, name in ((training, "loss"), (held_out, "validation_loss")):
        expected = np.average(nats[rows], weights=weights[rows])
        # But for the grid that training rows lie on.
        assert start[name] == pytest.approx(expected, rel=1e-5)
        assert end[name] == pytest.approx(expected, rel=1e-5)
    assert model.score(X, sample_weight=weights) == pytest.approx(
        -np.average(nats, weights=weights)
    )


@pytest.mark.parametrize("epochs", [14, 3])
def test_a_weighted_training_that_is_stopped_ends_with_the_same_bits(epochs):
    weights, options = RNG.gamma(1.0, size=len(X)), {"hidden": (7,), "epochs": epochs}
    checkpoints = []
    whole = Autoencoder(2, **options, random_state=0)
    for report, state in whole.iter_fit(X, sample_weight=weights):
        if report.epoch_done:
            checkpoints.append(copy.deepcopy(state.to_arrays()))
    for checkpoint in (checkpoints[1], checkpoints[-2]):
        resumed = Autoencoder(2, **options, random_state=0)
        for _ in resumed.iter_fit(X, sample_weight=weights, checkpoint=checkpoint):
            pass
        for name, weight in weights_of(whole).items():
            assert np.array_equal(weights_of(resumed)[name], weight)


def test_rows_that_count_more_come_back_better():
    weights = np.where(np.arange(len(X)) % 2, 50.0, 1.0)
    options = {"hidden": (30,), "epochs": 80, "scaler": "standard", "random_state": 0}
    errors = {}
    for name, told in (("odd", weights), ("even", weights[::-1])):
        model = Autoencoder(3, **options, validation_fraction=0).fit(X, sample_weight=told)
        errors[name] = np.square((model.reconstruct(X) - X) / X.std(axis=0)).mean(axis=1)
    odd = np.arange(len(X)) % 2 == 1
    assert errors["odd"][odd].mean() < 0.8 * errors["even"][odd].mean()
    assert errors["even"][~odd].mean() < 0.8 * errors["odd"][~odd].mean()


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (np.ones(59), r"for each of 60 rows; got the shape \(59,\)"),
        (np.ones((60, 2)), r"got the shape \(60, 2\)"),
        (np.r_[np.ones(59), -1], "below 0; got -1 at row 59"),
        (np.r_[np.ones(59), np.nan], "NaN at row 59"),
        (np.zeros(60), "the weight zero for all 60"),
        (["a"] * 60, "must hold numbers"),
        (np.r_[1, np.zeros(59)], "at least 2"),
    ],
)
def test_weights_that_are_none_are_told_in_a_sentence(weights, told):
    for kind in (Autoencoder, VariationalAutoencoder):
        with pytest.raises(InvalidDataError, match=told) as caught:
            kind(2).fit(X, sample_weight=weights)
        assert "\n" not in str(caught.value)
    if len(np.unique(weights)) == 1:
        with pytest.raises(InvalidDataError):
            Autoencoder(2, epochs=1).fit(X).score(X, sample_weight=weights)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"bottleneck": "vector_quantized"}, "Quantizer"),
        ({"bottleneck": "top_k(k=2)"}, "sample_weight"),
        ({"network": 'dense(hidden=[7], normalization="batch")'}, "batch normalisation"),
        ({"layerwise_epochs": 1}, "layerwise_epochs"),
    ],
)
def test_what_looks_at_whole_batches_takes_no_weights(options, told):
    model = Autoencoder(4, epochs=1, **options)
    with pytest.raises(InvalidParameterError, match=told) as caught:
        model.fit(X, sample_weight=WEIGHTS)
    assert "repeat rows" in str(caught.value)
    optimal = VariationalAutoencoder(2, epochs=1, likelihood='gaussian(scale="optimal")')
    with pytest.raises(InvalidParameterError, match="scale of each batch"):
        optimal.fit(X, sample_weight=WEIGHTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        # Weights of 1 are none.
        model.fit(X, sample_weight=np.ones(len(X)))
