"""The room `corruptions`: exact counts, brute force and scipy against every draw."""

from __future__ import annotations

import json
import math
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from inscape._errors import InvalidParameterError
from inscape._parts import describe_part, resolve_part
from inscape.corruptions import (
    CORRUPTIONS,
    Corruption,
    GaussianNoise,
    OccludingRectangle,
    PixelShuffle,
    Rotation,
    SaltAndPepper,
    ZeroMasking,
    choice,
)
from inscape.corruptions.choice import choose, random_bits

DRAWN = sorted(set(CORRUPTIONS) - {"pixel_shuffle"})
OTHERS: dict[str, Corruption] = {
    "zero_masking": ZeroMasking(share=0.45, fixed=True),
    "salt_and_pepper": SaltAndPepper(share=0.3, low=-1.5, high=2.5),
    "gaussian_noise": GaussianNoise(scale=1.25, fixed=True),
    "occluding_rectangle": OccludingRectangle(
        height=0.25, width=1.0, value=0.5, image_shape=(4, 4)
    ),
    "rotation": Rotation(degrees=30.0, image_shape=(2, 4, 2)),
    "pixel_shuffle": PixelShuffle(seed=7),
}
PARTS = [
    pytest.param(part, id=f"{word}-{kind}")
    for word in CORRUPTIONS
    for kind, part in (("default", CORRUPTIONS[word]()), ("other", OTHERS[word]))
]


def numbers(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_rows(n_rows: int = 6, n_features: int = 16, dtype=torch.float32) -> torch.Tensor:
    """Rows above 0, so that a zero is always a corrupted feature."""
    return 0.1 + torch.rand(n_rows, n_features, generator=numbers(99), dtype=dtype)


# --------------------------------------------------------------------------- every corruption


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n_rows", [0, 1, 6])
@pytest.mark.parametrize("part", PARTS)
def test_a_corruption_gives_new_rows_of_the_same_kind(part, n_rows, dtype):
    rows = some_rows(n_rows, dtype=dtype)
    before = rows.clone()
    corrupted = part(rows, generator=numbers())
    assert corrupted.shape == rows.shape
    assert corrupted.dtype == dtype
    assert corrupted.device == rows.device
    assert torch.isfinite(corrupted).all()
    corrupted.fill_(-9)
    assert torch.equal(rows, before)


@pytest.mark.parametrize("part", PARTS)
def test_the_same_state_gives_the_same_bits(part):
    rows = some_rows()
    assert torch.equal(part(rows, generator=numbers(3)), part(rows, generator=numbers(3)))


@pytest.mark.parametrize("word", DRAWN)
def test_another_state_and_another_row_give_other_draws(word):
    rows = some_rows(1, 64).expand(6, 64)
    generator = numbers()
    first, second = (CORRUPTIONS[word]()(rows, generator=generator) for _ in range(2))
    assert not torch.equal(first, second)
    assert len(first.unique(dim=0)) > 1


@pytest.mark.parametrize("part", PARTS)
def test_nothing_global_is_drawn_from(part):
    ours, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    part(some_rows(), generator=numbers())
    assert torch.equal(torch.get_rng_state(), ours)
    assert np.array_equal(np.random.get_state()[1], numpys)  # noqa: NPY002


@pytest.mark.parametrize("part", PARTS)
def test_a_row_does_not_depend_on_the_values_of_the_others(part):
    rows = some_rows()
    others = rows.clone()
    others[2] = 5.0
    one, two = (part(some, generator=numbers()) for some in (rows, others))
    same = [0, 1, 3, 4, 5]
    assert torch.equal(one[same], two[same])
    assert not torch.equal(one[2], two[2])


@pytest.mark.parametrize("part", PARTS)
def test_rows_may_lie_in_memory_in_any_order(part):
    rows = some_rows()
    spread = rows.T.contiguous().T
    assert not spread.is_contiguous()
    assert torch.equal(part(spread, generator=numbers()), part(rows, generator=numbers()))


@pytest.mark.parametrize("part", PARTS)
def test_a_corruption_comes_back_from_json(part):
    described = json.loads(json.dumps(describe_part(part)))
    assert described["type"] in CORRUPTIONS
    again = resolve_part("corruption", described, CORRUPTIONS)
    assert again == part
    assert hash(again) == hash(part)


@pytest.mark.parametrize("word", CORRUPTIONS)
def test_a_word_is_the_part_without_arguments(word):
    part = resolve_part("corruption", word, CORRUPTIONS)
    assert part == CORRUPTIONS[word]()
    assert isinstance(part, Corruption)
    assert part.fixed is False


# --------------------------------------------------------------------------- choose

sizes = st.integers(0, 12), st.integers(1, 200)


@given(n_rows=sizes[0], n_features=sizes[1], share=st.floats(0, 1), seed=st.integers(0, 99))
@example(n_rows=2, n_features=5, share=0.5, seed=0)
@settings(max_examples=100, deadline=None)
def test_the_number_of_masked_features_is_exact(n_rows, n_features, share, seed):
    rows = some_rows(n_rows, n_features)
    masked = ZeroMasking(share=share)(rows, generator=numbers(seed))
    zero = masked == 0
    assert (zero.sum(dim=1) == round(share * n_features)).all()
    assert torch.equal(masked[~zero], rows[~zero])


@pytest.mark.parametrize("n_features", [4096, 4097, 20_000])
@pytest.mark.parametrize("n_chosen", [0, 1, 1000, 4095])
def test_the_number_is_exact_in_wide_rows(n_features, n_chosen):
    chosen = choose(torch.zeros(20, n_features), n_chosen, generator=numbers())
    assert (chosen.sum(dim=1) == n_chosen).all()
    assert set(chosen.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("tied", [False, True])
def test_every_choice_is_equally_likely_even_with_ties(tied, monkeypatch):
    if tied:
        # Keys of two bits only: most rows tie, and have to be drawn again.
        monkeypatch.setattr(
            choice,
            "random_bits",
            lambda *size, generator: random_bits(*size, generator=generator) & 3,
        )
    chosen = choose(torch.zeros(30_000, 5), 2, generator=numbers())
    assert (chosen.sum(dim=1) == 2).all()
    codes = (chosen @ (2.0 ** torch.arange(5))).long()
    pairs = [2**i + 2**j for i, j in combinations(range(5), 2)]
    counts = torch.bincount(codes, minlength=32)[pairs]
    assert counts.sum() == 30_000
    assert stats.chisquare(counts.numpy()).pvalue > 1e-3


def test_one_row_tells_nothing_of_the_next():
    chosen = choose(torch.zeros(20_000, 4), 2, generator=numbers())
    both = (chosen[:-1] * chosen[1:]).mean(dim=0)
    torch.testing.assert_close(both, torch.full((4,), 0.25), atol=0.015, rtol=0)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int16, torch.int32])
def test_every_bit_is_a_fair_coin(dtype):
    drawn = random_bits(1001, 33, dtype, generator=numbers())
    assert drawn.shape == (1001, 33)
    assert drawn.dtype == dtype
    ones = [((drawn >> k) & 1).double().mean().item() for k in range(8 * dtype.itemsize)]
    np.testing.assert_allclose(ones, 0.5, atol=5 * 0.5 / math.sqrt(drawn.numel()))


# --------------------------------------------------------------------------- noise


@given(share=st.floats(0, 1), n_features=st.integers(1, 100), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_salt_and_pepper_hits_an_exact_number(share, n_features, seed):
    rows = some_rows(5, n_features)
    corrupted = SaltAndPepper(share=share, low=-0.3, high=7.1)(rows, generator=numbers(seed))
    salt, pepper = (corrupted == np.float32(value) for value in (7.1, -0.3))
    assert ((salt | pepper).sum(dim=1) == round(share * n_features)).all()
    assert torch.equal(corrupted[~salt & ~pepper], rows[~salt & ~pepper])


def test_salt_is_as_likely_as_pepper_and_the_coins_are_independent():
    rows = torch.full((500, 100), 0.5)
    corrupted = SaltAndPepper(share=0.4)(rows, generator=numbers())
    salt = (corrupted == 1).sum(dim=1).numpy()
    # 40 coins a row: the mean and the variance of the heads.
    assert stats.binomtest(int(salt.sum()), 500 * 40).pvalue > 1e-3
    assert salt.var() == pytest.approx(10, rel=0.25)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_noise_is_normal_and_is_not_clipped(dtype):
    rows = some_rows(50, 400, dtype)
    noise = GaussianNoise(scale=0.3)(rows, generator=numbers()) - rows
    assert noise.std().item() == pytest.approx(0.3, rel=0.02)
    assert stats.kstest(noise.flatten().numpy(), stats.norm(0, 0.3).cdf).pvalue > 1e-3
    neighbours = np.corrcoef(noise[:, :-1].flatten(), noise[:, 1:].flatten())[0, 1]
    assert abs(neighbours) < 0.03
    assert (rows + noise).min() < 0


@pytest.mark.parametrize(
    "part", [ZeroMasking(share=0), SaltAndPepper(share=0), GaussianNoise(scale=0)]
)
def test_no_corruption_at_all_is_the_identity(part):
    rows = some_rows()
    assert torch.equal(part(rows, generator=numbers()), rows)


def test_all_of_a_row_can_be_corrupted():
    rows = some_rows()
    assert (ZeroMasking(share=1)(rows, generator=numbers()) == 0).all()
    speckles = SaltAndPepper(share=1, low=-1, high=2)(rows, generator=numbers())
    assert set(speckles.unique().tolist()) == {-1.0, 2.0}


# --------------------------------------------------------------------------- rectangles


@pytest.mark.parametrize("shape", [(6, 6), (5, 9), (7, 4, 3)])
@pytest.mark.parametrize(("height", "width"), [(0.5, 0.5), (0.01, 1.0), (0.7, 0.3)])
def test_the_hidden_part_is_a_rectangle_of_its_size_in_all_channels(shape, height, width):
    rows = some_rows(40, math.prod(shape))
    part = OccludingRectangle(height=height, width=width, value=-2.0, image_shape=shape)
    corrupted = part(rows, generator=numbers())
    hidden = (corrupted == -2).view(40, shape[0], shape[1], -1)
    assert torch.equal(corrupted[~hidden.view(40, -1)], rows[~hidden.view(40, -1)])
    assert (hidden == hidden[..., :1]).all()
    sides = max(1, round(height * shape[0])), max(1, round(width * shape[1]))
    for picture in hidden[..., 0]:
        down, across = picture.nonzero(as_tuple=True)
        assert (int(down.max() - down.min()) + 1, int(across.max() - across.min()) + 1) == sides
        assert len(down) == math.prod(sides)


def test_every_place_of_the_rectangle_is_equally_likely():
    rows = torch.ones(24_000, 5 * 6)
    part = OccludingRectangle(height=0.4, width=0.5, image_shape=(5, 6))
    hidden = part(rows, generator=numbers()) == 0
    first = hidden.int().argmax(dim=1)
    down, across = first // 6, first % 6
    counts = torch.bincount(4 * down + across, minlength=16)
    assert len(counts) == 16
    assert stats.chisquare(counts.numpy()).pvalue > 1e-3


# --------------------------------------------------------------------------- rotation


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    """The picture turned by `Rotation`, in its own shape."""
    part = Rotation(image_shape=picture.shape)
    rows = torch.from_numpy(picture.reshape(1, -1))
    return part.turn(rows, torch.tensor([degrees])).numpy().reshape(picture.shape)


def brute_force(picture: np.ndarray, degrees: float) -> np.ndarray:
    """Turn a picture (height, width) pixel by pixel, with a border of zeros around it."""
    height, width = picture.shape
    framed = np.pad(picture, 1)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    result = np.zeros_like(picture)
    for i in range(height):
        for j in range(width):
            r, c = i - (height - 1) / 2, j - (width - 1) / 2
            y = r * cos + c * sin + (height - 1) / 2 + 1
            x = c * cos - r * sin + (width - 1) / 2 + 1
            if not (0 <= y < height + 1 and 0 <= x < width + 1):
                continue
            top, left = math.floor(y), math.floor(x)
            for k, share in ((top, 1 - (y - top)), (top + 1, y - top)):
                result[i, j] += share * (1 - (x - left)) * framed[k, left]
                result[i, j] += share * (x - left) * framed[k, left + 1]
    return result


@pytest.mark.parametrize("shape", [(4, 4), (5, 5), (6, 6, 3), (7, 7, 2)])
@pytest.mark.parametrize("quarters", [-1, 0, 1, 2])
def test_quarter_turns_are_numpys(shape, quarters):
    picture = np.random.default_rng(0).random(shape)
    np.testing.assert_allclose(turned(picture, 90.0 * quarters), np.rot90(picture, quarters))


@pytest.mark.parametrize("degrees", [-150.0, -31.0, 3.0, 45.0, 120.0])
@pytest.mark.parametrize("shape", [(4, 7), (9, 5), (8, 8)])
def test_a_turn_is_the_brute_force(shape, degrees):
    picture = np.random.default_rng(0).random(shape)
    np.testing.assert_allclose(turned(picture, degrees), brute_force(picture, degrees), atol=1e-12)


@pytest.mark.parametrize("degrees", [-70.0, 17.0, 45.0])
@pytest.mark.parametrize("side", [20, 21])
def test_a_turn_is_scipys_in_the_interior(side, degrees):
    picture = np.random.default_rng(0).random((side, side, 2))
    wanted = ndimage.rotate(picture, degrees, order=1, reshape=False)
    inside = np.hypot(*(np.indices((side, side)) - (side - 1) / 2)) < side / 2 - 2
    np.testing.assert_allclose(turned(picture, degrees)[inside], wanted[inside], atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 4), (3, 8), (5, 2, 3)])
def test_no_turn_is_the_identity_and_half_a_turn_flips(shape):
    rows = some_rows(4, math.prod(shape))
    part = Rotation(degrees=0, image_shape=shape)
    torch.testing.assert_close(part(rows, generator=numbers()), rows, rtol=0, atol=1e-5)
    half = part.turn(rows, torch.full((4,), 180.0)).view(4, *shape)
    torch.testing.assert_close(half, rows.view(4, *shape).flip(1, 2), rtol=0, atol=1e-5)


@pytest.mark.parametrize("degrees", [180.0, 20.0])
def test_the_angles_are_uniform(degrees, monkeypatch):
    monkeypatch.setattr(Rotation, "turn", lambda self, rows, angles: angles)
    angles = Rotation(degrees=degrees)(torch.zeros(5000, 4), generator=numbers()).numpy()
    assert stats.kstest(angles, stats.uniform(-degrees, 2 * degrees).cdf).pvalue > 1e-3


# --------------------------------------------------------------------------- shuffle


@given(n_features=st.integers(1, 300), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_shuffle_can_be_undone(n_features, seed):
    part, rows = PixelShuffle(seed=seed), some_rows(3, n_features)
    order = part.permutation(n_features)
    assert order.sort().values.tolist() == list(range(n_features))
    shuffled = part(rows, generator=numbers())
    assert torch.equal(shuffled, rows[:, order])
    assert torch.equal(shuffled[:, order.argsort()], rows)


def test_the_shuffle_is_its_seeds_alone():
    generator = numbers()
    before = generator.get_state()
    rows = some_rows(2, 100)
    first = PixelShuffle()(rows, generator=generator)
    assert torch.equal(generator.get_state(), before)
    assert torch.equal(PixelShuffle(fixed=True)(rows, generator=numbers(5)), first)
    assert not torch.equal(PixelShuffle(seed=1)(rows, generator=numbers()), first)


# --------------------------------------------------------------------------- bad options


@pytest.mark.parametrize(
    ("part", "options", "message"),
    [
        (ZeroMasking, {"share": 1.2}, "`share` must be a number >= 0 and <= 1; got 1.2"),
        (ZeroMasking, {"share": "half"}, "`share` must be a number >= 0 and <= 1; got 'half'"),
        (ZeroMasking, {"fixed": "no"}, "`fixed` must be True or False; got 'no'"),
        (SaltAndPepper, {"share": -0.1}, "`share` must be a number >= 0 and <= 1; got -0.1"),
        (SaltAndPepper, {"low": math.nan}, "`low` must be a number.*; got nan"),
        (SaltAndPepper, {"high": None}, "`high` must be a number.*; got None"),
        (GaussianNoise, {"scale": -1}, "`scale` must be a number >= 0; got -1"),
        (OccludingRectangle, {"height": 0}, "`height` must be a number > 0 and <= 1; got 0"),
        (OccludingRectangle, {"width": 1.5}, "`width` must be a number > 0 and <= 1; got 1.5"),
        (OccludingRectangle, {"value": "grey"}, "`value` must be a number.*; got 'grey'"),
        (OccludingRectangle, {"image_shape": (28,)}, r"`image_shape` must be .*; got \(28,\)"),
        (Rotation, {"degrees": 181}, "`degrees` must be a number >= 0 and <= 180; got 181"),
        (Rotation, {"image_shape": 28}, "`image_shape` must be .*; got 28"),
        (PixelShuffle, {"seed": -1}, "`seed` must be an integer from 0 to 4294967295; got -1"),
        (PixelShuffle, {"seed": 0.5}, "`seed` must be an integer from 0 to 4294967295; got 0.5"),
    ],
)
def test_a_bad_option_is_refused(part, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        part(**options)


@pytest.mark.parametrize("part", [OccludingRectangle, Rotation])
def test_rows_that_are_no_such_pictures_are_refused(part):
    with pytest.raises(InvalidParameterError, match=r"`image_shape` must be .*a product of 12"):
        part()(some_rows(2, 12), generator=numbers())
    with pytest.raises(InvalidParameterError, match=r"a product of 12.*got \(4, 4\)"):
        part(image_shape=(4, 4))(some_rows(2, 12), generator=numbers())


@pytest.mark.parametrize("part", [OccludingRectangle, Rotation])
def test_a_list_will_do_as_the_shape_of_a_picture(part):
    assert hash(part(image_shape=[3, 4])) == hash(part(image_shape=(3, 4)))
    assert part(image_shape=[3, 4]) == part(image_shape=(3, 4))
