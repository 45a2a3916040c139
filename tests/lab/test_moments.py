"""What is kept of a moment: tiles within half a tone of the weights, a decoder that decodes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import NMF, PCA
from tests.lab.test_steps import take

from inscape import data
from inscape.data import Dataset, Split
from inscape.estimators import Autoencoder
from inscape.lab import describe, describe_run, moments
from inscape.lab.steps import decoder_steps, encoder_steps
from inscape.networks import Dense


def at_moment(document, moment):
    """The blobs of a moment, weights of 8 bits as numbers again."""
    earlier, blobs = document.description["earlier"], dict(document.blobs)
    for name in earlier["stacked"]:
        blobs[name] = blobs[name][moment]
    for name in earlier["stacked"]:
        if f"{name}_scales" in blobs:
            scales = blobs[f"{name}_scales"][:, None]
            blobs[name] = (blobs[name].astype(np.float32) - 128) * scales
    return blobs


def weight_of(estimator, side):
    """What the outermost units read, or write: here the first, or the last, layer of two."""
    steps, blobs = (encoder_steps if side == "reads" else decoder_steps)(estimator)
    linear = [step for step in steps if step["type"] == "linear"]
    weight = blobs[linear[0 if side == "reads" else -1]["weight"]]
    return weight if side == "reads" else weight.T


@pytest.mark.parametrize("side", ["reads", "writes"])
def test_tiles_are_the_weights_of_units_evenly_chosen_by_norm(digits_run, side, monkeypatch):
    monkeypatch.setattr(moments, "_UNITS", 5)
    document = describe_run(digits_run)
    told = document.description["tiles"][side]
    end = weight_of(digits_run.load(), side)
    assert told["n_units"] == len(end) == 16
    norms = np.linalg.norm(end, axis=1)
    assert norms[told["units"]].tolist() == np.sort(norms)[::-1][[0, 4, 8, 11, 15]].tolist()
    kept = document.blobs[told["weight"]]
    np.testing.assert_array_equal(kept if side == "reads" else kept.T, end)
    snapshots = list(digits_run.snapshots())
    blob = document.description["earlier"][side]["blob"]
    assert document.blobs[blob].shape == (len(snapshots) - 1, 5, 64)
    for moment, (_, then) in enumerate(snapshots[:-1]):
        wanted = weight_of(then, side)[told["units"]]
        half = np.abs(wanted).max(axis=1, keepdims=True) / 254
        assert (np.abs(at_moment(document, moment)[blob] - wanted) <= 1.001 * half).all()


@pytest.mark.parametrize("bits", [32, 8])
def test_a_decoder_of_a_moment_decodes_as_it_did(digits_run, table_run, bits, monkeypatch):
    if bits == 8:
        monkeypatch.setattr(moments, "_LARGE", 1)
    for run, X in ((digits_run, data.load("digits").test.X), (table_run, None)):
        document = describe_run(run)
        n = document.description["data"]["n_test"]
        X = document.blobs["rows"][:n] if X is None else X
        decoders = document.description["earlier"]["decoders"]
        snapshots = list(run.snapshots())
        assert len(decoders) == len(snapshots) - 1
        for moment, ((_, then), kept) in enumerate(zip(snapshots, decoders, strict=False)):
            codes = then.transform(X)
            away = take(kept["steps"], at_moment(document, moment), codes.astype(float))
            away = away - then.inverse_transform(codes)
            # Errors of a table are over each column's variance.
            vary = X.std(axis=0, dtype=float) > 1e-9 if run is table_run else slice(None)
            unit = X.std(axis=0, dtype=float)[vary] if run is table_run else 1.0
            off = np.sqrt(np.mean((away[:500, vary] / unit) ** 2))
            assert off == pytest.approx(kept["off"], rel=0.02, abs=2e-6)
            assert off < (2e-6 if bits == 32 else 0.03)
            assert bits == 32 or off > 0


def test_large_decoders_are_not_kept_and_tiles_are(digits_run, monkeypatch):
    monkeypatch.setattr(moments, "_DECODERS_BYTES", 100)
    document = describe_run(digits_run)
    assert document.description["earlier"]["decoders"] is None
    assert {name for name in document.blobs if name.startswith("then_")} == {
        f"then_{side}{kind}" for side in ("reads", "writes") for kind in ("", "_scales")
    }


def test_of_wide_pictures_there_are_fewer_tiles(digits_run, monkeypatch):
    n_moments = len(list(digits_run.snapshots())) - 1
    monkeypatch.setattr(moments, "_TILES_BYTES", 3 * 64 * n_moments)
    document = describe_run(digits_run)
    assert len(document.description["tiles"]["reads"]["units"]) == 3
    assert document.blobs["then_reads"].nbytes == 3 * 64 * n_moments


def test_rows_of_a_table_have_no_tiles(table_run):
    document = describe_run(table_run)
    assert document.description["tiles"] == {"reads": None, "writes": None}
    assert document.description["earlier"]["reads"] is None


def test_of_scikit_learns_methods_tiles_are_the_components():
    X = np.random.default_rng(0).uniform(size=(40, 9))
    own = Dataset("own", Split(X[10:], None), Split(X[:10], None), (3, 3), (), None, "0")
    pca = PCA(4).fit(X)
    document = describe(pca, own)
    tiles = document.description["tiles"]
    assert document.description["earlier"] is None
    np.testing.assert_array_equal(document.blobs[tiles["reads"]["weight"]], pca.components_)
    np.testing.assert_array_equal(document.blobs[tiles["writes"]["weight"]].T, pca.components_)
    assert sorted(tiles["reads"]["units"]) == [0, 1, 2, 3]
    tiles = describe(NMF(2, max_iter=500).fit(X), own).description["tiles"]
    assert tiles["reads"] is None
    assert tiles["writes"]["n_units"] == 2


def test_of_a_net_beside_a_linear_path_tiles_are_the_nets():
    X = np.random.default_rng(0).uniform(size=(60, 9)).astype(np.float32)
    own = Dataset("own", Split(X[20:], None), Split(X[:20], None), (3, 3), (), None, "0")
    model = Autoencoder(2, network=Dense(hidden=(8, 6)), epochs=1).fit(X)
    tiles = describe(model, own).description["tiles"]
    assert tiles["reads"]["n_units"] == tiles["writes"]["n_units"] == 8


def test_a_matrix_comes_back_within_half_a_tone_and_zeros_as_zeros():
    weight = np.array([[0, 0, 0], [1e-9, -1e-9, 2e-9], [3, -127, 126.6]], np.float32)
    whole, scales = moments._as_bytes(weight)
    back = (whole.astype(float) - 128) * scales[:, None]
    assert (np.abs(back - weight) <= 0.501 * scales[:, None]).all()
    assert (back[0] == 0).all()
    assert (whole.min(), whole.max()) == (1, 255)
