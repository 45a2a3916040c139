"""Clusters: right where the answer is known, alike in any unit, kept without code."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.cluster import HDBSCAN as ScikitHDBSCAN
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.datasets import load_wine, make_blobs, make_moons
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.mixture import GaussianMixture as ScikitGaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import inscape
from inscape import Autoencoder, Clusterer
from inscape._errors import InvalidDataError, InvalidParameterError, MissingDependencyError
from inscape.measures import clustering_accuracy
from inscape.uses.clusters.methods import (
    DEC,
    HDBSCAN,
    IDEC,
    METHODS,
    UMAP,
    VADE,
    ClusteringMethod,
    KMeans,
)
from inscape.uses.clusters.number import weigh_candidates
from inscape.uses.clusters.self_training import Kernel, Sharpening, sharpen, within_metric
from inscape.uses.clusters.spectrum import REGULARIZED, find_spectrum
from inscape.uses.graph import neighbor_graph

HAS_UMAP = importlib.util.find_spec("umap") is not None
needs_umap = pytest.mark.skipif(not HAS_UMAP, reason="umap-learn is not installed")
WORDS = [pytest.param(word, marks=needs_umap if word == "umap" else ()) for word in METHODS]
# Short trainings: what is asserted does not hang on their quality.
QUICK = {"dec": DEC(epochs=2), "idec": IDEC(epochs=2), "vade": VADE(epochs=2)}
LIGHT = [p for p in WORDS if p.values[0] not in QUICK]
X, Y = make_blobs([25, 60, 35], 6, cluster_std=0.7, random_state=1)
WINE, KINDS = load_wine(return_X_y=True)


def clusterer(word, **options):
    """Return a clusterer that learns in a moment."""
    part = METHODS[word]
    chosen = {
        "representation": None if part.trains_its_own else PCA(3),
        "method": QUICK.get(word, word),
        "n_clusters": "auto" if part.finds_the_number else 3,
        "random_state": 0,
    }
    return Clusterer(**{**chosen, **options})


@parametrize_with_checks(
    [
        Clusterer(PCA(1), n_clusters=2),
        Clusterer(PCA(1), method="gaussian_mixture", n_clusters=2),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# --------------------------------------------------------------------------- every method


@pytest.fixture(scope="module", params=WORDS)
def fitted(request):
    return clusterer(request.param).fit(X)


def test_clusters_that_are_far_apart_are_found(fitted):
    assert clustering_accuracy(Y, fitted.labels_) > 0.98
    assert fitted.n_clusters_ == 3
    assert fitted.probabilities_.shape == (120, 3)
    assert (fitted.probabilities_ >= 0).all()
    assert (fitted.probabilities_.sum(axis=1) <= 1 + 1e-9).all()


def test_clusters_are_numbered_by_size(fitted):
    sizes = np.bincount(fitted.labels_[fitted.labels_ >= 0])
    assert (np.diff(sizes) <= 0).all()


def test_known_rows_are_where_they_were_and_new_ones_where_they_are_near(fitted):
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)
    near = X + 1e-3 * np.random.default_rng(0).normal(size=X.shape)
    assert (fitted.predict(near) == fitted.labels_).mean() > 0.97
    alone = np.concatenate([fitted.predict(row[None]) for row in near[:5]])
    np.testing.assert_array_equal(alone, fitted.predict(near)[:5])


def test_prototypes_are_in_the_units_of_the_rows(fitted):
    assert fitted.prototypes_.shape == (3, 6)
    for k, prototype in enumerate(fitted.prototypes_):
        mean = X[fitted.labels_ == k].mean(axis=0)
        assert np.linalg.norm(prototype - mean) < 0.3 * X.std() * np.sqrt(6)
    np.testing.assert_array_equal(fitted.predict(fitted.prototypes_), [0, 1, 2])


def test_it_is_saved_and_loaded_without_code(fitted, tmp_path):
    fitted.save(tmp_path / "kept")
    loaded = inscape.load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    for name in ("labels_", "probabilities_", "prototypes_", "n_clusters_", "doubt_"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(fitted, name))
    assert repr(loaded.get_params()["method"]) == repr(fitted.get_params()["method"])
    names = sorted(path.name for path in (tmp_path / "kept" / "model").iterdir())
    assert names == ["config.json", "model.safetensors"]


@pytest.mark.parametrize(
    "word", [*LIGHT, *(pytest.param(w, marks=pytest.mark.proof) for w in QUICK)]
)
def test_two_fits_with_one_seed_are_the_same(word):
    fitted = clusterer(word).fit(X)
    again = Clusterer(**fitted.get_params(deep=False)).fit(X)
    np.testing.assert_array_equal(again.labels_, fitted.labels_)


@pytest.mark.parametrize(
    "word", [*LIGHT, *(pytest.param(w, marks=pytest.mark.proof) for w in QUICK)]
)
def test_units_and_offsets_do_not_matter(word):
    unit, offset = 10.0 ** np.arange(-3, 3), 1e6
    fitted = clusterer(word).fit(X)
    if fitted.representation is not None:
        fitted = Clusterer(
            make_pipeline(StandardScaler(), PCA(3)),
            **{k: v for k, v in fitted.get_params(deep=False).items() if k != "representation"},
        ).fit(X)
    other = Clusterer(**fitted.get_params(deep=False)).fit(X * unit + offset * unit * X.std())
    assert clustering_accuracy(fitted.labels_, other.labels_) > 0.98


@pytest.mark.parametrize(
    "word", [*LIGHT, *(pytest.param(w, marks=pytest.mark.proof) for w in QUICK)]
)
@pytest.mark.parametrize(
    "rows",
    [
        np.random.default_rng(0).normal(size=(4, 2)),
        np.random.default_rng(0).normal(size=(40, 1)),
        np.repeat(np.random.default_rng(0).normal(size=(4, 3)), 10, axis=0),
        np.random.default_rng(0).normal(size=(30, 3)) * [1.0, 0.0, 1.0],
        np.random.default_rng(0).normal(size=(30, 200)).astype(np.float32),
    ],
    ids=["few", "one column", "copies", "constant column", "wide"],
)
def test_awkward_tables(word, rows):
    trains = METHODS[word].trains_its_own
    found = clusterer(word, representation=None if trains else PCA(1)).fit(rows)
    assert found.labels_.shape == (len(rows),)
    assert set(found.labels_) <= set(range(-1, found.n_clusters_))
    assert np.isfinite(found.prototypes_).all()
    assert found.predict(rows).shape == (len(rows),)


# --------------------------------------------------------------------------- right values


def normalized_laplacian(weights):
    roots = 1 / np.sqrt(weights.sum(axis=1))
    return np.eye(len(weights)) - roots[:, None] * weights * roots


def test_the_spectrum_is_that_of_the_whole_laplacian():
    graph = neighbor_graph(np.random.default_rng(0).normal(size=(600, 3)))
    dense = graph.toarray()
    weight = 0.01 * dense.sum(axis=1).mean()
    values, vectors = np.linalg.eigh(normalized_laplacian(dense + weight / 600))
    found = find_spectrum(graph, 12, seed=0)
    np.testing.assert_allclose(found.values, values[1:13], rtol=1e-3)
    overlap = np.abs((found.vectors * vectors[:, 1:13]).sum(axis=0))
    np.testing.assert_allclose(overlap, 1, atol=1e-2)


def test_angles_of_the_embedding_are_those_of_commute_times():
    graph = neighbor_graph(np.random.default_rng(0).normal(size=(60, 2)))
    dense = graph.toarray() + 0.01 * graph.sum() / 60 / 60
    inverse = np.linalg.pinv(normalized_laplacian(dense))
    lengths = np.sqrt(np.diag(inverse))
    points = find_spectrum(graph, 59, seed=0).embed(59)
    np.testing.assert_allclose(points @ points.T, inverse / np.outer(lengths, lengths), atol=1e-6)


def test_spectral_clusters_may_have_any_shape():
    rows, kinds = make_moons(400, noise=0.05, random_state=0)
    assert (
        clustering_accuracy(
            kinds,
            clusterer("spectral", n_clusters=2).set_params(representation=PCA(2)).fit(rows).labels_,
        )
        > 0.99
    )
    assert (
        clustering_accuracy(
            kinds, clusterer("kmeans", representation=PCA(2), n_clusters=2).fit(rows).labels_
        )
        < 0.9
    )


def test_kmeans_is_scikit_learns():
    codes = PCA(3).fit_transform(X)
    theirs = ScikitKMeans(3, n_init=10, random_state=0).fit_predict(codes)
    assert clustering_accuracy(theirs, clusterer("kmeans").fit(X).labels_) == 1


def test_a_mixture_gives_the_posterior_of_its_densities():
    found = clusterer("gaussian_mixture").fit(WINE)
    codes = found.representation_.transform(WINE)
    parts = found.clusters_
    densities = np.column_stack(
        [
            np.exp(log_weight) * multivariate_normal(mean, root @ root.T).pdf(codes)
            for log_weight, mean, root in zip(
                parts.log_weights, parts.means, parts.roots, strict=True
            )
        ]
    )[:, found.order_]
    expected = densities / densities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probabilities_, expected, atol=1e-9)
    theirs = ScikitGaussianMixture(3, n_init=5, random_state=0).fit(codes)
    ours = np.log(densities.sum(axis=1)).mean()
    assert ours == pytest.approx(theirs.score(codes), rel=0.02)


def test_hdbscan_is_scikit_learns_and_tells_noise():
    far = np.concatenate([X, 60 + 30 * np.random.default_rng(0).normal(size=(3, 6))])
    found = Clusterer(PCA(3), method=HDBSCAN(min_cluster_size=8)).fit(far)
    theirs = ScikitHDBSCAN(min_cluster_size=8, copy=True).fit_predict(PCA(3).fit_transform(far))
    np.testing.assert_array_equal(found.labels_ == -1, theirs == -1)
    assert clustering_accuracy(theirs[theirs >= 0], found.labels_[theirs >= 0]) == 1
    assert (found.labels_[-3:] == -1).all()
    assert (found.probabilities_[-3:] == 0).all()


@needs_umap
def test_umap_maps_and_then_finds_gaussians():
    found = clusterer("umap", method=UMAP(n_dimensions=2)).fit(X)
    assert clustering_accuracy(Y, found.labels_) == 1


@pytest.mark.skipif(HAS_UMAP, reason="umap-learn is installed")
def test_umap_is_refused_where_it_is_not_installed():
    with pytest.raises(MissingDependencyError, match=r"pip install 'inscape\[umap\]'"):
        Clusterer(method="umap").fit(X)


def test_the_kernel_is_students():
    rng = np.random.default_rng(0)
    codes, centers = torch.from_numpy(rng.normal(size=(9, 3))), rng.normal(size=(4, 3))
    root = rng.normal(size=(3, 3))
    q = Kernel(torch.from_numpy(centers), torch.from_numpy(root))(codes).exp().detach().numpy()
    for i, code in enumerate(codes.numpy()):
        apart = [(code @ root - center) for center in centers]
        shares = np.array([1 / (1 + d @ d) for d in apart])
        np.testing.assert_allclose(q[i], shares / shares.sum())


def test_inside_clusters_the_metric_is_round():
    rng = np.random.default_rng(0)
    labels = np.arange(900) % 3
    codes = rng.normal(size=(900, 3)) @ rng.normal(size=(3, 3)) + 50 * np.eye(3)[labels]
    scaled = codes @ within_metric(codes, labels)
    left = np.concatenate(
        [scaled[labels == k] - scaled[labels == k].mean(axis=0) for k in range(3)]
    )
    np.testing.assert_allclose(left.T @ left / 900, np.eye(3), atol=1e-9)


def test_sharpening_draws_rows_to_their_clusters_and_leaves_the_model_alone():
    rows, _ = make_blobs(120, 6, centers=3, cluster_std=2.0, random_state=1)
    model = Autoencoder(3, hidden=(16,), epochs=20, random_state=0).fit(rows)
    before = model.transform(rows)
    labels = clusterer("spectral", representation=model).fit(rows).labels_
    root = within_metric(before, labels)
    tuned, kernel = sharpen(model, rows, labels, root, Sharpening(epochs=60, tolerance=0), seed=0)
    np.testing.assert_array_equal(model.transform(rows), before)

    def spread(codes):
        groups = [codes[labels == k] for k in range(3)]
        within = np.mean([group.var(axis=0).sum() for group in groups])
        return within / np.var([group.mean(axis=0) for group in groups], axis=0).sum()

    assert spread(tuned.transform(rows)) < 0.7 * spread(before)
    with torch.no_grad():
        q = kernel(torch.from_numpy(tuned.transform(rows)).float()).exp().numpy()
    assert (q.argmax(axis=1) == labels).mean() > 0.98


# --------------------------------------------------------------------------- how many


@pytest.mark.parametrize(
    "n_clusters", [2, 5, 15, *(pytest.param(n, marks=pytest.mark.proof) for n in (3, 8))]
)
def test_the_number_of_separate_clusters_is_found(n_clusters):
    rows, _ = make_blobs(600, 6, centers=n_clusters, random_state=n_clusters)
    found = Clusterer(PCA(5), random_state=0).fit(rows)
    assert found.n_clusters_ == n_clusters
    assert found.candidates_[0].stability > 0.95
    assert found.doubt_.startswith(f"{n_clusters} clusters were found (eigengap 1.00")


def test_where_there_is_nothing_to_find_it_says_so():
    rows = np.random.default_rng(0).normal(size=(300, 5))
    found = Clusterer(PCA(5), random_state=0).fit(rows)
    assert found.candidates_[0].stability < 0.5
    assert "nearly as well supported: set `n_clusters` if you know it" in found.doubt_
    assert Clusterer(PCA(5), n_clusters=4, random_state=0).fit(rows).doubt_ == ""


def test_an_eigengap_is_measured_against_even_growth():
    values = REGULARIZED + 1e-3 * np.arange(1, 61)
    points = np.random.default_rng(0).normal(size=(200, 60))
    spectrum = type(find_spectrum(neighbor_graph(points[:, :2]), 3, seed=0))(values, points)
    gaps = {one.n_clusters: one.eigengap for one in weigh_candidates(spectrum, seed=0)}
    for n_clusters, gap in gaps.items():
        assert gap == pytest.approx(1 - (1 - 1 / n_clusters) ** n_clusters)


# --------------------------------------------------------------------------- representations


@pytest.mark.parametrize("model", [PCA(2), TruncatedSVD(2), NMF(2, max_iter=2000, init="nndsvda")])
def test_any_representation_will_do(model, tmp_path):
    unfitted = Clusterer(model, n_clusters=3, random_state=0).fit(WINE)
    assert not hasattr(model, "components_")
    learned = Clusterer(unfitted.representation_, n_clusters=3, random_state=0).fit(WINE)
    np.testing.assert_array_equal(learned.labels_, unfitted.labels_)
    assert learned.representation_ is unfitted.representation_


def test_frames_keep_the_names_of_their_columns(tmp_path):
    frame = load_wine(as_frame=True).data
    found = Clusterer(make_pipeline(StandardScaler(), PCA(2)), n_clusters=3).fit(frame)
    np.testing.assert_array_equal(found.predict(frame[frame.columns[::-1]]), found.labels_)
    found.save(tmp_path / "kept")
    loaded = inscape.load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.predict(frame), found.labels_)
    assert loaded.feature_names_in_.tolist() == frame.columns.tolist()


def test_what_has_no_way_back_has_the_means_of_rows():
    class OneWay:
        def transform(self, X):
            return np.asarray(X)[:, :2]

    found = Clusterer(OneWay(), n_clusters=3, random_state=0).fit(X)
    for k in range(3):
        np.testing.assert_allclose(found.prototypes_[k], X[found.labels_ == k].mean(axis=0))


def test_torch_and_lists_and_frames_are_rows():
    found = clusterer("kmeans").fit(X)
    np.testing.assert_array_equal(found.predict(torch.from_numpy(X)), found.labels_)
    np.testing.assert_array_equal(found.predict(X.tolist()), found.labels_)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    np.testing.assert_array_equal(clusterer("kmeans").fit(frame).predict(frame), found.labels_)


@dataclass(frozen=True)
class Sign(ClusteringMethod):
    """Somebody's own method: by the sign of the first component."""

    flipped: bool = False

    def fit(self, graph, n_clusters):
        clusters, _ = KMeans().fit(graph, 2)
        memberships = np.eye(2)[(graph.codes[:, 0] > 0).astype(int)]
        return clusters, memberships


def test_a_method_of_ones_own():
    found = Clusterer(PCA(1), method=Sign()).fit(X)
    assert found.n_clusters_ == 2


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "spectrum"}, "Did you mean 'spectral'?"),
        ({"method": "dec", "representation": PCA(2)}, "`representation` must be None where"),
        ({"method": "idec", "representation": PCA(2)}, "`representation` must be None where"),
        ({"method": "vade", "representation": PCA(2)}, "`representation` must be None where"),
        ({"method": "hdbscan", "n_clusters": 3}, "`n_clusters` must be 'auto' where the method"),
        ({"n_clusters": 0}, "`n_clusters` must be an integer from 1 to the number of rows = 120"),
        ({"n_clusters": 121}, "`n_clusters` must be an integer from 1 to the number of rows"),
        ({"n_clusters": "many"}, "`n_clusters` must be one of 'auto'; got 'many'"),
        ({"representation": PCA}, "`representation` must be None, or an estimator"),
        ({"scaler": "minmax"}, "`scaler` must be one of 'standard'"),
    ],
)
def test_options_that_cannot_hold(options, told):
    with pytest.raises(InvalidParameterError, match="(?s)" + told.replace("?", r"\?")):
        Clusterer(**options).fit(X)


def test_rows_that_cannot_be_judged():
    found = clusterer("kmeans").fit(X)
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(InvalidDataError, match="NaN at row 3, column 2"):
        found.predict(bad)
    with pytest.raises(InvalidDataError, match="at least 2 rows"):
        clusterer("kmeans").fit(X[:1])


# --------------------------------------------------------------------------- worth it


@pytest.mark.parametrize("offset", [pytest.param(0.0, marks=pytest.mark.proof), 1e6])
def test_the_default_is_right_on_a_wide_small_table_in_raw_units(offset):
    rng = np.random.default_rng(0)
    kinds = np.repeat([0, 1], 25)
    rows = rng.normal(size=(50, 5000))
    rows[kinds == 1, :100] += 3
    unit = 10.0 ** rng.integers(-4, 5, 5000)
    found = Clusterer(n_clusters=2, random_state=0).fit((rows + offset) * unit)
    assert clustering_accuracy(kinds, found.labels_) > 0.9


def test_the_default_is_right_on_a_table_of_mixed_units():
    assert (
        clustering_accuracy(KINDS, Clusterer(n_clusters=3, random_state=0).fit_predict(WINE)) > 0.9
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Clusterer(random_state=0).fit(WINE[:50])
