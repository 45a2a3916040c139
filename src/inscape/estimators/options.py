"""What an estimator's options stand for: checked parts, and a plan that suits the data's size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import torch
from torch import nn

from inscape._checks import check_choice, check_integer, check_number
from inscape._errors import InvalidParameterError
from inscape._parts import describe_part, read_call, resolve_part
from inscape._typing import PrecisionName, ScalerName
from inscape.corruptions import CORRUPTIONS, Corruption
from inscape.estimators.conditions import check_conditional
from inscape.networks import (
    NETWORKS,
    Architecture,
    Bottleneck,
    Dense,
    Modules,
    resolve_bottleneck,
)
from inscape.objectives import (
    BOUNDS,
    DIVERGENCES,
    LIKELIHOODS,
    PENALTIES,
    POSTERIORS,
    PRIORS,
    Bound,
    Divergence,
    KullbackLeibler,
    Likelihood,
    Penalty,
    Posterior,
    Prior,
)
from inscape.training import OPTIMIZERS, Optimizer, Plan

Options = Mapping[str, Any]

# The default training: about so many steps, in at least and at most so many passes.
_DEFAULT_STEPS, _FEWEST_EPOCHS, _MOST_EPOCHS = 600, 5, 100
# The share of held-out rows that is found: where rows are few, see `find_length`.
AUTO = "auto"
# How a network of the user's own modules is told in a file: their code is not.
MODULES = {"type": "modules"}


@dataclass(frozen=True)
class Parts:
    """What the options that all estimators have stand for, once checked.

    Parameters
    ----------
    n_features, n_components : int
        Columns of the rows, and width of the code: of all its places, where it is a map.
    network, likelihood, optimizer, corruption
        The parts that words, descriptions or objects named.
    dtype : torch.dtype
        Of the weights while training.
    """

    n_features: int
    n_components: int
    network: Architecture
    likelihood: Likelihood
    optimizer: Optimizer
    corruption: Corruption | None
    dtype: torch.dtype

    def describe(self) -> dict[str, Any]:
        """Return the parts as plain data, under the names of their options."""
        described = {
            field.name: describe_part(getattr(self, field.name))
            for field in fields(self)
            if field.name not in ("n_features", "dtype", "network")
        }
        own = isinstance(self.network, Modules)
        # As the option is: of each place.
        each = self.n_components // self.network.n_places(self.n_features)
        network = MODULES if own else describe_part(self.network)
        return described | {"n_components": each, "network": network}


@dataclass(frozen=True)
class AutoencoderParts(Parts):
    """What the options of an `Autoencoder` stand for, once checked.

    Parameters
    ----------
    bottleneck
        What is done to the linear code.
    penalty : tuple of Penalty
        None, one or several.
    """

    bottleneck: Bottleneck
    penalty: tuple[Penalty, ...]


def resolve_autoencoder(options: Options, *, n_features: int) -> AutoencoderParts:
    """Check the options of an `Autoencoder`, and return the parts they stand for.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    """
    common = _resolve_common(options, n_features=n_features)
    n_places = common["network"].n_places(n_features)
    parts = AutoencoderParts(
        **common,
        bottleneck=resolve_bottleneck(options["bottleneck"]).for_places(n_places),
        penalty=resolve_penalties(options["penalty"]),
    )
    # What a bottleneck asks of the code's width is checked by building it.
    parts.bottleneck.build(parts.n_components, generator=torch.Generator())
    if options["layerwise_epochs"] is not None:
        check_number("layerwise_epochs", options["layerwise_epochs"], above=0)
        if not isinstance(parts.network, Dense) or not parts.network.hidden:
            raise InvalidParameterError(
                "`layerwise_epochs` must come with a dense network of two layers or more; got "
                f"{parts.network}: leave it out, or give hidden=(256, 64)."
            )
        if parts.likelihood.n_shared(n_features):
            raise InvalidParameterError(
                "`layerwise_epochs` must come with a likelihood of a fixed scale; got "
                f"{parts.likelihood}: leave it out, or give the scale as a number."
            )
    if parts.likelihood.calibrates:
        raise InvalidParameterError(
            "`likelihood` must have a scale that is fixed or learned; got "
            f"{parts.likelihood}: take scale='learned', or a VariationalAutoencoder."
        )
    return parts


@dataclass(frozen=True)
class VariationalParts(Parts):
    """What the options of a `VariationalAutoencoder` stand for, once checked.

    Parameters
    ----------
    posterior, prior, divergence, bound
        The parts that words, descriptions or objects named.
    """

    posterior: Posterior
    prior: Prior
    divergence: Divergence
    bound: Bound

    def require_density(self, what: str) -> None:
        """Refuse what needs densities of codes that have none.

        Raises
        ------
        InvalidParameterError
            If the posterior is a point mass.
        """
        if not self.posterior.has_density:
            raise InvalidParameterError(
                f"{what} must have codes with a density; got the posterior "
                f"{type(self.posterior).__name__}, which has none: take "
                "posterior='diagonal_gaussian'."
            )


def resolve_variational(options: Options, *, n_features: int) -> VariationalParts:
    """Check the options of a `VariationalAutoencoder`, and return the parts they stand for.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold, or two of them do not go together.
    """
    check_conditional(options["conditional"])
    parts = VariationalParts(
        **_resolve_common(options, n_features=n_features),
        posterior=resolve_part("posterior", options["posterior"], POSTERIORS),
        prior=resolve_part("prior", options["prior"], PRIORS),
        divergence=resolve_part("divergence", options["divergence"], DIVERGENCES),
        bound=resolve_part("bound", options["bound"], BOUNDS),
    )
    _check_scale_is_said(options["likelihood"], parts.likelihood)
    _check_together(parts)
    return parts


def _check_scale_is_said(value: Any, likelihood: Likelihood) -> None:
    """Refuse a word for a scale of 1 that nobody asked for: most codes are not worth their cost."""
    if isinstance(value, Likelihood):
        return
    described = read_call("likelihood", value) if isinstance(value, str) and "(" in value else value
    said = described if isinstance(described, Mapping) else {"type": described}
    if "scale" in (field.name for field in fields(likelihood)) and "scale" not in said:
        word = said["type"]
        raise InvalidParameterError(
            f"`likelihood` must say the scale in a variational model; got {value!r}: take "
            f"'{word}(scale=\"learned\")', the default's choice, or '{word}(scale=1)', at which "
            "the codes of most data are not worth their cost."
        )


def _check_together(parts: VariationalParts) -> None:
    """Refuse parts that do not go together, before any training starts."""
    ours, theirs = parts.prior.space, parts.posterior.space
    if ours.kind != theirs.kind:
        raise InvalidParameterError(
            "`prior` must live in the same space as `posterior`; got "
            f"{type(parts.prior).__name__} ({ours.kind}) and "
            f"{type(parts.posterior).__name__} ({theirs.kind}): take a prior of the latter."
        )
    if ours != theirs:
        raise InvalidParameterError(
            f"`prior` must have the posterior's curvature, that of {theirs}; got {ours}: give both "
            "the same."
        )
    if not parts.bound.any_divergence and parts.divergence != KullbackLeibler():
        raise InvalidParameterError(
            f"`divergence` must be left out with the bound {type(parts.bound).__name__}, which "
            f"holds the whole divergence already; got {type(parts.divergence).__name__}: leave it "
            "out, or take bound='evidence_lower_bound'."
        )
    divergence, posterior = type(parts.divergence).__name__, type(parts.posterior).__name__
    if parts.divergence.mixes_components and theirs.kind != "euclidean":
        raise InvalidParameterError(
            f"`posterior` must live in flat space for the divergence {divergence}, which "
            f"mixes components of several codes; got {posterior}: take "
            "posterior='diagonal_gaussian', or another divergence."
        )
    if parts.divergence.needs_components and not parts.posterior.independent_components:
        raise InvalidParameterError(
            "`posterior` must have independent components for the divergence "
            f"{divergence}; got {posterior}: take posterior='diagonal_gaussian', or another "
            "divergence."
        )
    if parts.divergence.needs_density or not parts.bound.any_divergence:
        parts.require_density(f"`divergence` {divergence}")


def _resolve_common(options: Options, *, n_features: int) -> dict[str, Any]:
    """Check what all estimators ask before any training starts, and return the parts of it.

    Parameters
    ----------
    options : mapping
        The estimator's.
    n_features : int
        Columns of the training rows.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    """
    n_components = check_integer("n_components", options["n_components"], minimum=1)
    if options["scaler"] is not None:
        check_choice("scaler", options["scaler"], get_args(ScalerName))
    check_training(options)
    network = _resolve_architecture(options)
    return {
        "n_features": n_features,
        "n_components": n_components * network.n_places(n_features),
        "network": network,
        "likelihood": resolve_part("likelihood", options["likelihood"], LIKELIHOODS),
        "optimizer": resolve_part("optimizer", options["optimizer"], OPTIMIZERS),
        "corruption": resolve_corruption(options["corruption"], n_features=n_features),
        "dtype": torch.float64 if options["precision"] == "float64" else torch.float32,
    }


def check_training(options: Options) -> None:
    """Check the options that say how to train.

    Raises
    ------
    InvalidParameterError
        If one cannot hold.
    """
    if options["epochs"] is not None:
        check_number("epochs", options["epochs"], above=0)
    if options["batch_size"] is not None:
        check_integer("batch_size", options["batch_size"], minimum=1)
    if options["learning_rate"] is not None:
        check_number("learning_rate", options["learning_rate"], above=0)
    check_choice("precision", options["precision"], get_args(PrecisionName))
    if options["validation_fraction"] != AUTO:
        check_fraction(options["validation_fraction"])
    if options["patience"] is not None:
        check_integer("patience", options["patience"], minimum=1)
        if options["validation_fraction"] in (0, AUTO):
            raise InvalidParameterError(
                "`patience` must come with rows to measure it on; got validation_fraction=0: "
                "set validation_fraction=0.1."
            )


def check_fraction(value: Any) -> None:
    """Refuse what is neither a share of the rows nor the word for finding it."""
    try:
        check_number("validation_fraction", value, minimum=0, below=1)
    except InvalidParameterError as error:
        told = str(error).replace("must be", f"must be {AUTO!r} or", 1)
        raise InvalidParameterError(told) from error


def _resolve_architecture(options: Options) -> Architecture:
    """Return the network part; `hidden` and `activation` are its short form."""
    short = {name: options[name] for name in ("hidden", "activation") if name in options}
    network = Dense(**short)
    if options["network"] is None:
        return network
    if network != Dense():
        raise InvalidParameterError(
            "`hidden` and `activation` must be left out where `network` is given; got "
            "both: give them to the network part, as in network=Dense(hidden=(128,))."
        )
    return resolve_network(options["network"])


def resolve_network(network: Any) -> Architecture:
    """Return the network part; a pair of modules stands for itself."""
    if isinstance(network, (tuple, list)) and len(network) == 2:
        return Modules(*network)
    return resolve_part("network", network, NETWORKS)


def resolve_corruption(corruption: Any, *, n_features: int) -> Corruption | None:
    """Return the corruption, tried on one row, or None."""
    if corruption is None:
        return None
    part = resolve_part("corruption", corruption, CORRUPTIONS)
    part(torch.zeros(1, n_features), generator=torch.Generator())
    return part


def resolve_penalties(penalty: Any) -> tuple[Penalty, ...]:
    """Return the penalties that None, one of them or a sequence of them stands for."""
    if penalty is None:
        return ()
    several = penalty if isinstance(penalty, (tuple, list)) else (penalty,)
    return tuple(resolve_part("penalty", one, PENALTIES) for one in several)


# --------------------------------------------------------------------------- how to train


def plan_training(options: Options, optimizer: Optimizer, *, n_samples: int) -> tuple[Plan, float]:
    """Return how to train, and the learning rate, with defaults that suit the data's size.

    Parameters
    ----------
    options : mapping
        The estimator's.
    optimizer : Optimizer
        Knows its usual learning rate.
    n_samples : int
        Rows that are trained on.
    """
    batch_size, epochs = options["batch_size"], options["epochs"]
    if batch_size is None:
        batch_size = min(max(2 ** round(math.log2(n_samples / 24)), 32), 256)
    if epochs is None:
        epochs = math.ceil(_DEFAULT_STEPS * batch_size / n_samples)
        epochs = min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)
    half = options["precision"] == "bfloat16"
    plan = Plan(epochs, batch_size, optimizer, options["patience"], half)
    rate = options["learning_rate"]
    if rate is None:
        n_steps = plan.n_steps(n_samples)
        rate = optimizer.default_learning_rate(batch_size=batch_size, n_steps=n_steps)
    return plan, rate


def check_batches(plan: Plan, network: nn.Module) -> Plan:
    """Return the plan for a network that may take statistics of its batches, which need two rows.

    Raises
    ------
    InvalidParameterError
        If it does and every batch is one row.
    """
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    batched = [type(m).__name__ for m in network.modules() if isinstance(m, kinds)]
    if not batched:
        return plan
    if plan.batch_size == 1:
        raise InvalidParameterError(
            f"`batch_size` must be at least 2 for a network with {batched[0]}, which takes "
            "statistics of each batch; got 1: take 32, or layer normalisation."
        )
    return replace(plan, lone_rows=False)
