"""A fitted model as a step of scikit-learn's pipelines: frozen, or fitted again."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import inscape
from inscape import Autoencoder, zoo

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:300] / 16, LABELS[:300]
CLASSIFIER = LogisticRegression(max_iter=2000)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "digits"
    Autoencoder(8, hidden=(16,), epochs=2, random_state=0).fit(X).save(path)
    return path


def weights(model):
    return np.concatenate([w.detach().numpy().ravel() for w in model.network_.parameters()])


def test_a_frozen_model_is_fitted_by_nobody(saved):
    model = inscape.load(saved)
    codes, before = model.transform(X), weights(model)
    pipeline = make_pipeline(FrozenEstimator(model), CLASSIFIER).fit(X[:200], LABELS[:200])
    alone = clone(CLASSIFIER).fit(codes[:200], LABELS[:200])
    np.testing.assert_array_equal(pipeline.predict(X[200:]), alone.predict(codes[200:]))
    scores = cross_val_score(pipeline, X, LABELS, cv=3)
    np.testing.assert_array_equal(scores, cross_val_score(alone, codes, LABELS, cv=3))
    grid = {"logisticregression__C": [0.1, 10.0]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, LABELS)
    assert search.best_estimator_[0].estimator is model
    np.testing.assert_array_equal(weights(model), before)


def test_a_loaded_model_is_a_step_that_is_fitted_again(saved):
    model = inscape.load(saved)
    pipeline = make_pipeline(model, CLASSIFIER)
    assert cross_val_score(pipeline, X, LABELS, cv=3).mean() > 0.8
    grid = {"autoencoder__n_components": [2, 8], "autoencoder__epochs": [1]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, LABELS)
    assert search.best_params_["autoencoder__n_components"] == 8
    # Fitted on the rows that it was fitted on, it is what it was.
    again = clone(model).fit(X)
    np.testing.assert_array_equal(again.transform(X), model.transform(X))


@pytest.mark.parametrize("name", ["VAE", "VQ-VAE", "RAE-L2", "SVAE"])
def test_a_published_model_is_cloned_and_frozen_after_loading(name, tmp_path):
    model = zoo.build(name, 3, hidden=(8,), epochs=1, random_state=0).fit(X)
    model.save(tmp_path / "model")
    loaded = inscape.load(tmp_path / "model")
    np.testing.assert_array_equal(clone(loaded).fit(X).transform(X), model.transform(X))
    frozen = make_pipeline(FrozenEstimator(loaded), StandardScaler(), CLASSIFIER)
    assert frozen.fit(X, LABELS).score(X, LABELS) > 0.2


def test_names_and_frames_go_through(tmp_path):
    wine = load_wine(as_frame=True)
    model = Autoencoder(3, hidden=(8,), scaler="standard", epochs=3, random_state=0)
    model.fit(wine.data).save(tmp_path / "wine")
    step = FrozenEstimator(inscape.load(tmp_path / "wine"))
    frame = make_pipeline(step).set_output(transform="pandas").fit_transform(wine.data)
    assert list(frame.columns) == [f"autoencoder{i}" for i in range(3)]
    pipeline = make_pipeline(step, CLASSIFIER).fit(wine.data, wine.target)
    assert list(pipeline[:-1].get_feature_names_out()) == list(frame.columns)
    assert pipeline.score(wine.data, wine.target) > 0.8


def test_a_pipeline_ends_in_a_frozen_model_that_gives_rows_back(saved):
    model = inscape.load(saved)
    pipeline = make_pipeline(FrozenEstimator(model))
    codes = pipeline.fit(X).transform(X)
    np.testing.assert_array_equal(pipeline.inverse_transform(codes), model.reconstruct(X))


def test_labels_bound_once_make_a_step():
    model = zoo.build("CVAE", 2, hidden=(8,), epochs=1, random_state=0).fit(X, LABELS)
    before, codes = weights(model), model.transform(X, 3)
    pipeline = make_pipeline(FrozenEstimator(model.given(3)), CLASSIFIER).fit(X, LABELS)
    np.testing.assert_array_equal(pipeline[:-1].transform(X), codes)
    np.testing.assert_array_equal(clone(pipeline[:-1]).fit_transform(X), codes)
    assert list(pipeline[:-1].get_feature_names_out()) == [
        *("variationalautoencoder0", "variationalautoencoder1"),
    ]
    alone = cross_val_score(CLASSIFIER, codes, LABELS, cv=3)
    np.testing.assert_array_equal(cross_val_score(pipeline, X, LABELS, cv=3), alone)
    np.testing.assert_array_equal(weights(model), before)
