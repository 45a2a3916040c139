"""Parts: words, descriptions and objects, and classes of the user's own."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

import inscape
from inscape import Autoencoder, VariationalAutoencoder, networks, objectives, training
from inscape._errors import InvalidParameterError
from inscape._parts import (
    Part,
    describe_part,
    path_of,
    rebuild_parts,
    resolve_part,
    spell_part,
)
from inscape._words import WORDS
from inscape.corruptions import CORRUPTIONS
from inscape.networks import ACTIVATIONS, Dense
from inscape.objectives import SCHEDULES, Gaussian, KullbackLeibler, LinearWarmUp
from inscape.training import Muon
from inscape.uses.anomalies.scores import SCORES
from inscape.uses.classification.methods import CLASSIFICATION_METHODS
from inscape.uses.clusters.methods import METHODS
from inscape.uses.imputation.methods import IMPUTATION_METHODS
from tests import foreign

X = load_digits().data[:200] / 16
FAMILIES: dict[str, Any] = {
    "likelihood": objectives.LIKELIHOODS,
    "posterior": objectives.POSTERIORS,
    "prior": objectives.PRIORS,
    "divergence": objectives.DIVERGENCES,
    "bound": objectives.BOUNDS,
    "penalty": objectives.PENALTIES,
    "corruption": CORRUPTIONS,
    "network": networks.NETWORKS,
    "bottleneck": networks.BOTTLENECKS,
    "initialization": networks.INITIALIZATIONS,
    "optimizer": training.OPTIMIZERS,
}
# Those of uses, which the estimators have no option for.
OF_USES: dict[str, Any] = {
    "method": SCORES,
    "clustering": METHODS,
    "classification": CLASSIFICATION_METHODS,
    "imputation": IMPUTATION_METHODS,
}
MEMBERS = [(name, word) for name, family in FAMILIES.items() for word in family]


def test_the_words_that_help_texts_tell_are_those_of_the_tables():
    tables = {**FAMILIES, **OF_USES, "activation": ACTIVATIONS}
    assert {name: tuple(table) for name, table in tables.items()} == dict(WORDS)


@pytest.mark.parametrize("kind", [Autoencoder, VariationalAutoencoder])
def test_a_docstring_lists_every_word_of_the_options_that_it_has(kind):
    for name in WORDS:
        if name in kind().get_params(deep=False) and name != "network":
            told = kind.__doc__
            if f"{name}, " in told and kind is VariationalAutoencoder and "As in" in told:
                continue
            assert all(f'"{word}"' in told for word in WORDS[name]), name
    assert "[[" not in kind.__doc__


# --------------------------------------------------------------------------- a family's base


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_one_base_and_every_member_extends_it(name):
    family = FAMILIES[name]
    assert issubclass(family.base, Part)
    assert family.base.family is family
    assert family.base.__doc__
    for member in family.values():
        assert issubclass(member, family.base)
        assert dataclasses.fields(member) is not None
        assert member.__dataclass_params__.frozen


@pytest.mark.parametrize(("name", "word"), MEMBERS)
def test_a_member_is_spelled_as_it_is_read(name, word):
    part = FAMILIES[name][word]()
    spelled = spell_part(part)
    if part.short_form is None:
        assert spelled.startswith(word)
        assert resolve_part(name, spelled, FAMILIES[name]) == part
    else:
        assert networks.resolve_bottleneck(spelled) == part


def test_none_has_a_word_between_brackets():
    part = Muon(block_size=None)
    assert 'block_size="none"' in spell_part(part)
    assert resolve_part("optimizer", spell_part(part), training.OPTIMIZERS) == part


def test_a_nested_part_is_spelled_and_described():
    part = KullbackLeibler(schedule=LinearWarmUp(n_steps=7))
    assert resolve_part("divergence", spell_part(part), objectives.DIVERGENCES) == part
    assert describe_part(part)["schedule"] == {"type": "linear_warm_up", "n_steps": 7}
    assert "linear_warm_up" in SCHEDULES


# --------------------------------------------------------------------------- of the user's own


@pytest.mark.parametrize("name", FAMILIES)
def test_a_part_of_the_users_own_is_a_part_like_any_other(name):
    part = foreign.EVERY[name]
    assert resolve_part(name, part, FAMILIES[name]) is part
    described = json.loads(json.dumps(describe_part(part)))
    assert described["type"] == path_of(type(part))
    assert rebuild_parts(described, [type(part)]) == part


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Autoencoder, name) for name in foreign.AUTOENCODER]
    + [(VariationalAutoencoder, name) for name in foreign.VARIATIONAL],
)
def test_a_part_of_the_users_own_is_trained_saved_and_loaded(kind, name, tmp_path):
    part = (foreign.AUTOENCODER if kind is Autoencoder else foreign.VARIATIONAL)[name]
    options = {} if name == "network" else {"hidden": (8,)}
    model = clone(kind(2, **options, **{name: part}, epochs=2, random_state=0)).fit(X)
    codes = model.transform(X)
    assert np.isfinite(model.inverse_transform(codes)).all()
    assert np.isfinite(model.score(X))
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model", parts=[type(part)])
    assert getattr(again.parts_, name) in (part, (part,))
    np.testing.assert_array_equal(again.transform(X), codes)
    assert again.score(X) == model.score(X)
    with pytest.raises(
        InvalidParameterError, match=rf"pass inscape.load\(path, parts=\[{type(part).__name__}"
    ):
        inscape.load(tmp_path / "model")


def test_a_part_inside_a_part_is_saved_and_loaded_too(tmp_path):
    network = Dense(hidden=(8,), initialization=(foreign.Constant(), "orthogonal"))
    model = Autoencoder(2, network=network, epochs=1, random_state=0).fit(X)
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model", parts=[foreign.Constant])
    assert again.parts_.network == network
    with pytest.raises(InvalidParameterError, match="foreign:Constant"):
        inscape.load(tmp_path / "model", parts=[foreign.Logistic])


def test_a_subclass_of_ours_is_the_users_own(tmp_path):
    model = Autoencoder(2, hidden=(8,), likelihood=Sharper(), epochs=1, random_state=0).fit(X)
    model.save(tmp_path / "model")
    again = inscape.load(tmp_path / "model", parts=[Sharper])
    assert type(again.parts_.likelihood) is Sharper
    assert again.score(X) == model.score(X)


def test_loading_imports_nothing_that_a_file_names(tmp_path):
    model = Autoencoder(2, hidden=(8,), likelihood=foreign.Logistic(), epochs=1).fit(X)
    model.save(tmp_path / "model")
    code = (
        "import sys, inscape\n"
        f"try: inscape.load({str(tmp_path / 'model')!r})\n"
        "except inscape.InscapeError as error: print(error)\n"
        "print('tests.foreign' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tests.foreign:Logistic" in told.stdout
    assert told.stdout.rstrip().endswith("False")


@dataclass(frozen=True)
class Sharper(Gaussian):
    scale: float = 0.5


class LooksLike:
    """Has every member of a likelihood, and extends nothing."""

    n_parameters, unit_interval, counts = 1, False, False

    def negative_log_likelihood(self, outputs, targets):
        return (outputs - targets).square().sum(dim=1)

    def mean(self, outputs):
        return outputs

    start = sample = mean


class Unfrozen(foreign.Logistic):
    def __init__(self, secret):
        object.__setattr__(self, "secret", secret)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            LooksLike(),
            r"extends inscape\.objectives\.likelihoods\.Likelihood; got an object of the",
        ),
        (
            Unfrozen(3),
            r"a frozen dataclass, so that it can be saved; got Unfrozen: write @dataclass",
        ),
        (foreign.Wide(), "got the Prior Wide"),
        (Gaussian, "got an object of the class ABCMeta"),
        (7, "extends .*; got 7"),
    ],
)
def test_what_is_no_part_is_refused_and_the_base_is_named(value, message):
    with pytest.raises(InvalidParameterError, match=message):
        Autoencoder(likelihood=value).fit(X)


def test_a_part_that_cannot_be_told_as_data_is_refused_when_it_is_saved(tmp_path):
    @dataclass(frozen=True, eq=False)
    class Weighted(foreign.Logistic):
        prices: Any = None

    part = Weighted(prices=np.ones(64))
    model = Autoencoder(2, hidden=(8,), likelihood=part, epochs=1, random_state=0).fit(X)
    with pytest.raises(InvalidParameterError, match=r"numbers, texts.*got ndarray"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


# --------------------------------------------------------------------------- one grammar


@pytest.mark.parametrize("word", ["gaussian", "laplace", 'gaussian(link="sigmoid")'])
def test_a_variational_model_wants_its_scale_said(word):
    told = r"take '\w+\(scale=\"learned\"\)', .* or '\w+\(scale=1\)'"
    with pytest.raises(InvalidParameterError, match=told):
        VariationalAutoencoder(likelihood=word).fit(X)
    Autoencoder(hidden=(4,), likelihood=word, scaler="minmax", epochs=1).fit(X)


def test_every_family_is_importable_where_likelihoods_are():
    for name in ("likelihood", "posterior", "prior", "divergence", "bound", "penalty"):
        for member in FAMILIES[name].values():
            assert getattr(objectives, member.__name__) is member
