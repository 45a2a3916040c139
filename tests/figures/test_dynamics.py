"""Figures of learning dynamics: each shows the numbers it was given, and refuses what it cannot."""

from __future__ import annotations

import io
import itertools
import shutil

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.animation import FFMpegWriter
from matplotlib.colors import to_hex, to_rgba
from PIL import Image

from inscape import figures
from inscape._errors import InvalidDataError, InvalidParameterError, MissingDependencyError
from inscape.figures._drawing.style import ALERT, RULE
from inscape.figures.animation import frame_places
from inscape.figures.modes import MODES_LABEL, mode_colors, near_groups
from inscape.figures.sweeps import tick_places

EPOCHS = np.arange(0, 60, 2.0)
SIZES = np.array([8.0, 5.0, 4.8, 1.0])
# Sigmoids that rise one after the other, the strongest first.
MODES = SIZES / (1 + np.exp(-SIZES * (EPOCHS[:, None] - [10, 20, 21, 45]) / 4))
LOSS = ((SIZES - MODES) ** 2).mean(axis=1)
PREDICTION = MODES @ [-0.02, 0.12, 0.02, -1.54]
NAMES = ["Goldfish", "Tuna", "Rose", "Oak"]
PARTS = np.array([[1, 1, 1, 0], [1, 1, -1, 0], [1, -1, 0, 1], [1, -1, 0, -1]])
SIMILARITY = np.einsum("ia,ta,ja->tij", PARTS, MODES, PARTS) * 10.0 ** (EPOCHS - 50)[:, None, None]
RATES, GAMMAS = np.logspace(-1, 1, 5), np.logspace(-9, 0, 4)
VALUES = np.arange(1.0, 21).reshape(5, 4)


def tree(branches, n_features=50):
    rng = np.random.default_rng(0)
    features = rng.choice([-1, 1], size=(1, n_features))
    for width in branches:
        features = np.repeat(features, width, axis=0)
        features = features * np.where(rng.random(features.shape) < 0.15, -1, 1)
    return features


def words(ax):
    return [text.get_text() for text in ax.texts]


def curves(ax):
    """The lines that run over all epochs, as arrays."""
    return [np.asarray(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) > 2]


def colors(ax):
    return [to_hex(line.get_color()) for line in ax.lines if len(line.get_xdata()) > 2]


def over_training(**changes):
    options = {"epochs": EPOCHS, "similarity": SIMILARITY, "loss": LOSS, "item_names": NAMES}
    options |= {"chosen": [0, 20, 58]} | changes
    return figures.similarity_over_training(**options)


def illusion(**changes):
    options = {"epochs": EPOCHS, "prediction": PREDICTION, "target": -1, "modes": MODES}
    options |= {"item": "Goldfish", "feature": "has roots"} | changes
    return figures.illusory_correlation(**options)


def sweep(**changes):
    options = {"values": VALUES, "learning_rates": RATES, "gammas": GAMMAS, "label": "epochs"}
    return figures.sweep_map(**options | changes)


def animation(**changes):
    options = {"epochs": EPOCHS, "similarity": SIMILARITY, "loss": LOSS, "item_names": NAMES}
    return figures.animate_similarity(**options | {"n_frames": 4} | changes)


def texts_overlap(figure):
    """Pairs of words that lie on each other in a figure that was drawn."""
    shown = [text for ax in figure.axes for text in ax.texts if text.get_text().strip()]
    boxes = [text.get_window_extent() for text in shown]
    return [
        (shown[i].get_text(), shown[k].get_text())
        for i in range(len(boxes))
        for k in range(i)
        if boxes[i].overlaps(boxes[k])
    ]


# --------------------------------------------------------------------------- every figure

DRAWN = {
    "hierarchy": lambda: figures.hierarchy(tree((2, 2)), item_names=NAMES, branches=(2, 2)),
    "learning_curves": lambda: figures.learning_curves(EPOCHS, LOSS, MODES, singular_values=SIZES),
    "modes_over_theory": lambda: figures.modes_over_theory(EPOCHS, MODES, {"map": MODES + 1}),
    "similarity_over_training": over_training,
    "illusory_correlation": lambda: illusion(singular_values=SIZES, theory=PREDICTION),
    "sweep_map": lambda: sweep(diverged=VALUES > 15, unlearned=VALUES < 3),
}
EVERY = pytest.mark.parametrize("name", DRAWN)


@EVERY
def test_the_same_arrays_give_the_same_picture_without_overlaps_and_stay_as_they_are(name):
    given = [EPOCHS, MODES, LOSS, PREDICTION, SIMILARITY, RATES, GAMMAS, VALUES]
    before, style = [array.copy() for array in given], dict(mpl.rcParams)
    figure = DRAWN[name]()
    first = figures.png(figure)
    assert texts_overlap(figure) == []
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30}):
        assert figures.png(DRAWN[name]()) == first
    assert dict(mpl.rcParams) == style
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


SIXTEEN = [f"a rather long name {i}" for i in range(16)]
ON_THE_EDGE = {
    "27 items": lambda: figures.hierarchy(
        tree((3, 3, 3)), item_names=[f"item {i}" for i in range(27)], branches=(3, 3, 3)
    ),
    "a tree with one way": lambda: figures.hierarchy(
        tree((1, 2), 1), item_names=NAMES[:2], branches=(1, 2)
    ),
    "one mode at two epochs": lambda: figures.learning_curves(
        EPOCHS[:2], LOSS[:2], MODES[:2, :1], singular_values=SIZES[:1]
    ),
    "all is 0": lambda: figures.learning_curves(EPOCHS, 0 * LOSS, 0 * MODES),
    "negative modes": lambda: figures.modes_over_theory(EPOCHS, -MODES, {"map": -MODES}),
    "one epoch": lambda: illusion(epochs=[3], prediction=[0.5], modes=[[1.0]]),
    "a similarity of 0": lambda: over_training(similarity=0 * SIMILARITY),
    "long names": lambda: over_training(
        similarity=np.ones((len(EPOCHS), 16, 16)), item_names=SIXTEEN, chosen=EPOCHS[:7]
    ),
    "all diverged": lambda: sweep(values=np.full((5, 4), np.nan), diverged=np.ones((5, 4), bool)),
    "one training": lambda: sweep(values=[[1]], learning_rates=[0.1], gammas=[1]),
    "20 x 17": lambda: figures.sweep_map(
        np.ones((20, 17)),
        learning_rates=np.logspace(-1, 3.7, 20),
        gammas=np.logspace(-16, 0, 17),
        label="loss",
    ),
}


@pytest.mark.parametrize("case", ON_THE_EDGE)
def test_the_edges_are_drawn(case):
    assert figures.png(ON_THE_EDGE[case]()).startswith(b"\x89PNG")


NAN_AT_3 = np.where(np.arange(30) == 3, np.nan, 1.0)
REFUSED = {
    "loss of other epochs": (
        lambda: figures.learning_curves(EPOCHS, LOSS[:-1]),
        r"loss must .* \(n_epochs = 30,\); got the shape \(29,\)",
    ),
    "epochs that rest": (
        lambda: figures.learning_curves([0, 1, 1], [1, 1, 1]),
        r"epochs must increase; got 1 and then 1 at place 2",
    ),
    "no epochs": (lambda: figures.learning_curves([], []), "epochs must be a non-empty array"),
    "words for epochs": (lambda: figures.learning_curves(["a"], [1]), "epochs must hold numbers"),
    "a ragged array": (
        lambda: figures.learning_curves([0, 1], [1, 1], [[1], [1, 2]]),
        "modes must hold numbers",
    ),
    "modes of other epochs": (
        lambda: figures.learning_curves(EPOCHS, LOSS, MODES.T),
        r"modes must .* \(n_epochs = 30, n_modes\); got the shape \(4, 30\)",
    ),
    "an infinite loss": (
        lambda: figures.learning_curves([0, 1], [1, np.inf]),
        "loss must be finite; got infinity at row 1",
    ),
    "too few singular values": (
        lambda: figures.learning_curves(EPOCHS, LOSS, MODES, singular_values=SIZES[1:]),
        r"singular_values must .* \(n_modes = 4,\)",
    ),
    "singular values alone": (
        lambda: figures.learning_curves(EPOCHS, LOSS, singular_values=SIZES),
        "singular_values must come with modes",
    ),
    "no theory": (
        lambda: figures.modes_over_theory(EPOCHS, MODES, {}),
        "theories must hold from 1 to 4 theories; got 0",
    ),
    "a theory of other modes": (
        lambda: figures.modes_over_theory(EPOCHS, MODES, {"map": MODES[:, 1:]}),
        r"the theory map must .* n_modes = 4\); got the shape \(30, 3\)",
    ),
    "features that are no signs": (
        lambda: figures.hierarchy([[1, 0.5]], item_names=["a"], branches=(1,)),
        r"features must be -1 or \+1; got 0.5 at row 0, column 1",
    ),
    "a name too few": (
        lambda: figures.hierarchy(tree((2, 2)), item_names=NAMES[1:], branches=(2, 2)),
        "item_names must hold 4 names",
    ),
    "a word as names": (
        lambda: figures.hierarchy(tree((4,)), item_names="abcd", branches=(4,)),
        "item_names must hold 4 names; got 'abcd'",
    ),
    "similarity that is not square": (
        lambda: over_training(similarity=SIMILARITY[:, 1:]),
        r"similarity must .*; got the shape \(30, 3, 4\)",
    ),
    "an epoch that was not recorded": (
        lambda: over_training(chosen=[0, 20.9]),
        "recorded epochs; got 20.9, and the nearest recorded one is 20:",
    ),
    "no chosen epoch": (lambda: over_training(chosen=[]), "chosen must be a non-empty array"),
    "too many chosen": (lambda: over_training(chosen=EPOCHS), "at most 12 epochs; got 30"),
    "a theory with NaN": (
        lambda: illusion(theory=NAN_AT_3),
        "theory must be finite; got NaN at row 3",
    ),
    "NaN in a cell that did not fail": (
        lambda: sweep(values=np.where(VALUES == 7, np.nan, VALUES), diverged=VALUES > 7),
        r"got NaN at row 1, column 2 \(learning rate 0.316, gamma 0.001\): mark",
    ),
    "values of another shape": (
        lambda: sweep(values=VALUES.T),
        r"values must .* \(n_learning_rates = 5, n_gammas = 4\)",
    ),
    "a mask of another shape": (
        lambda: sweep(diverged=np.ones((4, 5), bool)),
        r"diverged must .* \(5, 4\); got the shape \(4, 5\)",
    ),
    "a mask of numbers": (lambda: sweep(unlearned=VALUES), "unlearned must hold a truth value"),
    "gammas that fall": (lambda: sweep(gammas=GAMMAS[::-1]), "gammas must increase"),
    "an animation of other epochs": (
        lambda: animation(loss=LOSS[1:]),
        r"loss must .*; got the shape \(29,\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(case):
    call, message = REFUSED[case]
    with pytest.raises(InvalidDataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: figures.hierarchy(tree((2, 2)), item_names=NAMES, branches=(2, 3)),
            r"`branches` must multiply to the 4 items of features; got \(2, 3\), which make 6",
        ),
        (
            lambda: figures.hierarchy(tree((2, 2)), item_names=NAMES, branches=(2, 2.0)),
            "`branches` must be an integer >= 1; got 2.0",
        ),
        (lambda: illusion(target=np.nan), "`target` must be a number"),
        (lambda: animation(kind="webm"), "`kind` must be one of 'gif', 'mp4'; got 'webm'"),
        (lambda: animation(n_frames=1), "`n_frames` must be an integer >= 2; got 1"),
        (lambda: animation(frames_per_second=0), "`frames_per_second` must be a number > 0"),
    ],
)
def test_options_that_cannot_hold_are_refused(call, message):
    with pytest.raises(InvalidParameterError, match=message):
        call()


# --------------------------------------------------------------------------- hierarchy


def test_rows_of_tree_features_and_similarity_lie_in_line():
    features = tree((2, 2), 50)
    figure = figures.hierarchy(features, item_names=NAMES, branches=(2, 2))
    left, middle, right = figure.axes[:3]
    np.testing.assert_array_equal(middle.get_images()[0].get_array(), features[:, :32])
    similarity = right.get_images()[0]
    np.testing.assert_allclose(similarity.get_array(), features @ features.T / 50)
    assert similarity.get_clim() == (-1, 1)
    assert "first 32 of 50: red +1, blue -1" in words(middle)
    figure.draw_without_rendering()
    for row, name in enumerate(NAMES):
        label = left.get_yticklabels()[row]
        assert label.get_text() == name
        heights = [ax.transData.transform((0, row))[1] for ax in (left, middle, right)]
        np.testing.assert_allclose(heights, heights[0], atol=1)
        box = label.get_window_extent()
        assert abs((box.y0 + box.y1) / 2 - heights[0]) < 4
        assert box.x1 < middle.get_window_extent().x0


@pytest.mark.parametrize(
    ("branches", "knots"),
    [((4,), [[1.5]]), ((2, 2), [[1.5], [0.5, 2.5]]), ((1, 4), [[1.5], [1.5]])],
)
def test_each_knot_stands_in_the_middle_of_its_children(branches, knots):
    ax = figures.hierarchy(tree(branches), item_names=NAMES, branches=branches).axes[0]
    drawn = sorted((line.get_xdata()[0], list(line.get_ydata())) for line in ax.lines)
    assert drawn == [(depth, heights) for depth, heights in enumerate(knots)]
    lines = np.array(ax.collections[0].get_segments())
    leaves = lines[lines[:, 1, 0] == len(branches)][:, 1, 1]
    assert sorted(leaves) == [0, 1, 2, 3]


# --------------------------------------------------------------------------- curves


def test_loss_and_modes_have_an_axis_each_and_one_zero():
    figure = figures.learning_curves(EPOCHS, LOSS, MODES, singular_values=SIZES)
    left, right = figure.axes
    (loss,) = curves(left)
    np.testing.assert_array_equal(loss, LOSS)
    np.testing.assert_array_equal(curves(right), MODES.T[::-1])
    assert colors(right) == mode_colors(4)[::-1]
    levels = [line.get_ydata()[0] for line in right.lines if len(line.get_xdata()) == 2]
    np.testing.assert_array_equal(levels, SIZES)
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", MODES_LABEL)
    assert to_hex(left.spines["left"].get_edgecolor()) == colors(left)[0]
    zeros = [ax.transData.transform((0, 0))[1] for ax in (left, right)]
    assert zeros[0] == pytest.approx(zeros[1])
    assert left.get_zorder() > right.get_zorder()
    assert words(right) == ["mode 1", "modes 2 and 3", "mode 4"]


@pytest.mark.parametrize("lowest", [-0.1, -20.0])
def test_one_zero_is_shared_below_which_both_may_go(lowest):
    figure = figures.learning_curves([0, 1], [1, -0.2], [[lowest], [8]])
    for ax, low in zip(figure.axes, (-0.2, lowest), strict=True):
        bottom, top = ax.get_ylim()
        assert bottom < low
        assert top > 0
    zeros = [ax.transData.transform((0, 0))[1] for ax in figure.axes]
    assert zeros[0] == pytest.approx(zeros[1])


def test_the_loss_alone_needs_one_axis():
    (ax,) = figures.learning_curves(EPOCHS, LOSS).axes
    np.testing.assert_array_equal(curves(ax), [LOSS])
    assert ax.get_title(loc="left") == "Loss over training"


def test_the_strongest_mode_is_the_darkest():
    for n_modes in (2, 3, 30):
        brightness = np.array([sum(to_rgba(color)[:3]) for color in mode_colors(n_modes)])
        assert (np.diff(brightness) > 0).all()
    assert len(mode_colors(1)) == 1


def test_names_of_lines_that_end_together_are_told_in_one():
    assert near_groups(np.array([1.0, 3.0, 0.9, 2.9, 0.8]), apart=0.15) == [[1, 3], [0, 2], [4]]
    same = figures.learning_curves(EPOCHS, LOSS, np.repeat(MODES[:, :1], 4, axis=1))
    assert words(same.axes[1]) == ["modes 1 to 4"]


def test_theory_is_ink_that_is_not_solid_and_is_named():
    theories = {"map": MODES + 0.1, "equation": MODES - 0.1}
    (ax,) = figures.modes_over_theory(EPOCHS, MODES, theories).axes
    drawn = curves(ax)
    np.testing.assert_array_equal(drawn[:4], MODES.T[::-1])
    np.testing.assert_array_equal(drawn[4:8], theories["map"].T)
    np.testing.assert_array_equal(drawn[8:], theories["equation"].T)
    styles = [line.get_linestyle() for line in ax.lines]
    assert styles[:4] == ["-"] * 4
    assert "-" not in styles[4:]
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["measured", *theories]
    dashes = [line._unscaled_dash_pattern for line in ax.lines]
    keys = [line._unscaled_dash_pattern for line in legend.get_lines()]
    assert dashes[0] == keys[0]
    assert dashes[4] == keys[1]
    assert dashes[8] == keys[2]
    assert keys[1] != keys[2]


# --------------------------------------------------------------------------- illusions


@pytest.mark.parametrize("sign", [1, -1])
def test_the_wrong_sign_is_shaded_and_its_peak_is_told(sign):
    figure = illusion(prediction=sign * PREDICTION, target=-sign, theory=sign * PREDICTION + 0.1)
    ax, quiet = figure.axes
    prediction, theory = curves(ax)[:2]
    np.testing.assert_array_equal(prediction, sign * PREDICTION)
    np.testing.assert_array_equal(theory, sign * PREDICTION + 0.1)
    np.testing.assert_array_equal(curves(quiet), MODES.T[::-1])
    peak = int(PREDICTION.argmax())
    text = f"wrong sign: {sign * PREDICTION[peak]:+.3g} at epoch {EPOCHS[peak]:g}"
    assert text in words(ax)
    (dot,) = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert dot.get_xydata().tolist() == [[EPOCHS[peak], sign * PREDICTION[peak]]]
    (shade,) = ax.collections
    heights = sign * shade.get_paths()[0].vertices[:, 1]
    assert heights.min() == 0
    assert heights.max() == PREDICTION.max()
    levels = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    assert levels == [0, -sign]
    assert ax.get_zorder() > quiet.get_zorder()
    assert ax.get_title(loc="left") == "Illusory correlation: Goldfish, has roots"


def test_noise_of_the_wrong_sign_is_no_illusion():
    ax = illusion(prediction=np.where(EPOCHS < 20, 0.009, -1.0)).axes[0]
    assert not ax.collections
    assert words(ax)[-1] == "target -1"
    assert ax.get_title(loc="left").startswith("No illusory correlation")


# --------------------------------------------------------------------------- similarity


def test_each_matrix_is_divided_by_its_largest_which_is_told():
    figure = over_training(chosen=[58, 0, 20, 20])
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    titles = [ax.get_title(loc="left") for ax in panels]
    assert titles == ["A: epoch 0", "B: epoch 20", "C: epoch 58"]
    for ax, epoch in zip(panels, (0, 20, 58), strict=True):
        matrix = SIMILARITY[epoch // 2]
        image = ax.get_images()[0]
        np.testing.assert_allclose(image.get_array(), matrix / np.abs(matrix).max())
        assert image.get_clim() == (-1, 1)
        assert f"full colour = {np.abs(matrix).max():.2g}" in words(ax)
    named = [[label.get_text() for label in ax.get_yticklabels()] for ax in panels]
    assert named == [NAMES, [], []]


def test_each_letter_stands_at_its_epoch_of_the_loss():
    ax = over_training().axes[-1]
    np.testing.assert_array_equal(curves(ax), [LOSS])
    assert {text.get_text(): text.xy[0] for text in ax.texts} == {"A": 0, "B": 20, "C": 58}
    dots = [line.get_xydata()[0].tolist() for line in ax.lines if len(line.get_xdata()) == 1]
    assert dots == [[e, LOSS[e // 2]] for e in (0, 20, 58)]


def test_the_largest_of_a_negative_matrix_is_its_size():
    figure = over_training(similarity=-np.abs(SIMILARITY))
    shown = figure.axes[0].get_images()[0].get_array()
    assert shown.min() == -1
    assert shown.max() <= 0


# --------------------------------------------------------------------------- sweeps


def test_failed_trainings_never_reach_the_scale():
    diverged, unlearned = VALUES > 15, VALUES < 4
    for junk in (np.nan, np.inf, -1e300, 0.0):
        values = np.where(diverged | unlearned, junk, VALUES)
        figure = sweep(values=values, diverged=diverged, unlearned=unlearned)
        image, red, grey = figure.axes[0].get_images()
        assert image.get_clim() == (4, 15)
        assert not isinstance(image.norm, mpl.colors.LogNorm)
        shown = image.get_array()
        np.testing.assert_array_equal(np.ma.getmaskarray(shown), diverged | unlearned)
        np.testing.assert_array_equal(shown.compressed(), np.arange(4.0, 16))
        np.testing.assert_array_equal(~np.ma.getmaskarray(red.get_array()), diverged)
        np.testing.assert_array_equal(~np.ma.getmaskarray(grey.get_array()), unlearned)
        assert to_hex(red.cmap(1.0)) == ALERT
        assert to_hex(grey.cmap(1.0)) == RULE
    legend = figure.axes[0].get_legend()
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["diverged", "not learned in time"]
    assert [to_hex(patch.get_facecolor()) for patch in legend.get_patches()] == [ALERT, RULE]


def test_who_diverged_is_not_told_to_be_late_too():
    everyone = np.ones(VALUES.shape, dtype=bool)
    figure = sweep(diverged=everyone, unlearned=everyone)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["diverged"]
    assert len(ax.get_images()) == 2


def test_a_sweep_lies_as_its_axes_say_and_needs_no_key():
    figure = sweep()
    ax = figure.axes[0]
    (image,) = ax.get_images()
    np.testing.assert_array_equal(image.get_array(), VALUES)
    assert image.origin == "lower"
    assert ax.get_legend() is None
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "0.1",
        "0.316",
        "1",
        "3.16",
        "10",
    ]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1e-09", "1e-06", "0.001", "1"]
    assert (ax.get_xlabel()[:5], ax.get_ylabel()) == ("gamma", "learning rate")
    assert figure.axes[1].get_ylabel() == "epochs"


def test_ticks_are_few_and_at_powers_of_ten():
    values = np.logspace(-16, 0, 33)
    places = tick_places(values, most=9)
    assert len(places) == 9
    np.testing.assert_allclose(np.log10(values[places]) % 2, 0, atol=1e-9)
    assert tick_places(np.linspace(1, 2, 20), most=9) == list(range(0, 20, 3))


@pytest.mark.parametrize(
    ("values", "cmap", "norm"),
    [
        (VALUES, "viridis", mpl.colors.Normalize),
        (VALUES - 10, "RdBu_r", mpl.colors.Normalize),
        (VALUES**2, "viridis", mpl.colors.LogNorm),
    ],
)
def test_the_scale_follows_the_values(values, cmap, norm):
    figure = sweep(values=values)
    image = figure.axes[0].get_images()[0]
    assert image.get_cmap().name == cmap
    assert type(image.norm) is norm
    if cmap == "RdBu_r":
        assert image.get_clim() == (-10, 10)
    figure.draw_without_rendering()
    assert not any(
        "$" in label.get_text() for label in figure.axes[1].get_yticklabels(which="both")
    )


# --------------------------------------------------------------------------- animation


def read_gif(data):
    with Image.open(io.BytesIO(data)) as picture:
        frames = []
        for k in range(picture.n_frames):
            picture.seek(k)
            frames.append((np.asarray(picture.convert("RGB")), picture.info["duration"]))
        return frames, picture.info


def test_a_gif_has_frames_that_differ_and_a_white_ground():
    style = dict(mpl.rcParams)
    data = animation(frames_per_second=10)
    assert dict(mpl.rcParams) == style
    assert animation(frames_per_second=10) == data
    frames, info = read_gif(data)
    assert len(frames) == 4
    assert info["loop"] == 0
    for (first, _), (second, _) in itertools.pairwise(frames):
        assert (first != second).any()
    for pixels, _ in frames:
        assert (pixels[0, 0] == 255).all()
    assert [duration for _, duration in frames] == [100, 100, 100, 1500]


def test_the_first_and_last_frame_show_the_first_and_last_matrix():
    # The first matrix is red, the last one is blue.
    similarity = np.linspace(1, -1, 30)[:, None, None] * np.ones((1, 4, 4))
    frames, _ = read_gif(animation(similarity=similarity))
    height, width = frames[0][0].shape[:2]
    first, last = (
        pixels[height // 2, width // 4].astype(int) for pixels, _ in (frames[0], frames[-1])
    )
    assert first[0] > first[2] + 50
    assert last[2] > last[0] + 50


def test_frames_go_where_something_changes():
    loss = np.concatenate([np.ones(100), np.linspace(1, 0, 20), np.zeros(130)])
    places = frame_places(np.ones((250, 2, 2)), loss, 30)
    assert len(places) == 30
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0, 249)
    assert ((places >= 99) & (places <= 120)).sum() > 15
    # Where nothing changes at all, time is shared out evenly.
    even = frame_places(np.zeros((101, 2, 2)), np.zeros(101), 11)
    np.testing.assert_array_equal(even, np.arange(0, 101, 10))
    assert frame_places(np.ones((3, 2, 2)), np.ones(3), 60).tolist() == [0, 1, 2]


def test_one_epoch_is_one_frame():
    data = animation(epochs=[5], similarity=SIMILARITY[:1], loss=LOSS[:1])
    assert len(read_gif(data)[0]) == 1


def test_a_film_without_ffmpeg_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(FFMpegWriter, "isAvailable", lambda: False)
    with pytest.raises(MissingDependencyError, match="needs the program ffmpeg") as caught:
        animation(kind="mp4")
    assert "use kind='gif'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert animation().startswith(b"GIF8")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_film_is_an_mp4():
    data = animation(kind="mp4")
    assert data[4:8] == b"ftyp"
    assert len(data) > 1000
