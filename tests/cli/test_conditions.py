"""Conditional models at the command line: what they are told comes from the data's own labels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import inscape
from inscape import figures
from inscape._errors import InvalidParameterError
from inscape.cli import main
from inscape.runs import Run
from inscape.runs.fitting import load_data

# Without a path that starts at PCA, which is told nothing and may be where the training ends.
QUICK = ("--hidden", "8", "--epochs", "4", "--no-linear-path", "--validation-fraction", "0")
# Raw units and offsets; the classes stand in no order, and their names are texts.
NAMES = np.array(["pear", "apple", "fig"])
GENERATOR = np.random.default_rng(0)
PLACES = np.tile([0, 1, 2], 30)
X = GENERATOR.normal(size=(90, 4)) * [1, 10, 100, 0.1] + [0, 1e3, -5e4, 7]
X[:, 0] += 3 * PLACES


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def refused(capsys, *arguments: object) -> str:
    capsys.readouterr()
    assert call(*arguments) == 2
    return " ".join(capsys.readouterr().err.split())


def write(path: Path, rows: np.ndarray, labels: np.ndarray | None = None) -> Path:
    header = ["a", "b", "c", "d", *(["kind"] if labels is not None else [])]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for i, row in enumerate(rows.tolist()):
            writer.writerow([*row, *([labels[i]] if labels is not None else [])])
    return path


def read(path: Path) -> dict[str, list[str]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A table with labels, a run of a model that is told them, and one that is told numbers."""
    root = tmp_path_factory.mktemp("conditions")
    write(root / "table.csv", X, NAMES[PLACES])
    drawn = {}
    with pytest.MonkeyPatch.context() as patch:
        original = figures.sample_table

        def watched(samples, **options):
            drawn.update(samples)
            return original(samples, **options)

        patch.setattr(figures, "sample_table", watched)
        drawn_weights = figures.weight_histograms

        def weights(before, after, **options):
            drawn["weights"] = {name: each.shape for name, each in after.items()}
            return drawn_weights(before, after, **options)

        patch.setattr(figures, "weight_histograms", weights)
        table = (root / "table.csv", "--target", "kind", "--scaler", "standard")
        assert call("fit", *table, "--model", "cvae", *QUICK, "--run", root / "cvae") == 0
        # Of the units of the code alone, and not of the labels that the decoder reads beside them.
        assert drawn["weights"] == {"encoder": (2, 8), "decoder": (8, 2)}
        np.save(root / "drawn.npy", drawn["Drawn"])
        np.save(root / "beside.npy", drawn["Test rows"])
        told = ("--target", "a", "--drop", "kind", "--conditional", "continuous")
        vae = ("--model", "VAE", *told, *QUICK, "--scaler", "standard")
        assert call("fit", root / "table.csv", *vae, "--run", root / "numbers") == 0
        plain = ("--target", "kind", "--hidden", "", "--epochs", 1)
        assert call("fit", root / "table.csv", *plain, "--run", root / "plain") == 0
    return root


def test_a_conditional_model_is_told_the_column_of_labels(room):
    run, model = Run(room / "cvae"), inscape.load(room / "cvae")
    assert (run.config.conditional, run.config.target) == ("labels", "kind")
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.description_.class_names == ("apple", "fig", "pear")
    assert run.metrics["told"] == "labels"
    page = (room / "cvae" / "report.html").read_text(encoding="utf-8")
    assert "CVAE is told the label of each row; linear methods are not." in page
    assert "decoded, beside test rows of the same labels" in page
    assert "(told " in page
    # In front of the figures is the error of a model that was told the truth about each row.
    test = load_data(run.config).test
    back = model.reconstruct(test.X, test.y)
    error = float(np.square(back.astype(np.float64) - test.X).mean())
    assert run.metrics["test"]["CVAE"]["squared_error"] == pytest.approx(error, rel=1e-6)
    # One test row of each class, and beside it what is drawn as that class.
    beside = np.load(room / "beside.npy")
    first = [int(np.flatnonzero(test.y == k)[0]) for k in range(3)]
    np.testing.assert_array_equal(beside, test.X[first])
    drawn = model.sample(3, y=[0, 1, 2], random_state=0)
    np.testing.assert_allclose(np.load(room / "drawn.npy"), drawn, rtol=1e-6)


def test_rows_of_another_table_are_told_by_the_names_of_their_labels(room, tmp_path):
    """In a table without apples figs would be class 0, which is the model's apples."""
    some = np.flatnonzero(PLACES != 1)[::-1]
    new = write(tmp_path / "new.csv", X[some], NAMES[PLACES[some]])
    codes = tmp_path / "codes.csv"
    assert call("encode", room / "cvae", new, "--output", codes) == 0
    model = inscape.load(room / "cvae")
    places = np.array([2, 0, 1])[PLACES[some]]  # pear, apple, fig among the sorted names
    expected = model.transform(X[some], places)
    found = read(codes)
    np.testing.assert_allclose(np.array(found["code_0"], float), expected[:, 0], atol=1e-4)
    wrong = model.transform(X[some], np.where(places == 1, 0, 1))
    assert np.abs(expected - wrong).max() > 1e-2
    # The codes know what their rows were: they are decoded by the run alone.
    assert found["kind"] == NAMES[PLACES[some]].tolist()
    rows = tmp_path / "rows.csv"
    assert call("decode", room / "cvae", codes, "--output", rows) == 0
    back = read(rows)
    expected_rows = model.inverse_transform(expected, places)
    found_rows = np.array([back[name] for name in "abcd"], float).T
    np.testing.assert_allclose(found_rows, expected_rows, rtol=1e-4)
    errors = tmp_path / "errors.csv"
    assert call("score", room / "cvae", new, "--output", errors) == 0
    nats = np.array(read(errors)["log_likelihood"], float)
    np.testing.assert_allclose(nats, model.score_samples(X[some], places), rtol=1e-4)


def test_one_label_may_be_told_of_all_rows(room, tmp_path):
    bare = write(tmp_path / "bare.csv", X)
    codes, rows = tmp_path / "codes.npy", tmp_path / "rows.npy"
    assert call("encode", room / "cvae", bare, "--label", "fig", "--output", codes) == 0
    model = inscape.load(room / "cvae")
    expected = model.transform(X, 1)
    np.testing.assert_allclose(np.load(codes), expected, atol=1e-4)
    assert call("decode", room / "cvae", codes, "--label", "fig", "--output", rows) == 0
    np.testing.assert_allclose(np.load(rows), model.inverse_transform(expected, 1), rtol=1e-4)


def test_a_conditional_run_is_handed_over_with_what_it_is_told(room, tmp_path, monkeypatch, capsys):
    asked = {}

    def watched(model, path, **options):
        asked.update(options)
        raise InvalidParameterError("enough")

    monkeypatch.setattr("inscape.runs.export_onnx", watched)
    monkeypatch.setattr("inscape.runs.export.graphs.check_packages", lambda: None)
    assert "enough" in refused(capsys, "export", room / "cvae", "--onnx", tmp_path / "graphs")
    test = load_data(Run(room / "cvae").config).test
    np.testing.assert_array_equal(asked["y"], test.y)
    assert call("export", room / "cvae", "--hub", tmp_path / "card") == 0
    card = (tmp_path / "card" / "README.md").read_text(encoding="utf-8")
    assert "model = model.given(y)  # labels of the rows, one a row or one for all\ncodes" in card
    assert call("export", room / "plain", "--hub", tmp_path / "other") == 0
    assert "given" not in (tmp_path / "other" / "README.md").read_text(encoding="utf-8")


def test_numbers_are_told_as_numbers(room, tmp_path):
    model = inscape.load(room / "numbers")
    assert Run(room / "numbers").config.conditional == "continuous"
    assert model.conditions_.means.shape == (1,)
    codes = tmp_path / "codes.csv"
    assert call("encode", room / "numbers", room / "table.csv", "--output", codes) == 0
    found = read(codes)
    expected = model.transform(X[:, 1:], X[:, 0])
    np.testing.assert_allclose(np.array(found["code_0"], float), expected[:, 0], atol=1e-4)
    np.testing.assert_array_equal(np.array(found["a"], float), X[:, 0])


def test_named_data_bring_their_labels(tmp_path):
    run = tmp_path / "digits"
    options = ("--model", "cvae", "--likelihood", "bernoulli", "--hidden", "4", "--epochs", 0.2)
    assert call("fit", "digits", *options, "--run", run) == 0
    output = tmp_path / "codes.npy"
    assert call("encode", run, "digits", "--part", "test", "--output", output) == 0
    test = inscape.data.load("digits").test
    expected = inscape.load(run).transform(test.X, test.y)
    np.testing.assert_array_equal(np.load(output), expected)


def test_what_cannot_be_told_is_refused_in_one_sentence_before_any_training(room, tmp_path, capsys):
    fit = ("fit", "--model", "CVAE", *QUICK, "--run", tmp_path / "none")
    np.save(tmp_path / "bare.npy", X)
    told = refused(capsys, *fit, tmp_path / "bare.npy")
    assert "The data must hold labels for the model CVAE, which is told them; got rows" in told
    names = refused(
        capsys, *fit, room / "table.csv", "--target", "kind", "--conditional", "continuous"
    )
    assert "y must hold numbers where conditional='continuous'; got classes such as 'app" in names
    numbers = refused(capsys, *fit, room / "table.csv", "--target", "a", "--drop", "kind")
    assert "y must hold labels where conditional=True; got" in numbers
    # The last two rows alone are quinces, and are the test part.
    labels = np.concatenate([PLACES[:88], [7, 7]])
    np.savez(
        tmp_path / "parts.npz",
        X_train=X[:88],
        y_train=labels[:88],
        X_test=X[88:],
        y_test=labels[88:],
    )
    unseen = refused(capsys, *fit, tmp_path / "parts.npz")
    assert "The test rows must have labels that the model CVAE is told in training; got '7'" in (
        unseen
    )
    assert not (tmp_path / "none").exists()
    table = (room / "table.csv", "--target", "kind")
    other = refused(capsys, "fit", *table, "--conditional", "labels", "--run", tmp_path / "none")
    assert "`conditional` must be left out for the model autoencoder, which has none" in other


def test_what_a_run_is_to_be_told_later_is_refused_in_one_sentence(room, tmp_path, capsys):
    bare = write(tmp_path / "bare.csv", X)
    encode = ("encode", room / "cvae", "--output", tmp_path / "codes.npy")
    assert "`target` must be one of the columns 'a', 'b', 'c', 'd'; got 'kind'" in refused(
        capsys, *encode, bare
    )
    np.save(tmp_path / "bare.npy", X)
    assert "DATA must hold the labels that the model of" in refused(
        capsys, *encode, tmp_path / "bare.npy"
    )
    known = "y must hold labels that the model was fitted with; got 'plum': take one of apple, fig"
    assert known in refused(capsys, *encode, bare, "--label", "plum")
    strange = write(tmp_path / "strange.csv", X, np.array(["fig", "plum"])[PLACES % 2])
    assert known in refused(capsys, *encode, strange)
    np.save(tmp_path / "two.npy", np.zeros((3, 2)))
    decode = ("decode", room / "cvae", tmp_path / "two.npy", "--output", tmp_path / "rows.npy")
    assert "CODES must have a column 'kind' with the labels" in refused(capsys, *decode)
    nothing = ("encode", room / "plain", bare, "--label", "fig", "--output", tmp_path / "no.npy")
    assert "`label` must be left out for a model that is told nothing; got 'fig'" in refused(
        capsys, *nothing
    )
    assert "`model` must be a run whose model is told nothing beside the rows" in refused(
        capsys, "cluster", room / "cvae"
    )
    assert not [*tmp_path.glob("codes*"), *tmp_path.glob("rows*")]


@pytest.mark.parametrize(
    "corruption",
    [
        "gaussian_noise(scale=0.3)",
        "gaussian_noise(scale=[0.1, 1.0])",
        "zero_masking(share=0.3, fixed=true)",
        "salt_and_pepper(share=0.2)",
    ],
)
def test_noise_is_told_in_a_word_and_changes_no_label(corruption, room, tmp_path):
    table = (room / "table.csv", "--target", "kind", "--scaler", "minmax", "--model", "CVAE")
    noise = ("--corruption", corruption, "--hidden", "4", "--epochs", 1)
    assert call("fit", *table, *noise, "--run", tmp_path / "run") == 0
    model = inscape.load(tmp_path / "run")
    assert type(model.parts_.corruption).__name__.lower() == (
        corruption.partition("(")[0].replace("_", "")
    )
    assert Run(tmp_path / "run").config.corruption.startswith(corruption[:-1])
    assert model.classes_.tolist() == [0, 1, 2]
