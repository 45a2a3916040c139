"""The recipes of shallow and deep autoencoders: their references, their rows, their curves."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inscape.data import Dataset, Split
from inscape.data import load as load_data
from inscape.recipes import RECIPES, chainer_seven_cases, keras_deep_ae
from inscape.recipes.reproduction import Reproduction
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
DEEP = {(32, "Adadelta"): 0.136, (32, "Adam"): 0.0907, (2, "Adadelta"): 0.226, (2, "Adam"): 0.176}


@pytest.fixture(scope="module")
def few():
    """A little of MNIST: the numbers mean nothing."""
    mnist = load_data("mnist")
    return Dataset(
        name="mnist",
        train=Split(mnist.train.X[:400], mnist.train.y[:400]),
        test=Split(mnist.test.X[:200], mnist.test.y[:200]),
        image_shape=mnist.image_shape,
        feature_names=mnist.feature_names,
        class_names=mnist.class_names,
        checksum=mnist.checksum,
    )


@pytest.fixture(scope="module")
def seven(reproduced):
    return reproduced("chainer-seven-cases")[0]


@pytest.fixture(scope="module")
def deep(reproduced):
    return reproduced("keras-deep-ae")[0]


def test_both_are_recipes():
    assert RECIPES["chainer-seven-cases"] == chainer_seven_cases.__name__
    assert RECIPES["keras-deep-ae"] == keras_deep_ae.__name__


# --------------------------------------------------------------------------- seven cases


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
        for case in chainer_seven_cases.CASES
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
def test_a_case_is_trained_on_its_protocol(few, dropout):
    case = chainer_seven_cases.CASES[2 if dropout else 3]
    lab = chainer_seven_cases._Lab(Reproduction("quick", quick=True), few)
    model, reports = lab._protocol(case)
    network = model.network
    probability = 0.5 if dropout else 0.0
    assert (network.dropout, network.output_dropout) == (probability, probability)
    assert (model.optimizer, model.learning_rate, model.batch_size) == ("adam", 1e-3, 100)
    error = float(np.square(model.reconstruct(few.train.X) - few.train.X).mean())
    # Of a training this short; with dropout on the output the error is far larger than without.
    assert chainer_seven_cases._training_error(model) > error
    assert reports[-1].epoch_done


def test_the_loss_in_nats_is_turned_into_the_squared_error(few):
    lab = chainer_seven_cases._Lab(Reproduction("quick", quick=True), few)
    model, _ = lab._protocol(chainer_seven_cases.CASES[3])
    X = few.test.X
    nats = -model.score(X) / X.shape[1]
    error = float(np.square(model.reconstruct(X) - X).mean())
    assert nats - chainer_seven_cases._CONSTANT == pytest.approx(error, rel=1e-4)


def test_strokes_are_told_from_noise_in_both_layers(few):
    lab = chainer_seven_cases._Lab(Reproduction("quick", quick=True), few)
    model, _ = lab._protocol(chainer_seven_cases.CASES[6])
    n_units, noise = 100, np.random.default_rng(0).normal(size=(100, 784))
    # Strokes three pixels wide through the middle of every fourth tile.
    strokes = np.zeros((n_units, 28, 28))
    for k in range(0, n_units, 4):
        strokes[k, 4:24, 8 + k % 10 : 11 + k % 10] = 1.0
    strokes = strokes.reshape(n_units, 784)
    weights = model.network_.state_dict()
    into, out_of = weights["encoder.0.weight"], weights["decoder.0.weight"]
    into.copy_(torch.from_numpy(5 * strokes + noise))
    out_of.copy_(torch.from_numpy((5 * strokes + 0.5 * noise).T))
    for side in ("encoder", "decoder"):
        assert np.flatnonzero(lab._structure(model, side).structured).tolist() == [
            *range(0, n_units, 4)
        ]
    assert lab._encoder_share(model) == lab._decoder_share(model) == 0.25
    # Under as much noise as this the bar for decoders would see nothing.
    into.copy_(torch.from_numpy(3.5 * strokes + noise))
    out_of.copy_(torch.from_numpy((3.5 * strokes + noise).T))
    assert lab._encoder_share(model) == 0.25
    assert lab._decoder_share(model) == 0


def test_the_curve_by_batch_undoes_the_running_mean():
    # Errors of six batches, three in each pass; the reports carry the mean of the pass so far.
    errors = np.array([6.0, 4.0, 2.0, 1.0, 3.0, 5.0])
    running = [6.0, 5.0, 4.0, 1.0, 2.0, 3.0]
    told = [0, 1, 3, 5, 6]  # after so many batches

    def report(step):
        mean = running[step - 1] if step else 99.0
        loss = 10 * (mean + chainer_seven_cases._CONSTANT)
        return SimpleNamespace(step=step, loss=loss, epoch_done=step in (3, 6))

    steps, curve = chainer_seven_cases._by_batch([report(s) for s in told], n_features=10)
    assert steps == told[1:]
    expected = [errors[a:b].mean() for a, b in pairwise(told)]
    assert curve == pytest.approx(expected)


# --------------------------------------------------------------------------- deep autoencoder


def test_the_deep_autoencoder_has_a_row_for_each_training(deep):
    *trainings, _ = deep.results
    rows = [(r.experiment.split(", 50")[0], r.reference) for r in trainings]
    assert rows == [(f"{d} units, {name}", value) for (d, name), value in DEEP.items()]
    for row in trainings:
        assert "seed" in row.experiment
        assert row.metric == "test cross-entropy"
        assert 0 < row.measured < 1
        assert row.ours is not None
    # One training of ours stands beside both optimisers.
    assert deep.results[0].ours == deep.results[1].ours != deep.results[2].ours


def test_a_dead_code_is_set_beside_the_mean_picture(deep, few):
    row = deep.results[-1]
    assert "seed 3" in row.experiment
    assert row.source == THEORY
    p = few.train.X.mean(axis=0, dtype=float).clip(1e-7, 1 - 1e-7)
    expected = -(few.test.X * np.log(p) + (1 - few.test.X) * np.log(1 - p)).mean()
    assert row.reference == pytest.approx(expected, rel=1e-4)
    assert row.ours is None


def test_the_deep_autoencoder_draws_its_map_with_900_decoded_codes(deep):
    assert list(deep.figures) == [
        "losses_32.png",
        "reconstructions_32.png",
        "losses_2.png",
        "map_inscape.png",
        "map_adadelta.png",
        "map_adam.png",
    ]
    figure, _ = deep.figures["map_inscape.png"]
    assert "30 x 30 decoded codes" in [text.get_text() for text in figure.axes[1].texts]
