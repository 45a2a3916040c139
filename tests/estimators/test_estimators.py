"""The room `estimators`: scikit-learn's contract, ours, and every refusal before training."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import inscape
from inscape import Autoencoder, DeadUnitWarning
from inscape._errors import (
    DamagedFileError,
    InscapeError,
    InvalidDataError,
    InvalidParameterError,
    RunExistsError,
    RunNotFoundError,
    StorageError,
    TrainingDivergedError,
)
from inscape.data.scaling import SCALERS
from inscape.estimators.loading import ESTIMATORS
from inscape.measures import reconstruct, squared_error
from inscape.networks import ACTIVATIONS, INITIALIZATIONS, Dense, ScaledNormal
from inscape.objectives import LIKELIHOODS, Gaussian
from inscape.training import OPTIMIZERS, SGD, Adam

DIGITS = (load_digits().data / 16).astype(np.float32)
SOME = DIGITS[:120]
SENTENCE = re.compile(r"[^\n]* must [^\n]*[;,] got [^\n]*[.?]", re.DOTALL)


def small(**options) -> Autoencoder:
    return Autoencoder(**{"hidden": (8,), "epochs": 2, "random_state": 0, **options})


def table(dtype: type = np.float64) -> np.ndarray:
    """Columns of different sizes, one of them constant."""
    X = np.random.default_rng(0).normal(size=(60, 5)) * [1, 100, 1e-3, 1, 5] + [0, 50, 0, 1, -7]
    X[:, 3] = 0.3
    return X.astype(dtype)


@pytest.fixture(scope="module")
def fitted() -> Autoencoder:
    return small(scaler="minmax", likelihood="bernoulli").fit(SOME)


# --------------------------------------------------------------------------- scikit-learn


def not_to_the_digit(estimator):
    """What holds for weights of all rows at once (test_weights.py), and not for this training.

    Where rows are few some are held out by chance, and repeated rows are on both sides.
    """
    held_out = {"check_sample_weight_equivalence_on_dense_data": "rows are held out by chance"}
    return held_out if estimator.hidden else {}


@parametrize_with_checks(
    [
        # As the default is trained, in fewer passes of a smaller network.
        Autoencoder(hidden=(8,), epochs=8),
        # In float64: a weight of 2 is two rows but for the last digits.
        Autoencoder(
            hidden=(),
            likelihood="bernoulli",
            scaler="minmax",
            epochs=5,
            optimizer="adam",
            precision="float64",
        ),
    ],
    expected_failed_checks=not_to_the_digit,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.proof
@parametrize_with_checks([Autoencoder()], expected_failed_checks=not_to_the_digit)
def test_scikit_learns_own_checks_of_the_default(estimator, check):
    check(estimator)


def test_a_pipeline_encodes_and_decodes():
    pipeline = make_pipeline(StandardScaler(), small()).fit(table())
    codes = pipeline.transform(table())
    assert codes.shape == (60, 2)
    assert pipeline.inverse_transform(codes).shape == (60, 5)
    assert list(pipeline.get_feature_names_out()) == ["autoencoder0", "autoencoder1"]


def test_a_grid_search_finds_the_wider_code_and_its_winner_can_be_saved(tmp_path):
    search = GridSearchCV(
        small(hidden=(), epochs=5), {"n_components": np.array([1, 20])}, cv=2, n_jobs=1
    ).fit(DIGITS[:200])
    assert search.best_params_ == {"n_components": 20}
    search.best_estimator_.save(tmp_path / "best")
    assert inscape.load(tmp_path / "best").n_components == 20


def test_a_clone_has_the_options_and_no_fit(fitted):
    model = clone(fitted)
    assert model.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        model.transform(SOME)
    part = Dense(hidden=(3,), initialization=ScaledNormal(gamma=0.5))
    assert clone(Autoencoder(network=part)).network == part


def test_pandas_comes_out_where_it_is_asked_for():
    frame = pd.DataFrame(table(), columns=list("abcde"), index=range(100, 160))
    model = small().set_output(transform="pandas").fit(frame)
    codes = model.transform(frame)
    assert list(codes.columns) == ["autoencoder0", "autoencoder1"]
    assert list(codes.index) == list(frame.index)
    assert list(model.feature_names_in_) == list("abcde")
    assert model.reconstruct(frame).shape == (60, 5)
    np.testing.assert_array_equal(model.transform(frame[list("edcba")]), codes)
    with pytest.raises(InvalidDataError, match="got no 'a'; 'f', which the model has not seen"):
        model.transform(frame.rename(columns={"a": "f"}))


def test_a_pickled_estimator_gives_the_same_bits(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.transform(SOME), fitted.transform(SOME))


# --------------------------------------------------------------------------- determinism


def bits(model: Autoencoder) -> list[bytes]:
    return [value.numpy().tobytes() for value in model.network_.state_dict().values()]


@pytest.mark.parametrize("word", OPTIMIZERS)
def test_two_fits_with_one_seed_have_the_same_bits(word):
    options = {"optimizer": word, "activation": "prelu", "validation_fraction": 0.2}
    first, again = small(**options).fit(SOME), small(**options).fit(SOME)
    other = small(**{**options, "random_state": 1})
    assert bits(first) == bits(again)
    assert bits(first) != bits(other.fit(SOME))


def test_using_a_model_is_deterministic_and_changes_nothing(fitted):
    before = bits(fitted)
    for call in (fitted.transform, fitted.reconstruct, fitted.score_samples):
        assert call(SOME).tobytes() == call(SOME).tobytes()
    assert fitted.score(SOME) == fitted.score(SOME)
    assert bits(fitted) == before


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-4), (np.float64, 1e-11)])
@pytest.mark.parametrize("call", ["transform", "reconstruct", "score_samples"])
def test_a_row_gives_the_same_alone_as_among_many(call, dtype, rtol, fitted):
    X, function = SOME.astype(dtype), getattr(fitted, call)
    alone = np.concatenate([function(row[None]) for row in X[:10]])
    np.testing.assert_allclose(alone, function(X)[:10], rtol=rtol, atol=rtol)


def test_nothing_global_is_left_changed():
    def everything() -> tuple:
        return (
            torch.get_rng_state().numpy().tobytes(),
            pickle.dumps(np.random.get_state()),  # noqa: NPY002
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            dict(os.environ),
            list(warnings.filters),
        )

    for random_state in (0, None, np.random.RandomState(0)):
        before = everything()
        model = small(random_state=random_state).fit(SOME)
        model.score(SOME)
        assert everything() == before


def test_fitting_leaves_the_rows_alone():
    X = SOME.copy()
    small(scaler="standard").fit(X).reconstruct(X)
    assert np.array_equal(X, SOME)


def test_a_stopped_fit_that_goes_on_ends_with_the_same_bits():
    whole = small(epochs=4).fit(SOME)
    kept = None
    for report, state in small(epochs=4).iter_fit(SOME):
        if report.epoch_done:
            kept = state.to_arrays()
            break
    resumed = small(epochs=4)
    for _ in resumed.iter_fit(SOME, checkpoint=kept):
        pass
    assert bits(resumed) == bits(whole)
    assert [e["loss"] for e in resumed.history_] == [e["loss"] for e in whole.history_]


@pytest.mark.parametrize("scaler", [None, *SCALERS])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_comes_out_has_the_dtype_of_what_came_in(dtype, scaler):
    model, X = small(scaler=scaler).fit(SOME.astype(dtype)), SOME.astype(dtype)
    codes = model.transform(X)
    assert codes.dtype == model.inverse_transform(codes).dtype == model.reconstruct(X).dtype
    assert codes.dtype == dtype


# --------------------------------------------------------------------------- what it learns


@pytest.mark.parametrize("word", ACTIVATIONS)
def test_every_activation_learns(word):
    network = Dense(hidden=(16,), activation=word, linear_path=False)
    model = small(hidden=(256, 64), network=network, bottleneck=word, epochs=6, n_components=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        model.fit(DIGITS[:300])
    # By more than rows in another order round to, where nothing is learned.
    assert model.history_[-1]["loss"] < model.history_[0]["loss"] - 0.1


@pytest.mark.parametrize("word", INITIALIZATIONS)
def test_every_initialisation_learns(word):
    model = Autoencoder(4, network=Dense(hidden=(16,), initialization=word), epochs=12)
    came_back = model.set_params(random_state=0).fit(DIGITS[:600]).reconstruct(DIGITS[:600])
    assert squared_error(DIGITS[:600], came_back) < 0.8 * DIGITS[:600].var(axis=0).mean()


def test_a_linear_autoencoder_reaches_the_error_of_pca():
    floor = squared_error(DIGITS, reconstruct(PCA(8).fit(DIGITS), DIGITS))
    model = Autoencoder(8, hidden=(), epochs=20, random_state=0).fit(DIGITS)
    error = squared_error(DIGITS, model.reconstruct(DIGITS))
    assert floor * (1 - 1e-6) <= error < 1.03 * floor


def test_the_default_beats_pca_on_digits():
    floor = squared_error(DIGITS, reconstruct(PCA(2).fit(DIGITS), DIGITS))
    model = Autoencoder(2, random_state=0).fit(DIGITS)
    assert squared_error(DIGITS, model.reconstruct(DIGITS)) < 0.8 * floor


def test_early_stopping_stops_and_keeps_the_best():
    noise = np.random.default_rng(0).normal(size=(60, 12))
    options = {"validation_fraction": 0.3, "learning_rate": 0.02, "optimizer": "adam"}
    model = small(hidden=(64,), epochs=400, patience=5, **options).fit(noise)
    losses = [entry["validation_loss"] for entry in model.history_[1:]]
    assert len(losses) == int(np.argmin(losses)) + 1 + 5 < 400


def test_history_is_in_nats_per_sample_and_per_feature(fitted):
    assert [entry["epoch"] for entry in fitted.history_] == [0, 1, 2]
    for entry in fitted.history_:
        assert entry["loss_per_feature"] == pytest.approx(entry["loss"] / 64)
        assert (entry["seconds"] > 0) == (entry["epoch"] > 0)


def test_a_constant_column_comes_back_through_the_scaler():
    for name in SCALERS:
        X = table(np.float32)
        model = small(scaler=name, epochs=200).fit(X)
        there_and_back = model.scaler_.inverse_transform(model.scaler_.transform(X))
        assert np.array_equal(there_and_back[:, 3], X[:, 3])
        np.testing.assert_allclose(model.reconstruct(X)[:, 3], 0.3, atol=0.05)


def test_the_scaler_is_inverted_on_decode():
    X = table()
    model = small(n_components=4, scaler="standard", epochs=200).fit(X)
    np.testing.assert_allclose(model.reconstruct(X), X, atol=0.3 * X.std(axis=0).max())
    varying = [0, 1, 2, 4]
    error = np.square(model.reconstruct(X) - X)[:, varying].mean(axis=0)
    assert (error < 0.2 * X[:, varying].var(axis=0)).all()


# --------------------------------------------------------------------------- scores


def torch_log_density(word: str, outputs: torch.Tensor, X: torch.Tensor) -> np.ndarray:
    if word == "gaussian":
        return scipy.stats.norm.logpdf(X.numpy(), outputs.numpy()).sum(axis=1)
    if word == "bernoulli":
        p = torch.sigmoid(outputs)
        return -torch.nn.functional.binary_cross_entropy(p, X, reduction="none").sum(dim=1).numpy()
    density = torch.distributions.ContinuousBernoulli(logits=outputs)
    return density.log_prob(X).sum(dim=1).numpy()


@pytest.mark.parametrize("word", ["gaussian", "bernoulli", "continuous_bernoulli"])
def test_scores_are_log_densities_in_nats(word):
    model = small(likelihood=word).fit(SOME)
    X = torch.from_numpy(SOME)
    with torch.no_grad():
        # A Gaussian's network works in units of its own; what comes back does not.
        means = torch.from_numpy(model.reconstruct(SOME))
        outputs = means if word == "gaussian" else model.network_(X)
        wanted = torch_log_density(word, outputs.double(), X.double())
    samples = model.score_samples(SOME)
    np.testing.assert_allclose(samples, wanted, rtol=1e-4)
    assert samples.shape == (120,)
    assert model.score(SOME) == pytest.approx(samples.mean())


def test_a_gaussian_score_is_that_of_the_reconstruction():
    model = small(likelihood=Gaussian(scale=0.2)).fit(SOME)
    wanted = scipy.stats.norm.logpdf(SOME, model.reconstruct(SOME), 0.2).sum(axis=1)
    np.testing.assert_allclose(model.score_samples(SOME), wanted, rtol=1e-4, atol=1e-4)


# --------------------------------------------------------------------------- dead units


def test_a_dead_unit_is_told_with_its_remedies(tmp_path):
    # Far from zero with hardly a spread: a unit whose weights sum below zero never fires.
    X = 10 + 0.1 * np.random.default_rng(0).normal(size=(100, 6))
    network = Dense(hidden=(), bias="torch_default")
    model = Autoencoder(6, network=network, bottleneck="relu", optimizer=SGD(), random_state=0)
    model.set_params(epochs=2, learning_rate=1e-6)
    with pytest.warns(DeadUnitWarning, match=r"of 6 bottleneck units (is|are) dead") as caught:
        model.fit(X)
    codes = model.transform(X)
    assert model.dead_units_ == tuple(np.flatnonzero(np.ptp(codes, axis=0) == 0)) != ()
    assert model.diagnosis().endswith(str(caught[0].message))
    for remedy in ("kaiming_normal", "prelu", "muon"):
        assert remedy in model.diagnosis()
    model.save(tmp_path / "run")
    assert inscape.load(tmp_path / "run").diagnosis() == model.diagnosis()


def test_a_living_bottleneck_has_no_diagnosis(fitted):
    assert fitted.dead_units_ == ()
    assert "dead" not in fitted.diagnosis()


def test_a_table_with_names_is_looked_at_without_a_warning():
    frame = pd.DataFrame(10 + 0.1 * table(), columns=list("abcde"))
    model = small(n_components=2).fit(frame)
    assert "(b)" in model.diagnosis()
    network = Dense(hidden=(), bias="torch_default")
    options = {"bottleneck": "relu", "optimizer": SGD(), "learning_rate": 1e-6}
    with pytest.warns(DeadUnitWarning) as caught:
        Autoencoder(4, network=network, epochs=1, random_state=0, **options).fit(frame)
    assert len(caught) == 1


# --------------------------------------------------------------------------- bad input


def refused(model: Autoencoder, X, error: type[Exception]) -> str:
    """Return the message with which `model` refuses X, before it has built any network."""
    with pytest.raises(error) as caught:
        next(model.iter_fit(X))
    assert isinstance(caught.value, InscapeError)
    assert not hasattr(model, "network_")
    return str(caught.value)


def with_value(value: float) -> np.ndarray:
    X = SOME.astype(np.float64)
    X[17, 5] = value
    return X


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.empty((0, 4)), "0 sample(s) (shape=(0, 4))"),
        (np.empty((4, 0)), "0 feature(s) (shape=(4, 0))"),
        (with_value(np.nan), "NaN at row 17, column 5 (1 such values in all)"),
        (with_value(np.inf), "infinity at row 17, column 5"),
        (with_value(-np.inf), "infinity at row 17, column 5"),
        (SOME[:1], "at least 2 rows to learn from; got 1 sample(s)"),
        (np.full((9, 4), 0.5), "got 9 identical rows (4 constant columns)"),
        (np.array([["a", "b"], ["c", "d"]]), "must hold numbers; got text"),
        (
            pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}),
            "must hold numbers in every feature; got text in 'a' (2 words, such as 'x')",
        ),
        (SOME[0], "must be a 2-D array of rows and columns; got a 1-D array of shape (64,)"),
        (csr_array(SOME), "must be a dense array; got csr_array, a sparse one"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_data_that_cannot_be_learned_from_are_refused_in_one_sentence(X, words):
    message = refused(small(), X, InvalidDataError)
    assert words in message
    assert SENTENCE.fullmatch(message)


@pytest.mark.parametrize("word", [word for word, part in LIKELIHOODS.items() if part.unit_interval])
@pytest.mark.parametrize("value", [-0.25, 1.5])
def test_a_value_outside_the_unit_interval_is_located(word, value):
    message = refused(small(likelihood=word), with_value(value), InvalidDataError)
    assert f"got {value} at row 17, column 5: use scaler='minmax'" in message
    small(likelihood=word, scaler="minmax").fit(with_value(value))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"n_components": 0},
            "`n_components` must be an integer >= 1; got 0.",
        ),
        ({"n_components": 2.0}, "got 2.0."),
        ({"n_components": True}, "got True."),
        ({"n_components": "2"}, "got '2'."),
        ({"hidden": (8, 0)}, "`hidden` must be a tuple of layer widths >= 1"),
        ({"hidden": 8}, "`hidden` must be a tuple of layer widths >= 1"),
        ({"activation": "rely"}, "Did you mean 'relu'?"),
        ({"bottleneck": "reLU"}, "Did you mean 'relu'?"),
        ({"likelihood": "gausian"}, "Did you mean 'gaussian'?"),
        ({"scaler": "min-max"}, "Did you mean 'minmax'?"),
        ({"optimizer": "Adam"}, "Did you mean 'adam'?"),
        ({"epochs": 0}, "`epochs` must be a number > 0; got 0."),
        ({"epochs": float("nan")}, "`epochs` must be a number > 0; got nan."),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1; got 0."),
        ({"learning_rate": -0.1}, "`learning_rate` must be a number > 0; got -0.1."),
        ({"validation_fraction": 1.0}, "`validation_fraction` must be 'auto' or a number >= 0"),
        ({"patience": 0, "validation_fraction": 0.1}, "`patience` must be an integer >= 1; got 0."),
        ({"patience": 3}, "got validation_fraction=0: set validation_fraction=0.1."),
        ({"random_state": "zero"}, "`random_state` must be an integer"),
        ({"random_state": -1}, "`random_state` must be an integer from 0 to 2**32 - 1"),
        ({"device": "gpu"}, "`device` must be 'auto', 'cpu' or a GPU"),
        ({"network": "dens", "hidden": (256, 64)}, "Did you mean 'dense'?"),
        ({"network": Dense(), "hidden": (8,)}, "`hidden` and `activation` must be left out"),
        (
            {"network": Dense(), "hidden": (256, 64), "activation": "tanh"},
            "`hidden` and `activation` must be left out",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_option_that_cannot_hold_is_refused_in_one_sentence(options, message):
    told = refused(small(**options), SOME, InvalidParameterError)
    assert message in told
    assert SENTENCE.fullmatch(told)


def test_rows_and_codes_of_another_width_are_refused(fitted):
    with pytest.raises(
        InvalidDataError, match="X has 63 features, but Autoencoder is expecting 64"
    ):
        fitted.transform(SOME[:, 1:])
    with pytest.raises(InvalidDataError, match=r"Codes must have shape \(n_samples, 2\)"):
        fitted.inverse_transform(np.zeros((4, 3)))
    with pytest.raises(InvalidDataError, match="Codes must be finite; got NaN at row 1, column 0"):
        fitted.inverse_transform(np.array([[0.0, 0.0], [np.nan, 0.0]]))
    with pytest.raises(InvalidDataError, match="X must be finite; got NaN at row 17, column 5"):
        fitted.transform(with_value(np.nan))


def test_a_learning_rate_that_is_too_large_is_told():
    with pytest.raises(TrainingDivergedError, match="lower `learning_rate`"):
        small(optimizer="sgd", learning_rate=1e6, epochs=20).fit(100 * table())


def test_an_unfitted_model_says_so(tmp_path):
    for call in (small().transform, small().reconstruct, small().score):
        with pytest.raises(NotFittedError):
            call(SOME)
    with pytest.raises(NotFittedError):
        small().save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- on disk


@pytest.mark.parametrize(
    ("word", "scaler"),
    [
        (word, scaler)
        for word, part in LIKELIHOODS.items()
        for scaler in (None, *SCALERS)
        # Scaled values leave [0, 1], or are no whole numbers.
        if not (part.unit_interval and scaler == "standard") and not (part.counts and scaler)
    ],
)
def test_a_saved_model_comes_back_with_the_same_bits(word, scaler, tmp_path):
    X = SOME.round() if LIKELIHOODS[word].counts else SOME
    model = small(likelihood=word, scaler=scaler, activation="prelu").fit(X)
    model.save(tmp_path / "run")
    for path in (tmp_path / "run", str(tmp_path / "run"), tmp_path / "run" / "model"):
        again = inscape.load(path)
        assert again.transform(X).tobytes() == model.transform(X).tobytes()
        assert again.reconstruct(X).tobytes() == model.reconstruct(X).tobytes()
        assert again.score_samples(X).tobytes() == model.score_samples(X).tobytes()
        assert again.history_ == model.history_
        assert again.get_params() == model.get_params()
        assert (again.scaler_ is None) == (scaler is None)


def test_parts_and_numpy_numbers_and_names_survive_the_disk(tmp_path):
    frame = pd.DataFrame(table(), columns=list("abcde"))
    model = Autoencoder(
        np.int64(3),
        network=Dense(hidden=(4,), initialization=("orthogonal", ScaledNormal(gamma=0.5))),
        likelihood=Gaussian(scale=0.5),
        optimizer=Adam(beta2=0.99),
        epochs=np.float64(2),
        random_state=np.random.RandomState(3),
        scaler="standard",
    ).fit(frame)
    model.save(tmp_path / "run")
    again = inscape.load(tmp_path / "run")
    assert list(again.feature_names_in_) == list("abcde")
    assert again.transform(frame).tobytes() == model.transform(frame).tobytes()
    assert again.score(frame) == model.score(frame)
    assert again.fit(frame).transform(frame).shape == (60, 3)


def test_hidden_widths_from_numpy_survive_the_disk(tmp_path):
    small(hidden=tuple(np.array([8, 4]))).fit(SOME).save(tmp_path / "run")
    assert inscape.load(tmp_path / "run").hidden == (8, 4)


def test_a_model_on_disk_is_json_and_safetensors(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == [
        "run/MANIFEST",
        "run/history.jsonl",
        "run/model/config.json",
        "run/model/model.safetensors",
    ]
    config = json.loads((tmp_path / "run/model/config.json").read_text())
    assert config["type"] in ESTIMATORS
    assert config["parameters"]["n_components"] == 2


@pytest.mark.parametrize("name", ["MANIFEST", "model/config.json", "model/model.safetensors"])
@pytest.mark.parametrize("damage", ["first byte", "last byte", "a middle bit", "half", "empty"])
def test_a_damaged_file_is_named(name, damage, fitted, tmp_path):
    fitted.save(tmp_path / "run")
    path = tmp_path / "run" / name
    content = bytearray(path.read_bytes())
    if damage in ("half", "empty"):
        content = content[: len(content) // 2 if damage == "half" else 0]
    else:
        place = {"first byte": 0, "last byte": -1, "a middle bit": len(content) // 2}[damage]
        content[place] ^= 1 if damage == "a middle bit" else 255
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="must be as it was written") as caught:
        inscape.load(tmp_path / "run")
    if name != "MANIFEST":  # a changed checksum speaks of its file
        assert f"{path} must be" in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda config: config.pop("parameters"),
        lambda config: config.update(type="no-such-estimator"),
        lambda config: config.update(n_features=3),
        lambda config: config["parameters"].update(surprise=1),
        lambda config: config["resolved"]["network"].update(hidden=[9]),
        lambda config: config.update(parameters=[]),
    ],
)
def test_a_model_alone_whose_config_does_not_fit_is_an_error_of_our_own(damage, fitted, tmp_path):
    fitted.save(tmp_path / "run")
    path = shutil.copytree(tmp_path / "run" / "model", tmp_path / "alone") / "config.json"
    config = json.loads(path.read_text())
    damage(config)
    path.write_text(json.dumps(config))
    with pytest.raises(DamagedFileError, match="alone/"):
        inscape.load(tmp_path / "alone")


@pytest.fixture
def alone(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    return shutil.copytree(tmp_path / "run" / "model", tmp_path / "alone")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_model_alone_proves_itself(name, alone):
    path = alone / name
    content = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(content), size=30):
        damaged = bytearray(content)
        damaged[place] ^= 2
        path.write_bytes(damaged)
        # A damaged number of a format is one that is not known.
        with pytest.raises((DamagedFileError, InvalidParameterError), match="alone/"):
            inscape.load(alone)
    path.write_bytes(content)
    inscape.load(alone)


def test_a_model_alone_that_lost_its_checksums_is_damaged(alone):
    path = alone / "config.json"
    config = json.loads(path.read_text())
    for kept in (None, {}, {"config.json": config["sha256"]["config.json"]}):
        path.write_text(json.dumps(config | {"sha256": kept}))
        with pytest.raises(DamagedFileError, match="alone/"):
            inscape.load(alone)
    del config["sha256"]
    path.write_text(json.dumps(config))
    with pytest.raises(DamagedFileError, match=r"alone/config\.json"):
        inscape.load(alone)
    # Before format 3 there was none.
    path.write_text(json.dumps(config | {"format": 2}))
    inscape.load(alone)


@pytest.mark.parametrize("gone", ["history.jsonl", "MANIFEST"])
def test_what_is_missing_does_not_switch_the_proof_off(gone, fitted, tmp_path):
    fitted.save(tmp_path / "run")
    (tmp_path / "run" / gone).unlink()
    inscape.load(tmp_path / "run")
    path = tmp_path / "run" / "model" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for place in ("run", "run/model"):
        with pytest.raises(DamagedFileError, match=r"model\.safetensors must be as it was written"):
            inscape.load(tmp_path / place)


def test_what_a_desktop_or_a_reader_leaves_beside_a_model_is_no_damage(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    for name in (".DS_Store", "notes.txt"):
        (tmp_path / "run" / "model" / name).write_text("not ours")
    for place in ("run", "run/model"):
        inscape.load(tmp_path / place)


def test_a_model_alone_beside_somebody_elses_manifest_loads(alone):
    (alone.parent / "MANIFEST").write_text("include LICENSE\n")
    inscape.load(alone)


def test_a_model_that_its_manifest_does_not_list_is_refused(fitted, tmp_path):
    from inscape._files import write_manifest

    fitted.save(tmp_path / "run")
    write_manifest(tmp_path / "run", patterns=["history.jsonl"])
    with pytest.raises(DamagedFileError, match="must be listed in MANIFEST"):
        inscape.load(tmp_path / "run")


def test_a_place_without_a_model_is_told(tmp_path, fitted):
    with pytest.raises(RunNotFoundError, match=r"nowhere must be a run .* config\.json is not"):
        inscape.load(tmp_path / "nowhere")
    fitted.save(tmp_path / "run")
    (tmp_path / "run/model/model.safetensors").unlink()
    with pytest.raises(RunNotFoundError, match=r"model\.safetensors is not there"):
        inscape.load(tmp_path / "run")


def test_saving_overwrites_only_when_it_is_asked_to(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    other = small(n_components=3).fit(SOME)
    with pytest.raises(RunExistsError, match="it already exists"):
        other.save(tmp_path / "run")
    assert inscape.load(tmp_path / "run").n_components == 2
    other.save(tmp_path / "run", overwrite=True)
    assert inscape.load(tmp_path / "run").n_components == 3


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_leaves_the_last_good_model(code, fitted, tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(code, os.strerror(code))

    fitted.save(tmp_path / "run")
    other = small(n_components=3).fit(SOME)
    monkeypatch.setattr(os, "fsync", refuse)
    for name in ("run", "new"):
        with pytest.raises(StorageError, match="must be writable"):
            other.save(tmp_path / name, overwrite=True)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert inscape.load(tmp_path / "run").n_components == 2
