"""The command line as its users meet it: a process, its output, its exit status."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import inscape
from inscape import data
from inscape._files import write_manifest
from inscape.cli import main
from inscape.networks import LinearPath
from inscape.runs import DynamicsConfig, Run

QUICK = ["--hidden", "", "--epochs", "1"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inscape", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "run"
    assert call("fit", "digits", *QUICK, "--run", path) == 0
    return path


def test_fit_says_the_table_and_the_path_of_the_run(tmp_path):
    # A process of its own draws all its pictures: of a small table they are few.
    rows = np.random.default_rng(0).random((40, 3))
    np.savetxt(tmp_path / "small.csv", rows, delimiter=",", header="a,b,c", comments="")
    done = run("fit", "small.csv", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for word in ("Autoencoder", "PCA", "NMF", "Squared error", "runs/small-ae2", "report.html"):
        assert word in done.stdout
    assert (tmp_path / "runs" / "small-ae2" / "MANIFEST").is_file()


def test_the_path_and_the_rows_held_out_can_be_switched_off(tmp_path):
    off = ("--no-linear-path", "--validation-fraction", "0", "--run", tmp_path / "off")
    assert call("fit", "digits", *QUICK, *off) == 0
    assert call("fit", "digits", *QUICK, "--run", tmp_path / "on") == 0
    for name, wanted in (("on", True), ("off", False)):
        config, model = Run(tmp_path / name).config, inscape.load(tmp_path / name)
        assert config.linear_path is wanted
        assert (config.validation_fraction == "auto") is wanted
        assert isinstance(model.network_.encoder, LinearPath) is wanted


def test_a_second_fit_takes_the_next_free_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("fit", "digits", *QUICK) == call("fit", "digits", *QUICK) == 0
    assert {p.name for p in Path("runs").iterdir()} == {"digits-ae2", "digits-ae2-2"}


def test_help_loads_no_torch_and_names_every_command():
    probe = (
        "import sys\nfrom inscape.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'torch', 'sklearn', 'matplotlib'} & set(sys.modules), 'loaded too much'\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    for command in ("fit", "encode", "decode", "dynamics", "reproduce", "datasets"):
        assert command in done.stdout


def test_flags_go_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('data = "digits"\nhidden = [12, 6]\nepochs = 1\nn_components = 5\n')
    path = tmp_path / "run"
    assert call("fit", "--config", file, "--n-components", 3, "--run", path) == 0
    config = tomllib.loads((path / "config.toml").read_text())
    assert (config["data"], config["hidden"], config["epochs"]) == ("digits", [12, 6], 1)
    assert config["n_components"] == 3
    assert config["optimizer"].startswith("muon(momentum=0.9, ")


def test_a_runs_own_config_repeats_it(fitted, tmp_path):
    again = tmp_path / "again"
    assert call("fit", "--config", fitted / "config.toml", "--run", again) == 0
    model = Path("model") / "model.safetensors"
    assert (again / model).read_bytes() == (fitted / model).read_bytes()


def test_widths_are_read_as_the_documentation_writes_them(tmp_path):
    path = tmp_path / "run"
    assert call("fit", "digits", "--hidden", "24,8", "--epochs", 1, "--run", path) == 0
    assert tomllib.loads((path / "config.toml").read_text())["hidden"] == [24, 8]


def test_encode_and_decode_are_the_model(fitted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = data.load("digits")
    model = inscape.load(fitted)
    assert call("encode", fitted, "digits", "--part", "test", "--output", "codes.npy") == 0
    codes = np.load("codes.npy")
    np.testing.assert_array_equal(codes, model.transform(digits.test.X))
    assert call("decode", fitted, "codes.npy", "--output", "rows.csv") == 0
    rows = np.loadtxt("rows.csv", delimiter=",", skiprows=1, dtype=np.float32)
    np.testing.assert_allclose(rows, model.inverse_transform(codes), rtol=1e-6, atol=1e-7)


def test_encode_takes_a_file_in_its_own_order(fitted, tmp_path):
    X = data.load("digits").test.X[:7]
    np.save(tmp_path / "x.npy", X)
    out = tmp_path / "codes.csv"
    assert call("encode", fitted, tmp_path / "x.npy", "--output", out) == 0
    assert out.read_text().splitlines()[0] == "code_0,code_1"
    codes = np.loadtxt(out, delimiter=",", skiprows=1)
    np.testing.assert_allclose(codes, inscape.load(fitted).transform(X), rtol=1e-6, atol=1e-7)


def test_datasets_lists_every_named_set(capsys):
    assert call("datasets") == 0
    told = capsys.readouterr().out
    for info in data.available():
        assert info.name in told
        assert f"{info.n_train:,}" in told


@pytest.fixture
def bad(tmp_path):
    """Write one file for each kind of bad data."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3)).astype(np.float32)
    files = {
        "empty": np.empty((0, 3), np.float32),
        "nan": np.where(np.arange(90).reshape(30, 3) == 16, np.nan, X),
        "infinite": np.where(np.arange(90).reshape(30, 3) == 16, np.inf, X),
        "text": np.array([["a", "b"], ["c", "d"]]),
        "single": X[:1],
        "constant": np.ones((30, 3), np.float32),
        "negative": X,
    }
    for name, array in files.items():
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "negative.npy").read_bytes()[:200])
    (tmp_path / "key.toml").write_text("n_componets = 3\n")
    (tmp_path / "broken.toml").write_text("n_components = = 3\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.toml").write_text(DynamicsConfig().to_toml())
    write_manifest(tmp_path / "other")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "empty.npy"], ["must", "got"]),
        (["fit", "nan.npy"], ["NaN", "row 5", "column 1"]),
        (["fit", "infinite.npy"], ["infinity", "row 5", "column 1"]),
        (["fit", "text.npy"], ["numbers"]),
        (["fit", "single.npy"], ["at least 2 rows"]),
        (["fit", "constant.npy"], ["must vary", "identical"]),
        (["fit", "negative.npy", "--likelihood", "bernoulli"], ["[0, 1]", "row", "minmax"]),
        (["fit", "nowhere.npy"], ["nowhere.npy"]),
        (["fit", "cut.npy"], ["cut.npy", "damaged"]),
        (["fit", "mnits"], ["Did you mean 'mnist'?"]),
        (["fit", "negative.npy", "--n-components", "0"], ["`n_components`", "got 0"]),
        (["fit", "negative.npy", "--bottleneck", "top_j"], ["Did you mean 'top_k'?"]),
        (["fit", "negative.npy", "--corruption", "rotation"], ["`image_shape`", "3"]),
        (["fit", "negative.npy", "--penalty", "contractive(weight=-1"], ["does not close"]),
        (["fit", "negative.npy", "--network", "dense", "--hidden", "8"], ["`hidden`", "left out"]),
        (["fit", "negative.npy", "--epochs", "-1"], ["`epochs`", "got -1"]),
        (["fit", "negative.npy", "--hidden", "8,x"], ["256,64"]),
        (["fit", "negative.npy", "--optimizer", "adm"], ["adam"]),
        (["fit", "negative.npy", "--n-componets", "3"], ["Did you mean --n-components?"]),
        (["fit", "--config", "key.toml"], ["n_componets", "Did you mean 'n_components'?"]),
        (["fit", "--config", "broken.toml"], ["broken.toml"]),
        (["fit", "--config", "nowhere.toml"], ["nowhere.toml"]),
        (["fit", "--config", "other/config.toml"], ["of kind 'fit'", "of kind 'dynamics'"]),
        (["fit", "--resume", "nowhere"], ["nowhere", "must be a run"]),
        (["fit", "--resume", "."], ["must be a run", "there is none"]),
        (["fit", "--resume", "other"], ["to be resumed", "of kind 'dynamics'", "inscape fit"]),
        (["fit", "digits", "--run", "nan.npy"], ["nan.npy"]),
        (["fit", "digits", "--run", "nan.npy/run"], ["must be writable"]),
        (["encode", "nowhere", "digits"], ["nowhere"]),
        (["reproduce", "neuromach-autoencoders"], ["Did you mean 'neuromatch-autoencoders'?"]),
        (["fti", "digits"], ["fti"]),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(bad, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(bad)
    before = sorted(bad.rglob("*"))
    assert call(*arguments) == 2
    told = capsys.readouterr()
    for word in words:
        assert word in told.err
    assert told.err.startswith("error: ")
    assert len(told.err.strip().splitlines()) == 1
    assert "Traceback" not in told.err
    assert sorted(bad.rglob("*")) == before


def test_a_damaged_weight_file_is_named(fitted, tmp_path, capsys):
    import shutil

    broken = shutil.copytree(fitted, tmp_path / "broken")
    weights = broken / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    assert call("encode", broken, "digits", "--output", tmp_path / "codes.npy") == 2
    assert "model.safetensors" in capsys.readouterr().err
    assert not (tmp_path / "codes.npy").exists()


def test_an_existing_run_or_file_is_refused_without_overwrite(fitted, tmp_path, capsys):
    assert call("fit", "digits", *QUICK, "--run", fitted) == 2
    assert "--overwrite" in capsys.readouterr().err
    (tmp_path / "codes.npy").write_text("mine")
    assert call("encode", fitted, "digits", "--output", tmp_path / "codes.npy") == 2
    assert (tmp_path / "codes.npy").read_text() == "mine"


@pytest.mark.parametrize("name", ["codes.npy", "model/codes.npy", "new/codes.csv", "metrics.csv"])
def test_what_is_written_lies_outside_of_runs(fitted, tmp_path, monkeypatch, capsys, name):
    before = sorted(fitted.rglob("*"))
    (tmp_path / "link").symlink_to(fitted)
    for output in (fitted / name, tmp_path / "link" / name):
        for command in ("encode", "score", "anomalies"):
            assert call(command, fitted, "digits", "--output", output, "--overwrite") == 2
            assert "must lie outside of every run" in capsys.readouterr().err
    assert call("decode", fitted, "codes.npy", "--output", fitted / "pictures") == 2
    assert call("fit", "digits", *QUICK, "--run", fitted / "again") == 2
    assert capsys.readouterr().err.count("must lie outside of every run") == 2
    monkeypatch.chdir(fitted)
    assert call("encode", ".", "digits") == 2
    assert "codes.npy must lie outside of every run" in capsys.readouterr().err
    assert sorted(fitted.rglob("*")) == before


def test_a_folder_holds_the_pictures_of_one_decoding(tmp_path):
    from inscape.cli.files import write_pictures

    digits = inscape.data.load("digits")
    write_pictures(tmp_path, digits.test.X[:5], digits.description)
    for name in ("7.png", "00009-mine.png"):
        (tmp_path / name).write_text("mine")
    write_pictures(tmp_path, digits.test.X[5:8], digits.description)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("00000.png", "00001.png", "00002.png", "00009-mine.png", "7.png")
    ]


def test_an_interrupt_keeps_the_run_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    from inscape.runs.fitting.checkpoint import Checkpoints

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoints, "save", interrupt)
    assert call("fit", "digits", *QUICK, "--run", tmp_path / "run") == 130
    assert f"--resume {tmp_path / 'run'}" in capsys.readouterr().err
    monkeypatch.undo()
    assert call("fit", "--resume", tmp_path / "run") == 0
    assert inscape.runs.Run(tmp_path / "run").finished


# --------------------------------------------------------------------------- one grammar


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--optimizer", "muon(momentum=0.95)"], {"optimizer": "muon(momentum=0.95, "}),
        (
            ["--optimizer", "adam(beta2=0.99)", "--schedule", "cosine"],
            {"optimizer": 'adam(beta1=0.9, beta2=0.99, epsilon=1e-08, schedule="cosine"'},
        ),
        (
            ["--initialization", "scaled_normal(gamma=0.5)"],
            {"initialization": "scaled_normal(gamma=0.5)"},
        ),
        (["--model", "VAE", "--divergence", "kullback_leibler(weight=4)"], {"divergence": "kullb"}),
        (["--model", "VAE", "--posterior", "full_gaussian"], {"posterior": "full_gaussian"}),
        (["--model", "VAE", "--prior", "vamp_prior(n_pseudo_inputs=5)"], {"prior": "vamp_prior("}),
        (["--model", "VAE", "--bound", "importance_weighted(n_draws=2)"], {"bound": "importance"}),
        (
            ["--penalty", "l1_activity", "--penalty", "weight_decay(weight=0.5)"],
            {"penalty": ["l1_activity(weight=0.001)", 'weight_decay(weight=0.5, part="network")']},
        ),
    ],
)
def test_the_command_line_takes_the_words_that_python_takes(options, told, tmp_path):
    path = tmp_path / "run"
    assert call("fit", "digits", "--hidden", "4", "--epochs", 0.1, *options, "--run", path) == 0
    config = tomllib.loads((path / "config.toml").read_text())
    for name, wanted in told.items():
        if isinstance(wanted, str):
            assert config[name].startswith(wanted)
        else:
            assert config[name] == wanted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--optimizer", "muon(momentun=0.95)"], "Did you mean 'momentum'?"),
        (["--optimizer", "muno"], "Did you mean 'muon'?"),
        (["--initialization", "scaled_normal(gamma=-1)"], "`gamma` must be a number > 0"),
        (["--posterior", "full_gaussian"], "`posterior` must be left out for the model autoenc"),
        (
            ["--model", "VAE", "--penalty", "contractive"],
            "`penalty` must be left out for the model",
        ),
        (["--model", "VAE", "--likelihood", "gaussian"], "must say the scale in a variational"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_one_sentence(options, message, tmp_path, capsys):
    assert call("fit", "digits", "--epochs", 0.1, *options, "--run", tmp_path / "run") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_fit_without_data_is_the_demo(monkeypatch):
    asked = []
    module = sys.modules["inscape.cli.fit"]
    monkeypatch.setattr(module, "_start", lambda config, *_: asked.append(config))
    assert call("fit") == 0
    assert asked[0].data == "mnist"


def test_an_interrupted_command_says_so_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(inscape.AnomalyDetector, "fit", interrupt)
    output = tmp_path / "scores.csv"
    assert call("anomalies", "digits", "--run", tmp_path / "run", "--output", output) == 130
    assert "Interrupted" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
