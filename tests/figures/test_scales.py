"""The spread scale: its formula and inverse, and that all of a figure is drawn by it."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Circle

from inscape import figures
from inscape._errors import InvalidParameterError
from inscape.figures._drawing.panels import draw_order, limits_around
from inscape.figures._drawing.scales import TrueScale, round_radii, spread_about

CODES = np.random.default_rng(0).standard_t(2, size=(400, 2)) * [3, 0.5] + [1e4, -20]


class _Codes:
    """A representation that decodes a code to the code itself."""

    n_components = 2

    def inverse_transform(self, codes):
        return np.asarray(codes)


class _InBall(_Codes):
    class code_space_:
        kind = "poincare_ball"


def _by_hand(codes, about):
    """A radial asinh about the median code, point by point."""
    centre = np.median(about, axis=0)
    unit = 0.22 * np.median([np.hypot(*(code - centre)) for code in about])
    placed = []
    for code in codes:
        x, y = code - centre
        angle, radius = np.arctan2(y, x), np.arcsinh(np.hypot(x, y) / unit)
        placed.append([radius * np.cos(angle), radius * np.sin(angle)])
    return np.array(placed)


@pytest.mark.parametrize("factor", [1, 1e-6, 1e6])
def test_the_formula_and_its_inverse(factor):
    codes = CODES * factor
    scale = spread_about(codes)
    points = scale.to_plane(codes)
    np.testing.assert_allclose(points, _by_hand(codes, codes), rtol=1e-6)
    np.testing.assert_allclose(scale.to_codes(points), codes, rtol=1e-12)
    np.testing.assert_array_equal(scale.to_plane(np.median(codes, axis=0)[None]), [[0, 0]])
    corner = np.array([[5.0, -7.0]])
    np.testing.assert_allclose(scale.to_plane(scale.to_codes(corner)), corner, rtol=1e-6)


@pytest.mark.parametrize("codes", [np.ones((5, 2)), np.eye(2)[[0] * 9 + [1]], [[0.0, 1.0]]])
def test_codes_that_are_all_or_mostly_one_have_a_unit_too(codes):
    codes = np.array(codes)
    scale = spread_about(codes)
    assert scale.unit > 0
    np.testing.assert_allclose(scale.to_codes(scale.to_plane(codes)), codes, atol=1e-12)


def test_points_rings_and_grid_share_the_scale(small_png):
    figure = figures.map_and_grid(_Codes(), CODES, image_shape=(1, 2), n=4)
    left, right = figure.axes
    points = left.collections[0].get_offsets()
    np.testing.assert_allclose(points, _by_hand(CODES, CODES)[draw_order(400)], atol=1e-7)
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    # None is cut off, however far it lies.
    assert np.abs(CODES - np.median(CODES, axis=0)).max() > 50
    for axis, limits in enumerate((left.get_xlim(), left.get_ylim())):
        assert limits[0] < points[:, axis].min()
        assert points[:, axis].max() < limits[1]
    sheet = np.asarray(right.get_images()[0].get_array())
    decoded = np.stack([sheet[:, 0::2], sheet[:, 1::2]], axis=-1).reshape(-1, 2)
    (x0, x1), (y0, y1) = right.get_xlim(), right.get_ylim()
    steps = (np.arange(4) + 0.5) / 4
    middles = [(x0 + (x1 - x0) * a, y1 + (y0 - y1) * b) for b in steps for a in steps]
    np.testing.assert_allclose(_by_hand(decoded, CODES), middles, atol=1e-6)
    words = {text.get_text(): text for text in left.texts}
    rings = [patch for patch in left.patches if isinstance(patch, Circle)]
    assert len(rings) >= 2
    unit = spread_about(CODES).unit
    for ring in rings:
        radius = np.sinh(ring.get_radius()) * unit
        assert f"{radius:g}" in words
    assert any("spread scale" in word for word in words)
    assert not left.get_xticks().size
    small_png(figure)


def test_the_true_scale_is_there_by_option_and_with_limits():
    order = draw_order(400)
    for options in ({"scale": "true"}, {"limits": ((-1, 1), (-1, 1))}):
        ax = figures.latent_map(CODES, **options).axes[0]
        np.testing.assert_array_equal(ax.collections[0].get_offsets(), CODES[order])
        assert not any("spread" in text.get_text() for text in ax.texts)
        assert ax.get_xticks().size
    with pytest.raises(InvalidParameterError, match="must be 'true' where the frame is given"):
        figures.latent_map(CODES, scale="spread", limits=((-1, 1), (-1, 1)))
    with pytest.raises(InvalidParameterError, match="scale"):
        figures.latent_map(CODES, scale="log")


def test_codes_of_a_curved_space_keep_their_own_distances():
    codes = np.random.default_rng(0).uniform(-0.6, 0.6, size=(50, 2))
    ax = figures.map_and_grid(_InBall(), codes, image_shape=(1, 2), n=3).axes[0]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), codes[draw_order(50)])


def test_below_200_rows_no_point_is_cut_off():
    for n, outside in ((199, 0), (400, 1)):
        (left, right), _ = limits_around(CODES[:n], outside=0.01, margin=0)
        cut = (CODES[:n, 0] < left) | (CODES[:n, 0] > right)
        assert (cut.sum() > 0) == outside


def test_every_pair_and_both_maps_are_spread():
    wide = np.column_stack([CODES, CODES[:, ::-1] * 2])
    drawn = [ax for ax in figures.latent_map(wide).axes if ax.collections]
    pair = wide[:, [1, 3]]
    points = drawn[4].collections[0].get_offsets()
    np.testing.assert_allclose(points, _by_hand(pair, pair)[draw_order(400)], atol=1e-7)
    for ax in figures.before_after(CODES, CODES).axes:
        points = ax.collections[0].get_offsets()
        np.testing.assert_allclose(points, _by_hand(CODES, CODES)[draw_order(400)], atol=1e-7)


@pytest.mark.parametrize("unit", [1e-8, 0.3, 7.0, 1e9])
@pytest.mark.parametrize("reach", [0.5, 3.0, 20.0, 1000.0])
def test_rings_have_round_radii_in_reach(unit, reach):
    radii = round_radii(unit, reach)
    assert len(radii) <= 5
    for radius in radii:
        mantissa = radius / 10 ** np.floor(np.log10(radius) + 1e-9)
        assert min(abs(mantissa - step) for step in (1, 2, 5)) < 1e-9
        assert unit <= radius
        assert np.arcsinh(radius / unit) <= reach


def test_the_true_scale_changes_nothing():
    np.testing.assert_array_equal(TrueScale().to_plane(CODES), CODES)
    np.testing.assert_array_equal(TrueScale().to_codes(CODES), CODES)
