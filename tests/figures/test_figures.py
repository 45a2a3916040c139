"""Figures: every one keeps the contract, and each shows what it says it shows."""

from __future__ import annotations

import inspect
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA

from inscape import figures
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.figures._drawing.classes import Classes, class_centres, read_labels
from inscape.figures._drawing.glyphs import thinned
from inscape.figures._drawing.labels import spread
from inscape.figures._drawing.panels import draw_order, limits_around
from inscape.figures._drawing.style import CLASS_COLORS
from inscape.figures._drawing.tiles import as_images, montage, value_range

SHAPE = (8, 8)
X, Y = load_digits(return_X_y=True)
X = X[:300] / 16
Y = Y[:300]
PCA2 = PCA(2, random_state=0).fit(X)
NMF2 = NMF(2, init="nndsvda", random_state=0, max_iter=500, tol=1e-3).fit(X)
BOTH = pytest.mark.parametrize("model", [PCA2, NMF2], ids=["PCA", "NMF"])


def _history(rows):
    """A loss for each row, so that bad rows make a bad history."""
    return [{"epoch": (i + 1) / 2, "loss": float(np.mean(row))} for i, row in enumerate(rows)]


class _Broken:
    """A representation whose decoder gives the rows it was made with."""

    n_components = 2

    def __init__(self, rows):
        self.rows = rows

    def inverse_transform(self, codes):
        return self.rows[: len(codes)]


# One call of each public figure with a model and data; data reach every argument that can hold NaN.
CALLS = {
    "reconstructions": lambda m, rows, codes, y: figures.reconstructions(
        rows, {"model": m.inverse_transform(np.nan_to_num(codes))}, image_shape=SHAPE
    ),
    "latent_map": lambda m, rows, codes, y: figures.latent_map(codes, y),
    "decoder_grid": lambda m, rows, codes, y: figures.decoder_grid(
        m, image_shape=SHAPE, codes=codes, n=4
    ),
    "map_and_grid": lambda m, rows, codes, y: figures.map_and_grid(
        m, codes, y, image_shape=SHAPE, n=4
    ),
    "before_after": lambda m, rows, codes, y: figures.before_after(codes, codes[:, ::-1], y),
    "weight_histograms": lambda m, rows, codes, y: figures.weight_histograms(
        {"encoder": rows}, {"encoder": rows + 1}
    ),
    "components": lambda m, rows, codes, y: figures.components(rows[:5], image_shape=SHAPE),
    "loss_curve": lambda m, rows, codes, y: figures.loss_curve(_history(rows), floors={"PCA": 0.1}),
    "loss_comparison": lambda m, rows, codes, y: figures.loss_comparison(
        {"a": (np.arange(len(rows)), rows.mean(axis=1))}, references={"PCA": 0.3}
    ),
    "hierarchy": lambda m, rows, codes, y: figures.hierarchy(
        np.copysign(1, rows[:8] - 0.5) + 0 * rows[:8],
        item_names=[str(i) for i in range(len(rows[:8]))],
        branches=(len(rows[:8]),),
    ),
    "learning_curves": lambda m, rows, codes, y: figures.learning_curves(
        np.arange(len(rows)), rows.mean(axis=1), rows[:, :3]
    ),
    "modes_over_theory": lambda m, rows, codes, y: figures.modes_over_theory(
        np.arange(len(rows)), rows[:, :3], {"map": rows[:, :3]}
    ),
    "illusory_correlation": lambda m, rows, codes, y: figures.illusory_correlation(
        np.arange(len(rows)), rows.mean(axis=1), target=-1, modes=rows[:, :3], item="a", feature="b"
    ),
    "similarity_over_training": lambda m, rows, codes, y: figures.similarity_over_training(
        np.arange(len(rows)),
        rows[:, :4].reshape(-1, 2, 2),
        rows.mean(axis=1),
        chosen=[0],
        item_names=["a", "b"],
    ),
    "alignment_map": lambda m, rows, codes, y: figures.alignment_map(
        rows[:20], [str(i) for i in range(len(rows[:20]))], other_names=[str(j) for j in range(64)]
    ),
    "sweep_map": lambda m, rows, codes, y: figures.sweep_map(
        rows, learning_rates=np.arange(len(rows)), gammas=np.arange(rows.shape[1]), label="loss"
    ),
}
CALLS |= {
    "weight_tiles": lambda m, rows, codes, y: figures.weight_tiles(
        rows, image_shape=SHAPE, structured=y == 3
    ),
    "sample_sheet": lambda m, rows, codes, y: figures.sample_sheet(rows, y, image_shape=SHAPE),
    "spherical_map": lambda m, rows, codes, y: figures.spherical_map(
        codes / np.linalg.norm(codes, axis=1, keepdims=True), y
    ),
    "spherical_grid": lambda m, rows, codes, y: figures.spherical_grid(
        _Broken(rows) if np.isnan(rows).any() else m, image_shape=SHAPE, n=5
    ),
    "loss_race": lambda m, rows, codes, y: figures.loss_race(
        {"a": (1 + np.arange(len(rows)), rows.mean(axis=1))}, references={"PCA": 0.3}
    ),
    "traversal_grid": lambda m, rows, codes, y: figures.traversal_grid(
        _of_three(rows), image_shape=SHAPE, values=[-1, 0, 1]
    ),
    "interpolation_grid": lambda m, rows, codes, y: figures.interpolation_grid(
        _of_three(rows), image_shape=SHAPE
    ),
    "sample_rows": lambda m, rows, codes, y: figures.sample_rows(
        _of_three(rows), image_shape=SHAPE, names=["model"] * len(_of_three(rows))
    ),
    "anomaly_scores": lambda m, rows, codes, y: figures.anomaly_scores(
        _column(rows), 0.0, normal_scores=_column(rows)
    ),
    "anomaly_bars": lambda m, rows, codes, y: figures.anomaly_bars(rows**2, values=rows),
    "anomaly_images": lambda m, rows, codes, y: figures.anomaly_images(
        rows[:12], rows[:12] / 2, rows[:12] ** 2, image_shape=SHAPE
    ),
    "prototype_images": lambda m, rows, codes, y: figures.prototype_images(
        rows[:12], image_shape=SHAPE
    ),
    "prototype_bars": lambda m, rows, codes, y: figures.prototype_bars(
        rows[:6], means=X.mean(axis=0), spreads=1 + X.std(axis=0)
    ),
    "clusters_against_labels": lambda m, rows, codes, y: figures.clusters_against_labels(
        1 + rows[:12, :5], labels=[str(k) for k in range(len(rows[:12]))]
    ),
    "confusion": lambda m, rows, codes, y: figures.confusion(
        1 + np.resize(rows[:12, :12], (12, 12))
    ),
    "titled_images": lambda m, rows, codes, y: figures.titled_images(
        rows[:12], ["a title"] * len(rows[:12]), image_shape=SHAPE
    ),
    "accuracy_over_labels": lambda m, rows, codes, y: figures.accuracy_over_labels(
        {"a": ([1], [rows[:, 2]])}
    ),
    "map_forming": lambda m, rows, codes, y: figures.map_forming(
        codes[:, None], np.arange(len(codes)), y[:1]
    ),
    "traversal_table": lambda m, rows, codes, y: figures.traversal_table(
        _of_three(rows), values=[-1, 0, 1], originals=rows
    ),
    "hidden_entries": lambda m, rows, codes, y: figures.hidden_entries(
        _column(rows), _column(rows) / 2, abs(_column(rows))
    ),
    "size_evidence": lambda m, rows, codes, y: figures.size_evidence(
        1 + rows[:, 2],
        np.ones(len(rows)),
        errors={"PCA": ([1, 2], [0.9, 0.5])},
        likelihoods={"PCA": ([1, 2], [-9.0, -5.0])},
        active=([1, 2], [1, 1]),
    ),
    "sample_table": lambda m, rows, codes, y: figures.sample_table({"a": rows, "b": rows}),
    "add_class_bar": lambda m, rows, codes, y: figures.add_class_bar(
        figures.latent_map(codes, y), [str(k) for k in range(10)]
    ),
}


def _column(rows: np.ndarray) -> np.ndarray:
    """Return one number a row."""
    return rows.sum(axis=1)


def _of_three(rows: np.ndarray) -> np.ndarray:
    """Return a few rows, each three times in a row."""
    return np.repeat(rows[:12, None], 3, axis=1)


EVERY = pytest.mark.parametrize("name", sorted(CALLS))


def test_every_public_function_is_held_to_the_contract():
    public = {n for n in figures.__all__ if inspect.isfunction(getattr(figures, n))}
    # These give bytes.
    films = {"animate_similarity", "traversal_animation", "animate_map", "turning_map"}
    # There no number is a training that was not made: it has tests of its own.
    gaps = {"comparison_panels"}
    assert public - films - gaps - {"png"} == set(CALLS)


@EVERY
@BOTH
def test_a_figure_is_drawn_and_nothing_global_changes(name, model):
    before = dict(mpl.rcParams)
    figure = CALLS[name](model, X, model.transform(X), Y)
    assert isinstance(figure, Figure)
    assert figure.dpi == 150
    assert dict(mpl.rcParams) == before


@EVERY
def test_a_single_row_is_drawn(name):
    figure = CALLS[name](PCA2, X[:1], PCA2.transform(X[:1]), Y[:1])
    assert len(figures.png(figure)) > 1000


@EVERY
def test_nan_is_refused_in_one_sentence(name):
    rows, codes = X.copy(), PCA2.transform(X)
    rows[3, 2] = codes[3, 1] = np.nan
    with pytest.raises(InvalidDataError) as caught:
        CALLS[name](PCA2, rows, codes, Y)
    assert "NaN at row 3" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["map_and_grid", "loss_curve", "components"])
def test_the_callers_style_does_not_leak_in(name):
    call = CALLS[name]
    before = dict(mpl.rcParams)
    plain = figures.png(call(PCA2, X, PCA2.transform(X), Y))
    assert plain.startswith(b"\x89PNG")
    assert dict(mpl.rcParams) == before
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30, "savefig.dpi": 20}):
        styled = figures.png(call(PCA2, X, PCA2.transform(X), Y))
    assert styled == plain


def test_pyplot_is_never_imported():
    code = (
        "import sys, numpy as np; from inscape import figures as f;"
        "f.png(f.map_and_grid(type('R', (), {'inverse_transform': lambda s, c: c @ np.ones((2, 4)),"
        "'n_components': 2})(), np.eye(2), [0, 1], image_shape=(2, 2), n=2));"
        "bad = {'matplotlib.pyplot', 'torch', 'sklearn'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --------------------------------------------------------------------------- tiles and labels


def test_montage_agrees_with_a_loop():
    images = X[:7].reshape(7, 8, 8)
    sheet = montage(images, columns=3, gap=2)
    assert sheet.shape == (28, 28)
    for k, image in enumerate(images):
        top, left = 10 * (k // 3), 10 * (k % 3)
        np.testing.assert_array_equal(sheet[top : top + 8, left : left + 8], image)
    assert np.isnan(sheet).sum() == 28 * 28 - 7 * 64


@pytest.mark.parametrize("shape", [(4, 4, 3), (3, 4, 4)])
def test_colour_images_have_channels_last(shape):
    rows = np.arange(96.0).reshape(2, 48)
    images = as_images(rows, shape)
    assert images.shape == (2, 4, 4, 3)
    expected = (
        rows[1].reshape(shape) if shape[-1] == 3 else rows[1].reshape(shape).transpose(1, 2, 0)
    )
    np.testing.assert_array_equal(images[1], expected)
    figures.png(figures.reconstructions(rows, rows, image_shape=shape))


def test_a_wrong_image_shape_is_named():
    with pytest.raises(InvalidParameterError, match=r"64 features.*\(7, 9\)"):
        figures.components(X[:2], image_shape=(7, 9))


def test_class_centres_are_medians():
    codes = PCA2.transform(X)
    figure = figures.latent_map(codes, Y, scale="true")
    centres = {t.get_text(): t.xy for t in figure.axes[0].texts if hasattr(t, "xy")}
    for k in range(10):
        np.testing.assert_allclose(centres[str(k)], np.median(codes[k == Y], axis=0))
    classes = read_labels(Y, len(Y), None)
    assert isinstance(classes, Classes)
    np.testing.assert_allclose(class_centres(codes, classes)[3], np.median(codes[Y == 3], axis=0))


def test_a_class_keeps_its_colour_and_name_when_others_are_missing():
    classes = read_labels(np.array([7, 2, 7]), 3, [f"class {k}" for k in range(10)])
    assert isinstance(classes, Classes)
    assert classes.names == ("class 2", "class 7")
    assert classes.colors == (CLASS_COLORS[2], CLASS_COLORS[7])


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (None, type(None)),
        (["b", "a", "b"], Classes),
        ([1.0, 0.0, 1.0], Classes),
        ([0.5, 0.25, 3], np.ndarray),
        ([True, False, True], Classes),
    ],
)
def test_labels_are_classes_or_continuous(labels, kind):
    assert isinstance(read_labels(labels, 3, None), kind)


def test_many_classes_and_continuous_labels_are_drawn():
    codes = PCA2.transform(X)
    figures.png(figures.latent_map(codes, np.arange(len(codes)) % 23))
    with_bar = figures.latent_map(codes, X.mean(axis=1))
    assert len(with_bar.axes) == 2
    assert with_bar.axes[0].collections[0].get_cmap().name == "viridis"


@pytest.mark.parametrize("labels", [Y[:5], [0.5, np.nan] * 150])
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(InvalidDataError, match="labels must"):
        figures.latent_map(PCA2.transform(X), labels)


def test_spread_parts_overlapping_boxes_and_leaves_others():
    rng = np.random.default_rng(0)
    centres = np.vstack([rng.normal(size=(12, 2)), [[50.0, 50.0]]])
    sizes = np.tile([1.5, 0.5], (13, 1))
    placed = spread(centres, sizes)
    apart = np.abs(placed[:, None] - placed[None])
    overlaps = (apart < sizes[0] - 1e-6).all(axis=-1) & ~np.eye(13, dtype=bool)
    assert not overlaps.any()
    assert placed[-1].tolist() == [50.0, 50.0]


# --------------------------------------------------------------------------- maps


def test_draw_order_is_shuffled_and_always_the_same():
    order = draw_order(len(X))
    assert (order != np.arange(len(X))).mean() > 0.9
    np.testing.assert_array_equal(np.sort(order), np.arange(len(X)))
    np.testing.assert_array_equal(order, draw_order(len(X)))
    codes = PCA2.transform(X)
    scatter = figures.latent_map(codes, Y, scale="true").axes[0].collections[0]
    np.testing.assert_allclose(scatter.get_offsets(), codes[order])
    colors = mpl.colors.to_rgba_array(CLASS_COLORS)[Y[order]]
    np.testing.assert_allclose(scatter.get_facecolors()[:, :3], colors[:, :3])
    assert scatter.get_rasterized()


def test_drawing_leaves_numpys_global_generator_alone():
    np.random.seed(3)  # noqa: NPY002 (the global generator is what is watched here)
    expected = np.random.RandomState(3).random()
    figures.latent_map(PCA2.transform(X), Y)
    assert np.random.random() == expected  # noqa: NPY002


def test_before_and_after_show_the_same_points():
    before, after = PCA2.transform(X), NMF2.transform(X)
    left, right = figures.before_after(before, after, Y, titles=("PCA", "NMF"), scale="true").axes
    order = draw_order(len(X))
    np.testing.assert_allclose(left.collections[0].get_offsets(), before[order])
    np.testing.assert_allclose(right.collections[0].get_offsets(), after[order])
    np.testing.assert_array_equal(
        left.collections[0].get_facecolors(), right.collections[0].get_facecolors()
    )
    with pytest.raises(InvalidDataError, match="codes_after must have as many rows"):
        figures.before_after(before, after[:-1])


def test_a_constant_component_is_called_so():
    codes = PCA2.transform(X) * [1, 0]
    ax = figures.latent_map(codes, Y).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("component 1", "component 2: constant")
    ax = figures.latent_map(codes * 0, Y).axes[0]
    assert ax.get_xlim()[0] < 0 < ax.get_xlim()[1]


def test_points_outside_the_frame_are_counted():
    codes = np.column_stack([np.arange(10.0), np.zeros(10)])
    ax = figures.latent_map(codes, limits=((-1, 6.5), (-1, 1))).axes[0]
    assert "10 samples, 30.0% of them outside the frame" in [t.get_text() for t in ax.texts]


@pytest.mark.parametrize("limits", [(0, 1), ((1, 0), (0, 1)), ((0, np.nan), (0, 1))])
def test_limits_that_are_no_frame_are_refused(limits):
    with pytest.raises(InvalidParameterError, match="left < right and bottom < top"):
        figures.latent_map(PCA2.transform(X), limits=limits)
    with pytest.raises(InvalidParameterError, match="left < right and bottom < top"):
        figures.decoder_grid(PCA2, image_shape=SHAPE, limits=limits)


def test_limits_are_percentiles():
    codes = np.random.default_rng(0).normal(size=(500, 2))
    limits = limits_around(codes, outside=0.01, margin=0)
    np.testing.assert_allclose(np.transpose(limits), np.percentile(codes, [1, 99], axis=0))


def test_one_component_gives_numpys_histogram_by_class():
    codes = PCA2.transform(X)[:, :1]
    ax = figures.latent_map(codes, Y).axes[0]
    filled = [patch for patch in ax.patches if patch.get_fill()]
    assert len(filled) == 10
    values, edges, base = filled[4].get_data()
    counts = np.histogram(codes[Y == 4], edges)[0]
    np.testing.assert_allclose((values - base) / 1.3 * counts.max(), counts, atol=1e-9)


@pytest.mark.parametrize(("n_components", "panels"), [(3, 3), (6, 6)])
def test_more_components_give_each_pair_of_the_first_four(n_components, panels):
    codes = PCA(n_components, random_state=0).fit_transform(X)
    drawn = [ax for ax in figures.latent_map(codes, Y).axes if ax.collections]
    assert len(drawn) == panels


def test_glyphs_keep_their_distance_and_sit_at_their_codes():
    codes = PCA2.transform(X)
    (low, high) = np.transpose(limits_around(codes))
    places = (codes - low) / (high - low)
    kept = thinned(places, draw_order(len(X)), apart=np.array([0.05, 0.05]))
    apart = np.abs(places[kept][:, None] - places[kept][None])
    near = (apart < 0.05).all(axis=-1) & ~np.eye(len(kept), dtype=bool)
    assert len(kept) > 30
    assert not near.any()
    # One sample alone: its picture lies in the middle of the frame, the right way up.
    figure = figures.latent_map(codes[:1], [0], images=X[:1], image_shape=SHAPE, glyphs=True)
    (picture,) = figure.axes[0].get_images()
    opacity = np.asarray(picture.get_array())[..., 3]
    rows, columns = np.nonzero(opacity)
    middle = np.array(opacity.shape) / 2
    assert np.abs(np.array([rows.mean(), columns.mean()]) - middle).max() <= 4
    top = int(middle[0]) + 4
    patch = opacity[top - 8 : top, int(middle[1]) - 4 : int(middle[1]) + 4][::-1]
    np.testing.assert_allclose(patch, X[0].reshape(8, 8), atol=1e-9)


def test_glyphs_need_images():
    with pytest.raises(InvalidParameterError, match="`glyphs` must come with `images`"):
        figures.latent_map(PCA2.transform(X), Y, glyphs=True)


# --------------------------------------------------------------------------- decoder grid


class _Counting:
    """A representation that decodes a code to the code itself, and counts its calls."""

    n_components = 2

    def __init__(self):
        self.calls = 0

    def inverse_transform(self, codes):
        self.calls += 1
        return np.asarray(codes)


def _sheet(figure: Figure) -> np.ndarray:
    (image,) = [child for child in figure.axes[-1].get_children() if isinstance(child, AxesImage)]
    return np.asarray(image.get_array())


def test_the_grid_is_one_call_and_lies_as_the_map_does():
    model = _Counting()
    figure = figures.decoder_grid(model, image_shape=(1, 2), limits=((0, 10), (20, 40)), n=5)
    assert model.calls == 1
    sheet = _sheet(figure)
    x, y = sheet[:, 0::2], sheet[:, 1::2]
    np.testing.assert_allclose(x, np.tile([1, 3, 5, 7, 9], (5, 1)))
    np.testing.assert_allclose(y, np.tile([[38], [34], [30], [26], [22]], (1, 5)))
    (image,) = figure.axes[0].get_images()
    assert list(image.get_extent()) == [0, 10, 20, 40]
    assert image.origin == "upper"
    model.calls = 0
    figures.map_and_grid(model, np.random.default_rng(0).random((9, 2)), image_shape=(1, 2), n=3)
    assert model.calls == 1


@BOTH
def test_the_grid_agrees_with_decoding_one_by_one(model):
    codes = model.transform(X)
    (left, right), (bottom, top) = limits = limits_around(codes, outside=0.01, margin=0)
    drawn = figures.decoder_grid(model, image_shape=SHAPE, codes=codes, n=3, scale="true")
    sheet = _sheet(drawn)
    for row in range(3):
        for column in range(3):
            x = left + (right - left) * (column + 0.5) / 3
            y = top - (top - bottom) * (row + 0.5) / 3
            one = model.inverse_transform(np.array([[x, y]])).reshape(8, 8)
            tile = sheet[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            np.testing.assert_allclose(tile, one, atol=1e-9)
    map_axes, grid_axes = figures.map_and_grid(
        model, codes, Y, image_shape=SHAPE, n=3, scale="true"
    ).axes
    for ax in (map_axes, grid_axes):
        np.testing.assert_allclose([ax.get_xlim(), ax.get_ylim()], limits)


def test_a_grid_needs_two_components_and_a_frame():
    three = PCA(3).fit(X)
    for options in ({"codes": three.transform(X)}, {"limits": ((0, 1), (0, 1))}):
        with pytest.raises(InvalidParameterError, match="2 components; got 3"):
            figures.decoder_grid(three, image_shape=SHAPE, **options)
    with pytest.raises(InvalidParameterError, match="neither `limits` nor `codes`"):
        figures.decoder_grid(PCA2, image_shape=SHAPE)


# --------------------------------------------------------------------------- pictures and weights


def test_reconstructions_show_each_model_and_its_error():
    decoded = {m: m.inverse_transform(m.transform(X)) for m in (PCA2, NMF2)}
    figure = figures.reconstructions(
        X, {"PCA": decoded[PCA2], "NMF": decoded[NMF2]}, image_shape=SHAPE, n=4
    )
    texts = [text.get_text() for text in figure.axes[0].texts]
    error = np.mean((X - decoded[PCA2]) ** 2)
    assert texts[:3] == ["Original", "PCA", f"MSE {error:#.3g}"]
    sheet = _sheet(figure)
    np.testing.assert_allclose(sheet[9:17, 9:17], decoded[PCA2][1].reshape(8, 8))
    np.testing.assert_allclose(sheet[18:26, 27:35], decoded[NMF2][3].reshape(8, 8))


def test_a_decoder_that_oversteps_keeps_its_black_at_zero():
    assert value_range(np.array([0.0, 0.2, 1.0])) == (0, 1)
    assert value_range(np.linspace(-0.2, 1.1, 1001))[0] == 0
    assert value_range(np.linspace(-1, 1, 1001)) == pytest.approx((-0.99, 0.99))
    assert value_range(np.ones(3) * 7) == (6.5, 7.5)


def test_tabular_data_are_heat_maps():
    figure = figures.reconstructions(X[:, :6], X[:, :6], n=5, feature_names=list("abcdef"))
    assert [ax.get_title(loc="left") for ax in figure.axes[:2]] == ["Original", "Reconstruction"]
    assert np.asarray(figure.axes[0].get_images()[0].get_array()).shape == (5, 6)
    figures.png(figure)
    figures.png(figures.reconstructions(X[:1, :6], X[:1, :6]))
    figures.png(figures.components(X[:3, :6] - 0.3, feature_names=list("abcdef")))


def test_reconstructions_of_other_rows_are_refused():
    with pytest.raises(InvalidDataError, match="PCA must have as many rows as originals"):
        figures.reconstructions(X, {"PCA": X[:-1]}, image_shape=SHAPE)
    with pytest.raises(InvalidParameterError, match="'Original' for both"):
        figures.reconstructions(X, {"Original": X}, image_shape=SHAPE)
    with pytest.raises(InvalidDataError, match="64 columns"):
        figures.reconstructions(X, X[:, 1:], image_shape=SHAPE)


def test_weight_histograms_are_numpys_and_name_the_unmoved():
    rng = np.random.default_rng(0)
    before = {"encoder": rng.normal(size=(2, 64)), "decoder": rng.normal(size=(64, 2))}
    after = {part: array.copy() for part, array in before.items()}
    after["encoder"][0] += rng.normal(size=64)
    after["decoder"][:, 0] *= 2
    figure = figures.weight_histograms(before, after)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["unit 1", "unit 2: unchanged"] * 2
    filled, outline = figure.axes[2].patches
    edges = filled.get_data().edges
    np.testing.assert_array_equal(
        filled.get_data().values, np.histogram(after["decoder"][:, 0], edges)[0]
    )
    np.testing.assert_array_equal(
        outline.get_data().values, np.histogram(before["decoder"][:, 0], edges)[0]
    )
    assert filled.get_data().values.sum() == 64
    assert filled.get_fill()
    assert not outline.get_fill()
    still = figure.axes[1].patches[0]
    assert still.get_facecolor() != filled.get_facecolor()


def test_weight_histograms_say_their_layer_and_what_to_look_for():
    old = {"encoder": np.random.default_rng(0).normal(size=(2, 64))}
    old["decoder"] = old["encoder"].T
    figure = figures.weight_histograms(old, {k: 2 * v for k, v in old.items()})
    figure.draw_without_rendering()
    labels = [figure.axes[k].get_ylabel() for k in (0, 2)]
    assert labels == [
        "encoder's last layer\nnumber of weights",
        "decoder's first layer\nnumber of weights",
    ]
    for ax in figure.axes:
        low, high = ax.get_ylim()
        assert len([tick for tick in ax.get_yticks() if low <= tick <= high]) >= 2
    assert "Bad signs: red" in figure.get_supxlabel()


@pytest.mark.parametrize(("sign", "zero"), [(1, "black is 0"), (-1, "grey is 0")])
def test_components_in_colour_have_a_reading_of_their_own(sign, zero):
    weights = np.random.default_rng(0).random((3, 12))
    weights[0] *= sign
    drawn = [figures.components(weights, image_shape=(2, 2, 3))]
    if sign < 0:
        drawn.append(figures.weight_tiles(weights, image_shape=(2, 2, 3)))
    for figure in drawn:
        note = figure.axes[0].texts[0].get_text()
        assert zero in note
        assert "red above" not in note


def test_traversals_and_samples_are_drawn_as_bright_as_they_are_told():
    rows = np.random.default_rng(0).random((2, 3, 4)) * 0.4
    sweep = figures.traversal_grid(rows, image_shape=(2, 2), values=[-1, 0, 1], brightness=(0, 2))
    drawn = figures.sample_rows(rows, image_shape=(2, 2), names=["a", "b"], brightness=(0, 2))
    for figure in (sweep, drawn):
        assert figure.axes[0].get_images()[0].get_clim() == (0, 2)


@pytest.mark.parametrize(("movement", "still"), [(0.5e-3, True), (2e-3, False)])
def test_unchanged_is_less_than_a_thousandth_of_the_initial_spread(movement, still):
    old = np.random.default_rng(0).normal(size=(1, 100))
    new = old.copy()
    new[0, 7] += movement * old.std()
    title = figures.weight_histograms({"encoder": old}, {"encoder": new}).axes[0].get_title("left")
    assert ("unchanged" in title) is still


def test_only_eight_units_are_shown_and_said_so():
    old = np.random.default_rng(0).normal(size=(11, 20))
    figure = figures.weight_histograms({"encoder": old}, {"encoder": old + 1})
    assert len(figure.axes) == 8
    assert "first 8 of 11 units" in figure.get_suptitle()


def test_checkpoints_of_different_networks_are_refused():
    old = np.ones((2, 3))
    with pytest.raises(InvalidDataError, match="same keys in both"):
        figures.weight_histograms({"encoder": old}, {"decoder": old.T})
    with pytest.raises(InvalidDataError, match=r"\(2, 3\) and \(3, 3\)"):
        figures.weight_histograms({"encoder": old}, {"encoder": np.ones((3, 3))})


def test_signed_components_are_centred_and_the_others_grey():
    signed = figures.components(PCA2.components_, image_shape=SHAPE).axes[0].get_images()[0]
    low, high = signed.get_clim()
    assert low == -high
    assert high == pytest.approx(np.abs(PCA2.components_).max())
    grey = figures.components(NMF2.components_, image_shape=SHAPE).axes[0].get_images()[0]
    assert grey.get_clim() == (0, 1)
    assert grey.get_cmap().name == "gray"
    first = np.asarray(grey.get_array())[:8, :8]
    np.testing.assert_allclose(
        first, NMF2.components_[0].reshape(8, 8) / NMF2.components_[0].max(), atol=1e-12
    )


# --------------------------------------------------------------------------- training


def test_the_floor_is_drawn_at_its_height_and_labelled():
    history = [{"epoch": e, "loss": 1 / e, "validation_loss": 1.1 / e} for e in (1, 2, 3)]
    figure = figures.loss_curve(history, floors={"PCA": 0.4}, unit="squared error")
    training, validation, floor = figure.axes[0].lines
    np.testing.assert_allclose(training.get_xydata(), [[1, 1], [2, 1 / 2], [3, 1 / 3]])
    np.testing.assert_allclose(validation.get_ydata(), [1.1, 0.55, 1.1 / 3])
    np.testing.assert_allclose(floor.get_ydata(), 0.4)
    (label,) = [text for text in figure.axes[0].texts if text.get_text() == "PCA 0.400"]
    figure.draw_without_rendering()
    ax = figure.axes[0]
    height = ax.transData.inverted().transform(ax.transAxes.transform(label.xy))[1]
    assert height == pytest.approx(0.4)
    assert ax.get_ylabel() == "squared error"


@pytest.mark.parametrize(("losses", "scale"), [((1.0, 0.5), "linear"), ((1.0, 0.01), "log")])
def test_a_wide_range_is_logarithmic(losses, scale):
    history = [{"epoch": i + 1, "loss": loss} for i, loss in enumerate(losses)]
    assert figures.loss_curve(history).axes[0].get_yscale() == scale


def test_one_record_is_a_dot_at_the_end_of_its_epoch():
    ax = figures.loss_curve([{"epoch": 1, "loss": 0.2}], floors={"PCA": 0.3}).axes[0]
    assert ax.get_xlim() == (0, 1)
    assert ax.lines[0].get_marker() == "o"


@pytest.mark.parametrize("history", [[], [{"epoch": 1}], [{"epoch": 1, "loss": None}]])
def test_a_history_without_losses_is_refused(history):
    with pytest.raises(InvalidDataError, match="history must hold"):
        figures.loss_curve(history)


def test_comparison_labels_each_curve_at_its_end():
    figure = figures.loss_comparison(
        {"long": ([1, 2, 10], [3, 2, 1]), "short": ([1, 2], [2, 0.9])}, references={"PCA": 0.95}
    )
    texts = {text.get_text(): text for text in figure.axes[0].texts}
    assert set(texts) == {"long 1.00", "short 0.900", "PCA 0.950"}
    boxes = [text.get_window_extent() for text in texts.values() if text.get_position()[0] > 1]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])
    with pytest.raises(InvalidDataError, match="as many x as y"):
        figures.loss_comparison({"a": ([1, 2], [1])})
    with pytest.raises(InvalidDataError, match="at least one curve"):
        figures.loss_comparison({})


def test_png_is_the_same_twice():
    draw = lambda: figures.png(figures.latent_map(PCA2.transform(X), Y))  # noqa: E731
    assert draw() == draw()
