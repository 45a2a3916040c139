"""An estimator for every part that stands on the way of a row, found in the parts' tables."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from torch import nn

from inscape import Autoencoder, DeadUnitWarning, VariationalAutoencoder, zoo
from inscape.networks import ACTIVATIONS, BOTTLENECKS, NETWORKS, NORMALIZATIONS
from inscape.objectives import LIKELIHOODS
from inscape.objectives.posteriors import POSTERIORS
from tests import foreign

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:120], LABELS[:120]
QUICK = {"epochs": 1, "random_state": 0}
PRIORS = {"sphere": "uniform_on_sphere", "poincare_ball": "wrapped_standard_normal"}


def members() -> dict[str, Any]:
    """Every part that stands on the way of a row, in an estimator that has it."""
    small = {"hidden": (8,), **QUICK}
    found: dict[str, Any] = {}
    for word in (*ACTIVATIONS, *BOTTLENECKS):
        if word != "activation":
            found[f"bottleneck {word}"] = Autoencoder(8, bottleneck=word, **small)
    for word in LIKELIHOODS:
        told = "categorical(n_categories=17)" if word == "categorical" else word
        scaler = "minmax" if "bernoulli" in word else None
        found[f"likelihood {word}"] = Autoencoder(2, likelihood=told, scaler=scaler, **small)
    for word in NETWORKS:
        found[f"network {word}"] = Autoencoder(2, network=word, **QUICK)
    for word in NORMALIZATIONS:
        network = f'dense(hidden=[8], normalization="{word}")'
        found[f"normalization {word}"] = Autoencoder(2, network=network, **QUICK)
    for word, kind in POSTERIORS.items():
        options = {"prior": PRIORS.get(kind().space.kind, "standard_normal"), **small}
        if not kind().has_density:
            options["divergence"] = "maximum_mean_discrepancy"
        found[f"posterior {word}"] = VariationalAutoencoder(3, posterior=word, **options)
    for name in ("likelihood", "bottleneck", "network"):
        options = {name: foreign.AUTOENCODER[name]}
        found[f"own {name}"] = Autoencoder(2, **options, **(QUICK if name == "network" else small))
    own = (nn.Sequential(nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 2)), nn.Linear(2, 64))
    found["own modules"] = Autoencoder(2, network=own, **QUICK)
    found["tied"] = Autoencoder(2, network="dense(hidden=[8], tied=true, dropout=0.1)", **QUICK)
    found["pooled"] = Autoencoder(
        2, network='convolutional(channels=[4], downsampling="pool", upsampling="resize")', **QUICK
    )
    found["grid"] = Autoencoder(
        2,
        network="convolutional(channels=[4], map_code=true)",
        bottleneck="vector_quantized",
        **QUICK,
    )
    found["sigmoid link"] = Autoencoder(
        2, likelihood='gaussian(link="sigmoid")', scaler="minmax", **small
    )
    found["float64"] = Autoencoder(2, precision="float64", scaler="standard", **small)
    found["labels"] = zoo.build("CVAE", 2, **small)
    found["numbers"] = VariationalAutoencoder(2, conditional="continuous", **small)
    return found


MEMBERS = members()


def fitted(name: str) -> Any:
    """Return a member, fitted on digits when it is first asked for."""
    model = MEMBERS[name]
    if not hasattr(model, "n_features_in_"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeadUnitWarning)  # a few steps leave some
            model.fit(X, *told_of(model))
    return model


def told_of(model: Any) -> tuple[np.ndarray, ...]:
    """Return what a conditional member is told of the digits."""
    conditional = getattr(model, "conditional", False)
    return () if not conditional else (LABELS + 0.5 if conditional == "continuous" else LABELS,)
