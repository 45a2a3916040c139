"""The variational autoencoder as a scikit-learn transformer: a model is a line of parts."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._checks import check_choice, check_integer
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape._words import tell_words
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.building import build_network
from inscape.estimators.conditions import Labels
from inscape.estimators.inputs import check_rows, make_generator
from inscape.estimators.latent_report import LatentReport, report_on_latents
from inscape.estimators.linear_start import Principal, start_at_probabilistic
from inscape.estimators.options import Options, VariationalParts, resolve_variational
from inscape.estimators.proposals import refine
from inscape.estimators.units import MOST_NATS, Units
from inscape.networks import Examples, LinearStart, Modules, Network, SharedOutputs
from inscape.objectives import (
    DiagonalGaussian,
    KullbackLeibler,
    Space,
    StandardNormal,
    Variational,
)
from inscape.objectives.bounds import log_mean_exp
from inscape.objectives.spaces import Euclidean
from inscape.objectives.variational import Batch

# Draws and rows that are decoded at a time.
_DECODED_AT_ONCE = 4096
# Draws of a row that is searched for are taken so many at a time, whatever rows come with it.
_REFINED_AT_ONCE = 64
# From so many draws on, over this share of the rows may not hang on one of them.
_JUDGED_FROM, _LOST = 20, 0.05
# About so many rows, or all of fewer, tell the best scale to half a percent.
_CALIBRATED_ON = 4096


@tell_words
class VariationalAutoencoder(NetworkEstimator):
    r"""Learn a distribution over codes for each row, and one from which new rows can be drawn.

    An encoder gives the posterior :math:`q(z \mid x)` of each row, a decoder the likelihood
    :math:`p(x \mid z)`; what is minimised, in nats per sample, is

    .. math:: -\mathbb{E}_{q(z \mid x)} \log p(x \mid z) + D(q, p)

    or a tighter bound of :math:`-\log p(x)`. Every part can be exchanged; `inscape.zoo` has the
    published combinations by name.

    Parameters
    ----------
    n_components : int
        Width of the code; of each of its places, where the network makes it a map.
    hidden, activation, network
        As in `Autoencoder`.
    likelihood : str or Likelihood
        "[[likelihood]]",
        or a part such as ``Gaussian(scale=0.1)``. A Gaussian or Laplace scale has to be said, as in
        "gaussian(scale=1)"; that of the default is learned: where it is fixed above what can be
        told apart in the rows, as 1 is for pixels in [0, 1], no code is worth its cost, and all
        collapse.
    posterior : str or Posterior
        "[[posterior]]".
        Codes of a von Mises-Fisher posterior lie on the sphere, of a wrapped normal one in the
        Poincaré ball.
    prior : str or Prior
        "[[prior]]".
    divergence : str or Divergence
        "[[divergence]]".
    bound : str or Bound
        "[[bound]]".
    conditional : bool or "continuous"
        Whether encoder and decoder are told the labels, or the numbers, that `fit` is given.
    corruption, scaler, epochs, batch_size, optimizer, learning_rate, precision
        As in `Autoencoder`.
    validation_fraction, patience, random_state, device, verbose
        As in `Autoencoder`.

    Attributes
    ----------
    network_ : Network
        The trained encoder, decoder and prior.
    latent_report_ : LatentReport
        Active units, what the codes cost and tell, and whether the posterior collapsed.
    classes_ : ndarray or None
        The labels, where the model is conditional.
    history_ : list of dict
        One entry before the first step, then one an epoch: loss in nats per sample and per
        feature, its terms, seconds.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold; before any training starts.
    InvalidDataError
        If the rows cannot be learned from.
    TrainingDivergedError
        If the loss does not stay finite.

    References
    ----------
    D. P. Kingma and M. Welling (2014), arXiv:1312.6114; D. J. Rezende, S. Mohamed and D. Wierstra
    (2014), arXiv:1401.4082.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data / 16
    >>> model = VariationalAutoencoder(2, hidden=(32,), likelihood="bernoulli", epochs=20,
    ...                                random_state=0).fit(X)
    >>> model.transform(X).shape, model.sample(5, random_state=0).shape
    ((1797, 2), (5, 64))
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        hidden: tuple[int, ...] = (256, 64),
        activation: str = "relu",
        network: Any = None,
        likelihood: Any = 'gaussian(scale="learned")',
        posterior: Any = "diagonal_gaussian",
        prior: Any = "standard_normal",
        divergence: Any = "kullback_leibler",
        bound: Any = "evidence_lower_bound",
        conditional: Any = False,
        corruption: Any = None,
        scaler: str | None = None,
        epochs: float | None = None,
        batch_size: int | None = None,
        optimizer: Any = "muon",
        learning_rate: float | None = None,
        precision: str = "float32",
        validation_fraction: float | str = "auto",
        patience: int | None = None,
        random_state: Any = None,
        device: str = "auto",
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.activation = activation
        self.network = network
        self.likelihood = likelihood
        self.posterior = posterior
        self.prior = prior
        self.divergence = divergence
        self.bound = bound
        self.conditional = conditional
        self.corruption = corruption
        self.scaler = scaler
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.precision = precision
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    # ----------------------------------------------------------------------- learning

    _alone = False
    draws_codes = True

    def _resolve(self, options: Options, *, n_features: int) -> VariationalParts:
        return resolve_variational(options, n_features=n_features)

    def _n_code(self, parts: VariationalParts) -> int:
        return parts.posterior.n_code(parts.n_components)

    def _build_network(
        self,
        parts: VariationalParts,
        *,
        units: Units,
        n_conditions: int,
        generator: torch.Generator,
        examples: Examples | None = None,
        linear: LinearStart | None = None,
    ) -> Network:
        network = build_network(
            parts,
            n_code=self._n_code(parts),
            n_conditions=n_conditions,
            bottleneck=torch.nn.Identity(),
            generator=generator,
            examples=examples,
            likelihood=units.likelihood,
            linear=linear,
        )
        # The bottleneck is the posterior: as a bottleneck it gives the mean, so that whatever
        # encodes a row works as for any network; asked for its distribution it gives the whole.
        network.bottleneck = parts.posterior.build(parts.n_components, generator=generator)
        # Where weights are loaded there are no rows to start from, and none are needed.
        told = torch.zeros(1, n_conditions) if n_conditions else None
        seen = examples or Examples(torch.zeros(1, parts.n_features), told)
        network.prior = parts.prior.build(
            parts.n_components,
            generator=generator,
            rows=seen.features,
            conditions=seen.conditions,
        )
        critic = parts.divergence.build(parts.n_components, generator=generator)
        if critic is not None:
            network.critic = critic
        return network

    def _can_start_linear(self, parts: VariationalParts, options: Options) -> bool:
        usual = parts.posterior == DiagonalGaussian() and parts.prior == StandardNormal()
        return usual and parts.network.has_linear_path

    def _linear_start(self, parts: VariationalParts, units: Units, found: Principal) -> LinearStart:
        return start_at_probabilistic(found, units.likelihood.fixed_variance)

    def _gains_alone(self, parts: VariationalParts) -> bool:
        return parts.corruption is None and isinstance(parts.divergence, KullbackLeibler)

    def _critic_rate(self, parts: VariationalParts) -> float | None:
        return parts.divergence.critic_rate

    def _objective(
        self, parts: VariationalParts, units: Units, *, n_samples: float, n_steps: int | None = None
    ) -> Variational:
        return Variational(
            units.likelihood,
            parts.divergence,
            parts.bound,
            n_samples=n_samples,
            constant=units.constant(parts.n_features),
            unit=units.unit,
        )

    def _conclude(self, X: FloatArray, examples: Examples) -> None:
        self._calibrate(examples)
        self.latent_report_ = report_on_latents(self.network_, self.parts_, examples)

    @torch.no_grad()
    def _calibrate(self, examples: Examples) -> None:
        """Set what the likelihood has an optimum for to that over the rows, or many of them."""
        likelihood, network = self.units_.likelihood, self.network_
        if not likelihood.calibrates:
            return
        some = examples[:: max(1, len(examples) // _CALIBRATED_ON)]
        told = some.to(next(network.parameters()).device)
        outputs = torch.cat(
            [network(part.features, part.conditions) for part in told.split(_DECODED_AT_ONCE)]
        )
        shared = likelihood.calibration(outputs, told.features)
        assert isinstance(network.decoder, SharedOutputs)
        network.decoder.shared.copy_(shared)

    def _own_faults(self) -> list[str]:
        collapsed = self.latent_report_.diagnosis
        return [collapsed] if collapsed else []

    @property
    def code_space_(self) -> Space:
        """Where the codes live: that of the posterior."""
        check_is_fitted(self)
        return self.parts_.posterior.space

    @property
    def classes_(self) -> np.ndarray | None:
        """The labels that the model was fitted with, where it is told labels."""
        check_is_fitted(self)
        told = self.conditions_
        return told.classes if isinstance(told, Labels) else None

    def _describe(self) -> dict[str, Any]:
        return super()._describe() | {"latent_report": dataclasses.asdict(self.latent_report_)}

    def _restore(
        self,
        described: dict[str, Any],
        tensors: Mapping[str, np.ndarray],
        *,
        own: Modules | None,
    ) -> None:
        super()._restore(described, tensors, own=own)
        told = described["latent_report"].items()
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in told}
        self.latent_report_ = LatentReport(**values)

    # ----------------------------------------------------------------------- using

    def sample_latent(
        self, X: Any, y: Any = None, *, n_draws: int = 1, random_state: Any = None
    ) -> FloatArray:
        """Draw codes from the posteriors of rows.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.
        n_draws : int
            Codes for each row.
        random_state : int, RandomState or None
            Where the draws come from.

        Returns
        -------
        ndarray, shape (n_draws, n_samples, n_components)
        """
        check_is_fitted(self)
        rows, generator = check_rows(self, X, reset=False), make_generator(random_state)
        y = self._labels(X, y)
        k = check_integer("n_draws", n_draws, minimum=1)

        def draw(network: Network, some: Examples) -> Tensor:
            encoded = network.linear_codes(some.features, some.conditions)
            posterior = network.bottleneck.distribution(encoded)
            return posterior.draw(k, generator=generator)[0].transpose(0, 1)

        codes = self._by_block(draw, rows, y, precision=rows.dtype, before=self.units_.apply)
        return np.ascontiguousarray(codes.swapaxes(0, 1))

    def latent_spread(self, X: Any, y: Any = None) -> FloatArray:
        """Return the standard deviations of the posteriors of rows, where these are Gaussian.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.

        Returns
        -------
        ndarray, shape (n_samples, n_components)

        Raises
        ------
        InvalidParameterError
            If the posterior is no Gaussian with one standard deviation a component.
        """
        check_is_fitted(self)
        if not isinstance(self.parts_.posterior, DiagonalGaussian):
            raise InvalidParameterError(
                "The posterior must be a diagonal Gaussian to have a standard deviation a "
                f"component; it is {type(self.parts_.posterior).__name__}: draw with sample_latent."
            )
        rows = check_rows(self, X, reset=False)

        def spread(network: Network, some: Examples) -> Tensor:
            encoded = network.linear_codes(some.features, some.conditions)
            return network.bottleneck.distribution(encoded).log_variance.div(2).exp()

        told = self._labels(X, y)
        return self._by_block(spread, rows, told, precision=rows.dtype, before=self.units_.apply)

    def losses(
        self, X: Any, y: Any = None, *, by_row: bool = False, random_state: Any = None
    ) -> dict[str, Any]:
        """Return the terms of the training loss on rows, and their sum, with one draw of codes.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows; those in float64 are told in float64, as by `score`.
        y : array-like, or None
            What a conditional model is told.
        by_row : bool
            Whether to return what each row costs, by the evidence lower bound: an array
            (n_samples,) for each term. The draws are the same for each row, so that what one costs
            does not hang on its neighbours.
        random_state : int, RandomState or None
            Where the codes are drawn from.

        Returns
        -------
        dict of str to float, or to ndarray
            "loss", "loss_per_feature" and each term by name, mean nats per sample.

        Raises
        ------
        InvalidParameterError
            If the codes have no density, where rows are asked for.
        """
        check_is_fitted(self)
        rows, generator = check_rows(self, X, reset=False), make_generator(random_state)
        network, kind = self._network_in(rows.dtype)
        examples = self._examples(rows, self._labels(X, y), kind=kind)
        if by_row:
            found: dict[str, Any] = self._losses_by_row(examples, generator, network)
        else:
            terms = self._losses(examples, generator, network)
            found = self.objective(len(examples)).in_nats(terms)
        loss = sum(found.values())
        return {"loss": loss, "loss_per_feature": loss / self.n_features_in_, **found}

    @torch.no_grad()
    def _losses(
        self, examples: Examples, generator: torch.Generator, network: Network
    ) -> dict[str, float]:
        bound = self.parts_.bound
        totals: dict[str, float] = {}
        for some in examples.split(max(1, _DECODED_AT_ONCE // bound.total_draws)):
            share = len(some) / len(examples)
            batch = self._batch(some, generator, network=network)
            for name, term in bound.terms(batch).items():
                totals[name] = totals.get(name, 0.0) + float(term) * share
        return totals

    @torch.no_grad()
    def _losses_by_row(
        self, examples: Examples, generator: torch.Generator, network: Network
    ) -> dict[str, FloatArray]:
        self.parts_.require_density("losses")
        found, seed = [], _draw_seed(generator)
        for some in examples.split(_DECODED_AT_ONCE):
            batch = self._batch(some, generator, network=network)
            seen = batch.draw_alike(1, seed=seed)
            nats = batch.negative_log_likelihood(seen.codes)[0]
            found.append(torch.stack([nats, seen.kullback_leibler]).double().cpu())
        nats, divergence = (
            np.nan_to_num(term, nan=MOST_NATS, posinf=MOST_NATS)
            for term in torch.cat(found, dim=1).numpy()
        )
        return {
            "reconstruction": nats + self.units_.constant(self.n_features_in_),
            "kullback_leibler": divergence,
        }

    def log_likelihood(
        self,
        X: Any,
        y: Any = None,
        *,
        n_samples: int = 100,
        proposal: str = "posterior",
        random_state: Any = None,
        return_std: bool = False,
        return_effective: bool = False,
    ) -> Any:
        r"""Estimate the log-likelihood of each row under the whole model by importance sampling.

        .. math:: \log p(x) \approx \log \frac{1}{k} \sum_{i=1}^k w_i, \qquad
                  w_i = \frac{p(x \mid z_i)\, p(z_i)}{q(z_i \mid x)}

        which on average is below :math:`\log p(x)`, and rises to it with k. Source: Burda, Grosse
        and Salakhutdinov 2016, arXiv 1509.00519, section 3. The draws are the same for each row,
        so that the estimate of one does not hang on its neighbours; for the mean over many rows
        take more draws, or several seeds.

        Where q misses what is to be integrated, as it does where counts are large and the true
        posterior is narrow, one draw outweighs all others: the estimate may be thousands of nats
        too low, and its standard error says 1. The effective number of draws tells it, and
        "refined" mends it: Student's t around the modes of :math:`p(x, z)`, which are searched for
        row by row, mixed with one draw in eight of the prior, so that no weight is much above
        :math:`8\, p(x \mid z)`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows; one that is so far off that its number leaves the floats gets the lowest.
        y : array-like, or None
            What a conditional model is told.
        n_samples : int
            Draws for each row, :math:`k`.
        proposal : {"posterior", "refined"}
            What the draws come from. "refined" works in float64 and takes some hundred decodings
            of each row for the search.
        random_state : int, RandomState or None
            Where they come from.
        return_std : bool
            Whether to return each estimate's standard error too.
        return_effective : bool
            Whether to return each row's effective number of draws too.

        Returns
        -------
        ndarray, shape (n_samples,), or a tuple of them
            Nats per sample, in the units of X whatever the scaler; the standard error,
            :math:`\text{std}(w) / (\bar w \sqrt k)`; the effective number of draws,
            :math:`(\sum w)^2 / \sum w^2`, from 1 to k.

        Warns
        -----
        UserWarning
            If k is 20 or more, and on over a twentieth of the rows fewer than two draws count.

        Raises
        ------
        InvalidParameterError
            If the codes have no density, or, for "refined", are in no Euclidean space.
        """
        check_is_fitted(self)
        k = check_integer("n_samples", n_samples, minimum=1)
        refined = check_choice("proposal", proposal, ("posterior", "refined")) == "refined"
        self.parts_.require_density("log_likelihood")
        if refined and not isinstance(self.code_space_, Euclidean):
            raise InvalidParameterError(
                "`proposal` 'refined' must have codes in a Euclidean space; got those of the "
                f"posterior {type(self.parts_.posterior).__name__}: take more draws of 'posterior'."
            )
        rows, generator = check_rows(self, X, reset=False), make_generator(random_state)
        self.units_.check(rows)
        seed = _draw_seed(generator)

        def estimate(network: Network, some: Examples) -> Tensor:
            size = max(1, _DECODED_AT_ONCE // (_REFINED_AT_ONCE if refined else k))
            found = []
            for few in some.split(size):
                batch = self._batch(few, torch.Generator(), network=network)
                draw = _refined_weights if refined else _posterior_weights
                found.append(_summary(draw(batch, k, seed).double()))
            return torch.cat(found)

        values, errors, effective = self._by_block(
            estimate,
            rows,
            self._labels(X, y),
            precision=np.dtype(np.float64) if refined else rows.dtype,
            before=self.units_.apply,
            told_in=np.float64,
        ).T
        if k >= _JUDGED_FROM and (lost := (effective < 2).mean()) > _LOST:
            warnings.warn(
                f"On {lost:.0%} of the rows one of {k:,} draws outweighs all others: their "
                "log-likelihoods are too low, by an unknown number of nats. Take "
                "proposal='refined', or more draws.",
                UserWarning,
                stacklevel=2,
            )
        values = np.nan_to_num(values, nan=-MOST_NATS, neginf=-MOST_NATS)
        values = values - self.units_.constant(self.n_features_in_)
        asked = [
            values,
            *([errors] if return_std else []),
            *([effective] if return_effective else []),
        ]
        return asked[0] if len(asked) == 1 else tuple(asked)

    def _batch(
        self, some: Examples, generator: torch.Generator, *, network: Network | None = None
    ) -> Batch:
        network = network or self.network_
        told = some.to(next(network.parameters()).device)
        return Batch(
            network=network,
            inputs=told.features,
            features=told.features,
            conditions=told.conditions,
            likelihood=self.units_.likelihood,
            divergence=self.parts_.divergence,
            n_samples=len(some),
            generator=generator,
            step=None,
        )


def _draw_seed(generator: torch.Generator) -> int:
    return int(torch.randint(2**31, (), generator=generator))


def _posterior_weights(batch: Batch, k: int, seed: int) -> Tensor:
    found = []
    for start in range(0, k, _DECODED_AT_ONCE):
        seen = batch.draw_alike(min(_DECODED_AT_ONCE, k - start), seed=seed + start)
        nats = batch.negative_log_likelihood(seen.codes)
        found.append(batch.log_weights(seen, nats))
    return torch.cat(found)


def _refined_weights(batch: Batch, k: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    proposal, found = refine(batch, generator=generator), []
    for start in range(0, k, _REFINED_AT_ONCE):
        few = min(_REFINED_AT_ONCE, k - start)
        found.append(proposal.log_weights(batch, few, generator=generator))
    return torch.cat(found)


def _summary(log_weights: Tensor) -> Tensor:
    """Return the estimate, its standard error and the effective draws of n rows, (n, 3)."""
    k = len(log_weights)
    value = log_mean_exp(log_weights)
    weights = (log_weights - value).exp()
    error = weights.std(dim=0) / math.sqrt(k) if k > 1 else value * torch.nan
    effective = k**2 / weights.square().sum(dim=0)
    return torch.stack([value, error, effective], dim=1)
