"""Tables of strangers on the command line: columns by name, ids beside codes, errors by row."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

import inscape
from inscape import data
from inscape.cli import main

QUICK = ("--hidden", "", "--epochs", "1", "--n-components", "2", "--validation-fraction", "0")


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def frame(n: int, seed: int) -> pandas.DataFrame:
    rng = np.random.default_rng(seed)
    return pandas.DataFrame(
        {
            "id": [f"row-{seed}-{i:03d}" for i in range(n)],
            "island": rng.choice(["Biscoe", "Dream", "Torgersen"], n),
            "born": pandas.date_range("2020", periods=n).strftime("%Y-%m-%d"),
            "size": rng.normal(40, 5, n).round(2),
            "weight": rng.normal(4000, 500, n).round(),
            "species": rng.choice(["Adelie", "Gentoo"], n),
        }
    )


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    table = frame(60, 0)
    table.loc[[3, 17], "weight"] = None
    table.to_csv(folder / "train.csv", index=False)
    options = "--target species --keep id --categories one_hot --dates days --missing mean"
    run = folder / "run"
    told = ("--scaler", "standard", "--run", run)
    assert call("fit", folder / "train.csv", *options.split(), *QUICK, *told) == 0
    return run


def numbers(table: pandas.DataFrame, model) -> np.ndarray:
    """The features of a table as pandas and the saved means make them."""
    weight = table["weight"].fillna(model.description_.means[-1])
    islands = [(table["island"] == word) for word in ("Biscoe", "Dream", "Torgersen")]
    days = (pandas.to_datetime(table["born"]) - pandas.Timestamp(0)).dt.days
    return np.column_stack([*islands, days, table["size"], weight]).astype(np.float32)


def test_columns_are_found_by_name_in_any_order(fitted, tmp_path, capsys):
    model = inscape.load(fitted)
    table = frame(20, 1)
    table.loc[4, "weight"] = None
    expected = model.transform(numbers(table, model))
    shuffled = [["weight", "species", "size", "born", "id", "island"], [*table.columns]]
    for number, names in enumerate(shuffled):
        path = tmp_path / f"{number}.csv"
        table[names].to_csv(path, index=False)
        out = tmp_path / f"codes-{number}.csv"
        assert call("encode", fitted, path, "--keep", "id", "--output", out) == 0
        codes = pandas.read_csv(out)
        assert list(codes.columns) == ["id", "code_0", "code_1"]
        assert list(codes["id"]) == list(table["id"])
        np.testing.assert_allclose(codes[["code_0", "code_1"]], expected, rtol=1e-5, atol=1e-5)
        told = capsys.readouterr().out
        assert "passed over 'species'" in told
        assert "1 missing values are the means of the training rows" in told
    # Neither labels nor ids are needed, and other formats hold the same columns.
    table.drop(columns=["species", "id"]).to_parquet(tmp_path / "2.parquet")
    assert call("encode", fitted, tmp_path / "2.parquet", "--output", tmp_path / "2.npy") == 0
    np.testing.assert_allclose(np.load(tmp_path / "2.npy"), expected, rtol=1e-5, atol=1e-5)


def test_means_are_there_for_later_tables_where_they_were_asked_for(tmp_path, capsys):
    table = pandas.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) % 3})
    table.to_csv(tmp_path / "t.csv", index=False)
    gap = pandas.DataFrame({"a": [4.0, None], "b": [1.0, 2.0]})
    gap.to_csv(tmp_path / "g.csv", index=False)
    out = tmp_path / "codes.csv"
    for word in ("mean", "refuse"):
        run = tmp_path / word
        assert call("fit", tmp_path / "t.csv", "--missing", word, *QUICK, "--run", run) == 0
    assert call("encode", tmp_path / "mean", tmp_path / "g.csv", "--output", out) == 0
    model = inscape.load(tmp_path / "mean")
    mean = model.description_.means[0]
    assert mean == pytest.approx(data.load(tmp_path / "t.csv").train.X[:, 0].mean(), rel=1e-6)
    expected = model.transform(np.array([[4, 1], [mean, 2]], dtype=np.float32))
    np.testing.assert_allclose(pandas.read_csv(out), expected, atol=1e-5)
    given = ("--output", out, "--overwrite", "--missing")
    assert call("encode", tmp_path / "refuse", tmp_path / "g.csv", *given, "mean") == 2
    told = capsys.readouterr().err
    assert "missing values in 'a' (1, first in row 1, line 3)" in told
    assert "take missing='drop', for the model was fitted without missing='mean'" in told
    assert call("encode", tmp_path / "refuse", tmp_path / "g.csv", *given, "drop") == 0
    assert len(pandas.read_csv(out)) == 1


def test_means_of_arrays_are_there_for_later_arrays(tmp_path, capsys):
    """They are saved with the model, and stand for what is missing in commands and in Python."""
    X = np.random.default_rng(0).normal(5, 1, size=(60, 3))
    X[[4, 5], 1] = X[9, 2] = np.nan
    np.save(tmp_path / "rows.npy", X)
    run, out = tmp_path / "run", tmp_path / "codes.npy"
    assert call("fit", tmp_path / "rows.npy", "--missing", "mean", *QUICK, "--run", run) == 0
    model = inscape.load(run)
    # Of the training rows: which they are, a column without gaps tells.
    trained = np.isin(X[:, 0].astype(np.float32), data.load(X[:, :1]).train.X)
    means = np.nanmean(X[trained], axis=0)
    np.testing.assert_allclose(model.description_.means, means, rtol=1e-6)
    expected = model.transform(np.where(np.isnan(X), means, X).astype(np.float32))
    assert call("encode", run, tmp_path / "rows.npy", "--output", out) == 0
    assert "3 missing values are the means of the training rows" in capsys.readouterr().out
    np.testing.assert_allclose(np.load(out), expected, atol=1e-5)
    np.testing.assert_allclose(model.transform(X), expected, atol=1e-5)
    given = (run, tmp_path / "rows.npy", "--output", out, "--overwrite", "--missing", "drop")
    assert call("encode", *given) == 0
    assert len(np.load(out)) == 57


def test_words_that_happen_to_be_numbers_are_words(tmp_path):
    table = pandas.DataFrame({"a": range(20), "b": ["1", "2", "3+", "10"] * 5, "c": [0.5, 1] * 10})
    options = ("--categories", "one_hot", "--drop", "c", "--run", tmp_path / "run")
    table.to_csv(tmp_path / "t.csv", index=False)
    assert call("fit", tmp_path / "t.csv", *options, *QUICK) == 0
    model = inscape.load(tmp_path / "run")
    assert model.description_.feature_names == ("a", "b=1", "b=2", "b=3+", "b=10")
    some = table.iloc[[3, 1, 5]]
    some.to_csv(tmp_path / "s.csv", index=False)
    assert call("encode", tmp_path / "run", tmp_path / "s.csv", "--output", tmp_path / "c.npy") == 0
    expected = np.array([[3, 0, 0, 0, 1], [1, 0, 1, 0, 0], [5, 0, 1, 0, 0]], dtype=np.float32)
    np.testing.assert_allclose(np.load(tmp_path / "c.npy"), model.transform(expected), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns=["size"]), ["got no 'size'", "bring back"]),
        (lambda t: t.assign(wing=1), ["'wing', which the model has not seen", "with drop"]),
        (
            lambda t: t.drop(columns=["size"]).assign(wing=1),
            ["no 'size'", "'wing', which the model has not seen"],
        ),
        (lambda t: t.assign(size="big"), ["text in 'size', which held numbers"]),
        (
            lambda t: t.assign(island="Elba"),
            ["'Elba' in 'island', which had 'Biscoe', 'Dream', 'Torgersen'"],
        ),
        (lambda t: t.rename(columns={"size": "Size"}), ["no 'size'", "'Size'"]),
    ],
)
def test_columns_that_differ_are_one_sentence(fitted, tmp_path, capsys, change, words):
    change(frame(9, 2)).to_csv(tmp_path / "new.csv", index=False)
    assert call("encode", fitted, tmp_path / "new.csv", "--output", tmp_path / "codes.npy") == 2
    told = capsys.readouterr().err
    for word in words:
        assert word in told
    assert len(told.strip().splitlines()) == 1
    assert not (tmp_path / "codes.npy").exists()


def test_a_new_column_can_be_dropped(fitted, tmp_path):
    frame(9, 2).assign(wing=1).to_csv(tmp_path / "new.csv", index=False)
    out = tmp_path / "codes.npy"
    assert call("encode", fitted, tmp_path / "new.csv", "--drop", "wing", "--output", out) == 0
    model = inscape.load(fitted)
    expected = model.transform(numbers(frame(9, 2), model))
    np.testing.assert_allclose(np.load(out), expected, rtol=1e-5, atol=1e-5)


def test_the_frame_itself_is_taken_in_python(fitted):
    model, table = inscape.load(fitted), frame(9, 3)
    expected = model.transform(numbers(table, model))
    given = table[["weight", "born", "size", "island"]]
    np.testing.assert_allclose(model.transform(given.assign(
        born=pandas.to_datetime(given["born"]))), expected, rtol=1e-5, atol=1e-5)  # fmt: skip


def test_codes_with_ids_decode_to_named_columns_with_ids(fitted, tmp_path):
    table = frame(9, 4)
    table.to_csv(tmp_path / "new.csv", index=False)
    codes, rows = tmp_path / "codes.csv", tmp_path / "rows.csv"
    assert call("encode", fitted, tmp_path / "new.csv", "--keep", "id", "--output", codes) == 0
    assert call("decode", fitted, codes, "--output", rows) == 0
    back = pandas.read_csv(rows)
    features = ["island=Biscoe", "island=Dream", "island=Torgersen", "born", "size", "weight"]
    assert list(back.columns) == ["id", *features]
    assert list(back["id"]) == list(table["id"])
    model = inscape.load(fitted)
    expected = model.reconstruct(numbers(table, model))
    np.testing.assert_allclose(back[features], expected, rtol=1e-4, atol=1e-3)


def test_codes_are_found_by_their_names(fitted, tmp_path):
    (tmp_path / "codes.csv").write_text("code_0,code_1\n1,2\n3,5\n")
    (tmp_path / "turned.csv").write_text("code_1,code_0\n2,1\n5,3\n")
    for name in ("codes", "turned"):
        out = tmp_path / f"{name}_rows.npy"
        assert call("decode", fitted, tmp_path / f"{name}.csv", "--output", out) == 0
    expected = inscape.load(fitted).inverse_transform(np.array([[1, 2], [3, 5]], np.float32))
    np.testing.assert_allclose(np.load(tmp_path / "codes_rows.npy"), expected, rtol=1e-6)
    np.testing.assert_allclose(np.load(tmp_path / "turned_rows.npy"), expected, rtol=1e-6)


def test_score_writes_the_error_of_each_row(fitted, tmp_path, capsys):
    table = frame(9, 5)
    table.to_csv(tmp_path / "new.csv", index=False)
    out = tmp_path / "errors.csv"
    assert call("score", fitted, tmp_path / "new.csv", "--keep", "id", "--output", out) == 0
    found, model = pandas.read_csv(out), inscape.load(fitted)
    X = numbers(table, model)
    expected = np.square(model.reconstruct(X).astype(np.float64) - X).mean(axis=1)
    assert list(found.columns) == ["id", "squared_error", "log_likelihood"]
    np.testing.assert_allclose(found["squared_error"], expected, rtol=1e-3)
    np.testing.assert_allclose(found["log_likelihood"], model.score_samples(X), rtol=1e-3)
    assert f"(row {expected.argmax()})" in capsys.readouterr().out


def test_rows_that_are_left_tell_their_places(tmp_path, capsys):
    table = pandas.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) % 3})
    table.to_csv(tmp_path / "t.csv", index=False)
    run, out = tmp_path / "run", tmp_path / "errors.csv"
    assert call("fit", tmp_path / "t.csv", *QUICK, "--run", run) == 0
    table.loc[[2, 5], "a"] = np.nan
    table.loc[9, "a"] = 1000.0
    table.to_csv(tmp_path / "gaps.csv", index=False)
    capsys.readouterr()
    assert call("score", run, tmp_path / "gaps.csv", "--missing", "drop", "--output", out) == 0
    assert "(row 9)" in capsys.readouterr().out
    assert pandas.read_csv(out)["row"].tolist() == [i for i in range(20) if i not in (2, 5)]
    same = ("--keep", "code_0", "--output", tmp_path / "codes.csv")
    table.assign(code_0=1).dropna().to_csv(tmp_path / "same.csv", index=False)
    assert call("encode", run, tmp_path / "same.csv", *same) == 2
    assert "'code_0' is there more than once" in capsys.readouterr().err


def test_what_was_read_as_what_is_one_line(fitted, tmp_path, capsys):
    frame(30, 0).to_csv(tmp_path / "t.csv")
    run = tmp_path / "run"
    options = ("--drop", "id,born,island", "--target", "species", "--run", run)
    assert call("fit", tmp_path / "t.csv", *options, *QUICK) == 0
    line = next(li for li in capsys.readouterr().out.splitlines() if li.startswith("Read as: "))
    for part in (
        "the first line (, id, island, ...) is the header",
        "2 columns of numbers",
        "'x0' names the rows",
        "left out 'id', 'born', 'island'",
        "the labels are 'species' (2 classes)",
    ):
        assert part in line
    assert line[len("Read as: ") : -1] in (run / "report.html").read_text().replace("&#x27;", "'")
    again = tmp_path / "again"
    assert call("fit", "--config", run / "config.toml", "--run", again) == 0
    weights = "model/model.safetensors"
    assert (again / weights).read_bytes() == (run / weights).read_bytes()


def test_keep_needs_a_file_with_names(fitted, tmp_path, capsys):
    path = tmp_path / "codes.npy"
    assert call("encode", fitted, "digits", "--keep", "id", "--output", path) == 2
    assert "--keep must go with an --output that ends in .csv" in capsys.readouterr().err


def test_pictures_are_decoded_to_png(tmp_path, capsys):
    from PIL import Image

    run, codes, folder = tmp_path / "run", tmp_path / "codes.npy", tmp_path / "pictures"
    assert call("fit", "digits", *QUICK, "--run", run) == 0
    X = data.load("digits").test.X[:3]
    model = inscape.load(run)
    assert model.description_.image_shape == (8, 8)
    assert model.description_.class_names == tuple("0123456789")
    np.save(codes, model.transform(X))
    assert call("decode", run, codes, "--output", folder) == 0
    assert sorted(path.name for path in folder.iterdir()) == [f"0000{i}.png" for i in range(3)]
    expected = np.rint(255 * model.reconstruct(X).clip(0, 1)).reshape(-1, 8, 8)
    for i in range(3):
        np.testing.assert_array_equal(np.asarray(Image.open(folder / f"0000{i}.png")), expected[i])
    assert call("decode", run, codes, "--output", folder) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_a_folder_of_pictures_is_brought_to_the_size_of_the_model(tmp_path, capsys):
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(12):
        height, width = rng.integers(10, 20, 2)
        picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        (tmp_path / "set").mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "set" / f"{i}.png")
    run, out = tmp_path / "run", tmp_path / "codes.npy"
    options = ("--image-size", 8, "--crop", *QUICK, "--run", run)
    assert call("fit", tmp_path / "set", *options) == 0
    assert "Read as: brought to 8 x 8 pixels (the middle square)" in capsys.readouterr().out
    assert call("encode", run, tmp_path / "set", "--output", out) == 0
    rows = data.load(tmp_path / "set", image_size=8, crop=True, test_fraction=0.01).train.X
    model = inscape.load(run)
    assert len(np.load(out)) == 12
    for code in model.transform(rows):
        assert np.abs(np.load(out) - code).max(axis=1).min() < 1e-5
    (tmp_path / "grey").mkdir()
    Image.new("L", (9, 9), 100).save(tmp_path / "grey" / "0.png")
    assert call("encode", run, tmp_path / "grey", "--output", out, "--overwrite") == 0
    expected = model.transform(np.full((1, 192), 100 / 255, dtype=np.float32))
    np.testing.assert_allclose(np.load(out), expected, atol=1e-4)
    again = ("--image-size", 9, "--output", out, "--overwrite")
    assert call("encode", run, tmp_path / "grey", *again) == 2
    assert "pictures of 8 x 8 x 3, as the model was fitted with; got 9 x 9 x 3" in (
        capsys.readouterr().err
    )
