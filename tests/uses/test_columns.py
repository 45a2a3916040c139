"""Contracts of every use that learns: columns by their names, and a bar if it is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA

import inscape
from inscape import AnomalyDetector, Autoencoder, Clusterer, PretrainedClassifier, data
from inscape._errors import InvalidDataError

FRAME, KINDS = load_wine(return_X_y=True, as_frame=True)
FRAME = FRAME.assign(proline=FRAME["proline"] + 1e6)
TURNED = FRAME[FRAME.columns[::-1]]
FEW = np.where(np.arange(178) % 3, -1, KINDS)
MODEL = {"n_components": 3, "hidden": (), "epochs": 2, "scaler": "standard", "random_state": 0}


def detect(representation, **options):
    return AnomalyDetector(representation, method="mahalanobis", random_state=0, **options)


def cluster(representation, **options):
    return Clusterer(representation, n_clusters=3, random_state=0, **options)


def classify(representation, **options):
    return PretrainedClassifier(representation, unlabeled=-1, random_state=0, **options)


def answer(use, rows):
    """What a fitted use says of rows, with all digits."""
    return use.predict_proba(rows) if hasattr(use, "predict_proba") else use.score_samples(rows)


def same(found, expected):
    """To roundings: a product adds in the order in which columns lie in memory."""
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


def as_split(frame):
    return data.load(frame, test_fraction=0.2, random_state=0).train


USES = pytest.mark.parametrize("make", [detect, cluster, classify])


@USES
@pytest.mark.parametrize(
    ("whose", "given"),
    [
        ("frame", "unfitted"),
        ("frame", "fitted"),
        ("frame", "theirs"),
        ("split", "unfitted"),
        ("split", "fitted"),
    ],
)
def test_columns_may_come_in_any_order(make, whose, given, tmp_path):
    rows, turned, y = FRAME, TURNED, FEW
    if whose == "split":
        rows, turned = as_split(FRAME), as_split(TURNED)
        y = np.where(np.arange(rows.n_samples) % 3, -1, np.digitize(rows.X[:, 0], [12.5, 13.5]))
    models = {"unfitted": Autoencoder(**MODEL), "fitted": Autoencoder(**MODEL).fit(rows)}
    models["theirs"] = PCA(3).fit(FRAME)
    use = make(models[given]).fit(rows, y)
    told = answer(use, rows)
    same(answer(use, turned), told)
    same(answer(use, TURNED.iloc[:9]), answer(use, FRAME.iloc[:9]))
    if given != "unfitted":
        # What is fitted already knows its columns, whoever is fitted with them in another order.
        same(answer(make(models[given]).fit(turned, y), rows), told)
    use.save(tmp_path / "kept")
    kept = inscape.load(tmp_path / "kept")
    assert kept.description_ == use.description_
    assert kept.description_.feature_names == tuple(FRAME.columns)
    same(answer(kept, turned), told)


@USES
def test_a_column_that_is_missing_is_one_sentence(make):
    use = make(Autoencoder(**MODEL)).fit(FRAME, FEW)
    with pytest.raises(InvalidDataError) as refused:
        answer(use, FRAME.drop(columns="ash"))
    told = str(refused.value)
    assert "must have the 13 columns that the model was fitted with; got no 'ash'" in told
    assert "\n" not in told
    split = as_split(FRAME)
    names = ("ashes", *split.description.feature_names[1:])
    renamed = replace(split, description=replace(split.description, feature_names=names))
    with pytest.raises(InvalidDataError, match=r"got no \['alcohol'\] and \['ashes'\]"):
        answer(use, renamed)
    # Nor is a model that is fitted already given what it does not know.
    fitted = Autoencoder(**MODEL).fit(FRAME)
    with pytest.raises(InvalidDataError, match="got no 'ash'"):
        make(fitted).fit(FRAME.drop(columns="ash"), FEW)


@USES
def test_what_an_earlier_fit_knew_is_forgotten(make):
    use = make(PCA(3)).fit(FRAME, FEW)
    use.fit(FRAME.to_numpy(), FEW)
    assert use.description_ is None
    assert not hasattr(use, "feature_names_in_")


@pytest.mark.parametrize(
    ("make", "options", "bar"),
    [
        (cluster, {}, "Autoencoder"),
        (cluster, {"method": "idec(epochs=1)"}, "Clusters"),
        (cluster, {"method": "vade(epochs=1)"}, "Clusters"),
        (classify, {}, "Autoencoder"),
        (classify, {"method": "fine_tune(epochs=3)"}, "FineTune"),
    ],
)
def test_a_bar_tells_of_trainings_where_it_is_asked_for(make, options, bar, monkeypatch):
    drawn = []
    rows, y = FRAME.iloc[::3], KINDS[::3]

    def watch(pairs, *, label, leave):
        drawn.append((label, leave))
        yield from pairs

    monkeypatch.setattr("inscape.uses.representations.with_progress", watch)
    found = []
    for verbose in (0, 1):
        assert not drawn
        use = make(None, verbose=verbose, **options).fit(rows, y)
        found.append(answer(use, rows))
    assert (bar, False) in drawn
    np.testing.assert_array_equal(*found)
    # What is kept of the model does not hang on whether somebody looked on.
    assert use.representation_.verbose == 0
