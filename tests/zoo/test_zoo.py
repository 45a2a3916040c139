"""The zoo: every published name is a line of parts that trains, answers and is kept."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

import inscape
from inscape import Autoencoder, VariationalAutoencoder, zoo
from inscape._errors import InvalidParameterError
from inscape.cli import main
from inscape.networks import BOTTLENECKS
from inscape.objectives.bounds import BOUNDS
from inscape.objectives.divergences import DIVERGENCES
from inscape.objectives.penalties import PENALTIES
from inscape.objectives.posteriors import POSTERIORS
from inscape.objectives.priors import PRIORS
from inscape.runs import FitConfig, fit, read_config

DIGITS = load_digits().data[:300] / 16
LABELS = load_digits().target[:300]
# What the field asks for by name.
ASKED = {
    *("VAE", "beta-VAE", "beta-TCVAE", "FactorVAE", "DIP-VAE-I", "DIP-VAE-II", "InfoVAE"),
    *("WAE-MMD", "AAE", "IWAE", "MIWAE", "CIWAE", "PIWAE", "VampVAE", "MoG-VAE", "SVAE"),
    *("Poincaré VAE", "VAE-IAF", "planar-flow-VAE", "σ-VAE", "VQ-VAE", "CVAE", "RAE-L2", "RAE-GP"),
    *("denoising-AE", "contractive-AE", "sparse-AE-L1", "sparse-AE-KL"),
    *("top-k-AE", "batch-top-k-AE"),
}
# What somebody who knows the paper would miss, by a word of the sentence that tells it.
MISSED = {
    "MoG-VAE": "VaDE",
    "flow-prior-VAE": "RealNVP",
    "CVAE": "prior",
    "Poincaré VAE": "gyroplane",
    "FactorVAE": "critic",
    "VampVAE": "hierarchy",
    "VAE-IAF": "residual",
    "AAE": "one step",
    "sparse-AE-L1": "tied",
    "VQ-VAE": "PixelCNN",
}


def test_every_name_that_is_asked_for_is_there_with_its_paper():
    assert set(zoo.MODELS) >= ASKED
    for model in zoo.MODELS.values():
        assert re.search(r"(19|20)\d\d", model.paper)


@pytest.mark.parametrize("name", zoo.MODELS)
def test_every_line_says_what_it_leaves_out_of_its_paper(name):
    told = zoo.MODELS[name].leaves_out
    assert re.fullmatch(r"[A-Z].*[^.]\.", told), told
    assert MISSED.get(name, "") in told
    assert (told == zoo.NOTHING) == told.startswith("Nothing")


@pytest.mark.parametrize("name", zoo.MODELS)
def test_every_name_trains_answers_and_comes_back_from_disk(name, tmp_path):
    own = {"network": "convolutional(channels=[4, 8], map_code=true)"}
    small = own if "network" in zoo.MODELS[name].parts else {"hidden": (16,)}
    model = zoo.build(name, 2, **small, epochs=2, batch_size=100, random_state=0)
    assert isinstance(
        model, VariationalAutoencoder if zoo.MODELS[name].variational else Autoencoder
    )
    labels = (LABELS,) if getattr(model, "conditional", False) else ()
    model.fit(DIGITS, *labels)
    assert np.isfinite([entry["loss"] for entry in model.history_]).all()
    codes = model.transform(DIGITS, *labels)
    np.testing.assert_array_equal(codes, model.transform(DIGITS, *labels))
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(DIGITS, *labels), codes)
    np.testing.assert_array_equal(
        again.reconstruct(DIGITS, *labels), model.reconstruct(DIGITS, *labels)
    )
    assert again.get_params() == model.get_params()


def test_each_part_of_the_house_is_in_some_line():
    """A part that no published model uses has no reason to be there."""
    lines = " ".join(str(model) for model in zoo.MODELS.values())
    defaults = {"diagonal_gaussian", "standard_normal", "kullback_leibler", "evidence_lower_bound"}
    # Directions without a distribution over them are nobody's paper.
    defaults |= {"activation", "spherical"}
    for table in (POSTERIORS, PRIORS, DIVERGENCES, BOUNDS, PENALTIES, BOTTLENECKS):
        for word in set(table) - defaults:
            assert word in lines, word


def test_options_come_before_the_models_own():
    assert zoo.build("beta-VAE", divergence="kullback_leibler").divergence == "kullback_leibler"
    # Layers that are asked for are a network, and stand for the model's.
    assert "map_code" in zoo.build("VQ-VAE").network
    dense = zoo.build("VQ-VAE", hidden=(9,))
    assert (dense.network, dense.hidden, dense.bottleneck) == (None, (9,), "vector_quantized")


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(InvalidParameterError, match="beta-VAE"):
        zoo.build("betta-VAE")


def test_the_command_prints_the_table_without_loading_torch():
    code = (
        "import sys; from inscape.cli import main\n"
        "try: main(['zoo'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, model in zoo.MODELS.items():
        assert name in done.stdout
        assert model.paper.split(",")[0] in done.stdout
        # Cells fold: the words of the sentence, one after another.
        assert model.leaves_out.split()[0] in done.stdout


def test_the_command_tells_one_model_by_any_spelling(capsys):
    with pytest.raises(SystemExit) as end:
        main(["zoo", "poincare vae"])
    told = capsys.readouterr().out
    assert end.value.code in (0, None)
    assert "Mathieu et al. 2019" in told
    assert "gyroplane" in told
    assert "beta-VAE" not in told
    with pytest.raises(SystemExit) as end:
        main(["zoo", "betta-VAE"])
    assert end.value.code == 2
    assert "Did you mean 'beta-VAE'" in capsys.readouterr().err


# --------------------------------------------------------------------------- as a run


def test_a_published_model_is_a_run_like_any_other(tmp_path):
    config = FitConfig(data="digits", model="beta-VAE", hidden=(16,), epochs=2)
    run = fit(config, tmp_path / "run")
    assert run.metrics["latent"]["weights"] == [4.0, 4.0 * 2 / 64]
    assert next(iter(run.metrics["test"])) == "beta-VAE"
    page = (tmp_path / "run" / "report.html").read_text()
    assert "The model beta-VAE learned 64 features" in page
    assert "units are active" in page
    assert (tmp_path / "run" / "figures" / "samples.png").exists()
    assert not (tmp_path / "run" / "figures" / "traversal.png").exists()  # the grid shows it all
    told = read_config(tmp_path / "run" / "config.toml")
    assert told.divergence.startswith("kullback_leibler(weight=4.0, ")
    assert (told.model, told.hidden, told.epochs) == (config.model, config.hidden, config.epochs)
    model = inscape.load(tmp_path / "run")
    assert model.divergence == "kullback_leibler(weight=4.0)"
    # What the model says of itself goes unless something else is asked for.
    own = FitConfig(model="σ-VAE").estimator_parameters()
    assert "likelihood" not in own
    asked = FitConfig(model="σ-VAE", likelihood="bernoulli").estimator_parameters()
    assert asked["likelihood"] == "bernoulli"


@pytest.mark.proof
@pytest.mark.parametrize(
    ("model", "where"), [("VAE", "the middle of the prior"), ("SVAE", "the first test row")]
)
def test_more_components_than_a_map_shows_are_traversed(tmp_path, model, where, monkeypatch):
    monkeypatch.setattr(inscape.figures, "png", lambda figure: b"")
    config = FitConfig(data="digits", model=model, n_components=4, hidden=(16,), epochs=1)
    run = fit(config, tmp_path / "run")
    assert (run.path / "figures" / "traversal.png").exists()
    assert f"One component at a time, from {where}" in (run.path / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "betta-VAE"}, "`model` must be one of 'autoencoder', 'VAE'"),
        ({"conditional": "labels"}, "`conditional` must be left out for the model autoencoder"),
        ({"model": "CVAE", "conditional": "label"}, "`conditional` must be one of 'labels'"),
        ({"model": "VAE", "bottleneck": "relu"}, "`bottleneck` must be left out for the model VAE"),
    ],
)
def test_a_run_of_what_cannot_hold_is_refused(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        FitConfig(**options).estimator_parameters()
