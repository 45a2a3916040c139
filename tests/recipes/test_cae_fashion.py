"""The convolutional autoencoder of garments: its measure of light and shade, and the recipe."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.estimators import Autoencoder
from inscape.networks import Convolutional
from inscape.recipes import RECIPES, cae_fashion
from inscape.recipes.cae_fashion import CHANGES, answer, light_and_shade
from inscape.recipes.cae_fashion import light_and_shade_kept as kept

SHAPE = (28, 28)
SHARE = "share of light and shade that comes back"


@pytest.fixture(scope="module")
def garments():
    """Discs of random texture on black, of several sizes."""
    rows, columns = np.indices(SHAPE) - 13.5
    distance = np.hypot(rows, columns)
    rng = np.random.default_rng(0)
    pictures = [rng.uniform(0.2, 0.8, SHAPE) * (distance < radius) for radius in (5, 8, 11.5)]
    return np.stack(pictures).reshape(3, -1)


# --------------------------------------------------------------------------- the measure


def test_all_light_and_shade_is_in_the_original_and_none_in_a_flat_garment(garments):
    assert kept(garments, garments, image_shape=SHAPE) == pytest.approx(1)
    flat = np.where(garments > 0, 0.6, 0.0)
    assert kept(garments, flat, image_shape=SHAPE) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("factor", [-0.5, 0.25, 2.0])
def test_what_comes_back_paler_counts_by_its_factor(garments, factor):
    # Whatever its brightness is, and whatever lies outside.
    outside = np.random.default_rng(1).random(garments.shape)
    pale = np.where(garments > 0, 0.3 + factor * garments, outside)
    assert kept(garments, pale, image_shape=SHAPE) == pytest.approx(factor)


def test_detail_that_is_not_the_original_s_counts_nothing():
    rng = np.random.default_rng(0)
    one, other = rng.uniform(0.2, 0.8, size=(2, 400, 784))
    assert kept(one, other, image_shape=SHAPE) == pytest.approx(0, abs=0.01)


def test_light_and_shade_is_the_pixel_less_the_mean_around_it_inside_the_garment(garments):
    detail, inside = light_and_shade(garments, garments, image_shape=SHAPE)
    images, garment = garments.reshape(-1, *SHAPE), garments.reshape(-1, *SHAPE) > 0
    offsets = np.arange(-8, 9)  # four widths of two pixels
    window = np.exp(-0.5 * (offsets / 2) ** 2)
    window = np.outer(window, window)
    for k, (y, x) in ((0, (13, 13)), (1, (9, 17)), (2, (13, 4)), (2, (20, 20))):
        around = np.zeros(SHAPE, dtype=bool)
        for i in range(1, 27):
            for j in range(1, 27):
                around[i, j] = garment[k, i - 1 : i + 2, j - 1 : j + 2].all()
        assert around[y, x]
        np.testing.assert_array_equal(inside[k].reshape(SHAPE), around)
        padded = [np.pad(array, 8, mode="symmetric") for array in (images[k] * around, around)]
        total, weight = (
            (window * array[y : y + 17, x : x + 17]).sum(dtype=float) for array in padded
        )
        expected = images[k, y, x] - total / weight
        assert detail[k].reshape(SHAPE)[y, x] == pytest.approx(expected, abs=1e-9)
    assert not detail[inside == 0].any()


def test_pictures_without_a_garment_have_no_light_and_shade():
    black = np.zeros((2, 784), dtype=np.float32)
    detail, inside = light_and_shade(black, black, image_shape=SHAPE)
    assert not detail.any()
    assert not inside.any()


def test_the_answer_names_the_single_change_that_wins_most_and_what_it_is_worth():
    shares = {"As the source": 0.11, **dict.fromkeys((c.name for c in CHANGES), 0.1)}
    shares |= {"Dense 128": 0.3, "Both widths": 0.4, "64 latents": -0.001}
    text = answer(shares, longer={"Inscape": 0.24}, nats=12.34, of=41)
    assert "Of the single changes the most is won by Dense 128." in text
    assert "after one epoch: As the source 11%, Squared error 10%, 64 latents 0%" in text
    assert "after 3 epochs: Inscape 24%." in text
    assert "cost 12.3 nats more than perfect ones, of the 41.0" in text


# --------------------------------------------------------------------------- the recipe


@pytest.fixture(scope="module")
def found(reproduced):
    return reproduced("cae-fashion")[0]


def test_it_is_a_recipe_of_fashion_mnist():
    assert RECIPES["cae-fashion"] == cae_fashion.__name__
    assert cae_fashion.DATA == "fashion-mnist"


def test_the_references_are_those_of_the_source(found):
    rows = {r.experiment: r.reference for r in found.results if r.metric == "nats a picture"}
    training = [rows[f"training, epoch {epoch}"] for epoch in (1, 2, 3)]
    test = [rows[f"test, epoch {epoch}"] for epoch in (1, 2, 3)]
    assert training == [255.9, 239.1, 236.8]
    assert test == [242.4, 239.2, 237.7]


def test_the_first_epoch_is_a_training_of_one_epoch(found):
    model = Autoencoder(
        20,
        network=Convolutional(channels=(32, 64), dense=(16,), bias="torch_default"),
        likelihood="bernoulli",
        optimizer="adam",
        learning_rate=1e-3,
        batch_size=32,
        epochs=1,
        random_state=0,
    ).fit(found.X_train)
    rows = {(r.experiment, r.metric): r.measured for r in found.results}
    assert rows["training, epoch 1", "nats a picture"] == model.history_[1]["loss"]
    expected = -model.score(found.X_test)
    assert rows["test, epoch 1", "nats a picture"] == pytest.approx(expected, rel=1e-5)


def test_every_change_has_its_nats_and_its_share_beside_the_source_s(found):
    shares = [r for r in found.results if r.metric == SHARE]
    assert len(shares) == len(CHANGES) + 4
    base = {r.reference for r in shares if "the source's 1 epoch" in r.experiment}
    assert len(base) == 1
    longer = next(r for r in shares if r.experiment.startswith("3 epochs"))
    ours = next(r for r in shares if r.experiment.startswith("Inscape, 3 epochs"))
    assert ours.reference == longer.measured


def test_more_numbers_keep_more_light_and_shade_in_pca(found):
    shares = {r.experiment[:9]: r.measured for r in found.results if r.metric == SHARE}
    assert shares["PCA of 20"] < shares["PCA of 64"] < 1


def test_the_figures_show_one_picture_of_each_class(found):
    assert list(found.figures) == [
        "samples.png",
        "losses.png",
        "single_pictures.png",
        "light_and_shade.png",
        "light_and_shade_alone.png",
    ]
    sheet = found.figures["light_and_shade.png"][0]
    texts = [text.get_text() for text in sheet.axes[0].texts]
    assert texts[0] == "Original"
    assert texts[1::2] == [
        "As the source",
        *(change.name for change in CHANGES),
        "PCA of 20",
        "PCA of 64",
    ]
    assert all(text.endswith("% of light, shade") for text in texts[2::2])
    assert found.figures["light_and_shade.png"][1].startswith("Why are light and shade lost?")
