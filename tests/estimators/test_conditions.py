"""What a conditional model is told is a tensor of its own, from `fit` to the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import inscape
from inscape import VariationalAutoencoder, figures, measures, uses, zoo
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.corruptions import CORRUPTIONS, PixelShuffle, ZeroMasking
from inscape.data import Description, Split
from inscape.data.dataset import numbered_names
from inscape.networks import Convolutional, Examples
from inscape.objectives.priors import VampPrior

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:300] / 16, LABELS[:300]
OPTIONS = {"hidden": (16,), "likelihood": "bernoulli", "epochs": 2, "random_state": 0}
SMALL = {"network": Convolutional(channels=(4,), dense=()), "likelihood": "bernoulli", "epochs": 1}


def told_while_training(model, monkeypatch) -> list[torch.Tensor]:
    """Fit, and return the conditions of every batch that the network was trained on."""
    seen = []
    original = inscape.networks.Network.linear_codes

    def watch(self, inputs, conditions=None):
        if self.training:
            seen.append((inputs, conditions))
        return original(self, inputs, conditions)

    monkeypatch.setattr(inscape.networks.Network, "linear_codes", watch)
    model.fit(X, LABELS)
    return seen


@pytest.mark.parametrize("word", CORRUPTIONS)
def test_a_corruption_sees_features_alone(word, monkeypatch):
    part = CORRUPTIONS[word]()
    model = zoo.build("CVAE", 2, corruption=part, **OPTIONS)
    for inputs, conditions in told_while_training(model, monkeypatch):
        assert inputs.shape[1] == 64
        # Rows of zeros with a one, as they were told.
        assert set(conditions.unique().tolist()) == {0.0, 1.0}
        assert (conditions.sum(dim=1) == 1).all()


def test_corrupted_labels_would_make_another_model():
    """The labels that a masked training is told are those of an unmasked one."""
    told = zoo.build("CVAE", 2, corruption=ZeroMasking(0.0), **OPTIONS).fit(X, LABELS)
    plain = zoo.build("CVAE", 2, **OPTIONS).fit(X, LABELS)
    assert told.conditions_.encode(LABELS, n_rows=300).equal(
        plain.conditions_.encode(LABELS, n_rows=300)
    )
    shuffled = zoo.build("CVAE", 2, corruption=PixelShuffle(seed=1), **OPTIONS).fit(X, LABELS)
    assert shuffled.transform(X, LABELS).shape == (300, 2)


@pytest.mark.parametrize("dense", [(), (8,)], ids=["as maps", "at a dense layer"])
def test_a_convolutional_network_is_told_conditions(dense):
    network = Convolutional(channels=(4,), dense=dense)
    model = VariationalAutoencoder(
        2, network=network, likelihood="bernoulli", conditional=True, epochs=1, random_state=0
    ).fit(X, LABELS)
    codes = model.transform(X, LABELS)
    other = (LABELS + 1) % 10
    assert np.abs(model.transform(X, other) - codes).max() > 0
    assert (
        np.abs(model.inverse_transform(codes, other) - model.inverse_transform(codes, LABELS)).max()
        > 0
    )
    # What is told of one row changes no other row.
    mixed = LABELS.copy()
    mixed[0] = other[0]
    np.testing.assert_allclose(model.transform(X, mixed)[1:], codes[1:], atol=1e-6)


def test_a_wrong_picture_is_refused_by_its_own_size():
    with pytest.raises(InvalidParameterError, match="product of 63, the number of features"):
        VariationalAutoencoder(conditional=True, **SMALL).fit(X[:, :63], LABELS)


def test_pseudo_inputs_keep_their_labels_apart():
    prior = VampPrior(n_pseudo_inputs=5)
    model = zoo.build("CVAE", 2, prior=prior, **OPTIONS).fit(X, LABELS)
    module = model.network_.prior
    assert module.pseudo_inputs.shape == (5, 64)
    assert not module.pseudo_conditions.requires_grad
    assert (module.pseudo_conditions.sum(dim=1) == 1).all()
    assert np.isfinite(model.log_likelihood(X[:5], LABELS[:5], n_samples=3, random_state=0)).all()


def test_labels_of_counts_go_through_no_logarithm():
    counts = np.round(16 * X)
    model = VariationalAutoencoder(
        2, hidden=(8,), likelihood="poisson", conditional=True, epochs=1, random_state=0
    ).fit(counts, LABELS)
    first, layer = model.network_.encoder[0], model.network_.encoder[1]
    rows = torch.from_numpy(counts).float()
    told = model.conditions_.encode(LABELS, n_rows=300)
    expected = layer(torch.cat([torch.log1p(rows), told], dim=1))
    got = layer(torch.cat([first(rows), told], dim=1))
    torch.testing.assert_close(got, expected)
    assert layer.weight.shape[1] == 64 + 10


# --------------------------------------------------------------------------- scikit-learn's flow


def test_fit_transform_is_fit_and_then_transform_in_a_pipeline_too():
    make = lambda: zoo.build("CVAE", 2, **OPTIONS)  # noqa: E731
    expected = make().fit(X, LABELS).transform(X, LABELS)
    np.testing.assert_array_equal(make().fit_transform(X, LABELS), expected)
    scaler = MinMaxScaler()
    codes = make_pipeline(scaler, make()).fit_transform(X, LABELS)
    wanted = make().fit(scaler.fit_transform(X), LABELS).transform(scaler.transform(X), LABELS)
    np.testing.assert_array_equal(codes, wanted)


def test_fit_transform_gives_what_set_output_asks_for():
    model = zoo.build("CVAE", 2, **OPTIONS).set_output(transform="pandas")
    frame = model.fit_transform(X, LABELS)
    assert list(frame.columns) == ["variationalautoencoder0", "variationalautoencoder1"]


# --------------------------------------------------------------------------- numbers


def test_numbers_are_not_taken_for_labels():
    with pytest.raises(InvalidDataError, match=r"got 300 different numbers .* conditional='contin"):
        zoo.build("CVAE", 2, **OPTIONS).fit(X, np.linspace(0.5, 7, 300))
    # Whole numbers are labels, in whatever type they come.
    assert len(zoo.build("CVAE", 2, **OPTIONS).fit(X, LABELS.astype(float)).classes_) == 10


@pytest.mark.parametrize("columns", [1, 2])
def test_numbers_are_a_condition_of_their_own(columns, tmp_path):
    rng = np.random.default_rng(0)
    y = rng.normal(1000, 30, size=(300, columns))
    y = y[:, 0] if columns == 1 else y
    rows = np.column_stack([X[:, 20:30], (np.atleast_2d(y.T).T - 1000) / 30])
    model = VariationalAutoencoder(
        2, hidden=(16,), conditional="continuous", epochs=20, random_state=0
    ).fit(rows, y)
    told = model.conditions_.encode(y, n_rows=300).numpy()
    np.testing.assert_allclose(told.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(told.std(axis=0), 1, atol=1e-5)
    codes = model.transform(rows, y)
    # The decoder has been told what the last columns are.
    low, high = (model.inverse_transform(codes, y + step)[:, 10:] for step in (-30, 30))
    assert ((high - low).mean(axis=0) > 0.5).all()
    one = y[0] if columns > 1 else float(y[0])
    assert model.sample(5, y=one, random_state=0).shape == (5, 10 + columns)
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(rows, y), codes)
    assert again.classes_ is None
    for wrong in (None, y[:7], np.full_like(y, np.nan)):
        with pytest.raises(InvalidDataError, match="y must"):
            model.transform(rows, wrong)


@pytest.mark.parametrize("value", ["continous", 3, None])
def test_an_unknown_condition_is_refused(value):
    with pytest.raises(InvalidParameterError, match="`conditional` must be"):
        VariationalAutoencoder(conditional=value).fit(X, LABELS)


# --------------------------------------------------------------------------- bound once


@pytest.fixture(scope="module")
def conditional() -> VariationalAutoencoder:
    return zoo.build("CVAE", 2, **{**OPTIONS, "epochs": 10}).fit(X, LABELS)


def test_what_is_told_is_bound_once(conditional):
    plain = conditional.given(LABELS)
    np.testing.assert_array_equal(plain.transform(X), conditional.transform(X, LABELS))
    expected = conditional.reconstruct(X, LABELS)
    np.testing.assert_array_equal(measures.reconstruct(plain, X), expected)
    np.testing.assert_array_equal(plain.score_samples(X), conditional.score_samples(X, LABELS))
    ways = uses.interpolate(conditional.given(LABELS[:2]), X[:2], X[2:4], n_steps=3)
    np.testing.assert_allclose(ways[:, 0], expected[:2], atol=1e-6)
    swept = uses.traverse(conditional.given(3), code=np.zeros(2), values=[-1, 0, 1])
    middle = conditional.inverse_transform(np.zeros((1, 2)), 3)
    np.testing.assert_allclose(swept[:, 1], middle.repeat(2, axis=0), atol=1e-6)
    three = conditional.sample(4, y=3, random_state=0)
    np.testing.assert_array_equal(conditional.given(3).sample(4, random_state=0), three)
    assert conditional.given(3).code_space_.kind == "euclidean"
    codes = conditional.transform(X, LABELS)
    drawn = figures.decoder_grid(conditional.given(3), codes=codes, image_shape=(8, 8), n=3)
    assert drawn.axes


def test_labels_that_rows_bring_along_are_known_by_their_names():
    """Another split numbers its classes in another way, and the model is told the same of a row."""
    names = ("ten", *"123456789")
    train = Split(X, LABELS, description=Description(numbered_names(64), None, names))
    model = zoo.build("CVAE", 2, **OPTIONS).fit(train)
    some = np.flatnonzero(LABELS >= 7)
    described = Description(numbered_names(64), None, ("9", "7", "8"))
    other = Split(X[some], np.array([1, 2, 0])[LABELS[some] - 7], description=described)
    expected = model.transform(X[some], LABELS[some])
    np.testing.assert_array_equal(model.transform(other), expected)
    np.testing.assert_array_equal(
        model.reconstruct(other), model.inverse_transform(expected, LABELS[some])
    )
    np.testing.assert_array_equal(
        model.score_samples(other), model.score_samples(X[some], LABELS[some])
    )
    # Numbers are names where the others have some, and what is given beside the rows stays.
    unnamed = Split(X[some], LABELS[some])
    np.testing.assert_array_equal(model.transform(unnamed), expected)
    np.testing.assert_array_equal(model.transform(other, LABELS[some]), expected)
    strange = Split(X[:2], np.array([0, 1]), description=replace(described, class_names=("9", "x")))
    with pytest.raises(InvalidDataError, match="got 'x': take one of ten, 1, 2"):
        model.transform(strange)
    bare = zoo.build("CVAE", 2, **OPTIONS).fit(X, LABELS)
    np.testing.assert_array_equal(bare.transform(train), bare.transform(X, LABELS))
    words = np.array(names)[LABELS]
    texts = zoo.build("CVAE", 2, **OPTIONS).fit(X, words)
    np.testing.assert_array_equal(texts.transform(other), texts.transform(X[some], words[some]))


def test_names_of_classes_are_no_numbers():
    described = Description(numbered_names(64), None, tuple("abcdefghij"))
    split = Split(X, LABELS, description=described)
    with pytest.raises(InvalidDataError, match="must hold numbers where conditional='continuous'"):
        VariationalAutoencoder(conditional="continuous", **OPTIONS).fit(split)


def test_only_a_conditional_model_is_told_something():
    model = VariationalAutoencoder(2, **OPTIONS).fit(X)
    with pytest.raises(InvalidParameterError, match="is told nothing: use it as it is"):
        model.given(LABELS)


def test_examples_are_cut_moved_and_chosen_together():
    examples = Examples(torch.arange(12.0).view(6, 2), torch.arange(6.0)[:, None])
    for some in (examples[2:4], examples.take(torch.tensor([2, 3])), [*examples.split(2)][1]):
        assert some.features.tolist() == [[4, 5], [6, 7]]
        assert some.conditions.tolist() == [[2], [3]]
    assert examples.to(torch.float64).conditions.dtype == torch.float64
    assert [len(some) for some in Examples(torch.zeros(5, 1)).split(2)] == [2, 2, 1]
