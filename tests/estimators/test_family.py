"""The autoencoder family: every combination of parts, exact results, and what training promises."""

from __future__ import annotations

import itertools
import warnings
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch import nn

import inscape
from inscape import Autoencoder, DeadUnitWarning
from inscape._errors import InvalidParameterError
from inscape._parts import resolve_part
from inscape.cli import main
from inscape.corruptions import CORRUPTIONS, GaussianNoise, ZeroMasking
from inscape.estimators.format_1 import as_format_2
from inscape.estimators.loading import restore
from inscape.networks import (
    ACTIVATIONS,
    BOTTLENECKS,
    NETWORKS,
    NORMALIZATIONS,
    Activation,
    BatchTopK,
    Convolutional,
    Dense,
    Dropout,
    Modules,
    Sizes,
    TopK,
    resolve_bottleneck,
)
from inscape.objectives import LIKELIHOODS, PENALTIES, WeightDecay
from inscape.runs import read_config
from inscape.training import Adam

# Each network with every kind of its layers, wide enough that some units live.
SMALL = {"dense": Dense(hidden=(9,)), "convolutional": Convolutional(channels=(4, 8), dense=(16,))}
LINEAR = Dense(hidden=(), bias="torch_default")
BOTTLENECK_WORDS = ["sigmoid", *BOTTLENECKS]


def pictures(n: int = 40, side: int = 5, seed: int = 0) -> np.ndarray:
    """Pictures in [0, 1] with some structure: sums of a few smooth patterns."""
    generator = np.random.default_rng(seed)
    waves = np.sin(np.outer(np.arange(1, 5), np.linspace(0, 3, side * side)))
    return (0.5 + 0.1 * generator.normal(size=(n, 4)) @ waves).clip(0, 1)


def quiet_fit(model: Autoencoder, X: np.ndarray) -> Autoencoder:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        return model.fit(X)


# --------------------------------------------------------------------------- every combination


COMBINATIONS = [
    (bottleneck, network, penalty)
    for bottleneck, network, penalty in itertools.product(
        BOTTLENECK_WORDS, NETWORKS, [None, *PENALTIES]
    )
    # The penalty is for codes in [0, 1].
    if penalty != "kullback_leibler_sparsity" or bottleneck == "sigmoid"
]


@pytest.mark.parametrize("place", range(len(COMBINATIONS)), ids=lambda i: str(COMBINATIONS[i]))
def test_every_network_bottleneck_and_penalty_train_for_two_steps(place):
    """Each with two corruptions, which go round, and each of these with another likelihood."""
    corruptions = [None, *CORRUPTIONS]
    chosen = [corruptions[(place + shift) % len(corruptions)] for shift in (0, 3)]
    train_for_two_steps(*COMBINATIONS[place], chosen, first=place + place // len(corruptions))


@pytest.mark.proof
@pytest.mark.parametrize("place", range(len(COMBINATIONS)), ids=lambda i: str(COMBINATIONS[i]))
def test_every_combination_of_parts_trains_for_two_steps(place):
    train_for_two_steps(*COMBINATIONS[place], [None, *CORRUPTIONS], first=0)


def train_for_two_steps(bottleneck, network, penalty, corruptions, *, first):
    words = [*LIKELIHOODS]
    for number, corruption in enumerate(corruptions, start=first):
        likelihood = words[number % len(words)]
        X = pictures().round() if LIKELIHOODS[likelihood].counts else pictures()
        model = Autoencoder(
            8,
            network=SMALL[network],
            bottleneck=bottleneck,
            corruption=corruption,
            penalty=penalty,
            likelihood=likelihood,
            batch_size=20,
            epochs=1,
            validation_fraction=0,
            random_state=0,
        )
        before = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeadUnitWarning)
            for report, state in model.iter_fit(X):
                if report.step == 0:
                    before = {k: v.clone() for k, v in state.network.state_dict().items()}
        assert report.step == 2
        after = model.network_.state_dict()
        moved = [name for name, weight in after.items() if not torch.equal(weight, before[name])]
        assert any(name.startswith("encoder") for name in moved), (corruption, moved)
        assert any(name.startswith("decoder") for name in moved), (corruption, moved)
        assert np.isfinite(model.score_samples(X)).all()
        assert model.transform(X).shape == (40, 8)


@pytest.mark.parametrize("network", [*NETWORKS, "tied", "normalized"])
@pytest.mark.parametrize("bottleneck", [*ACTIVATIONS, *BOTTLENECKS])
def test_every_network_and_bottleneck_comes_back_from_disk(network, bottleneck, tmp_path):
    part = {
        "tied": Dense(hidden=(9,), tied=True, dropout=0.2),
        "normalized": Dense(hidden=(9,), normalization="batch", output_dropout=0.1),
    }.get(network) or SMALL[network]
    X = pictures()
    model = quiet_fit(
        Autoencoder(8, network=part, bottleneck=bottleneck, epochs=1, random_state=0), X
    )
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    assert np.array_equal(again.transform(X), model.transform(X))
    assert np.array_equal(again.reconstruct(X), model.reconstruct(X))


# --------------------------------------------------------------------------- linear networks


def linear(n_components: int, **options: object) -> Autoencoder:
    """A full-batch training that ends at its minimum to many digits."""
    chosen = {
        "network": LINEAR,
        "optimizer": Adam(schedule="cosine", epsilon=1e-12),
        "learning_rate": 0.1,
        "batch_size": 10_000,
        "epochs": 500,
        "precision": "float64",
        "random_state": 0,
        **options,
    }
    return Autoencoder(n_components, **chosen)


def table(n: int = 500, d: int = 10) -> np.ndarray:
    generator = np.random.default_rng(0)
    scales = np.linspace(2.0, 0.5, d)
    rotation = np.linalg.qr(generator.normal(size=(d, d)))[0]
    X = generator.normal(size=(n, d)) * scales @ rotation
    return X - X.mean(axis=0)


def weights_of(model: Autoencoder) -> tuple[np.ndarray, np.ndarray]:
    return (
        model.network_.encoder[0].weight.detach().numpy(),
        model.network_.decoder[0].weight.detach().numpy(),
    )


def test_a_linear_autoencoder_spans_the_space_of_pca_and_loses_the_discarded_variance():
    X = table()
    model, pca = linear(4, epochs=300).fit(X), PCA(4).fit(X)
    mine = np.linalg.qr(weights_of(model)[1])[0]
    cosines = np.linalg.svd(pca.components_ @ mine, compute_uv=False)
    assert np.arccos(cosines.clip(-1, 1)).max() < 1e-3
    discarded = np.linalg.eigvalsh(np.cov(X.T, bias=True))[:-4].sum()
    lost = ((X - model.reconstruct(X)) ** 2).sum(axis=1).mean()
    assert lost == pytest.approx(discarded, rel=1e-9)


def test_a_regularised_linear_autoencoder_shrinks_as_theory_says():
    # Kunin et al. 2019: W1 = W2', and the squared singular values are 1 - lambda / sigma^2.
    X, strength = table(), 60.0
    model = linear(4, penalty=WeightDecay(strength)).fit(X)
    encoder, decoder = weights_of(model)
    sigma = np.linalg.svd(X, compute_uv=False)[:4]
    assert np.abs(encoder - decoder.T).max() < 1e-8
    found = np.linalg.svd(decoder, compute_uv=False) ** 2
    np.testing.assert_allclose(found, 1 - strength / sigma**2, atol=1e-8)


def test_a_linear_denoiser_is_the_wiener_filter():
    X, scale = table(), 0.7
    noisy = GaussianNoise(scale, fixed=True)
    model = linear(10, corruption=noisy).fit(X)
    encoder, decoder = weights_of(model)
    seed = next(iter(linear(10, corruption=noisy, epochs=1).iter_fit(X)))[1].corruption_seed
    drawn = noisy(torch.from_numpy(X), generator=torch.Generator().manual_seed(seed)).numpy()
    # For the very noise that was drawn the best map is exact.
    centred = drawn - drawn.mean(axis=0)
    best = np.linalg.solve(centred.T @ centred, centred.T @ X).T
    np.testing.assert_allclose(decoder @ encoder, best, atol=1e-8)


def test_a_linear_denoiser_of_fresh_noise_comes_near_the_wiener_filter():
    X, scale = table(4000), 0.7
    model = linear(10, corruption=GaussianNoise(scale), epochs=200).fit(X)
    covariance = X.T @ X / len(X)
    wiener = covariance @ np.linalg.inv(covariance + scale**2 * np.eye(10))
    encoder, decoder = weights_of(model)
    assert np.abs(decoder @ encoder - wiener).max() < 0.02


# --------------------------------------------------------------------------- dense networks


def test_a_tied_decoder_is_the_encoder_transposed():
    X = pictures()
    network = Dense(hidden=(9,), tied=True, activation="identity", bias="torch_default")
    model = Autoencoder(3, network=network, epochs=2, random_state=0).fit(X)
    names = model.network_.state_dict()
    assert {name for name in names if name.startswith("decoder")} == {
        "decoder.0.bias",
        "decoder.2.bias",
    }
    codes = model.transform(X)
    first, last = (names[f"encoder.{i}.weight"].numpy() for i in (0, 2))
    biases = [names[f"decoder.{i}.bias"].numpy() for i in (0, 2)]
    expected = (codes @ last + biases[0]) @ first + biases[1]
    np.testing.assert_allclose(model.inverse_transform(codes), expected, atol=1e-5)


def test_a_tied_decoder_must_mirror_the_encoder():
    with pytest.raises(InvalidParameterError, match="`tied` must be False where the decoder"):
        Dense(hidden=(), tied=True).build(
            Sizes(n_features=6, n_code=4, n_components=2, n_outputs=6),
            bottleneck=nn.Identity(),
            generator=torch.Generator(),
        )


@pytest.mark.parametrize("word", NORMALIZATIONS)
def test_normalization_stands_between_matrix_and_activation(word):
    model = Autoencoder(2, network=Dense(hidden=(9,), normalization=word), epochs=1).fit(pictures())
    kinds = [type(module) for module in model.network_.encoder.beside]
    assert kinds == [nn.Linear, type(NORMALIZATIONS[word](3)), nn.ReLU, nn.Linear]


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    dropout = Dropout(0.3).train()
    dropout.generator = torch.Generator().manual_seed(0)
    values = dropout(torch.ones(400, 400))
    assert (values == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert values.mean().item() == pytest.approx(1, abs=0.01)
    assert values.unique().tolist() == pytest.approx([0, 1 / 0.7])


def test_dropout_draws_from_the_training_alone():
    before = torch.get_rng_state()
    network = Dense(hidden=(9,), dropout=0.5, output_dropout=0.5)
    X = pictures()
    first, second = (
        Autoencoder(3, network=network, epochs=2, random_state=1).fit(X).transform(X)
        for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


# --------------------------------------------------------------------------- corrupted inputs


def inputs_of(model: Autoencoder, X: np.ndarray, monkeypatch) -> list[tuple[torch.Tensor, ...]]:
    """Fit, and return what was encoded and what had to come out, step by step."""
    seen = []
    kind = type(resolve_part("likelihood", model.likelihood, LIKELIHOODS))
    original = kind.negative_log_likelihood
    hook = []

    def watch(module, arguments):
        if module.training:
            hook.append(arguments[0].clone())

    def record(self, outputs, targets):
        if hook:
            seen.append((hook.pop(), targets.clone()))
        return original(self, outputs, targets)

    monkeypatch.setattr(kind, "negative_log_likelihood", record)
    for report, state in model.iter_fit(X):
        if report.step == 0:
            state.network.encoder.register_forward_pre_hook(watch)
    return seen


@pytest.mark.parametrize("fixed", [False, True])
def test_the_input_is_corrupted_and_the_target_is_clean(fixed, monkeypatch):
    X = pictures(n=20) + 0.1
    corruption = ZeroMasking(0.4, fixed=fixed)
    model = Autoencoder(2, corruption=corruption, batch_size=20, epochs=3, random_state=0)
    steps = inputs_of(model, X, monkeypatch)
    assert len(steps) == 3
    masks = []
    for given, target in steps:
        # Zeros of the data, whatever the network's own units are.
        hidden = np.isclose(model.units_.undo(given.numpy()), 0, atol=1e-6)
        assert (hidden.sum(axis=1) == 10).all()
        kept = torch.from_numpy(~hidden)
        assert torch.equal(given[kept], target[kept])
        order = np.argsort(target.sum(dim=1).numpy())
        masks.append(hidden[order])
    same = (masks[0] == masks[1]).all() and (masks[1] == masks[2]).all()
    assert same == fixed


def test_noise_changes_no_other_draw(monkeypatch):
    X = pictures(n=20)
    noisy, clean = (
        inputs_of(
            Autoencoder(2, corruption=corruption, batch_size=5, epochs=2, random_state=0),
            X,
            monkeypatch,
        )
        for corruption in ("pixel_shuffle", GaussianNoise(0.1))
    )
    for (_, first), (_, second) in zip(noisy, clean, strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("fixed", [False, True])
def test_a_resumed_noisy_training_with_dropout_ends_with_the_same_bits(fixed):
    X = pictures()
    options = {
        "network": Dense(hidden=(9,), dropout=0.3, normalization="batch"),
        "bottleneck": TopK(2),
        "corruption": ZeroMasking(0.3, fixed=fixed),
        "batch_size": 16,
        "epochs": 4,
        "random_state": 0,
    }
    whole = quiet_fit(Autoencoder(4, **options), X)
    kept = None
    for report, state in Autoencoder(4, **options).iter_fit(X):
        if report.epoch_done and report.epoch == 2:
            kept = state.to_arrays()
            break
    resumed = Autoencoder(4, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        for _ in resumed.iter_fit(X, checkpoint=kept):
            pass
    for name, weight in whole.network_.state_dict().items():
        assert torch.equal(weight, resumed.network_.state_dict()[name]), name


def test_a_denoiser_denoises():
    X = pictures(400)
    noise = np.random.default_rng(1).normal(scale=0.2, size=X.shape)
    model = Autoencoder(4, corruption=GaussianNoise(0.2), epochs=5, random_state=0).fit(X)
    assert ((model.reconstruct(X + noise) - X) ** 2).mean() < 0.3 * (noise**2).mean()


# --------------------------------------------------------------------------- units that come back


@pytest.mark.parametrize("kind", [TopK, pytest.param(BatchTopK, marks=pytest.mark.proof)])
def test_by_default_few_units_of_a_wide_code_never_fire(kind):
    """Digits in raw units; without start, columns and revival four units of ten are lost."""
    X = load_digits().data.astype(np.float32)
    order = np.random.default_rng(0).permutation(len(X))
    X, T = X[order[:1200]], X[order[1200:]]
    alone = kind(revival=0.0, tied_start=False, unit_columns=False)
    models = [
        quiet_fit(Autoencoder(256, hidden=(), bottleneck=part, random_state=0), X)
        for part in (kind(), alone)
    ]
    lost, lost_alone = ((model.transform(X) <= 0).all(axis=0).mean() for model in models)
    error, error_alone = (((model.reconstruct(T) - T) ** 2).mean() for model in models)
    assert lost_alone > 0.35
    assert lost < 0.4 * lost_alone
    assert error < 1.02 * error_alone


def test_models_and_configs_of_before_keep_the_bottleneck_that_they_had(tmp_path):
    X = pictures(60)
    old = TopK(2, revival=1 / 32, dead_after=1000, tied_start=False, unit_columns=False)
    model = quiet_fit(Autoencoder(6, bottleneck=old, epochs=1, random_state=0), X)
    described, tensors = model.to_data()
    for name in ("tied_start", "unit_columns"):
        del described["resolved"]["bottleneck"][name]
    again = restore({"format": 2, **described}, tensors)
    assert again.parts_.bottleneck == old
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    # In format 1 a word stood for the defaults of its time.
    described["parameters"]["bottleneck"] = "top_k(k=2)"
    for one in (described["parameters"], described["resolved"]):
        one["likelihood"] = {"type": "gaussian", "scale": 1.0}
    first = as_format_2({"format": 1, "conditions": None, **described}, dict(tensors))[0]
    assert resolve_bottleneck(first["resolved"]["bottleneck"]) == old
    file = tmp_path / "config.toml"
    told = 'top_k(k=2, revival=0.03125, revival_k=\\"none\\", dead_after=1000)'
    for text, wanted in [(told, old), ("top_k(k=2)", TopK(2)), ("relu", Activation("relu"))]:
        file.write_text(f'format = 2\nkind = "fit"\nbottleneck = "{text}"\n', encoding="utf-8")
        assert resolve_bottleneck(read_config(file).bottleneck) == wanted


# --------------------------------------------------------------------------- going on learning


def test_layerwise_pretraining_gives_back_every_layer_before_the_whole_is_trained():
    X = pictures(200)
    # One step of the whole, too small to matter: what is seen is the layers' own training.
    whole = {"optimizer": "adam", "learning_rate": 1e-9, "epochs": 0.01}
    network = Dense(hidden=(16, 8), activation="tanh", linear_path=False)
    options = {"network": network, "random_state": 0, **whole}
    plain = Autoencoder(4, **options).fit(X)
    stacked = Autoencoder(4, layerwise_epochs=40, **options).fit(X)
    assert stacked.score(X) > plain.score(X) + 0.1
    for before, after in zip(errors_of_layers(plain, X), errors_of_layers(stacked, X), strict=True):
        assert after < 0.5 * before


def errors_of_layers(model: Autoencoder, X: np.ndarray) -> list[float]:
    """How badly each layer's partner gives back what the layer reads, as a share of its scale."""
    values, errors = torch.from_numpy(X.astype(np.float32)), []
    with torch.no_grad():
        for down, up in Dense.layer_pairs(model.network_):
            below, values = values, down(values)
            errors.append(float((up(values) - below).square().mean() / below.square().mean()))
    return errors


def test_layerwise_pretraining_needs_layers():
    with pytest.raises(InvalidParameterError, match="`layerwise_epochs` must come with a dense"):
        Autoencoder(2, hidden=(), layerwise_epochs=1).fit(pictures())


def test_fine_tuning_goes_on_and_leaves_the_first_model_alone():
    X = pictures(200)
    model = Autoencoder(4, network=Dense(linear_path=False), epochs=5, random_state=0).fit(X)
    codes = model.transform(X)
    momentum = [
        value.clone()
        for optimizer in model.optimizers_
        for entries in optimizer.state.values()
        for value in entries.values()
    ]
    tuned = model.fine_tune(X, corruption=GaussianNoise(0.3), epochs=10)
    assert np.array_equal(model.transform(X), codes)
    assert isinstance(tuned.corruption, GaussianNoise)
    noisy = X + np.random.default_rng(1).normal(scale=0.3, size=X.shape)
    error, first = (((m.reconstruct(noisy) - X) ** 2).mean() for m in (tuned, model))
    assert error < 0.8 * first
    after = [
        value
        for optimizer in model.optimizers_
        for entries in optimizer.state.values()
        for value in entries.values()
    ]
    assert all(torch.equal(a, b) for a, b in zip(momentum, after, strict=True))


def test_fine_tuning_keeps_the_optimizers_state():
    X = pictures(64)
    options = {"batch_size": 64, "optimizer": "adam", "validation_fraction": 0}
    model = Autoencoder(4, epochs=3, **options, random_state=0).fit(X)
    tuned = model.fine_tune(X, epochs=2)
    (steps,) = {int(entry["step"]) for entry in tuned.optimizers_[0].state.values()}
    assert steps == 5


def test_fine_tuning_works_after_load(tmp_path):
    X = pictures(64)
    Autoencoder(4, epochs=3, random_state=0).fit(X).save(tmp_path / "model")
    tuned = inscape.load(tmp_path / "model").fine_tune(X, epochs=2)
    assert len(tuned.history_) == 1 + 2


# --------------------------------------------------------------------------- modules of one's own


def own() -> tuple[nn.Module, nn.Module]:
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, 5, 5)), nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(18, 3)
    )
    return encoder, nn.Sequential(nn.Linear(3, 25))


def test_a_pair_of_modules_is_trained_and_stays_as_it_was(tmp_path):
    X, pair = pictures(), own()
    before = [weight.clone() for module in pair for weight in module.parameters()]
    model = clone(Autoencoder(3, network=pair, epochs=5, random_state=0)).fit(X)
    after = [weight for module in pair for weight in module.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert model.history_[-1]["loss"] < model.history_[0]["loss"]
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model", network=own())
    assert np.array_equal(again.transform(X), model.transform(X))
    with pytest.raises(InvalidParameterError, match="`network` must be given where"):
        inscape.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ((nn.Linear(25, 2), nn.Linear(3, 25)), r"encoder must give .* \(n_samples, 3\); got .* 2"),
        ((nn.Linear(24, 3), nn.Linear(3, 25)), r"encoder must take .* \(n_samples, 25\)"),
        ((nn.Linear(25, 3), nn.Linear(3, 24)), r"decoder must give .* \(n_samples, 25\); got"),
        ((nn.Linear(25, 3), nn.Linear(4, 25)), r"decoder must take .* \(n_samples, 3\)"),
        ((nn.Linear(25, 3), "decoder"), r"`network` must be a pair of modules; got str"),
    ],
)
def test_a_pair_of_modules_is_checked_before_training(pair, message):
    with pytest.raises(InvalidParameterError, match=message):
        Autoencoder(3, network=pair).fit(pictures())


def test_modules_are_no_ones_copy():
    encoder, decoder = own()
    assert Modules(encoder, decoder).encoder is encoder


# --------------------------------------------------------------------------- bad options, and runs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bottleneck": "top_j"}, "`bottleneck` must be one of .* Did you mean 'top_k'"),
        ({"bottleneck": "top_k(k=9)"}, "9"),
        ({"corruption": "zero_masking(share=2)"}, "`share` must be a number .* got 2"),
        ({"corruption": "rotation(image_shape=[4, 4])"}, "`image_shape` must be .* 25"),
        ({"penalty": ["contractive", "l3"]}, "`penalty` must be one of"),
        ({"precision": "float16"}, "`precision` must be one of 'float32'"),
        ({"layerwise_epochs": 0}, "`layerwise_epochs` must be a number > 0"),
        (
            {"network": "dense(dropout=1.0)"},
            "dropout",
        ),
    ],
)
def test_an_option_that_cannot_hold_is_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        Autoencoder(8, **options).fit(pictures())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_run_takes_every_part_and_goes_on_from_its_config(
    tmp_path, capsys, undrawn, drawing_small
):
    asked = [
        "--n-components=16",
        "--network=convolutional(channels=[4, 8], dense=[])",
        "--bottleneck=top_k(k=4)",
        "--corruption=rotation(degrees=20)",
        "--penalty=l1_activity(weight=0.01)",
        "--likelihood=bernoulli",
        "--scaler=minmax",
        "--epochs=1",
    ]
    again = ["--config", tmp_path / "one" / "config.toml"]
    # The second run would draw the pictures of the first.
    for run, arguments, drawing in (("one", asked, drawing_small), ("two", again, nullcontext)):
        with drawing(), pytest.raises(SystemExit) as ended:
            main(["fit", "digits", *map(str, arguments), "--run", str(tmp_path / run)])
        assert not ended.value.code, capsys.readouterr().err
    X = inscape.data.load("digits").test.X
    first, second = (inscape.load(tmp_path / run).transform(X) for run in ("one", "two"))
    assert np.array_equal(first, second)
    assert (np.count_nonzero(first, axis=1) <= 4).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("options", "said", "drawn"),
    [
        (["--n-components=3", "--bottleneck=spherical"], "", {"sphere.png", "sphere_grid.png"}),
        (
            ["--n-components=2", "--bottleneck=vector_quantized(codebook_size=12)"],
            "of 12 codebook vectors, as evenly as",
            {"map_and_grid.png"},
        ),
    ],
)
def test_a_run_shows_what_its_bottleneck_is(
    options, said, drawn, tmp_path, capsys, undrawn, drawing_small
):
    with drawing_small(), pytest.raises(SystemExit) as ended:
        main(["fit", "digits", *options, "--epochs=1", "--run", str(tmp_path / "run")])
    assert not ended.value.code
    assert said in capsys.readouterr().out
    files = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert drawn <= files
    assert said in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
