"""New rows at the command line: those of the model, with the training rows nearest to them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import cdist

import inscape
from inscape import data, figures
from inscape.cli import main
from inscape.figures._drawing.style import png

QUICK = ("--hidden", "8", "--epochs", "1")
RNG = np.random.default_rng(0)
# Raw units and offsets.
X = RNG.normal(size=(120, 3)) * [1, 1e4, 0.01] + [0, 1e6, -5]
KINDS = np.array(["pear", "apple", "fig"])[np.arange(120) % 3]


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def read(path: Path) -> dict[str, list[str]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Runs of pictures, plain and variational, and of a table whose model is told labels."""
    root = tmp_path_factory.mktemp("samples")
    with (root / "table.csv").open("w") as file:
        csv.writer(file).writerows([["a", "b", "c", "kind"]])
        csv.writer(file).writerows([*row, kind] for row, kind in zip(X, KINDS, strict=True))
    told = ("--model", "CVAE", "--target", "kind")
    assert call("fit", "digits", *QUICK, "--run", root / "plain") == 0
    assert call("fit", "digits", "--model", "VAE", *QUICK, "--run", root / "vae") == 0
    assert call("fit", root / "table.csv", *told, *QUICK, "--run", root / "told") == 0
    return root


def test_rows_are_the_models_with_the_training_rows_beside_them(room, tmp_path, capsys):
    out = tmp_path / "new.csv"
    assert call("sample", room / "vae", "--n", 9, "--random-state", 3, "--output", out) == 0
    said = capsys.readouterr().out
    train = data.load("digits").train.X
    rows = inscape.load(room / "vae").sample(9, random_state=3)
    found = read(out)
    names = list(data.load("digits").feature_names)
    assert list(found) == ["nearest_training_row", "distance", "usual_distance", *names]
    written = np.array([found[name] for name in names], dtype=np.float32).T
    np.testing.assert_allclose(written, rows, atol=1e-6)
    D, among = cdist(rows, train), cdist(train, train)
    np.fill_diagonal(among, np.inf)
    assert list(map(int, found["nearest_training_row"])) == D.argmin(axis=1).tolist()
    np.testing.assert_allclose(np.array(found["distance"], float), D.min(axis=1), rtol=1e-5)
    usual = among.min(axis=1)[D.argmin(axis=1)]
    np.testing.assert_allclose(np.array(found["usual_distance"], float), usual, rtol=1e-5)
    assert f"Drew 9 rows from the prior in {out}" in said
    assert f"{len(train):,} training rows" in said
    assert call("sample", room / "vae", "--n", 9, "--random-state", 3, "--output", out) == 2
    told = ("--n", 9, "--random-state", 4, "--output", out, "--overwrite")
    assert call("sample", room / "vae", *told) == 0
    assert read(out)["pixel_3_3"] != found["pixel_3_3"]


def test_a_model_without_a_prior_gets_a_density_of_its_codes(room, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert call("sample", room / "plain", "--n", 20, "--output", "rows.npy") == 0
    assert "from the mixture in rows.npy" in capsys.readouterr().out
    model, train = inscape.load(room / "plain"), data.load("digits").train
    model.fit_sampler(train, 'mixture(n_mixture_components=10, covariance="full")', random_state=0)
    np.testing.assert_array_equal(np.load("rows.npy"), model.sample(20, random_state=0))
    assert call("sample", room / "plain", "--from", "prior") == 2
    assert "has no prior" in capsys.readouterr().err


def test_pictures_stand_on_a_sheet_above_their_nearest(room, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sheets = []
    draw = figures.sample_rows
    # No test of commands draws but this one.
    monkeypatch.setattr(figures, "png", png)
    monkeypatch.setattr(
        figures,
        "sample_rows",
        lambda rows, **told: sheets.append((rows, told)) or draw(rows, **told),
    )
    assert call("sample", room / "vae", "--n", 20) == 0
    assert Image.open(io.BytesIO(Path("samples.png").read_bytes())).format == "PNG"
    [(rows, told)] = sheets
    assert rows.shape == (4, 16, 64)
    drawn = np.concatenate([rows[0], rows[2]])[:20]
    np.testing.assert_array_equal(drawn, inscape.load(room / "vae").sample(20, random_state=0))
    train = data.load("digits").train.X
    nearest = np.concatenate([rows[1], rows[3]])[:20]
    np.testing.assert_array_equal(nearest, train[cdist(drawn, train).argmin(axis=1)])
    assert told["names"] == ["drawn 0 to 15", "nearest row", "drawn 16 to 19", "nearest row"]


def test_a_conditional_model_is_told_a_label_or_those_of_rows(room, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert call("sample", room / "told", "--n", 40) == 0
    found = read(tmp_path / "samples.csv")
    assert next(iter(found)) == "kind"
    assert set(found["kind"]) == {"pear", "apple", "fig"}
    # Of columns in their own units the second alone would say what is near.
    deviations = np.array(found["distance"], float)
    assert np.median(deviations) < 3
    assert call("sample", room / "told", "--n", 5, "--label", "fig", "--output", "figs.csv") == 0
    assert call("sample", room / "told", "--label", "plum", "--output", "plums.csv") == 2
    assert "plum" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("plain", "--n", "0"), "`n` must be an integer >= 1; got 0"),
        (("plain", "--output", "rows.txt"), "must end in .png, .csv or .npy; got 'rows.txt'"),
        (("told", "--output", "rows.png"), "must be pictures to be drawn on a sheet"),
        (("plain", "--label", "3"), "`label` must be left out"),
        (("nowhere",), "nowhere"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(room, tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    name, *rest = arguments
    assert call("sample", room / name, *rest) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []
