"""What an estimator's options stand for: checked parts, and a plan that suits the data's size."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, get_args

import torch

from inscape._checks import check_choice, check_integer, check_number, resolve_part
from inscape._errors import InvalidParameterError
from inscape._typing import PrecisionName, ScalerName
from inscape.corruptions import CORRUPTIONS
from inscape.networks import NETWORKS, Dense, Modules, build_bottleneck
from inscape.objectives import LIKELIHOODS, PENALTIES, Likelihood
from inscape.objectives.bounds import BOUNDS
from inscape.objectives.divergences import DIVERGENCES, FactorDiscriminator, KullbackLeibler
from inscape.objectives.posteriors import POSTERIORS, DiagonalGaussian
from inscape.objectives.priors import PRIORS
from inscape.training import OPTIMIZERS, Plan

# The default training: about so many steps, in at least and at most so many passes.
_DEFAULT_STEPS, _FEWEST_EPOCHS, _MOST_EPOCHS = 600, 5, 100


@dataclass(frozen=True)
class Parts:
    """What the options that all estimators have stand for, once checked.

    Parameters
    ----------
    network, likelihood, optimizer, corruption
        The parts that words, descriptions or objects named.
    penalties : tuple of Penalty
        None, one or several.
    dtype : torch.dtype
        Of the weights while training.
    """

    network: Any
    likelihood: Likelihood
    optimizer: Any
    corruption: Any
    penalties: tuple[Any, ...]
    dtype: torch.dtype


def resolve_autoencoder(estimator: Any, *, n_features: int) -> Parts:
    """Check the options of an `Autoencoder`, and return the parts they stand for.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    """
    parts = resolve_options(estimator, n_features=n_features)
    build_bottleneck(estimator.bottleneck, estimator.n_components, generator=torch.Generator())
    if estimator.layerwise_epochs is not None:
        check_number("layerwise_epochs", estimator.layerwise_epochs, above=0)
        if not isinstance(parts.network, Dense) or not parts.network.hidden:
            raise InvalidParameterError(
                "`layerwise_epochs` must come with a dense network of two layers or more; got "
                f"{type(parts.network).__name__} with "
                f"hidden={getattr(parts.network, 'hidden', None)}: leave it out, or give "
                "hidden=(256, 64)."
            )
        if hasattr(parts.likelihood, "n_shared") and parts.likelihood.n_shared(n_features):
            raise InvalidParameterError(
                "`layerwise_epochs` must come with a likelihood of a fixed scale; got "
                f"{parts.likelihood}: leave it out, or give the scale as a number."
            )
    if getattr(parts.likelihood, "calibrates", False):
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
    n_features : int
        Columns of the rows.
    """

    posterior: Any
    prior: Any
    divergence: Any
    bound: Any
    n_features: int

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


def resolve_variational(estimator: Any, *, n_features: int) -> VariationalParts:
    """Check the options of a `VariationalAutoencoder`, and return the parts they stand for.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold, or two of them do not go together.
    """
    common = resolve_options(estimator, n_features=n_features)
    options = {field.name: getattr(common, field.name) for field in fields(common)}
    parts = VariationalParts(
        **options,
        posterior=resolve_part("posterior", estimator.posterior, POSTERIORS),
        prior=resolve_part("prior", estimator.prior, PRIORS),
        divergence=resolve_part("divergence", estimator.divergence, DIVERGENCES),
        bound=resolve_part("bound", estimator.bound, BOUNDS),
        n_features=n_features,
    )
    _check_together(parts)
    return parts


def _check_together(parts: VariationalParts) -> None:
    """Refuse parts that do not go together, before any training starts."""
    if parts.posterior.space != parts.prior.space:
        raise InvalidParameterError(
            "`prior` must live in the same space as `posterior`; got "
            f"{type(parts.prior).__name__} ({parts.prior.space}) and "
            f"{type(parts.posterior).__name__} ({parts.posterior.space}): take a prior of the "
            "latter."
        )
    if not parts.bound.any_divergence and parts.divergence != KullbackLeibler():
        raise InvalidParameterError(
            f"`divergence` must be left out with the bound {type(parts.bound).__name__}, which "
            f"holds the whole divergence already; got {type(parts.divergence).__name__}: leave it "
            "out, or take bound='evidence_lower_bound'."
        )
    curvatures = [getattr(part, "curvature", 0.0) for part in (parts.posterior, parts.prior)]
    if curvatures[0] != curvatures[1]:
        raise InvalidParameterError(
            f"`prior` must have the posterior's curvature, {curvatures[0]:g}; got "
            f"{curvatures[1]:g}: give both the same."
        )
    if isinstance(parts.divergence, FactorDiscriminator) and parts.posterior.space != "euclidean":
        raise InvalidParameterError(
            "`posterior` must live in flat space for the divergence FactorDiscriminator, which "
            f"mixes components of several codes; got {type(parts.posterior).__name__}: take "
            "posterior='diagonal_gaussian', or another divergence."
        )
    components = getattr(parts.divergence, "needs_components", False)
    if components and not isinstance(parts.posterior, DiagonalGaussian):
        raise InvalidParameterError(
            "`posterior` must have independent components for the divergence "
            f"{type(parts.divergence).__name__}; got {type(parts.posterior).__name__}: take "
            "posterior='diagonal_gaussian', or another divergence."
        )
    if parts.divergence.needs_density or not parts.bound.any_divergence:
        parts.require_density(f"`divergence` {type(parts.divergence).__name__}")


def resolve_options(estimator: Any, *, n_features: int) -> Parts:
    """Check what all estimators ask before any training starts, and return the parts of it.

    Parameters
    ----------
    estimator : NetworkEstimator
        Its options are read and not changed.
    n_features : int
        Columns of the training rows.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    """
    check_integer("n_components", estimator.n_components, minimum=1)
    network = Dense(hidden=estimator.hidden, activation=estimator.activation)
    if estimator.network is not None:
        if network != Dense():
            raise InvalidParameterError(
                "`hidden` and `activation` must be left out where `network` is given; got "
                "both: give them to the network part, as in network=Dense(hidden=(128,))."
            )
        network = resolve_network(estimator.network)
    if estimator.scaler is not None:
        check_choice("scaler", estimator.scaler, get_args(ScalerName))
    if estimator.epochs is not None:
        check_number("epochs", estimator.epochs, above=0)
    if estimator.batch_size is not None:
        check_integer("batch_size", estimator.batch_size, minimum=1)
    if estimator.learning_rate is not None:
        check_number("learning_rate", estimator.learning_rate, above=0)
    check_choice("precision", estimator.precision, get_args(PrecisionName))
    check_number("validation_fraction", estimator.validation_fraction, minimum=0, below=1)
    if estimator.patience is not None:
        check_integer("patience", estimator.patience, minimum=1)
        if estimator.validation_fraction == 0:
            raise InvalidParameterError(
                "`patience` must come with rows to measure it on; got validation_fraction=0: "
                "set validation_fraction=0.1."
            )
    return Parts(
        network=network,
        likelihood=resolve_part("likelihood", estimator.likelihood, LIKELIHOODS),
        optimizer=resolve_part("optimizer", estimator.optimizer, OPTIMIZERS),
        corruption=resolve_corruption(estimator.corruption, n_features=n_features),
        penalties=resolve_penalties(getattr(estimator, "penalty", None)),
        dtype=torch.float64 if estimator.precision == "float64" else torch.float32,
    )


def resolve_network(network: Any) -> Any:
    """Return the network part; a pair of modules stands for itself."""
    if isinstance(network, Modules):
        return network
    if isinstance(network, (tuple, list)) and len(network) == 2:
        return Modules(*network)
    return resolve_part("network", network, NETWORKS)


def resolve_corruption(corruption: Any, *, n_features: int) -> Any:
    """Return the corruption, tried on one row, or None."""
    if corruption is None:
        return None
    part = resolve_part("corruption", corruption, CORRUPTIONS)
    part(torch.zeros(1, n_features), generator=torch.Generator())
    return part


def resolve_penalties(penalty: Any) -> tuple[Any, ...]:
    """Return the penalties that None, one of them or a sequence of them stands for."""
    if penalty is None:
        return ()
    several = penalty if isinstance(penalty, (tuple, list)) else (penalty,)
    return tuple(resolve_part("penalty", one, PENALTIES) for one in several)


def plan_training(estimator: Any, optimizer: Any, *, n_samples: int) -> tuple[Plan, float]:
    """Return how to train, and the learning rate, with defaults that suit the data's size.

    Parameters
    ----------
    estimator : Autoencoder
        Its options are read and not changed.
    optimizer : Muon, Adam, SGD or Adadelta
        Knows its usual learning rate.
    n_samples : int
        Rows that are trained on.
    """
    batch_size, epochs, rate = estimator.batch_size, estimator.epochs, estimator.learning_rate
    if batch_size is None:
        batch_size = min(max(2 ** round(math.log2(n_samples / 24)), 32), 256)
    if epochs is None:
        epochs = math.ceil(_DEFAULT_STEPS * batch_size / n_samples)
        epochs = min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)
    half = estimator.precision == "bfloat16"
    plan = Plan(epochs, batch_size, optimizer, estimator.patience, half)
    if rate is None:
        n_steps = plan.n_steps(n_samples)
        rate = optimizer.default_learning_rate(batch_size=batch_size, n_steps=n_steps)
    return plan, rate
