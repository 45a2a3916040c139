"""Spatial structure of weights and the peak signal-to-noise ratio: each against its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest, norm

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import SpatialStructure, peak_signal_to_noise_ratio, spatial_structure

NOISE = np.random.default_rng(1).normal(size=(400, 144))


def neighbours(shape, kept):
    """The matrix of who is beside whom among the pixels that count."""
    height, width = shape
    near = np.zeros((height * width, height * width))
    for r, c in itertools.product(range(height), range(width)):
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            if 0 <= r + down < height and 0 <= c + right < width:
                near[r * width + c, (r + down) * width + c + right] = 1
    return near[np.ix_(kept, kept)]


def moran(pixels, near):
    """Moran's I of pixels (n, channels), by its definition."""
    z = pixels - pixels.mean(axis=0)
    n = len(z)
    above = sum(near[i, j] * (z[i] @ z[j]) for i in range(n) for j in range(n))
    return n / near.sum() * above / (z**2).sum()


@given(
    seed=st.integers(0, 999),
    shape=st.tuples(st.integers(2, 5), st.integers(2, 5), st.sampled_from([1, 3])),
    dropped=st.integers(0, 3),
)
@settings(max_examples=25, deadline=None)
def test_autocorrelation_is_morans(seed, shape, dropped):
    rng = np.random.default_rng(seed)
    tiles = rng.normal(size=(3, *shape)) + 7
    kept = np.ones(shape[0] * shape[1], dtype=bool)
    kept[: min(dropped, len(kept) - 4)] = False
    near = neighbours(shape[:2], kept)
    if not near.sum():
        return
    found = spatial_structure(
        tiles.reshape(3, -1), image_shape=shape, mask=np.repeat(kept, shape[2])
    )
    expected = [moran(tile.reshape(-1, shape[2])[kept], near) for tile in tiles]
    np.testing.assert_allclose(found.autocorrelation, expected, atol=1e-10)


@pytest.mark.parametrize("channels", [1, 2])
def test_mean_and_variance_are_those_of_all_permutations(channels):
    pixels = np.random.default_rng(2).exponential(size=(6, channels))
    near = neighbours((2, 3), np.ones(6, dtype=bool))
    values = [moran(pixels[list(order)], near) for order in itertools.permutations(range(6))]
    assert np.mean(values) == pytest.approx(-1 / 5)
    z = (moran(pixels, near) - np.mean(values)) / np.std(values)
    found = spatial_structure(pixels.reshape(1, -1), image_shape=(2, 3, channels))
    assert found.p_value[0] == pytest.approx(norm.sf(z), rel=1e-9)


def test_the_variance_is_cliff_and_ords():
    near = neighbours((12, 12), np.ones(144, dtype=bool))
    tile = NOISE[0] ** 3
    n, z = 144, tile - tile.mean()
    s0, s1 = near.sum(), ((near + near.T) ** 2).sum() / 2
    s2 = ((near.sum(axis=0) + near.sum(axis=1)) ** 2).sum()
    kurtosis = n * (z**4).sum() / (z**2).sum() ** 2
    second = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second -= kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = second / ((n - 1) * (n - 2) * (n - 3) * s0**2) - 1 / (n - 1) ** 2
    found = spatial_structure(tile[None])
    expected = norm.sf((found.autocorrelation[0] + 1 / (n - 1)) / np.sqrt(variance))
    assert found.p_value[0] == pytest.approx(expected, rel=1e-9)


def test_random_permutations_count_what_all_permutations_hold():
    pixels = np.array([[3.0], [2.0], [0.0], [2.5], [1.0], [0.5]])
    near = neighbours((2, 3), np.ones(6, dtype=bool))
    values = [moran(pixels[list(order)], near) for order in itertools.permutations(range(6))]
    share = np.mean(np.array(values) >= moran(pixels, near) - 1e-12)
    options = {"image_shape": (2, 3), "n_permutations": 999}
    found = spatial_structure(pixels.T, random_state=0, **options).p_value[0]
    low, high = binom.ppf([1e-4, 1 - 1e-4], 999, share)
    assert (1 + low) / 1000 <= found <= (1 + high) / 1000
    assert found == spatial_structure(pixels.T, random_state=0, **options).p_value[0]
    assert found != spatial_structure(pixels.T, random_state=1, **options).p_value[0]


def test_noise_has_uniform_p_values_and_no_structure():
    found = spatial_structure(NOISE)
    assert kstest(found.p_value, "uniform").pvalue > 0.01
    assert found.share == 0
    assert spatial_structure(NOISE, least_autocorrelation=-1).share == 0
    counted = spatial_structure(NOISE[:20], n_permutations=400, random_state=0)
    np.testing.assert_allclose(counted.p_value, found.p_value[:20], atol=0.1)


@pytest.mark.parametrize(("stroke", "share"), [(1, 0.0), (2, 1.0), (3, 1.0)])
def test_a_stroke_of_two_pixels_is_a_pattern_and_of_one_is_none(stroke, share):
    lines = np.random.default_rng(3).normal(size=(20, 180 // stroke, 1))
    tiles = np.broadcast_to(np.repeat(lines, stroke, axis=1), (20, 180, 180))
    found = spatial_structure(tiles.reshape(20, -1))
    assert found.autocorrelation.mean() == pytest.approx(1 - 1 / (2 * stroke), abs=0.02)
    assert found.share == share
    assert spatial_structure(tiles.reshape(20, -1), least_autocorrelation=0.35).share == 1


def test_a_weak_correlation_is_significant_but_no_pattern():
    tiles = NOISE.reshape(-1, 12, 12) + 0.4 * np.roll(NOISE.reshape(-1, 12, 12), 1, axis=1)
    found = spatial_structure(tiles.reshape(-1, 144))
    assert (found.p_value < 0.01).mean() > 0.5
    assert found.share == 0


def test_what_the_mask_leaves_out_is_never_read():
    mask = np.zeros((12, 12), dtype=bool)
    mask[3:9, 2:10] = True
    tiles = NOISE[:5].reshape(5, 12, 12).copy()
    tiles[:, 3:9, 2:6] += 4
    rows = tiles.reshape(5, 144)
    found = spatial_structure(rows, mask=mask.ravel())
    other = spatial_structure(np.where(mask.ravel(), rows, 1e3), mask=mask.ravel())
    np.testing.assert_array_equal(found.autocorrelation, other.autocorrelation)
    np.testing.assert_array_equal(found.p_value, other.p_value)
    assert found.share == 1
    assert spatial_structure(rows).share < 1


def test_scale_shift_and_turning_change_nothing():
    rows = np.arange(3.0)[:, None] * 0.3 + NOISE[:3, :60]
    turned = rows.reshape(3, 6, 10).swapaxes(1, 2).reshape(3, 60)
    one = spatial_structure(rows, image_shape=(6, 10))
    for other, shape in ((-1e-6 * rows + 5e-6, (6, 10)), (turned, (10, 6))):
        found = spatial_structure(other, image_shape=shape)
        np.testing.assert_allclose(found.autocorrelation, one.autocorrelation, atol=1e-9)
        np.testing.assert_allclose(found.p_value, one.p_value, atol=1e-9)


@pytest.mark.parametrize("n_permutations", [0, 10])
@pytest.mark.parametrize("value", [0.0, 1.1])
def test_a_constant_tile_has_no_structure(value, n_permutations):
    rows = np.vstack([np.full(144, value, dtype=np.float32), NOISE[0]])
    found = spatial_structure(rows, n_permutations=n_permutations, random_state=0)
    assert (found.autocorrelation[0], found.p_value[0]) == (0, 1)
    assert isinstance(found, SpatialStructure)
    assert 0 < found.p_value[1] < 1


def test_false_discoveries_are_held_to_the_rate():
    tiles = NOISE.reshape(-1, 12, 12).copy()
    tiles[:100, 5:8] += 3
    options = {"least_autocorrelation": -1, "false_discovery_rate": 0.2}
    called = spatial_structure(tiles.reshape(-1, 144), **options).structured
    assert called[:100].all()
    assert 0 < called[100:].sum() <= 0.3 * called.sum()
    assert spatial_structure(tiles.reshape(-1, 144), least_autocorrelation=-1).share < called.mean()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"image_shape": (5, 5)}, InvalidParameterError, "product of 144"),
        ({"least_autocorrelation": 2}, InvalidParameterError, "`least_autocorrelation`"),
        ({"false_discovery_rate": 0}, InvalidParameterError, "`false_discovery_rate`"),
        ({"n_permutations": -1}, InvalidParameterError, "`n_permutations`"),
        ({"random_state": "no"}, InvalidParameterError, "`random_state`"),
        ({"mask": np.ones(144)}, InvalidDataError, "144 values of type float64"),
        ({"mask": np.ones(9, dtype=bool)}, InvalidDataError, "each of the 144 weights"),
        ({"mask": np.arange(144) < 3}, InvalidDataError, "at least 4 pixels that count.*got 3"),
        ({"mask": np.arange(144) % 26 == 0}, InvalidDataError, "side by side; got 6 of 144"),
    ],
)
def test_bad_input_is_named(options, error, message):
    with pytest.raises(error, match=message):
        spatial_structure(NOISE[:2], **options)


# --------------------------------------------------------------------------- peak signal to noise


def scikit_images(image, test, data_range):
    """`skimage.metrics.peak_signal_noise_ratio`, written out."""
    return 10 * np.log10(data_range**2 / np.mean((image - test) ** 2))


@pytest.mark.parametrize("data_range", [1, 255.0])
def test_the_ratio_is_the_mean_of_scikit_images(data_range):
    rng = np.random.default_rng(0)
    X = rng.random((5, 30)) * data_range
    Y = X + rng.normal(size=X.shape) * rng.random((5, 1)) * data_range
    found = peak_signal_to_noise_ratio(X, Y, data_range=data_range)
    rows = [scikit_images(x, y, data_range) for x, y in zip(X, Y, strict=True)]
    assert found == pytest.approx(np.mean(rows))
    assert found > scikit_images(X, Y, data_range)


def test_the_ratio_of_integers_and_of_what_came_back_exactly():
    X = np.array([[0, 255]], dtype=np.uint8)
    assert peak_signal_to_noise_ratio(X, 255 - X, data_range=255) == pytest.approx(0)
    assert peak_signal_to_noise_ratio(X, X, data_range=255) == np.inf
    with pytest.raises(InvalidParameterError, match="`data_range` must be a number > 0; got 0"):
        peak_signal_to_noise_ratio(X, X, data_range=0)
