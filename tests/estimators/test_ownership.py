"""A fitted model owns what it was fitted with: options set afterwards change the next fit alone."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

import inscape
from inscape import Autoencoder, VariationalAutoencoder
from inscape._errors import InvalidParameterError
from inscape.networks import Dense

X = load_digits().data[:300] / 16
# For every option another value that can hold.
OTHER = {
    "n_components": 5,
    "hidden": (7,),
    "activation": "tanh",
    "bottleneck": "sigmoid",
    "network": Dense(hidden=(9,)),
    "likelihood": "bernoulli",
    "corruption": "zero_masking",
    "penalty": "l1_activity",
    "scaler": "minmax",
    "epochs": 1,
    "batch_size": 17,
    "optimizer": "adam",
    "learning_rate": 0.5,
    "layerwise_epochs": 1,
    "precision": "float64",
    "validation_fraction": 0.5,
    "patience": 1,
    "random_state": 9,
    "device": "cpu",
    "verbose": 0,
    "posterior": "point_mass",
    "prior": "vamp_prior",
    "divergence": "total_correlation",
    "bound": "importance_weighted",
    "conditional": True,
}
KINDS = [Autoencoder, VariationalAutoencoder]


def options_of(kind) -> list[str]:
    return [name for name in inspect.signature(kind).parameters if name != "self"]


def answers(model) -> dict[str, object]:
    codes = model.transform(X)
    found = {
        "codes": codes,
        "rows": model.inverse_transform(codes),
        "score": model.score(X),
        "samples": model.score_samples(X),
        "names": list(model.get_feature_names_out()),
        "space": model.code_space_.kind,
        "diagnosis": model.diagnosis(),
    }
    if isinstance(model, VariationalAutoencoder):
        found["sample"] = model.sample(3, random_state=0)
        found["losses"] = list(model.losses(X, random_state=0).items())
        found["nats"] = model.log_likelihood(X[:5], n_samples=2, random_state=0)
    return found


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def fitted(request):
    return request.param(2, hidden=(8,), scaler="standard", epochs=2, random_state=0).fit(X)


@pytest.mark.parametrize("name", sorted(OTHER))
def test_an_option_that_is_set_after_fit_changes_no_answer(fitted, name, tmp_path):
    if name not in options_of(type(fitted)):
        pytest.skip("the other estimator's")
    before, given = answers(fitted), fitted.get_params(deep=False)[name]
    fitted.set_params(**{name: OTHER[name]})
    try:
        now = answers(fitted)
        fitted.save(tmp_path / "model")
        assert clone(fitted).get_params(deep=False)[name] == OTHER[name]
    finally:
        fitted.set_params(**{name: given})
    again = inscape.load(tmp_path / "model")
    for found in (now, answers(again)):
        for key, value in before.items():
            np.testing.assert_array_equal(found[key], value, err_msg=key)
    assert again.get_params(deep=False)[name] == given


def test_every_option_is_tried_here():
    assert {name for kind in KINDS for name in options_of(kind)} == set(OTHER)


def test_a_fine_tuned_copy_goes_by_what_was_fitted(fitted):
    fitted.set_params(scaler=None, batch_size=1)
    try:
        tuned = fitted.fine_tune(X, epochs=1)
    finally:
        fitted.set_params(scaler="standard", batch_size=None)
    assert tuned.get_params()["batch_size"] is None
    assert tuned.scaler_ is fitted.scaler_


def test_a_fit_that_is_refused_leaves_the_fitted_model_as_it_was(fitted):
    before = answers(fitted)
    fitted.set_params(scaler="minmax", likelihood="poisson")
    try:
        with pytest.raises(inscape.InscapeError):
            fitted.fit(X - 0.5)
    finally:
        fitted.set_params(scaler="standard", likelihood=type(fitted)().likelihood)
    for key, value in answers(fitted).items():
        np.testing.assert_array_equal(value, before[key], err_msg=key)


def test_what_was_left_to_the_defaults_is_saved_as_a_value(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    config = inscape._files.read_json(tmp_path / "model" / "model" / "config.json")
    assert config["format"] == 3
    resolved = config["resolved"]
    for name in ("epochs", "batch_size", "learning_rate"):
        assert resolved[name] is not None
        assert fitted.get_params()[name] in (None, resolved[name])
    assert resolved["optimizer"]["momentum"] == 0.9
    assert resolved["network"]["hidden"] == [8]
    assert inscape.load(tmp_path / "model").training_ == fitted.training_


@pytest.mark.parametrize("told", [99, 4, 0, True, 3.0, "3", None])
def test_a_model_of_another_format_is_refused_by_name_and_version(told, fitted, tmp_path):
    fitted.save(tmp_path / "model")
    path = tmp_path / "model" / "model" / "config.json"
    (tmp_path / "model" / "MANIFEST").unlink()
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"format": told, "inscape": "9.1"}))
    with pytest.raises(InvalidParameterError) as refused:
        inscape.load(tmp_path / "model")
    assert str(refused.value) == (
        f"{path} must be of format 3 or before; got format {told!r}, of version 9.1 of inscape: "
        "read it with that, or a later version of inscape."
    )
