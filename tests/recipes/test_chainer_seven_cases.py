"""Seven shallow autoencoders: their references, their measures, their curves."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inscape.recipes.chainer_seven_cases import (
    CASES,
    CONSTANT,
    as_source,
    by_batch,
    structure,
    training_error,
)
from inscape.recipes.reproduction import fit_quietly
from inscape.recipes.results import THEORY

# Activation, units, dropout, noise; squared error on test rows and in training.
SEVEN = {
    1: ("relu", 1000, True, False, 0.0404, 0.0655),
    2: ("relu", 1000, False, False, 0.00015, 0.00019),
    3: ("relu", 400, True, False, 0.0447, 0.0689),
    4: ("relu", 400, False, False, 0.00097, 0.0010),
    5: ("sigmoid", 1000, True, False, 0.0381, 0.0638),
    6: ("sigmoid", 1000, True, True, 0.0342, 0.0651),
    7: ("sigmoid", 100, False, True, 0.0106, 0.0115),
}


@pytest.fixture(scope="module")
def X(mnist):
    """A little of MNIST: the numbers mean nothing."""
    return mnist.train.X[:400]


@pytest.fixture(scope="module")
def seven(reproduced):
    return reproduced("chainer-seven-cases")[0]


def test_the_seven_cases_are_those_of_the_source():
    cases = {
        case.number: (
            case.activation,
            case.width,
            case.dropout,
            case.noise,
            case.test,
            case.training,
        )
        for case in CASES
    }
    assert cases == SEVEN


def test_each_case_has_its_errors_and_the_structure_of_both_layers(seven):
    assert len(seven.results) == 4 * len(SEVEN)
    for k, (*_, test, training) in SEVEN.items():
        rows = [r for r in seven.results if r.experiment.startswith(f"case {k}:")]
        assert [row.reference for row in rows] == [test, training, 0, 0]
        assert [row.source == THEORY for row in rows] == [False, False, True, True]
        assert all(math.isfinite(row.measured) for row in rows)
        assert all(0 <= row.measured <= 1 for row in rows[2:])
        assert all(row.ours is not None for row in rows)


def test_seven_cases_draw_the_losses_the_pictures_and_all_weights(seven):
    sheets = [f"case_{k}_{side}.png" for k in SEVEN for side in ("encoder", "decoder")]
    assert list(seven.figures) == ["losses.png", "reconstructions.png", *sheets]
    texts = [text.get_text() for text in seven.figures["reconstructions.png"][0].axes[0].texts]
    assert "noised" in texts
    assert sum(text.startswith("case ") for text in texts) == len(SEVEN)


@pytest.mark.parametrize("dropout", [False, True])
def test_a_case_is_trained_on_its_protocol(X, dropout):
    model = as_source(CASES[2 if dropout else 3], epochs=0.5)
    network = model.network
    probability = 0.5 if dropout else 0.0
    assert (network.dropout, network.output_dropout) == (probability, probability)
    assert (model.optimizer, model.learning_rate, model.batch_size) == ("adam", 1e-3, 100)
    fit_quietly(model, X)
    error = float(np.square(model.reconstruct(X) - X).mean())
    # Of a training this short; with dropout on the output the error is far larger than without.
    assert training_error(model) > error


def test_the_loss_in_nats_is_turned_into_the_squared_error(X):
    model = fit_quietly(as_source(CASES[3], epochs=0.5), X)
    nats = -model.score(X) / X.shape[1]
    error = float(np.square(model.reconstruct(X) - X).mean())
    assert nats - CONSTANT == pytest.approx(error, rel=1e-4)


def test_strokes_are_told_from_noise_in_both_layers(X):
    model = fit_quietly(as_source(CASES[6], epochs=0.5), X)
    n_units, noise = 100, np.random.default_rng(0).normal(size=(100, 784))
    # Strokes three pixels wide through the middle of every fourth tile.
    strokes = np.zeros((n_units, 28, 28))
    for k in range(0, n_units, 4):
        strokes[k, 4:24, 8 + k % 10 : 11 + k % 10] = 1.0
    strokes = strokes.reshape(n_units, 784)
    weights = model.network_.state_dict()
    into, out_of = weights["encoder.0.weight"], weights["decoder.0.weight"]

    def found(side):
        return structure(model, side, image_shape=(28, 28), varies=X.std(axis=0) > 0.1)

    into.copy_(torch.from_numpy(5 * strokes + noise))
    out_of.copy_(torch.from_numpy((5 * strokes + 0.5 * noise).T))
    for side in ("encoder", "decoder"):
        assert np.flatnonzero(found(side).structured).tolist() == [*range(0, n_units, 4)]
        assert found(side).share == 0.25
    # Under as much noise as this the bar for decoders would see nothing.
    into.copy_(torch.from_numpy(3.5 * strokes + noise))
    out_of.copy_(torch.from_numpy((3.5 * strokes + noise).T))
    assert found("encoder").share == 0.25
    assert found("decoder").share == 0


def test_the_curve_by_batch_undoes_the_running_mean():
    # Errors of six batches, three in each pass; the reports carry the mean of the pass so far.
    errors = np.array([6.0, 4.0, 2.0, 1.0, 3.0, 5.0])
    running = [6.0, 5.0, 4.0, 1.0, 2.0, 3.0]
    told = [0, 1, 3, 5, 6]  # after so many batches

    def report(step):
        mean = running[step - 1] if step else 99.0
        loss = 10 * (mean + CONSTANT)
        return SimpleNamespace(step=step, loss=loss, epoch_done=step in (3, 6))

    steps, curve = by_batch([report(s) for s in told], n_features=10)
    assert steps == told[1:]
    expected = [errors[a:b].mean() for a, b in pairwise(told)]
    assert curve == pytest.approx(expected)
