"""Samplers after training, the way from one row to another, and what each component changes."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import inscape
from inscape import Autoencoder, VariationalAutoencoder, figures, uses
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._representations import code_space
from inscape.estimators.samplers import draw_codes
from inscape.figures._drawing.tiles import value_range
from inscape.figures.traversals import there_and_back
from inscape.networks import Dense
from inscape.objectives import PoincareBall
from inscape.objectives.priors import MixtureOfGaussians, NormalizingFlow
from inscape.objectives.spaces.poincare import distance
from inscape.training import Recorder
from inscape.uses.interpolation import (
    PATHS,
    hyperbolic_path,
    linear_path,
    shortest_path,
    spherical_path,
)

SHAPE = (8, 8)
X, Y = load_digits(return_X_y=True)
X, Y = X[:300] / 16, Y[:300]
OPTIONS = {"hidden": (32,), "epochs": 3, "random_state": 0}
# So long that codes tell something.
LONGER = {**OPTIONS, "epochs": 16}
RNG = np.random.default_rng(0)
A_FLOW = "flow(n_layers=2, hidden=[16])"


def with_samplers(model, **options):
    model.fit_sampler(X, "mixture(n_mixture_components=3)", random_state=0, **options)
    return model.fit_sampler(X, A_FLOW, n_steps=10, random_state=0, **options)


def energy(rows):
    return np.square(np.diff(rows.astype(float), axis=-2)).sum(axis=(-1, -2))


@pytest.fixture(scope="module")
def plain():
    # Without a linear path, so that there is something to bend.
    network = Dense(hidden=OPTIONS["hidden"], linear_path=False)
    options = {**OPTIONS, "hidden": (256, 64), "network": network}
    return with_samplers(Autoencoder(2, scaler="standard", **options).fit(X))


@pytest.fixture(scope="module")
def variational():
    return with_samplers(VariationalAutoencoder(3, likelihood="bernoulli", **LONGER).fit(X))


@pytest.fixture(scope="module")
def conditional():
    model = VariationalAutoencoder(2, likelihood="bernoulli", conditional=True, **LONGER)
    return with_samplers(model.fit(X, Y), y=Y)


@pytest.fixture(scope="module")
def on_sphere():
    return with_samplers(Autoencoder(3, bottleneck="spherical", **OPTIONS).fit(X))


@pytest.fixture(scope="module")
def in_ball():
    parts = {"posterior": "wrapped_normal", "prior": "wrapped_standard_normal"}
    return with_samplers(VariationalAutoencoder(2, **parts, **OPTIONS).fit(X))


@pytest.fixture(scope="module")
def of_codebook():
    part = "vector_quantized(codebook_size=16)"
    return with_samplers(Autoencoder(2, bottleneck=part, **OPTIONS).fit(X))


@pytest.fixture
def model(request):
    return request.getfixturevalue(request.param)


EVERY = ("plain", "variational", "conditional", "on_sphere", "in_ball", "of_codebook")
every_model = pytest.mark.parametrize("model", EVERY, indirect=True)


def labels_of(model, n=None):
    """Return labels for the conditional model alone."""
    if not getattr(model, "conditional", False):
        return {}
    return {"y": 3 if n is None else np.arange(n) % 10}


# --------------------------------------------------------------------------- samplers


def test_a_mixture_is_that_of_scikit_learn(plain):
    model = plain.fine_tune(X, epochs=0.01)
    codes = model.transform(X)
    theirs = GaussianMixture(4, covariance_type="diag", n_init=10, random_state=0).fit(codes)
    model.fit_sampler(X, MixtureOfGaussians(n_mixture_components=4), random_state=1)
    density = model.network_.samplers["mixture"].density
    ours = density.log_density(torch.from_numpy(codes).float(), None).mean()
    assert float(ours) == pytest.approx(theirs.score(codes), abs=0.1)
    drawn = draw_codes(model, 20_000, from_="mixture", random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.05 * codes.std())
    np.testing.assert_allclose(drawn.std(axis=0), codes.std(axis=0), rtol=0.05)


def test_a_full_mixture_draws_codes_that_lean_and_comes_back_from_its_file(
    plain, monkeypatch, tmp_path
):
    codes = RNG.normal(size=(3000, 2)) @ np.array([[2.0, 1.9], [0.0, 0.3]]) + 5
    model = plain.fine_tune(X, epochs=0.01)
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "transform", lambda self, X: codes)
        model.fit_sampler(X, 'mixture(n_mixture_components=1, covariance="full")', random_state=0)
    drawn = draw_codes(model, 20_000, from_="mixture", random_state=0)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.05)
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    np.testing.assert_array_equal(again.sample(5, random_state=1), model.sample(5, random_state=1))
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "transform", lambda self, X: codes)
        model.fit_sampler(X, "mixture(n_mixture_components=1)", random_state=0)
    assert abs(np.cov(draw_codes(model, 20_000, from_=None, random_state=0).T)[0, 1]) < 0.1


# --------------------------------------------------------------------------- responsibilities


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", ["plain", "in_ball"], indirect=True)
def test_responsibilities_of_a_sampler_are_those_of_its_densities(model, dtype):
    shares = model.responsibilities(X.astype(dtype), from_="mixture")
    assert (shares.shape, shares.dtype) == ((300, 3), dtype)
    density = model.network_.samplers["mixture"].density
    codes = model.code_space_.flatten(torch.from_numpy(model.transform(X)))
    means, spreads = density.means.double(), (0.5 * density.log_variances).double().exp()
    each = torch.distributions.Normal(means, spreads).log_prob(codes[:, None]).sum(2).exp()
    each = (each * density.logits.double().softmax(0)).numpy()
    np.testing.assert_allclose(shares, each / each.sum(1, keepdims=True), atol=1e-3)
    assert next(model.network_.parameters()).dtype == torch.float32


@pytest.mark.parametrize("prior", ["mixture_of_gaussians", "vamp_prior(n_pseudo_inputs=10)"])
@pytest.mark.parametrize("conditional", [False, True])
def test_responsibilities_of_a_prior_sum_to_its_density(prior, conditional):
    options = {"conditional": True} if conditional else {}
    model = VariationalAutoencoder(2, prior=prior, **options, **OPTIONS)
    told = (Y,) if conditional else ()
    model.fit(X, *told)
    shares = model.responsibilities(X, *told)
    assert shares.shape == (300, 10)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    # By Bayes, from the codes: how the log-density changes with them is the shares' mean.
    codes = torch.from_numpy(model.transform(X, *told)).float().requires_grad_()
    module = model.network_.prior
    (slope,) = torch.autograd.grad(module.log_density(codes, model.network_).sum(), codes)
    if prior == "mixture_of_gaussians":
        means, variances = module.means, module.log_variances.exp()
        towards = ((means - codes[:, None]) / variances * torch.from_numpy(shares)[..., None]).sum(
            1
        )
        torch.testing.assert_close(slope, towards.float().detach(), atol=1e-3, rtol=1e-3)


def test_what_has_no_responsibilities_says_so(variational, on_sphere, conditional):
    for call, error, told in (
        (lambda: variational.responsibilities(X), InvalidParameterError, "must be a mixture"),
        (
            lambda: on_sphere.responsibilities(X, from_="mixture"),
            InvalidParameterError,
            "on the sphere",
        ),
        (
            lambda: variational.responsibilities(X, from_="flow"),
            InvalidParameterError,
            "got 'flow', a NormalizingFlowModule",
        ),
        (
            lambda: conditional.responsibilities(X, from_="mixture"),
            InvalidDataError,
            "y must hold a label",
        ),
    ):
        with pytest.raises(error, match=told):
            call()


def test_a_flow_explains_held_out_codes_better_than_a_mixture(plain, monkeypatch):
    # A bent band: ten Gaussians that lie along the axes cover it in steps.
    across, noise = RNG.normal(size=(2, 3000, 1))
    codes = np.concatenate([2 * across, across**2 + 0.1 * noise], axis=1)
    model = plain.fine_tune(X, epochs=0.01)
    monkeypatch.setattr(type(model), "transform", lambda self, X: codes[:2000])
    model.fit_sampler(X, "mixture", random_state=0)
    model.fit_sampler(X, "flow(hidden=[32])", n_steps=250, random_state=0)
    held_out = torch.from_numpy(codes[2000:]).float()
    densities = {
        word: float(sampler.density.log_density(held_out, None).mean())
        for word, sampler in model.network_.samplers.items()
    }
    # In closed form: less the entropies of both normals, and the stretch by 2.
    best = -np.log(2 * np.pi * np.e) - np.log(2 * 0.1)
    assert densities["mixture"] < densities["flow"] < best + 0.1
    assert densities["flow"] > best - 0.2


def test_a_seed_decides_what_is_fitted(plain, variational):
    for model in (plain, variational):
        copies = [with_samplers(model.fine_tune(X, epochs=0.01)) for _ in range(2)]
        state, other = (copy.network_.samplers.state_dict() for copy in copies)
        assert all(torch.equal(weight, other[name]) for name, weight in state.items())
        copies[0].fit_sampler(X, A_FLOW, n_steps=10, random_state=1)
        state = copies[0].network_.samplers["flow"].density.state_dict()
        name = "couplings.0.network.0.weight"
        assert not torch.equal(state[name], other[f"flow.density.{name}"])


def test_the_codes_of_a_posterior_are_its_draws_and_not_its_means():
    heavy = {"type": "kullback_leibler", "weight": 100.0}
    model = VariationalAutoencoder(2, divergence=heavy, hidden=(8,), epochs=16, random_state=0)
    model.fit(X).fit_sampler(X, "mixture(n_mixture_components=1)", random_state=0)
    # All of it has collapsed: means hardly move, draws are the prior's.
    assert model.transform(X).std() < 0.3
    density = model.network_.samplers["mixture"].density
    np.testing.assert_allclose(density.log_variances.exp(), 1, atol=0.25)
    np.testing.assert_allclose(density.means, 0, atol=0.25)


@every_model
@pytest.mark.parametrize("from_", ["mixture", "flow"])
def test_samples_are_expected_rows_and_the_same_for_a_seed(model, from_):
    options = {"from_": from_, **labels_of(model, 40)}
    drawn = model.sample(40, random_state=1, **options)
    np.testing.assert_array_equal(drawn, model.sample(40, random_state=1, **options))
    assert (drawn != model.sample(40, random_state=2, **options)).any()
    assert drawn.shape == (40, 64)
    codes = draw_codes(model, 40, from_=from_, random_state=1)
    again = model.inverse_transform(codes, *([options["y"]] if "y" in options else []))
    np.testing.assert_array_equal(drawn, again)
    # In the units of the rows, and like them.
    assert np.abs(drawn.mean(axis=0) - X.mean(axis=0)).mean() < 0.1


def test_the_prior_is_what_a_variational_model_takes_by_itself(variational):
    np.testing.assert_array_equal(
        variational.sample(5, random_state=0),
        variational.sample(5, from_="prior", random_state=0),
    )
    assert (
        variational.sample(5, random_state=0)
        != variational.sample(5, from_="mixture", random_state=0)
    ).any()


@every_model
def test_samplers_are_saved_and_loaded_bit_by_bit(model, tmp_path):
    model.save(tmp_path / "run")
    loaded = inscape.load(tmp_path / "run")
    assert set(loaded.network_.samplers) == {"mixture", "flow"}
    for from_ in ("mixture", "flow"):
        options = {"from_": from_, "random_state": 7, **labels_of(model)}
        np.testing.assert_array_equal(loaded.sample(9, **options), model.sample(9, **options))
    sampler = loaded.network_.samplers["flow"]
    assert sampler.part == NormalizingFlow(n_layers=2, hidden=(16,))
    assert not any(weight.requires_grad for weight in sampler.parameters())


def test_a_model_saved_before_there_were_samplers_is_loaded(tmp_path):
    run = Path(__file__).parents[1] / "runs" / "format_1" / "default"
    shutil.copytree(run / "model", tmp_path / "old")
    config = json.loads((tmp_path / "old" / "config.json").read_text(encoding="utf-8"))
    assert config.pop("samplers") == {}
    (tmp_path / "old" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    loaded = inscape.load(tmp_path / "old")
    np.testing.assert_array_equal(loaded.transform(X), inscape.load(run).transform(X))


def test_fitting_a_sampler_changes_nothing_else():
    model = VariationalAutoencoder(2, **OPTIONS).fit(X)
    before = {name: tensor.clone() for name, tensor in model.network_.state_dict().items()}
    codes, state = model.transform(X), torch.random.get_rng_state()
    assert with_samplers(model) is model
    np.testing.assert_array_equal(model.transform(X), codes)
    after = model.network_.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_samplers_of_other_codes_are_forgotten(plain):
    tuned = plain.fine_tune(X, epochs=0.01)
    recorder = Recorder()
    model = Autoencoder(2, **OPTIONS)
    for report, state in model.iter_fit(X):
        recorder.observe(report, state.network)
    with_samplers(model)
    earlier = model.at(recorder.snapshots[0])
    for other in (tuned, earlier, model.fit(X)):
        with pytest.raises(InvalidParameterError, match="call fit_sampler"):
            other.sample(3)
    assert plain.sample(3).shape == (3, 64)


# --------------------------------------------------------------------------- spaces of codes


def test_draws_stay_in_the_space_of_the_codes(on_sphere, in_ball, of_codebook):
    for from_ in ("mixture", "flow"):
        directions = draw_codes(on_sphere, 200, from_=from_, random_state=0)
        np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-5)
        places = draw_codes(in_ball, 200, from_=from_, random_state=0)
        assert np.linalg.norm(places, axis=1).max() < 1
        entries = draw_codes(of_codebook, 200, from_=from_, random_state=0)
        book = of_codebook.network_.bottleneck.codebook.numpy()
        assert (np.abs(entries[:, None] - book).max(axis=2).min(axis=1) == 0).all()


def test_directions_from_all_over_the_sphere_become_a_standard_normal(on_sphere, monkeypatch):
    codes = RNG.normal(size=(20_000, 3))
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    model = on_sphere.fine_tune(X, epochs=0.01)
    monkeypatch.setattr(type(model), "transform", lambda self, X: codes)
    model.fit_sampler(X, "mixture(n_mixture_components=1)", random_state=0)
    density = model.network_.samplers["mixture"].density
    np.testing.assert_allclose(density.log_variances.exp(), 1, atol=0.05)
    np.testing.assert_allclose(density.means, 0, atol=0.05)


def test_the_way_to_flat_space_comes_back(in_ball):
    space = code_space(in_ball)
    assert space == PoincareBall(1.0)
    codes = torch.from_numpy(in_ball.transform(X).astype(np.float64))
    flat = space.flatten(codes)
    torch.testing.assert_close(space.settle(flat), codes)
    # Displacements are as long as the ball's own lengths.
    middle = torch.zeros_like(codes)
    torch.testing.assert_close(flat.norm(dim=1), distance(middle, codes, curvature=1.0))
    assert code_space(PCA(2)) is None


# --------------------------------------------------------------------------- what is refused


def test_errors_say_how_to_mend_it(plain, variational, of_codebook):
    bare = Autoencoder(2, **OPTIONS).fit(X)
    for call, told in (
        (lambda: bare.sample(3), r"got 'mixture': call fit_sampler\(X, kind='mixture'\) first"),
        (lambda: bare.sample(3, from_="flow"), r"call fit_sampler\(X, kind='flow'\) first"),
        (lambda: bare.sample(3, from_="prior"), "Autoencoder, which has no prior; got 'prior'"),
        (lambda: bare.sample(3, from_="flows"), "Did you mean 'flow'"),
        (lambda: bare.sample(0, from_="mixture"), "`n` must be an integer >= 1"),
        (lambda: bare.fit_sampler(X, "prior"), "`kind` must be one of 'mixture', 'flow'"),
        (lambda: bare.fit_sampler(X, "flow", n_steps=0), "`n_steps` must be an integer >= 1"),
        (lambda: of_codebook.fit_sampler(X, MixtureOfGaussians(17)), "number of different codes"),
        (lambda: variational.sample(3, random_state=-1), "`random_state` must be"),
    ):
        with pytest.raises(InvalidParameterError, match=told):
            call()


def test_a_conditional_model_needs_labels(conditional):
    with pytest.raises(InvalidDataError, match="y must hold a label"):
        conditional.fit_sampler(X)
    with pytest.raises(InvalidDataError, match="y must hold a label"):
        conditional.sample(3, from_="mixture")


# --------------------------------------------------------------------------- interpolation


@pytest.mark.parametrize("path", ["linear", "geodesic"])
@pytest.mark.parametrize(
    "theirs", [PCA(3), NMF(3, max_iter=500), make_pipeline(StandardScaler(), PCA(3))]
)
def test_a_linear_decoder_is_walked_in_a_straight_line(theirs, path):
    theirs.fit(X)
    rows = uses.interpolate(theirs, X[:4], X[4:8], n_steps=5, path=path)
    ends = [theirs.inverse_transform(theirs.transform(part)) for part in (X[:4], X[4:8])]
    t = np.linspace(0, 1, 5)[:, None]
    straight = (1 - t) * ends[0][:, None] + t * ends[1][:, None]
    np.testing.assert_allclose(rows, straight, atol=1e-5)


@every_model
@pytest.mark.parametrize("path", PATHS)
def test_every_way_begins_and_ends_at_the_reconstructions(model, path):
    model = model.given(Y[:3]) if labels_of(model) else model
    rows = uses.interpolate(model, X[:3], X[3:6], n_steps=4, path=path)
    assert rows.shape == (3, 4, 64)
    assert rows.dtype == X.dtype
    for place, ends in ((0, X[:3]), (-1, X[3:6])):
        expected = model.reconstruct(ends)
        np.testing.assert_allclose(rows[:, place], expected, atol=2e-6)


def test_a_geodesic_changes_rows_less_than_any_other_way(variational, plain, conditional):
    told = conditional.given(Y[:3])
    for model in (variational, plain, told):
        ways = {path: energy(uses.interpolate(model, X[:3], X[3:6], path=path)) for path in PATHS}
        assert (ways["geodesic"] <= (1 + 1e-6) * ways["linear"]).all()
        # Behind a label there is less left to bend.
        share = 1 if model is told else 0.999
        assert ways["geodesic"].sum() < share * ways["linear"].sum()
        assert ways["geodesic"].sum() < share * ways["spherical"].sum()


def test_the_shortest_path_of_a_curved_sheet_is_the_one_in_closed_form():
    # A cylinder: rolled up, the straight line of the plane is its geodesic; here the plane's
    # coordinates are themselves stretched, by u = sinh(c), so that the line of codes is not it.
    def decode(codes):
        u, v = torch.sinh(codes).unbind(dim=1)
        return torch.stack([10 * torch.cos(u / 10), 10 * torch.sin(u / 10), v], dim=1)

    start, end = np.array([-1.0, 0.5]), np.array([2.0, 1.5])
    found = shortest_path(start, end, 41, decode)
    unrolled = linear_path(np.sinh(start)[None], np.sinh(end)[None], 41)[0]
    np.testing.assert_allclose(np.sinh(found), unrolled, atol=2e-3)
    np.testing.assert_array_equal(found[[0, -1]], [start, end])
    steps = np.linalg.norm(np.diff(decode(torch.from_numpy(found)).numpy(), axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


def test_the_gradient_of_the_decoder_is_that_of_its_rows(conditional, plain):
    for model, y in ((plain, None), (conditional, 3)):
        (decode,) = model.differentiable_decoders(1, y)
        codes = torch.from_numpy(RNG.normal(size=(3, 2)))
        expected = model.inverse_transform(codes.numpy(), *([] if y is None else [y]))
        np.testing.assert_allclose(decode(codes).numpy(), expected, rtol=1e-5, atol=1e-6)
        assert torch.autograd.gradcheck(decode, codes.requires_grad_())


def test_turning_keeps_the_length_and_the_pace():
    start, end = RNG.normal(size=(2, 20, 4))
    start, end = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (start, end))
    path = spherical_path(start, end, 7)
    np.testing.assert_allclose(np.linalg.norm(path, axis=2), 1, rtol=1e-12)
    cosines = (path[:, 1:] * path[:, :-1]).sum(axis=2)
    np.testing.assert_allclose(cosines, cosines[:, :1].repeat(6, axis=1), rtol=1e-9)
    # The angle of the whole is that of the steps together.
    angles = np.arccos(cosines).sum(axis=1)
    np.testing.assert_allclose(angles, np.arccos((start * end).sum(axis=1)), rtol=1e-9)
    same = spherical_path(start, start * (1 + 1e-12), 7)
    np.testing.assert_allclose(same, start[:, None].repeat(7, axis=1), rtol=1e-9)


def test_hyperbolic_ways_are_even_and_arcs_that_meet_the_rim_at_right_angles():
    start, end = 0.5 * RNG.uniform(-1, 1, size=(2, 20, 2))
    path = hyperbolic_path(start, end, 5, curvature=1.0)
    points = torch.from_numpy(path)
    steps = distance(points[:, 1:], points[:, :-1], curvature=1.0)
    whole = distance(points[:, :1], points[:, -1:], curvature=1.0)
    torch.testing.assert_close(steps, whole.expand(-1, 4) / 4)
    # |x|² - 2 x·m + 1 = 0 for a circle of middle m that crosses the unit circle at right angles.
    for way in path:
        middle = np.linalg.solve(2 * way[[0, -1]], 1 + np.square(way[[0, -1]]).sum(axis=1))
        residual = np.square(way).sum(axis=1) - 2 * way @ middle + 1
        np.testing.assert_allclose(residual, 0, atol=1e-9)


def test_each_space_has_its_own_geodesic(on_sphere, in_ball, monkeypatch):
    seen = []
    for model in (on_sphere, in_ball):
        monkeypatch.setattr(
            type(model), "inverse_transform", lambda self, z: seen.append(z.copy()) or z
        )
    ends = X[:2].astype(np.float32), X[2:4].astype(np.float32)
    # Codes that are far from the middle, where lines are bent.
    monkeypatch.setattr(VariationalAutoencoder, "transform", lambda self, X: 0.6 * X[:, 20:22])
    uses.interpolate(on_sphere, *ends, n_steps=5, path="geodesic")
    np.testing.assert_allclose(np.linalg.norm(seen[0], axis=1), 1, rtol=1e-5)
    uses.interpolate(in_ball, *ends, n_steps=5, path="geodesic")
    start, end = (in_ball.transform(rows) for rows in ends)
    expected = hyperbolic_path(start, end, 5, curvature=1.0)
    np.testing.assert_allclose(np.stack(seen[5:], axis=1), expected, rtol=1e-5, atol=1e-6)
    assert np.abs(expected - linear_path(start, end, 5)).max() > 1e-3


def test_what_cannot_be_walked_is_refused(plain):
    class Curved:
        def transform(self, X):
            return X[:, 20:22]

        def inverse_transform(self, codes):
            return codes**2

    with pytest.raises(InvalidParameterError, match="linear decoder; got Curved: take path="):
        uses.interpolate(Curved(), X[:2], X[2:4], path="geodesic")
    with pytest.raises(InvalidParameterError, match="`path` must be one of"):
        uses.interpolate(plain, X[:2], X[2:4], path="straight")
    with pytest.raises(InvalidParameterError, match="`n_steps` must be an integer >= 2"):
        uses.interpolate(plain, X[:2], X[2:4], n_steps=1)
    with pytest.raises(InvalidDataError, match="end_rows must have as many rows"):
        uses.interpolate(plain, X[:2], X[2:5])
    with pytest.raises(InvalidDataError, match="not opposite; got such a pair at row 1"):
        spherical_path(np.array([[1.0, 0], [1, 0]]), np.array([[0.0, 1], [-2, 0]]), 3)
    with pytest.raises(InvalidDataError, match="pair at row 0"):
        spherical_path(np.zeros((1, 2)), np.ones((1, 2)), 3)


def test_tables_keep_their_column_names():
    table = pd.DataFrame(X[:60, 20:30], columns=[f"feature {k}" for k in range(10)])
    pca = PCA(2).fit(table)
    assert uses.interpolate(pca, table[:2], table[2:4]).shape == (2, 9, 10)


# --------------------------------------------------------------------------- traversals


def test_one_component_changes_and_the_rest_stays():
    pca = PCA(4).fit(X)
    values = [-2.0, 0.0, 1.0]
    rows = uses.traverse(pca, X[5], components=[3, 1], values=values)
    for place, component in enumerate((3, 1)):
        for k, value in enumerate(values):
            code = pca.transform(X[5:6])
            code[0, component] = value
            np.testing.assert_allclose(rows[place, k], pca.inverse_transform(code)[0])
    from_code = uses.traverse(pca, code=pca.transform(X[5:6])[0], values=values)
    np.testing.assert_allclose(from_code[[3, 1]], rows)
    assert uses.traverse(pca, X[5]).shape == (4, 7, 64)


@every_model
def test_every_model_is_traversed(model):
    given = np.array(X[0])
    told = labels_of(model)
    plain = model.given(told["y"]) if told else model
    rows = uses.traverse(plain, given, values=[-3, 0, 3])
    assert rows.shape == (model.n_components, 3, 64)
    assert np.isfinite(rows).all()
    assert np.ptp(rows, axis=1).max() > 0
    np.testing.assert_array_equal(given, X[0])


def test_on_the_ball_a_value_is_a_displacement_and_on_the_sphere_codes_stay_there(
    in_ball, on_sphere, monkeypatch
):
    for model, check in (
        (in_ball, lambda codes: np.arctanh(codes[:, 0]) * 2 - [-3, 0, 3]),
        (on_sphere, lambda codes: np.linalg.norm(codes, axis=1) - 1),
    ):
        monkeypatch.setattr(type(model), "inverse_transform", lambda self, codes: codes)
        middle = np.full(model.n_components, 1e-9)
        codes = uses.traverse(model, code=middle, components=[0], values=[-3, 0, 3])[0]
        np.testing.assert_allclose(check(codes), 0, atol=1e-6)
    # What a component has already changes nothing.
    code = np.array([0.3, 0.4])
    value = 2 * np.arctanh(0.5) * code / 0.5
    codes = uses.traverse(in_ball, code=code, components=[0], values=value[:1])
    np.testing.assert_allclose(codes[0, 0], code)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "got neither: give row="),
        ({"row": X[0], "code": np.zeros(2)}, "got both"),
        ({"row": X[0], "components": [2]}, "`components` must be an integer from 0 to"),
    ],
)
def test_traversals_that_cannot_be_are_refused(plain, options, told):
    with pytest.raises(InvalidParameterError, match=told):
        uses.traverse(plain, **options)
    with pytest.raises(InvalidDataError, match="values must be a non-empty array"):
        uses.traverse(plain, X[0], values=[])


# --------------------------------------------------------------------------- figures


ROWS = RNG.uniform(size=(3, 5, 64))
VALUES = np.linspace(-2, 2, 5)


def sheets_of(ax):
    return [np.ma.filled(image.get_array().astype(float), np.nan) for image in ax.get_images()]


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_every_image_of_a_traversal_stands_at_its_component_and_value():
    names, notes = ["slant", "width", "loop"], ["2 nats", "1 nat", ""]
    figure = figures.traversal_grid(
        ROWS, image_shape=SHAPE, values=VALUES, component_names=names, notes=notes
    )
    ax = figure.axes[0]
    (sheet,) = sheets_of(ax)
    for i in range(3):
        for j in range(5):
            tile = sheet[9 * i : 9 * i + 8, 9 * j : 9 * j + 8]
            np.testing.assert_array_equal(tile, ROWS[i, j].reshape(SHAPE))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["−2", "−1", "0", "1", "2"]
    np.testing.assert_allclose(ax.get_xticks(), 9 * np.arange(5) + 3.5)
    assert ax.get_images()[0].get_extent() == [-0.5, 43.5, 25.5, -0.5]
    assert words(ax)[1:] == ["slant", "2 nats", "width", "1 nat", "loop"]


def test_originals_stand_outside_the_way_between_them():
    starts, ends = ROWS[:, 0] / 2, ROWS[:, -1] / 2
    ax = figures.interpolation_grid(ROWS, image_shape=SHAPE, originals=(starts, ends)).axes[0]
    way, left, right = sheets_of(ax)
    np.testing.assert_array_equal(way[9:17, 36:44], ROWS[1, 4].reshape(SHAPE))
    np.testing.assert_array_equal(left[9:17], starts[1].reshape(SHAPE))
    np.testing.assert_array_equal(right[18:26], ends[2].reshape(SHAPE))
    extents = [image.get_extent() for image in ax.get_images()]
    assert extents[1][1] < extents[0][0]
    assert extents[0][1] < extents[2][0]
    ticks = {
        tick.get_text(): place
        for tick, place in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)
    }
    assert set(ticks) == {"original", "0", "0.5", "1"}
    assert ticks["0.5"] == 18 + 3.5
    # The originals' scale, so that what came back brighter looks brighter.
    assert ax.get_images()[0].get_clim() == value_range(starts, ends)


def frames_of(content):
    with Image.open(io.BytesIO(content)) as picture:
        found = []
        for k in range(picture.n_frames):
            picture.seek(k)
            found.append(np.asarray(picture.convert("RGB")).astype(int))
    return found


def test_the_moving_picture_goes_up_down_and_back():
    black_to_white = np.linspace(0, 1, 5)[None, :, None].repeat(64, axis=2).repeat(2, axis=0)
    options = {"image_shape": SHAPE, "values": VALUES}
    content = figures.traversal_animation(black_to_white, **options)
    frames = frames_of(content)
    assert len(frames) == len(there_and_back(5)) == 9
    # The tiles' grey tells the value; the knob is where the value is.
    grey = [frame[60:120, 20:80].mean() for frame in frames]
    assert np.argmax(grey) == 2
    assert np.argmin(grey) == 6
    assert grey[0] == pytest.approx(grey[-1], abs=2)
    blue = [(frame[..., 2] - frame[..., 0] > 80).any(axis=0) for frame in frames]
    knobs = [np.flatnonzero(columns).mean() for columns in blue]
    assert knobs[2] > knobs[0] + 50
    np.testing.assert_allclose(
        np.diff(knobs),
        0.5 * (knobs[2] - knobs[0]) * np.array([1, 1, -1, -1, -1, -1, 1, 1]),
        atol=1.5,
    )
    assert content == figures.traversal_animation(black_to_white, **options)


@pytest.mark.parametrize("shape", [(4, 4, 4), (3, 4, 4), (4, 4, 3), (2, 8, 3), (3, 16)])
def test_colour_and_long_images_are_drawn(shape):
    n_features = int(np.prod(shape))
    rows = RNG.uniform(size=(2, 3, n_features))
    draws = (
        lambda: figures.traversal_grid(rows, image_shape=shape, values=[-1, 0, 1]),
        lambda: figures.interpolation_grid(rows, image_shape=shape),
        lambda: figures.traversal_animation(rows, image_shape=shape, values=[-1, 0, 1]),
    )
    for draw in draws:
        if shape == (4, 4, 4):
            with pytest.raises(InvalidParameterError, match="`image_shape` must be"):
                draw()
        else:
            made = draw()
            assert len(made if isinstance(made, bytes) else figures.png(made)) > 1000


def test_arrays_that_do_not_fit_are_refused():
    grid = figures.traversal_grid
    for call, told in (
        (lambda: grid(ROWS, image_shape=SHAPE, values=[1, 2]), "values must have as many rows"),
        (lambda: grid(ROWS, image_shape=SHAPE, values=VALUES[::-1]), "values must increase"),
        (lambda: grid(ROWS[0], image_shape=SHAPE, values=VALUES), "component, value, feature"),
        (
            lambda: grid(ROWS, image_shape=SHAPE, values=VALUES, component_names=["one"]),
            "component_names must hold 3 names",
        ),
        (
            lambda: figures.interpolation_grid(
                ROWS, image_shape=SHAPE, originals=(ROWS[:2, 0], ROWS[:, 1])
            ),
            "the starts must be",
        ),
    ):
        with pytest.raises(InvalidDataError, match=told):
            call()
    with pytest.raises(InvalidParameterError, match="`kind` must be"):
        figures.traversal_animation(ROWS, image_shape=SHAPE, values=VALUES, kind="mov")
